"""record, vjp, grad, value_and_grad: what goes in, what comes out, and the laws they obey."""

import copy
import inspect
import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fdezero import array, at, grad, hvp, jvp, record, stop_gradient, value_and_grad, vjp, vmap
from fdezero.interpreters.reverse import pull_back
from fdezero.testing import check_grads, numerical_grad


# -- arguments ---------------------------------------------------------------------------------------
def f(x, y, scale=1.0):
    """Of two numbers."""
    return x * x * y * scale


def test_argnums():
    assert grad(f)(3.0, 2.0) == 12.0
    assert grad(f, argnums=1)(3.0, 2.0) == 9.0
    assert grad(f, argnums=-1)(3.0, 2.0) == 9.0
    assert grad(f, argnums=(1, 0))(3.0, 2.0) == (9.0, 12.0)
    assert grad(f, argnums=(0,))(3.0, 2.0) == (12.0,)
    assert grad(f, argnums=[0, -1])(3.0, 2.0) == (12.0, 9.0)
    assert grad(f)(3.0, 2.0, scale=2.0) == 24.0


def test_has_aux():
    def g(x):
        y = x * 2.0
        return y * y, {"y": y, "name": "aux"}

    assert grad(g, has_aux=True)(3.0) == (24.0, {"y": 6.0, "name": "aux"})
    assert value_and_grad(g, has_aux=True)(3.0) == ((36.0, {"y": 6.0, "name": "aux"}), 24.0)
    y, pull, aux = vjp(g, 3.0, has_aux=True)
    assert (y, pull(1.0), aux["y"]) == (36.0, (24.0,), 6.0)


def test_as_a_decorator():
    @grad(argnums=1)
    def g(x, y):
        """Doc."""
        return x * y * y

    assert g(2.0, 3.0) == 12.0
    assert (g.__name__, g.__doc__) == ("g", "Doc.")
    assert value_and_grad(argnums=0)(f)(3.0, 2.0) == (18.0, 12.0)

    class Model:
        scale = 3.0

        @grad(argnums=1)
        def slope(self, x):
            return self.scale * x * x

    assert Model().slope(2.0) == 12.0


def test_name_docstring_and_signature_are_kept():
    g = grad(f)
    assert (g.__name__, g.__doc__) == ("f", "Of two numbers.")
    assert inspect.signature(g) == inspect.signature(f)
    assert repr(g) == "<grad of f>"


def test_a_transformed_function_pickles():
    g = pickle.loads(pickle.dumps(grad(grad(f), argnums=1)))
    assert g(3.0, 2.0) == 6.0


def test_callables_of_all_kinds():
    class Square:
        def __call__(self, x):
            return x * x

    assert grad(Square())(3.0) == 6.0
    assert grad(partial(f, y=2.0))(3.0) == 12.0
    assert grad(np.sin)(0.0) == 1.0


# -- values ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "x", [2.0, np.float64(2.0), np.float32(2.0), np.array(2.0), np.array([1.0, 2.0], np.float32), np.ones((2, 0)), 1 + 2j,
          np.array([1 + 1j], np.complex64), np.float16(2.0), np.longdouble(2.0)],
    ids=repr,
)  # fmt: skip
def test_shape_and_dtype_are_the_argument_s(x):
    g = grad(lambda x: np.sum(np.abs(x) ** 2 * 1.5))(x)
    assert np.shape(g) == np.shape(x)
    assert g.dtype == np.asarray(x).dtype
    np.testing.assert_allclose(g, 3 * np.conj(x), rtol=1e-3)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_an_array_of_one_entry_is_one_number(shape):
    x, v = np.array([0.5, -1.0]), np.array([1.0, 2.0])

    def number(x):
        return (x**3).sum()

    def of_shape(x):
        return number(x).reshape(shape)

    value, slope = value_and_grad(of_shape)(x)
    assert np.shape(value) == shape
    np.testing.assert_array_equal(slope, 3 * x**2, strict=True)
    np.testing.assert_allclose(hvp(of_shape, (x,), (v,)), 6 * x * v)
    np.testing.assert_allclose(jvp(grad(of_shape), (x,), (v,))[1], 6 * x * v)
    np.testing.assert_allclose(vmap(grad(of_shape))(np.stack([x, v])), 3 * np.stack([x, v]) ** 2)
    np.testing.assert_array_equal(grad(lambda x: np.ones(shape))(x), [0.0, 0.0], strict=True)


