"""The benchmarks measure the same gradient in every way they compute it."""

from __future__ import annotations

import pytest

from tests.benchmarks import measuring
from tests.benchmarks.workloads import WORKLOADS, Workload


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_the_gradient_written_by_hand_is_fdezeros(workload: Workload) -> None:
    runs = {measuring.FDEZERO: measuring.with_fdezero(workload), measuring.HAND: measuring.by_hand(workload)}
    measuring.assert_agreement(workload, runs)
