"""Every law of every transform, Taylor mode and checkpoints too, on the primitives of transforms, grids, fits and quantiles."""

import numpy as np
import pytest

from .laws import check_all

W = np.array([0.7, 1.3, 0.4, 1.1, 0.9])
T = np.array([0.0, 0.5, 1.2, 2.0, 2.9])

FUNCTIONS = {
    "fft": lambda x: np.abs(np.fft.fft(x * x)),
    "irfft of rfft": lambda x: np.fft.irfft(np.fft.rfft(x, 8) * np.fft.rfft(W, 8), 8)[:5] * x,
    "hfft": lambda x: np.fft.hfft(x + 1j * x * x, 7),
    "fft2": lambda x: np.real(np.fft.fft2(np.outer(x, x), norm="ortho")),
    "convolve": lambda x: np.convolve(x, x * W, "same"),
    "correlate": lambda x: np.correlate(x[:3], np.sin(x), "full"),
    "gradient": lambda x: np.gradient(np.sin(x), T * np.sum(x * x)),
    "diff": lambda x: np.diff(x**3, 2, prepend=x[1]),
    "interp": lambda x: np.interp(0.9 + 0.1 * x, T + 0.02 * x, np.sin(x)),
    "linspace": lambda x: np.linspace(x[0] * x[1], x[2], 4),
    "sinc": lambda x: np.sinc(0.5 * x),
    "i0": np.i0,
    "quantile": lambda x: np.quantile(np.sin(x), 0.37) * x,
    "median": lambda x: np.median(x * x),
    "nanvar": lambda x: np.nanvar(np.where(W > 1.2, np.nan, x)),
    "cov": lambda x: np.cov(np.stack([x, np.sin(x), x * W]), aweights=1 + x * x),
    "corrcoef": lambda x: np.corrcoef(x, np.exp(x)),
    "average": lambda x: np.average(np.sin(x), weights=np.exp(x)),
    "polyval": lambda x: np.polyval(x, x),
    "polyfit": lambda x: np.polyfit(T + 0.1 * np.sin(x), np.exp(x), 2),
    "roots": lambda x: np.abs(np.roots(np.stack([1 + x[0] ** 2, x[1], 3 + x[2]]))),
    "bincount": lambda x: np.bincount([1, 0, 2, 1, 1], np.sin(x)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_laws(name):
    check_all(FUNCTIONS[name], np.array([0.3, -0.8, 1.1, 0.55, -0.25]))
