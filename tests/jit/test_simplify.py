"""Passes: each returns what the program did, for traces of all cases and for random programs, and says when not."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fdezero import grad
from fdezero.jit.builder import Builder
from fdezero.jit.indices import normal
from fdezero.jit.lower import lower
from fdezero.jit.program import (
    Broadcast,
    Guard,
    Instruction,
    Map,
    Program,
    Reduce,
    Reshape,
    Scatter,
    Slice,
    Transpose,
    Type,
    evaluate,
)  # fmt: skip
from fdezero.jit.simplify import PASSES, algebra, simplify, structure
from fdezero.jit.simplify.dead import uses
from tests.parts import every
from tests.rules.numpy.cases import CASES
from tests.rules.scipy.cases import CASES as OF_SCIPY

from .laws import check_same, check_types, check_well_formed, outcome
from .recording import record
from .traces import arguments_like, programs_of

FLOAT = np.dtype(float)


@pytest.mark.parametrize("case", every(6, [*CASES, *OF_SCIPY[::8]]))
def test_a_simplified_program_returns_the_same(case):
    for _, program, leaves in programs_of(case):
        simple = simplify(lower(program))
        check_well_formed(simple)
        check_types(simple, leaves)
        for arguments in arguments_like(leaves):
            check_same(program, simple, arguments)


# -- random programs -----------------------------------------------------------------------------------
NUMBERS = [0.0, -0.0, 1.0, -1.0, 2.0, 0.25, 3.0, np.inf, np.nan]
UNARY = [np.negative, np.absolute, np.sin, np.sqrt, np.conjugate, np.exp]
BINARY = [np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.power]
COMPARED = [np.less, np.equal]
LOGICAL = [np.logical_and, np.logical_or]


@st.composite
def programs(draw):
    """A program of all operations but `Apply`, on float64 and bool values."""
    shapes = [(), (1,), (3,), (2, 3), (3, 1)]
    inputs = [draw(st.sampled_from(shapes)) for _ in range(2)]
    b = Builder.of(Program(dict(enumerate(Type(s, FLOAT) for s in inputs)), (0, 1), {}, (), ()))
    values = [0, 1]
    for _ in range(draw(st.integers(1, 3))):
        values.append(b.constant(np.float64(draw(st.sampled_from(NUMBERS)))))
    array = np.array(draw(st.sampled_from([[1.0, 1.0, 1.0], [-0.0, -0.0, -0.0], [0.5, -2.0, 3.0]])))
    array.flags.writeable = draw(st.booleans())
    values.append(b.constant(array))
    guards = []
    for _ in range(draw(st.integers(1, 14))):
        b.quiet = draw(st.booleans())
        values.append(draw(one_more(b, values)))
        if draw(st.integers(0, 5)) == 0:
            guards.append(Guard(draw(st.sampled_from(values)), 0.0, len(b.instructions), ""))
    outputs = tuple(draw(st.lists(st.sampled_from(values), min_size=1, max_size=3)))
    return Program(b.types, (0, 1), b.constants, tuple(b.instructions), outputs, tuple(guards))


@st.composite
def one_more(draw, b, values):
    """A value made of those before."""
    floats = [x for x in values if b.dtype(x) == FLOAT]
    bools = [x for x in values if b.dtype(x).kind == "b"]
    x = draw(st.sampled_from(floats))
    shape = b.shape(x)
    kind = draw(st.integers(0, 11))
    if kind <= 2:
        return b.map(draw(st.sampled_from(UNARY)), x)
    if kind <= 5:
        y = draw(st.sampled_from([y for y in floats if fits(shape, b.shape(y))]))
        return b.map(draw(st.sampled_from([*BINARY, *COMPARED])), x, y)
    if kind == 6 and bools:
        c = draw(st.sampled_from(bools))
        fitting = [y for y in floats if fits(b.shape(c), b.shape(y))]
        if fits(shape, b.shape(c)) and fitting:
            y = draw(st.sampled_from([*[y for y in fitting if fits(shape, b.shape(y))], x]))
            return b.map(np.where, c, x, y)
        return b.cast(c, FLOAT) if draw(st.booleans()) else b.map(draw(st.sampled_from(LOGICAL)), c, c)
    if kind == 7:
        size = int(np.prod(shape, dtype=int))
        new = draw(st.sampled_from([(size,), (1, size), (size, 1), shape[::-1], *([(*shape, 1)] if len(shape) < 3 else [])]))
        return b.emit(Reshape(new), (x,), Type(new, FLOAT))
    if kind == 8:
        new = draw(st.sampled_from([shape, (2, *shape)[-3:], *([(3,), (4, 3)] if shape == (1,) else [])]))
        new = new if fits(new, shape) and np.broadcast_shapes(new, shape) == new else shape
        return b.emit(Broadcast(new), (x,), Type(new, FLOAT))
    if kind == 9:
        parts = normal(tuple(draw(st.sampled_from([0, -1, slice(None), slice(None, None, -1), slice(0, 1)])) for _ in shape), shape)
        out = Slice(parts).run(np.zeros(shape))
        return b.emit(Slice(parts), (x,), Type(out.shape, FLOAT))
    if kind == 10:
        axes = tuple(sorted(draw(st.sets(st.sampled_from(range(len(shape))))))) if shape else ()
        ufunc = draw(st.sampled_from([np.add, np.maximum, np.multiply]))
        return b.emit(Reduce(ufunc, axes), (x,), Type(tuple(n for a, n in enumerate(shape) if a not in axes), FLOAT))
    if len(shape) > 1 and draw(st.booleans()):
        axes = tuple(draw(st.permutations(range(len(shape)))))
        return b.emit(Transpose(axes), (x,), Type(tuple(shape[a] for a in axes), FLOAT))
    if len(shape) > 2:
        return x
    return scattered(b, x, draw(st.integers(0, 3)), draw(st.booleans()))


def scattered(b, x, count, disjoint):
    """``count`` copies of x, one behind the other, perhaps with a gap, or added at one place."""
    shape = b.shape(x)
    out = (count + 1, *shape)
    rest = tuple((0, n, 1) for n in shape)
    places = [i if disjoint else i // 2 for i in range(count)]
    slices = tuple(Slice((i, *rest)) for i in places)
    made = b.emit(Scatter(slices, out, FLOAT, disjoint), (x,) * count, Type(out, FLOAT))
    return b.slice(made, ((0, max(count, 1), 1), *rest))


def fits(a, b):
    try:
        return len(np.broadcast_shapes(a, b)) < 4
    except ValueError:
        return False


def arguments_of(program):
    rng = np.random.default_rng(0)
    plain = [rng.normal(size=program.types[x].shape) for x in program.inputs]
    yield plain
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0])
    yield [special[np.arange(x.size) % 6].reshape(x.shape) for x in plain]


def with_number(ufunc, number):
    """``ufunc(x, number)``: what random programs do too seldom."""
    types = {0: Type((6,), FLOAT), 1: Type((), FLOAT), 2: Type((), FLOAT), 3: Type((6,), FLOAT)}
    step = Instruction(Map(ufunc), (0, 2), (3,))
    return Program(types, (0, 1), {2: np.float64(number)}, (step,), (3,))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(programs())
@example(with_number(np.add, 0.0))
@example(with_number(np.add, -0.0))
@example(with_number(np.multiply, 0.0))
@example(with_number(np.subtract, -0.0))
@example(with_number(np.subtract, 0.5))
@example(with_number(np.divide, 3.0))
@example(with_number(np.power, 1.0))
def test_random_programs_return_the_same(program):
    check_passes(program)


def check_passes(program):
    """Every pass, and all of them, return the same."""
    check_well_formed(program)
    for step in (*PASSES, simplify):
        after = step(program)
        check_well_formed(after)
        for arguments in arguments_of(program):
            check_types(after, arguments)
            check_same(program, after, arguments)
            check_signs(program, after, arguments)


def check_signs(before, after, arguments):
    """The signs of zeros are the same."""
    for old, new in zip(outcome(before, arguments)[0], outcome(after, arguments)[0], strict=True):
        if np.asarray(old).dtype == FLOAT:
            zero = np.equal(old, 0)
            np.testing.assert_array_equal(np.signbit(old) & zero, np.signbit(new) & zero)


def of_one(operation, shape, result):
    """A program of one operation on an array."""
    return Program({0: Type(shape, FLOAT), 1: Type(result, FLOAT)}, (0,), {}, (Instruction(operation, (0,), (1,)),), (1,))


BROKEN = {
    "x + 0 is x": (algebra.TABLE, np.add, lambda b, x, y: x if algebra.known(b, y) == 0 else None, with_number(np.add, 0.0)),
    "x * 0 is 0": (
        algebra.TABLE, np.multiply, lambda b, x, y: y if algebra.known(b, y) == 0 else None, with_number(np.multiply, 0.0),
    ),
    "a - b is b - a": (
        algebra.TABLE, np.subtract, lambda b, x, y: b.map(np.subtract, y, x), with_number(np.subtract, 0.5),
    ),
    "a sum is the largest": (
        structure.TABLE, Reduce, lambda b, each, xs: b.reduce(np.maximum, xs[0], each.operation.axes),
        of_one(Reduce(np.add, (0,)), (2, 3), (3,)),
    ),
    "a transpose is a reshape": (
        structure.TABLE, Transpose, lambda b, each, xs: b.reshape(xs[0], b.shape(each.outputs[0])),
        of_one(Transpose((1, 0)), (2, 3), (3, 2)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_pass_broken_on_purpose_is_caught(name, monkeypatch):
    table, key, rule, program = BROKEN[name]
    check_passes(program)
    monkeypatch.setitem(table, key, rule)
    with pytest.raises(AssertionError):
        check_passes(program)


# -- what each rule does -------------------------------------------------------------------------------


def simplified(f, *args):
    """The names of the operations that are left of a function, which must return the same."""
    program = record(f, *args)
    simple = simplify(lower(program))
    check_same(program, simple, [np.asarray(a) for a in args])
    return [each.operation.name for each in simple.instructions]


X = np.arange(1.0, 7.0).reshape(2, 3)
LEFT = {
    "x * 1": (lambda x: x * 1, []),
    "1 * x": (lambda x: 1 * x, []),
    "x / 1": (lambda x: x / 1, []),
    "x - 0": (lambda x: x - 0, []),
    "x + 0": (lambda x: x + 0, ["add"]),
    "x + -0.0": (lambda x: x + -0.0, []),
    "x * 0": (lambda x: x * 0, ["multiply"]),
    "-(-x)": (lambda x: np.negative(-x), []),
    "x - (-x)": (lambda x: x - (-x), ["add"]),
    "x + (-x)": (lambda x: x + (-x), ["subtract"]),
    "x * -1": (lambda x: x * -1, ["negative"]),
    "x / 4": (lambda x: x / 4, ["multiply"]),
    "x / 3": (lambda x: x / 3, ["divide"]),
    "-x * 3": (lambda x: -x * 3, ["multiply"]),
    "-x * -x": (lambda x: -x * -x, ["multiply"]),
    "2 * (3 * x)": (lambda x: 2 * (3 * x), ["multiply", "multiply"]),
    "|-x|": (lambda x: np.abs(-x), ["absolute"]),
    "x.T.T": (lambda x: x.T.T, []),
    "x.T[:, None]": (lambda x: x.T.reshape(6).reshape(3, 2), ["transpose"]),
    "reshaped": (lambda x: x.reshape(3, 2).reshape(6).reshape(2, 3), []),
    "two slices": (lambda x: x[:, 1:][0], ["slice"]),
    "all of it": (lambda x: x[:, :], []),
    "a piece": (lambda x: np.concatenate([x, x * x])[:2], []),
    "across pieces": (lambda x: np.concatenate([x, x * x])[1:3], ["multiply", "scatter", "slice"]),
    "pieces again": (lambda x: np.concatenate([x[:1], x[1:]]), []),
    "of the padding": (lambda x: np.pad(x, 1)[0] + 1, ["broadcast"]),
    "where True": (lambda x: np.where(True, x, -x), []),
    "where c x x": (lambda x: np.where(x > 0, x, x), []),
    "sum of ones": (lambda x: np.sum(np.ones_like(x) * 3) * x, ["multiply"]),
    "same twice": (lambda x: np.sin(x) + np.sin(x), ["sin", "add"]),
    "cast and back": (lambda x: x.astype(complex).astype(complex), ["cast"]),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left(name):
    f, expected = LEFT[name]
    assert simplified(f, X) == expected


def test_float32_and_back_is_not_the_same():
    assert simplified(lambda x: x.astype(np.float32).astype(float), X) == ["cast", "cast"]
    assert simplified(lambda x: x.astype(float).astype(np.float32), X.astype(np.float32)) == []
    assert simplified(lambda x: x.astype(float).astype(int), np.array([2**60 + 1])) == ["cast", "cast"]


def test_a_broadcast_number_is_computed_once():
    program = record(lambda x: np.sin(np.broadcast_to(x, (3,))) * np.ones(3), 0.3)
    simple = simplify(lower(program))
    assert [simple.types[each.outputs[0]].shape for each in simple.instructions if each.operation.name == "sin"] == [()]


def test_the_gradient_of_a_sum_of_reads_is_a_constant():
    names = simplified(grad(lambda x: sum(x[i] for i in range(6)) * 2), np.arange(6.0))
    assert names in ([], ["broadcast"])


def test_a_loop_over_entries_is_one_operation_on_the_array():
    weights = np.arange(1.0, 9.0)
    x = np.linspace(-1.0, 1.0, 8)
    for f in (
        lambda x: sum(np.sin(x[i]) * 2.0 for i in range(8)),
        lambda x: sum(x[i] * weights[i] * x[i] for i in range(8)),
        lambda x: sum(x[i] * x[i] for i in (3, 1, 0, 2, 7, 6, 5, 4)),
    ):
        assert len(simplified(grad(f), x)) < 30
        assert len(record(grad(f), x).instructions) > 30
    assert simplified(lambda x: np.stack([x[i] * x[i] for i in range(8)]), x) == ["multiply"]
    assert len(simplified(grad(lambda x: sum(x[i] * x[i] * 2.0 for i in range(2000))), np.linspace(0.0, 1.0, 2000))) < 10


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.stack([x[i] * x[7 - i] for i in range(8)]),
        lambda x: np.stack([x[i] * x[0] for i in range(8)]),
        lambda x: np.stack([x[i] if i else np.sin(x[i]) for i in range(8)]),
        lambda x: np.stack([np.sin(x[i]) if i % 2 else np.cos(x[i]) for i in range(8)]),
        lambda x: np.stack([x[i] ** 2 for i in range(7)]),
        lambda x: np.stack([x[i] * float(i) for i in range(8)]),
        lambda x: np.stack([x[i : i + 1] * x[0] for i in range(8)], axis=1),
        lambda x: np.stack([x.reshape(4, 2)[i] * x[:2] for i in range(4)]),
    ],
)
def test_what_looks_like_a_loop_over_entries_is_the_same(f):
    simplified(f, np.linspace(-1.0, 1.0, 8))
    simplified(grad(lambda x: (f(x) * np.arange(1.0, f(x).size + 1).reshape(f(x).shape)).sum()), np.linspace(-1.0, 1.0, 8))


def test_a_constant_of_the_caller_s_is_not_looked_at():
    for writeable in (True, False):
        ones = np.ones(3)
        ones.flags.writeable = writeable
        vector = Type((3,), FLOAT)
        steps = (Instruction(Map(np.sqrt), (1,), (2,)), Instruction(Map(np.multiply), (0, 2), (3,)))
        program = Program(dict.fromkeys(range(4), vector), (0,), {1: ones}, steps, (3,))
        simple = simplify(program)
        assert (simple.instructions == ()) == (not writeable)
        if writeable:
            ones[1] = 4.0
            np.testing.assert_array_equal(evaluate(simple, [np.ones(3)])[0][0], [1.0, 2.0, 1.0])


def test_an_error_of_floating_point_is_left_for_the_call():
    number = Type((), FLOAT)
    steps = (Instruction(Map(np.divide), (1, 2), (3,)), Instruction(Map(np.add), (0, 3), (4,)))
    program = Program(
        dict.fromkeys(range(5), number), (0,), {1: np.float64(1.0), 2: np.float64(0.0)}, steps, (4,)
    )
    assert [each.operation.name for each in simplify(program).instructions] == ["divide", "add"]


@pytest.mark.parametrize("quiet", [(True, True), (True, False), (False, True), (False, False)])
def test_what_is_shared_is_loud_if_one_was(quiet):
    types = dict.fromkeys(range(4), Type((), FLOAT))
    steps = (
        Instruction(Map(np.sqrt), (0,), (1,), quiet[0]),
        Instruction(Map(np.sqrt), (0,), (2,), quiet[1]),
        Instruction(Map(np.subtract), (1, 2), (3,)),
    )
    simple = simplify(Program(types, (0,), {}, steps, (3,)))
    assert [each.quiet for each in simple.instructions] == [all(quiet), False]


def test_equal_parameters_of_another_type_are_not_the_same():
    program = record(lambda x: x.astype(np.float32).sum() + x.astype(np.float32).sum(), np.ones(3, complex).real)
    assert len(simplify(lower(program)).instructions) == 3


def test_guards_stay_where_they_were():
    types = dict.fromkeys(range(5), Type((), FLOAT))
    steps = tuple(Instruction(Map(f), (0,), (i,)) for i, f in enumerate((np.sin, np.cos, np.cos, np.tan), start=1))
    guards = (Guard(3, 1.0, 3, ""), Guard(1, 0.0, 1, ""))
    simple = simplify(Program(types, (0,), {}, steps, (4,), guards))
    assert [each.operation.name for each in simple.instructions] == ["sin", "cos", "tan"]
    assert [guard.position for guard in simple.guards] == [2, 1]
    assert evaluate(simple, [0.3])[1] == [np.cos(0.3), np.sin(0.3)]


def test_a_call_that_may_raise_stays():
    def f(x):
        np.linalg.cholesky(x)
        return x * 2.0

    assert simplified(f, np.eye(2)) == ["cholesky", "multiply"]


def test_uses():
    types = dict.fromkeys(range(2), Type((), FLOAT))
    program = Program(types, (0,), {}, (Instruction(Map(np.multiply), (0, 0), (1,)),), (1, 0))
    assert uses(program) == {0: [0, 0, 1], 1: [1]}


def test_passes_leave_a_simple_program_alone():
    for case in CASES[::20]:
        for _, program, _ in programs_of(case):
            simple = simplify(lower(program))
            assert len(simplify(simple).instructions) == len(simple.instructions)

