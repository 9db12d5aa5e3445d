"""Spans and metrics: refreshes, storages, key fetches and verifications, and no secret in any of them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.trace import SpanKind, StatusCode

from aiocognito import MemoryStorage, SessionManager, TokenVerifier, errors, sync
from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool, run_in_thread
from aiocognito.errors import StorageError
from aiocognito.errors._factory import service_error
from aiocognito.integrations import starlette
from aiocognito.integrations.opentelemetry import instrument
from helpers.clock import NOW, Clock
from helpers.hosted_ui import hosted_client
from helpers.telemetry import PASSWORD, Telemetry, every_use, leaked
from helpers.tokens import POOL, access_claims, jwks, key
from helpers.user_pool import scripted_client, scripted_manager, signed_in

REFRESH = "GetTokensFromRefreshToken"
# What Cognito and OAuth call things.
HARMLESS = {
    "CodeMismatchException",
    "NotAuthorizedException",
    "TooManyRequestsException",
    "client_credentials",
    "unauthorized_client",
}


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


@pytest.fixture(scope="module")
def cognito() -> Iterator[ThreadedEmulator]:
    with run_in_thread() as cognito:
        yield cognito


@pytest.fixture
def pool(cognito: ThreadedEmulator) -> ThreadedUserPool:
    pool = cognito.create_user_pool()
    pool.add_user("ana", PASSWORD)
    return pool


# Refreshes


async def test_a_refresh_is_a_child_of_the_first_caller_and_linked_to_by_the_others(
    telemetry: Telemetry,
) -> None:
    tracer = telemetry.tracers.get_tracer("app")
    async with scripted_manager() as (sessions, service, clock):
        instrument(sessions, **telemetry.options)
        auth = sessions.client("ana")
        await signed_in(auth, service)
        clock.advance(4000)
        service.only(REFRESH, service.tokens(refresh_token="refresh-2"))
        arrived = service.hold(REFRESH)

        async def call(number: int) -> str:
            with tracer.start_as_current_span(f"request {number}"):
                return await sessions.client("ana").access_token()

        calls = [asyncio.create_task(call(number)) for number in range(3)]
        await service.arrived[REFRESH].wait()
        for _ in range(20):
            await asyncio.sleep(0)  # until the others wait, too
        arrived.set()
        assert len({*await asyncio.gather(*calls)}) == 1
    (refresh,) = telemetry.spans("aiocognito.refresh")
    assert refresh.attributes == {
        "session.id": auth.session_id,
        "aiocognito.refresh.outcome": "renewed",
        "aiocognito.waiters": 3,
    }
    assert (refresh.kind, refresh.status.status_code) == (SpanKind.INTERNAL, StatusCode.UNSET)
    assert telemetry.parent(refresh) == "request 0"
    waits = telemetry.spans("aiocognito.refresh.wait")
    assert {telemetry.parent(wait) for wait in waits} == {"request 1", "request 2"}
    assert [[link.context for link in wait.links] for wait in waits] == [[refresh.context]] * 2
    inner = {span.name for span in telemetry.spans() if telemetry.parent(span) == "aiocognito.refresh"}
    assert inner == {f"aiocognito.storage.{name}" for name in ("get", "lock", "replace")}
    (duration,) = telemetry.points("aiocognito.refresh.duration")
    (waiters,) = telemetry.points("aiocognito.refresh.waiters")
    assert duration.attributes == waiters.attributes == {"aiocognito.refresh.outcome": "renewed"}
    assert (duration.count, waiters.sum) == (1, 3)
    assert duration.explicit_bounds[0] < 0.001


REFUSED = {"service_status": 400, "request_id": "the-id"}


@pytest.mark.parametrize(
    ("seconds", "answer", "outcome", "attributes"),
    [
        (4000, None, "renewed", {}),
        (
            3580,
            service_error(REFRESH, "TooManyRequestsException", "slow down", **REFUSED),  # type: ignore[arg-type]  # its details
            "postponed",
            {"error.type": "TooManyRequestsException"},
        ),
        (
            4000,
            service_error(REFRESH, "InternalErrorException", "oh", **REFUSED),  # type: ignore[arg-type]  # its details
            "failed",
            {"error.type": "InternalErrorException"},
        ),
        (
            4000,
            service_error(REFRESH, "NotAuthorizedException", "Refresh Token has expired", **REFUSED),  # type: ignore[arg-type]  # its details
            "ended",
            {"error.type": "NotAuthorizedException"},
        ),
        (4000, errors.NetworkError("no answer", request_sent=True), "failed", {"error.type": "NetworkError"}),
    ],
)
async def test_the_outcomes_of_a_refresh(
    telemetry: Telemetry, seconds: float, answer: Any, outcome: str, attributes: dict[str, Any]
) -> None:
    async with scripted_client() as (auth, service, clock):
        instrument(auth, **telemetry.options)
        await signed_in(auth, service)
        clock.advance(seconds)
        service.only(REFRESH, answer or service.tokens())
        with suppress(errors.AuthError):
            await auth.access_token()
    (span,) = telemetry.spans("aiocognito.refresh")
    found = dict(span.attributes or {})
    details: dict[str, Any] = {}
    if isinstance(answer, errors.ServiceError):
        details = {"aws.request_id": "the-id", "http.response.status_code": 400}
    assert found == {
        "session.id": auth.session_id,
        "aiocognito.refresh.outcome": outcome,
        "aiocognito.waiters": 1,
        **attributes,
        **details,
    }
    assert span.status.status_code is (StatusCode.ERROR if attributes else StatusCode.UNSET)
    assert (span.status.description, span.events) == (None, ())
    (duration,) = telemetry.points("aiocognito.refresh.duration")
    assert duration.attributes == {"aiocognito.refresh.outcome": outcome, **attributes}


async def test_a_refresh_that_another_process_has_done_was_not_needed(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, asked, free = Clock(), asyncio.Event(), asyncio.Event()
    storage = MemoryStorage(clock=clock)
    async with (
        scripted_manager(storage=storage, clock=clock) as (sessions, service, _),
        scripted_manager(storage=storage, clock=clock) as (others, elsewhere, _),
    ):
        instrument(sessions, **telemetry.options)
        await signed_in(sessions.client("ana"), service)
        clock.advance(4000)
        elsewhere.only(REFRESH, elsewhere.tokens(refresh_token="refresh-2"))
        lock = storage.lock

        @asynccontextmanager
        async def late(key: str) -> AsyncIterator[None]:
            asked.set()
            await free.wait()
            async with lock(key):
                yield

        monkeypatch.setattr(sessions._context.storage, "lock", late)
        call = asyncio.create_task(sessions.client("ana").access_token())
        await asked.wait()
        theirs = await others.client("ana").access_token()
        free.set()
        assert await call == theirs
    assert telemetry.values("aiocognito.refresh", "aiocognito.refresh.outcome") == ["not_needed"]


async def test_a_refresh_of_a_session_that_signs_out_meanwhile(telemetry: Telemetry) -> None:
    async with scripted_manager() as (sessions, service, clock):
        instrument(sessions, **telemetry.options)
        auth = sessions.client("ana")
        await signed_in(auth, service)
        clock.advance(4000)
        service.only(REFRESH, service.tokens())
        answer = service.hold(REFRESH)
        call = asyncio.create_task(auth.access_token())
        await service.arrived[REFRESH].wait()
        await sessions.client("ana").sign_out()
        answer.set()
        with pytest.raises(errors.UserUnAuthenticatedException):
            await call
    assert telemetry.values("aiocognito.refresh", "aiocognito.refresh.outcome") == ["signed_out"]


async def test_a_caller_that_is_cancelled_has_waited_and_its_span_ends(telemetry: Telemetry) -> None:
    async with scripted_manager() as (sessions, service, clock):
        instrument(sessions, **telemetry.options)
        await signed_in(sessions.client("ana"), service)
        clock.advance(4000)
        service.only(REFRESH, service.tokens())
        answer = service.hold(REFRESH)
        first = asyncio.create_task(sessions.client("ana").access_token())
        await service.arrived[REFRESH].wait()
        second = asyncio.create_task(sessions.client("ana").access_token())
        for _ in range(20):
            await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait({second})
        (wait,) = telemetry.spans("aiocognito.refresh.wait")
        answer.set()
        await first
    assert wait.status.status_code is StatusCode.UNSET
    assert telemetry.values("aiocognito.refresh", "aiocognito.waiters") == [2]


# Storages


class Broken(MemoryStorage):
    async def get(self, key: str) -> bytes | None:
        raise StorageError("the disk is full")


async def test_each_operation_of_the_storage_is_measured(telemetry: Telemetry) -> None:
    async with scripted_manager() as (sessions, _, _):
        storage = sessions._context.storage
        instrument(sessions, **telemetry.options)
        observed = sessions._context.storage
        await observed.set("k", b"v", ttl=5)
        assert await observed.get("k") == await storage.get("k") == b"v"
        assert await observed.replace("k", b"w", expected=b"v", ttl=5) is True
        assert await observed.replace("k", b"w", expected=b"v") is False
        await observed.delete("k")
        assert await storage.get("k") is None
        with pytest.raises(KeyError):
            async with observed.lock("k"):
                raise KeyError
        async with observed.lock("k"):
            pass
    names = [span.name.rpartition(".")[2] for span in telemetry.spans()]
    assert names == ["set", "get", "replace", "replace", "delete", "lock", "lock"]
    assert telemetry.spans()[0].attributes == {
        "aiocognito.storage.operation": "set",
        "aiocognito.storage.class": "MemoryStorage",
    }
    points = telemetry.points("aiocognito.storage.operation.duration")
    counts = {point.attributes["aiocognito.storage.operation"]: point.count for point in points}
    assert counts == {"set": 1, "get": 1, "replace": 2, "delete": 1, "lock": 2}


async def test_a_storage_that_fails_is_an_error_and_raises_as_before(telemetry: Telemetry) -> None:
    async with scripted_client(storage=Broken()) as (auth, _, _):
        instrument(auth, **telemetry.options)
        with pytest.raises(StorageError, match="the disk is full"):
            await auth.access_token()
    (span,) = telemetry.spans()
    assert (span.attributes or {})["error.type"] == "StorageError"
    assert span.status.status_code is StatusCode.ERROR
    (point,) = telemetry.points("aiocognito.storage.operation.duration")
    assert point.attributes["error.type"] == "StorageError"


# Verifications and key fetches


class Keys:
    """A JWKS URI behind an httpx client."""

    def __init__(self) -> None:
        self.response = httpx.Response(200, json=jwks(key()))
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: self.response))


def verifier(keys: Keys, clock: Clock, **options: Any) -> TokenVerifier:
    return TokenVerifier(
        user_pool_id=POOL,
        client_ids="client",
        token_use="access",
        clock=clock,
        http_client=keys.client,
        **options,
    )


async def test_a_verification_and_its_key_fetch(telemetry: Telemetry) -> None:
    clock, keys = Clock(), Keys()
    token = key().token(access_claims())
    async with verifier(keys, clock) as verifies:
        instrument(verifies, **telemetry.options)
        with telemetry.tracers.get_tracer("app").start_as_current_span("request"):
            claims = await verifies.verify(token)
        assert await verifies.verify(token) is claims
        assert verifies.verify_cached(token) is claims
    fetch, verification, _ = telemetry.spans()
    assert (fetch.name, telemetry.parent(fetch)) == ("aiocognito.jwks.fetch", "aiocognito.verify")
    assert fetch.attributes == {
        "server.address": "cognito-idp.us-east-1.amazonaws.com",
        "http.response.status_code": 200,
        "aiocognito.waiters": 1,
    }
    assert (verification.name, telemetry.parent(verification)) == ("aiocognito.verify", "request")
    assert verification.attributes == {
        "aiocognito.token.use": "access",
        "aiocognito.verification.result": "accepted",
    }
    counts = {
        point.attributes["aiocognito.verification.cached"]: point.value
        for point in telemetry.points("aiocognito.verifications")
    }
    assert counts == {False: 1, True: 2}
    (duration,) = telemetry.points("aiocognito.jwks.fetch.duration")
    assert duration.count == 1


async def test_a_token_that_is_refused_is_not_an_error_of_the_span(telemetry: Telemetry) -> None:
    clock, keys = Clock(), Keys()
    async with verifier(keys, clock) as verifies:
        instrument(verifies, **telemetry.options)
        await verifies.warm_up()
        expired = key().token(access_claims(exp=NOW - 1))
        with pytest.raises(errors.TokenExpiredError):
            await verifies.verify(expired)
        with pytest.raises(errors.TokenExpiredError):
            verifies.verify_cached(expired)
    assert telemetry.values("aiocognito.verify", "aiocognito.verification.result") == ["refused"] * 2
    assert telemetry.values("aiocognito.verify", "error.type") == ["TokenExpiredError"] * 2
    assert {span.status.status_code for span in telemetry.spans("aiocognito.verify")} == {StatusCode.UNSET}
    (point,) = telemetry.points("aiocognito.verifications")
    assert (point.attributes["error.type"], point.value) == ("TokenExpiredError", 2)


async def test_keys_that_cannot_be_fetched(telemetry: Telemetry) -> None:
    clock, keys = Clock(), Keys()
    keys.response = httpx.Response(404)
    async with verifier(keys, clock, jwks_uri="https://keys.example/jwks?key=open-sesame") as verifies:
        instrument(verifies, **telemetry.options)
        with pytest.raises(errors.JwksUnavailableError):
            await verifies.verify(key().token(access_claims()))
        with pytest.raises(errors.TokenMalformedError):
            await verifies.verify([])  # type: ignore[arg-type]  # raises what it raised before
    fetch, verification, _ = telemetry.spans()
    assert fetch.attributes == {
        "server.address": "keys.example",
        "http.response.status_code": 404,
        "aiocognito.waiters": 1,
        "error.type": "ValueError",
    }
    assert (verification.attributes or {})["aiocognito.verification.result"] == "unavailable"
    assert {fetch.status.status_code, verification.status.status_code} == {StatusCode.ERROR}
    assert "open-sesame" not in telemetry.text()


async def test_the_verifier_of_the_hosted_ui_is_instrumented_with_its_client(telemetry: Telemetry) -> None:
    async with hosted_client() as (auth, hosted_ui, _):
        instrument(auth, **telemetry.options)
        request = await auth.sign_in_with_redirect()
        await auth.complete_sign_in_with_redirect(hosted_ui.come_back(request.url))
    assert len(telemetry.spans("aiocognito.jwks.fetch")) == 1
    assert telemetry.values("aiocognito.verify", "aiocognito.token.use") == ["id"]


# What can be instrumented


async def test_calling_instrument_twice_changes_nothing(telemetry: Telemetry, pool: ThreadedUserPool) -> None:
    async with (
        SessionManager(pool.config, storage=MemoryStorage()) as sessions,
        TokenVerifier.from_config(pool.config, token_use="access") as verifies,
    ):
        auth = sessions.client(sessions.new_session_key())
        for each in (sessions, auth, verifies, sessions, verifies):
            instrument(each, **telemetry.options)
        await auth.sign_in("ana", PASSWORD)
        await auth.fetch_auth_session(force_refresh=True)
        await verifies.verify(await auth.access_token())
    for name in ("refresh", "verify", "jwks.fetch"):
        assert len(telemetry.spans(f"aiocognito.{name}")) == 1


def test_synchronous_code_is_the_parent_of_the_spans(telemetry: Telemetry, pool: ThreadedUserPool) -> None:
    tracer = telemetry.tracers.get_tracer("app")
    with (
        sync.SessionManager(pool.config, storage=MemoryStorage()) as sessions,
        sync.TokenVerifier.from_config(pool.config, token_use="access") as verifies,
        sync.AuthClient(pool.config) as alone,
    ):
        for each in (sessions, verifies, alone):
            instrument(each, **telemetry.options)
        auth = sessions.client(sessions.new_session_key())
        for client in (auth, alone):
            client.sign_in("ana", PASSWORD)
            with tracer.start_as_current_span("view"):
                client.fetch_auth_session(force_refresh=True, credentials=False)
                verifies.verify(client.access_token())
        made = sessions._remote._make(None)
    refreshes, verified = telemetry.spans("aiocognito.refresh"), telemetry.spans("aiocognito.verify")
    assert [telemetry.parent(span) for span in refreshes + verified] == ["view"] * 4
    # As a forked process makes it.
    assert made._context.refreshes.observe is not None


async def test_all_that_a_web_application_makes_is_instrumented(
    telemetry: Telemetry, pool: ThreadedUserPool
) -> None:
    cognito = starlette.CognitoAuth(pool.config, storage=MemoryStorage())
    async with cognito.lifespan(None):
        before = cognito._service.verifier("id")
    instrument(cognito, **telemetry.options)
    assert before.verify.__func__ is TokenVerifier.verify  # type: ignore[attr-defined]  # a method
    async with cognito.lifespan(None):
        auth = cognito.sessions.client(cognito.sessions.new_session_key())
        await auth.sign_in("ana", PASSWORD)
        await cognito._service.verifier("access").verify(await auth.access_token())
        instrument(cognito, **telemetry.options)
    assert len(telemetry.spans("aiocognito.verify")) == 1
    assert telemetry.spans("aiocognito.storage.replace")


def test_anything_else_is_refused(telemetry: Telemetry) -> None:
    with pytest.raises(TypeError, match=r"instrument takes a SessionManager.*, not MemoryStorage"):
        instrument(MemoryStorage(), **telemetry.options)  # type: ignore[arg-type]  # refused at run time


async def test_the_providers_of_the_process_are_the_default(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opentelemetry.trace.get_tracer_provider", lambda: telemetry.tracers)
    monkeypatch.setattr("opentelemetry.metrics._internal.get_meter_provider", lambda: telemetry.meters)
    async with scripted_client() as (auth, _, _):
        instrument(auth)
        assert await auth.get_sign_in_step() is None
    assert [span.name for span in telemetry.spans()] == ["aiocognito.storage.get"]
    assert telemetry.points("aiocognito.storage.operation.duration")


# What is not instrumented


async def test_without_it_nothing_is_wrapped(pool: ThreadedUserPool) -> None:
    storage = MemoryStorage()
    async with (
        SessionManager(pool.config, storage=storage) as sessions,
        TokenVerifier.from_config(pool.config, token_use="access") as verifies,
    ):
        context = sessions._context
        assert context.storage is storage
        assert context.refreshes.observe is None
        assert context.credential_fetches.observe is None
        assert context.on_verifier is None
        assert not {"verify", "verify_cached"} & set(vars(verifies))


def test_the_library_does_not_import_opentelemetry() -> None:
    script = (
        "import sys, aiocognito, aiocognito.sync, aiocognito.storage.redis\n"
        "import aiocognito._gateways.aws.connection, aiocognito.integrations.starlette\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'opentelemetry'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# Secrets


async def test_no_span_metric_or_attribute_has_a_secret(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = await every_use(monkeypatch, lambda each: instrument(each, **telemetry.options))
    exported = telemetry.text()
    assert PASSWORD in texts
    assert not set(leaked(exported, texts | {"open-sesame"})) - HARMLESS
    outcomes = telemetry.values("aiocognito.refresh", "aiocognito.refresh.outcome")
    assert set(outcomes) == {"renewed", "ended", "failed"}
    results = telemetry.values("aiocognito.verify", "aiocognito.verification.result")
    assert set(results) == {"accepted", "refused", "unavailable"}
    for name in ("credentials.fetch", "client_credentials.fetch", "jwks.fetch", "storage.lock"):
        assert telemetry.spans(f"aiocognito.{name}"), name
    page = (Path(__file__).parents[2] / "docs" / "observability.md").read_text(encoding="utf-8")
    names = {span.name for span in telemetry.spans()} | {metric.name for metric in telemetry.metrics()}
    attributes = {key for span in telemetry.spans() for key in span.attributes or {}}
    assert len(names) > 15
    documented = {each for each in names | attributes if f"`{each}`" in page}
    operations = {f"aiocognito.storage.{name}" for name in ("set", "replace", "delete", "lock")}
    assert names | attributes <= documented | operations
