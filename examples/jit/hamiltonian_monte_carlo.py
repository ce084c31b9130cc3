"""Hamiltonian Monte Carlo on a Bayesian logistic regression, with a compiled gradient of the log-density.

    python hamiltonian_monte_carlo.py --out hamiltonian_monte_carlo.png --draws 1000 --seed 0

A draw gives the weights a random momentum and follows Hamilton's equations for a while: a gradient for each step of
the leapfrog method.  Four chains move side by side.  All the time goes into one function of their positions, made
from the log-density of one chain: `jit(vmap(value_and_grad(log_density)))`.  The same function without `jit` makes
the same chains, but for rounding errors, from the same random numbers.

Method: Neal, "MCMC using Hamiltonian dynamics", in *Handbook of Markov Chain Monte Carlo* (2011); effective sample
sizes: Gelman et al., *Bayesian Data Analysis* (2013), section 11.5.
Data: 569 tumours of the breast with 30 measurements of their cells' nuclei (Wolberg, Street and Mangasarian, 1995),
which come with scikit-learn, so nothing is downloaded.
"""

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_breast_cancer
from tqdm import trange

from fdezero import hessian, jit, value_and_grad, vmap

CHAINS, STEPS, WARMUP = 4, 16, 300  # steps of the leapfrog method a draw; draws in which the step size is adapted


def load():
    """The rows (1, then the standardised measurements), 1 for a benign tumour and 0 for a malignant one, and the names."""
    data = load_breast_cancer()
    standard = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
    return np.c_[np.ones(len(standard)), standard], data.target.astype(float), ["intercept", *data.feature_names]


def log_posterior(rows, benign):
    """The logarithm of the posterior density of the weights, up to a constant: a function of an array of weights."""
    precision = np.r_[0.01, np.ones(rows.shape[1] - 1)]  # of the priors, normal with mean 0

    def log_density(weights):
        logits = rows @ weights
        return (benign * logits - np.logaddexp(0.0, logits)).sum() - 0.5 * (precision * weights**2).sum()

    return log_density


def mode(log_density, size):
    """The weights of greatest density and the inverse of minus the Hessian there: Laplace's normal approximation."""
    slope, curvature, weights = jit(value_and_grad(log_density)), jit(hessian(log_density)), np.zeros(size)
    while np.abs(gradient := slope(weights)[1]).max() > 1e-8:
        weights = weights - np.linalg.solve(curvature(weights), gradient)  # Newton's method, for a concave function
    return weights, np.linalg.inv(-curvature(weights))


def leapfrog(slope, position, momentum, gradient, size, steps):
    """Hamilton's equations, integrated; the end's position, momentum, log-density and its gradient."""
    momentum = momentum + 0.5 * size * gradient
    for step in range(steps):
        position = position + size * momentum
        value, gradient = slope(position)
        momentum = momentum + (size if step < steps - 1 else 0.5 * size) * gradient
    return position, momentum, value, gradient


def sample(slope, position, draws, rng):
    """Draws of each chain, ``(draws, chains, weights)``, and the mean probability of acceptance; a warm-up comes before."""
    value, gradient = slope(position)
    size, kept, chances = 0.05, [], []
    for draw in trange(WARMUP + draws, unit="draw"):
        momentum = rng.normal(size=position.shape)
        # A length that varies keeps a chain from following one and the same orbit (Neal, section 3.2).
        found = leapfrog(slope, position, momentum, gradient, size * rng.uniform(0.8, 1.2), STEPS)
        lost = value - 0.5 * (momentum**2).sum(axis=1) - found[2] + 0.5 * (found[1] ** 2).sum(axis=1)  # of the energy
        chance = np.exp(-np.maximum(lost, 0.0))
        take = rng.random(len(position)) < chance
        position, gradient = np.where(take[:, None], found[0], position), np.where(take[:, None], found[3], gradient)
        value = np.where(take, found[2], value)
        kept.append(position)
        chances.append(chance.mean())
        if draw < WARMUP:
            size *= np.exp((chances[-1] - 0.8) / np.sqrt(draw + 1))  # Robbins and Monro (1951)
    return np.array(kept[WARMUP:]), float(np.mean(chances[WARMUP:]))


