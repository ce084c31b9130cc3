"""Rules that take another way where arrays are large: they give what the short way gives for small ones."""

import numpy as np
import pytest

from fdezero import grad, jvp, vjp, vmap
from fdezero.rules.numpy import linalg
from fdezero.rules.numpy.products import _WORTH_A_MATRIX_PRODUCT, contract
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


KEPT = {
    "lower": np.tril,
    "upper": np.triu,
    "lower but for an entry in a corner": lambda x: np.tril(x) + np.eye(7, k=6),
    "lower but for an entry beside the diagonal": lambda x: np.tril(x) + np.eye(7, k=1),
    "all": lambda x: x,
}


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("dtype", [float, np.float32, complex])
@pytest.mark.parametrize(("shape", "y_shape"), [((7, 7), (7,)), ((7, 7), (2, 7, 3)), ((3, 7, 7), (7, 2))])
def test_systems_that_are_solved_by_halves(kept, dtype, shape, y_shape, monkeypatch):
    monkeypatch.setattr(linalg, "_SMALL", 2)
    x, y = normal(*shape, dtype=dtype) + 5 * np.eye(7, dtype=dtype), normal(*y_shape, dtype=dtype)
    x = KEPT[kept](x).astype(dtype)
    out, pullback = vjp(np.linalg.solve, x, y)
    assert out.dtype == dtype
    tolerance = 1e-5 if dtype is np.float32 else 1e-12
    np.testing.assert_allclose(out, np.linalg.solve(x, y), rtol=tolerance, atol=tolerance)
    t, u, g = (normal(*z.shape, dtype=dtype) for z in (x, y, out))
    tangent = jvp(np.linalg.solve, (x, y), (t, u))[1]
    of_x, of_y = pullback(g)
    np.testing.assert_allclose(np.sum(of_x * t) + np.sum(of_y * u), np.sum(g * tangent), rtol=100 * tolerance)


@pytest.mark.parametrize(("shape", "rows"), [((7, 7), 4), ((7, 7), 8), ((7, 6), 7), ((6, 7), 7)])
def test_systems_that_do_not_fit_are_not_halved(shape, rows, monkeypatch):
    monkeypatch.setattr(linalg, "_SMALL", 2)
    with pytest.raises((ValueError, np.linalg.LinAlgError)):
        jvp(lambda x: np.linalg.solve(x, np.ones((rows, 2))), (np.tril(normal(*shape)),), (normal(*shape),))


def test_a_singular_triangular_matrix_is_refused(monkeypatch):
    monkeypatch.setattr(linalg, "_SMALL", 2)
    x = np.tril(normal(7, 7))
    x[5, 5] = 0
    with pytest.raises(np.linalg.LinAlgError):
        grad(lambda x: np.linalg.solve(x, np.ones(7)).sum())(x)


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


LAYOUTS = {
    "C": lambda x: x,
    "Fortran": np.asfortranarray,
    "every other": lambda x: np.repeat(np.repeat(x, 2, 0), 2, 1)[::2, ::2],
    "backwards": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "repeated": lambda x: np.broadcast_to(x[:, :1], x.shape),
    "sliding": lambda x: np.lib.stride_tricks.sliding_window_view(x.ravel()[: sum(x.shape) - 1], x.shape[1]),
    "float32": lambda x: x.astype(np.float32),
    "complex": lambda x: x * (1 + 2j),
    "integers": lambda x: (10 * x).astype(int),
}


@pytest.mark.parametrize("one", LAYOUTS)
@pytest.mark.parametrize("other", LAYOUTS)
def test_einsum_of_any_layout(one, other):
    x, y = LAYOUTS[one](normal(40, 50)), LAYOUTS[other](normal(60, 50))
    found, wanted = contract(x, y, inputs=("ij", "kj"), output="ki"), np.einsum("ij,kj->ki", x, y)
    assert found.dtype == wanted.dtype
    np.testing.assert_allclose(found, wanted, rtol=1e-4 if "float32" in (one, other) else 1e-10, atol=1e-4)


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
