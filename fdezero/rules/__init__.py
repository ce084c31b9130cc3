"""Derivative rules, by library."""

from . import numpy

__all__ = ["numpy"]
