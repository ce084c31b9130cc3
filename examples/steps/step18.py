"""Step 18: less memory, and not recording.

The book turns recording off with a global ``Config``.  A global is seen by every thread: while one has
turned it off, another's calls are not recorded either, and its gradient is wrong without a word.  Here a
context variable holds the setting, which every thread and every asyncio task has for itself.

The book also drops intermediate gradients.  Here the fold has dropped them anyway: a cotangent is gone
after its variable's step.  And a node keeps just the arrays that its derivative needs.
"""

import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from types import SimpleNamespace

import attrs
import numpy as np

from fdezero import grad, no_grad

config = SimpleNamespace(recording=True)  # the book's
recording = ContextVar("recording", default=True)


@contextmanager
def using_config():
    config.recording = False
    try:
        yield
    finally:
        config.recording = True


@contextmanager
def my_no_grad():
    token = recording.set(False)
    try:
        yield
    finally:
        recording.reset(token)


@attrs.frozen(eq=False)
class Var:
    value: float
    parents: tuple = ()


def square(is_recording):
    return lambda x: Var(x.value**2, (x,) if is_recording() else ())


def in_two_threads(square, quiet, x):
    """``square(x)`` in two threads; the first is inside ``quiet()`` all the while that the second computes."""
    meet = threading.Barrier(2, timeout=10)

    def run(block):
        with block():
            meet.wait()
            y = square(x)
            meet.wait()
            return y

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, (quiet, nullcontext)))


def megabytes(step):
    """In use when the forward pass ends, and at most: the gradient of ten steps on a million numbers of 8 MB."""

    def f(x):
        for _ in range(10):
            x = step(x)
        return x.sum(), tracemalloc.get_traced_memory()[0] / 1e6

    tracemalloc.start()
    try:
        _, held = grad(f, has_aux=True)(np.ones(1_000_000))
        return held, tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def main() -> dict:
    def scaled(x):
        with no_grad():
            scale = x * x  # a constant: 9
        return scale * x

    facts = {
        "config": [bool(y.parents) for y in in_two_threads(square(lambda: config.recording), using_config, Var(3.0))],
        "context": [bool(y.parents) for y in in_two_threads(square(recording.get), my_no_grad, Var(3.0))],
        "no_grad": grad(scaled)(3.0),
        "memory": {"x + 1": megabytes(lambda x: x + 1), "tanh": megabytes(np.tanh)},
        "threads": grad(lambda x: sum(in_two_threads(np.square, no_grad, x)))(3.0),
    }
    print("recorded in the thread that wants none, and in the other:")
    print("    with a global:          ", *facts["config"])
    print("    with a context variable:", *facts["context"])
    print("grad of x^2 x at 3, x^2 under the library's no_grad:", facts["no_grad"])
    print("grad of x^2 + x^2 at 3, one of them in another thread's no_grad:", facts["threads"])
    for name, (held, most) in facts["memory"].items():
        print(f"ten times {name} on 8 MB: {held:.0f} MB held after the forward pass, {most:.0f} MB at most")
    return facts


if __name__ == "__main__":
    main()
