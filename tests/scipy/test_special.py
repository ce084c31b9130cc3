"""`fdezero.scipy.special`: the functions that are no ufuncs, against SciPy's values and numerical derivatives."""

import numpy as np
import pytest
import scipy.special as sc

import fdezero
from fdezero import grad, hessian, jvp, vmap
from fdezero.scipy import special
from fdezero.testing import check_grads

A = np.array
rng = np.random.default_rng(1)
X = rng.normal(size=(2, 3))

#: name, function of a namespace and its arguments, the arguments.
CASES = [
    ("logsumexp", lambda s, x: s.logsumexp(x), (X,)),
    ("logsumexp axis", lambda s, x: s.logsumexp(x, axis=0), (X,)),
    ("logsumexp axes", lambda s, x: s.logsumexp(x, axis=(0, 1), keepdims=True), (X,)),
    ("logsumexp negative axis", lambda s, x: s.logsumexp(x, -1, keepdims=True), (X,)),
    ("logsumexp b", lambda s, x, b: s.logsumexp(x, axis=1, b=b), (X, np.abs(X) + 0.1)),
    ("logsumexp b broadcasts", lambda s, x, b: s.logsumexp(x, b=b), (X, A([0.5, 1.0, 2.0]))),
    ("logsumexp sign", lambda s, x, b: s.logsumexp(x, axis=1, b=b, return_sign=True)[0], (X, X + 0.3)),
    ("logsumexp zero weight", lambda s, x: s.logsumexp(x, b=A([0.0, 1.0, 2.0])), (X,)),
    ("logsumexp of a number", lambda s, x: s.logsumexp(x), (np.float64(0.3),)),
    ("softmax", lambda s, x: s.softmax(x), (X,)),
    ("softmax axis", lambda s, x: s.softmax(x, axis=0), (X,)),
    ("log_softmax", lambda s, x: s.log_softmax(x), (X,)),
    ("log_softmax axis", lambda s, x: s.log_softmax(x, axis=-1), (X,)),
    ("polygamma 0", lambda s, x: s.polygamma(0, x), (A([0.5, 2.0]),)),
    ("polygamma of orders", lambda s, x: s.polygamma([0, 1, 3], x), (A([0.5, 2.0, 1.5]),)),
    ("multigammaln", lambda s, x: s.multigammaln(x, 3), (A([1.5, 4.0]),)),
    ("factorial", lambda s, x: s.factorial(x), (A([0.5, 3.0, -0.5]),)),
    ("comb", lambda s, n, k: s.comb(n, k), (A([5.0, 4.5]), A([2.0, 1.3]))),
    ("comb outside", lambda s, n: s.comb(n, [3, 1]), (A([2.0, 4.5]),)),
    ("comb with repetition", lambda s, n, k: s.comb(n, k, repetition=True), (A([5.0, 4.5]), A([2.0, 1.3]))),
    ("perm", lambda s, n, k: s.perm(n, k), (A([5.0, 4.5]), A([2.0, 1.3]))),
    ("softplus", lambda s, x: s.softplus(x), (X,)),
    ("zeta", lambda s, x: s.zeta(3, x), (A([0.5, 2.0]),)),
    ("lambertw", lambda s, x: s.lambertw(x).real, (A([0.5, 2.0]),)),
    ("erf", lambda s, x: s.erf(x), (X,)),
    *[
        (f"spherical_{k} {n} {d}", lambda s, z, k=k, n=n, d=d: getattr(s, f"spherical_{k}")(n, z, derivative=d), (A([0.5, 2.0] if k == "kn" else [0.5, -2.0]),))
        for k in ("jn", "yn", "in", "kn")
        for n in (0, 2)
        for d in (False, True)
    ],
]
ids = [c[0] for c in CASES]
cases = [c[1:] for c in CASES]


@pytest.mark.parametrize(("f", "args"), cases, ids=ids)
def test_without_boxes_it_is_scipy_s(f, args):
    np.testing.assert_array_equal(f(special, *args), f(sc, *args))


