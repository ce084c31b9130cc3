"""Basic indices in a normal form: one part for each axis, and new axes.

In the normal form an integer is not negative, a slice is ``(start, stop, step)`` with numbers in place of what was left
out (``stop`` is None where it runs backwards to the first entry), and no Ellipsis is left.  So equal parts of an array
have equal indices.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

Shape = tuple[int, ...]
Parts = tuple[Any, ...]


def normal(index: Any, shape: Shape) -> Parts | None:
    """The normal form of an index of an array of this shape; None where it is not basic.

    An array of integers that counts evenly, as `np.arange` makes it, is a slice.

    Example:
        >>> normal((..., -1), (2, 3))
        ((0, 2, 1), 2)
        >>> normal((None, slice(None, None, -1)), (3,))
        (None, (2, None, -1))
        >>> normal(np.arange(1, 6, 2), (6,))
        ((1, 6, 2),)
        >>> normal(np.array([0, 2, 3]), (6,))
    """
    given = list(index) if isinstance(index, tuple) else [index]
    if sum(isinstance(part, np.ndarray) for part in given) == 1:
        given = _with_slice(given)
    if not all(_is_basic(part) for part in given):
        return None
    named = sum(part is not None and part is not Ellipsis for part in given)
    missing = [slice(None)] * (len(shape) - named)
    at = next((k for k, part in enumerate(given) if part is Ellipsis), len(given))
    parts: list[Any] = []
    sizes = iter(shape)
    for part in (*given[:at], *missing, *given[at + 1 :]):
        parts.append(None if part is None else _normal_part(part, next(sizes)))
    return tuple(parts)


def _is_basic(part: Any) -> bool:
    if part is None or part is Ellipsis or isinstance(part, slice):
        return True
    return isinstance(part, (int, np.integer)) and not isinstance(part, bool)


def _with_slice(given: list[Any]) -> list[Any]:
    """An index with one array, as a slice if that array counts evenly and stands for an axis in its place."""
    at = next(k for k, part in enumerate(given) if isinstance(part, np.ndarray))
    places = given[at]
    if places.ndim != 1 or places.dtype.kind not in "iu" or any(isinstance(part, (int, np.integer)) for part in given):
        return given  # beside a number an array's axis may go elsewhere
    counted = _as_slice(places)
    return [*given[:at], counted, *given[at + 1 :]] if counted else given


def _as_slice(places: Any) -> slice | None:
    if not places.size:
        return slice(0, 0)
    first, last = int(places[0]), int(places[-1])
    step = 1 if places.size == 1 else int(places[1]) - first
    if not step or first < 0 or last < 0 or not np.array_equal(places, first + step * np.arange(places.size)):
        return None
    stop = last + (1 if step > 0 else -1)
    return slice(first, stop if stop >= 0 else None, step)


def _normal_part(part: Any, n: int) -> Any:
    if not isinstance(part, slice):
        place = operator.index(part)
        return place + n if place < 0 else place
    return of_range(range(*part.indices(n)))


def of_range(places: range) -> tuple[int, int | None, int]:
    """Places along an axis, counted evenly, as the slice of the normal form."""
    if not places:
        return 0, 0, 1
    if len(places) == 1:
        return places[0], places[0] + 1, 1
    stop = places[-1] + (1 if places.step > 0 else -1)
    return places[0], stop if stop >= 0 else None, places.step


def ranges(parts: Parts, shape: Shape) -> list[range]:
    """The places along each axis that a normal index names."""
    named = [part for part in parts if part is not None]
    given = [range(p, p + 1) if not isinstance(p, tuple) else range(*slice(*p).indices(n)) for p, n in zip(named, shape)]  # noqa: B905  # the axes behind the index are whole
    return [*given, *map(range, shape[len(given) :])]


def composed(outer: Parts, inner: Parts, shape: Shape) -> Parts | None:
    """The index of ``x[outer][inner]`` in an x of this shape; None where nothing is left of a new axis.

    Example:
        >>> composed(((1, 5, 1), 2), ((0, 4, 2),), (6, 3))
        ((1, 4, 2), 2)
    """
    result: list[Any] = []
    rest = list(inner)

    def new_axes() -> None:
        while rest and rest[0] is None:
            result.append(rest.pop(0))

    at = 0
    for part in outer:
        if part is None:
            new_axes()
            chosen = rest.pop(0)
            if isinstance(chosen, tuple):
                if chosen != (0, 1, 1):
                    return None
                result.append(None)  # an integer takes the new axis away again
            continue
        if isinstance(part, tuple):
            new_axes()
            places = range(*slice(*part).indices(shape[at]))
            chosen = rest.pop(0)
            result.append(of_range(places[slice(*chosen)]) if isinstance(chosen, tuple) else places[chosen])
        else:
            result.append(part)
        at += 1
    return (*result, *rest)


def is_apart(a: Sequence[range], b: Sequence[range]) -> bool:
    """True where two regions are seen to share no entry: along some axis one ends before the other begins."""
    return any(not x or not y or _last(x) < _first(y) or _last(y) < _first(x) for x, y in zip(a, b, strict=True))


def _first(places: range) -> int:
    return min(places[0], places[-1])


def _last(places: range) -> int:
    return max(places[0], places[-1])
