"""A token is accepted if every claim holds, and refused with a reason if one does not."""

import asyncio
import hashlib
import hmac
import inspect
import json
import pickle
import traceback
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from aiocognito import AuthConfig, errors
from aiocognito._verifier import ANY, MAX_TOKEN_LENGTH, TokenVerifier
from aiocognito.errors import (
    AuthUserPoolException,
    JwksUnavailableError,
    TokenAlgorithmError,
    TokenClientError,
    TokenExpiredError,
    TokenGroupError,
    TokenIssuerError,
    TokenKeyError,
    TokenMalformedError,
    TokenNotYetValidError,
    TokenScopeError,
    TokenSignatureError,
    TokenUseError,
    TokenVerificationError,
)
from helpers.clock import NOW, Clock
from helpers.tokens import ISSUER, POOL, Key, access_claims, b64, id_claims, jwks, key, part


class Publisher:
    """Where a pool publishes its keys; counts who asks."""

    def __init__(self, *keys: Key) -> None:
        self.keys = keys
        self.asked: list[str] = []
        self.answer: Callable[[], httpx.Response] | None = None
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return self.answer() if self.answer else httpx.Response(200, json=jwks(*self.keys))


def verifier(**arguments: Any) -> TokenVerifier:
    defaults: dict[str, Any] = {
        "user_pool_id": POOL,
        "client_ids": "client",
        "token_use": "access",
        "clock": lambda: NOW,
    }
    if "http_client" not in arguments:
        defaults |= {"jwks": jwks(key()), "http_client": Publisher(key()).client}
    return TokenVerifier(**{**defaults, **arguments})


async def refused(token: Any, **arguments: Any) -> TokenVerificationError:
    """Why a token is refused, which must be the same with and without a look at the network."""
    subject = verifier(**arguments)
    with pytest.raises(TokenVerificationError) as refusal:
        await subject.verify(token)
    with pytest.raises(type(refusal.value)):
        subject.verify_cached(token)
    return refusal.value


# What is accepted


async def test_an_access_token() -> None:
    """The claims of an access token are returned."""
    claims = await verifier().verify(key().token(access_claims()))
    assert dict(claims) == access_claims()
    assert (claims.sub, claims.username, claims.client_id) == ("b0b0b0b0-0000", "ana", "client")
    assert (claims.token_use, claims.expires_at) == ("access", NOW + 3600)
    assert claims.groups == ("admins", "staff")
    assert claims.scopes == ("openid", "read/all")


async def test_an_id_token_of_the_hosted_ui() -> None:
    claims = await verifier(token_use="id").verify(key().token(id_claims(nonce="n")))
    assert (claims.username, claims.client_id, claims["nonce"]) == ("ana", "client", "n")
    assert (claims.groups, claims.scopes) == ((), ())


async def test_a_machine_s_token() -> None:
    token = key().token(access_claims(sub="client", username=None, **{"cognito:groups": None}))
    claims = await verifier(scopes="read/all").verify(token)
    assert (claims.sub, claims.username) == ("client", None)


async def test_claims_are_a_mapping_whose_repr_holds_little() -> None:
    claims = await verifier().verify(key().token(access_claims()))
    assert len(claims) == len(access_claims())
    assert "client_id" in claims
    assert claims.get("no such claim") is None
    assert repr(claims) == "<Claims sub='b0b0b0b0-0000' token_use='access'>"


async def test_what_is_done_to_a_claim_is_not_remembered() -> None:
    subject, token = verifier(groups="root"), key().token(access_claims(**{"cognito:groups": ["root"]}))
    (await subject.verify(token))["cognito:groups"].append("wheel")
    assert (await subject.verify(token)).groups == ("root",)


async def test_both_forms_of_the_issuer() -> None:
    for issuer in (ISSUER, ISSUER.replace("https://", "https://issuer-")):
        assert (await verifier().verify(key().token(access_claims(iss=issuer))))["iss"] == issuer


async def test_the_issuer_of_a_pool_in_china() -> None:
    pool = "cn-north-1_Abc"
    issuer = f"https://cognito-idp.cn-north-1.amazonaws.com.cn/{pool}"
    claims = await verifier(user_pool_id=pool).verify(key().token(access_claims(iss=issuer)))
    assert claims["iss"] == issuer


async def test_any_is_said_in_so_many_words() -> None:
    subject = verifier(client_ids=ANY, token_use=ANY)
    assert (await subject.verify(key().token(access_claims(client_id="other")))).client_id == "other"
    assert (await subject.verify(key().token(id_claims(aud="third")))).client_id == "third"
    assert repr(ANY) == "ANY"


