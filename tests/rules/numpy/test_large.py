"""Rules that take another way where arrays are large: they give what the short way gives for small ones."""

import numpy as np
import pytest

from fdezero import grad, jvp, vjp, vmap
from fdezero.rules.numpy import linalg
from fdezero.rules.numpy.products import _WORTH_A_MATRIX_PRODUCT
from fdezero.rules.numpy.sorting import _MANY

rng = np.random.default_rng(20260401)


def normal(*shape, dtype=float):
    x = rng.normal(size=shape)
    return (x + 1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)


# -- cholesky ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("n", [1, 5, 12, 17])
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_cholesky_by_halves(n, dtype, monkeypatch):
    a, weights = normal(2, n, n, dtype=dtype), np.tril(normal(n, n, dtype=dtype))
    x = a @ a.mT.conj() + n * np.eye(n)
    direction = normal(2, n, n, dtype=dtype)
    direction = direction + direction.mT.conj()

    def f(x):
        return np.real(np.sum(weights * np.linalg.cholesky(x)))

    def slope(x):
        return np.real(np.sum(grad(f)(x) * direction))

    def results():
        return grad(f)(x), jvp(f, (x,), (direction,))[1], grad(slope)(x), vmap(grad(f))(x)

    whole = results()
    monkeypatch.setattr(linalg, "_SMALL", 3)
    for mine, other in zip(results(), whole, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(np.real(np.sum(grad(f)(x) * direction)), jvp(f, (x,), (direction,))[1], rtol=1e-10)


def test_the_inverse_of_a_lower_triangular_matrix_reads_that_triangle_alone(monkeypatch):
    monkeypatch.setattr(linalg, "_SMALL", 2)
    x, g = np.tril(normal(3, 7, 7)) + 5 * np.eye(7), normal(3, 7, 7)
    out, pullback = vjp(linalg._inverse_of_lower, x)
    np.testing.assert_allclose(out @ x, np.broadcast_to(np.eye(7), x.shape), atol=1e-12)
    (found,) = pullback(g)
    np.testing.assert_allclose(found, np.tril(-(out.mT @ g @ out.mT)), atol=1e-12)
    t = normal(3, 7, 7)
    np.testing.assert_allclose(np.sum(g * jvp(linalg._inverse_of_lower, (x,), (t,))[1]), np.sum(found * t), rtol=1e-10)


def test_float32_stays():
    a = normal(100, 100, dtype=np.float32)
    x = a @ a.T + 100 * np.eye(100, dtype=np.float32)
    assert grad(lambda x: np.linalg.cholesky(x).sum())(x).dtype == np.float32


# -- sort ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("values", ["different", "ties", "NaN", "infinite"])
def test_the_order_of_many_numbers_is_the_stable_one(values, axis):
    x = normal(_MANY // 50, 100)
    if values == "ties":
        x = x.round(1)
    elif values == "NaN":
        x[::7, ::3] = np.nan
    elif values == "infinite":
        x[::7, ::3] = np.inf
    order, weights = np.argsort(x, axis=axis, kind="stable"), normal(*x.shape)
    wanted = np.zeros_like(x)
    np.put_along_axis(wanted, order, weights, axis)

    def f(x):
        return np.where(np.isfinite(out := np.sort(x, axis)), out, 0).sum() + (np.argsort(x, axis) * 1.0).sum()

    np.testing.assert_array_equal(vjp(lambda x: np.sort(x, axis), x)[1](weights)[0], wanted)
    np.testing.assert_array_equal(jvp(lambda x: np.sort(x, axis), (x,), (x,))[1], np.take_along_axis(x, order, axis))
    assert grad(f)(x).shape == x.shape


def test_a_sort_of_each_row():
    x = normal(3, _MANY)
    weights = normal(_MANY)
    np.testing.assert_array_equal(
        vmap(grad(lambda x: np.sort(x) @ weights))(x), np.stack([grad(lambda x: np.sort(x) @ weights)(row) for row in x])
    )


# -- einsum --------------------------------------------------------------------------------------------
#: Subscripts, and shapes of which the products are worth a product of matrices; a 1 is broadcast.
EINSUMS = [
    ("ij,jk->ik", (40, 50), (50, 60)),
    ("ij,jk->ki", (40, 50), (50, 60)),
    ("bthd,bshd->bhts", (3, 9, 4, 30), (3, 11, 4, 30)),
    ("...ij,...jk->...ik", (3, 30, 40), (3, 40, 50)),
    ("bij,bjk->bik", (1, 40, 50), (3, 50, 60)),
    ("ij,jk->ik", (40, 1), (50, 60)),
    ("ij,jk->", (40, 50), (50, 60)),
    ("iij,jk->ik", (40, 40, 50), (50, 60)),
    ("ij,kl->jl", (40, 50), (50, 60)),
    ("bi,bj->bij", (30, 50), (30, 60)),
    ("ij,->i", (300, 300), ()),
]


@pytest.mark.parametrize(("subscripts", "left", "right"), EINSUMS)
def test_einsum_by_products_of_matrices(subscripts, left, right):
    x, y = normal(*left), normal(*right)
    assert max(x.size * y.size, x.size) >= _WORTH_A_MATRIX_PRODUCT
    plain = np.einsum(subscripts, x, y)
    g, t = normal(*plain.shape), (normal(*left), normal(*right))
    out, pullback = vjp(lambda x, y: np.einsum(subscripts, x, y), x, y)
    np.testing.assert_allclose(out, plain, rtol=1e-10, atol=1e-10)
    along = np.einsum(subscripts, t[0], y) + np.einsum(subscripts, x, t[1])
    found = pullback(g[()])
    np.testing.assert_allclose(sum(np.sum(a * b) for a, b in zip(found, t, strict=True)), np.sum(g * along), rtol=1e-8)
    assert [c.shape for c in found] == [left, right]


# -- places ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [(7,), (7, 3), (7, 2, 3)])
@pytest.mark.parametrize("lowest", [0, -7])
def test_reads_at_many_places(shape, lowest):
    x, index = normal(*shape), rng.integers(lowest, 7, 60)
    g, wanted = normal(60, *shape[1:]), np.zeros(shape)
    np.add.at(wanted, index, g)
    out, pullback = vjp(lambda x: x[index], x)
    np.testing.assert_array_equal(out, x[index])
    np.testing.assert_allclose(pullback(g)[0], wanted, rtol=1e-12)


def test_a_place_beyond_the_end_is_an_index_error():
    for index in (np.array([0, 7]), np.array([[-8]])):
        with pytest.raises(IndexError, match="out of bounds"):
            grad(lambda x, index=index: x[index].sum())(normal(7))
