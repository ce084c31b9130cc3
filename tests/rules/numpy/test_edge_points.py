"""What a derivative is where there is none: each row a point, and the value that is documented for it."""

import numpy as np
import pytest

from fdezero import at, checkpoint, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap

nan, inf = np.nan, np.inf
A = np.array


def masked_sqrt(x):
    with np.errstate(all="ignore"):
        return np.where(x > 0, np.sqrt(x), 0).sum()


def masked_xlogx(x):
    with np.errstate(all="ignore"):
        return np.where(x > 0, x * np.log(x), 0).sum()


#: name, function of one argument, the point, its derivative.
POINTS = [
    ("sqrt at 0", np.sqrt, 0.0, inf),
    ("abs at 0", np.abs, 0.0, 0.0),
    ("fabs at 0", np.fabs, 0.0, 0.0),
    *[(f"{f.__name__} at a tie", lambda x, f=f: f(x, 2.0), 2.0, 0.5) for f in (np.maximum, np.minimum, np.fmax, np.fmin)],
    *[(f"{f.__name__} at a tie, second", lambda x, f=f: f(2.0, x), 2.0, 0.5) for f in (np.maximum, np.minimum, np.fmax, np.fmin)],
    ("maximum(x, 0) at 0", lambda x: np.maximum(x, 0), 0.0, 0.5),
    ("maximum of x and x", lambda x: np.maximum(x, x), 2.0, 1.0),
    ("maximum with a NaN", lambda x: np.maximum(x, 1.0), nan, 1.0),
    ("fmax with a NaN", lambda x: np.fmax(x, 1.0), nan, 0.0),
    ("max with ties", np.max, A([1.0, 3.0, 3.0, 3.0]), A([0, 1 / 3, 1 / 3, 1 / 3])),
    ("min with ties", np.min, A([1.0, 1.0, 3.0]), A([0.5, 0.5, 0])),
    ("max with a NaN", np.max, A([1.0, nan, 3.0]), A([0.0, 1.0, 0.0])),
    ("x**0.0 at 0", lambda x: x**0.0, 0.0, 0.0),
    ("x**y at y = 0, x = 0", lambda x: np.power(x, A([0.0])).sum(), 0.0, 0.0),
    ("x**1.0 at 0, second", grad(lambda x: x**1.0), 0.0, 0.0),
    ("x**y at y = 1, x = 0", lambda x: np.power(x, A([1.0])).sum(), 0.0, 1.0),
    ("x**2 at 0, second", grad(lambda x: x**2), 0.0, 2.0),
    ("0**y at 2", lambda y: 0.0**y, 2.0, 0.0),
    ("0**y at 0", lambda y: 0.0**y, 0.0, 0.0),
    ("(-2)**3.0 in x", lambda x: x**3.0, -2.0, 12.0),
    ("(-2)**[3.0] in x", lambda x: (x ** A([3.0])).sum(), -2.0, 12.0),
    ("(-2)**3.0 in y", lambda y: (-2.0) ** y, 3.0, nan),
    ("hypot(0, 0)", lambda x: np.hypot(x, 0.0), 0.0, 0.0),
    ("hypot(0, 0), second", lambda x: np.hypot(0.0, x), 0.0, 0.0),
    ("arctan2(0, 0)", lambda x: np.arctan2(x, 0.0), 0.0, 0.0),
    ("arctan2(0, 0), second", lambda x: np.arctan2(0.0, x), 0.0, 0.0),
    ("where over sqrt", masked_sqrt, A([-1.0, 0.0, 4.0]), A([0.0, 0.0, 0.25])),
    ("where over x log x", masked_xlogx, A([0.0, 1.0]), A([0.0, 1.0])),
    ("clip at the lower bound", lambda x: np.clip(x, 1.0, 2.0), 1.0, 1.0),
    ("clip at the upper bound", lambda x: np.clip(x, 1.0, 2.0), 2.0, 1.0),
    ("clip with equal bounds", lambda x: np.clip(x, 1.0, 1.0), 1.0, 0.0),
    ("logaddexp(-inf, -inf)", lambda x: np.logaddexp(x, -inf), -inf, 0.5),
    ("logaddexp(inf, 0)", lambda x: np.logaddexp(x, 0.0), inf, 1.0),
    ("logaddexp(0, inf)", lambda x: np.logaddexp(x, inf), 0.0, 0.0),
    ("logaddexp2(-inf, -inf)", lambda x: np.logaddexp2(x, -inf), -inf, 0.5),
    ("std of a constant vector", np.std, A([2.0, 2.0, 2.0]), A([0.0, 0.0, 0.0])),
    ("std of one number", np.std, A([2.0]), A([0.0])),
    ("prod with one zero", np.prod, A([0.0, 2.0, 3.0]), A([6.0, 0.0, 0.0])),
    ("prod with two zeros", np.prod, A([0.0, 2.0, 0.0]), A([0.0, 0.0, 0.0])),
    ("copysign(x, -1) at 0", lambda x: np.copysign(x, -1.0), 0.0, 0.0),
    ("mod(-7.5, y) at 2", lambda y: np.mod(-7.5, y), 2.0, 4.0),
    ("|z|**2 at 1+2j", lambda z: np.abs(z) ** 2, 1 + 2j, 2 - 4j),
    ("|z| at 0", np.abs, 0j, 0j),
    ("norm of a zero vector", np.linalg.norm, A([0.0, 0.0]), A([0.0, 0.0])),
    ("norm of a zero vector, squared", lambda x: np.linalg.norm(x) ** 2, A([0.0, 0.0]), A([0.0, 0.0])),
    ("norm with ord=1 at an entry of 0", lambda x: np.linalg.norm(x, ord=1), A([0.0, -2.0]), A([0.0, -1.0])),
    ("norm with ord=1.5 at an entry of 0", lambda x: np.linalg.norm(x, ord=1.5), A([0.0, -2.0]), A([0.0, -1.0])),
    ("norm with ord=3 of a zero vector", lambda x: np.linalg.norm(x, ord=3), A([0.0, 0.0]), A([0.0, 0.0])),
    ("norm with ord=inf and ties", lambda x: np.linalg.norm(x, ord=np.inf), A([3.0, -3.0, 1.0]), A([0.5, -0.5, 0.0])),
    ("norm(keepdims=True)", lambda x: np.linalg.norm(x, axis=0, keepdims=True).sum(), A([[3.0], [4.0]]), A([[0.6], [0.8]])),
    ("det of a singular matrix", np.linalg.det, A([[1.0, 2.0], [2.0, 4.0]]), A([[4.0, -2.0], [-2.0, 1.0]])),
    ("det of a zero matrix", np.linalg.det, np.zeros((3, 3)), np.zeros((3, 3))),
    ("repeated eigenvalues", lambda x: np.linalg.eigvalsh(x).sum(), np.eye(2), np.eye(2)),
    ("repeated eigenvalues through eigh", lambda x: np.linalg.eigh(x)[0] @ A([1.0, 1.0]), np.eye(2), np.eye(2)),
    ("repeated singular values", lambda x: np.linalg.svdvals(x).sum(), np.eye(2), np.eye(2)),
    ("sort with ties", lambda x: np.sort(x) @ A([1.0, 10.0, 100.0]), A([2.0, 1.0, 1.0]), A([100.0, 1.0, 10.0])),
    ("cumprod with a zero", lambda x: np.cumprod(x).sum(), A([2.0, 0.0, 3.0]), A([1.0, 2.0 + 6.0, 0.0])),
    ("sign", lambda x: np.sign(x) * x, 0.0, 0.0),
    ("cbrt at 0", np.cbrt, 0.0, inf),
    ("arcsin at 1", np.arcsin, 1.0, inf),
    ("arccos at 1", np.arccos, 1.0, -inf),
    ("arccosh at 1", np.arccosh, 1.0, inf),
]  # fmt: skip

