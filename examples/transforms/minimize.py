"""SciPy's minimisers fed with exact derivatives: `value_and_grad` as ``jac``, `hvp` as ``hessp``.

    python minimize.py --out minimize.png --beads 20

The shape of a hanging chain: beads on stiff springs between two nails, at rest where the energy is least.
Without ``jac`` SciPy takes differences, a run of the energy for each coordinate, and stops at their rounding.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize

from fdezero import grad, hvp, value_and_grad

NAILS = np.array([[-1.0, 0.0], [1.0, 0.4]])  # m
LENGTH, STIFFNESS, WEIGHT = 3.0, 30.0, 1.0  # of the whole chain: m, N, N


def chain(flat):
    """Where the beads are, a row each, with a nail at either end."""
    return np.concatenate([NAILS[:1], flat.reshape(-1, 2), NAILS[1:]])


def energy(flat):
    """Springs and weight (J)."""
    points = chain(flat)
    links = points[1:] - points[:-1]
    stretch = np.sqrt((links**2).sum(axis=1)) * len(links) / LENGTH - 1
    return 0.5 * STIFFNESS * LENGTH * (stretch**2).mean() + WEIGHT * points[:, 1].mean()


exact = {"fun": value_and_grad(energy), "jac": True}
lbfgs = {"method": "L-BFGS-B", "options": {"maxfun": 10**6, "ftol": 0.0, "gtol": 1e-9}}
newton = {"method": "Newton-CG", "options": {"xtol": 1e-12}, "hessp": lambda x, v: hvp(energy, (x,), (v,))}
NAMES = ("L-BFGS, no jac", "L-BFGS, value_and_grad", "Newton-CG, hvp too")
WAYS = ({"fun": energy} | lbfgs, exact | lbfgs, exact | newton)


def solve(start, fun, **settings):
    """Where the beads come to rest, the runs of ``fun`` that it took, and the largest force left on the way."""
    calls, path = itertools.count(), [start]
    result = minimize(lambda x: (next(calls), fun(x))[1], start, callback=lambda x: path.append(x.copy()), **settings)
    return {"x": result.x, "runs": next(calls), "force": np.array([np.abs(grad(energy)(x)).max() for x in path])}


def draw(start, results, path):
    figure = Figure(figsize=(12, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(*chain(start).T, color="gray", lw=1, ls="--", label="start")
    left.plot(*chain(results[NAMES[-1]]["x"]).T, "o-", ms=5, label="at rest")
    left.plot(*NAILS.T, "s", color="black", ms=8)
    left.set(title="The chain", xlabel="m", ylabel="m", aspect="equal")
    for name, result in results.items():
        right.loglog(np.arange(1, len(result["force"]) + 1), result["force"], lw=1.5, label=f"{name}: {result['runs']:,} runs")
    right.set(title="The largest force left, and the runs it took", xlabel="iteration", ylabel="N")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("minimize.png"), help="the picture (default: %(default)s)")
    parser.add_argument("--beads", type=int, default=20, help="between the nails (default: %(default)s)")
    options = parser.parse_args(argv)
    between = np.linspace(0, 1, options.beads + 2)[1:-1, None]
    start = (NAILS[0] + between * (NAILS[1] - NAILS[0]) - [0.0, 0.3] * np.sin(np.pi * between)).ravel()
    results = {name: solve(start, **way) for name, way in zip(NAMES, WAYS, strict=True)}
    draw(start, results, options.out)
    print(*(f"{name}: {r['runs']:,} runs, largest force left {r['force'][-1]:.1e} N" for name, r in results.items()), sep="\n")
    return results


if __name__ == "__main__":
    main()
