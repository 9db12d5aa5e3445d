"""Remembered devices: confirmed once, proven at the next sign-in, and stored for one browser only."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from aiocognito import AuthClient, MemoryStorage, SessionManager, UserContext, errors, steps
from aiocognito import _srp as srp
from aiocognito._responses import RememberedDevice
from aiocognito._session import compare_and_set
from aiocognito.errors import NetworkError
from helpers.clock import Clock
from helpers.user_pool import (
    CONFIG,
    VERIFIER,
    RecordingStorage,
    ScriptedService,
    attach,
    begin,
    challenge,
    refusal,
    scripted_client,
    scripted_manager,
)

INITIATE, RESPOND, CONFIRM = "InitiateAuth", "RespondToAuthChallenge", "ConfirmDevice"
REFRESH = "GetTokensFromRefreshToken"
UPDATE, FORGET = "UpdateDeviceStatus", "ForgetDevice"
KEY, GROUP = "us-east-1_01234567-89ab-cdef-0123-456789abcdef", "-abcDEF12"
DEVICE_PINS = json.loads((Path(__file__).parent.parent / "data" / "srp.json").read_text())["device"]
GONE = refusal(INITIATE, "ResourceNotFoundException", "Device does not exist.")


def with_new_device(service: ScriptedService, key: str = KEY, **tokens: Any) -> dict[str, Any]:
    """Tokens, and a device to confirm."""
    answer = service.tokens(**tokens)
    answer["AuthenticationResult"]["NewDeviceMetadata"] = {"DeviceKey": key, "DeviceGroupKey": GROUP}
    return answer


async def remember(
    client: AuthClient, service: ScriptedService, username: str = "ana", key: str = KEY, **tokens: Any
) -> None:
    """Sign a user in by SRP on a new device, and out again; only the device is left."""
    parameters = {**VERIFIER["ChallengeParameters"], "USERNAME": username, "USER_ID_FOR_SRP": username}
    service.only(INITIATE, {**VERIFIER, "ChallengeParameters": parameters})
    service.only(RESPOND, with_new_device(service, key, username=username, **tokens))
    service.only(CONFIRM, {"UserConfirmationNecessary": True})
    assert (await client.sign_in(f"{username}@example.com", "secret")).is_signed_in
    await client.sign_out()
    service.calls.clear()


async def sign_in(client: AuthClient, service: ScriptedService, *answers: Any, **arguments: Any) -> Any:
    """Sign in with a password that is sent, and return the result."""
    service.only(INITIATE, *answers)
    arguments.setdefault("auth_flow_type", "USER_PASSWORD_AUTH")
    return await client.sign_in("ana", "secret", **arguments)


# Confirming a new device


async def test_a_new_device_is_confirmed_with_the_verifier_of_the_stored_secret() -> None:
    config = evolve(CONFIG, device_name="Ana's laptop")
    async with scripted_client(config=config) as (client, service, _):
        service.answer(CONFIRM, {"UserConfirmationNecessary": False})
        await sign_in(client, service, with_new_device(service))
        tokens = (await client.fetch_auth_session()).tokens
        assert tokens is not None
        assert service.operations() == [INITIATE, CONFIRM]
        sent = service.calls[-1][1]
        config_sent = sent.pop("DeviceSecretVerifierConfig")
        assert sent == {
            "AccessToken": tokens.access_token.token,
            "DeviceKey": KEY,
            "DeviceName": "Ana's laptop",
        }
        kept = (await client._session.devices.load())["ana"]
        assert (kept.device_key, kept.device_group_key) == (KEY, GROUP)
        salt = base64.b64decode(config_sent["Salt"])
        identity = sha256(f"{GROUP}{KEY}:{kept.random_password}".encode()).digest()
        x = int.from_bytes(sha256(salt + identity).digest(), "big")
        assert int.from_bytes(base64.b64decode(config_sent["PasswordVerifier"]), "big") == pow(2, x, srp.N)


@pytest.mark.parametrize(
    ("context", "name"),
    [
        (UserContext(device_name="Firefox on Linux"), "Firefox on Linux"),
        (UserContext(device_name="n" * 2000), "n" * 1024),
        (UserContext(device_name=""), "the shop"),
        (UserContext(ip_address="192.0.2.7"), "the shop"),
        (None, "the shop"),
    ],
)
async def test_a_new_device_has_the_name_of_the_browser_or_the_configured_one(
    context: UserContext | None, name: str
) -> None:
    async with scripted_client(config=evolve(CONFIG, device_name="the shop"), user_context=context) as (
        client,
        service,
        _,
    ):
        service.answer(CONFIRM, {"UserConfirmationNecessary": False})
        await sign_in(client, service, with_new_device(service))
        begun, confirmed = (parameters for _, parameters in service.calls)
        assert confirmed["DeviceName"] == name
        assert "Firefox" not in str(begun)


@pytest.mark.parametrize("pins", DEVICE_PINS, ids=lambda pins: pins["saltRandomHex"])
async def test_a_new_devices_verifier_matches_another_clients_numbers(
    pins: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([base64.b64decode(pins["randomPassword"]), bytes.fromhex(pins["saltRandomHex"])])
    make = srp.device_verifier
    monkeypatch.setattr(
        srp, "device_verifier", lambda group, key: make(group, key, random_bytes=lambda _: next(drawn))
    )
    async with scripted_client() as (client, service, _):
        await sign_in(client, service, with_new_device(service, pins["deviceKey"]))
        assert service.calls[-1][1]["DeviceSecretVerifierConfig"] == {
            "Salt": pins["SaltB64"],
            "PasswordVerifier": pins["PasswordVerifierB64"],
        }


@pytest.mark.amplify("B39")
@pytest.mark.parametrize(
    "failure",
    [
        refusal(CONFIRM, "InvalidParameterException", "Invalid device key given."),
        NetworkError("lost", request_sent=True),
    ],
    ids=["refused", "lost"],
)
async def test_a_failed_confirmation_leaves_the_sign_in_fine_and_no_device(failure: Exception) -> None:
    async with scripted_client() as (client, service, clock):
        service.answer(CONFIRM, failure)
        assert (await sign_in(client, service, with_new_device(service))).is_signed_in
        assert await client._session.devices.load() == {}
        clock.advance(4000)
        service.answer(REFRESH, service.tokens())
        assert (await client.fetch_auth_session()).tokens is not None
        assert "DeviceKey" not in service.calls[-1][1]


async def test_a_failed_confirmation_does_not_name_the_former_device() -> None:
    """These tokens were issued to the new device: another device key would end the session."""
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        service.only(CONFIRM, refusal(CONFIRM, "TooManyRequestsException"))
        await sign_in(client, service, with_new_device(service, key="us-east-1_another"))
        service.answer(REFRESH, service.tokens())
        await client.fetch_auth_session(force_refresh=True)
        assert "DeviceKey" not in service.calls[-1][1]
        assert (await client._session.devices.load())["ana"].device_key == KEY, "it is as good as before"


@pytest.mark.parametrize("metadata", [{"DeviceKey": KEY}, {"DeviceGroupKey": GROUP}, {}])
async def test_incomplete_device_metadata_is_ignored(metadata: dict[str, str]) -> None:
    async with scripted_client() as (client, service, _):
        answer = service.tokens()
        answer["AuthenticationResult"]["NewDeviceMetadata"] = metadata
        assert (await sign_in(client, service, answer)).is_signed_in
        assert service.operations() == [INITIATE]


# Proving a device


@pytest.mark.amplify("B40")
async def test_a_device_proves_itself_with_its_own_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof is checked against a server's half of SRP, computed here from the verifier alone."""
    pins = DEVICE_PINS[0]
    monkeypatch.setattr(srp.Ephemeral, "generate", lambda: srp.Ephemeral.from_private(4711))
    verifier, salt = int(pins["verifierHex"], 16), int(pins["paddedSalt"], 16)
    b = 0xB0B
    srp_b = (srp.K * verifier + pow(2, b, srp.N)) % srp.N
    given = {"SRP_B": f"{srp_b:x}", "SALT": f"{salt:x}", "SECRET_BLOCK": "c2VjcmV0", "USERNAME": "ana"}
    async with scripted_client() as (client, service, clock):
        secret = RememberedDevice(pins["deviceKey"], pins["deviceGroupKey"], pins["randomPassword"])
        await client._session.devices.remember(secret, "ana-id")
        parameters = {**VERIFIER["ChallengeParameters"], "USERNAME": "ana-id"}
        service.only(INITIATE, {**VERIFIER, "ChallengeParameters": parameters})
        service.answer(
            RESPOND,
            challenge("DEVICE_SRP_AUTH", session="T" * 20),
            challenge("DEVICE_PASSWORD_VERIFIER", given, session="U" * 20),
            service.tokens(),
        )
        result = await client.sign_in("ana@example.com", "secret", client_metadata={"c": "1"})
        assert result.is_signed_in
        (_, begun), (_, proof), (_, device), (_, device_proof) = service.calls
        assert "DEVICE_KEY" not in begun["AuthParameters"], "appendix B, line 20"
        assert proof["ChallengeResponses"]["DEVICE_KEY"] == pins["deviceKey"]
        assert device == {
            "ChallengeName": "DEVICE_SRP_AUTH",
            "ChallengeResponses": {
                "USERNAME": "ana-id",
                "SRP_A": f"{pow(2, 4711, srp.N):x}",
                "DEVICE_KEY": pins["deviceKey"],
            },
            "Session": "T" * 20,
            "ClientMetadata": {"c": "1"},
            "ClientId": "client",
        }
        # The server's side: S = (A * v^u)^b.
        a_public = pow(2, 4711, srp.N)
        u = srp.scrambling_parameter(a_public, srp_b)
        shared = pow(a_public * pow(verifier, u, srp.N), b, srp.N)
        key = srp.hkdf(srp.pad(shared), salt=srp.pad(u))
        timestamp = srp.timestamp(clock())
        message = f"{pins['deviceGroupKey']}{pins['deviceKey']}secret{timestamp}".encode()
        assert device_proof == {
            "ChallengeName": "DEVICE_PASSWORD_VERIFIER",
            "ChallengeResponses": {
                "USERNAME": "ana",
                "PASSWORD_CLAIM_SECRET_BLOCK": "c2VjcmV0",
                "TIMESTAMP": timestamp,
                "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(hmac.digest(key, message, "sha256")).decode(),
                "DEVICE_KEY": pins["deviceKey"],
            },
            "Session": "U" * 20,
            "ClientMetadata": {"c": "1"},
            "ClientId": "client",
        }


