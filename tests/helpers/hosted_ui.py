"""A scripted hosted UI: authorization codes are bound to their PKCE challenge, and tokens are signed."""

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
    """Return a configuration with a hosted UI. Arguments that begin with ``oauth_`` are its settings."""
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
    """Responds to an httpx client as the token endpoint and the JWKS URI."""

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
        """Sign in at the URL as a browser does, and return the URL that the browser is redirected to."""
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
    """Yield a client, its hosted UI and its user pool."""
    clock = arguments.pop("clock", None) or Clock()
    hosted, service = FakeHostedUi(clock), ScriptedService(clock)
    arguments.setdefault("storage", MemoryStorage(clock=clock))
    async with AuthClient(
        arguments.pop("config", None) or config(), clock=clock, http_client=hosted.client, **arguments
    ) as client:
        attach(client, service)
        yield client, hosted, service
