"""Transforms in threads, tasks and generators, after exceptions and escapes, and without the garbage collector."""

import asyncio
import gc
import sys
import threading
import time
from contextlib import suppress

import numpy as np
import pytest

import fdezero
from fdezero import grad, jvp, no_grad, vjp, vmap
from fdezero.core.recording import quiet_level

X = np.array([0.3, -0.5, 0.8])


# -- threads ---------------------------------------------------------------------------------------------


def slow_sine(x):
    time.sleep(0.0005)  # lets another thread in, in the middle of a transform
    return np.sin(x)


def nests(k, sine=np.sin):
    """Transforms of transforms of transforms, different for each k; ``sine`` is called at every depth."""

    def along(x):
        return jvp(lambda y: sine(k * x * y), (x,), (np.ones_like(x),))[1]

    def slope(x):
        return grad(lambda y: np.sum(sine(y) * along(y) * x))(x)

    def quiet(x):
        with no_grad():
            constant = sine(x)
        return np.sum(constant * slope(x))

    return {
        "grad of vmap of jvp": grad(lambda x: vmap(along)(np.stack([x, k * x])).sum())(X),
        "jvp of grad of jvp": jvp(slope, (X,), (X,))[1],
        "vmap of grad of grad of jvp": vmap(grad(lambda x: np.sum(slope(x))))(np.stack([X, X * k])),
        "hessian of jvp": fdezero.hessian(lambda x: np.sum(along(x)))(X),
        "vjp of linearize": vjp(lambda x: fdezero.linearize(along, x)[1](sine(x)), X)[1](X)[0],
        "grad of no_grad": grad(quiet)(X),
    }


def assert_same(results, expected):
    for found, wanted in zip(results, expected, strict=True):
        assert found.keys() == wanted.keys()
        for name in wanted:
            np.testing.assert_array_equal(found[name], wanted[name], err_msg=name)


def test_eight_threads_agree_with_one():
    expected = [nests(k) for k in range(1, 9)]
    results, start = [None] * 8, threading.Barrier(8)

    def work(k):
        start.wait(timeout=30)
        results[k] = nests(k + 1, slow_sine)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_same(results, expected)


def test_threads_started_inside_one_transform():
    def f(x):
        found = [None] * 8

        def work(k):
            found[k] = grad(lambda y: np.sum(slow_sine(x * y) * (k + 1)))(x).sum()

        threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(found)

    # The inner gradients are x cos(x^2), times 1 + 2 + ... + 8.
    np.testing.assert_allclose(grad(f)(X), 36 * (np.cos(X**2) - 2 * X**2 * np.sin(X**2)))


# -- tasks and generators ----------------------------------------------------------------------------------


def test_tasks_agree_with_one_after_another():
    async def slope(k, x):
        """Each step is a transform; between the steps the other tasks run theirs."""
        for _ in range(3):
            await asyncio.sleep(0.0005 * (k % 3))
            if k % 2:
                with no_grad():
                    await asyncio.sleep(0)
                    x = grad(lambda y: np.sum(np.sin(y) * y * k))(x)
            else:
                x = jvp(grad(lambda y, x=x: np.sum(np.cos(y) * x)), (x,), (x,))[1]
        return x

    async def together(x):
        return await asyncio.gather(*(slope(k, x) for k in range(8)))

    async def in_turn(x):
        return [await slope(k, x) for k in range(8)]

    for a, b in zip(asyncio.run(together(X)), asyncio.run(in_turn(X)), strict=True):
        np.testing.assert_array_equal(a, b)
    assert_same(
        [{"inside grad": grad(lambda x: sum(y.sum() for y in asyncio.run(together(x))))(X)}],
        [{"inside grad": grad(lambda x: sum(y.sum() for y in asyncio.run(in_turn(x))))(X)}],
    )


def test_generators_suspended_inside_transforms_of_each_other():
    def partial_sums(x):
        total = 0.0
        for k in range(1, 5):
            total = total + grad(lambda y, k=k: np.sum(y**k * x))(x).sum()
            yield total

    def interleaved(x):
        first, second = partial_sums(x), partial_sums(2.0 * x)
        a = next(first)
        b = jvp(lambda y: next(second) + sum(partial_sums(y)), (x,), (x,))[1]
        return a + b + sum(first) + sum(second)

    def in_turn(x):
        first, second = list(partial_sums(x)), list(partial_sums(2.0 * x))
        b = jvp(lambda y: second[0] + sum(partial_sums(y)), (x,), (x,))[1]
        return sum(first) + b + sum(second[1:])

    np.testing.assert_allclose(grad(interleaved)(X), grad(in_turn)(X), rtol=1e-12)


