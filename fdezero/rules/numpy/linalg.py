"""Linear algebra: solve, inv, det, slogdet, cholesky, eigh, eigvalsh, svd, norm.

Every function acts on the last two axes and broadcasts over the rest.  The derivatives are those of
Giles, *An extended collection of matrix derivative results for forward and reverse mode algorithmic
differentiation* (2008); Murray, *Differentiation of the Cholesky decomposition* (2016), for `cholesky`;
and Townsend, *Differentiating the singular value decomposition* (2016), for `svd`.

A cotangent here is not conjugated (for f of z = x + iy it is df/dx - i df/dy), and the formulas of the
literature are for its conjugate: `_conjugated` is where the two meet.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import general, implements
from ...core.graph import Array
from ...core.primitives import General
from ...core.zeros import strong_zero
from .helpers import as_operand, count, trailing
from .products import column, row
from .reductions import length_over


def t(x: Array) -> Array:
    return x.mT


def _h(x: Array) -> Array:
    """The conjugate transpose."""
    return np.conjugate(t(x)) if x.dtype.kind == "c" else t(x)


def _conj(x: Array) -> Array:
    return np.conjugate(x) if x.dtype.kind == "c" else x


def _diagonal_matrix(x: Array) -> Array:
    """The last axis on the diagonal of a matrix."""
    return column(x) * np.eye(x.shape[-1], dtype=x.dtype)


def _diagonal(x: Array) -> Array:
    return np.diagonal(x, axis1=-2, axis2=-1)


def _hermitian(x: Array) -> Array:
    return (x + _h(x)) / 2


# Each states its vjp beside its jvp, for a whole gradient that is transposed from the jvp takes longer: of matrices of
# 30 and of 200 rows, solve 1.9 and 1.8 times as long, inv 1.8 and 1.4, det 1.5 and 2.7, slogdet 1.8 and 1.2, cholesky
# 2.2 and 3.1, eigh 3.7 and 1.6, svd 4.3 and 2.0.

# -- solve, inv --------------------------------------------------------------------------------------
solve_mm: General = general(
    lambda x, y: np.linalg.solve(x, y),
    vjp=[
        lambda g, x, out: -solve_mm(t(x), g) @ t(out),
        lambda g, x: solve_mm(t(x), g),
    ],
    jvp=[lambda g, x, out: -solve_mm(x, g @ out), lambda g, x: solve_mm(x, g)],
    name="solve",
    core=(2, 2),
)


@implements(np.linalg.solve)
def solve(a: Array, b: Array) -> Array:
    a, b = as_operand(a), as_operand(b)
    return solve_mm(a, column(b))[..., 0] if len(b.shape) == 1 else solve_mm(a, b)


inv = general(
    lambda x: np.linalg.inv(x),
    vjp=[lambda g, out: -(t(out) @ g @ t(out))],
    jvp=[lambda g, out: -(out @ g @ out)],
    name="inv",
    core=(2,),
)
implements(np.linalg.inv)(lambda a: inv(a))


# -- determinants ------------------------------------------------------------------------------------
#: Beyond this condition number det * inv has lost the digits of the adjugate.
_WORST_CONDITION = 1e8


def _cofactors(x: Array) -> Array:
    """The transposed adjugate: d det / dx.  It is det * inv^T, and where x is singular the minors."""
    n = x.shape[-1]
    if _well_conditioned(raw(x)):
        return det_(x)[..., None, None] * t(inv(x))
    if n == 1:
        return np.ones_like(x)
    others = np.array([[k for k in range(n) if k != i] for i in range(n)])
    minors = x[..., others[:, None, :, None], others[None, :, None, :]]
    return det_(minors) * (-1.0) ** np.add.outer(np.arange(n), np.arange(n))


def _well_conditioned(x: Any) -> bool:
    try:
        inverse = np.linalg.inv(x)
    except np.linalg.LinAlgError:
        return False
    condition = np.linalg.norm(x, 1, axis=(-2, -1)) * np.linalg.norm(inverse, 1, axis=(-2, -1))
    return bool(np.all(condition < _WORST_CONDITION))


det_ = general(
    lambda x: np.linalg.det(x),
    vjp=[lambda g, x: g[..., None, None] * _cofactors(x)],
    jvp=[lambda g, x: np.sum(g * _cofactors(x), axis=(-2, -1))],
    name="det",
    core=(2,),
)
implements(np.linalg.det)(lambda a: det_(a))


def _slope_of_log_det(x: Array, out: Any) -> Array:
    """x^-T; of a singular matrix its cofactors divided by its determinant, 0: infinite, and NaN where those are 0."""
    if np.all(np.isfinite(raw(out[1]))):
        return t(np.linalg.inv(x))
    return _cofactors(x) / (out[0] * np.exp(out[1]))[..., None, None]


def _slogdet_vjp(g: Any, x: Array, out: Any) -> Array:
    g_sign, g_log = g
    weight: Any = 0.0 if g_log is None else g_log
    if g_sign is not None and x.dtype.kind == "c":
        weight = weight - 1j * np.real(1j * g_sign * out[0])
    return (weight * np.ones_like(out[1]))[..., None, None] * _slope_of_log_det(x, out)


def _slogdet_jvp(g: Array, x: Array, out: Any) -> tuple[Array, Array]:
    trace = np.sum(strong_zero(g, g * _slope_of_log_det(x, out)), axis=(-2, -1))
    turn = out[0] * 1j * np.imag(trace) if x.dtype.kind == "c" else np.zeros_like(out[0])
    return turn, np.real(trace)


slogdet_ = general(
    lambda x: tuple(np.linalg.slogdet(x)), vjp=[_slogdet_vjp], jvp=[_slogdet_jvp], name="slogdet", core=(2,)
)


@implements(np.linalg.slogdet)
def slogdet(a: Array) -> Any:
    return _named_like(np.linalg.slogdet, slogdet_(a))


@functools.cache
def _result_type(function: Callable[..., Any]) -> Callable[..., Any]:
    """The named tuple that a function of numpy.linalg returns (NumPy does not export its class)."""
    return type(function(np.eye(1)))


def _named_like(function: Callable[..., Any], parts: tuple[Any, ...]) -> Any:
    return _result_type(function)(*parts)


# -- cholesky ----------------------------------------------------------------------------------------
def _lower_half(x: Array) -> Array:
    """The lower triangle with half of the diagonal."""
    n = x.shape[-1]
    return x * (np.tri(n, dtype=x.dtype) - np.eye(n, dtype=x.dtype) / 2)


def _cholesky_vjp(g: Array, out: Array) -> Array:
    middle = _lower_half(_h(out) @ _conj(g))
    return _conj(_hermitian(solve_mm(_h(out), _h(solve_mm(_h(out), _h(middle))))))


def _cholesky_jvp(g: Array, out: Array) -> Array:
    middle = _h(solve_mm(out, _h(solve_mm(out, _hermitian(g)))))
    return out @ _lower_half(middle)


cholesky_ = general(lambda x: np.linalg.cholesky(x), vjp=[_cholesky_vjp], jvp=[_cholesky_jvp], name="cholesky", core=(2,))


@implements(np.linalg.cholesky)
def cholesky(a: Array, *, upper: bool = False) -> Array:
    """The gradient is symmetric, as the argument is taken to be, of which one triangle is read."""
    lower = cholesky_(_h(a) if upper else a)
    return _h(lower) if upper else lower


# -- eigh --------------------------------------------------------------------------------------------
def _divided(x: Array, d: Array, unasked: Any = None) -> Array:
    """x / d; where d is 0 it is NaN, or 0 where nobody asked: where x is 0, unless told otherwise."""
    none = d == 0
    return np.where(none, np.where(x == 0 if unasked is None else unasked, 0, np.nan), x / np.where(none, 1, d))


def _untwisted(turn: Array, gaps: Array) -> Array:
    """What turns the vectors: the part of ``turn`` that is no symmetry, divided by the gaps between the values.

    Vectors of equal values have no derivative.  That their part here is 0 does not show that nobody
    asked for it: it is for V f(w) V^T, whose derivative is another.  That no cotangent came does.
    """
    return _divided(_off_diagonal(turn - _h(turn)), gaps, unasked=(turn == 0) & (_h(turn) == 0))


def _gaps(w: Array) -> Array:
    """w_j - w_i off the diagonal, and 1 on it, where nothing is divided."""
    return row(w) - column(w) + np.eye(w.shape[-1], dtype=w.dtype)


def _off_diagonal(x: Array) -> Array:
    return x * (1 - np.eye(x.shape[-1], dtype=x.dtype))


def _eigh_vjp(g: Any, out: Any) -> Array:
    (g_w, g_v), (w, v) = g, out
    middle = 0.0 if g_w is None else _diagonal_matrix(g_w)
    if g_v is not None:
        turn = _h(v) @ _conj(g_v)
        middle = middle + _untwisted(turn, _gaps(w)) / 2
    return _conj(_hermitian(v @ middle @ _h(v)))


def _eigh_jvp(g: Array, out: Any) -> tuple[Array, Array]:
    w, v = out
    turned = _h(v) @ _hermitian(g) @ v
    return np.real(_diagonal(turned)), v @ _divided(_off_diagonal(turned), _gaps(w))


eigh_ = general(
    lambda x: tuple(np.linalg.eigh(x)), vjp=[_eigh_vjp], jvp=[_eigh_jvp], name="eigh", core=(2,)
)


@implements(np.linalg.eigh)
def eigh(a: Array, UPLO: str = "L") -> Any:  # NumPy's name
    """The gradient is symmetric; of repeated eigenvalues' vectors it is NaN where it is asked for."""
    return _named_like(np.linalg.eigh, eigh_(_from_triangle(a, UPLO)))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Array, UPLO: str = "L") -> Array:  # NumPy's name
    return eigh_(_from_triangle(a, UPLO))[0]