DEVICE_FIRST = challenge("DEVICE_SRP_AUTH", session="T" * 20)
DEVICE_THEN = challenge("DEVICE_PASSWORD_VERIFIER", VERIFIER["ChallengeParameters"], session="U" * 20)


@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH", "CUSTOM_WITHOUT_SRP"])
async def test_a_device_is_named_and_proven_in_every_flow_that_takes_it(flow: Any) -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        service.only(INITIATE, DEVICE_FIRST)
        service.only(RESPOND, DEVICE_THEN, service.tokens())
        password = None if flow == "CUSTOM_WITHOUT_SRP" else "secret"
        result = await client.sign_in("ana", password, auth_flow_type=flow)
        assert result.is_signed_in
        assert service.calls[0][1]["AuthParameters"]["DEVICE_KEY"] == KEY
        assert [sent.get("ChallengeName") for _, sent in service.calls] == [
            None,
            "DEVICE_SRP_AUTH",
            "DEVICE_PASSWORD_VERIFIER",
        ]


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("SMS_MFA", "SMS_MFA_CODE"),
        ("SMS_OTP", "SMS_OTP_CODE"),
        ("EMAIL_OTP", "EMAIL_OTP_CODE"),
        ("SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA_CODE"),
        ("CUSTOM_CHALLENGE", "ANSWER"),
    ],
)
async def test_6_5_codes_and_custom_answers_name_the_device_and_may_lead_to_its_proof(
    name: str, member: str
) -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        await begin(client, service, challenge(name), username="ana")
        service.only(RESPOND, DEVICE_FIRST, DEVICE_THEN, service.tokens())
        assert (await client.confirm_sign_in("123456", client_metadata={"k": "v"})).is_signed_in
        assert service.calls[0][1]["ChallengeResponses"] == {
            "USERNAME": "ana",
            member: "123456",
            "DEVICE_KEY": KEY,
        }
        assert [sent["ChallengeName"] for _, sent in service.calls] == [
            name,
            "DEVICE_SRP_AUTH",
            "DEVICE_PASSWORD_VERIFIER",
        ]
        assert [sent["ClientMetadata"] for _, sent in service.calls] == [{"k": "v"}] * 3


