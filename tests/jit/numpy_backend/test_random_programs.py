"""The NumPy backend against `evaluate`, over random programs of all operations."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fdezero.jit.numpy_backend import compile_program, schedule, writer
from fdezero.jit.numpy_backend.operations import Loop

from ..program_builder import Builder, Random, expected
from .checks import check, close


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=150, deadline=None, derandomize=True)
@example(3, False)
def test_a_random_program(seed, special):
    rng = np.random.default_rng(seed)
    b = Random(rng, int(rng.integers(1, 30)), special=special)
    check(b.program(*b.random_outputs()), b.leaves, b.values)


def test_random_programs_in_blocks(small_blocks):
    loops = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        b = Random(rng, int(rng.integers(1, 30)), sizes=(1, 2, 3, 7, 8, 9), special=bool(seed % 2))
        program = b.program(*b.random_outputs())
        loops += any(isinstance(each.operation, Loop) for each in schedule(program).instructions)
        check(program, b.leaves, b.values)
    assert loops > 40  # they are what is tested here


def test_random_programs_in_which_variables_are_used_again(monkeypatch):
    monkeypatch.setattr(writer, "LONG", 0)
    for seed in range(300):
        rng = np.random.default_rng(seed)
        b = Random(rng, int(rng.integers(1, 30)), sizes=(1, 2, 3))
        check(b.program(*b.random_outputs()), b.leaves, b.values)


def test_a_long_chain_of_numbers_takes_few_variables():
    b = Builder(1.5)
    x, early = 0, b.map(np.negative, 0)
    for _ in range(300):
        x = b.map(np.multiply, b.map(np.tanh, x), 0)
    program = b.program(b.map(np.add, x, early))
    check(program, [1.5])
    assert len(compile_program(program).run.__code__.co_varnames) < 10


def test_a_scheduled_program_returns_the_same(small_blocks):
    for seed in range(200):
        rng = np.random.default_rng(seed)
        b = Random(rng, int(rng.integers(1, 30)), sizes=(1, 2, 3, 7, 8))
        program = b.program(*b.random_outputs())
        for got, want in zip(expected(schedule(program), b.leaves), expected(program, b.leaves), strict=True):
            close(got, want)


def test_a_wrong_operation_is_found():
    """The check fails for a program that is not the one compiled."""
    b = Builder(np.ones(3))
    program, other = b.program(b.map(np.exp, 0)), b.program(b.map(np.exp, 0), b.map(np.tanh, 0))
    compiled = compile_program(other)
    with pytest.raises(AssertionError):
        for got, want in zip(compiled.run(np.ones(3)), expected(program, [np.ones(3)]) * 2, strict=True):
            close(got, want)
