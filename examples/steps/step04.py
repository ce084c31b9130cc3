"""Step 4: numerical differentiation, and its errors.

As in the book, central differences come first, and have two faults: they cancel digits, and they run the
function twice for every input.  The table shows that no step size is right: with a large one the
curvature is the error, with a small one rounding is.  `fdezero.testing.numerical_grad` is the library's,
for arrays too; it is there to check exact derivatives.
"""

import numpy as np

from fdezero import grad
from fdezero.testing import numerical_grad


def f(x):
    return np.exp(x**2) ** 2


def forward_difference(f, x, step):
    return (f(x + step) - f(x)) / step


def central_difference(f, x, step):
    return (f(x + step) - f(x - step)) / (2 * step)


def main() -> dict:
    x = 0.5
    true = 4 * x * np.exp(2 * x**2)
    steps = [10.0**-k for k in range(1, 13)]
    mine = {
        "forward": [float(forward_difference(f, x, step)) for step in steps],
        "central": [float(central_difference(f, x, step)) for step in steps],
    }
    library = {method: [float(numerical_grad(f, x, eps=step, method=method)) for step in steps] for method in mine}
    errors = {method: [abs(slope - true) for slope in slopes] for method, slopes in mine.items()}
    exact = float(abs(grad(f)(x) - true))

    print(f"{'step':>8} {'forward':>12} {'central':>12}   absolute error at x = {x}")
    for step, forward, central in zip(steps, errors["forward"], errors["central"], strict=True):
        print(f"{step:8.0e} {forward:12.1e} {central:12.1e}")
    print(f"{'grad':>8} {exact:25.1e}")
    print("numerical_grad gives the same numbers:", library == mine)
    return {"steps": steps, "mine": mine, "library": library, "errors": errors, "exact": exact}


if __name__ == "__main__":
    main()
