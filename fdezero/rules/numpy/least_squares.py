"""Matrices that need not be square or of full rank: pinv, lstsq, matrix_rank.

The derivative of the pseudoinverse is that of Golub and Pereyra, *The differentiation of pseudo-inverses
and nonlinear least squares problems whose variables separate* (1973).  It holds while the rank is
constant; at a matrix of deficient rank it is the derivative along matrices of the same rank, for along
others the pseudoinverse is not even continuous.

A singular value below ``rcond`` times the largest counts as zero.  Where one that is dropped is not itself
a rounding, the matrix is replaced by what is left of it, whose derivative is exact too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import constant, general, implements
from ...core.graph import Array
from ...core.operands import describe
from ...core.primitives import General
from .eigen import of_eigenvalues
from .helpers import as_operand
from .matrices import EQUAL, adjoint, conjugate, hermitian
from .products import column
from .svd import singular_values, thin


# -- pinv ----------------------------------------------------------------------------------------------
def _without(x: Array, inverse: Array) -> Array:
    """I - x x^+, the projection on what is orthogonal to the columns of x."""
    return np.eye(x.shape[-2], dtype=x.dtype) - x @ inverse


def _pinv_jvp(g: Array, x: Array, out: Array, *, rcond: Any, symmetric: bool) -> Array:
    if symmetric:
        g, x = hermitian(g), hermitian(x)
    change, turned = -(out @ g @ out), adjoint(g)
    change = change + (out @ adjoint(out)) @ (turned @ _without(x, out))
    return change + (_without(out, x) @ turned) @ (adjoint(out) @ out)


def _pinv_vjp(g: Array, x: Array, out: Array, *, rcond: Any, symmetric: bool) -> Array:
    """Not left to the transpose of the above, which takes 1.24 times as long (for a hundred matrices of 20 x 20)."""
    x = hermitian(x) if symmetric else x
    c, dual = conjugate(g), adjoint(out)
    total = _without(x, out) @ (adjoint(c) @ out) @ dual - dual @ c @ dual
    total = total + dual @ (out @ adjoint(c)) @ _without(out, x)
    return conjugate(hermitian(total) if symmetric else total)


pinv_: General = general(
    lambda x, *, rcond, symmetric: np.linalg.pinv(x, rcond=rcond, hermitian=symmetric),
    vjp=[_pinv_vjp],
    jvp=[_pinv_jvp],
    name="pinv",
    core=(2,),
)


@implements(np.linalg.pinv)
def pinv(a: Array, rcond: Any = None, hermitian: bool = False, *, rtol: Any = np._NoValue) -> Array:
    """At a matrix of deficient rank the derivative is that along matrices of the same rank."""
    if rcond is not None and rtol is not np._NoValue:
        raise ValueError("`rtol` and `rcond` can't be both set.")
    if rcond is None:
        rcond = 1e-15 if rtol is np._NoValue else rtol
    if rcond is None:
        rcond = max(a.shape[-2:]) * np.finfo(a.dtype).eps
    return pinv_(_what_is_left(a, rcond), rcond=rcond, symmetric=bool(hermitian))


def _what_is_left(x: Array, rcond: Any) -> Array:
    """``x`` without the singular values that are dropped, if any of those is more than a rounding."""
    rounding = EQUAL * max(x.shape[-2:]) * np.finfo(x.dtype).eps
    if not (x.shape[-1] and x.shape[-2]) or np.all(np.asarray(rcond) <= rounding):
        return x
    u, s, vh = thin(x)
    largest = np.max(s, axis=-1, keepdims=True, initial=0)
    dropped = s <= np.asarray(rcond)[..., None] * largest
    if not np.any(raw(dropped & (s > rounding * largest))):
        return x
    kept = 1 - dropped.astype(s.dtype)
    if x.shape[-2] >= x.shape[-1]:
        return x @ of_eigenvalues(adjoint(x) @ x, kept, s * s, adjoint(vh), steady=True)
    return of_eigenvalues(x @ adjoint(x), kept, s * s, u, steady=True) @ x


# -- lstsq ---------------------------------------------------------------------------------------------
def _least_squares(x: Array, y: Array, *, rcond: float) -> Array:
    if len(x.shape) == 2 == len(y.shape):
        return np.linalg.lstsq(x, y, rcond=rcond)[0]
    return np.linalg.pinv(x, rcond=rcond) @ y


def _jvp_of_matrix(g: Array, x: Array, y: Array, out: Array, *, rcond: float) -> Array:
    inverse = pinv_(x, rcond=rcond, symmetric=False)
    turned = adjoint(g)
    change = inverse @ (adjoint(inverse) @ (turned @ (y - x @ out)) - g @ out)
    beyond = turned @ (adjoint(inverse) @ out)
    return change + beyond - inverse @ (x @ beyond)


lstsq_: General = general(
    _least_squares,
    jvp=[_jvp_of_matrix, lambda g, x, *, rcond: pinv_(x, rcond=rcond, symmetric=False) @ g],
    name="lstsq",
    core=(2, 2),
)


@implements(np.linalg.lstsq)
def lstsq(a: Array, b: Array, rcond: Any = None) -> tuple[Array, Array, Any, Array]:
    """The solution, the sums of squared residuals, the rank and the singular values, the rank without a derivative.

    At a matrix of deficient rank the derivative is that along matrices of the same rank.
    """
    a, b = as_operand(a), as_operand(b)
    if len(a.shape) != 2 or len(b.shape) not in (1, 2):
        raise np.linalg.LinAlgError(f"lstsq takes a matrix and a vector or matrix; got {describe(a)} and {describe(b)}")
    m, n = a.shape
    limit = np.finfo(np.result_type(a.dtype, b.dtype, np.float32)).eps * max(m, n) if rcond is None else float(rcond)
    s = singular_values(a)
    rank = np.sum(s > max(limit, 0) * np.max(s, initial=0))
    a = _what_is_left(a, limit)
    columns = column(b) if len(b.shape) == 1 else b
    x = lstsq_(a, columns, rcond=limit)
    residuals = columns - a @ x if m > n and _is_full(rank, n) else np.zeros_like(x, shape=(1, 0))
    lengths = np.sum(np.square(residuals.real) + np.square(residuals.imag), axis=0)
    return x[:, 0] if len(b.shape) == 1 else x, lengths, rank, s


def _is_full(rank: Any, n: int) -> bool:
    """True where the rank is full, in which case NumPy returns the residuals.

    Raises:
        ValueError: when it is for some of a batch only, whose results would have different shapes.
    """
    full = np.asarray(raw(rank) == n)
    if full.any() != full.all():
        raise ValueError("lstsq of a batch in which some matrices are of full rank and some not: call it for each alone")
    return bool(full.all())


# -- matrix_rank ---------------------------------------------------------------------------------------
rank_ = constant(
    lambda x, *, tol, symmetric, rtol: np.linalg.matrix_rank(x, tol=tol, hermitian=symmetric, rtol=rtol),
    name="matrix_rank",
    core=(2,),
)


@implements(np.linalg.matrix_rank)
def matrix_rank(A: Array, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Piecewise constant, and so without a derivative."""
    if len(A.shape) < 2:
        return np.any(A != 0).astype(int)
    return rank_(A, tol=tol, symmetric=bool(hermitian), rtol=rtol)
