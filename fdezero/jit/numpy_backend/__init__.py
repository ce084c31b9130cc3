"""The backend that needs nothing but NumPy: a program as the source of one Python function.

The source is a straight line of NumPy calls that write into places planned beforehand, with single numbers
in Python's own arithmetic.  It assumes that nothing goes wrong: where a floating-point error comes up, it
stops, and the program is run again by `careful`, which says which.
"""

from __future__ import annotations

from collections.abc import Set

from ..program import Compiled, Program
from .compiled import Source, lazily, source_of
from .schedule import schedule

__all__ = ["Source", "compile_program"]


def compile_program(program: Program, numbers: Set[int] = frozenset()) -> Compiled:
    """The program as Python source, compiled.

    Args:
        program: any.
        numbers: the places of the outputs that are to be Python's numbers.

    Example:
        >>> import numpy as np
        >>> from fdezero.jit.program import Instruction, Map, Type
        >>> x, y, number = 0, 1, Type((), np.dtype(float))
        >>> tanh = Instruction(Map(np.tanh), (x,), (y,))
        >>> compiled = compile_program(Program({x: number, y: number}, (x,), {}, (tanh,), (y,)), numbers={0})
        >>> compiled.run(0.0)
        (0.0,)
        >>> print(compiled.source)
        def run(v0):
            try:
                v0 = float(v0)
                v1 = tanh(v0)
                return (v1,)
            except (ArithmeticError, ValueError):
                pass
            return careful(v0)
    """
    scheduled = schedule(program)
    checked = source_of(program, scheduled, numbers, checked=True)
    unchecked = lazily(lambda: source_of(program, scheduled, numbers, checked=False).function())
    return Compiled(checked.function(), unchecked, checked.text)