def test_constants():
    assert grad(lambda x: 3.0)(1.0) == 0.0
    np.testing.assert_array_equal(grad(lambda x: np.float64(2.0))(np.ones(2)), np.zeros(2))
    assert grad(lambda x, y: x, argnums=1)(1.0, 2.0) == 0.0
    assert grad(lambda x: grad(lambda y: x)(1.0) + x)(1.0) == 1.0


def test_control_flow():
    def g(x, n):
        y = x
        while y < 100:
            y = y * x if n > 0 else y + x
        for _ in range(2):
            y = y + (x if y > 0 else -x)
        return y

    assert grad(g)(3.0, 1) == 5 * 3.0**4 + 2

    def factorial_like(x, n):
        return x if n == 1 else x * n * factorial_like(x, n - 1)

    assert grad(factorial_like)(2.0, 3) == 3 * 4.0 * 6


def test_complex_numbers():
    z = np.array([1 + 2j, -0.5 + 0.3j])
    np.testing.assert_allclose(grad(lambda z: (np.abs(z) ** 2).sum())(z), 2 * z.conj())
    np.testing.assert_allclose(grad(lambda z: np.real(z * z).sum())(z), 2 * z)
    np.testing.assert_allclose(grad(lambda z: np.imag(z * z).sum())(z), -2j * z)
    np.testing.assert_allclose(grad(lambda x: np.abs(np.exp(1j * x) + 1).sum())(np.array([0.3])), -np.sin(0.15))


def test_results_belong_to_the_caller():
    x = np.ones(3)
    a, b = grad(lambda x, y: (x + y).sum(), argnums=(0, 1))(x, x)
    a[0] = 5.0
    assert b[0] == 1.0 and x[0] == 1.0
    g = grad(np.sum)(x)
    g += 1.0
    cotangent = np.ones(3)
    (c,) = vjp(lambda x: x, x)[1](cotangent)
    c[0] = 7.0
    assert cotangent[0] == 1.0


def test_a_pullback_owns_its_inputs():
    x = np.array([1.0, 2.0])
    y, pull = vjp(lambda x: x * x, x)
    x[:] = 100.0
    y[:] = 100.0
    for _ in range(2):  # and may be called again
        np.testing.assert_array_equal(pull(np.ones(2))[0], [2.0, 4.0])


def test_the_same_gradient_twice():
    g = grad(lambda x: x * x + x)
    assert [g(3.0), g(3.0)] == [7.0, 7.0]


def test_many_reads_of_one_array():
    x = np.linspace(0, 1, 1001)
    np.testing.assert_allclose(
        grad(lambda x: sum(x[i] * x[i + 1] for i in range(1000)))(x), np.append(x[1:], 0) + np.append(0, x[:-1])
    )


def test_many_large_reads_mixed_with_whole_uses():
    def g(x):
        return sum((x[i : i + 500] ** 2).sum() for i in range(0, 500, 50)) + (x * x).sum() + x[np.array([1, 1, 2])].sum()

    x = np.linspace(0.0, 1.0, 1000)
    np.testing.assert_allclose(grad(g)(x), numerical_grad(g, x), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(
        grad(lambda x: (grad(g)(x) ** 2).sum())(x[:]), 2 * grad(g)(x) * grad(lambda x: grad(g)(x).sum())(x), rtol=1e-9
    )


def test_a_node_that_leads_nowhere_is_not_visited():
    visited = []
    from fdezero.primitives import elementwise

    spy = elementwise(lambda x: x * 1.0, lambda g: visited.append(1) or g, name="spy")

    def g(x):
        spy(x)  # its result is dropped
        return spy(stop_gradient(x)) + x

    assert grad(g)(1.0) == 1.0
    assert visited == []


def test_the_fold_by_hand():
    tape = record(lambda x: np.sin(x) * x)(2.0)
    paid = pull_back({tape.outputs[0]: np.float64(1.0)})
    assert paid[tape.inputs[0]] == pytest.approx(np.cos(2.0) * 2.0 + np.sin(2.0))


def test_ndarray_methods_and_functions_agree():
    x = np.array([[1.1, 2.3], [3.2, 4.6]])
    for method in ("sum", "mean", "prod", "max", "min", "var", "std", "ravel", "flatten", "trace", "conj"):
        check_grads(lambda x, m=method: getattr(x, m)(), (x,), order=1)
    for f in (lambda x: x.T @ x.mT, lambda x: x.reshape(4).dot(x.reshape(-1)), lambda x: x.swapaxes(0, 1), lambda x: abs(-x),
              lambda x: x.clip(1.5, 4), lambda x: x.squeeze(), lambda x: 1 - +x, lambda x: 2 ** x, lambda x: 3 // x + x % 2,
              lambda x: 7.3 % x, lambda x: divmod(x, 0.7)[1], lambda x: x.real, lambda x: np.ones((2, 2)) @ x, lambda x: x.diagonal(),
              lambda x: x.transpose(1, 0), lambda x: x.repeat(2), lambda x: [1.0, 2.0] * x, lambda x: x.copy() / 2, lambda x: x.round() + x,
              lambda x: x.take([0, 1]), lambda x: sum(row.sum() for row in x), lambda x: len(x) * x, lambda x: np.float64(2) * x):  # fmt: skip
        check_grads(f, (x,), order=2, rtol=1e-4)


def test_array_makes_nested_arrays():
    def rotation(t):
        return array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])

    check_grads(rotation, (0.3,))
    check_grads(lambda t: array([t, [1.0, 2.0], (t[0], 3.0)], dtype=complex), (np.array([0.5, 0.7]),), order=1)
    np.testing.assert_array_equal(array([[1, 2], [3, 4]]), [[1, 2], [3, 4]])
    with pytest.raises(ValueError):
        grad(lambda t: array([t, [t, t]]).sum())(1.0)


