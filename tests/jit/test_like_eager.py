"""What a jitted function returns, raises and warns of is what the plain one does: values, types, trees, errors."""

import collections
import contextlib
import math
import operator
import warnings

import attrs
import numpy as np
import pytest

import fdezero
from fdezero import grad, jit, tree
from fdezero.jit.purity import ImpureFunction


def outcome(f, args):
    """The result or the class of the error, and the warnings."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        try:
            result = f(*args)
        except Exception as error:
            result = type(error)
    return result, [str(warning.message) for warning in found]


def assert_same(found, wanted):
    assert tree.flatten(found)[1] == tree.flatten(wanted)[1]
    for a, b in zip(tree.leaves(found), tree.leaves(wanted), strict=True):
        assert type(a) is type(b)
        if isinstance(b, (np.ndarray, np.generic)):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            np.testing.assert_allclose(a, b, rtol=1e-12)
        elif isinstance(b, (float, complex)):
            np.testing.assert_allclose(a, b, rtol=1e-12)
        else:
            assert a == b


def check(fast, f, calls, times=3):
    for args in calls:
        for _ in range(times):
            (found, reports), (wanted, expected) = outcome(fast, args), outcome(f, args)
            assert_same(found, wanted)
            assert reports == expected


# -- Python's numbers ---------------------------------------------------------------------------------
BINARY = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow, operator.lt,
    operator.le, operator.gt, operator.ge, operator.eq, operator.ne, operator.and_, operator.or_, operator.xor,
    operator.lshift, operator.rshift, divmod, np.add, np.less, np.maximum, np.power, lambda x, y: x and y, lambda x, y: not x,
]  # fmt: skip
NUMBERS = [2.5, -1.5, 0.0, 3, -2, 0, 2**70, True, 1 + 2j, 1e200]


@pytest.mark.parametrize("f", BINARY, ids=lambda f: f.__name__)
def test_arithmetic_of_pythons_numbers_is_pythons(compiled, f):
    fast = compiled(f if not isinstance(f, np.ufunc) else lambda x, y: f(x, y))
    for x in NUMBERS:
        for y in NUMBERS:
            if f in (operator.lshift, operator.pow) and y == 2**70:
                continue  # no room for the result
            if f is np.less and 2**70 in (x, y) and (x is True or y is True):
                continue  # a bool and an int without room: compiled code compares where NumPy has no loop
            if f in (operator.lshift, operator.rshift) and x is True:
                continue  # a bool among the arguments is static, and NumPy's in the program
            for _ in range(3):
                (found, _), (wanted, _) = outcome(fast, (x, y)), outcome(f, (x, y))
                if isinstance(wanted, (np.generic, float, complex)):
                    assert type(found) is type(wanted), (x, y)
                    np.testing.assert_allclose(found, wanted, rtol=1e-12)
                else:
                    assert type(found) is type(wanted), (x, y)
                    assert found == wanted, (x, y)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (-x, +x, abs(x), x.real, x.imag, x.conjugate()),
        lambda x: (round(x), round(x, 1)),
        lambda x: (math.floor(x), math.ceil(x), math.trunc(x), int(x), float(x), bool(x), complex(x)),
        lambda x: x.is_integer(),
        lambda x: (f"{x:.3f}", f"{x}", str(x)),
        lambda x: x in [2.5, 3.0],
        lambda x: [x, 2.0][::-1],
        lambda x: max(x, 1.0),
        lambda x: x**2 + x**-1 + 2**x,
    ],
)
def test_what_a_float_does(compiled, f):
    check(compiled(f), f, [(2.5,), (3.0,), (2.675,), (-0.5,), (1e300,), (0.0,), (np.float64(2.5),)])


@pytest.mark.parametrize("mode", ["ignore", "warn", "raise"])
@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: 1 / x, 0.0),
        (lambda x: 1.0 % x, 0.0),
        (lambda x: x**-1, 0.0),
        (lambda x: x**2, 1e200),
        (lambda x: x**1.5, 1e300),
        (lambda x: 2.0**x, 2000.0),
        (lambda x: np.ones(3) * (1 / x), 0.0),
    ],
)
def test_an_exception_of_pythons_whatever_numpy_was_told(compiled, f, x, mode):
    fast = compiled(f)
    with np.errstate(all=mode):
        for good in (2.0, 2.0, 3.0):
            np.testing.assert_allclose(fast(good), f(good))
        for _ in range(2):
            with pytest.raises((ZeroDivisionError, OverflowError)):
                fast(x)
        np.testing.assert_allclose(fast(4.0), f(4.0))


def test_a_root_of_a_negative_number_is_complex(compiled):
    check(compiled(lambda x: x**0.5), lambda x: x**0.5, [(4.0,), (-4.0,)])


# -- what comes in ------------------------------------------------------------------------------------
Point = collections.namedtuple("Point", "x y")


@attrs.frozen
class Named:
    x: object
    name: str = tree.static()


V, W = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])


@pytest.mark.parametrize(
    ("f", "calls"),
    [
        (lambda p: p, [(Point(V, 2.0),), ((V, [W, {"a": 1.0}]),), (Named(V, "n"),), (collections.OrderedDict(b=V, a=W),), ([None, V],), ((),)]),
        (lambda d: (d, np.concatenate(list(d.values()))), [({"b": V, "a": W},), ({"a": W, "b": V},)]),
        (lambda p: p.x * 2 if p.name == "a" else p.x, [(Named(V, "a"),), (Named(V, "b"),)]),
        (lambda x, y: (x * y + x, x @ y), [(V, V), (V, W), (V, V[::-1])]),
        (lambda t, x: x.astype(t), [(np.float32, V), (np.dtype("f4"), V), (int, V)]),
        (lambda g, x: g(x), [(np.sin, V), (np.cos, V)]),
        (lambda x, n=2, how="times": x * n if how == "times" else x, [(V,), (V, 3), (V, 3, "b"), (V, 2.5)]),
        (lambda *xs: sum(xs), [(V, W), (V,), (V, 1.0, 2)]),
        (lambda x: x + 1, [(t(3),) for t in (np.float16, np.float32, np.float64, np.int8, np.int64, np.complex64, np.bool_, int, float, complex, bool)]),
        (lambda x: (x.sum(), x * 2, x.reshape(0, 5), np.concatenate([x, x])), [(np.zeros(0),), (np.zeros(0, np.float32),), (np.zeros(0, int),)]),
        (lambda x: x.max(), [(np.zeros(0),)]),
        (lambda x: (x.sum(), x / 2, x // 2, x**2, x.cumsum(), np.sqrt(x), -x, x << 1), [(np.arange(4, dtype=d),) for d in (int, np.int8, np.uint8, np.int32)]),
        (lambda x: x**-1, [(np.arange(1, 4),), (V,)]),
        (lambda m: (m & ~m, m.sum(), m.mean(), m * V, m + m, m | True), [(V > 1,)]),
        (lambda m: -m, [(V > 1,)]),
        (lambda z: (z * z.conj(), abs(z), z.real, np.exp(z), z @ z), [(V + 1j,), ((V + 1j).astype(np.complex64),)]),
        (lambda x: x * 2, [(V.astype(np.float16),), (V.astype(np.longdouble),), (V.astype(">f8"),)]),
        (lambda x: (np.clip(x, 1.5, 2.5), np.clip(x, None, 2), np.clip(x, 2, None)), [(V,), (np.arange(4),), (V.astype(np.float32),)]),
        (lambda x: (np.array([x[i] * i for i in range(3)]), [a * b for a, b in zip(x, W, strict=True)]), [(V,), (W,)]),
        (lambda x: (np.sort(x), np.median(x), np.linalg.norm(x), np.linalg.inv(np.diag(x)), np.fft.rfft(x)), [(V,), (W,)]),
        (lambda x: (np.minimum(x, 2), np.fmax(x, 1), x.argmax(), np.ptp(x), x.std()), [(V,), (np.arange(4),), (np.array([np.nan, 1.0]),)]),
        (lambda x: (x * 0, x - x, x / x, np.exp(x), np.log(x), np.sqrt(x), x**0.5, x**0), [(np.float64(t),) for t in (0.0, -0.0, np.inf, -np.inf, np.nan, 1e308, -1e-320)]),
        (lambda a, b: (a + b, a * b, a / b, a @ b, np.where(a > b, a, b)), [(V.astype(p), W.astype(q)) for p in (np.float32, np.int32, np.uint8) for q in (np.float64, np.int64, np.float16)]),
        (lambda x: (None, "a", b"b", 3, True, np.float32(2), (V, [W]), x.shape, x.dtype), [(V,)]),
        (lambda x: (lambda y: (y, y, [y]))(x * 2), [(V,), (2.0,)]),
    ],
)  # fmt: skip
def test_arguments_and_results(compiled, f, calls):
    check(compiled(f), f, calls)


def test_a_result_may_be_written_to(compiled):
    fast = compiled(lambda x: (x, W, x * 2, x[1:]))
    x = V.copy()
    for _ in range(4):
        for result in fast(x):
            result[...] = 7.0
        np.testing.assert_array_equal(x, V)
        np.testing.assert_array_equal(W, [4.0, 5.0, 6.0])
        np.testing.assert_array_equal(fast(x)[2], 2 * V)


def test_keyword_arguments(compiled):
    def f(*, a, b=3.0):
        return a * b

    fast = compiled(f)
    for kwargs in ({"a": V}, {"b": 2.0, "a": V}, {"a": V, "b": 2.0}, {"b": V}, {"c": V}):
        for _ in range(3):
            found, wanted = outcome(lambda k=kwargs: fast(**k), ()), outcome(lambda k=kwargs: f(**k), ())
            assert_same(found, wanted)


@pytest.mark.parametrize("args", [(V,), (V, V, V), ()])
def test_wrong_arguments_are_the_functions_own_error(compiled, args):
    fast = compiled(lambda a, b: a + b)
    for _ in range(2):
        with pytest.raises(TypeError, match="positional argument"):
            fast(*args)


def test_arrays_of_other_libraries_are_refused(compiled):
    pandas, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    fast = compiled(lambda tree: tree[0] * 2)
    for x in (pandas.Series(V), pandas.DataFrame({"a": V}), xarray.DataArray(V)):
        with pytest.raises(TypeError, match=rf"a {type(x).__name__} of .* another library.* write x.to_numpy\(\)"):
            fast([x])


def test_a_function_that_works_with_plain_values_alone_is_called_as_it_is(compiled):
    fast = compiled(lambda n: {1: 2.0, 2: 3.0}[n])
    with pytest.warns(UserWarning, match=r"when it was traced, it raised TypeError: .* write int\(x\) .* static_argnums") as found:
        assert [fast(1), fast(2), fast(1)] == [2.0, 3.0, 2.0]
    assert len(found) == 1
    assert [compiled(lambda n: {1: 2.0, 2: 3.0}[int(n)])(n) for n in (1, 2, 1)] == [2.0, 3.0, 2.0]


@pytest.mark.parametrize("transform", [grad, fdezero.hessian, fdezero.value_and_grad, fdezero.jacfwd])
@pytest.mark.parametrize("x", [3, "s", None, np.arange(3), np.array([True]), 1j * V, V], ids=repr)
@pytest.mark.parametrize("f", [lambda x: x * x, lambda x: (x > 1).sum(), lambda x: None])
def test_what_cannot_be_differentiated_says_the_same(compiled, transform, f, x):
    def message(g):
        try:
            return g(x)
        except (TypeError, ValueError) as error:
            return str(error)

    for _ in range(2):
        wanted = message(transform(f))
        for fast in (compiled(transform(f)), transform(compiled(f))):
            found = message(fast)
            assert found == wanted if isinstance(wanted, str) else not isinstance(found, str)


def test_python_numbers_beside_what_is_differentiated(compiled):
    def f(x, k, *, c=2.0):
        return (x * (k * c)).sum(), {"number": k * 2, "same": k, "array": x * 2, "constant": 2.0, "text": "a"}

    x = V.astype(np.float32)
    for transform in (grad, fdezero.value_and_grad):
        fast, slow = transform(compiled(f), has_aux=True), transform(f, has_aux=True)
        for k in (2.0, 3.0, 2.0, 3):
            for kwargs in ({}, {"c": 3.0}, {"c": V}):
                assert_same(fast(x, k, **kwargs), slow(x, k, **kwargs))


def written(x):
    x = x.copy()
    x[0] = 5.0
    return x


def added(x):
    y = np.zeros_like(x)
    y += x
    return y


def into(x):
    y = np.empty(3)
    np.multiply(x, 2.0, out=y)
    return y


class Held:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return np.array_equal(self.x, other.x)

    __hash__ = None


@pytest.mark.parametrize(
    "f",
    [
        written, added, into, lambda x: collections.defaultdict(list, a=x), lambda x: Held(x * 2),
        lambda x: {float(k): k for k in x}[x[0]], lambda x: [len({x[0], x[1]})],
    ],
)  # fmt: skip
def test_what_stand_ins_cannot_do_is_done_with_the_arrays(compiled, f):
    fast = compiled(f)
    with pytest.warns(UserWarning, match="is not compiled") as found:
        for x in (V, V, W, W):
            assert f(x) == fast(x) if not isinstance(f(x), np.ndarray) else (f(x) == fast(x)).all()
    assert len(found) == 1


def test_a_pullback_that_is_returned_works(compiled):
    fast = compiled(lambda x: fdezero.vjp(lambda y: (y * y).sum(), x))
    with pytest.warns(UserWarning, match="keeps arrays of the trace"):
        for _ in range(3):
            np.testing.assert_array_equal(fast(V)[1](2.0)[0], 4 * V)


def test_an_object_without_arrays_is_returned(compiled):
    """Also of a function with a cycle in it, which for a while keeps what was traced."""

    def f(x):
        def power(n):
            return x if n == 0 else x * power(n - 1)

        return Held(3), power(2)

    check(compiled(f), f, [(V,), (W,)])


# -- static arguments ---------------------------------------------------------------------------------
def test_static_values_that_are_equal_for_python_are_not_the_same(compiled):
    fast = compiled(lambda n, x: x * (sum(n) if isinstance(n, tuple) else n), static_argnums=0)
    for n in ((1, 2), (1.0, 2.0), 1, 1.0, True, 0.0, -0.0, 0, math.nan):
        x = np.arange(3)
        for _ in range(3):
            found, wanted = fast(n, x), x * (sum(n) if isinstance(n, tuple) else n)
            assert found.dtype == wanted.dtype
            np.testing.assert_array_equal(found, wanted)
            np.testing.assert_array_equal(np.signbit(found), np.signbit(wanted))
    assert len(fast._made) == 9


def test_a_static_argument_is_static_by_position_and_by_name(compiled):
    def power(x, n=2):
        assert type(n) is int  # a traced one would be no int
        return x if n == 1 else x * power(x, n - 1)

    for static in ({"static_argnums": 1}, {"static_argnums": -1}, {"static_argnames": "n"}):
        fast = compiled(power, **static)
        assert [float(fast(2.0, 3)), float(fast(2.0, n=4)), float(fast(2.0))] == [8.0, 16.0, 4.0]


@pytest.mark.parametrize(
    ("static", "error", "message"),
    [
        ({"static_argnums": 2}, ValueError, "static_argnums=2 for f, which takes 2"),
        ({"static_argnums": -3}, ValueError, "static_argnums=-3 for f"),
        ({"static_argnames": "z"}, ValueError, r"static_argnames='z' for f, which takes \['x', 'y'\]"),
        ({"static_argnums": "x"}, TypeError, "names go in static_argnames"),
        ({"static_argnums": True}, TypeError, "an int or a tuple of ints"),
        ({"static_argnames": 1}, TypeError, "positions go in static_argnums"),
    ],
)
def test_static_arguments_that_there_are_not(static, error, message):
    def f(x, y):
        return x

    with pytest.raises(error, match=message):
        jit(f, **static)


# -- reports of floating-point errors -----------------------------------------------------------------
@pytest.mark.parametrize("f", [lambda x: np.log(x).sum(), lambda x: (1 / x).sum(), lambda x: np.sqrt(x).sum() * 2])
def test_reports_come_as_from_numpy_and_once(compiled, f):
    for mode in ("call", "log", "warn"):
        fast, seen = compiled(f), []
        log = type("Log", (), {"write": staticmethod(seen.append)})()
        with np.errstate(all=mode, call=log if mode == "log" else lambda kind, flag, seen=seen: seen.append(kind)):
            for x in (np.ones(3), np.ones(3), np.array([-1.0, 0.0, 1.0]), np.ones(3), np.array([0.0, 1.0, 1.0])):
                seen.clear()
                found, wanted = outcome(fast, (x,))[1], outcome(f, (x,))[1]
                assert found == wanted
                half = len(seen) // 2
                assert seen[:half] == seen[half:]


def test_a_derivative_with_nans_warns_once(compiled):
    f = grad(lambda x: (np.log(x) * np.where(x > 0, x, 0.0)).sum())
    for x in (np.array([-1.0, 2.0]), np.array([0.0, 2.0])):
        fast = compiled(f)
        for _ in range(5):
            found, wanted = outcome(fast, (x,)), outcome(f, (x,))
            assert found[1] == wanted[1]
            np.testing.assert_array_equal(found[0], wanted[0])


def test_a_warning_of_a_dtype_comes_once(compiled):
    f = lambda z: z.astype(float)  # noqa: E731
    check(compiled(f), f, [(V + 1j,)])


# -- purity ---------------------------------------------------------------------------------------------
def test_a_returned_number_that_changes_is_an_error(compiled):
    count = iter(range(10))
    fast = compiled(lambda x: (x, next(count)))
    fast(V)
    with pytest.raises(ImpureFunction, match=r"returned 0 .* and 1"):
        fast(V)


def test_a_result_of_another_length_is_an_error(compiled):
    entries = []

    def f(x):
        entries.append(1.0)
        return entries * 1

    fast = compiled(f)
    fast(V)
    with pytest.raises(ImpureFunction, match="another tree"):
        fast(V)


def test_a_function_that_comes_to_use_a_box_around_it(compiled):
    held = [2.0]
    fast = compiled(lambda x: x * held[0])
    fast(3.0)

    def outer(v):
        held[0] = v
        return fast(3.0)

    assert grad(outer)(2.0) == 3.0


@pytest.mark.parametrize("f", [lambda x: 1 / 0, lambda x: [][3] if x.sum() > 3 else x * 2, lambda x: np.linalg.inv(x * np.zeros((3, 3)))])
def test_exceptions_are_the_functions_own(compiled, f):
    check(compiled(f), f, [(V,), (-V,), (V,)])


def test_nothing_is_left_of_a_call_that_raises(compiled):
    from fdezero.core import recording, zeros

    def f(x):
        with contextlib.ExitStack() as stack:
            stack.enter_context(fdezero.no_grad())
            if x.sum() > 3:
                raise KeyError("too large")
        return grad(lambda y: (y * y).sum())(x)

    fast = compiled(f)
    for _ in range(3):
        before = np.geterr(), zeros._alarm.get(), recording.quiet_level.get()
        with pytest.raises(KeyError):
            fast(V)
        assert (np.geterr(), zeros._alarm.get(), recording.quiet_level.get()) == before
        np.testing.assert_array_equal(fast(V * 0.1), 0.2 * V)
    (made,) = fast._made.values()
    assert len(made.variants) == 1
    assert made.lock.acquire(blocking=False)
    made.lock.release()
