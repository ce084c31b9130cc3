"""jet and derivative: against nested gradients, closed forms, and each other."""

import gc
import math
import weakref

import numpy as np
import pytest

from fdezero import derivative, grad, jet, jvp, vmap
from fdezero.testing import check_grads

UNARY = {
    "sin": np.sin, "exp": np.exp, "tanh": np.tanh, "log": np.log, "sqrt": np.sqrt, "arctan": np.arctan, "reciprocal": np.reciprocal,
    "arcsin": lambda x: np.arcsin(x / 3), "power": lambda x: x**2.5, "to a power": lambda x: 2.0**x, "cube": lambda x: x**3,
    "negative power": lambda x: x**-2, "quotient": lambda x: x / (1 + x * x), "cbrt": np.cbrt, "log1p": np.log1p, "expm1": np.expm1,
    "arctan2": lambda x: np.arctan2(x, 2.0), "hypot": lambda x: np.hypot(x, 2.0), "logaddexp": lambda x: np.logaddexp(x, 2 * x),
    "matmul": lambda x: np.array([[1.0, x_] for x_ in (2.0, 3.0)]) @ np.stack([np.sin(x), x]) @ np.stack([x, x * x]),
    "where": lambda x: np.where(x > 0, np.sin(x), np.cos(x)), "prod": lambda x: np.prod(np.stack([x, np.sin(x), x * x])),
    "max": lambda x: np.max(np.stack([np.sin(x), -x])), "clip": lambda x: np.clip(np.exp(x), 0, 100), "abs": lambda x: np.abs(-x * x),
    "einsum": lambda x: np.einsum("i,i,i->", *[np.stack([x, np.cos(x)])] * 3), "norm": lambda x: np.linalg.norm(np.stack([x, x * x])),
    "solve": lambda x: np.linalg.solve(np.eye(2) * x + np.ones((2, 2)), np.stack([x, x]))[0],
    "det": lambda x: np.linalg.det(np.eye(2) * np.sin(x) + np.ones((2, 2))), "cumprod": lambda x: np.cumprod(np.stack([x, x]))[1],
    "eigh": lambda x: np.linalg.eigvalsh(np.diag(np.array([1.0, 5.0])) + x * np.ones((2, 2)))[0], "slogdet": lambda x: np.linalg.slogdet(np.eye(2) * (1 + x))[1],
    "control flow": lambda x: x * x if x > 0 else -x, "item": lambda x: np.stack([x, x * x, 1.0])[1],
}  # fmt: skip


def nested(f, n):
    for _ in range(n):
        f = grad(f)
    return f


@pytest.mark.parametrize("name", UNARY)
def test_against_nested_gradients(name):
    f = UNARY[name]
    for n in range(5):
        assert derivative(f, n)(0.7) == pytest.approx(float(nested(f, n)(0.7)), rel=1e-8, abs=1e-8), n


def test_closed_forms():
    assert derivative(np.sin, 21)(0.4) == pytest.approx(np.cos(0.4))
    assert derivative(np.exp, 30)(1.0) == pytest.approx(np.e)
    assert derivative(lambda x: 1 / (1 - x), 12)(0.5) == pytest.approx(math.factorial(12) * 2.0**13)
    assert derivative(np.log, 9)(2.0) == pytest.approx(math.factorial(8) / 2.0**9)
    assert derivative(lambda x: x**4, 4)(3.0) == pytest.approx(24.0)
    assert derivative(lambda x: x**4, 5)(3.0) == 0.0
    assert derivative(lambda x: 2.0, 3)(3.0) == 0.0
    assert derivative(n=0)(np.sin)(0.3) == np.sin(0.3)


def test_cost_is_polynomial():
    """The operations of the n-th derivative of tanh, counted: doubling n must not square their number."""
    from fdezero.primitives import elementwise

    def count(n):
        calls = []
        mul = elementwise(lambda x, y: calls.append(1) or x * y, lambda g, y: mul(g, y), lambda g, x: mul(g, x), name="counted")
        tanh = elementwise(lambda x: np.tanh(x), lambda g, out: g - mul(g, mul(out, out)), name="tanh")
        derivative(tanh, n)(0.3)
        return len(calls)

    assert count(16) < 40 * count(8)
    assert derivative(np.tanh, 20)(0.3) == pytest.approx(_tanh_derivative(20, 0.3), rel=1e-6)


def _tanh_derivative(n, x):
    """By the recurrence of polynomials in tanh: p' (1 - u^2)."""
    p = np.polynomial.Polynomial([0.0, 1.0])
    for _ in range(n):
        p = p.deriv() * np.polynomial.Polynomial([1.0, 0.0, -1.0])
    return p(np.tanh(x))


