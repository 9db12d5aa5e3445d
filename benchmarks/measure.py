"""How to measure: subjects in turn, round after round, and the median of each."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence

from attrs import field, frozen

OURS = "aiocognito"


@frozen
class Subject:
    """One library doing the work that is measured.

    Args:
        name: The library, e.g. ``pycognito``.
        measure: Does the work once and returns what it cost (or achieved), in the table's unit.
        how: What else must be known to read the number: how it was driven.
    """

    name: str
    measure: Callable[[], float]
    how: str = ""

    @property
    def label(self) -> str:
        return f"{self.name} ({self.how})" if self.how else self.name


@frozen
class Row:
    label: str
    name: str
    value: float
    spread: tuple[float, float]


@frozen
class Bar:
    """What we hold ourselves to.

    Args:
        text: The bar in words.
        reached: Given the table, the number reached, in words, and whether it passes.
    """

    text: str
    reached: Callable[[Table], tuple[str, bool]]


@frozen
class Table:
    """One measurement of all subjects.

    Args:
        key: What ``--only`` calls it.
        title: The question.
        unit: Of every value.
        rows: Ours first.
        more_is_better: Whether a higher value wins.
        about: How it was measured, for the page.
        bars: What ours is held to.
    """

    key: str
    title: str
    unit: str
    rows: Sequence[Row]
    more_is_better: bool = False
    about: str = ""
    bars: Sequence[Bar] = field(default=())

    def value(self, start: str) -> float | None:
        """The value of the first row whose label starts so."""
        return next((row.value for row in self.rows if row.label.startswith(start)), None)

    def advantage(self, row: Row) -> float | None:
        """How many times better ours is than this row."""
        ours = self.value(OURS)
        if not ours or not row.value:
            return None
        return ours / row.value if self.more_is_better else row.value / ours


def interleaved(subjects: Sequence[Subject], rounds: int, *, warm_up: bool = True) -> list[Row]:
    """Let every subject work once per round, so that a busy moment of the machine hits all alike."""
    if warm_up:
        for subject in subjects:
            subject.measure()
    values: dict[str, list[float]] = {subject.label: [] for subject in subjects}
    for _ in range(rounds):
        for subject in subjects:
            gc.collect()
            values[subject.label].append(subject.measure())
    return [Row(s.label, s.name, statistics.median(v := values[s.label]), (min(v), max(v))) for s in subjects]


def cpu(work: Callable[[], object], times: int) -> float:
    """Processor seconds of this process (all threads) per unit of work."""
    start = time.process_time()
    work()
    return (time.process_time() - start) / times


def wall(work: Callable[[], object], times: int) -> float:
    """Seconds per unit of work."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) / times


def times_better(peer: str, at_least: float) -> Bar:
    """Ours is `at_least` times better than the peer."""

    def reached(table: Table) -> tuple[str, bool]:
        row = next((row for row in table.rows if row.label.startswith(peer)), None)
        advantage = row and table.advantage(row)
        if not advantage:
            return "not measured", False
        return f"{advantage:.3g} ×", advantage >= at_least

    return Bar(f"{at_least:g} × {peer}", reached)


def no_more_than(limit: float, unit: str) -> Bar:
    """Ours costs at most `limit`."""

    def reached(table: Table) -> tuple[str, bool]:
        ours = table.value(OURS)
        return ("not measured", False) if ours is None else (f"{ours:.3g} {unit}", ours <= limit)

    return Bar(f"at most {limit:g} {unit}", reached)


def no_more_than_times(limit: float, peer: str) -> Bar:
    """Ours costs at most `limit` times what the peer costs."""

    def reached(table: Table) -> tuple[str, bool]:
        row = next((row for row in table.rows if row.label.startswith(peer)), None)
        advantage = row and table.advantage(row)
        if not advantage:
            return "not measured", False
        return f"{1 / advantage:.3g} ×", 1 / advantage <= limit

    return Bar(f"at most {limit:g} × {peer}", reached)
