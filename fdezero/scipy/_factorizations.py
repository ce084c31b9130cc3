"""Factorizations: LU, Cholesky, QR, SVD, polar, and the (generalised) symmetric eigenproblem.

The derivatives are those of Giles, *An extended collection of matrix derivative results* (2008), for the
eigenproblem; for A = L U, dL = L tril(F, -1) and dU = triu(F) U with F = L^-1 dA U^-1; for the polar
decomposition A = U P, U^H dU = W solves P W + W P = U^H dA - dA^H U.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from ..core.declare import constant, general
from ..core.graph import Array
from ._mirror import mirrors, operand, refuse
from ._solvers import conjugate_transpose, solved, sylvester


# -- LU ------------------------------------------------------------------------------------------------
def _triangles(x: Array) -> tuple[Array, Array]:
    """The strict lower and the upper triangle."""
    below = np.tri(x.shape[-1], k=-1)
    return x * below, x * (1 - below)


def _lower_solve(a: Array, b: Array) -> Array:
    """a^-1 b for a unit lower triangular a."""
    return solved(a, b, kind="lower triangular", lower=True, unit=True)


def _upper_solve_right(b: Array, a: Array) -> Array:
    """b a^-1 for an upper triangular a."""
    return solved(a.mT, b.mT, kind="lower triangular", lower=True, unit=False).mT


def _lu_jvp(g: Array, out: Any) -> tuple[Array, Array, Array]:
    p, lower, upper = out
    below, above = _triangles(_upper_solve_right(_lower_solve(lower, p.mT @ g), upper))
    return np.zeros_like(p), lower @ below, above @ upper


_lu = general(lambda x: tuple(scipy.linalg.lu(x)), jvp=[_lu_jvp], name="lu")

_order = constant(lambda p: np.argmax(p, axis=-1).astype(np.int32), name="permutation_order")


def _lu_of(a: Array) -> tuple[Array, Array, Array]:
    """P, L and U with ``a = P @ L @ U``; of a matrix that is not square, from its square part."""
    m, n = a.shape[-2:]
    if m == n:
        return _lu(a)  # type: ignore[no-any-return]  # to mypy what comes back is Any
    if m < n:
        p, lower, upper = _lu(a[:, :m])
        return p, lower, np.concatenate([upper, _lower_solve(lower, p.mT @ a[:, m:])], axis=-1)
    p = _row_permutation(a)
    rows = p.mT @ a
    _, lower, upper = _lu(rows[:n])
    return p, np.concatenate([lower, _upper_solve_right(rows[n:], upper)]), upper


_row_permutation = constant(lambda a: scipy.linalg.lu(a)[0], name="row_permutation")


@mirrors(scipy.linalg.lu)
def lu(a: Any, permute_l: bool = False, p_indices: bool = False) -> Any:
    """``P, L, U`` with ``a = P @ L @ U``; L and U are differentiable, where pivots have no ties, and P is constant."""
    p, lower, upper = _lu_of(operand(a))
    if permute_l:
        return p @ lower, upper
    return (_order(p) if p_indices else p), lower, upper


_pivots = constant(lambda a: scipy.linalg.lu_factor(a)[1], name="pivots")


@mirrors(scipy.linalg.lu_factor)
def lu_factor(a: Any) -> Any:
    """``(lu, piv)`` of ``a`` (n, n), as `lu_solve` takes it; lu is differentiable and piv constant."""
    a = operand(a)
    if a.shape[-1] != a.shape[-2]:
        raise refuse("scipy.linalg.lu_factor", f"a matrix of shape {a.shape}, which is not square", "write lu(a)")
    _, lower, upper = _lu(a)
    return _triangles(lower)[0] + upper, _pivots(a)


# -- Cholesky ------------------------------------------------------------------------------------------
@mirrors(scipy.linalg.cholesky)
def cholesky(a: Any, lower: bool = False) -> Any:
    """The Cholesky factor of ``a`` (n, n); differentiable, with a symmetric gradient."""
    a = operand(a)
    return np.linalg.cholesky(a) if lower else conjugate_transpose(np.linalg.cholesky(conjugate_transpose(a)))


@mirrors(scipy.linalg.cho_factor)
def cho_factor(a: Any, lower: bool = False) -> Any:
    """``(c, lower)``, as `cho_solve` takes it; c is differentiable.  Its other triangle is 0."""
    return cholesky(a, lower=lower), lower


# -- QR and SVD ----------------------------------------------------------------------------------------
@mirrors(scipy.linalg.qr)
def qr(a: Any, mode: str = "full") -> Any:
    """``(Q, R)`` with ``a = Q @ R``; differentiable for ``mode="economic"``, and ``"full"`` of a wide matrix."""
    a = operand(a)
    m, n = a.shape[-2:]
    if mode == "r":
        r = np.linalg.qr(a, mode="r")
        return (np.pad(r, [(0, max(m - n, 0)), (0, 0)]),)
    if mode == "economic" or (mode == "full" and m <= n):
        return tuple(np.linalg.qr(a))
    raise refuse("scipy.linalg.qr", f"mode={mode!r} of a matrix of shape {a.shape}", 'write mode="economic"')


@mirrors(scipy.linalg.svd)
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, lapack_driver: str = "gesdd") -> Any:
    """``U, s, Vh`` of ``a`` (m, n), or s alone; differentiable where `numpy.linalg.svd` is."""
    a = operand(a)
    if not compute_uv:
        return np.linalg.svd(a, compute_uv=False)
    return tuple(np.linalg.svd(a, full_matrices=full_matrices))


@mirrors(scipy.linalg.svdvals)
def svdvals(a: Any) -> Any:
    """The singular values of ``a`` (m, n), differentiable."""
    return np.linalg.svd(operand(a), compute_uv=False)


# -- polar ---------------------------------------------------------------------------------------------
def _polar_jvp(g: Array, out: Any) -> tuple[Array, Array]:
    u, p = out
    turned = conjugate_transpose(u) @ g
    w = sylvester(p, p, turned - conjugate_transpose(turned))
    d_u = u @ w
    if u.shape[-1] != u.shape[-2]:
        outside = g - u @ turned
        d_u = d_u + solved(p.mT, outside.mT, kind="gen", lower=False, unit=False).mT
    return d_u, turned - w @ p


_polar = general(lambda x: tuple(scipy.linalg.polar(x)), jvp=[_polar_jvp], name="polar")


@mirrors(scipy.linalg.polar)
def polar(a: Any, side: str = "right") -> Any:
    """``U, P`` with ``a = U @ P`` (``P @ U`` for ``side="left"``); differentiable where a has full rank.

    ``a`` has shape (m, n) with m >= n, for ``side="left"`` m <= n.
    """
    if side not in ("right", "left"):
        raise ValueError("`side` must be either 'right' or 'left'")
    a = operand(a)
    m, n = a.shape
    if (m < n) if side == "right" else (m > n):
        raise refuse("scipy.linalg.polar", f"side={side!r} of a matrix of shape {a.shape}", "use the other side")
    if side == "right":
        return _polar(a)
    u, p = _polar(conjugate_transpose(a))
    return conjugate_transpose(u), p


# -- the symmetric eigenproblem ------------------------------------------------------------------------
def _diagonal(x: Array) -> Array:
    return np.diagonal(x, axis1=-2, axis2=-1)


def _hermitian(x: Array) -> Array:
    return (x + conjugate_transpose(x)) / 2


def _slopes(w: Array) -> Array:
    """1 / (w_j - w_i) off the diagonal, where equal eigenvalues give NaN, and 0 on it."""
    eye = np.eye(w.shape[-1])
    gaps = w[..., None, :] - w[..., None] + eye
    return np.where(gaps == 0, np.nan, 1 / np.where(gaps == 0, 1, gaps)) * (1 - eye)


def _eigh_jvp(g: Array, out: Any) -> tuple[Array, Array]:
    w, v = out
    turned = conjugate_transpose(v) @ _hermitian(g) @ v
    return np.real(_diagonal(turned)), v @ (turned * _slopes(w))


def _eigh_jvp_b(g: Array, out: Any) -> tuple[Array, Array]:
    w, v = out
    turned = conjugate_transpose(v) @ _hermitian(g) @ v
    scaled = turned * w[..., None, :]
    return -np.real(_diagonal(scaled)), -(v @ (scaled * _slopes(w) + turned * np.eye(w.shape[-1]) / 2))


_eigh = general(
    lambda x, *, lower, driver: tuple(scipy.linalg.eigh(x, lower=lower, driver=driver)), jvp=[_eigh_jvp], name="eigh"
)
_eigh_generalised = general(
    lambda x, y, *, lower, driver: tuple(scipy.linalg.eigh(x, y, lower=lower, driver=driver)),
    jvp=[_eigh_jvp, _eigh_jvp_b],
    name="eigh",
)


@mirrors(scipy.linalg.eigh)
def eigh(a: Any, b: Any = None, lower: bool = True, eigvals_only: bool = False, driver: str | None = None) -> Any:
    """The eigenvalues w and vectors v of a symmetric ``a`` (n, n), or of the pair ``a v = w b v``; differentiable.

    The gradient is symmetric; that of vectors of repeated eigenvalues is NaN.
    """
    a = operand(a)
    if b is None:
        w, v = _eigh(a, lower=lower, driver=driver)
    else:
        w, v = _eigh_generalised(a, operand(b), lower=lower, driver=driver)
    return w if eigvals_only else (w, v)


@mirrors(scipy.linalg.eigvalsh)
def eigvalsh(a: Any, b: Any = None, lower: bool = True, driver: str | None = None) -> Any:
    """The eigenvalues of a symmetric ``a`` (n, n), or of the pair ``a v = w b v``; differentiable."""
    return eigh(a, b, lower=lower, eigvals_only=True, driver=driver)
