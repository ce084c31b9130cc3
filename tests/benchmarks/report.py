"""The report: tables in Markdown, printed as they are measured, and the text around them."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from . import compiled_tables, measuring, transforms
from .compiled import WORKS
from .measuring import AUTOGRAD, FDEZERO, HAND, TORCH
from .numerics import NUMERICS
from .tables import Effort, Table, Times, duration, geometric_mean, size
from .transforms import JAX
from .workloads import WORKLOADS, Workload, chain, chain_by_hand, indexed_sum, indexed_sum_arguments, indexed_sum_by_hand

#: Workloads, the title of their table, and a sentence or two about it.
GROUPS = (
    (
        WORKLOADS,
        "Value and gradient",
        "On small arrays the time is what Python takes for each operation; on large ones it is NumPy's. A gradient written by "
        "hand reuses the memory of arrays that have no name, which a tape has to keep.",
    ),
    (
        NUMERICS,
        "Value and gradient of numerical work",
        "What takes the time is one function of NumPy or SciPy, on arrays that are large enough for it. fdezero / by hand is to "
        "be at most 1.3.",
    ),
)


# -- the sections --------------------------------------------------------------------------------------
def times(workloads: Sequence[Workload], effort: Effort, found: Times, title: str, about: str) -> Table:
    peers = measuring.installed_peers()
    others = [name for name in peers if name != FDEZERO]

    def rows() -> Iterator[Sequence[str]]:
        for workload in workloads:
            runs = {name: peer(workload) for name, peer in peers.items()}
            measuring.assert_agreement(workload, runs)
            best = found[workload.name] = measuring.times(runs, effort.rounds, effort.seconds)
            yield [workload.name, *map(duration, best.values()), *(f"{best[FDEZERO] / best[name]:.2f}" for name in others)]
        for label, group in (("small", [w for w in workloads if not w.large]), ("large", [w for w in workloads if w.large])):
            if group:
                ratios = [[found[w.name][FDEZERO] / found[w.name][name] for w in group] for name in others]
                means = [f"{geometric_mean(each):.2f}" for each in ratios]
                yield [f"geometric mean, {label} arrays", *[""] * len(peers), *means]

    return Table(
        title,
        about,
        ["work", *peers, *(f"fdezero / {name}" for name in others)],
        rows(),
    )


def transformed(tasks: Sequence[transforms.Task], effort: Effort, found: Times) -> Table:
    peers = transforms.installed_peers()
    others = [name for name in peers if name != FDEZERO]

    def rows() -> Iterator[Sequence[str]]:
        for task in tasks:
            runs = transforms.runs(task, peers)
            transforms.assert_agreement(task.name, {name: run() for name, run in runs.items()})
            best = found[task.name] = measuring.times(runs, effort.rounds, effort.seconds)
            rival = transforms.fastest(best, others)
            ratio = f"{best[FDEZERO] / best[rival]:.2f} ({rival})" if rival else ""
            yield [task.name, *(duration(best[name]) if name in best else "" for name in peers), ratio]

    return Table(
        "Transforms",
        "Each peer in the fastest way it has; where it has none the entry is empty. The product with the Hessian of the large "
        "network is matrix products nearly alone.",
        ["work", *peers, "fdezero / fastest other"],
        rows(),
    )


def overheads(cases: Sequence[transforms.Overhead], effort: Effort) -> Table:
    def rows() -> Iterator[Sequence[str]]:
        for one in cases:
            runs = {FDEZERO: one.transformed, one.beside: one.plain}
            transforms.assert_agreement(one.name, {name: run() for name, run in runs.items()})
            mine, other = measuring.times(runs, effort.rounds, effort.seconds).values()
            limit = "no limit" if one.limit is None else f"{one.limit}"
            yield [one.name, duration(mine), f"{duration(other)} ({one.beside})", f"{mine / other:.2f}", limit]

    return Table(
        "Transforms beside less",
        'A transformed function beside something that does less. "At most" is the ratio aimed at. Elementwise functions of large '
        "arrays have none: an operation at a time, each result is a new array for the value and another for the tangent, and "
        "only compilation could do with fewer.",
        ["work", FDEZERO, "beside", "ratio", "at most"],
        rows(),
    )


def checkpoint_memory() -> Table:
    rows = ([name, size(mine), size(kept), f"{mine / kept:.2f}"] for name, (mine, kept) in transforms.peak_memories().items())
    return Table(
        "Peak memory of a checkpointed chain",
        "The gradient of 10 times 10 steps on 10,000 numbers.",
        ["peer", "checkpointed", "not", "checkpointed / not"],
        rows,
    )


def memory(workloads: Sequence[Workload]) -> Table:
    def rows() -> Iterator[Sequence[str]]:
        for workload in workloads:
            mine, hand = (measuring.peak_memory(peer(workload)) for peer in (measuring.with_fdezero, measuring.by_hand))
            yield [workload.name, size(mine), size(hand), f"{mine / hand:.2f}"]

    return Table("Peak memory of value and gradient", "", ["work", FDEZERO, HAND, "fdezero / by hand"], rows())


def lengths(effort: Effort) -> Table:
    def reads(n: int) -> Workload:
        return Workload(f"x[i] * x[i + 1], {n:,} products", indexed_sum, indexed_sum_by_hand, lambda: indexed_sum_arguments(n))

    def operations(n: int) -> Workload:
        return Workload(f"chain of {n:,} operations", chain, chain_by_hand, lambda: (1.5, n))

    def rows() -> Iterator[Sequence[str]]:
        for make in (reads, operations):
            for n in effort.lengths:
                workload = make(n)
                run = measuring.with_fdezero(workload)
                time, peak = measuring.times({FDEZERO: run}, 3, 0)[FDEZERO], measuring.peak_memory(run)
                yield [workload.name, duration(time), f"{time / n * 1e6:.2f} us", size(peak), f"{peak / n:.0f} B"]

    return Table(
        "Growth with length",
        'Time and memory in proportion to the number of operations: the columns "for each" stay level.',
        ["work", "time", "for each", "peak memory", "for each"],
        rows(),
    )


def deep_graph(effort: Effort) -> Table:
    def rows() -> Iterator[Sequence[str]]:
        took = measuring.deep_graph(effort.deep)
        yield [f"{effort.deep:,}", duration(took.recorded), duration(took.pulled_back), duration(took.freed)]

    return Table("A deep graph", "", ["nodes", "recorded", "pulled back", "freed"], rows())


def import_time(effort: Effort) -> Table:
    rows = (["`import fdezero`", duration(took)] for took in map(measuring.import_time, [effort.imports]))
    return Table("Import", "", ["", "beyond `import numpy`"], rows)


def compilation(wanted: Callable[[str], bool], effort: Effort, found: Times) -> Iterator[Table]:
    """The tables of `jit`."""
    everything = wanted("jit")
    firsts: Times = {}
    if works := [w for w in WORKS if everything or wanted(w.name)]:
        yield compiled_tables.calls(works, effort, found, firsts)
        yield compiled_tables.first_calls(works, firsts)
    if everything or wanted("long programs"):
        yield compiled_tables.long_programs(effort)
    if everything or wanted("overhead"):
        yield compiled_tables.overhead(effort)


def sections(wanted: Callable[[str], bool], effort: Effort, found: Times, compiled: Times) -> Iterator[Table]:
    """The tables of which something is ``wanted``, by its name or by the section's."""
    for group, title, about in GROUPS:
        if workloads := [w for w in group if wanted(w.name)]:
            yield times(workloads, effort, found, title, about)
    everything = wanted("transforms")
    if tasks := [t for t in transforms.TASKS if everything or wanted(t.name)]:
        yield transformed(tasks, effort, found)
    if cases := [o for o in transforms.overheads() if everything or wanted(o.name)]:
        yield overheads(cases, effort)
    yield from compilation(wanted, effort, compiled)
    if everything or wanted("checkpoint"):
        yield checkpoint_memory()
    if wanted("memory"):
        yield memory([w for w in WORKLOADS if w.large or w.function is chain])
    if wanted("length"):
        yield lengths(effort)
    if wanted("deep"):
        yield deep_graph(effort)
    if wanted("import"):
        yield import_time(effort)


