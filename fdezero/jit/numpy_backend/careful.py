"""A program run an instruction at a time, for arguments at which the fast source met a floating-point error.

It says which errors came up, and returns the infinities and NaNs that NumPy does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Any

import attrs
import numpy as np

from ..memory import last_uses, roots
from ..program import Apply, Program

#: The bits of NumPy's report, in the order of a backend's: invalid, division by zero, overflow.
_INVALID, _DIVIDE, _OVERFLOW = 8, 1, 2


@attrs.define(eq=False)
class Recorder:
    """What NumPy calls at a floating-point error: it collects the errors of one call.

    A ``quiet`` instruction is one during which only invalid operations count.
    """

    flags: int = 0
    quiet: bool = False

    def __call__(self, kind: str, bits: int) -> None:
        seen = bits & _INVALID if self.quiet else bits
        self.flags |= (1 if seen & _INVALID else 0) | (2 if seen & _DIVIDE else 0) | (4 if seen & _OVERFLOW else 0)


def careful(program: Program, checked: bool, numbers: Set[int] = frozenset()) -> Callable[..., Any]:
    """``run``, or if not ``checked`` ``unchecked``, of a `Compiled` program, by NumPy calls alone.

    The outputs at the places ``numbers`` are Python's numbers.
    """
    root = roots(program)
    ends: dict[int, list[int]] = {}
    last = last_uses(program, root)
    for value, owner in root.items():
        ends.setdefault(last.get(owner, 0), []).append(value)
    guards: dict[int, list[tuple[int, Any]]] = {}
    for number, guard in enumerate(program.guards):
        guards.setdefault(guard.position, []).append((number, guard))

    def run(*leaves: Any) -> Any:
        recorder = Recorder()
        report: Any = "call" if checked else "ignore"
        with np.errstate(invalid=report, divide=report, over=report, under="ignore", call=recorder):
            values = {i: _typed(program, i, x) for i, x in zip(program.inputs, leaves, strict=True)}
            values |= {i: _typed(program, i, x) for i, x in program.constants.items()}
            for position, each in enumerate(program.instructions):
                failed = _failing(guards.get(position, ()), values)
                if failed is not None:
                    return failed
                recorder.quiet = each.quiet
                _step(program, each, values)
                for i in ends.get(position, ()):
                    values.pop(i, None)
            failed = _failing(guards.get(len(program.instructions), ()), values)
            if failed is not None:
                return failed
        if recorder.flags:
            return -recorder.flags
        return fresh([values[i].item() if k in numbers else values[i] for k, i in enumerate(program.outputs)])

    return run


def _typed(program: Program, i: int, x: Any) -> Any:
    """The value of an input or constant as NumPy has it: a number of the dtype, or the array."""
    kind = program.types[i]
    if kind.shape != ():
        return x
    number = x[()] if isinstance(x, np.ndarray) else x
    return number if isinstance(number, np.generic) and number.dtype == kind.dtype else kind.dtype.type(number)


def _step(program: Program, each: Any, values: dict[int, Any]) -> None:
    operands = [values[i] for i in each.operands]
    if isinstance(each.operation, Apply):  # where a Python number's dtype may give way
        operands = [x.item() if program.types[i].number else x for i, x in zip(each.operands, operands, strict=True)]
    out = each.operation.run(*operands)
    outs = out if type(out) is tuple else (out,)
    for i, x in zip(each.outputs, outs, strict=True):
        values[i] = _typed(program, i, x)


def _failing(guards: Sequence[tuple[int, Any]], values: dict[int, Any]) -> int | None:
    """The number of the first guard that does not hold."""
    for number, guard in guards:
        if not holds(values[guard.value], guard.expected):
            return number
    return None


def holds(value: Any, expected: Any) -> bool:
    """True if a guarded value is what was expected."""
    return np.array_equal(value, expected) if isinstance(value, np.ndarray) else bool(value == expected)


def fresh(outputs: Sequence[Any]) -> tuple[Any, ...]:
    """The outputs, in memory that nobody else has."""
    return tuple([x.copy() if type(x) is np.ndarray else x for x in outputs])
