"""OpenTelemetry's own instrumentations of aiobotocore and httpx, together with ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve
from opentelemetry.instrumentation.botocore import AiobotocoreInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.trace import StatusCode

from aiocognito import AuthClient, TokenVerifier, errors
from aiocognito.emulator import CognitoEmulator
from aiocognito.integrations.opentelemetry import instrument
from helpers.telemetry import PASSWORD, Telemetry, every_use, leaked

pytestmark = pytest.mark.interop

# Texts without a user's data, which are in the events of errors.
HARMLESS = {
    "CodeMismatchException",
    "Incorrect username or password.",
    "InvalidParameterException",
    "Invalid code received for user",
    "NotAuthorizedException",
    "Rate exceeded",
    "Refresh Token has expired",
    "ResourceNotFoundException",
    "Session not found.",
    "The current session cannot be revoked.",
    "TooManyRequestsException",
    "client_credentials",
    "unauthorized_client",
}


@pytest.fixture
def telemetry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telemetry]:
    # The browser's requests: it runs in this process, too.
    monkeypatch.setenv("OTEL_PYTHON_HTTPX_EXCLUDED_URLS", "/oauth2/authorize,/login")
    telemetry = Telemetry()
    instrumentors: list[Any] = [AiobotocoreInstrumentor(), HTTPXClientInstrumentor()]  # type: ignore[no-untyped-call]  # theirs
    for each in instrumentors:
        each.instrument(**telemetry.options, skip_dep_check=True)
    yield telemetry
    for each in instrumentors:
        each.uninstrument()


async def test_request_id_and_status_reach_the_spans_of_the_calls(telemetry: Telemetry) -> None:
    tracer = telemetry.tracers.get_tracer("app")
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool()
        await pool.add_user("ana", PASSWORD)
        config = evolve(pool.config, connect_timeout=60.0, read_timeout=120.0)
        async with (
            AuthClient(config, clock=emulator.clock) as auth,
            TokenVerifier.from_config(config, token_use="access") as verifier,
        ):
            instrument(auth, **telemetry.options)
            instrument(verifier, **telemetry.options)
            with pytest.raises(errors.NotAuthorizedException) as refused:
                await auth.sign_in("ana", "wrong-Horse-7")
            await auth.sign_in("ana", PASSWORD)
            with tracer.start_as_current_span("request"):
                session = await auth.fetch_auth_session(force_refresh=True)
            assert session.tokens is not None
            with tracer.start_as_current_span("another request"):
                await verifier.verify(session.tokens.access_token.token)
            emulator.faults.add("GetTokensFromRefreshToken", error="InternalErrorException", times=9)
            with pytest.raises(errors.InternalErrorException) as failed:
                await auth.fetch_auth_session(force_refresh=True)
    assert refused.value.request_id
    assert failed.value.request_id
    calls = [span for span in telemetry.spans() if "rpc.method" in (span.attributes or {})]
    found = {(span.attributes or {})["aws.request_id"]: span for span in calls}
    assert len(found) == len(calls)
    span = found[refused.value.request_id]
    assert span.name == "Cognito Identity Provider.RespondToAuthChallenge"
    assert (span.attributes or {})["http.status_code"] == 400
    assert span.status.status_code is StatusCode.ERROR
    (event,) = span.events
    assert (event.attributes or {})["exception.type"] == "botocore.errorfactory.NotAuthorizedException"
    refresh, broken = telemetry.spans("Cognito Identity Provider.GetTokensFromRefreshToken")[:2]
    assert (refresh.attributes or {})["http.status_code"] == 200
    assert telemetry.parent(refresh) == telemetry.parent(broken) == "aiocognito.refresh"
    ours = telemetry.spans("aiocognito.refresh")
    assert [telemetry.parent(span) for span in ours] == ["request", None]
    assert (ours[1].attributes or {})["aws.request_id"] == failed.value.request_id
    assert (ours[1].attributes or {})["http.response.status_code"] == failed.value.service_status
    (get,) = telemetry.spans("GET")
    assert telemetry.parent(get) == "aiocognito.jwks.fetch"
    assert (get.attributes or {})["http.status_code"] == 200
    (verification,) = telemetry.spans("aiocognito.verify")
    assert telemetry.parent(verification) == "another request"


async def test_no_secret_is_in_what_all_of_them_export(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = await every_use(monkeypatch, lambda each: instrument(each, **telemetry.options))
    assert len(telemetry.spans("Cognito Identity Provider.InitiateAuth")) > 5
    # The installed botocore may not know these two.
    (listed, *_), (refused, *revoked) = (
        telemetry.spans(f"Cognito Identity Provider.{name}")
        for name in ("ListUserSessions", "RevokeUserSession")
    )
    assert (listed.attributes or {})["rpc.method"] == "ListUserSessions"
    assert (refused.attributes or {})["http.status_code"] == 400
    assert 200 in [(each.attributes or {})["http.status_code"] for each in revoked]
    assert telemetry.spans("POST")  # the token endpoint
    found = set(leaked(telemetry.text(), texts)) - HARMLESS
    assert not found
