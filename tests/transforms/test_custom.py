"""custom_jvp and custom_vjp: in both modes, batched, nested, on trees, and what misuse gets."""

import math

import numpy as np
import pytest

from fdezero import custom_jvp, custom_vjp, grad, hessian, hvp, jacfwd, jacrev, jvp, vjp, vmap
from fdezero.testing import check_grads


@custom_jvp
def cubed(x):
    """x cubed, with three times its derivative."""
    return x * x * x


@cubed.defjvp
def cubed_jvp(primals, tangents):
    (x,), (t,) = primals, tangents
    return cubed(x), 9 * x * x * t


@custom_vjp
def squared(x):
    return x * x


squared.defvjp(lambda x: (x * x, {"x": x}), lambda kept, g: (10 * kept["x"] * g,))
x = np.array([1.0, 2.0])


@custom_vjp
def opaque(x):
    """x cubed, by a function that takes plain numbers only."""
    return np.vectorize(math.pow)(x, 3.0)


opaque.defvjp(lambda x: (opaque(x), x), lambda x, g: (3 * x * x * g,))


def test_second_derivatives_of_an_opaque_function():
    """Whose rule is for reverse mode only: they are taken by reverse mode over reverse mode."""

    def f(v, k):
        return (opaque(v)[0] * v[1] ** 2 + np.sum(opaque(v))) * k, "aux"

    expected = np.array([[6 * 4 + 6, 3 * 2 * 2], [3 * 2 * 2, 2 + 6 * 2]]) * 0.5
    found, aux = hessian(f, has_aux=True)(x, 0.5)
    np.testing.assert_allclose(found, expected)
    product, aux_of_product = hvp(f, (x, 0.5), (x,), argnums=0, has_aux=True)
    np.testing.assert_allclose(product, expected @ x)
    assert aux == aux_of_product == "aux"
    assert hessian(lambda k, v: np.sum(opaque(v)) * k**2, argnums=(0, 1))(3.0, x)[0][0] == 18.0
    with pytest.raises(TypeError, match="opaque has a rule for reverse mode only"):
        jacfwd(opaque)(x)


def test_the_rule_is_used_in_both_modes():
    assert cubed(2.0) == 8.0
    assert grad(cubed)(2.0) == 36.0
    assert jvp(cubed, (2.0,), (1.0,)) == (8.0, 36.0)
    assert grad(squared)(2.0) == 20.0
    np.testing.assert_array_equal(jacrev(cubed)(x), np.diag([9.0, 36.0]))
    np.testing.assert_array_equal(jacfwd(cubed)(x), np.diag([9.0, 36.0]))
    assert (cubed.__name__, cubed.__doc__) == ("cubed", "x cubed, with three times its derivative.")


def test_second_derivatives_are_those_of_the_rule():
    assert grad(grad(cubed))(2.0) == 36.0
    assert jvp(grad(cubed), (2.0,), (1.0,))[1] == 36.0
    assert grad(lambda x: jvp(cubed, (x,), (1.0,))[1])(2.0) == 36.0
    assert grad(grad(squared))(2.0) == 10.0
    np.testing.assert_array_equal(hessian(lambda x: squared(x).sum())(x), 10 * np.eye(2))


def test_batched():
    np.testing.assert_array_equal(vmap(cubed)(x), x**3)
    np.testing.assert_array_equal(vmap(grad(cubed))(x), 9 * x**2)
    np.testing.assert_array_equal(grad(lambda x: vmap(cubed)(x).sum())(x), 9 * x**2)
    np.testing.assert_array_equal(vmap(grad(squared))(x), 10 * x)
    np.testing.assert_array_equal(grad(lambda x: vmap(squared)(x).sum())(x), 10 * x)
    np.testing.assert_array_equal(jvp(vmap(cubed), (x,), (x,))[1], 9 * x**3)


@custom_vjp
def scaled(a, x):
    return a * x


scaled.defvjp(lambda a, x: (a * x, (a, x)), lambda kept, g: (g * kept[1], 2 * g * kept[0]))


def test_an_argument_that_the_examples_share():
    assert grad(lambda a: vmap(scaled, in_axes=(None, 0))(a, x).sum())(3.0) == 3.0
    np.testing.assert_array_equal(grad(lambda v: vmap(scaled, in_axes=(None, 0))(3.0, v).sum())(x), [6.0, 6.0])


def test_fwd_may_call_the_function_itself():
    @custom_vjp
    def f(x):
        return x * x

    f.defvjp(lambda x: (f(x), x), lambda x, g: (10 * x * g,))
    np.testing.assert_array_equal(vmap(f)(x), x * x)
    np.testing.assert_array_equal(vmap(grad(f))(x), 10 * x)
    np.testing.assert_array_equal(grad(lambda x: vmap(f)(x).sum())(x), 10 * x)
    assert grad(grad(f))(2.0) == 10.0


