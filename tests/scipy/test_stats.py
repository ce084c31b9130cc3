"""`fdezero.scipy.stats`: each distribution, method and argument against SciPy's values and numerical derivatives."""

import pickle

import numpy as np
import pytest
import scipy.stats

import fdezero
from fdezero import grad, hessian, jacobian, jvp, value_and_grad, vmap
from fdezero.scipy import stats
from fdezero.testing import check_grads

A = np.array
rng = np.random.default_rng(3)

#: name -> shapes, points inside the support of the standard distribution.
CONTINUOUS = {
    "norm": ((), [-3.0, 0.2, 1.5]),
    "t": ((3.5,), [-3.0, 0.2, 1.5]),
    "gamma": ((2.3,), [0.2, 1.7, 6.0]),
    "beta": ((2.3, 0.7), [0.1, 0.5, 0.9]),
    "chi2": ((3.3,), [0.2, 2.0, 7.0]),
    "expon": ((), [0.1, 1.0, 4.0]),
    "uniform": ((), [0.1, 0.5, 0.9]),
    "laplace": ((), [-2.0, 0.3, 1.5]),
    "logistic": ((), [-2.0, 0.3, 1.5]),
    "lognorm": ((0.7,), [0.2, 1.2, 3.0]),
    "cauchy": ((), [-2.0, 0.3, 1.5]),
    "pareto": ((2.5,), [1.1, 1.5, 3.0]),
    "weibull_min": ((1.7,), [0.2, 0.8, 1.9]),
    "truncnorm": ((-1.2, 2.0), [-1.0, 0.2, 1.5]),
    "vonmises": ((1.5,), [-1.8, 0.3, 1.5]),
}
#: More shapes of which to check the values and derivatives.
MORE = {
    "truncnorm": [((1.0, 3.0), [1.1, 2.0, 2.9]), ((-4.0, -2.0), [-3.9, -3.0, -2.1]), ((5.0, 9.0), [5.1, 6.0, 8.0])],
    "gamma": [((0.4,), [0.01, 0.3, 2.0])],
    "t": [((30.0,), [-2.0, 0.5, 4.0])],
}
TABLE = [(name, *entry) for name in CONTINUOUS for entry in (CONTINUOUS[name], *MORE.get(name, []))]
OF_X = ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf")
OF_Q = ("ppf", "isf")
HELD = {("vonmises", m) for m in (*OF_X[2:], *OF_Q)}  # refused in kappa

table = pytest.mark.parametrize(("name", "shapes", "points"), TABLE, ids=[f"{n}{s}" for n, s, _ in TABLE])


def arguments(method, shapes, points):
    return (A([0.1, 0.45, 0.85]) if method in OF_Q else 1.5 * A(points) - 0.3), *shapes, -0.3, 1.5


