"""Compiled programs agree with the evaluation by NumPy, an instruction at a time."""

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fdezero.jit.program import Apply, Reduce
from tests.jit.llvm_backend.programs import Maker, arguments, random_program

pytest.importorskip("llvmlite")

from fdezero.jit.llvm_backend import compile_program, driver, engine, kernel

from .checks import TARGETS, Call, same


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_random_programs(seed, extreme):
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        program = random_program(rng, length=int(rng.integers(1, 20)))
    same(program, *arguments(program, rng, extreme), ulps=1e5)  # exp makes much of the rounding of a large number


@pytest.mark.parametrize("mask", TARGETS[1:])
@pytest.mark.parametrize("seed", range(12))
def test_random_programs_for_lesser_processors(seed, mask):
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        program = random_program(rng, length=15)
    same(program, *arguments(program, rng), target=engine.target(mask))


@pytest.mark.parametrize("called", [False, True])
def test_outputs_that_are_to_be_python_s_numbers(called):
    make = Maker()
    x, n = make.input(()), make.input((), int)
    outs = [make.map(np.square, x), make.map(np.less, x, x), make.map(np.greater, x, make.constant(0.0)), make.map(np.negative, n)]
    outs += [make.add(Apply(Call(np.sinc), {}), outs[0])] if called else []
    program = make.program(*outs, *outs)
    compiled = compile_program(program, numbers=range(len(outs)))
    for got in (compiled.run(1.5, np.int64(3)), compiled.unchecked(1.5, np.int64(3))):
        assert list(map(type, got[: len(outs)])) == [float, bool, bool, int, float][: len(outs)]
        assert [x.dtype for x in got[len(outs) :]] == [program.types[i].dtype for i in outs]
        np.testing.assert_array_equal(got[: len(outs)], got[len(outs) :])
        assert got[:4] == (2.25, False, True, -3)


def test_a_call_is_given_python_s_numbers_where_the_program_has_them():
    given = []

    def call(x, y):
        given.append((type(x), type(y)))
        return x * y

    make = Maker()
    x = make.input(())
    y, z = make.map(np.square, x), make.map(np.negative, x)
    out = make.add(Apply(Call(call), {}), y, z)
    make.types[y] = attrs.evolve(make.types[y], number=True)
    assert compile_program(make.program(out)).run(1.5) == (-3.375,)
    assert given[-1] == (float, np.float64)


def called_between(function):
    """A program with arrays that one segment makes for a call and for another segment."""
    make = Maker()
    x = make.input((1000,))
    y = make.map(np.multiply, x, make.constant(2.0))
    z = make.add(Apply(Call(function), {}), y)
    return make.program(make.map(np.add, y, z), z)


@pytest.mark.parametrize("kept", [1 << 25, 0])
def test_results_are_not_in_memory_that_is_used_again(kept, monkeypatch):
    monkeypatch.setattr(driver, "KEPT", kept)
    compiled = compile_program(called_between(lambda y: y[::-1]))
    xs = [np.full(1000, float(k)) for k in range(3)]
    for x, (total, turned) in zip(xs, [compiled.run(x) for x in xs], strict=True):
        np.testing.assert_array_equal(total, 4.0 * x)
        np.testing.assert_array_equal(turned, 2.0 * x)


def test_a_call_within_a_call_and_one_after_an_error_have_memory_of_their_own():
    made = []

    def function(y):
        if y[0] < 0.0:
            raise ZeroDivisionError
        return made[0].run(0.25 * y)[0] if made and y[0] > 1.0 else y

    made.append(compile_program(called_between(function)))
    with pytest.raises(ZeroDivisionError):
        made[0].run(np.full(1000, -1.0))
    for _ in range(2):  # f(x) = 2 x + f(x / 2), and 4 x where 2 x <= 1
        np.testing.assert_array_equal(made[0].run(np.full(1000, 2.0))[0], np.full(1000, 8.0))


@pytest.mark.parametrize("seed", range(20))
def test_random_programs_whose_numbers_are_parameters_of_the_loops(seed, monkeypatch):
    monkeypatch.setattr(kernel, "STEPS", 0)
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        program = random_program(rng, length=15)
    same(program, *arguments(program, rng))


def test_steps_that_differ_in_numbers_alone_are_one_function(monkeypatch):
    def loops(steps):
        maker = Maker()
        x = maker.input((9,))
        for k in range(steps):
            scaled = maker.map(np.multiply, x, maker.constant(np.float64(1 + 0.01 * k)))
            x = maker.map(np.subtract, scaled, maker.add(Reduce(np.add, (0,)), scaled))
        return same(maker.program(x), np.linspace(1, 2, 9)).source.count("define")

    assert loops(12) == loops(6) + 6
    monkeypatch.setattr(kernel, "STEPS", 0)
    assert loops(12) == loops(6)
