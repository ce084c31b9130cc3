"""Sparse matrices with entries that are Boxes, and their products.

A product is linear in the entries and in what is multiplied: the transpose in an entry at (i, j) is
g_i x_j, summed over the columns, and that in x is the product with the transposed matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import scipy.sparse

from ...core.declare import multilinear
from ...core.graph import Array
from ...core.primitives import Multilinear
from .._mirror import has_boxes, operand


@attrs.frozen(eq=False)
class Structure:
    """Where the entries of a sparse matrix are."""

    rows: Array
    columns: Array
    shape: tuple[int, int]

    @property
    def T(self) -> Structure:
        return Structure(self.columns, self.rows, (self.shape[1], self.shape[0]))

    def matrix(self, data: Array) -> Any:
        """The plain matrix with these entries."""
        return scipy.sparse.csc_array((data, (self.rows, self.columns)), self.shape)

    def part(self, g: Array, x: Array) -> Array:
        """The entries of ``g x^T`` at these places, for g (m, k) and x (n, k)."""
        return np.sum(np.take(g, self.rows, axis=0) * np.take(x, self.columns, axis=0), axis=-1)


product: Multilinear = multilinear(
    lambda x, y, *, structure: structure.matrix(x) @ y,
    lambda g, y, *, structure: structure.part(g, y),
    lambda g, x, *, structure: product(x, g, structure=structure.T),
    name="sparse_product",
)


@attrs.frozen(eq=False)
class SparseMatrix:
    """A sparse matrix whose entries ``data`` may be a Box: ``A @ x``, ``x @ A``, ``A.T``, ``A.toarray()``."""

    data: Array
    structure: Structure

    #: NumPy's sign that these operators are to be asked, whatever the other operand is.
    __array_ufunc__ = None

    @property
    def shape(self) -> tuple[int, int]:
        return self.structure.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.data.dtype  # type: ignore[no-any-return]  # to mypy an Array is anything

    @property
    def ndim(self) -> int:
        return 2

    @property
    def T(self) -> SparseMatrix:
        return SparseMatrix(self.data, self.structure.T)

    def __matmul__(self, other: Any) -> Array:
        x = operand(other)
        if len(x.shape) not in (1, 2) or x.shape[0] != self.shape[1]:
            raise ValueError(f"a sparse matrix of shape {self.shape} cannot multiply an array of shape {x.shape}")
        if len(x.shape) == 1:
            return product(self.data, x[:, None], structure=self.structure)[:, 0]
        return product(self.data, x, structure=self.structure)

    def __rmatmul__(self, other: Any) -> Array:
        x = operand(other)
        return self.T @ x if len(x.shape) == 1 else (self.T @ x.mT).mT

    def dot(self, other: Any) -> Array:
        return self @ other

    def __mul__(self, factor: Any) -> SparseMatrix:
        """A number times the matrix."""
        factor = operand(factor)
        if factor.shape:
            raise TypeError("a sparse matrix with Boxes as entries is multiplied by a number; write A @ x for the product")
        return SparseMatrix(self.data * factor, self.structure)

    __rmul__ = __mul__

    def toarray(self) -> Array:
        """The matrix as an array, differentiable."""
        return self @ np.eye(self.shape[1])


def _from_parts(kind: str, arg1: Any, shape: Any) -> SparseMatrix:
    """The matrix of SciPy's constructor ``(data, (rows, columns))`` or ``(data, indices, indptr)``."""
    if len(arg1) == 2:
        data, (rows, columns) = arg1
    else:
        data, indices, pointers = arg1
        major = np.repeat(np.arange(len(pointers) - 1), np.diff(pointers))
        rows, columns = (major, indices) if kind == "csr" else (indices, major)
        if shape is None:
            most = len(pointers) - 1
            other = int(np.max(indices, initial=-1)) + 1
            shape = (most, other) if kind == "csr" else (other, most)
    rows, columns = np.asarray(rows), np.asarray(columns)
    if shape is None:
        shape = (int(rows.max(initial=-1)) + 1, int(columns.max(initial=-1)) + 1)
    return SparseMatrix(data, Structure(rows, columns, tuple(shape)))


def _constructor(kind: str) -> Callable[..., Any]:
    original = getattr(scipy.sparse, f"{kind}_array")

    def construct(arg1: Any, shape: Any = None, **others: Any) -> Any:
        if not has_boxes(arg1):
            return original(arg1, shape, **others)
        if not isinstance(arg1, tuple) or len(arg1) not in (2, 3) or (len(arg1) == 3 and kind == "coo"):
            raise TypeError(
                f"scipy.sparse.{kind}_array has no derivative rule for an array that is a Box; write the entries and their "
                "places, (data, (rows, columns))"
            )
        return _from_parts(kind, arg1, shape)

    construct.__name__ = construct.__qualname__ = original.__name__
    construct.__doc__ = f"""`scipy.sparse.{original.__name__}`, or with entries that are Boxes a `SparseMatrix`.

    Args:
        arg1: for entries that are Boxes ``(data, (rows, columns))``, or ``(data, indices, indptr)``.
        shape: of the matrix; as large as the places ask unless given.
    """
    return construct


csr_array, csc_array, coo_array = map(_constructor, ("csr", "csc", "coo"))
