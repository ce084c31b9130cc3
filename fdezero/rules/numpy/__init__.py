"""Derivative rules of NumPy's functions, by area.  Importing this package declares them all."""

from . import (
    applying,
    building,
    choosing,
    elementwise,
    gathering,
    indexing,
    joining,
    linalg,
    padding,
    products,
    reductions,
    sets,
    shaping,
    sorting,
    ufunc_methods,
    windows,
)

__all__ = [
    "applying",
    "building",
    "choosing",
    "elementwise",
    "gathering",
    "indexing",
    "joining",
    "linalg",
    "padding",
    "products",
    "reductions",
    "sets",
    "shaping",
    "sorting",
    "ufunc_methods",
    "windows",
]
