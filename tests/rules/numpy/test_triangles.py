"""Functions of a symmetric matrix read one triangle of it; the other may hold anything."""

import numpy as np
import pytest

from fdezero import grad, jvp, record, vmap

S = np.array([[4.0, 1.0, 2.0], [1.0, 5.0, 3.0], [2.0, 3.0, 6.0]])
H = S + 1j * np.array([[0, 1, -0.5], [-1, 0, 0.3], [0.5, -0.3, 0]])
WEIGHTS = np.arange(9.0).reshape(3, 3)
DIRECTION = np.array([[1.0, 2.0, 0.5], [2.0, -1.0, 1.0], [0.5, 1.0, 3.0]])


def stored(a, upper):
    """``a`` with the triangle that is not read full of nines."""
    nines = np.full((3, 3), 9.0)
    return np.triu(a) + np.tril(nines, -1) if upper else np.tril(a) + np.triu(nines, 1)


FUNCTIONS = {
    "cholesky upper": (lambda x: np.linalg.cholesky(x, upper=True), True),
    "cholesky lower": (lambda x: np.linalg.cholesky(x, upper=False), False),
    "cholesky": (np.linalg.cholesky, False),
    "eigvalsh U": (lambda x: np.linalg.eigvalsh(x, UPLO="U"), True),
    "eigvalsh L": (lambda x: np.linalg.eigvalsh(x, UPLO="L"), False),
    "eigh u": (lambda x: np.abs(np.linalg.eigh(x, "u").eigenvectors), True),
}


@pytest.mark.parametrize("a", [S, H], ids=["real", "complex"])
@pytest.mark.parametrize(("f", "upper"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_one_triangle_is_read(f, upper, a):
    x = stored(a, upper)
    np.testing.assert_allclose(record(f)(x).value, f(x), rtol=1e-12)
    np.testing.assert_allclose(record(f)(x).value, f(a), rtol=1e-12)
    np.testing.assert_allclose(vmap(f)(np.stack([x, x]))[1], f(x), rtol=1e-12)

    def weighted(x):
        out = f(x)
        return np.real(((WEIGHTS if out.ndim == 2 else WEIGHTS[0]) * out).sum())

    direction = DIRECTION.astype(a.dtype)
    numerical = (weighted(a + 1e-6 * direction) - weighted(a - 1e-6 * direction)) / 2e-6
    np.testing.assert_allclose(grad(weighted)(x), grad(weighted)(a), rtol=1e-12)
    assert np.real(np.sum(grad(weighted)(x) * direction)) == pytest.approx(numerical, rel=1e-6)
    assert jvp(weighted, (x,), (direction,))[1] == pytest.approx(numerical, rel=1e-6)
