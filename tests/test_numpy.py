"""fdezero.numpy: NumPy's namespace, in which nested lists may hold Boxes."""

import importlib

import numpy
import pytest

import fdezero.numpy as np
from fdezero import grad, hessian, jvp, record, vmap
from fdezero.core.boxes import implementations

NAMESPACES = [(numpy, np), (numpy.linalg, np.linalg), (numpy.fft, np.fft), (numpy.random, np.random)]
NAMES = [(ours, theirs, name) for theirs, ours in NAMESPACES for name in dir(theirs) if not name.startswith("_")]
MADE = {
    "array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "asarray_chkfinite", "require", "full", "full_like",
    "linalg", "fft", "random", "r_", "c_", "vectorize",
}  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs", "name"), NAMES, ids=lambda x: x if isinstance(x, str) else "")
def test_every_other_name_is_numpy_s_own_object(ours, theirs, name):
    found, original = getattr(ours, name), getattr(theirs, name)
    if theirs is numpy and name in MADE:
        assert found is not original
    elif callable(original) and not isinstance(original, (type, numpy.ufunc)) and original in implementations:
        assert found.__wrapped__ is original and found.__name__ == original.__name__
    else:
        assert found is original


def test_the_namespace_has_numpy_s_names_and_no_others():
    assert dir(np) == sorted(dir(numpy)) and dir(np.linalg) == sorted(dir(numpy.linalg))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        np.nothing  # noqa: B018
    assert np.pi == numpy.pi


@pytest.mark.parametrize("name", ["linalg", "fft", "random"])
def test_a_part_is_imported_as_numpy_s_is(name):
    """By its own module, and not by a second copy of NumPy's."""
    part = importlib.import_module(f"fdezero.numpy.{name}")
    assert part is getattr(np, name) and part.__all__ == getattr(numpy, name).__all__
    assert part.__file__ != getattr(numpy, name).__file__
    with pytest.raises(ImportError):
        importlib.import_module(f"fdezero.numpy.{name}.nothing")
    with pytest.raises(ImportError):
        importlib.import_module("fdezero.numpy._core")


