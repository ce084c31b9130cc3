"""fdezero.scipy.optimize: values are SciPy's, derivatives those of the implicit function theorem."""

import numpy as np
import pytest
import scipy.optimize

from fdezero import array, grad, hessian, jacfwd, jacrev, vjp, vmap
from fdezero.scipy import optimize

from .cases import Case, check_batched, check_case

A = np.array([0.7, 1.3])
NUMBER = np.float64(1.7)
rng = np.random.default_rng(2)
ABSCISSAE = np.linspace(0.0, 2.0, 8)
SAMPLES = 2 * np.exp(-0.7 * ABSCISSAE) + 0.05 * rng.normal(size=8)


def system(x, a):
    return [x[0] + a[0] * np.sin(x[1]) - 1, x[1] * a[1] - x[0] ** 2]


def slope_of_system(x, a):
    return array([[1.0, a[0] * np.cos(x[1])], [-2 * x[0], a[1]]])


def cubic(x, a):
    return x**3 + a * x - 2


def bowl(x, a):
    return np.sum(np.cosh(x - a)) + 0.1 * (x[0] - x[1] * a[0]) ** 2


def decay(x, scale, rate):
    return scale * np.exp(-rate * x)


def off(p, x, y):
    return decay(x, p[0], p[1]) - y


TIGHT = {"tol": 1e-13}
CASES = {
    "root": Case(lambda m, a: m.root(system, [0.5, 0.1], args=(a,), tol=1e-13).x, (A,)),
    "root, a number as args": Case(lambda m, a: m.root(cubic, 1.0, args=a, tol=1e-13).x, (NUMBER,)),
    "root, jac": Case(lambda m, a: m.root(system, [0.5, 0.1], args=(a,), jac=slope_of_system, tol=1e-13).x, (A,)),
    "root, jac=True": Case(
        lambda m, a: m.root(lambda x, a: (np.stack(system(x, a)), slope_of_system(x, a)), [0.5, 0.1], args=(a,), jac=True, tol=1e-13).x, (A,),
    ),
    "brentq": Case(lambda m, a: m.brentq(cubic, 0.0, 3.0, args=(a,)), (NUMBER,)),
    "brenth": Case(lambda m, a: m.brenth(cubic, 0.0, 3.0, (a,)), (NUMBER,)),
    "ridder": Case(lambda m, a: m.ridder(cubic, 0.0, 3.0, args=a), (NUMBER,)),
    "bisect": Case(lambda m, a: m.bisect(cubic, 0.0, 3.0, args=(a,), xtol=1e-14), (NUMBER,)),
    "toms748": Case(lambda m, a: m.toms748(cubic, 0.0, 3.0, args=(a,), xtol=1e-14), (NUMBER,)),
    "fsolve": Case(lambda m, a: m.fsolve(system, [0.5, 0.1], args=(a,), xtol=1e-13), (A,)),
    "fsolve, a number": Case(lambda m, a: m.fsolve(cubic, 1.0, args=a, xtol=1e-13), (NUMBER,)),
    "fsolve, full output": Case(lambda m, a: m.fsolve(system, [0.5, 0.1], (a,), slope_of_system, True, xtol=1e-13)[0], (A,)),
    "root_scalar, bracket": Case(lambda m, a: m.root_scalar(cubic, args=(a,), bracket=(0.0, 3.0)).root, (NUMBER,)),
    "root_scalar, secant": Case(lambda m, a: m.root_scalar(cubic, args=(a,), x0=1.0, x1=1.5, xtol=1e-14).root, (NUMBER,)),
    "newton": Case(lambda m, a: m.newton(cubic, 1.0, args=(a,), tol=1e-14), (NUMBER,)),
    "fixed_point": Case(lambda m, a: m.fixed_point(lambda x, a: np.cos(a * x) / 2, [0.4, 0.5], args=(a,), xtol=1e-13), (A,)),
    "minimize": Case(lambda m, a: [(r := m.minimize(bowl, [0.5, 0.5], args=(a,), jac=slope_of_bowl, tol=1e-12)).x, r.fun], (A,), rtol=1e-4, eps=1e-3),
    "minimize, bounds": Case(
        lambda m, a: m.minimize(bowl, [0.5, 0.5], args=(a,), jac=slope_of_bowl, bounds=[(None, 0.6), (0.0, None)], options={"gtol": 1e-12, "ftol": 1e-16}).x, (A,), rtol=1e-4, eps=1e-3,
    ),
    "minimize_scalar": Case(lambda m, a: m.minimize_scalar(lambda x, a: np.cosh(x - a) + 0.1 * x, args=(a,), tol=1e-12).fun, (NUMBER,), rtol=1e-4, eps=1e-3),
    "least_squares": Case(lambda m, x, y: m.least_squares(off, [1.5, 0.5], args=(x, y), xtol=1e-15, ftol=1e-15, gtol=1e-15).x, (ABSCISSAE, SAMPLES), rtol=1e-3, eps=1e-3),
    "curve_fit": Case(lambda m, x, y: m.curve_fit(decay, x, y, p0=[1.5, 0.5], ftol=1e-15, xtol=1e-15)[0], (ABSCISSAE, SAMPLES), rtol=1e-3, atol=1e-4, eps=1e-3),
    "curve_fit, method": Case(lambda m, y: m.curve_fit(decay, ABSCISSAE, y, p0=[1.5, 0.5], method="trf", ftol=1e-15, xtol=1e-15, gtol=1e-15)[0], (SAMPLES,), rtol=1e-3, atol=1e-4, eps=1e-3),
    "curve_fit, sigma": Case(
        lambda m, y, s: m.curve_fit(decay, ABSCISSAE, y, sigma=s, ftol=1e-15, xtol=1e-15)[0], (SAMPLES, 1 + ABSCISSAE), rtol=1e-3, atol=1e-4, eps=1e-3,
    ),
}  # fmt: skip


