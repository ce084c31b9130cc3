"""Interpolation on a regular grid, differentiable in the values and in the points."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import scipy.interpolate as original

from ..core.declare import constant
from ..core.graph import Array, Box
from ._bsplines import make_interp_spline
from ._mirror import has_boxes, mirrors, operand, refuse
from ._piecewise import interval, taken

_NAME = "scipy.interpolate.RegularGridInterpolator"


def _checked(x: Array, *, lower: float, upper: float, dimension: int) -> Array:
    if np.any((x < lower) | (x > upper)):
        raise ValueError(f"One of the requested xi is out of bounds in dimension {dimension}")
    return np.zeros(x.shape, bool)


_inside = constant(_checked, name="check_bounds")


def _points(xi: Any, dimensions: int) -> list[Array]:
    """The coordinates of the points, one array a dimension."""
    if isinstance(xi, tuple):
        parts = [operand(x) for x in xi]
        shape = np.broadcast_shapes(*[p.shape for p in parts])
        return [p if p.shape == shape else np.broadcast_to(p, shape) for p in parts]
    xi = operand(xi)
    if not xi.shape or (len(xi.shape) == 1 and dimensions == 1):
        return [xi]
    if len(xi.shape) == 1:
        xi = xi[None]
    if xi.shape[-1] != dimensions:
        raise ValueError(f"The requested sample points xi have dimension {xi.shape[-1]} but this interpolator has {dimensions}")
    return [xi[..., i] for i in range(dimensions)]


def interpolated(grid: Sequence[Array], values: Array, xi: Any, method: str, bounds_error: bool, fill_value: Any) -> Array:
    """Interpolation at the points: linear, nearest, or by a product of splines.

    Raises:
        TypeError: for another method.
        ValueError: for a point outside, with ``bounds_error``.
    """
    if method not in ("linear", "nearest", *_DEGREES):
        raise refuse(_NAME, f"method={method!r}", "write 'linear', 'nearest', 'slinear', 'cubic' or 'quintic'")
    points = _points(xi, len(grid))
    outside: Any = False
    for i, (x, knots) in enumerate(zip(points, grid, strict=True)):
        if bounds_error:
            _inside(x, lower=knots[0], upper=knots[-1], dimension=i)
        elif fill_value is not None:
            outside = outside | (x < knots[0]) | (x > knots[-1])
    rest = values.shape[len(grid) :]
    if method in _DEGREES:
        total = _by_splines(grid, values, points, _DEGREES[method])
        return total if bounds_error or fill_value is None else np.where(_wide(outside, rest), fill_value, total)
    places, shares = [], []
    for x, knots in zip(points, grid, strict=True):
        at = interval(x, knots)
        shares.append((x - taken(knots, at)) / taken(np.diff(knots), at))
        places.append(at)
    flat = values.reshape((-1, *rest))
    if method == "nearest":
        corner = [at + (share > 0.5) for at, share in zip(places, shares, strict=True)]
        total = _taken(flat, corner, grid) + 0 * _wide(sum(shares), rest)
    else:
        total = 0.0
        for sides in product((0, 1), repeat=len(grid)):
            weight: Any = 1.0
            for share, upper in zip(shares, sides, strict=True):
                weight = weight * (share if upper else 1 - share)
            total = total + _wide(weight, rest) * _taken(flat, [at + u for at, u in zip(places, sides, strict=True)], grid)
    if bounds_error or fill_value is None:
        return total
    return np.where(_wide(outside, rest), fill_value, total)


#: The degree of the splines of a method.
_DEGREES = {"slinear": 1, "cubic": 3, "quintic": 5}


def _by_splines(grid: Sequence[Array], values: Array, points: Sequence[Array], degree: int) -> Array:
    """Each axis of the values contracted with what a spline through each unit vector is at the points.

    It is what SciPy finds with ``solver=spsolve``; its default solver is iterative.
    """
    shape, total = points[0].shape, values
    for i, (x, knots) in enumerate(zip(points, grid, strict=True)):
        units = make_interp_spline(knots, np.eye(len(knots)), degree)
        total = np.einsum("pi,pi...->p..." if i else "pi,i...->p...", units(x.reshape(-1)), total)
    return total.reshape(shape + total.shape[1:])


def _wide(x: Array, rest: Sequence[int]) -> Array:
    return x.reshape(x.shape + (1,) * len(rest))


def _taken(flat: Array, places: Sequence[Array], grid: Sequence[Array]) -> Array:
    """The values at these places of the grid."""
    index: Any = 0
    for at, knots in zip(places, grid, strict=True):
        index = index * len(knots) + at
    return taken(flat, index)


class GridInterpolator:
    """`RegularGridInterpolator` of values that are Boxes; called with points, as SciPy's."""

    def __init__(self, points: Any, values: Any, method: str, bounds_error: bool, fill_value: Any) -> None:
        if has_boxes(points):
            raise refuse(_NAME, "the grid", "its points are constants: write stop_gradient(points)")
        grid = [np.asarray(p, dtype=float) for p in points]
        if any(np.any(np.diff(p) <= 0) for p in grid):
            raise refuse(_NAME, "a grid that is not ascending", "flip it, and the values with np.flip")
        self.grid, self.values, self.method = grid, operand(values), method
        self.bounds_error, self.fill_value = bounds_error, fill_value

    def __call__(self, xi: Any, method: str | None = None) -> Array:
        """The interpolated values at points ``xi`` (..., dimensions), or a tuple of coordinates."""
        return interpolated(self.grid, self.values, xi, method or self.method, self.bounds_error, self.fill_value)


class RegularGridInterpolator(original.RegularGridInterpolator):  # type: ignore[misc]  # SciPy has no annotations
    """Interpolation on a regular grid, differentiable in the values and in the points.

    Arguments are those of `scipy.interpolate.RegularGridInterpolator`; Boxes want a ``method`` other than "pchip"
    and an ascending grid, which is constant.  With values that are Boxes it is a `GridInterpolator`.
    """

    def __new__(
        cls,
        points: Any = None,
        values: Any = None,
        method: str = "linear",
        bounds_error: bool = True,
        fill_value: Any = np.nan,
        **others: Any,  # of SciPy's solver
    ) -> Any:
        if not has_boxes((points, values)):
            return super().__new__(cls)
        return GridInterpolator(points, values, method, bounds_error, fill_value)

    def __call__(self, xi: Any, method: str | None = None, **others: Any) -> Any:
        if not has_boxes(xi):
            return super().__call__(xi, method, **others)
        return interpolated(self.grid, self.values, xi, method or self.method, self.bounds_error, self.fill_value)


@mirrors(original.interpn)
def interpn(
    points: Any, values: Any, xi: Any, method: str = "linear", bounds_error: bool = True, fill_value: Any = np.nan
) -> Any:
    """Interpolation on a regular grid at points ``xi``, differentiable in the values and in the points."""
    values = values if isinstance(values, Box) else operand(values)
    return GridInterpolator(points, values, method, bounds_error, fill_value)(xi)
