"""Run the benchmarks and print Markdown: ``python -m tests.benchmarks [--quick] [--write] [name ...]``."""

from __future__ import annotations

import argparse
import os

# One thread for everybody, or the pools of NumPy and PyTorch fight over the cores.  Set before NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

if hasattr(os, "sched_setaffinity"):  # JAX has a pool of its own, which no variable makes one thread
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

from . import compiled_tables, report
from .tables import FULL, QUICK, Times


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    names = "transforms, checkpoint, memory, length, deep, import, jit, long programs, overhead"
    parser.add_argument("names", nargs="*", help=f"only what has one of these in its name (also: {names})")
    parser.add_argument("--quick", action="store_true", help="a rough answer in seconds")
    parser.add_argument(
        "--write",
        action="store_true",
        help="write the tables to tests/benchmarks/README.md and, unless quick, six rows of each kind to README.md",
    )
    options = parser.parse_args()
    if options.write and options.names:
        parser.error("--write writes the whole page; leave out the names")

    def wanted(name: str) -> bool:
        return not options.names or any(word.lower() in name.lower() for word in options.names)

    found: Times = {}
    compiled: Times = {}
    tables = report.sections(wanted, QUICK if options.quick else FULL, found, compiled)
    body = "".join(map(report.shown, tables))
    if options.write:
        report.PAGE.write_text(report.page(found, body, options.quick))
        if not options.quick:
            readme = report.with_summary(report.README.read_text(), found)
            report.README.write_text(compiled_tables.with_summary(readme, compiled))


if __name__ == "__main__":
    main()