#: What NumPy alone cannot intercept, as a function of two numbers, and the same written for plain NumPy.
OF_LISTS = {
    "array": (lambda x, y: np.array([x, y]).prod(), lambda x, y: x * y),
    "array of rows": (lambda x, y: np.linalg.det(np.array([[x, 1.0], [2.0, y]])), lambda x, y: x * y - 2.0),
    "array, ndmin": (lambda x, y: np.array([x, y], ndmin=2)[0, 1], lambda x, y: y),
    "array, dtype": (lambda x, y: np.array([x, y], dtype=np.float64).sum(), lambda x, y: x + y),
    "asarray": (lambda x, y: np.asarray((x, y)).sum(), lambda x, y: x + y),
    "full": (lambda x, y: np.full((2, 3), x).sum() * y, lambda x, y: 6 * x * y),
    "full_like": (lambda x, y: np.full_like(numpy.zeros(4), y).sum() * x, lambda x, y: 4 * x * y),
    "sum": (lambda x, y: np.sum([x, y, 2.0 * x]), lambda x, y: 3 * x + y),
    "sum, a keyword": (lambda x, y: np.sum(a=[[x, y], [1.0, x]], axis=0)[0], lambda x, y: x + 1.0),
    "mean": (lambda x, y: np.mean([x, y]), lambda x, y: (x + y) / 2),
    "max": (lambda x, y: np.max([x, y]), lambda x, y: numpy.maximum(x, y)),
    "dot": (lambda x, y: np.dot([x, y], [y, 2.0]), lambda x, y: x * y + 2 * y),
    "where": (lambda x, y: np.where([True, False], [x, y], [y, x]).prod(), lambda x, y: x * x),
    "concatenate": (lambda x, y: np.concatenate([[x, y], [x]]).prod(), lambda x, y: x * x * y),
    "hstack": (lambda x, y: np.hstack([[x], [y, y]]).prod(), lambda x, y: x * y * y),
    "r_": (lambda x, y: np.r_[x, [y, 1.0], 2:4].prod(), lambda x, y: 6 * x * y),
    "r_ of rows": (lambda x, y: np.r_[np.array([[x, y]]), [[1.0, 2.0]]].prod(), lambda x, y: 2 * x * y),
    "r_ of one": (lambda x, y: np.r_[x * y][0], lambda x, y: x * y),
    "c_": (lambda x, y: np.linalg.det(np.c_[np.array([x, 1.0]), [2.0, y]]), lambda x, y: x * y - 2),
    "c_ of numbers": (lambda x, y: np.c_[x, y, 3.0][0].prod(), lambda x, y: 3 * x * y),
    "c_ of columns": (lambda x, y: np.c_[np.array([[x], [y]]), np.ones((2, 2))].prod(), lambda x, y: x * y),
    "norm": (lambda x, y: np.linalg.norm([x, y]), lambda x, y: numpy.sqrt(x * x + y * y)),
    "stack of an iterator": (lambda x, y: np.stack(map(np.sin, (x, y))).sum(), lambda x, y: numpy.sin(x) + numpy.sin(y)),
    "concatenate of a generator": (lambda x, y: np.concatenate([v] for v in (x, y)).prod(), lambda x, y: x * y),
    "initial": (lambda x, y: np.sum([1.0, 2.0], initial=x) * y, lambda x, y: (3 + x) * y),
    "largest, initial": (lambda x, y: np.max(numpy.ones(2), initial=x) * y, lambda x, y: numpy.maximum(1, x) * y),
    "mean=": (lambda x, y: np.var([1.0, 2.0], mean=x) * y, lambda x, y: ((1 - x) ** 2 + (2 - x) ** 2) / 2 * y),
    "pad": (lambda x, y: np.pad([1.0], 1, constant_values=(x, y)).prod(), lambda x, y: x * y),
    "interp": (lambda x, y: np.interp([-1.0, 9.0], [0.0, 1.0], [0.0, 1.0], left=x, right=y).prod(), lambda x, y: x * y),
    "select": (lambda x, y: np.select([numpy.array([True, False])], [[2.0, 3.0]], x)[1] * y, lambda x, y: x * y),
    "constants of integration": (lambda x, y: np.polyint([1.0, 2.0], 2, k=[x, y])[2:].prod(), lambda x, y: x * y),
    "block": (lambda x, y: np.linalg.det(np.block([[x, y], [1.0, 2.0]])), lambda x, y: 2 * x - y),
    "block of arrays": (lambda x, y: np.block([[np.array([[x]]), np.array([[y]])], [numpy.ones((1, 2))]])[0].prod(), lambda x, y: x * y),
    "require": (lambda x, y: np.require([x, y], requirements="C").prod(), lambda x, y: x * y),
    "vectorize": (lambda x, y: np.vectorize(lambda a, b: a * b)([x, 1.0], [[y], [2.0]]).sum(), lambda x, y: (x + 1) * (y + 2)),
    "vectorize, two results": (lambda x, y: np.vectorize(lambda a: (a, a * a))(x)[1] * y, lambda x, y: x * x * y),
    "vectorize, excluded": (lambda x, y: np.vectorize(lambda a, p: a * p[1], excluded=[1])(x, [0.0, y]), lambda x, y: x * y),
    "vectorize, by name": (lambda x, y: np.vectorize(lambda a, b: a * b, otypes="d")(x, b=[y])[0], lambda x, y: x * y),
    "stack of a dict": (lambda x, y: np.stack({"a": x, "b": y}.values()).prod(), lambda x, y: x * y),
}


