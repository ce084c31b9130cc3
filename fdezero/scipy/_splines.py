"""Splines through samples: their coefficients are linear in the samples (Hermite, cubic, B-splines)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.interpolate as original

from ..core.graph import Array
from ._mirror import has_boxes, operand, refuse
from ._piecewise import LinearMap, Piecewise, coefficients


class _OnBoxes:
    """What SciPy's piecewise polynomials do with points that are Boxes."""

    def __call__(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        if not has_boxes(x):
            return super().__call__(x, *args, **kwargs)  # type: ignore[misc]  # SciPy's class comes behind
        return Piecewise(self.c, self.x, self.extrapolate, self.axis)(x, *args, **kwargs)  # type: ignore[attr-defined]


def _plain_knots(name: str, x: Any) -> Array:
    if has_boxes(x):
        raise refuse(name, "the knots", "they are constants: write stop_gradient(x)")
    return np.asarray(x, dtype=float)


def _in_front(y: Any, axis: int) -> tuple[Array, int]:
    """The samples with the axis of interpolation in front, and that axis counted from the front."""
    y = operand(y)
    return np.moveaxis(y, axis, 0), axis % len(y.shape)


class PPoly(_OnBoxes, original.PPoly):  # type: ignore[misc]  # SciPy has no annotations
    """A piecewise polynomial as `scipy.interpolate.PPoly`, differentiable in the coefficients and the points.

    With coefficients that are Boxes it is a `Piecewise`.
    """

    def __new__(cls, c: Any = None, x: Any = None, extrapolate: Any = None, axis: int = 0) -> Any:
        if not has_boxes((c, x)):
            return super().__new__(cls)
        knots = _plain_knots("scipy.interpolate.PPoly", x)
        return Piecewise(c, knots, True if extrapolate is None else extrapolate, axis)


class CubicHermiteSpline(_OnBoxes, original.CubicHermiteSpline):  # type: ignore[misc]  # likewise
    """The cubic spline with given values and slopes, differentiable in both and in the points.

    Arguments are those of `scipy.interpolate.CubicHermiteSpline`; with values or slopes that are Boxes it is
    a `Piecewise`.  The knots ``x`` are constants.
    """

    def __new__(cls, x: Any = None, y: Any = None, dydx: Any = None, axis: int = 0, extrapolate: Any = None) -> Any:
        if not has_boxes((x, y, dydx)):
            return super().__new__(cls)
        knots = _plain_knots("scipy.interpolate.CubicHermiteSpline", x)
        (y, at), (slopes, _) = _in_front(y, axis), _in_front(dydx, axis)
        return Piecewise(_hermite(knots, y, slopes), knots, True if extrapolate is None else extrapolate, at)


def _hermite(knots: Array, y: Array, slopes: Array) -> Array:
    """The coefficients of the cubics with these values and slopes at the knots."""
    steps = np.diff(knots).reshape((-1,) + (1,) * (len(y.shape) - 1))
    secants = (y[1:] - y[:-1]) / steps
    bend = (slopes[:-1] + slopes[1:] - 2 * secants) / steps
    return np.stack([bend / steps, (secants - slopes[:-1]) / steps - bend, slopes[:-1], y[:-1]])


class PchipInterpolator(_OnBoxes, original.PchipInterpolator):  # type: ignore[misc]  # likewise
    """The monotonic cubic interpolant, differentiable in the samples and in the points.

    Arguments are those of `scipy.interpolate.PchipInterpolator`; with samples ``y`` that are Boxes it is a
    `Piecewise`.  The knots ``x`` are constants.  The slopes are those of Fritsch and Butland, A method for
    constructing local monotone piecewise cubic interpolants (1984); where samples are equal or turn, they are 0.
    """

    def __new__(cls, x: Any = None, y: Any = None, axis: int = 0, extrapolate: Any = None) -> Any:
        if not has_boxes((x, y)):
            return super().__new__(cls)
        knots = _plain_knots("scipy.interpolate.PchipInterpolator", x)
        samples, at = _in_front(y, axis)
        slopes = _monotonic_slopes(knots, samples)
        return Piecewise(_hermite(knots, samples, slopes), knots, True if extrapolate is None else extrapolate, at)


def _monotonic_slopes(knots: Array, y: Array) -> Array:
    """At each inner knot the weighted harmonic mean of the secants' slopes, or 0 where their signs differ."""
    steps = np.diff(knots).reshape((-1,) + (1,) * (len(y.shape) - 1))
    secants = (y[1:] - y[:-1]) / steps
    if len(knots) == 2:
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
    """The cubic spline through samples, differentiable in the samples and in the points.

    Arguments are those of `scipy.interpolate.CubicSpline`; with samples ``y`` that are Boxes it is a
    `Piecewise`.  The knots ``x`` and the boundary conditions are constants.

    >>> from fdezero import grad
    >>> float(grad(lambda y: CubicSpline([0.0, 1.0, 2.0, 3.0], y)(1.0))(np.array([0.0, 1.0, 4.0, 9.0]))[1])
    1.0
    """

    def __new__(
        cls, x: Any = None, y: Any = None, axis: int = 0, bc_type: Any = "not-a-knot", extrapolate: Any = None
    ) -> Any:
        if not has_boxes((x, y)):
            return super().__new__(cls)
        knots = _plain_knots("scipy.interpolate.CubicSpline", x)
        samples, at = _in_front(y, axis)
        n, periodic = len(knots), isinstance(bc_type, str) and bc_type == "periodic"
        linear = LinearMap(
            lambda y: original.CubicSpline(knots, y, bc_type=bc_type).c,
            lambda y: original.CubicSpline(knots, y, bc_type=_homogeneous(bc_type, n)).c,
            _unit_samples(n, periodic),
        )
        if extrapolate is None:
            extrapolate = "periodic" if periodic else True
        return Piecewise(coefficients(samples, of=linear), knots, extrapolate, at)


def _unit_samples(n: int, periodic: bool) -> Array:
    """The identity; for a periodic spline the last sample is the first, and is read there."""
    units = np.eye(n)
    if periodic:
        units[-1], units[-1, -1] = units[0], 0.0
    return units


def _homogeneous(bc_type: Any, n: int) -> Any:
    """Boundary conditions with 0 for the values of derivatives, for n functions at once."""
    if isinstance(bc_type, str) or bc_type is None:
        return bc_type
    return tuple(each if isinstance(each, str) or each is None else _zero_values(each, n) for each in bc_type)


def _zero_values(condition: Any, n: int) -> Any:
    if isinstance(condition[0], (int, np.integer)):  # CubicSpline's: (order, value)
        return (condition[0], np.zeros(n))
    return [(order, np.zeros(n)) for order, _ in condition]  # make_interp_spline's: several of them


class _BSpline(_OnBoxes, original.BSpline):  # type: ignore[misc]  # likewise
    """A plain B-spline that takes Boxes as points."""

    def __call__(self, x: Any, nu: int = 0, extrapolate: Any = None) -> Any:
        if not has_boxes(x):
            return original.BSpline.__call__(self, x, nu, extrapolate)
        c, knots = _pieces(self.t, self.c, self.k)
        return Piecewise(c, knots, self.extrapolate, self.axis)(x, nu, extrapolate)


def _pieces(t: Array, c: Array, k: int) -> tuple[Array, Array]:
    """The coefficients and knots of a B-spline as a piecewise polynomial."""
    spline = original.BSpline.construct_fast(t, np.ascontiguousarray(c), k)
    last = len(t) - k - 1
    powers = [spline(t[k:last], nu=m) / math.factorial(m) for m in range(k, -1, -1)]
    return np.stack(powers), t[k : last + 1]


def make_interp_spline(
    x: Any, y: Any, k: int = 3, t: Any = None, bc_type: Any = None, axis: int = 0, check_finite: bool = True
) -> Any:
    """The B-spline of degree ``k`` through samples, differentiable in the samples and in the points.

    Arguments are those of `scipy.interpolate.make_interp_spline`; with samples ``y`` that are Boxes it is a
    `Piecewise`.  The knots and the boundary conditions are constants.
    """
    if not has_boxes((x, y, t)):
        found = original.make_interp_spline(x, y, k, t, bc_type, axis, check_finite)
        return _BSpline.construct_fast(found.t, found.c, found.k, found.extrapolate, found.axis)
    abscissae = _plain_knots("scipy.interpolate.make_interp_spline", x)
    chosen = None if t is None else _plain_knots("scipy.interpolate.make_interp_spline", t)
    samples, at = _in_front(y, axis)
    n, periodic = len(abscissae), isinstance(bc_type, str) and bc_type == "periodic"
    units = _unit_samples(n, periodic)
    unit_splines = original.make_interp_spline(abscissae, units, k, chosen, _homogeneous(bc_type, n))

    def pieces_of(y: Array, bc_type: Any) -> Array:
        spline = original.make_interp_spline(abscissae, y, k, chosen, bc_type)
        return _pieces(spline.t, spline.c, k)[0]

    linear = LinearMap(
        lambda y: pieces_of(y, bc_type), lambda y: _pieces(unit_splines.t, unit_splines.c, k)[0], units
    )
    knots = unit_splines.t[k : len(unit_splines.t) - k]
    return Piecewise(coefficients(samples, of=linear), knots, "periodic" if periodic else True, at)
