"""Lowering: the same values, shapes and dtypes in other operations, for every case of the tables of rules."""

from collections import Counter

import attrs
import numpy as np
import pytest

import fdezero
from fdezero.jit import lower as lowering
from fdezero.jit.lower import TABLE, lower
from fdezero.jit.program import Apply, Instruction, Map, Matmul, Program, Reduce, Scatter, Slice, Type
from fdezero.rules.numpy.elementwise import add, divide, multiply
from tests.parts import every
from tests.rules.numpy.cases import CASES
from tests.rules.scipy.cases import CASES as OF_SCIPY

from .laws import check_same, check_types, check_well_formed, has_its_types
from .recording import record
from .traces import arguments_like, programs_of


@pytest.mark.parametrize("case", every(6, [*CASES, *OF_SCIPY[::8]]))
def test_a_lowered_program_returns_the_same(case):
    for _, program, leaves in programs_of(case):
        lowered = lower(program)
        check_well_formed(lowered)
        check_types(lowered, leaves)
        for arguments in arguments_like(leaves):
            check_same(program, lowered, arguments)


def test_most_of_what_the_rules_call_is_lowered():
    calls = left = traces = 0
    for case in CASES[::5]:
        for _, program, _ in programs_of(case):
            traces += 1
            calls += len(program.instructions)
            left += sum(isinstance(each.operation, Apply) for each in lower(program).instructions)
    assert left < 0.1 * calls
    assert traces > 3.8 * len(CASES[::5])  # of four modes


OF_CONSTANTS = [
    lambda x: np.count_nonzero(x > 0.5, axis=0) + x, lambda x: np.fix(x) * x, lambda x: np.round(x) * x,
    lambda x: fdezero.stop_gradient(x) * x, lambda x: np.isnan(x) | np.isinf(x), lambda x: np.sign(x) * np.rint(x),
]  # fmt: skip


@pytest.mark.parametrize("f", OF_CONSTANTS)
def test_constants_of_a_derivative_are_lowered(f):
    program = record(f, np.array([[0.3, -1.7, 2.5], [0.0, -0.5, np.nan]]))
    lowered = lower(program)
    assert not any(isinstance(each.operation, Apply) for each in lowered.instructions)
    check_same(program, lowered, [np.array([[1.5, -1.0, np.nan], [np.inf, -0.0, 0.2]])])


@pytest.mark.long
def test_every_entry_of_the_table_is_used():
    programs = [p for case in CASES for _, p, _ in programs_of(case)] + [record(f, np.ones((2, 2))) for f in OF_CONSTANTS]
    used = {each.operation.primitive for p in programs for each in p.instructions}
    assert [primitive.name for primitive in TABLE if primitive not in used] == []


def test_a_primitive_lowered_wrongly_is_caught(monkeypatch):
    def wrong(b, out, xs, params):
        return b.map(np.subtract, *xs)

    monkeypatch.setitem(lowering.TABLE, add, wrong)
    program = record(lambda x: x + 0.25, np.ones(3))
    with pytest.raises(AssertionError):
        check_same(program, lower(program), [np.ones(3)])


def test_a_result_of_another_type_is_left_alone(monkeypatch):
    program = record(lambda x: x + 1.0, np.ones(3))
    monkeypatch.setitem(lowering.TABLE, add, lambda b, out, xs, params: b.map(np.less, *xs))
    assert [type(each.operation) for each in lower(program).instructions] == [Apply]


