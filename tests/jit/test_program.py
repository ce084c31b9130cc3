"""Programs: operations on values, evaluation, text."""

import numpy as np
import pytest

from fdezero.jit.builder import Builder, broadcast_shape, in_dtype, loop_of, rewrite, shape_of_slice
from fdezero.jit.indices import composed, is_apart, normal, ranges
from fdezero.jit.program import Cast, Guard, Instruction, Map, Program, Scatter, Slice, Type, evaluate

FLOAT = np.dtype(float)
BASIC = [0, -1, slice(None), slice(1, None, 2), slice(None, None, -1), slice(-2, 0, -1), slice(3, 1), None, ..., np.int64(1)]


def indices_of(shape, rng):
    """A random basic index of an array of this shape."""
    parts = [BASIC[k] for k in rng.integers(len(BASIC), size=rng.integers(1, 5))]
    named = [part for part in parts if part is not None and part is not ...]
    return tuple(parts) if len(named) <= len(shape) and parts.count(...) <= 1 else 0


@pytest.mark.parametrize("seed", range(200))
def test_a_normal_index_reads_the_same(seed):
    rng = np.random.default_rng(seed)
    x = np.arange(60.0).reshape(3, 4, 5)
    index = indices_of(x.shape, rng)
    parts = normal(index, x.shape)
    np.testing.assert_array_equal(Slice(parts).run(x), x[index])
    assert shape_of_slice(x.shape, parts) == x[index].shape
    assert x[np.ix_(*ranges(parts, x.shape))].size == x[index].size
    assert normal(Slice(parts).index, x.shape) == parts


@pytest.mark.parametrize("seed", range(200))
def test_two_indices_are_one(seed):
    rng = np.random.default_rng(seed)
    x = np.arange(60.0).reshape(3, 4, 5)
    first = indices_of(x.shape, rng)
    y = x[first]
    second = indices_of(y.shape, rng) if y.ndim and y.size else ()
    if y.size == 0:
        return
    try:
        expected = y[second]
    except IndexError:
        return
    parts = composed(normal(first, x.shape), normal(second, y.shape), x.shape)
    if parts is None:
        assert 0 in expected.shape
        assert None in (first if isinstance(first, tuple) else ())
        return
    np.testing.assert_array_equal(Slice(parts).run(x), expected)


@pytest.mark.parametrize(
    "places", [[1, 3, 5], [5, 3, 1], [2], [2, 1, 0], [0, 0], [0, 1, 3], [-1, 0], []], ids=str
)
def test_places_that_count_evenly_are_a_slice(places):
    x = np.arange(6.0)
    places = np.array(places, int)
    parts = normal(places, x.shape)
    even = places.size < 2 or (len({*np.diff(places)}) == 1 and places[0] != places[1])
    assert (parts is not None) == bool(even and (places >= 0).all())
    if parts is not None:
        np.testing.assert_array_equal(Slice(parts).run(x), x[places])


@pytest.mark.parametrize("index", [True, np.array([True, False]), np.array([[0]]), [0, 1], (0, np.array([0, 1]))], ids=str)
def test_what_is_no_basic_index_has_no_normal_form(index):
    assert normal(index, (2, 2)) is None


def test_regions_are_apart():
    assert is_apart([range(3), range(2)], [range(3), range(2, 4)])
    assert is_apart([range(3, 0, -1)], [range(4, 6)])
    assert not is_apart([range(0, 6, 2)], [range(1, 3)])  # apart, but not by one ending before the other


def test_a_scatter_that_puts_keeps_a_negative_zero():
    whole = Slice(((0, 1, 1),))
    for disjoint in (True, False):
        out = Scatter((whole,), (1,), FLOAT, disjoint).run(np.array([-0.0]))
        assert np.signbit(out[0]) == disjoint


def test_a_python_number_is_cast():
    assert Cast(np.dtype("float32")).run(2.5).dtype == np.float32


DTYPES = [np.dtype(t) for t in ("bool", "int8", "uint8", "int64", "float32", "float64", "complex64", "complex128")]


@pytest.mark.parametrize("ufunc", [np.add, np.divide, np.less, np.maximum, np.where], ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("number", [True, 2, 2.0, 2j, np.float32(2), np.int8(2), np.float64(2)], ids=repr)
def test_the_loop_is_numpy_s(ufunc, dtype, number):
    x = np.ones(2, dtype)
    weak = type(number) in (bool, int, float, complex)
    before = (np.bool_(True),) if ufunc is np.where else ()
    for first, second in (((x, False), (number, weak)), ((number, weak), (x, False))):
        expected = ufunc(*before, first[0], second[0])
        operands = [(np.dtype(bool), False)] * len(before) + [(np.asarray(v).dtype, w) for v, w in (first, second)]
        *given, out = loop_of(ufunc, tuple(operands))
        assert out == expected.dtype
        cast = [in_dtype(v, d) if np.ndim(v) == 0 else v.astype(d) for v, d in zip((first[0], second[0]), given[-2:], strict=True)]
        got = ufunc(*before, *cast)
        assert got.dtype == out
        np.testing.assert_array_equal(got, expected)


def test_a_python_number_that_a_dtype_has_not_is_refused():
    builder = Builder.of(Program({}, (), {}, (), ()))
    for number, dtype in ((300, "uint8"), (-1, "uint64")):
        with pytest.raises(OverflowError):
            builder.cast(builder.constant(number), np.dtype(dtype))


def test_shapes_broadcast():
    assert broadcast_shape((2, 1), (3,)) == (2, 3)


def test_rewriting_keeps_guards_in_place():
    types = dict.fromkeys(range(4), Type((), FLOAT))
    steps = tuple(Instruction(Map(f), (i,), (i + 1,)) for i, f in enumerate((np.sin, np.cos, np.tan)))
    guards = (Guard(2, 1.0, 2, ""), Guard(0, 0.0, 0, ""), Guard(3, 0.0, 3, ""))
    program = Program(types, (0,), {}, steps, (3,), guards)

    def twice(b, each, xs):
        if each.operation.function is not np.cos:
            return None
        return b.map(np.negative, b.map(np.negative, b.map(each.operation.function, *xs)))

    after = rewrite(program, {Map: twice})
    assert [guard.position for guard in after.guards] == [4, 0, 5]
    assert evaluate(after, [0.3]) == evaluate(program, [0.3])
