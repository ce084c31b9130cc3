"""Padding: zeros are linear, repeated entries an indexing, and what is computed a piece before and one behind each axis.

The axes are padded one after the other, so that the corners come from the axes before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.declare import implements, linear
from ...core.graph import Array
from .helpers import as_operand


def _pad_zeros(x: Array, *, width: tuple[tuple[int, int], ...]) -> Array:
    return np.pad(x, ((0, 0),) * (len(x.shape) - len(width)) + width)


def _cut(g: Array, like: Any, *, width: tuple[tuple[int, int], ...]) -> Array:
    return g[(..., *(slice(before, before + n) for (before, _), n in zip(width, like.shape[-len(width) :], strict=True)))]


pad_zeros = linear(_pad_zeros, _cut, name="pad", core=(0,))

#: The modes that repeat entries of the array, and so are an indexing.
_INDEXING_MODES = ("edge", "reflect", "symmetric", "wrap")


@implements(np.pad)
def pad(
    array: Array,
    pad_width: Any,
    mode: Any = "constant",
    *,
    constant_values: Any = 0,
    end_values: Any = 0,
    stat_length: Any = None,
    reflect_type: str = "even",
) -> Array:
    width = _pad_width(pad_width, len(array.shape))
    if not width:
        return array
    if mode == "constant" and isinstance(constant_values, (int, float)):
        padded = pad_zeros(array, width=width)
        if constant_values == 0:
            return padded
        return padded + np.pad(np.zeros(array.shape, array.dtype), width, constant_values=constant_values)
    if mode not in _INDEXING_MODES:
        return pad_by_pieces(array, width, mode, constant_values, end_values, stat_length)
    if reflect_type == "odd" and mode in ("reflect", "symmetric"):
        return pad_odd(array, width, mode)
    for axis, w in enumerate(width):
        if w != (0, 0):
            index = np.pad(np.arange(array.shape[axis]), w, mode=mode)
            array = array[(slice(None),) * axis + (index,)]
    return array


def _pad_width(pad_width: Any, ndim: int) -> tuple[tuple[int, int], ...]:
    """(before, after) for each axis."""
    if isinstance(pad_width, dict):
        pairs = [(0, 0)] * ndim
        for axis, w in pad_width.items():
            pairs[axis] = (w, w) if isinstance(w, int) else tuple(w)
        pad_width = pairs
    return tuple((int(before), int(after)) for before, after in np.broadcast_to(pad_width, (ndim, 2)))


# -- pieces that are computed --------------------------------------------------------------------------
Piece = Callable[[Array, int, tuple[int, int]], tuple[Array, Array]]


def pad_by_pieces(
    x: Array, width: tuple[tuple[int, int], ...], mode: Any, constant_values: Any, end_values: Any, stat_length: Any
) -> Array:
    """``np.pad`` in the modes that put a computed piece before and behind each axis.

    Raises:
        TypeError: for a mode whose entries are undefined, or written by a function.
    """
    ndim = len(x.shape)
    if mode == "constant":
        piece = _constant(_pairs(constant_values, ndim))
    elif mode == "linear_ramp":
        piece = _ramp(_pairs(end_values, ndim))
    elif mode in _STATISTICS:
        piece = _statistic(_STATISTICS[mode], None if stat_length is None else _pairs(stat_length, ndim))
    else:
        name = "a function" if callable(mode) else repr(mode)
        raise TypeError(
            f"numpy.pad has no derivative rule for mode={name}, whose entries are undefined or are written into an array; "
            "write mode='constant', or np.concatenate([before, x, behind], axis)"
        )
    for axis, n in enumerate(width):
        if n != (0, 0):
            before, behind = piece(np.moveaxis(x, axis, 0), axis, n)
            x = np.moveaxis(np.concatenate([before, np.moveaxis(x, axis, 0), behind]), 0, axis)
    return x


def _pairs(values: Any, ndim: int) -> Array:
    """(before, behind) for each axis."""
    return np.broadcast_to(as_operand(values), (ndim, 2))


def _filled(value: Array, n: int, x: Array) -> Array:
    return np.broadcast_to(value.astype(x.dtype), (n, *x.shape[1:]))


def _constant(values: Array) -> Piece:
    return lambda x, axis, n: (_filled(values[axis, 0], n[0], x), _filled(values[axis, 1], n[1], x))


def _ramp(ends: Array) -> Piece:
    def piece(x: Array, axis: int, n: tuple[int, int]) -> tuple[Array, Array]:
        before, behind = (_to_edge(ends[axis, i], edge, n[i]) for i, edge in enumerate((x[:1], x[-1:])))
        return before, np.flip(behind, 0)

    return piece


def _to_edge(end: Array, edge: Array, n: int) -> Array:
    """From the end value to just before the edge, in equal steps."""
    steps = (np.arange(n) / max(n, 1)).astype(edge.dtype).reshape((n, *(1,) * (len(edge.shape) - 1)))
    end = end.astype(edge.dtype)
    return end + (edge - end) * steps


_STATISTICS: dict[Any, Callable[..., Array]] = {"mean": np.mean, "maximum": np.max, "minimum": np.min, "median": np.median}


def _statistic(function: Callable[..., Array], lengths: Array | None) -> Piece:
    def piece(x: Array, axis: int, n: tuple[int, int]) -> tuple[Array, Array]:
        before, behind = (x.shape[0],) * 2 if lengths is None else (min(int(m), x.shape[0]) for m in lengths[axis])
        if lengths is not None and not (before and behind) and function in (np.max, np.min):
            raise ValueError("stat_length of 0 yields no value for padding")
        return _filled(function(x[:before], axis=0), n[0], x), _filled(function(x[len(x) - behind :], axis=0), n[1], x)

    return piece


# -- odd reflections -----------------------------------------------------------------------------------
def pad_odd(x: Array, width: tuple[tuple[int, int], ...], mode: str) -> Array:
    """``np.pad(x, width, mode, reflect_type="odd")``: the array turned by half a turn about its ends, over and over.

    Cell q of the extension, 0 being the array, is x + q d for even q, where d is what x gains from the first to
    the last entry; for odd q it is the reversed array, subtracted from its first and last entry, + q d.
    """
    for axis, (before, behind) in enumerate(width):
        n = x.shape[axis]
        period = n - 1 if mode == "reflect" else n
        if (before, behind) != (0, 0):
            rows = np.moveaxis(x, axis, 0)
            places = np.arange(-before, n + behind)
            cell, place = np.divmod(places, period) if n > 1 else (0 * places, 0 * places)
            odd = cell % 2 == 1
            rows = _turned(rows, cell, np.where(odd, period - place if mode == "reflect" else n - 1 - place, place), odd)
            x = np.moveaxis(rows, 0, axis)
    return x


def _turned(x: Array, cell: Any, place: Any, odd: Any) -> Array:
    def column(values: Any) -> Any:
        return values.astype(x.dtype).reshape((-1, *(1,) * (len(x.shape) - 1)))

    first, last = x[:1], x[-1:]
    return column(1 - 2 * odd) * x[place] + column(odd) * (first + last) + column(cell) * (last - first)
