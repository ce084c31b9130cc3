"""Every rule of the table against numerical derivatives, and every implementation in the table."""

import warnings

import numpy as np
import pytest

import fdezero
from fdezero import grad
from fdezero.core import boxes
from fdezero.core.graph import Box
from fdezero.core.operands import numpy_name
from fdezero.primitives import elementwise
from fdezero.testing import check_grads
from tests.parts import every

from .cases import CASES, CONSTANT, REFUSED, SAME
from .coverage import DECLARED, along, run_batch, run_forward, run_reverse, slope_of, unused, watched, weighted_square


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_derivatives(case):
    check_grads(case.f, case.args, order=2, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("case", every(2, CASES))
def test_derivatives_of_the_square(case):
    """Of a function that is linear nothing is left to second order; of its square the rules are differentiated too."""
    check_grads(weighted_square(case.f), case.args, order=2, modes=("rev", "fwd"), rtol=5e-4, atol=1e-4)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_value_on_boxes_is_numpy_s(case):
    plain = fdezero.tree.leaves(case.f(*case.args))
    boxed = fdezero.tree.leaves(fdezero.record(case.f)(*case.args).value)
    for p, b in zip(plain, boxed, strict=True):
        assert np.shape(p) == np.shape(b)
        assert np.asarray(p).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(p, b, rtol=1e-5 if np.asarray(p).dtype.itemsize < 8 else 1e-12)


def test_every_implementation_is_in_the_table():
    checked = {case.function for case in CASES} | set(CONSTANT) | SAME | REFUSED
    # SciPy's ufuncs, which have a table of their own, do not know their module.
    missing = [name for f in boxes.implementations if f not in checked and "." in (name := numpy_name(f))]
    assert not missing


@pytest.mark.parametrize("function", CONSTANT, ids=numpy_name)
def test_constants_come_out_plain(function):
    x = np.array([[0.5, -1.25, 3.0], [2.5, 0.25, -0.75]])
    seen = []

    def f(v):
        seen.append(CONSTANT[function](v))
        return v.sum()

    np.testing.assert_array_equal(grad(f)(x), np.ones_like(x))
    assert not isinstance(seen[0], Box)
    expected = CONSTANT[function](x)
    if "repr" in function.__name__ or "str" in function.__name__:
        assert isinstance(seen[0], str)
    else:
        np.testing.assert_array_equal(seen[0], expected)


def test_a_rule_made_wrong_on_purpose_is_caught():
    wrong = elementwise(lambda x: np.sin(x), lambda x: 1.001 * np.cos(x), name="wrong_sin")
    with pytest.raises(AssertionError, match=r"order 1, reverse mode, argument 0 at \(0,\): exact .*, numerical .*"):
        check_grads(wrong, (np.array([0.3, 0.4]),))
    second = elementwise(lambda x: np.sin(x), lambda g, x: g * np.asarray(np.cos(fdezero.stop_gradient(x))), name="once")
    with pytest.raises(AssertionError, match="order 2"):
        check_grads(second, (np.array([0.3, 0.4]),))


#: Their forward rules call primitives that nothing else does.
OF_VALUES = {np.linalg.eigvalsh, np.linalg.svdvals}


def beside(case):
    return [along(case.f), along(along(case.f))] if case.function in OF_VALUES else []


@pytest.mark.long
def test_every_rule_is_run_in_every_mode_to_second_order():
    with watched(DECLARED) as used, np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in CASES:
            args = tuple(np.asarray(a)[()] for a in case.args)
            # What only one mode calls is called by the others.
            for f in (case.f, slope_of(case.f), *beside(case)):
                run_reverse(f, args)
                run_forward(f, args)
                if "mask of itself" not in case.label:
                    run_batch(f, args)
        for f in CONSTANT.values():
            run_batch(f, (np.array([[0.5, -1.25, 3.0], [2.5, 0.25, -0.75]]),))
    assert len(DECLARED) > 120
    assert unused(DECLARED, used) == []


def test_a_primitive_without_a_case_is_reported():
    new = elementwise(lambda x: np.sin(x), lambda x: np.cos(x), name="new")
    with watched([new]) as used:
        run_reverse(np.sin, (np.array([0.3, 0.4]),))
    assert [line.partition("): ")[2] for line in unused([new], used)] == [
        "batch, argument 0, order 1", "batch, argument 0, order 2", "forward, argument 0, order 1",
        "forward, argument 0, order 2", "reverse, argument 0, order 1", "reverse, argument 0, order 2",
    ]  # fmt: skip
    with watched([new]) as used:
        for run in (run_reverse, run_forward, run_batch):
            run(new, (np.array([0.3, 0.4]),))
    assert unused([new], used) == []
    with watched([new]) as used:
        grad(new)(0.3)
    assert used == {(new, "reverse", 0, 1)}
