"""Cases of choosing among arrays and entries, of order and of sets."""

import numpy as np

from fdezero.core import boxes
from fdezero.core.graph import Box

from .cases import CONSTANT, case, distinct, draw

# -- among arrays ------------------------------------------------------------------------------------
case(np.choose, draw(3, 2), f=lambda x: np.choose([0, 2], x))
case(np.choose, draw(2), draw(2, 2), f=lambda x, y: np.choose([[1], [0]], [x, y]))
case(np.choose, draw(2), f=lambda x: np.choose([3, -1], [x, x * 2], mode="wrap") + np.choose([3, -1], [x, 1.0], mode="clip"))
case(np.select, draw(2, 3), draw(3), f=lambda x, y: np.select([x > 0.5, x < -0.5], [x * x, y], default=y[0]))
case(np.select, draw(3, dtype=np.float32), f=lambda x: np.select([x > 0.5, x < -0.5], [x * x, 2], default=1), label="numbers")
case(np.select, draw(3), f=lambda x: np.select([[True, False, True], [True, True, False]], [x, np.exp(x)]), label="the first counts")
case(np.piecewise, draw(2, 3), f=lambda x: np.piecewise(x, [x > 0.5, x < -0.5], [np.exp, lambda t: t * t]))
case(np.piecewise, draw(2, 3), f=lambda x: np.piecewise(x, [x > 0.5, x < -0.5], [np.exp, 2.0, np.sin]), label="otherwise")
case(np.piecewise, draw(4), f=lambda x: np.piecewise(x, x > 0.5, [np.exp, np.sin]), label="one condition")
case(np.piecewise, draw(), f=lambda x: np.piecewise(x, [x > 0.5], [np.exp, np.sin]))
case(np.piecewise, draw(3), f=lambda x: np.piecewise(x, [x > 0], [lambda t, a, b: a * t + b], 2.0, b=3.0), label="arguments")
case(np.piecewise, draw(3), draw(), f=lambda x, a: np.piecewise(x + 0.1 * a, [x > 0], [lambda t: a * t, a]), label="closed over")
case(np.piecewise, draw(3, dtype=np.float32), f=lambda x: np.piecewise(x, [x > 0], [np.exp]), label="float32")

case(np.choose, draw(2, 2, dtype=complex), f=lambda x: np.choose([1, 0], x), label="complex")
case(np.select, draw(3, dtype=complex), draw(3), f=lambda x, y: np.select([y > 0], [x], y), label="complex")
case(np.piecewise, draw(3, dtype=complex), f=lambda x: np.piecewise(x, [[True, False, True]], [np.exp, np.sin]), label="complex")

# -- among entries -----------------------------------------------------------------------------------
case(np.compress, draw(2, 3), f=lambda x: np.compress([True, False, True], x, axis=1))
case(np.compress, draw(2, 3), f=lambda x: np.compress([0, 1, 0, 1], x))
case(np.compress, draw(2, 3), f=lambda x: x.compress([0, 1], axis=0), label="the method")
case(np.compress, draw(4), f=lambda x: np.compress(x > 0, x), label="as a mask of itself")
case(np.compress, draw(3, dtype=complex), f=lambda x: np.compress([0, 1, 1], x), label="complex")
case(np.extract, draw(2, 2), f=lambda x: np.extract([[1, 0], [0, 1]], x))
case(np.choose, draw(3), f=lambda x: x[:2].astype(int).choose([1.0, 2.0], mode="clip") + x[:2], label="the method")

# -- by order ------------------------------------------------------------------------------------------
for _kth in (0, 2, -1, [1, 3]):
    case(np.partition, distinct(6), kth=_kth)
case(np.partition, distinct(4, 3), kth=2, axis=0)
case(np.partition, distinct(2, 3), kth=2, axis=None)
case(np.partition, distinct(4).astype(np.float32), kth=1)
case(np.partition, draw(5, dtype=complex), kth=2)
case(np.sort_complex, distinct(4))
case(np.sort_complex, distinct(4).astype(np.float32))
case(np.sort_complex, draw(4, dtype=complex))

# -- sets --------------------------------------------------------------------------------------------
_x = np.array([[2.0, 1.0, 2.0], [1.0, 5.0, 3.0]])  # moved as a whole: where two are equal, only one may move
for _f in (np.unique, np.unique_values):
    case(_f, distinct(2, 3), f=lambda x, h=_f: np.sort(h(x)), label="as a mask of itself")
for _f in (np.unique_counts, np.unique_inverse, np.unique_all):
    case(_f, distinct(2, 3), f=lambda x, h=_f: h(x)[0], label="as a mask of itself")
case(np.unique, np.float64(1.0), f=lambda a: np.unique(a * _x, return_counts=True)[0], label="as a mask of itself, equal values")
case(np.unique, np.float64(1.0), f=lambda a: np.unique(a * _x[[0, 1, 0]], axis=0), label="as a mask of itself, rows")
for _f in (np.union1d, np.setdiff1d, np.setxor1d, np.intersect1d):
    case(_f, np.float64(1.0), f=lambda a, h=_f: h(a * _x, a * np.array([2.0, 7.0, 5.0, 2.0])), label="as a mask of itself")
case(np.intersect1d, np.float64(1.0), f=lambda a: np.intersect1d(a * _x, a * _x[0], return_indices=True)[0], label="as a mask of itself, indices")
if hasattr(np, "in1d"):  # gone since NumPy 2.4, and deprecated before
    CONSTANT[np.in1d] = lambda x: boxes.call(np.in1d, (x, [0.5]), {}) if isinstance(x, Box) else np.isin(x, [0.5]).ravel()

# What else they return; and a batch refuses them.
CONSTANT.update({f: lambda x, f=f: f(x[0], x[1]).shape for f in (np.union1d, np.setdiff1d, np.setxor1d)})
CONSTANT[np.intersect1d] = lambda x: np.intersect1d(x[0], x, return_indices=True)[1]
CONSTANT[np.unique] = lambda x: np.unique(x, return_index=True)[1]
CONSTANT[np.lexsort] = lambda x: np.lexsort((x[0], x[1]))
