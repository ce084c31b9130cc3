"""Forward mode and batching where they take a short cut: large tangents, many vectors, leading axes."""

from __future__ import annotations

import numpy as np
import pytest

from fdezero import jvp, linearize, vmap


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x + x,
        lambda x: x - x,
        lambda x: x * x,
        lambda x: x / (x + 1.0),
        lambda x: np.maximum(x, 1.0 - x),
        lambda x: np.einsum("i,i->i", x, x),
        lambda x: np.outer(x[:200], x[:200]) @ x[:200],
    ],
)
def test_large_tangents_are_added_only_into_memory_that_is_nobody_elses(f):
    x = np.linspace(0.0, 1.0, 40_000)
    t = np.cos(x)
    before = x.copy(), t.copy()
    value, tangent = jvp(f, (x,), (t,))
    y, along = linearize(f, x)
    first, second = along(t), along(t)
    np.testing.assert_array_equal((x, t), before)
    np.testing.assert_array_equal(value, f(x))
    np.testing.assert_array_equal(y, f(x))
    np.testing.assert_allclose(tangent, (f(x + 1e-6 * t) - f(x - 1e-6 * t)) / 2e-6, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(first, tangent)
    np.testing.assert_array_equal(first, second)


MANY = {
    "matrix times vectors": (np.matmul, (4, 3), (3,)),
    "vector times matrices": (np.matmul, (3,), (3, 4)),
    "vectors": (np.matmul, (3,), (3,)),
    "matrices": (np.matmul, (4, 3), (3, 5)),
    "stacked matrices and a vector": (np.matmul, (2, 4, 3), (3,)),
    "a vector and stacked matrices": (np.matmul, (3,), (2, 3, 4)),
    "row and matrix": (np.add, (3,), (4, 3)),
    "scalar and matrix": (np.multiply, (), (4, 3)),
    "matrix and row": (np.subtract, (4, 3), (3,)),
}


@pytest.mark.parametrize("axes", [(0, 0), (0, None), (None, 0)])
@pytest.mark.parametrize("function, x_shape, y_shape", MANY.values(), ids=MANY)
def test_a_batch_of_two_arguments_is_the_stacked_loop(function, x_shape, y_shape, axes):
    rng = np.random.default_rng(0)
    x, y = (
        rng.normal(size=shape if axis is None else (6, *shape)) for shape, axis in zip((x_shape, y_shape), axes, strict=True)
    )
    loop = np.stack([function(x if axes[0] is None else x[i], y if axes[1] is None else y[i]) for i in range(6)])
    np.testing.assert_allclose(vmap(function, in_axes=axes)(x, y), loop, rtol=1e-13)


@pytest.mark.parametrize("number", [2, 2.0, 1j, np.float64(2.0), np.array(2.0), np.ones(3), np.ones((4, 3))])
def test_a_batch_and_a_constant(number):
    x = np.arange(18.0).reshape(6, 3)
    np.testing.assert_array_equal(vmap(lambda x: x * number)(x), np.stack([row * number for row in x]))
    np.testing.assert_array_equal(vmap(lambda x: number - x)(x), np.stack([number - row for row in x]))
