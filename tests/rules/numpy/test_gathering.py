"""Indices that are Boxes: each example of a batch reads and writes at places of its own."""

import numpy as np
import pytest

from fdezero import at, grad, hessian, jvp, vjp, vmap

rng = np.random.default_rng(11)
X, PLACES = rng.normal(size=(5, 4, 6, 2)), np.array([0, 3, -1, 2, 1])

READS = {
    "the first axis": lambda x, i: x[i],
    "the second axis": lambda x, i: x[:, i],
    "after a number": lambda x, i: x[1, i],
    "two, side by side": lambda x, i: x[i, i],
    "two, apart": lambda x, i: x[i, :, i % 2],
    "a number further on": lambda x, i: x[i, :, 1],
    "the last axis": lambda x, i: x[..., i % 2],
    "the last axis, slices before": lambda x, i: x[1:, ::2, i % 2],
    "a new axis": lambda x, i: x[None, i, :, None],
    "with a list": lambda x, i: x[i, [0, 1, 2]],
    "with an array that broadcasts": lambda x, i: x[:, np.array([[0], [2]]) + i % 3, np.array([0, 1])],
    "with a mask": lambda x, i: x[np.array([True, False, True, True]), i],
    "take_along_axis": lambda x, i: np.take_along_axis(x, i * np.ones((2, 6, 2), int), 0),
    "where the largest is": lambda x, i: x[np.argmax(x[:, 0, 0])] * i,
    "by a float made whole": lambda x, i: x[(np.abs(i) * 0.5).astype(int)],
}
WRITES = {
    "set": lambda x, i: at(x)[i, 2].set(x[0, 0] ** 2),
    "set, behind a slice": lambda x, i: at(x)[:, i].set(np.sin(x[0, 0, 0])),
    "set, the last of several": lambda x, i: at(x)[i * np.array([1, 1, 0])].set(x[:3] * 2.0),
    "add": lambda x, i: at(x)[:, i].add(x[0, 0, 0]),
    "add, twice to one place": lambda x, i: at(x)[i * np.array([1, 1])].add(x[:2] ** 2),
    "set the largest of two": lambda x, i: at(x)[i].set(np.maximum(x[i], x[0])),
}
every_use = pytest.mark.parametrize("f", (READS | WRITES).values(), ids=READS | WRITES)


@every_use
def test_a_batch_is_the_stacked_loop(f):
    np.testing.assert_allclose(vmap(f)(X, PLACES), np.stack([f(x, i) for x, i in zip(X, PLACES, strict=True)]))
    shared = vjp(lambda x: vmap(f, in_axes=(None, 0))(x, PLACES), X[0])[0]  # x[i] of a plain x is NumPy's own affair
    np.testing.assert_allclose(shared, np.stack([f(X[0], i) for i in PLACES]))


@every_use
def test_derivatives(f):
    def total(x, i):
        return (f(x, i) ** 2).sum()

    rows = np.stack([grad(total)(x, i) for x, i in zip(X, PLACES, strict=True)])
    np.testing.assert_allclose(vmap(grad(total))(X, PLACES), rows)
    np.testing.assert_allclose(grad(lambda x: vmap(total)(x, PLACES).sum())(X), rows)
    shared = sum(grad(total)(X[0], i) for i in PLACES)
    np.testing.assert_allclose(grad(lambda x: vmap(total, in_axes=(None, 0))(x, PLACES).sum())(X[0]), shared)
    t = np.cos(X)
    tangent = np.stack([jvp(lambda x, i=i: f(x, i), (x,), (s,))[1] for x, i, s in zip(X, PLACES, t, strict=True)])
    np.testing.assert_allclose(jvp(lambda x: vmap(f)(x, PLACES), (X,), (t,))[1], tangent)
    np.testing.assert_allclose(vmap(lambda x, i, s: jvp(lambda x: f(x, i), (x,), (s,))[1])(X, PLACES, t), tangent)


def test_second_derivatives_and_batches_of_batches():
    x, places = rng.normal(size=(3, 4)), np.array([[0, 2], [1, 1], [3, -1]])

    def f(x, i):
        return (x[i] ** 3).sum() * x[0]

    expected = np.stack([hessian(f)(row, i) for row, i in zip(x, places, strict=True)])
    np.testing.assert_allclose(vmap(hessian(f))(x, places), expected)
    nested = vmap(vmap(lambda x, i: x[i], in_axes=(None, 0)))(x, places)
    np.testing.assert_array_equal(nested, np.take_along_axis(x, places % 4, 1))


