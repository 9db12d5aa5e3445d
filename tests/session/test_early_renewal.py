"""Backing off after a failed early renewal."""

from aiocognito._early_renewal import EARLY_RETRY_SECONDS, RenewalBackoff
from helpers.clock import Clock


def test_only_the_failed_key_backs_off() -> None:
    clock = Clock()
    backoff = RenewalBackoff(clock)
    assert backoff.until("a") < clock()
    backoff.put_off("a")
    assert backoff.until("a") == clock() + EARLY_RETRY_SECONDS
    assert backoff.until("b") < clock()


def test_ended_entries_are_dropped() -> None:
    clock = Clock()
    backoff = RenewalBackoff(clock)
    backoff.put_off("a")
    clock.advance(EARLY_RETRY_SECONDS - 1)
    backoff.put_off("b")
    assert set(backoff._until) == {"a", "b"}
    clock.advance(1)
    backoff.put_off("c")
    assert set(backoff._until) == {"b", "c"}


def test_adding_an_entry_does_not_copy_the_others() -> None:
    clock = Clock()
    backoff = RenewalBackoff(clock)
    for number in range(1000):
        backoff.put_off(number)
    table = backoff._until
    backoff.put_off(0)
    assert backoff._until is table
    assert next(iter(table)) == 1
    clock.advance(EARLY_RETRY_SECONDS)
    backoff.put_off("last")
    assert set(table) == {"last"}
