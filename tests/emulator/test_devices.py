"""Devices: named at a sign-in, confirmed, proven, listed, forgotten; and every way to be refused."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from aiocognito import _srp as srp
from aiocognito.emulator import Assumptions
from aiocognito.emulator.totp import SoftwareToken
from aiocognito.emulator.users import User
from helpers.api import NEW_PASSWORD, PASSWORD, Api, Refused, claim, claims

ALWAYS = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
ON_REQUEST = {**ALWAYS, "DeviceOnlyRememberedOnUserPrompt": True}
GONE = ("ResourceNotFoundException", "Device does not exist.")
WRONG_KEY = ("InvalidParameterException", "Invalid device key given.")
WRONG_VERIFIER = ("InvalidParameterException", "Invalid device secret verifier config given.")
WRONG_PROOF = ("NotAuthorizedException", "Incorrect username or password.")
INVALID = ("NotAuthorizedException", "Invalid session for the user.")
USED = ("NotAuthorizedException", "Invalid session for the user, session can only be used once.")
LATE = ("NotAuthorizedException", "Invalid session for the user, session is expired.")
NOT_REFRESHED = ("NotAuthorizedException", "Invalid Refresh Token.")
NOBODYS = f"us-east-1_{'0' * 8}-0000-0000-0000-{'0' * 12}"
OWN = ("GetDevice", "UpdateDeviceStatus", "ForgetDevice")


@attrs.frozen
class Confirmed:
    """A confirmed device and the sign-in that named it."""

    key: str
    group: str
    password: str
    result: Mapping[str, Any]

    @property
    def access(self) -> str:
        """The sign-in's access token."""
        return str(self.result["AccessToken"])


@pytest.fixture
async def always(empty_api: Api) -> Api:
    """A pool that remembers every device, and a user."""
    await empty_api.make_pool(DeviceConfiguration=ALWAYS)
    await empty_api.add_user()
    return empty_api


@pytest.fixture
async def on_request(empty_api: Api) -> Api:
    """A pool that asks before it remembers a device, and a user."""
    await empty_api.make_pool(DeviceConfiguration=ON_REQUEST)
    await empty_api.add_user()
    return empty_api


def config(verifier: srp.DeviceVerifier) -> dict[str, str]:
    return {"Salt": verifier.salt, "PasswordVerifier": verifier.password_verifier}


async def confirm(api: Api, name: str = "ana", **more: str) -> Confirmed:
    """Sign in without a device and confirm the one that is named."""
    result = await api.tokens(name)
    made = result["NewDeviceMetadata"]
    key, group = made["DeviceKey"], made["DeviceGroupKey"]
    verifier = srp.device_verifier(group, key)
    members = {"AccessToken": result["AccessToken"], "DeviceKey": key, **more}
    await api("ConfirmDevice", **members, DeviceSecretVerifierConfig=config(verifier))
    return Confirmed(key, group, verifier.random_password, result)


def person(api: Api, name: str = "ana") -> User:
    user = api.pool.users.find(name)
    assert user is not None
    return user


async def listed(api: Api, device: Confirmed, **members: Any) -> dict[str, dict[str, str]]:
    """List the devices' attributes by their keys."""
    answer = await api("ListDevices", AccessToken=device.access, **members)
    return {entry["DeviceKey"]: attributes(entry) for entry in answer["Devices"]}


def attributes(device: Mapping[str, Any]) -> dict[str, str]:
    return {entry["Name"]: entry["Value"] for entry in device["DeviceAttributes"]}


async def refused(api: Api, challenged: Mapping[str, Any], name: str = "ana", **given: str) -> Any:
    with pytest.raises(Refused) as refusal:
        await api.respond(challenged, name, **given)
    return refusal.value.code, refusal.value.message


async def not_begun(api: Api, **parameters: str) -> Any:
    with pytest.raises(Refused) as refusal:
        await api.begin(**parameters)
    return refusal.value.code, refusal.value.message


# What a sign-in says of devices


