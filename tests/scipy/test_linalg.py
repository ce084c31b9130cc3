"""fdezero.scipy.linalg: the values are SciPy's, and the derivatives agree with differences in every mode."""

import numpy as np
import pytest
import scipy.linalg

from fdezero import grad, jacobian, vjp
from fdezero.core.boxes import implementations
from fdezero.scipy import linalg

from .cases import Case, check_batched, check_case

rng = np.random.default_rng(0)
A = rng.normal(size=(3, 3)) + 3 * np.eye(3)
B = rng.normal(size=(3, 2))
C = A + 1j * rng.normal(size=(3, 3))
TALL = rng.normal(size=(4, 3))
BAND = np.abs(rng.normal(size=(4, 5))) + 5 * np.array([[0.0], [0.0], [1.0], [0.0]])
LONG = rng.normal(size=(5, 2))
COLUMN, ROW = np.array([4.0, 1.0, 0.3]), np.array([4.0, 0.5, 0.2])


def symmetric(x):
    return x + x.T


def positive(x):
    return x @ x.conj().T


def up_to_sign(wv):
    """LAPACK chooses the signs of eigenvectors, and chooses otherwise when an entry changes a little."""
    return wv[0], wv[1] * wv[1][0]


CASES = {
    "solve": Case(lambda m, a, b: m.solve(a, b), (A, B)),
    "solve, a vector": Case(lambda m, a, b: m.solve(a, b), (A, B[:, 0])),
    "solve, transposed": Case(lambda m, a, b: m.solve(a, b, transposed=True), (A, B)),
    "solve, complex": Case(lambda m, a, b: m.solve(a, b), (C, B + 1j)),
    "solve, symmetric": Case(lambda m, a, b: m.solve(symmetric(a), b, assume_a="sym"), (A, B)),
    "solve, positive": Case(lambda m, a, b: m.solve(positive(a), b, assume_a="pos"), (A, B)),
    "solve, positive, complex": Case(lambda m, a, b: m.solve(positive(a), b, assume_a="pos", lower=True), (C, B + 1j)),
    "solve, upper triangular": Case(lambda m, a, b: m.solve(a, b, assume_a="upper triangular"), (A, B)),
    "solve, diagonal": Case(lambda m, a, b: m.solve(a, b, assume_a="diagonal"), (A, B)),
    "solve_triangular": Case(lambda m, a, b: m.solve_triangular(a, b), (A, B)),
    "solve_triangular, trans": Case(lambda m, a, b: m.solve_triangular(a, b, trans="T"), (A, B)),
    "solve_triangular, unit": Case(lambda m, a, b: m.solve_triangular(a, b, lower=True, unit_diagonal=True), (A, B[:, 0])),
    "solve_triangular, complex": Case(lambda m, a, b: m.solve_triangular(a, b, trans=2), (C, B + 1j)),
    "cholesky": Case(lambda m, a: m.cholesky(positive(a)), (A,)),
    "cholesky, lower": Case(lambda m, a: m.cholesky(positive(a), lower=True), (A,)),
    "cholesky, complex": Case(lambda m, a: m.cholesky(positive(a)), (C,)),
    "cho_solve": Case(lambda m, a, b: m.cho_solve(m.cho_factor(positive(a)), b), (A, B)),
    "cho_solve, lower": Case(lambda m, a, b: m.cho_solve(m.cho_factor(positive(a), lower=True), b), (C, B[:, 0] + 1j)),
    "lu": Case(lambda m, a: m.lu(a)[1:], (A,)),
    "lu, exchanged": Case(lambda m, a: m.lu(a[::-1])[1:], (A,)),
    "lu, permuted": Case(lambda m, a: m.lu(a[::-1], permute_l=True), (A,)),
    "lu, wide": Case(lambda m, a: m.lu(a.T)[1:], (TALL,)),
    "lu, tall": Case(lambda m, a: m.lu(a)[1:], (TALL,)),
    "lu_factor": Case(lambda m, a: m.lu_factor(a[::-1])[0], (A,)),
    "lu_solve": Case(lambda m, a, b: m.lu_solve(m.lu_factor(a[::-1]), b), (A, B)),
    "lu_solve, trans": Case(lambda m, a, b: m.lu_solve(m.lu_factor(a[::-1]), b, trans=1), (A, B[:, 0])),
    "solve_banded": Case(lambda m, a, b: m.solve_banded((1, 2), a, b), (BAND, LONG)),
    "solve_banded, a vector": Case(lambda m, a, b: m.solve_banded((1, 2), a, b), (BAND, LONG[:, 0])),
    "solve_toeplitz": Case(lambda m, c, r, b: m.solve_toeplitz((c, r), b), (COLUMN, ROW, B)),
    "solve_toeplitz, symmetric": Case(lambda m, c, b: m.solve_toeplitz(c, b), (COLUMN, B[:, 0])),
    "solve_sylvester": Case(lambda m, a, b, q: m.solve_sylvester(a, b, q), (A, A[:2, :2] + 1, B)),
    "solve_continuous_lyapunov": Case(lambda m, a, q: m.solve_continuous_lyapunov(a, q), (A, A)),
    "expm": Case(lambda m, a: m.expm(a), (A / 3,)),
    "expm, complex": Case(lambda m, a: m.expm(a), (C / 3,)),
    "expm_frechet": Case(lambda m, a, e: m.expm_frechet(a, e), (A / 3, B @ B.T)),
    "logm": Case(lambda m, a: m.logm(positive(a)), (A,)),
    "sqrtm": Case(lambda m, a: m.sqrtm(positive(a)), (A,)),
    "sinm": Case(lambda m, a: m.sinm(a), (A / 3,)),
    "cosm": Case(lambda m, a: m.cosm(a), (A / 3,)),
    "tanm": Case(lambda m, a: m.tanm(a), (A / 9,)),
    "sinhm": Case(lambda m, a: m.sinhm(a), (A / 3,)),
    "coshm": Case(lambda m, a: m.coshm(a), (A / 3,)),
    "tanhm": Case(lambda m, a: m.tanhm(a), (A / 3,)),
    "polar": Case(lambda m, a: m.polar(a), (A,)),
    "polar, tall": Case(lambda m, a: m.polar(a), (TALL,)),
    "polar, left": Case(lambda m, a: m.polar(a.T, side="left"), (TALL,)),
    "eigh": Case(lambda m, a: up_to_sign(m.eigh(symmetric(a))), (A,)),
    "eigh, generalised": Case(lambda m, a, b: up_to_sign(m.eigh(symmetric(a), positive(b))), (A, A + 1)),
    "eigvals": Case(lambda m, a: m.eigvals(a), (C,)),
    "eig": Case(lambda m, a: (m.eig(a)[0], abs(m.eig(a)[1])), (C,), rtol=1e-4),
    "eig, values only": Case(lambda m, a: m.eig(a, right=False), (C.astype(complex),), rtol=1e-4),
    "eigvalsh": Case(lambda m, a: m.eigvalsh(positive(a)), (C,)),
    "toeplitz": Case(lambda m, c, r: m.toeplitz(c, r), (COLUMN, np.arange(4.0))),
    "toeplitz, hermitian": Case(lambda m, c: m.toeplitz(c), (COLUMN + 1j * ROW,)),
    "hankel": Case(lambda m, c, r: m.hankel(c, r), (COLUMN, np.append(COLUMN[-1], ROW))),
    "hankel, zeros": Case(lambda m, c: m.hankel(c), (COLUMN,)),
    "circulant": Case(lambda m, c: m.circulant(c), (COLUMN,)),
    "block_diag": Case(lambda m, a, b, c: m.block_diag(a, b, c[0], c), (A, B, ROW)),
    "inv": Case(lambda m, a: m.inv(a), (A,)),
    "inv, a list": Case(lambda m, x: m.inv([[x[0], x[1]], [0.5, x[2]]]), (COLUMN,)),
    "expm, a list": Case(lambda m, x: m.expm([[x[0], x[1]], [0.5, x[2]]]), (ROW,)),
    "det": Case(lambda m, a: m.det(a), (A,)),
    "svd": Case(lambda m, a: m.svd(a, full_matrices=False)[1], (TALL,)),
    "svdvals": Case(lambda m, a: m.svdvals(a), (TALL,)),
    "norm": Case(lambda m, a: m.norm(a, axis=0, ord=3), (A,)),
}
#: Cases of functions that stand on rules of numpy.linalg.
ON_NUMPY = {
    "pinv": Case(lambda m, a: m.pinv(a), (TALL,)),
    "lstsq": Case(lambda m, a, b: [(r := m.lstsq(a, b))[0], r[1], r[3]], (TALL, 1 + TALL[:, 0] ** 2)),
    "lstsq, many": Case(lambda m, a, b: [(r := m.lstsq(a, b))[0], r[1], r[3]], (TALL, 1 + TALL[:, :2] ** 2)),
    "qr": Case(lambda m, a: m.qr(a), (A,)),
    "qr, economic": Case(lambda m, a: m.qr(a, mode="economic"), (TALL,)),
    "qr, r": Case(lambda m, a: m.qr(a, mode="r")[0], (TALL,)),
    "qr, wide": Case(lambda m, a: m.qr(a.T), (TALL,)),
}
CASES |= ON_NUMPY if np.linalg.pinv in implementations else {}


