"""Two operations that only this backend has, for what NumPy does faster in one go."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from ..program import Program, evaluate


@attrs.frozen
class Dot:
    """The sum of the products of the entries of two vectors of equal length."""

    name = "dot"

    def run(self, x: Any, y: Any) -> Any:
        return np.dot(x, y)


@attrs.frozen(eq=False)
class Loop:
    """A program of entrywise operations and sums, run on one block of rows after another.

    An operand or output of shape ``space`` is cut along its first axis into blocks of ``rows``, all others
    are used whole.  If ``flat``, what is cut is laid out as a vector first.  Outputs of other shapes are
    reductions; those of the blocks are themselves reduced by the same ufunc at the end.
    """

    program: Program
    space: tuple[int, ...]
    rows: int
    flat: bool
    name = "loop"

    def run(self, *operands: Any) -> Any:
        return tuple(evaluate(self.program, operands)[0])
