"""Random programs over a pool of operations obey the laws that hold of every function."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fdezero import at, grad, jvp, vjp, vmap
from fdezero.primitives import elementwise

from .laws import TRANSFORMS, assert_close, check_batched, check_mixed_derivatives, check_numerically, check_transpose

A = np.array([[0.3, -0.6, 0.5], [0.4, 0.1, -0.7], [-0.4, 0.6, 0.2]])

#: From a vector of three to a vector of three, smooth, and tame enough to be iterated.
UNARY = {
    "sin": np.sin,
    "tanh": np.tanh,
    "softplus": lambda a: np.log1p(np.exp(a)),
    "gauss": lambda a: np.exp(-a * a),
    "root": lambda a: np.sqrt(1.0 + a * a),
    "arctan": np.arctan,
    "matmul": lambda a: A @ a,
    "solve": lambda a: np.linalg.solve(A + 2.0 * np.eye(3), a),
    "reverse": lambda a: a[::-1],
    "gather": lambda a: a[np.array([2, 0, 0])],
    "roll": lambda a: np.roll(a, 1),
    "mean": lambda a: a - np.mean(a),
    "spread": lambda a: np.sum(a) * np.ones(3) / 3,
    "outer": lambda a: np.outer(a, np.cos(a)).sum(axis=0),
    "concatenate": lambda a: np.concatenate([a[1:], a[:1] * a[2]]),
    "update": lambda a: at(a)[1].set(a[0] * a[2]),
    "softmax": lambda a: np.exp(a) / np.exp(a).sum(),
    "inner gradient": lambda a: grad(lambda b: np.sum(np.sin(a * b)))(np.cos(a)),
    "inner tangent": lambda a: jvp(np.tanh, (a,), (a,))[1],
    "inner pullback": lambda a: vjp(lambda b: np.sin(b) * b, a)[1](np.cos(a))[0],
    "inner batch": lambda a: vmap(lambda row, e: np.sin(row @ a) * e)(A, a),
    "complex": lambda a: np.real(np.exp(1j * a) * a),
}
BINARY = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": lambda a, b: np.sin(a) * b,
    "divide": lambda a, b: a / (1.0 + b * b),
    "dot": lambda a, b: np.tanh(a @ b) * a,
    "cross": lambda a, b: np.tanh(a[[1, 2, 0]] * b[[2, 0, 1]] - a[[2, 0, 1]] * b[[1, 2, 0]]),
    "hypot": lambda a, b: np.hypot(a, 1.0 + b * b),
    "logaddexp": np.logaddexp,
    "einsum": lambda a, b: np.einsum("i,ij,j->j", a, A, b),
}

#: A line of a program: what is done, and to which of the values so far.
line = st.tuples(st.sampled_from([*UNARY, *BINARY]), st.integers(0, 7), st.integers(0, 7))
programs = st.lists(line, min_size=1, max_size=6)
places = st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3).map(np.array)


def run(lines, pool=None):
    """A function of a vector: every line appends a value, which later ones may use."""
    operations = {**UNARY, **BINARY, **(pool or {})}

    def f(x):
        values = [x]
        for name, i, j in lines:
            arguments = [values[i % len(values)], values[j % len(values)]]
            values.append(operations[name](*arguments[: 2 if name in BINARY else 1]))
        return values[-1] + 0.1 * x * values[len(values) // 2]

    return f


def checked(examples):
    # Without a deadline: the machine may be busy.  Derandomised: a failure is everybody's failure.
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@checked(100)
@given(programs, places)
def test_vjp_is_the_transpose_of_jvp(lines, x):
    check_transpose(run(lines), x)


@checked(60)
@given(programs, places)
def test_vmap_is_the_loop(lines, x):
    check_batched(run(lines), x)


@checked(40)
@given(programs, places)
def test_second_derivatives_do_not_depend_on_the_order(lines, x):
    check_mixed_derivatives(run(lines), x)


@checked(40)
@given(programs, places, st.sampled_from(list(TRANSFORMS)))
def test_against_differences(lines, x, name):
    check_numerically((name,), run(lines), x)


@checked(40)
@given(programs, programs, places)
def test_the_chain_rule(first, second, x):
    f, g = run(first), run(second)
    t = np.array([1.0, -2.0, 0.5])
    middle, along = jvp(f, (x,), (t,))
    assert_close(jvp(lambda x: g(f(x)), (x,), (t,)), jvp(g, (middle,), (along,)), 1e-9, "jvp")
    c = np.array([0.3, 1.0, -1.0])
    assert_close(vjp(lambda x: g(f(x)), x)[1](c), vjp(f, x)[1](vjp(g, middle)[1](c)[0]), 1e-9, "vjp")


@pytest.mark.long
@pytest.mark.parametrize("check", [check_mixed_derivatives, lambda f, x: check_numerically(("grad",), f, x)])
def test_a_broken_operation_in_the_pool_is_found(check):
    """Broken in its first derivative by a part that is no gradient of anything, so that the Hessian is askew."""
    broken = elementwise(lambda x, y: x * y, lambda g, y: g * y, lambda g, x, y: g * (x + 0.01 * y * x), name="broken")
    pool = {"matmul": lambda a: broken(np.sin(a), a[::-1])}

    @settings(checked(100), report_multiple_bugs=False, database=None)
    @given(programs, places)
    def search(lines, x):
        check(run(lines, pool), x)

    with pytest.raises(AssertionError):
        search()
