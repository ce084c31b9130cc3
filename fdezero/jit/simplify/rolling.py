"""Loops that were written out: pieces that are each computed in the same way are computed as one array.

The gradient of a sum over ``f(x[i])`` puts ``f'(x[i])`` at each i; it is ``f'(x)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from ..builder import Builder, broadcast_shape
from ..program import Map, Scatter, Type

#: With fewer pieces than this, each is computed by itself.
FEWEST = 4

#: Expressions of more operations are left as they are.
_DEEPEST = 60


@attrs.frozen(eq=False)
class Rolling:
    """The places of pieces that cover an array, and the columns of values that are known as arrays."""

    builder: Builder
    operation: Scatter
    known: dict[tuple[int, ...], int | None] = attrs.field(factory=dict)

    def array(self, xs: Sequence[int], depth: int = 0) -> int | None:
        """The array of which each of ``xs`` is the piece at its place, or a number for all; None where none is seen."""
        column = tuple(xs)
        if column not in self.known:
            self.known[column] = self._found(column, depth)
        return self.known[column]

    def _found(self, xs: tuple[int, ...], depth: int) -> int | None:
        b = self.builder
        if len({*xs}) == 1 and not b.shape(xs[0]):
            return xs[0]
        operations = [b.operation(x) for x in xs]
        first = operations[0]
        if first is None:
            return self._numbers(xs)
        if first == self.operation.slices[0]:
            return self._read(xs, operations)
        if type(first) is not Map or depth > _DEEPEST or any(each != first for each in operations):
            return None
        operands = [self.array(column, depth + 1) for column in zip(*[b.makers[x].operands for x in xs], strict=True)]
        if None in operands or not all(self._fits(x, place) for x, place in zip(xs, self.operation.slices, strict=True)):
            return None
        arrays = tuple([x for x in operands if x is not None])
        shape = broadcast_shape(*[b.shape(x) for x in arrays])
        quiet, b.quiet = b.quiet, all(b.makers[x].quiet for x in xs)
        out = b.emit(first, arrays, Type(shape, b.dtype(xs[0])))
        b.quiet = quiet
        return out

    def _read(self, xs: Sequence[int], operations: Sequence[Any]) -> int | None:
        """The array of this shape that every piece is read from, at its own place."""
        b = self.builder
        sources = {b.makers[x].operands[0] for x in xs}
        if len(sources) > 1 or any(each != place for each, place in zip(operations, self.operation.slices, strict=True)):
            return None
        source = sources.pop()
        return source if b.shape(source) == self.operation.shape else None

    def _numbers(self, xs: Sequence[int]) -> int | None:
        """An array of constants."""
        b = self.builder
        numbers = [b.number(x) for x in xs]
        if any(number is None for number in numbers):
            return None
        array = np.empty(self.operation.shape, b.dtype(xs[0]))
        for place, number in zip(self.operation.slices, numbers, strict=True):
            array[place.index] = number
        array.flags.writeable = False
        return b.constant(array)

    def _fits(self, x: int, place: Any) -> bool:
        """True for a piece of one entry: those of several broadcast among themselves."""
        return self.builder.shape(x) == () and all(not isinstance(part, tuple) for part in place.parts)
