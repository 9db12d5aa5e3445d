"""A user pool with canned responses, as cheap as possible, in a separate process.

It checks nothing (a plain password signs in at once), so that what is measured is the client.
``python -m benchmarks.stub`` prints its URL and serves until its standard input closes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

POOL = "eu-west-1_aBcDeFgHi"
CLIENT = "6kq5pl8vjt3example0client0"
USER = "7f6e5d4c-3b2a-1908-f7e6-d5c4b3a29180"
PASSWORD = "Very$ecur3 enough"
_TOKEN_BYTES = 1000
# The first sign-ins are of so many users: an index of a user's sessions grows with each of them.
_USERS = 500


def jwt(token_use: str, *, user: str = USER, lifetime: int = 3600) -> str:
    """A token of the size that Cognito's have, with a signature of noise."""
    now = int(time.time())
    claims = {
        "sub": user,
        "iss": f"https://cognito-idp.eu-west-1.amazonaws.com/{POOL}",
        "origin_jti": "5f0e4b5c-7a3b-4f9b-8d64-0b6f1c2d3e4f",
        "jti": "0b6f1c2d-3e4f-4f9b-8d64-5f0e4b5c7a3b",
        "event_id": "7a3b0b6f-1c2d-4f9b-8d64-3e4f5f0e4b5c",
        "token_use": token_use,
        "auth_time": now,
        "iat": now,
        "exp": now + lifetime,
    }
    if token_use == "access":
        claims |= {"username": user, "client_id": CLIENT, "scope": "aws.cognito.signin.user.admin"}
    else:
        claims |= {
            "cognito:username": user,
            "aud": CLIENT,
            "email": "ana@example.com",
            "email_verified": True,
        }
    head = _part({"kid": "bm90LWEta2V5LWJ1dC1hcy1sb25nLWFzLW9uZS4uLi4=", "alg": "RS256"})
    token = f"{head}.{_part(claims)}."
    return token + base64.urlsafe_b64encode(os.urandom(256)).decode().rstrip("=")


def _part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def signed_in(user: str) -> dict[str, object]:
    """Return the response to a sign-in of a user."""
    return {"AuthenticationResult": tokens_of(user), "ChallengeParameters": {}}


def tokens_of(user: str) -> dict[str, object]:
    """Return a user's new tokens."""
    return {
        "AccessToken": jwt("access", user=user),
        "IdToken": jwt("id", user=user),
        "ExpiresIn": 3600,
        "TokenType": "Bearer",
        "RefreshToken": secrets.token_urlsafe(_TOKEN_BYTES * 3 // 4),
    }


def answers() -> dict[str, dict[str, object]]:
    """Return the response to each operation."""
    return {
        "InitiateAuth": {
            "ChallengeName": "PASSWORD_VERIFIER",
            "ChallengeParameters": srp_challenge(),
            "Session": secrets.token_urlsafe(1100),
        },
        "GetTokensFromRefreshToken": {"AuthenticationResult": tokens_of(USER)},
        "GetUser": {
            "Username": USER,
            "UserAttributes": [
                {"Name": "sub", "Value": USER},
                {"Name": "email", "Value": "ana@example.com"},
                {"Name": "email_verified", "Value": "true"},
            ],
        },
        "RevokeToken": {},
        "GlobalSignOut": {},
    }


def srp_challenge() -> dict[str, str]:
    """PASSWORD_VERIFIER's parameters, of the lengths that Cognito sends; the numbers are random."""
    return {
        "USERNAME": USER,
        "USER_ID_FOR_SRP": USER,
        "SALT": f"{secrets.randbits(128):x}",
        "SRP_B": f"{secrets.randbits(3071):x}",
        "SECRET_BLOCK": base64.b64encode(os.urandom(1100)).decode(),
    }


class _Connection(asyncio.Protocol):
    def __init__(self, canned: dict[bytes, bytes], sign_ins: Iterator[bytes]) -> None:
        self.canned, self.sign_ins = canned, sign_ins
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (head_end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:head_end].lower()
            end = head_end + 4 + int(_header(head, b"content-length") or 0)
            if len(self.buffer) < end:
                if _header(head, b"expect") and len(self.buffer) == head_end + 4:
                    self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            body, self.buffer = self.buffer[head_end + 4 : end], self.buffer[end:]
            operation = _header(head, b"x-amz-target").rpartition(b".")[2]
            if b'"USER_PASSWORD_AUTH"' in body:
                operation = b"respondtoauthchallenge"
            if operation == b"respondtoauthchallenge":
                self.transport.write(next(self.sign_ins))
            else:
                self.transport.write(self.canned.get(operation, self.canned[b""]))


def _header(head: bytes, name: bytes) -> bytes:
    _, found, rest = head.partition(b"\r\n" + name + b":")
    return rest.partition(b"\r\n")[0].strip() if found else b""


def _response(status: str, body: bytes) -> bytes:
    head = [f"HTTP/1.1 {status}", "Content-Type: application/x-amz-json-1.1", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


def _success(body: dict[str, object]) -> bytes:
    return _response("200 OK", json.dumps(body).encode())


async def serve() -> None:
    """Answer until standard input closes."""
    canned = {name.lower().encode(): _success(body) for name, body in answers().items()}
    users = [USER, *(str(uuid.uuid4()) for _ in range(_USERS - 1))]
    sign_ins = cycle([_success(signed_in(user)) for user in users])
    canned[b""] = _response("400 Bad Request", b'{"__type":"InvalidAction","message":"no such operation"}')
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(canned, sign_ins), "127.0.0.1", 0, backlog=1000)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def running() -> Iterator[str]:
    """Run the stub in a process of its own; yields its URL."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stub"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


if __name__ == "__main__":
    asyncio.run(serve())
