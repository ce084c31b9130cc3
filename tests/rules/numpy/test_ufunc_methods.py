"""Methods of ufuncs: what is refused, what has no derivative, and points without one."""

import numpy as np
import pytest

from fdezero import grad, jacobian, vmap
from fdezero.core.graph import Box

X = np.array([1.0, 2.0, 4.0])


def error(f, kind=TypeError):
    with pytest.raises(kind) as caught:
        grad(f)(X)
    return str(caught.value)


def test_where_of_a_call_names_np_where():
    assert "np.where(mask, np.add(...), other)" in error(lambda x: np.add(x, 1.0, where=np.array([True, False, True])).sum())


@pytest.mark.parametrize(
    ("ufunc", "way"), [(np.add, "add(b)"), (np.maximum, "max(b)"), (np.hypot, "set(np.hypot(a[i], b))"), (np.negative, "set(np.negative(a[i]))")]
)
def test_at_names_the_functional_form(ufunc, way):
    arguments = (X,) if ufunc.nin == 2 else ()
    text = error(lambda x: ufunc.at(x, [0, 1], *[a[:2] for a in arguments]))
    assert f"numpy.{ufunc.__name__}.at" in text and f"fdezero.at(a)[i].{way}" in text


@pytest.mark.parametrize(
    ("f", "plain"),
    [(lambda x: np.add(x, 1, dtype=int), TypeError), (lambda x: np.add(x, x.astype(np.float32), casting="no"), TypeError),
     (lambda x: np.subtract.reduce(x[None], axis=None), ValueError), (lambda x: np.sin.reduce(x), ValueError),
     (lambda x: np.maximum.reduce(x, where=[True, False, True]), ValueError), (lambda x: np.maximum.reduce(x[:0]), ValueError),
     (lambda x: np.divide.reduce(x[:0]), ValueError), (lambda x: np.add.reduceat(x, [3]), IndexError),
     (lambda x: np.add.accumulate(x[0]), TypeError)],
)  # fmt: skip
def test_errors_are_numpy_s(f, plain):
    with pytest.raises(plain) as expected:
        f(X)
    assert error(lambda x: f(x).sum(), plain) == str(expected.value)


def test_out_is_refused():
    for method in ("reduce", "accumulate"):
        assert "out=" in error(lambda x, m=method: getattr(np.add, m)(x, out=np.zeros(3)))


def test_without_derivative():
    seen = []

    def f(x):
        seen.extend([np.logical_and.reduce(x > 1), np.logical_or.accumulate(x > 1), np.logical_xor.reduceat(x > 1, [0, 1])])
        return x.sum()

    grad(f)(X)
    assert not any(isinstance(s, Box) for s in seen)
    np.testing.assert_array_equal(seen[1], [False, True, True])
    rows = np.array([[1.0, 0.0], [1.0, 2.0]])
    np.testing.assert_array_equal(vmap(lambda x: np.logical_and.reduce(x))(rows), [False, True])
    np.testing.assert_array_equal(vmap(lambda x: np.logical_and.reduce(x, where=x < 2, keepdims=True))(rows), [[False], [True]])
    np.testing.assert_array_equal(vmap(lambda x: np.logical_or.reduce(x, where=[True, False], initial=False))(rows), [True, True])


@pytest.mark.parametrize(
    ("ufunc", "x", "expected"),
    [(np.logaddexp, [-np.inf] * 3, [1 / 3] * 3), (np.logaddexp, [np.inf, 0.0, np.inf], [0.5, 0, 0.5]),
     (np.logaddexp2, [np.inf, 0.0], [1, 0]), (np.fmax, [2.0, np.nan, 2.0, 1.0], [0.5, 0, 0.5, 0]), (np.fmin, [np.nan, np.nan], [0.5, 0.5]),
     (np.maximum, [3.0, 3.0, 3.0], [1 / 3] * 3), (np.hypot, [0.0, 0.0, 0.0], [0, 0, 0])],
)  # fmt: skip
def test_points_without_a_derivative(ufunc, x, expected):
    np.testing.assert_allclose(grad(ufunc.reduce)(np.array(x)), expected)
    np.testing.assert_allclose(jacobian(lambda x: ufunc.reduce(x, keepdims=True))(np.array(x))[0], expected)
