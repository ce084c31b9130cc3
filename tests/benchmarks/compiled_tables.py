"""The tables of what is compiled: time a call, the first call, long programs, and the cost of a call itself."""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

import fdezero
from fdezero import tree

from . import measuring
from .compiled import WORKS, Library, Work, fdezero_library, jax_library, polynomial, torch_library
from .measuring import HAND, Run
from .tables import Effort, Table, Times, duration, geometric_mean

LLVM, NUMPY, JAX, TORCH, EAGER = "jit, LLVM", "jit, NumPy", "jax.jit", "PyTorch, eager", "fdezero, eager"

#: What compiles, and the name that `jit` has for it.
BACKENDS = {LLVM: "llvm", NUMPY: "numpy"}

#: Seconds that `jax.jit` has to compile a work that is `slow_for_jax`, in a process of its own.
LIMIT = 45.0

Compilers = dict[str, tuple[Library, Callable[[Any], Any]]]


# -- what runs a work --------------------------------------------------------------------------------------
def compilers() -> Compilers:
    """Both backends and `jax.jit`, as far as they are installed: a library, and its decorator."""
    mine = fdezero_library()
    found: Compilers = {
        name: (mine, partial(fdezero.jit, backend=backend))
        for name, backend in BACKENDS.items()
        if backend == "numpy" or importlib.util.find_spec("llvmlite")
    }
    if importlib.util.find_spec("jax"):
        found[JAX] = jax_library(), importlib.import_module("jax").jit
    return found


def compiled(work: Work, library: Library, compiler: Callable[[Any], Any]) -> Run:
    """The work as something to call, which is compiled at the first call; its arrays are made beforehand."""
    f = compiler(library.ways[work.kind](partial(work.function, library.module)))
    arguments = tree.map(library.array, work.arguments())
    return lambda: library.wait(f(*arguments))


def uncompiled(work: Work) -> dict[str, Run]:
    """The work an operation at a time, and by hand."""
    libraries = {EAGER: fdezero_library()}
    if importlib.util.find_spec("torch"):
        libraries[TORCH] = torch_library()
    runs = {name: compiled(work, library, lambda f: f) for name, library in libraries.items()}
    if work.by_hand is not None:
        runs[HAND] = partial(work.by_hand, *work.arguments())
    return runs


def is_folded(work: Work) -> bool:
    """True where nothing is left to compute: the result is a constant, and a time says nothing."""
    library = fdezero_library()
    program = fdezero.jit(library.ways[work.kind](partial(work.function, np)), backend="numpy").program(*work.arguments())
    return not program.instructions


def assert_agreement(name: str, runs: Mapping[str, Run]) -> None:
    """All give the same result, to rounding."""
    results = {peer: [np.asarray(leaf) for leaf in tree.leaves(run())] for peer, run in runs.items()}
    first = next(iter(results.values()))
    for peer, result in results.items():
        for mine, other in zip(first, result, strict=True):
            tolerance = 1e-3 if np.float32 in (mine.dtype, other.dtype) else 1e-7
            scale = max(1.0, float(np.max(np.abs(mine), initial=0.0)))
            assert mine.shape == other.shape, f"{name}: {peer}: shapes {mine.shape} and {other.shape}"
            np.testing.assert_allclose(other, mine, tolerance, tolerance * 1e-2 * scale, err_msg=f"{name}: {peer}")


def first_call(make: Callable[[], Run], repeats: int) -> tuple[Run, float]:
    """What ``make`` makes, and the seconds that its first call took: the fastest of a few, where they are quick."""
    best, total = float("inf"), 0.0
    for _ in range(repeats):
        run = make()
        start = perf_counter()
        run()
        best, total = min(best, perf_counter() - start), total + perf_counter() - start
        if total > 1:
            break
    return run, best


def start_up() -> None:
    """Load what the first compilation of a process loads, which is no work's own."""
    for library, compiler in compilers().values():
        compiled(Work("", polynomial, lambda: (1.5,)), library, compiler)()


