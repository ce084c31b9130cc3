"""How primitives are declared and dispatched, and a new interpreter: a Box subclass with one method."""

import functools
import inspect
import traceback

import attrs
import numpy as np
import pytest

from fdezero import grad, jvp, record, rules, vmap
from fdezero.core.graph import Box
from fdezero.core.primitives import Constant, TangentAware
from fdezero.core.recording import new_level
from fdezero.core.signatures import make_rule, parameters_of
from fdezero.core.zeros import watching
from fdezero.primitives import elementwise, general, linear, multilinear, register
from fdezero.testing import check_grads


# -- an interpreter that counts floating-point operations --------------------------------------------
@attrs.frozen(eq=False, repr=False)
class Counted(Box):
    """A value, and the list to which each operation adds its cost."""

    costs: list

    def apply(self, primitive, args, params):
        values = [self.unwrap(a) for a in args]
        out = primitive(*values, **params)
        if primitive.name == "matmul":
            cost = 2 * out.size * values[0].shape[-1]
        elif primitive.name == "sum":
            cost = values[0].size
        else:
            cost = out.size
        self.costs.append((primitive.name, cost))
        return out if isinstance(primitive, Constant) else Counted(out, self.level, self.costs)


def count_flops(f, *args):
    costs = []
    level = new_level()
    f(*[Counted(np.asarray(a), level, costs) for a in args])
    return costs


def test_a_new_interpreter_is_a_box_with_one_method():
    def f(w, x):
        h = np.tanh(w @ x)
        return (h * h).sum() if h[0] > 0 else h.sum()

    costs = count_flops(f, np.ones((4, 3)), np.ones(3))
    assert [c for c in costs if c[0] in ("matmul", "tanh", "multiply", "sum")] == [
        ("matmul", 24), ("tanh", 4), ("multiply", 4), ("sum", 4),
    ]  # fmt: skip


def test_the_new_interpreter_composes_with_reverse_mode():
    """Counting the operations of a gradient: the rules run on Counted boxes, unchanged."""
    inner = count_flops(grad(lambda x: np.tanh(x).sum()), np.ones(5))
    assert ("tanh", 5) in inner and inner.count(("multiply", 5)) == 2  # out * out, and g * (1 - out * out)

    seen = []

    def counting(x):
        seen.extend(count_flops(lambda c: np.sin(c) * x, 2.0))
        return x * 3.0

    assert grad(counting)(2.0) == 3.0
    assert ("sin", 1) in seen


def test_every_rule_serves_an_interpreter_that_only_passes_on():
    """Through a Box that does nothing, every call of the table gives what it gives on plain arrays."""
    from ..rules.numpy.cases import CASES

    @attrs.frozen(eq=False, repr=False)
    class Transparent(Box):
        def apply(self, primitive, args, params):
            out = primitive(*map(self.unwrap, args), **params)
            if isinstance(primitive, Constant):
                return out
            return tuple(Transparent(o, self.level) for o in out) if type(out) is tuple else Transparent(out, self.level)

    from fdezero import tree

    for case in CASES:
        level = new_level()
        boxed = tree.leaves(case.f(*[Transparent(np.asarray(a)[()], level) for a in case.args]))
        plain = tree.leaves(record(case.f)(*case.args).value)
        for b, p in zip(boxed, plain, strict=True):
            np.testing.assert_allclose(b._value if isinstance(b, Box) else b, p, rtol=1e-6, err_msg=case.name)


def test_a_box_without_apply_says_so():
    with pytest.raises(NotImplementedError, match=r"Box does not define apply\(\)"):
        Box(np.ones(2), new_level()) * 2


# -- declaring ---------------------------------------------------------------------------------------
def test_a_factor_a_product_and_a_number_are_the_same_derivative():
    x = np.array([0.3, 0.7])
    factor = elementwise(lambda x: np.sin(x) + x, lambda x: np.cos(x) + 1, name="a")
    product = elementwise(lambda x: np.sin(x) + x, lambda g, x: g * np.cos(x) + g, name="b")
    for p in (factor, product):
        check_grads(p, (x,))
    check_grads(elementwise(lambda x, y: x - y, 1, -1, name="c"), (x, np.float64(2.0)))


def test_parameters_and_outputs_by_name():
    scaled = elementwise(lambda x, *, k: np.exp(k * x), lambda out, *, k: k * out, name="scaled_exp")
    check_grads(lambda x: scaled(x, k=3.0), (np.array([0.1, 0.2]),))
    triple = elementwise(
        lambda x, y, z: x * y * z, lambda y, z: y * z, lambda x, z: x * z, lambda g, x, y: g * x * y, name="triple"
    )
    check_grads(triple, (np.ones((2, 1)) * 2, np.ones(3) * 3, np.float64(4.0)))


def test_a_python_number_as_a_result():
    assert grad(elementwise(lambda x: float(x) ** 2, lambda x: 2 * x, name="square"))(3.0) == 6.0


def test_linear_multilinear_general():
    check_grads(linear(lambda x: x[::-1] * 2, lambda g: g[::-1] * 2, name="back"), (np.arange(3.0),))
    dot = multilinear(lambda x, y: x @ y, lambda g, y: g * y, lambda g, x: g * x, name="dot")
    check_grads(dot, (np.arange(3.0), np.ones(3)))
    quotient = general(
        lambda x, y: (x / y, x * y),
        vjp=[lambda g, y: _or0(g[0]) / y + _or0(g[1]) * y, lambda g, x, y: -_or0(g[0]) * x / (y * y) + _or0(g[1]) * x],
        jvp=[lambda g, y: (g / y, g * y), lambda g, x, y: (-g * x / (y * y), g * x)],
        name="quotient",
    )
    check_grads(quotient, (np.float64(2.0), np.float64(3.0)))
    check_grads(lambda x, y: quotient(x, y)[1], (np.float64(2.0), np.float64(3.0)))


