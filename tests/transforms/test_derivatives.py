"""Jacobians, Hessians and products with them: against loops, against each other, over trees."""

import numpy as np
import pytest

from fdezero import (
    elementwise_grad,
    ggnvp,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    tree,
    value_and_jacobian,
    vjp,
)

x = np.array([0.3, -0.7, 1.1])


def f(x):
    return np.array([2.0, 3.0]) * np.sin(x[:2]) * x[2]


def of_trees(p, y):
    return {"a": p["w"] @ y, "b": (np.sum(p["b"]) * y[0], p["w"][0, 0] ** 2)}


P = {"w": np.arange(6.0).reshape(2, 3), "b": np.ones(2)}


def test_against_rows():
    rows = np.stack([grad(lambda x, i=i: f(x)[i])(x) for i in range(2)])
    for transform in (jacobian, jacrev, jacfwd):
        np.testing.assert_allclose(transform(f)(x), rows)
    value, jac = value_and_jacobian(f)(x)
    np.testing.assert_array_equal(value, f(x))
    np.testing.assert_allclose(jac, rows)


@pytest.mark.parametrize("argnums", [0, 1, -1, (0, 1), (1,)])
def test_trees_forward_and_reverse_agree(argnums):
    forward, reverse = jacfwd(of_trees, argnums)(P, x), jacrev(of_trees, argnums)(P, x)
    assert tree.flatten(forward)[1] == tree.flatten(reverse)[1]
    for a, b in zip(tree.leaves(forward), tree.leaves(reverse), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b)


def test_a_jacobian_of_a_dict_by_a_dict():
    jac = jacrev(of_trees)(P, x)
    assert jac["a"]["w"].shape == (2, 2, 3)
    assert jac["b"][0]["b"].shape == (2,)
    np.testing.assert_allclose(jac["a"]["w"][0, 0], x)


def test_shapes():
    for shape_in in ((), (2,), (2, 3), (0,)):
        for shape_out in ((), (4,), (2, 2)):
            g = lambda x, s=shape_out: np.ones(s) * np.sum(x * x)  # noqa: E731
            assert np.shape(jacrev(g)(np.ones(shape_in))) == shape_out + shape_in
            assert np.shape(jacfwd(g)(np.ones(shape_in))) == shape_out + shape_in


def test_hessian_is_symmetric_and_that_of_a_loop():
    g = lambda x: np.prod(np.sin(x)) + (x[0] * x[2]) ** 2  # noqa: E731
    h = hessian(g)(x)
    np.testing.assert_allclose(h, h.T)
    np.testing.assert_allclose(h, jacrev(jacrev(g))(x))
    np.testing.assert_allclose(h, jacrev(jacfwd(g))(x))
    np.testing.assert_allclose(h, jacfwd(jacfwd(g))(x))
    np.testing.assert_allclose(h, [grad(lambda x, i=i: grad(g)(x)[i])(x) for i in range(3)])
    np.testing.assert_allclose(h @ x, hvp(g, (x,), (x,)))


def test_hessian_of_trees_and_several_arguments():
    g = lambda p, y: (p["a"] * y).sum() * p["b"]  # noqa: E731
    p = {"a": np.ones(2), "b": 3.0}
    h = hessian(g, argnums=(0, 1))(p, np.array([1.0, 2.0]))
    np.testing.assert_allclose(h[0]["a"][0]["b"], [1.0, 2.0])
    np.testing.assert_allclose(h[0][0]["a"]["b"] if isinstance(h[0], tuple) else h[0]["a"][0]["b"], [1.0, 2.0])
    np.testing.assert_allclose(h[1][0]["a"], 3.0 * np.eye(2))
    two = hvp(lambda a, b: a * a * b, (2.0, 3.0), (1.0, 10.0))
    assert two == (2 * 3.0 + 2 * 2.0 * 10, 2 * 2.0)


def test_ggnvp_is_the_product_of_its_parts():
    model = lambda x: np.tanh(np.arange(6.0).reshape(2, 3) @ x)  # noqa: E731
    loss = lambda y: (y**4).sum() + y[0] * y[1]  # noqa: E731
    j, h = jacrev(model)(x), hessian(loss)(model(x))
    v = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(ggnvp(model, loss, (x,), (v,)), j.T @ h @ j @ v)


