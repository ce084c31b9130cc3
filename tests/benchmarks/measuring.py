"""How it is measured: the peers, the clock and the memory.

The peers run the same workload in turns, one burst each, so that whatever else the machine does
meets them all; the fastest burst counts.  Compare the ratios, not the times, between machines.
"""

from __future__ import annotations

import gc
import importlib
import os
import statistics
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from time import perf_counter
from typing import Any

import attrs
import numpy as np

import fdezero
from fdezero import tree
from fdezero.transforms.grad import pullback

from .workloads import Workload, chain

Run = Callable[[], Any]


# -- the peers: each makes of a workload something to call, that returns (value, gradient) --------------
def by_hand(workload: Workload) -> Run:
    arguments = workload.arguments()
    return lambda: workload.by_hand(*arguments)


def with_fdezero(workload: Workload) -> Run:
    arguments = workload.arguments()
    differentiated = fdezero.value_and_grad(lambda *args: workload.function(np, *args))
    return lambda: differentiated(*arguments)


def with_autograd(workload: Workload) -> Run:
    autograd, autograd_numpy = importlib.import_module("autograd"), importlib.import_module("autograd.numpy")
    arguments = workload.arguments()
    differentiated = autograd.value_and_grad(lambda *args: workload.function(autograd_numpy, *args))
    return lambda: differentiated(*arguments)


def with_torch(workload: Workload) -> Run:
    """The tensors are made beforehand: what is timed is the forward and the backward pass alone."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(int(os.environ.get("OPENBLAS_NUM_THREADS", "1")))

    def tensor(x: Any) -> Any:
        return x if isinstance(x, int) else torch.tensor(x, dtype=None if isinstance(x, np.ndarray) else torch.float64)

    first, *rest = tree.map(tensor, list(workload.arguments()))
    leaves, structure = tree.flatten(first)
    leaves = [leaf.requires_grad_() for leaf in leaves]

    def run() -> Any:
        value = workload.function(torch, structure.unflatten(leaves), *rest)
        return value.detach(), structure.unflatten(torch.autograd.grad(value, leaves))

    return run


FDEZERO, HAND, AUTOGRAD, TORCH = "fdezero", "by hand", "HIPS autograd", "PyTorch"


def installed_peers() -> dict[str, Callable[[Workload], Run]]:
    """fdezero, the hand-written gradients, and those of the others that are there."""
    peers = {FDEZERO: with_fdezero, HAND: by_hand}
    for name, module, peer in ((AUTOGRAD, "autograd", with_autograd), (TORCH, "torch", with_torch)):
        try:
            importlib.import_module(module)
        except ImportError:
            continue
        peers[name] = peer
    return peers


def assert_agreement(workload: Workload, runs: dict[str, Run]) -> None:
    """Every peer computes the same value and the same gradient."""
    results = {name: [np.asarray(leaf) for leaf in tree.leaves(run())] for name, run in runs.items()}
    for name, found in results.items():
        for mine, hand in zip(found, results[HAND], strict=True):
            tolerance = 1e-3 if hand.dtype == np.float32 else 1e-8
            scale = max(1.0, float(np.max(np.abs(hand), initial=0.0)))
            np.testing.assert_allclose(
                mine, hand, rtol=tolerance, atol=tolerance * 1e-2 * scale, err_msg=f"{workload.name}: {name}"
            )


# -- time --------------------------------------------------------------------------------------------
def _burst(run: Run, number: int) -> float:
    start = perf_counter()
    for _ in range(number):
        run()
    return (perf_counter() - start) / number


#: A block of 32 MiB or more comes from the system each time.
_LARGEST_KEPT = 32 * 2**20 - 2**16


def keep_freed_memory() -> None:
    """Let C's allocator (glibc's) keep what is freed from here on, up to twice `_LARGEST_KEPT`.

    It keeps at most twice the largest block freed so far and returns the rest to the system, and pages that come from
    there cost more than arithmetic.  So what an array costs depends on what has run before: here it is the same for all.
    """
    np.empty(_LARGEST_KEPT, np.uint8)


def times(runs: dict[str, Run], rounds: int, seconds: float) -> dict[str, float]:
    """Seconds a call for each peer: the fastest of ``rounds`` bursts of about ``seconds`` each.

    The garbage collector is on, but what is in memory already, most of it the modules of four libraries,
    is frozen: or it would look through all of that again and again while a long graph grows.
    """
    keep_freed_memory()
    gc.collect()
    gc.freeze()
    numbers = {name: max(1, round(seconds / _burst(run, 1))) for name, run in runs.items()}
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            best[name] = min(best[name], _burst(run, numbers[name]))
    return best


# -- memory ------------------------------------------------------------------------------------------
def peak_memory(run: Run) -> int:
    """Bytes in use at the worst moment of a call, beyond those before it (NumPy reports its arrays too)."""
    run()
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# -- deep graphs, and the import -------------------------------------------------------------------------
@attrs.frozen
class DeepGraph:
    """Seconds that a deep graph took."""

    recorded: float
    pulled_back: float
    freed: float


def deep_graph(nodes: int) -> DeepGraph:
    """A chain of ``nodes`` operations, step by step."""
    start = perf_counter()
    tape = fdezero.record(lambda x: chain(np, x, nodes))(1.5)
    recorded = perf_counter()
    pullback(tape, 1.0)
    pulled_back = perf_counter()
    del tape
    return DeepGraph(recorded - start, pulled_back - recorded, perf_counter() - pulled_back)


def import_time(repeats: int) -> float:
    """Seconds that ``import fdezero`` takes in a fresh interpreter that has imported NumPy: the median.

    The first run, which is not counted, compiles the modules, as installing them does.
    """
    program = "import time, numpy; start = time.perf_counter(); import fdezero; print(time.perf_counter() - start)"
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        took = [
            float(subprocess.check_output([sys.executable, "-c", program], env=environment, text=True))
            for _ in range(1 + repeats)
        ]
    return statistics.median(took[1:])
