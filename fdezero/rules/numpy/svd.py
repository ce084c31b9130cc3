"""The singular value decomposition: svd, svdvals.

The derivatives are those of Townsend, *Differentiating the singular value decomposition* (2016), written
with the sum and the difference of two singular values in place of the difference of their squares.  Of
repeated singular values what `eigen` says of eigenvalues holds.  A singular value of zero is a kink, as
``abs`` at 0, and its derivative is 0; so the nuclear norm has there its smallest subgradient.

With ``full_matrices=True`` the additional vectors are a basis of what is orthogonal to the others, and
are not determined but for the space that they span.  They follow it without turning in it: a function of
the space has its exact derivative, and in reverse mode one of anything else is NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.declare import general, implements
from ...core.graph import Array
from ...core.primitives import General
from .eigen import eigh_, from_triangle, is_uneven
from .matrices import (
    adjoint,
    antihermitian,
    conjugate,
    diagonal,
    diagonal_matrix,
    gaps,
    hermitian,
    is_nonzero,
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


def _is_tied(s: Array) -> Array:
    return gaps(s) == 0


# -- U g V^H: what a cotangent of the singular values is for the matrix --------------------------------
def _assembled(u: Array, g: Array, vh: Array) -> Array:
    return (u * row(g)) @ vh


def _turned(c: Array, g: Array, u: Array, s: Array, vh: Array) -> Array:
    """The derivative of U g V^H for a constant g, along a matrix: divided differences of g and of its odd extension."""
    v = adjoint(vh)
    inside = adjoint(u) @ c @ v
    even = over(hermitian(inside) * (row(g) - column(g)), gaps(s))
    odd = over(antihermitian(inside) * (row(g) + column(g)), sums(s))
    slopes = over(g, nonzero_values(s))
    left, right = outside(c @ v, u) * row(slopes), outside(adjoint(c) @ u, v) * row(slopes)
    return u @ (even + odd) @ vh + left @ vh + u @ adjoint(right)


def nonzero_values(s: Array) -> Array:
    """The singular values, with 0 for those that are zero but for rounding."""
    return s * is_nonzero(s)


def _weights_tangent(g: Array, u: Array, s: Array, vh: Array) -> Array:
    """NaN for weights of equal values that change: with U and V held, only the diagonal of their block would."""
    return _assembled(u, over(g, 1 - np.any(_is_tied(s), axis=-1).astype(s.dtype)), vh)


def _weights_cotangent(c: Array, u: Array, s: Array, vh: Array) -> Array:
    """The diagonal of U^H c V, with NaN in a block of equal values of which it is not all."""
    inside = adjoint(u) @ conjugate(c) @ adjoint(vh)
    size = np.absolute(hermitian(inside))
    left_out = _is_tied(s) & (size > rounding(size.reshape((*size.shape[:-2], -1)))[..., None, None])
    return undefined(np.any(left_out, axis=-1), np.real(diagonal(inside)))


#: ``of_singular_values(x, g, u, s, vh)`` is U g V^H, of x = U s V^H: a function of x and the weights g alone.
of_singular_values: General = general(
    lambda x, g, u, s, vh: _assembled(u, g, vh),
    vjp=[
        lambda g, xs: conjugate(_turned(conjugate(g), *xs[1:])),
        lambda g, xs: _weights_cotangent(g, *xs[2:]),
        None,
        None,
        None,
    ],
    jvp=[lambda g, xs: _turned(g, *xs[1:]), lambda g, xs: _weights_tangent(g, *xs[2:]), None, None, None],
    name="of_singular_values",
    core=(2, 1, 2, 1, 2),
)


# -- the decomposition ---------------------------------------------------------------------------------
def _svd_vjp(g: Any, x: Array, out: Any, *, full: bool) -> Array:
    (g_u, g_s, g_vh), (u, s, vh) = g[:3], out[:3]
    if g_s is not None:
        g_s = g_s * is_nonzero(s)
    if g_u is None and g_vh is None:
        return conjugate(of_singular_values(x, g_s, u, s, vh))
    v = adjoint(vh)
    c_u = np.zeros_like(u) if g_u is None else conjugate(g_u)
    c_v = np.zeros_like(v) if g_vh is None else transpose(g_vh)
    turn_u, turn_v = adjoint(u) @ c_u, vh @ c_v
    even, odd = antihermitian(turn_u) + antihermitian(turn_v), antihermitian(turn_u) - antihermitian(turn_v)
    middle = over(off_diagonal(even), gaps(s)) + over(off_diagonal(odd), sums(s)) + _phases(turn_u, s)
    middle = undefined(_is_tied(s) & _is_concerned(c_u, c_v, g_s), middle)
    if g_s is not None:
        middle = middle + diagonal_matrix(g_s)
    size = row(nonzero_values(s))
    beyond = over(outside(c_u, u), size) @ vh + u @ adjoint(over(outside(c_v, v), size))
    return conjugate(u @ middle @ vh + beyond)


def _is_concerned(c_u: Array, c_v: Array, g_s: Any) -> Array:
    """Which pairs of vectors did a cotangent come for, or one of their values that is not the same for both?"""
    asked = np.any(c_u != 0, axis=-2) | np.any(c_v != 0, axis=-2)
    return row(asked) | column(asked) | is_uneven(g_s, asked)


def _svd_jvp(g: Array, out: Any, *, full: bool) -> tuple[Array, ...]:
    u, s, vh = out[:3]
    v, size = adjoint(vh), row(nonzero_values(s))
    inside = adjoint(u) @ g @ v
    even = over(off_diagonal(hermitian(inside)), gaps(s))
    odd = over(off_diagonal(antihermitian(inside)), sums(s))
    d_u = u @ (even + odd + _phases(inside, s)) + over(outside(g @ v, u), size)
    d_v = v @ (even - odd) + over(outside(adjoint(g) @ u, v), size)
    d_s = np.real(diagonal(inside)) * is_nonzero(s)
    return d_u, d_s, adjoint(d_v), *map(np.zeros_like, out[3:])


def _phases(turn: Array, s: Array) -> Any:
    """The vectors of a complex matrix may turn: they turn in U, and V keeps its phases."""
    if turn.dtype.kind != "c":
        return 0.0
    return diagonal_matrix(over(1j * np.imag(diagonal(turn)), nonzero_values(s)))


def _decomposed(x: Array, *, full: bool) -> tuple[Array, ...]:
    """U, s and V^H without additional vectors, and those of the longer side: columns of U, or of V."""
    u, s, vh = np.linalg.svd(x, full_matrices=full)
    k = s.shape[-1]
    if not full:
        return u, s, vh
    rest = u[..., k:] if x.shape[-2] > k else adjoint(vh[..., k:, :])
    return u[..., :k], s, vh[..., :k, :], rest


svd_: General = general(_decomposed, vjp=[_svd_vjp], jvp=[_svd_jvp], name="svd", core=(2,))


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
        return svd_(a, full=False)[1]
    m, n = a.shape[-2:]
    if not full_matrices or m == n:
        return named_like(np.linalg.svd, svd_(a, full=False))
    u, s, vh, rest = svd_(a, full=True)
    if m > n:
        u = np.concatenate([u, complement(u, rest)], axis=-1)
    else:
        vh = np.concatenate([vh, adjoint(complement(adjoint(vh), rest))], axis=-2)
    return named_like(np.linalg.svd, (u, s, vh))


def _of_hermitian(a: Array, compute_uv: bool) -> Any:
    """NumPy's way: the eigenvalues by their sizes, and their signs in V."""
    w, v = eigh_(from_triangle(a, "L"))
    size = np.absolute(w)
    if not compute_uv:
        return np.sort(size, axis=-1)[..., ::-1]
    order = np.argsort(size, axis=-1)[..., ::-1]
    w, v = np.take_along_axis(w, order, -1), np.take_along_axis(v, row(order), -1)
    return named_like(np.linalg.svd, (v, np.absolute(w), adjoint(v * row(np.sign(w)))))


@implements(np.linalg.svdvals)
def svdvals(x: Array, /) -> Array:
    return svd_(x, full=False)[1]
