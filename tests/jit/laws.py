"""The law of a pass: the program it makes returns what the other did, in the same shapes and dtypes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from fdezero.core import zeros
from fdezero.jit.program import Apply, OtherTypes, Program, evaluate


def outcome(program: Program, arguments: Any) -> Any:
    """Outputs and values of guards, or the class of the error."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return evaluate(program, arguments)
        except (ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError, OtherTypes) as error:
            return type(error)


def has_its_types(program: Program, arguments: Any) -> bool:
    """False where a value has another dtype or shape for these arguments than the program says, as of `np.roots`."""
    try:
        check_types(program, arguments)
    except (AssertionError, ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError, OtherTypes):
        return False
    return True


def check_well_formed(program: Program) -> None:
    """Every value is made once and before it is used; the types are those of the values; guards are in place."""
    known = {*program.inputs, *program.constants}
    positions = dict.fromkeys(known, -1)
    for i, each in enumerate(program.instructions):
        assert all(x in known for x in each.operands), program.text
        assert not known.intersection(each.outputs)
        known.update(each.outputs)
        positions |= dict.fromkeys(each.outputs, i)
    assert all(x in known and x in program.types for x in program.outputs)
    assert all(x in program.types for x in known)
    for guard in program.guards:
        assert positions[guard.value] < guard.position <= len(program.instructions)


def check_types(program: Program, arguments: Any) -> None:
    """The values of every instruction have the types that the program says."""
    values = dict(zip(program.inputs, arguments, strict=True)) | dict(program.constants)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for each in program.instructions:
            out = each.operation.run(*[values[i] for i in each.operands])
            outs = out if type(out) is tuple else (out,)
            for number, value in zip(each.outputs, outs, strict=True):
                type_ = program.types[number]
                assert (np.shape(value), np.asarray(value).dtype) == (type_.shape, type_.dtype), each
                assert isinstance(each.operation, Apply) or not type_.number
                values[number] = value


def check_same(before: Program, after: Program, arguments: Any) -> None:
    """Both programs return the same, to rounding."""
    expected = outcome(before, arguments)
    if isinstance(expected, type) or not has_its_types(before, arguments):
        return  # an error of a value that nothing needs may go with it
    got = outcome(after, arguments)
    assert not isinstance(got, type), got
    may_differ = {x for each in before.instructions if _is_nonfinite(each) for x in each.outputs}
    guards = [(old, new) for old, new, g in zip(expected[1], got[1], before.guards, strict=True) if g.value not in may_differ]
    for old, new in [*zip(expected[0], got[0], strict=True), *guards]:
        assert np.shape(old) == np.shape(new)
        old, new = np.asarray(old), np.asarray(new)
        assert old.dtype == new.dtype
        if old.dtype.kind in "fc":
            close(old, new)
        else:
            np.testing.assert_array_equal(old, new)


def _is_nonfinite(each: Any) -> bool:
    """True for the question whether a number is not finite, which may be answered so of a large one too."""
    return isinstance(each.operation, Apply) and each.operation.primitive is zeros.nonfinite


def close(old: Any, new: Any) -> None:
    """Equal to a few roundings of the largest finite entry; NaN and infinities at the same places."""
    if old.dtype.kind == "c":
        np.testing.assert_array_equal(np.isfinite(old), np.isfinite(new))
        old, new = np.where(np.isfinite(old), old, 0), np.where(np.isfinite(new), new, 0)
    eps = np.finfo(old.dtype).eps
    finite = np.abs(old[np.isfinite(old)])
    np.testing.assert_allclose(new, old, rtol=256 * eps, atol=64 * eps * np.max(finite, initial=0.0))
