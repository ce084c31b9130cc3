"""A system of differential equations fitted to data, with derivatives through the solver.

    python ode_fit.py --out ode_fit.png

Lotka and Volterra's equations for hares u and lynxes v, u' = (a - b v) u and v' = (d u - c) v, and the pelts
that the Hudson's Bay Company bought.  The errors are taken as log-normal: the residuals are differences of
logarithms.  `jacfwd` of the residuals is the Jacobian matrix that SciPy's least squares asks for.

Method: Bates and Watts, *Nonlinear Regression Analysis and Its Applications* (1988), chapters 2 and 5.
Data: Howard, *Modeling Basics* (2009), as printed in Carpenter, Predator-prey population dynamics: the
Lotka-Volterra model in Stan (2018), where a Bayesian fit gives nearly these estimates.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator
from scipy.optimize import least_squares

from fdezero import jacfwd
from fdezero.scipy.integrate import solve_ivp

YEAR = np.arange(1900.0, 1921.0)
HARE = [30, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22, 25.4, 27.1, 40.3, 57, 76.6, 52.3, 19.5, 11.2, 7.6, 14.6, 16.2, 24.7]
LYNX = [4, 6.1, 9.8, 35.2, 59.4, 41.7, 19, 13, 8.3, 9.1, 7.4, 8, 12.3, 19.5, 45.7, 51.1, 29.7, 15.8, 9.7, 10.1, 8.6]
PELTS = np.array([HARE, LYNX])  # thousands

NAMES = ("a", "b", "c", "d", "hares in 1900", "lynxes in 1900")
UNITS = ("/year", "/year/thousand", "/year", "/year/thousand", "thousand", "thousand")
TOLERANCE = 1e-6  # of the solver, and so of the derivatives
START = np.log([0.5, 0.02, 0.8, 0.02, *PELTS[:, 0]])


def growth(t, state, rates):
    a, b, c, d = rates
    u, v = state
    return np.stack([(a - b * v) * u, (d * u - c) * v])


def populations(params, times):
    """Hares and lynxes (2, n) at the times; ``params`` are the logarithms of the rates and of the initial numbers."""
    params = np.exp(params)
    span = (YEAR[0], times[-1])
    return solve_ivp(growth, span, params[4:], t_eval=times, args=(params[:4],), rtol=TOLERANCE, atol=TOLERANCE).y


def residuals(params):
    return (np.log(populations(params, YEAR)) - np.log(PELTS)).ravel()


def fit():
    """The parameters of the least squares, their covariance, and SciPy's report."""
    report = least_squares(residuals, START, jac=jacfwd(residuals))
    variance = 2 * report.cost / (PELTS.size - len(START))
    return report.x, variance * np.linalg.inv(report.jac.T @ report.jac), report


def draw(params, covariance, path, points):
    t = np.linspace(YEAR[0], YEAR[-1], points)
    curves = populations(params, t)
    slopes = jacfwd(lambda p: np.log(populations(p, t)))(params)  # (2, points, 6): the delta method
    spread = np.exp(1.96 * np.sqrt(np.einsum("sti,ij,stj->st", slopes, covariance, slopes)))
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(5, 3))
    animals, colors = ("hares", "lynxes"), ("tab:brown", "tab:blue")
    for name, color, seen, curve, factor in zip(animals, colors, PELTS, curves, spread, strict=True):
        left.fill_between(t, curve / factor, curve * factor, color=color, alpha=0.2, lw=0)
        left.plot(t, curve, color=color, lw=2, label=f"{name}, fitted (95% band)")
        left.plot(YEAR, seen, "o", color=color, ms=5, label=f"{name}, pelts bought")
    left.set(title="Lotka and Volterra's equations, fitted", xlabel="year", ylabel="pelts (thousand)", ylim=(0, 105))
    left.xaxis.set_major_locator(MultipleLocator(5))
    left.legend(frameon=False, ncols=2, loc="upper center")
    right.plot(*PELTS, "o-", color="0.65", ms=4, lw=0.8, label="pelts bought")
    right.plot(*curves, color="tab:green", lw=2, label="fitted")
    right.set(title="The same, against each other", xlabel="hares (thousand)", ylabel="lynxes (thousand)")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("ode_fit.png"), help="the picture (default: %(default)s)")
    parser.add_argument("--points", type=int, default=201, help="of the curves drawn (default: %(default)s)")
    options = parser.parse_args(argv)
    params, covariance, report = fit()
    draw(params, covariance, options.out, options.points)
    values, errors = np.exp(params), np.exp(params) * np.sqrt(np.diagonal(covariance))
    for name, value, error, unit in zip(NAMES, values, errors, UNITS, strict=True):
        print(f"{name:15} {value:8.4f} ± {error:.4f} {unit}")
    print(f"sum of squares {2 * report.cost:.4f} after {report.nfev} solutions and {report.njev} Jacobian matrices")
    print(f"saved {options.out}")
    return {"values": values, "errors": errors, "report": report}


if __name__ == "__main__":
    main()
