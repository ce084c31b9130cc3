"""Comparison of a compiled program with `evaluate`."""

import numpy as np
import pytest

from fdezero.jit.numpy_backend import compile_program, schedule
from fdezero.jit.numpy_backend import compiled as compiled_module

from ..program_builder import expected

SIZES = [0, 1, 7, 8, 9, 1000, 10**6 + 3]
INVALID, DIVIDE, OVERFLOW = 1, 2, 4


def close(got, wanted):
    """Equal to rounding, with the same shape and dtype."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape and got.dtype == wanted.dtype
    rtol, atol = (2e-3, 1e-3) if wanted.dtype in (np.float32, np.complex64) else (1e-9, 1e-9)
    np.testing.assert_allclose(got, wanted, rtol, atol)


def outputs_of(compiled, leaves):
    """The outputs of `run`, or where it reports floating-point errors, of `unchecked`."""
    outs = compiled.run(*leaves)
    if isinstance(outs, int):
        assert outs < 0
        outs = compiled.unchecked(*leaves)
    return outs


def is_ordinary(program, leaves):
    """True if no floating-point error and no integer overflow can come up."""
    values = dict(zip(program.inputs, leaves, strict=True)) | dict(program.constants)
    with np.errstate(all="call", under="ignore", call=lambda kind, flag: values.update({-1: np.nan})):
        for each in program.instructions:
            out = each.operation.run(*[np.asarray(values[i])[()] for i in each.operands])
            values.update(zip(each.outputs, out if type(out) is tuple else (out,), strict=True))
    return all(np.asarray(x).dtype.kind == "b" or (np.abs(x) < 1e9).all() for x in values.values())


def never(*leaves):
    raise AssertionError("the fast source was left")


def check(program, leaves, others=(), monkeypatch=pytest.MonkeyPatch):
    """A program's outputs agree with `evaluate` and are in fresh memory, three times over.

    Where nothing can go wrong, the fast source comes to its end.
    """
    wanted = expected(program, leaves)
    with monkeypatch.context() as patch:
        if is_ordinary(program, leaves):
            patch.setattr(compiled_module, "careful", lambda program, checked: never)
        compiled = compile_program(program)
        compiled.unchecked(*leaves)
    for _ in range(3):
        outs = outputs_of(compiled, leaves)
        for got, want in zip(outs, wanted, strict=True):
            close(got, want)
            assert isinstance(got, np.generic) if got.shape == () else (type(got) is np.ndarray and got.flags.writeable)
        arrays = [x for x in outs if isinstance(x, np.ndarray)]
        foreign = [x for x in (*leaves, *others, *program.constants.values()) if isinstance(x, np.ndarray)]
        for i, x in enumerate(arrays):
            assert not any(np.shares_memory(x, y) for y in (*arrays[:i], *foreign))
    for got, want in zip(compiled.unchecked(*leaves), wanted, strict=True):
        close(got, want)
    return compiled


def operations(program):
    return [type(each.operation).__name__ for each in schedule(program).instructions]
