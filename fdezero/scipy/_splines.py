"""Cubic splines through samples, and with given slopes: differentiable in samples, slopes, knots and points."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.interpolate as original

from ..core.graph import Array
from ._cox_de_boor import interpolating
from ._mirror import has_boxes, operand
from ._piecewise import LinearMap, Piecewise, coefficients, increasing


class _OnBoxes:
    """What SciPy's piecewise polynomials do with points and limits that are Boxes."""

    def __call__(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        if not has_boxes(x):
            return super().__call__(x, *args, **kwargs)  # type: ignore[misc]  # SciPy's class comes behind
        return self._pieces()(x, *args, **kwargs)

    def integrate(self, a: Any, b: Any, extrapolate: Any = None) -> Any:
        if not has_boxes((a, b)):
            return super().integrate(a, b, extrapolate)  # type: ignore[misc]  # likewise
        return self._pieces().integrate(a, b, extrapolate)

    def _pieces(self) -> Piecewise:
        return Piecewise(self.c, self.x, self.extrapolate, self.axis)  # type: ignore[attr-defined]  # likewise


def in_front(y: Any, axis: int) -> tuple[Array, int]:
    """The samples with the axis of interpolation in front, and that axis counted from the front."""
    y = operand(y)
    return np.moveaxis(y, axis, 0), axis % len(y.shape)


class PPoly(_OnBoxes, original.PPoly):  # type: ignore[misc]  # SciPy has no annotations
    """A piecewise polynomial as `scipy.interpolate.PPoly`, differentiable in its coefficients, knots and points.

    With coefficients or knots that are Boxes it is a `Piecewise`.
    """

    def __new__(cls, c: Any = None, x: Any = None, extrapolate: Any = None, axis: int = 0) -> Any:
        if not has_boxes((c, x)):
            return super().__new__(cls)
        knots = operand(x)
        return Piecewise(c, knots, True if extrapolate is None else extrapolate, axis)


class CubicHermiteSpline(_OnBoxes, original.CubicHermiteSpline):  # type: ignore[misc]  # likewise
    """The cubic spline with given values and slopes, differentiable in both, in the knots and in the points.

    Arguments are those of `scipy.interpolate.CubicHermiteSpline`; with knots, values or slopes that are Boxes
    it is a `Piecewise`.
    """

    def __new__(cls, x: Any = None, y: Any = None, dydx: Any = None, axis: int = 0, extrapolate: Any = None) -> Any:
        if not has_boxes((x, y, dydx)):
            return super().__new__(cls)
        knots = increasing("scipy.interpolate.CubicHermiteSpline", x)
        (y, at), (slopes, _) = in_front(y, axis), in_front(dydx, axis)
        return Piecewise(_hermite(knots, y, slopes), knots, True if extrapolate is None else extrapolate, at)


def _hermite(knots: Array, y: Array, slopes: Array) -> Array:
    """The coefficients of the cubics with these values and slopes at the knots."""
    steps = np.diff(knots).reshape((-1,) + (1,) * (len(y.shape) - 1))
    secants = (y[1:] - y[:-1]) / steps
    bend = (slopes[:-1] + slopes[1:] - 2 * secants) / steps
    return np.stack([bend / steps, (secants - slopes[:-1]) / steps - bend, slopes[:-1], y[:-1]])


class PchipInterpolator(_OnBoxes, original.PchipInterpolator):  # type: ignore[misc]  # likewise
    """The monotonic cubic interpolant, differentiable in the samples, the knots and the points.

    Arguments are those of `scipy.interpolate.PchipInterpolator`; with samples or knots that are Boxes it is a
    `Piecewise`.  The slopes are those of Fritsch and Butland, A method for
    constructing local monotone piecewise cubic interpolants (1984); where samples are equal or turn, they are 0.
    """

    def __new__(cls, x: Any = None, y: Any = None, axis: int = 0, extrapolate: Any = None) -> Any:
        if not has_boxes((x, y)):
            return super().__new__(cls)
        knots = increasing("scipy.interpolate.PchipInterpolator", x)
        samples, at = in_front(y, axis)
        slopes = _monotonic_slopes(knots, samples)
        return Piecewise(_hermite(knots, samples, slopes), knots, True if extrapolate is None else extrapolate, at)


def _monotonic_slopes(knots: Array, y: Array) -> Array:
    """At each inner knot the weighted harmonic mean of the secants' slopes, or 0 where their signs differ."""
    steps = np.diff(knots).reshape((-1,) + (1,) * (len(y.shape) - 1))
    secants = (y[1:] - y[:-1]) / steps
    if knots.shape[0] == 2:
        return np.concatenate([secants, secants])
    before, behind = secants[:-1], secants[1:]
    flat = before * behind <= 0
    weight, other = 2 * steps[1:] + steps[:-1], steps[1:] + 2 * steps[:-1]
    mean = (weight + other) / (weight / np.where(flat, 1, before) + other / np.where(flat, 1, behind))
    first = _slope_at_end(steps[0], steps[1], secants[0], secants[1])
    last = _slope_at_end(steps[-1], steps[-2], secants[-1], secants[-2])
    return np.concatenate([first[None], np.where(flat, 0, mean), last[None]])


def _slope_at_end(step: Array, following: Array, secant: Array, next_secant: Array) -> Array:
    """The slope of the parabola through three samples, limited so that the cubic keeps their shape."""
    slope = ((2 * step + following) * secant - step * next_secant) / (step + following)
    turns = np.sign(secant) != np.sign(next_secant)
    limited = np.where(turns & (np.absolute(slope) > 3 * np.absolute(secant)), 3 * secant, slope)
    return np.where(np.sign(slope) != np.sign(secant), 0, limited)


class CubicSpline(_OnBoxes, original.CubicSpline):  # type: ignore[misc]  # likewise
    """The cubic spline through samples, differentiable in the samples, the knots and the points.

    Arguments are those of `scipy.interpolate.CubicSpline`; with samples, knots or values in ``bc_type`` that
    are Boxes it is a `Piecewise`.  The knots of a periodic spline are constants.

    >>> from fdezero import grad
    >>> float(grad(lambda y: CubicSpline([0.0, 1.0, 2.0, 3.0], y)(1.0))(np.array([0.0, 1.0, 4.0, 9.0]))[1])
    1.0
    """

    def __new__(
        cls, x: Any = None, y: Any = None, axis: int = 0, bc_type: Any = "not-a-knot", extrapolate: Any = None
    ) -> Any:
        if not has_boxes((x, y, bc_type)):
            return super().__new__(cls)
        samples, at = in_front(y, axis)
        if has_boxes((x, bc_type)):
            spline = interpolating("scipy.interpolate.CubicSpline", x, samples, 3, None, bc_type, at)
            spline.extrapolate = True if extrapolate is None else extrapolate
            return spline
        knots = np.asarray(x, dtype=float)
        n, periodic = len(knots), isinstance(bc_type, str) and bc_type == "periodic"
        linear = LinearMap(
            lambda y: original.CubicSpline(knots, y, bc_type=bc_type).c,
            lambda y: original.CubicSpline(knots, y, bc_type=homogeneous(bc_type, n)).c,
            unit_samples(n, periodic),
        )
        if extrapolate is None:
            extrapolate = "periodic" if periodic else True
        return Piecewise(coefficients(samples, of=linear), knots, extrapolate, at)


def unit_samples(n: int, periodic: bool) -> Array:
    """The identity; for a periodic spline the last sample is the first, and is read there."""
    units = np.eye(n)
    if periodic:
        units[-1], units[-1, -1] = units[0], 0.0
    return units


def homogeneous(bc_type: Any, n: int) -> Any:
    """Boundary conditions with 0 for the values of derivatives, for n functions at once."""
    if isinstance(bc_type, str) or bc_type is None:
        return bc_type
    return tuple(each if isinstance(each, str) or each is None else _zero_values(each, n) for each in bc_type)


def _zero_values(condition: Any, n: int) -> Any:
    if isinstance(condition[0], (int, np.integer)):  # CubicSpline's: (order, value)
        return (condition[0], np.zeros(n))
    return [(order, np.zeros(n)) for order, _ in condition]  # make_interp_spline's: several of them
