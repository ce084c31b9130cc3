"""Logarithms, entropies, power transformations and angles: ufuncs of `scipy.special` with elementary derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc

from ...core.declare import elementwise
from ...core.graph import Array
from .helpers import safe_quotient, special

LN10 = float(np.log(10.0))
DEGREE = float(np.pi / 180)

# -- SciPy's own versions of functions of NumPy --------------------------------------------------------
cbrt = special(sc.cbrt, lambda g, x: g / (3 * np.square(np.cbrt(x))))
exp2 = special(sc.exp2, lambda g, out: g * out * float(np.log(2.0)))
exp10 = special(sc.exp10, lambda g, out: g * out * LN10)
expm1 = special(sc.expm1, lambda g, out: g * out + g)
log1p = special(sc.log1p, lambda g, x: g / (1 + x))
cosm1 = special(sc.cosm1, lambda g, x: -g * np.sin(x))
powm1 = special(
    sc.powm1, lambda g, x, y: g * y * np.power(x, y - 1), lambda g, x, y: g * np.log(x) * np.power(x, y)
)
sindg = special(sc.sindg, lambda g, x: g * DEGREE * sc.cosdg(x))
cosdg = special(sc.cosdg, lambda g, x: -g * DEGREE * sc.sindg(x))
tandg = special(sc.tandg, lambda g, out: g * DEGREE * (1 + out * out))
cotdg = special(sc.cotdg, lambda g, out: -g * DEGREE * (1 + out * out))
radian = special(
    sc.radian, lambda g: g * DEGREE, lambda g: g * (DEGREE / 60), lambda g: g * (DEGREE / 3600)
)

# -- logistic ------------------------------------------------------------------------------------------
expit = special(sc.expit, lambda g, out: g * out * (1 - out))
logit = special(sc.logit, lambda g, x: g / (x * (1 - x)))
log_expit = special(sc.log_expit, lambda g, x: g * sc.expit(-x))


# -- entropies -----------------------------------------------------------------------------------------
def _share(x: Array, y: Array) -> Array:
    """x / y, and 0 where x is 0, also at y = 0."""
    zero = x == 0
    return np.where(zero, 0, x / np.where(zero, 1, y))


#: At x = 0 the function is 0 for every y, and so is its derivative in y.
xlogy = special(sc.xlogy, lambda g, y: g * np.log(y), lambda g, x, y: g * _share(x, y))
xlog1py = special(sc.xlog1py, lambda g, y: g * np.log1p(y), lambda g, x, y: g * _share(x, 1 + y))
entr = special(sc.entr, lambda g, x: g * (-1 - np.log(x)))
rel_entr = special(
    sc.rel_entr, lambda g, x, y: g * (np.log(x / y) + 1), lambda g, x, y: -g * _share(x, y)
)
kl_div = special(
    sc.kl_div, lambda g, x, y: g * np.log(x / y), lambda g, x, y: g - g * _share(x, y)
)

# -- robust losses -------------------------------------------------------------------------------------
#: huber(delta, r); a residual on the bound belongs to the square.
huber = special(
    sc.huber,
    lambda g, x, y: g * np.maximum(np.abs(y) - x, 0),
    lambda g, x, y: g * np.where(np.abs(y) <= x, y, x * np.sign(y)),
)


def _root(x: Array, y: Array) -> Array:
    """sqrt(1 + (r / delta)^2), with r / delta = 0 at delta = 0, where pseudo_huber is 0."""
    ratio = safe_quotient(y, x)
    return np.sqrt(1 + ratio * ratio)


pseudo_huber = special(
    sc.pseudo_huber,
    lambda g, x, y: g * (2 * x * (_root(x, y) - 1) - y * safe_quotient(y, x) / _root(x, y)),
    lambda g, x, y: g * np.where(x == 0, 0, y / _root(x, y)),
)


# -- Box and Cox; Tukey --------------------------------------------------------------------------------
def _exprel_slope(x: Array) -> Array:
    """That of (exp(x) - 1) / x; near 0, where this cancels, as M(2, 3, x) / 2 (DLMF 13.3.15)."""
    near = np.abs(x) < 0.5
    far = np.where(near, 1, x)
    return np.where(near, 0.5 * sc.hyp1f1(2.0, 3.0, np.where(near, x, 0)), (np.exp(far) - sc.exprel(far)) / far)


def _power_slope(u: Array, lmbda: Array) -> Array:
    """The derivative of (exp(lmbda u) - 1) / lmbda in lmbda."""
    return u * u * _exprel_slope(lmbda * u)


exprel = special(sc.exprel, lambda g, x: g * _exprel_slope(x))
boxcox = special(
    sc.boxcox, lambda g, x, y: g * np.power(x, y - 1), lambda g, x, y: g * _power_slope(np.log(x), y)
)
boxcox1p = special(
    sc.boxcox1p, lambda g, x, y: g * np.power(1 + x, y - 1), lambda g, x, y: g * _power_slope(np.log1p(x), y)
)
inv_boxcox = special(
    sc.inv_boxcox,
    lambda g, y, out: g * np.power(out, 1 - y),
    lambda g, y, out: -g * _power_slope(np.log(out), y) * np.power(out, 1 - y),
)
inv_boxcox1p = special(
    sc.inv_boxcox1p,
    lambda g, y, out: g * np.power(1 + out, 1 - y),
    lambda g, y, out: -g * _power_slope(np.log1p(out), y) * np.power(1 + out, 1 - y),
)


def _tukey(y: Array, out: Array, in_x: bool) -> Array:
    """Implicitly, from the quantile function (p^lmbda - (1 - p)^lmbda) / lmbda; 0 outside the support."""
    inside = (out > 0) & (out < 1)
    p = np.where(inside, out, 0.5)
    q = 1 - p
    slope = 1 / (np.power(p, y - 1) + np.power(q, y - 1))
    if not in_x:
        slope = -slope * (_power_slope(np.log(p), y) - _power_slope(np.log1p(-p), y))
    return np.where(inside, slope, 0)


tklmbda = special(
    sc.tklmbda, lambda g, y, out: g * _tukey(y, out, True), lambda g, y, out: g * _tukey(y, out, False)
)

# -- no derivative -------------------------------------------------------------------------------------
for _step in (sc.round, sc.gammasgn):
    elementwise(_step, None)


def lambert_slope(g: Array, out: Array) -> Any:
    """W' = exp(-W) / (1 + W) (DLMF 4.13.4), which is finite at 0."""
    return g * np.exp(-out) / (1 + out)


lambertw = elementwise(sc._ufuncs._lambertw, lambert_slope, None, None)
wrightomega = special(sc.wrightomega, lambda g, out: g * out / (1 + out))
