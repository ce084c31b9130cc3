"""The table of rules: statistics, quantiles, and the functions that leave NaNs out."""

import numpy as np

from .cases import CONSTANT, case, distinct, draw

nan = np.nan
with_nans = distinct(2, 3, 2)
with_nans[0, 1, 0] = with_nans[1, 0, 1] = with_nans[1, 2, 1] = nan
AXES = ({}, {"axis": 0}, {"axis": -1}, {"axis": (0, 2)}, {"axis": 1, "keepdims": True})


def hole(f):
    """``f`` of an array with NaNs at fixed places; differences around a NaN are no derivative of anything."""
    missing = np.isnan(with_nans)
    return lambda x: f(np.where(missing, nan, x))


_full = distinct(2, 3, 2)

# -- averages ----------------------------------------------------------------------------------------
_w = np.array([0.5, 1.5, 0.7])
case(np.average, draw(2, 3))
case(np.average, draw(2, 3), axis=0, returned=True)
case(np.average, draw(3), draw(3, low=0.5), f=lambda x, w: np.average(x, weights=w))
case(np.average, draw(2, 3), _w, f=lambda x, w: np.average(x, 1, w, True))
case(np.average, draw(2, 3), draw(2, 3, low=0.5), f=lambda x, w: np.average(x, axis=0, weights=w, keepdims=True))
case(np.average, draw(2, 3, 2), draw(2, 2, low=0.5), f=lambda x, w: np.average(x, axis=(2, 0), weights=w, returned=True))
case(np.average, draw(3, dtype=np.float32), _w.astype(np.float32), f=lambda x, w: np.average(x, weights=w))
case(np.average, draw(3, dtype=complex), _w, f=lambda x, w: np.average(x, weights=w))
case(np.average, _w, f=lambda w: np.average([1, 2, 4], weights=w), label="of integers")
for _options in AXES:
    case(np.ptp, distinct(2, 3, 2), **_options)

# -- covariances -------------------------------------------------------------------------------------
for _options in ({}, {"rowvar": False}, {"bias": True}, {"ddof": 0}, {"fweights": [1, 2, 1]}):
    case(np.cov, draw(3, 3), **_options)
case(np.cov, draw(4))
case(np.cov, draw(2, 4), draw(4))
case(np.cov, draw(4, 2), draw(4, 1), rowvar=False)
case(np.cov, draw(2, 3), _w, f=lambda x, w: np.cov(x, aweights=w))
case(np.cov, draw(2, 3), _w, f=lambda x, w: np.cov(x, aweights=w, fweights=[1, 2, 1], ddof=0))
case(np.cov, draw(2, 3, dtype=complex))
case(np.cov, draw(2, 3, dtype=np.float32))
case(np.corrcoef, draw(3, 4))
case(np.corrcoef, draw(4), draw(4))
case(np.corrcoef, draw(4, 2), rowvar=False)
case(np.corrcoef, draw(2, 3, dtype=complex))

# -- without NaNs ------------------------------------------------------------------------------------
for _f in (np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin, np.nanmedian):
    for _options in AXES:
        case(_f, _full, f=hole(lambda x, f=_f, o=_options: f(x, **o)), label=f"NaNs {_options}")
    case(_f, _full)
    case(_f, distinct(3).astype(np.float32))
_mask = np.array([[True, True, False], [False, True, True]])
_part = distinct(2, 3)
for _f in (np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd):
    case(_f, _part, axis=1, where=_mask)
    case(_f, draw(2, 3, dtype=complex), axis=0) if _f is not np.nanstd else None
for _f in (np.nanmax, np.nanmin):
    case(_f, _part, axis=1, where=_mask, initial=0.4)
for _f in (np.nansum, np.nanprod):
    case(_f, _full, f=hole(lambda x, f=_f: f(x, axis=0, initial=2.2)), label="initial")
for _f in (np.nanvar, np.nanstd):
    case(_f, _full, f=hole(lambda x, f=_f: f(x, axis=(0, 2), ddof=1)), label="ddof")
    case(_f, _full, np.full((2, 1, 2), 0.1), f=lambda x, m, f=_f: f(x + 0 * m, axis=1, mean=m), label="mean=")
for _f in (np.nancumsum, np.nancumprod):
    for _axis in (None, 0, -1):
        case(_f, _full, f=hole(lambda x, f=_f, a=_axis: f(x, axis=a)), label=f"axis={_axis}")
CONSTANT |= {f: lambda x, f=f: f(x, axis=1) for f in (np.nanargmax, np.nanargmin)}

# -- quantiles ---------------------------------------------------------------------------------------
for _options in AXES:
    case(np.median, distinct(2, 3, 2), **_options)
case(np.median, distinct(5))
case(np.median, distinct(3, 4).astype(np.float32), axis=1)
case(np.median, np.float64(0.7))
METHODS = (
    "linear", "weibull", "hazen", "median_unbiased", "normal_unbiased", "interpolated_inverted_cdf", "inverted_cdf",
    "averaged_inverted_cdf", "closest_observation", "lower", "higher", "nearest", "midpoint",
)  # fmt: skip
for _method in METHODS:
    case(np.quantile, distinct(3, 4), np.array([0.07, 0.42, 0.93]), method=_method, axis=1)
    case(np.nanquantile, _full, np.array(0.42), f=lambda x, q, m=_method: hole(lambda x: np.nanquantile(x, q, method=m, axis=1))(x), label=_method)
for _f, _q in ((np.quantile, 0.3), (np.percentile, 30), (np.nanquantile, 0.3), (np.nanpercentile, 30)):
    for _options in AXES:
        case(_f, distinct(2, 3, 2), f=lambda x, f=_f, q=_q, o=_options: f(x, q, **o), label=f"{_options}")
    case(_f, distinct(4), np.array([[0.2, 0.45], [0.9, 0.35]]), keepdims=True)
    case(_f, distinct(4).astype(np.float32), f=lambda x, f=_f, q=_q: f(x, q))
    case(_f, distinct(4).astype(np.float32), f=lambda x, f=_f, q=_q: f(x, [q, q]), label="a list of q")
    case(_f, distinct(3, 4), f=lambda x, f=_f, q=_q: f(x, [q, q], method="inverted_cdf", weights=np.tile([1, 2, 0.5, 1], (3, 1)), axis=1), label="weights")
_weights = np.abs(distinct(2, 3, 2))
case(np.quantile, distinct(3, 4), f=lambda x: np.quantile(x, 0.3, method="inverted_cdf", weights=[1, 2, 0.5, 1], axis=1), label="weights along an axis")
case(np.nanpercentile, _full, f=hole(lambda x: np.nanpercentile(x, [20, 90], axis=(0, 2), keepdims=True)), label="NaNs")
case(np.nanquantile, _full, f=hole(lambda x: np.nanquantile(x, 0.4, axis=1, method="inverted_cdf", weights=_weights)), label="NaNs, weights")
case(np.quantile, np.array(0.3), f=lambda q: np.quantile([1, 2, 4, 8], q), label="of integers")
