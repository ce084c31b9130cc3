"""Bessel functions in their argument: of real order, of whole order, scaled, spherical, Airy's.

Sources: DLMF sections 9.2, 10.6, 10.29, 10.51.  The derivative in the order has no closed form and is
refused.  The recurrences are those without a division by the argument, which are exact at 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc

from ...core.graph import Array
from .helpers import real_only, several, special

ORDER = "the order v"


def _both_sides(f: np.ufunc, left: float, right: float) -> Any:
    """The derivative (left f_(v-1) + right f_(v+1)) / 2 (DLMF 10.6.1, 10.29.1)."""
    return lambda g, x, y: g * (0.5 * left * f(x - 1, y) + 0.5 * right * f(x + 1, y))


# -- of real order: J, Y, H; I, K ------------------------------------------------------------------------
for _f in (sc.jv, sc.yv, sc.yn, sc.hankel1, sc.hankel2):
    special(_f, ORDER, _both_sides(_f, 1, -1))
special(sc.iv, ORDER, _both_sides(sc.iv, 1, 1))
for _f in (sc.kv, sc.kn):
    special(_f, ORDER, _both_sides(_f, -1, -1))


def _scaled(f: np.ufunc, left: float, right: float, rate: Any) -> Any:
    """The same for f times exp(rate * y), with the rate's term added; ``rate`` of None is |Im y|, 0 for real y."""
    plain = _both_sides(f, left, right)

    def slope(g: Array, x: Array, y: Array, out: Array) -> Array:
        if rate is None or rate == "sign":  # not holomorphic
            real_only(f.__name__, y)
        if rate is None:
            return plain(g, x, y)
        return plain(g, x, y) + g * out * (-np.sign(y) if rate == "sign" else rate)

    return slope


special(sc.jve, ORDER, _scaled(sc.jve, 1, -1, None))
special(sc.yve, ORDER, _scaled(sc.yve, 1, -1, None))
special(sc.ive, ORDER, _scaled(sc.ive, 1, 1, "sign"))
special(sc.kve, ORDER, _scaled(sc.kve, -1, -1, 1))
special(sc.hankel1e, ORDER, _scaled(sc.hankel1e, 1, -1, -1j))
special(sc.hankel2e, ORDER, _scaled(sc.hankel2e, 1, -1, 1j))

# -- of order 0 and 1 ------------------------------------------------------------------------------------
special(sc.j0, lambda g, x: -g * sc.j1(x))
special(sc.j1, lambda g, x: g * 0.5 * (sc.j0(x) - sc.jv(2, x)))
special(sc.y0, lambda g, x: -g * sc.y1(x))
special(sc.y1, lambda g, x: g * 0.5 * (sc.y0(x) - sc.yn(2, x)))
special(sc.i0, lambda g, x: g * sc.i1(x))
special(sc.i1, lambda g, x: g * 0.5 * (sc.i0(x) + sc.iv(2, x)))
special(sc.k0, lambda g, x: -g * sc.k1(x))
special(sc.k1, lambda g, x: -g * 0.5 * (sc.k0(x) + sc.kn(2, x)))
special(sc.i0e, lambda g, x, out: g * (sc.i1e(x) - np.sign(x) * out))
special(sc.i1e, lambda g, x, out: g * (0.5 * (sc.i0e(x) + sc.ive(2, x)) - np.sign(x) * out))
special(sc.k0e, lambda g, x, out: g * (out - sc.k1e(x)))
special(sc.k1e, lambda g, x, out: g * (out - 0.5 * (sc.k0e(x) + sc.kve(2, x))))

# -- spherical: what scipy.special.spherical_jn and the like call -----------------------------------------
spherical_jn, spherical_yn = sc._ufuncs._spherical_jn, sc._ufuncs._spherical_yn
spherical_in, spherical_kn = sc._ufuncs._spherical_in, sc._ufuncs._spherical_kn


def _spherical(f: np.ufunc, left: float, right: float) -> Any:
    """The derivative (left n f_(n-1) + right (n + 1) f_(n+1)) / (2 n + 1) (DLMF 10.51.2, 10.51.5)."""

    def slope(x: Array, y: Array) -> Array:
        lower = np.where(np.equal(x, 0), 0, x * f(np.maximum(x, 1) - 1, y))
        return (left * lower + right * (x + 1) * f(x + 1, y)) / (2 * x + 1)

    return slope


def _declare_spherical(f: np.ufunc, derivative: np.ufunc, left: float, right: float, sign: int) -> None:
    """The function, and its derivative as a function of its own, by the differential equation (DLMF 10.47.1, 10.47.2)."""
    slope = _spherical(f, left, right)
    special(f, "the order n", lambda g, x, y: g * slope(x, y))
    special(
        derivative,
        "the order n",
        lambda g, x, y, out: g * ((x * (x + 1) / (y * y) - sign) * f(x, y) - 2 / y * out),
    )


_declare_spherical(spherical_jn, sc._ufuncs._spherical_jn_d, 1, -1, 1)
_declare_spherical(spherical_yn, sc._ufuncs._spherical_yn_d, 1, -1, 1)
_declare_spherical(spherical_in, sc._ufuncs._spherical_in_d, 1, 1, -1)
_declare_spherical(spherical_kn, sc._ufuncs._spherical_kn_d, -1, -1, -1)


# -- Airy's functions: w'' = x w (DLMF 9.2.1) -----------------------------------------------------------------
def _airy_slopes(x: Array, out: tuple[Array, ...]) -> tuple[Array, ...]:
    ai, aip, bi, bip = out
    return aip, x * ai, bip, x * bi


def _scaled_airy_slopes(x: Array, out: tuple[Array, ...]) -> tuple[Array, ...]:
    """Ai is scaled by exp(2/3 x^(3/2)), Bi by its inverse, for real x; at x < 0 SciPy's scaled Ai is NaN."""
    real_only("airye", x)
    ai, aip, bi, bip = out
    rate, decay = np.sqrt(x), np.sqrt(np.maximum(x, 0))
    return aip + rate * ai, x * ai + rate * aip, bip - decay * bi, x * bi - decay * bip


several(sc.airy, _airy_slopes)
several(sc.airye, _scaled_airy_slopes)