def test_along_a_curve_of_arrays_and_trees():
    x, v, a = np.array([0.3, 0.5]), np.array([1.0, -1.0]), np.array([0.2, 0.4])

    def f(p):
        return {"y": np.sin(p["x"]) * p["x"][::-1], "s": p["x"].sum()}

    _, (first, second) = jet(f, ({"x": x},), ([{"x": v}, {"x": a}],))
    along = lambda t: {"x": x + t * v + t * t / 2 * a}  # noqa: E731
    _, slope = jvp(lambda t: f(along(t)), (0.0,), (1.0,))
    _, curve = jvp(lambda t: jvp(lambda t: f(along(t)), (t,), (1.0,))[1], (0.0,), (1.0,))
    for key in ("y", "s"):
        np.testing.assert_allclose(first[key], slope[key])
        np.testing.assert_allclose(second[key], curve[key])


def test_it_composes():
    assert grad(derivative(np.sin, 3))(0.4) == pytest.approx(np.sin(0.4))
    assert derivative(grad(np.sin), 3)(0.4) == pytest.approx(np.sin(0.4))
    assert jvp(derivative(np.sin, 2), (0.4,), (1.0,))[1] == pytest.approx(-np.cos(0.4))
    np.testing.assert_allclose(vmap(derivative(np.sin, 2))(np.array([0.1, 0.2])), -np.sin([0.1, 0.2]))
    assert derivative(lambda x: derivative(lambda y: np.sin(x * y), 2)(1.0), 1)(0.5) == pytest.approx(
        -2 * 0.5 * np.sin(0.5) - 0.25 * np.cos(0.5)
    )
    check_grads(derivative(np.tanh, 3), (0.3,), modes=("rev", "fwd"))


def test_a_long_program_needs_no_deep_recursion():
    def f(x):
        for _ in range(3000):
            x = np.sin(x)
        return x

    assert derivative(f, 2)(0.1) == pytest.approx(float(grad(grad(lambda x: f(x)))(0.1)), rel=1e-6)


def test_bad_input():
    with pytest.raises(ValueError, match="at least 0"):
        derivative(np.sin, -1)
    with pytest.raises(ValueError, match="one number"):
        derivative(np.sin, 1)(np.ones(2))
    with pytest.raises(TypeError, match=r"3.0 for 3"):
        derivative(np.sin, 1)(1)
    with pytest.raises(ValueError, match="all of one length"):
        jet(np.multiply, (1.0, 2.0), ([1.0], [1.0, 2.0]))


def test_operations_are_told_apart_by_their_parameters():
    """Large index arrays look alike when they are printed."""
    i, j = np.zeros(3000, int), np.zeros(3000, int)
    j[1500] = 1

    def f(x):
        y = np.stack([x, x * x])
        return y[i].sum() + 10 * y[j].sum()

    assert derivative(f, 2)(1.0) == pytest.approx(20.0)


def test_streams_are_freed_without_the_garbage_collector():
    import gc

    derivative(np.sin, 5)(0.3)
    gc.collect()
    gc.disable()
    try:
        derivative(lambda x: np.tanh(np.sin(x) / (1 + x * x)), 5)(0.3)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_constant_that_is_written_to_is_used_as_it_is_at_each_call():
    def f(x):
        buffer, total = np.zeros(3), 0.0
        for k in (1.0, 2.0):
            buffer[:] = k
            total = total + (x * buffer).sum()
        return total

    y, (first,) = jet(f, (np.array([1.0, 2.0, 3.0]),), ([np.ones(3)],))
    assert (y, first) == (18.0, 9.0)


@pytest.mark.parametrize("constants", [(0.0, -0.0), (1, True), (1, 1.0)])
def test_equal_constants_that_differ_are_told_apart(constants):
    a, b = constants

    def f(x):
        return np.copysign(np.add(x, a), a) + 10 * np.copysign(np.add(x, b), b)

    y, (first,) = jet(f, (np.float32(2.0),), ([np.float32(1.0)],))
    assert (y, first) == (f(np.float32(2.0)), jvp(f, (np.float32(2.0),), (np.float32(1.0),))[1])


def test_repeated_operations_are_freed_without_the_garbage_collector():
    alive = []

    def f(x):
        for _ in range(3):
            y = np.sin(x)
            alive.append(weakref.ref(y))
        return y

    gc.disable()
    try:
        jet(f, (np.ones(3),), ([np.ones(3), np.zeros(3)],))
        assert [ref() for ref in alive] == [None] * 3
    finally:
        gc.enable()


def test_a_derivative_needs_an_argument():
    with pytest.raises(TypeError, match="the first positional argument, and the call has none"):
        derivative(np.sin)()


@pytest.mark.parametrize("primals, series", [(1.0, [1.0]), ((1.0,), [1.0]), ((1.0,), 1.0)])
def test_primals_and_series_are_sequences(primals, series):
    with pytest.raises(TypeError, match=r"jet\(f, \(x,\), \(\[first, second\],\)\)"):
        jet(np.sin, primals, series)
