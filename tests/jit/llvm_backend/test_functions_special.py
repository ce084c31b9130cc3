"""Special values and the processor's flags: those of NumPy's and SciPy's ufuncs."""

import itertools
import warnings

import numpy as np
import pytest

pytest.importorskip("llvmlite")
pytest.importorskip("scipy")

from fdezero.jit.llvm_backend.functions import FUNCTIONS

from .compiled import FEATURES, NAMES, X86, compiled, ufunc

DTYPES = ["float64", "float32"]
UNARY = [n for n in NAMES if FUNCTIONS[n] == 1]
BINARY = [n for n in NAMES if FUNCTIONS[n] == 2]


def thresholds(dtype):
    """Values where some function changes: the ends of the range and of the subnormals, and where results leave it."""
    info = np.finfo(dtype)
    yield from (0.0, 5 * float(info.smallest_subnormal), float(info.smallest_subnormal), float(info.tiny), float(info.max))
    yield from (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 9.0, 25.0, 40.0, 100.0, 1e10, 1e30, np.inf, np.nan)
    yield from (float(np.nextafter(info.dtype.type(1), info.dtype.type(end))) for end in (0, 2))
    yield from (87.0, 88.5, 88.8, 103.9, 104.1, 127.5, 128.0, 149.5, 150.5)
    if dtype == "float64":
        yield from (708.5, 709.7, 709.8, 710.4, 710.5, 745.1, 745.2, 1023.5, 1024.0, 1074.5, 1075.5, 1e100, 1e300)


def values(dtype):
    numbers = np.array(list(thresholds(dtype)), dtype)
    return np.concatenate([numbers, -numbers])


def few(dtype):
    """The values of which all pairs are tried."""
    info = np.finfo(dtype)
    numbers = [0.0, float(info.smallest_subnormal), float(info.tiny), 0.3, 1.0, 1.5, 2.0, 3.0, 1e15 + 1, 1e30]
    numbers = np.array([*numbers, float(info.max), np.inf, np.nan], dtype)
    return np.concatenate([numbers, -numbers])


def reference(name, *arguments):
    """The ufunc; for expit, which SciPy's rounds to 0 too early, what it is far from 0."""
    if name == "expit" and arguments[0][0] < -80:
        return np.exp(arguments[0])
    return ufunc(name)(*arguments)


def expected(name, *arguments):
    """What the ufunc computes for one element, and the warnings that it gives."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")
        result = reference(name, *(np.array([a]) for a in arguments))[0]
    return result, {"divide" if "zero" in str(w.message) else str(w.message).split()[0] for w in caught}


def close(actual, wanted):
    """Agreement but for roundings, which other tests bound: in the sign of 0, and in what is not finite."""
    if np.isnan(wanted):
        return np.isnan(actual)
    if np.signbit(actual) != np.signbit(wanted) or np.isinf(actual) != np.isinf(wanted):
        return False
    info = np.finfo(wanted.dtype)
    with np.errstate(all="ignore"):
        return actual == wanted or abs(actual - wanted) <= 100 * info.eps * abs(wanted) + 2 * info.smallest_subnormal


def excused(name, case, raised, warned, result):
    """Differences in flags that are meant.

    NumPy's logaddexp and logaddexp2 compare NaN, which is invalid, and some of its loops overflow where the result is exact: at
    an infinite exponent of power, and for float32 between numbers of opposite sign.  SciPy never warns of a product.
    """
    if name.startswith("logaddexp"):
        return (warned == {"invalid"} and np.isnan(case).any() and not raised) or (
            warned == {"overflow"} and case[0].dtype == "f4"
        )
    if name == "power":
        return warned == {"overflow"} and not raised and np.isinf(case[1])
    if name in ("erfcx", "log_ndtr"):
        return raised == {"overflow"} and not warned and np.isinf(result)
    product = name in ("xlogy", "xlog1py", "entr") and not warned
    return product and ((raised == {"overflow"} and np.isinf(result)) or (raised == {"invalid"} and np.isinf(case[0])))


def disagreements(name, dtype, cases, features=None):
    functions = compiled(dtype, 8, features)
    for case in cases:
        wanted, warned = expected(name, *case)
        (actual,), raised = functions.with_flags(name, *([a] for a in case))
        if not close(actual, wanted):
            yield case, "value", actual, wanted
        if X86 and raised != warned and not excused(name, case, raised, warned, actual):
            yield case, "flags", raised, warned


#: All that the host has, and less: where no instruction leaves lanes out, both sides of a choice are computed.
LONG = {"none": pytest.mark.long}
SETS = [pytest.param(None, id="host"), *[pytest.param(text, id=k, marks=LONG.get(k, ())) for k, text in FEATURES.items()]]


@pytest.mark.parametrize("features", SETS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", UNARY)
def test_special_values_of_one_argument(name, dtype, features):
    assert list(disagreements(name, dtype, ((x,) for x in values(dtype)), features)) == []


@pytest.mark.parametrize("features", SETS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BINARY)
def test_special_values_of_two_arguments(name, dtype, features):
    assert list(disagreements(name, dtype, itertools.product(few(dtype), repeat=2), features)) == []
