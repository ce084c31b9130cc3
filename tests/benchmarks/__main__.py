"""Run the benchmarks and print Markdown: ``python -m tests.benchmarks [--quick] [--write] [name ...]``."""

from __future__ import annotations

import argparse
import os

# One thread for everybody, or the pools of NumPy and PyTorch fight over the cores.  Set before NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

from . import report


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    names = "transforms, checkpoint, memory, length, deep, import"
    parser.add_argument("names", nargs="*", help=f"only what has one of these in its name (also: {names})")
    parser.add_argument("--quick", action="store_true", help="a rough answer in seconds")
    parser.add_argument(
        "--write",
        action="store_true",
        help="write the tables to tests/benchmarks/README.md and, unless quick, six rows to README.md",
    )
    options = parser.parse_args()
    if options.write and options.names:
        parser.error("--write writes the whole page; leave out the names")

    def wanted(name: str) -> bool:
        return not options.names or any(word.lower() in name.lower() for word in options.names)

    found: report.Times = {}
    tables = report.sections(wanted, report.QUICK if options.quick else report.FULL, found)
    body = "".join(map(report.shown, tables))
    if options.write:
        report.PAGE.write_text(report.page(found, body, options.quick))
        if not options.quick:
            report.README.write_text(report.with_summary(report.README.read_text(), found))


if __name__ == "__main__":
    main()
