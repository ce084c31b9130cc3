"""The third group: what `fdezero.jit` compiles, beside the same work by other means.

A library's way of doing a kind of work turns a function into the function to be compiled.  JAX and fdezero
compile the same text; PyTorch and fdezero without `jit` run it an operation at a time.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import attrs
import numpy as np

from . import transforms
from .numerics import LOG_ROOT, gaussian_process, gaussian_process_arguments, gaussian_process_by_hand, normal
from .transforms import logistic, logistic_arguments, product_arguments
from .workloads import (
    LARGE_MLP,
    gelu,
    gelu_by_hand,
    goldstein_price,
    goldstein_price_by_hand,
    indexed_sum,
    indexed_sum_by_hand,
    mlp,
    mlp_arguments,
    mlp_by_hand,
    points,
    rnn,
    rnn_arguments,
    rnn_by_hand,
    rosenbrock,
    rosenbrock_by_hand,
    tanh_chain,
    tanh_chain_by_hand,
)

#: The kinds of work.
GRADIENT, HESSIAN, PRODUCT, JVP, ROWS = "value_and_grad", "hessian", "hvp", "jvp", "vmap of grad"


@attrs.frozen
class Work:
    """A transform of a function, and where; the same written by hand, where one would."""

    name: str
    function: Callable[..., Any]  # function(np, *arguments)
    arguments: Callable[[], tuple[Any, ...]]
    by_hand: Callable[..., Any] | None = None
    kind: str = GRADIENT
    #: True where `jax.jit` may take minutes to compile, and is given a time limit.
    slow_for_jax: bool = False


# -- what is differentiated --------------------------------------------------------------------------
def polynomial(np: Any, x: Any) -> Any:
    return 2 * x**3 - 0.5 * x**2 + 3 * x + 1


def polynomial_by_hand(x: float) -> Any:
    return 2 * x**3 - 0.5 * x**2 + 3 * x + 1, 6 * x**2 - x + 3


def logistic_by_hand(w: np.ndarray, x: np.ndarray, y: np.ndarray) -> Any:
    e = np.exp(-y * (x @ w))
    slope = -y * e / (1 + e) / len(y)
    return np.log1p(e).mean() + 0.01 * (w * w).sum(), slope @ x + 0.02 * w


def large_logistic_arguments() -> tuple[Any, ...]:
    return normal(50) * 0.1, normal(20_000, 50, seed=1), np.sign(normal(20_000, seed=2))


def cross_entropy(np: Any, logits: Any, rows: Any, labels: Any) -> Any:
    """The mean of -log softmax(logits)[label]."""
    largest = (logits.amax if np.__name__ == "torch" else logits.max)(-1)
    shifted = logits - largest[:, None]
    return (np.log(np.exp(shifted).sum(-1)) - shifted[rows, labels]).mean()


def cross_entropy_by_hand(logits: np.ndarray, rows: np.ndarray, labels: np.ndarray) -> Any:
    shifted = logits - logits.max(-1, keepdims=True)
    shares = np.exp(shifted)
    totals = shares.sum(-1)
    value = (np.log(totals) - shifted[rows, labels]).mean()
    shares *= (1 / len(logits) / totals)[:, None]
    shares[rows, labels] -= 1 / len(logits)
    return value, shares


def cross_entropy_arguments(examples: int = 1000, classes: int = 100) -> tuple[Any, ...]:
    return normal(examples, classes), np.arange(examples), np.random.default_rng(1).integers(0, classes, examples)


def normal_cdf(np: Any, x: Any) -> Any:
    if np.__name__ == "torch":
        return np.special.ndtr(x)
    if np.__name__ == "jax.numpy":
        return importlib.import_module("jax.scipy.stats").norm.cdf(x)
    return importlib.import_module("scipy.special").ndtr(x)


def black_scholes(np: Any, market: Any, strike: Any) -> Any:
    """The sum of the prices of call options, whose gradient is every option's greeks."""
    spot, volatility, rate, maturity = market
    width = volatility * np.sqrt(maturity)
    d = (np.log(spot / strike) + (rate + 0.5 * volatility * volatility) * maturity) / width
    return (spot * normal_cdf(np, d) - strike * np.exp(-rate * maturity) * normal_cdf(np, d - width)).sum()


