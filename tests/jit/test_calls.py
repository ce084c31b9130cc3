"""`jit` among the other transforms: every composition of two, and some of three, is the one without `jit`."""

import warnings
from itertools import product

import numpy as np
import pytest

from fdezero import (
    checkpoint,
    custom_jvp,
    custom_vjp,
    derivative,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    stop_gradient,
    tree,
    value_and_grad,
    vjp,
    vmap,
)


@custom_jvp
def softplus(x):
    return np.log1p(np.exp(x))


@softplus.defjvp
def softplus_jvp(primals, tangents):
    (x,), (t,) = primals, tangents
    return softplus(x), t / (1 + np.exp(-x))


@custom_vjp
def clipped(x):
    return x * 1.0


clipped.defvjp(lambda x: (x * 1.0, ()), lambda residuals, g: (np.clip(g, -1, 1),))


def smooth(x):
    return (np.tanh(x) * x).sum() + np.where(x > 0, x**3, 0.0).sum()


def branching(x):
    return np.sum(x * x) if np.sum(stop_gradient(x)) > 0 else np.sum(np.sin(x))


def with_custom_rules(x):
    return np.sum(softplus(x) * x)


def with_a_checkpoint(x):
    return np.sum(checkpoint(lambda y: np.tanh(y) * y)(x) ** 2)


FUNCTIONS = [smooth, branching, with_custom_rules, with_a_checkpoint]

TRANSFORMS = {
    "id": lambda f: f,
    "grad": grad,
    "value_and_grad": value_and_grad,
    "vjp": lambda f: lambda x: vjp(f, x)[1](2.0),
    "jvp": lambda f: lambda x: jvp(f, (x,), (np.cos(x),)),
    "jacfwd": jacfwd,
    "jacrev": jacrev,
    "linearize": lambda f: lambda x: linearize(f, x)[1](np.cos(x)),
    "hessian": hessian,
    "hvp": lambda f: lambda x: hvp(f, (x,), (np.cos(x),)),
    "checkpoint": checkpoint,
    "grad of grad": lambda f: grad(lambda x: (grad(f)(x) ** 2).sum()),
    "forward over reverse": lambda f: lambda x: jvp(grad(f), (x,), (np.cos(x),)),
    "derivative along": lambda f: lambda x: derivative(lambda t: f(x + t), n=3)(0.1),
}

BATCHED = {
    "vmap": lambda f: lambda x: vmap(f)(np.stack([x, 2 * x])),
    "vmap in": lambda f: lambda x: f(vmap(lambda y: y * 2)(x)),
}

X = np.array([0.3, -1.2, 2.0, 0.4])


