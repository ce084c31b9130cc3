"""A function of one row applied along an axis, and one applied over axes one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.declare import implements
from ...core.graph import Array
from .helpers import as_operand, trailing_one


@implements(np.apply_along_axis)
def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Array, *args: Any, **kwargs: Any) -> Array:
    """``func1d`` of each row along the axis, which what it returns takes the place of."""
    at = trailing_one(axis, len(arr.shape)) + len(arr.shape)
    rest = (*arr.shape[:at], *arr.shape[at + 1 :])
    if 0 in rest:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    rows = np.moveaxis(arr, at, -1).reshape((-1, arr.shape[at]))
    found = np.stack([as_operand(func1d(row, *args, **kwargs)) for row in rows])
    inner = found.shape[1:]
    return np.moveaxis(found.reshape((*rest, *inner)), range(-len(inner), 0), range(at, at + len(inner)))


@implements(np.apply_over_axes)
def apply_over_axes(func: Callable[..., Any], a: Array, axes: Any) -> Array:
    """``func(x, axis)`` for one axis after the other, each of which is kept."""
    x = as_operand(a)
    for axis in axes if np.iterable(axes) else (axes,):
        at = trailing_one(axis, len(a.shape))
        after = as_operand(func(x, at))
        if len(after.shape) == len(x.shape) - 1:
            after = np.expand_dims(after, at)
        if len(after.shape) != len(x.shape):
            raise ValueError("function is not returning an array of the correct shape")
        x = after
    return x
