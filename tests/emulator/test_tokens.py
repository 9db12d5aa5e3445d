"""Tokens: their claims, refreshing and rotation, revocation, and what an access token is good for."""

from __future__ import annotations

import base64
import json
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwt

from aiocognito.emulator import Assumptions
from aiocognito.emulator.signing_keys import KeyPair, KeyRing, SigningKey
from aiocognito.emulator.tokens.issue import sign
from helpers.api import EMAIL, PHONE, Api, claims

INVALID = ("NotAuthorizedException", "Invalid Access Token")
REVOKED = ("NotAuthorizedException", "Access Token has been revoked")
INVALID_REFRESH = ("NotAuthorizedException", "Invalid Refresh Token")
OTHER_CLIENT = ("NotAuthorizedException", "Refresh Token has different Client")
DELETED_USER = ("NotAuthorizedException", "The user has been deleted for the associated refresh token")
REUSED = ("RefreshTokenReuseException", "Refresh token reuse detected")
NO_MESSAGE = ("NotAuthorizedException", "")
REVOKED_REFRESH = ("NotAuthorizedException", "Refresh Token has been revoked")
DISABLED = ("NotAuthorizedException", "User is disabled.")
ROTATING = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}
BOTH = (
    "InvalidParameterException",
    "ALLOW_REFRESH_TOKEN_AUTH is not a permitted ExplicitAuthFlow when refresh token rotation is enabled.",
)
SRP_ONLY = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"]


def header(token: str) -> dict[str, Any]:
    part = token.split(".")[0]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


async def refresh(api: Api, token: str, **members: str) -> dict[str, Any]:
    members = {"ClientId": api.client_id, "RefreshToken": token, **members}
    result: dict[str, Any] = (await api("GetTokensFromRefreshToken", **members))["AuthenticationResult"]
    return result


async def not_refreshed(api: Api, token: str, **members: str) -> tuple[str, str]:
    members = {"ClientId": api.client_id, "RefreshToken": token, **members}
    return await api.refused("GetTokensFromRefreshToken", **members)


async def test_claims(api: Api) -> None:
    """Tokens have Cognito's claims."""
    user = await api.add_user(email=EMAIL, email_verified="true", address="Main Street 1", updated_at="17")
    result = await api.tokens()
    access, identity = claims(result["AccessToken"]), claims(result["IdToken"])
    now = int(api.state.clock())
    common = {
        "sub": user.sub,
        "iss": f"https://cognito-idp.us-east-1.amazonaws.com/{api.pool_id}",
        "origin_jti": access["origin_jti"],
        "event_id": access["event_id"],
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
    }
    assert access == {
        **common,
        "token_use": "access",
        "client_id": api.client_id,
        "username": "ana",
        "scope": "aws.cognito.signin.user.admin",
        "jti": access["jti"],
    }
    assert identity == {
        **common,
        "token_use": "id",
        "aud": api.client_id,
        "cognito:username": "ana",
        "jti": identity["jti"],
        "email": EMAIL,
        "email_verified": True,
        "address": {"formatted": "Main Street 1"},
        "updated_at": 17,
    }
    assert access["jti"] != identity["jti"]


async def test_signatures(api: Api, key_pair: KeyPair) -> None:
    """Each kind of token is signed by its own key."""
    await api.add_user()
    result = await api.tokens()
    access, identity = header(result["AccessToken"]), header(result["IdToken"])
    assert access == {"kid": key_pair.access.kid, "alg": "RS256"}
    assert identity == {"kid": key_pair.id.kid, "alg": "RS256"}
    assert access["kid"] != identity["kid"]
    keys = {key["kid"]: key for key in key_pair.jwks()["keys"]}
    for token in (result["AccessToken"], result["IdToken"]):
        options = {"verify_aud": False, "verify_exp": False, "verify_at_hash": False}
        assert jwt.decode(token, keys[header(token)["kid"]], ["RS256"], options=options)["sub"]


async def test_keys_are_made_once_and_differ() -> None:
    ring = KeyRing()
    first = await ring.of("one")
    assert await ring.of("one") is first
    second = await ring.of("two")
    kids = {first.access.kid, first.id.kid, second.access.kid, second.id.kid}
    assert len(kids) == 4
    await ring.aclose()


