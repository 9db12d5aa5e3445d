"""boto3 against our emulator: a pool set up, used and torn down as a deployment script does it."""

import base64
import hashlib
import hmac
from typing import Any

import pytest

from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
Admin = Any


@pytest.fixture
async def pool_id(admin: Admin) -> str:
    settings = {
        "Policies": {"PasswordPolicy": {"MinimumLength": 10, "RequireNumbers": True}},
        "AutoVerifiedAttributes": ["email"],
        "Schema": [{"Name": "team", "AttributeDataType": "String", "Mutable": True}],
    }
    created = await admin("create_user_pool", PoolName="people", **settings)
    identifier: str = created["UserPool"]["Id"]
    return identifier


async def make_client(admin: Admin, pool_id: str, **settings: Any) -> dict[str, Any]:
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    created = await admin(
        "create_user_pool_client",
        UserPoolId=pool_id,
        ClientName="app",
        ExplicitAuthFlows=flows,
        **settings,
    )
    client: dict[str, Any] = created["UserPoolClient"]
    return client


def secret_hash(client: dict[str, Any], username: str) -> str:
    message = f"{username}{client['ClientId']}".encode()
    digest = hmac.digest(client["ClientSecret"].encode(), message, hashlib.sha256)
    return base64.b64encode(digest).decode()


async def test_pools_and_clients(admin: Admin, pool_id: str) -> None:
    """boto3 describes and changes a pool and a client."""
    described = (await admin("describe_user_pool", UserPoolId=pool_id))["UserPool"]
    assert described["Policies"]["PasswordPolicy"]["MinimumLength"] == 10
    assert "custom:team" in {attribute["Name"] for attribute in described["SchemaAttributes"]}
    assert pool_id in {pool["Id"] for pool in (await admin("list_user_pools", MaxResults=60))["UserPools"]}

    client = await make_client(admin, pool_id, GenerateSecret=True)
    same = await admin("describe_user_pool_client", UserPoolId=pool_id, ClientId=client["ClientId"])
    assert same["UserPoolClient"]["ClientSecret"] == client["ClientSecret"]
    listed = await admin("list_user_pool_clients", UserPoolId=pool_id, MaxResults=60)
    assert [entry["ClientId"] for entry in listed["UserPoolClients"]] == [client["ClientId"]]

    await admin("delete_user_pool", UserPoolId=pool_id)
    refusal = await admin.refused("describe_user_pool", UserPoolId=pool_id)
    assert refusal == "ResourceNotFoundException"


