"""Reading at places that are Boxes themselves: ``x[i]`` where each example of a batch has its own ``i``.

`indexing.read` takes an index that is known when it is called.  Here the index is an argument.  All
that NumPy's integer indexing can say comes down to one primitive: the indexed axes are moved in front
and made one, and `rows` reads along it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.cotangents import add_at, are_apart
from ...core.declare import constant, linear
from ...core.graph import Array, Box
from ...core.primitives import Linear
from .helpers import as_operand


def _one_below_the_other(places: Array, batched: bool, size: int, length: int) -> Array:
    """Rows of each example as rows of all the examples, one below the other."""
    ndim = len(places.shape) - batched
    return places + length * np.arange(size).reshape((size, *(1,) * ndim))


def _batch_rows(primitive: Any, values: list[Array], batched: Sequence[bool], size: int, params: Any) -> Any:
    x, places = values
    if not batched[0]:
        return primitive(x, places)
    length = x.shape[1]
    places = _one_below_the_other(places, batched[1], size, length)
    return primitive(x.reshape((size * length, *x.shape[2:])), places)


def _batch_place_rows(primitive: Any, values: list[Array], batched: Sequence[bool], size: int, params: Any) -> Any:
    x, length = values[0] if batched[0] else np.broadcast_to(values[0], (size, *values[0].shape)), params["length"]
    out = primitive(x, _one_below_the_other(values[1], batched[1], size, length), length=size * length)
    return out.reshape((size, length, *out.shape[1:]))


def _batch_is_last(primitive: Any, values: list[Array], batched: Sequence[bool], size: int, params: Any) -> Any:
    length = int(np.max(raw(values[0]), initial=-1)) + 1
    return primitive(_one_below_the_other(values[0], True, size, length))


#: ``rows(x, i)`` is ``x[i]`` for an array of integers ``i``, none of them negative.
rows: Linear = linear(
    lambda x, y: x[y],
    lambda g, y, like: place_rows(g, y, length=like.shape[0]),
    None,
    name="rows",
    batch=_batch_rows,
)


def _place_rows(x: Array, y: Array, *, length: int) -> Array:
    out = np.zeros_like(x, shape=(length, *x.shape[len(y.shape) :]))
    add_at(out, y, x)
    return out


#: The transpose of `rows`: row k of ``x`` is added to row ``y[k]`` of ``length`` rows of zeros.
place_rows: Linear = linear(
    _place_rows, lambda g, y, *, length: rows(g, y), None, name="place_rows", batch=_batch_place_rows
)


def array_of(index: Any) -> Any:
    """A list or the like as an index: an array, of integers also where it is empty."""
    array = np.asarray(index)
    return array if array.size else array.astype(np.intp)


def has_boxes(index: Any) -> bool:
    """True where a part of an index is an integer Box."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, Box) and part.dtype.kind in "iu" for part in parts)


def read_at_boxes(x: Array, index: Any) -> Array:
    """``x[index]``, where arrays in the index may be Boxes."""
    given = index if isinstance(index, tuple) else (index,)
    parts = _spelled_out(given, x.shape)
    x = x[tuple(slice(None) if _is_places(part) else part for part in parts)]  # slices and new axes
    axes = [k for k, part in enumerate(parts) if _is_places(part)]
    kept = [k for k in range(len(parts)) if k not in axes]
    sizes = [x.shape[k] for k in axes]
    place = _flat_place([parts[k] for k in axes], sizes)
    moved = np.transpose(x, (*axes, *kept)).reshape((math.prod(sizes), *[x.shape[k] for k in kept]))
    found = rows(moved, place)
    # As in NumPy: the new axes stand where the indexed ones stood, or in front if those were apart.
    count, first = len(place.shape), 0 if are_apart(given) else axes[0]
    return np.moveaxis(found, range(count), range(first, first + count)) if first and count else found


def _is_places(part: Any) -> bool:
    return not (part is None or isinstance(part, slice))


