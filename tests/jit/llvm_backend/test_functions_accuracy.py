"""The errors of the functions against mpmath, in units of the last place."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")
pytest.importorskip("scipy")
pytest.importorskip("mpmath")

from .compiled import NAMES, compiled
from .references import REFERENCES, Samples, errors

#: The bound, but for logaddexp and logaddexp2: where their result cancels, the error is one of the larger summand.
BOUND = 2.5


def worst(name, dtype, count, features=None, seed=0):
    arguments = Samples(dtype, count, seed).of(name)
    return max(errors(name, arguments, compiled(dtype, 8, features)(name, *arguments)))


def test_every_function_has_a_reference():
    assert set(NAMES) <= set(REFERENCES)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_errors_are_small(name, dtype):
    if not name.startswith("logaddexp"):
        assert worst(name, dtype, 25)[0] <= BOUND


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_errors_are_small_at_many_points(name, dtype):
    if not name.startswith("logaddexp"):
        assert worst(name, dtype, 3000, seed=1)[0] <= BOUND


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["logaddexp", "logaddexp2"])
def test_errors_of_logaddexp_are_small_next_to_its_arguments(name, dtype):
    arguments = Samples(dtype, 200).of(name)
    results = compiled(dtype, 8)(name, *arguments)
    largest = np.maximum(*map(np.abs, arguments))
    for x, y, result, size in zip(*arguments, results, largest, strict=True):
        exact = REFERENCES[name](float(x), float(y))
        assert abs(float(result) - exact) <= 3 * np.spacing(max(size, abs(result)))


#: Doubles that are closest to a multiple of pi/2 for their size, and the largest: Muller, "Elementary Functions", table 11.1.
HARD_ANGLES = [
    6381956970095103 * 2.0**797,
    2.0**1023 * (2 - 2.0**-52),
    1e22,
    1e300,
    2.0**30,
    np.nextafter(2.0**30, np.inf),
    11.0,
    710.0 / 113 * 11,
    355.0,
    3.141592653589793,
    1.5707963267948966,
    0.7853981633974483,
    -245850922.0 / 2,
]


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_hard_angles(name):
    x = np.array(HARD_ANGLES)
    assert max(errors(name, [x], compiled("float64", 8)(name, x)))[0] <= BOUND


POINTS = [
    ("log", [1 + 2.0**-52, 1 - 2.0**-53, 2.0**-1074, 0.7071067811865476, 0.7071067811865475, 1.4142135623730951]),
    ("tanh", [5e-324, 1e-300, 1e-8, 0.17, 0.4999999, 0.5, 18.9, 19.1, 21.99]),
    ("expm1", [5e-324, -1e-300, 1e-17, 0.34657359027997264, 0.3465735902799727, -0.35, 36.7, -37.5, 709.7]),
    ("exp", [-745.1, -708.4, -708.0, 709.78, 1e-300, 708.1]),
    ("erfc", [26.5, 26.6, 27.2, -5.9, 0.5, 0.4999]),
    ("ndtr", [-37.5, -37.6, -38.4, 8.2, -0.6, 0.6, -0.7]),
    ("log_ndtr", [-0.75, 0.75, -0.7499, 0.7499, 0.0, -0.0, 37.5, 37.6, -1e150, -1e154]),
    ("erfcx", [-26.0, -26.5, 0.5, -0.5, 0.4999, 1e150, 1e307]),
    ("log1p", [-0.5, -0.9999999999999999, 2.0**52, 2.0**53, 5e-324, -1e-300, 0.41421356]),
    ("arctan", [0.41421356237309503, 0.4142135623730951, 2.414213562373095, 2.4142135623730954, 1e308, 5e-324]),
    ("arcsin", [0.5, 0.5000000000000001, -0.9999999999999999, 1.0, 5e-324]),
    ("cbrt", [5e-324, 1e-310, 8.0, 27.0, 1.7e308, -2.0]),
]


def test_powers_of_subnormal_numbers():
    x = np.array([1.16748e-318, 5e-324, 5e-324, 2.6e-314, 1.33149e-309, 2.5e-323])
    y = np.array([0.9061793266334208, 0.99, -0.95, 0.789, -0.8827, 1 / 3])
    assert max(errors("power", [x, y], compiled("float64", 8)("power", x, y)))[0] <= BOUND


@pytest.mark.parametrize(("name", "points"), POINTS)
def test_points_where_the_method_changes(name, points):
    x = np.array(points)
    assert max(errors(name, [x], compiled("float64", 8)(name, x)))[0] <= BOUND
