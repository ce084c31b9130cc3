"""One operation at a time, over sizes, dtypes and layouts of arguments."""

import numpy as np
import pytest

from fdezero.jit.program import Cast, Matmul, Reduce, Scatter, Slice, Transpose
from tests.jit.llvm_backend.programs import Maker, agree, arguments

pytest.importorskip("llvmlite")

from fdezero.jit.llvm_backend import compile_program, engine

from .checks import SIZES, pair, same


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32", "int8", "uint8", "uint64", "bool"])
@pytest.mark.parametrize("n", SIZES)
def test_entries_and_reductions(n, dtype):
    make = Maker()
    x, y = make.input((n,), dtype), make.input((n,), dtype)
    outs = [make.map(np.maximum, x, y), make.map(np.less, x, y), make.map(np.multiply, x, y), make.map(np.logical_or, x, y)]
    if dtype != "bool":
        outs += [make.map(np.subtract, x, y), make.map(np.sign, x)]
        outs += [make.add(Reduce(np.maximum, (0,)), x)] if n else []
    if dtype.startswith("float") or dtype in ("int64", "uint64"):  # others are summed in a wider dtype
        outs += [make.add(Reduce(np.add, (0,)), outs[2])]
    outs += [make.add(Cast(np.dtype(t)), x) for t in ("float64", "float32", "bool", *(["int64"] if dtype != "bool" else []))]
    program = make.program(*outs)
    same(program, *arguments(program, np.random.default_rng(n)))


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 9, 40), (40, 1, 9), (2, 70, 33), (5, 0, 3)])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_reductions_over_any_axes(shape, axes, order):
    make = Maker()
    x = make.input(shape)
    turned = make.add(Transpose(order), x)
    square = make.map(np.square, turned)
    outs = [make.add(Reduce(ufunc, axes), value) for ufunc in (np.add, np.multiply) for value in (turned, square)]
    program = make.program(*outs, square)
    same(program, *arguments(program, np.random.default_rng(0)))


def test_a_million_entries_and_three():
    n = 10**6 + 3
    make = Maker()
    x = make.input((n,))
    y = make.map(np.exp, make.map(np.negative, make.map(np.square, x)))
    program = make.program(y, make.add(Reduce(np.add, (0,)), y), make.add(Reduce(np.maximum, (0,)), x))
    same(program, *arguments(program, np.random.default_rng(0)))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sums_are_as_exact_as_numpys(dtype):
    make = Maker()
    x, y = make.input((1000, 2001), dtype), make.input((10**6 + 3,), dtype)
    program = make.program(make.add(Reduce(np.add, (0, 1)), x), make.add(Reduce(np.add, (1,)), x), make.add(Reduce(np.add, (0,)), y))
    leaves = [np.random.default_rng(0).random(make.types[i].shape).astype(dtype) for i in (x, y)]
    eps = np.finfo(dtype).eps
    exact = [leaves[0].astype(np.longdouble).sum(), leaves[0].astype(np.longdouble).sum(1), leaves[1].astype(np.longdouble).sum()]
    for got, want in zip(compile_program(program).run(*leaves), exact, strict=True):
        assert np.max(np.abs(got - want) / want) < 8 * eps


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
@pytest.mark.parametrize(("m", "k", "n"), [(1, 3, 1), (2, 3, 4), (17, 1, 9), (1, 40, 50), (50, 40, 1), (30, 40, 50), (3, 0, 4)])
def test_products(m, k, n, dtype):
    make = Maker()
    x, y = make.input((m, k), dtype), make.input((n, k), dtype)
    z = make.input((2, k, n), dtype)
    outs = [make.add(Matmul(), x, make.add(Transpose((1, 0)), y)), make.add(Matmul(), x, z)]
    every = make.add(Slice(((None, None, None), (None, None, 2), (None, None, -1))), z)
    outs.append(make.add(Matmul(), make.add(Slice(((None, None, None), (None, None, 2))), x), every))
    program = make.program(*outs)
    same(program, *arguments(program, np.random.default_rng(0)))


def test_products_without_a_library(monkeypatch):
    monkeypatch.setattr(engine, "blas", lambda name: None)
    make = Maker()
    x = make.input((20, 20))
    program = make.program(make.map(np.exp, make.add(Matmul(), x, x)))
    assert "matmul" in same(program, *arguments(program, np.random.default_rng(0))).source


def test_scatters_that_overlap_and_step():
    make = Maker()
    x, y, z = make.input((9,)), make.input((5,)), make.input(())
    parts = tuple(Slice((part,)) for part in [(0, 9, 1), (1, 11, 2), (10, 1, -1), 3])
    out = make.add(Scatter(parts, (12,), np.dtype(float)), make.map(np.exp, x), y, x, z)
    program = make.program(out, make.map(np.negative, out))
    same(program, *arguments(program, np.random.default_rng(0)))


@pytest.mark.parametrize(
    "layout",
    [
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a[::-1].copy()[::-1],
        lambda a: np.frombuffer(b"x" + a.tobytes(), dtype=np.uint8)[1:].view(a.dtype).reshape(a.shape),
        lambda a: a.view(type("Subclass", (np.ndarray,), {})),
    ],
    ids=["Fortran", "strided", "reversed", "unaligned", "subclass"],
)
def test_arguments_of_any_layout(layout):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 6, 4))
    compiled = compile_program(pair())
    given = layout(x)
    agree(compiled.run(given, y), [np.asarray(x) + y, x * (x - y)], pair())
    np.testing.assert_array_equal(given, x)


def test_read_only_and_aliasing_arguments():
    x = np.arange(24.0).reshape(6, 4)
    x.flags.writeable = False
    agree(compile_program(pair()).run(x, x), [x + x, x * 0], pair())


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32", "bool"])
def test_numbers_in_all_their_forms(dtype):
    make = Maker()
    x = make.input((), dtype)
    compiled = compile_program(make.program(make.map(np.multiply, x, x), x))
    one = np.dtype(dtype).type(1)
    for form in (one, np.array(one), one.item()):
        outs = compiled.run(form)
        assert [type(out) for out in outs] == [np.dtype(dtype).type] * 2 and outs == (1, 1)


def test_wrong_arguments_are_refused():
    compiled = compile_program(pair())
    with pytest.raises(TypeError, match="2 arguments"):
        compiled.run(np.ones((6, 4)))
    with pytest.raises(ValueError, match="shape"):
        compiled.run(np.ones((6, 4)), np.ones((4, 6)))


def test_callers_arrays_are_read_at_each_call():
    for shape in ((3,), ()):
        closed = np.ones(shape)
        make = Maker()
        x = make.input(shape)
        compiled = compile_program(make.program(make.map(np.add, x, make.constant(closed))))
        x = np.zeros(shape)
        np.testing.assert_array_equal(compiled.run(x)[0], np.ones(shape))
        closed[...] = 5.0
        np.testing.assert_array_equal(compiled.run(x)[0], np.full(shape, 5.0))


@pytest.mark.parametrize("view", [lambda a: a[::2], lambda a: a[::-2], lambda a: np.broadcast_to(a[:1], 3), lambda a: a[::2].astype(">f8")])
def test_constants_of_any_layout(view):
    constant = view(np.arange(6.0))
    make = Maker()
    x = make.input((3,))
    same(make.program(make.map(np.add, x, make.constant(constant))), np.ones(3))
