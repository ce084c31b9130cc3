"""Joining, choosing and sets: NumPy's errors, where a gradient goes, and what a batch cannot have."""

import numpy as np
import pytest

import fdezero
from fdezero import grad, vmap

X = np.array([[3.0, 1.0, 2.0], [1.0, 5.0, 2.0]])


@pytest.mark.parametrize(
    ("f", "kind"),
    [
        (lambda x: np.block([[x], x]), ValueError), (lambda x: np.block([x, (1, 2)]), TypeError), (lambda x: np.block([x, []]), ValueError),
        (lambda x: np.insert(x, 9, 1.0, axis=0), IndexError), (lambda x: np.delete(x, 9, axis=0), IndexError),
        (lambda x: np.resize(x, (-1, 2)), ValueError), (lambda x: np.rollaxis(x, 0, 5), np.exceptions.AxisError),
        (lambda x: np.rollaxis(x, 5), np.exceptions.AxisError), (lambda x: np.rot90(x, 1, (0, 0)), ValueError),
        (lambda x: np.rot90(x, 1, (0, 1, 0)), ValueError), (lambda x: np.dsplit(x, 1), ValueError), (lambda x: np.meshgrid(x, indexing="x"), ValueError),
        (lambda x: np.choose([3], [x, x]), ValueError), (lambda x: np.select([x], [x]), TypeError), (lambda x: np.select([], [x]), ValueError),
        (lambda x: np.select([x > 0], [x, x]), ValueError), (lambda x: np.piecewise(x, [x > 0, x > 1], [1.0]), ValueError),
        (lambda x: np.compress(x > 0, x), ValueError), (lambda x: np.ix_(x), ValueError), (lambda x: np.pad(x, 1, "maximum", stat_length=0), ValueError),
        (lambda x: np.apply_along_axis(np.sum, 0, x[:, :0]), ValueError), (lambda x: np.apply_over_axes(lambda y, a: y.sum(), x, 0), ValueError),
        (lambda x: np.lib.stride_tricks.sliding_window_view(x, 9, 0), ValueError), (lambda x: np.lib.stride_tricks.sliding_window_view(x, 1), ValueError),
    ],
)  # fmt: skip
def test_errors_are_of_numpy_s_kind(f, kind):
    with pytest.raises(kind):
        f(X)
    with pytest.raises(kind):
        grad(lambda x: sum(y.sum() for y in fdezero.tree.leaves(f(x))))(X)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (np.unique, [[1, 1, 1], [0, 1, 0]]), (np.unique_values, [[1, 1, 1], [0, 1, 0]]),
        (lambda x: np.union1d(x[1], x[0]), [[1, 0, 0], [1, 1, 1]]), (lambda x: np.intersect1d(x[0], x[1]), [[0, 1, 1], [0, 0, 0]]),
        (lambda x: np.setdiff1d(x[0], x[1]), [[1, 0, 0], [0, 0, 0]]), (lambda x: np.setxor1d(x[0], x[1]), [[1, 0, 0], [0, 1, 0]]),
    ],
)  # fmt: skip
def test_a_value_of_a_set_is_the_first_of_its_kind(f, expected):
    np.testing.assert_array_equal(grad(lambda x: f(x).sum())(X), expected)


def test_unique_returns_what_is_asked_for():
    seen = []
    grad(lambda x: seen.append(np.unique(x, return_index=True, return_counts=True)) or x.sum())(X)
    for found, plain in zip(seen[0], np.unique(X, return_index=True, return_counts=True), strict=True):
        np.testing.assert_array_equal(getattr(found, "value", found), plain)
    grad(lambda x: seen.append(np.unique_all(x)) or x.sum())(X)
    assert type(seen[1]) is type(np.unique_all(X))
    np.testing.assert_array_equal(seen[1].inverse_indices, np.unique_all(X).inverse_indices)


@pytest.mark.parametrize("f", [np.unique, np.unique_counts, lambda x: np.union1d(x, x), lambda x: np.intersect1d(x, x), np.trim_zeros])
def test_a_batch_has_no_set(f):
    with pytest.raises(TypeError, match="another shape for each example"):
        vmap(f)(X)


def test_insert_into_integers_is_no_silent_zero():
    with pytest.raises(TypeError, match=r"a.astype\(float\)"):
        grad(lambda x: np.insert(np.array([1, 2]), 0, x).sum())(2.0)


def test_piecewise_calls_a_function_on_what_it_is_for():
    seen = []
    grad(lambda x: np.piecewise(x, [x > 2], [lambda t: seen.append(t.shape) or np.log(t - 2), 0.0]).sum())(X)
    assert seen == [(2,)]
    with np.errstate(all="ignore"):  # in a batch it is called on all of x, and what is not selected does not spoil the rest
        slopes = vmap(grad(lambda x: np.piecewise(x, [x > 2], [lambda t: np.log(t - 2), 0.0]).sum()))(X)
    np.testing.assert_array_equal(slopes, [[1, 0, 0], [0, 1 / 3, 0]])


def test_a_condition_of_a_batch_cannot_compress():
    with pytest.raises((TypeError, IndexError, ValueError)):
        vmap(lambda x: np.compress(x > 2, x))(np.array([[1.0, 3.0], [3.0, 4.0]]))


# -- methods -----------------------------------------------------------------------------------------
def test_methods():
    np.testing.assert_array_equal(grad(lambda x: x.flat[1] ** 2 + sum(v for v in x.flat))(X), [[1, 3, 1], [1, 1, 1]])
    np.testing.assert_array_equal(grad(lambda x: x.compress([True, False, True], axis=1).sum())(X), [[1, 0, 1], [1, 0, 1]])
    seen = []
    grad(lambda x: seen.extend([5.0 in x, 4.0 in x, x.argpartition(1), len(x.flat)]) or x.view().sum())(X)
    assert seen[:2] == [True, False] and seen[3] == 6
    np.testing.assert_array_equal(seen[2], X.argpartition(1))
    np.testing.assert_array_equal(vmap(lambda i: (1 << i) + (i >> 1))(np.array([1, 2])), [2, 5])


@pytest.mark.parametrize(
    ("f", "words"),
    [(lambda x: x.view(int), "x.astype(dtype)"), (lambda x: x.tobytes(), "stop_gradient"), (lambda x: x.byteswap(), "stop_gradient"),
     (lambda x: x.resize((1, 2)), "np.resize"), (lambda x: x.partition(1), "np.sort(x)"), (lambda x: x.tofile("f"), "stop_gradient"),
     (lambda x: x.flat.__setitem__(0, 1.0), ".at")],
)  # fmt: skip
def test_methods_that_are_refused(f, words):
    with pytest.raises(TypeError) as caught:
        grad(f)(X)
    assert words in str(caught.value)
