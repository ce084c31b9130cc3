"""The benchmarks measure the same gradient in every way they compute it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import fdezero
from tests.benchmarks import compiled, compiled_tables, measuring, report, tables, transforms
from tests.benchmarks.numerics import NUMERICS
from tests.benchmarks.workloads import WORKLOADS, Workload


@pytest.mark.parametrize("workload", [*WORKLOADS, *NUMERICS], ids=lambda workload: workload.name)
def test_the_gradient_written_by_hand_is_fdezeros(workload: Workload) -> None:
    runs = {measuring.FDEZERO: measuring.with_fdezero(workload), measuring.HAND: measuring.by_hand(workload)}
    measuring.assert_agreement(workload, runs)


@pytest.mark.parametrize("task", transforms.TASKS, ids=lambda task: task.name)
def test_the_transforms_are_those_of_hips_autograd(task: transforms.Task) -> None:
    pytest.importorskip("autograd")
    runs = transforms.runs(task, {measuring.FDEZERO: transforms.fdezero_peer(), measuring.AUTOGRAD: transforms.autograd_peer()})
    if measuring.AUTOGRAD not in runs:
        pytest.skip("it has no way of doing this")
    transforms.assert_agreement(task.name, {name: run() for name, run in runs.items()})


@pytest.mark.parametrize("case", transforms.overheads(), ids=lambda case: case.name)
def test_the_transformed_functions_give_what_the_plain_ones_give(case: transforms.Overhead) -> None:
    transforms.assert_agreement(case.name, {"transformed": case.transformed(), "plain": case.plain()})


def test_checkpoints_save_memory() -> None:
    checkpointed, kept = transforms.peak_memories()[measuring.FDEZERO]
    assert checkpointed < kept / 3


def test_the_summary_takes_the_place_of_the_readme_s_table() -> None:
    measured = {w.name for w in WORKLOADS} | {t.name for t in transforms.TASKS}
    assert measured.issuperset(report.SUMMARY)
    found = {name: {measuring.FDEZERO: 1.5e-3, measuring.TORCH: 2e-6} for name in measured}
    before = report.README.read_text()
    after = report.with_summary(before, found)
    changed = [(old, new) for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert {new for _, new in changed} <= {f"| {name} | 1.50 ms |  |  | 2.0 us |" for name in report.SUMMARY}
    assert all(new in after for name in report.SUMMARY for new in [f"| {name} | 1.50 ms |  |  | 2.0 us |"])
    with pytest.raises(ValueError, match="no table"):
        report.with_summary("nothing", found)


def test_a_table_is_markdown() -> None:
    table = tables.Table("Title", "About.", ["a", "b"], iter([["1", "2"]]))
    assert list(table.lines()) == ["", "## Title", "", "About.", "", "| a | b |", "| --- | ---: |", "| 1 | 2 |"]


@pytest.mark.parametrize("work", [w for w in compiled.WORKS if w.name in compiled_tables.SUMMARY], ids=lambda work: work.name)
def test_what_is_compiled_agrees_with_the_same_by_hand_and_an_operation_at_a_time(work: compiled.Work) -> None:
    mine = compiled.fdezero_library()
    runs = {"compiled": compiled_tables.compiled(work, mine, fdezero.jit), "eager": compiled_tables.compiled(work, mine, lambda f: f)}
    if work.by_hand is not None:
        runs["by hand"] = lambda: work.by_hand(*work.arguments())
    compiled_tables.assert_agreement(work.name, runs)


def test_the_summary_of_compiled_functions_stands_between_its_markers() -> None:
    assert {w.name for w in compiled.WORKS}.issuperset(compiled_tables.SUMMARY)
    found = {w.name: {compiled_tables.LLVM: 1.5e-3} for w in compiled.WORKS}
    text = compiled_tables.with_summary(f"a\n{compiled_tables.BEGIN}\nstale\n{compiled_tables.END}\nb", found)
    assert text.startswith("a\n") and text.endswith("\nb") and "stale" not in text
    assert "| GELU, a million |  |  | 1.50 ms |  |  |" in text
    with pytest.raises(ValueError, match="no lines"):
        compiled_tables.with_summary("nothing", found)


def test_importing_fdezero_imports_neither_llvmlite_nor_the_compiler() -> None:
    code = "import sys, fdezero; print([m for m in sys.modules if 'llvmlite' in m or m.startswith('fdezero.jit.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
