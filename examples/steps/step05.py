"""Step 5: the chain rule, and why it is run backward.

The derivative of C(B(A(x))) is the product of three matrices, and a product may be computed from either
end.  From the input's end every partial product is a matrix with a column for each input.  From the
output's end it is one row, for the output is one number.  The multiplications are counted here.  The
library never makes the matrices: a *pullback* takes a row through a function.
"""

import itertools
from functools import partial, reduce

import numpy as np

from fdezero import grad, record, vjp
from fdezero.testing import numerical_grad

WEIGHTS = np.random.default_rng(0).normal(size=(40, 50))


def f(x):
    return (np.tanh(WEIGHTS @ x) ** 2).sum()


def jacobians(x):
    """Those of the parts of f, in the order in which they are applied."""
    t = np.tanh(WEIGHTS @ x)
    return [WEIGHTS, np.diag(1 - t**2), 2 * t[np.newaxis, :]]


def product(matrices):
    """The product of matrices from left to right, and how many numbers were multiplied on the way."""

    def step(state, matrix):
        total, count = state
        return total @ matrix, count + total.shape[0] * total.shape[1] * matrix.shape[1]

    return reduce(step, matrices[1:], (matrices[0], 0))


def squares(x):
    return (x * x).sum()


def runs_of(gradient):
    """The gradient of `squares`, and how often it was run for that."""
    calls = itertools.count()

    def counted(x):
        next(calls)
        return squares(x)

    return gradient(counted), next(calls)


def main(n: int = 1_000_000) -> dict:
    x = np.linspace(-1.0, 1.0, 50)
    a, b, c = jacobians(x)
    backward, few = product([c, b, a])
    forward, many = product([a.T, b.T, c.T])  # (C B A)^T = A^T B^T C^T
    _, pull = vjp(f, x)
    large = np.linspace(-1.0, 1.0, n)
    gradient, runs = runs_of(lambda f: grad(f)(large))
    facts = {
        "gradients": (backward[0], forward[:, 0], pull(1.0)[0]),
        "multiplications": {"from the output": few, "from the input": many},
        "numerical": {
            (m, method): runs_of(partial(numerical_grad, x=np.ones(m), method=method))[1]
            for m in (1, 10, 100, 1000)
            for method in ("forward", "central")
        },
        "n": n,
        "runs": runs,
        "operations": len(record(squares)(large).nodes) - 1,  # the first node is the input
        "correct": bool(np.array_equal(gradient, 2 * large)),
    }
    for end, count in facts["multiplications"].items():
        print(f"the chain rule {end}'s end: {count:,} multiplications")
    print("all three gradients agree:", all(np.allclose(g, facts["gradients"][0]) for g in facts["gradients"]))
    for (m, method), count in facts["numerical"].items():
        print(f"{m:9,} inputs, {method} differences: {count:,} runs of the function")
    print(f"{n:9,} inputs, grad: {runs} run, and one step back for each of its {facts['operations']} operations")
    return facts


if __name__ == "__main__":
    main()
