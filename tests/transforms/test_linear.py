"""linearize and linear_transpose: derivatives as linear maps."""

import numpy as np
import pytest

from fdezero import jvp, linear_transpose, linearize, vjp, vmap
from fdezero.transforms import linear

from .laws import assert_close

X = np.array([0.5, -1.5, 2.0])
A = np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]])


def f(x):
    return {"y": np.tanh(A @ x) * 2.0, "z": np.sum(x * x)}


def test_the_function_runs_once_and_the_map_many_times():
    calls = []
    value, along = linearize(lambda x: calls.append(1) or f(x), X)
    assert_close(value, f(X), 1e-14)
    for t in np.eye(3):
        assert_close(along(t), jvp(f, (X,), (t,))[1], 1e-13)
    assert calls == [1]


def test_a_use_pushes_no_more_than_a_jvp_and_computes_no_value(monkeypatch):
    pushed, push = [], linear.push
    monkeypatch.setattr(linear, "push", lambda primitive, *rest: pushed.append(primitive.name) or push(primitive, *rest))
    _, along = linearize(lambda x: np.sum(np.tanh(A @ x) * 2.0 + np.ones(2)), X)
    assert pushed == []
    along(X)
    assert sorted(pushed) == ["add", "matmul", "multiply", "sum", "tanh"]


def test_it_is_linear_and_can_be_batched():
    along = linearize(f, X)[1]
    s, t = np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.0, 0.5])
    both = {k: 2.0 * along(s)[k] - 3.0 * along(t)[k] for k in ("y", "z")}
    assert_close(along(2.0 * s - 3.0 * t), both, 1e-13)
    assert_close(vmap(along)(np.eye(3))["y"], jvp_columns(), 1e-13)


def jvp_columns():
    return np.stack([jvp(f, (X,), (t,))[1]["y"] for t in np.eye(3)])


def test_several_arguments_aux_and_what_does_not_depend():
    (out, still), along, aux = linearize(lambda x, y: ((x @ y, np.ones(2)), "aux"), X, 2.0 * X, has_aux=True)
    assert (out, aux) == (2.0 * X @ X, "aux")
    np.testing.assert_array_equal(still, np.ones(2))
    moved, zero = along(X, X)
    assert_close(moved, 3.0 * X @ X, 1e-14)
    np.testing.assert_array_equal(zero, np.zeros(2))


def test_it_owns_its_inputs():
    x = X.copy()
    _, along = linearize(lambda x: x * x, x)
    x[:] = 0.0
    assert_close(along(np.ones(3)), 2.0 * X, 1e-14)


def test_results_are_the_callers():
    t = X.copy()
    linearize(lambda x: x, X)[1](t)[:] = 0.0
    np.testing.assert_array_equal(t, X)


def test_it_is_the_transpose_of_the_pullback():
    along, (_, pull) = linearize(f, X)[1], vjp(f, X)
    c = {"y": np.array([0.3, -0.7]), "z": np.float64(1.1)}
    t = np.array([0.2, 0.4, -0.9])
    pushed = along(t)
    assert_close(c["y"] @ pushed["y"] + c["z"] * pushed["z"], pull(c)[0] @ t, 1e-13)


@pytest.mark.parametrize(("tangents", "kind"), [((X[:2],), ValueError), ((X, X), ValueError), ((X.astype(np.float32),), TypeError)])
def test_tangents_must_fit(tangents, kind):
    with pytest.raises(kind):
        linearize(np.sin, X)[1](*tangents)


# -- transposes ----------------------------------------------------------------------------------------

LINEAR = {
    "a matrix": (lambda x: A @ x, A.T @ np.array([1.0, 2.0])),
    "sums and slices": (lambda x: np.array([1.0, 1.0]) * np.sum(x[1:]), np.array([0.0, 3.0, 3.0])),
    "reversed": (lambda x: x[::-1][:2] * np.array([2.0, 1.0]), np.array([0.0, 2.0, 2.0])),
}


@pytest.mark.parametrize("case", LINEAR.values(), ids=LINEAR)
def test_the_transpose_of_a_linear_function(case):
    g, wanted = case
    (found,) = linear_transpose(g, X)(np.array([1.0, 2.0]))
    assert_close(found, wanted, 1e-14)


def test_a_transpose_takes_trees():
    transposed = linear_transpose(lambda p, x: {"y": p["a"] * 2.0 - x}, {"a": X}, X)
    assert_close(transposed({"y": np.ones(3)}), ({"a": np.full(3, 2.0)}, -np.ones(3)), 1e-14)


@pytest.mark.parametrize("g", [lambda x: x * x, np.sin, lambda x: x + 1.0, lambda x: x / (x + 1.0)])
def test_what_is_not_linear_has_no_transpose(g):
    with pytest.raises(ValueError, match=r"not linear|not 0 at 0"):
        linear_transpose(g, X)


def test_the_primals_of_a_transpose_may_hold_anything():
    (c,) = linear_transpose(lambda x: 2.0 * x, np.array([np.nan, np.inf]))(np.ones(2))
    np.testing.assert_array_equal(c, [2.0, 2.0])