def test_a_generator_left_hanging_in_no_grad_does_not_silence_later_levels():
    def hanging(x):
        with no_grad():
            yield x * 2.0
        yield x * 3.0

    running = hanging(X)
    next(running)
    np.testing.assert_array_equal(grad(lambda x: np.sum(x * x))(X), 2 * X)
    next(running)
    assert quiet_level.get() == 0


# -- exceptions ------------------------------------------------------------------------------------------------


class Trouble(Exception):
    pass


WRAPPERS = {
    "grad": lambda f: lambda x: grad(lambda x: np.sum(f(x)))(x),
    "vjp": lambda f: lambda x: vjp(f, x)[0],
    "jvp": lambda f: lambda x: jvp(f, (x,), (x,))[1],
    "linearize": lambda f: lambda x: fdezero.linearize(f, x)[1](x),
    "vmap": lambda f: lambda x: vmap(f)(np.stack([x, x]))[0],
    "hessian": lambda f: lambda x: fdezero.hessian(lambda x: np.sum(f(x)))(x)[0],
    "jacfwd": lambda f: lambda x: fdezero.jacfwd(f)(x)[0],
    "jacrev": lambda f: lambda x: fdezero.jacrev(f)(x)[0],
    "no_grad": no_grad(),
}


@pytest.mark.parametrize("inner", WRAPPERS)
@pytest.mark.parametrize("outer", WRAPPERS)
def test_an_exception_passes_unchanged_and_leaves_nothing_behind(outer, inner):
    trouble, before = Trouble("as it was"), nests(2)

    def troubled(x):
        raise trouble

    def survives(x):
        try:
            WRAPPERS[inner](troubled)(x)
        except Trouble:
            return np.sin(x)
        raise AssertionError("the exception was swallowed")

    with pytest.raises(Trouble) as caught:
        WRAPPERS[outer](WRAPPERS[inner](troubled))(X)
    assert caught.value is trouble
    assert quiet_level.get() == 0
    np.testing.assert_array_equal(WRAPPERS[outer](survives)(X), WRAPPERS[outer](np.sin)(X))
    assert_same([nests(2)], [before])


def test_an_exception_in_a_rule_leaves_numpy_s_error_state_alone():
    def fails(g, x):
        raise Trouble

    failing = fdezero.primitives.elementwise(lambda x: x * 1.0, fails, name="failing")
    before = np.geterr(), np.geterrcall()
    for run in (grad(failing), lambda x: jvp(failing, (x,), (x,)), lambda x: grad(lambda y: jvp(failing, (y,), (x,))[1])(x)):
        with pytest.raises(Trouble):
            run(1.0)
        assert (np.geterr(), np.geterrcall()) == before


# -- boxes that escape -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in WRAPPERS if name != "no_grad"])
def test_a_box_that_escapes_does_no_harm_to_later_transforms(name):
    kept, before = [], nests(2)

    def leaking(x):
        kept.append(np.sin(x))
        return x * kept[-1]

    wanted = WRAPPERS[name](lambda x: x * np.sin(x))(X)
    np.testing.assert_array_equal(WRAPPERS[name](leaking)(X), wanted)
    assert type(kept[0]).__name__ in repr(kept[0])  # it can still be looked at
    assert_same([nests(2)], [before])
    # In a later transform it is refused; under no_grad it is the number that it shows.
    for later, transform in WRAPPERS.items():
        if later == "no_grad" and name != "vmap":
            np.testing.assert_array_equal(transform(lambda x: x * kept[0])(X), X * np.sin(X))
            continue
        with pytest.raises(RuntimeError, match="escaped"):
            transform(lambda x: x * kept[0])(X)
    assert_same([nests(2)], [before])
    np.testing.assert_array_equal(WRAPPERS[name](leaking)(X), wanted)


# -- memory ------------------------------------------------------------------------------------------------------


def f(x):
    return np.sum(np.tanh(x[::-1] * x) * x[np.array([0, 0, 2])])


