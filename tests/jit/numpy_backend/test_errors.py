"""Reports of floating-point errors by the NumPy backend."""

import traceback

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fdezero.jit.numpy_backend import compile_program, errors, scalars
from fdezero.jit.program import evaluate

from ..program_builder import Builder, expected
from .checks import DIVIDE, INVALID, OVERFLOW, close, outputs_of

with np.errstate(all="ignore"):
    ERRORS = [
        (np.log, (-1.0,), INVALID),
        (np.sqrt, (-1.0,), INVALID),
        (np.log, (0.0,), DIVIDE),
        (np.divide, (1.0, 0.0), DIVIDE),
        (np.divide, (0.0, 0.0), INVALID),
        (np.exp, (1e3,), OVERFLOW),
        (np.multiply, (1e200, 1e200), OVERFLOW),
        (np.square, (1e200,), OVERFLOW),
        (np.subtract, (np.inf, np.inf), INVALID),
        (np.multiply, (np.inf, 0.0), INVALID),
        (np.power, (-1.0, 0.5), INVALID),
        (np.power, (0.0, -1.0), DIVIDE),
        (np.sin, (np.inf,), INVALID),
        (np.exp, (1.0,), 0),
        (np.add, (np.inf, 1.0), 0),
        (np.add, (np.nan, 1.0), 0),
        (np.multiply, (1e-200, 1e-200), 0),
        (np.arctanh, (1.0,), DIVIDE),
        (np.arccosh, (0.5,), INVALID),
    ]


@pytest.mark.parametrize("shape", [(), (3,), (70_000,)])
@pytest.mark.parametrize(("function", "values", "flags"), ERRORS)
def test_floating_point_errors_are_reported(function, values, flags, shape):
    leaves = [np.full(shape, value)[()] for value in values]
    b = Builder(*leaves)
    program = b.program(b.map(np.negative, b.map(function, *range(len(leaves)))))
    compiled = compile_program(program)
    outs = compiled.run(*leaves)
    assert outs == -flags if flags else type(outs) is tuple
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(compiled.unchecked(*leaves)[0], -function(*leaves))


@pytest.mark.parametrize("function", [np.tanh, np.arctan, lambda x: x])
def test_an_overflow_that_the_result_does_not_show_is_reported(function):
    b = Builder(1e200)
    square = b.map(np.multiply, 0, 0)
    hidden = b.map(np.divide, b.constant(1.0), square) if function not in (np.tanh, np.arctan) else b.map(function, square)
    assert compile_program(b.program(hidden)).run(1e200) == -OVERFLOW


@given(st.integers(0, 2**32))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_all_errors_of_numbers_are_seen(seed):
    """A random expression at extreme numbers: what NumPy reports, the fast source does not miss."""
    rng = np.random.default_rng(seed)
    b = Builder(*rng.choice([0.0, -1.0, 1e-300, 1e200, -1e200, 710.0, 0.5, 3.0], size=3))
    leaves = list(b.values)
    functions = [f for f in scalars._FLOATS if f not in (np.isnan, np.isinf, np.isfinite)] + [np.maximum, np.minimum]
    for _ in range(rng.integers(1, 8)):
        f = functions[rng.integers(len(functions))]
        b.map(f, *(int(i) for i in rng.integers(0, len(b.values), size=f.nin)))
    program = b.program(len(b.values) - 1)
    seen = []
    with np.errstate(all="call", under="ignore", call=lambda kind, flag: seen.append(kind)):
        evaluate(program, leaves)
    outs = compile_program(program).run(*leaves)
    if seen:
        assert isinstance(outs, int) and outs < 0
    else:
        assert type(outs) is tuple  # the sine of a huge number, for one, need not be equal


def test_in_a_quiet_instruction_only_invalid_operations_count():
    for function, value, quiet in [(np.log, 0.0, DIVIDE), (np.exp, 1e3, OVERFLOW)]:
        b = Builder(value)
        assert compile_program(b.program(b.map(function, 0))).run(value) == -quiet
        b = Builder(value)
        (out,) = compile_program(b.program(b.map(function, 0, quiet=True))).run(value)
        assert np.isinf(out)
    b = Builder(-1.0)
    assert compile_program(b.program(b.map(np.log, 0, quiet=True))).run(-1.0) == -INVALID


def test_the_callers_error_state_is_left_alone():
    b = Builder(np.ones(3), 1.0)
    compiled = compile_program(b.program(b.map(np.log, 0), b.map(np.log, 1)))
    with np.errstate(all="print"):
        before = np.geterr()
        for leaves in [(np.ones(3), 1.0), (np.zeros(3), 1.0), (np.ones(3), 0.0)]:
            compiled.run(*leaves), compiled.unchecked(*leaves)
            assert np.geterr() == before


def test_without_numpys_private_names(monkeypatch):
    """Where `np.errstate` is all there is, errors are reported all the same."""
    monkeypatch.setattr(errors, "_private", None)
    b = Builder(np.ones(3))
    compiled = compile_program(b.program(b.map(np.log, 0)))
    assert compiled.run(np.zeros(3)) == -DIVIDE and type(compiled.run(np.ones(3))) is tuple
    assert np.isinf(compiled.unchecked(np.zeros(3))[0]).all()


def test_integers_wrap_around_as_in_numpy():
    big = 2**62
    b = Builder(big, big)
    total = b.map(np.add, 0, 1)
    compiled = compile_program(b.program(total, b.map(np.multiply, total, total)))
    for got, want in zip(compiled.run(big, big), expected(b.program(total, total + 1), [big, big]), strict=True):
        close(got, want)


@pytest.mark.parametrize("function", list(scalars._FLOATS), ids=lambda f: f.__name__)
def test_every_function_of_numbers(function):
    """The expression of Python agrees with NumPy to rounding, at ordinary numbers, zeros of both signs and infinities."""
    numbers = [0.0, -0.0, 0.3, -0.7, 1.0, 2.5, -3.0, np.inf, -np.inf, np.nan, 1e300]
    for x in numbers:
        for y in numbers if function.nin == 2 else [0.0]:
            b = Builder(*[x, y][: function.nin])
            leaves = list(b.values)
            program = b.program(b.map(function, *range(function.nin)))
            close(outputs_of(compile_program(program), leaves)[0], expected(program, leaves)[0])


def test_errors_of_functions_propagate_as_they_are():
    b = Builder(np.eye(2))
    program = b.program(b.apply(np.linalg.inv, 0))
    compiled = compile_program(program)
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        compiled.run(np.zeros((2, 2)))
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        compiled.unchecked(np.zeros((2, 2)))
    close(compiled.run(2 * np.eye(2))[0], np.eye(2) / 2)


def test_a_traceback_shows_the_line_of_the_source():
    def fails(x):
        raise IndexError("no such entry")

    b = Builder(np.ones(2))
    b.apply(lambda x: x, 0)
    program = b.program(1)
    program.instructions[0].operation.primitive.function = fails
    try:
        compile_program(program).run(np.ones(2))
    except IndexError:
        assert "call_function(v0" in traceback.format_exc()
    else:
        pytest.fail("no error")
