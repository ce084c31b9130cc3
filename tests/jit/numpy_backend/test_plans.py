"""Blocks of loops, threads and memory."""

import gc
import linecache
import threading
import tracemalloc

import numpy as np
import pytest

from fdezero.jit.numpy_backend import blocks, compile_program, schedule
from fdezero.jit.numpy_backend.careful import careful
from fdezero.jit.numpy_backend.loop import scratch
from fdezero.jit.numpy_backend.operations import Dot, Loop
from fdezero.jit.program import Cast, Matmul, Reduce, Transpose

from ..program_builder import Builder, Random, expected
from .checks import check, close, operations, outputs_of


def test_two_loops_share_their_blocks():
    """The last, shorter block of the first does not shorten those of the second."""
    x = np.linspace(-1, 1, 3 * blocks.LARGE // 2 + 5)
    b = Builder(x)
    total = b(Reduce(np.add, (0,)), b.map(np.exp, b.map(np.tanh, 0)))
    mean = b.map(np.multiply, total, b.constant(1e-6))
    other = b.map(np.exp, b.map(np.tanh, b.map(np.subtract, 0, mean)))
    program = b.program(b(Reduce(np.add, (0,)), b.map(np.sin, other)))
    assert operations(program).count("Loop") == 2
    check(program, [x])


def test_blocks_that_are_made_where_they_pay():
    large = np.ones(200_000)
    b = Builder(large)
    y = b.map(np.tanh, b.map(np.add, 0, 0))
    program = schedule(b.program(b(Reduce(np.add, (0,)), b.map(np.square, y)), y))
    (loop,) = program.instructions
    assert isinstance(loop.operation, Loop) and any(isinstance(each.operation, Dot) for each in loop.operation.program.instructions)
    assert scratch(loop.operation) <= 2 * 8 * blocks.BLOCK
    b = Builder(np.ones(1000))
    assert not any(isinstance(each.operation, Loop) for each in schedule(b.program(b.map(np.tanh, b.map(np.exp, 0)))).instructions)


def test_eight_threads():
    x = np.random.default_rng(0).normal(size=(8, 5, 400))
    b = Builder(x[0])
    y = b.map(np.tanh, 0)
    y = b.map(np.multiply, b(Matmul(), y, b(Transpose((1, 0)), y)), b.constant(0.1))
    compiled = compile_program(b.program(b(Reduce(np.add, (0, 1)), b.map(np.exp, y)), y))
    wanted = [compiled.run(each) for each in x]
    wrong = []

    def work(k):
        for _ in range(300):
            for got, want in zip(compiled.run(x[k]), wanted[k], strict=True):
                if not np.array_equal(got, want):
                    wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_function_that_calls_the_same_program():
    compiled = []
    depth = []

    def again(x):
        if len(depth) < 2:
            depth.append(None)
            compiled[0].run(x * 10)
        return x.copy()

    b = Builder(np.ones(3))
    y = b.map(np.exp, 0)
    program = b.program(b.map(np.multiply, b.apply(lambda x: x.copy(), y), y))
    program.instructions[1].operation.primitive.function = again
    compiled.append(compile_program(program))
    close(compiled[0].run(np.ones(3))[0], np.exp(np.full(3, 2.0)))


def test_memory_is_flat_over_10_000_calls():
    x = np.linspace(-1, 1, 50)
    b = Builder(x, 1.0)
    y = b.map(np.tanh, b.map(np.multiply, 0, 1))
    compiled = compile_program(b.program(b(Reduce(np.add, (0,)), y), b.map(np.exp, y), y))
    for _ in range(100):
        compiled.run(x, 1.0), compiled.run(np.full(50, 1e3), 0.0)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(10_000):
        compiled.run(x, 1.0)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 10_000


def test_a_compiled_program_that_is_dropped_leaves_nothing():
    b = Builder(np.ones(3))
    program = b.program(b.map(np.tanh, 0))
    compile_program(program).run(np.ones(3))
    gc.collect()
    before = len(linecache.cache)
    for _ in range(20):
        compiled = compile_program(program)
        compiled.run(np.ones(3)), compiled.unchecked(np.ones(3))
    del compiled
    gc.collect()
    assert len(linecache.cache) <= before


def test_careful_runs_whole_programs():
    for seed in range(100):
        rng = np.random.default_rng(seed)
        b = Random(rng, int(rng.integers(1, 30)), special=True)
        program = b.program(*b.random_outputs())
        for got, want in zip(careful(program, False)(*b.leaves), expected(program, b.leaves), strict=True):
            close(got, want)


@pytest.mark.parametrize("leaf", [1.5, 1e200])
def test_outputs_that_are_to_be_python_s_numbers(leaf):
    leaves = [leaf, np.float32(2.0)]
    b = Builder(*leaves)
    outs = [b.map(np.square, 0), b.map(np.less, 0, 0), b(Cast(np.dtype(int)), b.map(np.tanh, 0)), b.apply(np.sinc, 0), 1]
    outs.append(b(Cast(np.dtype(complex)), 0))
    program, kinds = b.program(*outs, *outs), [float, bool, int, float, float, complex]
    compiled = compile_program(program, numbers=range(len(outs)))
    for got in (outputs_of(compiled, leaves), compiled.unchecked(*leaves)):
        assert list(map(type, got[: len(outs)])) == kinds
        assert [x.dtype for x in got[len(outs) :]] == [program.types[i].dtype for i in outs]
        np.testing.assert_array_equal(got[: len(outs)], got[len(outs) :])


def test_a_program_without_instructions():
    b = Builder(1.0, np.ones(2))
    check(b.program(0, 1), [1.0, np.ones(2)])
    assert compile_program(b.program()).run(1.0, np.ones(2)) == ()
