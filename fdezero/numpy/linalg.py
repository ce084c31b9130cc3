"""numpy.linalg, whose functions take lists of Boxes too: ``from fdezero.numpy.linalg import solve``."""

from numpy import linalg as _linalg

from ._lists import taking_lists

__all__ = _linalg.__all__  # NumPy's own list of names

__getattr__ = taking_lists(_linalg)


def __dir__() -> list[str]:
    return dir(_linalg)