@pytest.mark.parametrize("method", OF_X + OF_Q)
@table
def test_continuous(name, shapes, points, method):
    ours, theirs = getattr(getattr(stats, name), method), getattr(getattr(scipy.stats, name), method)
    args = arguments(method, shapes, points)
    np.testing.assert_array_equal(ours(*args), theirs(*args))
    if (name, method) in HELD:
        x, kappa, loc, scale = args
        f, args = (lambda x, loc, scale: ours(x, kappa, loc, scale)), (x, loc, scale)
        value = theirs(x, kappa, loc, scale)
        with pytest.raises(TypeError, match=r"vonmises_\w+ has no derivative rule for kappa"):
            grad(lambda k: ours(x, k, loc, scale).sum())(kappa)
    else:
        f, value = ours, theirs(*args)
    np.testing.assert_allclose(fdezero.record(f)(*args).value, value, rtol=1e-9, atol=1e-12)
    for mode in ("rev", "fwd"):
        check_grads(f, args, order=2, modes=(mode,), rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("method", OF_X + OF_Q)
@table
def test_keywords_frozen_batches_and_single_precision(name, shapes, points, method):
    x, *shapes, loc, scale = arguments(method, shapes, points)
    distribution = getattr(stats, name)
    value = getattr(getattr(scipy.stats, name), method)(x, *shapes, loc, scale)
    names = dict(zip(distribution.shapes, shapes, strict=True))
    close = {"rtol": 1e-9, "atol": 1e-12}
    record = lambda f, *args: fdezero.record(f)(*args).value  # noqa: E731
    np.testing.assert_allclose(record(lambda x: getattr(distribution, method)(x, scale=scale, loc=loc, **names), x), value, **close)
    np.testing.assert_allclose(record(lambda s: getattr(distribution(*shapes, loc=loc, scale=s), method)(x), scale), value, **close)
    np.testing.assert_allclose(record(lambda x: getattr(distribution(*shapes, loc, scale), method)(x), x), value, **close)
    np.testing.assert_array_equal(getattr(distribution(*shapes, loc, scale), method)(x), value)
    np.testing.assert_allclose(vmap(lambda x: getattr(distribution, method)(x, *shapes, loc, scale))(x), value, **close)
    np.testing.assert_allclose(vmap(lambda s: getattr(distribution, method)(x, *shapes, loc, s))(A([scale, scale])), [value, value], **close)
    # standard: neither loc nor scale
    standard = getattr(getattr(scipy.stats, name), method)(x, *shapes)
    np.testing.assert_allclose(record(lambda x: getattr(distribution, method)(x, *shapes), x), standard, **close)
    half = x.astype(np.float32)
    assert record(lambda x: getattr(distribution, method)(x, *shapes, loc, scale), half).dtype == np.float64  # as SciPy's
    narrow = grad(lambda x: getattr(distribution, method)(x, *shapes, loc, scale).sum())(half)
    assert narrow.dtype == np.float32


SUPPORTS = [entry for entry in TABLE if entry[0] not in ("norm", "t", "laplace", "logistic", "cauchy", "vonmises")]


@pytest.mark.parametrize("method", OF_X)
@pytest.mark.parametrize(("name", "shapes", "points"), SUPPORTS, ids=[f"{n}{s}" for n, s, _ in SUPPORTS])
def test_outside_the_support(name, shapes, points, method):
    """SciPy's values, and a gradient of zero in every argument."""
    distribution = getattr(stats, name)
    low, high = getattr(scipy.stats, name).support(*shapes)
    x = A([low - 1.0, low - 30.0, *([] if np.isinf(high) else [high + 1.0])])
    args = (x, *shapes, 0.0, 1.0)
    every = tuple(range(len(args)))
    out, gradients = value_and_grad(lambda *xs: np.exp(getattr(distribution, method)(*xs)).sum(), argnums=every)(*args)
    assert out == np.exp(getattr(getattr(scipy.stats, name), method)(*args)).sum()
    for g in gradients:
        np.testing.assert_array_equal(g, np.zeros_like(g))
    tangents = jvp(lambda *xs: np.exp(getattr(distribution, method)(*xs)), args, tuple(np.ones_like(a) for a in args))[1]
    np.testing.assert_array_equal(tangents, np.zeros_like(x))


@pytest.mark.parametrize("method", OF_X + OF_Q)
@table
def test_invalid_parameters_are_nan(name, shapes, points, method):
    x, *_ = arguments(method, shapes, points)
    ours, theirs = getattr(getattr(stats, name), method), getattr(getattr(scipy.stats, name), method)
    np.testing.assert_array_equal(fdezero.record(lambda s: ours(x, *shapes, 0, s))(-1.0).value, theirs(x, *shapes, 0, -1.0))
    scales = A([1.0, -1.0, 0.0])
    np.testing.assert_array_equal(np.isnan(fdezero.record(lambda s: ours(x, *shapes, 0, s))(scales).value), [False, True, True])
    if shapes and (name, method) not in HELD:
        bad = [-1.0] * len(shapes)
        np.testing.assert_array_equal(fdezero.record(lambda *b: ours(x, *b))(*bad).value, theirs(x, *bad))


def test_quantiles_at_the_ends_and_beyond():
    q = A([0.0, 1.0, -0.1, 1.1, 0.5])
    for name, shapes, _ in TABLE:
        for method in OF_Q:

            def f(q, method=getattr(getattr(stats, name), method), shapes=shapes):  # noqa: B008
                return method(q, *shapes, 1.0, 2.0)

            value, gradient = value_and_grad(lambda q, f=f: np.where(q == 0.5, f(q), 0).sum())(q)
            boxed = fdezero.record(f)(q).value
            np.testing.assert_allclose(boxed, getattr(getattr(scipy.stats, name), method)(q, *shapes, 1.0, 2.0), rtol=1e-9)
            assert np.isfinite(value) and np.isfinite(gradient).all() and gradient[4] != 0


# -- discrete --------------------------------------------------------------------------------------------
#: name -> shapes, those that are held fixed.
DISCRETE = {
    "poisson": ((2.3,), ()),
    "binom": ((5, 0.3), (5,)),
    "bernoulli": ((0.3,), ()),
    "nbinom": ((2.5, 0.4), ()),
    "geom": ((0.3,), ()),
}
OF_K = ("pmf", "logpmf", "cdf", "logcdf", "sf", "logsf")
K = A([-1.0, 0.0, 1.0, 2.0, 3.5, 5.0, 7.0])


@pytest.mark.parametrize("method", OF_K)
@pytest.mark.parametrize("name", DISCRETE)
def test_discrete(name, method):
    shapes, held = DISCRETE[name]
    ours, theirs = getattr(getattr(stats, name), method), getattr(getattr(scipy.stats, name), method)
    for loc in (0, 1):
        value = theirs(K, *shapes, loc)
        np.testing.assert_array_equal(ours(K, *shapes, loc), value)
        args = shapes[len(held) :]
        boxed = fdezero.record(lambda *xs, loc=loc: ours(K, *held, *xs, loc))(*args).value
        np.testing.assert_allclose(boxed, value, rtol=1e-9, atol=1e-14)
        finite = K[np.isfinite(value)]
        for mode in ("rev", "fwd"):
            check_grads(lambda *xs, loc=loc, k=finite: ours(k, *held, *xs, loc), args, order=2, modes=(mode,), rtol=2e-3, atol=2e-4)
    p = np.stack([np.full(K.shape, args[-1])] * 2)
    np.testing.assert_allclose(vmap(lambda p: ours(K, *shapes[:-1], p))(p), np.stack([theirs(K, *shapes)] * 2), rtol=1e-9)
    # k moves in steps
    np.testing.assert_array_equal(grad(lambda k: (0 * k + np.exp(ours(k, *shapes))).sum())(K), np.zeros_like(K))
    assert np.isnan(fdezero.record(lambda p: ours(2.0, *shapes[:-1], p))(-0.5).value)


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_quantiles_are_constants(name):
    shapes, _ = DISCRETE[name]
    for method in OF_Q:
        f = getattr(getattr(stats, name), method)
        value = getattr(getattr(scipy.stats, name), method)(0.4, *shapes)
        assert value_and_grad(lambda q, f=f: q * f(q, *shapes))(0.4) == (0.4 * value, value)


# -- multivariate ----------------------------------------------------------------------------------------
_root = rng.normal(size=(3, 3))
COV = _root @ _root.T + np.eye(3)
MULTIVARIATE = [
    ("normal", lambda s, x, m, r: s.multivariate_normal.logpdf(x, m, r @ r.T + np.eye(3)), (rng.normal(size=(4, 3)), rng.normal(size=3), _root)),
    ("normal, one point", lambda s, x, m: s.multivariate_normal.logpdf(x, m, COV), (rng.normal(size=3), rng.normal(size=3))),
    ("normal, pdf", lambda s, x: s.multivariate_normal.pdf(x, None, COV), (rng.normal(size=(2, 2, 3)),)),
    ("normal, a diagonal", lambda s, x, v: s.multivariate_normal.logpdf(x, np.zeros(3), v), (rng.normal(size=(4, 3)), A([0.5, 1.0, 2.0]))),
    ("normal, a number", lambda s, x, v: s.multivariate_normal.logpdf(x, A([0.0, 1.0]), v), (rng.normal(size=(4, 2)), np.float64(0.7))),
    ("normal, one component", lambda s, x: s.multivariate_normal.logpdf(x), (rng.normal(size=4),)),
    ("normal, entropy", lambda s, r: s.multivariate_normal.entropy(np.zeros(3), r @ r.T + np.eye(3)), (_root,)),
    ("normal, entropy of a diagonal", lambda s, v: s.multivariate_normal.entropy(np.zeros(3), v), (A([0.5, 1.0, 2.0]),)),
    ("normal, equal variances", lambda s, v: s.multivariate_normal.entropy(np.zeros(3), v), (np.ones(3),)),
    ("normal, not singular", lambda s, x, r: s.multivariate_normal.logpdf(x, None, r @ r.T + np.eye(3), True), (rng.normal(size=(4, 3)), _root)),
    ("normal, singular", lambda s, u, m, r: s.multivariate_normal.logpdf(r @ u + m, m, r @ r.T, True), (rng.normal(size=2), rng.normal(size=3), _root[:, :2])),
    ("normal, singular, pdf", lambda s, u, r: s.multivariate_normal.pdf(u @ r.T, np.zeros(3), r @ r.T, True), (rng.normal(size=(4, 2)), _root[:, :2])),
    ("normal, entropy of a singular one", lambda s, r: s.multivariate_normal.entropy(None, r @ r.T), (_root[:, :2],)),
    ("multinomial", lambda s, p: s.multinomial.logpmf(A([[1, 2, 2], [0, 5, 0], [1, 1, 1]])[:2], 5, p / p.sum()), (A([0.25, 0.25, 0.5]),)),
    ("multinomial, pmf", lambda s, p: s.multinomial.pmf(A([[1, 2, 2], [1, 1, 1]]), 5, p / p.sum()), (A([0.25, 0.25, 0.5]),)),
    ("dirichlet", lambda s, a: s.dirichlet.logpdf(A([0.2, 0.3, 0.5]), a), (A([1.5, 0.7, 2.0]),)),
    ("dirichlet, several", lambda s, a: s.dirichlet.pdf(A([[0.2, 0.1], [0.3, 0.3], [0.5, 0.6]]), a), (A([1.5, 0.7, 2.0]),)),
    ("dirichlet, in x", lambda s, x, a: s.dirichlet.logpdf(x, a), (A([0.2, 0.3]), A([1.5, 0.7, 2.0]))),
]  # fmt: skip


@pytest.mark.parametrize(("f", "args"), [c[1:] for c in MULTIVARIATE], ids=[c[0] for c in MULTIVARIATE])
def test_multivariate(f, args):
    plain = f(scipy.stats, *args)
    np.testing.assert_array_equal(f(stats, *args), plain)
    boxed = fdezero.record(lambda *xs: f(stats, *xs))(*args).value
    assert np.shape(boxed) == np.shape(plain)
    np.testing.assert_allclose(boxed, plain, rtol=1e-10)
    for mode in ("rev", "fwd"):
        check_grads(lambda *xs: f(stats, *xs), args, order=2, modes=(mode,), rtol=2e-3, atol=2e-4)
    batch = vmap(lambda *xs: f(stats, *xs))(*[np.stack([a, a]) for a in args])
    np.testing.assert_allclose(batch, np.stack([plain, plain]), rtol=1e-10)


def test_outside_the_range_of_a_singular_covariance_the_density_is_0():
    x, cov = A([[1.0, 0.0], [1.0, 1.0]]), np.diag([2.0, 0.0])
    logpdf = lambda x: stats.multivariate_normal.logpdf(x, np.zeros(2), cov, allow_singular=True)  # noqa: E731
    np.testing.assert_array_equal(fdezero.record(logpdf)(x).value, logpdf(x))
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.exp(logpdf(x))))(x)[1], 0.0)
    with pytest.raises(np.linalg.LinAlgError):
        grad(lambda x: stats.multivariate_normal.logpdf(x, np.zeros(2), cov))(x[0])


