"""`check_pure`, tested: what it must report, and what it must let pass."""

import itertools
import pickle
import re
import warnings

import attrs
import numpy as np
import pytest

from fdezero import checkpoint, custom_jvp, grad, jvp, no_grad, stop_gradient, vmap
from fdezero.core.recording import quiet_level
from fdezero.testing import check_pure

X = np.array([1.0, 2.0, 3.0])


def line_of(text):
    """The number of the line in this file with the text (and this call's is not it)."""
    with open(__file__) as file:
        return next(number for number, line in enumerate(file, 1) if text in line and "line_of" not in line)


def report(f, *args, **kwargs):
    before = [np.copy(a) for a in args]
    with pytest.raises(AssertionError) as caught:
        check_pure(f)(*args, **kwargs)
    for a, b in zip(args, before, strict=True):
        np.testing.assert_array_equal(a, b)
    return str(caught.value)


# -- constants that are written to ---------------------------------------------------------------------
def loop(x):
    total, buf = 0.0, np.zeros(3)
    for k in range(3):
        buf[:] = k
        total = total + (x * buf).sum()  # the loop
    return total


def written_after(x):
    buf = np.ones(3)
    y = np.sin(x) * buf  # before writing
    buf[0] = 7.0
    return y.sum()


def written_and_restored(x):
    buf = np.ones(3)
    y = x @ buf  # used first
    buf[0] = 7.0
    y = y + x @ buf
    buf[0] = 1.0
    return y


def through_a_view(x):
    buf = np.zeros((2, 3))
    y = np.where(x > 1.0, x, buf[1])  # a view
    buf += 1.0
    return y.sum()


def in_a_checkpoint(x):
    buf = np.ones(3)
    y = checkpoint(lambda x: np.exp(x) * buf)(x)  # in a checkpoint
    buf *= 2.0
    return y.sum()


def in_an_inner_gradient(x):
    buf = np.ones(3)
    y = grad(lambda z: np.sum(z**2 * buf))(x)  # in an inner gradient
    buf *= 2.0
    return y.sum()


def in_a_batch(x):
    buf = np.ones(3)
    y = vmap(lambda z: z * buf)(x)  # in a batch
    buf *= 2.0
    return y.sum()


COUNTS = np.array([1, 2, 1])


def a_static_array(x):
    COUNTS[:] = [1, 2, 1]
    y = np.repeat(x, COUNTS)
    COUNTS[:] = [2, 1, 1]
    return y.sum()


@pytest.mark.parametrize(
    ("f", "constant", "primitive", "text"),
    [(loop, "buf of shape (3,)", "multiply", "# the loop"), (written_after, "buf of shape (3,)", "multiply", "# before writing"),
     (written_and_restored, "buf of shape (3,)", "matmul", "# used first"), (through_a_view, "of shape (3,)", "where", "# a view"),
     (in_a_checkpoint, "buf of shape (3,)", "multiply", "# in a checkpoint"), (in_a_batch, "buf of shape (3,)", "multiply", "# in a batch"),
     (in_an_inner_gradient, "buf of shape (3,)", "multiply", "# in an inner gradient")],
)  # fmt: skip
def test_a_constant_that_is_written_to(f, constant, primitive, text):
    x = np.stack([X, X]) if f is in_a_batch else X
    wanted = f"{f.__name__} is not pure: the constant {constant}, which {primitive} used at {__file__}:{line_of(text)}, was written to afterwards"
    assert report(f, x).startswith(wanted)


def test_an_array_that_a_primitive_copies_may_be_written_to():
    assert check_pure(a_static_array)(X) == 8.0
    np.testing.assert_array_equal(grad(a_static_array)(X), [1.0, 2.0, 1.0])


def test_in_the_loop_the_derivative_was_wrong():
    np.testing.assert_array_equal(grad(loop)(X), [6.0, 6.0, 6.0])  # and not 3: what `check_pure` is for


def test_what_is_written_before_it_is_used():
    def f(x):
        buf = np.empty(3)
        buf[:] = 2.0
        other = buf.copy()
        other += 1.0
        return (x * buf + other).sum()

    assert check_pure(f)(X) == f(X)


def test_a_new_constant_in_each_step():
    def f(x):
        total = 0.0
        for k in range(3):
            total = total + (x * np.full(3, float(k))).sum()
        return total

    assert check_pure(f)(X) == f(X)


# -- arguments -----------------------------------------------------------------------------------------
def test_an_argument_that_is_written_to():
    def centre(x):
        x -= x.mean()
        return (x * x).sum()

    assert report(centre, X) == "centre is not pure: argument 0 was written to; write to a copy of it"

    def count(x, n):
        n += 1
        return x.sum()

    assert "argument 1 was written to" in report(count, X, np.array([1, 2]))

    def named(x, state):
        state["n"][0] += 1
        return x.sum()

    with pytest.raises(AssertionError, match=r"argument state\['n'\] was written to"):
        check_pure(named)(X, state={"n": np.array([1, 2])})


def test_the_callers_own_array():
    x = np.array([1.0, 2.0])

    def f(y):
        x[0] += 1.0
        return y.sum()

    with pytest.raises(AssertionError, match="argument 0 was written to"):
        check_pure(f)(x)


