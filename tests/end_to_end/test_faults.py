"""Inject a fault at each position of each operation that moves tokens: sessions that can survive do."""

from __future__ import annotations

import pytest
from benchmarks.faults import figures
from benchmarks.faults.matrix import Outcome, runs
from benchmarks.faults.operations import Operation, operations


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.name)
def test_no_fault_ends_a_session_whose_refresh_token_still_works(operation: Operation) -> None:
    found = runs(operation)
    assert [run for run in found if run.outcome is Outcome.LOST or run.complaints] == []
    written = figures.read()[operation.name]
    assert figures.count(found) == written, "run: python -m benchmarks.faults --write"


def test_the_figures_of_the_documentation_are_those_of_all_runs() -> None:
    assert list(figures.read()) == [operation.name for operation in operations()]
    assert figures.written_table() == figures.table(figures.read())
