"""Functions of the user's, and small arrays as numbers."""

import numpy as np
import pytest

from fdezero.jit.numpy_backend import compile_program
from fdezero.jit.program import Broadcast, Cast, Matmul, Reduce, Reshape, Scatter, Slice, Transpose

from ..program_builder import Builder
from .checks import check, close, operations


def test_functions_with_several_outputs_and_parameters():
    b = Builder(np.arange(6.0).reshape(2, 3), 2.0)
    q, r = b.apply(lambda x: tuple(np.linalg.qr(x)), b(Transpose((1, 0)), 0))
    total = b.apply(np.sum, q, axis=0)
    split = b.apply(lambda x, by: (x * by, x.sum(), x), 0, 1)
    check(b.program(r, total, *split), [np.arange(6.0).reshape(2, 3), 2.0], b.values)


def test_a_number_is_passed_to_a_function_as_what_it_is():
    kinds = []
    b = Builder(2.0, np.float64(2.0), np.float32(1.0))
    b.types[0] = type(b.types[0])((), np.dtype(float), True)
    outs = [b.apply(lambda x: kinds.append(type(x)) or x, i) for i in range(3)]
    kinds.clear()
    compile_program(b.program(*outs)).run(2.0, np.float64(2.0), np.float32(1.0))
    assert kinds == [float, np.float64, np.float32]


def test_what_a_function_keeps_is_not_overwritten():
    """A view that a function returns of an intermediate result is an output: it does not change with the next call."""
    b = Builder(np.arange(3.0))
    view = b.apply(lambda x: x[1:], b.map(np.exp, 0))
    compiled = compile_program(b.program(view))
    (first,) = compiled.run(np.arange(3.0))
    compiled.run(np.zeros(3))
    close(first, np.exp([1.0, 2.0]))


def small_program(size):
    """A chain on a small vector, with operations of all kinds."""
    b = Builder(np.linspace(-1, 1, size), np.eye(2))
    c = b.constant(np.linspace(0.5, 1, size))
    x = 0
    for _ in range(4):
        x = b.map(np.subtract, b.map(np.multiply, x, c), b.map(np.multiply, x, x))
    x = b.map(np.where, b.map(np.less, x, 0), x, 0)
    backwards = b(Slice(((None, None, -1),)), x)
    table = b.map(np.add, b(Reshape((size, 1)), x), b(Broadcast((1, size)), backwards))
    total = b(Reduce(np.add, (0,)), table)
    scattered = b(Scatter((Slice(((0, size, 1),)), Slice(((1, size + 1, 1),))), (size + 1,), np.dtype(float)), total, x)
    product = b(Matmul(), 1, b(Transpose((1, 0)), 1))
    return b, [total, scattered, b(Reduce(np.maximum, (0, 1)), table), product, x, b(Cast(np.dtype(bool)), x)]


@pytest.mark.parametrize("size", [1, 2, 3, 12, 13])
def test_small_arrays(size):
    b, outputs = small_program(size)
    check(b.program(*outputs), [np.linspace(-1, 1, size), np.eye(2)], b.values)


def test_small_arrays_become_numbers_where_it_pays():
    b, (total, *_) = small_program(2)
    assert {"Slice", "Map", "Entries"} <= set(operations(b.program(total))) and "Scatter" not in operations(b.program(total))
    b, (total, *_) = small_program(13)
    assert "Entries" not in operations(b.program(total))
    b = Builder(np.ones(12))  # one operation is not worth taking all entries out and putting them back
    assert operations(b.program(b.map(np.tanh, 0))) == ["Map"]


def test_a_small_constant_of_the_callers_is_read_at_each_call():
    constant, own = np.ones(2), np.ones(2)
    own.flags.writeable = False
    b = Builder(np.ones(2))
    c, k = b.constant(constant), b.constant(own)
    x = 0
    for _ in range(5):
        x = b.map(np.multiply, b.map(np.add, x, c), k)
    program = b.program(x)
    compiled = compile_program(program)
    assert "Entries" in operations(program)
    constant[:] = 3.0
    close(compiled.run(np.ones(2))[0], [16.0, 16.0])


def test_a_small_array_that_a_function_sees():
    b = Builder(np.arange(2.0))
    x = 0
    for _ in range(5):
        x = b.map(np.add, b.map(np.multiply, x, x), 0)
    seen = b.apply(np.cumsum, x)
    for _ in range(5):
        seen = b.map(np.add, b.map(np.multiply, seen, x), 0)
    program = b.program(seen, x)
    b.guard(x)
    check(program, [np.arange(2.0)], b.values)
    check(b.program(seen), [np.arange(2.0)], b.values)
