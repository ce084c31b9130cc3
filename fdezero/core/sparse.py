"""A sparse matrix of SciPy as a factor of a matrix product.

`A @ x` with a sparse A is linear in x, so the rules of `numpy.matmul` hold as they are where their first or
second argument is a `SparseFactor`: it has a shape, transposes, and multiplies.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np


@attrs.frozen(eq=False)
class SparseFactor:
    """``matrix``, (m, n), which multiplies stacks of matrices and vectors; nothing is differentiated in it."""

    matrix: Any

    #: To `operands.as_operand` it is an operand already, and NumPy leaves ``a @ self`` to `__rmatmul__`.
    _fdezero_leaf = True
    __array_ufunc__ = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.matrix.shape  # type: ignore[no-any-return]  # to mypy a matrix is anything

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.matrix.dtype  # type: ignore[no-any-return]  # likewise

    @property
    def T(self) -> SparseFactor:
        return SparseFactor(self.matrix.T)

    mT = T

    def __matmul__(self, other: Any) -> Any:
        if other.ndim <= 2:
            return self.matrix @ other
        columns = np.moveaxis(other, -2, 0)  # SciPy multiplies one matrix
        product = self.matrix @ columns.reshape(columns.shape[0], -1)
        return np.moveaxis(product.reshape(-1, *columns.shape[1:]), 0, -2)

    def __rmatmul__(self, other: Any) -> Any:
        if other.ndim == 1:
            return self.T @ other
        return (self.T @ other.mT).mT


def as_factor(sparse: Any) -> Any:
    """A sparse matrix as a factor; a sparse vector, or more than a matrix, as an array."""
    return SparseFactor(sparse) if sparse.ndim == 2 else sparse.toarray()