async def test_a_device_proof_may_be_followed_by_another_challenge() -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        service.only(RESPOND, DEVICE_THEN, challenge("SOFTWARE_TOKEN_MFA", session="V" * 20))
        result = await sign_in(client, service, DEVICE_FIRST)
        assert result.next_step == steps.ConfirmSignInWithTotpCode()


async def test_a_device_challenge_without_a_username_is_answered_for_the_user_who_signs_in() -> None:
    parameters = {k: v for k, v in VERIFIER["ChallengeParameters"].items() if k != "USERNAME"}
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        service.only(RESPOND, challenge("DEVICE_PASSWORD_VERIFIER", parameters), service.tokens())
        assert (await sign_in(client, service, DEVICE_FIRST)).is_signed_in
        names = [sent["ChallengeResponses"]["USERNAME"] for _, sent in service.calls[1:]]
        assert names == ["ana", "ana"]


async def test_a_refused_device_proof_is_an_error_and_the_device_stays() -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        service.only(RESPOND, DEVICE_THEN, refusal(RESPOND, "NotAuthorizedException"))
        with pytest.raises(errors.NotAuthorizedException):
            await sign_in(client, service, DEVICE_FIRST)
        assert "ana" in await client._session.devices.load()


# A device that Cognito has forgotten


@pytest.mark.amplify("B38")
@pytest.mark.parametrize(
    ("flow", "operation"),
    [("USER_SRP_AUTH", RESPOND), ("USER_PASSWORD_AUTH", INITIATE), ("CUSTOM_WITHOUT_SRP", INITIATE)],
)
async def test_a_device_that_is_gone_is_forgotten_and_tried_without_once(flow: Any, operation: str) -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        parameters = {**VERIFIER["ChallengeParameters"], "USERNAME": "ana", "USER_ID_FOR_SRP": "ana"}
        service.only(INITIATE, {**VERIFIER, "ChallengeParameters": parameters})
        service.only(operation, GONE, service.tokens())
        password = None if flow == "CUSTOM_WITHOUT_SRP" else "secret"
        assert (await client.sign_in("ana", password, auth_flow_type=flow)).is_signed_in
        first, second = (sent for name, sent in service.calls if name == operation)
        members = "ChallengeResponses" if operation == RESPOND else "AuthParameters"
        assert first[members].pop("DEVICE_KEY") == KEY
        assert first == second, "the same session, and the same everything, but no DEVICE_KEY"
        assert await client._session.devices.load() == {}
        service.answer(REFRESH, service.tokens())
        await client.fetch_auth_session(force_refresh=True)
        assert "DeviceKey" not in service.calls[-1][1]


