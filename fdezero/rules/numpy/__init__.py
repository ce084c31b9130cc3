"""Derivative rules of NumPy's functions, by area.  Importing this package declares them all."""

from . import elementwise, gathering, indexing, linalg, products, queries, reductions, shaping, sorting

__all__ = ["elementwise", "gathering", "indexing", "linalg", "products", "queries", "reductions", "shaping", "sorting"]
