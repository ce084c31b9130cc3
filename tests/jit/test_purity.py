"""What a program keeps: arrays that are written to, during a trace and after it, and what must be the same the second time."""

import itertools
import warnings

import numpy as np
import pytest

from fdezero import at, grad, jvp, vmap
from fdezero.jit.purity import ImpureFunction

V, M = np.array([1.0, 2.0, 3.0]), np.arange(9.0).reshape(3, 3)


# -- arrays that the function itself writes to ------------------------------------------------------------
def with_a_buffer(x):
    total, buffer = 0.0, np.zeros(3)
    for i in range(3):
        buffer[i] = i + 1.0
        total = total + (x * buffer).sum()
    return total


def with_a_view(x):
    points = np.linspace(0, 1, 5)
    view = points[1:4]
    first = x * view
    points *= 2
    return first, x * view


def with_a_mask(x):
    mask = np.array([True, False, True])
    first = np.where(mask, x, 0.0)
    mask[:] = ~mask
    return first, np.where(mask, x, 0.0), x[mask]


def with_a_number(x):
    scale = np.array(2.0)
    first = x * scale
    scale += 1
    return first, x * scale


def with_places(x):
    places = np.array([0, 1])
    first = x[places]
    places += 1
    return first, x[places]


@pytest.mark.parametrize("f", [with_a_buffer, grad(with_a_buffer), with_a_view, with_a_mask, with_a_number, with_places])
def test_an_array_that_is_written_to_after_it_was_used(compiled, f):
    fast = compiled(f)
    for k in range(4):
        found, wanted = fast(V * k), f(V * k)
        for a, b in zip(found, wanted, strict=True) if isinstance(wanted, tuple) else [(found, wanted)]:
            np.testing.assert_array_equal(a, b)


def test_writing_to_an_array_from_outside_is_an_error(compiled):
    state = np.zeros(3)

    def f(x):
        np.add(state, 1.0, out=state)
        return x * state

    fast = compiled(f)
    fast(V)
    with pytest.raises(ImpureFunction, match="f writes to an array from outside"):
        fast(V)


# -- arguments and closed-over arrays that the caller writes to ---------------------------------------------
@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * np.asarray(x).sum(),
        lambda x: x * sum(x.tolist()),
        lambda x: x * np.unique(x).sum(),
        lambda x: x[x.astype(int) % 3],
        lambda x: x[x > 1.5].sum(),
    ],
)
def test_a_decision_on_an_argument_that_the_caller_writes_to(compiled, f):
    fast, x = compiled(f), V.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in range(8):
            x += [0.0, k % 2, k % 3]
            np.testing.assert_array_equal(fast(x), f(x))


