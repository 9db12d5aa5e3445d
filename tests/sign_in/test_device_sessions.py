"""Sessions in a user pool that tracks devices, end to end: they live as long as in any other pool."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from aiocognito import AuthClient, AutoSignInOptions, FileStorage, MemoryStorage, SessionManager, errors
from aiocognito.emulator import CognitoEmulator
from helpers.browser import sign_in as sign_in_at_hosted_ui

PASSWORD, EMAIL = "Correct-Horse-7", "ana@example.com"
ALWAYS = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
ON_REQUEST = {**ALWAYS, "DeviceOnlyRememberedOnUserPrompt": True}
HOUR, DAY = 3600, 86_400
CALLBACK = "https://app.example/callback"
FAILURES: dict[str, dict[str, Any]] = {
    "succeeds": {},
    "throttled": {"error": "TooManyRequestsException"},
    "500": {"status": 500},
    "cut before the work": {"cut": "before"},
    "cut after the work": {"cut": "after"},
    "not JSON": {"malformed": True},
}
# Who signs in: (device token, device_tracking).
BROWSER, NO_TOKEN, TRACKING_OFF = ("browser", True), (None, True), ("browser", False)
WHO = pytest.mark.parametrize(
    ("token", "tracking"), [BROWSER, NO_TOKEN, TRACKING_OFF], ids=["browser", "no token", "tracking off"]
)


def question(event: dict[str, Any]) -> dict[str, Any]:
    """DefineAuthChallenge: after a password or without one, one question."""
    rounds, response = event["request"]["session"], event["response"]
    if not rounds or rounds[-1]["challengeName"] == "PASSWORD_VERIFIER":
        response["challengeName"] = "CUSTOM_CHALLENGE"
    elif rounds[-1]["challengeName"] == "SRP_A":
        response["challengeName"] = "PASSWORD_VERIFIER"
    else:
        response["issueTokens"] = True
    return event


def ask(event: dict[str, Any]) -> dict[str, Any]:
    event["response"] = {"publicChallengeParameters": {}, "privateChallengeParameters": {"answer": "blue"}}
    return event


def judge(event: dict[str, Any]) -> dict[str, Any]:
    event["response"]["answerCorrect"] = event["request"]["challengeAnswer"] == "blue"
    return event


async def tracking_pool(emulator: CognitoEmulator, configuration: Any = ALWAYS, **client: Any) -> Any:
    flows = ["USER_SRP_AUTH", "USER_PASSWORD_AUTH", "USER_AUTH", "CUSTOM_AUTH", "REFRESH_TOKEN_AUTH"]
    pool = await emulator.create_user_pool(
        UsernameAttributes=["email"],
        DeviceConfiguration=configuration,
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
        client={"ExplicitAuthFlows": [f"ALLOW_{flow}" for flow in flows], **client},
        triggers={
            "DefineAuthChallenge": question,
            "CreateAuthChallenge": ask,
            "VerifyAuthChallengeResponse": judge,
        },
    )
    await pool.add_user(EMAIL, PASSWORD)
    return pool


def operations(emulator: CognitoEmulator) -> list[str]:
    return [call.operation for call in emulator.calls]


async def is_signed_in(auth: AuthClient, **arguments: Any) -> bool:
    return (await auth.fetch_auth_session(credentials=False, **arguments)).tokens is not None


async def statuses(auth: AuthClient) -> list[str]:
    devices = await auth.fetch_devices()
    return [device.attributes["dev:device_remembered_status"] for device in devices]


# A day of a service as the pages on web frameworks show it


@WHO
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
async def test_a_service_keeps_its_users_signed_in_for_a_day(
    emulator: CognitoEmulator, tmp_path: Path, token: Any, tracking: bool, failure: dict[str, Any]
) -> None:
    validity = {"AccessTokenValidity": 15, "IdTokenValidity": 15}
    units = {"AccessToken": "minutes", "IdToken": "minutes"}
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    pool = await tracking_pool(
        emulator,
        **validity,
        TokenValidityUnits=units,
        RefreshTokenRotation=rotation,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
    )
    config = evolve(pool.config, device_tracking=tracking, max_attempts=1)
    if failure:
        emulator.faults.add("ConfirmDevice", times=2, **failure)
    storage = FileStorage(tmp_path, encryption_key=None, clock=emulator.clock)
    async with SessionManager(config, storage=storage, clock=emulator.clock) as sessions:
        key = sessions.new_session_key()
        client = sessions.client(key, device_token=token)
        assert (await client.sign_in(EMAIL, PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")).is_signed_in
        key = await client.rotate_session_key()
        for seconds in (40, 40, *[600] * (DAY // 600)):
            emulator.clock.advance(seconds)
            assert await is_signed_in(sessions.client(key, device_token=token))
    renewals = [call for call in emulator.calls if call.operation == "GetTokensFromRefreshToken"]
    assert len(renewals) > 70
    assert [call.error for call in renewals if call.error] == [], "no refresh token was presented in vain"
    # A cut or malformed answer comes after the work: the second request is answered "exists".
    assert operations(emulator).count("ConfirmDevice") == (3 if failure else 1)


# Every flow


async def by_password(auth: AuthClient, flow: Any, **arguments: Any) -> None:
    result = await auth.sign_in(EMAIL, PASSWORD, auth_flow_type=flow, **arguments)
    assert result.is_signed_in


async def by_question(auth: AuthClient, flow: Any, password: str | None) -> None:
    await auth.sign_in(EMAIL, password, auth_flow_type=flow)
    assert (await auth.confirm_sign_in("blue")).is_signed_in


async def by_email(auth: AuthClient, emulator: CognitoEmulator) -> None:
    await auth.sign_in(EMAIL, auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP")
    assert (await auth.confirm_sign_in(await emulator.outbox.next_code(EMAIL))).is_signed_in


async def automatically(auth: AuthClient, emulator: CognitoEmulator) -> None:
    options = AutoSignInOptions(auth_flow_type="USER_AUTH")
    await auth.sign_up("ben@example.com", PASSWORD, auto_sign_in=options)
    await auth.confirm_sign_up("ben@example.com", await emulator.outbox.next_code("ben@example.com"))
    assert (await auth.auto_sign_in()).is_signed_in


FLOWS: dict[str, Callable[[AuthClient, CognitoEmulator], Awaitable[None]]] = {
    "SRP": lambda auth, _: by_password(auth, "USER_SRP_AUTH"),
    "password": lambda auth, _: by_password(auth, "USER_PASSWORD_AUTH"),
    "USER_AUTH, password": lambda auth, _: by_password(auth, "USER_AUTH", preferred_challenge="PASSWORD"),
    "USER_AUTH, SRP": lambda auth, _: by_password(auth, "USER_AUTH", preferred_challenge="PASSWORD_SRP"),
    "USER_AUTH, code": by_email,
    "custom": lambda auth, _: by_question(auth, "CUSTOM_WITHOUT_SRP", None),
    "custom behind SRP": lambda auth, _: by_question(auth, "CUSTOM_WITH_SRP", PASSWORD),
    "automatic": automatically,
}


@WHO
@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS.keys())
@pytest.mark.parametrize("failure", [{}, {"error": "TooManyRequestsException"}], ids=["at once", "later"])
async def test_every_flow_leads_to_a_session_that_is_renewed(
    emulator: CognitoEmulator, token: Any, tracking: bool, flow: Any, failure: dict[str, Any]
) -> None:
    pool = await tracking_pool(emulator)
    config = evolve(pool.config, device_tracking=tracking, max_attempts=1)
    if failure:
        emulator.faults.add("ConfirmDevice", **failure)
    storage = MemoryStorage(clock=emulator.clock)
    async with SessionManager(config, storage=storage, clock=emulator.clock) as sessions:
        auth = sessions.client(sessions.new_session_key(), device_token=token)
        await flow(auth, emulator)
        emulator.clock.advance(HOUR // 2)
        assert await is_signed_in(auth)
        emulator.clock.advance(HOUR)
        assert await is_signed_in(auth)
        assert await statuses(auth) == ["remembered" if (token, tracking) == BROWSER else "not_remembered"]


@WHO
async def test_tokens_of_the_hosted_ui_belong_to_no_device_and_are_renewed(
    emulator: CognitoEmulator, token: Any, tracking: bool
) -> None:
    pool = await tracking_pool(emulator, CallbackURLs=[CALLBACK])
    config = evolve(pool.config, device_tracking=tracking)
    storage = MemoryStorage(clock=emulator.clock)
    async with SessionManager(config, storage=storage, clock=emulator.clock) as sessions:
        auth = sessions.client(sessions.new_session_key(), device_token=token)
        request = await auth.sign_in_with_redirect()
        back = await sign_in_at_hosted_ui(emulator.url, request.url, EMAIL, PASSWORD)
        assert (await auth.complete_sign_in_with_redirect(back)).is_signed_in
        for _ in range(24):
            emulator.clock.advance(HOUR)
            assert await is_signed_in(auth)
        assert "ConfirmDevice" not in operations(emulator)


async def test_borrowed_tokens_have_the_device_of_the_session_that_lends_them(
    emulator: CognitoEmulator, connect: Any
) -> None:
    pool = await tracking_pool(emulator)
    emulator.faults.add("ConfirmDevice", error="TooManyRequestsException")
    lender = await connect(evolve(pool.config, max_attempts=1))
    await by_password(lender, "USER_SRP_AUTH")
    async with AuthClient(pool.config, token_provider=lender.token_provider) as borrower:
        emulator.clock.advance(HOUR // 2)
        assert await is_signed_in(borrower)
        assert len(await borrower.fetch_devices()) == 1
        emulator.clock.advance(HOUR)
        assert await is_signed_in(borrower)
        with pytest.raises(errors.AuthTokenConfigException):
            await borrower.remember_device()


# One process after the other


async def test_a_process_that_ends_before_the_response_leaves_the_confirmation_to_the_next(
    emulator: CognitoEmulator, tmp_path: Path
) -> None:
    pool = await tracking_pool(emulator, ON_REQUEST)
    config = evolve(pool.config, max_attempts=1)
    emulator.faults.add("ConfirmDevice", cut="after")
    for _ in range(2):
        process = FileStorage(tmp_path, encryption_key=None, clock=emulator.clock)
        async with AuthClient(config, storage=process, clock=emulator.clock) as auth:
            if not await is_signed_in(auth):
                await by_password(auth, "USER_SRP_AUTH")
        emulator.clock.advance(60)
    storage = FileStorage(tmp_path, encryption_key=None, clock=emulator.clock)
    async with AuthClient(config, storage=storage, clock=emulator.clock) as auth:
        assert await statuses(auth) == ["not_remembered"]
        await auth.remember_device()
        assert await statuses(auth) == ["remembered"]
        emulator.clock.advance(HOUR)
        assert await is_signed_in(auth)


# Devices of several browsers and users


async def test_browsers_and_users_have_devices_of_their_own(emulator: CognitoEmulator) -> None:
    pool = await tracking_pool(emulator)
    await pool.add_user("ben@example.com", PASSWORD)
    config = evolve(pool.config, max_attempts=1)
    emulator.faults.add("ConfirmDevice", error="TooManyRequestsException", times=3)
    storage = MemoryStorage(clock=emulator.clock)
    async with SessionManager(config, storage=storage, clock=emulator.clock) as sessions:
        clients = {}
        for name, token in (("ana", "one"), ("ben", "one"), ("ana", "two")):
            auth = sessions.client(sessions.new_session_key(), device_token=token)
            assert (await auth.sign_in(f"{name}@example.com", PASSWORD)).is_signed_in
            clients[name, token] = auth
        emulator.clock.advance(60)
        assert all([await is_signed_in(auth) for auth in clients.values()])
        for (name, token), auth in clients.items():
            tokens = (await auth.fetch_auth_session(force_refresh=True, credentials=False)).tokens
            assert tokens is not None
            await auth.sign_out()
            again = sessions.client(sessions.new_session_key(), device_token=token)
            assert (await again.sign_in(f"{name}@example.com", PASSWORD)).is_signed_in
            before = tokens.access_token.payload["device_key"]
            after = (await again.fetch_auth_session(force_refresh=True, credentials=False)).tokens
            assert after is not None
            assert after.access_token.payload["device_key"] == before


# The end of a session


@pytest.mark.parametrize("end", ["sign_out", "global sign_out", "manager.end"])
async def test_a_device_of_the_session_alone_is_gone_with_the_session(
    emulator: CognitoEmulator, end: str
) -> None:
    pool = await tracking_pool(emulator)
    storage = MemoryStorage(clock=emulator.clock)
    async with SessionManager(pool.config, storage=storage, clock=emulator.clock) as sessions:
        auth = sessions.client(sessions.new_session_key())
        await by_password(auth, "USER_SRP_AUTH")
        user = pool._user(EMAIL)
        assert len(user.devices) == 1
        if end == "manager.end":
            await sessions.end(auth.session_key)
        else:
            assert (await auth.sign_out(global_sign_out=end.startswith("global"))).revoked
        assert user.devices == {}


async def test_a_device_of_the_session_alone_can_be_forgotten_by_its_id(emulator: CognitoEmulator) -> None:
    pool = await tracking_pool(emulator)
    storage = MemoryStorage(clock=emulator.clock)
    async with SessionManager(pool.config, storage=storage, clock=emulator.clock) as sessions:
        auth = sessions.client(sessions.new_session_key())
        await by_password(auth, "USER_SRP_AUTH")
        (device,) = await auth.fetch_devices()
        await auth.forget_device(device.id)
        assert await auth.fetch_devices() == []
        count = len(emulator.calls)
        await auth.sign_out()
        assert operations(emulator)[count:] == ["RevokeToken"], "it is gone already"
