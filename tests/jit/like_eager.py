"""Outcomes of compiled and eager calls: values, types, and errors."""

import warnings

import numpy as np

from fdezero import tree


def outcome(f, args):
    """The result or the class of the error, and the warnings."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        try:
            result = f(*args)
        except Exception as error:
            result = type(error)
    return result, [str(warning.message) for warning in found]


def assert_same(found, wanted):
    assert tree.flatten(found)[1] == tree.flatten(wanted)[1]
    for a, b in zip(tree.leaves(found), tree.leaves(wanted), strict=True):
        assert type(a) is type(b)
        if isinstance(b, (np.ndarray, np.generic)):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            np.testing.assert_allclose(a, b, rtol=1e-12)
        elif isinstance(b, (float, complex)):
            np.testing.assert_allclose(a, b, rtol=1e-12)
        else:
            assert a == b


def check(fast, f, calls, times=3):
    for args in calls:
        for _ in range(times):
            (found, reports), (wanted, expected) = outcome(fast, args), outcome(f, args)
            assert_same(found, wanted)
            assert reports == expected
