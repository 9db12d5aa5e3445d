"""Events of sign-in and sign-out: in order, in time, and without delaying other code."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, get_args

import anyio
import attrs
import pytest

from aiocognito import AuthEvent, Hub
from aiocognito import _hub as hub
from aiocognito._hub import AuthEventName

SIGNED_IN = AuthEvent("signedIn", {"username": "ana", "userId": "u-1"}, "s-1")
SIGNED_OUT = AuthEvent("signedOut", session_id="s-1")
REFRESHED = AuthEvent("tokenRefresh", session_id="s-1")


def fail_never(seconds: float = 60) -> Any:
    """Keep a test that would wait for ever from doing so; nothing here takes time when it passes."""
    return anyio.fail_after(seconds)


@pytest.fixture
def heard() -> list[Any]:
    return []


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give async listeners no time at all."""
    monkeypatch.setattr(hub, "LISTENER_SECONDS", 0.0)


def records_of(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "aiocognito._hub"]


# --- Events --------------------------------------------------------------------------------------------


def test_the_names_are_amplify_s() -> None:
    assert get_args(AuthEventName) == (
        "signedIn",
        "signedOut",
        "tokenRefresh",
        "tokenRefresh_failure",
        "signInWithRedirect",
        "signInWithRedirect_failure",
        "customOAuthState",
    )


def test_an_event_is_a_frozen_value() -> None:
    event = AuthEvent("tokenRefresh")
    assert (event.data, event.session_id, event.dropped) == ({}, None, 0)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.name = "signedIn"  # type: ignore[misc]  # wrong on purpose


def test_an_async_listener_has_five_seconds() -> None:
    assert hub.LISTENER_SECONDS == 5.0


# --- Listening -----------------------------------------------------------------------------------------


async def test_listeners_are_called_in_order_plain_or_async(heard: list[Any]) -> None:
    async def asynchronous(event: AuthEvent) -> None:
        await anyio.lowlevel.checkpoint()
        heard.append(("second", event))

    told = Hub()
    told.listen(lambda event: heard.append(("first", event)))
    told.listen(asynchronous)
    told.listen(lambda event: heard.append(("third", event)))
    await told.emit(SIGNED_IN)
    await told.emit(SIGNED_OUT)
    assert heard == [
        ("first", SIGNED_IN),
        ("second", SIGNED_IN),
        ("third", SIGNED_IN),
        ("first", SIGNED_OUT),
        ("second", SIGNED_OUT),
        ("third", SIGNED_OUT),
    ]


async def test_without_listeners() -> None:
    """An event without listeners is lost without an error."""
    await Hub().emit(SIGNED_IN)


async def test_hubs_are_apart(heard: list[Any]) -> None:
    """A listener gets the events of its own hub only."""
    one, other = Hub(), Hub()
    one.listen(heard.append)
    await other.emit(SIGNED_IN)
    assert heard == []


async def test_any_awaitable_is_awaited(heard: list[Any]) -> None:
    async def later(event: AuthEvent) -> None:
        heard.append(event)

    class Listener:
        def __call__(self, event: AuthEvent) -> "asyncio.Task[None]":
            return asyncio.ensure_future(later(event))

    told = Hub()
    told.listen(Listener())
    await told.emit(SIGNED_IN)
    assert heard == [SIGNED_IN]


async def test_the_return_value_of_a_plain_listener_is_ignored(heard: list[Any]) -> None:
    told = Hub()
    told.listen(lambda event: heard.append(event) or "not awaitable")  # type: ignore[func-returns-value,arg-type,return-value]  # neither None nor awaitable, as lambdas are
    await told.emit(SIGNED_IN)
    assert heard == [SIGNED_IN]


async def test_stopping(heard: list[Any]) -> None:
    """A stopped listener gets no more events."""
    told = Hub()
    stop = told.listen(heard.append)
    await told.emit(SIGNED_IN)
    stop()
    stop()
    await told.emit(SIGNED_OUT)
    assert heard == [SIGNED_IN]


async def test_one_callback_may_listen_twice_and_stops_once_at_a_time(heard: list[Any]) -> None:
    told = Hub()
    stop = told.listen(heard.append)
    told.listen(heard.append)
    await told.emit(SIGNED_IN)
    assert heard == [SIGNED_IN, SIGNED_IN]
    stop()
    stop()
    await told.emit(SIGNED_OUT)
    assert heard == [SIGNED_IN, SIGNED_IN, SIGNED_OUT]


