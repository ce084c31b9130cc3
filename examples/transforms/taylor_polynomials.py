"""Taylor polynomials of a program: `jet` gives all the derivatives of a curve in one run.

    python taylor_polynomials.py --out taylor_polynomials.png --order 16

The program has a loop and a branch, and no formula is ever written down.  Nesting a gradient n times
grows its graph exponentially with n; a jet's cost is polynomial.
"""

import argparse
from math import factorial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from fdezero import derivative, jet


def program(x):
    """Three steps of a map, one of two at each."""
    y = x
    for _ in range(3):
        y = np.sin(2 * x + y) if y > 0 else np.tanh(x - y)
    return y


def coefficients(f, x, order):
    """Those of f(x + t) in powers of t."""
    value, derivatives = jet(f, (x,), ([1.0] + [0.0] * (order - 1),))
    return [value, *(d / factorial(k) for k, d in enumerate(derivatives, start=1))]


def draw(x0, c, orders, path):
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    x = np.linspace(x0 - 0.45, x0 + 0.6, 301)
    exact = np.array([program(v) for v in x])
    axes.plot(x, exact, color="black", linewidth=3, alpha=0.35, label="the program")
    for n in orders:
        axes.plot(x, np.polynomial.Polynomial(c[: n + 1])(x - x0), label=f"order {n}")
    axes.plot(x0, c[0], "ko")
    axes.set(ylim=(exact.min() - 0.15, exact.max() + 0.15), xlabel="x", ylabel="value", title=f"Taylor polynomials at {x0}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("taylor_polynomials.png"), help="the picture (default: %(default)s)")
    parser.add_argument("--order", type=int, default=16, help="the highest (default: %(default)s)")
    options = parser.parse_args(argv)

    x0, step = 0.5, 0.1
    c = coefficients(program, x0, options.order)
    orders = [n for n in (1, 2, 4, 8, 16) if n <= options.order]
    errors = {n: abs(float(np.polynomial.Polynomial(c[: n + 1])(step) - program(x0 + step))) for n in orders}
    draw(x0, c, orders, options.out)
    for n, error in errors.items():
        print(f"order {n:2d}: error {error:.1e} at a distance of {step}")
    fifth = float(derivative(program, 5)(x0))
    print(f"the fifth derivative there is {fifth:.6f}; saved {options.out}")
    return {"errors": errors, "fifth": fifth, "coefficients": [float(v) for v in c]}


if __name__ == "__main__":
    main()
