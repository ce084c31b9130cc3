"""Constants: what is made of numbers and of small arrays that cannot change is made once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..builder import Builder, rewrite
from ..program import Cast, Instruction, Map, Matmul, Program, Reduce, Reshape, Slice, Transpose

#: The operations that are done here; what repeats a number or puts it among others is larger than the number.
FOLDED = (Map, Cast, Reshape, Transpose, Slice, Reduce, Matmul)


def fold_constants(program: Program) -> Program:
    """The program with operations on constants done, where they raise no floating-point error.

    An array of one number, which nobody can change, is this number, broadcast.

    Example:
        >>> from fdezero.jit.program import Map, Type
        >>> x, number = Type((3,), np.dtype(float)), Type((), np.dtype(float))
        >>> types = {0: x, 1: number, 2: x, 3: number, 4: x, 5: x}
        >>> ones = np.ones(3)
        >>> ones.flags.writeable = False
        >>> steps = ((np.exp, (1,), 3), (np.multiply, (0, 3), 4), (np.add, (4, 2), 5))
        >>> steps = tuple(Instruction(Map(f), x, (i,)) for f, x, i in steps)
        >>> program = Program(types, (0,), {1: np.float64(0.0), 2: ones}, steps, (5,))
        >>> print(program)
        v0 = input   float64[3]
        v1 = exp(0.0)   float64[]
        v2 = multiply(v0, v1)   float64[3]
        v3 = add(v2, constant float64[3])   float64[3]
        return v3
        >>> print(fold_constants(program))
        v0 = input   float64[3]
        v1 = broadcast(1.0, shape=(3,))   float64[3]
        v2 = multiply(v0, 1.0)   float64[3]
        v3 = add(v2, v1)   float64[3]
        return v3
    """
    return rewrite(program, dict.fromkeys(FOLDED, _fold), _with_numbers)


def _fold(b: Builder, each: Instruction, xs: tuple[int, ...]) -> int | None:
    """The result as a constant, if all operands are and it is small."""
    values = []
    for x in xs:
        value = b.constants.get(x)
        if value is None or (isinstance(value, np.ndarray) and not foldable(value)):
            return None
        values.append(value)
    if math.prod(b.shape(each.outputs[0])) > LARGEST:
        return None
    try:
        with np.errstate(all="raise", under="ignore"):
            out = np.asarray(each.operation.run(*values))
    except (ArithmeticError, ValueError, TypeError):
        return None  # to be said at each call
    if out.size and _is_uniform(out):
        return b.broadcast(b.constant(out.flat[0]), out.shape)
    out = out.copy()
    out.flags.writeable = False
    return b.constant(out)


#: Of larger arrays nothing is computed here.
LARGEST = 1 << 14


def foldable(value: Any) -> bool:
    """True for an array that nobody can change, of which a pass may read the entries."""
    return not value.flags.writeable and value.size <= LARGEST


def _with_numbers(b: Builder) -> None:
    """Arrays of one number, broadcast from it."""
    for x, value in list(b.constants.items()):
        if isinstance(value, np.ndarray) and not value.flags.writeable and value.size and _is_uniform(value):
            b.renamed[x] = b.broadcast(b.constant(value.flat[0]), value.shape)


def _is_uniform(value: Any) -> bool:
    """True where all entries are the same, to the bit."""
    first = value.flat[0]
    return bool(np.all((value == first) | (value != value))) and value.tobytes() == first.tobytes() * value.size
