"""The processor's flags, and guards."""

import numpy as np
import pytest

from fdezero.jit.program import Apply, Guard, Reduce
from tests.jit.llvm_backend.programs import Maker, agree, expected

pytest.importorskip("llvmlite")

from fdezero.jit.llvm_backend import compile_program

from .checks import SIZES, Call, guarded

ERRORS = [(np.sqrt, -1.0, 1), (np.reciprocal, 0.0, 2), (np.exp, 800.0, 4), (np.log, 0.0, 2), (np.log, -1.0, 1)]


@pytest.mark.parametrize("n", [(), (1,), (3,), (9,), (64,), (1000,)])
@pytest.mark.parametrize(("function", "bad", "flag"), ERRORS)
def test_floating_point_errors_are_seen(function, bad, flag, n):
    make = Maker()
    x = make.input(n)
    program = make.program(make.map(function, x))
    compiled = compile_program(program)
    x = np.ones(n)
    assert type(compiled.run(x)) is tuple
    for k in {0, x.size // 2, x.size - 1}:
        y = x.copy()
        y.flat[k] = bad
        assert compiled.run(y) == -flag
        agree(compiled.unchecked(y), expected(program, [y]), program)
    with np.errstate(all="raise"):
        assert type(compiled.run(x)) is tuple


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_no_lane_raises_what_no_entry_raises(n, dtype):
    make = Maker()
    x = make.input((n,), dtype)
    functions = [np.reciprocal, np.sqrt, np.log, np.exp, np.tanh, np.sin]
    values = [make.map(function, x) for function in functions]
    outs = [*values, *(make.add(Reduce(np.add, (0,)), value) for value in values)]
    outs += [make.add(Reduce(np.multiply, (0,)), x), make.add(Reduce(np.add, (0,)), make.map(np.divide, x, values[1]))]
    compiled = compile_program(make.program(*outs))
    assert type(compiled.run(np.ones(n, dtype))) is tuple


@pytest.mark.parametrize("function", [np.multiply, np.add, np.maximum, np.fmin, np.where, np.equal, np.isnan, np.less, np.greater_equal, np.sign])
def test_a_nan_that_is_given_is_no_error(function):
    make = Maker()
    x = make.input((9,))
    y = make.map(np.negative, x)
    operands = {np.where: (make.map(np.isnan, x), x, y), np.isnan: (x,), np.sign: (x,)}.get(function, (x, y))
    compiled = compile_program(make.program(make.map(function, *operands)))
    mixed = np.full(9, np.nan)
    mixed[::2] = 1.0
    assert type(compiled.run(np.full(9, np.nan))) is tuple and type(compiled.run(mixed)) is tuple


@pytest.mark.parametrize(
    ("guards", "answers"),
    [
        ([("positive", True)], {(1, 1, 1): None, (-1, 0, 0): 0}),
        ([("total", 3.0), ("positive", True)], {(1, 1, 1): None, (1, 1, 2): 0, (-1, 0, 0): 0}),
        ([("positive", True), ("rounded", np.array([1.0, 0.0, 2.0]))], {(1.5, 0.5, 2.5): None, (1, 1, 2): 1, (0, 0, 0): 0}),
        ([("positive", np.True_), ("total", np.nan)], {(1, 1, np.nan): 0, (1, 1, 1): 1}),
    ],
)
def test_the_first_guard_that_fails_is_named(guards, answers):
    program = guarded(*guards)
    compiled = compile_program(program)
    for x, answer in answers.items():
        x = np.array(x, float)
        for run in (compiled.run, compiled.unchecked):
            out = run(x)
            assert type(out) is tuple if answer is None else out == answer


def test_nothing_is_called_when_a_guard_before_it_fails():
    calls = []
    make = Maker()
    x = make.input((3,))
    total = make.add(Reduce(np.add, (0,)), x)
    guard = Guard(make.map(np.greater, total, make.constant(0.0)), True, 2, "line")
    y = make.add(Apply(Call(lambda a: calls.append(1) or np.sort(a)), {}), x)
    late = Guard(make.map(np.less, total, make.constant(100.0)), True, 4, "line")
    compiled = compile_program(make.program(make.map(np.negative, y), guards=[guard, late]))
    calls.clear()
    assert compiled.run(np.full(3, -1.0)) == 0 and not calls
    assert compiled.run(np.full(3, 100.0)) == 1
    np.testing.assert_array_equal(compiled.run(np.array([3.0, 1.0, 2.0]))[0], [-1.0, -2.0, -3.0])
