"""Keys are fetched once, kept when a refetch fails, and looked for no more often than is sensible."""

import asyncio
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from aiocognito._gateways.aws.retry import RetryPolicy
from aiocognito._gateways.http import RawResponse
from aiocognito._gateways.jwks import COOL_DOWN_SECONDS, RETRY_SECONDS, STALE_SECONDS, Jwks
from aiocognito._gateways.limits import MAX_BYTES
from aiocognito.errors import JwksUnavailableError, NetworkError
from helpers.clock import NOW
from helpers.tokens import jwks, key

URI = "https://issuer.example/jwks.json"


class Publisher:
    """Stands where HTTP stands: answers, fails, or waits."""

    def __init__(self, *published: Any) -> None:
        self.now = NOW
        self.uri = URI
        self.asked = 0
        self.answer: Callable[[], RawResponse] = lambda: as_json(jwks(*published))
        self.gate: asyncio.Event | None = None
        self.arrived = asyncio.Event()

    def clock(self) -> float:
        return self.now

    async def request(self, method: str, url: str) -> RawResponse:
        assert (method, url) == ("GET", self.uri)
        self.asked += 1
        self.arrived.set()
        if self.gate is not None:
            await self.gate.wait()
        return self.answer()

    def fail(self) -> RawResponse:
        raise NetworkError("issuer.example: no answer", request_sent=True)

    def keys(self, preloaded: Any = None) -> Jwks:
        return Jwks(URI, self, self.clock, preloaded)  # type: ignore[arg-type]  # a stand-in


def as_json(document: Any) -> RawResponse:
    import json

    return RawResponse(200, json.dumps(document).encode())


async def test_nothing_is_fetched_before_a_key_is_needed() -> None:
    publisher = Publisher(key())
    keys = publisher.keys()
    assert (keys.known("key-1"), keys.fresh("key-1"), publisher.asked) == (None, None, 0)
    assert await keys.get("key-1") is keys.known("key-1") is keys.fresh("key-1") is not None
    assert publisher.asked == 1


async def test_concurrent_callers_share_one_request_and_may_be_cancelled() -> None:
    publisher = Publisher(key())
    publisher.gate = asyncio.Event()
    keys = publisher.keys()
    callers = [asyncio.create_task(keys.get("key-1")) for _ in range(100)]
    await publisher.arrived.wait()
    callers[0].cancel()
    await asyncio.wait(callers[:1])
    publisher.gate.set()
    assert callers[0].cancelled()
    found = await asyncio.gather(*callers[1:])
    assert set(found) == {keys.known("key-1")}
    assert publisher.asked == 1


async def test_callers_wait_for_the_fetch_in_flight() -> None:
    publisher = Publisher()
    publisher.answer = publisher.fail
    keys = publisher.keys()
    with pytest.raises(JwksUnavailableError):
        await keys.get("key-1")
    publisher.now += RETRY_SECONDS
    publisher.gate, publisher.arrived = asyncio.Event(), asyncio.Event()
    publisher.answer = lambda: as_json(jwks(key()))
    first = asyncio.create_task(keys.get("key-1"))
    await publisher.arrived.wait()
    second = asyncio.create_task(keys.get("key-1"))
    await asyncio.sleep(0)
    publisher.gate.set()
    assert await first is await second is not None
    assert publisher.asked == 2


async def test_an_unknown_key_is_looked_for_once_per_cool_down() -> None:
    publisher = Publisher(key())
    keys = publisher.keys()
    await keys.get("key-1")
    assert await keys.get("unknown") is None
    assert publisher.asked == 2
    publisher.now += COOL_DOWN_SECONDS - 0.1
    assert [await keys.get(f"unknown-{number}") for number in range(5)] == [None] * 5
    assert publisher.asked == 2
    publisher.now += 0.1
    assert await keys.get("unknown") is None
    assert publisher.asked == 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Publisher.fail, "no answer"),
        (RawResponse(500, b"oops"), "HTTP 500"),
        (RawResponse(302, b""), "HTTP 302"),
        (RawResponse(200, b"<html>"), "no JSON Web Key Set"),
        (RawResponse(200, b'{"message": "Internal error"}'), "no JSON Web Key Set"),
        (RawResponse(200, b'{"keys": []}'), "no JSON Web Key Set"),
        (
            RawResponse(200, b'{"keys": [1, {}, {"kid": "x"}, {"kid": 5, "kty": "RSA"}]}'),
            "no JSON Web Key Set",
        ),
        (RawResponse(200, b"[" * 100_000), "no JSON Web Key Set"),
        (RawResponse(200, b" " * (MAX_BYTES + 1)), "more than"),
    ],
)
async def test_a_failure_is_reported_and_the_former_file_stays(answer: Any, reason: str) -> None:
    publisher = Publisher(key())
    broken = publisher.keys()
    keys = publisher.keys()
    before = await keys.get("key-1")
    publisher.answer = publisher.fail if answer is Publisher.fail else lambda: answer
    with pytest.raises(JwksUnavailableError, match=reason):
        await broken.get("key-1")
    with pytest.raises(JwksUnavailableError, match=reason):
        await broken.warm_up()
    # The key may be a new one, so the token was not judged.
    with pytest.raises(JwksUnavailableError, match=reason) as failure:
        await keys.get("unknown")
    assert failure.value.__cause__ is not None
    assert await keys.get("key-1") is before is keys.known("key-1")


