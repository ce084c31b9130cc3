"""What the rules of linear algebra share: parts of matrices, and differences of eigenvalues that may vanish.

A cotangent here is not conjugated (for f of z = x + iy it is df/dx - i df/dy), and the formulas of the
literature are for its conjugate: `conjugate` is where the two meet.

**Equal values.**  Two eigenvalues or singular values of an n x n matrix count as equal when they differ
by at most ``EQUAL * n`` roundings of the largest one: LAPACK computes them no better.  Vectors of equal
values can turn among themselves, so they have no derivative.  What is divided by such a difference goes
through `over`, which gives NaN for it, and 0 only where nothing is divided.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import elementwise
from ...core.graph import Array
from ...core.primitives import Elementwise
from .products import column, row

#: How many roundings of the largest value, for each row, two equal values may be apart.
EQUAL = 8


def transpose(x: Array) -> Array:
    return x.mT


def conjugate(x: Array) -> Array:
    return np.conjugate(x) if x.dtype.kind == "c" else x


def adjoint(x: Array) -> Array:
    """The conjugate transpose."""
    return conjugate(transpose(x))


def hermitian(x: Array) -> Array:
    """The Hermitian part of a matrix."""
    return (x + adjoint(x)) / 2


def antihermitian(x: Array) -> Array:
    return (x - adjoint(x)) / 2


def diagonal(x: Array) -> Array:
    return np.diagonal(x, axis1=-2, axis2=-1)


def diagonal_matrix(x: Array) -> Array:
    """The last axis on the diagonal of a matrix."""
    return column(x) * np.eye(x.shape[-1], dtype=x.dtype)


def off_diagonal(x: Array) -> Array:
    return x * (1 - np.eye(x.shape[-1], dtype=x.dtype))


# -- differences that may vanish -----------------------------------------------------------------------
def _quotient(x: Array, y: Array) -> Array:
    vanishing = y == 0
    if not np.any(vanishing):
        return x / y
    undefined = np.where(x == 0, x, x.dtype.type(np.nan))
    return np.where(vanishing, undefined, x / np.where(vanishing, y.dtype.type(1), y))


#: ``over(x, y)`` is x / y; where y is 0 it is NaN, or 0 where x is 0 too.  So are its derivatives.
over: Elementwise = elementwise(
    _quotient, lambda g, y: over(g, y), lambda g, y, out: over(-(g * out), y), name="over"
)


def rounding(w: Array) -> Array:
    """The size below which a difference of eigenvalues is rounding."""
    largest = np.max(np.absolute(w), axis=-1, initial=0)
    return largest * (EQUAL * w.shape[-1] * np.finfo(w.dtype).eps)


def cleared(x: Array, w: Array) -> Array:
    """``x``, made of the values ``w``, with 0 for what is only rounding."""
    bound = rounding(w)[(..., *(None,) * (len(x.shape) - len(w.shape) + 1))]
    return np.where(np.absolute(x) <= bound, np.zeros_like(x), x)


def gaps(w: Array) -> Array:
    """w_j - w_i: 0 where the two are equal, and 1 on the diagonal, where nothing is divided."""
    return cleared(row(w) - column(w), w) + np.eye(w.shape[-1], dtype=w.dtype)


def is_tied(gap: Array) -> Any:
    """True for each pair of equal values, whose `gaps` these are; None where no two in the whole batch are equal."""
    tied = gap == 0
    return tied if np.any(raw(tied)) else None


def sums(s: Array) -> Array:
    """s_i + s_j of singular values: 0 where both are zero."""
    return cleared(row(s) + column(s), s)


def is_nonzero(s: Array) -> Array:
    """1 where a singular value is not zero, 0 where it is."""
    return (s > rounding(s)[..., None]).astype(s.dtype)


def undefined(where: Array, x: Array) -> Array:
    """``x``, with NaN for it and for all its derivatives at some places."""
    if not np.any(raw(where)):
        return x
    return x * np.where(where, np.nan, 1.0).astype(x.dtype)


def lined_up(matrices: Sequence[Array], vectors: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    """Matrices and vectors with the same leading axes."""
    leading = {*[x.shape[:-2] for x in matrices], *[x.shape[:-1] for x in vectors]}
    shape = leading.pop() if len(leading) == 1 else np.broadcast_shapes(*leading)
    return _spread(matrices, shape, 2), _spread(vectors, shape, 1)


def _spread(arrays: Sequence[Array], shape: tuple[int, ...], core: int) -> list[Array]:
    return [x if x.shape[:-core] == shape else np.broadcast_to(x, shape + x.shape[-core:]) for x in arrays]


# -- results with names --------------------------------------------------------------------------------
@functools.cache
def _result_type(function: Callable[..., Any]) -> Callable[..., Any]:
    """The named tuple that a function of numpy.linalg returns (NumPy does not export its class)."""
    return type(function(np.eye(1)))


def named_like(function: Callable[..., Any], parts: tuple[Any, ...]) -> Any:
    return _result_type(function)(*parts)