@pytest.mark.amplify("B38")
@pytest.mark.parametrize("name", ["CUSTOM_CHALLENGE", "SMS_MFA", "SOFTWARE_TOKEN_MFA"])
async def test_the_same_between_two_steps(name: str) -> None:
    """Amplify retries for custom challenges only, so a user who types an alias could never sign in."""
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        await begin(client, service, challenge(name), username="ana")
        service.only(RESPOND, GONE, challenge("SOFTWARE_TOKEN_MFA", session="T" * 20))
        result = await client.confirm_sign_in("123456")
        assert result.next_step == steps.ConfirmSignInWithTotpCode()
        (_, first), (_, second) = service.calls
        assert first["ChallengeResponses"].pop("DEVICE_KEY") == KEY
        assert first == second
        assert await client._session.devices.load() == {}


@pytest.mark.amplify("B38")
async def test_a_new_device_takes_the_place_of_one_that_is_gone() -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        await sign_in(client, service, GONE, with_new_device(service, key="us-east-1_new"))
        assert {d.device_key for d in (await client._session.devices.load()).values()} == {"us-east-1_new"}


@pytest.mark.amplify("B38")
@pytest.mark.parametrize(
    "error",
    [
        refusal(INITIATE, "ResourceNotFoundException", "User pool client client does not exist."),
        refusal(INITIATE, "NotAuthorizedException", "Device does not exist."),
    ],
)
async def test_other_refusals_are_not_about_the_device(error: Exception) -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        with pytest.raises(type(error)):
            await sign_in(client, service, error, service.tokens())
        assert service.operations() == [INITIATE]
        assert "ana" in await client._session.devices.load()