async def test_a_listener_that_ends_one_behind_it(heard: list[Any]) -> None:
    told = Hub()
    stops: list[Callable[[], None]] = []
    told.listen(lambda event: stops[0]())
    stops.append(told.listen(lambda event: heard.append("ended")))
    told.listen(lambda event: heard.append("stays"))
    await told.emit(SIGNED_IN)
    assert heard == ["stays"]


async def test_a_listener_that_ends_itself(heard: list[Any]) -> None:
    told = Hub()
    stops: list[Callable[[], None]] = []

    def once(event: AuthEvent) -> None:
        heard.append(event)
        stops[0]()

    stops.append(told.listen(once))
    await told.emit(SIGNED_IN)
    await told.emit(SIGNED_OUT)
    assert heard == [SIGNED_IN]


async def test_a_listener_that_brings_another(heard: list[Any]) -> None:
    told = Hub()

    def brings_another(event: AuthEvent) -> None:
        told.listen(heard.append)

    told.listen(brings_another)
    await told.emit(SIGNED_IN)
    assert heard == []
    await told.emit(SIGNED_OUT)
    assert heard == [SIGNED_OUT]


async def test_a_listener_may_emit_another_event(heard: list[Any]) -> None:
    told = Hub()

    async def chain(event: AuthEvent) -> None:
        heard.append(event)
        if event is SIGNED_IN:
            await told.emit(SIGNED_OUT)

    told.listen(chain)
    await told.emit(SIGNED_IN)
    assert heard == [SIGNED_IN, SIGNED_OUT]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (None, [SIGNED_IN, SIGNED_OUT, REFRESHED]),
        ((), []),
        (["signedOut"], [SIGNED_OUT]),
        ({"signedIn", "tokenRefresh"}, [SIGNED_IN, REFRESHED]),
        ("tokenRefresh", [REFRESHED]),
    ],
)
async def test_only_the_events_asked_for(events: Any, expected: list[AuthEvent], heard: list[Any]) -> None:
    told = Hub()
    told.listen(heard.append, events=events)
    async with told.subscribe(events=events) as received:
        for event in (SIGNED_IN, SIGNED_OUT, REFRESHED):
            await told.emit(event)
        told.end()
        assert [event async for event in received] == expected
    assert heard == expected


@pytest.mark.parametrize("events", [["signedUp"], ["signedIn", "SignedOut"], "signed", [""]])
async def test_a_name_that_no_event_has_is_refused(events: Any) -> None:
    told = Hub()
    with pytest.raises(ValueError, match="events: no event is called"):
        told.listen(print, events=events)
    with pytest.raises(ValueError, match="events: no event is called"):
        async with told.subscribe(events=events):
            pass


@pytest.mark.parametrize("callback", [None, "callback", 5])
def test_a_listener_can_be_called(callback: Any) -> None:
    with pytest.raises(TypeError, match="callback"):
        Hub().listen(callback)


# --- Listeners that fail -------------------------------------------------------------------------------


def raises(event: AuthEvent) -> None:
    raise RuntimeError("a listener's own")


async def raises_later(event: AuthEvent) -> None:
    await anyio.lowlevel.checkpoint()
    raise RuntimeError("a listener's own")


async def awaits_what_was_cancelled(event: AuthEvent) -> None:
    task = asyncio.ensure_future(asyncio.Event().wait())
    task.cancel()
    await task


