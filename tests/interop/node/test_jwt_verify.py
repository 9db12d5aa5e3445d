"""aws-jwt-verify 5, AWS's own verifier, on the tokens of our emulator."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aiocognito import AuthClient, ClientCredentials, TokenVerifier
from aiocognito.emulator import CognitoEmulator
from aiocognito.errors import TokenVerificationError
from helpers.browser import sign_in as sign_in_at_hosted_ui
from helpers.tokens import POOL, access_claims, jwks, key

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
Pool = Any


@pytest.fixture
async def pool(emulator: CognitoEmulator) -> Pool:
    made = await emulator.create_user_pool()
    await made.add_user("ana", PASSWORD, groups=["editors"])
    return made


@pytest.fixture
async def tokens(pool: Pool) -> dict[str, str]:
    """The access and the id token of a signed-in user."""
    async with AuthClient(pool.config) as auth:
        await auth.sign_in("ana", PASSWORD)
        held = (await auth.fetch_auth_session(credentials=False)).tokens
    assert held is not None
    assert held.id_token is not None
    return {"access": held.access_token.token, "id": held.id_token.token}


@pytest.fixture
async def verifier(node: Callable[[str], Awaitable[Any]]) -> Any:
    return await node("jwt-verify.mjs")


@pytest.fixture
def arguments(emulator: CognitoEmulator, pool: Pool) -> dict[str, str]:
    """What the verifier must know: the issuer follows from the pool's id, as on AWS."""
    jwks_uri = f"{emulator.url}/{pool.id}/.well-known/jwks.json"
    return {"userPoolId": pool.id, "clientId": pool.client_id, "jwksUri": jwks_uri}


@pytest.mark.parametrize("use", ["access", "id"])
async def test_accepts(verifier: Any, arguments: dict[str, str], tokens: dict[str, str], use: str) -> None:
    """Tokens of the emulator are valid for aws-jwt-verify."""
    claims = await verifier("verify", **arguments, tokenUse=use, token=tokens[use], groups=["editors"])
    assert claims["token_use"] == use
    assert claims["username" if use == "access" else "cognito:username"] == "ana"


@pytest.mark.parametrize("use", ["access", "id"])
async def test_refuses_a_changed_token(
    verifier: Any, arguments: dict[str, str], tokens: dict[str, str], use: str
) -> None:
    head, payload, signature = tokens[use].split(".")
    changed = f"{head}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    refusal = await verifier.refused("verify", **arguments, tokenUse=use, token=changed)
    assert refusal == "JwtInvalidSignatureError"


@pytest.mark.parametrize("use", ["access", "id"])
async def test_refuses_another_client(
    verifier: Any, arguments: dict[str, str], tokens: dict[str, str], use: str
) -> None:
    """A token of another client is refused."""
    other = arguments | {"clientId": "1example23456789"}
    refusal = await verifier.refused("verify", **other, tokenUse=use, token=tokens[use])
    assert refusal == "CognitoJwtInvalidClientIdError"


@pytest.mark.parametrize(("use", "given"), [("access", "id"), ("id", "access")])
async def test_refuses_the_other_use(
    verifier: Any, arguments: dict[str, str], tokens: dict[str, str], use: str, given: str
) -> None:
    refusal = await verifier.refused("verify", **arguments, tokenUse=use, token=tokens[given])
    assert refusal == "CognitoJwtInvalidTokenUseError"


async def test_refuses_another_pool(
    verifier: Any, emulator: CognitoEmulator, arguments: dict[str, str], tokens: dict[str, str]
) -> None:
    """A token of another pool is refused."""
    other = await emulator.create_user_pool()
    changed = arguments | {"userPoolId": other.id}
    refusal = await verifier.refused("verify", **changed, tokenUse="access", token=tokens["access"])
    assert refusal == "ParameterValidationError"  # its word for an issuer that is not configured


async def test_refuses_a_missing_group(
    verifier: Any, arguments: dict[str, str], tokens: dict[str, str]
) -> None:
    refusal = await verifier.refused(
        "verify", **arguments, tokenUse="access", token=tokens["access"], groups=["admins"]
    )
    assert refusal == "CognitoJwtInvalidGroupError"


