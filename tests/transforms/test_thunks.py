"""What is put off comes out as if it had been done at once: with blocks of a few numbers, so that everything has many."""

import threading
import tracemalloc
import warnings

import numpy as np
import pytest

from fdezero import custom_jvp, grad, jacfwd, jvp, linearize, no_grad, stop_gradient, tree, vmap
from fdezero.primitives import elementwise
from fdezero.transforms import blocks, linear, reverse, thunks
from fdezero.transforms.batching import LargeBatch
from fdezero.transforms.forward import LargeDual, push_elementwise

from ..rules.cases import CASES
from .laws import assert_close, contracted, weights
from .programs import PROGRAMS

rng = np.random.default_rng(4)
X = rng.uniform(0.5, 1.5, (7, 3))
T = rng.normal(size=(7, 3))


@pytest.fixture(autouse=True)
def no_warning_is_an_error():
    """As in a user's script; pytest is told here to make errors of warnings, and then nothing is put off."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    assert not caught


class Runs(list):
    """The names of the primitives in each run that was settled; None before one that was done again, one by one."""


@pytest.fixture
def runs(monkeypatch):
    """Every array is large, a block is four numbers, and every run goes in blocks; says which runs there were."""
    seen = Runs()
    in_blocks, one_by_one = thunks._Run.in_blocks, thunks._Run.one_by_one

    def counting_blocks(run, shape):
        seen.append([step.primitive.name for step, *_ in run.steps])
        return in_blocks(run, shape)

    def counting_steps(run):
        seen.append(None)
        return one_by_one(run)

    monkeypatch.setattr(thunks._Run, "in_blocks", counting_blocks)
    monkeypatch.setattr(thunks._Run, "one_by_one", counting_steps)
    make_everything_large(monkeypatch)
    return seen


def make_everything_large(monkeypatch):
    monkeypatch.setattr(thunks, "WORTH_NOTING", 2)
    monkeypatch.setattr(thunks, "FEWEST", 1)
    monkeypatch.setattr(blocks, "BLOCK", 4)


def evaluations(monkeypatch):
    """A list that grows by the name of each primitive that is evaluated, once for each block."""
    names = []
    evaluate = LargeDual.evaluate

    def counting(primitive, *rest):
        names.append(primitive.name)
        return evaluate(primitive, *rest)

    monkeypatch.setattr(LargeDual, "evaluate", staticmethod(counting))
    return names


# -- as if done at once --------------------------------------------------------------------------------


def along(f, *args):
    """The value and the derivative along fixed directions."""
    return jvp(f, args, tuple(tree.map(lambda x: weights(x).astype(np.asarray(x).dtype)[()], a) for a in args))


def along_the_tape(f, *args):
    """As `along`, by the tape of a linearized function."""
    value, push = linearize(f, *args)
    return value, push(*[tree.map(lambda x: weights(x).astype(np.asarray(x).dtype)[()], a) for a in args])


def surrounded(f):
    """Something elementwise before and after ``f``, so that an elementwise ``f`` is in a run with it."""
    return lambda *xs: tree.map(lambda y: 2.0 * np.square(y) - y, f(*[x * 1.0 for x in xs]))


@pytest.mark.parametrize("way", [along, along_the_tape])
def test_every_rule_put_off(way, monkeypatch):
    wanted = [way(surrounded(case.f), *case.args) for case in CASES]
    make_everything_large(monkeypatch)
    for case, expected in zip(CASES, wanted, strict=True):
        found = way(surrounded(case.f), *case.args)
        assert_close(found, expected, 1e-5 if single(case) else 1e-12, case.name)
        for a, b in zip(tree.leaves(found), tree.leaves(expected), strict=True):
            assert np.asarray(a).dtype == np.asarray(b).dtype


def single(case):
    return any(np.asarray(a).dtype.itemsize == 4 for a in case.args)


def test_every_rule_put_off_in_a_batch(monkeypatch):
    def batched(case):
        return vmap(surrounded(case.f))(*[np.stack([a, a, a]) for a in case.args])

    cases = [case for case in CASES if "mask of itself" not in case.label]  # which has another shape in each example
    wanted = [batched(case) for case in cases]
    make_everything_large(monkeypatch)
    for case, expected in zip(cases, wanted, strict=True):
        assert_close(batched(case), expected, 1e-5 if single(case) else 1e-12, case.name)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_put_off(name, runs, monkeypatch):
    program, x = PROGRAMS[name], np.array([0.6, -0.4, 1.3])
    f = program.f

    def results():
        forward = [] if program.reverse else [along(f, x), along_the_tape(f, x), jacfwd(f)(x)]
        if program.order > 1 and not program.reverse:
            forward += [along(contracted(jacfwd(f)), x), grad(contracted(jacfwd(f)))(x)]
        return forward if program.branches else [*forward, vmap(f)(np.stack([x, x + 0.01]))]

    found = results()
    monkeypatch.setattr(thunks, "WORTH_NOTING", 1000)
    assert_close(found, results(), 1e-11, name)


BROADCAST = {"alike": (7, 3), "a number": (), "a row": (3,), "one row": (1, 3), "a column": (7, 1), "one number": (1, 1)}


@pytest.mark.parametrize("shape", BROADCAST.values(), ids=BROADCAST)
@pytest.mark.parametrize("constant", [False, True])
def test_operands_that_are_broadcast(shape, constant, runs, monkeypatch):
    y, t = rng.uniform(0.5, 1.5, shape), rng.normal(size=shape)

    def f(x, y):
        return np.tanh(x * (stop_gradient(y) if constant else y)) * np.sin(x / 2.0)

    def results():
        return jvp(f, (X, y), (T, t)), vmap(f, in_axes=(0, None))(X, y[:1] if len(shape) == 2 else y)

    found = results()
    assert max(len(run) for run in runs if run) > 2
    monkeypatch.setattr(thunks, "WORTH_NOTING", 1000)
    assert_close(found, results(), 1e-13)


@pytest.mark.parametrize("way", [along, along_the_tape])
def test_what_is_broadcast_may_wait_too(way, runs, monkeypatch):
    def f(x):
        column, row = np.sin(x[:, :1]) * 2.0, np.cos(x[0]) + 1.0
        square = np.exp(x) * column + row
        return square * square - row, column

    found = way(f, X[:3])  # as many rows as columns
    assert max(len(run) for run in runs if run) > 2
    monkeypatch.setattr(thunks, "WORTH_NOTING", 1000)
    assert_close(found, way(f, X[:3]), 1e-13)


def test_a_batch_of_numbers_beside_a_batch_of_rows(runs):
    a = rng.normal(size=7)
    np.testing.assert_allclose(vmap(lambda x, a: np.exp(x * a) + a)(X, a), np.exp(X * a[:, None]) + a[:, None])
    np.testing.assert_allclose(vmap(lambda x, a: a + a * np.exp(x))(X, a), a[:, None] * (np.exp(X) + 1))
    np.testing.assert_allclose(vmap(lambda a: np.exp(a) * X + 1.0)(a), np.exp(a)[:, None, None] * X + 1.0)


# -- when ----------------------------------------------------------------------------------------------


def test_a_chain_is_one_run(runs):
    jvp(lambda x: np.sin(np.exp(x) * 2.0) + x, (X,), (T,))
    assert runs == [["exp", "multiply", "sin", "add"]]


def test_whatever_needs_the_numbers_settles_them(runs):
    jvp(lambda x: np.sum(np.cos(np.sin(x)) @ np.ones((3, 2))) + np.sum(np.exp(x)), (X,), (T,))
    assert runs == [["sin", "cos"], ["exp"]]


def test_shapes_and_dtypes_are_known_beforehand(runs):
    def f(x):
        y = np.exp(x).astype(np.float32) * np.float32(2.0)
        assert (y.shape, y.dtype, y.ndim, y.size, len(y)) == ((7, 3), np.float32, 2, 21, 7)
        assert not runs
        return y

    assert jvp(f, (X,), (T,))[1].dtype == np.float32


def test_a_long_chain_goes_in_runs(runs):
    def chain(x):
        for _ in range(40):
            x = np.sin(x)
        return x

    y, slope = X, T
    for _ in range(40):
        y, slope = np.sin(y), slope * np.cos(y)
    assert_close(jvp(chain, (X,), (T,)), (y, slope), 1e-13)
    assert [len(run) for run in runs] == [16, 16, 8]


def test_a_walk_along_a_tape_goes_in_runs(runs):
    _, push = linearize(lambda x: np.sum(np.cos(np.sin(np.exp(x))) @ np.ones((3, 2))) + np.sum(np.tanh(x)), X)
    assert not runs
    push(T)
    assert sorted(runs) == [["exp", "sin", "cos"], ["tanh"]]


def test_a_walk_along_a_tape_computes_nothing_twice(runs, monkeypatch):
    names = []
    monkeypatch.setattr(linear, "push_elementwise", lambda p, *rest: names.append(p.name) or push_elementwise(p, *rest))
    _, push = linearize(lambda x: [(np.sum(y), np.sum(y * y), y[0]) for y in [np.exp(np.sin(x))]], X)
    push(T)
    assert names.count("sin") == names.count("exp") == 7  # a block is one row


def test_a_walk_along_a_tape_forgets_what_it_has_passed():
    x = np.linspace(0.0, 1.0, 100_000)

    def chain(x):
        for _ in range(20):
            x = np.cumsum(np.sin(x)) / 1000.0
        return x

    _, push = linearize(chain, x)
    tracemalloc.start()
    push(x)
    peak = tracemalloc.get_traced_memory()[1] / x.nbytes
    tracemalloc.stop()
    assert peak < 6


def test_large_arrays_are_put_off_without_being_told():
    x = np.linspace(-1.0, 1.0, thunks.WORTH_NOTING).reshape(-1, 100)
    t, waiting = np.tanh(x * x), []

    def f(x):
        y = np.tanh(x * x) * x
        waiting.append(isinstance(y.thunk.state, thunks.Step))
        return y

    value, tangent = jvp(f, (x,), (np.ones_like(x),))
    np.testing.assert_array_equal(value, t * x)
    np.testing.assert_allclose(tangent, t + 2 * x * x * (1 - t * t), rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(vmap(lambda x: f(x) + 1.0)(x), t * x + 1.0)
    assert waiting == [True, True]


def test_small_arrays_are_not():
    seen = []
    jvp(lambda x: seen.append(x * 1.0) or x, (X,), (T,))
    vmap(lambda x: seen.append(x * 1.0) or x)(X)
    assert not any(isinstance(box, (LargeDual, LargeBatch)) for box in seen)


def test_what_lies_between_takes_no_memory():
    x = np.linspace(0.0, 1.0, 1_000_000)

    def peak(f):
        f(x[:10])
        tracemalloc.start()
        f(x)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found / x.nbytes

    assert peak(lambda x: jvp(lambda x: np.sin(np.exp(x * 2.0) + 1.0) * 3.0, (x,), (x,))) < 2.5  # the value and the tangent
    assert peak(lambda x: linearize(lambda x: np.sin(np.exp(x * 2.0) + 1.0) * 3.0, x)[1](x)) < 8.5  # the tape, mostly
    assert peak(lambda x: vmap(lambda x: np.sin(np.exp(x * 2.0) + 1.0) * 3.0)(x)) < 1.5


# -- nothing twice -------------------------------------------------------------------------------------


def test_what_a_box_stands_for_is_kept(runs, monkeypatch):
    names = evaluations(monkeypatch)

    def f(x):
        y = np.exp(x)
        z = np.sin(y)
        total = np.sum(z)
        return total + np.sum(y)

    jvp(f, (X,), (T,))
    assert runs == [["exp", "sin"]]  # and y was there when it was wanted
    assert names.count("exp") == names.count("sin") == 7


def test_what_several_need_is_computed_once(runs, monkeypatch):
    names = evaluations(monkeypatch)

    def heads(x):
        trunk = np.exp(np.sin(x))
        return [trunk * float(i) for i in range(5)]

    jvp(lambda x: sum(np.sum(head) for head in heads(x)), (X,), (T,))
    assert names.count("exp") == names.count("sin") == 7  # a block is one row


def test_what_nobody_needs_is_not_computed(runs, monkeypatch):
    names = evaluations(monkeypatch)
    jvp(lambda x: (np.exp(x), np.sum(np.sin(x)))[1], (X,), (T,))
    assert "exp" not in names


# -- what could have changed meanwhile ------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 1000])
def test_a_constant_that_is_written_to_afterwards(limit, runs, monkeypatch):
    monkeypatch.setattr(thunks, "BLOCK", limit)  # up to which a constant is copied
    constant = np.full((7, 3), 2.0)

    def f(x):
        y = x * constant + 1.0
        constant[:] = np.nan
        return y * 1.0

    value, tangent = jvp(f, (X,), (T,))
    assert_close((value, tangent), (2.0 * X + 1.0, 2.0 * T), 1e-15)
    assert max(map(len, runs)) == (2 if limit == 1 else 3)
    constant[:] = 2.0
    np.testing.assert_allclose(vmap(lambda x: f(x)[0] if x.ndim > 1 else x)(X), X)


def test_a_mask_of_the_users(runs):
    mask = X > 1.0

    def f(x):
        y = np.where(mask, np.sin(x), x)
        mask[:] = True
        return y * 2.0

    value, tangent = jvp(f, (X,), (T,))
    chosen = X > 1.0
    assert_close(value, 2.0 * np.where(chosen, np.sin(X), X), 1e-15)
    assert_close(tangent, 2.0 * np.where(chosen, np.cos(X) * T, T), 1e-15)


# -- errors and warnings -------------------------------------------------------------------------------


def test_an_error_comes_at_the_line_that_is_wrong(runs):
    reached = []

    def f(x):
        y = np.sin(x)
        reached.append("before")
        z = y + np.ones((7, 4))
        reached.append("after")
        return z

    with pytest.raises(ValueError, match="broadcast"):
        jvp(f, (X,), (T,))
    with pytest.raises(ValueError, match="broadcast"):
        vmap(f)(np.stack([X, X]))
    assert reached == ["before", "before"]


def test_where_numpy_raises_nothing_is_put_off(runs):
    reached = []

    def f(x):
        with np.errstate(divide="raise"):
            y = 1.0 / (x * 0.0)
        reached.append(y)
        return y

    for transformed in (lambda: jvp(f, (X,), (T,)), lambda: vmap(f)(X)):
        with pytest.raises(FloatingPointError):
            transformed()
    assert not reached


@pytest.mark.parametrize("mode", ["jvp", "vmap"])
def test_warnings_are_those_of_each_operation(mode, runs):
    def f(x):
        with np.errstate(divide="ignore"):
            y = 1.0 / (x - X.min())
        return np.exp(1000.0 * x) - y

    x = X.ravel()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        jvp(f, (x,), (x,)) if mode == "jvp" else vmap(f)(x)
    assert [str(w.message) for w in caught] == ["overflow encountered in exp"]
    assert None in runs  # done again, one by one


def test_calm_blocks_give_no_warning(runs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jvp(lambda x: np.exp(-900.0 * x) * np.sin(x), (X,), (T,))
    assert None not in runs  # an underflow is nothing to NumPy


def test_zeros_are_as_strong_as_ever(runs):
    x = np.array([4.0, 1.0, 4.0, 9.0, 0.0, 4.0, 0.0, 1.0, 16.0])

    def f(x):
        return np.where(x > 0, 1.0 * np.sqrt(1.0 * x), 0.0) * 1.0

    _, tangent = jvp(f, (x,), (np.ones_like(x),))
    np.testing.assert_array_equal(tangent, [0.25, 0.5, 0.25, 1 / 6, 0.0, 0.25, 0.0, 0.5, 0.125])
    _, still = jvp(lambda x: np.sqrt(x * 1.0) * 1.0, (x,), (np.where(x > 0, 1.0, 0.0),))
    assert still[4] == still[6] == 0.0


def test_a_users_rule_may_close_over_a_whole_array(runs, monkeypatch):
    weight = weights(X)
    weighted = elementwise(lambda x: x * weight, lambda g: g * weight, name="weighted")

    def f(x):
        return np.sin(weighted(np.exp(x)) * 2.0) * 3.0

    monkeypatch.setattr(reverse, "LARGE", 2)
    found = along(f, X), along_the_tape(f, X), grad(contracted(f))(X), vmap(lambda x: np.exp(x) * 2.0)(X)
    monkeypatch.setattr(reverse, "LARGE", 1000)
    monkeypatch.setattr(thunks, "WORTH_NOTING", 1000)
    assert_close(found, (along(f, X), along_the_tape(f, X), grad(contracted(f))(X), 2.0 * np.exp(X)), 1e-13)


def test_integers_are_not_put_off(runs):
    def f(x):
        try:
            return 2 ** (0 - (x > 1.0) * 1) * x
        except ValueError:
            return x

    np.testing.assert_array_equal(vmap(f)(X), X)


def test_a_users_function_is_called_when_it_is_called(runs):
    called = []

    def doubled(x):
        called.append(1)
        if np.any(x > 2.0):
            raise ValueError("too large")
        return 2.0 * x

    double = elementwise(doubled, lambda: 2.0, name="double")
    jvp(lambda x: (double(x), called.append("after"))[0], (X,), (T,))
    assert called == [1, "after"]
    with pytest.raises(ValueError, match="too large"):
        jvp(lambda x: (double(x + 2.0), called.append("never"))[0], (X,), (T,))
    assert "never" not in called


def test_warnings_that_a_function_keeps_to_itself(runs):
    def f(x):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y = np.log(x - X.min())
        return y * 2.0 + 1.0

    jvp(f, (X,), (T,))
    vmap(f)(X)  # the autouse fixture sees that none came


def test_warnings_that_are_errors_come_at_once(runs):
    def f(x):
        try:
            y = np.log(x - X.min())
        except RuntimeWarning:
            y = x * 0.0
        return y * 2.0 + 1.0

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(jvp(f, (X,), (T,))[0], np.ones_like(X))
        np.testing.assert_array_equal(vmap(f)(X)[X.argmin() // 3], 1.0)
    with warnings.catch_warnings():  # the first filter that fits is the one that counts
        warnings.simplefilter("error")
        warnings.simplefilter("ignore")
        assert np.isneginf(jvp(f, (X,), (T,))[0]).any()


def test_a_warning_comes_once(runs):
    single = np.ones(64, np.float32)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        vmap(lambda x: x * 1e300 * 2.0 * 2.0 * 2.0 + 1.0)(single)
        vmap(lambda z: z.astype(float) * 2.0 * 3 + 1 + 2)(np.ones(64) + 1j)
    assert sorted(str(w.message)[:20] for w in caught) == ["Casting complex valu", "overflow encountered"]


def test_no_warning_of_a_tangent(runs):
    jvp(lambda z: z.astype(np.float32) * np.float32(2) + np.float32(1), (X,), (np.full_like(X, 1e200),))


def test_after_a_warning_nothing_more_is_put_off(runs):
    x = np.append(np.ones(40), 0.0)

    def f(x):
        for _ in range(5):
            x = np.sqrt(x) * 1.0 + 0.0
            np.sum(x)
        return x

    jvp(f, (x,), (x,))
    assert runs == [["sqrt", "multiply", "add"], None]


# -- what may change, and what waits too long --------------------------------------------------------------


def test_when_the_run_is_over_so_is_the_waiting(runs):
    x, kept = X.copy(), []
    jvp(lambda v: (kept.append(np.sin(v)), v * 2.0)[1], (x,), (T,))
    vmap(lambda v: (kept.append(np.sin(v)), v * 2.0)[1])(x)
    x[:] = 0.0
    for box in kept:
        np.testing.assert_array_equal(box.value, np.sin(X))


def test_memory_that_a_users_function_uses_again(runs):
    room = np.empty_like(X)

    @custom_jvp
    def e(x):
        return np.exp(x, out=room)

    e.defjvp(lambda primals, tangents: (e(primals[0]), np.exp(primals[0]) * tangents[0]))
    value, _ = jvp(lambda x: e(x) * 1.0 - e(x + 1.0) * 1.0, (X,), (T,))
    np.testing.assert_allclose(value, np.exp(X) - np.exp(X + 1.0))


def test_not_too_much_is_held(runs):
    def f(x):
        total = 0.0
        for i in range(40):
            total = total + np.cumsum(x * (1.0 + i))
        return total

    x = np.linspace(0.0, 1.0, 100_000)
    tracemalloc.start()
    blocks.BLOCK = 20_000  # the fixture takes it back
    jvp(f, (x,), (x,))
    peak = tracemalloc.get_traced_memory()[1] / x.nbytes
    tracemalloc.stop()
    assert peak < 17  # 32 and more, if each of the sums waited with its summand


def test_a_thunk_that_another_thread_has_settled():
    thunks._settle(thunks.Thunk.of(X))


# -- levels, threads -----------------------------------------------------------------------------------


def test_no_grad_makes_constants(runs):
    def f(x):
        y = np.sin(x)
        with no_grad():
            constant = np.exp(y)
        assert type(constant) is np.ndarray
        return constant * y

    assert_close(jvp(f, (X,), (T,)), (np.exp(np.sin(X)) * np.sin(X), np.exp(np.sin(X)) * np.cos(X) * T), 1e-14)


def test_an_escaped_box_says_so(runs):
    kept = []
    jvp(lambda x: kept.append(np.sin(x)) or x, (X,), (T,))
    np.testing.assert_array_equal(kept[0].value, np.sin(X))
    with pytest.raises(RuntimeError, match="escaped"):
        kept[0] * 2.0


def test_values_are_shown_read_only(runs):
    def f(x):
        y = np.sin(x)
        assert not y.value.flags.writeable
        assert repr(y).startswith("LargeDual(")
        return y

    jvp(f, (X,), (T,))


def test_levels_do_not_meet(runs):
    def f(x):
        return np.sum(x * jvp(lambda y: np.sin(y) * x, (x,), (T,))[1])

    value, tangent = jvp(f, (X,), (T,))
    assert_close(value, np.sum(X * X * np.cos(X) * T), 1e-13)
    assert_close(tangent, np.sum((2 * X * np.cos(X) - X * X * np.sin(X)) * T * T), 1e-13)


def test_zeros_are_as_strong_in_a_linear_map_as_in_a_jvp(runs, monkeypatch):
    def f(x):
        return np.sqrt(x - 1.0) * np.array([np.nan, 1.0, 1.0, 1.0]) * 1.0

    x, t = np.array([1.0, 1.0, 4.0, 9.0]), np.array([0.0, 0.0, 1.0, 1.0])
    expected = [np.nan, 0.0, 0.5 / np.sqrt(3.0), 0.5 / np.sqrt(8.0)]
    for size in (2, 1000):
        monkeypatch.setattr(thunks, "WORTH_NOTING", size)
        np.testing.assert_array_equal(linearize(f, x)[1](t), expected)
        np.testing.assert_array_equal(jvp(f, (x,), (t,))[1], expected)


def test_threads_that_share_a_box(runs):
    x = rng.uniform(0.5, 1.5, (4000, 3))

    def f(x):
        trunk = np.exp(np.sin(x) * 0.5)
        found = [None] * 8

        def work(i):
            found[i] = np.sum(trunk * float(i) + np.cos(trunk))

        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(found)

    trunk = np.exp(np.sin(x) * 0.5)
    value, tangent = jvp(f, (x,), (np.ones_like(x),))
    np.testing.assert_allclose(value, np.sum(28.0 * trunk + 8 * np.cos(trunk)))
    np.testing.assert_allclose(tangent, np.sum((28.0 - 8 * np.sin(trunk)) * trunk * 0.5 * np.cos(x)))
