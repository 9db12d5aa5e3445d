"""Tokens as an attacker would write them, and odd ones that are signed: refused with a reason."""

import pickle
import sys
import traceback
from typing import Any

import pytest

from aiocognito import ANY, TokenVerifier, decode_jwt, errors
from aiocognito.errors import (
    InvalidJWTError,
    TokenAlgorithmError,
    TokenGroupError,
    TokenIssuerError,
    TokenMalformedError,
    TokenScopeError,
    TokenVerificationError,
)
from helpers.clock import NOW
from helpers.tokens import ISSUER, POOL, Key, access_claims, b64, id_claims, jwks, key, part

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def verifier(**arguments: Any) -> TokenVerifier:
    defaults: dict[str, Any] = {
        "user_pool_id": POOL,
        "client_ids": "client",
        "token_use": "access",
        "clock": lambda: NOW,
        "jwks": jwks(key()),
    }
    return TokenVerifier(**{**defaults, **arguments})


async def refused(token: Any, **arguments: Any) -> TokenVerificationError:
    """Return why a token is refused, which must be the same with and without the network."""
    subject = verifier(**arguments)
    with pytest.raises(TokenVerificationError) as refusal:
        await subject.verify(token)
    with pytest.raises(type(refusal.value)):
        subject.verify_cached(token)
    return refusal.value


def nested(depth: int) -> Any:
    value: Any = "end"
    for _ in range(depth):
        value = [value]
    return value


# Groups and scopes


@pytest.mark.parametrize(
    ("groups", "wanted"),
    [([None, 1], "None"), ([1], "1"), ([True], "True"), ([["admins"]], "['admins']"), ([{}], "{}")],
)
async def test_only_text_is_a_group(groups: list[Any], wanted: str) -> None:
    token = key().token(access_claims(**{"cognito:groups": groups}))
    assert type(await refused(token, groups=wanted)) is TokenGroupError
    assert (await verifier().verify(token)).groups == ()


async def test_the_groups_that_are_text_count() -> None:
    token = key().token(access_claims(**{"cognito:groups": [None, "admins", 1]}))
    assert (await verifier(groups=["admins", "root"]).verify(token)).groups == ("admins",)


@pytest.mark.parametrize(
    "blank", ["\t", "\n", "\r", "\x0b", "\x0c", "\x1f", "\x85", "\xa0", "\u2003", "\u2028"]
)
async def test_only_a_space_separates_scopes(blank: str) -> None:
    token = key().token(access_claims(scope=f"openid{blank}orders/read"))
    assert type(await refused(token, scopes="orders/read")) is TokenScopeError
    assert (await verifier().verify(token)).scopes == (f"openid{blank}orders/read",)


async def test_spaces_in_a_row_make_no_scope() -> None:
    token = key().token(access_claims(scope=" openid  orders/read "))
    assert (await verifier(scopes=["openid", "orders/read"]).verify(token)).scopes == (
        "openid",
        "orders/read",
    )


@pytest.mark.parametrize("scopes", ["openid orders/read", "openid,orders/read"])
async def test_scopes_asked_for_as_one_text_are_several(scopes: str) -> None:
    both = key().token(access_claims(scope="orders/read openid"))
    assert (await verifier(scopes=scopes).verify(both)).username == "ana"
    assert type(await refused(key().token(access_claims(scope="openid")), scopes=scopes)) is TokenScopeError


# Claims of the wrong type


@pytest.mark.parametrize("claim", ["iat", "auth_time"])
@pytest.mark.parametrize("value", ["1800000000", True, [1], {}, 1e15, float(2**70)])
async def test_times_are_numbers(claim: str, value: Any) -> None:
    """A time that is not a number is refused."""
    refusal = await refused(key().token(access_claims(**{claim: value})))
    assert (type(refusal), refusal.claim) == (TokenMalformedError, claim)


async def test_a_time_that_is_null_is_malformed() -> None:
    refusal = await refused(key().token({**access_claims(), "iat": None}))
    assert (type(refusal), refusal.claim) == (TokenMalformedError, "iat")


@pytest.mark.parametrize("claim", ["sub", "username", "jti"])
@pytest.mark.parametrize("value", [None, 1, True, ["ana"], {"a": "b"}])
async def test_names_are_text(claim: str, value: Any) -> None:
    """A name that is not text is refused."""
    refusal = await refused(key().token({**access_claims(), claim: value}))
    assert (type(refusal), refusal.claim) == (TokenMalformedError, claim)


async def test_a_client_that_is_not_text_has_no_name() -> None:
    claims = await verifier(client_ids=ANY, token_use=ANY).verify(key().token(id_claims(aud=["client"])))
    assert claims.client_id == ""


# Nesting


@pytest.mark.parametrize("depth", [64, 200, 500, 900])
async def test_claims_that_are_nested_deeply_are_refused(depth: int) -> None:
    refusal = await refused(key().token(access_claims(custom=nested(depth))))
    assert type(refusal) is TokenMalformedError


@pytest.mark.parametrize("depth", [200, 500, 900])
async def test_so_is_such_a_header(depth: int) -> None:
    assert type(await refused(key().token(access_claims(), alg=nested(depth)))) is TokenMalformedError