#: At these points the function itself is infinite, and NumPy says so.
SINGULAR = [
    ("log at 0", np.log, 0.0, inf),
    ("log2 at 0", np.log2, 0.0, inf),
    ("log10 at 0", np.log10, 0.0, inf),
    ("log1p at -1", np.log1p, -1.0, inf),
    ("reciprocal at 0", np.reciprocal, 0.0, -inf),
    ("0**y at -1", lambda y: 0.0**y, -1.0, -inf),
    ("arctanh at 1", np.arctanh, 1.0, inf),
    ("std of no degrees of freedom", lambda x: np.std(x, ddof=1), A([2.0]), A([nan])),
]


@pytest.mark.parametrize(("f", "x", "expected"), [p[1:] for p in POINTS], ids=[p[0] for p in POINTS])
def test_reverse(f, x, expected):
    np.testing.assert_allclose(grad(f)(x), expected, rtol=1e-12)


def forward(f, x):
    """The derivative along each unit vector."""
    x = np.asarray(x)
    columns = []
    for index in np.ndindex(x.shape):
        t = np.zeros_like(x)
        t[index] = 1.0
        columns.append(jvp(f, (x[()],), (t[()],))[1])
    return np.reshape(columns, x.shape)


@pytest.mark.parametrize(("f", "x", "expected"), [p[1:] for p in POINTS], ids=[p[0] for p in POINTS])
def test_forward(f, x, expected):
    np.testing.assert_allclose(forward(f, x), np.real(expected), rtol=1e-12)


