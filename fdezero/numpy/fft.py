"""numpy.fft, whose functions take lists of Boxes too: ``from fdezero.numpy.fft import fft``."""

from numpy import fft as _fft

from ._lists import taking_lists

__all__ = _fft.__all__  # NumPy's own list of names

__getattr__ = taking_lists(_fft)


def __dir__() -> list[str]:
    return dir(_fft)
