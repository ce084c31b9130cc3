"""A `Loop` as lines of the source: large arrays in blocks that stay in the cache from one operation to the next."""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np

from ..memory import Plan, plan
from ..program import Cast, Instruction, Map, Reduce, Type
from . import scalars
from .calls import call, overwrites, writes
from .frame import Place
from .operations import Dot, Loop
from .writer import Writer


def is_cut(shape: tuple[int, ...], space: tuple[int, ...]) -> bool:
    """True for an operand of which each block sees other rows."""
    return len(shape) == len(space) and shape[0] == space[0]


def block_type(kind: Type, operation: Loop) -> Type:
    """The type of a value's part in one block."""
    if not is_cut(kind.shape, operation.space):
        return kind
    rest = () if operation.flat else kind.shape[1:]
    return attrs.evolve(kind, shape=(operation.rows, *rest))


def block_plan(operation: Loop) -> Plan:
    """Where the intermediate results of a block are; outputs have no place, but the block of the output."""
    types = {i: block_type(kind, operation) for i, kind in operation.program.types.items()}
    return plan(attrs.evolve(operation.program, types=types), _writes, overwrites)


def scratch(operation: Loop) -> int:
    """The bytes that a block's intermediate results take."""
    return block_plan(operation).total


def _writes(each: Instruction) -> bool:
    return isinstance(each.operation, (Map, Cast)) and writes(each)


def write(w: Writer, each: Instruction) -> None:
    """Write the loop: what is made once, the blocks, and what is made of all of them."""
    operation: Loop = each.operation
    where, inner = block_plan(operation), operation.program
    length = math.prod(operation.space) if operation.flat else operation.space[0]
    local = {i: _operand(w, i, operation) for i in inner.inputs}
    cut = {i: local[i] for i in inner.inputs if is_cut(w.kind(i).shape, operation.space)}
    for i in inner.outputs:
        if isinstance(w.makers_in(operation)[i].operation, (Reduce, Dot)) and not _keeps_rows(w, i, operation):
            w.write(f"parts_{i} = []")
        else:
            name = w.target(i)
            cut[i] = w.flattened(i, name) if operation.flat else name
    before, w.lines = w.lines, []
    outer, w.indent = w.indent, w.indent + "    "
    temporaries: list[str] = []
    for i, name in cut.items():
        local[i] = f"block_{i}"
        w.write(f"block_{i} = {name}[begin:end]")
    for one in inner.instructions:
        _step(w, one, operation, where, local, temporaries)
    body, w.lines, w.indent = w.lines, before, outer
    rest = length % operation.rows if temporaries else 0
    names = ", ".join(temporaries)
    if rest:
        w.write(f"whole = {names},")
    w.write(f"for begin in range(0, {length}, {operation.rows}):")
    w.write(f"    end = begin + {operation.rows}")
    if rest:
        w.write(f"    if end > {length}:")
        w.write(f"        {names}, = {', '.join([f'{name}[:{rest}]' for name in temporaries])},")
    w.lines += body
    if rest:
        w.write(f"{names}, = whole")
    for i in inner.outputs:
        if i not in cut:
            _join(w, i, w.makers_in(operation)[i].operation)


def _operand(w: Writer, i: int, operation: Loop) -> str:
    return w.vector(i) if operation.flat and is_cut(w.kind(i).shape, operation.space) else w.array(i)


def _keeps_rows(w: Writer, i: int, operation: Loop) -> bool:
    """True for a reduction of which each block makes a block."""
    made = w.makers_in(operation)[i].operation
    return isinstance(made, Reduce) and 0 not in made.axes


def _step(
    w: Writer, each: Instruction, operation: Loop, where: Plan, local: dict[int, str], temporaries: list[str]
) -> None:
    out = each.outputs[0]
    arguments = [local[i] for i in each.operands]
    if isinstance(each.operation, Dot):
        w.write(f"parts_{out}.append({arguments[0]}.dot({arguments[1]}))")
    elif isinstance(each.operation, Reduce):
        axes = None if operation.flat else each.operation.axes
        axis = axes[0] if axes is not None and len(axes) == 1 else axes
        reduced = f"{w.names.ufunc(each.operation.ufunc, 'reduce')}({arguments[0]}, {axis}"
        w.write(f"{reduced}, None, {local[out]})" if out in local else f"parts_{out}.append({reduced}))")
    elif not writes(each):
        w.write(f"made_{out} = {w.names.name(each.operation.function, 'np_where')}({', '.join(arguments)})")
        if out in local:
            w.write(f"{local[out]}[...] = made_{out}")
        local[out] = f"made_{out}"
    else:
        local[out] = target = _target(w, out, operation, where, local, temporaries)
        if isinstance(each.operation, Cast):
            w.write(f"{w.names.name(np.copyto, 'copyto')}({target}, {arguments[0]}, 'unsafe')")
        else:
            w.write(call(w, each.operation.function, arguments, target))


def _target(
    w: Writer, i: int, operation: Loop, where: Plan, local: dict[int, str], temporaries: list[str]
) -> str:
    """The name of where a block of an intermediate result, or of an output, is written."""
    place = where.place[i]
    if place not in where.offsets:
        return next(f"block_{k}" for k in operation.program.outputs if where.place.get(k) == place)
    name = w.part("t", Place(w.plan.total + where.offsets[place], block_type(w.kind(i), operation)))
    if name not in temporaries:
        temporaries.append(name)
    return name


def _join(w: Writer, i: int, operation: Any) -> None:
    """The reduction of what the blocks were reduced to; sums of sums in pairs, as NumPy's."""
    kind = w.kind(i)
    reduce = w.names.ufunc(np.add if isinstance(operation, Dot) else operation.ufunc, "reduce")
    if kind.shape == ():
        w.write(f"v{i} = {scalars.as_held(kind.dtype, f'{reduce}(parts_{i})')}")
        w.numbers[i] = f"v{i}"
    else:
        w.write(f"{reduce}(parts_{i}, 0, None, {w.target(i)})")