@pytest.mark.filterwarnings("ignore:Degrees of freedom")
@pytest.mark.parametrize(("f", "x", "expected"), [p[1:] for p in SINGULAR], ids=[p[0] for p in SINGULAR])
def test_forward_where_numpy_warns(f, x, expected):
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(forward(f, x), expected)


def test_vectors_of_repeated_eigenvalues_are_nan_where_they_are_asked_for():
    assert np.isnan(grad(lambda x: np.linalg.eigh(x)[1][0, 1])(np.eye(2))).any()
    assert np.isnan(grad(lambda x: np.linalg.svd(x)[0][0, 1])(np.eye(2))).any()


LESS = {
    "maximum": lambda x: np.maximum(np.sqrt(x), 1.0),
    "maximum of a log": lambda x: np.maximum(np.log(x), 0.0),
    "minimum": lambda x: np.minimum(1 / x, 1.0),
    "fmax": lambda x: np.fmax(np.sqrt(x), 1.0),
    "fmin": lambda x: np.fmin(1 / x, 1.0),
    "clip": lambda x: np.clip(1 / x, 0.0, 1.0),
    "max": lambda x: np.max(np.stack([np.sqrt(x), 1.0 + 0.0 * x])),
}


@pytest.mark.parametrize("name", LESS)
def test_what_is_not_the_largest_does_not_spoil_what_is(name):
    with np.errstate(all="ignore"):
        f = LESS[name]
        found = [grad(f)(0.0), jvp(f, (0.0,), (1.0,))[1], hessian(f)(0.0), jacrev(jacrev(f))(0.0), jacfwd(jacfwd(f))(0.0)]
    np.testing.assert_array_equal(found, 0.0)


@pytest.mark.parametrize(("x", "curvature"), [([1.0, 1.0], 0.25), ([-inf, 0.0], 0.0), ([inf, 0.0], 0.0), ([-inf, -inf], 0.0)])
def test_the_curvature_of_logaddexp_at_ties_and_infinities(x, curvature):
    expected = curvature * A([[1.0, -1.0], [-1.0, 1.0]])
    for outer in (jacfwd, jacrev):
        for inner in (jacfwd, jacrev):
            found = outer(inner(lambda x: np.logaddexp(x[0], x[1])))(A(x))
            np.testing.assert_allclose(found, expected, atol=1e-15)


def test_the_log_of_a_determinant_of_zero_has_an_infinite_slope():
    def log_det(a):
        return np.sum(np.linalg.slogdet(a)[1])

    infinite = A([[inf, -inf], [-inf, inf]])
    np.testing.assert_array_equal(grad(log_det)(np.ones((2, 2))), infinite)
    np.testing.assert_array_equal(grad(log_det)(np.stack([np.eye(2), np.ones((2, 2))])), [np.eye(2), infinite])
    assert jvp(log_det, (np.ones((2, 2)),), (A([[1.0, 0.0], [0.0, 0.0]]),))[1] == inf


def test_a_function_of_a_matrix_with_repeated_eigenvalues_is_no_wrong_number():
    """The vectors of V exp(w) V^T get a cotangent that is symmetric, so 0 / 0; and the derivative is not 0."""

    def exponential(g):
        w, v = np.linalg.eigh(np.diag([1.0, 1.0, 3.0]) + g * A([[0, 1.0, 0], [1, 0, 0.5], [0, 0.5, 0]]))
        return (((v * np.exp(w)) @ v.T @ np.ones(3)) ** 2).sum()

    assert np.isnan(grad(exponential)(0.0)) and np.isnan(jvp(exponential, (0.0,), (1.0,))[1])

    def squared(a):
        u, s, _ = np.linalg.svd(a)
        return ((u * s**2 @ u.T) * A([[0.0, 3.0], [3.0, 6.0]])).sum()

    assert np.isnan(grad(squared)(np.eye(2))).any()

    def rebuilt(a):
        u, s, vh = np.linalg.svd(a)
        return ((u * s) @ vh * np.cos(np.arange(9.0).reshape(3, 3))).sum()

    assert np.isnan(jvp(rebuilt, (np.diag([0.0, 0.0, 2.0]),), (np.arange(9.0).reshape(3, 3),))[1])


