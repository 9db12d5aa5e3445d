"""Processes that share one session in a real Redis, with tokens that rotate and no grace period.

`benchmarks/machines` runs the same with eight processes and ten thousand calls, and more faults.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from benchmarks.machines import scenarios
from benchmarks.machines.stage import Stage, stage


@pytest.fixture(scope="module")
def here() -> Iterator[Stage]:
    with stage() as running:
        yield running


@pytest.mark.parametrize(
    "scenario",
    [
        scenarios.at_expiry,
        scenarios.short_lease,
        pytest.param(scenarios.slow_network, marks=pytest.mark.interop),
    ],
)
def test_many_calls_at_expiry_are_one_refresh(here: Stage, scenario: scenarios.Scenario) -> None:
    report = scenario(here, 3, 40)
    assert report.outcomes == {"tokens": 120}
    assert (report.refreshes, report.reuses) == (1, 0)
    assert (report.kept, report.crossed) == (1, 0)
    # One poller for each process: it pauses for at least 0.1 s, once its pauses have grown.
    assert report.reads <= report.calls + 3 * (10 * report.seconds + 20)


@pytest.mark.interop
@pytest.mark.parametrize(
    "scenario", [scenarios.cut_network, scenarios.lost_answers, scenarios.restarted_with_aof]
)
def test_calls_that_redis_does_not_answer_may_raise_and_the_session_is_kept(
    here: Stage, scenario: scenarios.Scenario
) -> None:
    report = scenario(here, 3, 40)
    assert set(report.outcomes) <= {"tokens", "StorageError"}
    assert report.outcomes["tokens"] > 0
    assert (report.refreshes, report.reuses) == (1, 0)
    assert (report.kept, report.crossed) == (1, 0)


def test_session_that_the_server_lost_has_ended_and_stays_so(here: Stage) -> None:
    report = scenarios.flushed(here, 3, 40)
    assert report.outcomes == {"signed out": 120}
    assert (report.refreshes, report.reuses) == (1, 0)
    assert (report.ended, report.resurrected, report.crossed) == (1, 0, 0)


@pytest.mark.interop
def test_session_of_a_server_that_restarted_empty_has_ended_and_stays_so(here: Stage) -> None:
    """Calls raise while the server is away."""
    report = scenarios.restarted(here, 3, 40)
    assert set(report.outcomes) <= {"signed out", "StorageError"}
    assert report.outcomes["signed out"] > 0
    assert (report.refreshes <= 1, report.reuses) == (True, 0)
    assert (report.ended, report.resurrected, report.crossed) == (1, 0, 0)


@pytest.mark.interop
def test_process_killed_at_any_of_its_calls_loses_no_session_within_the_grace_period(here: Stage) -> None:
    report = scenarios.killed(here, 2, 5, grace=60, points=6)
    assert (report.kept, report.ended, report.crossed) == (6, 0, 0)


@pytest.mark.interop
def test_processes_killed_after_cognitos_answer_cross_no_session(here: Stage) -> None:
    report = scenarios.killed_at_random(here, 3, 5, grace=60, sessions=4)
    assert report.kept + report.ended == 4
    assert (report.resurrected, report.crossed) == (0, 0)


@pytest.mark.interop
def test_failover_crosses_no_session(here: Stage) -> None:
    """Calls raise until the replica is the primary; what it does not have is lost."""
    report = scenarios.failover(here, 3, 40)
    assert report.kept + report.ended == 1
    assert (report.resurrected, report.crossed) == (0, 0)
