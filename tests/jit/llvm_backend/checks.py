"""Comparison of compiled programs with their evaluation by NumPy."""

import numpy as np
import pytest

from fdezero.jit.program import Guard, Reduce
from tests.jit.llvm_backend.programs import Maker, agree, expected

pytest.importorskip("llvmlite")

from fdezero.jit.llvm_backend import compile_program

SIZES = [0, 1, 2, 7, 8, 9, 15, 31, 33, 63, 64, 100, 1000]
TARGETS = [None, "avx2", "baseline"]


class Call:
    """What an `Apply` needs of a primitive."""

    name = "call"

    def __init__(self, function):
        self.function = function


def same(program, *leaves, target=None, ulps=400):
    compiled = compile_program(program, target=target)
    agree(compiled.unchecked(*leaves), expected(program, leaves), program, ulps)
    return compiled


def pair(dtype=float, shape=(6, 4)):
    make = Maker()
    x, y = make.input(shape, dtype), make.input(shape, dtype)
    return make.program(make.map(np.add, x, y), make.map(np.multiply, x, make.map(np.subtract, x, y)))


def guarded(*guards, calls=()):
    make = Maker()
    x = make.input((3,))
    total = make.add(Reduce(np.add, (0,)), x)
    positive = make.map(np.greater, total, make.constant(0.0))
    rounded = make.map(np.floor, x)
    values = {"positive": positive, "total": total, "rounded": rounded}
    out = make.map(np.negative, x)
    return make.program(out, guards=[Guard(values[name], value, 3, "line") for name, value in guards])
