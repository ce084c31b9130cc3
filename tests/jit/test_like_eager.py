"""What a jitted function returns, raises and warns of is what the plain one does: values, types, trees, errors."""

import collections
import contextlib
import math

import attrs
import numpy as np
import pytest

import fdezero
from fdezero import grad, jit, tree

from .like_eager import assert_same, check, outcome

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


# -- exceptions -------------------------------------------------------------------------------------------
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


def test_errors_are_the_functions_own(compiled):
    fast = compiled(lambda x, i: np.take(x, i))
    for _ in range(3):
        fast(np.arange(3.0), np.array([0, 2]))
        with pytest.raises(IndexError):
            fast(np.arange(3.0), np.array([0, 3]))
