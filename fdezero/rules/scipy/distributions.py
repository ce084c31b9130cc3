"""Distribution functions that are ufuncs of `scipy.special`, their complements, and their inverses in any argument.

Each family states the derivatives of its distribution function once; the inverses follow implicitly: where
F(..., u, ...) = p, du/dp = 1 / F_u and du/dv = -F_v / F_u.  Source of the identities: Abramowitz and Stegun,
chapter 26; DLMF sections 8.11 and 8.17.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.special as sc

from ...core.declare import implements
from ...core.graph import Array
from .helpers import special
from .incomplete_beta import beta_density, beta_in_shapes
from .incomplete_gamma import gamma_density, gamma_in_shape

#: A derivative of a distribution function, of its arguments; None where it is a step, a text where it is refused.
Slope = Callable[..., Any] | str | None


def _distribution(slopes: Sequence[Slope], function: np.ufunc | None, complement: np.ufunc | None = None) -> None:
    for ufunc, sign in ((function, 1), (complement, -1)):
        if ufunc is not None:
            special(ufunc, *[_signed(s, sign) if callable(s) else s for s in slopes])


def _signed(slope: Callable[..., Any], sign: int) -> Callable[..., Any]:
    if sign > 0:
        return lambda g, xs: g * slope(*xs)
    return lambda g, xs: -g * slope(*xs)


#: In the place of an argument of an inverse: the probability.
P = None


def _inverse(ufunc: np.ufunc, slopes: Sequence[Slope], order: Sequence[int | None], sign: int = 1) -> None:
    """Declare an inverse.

    Args:
        ufunc: the inverse.
        slopes: the derivatives of the distribution function.
        order: for each argument of the inverse, which argument of the distribution function it is, or `P`.
        sign: -1 for the inverse of the complement.
    """
    (unknown,) = set(range(len(slopes))) - set(order)
    denominator: Any = slopes[unknown]

    def values_of(xs: Sequence[Any], out: Any) -> list[Any]:
        return [out if i == unknown else xs[order.index(i)] for i in range(len(slopes))]

    def partial(i: int | None) -> Any:
        if i is P:
            return lambda g, xs, out: sign * g / denominator(*values_of(xs, out))
        slope = slopes[i]
        if not callable(slope):
            return slope

        def rule(g: Array, xs: Sequence[Any], out: Array) -> Array:
            values = values_of(xs, out)
            return -g * slope(*values) / denominator(*values)

        return rule

    special(ufunc, *[partial(i) for i in order])


# -- the gamma, chi-square and Poisson distributions -----------------------------------------------------------
def _in_shape(a: Array, x: Array) -> Array:
    return gamma_in_shape(a, x, n=1)


GAMMA: tuple[Slope, ...] = (_in_shape, gamma_density)
_inverse(sc.gammaincinv, GAMMA, (0, P))
_inverse(sc.gammainccinv, GAMMA, (0, P), -1)

RATE_GAMMA: tuple[Slope, ...] = (
    lambda a, b, x: x * gamma_density(b, a * x),
    lambda a, b, x: _in_shape(b, a * x),
    lambda a, b, x: a * gamma_density(b, a * x),
)
_distribution(RATE_GAMMA, sc.gdtr, sc.gdtrc)
_inverse(sc.gdtria, RATE_GAMMA, (P, 1, 2))
_inverse(sc.gdtrib, RATE_GAMMA, (0, P, 2))
_inverse(sc.gdtrix, RATE_GAMMA, (0, 1, P))

CHI_SQUARE: tuple[Slope, ...] = (
    lambda v, x: 0.5 * _in_shape(0.5 * v, 0.5 * x),
    lambda v, x: 0.5 * gamma_density(0.5 * v, 0.5 * x),
)
_distribution(CHI_SQUARE, sc.chdtr, sc.chdtrc)
_inverse(sc.chdtri, CHI_SQUARE, (0, P), -1)
_inverse(sc.chdtriv, CHI_SQUARE, (P, 1))

#: In the mean; the number k is rounded down, except by the inverse that solves for it.
POISSON: tuple[Slope, ...] = (None, lambda k, m: -gamma_density(np.floor(k) + 1, m))
_distribution(POISSON, sc.pdtr, sc.pdtrc)
_inverse(sc.pdtri, POISSON, (0, P))
_inverse(
    sc.pdtrik, (lambda k, m: -_in_shape(k + 1, m), lambda k, m: -gamma_density(k + 1, m)), (P, 1)
)


# -- the beta, binomial, negative binomial, F and t distributions ----------------------------------------------
def _in_a(a: Array, b: Array, x: Array) -> Array:
    return beta_in_shapes(a, b, x, m=1, n=0)


def _in_b(a: Array, b: Array, x: Array) -> Array:
    return beta_in_shapes(a, b, x, m=0, n=1)


BETA: tuple[Slope, ...] = (_in_a, _in_b, beta_density)
_inverse(sc.betaincinv, BETA, (0, 1, P))
_inverse(sc.betainccinv, BETA, (0, 1, P), -1)
_inverse(sc.btdtria, BETA, (P, 1, 2))
_inverse(sc.btdtrib, BETA, (0, P, 2))

#: 1 - I_p(k + 1, n - k)
BINOMIAL: tuple[Slope, ...] = (
    None,
    lambda k, n, p: -_in_b(np.floor(k) + 1, n - np.floor(k), p),
    lambda k, n, p: -beta_density(np.floor(k) + 1, n - np.floor(k), p),
)
_distribution(BINOMIAL, sc.bdtr, sc.bdtrc)
_inverse(sc.bdtri, BINOMIAL, (0, 1, P))
_CONTINUOUS_BINOMIAL: tuple[Slope, ...] = (
    lambda k, n, p: _in_b(k + 1, n - k, p) - _in_a(k + 1, n - k, p),
    lambda k, n, p: -_in_b(k + 1, n - k, p),
    lambda k, n, p: -beta_density(k + 1, n - k, p),
)
_inverse(sc.bdtrik, _CONTINUOUS_BINOMIAL, (P, 1, 2))
_inverse(sc.bdtrin, _CONTINUOUS_BINOMIAL, (0, P, 2))

#: I_p(n, k + 1)
NEGATIVE_BINOMIAL: tuple[Slope, ...] = (
    lambda k, n, p: _in_b(n, k + 1, p),
    lambda k, n, p: _in_a(n, k + 1, p),
    lambda k, n, p: beta_density(n, k + 1, p),
)
#: SciPy rounds k and n down here, except in the inverses that solve for one of them.
_STEPS: tuple[Slope, ...] = (None, None, lambda k, n, p: beta_density(np.floor(n), np.floor(k) + 1, p))
_distribution(_STEPS, sc.nbdtr, sc.nbdtrc)
_inverse(sc.nbdtri, _STEPS, (0, 1, P))
_inverse(sc.nbdtrik, NEGATIVE_BINOMIAL, (P, 1, 2))
_inverse(sc.nbdtrin, NEGATIVE_BINOMIAL, (0, P, 2))


def _split(a: Array, b: Array, x: Array, y: Array) -> tuple[Array, Array, Array]:
    """The derivatives of I_x(a, b) in a, b and x, from the smaller one of x and y = 1 - x."""
    low = x <= y
    u, v = np.where(low, x, 0.5), np.where(low, 0.5, y)
    return (
        np.where(low, _in_a(a, b, u), -_in_b(b, a, v)),
        np.where(low, _in_b(a, b, u), -_in_a(b, a, v)),
        np.where(low, beta_density(a, b, u), beta_density(b, a, v)),
    )


def _f_slopes(d1: Array, d2: Array, x: Array) -> tuple[Array, Array, Array]:
    """I_u(d1 / 2, d2 / 2) with u = d1 x / (d1 x + d2) (A&S 26.6.2)."""
    total = d2 + d1 * x
    in_a, in_b, in_u = _split(0.5 * d1, 0.5 * d2, d1 * x / total, d2 / total)
    in_u = in_u / (total * total)
    return 0.5 * in_a + in_u * x * d2, 0.5 * in_b - in_u * x * d1, in_u * d1 * d2


F: tuple[Slope, ...] = tuple([lambda d1, d2, x, i=i: _f_slopes(d1, d2, x)[i] for i in range(3)])
_distribution(F, sc.fdtr, sc.fdtrc)
_inverse(sc.fdtri, F, (0, 1, P))
_inverse(sc.fdtridfd, F, (0, P, 2))


def _t_density(df: Array, t: Array) -> Array:
    return np.exp(-0.5 * (df + 1) * np.log1p(t * t / df) - sc.betaln(0.5, 0.5 * df)) / np.sqrt(df)


def _t_in_freedom(df: Array, t: Array) -> Array:
    """1/2 + sign(t) I_u(1/2, df / 2) / 2 with u = t^2 / (df + t^2) (A&S 26.7.1); it cancels to 1 / df of its terms."""
    total = df + t * t
    _, in_b, in_u = _split(0.5, 0.5 * df, t * t / total, df / total)
    slope = 0.5 * in_b - in_u * t * t / (total * total)
    return np.where((t == 0) | np.isinf(df), 0, 0.5 * np.sign(t) * slope)


def _t_in_t(df: Array, t: Array) -> Array:
    normal = np.isinf(df)
    density = _t_density(np.where(normal, 1, df), t)
    return np.where(normal, np.exp(-0.5 * t * t) / np.sqrt(2 * np.pi), density)


STUDENT: tuple[Slope, ...] = (_t_in_freedom, _t_in_t)
_distribution(STUDENT, sc.stdtr)
_inverse(sc.stdtrit, STUDENT, (0, P))
_inverse(sc.stdtridf, STUDENT, (P, 1))


# -- the non-central chi-square distribution ---------------------------------------------------------------------
def _noncentral_density(x: Array, df: Array, nc: Array) -> Array:
    """(x / nc)^(v/2) exp(-(x + nc)/2) I_v(sqrt(nc x)) / 2 with v = df/2 - 1; the central one at nc = 0."""
    central = nc == 0
    safe = np.where(central, 1, nc)
    order, root = 0.5 * df - 1, np.sqrt(safe * x)
    difference = np.sqrt(x) - np.sqrt(safe)
    density = 0.5 * np.power(x / safe, 0.5 * order) * np.exp(-0.5 * difference * difference) * sc.ive(order, root)
    return np.where(central, 0.5 * gamma_density(0.5 * df, 0.5 * x), density)


NONCENTRAL: tuple[Slope, ...] = (
    _noncentral_density,
    "the degrees of freedom df",
    lambda x, df, nc: -_noncentral_density(x, df + 2, nc),
)
_distribution(NONCENTRAL, sc.chndtr)
_inverse(sc.chndtrix, NONCENTRAL, (P, 1, 2))
_inverse(sc.chndtrinc, NONCENTRAL, (0, 1, P))


# -- the normal distribution with a mean and a deviation -----------------------------------------------------------
@implements(sc.nrdtrimn)
def nrdtrimn(p: Array, std: Array, x: Array) -> Array:
    return x - std * sc.ndtri(p)


@implements(sc.nrdtrisd)
def nrdtrisd(mn: Array, p: Array, x: Array) -> Array:
    return (x - mn) / sc.ndtri(p)


# -- Kolmogorov's limit (A&S has none; Feller, *On the Kolmogorov-Smirnov limit theorems* (1948)) --------------------
_KOLMOGOROV_TERMS = 8


def _kolmogorov_slope(y: Array) -> Array:
    """That of 2 sum (-1)^(k-1) exp(-2 k^2 y^2), for small y by its theta transform."""
    low = y < 1
    v, u = np.where(low, 1, y), np.where(low & (y > 0.04), y, 1)
    far = sum((-1) ** k * 8 * k * k * v * np.exp(-2 * k * k * v * v) for k in range(1, _KOLMOGOROV_TERMS))
    odd = [((2 * k - 1) * np.pi) ** 2 / 4 for k in range(1, _KOLMOGOROV_TERMS)]
    near = sum(np.exp(-0.5 * c / (u * u)) * (1 - c / (u * u)) for c in odd) * np.sqrt(2 * np.pi) / (u * u)
    return np.where(low, np.where(y > 0.04, near, 0), far)


special(sc.kolmogorov, lambda g, x: g * _kolmogorov_slope(x))
special(sc.kolmogi, lambda g, out: g / _kolmogorov_slope(out))

