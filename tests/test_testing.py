"""The testers, tested: what they accept, and what they must catch."""

import numpy as np
import pytest

from fdezero.core.primitives import Elementwise
from fdezero.core.signatures import make_rule
from fdezero.interpreters.reverse import pull
from fdezero.primitives import elementwise
from fdezero.testing import check_grads, numerical_grad


def test_numerical_grad():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(numerical_grad(lambda x: (x**3).sum(), x), 3 * x**2, rtol=1e-8)
    np.testing.assert_allclose(numerical_grad(lambda x: (x**3).sum(), x, method="forward"), 3 * x**2, rtol=1e-6)
    np.testing.assert_allclose(numerical_grad(lambda z: np.abs(z) ** 2, 1 + 2j), 2 - 4j, rtol=1e-8)
    assert numerical_grad(lambda x: x * x, 3) == pytest.approx(6.0)
    with pytest.raises(ValueError, match="'central' or 'forward'"):
        numerical_grad(np.sin, 1.0, method="backward")


def test_central_is_better_than_forward():
    def error(method, eps):
        return abs(numerical_grad(np.exp, 1.0, eps, method) - np.e)

    assert error("central", 1e-3) < 1e-3 * error("forward", 1e-3)
    assert error("forward", 1e-3) / error("forward", 1e-4) == pytest.approx(10, rel=0.01)
    assert error("central", 1e-2) / error("central", 1e-3) == pytest.approx(100, rel=0.01)


def test_trees_are_named():
    wrong = elementwise(lambda x: x * 2.0, lambda x: 2.1, name="wrong")
    with pytest.raises(AssertionError, match=r"order 1, reverse mode, argument 1\['b'\] at \(1,\)"):
        check_grads(lambda x, t: x * wrong(t["b"]) * np.array([0.0, 1.0]), (1.0, {"a": 2.0, "b": np.ones(2)}))


def test_a_wrong_dtype_is_caught():
    class Wide(Elementwise):
        __slots__ = ()

    @pull.register(Wide)
    def _(primitive, node, g):
        return [g.astype(np.float64)]

    wide = Wide("wide", lambda x: x * 1, (make_rule(1, 0),))
    with pytest.raises(AssertionError, match="float64"):
        check_grads(wide, (np.ones(2, np.float32),))


def test_modes_and_order_are_checked():
    with pytest.raises(ValueError, match="modes"):
        check_grads(np.sin, (1.0,), modes=("sideways",))
    with pytest.raises(ValueError, match="order"):
        check_grads(np.sin, (1.0,), order=0)
