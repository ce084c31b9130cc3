"""A spline with free knots: least squares in the coefficients, a gradient for where the knots are.

    python spline_fit.py --out spline_fit.png --knots 5

With the knots given, the best coefficients come from a linear least-squares problem.  What is left of the
residuals is a function of the knots alone ("variable projection"): SciPy's own `make_lsq_spline` with fdezero's
derivatives says how it changes when a knot moves.

Method: Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973); Jupp, SIAM J. Numer. Anal. 15 (1978).
Data: a property of titanium that is measured by heating it, from de Boor and Rice, Least squares cubic spline
approximation II: variable knots (1968).
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize

from fdezero import value_and_grad
from fdezero.scipy.interpolate import make_lsq_spline

TEMPERATURE = np.arange(595.0, 1080.0, 10.0)
HEAT = np.fromstring("""
    .644 .622 .638 .649 .652 .639 .646 .657 .652 .655 .644 .663 .663 .668 .676 .676 .686 .679 .678 .683 .694 .699 .710 .730
    .763 .812 .907 1.044 1.336 1.881 2.169 2.075 1.598 1.211 .916 .746 .672 .627 .615 .607 .606 .609 .603 .601 .603 .601
    .611 .601 .608
""", sep=" ")  # fmt: skip
FIRST, LAST = TEMPERATURE[[0, -1]]


def inner_knots(gaps):
    """Increasing knots between the ends, from any numbers: the logarithms of the gaps, up to a constant."""
    shares = np.exp(gaps - gaps.max())
    return FIRST + (LAST - FIRST) * np.cumsum(shares)[:-1] / shares.sum()


def fitted(gaps, x=TEMPERATURE):
    """The cubic spline of least squares with these knots, at points ``x``; an end counts four times."""
    knots = np.concatenate([np.full(4, FIRST), inner_knots(gaps), np.full(4, LAST)])
    return make_lsq_spline(TEMPERATURE, HEAT, knots)(x)


def squares(gaps):
    return ((fitted(gaps) - HEAT) ** 2).sum()


def fit(number):
    """The gaps' logarithms at an optimum near equal gaps, the rms residuals on the way, and the number of runs."""
    start = np.zeros(number + 1)
    errors = [rms(start)]
    report = minimize(value_and_grad(squares), start, jac=True, method="BFGS", callback=lambda gaps: errors.append(rms(gaps)))
    return report.x, np.array(errors), report.nfev


def rms(gaps):
    return float(np.sqrt(squares(gaps) / len(HEAT)))


def draw(before, after, path):
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    x = np.linspace(FIRST, LAST, 800)
    fits = (("equal gaps", before), ("optimised", after))
    for axes, (title, gaps) in zip(figure.subplots(1, 2, sharey=True), fits, strict=True):
        knots = inner_knots(gaps)
        axes.vlines(knots, 0.25, 2.3, color="tab:red", lw=1, ls=":", label="knots")
        axes.plot(TEMPERATURE, HEAT, "o", color="0.35", ms=4, mfc="none", label="measured")
        axes.plot(x, fitted(gaps, x), color="tab:blue", lw=1.8, label="cubic spline")
        axes.plot(knots, fitted(gaps, knots), "s", color="tab:red", ms=5)
        axes.set_title(f"{len(knots)} knots, {title}: rms residual {rms(gaps):.4f}")
        axes.set(xlabel="temperature (degrees)", ylim=(0.25, 2.3))
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("property of titanium (arbitrary units)")
    figure.axes[0].legend(loc="upper left", framealpha=1, edgecolor="none")
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("spline_fit.png"), help="the picture (default: %(default)s)")
    parser.add_argument("--knots", type=int, default=5, help="between the ends (default: %(default)s)")
    options = parser.parse_args(argv)
    gaps, errors, runs = fit(options.knots)
    draw(np.zeros(options.knots + 1), gaps, options.out)
    knots = inner_knots(gaps)
    print(f"root mean square residual {errors[0]:.4f} with knots at equal gaps, {errors[-1]:.4f} after {runs} runs")
    print("knots:", *(f"{knot:.1f}" for knot in knots), "degrees")
    print(f"saved {options.out}")
    return {"knots": knots, "gaps": gaps, "errors": errors}


if __name__ == "__main__":
    main()
