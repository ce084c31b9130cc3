"""Derivative rules of NumPy's functions, by area.  Importing this package declares them all."""

from . import (
    elementwise,
    gathering,
    indexing,
    linalg,
    products,
    reductions,
    shaping,
    sorting,
    ufunc_methods,
)

__all__ = [
    "elementwise",
    "gathering",
    "indexing",
    "linalg",
    "products",
    "reductions",
    "shaping",
    "sorting",
    "ufunc_methods",
]