def _spelled_out(given: Sequence[Any], shape: tuple[int, ...]) -> list[Any]:
    """The index with a part for each axis: no ellipsis, and no masks."""
    arrays = [
        array_of(part) if isinstance(part, list) else part.concrete() if is_mask(part) and isinstance(part, Box) else part
        for part in given
    ]
    used = sum(_axes_of(part) for part in arrays)
    if used > len(shape):
        raise IndexError(f"too many indices: the array has {len(shape)} dimensions, and {used} were indexed")
    rest = [slice(None)] * (len(shape) - used)
    at = next((k for k, part in enumerate(arrays) if part is Ellipsis), None)
    arrays = [*arrays, *rest] if at is None else [*arrays[:at], *rest, *arrays[at + 1 :]]
    parts: list[Any] = []
    axis = 0
    for part in arrays:
        if is_mask(part):
            if part.shape != shape[axis : axis + part.ndim]:
                raise IndexError(f"a mask of shape {part.shape} for axes of shape {shape[axis : axis + part.ndim]}")
            parts += part.nonzero()
        else:
            parts.append(part)
        axis += _axes_of(part)
    return parts


def is_mask(part: Any) -> bool:
    """True where a part of an index is an array of booleans."""
    return (isinstance(part, np.ndarray) or (isinstance(part, Box) and not part.is_open)) and part.dtype.kind == "b"


def _axes_of(part: Any) -> int:
    """How many axes a part of an index takes."""
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if is_mask(part) else 1


def _flat_place(places: Sequence[Any], sizes: Sequence[int]) -> Any:
    """Where places along several axes are when these are made one."""
    flat: Any = 0
    for place, size in zip(places, sizes, strict=True):
        place = place if isinstance(place, Box) else np.asarray(place)
        if place.dtype.kind not in "iu":
            raise IndexError(f"an index is made of integers, and this one is of dtype {place.dtype}")
        flat = flat * size + counted_from_the_start(place, size=size)
    return flat


def _counted_from_the_start(place: Array, *, size: int) -> Array:
    """An index along an axis of length ``size``, without negative numbers.

    Raises:
        IndexError: when one is out of bounds.
    """
    place = np.asarray(place)
    if place.size and not (-size <= place.min() and place.max() < size):
        raise IndexError(f"an index is out of bounds for an axis of size {size}: {place.min()} to {place.max()}")
    # As intp: in an index's own dtype, which may be uint8, a sum would wrap.
    return place.astype(np.intp) % max(size, 1)


counted_from_the_start = constant(_counted_from_the_start, name="counted_from_the_start", core=(0,))


# -- writing -----------------------------------------------------------------------------------------
def _is_last(places: Array) -> Array:
    """True for each entry that comes last among those with the same place."""
    order = np.arange(places.size).reshape(places.shape)
    last = np.zeros(places.max(initial=-1) + 1, int)
    last[places] = order
    return last[places] == order


is_last = constant(_is_last, batch=_batch_is_last)


def write_at_boxes(x: Array, index: Any, v: Array, dtype: Any, add: bool) -> Array:
    """A copy of ``x`` in ``dtype`` with ``x[index] = v``, or ``+= v``, where arrays in the index may be Boxes."""
    length = math.prod(x.shape)
    places = read_at_boxes(np.arange(length).reshape(x.shape), index)
    v = as_operand(v)
    while len(v.shape) > len(places.shape) and v.shape[0] == 1:
        v = v[0]
    v = np.broadcast_to(v.astype(dtype), places.shape)
    if add:
        return x.astype(dtype) + place_rows(v, places, length=length).reshape(x.shape)
    counts = is_last(places)
    written = place_rows(counts.astype(int), places, length=length).reshape(x.shape) > 0
    placed = place_rows(np.where(counts, v, np.zeros_like(v)), places, length=length)
    return np.where(written, placed.reshape(x.shape), x.astype(dtype))
