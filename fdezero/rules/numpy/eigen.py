"""Eigenvalues and eigenvectors of Hermitian matrices: eigh, eigvalsh.  Those of any matrix are in `eig`.

The derivatives are those of Giles, *An extended collection of matrix derivative results for forward and
reverse mode algorithmic differentiation* (2008).

**Repeated eigenvalues** (`matrices` says which count as equal).

A function of the eigenvalues alone, from `eigvalsh`, that is symmetric in the equal ones is smooth, and its
first and second derivatives are exact.  One that is not (the largest of several equal ones) has no
gradient; reverse mode gives an element of its generalised gradient, v v^H of one of the vectors, and
forward mode the one-sided derivative along the direction.  Its second derivative is NaN.

The second derivative of a symmetric sum f(w) is f''(w) times the identity on the k (k + 1) / 2 entries of
the block of k equal eigenvalues.  The chain rule through k numbers w, linear maps one after the other, has
rank k at most and misses it.  What there is beside linear maps is the choice of the vectors, which is free
in the block: in forward mode they are those along which the direction itself is diagonal there (`frame`),
as the perturbation theory of degenerate values chooses them.  So `hvp` and `hessian` are exact.  Reverse
over reverse mode knows no direction: it is exact where the cotangents of the eigenvalues do not change with
them (their sum; anything of the others), and NaN otherwise.

The vectors, from `eigh`, have no derivative, whatever the direction.  That of something that is made of
them and has one, V f(w) V^H, would need f' where what comes in holds f alone: it is NaN.  A vector whose own
eigenvalue is simple is not concerned, in first derivatives.  One case cannot be told from an unused vector:
where all cotangents happen to be 0, as at the identity those of an off-diagonal entry of log A =
V log(w) V^H are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import constant, general, implements
from ...core.graph import Array
from ...core.primitives import General, TangentAware
from .matrices import (
    EQUAL,
    adjoint,
    antihermitian,
    conjugate,
    diagonal,
    diagonal_matrix,
    gaps,
    hermitian,
    is_tied,
    lined_up,
    named_like,
    off_diagonal,
    over,
    rounding,
    transpose,
    undefined,
)
from .products import column, row

# -- the vectors of equal values -----------------------------------------------------------------------
_eigh_of = constant(lambda x: tuple(np.linalg.eigh(x)), name="eigh", core=(2,))


def groups_of(w: Array, bound: Array) -> Array:
    """A number for each value, the same for neighbours that are at most ``bound`` apart."""
    steps = (np.absolute(w[..., 1:] - w[..., :-1]) > bound[..., None]).astype(w.dtype)
    return np.cumsum(np.concatenate([np.zeros_like(w[..., :1]), steps], axis=-1), axis=-1)


def settled(inside: Array, groups: Array) -> tuple[Array, Array] | None:
    """What turns the vectors of each group so that a direction is diagonal there, and finer groups; None for no need.

    ``inside`` is the direction between the vectors.  Its blocks are moved apart, so that none is mixed.
    """
    if not np.any(raw(groups[..., 1:] == groups[..., :-1])):
        return None
    block = np.where(row(groups) == column(groups), inside, np.zeros_like(inside))
    size = np.sqrt(np.sum(np.square(np.absolute(block)), axis=(-2, -1)))
    apart = groups * (3 * np.where(size == 0, np.ones_like(size), size))[..., None]
    w, turn = _eigh_of(block + diagonal_matrix(apart.astype(block.dtype)))
    return turn, groups_of(w, np.max(apart, axis=-1, initial=0) * np.finfo(w.dtype).eps * EQUAL * w.shape[-1])


def _frame_along(out: tuple[Any, ...], t: Array) -> tuple[Any, ...]:
    w, v, groups = out
    groups = groups_of(w, rounding(w)) if groups is None else groups
    found = settled(_between(t, v), groups)
    return (w, v, groups) if found is None else (w, v @ found[0], found[1])


#: Eigenvalues, vectors that are settled by the direction where it has a say, and groups of what that leaves equal (None
#: where there is no direction).
frame = TangentAware("frame", lambda x: (*np.linalg.eigh(x), None), core=(2,), join=_frame_along)


# -- V g V^H, and its transpose: what a cotangent of the eigenvalues is for the matrix -----------------
def is_uneven(g: Any, like: Array) -> Any:
    """True for each pair of eigenvalues whose cotangents differ by more than the rounding of half the digits."""
    if g is None:
        return np.zeros((*like.shape, like.shape[-1]), bool)
    size = np.max(np.absolute(g), axis=-1, initial=0) * np.sqrt(np.finfo(g.dtype).eps)
    return np.absolute(row(g) - column(g)) > size[..., None, None]


def is_turning(inside: Array) -> Array:
    """True for the entries of a direction between vectors that are larger than rounding."""
    size = np.absolute(inside)
    return size > rounding(size.reshape((*size.shape[:-2], -1)))[..., None, None]


def _assembled(v: Array, g: Array) -> Array:
    return (v * row(g)) @ adjoint(v)


def _between(c: Array, v: Array) -> Array:
    return adjoint(v) @ hermitian(c) @ v


def _turned(wrong: Any, c: Array, g: Array, w: Array, v: Array) -> Array:
    """The derivative of V g V^H for a constant g along a Hermitian matrix: divided differences of g.

    For equal eigenvalues it is 0; NaN where they have different weights, or ``wrong(c between the vectors)`` says so.
    """
    inside, gap = _between(c, v), gaps(w)
    rise, tied = row(g) - column(g), is_tied(gap)
    if tied is None:
        return v @ (inside * (rise / gap)) @ adjoint(v)
    unfit = tied & is_moving(inside) & (wrong(inside) | is_uneven(g, g))
    return v @ undefined(unfit, inside * divided(rise, gap, tied)) @ adjoint(v)


def is_moving(inside: Array) -> Array:
    """True where a direction is not zero."""
    return np.any(inside != 0, axis=(-2, -1))[..., None, None]


def divided(x: Array, gap: Array, tied: Array) -> Array:
    """x / gap, and 0 for equal values."""
    return np.where(tied, np.zeros_like(x), x / np.where(tied, np.ones_like(gap), gap))


def never(inside: Array) -> Any:
    return np.zeros(inside.shape, bool)


def _weights_cotangent(c: Array, w: Array, v: Array) -> Array:
    """The diagonal of V^H c V, with NaN in a block of equal values of which it is not all."""
    inside, tied = _between(c, v), is_tied(gaps(w))
    values = np.real(diagonal(inside))
    return values if tied is None else undefined(np.any(tied & is_turning(inside), axis=-1), values)


def _values_tangent(g: Array, c: Array, w: Array, v: Array) -> Array:
    """The derivative of the diagonal of V^H c V for a constant c, along g."""
    inside, turning, gap = _between(c, v), _between(g, v), gaps(w)
    terms, tied = off_diagonal(-2 * np.real(turning * transpose(inside))), is_tied(gap)
    if tied is None:
        return np.sum(terms / gap, axis=-1)
    unfit = tied & (is_turning(inside) | is_turning(turning))
    return np.sum(undefined(unfit, divided(terms, gap, tied)), axis=-1)


#: ``of_eigenvalues(x, g, w, v)`` is V g V^H, of the Hermitian x = V w V^H: a function of x and the weights g alone.
#: Forward mode must know that the weights are ``steady``, constants: only then may equal eigenvalues' vectors turn.
of_eigenvalues: General = general(
    lambda x, g, w, v, *, steady=False: _assembled(v, g),
    vjp=[
        lambda g, xs, **_: conjugate(_turned(never, conjugate(g), *xs[1:])),
        lambda g, xs, **_: _weights_cotangent(conjugate(g), *xs[2:]),
        None,
        None,
    ],
    jvp=[
        lambda g, xs, *, steady=False: _turned(never if steady else is_turning, g, *xs[1:]),
        lambda g, xs, **_: _assembled(xs[3], g),
        None,
        None,
    ],
    name="of_eigenvalues",
    core=(2, 1, 1, 2),
)
#: ``along_eigenvalues(x, c, w, v)`` is the diagonal of V^H c V: the tangent of the eigenvalues along c.
along_eigenvalues: General = general(
    lambda x, c, w, v: np.real(diagonal(_between(c, v))),
    vjp=[
        lambda g, xs: conjugate(_turned(is_turning, xs[1], g, *xs[2:])),
        lambda g, xs: conjugate(of_eigenvalues(xs[0], g, *xs[2:])),
        None,
        None,
    ],
    jvp=[lambda g, xs: _values_tangent(g, *xs[1:]), lambda g, xs: along_eigenvalues(xs[0], g, *xs[2:]), None, None],
    name="along_eigenvalues",
    core=(2, 2, 1, 2),
)


# -- eigh ----------------------------------------------------------------------------------------------
def _is_asked(g_v: Array) -> Array:
    """True for each pair of vectors of which at least one has a cotangent."""
    asked = np.any(g_v != 0, axis=-2)
    return row(asked) | column(asked)


def _eigh_vjp(g: Any, x: Array, out: Any) -> Array:
    (g_w, g_v), (w, v) = g, out
    if g_v is None:
        return conjugate(of_eigenvalues(x, g_w, w, v))
    gap = gaps(w)
    turn, tied = over(antihermitian(adjoint(v) @ conjugate(g_v)), gap), is_tied(gap)
    if tied is not None:
        turn = undefined(tied & (_is_asked(g_v) | is_uneven(g_w, w)), turn)
    middle = turn if g_w is None else turn + diagonal_matrix(g_w)
    return conjugate(hermitian(v @ middle @ adjoint(v)))


def _eigh_jvp(g: Array, x: Array, out: Any) -> tuple[Array, Array]:
    w, v = out
    inside, gap = _between(g, v), gaps(w)
    turned, tied = over(off_diagonal(inside), gap), is_tied(gap)
    if tied is not None:
        turned = undefined(tied & is_moving(inside), turned)
    return along_eigenvalues(x, g, w, v), v @ turned


def _given(x: Array, w: Array, v: Array) -> tuple[Array, Array]:
    (_, v), (w,) = lined_up([x, v], [w])
    return w, v


#: ``eigh_(x, w, v)`` is (w, v), the eigenvalues and vectors of x, as functions of x.
eigh_: General = general(
    _given, vjp=[_eigh_vjp, None, None], jvp=[_eigh_jvp, None, None], name="eigh", core=(2, 1, 2)
)


def decomposed(a: Array, uplo: str = "L") -> Any:
    """Eigenvalues and vectors, as NumPy returns them."""
    a = _from_triangle(a, uplo)
    return eigh_(a, *_eigh_of(a))


def eigenvalues(a: Array, uplo: str = "L") -> Array:
    """Eigenvalues alone, whose vectors may be settled by the direction."""
    a = _from_triangle(a, uplo)
    return eigh_(a, *frame(a)[:2])[0]


@implements(np.linalg.eigh)
def eigh(a: Array, UPLO: str = "L") -> Any:  # NumPy's name
    """The gradient is symmetric; of repeated eigenvalues' vectors it is NaN where it is asked for."""
    return named_like(np.linalg.eigh, decomposed(a, UPLO))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Array, UPLO: str = "L") -> Array:  # NumPy's name
    """The gradient is symmetric; of functions that are symmetric in repeated eigenvalues it is exact, twice."""
    return eigenvalues(a, UPLO)


def _from_triangle(a: Array, uplo: str) -> Array:
    """A matrix whose lower triangle is the given one of ``a``."""
    if uplo.upper() not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return a if uplo.upper() == "L" else adjoint(a)
