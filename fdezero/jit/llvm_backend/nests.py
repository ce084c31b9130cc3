"""The plan of a loop nest: which loops, in which order, and how the innermost is cut into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Axis(NamedTuple):
    """A loop: its length and the stride of each access along it."""

    length: int
    strides: tuple[int, ...]


class Piece(NamedTuple):
    """Steps of ``width`` entries from ``start`` to ``stop``; the first ``done`` lanes were done by the piece before."""

    width: int
    start: int
    stop: int
    done: int = 0


def axes(space: Sequence[int], strides: Sequence[Sequence[int]]) -> list[Axis]:
    """The axes of a space, outermost first, with neighbours joined where each access allows it.

    Example:
        >>> axes((2, 3, 4), [(12, 4, 1), (0, 0, 1)])
        [Axis(length=6, strides=(4, 0)), Axis(length=4, strides=(1, 1))]
    """
    joined: list[Axis] = []
    for i, n in enumerate(space):
        here = tuple(each[i] for each in strides)
        if joined and all(before == n * step for before, step in zip(joined[-1].strides, here, strict=True)):
            joined[-1] = Axis(joined[-1].length * n, here)
        else:
            joined.append(Axis(n, here))
    return joined


def ordered(found: Sequence[Axis], written: Sequence[int]) -> list[Axis]:
    """The axes with the best one innermost: the one along which most accesses have a stride of 1 or 0.

    ``written`` are the accesses that are stored to: along the innermost axis their stride must be 1 (or 0, of a
    reduction), as far as there is a choice.
    """

    def score(axis: Axis) -> tuple[int, int, int]:
        good = all(axis.strides[k] in (0, 1) for k in written)
        return (good, sum(step in (0, 1) for step in axis.strides) if axis.length > 3 else -1, found.index(axis))

    best = max(found, key=score)
    return [*(axis for axis in found if axis is not best), best]


def pieces(n: int, width: int, unit: int, least: int = 2) -> list[Piece]:
    """How n entries are done in vectors of at most ``width`` lanes: the last vector overlaps the one before it.

    So no lane computes what is no entry, and none raises a flag that no entry raises.  ``unit`` is the narrowest vector
    that is worth a piece of its own; one of fewer lanes than ``least`` would be filled up with arbitrary numbers.

    Example:
        >>> pieces(40, 16, 8)
        [Piece(width=16, start=0, stop=32, done=0), Piece(width=8, start=32, stop=40, done=0)]
        >>> pieces(11, 8, 8)
        [Piece(width=8, start=0, stop=8, done=0), Piece(width=4, start=7, stop=11, done=1)]
        >>> pieces(7, 8, 8)
        [Piece(width=4, start=0, stop=4, done=0), Piece(width=4, start=3, stop=7, done=1)]
        >>> pieces(3, 8, 8, least=4)
        [Piece(width=1, start=0, stop=3, done=0)]
    """
    if n < least or width == 1:
        return [Piece(1, 0, n)]
    found, at = [], 0
    while at < n:
        left = n - at
        if left >= width:
            found.append(Piece(width, at, at + left // width * width))
            at = found[-1].stop
            continue
        above = max(1 << (left - 1).bit_length(), least if left > 1 else 1)
        if above == 1 or above <= min(n, unit) or above == left:
            found.append(Piece(above, n - above, n, above - left))
            return found
        found.append(Piece(above // 2, at, at + above // 2))
        at += above // 2
    return found