def black_scholes_by_hand(market: Any, strike: Any) -> Any:
    spot, volatility, rate, maturity = market
    root = np.sqrt(maturity)
    width = volatility * root
    d = (np.log(spot / strike) + (rate + 0.5 * volatility * volatility) * maturity) / width
    delta, exercised = normal_cdf(np, d), normal_cdf(np, d - width)
    discounted = strike * np.exp(-rate * maturity) * exercised
    vega = spot * np.exp(-0.5 * d * d - LOG_ROOT) * root
    theta = vega * volatility / (2 * maturity) + rate * discounted
    return (spot * delta - discounted).sum(), (delta, vega, maturity * discounted, theta)


def black_scholes_arguments(count: int = 1_000_000) -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    ranges = ((80, 120), (0.1, 0.5), (0.01, 0.05), (0.5, 2.0))
    return tuple(rng.uniform(low, high, count) for low, high in ranges), rng.uniform(80, 120, count)


STEP = 0.01


def pendulum_step(np: Any, angle: Any, speed: Any) -> Any:
    """One step of the classical Runge-Kutta method for angle'' = -sin(angle)."""
    a1, s1 = speed, -np.sin(angle)
    a2, s2 = speed + 0.5 * STEP * s1, -np.sin(angle + 0.5 * STEP * a1)
    a3, s3 = speed + 0.5 * STEP * s2, -np.sin(angle + 0.5 * STEP * a2)
    a4, s4 = speed + STEP * s3, -np.sin(angle + STEP * a3)
    sixth = STEP / 6
    return angle + sixth * (a1 + 2 * a2 + 2 * a3 + a4), speed + sixth * (s1 + 2 * s2 + 2 * s3 + s4)


def pendulum(np: Any, start: Any, steps: int = 1000) -> Any:
    """The distance from rest after the steps: a loop in Python for all."""
    angle, speed = start
    for _ in range(steps):
        angle, speed = pendulum_step(np, angle, speed)
    return angle * angle + speed * speed


def scanned_pendulum(np: Any, start: Any, steps: int = 1000) -> Any:
    """As `pendulum`, but JAX runs a loop of its own."""
    if np.__name__ != "jax.numpy":
        return pendulum(np, start, steps)
    scan = importlib.import_module("jax.lax").scan
    (angle, speed), _ = scan(lambda state, _: (pendulum_step(np, *state), None), start, None, length=steps)
    return angle * angle + speed * speed


# -- by hand, where the kind is not `GRADIENT` -------------------------------------------------------------
def gelu_jvp_by_hand(x: np.ndarray, along: np.ndarray) -> Any:
    value, gradient = gelu_by_hand(x)
    return value, gradient @ along


def gelu_rows_by_hand(x: np.ndarray) -> Any:
    return gelu_by_hand(x)[1]


def rosenbrock_hessian_by_hand(x: np.ndarray) -> Any:
    diagonal, beside = np.zeros_like(x), -400 * x[:-1]
    diagonal[1:] = 200
    diagonal[:-1] += 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)


def logistic_hessian_by_hand(w: np.ndarray, x: np.ndarray, y: np.ndarray) -> Any:
    e = np.exp(-y * (x @ w))
    return (x.T * (e / (1 + e) ** 2 / len(y))) @ x + 0.02 * np.eye(len(w))


