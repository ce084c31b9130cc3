"""jvp: the derivative along a direction."""

import numpy as np
import pytest

from fdezero import grad, jvp, no_grad, stop_gradient
from fdezero.testing import numerical_grad

from .laws import assert_close

X = np.array([0.5, -1.5, 2.0])
T = np.array([1.0, 0.5, -2.0])


def test_value_and_tangent():
    value, tangent = jvp(lambda x: np.sin(x) * x, (X,), (T,))
    np.testing.assert_array_equal(value, np.sin(X) * X)
    assert_close(tangent, (np.cos(X) * X + np.sin(X)) * T, 1e-14)


def test_several_arguments_and_trees():
    def f(p, y):
        return {"a": p["w"] * y, "b": (p["v"] ** 2, y.sum())}

    p, dp = {"w": X, "v": 3.0}, {"v": 1.0, "w": T}
    value, tangent = jvp(f, (p, 2.0 * X), (dp, T))
    assert_close(value, {"a": 2 * X * X, "b": (9.0, 2 * X.sum())}, 1e-14)
    assert_close(tangent, {"a": 2 * X * T + X * T, "b": (6.0, T.sum())}, 1e-14)


def test_aux_is_passed_through():
    seen = jvp(lambda x: (x * x, {"inside": np.sin(x), "word": "ok"}), (X,), (T,), has_aux=True)
    assert_close(seen[:2], (X * X, 2 * X * T), 1e-14)
    assert type(seen[2]["inside"]) is np.ndarray
    assert seen[2]["word"] == "ok"


def test_what_does_not_depend_on_the_input_does_not_move():
    value, tangent = jvp(lambda x: (np.ones(2), stop_gradient(x), np.floor(x), 2.0), (X,), (T,))
    assert [np.shape(t) for t in tangent] == [(2,), (3,), (3,), ()]
    assert not any(np.any(t) for t in tangent)
    np.testing.assert_array_equal(value[2], np.floor(X))

    def f(x):
        with no_grad():
            scale = x * 3.0
        return scale * x

    assert_close(jvp(f, (X,), (T,))[1], 3.0 * X * T, 1e-14)


def test_control_flow_follows_the_values():
    def f(x):
        while x < 100.0:
            x = x * x if x > 2.0 else x + 1.0
        return x

    assert_close(jvp(f, (1.5,), (1.0,))[1], numerical_grad(f, 1.5), 1e-8)


def test_numbers_dtypes_and_complex():
    assert type(jvp(np.sin, (0.5,), (1.0,))[1]) is np.float64
    assert jvp(np.sin, (X.astype(np.float32),), (T.astype(np.float32),))[1].dtype == np.float32
    z, t = np.array([1.0 + 2.0j]), np.array([0.5 - 1.0j])
    assert_close(jvp(lambda z: z * z, (z,), (t,))[1], 2 * z * t, 1e-14)
    assert_close(jvp(np.abs, (z,), (t,))[1], (np.conj(z) * t).real / np.abs(z), 1e-14)


def test_jvp_and_grad_agree_and_nest():
    def f(x):
        return np.sum(np.exp(np.sin(x)) * x)

    assert_close(jvp(f, (X,), (T,))[1], grad(f)(X) @ T, 1e-13)
    second = jvp(lambda x: jvp(f, (x,), (T,))[1], (X,), (T,))[1]
    assert_close(second, grad(lambda x: grad(f)(x) @ T)(X) @ T, 1e-12)


def test_it_runs_the_function_once():
    calls = []
    jvp(lambda x: calls.append(1) or x * x, (X,), (T,))
    assert calls == [1]


def test_results_are_the_callers():
    x, t = X.copy(), T.copy()
    for out in jvp(lambda x: (x, x, x.T), (x,), (t,)):
        for array in out:
            array[:] = 0.0
    np.testing.assert_array_equal([x, t], [X, T])


WRONG = {
    "no tuples": (lambda: jvp(np.sin, X, T), TypeError, r"jvp\(f, \(x,\), \(t,\)\)"),
    "an integer": (lambda: jvp(np.sin, (3,), (1,)), TypeError, r"\.astype\(float\)"),
    "the shape of a tangent": (lambda: jvp(np.sin, (X,), (T[:2],)), ValueError, r"shape \(2,\), and its primal \(3,\)"),
    "the dtype of a tangent": (lambda: jvp(np.sin, (X,), (T.astype(np.float32),)), TypeError, "dtype float32, and its primal float64"),
    "the tree of the tangents": (lambda: jvp(lambda p: p["a"], ({"a": X},), ({"b": T},)), ValueError, "not a tree like the primals"),
    "as many tangents": (lambda: jvp(np.add, (X, X), (T,)), ValueError, "not a tree like the primals"),
    "a complex tangent": (lambda: jvp(np.sin, (0.5,), (1j,)), TypeError, "complex"),
    "no array": (lambda: jvp(np.sin, (X,), ("x",)), TypeError, "an array like its primal"),
    "a result that is none": (lambda: jvp(lambda x: None, (X,), (T,)), TypeError, "is a `return` missing"),
    "an integer result": (lambda: jvp(lambda x: 3, (X,), (T,)), TypeError, "returned 3"),
    "no aux": (lambda: jvp(np.sin, (X,), (T,), has_aux=True), TypeError, r"pair \(out, aux\)"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(wrong):
    call, kind, message = wrong
    with pytest.raises(kind, match=message):
        call()
