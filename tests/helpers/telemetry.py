"""OpenTelemetry's exporters in memory, every flow of a service, and what was sent and received meanwhile."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

import pytest
from attrs import evolve, field, frozen
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from aiocognito import (
    AuthClient,
    AuthConfig,
    AuthError,
    ClientCredentials,
    MemoryStorage,
    SessionManager,
    TokenVerifier,
)
from aiocognito._gateways.aws.connection import AwsConnection
from aiocognito._gateways.http import Http
from aiocognito.emulator import CognitoEmulator
from helpers.browser import sign_in as sign_in_at_hosted_ui
from sign_in.authenticator import Authenticator

PASSWORD = "Correct-Horse-7"
NEW_PASSWORD = "Better-Horse-8"
PHONE = "+15555550100"
CALLBACK = "https://app.example/callback"
# A configuration, and what a user does there.
Flow: TypeAlias = tuple[AuthConfig, Callable[[AuthClient, "LeakyStorage"], Awaitable[None]]]


def _reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@frozen
class Telemetry:
    """Providers whose exporters keep all in memory."""

    exporter: InMemorySpanExporter = field(factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = field(factory=_reader)
    tracers: TracerProvider = field(factory=TracerProvider)
    meters: MeterProvider = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        object.__setattr__(self, "meters", MeterProvider([self.reader]))

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `instrument`."""
        return {"tracer_provider": self.tracers, "meter_provider": self.meters}

    def spans(self, name: str = "") -> list[ReadableSpan]:
        """Return the finished spans, or those of a name."""
        return [span for span in self.exporter.get_finished_spans() if not name or span.name == name]

    def values(self, name: str, attribute: str) -> list[Any]:
        """Return the values of an attribute in the spans of a name; None where a span lacks it."""
        return [(span.attributes or {}).get(attribute) for span in self.spans(name)]

    def parent(self, span: ReadableSpan) -> str | None:
        """Return the name of a span's parent, if that has finished, too."""
        names = {each.context.span_id: each.name for each in self.spans() if each.context is not None}
        return None if span.parent is None else names.get(span.parent.span_id)

    def metrics(self) -> list[Any]:
        """Return the metrics."""
        data = self.reader.get_metrics_data()
        scopes = [scope for each in data.resource_metrics for scope in each.scope_metrics] if data else []
        return [metric for scope in scopes for metric in scope.metrics]

    def points(self, name: str) -> list[Any]:
        """Return the data points of a metric."""
        return [
            point for metric in self.metrics() if metric.name == name for point in metric.data.data_points
        ]

    def text(self) -> str:
        """Return all text that was exported. Ids of spans and times, in which anything may occur, are not."""
        found: list[Any] = []
        for span in self.spans():
            found += [span.name, span.status.description, dict(span.attributes or {})]
            for event in span.events:
                found += [event.name, dict(event.attributes or {})]
            found += [dict(link.attributes or {}) for link in span.links]
        for metric in self.metrics():
            found += [metric.name, metric.description]
            found += [dict(point.attributes) for point in metric.data.data_points]
        return "\n".join(map(str, found))