async def test_a_sign_in_names_a_device(always: Api) -> None:
    result = await always.tokens()
    made = result["NewDeviceMetadata"]
    assert made.keys() == {"DeviceKey", "DeviceGroupKey"}
    region, _, uuid = made["DeviceKey"].partition("_")
    assert (region, len(uuid)) == ("us-east-1", 36)
    assert made["DeviceGroupKey"].startswith("-")
    assert made["DeviceGroupKey"][1:].isalnum()
    assert len(made["DeviceGroupKey"]) == 9
    assert claims(result["AccessToken"])["device_key"] == made["DeviceKey"]
    assert (await always("ListDevices", AccessToken=result["AccessToken"])) == {"Devices": []}
    again = (await always.tokens())["NewDeviceMetadata"]
    assert again["DeviceKey"] != made["DeviceKey"]
    assert again["DeviceGroupKey"] != made["DeviceGroupKey"]


async def test_srp_names_one_too(always: Api) -> None:
    assert "NewDeviceMetadata" in (await always.srp())["AuthenticationResult"]


async def test_the_administrators_sign_in_names_none(always: Api) -> None:
    parameters = {"USERNAME": "ana", "PASSWORD": PASSWORD}
    answer = await always(
        "AdminInitiateAuth",
        UserPoolId=always.pool_id,
        ClientId=always.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters=parameters,
    )
    result = answer["AuthenticationResult"]
    assert "NewDeviceMetadata" not in result
    assert "device_key" not in claims(result["AccessToken"])


async def test_either_setting_turns_tracking_on(empty_api: Api) -> None:
    await empty_api.make_pool(DeviceConfiguration={"ChallengeRequiredOnNewDevice": False})
    await empty_api.add_user()
    device = await confirm(empty_api)
    answer = await empty_api.begin(DEVICE_KEY=device.key)
    assert "NewDeviceMetadata" not in answer["AuthenticationResult"], "the device is known, but asked nothing"
    assert claims(answer["AuthenticationResult"]["AccessToken"])["device_key"] == device.key


async def test_without_tracking(api: Api) -> None:
    """A pool that does not track devices ignores a device key."""
    await api.add_user()
    answer = await api.begin(DEVICE_KEY=NOBODYS)
    result = answer["AuthenticationResult"]
    assert "NewDeviceMetadata" not in result
    assert "device_key" not in claims(result["AccessToken"])
    off = ("InvalidUserPoolConfigurationException", api.state.assumptions.devices_off_message)
    members = {"AccessToken": result["AccessToken"], "DeviceKey": NOBODYS}
    for operation in ("ConfirmDevice", "GetDevice", "ForgetDevice"):
        assert await api.refused(operation, **members) == off
    status = await api.refused("UpdateDeviceStatus", **members, DeviceRememberedStatus="remembered")
    assert status == off
    assert await api.refused("ListDevices", AccessToken=result["AccessToken"]) == off
    api.state.assumptions = Assumptions(devices_off_message="Off.")
    assert (await api.refused("ListDevices", AccessToken=result["AccessToken"]))[1] == "Off."


# ConfirmDevice


async def test_confirmed_and_remembered_at_once(always: Api) -> None:
    result = await always.tokens()
    key, group = result["NewDeviceMetadata"]["DeviceKey"], result["NewDeviceMetadata"]["DeviceGroupKey"]
    members = {"AccessToken": result["AccessToken"], "DeviceKey": key, "DeviceName": "Ana's telephone"}
    verifier = config(srp.device_verifier(group, key))
    always.advance(5)
    answer = await always("ConfirmDevice", **members, DeviceSecretVerifierConfig=verifier)
    assert answer == {"UserConfirmationNecessary": False}
    device = (await always("GetDevice", AccessToken=result["AccessToken"], DeviceKey=key))["Device"]
    owner = f"ana.{always.pool_id}"
    assert attributes(device) == {
        "device_status": "valid",
        "device_name": "Ana's telephone",
        "dev:device_arn": f"arn:aws:cognito-idp:us-east-1:123456789012:owner/{owner}/device/{key}",
        "dev:device_owner": owner,
        "last_ip_used": "127.0.0.1",
        "dev:device_remembered_status": "remembered",
        "dev:device_sdk": "aws-sdk-unknown-unknown",
    }
    assert list(attributes(device))[:3] == ["device_status", "device_name", "dev:device_arn"]
    assert device["DeviceCreateDate"] == device["DeviceLastAuthenticatedDate"]
    assert device["DeviceLastModifiedDate"] == device["DeviceCreateDate"] + 5


