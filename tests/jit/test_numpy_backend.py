"""The NumPy backend against `evaluate`, over programs of all operations."""

import gc
import linecache
import threading
import traceback
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fdezero.jit.numpy_backend import blocks, compile_program, errors, scalars, schedule, writer
from fdezero.jit.numpy_backend import compiled as compiled_module
from fdezero.jit.numpy_backend.careful import careful
from fdezero.jit.numpy_backend.loop import scratch
from fdezero.jit.numpy_backend.operations import Dot, Loop
from fdezero.jit.program import Broadcast, Cast, Matmul, Reduce, Reshape, Scatter, Slice, Transpose, evaluate

from .program_builder import Builder, Random, expected, leaf

SIZES = [0, 1, 7, 8, 9, 1000, 10**6 + 3]
INVALID, DIVIDE, OVERFLOW = 1, 2, 4



def close(got, wanted):
    """Equal to rounding, with the same shape and dtype."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape and got.dtype == wanted.dtype
    rtol, atol = (2e-3, 1e-3) if wanted.dtype in (np.float32, np.complex64) else (1e-9, 1e-9)
    np.testing.assert_allclose(got, wanted, rtol, atol)


def outputs_of(compiled, leaves):
    """The outputs of `run`, or where it reports floating-point errors, of `unchecked`."""
    outs = compiled.run(*leaves)
    if isinstance(outs, int):
        assert outs < 0
        outs = compiled.unchecked(*leaves)
    return outs


def is_ordinary(program, leaves):
    """True if no floating-point error and no integer overflow can come up."""
    values = dict(zip(program.inputs, leaves, strict=True)) | dict(program.constants)
    with np.errstate(all="call", under="ignore", call=lambda kind, flag: values.update({-1: np.nan})):
        for each in program.instructions:
            out = each.operation.run(*[np.asarray(values[i])[()] for i in each.operands])
            values.update(zip(each.outputs, out if type(out) is tuple else (out,), strict=True))
    return all(np.asarray(x).dtype.kind == "b" or (np.abs(x) < 1e9).all() for x in values.values())


def never(*leaves):
    raise AssertionError("the fast source was left")


def check(program, leaves, others=(), monkeypatch=pytest.MonkeyPatch):
    """A program's outputs agree with `evaluate` and are in fresh memory, three times over.

    Where nothing can go wrong, the fast source comes to its end.
    """
    wanted = expected(program, leaves)
    with monkeypatch.context() as patch:
        if is_ordinary(program, leaves):
            patch.setattr(compiled_module, "careful", lambda program, checked: never)
        compiled = compile_program(program)
        compiled.unchecked(*leaves)
    for _ in range(3):
        outs = outputs_of(compiled, leaves)
        for got, want in zip(outs, wanted, strict=True):
            close(got, want)
            assert isinstance(got, np.generic) if got.shape == () else (type(got) is np.ndarray and got.flags.writeable)
        arrays = [x for x in outs if isinstance(x, np.ndarray)]
        foreign = [x for x in (*leaves, *others, *program.constants.values()) if isinstance(x, np.ndarray)]
        for i, x in enumerate(arrays):
            assert not any(np.shares_memory(x, y) for y in (*arrays[:i], *foreign))
    for got, want in zip(compiled.unchecked(*leaves), wanted, strict=True):
        close(got, want)
    return compiled


# -- random programs -----------------------------------------------------------------------------------


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=150, deadline=None, derandomize=True)
@example(3, False)
def test_a_random_program(seed, special):
    rng = np.random.default_rng(seed)
    b = Random(rng, int(rng.integers(1, 30)), special=special)
    check(b.program(*b.random_outputs()), b.leaves, b.values)


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of a few entries, so that small programs have loops."""
    monkeypatch.setattr(blocks, "LARGE", 6)
    monkeypatch.setattr(blocks, "BLOCK", 4)


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


# -- sizes, dtypes, layouts ----------------------------------------------------------------------------


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


# -- guards --------------------------------------------------------------------------------------------


def guarded(values, function=lambda x: x):
    """A program with a guard at each value, and a call after each guard."""
    b = Builder(*values)
    calls = []
    for i in range(len(values)):
        b.guard(b.map(np.greater, i, b.constant(0.0)) if np.ndim(values[i]) == 0 else i)
        b.apply(lambda x, i=i: calls.append(i) or function(x), i)
    program = b.program(len(b.values) - 1)
    calls.clear()
    return program, calls


def test_the_first_guard_that_fails_is_named_and_nothing_after_it_runs():
    program, calls = guarded([1.0, 1.0, np.ones(2)])
    compiled = compile_program(program)
    assert compiled.run(2.0, 3.0, np.ones(2))[0].tolist() == [1.0, 1.0] and calls == [0, 1, 2]
    for run in (compiled.run, compiled.unchecked):
        assert run(-1.0, -1.0, np.ones(2)) == 0
        assert run(1.0, -1.0, np.zeros(2)) == 1
        assert run(1.0, 1.0, np.zeros(2)) == 2
        assert run(1.0, np.nan, np.zeros(2)) == 1
    assert calls[3:] == [0, 0, 1, 0, 0, 0, 1, 0]


@pytest.mark.parametrize("value", [True, False, 3, 2.5, np.float32(2.5), np.int32(3), 1 + 2j, -1.0])
def test_guards_of_numbers(value):
    b = Builder(value)
    b.guard(0)
    compiled = compile_program(b.program(0))
    assert compiled.run(value) == (value,)
    assert compiled.run(not value if isinstance(value, bool) else value + 1) == 0


def test_a_guard_comes_before_an_error_after_it():
    b = Builder(1.0)
    positive = b.map(np.greater, 0, b.constant(0.0))
    b.guard(positive)
    program = b.program(b.map(np.log, 0))
    assert compile_program(program).run(-1.0) == 0


def test_guards_and_loops(small_blocks):
    b = Builder(np.ones(10))
    y = b.map(np.negative, b.map(np.add, 0, 0))
    total = b(Reduce(np.add, (0,)), y)
    b.guard(b.map(np.less, total, b.constant(0.0)), True)
    program = b.program(b.map(np.exp, b.map(np.multiply, y, y)))
    check(program, [np.ones(10)])
    assert compile_program(program).run(-np.ones(10)) == 0


# -- floating-point errors -----------------------------------------------------------------------------

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


# -- functions -----------------------------------------------------------------------------------------


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


# -- small arrays --------------------------------------------------------------------------------------


def operations(program):
    return [type(each.operation).__name__ for each in schedule(program).instructions]


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


# -- plans, threads, memory ----------------------------------------------------------------------------


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



