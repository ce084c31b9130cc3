"""Polynomials by their coefficients: polyval, polyfit, roots, vander and their kin.

Composites, but for the roots, whose derivative is that of an implicit function, and for the least squares problem
of polyfit, whose derivative is Golub and Pereyra's (*The differentiation of pseudo-inverses and nonlinear least
squares problems whose variables separate*, 1973).
"""

from __future__ import annotations

import warnings
from typing import Any, NoReturn

import numpy as np

from ...core.boxes import raw
from ...core.declare import general, implements
from ...core.graph import Array
from ...core.primitives import General
from .helpers import as_operand


def _coefficients(p: Any) -> Array:
    if isinstance(p, np.poly1d):
        p = p.coeffs
    return np.atleast_1d(as_operand(p))


def _vanishes(entries: Any) -> Any:
    """Which of the last axis are 0 in every example of a batch: a batch of polynomials has one length."""
    zero = raw(entries) == 0
    return np.all(zero, axis=tuple(range(zero.ndim - 1)))


def _without_leading_zeros(p: Array) -> Array:
    """What np.poly1d keeps: at least the last, or a 0."""
    if not p.shape[0]:
        return np.zeros_like(p, shape=1)
    used = np.flatnonzero(~_vanishes(p))
    return p[int(used[0]) if len(used) else p.shape[0] - 1 :]


# -- arithmetic ----------------------------------------------------------------------------------------
@implements(np.polyval)
def polyval(p: Any, x: Any) -> Array:
    """By Horner's rule."""
    p, x = _coefficients(p), as_operand(x)
    y = np.zeros_like(x)
    for k in range(p.shape[0]):
        y = y * x + p[k]
    return y


def _aligned(a: Any, b: Any) -> tuple[Array, Array]:
    """Two polynomials of one length, with zeros in front of the shorter."""
    a, b = _coefficients(a), _coefficients(b)
    n = max(a.shape[0], b.shape[0])
    first, second = (x if x.shape[0] == n else np.concatenate([np.zeros(n - x.shape[0], x.dtype), x]) for x in (a, b))
    return first, second


