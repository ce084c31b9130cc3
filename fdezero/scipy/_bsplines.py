"""B-splines by SciPy's names: with given coefficients, through samples and near samples.

On plain knots a spline through samples is linear in them, and SciPy says how; the rest is `_cox_de_boor`.
"""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import scipy.interpolate as original

from ..core.graph import Array
from ._cox_de_boor import SplinePieces, basis, interpolating, piecewise
from ._mirror import has_boxes, operand
from ._piecewise import LinearMap, coefficients, increasing
from ._splines import homogeneous, in_front, unit_samples


class BSpline(original.BSpline):  # type: ignore[misc]  # SciPy has no annotations
    """The spline with given knots and coefficients, differentiable in both and in the points.

    Arguments are those of `scipy.interpolate.BSpline`; with knots or coefficients that are Boxes it is a
    `Piecewise`.

    >>> from fdezero import grad
    >>> knots = np.array([0.0, 0.0, 1.0, 2.0, 2.0])
    >>> grad(lambda c: BSpline(knots, c, 1)(1.25))(np.array([0.0, 1.0, 4.0]))
    array([0.  , 0.75, 0.25])
    """

    def __new__(cls, t: Any = None, c: Any = None, k: Any = None, extrapolate: Any = True, axis: int = 0) -> Any:
        if not has_boxes((t, c)):
            return super().__new__(cls)
        c, at = in_front(c, axis)
        t = increasing("scipy.interpolate.BSpline", t, strictly=False)
        return piecewise(t, c[: t.shape[0] - k - 1], k, extrapolate, at)

    def __call__(self, x: Any, nu: int = 0, extrapolate: Any = None) -> Any:
        if not has_boxes(x):
            return super().__call__(x, nu, extrapolate)
        return self._pieces()(x, nu, extrapolate)

    def integrate(self, a: Any, b: Any, extrapolate: Any = None) -> Any:
        if not has_boxes((a, b)):
            return super().integrate(a, b, extrapolate)
        return self._pieces().integrate(a, b, extrapolate)

    def _pieces(self) -> SplinePieces:
        c = self.c[: len(self.t) - self.k - 1]  # SciPy's derivatives have zeros behind
        return piecewise(self.t, c, self.k, self.extrapolate, self.axis)


def make_interp_spline(
    x: Any, y: Any, k: int = 3, t: Any = None, bc_type: Any = None, axis: int = 0, check_finite: bool = True
) -> Any:
    """The B-spline of degree ``k`` through samples, differentiable in them, in the knots and in the points.

    Arguments are those of `scipy.interpolate.make_interp_spline`; with ``x``, ``y``, ``t`` or values in ``bc_type``
    that are Boxes it is a `Piecewise`.  The knots of a periodic spline are constants.
    """
    if not has_boxes((x, y, t, bc_type)):
        found = original.make_interp_spline(x, y, k, t, bc_type, axis, check_finite)
        return BSpline.construct_fast(found.t, found.c, found.k, found.extrapolate, found.axis)
    samples, at = in_front(y, axis)
    if has_boxes((x, t, bc_type)):
        return interpolating("scipy.interpolate.make_interp_spline", x, samples, k, t, bc_type, at)
    abscissae, chosen = np.asarray(x, dtype=float), None if t is None else np.asarray(t, dtype=float)
    n, periodic = len(abscissae), isinstance(bc_type, str) and bc_type == "periodic"
    units = unit_samples(n, periodic)

    def c_of(y: Array, bc_type: Any) -> Array:
        return original.make_interp_spline(abscissae, y, k, chosen, bc_type).c[None]

    linear = LinearMap(lambda y: c_of(y, bc_type), lambda y: c_of(y, homogeneous(bc_type, n)), units)
    knots = original.make_interp_spline(abscissae, units, k, chosen, homogeneous(bc_type, n)).t
    return piecewise(knots, coefficients(samples, of=linear)[0], k, "periodic" if periodic else True, at)


def make_lsq_spline(
    x: Any, y: Any, t: Any, k: int = 3, w: Any = None, axis: int = 0, check_finite: bool = True, **options: Any
) -> Any:
    """The B-spline of least squares with knots ``t``, differentiable in all of ``x``, ``y``, ``t``, ``w`` and the points.

    Arguments are those of `scipy.interpolate.make_lsq_spline`; where one is a Box it is a `Piecewise`.
    """
    if not has_boxes((x, y, t, w)):
        found = original.make_lsq_spline(x, y, t, k, w, axis, check_finite, **options)
        return BSpline.construct_fast(found.t, found.c, found.k, found.extrapolate, found.axis)
    samples, at = in_front(y, axis)
    knots = increasing("scipy.interpolate.make_lsq_spline", t, strictly=False)
    matrix, rest = basis(operand(x), knots, k), samples.shape[1:]
    columns = samples.reshape((samples.shape[0], math.prod(rest)))
    if w is not None:
        weights = operand(w)[:, None]
        matrix, columns = matrix * weights, columns * weights
    c = np.linalg.lstsq(matrix, columns)[0]
    return piecewise(knots, c.reshape((c.shape[0], *rest)), k, True, at)


make_lsq_spline.__signature__ = inspect.signature(original.make_lsq_spline)  # type: ignore[attr-defined]  # it differs between versions
