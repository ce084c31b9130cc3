"""Arithmetic of Python's numbers in compiled functions."""

import math
import operator

import numpy as np
import pytest

from .like_eager import check, outcome

BINARY = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow, operator.lt,
    operator.le, operator.gt, operator.ge, operator.eq, operator.ne, operator.and_, operator.or_, operator.xor,
    operator.lshift, operator.rshift, divmod, np.add, np.less, np.maximum, np.power, lambda x, y: x and y, lambda x, y: not x,
]  # fmt: skip
NUMBERS = [2.5, -1.5, 0.0, 3, -2, 0, 2**70, True, 1 + 2j, 1e200]


@pytest.mark.parametrize("f", BINARY, ids=lambda f: f.__name__)
def test_arithmetic_of_pythons_numbers_is_pythons(compiled, f):
    fast = compiled(f if not isinstance(f, np.ufunc) else lambda x, y: f(x, y))
    for x in NUMBERS:
        for y in NUMBERS:
            if f in (operator.lshift, operator.pow) and y == 2**70:
                continue  # no room for the result
            if f is np.less and 2**70 in (x, y) and (x is True or y is True):
                continue  # a bool and an int without room: compiled code compares where NumPy has no loop
            if f in (operator.lshift, operator.rshift) and x is True:
                continue  # a bool among the arguments is static, and NumPy's in the program
            for _ in range(3):
                (found, _), (wanted, _) = outcome(fast, (x, y)), outcome(f, (x, y))
                if isinstance(wanted, (np.generic, float, complex)):
                    assert type(found) is type(wanted), (x, y)
                    np.testing.assert_allclose(found, wanted, rtol=1e-12)
                else:
                    assert type(found) is type(wanted), (x, y)
                    assert found == wanted, (x, y)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (-x, +x, abs(x), x.real, x.imag, x.conjugate()),
        lambda x: (round(x), round(x, 1)),
        lambda x: (math.floor(x), math.ceil(x), math.trunc(x), int(x), float(x), bool(x), complex(x)),
        lambda x: x.is_integer(),
        lambda x: (f"{x:.3f}", f"{x}", str(x)),
        lambda x: x in [2.5, 3.0],
        lambda x: [x, 2.0][::-1],
        lambda x: max(x, 1.0),
        lambda x: x**2 + x**-1 + 2**x,
    ],
)
def test_what_a_float_does(compiled, f):
    check(compiled(f), f, [(2.5,), (3.0,), (2.675,), (-0.5,), (1e300,), (0.0,), (np.float64(2.5),)])


@pytest.mark.parametrize("mode", ["ignore", "warn", "raise"])
@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: 1 / x, 0.0),
        (lambda x: 1.0 % x, 0.0),
        (lambda x: x**-1, 0.0),
        (lambda x: x**2, 1e200),
        (lambda x: x**1.5, 1e300),
        (lambda x: 2.0**x, 2000.0),
        (lambda x: np.ones(3) * (1 / x), 0.0),
    ],
)
def test_an_exception_of_pythons_whatever_numpy_was_told(compiled, f, x, mode):
    fast = compiled(f)
    with np.errstate(all=mode):
        for good in (2.0, 2.0, 3.0):
            np.testing.assert_allclose(fast(good), f(good))
        for _ in range(2):
            with pytest.raises((ZeroDivisionError, OverflowError)):
                fast(x)
        np.testing.assert_allclose(fast(4.0), f(4.0))


def test_a_root_of_a_negative_number_is_complex(compiled):
    check(compiled(lambda x: x**0.5), lambda x: x**0.5, [(4.0,), (-4.0,)])
