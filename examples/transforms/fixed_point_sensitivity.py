"""How the solution of an equation moves: `fixed_point` differentiated without its iterations.

    python fixed_point_sensitivity.py --out fixed_point_sensitivity.png

Kepler's equation, E = M + e sin E, gives a planet's place on its ellipse, and has no closed solution.
`fixed_point` iterates to it on plain numbers; its derivatives come from the implicit function theorem,
so the graph has the same few dozen nodes however many iterations were run.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from fdezero import fixed_point, grad, record, vmap


def anomaly(e, m):
    """The eccentric anomaly E, in radians, of an orbit of eccentricity ``e`` at mean anomaly ``m``."""
    return fixed_point(lambda x, e, m: m + e * np.sin(x), m, e, m)


def iterations(e, m, tol=1e-12):
    """How many steps the iteration takes."""
    x, n = m, 0
    while abs(m + e * np.sin(x) - x) > tol:
        x, n = m + e * np.sin(x), n + 1
    return n


def draw(m, curves, path):
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for e, (place, slope) in curves.items():
        left.plot(m, place, label=f"e = {e}")
        right.plot(m, slope, label=f"e = {e}")
    left.set(title="The place", xlabel="mean anomaly M (rad)", ylabel="eccentric anomaly E (rad)")
    right.set(title="How it moves with the eccentricity", xlabel="mean anomaly M (rad)", ylabel="dE / de (rad)")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("fixed_point_sensitivity.png"), help="the picture")
    parser.add_argument("--points", type=int, default=101, help="along each curve (default: %(default)s)")
    options = parser.parse_args(argv)

    m = np.linspace(0.0, 2 * np.pi, options.points)
    curves = {}
    for e in (0.2, 0.5, 0.8):
        place = vmap(anomaly, in_axes=(None, 0))(e, m)
        slope = vmap(grad(anomaly), in_axes=(None, 0))(e, m)  # a batch of gradients of solutions
        curves[e] = place, slope
    draw(m, curves, options.out)
    place, slope = curves[0.8]
    exact = np.sin(place) / (1 - 0.8 * np.cos(place))
    facts = {
        "error": float(np.abs(slope - exact).max()),
        "nodes": {e: len(record(anomaly)(e, 1.0).nodes) for e in (0.2, 0.8)},
        "iterations": {e: iterations(e, 1.0) for e in (0.2, 0.8)},
    }
    print(f"largest error of dE/de against sin E / (1 - e cos E): {facts['error']:.1e} rad")
    for e in (0.2, 0.8):
        print(f"e = {e}: {facts['iterations'][e]} iterations, {facts['nodes'][e]} nodes on the tape")
    print(f"saved {options.out}")
    return facts


if __name__ == "__main__":
    main()
