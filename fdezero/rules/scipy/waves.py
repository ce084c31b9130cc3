"""Kelvin, Struve, Mathieu, parabolic cylinder and spheroidal wave functions, and integrals of Bessel functions.

Each in its argument; second derivatives come from the differential equation.  Sources: DLMF sections 10.61,
11.4, 12.2, 12.14, 28.2, 28.20, 30.2; Abramowitz and Stegun, sections 9.9 and 11.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special as sc

from ...core.graph import Array
from .helpers import SQRT_PI, safe_quotient, several, special

# -- Kelvin's: w'' + w'/x = i w for w = ber + i bei and for w = ker + i kei --------------------------------
special(sc.ber, lambda g, x: g * sc.berp(x))
special(sc.bei, lambda g, x: g * sc.beip(x))
special(sc.ker, lambda g, x: g * sc.kerp(x))
special(sc.kei, lambda g, x: g * sc.keip(x))
special(sc.berp, lambda g, x, out: -g * (sc.bei(x) + safe_quotient(out, x)))
special(sc.beip, lambda g, x, out: g * (sc.ber(x) - safe_quotient(out, x, at_zero=0.5)))
special(sc.kerp, lambda g, x, out: -g * (sc.kei(x) + out / x))
special(sc.keip, lambda g, x, out: g * (sc.ker(x) - out / x))


def _kelvin_slopes(x: Array, out: tuple[Array, ...]) -> tuple[Array, ...]:
    be, ke, bep, kep = out
    return bep, kep, 1j * be - bep / x, 1j * ke - kep / x


several(sc.kelvin, _kelvin_slopes)


# -- Struve's (DLMF 11.4.27, 11.4.28) ----------------------------------------------------------------------
def _struve_slope(f: np.ufunc, sign: int) -> Callable[..., Any]:
    def slope(g: Array, x: Array, y: Array) -> Array:
        extra = np.power(0.5 * y, x) / (SQRT_PI * sc.gamma(x + 1.5))
        return g * 0.5 * (f(x - 1, y) + sign * f(x + 1, y) + extra)

    return slope


special(sc.struve, "the order v", _struve_slope(sc.struve, -1))
special(sc.modstruve, "the order v", _struve_slope(sc.modstruve, 1))
special(sc.itstruve0, lambda g, x: g * sc.struve(0, x))
special(sc.it2struve0, lambda g, x: -g * sc.struve(0, x) / x)
special(sc.itmodstruve0, lambda g, x: g * sc.modstruve(0, x))

# -- integrals of Bessel and Airy functions ------------------------------------------------------------------
several(sc.itj0y0, lambda x: (sc.j0(x), sc.y0(x)))
several(sc.iti0k0, lambda x: (sc.i0(x), sc.k0(x)))
several(sc.it2j0y0, lambda x: ((1 - sc.j0(x)) / x, -sc.y0(x) / x))
several(sc.it2i0k0, lambda x: ((sc.i0(x) - 1) / x, -sc.k0(x) / x))


def _airy_integrands(x: Array) -> tuple[Array, ...]:
    (ai, _, bi, _), (ai_of_minus, _, bi_of_minus, _) = sc.airy(x), sc.airy(-x)
    return ai, bi, ai_of_minus, bi_of_minus


several(sc.itairy, _airy_integrands)
#: The integral of x^lmb J_nu(2 a x) from 0 to 1, by parts.
special(
    sc.besselpoly,
    lambda g, x, y, z, out: g * (sc.jv(z, 2 * x) - (y + 1) * out) / x,
    "the exponent lmb",
    "the order nu",
)


# -- parabolic cylinder functions ------------------------------------------------------------------------------
def _cylinder_slopes(x: Array, y: Array, out: tuple[Array, Array]) -> tuple[Array, Array]:
    return out[1], (0.25 * y * y - x - 0.5) * out[0]


several(sc.pbdv, "the order v", _cylinder_slopes)
several(sc.pbvv, "the order v", _cylinder_slopes)
several(sc.pbwa, "the parameter a", lambda x, y, out: (out[1], (x - 0.25 * y * y) * out[0]))

# -- Mathieu's functions, of degrees ---------------------------------------------------------------------------
_DEGREE = float(np.pi / 180)


def _mathieu_slopes(characteristic: np.ufunc, modified: bool) -> Callable[..., tuple[Array, Array]]:
    def slopes(x: Array, y: Array, z: Array, out: tuple[Array, Array]) -> tuple[Array, Array]:
        a = characteristic(x, y)
        if modified:
            return out[1], (a - 2 * y * np.cosh(2 * z)) * out[0]
        return out[1] * _DEGREE, (2 * y * np.cos(2 * _DEGREE * z) - a) * out[0] * _DEGREE

    return slopes


for _f, _a, _modified in (
    (sc.mathieu_cem, sc.mathieu_a, False),
    (sc.mathieu_sem, sc.mathieu_b, False),
    (sc.mathieu_modcem1, sc.mathieu_a, True),
    (sc.mathieu_modcem2, sc.mathieu_a, True),
    (sc.mathieu_modsem1, sc.mathieu_b, True),
    (sc.mathieu_modsem2, sc.mathieu_b, True),
):
    several(_f, "the order m", "the parameter q", _mathieu_slopes(_a, _modified))


# -- spheroidal wave functions of (m, n, c, x) or (m, n, c, cv, x) ------------------------------------------------
def _spheroidal_slopes(f: np.ufunc, characteristic: np.ufunc | None, sign: int, radial: bool) -> None:
    """((1 - x^2) w')' + (cv - c^2 x^2 - m^2 / (1 - x^2)) w = 0, for prolate functions (``sign`` is 1).

    Oblate ones (-1) have i c in the place of c, and those that are radial also i x in the place of x.
    """

    def slopes(xs: Any, out: tuple[Array, Array]) -> tuple[Array, Array]:
        m, n, c, *given, x = xs
        cv = characteristic(m, n, c) if characteristic is not None else given[0]
        s = -1 if radial and sign < 0 else 1
        p = 1 - s * x * x
        middle = s * (cv - sign * s * c * c * x * x - m * m / p)
        return out[1], (2 * s * x * out[1] - middle * out[0]) / p

    parameters = ["the order m", "the order n", "the parameter c"] + ["the characteristic value"] * (characteristic is None)
    several(f, *parameters, slopes)


for _name, _sign, _cv in (("pro", 1, sc.pro_cv), ("obl", -1, sc.obl_cv)):
    for _kind in ("ang1", "rad1"):  # SciPy's values of rad2 do not satisfy the equation: see `refused`
        _spheroidal_slopes(getattr(sc, f"{_name}_{_kind}"), _cv, _sign, _kind != "ang1")
        _spheroidal_slopes(getattr(sc, f"{_name}_{_kind}_cv"), None, _sign, _kind != "ang1")