@implements(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Array:
    a, b = _aligned(a1, a2)
    return a + b


@implements(np.polysub)
def polysub(a1: Any, a2: Any) -> Array:
    a, b = _aligned(a1, a2)
    return a - b


@implements(np.polymul)
def polymul(a1: Any, a2: Any) -> Array:
    return np.convolve(_without_leading_zeros(_coefficients(a1)), _without_leading_zeros(_coefficients(a2)))


@implements(np.polydiv)
def polydiv(u: Any, v: Any) -> tuple[Array, Array]:
    u, v = _coefficients(u) + 0.0, _coefficients(v) + 0.0
    m, n = u.shape[0] - 1, v.shape[0] - 1
    dtype = np.result_type(u.dtype, v.dtype)
    scale = 1.0 / v[0]
    rest = u if u.dtype == dtype else u.astype(dtype)
    quotient = []
    for k in range(m - n + 1):
        d = scale * rest[k]
        quotient.append(d)
        rest = np.concatenate([rest[:k], rest[k : k + n + 1] - d * v, rest[k + n + 1 :]])
    q = np.stack(quotient) if quotient else np.zeros(1, dtype)
    small = np.isclose(raw(rest), 0, rtol=1e-14)
    kept = np.flatnonzero(~np.all(small, axis=tuple(range(small.ndim - 1))))
    return q, rest[int(kept[0]) if len(kept) else m :]


@implements(np.polyder)
def polyder(p: Any, m: int = 1) -> Array:
    order = int(m)
    if order < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    p = as_operand(p)
    for _ in range(order):
        p = p[:-1] * np.arange(p.shape[0] - 1, 0, -1)
    return p


@implements(np.polyint)
def polyint(p: Any, m: int = 1, k: Any = None) -> Array:
    order = int(m)
    if order < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    p = as_operand(p)
    constants = np.zeros(order) if k is None else np.atleast_1d(as_operand(k))
    if constants.shape[0] == 1 and order > 1:
        constants = np.broadcast_to(constants, (order,))
    if constants.shape[0] < order:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    for i in range(order):
        p = np.concatenate([p / np.arange(p.shape[0], 0, -1), constants[i : i + 1]])
    return p


@implements(np.vander)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Array:  # NumPy's name
    x = as_operand(x)
    dtype = np.promote_types(x.dtype, int)  # float64 for float32, as in NumPy
    x = x if x.dtype == dtype else x.astype(dtype)
    if len(x.shape) != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    count = x.shape[0] if N is None else int(N)
    powers = [np.ones_like(x)]
    for _ in range(count - 1):
        powers.append(powers[-1] * x)
    powers = powers[:count]
    if not powers:
        return np.zeros((x.shape[0], 0), x.dtype)
    return np.stack(powers if increasing else powers[::-1], axis=1)


# -- roots ---------------------------------------------------------------------------------------------
def _slope_of_roots(g: Array, x: Array, out: Array) -> Array:
    """p(z) = 0, so p'(z) dz + dp(z) = 0: infinite, or NaN, for a root that is there twice."""
    return -np.polyval(g, out) / np.polyval(np.polyder(x), out)


roots_: General = general(lambda x: np.roots(x), jvp=[_slope_of_roots], name="roots")


@implements(np.roots)
def roots(p: Any) -> Array:
    p = _coefficients(p)
    if len(p.shape) != 1:
        raise ValueError("Input must be a rank-1 array.")
    return roots_(p)


@implements(np.poly)
def poly(seq_of_zeros: Any) -> Array:
    z = np.atleast_1d(as_operand(seq_of_zeros))
    if len(z.shape) != 1:
        raise TypeError(
            "numpy.poly has no derivative rule for a matrix; write np.poly(w) of its eigenvalues w, np.linalg.eigvalsh(x) "
            "where it is symmetric"
        )
    p = np.ones_like(z, shape=(1,))
    nothing = np.zeros_like(z, shape=(1,))
    for k in range(z.shape[0]):
        p = np.concatenate([p, nothing]) - np.concatenate([nothing, p * z[k]])
    if p.dtype.kind == "c" and np.all(np.sort(raw(z)) == np.sort(np.conjugate(raw(z)))):
        return p.real  # the zeros are in conjugate pairs
    return p


# -- least squares -------------------------------------------------------------------------------------
def _conj_t(x: Array) -> Array:
    return np.conjugate(x.mT) if x.dtype.kind == "c" else x.mT


def _conj(x: Array) -> Array:
    return np.conjugate(x) if x.dtype.kind == "c" else x


def _least_squares(x: Array, y: Array, *, rcond: float) -> Array:
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    if not lead:
        return np.linalg.lstsq(x, y, rcond)[0]
    x, y = np.broadcast_to(x, lead + x.shape[-2:]), np.broadcast_to(y, lead + y.shape[-2:])
    rows = [np.linalg.lstsq(x[i], y[i], rcond)[0] for i in np.ndindex(lead)]
    return np.reshape(rows, (*lead, x.shape[-1], y.shape[-1]))


def _least_squares_jvp(g: Array, x: Array, y: Array, out: Array, *, rcond: float) -> Array:
    """How c = P b moves with A, where P is the pseudoinverse of A.

    It is -P dA c; and P P^H dA^H (b - A c), where A has more rows than columns; and (1 - P A) dA^H P^H c, where it
    has more columns than rows.
    """
    m, n = x.shape[-2:]
    moved = -least_squares(x, g @ out, rcond=rcond)
    if m > n:
        back = least_squares(_conj_t(x), _conj_t(g) @ (y - x @ out), rcond=rcond)
        moved = moved + least_squares(x, back, rcond=rcond)
    elif m < n:
        free = _conj_t(g) @ least_squares(_conj_t(x), out, rcond=rcond)
        moved = moved + free - least_squares(x, x @ free, rcond=rcond)
    return moved


def _least_squares_vjp(g: Array, x: Array, y: Array, out: Array, *, rcond: float) -> Array:
    """The transposes of these three terms."""
    m, n = x.shape[-2:]
    back = least_squares(x.mT, g, rcond=rcond)
    c = -back @ out.mT
    if m > n:
        c = c + _conj(y - x @ out) @ least_squares(x, _conj(back), rcond=rcond).mT
    elif m < n:
        c = c + _conj(least_squares(_conj_t(x), out, rcond=rcond) @ (g - x.mT @ back).mT)
    return c


#: ``x c = y`` for matrices, as well as it can be, and with the smallest c; x has its full rank.
least_squares: General = general(
    _least_squares,
    jvp=[_least_squares_jvp, lambda g, x, *, rcond: least_squares(x, g, rcond=rcond)],
    vjp=[_least_squares_vjp, lambda g, x, *, rcond: least_squares(x.mT, g, rcond=rcond)],
    name="least_squares",
    core=(2, 2),
)


@implements(np.polyfit)
def polyfit(
    x: Any, y: Any, deg: int, rcond: float | None = None, full: bool = False, w: Any = None, cov: bool | str = False
) -> Any:
    if full:
        _refuse_full()
    order = int(deg) + 1
    if order < 1:
        raise ValueError("expected deg >= 0")
    x, y, w = (None if v is None else as_operand(v) + 0.0 for v in (x, y, w))
    _check_data(x, y, w)
    matrix, values = np.vander(x, order), y if len(y.shape) == 2 else y[:, None]
    if w is not None:
        matrix, values = matrix * w[:, None], values * w[:, None]
    scale = np.sqrt(np.sum(matrix * matrix, axis=0))
    matrix = matrix / scale
    limit = x.shape[0] * float(np.finfo(x.dtype).eps) if rcond is None else rcond
    if np.any(np.linalg.matrix_rank(raw(matrix), rtol=limit) != order):
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=2)
    scaled = least_squares(matrix, values, rcond=limit)
    c = scaled / scale[:, None]
    if not cov:
        return c if len(y.shape) == 2 else c[:, 0]
    spread = (np.linalg.inv(np.dot(matrix.T, matrix)) / np.outer(scale, scale))[:, :, None]
    if cov != "unscaled":
        if x.shape[0] <= order:
            raise ValueError("the number of data points must exceed order to scale the covariance matrix")
        rest = np.absolute(values - matrix @ scaled)
        spread = spread * (np.sum(rest * rest, axis=0) / (x.shape[0] - order))
    return (c, spread) if len(y.shape) == 2 else (c[:, 0], spread[:, :, 0])


def _check_data(x: Array, y: Array, w: Array | None) -> None:
    if len(x.shape) != 1:
        raise TypeError("expected 1D vector for x")
    if not x.shape[0]:
        raise TypeError("expected non-empty vector for x")
    if len(y.shape) not in (1, 2):
        raise TypeError("expected 1D or 2D array for y")
    if x.shape[0] != y.shape[0]:
        raise TypeError("expected x and y to have same length")
    if w is not None and w.shape != x.shape:
        raise TypeError(f"expected a 1-d array for weights, of the length of y; got one of shape {w.shape}")


def _refuse_full() -> NoReturn:
    raise TypeError(
        "numpy.polyfit has no derivative rule for the argument full=True, which asks for the rank and singular values; "
        "write np.polyfit(x, y, deg), and (np.polyval(c, x) - y)**2 for the residuals"
    )
