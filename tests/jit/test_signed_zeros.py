"""Zeros keep their signs: where Python decides on a number, and where arrays are joined."""

import warnings

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("f", "zeros"),
    [
        (lambda x: np.copysign(1.0, float(x)), [0.0, -0.0]),
        (lambda x: np.copysign(1.0, x.item()), [np.float64(0.0), np.float64(-0.0)]),
        (lambda x: np.copysign(1.0, np.asarray(x)), [np.array([0.0, 1.0]), np.array([-0.0, 1.0])]),
        (lambda x: np.copysign(1.0, complex(x).imag), [0j, complex(0, -0.0)]),
        (lambda x: f"{x:.1f}", [0.0, -0.0]),
    ],
)
def test_a_decision_on_a_zero_is_one_on_its_sign(compiled, f, zeros):
    fast = compiled(f)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x in zeros * 3:
            np.testing.assert_array_equal(fast(x), f(x))


@pytest.mark.parametrize("size", [2, 40])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.stack([x, -x]),
        lambda x: np.concatenate([x[:1], -x]),
        lambda x: np.stack([x[0], -x[1], x[-1]]),
        lambda x: np.concatenate([x[None, :1], -x[None]], axis=1) * 2.0,
        lambda x: np.stack([-x[0]]),
    ],
)
def test_what_is_joined_keeps_the_signs_of_zeros(compiled, f, size):
    fast = compiled(f)
    for x in (np.zeros(size), -np.zeros(size), np.ones(size)):
        for _ in range(3):
            np.testing.assert_array_equal(np.signbit(fast(x)), np.signbit(f(x)))


def test_integers_for_which_numpy_has_no_room_are_the_same_the_second_time(compiled):
    fast = compiled(lambda x: x * 2**80 + int(x))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x in (2.0**70, 2.0**70, 2.0**70, 3.0):
            assert fast(x) == x * 2**80 + int(x)