async def test_one_of_several_clients_and_groups_and_all_scopes() -> None:
    subject = verifier(client_ids=["a", "client"], groups={"staff", "x"}, scopes=("openid", "read/all"))
    assert (await subject.verify(key().token(access_claims()))).sub == "b0b0b0b0-0000"


# One mutation for each claim, and for each part


def understood(claim: str, value: Any) -> Any:
    """A claim as the verifier reads it: groups are a list, scopes a text."""
    match claim:
        case "cognito:groups":
            return value if isinstance(value, list) else []
        case "scope":
            return value.split() if isinstance(value, str) else []
    return value


@pytest.mark.parametrize(
    ("claims", "arguments", "error", "claim"),
    [
        ({"iss": "https://evil.example/" + POOL}, {}, TokenIssuerError, "iss"),
        ({"iss": ISSUER + "2"}, {}, TokenIssuerError, "iss"),
        ({"iss": ISSUER.replace("east-1.", "west-2.")}, {}, TokenIssuerError, "iss"),
        ({"iss": None}, {}, TokenIssuerError, "iss"),
        ({"iss": [ISSUER]}, {}, TokenIssuerError, "iss"),
        ({"client_id": "other"}, {}, TokenClientError, "client_id"),
        ({"client_id": None}, {}, TokenClientError, "client_id"),
        ({"client_id": ["client"]}, {}, TokenClientError, "client_id"),
        ({"client_id": None, "aud": "client"}, {}, TokenClientError, "client_id"),
        ({"client_id": "x"}, {"client_ids": ["y", "z"]}, TokenClientError, "client_id"),
        ({"token_use": "id"}, {}, TokenUseError, "token_use"),
        ({"token_use": None}, {}, TokenUseError, "token_use"),
        ({"token_use": "refresh"}, {"token_use": ANY}, TokenUseError, "token_use"),
        ({"token_use": ["access"]}, {"token_use": ANY}, TokenUseError, "token_use"),
        ({"exp": int(NOW)}, {}, TokenExpiredError, "exp"),
        ({"exp": int(NOW) - 60}, {"leeway": 60}, TokenExpiredError, "exp"),
        ({"exp": None}, {}, TokenMalformedError, "exp"),
        ({"exp": str(int(NOW) + 1)}, {}, TokenMalformedError, "exp"),
        ({"exp": True}, {}, TokenMalformedError, "exp"),
        ({"exp": 10**15}, {}, TokenMalformedError, "exp"),
        ({"nbf": NOW + 1}, {}, TokenNotYetValidError, "nbf"),
        ({"nbf": "soon"}, {}, TokenMalformedError, "nbf"),
        ({"cognito:groups": ["others"]}, {"groups": "admins"}, TokenGroupError, "cognito:groups"),
        ({"cognito:groups": None}, {"groups": ["admins"]}, TokenGroupError, "cognito:groups"),
        ({"cognito:groups": "admins"}, {"groups": ["admins"]}, TokenGroupError, "cognito:groups"),
        ({"scope": "openid"}, {"scopes": ["openid", "read/all"]}, TokenScopeError, "scope"),
        ({"scope": None}, {"scopes": "openid"}, TokenScopeError, "scope"),
        ({"scope": ["openid"]}, {"scopes": "openid"}, TokenScopeError, "scope"),
    ],
)
async def test_a_claim_that_does_not_hold(
    claims: dict[str, Any], arguments: dict[str, Any], error: type[TokenVerificationError], claim: str
) -> None:
    refusal = await refused(key().token(access_claims(**claims)), **arguments)
    assert type(refusal) is error
    assert refusal.claim == claim
    assert refusal.actual == understood(claim, claims[claim])
    assert refusal.expected is not None


@pytest.mark.parametrize(
    ("claims", "claim"), [({"aud": "other"}, "aud"), ({"aud": ["client"]}, "aud"), ({"aud": None}, "aud")]
)
async def test_the_audience_of_an_id_token(claims: dict[str, Any], claim: str) -> None:
    refusal = await refused(key().token(id_claims(**claims, client_id="client")), token_use="id")
    assert type(refusal) is TokenClientError
    assert refusal.claim == claim


async def test_scopes_are_asked_of_id_tokens_too_where_any_token_will_do() -> None:
    refusal = await refused(key().token(id_claims()), token_use=ANY, scopes="openid")
    assert type(refusal) is TokenScopeError
    assert errors.http_status_for(refusal) == 403
    subject = verifier(token_use=ANY, scopes="openid")
    assert (await subject.verify(key().token(access_claims()))).token_use == "access"


