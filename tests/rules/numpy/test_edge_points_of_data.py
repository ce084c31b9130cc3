"""What a derivative is at knots, ties, jumps and NaNs, of the functions of data: each row a point and its value."""

import math

import numpy as np
import pytest

import fdezero
from fdezero import grad, hessian, jacfwd, jacrev, jit, jvp, vmap

from .test_edge_points import forward

nan, inf = np.nan, np.inf
A = np.array
KNOTS, HEIGHTS = A([0.0, 1.0, 3.0]), A([0.0, 2.0, 3.0])


def sinc_of_order(n):
    f = np.sinc
    for _ in range(n):
        f = grad(f)
    return f


#: name, function of one argument, the point, its derivative.
POINTS = [
    ("interp at a knot", lambda x: np.interp(x, KNOTS, HEIGHTS), 1.0, 0.5),
    ("interp at the first knot", lambda x: np.interp(x, KNOTS, HEIGHTS), 0.0, 2.0),
    ("interp at the last knot", lambda x: np.interp(x, KNOTS, HEIGHTS), 3.0, 0.5),
    ("interp outside", lambda x: np.interp(x, KNOTS, HEIGHTS).sum(), A([-1.0, 4.0]), A([0.0, 0.0])),
    ("interp outside, in fp", lambda f: np.interp(A([-1.0, 4.0]), KNOTS, f).sum(), HEIGHTS, A([1.0, 0.0, 1.0])),
    ("interp outside, with left and right", lambda f: np.interp([-1.0, 4.0], KNOTS, f, 0.0, 0.0).sum(), HEIGHTS, A([0.0, 0.0, 0.0])),
    ("interp at a knot, in xp", lambda k: np.interp(1.0, k, HEIGHTS), KNOTS, A([0.0, -0.5, 0.0])),
    ("interp at a step", lambda x: np.interp(x, [0.0, 1.0, 1.0, 2.0], [0.0, 1.0, 5.0, 6.0]), 1.0, 1.0),
    ("interp beside an infinite height", lambda x: np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, inf]), 0.5, 1.0),
    ("interp with a period, at the seam", lambda x: np.interp(x, [0.0, 1.0], [0.0, 3.0], period=2.0), 2.0, 3.0),
    ("sinc at 0", np.sinc, 0.0, 0.0),
    ("sinc at 0, second", sinc_of_order(1), 0.0, -(math.pi**2) / 3),
    ("sinc at 0, third", sinc_of_order(2), 0.0, 0.0),
    ("sinc at 0, fourth", sinc_of_order(3), 0.0, math.pi**4 / 5),
    ("sinc at 1", np.sinc, 1.0, -1.0),
    ("i0 at 0", np.i0, 0.0, 0.0),
    ("i0 at 0, second", grad(np.i0), 0.0, 0.5),
    ("nan_to_num", lambda x: np.nan_to_num(x).sum(), A([nan, inf, -inf, 2.0]), A([0.0, 0.0, 0.0, 1.0])),
    ("nan_to_num of an infinite log", lambda x: np.nan_to_num(np.log(x)).sum(), A([0.0, 2.0]), A([0.0, 0.5])),
    ("median of an even number", np.median, A([3.0, 1.0, 2.0, 9.0]), A([0.5, 0.0, 0.5, 0.0])),
    ("median of equal ones", lambda x: np.median(x) ** 2, A([2.0, 2.0]), A([2.0, 2.0])),
    ("median with a NaN", np.median, A([3.0, nan, 2.0]), A([0.0, 1.0, 0.0])),
    ("nanmedian with a NaN", np.nanmedian, A([3.0, nan, 2.0]), A([0.5, 0.0, 0.5])),
    ("quantile at one of the values", lambda x: np.quantile(x, 0.25), A([5.0, 1.0, 2.0, 9.0, 7.0]), A([0.0, 0.0, 1.0, 0.0, 0.0])),
    ("quantile of 0 and 1", lambda x: np.quantile(x, [0, 1]).sum(), A([5.0, 1.0, 2.0]), A([1.0, 1.0, 0.0])),
    ("quantile in q, at one of the values", lambda q: np.quantile(A([1.0, 2.0, 4.0]), q), 0.5, 4.0),
    ("nanmax with ties and a NaN", np.nanmax, A([1.0, 3.0, 3.0, nan]), A([0.0, 0.5, 0.5, 0.0])),
    ("nanmean", np.nanmean, A([1.0, nan, 3.0]), A([0.5, 0.0, 0.5])),
    ("nanmean of an invalid root", lambda x: np.nanmean(np.sqrt(x)), A([-1.0, 4.0, 0.25]), A([0.0, 0.125, 0.5])),
    ("nansum of an invalid log", lambda x: np.nansum(np.log(x)), A([-1.0, 4.0]), A([0.0, 0.25])),
    ("nanprod with a zero", np.nanprod, A([0.0, nan, 2.0, 3.0]), A([6.0, 0.0, 0.0, 0.0])),
    ("nanstd of equal ones", np.nanstd, A([2.0, nan, 2.0]), A([0.0, 0.0, 0.0])),
    ("ptp of equal ones", np.ptp, A([2.0, 2.0]), A([0.0, 0.0])),
    ("ptp with ties", np.ptp, A([1.0, 3.0, 3.0]), A([-1.0, 0.5, 0.5])),
    ("unwrap at a jump", lambda x: np.unwrap(x) @ A([1.0, 10.0]), A([0.0, math.pi]), A([1.0, 10.0])),
    ("unwrap down a jump", lambda x: np.unwrap(x) @ A([1.0, 10.0]), A([math.pi, 0.0]), A([1.0, 10.0])),
    ("modf at a whole number", lambda x: np.modf(x)[0], 2.0, 1.0),
    ("frexp", lambda x: np.frexp(x)[0], 6.0, 0.125),
    ("irfft in the part that does not count", lambda x: np.fft.irfft(x * 1j, 2) @ A([1.0, 2.0]), A([1.0, 3.0]), A([0.0, 0.0])),
    ("a root at 0", lambda p: np.roots(p).real.sum(), A([1.0, -3.0, 0.0]), A([-3.0, -1.0, 0.0])),
    ("|fft|**2", lambda x: (np.abs(np.fft.fft(x)) ** 2).sum(), A([1.0, 0.0, -2.0]), A([6.0, 0.0, -12.0])),
]  # fmt: skip