@pytest.mark.parametrize("name", OF_LISTS)
def test_lists_that_hold_boxes(name):
    f, plain = OF_LISTS[name]
    numpy.testing.assert_allclose(grad(f, argnums=(0, 1))(3.0, 2.0), grad(plain, argnums=(0, 1))(3.0, 2.0))
    numpy.testing.assert_allclose(jvp(f, (3.0, 2.0), (1.0, 0.5)), jvp(plain, (3.0, 2.0), (1.0, 0.5)))
    numpy.testing.assert_allclose(vmap(f)(numpy.array([3.0, 1.0]), numpy.ones(2)), [plain(3.0, 1.0), plain(1.0, 1.0)])
    vector = lambda f: lambda v: f(v[0], v[1])  # noqa: E731
    numpy.testing.assert_allclose(hessian(vector(f))(numpy.array([3.0, 2.0])), hessian(vector(plain))(numpy.array([3.0, 2.0])), atol=1e-12)


def test_plain_data_goes_to_numpy_as_it_is():
    for call in (
        lambda np: np.array([[1, 2], [3, 4]], dtype=float, order="F", ndmin=3),
        lambda np: np.full((2, 2), 7, dtype=np.int8),
        lambda np: np.sum([1.0, 2.0], keepdims=True),
        lambda np: np.concatenate([[1, 2], [3.5]]),
        lambda np: np.linalg.norm([3, 4]),
        lambda np: np.fft.fft([1.0, 2.0]),
    ):
        ours, theirs = call(np), call(numpy)
        assert ours.dtype == theirs.dtype and ours.strides == theirs.strides
        numpy.testing.assert_array_equal(ours, theirs)


def test_vectorize_is_numpy_s_on_plain_data():
    f = np.vectorize(lambda a, b: a + b, otypes=[float])
    numpy.testing.assert_array_equal(f([1, 2], [[1], [2]]), [[2.0, 3.0], [3.0, 4.0]], strict=True)
    with pytest.raises(TypeError, match=r"fdezero\.vmap"):
        grad(lambda x: np.vectorize(numpy.sum, signature="(n)->()")(x).sum())(numpy.ones((2, 2)))
    with pytest.raises(ValueError, match="size 0"):
        grad(lambda x: np.vectorize(numpy.sin)(x).sum())(numpy.ones(0))


def test_an_iterator_is_joined_on_plain_data_too():
    rows = [numpy.arange(3.0), numpy.ones(3)]
    for join in (np.stack, np.concatenate, np.vstack, np.hstack, np.column_stack):
        assert numpy.array_equal(join(iter(rows)), join(rows))


def test_errors_about_arrays_of_boxes_name_the_namespace():
    with pytest.raises(TypeError, match=r"fdezero\.numpy"):
        grad(lambda x: numpy.array([x, x]).sum())(1.0)


ROWS = {
    "numbers": lambda m, x: m.r_[x[0], 2.0, x[1]], "mixed": lambda m, x: m.r_[x, 0, 1:4, -1:1:5j], "one": lambda m, x: m.r_[x],
    "matrices": lambda m, x: m.r_[x[:, None], x[:, None]], "columns": lambda m, x: m.c_[x, x], "column": lambda m, x: m.c_[x],
    "range": lambda m, x: m.c_[x, 0:2], "wide": lambda m, x: m.c_[x[:, None], x], "three": lambda m, x: m.c_[x[None, None], x[None, None]],
}  # fmt: skip


@pytest.mark.parametrize("f", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("dtype", [float, numpy.float32, complex])
def test_rows_and_columns_are_numpy_s(f, dtype):
    x = numpy.array([0.5, -1.0], dtype)
    numpy.testing.assert_array_equal(f(np, x), f(numpy, x), strict=True)
    numpy.testing.assert_array_equal(record(lambda x: f(np, x))(x).value, f(numpy, x), strict=True)


def test_rows_by_a_directive_are_plain():
    numpy.testing.assert_array_equal(np.r_["0,2", [1, 2]], numpy.r_["0,2", [1, 2]])
    with pytest.raises(TypeError, match="directive"):
        grad(lambda x: np.r_["0,2", x, x].sum())(numpy.ones(2))


def test_an_array_of_objects_is_refused():
    for f in (lambda x: np.sum(np.array([x[0], x[1]], dtype=object)), lambda x: x.astype(object).sum()):
        with pytest.raises(TypeError, match="object made of a Variable would lose its derivative; leave the dtype out"):
            grad(f)(numpy.ones(2))
