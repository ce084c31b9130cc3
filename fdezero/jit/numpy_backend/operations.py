"""Operations that only this backend has, for what NumPy does faster in one go."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from ..program import Program


@attrs.frozen
class Dot:
    """The sum of the products of the entries of two vectors of equal length, or in a flat `Loop` of two arrays."""

    name = "dot"

    def run(self, x: Any, y: Any) -> Any:
        return np.dot(np.ravel(x), np.ravel(y))


@attrs.frozen
class Entries:
    """An array of these numbers."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    name = "entries"

    def run(self, *numbers: Any) -> Any:
        return np.array(numbers, self.dtype).reshape(self.shape)


@attrs.frozen(eq=False)
class Loop:
    """A program of entrywise operations and sums, run on one block of rows after another.

    An operand or output with as many axes as ``space`` and its first length is cut along the first axis into
    blocks of ``rows``, all others are used whole.  If ``flat``, what is cut is laid out as a vector first.
    Operands broadcast, and a result has the shape that its type says, even if they are all smaller.  Outputs that
    are not cut are reductions; those of the blocks are themselves reduced by the same ufunc at the end.
    """

    program: Program
    space: tuple[int, ...]
    rows: int
    flat: bool
    name = "loop"

    def run(self, *operands: Any) -> Any:
        values = dict(zip(self.program.inputs, operands, strict=True))
        for each in self.program.instructions:
            out = each.operation.run(*[values[i] for i in each.operands])
            values[each.outputs[0]] = np.broadcast_to(out, self.program.types[each.outputs[0]].shape)[()]
        return tuple([values[i] for i in self.program.outputs])
