"""The OAuth endpoints that programs call: token, userInfo, revoke."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from ..request_url import state_of
from ..site import Site
from . import forms, revocation, token_endpoint, user_info
from .responses import serve

TOKEN: Final = "/oauth2/token"  # noqa: S105 - a path
REVOKE: Final = "/oauth2/revoke"
USER_INFO: Final = "/oauth2/userInfo"
PATHS: Final = frozenset({TOKEN, REVOKE, USER_INFO})


def add_routes(app: web.Application, site: Site) -> None:
    """Add the endpoints to an application."""

    async def token(request: web.Request) -> web.StreamResponse:
        async def work() -> dict[str, Any]:
            return await token_endpoint.answer(
                state_of(site, request), await forms.read(request), _authorization(request)
            )

        return await serve(site, request, "Token", work)

    async def revoke(request: web.Request) -> web.StreamResponse:
        async def work() -> None:
            revocation.answer(site.state, await forms.read(request), _authorization(request))

        return await serve(site, request, "Revoke", work)

    async def who(request: web.Request) -> web.StreamResponse:
        async def work() -> dict[str, str]:
            return await user_info.answer(state_of(site, request), _authorization(request))

        return await serve(site, request, "UserInfo", work, changes=False)

    app.router.add_post(TOKEN, token)
    app.router.add_post(REVOKE, revoke)
    app.router.add_get(USER_INFO, who, allow_head=False)
    app.router.add_post(USER_INFO, who)


def _authorization(request: web.Request) -> str | None:
    return request.headers.get("Authorization")
