"""A constant argument of another dtype: the derivative is that beside the same constant in double precision.

NumPy casts arguments for the function itself; a rule that computed with them as they came would let ``-x`` of a
uint8 wrap around, and take the logarithm of an int8 in half precision.
"""

import warnings

import numpy as np
import pytest
import scipy.special

import fdezero.scipy.special  # noqa: F401  # which declares the rules
from fdezero import grad
from fdezero.core.table import implementations

DTYPES = (np.int8, np.uint8, np.float32)
POINTS = ((1, 0.3), (3, 0.7))

#: SciPy's spheroidal functions do not return from some arguments that are not whole.
FUNCTIONS = [
    f
    for f in implementations
    if isinstance(f, np.ufunc) and f.nin > 1 and f.signature is None and not f.__name__.startswith(("pro_", "obl_"))
]


def of_argument(f, i, constant):
    """``f`` as a function of its argument number i, the others being ``constant``."""

    def g(x):
        out = f(*[x if k == i else constant for k in range(f.nin)])
        return out[0] if isinstance(out, tuple) else out

    return g


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_a_small_constant_is_as_good_as_a_double(f):
    checked = 0
    for i in range(f.nin):
        for dtype in DTYPES:
            for constant, x in POINTS:
                exact, small = (of_argument(f, i, np.array(constant, d)) for d in (float, dtype))
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        values = exact(x), small(x)
                        expected = grad(exact)(x)
                    except TypeError:  # of integers alone, or without a derivative in this argument
                        continue
                    if not np.isfinite(values[0]) or values[0].dtype != float or abs(values[0] - values[1]) > 1e-9 * abs(values[0]):
                        continue
                    np.testing.assert_allclose(grad(small)(x), expected, rtol=1e-9, err_msg=f"argument {i}, {np.dtype(dtype)}({constant})")
                checked += 1
    if not checked:
        pytest.skip("of integers, or without a derivative")


def test_the_dtype_is_that_of_the_function():
    for dtype in (np.float32, np.float64):
        slope = grad(lambda x: scipy.special.gammainc(x, np.array(2, np.uint8)))(dtype(1.5))
        assert slope.dtype == dtype
