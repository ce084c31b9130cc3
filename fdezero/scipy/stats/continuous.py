"""Continuous distributions: the functions of each standard one (Johnson, Kotz and Balakrishnan, *Continuous
Univariate Distributions* (1994); Abramowitz and Stegun, chapter 26)."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc
import scipy.stats

from ...core.graph import Array
from ...rules.scipy.helpers import special
from .base import Continuous, both
from .location import LN_2PI, normal, standard_normal

LN2, LN_PI = float(np.log(2.0)), float(np.log(np.pi))

# -- normal ------------------------------------------------------------------------------------------------
norm = Continuous(
    scipy.stats.norm,
    log_density=standard_normal,
    log_density_at=normal,
    below=lambda z: sc.ndtr(z),
    above=lambda z: sc.ndtr(-z),
    log_below=lambda z: sc.log_ndtr(z),
    log_above=lambda z: sc.log_ndtr(-z),
    quantile=lambda q: sc.ndtri(q),
    upper_quantile=lambda q: -sc.ndtri(q),
)
lognorm = Continuous(
    scipy.stats.lognorm,
    ("s",),
    log_density=lambda z, s: standard_normal(np.log(z) / s) - np.log(s) - np.log(z),
    below=lambda z, s: sc.ndtr(np.log(z) / s),
    above=lambda z, s: sc.ndtr(-np.log(z) / s),
    log_below=lambda z, s: sc.log_ndtr(np.log(z) / s),
    log_above=lambda z, s: sc.log_ndtr(-np.log(z) / s),
    quantile=lambda q, s: np.exp(s * sc.ndtri(q)),
    upper_quantile=lambda q, s: np.exp(-s * sc.ndtri(q)),
    support=(0.0, np.inf),
    open_below=True,
)


def _log_mass(a: Array, b: Array) -> Array:
    """log(ndtr(b) - ndtr(a)), by the tail in which the interval lies, or by both where it has the middle."""
    right = a > 0
    low, high = np.where(right, -b, a), np.where(right, -a, b)
    in_tail = high <= 0
    top = sc.log_ndtr(np.where(in_tail, high, 0.0))
    tail = top + np.log1p(-np.exp(sc.log_ndtr(np.where(in_tail, low, -1.0)) - top))
    middle = np.log1p(-sc.ndtr(np.where(in_tail, -1.0, low)) - sc.ndtr(np.where(in_tail, -1.0, -high)))
    return np.where(in_tail, tail, middle)


def _truncated_quantile(q: Array, a: Array, b: Array) -> Array:
    """From the tail in which the lower end lies."""
    left = a < 0
    mass = _log_mass(a, b)
    with np.errstate(invalid="ignore"):  # np.logaddexp warns of a NaN, which invalid shapes are
        below = sc.ndtri_exp(np.logaddexp(sc.log_ndtr(np.where(left, a, -1.0)), np.log(q) + mass))
        above = -sc.ndtri_exp(np.logaddexp(sc.log_ndtr(np.where(left, -2.0, -b)), np.log1p(-q) + mass))
    return np.where(left, below, above)


def _truncated_upper_quantile(q: Array, a: Array, b: Array) -> Array:
    return -_truncated_quantile(q, -b, -a)


truncnorm = Continuous(
    scipy.stats.truncnorm,
    ("a", "b"),
    log_density=lambda z, a, b: standard_normal(z) - _log_mass(a, b),
    below=lambda z, a, b: np.exp(_log_mass(a, z) - _log_mass(a, b)),
    above=lambda z, a, b: np.exp(_log_mass(z, b) - _log_mass(a, b)),
    log_below=lambda z, a, b: _log_mass(a, z) - _log_mass(a, b),
    log_above=lambda z, a, b: _log_mass(z, b) - _log_mass(a, b),
    quantile=_truncated_quantile,
    upper_quantile=_truncated_upper_quantile,
    support=(lambda a, b: a, lambda a, b: b),
    valid=lambda a, b: both(a < b),
    inside=lambda a, b: 0.5 * (np.maximum(a, np.minimum(b, 0) - 1) + np.minimum(b, np.maximum(a, 0) + 1)),
)


# -- Student's, the F of one degree, Cauchy's -----------------------------------------------------------------
def _student(z: Array, df: Array) -> Array:
    normal = np.isinf(df)
    v = np.where(normal, 1.0, df)
    density = -0.5 * (v + 1) * np.log1p(z * z / v) - sc.betaln(0.5, 0.5 * v) - 0.5 * np.log(v)
    return np.where(normal, standard_normal(z), density)


t = Continuous(
    scipy.stats.t,
    ("df",),
    log_density=_student,
    below=lambda z, df: sc.stdtr(df, z),
    above=lambda z, df: sc.stdtr(df, -z),
    quantile=lambda q, df: sc.stdtrit(df, q),
    upper_quantile=lambda q, df: -sc.stdtrit(df, q),
)
cauchy = Continuous(
    scipy.stats.cauchy,
    log_density=lambda z: -LN_PI - np.log1p(z * z),
    below=lambda z: np.arctan2(1, -z) / np.pi,
    above=lambda z: np.arctan2(1, z) / np.pi,
    quantile=lambda q: -np.cos(np.pi * q) / np.sin(np.pi * q),
    upper_quantile=lambda q: np.cos(np.pi * q) / np.sin(np.pi * q),
)

# -- gamma, chi-square, beta ----------------------------------------------------------------------------------
gamma = Continuous(
    scipy.stats.gamma,
    ("a",),
    log_density=lambda z, a: sc.xlogy(a - 1, z) - z - sc.gammaln(a),
    below=lambda z, a: sc.gammainc(a, z),
    above=lambda z, a: sc.gammaincc(a, z),
    quantile=lambda q, a: sc.gammaincinv(a, q),
    upper_quantile=lambda q, a: sc.gammainccinv(a, q),
    support=(0.0, np.inf),
)
chi2 = Continuous(
    scipy.stats.chi2,
    ("df",),
    log_density=lambda z, df: sc.xlogy(0.5 * df - 1, z) - 0.5 * z - sc.gammaln(0.5 * df) - 0.5 * LN2 * df,
    below=lambda z, df: sc.chdtr(df, z),
    above=lambda z, df: sc.chdtrc(df, z),
    quantile=lambda q, df: 2 * sc.gammaincinv(0.5 * df, q),
    upper_quantile=lambda q, df: sc.chdtri(df, q),
    support=(0.0, np.inf),
)
beta = Continuous(
    scipy.stats.beta,
    ("a", "b"),
    log_density=lambda z, a, b: sc.xlog1py(b - 1, -z) + sc.xlogy(a - 1, z) - sc.betaln(a, b),
    below=lambda z, a, b: sc.betainc(a, b, z),
    above=lambda z, a, b: sc.betaincc(a, b, z),
    quantile=lambda q, a, b: sc.betaincinv(a, b, q),
    upper_quantile=lambda q, a, b: sc.betainccinv(a, b, q),
    support=(0.0, 1.0),
)

# -- with elementary functions --------------------------------------------------------------------------------
expon = Continuous(
    scipy.stats.expon,
    log_density=lambda z: -z,
    below=lambda z: -np.expm1(-z),
    above=lambda z: np.exp(-z),
    log_above=lambda z: -z,
    quantile=lambda q: -np.log1p(-q),
    upper_quantile=lambda q: -np.log(q),
    support=(0.0, np.inf),
)
uniform = Continuous(
    scipy.stats.uniform,
    log_density=lambda z: 0 * z,
    below=lambda z: z,
    above=lambda z: 1 - z,
    quantile=lambda q: q,
    upper_quantile=lambda q: 1 - q,
    support=(0.0, 1.0),
)


def _laplace_below(z: Array) -> Array:
    tail = 0.5 * np.exp(-np.abs(z))
    return np.where(z > 0, 1 - tail, tail)


def _laplace_log_below(z: Array) -> Array:
    right = z > 0
    return np.where(right, np.log1p(-0.5 * np.exp(-np.where(right, z, 1.0))), z - LN2)


def _laplace_quantile(q: Array) -> Array:
    right = q > 0.5
    return np.where(right, -np.log(2 * (1 - np.where(right, q, 0.5))), np.log(2 * np.where(right, 0.5, q)))


laplace = Continuous(
    scipy.stats.laplace,
    log_density=lambda z: -LN2 - np.abs(z),
    below=_laplace_below,
    above=lambda z: _laplace_below(-z),
    log_below=_laplace_log_below,
    log_above=lambda z: _laplace_log_below(-z),
    quantile=_laplace_quantile,
    upper_quantile=lambda q: -_laplace_quantile(q),
)
logistic = Continuous(
    scipy.stats.logistic,
    log_density=lambda z: sc.log_expit(z) + sc.log_expit(-z),
    below=lambda z: sc.expit(z),
    above=lambda z: sc.expit(-z),
    log_below=lambda z: sc.log_expit(z),
    log_above=lambda z: sc.log_expit(-z),
    quantile=lambda q: sc.logit(q),
    upper_quantile=lambda q: -sc.logit(q),
)
pareto = Continuous(
    scipy.stats.pareto,
    ("b",),
    log_density=lambda z, b: np.log(b) - (b + 1) * np.log(z),
    below=lambda z, b: -np.expm1(-b * np.log(z)),
    above=lambda z, b: np.exp(-b * np.log(z)),
    log_above=lambda z, b: -b * np.log(z),
    quantile=lambda q, b: np.exp(-np.log1p(-q) / b),
    upper_quantile=lambda q, b: np.exp(-np.log(q) / b),
    support=(1.0, np.inf),
    inside=lambda b: 2.0,
)
weibull_min = Continuous(
    scipy.stats.weibull_min,
    ("c",),
    log_density=lambda z, c: np.log(c) + sc.xlogy(c - 1, z) - np.power(z, c),
    below=lambda z, c: -np.expm1(-np.power(z, c)),
    above=lambda z, c: np.exp(-np.power(z, c)),
    log_above=lambda z, c: -np.power(z, c),
    quantile=lambda q, c: np.power(-np.log1p(-q), 1 / c),
    upper_quantile=lambda q, c: np.power(-np.log(q), 1 / c),
    support=(0.0, np.inf),
)


# -- on the circle ----------------------------------------------------------------------------------------------
def _von_mises(z: Array, kappa: Array) -> Array:
    return kappa * sc.cosm1(z) - LN_2PI - np.log(sc.i0e(kappa))


def _von_mises_density(z: Array, kappa: Array) -> Any:
    return np.exp(_von_mises(z, kappa))


_KAPPA = "kappa"
_von_mises_below = special(
    lambda z, kappa: scipy.stats.vonmises.cdf(z, kappa),
    lambda g, x, y: g * _von_mises_density(x, y),
    _KAPPA,
    name="vonmises_cdf",
)
_von_mises_above = special(
    lambda z, kappa: scipy.stats.vonmises.sf(z, kappa),
    lambda g, x, y: -g * _von_mises_density(x, y),
    _KAPPA,
    name="vonmises_sf",
)
_von_mises_quantile = special(
    lambda q, kappa: scipy.stats.vonmises.ppf(q, kappa),
    lambda g, y, out: g / _von_mises_density(out, y),
    _KAPPA,
    name="vonmises_ppf",
)
vonmises = Continuous(
    scipy.stats.vonmises,
    ("kappa",),
    log_density=_von_mises,
    below=_von_mises_below,
    above=_von_mises_above,
    quantile=_von_mises_quantile,
    upper_quantile=lambda q, kappa: -_von_mises_quantile(q, kappa),
    valid=lambda kappa: both(kappa >= 0),
)
