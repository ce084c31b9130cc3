"""`scipy.interpolate` with derivatives: splines and grids, in the samples, the knots and the points of evaluation.

Grids are constants.  Every other name of the module is SciPy's own object.

>>> import numpy as np
>>> from fdezero import grad
>>> from fdezero.scipy.interpolate import CubicSpline
>>> x = np.linspace(0.0, 3.0, 7)
>>> round(float(grad(CubicSpline(x, x**3))(1.25)), 9), 3 * 1.25**2
(4.6875, 4.6875)
"""

import scipy.interpolate as original

from ._bsplines import BSpline, make_interp_spline, make_lsq_spline
from ._grids import RegularGridInterpolator, interpn
from ._mirror import others_of
from ._splines import CubicHermiteSpline, CubicSpline, PchipInterpolator, PPoly

__all__ = [
    "BSpline", "CubicHermiteSpline", "CubicSpline", "PPoly", "PchipInterpolator", "RegularGridInterpolator", "interpn",
    "make_interp_spline", "make_lsq_spline",
]  # fmt: skip

__getattr__ = others_of(original)