def test_at_on_a_box():
    x = np.arange(4.0)
    np.testing.assert_array_equal(grad(lambda x: x.at[1].set(x[0] * 3).sum())(x), [4.0, 0.0, 1.0, 1.0])
    np.testing.assert_array_equal(grad(lambda x: (x.at[1:3].add(1.0) ** 2).sum())(x), [0.0, 4.0, 6.0, 6.0])
    np.testing.assert_array_equal(grad(lambda x: x.at[np.array([1, 1])].multiply(np.array([2.0, 3.0])).sum())(x), [1, 6, 1, 1])
    np.testing.assert_array_equal(at(x)[0].set(9.0), [9.0, 1.0, 2.0, 3.0])
    np.testing.assert_array_equal(x, np.arange(4.0))


# -- laws --------------------------------------------------------------------------------------------
SMOOTH = [np.sin, np.tanh, lambda x: np.exp(-x * x), lambda x: x * x, lambda x: x / (1 + x * x), np.arctan, lambda x: x[::-1] * x, np.cos]
programs = st.lists(st.sampled_from(range(len(SMOOTH))), min_size=1, max_size=5)
points = st.lists(st.floats(-1, 1), min_size=2, max_size=4).map(np.array)


def compose(indices):
    def program(x):
        for i in indices:
            x = SMOOTH[i](x)
        return x

    return program


@settings(deadline=None, max_examples=50)
@given(programs, programs, points)
def test_the_gradient_of_a_sum_is_the_sum_of_gradients(p, q, x):
    f, g = compose(p), compose(q)
    both = grad(lambda x: f(x).sum() + g(x).sum())(x)
    np.testing.assert_allclose(both, grad(lambda x: f(x).sum())(x) + grad(lambda x: g(x).sum())(x), atol=1e-9, rtol=1e-9)


@settings(deadline=None, max_examples=50)
@given(programs, points)
def test_random_programs_against_differences(p, x):
    check_grads(compose(p), (x,), order=2, rtol=1e-3, atol=1e-3)


@settings(deadline=None, max_examples=50)
@given(programs, points)
def test_the_value_through_boxes_is_the_value_on_arrays(p, x):
    np.testing.assert_array_equal(record(compose(p))(x).value, compose(p)(x))


@settings(deadline=None, max_examples=30)
@given(programs, points)
def test_hessians_are_symmetric(p, x):
    f = compose(p)
    rows = [grad(lambda x, i=i: grad(lambda x: f(x).sum())(x)[i])(x) for i in range(len(x))]
    np.testing.assert_allclose(rows, np.transpose(rows), atol=1e-8, rtol=1e-8)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_keeps_its_derivative(duplicate):
    def loss(p):
        return (duplicate(p)["w"] ** 2).sum()

    p = {"w": np.array([1.0, 2.0])}
    np.testing.assert_array_equal(grad(loss)(p)["w"], [2.0, 4.0])
    np.testing.assert_array_equal(grad(lambda p: grad(loss)(p)["w"].sum())(p)["w"], [2.0, 2.0])
    np.testing.assert_array_equal(vmap(grad(loss))({"w": np.ones((2, 3))})["w"], np.full((2, 3), 2.0))


@pytest.mark.parametrize("f", [lambda x: np.where(x > 0, x, 0.0), lambda x: np.where(x < 0, x * np.log(x), x), lambda x: x[...]])
def test_the_gradient_in_a_number_is_a_number(f):
    assert type(grad(f)(2.0)) is np.float64
