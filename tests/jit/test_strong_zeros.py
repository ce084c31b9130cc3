"""Where a NaN comes up in a derivative: at the second call, in a later segment, in a program with calls of NumPy."""

import numpy as np
import pytest

from fdezero import grad, hessian, jacfwd

from .backends import BACKENDS

V, ZERO = np.linspace(0.1, 1.0, 7), np.zeros(7)


def with_a_logarithm(x):
    return np.where(x > 0, x * np.log(x), 0.0).sum()


def with_a_root(x):
    return np.sqrt(x).sum() * x.sum() * x.sum()


def with_a_call(x):
    """The slope of the root is of the first segment, and what makes a NaN of it of a later one."""
    root = x**0.5
    return (np.outer(root * x.sum(), root) @ root).sum() + (np.median(root) * root).sum()


@pytest.mark.parametrize("transform", [grad, hessian, jacfwd])
@pytest.mark.parametrize("f", [with_a_logarithm, with_a_root, with_a_call])
@pytest.mark.parametrize("points", [(V, ZERO, ZERO, ZERO, V), (V, V, ZERO, V, ZERO), (ZERO, V, ZERO), (ZERO, ZERO, V, V)])
def test_the_order_of_calls_does_not_matter(compiled, f, transform, points):
    slow = transform(f)
    fast = compiled(slow)
    with np.errstate(all="ignore"):
        for x in points:
            np.testing.assert_allclose(fast(x), slow(x), rtol=1e-9)


@pytest.mark.skipif("llvm" not in BACKENDS, reason="llvmlite is not installed")
def test_segments_report_all_errors():
    from fdezero.jit.llvm_backend.driver import compile_program
    from fdezero.jit.program import Slice

    from .program_builder import Builder

    b = Builder(np.array([1.0, 2.0]))
    infinite = b.map(np.reciprocal, 0)
    order = b.apply(np.sort, b.map(np.negative, 0))
    total = b.map(np.multiply, b.map(np.add, order, order), infinite)
    compiled = compile_program(b.program(total, b(Slice((0,)), infinite)))
    assert type(compiled.run(np.array([1.0, 2.0]))) is tuple
    assert compiled.run(np.zeros(2)) == -3  # a division by zero in the first segment, an invalid product in the second
    assert np.isnan(compiled.unchecked(np.zeros(2))[0]).all()


def test_purity_is_checked_where_every_call_has_a_nan(compiled):
    calls = []

    def f(x):
        calls.append(1)
        return np.where(x > 0, np.sqrt(x), 0.0).sum() * x.sum()

    fast = compiled(grad(f))
    for x in (V, ZERO, ZERO, ZERO, ZERO):
        calls.clear()
        np.testing.assert_array_equal(fast(x), grad(f)(x))
    assert calls == [1]  # of what it is compared with
