"""`scipy.special`, with derivatives also of the functions that are no ufuncs.

Those that are ufuncs answer by themselves when they are called on a Box; here they are SciPy's own
objects, as is every other name.  Called without a Box, each function is SciPy's.

>>> import numpy as np
>>> from fdezero import grad
>>> from fdezero.scipy import special
>>> grad(special.logsumexp)(np.zeros(2))
array([0.5, 0.5])
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import scipy.special as sc

from ..core.declare import constant, elementwise
from ..core.graph import Array
from ..rules.numpy.helpers import trailing
from ..rules.scipy.gammas import polygamma as polygamma_rule
from ..rules.scipy.helpers import is_complex
from ._boxes import as_array, has_box, holds, quiet_log

_F = TypeVar("_F", bound=Callable[..., Any])


def _mirrors(original: Any) -> Callable[[_F], _F]:
    """Let SciPy's function answer where no argument is a Box."""

    def declare(function: _F) -> _F:
        @functools.wraps(function)
        def mirrored(*args: Any, **kwargs: Any) -> Any:
            if has_box(*args, *kwargs.values()):
                return function(*args, **kwargs)
            return original(*args, **kwargs)

        return mirrored  # type: ignore[return-value]  # the same signature

    return declare


# -- sums of exponentials --------------------------------------------------------------------------------
def _shift(a: Array, m: Array) -> Array:
    """a - m, with infinity - infinity = 0 and, below an infinite m, -infinity."""
    if holds(np.isfinite(m)):
        return a - m
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(m), np.where(a == m, 0.0, -np.inf), a - m).astype(np.result_type(a, m))


_largest = constant(
    lambda x, *, axis: np.max(np.real(x), axis=axis, keepdims=True, initial=-np.inf), name="largest", core=(0,)
)
#: The maximum is a constant: a sum of exponentials does not depend on it.
_shifted = elementwise(_shift, 1, None, name="shifted")


@_mirrors(sc.logsumexp)
def logsumexp(a: Array, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """The logarithm of the sum of exponentials, ``log(sum(b * exp(a)))``.

    Of numbers that are all -infinity the derivative is 1/n for each of the n, and of several that are +infinity
    it is shared among those.

    Args:
        a: an array of any shape.
        axis: an axis, a tuple of axes, or None for all.
        b: factors, which broadcast with ``a``; they may be negative or zero.
        keepdims: whether the reduced axes are left as axes of length 1.
        return_sign: whether (logarithm of the absolute value, sign) is returned.

    Returns:
        An array without the reduced axes, or a pair of them.

    Example:
        >>> import numpy as np
        >>> from fdezero import grad
        >>> grad(logsumexp)(np.array([-np.inf, -np.inf]))
        array([0.5, 0.5])
    """
    a = as_array(a)
    if b is not None:
        a, b = np.broadcast_arrays(a, as_array(b))
    axes = trailing(axis, len(a.shape))
    largest = _largest(a if b is None else np.where(b == 0, -np.inf, a), axis=axes)
    terms = np.exp(_shifted(a, largest))
    total = np.sum(terms if b is None else b * terms, axis=axes, keepdims=True)
    sign = None
    if return_sign:
        sign = np.sign(total)
        total = np.abs(total)
    out = quiet_log(total) + largest
    if not keepdims:
        shape = [n for i, n in enumerate(a.shape) if i - len(a.shape) not in axes]
        out = out.reshape(shape)
        sign = sign if sign is None else sign.reshape(shape)
    return (out, sign) if return_sign else out


@_mirrors(sc.softmax)
def softmax(x: Array, axis: Any = None) -> Array:
    """``exp(x) / sum(exp(x))``, an array of x's shape; ``axis`` as for `logsumexp`.

    Example:
        >>> softmax([0.0, 0.0])
        array([0.5, 0.5])
    """
    x = as_array(x)
    axes = trailing(axis, len(x.shape))
    terms = np.exp(x - _largest(x, axis=axes))
    return terms / np.sum(terms, axis=axes, keepdims=True)


@_mirrors(sc.log_softmax)
def log_softmax(x: Array, axis: Any = None) -> Array:
    """The logarithm of `softmax`, an array of x's shape; ``axis`` as for `logsumexp`.

    Example:
        >>> log_softmax([0.0, 0.0]).round(6)
        array([-0.693147, -0.693147])
    """
    x = as_array(x)
    axes = trailing(axis, len(x.shape))
    largest = _largest(x, axis=axes)
    shifted = x - np.where(np.isfinite(largest), largest, 0)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axes, keepdims=True))


