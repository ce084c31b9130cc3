"""Linear systems: solve and its kin for matrices of a known structure, and Sylvester's equation.

Each is x = A^-1 b for a matrix A that its arguments describe, so that dx = A^-1 (db - dA x); the
cotangent of b is w = A^-T g, and that of A is -w x^T, of which the structure keeps its part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from ..core.declare import constant, general
from ..core.graph import Array
from ..core.primitives import General
from ._mirror import mirrors, operand, refuse
from ._special_matrices import diagonal_sums, toeplitz_matrix


def conjugate_transpose(x: Array) -> Array:
    return np.conjugate(x.mT) if x.dtype.kind == "c" else x.mT


def _column(b: Array) -> tuple[Array, bool]:
    """``b`` as a matrix, and whether it was a vector."""
    return (b[:, None], True) if len(b.shape) == 1 else (b, False)


# -- dense ---------------------------------------------------------------------------------------------
def _kept(c: Array, kind: str | None, lower: bool, unit: bool) -> Array:
    """The part of a matrix that a structure keeps; it is its own transpose."""
    if kind in ("sym", "symmetric"):
        return (c + c.mT) / 2
    if kind in ("her", "hermitian", "pos", "positive definite"):
        return (c + conjugate_transpose(c)) / 2
    if kind == "diagonal":
        return c * np.eye(c.shape[-1])
    if kind == "tridiagonal":
        n = c.shape[-1]
        return c * (np.tri(n, k=1) - np.tri(n, k=-2))
    if kind in ("lower triangular", "upper triangular"):
        n = c.shape[-1]
        triangle = np.tri(n, k=-1 if unit else 0)
        return c * (triangle if kind.startswith("lower") else triangle.T)
    return c


def _solved(x: Array, y: Array, *, kind: str | None, lower: bool, unit: bool) -> Array:
    def solve_one(a: Array, b: Array) -> Array:
        if (kind or "").endswith("triangular"):
            return scipy.linalg.solve_triangular(a, b, lower=kind == "lower triangular", unit_diagonal=unit)
        return scipy.linalg.solve(a, b, assume_a=kind, lower=lower)

    if x.ndim == 2 and y.ndim == 2:
        return solve_one(x, y)
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    x, y = np.broadcast_to(x, lead + x.shape[-2:]), np.broadcast_to(y, lead + y.shape[-2:])
    out = np.zeros(y.shape, np.result_type(x, y))
    for i in np.ndindex(lead):
        out[i] = solve_one(x[i], y[i])
    return out


def _transposed(x: Array, g: Array, kind: str | None, lower: bool, unit: bool) -> Array:
    """The solution with the transposed matrix."""
    swapped = {"lower triangular": "upper triangular", "upper triangular": "lower triangular"}.get(kind or "", kind)
    return solved(x.mT, g, kind=swapped, lower=not lower, unit=unit)


solved: General = general(
    _solved,
    vjp=[
        lambda g, x, out, *, kind, lower, unit: -_kept(_transposed(x, g, kind, lower, unit) @ out.mT, kind, lower, unit),
        lambda g, x, *, kind, lower, unit: _transposed(x, g, kind, lower, unit),
    ],
    jvp=[
        lambda g, x, out, *, kind, lower, unit: (
            -solved(x, _kept(g, kind, lower, unit) @ out, kind=kind, lower=lower, unit=unit)
        ),
        lambda g, x, *, kind, lower, unit: solved(x, g, kind=kind, lower=lower, unit=unit),
    ],
    name="solve",
    core=(2, 2),
)


def _solve(a: Any, b: Any, kind: str | None, lower: bool = False, unit: bool = False) -> Array:
    a, b = operand(a), operand(b)
    b, is_vector = _column(b)
    x = solved(a, b, kind=kind, lower=lower, unit=unit)
    return x[..., 0] if is_vector else x


@mirrors(scipy.linalg.solve)
def solve(a: Any, b: Any, lower: bool = False, assume_a: str | None = None, transposed: bool = False) -> Any:
    """The x with ``a x = b``, for a of shape (n, n) and b of shape (n,) or (n, k); differentiable.

    Of a symmetric or triangular ``a`` the gradient is symmetric or triangular too.
    """
    a = operand(a)
    if not transposed:
        return _solve(a, b, assume_a, lower)
    swapped = {"lower triangular": "upper triangular", "upper triangular": "lower triangular"}.get(assume_a or "", assume_a)
    return _solve(a.mT, b, swapped, not lower)


@mirrors(scipy.linalg.solve_triangular)
def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False) -> Any:
    """The x with ``a x = b``, for a triangular ``a`` (n, n) and b of shape (n,) or (n, k); differentiable."""
    a = operand(a)
    if trans in (1, "T"):
        a, lower = a.mT, not lower
    elif trans in (2, "C"):
        a, lower = conjugate_transpose(a), not lower
    return _solve(a, b, "lower triangular" if lower else "upper triangular", unit=unit_diagonal)


@mirrors(scipy.linalg.cho_solve)
def cho_solve(c_and_lower: Any, b: Any) -> Any:
    """The x with ``a x = b``, given `cho_factor` of a; differentiable with respect to the factor and b."""
    c, lower = c_and_lower
    c = operand(c)
    if lower:
        return solve_triangular(c, solve_triangular(c, b, lower=True), trans="C", lower=True)
    return solve_triangular(c, solve_triangular(c, b, trans="C"))


def _permutation(piv: Array) -> Array:
    """The matrix that exchanges rows as LAPACK's pivots say."""
    order = np.arange(len(piv))
    for i, j in enumerate(piv):
        order[[i, j]] = order[[j, i]]
    return np.eye(len(piv))[order]


