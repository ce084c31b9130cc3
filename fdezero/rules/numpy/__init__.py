"""Derivative rules of NumPy's functions, by area.  Importing this package declares them all."""

from . import (
    calculus,
    elementwise,
    fft,
    gathering,
    indexing,
    interpolation,
    linalg,
    products,
    reductions,
    shaping,
    sliding,
    sorting,
    special,
    tallies,
)

__all__ = [
    "calculus",
    "elementwise",
    "fft",
    "gathering",
    "indexing",
    "interpolation",
    "linalg",
    "products",
    "reductions",
    "shaping",
    "sliding",
    "sorting",
    "special",
    "tallies",
]
