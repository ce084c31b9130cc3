"""Calls of NumPy between native segments."""

import numpy as np
import pytest

from fdezero.jit.program import Apply, Reduce, Reshape, Transpose
from tests.jit.llvm_backend.programs import Maker, agree, expected

pytest.importorskip("llvmlite")

from fdezero.jit.llvm_backend import compile_program

from .checks import Call, same


def test_calls_between_native_segments():
    make = Maker()
    x = make.input((4, 4))
    y = make.map(np.exp, x)
    values, vectors = make.add(Apply(Call(lambda a: tuple(np.linalg.eigh(a))), {}), make.map(np.add, y, make.add(Transpose((1, 0)), y)))
    z = make.map(np.multiply, vectors, values)
    angles = make.add(Apply(Call(np.angle), {}), make.map(np.multiply, z, make.constant(1j)))
    program = make.program(z, values, angles, x, make.add(Reshape((16,)), vectors), z, make.add(Reduce(np.add, (0, 1)), z))
    compiled = same(program, np.random.default_rng(0).standard_normal((4, 4)))
    assert "segment" in compiled.source and "call" in compiled.source


def test_one_output_in_a_tuple():
    make = Maker()
    x = make.input((3,))
    y = make.add(Apply(Call(lambda a: (np.sort(a),)), {}), x)
    same(make.program(y, make.map(np.negative, y)), np.array([3.0, 1.0, 2.0]))


def test_errors_of_calls_are_the_callers():
    make = Maker()
    x = make.input((2, 2))
    inverse = make.add(Apply(Call(lambda a: np.linalg.inv(a) if a.any() and not (a == 1).all() else a), {}), x)
    compiled = compile_program(make.program(make.map(np.negative, inverse)))
    with pytest.raises(np.linalg.LinAlgError):
        compiled.run(np.array([[1.0, 2.0], [2.0, 4.0]]))


def test_flags_of_calls():
    make = Maker()
    x = make.input((2,))
    out = make.add(Apply(Call(np.log), {}), make.map(np.negative, make.map(np.negative, x)))
    compiled = compile_program(make.program(out, make.map(np.square, out)))
    assert type(compiled.run(np.ones(2))) is tuple
    assert compiled.run(np.array([1.0, -1.0])) == -1 and compiled.run(np.array([1.0, 0.0])) == -2
    assert np.isnan(compiled.unchecked(np.array([1.0, -1.0]))[0][1])


def test_complex_and_half_go_through_numpy():
    for dtype in (complex, np.float16):
        make = Maker()
        x = make.input((3,), dtype)
        y = make.map(np.multiply, x, x)
        program = make.program(make.add(Reduce(np.add, (0,)), y), make.add(Transpose((0,)), y), x)
        got = compile_program(program).unchecked(np.arange(3).astype(dtype))
        for a, b in zip(got, expected(program, [np.arange(3).astype(dtype)]), strict=True):
            np.testing.assert_array_equal(a, b)
            assert np.asarray(a).dtype == dtype


def test_outputs_that_nothing_makes():
    make = Maker()
    x, y = make.input((2,), complex), make.input((), "float16")
    constant = make.constant(np.ones(3, complex))
    leaves = [np.ones(2, complex), np.float16(2.0)]
    outs = compile_program(make.program(x, constant, y, x)).run(*leaves)
    for out, want in zip(outs, [leaves[0], np.ones(3), leaves[1], leaves[0]], strict=True):
        np.testing.assert_array_equal(out, want)
        assert out is not want
    assert not np.shares_memory(outs[0], leaves[0]) and not np.shares_memory(outs[0], outs[3])


def test_outputs_of_calls_are_fresh():
    make = Maker()
    x = make.input((3,))
    y = make.add(Apply(Call(lambda a: a), {}), x)
    program = make.program(y, y, make.map(np.negative, y))
    leaf = np.ones(3)
    outs = compile_program(program).run(leaf)
    agree(outs, [leaf, leaf, -leaf], program)
    assert not any(np.shares_memory(out, leaf) for out in outs)