def test_a_frozen_normal_has_an_entropy():
    frozen = lambda cov: stats.multivariate_normal(np.zeros(3), cov, allow_singular=True).entropy()  # noqa: E731
    np.testing.assert_allclose(grad(frozen)(COV), 0.5 * np.linalg.inv(COV))
    assert frozen(COV) == scipy.stats.multivariate_normal(np.zeros(3), COV).entropy()


def test_gradient_in_the_covariance_is_symmetric():
    """It is (S^-1 d d^T S^-1 - S^-1) / 2 for a deviation d."""
    x, inverse = rng.normal(size=3), np.linalg.inv(COV)
    expected = 0.5 * (np.outer(inverse @ x, inverse @ x) - inverse)
    np.testing.assert_allclose(grad(stats.multivariate_normal.logpdf, argnums=2)(x, np.zeros(3), COV), expected, rtol=1e-9)


def test_refusals():
    with pytest.raises(TypeError, match="gamma takes the parameters a, loc, scale"):
        grad(lambda x: stats.gamma.logpdf(x))(1.0)
    with pytest.raises(TypeError, match="gamma takes the parameters a, loc, scale"):
        grad(lambda x: stats.gamma.logpdf(x, 1.0, a=2.0))(1.0)
    with pytest.raises(TypeError, match="norm takes the parameters loc, scale"):
        grad(lambda x: stats.norm.logpdf(x, 1.0, 2.0, 3.0))(1.0)
    with pytest.raises(ValueError, match="x needs 3, or 2 without the last"):
        grad(lambda a: stats.dirichlet.logpdf(A([0.5]), a))(A([1.0, 2.0, 3.0]))


