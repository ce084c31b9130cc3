"""fdezero.scipy.signal: values are SciPy's, derivatives agree with differences in every mode."""

import numpy as np
import pytest
import scipy.signal

from fdezero import vjp
from fdezero.scipy import signal

from .cases import Case, check_batched, check_case

rng = np.random.default_rng(3)
X, Y = rng.normal(size=7), rng.normal(size=4)
IMAGE, KERNEL = rng.normal(size=(4, 5)), rng.normal(size=(3, 2))
B, A = np.array([0.5, 0.2, 0.3]), np.array([2.0, 0.4, -0.3, 0.1])
ZI = rng.normal(size=3)
SOS = np.array([[0.5, 0.2, 0.3, 1.0, 0.4, -0.3], [1.0, 0.1, 0.0, 1.0, -0.2, 0.1]])
ROWS = rng.normal(size=(2, 6))

CASES = {
    **{
        f"{name}, {mode}": Case(lambda m, x, y, name=name, mode=mode: getattr(m, name)(x, y, mode), (X, Y))
        for name in ("convolve", "fftconvolve", "oaconvolve", "correlate")
        for mode in ("full", "same", "valid")
    },
    "convolve, a list": Case(lambda m, x: m.convolve([x[0], 1.0, x[1]], x[:3]), (X,)),
    "convolve, direct": Case(lambda m, x, y: m.convolve(x, y, method="direct"), (X, Y)),
    "convolve, shorter first": Case(lambda m, x, y: m.convolve(y, x, "valid"), (X, Y)),
    "convolve, shorter first, same": Case(lambda m, x, y: m.convolve(y, x, "same"), (X, Y)),
    "convolve, complex": Case(lambda m, x, y: m.convolve(x, y), (X[:3] + 1j, Y[:2] * 1j)),
    "convolve, a real with a complex": Case(lambda m, x, y: m.convolve(x, y), (X[:3], Y[:2] * 1j)),
    "convolve, matrices": Case(lambda m, x, y: m.convolve(x, y, "same"), (IMAGE, KERNEL)),
    "correlate, complex": Case(lambda m, x, y: m.correlate(x, y, "same"), (X[:3] + 1j, Y[:2] * 1j)),
    "correlate, shorter first": Case(lambda m, x, y: m.correlate(y, x, "valid"), (X, Y)),
    "correlate, shorter first, same": Case(lambda m, x, y: m.correlate(y, x, "same"), (X, Y)),
    **{
        f"convolve2d, {mode}, {boundary}": Case(
            lambda m, x, y, mode=mode, boundary=boundary: m.convolve2d(x, y, mode, boundary), (IMAGE, KERNEL), order=1
        )
        for mode in ("full", "same", "valid")
        for boundary in ("fill", "wrap", "symm")
    },
    **{
        f"correlate2d, {mode}, {boundary}": Case(
            lambda m, x, y, mode=mode, boundary=boundary: m.correlate2d(x, y, mode, boundary), (IMAGE, KERNEL), order=1
        )
        for mode in ("full", "same", "valid")
        for boundary in ("fill", "wrap", "symm")
    },
    "correlate2d, larger second, complex": Case(lambda m, x, y: m.correlate2d(y, x, "valid"), (IMAGE * 1j, KERNEL + 1j), order=1),
    "convolve2d, fillvalue": Case(lambda m, x, y: m.convolve2d(x, y, "same", fillvalue=2.0), (IMAGE, KERNEL)),
    **{
        f"{name}, axes, {mode}": Case(
            lambda m, x, y, name=name, mode=mode: getattr(m, name)(x, y, mode, axes=1), (IMAGE, KERNEL[:1]), order=1
        )
        for name in ("fftconvolve", "oaconvolve")
        for mode in ("full", "same", "valid")
    },
    "fftconvolve, two axes": Case(lambda m, x, y: m.fftconvolve(x[:, None], y, "same", axes=[0, -1]), (IMAGE, KERNEL[:, None])),
    "fftconvolve, longer second axis": Case(lambda m, x, y: m.fftconvolve(x, y, "same", axes=-1), (IMAGE[:1], KERNEL)),
    "lfilter": Case(lambda m, b, a, x: m.lfilter(b, a, x), (B, A, X), rtol=1e-4),
    "lfilter, an axis": Case(lambda m, b, a, x: m.lfilter(b, a, x, axis=0), (B, A, ROWS.T), order=1),
    "lfilter, no recursion": Case(lambda m, b, x: m.lfilter(b, 2.0, x), (B, X)),
    "lfilter, short": Case(lambda m, b, a, x: m.lfilter(b, a, x), (B, A, X[:2])),
    "lfilter, zi": Case(lambda m, b, a, x, zi: m.lfilter(b, a, x, zi=zi), (B, A, X, ZI), order=1),
    "lfilter, zi, more of b": Case(lambda m, b, a, x, zi: m.lfilter(b, a, x, zi=zi), (A, A[:2], X, ZI), order=1),
    "lfilter, zi, short": Case(lambda m, b, a, x, zi: m.lfilter(b, a, x, zi=zi), (B, A, X[:2], ZI), order=1),
    "lfilter, zi, an axis": Case(
        lambda m, x, zi: m.lfilter(B, A, x, axis=0, zi=zi), (ROWS.T, np.stack([ZI, -ZI], axis=1)), order=1
    ),
    "sosfilt": Case(lambda m, s, x: m.sosfilt(normalised(s), x), (SOS, X), order=1),
    "sosfilt, zi": Case(lambda m, s, x, zi: m.sosfilt(normalised(s), x, zi=zi), (SOS, X, rng.normal(size=(2, 2))), order=1),
    "filtfilt": Case(lambda m, x: m.filtfilt([0.5, 0.3], [1.0, -0.4], x, axis=0, padlen=2), (ROWS.T,)),
    "sosfiltfilt": Case(lambda m, x: m.sosfiltfilt(SOS, x, padlen=3), (ROWS,)),
    "savgol_filter": Case(lambda m, x: m.savgol_filter(x, 3, 2, deriv=1, axis=0), (ROWS.T,)),
    "savgol_filter, mirror": Case(lambda m, x: m.savgol_filter(x, 5, 2, mode="mirror"), (ROWS,)),
    "hilbert": Case(lambda m, x: m.hilbert(x), (ROWS,)),
    "resample": Case(lambda m, x: m.resample(x, 9), (X,)),
    "resample, an axis": Case(lambda m, x: m.resample(x, 4, axis=1), (ROWS,)),
    "resample_poly": Case(lambda m, x: m.resample_poly(x, 3, 2), (X,)),
    "detrend": Case(lambda m, x: m.detrend(x, axis=0), (ROWS.T,)),
    "detrend, constant": Case(lambda m, x: m.detrend(x, type="constant"), (ROWS,)),
    "detrend, breaks": Case(lambda m, x: m.detrend(x, bp=[3]), (ROWS,)),
}


def normalised(sos):
    """SciPy wants the fourth coefficient to be 1."""
    return np.concatenate([sos[:, :3], np.ones((2, 1)), sos[:, 4:]], axis=1)


@pytest.mark.parametrize("name", CASES)
def test_laws(name):
    check_case(CASES[name], signal, scipy.signal)


@pytest.mark.parametrize("name", CASES)
def test_batches(name):
    check_batched(CASES[name], signal)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda x: signal.convolve2d(x[:1], x, boundary="wrap"), TypeError, "larger than in1"),
        (lambda x: signal.filtfilt(x[0], x[1], X), TypeError, "filtfilt .* its coefficients"),
        (lambda x: signal.convolve2d(x, x, boundary="reflect"), TypeError, "boundary='reflect'"),
        (lambda x: signal.convolve(x, x[0]), ValueError, "same dimensionality"),
        (lambda x: signal.convolve(x[:1], x[:, :1], "valid"), ValueError, "at least as large"),
    ],
)
def test_what_is_refused(call, error, match):
    with pytest.raises(error, match=match):
        vjp(call, IMAGE)