# -- results that differ -------------------------------------------------------------------------------
def test_results_that_differ():
    counter = itertools.count()
    rng = np.random.default_rng(0)
    for f in (lambda x: x.sum() * next(counter), lambda x: {"a": x, "b": x + rng.normal(size=3)}, lambda x: (x.sum(), next(counter))):
        assert re.search(r"<lambda> is not pure: result\S* differs between two runs, .* and .*; pass what changes", report(f, X))
    lengths = itertools.count()
    assert "two runs return different trees" in report(lambda x: [x] * next(lengths), X)


def test_nan_is_equal_to_itself():
    with np.errstate(invalid="ignore"):
        assert np.isnan(check_pure(lambda x: np.sum(np.log(-x)))(X))


# -- memory --------------------------------------------------------------------------------------------
KEPT = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("f", "words"),
    [(lambda x: x, "result shares memory with argument 0; return a copy"), (lambda x: x[1:], "result shares memory with argument 0"),
     (lambda x: (x * 2.0, x.reshape(3, 1)), "result[1] shares memory with argument 0"),
     (lambda x: KEPT, "result shares memory with the result of another run"),
     (lambda x: {"y": x * KEPT, "c": KEPT[::-1]}, "result['c'] shares memory with a constant that it uses")],
)  # fmt: skip
def test_memory_that_is_shared(f, words):
    assert words in report(f, X)


def test_a_buffer_that_is_returned():
    buffer = np.zeros(3)

    def f(x):
        buffer[:] = stop_gradient(x) if type(x) is not np.ndarray else x
        return buffer

    assert "result shares memory with the result of another run" in report(f, X)


# -- no_grad -------------------------------------------------------------------------------------------
def test_a_suspended_generator():
    kept = []

    def quietly(x):
        with no_grad():
            yield x * 2.0

    def f(x):
        kept.append(quietly(x))
        return np.sum(next(kept[-1]))

    before = quiet_level.get()
    assert "a generator is suspended inside `with no_grad()`" in report(f, X)
    assert quiet_level.get() == before
    for generator in reversed(kept):
        generator.close()
    quiet_level.set(before)

    def exhausted(x):
        return sum(np.sum(y) for y in quietly(x))

    assert check_pure(exhausted)(X) == 12.0


# -- what is pure --------------------------------------------------------------------------------------
@attrs.frozen
class Model:
    w: object
    b: object


@custom_jvp
def cubed(x):
    return x**3


cubed.defjvp(lambda primals, tangents: (primals[0] ** 3, 3 * primals[0] ** 2 * tangents[0]))

PURE = {
    "sum": (np.sum, X), "number": (lambda x: x * x, 3.0), "complex": (lambda z: abs(z) ** 2, 1 + 2j), "copy": (lambda x: np.copy(x) + 0.0, X),
    "branch": (lambda x: x.sum() if x[0] > 0 else -x.sum(), X), "loop": (lambda x: sum(x[i] * i for i in range(3)), X),
    "mask": (lambda x: x[x > 1].sum(), X), "constant": (lambda x: np.sum(KEPT * x), X), "matrix": (lambda x: np.linalg.solve(np.diag(x), x).sum(), X),
    "at": (lambda x: x.at[0].set(1.0).sum(), X), "custom": (lambda x: cubed(x).sum(), X), "checkpoint": (lambda x: checkpoint(cubed)(x).sum(), X),
    "gradient": (lambda x: grad(lambda y: (y**3).sum())(x).sum(), X), "tangent": (lambda x: jvp(np.sin, (x,), (x,)), X),
    "batch": (lambda x: vmap(lambda y: y * 2)(x), X), "quiet": (lambda x: stop_gradient(x) * x, X), "tree": (lambda m: {"y": m.w @ KEPT + m.b}, Model(X, 1.0)),
    "text": (lambda x: (x.sum(), "text", None, 3), X), "parts": (lambda z: np.linalg.eigh(z[:, None] * z)[0], X),
}  # fmt: skip


@pytest.mark.parametrize("name", PURE)
def test_a_pure_function_passes_and_returns_its_result(name):
    f, x = PURE[name]
    found = check_pure(f)(x)
    if name == "at":
        assert found == 6.0
        return
    np.testing.assert_equal(found, f(x))
    assert type(found) is type(f(x)) or isinstance(f(x), float)


def test_the_result_is_the_callers():
    y = check_pure(lambda x: x * 2.0)(X)
    y += 1.0
    np.testing.assert_array_equal(X, [1.0, 2.0, 3.0])


def test_keywords_and_other_arguments():
    assert check_pure(lambda x, n, scale=1.0, name="": x.sum() * n * scale)(X, 2, scale=3.0, name="a") == 36.0


def test_it_keeps_the_name_and_pickles():
    assert check_pure(loop).__name__ == "loop"
    with pytest.raises(AssertionError, match="loop is not pure"):
        pickle.loads(pickle.dumps(check_pure(loop)))(X)


def test_an_exception_passes_unchanged():
    def f(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        check_pure(f)(X)


def test_within_a_gradient():
    """A function that is being differentiated may be checked on the way."""
    np.testing.assert_array_equal(grad(lambda x: check_pure(lambda y: np.sum(y * y))(x))(X), 2 * X)
    with pytest.raises(AssertionError, match="loop is not pure"):
        grad(lambda x: check_pure(loop)(x))(X)


def test_nothing_is_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_pure(lambda x: np.sum(np.exp(x)))(X)