@pytest.mark.parametrize(
    "use",
    [
        lambda x, i: (x[i] * np.array([1.0, 2.0])).sum(),
        lambda x, i: np.take(x, i).prod(),
        lambda x, i: (at(x)[i].set(7.0) ** 2).sum(),
        lambda x, i: np.where(i[0] == 0, x[i], -x[i]).sum(),
        lambda x, i: np.outer(x, x)[:, i].sum(),
    ],
)
def test_an_index_from_outside_that_the_caller_writes_to(compiled, use):
    places = np.array([0, 1])
    f = lambda x: use(x, places)  # noqa: E731
    fast, slopes, outer, along = compiled(f), compiled(grad(f)), grad(compiled(f)), vmap(grad(compiled(f)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for new in ([0, 1], [0, 1], [2, 1], [2, 1], [2, 0], [0, 1], [1, 2]):
            places[:] = new
            np.testing.assert_array_equal(fast(V), f(V))
            for slope in (slopes, outer):
                np.testing.assert_array_equal(slope(V), grad(f)(V))
            np.testing.assert_array_equal(along(np.stack([V, -V])), vmap(grad(f))(np.stack([V, -V])))
            np.testing.assert_array_equal(jvp(fast, (V,), (V,))[1], jvp(f, (V,), (V,))[1])


def test_places_made_in_the_function_are_no_decision(compiled):
    assert compiled(lambda x: np.diagonal(x)[np.arange(2)]).program(M).guards == ()


# -- what is no operand -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "use",
    [
        lambda x, n: x[n % 3],
        lambda x, n: x[n % 2 :][:1],
        lambda x, n: x[np.array([n % 3, 0])],
        lambda x, n: x[np.arange(3) == n % 3],
        lambda x, n: np.take(x, [n % 3]),
        lambda x, n: at(x)[n % 3].set(5.0),
        lambda x, n: np.sum(M * x, axis=n % 2),
        lambda x, n: np.sort(M * x, axis=n % 2),
        lambda x, n: np.roll(x, n),
        lambda x, n: np.pad(x, (0, 1) if n % 2 else (1, 0)),
        lambda x, n: np.round(x / 3, n),
        lambda x, n: np.reshape(x, (3, 1) if n % 2 else (1, 3)),
        lambda x, n: np.transpose(M * x, (0, 1) if n % 2 else (1, 0)),
        lambda x, n: np.einsum("ij,j->i" if n % 2 else "ij,i->j", M, x),
        lambda x, n: x.astype(np.float32 if n % 2 else np.float64),
        lambda x, n: grad(lambda y: y[n % 3] ** 2)(x),
    ],
)
def test_another_index_axis_or_shape_the_second_time_is_an_error(compiled, use):
    count = itertools.count()
    fast = compiled(lambda x: use(x, next(count)))
    fast(V)
    with pytest.raises(ImpureFunction, match=r"pass it to the function as an argument|did something else|must do the same"):
        fast(V)


def test_random_choices_are_an_error(compiled):
    rng = np.random.default_rng(0)
    fast = compiled(lambda x: x[rng.permutation(100) % 3].sum())
    fast(V)
    with pytest.raises(ImpureFunction, match=r"used in getitem as its index, .* draw them outside"):
        fast(V)


def test_a_decision_that_a_program_rounds_otherwise_is_no_impurity(compiled):
    """A sum of differences from the mean is zero but for its rounding, of which a program has another."""
    f = lambda x: x.sum() * (2 if (x - x.mean()).sum() > 0 else 3)  # noqa: E731
    rng = np.random.default_rng(0)
    for _ in range(40):
        fast = compiled(f)
        for _ in range(3):
            x = rng.standard_normal(37)
            assert fast(x) == pytest.approx(x.sum() * 2) or fast(x) == pytest.approx(x.sum() * 3)


def test_a_counter_is_seen_before_a_decision_on_it(compiled):
    count = itertools.count()
    fast = compiled(lambda x: x * 2 if x[0] > next(count) - 0.5 else x * 3)
    fast(V)
    with pytest.raises(ImpureFunction, match="used in greater"):
        fast(V)


# -- what changes between the calls ---------------------------------------------------------------------
def test_random_numbers_are_an_error_that_names_them(compiled):
    fast = compiled(lambda x: x * np.random.rand())
    fast(1.0)
    with pytest.raises(ImpureFunction, match=r"constant .* pass it to the function as an argument"):
        fast(1.0)


def test_a_counter_is_an_error(compiled):
    count = []

    def f(x):
        count.append(1)
        return x * len(count)

    fast = compiled(f)
    fast(1.0)
    with pytest.raises(ImpureFunction):
        fast(1.0)


def test_a_changed_number_is_an_error(compiled):
    rate = [0.1]
    fast = compiled(lambda x: x * rate[0])
    fast(1.0)
    rate[0] = 0.2
    with pytest.raises(ImpureFunction, match=r"was 0.1 .* is 0.2"):
        fast(1.0)


def test_a_closed_over_array_is_read_at_each_call(compiled):
    w = np.ones(3)
    eye = np.eye(3)
    fast = compiled(grad(lambda x: (np.tanh(x) * w).sum() + (eye @ x).sum()))
    f = grad(lambda x: (np.tanh(x) * w).sum() + (eye @ x).sum())
    x = np.arange(3.0)
    for k in range(5):
        w[:] = k
        eye[0, 2] = k
        np.testing.assert_allclose(fast(x), f(x), rtol=1e-14)


def test_a_pure_function_passes_whichever_way_it_decides(compiled):
    fast = compiled(lambda x: x * 2 if x > 0 else x * 3)
    assert [fast(x) for x in (1.0, -1.0, 1.0, -1.0)] == [2.0, -3.0, 2.0, -3.0]


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