def test_one_vjp_for_all_arguments():
    calls = []

    def both(g, x, y, likes):
        calls.append([like is not None for like in likes])
        return [None if likes[0] is None else g * y, None if likes[1] is None else g * x]

    product = general(lambda x, y: x * y, vjp=both, jvp=[lambda g, y: g * y, lambda g, x: x * g], name="product")
    check_grads(product, (np.float64(2.0), np.float64(3.0)), modes=("rev", "fwd"))
    calls.clear()
    assert grad(product, argnums=(0, 1))(2.0, 3.0) == (3.0, 2.0)
    assert grad(product)(2.0, 3.0) == 3.0
    assert grad(lambda y: product(2.0, y))(3.0) == 2.0
    assert calls == [[True, True], [True, False], [False, True]]


def test_a_constant_that_is_aware_of_tangents():
    moves = TangentAware("moves", lambda x: np.zeros_like(x), core=(0,), join=lambda out, t: out + t)
    x, t = np.array([1.0, 2.0]), np.array([0.0, 3.0])
    np.testing.assert_array_equal(moves(x), [0.0, 0.0])
    np.testing.assert_array_equal(jvp(lambda x: moves(x) * x, (x,), (t,))[0], [0.0, 6.0])
    np.testing.assert_array_equal(jvp(lambda x: moves(x) * x, (x,), (t,))[1], [0.0, 9.0])
    np.testing.assert_array_equal(vmap(lambda t: jvp(lambda x: moves(x) * x, (x,), (t,))[1])(np.stack([t, -t])), [[0.0, 9.0], [0.0, 9.0]])
    np.testing.assert_array_equal(grad(lambda x: (moves(x) * x).sum())(x), [0.0, 0.0])


def _or0(g):
    return 0.0 if g is None else g


def test_a_rule_s_arguments_are_checked_when_it_is_declared():
    with pytest.raises(TypeError, match="'a' is none of them"):
        elementwise(lambda a: a, lambda a: 1.0, name="wrong")
    with pytest.raises(TypeError, match="1, -1 or None"):
        make_rule(3, 0)


def test_rules_that_need_the_same_share_their_code_and_nothing_else():
    double, triple = make_rule(lambda g, x: 2 * g * x, 0), make_rule(lambda g, x: 3 * g * x, 0)
    assert double.apply.__code__ is triple.apply.__code__
    assert (double.apply(1.0, (5.0,), (), {}), triple.apply(1.0, (5.0,), (), {})) == (10.0, 15.0)


def test_a_traceback_shows_a_rule_s_source():
    try:
        make_rule(lambda g, out: g / out, 0).apply(1.0, (0,), (), {})
    except ZeroDivisionError as error:
        lines = "".join(traceback.format_exception(error))
    assert "return derivative(g, residuals[-1])" in lines


def _plain(x, /, y=1, *args, axis, keepdims=False, **kwargs):
    return x


@functools.wraps(_plain)
def _wrapping(*args, **kwargs):
    return _plain(*args, **kwargs)


def _signed(*args):
    return args[0]


_signed.__signature__ = inspect.signature(lambda x, *, axis: x)


class _Callable:
    def __call__(self, x, *, axis):
        return x


PARAMETERS = [
    (_plain, (["x", "y"], ["axis", "keepdims"], True, True)),
    (_wrapping, (["x", "y"], ["axis", "keepdims"], True, True)),
    (_signed, (["x"], ["axis"], False, False)),
    (_Callable(), (["x"], ["axis"], False, False)),
    (functools.partial(_plain, 1.0, axis=0), (["y"], ["axis", "keepdims"], True, True)),
    (lambda: 0, ([], [], False, False)),
]


@pytest.mark.parametrize(("function", "expected"), PARAMETERS)
def test_the_arguments_of_a_function_are_those_of_its_signature(function, expected):
    assert parameters_of(function) == expected


def test_a_derivative_is_said_once():
    with pytest.raises(ValueError, match=r"numpy\.sin has an implementation already"):
        register(np.sin, lambda x: x)


def test_a_rule_that_returns_the_wrong_shape():
    wrong = linear(lambda x: x.sum(), lambda g: g, name="wrong_sum")
    with pytest.raises(ValueError, match=r"the rule of wrong_sum returned a cotangent of shape \(\) for .* shape \(3,\)"):
        grad(wrong)(np.ones(3))


def test_only_the_differentiated_argument_s_derivative_runs():
    calls = []
    f = elementwise(
        lambda x, y: x * y, lambda g, y: calls.append("x") or g * y, lambda g, x: calls.append("y") or g * x, name="spied"
    )
    grad(lambda x: f(x, 3.0))(2.0)
    assert calls == ["x"]
    grad(lambda y: f(3.0, y))(2.0)
    assert calls == ["x", "y"]


def test_the_alarm_rings_when_a_nan_is_made_and_not_when_one_passes():
    with watching() as alarm:
        np.array([np.nan]) * 2.0
        assert not alarm.raised
        np.array([np.inf]) * 0.0
        assert alarm.raised


def test_rules_are_reachable_by_area():
    assert rules.numpy.elementwise.sin.name == "sin"
    assert repr(rules.numpy.elementwise.sin) == "<primitive sin>"
