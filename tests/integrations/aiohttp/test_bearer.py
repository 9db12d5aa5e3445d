"""`bearer_required`, for services without sessions."""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from aiocognito import TokenVerifier
from aiocognito.errors import AuthConfigError
from aiocognito.integrations.aiohttp import bearer_claims, bearer_required
from helpers.clock import Clock
from helpers.tokens import POOL, access_claims, jwks, key

from .conftest import Browser, Start


def verifier(**options: Any) -> TokenVerifier:
    settings: dict[str, Any] = {
        "user_pool_id": POOL,
        "client_ids": "client",
        "token_use": "access",
        "jwks": jwks(key()),
        "clock": Clock(),
    }
    return TokenVerifier(**{**settings, **options})


def token(**claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {key().token(access_claims(**claims))}"}


def service(verifier: TokenVerifier) -> web.Application:
    routes = web.RouteTableDef()

    @routes.get("/orders")
    @bearer_required(verifier, groups=["staff", "owners"], scopes="read/all")
    async def orders(request: web.Request) -> web.Response:
        return web.json_response(bearer_claims(request).sub)

    @routes.post("/any")
    @bearer_required(verifier)
    async def whole(request: web.Request) -> web.Response:
        return web.json_response(dict(bearer_claims(request)))

    @routes.view("/view")
    @bearer_required(verifier)
    class View(web.View):
        async def get(self) -> web.Response:
            return web.json_response(bearer_claims(self.request).sub)

    @routes.get("/socket")
    @bearer_required(verifier)
    async def socket(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.close()
        return websocket

    @routes.get("/open")
    async def no_token(request: web.Request) -> web.Response:
        with pytest.raises(RuntimeError, match="bearer_required"):
            bearer_claims(request)
        return web.Response()

    app = web.Application()
    app.add_routes(routes)
    return app


@pytest.fixture
async def http(start: Start) -> Browser:
    browser: Browser = await start(service(verifier()))
    return browser


async def test_claims_of_a_good_token(http: Browser) -> None:
    headers = token(**{"cognito:groups": ["staff"]})
    for method, path, expected in (
        ("GET", "/orders", "b0b0b0b0-0000"),
        ("GET", "/view", "b0b0b0b0-0000"),
        ("POST", "/any", access_claims(**{"cognito:groups": ["staff"]})),
    ):
        async with http.request(method, path, headers=headers) as response:
            assert (response.status, await response.json()) == (200, expected)
    async with http.ws_connect("/socket", headers=headers) as socket:
        assert not socket.closed
    async with http.get("/open") as response:
        assert response.status == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic x"}], ids=str)
@pytest.mark.parametrize("path", ["/orders", "/view"])
async def test_no_token(http: Browser, path: str, headers: dict[str, str]) -> None:
    """A request without a bearer token is refused with 401."""
    async with http.get(path, headers={**headers, "Accept": "text/html"}, allow_redirects=False) as response:
        assert (response.status, response.headers["www-authenticate"]) == (401, "Bearer")
        assert set(await response.json()) == {"name", "message", "recoverySuggestion", "requestId"}


async def test_a_refused_token_is_not_repeated(http: Browser) -> None:
    headers = token(client_id="evil-client")
    async with http.post("/any", headers=headers) as response:
        assert response.status == 401
        assert response.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
        shown = f"{await response.text()}{response.headers}"
    assert "evil-client" not in shown
    assert not any(part in shown for part in headers["Authorization"].split()[1].split("."))
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect("/socket", headers=token(exp=1))
    assert refused.value.status == 401


async def test_two_headers_are_refused(http: Browser) -> None:
    good = token()["Authorization"]
    headers = [("Authorization", good), ("Authorization", good)]
    async with http.post("/any", headers=headers) as response:
        assert response.status == 401
        assert "more than once" in response.headers["www-authenticate"]


@pytest.mark.parametrize(
    "claims", [{"cognito:groups": ["other"]}, {"cognito:groups": ["staff"], "scope": "other"}], ids=str
)
async def test_a_missing_group_or_scope_is_403(http: Browser, claims: dict[str, Any]) -> None:
    async with http.get("/orders", headers=token(**claims)) as response:
        assert response.status == 403
        assert 'error="insufficient_scope"' in response.headers["www-authenticate"]


class Unreachable:
    """An HTTP client that reaches nothing."""

    async def request(self, *_: Any, **__: Any) -> Any:
        """Fail."""
        raise OSError("10.0.0.7 unreachable")


async def test_keys_that_cannot_be_fetched(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    http = await start(service(verifier(jwks=None, http_client=Unreachable())))
    with caplog.at_level(logging.ERROR):
        async with http.post("/any", headers=token()) as response:
            assert (response.status, (await response.json())["name"]) == (503, "JwksUnavailableError")
            assert response.headers["retry-after"]
    assert "JwksUnavailableError" in caplog.text


async def test_other_sites_are_not_judged(http: Browser) -> None:
    headers = {**token(), "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    async with http.post("/any", headers=headers) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"groups": []}, "groups"),
        ({"groups": [1]}, "groups"),
        ({"scopes": ""}, "scopes"),
        ({"scopes": 5}, "scopes"),
    ],
    ids=str,
)
def test_malformed_requirements_are_refused(options: dict[str, Any], field: str) -> None:
    with pytest.raises(AuthConfigError, match=f"^{field}: must be text"):
        bearer_required(verifier(), **options)


def test_scopes_of_id_tokens_are_refused() -> None:
    with pytest.raises(AuthConfigError, match=r"^scopes: id tokens have none"):
        bearer_required(verifier(token_use="id"), scopes="a")


def test_another_verifier_is_refused() -> None:
    with pytest.raises(AuthConfigError, match=r"^verifier: must be a TokenVerifier"):
        bearer_required(None)  # type: ignore[arg-type]  # on purpose