async def test_groups(api: Api) -> None:
    """Groups and their roles are in both tokens, by precedence."""
    await api.add_user()
    role = "arn:aws:iam::123456789012:role/"
    groups: dict[str, dict[str, Any]] = {
        "late": {"RoleArn": f"{role}late"},
        "second": {"Precedence": 2, "RoleArn": f"{role}second"},
        "first": {"Precedence": 1, "RoleArn": f"{role}first"},
        "plain": {"Precedence": 3},
    }
    for name, more in groups.items():
        await api("CreateGroup", UserPoolId=api.pool_id, GroupName=name, **more)
        await api.admin("AdminAddUserToGroup", GroupName=name)
    result = await api.tokens()
    access, identity = claims(result["AccessToken"]), claims(result["IdToken"])
    assert access["cognito:groups"] == identity["cognito:groups"] == ["first", "second", "plain", "late"]
    assert identity["cognito:roles"] == [f"{role}first", f"{role}second", f"{role}late"]
    assert identity["cognito:preferred_role"] == f"{role}first"
    assert "cognito:roles" not in access
    await api("UpdateGroup", UserPoolId=api.pool_id, GroupName="second", Precedence=1)
    assert "cognito:preferred_role" not in claims((await api.tokens())["IdToken"])


@pytest.mark.parametrize(
    ("groups", "preferred"),
    [
        ({"a": (1, None), "b": (2, "b")}, "b"),  # the lowest precedence has no role
        ({"a": (1, "a"), "b": (1, "b"), "c": (2, "c")}, None),
        ({"a": (1, "a"), "b": (1, "a")}, "a"),
        ({"a": (1, "a"), "b": (1, None)}, "a"),
        ({"a": (None, "a")}, None),
        ({"a": (None, "a"), "b": (5, "b")}, "b"),
        ({"a": (0, "a"), "b": (1, "b")}, "a"),
    ],
)
async def test_the_preferred_role(api: Api, groups: dict[str, Any], preferred: str | None) -> None:
    """The preferred role is that of the group with the lowest precedence."""
    await api.add_user()
    for name, (precedence, role) in groups.items():
        more = {} if precedence is None else {"Precedence": precedence}
        more |= {} if role is None else {"RoleArn": f"arn:aws:iam::123456789012:role/{role}"}
        await api("CreateGroup", UserPoolId=api.pool_id, GroupName=name, **more)
        await api.admin("AdminAddUserToGroup", GroupName=name)
    identity = claims((await api.tokens())["IdToken"])
    found = identity.get("cognito:preferred_role")
    assert found == (preferred and f"arn:aws:iam::123456789012:role/{preferred}")


async def test_an_address_as_username(empty_api: Api) -> None:
    await empty_api.make_pool(UsernameAttributes=["email"])
    user = await empty_api.add_user(EMAIL)
    result = await empty_api.tokens(EMAIL)
    assert claims(result["AccessToken"])["username"] == user.sub
    assert claims(result["IdToken"])["cognito:username"] == user.sub
    assert claims(result["IdToken"])["email"] == EMAIL


async def test_read_attributes(empty_api: Api) -> None:
    """A client sees only its ReadAttributes."""
    await empty_api.make_pool(client={"ReadAttributes": ["email"]})
    await empty_api.add_user(email=EMAIL, phone_number=PHONE)
    result = await empty_api.tokens()
    assert "phone_number" not in claims(result["IdToken"])
    found = await empty_api("GetUser", AccessToken=result["AccessToken"])
    assert {item["Name"] for item in found["UserAttributes"]} == {"sub", "email"}


async def test_lives(empty_api: Api) -> None:
    """The app client says how long its tokens live."""
    units = {"AccessToken": "minutes", "IdToken": "seconds", "RefreshToken": "hours"}
    validity = {"AccessTokenValidity": 5, "IdTokenValidity": 600, "RefreshTokenValidity": 2}
    await empty_api.make_pool(client={**validity, "TokenValidityUnits": units})
    await empty_api.add_user()
    result = await empty_api.tokens()
    now = int(empty_api.state.clock())
    assert result["ExpiresIn"] == 300
    assert claims(result["AccessToken"])["exp"] == now + 300
    assert claims(result["IdToken"])["exp"] == now + 600
    empty_api.advance(7199)
    assert "AccessToken" in await refresh(empty_api, result["RefreshToken"])
    empty_api.advance(1)
    expired = ("NotAuthorizedException", "Refresh Token has expired")
    assert await not_refreshed(empty_api, result["RefreshToken"]) == expired


async def test_the_newer_issuer(empty_api: Api) -> None:
    """A pool can have the newer form of issuer."""
    await empty_api.make_pool(IssuerConfiguration={"Type": "UPDATED"})
    await empty_api.add_user()
    result = await empty_api.tokens()
    issuer = f"https://issuer-cognito-idp.us-east-1.amazonaws.com/{empty_api.pool_id}"
    assert claims(result["AccessToken"])["iss"] == issuer
    assert "Username" in await empty_api("GetUser", AccessToken=result["AccessToken"])