def test_each_reason_is_a_class_of_its_own() -> None:
    reasons = TokenVerificationError.__subclasses__()
    assert {reason.__name__ for reason in reasons} == {
        f"Token{reason}Error"
        for reason in (
            "Algorithm",
            "Client",
            "Expired",
            "Group",
            "Issuer",
            "Key",
            "Malformed",
            "Nonce",
            "NotYetValid",
            "Scope",
            "Signature",
            "Use",
        )
    }
    assert not issubclass(JwksUnavailableError, TokenVerificationError)


async def test_the_message_has_the_expected_and_the_actual_value() -> None:
    refusal = await refused(key().token(id_claims()))
    assert str(refusal) == "token use not allowed: 'id'; expected access"
    assert (refusal.claim, refusal.expected, refusal.actual) == ("token_use", "access", "id")
    assert errors.http_status_for(refusal) == 401
    refusal = await refused(key().token(access_claims()), groups="root")
    assert errors.http_status_for(refusal) == 403
    copy = pickle.loads(pickle.dumps(refusal))
    assert (copy.claim, copy.expected, copy.actual) == ("cognito:groups", ["root"], ["admins", "staff"])


async def test_leeway() -> None:
    """The leeway counts for the expiry and for the start."""
    late = key().token(access_claims(exp=int(NOW) - 59, nbf=NOW + 60))
    assert (await verifier(leeway=60).verify(late)).sub == "b0b0b0b0-0000"
    assert type(await refused(late, leeway=59)) is TokenExpiredError


async def test_a_clock_behind_the_issuer_s_does_not_refuse_a_token() -> None:
    token = key().token(access_claims(iat=int(NOW) + 5, auth_time=int(NOW) + 5))
    assert (await verifier().verify(token)).username == "ana"


async def test_a_signature_of_another_key() -> None:
    forged = Key("key-1", key("other").private).token(access_claims())
    assert type(await refused(forged)) is TokenSignatureError


async def test_every_part_of_a_token_counts() -> None:
    head, body, signature = key().token(access_claims()).split(".")
    other = part(access_claims(username="root"))
    assert type(await refused(f"{head}.{other}.{signature}")) is TokenSignatureError
    changed = part({"kid": "key-1", "alg": "RS256", "typ": "JWT"})
    assert type(await refused(f"{changed}.{body}.{signature}")) is TokenSignatureError
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    assert type(await refused(f"{head}.{body}.{flipped}")) is TokenSignatureError


HEAD = part({"kid": "key-1", "alg": "RS256"})


@pytest.mark.parametrize(
    "token",
    [
        "",
        "abc",
        "..",
        "a.b",
        "a.b.c.d",
        f"{HEAD}.{part({})}.",
        f"{HEAD}.{part([])}.c2ln",
        f"{HEAD}.{b64(b'{')}.c2ln",
        f"{HEAD}.{part({'exp': float('nan')})}.c2ln",
        f"{HEAD}.{b64(bytes([255, 254]))}.c2ln",
        f"{HEAD}.{b64(b'[' * 50_000)}.c2ln",
        f"{HEAD}=.{part({})}.c2ln",
        f"{HEAD}.{part({})}.c2ln\n",
        f"{HEAD}.{part({})}.a+b/",
        f"{HEAD}.{part({})}.é",
        f"{HEAD}.{part({})}.a",
        f" {HEAD}.{part({})}.c2ln",
        f"{part([1])}.{part({})}.c2ln",
        f"{part({'alg': 'RS256'})}.{part({})}.c2ln",
        f"{part({'alg': 'RS256', 'kid': ''})}.{part({})}.c2ln",
        f"{part({'alg': 'RS256', 'kid': 1})}.{part({})}.c2ln",
        f"{part({'alg': 'RS256', 'kid': 'key-1', 'crit': ['b64']})}.{part({})}.c2ln",
        "a" * (MAX_TOKEN_LENGTH + 1),
        None,
        b"a.b.c",
        ["a.b.c"],
    ],
)
async def test_texts_that_are_not_tokens(token: Any) -> None:
    assert type(await refused(token)) is TokenMalformedError


# One test for each advisory about python-jose, and for what is wrong with its like