# -- the page --------------------------------------------------------------------------------------------
PAGE = Path(__file__).with_name("README.md")
README = PAGE.parents[2] / "README.md"

#: The rows that the README at the top of the repository shows: wins and losses, small and large.
SUMMARY = (
    "MLP 8-32-32-1, batch 16",
    "x[i] * x[i + 1], 1,000 reads",
    "per-example gradients, MLP 8-32-32-1, 256",
    "Hessian, logistic regression, 30 weights, 2,000 rows",
    "MLP 784-512-512-10, batch 256, float32",
    "GELU, a million",
)


def summary(found: Mapping[str, Mapping[str, float]]) -> Table:
    peers = (FDEZERO, HAND, AUTOGRAD, TORCH)
    rows = ([name, *(duration(found[name][p]) if p in found[name] else "" for p in peers)] for name in SUMMARY)
    return Table("Summary", "", ["work", *peers], rows)


def machine() -> str:
    """Processor, memory and versions, in a sentence."""
    packages = {"numpy": "NumPy", "autograd": AUTOGRAD, "torch": f"{TORCH} (eager, CPU)", "jax": JAX}
    versions = [f"Python {platform.python_version()}"]
    for package, name in packages.items():
        try:
            versions.append(f"{name} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return f"Measured on {os.cpu_count()} cores of {_processor()}{_memory()}, one thread each, with {', '.join(versions)}."


def _processor() -> str:
    """The model, and the widest vector instructions where they are known: functions of large arrays depend on them."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        text = ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    widest = next((f" ({name})" for flag, name in _VECTORS.items() if flag in text), "")
    return (models[0] if models else platform.processor() or platform.machine()) + widest


_VECTORS = {"avx512f": "AVX-512", "avx2": "AVX2"}


def _memory() -> str:
    try:
        return f" with {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (AttributeError, ValueError, OSError):
        return ""


def page(found: Mapping[str, Mapping[str, float]], body: str, quick: bool) -> str:
    """The text of `PAGE`."""
    rough = "These figures are rough: they were measured with `--quick`.\n\n" if quick else ""
    return f"""# Benchmarks

This page is written by `python -m tests.benchmarks --write`, from the top of the repository; without `--write` the tables are printed, `--quick` takes seconds instead of minutes, and names choose rows or sections.

{rough}{machine()} HIPS autograd comes with `pip install ".[bench]"`; PyTorch and JAX are measured where they are installed. But for the tables of compiled functions, JAX runs without `jit`, for what is compared is what a script gets at once.

All that do a piece of work are first asserted to agree. Then they run it in turns, one burst each, so that whatever else the machine does meets them all; the fastest burst counts. C's allocator is told to keep what is freed, for all alike. Compare the ratios, not the times, between machines. PyTorch's tensors are made beforehand. "By hand" is the gradient written in NumPy.
{chr(10).join(summary(found).lines())}
{body}"""


def with_summary(readme: str, found: Mapping[str, Mapping[str, float]]) -> str:
    """The text of the README at the top of the repository, with the rows of `SUMMARY` as measured."""
    _, _, _, head, *rest = summary(found).lines()
    before, table, after = readme.partition(f"{head}\n")
    if not table:
        raise ValueError(f"{README} has no table that begins with {head}")
    _, _, others = after.partition("\n\n")
    return before + "\n".join([head, *rest]) + "\n\n" + others


def shown(table: Table) -> str:
    """The table's text, after printing it line by line."""
    lines = []
    for line in table.lines():
        print(line, flush=True)
        lines.append(line)
    return "".join(f"{line}\n" for line in lines)
