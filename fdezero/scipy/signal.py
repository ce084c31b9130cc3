"""`scipy.signal` with derivatives: convolutions, correlations, filters, detrending.

The values are SciPy's.  Every other name of the module is SciPy's own object.

>>> import numpy as np
>>> from fdezero import grad
>>> from fdezero.scipy import signal
>>> grad(lambda b: signal.lfilter(b, [1.0, -0.5], np.array([1.0, 0.0, 0.0])).sum())(np.array([1.0]))
array([1.75])
"""

import scipy.signal as original

from ._convolution import convolve, convolve2d, correlate, correlate2d, fftconvolve, oaconvolve
from ._filters import (
    detrend,
    filtfilt,
    hilbert,
    lfilter,
    resample,
    resample_poly,
    savgol_filter,
    sosfilt,
    sosfiltfilt,
)
from ._mirror import others_of

__all__ = [
    "convolve", "convolve2d", "correlate", "correlate2d", "detrend", "fftconvolve", "filtfilt", "hilbert", "lfilter",
    "oaconvolve", "resample", "resample_poly", "savgol_filter", "sosfilt", "sosfiltfilt",
]  # fmt: skip

__getattr__ = others_of(original)
