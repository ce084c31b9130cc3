"""fdezero.scipy.integrate: values are SciPy's, derivatives those of the exact solution to the given accuracy."""

import numpy as np
import pytest
import scipy.integrate

from fdezero import grad, hessian, jacfwd, jacrev, vjp, vmap
from fdezero.scipy import integrate
from fdezero.testing import check_grads

from .cases import Case, check_batched, check_case

rng = np.random.default_rng(1)
Y, X = rng.normal(size=(2, 6)), np.sort(rng.uniform(size=6))
TIGHT = {"rtol": 1e-10, "atol": 1e-10}
TIMES = np.array([0.3, 1.0, 2.0])
Y0, K = np.array([1.0, 0.5]), np.array([2.0, 0.3])


def swing(t, y, k):
    return [y[1], -k[0] * y[0] - k[1] * y[1] * t]


def swing_of_odeint(y, t, k):
    return np.stack(swing(t, y, k))


CASES = {
    "trapezoid": Case(lambda m, y: m.trapezoid(y, dx=0.5), (Y,)),
    "trapezoid, x": Case(lambda m, y, x: m.trapezoid(y, x, axis=0), (Y.T, X)),
    "cumulative_trapezoid": Case(lambda m, y, x: m.cumulative_trapezoid(y, x), (Y, X)),
    "cumulative_trapezoid, initial": Case(lambda m, y: m.cumulative_trapezoid(y, axis=0, initial=0), (Y.T,)),
    "simpson, even": Case(lambda m, y, x: m.simpson(y, x=x), (Y, X)),
    "simpson, odd": Case(lambda m, y, x: m.simpson(y, x=x, axis=0), (Y[:, 1:].T, X[1:])),
    "simpson, dx": Case(lambda m, y: m.simpson(y, dx=0.3), (Y,)),
    "simpson, two": Case(lambda m, y, x: m.simpson(y, x=x), (Y[:, :2], X[:2])),
    "solve_ivp": Case(
        lambda m, y0, k: m.solve_ivp(swing, (0.1, 2.5), y0, t_eval=TIMES, args=(k,), **TIGHT).y, (Y0, K), rtol=1e-4, eps=1e-4
    ),
    "solve_ivp, times": Case(
        lambda m, t0, t: m.solve_ivp(swing, (t0, 2.5), Y0, t_eval=t, args=(K,), **TIGHT).y, (np.float64(0.1), TIMES), rtol=1e-4, eps=1e-4, batches=False
    ),
    "solve_ivp, ends": Case(
        lambda m, t0, t1, y0: m.solve_ivp(swing, (t0, t1), y0, args=(K,), **TIGHT).y[:, -1],
        (np.float64(0.1), np.float64(1.5), Y0), rtol=1e-4, eps=1e-4, batches=False,
    ),
    "solve_ivp, backwards": Case(
        lambda m, y0, k: m.solve_ivp(swing, (2.0, 0.5), y0, t_eval=[2.0, 1.0, 0.5], args=(k,), **TIGHT).y, (Y0, K), order=1, rtol=1e-4, eps=1e-4
    ),
    "solve_ivp, stiff": Case(
        lambda m, y0, k: m.solve_ivp(swing, (0.0, 2.0), y0, "LSODA", t_eval=[2.0], args=(k,), **TIGHT).y, (Y0, K), order=1, rtol=1e-4, eps=1e-4
    ),
    "odeint": Case(lambda m, y0, t, k: m.odeint(swing_of_odeint, y0, t, args=(k,), **TIGHT), (Y0, TIMES, K), order=1, rtol=1e-4, eps=1e-4),
    "quad": Case(lambda m, a, b, k: m.quad(lambda x, k: np.exp(-k * x) * x, a, b, args=(k,))[0], (np.float64(0.2), np.float64(1.5), np.float64(0.7))),
    "quad, parameters": Case(lambda m, k: m.quad(lambda x, k, n: k[0] * np.sin(k[1] * x) ** n, 0.0, 2.0, args=(k, 2))[0], (K,)),
    "quad, infinite": Case(lambda m, k: m.quad(lambda x, k: np.exp(-k * x * x), -np.inf, np.inf, args=k)[0], (np.float64(0.7),)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_laws(name):
    check_case(CASES[name], integrate, scipy.integrate)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.batches])
def test_batches(name):
    check_batched(CASES[name], integrate)


def test_all_fields_are_scipys():
    seen = []

    def f(k):
        seen.append(integrate.solve_ivp(swing, (0.0, 1.0), Y0, args=(k,)))
        return seen[0].y[0, -1]

    grad(f)(K)
    expected = scipy.integrate.solve_ivp(swing, (0.0, 1.0), Y0, args=(K,))
    assert seen[0].keys() == expected.keys() and type(seen[0]) is type(expected)
    assert (seen[0].nfev, seen[0].status, seen[0].message) == (expected.nfev, expected.status, expected.message)
    assert np.array_equal(seen[0].t.value, expected.t) and np.array_equal(seen[0].y.value, expected.y)