@pytest.mark.filterwarnings("ignore:Degrees of freedom")
@pytest.mark.parametrize(("f", "x", "expected"), [p[1:] for p in SINGULAR], ids=[p[0] for p in SINGULAR])
def test_reverse_where_numpy_warns(f, x, expected):
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(grad(f)(x), expected)


def test_only_what_is_differentiated_is_computed():
    """d/dy of (-2)**y is NaN; d/dx alone must not meet it, nor warn of it."""
    assert grad(lambda x, y: x**y)(-2.0, 3.0) == 12.0


STRONG = {
    "sqrt": np.sqrt, "cbrt": np.cbrt, "log": np.log, "log2": np.log2, "log10": np.log10, "reciprocal": np.reciprocal,
    "divide": lambda x: 1.0 / x, "power": lambda x: x**-1.5, "square root as a power": lambda x: x**0.5,
    "negative integer power": lambda x: x**-2, "log of sqrt": lambda x: np.log(np.sqrt(x)), "x log x": lambda x: x * np.log(x),
    "exp of 1/x": lambda x: np.exp(1 / x), "log1p": lambda x: np.log1p(x - 1), "arcsin": lambda x: np.arcsin(x + 1),
    "arccos": lambda x: np.arccos(x + 1), "arccosh": lambda x: np.arccosh(x + 1), "arctanh": lambda x: np.arctanh(x + 1),
    "exp that overflows": lambda x: np.exp(1000 - x), "cosh that overflows": lambda x: np.cosh(1000 - x),
}  # fmt: skip


@pytest.mark.parametrize("name", STRONG)
def test_a_zero_cotangent_gives_exactly_zero(name):
    """The branch that np.where did not take never spoils the one it took, to second order."""

    def f(x):
        with np.errstate(all="ignore"):
            return np.where(A([True, True]), x * x, STRONG[name](x)).sum()

    x = A([3.0, 0.0])
    np.testing.assert_array_equal(grad(f)(x), [6.0, 0.0])
    np.testing.assert_array_equal(grad(lambda x: grad(f)(x).sum())(x), [2.0, 2.0])
    np.testing.assert_array_equal(hessian(f)(x), [[2.0, 0.0], [0.0, 2.0]])
    with np.errstate(all="ignore"):
        _, pull = vjp(lambda x: STRONG[name](x + 0.0), x)
    np.testing.assert_array_equal(pull(np.zeros(2))[0], [0.0, 0.0])


@pytest.mark.parametrize(
    "x",
    [
        A([0.0, 2.0, 3.0]), A([0.0, 2.0, 0.0, 3.0]), A([0.0, 0.0, 0.0]), A([2.0, 3.0, 4.0]), A([1e-200, 1e-200, 3.0]), A([1e200, 1e200, 1e-50]),
        A([0.0]), A([0.0, 5.0]), A([1.5, -2.0, 0.5, 4.0, -1.0, 3.0, 2.0]),
    ],
    ids=str,
)  # fmt: skip
def test_the_derivatives_of_a_product_are_products(x):
    """Of the others, and of the others than two: with any number of zeros, and where the product is too large or too small."""
    n = len(x)
    with np.errstate(all="ignore"):
        others = A([np.prod(np.delete(x, i)) for i in range(n)])
        pairs = A([[0.0 if i == j else np.prod(np.delete(x, [i, j])) for j in range(n)] for i in range(n)])
        np.testing.assert_allclose(grad(np.prod)(x), others, rtol=1e-14)
        for second in (hessian(np.prod), jacfwd(grad(np.prod)), jacrev(jacfwd(np.prod)), jacfwd(jacfwd(np.prod))):
            np.testing.assert_allclose(second(x), pairs, rtol=1e-14)
        both = np.stack([x, np.ones(n)])
        np.testing.assert_allclose(vmap(grad(np.prod))(both), [others, np.ones(n)], rtol=1e-14)
        np.testing.assert_allclose(grad(lambda b: np.prod(b, axis=1).sum())(both), [others, np.ones(n)], rtol=1e-14)