async def test_what_verifies_can_be_read_near_the_end_of_the_stack() -> None:
    claims = await verifier().verify(key().token(access_claims(custom=nested(63))))

    def deep(frames: int) -> Any:
        return deep(frames - 1) if frames else dict(claims)

    assert deep(sys.getrecursionlimit() // 2)["custom"] == nested(63)


async def test_many_claims_side_by_side_are_not_deep() -> None:
    wide: list[dict[str, list[str]]] = [{"a": []} for _ in range(500)]
    assert (await verifier().verify(key().token(access_claims(custom=wide))))["custom"] == wide


# Messages about what was not verified


@pytest.mark.parametrize(
    ("header", "claims", "error"),
    [
        ({"alg": "x" * 70_000}, {}, TokenAlgorithmError),
        ({"alg": ["x" * 70_000]}, {}, TokenAlgorithmError),
        ({"crit": "x" * 70_000}, {}, TokenMalformedError),
        ({"kid": ["x" * 70_000]}, {}, TokenMalformedError),
        ({}, {"iss": "x" * 70_000}, TokenIssuerError),
        ({}, {"iss": {"x": "x" * 70_000}}, TokenIssuerError),
        ({"kid": "x" * 70_000}, {}, errors.TokenKeyError),
    ],
)
async def test_unverified_values_are_shortened(
    header: dict[str, Any], claims: dict[str, Any], error: type[TokenVerificationError]
) -> None:
    token = Key("key-1", key("other").private).token(access_claims(**claims), **header)
    with pytest.raises(error) as refusal:
        await verifier(http_client=_NoKeys()).verify(token)
    told = "".join(traceback.format_exception(refusal.value))
    assert len(str(refusal.value)) < 600
    assert len(repr(refusal.value.actual)) < 600
    assert "x" * 300 not in told
    assert pickle.loads(pickle.dumps(refusal.value)).actual == refusal.value.actual


class _NoKeys:
    """An HTTP client that finds the pool's own keys, and no other."""

    async def request(self, *args: object, **options: object) -> Any:
        import httpx

        return httpx.Response(200, json=jwks(key()))


async def test_a_short_value_is_reported_as_it_is() -> None:
    refusal = await refused(key().token(access_claims(iss="https://evil.example")))
    assert refusal.actual == "https://evil.example"
    assert "'https://evil.example'" in str(refusal)


# One text for each token


async def test_of_sixteen_texts_of_one_signature_one_is_accepted() -> None:
    token = key().token(access_claims())
    accepted = []
    for last in ALPHABET:
        try:
            await verifier().verify(token[:-1] + last)
        except TokenVerificationError:
            continue
        accepted.append(token[:-1] + last)
    assert accepted == [token]


@pytest.mark.parametrize("which", [0, 1])
async def test_header_and_claims_have_one_text_too(which: int) -> None:
    # Signed as it stands: the signature is good, and the spelling alone is wrong.
    for padding in (b"", b" ", b"  "):
        parts = [part({"kid": "key-1", "alg": "RS256"}), part(access_claims())]
        whole = b64(_decoded(parts[which]) + padding)
        if len(whole) % 4 == 0:
            continue
        parts[which] = whole[:-1] + ALPHABET[ALPHABET.index(whole[-1]) + 1]
        signed = ".".join(parts)
        assert type(await refused(f"{signed}.{key().sign(signed)}")) is TokenMalformedError
        if which == 1:
            with pytest.raises(InvalidJWTError):
                decode_jwt(f"{signed}.x")
        parts[which] = whole
        signed = ".".join(parts)
        assert (await verifier().verify(f"{signed}.{key().sign(signed)}")).username == "ana"


def _decoded(text: str) -> bytes:
    from base64 import urlsafe_b64decode

    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("change", ["=", "==", "\n", " ", "\x00", ".", "%3D"])
async def test_nothing_may_follow_a_token(change: str) -> None:
    assert type(await refused(key().token(access_claims()) + change)) is TokenMalformedError


# What is commonly passed by mistake


@pytest.mark.parametrize("prefix", ["Bearer ", "bearer ", "BEARER\t", "Bearer  "])
async def test_a_bearer_prefix_is_named(prefix: str) -> None:
    token = prefix + key().token(access_claims())
    refusal = await refused(token)
    assert type(refusal) is TokenMalformedError
    assert "Bearer" in str(refusal)
    with pytest.raises(InvalidJWTError, match="Bearer"):
        decode_jwt(token)


async def test_other_mistakes_are_named() -> None:
    token = key().token(access_claims())
    assert "blanks" in str(await refused(f"{token}\n"))
    assert "bytes" in str(await refused(token.encode()))
    assert "NoneType" in str(await refused(None))


@pytest.mark.parametrize("token", ["Bearer s3cr3t", "s3cr3t.s3cr3t.s3cr3t", "é.s3cr3t.x", " s3cr3t"])
async def test_no_refusal_holds_the_token_in_its_chain(token: str) -> None:
    refusals: list[BaseException] = [await refused(token)]
    try:
        decode_jwt(token)
    except InvalidJWTError as error:
        refusals.append(error)
    assert len(refusals) == 2
    for refusal in refusals:
        assert refusal.__context__ is None
        assert "s3cr3t" not in repr(refusal) + repr(vars(refusal))


# Where keys come from


@pytest.mark.parametrize("client", [None, _NoKeys()])
@pytest.mark.parametrize(
    "uri", ["http://keys.example/", "http://[::1].evil.example/", "http://127.0.0.1.evil.example/"]
)
def test_keys_over_plain_http_are_refused_with_a_client_of_one_s_own_as_well(uri: str, client: Any) -> None:
    with pytest.raises(ValueError, match="jwks_uri"):
        verifier(jwks_uri=uri, http_client=client)


async def test_a_forged_issuer_of_a_replica_that_is_not_named() -> None:
    forged = access_claims(iss=ISSUER.replace("us-east-1.", "eu-west-1."))
    assert type(await refused(key().token(forged))) is TokenIssuerError
    assert type(await refused(key().token(forged), replica_regions="us-west-2")) is TokenIssuerError