def slope_of_bowl(x, a):
    return grad(bowl)(x, a)


@pytest.mark.parametrize("name", CASES)
def test_laws(name):
    check_case(CASES[name], optimize, scipy.optimize)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.batches])
def test_batches(name):
    check_batched(CASES[name], optimize)


def test_the_value_is_scipys_to_the_last_bit():
    loose = {"tol": 1e-3}
    x = vjp(lambda a: optimize.minimize(bowl, [0.5, 0.5], args=(a,), **loose).x, A)[0]
    assert np.array_equal(x, scipy.optimize.minimize(bowl, [0.5, 0.5], args=(A,), **loose).x)


def test_exact_derivatives():
    """The root of x**2 = a, of which all derivatives are known; the start has none."""
    f = lambda a, x0: optimize.newton(lambda x, a: x * x - a, x0, args=(a,), tol=1e-14)  # noqa: E731
    assert np.isclose(grad(grad(grad(f)))(4.0, 1.0), 3 / 8 * 4**-2.5)
    assert grad(f, argnums=1)(4.0, 1.0) == 0


def test_fields_are_scipys():
    seen = []
    vjp(lambda a: seen.append(optimize.minimize(bowl, [0.5, 0.5], args=(a,))) or seen[0].x, A)
    expected = scipy.optimize.minimize(bowl, [0.5, 0.5], args=(A,))
    assert seen[0].keys() == expected.keys() and seen[0].nfev == expected.nfev and seen[0].message == expected.message
    report = []

    def f(a):
        root, r = optimize.brentq(cubic, 0.0, 3.0, args=(a,), full_output=True)
        report.append(r)
        return root

    grad(f)(NUMBER)
    assert report[0].converged and report[0].iterations == scipy.optimize.brentq(cubic, 0.0, 3.0, args=(NUMBER,), full_output=True)[1].iterations


def test_many_minima_at_once():
    found = []
    vmap(lambda a: found.append(optimize.minimize(bowl, [0.5, 0.5], args=(a,))) or found[0].x)(np.stack([A, A + 0.1]))
    assert set(found[0].keys()) == {"x", "fun", "success"} and found[0].success is True


def test_a_minimum_at_its_bound_does_not_move():
    f = lambda a: optimize.minimize(lambda x, a: (x[0] - a) ** 2 + (x[1] - a) ** 2, [0.1, 0.1], args=(a,), bounds=scipy.optimize.Bounds([0, 0], [0.5, 9])).x  # noqa: E731
    np.testing.assert_allclose(jacrev(f)(2.0), [0.0, 1.0], atol=1e-6)
    np.testing.assert_allclose(jacfwd(f)(2.0), [0.0, 1.0], atol=1e-6)


def test_covariances_of_a_fit():
    fit = lambda y: optimize.curve_fit(decay, ABSCISSAE, y, p0=[1.5, 0.5])  # noqa: E731
    fitted, covariances = vjp(fit, SAMPLES)[0]
    expected = scipy.optimize.curve_fit(decay, ABSCISSAE, SAMPLES, p0=[1.5, 0.5])
    np.testing.assert_allclose(covariances, expected[1], rtol=1e-5)
    np.testing.assert_allclose(fitted, expected[0])
    g = grad(lambda y: fit(y)[1][0, 0])(SAMPLES)
    h = 1e-5 * np.eye(8)[3]
    difference = (expected_of(SAMPLES + h) - expected_of(SAMPLES - h)) / 2e-5
    np.testing.assert_allclose(g[3], difference, rtol=1e-3)


def expected_of(y):
    return scipy.optimize.curve_fit(decay, ABSCISSAE, y, p0=[1.5, 0.5], ftol=1e-14, xtol=1e-14)[1][0, 0]


def test_second_derivatives_of_the_least_value():
    """min over x of (x - a)**2 + b x**2 is a**2 b / (1 + b)."""
    f = lambda p: optimize.minimize(lambda x, p: (x[0] - p[0]) ** 2 + p[1] * x[0] ** 2, [0.3], args=(p,), tol=1e-10).fun  # noqa: E731
    a, b = p = np.array([1.2, 0.5])
    np.testing.assert_allclose(grad(f)(p), [2 * a * b / (1 + b), a**2 / (1 + b) ** 2], rtol=1e-6)
    mixed = 2 * a / (1 + b) ** 2
    np.testing.assert_allclose(hessian(f)(p), [[2 * b / (1 + b), mixed], [mixed, -2 * a**2 / (1 + b) ** 3]], rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda a: optimize.minimize(bowl, A, args=(a,), constraints={"type": "eq", "fun": lambda x: x[0]}).x, TypeError, "constraints="),
        (lambda a: optimize.least_squares(off, A, args=(ABSCISSAE, a), bounds=(0, 9)).x, TypeError, "bounds="),
        (lambda a: optimize.curve_fit(decay, ABSCISSAE, a, sigma=np.eye(2))[0], TypeError, r"sigma of shape \(2, 2\)"),
        (lambda a: optimize.minimize(lambda x: bowl(x, a), a).x, TypeError, "scipy.optimize.minimize .* pass it in args="),
        (lambda a: optimize.minimize(lambda x, a: np.sum(a) * x[0] ** 2, [0.1, 0.2], args=(a,)).x, RuntimeError, "singular"),
    ],
)  # fmt: skip
def test_what_is_refused(call, error, match):
    with pytest.raises(error, match=match):
        vjp(call, A)