def effective_sizes(draws):
    """For each weight, the number of independent draws whose mean would vary as much."""
    count, chains, _ = draws.shape
    centred = draws - draws.mean(axis=0)
    spectrum = np.fft.rfft(centred, 2 * count, axis=0)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, axis=0)[:count].mean(axis=1) / count  # at each lag
    correlation = 1 - (covariance[0] - covariance) / (covariance[0] + draws.mean(axis=0).var(axis=0, ddof=1))
    pairs = correlation[: count // 2 * 2].reshape(-1, 2, draws.shape[2]).sum(axis=1)
    before_noise = np.minimum.accumulate(pairs > 0, axis=0)  # Geyer (1992): a chain's sums of neighbours are positive
    return count * chains / np.maximum(2 * (pairs * before_noise).sum(axis=0) - 1, 1 / count)


def draw(draws, names, laplace, path):
    """Traces of three weights, and the 95% interval of each beside Laplace's."""
    figure = Figure(figsize=(12, 7), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.15, 1))
    middle, ends = draws.mean(axis=(0, 1)), np.quantile(draws, [0.025, 0.975], axis=(0, 1))
    order = np.argsort(middle)
    left.suptitle(f"Traces of {draws.shape[1]} chains, after the warm-up")
    for axes, i in zip(left.subplots(3, 1, sharex=True), (order[0], order[len(order) // 2], order[-1]), strict=True):
        for chain in range(draws.shape[1]):
            axes.plot(draws[:400, chain, i], lw=0.6, alpha=0.8)
        axes.set_ylabel(names[i])
    axes.set_xlabel("draw")
    right.suptitle("Weights (logit for a standard deviation), 95% intervals")
    axes, at, (best, covariance) = right.subplots(), np.arange(len(order)), laplace
    axes.errorbar(middle[order], at, xerr=np.abs(ends - middle)[:, order], fmt="o", ms=4, label="posterior")
    spread = 1.96 * np.sqrt(np.diagonal(covariance))
    axes.errorbar(best[order], at + 0.35, xerr=spread[order], fmt="s", ms=2, color="0.6", lw=1, label="Laplace's approximation")
    axes.axvline(0, color="0.6", lw=1, ls="--")
    axes.set_yticks(at, np.array(names)[order], fontsize=8)
    axes.set_ylim(-1, len(order) + 1.5)
    axes.legend(frameon=False, loc="upper center", ncols=2)
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("hamiltonian_monte_carlo.png"), help="the picture")
    parser.add_argument("--draws", type=int, default=1000, help="of each chain, after the warm-up (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the chains (default: %(default)s)")
    options = parser.parse_args(argv)
    rows, benign, names = load()
    log_density = log_posterior(rows, benign)
    best, covariance = mode(log_density, rows.shape[1])
    slope = vmap(value_and_grad(log_density))
    start = best + np.random.default_rng(options.seed).normal(size=(CHAINS, len(best)))
    began = perf_counter()
    sample(slope, start, options.draws, np.random.default_rng(options.seed))
    between = perf_counter()
    draws, accepted = sample(jit(slope), start, options.draws, np.random.default_rng(options.seed))
    seconds = between - began, perf_counter() - between
    sizes = effective_sizes(draws)
    least, most = sizes.min(), sizes.max()  # more than there are draws where neighbours lie on opposite sides
    draw(draws, names, (best, covariance), options.out)
    print(f"eager {seconds[0]:.1f} s, compiled {seconds[1]:.1f} s; acceptance {accepted:.0%}")
    print(f"effective sample sizes of {draws[..., 0].size:,} draws: {least:,.0f} to {most:,.0f}; saved {options.out}")
    return {"draws": draws, "accepted": accepted, "sizes": sizes, "laplace": (best, covariance)}


if __name__ == "__main__":
    main()
