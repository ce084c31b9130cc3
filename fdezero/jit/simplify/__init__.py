"""Simplification: passes over a lowered program, each from a program to one that returns the same with less work.

=======================  =============================================================================
`fold_constants`         what is made of constants alone is made once, here
`simplify_structure`     reshapes, transposes, broadcasts and slices of each other; pieces of what was joined
`simplify_algebra`       arithmetic that leaves a value as it is, or has a cheaper form with the same result
`share`                  what is computed twice is computed once
`remove_dead`            what nothing needs
=======================  =============================================================================

A pass keeps the results to the last bit, but for the sums of equal numbers, which become products.
"""

from __future__ import annotations

from ..program import Pass, Program
from .algebra import simplify_algebra
from .constants import fold_constants
from .dead import remove_dead
from .sharing import share
from .structure import simplify_structure

#: One round.
PASSES: tuple[Pass, ...] = (fold_constants, simplify_structure, simplify_algebra, share, remove_dead)

#: What a pass leaves for one before it is found in the next round, until none in turn changes anything.
ROUNDS = 3


def simplify(program: Program) -> Program:
    """The program with less to do.

    Example:
        >>> import numpy as np
        >>> from fdezero.jit.program import Instruction, Map, Type
        >>> x, number = Type((3,), np.dtype(float)), Type((), np.dtype(float))
        >>> types = {0: x, 1: number, 2: number, 3: x, 4: x}
        >>> double = Instruction(Map(np.multiply), (1, 1), (2,))
        >>> scale = Instruction(Map(np.multiply), (0, 2), (3,))
        >>> add = Instruction(Map(np.subtract), (3, 0), (4,))
        >>> program = Program(types, (0,), {1: np.float64(1.0)}, (double, scale, add), (3,))
        >>> print(program)
        v0 = input   float64[3]
        v1 = multiply(1.0, 1.0)   float64[]
        v2 = multiply(v0, v1)   float64[3]
        v3 = subtract(v2, v0)   float64[3]
        return v2
        >>> print(simplify(program))
        v0 = input   float64[3]
        return v0
    """
    program = remove_dead(program)
    unchanged = 0
    for one in PASSES * ROUNDS:
        before, program = program, one(program)
        unchanged = unchanged + 1 if program is before else 0
        if unchanged == len(PASSES):
            break
    return program
