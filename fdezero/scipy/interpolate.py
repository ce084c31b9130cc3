"""`scipy.interpolate` with derivatives: splines and grids, in the samples and in the points of evaluation.

Knots and grids are constants.  Every other name of the module is SciPy's own object.

>>> import numpy as np
>>> from fdezero import grad
>>> from fdezero.scipy.interpolate import CubicSpline
>>> x = np.linspace(0.0, 3.0, 7)
>>> round(float(grad(CubicSpline(x, x**3))(1.25)), 9), 3 * 1.25**2
(4.6875, 4.6875)
"""

import scipy.interpolate as original

from ._grids import RegularGridInterpolator, interpn
from ._mirror import others_of
from ._splines import CubicHermiteSpline, CubicSpline, PchipInterpolator, PPoly, make_interp_spline

__all__ = [
    "CubicHermiteSpline", "CubicSpline", "PPoly", "PchipInterpolator", "RegularGridInterpolator", "interpn",
    "make_interp_spline",
]  # fmt: skip

__getattr__ = others_of(original)
