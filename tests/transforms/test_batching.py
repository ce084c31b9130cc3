"""vmap: a loop over examples, without the loop."""

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdezero import grad, tree, vmap

from .laws import assert_close

rng = np.random.default_rng(5)
X = rng.normal(size=(4, 3))
Y = rng.normal(size=(4, 3))


@attrs.frozen
class Pair:
    first: object
    second: object


def moved(x, axis):
    return np.moveaxis(x, 0, axis)


# -- where the batch is, and where it goes -------------------------------------------------------------


@given(st.integers(-3, 2), st.integers(-3, 2), st.integers(-3, 2))
def test_any_axis_in_and_out(axis_x, axis_y, out_axis):
    x, y = rng.normal(size=(4, 3, 2)), rng.normal(size=(4, 3, 2))
    out = vmap(lambda x, y: np.sin(x) * y, in_axes=(axis_x, axis_y), out_axes=out_axis)(moved(x, axis_x), moved(y, axis_y))
    np.testing.assert_array_equal(out, moved(np.sin(x) * y, out_axis))


def test_one_axis_for_all_arguments():
    assert_close(vmap(lambda x, y: x @ y, in_axes=1)(X.T, Y.T), (X * Y).sum(axis=1), 1e-14)


def test_arguments_that_all_examples_share():
    assert_close(vmap(lambda w, x: w @ x, in_axes=(None, 0))(Y[0], X), X @ Y[0], 1e-14)
    assert_close(vmap(lambda x, *, scale: x * scale)(X, scale=Y[0]), X * Y[0], 1e-14)  # keywords are shared
    shared = {"w": Y[0]}
    seen = []
    vmap(lambda p, x: seen.append(p) or x, in_axes=(None, 0))(shared, X)
    assert seen[0] is shared


def test_trees_in_and_out():
    def f(p, x):
        return {"sum": p["w"] @ x + p["b"], "both": Pair(x, [p["b"] * 2.0])}

    p = {"w": X, "b": np.arange(4.0)}
    out = vmap(f)(p, Y)
    assert_close(out["sum"], (X * Y).sum(axis=1) + p["b"], 1e-14)
    assert isinstance(out["both"], Pair)
    np.testing.assert_array_equal(out["both"].first, Y)
    np.testing.assert_array_equal(out["both"].second[0], 2.0 * p["b"])


def test_axes_that_are_a_prefix_of_the_tree():
    def f(p, x):
        return {"dot": p["w"] @ x, "rest": (p["b"] * x, p["c"] + 0.0 * p["b"])}

    p = {"w": X.T, "b": np.arange(4.0), "c": 3.0}
    out = vmap(f, in_axes=({"w": 1, "b": 0, "c": None}, 0), out_axes={"dot": 0, "rest": (1, 0)})(p, Y)
    assert_close(out["dot"], (X * Y).sum(axis=1), 1e-14)
    assert_close(out["rest"][0], (p["b"][:, None] * Y).T, 1e-14)
    np.testing.assert_array_equal(out["rest"][1], np.full(4, 3.0))


def test_results_that_are_the_same_for_every_example():
    shared, each = vmap(lambda x: (np.ones(2), x.sum()), out_axes=(None, 0))(X)
    np.testing.assert_array_equal(shared, np.ones(2))
    assert each.shape == (4,)
    repeated = vmap(lambda x: np.ones(2))(X)
    np.testing.assert_array_equal(repeated, np.ones((4, 2)))
    repeated[0] = 7.0  # and is the caller's
    assert repeated[1, 0] == 1.0


def test_the_size_may_be_given():
    assert vmap(lambda: np.ones(3), axis_size=5)().shape == (5, 3)
    assert vmap(lambda x: x, in_axes=None, axis_size=2)(3.0).shape == (2,)
    np.testing.assert_array_equal(vmap(np.sin, axis_size=4)(X), np.sin(X))


def test_no_examples_and_one():
    assert vmap(lambda x: np.sin(x) @ Y[0])(np.ones((0, 3))).shape == (0,)
    np.testing.assert_array_equal(vmap(np.sin)(X[:1]), np.sin(X[:1]))


def test_nested():
    table = vmap(vmap(lambda x, y: x @ y, in_axes=(None, 0)), in_axes=(0, None))(X, Y)
    assert_close(table, X @ Y.T, 1e-14)
    inner_last = vmap(vmap(lambda x, y: x * y, in_axes=(0, None), out_axes=-1), in_axes=(None, 0))(X, np.arange(2.0))
    assert inner_last.shape == (2, 3, 4)
    assert_close(inner_last, np.einsum("ij,k->kji", X, np.arange(2.0)), 1e-14)


