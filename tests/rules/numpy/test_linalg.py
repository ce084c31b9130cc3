"""Linear algebra where the table does not reach: repeated values, deficient ranks, laws over shapes and dtypes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fdezero import grad, hessian, hvp, jacfwd, jacrev, jvp, tree, vjp, vmap
from fdezero.testing import check_grads, numerical_grad

from .linalg_cases import adjoint, hermitian, projector, spread

la = np.linalg
rng = np.random.default_rng(20260102)
Q3 = la.qr(rng.normal(size=(3, 3))).Q
Q4 = la.qr(rng.normal(size=(4, 4))).Q
WEIGHTS = rng.normal(size=(3, 3))


@pytest.fixture(autouse=True)
def _the_same_numbers_in_any_order():
    global rng
    rng = np.random.default_rng(20260103)


def symmetric(x):
    return (x + x.T) / 2


#: Equal to the last bit; equal but for rounding; all equal.
REPEATED = {
    "exactly": np.diag([1.0, 1.0, 3.0]),
    "but for rounding": Q3 @ np.diag([1.0, 1.0, 3.0]) @ Q3.T,
    "all": np.eye(3),
    "large": 1e9 * (Q3 @ np.diag([1.0, 1.0, 3.0]) @ Q3.T),
}


# -- repeated eigenvalues: what is exact -------------------------------------------------------------
SYMMETRIC = {
    "sum of squares": (lambda w: (w**2).sum(), lambda a: np.trace(a @ a)),
    "sum of cubes": (lambda w: (w**3).sum(), lambda a: np.trace(a @ a @ a)),
    "log det": (lambda w: np.log(w).sum(), lambda a: la.slogdet(a)[1]),
    "product": (lambda w: np.prod(w), lambda a: la.det(a)),
}


def assert_close_or_nan(found, exact, tolerance):
    wrong = ~np.isclose(found, exact, rtol=tolerance, atol=tolerance * np.abs(exact).max())
    assert np.isnan(found[wrong]).all()


@pytest.mark.parametrize("a", REPEATED.values(), ids=REPEATED)
@pytest.mark.parametrize("name", SYMMETRIC)
def test_a_symmetric_function_of_repeated_eigenvalues_is_exact_to_second_order(a, name):
    of_values, plain = SYMMETRIC[name]

    def f(a):
        return of_values(la.eigvalsh(symmetric(a)))

    def expected(a):
        return plain(symmetric(a))

    size = np.abs(grad(expected)(a)).max()
    np.testing.assert_allclose(grad(f)(a), grad(expected)(a), rtol=1e-9, atol=1e-12 * size)
    np.testing.assert_allclose(jvp(f, (a,), (WEIGHTS,))[1], jvp(expected, (a,), (WEIGHTS,))[1], rtol=1e-9)
    exact = jacrev(jacrev(expected))(a)
    close = {"rtol": 1e-9, "atol": 1e-12 * np.abs(exact).max()}
    np.testing.assert_allclose(hessian(f)(a), exact, **close)
    np.testing.assert_allclose(hvp(f, (a,), (WEIGHTS,)), np.einsum("ijkl,kl", exact, WEIGHTS), **close)
    np.testing.assert_allclose(vmap(hessian(f))(np.stack([a, 2 * a]))[0], exact, **close)

    def along(a):
        return jvp(f, (a,), (WEIGHTS,))[1]

    np.testing.assert_allclose(jvp(along, (a,), (WEIGHTS,))[1], np.einsum("ijkl,ij,kl", exact, WEIGHTS, WEIGHTS), rtol=1e-9)
    for mode in (jacrev(jacrev(f)), jacfwd(jacfwd(f))):
        assert_close_or_nan(mode(a), exact, 1e-9)


@pytest.mark.parametrize("name", SYMMETRIC)
def test_repeats_of_one_matrix_of_a_batch_do_not_concern_the_others(name):
    of_values, plain = SYMMETRIC[name]
    batch = np.stack([*[*REPEATED.values()][:3], np.diag([1.0, 2.0, 4.0]) + 0.1])
    found = hessian(lambda a: sum(of_values(w) for w in la.eigvalsh((a + a.mT) / 2)))(batch)
    exact = hessian(lambda a: sum(plain(symmetric(x)) for x in a))(batch)
    np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [float, complex])
def test_the_tangent_of_repeated_eigenvalues_is_their_one_sided_derivative(dtype):
    a = REPEATED["exactly"].astype(dtype)
    t = hermitian(rng.normal(size=(3, 3)).astype(dtype) + (1j * rng.normal(size=(3, 3)) if dtype is complex else 0))
    found = jvp(la.eigvalsh, (a,), (t,))[1]
    np.testing.assert_allclose(found, (la.eigvalsh(a + 1e-6 * t) - la.eigvalsh(a)) / 1e-6, atol=1e-4)
    u = la.qr(rng.normal(size=(4, 3)).astype(dtype) + (1j * rng.normal(size=(4, 3)) if dtype is complex else 0)).Q
    s = rng.normal(size=(4, 3)).astype(dtype)
    found = jvp(la.svdvals, (u,), (s,))[1]
    np.testing.assert_allclose(np.sort(found), np.sort((la.svdvals(u + 1e-6 * s) - 1) / 1e-6), atol=1e-4)


def test_symmetric_functions_of_repeated_singular_values_are_exact_to_second_order():
    for shape, values in (((3, 3), [2.0, 2.0, 1.0]), ((3, 4), [2.0, 1.0, 1.0]), ((4, 3), [1.5, 1.5, 1.5])):
        a = (la.qr(rng.normal(size=(shape[0], 3))).Q * np.array(values)) @ la.qr(rng.normal(size=(shape[1], 3))).Q.T

        def f(a):
            return (la.svdvals(a) ** 4).sum()

        def expected(a):
            return np.trace(a.T @ a @ a.T @ a)

        t = rng.normal(size=shape)
        exact = jacrev(jacrev(expected))(a)
        np.testing.assert_allclose(grad(f)(a), grad(expected)(a), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(hessian(f)(a), exact, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(hvp(f, (a,), (t,)), np.einsum("ijkl,kl", exact, t), rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(jvp(lambda a, f=f, t=t: jvp(f, (a,), (t,))[1], (a,), (t,))[1], np.einsum("ijkl,ij,kl", exact, t, t), rtol=1e-9)
        for mode in (jacrev(jacrev(f)), jacfwd(jacfwd(f))):
            assert_close_or_nan(mode(a), exact, 1e-9)


def squares(a):
    return np.real(np.sum(np.conjugate(a) * a))


@pytest.mark.parametrize("a", REPEATED.values(), ids=REPEATED)
@pytest.mark.parametrize("name", SYMMETRIC)
def test_second_derivatives_of_values_whose_vectors_are_not_settled_are_nan_or_exact(name, a):
    """From eigh and svd, whose vectors are those that NumPy returns, whatever the direction."""
    of_values, plain = SYMMETRIC[name]
    of_eigh, of_svd = lambda a: of_values(la.eigh(symmetric(a))[0]), lambda a: of_values(la.svd(symmetric(a))[1])
    exact = jacrev(jacrev(lambda a: plain(symmetric(a))))(a)
    for f in (of_eigh, of_svd):
        for mode in (hessian(f), jacrev(jacrev(f)), jacfwd(jacfwd(f)), jacrev(jacfwd(f))):
            assert_close_or_nan(mode(a), exact, 1e-8)
        assert np.isnan(hessian(f)(a)).any()


@pytest.mark.parametrize("a", REPEATED.values(), ids=REPEATED)
@pytest.mark.parametrize("f", [lambda w: w[0], lambda w: w[0] ** 2, lambda w: w[0] + 2 * w[1] + 3 * w[2], lambda w: w[1] * w[2]])
def test_one_of_several_equal_values_has_no_second_derivative(f, a):
    for values in (la.eigvalsh, lambda a: la.svdvals(a)[::-1]):
        for mode in (hessian, lambda f: jacrev(jacrev(f))):
            assert np.isnan(mode(lambda a, values=values: f(values(symmetric(a))))(a)).any()
        assert np.isnan(hvp(lambda a, values=values: f(values(symmetric(a))), (a,), (WEIGHTS,))).any()


def test_one_of_several_equal_values_has_a_subgradient():
    for a in REPEATED.values():
        g = grad(lambda a: la.eigvalsh(a)[0])(a)
        np.testing.assert_allclose([np.trace(g), la.norm(g), np.sum(g * a)], [1.0, 1.0, la.eigvalsh(a)[0]])


def test_the_vectors_of_equal_values_have_no_tangents_even_where_they_do_not_turn_into_one_another():
    """In second order they do, by way of the third, and so the direction at once decides which they are."""
    a, t = np.diag([1.0, 1.0, 3.0]), np.array([[1.0, 0.0, 1.0], [0.0, 2.0, 1.0], [1.0, 1.0, 0.0]])
    turned = jvp(lambda a: la.eigh(a)[1], (a,), (t,))[1]
    assert np.isnan(turned[:, :2]).all() and np.isfinite(turned[:, 2]).all()
    turned = jvp(lambda a: la.svd(a)[0], (a,), (t,))[1]
    assert np.isnan(turned[:, 1:]).all() and np.isfinite(turned[:, 0]).all()


EVEN = {
    "sum of squares": (lambda s: (s**2).sum(), lambda a: squares(a)),
    "sum of fourth powers": (lambda s: (s**4).sum(), lambda a: squares(adjoint(a) @ a)),
    "entropy": (lambda s: np.log1p(s**2).sum(), lambda a: la.slogdet(np.eye(a.shape[1]) + adjoint(a) @ a)[1]),
}


@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (4, 4)])
@pytest.mark.parametrize("rank", [0, 1, 2])
@pytest.mark.parametrize("name", EVEN)
def test_even_functions_of_zero_singular_values_are_exact_to_second_order(name, rank, shape, dtype):
    def draw(*shape):
        return (rng.normal(size=shape) + (1j * rng.normal(size=shape) if dtype is complex else 0)).astype(dtype)

    of_values, plain = EVEN[name]
    a, t = draw(shape[0], rank) @ draw(rank, shape[1]), draw(*shape)
    if rank == 2 and dtype is float:  # exactly zero, and repeated
        a = np.eye(*shape) * (np.arange(shape[1]) < 2)

    def f(a):
        return of_values(la.svdvals(a))

    close = {"rtol": 1e-8, "atol": 1e-8}
    exact = hvp(plain, (a,), (t,))
    np.testing.assert_allclose(grad(f)(a), grad(plain)(a), **close)
    np.testing.assert_allclose(hvp(f, (a,), (t,)), exact, **close)
    np.testing.assert_allclose(jvp(grad(f), (a,), (t,))[1], exact, **close)
    np.testing.assert_allclose(jvp(lambda a: jvp(f, (a,), (t,))[1], (a,), (t,))[1], inner(exact, t), rtol=1e-7, atol=1e-7)
    if dtype is float:
        full = jacrev(jacrev(plain))(a)
        np.testing.assert_allclose(hessian(f)(a), full, **close)
        for of in (f, lambda a: of_values(la.svd(a, full_matrices=False).S)):
            for mode in (jacrev(jacrev(of)), jacfwd(jacfwd(of)), hessian(of)):
                assert_close_or_nan(mode(a), full, 1e-7)


def test_the_largest_singular_value_of_a_matrix_of_deficient_rank_is_exact_to_second_order():
    a = np.outer(Q4[0], Q3[0]) * 2 + np.outer(Q4[1], Q3[1])
    for f in (lambda a: la.svdvals(a)[0], lambda a: la.svdvals(a)[0] ** 2 + la.svdvals(a)[1], lambda a: la.norm(a, 2)):
        check_grads(f, (a,), order=2, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(hessian(f)(a), jacrev(jacrev(f))(a), rtol=1e-8, atol=1e-8)
    for mode in (hessian, lambda f: jacrev(jacrev(f)), lambda f: jacfwd(jacfwd(f))):
        assert np.isnan(mode(lambda a: la.svdvals(a).sum())(a)).any()


@pytest.mark.parametrize("a", REPEATED.values(), ids=REPEATED)
def test_the_sum_of_repeated_eigenvalues_is_exact_to_second_order_in_reverse_mode_alone(a):
    def f(a):
        return la.eigvalsh(symmetric(a)).sum()

    np.testing.assert_allclose(grad(f)(a), np.eye(3), atol=1e-12)
    np.testing.assert_allclose(jacrev(jacrev(f))(a), np.zeros((3, 3, 3, 3)), atol=1e-12)


@pytest.mark.parametrize("dtype", [float, complex])
def test_third_derivatives(dtype):
    x = (rng.normal(size=(3, 3)) + (1j * rng.normal(size=(3, 3)) if dtype is complex else 0)).astype(dtype) / 2
    for f in (lambda x: la.eigvalsh(hermitian(x)), la.svdvals, lambda x: np.abs(la.eigh(hermitian(x)).eigenvectors), lambda x: np.abs(la.svd(x).U)):
        check_grads(f, (x,), order=3, modes=("rev", "fwd"), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("a", [REPEATED["exactly"], REPEATED["but for rounding"]], ids=["exactly", "but for rounding"])
def test_an_eigenvalue_of_which_the_others_are_repeated(a):
    def f(a):
        return la.eigvalsh(symmetric(a))[-1] ** 2

    check_grads(f, (a,), order=2, rtol=1e-4, atol=1e-5)
    found = hessian(lambda a: la.eigvalsh(symmetric(a))[-1])(a)
    exact = [[numerical_grad(lambda a, i=i, j=j: grad(lambda a: la.eigvalsh(symmetric(a))[-1])(a)[i, j], a) for j in range(3)] for i in range(3)]
    np.testing.assert_allclose(found, exact, atol=1e-7)


@pytest.mark.parametrize("a", [REPEATED["exactly"], REPEATED["but for rounding"]], ids=["exactly", "but for rounding"])
def test_a_vector_of_which_the_others_values_are_repeated(a):
    check_grads(lambda a: la.eigh(symmetric(a)).eigenvectors[:, 2] ** 2, (a,), order=1)


@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("shape", [(3, 3), (3, 5), (5, 3)])
def test_the_nuclear_norm_at_repeated_singular_values_is_exact_to_second_order(shape, dtype):
    q = [la.qr(rng.normal(size=(n, n)) + (1j * rng.normal(size=(n, n)) if dtype is complex else 0)).Q for n in shape]
    a = (q[0][:, :3] * np.array([2.0, 2.0, 1.0])) @ adjoint(q[1])[:3]
    check_grads(lambda a: la.norm(a, "nuc"), (a,), order=2, rtol=1e-4, atol=1e-5)
    check_grads(lambda a: la.norm(a, 2) if a.shape[0] == 5 else la.matrix_norm(a, ord="nuc"), (a[::-1] + 0.1,), order=2, rtol=1e-4, atol=1e-5)
    if dtype is float:
        np.testing.assert_allclose(hessian(lambda a: la.norm(a, "nuc"))(a), jacrev(jacrev(lambda a: la.norm(a, "nuc")))(a), atol=1e-10)


def test_the_nuclear_norm_of_a_matrix_of_deficient_rank_has_its_smallest_subgradient():
    u, v = Q3[:, :1], Q4[:, :1]
    np.testing.assert_allclose(grad(lambda a: la.norm(a, "nuc"))(2 * u @ v.T), u @ v.T, atol=1e-12)
    np.testing.assert_array_equal(grad(lambda a: la.norm(a, "nuc"))(np.zeros((2, 3))), np.zeros((2, 3)))
    for a in (2 * u @ v.T, np.zeros((3, 4))):
        subgradient = grad(lambda a: la.svdvals(a).sum())(a)
        assert la.norm(subgradient, 2) < 1 + 1e-12
        np.testing.assert_allclose(np.sum(subgradient * a), la.norm(a, "nuc"))


# -- repeated eigenvalues: what is NaN ---------------------------------------------------------------
MATRIX_FUNCTIONS = {"exp": np.exp, "log": np.log, "square": np.square, "itself": lambda w: w, "square less 1": lambda w: w * w - 1}


@pytest.mark.parametrize("a", REPEATED.values(), ids=REPEATED)
@pytest.mark.parametrize("name", MATRIX_FUNCTIONS)
def test_a_matrix_function_at_repeated_eigenvalues_is_nan_and_no_wrong_number(a, name):
    def f(a):
        w, v = la.eigh(symmetric(a))
        return np.sum(((v * MATRIX_FUNCTIONS[name](w / a.max())) @ v.T) * WEIGHTS)

    assert np.isnan(grad(lambda a: f(a * 1.0))(a)).any()
    assert np.isnan(jvp(f, (a,), (WEIGHTS,))[1])


@pytest.mark.parametrize("a", REPEATED.values(), ids=REPEATED)
def test_an_entry_of_a_vector_of_a_repeated_value_is_nan(a):
    for i in range(3):
        assert np.isnan(grad(lambda a, i=i: la.eigh(a)[1][i, 0])(a)).any()
        assert np.isnan(grad(lambda a, i=i: la.svd(a)[0][i, 1])(a)).any() or a is REPEATED["large"]


def test_a_gap_that_is_small_and_no_rounding_is_not_taken_for_one():
    a = np.diag([1.0, 1.0 + 1e-9, 3.0])
    g = grad(lambda a: la.eigh(a).eigenvectors[0, 1])(a)
    np.testing.assert_allclose(abs(g[0, 1]), 0.5e9, rtol=1e-6)


@pytest.mark.parametrize("a", [np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[0.0, 1.0], [0.0, 0.0]])])
def test_a_defective_matrix_has_no_derivatives_of_its_eigenvalues(a):
    assert np.isnan(grad(lambda a: np.real(la.eigvals(a)[0]))(a)).all()
    assert np.isnan(jvp(la.eigvals, (a,), (np.ones((2, 2)),))[1]).all()


def test_eig_at_repeated_eigenvalues():
    np.testing.assert_allclose(grad(lambda a: la.eigvals(a).sum())(np.eye(3)), np.eye(3))
    assert np.isnan(grad(lambda a: la.eig(a).eigenvectors[0, 1])(np.eye(3))).any()


def test_the_eigenvectors_of_a_general_matrix_follow_numpy_s_convention():
    """Length 1 and a real largest entry: the derivative is that of the very numbers that come out."""
    for x in (np.array([[0.2, -1.5, 0.3], [1.2, 0.1, 0.4], [0.3, 0.2, 3.0]]), spread(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))):
        check_grads(lambda x: la.eig(x).eigenvectors, (x,), order=2, modes=("rev", "fwd"), rtol=1e-4, atol=1e-5)


# -- singular vectors that are not determined --------------------------------------------------------
def test_additional_vectors_may_be_used_for_what_they_span_only():
    a, m = rng.normal(size=(4, 2)), rng.normal(size=(4, 4))
    for space in (lambda a: la.svd(a).U[:, 2:], lambda a: adjoint(la.svd(a.T).Vh)[:, 2:], lambda a: la.qr(a, "complete").Q[:, 2:]):
        check_grads(lambda a, space=space: np.sum(projector(space(a)) * m), (a,), order=2, modes=("rev", "fwd"), rtol=1e-4, atol=1e-5)
        assert np.isnan(grad(lambda a, space=space: space(a)[0, 1])(a)).any()
    found = grad(lambda a: np.sum(la.svd(a).U[:, :2] ** 2 * m[:, :2]) + la.svd(a).S.sum())(a)
    np.testing.assert_allclose(found, grad(lambda a: np.sum(la.svd(a, False).U ** 2 * m[:, :2]) + la.svdvals(a).sum())(a), rtol=1e-9)


def test_vectors_of_a_zero_singular_value_are_nan_where_they_are_asked_for():
    """Of 3 x 4 entries and rank 2: what is orthogonal to two vectors is one vector on the left and a plane on the right."""
    a = (Q3[:, :2] * np.array([2.0, 1.0])) @ Q4[:2]
    assert np.isnan(grad(lambda a: la.svd(a, full_matrices=False).Vh[2, 0])(a)).any()
    for column in (0, 2):
        check_grads(lambda a, k=column: la.svd(a, full_matrices=False).U[:, k] ** 2, (a,), order=1)


# -- symmetric arguments -----------------------------------------------------------------------------
@pytest.mark.parametrize("uplo", ["L", "U", "l"])
def test_only_one_triangle_is_read_and_the_gradient_is_symmetric(uplo):
    a = symmetric(rng.normal(size=(3, 3))) + np.diag([1.0, 4.0, 8.0])
    other = np.where(np.tri(3) > 0 if uplo.upper() == "L" else np.tri(3).T > 0, a, 99.0)
    for f in (lambda a: la.eigvalsh(a, uplo) @ np.arange(3.0), lambda a: (la.eigh(a, uplo).eigenvectors ** 4).sum()):
        np.testing.assert_allclose(vjp(f, other)[0], f(a), rtol=1e-12)
        np.testing.assert_allclose(grad(f)(other), grad(f)(a), rtol=1e-9)
        np.testing.assert_allclose(grad(f)(a), grad(f)(a).T, rtol=1e-9)
    with pytest.raises(ValueError, match="UPLO"):
        grad(lambda a: la.eigvalsh(a, "X").sum())(a)


# -- ranks -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize(("m", "n"), [(4, 3), (3, 4), (4, 4)])
def test_pinv_and_lstsq_along_matrices_of_the_same_deficient_rank(m, n, dtype):
    def draw(*shape):
        return (rng.normal(size=shape) + (1j * rng.normal(size=shape) if dtype is complex else 0)).astype(dtype)

    x, y, b = draw(m, 2), draw(2, n), draw(m)
    check_grads(lambda x, y: la.pinv(x @ y, rtol=1e-9), (x, y), order=2, modes=("rev", "fwd"), rtol=1e-4, atol=1e-4)
    check_grads(lambda x, y, b: la.lstsq(x @ y, b, rcond=1e-9)[0], (x, y, b), order=2, modes=("rev", "fwd"), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (2, 4, 3)])
def test_singular_values_that_are_dropped_and_no_rounding_are_taken_into_account(shape):
    u, _, vh = la.svd(rng.normal(size=shape), full_matrices=False)
    a = (u * np.array([3.0, 1.0, 0.2])) @ vh
    check_grads(lambda a: la.pinv(a, rcond=0.1), (a,), order=2, modes=("rev", "fwd"), rtol=1e-4, atol=1e-5)
    several = np.array([0.1, 0.01]) if len(shape) == 3 else 0.1
    check_grads(lambda a: la.pinv(a, rcond=several), (a,), order=1)


def test_the_rank_is_a_constant_and_decides_whether_there_are_residuals():
    a = rng.normal(size=(2, 4, 3))
    np.testing.assert_array_equal(vmap(lambda a: la.matrix_rank(a) * 1.0)(a), [3.0, 3.0])
    np.testing.assert_array_equal(vmap(lambda a: la.lstsq(a, np.ones(4))[2])(a), [3, 3])
    np.testing.assert_allclose(vmap(lambda a: la.lstsq(a, np.ones(4))[1])(a), [la.lstsq(x, np.ones(4))[1] for x in a])
    a[0, :, 2] = a[0, :, 1]
    with pytest.raises(ValueError, match="full rank and some not"):
        vmap(lambda a: la.lstsq(a, np.ones(4))[1])(a)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
@pytest.mark.parametrize("dtype", [float, complex])
def test_a_determinant_of_any_rank_is_exact_to_second_order(rank, dtype):
    a = projector(rng.normal(size=(3, rank)) + (1j * rng.normal(size=(3, rank)) if dtype is complex else 0)).astype(dtype)
    check_grads(la.det, (a,), order=2, modes=("rev", "fwd"), rtol=1e-4, atol=1e-6)


def test_a_float32_determinant_that_is_nearly_singular_is_accurate():
    for seed in range(5):
        x = np.random.default_rng(seed).normal(size=(4, 3))
        a = (x @ x.T).astype(np.float32)
        np.testing.assert_allclose(grad(la.det)(a), grad(la.det)(a.astype(float)), rtol=1e-3, atol=1e-5 * np.abs(x).max() ** 6)


@pytest.mark.parametrize("p", [None, 2, -2, 1, np.inf, "fro"])
def test_the_condition_of_a_singular_matrix_is_infinite_and_has_no_finite_slope(p):
    for a in (np.array([[1.0, 2.0], [2.0, 4.0]]), np.zeros((2, 2))):
        both = np.stack([a, np.diag([1.0, 2.0])])
        with np.errstate(all="ignore"):
            value, pull = vjp(lambda x: la.cond(x, p), both)
        np.testing.assert_allclose(value, la.cond(both, p), rtol=1e-12, atol=1e-15)
        slope = pull(np.ones(2))[0][0]
        assert p == -2 or not np.isfinite(slope).any() or np.abs(slope).max() > 1e30  # to rounding it is not singular
        np.testing.assert_allclose(pull(np.ones(2))[0][1], grad(lambda x: la.cond(x, p))(both[1]))


EMPTY = {
    "eigvalsh": (la.eigvalsh, (0, 0)), "svdvals": (la.svdvals, (0, 3)), "pinv": (la.pinv, (0, 3)), "det": (la.det, (0, 0)),
    "det of none": (la.det, (0, 2, 2)), "inv": (la.inv, (0, 2, 2)), "slogdet": (lambda x: la.slogdet(x)[1], (0, 2, 2)), "eigvals": (la.eigvals, (0, 2, 2)),
    "svd": (lambda x: la.svd(x).U, (0, 2, 3)), "qr": (lambda x: la.qr(x).R, (3, 0)), "eigh": (lambda x: la.eigh(x)[1], (0, 2, 2)),
    "matrix_power": (lambda x: la.matrix_power(x, 3), (0, 2, 2)), "kron": (lambda x: np.kron(x, np.ones(2)), (0, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", EMPTY)
def test_no_matrices_and_matrices_of_no_entries(name):
    f, shape = EMPTY[name]
    assert grad(lambda x: np.sum(np.real(f(x))))(np.zeros(shape)).shape == shape
    assert jvp(f, (np.zeros(shape),), (np.zeros(shape),))[1].shape == f(np.zeros(shape)).shape


# -- refusals and values -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda a: la.qr(a, "raw")[0], TypeError, "mode='raw'.*'reduced', 'complete' or 'r'"),
        (lambda a: la.pinv(a, rcond=0.1, rtol=0.1), ValueError, "can't be both"),
        (lambda a: la.matrix_power(a[:2], 2), la.LinAlgError, "square"),
        (lambda a: la.multi_dot([a]), ValueError, "at least two"),
        (lambda a: la.multi_dot([a, a[None]]), la.LinAlgError, "multi_dot takes matrices"),
        (lambda a: la.cross(a[:, :2], a), ValueError, "3-dimensional"),
        (lambda a: np.cross(a[:, :1], a), ValueError, "2 or 3 entries"),
        (lambda a: la.outer(a, a), ValueError, "one-dimensional"),
        (lambda a: la.lstsq(a[None], a[0])[0], la.LinAlgError, "lstsq takes a matrix"),
        (lambda a: la.tensorinv(a, ind=0), ValueError, "ind"),
        (lambda a: la.tensorsolve(a[:2], a[0]), la.LinAlgError, "first axes"),
    ],
)
def test_what_is_refused(f, error, message):
    with pytest.raises(error, match=message):
        grad(lambda a: np.sum(f(a)))(np.arange(9.0).reshape(3, 3) + np.eye(3))


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors")
def test_the_cross_product_of_vectors_of_two_entries():
    a, b = rng.normal(size=(4, 2)), rng.normal(size=(4, 2))
    check_grads(lambda a, b: np.cross(a, np.concatenate([b, b[:, :1]], axis=-1)), (a, b))

    def on_boxes(a, b):
        return np.cross(a, b).sum()

    np.testing.assert_allclose(grad(on_boxes)(a, b), np.stack([b[:, 1], -b[:, 0]], axis=-1))


# -- laws ----------------------------------------------------------------------------------------------
SQUARE = {
    "solve": lambda a, b: la.solve(spread(a), b),
    "inv": lambda a, b: la.inv(spread(a)),
    "det": lambda a, b: la.det(spread(a)),
    "slogdet": lambda a, b: tuple(la.slogdet(spread(a))),
    "cholesky": lambda a, b: la.cholesky(a @ adjoint(a) + np.eye(a.shape[-1])),
    "eigvalsh": lambda a, b: la.eigvalsh(hermitian(a)),
    "eigh": lambda a, b: np.abs(la.eigh(hermitian(a)).eigenvectors),
    "eigvals": lambda a, b: la.eigvals(spread(a)),
    "eig": lambda a, b: np.abs(la.eig(spread(a)).eigenvectors),
    "matrix_power": lambda a, b: la.matrix_power(spread(a), -2),
    "cond": lambda a, b: np.real(la.cond(spread(a), 1)),  # of complex matrices it is complex in NumPy 2.0
    "trace": lambda a, b: la.trace(a),
}
ANY = {
    "pinv": lambda a, b: la.pinv(a),
    "qr": lambda a, b: tuple(la.qr(a)),
    "r": lambda a, b: la.qr(a, "r"),
    "svd": lambda a, b: [np.abs(x) for x in la.svd(a, full_matrices=False)],
    "svdvals": lambda a, b: la.svdvals(a),
    "cond": lambda a, b: la.cond(a),
    "nuc": lambda a, b: la.matrix_norm(a, ord="nuc"),
    "kron": lambda a, b: np.kron(a, b),
    "matmul": lambda a, b: la.matmul(adjoint(a), b),
    "vecdot": lambda a, b: la.vecdot(a, b[..., :1], axis=-2),
}
LAWS = [(name, f, True) for name, f in SQUARE.items()] + [(name, f, False) for name, f in ANY.items()]


def problem(square, m, n, k, dtype, seed):
    """Matrices a (m, n) and b (m, k), and directions of theirs."""
    numbers = np.random.default_rng(seed)

    def draw(*shape):
        x = numbers.uniform(-1, 1, shape)
        return (x + 1j * numbers.uniform(-1, 1, shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)

    n = m if square else n
    return draw(m, n) + 2 * np.eye(m, n, dtype=dtype), draw(m, k), draw


def inner(a, b):
    return sum(np.real(np.sum(x * y)) for x, y in zip(tree.leaves(a), tree.leaves(b), strict=True))


@pytest.mark.parametrize(("name", "f", "square"), LAWS, ids=[f"{law[0]}-{'square' if law[2] else 'any'}" for law in LAWS])
@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.sampled_from([float, complex, np.float32]), st.integers(0, 10**6))
def test_laws(name, f, square, m, n, k, dtype, seed):
    a, b, draw = problem(square, m, n, k, dtype, seed)
    close = {"rtol": 2e-3, "atol": 2e-3} if dtype is np.float32 else {"rtol": 1e-8, "atol": 1e-8}
    da, db = draw(*a.shape), draw(*b.shape)
    value, pull = vjp(f, a, b)
    out, along = jvp(f, (a, b), (da, db))
    for plain, *boxed in zip(tree.leaves(f(a, b)), tree.leaves(value), tree.leaves(out), strict=True):
        for each in boxed:
            assert np.asarray(each).dtype == np.asarray(plain).dtype
            np.testing.assert_allclose(each, plain, **close)
    cotangent = tree.map(lambda x: draw(*np.shape(x)).astype(np.asarray(x).dtype) if np.iscomplexobj(draw(1)) else np.asarray(draw(*np.shape(x)), np.asarray(x).dtype), value) if dtype is not complex else tree.map(
        lambda x: draw(*np.shape(x)) if np.iscomplexobj(x) else np.real(draw(*np.shape(x))), value
    )
    np.testing.assert_allclose(inner(cotangent, along), inner(pull(cotangent), (da, db)), **close)
    if dtype is not np.float32:
        step = 1e-6
        ahead, behind = (tree.leaves(f(a + s * da, b + s * db)) for s in (step, -step))
        for t, x, y in zip(tree.leaves(along), ahead, behind, strict=True):
            np.testing.assert_allclose(t, (x - y) / (2 * step), rtol=1e-4, atol=1e-4 * (1 + np.abs(t).max()))
    if name not in ("eig", "eigvals", "kron"):
        rows = [f(a, b), f(1.5 * a, b)]
        batch = vmap(f, in_axes=(0, None))(np.stack([a, np.asarray(1.5 * a, a.dtype)]), b)
        for stacked, *each in zip(tree.leaves(batch), *map(tree.leaves, rows), strict=True):
            np.testing.assert_allclose(stacked, np.stack(each), **close)
