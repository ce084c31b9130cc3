"""Numerical work by library functions: linear algebra, transforms, sorting, indexing, statistics.

As in `workloads`: every function takes the array module first, and its gradient is written by hand beside it.
"""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

import numpy as np

from .workloads import Workload

MILLION = 1_000_000


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


# -- linear algebra ----------------------------------------------------------------------------------
def gaussian_process(np: Any, log_parameters: Any, squared_distances: Any, y: Any, eye: Any) -> Any:
    """The log-likelihood of ``y``, up to a constant, for the logarithms of length scale, variance and noise."""
    length, variance, noise = [np.exp(p) for p in log_parameters]
    kernel = variance * np.exp(-0.5 * squared_distances / length**2) + noise * eye
    lower = np.linalg.cholesky(kernel)
    white = np.linalg.solve(lower, y)
    return -0.5 * (white * white).sum() - np.log(np.diag(lower)).sum()


def gaussian_process_by_hand(log_parameters: Any, squared_distances: Any, y: Any, eye: Any) -> Any:
    length, variance, noise = [np.exp(p) for p in log_parameters]
    smooth = variance * np.exp(-0.5 * squared_distances / length**2)
    kernel = smooth + noise * eye
    log_det = np.log(np.linalg.cholesky(kernel).diagonal()).sum()
    inverse = np.linalg.inv(kernel)
    weights = inverse @ y
    slope = 0.5 * (np.outer(weights, weights) - inverse)
    by_smooth = slope * smooth
    gradient = ((by_smooth * squared_distances).sum() / length**2, by_smooth.sum(), noise * slope.trace())
    return -0.5 * (y @ weights) - log_det, gradient


def gaussian_process_arguments(n: int = 200) -> Any:
    x = np.sort(normal(n))
    return (0.0, 0.1, -2.0), np.subtract.outer(x, x) ** 2, np.sin(x) + 0.1 * normal(n, seed=1), np.eye(n)


def solutions(np: Any, systems: Any) -> Any:
    a, b = systems
    x = np.linalg.solve(a, b)
    return (x * x).sum()


def solutions_by_hand(systems: Any) -> Any:
    a, b = systems
    x = np.linalg.solve(a, b)
    of_b = np.linalg.solve(a.mT, 2 * x)
    return (x * x).sum(), (-of_b @ x.mT, of_b)


def log_determinants(np: Any, a: Any) -> Any:
    return np.linalg.slogdet(a)[1].sum()


def log_determinants_by_hand(a: np.ndarray) -> Any:
    return np.linalg.slogdet(a)[1].sum(), np.linalg.inv(a).mT


def matrices(count: int = 100, n: int = 20) -> np.ndarray:
    return normal(count, n, n) + 5 * np.eye(n)


# -- transforms and products -------------------------------------------------------------------------
def convolution(np: Any, signals: Any, y: Any) -> Any:
    """The misfit of a circular convolution, by its Fourier transforms."""
    x, kernel = signals
    misfit = np.fft.irfft(np.fft.rfft(x) * np.fft.rfft(kernel)) - y
    return (misfit * misfit).sum()


def convolution_by_hand(signals: Any, y: np.ndarray) -> Any:
    x, kernel = map(np.fft.rfft, signals)
    misfit = np.fft.irfft(x * kernel) - y
    g = np.fft.rfft(2 * misfit)
    return (misfit * misfit).sum(), (np.fft.irfft(g * kernel.conj()), np.fft.irfft(g * x.conj()))


def attention(np: Any, weights: Any, x: Any, y: Any) -> Any:
    """A layer of self-attention: ``x`` (batch, time, width), weights (width, heads, depth)."""
    to_query, to_key, to_value, to_out = weights
    query = np.einsum("btw,whd->bthd", x, to_query)
    key = np.einsum("btw,whd->bthd", x, to_key)
    value = np.einsum("btw,whd->bthd", x, to_value)
    scores = np.exp(np.einsum("bthd,bshd->bhts", query, key) * query.shape[-1] ** -0.5)
    shares = scores / scores.sum(-1)[..., None]
    out = np.einsum("bthd,hdw->btw", np.einsum("bhts,bshd->bthd", shares, value), to_out)
    return ((out - y) ** 2).mean()


def attention_by_hand(weights: Any, x: np.ndarray, y: np.ndarray) -> Any:
    einsum = partial(np.einsum, optimize=True)
    to_query, to_key, to_value, to_out = weights
    query, key, value = (einsum("btw,whd->bthd", x, w) for w in (to_query, to_key, to_value))
    factor = query.shape[-1] ** -0.5
    shares = np.exp(einsum("bthd,bshd->bhts", query, key) * factor)
    shares /= shares.sum(-1, keepdims=True)
    heads = einsum("bhts,bshd->bthd", shares, value)
    misfit = einsum("bthd,hdw->btw", heads, to_out) - y
    loss, g = (misfit * misfit).mean(), misfit * (2 / misfit.size)
    of_heads = einsum("btw,hdw->bthd", g, to_out)
    of_shares = einsum("bthd,bshd->bhts", of_heads, value)
    of_scores = shares * (of_shares - (of_shares * shares).sum(-1, keepdims=True)) * factor
    of_query = einsum("bhts,bshd->bthd", of_scores, key)
    of_key = einsum("bhts,bthd->bshd", of_scores, query)
    of_value = einsum("bhts,bthd->bshd", shares, of_heads)
    gradients = [einsum("btw,bthd->whd", x, c) for c in (of_query, of_key, of_value)]
    return loss, (*gradients, einsum("bthd,btw->hdw", heads, g))


