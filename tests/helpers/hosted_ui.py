"""A hosted UI that answers from a script: codes bound to their PKCE challenge, tokens signed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx

from aiocognito import AuthClient, AuthConfig, MemoryStorage, OAuthConfig
from helpers.clock import Clock
from helpers.tokens import POOL, access_claims, id_claims, jwks, key
from helpers.user_pool import ScriptedService, attach

SIGN_IN = ("https://app.example/callback", "http://localhost:3000/")
SIGN_OUT = ("https://app.example/bye", "http://localhost:3000/bye")


def config(**settings: Any) -> AuthConfig:
    """A configuration with a hosted UI; settings of it begin with ``oauth_``."""
    oauth: dict[str, Any] = {
        "domain": "auth.example",
        "scopes": ("openid", "email"),
        "redirect_sign_in": SIGN_IN,
        "redirect_sign_out": SIGN_OUT,
    }
    oauth |= {name[6:]: settings.pop(name) for name in list(settings) if name.startswith("oauth_")}
    return AuthConfig(
        **{
            "user_pool_id": POOL,
            "user_pool_client_id": "client",
            "oauth": OAuthConfig(**oauth),
            "max_attempts": 1,
            **settings,
        }
    )


class FakeHostedUi:
    """Stands behind an httpx client: the token endpoint and the JWKS URI."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.requests: list[httpx.Request] = []
        self.forms: list[dict[str, str]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.claims: dict[str, Any] = {}  # changed in the id token
        self.access: dict[str, Any] = {}  # changed in the access token
        self.id_token = True
        self.key = key()  # signs the id token
        self.answer: Callable[[], httpx.Response] | None = None
        self.before: Callable[[], Awaitable[None]] | None = None
        self.jwks: Callable[[], httpx.Response] = lambda: httpx.Response(200, json=jwks(key()))
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))

    def come_back(self, url: str, **changes: str | None) -> str:
        """Be the person's browser: sign in at the URL, and return the one that it comes back to."""
        query = dict(parse_qsl(urlsplit(url).query))
        code = f"code-{len(self.codes) + 1}"
        self.codes[code] = query
        answer = {"code": code, "state": query["state"], **changes}
        given = httpx.QueryParams({name: value for name, value in answer.items() if value is not None})
        return f"{query['redirect_uri']}?{given}"

    @property
    def asked(self) -> list[str]:
        return [request.url.path for request in self.requests]

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path.endswith("/jwks.json"):
            return self.jwks()
        assert (request.method, request.url.path) == ("POST", "/oauth2/token")
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.forms.append(form)
        if self.before is not None:
            await self.before()
        return self.answer() if self.answer is not None else self._exchange(form)

    def _exchange(self, form: dict[str, str]) -> httpx.Response:
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if (
            asked is None
            or asked["code_challenge"] != challenge.rstrip(b"=").decode()
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return httpx.Response(400, json={"error": "invalid_grant"})
        now = int(self.clock())
        times = {"iat": now, "auth_time": now, "exp": now + 3600}
        identity = id_claims(**{**times, "nonce": asked.get("nonce"), **self.claims})
        answer = {
            "access_token": key().token(access_claims(**{**times, **self.access})),
            "refresh_token": "refresh-of-" + form["code"],
            "token_type": "Bearer",
            "expires_in": 3600,
        }
        if self.id_token:
            answer["id_token"] = self.key.token(identity)
        return httpx.Response(200, json=answer)


def refused(error: str, description: str | None = None, status: int = 400) -> Callable[[], httpx.Response]:
    body = {"error": error, **({"error_description": description} if description else {})}
    return lambda: httpx.Response(status, content=json.dumps(body))


@asynccontextmanager
async def hosted_client(
    **arguments: Any,
) -> AsyncIterator[tuple[AuthClient, FakeHostedUi, ScriptedService]]:
    """A client, the hosted UI and the user pool that it talks to."""
    clock = arguments.pop("clock", None) or Clock()
    hosted, service = FakeHostedUi(clock), ScriptedService(clock)
    arguments.setdefault("storage", MemoryStorage(clock=clock))
    async with AuthClient(
        arguments.pop("config", None) or config(), clock=clock, http_client=hosted.client, **arguments
    ) as client:
        attach(client, service)
        yield client, hosted, service