@pytest.mark.parametrize("name", ["none", "None", "NONE", "", None, 0, ["RS256"]])
async def test_an_unsigned_token(name: Any) -> None:
    """CVE-2015-9235 and its kin: the token says that it needs no signature."""
    for signature in ("", b64(b"x")):
        token = f"{part({'kid': 'key-1', 'alg': name})}.{part(access_claims())}.{signature}"
        refusal = await refused(token)
        assert type(refusal) in (TokenAlgorithmError, TokenMalformedError)
        if signature:
            assert (refusal.claim, refusal.expected, refusal.actual) == ("alg", "RS256", name)


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER, Encoding.OpenSSH])
@pytest.mark.parametrize("name", ["HS256", "HS512"])
async def test_a_public_key_is_refused_as_shared_secret(name: str, encoding: Encoding) -> None:
    """CVE-2016-7036, CVE-2024-33663: a MAC with the published key must not pass for a signature."""
    form = PublicFormat.OpenSSH if encoding is Encoding.OpenSSH else PublicFormat.SubjectPublicKeyInfo
    secret = key().private.public_key().public_bytes(encoding, form)
    signed = f"{part({'kid': 'key-1', 'alg': name})}.{part(access_claims())}"
    mac = hmac.digest(secret, signed.encode(), hashlib.sha256 if name == "HS256" else hashlib.sha512)
    assert type(await refused(f"{signed}.{b64(mac)}")) is TokenAlgorithmError


@pytest.mark.parametrize("name", ["RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256"])
async def test_the_token_does_not_choose_the_algorithm(name: str) -> None:
    """CVE-2024-33663, CWE-327: what the header says is compared, never followed."""
    assert type(await refused(key().token(access_claims(), alg=name))) is TokenAlgorithmError


async def test_an_encrypted_bomb_is_refused_unopened() -> None:
    """CVE-2024-33664: a JWE that inflates to gigabytes is not accepted, so nothing is inflated."""
    bomb = zlib.compress(b"a" * 1_000_000)
    header = part({"alg": "dir", "enc": "A256GCM", "zip": "DEF", "kid": "key-1"})
    assert type(await refused(f"{header}..{b64(b'iv')}.{b64(bomb)}.{b64(b'tag')}")) is TokenMalformedError


async def test_a_token_s_own_key_is_not_listened_to() -> None:
    """CVE-2018-0114: a key inside the token, or a URL of one, is the attacker's."""
    thief = Key("key-1", key("thief").private)
    for header in (
        {"jwk": thief.jwk},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/cert"},
    ):
        assert type(await refused(thief.token(access_claims(), **header))) is TokenSignatureError


async def test_a_claim_that_is_absent_is_not_passed_over() -> None:
    """python-jose checks audience and issuer only if the token has them."""
    for name in ("iss", "client_id", "token_use", "exp"):
        assert (await refused(key().token(access_claims(**{name: None})))).claim == name


async def test_an_at_hash_needs_no_access_token() -> None:
    """python-jose refuses tokens with at_hash if it is given no access token to compare."""
    token = key().token(id_claims(at_hash="x"))
    assert (await verifier(token_use="id").verify(token))["at_hash"] == "x"


# Nothing of a token is told


async def test_no_error_holds_the_token() -> None:
    tokens = [
        key().token(access_claims(secret="s3cr3t", **claims))
        for claims in ({"exp": 1}, {"iss": "x"}, {"client_id": "x"}, {"token_use": "x"}, {"nbf": NOW + 9})
    ]
    tokens += ["x" + tokens[0], tokens[0][:-8] + "AAAAAAAA", Key("key-1", key("other").private).token({})]
    for token in tokens:
        refusal = await refused(token)
        told = repr(refusal) + "".join(traceback.format_exception(refusal)) + repr(refusal.__dict__)
        for piece in (*token.split(".")[1:], "s3cr3t"):
            assert piece not in told


# Keys, and when they are fetched


async def test_keys_are_fetched_once_however_many_ask() -> None:
    publisher = Publisher(key())
    subject = verifier(http_client=publisher.client)
    tokens = [key().token(access_claims(jti=str(number))) for number in range(20)]
    await asyncio.gather(*map(subject.verify, tokens))
    assert publisher.asked == [f"{ISSUER}/.well-known/jwks.json"]


async def test_a_new_key_is_found_at_once_and_an_unknown_one_looked_for_once() -> None:
    publisher, clock = Publisher(key()), Clock()
    subject = verifier(http_client=publisher.client, clock=clock)
    await subject.verify(key().token(access_claims()))
    publisher.keys = (key(), key("key-2"))
    await subject.verify(key("key-2").token(access_claims()))
    assert len(publisher.asked) == 2
    stranger = key("stranger").token(access_claims())
    for _ in range(3):
        with pytest.raises(TokenKeyError) as refusal:
            await subject.verify(stranger)
        assert (refusal.value.claim, refusal.value.actual) == ("kid", "stranger")
    assert len(publisher.asked) == 3
    publisher.keys = (key("stranger"),)
    clock.now += 11
    assert (await subject.verify(stranger)).username == "ana"
    assert len(publisher.asked) == 4


