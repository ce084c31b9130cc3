"""Whether a function is pure: two traces of it give the same program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.operands import describe
from .program import Apply, Instruction, Program
from .trace import OBJECT, Trace


class ImpureFunction(ValueError):
    """A jitted function that did something else the second time it was traced with the same decisions."""


def entries(trace: Trace) -> list[bytes]:
    """What is in the arrays that a program reads at each call, for `refuse_writes`."""
    arrays = [value for value in trace.program.constants.values() if isinstance(value, np.ndarray)]
    return [value.tobytes() for value in arrays if value.flags.writeable]


def refuse_writes(trace: Trace, before: list[bytes], f: Callable[..., Any]) -> None:
    """Compare what is in those arrays with what was in them before the second trace.

    Raises:
        ImpureFunction: where the function has changed one.
    """
    if entries(trace) != before:
        raise ImpureFunction(
            f"{getattr(f, '__name__', 'the function')} writes to an array from outside that it computes with, which a program "
            "would not do: pass the array as an argument and return the new one"
        )


def refuse_changes(before: Trace, after: Trace, f: Callable[..., Any]) -> bool:
    """Compare two traces of a function, at arguments for which a program says that the same decisions are made.

    Returns:
        False where the second trace decided otherwise, for a program may round otherwise; they are then compared up to there.

    Raises:
        ImpureFunction: naming a constant that changed, or the call that differs.
    """
    name = getattr(f, "__name__", "the function")
    count = _other_decision(before.program, after.program)
    numbers = _refuse_other_calls(name, before.program, after.program, count)
    if count is None:
        _refuse_another_result(name, before, after, numbers)
    return count is None


def _other_decision(first: Program, second: Program) -> int | None:
    """How many calls come before the first decision that differs; None where none does."""
    for one, other in zip(first.guards, second.guards, strict=False):
        if one.position != other.position or not np.array_equal(one.expected, other.expected):
            return min(one.position, other.position)
    rest = [*first.guards[len(second.guards) :], *second.guards[len(first.guards) :]]
    return rest[0].position if rest else None


def _refuse_other_calls(name: str, first: Program, second: Program, count: int | None) -> dict[int, int]:
    """Compare the calls, or the first ``count`` of them; returns the values of the first run in the second."""
    numbers = dict(zip(first.inputs, second.inputs, strict=True))
    for one, other in zip(first.instructions[:count], second.instructions[:count], strict=False):
        if not _same_call(one, other):
            raise ImpureFunction(
                f"{name} called {one.operation.name} when it was traced and {other.operation.name} the second time; a jitted "
                "function must do the same at each call: pass what it depends on as an argument"
            )
        _refuse_other_parameters(name, one.operation, other.operation)
        for a, b in zip(one.operands, other.operands, strict=True):
            _refuse_change(name, one.operation.name, a, b, first, second, numbers)
        numbers.update(zip(one.outputs, other.outputs, strict=True))
    if count is None and len(first.instructions) != len(second.instructions):
        raise ImpureFunction(
            f"{name} made {len(first.instructions)} calls when it was traced and {len(second.instructions)} the second time; a "
            "jitted function must do the same at each call: pass what it depends on as an argument"
        )
    return numbers


def _refuse_another_result(name: str, before: Trace, after: Trace, numbers: dict[int, int]) -> None:
    if before.structure != after.structure or [kind for kind, _ in before.kinds] != [kind for kind, _ in after.kinds]:
        raise ImpureFunction(
            f"{name} returned another tree the second time it was traced; a jitted function must do the same at each call"
        )
    for a, b in zip(before.program.outputs, after.program.outputs, strict=True):
        _refuse_change(name, "the result", a, b, before.program, after.program, numbers)
    for (kind, old), (_, new) in zip(before.kinds, after.kinds, strict=True):
        if kind == OBJECT and isinstance(old, _PLAIN) and not (type(old) is type(new) and (old == new or old != old)):
            raise ImpureFunction(
                f"{name} returned {describe(old)} when it was traced and {describe(new)} the second time; a program would keep "
                "the first one: compute it of the arguments, or outside the function"
            )


#: What is compared where it is returned as it is; other objects may be new ones at each call.
_PLAIN = (str, bytes, bool, int, float, complex)


def _refuse_change(name: str, use: str, a: int, b: int, first: Program, second: Program, numbers: dict[int, int]) -> None:
    if a in first.constants and b in second.constants:
        old, new = first.constants[a], second.constants[b]
        if not (_is_same_array(old, new) or _equal(old, new)):
            raise changed(name, use, old, new)
    elif numbers.get(a) != b:
        raise ImpureFunction(
            f"{name} gave {use} another operand the second time it was traced; a jitted function must do the same at each call"
        )


def changed(name: str, use: str, old: Any, new: Any) -> ImpureFunction:
    """The error for a constant that is another one the second time."""
    return ImpureFunction(
        f"a constant of {name}, used in {use}, was {describe(old)} when it was traced and is {describe(new)} now; a "
        "program would keep the first one: pass it to the function as an argument (of random numbers: draw them "
        "outside, or pass a seed as a static argument)"
    )


def _refuse_other_parameters(name: str, one: Any, other: Any) -> None:
    """Compare the static parameters of two calls of one primitive: an index, an axis, a dtype."""
    if isinstance(one, Apply):
        for parameter, old in one.params.items():
            new = other.params.get(parameter)
            if _differs(old, new):
                raise changed(name, f"{one.name} as its {parameter}", old, new)


def _differs(a: Any, b: Any) -> bool:
    """True for parameters that are other values; objects of which nothing is known may be new ones at each call."""
    if type(a) is not type(b):
        return True
    if isinstance(a, (np.ndarray, np.generic)):
        return not _equal(a, b)
    if isinstance(a, (tuple, list)):
        return len(a) != len(b) or any(map(_differs, a, b))
    if isinstance(a, dict):
        return list(a) != list(b) or any(map(_differs, a.values(), b.values()))
    if isinstance(a, slice):
        return _differs((a.start, a.stop, a.step), (b.start, b.stop, b.step))
    return isinstance(a, (*_PLAIN, np.dtype)) and not (a == b or a != a)


def _same_call(one: Instruction, other: Instruction) -> bool:
    if not (isinstance(one.operation, Apply) and isinstance(other.operation, Apply)):
        return bool(one.operation == other.operation)
    return one.operation.primitive.name == other.operation.primitive.name and len(one.operands) == len(other.operands)


def _is_same_array(a: Any, b: Any) -> bool:
    """True for two arrays in one memory, which the function reads at each call."""
    if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray)):
        return False
    one, other = a.__array_interface__["data"], b.__array_interface__["data"]
    return bool(one == other and a.strides == b.strides and a.shape == b.shape)


def _equal(a: Any, b: Any) -> bool:
    if type(a) is int and type(b) is int:  # NumPy may have no room for them
        return a == b
    x, y = np.asarray(a), np.asarray(b)
    return bool(x.shape == y.shape and x.dtype == y.dtype and x.tobytes() == y.tobytes())
