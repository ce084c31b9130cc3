"""Windows that slide along axes of an array: linear, and the transpose adds them back where they were."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...core.declare import implements, linear
from ...core.graph import Array
from ...core.primitives import Linear
from .helpers import Axes, trailing_one


def _add_windows(x: Array, *, window: tuple[int, ...], axes: Axes, sizes: tuple[int, ...]) -> Array:
    """Zeros with these last axes, with each window added where it was; axes are counted from the end of the result."""
    kept = x.shape[: len(x.shape) - len(window)]
    lead = len(kept) - len(sizes)
    out: Any = np.zeros_like(x, shape=(*kept[:lead], *sizes))
    for offset in np.ndindex(window):
        start = [0] * len(sizes)
        for axis, step in zip(axes, offset, strict=True):
            start[axis] += step
        index = tuple(slice(first, first + n) for first, n in zip(start, kept[lead:], strict=True))
        out[(..., *index)] += x[(..., *offset)]
    return out


windows: Linear = linear(
    lambda x, *, window, axes: sliding_window_view(x, window, axes),
    lambda g, like, *, window, axes: add_windows(g, window=window, axes=axes, sizes=tuple(like.shape[min(axes, default=0) :])),
    name="sliding_window_view",
    core=(0,),
)
add_windows: Linear = linear(
    _add_windows,
    lambda g, *, window, axes, sizes: windows(g, window=window, axes=axes),
    name="add_windows",
    core=(0,),
)


@implements(sliding_window_view)
def sliding_window_view_(
    x: Array, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Array:
    window = tuple(window_shape) if np.iterable(window_shape) else (window_shape,)
    ndim = len(x.shape)
    if axis is None:
        axis = tuple(range(ndim))
        if len(window) != ndim:
            raise ValueError(f"numpy.sliding_window_view: window_shape has {len(window)} entries for {ndim} axes; give axis=")
    axes = tuple(axis) if np.iterable(axis) else (axis,)
    if writeable:
        raise TypeError("numpy.sliding_window_view: a value of the graph cannot be changed; leave out writeable=True")
    return windows(x, window=tuple(map(int, window)), axes=tuple(trailing_one(int(a), ndim) for a in axes))
