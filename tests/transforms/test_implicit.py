"""fixed_point and root: derivatives of solutions, in both modes, to second order and in batches."""

import numpy as np
import pytest

from fdezero import fixed_point, grad, hessian, jacfwd, jacrev, root, vmap
from fdezero.testing import check_grads

A = np.array([[3.0, 1.0], [1.0, 2.0]])


def cubic(a):
    return root(lambda x, a: x**3 + x - a, 1.0, a)


def planet(e, m):
    """Kepler's equation, E = m + e sin E."""
    return fixed_point(lambda x, e, m: m + e * np.sin(x), 0.0, e, m)


def test_values():
    assert cubic(2.0) == pytest.approx(1.0)
    assert planet(0.3, 1.0) == pytest.approx(1.0 + 0.3 * np.sin(planet(0.3, 1.0)))


def test_derivatives_in_both_modes_to_second_order():
    check_grads(cubic, (2.0,), order=2, modes=("rev", "fwd"))
    check_grads(planet, (0.3, 1.0), order=2, modes=("rev", "fwd"), rtol=1e-4)
    check_grads(lambda b: root(lambda x, b: A @ x + np.sin(x) - b, np.zeros(2), b), (np.array([1.0, 2.0]),), modes=("rev", "fwd"))


def test_third_derivatives():
    third = grad(grad(grad(lambda a: root(lambda x, a: x * x - a, 1.0, a))))(4.0)
    assert third == pytest.approx(3 / 8 * 4.0**-2.5)


def test_forward_and_reverse_agree():
    f = lambda b: root(lambda x, b: A @ x + x**3 - b, np.zeros(2), b)  # noqa: E731
    b = np.array([1.0, 2.0])
    np.testing.assert_allclose(jacfwd(f)(b), jacrev(f)(b))
    h = hessian(lambda b: f(b)[0])(b)
    np.testing.assert_allclose(h, h.T, atol=1e-12)


def test_trees_and_batches():
    f = lambda a: root(lambda x, a: {"p": x["p"] ** 2 - a, "q": (x["q"][0] - x["p"] * a,)}, {"p": 1.0, "q": (0.0,)}, a)  # noqa: E731
    assert f(4.0)["q"][0] == pytest.approx(8.0)
    assert grad(lambda a: f(a)["q"][0])(4.0) == pytest.approx(1.5 * 2.0)
    np.testing.assert_allclose(vmap(cubic)(np.array([2.0, 10.0])), [1.0, 2.0])
    np.testing.assert_allclose(vmap(grad(cubic))(np.array([2.0, 10.0])), [1 / 4, 1 / 13])


def test_nothing_of_the_solver_is_recorded():
    from fdezero import record

    assert len(record(lambda a: fixed_point(lambda x, a: np.cos(a * x), 0.5, a))(1.0).nodes) < 60


def test_the_start_has_no_derivative():
    assert grad(lambda x0: root(lambda x: x * x - 2.0, x0))(1.0) == 0.0


def test_no_convergence():
    with pytest.raises(RuntimeError, match="fixed_point: no convergence in 50 steps"):
        fixed_point(lambda x: 2 * x + 1.0, 1.0, max_steps=50)
    with pytest.raises(RuntimeError, match="root: no convergence"):
        root(lambda x: x * x + 1.0, 0.3, max_steps=20)


@pytest.mark.parametrize("solve", [root, fixed_point])
def test_no_steps_are_no_convergence(solve):
    with pytest.raises(RuntimeError, match="no convergence in 0 steps"):
        solve(lambda x: x / 2, 1.0, max_steps=0)
