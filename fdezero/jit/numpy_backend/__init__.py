"""The backend that needs nothing but NumPy: a program as the source of one Python function.

The source is a straight line of NumPy calls that write into places planned beforehand, with single numbers
in Python's own arithmetic.  It assumes that nothing goes wrong: where a floating-point error comes up, it
stops, and the program is run again by `careful`, which says which.
"""

from __future__ import annotations

from ..program import Compiled, Program
from .compiled import Source, lazily, source_of
from .schedule import schedule

__all__ = ["Source", "compile_program"]


def compile_program(program: Program) -> Compiled:
    """The program as Python source, compiled.

    Example:
        >>> import numpy as np
        >>> from fdezero.jit.program import Instruction, Map, Type
        >>> x, y, number = 0, 1, Type((), np.dtype(float))
        >>> tanh = Instruction(Map(np.tanh), (x,), (y,))
        >>> compiled = compile_program(Program({x: number, y: number}, (x,), {}, (tanh,), (y,)))
        >>> compiled.run(0.0)
        (np.float64(0.0),)
        >>> print(compiled.source)
        def run(v0):
            try:
                v0 = float(v0)
                v1 = tanh(v0)
                return (np_float64(v1),)
            except (ArithmeticError, ValueError):
                pass
            return careful(v0)
    """
    scheduled = schedule(program)
    checked = source_of(program, scheduled, checked=True)
    return Compiled(checked.function(), lazily(lambda: source_of(program, scheduled, checked=False).function()), checked.text)