@pytest.mark.amplify("B38")
async def test_without_a_device_nothing_is_tried_again() -> None:
    async with scripted_client() as (client, service, _):
        with pytest.raises(errors.ResourceNotFoundException):
            await sign_in(client, service, GONE, service.tokens())
        assert service.operations() == [INITIATE]


@pytest.mark.amplify("B38")
async def test_a_device_that_is_gone_proves_nothing_any_more() -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        with pytest.raises(errors.DeviceMetadataNotFoundException):
            await sign_in(client, service, GONE, DEVICE_FIRST)
        assert service.operations() == [INITIATE] * 2


@pytest.mark.amplify("B38")
async def test_a_second_refusal_is_raised() -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        with pytest.raises(errors.ResourceNotFoundException):
            await sign_in(client, service, GONE, GONE, service.tokens())
        assert service.operations() == [INITIATE] * 2


# Whose device: one entry per browser and person


@asynccontextmanager
async def browsers(**arguments: Any) -> AsyncIterator[tuple[SessionManager, ScriptedService]]:
    """A service where one browser, with the token "this browser", is Ana's remembered device."""
    async with scripted_manager(**arguments) as (sessions, service, _):
        await remember(sessions.client("first", device_token="this browser"), service)
        yield sessions, service


async def test_the_same_browser_names_the_device() -> None:
    async with browsers() as (sessions, service):
        await sign_in(sessions.client("k", device_token="this browser"), service, service.tokens())
        assert service.calls[0][1]["AuthParameters"]["DEVICE_KEY"] == KEY


@pytest.mark.parametrize("token", [None, "another browser"])
async def test_with_another_device_token_or_none_the_right_password_meets_the_mfa_step(token: Any) -> None:
    async with browsers() as (sessions, service):
        auth = sessions.client("k", device_token=token)
        result = await sign_in(auth, service, challenge("SOFTWARE_TOKEN_MFA"))
        assert result.next_step == steps.ConfirmSignInWithTotpCode()
        service.only(RESPOND, service.tokens())
        await auth.confirm_sign_in("123456")
        sent = [
            {**parameters.get("AuthParameters", {}), **parameters.get("ChallengeResponses", {})}
            for _, parameters in service.calls
        ]
        assert not any("DEVICE_KEY" in values for values in sent)


async def test_a_challenge_for_another_device_raises() -> None:
    async with browsers() as (sessions, service):
        with pytest.raises(errors.DeviceMetadataNotFoundException):
            await sign_in(sessions.client("k"), service, DEVICE_FIRST)


async def test_without_a_device_token_the_device_is_confirmed_for_the_session_alone() -> None:
    async with browsers() as (sessions, service):
        auth = sessions.client("k")
        service.only(CONFIRM, {"UserConfirmationNecessary": True})
        assert (await sign_in(auth, service, with_new_device(service))).is_signed_in
        assert service.operations() == [INITIATE, CONFIRM]
        with pytest.raises(errors.DeviceMetadataNotFoundException):
            await auth.remember_device()
        with pytest.raises(errors.DeviceMetadataNotFoundException):
            await auth.forget_device()
        assert service.operations() == [INITIATE, CONFIRM]


async def test_without_a_device_token_another_device_can_still_be_forgotten() -> None:
    async with browsers() as (sessions, service):
        auth = sessions.client("k")
        await sign_in(auth, service, service.tokens())
        await auth.forget_device(KEY)
        assert service.calls[-1][1]["DeviceKey"] == KEY
        there = sessions.client("k", device_token="this browser")._session.devices
        assert "ana" in await there.load(), "that browser finds out by itself"


