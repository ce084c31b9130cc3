"""Exponential, trigonometric and elliptic integrals, the dilogarithm and Jacobi's elliptic functions.

Sources: DLMF chapters 6, 8.19, 19, 22 and 25.12; Carlson, *Numerical computation of real or complex elliptic
integrals* (1995).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc

from ...core.graph import Array
from .bessel import spherical_in, spherical_jn
from .helpers import is_complex, several, special

# -- exponential and trigonometric integrals ---------------------------------------------------------------
special(sc.exp1, lambda g, x: -g * np.exp(-x) / x)
special(sc.expi, lambda g, x: g * np.exp(x) / x)


def _expn_slope(g: Array, x: Array, y: Array) -> Array:
    """-E_(n-1) (DLMF 8.19.13); E_0 is exp(-y) / y."""
    zero = np.equal(x, 0)
    return -g * np.where(zero, np.exp(-y) * (1 / y + 1 / (y * y)), sc.expn(np.where(zero, 1, x) - 1, y))


special(sc.expn, "the order n", _expn_slope)
several(sc.sici, lambda x: (spherical_jn(0, x), np.cos(x) / x))  # spherical: sin(x) / x, smooth at 0
# sinh(x) / x is even, and SciPy's spherical_in of a negative real number is NaN.
several(sc.shichi, lambda x: (spherical_in(0, x if is_complex(x) else np.abs(x)), np.cosh(x) / x))


def _dilogarithm_slope(g: Array, x: Array) -> Array:
    """log(x) / (1 - x); near 1 by the series 2F1(1, 1; 2; 1 - x) that it is."""
    near = np.abs(x - 1) < 0.25
    series = -sc.hyp2f1(1, 1, 2, np.where(near, 1 - x, 0))
    far = np.where(near, 2, x)
    return g * np.where(near, series, np.log(far) / (1 - far))


special(sc.spence, _dilogarithm_slope)


# -- elliptic integrals of the parameter m -----------------------------------------------------------------
def _legendre_slope(complete: Any, a: float, b: float, factor: float) -> Any:
    """A derivative that near m = 0, where its closed form cancels, is the hypergeometric series (DLMF 19.5.1, 19.5.2)."""

    def slope(g: Array, x: Array) -> Array:
        near = np.abs(x) < 0.25
        series = factor * sc.hyp2f1(a, b, 2, np.where(near, x, 0))
        return g * np.where(near, series, complete(np.where(near, 0.5, x)))

    return slope


special(
    sc.ellipk,
    _legendre_slope(lambda m: (sc.ellipe(m) / (1 - m) - sc.ellipk(m)) / (2 * m), 1.5, 1.5, np.pi / 8),
)
special(sc.ellipe, _legendre_slope(lambda m: (sc.ellipe(m) - sc.ellipk(m)) / (2 * m), 0.5, 1.5, -np.pi / 8))


def _complementary_slope(g: Array, x: Array) -> Array:
    """That of K in p = 1 - m."""
    near = np.abs(1 - x) < 0.25
    series = -np.pi / 8 * sc.hyp2f1(1.5, 1.5, 2, np.where(near, 1 - x, 0))
    p = np.where(near, 0.5, x)
    return g * np.where(near, series, -(sc.ellipe(1 - p) / p - sc.ellipkm1(p)) / (2 * (1 - p)))


special(sc.ellipkm1, _complementary_slope)


def _in_parameter(phi: Array, m: Array, first: bool) -> Array:
    """dF/dm (``first``) or dE/dm: integrals of sin^2 / (2 Delta^3) and -sin^2 / (2 Delta), by Carlson's R_D.

    The angle is reduced by multiples of pi, each of which adds twice the complete integral.
    """
    turns = np.round(phi * (1 / np.pi))
    rest = phi - np.pi * turns
    s, c = np.sin(rest), np.cos(rest)
    delta = 1 - m * s * s
    one = np.ones_like(delta)
    cube = s * s * s / 6
    whole = np.where(turns == 0, 0, 1 - m)  # the complete integral is not asked for where it is not needed
    safe = np.where(turns == 0, 0.5, whole)
    zero = np.zeros_like(safe)
    if first:
        return cube * sc.elliprd(c * c, one, delta) + turns * sc.elliprd(zero, np.ones_like(safe), safe) / 3
    return -cube * sc.elliprd(c * c, delta, one) - turns * sc.elliprd(zero, safe, np.ones_like(safe)) / 3


def _delta(phi: Array, m: Array) -> Array:
    s = np.sin(phi)
    return np.sqrt(1 - m * s * s)


special(sc.ellipkinc, lambda g, x, y: g / _delta(x, y), lambda g, x, y: g * _in_parameter(x, y, True))
special(sc.ellipeinc, lambda g, x, y: g * _delta(x, y), lambda g, x, y: g * _in_parameter(x, y, False))


# -- Carlson's symmetric integrals ---------------------------------------------------------------------------
def _beyond_pole(x: Array, y: Array, out: Array) -> Array:
    """The derivative in y of the principal value, by the differential equation; for positive y it would cancel."""
    return (out - np.sqrt(x) / y) / (2 * (x - y))


def _elliprc_in_x(g: Array, x: Array, y: Array, out: Array) -> Array:
    """For y < 0 from that in y: the function is homogeneous of degree -1/2."""
    principal, z = y < 0, np.where(y < 0, 1, y)
    return g * np.where(principal, -(out / 2 + y * _beyond_pole(x, y, out)) / x, (-1 / 6) * sc.elliprd(z, z, x))


def _elliprc_in_y(g: Array, x: Array, y: Array, out: Array) -> Array:
    principal, z = y < 0, np.where(y < 0, 1, y)
    return g * np.where(principal, _beyond_pole(x, y, out), (-1 / 3) * sc.elliprd(x, z, z))


special(sc.elliprc, _elliprc_in_x, _elliprc_in_y)
special(
    sc.elliprf,
    lambda g, x, y, z: g * (-1 / 6) * sc.elliprd(y, z, x),
    lambda g, x, y, z: g * (-1 / 6) * sc.elliprd(x, z, y),
    lambda g, x, y, z: g * (-1 / 6) * sc.elliprd(x, y, z),
)


def _in_first(x: Array, y: Array, z: Array) -> Array:
    """d/dx of R_G: (R_F - x R_D(y, z, x) / 3) / 4."""
    return (sc.elliprf(x, y, z) - x * sc.elliprd(y, z, x) / 3) / 4


special(
    sc.elliprg,
    lambda g, x, y, z: g * _in_first(x, y, z),
    lambda g, x, y, z: g * _in_first(y, x, z),
    lambda g, x, y, z: g * _in_first(z, x, y),
)


def _rd_first(x: Array, y: Array, z: Array) -> Array:
    """d/dx of R_D(x, y, z), by the Euler-Poisson-Darboux equation of R_F (DLMF 19.18.14), a difference of two.

    Where x and z are within 2 per cent it is its expansion in their distance, with integrals of
    (t + m)^(-k) (t + y)^(-1/2) for coefficients, m being the midpoint.
    """
    m, d = 0.5 * (x + z), 0.5 * (x - z)
    near = np.abs(d) <= 0.01 * np.abs(m)
    distinct = np.where(near, x + 1, z)
    apart = (sc.elliprd(x, y, distinct) - sc.elliprd(y, distinct, x)) / (2 * (distinct - x))
    m = np.where(near, m, 1)
    square, at_end = np.where(near, d * d, 0), y == 0
    ratio = np.where(near & ~at_end, 1 - y / m, 0)

    def integral(k: int) -> Array:
        """(DLMF 15.6.1), a constant times a power of m for y = 0, where the series ends at its singularity."""
        series = np.where(at_end, sc.hyp2f1(0.5, k - 0.5, k + 0.5, 1.0), sc.hyp2f1(0.5, k - 0.5, k + 0.5, ratio))
        return np.power(m, 0.5 - k) / (k - 0.5) * series

    expansion = -3 / 4 * integral(3) - 9 / 8 * square * integral(5) - 45 / 32 * square * square * integral(7)
    return np.where(near, expansion, apart)


def _rd_share(x: Array, y: Array, z: Array) -> Array:
    """x d/dx of R_D, which is 0 at x = 0 although the slope there is infinite."""
    zero = x == 0
    return np.where(zero, 0, x * _rd_first(np.where(zero, z, x), y, z))


def _rd_last(x: Array, y: Array, z: Array, out: Array) -> Array:
    """d/dz, for R_D is homogeneous of degree -3/2."""
    return (-1.5 * out - _rd_share(x, y, z) - _rd_share(y, x, z)) / z


special(
    sc.elliprd,
    lambda g, x, y, z: g * _rd_first(x, y, z),
    lambda g, x, y, z: g * _rd_first(y, x, z),
    lambda g, x, y, z, out: g * _rd_last(x, y, z, out),
)


# -- Jacobi's elliptic functions (DLMF 22.13.1), in m through u = F(ph, m) --------------------------------------
def _jacobi_in_u(y: Array, out: tuple[Array, ...]) -> tuple[Array, ...]:
    sn, cn, dn, _ = out
    return cn * dn, -sn * dn, -y * sn * cn, dn


def _jacobi_in_m(y: Array, out: tuple[Array, ...]) -> tuple[Array, ...]:
    sn, cn, dn, ph = out
    turn = -dn * _in_parameter(ph, y, True)
    return cn * turn, -sn * turn, -(sn * sn + 2 * y * sn * cn * turn) / (2 * dn), turn


several(sc.ellipj, _jacobi_in_u, _jacobi_in_m)
