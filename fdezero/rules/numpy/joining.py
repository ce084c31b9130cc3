"""Joining and taking apart, beyond `shaping`: block, append, insert, delete, resize, unstack, rot90, trim_zeros and the like.

What moves entries in a complicated way (`insert`) is done by NumPy to their numbers 0, 1, 2 ... and then is an indexing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import constant, implements, shape_depends_on_values
from ...core.graph import Array, Box
from .helpers import along, as_operand, trailing, trailing_one


# -- block -------------------------------------------------------------------------------------------
@implements(np.block)
def block(arrays: Any) -> Array:
    """Nested lists: the innermost are joined along the last axis, those around them along the one before, and so on."""
    found = list(_leaves(arrays, 0))
    depths = {depth for depth, _ in found}
    if len(depths) != 1:
        raise ValueError(f"List depths are mismatched: numpy.block was given lists of depths {sorted(depths)}")
    depth = depths.pop()
    ndim = max(depth, *(len(x.shape) for _, x in found))
    return _join(arrays, -depth, ndim)


def _leaves(nested: Any, depth: int) -> Iterator[tuple[int, Array]]:
    """Each array of nested lists, and how deep it is in them."""
    if isinstance(nested, tuple):
        raise TypeError("numpy.block takes lists, not tuples; write np.block([[a, b], [c, d]])")
    if not isinstance(nested, list):
        yield depth, as_operand(nested)
        return
    if not nested:
        raise ValueError("numpy.block: a list cannot be empty")
    for each in nested:
        yield from _leaves(each, depth + 1)


def _join(nested: Any, axis: int, ndim: int) -> Array:
    if isinstance(nested, list):
        return np.concatenate([_join(each, axis + 1, ndim) for each in nested], axis=axis)
    x = as_operand(nested)
    return x.reshape((1,) * (ndim - len(x.shape)) + x.shape)


# -- entries added and removed -------------------------------------------------------------------------
@implements(np.append)
def append(arr: Array, values: Array, axis: int | None = None) -> Array:
    return np.concatenate([as_operand(arr), as_operand(values)], axis=axis)


@implements(np.insert)
def insert(arr: Array, obj: Any, values: Array, axis: int | None = None) -> Array:
    x, v = as_operand(arr), as_operand(values)
    if v.dtype.kind in "fc" and x.dtype.kind not in "fc":
        raise TypeError(f"numpy.insert into an array of dtype {x.dtype} would round the values; write a.astype(float)")
    numbers = np.arange(x.size).reshape(x.shape)
    moved = np.insert(numbers, obj, x.size + np.arange(v.size).reshape(v.shape), axis)
    return np.concatenate([x.reshape(-1), v.astype(x.dtype).reshape(-1)])[moved]


@implements(np.delete)
def delete(arr: Array, obj: Any, axis: int | None = None) -> Array:
    x, at = along(arr, axis)
    kept = np.delete(np.arange(x.shape[at]), obj)
    return x[(..., kept, *(slice(None),) * (-at - 1))]


@implements(np.resize)
def resize(a: Array, new_shape: Any) -> Array:
    """The entries over and over again."""
    x = as_operand(a)
    shape = (new_shape,) if isinstance(new_shape, (int, np.integer)) else tuple(new_shape)
    size = math.prod(shape)
    if any(n < 0 for n in shape):
        raise ValueError("all elements of `new_shape` must be non-negative")
    if not x.size:
        return np.zeros_like(x, shape=shape)
    return x.reshape(-1)[np.arange(size) % x.size].reshape(shape)


# -- zeros at the ends ---------------------------------------------------------------------------------
_firsts = constant(
    lambda x: np.min(np.argwhere(x), axis=0, initial=x.size), name="trim_zeros", batch=shape_depends_on_values
)


@implements(np.trim_zeros)
def trim_zeros(filt: Array, trim: Any = "fb", axis: Any = None) -> Array:
    firsts = _firsts(filt) if "f" in trim.lower() else np.zeros(len(filt.shape), int)
    options = {} if axis is None else {"axis": axis}  # which NumPy takes since 2.2
    kept = raw(filt) != 0
    kept = kept.concrete() if isinstance(kept, Box) else kept
    shape = np.trim_zeros(kept.astype(int), trim, **options).shape
    axes = trailing(axis, len(filt.shape))
    cuts = [
        slice(int(first), int(first) + n) if i - len(filt.shape) in axes else slice(None)
        for i, (first, n) in enumerate(zip(firsts, shape, strict=True))
    ]
    return filt[tuple(cuts)]


# -- axes ----------------------------------------------------------------------------------------------
@implements(np.rollaxis)
def rollaxis(a: Array, axis: int, start: int = 0) -> Array:
    ndim = len(a.shape)
    at = trailing_one(axis, ndim) + ndim
    if not -ndim <= start <= ndim:
        raise np.exceptions.AxisError(f"'start' arg requires {-ndim} <= start < {ndim + 1}, but {start} was passed in")
    before = start + ndim if start < 0 else start
    return np.moveaxis(a, at, before - (at < before))


@implements(np.rot90)
def rot90(m: Array, k: int = 1, axes: Any = (0, 1)) -> Array:
    if len(tuple(axes)) != 2:
        raise ValueError("len(axes) must be 2.")
    first, second = (trailing_one(axis, len(m.shape)) for axis in axes)
    if first == second:
        raise ValueError("Axes must be different.")
    match k % 4:
        case 0:
            return m
        case 1:
            return np.swapaxes(np.flip(m, second), first, second)
        case 2:
            return np.flip(m, (first, second))
        case _:
            return np.flip(np.swapaxes(m, first, second), second)


@implements(np.dsplit)
def dsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    if len(ary.shape) < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return np.split(ary, indices_or_sections, 2)


if hasattr(np, "unstack"):  # since NumPy 2.1

    @implements(np.unstack)
    def unstack(x: Array, /, *, axis: int = 0) -> tuple[Array, ...]:
        if not x.shape:
            raise ValueError("Input array must be at least 1-d.")
        return tuple(np.moveaxis(x, axis, 0))
