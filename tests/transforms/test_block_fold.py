"""The fold in blocks gives what the fold gives: with blocks of a few numbers, so that everything has many."""

import attrs
import numpy as np
import pytest

from fdezero import grad, stop_gradient, tree, value_and_grad, vjp
from fdezero.primitives import elementwise
from fdezero.transforms import block_fold, blocks, reverse

from ..rules.cases import CASES
from .laws import assert_close, contracted, weights
from .programs import PROGRAMS

rng = np.random.default_rng(3)


@pytest.fixture
def small_blocks(monkeypatch):
    """Every array is large, and a block is four numbers; says how many runs there were."""
    runs = []
    pay = block_fold._pay_in_blocks

    def counting(run, *rest):
        runs.append([node.primitive.name for node in run])
        return pay(run, *rest)

    monkeypatch.setattr(reverse, "LARGE", 2)
    monkeypatch.setattr(blocks, "BLOCK", 4)
    monkeypatch.setattr(block_fold, "_pay_in_blocks", counting)
    return runs


def whole(f, *args):
    """The pullback of weights, without blocks."""
    out, pull = vjp(f, *args)
    return pull(tree.map(lambda o: weights(o).astype(o.dtype)[()], out))


def surrounded(f):
    """Something elementwise after ``f``, so that an elementwise ``f`` is in a run with it."""
    return lambda *xs: tree.map(lambda y: 2.0 * np.square(y), f(*xs))


def test_every_rule_in_blocks(monkeypatch):
    wanted = [whole(surrounded(case.f), *case.args) for case in CASES]
    monkeypatch.setattr(reverse, "LARGE", 2)
    monkeypatch.setattr(blocks, "BLOCK", 4)
    for case, expected in zip(CASES, wanted, strict=True):
        found = whole(surrounded(case.f), *case.args)
        tolerance = 1e-5 if any(np.asarray(a).dtype.itemsize == 4 for a in case.args) else 1e-12
        assert_close(found, expected, tolerance, case.name)
        for a, b in zip(tree.leaves(found), tree.leaves(expected), strict=True):
            assert np.asarray(a).dtype == np.asarray(b).dtype


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_in_blocks(name, small_blocks, monkeypatch):
    x = np.array([0.6, -0.4, 1.3])
    f = contracted(PROGRAMS[name].f)
    found = grad(f)(x), grad(contracted(grad(f)))(x)
    monkeypatch.setattr(reverse, "LARGE", 1000)
    assert_close(found, (grad(f)(x), grad(contracted(grad(f)))(x)), 1e-12, name)


X = rng.uniform(0.5, 1.5, (7, 3))
BROADCAST = {
    "alike": (7, 3),
    "a number": (),
    "a row": (3,),
    "one row": (1, 3),
    "a column": (7, 1),
    "one number": (1, 1),
    "a long column beside a row": (7, 1),
}


@pytest.mark.parametrize("shape", BROADCAST.values(), ids=BROADCAST)
def test_what_was_broadcast_is_summed_out(shape, small_blocks, monkeypatch):
    y = rng.uniform(0.5, 1.5, shape)

    def f(x, y):
        return (np.tanh(x * y + y) * np.sin(y / x)).sum()

    found = grad(f, (0, 1))(X, y)
    assert len(small_blocks) == 1 and len(small_blocks[0]) > 3
    monkeypatch.setattr(reverse, "LARGE", 1000)
    assert_close(found, grad(f, (0, 1))(X, y), 1e-13)


def test_a_run_has_only_elementwise_nodes_of_one_shape(small_blocks):
    grad(lambda x: np.sum(np.cos(np.tanh(np.exp(np.sin(x)) @ np.ones((3, 2)))) @ np.ones(2)))(X)
    assert small_blocks == [["cos", "tanh"], ["exp", "sin"]]


def test_an_alarm_in_one_block_is_heard_in_all(small_blocks):
    u, y = np.ones(24), np.ones(24)
    u[5], u[-5], y[-5] = np.nan, np.inf, -1.0
    g = grad(lambda y: np.fmax(u * np.sin(y), 0.0).sum())(y)
    assert small_blocks
    np.testing.assert_array_equal(g[[5, -5]], [0.0, 0.0])