def _from_triangle(a: Array, uplo: str) -> Array:
    return a if uplo.upper() == "L" else _h(a)


# -- svd ---------------------------------------------------------------------------------------------
def _svd_vjp(g: Any, out: Any) -> Array:
    (g_u, g_s, g_vh), (u, s, vh) = g, out
    v, gaps = _h(vh), _gaps(s * s)
    middle: Any = 0.0 if g_s is None else _diagonal_matrix(g_s)
    beyond: Any = 0.0
    if g_u is not None:
        g_u = _conj(g_u)
        turn = _h(u) @ g_u
        middle = middle + _untwisted(turn, gaps) * row(s) + _phases(turn, s)
        beyond = beyond + _divided(_outside(g_u, u), row(s)) @ vh
    if g_vh is not None:
        g_v = t(g_vh)
        turn = vh @ g_v
        middle = middle + column(s) * _untwisted(turn, gaps)
        beyond = beyond + u @ _h(_divided(_outside(g_v, v), row(s)))
    return _conj(u @ middle @ vh + beyond)


def _svd_jvp(g: Array, out: Any) -> tuple[Array, Array, Array]:
    u, s, vh = out
    v, gaps = _h(vh), _gaps(s * s)
    turned = _h(u) @ g @ v
    unasked = (turned == 0) & (_h(turned) == 0)
    scaled = turned * row(s)
    d_u = u @ (_divided(_off_diagonal(scaled + _h(scaled)), gaps, unasked) + _phases(turned, s))
    scaled = column(s) * turned
    d_v = v @ _divided(_off_diagonal(scaled + _h(scaled)), gaps, unasked)
    d_u = d_u + _divided(_outside(g @ v, u), row(s))
    d_v = d_v + _divided(_outside(_h(g) @ u, v), row(s))
    return d_u, np.real(_diagonal(turned)), _h(d_v)


