"""What is measured: functions, and their gradients written by hand.

Every function takes the array module first and is otherwise ordinary array code, so that one text
runs on NumPy (fdezero differentiates that), on HIPS autograd's ``autograd.numpy`` and on PyTorch.
The gradient is with respect to the argument after it, a tree of numbers or arrays; the hand-written
version returns the value too, as one would write it in a training loop.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import attrs
import numpy as np

Layers = list[tuple[Any, Any]]


@attrs.frozen
class Workload:
    """A function to differentiate, where, and its value and gradient written by hand."""

    name: str
    function: Callable[..., Any]  # function(np, *arguments) -> a real number
    by_hand: Callable[..., Any]  # by_hand(*arguments) -> (value, gradient in the first argument)
    arguments: Callable[[], tuple[Any, ...]]
    large: bool = False


# -- numbers -----------------------------------------------------------------------------------------
def polynomial(np: Any, x: Any) -> Any:
    return x**2 + x


def polynomial_by_hand(x: float) -> Any:
    return x**2 + x, 2 * x + 1


def goldstein_price(np: Any, point: Any) -> Any:
    x, y = point
    a = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    b = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return a * b


def goldstein_price_by_hand(point: tuple[float, float]) -> Any:
    x, y = point
    s, t = x + y + 1, 2 * x - 3 * y
    u = 19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2
    v = 18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2
    a, b = 1 + s**2 * u, 30 + t**2 * v
    slope = -14 + 6 * x + 6 * y  # of u, in x and in y
    a_x = a_y = 2 * s * u + s**2 * slope
    b_x = 4 * t * v + t**2 * (-32 + 24 * x - 36 * y)
    b_y = -6 * t * v + t**2 * (48 - 36 * x + 54 * y)
    return a * b, (a_x * b + a * b_x, a_y * b + a * b_y)


def chain(np: Any, x: Any, length: int) -> Any:
    """``length`` operations on a number, one after the other."""
    for _ in range(length // 2):
        x = x * 1.0001 - 0.0001
    return x


def chain_by_hand(x: float, length: int) -> Any:
    slope = 1.0
    for _ in range(length // 2):
        x = x * 1.0001 - 0.0001
    for _ in range(length // 2):
        slope *= 1.0001
    return x, slope


# -- small arrays ------------------------------------------------------------------------------------
def rosenbrock(np: Any, x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def rosenbrock_by_hand(x: np.ndarray) -> Any:
    valley, rest = x[1:] - x[:-1] ** 2, 1 - x[:-1]
    gradient = np.zeros_like(x)
    gradient[1:] = 200 * valley
    gradient[:-1] -= 400 * x[:-1] * valley + 2 * rest
    return (100 * valley**2 + rest**2).sum(), gradient


def tanh_chain(np: Any, x: Any) -> Any:
    for _ in range(200):
        x = np.tanh(x) * 1.01
    return x.sum()


def tanh_chain_by_hand(x: np.ndarray) -> Any:
    outs = []
    for _ in range(200):
        outs.append(np.tanh(x))
        x = outs[-1] * 1.01
    g = np.ones_like(x)
    while outs:
        y = outs.pop()
        g = g * 1.01 * (1 - y * y)
    return x.sum(), g


def indexed_sum(np: Any, x: Any, length: int) -> Any:
    """Neighbours multiplied, one pair at a time: ``2 * length`` reads."""
    total = 0.0
    for i in range(length):
        total = total + x[i] * x[i + 1]
    return total


def indexed_sum_by_hand(x: np.ndarray, length: int) -> Any:
    total, gradient = 0.0, np.zeros_like(x)
    for i in range(length):
        total = total + x[i] * x[i + 1]
        gradient[i] += x[i + 1]
        gradient[i + 1] += x[i]
    return total, gradient


# -- networks ----------------------------------------------------------------------------------------
def mlp(np: Any, layers: Layers, x: Any, y: Any) -> Any:
    for w, b in layers[:-1]:
        x = np.tanh(x @ w + b)
    w, b = layers[-1]
    return ((x @ w + b - y) ** 2).mean()


def mlp_by_hand(layers: Layers, x: np.ndarray, y: np.ndarray) -> Any:
    inputs = [x]
    for w, b in layers[:-1]:
        inputs.append(np.tanh(inputs[-1] @ w + b))
    w, b = layers[-1]
    residual = inputs[-1] @ w + b - y
    value, g = (residual * residual).mean(), residual * (2 / residual.size)
    gradients = []
    for w, _ in reversed(layers):
        h = inputs.pop()
        gradients.append((h.T @ g, g.sum(axis=0)))
        if inputs:
            g = (g @ w.T) * (1 - h * h)
    return value, gradients[::-1]


def mlp_arguments(*sizes: int, batch: int, dtype: Any = np.float64) -> Any:
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(dtype)

    layers = [(normal(m, n) * dtype(m**-0.5), np.zeros(n, dtype)) for m, n in itertools.pairwise(sizes)]
    return layers, normal(batch, sizes[0]), normal(batch, sizes[-1])


def rnn(np: Any, weights: Any, xs: Any, y: Any) -> Any:
    of_state, of_input, bias, h = weights
    for x in xs:
        h = np.tanh(h @ of_state + x @ of_input + bias)
    return ((h - y) ** 2).mean()


def rnn_by_hand(weights: Any, xs: list[np.ndarray], y: np.ndarray) -> Any:
    of_state, of_input, bias, h = weights
    states = [h]
    for x in xs:
        states.append(np.tanh(states[-1] @ of_state + x @ of_input + bias))
    residual = states[-1] - y
    value, g = (residual * residual).mean(), residual * (2 / residual.size)
    d_state, d_input, d_bias = np.zeros_like(of_state), np.zeros_like(of_input), np.zeros_like(bias)
    for x in reversed(xs):
        h = states.pop()
        g = g * (1 - h * h)
        d_state += states[-1].T @ g
        d_input += x.T @ g
        d_bias += g.sum(axis=0)
        g = g @ of_state.T
    return value, (d_state, d_input, d_bias, g)


def rnn_arguments(steps: int = 50, width: int = 32, features: int = 8, batch: int = 16) -> Any:
    rng = np.random.default_rng(0)
    weights = (
        rng.normal(size=(width, width)) * width**-0.5,
        rng.normal(size=(features, width)) * features**-0.5,
        np.zeros(width),
        np.zeros((batch, width)),
    )
    return weights, [rng.normal(size=(batch, features)) for _ in range(steps)], rng.normal(size=(batch, width))


# -- large arrays ------------------------------------------------------------------------------------
def gelu(np: Any, x: Any) -> Any:
    return (0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))).sum()


def gelu_by_hand(x: np.ndarray) -> Any:
    t = np.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))
    slope = 0.7978845608028654 * (1 + 0.134145 * x * x)
    return (0.5 * x * (1 + t)).sum(), 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope


def points(n: int) -> tuple[np.ndarray]:
    return (np.linspace(-2, 2, n),)


def indexed_sum_arguments(length: int) -> tuple[Any, ...]:
    return (*points(length + 1), length)


LARGE_MLP = partial(mlp_arguments, 784, 512, 512, 10, batch=256)

WORKLOADS = [
    Workload("x**2 + x, scalar", polynomial, polynomial_by_hand, lambda: (3.0,)),
    Workload("Goldstein-Price, scalars", goldstein_price, goldstein_price_by_hand, lambda: ((0.5, -0.25),)),
    Workload("Rosenbrock, 100", rosenbrock, rosenbrock_by_hand, partial(points, 100)),
    Workload("tanh chain, 200 steps, 10", tanh_chain, tanh_chain_by_hand, partial(points, 10)),
    Workload("tanh chain, 200 steps, 1,000", tanh_chain, tanh_chain_by_hand, partial(points, 1000)),
    Workload("MLP 8-32-32-1, batch 16", mlp, mlp_by_hand, partial(mlp_arguments, 8, 32, 32, 1, batch=16)),
    Workload("MLP 64-128-128-10, batch 64", mlp, mlp_by_hand, partial(mlp_arguments, 64, 128, 128, 10, batch=64)),
    Workload("RNN, 50 steps", rnn, rnn_by_hand, rnn_arguments),
    Workload("x[i] * x[i + 1], 1,000 reads", indexed_sum, indexed_sum_by_hand, partial(indexed_sum_arguments, 500)),
    Workload("chain of 20,000 scalar operations", chain, chain_by_hand, lambda: (1.5, 20_000)),
    Workload("MLP 784-512-512-10, batch 256, float32", mlp, mlp_by_hand, partial(LARGE_MLP, dtype=np.float32), large=True),
    Workload("MLP 784-512-512-10, batch 256, float64", mlp, mlp_by_hand, LARGE_MLP, large=True),
    Workload("GELU, a million", gelu, gelu_by_hand, partial(points, 1_000_000), large=True),
]
