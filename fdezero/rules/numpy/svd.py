"""The singular value decomposition: svd, svdvals.

The derivatives are those of Townsend, *Differentiating the singular value decomposition* (2016), written
with the sum and the difference of two singular values in place of the difference of their squares.  Of
repeated singular values what `eigen` says of eigenvalues holds.  A singular value of zero is a kink, as
``abs`` at 0: its gradient is an element of the generalised gradient, u v^H of two of the vectors.  What does
not depend on it, or is even in it and so smooth, has the second derivatives that `eigen` describes; of
anything else they are NaN.  The nuclear norm leaves it out, and so has its smallest subgradient.

With ``full_matrices=True`` the additional vectors are a basis of what is orthogonal to the others, and
are not determined but for the space that they span.  They follow it without turning in it: a function of
the space has its exact derivative, and in reverse mode one of anything else is NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import constant, general, implements
from ...core.graph import Array
from ...core.primitives import General, TangentAware
from .eigen import decomposed, divided, eigenvalues, groups_of, is_moving, is_turning, is_uneven, never, settled
from .matrices import (
    adjoint,
    antihermitian,
    conjugate,
    diagonal,
    diagonal_matrix,
    gaps,
    hermitian,
    is_nonzero,
    is_tied,
    lined_up,
    named_like,
    off_diagonal,
    over,
    rounding,
    sums,
    transpose,
    undefined,
)
from .products import column, row


def outside(x: Array, u: Array) -> Array:
    """What of x lies outside the columns of u; nothing, exactly, where u is square."""
    return np.zeros_like(x) if u.shape[-1] == u.shape[-2] else x - u @ (adjoint(u) @ x)


_svd_of = constant(lambda x, *, full: tuple(np.linalg.svd(x, full_matrices=full)), name="svd", core=(2,))


# -- the vectors of equal values -----------------------------------------------------------------------
def _nothing_beyond(c: Array, u: Array, s: Array, vh: Array) -> Array:
    """What a direction is where the matrix is nothing: between what is orthogonal to its columns and to its rows."""
    columns, rows = u * row(is_nonzero(s)), column(is_nonzero(s)) * vh
    part = c - columns @ (adjoint(columns) @ c)
    return part - (part @ adjoint(rows)) @ rows


def _settled_at_zero(u: Array, s: Array, vh: Array, t: Array) -> tuple[Array, Array]:
    """Vectors of which those of zero singular values are singular vectors of the direction.

    A large multiple of the others is added, so that they come first in its decomposition.
    """
    part = _nothing_beyond(t, u, s, vh)
    size = np.sqrt(np.sum(np.square(np.absolute(part)), axis=(-2, -1)))[..., None, None]
    weights = 3 * np.where(size == 0, np.ones_like(size), size)
    u_of, _, vh_of = _svd_of(part + weights * _assembled(u, is_nonzero(s), vh), full=False)
    nonzero = is_nonzero(s) != 0
    return np.where(row(nonzero), u, u_of), np.where(column(nonzero), vh, vh_of)


def _frame_along(out: tuple[Any, ...], t: Array) -> tuple[Any, ...]:
    u, s, vh, groups = out
    if groups is None:
        groups = groups_of(s, rounding(s)) + np.cumsum(1 - is_nonzero(s), axis=-1)  # each zero is a group of its own
        if not np.all(raw(is_nonzero(s))):
            u, vh = _settled_at_zero(u, s, vh, t)
    found = settled(hermitian(adjoint(u) @ t @ adjoint(vh)), groups)
    return (u, s, vh, groups) if found is None else (u @ found[0], s, adjoint(found[0]) @ vh, found[1])


#: Singular values and vectors, which are settled by the direction where it has a say, and groups; see `eigen.frame`.
frame = TangentAware("frame", lambda x: (*np.linalg.svd(x, full_matrices=False), None), core=(2,), join=_frame_along)


# -- U g V^H, and its transpose: what a cotangent of the singular values is for the matrix -------------
def _assembled(u: Array, g: Array, vh: Array) -> Array:
    return (u * row(g)) @ vh


def _apart(c: Array, u: Array, s: Array, vh: Array) -> tuple[Array, Any]:
    """A direction without its part where the matrix is zero, and where that part turns the vectors (None: nowhere)."""
    if np.all(raw(is_nonzero(s))):
        return c, None
    part = _nothing_beyond(c, u, s, vh)
    along = np.real(diagonal(adjoint(u) @ part @ adjoint(vh)))
    rest, size = np.absolute(part - _assembled(u, along, vh)), np.absolute(c)
    return c - part, np.max(rest, axis=(-2, -1), initial=0) > rounding(size.reshape((*size.shape[:-2], -1)))


def _turned(wrong: Any, c: Array, g: Array, u: Array, s: Array, vh: Array) -> Array:
    """The derivative of U g V^H for a constant g along a matrix; at equal singular values see `eigen`.

    At zero ones it is 0 where their weights are, and the vectors there do not turn or ``wrong`` does not mind.
    """
    v = adjoint(vh)
    c, turning = _apart(c, u, s, vh)
    inside = adjoint(u) @ c @ v
    gap, sum_, rise, size = gaps(s), sums(s), row(g) - column(g), nonzero_values(s)
    odd, slope, tied = divided(row(g) + column(g), sum_, sum_ == 0), divided(g, size, size == 0), is_tied(gap)
    middle = antihermitian(inside) * odd
    if tied is None:
        middle = middle + hermitian(inside) * (rise / gap)
    else:
        unfit = tied & (sum_ != 0) & is_moving(inside) & (wrong(hermitian(inside)) | is_uneven(g, g))
        middle = middle + undefined(unfit, hermitian(inside) * divided(rise, gap, tied))
    left, right = outside(c @ v, u) * row(slope), outside(adjoint(c) @ u, v) * row(slope)
    total = u @ middle @ vh + left @ vh + u @ adjoint(right)
    if turning is None:
        return total
    bent = np.any((size == 0) & (np.absolute(g) > _few(g)), axis=-1)
    return undefined((bent if wrong is never else bent | turning)[..., None, None], total)


def _few(g: Array) -> Array:
    """The size below which one of several cotangents is rounding, by half the digits."""
    return np.max(np.absolute(g), axis=-1, keepdims=True, initial=0) * np.sqrt(np.finfo(g.dtype).eps)


def nonzero_values(s: Array) -> Array:
    """The singular values, with 0 for those that are zero but for rounding."""
    return s * is_nonzero(s)


def _weights_cotangent(c: Array, u: Array, s: Array, vh: Array) -> Array:
    """The diagonal of U^H c V, with NaN in a block of equal values of which it is not all."""
    inside, tied = hermitian(adjoint(u) @ c @ adjoint(vh)), is_tied(gaps(s))
    values, (_, turning) = np.real(diagonal(inside)), _apart(c, u, s, vh)
    if turning is not None:
        values = undefined(turning[..., None] & (is_nonzero(s) == 0), values)
    return values if tied is None else undefined(np.any(tied & (sums(s) != 0) & is_turning(inside), axis=-1), values)


def _values_tangent(g: Array, c: Array, u: Array, s: Array, vh: Array) -> Array:
    """The derivative of the diagonal of U^H c V for a constant c, along g: the transpose of `_turned`."""
    v = adjoint(vh)
    (g, of_g), (c, of_c) = _apart(g, u, s, vh), _apart(c, u, s, vh)
    turning, inside = adjoint(u) @ g @ v, adjoint(u) @ c @ v
    gap, sum_, size = gaps(s), sums(s), nonzero_values(s)
    even, tied = off_diagonal(-np.real(hermitian(turning) * transpose(hermitian(inside)))), is_tied(gap)
    odd = divided(np.real(antihermitian(turning) * conjugate(antihermitian(inside))), sum_, sum_ == 0)
    if tied is None:
        even = even / gap
    else:
        unfit = tied & (sum_ != 0) & (is_turning(hermitian(inside)) | is_turning(hermitian(turning)))
        even = undefined(unfit, divided(even, gap, tied))
    beyond = np.sum(np.real(outside(g @ v, u) * conjugate(c @ v)), axis=-2)
    beyond = beyond + np.sum(np.real(outside(adjoint(g) @ u, v) * conjugate(adjoint(c) @ u)), axis=-2)
    total = 2 * np.sum(even + odd, axis=-1) + divided(beyond, size, size == 0)
    return total if of_g is None else undefined((of_g | of_c)[..., None] & (size == 0), total)


#: ``of_singular_values(x, g, u, s, vh)`` is U g V^H, of x = U s V^H: a function of x and the weights g alone.
of_singular_values: General = general(
    lambda x, g, u, s, vh: _assembled(u, g, vh),
    vjp=[
        lambda g, xs: conjugate(_turned(never, conjugate(g), *xs[1:])),
        lambda g, xs: _weights_cotangent(conjugate(g), *xs[2:]),
        None,
        None,
        None,
    ],
    jvp=[lambda g, xs: _turned(is_turning, g, *xs[1:]), lambda g, xs: _assembled(xs[2], g, xs[4]), None, None, None],
    name="of_singular_values",
    core=(2, 1, 2, 1, 2),
)
#: ``along_singular_values(x, c, u, s, vh)`` is the diagonal of U^H c V: the tangent of the singular values along c.
along_singular_values: General = general(
    lambda x, c, u, s, vh: np.real(diagonal(adjoint(u) @ c @ adjoint(vh))),
    vjp=[
        lambda g, xs: conjugate(_turned(is_turning, xs[1], g, *xs[2:])),
        lambda g, xs: conjugate(of_singular_values(xs[0], g, *xs[2:])),
        None,
        None,
        None,
    ],
    jvp=[lambda g, xs: _values_tangent(g, *xs[1:]), lambda g, xs: along_singular_values(xs[0], g, *xs[2:]), None, None, None],
    name="along_singular_values",
    core=(2, 2, 2, 1, 2),
)


# -- the decomposition ---------------------------------------------------------------------------------
def _svd_vjp(g: Any, x: Array, out: Any) -> Array:
    (g_u, g_s, g_vh), (u, s, vh) = g, out
    if g_u is None and g_vh is None:
        return conjugate(of_singular_values(x, g_s, u, s, vh))
    v = adjoint(vh)
    c_u = np.zeros_like(u) if g_u is None else conjugate(g_u)
    c_v = np.zeros_like(v) if g_vh is None else transpose(g_vh)
    turn_u, turn_v = adjoint(u) @ c_u, vh @ c_v
    even, odd = antihermitian(turn_u) + antihermitian(turn_v), antihermitian(turn_u) - antihermitian(turn_v)
    gap = gaps(s)
    middle, tied = over(off_diagonal(even), gap) + over(off_diagonal(odd), sums(s)) + _phases(turn_u, s), is_tied(gap)
    if tied is not None:
        middle = undefined(tied & _is_concerned(c_u, c_v, g_s), middle)
    if g_s is not None:
        middle = middle + diagonal_matrix(g_s)
    size = row(nonzero_values(s))
    beyond = over(outside(c_u, u), size) @ vh + u @ adjoint(over(outside(c_v, v), size))
    return conjugate(u @ middle @ vh + beyond)


def _is_concerned(c_u: Array, c_v: Array, g_s: Any) -> Array:
    """True for each pair of vectors with a cotangent, or with cotangents of their values that differ."""
    asked = np.any(c_u != 0, axis=-2) | np.any(c_v != 0, axis=-2)
    return row(asked) | column(asked) | is_uneven(g_s, asked)


def _svd_jvp(g: Array, x: Array, out: Any) -> tuple[Array, Array, Array]:
    u, s, vh = out
    v, size = adjoint(vh), row(nonzero_values(s))
    inside, gap = adjoint(u) @ g @ v, gaps(s)
    even, tied = over(off_diagonal(hermitian(inside)), gap), is_tied(gap)
    if tied is not None:
        even = undefined(tied & is_moving(inside), even)
    odd = over(off_diagonal(antihermitian(inside)), sums(s))
    d_u = u @ (even + odd + _phases(inside, s)) + over(outside(g @ v, u), size)
    d_v = v @ (even - odd) + over(outside(adjoint(g) @ u, v), size)
    return d_u, along_singular_values(x, g, u, s, vh), adjoint(d_v)


def _phases(turn: Array, s: Array) -> Any:
    """The vectors of a complex matrix may turn: they turn in U, and V keeps its phases."""
    if turn.dtype.kind != "c":
        return 0.0
    return diagonal_matrix(over(1j * np.imag(diagonal(turn)), nonzero_values(s)))


def _given(x: Array, u: Array, s: Array, vh: Array) -> tuple[Array, Array, Array]:
    (_, u, vh), (s,) = lined_up([x, u, vh], [s])
    return u, s, vh


#: ``svd_(x, u, s, vh)`` is (u, s, vh), the decomposition of x without additional vectors, as functions of x.
svd_: General = general(
    _given,
    vjp=[_svd_vjp, None, None, None],
    jvp=[_svd_jvp, None, None, None],
    name="svd",
    core=(2, 2, 1, 2),
)


def thin(x: Array) -> Any:
    """U, s and V^H as NumPy returns them, without additional vectors."""
    return svd_(x, *_svd_of(x, full=False))


def singular_values(x: Array) -> Array:
    """Singular values alone, whose vectors may be settled by the direction."""
    return svd_(x, *frame(x)[:3])[1]


# -- additional vectors --------------------------------------------------------------------------------
def _complement_vjp(g: Array, x: Array, out: Array) -> Array:
    c = conjugate(g)
    turn = np.absolute(antihermitian(adjoint(out) @ c))
    turned = turn > rounding(np.absolute(c).reshape((*c.shape[:-2], -1)))[..., None, None]
    return conjugate(-(out @ undefined(np.any(turned, axis=(-2, -1))[..., None, None], adjoint(c)) @ x))


#: ``complement(x, y)`` is y, the columns that complete those of x to a basis; x has orthonormal ones.
complement: General = general(
    lambda x, y: y,
    vjp=[_complement_vjp, None],
    jvp=[lambda g, x, out: -(x @ (adjoint(g) @ out)), None],
    name="complement",
    core=(2, 2),
)


@implements(np.linalg.svd)
def svd(a: Array, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """In reverse mode the additional vectors of full_matrices=True may be used for the space that they span."""
    if hermitian:
        return _of_hermitian(a, compute_uv)
    if not compute_uv:
        return singular_values(a)
    m, n = a.shape[-2:]
    if not full_matrices or m == n:
        return named_like(np.linalg.svd, thin(a))
    k = min(m, n)
    all_u, s, all_vh = _svd_of(a, full=True)
    u, s, vh = svd_(a, all_u[..., :k], s, all_vh[..., :k, :])
    if m > n:
        u = np.concatenate([u, complement(u, all_u[..., k:])], axis=-1)
    else:
        vh = np.concatenate([vh, adjoint(complement(adjoint(vh), adjoint(all_vh[..., k:, :])))], axis=-2)
    return named_like(np.linalg.svd, (u, s, vh))


def _of_hermitian(a: Array, compute_uv: bool) -> Any:
    """NumPy's way: the eigenvalues by their sizes, and their signs in V."""
    if not compute_uv:
        return np.sort(np.absolute(eigenvalues(a)), axis=-1)[..., ::-1]
    w, v = decomposed(a)
    order = np.argsort(np.absolute(w), axis=-1)[..., ::-1]
    w, v = np.take_along_axis(w, order, -1), np.take_along_axis(v, row(order), -1)
    return named_like(np.linalg.svd, (v, np.absolute(w), adjoint(v * row(np.sign(w)))))


@implements(np.linalg.svdvals)
def svdvals(x: Array, /) -> Array:
    return singular_values(x)
