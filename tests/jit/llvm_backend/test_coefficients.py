"""The coefficients, computed again, and the errors of the polynomials relative to the functions that they serve."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")
pytest.importorskip("mpmath")

import mpmath as M

from fdezero.jit.llvm_backend.functions import coefficients

M.mp.prec = 200
ROOT = M.sqrt
PI = M.pi
#: The largest s = f / (2 + f) of a logarithm, squared; ends are a little outside, for roundings of the argument.
S = ((ROOT(2) - 1) / (ROOT(2) + 1)) ** 2 * M.mpf("1.002")
R = M.log(2) / 2 * M.mpf("1.002")
QUARTER = (PI / 4) ** 2 * M.mpf("1.002")


def even(f):
    """A function of x**2 from one of x."""
    return lambda z: f(ROOT(z))


def erfcx_of(t):
    """(1 + 2 x) erfcx(x) at x = 3.75 (1 + t) / (1 - t)."""
    if t > 1 - M.mpf(10) ** -15:
        return 2 / ROOT(PI)
    x = M.mpf(3.75) * (1 + t) / (1 - t)
    far = sum((-1) ** k * M.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(12)) / (x * ROOT(PI))
    return (1 + 2 * x) * (M.exp(x * x) * M.erfc(x) if x < 50 else far)


#: The function that a polynomial approximates, its interval, and by what an error is multiplied to be relative to the result.
CASES = {
    "EXPM1": (
        lambda r: (M.expm1(r) - r) / r**2 if abs(r) > M.mpf(10) ** -20 else M.mpf(0.5),
        -R,
        R,
        lambda r: r**2 / abs(M.expm1(r)),
    ),
    "LOG": (even(lambda s: 2 * (M.atanh(s) - s) / s**3), 0, S, lambda z: z / 2),
    "SIN": (even(lambda r: (M.sin(r) - r) / r**3), 0, (PI / 2) ** 2 * M.mpf("1.001"), even(lambda r: r**3 / M.sin(r))),
    "SIN_QUARTER": (even(lambda r: (M.sin(r) - r) / r**3), 0, QUARTER, even(lambda r: r**3 / M.sin(r))),
    "COS_QUARTER": (even(lambda r: (M.cos(r) - 1 + r**2 / 2) / r**4), 0, QUARTER, even(lambda r: r**4 / M.cos(r))),
    "ATAN": (even(lambda x: (M.atan(x) - x) / x**3), 0, (ROOT(2) - 1) ** 2 * M.mpf("1.002"), even(lambda x: x**3 / M.atan(x))),
    "ASIN": (even(lambda x: (M.asin(x) - x) / x**3), 0, M.mpf("0.2505"), even(lambda x: x**3 / M.asin(x))),
    "ERF": (even(lambda x: M.erf(x) / x - 1), 0, M.mpf("1.001"), even(lambda x: x / M.erf(x))),
    "ERFCX": (erfcx_of, -1, 1, lambda t: 1 / erfcx_of(t)),
    "ATANH": (even(lambda s: (M.atanh(s) - s - s**3 / 3) / s**5), 0, S, lambda z: z**2),
    "CBRT": (lambda x: x ** -(M.mpf(1) / 3), M.mpf(2) ** -1.5, M.mpf(2) ** 1.5, lambda x: x ** (M.mpf(1) / 3)),
}
#: The bound of the relative error, as an exponent of 2; ATANH's is added to more than 2**13 times as much.
BOUNDS = {"ATANH": -65, "CBRT": -7, "EXPM1_SINGLE": -28, "LOG_SINGLE": -28, "ERFCX": -52.5, "SIN": -54, "COS_QUARTER": -58}
TABLES = [name for name in vars(coefficients) if name.isupper()]


def interpolated(function, count, low, high):
    """The polynomial that agrees with a function at the Chebyshev points of an interval."""
    points = [(low + high) / 2 + (high - low) / 2 * M.cos((2 * k + 1) * PI / (2 * count)) for k in range(count)]
    powers = M.matrix(count, count)
    for i, x in enumerate(points):
        for j in range(count):
            powers[i, j] = x**j
    return list(M.lu_solve(powers, M.matrix([function(x) for x in points])))


@pytest.mark.parametrize("name", TABLES)
def test_the_coefficients_interpolate_at_chebyshev_points(name):
    function, low, high, _ = CASES[name.removesuffix("_SINGLE")]
    table = getattr(coefficients, name)
    kind = np.float32 if name.endswith("_SINGLE") else np.float64
    assert [float(kind(float(c))) for c in interpolated(function, len(table), low, high)] == list(table)


@pytest.mark.parametrize("name", TABLES)
def test_the_errors_are_bounded(name):
    function, low, high, relative = CASES[name.removesuffix("_SINGLE")]
    table = getattr(coefficients, name)
    points = [low + (high - low) * M.mpf(k) / 101 for k in range(1, 101)] + [M.mpf(high) * (1 - M.mpf(2) ** -60)]
    worst = max(abs((sum(c * x**k for k, c in enumerate(table)) - function(x)) * relative(x)) for x in points)
    assert M.log(worst, 2) < BOUNDS.get(name, -55)