async def test_two_users_of_one_browser_have_a_device_each() -> None:
    async with browsers() as (sessions, service):
        await remember(sessions.client("b", device_token="this browser"), service, "ben", "us-east-1_bens")
        await sign_in(sessions.client("k", device_token="this browser"), service, service.tokens())
        assert service.calls[0][1]["AuthParameters"]["DEVICE_KEY"] == KEY
        ben = sessions.client("l", device_token="this browser")
        service.calls.clear()
        await ben.sign_in("ben", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        assert service.calls[0][1]["AuthParameters"]["DEVICE_KEY"] == "us-east-1_bens"
        await ben.forget_device()
        assert {d.device_key for d in (await ben._session.devices.load()).values()} == {KEY}


async def test_storages_see_neither_the_device_token_nor_a_key_made_of_the_username() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    async with browsers(storage=storage, clock=clock) as (sessions, _):
        (key,) = (key for key in storage._entries if ":device:" in key)
        digest = base64.urlsafe_b64encode(sha256(b"this browser").digest()).rstrip(b"=").decode()
        assert key == f"client:device:{digest}"
        clock.advance(364 * 86_400)
        assert await sessions.client("k", device_token="this browser")._session.devices.load()
        clock.advance(2 * 86_400)
        assert not await sessions.client("k", device_token="this browser")._session.devices.load()


async def test_a_device_is_found_by_the_typed_name_and_by_cognito_s_username() -> None:
    """USER_PASSWORD_AUTH and CUSTOM_AUTH name the device before Cognito returns the username of the alias."""
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        service.only(INITIATE, service.tokens())
        await client.sign_in("ana@example.com", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        assert service.calls[0][1]["AuthParameters"]["DEVICE_KEY"] == KEY
        await client.forget_device()
        assert await client._session.devices.load() == {}, "under every name"


async def test_the_password_proof_goes_on_under_cognitos_name_even_if_it_gives_but_one() -> None:
    parameters = {k: v for k, v in VERIFIER["ChallengeParameters"].items() if k != "USERNAME"}
    async with scripted_client() as (client, service, _):
        service.answer(INITIATE, {**VERIFIER, "ChallengeParameters": parameters})
        service.answer(RESPOND, with_new_device(service, username="ana-id"))
        await client.sign_in("ana@example.com", "secret")
        assert "ana-id" in await client._session.devices.load()
        await client.sign_out()
        service.calls.clear()
        service.only(RESPOND, service.tokens())
        await client.sign_in("ana@example.com", "secret")
        assert service.calls[1][1]["ChallengeResponses"]["DEVICE_KEY"] == KEY


async def test_a_single_client_has_a_device_token_that_no_browser_can_have() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    async with scripted_client(storage=storage, clock=clock) as (client, service, _):
        await remember(client, service)
    async with scripted_client(storage=storage, clock=clock, session_key="other") as (client, service, _):
        await sign_in(client, service, service.tokens())
        assert service.calls[0][1]["AuthParameters"]["DEVICE_KEY"] == KEY, "it belongs to the storage"
    async with SessionManager(CONFIG, fixed_keys=True, storage=storage, clock=clock) as sessions:
        with pytest.raises(errors.AuthValidationError):
            sessions.client("k", device_token="")
        for token in ("implicit", "default", " "):
            assert not await sessions.client("k", device_token=token)._session.devices.load()


async def test_with_device_tracking_off_no_device_is_offered_and_the_new_one_is_confirmed() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    async with scripted_client(storage=storage, clock=clock) as (client, service, _):
        await remember(client, service)
    config = evolve(CONFIG, device_tracking=False)
    async with scripted_client(storage=storage, clock=clock, config=config) as (client, service, _):
        assert (await sign_in(client, service, with_new_device(service))).is_signed_in
        service.answer(REFRESH, service.tokens())
        await client.fetch_auth_session(force_refresh=True)
        assert service.operations() == [INITIATE, CONFIRM, UPDATE, REFRESH]
        assert "DEVICE_KEY" not in service.calls[0][1]["AuthParameters"]
        assert service.calls[3][1]["DeviceKey"] == KEY
        with pytest.raises(errors.DeviceMetadataNotFoundException):
            await client.remember_device()


# What keeps a device and what removes it


@pytest.mark.amplify("B41")
async def test_signing_out_keeps_the_device() -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        for everywhere in (False, True):
            await sign_in(client, service, service.tokens())
            await client.sign_out(global_sign_out=everywhere)
            assert "ana" in await client._session.devices.load()


@pytest.mark.amplify("B41")
async def test_deleting_the_account_removes_it() -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        await remember(client, service, "ben", "us-east-1_bens")
        await sign_in(client, service, service.tokens())
        await client.delete_user()
        assert {d.device_key for d in (await client._session.devices.load()).values()} == {"us-east-1_bens"}


@pytest.mark.amplify("B41")
@pytest.mark.parametrize("device_id", [None, KEY])
async def test_forgetting_this_device_removes_it_and_stops_naming_it(device_id: str | None) -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        await sign_in(client, service, service.tokens())
        tokens = (await client.fetch_auth_session()).tokens
        assert tokens is not None
        service.calls.clear()
        await client.forget_device(device_id)
        assert service.calls == [
            ("ForgetDevice", {"AccessToken": tokens.access_token.token, "DeviceKey": KEY})
        ]
        assert await client._session.devices.load() == {}
        service.answer(REFRESH, service.tokens())
        await client.fetch_auth_session(force_refresh=True)
        assert "DeviceKey" not in service.calls[-1][1]


@pytest.mark.amplify("B41")
async def test_forgetting_another_device_keeps_this_one() -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        await sign_in(client, service, service.tokens())
        await client.forget_device("us-east-1_another")
        assert service.calls[-1][1]["DeviceKey"] == "us-east-1_another"
        assert "ana" in await client._session.devices.load()
        service.answer(REFRESH, service.tokens())
        await client.fetch_auth_session(force_refresh=True)
        assert service.calls[-1][1]["DeviceKey"] == KEY


@pytest.mark.amplify("B41")
async def test_a_device_that_cognito_would_not_forget_stays() -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        await sign_in(client, service, service.tokens())
        service.refuse("ForgetDevice", "TooManyRequestsException")
        with pytest.raises(errors.ForgetDeviceException):
            await client.forget_device()
        assert "ana" in await client._session.devices.load()


async def test_remember_device_names_this_one() -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        with pytest.raises(errors.UserUnAuthenticatedException):
            await client.remember_device()
        await sign_in(client, service, service.tokens())
        tokens = (await client.fetch_auth_session()).tokens
        assert tokens is not None
        await client.remember_device()
        assert service.calls[-1] == (
            "UpdateDeviceStatus",
            {
                "AccessToken": tokens.access_token.token,
                "DeviceKey": KEY,
                "DeviceRememberedStatus": "remembered",
            },
        )


async def test_the_device_of_another_user_of_this_browser_is_not_sent() -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service, "ben", "us-east-1_bens")
        await sign_in(client, service, service.tokens())
        assert "DEVICE_KEY" not in service.calls[0][1]["AuthParameters"]
        for call in (client.remember_device(), client.forget_device()):
            with pytest.raises(errors.DeviceMetadataNotFoundException):
                await call
        assert service.operations() == [INITIATE]


# Renewing tokens


@pytest.mark.amplify("B42")
async def test_a_refresh_names_the_device_the_tokens_were_issued_to() -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        await sign_in(client, service, service.tokens(access={"device_key": KEY}))
        service.answer(REFRESH, service.tokens())
        for _ in range(2):
            await client.fetch_auth_session(force_refresh=True)
            assert service.calls[-1][1]["DeviceKey"] == KEY


@pytest.mark.amplify("B42")
async def test_tokens_of_another_device_or_of_none_name_none() -> None:
    async with scripted_client() as (client, service, _):
        await remember(client, service)
        await sign_in(client, service, service.tokens(access={"device_key": "us-east-1_another"}))
        service.answer(REFRESH, service.tokens())
        await client.fetch_auth_session(force_refresh=True)
        assert "DeviceKey" not in service.calls[-1][1]
    async with scripted_client() as (client, service, _):
        await sign_in(client, service, service.tokens())
        service.answer(REFRESH, service.tokens())
        await client.fetch_auth_session(force_refresh=True)
        assert "DeviceKey" not in service.calls[-1][1]


# Listing


@pytest.mark.amplify("B43")
async def test_every_page_of_devices_is_fetched_sixty_at_a_time() -> None:
    """Amplify reads the first page only."""
    first = {
        "DeviceKey": KEY,
        "DeviceAttributes": [
            {"Name": "device_name", "Value": "phone"},
            {"Name": "device_status", "Value": "valid"},
            {"Name": "dev:device_sdk"},
        ],
        "DeviceCreateDate": 1715100742.022,
        "DeviceLastModifiedDate": datetime(2024, 5, 7, 17, 0, tzinfo=UTC),
    }
    async with scripted_client() as (client, service, _):
        await sign_in(client, service, service.tokens())
        service.answer(
            "ListDevices",
            {"Devices": [first], "PaginationToken": "more"},
            {"PaginationToken": "still more"},
            {"Devices": [{"DeviceKey": "us-east-1_second"}]},
        )
        phone, second = await client.fetch_devices()
        assert (phone.id, phone.name) == (KEY, "phone")
        assert phone.attributes == {"device_name": "phone", "device_status": "valid", "dev:device_sdk": ""}
        assert phone.create_date == datetime(2024, 5, 7, 16, 52, 22, 22000, tzinfo=UTC)
        assert phone.last_modified_date == datetime(2024, 5, 7, 17, 0, tzinfo=UTC)
        assert phone.last_authenticated_date is None
        assert (second.id, second.name, second.create_date) == ("us-east-1_second", None, None)
        pages = [sent for operation, sent in service.calls if operation == "ListDevices"]
        assert [page["Limit"] for page in pages] == [60] * 3
        assert [page.get("PaginationToken") for page in pages] == [None, "more", "still more"]


# What is stored


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"junk",
        b"[]",
        b"{}",
        b'{"version":1}',
        b'{"version":1,"devices":[]}',
        b'{"version":1,"devices":{"ana":"abc"}}',
        b'{"version":1,"devices":{"ana":[1,2,3]}}',
        b'{"version":1,"devices":{"ana":["only","two"]}}',
        b"[" * 100_000,
    ],
)
async def test_an_unreadable_entry_is_ignored_and_replaced_by_the_next(stored: bytes) -> None:
    async with scripted_client() as (client, service, _):
        devices = client._session.devices
        assert devices.storage_key is not None
        await client._session.context.storage.set(devices.storage_key, stored)
        assert await devices.load() == {}
        await remember(client, service)
        assert "ana" in await devices.load()


