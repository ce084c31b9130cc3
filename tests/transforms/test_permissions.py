"""Integers that are cast where they are allowed, and keyword arguments of every derived operator."""

import numpy as np
import pytest

from fdezero import (
    elementwise_grad,
    ggnvp,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jet,
    jvp,
    linearize,
    value_and_grad,
    value_and_jacobian,
    vjp,
)

INTS, FLOATS = np.array([1, 2, 3]), np.array([1.0, 2.0, 3.0])
SCALAR = {"grad": grad, "value_and_grad": value_and_grad, "hessian": hessian}
VECTOR = {"jacrev": jacrev, "jacfwd": jacfwd, "value_and_jacobian": value_and_jacobian, "elementwise_grad": elementwise_grad}


def cube(x, by=1.0):
    return by * x**3


def total(x, by=1.0):
    return np.sum(cube(x, by))


@pytest.mark.parametrize("name", [*SCALAR, *VECTOR])
def test_integers_are_cast_where_they_are_allowed(name):
    transform, f = (SCALAR[name], total) if name in SCALAR else (VECTOR[name], cube)
    np.testing.assert_equal(transform(f, allow_int=True)(INTS), transform(f)(FLOATS))
    with pytest.raises(TypeError, match="allow_int"):
        transform(f)(INTS)


def test_integers_in_trees_and_python_numbers():
    g = grad(lambda p: p["a"] * p["b"].sum(), allow_int=True)({"a": 3, "b": np.array([1, 2])})
    assert g["a"] == 3.0 and g["b"].dtype == np.float64
    with pytest.raises(TypeError, match="bool"):
        grad(lambda x: 1.0, allow_int=True)(True)


def test_keyword_arguments_of_every_operator():
    x, t = (FLOATS,), (np.ones(3),)
    np.testing.assert_array_equal(vjp(cube, *x, by=2.0)[1](np.ones(3))[0], 6 * FLOATS**2)
    np.testing.assert_array_equal(jvp(cube, x, t, by=2.0)[1], 6 * FLOATS**2)
    np.testing.assert_array_equal(linearize(cube, *x, by=2.0)[1](*t), 6 * FLOATS**2)
    np.testing.assert_array_equal(jet(cube, x, ([t[0]],), by=2.0)[1][0], 6 * FLOATS**2)
    np.testing.assert_array_equal(hvp(total, x, t, by=2.0), 12 * FLOATS)
    np.testing.assert_array_equal(ggnvp(cube, np.sum, x, t, by=2.0), np.zeros(3))
    for transform in VECTOR.values():
        np.testing.assert_equal(transform(cube)(FLOATS, by=2.0), transform(lambda x: cube(x, 2.0))(FLOATS))