async def test_a_refresh_token_is_opaque(api: Api) -> None:
    await api.add_user()
    token = (await api.tokens())["RefreshToken"]
    assert header(token) == {"cty": "JWT", "enc": "A256GCM", "alg": "RSA-OAEP"}
    assert token.count(".") == 4


# Refreshing


@pytest.mark.parametrize("flow", ["GetTokensFromRefreshToken", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"])
async def test_refreshing(api: Api, flow: str) -> None:
    """A refresh issues tokens of the same sign-in."""
    await api.add_user()
    first = await api.tokens()
    api.advance(100)
    if flow == "GetTokensFromRefreshToken":
        second = await refresh(api, first["RefreshToken"])
    else:
        parameters = {"REFRESH_TOKEN": first["RefreshToken"]}
        answer = await api("InitiateAuth", ClientId=api.client_id, AuthFlow=flow, AuthParameters=parameters)
        second = answer["AuthenticationResult"]
    assert "RefreshToken" not in second
    before, after = claims(first["AccessToken"]), claims(second["AccessToken"])
    for same in ("origin_jti", "auth_time", "sub", "event_id"):
        assert after[same] == before[same]
    assert after["jti"] != before["jti"]
    assert after["iat"] == before["iat"] + 100
    assert claims(second["IdToken"])["origin_jti"] == before["origin_jti"]


async def test_invalid_refresh_tokens(api: Api) -> None:
    """Changed and revoked refresh tokens are refused."""
    await api.add_user()
    token = (await api.tokens())["RefreshToken"]
    assert await not_refreshed(api, token[:-1]) == INVALID_REFRESH
    await api.admin("AdminDisableUser")
    assert await not_refreshed(api, token) == DISABLED
    await api.admin("AdminEnableUser")
    token = (await api.tokens())["RefreshToken"]
    await api.admin("AdminDeleteUser")
    assert await not_refreshed(api, token) == DELETED_USER
    await api.add_user()
    assert await not_refreshed(api, token) == DELETED_USER
    token = (await api.tokens())["RefreshToken"]
    made = await api("CreateUserPoolClient", UserPoolId=api.pool_id, ClientName="other")
    api.client_id = made["UserPoolClient"]["ClientId"]
    assert await not_refreshed(api, token) == OTHER_CLIENT
    given = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": token}}
    assert await api.refused("InitiateAuth", ClientId=api.client_id, **given) == OTHER_CLIENT


async def test_enabling_a_user_again_does_not_revive_tokens(api: Api) -> None:
    await api.add_user()
    issued = await api.tokens()
    await api.admin("AdminDisableUser")
    assert await api.refused("GetUser", AccessToken=issued["AccessToken"]) == DISABLED
    await api.admin("AdminEnableUser")
    assert await api.refused("GetUser", AccessToken=issued["AccessToken"]) == REVOKED
    assert await not_refreshed(api, issued["RefreshToken"]) == REVOKED_REFRESH


async def test_a_name_that_belongs_to_another_user_by_now(api: Api) -> None:
    await api.add_user()
    access = (await api.tokens())["AccessToken"]
    await api.admin("AdminDeleteUser")
    assert await api.refused("GetUser", AccessToken=access) == (
        "UserNotFoundException",
        "User does not exist.",
    )
    successor = await api.add_user(status="UNCONFIRMED")
    unconfirmed = ("UserNotConfirmedException", "User is not confirmed.")
    assert await api.refused("GetUser", AccessToken=access) == unconfirmed
    successor.status = "CONFIRMED"
    replaced = ("NotAuthorizedException", "Invalid access token.")
    assert await api.refused("GetUser", AccessToken=access) == replaced


async def test_secrets(empty_api: Api) -> None:
    """A refresh of a client with a secret requires it."""
    await empty_api.make_pool(UsernameAttributes=["email"], client={"GenerateSecret": True})
    user = await empty_api.add_user(EMAIL)
    result = (await empty_api.begin(name=EMAIL, SECRET_HASH=empty_api.hash(EMAIL)))["AuthenticationResult"]
    token, secret = result["RefreshToken"], empty_api.pool.clients[empty_api.client_id].secrets[0]
    for given in ({}, {"ClientSecret": "a" * 30}):
        assert (await not_refreshed(empty_api, token, **given))[0] == "NotAuthorizedException"
    assert "AccessToken" in await refresh(empty_api, token, ClientSecret=secret)

    flow = {"ClientId": empty_api.client_id, "AuthFlow": "REFRESH_TOKEN_AUTH"}
    assert await empty_api.refused("InitiateAuth", **flow, AuthParameters={"REFRESH_TOKEN": "unknown"}) == (
        "NotAuthorizedException",
        f"Client {empty_api.client_id} is configured with secret but SECRET_HASH was not received",
    )
    given = {"REFRESH_TOKEN": token, "SECRET_HASH": empty_api.hash(user.sub)}
    assert "AuthenticationResult" in await empty_api("InitiateAuth", **flow, AuthParameters=given)
    given = {"REFRESH_TOKEN": token, "SECRET_HASH": empty_api.hash(EMAIL)}
    assert await empty_api.refused("InitiateAuth", **flow, AuthParameters=given) == (
        "NotAuthorizedException",
        f"SecretHash does not match for the client: {empty_api.client_id}",
    )


async def test_a_secret_for_a_client_without_is_ignored(api: Api) -> None:
    await api.add_user()
    token = (await api.tokens())["RefreshToken"]
    assert "AccessToken" in await refresh(api, token, ClientSecret="a" * 30, DeviceKey="us-east-1_0f")


async def test_a_missing_and_a_wrong_secret_have_different_messages(empty_api: Api) -> None:
    await empty_api.make_pool(client={"GenerateSecret": True})
    await empty_api.add_user()
    token = (await empty_api.begin(SECRET_HASH=empty_api.hash("ana")))["AuthenticationResult"]["RefreshToken"]
    name = f"Client {empty_api.client_id}"
    missing = ("NotAuthorizedException", f"{name} is configured for secret but secret was not received")
    assert await not_refreshed(empty_api, token) == missing
    wrong = ("NotAuthorizedException", f"Unable to verify secret hash for client {empty_api.client_id}")
    assert await not_refreshed(empty_api, token, ClientSecret="a" * 30) == wrong
    unauthorized = ("UnauthorizedException", "Invalid client or secret")
    for secret in ({}, {"ClientSecret": "a" * 30}):
        members = {"ClientId": empty_api.client_id, "Token": token, **secret}
        assert await empty_api.refused("RevokeToken", **members) == unauthorized


# Rotation


@pytest.fixture
async def rotating(empty_api: Api) -> Api:
    await empty_api.make_pool(client={"RefreshTokenRotation": ROTATING, "ExplicitAuthFlows": SRP_ONLY})
    await empty_api.add_user()
    return empty_api


async def test_rotation(rotating: Api) -> None:
    """A rotated refresh token works for its grace period."""
    first = (await rotating.tokens())["RefreshToken"]
    second = (await refresh(rotating, first))["RefreshToken"]
    assert second != first
    rotating.advance(9.9)
    again = (await refresh(rotating, first))["RefreshToken"]
    assert again not in {first, second}
    # Captured: the retry displaces the first child, and does not extend the grace period.
    assert await not_refreshed(rotating, second) == REUSED
    rotating.advance(0.1)
    assert await not_refreshed(rotating, first) == REUSED
    # Reuse does not end the family.
    assert "RefreshToken" in await refresh(rotating, again)


async def test_an_ancestor_is_refused_within_its_own_grace(rotating: Api) -> None:
    issued = await rotating.tokens()
    first = issued["RefreshToken"]
    second = (await refresh(rotating, first))["RefreshToken"]
    third = (await refresh(rotating, second))["RefreshToken"]
    assert await not_refreshed(rotating, first) == REUSED
    # The parent of the newest token still works, and displaces it.
    fourth = (await refresh(rotating, second))["RefreshToken"]
    assert await not_refreshed(rotating, third) == REUSED
    assert "RefreshToken" in await refresh(rotating, fourth)
    assert "Username" in await rotating("GetUser", AccessToken=issued["AccessToken"])


async def test_reuse_may_end_the_family(rotating: Api) -> None:
    rotating.state.assumptions = Assumptions(reuse_ends_family=True)
    first = (await rotating.tokens())["RefreshToken"]
    second = (await refresh(rotating, first))["RefreshToken"]
    rotating.advance(11)
    assert await not_refreshed(rotating, first) == REUSED
    assert await not_refreshed(rotating, second) == NO_MESSAGE


@pytest.mark.parametrize("generation", [0, 1, 2])
async def test_a_token_of_any_generation_revokes_the_family(rotating: Api, generation: int) -> None:
    issued = [await rotating.tokens()]
    for _ in range(2):
        issued.append(await refresh(rotating, issued[-1]["RefreshToken"]))
    token = issued[generation]["RefreshToken"]
    assert await rotating("RevokeToken", ClientId=rotating.client_id, Token=token) == {}
    for result in issued:
        assert await rotating.refused("GetUser", AccessToken=result["AccessToken"]) == REVOKED
    assert await not_refreshed(rotating, issued[-1]["RefreshToken"]) == NO_MESSAGE


async def test_signing_out_everywhere_has_a_message_for_rotating_clients(rotating: Api) -> None:
    issued = await rotating.tokens()
    await rotating("GlobalSignOut", AccessToken=issued["AccessToken"])
    assert await not_refreshed(rotating, issued["RefreshToken"]) == REVOKED_REFRESH


async def set_rotation(api: Api, feature: str, **more: Any) -> dict[str, Any]:
    members = {"UserPoolId": api.pool_id, "ClientId": api.client_id, "ExplicitAuthFlows": SRP_ONLY}
    rotation = {"Feature": feature, **more}
    answer = await api("UpdateUserPoolClient", **members, RefreshTokenRotation=rotation)
    described: dict[str, Any] = answer["UserPoolClient"]["RefreshTokenRotation"]
    return described


async def test_rotation_that_is_turned_off_and_on(rotating: Api) -> None:
    first = (await rotating.tokens())["RefreshToken"]
    second = (await refresh(rotating, first))["RefreshToken"]
    off = await set_rotation(rotating, "DISABLED", RetryGracePeriodSeconds=4)
    assert off == {"Feature": "DISABLED", "RetryGracePeriodSeconds": 0}
    assert await not_refreshed(rotating, first) == REVOKED_REFRESH
    for _ in range(2):
        assert "RefreshToken" not in await refresh(rotating, second)
    on = await set_rotation(rotating, "ENABLED")
    assert on == {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    assert "RefreshToken" in await refresh(rotating, second)


async def test_tokens_since_rotation_was_turned_off_survive_revocation(rotating: Api) -> None:
    signed_in = await rotating.tokens()
    rotated = await refresh(rotating, signed_in["RefreshToken"])
    assert claims(rotated["AccessToken"])["origin_jti"] == claims(signed_in["AccessToken"])["origin_jti"]
    members = {"UserPoolId": rotating.pool_id, "ClientId": rotating.client_id}
    off = {"RefreshTokenRotation": {"Feature": "DISABLED"}, "ExplicitAuthFlows": SRP_ONLY}
    await rotating("UpdateUserPoolClient", **members, **off)
    later = [await refresh(rotating, rotated["RefreshToken"]) for _ in range(2)]
    own = {claims(each[name])["origin_jti"] for each in later for name in ("AccessToken", "IdToken")}
    assert len(own) == 1  # the generation's
    assert own != {claims(signed_in["AccessToken"])["origin_jti"]}
    assert claims(later[0]["AccessToken"])["event_id"] == claims(signed_in["AccessToken"])["event_id"]
    await rotating("RevokeToken", ClientId=rotating.client_id, Token=rotated["RefreshToken"])
    for each in (signed_in, rotated):
        assert await rotating.refused("GetUser", AccessToken=each["AccessToken"]) == REVOKED
    for each in later:
        await rotating("GetUser", AccessToken=each["AccessToken"])
    assert (await not_refreshed(rotating, rotated["RefreshToken"]))[1] == "Refresh Token has been revoked"
    await rotating("GlobalSignOut", AccessToken=later[0]["AccessToken"])
    for each in later:
        assert await rotating.refused("GetUser", AccessToken=each["AccessToken"]) == REVOKED


async def test_each_generation_has_an_origin_of_its_own(rotating: Api) -> None:
    members = {"UserPoolId": rotating.pool_id, "ClientId": rotating.client_id}
    off = {"RefreshTokenRotation": {"Feature": "DISABLED"}}
    token, origins = (await rotating.tokens())["RefreshToken"], []
    for _ in range(2):
        on = {"RefreshTokenRotation": ROTATING, "ExplicitAuthFlows": SRP_ONLY}
        await rotating("UpdateUserPoolClient", **members, **on)
        token = (await refresh(rotating, token))["RefreshToken"]
        await rotating("UpdateUserPoolClient", **members, **off)
        origins.append(claims((await refresh(rotating, token))["AccessToken"])["origin_jti"])
    assert len(set(origins)) == 2


async def test_rotation_without_revocation(empty_api: Api) -> None:
    """Refresh tokens rotate also for a client without revocation."""
    client = {
        "RefreshTokenRotation": ROTATING,
        "EnableTokenRevocation": False,
        "ExplicitAuthFlows": SRP_ONLY,
    }
    await empty_api.make_pool(client=client)
    await empty_api.add_user()
    first = await empty_api.tokens()
    second = await refresh(empty_api, first["RefreshToken"])
    for result, has in ((first, False), (second, True)):
        assert ("origin_jti" in claims(result["AccessToken"])) is has
        assert "origin_jti" in claims(result["IdToken"])


async def test_an_update_without_rotation_keeps_it(rotating: Api) -> None:
    members = {"UserPoolId": rotating.pool_id, "ClientId": rotating.client_id}
    answer = await rotating("UpdateUserPoolClient", **members, ExplicitAuthFlows=SRP_ONLY)
    assert answer["UserPoolClient"]["RefreshTokenRotation"] == ROTATING
    flows = [*SRP_ONLY, "ALLOW_REFRESH_TOKEN_AUTH"]
    assert await rotating.refused("UpdateUserPoolClient", **members, ExplicitAuthFlows=flows) == BOTH


async def test_no_grace_is_over_at_once(empty_api: Api) -> None:
    rotation = {"Feature": "ENABLED"}
    await empty_api.make_pool(client={"RefreshTokenRotation": rotation, "ExplicitAuthFlows": SRP_ONLY})
    await empty_api.add_user()
    first = (await empty_api.tokens())["RefreshToken"]
    await refresh(empty_api, first)
    assert (await not_refreshed(empty_api, first))[0] == "RefreshTokenReuseException"


async def test_rotation_does_not_make_a_sign_in_longer(rotating: Api) -> None:
    token = (await rotating.tokens())["RefreshToken"]
    rotating.advance(15 * 86_400)
    token = (await refresh(rotating, token))["RefreshToken"]
    rotating.advance(15 * 86_400 - 1)
    assert "RefreshToken" in await refresh(rotating, token)
    rotating.advance(1)
    assert (await not_refreshed(rotating, token))[1] == "Refresh Token has expired"


async def test_the_older_flow_does_not_rotate(rotating: Api) -> None:
    token = (await rotating.tokens())["RefreshToken"]
    flows = [*SRP_ONLY, "ALLOW_REFRESH_TOKEN_AUTH"]
    rotating.pool.clients[rotating.client_id].settings["ExplicitAuthFlows"] = flows
    members = {
        "ClientId": rotating.client_id,
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": token},
    }
    refusal = await rotating.refused("InitiateAuth", **members)
    text = "This API does not support refresh token rotation"
    assert refusal == ("UnsupportedOperationException", text)
    rotating.pool.clients[rotating.client_id].settings["ExplicitAuthFlows"] = SRP_ONLY
    assert await rotating.refused("InitiateAuth", **members) == refusal
    rotating.pool.clients[rotating.client_id].settings["ExplicitAuthFlows"] = flows
    rotating.state.assumptions = Assumptions(rotation_refuses_refresh_flow=False)
    answer = await rotating("InitiateAuth", **members)
    assert "RefreshToken" in answer["AuthenticationResult"]


async def test_rotation_by_default_has_no_refresh_flow(empty_api: Api) -> None:
    await empty_api.make_pool(client={"RefreshTokenRotation": ROTATING, "ExplicitAuthFlows": []})
    assert not empty_api.pool.clients[empty_api.client_id].permits("REFRESH_TOKEN_AUTH")


async def test_rotation_and_the_refresh_flow_at_creation(empty_api: Api) -> None:
    both = {
        "RefreshTokenRotation": ROTATING,
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    }
    await empty_api.make_pool()
    members = {"UserPoolId": empty_api.pool_id, "ClientName": "app", **both}
    assert await empty_api.refused("CreateUserPoolClient", **members) == BOTH
    empty_api.state.assumptions = Assumptions(rotation_forbids_refresh_flow_at_creation=False)
    await empty_api.make_pool(client=both)


async def test_rotation_is_not_part_of_the_tier_lite(empty_api: Api) -> None:
    await empty_api.make_pool(UserPoolTier="LITE")
    members = {"UserPoolId": empty_api.pool_id, "ClientName": "app", "RefreshTokenRotation": ROTATING}
    text = "The following features need to be disabled for the LITE pricing tier configured"
    text = f"{text}: Refresh Token Rotation"
    refusal = await empty_api.refused("CreateUserPoolClient", **members, ExplicitAuthFlows=SRP_ONLY)
    assert refusal == ("FeatureUnavailableInTierException", text)
    await empty_api.make_pool(client={"RefreshTokenRotation": ROTATING, "ExplicitAuthFlows": SRP_ONLY})
    refusal = await empty_api.refused("UpdateUserPool", UserPoolId=empty_api.pool_id, UserPoolTier="LITE")
    assert refusal == ("TierChangeNotAllowedException", text)
    assert empty_api.pool.settings["UserPoolTier"] == "ESSENTIALS"


# Revocation


async def test_revoking_one_sign_in(api: Api) -> None:
    await api.add_user()
    one, other = await api.tokens(), await api.tokens()
    refreshed = await refresh(api, one["RefreshToken"])
    assert await api("RevokeToken", ClientId=api.client_id, Token=one["RefreshToken"]) == {}
    for access in (one["AccessToken"], refreshed["AccessToken"]):
        assert await api.refused("GetUser", AccessToken=access) == REVOKED
    assert await not_refreshed(api, one["RefreshToken"]) == REVOKED_REFRESH
    assert "Username" in await api("GetUser", AccessToken=other["AccessToken"])
    assert "AccessToken" in await refresh(api, other["RefreshToken"])
    assert await api("RevokeToken", ClientId=api.client_id, Token=one["RefreshToken"]) == {}


async def test_what_cannot_be_revoked(empty_api: Api) -> None:
    await empty_api.make_pool(client={"GenerateSecret": True})
    await empty_api.add_user()
    result = (await empty_api.begin(SECRET_HASH=empty_api.hash("ana")))["AuthenticationResult"]
    client = empty_api.pool.clients[empty_api.client_id]
    given = {"ClientId": empty_api.client_id, "ClientSecret": client.secrets[0]}
    refusal = await empty_api.refused("RevokeToken", **given, Token=result["AccessToken"])
    assert refusal[0] == "UnsupportedTokenTypeException"
    assert await empty_api("RevokeToken", **given, Token="never.a.refresh.token.indeed") == {}
    for secret in ({}, {"ClientSecret": "a" * 30}):
        members = {"ClientId": empty_api.client_id, "Token": result["RefreshToken"], **secret}
        assert (await empty_api.refused("RevokeToken", **members))[0] == "UnauthorizedException"
    made = await empty_api("CreateUserPoolClient", UserPoolId=empty_api.pool_id, ClientName="other")
    other = {"ClientId": made["UserPoolClient"]["ClientId"], "Token": result["RefreshToken"]}
    assert (await empty_api.refused("RevokeToken", **other))[0] == "UnauthorizedException"
    assert (await empty_api.refused("RevokeToken", ClientId="none", Token="a"))[
        0
    ] == "InvalidParameterException"
    assert "AccessToken" in await refresh(empty_api, result["RefreshToken"], ClientSecret=client.secrets[0])


async def test_revocation_that_is_off(empty_api: Api) -> None:
    await empty_api.make_pool(client={"EnableTokenRevocation": False})
    await empty_api.add_user()
    result = await empty_api.tokens()
    assert {"jti", "origin_jti"}.isdisjoint(claims(result["AccessToken"]))
    assert {"jti", "origin_jti"}.isdisjoint(claims(result["IdToken"]))
    refusal = await empty_api.refused(
        "RevokeToken", ClientId=empty_api.client_id, Token=result["RefreshToken"]
    )
    assert refusal == ("UnsupportedOperationException", "This feature is not enabled for this client")
    # Signing out everywhere does not need it.
    await empty_api("GlobalSignOut", AccessToken=result["AccessToken"])
    assert await empty_api.refused("GetUser", AccessToken=result["AccessToken"]) == REVOKED


async def test_signing_out_everywhere(api: Api) -> None:
    """GlobalSignOut ends all sign-ins of one user."""
    await api.add_user()
    await api.add_user("ben")
    one, other, bens = await api.tokens(), await api.tokens(), await api.tokens("ben")
    assert await api("GlobalSignOut", AccessToken=one["AccessToken"]) == {}
    for result in (one, other):
        assert await api.refused("GetUser", AccessToken=result["AccessToken"]) == REVOKED
        assert await not_refreshed(api, result["RefreshToken"]) == REVOKED_REFRESH
    assert await api.refused("GlobalSignOut", AccessToken=one["AccessToken"]) == REVOKED
    assert "Username" in await api("GetUser", AccessToken=bens["AccessToken"])
    # In the same second as the sign-out, a new sign-in is good.
    assert "Username" in await api("GetUser", AccessToken=(await api.tokens())["AccessToken"])


async def test_signed_out_by_an_administrator(api: Api) -> None:
    await api.add_user()
    result = await api.tokens()
    await api.admin("AdminUserGlobalSignOut")
    assert await api.refused("GetUser", AccessToken=result["AccessToken"]) == REVOKED
    assert await not_refreshed(api, result["RefreshToken"]) == REVOKED_REFRESH


async def test_an_administrators_sign_out_may_spare_access_tokens(api: Api) -> None:
    api.state.assumptions = Assumptions(admin_sign_out_ends_access_tokens=False)
    await api.add_user()
    result = await api.tokens()
    await api.admin("AdminUserGlobalSignOut")
    assert "Username" in await api("GetUser", AccessToken=result["AccessToken"])
    assert await not_refreshed(api, result["RefreshToken"]) == REVOKED_REFRESH


# Access tokens


async def test_expired(api: Api) -> None:
    """An access token is refused after its last second."""
    await api.add_user()
    token = (await api.tokens())["AccessToken"]
    # Times in tokens are whole seconds; the clock here stands at half a second.
    api.advance(3599.4)
    assert (await api("GetUser", AccessToken=token))["Username"] == "ana"
    api.advance(0.1)
    refusal = await api.refused("GetUser", AccessToken=token)
    assert refusal == ("NotAuthorizedException", "Access Token has expired")


async def test_not_an_access_token(api: Api) -> None:
    await api.add_user()
    result = await api.tokens()
    head, body, signature = result["AccessToken"].split(".")
    for token in (
        result["IdToken"],
        "nonsense",
        f"{head}.{body}",
        f"{head}.!.{signature}",
        f"W10.{body}.{signature}",
        f"{head}.W10.{signature}",
    ):
        if "!" in token:
            continue
        assert await api.refused("GetUser", AccessToken=token) == INVALID


async def test_signatures_are_checked(api: Api, key_pair: KeyPair) -> None:
    """A token with a wrong signature is refused."""
    await api.add_user()
    token = (await api.tokens())["AccessToken"]
    body = claims(token)
    bad = ("NotAuthorizedException", "Could not verify signature for Access Token")
    forged = SigningKey(key_pair.access.kid, rsa.generate_private_key(65537, 2048))
    assert await api.refused("GetUser", AccessToken=sign(forged, body)) == bad
    assert await api.refused("GetUser", AccessToken=f"{token}AAAA") == bad
    assert await api.refused("GetUser", AccessToken=token.rsplit(".", 1)[0] + ".A") == bad
    # Another of the pool's keys, and none.
    assert await api.refused("GetUser", AccessToken=sign(key_pair.id, body)) == INVALID
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"' + key_pair.access.kid.encode() + b'"}')
    unsigned = f"{none.decode().rstrip('=')}.{token.split('.')[1]}."
    assert await api.refused("GetUser", AccessToken=unsigned) == INVALID
    # The same claims, signed by the right key: as good as the token itself, twice.
    again = sign(key_pair.access, {**body, "extra": 1})
    for _ in range(2):
        assert (await api("GetUser", AccessToken=again))["Username"] == "ana"


async def test_tokens_of_another_pool(api: Api) -> None:
    await api.add_user()
    token = (await api.tokens())["AccessToken"]
    await api("DeleteUserPool", UserPoolId=api.pool_id)
    assert await api.refused("GetUser", AccessToken=token) == INVALID


async def test_scopes(api: Api) -> None:
    """An access token without the scope is refused."""
    await api.add_user()
    token = (await api.tokens())["AccessToken"]
    grant = api.pool.tokens.grants[claims(token)["event_id"]]
    grant.scopes = ("openid",)
    refreshed = await refresh(api, (await api.tokens())["RefreshToken"])
    assert "Username" in await api("GetUser", AccessToken=refreshed["AccessToken"])
    narrow = attrs.evolve(grant, scopes=("openid", "email"))
    api.pool.tokens.open(narrow)
    from aiocognito.emulator.tokens import issue

    user, client = api.pool.users.find("ana"), api.pool.clients[api.client_id]
    assert user is not None
    made = await issue.tokens(api.state, api.pool, client, user, narrow)
    refusal = await api.refused("GetUser", AccessToken=made["AccessToken"])
    assert refusal == ("NotAuthorizedException", "Access Token does not have required scopes")


async def test_deleted_and_disabled_users(api: Api) -> None:
    await api.add_user()
    token = (await api.tokens())["AccessToken"]
    await api.admin("AdminDisableUser")
    assert await api.refused("GetUser", AccessToken=token) == DISABLED
    await api.admin("AdminEnableUser")
    assert await api.refused("GetUser", AccessToken=token) == REVOKED
    token = (await api.tokens())["AccessToken"]
    assert await api("DeleteUser", AccessToken=token) == {}
    gone = ("UserNotFoundException", "User does not exist.")
    assert await api.refused("GetUser", AccessToken=token) == gone
    # GlobalSignOut does not declare that code.
    assert await api.refused("GlobalSignOut", AccessToken=token) == ("NotAuthorizedException", gone[1])


async def test_a_deleted_client(api: Api) -> None:
    """A token of a deleted client is refused."""
    await api.add_user()
    token = (await api.tokens())["AccessToken"]
    await api("DeleteUserPoolClient", UserPoolId=api.pool_id, ClientId=api.client_id)
    gone = ("ResourceNotFoundException", f"User pool client {api.client_id} does not exist.")
    assert await api.refused("GetUser", AccessToken=token) == gone
    assert await api.refused("GlobalSignOut", AccessToken=token) == gone


def test_only_so_many_signatures_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    from aiocognito.emulator.token_store import TokenStore

    monkeypatch.setattr("aiocognito.emulator.token_store.KNOWN", 2)
    book = TokenStore()
    for token in "abc":
        book.add_genuine(token)
    assert [book.genuine(token) for token in "abc"] == [False, True, True]
