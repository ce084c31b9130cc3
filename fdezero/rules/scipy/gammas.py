"""The gamma and beta functions, their logarithms and logarithmic derivatives, and the zeta function.

Sources: Abramowitz and Stegun, chapter 6; DLMF chapters 5 and 25.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc

from ...core.declare import implements
from ...core.graph import Array
from .helpers import is_complex, special


def _polygamma(n: Any, x: Any) -> Any:
    if is_complex(x):
        raise TypeError(
            "scipy.special.polygamma takes no complex numbers, so digamma has no derivative rule for them, and gamma, "
            "rgamma and loggamma have none for second derivatives"
        )
    return sc.polygamma(n, x)


#: The n-th derivative of digamma (DLMF 5.15).
polygamma: Any = special(_polygamma, "the order n", lambda g, x, y: g * polygamma(x + 1, y), name="polygamma")

digamma = special(sc.digamma, lambda g, x: g * polygamma(1, x))
gammaln = special(sc.gammaln, lambda g, x: g * sc.digamma(x))
loggamma = special(sc.loggamma, lambda g, x: g * sc.digamma(x))
gamma = special(sc.gamma, lambda g, x, out: g * out * sc.digamma(x))


def _rgamma_slope(g: Array, x: Array, out: Array) -> Array:
    """-digamma / Gamma; its limit at -n, a pole of both, is (-1)^n n! (A&S 6.1.34)."""
    n = np.real(x)
    pole = (n <= 0) & (n == np.floor(n)) & (n == x)
    n = np.where(pole, -n, 0)
    return g * np.where(pole, (1 - 2 * np.remainder(n, 2)) * sc.gamma(n + 1), -sc.digamma(np.where(pole, 1, x)) * out)


rgamma = special(sc.rgamma, _rgamma_slope)


def _difference(a: Array, b: Array) -> Array:
    return sc.digamma(a) - sc.digamma(b)


betaln = special(
    sc.betaln, lambda g, x, y: g * _difference(x, x + y), lambda g, x, y: g * _difference(y, x + y)
)
beta = special(
    sc.beta, lambda g, x, y, out: g * out * _difference(x, x + y), lambda g, x, y, out: g * out * _difference(y, x + y)
)
binom = special(
    sc.binom,
    lambda g, x, y, out: g * out * _difference(x + 1, x - y + 1),
    lambda g, x, y, out: g * out * _difference(x - y + 1, y + 1),
)
poch = special(
    sc.poch, lambda g, x, y, out: g * out * _difference(x + y, x), lambda g, x, y, out: g * out * sc.digamma(x + y)
)

#: Hurwitz's zeta function (DLMF 25.11.17).
zeta = special(sc._ufuncs._zeta, "the exponent x", lambda g, x, y: -g * x * sc.zeta(x + 1, y))


@implements(sc.agm)
def agm(a: Array, b: Array) -> Array:
    """pi/4 (a + b) / K, of the complementary parameter 4ab / (a + b)^2 (DLMF 19.8.5, by one step of the iteration)."""
    total = a + b
    return np.pi / 4 * total / sc.ellipkm1(4 * a * b / (total * total))