def test_an_exact_solution():
    """y = y0 exp(-k t): value, both gradients, and the Hessian."""

    def f(p):
        return integrate.solve_ivp(lambda t, y, k: -k * y, (0.0, 2.0), p[:1], t_eval=[2.0], args=(p[1],), **TIGHT).y[0, 0]

    p = np.array([1.5, 0.4])
    e = np.exp(-0.8)
    for jacobian in (jacfwd, jacrev):
        np.testing.assert_allclose(jacobian(f)(p), [e, -3 * e], rtol=1e-7)
    np.testing.assert_allclose(hessian(f)(p), [[0, -2 * e], [-2 * e, 6 * e]], rtol=1e-6, atol=1e-8)


def test_parameters_in_a_tree():
    def fun(t, y, p):
        return p["rate"] * y + p["drive"][0] * np.sin(t)

    def f(p):
        return integrate.solve_ivp(fun, (0.0, 1.0), [1.0, 2.0], t_eval=[0.5, 1.0], args=(p,), **TIGHT).y

    check_grads(f, ({"rate": np.array([[0.3], [0.2]])[:, 0], "drive": [np.float64(1.0)]},), order=1, modes=("rev", "fwd"), rtol=1e-4)


@pytest.mark.parametrize("solve", ["RK45", "LSODA", "Radau", "odeint"])
def test_a_stiff_problem(solve):
    """y' = -k (y - cos t), whose state cannot be integrated backwards: it grows by exp(2000) on the way."""

    def rhs(t, y, k):
        return -k * (y - np.cos(t))

    def f(k):
        if solve == "odeint":
            return integrate.odeint(rhs, [0.3], [0.0, 2.0], args=(k,), tfirst=True, rtol=1e-8, atol=1e-8)[-1, 0]
        return integrate.solve_ivp(rhs, (0.0, 2.0), [0.3], solve, t_eval=[2.0], args=(k,), rtol=1e-8, atol=1e-8).y[0, 0]

    k = 1000.0
    exact = (2 * k * np.cos(2.0) + np.sin(2.0)) / (k * k + 1) - 2 * k * (k * k * np.cos(2.0) + k * np.sin(2.0)) / (k * k + 1) ** 2
    np.testing.assert_allclose(grad(f)(k), exact, rtol=1e-2)
    np.testing.assert_allclose(jacfwd(f)(k), exact, rtol=1e-2)


def test_a_state_in_a_list():
    def f(x, v):
        return integrate.solve_ivp(swing, (0.0, 1.0), [x, v], t_eval=[0.5, 1.0], args=([2.0, x],), **TIGHT).y

    np.testing.assert_allclose(vjp(f, 1.0, 0.5)[0], scipy.integrate.solve_ivp(swing, (0.0, 1.0), [1.0, 0.5], t_eval=[0.5, 1.0], args=([2.0, 1.0],), **TIGHT).y)
    check_grads(f, (1.0, 0.5), order=1, modes=("rev", "fwd"), rtol=1e-4)


def test_a_complex_state():
    def f(y0, k):
        return integrate.solve_ivp(lambda t, y, k: 1j * k * y, (0.0, 1.0), y0, t_eval=[1.0], args=(k,), **TIGHT).y

    check_grads(f, (np.array([1.0 + 0.5j]), np.array([0.7])), order=1, modes=("rev", "fwd"), rtol=1e-4)


def test_looser_tolerances_are_loose_and_not_wrong():
    f = lambda k: integrate.solve_ivp(swing, (0.0, 2.0), Y0, t_eval=TIMES, args=(k,)).y.sum()  # noqa: E731
    exact = grad(lambda k: integrate.solve_ivp(swing, (0.0, 2.0), Y0, t_eval=TIMES, args=(k,), **TIGHT).y.sum())(K)
    np.testing.assert_allclose(grad(f)(K), exact, atol=1e-2)
    np.testing.assert_allclose(jacfwd(f)(K), exact, atol=1e-2)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda k: integrate.solve_ivp(swing, (0.0, 1.0), Y0, args=(k,), dense_output=True).y, TypeError, "dense_output="),
        (lambda k: integrate.solve_ivp(swing, (0.0, 1.0), Y0, args=(k,), events=lambda t, y, k: y[0]).y, TypeError, "events="),
        (lambda k: integrate.solve_ivp(lambda t, y: k[0] * y, (0.0, 1.0), k).y, TypeError, "pass it in args="),
        (lambda k: integrate.solve_ivp(lambda t, y, k: k[0] * y**2, (0.0, 9.0), Y0, args=(k,)).y, RuntimeError, "no solution"),
        (lambda k: integrate.quad(np.cos, 0.0, k[0], weight="cos", wvar=1.0)[0], TypeError, "weight="),
    ],
)  # fmt: skip
def test_what_is_refused(call, error, match):
    with pytest.raises(error, match=match), np.errstate(all="ignore"):
        vjp(call, K)


def test_steps_of_the_solver_do_not_batch():
    with pytest.raises(TypeError, match="give t_eval="):
        vmap(lambda y0: integrate.solve_ivp(swing, (0.0, 1.0), y0, args=(K,)).y)(np.stack([Y0, 2 * Y0]))
