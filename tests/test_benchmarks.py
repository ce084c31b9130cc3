"""The benchmarks measure the same gradient in every way they compute it."""

from __future__ import annotations

import pytest

from tests.benchmarks import measuring, transforms
from tests.benchmarks.workloads import WORKLOADS, Workload


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
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
