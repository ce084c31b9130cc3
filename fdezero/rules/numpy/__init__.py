"""Derivative rules of NumPy's functions, by area.  Importing this package declares them all."""

from . import (
    eig,
    eigen,
    elementwise,
    gathering,
    indexing,
    least_squares,
    linalg,
    matrices,
    matrix_products,
    products,
    qr,
    reductions,
    shaping,
    sorting,
    svd,
)

__all__ = [
    "eig",
    "eigen",
    "elementwise",
    "gathering",
    "indexing",
    "least_squares",
    "linalg",
    "matrices",
    "matrix_products",
    "products",
    "qr",
    "reductions",
    "shaping",
    "sorting",
    "svd",
]
