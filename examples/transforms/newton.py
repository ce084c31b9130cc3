"""Newton's method, with the whole Hessian and without it: `hessian`, and `hvp` in conjugate gradients.

    python newton.py --out newton.png --size 1000

Along Rosenbrock's valley gradient descent creeps; Newton's steps know the curvature and arrive in a few.
Of many variables it is too large to hold, and conjugate gradients solve H s = -g by products H v alone.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from fdezero import grad, hessian, hvp

START = np.array([-1.2, 1.0])


def rosenbrock(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def cg(product, b):
    """Conjugate gradients for A x = b (Hestenes and Stiefel, 1952); they stop where A curves down."""
    x, r, p = np.zeros_like(b), b, b
    while r @ r > min(0.25, b @ b) * (b @ b) and p @ (along := product(p)) > 0:
        step = (r @ r) / (p @ along)
        x, older, r = x + step * p, r, r - step * along
        p = r + (r @ r) / (older @ older) * p
    return x if x.any() else b


def minimize(direction, x, steps):
    """The points on the way down; each step is halved until the value falls enough (Armijo, 1966)."""
    points = [x]
    while len(points) <= steps and np.abs(g := grad(rosenbrock)(x)).max() > 1e-10:
        step = direction(x, g)
        while rosenbrock(x + step) > rosenbrock(x) + 1e-4 * (g @ step) and np.abs(step).max() > 1e-15:
            step = step / 2
        x = x + step
        points.append(x)
    return np.array(points)


def draw(paths, slopes, path):
    figure = Figure(figsize=(12, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    x, y = np.meshgrid(np.linspace(-1.6, 1.6, 300), np.linspace(-0.8, 1.8, 300))
    left.contourf(x, y, np.log10(100 * (y - x**2) ** 2 + (1 - x) ** 2 + 1e-3), 30, cmap="Greys_r", alpha=0.7)
    for (name, points), style, color in zip(paths.items(), ("-", "o-", "s-"), ("C0", "C1", "C2"), strict=True):
        right.loglog(np.arange(1, len(points) + 1), np.maximum(slopes[name], 1e-16), style, ms=4, lw=2, color=color, label=name)
        if len(points[0]) == 2:
            left.plot(*points.T, style, ms=6, lw=2, color=color, mec="white", mew=0.4)
    left.set(title="Rosenbrock's valley", xlabel="$x_0$", ylabel="$x_1$")
    right.set(title="The steepest slope left", xlabel="point of the path", ylabel=r"$\max_i\ |\partial f / \partial x_i|$")
    right.legend(frameon=False)
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("newton.png"), help="the picture (default: %(default)s)")
    parser.add_argument("--size", type=int, default=1000, help="variables of the large problem (default: %(default)s)")
    options = parser.parse_args(argv)
    paths = {
        "gradient descent": minimize(lambda x, g: -2e-3 * g, START, 2000),
        "Newton, hessian": minimize(lambda x, g: np.linalg.solve(hessian(rosenbrock)(x), -g), START, 100),
        f"Newton, hvp and CG, {options.size} variables": minimize(
            lambda x, g: cg(lambda v: hvp(rosenbrock, (x,), (v,)), -g), np.linspace(0.5, 1.5, options.size), 200
        ),
    }
    slopes = {name: [float(np.abs(grad(rosenbrock)(x)).max()) for x in points] for name, points in paths.items()}
    draw(paths, slopes, options.out)
    print(*(f"{name}: {len(s) - 1} steps, steepest slope left {s[-1]:.1e}" for name, s in slopes.items()), sep="\n")
    return {"paths": paths, "slopes": slopes}


if __name__ == "__main__":
    main()