async def test_an_outage_is_not_the_token_s_fault() -> None:
    publisher = Publisher(key())
    publisher.answer = lambda: httpx.Response(503)
    subject = verifier(http_client=publisher.client)
    with pytest.raises(JwksUnavailableError, match="HTTP 503") as failure:
        await subject.verify(key().token(access_claims()))
    assert not isinstance(failure.value, TokenVerificationError)
    assert errors.http_status_for(failure.value) == 503
    assert failure.value.retryable


async def test_a_token_without_its_key_is_not_judged_without_the_network() -> None:
    with pytest.raises(JwksUnavailableError):
        verifier(http_client=Publisher(key()).client).verify_cached(key().token(access_claims()))


async def test_without_the_network_a_token_with_an_unknown_key_is_not_judged() -> None:
    subject = verifier()  # which has another key
    with pytest.raises(JwksUnavailableError) as failure:
        subject.verify_cached(key("key-2").token(access_claims()))
    assert errors.http_status_for(failure.value) == 503
    with pytest.raises(TokenKeyError) as refusal:
        await subject.verify(key("key-2").token(access_claims()))
    assert (refusal.value.claim, refusal.value.actual) == ("kid", "key-2")
    assert errors.http_status_for(refusal.value) == 401


async def test_being_ready_fetches_what_is_missing_and_warming_up_fetches_all() -> None:
    publisher = Publisher(key())
    subject = verifier(http_client=publisher.client)
    for _ in range(2):
        await subject.ready()
    assert len(publisher.asked) == 1
    await subject.warm_up()
    assert len(publisher.asked) == 2
    assert subject.verify_cached(key().token(access_claims())).username == "ana"


async def test_warm_up_is_enough_for_verify_cached() -> None:
    publisher = Publisher(key())
    subject = verifier(http_client=publisher.client)
    await subject.warm_up()
    token = key().token(access_claims())
    assert subject.verify_cached(token) is subject.verify_cached(token)
    assert len(publisher.asked) == 1


async def test_preloaded_keys_need_no_network_until_one_is_missing() -> None:
    publisher = Publisher(key("key-2"))
    subject = verifier(http_client=publisher.client, jwks=jwks(key()))
    await subject.warm_up()
    await subject.verify(key().token(access_claims()))
    assert publisher.asked == []
    await subject.verify(key("key-2").token(access_claims()))
    assert len(publisher.asked) == 1


# Tokens that were seen


async def test_a_token_seen_before_is_not_verified_again(monkeypatch: pytest.MonkeyPatch) -> None:
    subject, token = verifier(), key().token(access_claims())
    first = await subject.verify(token)
    monkeypatch.setattr(TokenVerifier, "_check", None)
    assert await subject.verify(token) is first
    assert subject.verify_cached(token) is first


async def test_a_token_seen_before_still_expires() -> None:
    clock = Clock()
    subject, token = verifier(clock=clock, leeway=5), key().token(access_claims())
    await subject.verify(token)
    clock.now += 3604
    await subject.verify(token)
    clock.now += 1
    for _ in range(2):
        with pytest.raises(TokenExpiredError):
            await subject.verify(token)
    assert subject._seen == {}


async def test_no_more_than_so_many_are_remembered_and_no_bad_one() -> None:
    subject = verifier(cache_size=2)
    tokens = [key().token(access_claims(jti=str(number))) for number in range(3)]
    for token in (*tokens, tokens[2]):
        await subject.verify(token)
    with pytest.raises(TokenVerificationError):
        await subject.verify(key().token(access_claims(exp=1)))
    assert list(subject._seen) == tokens[1:]


async def test_nothing_is_cached_with_a_cache_size_of_zero() -> None:
    subject = verifier(cache_size=0)
    await subject.verify(key().token(access_claims()))
    assert subject._seen == {}


async def test_headers_of_refused_tokens_are_not_remembered() -> None:
    subject = verifier()
    for number in range(3):
        with pytest.raises(TokenVerificationError):
            await subject.verify(key().token(access_claims(exp=1), serial=number))
    assert subject._headers == {}
    for number in range(70):
        await subject.verify(key().token(access_claims(), serial=number))
    assert len(subject._headers) == 64


# What is refused when a verifier is made