def assert_same(found, wanted):
    assert tree.flatten(found)[1] == tree.flatten(wanted)[1]
    for a, b in zip(tree.leaves(found), tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("f", FUNCTIONS)
@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_of_a_jitted_function(compiled, name, f):
    transform, fast = TRANSFORMS[name], compiled(f)
    for x in (X, X, -X, X * 0.9, -X):
        assert_same(transform(fast)(x), transform(f)(x))


@pytest.mark.parametrize("f", FUNCTIONS)
@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_jitted_transform(compiled, name, f):
    slow = TRANSFORMS[name](f)
    fast = compiled(slow)
    for x in (X, X, -X, X * 0.9, -X):
        assert_same(fast(x), slow(x))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_jitted_transform_of_a_jitted_function(compiled, name):
    slow = TRANSFORMS[name](smooth)
    fast = compiled(TRANSFORMS[name](compiled(smooth)))
    for x in (X, X, X * 0.9):
        assert_same(fast(x), slow(x))


@pytest.mark.parametrize("f", [smooth, pytest.param(with_custom_rules, marks=pytest.mark.long)])
@pytest.mark.parametrize("batch", BATCHED)
@pytest.mark.parametrize("name", TRANSFORMS)
def test_batches(compiled, name, batch, f):
    transform, many = TRANSFORMS[name], BATCHED[batch]
    wanted = many(transform(f))(X)
    for fast in (many(transform(compiled(f))), compiled(many(transform(f))), many(compiled(transform(f)))):
        for _ in range(3):
            assert_same(fast(X), wanted)


@pytest.mark.parametrize("f", [smooth])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms_of_a_jitted_batch(compiled, name, f):
    def summed(f):
        return lambda x: vmap(f)(np.stack([x, 2 * x])).sum()

    fast = compiled(vmap(f))
    for x in (X, X, X * 0.9):
        assert_same(TRANSFORMS[name](lambda x: fast(np.stack([x, 2 * x])).sum())(x), TRANSFORMS[name](summed(f))(x))


THREE = [(a, b) for a, b in product(["grad", "jvp", "hessian", "linearize"], ["grad", "jacfwd", "jacrev", "vjp"])]


@pytest.mark.parametrize(("outer", "inner"), THREE)
def test_three_transforms(compiled, outer, inner):
    def total(g):
        return lambda x: sum([np.sum(leaf**2) for leaf in tree.leaves(g(x))])

    wanted = TRANSFORMS[outer](total(TRANSFORMS[inner](smooth)))
    around, between = TRANSFORMS[outer](compiled(total(TRANSFORMS[inner](smooth)))), TRANSFORMS[outer](total(TRANSFORMS[inner](compiled(smooth))))
    outside = compiled(TRANSFORMS[outer](total(compiled(TRANSFORMS[inner](smooth)))))
    for x in (X, X, X * 0.9):
        for fast in (around, between, outside):
            assert_same(fast(x), wanted(x))


def test_the_gradient_of_a_jitted_function_is_compiled(compiled):
    calls = []

    def f(params, x):
        calls.append(1)
        return np.sum(np.tanh(x @ params["w"] + params["b"]) ** 2)

    fast = compiled(f)
    params, x = {"w": np.ones((3, 2)) / 3, "b": np.zeros(2)}, np.arange(12.0).reshape(4, 3)
    for k in range(4):
        calls.clear()
        found = grad(fast)(params, x * k)
    assert calls == []
    for a, b in zip(tree.leaves(found), tree.leaves(grad(f)(params, x * 3)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


OF_BATCHES = {
    "vmap of grad": lambda f: vmap(grad(f)),
    "vmap of jvp": lambda f: vmap(lambda x: jvp(f, (x,), (np.cos(x),))[1]),
    "vmap of hessian": lambda f: vmap(hessian(f)),
    "grad of vmap of grad": lambda f: grad(lambda xs: vmap(grad(f))(xs).sum()),
    "two axes": lambda f: vmap(lambda x: vmap(grad(f))(np.stack([x, 2 * x]))),
}


@pytest.mark.parametrize("name", OF_BATCHES)
def test_derivatives_in_a_batch_are_compiled(compiled, name):
    calls = []

    def f(x, k=2.0):
        calls.append(1)
        return np.sum(np.tanh(x) * x * (k * 3.0))

    transform, xs = OF_BATCHES[name], np.stack([X, X[::-1], 2 * X])
    fast = transform(compiled(f))
    for _ in range(8):
        calls.clear()
        found = fast(xs)
    assert calls == []
    assert_same(found, transform(f)(xs))
    assert_same(fast(xs[:2]), transform(f)(xs[:2]))


def test_examples_of_a_batch_that_decide_alike_and_otherwise(compiled):
    f = lambda x: np.sum(x * x) if stop_gradient(x)[0] > 0 else np.sum(np.sin(x))  # noqa: E731
    fast = vmap(grad(compiled(f)))
    ups, downs = np.stack([X, 2 * X]), np.stack([-X, -2 * X])
    for xs in (ups, downs, ups, ups, downs, downs):
        np.testing.assert_allclose(fast(xs), np.stack([grad(f)(x) for x in xs]), rtol=1e-12)
    mixed = np.stack([X, -X])
    for g in (vmap(grad(f)), fast):
        with pytest.raises(Exception) as error:  # whatever the plain one raises
            g(mixed)
        assert "True and False" in str(error.value) or "ambiguous" in str(error.value) or "batch" in str(error.value)


def test_a_custom_rule_for_reverse_mode_alone(compiled):
    f = lambda x: (clipped(x) ** 2).sum()  # noqa: E731
    x = np.array([0.25, 3.0])
    for fast in (compiled(grad(f)), grad(compiled(f))):
        for _ in range(3):
            np.testing.assert_array_equal(fast(x), [0.5, 1.0])


def test_a_closure_over_the_box_of_a_transform_around(compiled):
    def outer(x):
        inner = compiled(lambda y: y * x)
        return inner(2.0) + inner(3.0)

    assert grad(outer)(1.5) == 5.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert compiled(grad(outer))(1.5) == 5.0


def test_strong_zeros_in_the_halves(compiled):
    f = lambda x: np.where(x > 0, np.log(x) * x * x, x).sum()  # noqa: E731
    fast = compiled(f)
    with np.errstate(all="ignore"):
        for x in ([1.0, 2.0], [-1.0, 2.0], [0.0, 2.0], [1.0, 3.0]):
            np.testing.assert_allclose(grad(fast)(np.array(x)), grad(f)(np.array(x)))
