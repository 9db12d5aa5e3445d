"""Tokens without a sign-in: each good one is accepted, and each bad one refused for its own reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aiocognito import AuthClient, AuthTokens, TokenVerifier, decode_jwt, errors
from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool, TokenFactory, run_in_thread
from helpers.api import PASSWORD

BAD: dict[str, type[errors.TokenVerificationError]] = {
    "expired": errors.TokenExpiredError,
    "wrong_key": errors.TokenSignatureError,
    "alg_none": errors.TokenAlgorithmError,
    "other_pool": errors.TokenIssuerError,
    "other_client": errors.TokenClientError,
    "malformed": errors.TokenMalformedError,
}


@pytest.fixture(scope="module")
def cognito() -> Iterator[ThreadedEmulator]:
    with run_in_thread() as running:
        yield running


@pytest.fixture(scope="module")
def pool(cognito: ThreadedEmulator) -> ThreadedUserPool:
    pool = cognito.create_user_pool()
    pool.add_user("bea", PASSWORD, attributes={"email": "bea@example.com"}, groups=["staff"])
    return pool


@pytest.fixture(scope="module")
def factory(pool: ThreadedUserPool) -> TokenFactory:
    return TokenFactory(pool)


async def verify(pool: ThreadedUserPool, token: str, token_use: Any = "access", **more: Any) -> Any:
    config = pool.config
    async with TokenVerifier(
        user_pool_id=pool.id,
        client_ids=pool.client_id,
        token_use=token_use,
        jwks_uri=f"{config.user_pool_endpoint}/{pool.id}/.well-known/jwks.json",
        clock=config.clock,
        **more,
    ) as verifier:
        return await verifier.verify(token)


async def test_an_access_token(pool: ThreadedUserPool, factory: TokenFactory) -> None:
    """An access token passes the verifier, with groups and scopes."""
    token = factory("ana", groups=["admins"], scopes=["orders/read", "orders/write"], expires_in=60)
    claims = await verify(pool, token, groups=["admins"], scopes=["orders/read"])
    assert claims["username"] == "ana"
    assert claims["client_id"] == pool.client_id
    assert claims["cognito:groups"] == ["admins"]
    assert claims["scope"] == "orders/read orders/write"
    assert claims["exp"] - claims["iat"] == 60
    assert claims["sub"] == decode_jwt(factory("ana", token_use="id")).payload["sub"]
    plain = decode_jwt(factory("ana")).payload
    assert plain["scope"] == "aws.cognito.signin.user.admin"
    assert "cognito:groups" not in plain
    assert plain["exp"] - plain["iat"] == 3600


async def test_an_id_token(pool: ThreadedUserPool, factory: TokenFactory) -> None:
    """An ID token passes the verifier, with claims."""
    more: dict[str, Any] = {"email": "ana@example.com", "custom:tenant": "7"}
    token = factory("ana", token_use="id", groups=["admins"], **more)
    claims = await verify(pool, token, "id", groups=["admins"])
    assert claims["cognito:username"] == "ana"
    assert claims["aud"] == pool.client_id
    assert (claims["email"], claims["custom:tenant"]) == ("ana@example.com", "7")


async def test_a_user_of_the_pool(pool: ThreadedUserPool, factory: TokenFactory) -> None:
    token = decode_jwt(factory("bea"))
    identity = decode_jwt(factory("bea", token_use="id"))
    assert identity.payload["email"] == "bea@example.com"
    assert identity.payload["email_verified"] is True
    assert identity.payload["sub"] == token.payload["sub"]
    assert "cognito:groups" not in token.payload  # as the argument says

    class Provider:
        async def get_tokens(self, **_options: Any) -> AuthTokens:
            return AuthTokens(token, None, None)

    async with AuthClient(pool.config, token_provider=Provider()) as auth:
        assert (await auth.fetch_user_attributes())["email"] == "bea@example.com"


async def test_claims_are_replaced_and_left_out(pool: ThreadedUserPool, factory: TokenFactory) -> None:
    payload = decode_jwt(factory("ana", sub="chosen", origin_jti=None)).payload
    assert payload["sub"] == "chosen"
    assert "origin_jti" not in payload
    assert decode_jwt(factory("bea", event_id=None)).payload["username"] == "bea"


async def test_a_life_that_is_over(pool: ThreadedUserPool, factory: TokenFactory) -> None:
    payload = decode_jwt(factory("ana", expires_in=-10)).payload
    assert payload["iat"] < payload["exp"] < payload["iat"] + 3601
    with pytest.raises(errors.TokenExpiredError):
        await verify(pool, factory("ana", expires_in=-10))


@pytest.mark.parametrize("token_use", ["access", "id"])
@pytest.mark.parametrize("kind", BAD)
async def test_each_bad_token_is_refused(
    pool: ThreadedUserPool, factory: TokenFactory, kind: str, token_use: Any
) -> None:
    make: Callable[..., str] = getattr(factory, kind)
    arguments: dict[str, Any] = {"token_use": token_use, "groups": ["admins"], "expires_in": 60}
    with pytest.raises(errors.TokenVerificationError) as caught:
        await verify(pool, make("ana", **arguments), token_use)
    assert type(caught.value) is BAD[kind]
    assert (await verify(pool, factory("ana", **arguments), token_use))["cognito:groups"] == ["admins"]


async def test_a_bad_token_is_bad_in_one_way(pool: ThreadedUserPool, factory: TokenFactory) -> None:
    arguments: dict[str, Any] = {"groups": ["admins"], "scopes": ["a/b"], "department": "x"}
    good = decode_jwt(factory("ana", **arguments)).payload
    drawn = {"jti", "event_id", "origin_jti", "iat", "exp", "auth_time"}
    differences = {"other_pool": {"iss"}, "other_client": {"client_id"}}
    for kind in ("expired", "wrong_key", "alg_none", "other_pool", "other_client"):
        payload = decode_jwt(getattr(factory, kind)("ana", **arguments)).payload
        assert set(good) == set(payload)
        different = {name for name in good if good[name] != payload[name]}
        assert different - drawn == differences.get(kind, set()), kind
    expired = decode_jwt(factory.expired("ana", expires_in=60)).payload
    assert expired["exp"] - expired["iat"] == 60
    assert pool.config.clock is not None
    assert pool.config.clock() - expired["exp"] == pytest.approx(3600, abs=60)
    assert factory.malformed("ana").count(".") == 1
    assert factory.alg_none("ana").endswith(".")


def test_misuse(factory: TokenFactory) -> None:
    """Arguments that contradict each other are refused."""
    with pytest.raises(ValueError, match="token_use must be 'access' or 'id', not 'refresh'"):
        factory.expired("ana", token_use="refresh")
    with pytest.raises(ValueError, match="an ID token has none"):
        factory("ana", token_use="id", scopes=["orders/read"])
    with pytest.raises(ValueError, match="username must be a text"):
        factory("")
    with pytest.raises(TypeError, match=r"groups must be a sequence of names, such as \['admins'\]"):
        factory.wrong_key("ana", groups="admins")
    with pytest.raises(TypeError, match="scopes must be"):
        factory("ana", scopes="orders/read")
