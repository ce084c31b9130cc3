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
    quantiles,
    reductions,
    shaping,
    sliding,
    sorting,
    special,
    statistics,
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
    "quantiles",
    "reductions",
    "shaping",
    "sliding",
    "sorting",
    "special",
    "statistics",
    "tallies",
]