@pytest.mark.parametrize(("f", "x", "expected"), [p[1:] for p in POINTS], ids=[p[0] for p in POINTS])
@pytest.mark.parametrize("mode", [lambda f, x: grad(f)(x), forward], ids=["reverse", "forward"])
def test_point(mode, f, x, expected):
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(mode(f, x), expected, rtol=1e-12, atol=1e-15)


def test_a_tie_goes_to_two_different_values():
    for seed in range(20):
        x = np.random.default_rng(seed).integers(0, 3, 12).astype(float)
        for f in (np.median, lambda x: np.quantile(x, 0.4)):
            shares = grad(f)(x)
            assert shares.sum() == pytest.approx(1.0)
            assert len(np.flatnonzero(shares)) == (2 if f is np.median else len(np.flatnonzero(shares)))


# -- special functions to high orders ------------------------------------------------------------------
def sinc_derivative(y, n):
    """The series, in exact numbers of long double where there are such."""
    y = np.longdouble(y)
    first = (n + 1) // 2
    return float(sum((-1) ** k * y ** (2 * k - n) / ((2 * k + 1) * math.factorial(2 * k - n)) for k in range(first, 60)))


@pytest.mark.parametrize("order", range(1, 7))
def test_sinc_to_any_order(order):
    for x in (1e-9, 1e-3, 0.2, 0.9, 0.96, 1.3, 2.0, 2.6):
        assert sinc_of_order(order)(x) / math.pi**order == pytest.approx(sinc_derivative(math.pi * x, order), abs=1e-13)


def test_i0_satisfies_its_differential_equation():
    x = np.array([-700.0, -20.0, -1.0, 1e-5, 0.3, 4.0, 60.0, 500.0])
    first, second = vmap(grad(np.i0))(x), vmap(grad(grad(np.i0)))(x)
    np.testing.assert_allclose(x * second + first, x * np.i0(x), rtol=1e-12)


# -- warnings and errors -------------------------------------------------------------------------------
@pytest.mark.parametrize("f", [np.nanmax, np.nanmedian, lambda x: np.nanquantile(x, 0.3), np.nanmean, lambda x: np.nanvar(x, ddof=5)])
def test_numpy_s_warning_where_nothing_is_left(f):
    for x in (A([nan, nan]),):
        with pytest.warns(RuntimeWarning) as plain:
            expected = f(x)
        with pytest.warns(RuntimeWarning) as boxed:
            value, slope = fdezero.value_and_grad(f)(x)
        np.testing.assert_array_equal(value, expected)
        np.testing.assert_array_equal(slope, 0.0)
        assert str(plain[0].message) == str(boxed[0].message)


def test_a_fit_that_is_not_determined_warns():
    with pytest.warns(np.exceptions.RankWarning):
        grad(lambda y: np.polyfit([1.0, 1.0, 1.0], y, 1).sum())(A([1.0, 2.0, 3.0]))


REFUSED = [
    (lambda x: np.polyfit(x, x, 1, full=True), "numpy.polyfit has no derivative rule for the argument full=True"),
    (lambda x: np.poly(np.outer(x, x)), "numpy.poly has no derivative rule for a matrix"),
    (lambda x: np.fft.fft(x, out=np.zeros(3, complex)), "numpy.fft.fft has no derivative rule for the argument out="),
    (lambda x: np.quantile(x, 0.5, out=np.zeros(())), "numpy.quantile: out= writes into an array"),
    (lambda x: np.nansum(x, out=np.zeros(())), "the argument out=, which writes into an array"),
    (lambda x: np.kaiser(5, x[0]), "would lose its derivative"),
    (lambda x: np.polynomial.polynomial.polyval(0.5, x), "would lose its derivative"),
]