async def test_after_a_failure_the_next_attempt_waits_a_little() -> None:
    publisher = Publisher()
    publisher.answer = publisher.fail
    keys = publisher.keys()
    failures = []
    for _ in range(3):
        with pytest.raises(JwksUnavailableError) as failure:
            await keys.get("key-1")
        failures.append(failure.value)
    assert publisher.asked == 1
    # Each caller has an error of its own: one raised again and again would grow.
    assert len(set(map(id, failures))) == 3
    publisher.now += RETRY_SECONDS
    publisher.answer = lambda: as_json(jwks(key()))
    assert await keys.get("key-1") is not None
    assert publisher.asked == 2


async def test_a_key_that_is_published_no_more_is_trusted_for_a_day() -> None:
    publisher = Publisher(key(), key("key-2"))
    keys = publisher.keys()
    await keys.get("key-1")
    publisher.answer = lambda: as_json(jwks(key("key-2")))
    publisher.now += STALE_SECONDS - 1
    assert await keys.get("key-1") is not None
    assert publisher.asked == 1
    publisher.now += 1
    assert keys.fresh("key-1") is None
    assert await keys.get("key-1") is None
    assert await keys.get("key-2") is not None
    assert publisher.asked == 2


async def test_old_keys_serve_while_new_ones_cannot_be_had() -> None:
    publisher = Publisher(key())
    keys = publisher.keys()
    before = await keys.get("key-1")
    publisher.answer = publisher.fail
    publisher.now += 2 * STALE_SECONDS
    assert [await keys.get("key-1") for _ in range(3)] == [before] * 3
    assert publisher.asked == 2


async def test_in_an_outage_one_caller_waits_and_the_others_do_not() -> None:
    publisher = Publisher(key())
    keys = publisher.keys()
    before = await keys.get("key-1")
    works, publisher.answer = publisher.answer, publisher.fail
    publisher.now += STALE_SECONDS
    assert await keys.get("key-1") is before
    publisher.now += RETRY_SECONDS
    publisher.gate, publisher.arrived = asyncio.Event(), asyncio.Event()
    # It is tried again, and delays no caller: the old key is cached.
    async with asyncio.timeout(60):
        assert [await keys.get("key-1") for _ in range(3)] == [before] * 3
    await publisher.arrived.wait()
    waiting = asyncio.create_task(keys.get("key-2"))  # this one is not
    await asyncio.sleep(0)
    publisher.answer = works
    publisher.gate.set()
    assert await waiting is None
    assert publisher.asked == 3
    assert keys.fresh("key-1") is not None


async def test_an_old_failure_does_not_make_a_stale_key_trusted() -> None:
    publisher = Publisher(key())
    keys = publisher.keys()
    await keys.get("key-1")
    publisher.answer = publisher.fail
    with pytest.raises(JwksUnavailableError):
        await keys.get("unknown")
    publisher.now += STALE_SECONDS
    publisher.answer = lambda: as_json(jwks(key("key-2")))
    assert await keys.get("key-1") is None