def test_cross_entropy_of_each_example():
    logits, labels = rng.normal(size=(5, 4)), np.array([0, 3, 1, 2, 1])
    g = vmap(grad(lambda z, label: np.log(np.exp(z).sum()) - z[label]))(logits, labels)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    p[np.arange(5), labels] -= 1
    np.testing.assert_allclose(g, p)


def test_a_table_shared_by_all_examples():
    table, places = rng.normal(size=(7, 3)), rng.integers(0, 7, (5, 2))
    np.testing.assert_array_equal(vmap(lambda i: at(table)[i].get())(places), table[places])
    _, pull = vjp(lambda table: vmap(lambda i: table[i])(places), table)
    c = rng.normal(size=(5, 2, 3))
    expected = np.zeros_like(table)
    np.add.at(expected, places, c)
    np.testing.assert_allclose(pull(c)[0], expected)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda z, i: z[i + 4], "out of bounds for an axis of size 4: 3 to 7"),
        (lambda z, i: z[0, i], "too many indices: the array has 1 dimensions, and 2"),
        (lambda z, i: z[i * 1.0], "float64 is no index.*astype"),
        (lambda z, i: z[i, 0.5], "made of integers, and this one is of dtype float64|too many"),
        (lambda z, i: z[z > 0], r"np.where\(mask"),
        (lambda z, i: at(z)[i].max(0.0), r"set\(np.maximum\(x\[i\], v\)\)"),
    ],
)
def test_errors(f, message):
    with pytest.raises(IndexError, match=message):
        vmap(f)(rng.normal(size=(5, 4)), PLACES)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint32, np.int64, np.uint64])
def test_places_of_any_integer_dtype(dtype):
    table, places = np.arange(400.0).reshape(20, 20), np.array([19, 3], dtype)
    np.testing.assert_array_equal(vmap(lambda i: at(table)[i, i].get())(places), table[places, places])
    np.testing.assert_array_equal(vmap(lambda row, i: row[i])(table[:2], places), [19.0, 23.0])
    long = np.arange(300.0)
    np.testing.assert_array_equal(vmap(lambda i: at(long)[i].get())(places), [19.0, 3.0])


def test_an_ellipsis_of_no_axes_keeps_places_apart():
    x, places = np.arange(6.0).reshape(2, 3), np.array([[0, 1], [1, 0]])
    found = vmap(lambda i: at(x)[None, i, ..., 0].get())(places)
    np.testing.assert_array_equal(found, np.stack([x[None, i, ..., 0] for i in places]))


def test_empty_arrays_and_empty_batches():
    places = np.array([0, 1])
    assert vmap(lambda i: at(np.zeros((3, 0)))[i].get())(places).shape == (2, 0)
    assert vmap(lambda x, i: x[i])(np.zeros((0, 3)), np.zeros(0, int)).shape == (0,)
    assert vmap(lambda i: at(np.arange(3.0))[i].set(1.0))(np.zeros(0, int)).shape == (0, 3)


@pytest.mark.parametrize("x", [np.zeros(3, np.float32), np.zeros(3, np.int8), np.zeros(3, bool), np.zeros(3), np.zeros((3, 4))])
@pytest.mark.parametrize("v", [1.0, np.float32(2), 1j, True])
@pytest.mark.parametrize("method", ["set", "add"])
def test_writing_gives_the_dtype_that_a_known_place_gives(x, v, method):
    found = vmap(lambda i: getattr(at(x)[i], method)(v))(np.array([0, 2]))
    wanted = np.stack([getattr(at(x)[i], method)(v) for i in (0, 2)])
    np.testing.assert_array_equal(found, wanted)
    assert found.dtype == wanted.dtype


def test_leading_ones_of_a_value_are_dropped():
    found = vmap(lambda i: at(np.zeros((3, 4)))[i].set(np.full((1, 4), 2.0)))(np.array([0, 2]))
    np.testing.assert_array_equal(found, np.stack([at(np.zeros((3, 4)))[i].set(np.full((1, 4), 2.0)) for i in (0, 2)]))


def test_a_mask_has_the_size_of_its_axes():
    x = np.arange(12.0).reshape(3, 4)
    with pytest.raises(IndexError, match=r"a mask of shape \(2,\) for axes of shape \(4,\)"):
        vmap(lambda i: at(x)[i, np.array([True, True])].get())(np.array([0, 1]))


def test_a_plain_table_says_how_to_be_read():
    with pytest.raises(TypeError, match=r"fdezero.at\(a\)\[x\].get\(\)"):
        vmap(lambda i: X[i])(PLACES)
