"""A gradient for each example, and what it is good for: `vmap(grad(loss))`.

    python per_example_gradients.py --out per_example_gradients.png --steps 1000

The gradient of a mean adds the examples up, and a few wild ones take over.  Here each has its own, clipped
at the same length as differentially private training does (Abadi et al., 2016); outliers cannot bend the line.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from fdezero import grad, tree, vmap

TRUTH, BOUND = {"slope": 1.5, "start": -0.5}, 0.5


def data(rng, n=120, wild=18):
    """Points on a line with noise, of which the last ``wild`` are not on it at all."""
    x, outliers = np.sort(rng.uniform(-2, 2, n)), np.arange(n) >= n - wild
    return x, line(TRUTH, x) + rng.normal(0, 0.2, n) - outliers * rng.uniform(5, 8, n), outliers


def line(params, x):
    return params["slope"] * x + params["start"]


def loss(params, x, y):
    return 0.5 * (line(params, x) - y) ** 2


def each(params, x, y):
    """A gradient for each example, and how long each of them is."""
    gradients = vmap(grad(loss), in_axes=(None, 0, 0))(params, x, y)
    return gradients, np.sqrt(sum(g**2 for g in tree.leaves(gradients)))


def descend(x, y, bound, steps, rate=1e-3):
    """The parameters after descent, where no example pulls harder than ``bound``."""
    params = {"slope": 0.0, "start": 0.0}
    for _ in range(steps):
        gradients, lengths = each(params, x, y)
        rates = rate * np.minimum(1.0, bound / lengths)
        params = tree.map(lambda p, g: p - g, params, tree.map(rates.dot, gradients))
    return params


def draw(x, y, outliers, fits, pulls, path):
    figure = Figure(figsize=(12, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    for chosen, name, color in ((~outliers, "on the line", "tab:blue"), (outliers, "outliers", "tab:red")):
        left.scatter(x[chosen], y[chosen], s=16, color=color, alpha=0.6, label=name, linewidths=0)
        right.hist(pulls[chosen], np.geomspace(pulls.min(), pulls.max(), 30), color=color, alpha=0.7, label=name)
    for (name, params), style in zip(fits.items(), ("--", "-"), strict=True):
        left.plot(x, line(params, x), style, color="black", lw=2, label=name)
    left.set(title="Clipping keeps the outliers from bending the line", xlabel="x", ylabel="y")
    right.axvline(BOUND, color="black", lw=2, label="clipped here")
    right.set(title="How hard each example pulls", xlabel="length of its gradient", ylabel="examples", xscale="log")
    left.legend(frameon=False)
    right.legend(frameon=False)
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("per_example_gradients.png"), help="the picture")
    parser.add_argument("--steps", type=int, default=1000, help="of gradient descent (default: %(default)s)")
    options = parser.parse_args(argv)
    x, y, outliers = data(np.random.default_rng(0))
    fits = {name: descend(x, y, b, options.steps) for name, b in (("gradients as they are", np.inf), ("clipped", BOUND))}
    draw(x, y, outliers, fits, pulls := each(fits["clipped"], x, y)[1], options.out)
    found = ", ".join(f"{fit['slope']:.3f} ({name})" for name, fit in fits.items())
    print(f"slope {TRUTH['slope']} found as {found}; saved {options.out}")
    return {"fits": fits, "truth": TRUTH, "pulls": pulls, "outliers": outliers}


if __name__ == "__main__":
    main()