WORKS = [
    Work("polynomial, scalar", polynomial, lambda: (1.5,), polynomial_by_hand),
    Work("Goldstein-Price, scalars", goldstein_price, lambda: ((0.5, -0.25),), goldstein_price_by_hand),
    Work("Rosenbrock, 100", rosenbrock, partial(points, 100), rosenbrock_by_hand),
    Work("tanh chain, 200 steps, 10", tanh_chain, partial(points, 10), tanh_chain_by_hand),
    Work("tanh chain, 200 steps, 1,000", tanh_chain, partial(points, 1000), tanh_chain_by_hand),
    Work(
        "x[i] * x[i + 1], 1,000 reads",
        partial(indexed_sum, length=500),
        partial(points, 501),
        partial(indexed_sum_by_hand, length=500),
    ),
    Work("RNN, 50 steps", rnn, rnn_arguments, rnn_by_hand),
    Work("MLP 8-32-32-1, batch 16", mlp, partial(mlp_arguments, 8, 32, 32, 1, batch=16), mlp_by_hand),
    Work("MLP 64-128-128-10, batch 64", mlp, partial(mlp_arguments, 64, 128, 128, 10, batch=64), mlp_by_hand),
    Work("MLP 784-512-512-10, batch 256, float64", mlp, LARGE_MLP, mlp_by_hand),
    Work("MLP 784-512-512-10, batch 256, float32", mlp, partial(LARGE_MLP, dtype=np.float32), mlp_by_hand),
    Work("logistic regression, 20,000 x 50", logistic, large_logistic_arguments, logistic_by_hand),
    Work("GELU, a million", gelu, partial(points, 1_000_000), gelu_by_hand),
    Work("jvp, GELU, a million", gelu, lambda: points(1_000_000) * 2, gelu_jvp_by_hand, JVP),
    Work("vmap of grad, GELU, a million", gelu, partial(points, 1_000_000), gelu_rows_by_hand, ROWS),
    Work("softmax cross entropy, 1,000 x 100", cross_entropy, cross_entropy_arguments, cross_entropy_by_hand),
    Work("Gaussian process, 100", gaussian_process, partial(gaussian_process_arguments, 100), gaussian_process_by_hand),
    Work("Hessian, Rosenbrock, 100", rosenbrock, partial(points, 100), rosenbrock_hessian_by_hand, HESSIAN),
    Work("Hessian, logistic, 30 weights, 2,000 rows", logistic, logistic_arguments, logistic_hessian_by_hand, HESSIAN),
    Work("hvp, MLP 784-512-512-10, batch 256", mlp, product_arguments, None, PRODUCT),
    Work("pendulum, 1,000 Runge-Kutta steps", pendulum, lambda: ((1.0, 0.5),), slow_for_jax=True),
    Work("pendulum, 1,000 Runge-Kutta steps; JAX by lax.scan", scanned_pendulum, lambda: ((1.0, 0.5),)),
    Work("Black-Scholes greeks, a million", black_scholes, black_scholes_arguments, black_scholes_by_hand),
]


# -- the libraries ---------------------------------------------------------------------------------------
@attrs.frozen
class Library:
    """An array module, how it takes and gives back arrays, and its ways of doing the kinds of work.

    A way takes a function of arrays and returns another one.
    """

    module: Any
    array: Callable[[Any], Any]
    ways: Mapping[str, Callable[[Any], Any]]
    wait: Callable[[Any], Any] = lambda result: result


def fdezero_library() -> Library:
    import fdezero as f

    return Library(
        np,
        lambda x: x,
        {
            GRADIENT: f.value_and_grad,
            HESSIAN: f.hessian,
            PRODUCT: lambda g: lambda p, v, *rest: f.hvp(lambda p: g(p, *rest), (p,), (v,)),
            JVP: lambda g: lambda x, v: f.jvp(g, (x,), (v,)),
            ROWS: lambda g: f.vmap(f.grad(g)),
        },
    )


def jax_library() -> Library:
    """JAX for one thread, by what `__main__` sets in the environment, and in float64."""
    jax, module = importlib.import_module("jax"), importlib.import_module("jax.numpy")
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    return Library(
        module,
        module.asarray,
        {
            GRADIENT: jax.value_and_grad,
            HESSIAN: jax.hessian,
            PRODUCT: lambda g: lambda p, v, *rest: jax.jvp(jax.grad(lambda p: g(p, *rest)), (p,), (v,))[1],
            JVP: lambda g: lambda x, v: jax.jvp(g, (x,), (v,)),
            ROWS: lambda g: jax.vmap(jax.grad(g)),
        },
        jax.block_until_ready,
    )


def torch_library() -> Library:
    """PyTorch without compilation; `torch.func` but for gradients, where its tape is faster."""
    torch, func = importlib.import_module("torch"), importlib.import_module("torch.func")
    torch.set_num_threads(1)
    tree = importlib.import_module("fdezero.tree")

    def value_and_grad(f: Any) -> Any:
        def run(p: Any, *rest: Any) -> Any:
            leaves, structure = tree.flatten(p)
            leaves = [leaf.detach().requires_grad_() for leaf in leaves]
            value = f(structure.unflatten(leaves), *rest)
            return value.detach(), structure.unflatten(torch.autograd.grad(value, leaves))

        return run

    product = transforms.torch_peer().ways[transforms.PRODUCT]
    return Library(
        torch,
        lambda x: torch.tensor(x, dtype=None if isinstance(x, np.ndarray) else torch.float64),
        {
            GRADIENT: value_and_grad,
            HESSIAN: func.hessian,
            PRODUCT: lambda f: partial(product, f),
            JVP: lambda f: lambda x, v: func.jvp(f, (x,), (v,)),
            ROWS: lambda f: func.vmap(func.grad(f)),
        },
    )