async def test_confirmed_and_remembered_on_request(on_request: Api) -> None:
    result = await on_request.tokens()
    key, group = result["NewDeviceMetadata"]["DeviceKey"], result["NewDeviceMetadata"]["DeviceGroupKey"]
    members = {"AccessToken": result["AccessToken"], "DeviceKey": key}
    verifier = config(srp.device_verifier(group, key))
    answer = await on_request("ConfirmDevice", **members, DeviceSecretVerifierConfig=verifier)
    assert answer == {"UserConfirmationNecessary": True}
    device = (await on_request("GetDevice", **members))["Device"]
    assert attributes(device)["dev:device_remembered_status"] == "not_remembered"
    assert "device_name" not in attributes(device)


async def test_confirmed_once(always: Api) -> None:
    """A device is confirmed once."""
    device = await confirm(always)
    verifier = config(srp.device_verifier(device.group, device.key))
    members = {"AccessToken": device.access, "DeviceKey": device.key}
    code, text = await always.refused("ConfirmDevice", **members, DeviceSecretVerifierConfig=verifier)
    assert code in {"DeviceKeyExistsException", "InvalidParameterException"}  # newer models have the first
    assert text == always.state.assumptions.device_key_exists_message
    asked = await always.begin(DEVICE_KEY=device.key)
    assert "AuthenticationResult" in await prove(always, asked, device), "the first verifier stays"


async def test_confirmed_by_its_own_sign_in_alone(always: Api) -> None:
    await always.add_user("ben")
    first, second, other = await always.tokens(), await always.tokens(), await always.tokens("ben")
    for access, named in ((second, first), (first, second), (other, first), (first, other)):
        made = named["NewDeviceMetadata"]
        verifier = config(srp.device_verifier(made["DeviceGroupKey"], made["DeviceKey"]))
        members = {"AccessToken": access["AccessToken"], "DeviceKey": made["DeviceKey"]}
        refusal = await always.refused("ConfirmDevice", **members, DeviceSecretVerifierConfig=verifier)
        assert refusal == WRONG_KEY
    made = other["NewDeviceMetadata"]
    verifier = config(srp.device_verifier(made["DeviceGroupKey"], made["DeviceKey"]))
    members = {"AccessToken": first["AccessToken"], "DeviceKey": NOBODYS}
    refusal = await always.refused("ConfirmDevice", **members, DeviceSecretVerifierConfig=verifier)
    assert refusal == WRONG_KEY


@pytest.mark.parametrize(
    "verifier",
    [
        None,
        {},
        {"Salt": "AAAA"},
        {"PasswordVerifier": "AAAB"},
        {"Salt": "not base64", "PasswordVerifier": "AAAB"},
        {"Salt": "AAAA", "PasswordVerifier": "ÄÖÜ"},
        {"Salt": "AAAA", "PasswordVerifier": "AAAA"},
    ],
)
async def test_a_malformed_verifier(always: Api, verifier: Any) -> None:
    """A device is confirmed only with a verifier."""
    result = await always.tokens()
    key = result["NewDeviceMetadata"]["DeviceKey"]
    members = {"AccessToken": result["AccessToken"], "DeviceKey": key}
    given = {} if verifier is None else {"DeviceSecretVerifierConfig": verifier}
    assert await always.refused("ConfirmDevice", **members, **given) == WRONG_VERIFIER
    assert await always("ListDevices", AccessToken=result["AccessToken"]) == {"Devices": []}
    right = config(srp.device_verifier(result["NewDeviceMetadata"]["DeviceGroupKey"], key))
    await always("ConfirmDevice", **members, DeviceSecretVerifierConfig=right)


# DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER


async def public(api: Api, asked: Mapping[str, Any], key: str) -> tuple[srp.Ephemeral, dict[str, Any]]:
    """Answer DEVICE_SRP_AUTH."""
    ephemeral = srp.Ephemeral.generate()
    return ephemeral, await api.respond(asked, SRP_A=ephemeral.public_hex, DEVICE_KEY=key)


