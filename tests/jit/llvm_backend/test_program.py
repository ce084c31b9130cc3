"""Compiled programs agree with the evaluation by NumPy, an instruction at a time."""

import gc
import os
import resource
import threading
import tracemalloc
import weakref
from pathlib import Path

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fdezero.jit.program import Apply, Cast, Guard, Matmul, Reduce, Reshape, Scatter, Slice, Transpose
from tests.jit.llvm_backend.programs import Maker, agree, arguments, expected, random_program

pytest.importorskip("llvmlite")

from fdezero.jit.llvm_backend import compile_program, driver, engine, kernel, segments

SIZES = [0, 1, 2, 7, 8, 9, 15, 31, 33, 63, 64, 100, 1000]
TARGETS = [None, "avx2", "baseline"]


class Call:
    """What an `Apply` needs of a primitive."""

    name = "call"

    def __init__(self, function):
        self.function = function


def same(program, *leaves, target=None, ulps=400):
    compiled = compile_program(program, target=target)
    agree(compiled.unchecked(*leaves), expected(program, leaves), program, ulps)
    return compiled


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


# -- one operation at a time, over all sizes and dtypes ------------------------------------------------------


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


# -- arguments ---------------------------------------------------------------------------------------------


def pair(dtype=float, shape=(6, 4)):
    make = Maker()
    x, y = make.input(shape, dtype), make.input(shape, dtype)
    return make.program(make.map(np.add, x, y), make.map(np.multiply, x, make.map(np.subtract, x, y)))


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


# -- flags -------------------------------------------------------------------------------------------------

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


# -- guards ------------------------------------------------------------------------------------------------


def guarded(*guards, calls=()):
    make = Maker()
    x = make.input((3,))
    total = make.add(Reduce(np.add, (0,)), x)
    positive = make.map(np.greater, total, make.constant(0.0))
    rounded = make.map(np.floor, x)
    values = {"positive": positive, "total": total, "rounded": rounded}
    out = make.map(np.negative, x)
    return make.program(out, guards=[Guard(values[name], value, 3, "line") for name, value in guards])


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


# -- calls of NumPy ----------------------------------------------------------------------------------------


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


# -- threads and memory ------------------------------------------------------------------------------------


def heavy():
    """A program with an arena too large for the stack."""
    make = Maker()
    x = make.input((60, 60))
    y = make.add(Matmul(), x, make.map(np.tanh, x))
    for _ in range(3):
        y = make.map(np.tanh, make.add(Matmul(), y, x))
    return make.program(y, make.add(Reduce(np.add, (0, 1)), y))


def test_eight_threads_at_once():
    program = heavy()
    compiled = compile_program(program)
    leaves = [np.random.default_rng(k).standard_normal((60, 60)) for k in range(8)]
    wanted = [compiled.run(leaf) for leaf in leaves]
    failures = []

    def work(k):
        for _ in range(50):
            outs = compiled.run(leaves[k])
            if not all(np.allclose(x, y, rtol=1e-12, atol=0) for x, y in zip(outs, wanted[k], strict=True)):
                failures.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_long_calls_let_other_threads_run():
    make = Maker()
    x = make.input((1000, 1000))
    y = make.add(Matmul(), x, x)
    compiled = compile_program(make.program(make.add(Matmul(), y, y)))
    leaf, counts, done = np.ones((1000, 1000)), [0], threading.Event()

    def count():
        while not done.is_set():
            counts[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    before = counts[0]
    compiled.run(leaf)
    after = counts[0]
    done.set()
    thread.join()
    assert after > before


@pytest.mark.parametrize("argument", [np.ones((60, 60)), np.ones((60, 60)).T[:, ::-1], -np.ones((60, 60))])
def test_memory_is_flat(argument):
    compiled = compile_program(heavy())
    failing = compile_program(guarded(("positive", True)))
    bad = compile_program(pair())
    for _ in range(200):
        compiled.run(argument)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    start = tracemalloc.get_traced_memory()[0]
    for _ in range(2000):
        compiled.run(argument)
        failing.run(-np.ones(3))
        bad.run(np.full((6, 4), 1e300), np.full((6, 4), -1e300))
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - start
    tracemalloc.stop()
    assert grown < 20_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="resident memory is read from /proc")
def test_a_program_that_is_gone_leaves_no_memory_behind():
    def resident():
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    program = pair()
    for _ in range(100):
        compile_program(program).run(np.ones((6, 4)), np.ones((6, 4)))
    before = resident()
    for _ in range(200):
        compile_program(program).run(np.ones((6, 4)), np.ones((6, 4)))
    assert resident() - before < 200 * 5000


def test_programs_are_freed():
    compiled = compile_program(pair())
    compiled.run(np.ones((6, 4)), np.ones((6, 4)))
    alive = weakref.ref(compiled.run.__self__)
    del compiled
    gc.collect()
    assert alive() is None


def test_many_functions_of_one_program():
    make = Maker()
    x, y = make.input(()), make.input(())
    values = [x, y]
    rng = np.random.default_rng(0)
    for k in range(5000):
        other = values[-1 - int(rng.integers(1, min(60, len(values))))]
        operands = (values[-1],) if k % 3 == 2 else (values[-1], other)
        values.append(make.map([np.subtract, np.maximum, np.tanh][k % 3], *operands))
    guard = Guard(make.map(np.less, values[50], make.constant(1e9)), True, len(make.instructions), "line")
    program = make.program(values[-1], values[100], guards=[guard])
    same(program, 0.3, 0.4)


def test_unknown_features_are_refused():
    with pytest.raises(ValueError, match="avx2"):
        engine.target("quantum")


def test_an_unknown_symbol_is_an_error_not_an_abort():
    text = "declare double @nowhere(double)\ndefine double @f(double %x) {\n  %y = call double @nowhere(double %x)\n  ret double %y\n}"
    with pytest.raises(LookupError, match="nowhere"):
        engine.build([engine.Module(text)], ["f"], {}, engine.target())


def test_native_instructions_are_what_the_kernel_knows():
    make = Maker()
    x = make.input((3,))
    make.map(np.arctan2, x, x)
    make.map(np.nextafter, x, x)
    first, second = (segments.is_native(each, make.types) for each in make.instructions)
    assert first and not second