NOT_URIS: list[Any] = [
    "",
    5,
    "ftp://x/y",
    "keys.example/jwks.json",
    "https://keys.example:port/",
    "https://keys.example:0/",
    "https://keys.example:99999/",
    "https://keys.example/ jwks.json",
    "https://keys.example/jwks.json\r\nHost: evil.example",
    "https://keys.example/jwks.json#part",
    "https://name:word@keys.example/",
    "https://trusted.example\\@evil.example/",
    "http://[::1].evil.example/",
    "http://localhost.evil.example/",
    "http://127.0.0.1@evil.example/",
]


@pytest.mark.parametrize(
    "arguments",
    [
        {"client_ids": None},
        {"client_ids": ""},
        {"client_ids": []},
        {"client_ids": frozenset()},
        {"client_ids": {}},
        {"client_ids": (name for name in ["client"])},
        {"client_ids": ["a", ""]},
        {"client_ids": [None]},
        {"client_ids": 5},
        {"token_use": None},
        {"token_use": "refresh"},
        {"token_use": "id", "scopes": "openid"},
        {"groups": []},
        {"scopes": ()},
        {"leeway": -1},
        {"leeway": 301},
        {"leeway": True},
        {"user_pool_id": ""},
        {"user_pool_id": None},
        {"user_pool_id": "https://evil.example/x_y"},
        {"jwks": {"keys": "x"}},
        {"jwks": [1]},
        *({"jwks_uri": uri} for uri in NOT_URIS),
        {"client_ids": "a,b"},
        {"client_ids": ["a b"]},
        {"leeway": "5"},
        {"leeway": float("nan")},
        {"cache_size": -1},
        {"cache_size": "many"},
        {"replica_regions": ["us west"]},
        {"replica_regions": "us-west-2.evil.example/"},
        {"replica_regions": [""]},
        {"replica_regions": [5]},
        {"replica_regions": 5},
    ],
)
def test_what_a_verifier_cannot_be_made_of(arguments: dict[str, Any]) -> None:
    field = list(arguments)[-1]
    with pytest.raises(errors.AuthConfigError, match=rf"^{field}: ") as refused:
        verifier(**arguments)
    assert refused.value.field == field


def test_what_it_is_made_of_is_named_and_has_these_defaults() -> None:
    parameters = inspect.signature(TokenVerifier).parameters.values()
    assert {parameter.kind for parameter in parameters} == {inspect.Parameter.KEYWORD_ONLY}
    assert {parameter.name: parameter.default for parameter in parameters} == {
        "user_pool_id": inspect.Parameter.empty,
        "client_ids": inspect.Parameter.empty,
        "token_use": inspect.Parameter.empty,
        "groups": None,
        "scopes": None,
        "leeway": 0.0,
        "jwks": None,
        "jwks_uri": None,
        "cache_size": 10_000,
        "clock": None,
        "http_client": None,
        "allow_insecure_http": False,
        "replica_regions": (),
    }


def test_plain_http_is_for_this_machine_or_said_in_so_many_words() -> None:
    far = "http://keys.example/jwks.json"
    with pytest.raises(ValueError, match="jwks_uri"):
        verifier(jwks_uri=far, http_client=None)
    verifier(jwks_uri="http://localhost:9229/jwks.json", http_client=None)
    verifier(jwks_uri=far, http_client=None, allow_insecure_http=True)
    with pytest.raises(ValueError, match=r"jwks_uri: .*allow_insecure_http"):
        verifier(jwks_uri=far)  # a caller's client says nothing about http
    verifier(jwks_uri=far, allow_insecure_http=True)
    config = AuthConfig(
        user_pool_id=POOL,
        user_pool_client_id="client",
        user_pool_endpoint="http://emulator:9229",
        allow_insecure_http=True,
    )
    TokenVerifier.from_config(config, token_use="access")


# Of a configuration, and of several pools


async def test_of_a_configuration() -> None:
    """A verifier can be made of a configuration."""
    config = AuthConfig(
        user_pool_id=POOL, user_pool_client_id="client", user_pool_endpoint="http://127.0.0.1:9229/"
    )
    publisher = Publisher(key())
    subject = TokenVerifier.from_config(
        config, token_use="access", clock=lambda: NOW, http_client=publisher.client
    )
    await subject.verify(key().token(access_claims()))
    assert publisher.asked == [f"http://127.0.0.1:9229/{POOL}/.well-known/jwks.json"]
    with pytest.raises(TokenClientError):
        await subject.verify(key().token(access_claims(client_id="other")))


async def test_of_a_configuration_on_aws() -> None:
    publisher = Publisher(key())
    config = AuthConfig(user_pool_id=POOL, user_pool_client_id="x")
    subject = TokenVerifier.from_config(
        config, token_use="id", client_ids=["client"], clock=lambda: NOW, http_client=publisher.client
    )
    await subject.verify(key().token(id_claims()))
    assert publisher.asked == [f"{ISSUER}/.well-known/jwks.json"]