@pytest.mark.parametrize(("f", "args"), cases, ids=ids)
def test_value_on_boxes(f, args):
    boxed = fdezero.record(lambda *xs: f(special, *xs))(*args).value
    plain = f(sc, *args)
    assert np.shape(boxed) == np.shape(plain)
    np.testing.assert_allclose(boxed, plain, rtol=1e-12)


@pytest.mark.parametrize("mode", ["rev", "fwd"])
@pytest.mark.parametrize(("f", "args"), cases, ids=ids)
def test_derivatives(f, args, mode):
    check_grads(lambda *xs: f(special, *xs), args, order=2, modes=(mode,), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize(("f", "args"), [c for c in cases if np.ndim(c[1][0])], ids=[c[0] for c in CASES if np.ndim(c[2][0])])
def test_vmap(f, args):
    batched = vmap(lambda *xs: f(special, *xs))(*[np.stack([x, x]) for x in args])
    one = f(sc, *args)
    np.testing.assert_allclose(batched, np.stack([one, one]), rtol=1e-12)


INFINITE = [
    (A([-np.inf, -np.inf]), A([0.5, 0.5])),
    (A([np.inf, 1.0, np.inf]), A([0.5, 0.0, 0.5])),
    (A([-np.inf, 1.0, 1.0]), A([0.0, 0.5, 0.5])),
    (A([1e4, 0.0]), A([1.0, 0.0])),
]


@pytest.mark.parametrize(("x", "weights"), INFINITE)
def test_logsumexp_of_infinities(x, weights):
    value, gradient = fdezero.value_and_grad(special.logsumexp)(x)
    assert value == sc.logsumexp(x)
    np.testing.assert_array_equal(gradient, weights)
    tangent = jvp(special.logsumexp, (x,), (np.arange(1.0, x.size + 1),))[1]
    assert tangent == weights @ np.arange(1.0, x.size + 1)
    rows = vmap(grad(special.logsumexp))(np.stack([x, np.zeros_like(x)]))
    np.testing.assert_allclose(rows, [weights, np.full(x.size, 1 / x.size)])


def test_hessian_of_logsumexp_is_that_of_its_softmax():
    p = sc.softmax(X[0])
    np.testing.assert_allclose(hessian(special.logsumexp)(X[0]), np.diag(p) - np.outer(p, p), atol=1e-15)


def test_lists_of_boxes_and_single_precision():
    np.testing.assert_allclose(grad(lambda x: special.logsumexp([x, 0.0]))(0.0), 0.5)
    assert grad(special.logsumexp)(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_array_equal(special.logsumexp([1, 2]), sc.logsumexp([1, 2]))


def test_what_is_exact_is_refused():
    for f in (lambda x: special.factorial(x, exact=True), lambda x: special.comb(x, 2, exact=True), lambda x: special.perm(x, 2, exact=True)):
        with pytest.raises(TypeError, match="exact=True is integer arithmetic"):
            grad(f)(4.0)
    with pytest.raises(TypeError, match="extend='complex'"):
        grad(lambda x: special.factorial(x, extend="complex"))(4.0)
    with pytest.raises(ValueError, match="condition a"):
        grad(lambda x: special.multigammaln(x, 4))(1.0)
    with pytest.raises(TypeError, match=r"scipy.special.polygamma has no derivative rule for the order n"):
        grad(lambda n: special.polygamma(n, 1.0))(1.0)


def test_every_other_name_is_scipy_s_own():
    assert special.erf is sc.erf and special.roots_legendre is sc.roots_legendre
    assert set(sc.__all__) <= set(dir(special))
    with pytest.raises(AttributeError, match="nonsense"):
        special.nonsense  # noqa: B018


def test_the_package_loads_what_is_asked_for():
    import fdezero.scipy as fsp

    assert fsp.special is special and "special" in dir(fsp)
    with pytest.raises(AttributeError, match=r"SciPy's own is scipy.nonsense"):
        fsp.nonsense  # noqa: B018
