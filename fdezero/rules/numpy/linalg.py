"""Linear algebra: solve, inv, det, slogdet, cholesky, and norms.

Every function acts on the last two axes and broadcasts over the rest.  The derivatives are those of
Giles, *An extended collection of matrix derivative results for forward and reverse mode algorithmic
differentiation* (2008), and Murray, *Differentiation of the Cholesky decomposition* (2016), for `cholesky`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import general, implements
from ...core.graph import Array
from ...core.primitives import General
from ...core.zeros import strong_zero
from .helpers import as_operand, count, trailing
from .matrices import adjoint as _h
from .matrices import conjugate as _conj
from .matrices import hermitian as _hermitian
from .matrices import named_like
from .matrices import transpose as t
from .products import column
from .reductions import length_over
from .svd import nonzero_values, svdvals

# Each states its vjp beside its jvp, for a whole gradient that is transposed from the jvp takes longer: of matrices of
# 30 and of 200 rows, solve 1.9 and 1.8 times as long, inv 1.8 and 1.4, det 1.5 and 2.7, slogdet 1.8 and 1.2, cholesky
# 2.2 and 3.1, eigh 3.7 and 1.6, svd 4.3 and 2.0.

# -- solve, inv --------------------------------------------------------------------------------------
#: Up to this size a matrix is not halved.
_SMALL = 64


def _solve(x: Array, y: Array) -> Array:
    """``np.linalg.solve(x, y)``; by halves where a block beside the diagonal is zero, as of a triangular matrix.

    NumPy has no solver for those.  One right-hand side takes half of the time with 200 rows, a quarter with 400.
    """
    k = x.shape[-1] // 2
    if 2 * k <= _SMALL or not x.shape[-2] == x.shape[-1] == y.shape[-2]:
        return np.linalg.solve(x, y)
    x_12, x_21 = x[..., :k, k:], x[..., k:, :k]
    y_1, y_2 = y[..., :k, :], y[..., k:, :]
    if not (x_12[..., 0, -1].any() or x_12.any()):  # the corner alone is looked at first
        out_1 = _solve(x[..., :k, :k], y_1)
        out_2 = _solve(x[..., k:, k:], y_2 - x_21 @ out_1)
    elif not (x_21[..., -1, 0].any() or x_21.any()):
        out_2 = _solve(x[..., k:, k:], y_2)
        out_1 = _solve(x[..., :k, :k], y_1 - x_12 @ out_2)
    else:
        return np.linalg.solve(x, y)
    return np.concatenate([out_1, out_2], axis=-2)


def _solve_vjp(g: Array, x: Array, out: Array, likes: Any) -> list[Any]:
    of_y = solve_mm(t(x), g)
    return [None if likes[0] is None else -of_y @ t(out), None if likes[1] is None else of_y]


solve_mm: General = general(
    _solve,
    vjp=_solve_vjp,
    jvp=[lambda g, x, out: -solve_mm(x, g @ out), lambda g, x: solve_mm(x, g)],
    name="solve",
    core=(2, 2),
)


@implements(np.linalg.solve)
def solve(a: Array, b: Array) -> Array:
    a, b = as_operand(a), as_operand(b)
    return solve_mm(a, column(b))[..., 0] if len(b.shape) == 1 else solve_mm(a, b)


_INVERSE_VJP = [lambda g, out: -(t(out) @ g @ t(out))]
_INVERSE_JVP = [lambda g, out: -(out @ g @ out)]
inv = general(lambda x: np.linalg.inv(x), vjp=_INVERSE_VJP, jvp=_INVERSE_JVP, name="inv", core=(2,))
implements(np.linalg.inv)(lambda a: inv(a))


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Array, b: Array, axes: Any = None) -> Array:
    a, b = as_operand(a), as_operand(b)
    if axes is not None:
        a = np.moveaxis(a, axes, range(-len(axes), 0))
    shape = a.shape[len(b.shape) :]
    if math.prod(shape) != b.size or a.shape[: len(b.shape)] != b.shape:
        raise np.linalg.LinAlgError(
            f"tensorsolve: a square matrix is made of an array of shape {a.shape} only where its first axes are those of b, "
            f"{b.shape}, and the product of the others is {b.size}"
        )
    return np.linalg.solve(a.reshape(b.size, b.size), b.reshape(-1)).reshape(shape)


@implements(np.linalg.tensorinv)
def tensorinv(a: Array, ind: int = 2) -> Array:
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    rows, columns = a.shape[:ind], a.shape[ind:]
    return inv(a.reshape(math.prod(rows), -1)).reshape(columns + rows)


# -- determinants ------------------------------------------------------------------------------------
#: Beyond this condition number det * inv has lost the digits of the adjugate.
_WORST_CONDITION = 1e8


def _cofactors(x: Array, det: Array) -> Array:
    """The transposed adjugate: d det / dx.  It is det * inv^T, and where x is singular the minors."""
    n = x.shape[-1]
    inverse = _accurate_inverse(x)
    if inverse is not None:
        return scaled(t(inverse), det)
    if n == 1:
        return np.ones_like(x)
    others = np.array([[k for k in range(n) if k != i] for i in range(n)])
    minors = x[..., others[:, None, :, None], others[None, :, None, :]]
    return det_(minors) * (-1.0) ** np.add.outer(np.arange(n), np.arange(n))


def _accurate_inverse(x: Array) -> Any:
    """The inverses, or None where one of them is not accurate."""
    try:
        inverse = inv(x)
    except np.linalg.LinAlgError:
        return None
    condition = _largest_column(raw(x)) * _largest_column(raw(inverse))
    return inverse if np.all(condition < _WORST_CONDITION) else None


def _largest_column(x: Array) -> Array:
    """The norm of order 1 of each matrix, also of one without entries, of which NumPy has none before 2.2."""
    return np.max(np.sum(np.abs(x), axis=-2), axis=-1, initial=0.0)


def scaled(x: Array, by: Array) -> Array:
    """A number for each matrix times the matrix, in place of a plain array, which must be no one else's.

    For a hundred matrices of 20 x 20, the memory of another array takes half as long as their inverses.
    """
    factor = by[..., None, None]
    if type(x) is np.ndarray is type(factor) and factor.dtype == x.dtype:
        x *= factor
        return x
    return factor * x


det_: General = general(
    lambda x: np.linalg.det(x),
    vjp=[lambda g, x, out: scaled(_cofactors(x, out), g)],
    jvp=[lambda g, x, out: np.sum(g * _cofactors(x, out), axis=(-2, -1))],
    name="det",
    core=(2,),
)
implements(np.linalg.det)(lambda a: det_(a))


def _slope_of_log_det(x: Array, out: Any) -> Array:
    """x^-T; of a singular matrix its cofactors divided by its determinant, 0: infinite, and NaN where those are 0."""
    if np.all(np.isfinite(raw(out[1]))):
        return t(inv(x))
    det = out[0] * np.exp(out[1])
    return _cofactors(x, det) / det[..., None, None]


def _slogdet_vjp(g: Any, x: Array, out: Any) -> Array:
    g_sign, g_log = g
    weight: Any = np.zeros_like(out[1]) if g_log is None else g_log
    if g_sign is not None and x.dtype.kind == "c":
        weight = weight - 1j * np.real(1j * g_sign * out[0])
    return scaled(_slope_of_log_det(x, out), weight)


def _slogdet_jvp(g: Array, x: Array, out: Any) -> tuple[Array, Array]:
    trace = np.sum(strong_zero(g, g * _slope_of_log_det(x, out)), axis=(-2, -1))
    turn = out[0] * 1j * np.imag(trace) if x.dtype.kind == "c" else np.zeros_like(out[0])
    return turn, np.real(trace)


slogdet_ = general(
    lambda x: tuple(np.linalg.slogdet(x)), vjp=[_slogdet_vjp], jvp=[_slogdet_jvp], name="slogdet", core=(2,)
)


@implements(np.linalg.slogdet)
def slogdet(a: Array) -> Any:
    return named_like(np.linalg.slogdet, slogdet_(a))


# -- cholesky ----------------------------------------------------------------------------------------
def _lower_half(x: Array) -> Array:
    """The lower triangle with half of the diagonal."""
    n = x.shape[-1]
    return x * (np.tri(n, dtype=x.dtype) - np.eye(n, dtype=x.dtype) / 2)


def _inverse_by_halves(x: Array) -> Array:
    """The inverse of a lower triangular matrix, which is products of matrices nearly alone."""
    n = x.shape[-1]
    if n <= _SMALL:
        return np.linalg.inv(x)
    k, out = n // 2, np.zeros_like(x)
    out[..., :k, :k] = first = _inverse_by_halves(x[..., :k, :k])
    out[..., k:, k:] = last = _inverse_by_halves(x[..., k:, k:])
    out[..., k:, :k] = -(last @ x[..., k:, :k] @ first)
    return out


_inverse_of_lower = general(
    _inverse_by_halves,
    vjp=[lambda g, out: np.tril(-(t(out) @ g @ t(out)))],
    jvp=[lambda g, out: -(out @ np.tril(g) @ out)],
    name="inverse_of_lower",
    core=(2,),
)


def _pulled_back(g: Array, x: Array, inverse: Array | None = None) -> Array:
    """The cotangent of the matrix whose Cholesky factor is ``x``, of which the inverse may be known.

    By halves, as Murray does it by blocks: of the inverse no more is made than the half that is used.
    """
    n = x.shape[-1]
    if n <= _SMALL:
        inverse = _inverse_of_lower(x) if inverse is None else inverse
        return _hermitian(_h(inverse) @ _lower_half(_h(x) @ g) @ inverse)
    k = n // 2
    below = x[..., k:, :k]
    first = _inverse_of_lower(x[..., :k, :k]) if inverse is None else inverse[..., :k, :k]
    last = _pulled_back(g[..., k:, k:], x[..., k:, k:], None if inverse is None else inverse[..., k:, k:])
    side = (g[..., k:, :k] - 2 * last @ below) @ first
    top = _pulled_back(g[..., :k, :k] - _h(side) @ below, x[..., :k, :k], first)
    rows = [[top, _h(side) / 2], [side / 2, last]]
    return np.concatenate([np.concatenate(row, axis=-1) for row in rows], axis=-2)


def _cholesky_vjp(g: Array, out: Array) -> Array:
    return _conj(_pulled_back(_conj(g), out))


def _cholesky_jvp(g: Array, out: Array) -> Array:
    inverse = _inverse_of_lower(out)
    return out @ _lower_half(inverse @ _hermitian(g) @ _h(inverse))


cholesky_ = general(lambda x: np.linalg.cholesky(x), vjp=[_cholesky_vjp], jvp=[_cholesky_jvp], name="cholesky", core=(2,))


@implements(np.linalg.cholesky)
def cholesky(a: Array, *, upper: bool = False) -> Array:
    """The gradient is symmetric, as the argument is taken to be, of which one triangle is read."""
    lower = cholesky_(_h(a) if upper else a)
    return _h(lower) if upper else lower


# -- norms -------------------------------------------------------------------------------------------
@implements(np.linalg.norm)
def norm(x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:  # noqa: A002  # NumPy's name
    ndim = len(x.shape)
    if axis is None and ord is None:
        return length_over(x, axis=trailing(None, ndim), keepdims=bool(keepdims))
    if axis is None and ndim > 2:
        raise ValueError("Improper number of dimensions to norm.")
    axes = trailing(axis, ndim)
    if len(axes) == 1:
        return vector_norm(x, axis=axes, keepdims=keepdims, ord=2 if ord is None else ord)
    return matrix_norm(np.moveaxis(x, axes, (-2, -1)), keepdims=False, ord="fro" if ord is None else ord).reshape(
        [1 if i - ndim in axes else n for i, n in enumerate(x.shape) if keepdims or i - ndim not in axes]
    )


@implements(np.linalg.vector_norm)
def vector_norm(x: Array, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Array:  # noqa: A002  # NumPy's
    axes = trailing(axis, len(x.shape))
    if ord == 2:
        return length_over(x, axis=axes, keepdims=bool(keepdims))
    size = np.absolute(x)
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order {ord!r} for vectors")
    if not count(x.shape, axes) and ord > 0:
        return np.sum(size, axis=axes, keepdims=keepdims)
    if ord == np.inf:
        return np.max(size, axis=axes, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(size, axis=axes, keepdims=keepdims)
    if ord == 0:
        return np.sum((size != 0).astype(size.dtype), axis=axes, keepdims=keepdims)
    if ord == 1:
        return np.sum(size, axis=axes, keepdims=keepdims)
    total = np.sum(size**ord, axis=axes, keepdims=keepdims)
    if ord < 0:
        return total ** (1 / ord)
    zero = total == 0  # at the zero vector the smallest subgradient, 0
    return np.where(zero, 0, np.where(zero, 1, total) ** (1 / ord))


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Array, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:  # noqa: A002  # NumPy's name
    if ord == "fro":
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if not x.shape[-1] * x.shape[-2] and ord in (1, 2, np.inf):
        result = np.sum(np.absolute(x), axis=(-2, -1))  # as of no values: 0
    elif ord in (1, -1, np.inf, -np.inf):
        sums = np.sum(np.absolute(x), axis=-2 if abs(ord) == 1 else -1)
        result = (np.max if ord > 0 else np.min)(sums, axis=-1)
    elif ord in (2, -2):
        result = (np.max if ord > 0 else np.min)(svdvals(x), axis=-1)
    elif ord == "nuc":
        result = np.sum(nonzero_values(svdvals(x)), axis=-1)
    else:
        raise ValueError(f"Invalid norm order {ord!r} for matrices")
    return result[..., None, None] if keepdims else result


def _inverse_or_nan(x: Array) -> Array:
    """The inverses, with NaN for singular matrices."""
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        if len(x.shape) == 2:
            return np.full_like(x, np.nan)
        return np.stack([_inverse_or_nan(each) for each in x])


_inverse = general(_inverse_or_nan, vjp=_INVERSE_VJP, jvp=_INVERSE_JVP, name="inv", core=(2,))


@implements(np.linalg.cond)
def cond(x: Array, p: Any = None) -> Array:
    """The condition number; for p of None, 2 or -2 the derivative is that of the singular values."""
    with np.errstate(all="ignore"):
        if p is None or p in (2, -2):
            s = svdvals(x)
            ratio = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
        else:
            ratio = norm(x, p, axis=(-2, -1)) * norm(_inverse(x), p, axis=(-2, -1))
        singular = np.isnan(ratio) & ~np.any(np.isnan(x), axis=(-2, -1))
        if not np.any(raw(singular)):
            return ratio
        # Infinite, and so is its slope, or NaN where the matrix is zero.
        infinite = (1 + np.sum(np.real(x * np.conjugate(x)), axis=(-2, -1))) * np.inf
        return np.where(singular, infinite, ratio)