def test_trees_nondiff_arguments_and_keywords():
    @custom_jvp(nondiff_argnums=(0,))
    def apply(f, p, scale=1.0):
        return {"out": f(p["x"]) * scale}

    @apply.defjvp
    def _(f, primals, tangents):
        (p, scale), (t, ds) = primals, tangents
        return apply(f, p, scale), {"out": 5 * t["x"] * scale + ds}

    assert grad(lambda v: apply(np.sin, {"x": v}, 1.0)["out"])(2.0) == 5.0
    assert grad(lambda v: apply(np.sin, {"x": v}, scale=2.0)["out"])(2.0) == 10.0

    @custom_vjp(nondiff_argnums=(1,))
    def power(x, n):
        return x**n

    power.defvjp(lambda x, n: (power(x, n), x), lambda n, x, g: (g * n * x ** (n - 1),))
    check_grads(lambda v: power(v, 3), (x,))


def test_a_rule_for_each_argument():
    @custom_jvp
    def product(a, b):
        return a * b

    product.defjvps(lambda t, out, a, b: t * b, None)
    assert grad(product, argnums=(0, 1))(2.0, 3.0) == (3.0, 0.0)


def test_none_is_zero_and_cotangents_are_checked():
    @custom_vjp
    def f(a, b):
        return a * b

    f.defvjp(lambda a, b: (a * b, b), lambda b, g: (g * b, None))
    assert grad(f, argnums=(0, 1))(2.0, 3.0) == (3.0, 0.0)
    f.defvjp(lambda a, b: (a * b, b), lambda b, g: (np.ones(3), None))
    with pytest.raises(ValueError, match=r"the rule of f returned a cotangent of shape \(3,\)"):
        grad(f)(2.0, 3.0)
    f.defvjp(lambda a, b: (a * b, b), lambda b, g: g)
    with pytest.raises(TypeError, match="a tuple of 2 cotangents"):
        grad(f)(2.0, 3.0)
    f.defvjp(lambda a, b: a * b, lambda b, g: (g, g))
    with pytest.raises(TypeError, match=r"fwd of f must return \(out, residuals\)"):
        grad(f)(2.0, 3.0)


@pytest.mark.parametrize("leaf", [lambda g: g, object()])
def test_what_is_kept_is_a_tree_of_arrays(leaf):
    f = custom_vjp(_f())
    f.defvjp(lambda x: (x, [x, leaf]), lambda kept, g: (g,))
    with pytest.raises(TypeError, match=r"is no array; the results and residuals .* are trees of arrays and numbers"):
        grad(f)(2.0)


def test_misuse():
    with pytest.raises(TypeError, match=r"state it with f\.defjvp"):
        grad(custom_jvp(_f()))(1.0)
    with pytest.raises(TypeError, match=r"state it with f\.defvjp"):
        grad(custom_vjp(_f()))(1.0)
    with pytest.raises(TypeError, match="rule for reverse mode only"):
        jvp(squared, (1.0,), (1.0,))
    with pytest.raises(TypeError, match="nondiff_argnums"):
        grad(lambda x: custom_jvp(lambda f, x: f(x))(np.sin, x))(1.0)


def _f():
    def f(x):
        return x

    return f


def test_several_results():
    @custom_vjp
    def both(x):
        return np.sin(x), np.cos(x)

    both.defvjp(lambda x: (both(x), x), lambda x, g: (g[0] * np.cos(x) - g[1] * np.sin(x),))
    check_grads(lambda x: both(x)[0] * both(x)[1], (x,))
    _, pull = vjp(lambda x: both(x)[1], x)
    np.testing.assert_allclose(pull(np.ones(2))[0], -np.sin(x))


def by_keyword(x, *, scale=2.0):
    return scale * x


def with_rule(kind, f, nondiff_argnums=()):
    made = kind(f, nondiff_argnums=nondiff_argnums)
    if kind is custom_jvp:
        made.defjvp(lambda primals, tangents: (made(*primals), 2.0 * tangents[0]))
    else:
        made.defvjp(lambda x: (made(x), ()), lambda residuals, g: (2.0 * g,))
    return made


@pytest.mark.parametrize("kind", [custom_jvp, custom_vjp])
def test_an_argument_by_keyword_only_is_refused_where_the_rule_does_not_get_it(kind):
    f = with_rule(kind, by_keyword)
    assert f(1.0, scale=3.0) == 3.0
    assert grad(lambda x: f(x=x))(1.0) == 2.0
    with pytest.raises(TypeError, match="by_keyword takes scale= by keyword only"):
        grad(lambda x: f(x, scale=3.0))(1.0)


@pytest.mark.parametrize("position", [2, -3])
@pytest.mark.parametrize("kind", [custom_jvp, custom_vjp])
def test_a_position_that_is_none_is_refused(kind, position):
    f = with_rule(kind, lambda x, y: x * y, (position,))
    with pytest.raises(ValueError, match=rf"nondiff_argnums=\({position},\) for a call with 2 arguments"):
        grad(f)(1.0, 2.0)
