"""Matrices made of vectors: toeplitz, circulant, hankel, block_diag.  All are linear in what they are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from ..core.declare import linear
from ..core.graph import Array
from ..core.primitives import Linear
from ._mirror import mirrors, operand


def _places(rows: int, columns: int) -> Array:
    """Where each entry of a Toeplitz matrix is among its diagonals, counted from the upper right corner."""
    return np.arange(rows)[:, None] - np.arange(columns) + columns - 1


def _toeplitz(x: Array, *, rows: int, columns: int) -> Array:
    return x[..., _places(rows, columns)]


def _sums(x: Array) -> Array:
    rows, columns = x.shape[-2:]
    total = np.zeros((*x.shape[:-2], rows + columns - 1), x.dtype)
    for j in range(columns):  # each column is a run of consecutive diagonals
        total[..., columns - 1 - j : columns - 1 - j + rows] += x[..., :, j]
    return total


#: The Toeplitz matrix with the given diagonals; its transpose, the sums along them.
_of_diagonals: Linear = linear(
    _toeplitz, lambda g, *, rows, columns: diagonal_sums(g), name="toeplitz", core=(1,)
)
diagonal_sums: Linear = linear(
    _sums, lambda g, like: _of_diagonals(g, rows=like.shape[-2], columns=like.shape[-1]), name="diagonal_sums", core=(2,)
)


def toeplitz_matrix(diagonals: Array) -> Array:
    """The square Toeplitz matrix of 2n - 1 diagonals, from the upper right corner to the lower left one."""
    n = (diagonals.shape[-1] + 1) // 2
    return _of_diagonals(diagonals, rows=n, columns=n)


@mirrors(scipy.linalg.toeplitz)
def toeplitz(c: Any, r: Any = None) -> Any:
    """The Toeplitz matrix of a first column (m,) and row (n,); differentiable."""
    c = operand(c)
    r = np.conjugate(c) if r is None else operand(r)
    return _of_diagonals(np.concatenate([np.flip(r[..., 1:], -1), c], axis=-1), rows=c.shape[-1], columns=r.shape[-1])


@mirrors(scipy.linalg.hankel)
def hankel(c: Any, r: Any = None) -> Any:
    """The Hankel matrix of a first column (m,) and a last row (n,); differentiable."""
    c = operand(c)
    r = np.zeros_like(c) if r is None else operand(r)
    values = np.concatenate([c, r[1:]])
    return values[np.arange(c.shape[0])[:, None] + np.arange(r.shape[0])]


@mirrors(scipy.linalg.circulant)
def circulant(c: Any) -> Any:
    """The circulant matrix of a first column (n,); differentiable."""
    c = operand(c)
    return _of_diagonals(np.concatenate([c[..., 1:], c], axis=-1), rows=c.shape[-1], columns=c.shape[-1])


@mirrors(scipy.linalg.block_diag)
def block_diag(*arrs: Any) -> Any:
    """The matrix with these matrices, vectors (as rows) and numbers on its diagonal; differentiable."""
    blocks = [operand(a) for a in arrs]
    blocks = [a.reshape((1,) * (2 - len(a.shape)) + a.shape) for a in blocks]
    width = sum(a.shape[1] for a in blocks)
    left, rows = 0, []
    for a in blocks:
        rows.append(np.pad(a, [(0, 0), (left, width - left - a.shape[1])]))
        left += a.shape[1]
    return np.concatenate(rows)