def _phases(turn: Array, s: Array) -> Any:
    """The vectors of a complex matrix may turn: they turn in U, and V keeps its phases."""
    if turn.dtype.kind != "c":
        return 0.0
    return _diagonal_matrix(_divided(1j * np.imag(_diagonal(turn)), s))


def _outside(x: Array, u: Array) -> Array:
    """What of x lies outside the columns of u; nothing, exactly, where u is square."""
    return np.zeros_like(x) if u.shape[-1] == u.shape[-2] else x - u @ (_h(u) @ x)


svd_ = general(
    lambda x: tuple(np.linalg.svd(x, full_matrices=False)),
    vjp=[_svd_vjp],
    jvp=[_svd_jvp],
    name="svd",
    core=(2,),
)


@implements(np.linalg.svd)
def svd(a: Array, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    if hermitian:
        raise TypeError("numpy.linalg.svd has no derivative rule for the argument hermitian=True")
    if not compute_uv:
        return svd_(a)[1]
    if full_matrices and a.shape[-1] != a.shape[-2]:
        raise TypeError(
            "numpy.linalg.svd has no derivative rule for full_matrices=True of a matrix that is not square: the "
            "additional vectors are not determined; write full_matrices=False"
        )
    return _named_like(np.linalg.svd, svd_(a))


@implements(np.linalg.svdvals)
def svdvals(x: Array, /) -> Array:
    return svd_(x)[1]


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
        result = np.sum(svdvals(x), axis=-1)
    else:
        raise ValueError(f"Invalid norm order {ord!r} for matrices")
    return result[..., None, None] if keepdims else result