async def test_tokens_of_the_hosted_ui(verifier: Any, emulator: CognitoEmulator) -> None:
    """What people and machines get by OAuth is judged alike, its scopes included."""
    pool = await emulator.create_user_pool(client={"CallbackURLs": ["https://app.example/callback"]})
    await pool.add_user("ana", PASSWORD)
    jwks_uri = f"{emulator.url}/{pool.id}/.well-known/jwks.json"
    known = {"userPoolId": pool.id, "clientId": pool.client_id, "jwksUri": jwks_uri}
    async with AuthClient(pool.config) as auth:
        url = (await auth.sign_in_with_redirect(nonce="n-1")).url
        back = await sign_in_at_hosted_ui(emulator.url, url, "ana", PASSWORD)
        await auth.complete_sign_in_with_redirect(back)
        held = (await auth.fetch_auth_session(credentials=False)).tokens
    assert held is not None
    assert held.id_token is not None
    claims = await verifier("verify", **known, tokenUse="id", token=held.id_token.token)
    assert claims["nonce"] == "n-1"
    access = {**known, "tokenUse": "access", "token": held.access_token.token}
    assert (await verifier("verify", **access, scope=["openid"]))["username"] == "ana"
    assert await verifier.refused("verify", **access, scope=["orders/read"]) == "JwtInvalidScopeError"

    await pool.add_resource_server("orders", ["read"])
    config = await pool.add_client(AllowedOAuthFlows=["client_credentials"])
    async with ClientCredentials(config) as machine:
        token = (await machine.get_tokens()).access_token.token
    machines = {**known, "clientId": config.user_pool_client_id, "tokenUse": "access", "token": token}
    claims = await verifier("verify", **machines, scope=["orders/read"])
    assert claims["sub"] == config.user_pool_client_id


# Odd tokens that are signed: AWS's verifier and ours judge them alike.

# When the tests are collected, which is long before the last of them runs.
NOW = int(time.time())


@pytest.mark.parametrize(
    ("claims", "wanted"),
    [
        ({"iat": str(NOW)}, {}),
        ({"iat": True}, {}),
        ({"iat": [NOW]}, {}),
        ({"exp": "tomorrow"}, {}),
        ({"sub": 5}, {}),
        ({"sub": ["ana"]}, {}),
        ({"jti": 5}, {}),
        ({"scope": "openid\torders/read"}, {"scope": "orders/read"}),
        ({"scope": "openid\u00a0orders/read"}, {"scope": "orders/read"}),
        ({"cognito:groups": [None, 1]}, {"groups": "None"}),
        ({"cognito:groups": [1]}, {"groups": "1"}),
        ({"client_id": ["client"]}, {}),
        ({"iss": f"https://cognito-idp.eu-west-1.amazonaws.com/{POOL}"}, {}),
    ],
)
async def test_odd_tokens_are_refused_by_both(verifier: Any, claims: Any, wanted: dict[str, str]) -> None:
    good = access_claims(exp=NOW + 86_400, iat=NOW, auth_time=NOW)
    options = {name: [value] for name, value in wanted.items()}
    theirs = {"userPoolId": POOL, "clientId": "client", "tokenUse": "access", "jwks": jwks(key())}
    ours = TokenVerifier(
        user_pool_id=POOL,
        client_ids="client",
        token_use="access",
        jwks=jwks(key()),
        groups=options.get("groups"),
        scopes=options.get("scope"),
    )
    assert (await verifier("verify", **theirs, token=key().token(good)))["username"] == "ana"
    token = key().token(good | claims)
    await verifier.refused("verify", **theirs, **options, token=token)
    with pytest.raises(TokenVerificationError):
        await ours.verify(token)


async def test_both_issuers_of_a_pool_are_accepted_by_both(verifier: Any) -> None:
    ours = TokenVerifier(user_pool_id=POOL, client_ids="client", token_use="access", jwks=jwks(key()))
    theirs = {"userPoolId": POOL, "clientId": "client", "tokenUse": "access", "jwks": jwks(key())}
    for prefix in ("", "issuer-"):
        issuer = f"https://{prefix}cognito-idp.us-east-1.amazonaws.com/{POOL}"
        token = key().token(access_claims(exp=NOW + 86_400, iat=NOW, auth_time=NOW, iss=issuer))
        assert (await verifier("verify", **theirs, token=token))["iss"] == issuer
        assert (await ours.verify(token))["iss"] == issuer
