"""Step 18: less memory, and no recording.

The book drops intermediate ``.grad``s unless told otherwise, and a global ``Config`` turns recording
off.  Here there is nothing to drop: a node keeps just the arrays that its pullback needs, and the fold
frees them as it goes.  And `no_grad` is a context variable instead of a global, so a thread or an
asyncio task that is not recording leaves the others alone.
"""

import asyncio
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fdezero import grad, no_grad
from fdezero.primitives import elementwise

HALF_MEGABYTE = np.ones(62_500)  # of float64; larger ones go block by block (`fdezero.transforms.blocks`)


def megabytes(log):
    log.append(tracemalloc.get_traced_memory()[0] / 1e6)


def memory_of(step):
    """What is held when the forward pass ends, in MB, after twenty steps on an array of 0.5 MB."""
    log = []

    def f(x):
        for _ in range(20):
            x = step(x)
        megabytes(log)
        return x.sum()

    grad(f)(HALF_MEGABYTE)
    return log[0]


def memory_during_the_fold():
    """What is held at each step of the fold, in MB."""
    log = []
    tanh = elementwise(lambda x: np.tanh(x), lambda g, out: megabytes(log) or g * (1 - out * out), name="tanh")

    def f(x):
        for _ in range(20):
            x = tanh(x)
        return x.sum()

    grad(f)(HALF_MEGABYTE)
    return log


def in_threads(x):
    """x * x from two threads; one is inside `no_grad` all the while that the other multiplies."""
    meet = threading.Barrier(2, timeout=10)

    def product():
        meet.wait()
        y = x * x
        meet.wait()
        return y

    with ThreadPoolExecutor(2) as pool:
        return sum(future.result() for future in (pool.submit(no_grad()(product)), pool.submit(product)))


def in_tasks(x):
    """The same from two asyncio tasks."""

    async def both():
        meet = asyncio.Barrier(2)

        async def product():
            await meet.wait()
            y = x * x
            await meet.wait()
            return y

        async def quiet():
            with no_grad():
                return await product()

        return sum(await asyncio.gather(quiet(), product()))

    return asyncio.run(both())


def main() -> dict:
    tracemalloc.start()
    try:
        facts = {
            "held": {"x + 1": memory_of(lambda x: x + 1), "tanh": memory_of(np.tanh)},
            "fold": memory_during_the_fold(),
        }
    finally:
        tracemalloc.stop()

    def scaled(x):
        with no_grad():
            scale = x * x  # a constant: 9
        return scale * x

    facts |= {"no_grad": grad(scaled)(3.0), "threads": grad(in_threads)(3.0), "tasks": grad(in_tasks)(3.0)}
    for name, held in facts["held"].items():
        print(f"twenty times {name} on 0.5 MB: {held:.1f} MB held")
    print(f"during the fold: {facts['fold'][0]:.1f} MB at its first step, {facts['fold'][-1]:.1f} MB at its last")
    print("slope at 3 of x^2 x, where x^2 is computed under no_grad:", facts["no_grad"])
    print("slope at 3 of x^2 + x^2, one of them under no_grad: in threads", facts["threads"], " in tasks", facts["tasks"])
    return facts


if __name__ == "__main__":
    main()