async def test_keys_of_other_kinds_are_left_out() -> None:
    publisher = Publisher()
    other = {"kid": "ec", "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}
    publisher.answer = lambda: as_json({"keys": [other, key().jwk, {"kty": "oct"}]})
    keys = publisher.keys()
    assert await keys.get("key-1") is not None
    assert keys.known("ec") is None


async def test_preloaded_keys() -> None:
    """Given keys are used without a request."""
    publisher = Publisher(key("key-2"))
    keys = publisher.keys(jwks(key()))
    assert keys.known("key-1") is keys.fresh("key-1") is not None
    assert publisher.asked == 0
    assert await keys.get("key-2") is not None
    assert publisher.asked == 1


async def test_preloaded_keys_that_are_not_keys() -> None:
    publisher = Publisher(key())
    documents: tuple[dict[str, list[str]], ...] = ({"keys": []}, {"keys": ["x"]})
    for preloaded in documents:
        keys = publisher.keys(preloaded)
        assert keys.known("key-1") is None
        await keys.warm_up()
        assert keys.known("key-1") is not None
    assert publisher.asked == 2


async def test_preloaded_keys_are_made_once_however_many_ask() -> None:
    keys = Publisher().keys(jwks(key()))
    found = await asyncio.gather(*(keys.get("key-1") for _ in range(5)))
    assert len(set(map(id, found))) == 1


async def test_warming_up_again_fetches_again() -> None:
    publisher = Publisher(key())
    keys = publisher.keys()
    await keys.warm_up()
    await keys.warm_up()
    assert publisher.asked == 2


async def test_being_ready_fetches_no_more_than_is_missing() -> None:
    publisher = Publisher(key())
    keys = publisher.keys()
    await keys.ready()
    await keys.ready()
    assert (keys.fresh("key-1") is not None, publisher.asked) == (True, 1)
    publisher.now += STALE_SECONDS
    await keys.ready()
    assert (keys.fresh("key-1") is not None, publisher.asked) == (True, 2)
    ready = publisher.keys(jwks(key()))
    await ready.ready()
    assert (ready.known("key-1") is not None, publisher.asked) == (True, 2)


async def test_without_any_key_it_is_not_ready() -> None:
    publisher = Publisher(key())
    works, publisher.answer = publisher.answer, publisher.fail
    keys = publisher.keys()
    for _ in range(2):  # the second time, nothing is fetched yet
        with pytest.raises(JwksUnavailableError):
            await keys.ready()
    assert publisher.asked == 1
    publisher.answer = works
    publisher.now += RETRY_SECONDS
    await keys.ready()
    assert (keys.known("key-1") is not None, publisher.asked) == (True, 2)


async def test_stopping_ends_what_is_under_way_and_says_so() -> None:
    publisher = Publisher(key())
    keys = publisher.keys()
    await keys.stop()
    publisher.gate = asyncio.Event()
    caller = asyncio.create_task(keys.get("key-1"))
    await publisher.arrived.wait()
    await keys.stop()
    with pytest.raises(JwksUnavailableError, match="the token verifier was closed"):
        await caller
    assert not caller.cancelled()
    publisher.gate = None
    assert await keys.get("key-1") is not None


async def test_an_unexpected_error_reaches_the_caller() -> None:
    publisher = Publisher(key())

    def broken() -> RawResponse:
        raise RuntimeError("the client has been closed")

    publisher.answer = broken
    keys = publisher.keys()
    with pytest.raises(RuntimeError, match="closed"):
        await keys.get("key-1")


def test_one_event_loop_after_another() -> None:
    publisher = Publisher(key())
    keys = publisher.keys()

    async def leave_it_waiting() -> None:
        publisher.gate = asyncio.Event()
        task = asyncio.create_task(keys.get("key-1"))
        await publisher.arrived.wait()
        task.cancel()

    asyncio.run(leave_it_waiting())
    publisher.gate = None
    assert asyncio.run(keys.get("key-1")) is not None


async def test_keys_are_asked_for_again_at_once_if_no_answer_came() -> None:
    publisher = Publisher(key())
    works = publisher.answer
    outcomes = [publisher.fail, lambda: RawResponse(503, b""), works]
    publisher.answer = lambda: outcomes.pop(0)()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    keys = Jwks(URI, publisher, publisher.clock, retries=RetryPolicy(3, sleep=sleep))  # type: ignore[arg-type]  # a stand-in
    assert await keys.get("key-1") is not None
    assert (publisher.asked, len(slept)) == (3, 2)


async def test_an_answer_that_is_not_a_key_set_is_not_asked_for_again() -> None:
    publisher = Publisher()
    publisher.answer = lambda: RawResponse(404, b"")
    keys = Jwks(URI, publisher, publisher.clock, retries=RetryPolicy(3))  # type: ignore[arg-type]  # a stand-in
    with pytest.raises(JwksUnavailableError, match="HTTP 404"):
        await keys.get("key-1")
    assert publisher.asked == 1


@pytest.mark.parametrize("method", ["get", "warm_up", "ready"])
async def test_the_error_names_the_url_without_its_query(method: str) -> None:
    publisher = Publisher()
    publisher.answer = publisher.fail
    publisher.uri = f"{URI}?token=hunter2"
    keys = Jwks(publisher.uri, publisher, publisher.clock)  # type: ignore[arg-type]  # a stand-in
    with pytest.raises(JwksUnavailableError, match=f"the keys at {URI} could not be fetched") as failure:
        await (keys.get("key-1") if method == "get" else getattr(keys, method)())
    assert "hunter2" not in "".join(traceback.format_exception(failure.value))
