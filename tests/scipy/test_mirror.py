"""What holds for every mirrored function, and the errors that lead to them."""

import importlib
import inspect

import numpy as np
import pytest
import scipy.fft
import scipy.integrate
import scipy.interpolate
import scipy.linalg
import scipy.ndimage
import scipy.optimize
import scipy.signal
import scipy.sparse.linalg

from fdezero import vjp
from fdezero.scipy import fft, integrate, interpolate, linalg, ndimage, optimize, signal, sparse

AREAS = [fft, integrate, interpolate, linalg, ndimage, optimize, signal, sparse, sparse.linalg]
MIRRORED = [(area, name) for area in AREAS for name in area.__all__ if name not in ("linalg", "SparseMatrix")]
X = np.eye(3)


@pytest.mark.parametrize(("area", "name"), MIRRORED)
def test_a_mirror_looks_like_scipys(area, name):
    ours, theirs = getattr(area, name), getattr(importlib.import_module(area.__name__.removeprefix("fdezero.")), name)
    assert ours.__name__ == theirs.__name__ and ours.__module__.startswith("fdezero.scipy")
    assert any(word in ours.__doc__ for word in ("ifferentiable", "Box"))
    if not inspect.isclass(ours) and "array" not in name:
        theirs_by_name = inspect.signature(theirs).parameters
        assert list(inspect.signature(ours).parameters) == list(theirs_by_name)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: scipy.linalg.expm(x), "scipy.linalg.expm, .* makes a plain array or number of a Variable, .* write fdezero.scipy.linalg.expm, or"),
        (lambda x: scipy.linalg.solve(x, x), "write fdezero.scipy.linalg.solve, or"),
        (lambda x: scipy.linalg.svd(x), "write fdezero.scipy.linalg.svd, or"),
        (lambda x: scipy.signal.convolve(x, x), "write fdezero.scipy.signal.convolve, or"),
        (lambda x: scipy.fft.dct(x), "write fdezero.scipy.fft.dct, or"),
        (lambda x: scipy.interpolate.CubicSpline(x[0], x[0]), "write fdezero.scipy.interpolate.CubicSpline, or"),
        (lambda x: scipy.integrate.solve_ivp(lambda t, y: y, (0, 1), x[0]), "write fdezero.scipy.integrate.solve_ivp, or"),
        (lambda x: scipy.optimize.minimize(lambda v: (v**2).sum(), x[0]), "write fdezero.scipy.optimize.minimize, or"),
        (lambda x: scipy.sparse.linalg.spsolve(scipy.sparse.csc_array(X), x), "write fdezero.scipy.sparse.linalg.spsolve, or"),
        (lambda x: scipy.signal.wiener(x), "scipy.signal.wiener, a function outside plain NumPy"),
    ],
)  # fmt: skip
def test_a_function_of_scipy_names_its_mirror(call, words):
    with pytest.raises(TypeError, match=words):
        vjp(call, X)


def test_an_argument_that_scipys_function_has_not():
    words = r"^scipy.signal.convolve takes in1, in2, mode, method: got an unexpected keyword argument 'axes'$"
    with pytest.raises(TypeError, match=words):
        vjp(lambda x: signal.convolve(x, X, axes=([0], [0])), X)


@pytest.mark.parametrize(
    "call",
    [
        lambda a: optimize.brentq(lambda x: x - a[0, 0], -5.0, 5.0),
        lambda a: optimize.minimize(lambda x: np.sum((x - a[0]) ** 2), np.zeros(3)).x,
        lambda a: optimize.root(fun=lambda x: x - a[0], x0=np.zeros(3)).x,
        lambda a: integrate.quad(lambda x: x * a[0, 0], 0.0, 1.0)[0],
        lambda a: integrate.solve_ivp(lambda t, y: -a[0] * y, (0.0, 1.0), np.ones(3)).y,
        lambda a: integrate.odeint(lambda y, t: -a[0] * y, np.ones(3), [0.0, 1.0]),
        lambda a: integrate.odeint(lambda y, t, k: -a[0] * y, np.ones(3), [0.0, 1.0], args=(a,)),
    ],
)
def test_what_a_function_takes_by_a_closure_is_refused(call):
    with pytest.raises(TypeError, match=r"^scipy.* none of its arguments; pass it in args=$"):
        vjp(call, X)


