"""The NumPy backend over sizes, dtypes and layouts."""

import numpy as np
import pytest

from fdezero.jit.numpy_backend import compile_program
from fdezero.jit.program import Broadcast, Cast, Matmul, Reduce, Reshape, Scatter, Slice, Transpose

from ..program_builder import Builder, expected, leaf
from .checks import SIZES, check, close


def workload(x):
    """A program with sums, a slope, views, and operands that are repeated."""
    b = Builder(x)
    one = b.constant(x.dtype.type(1))
    t = b.map(np.tanh, 0)
    s = b.map(np.subtract, one, b.map(np.multiply, t, t))
    repeated = b(Broadcast(x.shape), b.constant(x.dtype.type(3)))
    scaled = b.map(np.multiply, s, repeated)
    total = b(Reduce(np.add, tuple(range(x.ndim))), b.map(np.multiply, scaled, 0))
    largest = b.map(np.maximum, scaled, b.map(np.negative, 0))
    back = b(Slice(((None, None, -1),)), largest) if x.ndim else largest
    return b.program(total, scaled, back, t, b.map(np.where, b.map(np.less, 0, one), scaled, t))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("size", SIZES)
def test_sizes(size, dtype):
    x = np.random.default_rng(0).normal(size=size).astype(dtype)
    check(workload(x), [x])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.int64, np.int32, np.bool_])
@pytest.mark.parametrize("layout", range(4))
@pytest.mark.parametrize("shape", [(), (3,), (4, 3), (300, 400)])
def test_dtypes_and_layouts(shape, layout, dtype):
    rng = np.random.default_rng(1)
    x, y = (leaf(rng, shape, dtype, layout) for _ in range(2))
    b = Builder(x, y)
    add = b.map(np.add, 0, 1)
    product = b.map(np.multiply, add, add)
    outs = [product, b.map(np.not_equal, product, 1)]
    if shape:
        outs.append(b(Transpose(tuple(range(len(shape)))[::-1]), product))
        if np.dtype(dtype).kind != "b":
            outs.append(b(Reduce(np.add, (0,)), b(Cast(np.dtype(np.complex128)), product)))
    check(b.program(*outs), [x, y])


@pytest.mark.parametrize("shape", [(70_000,), (70_000, 3), (3, 70_000), (300, 20, 50)])
@pytest.mark.parametrize("axes", [(0,), (-1,), "all"])
def test_reductions_of_large_arrays(shape, axes):
    x = np.random.default_rng(0).normal(size=shape)
    axes = tuple(range(len(shape))) if axes == "all" else (axes[0] % len(shape),)
    b = Builder(x, np.ones(shape[-1:]))
    y = b.map(np.multiply, b.map(np.tanh, 0), 1)
    outs = [b(Reduce(ufunc, axes), y) for ufunc in (np.add, np.maximum)] + [b(Reduce(np.add, axes), b.map(np.square, y))]
    check(b.program(*outs, b.map(np.exp, y)), [x, np.linspace(0, 1, shape[-1])])


def test_sums_are_as_accurate_as_numpys():
    """The error of a sum of a million numbers, by blocks, is that of NumPy's pairs; adding one by one has 1,000 times more.

    That of a product of vectors depends on how many numbers the processor adds at once.
    """
    x = np.full(10**6 + 3, 0.1)
    b = Builder(x)
    program = b.program(b(Reduce(np.add, (0,)), b.map(np.multiply, b.map(np.add, 0, 0), 0)), b(Reduce(np.add, (0,)), b.map(np.negative, 0)))
    dot, total = compile_program(program).run(x)
    assert abs(dot / (0.02 * len(x)) - 1) < 1e-13 and abs(-total / (0.1 * len(x)) - 1) < 1e-14


@pytest.mark.parametrize("shapes", [((3, 4), (4, 5)), ((1, 4), (4, 1)), ((0, 4), (4, 2)), ((2, 0), (0, 2)), ((2, 3, 4), (4, 5)), ((2, 1, 3, 4), (5, 4, 1))])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.complex128])
def test_products_of_matrices(shapes, dtype):
    rng = np.random.default_rng(0)
    x, y = (leaf(rng, shape, dtype, 1) for shape in shapes)
    b = Builder(x, y)
    product = b(Matmul(), 0, 1)
    check(b.program(product, b.map(np.negative, product)), [x, y])


@pytest.mark.parametrize(
    ("slices", "shape"),
    [
        ([((0, 2, 1),), ((1, 3, 1),)], (3,)),
        ([(0,), (1,), (2,)], (3,)),
        ([(0,), (0,)], (3,)),
        ([((0, 3, 1),), ((None, None, -1),)], (3,)),
        ([(0, (0, 3, 1)), (1,)], (2, 3)),
        ([()], (2, 3)),
        ([(), ()], ()),
        ([((0, 0, 1),)], (0,)),
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_scatters(slices, shape, dtype):
    parts = tuple(map(Slice, slices))
    leaves = [np.asarray(np.zeros(shape, dtype)[part.index] + k + 1)[()] for k, part in enumerate(parts)]
    b = Builder(*leaves)
    out = b(Scatter(parts, shape, np.dtype(dtype)), *range(len(leaves)))
    check(b.program(out, b.map(np.negative, out)), leaves)


def test_outputs_that_are_inputs_constants_and_views():
    x, constant = np.arange(6.0).reshape(2, 3), np.arange(3.0)
    b = Builder(x, 2.0)
    c = b.constant(constant)
    y = b.map(np.exp, 0)
    views = [b(Transpose((1, 0)), y), b(Reshape((6,)), y), b(Slice((0,)), y), b(Broadcast((2, 2, 3)), y), b(Transpose((1, 0)), 0)]
    check(b.program(0, 0, 1, c, c, y, y, *views, views[0]), [x, 2.0])


def test_inputs_that_are_one_array():
    x = np.arange(5.0)
    b = Builder(x, x)
    y = b.map(np.multiply, b.map(np.add, 0, 1), 1)
    check(b.program(y, b(Reduce(np.add, (0,)), y)), [x, x])


def test_a_constant_array_is_read_at_each_call():
    constant, zero_d = np.ones((2, 2)), np.array(2.0)
    b = Builder(np.ones((2, 2)))
    c, z = b.constant(constant), b.constant(zero_d)
    t = b(Transpose((1, 0)), c)
    flat = b(Reshape((4,)), t)
    out = b.map(np.multiply, b.map(np.add, 0, t), z)
    program = b.program(out, flat, b.map(np.multiply, z, z), t)
    compiled = check(program, [np.ones((2, 2))])
    constant[0, 1], zero_d[()] = 7.0, 5.0
    for got, want in zip(compiled.run(np.ones((2, 2))), expected(program, [np.ones((2, 2))]), strict=True):
        close(got, want)
