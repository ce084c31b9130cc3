"""Derivative rules, by library: those of NumPy, and those of SciPy once one of its functions meets a Box."""

from importlib import import_module

from ..core.table import loaders
from . import numpy

loaders["scipy"] = lambda: import_module("fdezero.rules.scipy")

__all__ = ["numpy"]
