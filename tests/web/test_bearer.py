"""Bearer tokens in requests: the header is read strictly, and no response repeats a token."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aiocognito import ANY, TokenVerifier, errors
from aiocognito._web.bearer import bearer_token, refusal_of, verified_claims
from helpers.clock import Clock
from helpers.tokens import POOL, access_claims, id_claims, jwks, key

TOKEN = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"


def verifier(**options: Any) -> TokenVerifier:
    settings: dict[str, Any] = {
        "user_pool_id": POOL,
        "client_ids": "client",
        "token_use": "access",
        "jwks": jwks(key()),
        "clock": Clock(),
    }
    return TokenVerifier(**{**settings, **options})


def header(token: str) -> list[str]:
    return [f"Bearer {token}"]


@pytest.mark.parametrize(
    "value",
    [
        f"Bearer {TOKEN}",
        f"bearer {TOKEN}",
        f"BEARER   {TOKEN}",
        f" Bearer {TOKEN} ",
        f"\tBearer {TOKEN}\t",
    ],
)
def test_the_token_is_read(value: str) -> None:
    assert bearer_token([value]) == TOKEN


@pytest.mark.parametrize("token", ["abc", "a-b.c_d~e+f/g", "abc=", "abc=="])
def test_every_character_of_a_token_is_accepted(token: str) -> None:
    assert bearer_token([f"Bearer {token}"]) == token


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        [" "],
        ["Basic YW5hOnNlY3JldA=="],
        [TOKEN],
        [f"Bearer{TOKEN}"],
        [f"Bearers {TOKEN}"],
        [f"DPoP {TOKEN}"],
        [f"Token Bearer {TOKEN}"],
        [f'Digest username="Bearer {TOKEN}"'],
    ],
)
def test_a_request_with_another_scheme_has_no_token(values: list[str]) -> None:
    assert bearer_token(values) is None


@pytest.mark.parametrize(
    "values",
    [
        [f"Bearer {TOKEN}", f"Bearer {TOKEN}"],
        [f"Bearer {TOKEN}", "Basic YW5hOnNlY3JldA=="],
        ["Basic YW5hOnNlY3JldA==", f"Bearer {TOKEN}"],
        ["", f"Bearer {TOKEN}"],
        ["Bearer"],
        ["Bearer "],
        ["Bearer    "],
        [f"Bearer\t{TOKEN}"],
        [f"Bearer {TOKEN} x"],
        [f"Bearer {TOKEN}, Bearer {TOKEN}"],
        [f"Bearer {TOKEN},"],
        [f"Bearer,{TOKEN}"],
        [f"Bearer {TOKEN[:5]} {TOKEN[5:]}"],
        [f"Bearer {TOKEN}é"],
        ["Bearer ëyJ"],
        [f"Bearer {TOKEN}\xa0"],
        ["Bearer ٣٣٣"],
        [f"Bearer {TOKEN}\n"],
        [f"Bearer {TOKEN}\x00"],
        [f'Bearer "{TOKEN}"'],
        [f"Bearer Bearer {TOKEN}"],
        ["Bearer =abc"],
        ["Bearer a=b"],
    ],
)
def test_a_header_that_is_not_one_token_is_refused(values: list[str]) -> None:
    with pytest.raises(errors.TokenMalformedError) as caught:
        bearer_token(values)
    refusal = refusal_of(caught.value)
    assert refusal.status == 401
    challenge = refusal.headers["www-authenticate"]
    assert challenge.startswith('Bearer error="invalid_token", error_description="The header Authorization ')
    assert TOKEN[:5] not in f"{challenge}{refusal.document}"


async def test_claims_are_returned() -> None:
    """The claims of a valid token are returned."""
    token = key().token(access_claims())
    claims = await verified_claims(
        header(token), verifier(), groups=("staff", "x"), scopes=("openid", "read/all")
    )
    assert claims is not None
    assert claims.username == "ana"


async def test_a_request_without_a_token_gets_a_challenge_without_an_error() -> None:
    with pytest.raises(errors.UserUnAuthenticatedException) as caught:
        await verified_claims([], verifier())
    refusal = refusal_of(caught.value)
    assert (refusal.status, refusal.headers["www-authenticate"]) == (401, "Bearer")
    assert refusal.document["name"] == "UserUnAuthenticatedException"
    assert refusal.headers["cache-control"] == "no-store"


async def test_an_optional_token_may_be_absent_and_not_wrong() -> None:
    assert await verified_claims([], verifier(), optional=True) is None
    assert await verified_claims(["Basic x"], verifier(), optional=True) is None
    with pytest.raises(errors.TokenMalformedError):
        await verified_claims(header(TOKEN), verifier(), optional=True)
    with pytest.raises(errors.TokenMalformedError):
        await verified_claims(["Bearer"], verifier(), optional=True)


SECRET_VALUES = ("evil-client", "evil.example", "evil-group", "evil-kid", "evil-use")
REFUSED: list[tuple[str, Any, type[errors.AuthError], str]] = [
    ("expired", {"exp": 1}, errors.TokenExpiredError, "The token has expired."),
    ("early", {"nbf": 9_999_999_999}, errors.TokenNotYetValidError, "The token is not valid yet."),
    (
        "issuer",
        {"iss": "https://evil.example"},
        errors.TokenIssuerError,
        "The token was issued by another user pool.",
    ),
    (
        "client",
        {"client_id": "evil-client"},
        errors.TokenClientError,
        "The token was issued to another app client.",
    ),
    (
        "use",
        {"token_use": "evil-use"},
        errors.TokenUseError,
        "The token is of the other kind: access and id tokens do not replace each other.",
    ),
    ("time", {"exp": "evil-use"}, errors.TokenMalformedError, "The token is malformed."),
]


@pytest.mark.parametrize(
    ("claims", "kind", "text"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
async def test_a_refused_token_is_not_repeated(
    claims: dict[str, Any], kind: type[errors.AuthError], text: str
) -> None:
    token = key().token(access_claims(**claims))
    with pytest.raises(kind) as caught:
        await verified_claims(header(token), verifier())
    refusal = refusal_of(caught.value)
    assert refusal.status == 401
    assert refusal.headers["www-authenticate"] == f'Bearer error="invalid_token", error_description="{text}"'
    assert refusal.document["message"] == text
    assert refusal.document["name"] == kind.__name__
    assert not any(value in f"{refusal}" for value in SECRET_VALUES)
    assert not any(part in f"{refusal}" for part in token.split("."))


@pytest.mark.parametrize("header_members", [{"alg": "none"}, {"alg": "HS256"}, {"kid": "evil-kid"}])
async def test_a_forged_token_is_not_repeated(header_members: dict[str, str]) -> None:
    token = key().token(access_claims(), **header_members)
    async with verifier(jwks=jwks(key()), http_client=_Unreachable()) as checks:
        with pytest.raises(errors.AuthError) as caught:
            await verified_claims(header(token), checks)
    refusal = refusal_of(caught.value)
    assert refusal.status == (503 if "kid" in header_members else 401)
    assert "evil-kid" not in f"{refusal}"


class _Unreachable:
    async def request(self, *_: Any, **__: Any) -> Any:
        raise OSError("unreachable")


async def test_keys_that_cannot_be_fetched_are_503_and_not_401() -> None:
    async with verifier(jwks=None, http_client=_Unreachable()) as checks:
        with pytest.raises(errors.JwksUnavailableError) as caught:
            await verified_claims(header(key().token(access_claims())), checks)
    refusal = refusal_of(caught.value)
    assert refusal.status == 503
    assert int(refusal.headers["retry-after"]) > 0
    assert "www-authenticate" not in refusal.headers


@pytest.mark.parametrize(
    ("needs", "challenge"),
    [
        (
            {"scopes": ("orders/write", "read/all")},
            'Bearer error="insufficient_scope",'
            ' error_description="The token lacks a scope that this requires.",'
            ' scope="orders/write read/all"',
        ),
        (
            {"groups": ("owners",)},
            'Bearer error="insufficient_scope",'
            ' error_description="The user is in none of the groups that this requires."',
        ),
    ],
)
async def test_too_few_rights_are_403(needs: dict[str, Any], challenge: str) -> None:
    with pytest.raises(errors.TokenVerificationError) as caught:
        await verified_claims(header(key().token(access_claims())), verifier(), **needs)
    refusal = refusal_of(caught.value)
    assert (refusal.status, refusal.headers["www-authenticate"]) == (403, challenge)


async def test_scopes_that_the_verifier_requires_are_403_as_well() -> None:
    with pytest.raises(errors.TokenScopeError) as caught:
        await verified_claims(header(key().token(access_claims())), verifier(scopes=["orders/write"]))
    refusal = refusal_of(caught.value)
    assert refusal.status == 403
    assert 'scope="orders/write"' in refusal.headers["www-authenticate"]


async def test_an_id_token_has_no_scopes() -> None:
    token = key().token(id_claims())
    with pytest.raises(errors.TokenScopeError):
        await verified_claims(header(token), verifier(token_use=ANY), scopes=["openid"])


def test_descriptions_have_the_characters_of_the_standard() -> None:
    from aiocognito._web import bearer

    for _, text in bearer._DESCRIPTIONS:
        assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", text)
    kinds = {each for each in vars(errors).values() if isinstance(each, type)}
    verification = {each for each in kinds if issubclass(each, errors.TokenVerificationError)}
    assert all(bearer._description(kind("x")) for kind in verification)
