"""Survival with right censoring: a Weibull model with covariates, and its standard errors from the Hessian.

    python survival.py --out survival.png

A patient who is still in remission when the study ends says only that the remission is longer than that.
Such a patient adds log S(t), the survivor function, to the log-likelihood, and a relapse log f(t), the density.

Method: Kalbfleisch and Prentice, *The Statistical Analysis of Failure Time Data* (2002), chapter 3.
Data: remission of 42 children with acute leukaemia, 6-mercaptopurine against placebo (Freireich et al., Blood 21,
1963), with their white blood cell counts as printed in Kleinbaum and Klein, *Survival Analysis* (2012).
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize

from fdezero import hessian, value_and_grad

# Weeks of remission (+: still in remission) and the logarithm of the white blood cell count.
TREATED = """35+ 1.45  34+ 1.47  32+ 2.20  32+ 2.53  25+ 1.78  23 2.57  22 2.32  20+ 2.01  19+ 2.05  17+ 2.16  16 3.60
             13 2.88  11+ 2.60  10+ 2.70  10 2.96  9+ 2.80  7 4.43  6+ 3.20  6 2.31  6 4.06  6 3.28"""
PLACEBO = """23 1.97  22 2.73  17 2.95  15 2.30  12 1.50  12 3.06  11 3.49  11 2.12  8 3.52  8 3.05  8 2.32
             8 3.26  5 3.49  5 3.97  4 4.36  4 2.42  3 4.01  2 4.91  2 4.48  1 2.80  1 5.00"""


def table(text):
    """Columns: weeks, whether the patient relapsed, log white blood cell count."""
    words = text.split()
    return np.array([[float(t.rstrip("+")), "+" not in t, float(w)] for t, w in zip(words[::2], words[1::2], strict=True)])


def log_likelihood(params, weeks, relapsed, covariates):
    """Of log T = covariates @ beta + scale * W, where exp(W) is exponential; log f is log hazard + log S."""
    beta, log_scale = params[:-1], params[-1]
    w = (np.log(weeks) - covariates @ beta) * np.exp(-log_scale)
    log_survivor, log_hazard = -np.exp(w), w - log_scale - np.log(weeks)
    return (relapsed * log_hazard + log_survivor).sum()


def fit(weeks, relapsed, covariates):
    """The estimates (beta, then the logarithm of the scale), their covariance, and the log-likelihood."""
    start = np.zeros(covariates.shape[1] + 1)
    start[0] = np.log(weeks).mean()
    loss = value_and_grad(lambda params: -log_likelihood(params, weeks, relapsed, covariates))
    report = minimize(loss, start, jac=True, method="BFGS")
    information = -hessian(log_likelihood)(report.x, weeks, relapsed, covariates)  # observed, not expected
    return report.x, np.linalg.inv(information), -report.fun


def hazard_ratio(params, covariance, index):
    """exp(-beta / scale), by which a unit of a covariate multiplies the hazard, and its 95% confidence interval."""
    log_ratio, slope = value_and_grad(lambda p: -p[index] * np.exp(-p[-1]))(params)
    error = np.sqrt(slope @ covariance @ slope)  # the delta method
    return np.exp(log_ratio + 1.96 * error * np.array([0.0, -1.0, 1.0]))


def kaplan_meier(weeks, relapsed):
    """The times of relapses, and the estimated survivor function from each to the next."""
    times = np.unique(weeks[relapsed == 1])
    steps = [1 - relapsed[weeks == t].sum() / (weeks >= t).sum() for t in times]
    return np.r_[0.0, times, weeks.max()], np.cumprod([1.0, *steps, 1.0])


def draw(groups, params, ratios, path):
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    t = np.linspace(0.01, 36.0, 300)
    for placebo, (name, (weeks, relapsed, _)) in enumerate(groups.items()):
        color = ("tab:blue", "tab:orange")[placebo]
        times, survivor = kaplan_meier(weeks, relapsed)
        censored = weeks[relapsed == 0]
        fitted = np.exp(-np.exp((np.log(t) - params[0] - placebo * params[1]) * np.exp(-params[-1])))
        left.step(times, survivor, where="post", color=color, lw=1.3, label=f"{name}, Kaplan-Meier")
        left.plot(t, fitted, color=color, lw=3, alpha=0.5, label=f"{name}, Weibull")
        left.plot(censored, survivor[np.searchsorted(times, censored, side="right") - 1], "|", color=color, ms=10)
    left.plot([], [], "|", color="0.3", ms=10, label="still in remission (censored)")
    left.set_title("Remission of acute leukaemia")
    left.set(xlabel="weeks", ylabel="probability of no relapse", xlim=(0, 36.5), ylim=(0, 1.02))
    left.legend(frameon=False)
    (middle, low, high), rows = np.array(list(ratios.values())).T, np.arange(len(ratios))[::-1]
    right.errorbar(middle, rows, xerr=(middle - low, high - middle), fmt="s", color="0.2", capsize=4)
    right.axvline(1.0, color="0.6", lw=1, ls="--")
    right.set(title="Hazard ratios, 95% intervals", xlabel="hazard ratio", xscale="log", xlim=(0.8, 20), ylim=(-0.6, 2.6))
    right.set_yticks(rows, ratios)
    right.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    right.minorticks_off()
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("survival.png"), help="the picture (default: %(default)s)")
    options = parser.parse_args(argv)
    groups = {"6-MP": table(TREATED).T, "placebo": table(PLACEBO).T}
    weeks, relapsed, cells = np.concatenate(list(groups.values()), axis=1)
    placebo = np.repeat([0.0, 1.0], len(weeks) // 2)
    models = {"one covariate": {"placebo": placebo}, "two covariates": {"placebo": placebo, "log white cells": cells}}
    fits, ratios = {}, {}
    for model, columns in models.items():
        params, covariance, likelihood = fit(weeks, relapsed, np.stack([np.ones_like(weeks), *columns.values()], axis=1))
        fits[model] = {"params": params, "errors": np.sqrt(np.diagonal(covariance)), "likelihood": likelihood}
        print(f"{model}: log-likelihood {likelihood:.2f}; estimates and standard errors")
        for name, value, error in zip(("intercept", *columns, "log scale"), params, fits[model]["errors"], strict=True):
            print(f"  {name:16}{value:7.3f} ± {error:.3f}")
        for i, name in enumerate(columns, 1):
            ratios[f"{name}\n({model})"] = hazard_ratio(params, covariance, i)
            print("  hazard ratio of {}: {:.2f} ({:.2f} to {:.2f})".format(name, *ratios[f"{name}\n({model})"]))
    draw(groups, fits["one covariate"]["params"], ratios, options.out)
    print(f"saved {options.out}")
    return fits


if __name__ == "__main__":
    main()