def test_gradients_of_each_example():
    def loss(w, x, y):
        return (w @ x - y) ** 2

    w, y = rng.normal(size=3), rng.normal(size=4)
    found = vmap(grad(loss), in_axes=(None, 0, 0))(w, X, y)
    assert_close(found, 2.0 * (X @ w - y)[:, None] * X, 1e-13)
    clipped = grad(lambda w: vmap(loss, in_axes=(None, 0, 0))(w, X, y).mean())(w)
    assert_close(clipped, found.mean(axis=0), 1e-13)


def test_a_function_is_called_once():
    calls = []
    vmap(lambda x: calls.append(x) or x)(X)
    assert len(calls) == 1
    assert (calls[0].shape, calls[0].ndim, len(calls[0])) == ((3,), 1, 3)


def test_as_a_decorator():
    @vmap(in_axes=(0, None))
    def scaled(x, factor):
        """One example."""
        return x * factor

    np.testing.assert_array_equal(scaled(X, 2.0), 2.0 * X)
    assert (scaled.__name__, scaled.__doc__) == ("scaled", "One example.")


def test_integers_and_booleans_come_through():
    counts = np.arange(12).reshape(4, 3)
    np.testing.assert_array_equal(vmap(lambda i: i * 2 + (i > 3))(counts), counts * 2 + (counts > 3))
    assert vmap(lambda x: x > 0)(X).dtype == bool


# -- what it cannot do ---------------------------------------------------------------------------------

CONTROL_FLOW = {
    "if": lambda x: x if x.sum() > 0 else -x,
    "while": lambda x: [x for _ in iter(lambda: bool(x[0] > 0), False)],
    "and": lambda x: x[0] > 0 and x[1] > 0,
    "not": lambda x: not x[0],
    "max": lambda x: max(x[0], x[1]),
}


@pytest.mark.parametrize("f", CONTROL_FLOW.values(), ids=CONTROL_FLOW)
def test_control_flow_on_a_batched_value_names_where(f):
    with pytest.raises(TypeError, match=r"one answer for the whole batch; write np\.where\(condition, a, b\)"):
        vmap(f)(X)


WRONG = {
    "sizes": (lambda: vmap(np.add)(X, np.ones((5, 3))), "argument 0 has size 4, and argument 1 has size 5 along axis 0"),
    "sizes in a tree": (
        lambda: vmap(lambda s, p: p["w"], in_axes=(None, 0))(1.0, {"w": X, "b": [np.ones(4), np.ones(2)]}),
        r"argument 1\['w'\] has size 4, and argument 1\['b'\]\[1\] has size 2 along axis 0",
    ),
    "the size given": (lambda: vmap(np.sin, axis_size=5)(X), "axis_size has size 5, and argument 0 has size 4"),
    "no such axis": (lambda: vmap(np.sin, in_axes=2)(X), r"argument 0 has no axis 2.*shape \(4, 3\)"),
    "a number": (lambda: vmap(np.add)(X, 1.0), "argument 1 has no axis 0.*give it None in in_axes"),
    "no batch at all": (lambda: vmap(np.sin, in_axes=None)(X), "no argument has a batch axis; give axis_size="),
    "as many axes as arguments": (lambda: vmap(np.sin, in_axes=(0, 0))(X), "is for 2 positional arguments, and the call has 1"),
    "not a prefix": (lambda: vmap(lambda p: p["w"], in_axes=({"v": 0},))({"w": X}), "nor a prefix of the tree"),
    "out axes": (lambda: vmap(lambda x: (x, x), out_axes=(0, 0, 0))(X), "out_axes=.* nor a prefix of the tree"),
    "one result for different examples": (lambda: vmap(np.sin, out_axes=None)(X), "differs from example to example"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(wrong):
    call, message = wrong
    with pytest.raises(ValueError, match=message):
        call()


def test_results_are_the_callers():
    x = X.copy()
    same, again = vmap(lambda x: (x, x))(x)
    same[:] = 0.0
    np.testing.assert_array_equal(again, X)
    np.testing.assert_array_equal(x, X)
    w = np.ones(3)
    vmap(lambda w, x: w, in_axes=(None, 0), out_axes=None)(w, X)[:] = 0.0
    np.testing.assert_array_equal(w, np.ones(3))


def test_tree_structures_come_back():
    out = vmap(lambda x: [x, None, {"y": (x,)}])(X)
    assert tree.flatten(out)[1] == tree.flatten([0.0, None, {"y": (0.0,)}])[1]
