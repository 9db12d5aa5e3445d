"""What failed rests for a while, and is then forgotten."""

from scripted import Clock

from aiocognito.session.patience import EARLY_RETRY_SECONDS, Patience


def test_what_failed_rests_and_nothing_else() -> None:
    clock = Clock()
    patience = Patience(clock)
    assert patience.until("a") < clock()
    patience.put_off("a")
    assert patience.until("a") == clock() + EARLY_RETRY_SECONDS
    assert patience.until("b") < clock()


def test_what_has_rested_is_forgotten() -> None:
    clock = Clock()
    patience = Patience(clock)
    patience.put_off("a")
    clock.advance(EARLY_RETRY_SECONDS - 1)
    patience.put_off("b")
    assert set(patience._until) == {"a", "b"}
    clock.advance(1)
    patience.put_off("c")
    assert set(patience._until) == {"b", "c"}