# -- dtypes --------------------------------------------------------------------------------------------
DTYPES = ["bool", "int8", "uint8", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128"]
NUMBERS = [True, 2, 2.5, 2j, np.float32(2.5), np.int8(2), np.float64(2.5)]
FUNCTIONS = {
    "add": lambda x, y: x + y,
    "reversed": lambda x, y: y - x,
    "divide": lambda x, y: x / y,
    "less": lambda x, y: x < y,
    "where": lambda x, y: np.where(x, x, y),
    "power": lambda x, y: x**y,
    "maximum": lambda x, y: np.maximum(y, x),
    "sum": lambda x, y: np.sum(x, axis=0),
    "prod": lambda x, y: np.prod(x),
    "mean": lambda x, y: np.mean(x, axis=0),
    "max": lambda x, y: np.max(x, axis=-1, keepdims=True),
    "any": lambda x, y: np.any(x, axis=0) | np.all(x),
    "count": lambda x, y: np.count_nonzero(x, axis=0),
    "matmul": lambda x, y: x @ x.T,
    "clip": lambda x, y: np.clip(x, 1, 2),
    "joined": lambda x, y: np.concatenate([x, x * y]),
    "stacked": lambda x, y: np.stack([x[0], x[1]], axis=1),
    "norm": lambda x, y: np.linalg.norm(x),
    "float": lambda x, y: x.astype(np.float32),
    "bool": lambda x, y: x.astype(bool),
    "sinc": lambda x, y: np.sinc(x),
    "round": lambda x, y: np.round(x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
def test_dtypes_are_numpy_s(name, dtype):
    x = np.array([[0, 1, 2], [3, 1, 0]]).astype(dtype)
    for number in NUMBERS:
        for argument in (x, x[0, 2]):
            try:
                with np.errstate(all="ignore"):
                    program = record(lambda x, y=number: FUNCTIONS[name](x, y), argument)
            except (TypeError, ValueError, OverflowError, IndexError):
                continue  # NumPy refuses it
            if not has_its_types(program, [argument]):
                continue
            lowered = lower(program)
            check_well_formed(lowered)
            check_types(lowered, [argument])
            check_same(program, lowered, [argument])


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_what_numpy_refuses_stays_a_call(dtype):
    x = Type((3,), np.dtype(dtype))
    sum_ = Instruction(Apply(add, {}), (0, 1), (2,))
    program = Program({0: x, 1: Type((), np.dtype(int), number=True), 2: x}, (0,), {1: 300}, (sum_,), (2,))
    assert [type(each.operation) for each in lower(program).instructions] == [Apply]


@pytest.mark.parametrize("other", ["int", "float", "complex"])
def test_arithmetic_of_two_python_numbers_is_python_s(other):
    number, result = Type((), np.dtype(int), number=True), Type((), np.dtype(other), number=True)
    for primitive in (add, multiply, divide):
        each = Instruction(Apply(primitive, {}), (0, 1), (2,))
        program = Program({0: number, 1: result, 2: result}, (0, 1), {}, (each,), (2,))
        assert [type(i.operation) for i in lower(program).instructions] == [Apply]


def test_a_python_number_as_an_argument_is_cast():
    narrow = Type((3,), np.dtype("float32"))
    each = Instruction(Apply(multiply, {}), (0, 1), (2,), quiet=True)
    program = Program({0: narrow, 1: Type((), np.dtype(float), number=True), 2: narrow}, (0, 1), {}, (each,), (2,))
    lowered = lower(program)
    assert [i.operation.name for i in lowered.instructions] == ["cast", "multiply"]
    assert all(i.quiet for i in lowered.instructions)
    check_same(program, lowered, [np.ones(3, np.float32), 2.5])


# -- what comes out ------------------------------------------------------------------------------------
OPERATIONS = {
    "square": (lambda x: x**2, [Map]),
    "cube": (lambda x: x**3, [Map, Map]),
    "read": (lambda x: x[1:, -1], [Slice]),
    "diff": (lambda x: np.diff(x, axis=0), [Slice, Slice, Map]),
    "norm": (lambda x: np.linalg.norm(x), [Map, Reduce, Map]),
    "product": (lambda x: x @ x.T, None),
    "pad": (lambda x: np.pad(x, 1), [Scatter]),
    "joined": (lambda x: np.concatenate([x, x]), [Scatter]),
    "outer": (lambda x: np.outer(x[0], x[1]), None),
    "set": (lambda x: x.at[1, 1:].set(0.0), None),
    "contracted": (lambda x: np.einsum("ij,kj->ik", x, x), None),
    "roll": (lambda x: np.roll(x, 1, axis=0), [Slice, Slice, Scatter]),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations(name):
    f, expected = OPERATIONS[name]
    lowered = lower(record(f, np.arange(6.0).reshape(2, 3)))
    kinds = [type(each.operation) for each in lowered.instructions]
    assert Apply not in kinds
    assert expected is None or kinds == expected


def test_contractions_are_products_of_matrices():
    for subscripts in ("ij,kj->ik", "ij,ij->i", "bij,bkj->bik", "ij,ij->", "bij,bk->kij", "ij,j->i"):
        terms = subscripts.partition("->")[0].split(",")
        sizes = dict(zip("bijk", (2, 3, 4, 3), strict=True))
        xs = [np.random.default_rng(0).normal(size=[sizes[c] for c in term]) for term in terms]
        program = record(lambda *xs, s=subscripts: np.einsum(s, *xs), *xs)
        kinds = Counter(type(each.operation) for each in lower(program).instructions)
        check_same(program, lower(program), xs)
        assert not kinds[Apply]
        assert kinds[Matmul] == (subscripts not in ("ij,ij->i", "ij,ij->"))


def test_a_call_with_several_results_stays():
    program = record(lambda x: np.linalg.qr(x)[0], np.eye(3))
    assert any(isinstance(each.operation, Apply) for each in lower(program).instructions)


def test_negative_zeros_of_pieces_are_kept():
    zeros = np.array([-0.0, -0.0])
    for f in (lambda x: np.concatenate([x, x]), lambda x: np.pad(x, 1), lambda x: np.roll(x, 1), lambda x: np.stack([x, x])):
        program = record(f, zeros)
        expected, got = f(zeros), lower(program)
        out = attrs.evolve(got).instructions[-1]
        values = dict(zip(got.inputs, [zeros], strict=True)) | dict(got.constants)
        for each in got.instructions:
            values[each.outputs[0]] = each.operation.run(*[values[x] for x in each.operands])
        np.testing.assert_array_equal(np.signbit(values[out.outputs[0]]), np.signbit(expected))