def g(x):
    return np.sin(x) * x[0]


@fdezero.custom_jvp
def soft(x):
    return np.log1p(np.exp(x))


soft.defjvps(lambda t, out, x: t / (1.0 + np.exp(-x)))


@fdezero.custom_vjp
def squared(x):
    return x * x


squared.defvjp(lambda x: (x * x, x), lambda x, g: (2 * x * g,))

CALLS = {
    "grad": lambda: grad(f)(X),
    "value_and_grad": lambda: fdezero.value_and_grad(f)(X),
    "grad of grad": lambda: grad(lambda x: np.sum(grad(f)(x) * x))(X),
    "vjp": lambda: vjp(g, X)[1](X),
    "jvp": lambda: jvp(g, (X,), (X,)),
    "linearize": lambda: fdezero.linearize(g, X)[1](X),
    "linear_transpose": lambda: fdezero.linear_transpose(lambda x: x[::-1] * 2.0, X)(X),
    "jacfwd": lambda: fdezero.jacfwd(g)(X),
    "jacrev": lambda: fdezero.jacrev(g)(X),
    "value_and_jacobian": lambda: fdezero.value_and_jacobian(g)(X),
    "hessian": lambda: fdezero.hessian(f)(X),
    "hvp": lambda: fdezero.hvp(f, (X,), (X,)),
    "ggnvp": lambda: fdezero.ggnvp(g, f, (X,), (X,)),
    "elementwise_grad": lambda: fdezero.elementwise_grad(np.sin)(X),
    "vmap": lambda: vmap(g)(np.outer(X, X)),
    "custom_jvp": lambda: grad(lambda x: np.sum(soft(x)))(X),
    "custom_vjp": lambda: grad(lambda x: np.sum(squared(x)))(X),
    "stop_gradient": lambda: grad(lambda x: np.sum(x * fdezero.stop_gradient(x)))(X),
    "no_grad": lambda: grad(lambda x: np.sum(x * no_grad()(g)(x)))(X),
    "record": lambda: fdezero.record(g)(X),
    "jet": lambda: fdezero.jet(np.sin, (0.5,), ([1.0, 0.0],)),
    "derivative": lambda: fdezero.derivative(np.sin, 2)(0.5),
    "checkpoint": lambda: grad(lambda x: np.sum(fdezero.checkpoint(g)(x)))(X),
    "root": lambda: grad(lambda a: fdezero.root(lambda x, a: x * x - a, 2.0, a))(4.0),
    "fixed_point": lambda: grad(lambda a: fdezero.fixed_point(lambda x, a: a / 10 * np.cos(x), 0.1, a, tol=1e-3))(1.0),
    "vmap, places of their own": lambda: vmap(lambda x, i: x[i])(np.outer(X, X), np.array([0, 2, 1])),
}


#: How many times each is called, and how many more of Python's blocks of memory may be in use afterwards:
#: every array, node and tuple takes one at least, so a leak of one object a call would make it a hundred times that.
TIMES, FLAT = 10_000, 100


def growth(call, times=TIMES):
    """How many blocks of memory more are in use after ``times`` calls than before, with the garbage collector off."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(2500):  # NumPy and Python keep small blocks for reuse, up to 1,024 of a kind
            call()
        before = sys.getallocatedblocks()
        for _ in range(times):
            call()
        return sys.getallocatedblocks() - before
    finally:
        gc.enable()


@pytest.mark.long
@pytest.mark.parametrize("name", CALLS)
def test_memory_stays_flat_without_the_garbage_collector(name):
    assert growth(CALLS[name]) < FLAT


def test_a_leak_would_be_seen():
    kept = []

    def leaking():
        kept.append(X * 2.0)

    def in_a_cycle():
        cycle = [X * 2.0]
        cycle.append(cycle)

    assert growth(leaking) >= TIMES
    assert growth(in_a_cycle) >= TIMES


@pytest.mark.long
@pytest.mark.parametrize("name", WRAPPERS)
def test_memory_stays_flat_when_the_function_fails(name):
    def failing(x):
        y = np.sin(x) * x
        raise Trouble(str(y.shape))

    def call():
        with suppress(Trouble):
            WRAPPERS[name](failing)(X)

    assert growth(call, times=2000) < FLAT