@pytest.mark.parametrize("name", CASES)
def test_laws(name):
    check_case(CASES[name], linalg, scipy.linalg)


@pytest.mark.parametrize("name", CASES)
def test_batches(name):
    check_batched(CASES[name], linalg)


def test_the_gradient_keeps_the_structure():
    s = A @ A.T
    g = grad(lambda a: linalg.solve(a, B, assume_a="pos").sum())(s)
    np.testing.assert_allclose(g, g.T)
    g = grad(lambda a: linalg.solve_triangular(a, B).sum())(A)
    assert np.array_equal(g, np.triu(g)) and np.count_nonzero(g) == 6


def test_pivots_are_constants():
    p, _, _ = linalg.lu(A[::-1], p_indices=True)
    seen = []

    def f(a):
        order, lower, upper = linalg.lu(a, p_indices=True)
        seen.append(order)
        return lower @ upper

    jacobian(f)(A[::-1])
    assert np.array_equal(seen[0], p)


def test_repeated_eigenvalues():
    assert np.allclose(grad(lambda a: linalg.eigvalsh(a).sum())(np.eye(3)), np.eye(3))
    assert np.isnan(grad(lambda a: linalg.eigh(a)[1][0, 0])(np.eye(3))).any()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda a: linalg.eigh(a, subset_by_index=[0, 1]), r"scipy.linalg.eigh has no derivative rule for the argument subset_by_index="),
        (lambda a: linalg.qr(a, pivoting=True), r"scipy.linalg.qr .* pivoting="),
        (lambda a: linalg.polar(a[:2]), r"scipy.linalg.polar .* other side"),
        (lambda a: linalg.lu_factor(a[:2]), r"scipy.linalg.lu_factor .* not square"),
    ],
)
def test_what_is_refused(call, match):
    with pytest.raises(TypeError, match=match):
        vjp(call, A)


def test_other_names_are_scipys():
    assert linalg.hadamard is scipy.linalg.hadamard
    with pytest.raises(AttributeError):
        linalg.no_such_name  # noqa: B018  # the access is what is tested


def test_arguments_of_speed_are_passed_over():
    g = grad(lambda a: linalg.inv(a, overwrite_a=True, check_finite=False).sum())(A)
    np.testing.assert_allclose(g, grad(lambda a: np.linalg.inv(a).sum())(A))
