"""What failed rests for a while, and is then forgotten."""

from scripted import Clock

from aiocognito._session.backoff import EARLY_RETRY_SECONDS, RenewalBackoff


def test_what_failed_rests_and_nothing_else() -> None:
    clock = Clock()
    patience = RenewalBackoff(clock)
    assert patience.until("a") < clock()
    patience.put_off("a")
    assert patience.until("a") == clock() + EARLY_RETRY_SECONDS
    assert patience.until("b") < clock()


def test_what_has_rested_is_forgotten() -> None:
    clock = Clock()
    patience = RenewalBackoff(clock)
    patience.put_off("a")
    clock.advance(EARLY_RETRY_SECONDS - 1)
    patience.put_off("b")
    assert set(patience._until) == {"a", "b"}
    clock.advance(1)
    patience.put_off("c")
    assert set(patience._until) == {"b", "c"}


def test_putting_off_one_thing_does_not_copy_what_is_known_of_the_others() -> None:
    clock = Clock()
    patience = RenewalBackoff(clock)
    for number in range(1000):
        patience.put_off(number)
    table = patience._until
    patience.put_off(0)
    assert patience._until is table
    assert next(iter(table)) == 1
    clock.advance(EARLY_RETRY_SECONDS)
    patience.put_off("last")
    assert set(table) == {"last"}