def test_a_long_product_with_zeros():
    x = np.linspace(0.9, 1.1, 1001)
    x[[100, 500]] = 0
    assert not grad(np.prod)(x).any()
    rest = np.prod(np.delete(x, [100, 500]))
    second = jvp(grad(np.prod), (x,), (np.eye(1001)[100],))[1]
    np.testing.assert_allclose(second, np.eye(1001)[500] * rest, rtol=1e-12)


@pytest.mark.parametrize("x", [np.zeros(3), np.zeros((2, 2)), np.zeros(2, complex)], ids=["vector", "matrix", "complex"])
def test_the_second_derivative_of_a_norm_at_zero_is_finite(x):
    square = lambda x: np.linalg.norm(x) ** 2 + np.linalg.norm(x)  # noqa: E731  # a function of one line
    slope = lambda x: np.real(np.sum(grad(square)(x)))  # noqa: E731
    assert not grad(square)(x).any() and not grad(slope)(x).any() and not jvp(slope, (x,), (np.ones_like(x),))[1].any()


#: Of what is not chosen: a NaN that passes through products, sums and further choices.
SPOILED = {
    "sqrt": lambda x: np.sqrt(x) + np.arcsin(x / 4) + x**0.5,
    "a product": lambda x: x * np.log(x),
    "a product of both": lambda x: np.log(x) * np.sqrt(x) * np.exp(np.log(x)),
    "a quotient": lambda x: np.sin(x) / np.log(x),
    "an inner choice": lambda x: np.where(x < 3, x * np.log(x), x**1.5),
    "a broadcast factor": lambda x: np.log(x) * np.sum(x * x),
    "complex": lambda x: np.real(x * (np.log(x) + 1j * x) ** 2),
    "a finite value with a NaN for a slope": lambda x: np.abs(x) * x**x,
    "recomputed": lambda x: checkpoint(lambda x: np.sqrt(x) * x)(x),
}
CHOICES = {
    "np.where": lambda f: lambda x: np.where(x > 0, f(x), 0.5 * x).sum(),
    "np.where, the other way": lambda f: lambda x: np.where(x <= 0, 0.5 * x, f(x)).sum(),
    "a mask": lambda f: lambda x: f(x)[x > 0].sum() + 0.5 * x[x <= 0].sum(),
    "a mask in a tuple": lambda f: lambda x: f(x)[(x > 0,)].sum() + 0.5 * x[..., x <= 0].sum(),
    "what is overwritten": lambda f: lambda x: at(f(x))[x <= 0].set(0.0).sum() + 0.5 * x[x <= 0].sum(),
    "a mask of rows": lambda f: lambda x: np.stack([f(x), x], axis=-1)[x > 0][:, 0].sum() + 0.5 * x[x <= 0].sum(),
}


