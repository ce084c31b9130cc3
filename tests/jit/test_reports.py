"""Reports of floating-point errors: as NumPy's, once, and none of derivatives."""

import warnings

import numpy as np
import pytest

import fdezero
from fdezero import grad

from .like_eager import check, outcome


@pytest.mark.parametrize("f", [lambda x: np.log(x).sum(), lambda x: (1 / x).sum(), lambda x: np.sqrt(x).sum() * 2])
def test_reports_come_as_from_numpy_and_once(compiled, f):
    for mode in ("call", "log", "warn"):
        fast, seen = compiled(f), []
        log = type("Log", (), {"write": staticmethod(seen.append)})()
        with np.errstate(all=mode, call=log if mode == "log" else lambda kind, flag, seen=seen: seen.append(kind)):
            for x in (np.ones(3), np.ones(3), np.array([-1.0, 0.0, 1.0]), np.ones(3), np.array([0.0, 1.0, 1.0])):
                seen.clear()
                found, wanted = outcome(fast, (x,))[1], outcome(f, (x,))[1]
                assert found == wanted
                half = len(seen) // 2
                assert seen[:half] == seen[half:]


def test_a_derivative_with_nans_warns_once(compiled):
    f = grad(lambda x: (np.log(x) * np.where(x > 0, x, 0.0)).sum())
    for x in (np.array([-1.0, 2.0]), np.array([0.0, 2.0])):
        fast = compiled(f)
        for _ in range(5):
            found, wanted = outcome(fast, (x,)), outcome(f, (x,))
            assert found[1] == wanted[1]
            np.testing.assert_array_equal(found[0], wanted[0])


def test_a_warning_of_a_dtype_comes_once(compiled):
    f = lambda z: z.astype(float)  # noqa: E731
    check(compiled(f), f, [(np.arange(3.0) + 1j,)])


def test_warnings_are_numpys(compiled):
    fast = compiled(np.log)
    for _ in range(3):
        fast(np.array([1.0, 2.0]))
    with pytest.warns(RuntimeWarning, match="divide by zero encountered in log"):
        assert fast(np.array([1.0, 0.0]))[1] == -np.inf
    with pytest.warns(RuntimeWarning, match="invalid value encountered in log"):
        assert np.isnan(fast(np.array([1.0, -1.0]))[1])
    with pytest.raises(FloatingPointError), np.errstate(all="raise"):
        fast(np.array([1.0, -1.0]))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        assert np.isnan(fast(np.array([1.0, -1.0]))[1])


def test_derivatives_do_not_warn(compiled):
    f = grad(lambda x: np.sqrt(x).sum())
    fast = compiled(f)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x in ([1.0, 2.0], [1.0, 2.0], [0.0, 1.0], [4.0, 0.0]):
            np.testing.assert_allclose(fast(np.array(x)), f(np.array(x)))


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: np.where(x > 0, np.sqrt(x), x).sum(), [0.0, 2.0]),
        (lambda x: np.where(x > 0, np.log(x), x).sum(), [0.0, 2.0]),
        (lambda x: np.where(x > 0, x * np.log(x), 0.0).sum(), [0.0, 2.0]),
        (lambda x: np.where(x > 0, np.log(x) * x * x, x).sum(), [-1.0, 2.0]),
        (lambda x: np.where(x < 5, np.exp(x) * x, x).sum(), [800.0, 2.0]),
        (lambda x: np.where(x != 0, np.sin(x) / x, 1.0).sum(), [0.0, 2.0]),
        (lambda x: np.sqrt((x * x).sum()), [0.0, 0.0]),
        (lambda x: np.where(np.isnan(x), 0.0, x * x).sum(), [np.nan, 2.0]),
        (lambda x: (x ** np.array([0.5, 2.0])).sum(), [0.0, 1.0]),
        (lambda x: np.linalg.norm(x), [0.0, 0.0]),
        (lambda x: x[x < 100].sum() + np.where(x > 100, 1 / (x - 800), x).sum(), [800.0, 2.0]),
    ],
)
@pytest.mark.parametrize("transform", [grad, fdezero.hessian, fdezero.jacfwd])
def test_strong_zeros_where_they_were_not_traced(compiled, f, x, transform):
    x, clean = np.array(x), np.array([1.5, 2.5])
    fast, slow = compiled(transform(f)), transform(f)
    with np.errstate(all="ignore"):
        for given in (clean, clean, x, clean, x):
            np.testing.assert_allclose(fast(given), slow(given), rtol=1e-12)
