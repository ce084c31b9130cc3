"""Derivative rules, by NumPy area.  Importing this package declares them all."""

from . import elementwise, indexing, products, reductions, shaping

__all__ = ["elementwise", "indexing", "products", "reductions", "shaping"]
