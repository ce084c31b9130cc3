"""Derivatives inside derivatives: the cases in which implementations have confused two perturbations.

Siskind and Pearlmutter, Perturbation confusion and referential transparency (IFL 2005);
Siskind and Pearlmutter, Nesting forward-mode AD in a functional framework (HOSC 2008);
Manzyuk, Pearlmutter, Radul, Rush and Siskind, Perturbation confusion in forward automatic
differentiation of higher-order functions (JFP 2019).

The derivative operator may be any of the library's, the outer one another than the inner one.
"""

import itertools

import numpy as np
import pytest

from fdezero import grad, hvp, jacfwd, jacrev, jvp, linearize, value_and_grad, vjp, vmap
from fdezero.transforms import wrapping

DERIVATIVES = {
    "grad": grad,
    "value_and_grad": lambda f: lambda x: value_and_grad(f)(x)[1],
    "vjp": lambda f: lambda x: vjp(f, x)[1](1.0)[0],
    "jvp": lambda f: lambda x: jvp(f, (x,), (1.0,))[1],
    "linearize": lambda f: lambda x: linearize(f, x)[1](1.0),
    "jacfwd": jacfwd,
    "jacrev": jacrev,
    "vmap of grad": lambda f: lambda x: vmap(grad(f))(np.stack([x, x]))[1],
    "vmap of jvp": lambda f: lambda x: vmap(lambda x: jvp(f, (x,), (np.ones_like(x),))[1])(np.stack([x, x]))[0],
}

both = pytest.mark.parametrize(
    ("outer", "inner"),
    [pytest.param(DERIVATIVES[a], DERIVATIVES[b], id=f"{a} of {b}") for a, b in itertools.product(DERIVATIVES, repeat=2)],
)
either = pytest.mark.parametrize("d", DERIVATIVES.values(), ids=DERIVATIVES)


# -- Siskind and Pearlmutter, 2005 and 2008 --------------------------------------------------------------


@both
def test_the_inner_derivative_does_not_see_the_outer_perturbation(outer, inner):
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0  # confused: 2


@both
def test_a_product_with_the_outer_variable(outer, inner):
    assert outer(lambda x: x * inner(lambda y: x * y)(2.0))(1.0) == 2.0
    assert outer(lambda x: x * inner(lambda y: x * y * y)(3.0))(2.0) == 24.0


@both
def test_a_constant_of_the_inner_function_is_no_constant_outside(outer, inner):
    assert inner(lambda y: 3.0 + 0.0 * y)(1.0) == 0.0
    assert outer(lambda x: x + inner(lambda y: 0.0 * y + x)(1.0))(1.0) == 1.0


@both
def test_the_same_point_and_the_same_name_at_both_levels(outer, inner):
    assert outer(lambda x: inner(lambda y: y * y * x)(x))(3.0) == 12.0
    assert outer(lambda x: inner(lambda x: x * x * x)(x) * x)(2.0) == pytest.approx(36.0)


@both
def test_three_deep(outer, inner):
    f = outer(lambda x: x * inner(lambda y: y * x * outer(lambda z: x * y * z * z)(y))(x))
    # d/dz = 2 x y z at z = y: 2 x y^2; inner: d/dy 2 x^2 y^3 = 6 x^2 y^2 at y = x: 6 x^4; outer: d/dx 6 x^5.
    assert f(1.5) == pytest.approx(30.0 * 1.5**4)


@both
def test_a_saddle_of_a_nested_optimisation(outer, inner):
    """The 2008 paper's min-max, by gradient steps: its solution differentiates through the inner search."""

    def best_answer(x):
        y = 0.0 * x
        for _ in range(60):
            y = y - 0.2 * inner(lambda y: (y - x) ** 2 + y * y)(y)  # towards y = x / 2
        return y

    assert outer(lambda x: best_answer(x) ** 2)(3.0) == pytest.approx(1.5)  # d/dx of x^2 / 4


# -- Manzyuk and others, 2019: functions that return functions -------------------------------------------


def shift(u):
    """The paper's s, curried: (s u f) x = f (x + u)."""
    return lambda f: lambda x: f(x + u)


def of_function(d):
    """The derivative at 0 of ``shift``, which is the derivative operator itself; it is taken at a point."""
    return lambda f: lambda x: d(lambda u: shift(u)(f)(x))(0.0)


@both
def test_the_amazing_bug(outer, inner):
    """D s 0 of D s 0 of exp is exp's second derivative; tagging by closure creation makes it 0."""
    first, second = of_function(inner), of_function(outer)
    assert first(np.exp)(1.0) == pytest.approx(np.e)
    assert second(first(np.exp))(1.0) == pytest.approx(np.e)
    assert second(first(lambda x: x**3))(2.0) == pytest.approx(12.0)


