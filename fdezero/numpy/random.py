"""numpy.random, every name NumPy's own: ``import fdezero.numpy.random as npr``."""

from typing import Any

from numpy import random as _random

__all__ = _random.__all__  # NumPy's own list of names


def __getattr__(name: str) -> Any:
    return getattr(_random, name)


def __dir__() -> list[str]:
    return dir(_random)
