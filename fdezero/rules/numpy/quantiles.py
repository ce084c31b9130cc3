"""Medians and quantiles: median, quantile, percentile, and those that leave NaNs out.

A quantile lies on the line between two neighbours in the order of the values, so it needs two of them and not the
whole order: `ranked` finds them as np.partition does, and `gather_along` reads them.  At a tie it is one of those
that are equal.

Source of the methods: Hyndman and Fan, *Sample quantiles in statistical packages* (1996).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import constant, implements
from ...core.graph import Array, Box
from .helpers import Axes, as_operand, count, keep_reduced, trailing
from .indexing import getitem, take_along_axis
from .sorting import gather_along
from .statistics import nan_where, weights_along

#: The methods in which a quantile moves with q, by Hyndman and Fan's alpha and beta.
_MOVING = {
    "linear": (1.0, 1.0),
    "weibull": (0.0, 0.0),
    "hazen": (0.5, 0.5),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
    "interpolated_inverted_cdf": (0.0, 1.0),
}
#: Those that may give the middle of two values; the others always give one of them.
_BETWEEN = {*_MOVING, "midpoint", "averaged_inverted_cdf"}


# -- where a quantile lies among the values ------------------------------------------------------------
def _steady_place(x: Array, y: Array, *, method: Any) -> Array:
    """What NumPy finds for the quantile x in 0, 1 ... y - 1."""
    q, n = np.broadcast_arrays(x, y)
    out = np.zeros(q.shape)
    for size in np.unique(n[n > 0]):
        out[n == size] = np.quantile(np.arange(float(size)), q[n == size], method=method)
    return out


steady_place = constant(_steady_place, name="quantile_place", core=(0, 0))


def _place(q: Array, n: Any, method: str) -> Array:
    """Where the quantiles q of n values lie: at one of them, or between two."""
    if method not in _MOVING:
        return steady_place(q, n, method=method)
    alpha, beta = _MOVING[method]
    place = (n - 1) * q if method == "linear" else n * q + (alpha + q * (1 - alpha - beta)) - 1
    return np.clip(place, 0, np.maximum(n - 1, 0))


# -- the values there ----------------------------------------------------------------------------------
def _ranked(x: Array, *, places: tuple[int, ...]) -> Array:
    """Which entries of the last axis a stable sort would put at these places: of equal ones the first is the smallest."""
    order = np.argpartition(x, places, axis=-1)[..., list(places)]
    chosen = np.take_along_axis(x, order, axis=-1)
    is_one = all(np.all(np.sum(x == chosen[..., k, None], axis=-1) == 1) for k in range(len(places)))  # no NaN is
    return order if is_one else np.argsort(x, axis=-1, kind="stable")[..., list(places)]


ranked = constant(_ranked, name="argpartition", core=(0,))


def _in_order(x: Array, *places: Array) -> list[Array]:
    """What stands at these places if the last axis is sorted; there are as many of each."""
    each = places[0].shape[-1]
    every = np.concatenate(places, axis=-1)
    if len(every.shape) > 1:  # others for each row
        found = take_along_axis(np.sort(x), every, -1)
    elif isinstance(every, Box):  # others for each example
        found = getitem(np.sort(x), (..., every))
    else:
        found = gather_along(x, ranked(x, places=tuple(every.tolist())), axis=-1)
    return [found[..., k * each : (k + 1) * each] for k in range(len(places))]


def _at(x: Array, place: Array, n: Any, method: str, weak: bool) -> Array:
    """What lies at a place that may be between two of the first n in the order of the last axis."""
    first = np.floor(place).astype(int)
    if method not in _BETWEEN:
        return _in_order(x, first)[0]
    a, b = _in_order(x, first, np.minimum(first + 1, np.maximum(n - 1, 0)))
    share = place - first
    share = share.astype(x.dtype) if weak and x.dtype.kind == "f" and share.dtype != x.dtype else share
    d = b - a
    return np.where(share >= 0.5, b - d * (1 - share), a + d * share)  # so that 1 gives b exactly


def _weighted_places(x: Array, y: Array, z: Array, *, without_nans: bool) -> Array:
    """Which entries of the last axis of x, with the weights y, are its quantiles z: the inverse of its distribution."""
    out = np.empty((*x.shape[:-1], z.shape[-1]), int)
    for row in np.ndindex(x.shape[:-1]):
        order = np.argsort(x[row], kind="stable")
        missing = int(np.sum(np.isnan(x[row])))
        if (missing and not without_nans) or missing == len(order):
            out[row] = order[-1]
            continue
        order = order[: len(order) - missing]
        share = np.cumsum(y[row][order], dtype=float)
        share = share / share[-1]
        if np.isnan(share[-1]):
            raise ValueError("Weights included NaN, inf or were all zero.")
        share[share == 0] = -1  # what has no weight is no quantile, not even for 0
        out[row] = order[np.minimum(np.searchsorted(share, z, side="left"), len(order) - 1)]
    return out


weighted_places = constant(_weighted_places, name="weighted_quantile_place")


# -- axes ----------------------------------------------------------------------------------------------
def _on_last_axis(a: Array, axes: Axes) -> Array:
    """``a`` with the axes made one, at the end."""
    ndim = len(a.shape)
    kept = [i for i in range(-ndim, 0) if i not in axes]
    order = (*kept, *axes)
    moved = a if order == tuple(range(-ndim, 0)) else np.transpose(a, order)
    return moved.reshape((*moved.shape[: len(kept)], count(a.shape, axes)))


def _kept(x: Array, like: Array, axes: Axes, keepdims: Any) -> Array:
    """A reduced array with its axes put back as 1, if they are to be kept."""
    return x if keepdims is np._NoValue or not keepdims else keep_reduced(x, like.shape, axes)


def _refuse_out(out: Any, name: str) -> None:
    if out is not None:
        raise TypeError(f"numpy.{name}: out= writes into an array, which cannot be differentiated; use the result")


# -- quantiles -----------------------------------------------------------------------------------------
def _number_of(x: Array, without_nans: bool) -> Any:
    """How many entries of the last axis count, where not all do as an array."""
    missing = np.isnan(x)
    if without_nans and np.any(raw(missing)):
        return x.shape[-1] - np.sum(missing, axis=-1, keepdims=True)
    return x.shape[-1]


def _nan_where_any(x: Array, found: Array) -> Array:
    """``found``, and where there is a NaN among the last axis that one: it is the largest of all."""
    missing = np.isnan(x)
    if not np.any(raw(missing)):
        return found
    return np.where(np.any(missing, axis=-1, keepdims=True), _in_order(x, np.array([x.shape[-1] - 1]))[0], found)


def _quantile(
    a: Any, q: Any, axis: Any, method: str, keepdims: Any, weights: Any, *, most: float = 1, without_nans: bool = False
) -> Array:
    weak = type(q) in (int, float)
    a, q = as_operand(a), as_operand(q)
    if a.dtype.kind == "c":
        raise TypeError("a must be an array of real numbers")
    q = q / 100 if most == 100 else q
    if not np.all((raw(q) >= 0) & (raw(q) <= 1)):
        raise ValueError(f"{'Quantiles' if most == 1 else 'Percentiles'} must be in the range [0, {most}]")
    axes = trailing(axis, len(a.shape))
    x, flat = _on_last_axis(a, axes), q.reshape(-1)
    if weights is not None:
        found = _weighted(x, flat, _on_last_axis(_weights_like(weights, a, axis, method), axes), without_nans)
    else:
        n = _number_of(x, without_nans)
        found = _at(x, _place(flat, n, method), n, method, weak)
        if without_nans:
            found = nan_where(n == 0, found, "All-NaN slice encountered")
        else:
            found = _nan_where_any(x, found)
    found = np.moveaxis(found, -1, 0)  # the axis of q is in front, and has its shape
    found = found.reshape((*q.shape, *found.shape[1:])) if q.shape else found[0]  # of a vector a number, as in NumPy
    return _kept(found, a, axes, keepdims)


def _weights_like(weights: Any, a: Array, axis: Any, method: str) -> Array:
    if method != "inverted_cdf":
        raise ValueError(f"Only method 'inverted_cdf' supports weights. Got: {method}.")
    w = np.broadcast_to(weights_along(as_operand(weights), a, axis), a.shape)
    if np.any(raw(w) < 0):
        raise ValueError("Weights must be non-negative.")
    return w


def _weighted(x: Array, q: Array, w: Array, without_nans: bool) -> Array:
    """A weight changes which entries are chosen and never by a little: it has no derivative."""
    return gather_along(x, weighted_places(x, w, q, without_nans=without_nans), axis=-1)


def _declare_quantile(function: Any, **options: Any) -> None:
    @implements(function)
    def quantile(
        a: Any,
        q: Any,
        axis: Any = None,
        out: None = None,
        overwrite_input: bool = False,
        method: str = "linear",
        keepdims: Any = False,
        *,
        weights: Any = None,
    ) -> Array:
        _refuse_out(out, function.__name__)
        return _quantile(a, q, axis, method, keepdims, weights, **options)


_declare_quantile(np.quantile)
_declare_quantile(np.percentile, most=100)
_declare_quantile(np.nanquantile, without_nans=True)
_declare_quantile(np.nanpercentile, most=100, without_nans=True)


# -- medians -------------------------------------------------------------------------------------------
def _middle(x: Array, n: Any) -> Array:
    """The middle one of the first n in the order of the last axis, or the mean of the middle two."""
    places: Sequence[Array] = [np.atleast_1d(np.maximum((n - 1) // 2, 0)), np.atleast_1d(np.maximum(n // 2, 0))]
    if isinstance(n, int) and n % 2:
        return _in_order(x, places[0])[0]
    a, b = _in_order(x, *places)
    return (a + b) / 2


def _declare_median(function: Any, without_nans: bool) -> None:
    @implements(function)
    def median(a: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: Any = False) -> Array:
        _refuse_out(out, function.__name__)
        a = as_operand(a)
        axes = trailing(axis, len(a.shape))
        x = _on_last_axis(a, axes)
        if not x.shape[-1]:
            return _kept(np.mean(x, axis=-1), a, axes, keepdims)  # NumPy's warning and NaN
        n = _number_of(x, without_nans)
        found = _middle(x, n)
        if without_nans:
            found = nan_where(n == 0, found, "All-NaN slice encountered")
        else:
            found = _nan_where_any(x, found)
        return _kept(found[0] if len(found.shape) == 1 else found[..., 0], a, axes, keepdims)


_declare_median(np.median, without_nans=False)
_declare_median(np.nanmedian, without_nans=True)