def test_the_rest_is_scipy_s():
    assert stats.norm.rvs(size=3, random_state=1) == pytest.approx(scipy.stats.norm.rvs(size=3, random_state=1))
    assert stats.gamma.mean(2.0) == 2.0 and stats.norm(1.0, 2.0).mean() == 1.0
    with pytest.raises(AttributeError, match="nonsense"):
        stats.norm(1.0, 2.0).nonsense  # noqa: B018
    with pytest.raises(TypeError):
        stats.norm(1.0, 2.0, 3.0)
    assert stats.ttest_ind is scipy.stats.ttest_ind and stats.f is scipy.stats.f


@pytest.mark.parametrize("method", OF_X)
def test_no_number_and_infinity(method):
    """A NaN among the values stays one, and at an infinite end of a truncated distribution the value is the limit."""
    k, x = A([1.0, np.nan, 2.5]), A([-np.inf, np.nan, 0.2, np.inf])
    discrete = method.replace("pdf", "pmf")
    for name, shapes in (("poisson", (2.0,)), ("poisson", (0.0,)), ("binom", (3, 0.4)), ("geom", (0.4,))):
        found, pull = fdezero.vjp(lambda p, name=name, s=shapes: getattr(getattr(stats, name), discrete)(k, *s[:-1], p), shapes[-1])
        np.testing.assert_allclose(found, getattr(getattr(scipy.stats, name), discrete)(k, *shapes))
        assert shapes == (0.0,) or not np.isnan(pull(A([1.0, 0.0, 0.0]))[0])
    for shapes in ((-np.inf, 0.5), (-0.5, np.inf)):
        found, _ = fdezero.vjp(lambda x, s=shapes: getattr(stats.truncnorm, method)(x, *s), x)
        np.testing.assert_allclose(found, getattr(scipy.stats.truncnorm, method)(x, *shapes))