def proof(
    api: Api, ephemeral: srp.Ephemeral, challenged: Mapping[str, Any], device: Confirmed, **changed: str
) -> dict[str, str]:
    """Make the answer to DEVICE_PASSWORD_VERIFIER."""
    given = challenged["ChallengeParameters"]
    time = changed.get("TIMESTAMP", srp.timestamp(api.state.clock()))
    group, password = changed.pop("group", device.group), changed.pop("password", device.password)
    claimed = claim(ephemeral, given, time, pool_name=group, user_id=device.key, password=password)
    return {**claimed, "DEVICE_KEY": device.key, **changed}


async def prove(api: Api, asked: Mapping[str, Any], device: Confirmed) -> dict[str, Any]:
    """Answer both challenges."""
    ephemeral, challenged = await public(api, asked, device.key)
    return await api.respond(challenged, **proof(api, ephemeral, challenged, device))


async def test_a_device_is_proven(always: Api) -> None:
    device = await confirm(always)
    always.advance(100)
    asked = await always.begin(DEVICE_KEY=device.key)
    assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"
    ephemeral, challenged = await public(always, asked, device.key)
    assert challenged["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
    parameters = challenged["ChallengeParameters"]
    assert parameters.keys() == {"SALT", "SECRET_BLOCK", "SRP_B", "DEVICE_KEY", "USERNAME"}
    assert parameters["USERNAME"] == "ana"
    result = (await always.respond(challenged, **proof(always, ephemeral, challenged, device)))[
        "AuthenticationResult"
    ]
    assert "NewDeviceMetadata" not in result
    assert claims(result["AccessToken"])["device_key"] == device.key
    found = (await always("GetDevice", AccessToken=device.access, DeviceKey=device.key))["Device"]
    assert found["DeviceLastAuthenticatedDate"] == found["DeviceCreateDate"] + 100


async def test_it_stands_in_for_the_second_factor_where_it_is_remembered(on_request: Api) -> None:
    api = on_request
    device = await confirm(api)
    await api(
        "SetUserPoolMfaConfig",
        UserPoolId=api.pool_id,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    user = person(api)
    user.token = SoftwareToken("A" * 32)
    user.factors.add("SOFTWARE_TOKEN_MFA")
    assert (await api.begin(DEVICE_KEY=device.key))["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    ephemeral, challenged = await api.srp_begin(DEVICE_KEY=device.key)
    given = api.proof(ephemeral, challenged)
    members = {"AccessToken": device.access, "DeviceKey": device.key}
    await api("UpdateDeviceStatus", **members, DeviceRememberedStatus="remembered")
    asked = await api.respond(challenged, **given, DEVICE_KEY=device.key)
    assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"
    assert "AuthenticationResult" in await prove(api, asked, device)
    assert (await api.begin())["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    await api("UpdateDeviceStatus", **members, DeviceRememberedStatus="not_remembered")
    assert (await api.begin(DEVICE_KEY=device.key))["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


async def test_the_password_comes_first(always: Api) -> None:
    device = await confirm(always)
    assert await not_begun(always, DEVICE_KEY=device.key, password=NEW_PASSWORD) == WRONG_PROOF
    assert await not_begun(always, DEVICE_KEY=NOBODYS, password=NEW_PASSWORD) == WRONG_PROOF


async def test_a_device_that_is_not_there(always: Api) -> None:
    await always.add_user("ben")
    bens = await confirm(always, "ben")
    unconfirmed = (await always.tokens())["NewDeviceMetadata"]["DeviceKey"]
    for key in (NOBODYS, bens.key, unconfirmed):
        assert await not_begun(always, DEVICE_KEY=key) == GONE


async def test_a_proof_is_tried_again_without_a_device_that_is_gone(always: Api) -> None:
    """Amplify sends the same proof once more, then without DEVICE_KEY."""
    ephemeral, challenged = await always.srp_begin()
    given = always.proof(ephemeral, challenged)
    assert await refused(always, challenged, **given, DEVICE_KEY=NOBODYS) == GONE
    answer = await always.respond(challenged, **given)
    assert "NewDeviceMetadata" in answer["AuthenticationResult"]


@pytest.mark.parametrize(
    "changed",
    [
        {"group": "-wrongkey"},
        {"password": "wrong"},
        {"PASSWORD_CLAIM_SIGNATURE": base64.b64encode(bytes(32)).decode()},
        {"TIMESTAMP": "Tue Nov 14 22:00:00 UTC 2023"},
        {"DEVICE_KEY": NOBODYS},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_a_wrong_proof(always: Api, changed: dict[str, str]) -> None:
    """A wrong proof of a device is refused."""
    device = await confirm(always)
    asked = await always.begin(DEVICE_KEY=device.key)
    ephemeral, challenged = await public(always, asked, device.key)
    given = proof(always, ephemeral, challenged, device, **changed)
    assert await refused(always, challenged, **given) == WRONG_PROOF
    right = proof(always, ephemeral, challenged, device)
    assert await refused(always, challenged, **right) == USED, "a second attempt is refused"
    again = await always.begin(DEVICE_KEY=device.key)
    assert "AuthenticationResult" in await prove(always, again, device)


async def test_a_malformed_signature_costs_nothing(always: Api) -> None:
    device = await confirm(always)
    asked = await always.begin(DEVICE_KEY=device.key)
    ephemeral, challenged = await public(always, asked, device.key)
    given = proof(always, ephemeral, challenged, device)
    broken = {**given, "PASSWORD_CLAIM_SIGNATURE": "!"}
    assert await refused(always, challenged, **broken) == WRONG_PROOF
    for name in given:
        less = {key: value for key, value in given.items() if key != name}
        missing = ("InvalidParameterException", f"Missing required parameter {name}")
        if name != "DEVICE_KEY":
            assert await refused(always, challenged, **less) == missing
    assert "AuthenticationResult" in await always.respond(challenged, **given)


async def test_a_secret_block_of_another_exchange(always: Api) -> None:
    device = await confirm(always)
    ephemeral, challenged = await public(always, await always.begin(DEVICE_KEY=device.key), device.key)
    _, other = await public(always, await always.begin(DEVICE_KEY=device.key), device.key)
    given = proof(always, ephemeral, challenged, device)
    assert await refused(always, other, **given) == WRONG_PROOF
    assert "AuthenticationResult" in await always.respond(challenged, **given)


async def test_a_malformed_public_value(always: Api) -> None:
    device = await confirm(always)
    asked = await always.begin(DEVICE_KEY=device.key)
    bad = ("InvalidParameterException", always.state.assumptions.srp_bad_a_message)
    for value in ("0", "zz", f"{srp.N:x}"):
        assert await refused(always, asked, SRP_A=value, DEVICE_KEY=device.key) == bad
    other = await confirm(always)
    ephemeral = srp.Ephemeral.generate()
    given = {"SRP_A": ephemeral.public_hex}
    assert await refused(always, asked, **given, DEVICE_KEY=other.key) == WRONG_KEY
    missing = ("InvalidParameterException", "Missing required parameter DEVICE_KEY")
    assert await refused(always, asked, **given) == missing
    assert "AuthenticationResult" in await prove(always, asked, device)


async def test_handles_are_for_one_answer_of_one_user_and_expire(always: Api) -> None:
    device = await confirm(always)
    await always.add_user("ben")
    asked = await always.begin(DEVICE_KEY=device.key)
    ephemeral = srp.Ephemeral.generate()
    first = {"SRP_A": ephemeral.public_hex, "DEVICE_KEY": device.key}
    assert await refused(always, asked, "ben", **first) == INVALID
    other = {**asked, "ChallengeName": "DEVICE_PASSWORD_VERIFIER"}
    assert await refused(always, other, **first) == INVALID
    challenged = await always.respond(asked, **first)
    assert await refused(always, asked, **first) == USED
    second = proof(always, ephemeral, challenged, device)
    assert await refused(always, challenged, "ben", **second) == INVALID
    assert "AuthenticationResult" in await always.respond(challenged, **second)
    assert await refused(always, challenged, **second) == USED


async def test_handles_of_another_client(always: Api) -> None:
    device = await confirm(always)
    asked = await always.begin(DEVICE_KEY=device.key)
    made = await always("CreateUserPoolClient", UserPoolId=always.pool_id, ClientName="other")
    own, always.client_id = always.client_id, made["UserPoolClient"]["ClientId"]
    first = {"SRP_A": srp.Ephemeral.generate().public_hex, "DEVICE_KEY": device.key}
    assert await refused(always, asked, **first) == INVALID
    without = {"ChallengeName": asked["ChallengeName"]}
    assert await refused(always, without, **first) == INVALID
    always.client_id = own
    assert (await always.respond(asked, **first))["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"


async def test_handles_expire(always: Api) -> None:
    """A device challenge expires after the client's session validity."""
    device = await confirm(always)
    asked = await always.begin(DEVICE_KEY=device.key)
    always.advance(179)
    ephemeral, challenged = await public(always, asked, device.key)
    always.advance(180)
    assert await refused(always, challenged, **proof(always, ephemeral, challenged, device)) == LATE
    asked = await always.begin(DEVICE_KEY=device.key)
    always.advance(180)
    given = {"SRP_A": ephemeral.public_hex, "DEVICE_KEY": device.key}
    assert await refused(always, asked, **given) == LATE


async def test_forgotten_on_the_way(always: Api) -> None:
    device = await confirm(always)
    forget = {"AccessToken": device.access, "DeviceKey": device.key}
    first = await always.begin(DEVICE_KEY=device.key)
    ephemeral, challenged = await public(always, await always.begin(DEVICE_KEY=device.key), device.key)
    await always("ForgetDevice", **forget)
    given = {"SRP_A": ephemeral.public_hex, "DEVICE_KEY": device.key}
    assert await refused(always, first, **given) == GONE
    assert await refused(always, challenged, **proof(always, ephemeral, challenged, device)) == WRONG_PROOF


# Clients that leave the session handle out


def without(challenged: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in challenged.items() if name != "Session"}


async def test_both_are_answered_without_the_handle(always: Api) -> None:
    device = await confirm(always)
    asked = await always.begin(DEVICE_KEY=device.key)
    ephemeral, challenged = await public(always, without(asked), device.key)
    given = proof(always, ephemeral, challenged, device)
    assert "AuthenticationResult" in await always.respond(without(challenged), **given)
    first = {"SRP_A": ephemeral.public_hex, "DEVICE_KEY": device.key}
    for answered, again in ((asked, first), (challenged, given)):
        assert await refused(always, answered, **again) == USED
        assert await refused(always, without(answered), **again) == USED


async def test_a_device_alone_does_not_sign_in(always: Api) -> None:
    """Without the handle, too, the password came first: this person's, on this client, a moment ago."""
    device = await confirm(always)
    await always.add_user("ben")
    asked = {"ChallengeName": "DEVICE_SRP_AUTH"}
    given = {"SRP_A": srp.Ephemeral.generate().public_hex, "DEVICE_KEY": device.key}
    assert await refused(always, asked, **given) == INVALID
    await always.begin(DEVICE_KEY=device.key)
    assert await refused(always, asked, "ben", **given) == INVALID
    always.advance(180)
    assert await refused(always, asked, **given) == LATE
    assert await refused(always, asked, "unknown", **given) == (
        "UserNotFoundException",
        "User does not exist.",
    )


async def test_a_hidden_unknown_user_cannot_prove_a_device(empty_api: Api) -> None:
    client = {"PreventUserExistenceErrors": "ENABLED"}
    await empty_api.make_pool(DeviceConfiguration=ALWAYS, client=client)
    given = {"SRP_A": srp.Ephemeral.generate().public_hex, "DEVICE_KEY": NOBODYS}
    assert await refused(empty_api, {"ChallengeName": "DEVICE_SRP_AUTH"}, "unknown", **given) == INVALID
    claim = dict.fromkeys(("PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"), "AAAA")
    asked = {"ChallengeName": "DEVICE_PASSWORD_VERIFIER"}
    assert await refused(empty_api, asked, "unknown", **claim, DEVICE_KEY=NOBODYS) == INVALID


# Refresh tokens


async def renew(api: Api, device: Confirmed, key: str | None, operation: str) -> dict[str, Any]:
    if operation == "GetTokensFromRefreshToken":
        named = {} if key is None else {"DeviceKey": key}
        members = {"ClientId": api.client_id, "RefreshToken": device.result["RefreshToken"]}
        return await api(operation, **members, **named)
    named = {} if key is None else {"DEVICE_KEY": key}
    parameters = {"REFRESH_TOKEN": device.result["RefreshToken"], **named}
    members = {"ClientId": api.client_id, "AuthFlow": "REFRESH_TOKEN_AUTH"}
    return await api("InitiateAuth", **members, AuthParameters=parameters)


@pytest.mark.parametrize("operation", ["GetTokensFromRefreshToken", "REFRESH_TOKEN_AUTH"])
async def test_tokens_are_renewed_for_their_device(always: Api, operation: str) -> None:
    device = await confirm(always)
    other = await confirm(always)
    for key in (None, NOBODYS, other.key):
        with pytest.raises(Refused) as refusal:
            await renew(always, device, key, operation)
        assert (refusal.value.code, refusal.value.message) == NOT_REFRESHED
    result = (await renew(always, device, device.key, operation))["AuthenticationResult"]
    assert claims(result["AccessToken"])["device_key"] == device.key
    assert "NewDeviceMetadata" not in result
    await always("ForgetDevice", AccessToken=other.access, DeviceKey=device.key)
    with pytest.raises(Refused) as refusal:
        await renew(always, device, device.key, operation)
    assert (refusal.value.code, refusal.value.message) == NOT_REFRESHED
    assert "AuthenticationResult" in await renew(always, other, other.key, operation)


@pytest.mark.parametrize("operation", ["GetTokensFromRefreshToken", "REFRESH_TOKEN_AUTH"])
async def test_tokens_of_an_unconfirmed_device_are_not_renewed(always: Api, operation: str) -> None:
    result = await always.tokens()
    key = result["NewDeviceMetadata"]["DeviceKey"]
    device = Confirmed(key, "", "", result)
    for named in (None, key):
        with pytest.raises(Refused) as refusal:
            await renew(always, device, named, operation)
        assert (refusal.value.code, refusal.value.message) == NOT_REFRESHED


# Listing, remembering, forgetting


async def test_listed_in_pages(always: Api) -> None:
    """Devices are listed in pages, without unconfirmed ones."""
    made = [await confirm(always, DeviceName=f"number {number}") for number in range(5)]
    unconfirmed = await always.tokens()
    keys: list[Any] = []
    token: dict[str, str] = {}
    for size in (2, 2, 1):
        page = await always("ListDevices", AccessToken=unconfirmed["AccessToken"], Limit=2, **token)
        assert len(page["Devices"]) == size
        keys += [entry["DeviceKey"] for entry in page["Devices"]]
        token = {name: value for name, value in page.items() if name == "PaginationToken"}
    assert not token, "the last page leads nowhere"
    assert keys == [device.key for device in made]
    for limit in ({}, {"Limit": 0}, {"Limit": 60}):
        assert (await listed(always, made[0], **limit)).keys() == set(keys)
    assert (await listed(always, made[0]))[keys[3]]["device_name"] == "number 3"
    admins = await always.admin("AdminListDevices", Limit=3)
    assert len(admins["Devices"]) == 3
    rest = await always.admin("AdminListDevices", PaginationToken=admins["PaginationToken"])
    assert [entry["DeviceKey"] for entry in rest["Devices"]] == keys[3:]
    await always.add_user("ben")
    members = {"UserPoolId": always.pool_id, "Username": "ben", "PaginationToken": admins["PaginationToken"]}
    assert (await always.refused("AdminListDevices", **members))[1] == "Invalid pagination token given."


@pytest.mark.parametrize("token", ["x", "-1", "9" * 5000, base64.b64encode(b"page:" + b"9" * 5000).decode()])
async def test_a_malformed_pagination_token(always: Api, token: str) -> None:
    device = await confirm(always)
    members = {"AccessToken": device.access, "PaginationToken": token}
    assert (await always.refused("ListDevices", **members))[0] == "InvalidParameterException"


async def test_a_limit_that_is_too_much(always: Api) -> None:
    device = await confirm(always)
    code, _ = await always.refused("ListDevices", AccessToken=device.access, Limit=61)
    assert code == "InvalidParameterException"


async def test_devices_of_other_users_do_not_exist(always: Api) -> None:
    await always.add_user("ben")
    bens, anas = await confirm(always, "ben"), await confirm(always)
    for key in (bens.key, NOBODYS):
        for operation in OWN:
            more = {"DeviceRememberedStatus": "remembered"} if operation == "UpdateDeviceStatus" else {}
            members = {"AccessToken": anas.access, "DeviceKey": key, **more}
            assert await always.refused(operation, **members) == GONE
    assert (await listed(always, bens)).keys() == {bens.key}


async def test_unconfirmed_devices_are_not_there(always: Api) -> None:
    result = await always.tokens()
    members = {"AccessToken": result["AccessToken"], "DeviceKey": result["NewDeviceMetadata"]["DeviceKey"]}
    for operation in ("GetDevice", "ForgetDevice"):
        assert await always.refused(operation, **members) == GONE


async def test_the_own_operations_want_a_token(always: Api) -> None:
    device = await confirm(always)
    missing = ("InvalidParameterException", "Missing required parameter AccessToken")
    for operation in ("GetDevice", "ForgetDevice"):
        assert await always.refused(operation, DeviceKey=device.key) == missing
    invalid = await always.refused("GetDevice", DeviceKey=device.key, AccessToken="nonsense")
    assert invalid[0] == "NotAuthorizedException"


async def test_forgetting(always: Api) -> None:
    """A forgotten device cannot prove itself."""
    device, other = await confirm(always), await confirm(always)
    members = {"AccessToken": other.access, "DeviceKey": device.key}
    assert await always("ForgetDevice", **members) == {}
    assert await always.refused("ForgetDevice", **members) == GONE
    assert (await listed(always, other)).keys() == {other.key}
    assert await not_begun(always, DEVICE_KEY=device.key) == GONE
    assert (await always("GetUser", AccessToken=device.access))["Username"] == "ana"


async def test_the_administrator(always: Api) -> None:
    """Administrators list, describe and forget devices."""
    device = await confirm(always)
    named = {"DeviceKey": device.key}
    found = (await always.admin("AdminGetDevice", **named))["Device"]
    assert found["DeviceKey"] == device.key
    always.advance(7)
    for status in ("not_remembered", "remembered"):
        await always.admin("AdminUpdateDeviceStatus", **named, DeviceRememberedStatus=status)
        changed = (await always.admin("AdminGetDevice", **named))["Device"]
        assert attributes(changed)["dev:device_remembered_status"] == status
        assert changed["DeviceLastModifiedDate"] == found["DeviceLastModifiedDate"] + 7
    assert await always.admin("AdminForgetDevice", **named) == {}
    assert await always.admin("AdminListDevices") == {"Devices": []}
    where = {"UserPoolId": always.pool_id, "Username": "ana"}
    for operation in ("AdminGetDevice", "AdminForgetDevice", "AdminUpdateDeviceStatus"):
        assert await always.refused(operation, **where, **named) == GONE
    unknown = {"UserPoolId": always.pool_id, "Username": "unknown", **named}
    refusal = await always.refused("AdminForgetDevice", **unknown)
    assert refusal == ("UserNotFoundException", "User does not exist.")


async def test_a_status_that_does_not_exist(always: Api) -> None:
    device = await confirm(always)
    members = {"AccessToken": device.access, "DeviceKey": device.key, "DeviceRememberedStatus": "loved"}
    assert (await always.refused("UpdateDeviceStatus", **members))[0] == "InvalidParameterException"


async def test_nothing_secret_is_shown(always: Api) -> None:
    device = await confirm(always)
    kept = person(always).devices[device.key]
    assert kept.secret is not None
    assert str(kept.secret.verifier) not in repr(kept)
