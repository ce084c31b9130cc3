"""Differences, sums along an axis and grids: diff, gradient, trapezoid, unwrap, cumulative_sum, linspace and their kin.

Two linear primitives, a difference of neighbours and an even grid, and composites.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import implements, linear
from ...core.graph import Array
from ...core.primitives import Linear
from .helpers import as_operand, trailing, trailing_one


def _along(x: Array, axis: int, part: slice) -> Array:
    """A part of x along one axis, which is counted from the end."""
    return x[(..., part, *(slice(None),) * (-axis - 1))]


_FIRST, _LAST, _ALL_BUT_FIRST, _ALL_BUT_LAST = slice(0, 1), slice(-1, None), slice(1, None), slice(None, -1)


def _absent(argument: Any) -> bool:
    return argument is None or argument is np._NoValue


# -- differences ---------------------------------------------------------------------------------------
def _spread_steps(x: Array, *, axis: int) -> Array:
    """Each entry added to the place behind its own, and taken from its own, of one place more."""
    shape = list(x.shape)
    shape[axis] += 1
    out = np.zeros_like(x, shape=shape)
    _along(out, axis, _ALL_BUT_FIRST)[...] = x
    _along(out, axis, _ALL_BUT_LAST)[...] -= x
    return out


steps: Linear = linear(
    lambda x, *, axis: _along(x, axis, _ALL_BUT_FIRST) - _along(x, axis, _ALL_BUT_LAST),
    lambda g, *, axis: spread_steps(g, axis=axis),
    name="diff",
    core=(0,),
)
#: The transpose of `steps`.
spread_steps: Linear = linear(_spread_steps, lambda g, *, axis: steps(g, axis=axis), name="spread_steps", core=(0,))


@implements(np.diff)
def diff(a: Array, n: int = 1, axis: int = -1, prepend: Any = np._NoValue, append: Any = np._NoValue) -> Array:
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n!r}")
    if n == 0:
        return a
    a = as_operand(a)
    if not a.shape:
        raise ValueError("diff requires input that is at least one dimensional")
    at = trailing_one(axis, len(a.shape))
    end = [m if i - len(a.shape) != at else 1 for i, m in enumerate(a.shape)]
    ends = [None if x is np._NoValue else as_operand(x) for x in (prepend, append)]
    before, after = (x if x is None or x.shape else np.broadcast_to(x, end) for x in ends)
    parts = [x for x in (before, a, after) if x is not None]
    x = np.concatenate(parts, at) if len(parts) > 1 else a
    for _ in range(min(n, x.shape[at])):  # of nothing the differences are nothing
        x = steps(x, axis=at)
    return x


@implements(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Array:
    x = as_operand(ary).reshape(-1)
    parts = [None if to_begin is None else as_operand(to_begin), x[1:] - x[:-1], None if to_end is None else as_operand(to_end)]
    given = [part.reshape(-1).astype(x.dtype) for part in parts if part is not None]
    return np.concatenate(given) if len(given) > 1 else given[0]


@implements(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = as_operand(f)
    axes = trailing(axis, len(f.shape))
    if edge_order not in (1, 2):
        raise ValueError("'edge_order' greater than 2 not supported")
    spacings = [as_operand(v) for v in varargs] or [1.0]
    if len(spacings) == 1 and not np.ndim(spacings[0]):
        spacings *= len(axes)
    if len(spacings) != len(axes):
        raise TypeError("invalid number of arguments")
    f = f if f.dtype.kind in "fc" else f.astype(float)
    slopes = [_slope(f, spacing, at, edge_order) for spacing, at in zip(spacings, axes, strict=True)]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _slope(f: Array, spacing: Any, axis: int, edge_order: int) -> Array:
    """The slope along one axis.  Source: Fornberg, Generation of finite difference formulas (1988)."""
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ValueError(
            "Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) elements are required."
        )
    if np.ndim(spacing):
        if spacing.shape != (n,):
            raise ValueError("when 1d, distances must match the length of the corresponding dimension")
        h = np.diff(spacing).reshape((-1, *(1,) * (-axis - 1)))
    else:
        h = spacing
    inside = _inside(f, h, axis)
    near = [_along(f, axis, slice(k, k + 1)) for k in range(edge_order + 1)]
    far = [_along(f, axis, slice(n - 1 - k, n - k)) for k in range(edge_order + 1)]
    if edge_order == 1:
        first, last = (near[1] - near[0]) / _step(h, 0), (far[0] - far[1]) / _step(h, -1)
    else:
        first = _one_sided(near, _step(h, 0), _step(h, 1))
        last = -_one_sided(far, _step(h, -1), _step(h, -2))
    slope = np.concatenate([first, inside, last], axis)
    return slope if slope.dtype == f.dtype else slope.astype(f.dtype)


def _step(h: Any, k: int) -> Any:
    """The k-th step, of a vector along an axis or of even ones."""
    return h[k : k + 1 or None] if np.ndim(h) else h


def _inside(f: Array, h: Any, axis: int) -> Array:
    """Central differences."""
    left, right = _along(f, axis, slice(None, -2)), _along(f, axis, slice(2, None))
    if not np.ndim(h):
        return (right - left) / (2.0 * h)
    a, b = h[:-1], h[1:]
    middle = _along(f, axis, slice(1, -1))
    return -b / (a * (a + b)) * left + (b - a) / (a * b) * middle + a / (b * (a + b)) * right


def _one_sided(f: list[Array], a: Any, b: Any) -> Array:
    """The slope at the first of three entries that are ``a`` and ``b`` apart."""
    return -(2.0 * a + b) / (a * (a + b)) * f[0] + (a + b) / (a * b) * f[1] - a / (b * (a + b)) * f[2]


# -- sums along an axis --------------------------------------------------------------------------------
@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Array:
    y = as_operand(y)
    at = trailing_one(axis, len(y.shape))
    if x is None:
        d = dx
    else:
        x = as_operand(x)
        d = np.diff(x).reshape((-1, *(1,) * (-at - 1))) if len(x.shape) == 1 else np.diff(x, axis=at)
    return np.sum(d * (_along(y, at, _ALL_BUT_FIRST) + _along(y, at, _ALL_BUT_LAST)) / 2.0, axis=at)


def _declare_cumulative(function: Any, scan: Any, first: int) -> None:
    @implements(function)
    def cumulative(x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
        x = np.atleast_1d(x)
        if axis is None and len(x.shape) != 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        at = trailing_one(-1 if axis is None else axis, len(x.shape))
        out = scan(x, axis=at, dtype=dtype)
        if not include_initial:
            return out
        start = np.full([1 if i - len(out.shape) == at else n for i, n in enumerate(out.shape)], first, out.dtype)
        return np.concatenate([start, out], at)


if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    _declare_cumulative(np.cumulative_sum, np.cumsum, 0)
    _declare_cumulative(np.cumulative_prod, np.cumprod, 1)


@implements(np.unwrap)
def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi) -> Array:
    """p and a whole number of periods at each place: the numbers are constants."""
    p = as_operand(p)
    at = trailing_one(axis, len(p.shape))
    step = np.diff(p, axis=at)
    half = period / 2
    turns = np.floor_divide(step + half, period)
    ambiguous = (np.remainder(step + half, period) == 0) & (step > 0)  # half a period up stays up
    small = np.abs(step) < (half if discont is None else discont)
    turns = np.where(small, 0, turns - ambiguous)
    corrected = _along(p, at, _ALL_BUT_FIRST) - period * np.cumsum(turns, axis=at)
    first = _along(p, at, _FIRST)
    return np.concatenate([first, corrected], at)


# -- grids ---------------------------------------------------------------------------------------------
def _end(x: Any) -> Any:
    """An end of a grid: a number stays one, for it leaves the dtype to the other end."""
    return x if isinstance(x, (int, float, complex)) else as_operand(x)


def _dtype_of(*ends: Any) -> np.dtype[Any]:
    dtype = np.result_type(*[x.dtype if hasattr(x, "dtype") else x for x in ends])
    return dtype if dtype.kind in "fc" else np.dtype(float)


def _moved(x: Array, axis: int) -> Array:
    return np.moveaxis(x, 0, axis) if axis else x


def _shares(g: Array, num: int, intervals: int) -> Array:
    """How much of the second end there is in each place of a grid."""
    return np.arange(num, dtype=np.finfo(g.dtype).dtype) / max(intervals, 1)


#: An even grid along a new last axis.
grid = linear(
    lambda x, y, *, num, intervals: np.linspace(x, y, num, endpoint=intervals < num, axis=-1),
    lambda g, *, num, intervals: np.sum(g * (1 - _shares(g, num, intervals)), axis=-1),
    lambda g, *, num, intervals: np.sum(g * _shares(g, num, intervals), axis=-1),
    name="linspace",
    core=(0, 0),
)


@implements(np.linspace)
def linspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> Any:
    count = operator.index(num)
    if count < 0:
        raise ValueError(f"Number of samples, {count}, must be non-negative.")
    start, stop = _end(start), _end(stop)
    intervals = count - 1 if endpoint else count
    y = np.moveaxis(grid(start, stop, num=count, intervals=intervals), -1, axis)
    if dtype is not None and np.dtype(dtype) != y.dtype:
        y = np.astype(np.floor(y) if np.issubdtype(dtype, np.integer) else y, dtype)
    if not retstep:
        return y
    delta = np.astype(stop - start, _dtype_of(start, stop))
    return y, delta / intervals if intervals > 0 else np.nan


@implements(np.logspace)
def logspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Array:
    start, stop, base = _end(start), _end(stop), _end(base)
    if np.ndim(base):
        ndim = max(np.ndim(x) for x in (start, stop, base))
        start, stop, base = (np.reshape(x, (1,) * (ndim - np.ndim(x)) + np.shape(x)) for x in (start, stop, base))
        base = np.expand_dims(base, axis)
    y = np.power(base, np.linspace(start, stop, num, endpoint, axis=axis))
    return y if dtype is None else np.astype(y, dtype)


@implements(np.geomspace)
def geomspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Array:
    """A start that is not positive, or is complex, is turned to be positive, and the result turned back."""
    start, stop = _end(start), _end(stop)
    if np.any(raw(start) == 0) or np.any(raw(stop) == 0):
        raise ValueError("Geometric sequence cannot include zero")
    wide = np.result_type(_dtype_of(start, stop), float(num), np.zeros((), dtype))
    start, stop = (np.astype(x, wide) if hasattr(x, "dtype") else np.asarray(x, wide) for x in (start, stop))
    sign = np.sign(start)
    start, stop = np.broadcast_arrays(start / sign, stop / sign)
    count = operator.index(num)
    ended = endpoint and count > 1
    parts = [start[None][:count], *([stop[None]] if ended else [])]  # the ends exactly
    if count > 1 + ended:
        between = np.logspace(np.log10(start), np.log10(stop), count, endpoint, base=10.0)
        parts.insert(1, between[1 : count - ended])
    y = _moved(np.concatenate(parts) * sign, axis)
    return y if dtype is None else np.astype(y, dtype)