@pytest.mark.parametrize("failing", [raises, raises_later, awaits_what_was_cancelled])
async def test_what_a_listener_raises_is_logged_and_goes_no_further(
    failing: Any, heard: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    told = Hub()
    told.listen(failing)
    told.listen(heard.append)
    with fail_never():
        await told.emit(SIGNED_IN)
    assert heard == [SIGNED_IN]
    (record,) = records_of(caplog)
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert "signedIn" in record.getMessage()


async def test_the_log_says_nothing_of_the_event_s_data(
    no_time: None, caplog: pytest.LogCaptureFixture
) -> None:
    told = Hub()
    told.listen(raises)
    told.listen(lambda event: anyio.sleep_forever())
    with caplog.at_level(logging.DEBUG):
        await told.emit(SIGNED_IN)
    assert len(records_of(caplog)) == 2
    assert "ana" not in caplog.text
    assert "u-1" not in caplog.text


async def test_a_listener_that_takes_too_long_is_ended(
    no_time: None, heard: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    async def never_returns(event: AuthEvent) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            heard.append("ended")

    told = Hub()
    told.listen(never_returns)
    told.listen(heard.append)
    with fail_never():
        await told.emit(SIGNED_IN)
    assert heard == ["ended", SIGNED_IN]
    (record,) = records_of(caplog)
    assert "was ended" in record.getMessage()
    assert "signedIn" in record.getMessage()


async def test_a_listener_s_own_time_out_is_its_own(caplog: pytest.LogCaptureFixture) -> None:
    async def gives_up(event: AuthEvent) -> None:
        with anyio.fail_after(0):
            await anyio.sleep_forever()

    told = Hub()
    told.listen(gives_up)
    await told.emit(SIGNED_IN)
    (record,) = records_of(caplog)
    assert "raised" in record.getMessage()


class Stop(BaseException):
    """Stands for KeyboardInterrupt and SystemExit."""


async def test_what_stops_the_program_is_not_swallowed() -> None:
    def stop(event: AuthEvent) -> None:
        raise Stop

    told = Hub()
    told.listen(stop)
    with pytest.raises(Stop):
        await told.emit(SIGNED_IN)


async def waiting_listener(told: Hub) -> anyio.Event:
    reached = anyio.Event()

    async def waits(event: AuthEvent) -> None:
        reached.set()
        await anyio.sleep_forever()

    told.listen(waits)
    return reached


async def test_the_emitting_task_may_be_cancelled(heard: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    told = Hub()
    reached = await waiting_listener(told)
    told.listen(heard.append)
    task = asyncio.ensure_future(told.emit(SIGNED_IN))
    with fail_never():
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert heard == []
    assert records_of(caplog) == []


async def test_the_emitting_task_may_time_out(heard: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    told = Hub()
    reached = await waiting_listener(told)
    told.listen(heard.append)
    with fail_never():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(told.emit, SIGNED_IN)
            await reached.wait()
            tasks.cancel_scope.cancel()
    assert heard == []
    assert records_of(caplog) == []


# --- Subscribing ---------------------------------------------------------------------------------------


async def test_a_subscriber_gets_events_from_before_it_reads() -> None:
    told = Hub()
    async with told.subscribe() as events:
        await told.emit(SIGNED_IN)
        await told.emit(SIGNED_OUT)
        assert await anext(events) == SIGNED_IN
        assert await anext(events) == SIGNED_OUT


async def test_a_subscriber_that_waits_is_woken_every_time() -> None:
    told = Hub()
    received: list[AuthEvent] = []
    read = anyio.Event()

    async def reader() -> None:
        nonlocal read
        async with told.subscribe(events=["signedIn", "signedOut"]) as events:
            read.set()
            async for event in events:
                received.append(event)
                read.set()

    with fail_never():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(reader)
            await read.wait()
            for event in (SIGNED_IN, SIGNED_OUT, SIGNED_IN):
                read = anyio.Event()
                await anyio.lowlevel.checkpoint()  # the reader waits now
                await told.emit(event)
                await read.wait()
            told.end()
    assert received == [SIGNED_IN, SIGNED_OUT, SIGNED_IN]


async def test_subscribers_get_events_before_a_slow_listener_is_done() -> None:
    told = Hub()
    reached = await waiting_listener(told)
    with fail_never():
        async with told.subscribe() as events, anyio.create_task_group() as tasks:
            tasks.start_soon(told.emit, SIGNED_IN)
            await reached.wait()
            assert await anext(events) == SIGNED_IN
            tasks.cancel_scope.cancel()


async def test_two_subscribers_get_the_same_events() -> None:
    told = Hub()
    async with told.subscribe() as one, told.subscribe() as other:
        await told.emit(SIGNED_IN)
        assert await anext(one) is await anext(other)


async def test_two_readers_of_one_subscription_share_its_events() -> None:
    told = Hub()
    received: list[AuthEvent] = []

    async def reader(events: Any) -> None:
        received.extend([event async for event in events])

    with fail_never():
        async with told.subscribe() as events, anyio.create_task_group() as tasks:
            tasks.start_soon(reader, events)
            tasks.start_soon(reader, events)
            await anyio.wait_all_tasks_blocked()
            await told.emit(SIGNED_IN)
            await told.emit(SIGNED_OUT)
            await anyio.wait_all_tasks_blocked()
            told.end()
    assert sorted(event.name for event in received) == ["signedIn", "signedOut"]


async def test_a_slow_subscriber_loses_the_oldest_and_gets_an_error() -> None:
    told = Hub()
    async with told.subscribe(max_buffer=2) as events:
        for n in range(5):
            await told.emit(AuthEvent("tokenRefresh", {"n": n}))
        first = await anext(events)
        assert (first.data, first.dropped) == ({"n": 3}, 3)
        second = await anext(events)
        assert (second.data, second.dropped) == ({"n": 4}, 0)
        await told.emit(REFRESHED)
        assert (await anext(events)).dropped == 0


async def test_a_full_buffer_loses_nothing_yet() -> None:
    told = Hub()
    async with told.subscribe(max_buffer=1) as events:
        await told.emit(SIGNED_IN)
        assert (await anext(events)).dropped == 0
        await told.emit(SIGNED_IN)
        await told.emit(SIGNED_OUT)
        assert await anext(events) == attrs.evolve(SIGNED_OUT, dropped=1)


async def test_the_buffer_holds_256_by_default() -> None:
    told = Hub()
    async with told.subscribe() as events:
        for _ in range(257):
            await told.emit(REFRESHED)
        told.end()
        received = [event async for event in events]
    assert len(received) == 256
    assert received[0].dropped == 1


async def test_what_one_loses_another_keeps() -> None:
    told = Hub()
    async with told.subscribe(max_buffer=1) as slow, told.subscribe() as patient:
        await told.emit(SIGNED_IN)
        await told.emit(SIGNED_OUT)
        assert (await anext(slow)).dropped == 1
        assert (await anext(patient)).dropped == 0
    assert SIGNED_OUT.dropped == 0


@pytest.mark.parametrize("size", [0, -1])
async def test_a_buffer_has_room(size: int) -> None:
    with pytest.raises(ValueError, match="max_buffer"):
        async with Hub().subscribe(max_buffer=size):
            pass


async def test_a_subscription_ends_with_its_block() -> None:
    told = Hub()
    async with told.subscribe() as events:
        pass
    await told.emit(SIGNED_IN)
    with fail_never():
        assert [event async for event in events] == []


async def test_a_subscription_ends_with_a_block_that_fails() -> None:
    told = Hub()
    kept: list[AsyncIterator[AuthEvent]] = []

    async def fail() -> None:
        async with told.subscribe() as events:
            kept.append(events)
            raise RuntimeError("the reader's own")

    with pytest.raises(RuntimeError, match="the reader's own"):
        await fail()
    await told.emit(SIGNED_IN)
    with fail_never():
        assert [event async for event in kept[0]] == []


async def test_a_reader_is_released_when_the_block_ends() -> None:
    told = Hub()
    received: list[list[AuthEvent]] = []

    async def reader(events: Any) -> None:
        received.append([event async for event in events])

    with fail_never():
        async with anyio.create_task_group() as tasks, told.subscribe() as events:
            tasks.start_soon(reader, events)
            await anyio.wait_all_tasks_blocked()
    assert received == [[]]


async def test_a_cancelled_subscriber_leaves_nothing_behind() -> None:
    told = Hub()

    async def reader() -> None:
        async with told.subscribe() as events:
            async for _ in events:
                pass

    task = asyncio.ensure_future(reader())
    await anyio.wait_all_tasks_blocked()
    assert len(told._subscriptions) == 1
    task.cancel()
    with fail_never(), pytest.raises(asyncio.CancelledError):
        await task
    assert not told._subscriptions
    await told.emit(SIGNED_IN)


async def test_cancelling_one_read_loses_no_event() -> None:
    told = Hub()
    async with told.subscribe() as events:
        with anyio.move_on_after(0):
            await anext(events)
        await told.emit(SIGNED_IN)
        with fail_never():
            assert await anext(events) == SIGNED_IN


# --- The end -------------------------------------------------------------------------------------------


async def test_the_end_releases_all_subscribers(heard: list[Any]) -> None:
    told = Hub()
    stop = told.listen(heard.append)
    with fail_never():
        async with told.subscribe() as one, told.subscribe() as other:
            await told.emit(SIGNED_IN)
            told.end()
            told.end()
            await told.emit(SIGNED_OUT)
            # What came before the end is still there to be read.
            assert [event async for event in one] == [SIGNED_IN]
            assert [event async for event in other] == [SIGNED_IN]
    stop()
    assert heard == [SIGNED_IN]


async def test_a_listener_may_end_it_all(heard: list[Any]) -> None:
    told = Hub()
    told.listen(lambda event: told.end())
    told.listen(heard.append)
    await told.emit(SIGNED_IN)
    assert heard == []