def test_distributions_are_pickled_by_name():
    for name in stats.__all__:
        distribution = getattr(stats, name)
        assert repr(distribution) == f"<distribution {name}>"
        assert pickle.loads(pickle.dumps(distribution)) is distribution
    held = pickle.loads(pickle.dumps(stats.norm(1.0, 2.0)))
    assert held.logpdf(0.5) == scipy.stats.norm.logpdf(0.5, 1.0, 2.0) and grad(held.logpdf)(0.5) == 0.125


@pytest.mark.parametrize("method", ["logpdf", "cdf"])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_one_parameter_has_entries_of_its_own(name, method):
    """The others are one number each, whose cotangents are summed: over what, depends on the shapes of all."""
    shapes, points = CONTINUOUS[name]
    args = arguments(method, shapes, points)
    held = 2 if (name, method) in HELD else 1  # kappa, which is refused
    for one in range(held, len(args)):
        mixed = [np.full(3, x) * A([1.0, 1.01, 0.99]) if i == one else x for i, x in enumerate(args[held:], held)]
        check_grads(lambda *p: getattr(getattr(stats, name), method)(*args[:held], *p), mixed, order=1, modes=("rev", "fwd"), rtol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_the_cotangent_of_a_sum_is_one_number_and_gives_what_an_array_gives(shape, dtype):
    x = np.array([[0.3, -1.2, 2.0], [1.0, 0.1, -0.4]], dtype)
    loc, scale = np.full(shape, 0.2, dtype)[()], np.full(shape, 1.3, dtype)[()]
    for parameters in ((), (loc,), (loc, scale)):
        _, pullback = fdezero.vjp(stats.norm.logpdf, x, *parameters)
        dense = pullback(np.full(x.shape, 2.0))
        repeated = pullback(np.broadcast_to(2.0, x.shape))
        for mine, other in zip(repeated, dense, strict=True):
            assert mine.dtype == other.dtype == dtype
            np.testing.assert_allclose(mine, other, rtol=1e-5)
        check_grads(lambda *args: stats.norm.logpdf(*args).sum(), (x.astype(float), *[p.astype(float) for p in parameters]), order=2)
    assert grad(lambda x: stats.norm.logpdf(x).sum())(np.zeros((0, 3))).shape == (0, 3)


def test_a_likelihood_and_its_information():
    """The gamma distribution's information matrix is [[trigamma(a), -1/s], [-1/s, a/s^2]] in the shape and scale."""
    from scipy.special import polygamma

    data = scipy.stats.gamma.rvs(2.5, scale=1.5, size=50, random_state=0)
    a, s = 2.5, data.mean() / 2.5  # at this scale the Hessian in s is its expectation
    found = -hessian(lambda v: stats.gamma.logpdf(data, v[0], scale=v[1]).mean())(A([a, s]))
    np.testing.assert_allclose(found, [[polygamma(1, a), 1 / s], [1 / s, a / s**2]], rtol=1e-10)


def test_a_distribution_function_s_derivative_is_the_density():
    for name, shapes, points in TABLE:
        x = A(points)
        slope = np.diag(jacobian(lambda x, name=name, s=shapes: getattr(stats, name).cdf(x, *s))(x))
        np.testing.assert_allclose(slope, getattr(scipy.stats, name).pdf(x, *shapes), rtol=1e-9)
