"""Reductions: sum, mean, prod, max, min, var, std.

`sum` and `mean` are linear; `max` and `min` choose; the rest is ordinary NumPy in terms of others.
The ``where=`` of each is a choice of what to reduce, and so a `np.where` before it.
"""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import elementwise, implements, linear, reduction
from ...core.graph import Array
from .helpers import Axes, Shape, count, keep_reduced, reduced, spread, trailing


def _spread_back(g: Array, like: Any, *, axis: Axes, keepdims: bool) -> Array:
    """What each entry gets of a cotangent of its sum: all of it."""
    return spread(g if keepdims or not g.shape else keep_reduced(g, like.shape, axis), like.shape)


sum_over = linear(
    lambda x, *, axis, keepdims: np.add.reduce(x, axis, keepdims=keepdims),
    _spread_back,
    name="sum",
    core=(0,),
)


def _no_entries() -> int:
    """The number of entries that are averaged when there are none; NumPy warns of it."""
    warnings.warn("Mean of empty slice", RuntimeWarning, stacklevel=2)
    return 0


mean_over = linear(
    # Python's division: on a NumPy scalar it takes 60 ns where np.true_divide takes 600.
    lambda x, *, axis, keepdims: np.add.reduce(x, axis, keepdims=keepdims) / (count(x.shape, axis) or _no_entries()),
    lambda g, like, *, axis, keepdims: _spread_back(g / count(like.shape, axis), like, axis=axis, keepdims=keepdims),
    name="mean",
    core=(0,),
)


def _selected(x: Array, where: Any, fill: Any, axis: Any, name: str) -> Array:
    """What is not selected by ``where=`` becomes the reduction's neutral element."""
    return x if where is True or where is np._NoValue else np.where(where, x, fill)


