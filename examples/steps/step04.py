"""Step 4: numerical differentiation, and its errors.

The book differentiates by central differences first, and meets their two faults: they cancel digits,
and they cost a run or two of the function for every input.  Here `fdezero.testing.numerical_grad` keeps
them for what they are good at, checking the exact derivatives.  The table shows why no step size is
right: a large one is off by the curvature, a small one by rounding.
"""

import numpy as np

from fdezero import grad
from fdezero.testing import numerical_grad


def f(x):
    return np.exp(x**2) ** 2


def main() -> dict:
    x = 0.5
    true = 4 * x * np.exp(2 * x**2)
    steps = [10.0**-k for k in range(1, 13)]
    errors = {
        method: [float(abs(numerical_grad(f, x, eps=step, method=method) - true)) for step in steps]
        for method in ("forward", "central")
    }
    exact = float(abs(grad(f)(x) - true))

    print(f"{'step':>8} {'forward':>12} {'central':>12}   absolute error at x = {x}")
    for step, forward, central in zip(steps, errors["forward"], errors["central"], strict=True):
        print(f"{step:8.0e} {forward:12.1e} {central:12.1e}")
    print(f"{'grad':>8} {exact:25.1e}")
    return {"steps": steps, "errors": errors, "exact": exact}


if __name__ == "__main__":
    main()
