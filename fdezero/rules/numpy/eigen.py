"""Eigenvalues and eigenvectors: eigh and eigvalsh of Hermitian matrices, eig and eigvals of any.

The derivatives are those of Giles, *An extended collection of matrix derivative results for forward and
reverse mode algorithmic differentiation* (2008), for `eigh`; and of Boeddeker, Hanebrink, Drude, Heymann
and Haeb-Umbach, *On the computation of complex-valued gradients with application to statistically optimum
beamforming* (2017), for `eig`.

**Repeated eigenvalues** of a Hermitian matrix (`matrices` says which count as equal).

* A function of the eigenvalues alone that is symmetric in the equal ones has an exact gradient.  One
  that is not (the largest of several equal ones) has none, and gets an element of its generalised
  gradient, v v^H of one of the vectors.
* Its second derivative is exact where its gradient does not change with the equal eigenvalues (their sum;
  anything of the others), and NaN otherwise.  It is not zero there, and it cannot be had: for k equal
  eigenvalues, the second derivative of sum f(w) is f''(w) times the identity on the k (k + 1) / 2 entries
  of their block, and what is computed from w alone by the chain rule has rank k at most.
* The vectors have no derivative.  That of something that is made of them and has one, V f(w) V^H, would
  need f' where the two derivatives that come in hold f alone: it is NaN, in every mode.
* A vector whose own eigenvalue is simple is not concerned, nor is what is orthogonal to it.

Only what cannot be told escapes: where both cotangents happen to be those of no function at all, as at
the identity those of the off-diagonal entries of log A = V log(w) V^H are, all of them 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.declare import general, implements
from ...core.graph import Array
from ...core.primitives import General
from .matrices import (
    adjoint,
    antihermitian,
    conjugate,
    diagonal,
    diagonal_matrix,
    gaps,
    hermitian,
    named_like,
    off_diagonal,
    over,
    rounding,
    undefined,
)
from .products import column, row


# -- V g V^H: what a cotangent of the eigenvalues is for the matrix ------------------------------------
def is_tied(w: Array) -> Array:
    """Which pairs of different eigenvalues are equal?"""
    return gaps(w) == 0


def assembled(v: Array, g: Array) -> Array:
    return (v * row(g)) @ adjoint(v)


def _turned(c: Array, g: Array, w: Array, v: Array) -> Array:
    """The derivative of V g V^H for a constant g, along a Hermitian matrix: divided differences of g."""
    inside = adjoint(v) @ hermitian(c) @ v
    return v @ over(inside * (row(g) - column(g)), gaps(w)) @ adjoint(v)


def _weights_tangent(g: Array, w: Array, v: Array) -> Array:
    """NaN for weights of equal values that change: with V held, only the diagonal of their block would."""
    return assembled(v, over(g, 1 - np.any(is_tied(w), axis=-1).astype(w.dtype)))


def _weights_cotangent(c: Array, w: Array, v: Array) -> Array:
    """The diagonal of V^H c V, with NaN in a block of equal values of which it is not all."""
    inside = adjoint(v) @ hermitian(conjugate(c)) @ v
    size = np.absolute(inside)
    left_out = is_tied(w) & (size > rounding(size.reshape((*size.shape[:-2], -1)))[..., None, None])
    return undefined(np.any(left_out, axis=-1), np.real(diagonal(inside)))


#: ``of_eigenvalues(x, g, w, v)`` is V g V^H, of the Hermitian x = V w V^H: a function of x and the weights g alone.
of_eigenvalues: General = general(
    lambda x, g, w, v: assembled(v, g),
    vjp=[
        lambda g, xs: conjugate(_turned(conjugate(g), *xs[1:])),
        lambda g, xs: _weights_cotangent(g, *xs[2:]),
        None,
        None,
    ],
    jvp=[lambda g, xs: _turned(g, *xs[1:]), lambda g, xs: _weights_tangent(g, *xs[2:]), None, None],
    name="of_eigenvalues",
    core=(2, 1, 1, 2),
)


# -- eigh ----------------------------------------------------------------------------------------------
def _is_asked(g_v: Array) -> Array:
    """Which pairs of vectors did a cotangent come for, of one or both?"""
    asked = np.any(g_v != 0, axis=-2)
    return row(asked) | column(asked)


def is_uneven(g: Any, like: Array) -> Any:
    """Which pairs of eigenvalues have different cotangents?  (By more than the rounding of half the digits.)"""
    if g is None:
        return np.zeros((*like.shape, like.shape[-1]), bool)
    size = np.max(np.absolute(g), axis=-1, initial=0) * np.sqrt(np.finfo(g.dtype).eps)
    return np.absolute(row(g) - column(g)) > size[..., None, None]


def _eigh_vjp(g: Any, x: Array, out: Any) -> Array:
    (g_w, g_v), (w, v) = g, out
    if g_v is None:
        return conjugate(of_eigenvalues(x, g_w, w, v))
    turn = over(antihermitian(adjoint(v) @ conjugate(g_v)), gaps(w))
    turn = undefined(is_tied(w) & (_is_asked(g_v) | is_uneven(g_w, w)), turn)
    middle = turn if g_w is None else turn + diagonal_matrix(g_w)
    return conjugate(hermitian(v @ middle @ adjoint(v)))


def _eigh_jvp(g: Array, out: Any) -> tuple[Array, Array]:
    w, v = out
    inside = adjoint(v) @ hermitian(g) @ v
    return np.real(diagonal(inside)), v @ over(off_diagonal(inside), gaps(w))


eigh_ = general(lambda x: tuple(np.linalg.eigh(x)), vjp=[_eigh_vjp], jvp=[_eigh_jvp], name="eigh", core=(2,))


@implements(np.linalg.eigh)
def eigh(a: Array, UPLO: str = "L") -> Any:  # NumPy's name
    """The gradient is symmetric; of repeated eigenvalues' vectors it is NaN where it is asked for."""
    return named_like(np.linalg.eigh, eigh_(from_triangle(a, UPLO)))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Array, UPLO: str = "L") -> Array:  # NumPy's name
    return eigh_(from_triangle(a, UPLO))[0]