@pytest.mark.parametrize("config", [AuthConfig(), AuthConfig(user_pool_id=POOL)])
def test_of_a_configuration_without_a_pool_or_client(config: AuthConfig) -> None:
    with pytest.raises(AuthUserPoolException):
        TokenVerifier.from_config(config, token_use="access")


async def test_a_configuration_s_jwks_uri_comes_before_its_endpoint() -> None:
    publisher = Publisher(key())
    config = AuthConfig(
        user_pool_id=POOL,
        user_pool_client_id="client",
        user_pool_endpoint="https://proxy.example",
        jwks_uri="https://keys.example/jwks.json?version=2",
        clock=lambda: NOW,
    )
    subject = TokenVerifier.from_config(config, token_use="access", http_client=publisher.client)
    await subject.verify(key().token(access_claims()))
    given = TokenVerifier.from_config(
        config,
        token_use="access",
        http_client=publisher.client,
        jwks_uri="https://mirror.example/jwks.json",
    )
    await given.verify(key().token(access_claims()))
    assert publisher.asked == [
        "https://keys.example/jwks.json?version=2",
        "https://mirror.example/jwks.json",
    ]


# Of a pool that is replicated

REPLICA = ISSUER.replace("us-east-1.", "eu-west-1.")


async def test_the_issuers_of_replicas_count_if_they_are_named() -> None:
    subject = verifier(replica_regions=["eu-west-1", "cn-north-1"])
    china = f"https://cognito-idp.cn-north-1.amazonaws.com.cn/{POOL}"
    for issuer in (ISSUER, REPLICA, REPLICA.replace("https://", "https://issuer-"), china):
        assert (await subject.verify(key().token(access_claims(iss=issuer))))["iss"] == issuer
    for issuer in (ISSUER.replace("us-east-1.", "us-west-2."), f"{REPLICA}x", f"{china}.evil.example"):
        with pytest.raises(TokenIssuerError):
            await subject.verify(key().token(access_claims(iss=issuer)))
    with pytest.raises(TokenIssuerError):
        await verifier().verify(key().token(access_claims(iss=REPLICA)))


async def test_a_replica_s_keys_are_fetched_in_its_region_when_they_are_needed() -> None:
    publisher = Publisher(key())
    subject = verifier(http_client=publisher.client, replica_regions="eu-west-1")
    await subject.verify(key().token(access_claims()))
    assert publisher.asked == [f"{ISSUER}/.well-known/jwks.json"]
    await subject.verify(key().token(access_claims(iss=REPLICA)))
    assert publisher.asked[1:] == [f"{REPLICA}/.well-known/jwks.json"]


async def test_an_outage_of_the_pool_s_own_region_leaves_the_replica_s_tokens_alone() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        is_replica = "eu-west-1" in request.url.host
        return httpx.Response(200, json=jwks(key())) if is_replica else httpx.Response(503)

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    subject = verifier(http_client=client, replica_regions=["eu-west-1"])
    await subject.warm_up()
    assert subject.verify_cached(key().token(access_claims(iss=REPLICA))).username == "ana"
    with pytest.raises(JwksUnavailableError):
        await subject.verify(key().token(access_claims()))


async def test_replicas_share_one_address_of_keys_where_it_is_given() -> None:
    publisher = Publisher(key())
    subject = verifier(
        http_client=publisher.client, replica_regions=["eu-west-1"], jwks_uri="https://keys.example/"
    )
    for issuer in (ISSUER, REPLICA):
        await subject.verify(key().token(access_claims(iss=issuer)))
    assert publisher.asked == ["https://keys.example/"]


OTHER = "eu-west-1_Other"
OTHER_ISSUER = f"https://cognito-idp.eu-west-1.amazonaws.com/{OTHER}"