def attention_arguments(batch: int = 8, time: int = 64, width: int = 64, heads: int = 4) -> Any:
    depth = width // heads
    inward = [normal(width, heads, depth, seed=k) * width**-0.5 for k in range(3)]
    return (*inward, normal(heads, depth, width, seed=3) * width**-0.5), normal(batch, time, width), normal(batch, time, width, seed=4)


# -- order, scans and places -------------------------------------------------------------------------
def sorted_sum(np: Any, x: Any, weights: Any) -> Any:
    ordered = np.sort(x)
    if not hasattr(ordered, "shape"):  # PyTorch's are values and places
        ordered = ordered[0]
    return (ordered * weights).sum()


def sorted_sum_by_hand(x: np.ndarray, weights: np.ndarray) -> Any:
    order = np.argsort(x)
    gradient = np.empty_like(x)
    gradient[order] = weights
    return (x[order] * weights).sum(), gradient


def running_sum(np: Any, x: Any) -> Any:
    total = np.cumsum(x, 0)
    return (total * total).sum()


def running_sum_by_hand(x: np.ndarray) -> Any:
    total = np.cumsum(x)
    return (total * total).sum(), np.cumsum(2 * total[::-1])[::-1]


def masked_sum(np: Any, x: Any, mask: Any) -> Any:
    kept = x[mask]
    return (kept * kept).sum()


def masked_sum_by_hand(x: np.ndarray, mask: np.ndarray) -> Any:
    kept = x[mask]
    gradient = np.zeros_like(x)
    gradient[mask] = 2 * kept
    return (kept * kept).sum(), gradient


def gathered_sum(np: Any, x: Any, places: Any, weights: Any) -> Any:
    return (x[places] * weights).sum()


def gathered_sum_by_hand(x: np.ndarray, places: np.ndarray, weights: np.ndarray) -> Any:
    return (x[places] * weights).sum(), np.bincount(places, weights, len(x))


# -- statistics --------------------------------------------------------------------------------------
def _library(np: Any, name: str) -> Any:
    """The functions that SciPy has in a module, of the library whose array module is ``np``."""
    package = "autograd" if np.__name__.startswith("autograd") else "fdezero"
    return importlib.import_module(f"{package}.scipy.{name}")


def log_of_sum(np: Any, x: Any) -> Any:
    return np.logsumexp(x, 0) if np.__name__ == "torch" else _library(np, "special").logsumexp(x)


def log_of_sum_by_hand(x: np.ndarray) -> Any:
    largest = x.max()
    terms = np.exp(x - largest)
    total = terms.sum()
    return np.log(total) + largest, terms / total


LOG_ROOT = float(0.5 * np.log(2 * np.pi))


def _log_density(np: Any, x: Any, *parameters: Any) -> Any:
    if np.__name__ == "torch":
        return np.distributions.Normal(*(parameters or (0.0, 1.0)), validate_args=False).log_prob(x)
    return _library(np, "stats").norm.logpdf(x, *parameters)


def standard_likelihood(np: Any, x: Any) -> Any:
    return _log_density(np, x).sum()


def standard_likelihood_by_hand(x: np.ndarray) -> Any:
    return (-0.5 * x * x - LOG_ROOT).sum(), -x


def likelihood(np: Any, parameters: Any, x: Any) -> Any:
    return _log_density(np, x, *parameters).sum()


def likelihood_by_hand(parameters: Any, x: np.ndarray) -> Any:
    loc, scale = parameters
    z = (x - loc) / scale
    squares = z * z
    value = (-0.5 * squares - (np.log(scale) + LOG_ROOT)).sum()
    return value, (z.sum() / scale, (squares.sum() - x.size) / scale)


def places(count: int = MILLION, size: int = 10_000) -> Any:
    return normal(size), np.random.default_rng(0).integers(0, size, count), normal(count)


NUMERICS = [
    Workload("Gaussian process, 200", gaussian_process, gaussian_process_by_hand, gaussian_process_arguments, large=True),
    Workload(
        "solve, 100 of 20 x 20", solutions, solutions_by_hand, lambda: ((matrices(), normal(100, 20, 1, seed=1)),), large=True
    ),
    Workload("slogdet, 100 of 20 x 20", log_determinants, log_determinants_by_hand, lambda: (matrices(),), large=True),
    Workload(
        "FFT convolution, 65,536",
        convolution,
        convolution_by_hand,
        lambda: ((normal(2**16), normal(2**16, seed=1)), normal(2**16, seed=2)),
        large=True,
    ),
    Workload("attention by einsum, 8 of 64 x 64", attention, attention_by_hand, attention_arguments, large=True),
    Workload(
        "sort, a million", sorted_sum, sorted_sum_by_hand, lambda: (normal(MILLION), normal(MILLION, seed=1)), large=True
    ),
    Workload("cumsum, a million", running_sum, running_sum_by_hand, lambda: (normal(MILLION),), large=True),
    Workload(
        "boolean mask, a million",
        masked_sum,
        masked_sum_by_hand,
        lambda: (normal(MILLION), normal(MILLION, seed=1) > 0),
        large=True,
    ),
    Workload("gather, a million of 10,000", gathered_sum, gathered_sum_by_hand, places, large=True),
    Workload("logsumexp, a million", log_of_sum, log_of_sum_by_hand, lambda: (normal(MILLION),), large=True),
    Workload("norm.logpdf, 100,000", standard_likelihood, standard_likelihood_by_hand, lambda: (normal(100_000),), large=True),
    Workload(
        "norm.logpdf in loc and scale, 100,000",
        likelihood,
        likelihood_by_hand,
        lambda: ((0.1, 1.2), normal(100_000)),
        large=True,
    ),
]