permutation_of = constant(_permutation, name="permutation")


@mirrors(scipy.linalg.lu_solve)
def lu_solve(lu_and_piv: Any, b: Any, trans: int = 0) -> Any:
    """The x with ``a x = b``, given `lu_factor` of a; differentiable with respect to the factors and b."""
    factors, piv = lu_and_piv
    factors, exchange = operand(factors), permutation_of(piv)
    b, is_vector = _column(operand(b))
    if trans == 0:
        x = solve_triangular(factors, solve_triangular(factors, exchange @ b, lower=True, unit_diagonal=True))
    else:
        y = solve_triangular(factors, b, trans=trans)
        x = exchange.mT @ solve_triangular(factors, y, trans=trans, lower=True, unit_diagonal=True)
    return x[..., 0] if is_vector else x


# -- banded --------------------------------------------------------------------------------------------
def _diagonals(n: int, lower: int, upper: int) -> list[tuple[int, slice, slice]]:
    """For each stored diagonal: its row in band form, and the rows and columns of its entries."""
    return [
        (upper - k, slice(max(-k, 0), n - max(k, 0)), slice(max(k, 0), n - max(-k, 0)))
        for k in range(upper, -lower - 1, -1)
    ]


def _padded(x: Array, part: slice, n: int) -> Array:
    """Entries at ``part`` of an axis of length n, and zeros elsewhere; the axis is the first."""
    return np.pad(x, [(part.start, n - part.stop)] + [(0, 0)] * (len(x.shape) - 1))


def _band_product(ab: Array, x: Array, lower: int, upper: int) -> Array:
    """The banded matrix times x (n, k)."""
    n = x.shape[0]
    total = np.zeros_like(x)
    for d, rows, columns in _diagonals(n, lower, upper):
        total = total + _padded(ab[d, columns, None] * x[columns], rows, n)
    return total


def _band_part(w: Array, x: Array, lower: int, upper: int) -> Array:
    """The band of w x^T, in band form."""
    n = x.shape[0]
    return np.stack(
        [_padded(np.sum(w[rows] * x[columns], axis=-1), columns, n) for _, rows, columns in _diagonals(n, lower, upper)]
    )


def _band_transposed(ab: Array, lower: int, upper: int) -> Array:
    n = ab.shape[1]
    rows = [_padded(ab[d, columns], rows, n) for d, rows, columns in _diagonals(n, lower, upper)]
    return np.stack(rows[::-1])


