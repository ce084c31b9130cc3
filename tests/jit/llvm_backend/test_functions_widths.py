"""The functions give the same bits at every width, for every set of target features and level of optimization."""

import itertools

import numpy as np
import pytest

pytest.importorskip("llvmlite")
pytest.importorskip("scipy")
pytest.importorskip("mpmath")

from llvmlite import binding as llvm

from fdezero.jit.llvm_backend.functions import FUNCTIONS, module_source, source, symbol

from .compiled import AVX2, FEATURES, HAS_AVX2, NAMES, Compiled, compiled
from .references import Samples
from .test_functions_special import few, values

DTYPES = ["float64", "float32"]
#: For what takes long: most of float32 is float64 between two conversions.
ONE_AT_ONCE = ["float64", pytest.param("float32", marks=pytest.mark.long)]


def arguments(name, dtype):
    """Ordinary arguments, then special ones."""
    usual = Samples(dtype, 20).of(name)
    special = [values(dtype)] if FUNCTIONS[name] == 1 else np.array(list(itertools.product(few(dtype), repeat=2))).T
    return [np.concatenate(pair) for pair in zip(usual, special, strict=True)]


def assert_same(functions, dtype):
    for name in NAMES:
        x = arguments(name, dtype)
        np.testing.assert_array_equal(functions(name, *x), compiled(dtype, 8)(name, *x), err_msg=name)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", [1, 4, pytest.param(2, marks=pytest.mark.long), pytest.param(16, marks=pytest.mark.long)])
def test_widths_agree(width, dtype):
    assert_same(Compiled(dtype, width), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("features", [f if f == "avx2" else pytest.param(f, marks=pytest.mark.long) for f in FEATURES])
def test_target_features_agree(features, dtype):
    assert_same(compiled(dtype, 8, FEATURES[features]), dtype)


@pytest.mark.parametrize("dtype", ONE_AT_ONCE)
def test_levels_of_optimization_agree_in_values_and_flags(dtype):
    optimized = Compiled(dtype, 8, level=2)
    assert_same(optimized, dtype)
    for name in NAMES:
        for case in zip(*arguments(name, dtype), strict=True):
            given = [[a] for a in case]
            assert optimized.with_flags(name, *given)[1] == compiled(dtype, 8).with_flags(name, *given)[1], (name, case)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_quiet_nan_raises_no_flag(dtype):
    for functions in [compiled(dtype, 8), *([compiled(dtype, 8, AVX2)] if HAS_AVX2 else [])]:
        for name in NAMES:
            result, flags = functions.with_flags(name, *[[np.nan]] * FUNCTIONS[name])
            assert np.isnan(result[0])
            assert not flags, name


def test_what_functions_share_is_defined_once():
    wanted = [(name, dtype, width) for name in NAMES for dtype in DTYPES for width in (1, 8)]
    text = module_source([*wanted, *wanted])
    defined = [line for line in text.splitlines() if line.startswith(("define", "declare"))]
    assert len(defined) == len(set(defined))
    assert llvm.parse_assembly(text)
    for key in wanted:
        assert text.count(f"@{symbol(*key)}(") >= 1
        assert source(*key) in text


def test_what_the_module_declares_is_left_out():
    first = module_source([("exp", "float64", 8)])
    declared = [line for line in first.splitlines() if line.startswith("declare")]
    assert declared
    assert "declare" not in module_source([("exp", "float64", 8)], declared)


def test_an_unknown_function_is_named():
    with pytest.raises(KeyError, match="no function 'gamma'"):
        module_source([("gamma", "float64", 8)])
