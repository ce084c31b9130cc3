"""Guards of programs of the NumPy backend."""

import numpy as np
import pytest

from fdezero.jit.numpy_backend import compile_program
from fdezero.jit.program import Reduce

from ..program_builder import Builder
from .checks import check


def guarded(values, function=lambda x: x):
    """A program with a guard at each value, and a call after each guard."""
    b = Builder(*values)
    calls = []
    for i in range(len(values)):
        b.guard(b.map(np.greater, i, b.constant(0.0)) if np.ndim(values[i]) == 0 else i)
        b.apply(lambda x, i=i: calls.append(i) or function(x), i)
    program = b.program(len(b.values) - 1)
    calls.clear()
    return program, calls


def test_the_first_guard_that_fails_is_named_and_nothing_after_it_runs():
    program, calls = guarded([1.0, 1.0, np.ones(2)])
    compiled = compile_program(program)
    assert compiled.run(2.0, 3.0, np.ones(2))[0].tolist() == [1.0, 1.0] and calls == [0, 1, 2]
    for run in (compiled.run, compiled.unchecked):
        assert run(-1.0, -1.0, np.ones(2)) == 0
        assert run(1.0, -1.0, np.zeros(2)) == 1
        assert run(1.0, 1.0, np.zeros(2)) == 2
        assert run(1.0, np.nan, np.zeros(2)) == 1
    assert calls[3:] == [0, 0, 1, 0, 0, 0, 1, 0]


@pytest.mark.parametrize("value", [True, False, 3, 2.5, np.float32(2.5), np.int32(3), 1 + 2j, -1.0])
def test_guards_of_numbers(value):
    b = Builder(value)
    b.guard(0)
    compiled = compile_program(b.program(0))
    assert compiled.run(value) == (value,)
    assert compiled.run(not value if isinstance(value, bool) else value + 1) == 0


def test_a_guard_comes_before_an_error_after_it():
    b = Builder(1.0)
    positive = b.map(np.greater, 0, b.constant(0.0))
    b.guard(positive)
    program = b.program(b.map(np.log, 0))
    assert compile_program(program).run(-1.0) == 0


def test_guards_and_loops(small_blocks):
    b = Builder(np.ones(10))
    y = b.map(np.negative, b.map(np.add, 0, 0))
    total = b(Reduce(np.add, (0,)), y)
    b.guard(b.map(np.less, total, b.constant(0.0)), True)
    program = b.program(b.map(np.exp, b.map(np.multiply, y, y)))
    check(program, [np.ones(10)])
    assert compile_program(program).run(-np.ones(10)) == 0
