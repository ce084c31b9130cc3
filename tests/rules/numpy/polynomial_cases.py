"""The table of rules: polynomials."""

import numpy as np

from .cases import case, draw

case(np.polyval, draw(4), draw(2, 3))
case(np.polyval, draw(3, dtype=complex), draw(3))
case(np.polyval, draw(3, dtype=np.float32), draw(3, dtype=np.float32))
case(np.polyval, draw(), f=lambda x: np.polyval([1, 2, 3], x), label="of integers")
case(np.polyval, draw(2), f=lambda x: np.polyval(np.poly1d([1.0, 2.0, 3.0]), x), label="poly1d")
for _f in (np.polyadd, np.polysub, np.polymul):
    for _a, _b in ((3, 3), (4, 2), (2, 4), (1, 3)):
        case(_f, draw(_a), draw(_b))
    case(_f, draw(3, dtype=complex), draw(2))
    case(_f, draw(3), f=lambda x, f=_f: f([1, 2], x), label="with a list")
case(np.polymul, draw(3), f=lambda x: np.polymul(x, np.zeros(0)), label="no coefficients")
case(np.polymul, draw(3), f=lambda x: np.polymul([0, 0, 2.0, 1], x), label="zeros in front")
case(np.polydiv, draw(5), draw(3, low=0.5))
case(np.polydiv, draw(4), draw(1, low=0.5))
case(np.polydiv, draw(2), draw(3, low=0.5))
case(np.polydiv, draw(3, dtype=complex), draw(2, low=0.5), f=lambda u, v: np.polydiv(u, v))
case(np.polydiv, draw(2), f=lambda v: np.polydiv(np.polymul(v, [1.0, 3.0]), v)[0], label="no rest")
for _m in (0, 1, 2):
    case(np.polyder, draw(4), m=_m)
    case(np.polyint, draw(3), m=_m)
case(np.polyint, draw(3), draw(2), f=lambda p, k: np.polyint(p + 0 * k[0], 2, k))
case(np.polyint, draw(3), draw(), f=lambda p, k: np.polyint(p + 0 * k, 3, k))
for _n in (None, 0, 1, 2, 5):
    case(np.vander, draw(3), N=_n)
    case(np.vander, draw(3), N=_n, increasing=True)
case(np.vander, draw(3, dtype=np.float32))

case(np.roots, np.array([1.0, -6.0, 11.0, -6.0]), label="real")
case(np.roots, np.array([2.0, 1.0, 3.0, 0.5]), label="complex")
case(np.roots, np.array([1 + 1j, 2.0, -1j]))
case(np.roots, np.array([1.0, 2.0, 3.0]), f=lambda p: np.roots([0, 1, 2] * p))
case(np.roots, np.array([-6.0, 11.0, -6.0]), f=lambda p: np.roots(np.concatenate([[1.0], p])))
case(np.poly, draw(3))
case(np.poly, draw(3, dtype=complex))
case(np.poly, draw(), draw(), f=lambda a, b: np.poly(np.stack([a + 1j * b, a - 1j * b])), label="in pairs")

_x = np.array([0.0, 0.4, 1.1, 1.7, 2.2])
_w = np.array([1.0, 0.5, 2.0, 1.5, 0.7])
for _deg in (0, 1, 2, 4):
    case(np.polyfit, _x, draw(5), deg=_deg)
case(np.polyfit, _x, draw(5, 2), deg=1)
case(np.polyfit, _x, draw(5), _w, f=lambda x, y, w: np.polyfit(x, y, 2, w=w), label="weights")
case(np.polyfit, _x, draw(5), _w, f=lambda x, y, w: np.polyfit(x, y, 1, w=w, cov=True), label="cov")
case(np.polyfit, _x, draw(5, 2), deg=1, cov=True)
case(np.polyfit, _x, draw(5, 2), deg=1, cov="unscaled")
case(np.polyfit, _x, draw(5, dtype=complex), deg=2)
case(np.polyfit, draw(5, dtype=complex), draw(5, dtype=complex), deg=1)
case(np.polyfit, _x.astype(np.float32), draw(5, dtype=np.float32), deg=1)
case(np.polyfit, draw(5), f=lambda y: np.polyfit([0, 1, 2, 3, 4], y, 2), label="at integers")

# numpy.polynomial takes its coefficients as plain arrays; in the place x its functions are Python's operators.
for _name in ("polynomial.polyval", "chebyshev.chebval", "legendre.legval", "laguerre.lagval", "hermite.hermval", "hermite_e.hermeval"):
    _module, _function = _name.split(".")
    _f = getattr(getattr(np.polynomial, _module), _function)
    case(_f, draw(2, 3), f=lambda x, f=_f: f(x, [1.0, 2.0, 0.5, 0.3]))