def test_what_passes_its_cotangent_on_shares_it(small_blocks):
    grad(lambda x: np.sum(((x @ np.eye(3)) + (x @ np.eye(3))) + (x @ np.eye(3)) - 0.0))(X)
    assert not small_blocks


def test_a_subclass_of_an_array_is_left_whole(small_blocks):
    class Measured(np.ndarray):
        pass

    assert type(grad(lambda x: np.sum(np.sin(x) * np.tanh(x)))(X.view(Measured))) is Measured
    assert not small_blocks


@pytest.mark.parametrize("rule", [lambda g, like: g / like.shape[0] / like.shape[1], lambda g, x, like: g / like.shape[0] / 3 + 0 * x])
def test_a_rule_that_asks_for_shapes_is_not_cut(rule, small_blocks):
    mean_of_all = attrs.evolve(elementwise(lambda x: x / 21, rule, name="share"), trusted=True)
    np.testing.assert_allclose(grad(lambda x: np.sum(np.exp(mean_of_all(x))))(X), np.exp(X / 21) / 21)
    assert not small_blocks


def test_outer_boxes_are_not_cut(small_blocks):
    # The inner fold's residuals are Boxes of the outer transform; only the outer fold goes by blocks.
    grad(lambda x: np.sum(grad(lambda y: np.sum(np.sin(np.exp(y)) * x))(x)))(X)
    assert small_blocks
    x = np.linspace(0.5, 1.0, 7)
    second = grad(lambda x: np.sum(grad(lambda y: np.sum(np.sin(np.exp(y)) * stop_gradient(x)))(x)))(x)
    np.testing.assert_allclose(second, x * np.exp(x) * (np.cos(np.exp(x)) - np.exp(x) * np.sin(np.exp(x))))


def test_a_zero_is_strong_in_every_block(small_blocks):
    x = np.array([4.0, 1.0, 4.0, 9.0, 0.0, 4.0, 0.0, 1.0, 16.0])
    g = grad(lambda x: np.sum(np.where(x > 0, 1.0 * np.sqrt(1.0 * x), 0.0) * 1.0))(x)
    assert small_blocks
    np.testing.assert_array_equal(g, [0.25, 0.5, 0.25, 1 / 6, 0.0, 0.25, 0.0, 0.5, 0.125])


def test_contributions_from_inside_and_outside_a_run(small_blocks):
    def f(x):
        y = np.sin(x)
        z = np.exp(y) * y  # a run, whose nodes are owed something from elsewhere too
        return np.sum(z) + np.sum(z[2:]) + np.sum(np.exp(y.T)) + np.sum(x[1])

    y, dy = np.sin(X), np.cos(X)
    expected = (np.exp(y) * y + np.exp(y)) * dy * np.where(np.arange(7) >= 2, 2.0, 1.0)[:, None] + np.exp(y) * dy
    expected[1] += 1.0
    np.testing.assert_allclose(grad(f)(X), expected)
    assert small_blocks == [["multiply", "exp"]]  # and not sin, which is owed by the transpose


def test_the_gradient_of_a_large_array_is_cut_without_being_told():
    x = np.linspace(-1.0, 1.0, 100_000).reshape(1000, 100)
    value, g = value_and_grad(lambda x: np.sum(np.tanh(x * x) * x))(x)
    t = np.tanh(x * x)
    np.testing.assert_allclose(g, t + 2 * x * x * (1 - t * t), rtol=1e-12)
    assert value == np.sum(t * x)


def test_a_long_chain_goes_in_runs_that_are_freed_one_by_one(small_blocks):
    def chain(x):
        for _ in range(40):
            x = np.sin(x)
        return np.sum(x)

    y, slope = X, np.ones_like(X)
    for _ in range(40):
        y, slope = np.sin(y), slope * np.cos(y)
    np.testing.assert_allclose(grad(chain)(X), slope)
    assert [len(run) for run in small_blocks] == [16, 16, 8]
