"""Gaussian process regression: the hyperparameters by maximum marginal likelihood, through a Cholesky factor.

    python gaussian_process.py --out gaussian_process.png

The Cholesky factor of the covariance gives the log marginal likelihood, and `value_and_grad` its derivatives
with respect to the length scale, the amplitude and the noise.  It has two maxima here: the flow either changes
from year to year, or slowly with more noise.

Method: Rasmussen and Williams, *Gaussian Processes for Machine Learning* (2006), Algorithm 2.1 and chapter 5.
Data: the yearly volume of the Nile at Aswan, 1871 to 1970, from Durbin and Koopman, *Time Series Analysis by
State Space Methods* (2001).
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize

from fdezero import tree, value_and_grad
from fdezero.scipy.linalg import cholesky, solve_triangular

YEAR = np.arange(1871.0, 1971.0)
FLOW = np.fromstring("""
    1120 1160  963 1210 1160 1160  813 1230 1370 1140  995  935 1110  994 1020  960 1180  799  958 1140
    1100 1210 1150 1250 1260 1220 1030 1100  774  840  874  694  940  833  701  916  692 1020 1050  969
     831  726  456  824  702 1120 1100  832  764  821  768  845  864  862  698  845  744  796 1040  759
     781  865  845  944  984  897  822 1010  771  676  649  846  812  742  801 1040  860  874  848  890
     744  749  838 1050  918  986  797  923  975  815 1020  906  901 1170  912  746  919  718  714  740
""", sep=" ")  # 10^8 m^3  # fmt: skip

#: Length scales (years) to start from: the marginal likelihood of these data has two maxima.
STARTS = (3.0, 30.0)


def kernel(a, b, params):
    """The squared exponential covariance (n, m) between the times ``a`` (n,) and ``b`` (m,)."""
    scaled = (a[:, None] - b) * np.exp(-params["log_length"])
    return np.exp(2 * params["log_amplitude"] - 0.5 * scaled**2)


def factor(params, x):
    """The Cholesky factor L of the covariance of the measurements."""
    return cholesky(kernel(x, x, params) + np.exp(2 * params["log_noise"]) * np.eye(len(x)), lower=True)


def log_marginal_likelihood(params, x, y):
    lower = factor(params, x)
    whitened = solve_triangular(lower, y, lower=True)
    return -0.5 * whitened @ whitened - np.log(np.diagonal(lower)).sum() - 0.5 * len(x) * np.log(2 * np.pi)


def fit(length, x, y):
    """The hyperparameters at a maximum of the marginal likelihood, searched from a length scale, and SciPy's report.

    They are logarithms, which may be any number, so the search needs no bounds.
    """
    start, unravel = tree.ravel({"log_length": np.log(length), "log_amplitude": np.log(y.std()), "log_noise": np.log(y.std())})
    loss = value_and_grad(lambda vector: -log_marginal_likelihood(unravel(vector), x, y))
    report = minimize(loss, start, jac=True, method="L-BFGS-B")
    return unravel(report.x), report


def posterior(params, x, y, new):
    """The mean and the standard deviation of the function (without noise) at ``new`` times."""
    lower = factor(params, x)
    across = solve_triangular(lower, kernel(x, new, params), lower=True)
    variance = np.exp(2 * params["log_amplitude"]) - (across**2).sum(axis=0)
    return across.T @ solve_triangular(lower, y, lower=True), np.sqrt(variance)


def draw(new, fits, path):
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    for axes, each in zip(figure.subplots(1, 2, sharey=True), fits, strict=True):
        low, high = each["mean"] - 2 * each["deviation"], each["mean"] + 2 * each["deviation"]
        axes.plot(YEAR, FLOW, ".", color="0.35", ms=5, label="measured")
        axes.fill_between(new, low, high, color="tab:blue", alpha=0.2, lw=0, label=r"mean $\pm\,2\sigma$, without noise")
        axes.plot(new, each["mean"], color="tab:blue", lw=2, label="posterior mean")
        axes.set_title(f"length scale {each['length']:.1f} years, $\\log p(y) = {each['evidence']:.1f}$")
        axes.set(xlabel="year", xlim=new[[0, -1]])
        axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper right")
    figure.axes[0].set_ylabel("yearly volume of the Nile ($10^8$ m$^3$)")
    figure.savefig(path, dpi=120)


def main(argv=None) -> list:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("gaussian_process.png"), help="the picture (default: %(default)s)")
    parser.add_argument("--points", type=int, default=400, help="of the curves drawn (default: %(default)s)")
    options = parser.parse_args(argv)
    level, new, fits = FLOW.mean(), np.linspace(1866.0, 1985.0, options.points), []
    for start in STARTS:
        params, report = fit(start, YEAR, FLOW - level)
        mean, deviation = posterior(params, YEAR, FLOW - level, new)
        length, amplitude, noise = np.exp(report.x)
        fits.append({"length": length, "evidence": -report.fun, "mean": mean + level, "deviation": deviation, "report": report})
        print(f"length scale {length:.1f} years, amplitude {amplitude:.0f}, noise {noise:.0f} (10^8 m^3): ", end="")
        print(f"log marginal likelihood {-report.fun:.2f}, found in {report.nfev} runs")
    draw(new, fits, options.out)
    print(f"saved {options.out}")
    return fits


if __name__ == "__main__":
    main()
