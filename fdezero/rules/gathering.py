"""Reading at places that are Boxes themselves: ``x[i]`` where each example of a batch has its own ``i``.

`indexing.read` takes an index that is known when it is called.  Here the index is an argument.  All
that NumPy's integer indexing can say comes down to one primitive: the indexed axes are moved in front
and made one, and `rows` reads along it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..boxes import raw
from ..graph import Array, Box
from ..primitives import Linear, constant
from ..signatures import make_rule

#: ``rows(x, i)`` is ``x[i]`` for an array of integers ``i``, none of them negative.
rows: Linear = Linear(
    "rows", lambda x, y: x[y], (make_rule(lambda g, y, like: place_rows(g, y, length=like.shape[0]), 0), None)
)


def _place_rows(x: Array, y: Array, *, length: int) -> Array:
    out = np.zeros_like(x, shape=(length, *x.shape[len(y.shape) :]))
    np.add.at(out, y, x)
    return out


#: The transpose of `rows`: row k of ``x`` is added to row ``y[k]`` of ``length`` rows of zeros.
place_rows: Linear = Linear("place_rows", _place_rows, (make_rule(lambda g, y, *, length: rows(g, y), 0), None))


def has_boxes(index: Any) -> bool:
    """Is there an integer Box in this index?"""
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, Box) and part.dtype.kind in "iu" for part in parts)


def read_at_boxes(x: Array, index: Any) -> Array:
    """``x[index]``, where arrays in the index may be Boxes."""
    parts = _spelled_out(index if isinstance(index, tuple) else (index,), len(x.shape))
    x = x[tuple(slice(None) if _is_places(part) else part for part in parts)]  # slices and new axes
    axes = [k for k, part in enumerate(parts) if _is_places(part)]
    kept = [k for k in range(len(parts)) if k not in axes]
    place = _flat_place([parts[k] for k in axes], [x.shape[k] for k in axes])
    found = rows(np.transpose(x, (*axes, *kept)).reshape((-1, *[x.shape[k] for k in kept])), place)
    # As in NumPy: the new axes stand where the indexed ones stood, or in front if those were apart.
    count, first = len(place.shape), axes[0] if axes[-1] - axes[0] == len(axes) - 1 else 0
    return np.moveaxis(found, range(count), range(first, first + count)) if first and count else found


def _is_places(part: Any) -> bool:
    return not (part is None or isinstance(part, slice))


def _spelled_out(parts: Sequence[Any], ndim: int) -> list[Any]:
    """The index with a part for each axis: no ellipsis, and no masks."""
    known: list[Any] = []
    for part in parts:
        part = np.asarray(part) if isinstance(part, list) else part
        if isinstance(part, np.ndarray) and part.dtype.kind == "b":
            known += part.nonzero()
        else:
            known.append(part)
    used = sum(part is not None and part is not Ellipsis for part in known)
    if used > ndim:
        raise IndexError(f"too many indices: the array has {ndim} dimensions, and {used} were indexed")
    at = next((k for k, part in enumerate(known) if part is Ellipsis), len(known))
    return [*known[:at], *[slice(None)] * (ndim - used), *known[at + 1 :]]


def _flat_place(places: Sequence[Any], sizes: Sequence[int]) -> Any:
    """Where places along several axes are when these are made one."""
    flat: Any = 0
    for place, size in zip(places, sizes, strict=True):
        plain = np.asarray(raw(place))
        if plain.dtype.kind not in "iu":
            raise IndexError(f"an index is made of integers, and this one is of dtype {plain.dtype}")
        if plain.size and not (-size <= plain.min() and plain.max() < size):
            raise IndexError(f"an index is out of bounds for an axis of size {size}: {plain.min()} to {plain.max()}")
        flat = flat * size + place % size
    return flat


# -- writing -----------------------------------------------------------------------------------------
def _is_last(places: Array) -> Array:
    """Of several entries with the same place, which one comes last?"""
    order = np.arange(places.size).reshape(places.shape)
    last = np.zeros(places.max(initial=-1) + 1, int)
    last[places] = order
    return last[places] == order


is_last = constant(_is_last)


def write_at_boxes(x: Array, index: Any, v: Array, add: bool) -> Array:
    """A copy of ``x`` with ``x[index] = v``, or ``+= v``, where arrays in the index may be Boxes."""
    size = x.size
    places = read_at_boxes(np.arange(size).reshape(x.shape), index)
    v = np.broadcast_to(v, places.shape)
    if add:
        return x + place_rows(v, places, length=size).reshape(x.shape)
    counts = is_last(places)
    written = place_rows(counts.astype(int), places, length=size).reshape(x.shape) > 0
    return np.where(written, place_rows(np.where(counts, v, 0), places, length=size).reshape(x.shape), x)