@either
def test_the_same_operator_used_twice(d):
    derivative = of_function(d)
    assert derivative(derivative(derivative(lambda x: x**4)))(2.0) == pytest.approx(48.0)


@both
def test_a_curried_function_differentiated_in_each_argument(outer, inner):
    def f(x):
        return lambda y: x * x * y**3

    in_x = lambda y: inner(lambda x: f(x)(y))(2.0)  # noqa: E731
    assert in_x(3.0) == 108.0
    assert outer(in_x)(3.0) == pytest.approx(108.0)  # 2 x 3 y^2


@both
def test_a_pair_as_a_function(outer, inner):
    """A Church pair: the data is in the closure."""

    def pair(a, b):
        return lambda choose: choose(a, b)

    def f(x):
        p = pair(x * x, x * inner(lambda y: pair(x * y, y * y)(lambda a, b: a * b))(x))
        return p(lambda a, b: a * b)

    # inner: d/dy of x y^3 at y = x is 3 x^3; so f = x^2 * 3 x^4.
    assert outer(f)(1.5) == pytest.approx(18 * 1.5**5)


@both
def test_a_closure_made_at_one_level_and_called_at_another(outer, inner):
    def f(x):
        made = []
        slope = inner(lambda y: (made.append(lambda z: z * x), y * y * x)[1])(x)  # made inside, without y
        return made[0](slope) + x

    assert outer(f)(2.0) == pytest.approx(6 * 4.0 + 1.0)  # 2 x^2 x + x


@both
def test_composition_as_a_higher_order_function(outer, inner):
    def twice(f):
        return lambda x: f(f(x))

    assert outer(lambda a: inner(twice(lambda x: a * x * x))(2.0))(1.0) == pytest.approx(96.0)  # d/da 4 a^3 x^3


@pytest.mark.parametrize("d", [grad, lambda f: lambda x: vjp(f, x), lambda f: lambda x: jvp(f, (x,), (1.0,)), jacfwd, jacrev])
def test_a_returned_function_is_refused_and_not_taken_for_a_constant(d):
    with pytest.raises(TypeError, match="function"):
        d(lambda x: lambda y: x * y)(1.0)


def test_without_levels_these_cases_would_fail(monkeypatch):
    """All runs at one level: the confusion that the cases above are there to catch."""
    level = wrapping.new_level()
    monkeypatch.setattr(wrapping, "new_level", lambda: type(level)(level))
    d = DERIVATIVES["jvp"]
    assert d(lambda x: x * d(lambda y: x + y)(1.0))(1.0) == 2.0


# -- what else may be mistaken for what ------------------------------------------------------------------


@both
def test_hvp_inside_and_outside(outer, inner):
    assert outer(lambda x: hvp(lambda y: x * y**3, (x,), (x,)))(2.0) == pytest.approx(18 * 4.0)  # 6 x^3
    assert hvp(lambda x: x * inner(lambda y: x * y * y)(x), (2.0,), (1.0,)) == pytest.approx(6 * 2 * 2.0)


@both
def test_an_outer_variable_under_an_inner_vmap(outer, inner):
    def f(x):
        rows = np.array([1.0, 2.0, 3.0])
        return vmap(lambda r: inner(lambda y: x * r * y * y)(x))(rows).sum()

    assert outer(f)(2.0) == pytest.approx(12 * 4.0)  # sum of 2 r x^2


def test_pullbacks_of_two_levels_called_out_of_order():
    def f(x):
        value, outside = vjp(lambda y: x * y * y, x)
        other, inside = vjp(lambda z: value * z, x)
        return inside(other)[0] + outside(inside(1.0)[0])[0]

    # value = x^3, other = x^4; inside(other) = x^7; inside(1) = x^3, outside of it = 2 x^2 x^3.
    assert grad(f)(1.5) == pytest.approx(7 * 1.5**6 + 10 * 1.5**4)
    assert jvp(f, (1.5,), (1.0,))[1] == pytest.approx(7 * 1.5**6 + 10 * 1.5**4)


def test_a_linear_map_made_inside_one_transform_and_used_inside_another():
    def f(x):
        along = linearize(lambda y: x * y**3, x)[1]  # t -> 3 x^3 t
        return grad(lambda t: along(t) * t)(x)  # 6 x^4

    assert grad(f)(1.5) == pytest.approx(24 * 1.5**3)
    assert jvp(f, (1.5,), (1.0,))[1] == pytest.approx(24 * 1.5**3)