async def test_a_device_of_another_version_is_neither_read_nor_overwritten() -> None:
    async with scripted_client() as (client, service, _):
        devices = client._session.devices
        storage = client._session.context.storage
        assert devices.storage_key is not None
        await storage.set(devices.storage_key, b'{"version":2}')
        with pytest.raises(errors.StorageError, match="another version"):
            await sign_in(client, service, service.tokens())
        assert await storage.get(devices.storage_key) == b'{"version":2}'


async def test_the_secret_is_nowhere_but_in_the_devices_record() -> None:
    storage = RecordingStorage(clock=Clock())
    async with scripted_client(storage=storage) as (client, service, _):
        await remember(client, service)
        secret = (await client._session.devices.load())["ana"].random_password
        holding = [value for value in storage.written if secret.encode() in value]
        assert len(holding) == 1
        assert set(json.loads(holding[0])) == {"version", "devices"}
        assert secret not in repr(await client._session.devices.load())


async def test_entries_are_written_by_compare_and_set() -> None:
    """Two tabs of one browser confirm a device each at the same time: both stay."""
    clock = Clock()

    class Contended(MemoryStorage):
        rival: SessionManager | None = None

        async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
            if self.rival is not None and ":device:" in key:
                rival, self.rival = self.rival, None
                device = RememberedDevice("us-east-1_bens", GROUP, "secret")
                await rival.client("b", device_token="t")._session.devices.remember(device, "ben")
            return await super().replace(key, value, **arguments)

    storage = Contended(clock=clock)
    service = ScriptedService(clock)
    async with SessionManager(CONFIG, fixed_keys=True, storage=storage, clock=clock) as sessions:
        attach(sessions, service)
        storage.rival = sessions
        auth = sessions.client("a", device_token="t")
        await remember(auth, service)
        assert {"ana", "ben"} <= set(await auth._session.devices.load())


async def test_a_storage_that_never_accepts_the_entry_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_and_set, "GIVE_UP_SECONDS", 0)

    class Stubborn(MemoryStorage):
        async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
            return ":device:" not in key and await super().replace(key, value, **arguments)

    async with scripted_client(storage=Stubborn(clock=Clock())) as (client, service, _):
        with pytest.raises(errors.StorageError, match="kept changing"):
            await sign_in(client, service, with_new_device(service))
