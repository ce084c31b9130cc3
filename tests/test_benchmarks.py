"""The benchmarks measure the same gradient in every way they compute it."""

from __future__ import annotations

import pytest

from tests.benchmarks import measuring, report, transforms
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
    table = report.Table("Title", "About.", ["a", "b"], iter([["1", "2"]]))
    assert list(table.lines()) == ["", "## Title", "", "About.", "", "| a | b |", "| --- | ---: |", "| 1 | 2 |"]
