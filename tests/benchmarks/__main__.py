"""Run the benchmarks and print Markdown: ``python -m tests.benchmarks [--quick] [name ...]``."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterable, Sequence

# One thread for everybody, or the pools of NumPy and PyTorch fight over the cores.  Set before NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import attrs

from . import measuring, transforms
from .measuring import FDEZERO, HAND
from .workloads import (
    WORKLOADS,
    Workload,
    chain,
    chain_by_hand,
    indexed_sum,
    indexed_sum_arguments,
    indexed_sum_by_hand,
)


@attrs.frozen
class Effort:
    """How long to measure."""

    rounds: int
    seconds: float  # a burst
    lengths: tuple[int, ...]
    deep: int
    imports: int


FULL = Effort(rounds=11, seconds=0.04, lengths=(10_000, 20_000, 40_000), deep=1_000_000, imports=9)
QUICK = Effort(rounds=3, seconds=0.005, lengths=(1_000, 2_000, 4_000), deep=100_000, imports=3)


def print_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A Markdown table, its rows printed as they come."""
    print(f"\n## {title}\n\n| {' | '.join(head)} |\n| --- |{' ---: |' * (len(head) - 1)}", flush=True)
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def duration(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def size(number: float) -> str:
    return f"{number / 1e6:.2f} MB" if number >= 1e6 else f"{number / 1e3:.1f} kB"


def geometric_mean(ratios: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


# -- the sections --------------------------------------------------------------------------------------
def print_times(workloads: Sequence[Workload], effort: Effort) -> None:
    peers = measuring.installed_peers()
    others = [name for name in peers if name != FDEZERO]
    ratios: dict[tuple[bool, str], list[float]] = {}

    def rows() -> Iterable[Sequence[str]]:
        for workload in workloads:
            runs = {name: peer(workload) for name, peer in peers.items()}
            measuring.assert_agreement(workload, runs)
            best = measuring.times(runs, effort.rounds, effort.seconds)
            for name in others:
                ratios.setdefault((workload.large, name), []).append(best[FDEZERO] / best[name])
            yield [workload.name, *map(duration, best.values()), *(f"{best[FDEZERO] / best[name]:.2f}" for name in others)]
        for large in (False, True):
            if (large, HAND) in ratios:
                label = f"geometric mean, {'large' if large else 'small'} arrays"
                yield [label, *[""] * len(peers), *(f"{geometric_mean(ratios[large, name]):.2f}" for name in others)]

    print_table("Value and gradient", ["work", *peers, *(f"fdezero / {name}" for name in others)], rows())


def print_transforms(tasks: Sequence[transforms.Task], overheads: Sequence[transforms.Overhead], effort: Effort) -> None:
    peers = transforms.installed_peers()
    others = [name for name in peers if name != FDEZERO]

    def rows() -> Iterable[Sequence[str]]:
        for task in tasks:
            runs = transforms.runs(task, peers)
            transforms.assert_agreement(task.name, {name: run() for name, run in runs.items()})
            best = measuring.times(runs, effort.rounds, effort.seconds)
            rival = transforms.fastest(best, others)
            ratio = f"{best[FDEZERO] / best[rival]:.2f} ({rival})" if rival else ""
            yield [task.name, *(duration(best[name]) if name in best else "" for name in peers), ratio]

    def overhead_rows() -> Iterable[Sequence[str]]:
        for one in overheads:
            runs = {FDEZERO: one.transformed, one.beside: one.plain}
            transforms.assert_agreement(one.name, {name: run() for name, run in runs.items()})
            mine, other = measuring.times(runs, effort.rounds, effort.seconds).values()
            yield [one.name, duration(mine), f"{duration(other)} ({one.beside})", f"{mine / other:.2f}", f"{one.limit}"]

    if tasks:
        print_table("Transforms", ["work", *peers, "fdezero / fastest other"], rows())
    if overheads:
        print_table("Transforms beside less", ["work", FDEZERO, "beside", "ratio", "at most"], overhead_rows())


def print_checkpoint_memory() -> None:
    print_table(
        "Peak memory of a checkpointed chain",
        ["peer", "checkpointed", "not", "checkpointed / not"],
        [[name, size(mine), size(kept), f"{mine / kept:.2f}"] for name, (mine, kept) in transforms.peak_memories().items()],
    )


def print_memory(workloads: Sequence[Workload]) -> None:
    def rows() -> Iterable[Sequence[str]]:
        for workload in workloads:
            mine, hand = (measuring.peak_memory(peer(workload)) for peer in (measuring.with_fdezero, measuring.by_hand))
            yield [workload.name, size(mine), size(hand), f"{mine / hand:.2f}"]

    print_table("Peak memory of value and gradient", ["work", FDEZERO, HAND, "fdezero / by hand"], rows())


def print_lengths(effort: Effort) -> None:
    def reads(n: int) -> Workload:
        return Workload(f"x[i] * x[i + 1], {n:,} products", indexed_sum, indexed_sum_by_hand, lambda: indexed_sum_arguments(n))

    def operations(n: int) -> Workload:
        return Workload(f"chain of {n:,} operations", chain, chain_by_hand, lambda: (1.5, n))

    def rows() -> Iterable[Sequence[str]]:
        for make in (reads, operations):
            for n in effort.lengths:
                workload = make(n)
                run = measuring.with_fdezero(workload)
                time, memory = measuring.times({FDEZERO: run}, 3, 0)[FDEZERO], measuring.peak_memory(run)
                yield [workload.name, duration(time), f"{time / n * 1e6:.2f} us", size(memory), f"{memory / n:.0f} B"]

    print_table("Growth with length", ["work", "time", "for each", "peak memory", "for each"], rows())


def print_deep_graph(effort: Effort) -> None:
    took = measuring.deep_graph(effort.deep)
    print_table(
        "A deep graph",
        ["nodes", "recorded", "pulled back", "freed"],
        [[f"{effort.deep:,}", duration(took.recorded), duration(took.pulled_back), duration(took.freed)]],
    )


def print_import(effort: Effort) -> None:
    took = measuring.import_time(effort.imports)
    print_table("Import", ["", "beyond `import numpy`"], [["`import fdezero`", duration(took)]])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    sections = "transforms, checkpoint, memory, length, deep, import"
    parser.add_argument("names", nargs="*", help=f"only what has one of these in its name (also: {sections})")
    parser.add_argument("--quick", action="store_true", help="a rough answer in seconds")
    options = parser.parse_args()
    effort = QUICK if options.quick else FULL

    def wanted(name: str) -> bool:
        return not options.names or any(word.lower() in name.lower() for word in options.names)

    if workloads := [w for w in WORKLOADS if wanted(w.name)]:
        print_times(workloads, effort)
    everything = "transforms" in options.names
    tasks = [t for t in transforms.TASKS if everything or wanted(t.name)]
    overheads = [o for o in transforms.overheads() if everything or wanted(o.name)]
    if tasks or overheads:
        print_transforms(tasks, overheads, effort)
    if everything or wanted("checkpoint"):
        print_checkpoint_memory()
    if wanted("memory"):
        print_memory([w for w in WORKLOADS if w.large or w.function is chain])
    if wanted("length"):
        print_lengths(effort)
    if wanted("deep"):
        print_deep_graph(effort)
    if wanted("import"):
        print_import(effort)


if __name__ == "__main__":
    main()
