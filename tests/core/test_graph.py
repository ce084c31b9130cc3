"""The graph: frozen, acyclic, sorted by generation, and freed at once."""

import gc
import tracemalloc
import weakref

import attrs
import numpy as np
import pytest

from fdezero import Box, Node, Variable, grad, record, value_and_grad, vjp
from fdezero.core.graph import topological_sort


def test_everything_is_frozen():
    tape = record(lambda x: x * x)(2.0)
    for thing in (tape, tape.nodes[-1]):
        for field in attrs.fields(type(thing)):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(thing, field.name, None)
    assert all(attrs.has(kind) for kind in (Box, Variable, Node))


def test_a_node_keeps_only_what_its_pullback_needs():
    x, y = np.ones(3), np.full(3, 2.0)
    kept = {}
    for name, f in {
        "add": lambda x, y: x + y, "tanh": lambda x, y: np.tanh(x), "multiply": lambda x, y: x * y,
        "by a constant": lambda x, y: x * 3.0, "sum": lambda x, y: x.sum(), "sin": lambda x, y: np.sin(x),
    }.items():  # fmt: skip
        kept[name] = [r is not None for r in record(f)(x, y).nodes[-1].residuals]
    assert kept["add"] == [False, False, False]
    assert kept["tanh"] == [False, True]
    assert kept["multiply"] == [True, True, False]
    assert kept["by a constant"] == [False, True, False]
    assert kept["sum"] == [False, False]
    assert kept["sin"] == [True, False]


def test_what_no_node_needs_is_freed_during_the_forward_pass():
    n = 1_000_000

    def f(x):
        for _ in range(20):
            x = x + 1.0
        return x.sum()

    x = np.zeros(n)
    tracemalloc.start()
    value_and_grad(f)(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 8 * n


def test_the_fold_frees_residuals_as_it_goes():
    n, steps = 100_000, 40

    def f(x):
        for _ in range(steps):
            x = np.sin(x)
        return x.sum()

    def peak(run):
        tracemalloc.start()
        run()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak / (8 * n)

    alive = []

    def watch(x):
        alive.append(weakref.ref(x.node))
        return x

    x = np.zeros(n)
    assert peak(lambda: grad(f)(x)) < steps + 5
    assert peak(lambda: grad(lambda x: watch(f(watch(x))))(x)) < steps + 5
    assert all(node() is None for node in alive)


def test_generations():
    def diamond(a):
        b, c = np.sin(a), np.exp(np.cos(a))
        return b * c

    nodes = record(diamond)(1.0).nodes
    assert sorted(((n.primitive.name, n.generation) for n in nodes), key=lambda n: (n[1], n[0] == "cos")) == [
        ("input", 0), ("sin", 1), ("cos", 1), ("exp", 2), ("multiply", 3),
    ]  # fmt: skip
    for node in nodes:
        if node.parents:
            assert node.generation == 1 + max(p.generation for p in node.parents)


def test_topological_sort_puts_parents_first():
    rng = np.random.default_rng(0)

    def f(x):
        values = [x]
        for _ in range(50):
            i, j = rng.integers(len(values), size=2)
            values.append(values[i] * 0.5 + values[j])
        return values[-1] + sum(values)

    nodes = topological_sort([record(f)(1.0).outputs[0]])
    place = {node: i for i, node in enumerate(nodes)}
    assert all(place[p] < place[n] for n in nodes for p in n.parents if p is not None)


@pytest.mark.long
def test_a_graph_a_million_nodes_deep():
    def f(x):
        for _ in range(1_000_000):
            x = x * 1.0
        return x

    assert grad(f)(2.0) == 1.0
    _, pull = vjp(f, 2.0)
    assert pull(1.0) == (1.0,)
    node = weakref.ref(pull.args[0].outputs[0])
    del pull
    assert node() is None


def test_memory_is_flat_without_the_garbage_collector():
    def loss(p, x):
        return ((np.tanh(x @ p["w"]) @ p["v"][0]) ** 2).mean()

    p = {"w": np.ones((4, 8)), "v": (np.ones(8), None)}
    x = np.ones((5, 4))
    step = value_and_grad(loss)
    gc.collect()
    gc.disable()
    try:
        tracemalloc.start()
        for _ in range(2500):  # Python keeps freed tuples for reuse, up to 2,000 of a size
            step(p, x)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(300):
            step(p, x)
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert grown < 300 * 100  # a step that kept one node would keep more
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_repr_shows_the_value_and_not_the_graph():
    shown = []

    def f(x):
        y = np.sin(x) + x
        shown.extend([repr(y), str(y), f"{y[0]:.2f}"])
        return y.sum()

    grad(f)(np.zeros(2))
    assert shown == ["Variable(array([0., 0.]), shape=(2,), generation=2)"] * 2 + ["0.00"]
