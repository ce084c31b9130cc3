"""The dtype of a ufunc's result on Boxes is NumPy's, for every dtype and every kind of other operand.

NumPy's rule (NEP 50): Python's numbers take on the dtype of the array, NumPy's own numbers do not.
"""

import operator
import warnings

import numpy as np
import pytest

from fdezero import grad, record, tree, vmap
from fdezero.core import boxes

from .coverage import is_of_numpy

DTYPES = (np.float32, np.float64, np.complex64, np.complex128)

#: What a Box may meet: Python's numbers, NumPy's, and arrays of no and one dimension.
OTHERS = {
    "int": 2, "float": 2.0, "half": 0.5, "complex": 1 + 0.5j, "bool": True,
    **{f"{t.__name__}()": t(2) for t in (np.int8, np.int64, np.float16, np.float32, np.float64, np.complex64, np.complex128)},
    **{f"{np.dtype(t)} 0-d": np.array(2, t) for t in (int, "f4", "f8", "c16")},
    **{f"{np.dtype(t)} 1-d": np.array([2, 0.5], t) for t in (bool, "i4", int, "f4", "f8", "c8", "c16")},
}  # fmt: skip

UFUNCS = [f for f in boxes.implementations if isinstance(f, np.ufunc) and f.signature is None and is_of_numpy(f)]
OPERATORS = (
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.floordiv, operator.mod, divmod,
    operator.lt, operator.eq,
)  # fmt: skip


def outcome(f, x):
    """The leaves of ``f(x)``, or the error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [np.asarray(boxes.raw(leaf)) for leaf in tree.leaves(f(x))]
    except (TypeError, ValueError) as error:
        return error


def on_box(f, x):
    seen = []

    def program(v):
        seen.append(outcome(f, v))
        return v

    record(program)(x)
    return seen[0]


def assert_as_numpy(f, x, name):
    expected, found = outcome(f, x), on_box(f, x)
    if isinstance(expected, Exception):
        assert isinstance(found, Exception), name
        return
    assert not isinstance(found, Exception), (name, found)
    for e, b in zip(expected, found, strict=True):
        assert (e.dtype, e.shape) == (b.dtype, b.shape), name
        np.testing.assert_allclose(b, e, rtol=2e-5, err_msg=name)


@pytest.mark.parametrize("f", [*UFUNCS, *OPERATORS], ids=lambda f: f"{type(f).__name__}-{f.__name__}")
def test_the_dtype_is_numpy_s(f):
    one = getattr(f, "nin", 2) == 1
    for dtype in DTYPES:
        for x in (dtype(0.7), np.full(2, 0.7, dtype)):
            if one:
                assert_as_numpy(f, x, f"{x!r}")
            elif getattr(f, "nin", 2) == 2:
                for name, other in OTHERS.items():
                    if f in (np.power, operator.pow) and np.power(x, other).dtype != (x**other).dtype:
                        continue  # before NumPy 2.2 they differ for an array of float32 and an integer array of no axes
                    assert_as_numpy(lambda v, o=other: f(v, o), x, f"{x!r}, {name}")
                    assert_as_numpy(lambda v, o=other: f(o, v), x, f"{name}, {x!r}")


@pytest.mark.parametrize("n", [2, np.int64(2), np.float64(2), 2.0, -1, np.float32(3), 0.5, np.float64(17)])
@pytest.mark.parametrize("f", [np.power, np.float_power])
def test_the_gradient_of_a_widened_power_keeps_its_argument_s_dtype(f, n):
    x = np.array([0.5, 1.5], np.float32)
    slope = grad(lambda x: f(x, n).sum())(x)
    assert slope.dtype == np.float32
    np.testing.assert_allclose(slope, float(n) * x.astype(float) ** (float(n) - 1), rtol=1e-6)


@pytest.mark.parametrize("n", [2, 2.0, np.float64(2), np.int8(2), 0, 0.5, -1])
@pytest.mark.parametrize("x", [np.array([[1, 2], [3, 4]]), np.array([[True, False]]), np.array([[1, 2]], np.int8)], ids=str)
def test_powers_of_integers(x, n):
    """An integer meets power as a Box where it is batched."""
    expected = outcome(lambda x: x**n, x)
    found = outcome(vmap(lambda r: r**n), x)
    if isinstance(expected, Exception):
        assert str(found) == str(expected)
    else:
        assert found[0].dtype == expected[0].dtype
        np.testing.assert_array_equal(found[0], expected[0])
