"""Connections as servers and proxies pass them on, and guards as annotations."""

from __future__ import annotations

from typing import Annotated, Any, cast

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from aiocognito import AuthUser, UserContext
from aiocognito.integrations.fastapi import recent_sign_in, require_groups

from .conftest import MakeSite, Site, user_context_of
from .test_bad_input import BrokenStorage, signed_in

Admin = Annotated[AuthUser, require_groups("admins")]
Recent = Annotated[AuthUser, recent_sign_in(600)]


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize(
    "forwarded", [["198.51.100.9"], ["203.0.113.66, 198.51.100.9"], ["203.0.113.66", "198.51.100.9"]], ids=str
)
def test_behind_a_trusted_proxy_the_browsers_address_goes_along(
    make_site: MakeSite, forwarded: list[str], trusted: bool
) -> None:
    """The first entries of X-Forwarded-For are what the browser sent, and can be anything."""
    seen: list[UserContext] = []

    def context(connection: Any) -> UserContext:
        seen.append(user_context_of(connection))
        return seen[-1]

    site = make_site(user_context=context)
    proxied: Any = ProxyHeadersMiddleware(
        cast("Any", site.app), trusted_hosts="10.0.0.5" if trusted else "10.9.9.9"
    )
    headers = [("x-forwarded-for", each) for each in forwarded]
    headers += [("x-forwarded-proto", "https"), ("host", "shop.example"), ("origin", "https://shop.example")]
    with TestClient(proxied, base_url="http://shop.example", client=("10.0.0.5", 5000)) as browser:
        response = browser.post("/sign-in", headers=headers)
    assert response.status_code == 200
    assert seen == [UserContext(ip_address="198.51.100.9" if trusted else "10.0.0.5")]
    # A request that a proxy forwarded never gets a cookie for plain http.
    assert "; Secure" in response.headers["set-cookie"]


@pytest.mark.parametrize(("is_broken", "code"), [(False, 1008), (True, 1011)])
def test_a_websocket_is_closed_where_the_server_cannot_respond(
    make_site: MakeSite, pool: Any, is_broken: bool, code: int
) -> None:
    storage = BrokenStorage(clock=pool.config.clock)
    site = make_site(storage=storage)

    async def without_extension(scope: Any, receive: Any, send: Any) -> None:
        scope.pop("extensions", None)
        await site.app(scope, receive, send)

    browser = signed_in(site)
    with TestClient(without_extension, base_url="https://testserver") as refused:
        if is_broken:
            refused.cookies = browser.cookies
        storage.broken = is_broken
        with (
            pytest.raises(WebSocketDisconnect) as closed,
            refused.websocket_connect("wss://testserver/socket"),
        ):
            raise AssertionError("it was accepted")
        assert closed.value.code == code


def test_guards_as_annotations_return_the_user(site: Site) -> None:
    @site.app.get("/annotated")
    async def annotated(admin: Admin, recent: Recent) -> list[str]:
        return [admin.username, recent.username]

    ana, ben = signed_in(site), signed_in(site, "ben")
    assert ana.get("/annotated").json() == ["ana", "ana"]
    refused = ben.get("/annotated")
    assert (refused.status_code, refused.json()["name"]) == (403, "AuthForbiddenError")
    site.emulator.clock.advance(700)
    assert ana.get("/annotated").status_code == 401
