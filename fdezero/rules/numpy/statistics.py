"""Statistics: average, ptp, cov, corrcoef, and the functions that leave NaNs out.

All are composites; what depends on an order is in `quantiles`.
"""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import implements
from ...core.graph import Array
from .helpers import as_operand, trailing
from .queries import declare_extreme_place
from .reductions import root_of_squares


def _given(**arguments: Any) -> dict[str, Any]:
    """The keyword arguments that were given."""
    return {k: v for k, v in arguments.items() if v is not None and v is not np._NoValue}


# -- averages ------------------------------------------------------------------------------------------
@implements(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = np._NoValue) -> Any:
    a = as_operand(a)
    kept = _given(keepdims=keepdims)
    if weights is None:
        mean = np.mean(a, axis, **kept)
        return (mean, np.full(mean.shape, a.size / mean.size, mean.dtype)[()]) if returned else mean
    w = weights_along(as_operand(weights), a, axis)
    dtype = np.result_type(a.dtype, w.dtype, *(["f8"] if a.dtype.kind in "biu" else []))
    w = w if w.dtype == dtype else w.astype(dtype)
    scale = np.sum(w, axis, **kept)
    if np.any(raw(scale) == 0.0):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    mean = np.sum(a * w, axis, **kept) / scale
    return (mean, np.broadcast_to(scale, mean.shape)) if returned else mean