async def test_of_several_pools() -> None:
    """A verifier can accept the tokens of several pools."""
    first, second = Publisher(key()), Publisher(key("key-2"))
    subject = TokenVerifier.for_pools(
        [
            verifier(http_client=first.client),
            {
                "user_pool_id": OTHER,
                "client_ids": "b",
                "token_use": "id",
                "http_client": second.client,
            },
        ]
    )
    await subject.verify(key().token(access_claims()))
    claims = await subject.verify(key("key-2").token(id_claims(iss=OTHER_ISSUER, aud="b")))
    assert claims.client_id == "b"
    assert (len(first.asked), len(second.asked)) == (1, 1)
    # Each pool's key, client and use are for its own tokens alone.
    with pytest.raises(TokenClientError):
        await subject.verify(key().token(access_claims(client_id="b")))
    with pytest.raises(TokenUseError):
        await subject.verify(key("key-2").token(access_claims(iss=OTHER_ISSUER, client_id="b")))
    with pytest.raises(TokenKeyError):
        await subject.verify(key("key-2").token(access_claims()))
    with pytest.raises(TokenIssuerError) as refusal:
        await subject.verify(key().token(access_claims(iss="https://third.example")))
    assert len(refusal.value.expected) == 4


async def test_a_pool_that_cannot_be_reached_does_not_concern_the_others() -> None:
    first, second = Publisher(key()), Publisher()
    second.answer = lambda: httpx.Response(500)
    subject = TokenVerifier.for_pools(
        [verifier(http_client=first.client), verifier(user_pool_id=OTHER, http_client=second.client)]
    )
    await subject.warm_up()
    assert subject.verify_cached(key().token(access_claims())).username == "ana"
    with pytest.raises(JwksUnavailableError):
        await subject.verify(key().token(access_claims(iss=OTHER_ISSUER)))
    first.answer = second.answer
    alone = TokenVerifier.for_pools(
        [
            verifier(http_client=first.client),
            verifier(user_pool_id=OTHER, http_client=second.client),
        ]
    )
    with pytest.raises(JwksUnavailableError):
        await alone.warm_up()


def test_several_pools_are_several() -> None:
    with pytest.raises(ValueError, match="at least one"):
        TokenVerifier.for_pools([])
    with pytest.raises(ValueError, match="one user pool"):
        TokenVerifier.for_pools([verifier(), verifier(client_ids="other")])


async def test_closing_leaves_a_caller_s_client_open() -> None:
    publisher = Publisher(key())
    async with verifier(http_client=publisher.client) as subject:
        await subject.verify(key().token(access_claims()))
    assert not publisher.client.is_closed
    assert subject.verify_cached(key().token(access_claims())).username == "ana"


async def test_closing_ends_a_fetch_that_is_under_way() -> None:
    arrived = asyncio.Event()

    async def never(request: httpx.Request) -> httpx.Response:
        arrived.set()
        await asyncio.Event().wait()
        return httpx.Response(200)

    subject = verifier(http_client=httpx.AsyncClient(transport=httpx.MockTransport(never)))
    waiting = asyncio.create_task(subject.verify(key().token(access_claims())))
    await arrived.wait()
    await subject.aclose()
    with pytest.raises(JwksUnavailableError, match="the token verifier was closed"):
        await waiting


def test_json_of_claims() -> None:
    """Claims can be written as JSON."""
    claims = asyncio.run(verifier().verify(key().token(access_claims())))
    assert json.loads(json.dumps(dict(claims))) == access_claims()


async def test_one_reset_at_a_cold_start_refuses_no_token() -> None:
    publisher = Publisher(key())
    works = publisher.client
    lost = [httpx.ReadError("reset")]

    async def answer(request: httpx.Request) -> httpx.Response:
        if lost:
            raise lost.pop()
        return await works.send(request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        claims = await verifier(http_client=client).verify(key().token(access_claims()))
    assert claims.username == "ana"
    assert lost == []


async def test_closing_while_keys_are_fetched_is_an_error_and_no_cancellation() -> None:
    arrived = asyncio.Event()

    async def wait(_: httpx.Request) -> httpx.Response:
        arrived.set()
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # never

    async with httpx.AsyncClient(transport=httpx.MockTransport(wait)) as client:
        subject = verifier(http_client=client)
        calls = [
            asyncio.create_task(subject.verify(key().token(access_claims()))),
            asyncio.create_task(subject.warm_up()),
            asyncio.create_task(subject.ready()),
        ]
        await arrived.wait()
        await subject.aclose()
        for call in calls:
            with pytest.raises(JwksUnavailableError, match="closed"):
                await call


async def test_the_context_of_an_error_does_not_quote_the_token() -> None:
    secret = "s3cr3t-part"
    for token in (
        f"{secret}.{secret}.{secret}",
        f"eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.{secret}!.x",
        f"ä{secret}",
        f"{secret}.x.y",
    ):
        with pytest.raises(TokenMalformedError) as failure:
            await verifier().verify(token)
        assert failure.value.__context__ is failure.value.__cause__ is None
    with pytest.raises(ValueError, match="user_pool_id") as wrong:
        verifier(user_pool_id="no pool")
    assert wrong.value.__context__ is None