@implements(np.sum)
def sum_(
    a: Array, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Array:
    x = a if dtype is None else a.astype(dtype)
    x = x if where is True else _selected(x, where, 0, axis, "sum")
    total = sum_over(x, axis=reduced(axis, len(x.shape)), keepdims=bool(keepdims))
    return total if initial is None else total + initial


@implements(np.mean)
def mean(a: Array, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True) -> Array:
    x = a if dtype is None else a.astype(dtype)
    axes = trailing(axis, len(x.shape))
    if where is True:
        return mean_over(x, axis=axes, keepdims=bool(keepdims))
    return np.sum(x, axis=axes, keepdims=keepdims, where=where) / _number_of(x, axes, keepdims, where)


def _number_of(x: Array, axes: Axes, keepdims: bool, where: Any) -> Any:
    """How many entries ``where=`` selects for each result."""
    if where is True:
        return count(x.shape, axes)
    return np.sum(np.broadcast_to(where, x.shape), axis=axes, keepdims=keepdims)


# -- products and lengths ----------------------------------------------------------------------------
def _last_axis(x: Array, axes: Axes) -> Array:
    """All of ``axes`` made one, at the end."""
    ndim = len(x.shape)
    if axes == (-1,):
        return x
    kept = [a for a in range(-ndim, 0) if a not in axes]
    moved = np.transpose(x, (*kept, *axes)) if axes else x
    return moved.reshape((*moved.shape[: len(kept)], count(x.shape, axes)))


def _axes_back(x: Array, shape: Shape, axes: Axes) -> Array:
    """The inverse of `_last_axis`, for an array of this shape."""
    ndim = len(shape)
    if axes == (-1,):
        return x
    order = [*[a for a in range(-ndim, 0) if a not in axes], *axes]
    moved = x.reshape([shape[a] for a in order])
    return np.transpose(moved, [order.index(a) for a in range(-ndim, 0)])


def _others(x: Array) -> Array:
    """For each factor along the last axis the product of the others.

    The factors are multiplied in pairs, and so on up; on the way down each gets the others of its pair's product
    times the other of the pair.  No division, so zeros among the factors are exact to every order.
    """
    n = x.shape[-1]
    if n < 2:
        return np.ones_like(x)
    half = n // 2
    left, right = x[..., :half], x[..., half : 2 * half]
    pairs = left * right
    above = _others(np.concatenate([pairs, x[..., 2 * half :]], axis=-1) if n % 2 else pairs)
    each = above[..., :half]
    return np.concatenate([each * right, each * left, above[..., half:]], axis=-1)


def _product_slope(x: Array, out: Array, *, axis: Axes, keepdims: bool) -> Array:
    """The product of the others; where the product is no 0 (nor near it, nor infinite) a division does.

    At 1000 factors a Hessian-vector product takes a seventh of the time so.
    """
    size = np.absolute(raw(out))
    if np.all((size >= np.finfo(size.dtype).tiny) & (size < np.inf)):
        return out / x
    return _axes_back(_others(_last_axis(x, axis)), x.shape, axis)


product_over = reduction(
    lambda x, *, axis, keepdims: np.multiply.reduce(x, axis, keepdims=keepdims), _product_slope, name="prod"
)


@implements(np.prod)
def prod(
    a: Array, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Array:
    x = _selected(a if dtype is None else a.astype(dtype), where, 1, axis, "prod")
    result = product_over(x, axis=reduced(axis, len(x.shape)), keepdims=bool(keepdims))
    return result if initial is None else result * initial


def _length(x: Any, *, axis: Axes, keepdims: bool) -> Any:
    if x.ndim == 1 and axis and not keepdims:
        return np.sqrt(np.vdot(x, x).real)
    squares = x * x if x.dtype.kind != "c" else np.square(x.real) + np.square(x.imag)
    return np.sqrt(np.add.reduce(squares, axis, keepdims=keepdims))  # type: ignore[call-overload]  # of a bool that is no literal


def _per_length(g: Array, x: Array, out: Array) -> Array:
    """g x / out; at the zero vector the smallest subgradient, 0."""
    zero = out == 0
    x = np.conjugate(x) if x.dtype.kind == "c" else x
    return x * np.where(zero, 0, g / np.where(zero, 1, out))


length_over = reduction(_length, _per_length, name="norm")


# -- maxima ------------------------------------------------------------------------------------------
def _shares(x: Array, out: Array, axis: Axes) -> Array:
    """1/k for each of the k entries that are the extreme one; a NaN is what was chosen if it came out."""
    chosen = (x == out) | ((x != x) & (out != out))
    return (chosen / np.sum(chosen, axis=axis, keepdims=True)).astype(x.dtype)


def _shared(g: Array, x: Array, out: Array, *, axis: Axes, keepdims: bool) -> Array:
    """g times the shares, and 0 where there is none, also of an infinite g."""
    shares = _shares(x, out, axis)
    none = shares == 0
    return np.where(none, np.zeros_like(shares), np.where(none, np.zeros_like(shares), g) * shares)


def extreme_over(ufunc: np.ufunc, name: str) -> Any:
    return reduction(lambda x, *, axis, keepdims: ufunc.reduce(x, axis, keepdims=keepdims), _shared, name=name)


max_over, min_over = extreme_over(np.maximum, "max"), extreme_over(np.minimum, "min")


def _declare_extreme(function: Any, primitive: Any, choose: np.ufunc) -> None:
    @implements(function)
    def extreme(
        a: Array, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
    ) -> Array:
        if where is not True and initial is None:
            raise ValueError(f"numpy.{function.__name__}: where= needs initial=, for a row of which nothing is selected")
        x = _selected(a, where, initial, axis, function.__name__)
        axes = reduced(axis, len(x.shape))
        if initial is not None and not count(x.shape, axes):  # nothing to reduce
            return np.sum(x, axis=axes, keepdims=keepdims) + initial
        result = primitive(x, axis=axes, keepdims=bool(keepdims))
        return result if initial is None else choose(result, initial)


for _max, _min in ((np.max, np.min), (np.amax, np.amin)):
    _declare_extreme(_max, max_over, np.maximum)
    _declare_extreme(_min, min_over, np.minimum)


# -- spread of the values ----------------------------------------------------------------------------
#: A square root that is a length: at 0 its smallest subgradient, 0, instead of infinity.
root_of_squares = elementwise(
    lambda x: np.sqrt(x),
    lambda g, out: g * np.where(out == 0, 0, 0.5 / np.where(out == 0, 1, out)),
    name="root_of_squares",
)


@implements(np.var)
def var(
    a: Array,
    axis: Any = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Array:
    x = a if dtype is None else a.astype(dtype)
    axes = trailing(axis, len(x.shape))
    if not _absent(mean):
        center = mean
    elif count(x.shape, axes):
        center = np.mean(x, axis=axes, keepdims=True, where=where)
    else:
        center = np.sum(x, axis=axes, keepdims=True)  # there is nothing it is taken from
    deviation = x - center
    square = np.square(deviation) if x.dtype.kind != "c" else np.square(deviation.real) + np.square(deviation.imag)
    freedom = _number_of(x, axes, keepdims, where) - (ddof if _absent(correction) else correction)
    if freedom <= 0 if where is True else np.any(raw(freedom) <= 0):
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=2)
        freedom = np.maximum(freedom, 0)
    return np.sum(square, axis=axes, keepdims=keepdims, where=where) / freedom


def _absent(argument: Any) -> bool:
    return argument is None or argument is np._NoValue


@implements(np.std)
@functools.wraps(var)
def std(*args: Any, **kwargs: Any) -> Array:
    return root_of_squares(var(*args, **kwargs))