@pytest.mark.parametrize("choose", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("name", SPOILED)
def test_a_value_outside_the_domain_does_not_spoil_what_is_chosen(name, choose):
    x, inside = A([-5.0, 2.0, 0.0, 1.5]), A([False, True, False, True])

    def f(x):
        with np.errstate(all="ignore"):
            return choose(SPOILED[name])(x)

    g, h = grad(f)(x), hessian(f)(x)
    assert np.isfinite(g).all() and np.isfinite(h).all()
    if name != "a broadcast factor":
        np.testing.assert_array_equal(g[~inside], 0.5)
        np.testing.assert_allclose(g[inside], grad(lambda x: SPOILED[name](x).sum())(x[inside]), rtol=1e-12)
        np.testing.assert_allclose(h[inside][:, inside], hessian(lambda x: SPOILED[name](x).sum())(x[inside]), rtol=1e-12)
        assert not h[~inside].any()
    np.testing.assert_allclose(jacrev(jacrev(f))(x), h, rtol=1e-12)


def test_each_example_of_a_batch_is_spared():
    with np.errstate(all="ignore"):
        g = vmap(grad(lambda x: np.where(x > 0, x * np.log(x), 0.5 * x)))(A([-1.0, 1.0, 0.0]))
    np.testing.assert_array_equal(g, [0.5, 1.0, 0.5])


@pytest.mark.parametrize("mask", [np.array([True, False, True]), np.ones((3, 4), bool)])
@pytest.mark.parametrize("x", [np.ones((1, 4)), np.array([[1.0, nan, 3.0, 4.0]])])
def test_a_mask_of_the_wrong_shape_is_refused_whatever_the_values(x, mask):
    with pytest.raises(IndexError):
        grad(lambda x: x[mask].sum())(x)


@pytest.mark.parametrize("inside", [lambda f, x: checkpoint(f)(x), lambda f, x: checkpoint(lambda x: np.where(x > 0, f(x), x))(x)])
def test_the_alarm_is_heard_through_a_checkpoint(inside):
    with np.errstate(all="ignore"):
        g = grad(lambda x: np.where(x > 0, inside(lambda x: np.sqrt(x) * x, x), x * x).sum())(A([4.0, -1.0]))
    np.testing.assert_array_equal(g, [3.0, -2.0])


def test_forward_mode_tells_what_it_does_not_know():
    """x sqrt(x) at 0: the tangent of the root is infinite, and times zero there is no telling."""
    with np.errstate(all="ignore"):
        assert np.isnan(jvp(lambda x: x * np.sqrt(x), (0.0,), (1.0,))[1])


def test_a_nan_that_is_chosen_comes_out():
    with np.errstate(all="ignore"):
        g = grad(lambda x: np.where(x > 0, x, x * np.log(x)).sum())(A([-1.0, 2.0]))
    np.testing.assert_array_equal(g, [nan, 1.0])



# -- what other libraries get wrong without a word ---------------------------------------------------
mask = A([True, False, True])
WRONG_ELSEWHERE = [
    ("sum(where=)", lambda x: np.sum(x * x, where=mask), A([1.0, 2.0, 3.0]), A([2.0, 0.0, 6.0])),
    ("mean(where=)", lambda x: np.mean(x * x, where=mask), A([1.0, 2.0, 3.0]), A([1.0, 0.0, 3.0])),
    ("prod(where=)", lambda x: np.prod(x, where=mask), A([2.0, 5.0, 3.0]), A([3.0, 0.0, 2.0])),
    ("min(where=)", lambda x: np.min(x, where=mask, initial=9.0), A([3.0, 1.0, 2.0]), A([0.0, 0.0, 1.0])),
    ("var(mean=)", lambda x: np.var(x, mean=np.array([1.0])), A([1.0, 3.0]), A([0.0, 2.0])),
    ("repeat(axis=-1)", lambda x: (np.repeat(x, 2, axis=-1) * A([[1.0, 2, 3, 4]])).sum(), A([[1.0, 1.0]]), A([[3.0, 7.0]])),
    ("transpose(-1, 0)", lambda x: (x.transpose(-1, 0) * A([[1.0, 2], [3, 4]])).sum(), np.ones((2, 2)), A([[1.0, 3], [2, 4]])),
    ("where that broadcasts", lambda x: np.where(np.ones((2, 3), bool), x, 0.0).sum(), A([1.0, 1, 1]), A([2.0, 2, 2])),
    ("einsum that broadcasts", lambda x: np.einsum("ij,ij->", x, np.ones((2, 3))), np.ones((1, 3)), A([[2.0, 2, 2]])),
    ("diag of a non-square matrix", lambda x: np.diag(x).sum(), np.ones((2, 3)), A([[1.0, 0, 0], [0, 1, 0]])),
    ("prod with a zero", np.prod, A([0.0, 4.0]), A([4.0, 0.0])),
]


@pytest.mark.parametrize(("f", "x", "expected"), [p[1:] for p in WRONG_ELSEWHERE], ids=[p[0] for p in WRONG_ELSEWHERE])
def test_right_here(f, x, expected):
    np.testing.assert_allclose(grad(f)(x), expected)


@pytest.mark.parametrize("f", [np.mean, np.var, np.std, np.max, np.min, np.sum, np.prod], ids=lambda f: f.__name__)
def test_float32_stays_float32(f):
    assert grad(f)(A([1.0, 2.0, 4.0], np.float32)).dtype == np.float32


def test_full_like_of_a_box_is_refused_and_not_a_silent_constant():
    with pytest.raises(TypeError, match=r"fdezero\.array"):
        grad(lambda x: np.full_like(np.zeros(3), x).sum())(1.0)
    assert grad(lambda x: np.full_like(x, x * 2, shape=(3,)).sum())(1.0) == 6.0


def test_assignment_where_an_index_repeats():
    """The last of several values is the one that counts."""
    np.testing.assert_array_equal(grad(lambda v: at(np.zeros(2))[A([0, 0, 1])].set(v).sum())(np.ones(3)), [0.0, 1.0, 1.0])
