"""The error function and its relatives: Dawson's and Faddeeva's, the normal distribution, Fresnel's integrals.

Sources: Abramowitz and Stegun, chapter 7; DLMF chapter 7; Owen, *Tables for computing bivariate normal
probabilities* (1956), for T(h, a).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.special as sc

from ...core.graph import Array
from .helpers import SQRT_2, SQRT_2PI, SQRT_PI, several, special

TWO_BY_ROOT_PI = 2 / SQRT_PI

erf = special(sc.erf, lambda g, x: g * TWO_BY_ROOT_PI * np.exp(-x * x))
erfc = special(sc.erfc, lambda g, x: -g * TWO_BY_ROOT_PI * np.exp(-x * x))
erfi = special(sc.erfi, lambda g, x: g * TWO_BY_ROOT_PI * np.exp(x * x))
erfinv = special(sc.erfinv, lambda g, out: g * (0.5 * SQRT_PI) * np.exp(out * out))
erfcinv = special(sc.erfcinv, lambda g, out: -g * (0.5 * SQRT_PI) * np.exp(out * out))
dawsn = special(sc.dawsn, lambda g, x, out: g - 2 * g * x * out)
wofz = special(sc.wofz, lambda g, x, out: g * (2j / SQRT_PI - 2 * x * out))

#: From here on the asymptotic series is used, where the closed form cancels.
_FAR = 25.0


def _scaled_slope(x: Array, out: Array) -> Array:
    """2 x erfcx(x) - 2 / sqrt(pi); for large x the derivative of the asymptotic series (DLMF 7.12.1)."""
    far = np.real(x) > _FAR
    z = np.where(far, x, _FAR)
    r = 0.5 / (z * z)
    total: Array = 0.0
    for k in range(9, 0, -1):  # Horner's scheme, 1 - 3 r (1 - 5 r (1 - ...))
        total = r * (2 * k + 1) * (1 - total)
    return np.where(far, -2 / SQRT_PI * r * (1 - total), 2 * x * out - TWO_BY_ROOT_PI)


erfcx = special(sc.erfcx, lambda g, x, out: g * _scaled_slope(x, out))

# -- the normal distribution ---------------------------------------------------------------------------
ndtr = special(sc.ndtr, lambda g, x: g / SQRT_2PI * np.exp(-0.5 * x * x))
#: The density over the distribution function, as 1 / erfcx, which does not underflow.
log_ndtr = special(sc.log_ndtr, lambda g, x: g * (2 / SQRT_2PI) / sc.erfcx(x * (-1 / SQRT_2)))
ndtri = special(sc.ndtri, lambda g, out: g * SQRT_2PI * np.exp(0.5 * out * out))
ndtri_exp = special(sc.ndtri_exp, lambda g, out: g * (SQRT_2PI / 2) * sc.erfcx(out * (-1 / SQRT_2)))
owens_t = special(
    sc.owens_t,
    lambda g, x, y: -g / (2 * SQRT_2PI) * np.exp(-0.5 * x * x) * sc.erf(x * y * (1 / SQRT_2)),
    lambda g, x, y: g / (2 * np.pi) * np.exp(-0.5 * x * x * (1 + y * y)) / (1 + y * y),
)


# -- Voigt's profile: Re w(z) / (sigma sqrt(2 pi)) with z = (x + i gamma) / (sigma sqrt(2)) (DLMF 7.19) -------
def _voigt(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
    """z, and w'(z) over sigma sqrt(2 pi)."""
    u = np.divide(x + 1j * z, y * SQRT_2)  # Python's complex numbers raise an error for y = 0
    return u, (2j / SQRT_PI - 2 * u * sc.wofz(u)) / (y * SQRT_2PI)


def _voigt_width(g: Array, x: Array, y: Array, z: Array, out: Array) -> Array:
    u, slope = _voigt(x, y, z)
    return -g * (out + np.real(u * slope)) / y


voigt_profile = special(
    sc.voigt_profile,
    lambda g, x, y, z: g * np.real(_voigt(x, y, z)[1]) / (y * SQRT_2),
    _voigt_width,
    lambda g, x, y, z: -g * np.imag(_voigt(x, y, z)[1]) / (y * SQRT_2),
)


# -- Fresnel's integrals (DLMF 7.2.7, 7.2.8, and A&S 7.3.3 with the modified ones) -----------------------
def _fresnel_slopes(x: Array) -> tuple[Array, Array]:
    angle = (0.5 * np.pi) * x * x
    return np.sin(angle), np.cos(angle)


def _modified_slopes(sign: int) -> Callable[..., tuple[Array, Array]]:
    """Of F = the integral of exp(+-i t^2) from x, and of K = F exp(-+i (x^2 + pi/4)) / sqrt(pi)."""

    def slopes(x: Array, out: tuple[Array, Array]) -> tuple[Array, Array]:
        corner = np.exp(-0.25j * np.pi * sign) / SQRT_PI
        return -np.exp(1j * sign * x * x), -2j * sign * x * out[1] - corner

    return slopes


several(sc.fresnel, lambda x: _fresnel_slopes(x))
several(sc.modfresnelp, _modified_slopes(1))
several(sc.modfresnelm, _modified_slopes(-1))
