"""Each operation as lines of the source."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..memory import VIEWS
from ..program import Apply, Cast, Guard, Instruction, Map, Matmul, Reduce, Scatter, Slice
from . import loop, scalars
from .calls import call
from .frame import View
from .operations import Dot, Entries, Loop
from .writer import Writer, index

#: Sums of at most so many entries are products with a vector of ones, which starts sooner than `np.add.reduce`.
#: BLAS adds up in many partial sums: up to here, of equal numbers, its error was at most 19 roundings.
SHORT = 4096

_BLAS = (np.dtype(np.float64), np.dtype(np.float32))


def instruction(w: Writer, each: Instruction) -> None:
    """Write one instruction."""
    out = each.outputs[0]
    if isinstance(each.operation, VIEWS):
        if w.kind(out).shape == ():
            w.item(out)
        return  # an array is made when it is used
    if isinstance(each.operation, Loop):
        w.calls_numpy = True
        loop.write(w, each)
    elif w.kind(out).shape != () or not isinstance(each.operation, (Map, Cast, Scatter)):
        w.calls_numpy = True
        _ARRAYS[type(each.operation)](w, each)
    else:
        _NUMBERS[type(each.operation)](w, each, [w.number(i) for i in each.operands])


# -- numbers -------------------------------------------------------------------------------------------


def _number_map(w: Writer, each: Instruction, arguments: Sequence[str]) -> None:
    function, out = each.operation.function, each.outputs[0]
    dtypes, dtype = [w.kind(i).dtype for i in each.operands], w.kind(out).dtype
    python = scalars.python(function, dtypes, arguments)
    if python is not None:
        w.set_number(out, python)
        if dtype == np.int64 and scalars.may_leave_int64(function):
            w.write(scalars.within_int64(w.numbers[out]))
        return
    w.calls_numpy = True
    operator = scalars.operator(function, dtypes, arguments)
    if operator is not None:
        w.set_number(out, operator)
    elif function is np.where:
        w.set_number(out, f"{arguments[1]} if {arguments[0]} else {arguments[2]}")
    else:
        result = f"{w.names.ufunc(function)}({', '.join(arguments)})"
        w.set_number(out, scalars.as_held(dtype, result if dtype in scalars.HELD else f"{result}[()]"))


def _number_cast(w: Writer, each: Instruction, arguments: Sequence[str]) -> None:
    source, out = w.kind(each.operands[0]).dtype, each.outputs[0]
    dtype = w.kind(out).dtype
    if dtype not in scalars.HELD or source not in scalars.HELD:
        w.calls_numpy = True
    written = scalars.cast(source, dtype, arguments[0])
    if written is None:
        written = scalars.as_held(dtype, f"{w.array(each.operands[0])}.astype({w.names.dtype(dtype)})[()]")
    elif dtype not in scalars.HELD:
        w.names.type(dtype.type)
    w.set_number(out, written)
    if dtype == np.int64 and source != np.bool_:
        w.write(scalars.within_int64(w.numbers[out]))


def _number_scatter(w: Writer, each: Instruction, arguments: Sequence[str]) -> None:
    dtype = w.kind(each.outputs[0]).dtype
    if each.operation.disjoint and arguments:
        w.set_number(each.outputs[0], arguments[-1])
        return
    zero = scalars.literal(0, dtype) or w.names.name(dtype.type(0), "zero", ("zero", dtype))
    add = " or " if dtype == np.bool_ else " + "
    w.set_number(each.outputs[0], add.join([zero, *arguments]))


# -- arrays --------------------------------------------------------------------------------------------


def _map(w: Writer, each: Instruction) -> None:
    function, out = each.operation.function, each.outputs[0]
    seen = [w.seen_through(i) for i in each.operands]
    if isinstance(function, np.ufunc):
        arguments = [w.array(i) for i in seen]
        w.write(call(w, function, arguments, w.target(out)))
        return
    if np.broadcast_shapes(*[w.kind(i).shape for i in seen]) != w.kind(out).shape:
        seen = list(each.operands)
    arguments = [w.array(i) for i in seen]
    name = w.names.name(function, f"np_{getattr(function, '__name__', 'function')}")
    w.write(f"v{out} = {name}({', '.join(arguments)})")
    w.arrays[out] = f"v{out}"


def _cast(w: Writer, each: Instruction) -> None:
    x = w.array(w.seen_through(each.operands[0]))
    w.write(f"{w.names.name(np.copyto, 'copyto')}({w.target(each.outputs[0])}, {x}, 'unsafe')")


def _reduce(w: Writer, each: Instruction) -> None:
    ufunc, axes, out = each.operation.ufunc, each.operation.axes, each.outputs[0]
    source = each.operands[0]
    kind = w.kind(source)
    axis = axes[0] if len(axes) == 1 else axes
    sums = ufunc is np.add and kind.dtype in _BLAS and 0 < math.prod(kind.shape) <= SHORT
    if w.kind(out).shape == ():
        if sums:
            x = w.vector(source)
            summed = f"{x}.dot({w.ones(math.prod(kind.shape), kind.dtype)})"
        else:
            summed = f"{w.names.ufunc(ufunc, 'reduce')}({w.array(source)}, {axis})"
        w.set_number(out, scalars.as_held(w.kind(out).dtype, summed))
        return
    x = w.array(source)
    if sums and len(kind.shape) == 2 and len(axes) == 1 and w.kind(out).dtype == kind.dtype:
        ones, target = w.ones(kind.shape[axes[0]], kind.dtype), w.target(out)
        w.write(f"{ones}.dot({x}, {target})" if axes[0] == 0 else f"{x}.dot({ones}, {target})")
    else:
        w.write(f"{w.names.ufunc(ufunc, 'reduce')}({x}, {axis}, None, {w.target(out)})")


def _matmul(w: Writer, each: Instruction) -> None:
    x, y = (w.array(i) for i in each.operands)
    target = w.target(each.outputs[0])
    kinds = [w.kind(i) for i in (*each.operands, *each.outputs)]
    if all(len(kind.shape) == 2 and kind.dtype == kinds[0].dtype for kind in kinds):
        w.write(f"{x}.dot({y}, {target})")
    else:
        w.write(f"{w.names.name(np.matmul, 'matmul')}({x}, {y}, {target})")


def _dot(w: Writer, each: Instruction) -> None:
    x, y = (w.array(i) for i in each.operands)
    w.set_number(each.outputs[0], scalars.as_held(w.kind(each.outputs[0]).dtype, f"{x}.dot({y})"))


def _scatter(w: Writer, each: Instruction) -> None:
    operation, out = each.operation, each.outputs[0]
    zeros, again = _overlaps(operation)
    operands = [
        w.number(i) if one else w.array(w.seen_through(i))
        for i, one in zip(each.operands, [_is_entry(part, operation.shape) for part in operation.slices], strict=True)
    ]
    target = w.target(out)
    if zeros:
        w.write(f"{target}.fill(0)")
    for part, x, more in zip(operation.slices, operands, again, strict=True):
        entry = _is_entry(part, operation.shape)
        view = w.part("view", View(target, part)) if target in w.parts and not entry else f"{target}[{index(part)}]"
        if operation.disjoint:
            w.write(f"{view} = {x}" if entry else f"{view}[...] = {x}")
        elif entry:
            w.write(f"{view} += {x}" if more else f"{view} = {_zero(w, operation.dtype, 'number')} + {x}")
        else:
            _add_to(w, view, x, more, operation.dtype, target in w.parts)


def _add_to(w: Writer, view: str, x: str, more: bool, dtype: Any, is_part: bool) -> None:
    """Write an array over zeros, or if ``more`` over what others have written, plus this array."""
    add = w.names.ufunc(np.add)
    if more and not is_part:
        w.write(f"region = {view}")
        view = "region"
    w.write(f"{add}({view}, {x}, {view})" if more else f"{add}({x}, {_zero(w, dtype, 'array')}, {view})")


def _zero(w: Writer, dtype: Any, what: str) -> str:
    """A zero, to which a negative zero is added: the sum is none."""
    written = scalars.literal(0, dtype) if what == "number" else None
    return written or w.names.name(np.zeros((), dtype), "zero", ("zeros", dtype))


def _entries(w: Writer, each: Instruction) -> None:
    out = each.outputs[0]
    numbers, target = [w.number(i) for i in each.operands], w.target(out)
    for place, number in zip(np.ndindex(*each.operation.shape), numbers, strict=True):
        w.write(f"{target}[{', '.join(map(str, place))}] = {number}")


def _is_entry(part: Slice, shape: tuple[int, ...]) -> bool:
    return len(part.parts) == len(shape) and all(isinstance(each, int) for each in part.parts)


def _overlaps(operation: Scatter) -> tuple[bool, list[bool]]:
    """Whether zeros must be written first, and of each operand whether it is added to what others have written."""
    written = np.zeros(operation.shape, bool)
    again, partly = [], False
    for part in operation.slices:
        region = written[(*part.index, ...)]
        again.append(bool(region.any()))
        partly = partly or (again[-1] and not region.all())
        region[...] = True
    return partly or not bool(written.all()), again


def _apply(w: Writer, each: Instruction) -> None:
    operation: Apply = each.operation
    copied = ".copy()" if operation.may_keep else ""
    arguments = [_passed(w, i) + (copied if w.kind(i).shape else "") for i in each.operands]
    names = [f"v{i}" for i in each.outputs]
    w.write(f"{', '.join(names)} = {w.names.name(operation.run, f'call_{operation.name}')}({', '.join(arguments)})")
    for i, name in zip(each.outputs, names, strict=True):
        kind = w.kind(i)
        if kind.shape == ():
            w.set_number(i, scalars.as_held(kind.dtype, name) if kind.dtype in scalars.HELD else as_scalar(w, i, name))
        else:
            w.arrays[i] = name


def _passed(w: Writer, i: int) -> str:
    """A value as a primitive's function expects it: a number of Python's only where the program has one."""
    kind = w.kind(i)
    if kind.shape != ():
        return w.array(i)
    if kind.number:
        return w.number(i) if kind.dtype in scalars.HELD else f"{w.number(i)}.item()"
    return as_scalar(w, i, w.number(i)) if kind.dtype in scalars.HELD else w.number(i)


def as_scalar(w: Writer, i: int, number: str) -> str:
    """The number as a NumPy scalar."""
    type_ = w.kind(i).dtype.type
    return f"{w.names.type(type_)}({number})"


_NUMBERS: dict[Any, Callable[[Writer, Instruction, Sequence[str]], None]] = {
    Map: _number_map,
    Cast: _number_cast,
    Scatter: _number_scatter,
}
_ARRAYS: dict[Any, Callable[[Writer, Instruction], None]] = {
    Map: _map,
    Cast: _cast,
    Reduce: _reduce,
    Matmul: _matmul,
    Dot: _dot,
    Scatter: _scatter,
    Entries: _entries,
    Apply: _apply,
}


# -- guards --------------------------------------------------------------------------------------------


def guard(w: Writer, number: int, each: Guard) -> None:
    """Write the test of a guard: where it fails, the source returns its number."""
    kind = w.kind(each.value)
    if kind.shape != ():
        expected = w.names.name(each.expected, f"expected_{number}")
        test = f"not {w.names.name(np.array_equal, 'array_equal')}({w.array(each.value)}, {expected})"
    else:
        value = w.number(each.value)
        expected = scalars.literal(each.expected, kind.dtype) or w.names.name(each.expected, f"expected_{number}")
        test = {"True": f"not {value}", "False": value}.get(expected, f"{value} != {expected}")
    w.write(f"if {test}: return {number}")
