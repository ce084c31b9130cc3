"""The second derivative of a function of one number is the same in every mode and mixture of modes."""

import numpy as np
import pytest
import scipy.sparse

from fdezero import checkpoint, derivative, grad, jvp, linearize
from fdezero.scipy import fft, integrate, interpolate, linalg, ndimage, optimize, signal, sparse

rng = np.random.default_rng(8)
A, B = rng.normal(size=(3, 3)) / 2 + 2 * np.eye(3), rng.normal(size=3)
PLACES = np.nonzero(A)
TIGHT = {"rtol": 1e-11, "atol": 1e-11}

FUNCTIONS = {
    "expm": lambda t: linalg.expm(t * A / 2)[0, 1],
    "logm": lambda t: linalg.logm(A @ A.T + t * np.outer(B, B))[0, 0],
    "sqrtm": lambda t: linalg.sqrtm(A @ A.T + t * np.eye(3))[0, 0],
    "solve": lambda t: linalg.solve(A + t * A.T, B, assume_a="gen")[0],
    "lu": lambda t: linalg.lu(A + t * A.T)[2][2, 2],
    "polar": lambda t: linalg.polar(A + t * B)[1][0, 0],
    "eigh": lambda t: linalg.eigh(A + A.T + t * np.outer(B, B))[0][0],
    "convolve": lambda t: signal.convolve(B * t, B + t)[1],
    "lfilter": lambda t: signal.lfilter(B, 1 + B * t * 0.1, B)[2],
    "savgol_filter": lambda t: signal.savgol_filter(np.sin(B * t), 3, 1)[1],
    "dct": lambda t: fft.dct(np.sin(B * t))[1],
    "CubicSpline": lambda t: interpolate.CubicSpline(np.arange(3.0), np.sin(B * t))(t),
    "map_coordinates": lambda t: ndimage.map_coordinates(np.sin(t * B), np.stack([t])[None])[0],
    "brentq": lambda t: optimize.brentq(lambda x, t: x**3 + t * x - 2, 0.0, 3.0, args=(t,)),
    "minimize": lambda t: optimize.minimize(lambda x, t: np.cosh(x[0] - t) + 0.1 * x[0] ** 2, [0.3], args=(t,), tol=1e-12).fun,
    "quad": lambda t: integrate.quad(lambda x, t: np.exp(-t * x), 0.0, t, args=(t,))[0],
    "solve_ivp": lambda t: integrate.solve_ivp(lambda s, y, k: -k * y, (0.0, 1.0), [1.0], t_eval=[1.0], args=(t,), **TIGHT).y[0, 0],
    "sparse product": lambda t: (scipy.sparse.csr_array(A) @ np.sin(B * t))[0],
    "spsolve": lambda t: sparse.linalg.spsolve(sparse.csc_array(((A + t * A.T)[PLACES], PLACES), A.shape), B)[0],
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_mode(name):
    f, t = FUNCTIONS[name], 0.8
    slope = grad(f)(t)
    second = grad(grad(f))(t)
    assert second != 0
    along = lambda t: jvp(f, (t,), (1.0,))[1]  # noqa: E731
    found = {
        "linearize": (linearize(f, t)[1](1.0), slope),
        "checkpoint": (grad(checkpoint(f))(t), slope),
        "forward over forward": (jvp(along, (t,), (1.0,))[1], second),
        "forward over reverse": (jvp(grad(f), (t,), (1.0,))[1], second),
        "reverse over forward": (grad(along)(t), second),
        "Taylor": (derivative(f, 2)(t), second),
    }
    for mode, (value, expected) in found.items():
        np.testing.assert_allclose(value, expected, rtol=1e-7, err_msg=mode)
