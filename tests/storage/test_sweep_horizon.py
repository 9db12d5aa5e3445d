"""SweepHorizon: how far a clock is trusted that jumps ahead, goes back, or was wrong from the start."""

import math

import pytest

from aiocognito.storage._sweep_horizon import SweepHorizon

HOUR, YEAR = 3600.0, 365 * 86_400.0


@pytest.mark.parametrize(
    ("is_trusted", "readings", "horizons"),
    [
        pytest.param(True, [0, 10, HOUR, 2 * HOUR], [0, 10, HOUR, 2 * HOUR], id="steady"),
        pytest.param(True, [100, 50, 60], [100, 50, 60], id="put back"),
        pytest.param(True, [0, YEAR, YEAR + 10, 20], [0, 0, 0, 20], id="ahead for a moment"),
        pytest.param(
            True,
            [0, YEAR, YEAR + HOUR - 1, YEAR + HOUR, YEAR + HOUR + 1],
            [0, 0, 0, YEAR + HOUR, YEAR + HOUR + 1],
            id="ahead for good",
        ),
        pytest.param(
            True, [0, 2 * YEAR, YEAR, YEAR + HOUR], [0, 0, 0, YEAR + HOUR], id="ahead, then less so"
        ),
        pytest.param(True, [0, 2 * HOUR, -10, 5], [0, 0, -10, 5], id="ahead, then too far back"),
        pytest.param(
            False, [YEAR, YEAR + 1, YEAR + HOUR], [-math.inf, -math.inf, YEAR + HOUR], id="on probation"
        ),
        pytest.param(False, [YEAR, 0, HOUR], [-math.inf, -math.inf, HOUR], id="wrong from the start"),
    ],
)
def test_horizon_after_each_reading(is_trusted: bool, readings: list[float], horizons: list[float]) -> None:
    horizon = SweepHorizon(is_trusted=is_trusted)
    assert [horizon.at(float(now)) for now in readings] == horizons
