"""Arrays put together of pieces (`Scatter`), and what is read of them again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from ..builder import Builder
from ..indices import Parts, is_apart, of_range, ranges
from ..program import Broadcast, Instruction, Scatter, Slice
from .rolling import FEWEST, Rolling

Shape = tuple[int, ...]


def _as_put(b: Builder, operation: Scatter, x: int) -> int:
    """What a piece is when it has been put into the zeros, or added to them."""
    return x if operation.disjoint else b.plus_zero(x)


# -- what is put together ------------------------------------------------------------------------------


def scatter(b: Builder, each: Instruction, xs: tuple[int, ...]) -> int | None:
    """The array of which all pieces are slices; one number for the same in every piece."""
    if not xs:
        return b.broadcast(b.constant(each.operation.dtype.type(0)), each.operation.shape)
    operation, pieces = _summed_at_each_place(b, each.operation, xs)
    whole = _read_in_place(b, operation, pieces)
    if whole is None:
        number = _same_number(b, pieces)
        whole = None if number is None else b.constant(number)
    if whole is None and len(pieces) >= FEWEST and not b.shape(pieces[0]) and covers(operation):
        whole = Rolling(b, operation).array(pieces)
    if whole is None or not covers(operation):
        return None if operation is each.operation else b.emit(operation, pieces, b.types[each.outputs[0]])
    return b.broadcast(_as_put(b, operation, whole), operation.shape)


def _summed_at_each_place(b: Builder, operation: Scatter, xs: tuple[int, ...]) -> tuple[Scatter, tuple[int, ...]]:
    """One entry for all that are added at the same place, where every piece is one entry."""
    one_each = all(not isinstance(part, tuple) for place in operation.slices for part in place.parts)
    if operation.disjoint or not one_each or len({*operation.slices}) == len(xs):
        return operation, xs
    sums: dict[Slice, int] = {}
    for place, x in zip(operation.slices, xs, strict=True):
        sums[place] = b.map(np.add, sums[place], x) if place in sums else x
    return attrs.evolve(operation, slices=tuple(sums)), tuple(sums.values())


def sum_of_scatters(b: Builder, each: Instruction, xs: tuple[int, ...]) -> int | None:
    """``x + y`` of two arrays that single entries were added into: they are added into one."""
    if each.operation.function is not np.add:
        return None
    makers = [b.makers.get(x) for x in xs]
    if None in makers or b.dtype(xs[0]).kind not in "fc":
        return None
    first, second = [maker.operation for maker in makers if maker is not None]
    if type(first) is not Scatter or type(second) is not Scatter or first.shape != second.shape:
        return None
    fewer, more = sorted([len(first.slices), len(second.slices)])
    if first.disjoint or second.disjoint or more < FEWEST or more > _FEW_TIMES * fewer:
        return None
    operands = tuple([x for maker in makers if maker is not None for x in maker.operands])
    both = attrs.evolve(first, slices=first.slices + second.slices)
    return b.emit(both, operands, b.types[xs[0]])


#: One with many more pieces than the other is left: in a chain of sums each would be copied again and again.
_FEW_TIMES = 8


def _read_in_place(b: Builder, operation: Scatter, xs: Sequence[int]) -> int | None:
    """The array of this shape that each piece is read from, at the place where it is put."""
    source = None
    for x, place in zip(xs, operation.slices, strict=True):
        if b.operation(x) != place:
            return x if len(xs) == 1 and place.parts == tuple([(0, n, 1) for n in operation.shape]) else None
        if source not in (None, b.makers[x].operands[0]):
            return None
        source = b.makers[x].operands[0]
    return source if source is not None and b.shape(source) == operation.shape else None


def _same_number(b: Builder, xs: Sequence[int]) -> Any:
    """The number that every piece is everywhere, or None."""
    first = None
    for x in xs:
        while type(b.operation(x)) is Broadcast:
            x = b.makers[x].operands[0]
        number = b.number(x)
        if number is None or (first is not None and number.tobytes() != first.tobytes()):
            return None
        first = number
    return first


def covers(operation: Scatter) -> bool:
    """True where the pieces are the whole array, and each entry is in one of them."""
    sizes = [math.prod(map(len, ranges(each.parts, operation.shape))) for each in operation.slices]
    if sum(sizes) != math.prod(operation.shape):
        return False
    if operation.disjoint or len(sizes) == 1:
        return True
    if sum(sizes) > _LARGEST:
        return False
    seen = np.zeros(operation.shape, bool)
    for each in operation.slices:
        seen[each.index] = True
    return bool(seen.all())


#: Of larger arrays the entries are not counted.
_LARGEST = 1_000_000

# -- what is read of it --------------------------------------------------------------------------------


def slice_of_scatter(b: Builder, x: int, parts: Parts, shape: Shape) -> int | None:
    """A slice of a piece, or zeros, if the slice of ``x`` is within one piece, or apart from all."""
    maker = b.makers[x]
    operation = maker.operation
    wanted = tuple(ranges(parts, operation.shape))
    if 0 in shape:
        return None
    if len(operation.slices) > _MANY:
        at = _place_of(b, maker).get(wanted) if operation.disjoint else None
        return None if at is None else b.reshape(maker.operands[at], shape)
    regions = [tuple(ranges(each.parts, operation.shape)) for each in operation.slices]
    near = [i for i, region in enumerate(regions) if not is_apart(region, wanted)]
    if not near:
        return b.broadcast(b.constant(operation.dtype.type(0)), shape)
    if len(near) > 1 or None in operation.slices[near[0]].parts:
        return None
    inner = _within(operation.slices[near[0]].parts, regions[near[0]], wanted, parts)
    if inner is None:
        return None
    return _as_put(b, operation, b.reshape(b.slice(maker.operands[near[0]], inner), shape))


#: With more pieces than this, they are not looked through one by one.
_MANY = 16


def _place_of(b: Builder, maker: Instruction) -> dict[tuple[range, ...], int]:
    """For each region the piece that is put there."""
    known: dict[tuple[range, ...], int] | None = b.notes.get(maker.outputs[0])
    if known is None:
        operation = maker.operation
        known = {tuple(ranges(each.parts, operation.shape)): i for i, each in enumerate(operation.slices)}
        b.notes[maker.outputs[0]] = known
    return known


def _within(place: Parts, region: Sequence[range], wanted: Sequence[range], parts: Parts) -> Parts | None:
    """The index, in the piece at ``place``, of a wanted region that lies in it; None where it does not."""
    named = [part for part in parts if part is not None]
    inner: list[Any] = []
    for i, (there, here) in enumerate(zip(region, wanted, strict=True)):
        if not (here[0] in there and here[-1] in there and (len(here) == 1 or here[1] in there)):
            return None
        if i < len(place) and not isinstance(place[i], tuple):
            continue
        first = there.index(here[0])
        if i < len(named) and not isinstance(named[i], tuple):
            inner.append(first)
            continue
        step = there.index(here[1]) - first if len(here) > 1 else 1
        last = there.index(here[-1])
        inner.append(of_range(range(first, last + (1 if step > 0 else -1), step)))
    return tuple(inner)

