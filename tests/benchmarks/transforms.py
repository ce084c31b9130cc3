"""The second group: Hessians, Jacobians, per-example gradients and higher derivatives, beside the peers.

A peer is an array module and, for each task, the fastest way it has of doing it; where it has none,
it has no entry.  JAX runs without jit, since what is compared is what a script gets at once.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any

import attrs
import numpy as np

import fdezero
from fdezero import tree

from . import measuring
from .measuring import AUTOGRAD, FDEZERO, TORCH, Run
from .workloads import LARGE_MLP, gelu, mlp, mlp_arguments, points, rosenbrock

JAX = "JAX, no jit"


# -- what is differentiated --------------------------------------------------------------------------
def logistic(np: Any, w: Any, x: Any, y: Any) -> Any:
    """The loss of a logistic regression: the labels are 1 and -1."""
    return np.log1p(np.exp(-y * (x @ w))).mean() + 0.01 * (w * w).sum()


def network(np: Any, x: Any, layers: Any) -> Any:
    for w, b in layers:
        x = np.tanh(x @ w + b)
    return x


def tanh(np: Any, x: Any) -> Any:
    return np.tanh(x)


def tanh_steps(np: Any, x: Any, length: int = 10) -> Any:
    for _ in range(length):
        x = np.tanh(x) * 1.01
    return x


def gelu_entries(np: Any, x: Any) -> Any:
    return 0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))


def predictions(np: Any, layers: Any, x: Any) -> Any:
    for w, b in layers[:-1]:
        x = np.tanh(x @ w + b)
    w, b = layers[-1]
    return x @ w + b


def logistic_arguments() -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    return rng.normal(size=30) * 0.1, rng.normal(size=(2000, 30)), np.sign(rng.normal(size=2000))


def network_arguments() -> tuple[Any, ...]:
    layers, x, _ = mlp_arguments(50, 50, 50, batch=1)
    return x[0], layers


def product_arguments() -> tuple[Any, ...]:
    layers, x, y = LARGE_MLP()
    rng = np.random.default_rng(1)
    return layers, tree.map(lambda w: rng.normal(size=w.shape), layers), x, y


# -- the peers ---------------------------------------------------------------------------------------
#: The tasks.
HESSIAN, JACFWD, JACREV, EACH, PRODUCT, TENTH, CHECKPOINTED = (
    *("hessian", "jacfwd", "jacrev", "each", "product", "tenth", "checkpointed"),
)


@attrs.frozen
class Peer:
    """A library: its array module, how it takes and gives back arrays, and its ways of doing the tasks.

    A way takes the function and its arguments, and returns the result as the library has it.
    """

    module: Any
    array: Callable[[Any], Any]
    ways: dict[str, Callable[..., Any]]
    wait: Callable[[Any], Any] = lambda result: result

    def run(self, task: Task) -> Run:
        """The task as something to call; its arrays are made beforehand."""
        f, way = partial(task.function, self.module), self.ways[task.kind]
        arguments = tree.map(self.array, task.arguments())
        return lambda: self.wait(way(f, *arguments))


SEGMENTS = 10


def segments(f: Any, x: Any) -> Any:
    """``f`` applied over and over, and the sum: what stands between is kept or recomputed."""
    return reduce(lambda x, _: f(x), range(SEGMENTS), x).sum()


def fdezero_peer() -> Peer:
    return Peer(
        np,
        lambda x: x,
        {
            HESSIAN: lambda f, x, *rest: fdezero.hessian(f)(x, *rest),
            JACFWD: lambda f, x, *rest: fdezero.jacfwd(f)(x, *rest),
            JACREV: lambda f, x, *rest: fdezero.jacrev(f)(x, *rest),
            EACH: lambda f, p, *rest: fdezero.vmap(fdezero.grad(f), in_axes=(None, 0, 0))(p, *rest),
            PRODUCT: lambda f, p, v, *rest: fdezero.hvp(lambda p: f(p, *rest), (p,), (v,)),
            TENTH: lambda f, x: fdezero.derivative(f, 10)(x),
            CHECKPOINTED: lambda f, x: fdezero.grad(lambda x: segments(fdezero.checkpoint(f), x))(x),
        },
    )


def autograd_peer() -> Peer:
    """It has neither forward mode for most functions nor batches: loops, and reverse over reverse."""
    autograd, module = importlib.import_module("autograd"), importlib.import_module("autograd.numpy")
    operators = importlib.import_module("autograd.differential_operators")

    def each(f: Any, p: Any, x: Any, y: Any) -> Any:
        gradient = autograd.grad(f)
        found = [gradient(p, one_x, one_y) for one_x, one_y in zip(x, y, strict=True)]
        return tree.map(lambda *leaves: np.stack(leaves), *found)

    def tenth(f: Any, x: float) -> Any:
        return reduce(lambda f, _: autograd.elementwise_grad(f), range(10), f)(x)

    return Peer(
        module,
        lambda x: x,
        {
            HESSIAN: lambda f, x, *rest: autograd.hessian(f)(x, *rest),
            JACREV: lambda f, x, *rest: autograd.jacobian(f)(x, *rest),
            EACH: each,
            PRODUCT: lambda f, p, v, *rest: autograd.make_hvp(lambda p: f(p, *rest))(p)[0](v),
            TENTH: tenth,
            CHECKPOINTED: lambda f, x: autograd.grad(lambda x: segments(operators.checkpoint(f), x))(x),
        },
    )


def torch_peer() -> Peer:
    """`torch.func`; but reverse over reverse for the product and nested gradients for the tenth derivative."""
    torch, func = importlib.import_module("torch"), importlib.import_module("torch.func")
    saving = importlib.import_module("torch.utils.checkpoint")
    torch.set_num_threads(int(os.environ.get("OPENBLAS_NUM_THREADS", "1")))

    def product(f: Any, p: Any, v: Any, x: Any, y: Any) -> Any:
        leaves, structure = tree.flatten(p)
        leaves = [leaf.detach().requires_grad_() for leaf in leaves]
        gradient = torch.autograd.grad(f(structure.unflatten(leaves), x, y), leaves, create_graph=True)
        return structure.unflatten(torch.autograd.grad(gradient, leaves, tree.leaves(v)))

    def tenth(f: Any, x: Any) -> Any:
        x = x.detach().requires_grad_()
        y = f(x)
        for _ in range(10):
            (y,) = torch.autograd.grad(y, x, create_graph=True)
        return y.detach()

    def checkpointed(f: Any, x: Any) -> Any:
        x = x.detach().requires_grad_()
        return torch.autograd.grad(segments(lambda x: saving.checkpoint(f, x, use_reentrant=False), x), x)[0]

    return Peer(
        torch,
        lambda x: torch.tensor(x, dtype=torch.float64),
        {
            HESSIAN: lambda f, x, *rest: func.hessian(f)(x, *rest),
            JACFWD: lambda f, x, *rest: func.jacfwd(f)(x, *rest),
            JACREV: lambda f, x, *rest: func.jacrev(f)(x, *rest),
            EACH: lambda f, p, x, y: func.vmap(func.grad(f), in_dims=(None, 0, 0))(p, x, y),
            PRODUCT: product,
            TENTH: tenth,
            CHECKPOINTED: checkpointed,
        },
    )


def jax_peer() -> Peer:
    """The tenth derivative by its own Taylor mode."""
    jax, module = importlib.import_module("jax"), importlib.import_module("jax.numpy")
    taylor = importlib.import_module("jax.experimental.jet")
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    return Peer(
        module,
        module.asarray,
        {
            HESSIAN: lambda f, x, *rest: jax.hessian(f)(x, *rest),
            JACFWD: lambda f, x, *rest: jax.jacfwd(f)(x, *rest),
            JACREV: lambda f, x, *rest: jax.jacrev(f)(x, *rest),
            EACH: lambda f, p, x, y: jax.vmap(jax.grad(f), in_axes=(None, 0, 0))(p, x, y),
            PRODUCT: lambda f, p, v, *rest: jax.jvp(jax.grad(lambda p: f(p, *rest)), (p,), (v,))[1],
            TENTH: lambda f, x: taylor.jet(f, (x,), ([1.0, *[0.0] * 9],))[1][-1],
            CHECKPOINTED: lambda f, x: jax.grad(lambda x: segments(jax.checkpoint(f), x))(x),
        },
        jax.block_until_ready,
    )


def installed_peers() -> dict[str, Peer]:
    """fdezero, and those of the others that are there."""
    peers = {FDEZERO: fdezero_peer()}
    for name, make in ((AUTOGRAD, autograd_peer), (TORCH, torch_peer), (JAX, jax_peer)):
        try:
            peers[name] = make()
        except ImportError:
            continue
    return peers


# -- beside the peers ----------------------------------------------------------------------------------
@attrs.frozen
class Task:
    """What is to be computed: a transform of a function, and where."""

    name: str
    kind: str
    function: Callable[..., Any]  # function(np, *arguments)
    arguments: Callable[[], tuple[Any, ...]]


TASKS = [
    Task("Hessian, Rosenbrock, 100", HESSIAN, rosenbrock, partial(points, 100)),
    Task("Hessian, logistic regression, 30 weights, 2,000 rows", HESSIAN, logistic, logistic_arguments),
    Task("jacfwd, MLP 50-50-50", JACFWD, network, network_arguments),
    Task("jacrev, MLP 50-50-50", JACREV, network, network_arguments),
    Task("per-example gradients, MLP 8-32-32-1, 256", EACH, mlp, partial(mlp_arguments, 8, 32, 32, 1, batch=256)),
    Task("hvp, MLP 784-512-512-10, batch 256", PRODUCT, mlp, product_arguments),
    Task("tenth derivative of tanh", TENTH, tanh, lambda: (0.5,)),
    Task("checkpointed chain, 10 times 10 steps, 10,000", CHECKPOINTED, tanh_steps, partial(points, 10_000)),
]


def runs(task: Task, peers: dict[str, Peer]) -> dict[str, Run]:
    """The task for each peer that has a way of doing it."""
    return {name: peer.run(task) for name, peer in peers.items() if task.kind in peer.ways}


# -- beside less ---------------------------------------------------------------------------------------
@attrs.frozen
class Overhead:
    """A transformed function beside something that it may take ``limit`` times the time of; None for no limit."""

    name: str
    transformed: Run
    beside: str
    plain: Run
    limit: float | None


def overheads() -> list[Overhead]:
    """Forward mode beside the function itself, `vmap` beside batches made by hand, a linear map beside a jvp."""
    (x,) = points(1_000_000)
    layers, inputs, targets = LARGE_MLP()
    rng = np.random.default_rng(1)
    direction = tree.map(lambda w: rng.normal(size=w.shape), layers)
    rows = x.reshape(100, 10_000)
    small, examples, _ = mlp_arguments(64, 128, 128, 10, batch=1000)
    along = (np.ones_like(x),)
    push = fdezero.linearize(partial(gelu, np), x)[1]
    rows_of_gelu = fdezero.vmap(partial(gelu_entries, np))
    all_predictions = fdezero.vmap(partial(predictions, np), in_axes=(None, 0))

    def loss(p: Any) -> Any:
        return mlp(np, p, inputs, targets)

    def gelu_along() -> Any:
        return fdezero.jvp(partial(gelu, np), (x,), along)

    def loss_along() -> Any:
        return fdezero.jvp(loss, (layers,), (direction,))

    return [
        Overhead("jvp, GELU, a million", lambda: gelu_along()[0], "the function", lambda: gelu(np, x), None),
        Overhead("jvp, MLP 784-512-512-10, batch 256", lambda: loss_along()[0], "the function", lambda: loss(layers), 2.5),
        Overhead("along a linearized GELU, a million", lambda: push(*along), "one jvp", lambda: gelu_along()[1], 1.0),
        Overhead(
            "vmap, GELU, 100 rows of 10,000",
            lambda: rows_of_gelu(rows),
            "batched by hand",
            lambda: gelu_entries(np, rows),
            None,
        ),
        Overhead(
            "vmap, MLP 64-128-128-10, 1,000 rows",
            lambda: all_predictions(small, examples),
            "batched by hand",
            lambda: predictions(np, small, examples),
            1.1,
        ),
    ]


def assert_agreement(name: str, found: dict[str, Any]) -> None:
    """Every way gives the same result."""
    leaves = {peer: [np.asarray(leaf) for leaf in tree.leaves(result)] for peer, result in found.items()}
    first = next(iter(leaves.values()))
    for peer, others in leaves.items():
        for mine, other in zip(first, others, strict=True):
            assert mine.shape == other.shape, f"{name}: {peer}: shapes {mine.shape} and {other.shape}"
            scale = max(1.0, float(np.max(np.abs(mine), initial=0.0)))
            np.testing.assert_allclose(other, mine, rtol=1e-7, atol=1e-9 * scale, err_msg=f"{name}: {peer}")


def peak_memories() -> dict[str, tuple[int, int]]:
    """Bytes at the peak of the checkpointed chain's gradient, and of the same without checkpoints."""
    task = next(t for t in TASKS if t.kind == CHECKPOINTED)
    peers = {name: peer for name, peer in installed_peers().items() if name in (FDEZERO, AUTOGRAD)}
    gradients = {FDEZERO: fdezero.grad}
    if AUTOGRAD in peers:
        gradients[AUTOGRAD] = importlib.import_module("autograd").grad

    def unchecked(name: str) -> Run:
        gradient = gradients[name](partial(segments, partial(task.function, peers[name].module)))
        return lambda: gradient(*task.arguments())

    return {
        name: (measuring.peak_memory(peer.run(task)), measuring.peak_memory(unchecked(name))) for name, peer in peers.items()
    }


def fastest(best: dict[str, float], others: Sequence[str]) -> str | None:
    """The fastest of the others, if there is any."""
    return min((name for name in others if name in best), key=best.__getitem__, default=None)
