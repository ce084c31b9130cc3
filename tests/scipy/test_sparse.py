"""Products with sparse matrices, and fdezero.scipy.sparse."""

import numpy as np
import pytest
import scipy.sparse
import scipy.sparse.linalg

from fdezero import grad, jacobian, vjp, vmap
from fdezero.scipy import sparse
from fdezero.testing import check_grads

rng = np.random.default_rng(6)
DENSE = rng.normal(size=(4, 3)) * (rng.uniform(size=(4, 3)) < 0.6)
X = rng.normal(size=(3, 2))
KINDS = ["csr_array", "csc_array", "coo_array", "lil_array", "dok_array", "dia_array", "bsr_array", "csr_matrix", "csc_matrix"]
PRODUCTS = {
    "A @ x": (lambda a, x: a @ x, X),
    "A @ v": (lambda a, x: a @ x, X[:, 0]),
    "x @ A": (lambda a, x: x.T @ a.T, X),
    "v @ A": (lambda a, x: x @ a.T, X[:, 0]),
    "A @ (A.T @ y)": (lambda a, x: a.T @ (a @ x) ** 2, X),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PRODUCTS)
def test_products(kind, name):
    a = getattr(scipy.sparse, kind)(DENSE)
    product, x = PRODUCTS[name]
    np.testing.assert_allclose(vjp(lambda x: product(a, x), x)[0], product(DENSE, x))
    np.testing.assert_allclose(jacobian(lambda x: product(a, x))(x), jacobian(lambda x: product(DENSE, x))(x))
    check_grads(lambda x: product(a, x) ** 2, (x,), modes=("rev", "fwd"))
    for f in (lambda x: product(a, x), grad(lambda x: np.sum(product(a, x) ** 2))):
        batch = np.stack([x, 2 * x, -x])
        np.testing.assert_allclose(vmap(f)(batch), np.stack([f(each) for each in batch]))


def test_a_row_of_a_sparse_matrix():
    """Which is a vector in SciPy's sparse arrays."""
    row, x = scipy.sparse.csr_array(np.array([[4.0, 1.0, 0.0], [0.0, 3.0, 1.0]]))[0], np.array([0.5, -1.0, 2.0])
    for f in (lambda x: row @ x, lambda x: x @ row):
        check_grads(f, (x,), modes=("rev", "fwd"))
        assert vjp(f, x)[0] == f(x)


def test_dot_and_stacks():
    a = scipy.sparse.csr_array(DENSE)
    np.testing.assert_allclose(grad(lambda x: a.dot(x).sum())(X), grad(lambda x: (DENSE @ x).sum())(X))
    stack = rng.normal(size=(2, 3, 2))
    np.testing.assert_allclose(vmap(lambda x: (x.T @ a.T) ** 2)(stack), (stack.mT @ DENSE.T) ** 2)


@pytest.mark.parametrize(
    "call",
    [lambda a, x: x * a, lambda a, x: a + x, lambda a, x: np.multiply(x, a), lambda a, x: scipy.sparse.csr_matrix(a) * x],
)
def test_other_operators_are_refused(call):
    with pytest.raises(TypeError):
        vjp(lambda x: call(scipy.sparse.csr_array(DENSE), x), DENSE)


ROWS, COLUMNS = np.nonzero(DENSE)
DATA = DENSE[ROWS, COLUMNS]
CSR, CSC = scipy.sparse.csr_array(DENSE), scipy.sparse.csc_array(DENSE)
MADE = {
    "coo": lambda data: sparse.coo_array((data, (ROWS, COLUMNS)), DENSE.shape),
    "csr": lambda data: sparse.csr_array((data, CSR.indices, CSR.indptr)),
    "csc": lambda data: sparse.csc_array((data, (ROWS, COLUMNS))),
    "csc, compressed": lambda data: sparse.csc_array((data[np.argsort(COLUMNS, kind="stable")], CSC.indices, CSC.indptr)),
}


@pytest.mark.parametrize("name", MADE)
def test_entries(name):
    made = MADE[name]
    assert scipy.sparse.issparse(made(DATA))
    for product in (
        lambda d, x: made(d) @ x,
        lambda d, x: made(d) @ x[:, 0],
        lambda d, x: x.T @ made(d).T,
        lambda d, x: x[:, 0] @ made(d).T,
        lambda d, x: made(d).dot(x),
        lambda d, x: (2.0 * made(d)).toarray() @ x,
    ):
        np.testing.assert_allclose(vjp(product, DATA, X)[0], product(DATA, X))
        check_grads(product, (DATA, X), modes=("rev", "fwd"))
    f = lambda d, x: made(d) @ x  # noqa: E731
    batch = np.stack([DATA, 2 * DATA]), np.stack([X, X + 1])
    np.testing.assert_allclose(vmap(f)(*batch), np.stack([f(*each) for each in zip(*batch, strict=True)]))


SQUARE = np.array([[2.0, 1.0, 0.0], [0.0, 4.0, 0.5], [0.3, 0.0, 3.0]])
PLACES = np.nonzero(SQUARE)


@pytest.mark.parametrize("b", [X, X[:, 0], X[:, :1]])
def test_spsolve(b):
    a = scipy.sparse.csc_array(SQUARE)
    expected = scipy.sparse.linalg.spsolve(a, b)
    assert np.array_equal(sparse.linalg.spsolve(a, b), expected)
    value = vjp(lambda b: sparse.linalg.spsolve(a, b), b)[0]
    assert value.shape == expected.shape
    np.testing.assert_allclose(value, expected)
    check_grads(lambda b: sparse.linalg.spsolve(a, b), (b,), modes=("rev", "fwd"))

    def of_entries(data, b):
        return sparse.linalg.spsolve(sparse.csc_array((data, PLACES)), b)

    check_grads(of_entries, (SQUARE[PLACES], b), modes=("rev", "fwd"))
    batch = np.stack([SQUARE[PLACES], 1.1 * SQUARE[PLACES]]), np.stack([b, b + 1])
    np.testing.assert_allclose(
        vmap(of_entries)(*batch), np.stack([of_entries(*each) for each in zip(*batch, strict=True)])
    )


def test_factorized():
    solve = sparse.linalg.factorized(scipy.sparse.csc_array(SQUARE))
    b = X[:, 0]
    assert np.array_equal(solve(b), scipy.sparse.linalg.factorized(scipy.sparse.csc_array(SQUARE))(b))
    check_grads(lambda b: solve(b) ** 2, (b,), modes=("rev", "fwd"))
    np.testing.assert_allclose(vmap(solve)(X.T), np.stack([solve(x) for x in X.T]))


def test_what_is_refused():
    with pytest.raises(TypeError, match="entries and their places"):
        vjp(lambda x: sparse.csr_array(x).toarray(), DENSE)
    with pytest.raises(ValueError, match=r"shape \(4, 3\) cannot multiply an array of shape \(2, 2\)"):
        vjp(lambda d: MADE["coo"](d) @ np.ones((2, 2)), DATA)