async def test_an_invited_user(admin: Admin, pool_id: str, emulator: CognitoEmulator) -> None:
    """boto3 invites a user, who chooses a password."""
    client = await make_client(admin, pool_id)
    created = await admin(
        "admin_create_user",
        UserPoolId=pool_id,
        Username="ana",
        TemporaryPassword=PASSWORD,
        UserAttributes=[
            {"Name": "email", "Value": "ana@example.com"},
            {"Name": "custom:team", "Value": "blue"},
        ],
    )
    assert created["User"]["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert emulator.outbox.messages[-1].to == "ana@example.com"
    found = await admin("list_users", UserPoolId=pool_id, Filter='email = "ana@example.com"')
    assert [user["Username"] for user in found["Users"]] == ["ana"]

    asked = await admin(
        "admin_initiate_auth",
        UserPoolId=pool_id,
        ClientId=client["ClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ana", "PASSWORD": PASSWORD},
    )
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    answered = await admin(
        "admin_respond_to_auth_challenge",
        UserPoolId=pool_id,
        ClientId=client["ClientId"],
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ana", "NEW_PASSWORD": "Better-Horse-2"},
    )
    token = answered["AuthenticationResult"]["AccessToken"]
    attributes = (await admin("get_user", AccessToken=token))["UserAttributes"]
    assert {"Name": "custom:team", "Value": "blue"} in attributes


async def test_groups(admin: Admin, pool_id: str) -> None:
    """boto3 creates a group, and adds a user to it."""
    await admin("admin_create_user", UserPoolId=pool_id, Username="ana", MessageAction="SUPPRESS")
    await admin("create_group", UserPoolId=pool_id, GroupName="editors", Precedence=1)
    membership = {"UserPoolId": pool_id, "Username": "ana"}
    await admin("admin_add_user_to_group", **membership, GroupName="editors")
    groups = (await admin("admin_list_groups_for_user", **membership))["Groups"]
    assert [group["GroupName"] for group in groups] == ["editors"]
    await admin("admin_remove_user_from_group", **membership, GroupName="editors")
    assert (await admin("admin_list_groups_for_user", **membership))["Groups"] == []


async def test_a_users_life(admin: Admin, pool_id: str) -> None:
    """Sign-up, confirmation, disabling, enabling, sign-out everywhere and deletion, all by the admin."""
    client = await make_client(admin, pool_id, GenerateSecret=True)
    named = {"ClientId": client["ClientId"], "Username": "ana", "Password": PASSWORD}
    assert await admin.refused("sign_up", **named) == "NotAuthorizedException"  # the hash is missing
    wrong = secret_hash(client, "eve")
    assert await admin.refused("sign_up", **named, SecretHash=wrong) == "NotAuthorizedException"
    signed_up = await admin("sign_up", **named, SecretHash=secret_hash(client, "ana"))
    user = {"UserPoolId": pool_id, "Username": "ana"}
    assert (await admin("admin_get_user", **user))["UserStatus"] == "UNCONFIRMED"

    await admin("admin_confirm_sign_up", **user)
    parameters = {"USERNAME": "ana", "PASSWORD": PASSWORD, "SECRET_HASH": secret_hash(client, "ana")}
    attempt = {
        "ClientId": client["ClientId"],
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": parameters,
    }
    result = (await admin("initiate_auth", **attempt))["AuthenticationResult"]
    assert {"sub": signed_up["UserSub"]}.items() <= {
        item["Name"]: item["Value"]
        for item in (await admin("get_user", AccessToken=result["AccessToken"]))["UserAttributes"]
    }.items()

    await admin("admin_disable_user", **user)
    assert await admin.refused("initiate_auth", **attempt) == "NotAuthorizedException"
    await admin("admin_enable_user", **user)
    result = (await admin("initiate_auth", **attempt))["AuthenticationResult"]
    await admin("admin_user_global_sign_out", **user)
    refusal = await admin.refused("get_user", AccessToken=result["AccessToken"])
    assert refusal == "NotAuthorizedException"

    await admin("admin_delete_user", **user)
    assert await admin.refused("admin_get_user", **user) == "UserNotFoundException"


async def test_two_secrets(admin: Admin, pool_id: str) -> None:
    """boto3 adds a secret, signs in and renews with either one, and deletes the first."""
    client = await make_client(admin, pool_id, GenerateSecret=True)
    named = {"UserPoolId": pool_id, "ClientId": client["ClientId"]}
    ana = {"UserPoolId": pool_id, "Username": "ana"}
    await admin("admin_create_user", **ana, MessageAction="SUPPRESS")
    await admin("admin_set_user_password", **ana, Password=PASSWORD, Permanent=True)
    added = (await admin("add_user_pool_client_secret", **named))["ClientSecretDescriptor"]
    second = {**client, "ClientSecret": added["ClientSecretValue"]}

    async def sign_in(chosen: dict[str, Any]) -> dict[str, Any]:
        parameters = {"USERNAME": "ana", "PASSWORD": PASSWORD, "SECRET_HASH": secret_hash(chosen, "ana")}
        flow = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
        answer = await admin("initiate_auth", ClientId=chosen["ClientId"], **flow)
        members = {"ClientId": chosen["ClientId"], "ClientSecret": chosen["ClientSecret"]}
        token = answer["AuthenticationResult"]["RefreshToken"]
        await admin("get_tokens_from_refresh_token", **members, RefreshToken=token)
        return {**members, "Token": token}

    revocations = [await sign_in(client), await sign_in(second)]
    for each in revocations:
        await admin("revoke_token", **each)
    first_id = (await admin("list_user_pool_client_secrets", **named))["ClientSecrets"][0]["ClientSecretId"]
    await admin("delete_user_pool_client_secret", **named, ClientSecretId=first_id)
    with pytest.raises(admin.client.exceptions.NotAuthorizedException):
        await sign_in(client)
    await sign_in(second)
    assert await admin.refused("revoke_token", **revocations[0]) == "UnauthorizedException"