# -- gamma functions -------------------------------------------------------------------------------------
@_mirrors(sc.polygamma)
def polygamma(n: Any, x: Array) -> Array:
    """The n-th derivative of digamma, of the shape to which n and x broadcast.

    Raises:
        TypeError: if n is differentiated.

    Example:
        >>> from fdezero import grad
        >>> bool(grad(polygamma, argnums=1)(0, 1.0) == polygamma(1, 1.0))
        True
    """
    return polygamma_rule(n, x)


@_mirrors(sc.multigammaln)
def multigammaln(a: Array, d: int) -> Array:
    """The logarithm of the multivariate gamma function of dimension d, an array of a's shape.

    Raises:
        ValueError: unless d is a whole number and a > (d - 1) / 2.

    Example:
        >>> bool(multigammaln(3.0, 1) == np.log(2.0))
        True
    """
    if not np.isscalar(d) or np.floor(d) != d:
        raise ValueError("d should be a positive integer (dimension)")
    if not holds(a > 0.5 * (d - 1)):
        raise ValueError(f"condition a ({a}) > 0.5 * (d-1) ({0.5 * (d - 1)}) not met")
    constant_part = d * (d - 1) * 0.25 * float(np.log(np.pi))
    return sum(sc.gammaln(a - 0.5 * j) for j in range(d)) + constant_part


def _only_floating(name: str, exact: bool) -> None:
    if exact:
        raise TypeError(f"{name} with exact=True is integer arithmetic, which has no derivative; write exact=False")


@_mirrors(sc.factorial)
def factorial(n: Array, exact: bool = False, extend: str = "zero") -> Array:
    """Gamma(n + 1), and 0 for n < 0; an array of n's shape.

    Raises:
        TypeError: for ``exact=True`` or ``extend="complex"``.

    Example:
        >>> bool(factorial(3) == 6)
        True
    """
    _only_floating("factorial", exact)
    if extend != "zero":
        raise TypeError("factorial with extend='complex' has no derivative rule; write scipy.special.gamma(n + 1)")
    below = n < 0
    return np.where(below, 0, sc.gamma(np.where(below, 0, n) + 1))


@_mirrors(sc.comb)
def comb(N: Array, k: Array, *, exact: bool = False, repetition: bool = False) -> Array:
    """The number of combinations of N things taken k at a time, 0 unless 0 <= k <= N.

    Raises:
        TypeError: for ``exact=True``.

    Example:
        >>> float(comb(4, 2))
        6.0
    """
    _only_floating("comb", exact)
    N, k = as_array(N), as_array(k)
    if repetition:
        empty = np.equal(k, 0) & (N >= 0)
        return np.where(empty, 1, sc.binom(np.where(empty, 1, N + k - 1), np.where(empty, 1, k)))
    inside = (k <= N) & (N >= 0) & (k >= 0)
    return np.where(inside, sc.binom(np.where(inside, N, 1), np.where(inside, k, 0)), 0)


@_mirrors(sc.perm)
def perm(N: Array, k: Array, exact: bool = False) -> Array:
    """The number of arrangements of k of N things, 0 unless 0 <= k <= N.

    Raises:
        TypeError: for ``exact=True``.

    Example:
        >>> float(perm(4, 2))
        12.0
    """
    _only_floating("perm", exact)
    N, k = as_array(N), as_array(k)
    inside = (k <= N) & (N >= 0) & (k >= 0)
    return np.where(inside, sc.poch(np.where(inside, N - k, 1) + 1, np.where(inside, k, 0)), 0)


# -- spherical Bessel functions ----------------------------------------------------------------------------
def _spherical(kind: str, parity: int | None) -> Callable[..., Any]:
    original = getattr(sc, f"spherical_{kind}")

    @_mirrors(original)
    def spherical(n: Any, z: Array, derivative: bool = False) -> Array:
        f = getattr(sc._ufuncs, f"_spherical_{kind}{'_d' if derivative else ''}")
        if parity is None or is_complex(z):
            return f(n, z)
        sign = (-1.0) ** (np.asarray(n) + parity + derivative)  # DLMF 10.47.14 to 10.47.16
        negative = z < 0
        return np.where(negative, sign, 1.0) * f(n, np.where(negative, -1.0, 1.0) * z)

    spherical.__name__ = spherical.__qualname__ = f"spherical_{kind}"
    spherical.__doc__ = f"`scipy.special.spherical_{kind}`, differentiable in z; of the shape to which n and z broadcast."
    return spherical


spherical_jn = _spherical("jn", 0)
spherical_yn = _spherical("yn", 1)
spherical_in = _spherical("in", 0)
spherical_kn = _spherical("kn", None)


def __getattr__(name: str) -> Any:
    return getattr(sc, name)


def __dir__() -> list[str]:
    return dir(sc)
