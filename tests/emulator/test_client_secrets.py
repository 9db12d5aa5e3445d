"""Two client secrets at once, and the administrator's operations for factors."""

from __future__ import annotations

from typing import Any

import pytest

from aiocognito.emulator.totp import SoftwareToken
from helpers.api import EMAIL, Api, Refused

OWN = "OwnSecret0123456789abcdefgh"


@pytest.fixture
async def secret(empty_api: Api) -> Api:
    await empty_api.make_pool(client={"GenerateSecret": True})
    await empty_api.add_user(email=EMAIL)
    return empty_api


def named(api: Api) -> dict[str, Any]:
    return {"UserPoolId": api.pool_id, "ClientId": api.client_id}


async def ids(api: Api) -> list[str]:
    listed = (await api("ListUserPoolClientSecrets", **named(api)))["ClientSecrets"]
    assert all("ClientSecretValue" not in each for each in listed)
    return [each["ClientSecretId"] for each in listed]


async def works(api: Api, secret: str) -> bool:
    """Return whether a sign-in, with that secret's hash, and a refresh succeed."""
    client = api.pool.clients[api.client_id]
    kept, client.secrets = client.secrets, [secret]
    right = api.hash("ana")
    client.secrets = kept
    members = {"USERNAME": "ana", "PASSWORD": "Correct-Horse-1", "SECRET_HASH": right}
    begin = {"ClientId": api.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": members}
    try:
        token = (await api("InitiateAuth", **begin))["AuthenticationResult"]["RefreshToken"]
    except Refused as refusal:
        return not refusal.message.startswith("Unable to verify secret hash")
    refreshed = await api(
        "GetTokensFromRefreshToken", ClientId=api.client_id, RefreshToken=token, ClientSecret=secret
    )
    return "AccessToken" in refreshed["AuthenticationResult"]


@pytest.mark.parametrize("deleted", [0, 1])
async def test_two_secrets_work_and_one_lives_on(secret: Api, deleted: int) -> None:
    first = secret.pool.clients[secret.client_id].secrets[0]
    added = (await secret("AddUserPoolClientSecret", **named(secret)))["ClientSecretDescriptor"]
    both = [first, added["ClientSecretValue"]]
    listed = await ids(secret)
    assert listed[1] == added["ClientSecretId"]
    assert len(set(listed)) == 2
    assert all(each.startswith(f"{secret.client_id}--") for each in listed)
    assert [await works(secret, each) for each in both] == [True, True]
    gone = {"ClientSecretId": listed[deleted]}
    assert await secret("DeleteUserPoolClientSecret", **named(secret), **gone) == {}
    assert [await works(secret, each) for each in both] == [deleted != 0, deleted != 1]
    assert await ids(secret) == [listed[1 - deleted]]


async def test_a_secret_of_ones_own_is_not_returned(secret: Api) -> None:
    answer = await secret("AddUserPoolClientSecret", **named(secret), ClientSecret=OWN)
    assert "ClientSecretValue" not in answer["ClientSecretDescriptor"]
    assert await works(secret, OWN)
    refusal = await secret.refused("AddUserPoolClientSecret", **named(secret))
    assert refusal[0] == "LimitExceededException"


async def test_secrets_that_cannot_be_deleted_or_added(secret: Api) -> None:
    (only,) = await ids(secret)
    refusal = await secret.refused("DeleteUserPoolClientSecret", **named(secret), ClientSecretId=only)
    assert refusal[0] == "InvalidParameterException"
    refusal = await secret.refused("DeleteUserPoolClientSecret", **named(secret), ClientSecretId="none")
    assert refusal[0] == "ResourceNotFoundException"
    await secret.make_pool()
    refusal = await secret.refused("AddUserPoolClientSecret", **named(secret))
    assert refusal[0] == "InvalidParameterException"


async def test_the_administrators_operations_for_factors(secret: Api) -> None:
    user = secret.pool.users.find("ana")
    assert user is not None
    user.token = SoftwareToken("JBSWY3DPEHPK3PXP")
    user.factors.add("SOFTWARE_TOKEN_MFA")
    user.preferred_factor = "SOFTWARE_TOKEN_MFA"
    assert await secret.admin("AdminGetUserAuthFactors") == {
        "Username": "ana",
        "ConfiguredUserAuthFactors": ["PASSWORD", "EMAIL_OTP", "SOFTWARE_TOKEN"],
        "PreferredMfaSetting": "SOFTWARE_TOKEN_MFA",
        "UserMFASettingList": ["SOFTWARE_TOKEN_MFA"],
    }
    assert await secret.admin("AdminDeleteSoftwareToken") == {}
    assert await secret.admin("AdminGetUserAuthFactors") == {
        "Username": "ana",
        "ConfiguredUserAuthFactors": ["PASSWORD", "EMAIL_OTP"],
    }