def weights_along(w: Array, a: Array, axis: Any) -> Array:
    """Weights that broadcast against ``a``: of its shape, or of the sizes of its axes that are averaged."""
    if w.shape == a.shape:
        return w
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = trailing(axis, len(a.shape))
    if w.shape != tuple(a.shape[i] for i in axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    order = sorted(range(len(axes)), key=lambda k: axes[k])
    return np.transpose(w, order).reshape([n if i - len(a.shape) in axes else 1 for i, n in enumerate(a.shape)])


@implements(np.ptp)
def ptp(a: Any, axis: Any = None, out: None = None, keepdims: Any = np._NoValue) -> Array:
    kept = _given(keepdims=keepdims, out=out)  # max refuses out=
    return np.max(a, axis, **kept) - np.min(a, axis, **kept)


# -- covariances ---------------------------------------------------------------------------------------
def _variables(x: Any, rowvar: bool) -> Array:
    """The variables in rows, as at least two axes."""
    x = as_operand(x)
    if len(x.shape) > 2:
        raise ValueError("m has more than 2 dimensions")
    x = np.atleast_2d(x)
    return x if rowvar or x.shape[0] == 1 else x.T


def _all_variables(m: Any, y: Any, rowvar: bool, dtype: Any) -> Array:
    """The variables of both arguments in rows."""
    m = as_operand(m)
    xs = [_variables(m, rowvar or len(m.shape) == 1), *([] if y is None else [_variables(y, rowvar)])]
    wide = np.result_type(*[x.dtype for x in xs], np.float64) if dtype is None else np.dtype(dtype)
    xs = [x if x.dtype == wide else x.astype(wide) for x in xs]
    return np.concatenate(xs) if len(xs) > 1 else xs[0]


def _sample_weights(weights: Any, count: int, name: str) -> Array:
    w = as_operand(weights)
    if len(w.shape) != 1 or w.shape[0] != count:
        raise RuntimeError(f"numpy.cov: {name} of shape {w.shape} do not fit {count} samples")
    if np.any(raw(w) < 0):
        raise ValueError(f"{name} cannot be negative")
    if name == "fweights" and np.any(raw(w) != np.round(raw(w))):
        raise TypeError("fweights must be integer")
    return w.astype(float)


@implements(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Array:
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    x = _all_variables(m, y, rowvar, dtype)
    count = x.shape[1]
    free = (0 if bias else 1) if ddof is None else ddof
    given = {"fweights": fweights, "aweights": aweights}
    parts = [_sample_weights(w, count, name) for name, w in given.items() if w is not None]
    if not parts:
        deviation = x - np.mean(x, axis=1, keepdims=True)
        weighted, freedom = deviation, count - free
    else:
        w = parts[0] if len(parts) == 1 else parts[0] * parts[1]
        mean, sums = np.average(x, axis=1, weights=w, returned=True)
        deviation = x - mean[:, None]
        total = sums[0]
        weighted = deviation * w
        freedom = total - (free if aweights is None else free * np.sum(w * parts[-1]) / total)
    if np.any(raw(freedom) <= 0):  # infinities and NaNs come out, as from NumPy
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=2)
        freedom = np.where(freedom <= 0, 0.0, freedom)
    c = np.dot(deviation, np.conjugate(weighted.T)) * np.true_divide(1, freedom)
    return np.squeeze(c if c.dtype == x.dtype else c.astype(x.dtype))


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Array:
    c = np.cov(x, y, rowvar, dtype=dtype)
    if not c.shape:
        return c / c
    deviations = np.sqrt(np.real(np.diag(c)))
    c = c / deviations[:, None] / deviations[None, :]
    if c.dtype.kind == "c":
        return np.clip(c.real, -1, 1) + 1j * np.clip(c.imag, -1, 1)
    return np.clip(c, -1, 1)


# -- without NaNs --------------------------------------------------------------------------------------
def filled(a: Any, value: Any) -> tuple[Array, Array]:
    """``a`` with ``value`` in the place of every NaN, and where those are."""
    a = as_operand(a)
    missing = np.isnan(a)
    return (np.where(missing, np.asarray(value, a.dtype), a) if np.any(raw(missing)) else a), missing


@implements(np.nansum)
def nansum(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = None, initial: Any = None, where: Any = None
) -> Array:
    return np.sum(filled(a, 0)[0], axis, **_given(dtype=dtype, out=out, keepdims=keepdims, initial=initial, where=where))


@implements(np.nanprod)
def nanprod(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = None, initial: Any = None, where: Any = None
) -> Array:
    return np.prod(filled(a, 1)[0], axis, **_given(dtype=dtype, out=out, keepdims=keepdims, initial=initial, where=where))


@implements(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None) -> Array:
    return np.cumsum(filled(a, 0)[0], axis, dtype)


@implements(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None) -> Array:
    return np.cumprod(filled(a, 1)[0], axis, dtype)


def _number_of(missing: Array, axis: Any, **options: Any) -> Array:
    """How many entries are there."""
    return np.sum(np.logical_not(missing), axis, **options)


@implements(np.nanmean)
def nanmean(a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = None, *, where: Any = None) -> Array:
    x, missing = filled(a, 0)
    options = _given(keepdims=keepdims, where=where)
    total = np.sum(x, axis, **_given(dtype=dtype, out=out), **options)
    return _per(total, _number_of(missing, axis, **options), "Mean of empty slice")


def _per(total: Array, number: Array, warning: str) -> Array:
    """``total / number`` in its own dtype; NaN where the number is not positive."""
    none = number <= 0
    number = number.astype(np.finfo(total.dtype).dtype)
    if not np.any(raw(none)):
        return total / number
    return nan_where(none, total / np.where(none, np.ones_like(number), number), warning)


def nan_where(none: Array, x: Array, warning: str) -> Array:
    """``x``, with NaN where there is nothing to compute it from, and NumPy's warning then."""
    if not np.any(raw(none)):
        return x
    warnings.warn(warning, RuntimeWarning, stacklevel=2)
    return np.where(none, np.asarray(np.nan, x.dtype), x)


@implements(np.nanvar)
def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: Any = None,
    *,
    where: Any = None,
    mean: Any = None,
    correction: Any = None,
) -> Array:
    a = as_operand(a)
    a = a if dtype is None else a.astype(dtype)
    chosen = _given(where=where)
    x, missing = filled(a, 0)
    if mean is None or mean is np._NoValue:
        number = np.maximum(_number_of(missing, axis, keepdims=True, **chosen), 1).astype(np.finfo(x.dtype).dtype)
        mean = np.sum(x, axis, keepdims=True, **chosen) / number
    deviation = x - mean
    if np.any(raw(missing)):
        deviation = np.where(missing, np.asarray(0, x.dtype), deviation)
    square = np.square(deviation) if x.dtype.kind != "c" else np.square(deviation.real) + np.square(deviation.imag)
    options = _given(keepdims=keepdims, **chosen)
    total = np.sum(square, axis, **_given(out=out), **options)
    free = ddof if correction is None or correction is np._NoValue else correction
    return _per(total, _number_of(missing, axis, **options) - free, "Degrees of freedom <= 0 for slice.")


@implements(np.nanstd)
@functools.wraps(nanvar)
def nanstd(*args: Any, **kwargs: Any) -> Array:
    return root_of_squares(nanvar(*args, **kwargs))


def _declare_extreme(function: Any, extreme: Any, worst: float) -> None:
    @implements(function)
    def nan_extreme(
        a: Any, axis: Any = None, out: None = None, keepdims: Any = None, initial: Any = None, where: Any = None
    ) -> Array:
        x, missing = filled(a, worst)
        kept, start = _given(keepdims=keepdims), _given(initial=initial)
        result = extreme(x, axis, **_given(out=out, where=where), **start, **kept)
        return result if start else nan_where(np.all(missing, axis=axis, **kept), result, "All-NaN slice encountered")


_declare_extreme(np.nanmax, np.max, -np.inf)
_declare_extreme(np.nanmin, np.min, np.inf)
for _place in (np.nanargmax, np.nanargmin):
    declare_extreme_place(_place)
