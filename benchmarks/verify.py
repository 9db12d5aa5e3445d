"""Verifying the tokens of requests, which a service does before every request."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt as pyjwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from jose import jwk as jose_jwk
from jose import jwt as jose_jwt
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import RSAKey

from aiocognito import TokenVerifier

from . import stub
from .measure import OURS, Subject, Table, cpu, interleaved, no_more_than, no_more_than_times, times_better
from .peers import Bench

ISSUER = f"https://cognito-idp.eu-west-1.amazonaws.com/{stub.POOL}"
KID = "a2V5"


def run(bench: Bench) -> list[Table]:
    signer = Signer()
    tokens = [signer.token() for _ in range(bench.scaled(2_000, quick=400))]
    return [_fresh(bench, signer, tokens), _seen(bench, signer, tokens[0])]


class Signer:
    """Signs access tokens as a user pool does."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(65537, 2048)
        numbers = self.private.public_key().public_numbers()
        self.jwk = {
            "kty": "RSA",
            "kid": KID,
            "alg": "RS256",
            "use": "sig",
            "e": _part(numbers.e.to_bytes(3, "big")),
            "n": _part(numbers.n.to_bytes(256, "big")),
        }

    def token(self) -> str:
        now = int(time.time())
        claims = {
            "sub": stub.USER,
            "iss": ISSUER,
            "client_id": stub.CLIENT,
            "origin_jti": str(uuid.uuid4()),
            "event_id": str(uuid.uuid4()),
            "token_use": "access",
            "scope": "aws.cognito.signin.user.admin",
            "auth_time": now,
            "exp": now + 86_400,
            "iat": now,
            "jti": str(uuid.uuid4()),
            "username": stub.USER,
        }
        message = f"{_json({'kid': KID, 'alg': 'RS256'})}.{_json(claims)}"
        return f"{message}.{_part(self.private.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def verifier(self) -> TokenVerifier:
        return TokenVerifier(
            user_pool_id=stub.POOL, client_ids=stub.CLIENT, token_use="access", jwks={"keys": [self.jwk]}
        )


def _fresh(bench: Bench, signer: Signer, tokens: list[str]) -> Table:
    times = len(tokens)

    async def ours() -> None:
        # A verifier of its own each time: its cache must not know the tokens of the last round.
        verifier = signer.verifier()
        for token in tokens:
            await verifier.verify(token)

    def each(verify: Callable[[str], object]) -> Callable[[], float]:
        return lambda: 1e6 * cpu(lambda: [verify(token) for token in tokens], times)

    subjects = [
        Subject(OURS, lambda: 1e6 * cpu(lambda: bench.run(ours()), times), "TokenVerifier.verify"),
        Subject("OpenSSL alone", each(_openssl(signer)), "cryptography, the signature and nothing else"),
        *(Subject(name, each(verify), how) for name, how, verify in _peers(signer)),
    ]
    if amplify := bench.amplify:
        given = {"pool": stub.POOL, "client": stub.CLIENT, "jwks": {"keys": [signer.jwk]}, "tokens": tokens}
        subjects.append(
            Subject("aws-jwt-verify", lambda: 1e6 * amplify.ask("verify", **given)["cpu"] / times, "Node")
        )
    return Table(
        key="verify",
        title="Verifying a token for the first time (RS256, 2048 bits)",
        unit="µs of CPU",
        rows=interleaved(subjects, bench.rounds),
        about=(
            "The keys are already loaded. aiocognito and aws-jwt-verify also check issuer, client "
            "and use; the others check what they check by default."
        ),
        bars=[
            no_more_than_times(1.7, "OpenSSL alone"),
            times_better("python-jose (decode, the key a dict)", 3),
        ],
    )


def _seen(bench: Bench, signer: Signer, token: str) -> Table:
    verifier = signer.verifier()
    times = bench.scaled(50_000, quick=20_000)

    async def ours() -> None:
        for _ in range(times):
            await verifier.verify(token)

    bench.run(ours())
    ready = jose_jwk.construct(signer.jwk)
    few = 500
    subjects = [
        Subject(OURS, lambda: 1e6 * cpu(lambda: bench.run(ours()), times), "TokenVerifier.verify"),
        Subject(
            "python-jose",
            lambda: 1e6 * cpu(lambda: [_jose(token, ready) for _ in range(few)], few),
            "decode, which has no cache",
        ),
    ]
    return Table(
        key="verify-again",
        title="Verifying a token that was seen before",
        unit="µs of CPU",
        rows=interleaved(subjects, bench.rounds),
        about="Its expiry is checked each time.",
        bars=[no_more_than(2, "µs")],
    )


def _openssl(signer: Signer) -> Callable[[str], object]:
    public = signer.private.public_key()
    scheme, digest = padding.PKCS1v15(), hashes.SHA256()

    def verify(token: str) -> None:
        message, _, signature = token.rpartition(".")
        public.verify(base64.urlsafe_b64decode(signature + "=="), message.encode(), scheme, digest)

    return verify


def _peers(signer: Signer) -> list[tuple[str, str, Callable[[str], object]]]:
    jose_key = jose_jwk.construct(signer.jwk)
    pyjwt_key = pyjwt.PyJWK(signer.jwk)
    joserfc_key = RSAKey.import_key({**signer.jwk})
    return [
        ("python-jose", "decode, the key a dict", lambda token: _jose(token, signer.jwk)),
        ("python-jose", "decode, the key made before", lambda token: _jose(token, jose_key)),
        ("joserfc", "decode", lambda token: joserfc_jwt.decode(token, joserfc_key, algorithms=["RS256"])),
        (
            "pyjwt",
            "decode",
            lambda token: pyjwt.decode(token, pyjwt_key, algorithms=["RS256"], issuer=ISSUER),
        ),
    ]


def _jose(token: str, key: Any) -> object:
    return jose_jwt.decode(token, key, algorithms=["RS256"], issuer=ISSUER)


def _json(value: dict[str, object]) -> str:
    return _part(json.dumps(value, separators=(",", ":")).encode())


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
