"""Step 5: the chain rule, and why it is run backward.

The book's reason for backpropagation: a loss has a million inputs and one value, and multiplying the
chain rule from the value's side carries one number's derivative instead of a million.  Here that is
counted, by a function that counts its calls and a primitive that counts its pullbacks.
"""

import itertools

import numpy as np

from fdezero import grad
from fdezero.primitives import elementwise
from fdezero.testing import numerical_grad


def counted(function):
    """``function``, and a counter whose next value is the number of calls so far."""
    calls = itertools.count()

    def counting(*args):
        next(calls)
        return function(*args)

    return counting, calls


def numerical_runs(n: int, method: str) -> int:
    """How often finite differences run a function of n inputs."""
    f, calls = counted(lambda x: (x * x).sum())
    numerical_grad(f, np.ones(n), method=method)
    return next(calls)


def main(n: int = 1_000_000) -> dict:
    runs = {(m, method): numerical_runs(m, method) for m in (1, 10, 100, 1000) for method in ("forward", "central")}

    slope, pullbacks = counted(lambda x: 2 * x)
    square = elementwise(lambda x: x * x, lambda x: slope(x), name="square")
    f, forward_runs = counted(lambda x: square(x).sum())
    x = np.linspace(-1.0, 1.0, n)
    gradient = grad(f)(x)

    facts = {"numerical": runs, "forward_runs": next(forward_runs), "pullbacks": next(pullbacks)}
    for (m, method), count in runs.items():
        print(f"{m:9,} inputs, {method} differences: {count:,} runs of the function")
    print(f"{n:9,} inputs, grad: {facts['forward_runs']} run, {facts['pullbacks']} pullback of its node")
    return facts | {"n": n, "correct": bool(np.array_equal(gradient, 2 * x))}


if __name__ == "__main__":
    main()
