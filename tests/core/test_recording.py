"""no_grad, stop_gradient, levels: across nesting, threads, tasks and generators."""

import asyncio
import threading
import time

import numpy as np
import pytest

from fdezero import derivative, grad, jvp, no_grad, record, stop_gradient, vjp, vmap
from fdezero.core.graph import Box
from fdezero.core.recording import new_level, quiet_level


def test_levels_grow():
    assert new_level() < new_level()


def test_perturbations_are_not_confused():
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert grad(lambda x: grad(lambda y: y * y * x)(x))(3.0) == 12.0
    assert grad(lambda x: grad(lambda x: x * grad(lambda y: x * y)(1.0))(x))(5.0) == 2.0


def test_no_grad_makes_constants():
    def f(x):
        with no_grad():
            y = x * x
            assert not isinstance(y, Box)
        return x * y

    assert grad(f)(3.0) == 9.0


def test_no_grad_as_a_decorator():
    @no_grad()
    def frozen(x):
        return x * x

    assert grad(lambda x: x * frozen(x))(3.0) == 9.0
    assert frozen.__name__ == "frozen"


def test_a_transform_inside_no_grad_still_differentiates():
    with no_grad():
        assert grad(lambda x: x * x)(3.0) == 6.0
        assert grad(grad(lambda x: x**3))(2.0) == 12.0


def test_an_inner_gradient_inside_no_grad_is_a_constant_outside():
    def f(x):
        with no_grad():
            slope = grad(lambda y: x * y * y)(2.0)
        assert not isinstance(slope, Box)
        return slope * x

    assert grad(f)(3.0) == 12.0


def test_no_grad_nests_and_restores():
    def f(x):
        with no_grad():
            with no_grad():
                pass
            y = x * 2.0
        return y + x * 3.0

    assert grad(f)(1.0) == 3.0
    assert quiet_level.get() == 0


def test_stop_gradient():
    assert grad(lambda x: x * stop_gradient(x))(3.0) == 3.0
    assert grad(lambda x: x * stop_gradient({"a": (x, 2)})["a"][0])(3.0) == 3.0
    assert grad(grad(lambda x: x * x * stop_gradient(x)))(3.0) == 6.0
    assert stop_gradient(2.0) == 2.0


def test_an_outer_variable_in_an_inner_function():
    assert grad(lambda x: grad(lambda y: np.sin(x * y))(2.0))(0.5) == pytest.approx(np.cos(1.0) - np.sin(1.0))


def test_threads_do_not_disturb_each_other():
    def program(k):
        def inner(y, x):
            time.sleep(0.001)
            return np.sin(x * y) * k

        def outer(x):
            slope = grad(inner)(x, x)
            with no_grad():
                time.sleep(0.001)
                constant = x * k
            return slope * constant + np.exp(slope)

        return grad(outer)(0.3), grad(lambda x: grad(outer)(x) * x)(0.3)

    expected = [program(k) for k in range(8)]
    results = [None] * 8

    def work(k):
        results[k] = [program(k) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == [[e] * 5 for e in expected]


def test_tasks_each_have_their_own_setting():
    async def quiet(x):
        with no_grad():
            await asyncio.sleep(0.001)
            y = x * 2.0
            await asyncio.sleep(0.001)
        return isinstance(y, Box)

    async def loud(x):
        await asyncio.sleep(0.0015)
        return isinstance(x * 2.0, Box)

    async def both(x):
        return await asyncio.gather(quiet(x), loud(x), quiet(x), loud(x))

    seen = []

    def f(x):
        seen.extend(asyncio.run(both(x)))
        return x

    grad(f)(1.0)
    assert seen == [False, True, False, True]


def test_generators_suspended_inside_a_transform():
    def steps(x):
        for k in (1.0, 2.0, 3.0):
            x = x * k
            yield x

    def f(x):
        running = steps(x)
        first = next(running)
        slope = grad(lambda y: sum(steps(y)))(2.0)  # another run of it, while the first is suspended
        return first + sum(running) * slope

    assert grad(f)(1.0) == 1 + 8 * 9


def test_a_box_that_escapes_does_no_harm():
    kept = []

    def f(x):
        kept.append(x)
        return x * x

    assert grad(f)(3.0) == 6.0
    assert grad(lambda x: x * kept[0].value)(2.0) == 3.0
    assert repr(kept[0]) == "Variable(np.float64(3.0), shape=(), generation=0)"
    assert stop_gradient(kept[0]) == 3.0
    assert record(lambda x: x * 2.0)(1.0).value == 2.0


@pytest.mark.parametrize(
    "run",
    [
        lambda f: grad(f)(1.0),
        lambda f: vjp(f, 1.0),
        lambda f: record(f)(1.0),
        lambda f: jvp(f, (1.0,), (1.0,)),
        lambda f: vmap(f)(np.ones(2)),
        lambda f: derivative(f, 2)(1.0),
    ],
)
def test_an_operation_on_an_escaped_box_says_what_happened(run):
    kept = []

    def f(x):
        kept.extend([x, x * 2.0])
        return x

    def g(x):
        kept.append(x)
        raise ValueError("on the way")

    run(f)
    with pytest.raises(ValueError, match="on the way"):
        run(g)
    assert len(kept) == 3
    for box in kept:
        for use in (lambda x: x * 2.0, lambda x: 2.0 - x, lambda x: np.sin(x), lambda x: np.stack([x, 1.0]), lambda x: x + x):
            with pytest.raises(RuntimeError, match="has escaped: the transform that made it has returned"):
                use(box)
        with pytest.raises(RuntimeError, match="has escaped"):
            grad(lambda y, box=box: y * box)(1.0)


def test_no_grad_refuses_an_asynchronous_generator():
    async def entries():
        yield 1.0

    with pytest.raises(TypeError, match="entries, whose body runs after"):
        no_grad()(entries)


def test_one_block_can_be_entered_inside_itself():
    quiet = no_grad()

    def f(x):
        with quiet:
            with quiet:
                a = x * 2.0
            b = x * 3.0
        return a * b * x

    assert grad(f)(1.0) == 6.0
    assert grad(lambda x: x * x)(1.0) == 2.0