def from_triangle(a: Array, uplo: str) -> Array:
    """A matrix whose lower triangle is the given one of ``a``."""
    if uplo.upper() not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return a if uplo.upper() == "L" else adjoint(a)


# -- eig -----------------------------------------------------------------------------------------------
#: Beyond this condition number, in units of 1 / epsilon, the eigenvectors are none: the matrix is defective.
_DEFECTIVE = 0.01


def _left_vectors(v: Array) -> Array:
    """The rows of V^-1, NaN where V has no inverse to speak of."""
    left = np.linalg.inv(v)
    condition = np.linalg.norm(left, axis=(-2, -1)) * np.linalg.norm(v, axis=(-2, -1))
    return undefined((condition > _DEFECTIVE / np.finfo(v.dtype).eps)[..., None, None], left)


def _eig_jvp(g: Array, out: Any) -> tuple[Array, Array]:
    """Each vector keeps its length, 1, and its largest entry stays real: so LAPACK's geev scales them."""
    w, v = out
    inside = _left_vectors(v) @ g @ v
    turned = v @ over(off_diagonal(inside), gaps(w))
    along = np.real(np.sum(conjugate(v) * turned, axis=-2))
    turned = turned - v * row(along)
    if v.dtype.kind == "c":
        largest = np.arange(v.shape[-1])[:, None] == row(np.argmax(np.absolute(v), axis=-2))
        phase = np.sum(np.where(largest, np.imag(turned), 0.0), axis=-2) / np.sum(np.where(largest, np.real(v), 0.0), axis=-2)
        turned = turned - 1j * v * row(phase)
    return diagonal(inside), turned


eig_ = general(lambda x: tuple(np.linalg.eig(x)), jvp=[_eig_jvp], name="eig", core=(2,))


@implements(np.linalg.eig)
def eig(a: Array) -> Any:
    """The derivative of the vectors is that of what NumPy returns: of length 1, with a real largest entry.

    So it is what one wants of every function that does not depend on the phases, and of those that do
    it is the derivative of NumPy's convention.  Repeated eigenvalues: of the vectors NaN where it is
    asked for; of a defective matrix everything is NaN.
    """
    return named_like(np.linalg.eig, eig_(a))


@implements(np.linalg.eigvals)
def eigvals(a: Array) -> Array:
    return eig_(a)[0]