# -- JAX with a time limit -----------------------------------------------------------------------------------
def with_limit(work: Work, effort: Effort, seconds: float = LIMIT) -> tuple[float, float] | None:
    """Seconds a call and of the first call by `jax.jit`, in a process of its own; None where it takes too long."""
    command = [sys.executable, "-m", __name__, work.name, str(effort.rounds), str(effort.seconds)]
    try:
        found = subprocess.run(command, capture_output=True, timeout=seconds, check=True, text=True)
    except subprocess.TimeoutExpired:
        return None
    time, first = json.loads(found.stdout)
    return time, first


def _child() -> None:
    """Measure `jax.jit` on one work, and print what `with_limit` reads."""
    parser = argparse.ArgumentParser()
    for name, kind in (("work", str), ("rounds", int), ("seconds", float)):
        parser.add_argument(name, type=kind)
    options = parser.parse_args()
    work = next(w for w in WORKS if w.name == options.work)
    library, compiler = compilers()[JAX]
    compiled(Work("", polynomial, lambda: (1.5,)), library, compiler)()
    run, first = first_call(partial(compiled, work, library, compiler), 1)
    print(json.dumps([measuring.times({JAX: run}, options.rounds, options.seconds)[JAX], first]))


# -- the tables ------------------------------------------------------------------------------------------------
def measured(work: Work, effort: Effort, made: Compilers) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds a call and of the first call, by peer; of `jax.jit` infinite for the first where it took too long."""
    runs, first = {}, {}
    for name, (library, compiler) in made.items():
        if not (name == JAX and work.slow_for_jax):
            runs[name], first[name] = first_call(partial(compiled, work, library, compiler), effort.firsts)
    runs |= uncompiled(work)
    assert_agreement(work.name, runs)
    best = measuring.times(runs, effort.rounds, effort.seconds)
    if JAX in made and work.slow_for_jax:
        found = with_limit(work, effort)
        if found is None:
            first[JAX] = float("inf")
        else:
            best[JAX], first[JAX] = found
    return best, first


def _ratio(times: Mapping[str, float], mine: str, other: str) -> float | None:
    return times[mine] / times[other] if mine in times and other in times else None


def _shown(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}"


def calls(works: Sequence[Work], effort: Effort, found: Times, firsts: Times) -> Table:
    """Seconds a call into ``found``, and of first calls into ``firsts``."""
    made = compilers()
    start_up()
    peers = (*made, TORCH, HAND, EAGER)
    ratios = ((LLVM, JAX), (NUMPY, JAX), (NUMPY, EAGER))

    def rows() -> Iterator[Sequence[str]]:
        means: dict[Any, list[float]] = {pair: [] for pair in ratios}
        for work in works:
            best, firsts[work.name] = measured(work, effort, made)
            found[work.name] = best
            folded = is_folded(work)
            for pair, each in means.items():
                ratio = _ratio(best, *pair)
                each.extend([ratio] if ratio is not None and not folded else [])
            name = f"{work.name} (folded)" if folded else work.name
            yield [name, *(duration(best[p]) if p in best else "" for p in peers), *(_shown(_ratio(best, *r)) for r in ratios)]
        shown = [_shown(geometric_mean(each) if each else None) for each in means.values()]
        yield ["geometric mean", *[""] * len(peers), *shown]

    return Table(
        "Compiled functions",
        "Value and gradient, where nothing else is said. Where `jax.jit` takes longer than "
        f"{LIMIT:.0f} s to compile a loop of Python's, its entry is empty and the row is not in the mean; the row below it is "
        "JAX with a loop of its own, which fdezero does not need. Results that are constants would be marked as folded and left "
        "out of the mean.",
        ["work", *peers, *(f"{mine} / {other}" for mine, other in ratios)],
        rows(),
    )


def first_calls(works: Sequence[Work], firsts: Times) -> Table:
    def rows() -> Iterator[Sequence[str]]:
        for work in works:
            took = firsts[work.name]
            shown = [
                f"> {LIMIT:.0f} s" if took.get(p) == float("inf") else duration(took[p]) if p in took else "" for p in peers
            ]
            yield [work.name, *shown, *(_shown(_ratio(took, name, JAX)) for name in BACKENDS)]

    peers = (*BACKENDS, JAX)
    return Table(
        "First calls of compiled functions",
        "Tracing, simplification, compilation, and the call; what a process loads for its first compilation is not counted.",
        ["work", *peers, *(f"{name} / {JAX}" for name in BACKENDS)],
        rows(),
    )


def straight(np: Any, x: Any, length: int) -> Any:
    """``length`` operations, no two of which can be one: three values in turn, each made of two of them."""
    a, b, c = x, x + 1, x - 1
    for k in range(length // 3):
        a, b, c = np.sin(b) * c, a + 0.5 * c, b - (0.1 + 0.001 * k)
    return a + b + c


def long_programs(effort: Effort) -> Table:
    def rows() -> Iterator[Sequence[str]]:
        for what, argument in (("numbers", 0.5), ("arrays of 10", np.linspace(-1, 1, 10))):
            for n in effort.straight:
                took = {}
                for name, (library, compiler) in compilers().items():
                    if name == JAX and n > effort.straight[0]:
                        continue
                    work = Work("", partial(straight, length=n * 3 // 5), lambda: (argument,))  # noqa: B023  # called in this turn
                    f = compiler(partial(work.function, library.module))
                    given = library.array(argument)
                    took[name] = first_call(lambda: lambda: library.wait(f(given)), 1)[1]  # noqa: B023  # as above
                each = [f"{took[p] / n * 1e6:.0f} us" if p in took else "" for p in BACKENDS]
                yield [f"{n:,} on {what}", *(duration(took[p]) if p in took else "" for p in peers), *each]

    peers = (*BACKENDS, JAX)
    return Table(
        "First calls of long programs",
        'A straight line of operations. The columns "for each" stay level. `jax.jit` compiles the shortest alone.',
        ["operations", *peers, *(f"{name}, for each" for name in BACKENDS)],
        rows(),
    )


def overhead(effort: Effort) -> Table:
    def rows() -> Iterator[Sequence[str]]:
        runs: dict[str, Run] = {"the function itself": lambda: f(np, 1.5)}
        for name, (library, compiler) in compilers().items():
            g, given = compiler(partial(f, library.module)), library.array(1.5)
            for _ in range(3):  # traced, compared, compiled
                g(given)
            runs[name] = partial(_waited, library.wait, g, given) if name == JAX else partial(g, given)
        for name, took in measuring.times(runs, effort.rounds, effort.seconds).items():
            yield [name, f"{took * 1e6:.2f} us"]

    f = polynomial
    return Table("The cost of a call", "A polynomial of a number.", ["", "a call"], rows())


def _waited(wait: Callable[[Any], Any], f: Callable[[Any], Any], x: Any) -> Any:
    return wait(f(x))


# -- the README at the top ---------------------------------------------------------------------------------------
#: The rows that it shows.
SUMMARY = (
    "Goldstein-Price, scalars",
    "RNN, 50 steps",
    "MLP 8-32-32-1, batch 16",
    "logistic regression, 20,000 x 50",
    "GELU, a million",
    "Hessian, Rosenbrock, 100",
)

BEGIN, END = "<!-- compiled functions: written by python -m tests.benchmarks --write -->", "<!-- end of compiled functions -->"


def summary(found: Times) -> list[str]:
    """The lines of the table."""
    peers = (EAGER, NUMPY, LLVM, JAX, TORCH)
    rows = ([name, *(duration(found[name][p]) if p in found[name] else "" for p in peers)] for name in SUMMARY)
    return list(Table("", "", ["work", *peers], rows).lines())[3:]


def with_summary(readme: str, found: Times) -> str:
    """The text with the rows of `SUMMARY`, as measured, between the markers."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the README has no lines {BEGIN!r} and {END!r}; put them where the table is to stand")
    return before + "\n\n".join([BEGIN, "\n".join(summary(found)), END]) + after


if __name__ == "__main__":
    _child()