banded: General = general(
    lambda x, y, *, lower, upper: scipy.linalg.solve_banded((lower, upper), x, y),
    vjp=[
        lambda g, x, out, *, lower, upper: -_band_part(
            banded(_band_transposed(x, lower, upper), g, lower=upper, upper=lower), out, lower, upper
        ),
        lambda g, x, *, lower, upper: banded(_band_transposed(x, lower, upper), g, lower=upper, upper=lower),
    ],
    jvp=[
        lambda g, x, out, *, lower, upper: -banded(x, _band_product(g, out, lower, upper), lower=lower, upper=upper),
        lambda g, x, *, lower, upper: banded(x, g, lower=lower, upper=upper),
    ],
    name="solve_banded",
)


@mirrors(scipy.linalg.solve_banded)
def solve_banded(l_and_u: Any, ab: Any, b: Any) -> Any:
    """The x with ``a x = b`` for a banded a, in diagonal form ``ab`` (l + u + 1, n), b (n,) or (n, k); differentiable."""
    ab = operand(ab)
    b, is_vector = _column(operand(b))
    x = banded(ab, b, lower=l_and_u[0], upper=l_and_u[1])
    return x[:, 0] if is_vector else x


# -- Toeplitz ------------------------------------------------------------------------------------------
def _levinson(x: Array, y: Array) -> Array:
    n = y.shape[0]
    return scipy.linalg.solve_toeplitz((x[n - 1 :], x[n - 1 :: -1]), y)


#: The diagonals of a Toeplitz matrix, from the upper right corner to the lower left one, and the right-hand side.
_toeplitz_solved: General = general(
    _levinson,
    vjp=[
        lambda g, x, out: -diagonal_sums(_toeplitz_solved(np.flip(x), g) @ out.mT),
        lambda g, x: _toeplitz_solved(np.flip(x), g),
    ],
    jvp=[
        lambda g, x, out: -_toeplitz_solved(x, toeplitz_matrix(g) @ out),
        lambda g, x: _toeplitz_solved(x, g),
    ],
    name="solve_toeplitz",
)


@mirrors(scipy.linalg.solve_toeplitz)
def solve_toeplitz(c_or_cr: Any, b: Any) -> Any:
    """The x with ``T x = b`` for the Toeplitz matrix T of a first column (and row), b (n,) or (n, k); differentiable."""
    c, r = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    c = operand(c).reshape(-1)
    r = np.conjugate(c) if r is None else operand(r).reshape(-1)
    b, is_vector = _column(operand(b))
    if len(b.shape) != 2:
        raise refuse("scipy.linalg.solve_toeplitz", f"a right-hand side of shape {b.shape}", "reshape it to (n, k)")
    x = _toeplitz_solved(np.concatenate([np.flip(r[1:]), c]), b)
    return x[:, 0] if is_vector else x


# -- Sylvester -----------------------------------------------------------------------------------------
def _sylvester(x: Array, y: Array, z: Array) -> Array:
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2], z.shape[:-2])
    if not lead:
        return scipy.linalg.solve_sylvester(x, y, z)
    x, y, z = (np.broadcast_to(m, lead + m.shape[-2:]) for m in (x, y, z))
    out = np.zeros(z.shape, np.result_type(x, y, z))
    for i in np.ndindex(lead):
        out[i] = scipy.linalg.solve_sylvester(x[i], y[i], z[i])
    return out


sylvester: General = general(
    _sylvester,
    vjp=[
        lambda g, x, y, out: -sylvester(x.mT, y.mT, g) @ out.mT,
        lambda g, x, y, out: -out.mT @ sylvester(x.mT, y.mT, g),
        lambda g, x, y: sylvester(x.mT, y.mT, g),
    ],
    jvp=[
        lambda g, x, y, out: -sylvester(x, y, g @ out),
        lambda g, x, y, out: -sylvester(x, y, out @ g),
        lambda g, x, y: sylvester(x, y, g),
    ],
    name="solve_sylvester",
    core=(2, 2, 2),
)


@mirrors(scipy.linalg.solve_sylvester)
def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """The X with ``a X + X b = q``, for a (m, m), b (n, n) and q (m, n); differentiable."""
    return sylvester(operand(a), operand(b), operand(q))


@mirrors(scipy.linalg.solve_continuous_lyapunov)
def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """The X with ``a X + X a^H = q``, all (n, n); differentiable."""
    a = operand(a)
    return sylvester(a, conjugate_transpose(a), operand(q))