class Wire:
    """The texts in the bodies of all requests and responses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: set[str] = set()
        post, request = AwsConnection._post, Http.request

        async def recorded_post(connection: AwsConnection, headers: Any, body: bytes) -> Any:
            answer = await post(connection, headers, body)
            self._add(json.loads(body))
            with suppress(ValueError):
                self._add(json.loads(answer.body))
            return answer

        async def recorded_request(http: Http, method: str, url: str, **options: Any) -> Any:
            answer = await request(http, method, url, **options)
            self._add(dict(options.get("data") or {}))
            self._add(dict(options.get("headers") or {}))
            if "jwks" not in url:
                self._add(json.loads(answer.body or b"{}"))
            return answer

        monkeypatch.setattr(AwsConnection, "_post", recorded_post)
        monkeypatch.setattr(Http, "request", recorded_request)

    def _add(self, value: object) -> None:
        if isinstance(value, Mapping):
            for each in value.values():
                self._add(each)
        elif isinstance(value, list):
            for each in value:
                self._add(each)
        elif isinstance(value, str):
            self.texts.add(value)


class LeakyStorage(MemoryStorage):
    """Fails on request, with what it was asked to store."""

    is_broken = False

    async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
        if self.is_broken:
            raise OSError(f"cannot write {value!r} to redis://:{PASSWORD}@cache.internal")
        return await super().replace(key, value, **arguments)


async def every_flow(instrument: Callable[[Any], None]) -> set[str]:
    """Run each way to sign in, to go on and to end, well and badly; return the keys of the sessions."""
    keys: set[str] = set()
    async with CognitoEmulator() as emulator:
        for steps in (
            _factors,
            _passkeys_and_devices,
            _hosted_ui,
            _credentials,
            _broken_storage,
        ):
            async for key in _keys(steps, emulator, instrument):
                keys.add(key)
    return keys


async def _keys(
    steps: Callable[[CognitoEmulator], AsyncIterator[Flow]],
    emulator: CognitoEmulator,
    instrument: Callable[[Any], None],
) -> AsyncIterator[str]:
    storage = LeakyStorage(clock=emulator.clock)
    async for config, work in steps(emulator):
        config = evolve(config, connect_timeout=60.0, read_timeout=120.0)
        async with SessionManager(config, storage=storage, clock=emulator.clock) as sessions:
            instrument(sessions)
            key, token = sessions.new_session_key(), sessions.new_device_token()
            auth = sessions.client(key, device_token=token)
            with suppress(AuthError, OSError):
                await work(auth, storage)
            yield key
            yield auth.session_key
            yield token


async def _factors(emulator: CognitoEmulator) -> AsyncIterator[Flow]:
    pool = await emulator.create_user_pool(
        MfaConfiguration="OPTIONAL",
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}},
        client={"GenerateSecret": True, "RefreshTokenValidity": 2},
    )
    for name, mfa in (("ana", None), ("totp", "TOTP"), ("sms", "SMS")):
        await pool.add_user(
            name, PASSWORD, mfa=mfa, attributes={"email": f"{name}@example.com", "phone_number": PHONE}
        )
    await emulator.call(
        "AdminCreateUser",
        UserPoolId=pool.id,
        Username="new",
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
    )

    async def wrong(auth: AuthClient, _: Any) -> None:
        await auth.sign_in("ana", "wrong-Horse-7")

    async def plain(auth: AuthClient, _: Any) -> None:
        await auth.sign_in("ana", PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")
        await auth.fetch_user_attributes()
        await auth.update_user_attribute("email", "other@example.com")
        await auth.confirm_user_attribute("email", await emulator.outbox.next_code("other@example.com"))
        await auth.set_up_totp()
        await auth.verify_totp_setup(pool.totp_code("ana"))
        emulator.clock.advance(3700)
        await auth.access_token()
        await auth.update_password(PASSWORD, NEW_PASSWORD)
        await auth.sign_out(global_sign_out=True)

    async def totp(auth: AuthClient, _: Any) -> None:
        await auth.sign_in("totp", PASSWORD)
        with suppress(AuthError):
            await auth.confirm_sign_in("000000")
        emulator.clock.advance(60)
        await auth.confirm_sign_in(pool.totp_code("totp"))
        emulator.clock.advance(3600 * 24 * 3)
        await auth.access_token()

    async def sms(auth: AuthClient, _: Any) -> None:
        await auth.sign_in("sms", PASSWORD)
        await auth.confirm_sign_in(await emulator.outbox.next_code(PHONE))
        await auth.sign_out()

    async def email_code(auth: AuthClient, _: Any) -> None:
        await auth.sign_in("ana", auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP")
        await auth.confirm_sign_in(await emulator.outbox.next_code("ana@example.com"))
        await auth.sign_out()

    async def new_password(auth: AuthClient, _: Any) -> None:
        await auth.sign_in("new", PASSWORD)
        await auth.confirm_sign_in(NEW_PASSWORD)

    async def sign_up(auth: AuthClient, _: Any) -> None:
        await auth.sign_up("zoe", PASSWORD, user_attributes={"email": "zoe@example.com"}, auto_sign_in=True)
        await auth.confirm_sign_up("zoe", await emulator.outbox.next_code("zoe@example.com"))
        await auth.auto_sign_in(password=PASSWORD)
        await auth.reset_password("zoe")
        await auth.confirm_reset_password(
            "zoe", NEW_PASSWORD, await emulator.outbox.next_code("zoe@example.com")
        )

    tracking = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 20}}
    await emulator.call("SetUserPoolSessionConfiguration", UserPoolId=pool.id, **tracking)

    async def sessions(auth: AuthClient, _: Any) -> None:
        async with AuthClient(pool.config, clock=emulator.clock) as elsewhere:
            for each in (elsewhere, auth):
                await each.sign_in("zoe", NEW_PASSWORD)
        await auth.fetch_auth_factors()
        own = next(session for session in await auth.list_sessions() if session.current)
        with suppress(AuthError):
            await auth.revoke_session(own.id)
        await auth.sign_out(others=True)

    for work in (wrong, email_code, plain, totp, sms, new_password, sign_up, sessions):
        yield pool.config, work


async def _passkeys_and_devices(emulator: CognitoEmulator) -> AsyncIterator[Flow]:
    pool = await emulator.create_user_pool(
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
        WebAuthnConfiguration={"RelyingPartyId": "example.com"},
        DeviceConfiguration={
            "ChallengeRequiredOnNewDevice": True,
            "DeviceOnlyRememberedOnUserPrompt": False,
        },
    )
    await pool.add_user("ana", PASSWORD)
    authenticator = Authenticator()

    async def work(auth: AuthClient, _: Any) -> None:
        await auth.sign_in("ana", PASSWORD)
        await auth.associate_web_authn_credential(authenticator.create)
        await auth.sign_out()
        await auth.sign_in("ana", PASSWORD)  # with the device
        emulator.clock.advance(3700)
        await auth.access_token()
        await auth.sign_out()
        result = await auth.sign_in("ana", auth_flow_type="USER_AUTH", preferred_challenge="WEB_AUTHN")
        options = result.next_step.credential_request_options  # type: ignore[union-attr]  # the step asked for
        await auth.confirm_sign_in(await authenticator.get(dict(options)))

    yield pool.config, work


async def _hosted_ui(emulator: CognitoEmulator) -> AsyncIterator[Flow]:
    pool = await emulator.create_user_pool(client={"CallbackURLs": [CALLBACK], "GenerateSecret": True})
    await pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})

    async def work(auth: AuthClient, _: Any) -> None:
        request = await auth.sign_in_with_redirect(nonce=True)
        back = await sign_in_at_hosted_ui(emulator.url, request.url, "ana", PASSWORD)
        await auth.complete_sign_in_with_redirect(back)
        with suppress(AuthError):
            await auth.complete_sign_in_with_redirect(back)
        emulator.clock.advance(3700)
        await auth.id_token()
        await auth.sign_out()

    yield pool.config, work


async def _credentials(emulator: CognitoEmulator) -> AsyncIterator[Flow]:
    pool = await emulator.create_user_pool()
    await pool.add_user("ana", PASSWORD)
    shop = await emulator.create_identity_pool(user_pools=[pool], AllowUnauthenticatedIdentities=True)

    async def work(auth: AuthClient, _: Any) -> None:
        await auth.fetch_auth_session()
        await auth.sign_in("ana", PASSWORD)
        await auth.fetch_auth_session()
        emulator.faults.add("GetCredentialsForIdentity", error="TooManyRequestsException", times=9)
        await auth.fetch_auth_session(force_refresh=True)

    yield evolve(shop.config, max_attempts=1), work


async def _broken_storage(emulator: CognitoEmulator) -> AsyncIterator[Flow]:
    pool = await emulator.create_user_pool()
    await pool.add_user("ana", PASSWORD)

    async def work(auth: AuthClient, storage: LeakyStorage) -> None:
        await auth.sign_in("ana", PASSWORD)
        emulator.clock.advance(3700)
        storage.is_broken = True
        await auth.access_token()

    yield pool.config, work


async def verifications(instrument: Callable[[Any], None]) -> None:
    """Verify a good token, a cached one, bad ones, and one whose keys cannot be had; fetch a machine's."""
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool(client={"CallbackURLs": [CALLBACK], "GenerateSecret": True})
        await pool.add_user("ana", PASSWORD)
        async with AuthClient(pool.config, clock=emulator.clock) as auth:
            await auth.sign_in("ana", PASSWORD)
            token = await auth.access_token()
        away = evolve(pool.config, jwks_uri="http://127.0.0.1:9/keys?api-key=open-sesame", max_attempts=1)
        for config in (pool.config, away):
            async with TokenVerifier.from_config(config, token_use="access") as verifier:
                instrument(verifier)
                for each in (token, token, token[:-8], f"{token}.x", "not a token"):
                    with suppress(AuthError):
                        await verifier.verify(each)
        await pool.add_resource_server("orders", ["read"])
        machines = await pool.add_client(AllowedOAuthFlows=["client_credentials"])
        for config in (machines, pool.config):  # the second one has not the grant
            async with ClientCredentials(config, clock=emulator.clock) as machine:
                instrument(machine)
                with suppress(AuthError):
                    await machine.get_tokens()


async def every_use(monkeypatch: pytest.MonkeyPatch, instrument: Callable[[Any], None]) -> set[str]:
    """Make every flow and verification, and return the keys of sessions and all texts that were sent."""
    wire = Wire(monkeypatch)
    keys = await every_flow(instrument)
    await verifications(instrument)
    return wire.texts | keys


def leaked(exported: str, texts: set[str]) -> list[str]:
    """Return the texts that were exported, as words: those of fewer than six characters may be any word."""
    long = [text for text in texts if len(text) >= 6 and text in exported]
    return [text for text in long if re.search(rf"(?<![\w-]){re.escape(text)}(?![\w-])", exported)]
