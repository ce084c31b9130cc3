"""Cases of numpy.emath."""

import numpy as np

from .cases import case, draw

# -- complex results of real arguments -----------------------------------------------------------------
for _name in ("sqrt", "log", "log2", "log10"):
    _f = getattr(np.emath, _name)
    case(_f, draw(3, low=0.5))
    case(_f, np.array([0.5, -1.5]))
    case(_f, np.array([0.5, -1.5]).astype(np.float32))
for _name in ("arccos", "arcsin", "arctanh"):
    _f = getattr(np.emath, _name)
    case(_f, draw(3, low=-0.8, high=0.8))
    case(_f, np.array([0.5, 1.7, -1.5]))
case(np.emath.logn, np.float64(3.0), np.array([0.5, -1.5]))
case(np.emath.power, np.array([0.5, -1.5]), np.float64(1.5))
case(np.emath.power, np.array([0.5, -1.5]), f=lambda x: np.emath.power(x, 2), label="2")