def test_elementwise_grad():
    np.testing.assert_allclose(elementwise_grad(elementwise_grad(np.sin))(x), -np.sin(x))
    np.testing.assert_allclose(elementwise_grad(lambda a, b: a * b**2, argnums=1)(x, x), 2 * x * x)


def test_has_aux():
    g = lambda x: (f(x), {"sum": x.sum()})  # noqa: E731
    for transform in (jacrev, jacfwd):
        jac, aux = transform(g, has_aux=True)(x)
        np.testing.assert_allclose(jac, jacrev(f)(x))
        assert aux["sum"] == x.sum()
    h, aux = hessian(lambda x: ((x**3).sum(), "aux"), has_aux=True)(x)
    np.testing.assert_allclose(h, np.diag(6 * x))
    assert aux == "aux"


def test_argnums_and_aux_of_products():
    w, data, v = np.array([0.3, -0.2, 0.5]), np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, -1.0])

    def model(w, data):
        return np.tanh(data @ w)

    def loss(w, data):
        return (model(w, data) ** 3).sum()

    h = hessian(loss)(w, data)
    np.testing.assert_allclose(hvp(loss, (w, data), (v,), argnums=0), h @ v)
    np.testing.assert_allclose(hvp(loss, (w, data), (v,), argnums=(0,))[0], h @ v)
    np.testing.assert_allclose(hvp(loss, (w, data), (0.1 * data,), argnums=-1), hvp(lambda d: loss(w, d), (data,), (0.1 * data,)))
    both = hvp(loss, (w, data), (v, np.zeros_like(data)))
    np.testing.assert_allclose(both[0], h @ v)
    product, aux = hvp(lambda w, data: (loss(w, data), {"model": model(w, data)}), (w, data), (v,), argnums=0, has_aux=True)
    np.testing.assert_allclose(product, h @ v)
    np.testing.assert_array_equal(aux["model"], model(w, data))

    j = jacobian(model)(w, data)
    curvature = j.T @ np.diag(6 * model(w, data)) @ j
    cubes = lambda y: (y**3).sum()  # noqa: E731
    np.testing.assert_allclose(ggnvp(model, cubes, (w, data), (v,), argnums=0), curvature @ v)
    product, aux = ggnvp(lambda w, d: (model(w, d), d), cubes, (w, data), (v,), argnums=0, has_aux=True)
    np.testing.assert_allclose(product, curvature @ v)
    np.testing.assert_array_equal(aux, data)

    slopes, aux = elementwise_grad(lambda x, y: (np.sin(x) * y, "sine"), argnums=(0, 1), has_aux=True)(w, v)
    np.testing.assert_allclose(slopes[0], np.cos(w) * v)
    np.testing.assert_allclose(slopes[1], np.sin(w))
    assert aux == "sine"


def test_a_product_s_primals_are_a_tuple():
    for call in (lambda: hvp(np.sum, x, x), lambda: ggnvp(np.sin, np.sum, x, (x,))):
        with pytest.raises(TypeError, match=r"the primals are a tuple of arguments: .*\(x,\), \(v,\)"):
            call()


def test_holomorphic():
    z = np.array([0.3 + 0.2j, -1 + 0.5j])
    g = lambda z: np.exp(z) * z[::-1]  # noqa: E731
    np.testing.assert_allclose(jacrev(g, holomorphic=True)(z), jacfwd(g, holomorphic=True)(z))
    np.testing.assert_allclose(grad(lambda z: z**3, holomorphic=True)(2j), 3 * (2j) ** 2)
    with pytest.raises(TypeError, match="takes complex"):
        jacrev(f, holomorphic=True)(x)
    with pytest.raises(TypeError, match="holomorphic=True"):
        jacrev(g)(z)
    with pytest.raises(TypeError, match="real arguments"):
        jacfwd(g)(z)
    with pytest.raises(TypeError, match="takes complex"):
        grad(lambda x: x, holomorphic=True)(1.0)


def test_products_are_the_jacobian_s():
    j = jacrev(f)(x)
    np.testing.assert_allclose(jvp(f, (x,), (x,))[1], j @ x)
    np.testing.assert_allclose(vjp(f, x)[1](np.array([1.0, 2.0]))[0], np.array([1.0, 2.0]) @ j)


def test_results_are_writable():
    for transform in (jacrev, jacfwd, hessian):
        transform(lambda x: x.sum())(x)[...] = 1.0
