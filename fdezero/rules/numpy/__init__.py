"""Derivative rules of NumPy's functions, by area.  Importing this package declares them all."""

from . import elementwise, fft, gathering, indexing, linalg, products, reductions, shaping, sorting

__all__ = ["elementwise", "fft", "gathering", "indexing", "linalg", "products", "reductions", "shaping", "sorting"]
