"""examples/tiny.py gives what the library gives."""

import gc
import runpy
import threading
import weakref
from pathlib import Path
from types import SimpleNamespace

import attrs
import numpy as np
import pytest

import fdezero

tiny = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[2] / "examples" / "tiny.py")))

A = np.array([0.5, -1.25, 2.0])

#: Functions of one number, each primitive in several positions; all are smooth where they are evaluated.
OF_A_NUMBER = {
    "add": lambda x: 2.0 + x + x,
    "subtract": lambda x: 1.5 - (x - 2.0) * x,
    "multiply": lambda x: x * x * x * 3.0,
    "divide": lambda x: x / (2.0 + x) + 1.0 / x,
    "negative": lambda x: -x * np.exp(-x),
    "exp": lambda x: np.exp(x * x),
    "sin": lambda x: np.sin(x) * np.sin(2.0 * x),
    "cos": lambda x: np.cos(x) / x,
    "tanh": lambda x: np.tanh(np.tanh(x) + x),
    "sum": lambda x: np.sum(x * A) * np.sum(np.sin(x + A)),
    "branches": lambda x: x * x if x > 0.5 else -x,
    "a loop": lambda x: halved(x) * x,
}

#: Functions of an array whose result is one number.
OF_AN_ARRAY = {
    "sum": lambda x: np.sum(x),
    "fan-out": lambda x: np.sum(x * x + x * np.sin(x)),
    "a shared value": lambda x: shared(np.tanh(x), x),
    "a number among arrays": lambda x: np.sum(np.exp(x) / np.sum(np.exp(x)) * A),
    "constants": lambda x: np.sum((A - x) * A / (x * x + 1.0)),
}


def halved(x):
    while x > 1.0:
        x = x / 2.0
    return x


def shared(a, x):
    b, c = a * a, np.cos(a)
    return np.sum(a + b * c) * np.sum(b * x)


@pytest.mark.parametrize("name", OF_A_NUMBER)
@pytest.mark.parametrize("x", [0.3, 1.7])
def test_derivatives_of_numbers_to_third_order(name, x):
    mine = theirs = OF_A_NUMBER[name]
    for _ in range(3):
        mine, theirs = tiny.grad(mine), fdezero.grad(theirs)
        assert mine(x) == pytest.approx(theirs(x), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", OF_AN_ARRAY)
def test_gradients_of_arrays_and_products_with_the_hessian(name):
    f, x, v = OF_AN_ARRAY[name], np.array([0.4, 1.1, -0.6]), np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(tiny.grad(f)(x), fdezero.grad(f)(x), rtol=1e-12)
    product = tiny.grad(lambda x: np.sum(tiny.grad(f)(x) * v))(x)
    np.testing.assert_allclose(product, fdezero.hvp(f, (x,), (v,)), rtol=1e-11, atol=1e-13)


def test_the_value_is_what_numpy_computes():
    for f in OF_AN_ARRAY.values():
        values = []
        tiny.grad(lambda x, f=f, values=values: values.append(f(x)) or values[-1])(A)
        assert values[0].value == f(A)


def test_every_primitive_is_used_above():
    def nodes(f, x):
        y = f(tiny.Box(x, 1, tiny.Node(None, (), None, (), 0)))
        return {node.primitive for node in tiny.reached(y.node)} - {None}

    used = set().union(*(nodes(f, 0.7) for f in OF_A_NUMBER.values()))
    assert used == set(tiny.rules) and len(tiny.rules) == 10


@pytest.mark.parametrize("library", [tiny, fdezero])
def test_two_perturbations_are_not_confused(library):
    grad = library.grad
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y * y)(x))(2.0) == pytest.approx(6 * 2.0**2)


@pytest.mark.parametrize("library", [tiny, fdezero])
def test_no_grad(library):
    def f(x):
        with library.no_grad():
            scale = x * x
            inside = library.grad(lambda y: y * y * y)(2.0)  # newer than the block
        return scale * x * inside

    assert library.grad(f)(3.0) == 9.0 * 12.0
    assert library.grad(lambda x: x * x)(3.0) == 6.0  # the setting has gone with the block


def test_no_grad_in_one_thread_does_not_concern_another():
    meet = threading.Barrier(2, timeout=10)
    found = {}

    def quiet():
        with tiny.no_grad():
            meet.wait()
            meet.wait()

    def loud():
        meet.wait()
        found["slope"] = tiny.grad(lambda x: x * x)(3.0)
        meet.wait()

    threads = [threading.Thread(target=run) for run in (quiet, loud)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found["slope"] == 6.0


def test_what_does_not_depend_on_the_argument():
    assert tiny.grad(lambda x: 2.0)(1.0) == 0.0
    np.testing.assert_array_equal(tiny.grad(lambda x: np.sum(A))(A), np.zeros(3))


@pytest.mark.parametrize(("f", "x", "words"), [(np.sin, A, "shape (3,)"), (np.arctan, 1.0, "arctan has no derivative rule")])
def test_what_cannot_be_differentiated_is_a_type_error(f, x, words):
    with pytest.raises(TypeError) as error:
        tiny.grad(f)(x)
    assert words in str(error.value)


def test_a_deep_graph():
    def f(x):
        for _ in range(50_000):
            x = x * 0.9999
        return x

    assert tiny.grad(f)(1.0) == pytest.approx(0.9999**50_000)


def test_nodes_are_frozen_and_freed_without_the_garbage_collector():
    y = tiny.call(np.sin, (tiny.Box(1.0, 1, tiny.Node(None, (), None, (), 0)),))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        y.node.parents = (y.node,)
    gc.disable()
    try:
        watch = weakref.ref(y)
        del y
        assert watch() is None
    finally:
        gc.enable()


def test_the_demonstration(capsys):
    tiny.main()
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 5
    assert "27.0" in said and "9.0" in said and str(float(np.cos(1.0))) in said
