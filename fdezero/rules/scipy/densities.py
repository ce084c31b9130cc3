"""The integrands of the incomplete gamma and beta functions, without loss of digits for large parameters.

x^a e^-x / Gamma(a) is a difference of large logarithms.  Here it is written by the distance of x from its
maximum, phi(u) = u - log(1 + u) with u = (x - a) / a, and Stirling's remainder of log Gamma (DLMF 5.11.1), so
that the relative error stays near that of x itself, times sqrt(a).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc

#: From here on the asymptotic series are exact to the last digit.
_LARGE = 20.0

#: B_2k / (2k (2k - 1)) of Stirling's series, and B_2k / (2k) of that of digamma (DLMF 5.11.1, 5.11.2).
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
_DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)


def _series(coefficients: tuple[float, ...], w: Any) -> Any:
    total = 0.0
    for c in reversed(coefficients):
        total = total * w + c
    return total


def stirling(z: Any) -> Any:
    """log Gamma(z) - (z - 1/2) log z + z - log(2 pi) / 2."""
    large = np.maximum(z, _LARGE)
    small = np.clip(z, np.finfo(float).tiny, _LARGE)
    direct = sc.gammaln(small) - (small - 0.5) * np.log(small) + small - 0.5 * np.log(2 * np.pi)
    return np.where(z >= _LARGE, _series(_STIRLING, 1 / (large * large)) / large, direct)


def log_less_digamma(z: Any) -> Any:
    """log z - digamma(z)."""
    large = np.maximum(z, _LARGE)
    small = np.clip(z, np.finfo(float).tiny, _LARGE)
    asymptotic = 0.5 / large + _series(_DIGAMMA, 1 / (large * large)) / (large * large)
    return np.where(z >= _LARGE, asymptotic, np.log(small) - sc.digamma(small))


def phi(u: Any, ratio: Any) -> Any:
    """u - log(ratio) for ratio = 1 + u; for small u by the series of 2 artanh(r) with r = u / (2 + u)."""
    near = np.abs(u) < 0.3
    v = np.where(near, u, 0.0)
    r = v / (2 + v)
    w = r * r
    # u - log(1 + u) = r u - 2 r^3 (1/3 + r^2/5 + ...), for u = 2 r / (1 - r)
    tail = _series(tuple(1 / (2 * k + 1) for k in range(1, 11)), w)
    return np.where(near, r * v - 2 * r * w * tail, u - np.log(np.where(near, 1.0, ratio)))


def power_at_zero(a: Any) -> Any:
    """x^(a-1) at x = 0."""
    return np.where(a == 1, 1.0, np.where(a < 1, np.inf, 0.0))


def at_ends(density: Any, low: Any, at_low: Any, high: Any, at_high: Any) -> Any:
    """A density that is ``at_low`` where ``low``, and ``at_high`` where ``high``: at the ends of its support."""
    if not np.any(low | high):
        return density
    return np.where(low, at_low, np.where(high, at_high, density)).astype(density.dtype)[()]


def gamma_weight(a: Any, x: Any) -> Any:
    """x^a e^-x / Gamma(a)."""
    exponent = -a * phi((x - a) / a, x / a)
    return np.exp(exponent + 0.5 * np.log(a / (2 * np.pi)) - stirling(a))


def beta_weight(a: Any, b: Any, x: Any, y: Any) -> Any:
    """x^a y^b / B(a, b), for y = 1 - x."""
    n = a + b
    d = np.where(x <= 0.5, x - a / n, b / n - y)
    exponent = -a * phi(d * n / a, x * n / a) - b * phi(-d * n / b, y * n / b)
    return np.exp(exponent + 0.5 * np.log(a * (b / n) / (2 * np.pi)) + stirling(n) - stirling(a) - stirling(b))


def digamma_step(z: Any, step: Any) -> Any:
    """digamma(z + step) - digamma(z), which for large z is about step / z."""
    return np.log1p(step / z) - (log_less_digamma(z + step) - log_less_digamma(z))