@pytest.mark.parametrize(("f", "message"), REFUSED)
def test_what_is_refused(f, message):
    with pytest.raises(TypeError, match=message):
        grad(lambda x: np.sum(f(x)))(A([1.0, 2.0, 4.0]))


def test_weights_of_sum_zero():
    with pytest.raises(ZeroDivisionError):
        grad(lambda w: np.average([1.0, 2.0], weights=w))(A([1.0, -1.0]))


# -- batches that NumPy's functions do not know of -------------------------------------------------------
def test_batches_of_places_and_knots():
    rng = np.random.default_rng(3)
    x, knots, heights = rng.uniform(0, 3, (4, 5)), np.cumsum(rng.uniform(0.2, 1, (4, 3)), axis=1), rng.normal(size=(4, 3))
    np.testing.assert_array_equal(vmap(np.interp)(x, knots, heights), [np.interp(*row) for row in zip(x, knots, heights, strict=True)])
    places = rng.integers(0, 6, (4, 7))
    weights = rng.normal(size=(4, 7))
    found = vmap(lambda i, w: np.bincount(i, w, minlength=6))(places, weights)
    np.testing.assert_allclose(found, [np.bincount(i, w, minlength=6) for i, w in zip(places, weights, strict=True)])
    found = vmap(lambda v: np.histogram(v, 4, (0, 3))[0])(x)
    np.testing.assert_array_equal(found, [np.histogram(v, 4, (0, 3))[0] for v in x])
    np.testing.assert_array_equal(vmap(np.gcd, in_axes=(0, None))(places, 4), np.gcd(places, 4))


def test_a_batch_of_convolutions_with_infinities_is_the_loop():
    x, y = A([[1.0, 2.0, inf], [0.0, 1.0, 2.0]]), A([[inf, 1.0], [2.0, 3.0]])
    for mode in ("full", "same", "valid"):
        with np.errstate(invalid="ignore"):
            found = vmap(lambda a, v, m=mode: np.convolve(a, v, m))(x, y)
            np.testing.assert_array_equal(found, [np.convolve(a, v, mode) for a, v in zip(x, y, strict=True)])


def test_a_large_batch_of_convolutions():
    x, y = np.random.default_rng(1).normal(size=(2, 40, 3))
    np.testing.assert_allclose(vmap(np.convolve)(x, y), [np.convolve(a, b) for a, b in zip(x, y, strict=True)], rtol=1e-13)


def test_roots_through_a_hessian():
    def f(p):
        return (np.roots(p) ** 2).real.sum()

    def g(p):  # the same, by Vieta
        return (p[1] / p[0]) ** 2 - 2 * p[2] / p[0]

    p = A([2.0, 3.0, -1.0])
    np.testing.assert_allclose(hessian(f)(p), hessian(g)(p), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(jacfwd(jacrev(f))(p), hessian(g)(p), rtol=1e-9, atol=1e-12)


def test_half_a_spectrum_in_forward_mode_over_reverse():
    def f(x):
        return np.sum(np.abs(np.fft.rfft(x)) ** 4)

    x, t = A([1.0, -2.0, 0.5, 3.0]), A([0.3, 0.1, -1.0, 0.7])
    h = 1e-6
    numerical = (grad(f)(x + h * t) - grad(f)(x - h * t)) / (2 * h)
    np.testing.assert_allclose(jvp(grad(f), (x,), (t,))[1], numerical, rtol=1e-6)


@pytest.mark.parametrize("f", [np.median, np.nanmedian, lambda x: np.quantile(x, 0.3), np.nanmean, np.nanstd, np.nanmax, np.average, np.ptp])
def test_a_number_comes_back_as_a_number(f):
    x = A([1.0, 2.0, 4.0, 8.0])
    assert type(fdezero.value_and_grad(f)(x)[0]) is type(f(x)) is np.float64


QUANTILES = {
    "median": np.median,
    "nanmedian": np.nanmedian,
    "quantile": lambda x: np.quantile(x, 0.3),
    "nanquantile": lambda x: np.nanquantile(x, 0.3, method="hazen"),
    "percentile": lambda x: np.percentile(x, [10, 75], method="lower") @ np.array([1.0, 10.0]),
    "inverted_cdf": lambda x: np.quantile(x, 0.5, method="inverted_cdf", weights=np.ones(len(x))),
}


@pytest.mark.parametrize("name", QUANTILES)
def test_which_of_equal_entries_a_quantile_is_does_not_depend_on_the_transform(name):
    """The one that a stable sort puts there."""
    f = QUANTILES[name]
    rows = np.random.default_rng(0).integers(0, 3, (40, 7)).astype(float)
    if name.startswith("nan"):
        rows[::2, 3] = np.nan
    each = np.stack([grad(f)(row) for row in rows])
    np.testing.assert_array_equal(vmap(grad(f))(rows), each)
    np.testing.assert_array_equal(np.stack([jit(grad(f), backend="numpy")(row) for row in rows]), each)
    np.testing.assert_array_equal(grad(np.median)(np.array([2.0, 1.0, 2.0, 2.0, 0.0])), [1, 0, 0, 0, 0])
