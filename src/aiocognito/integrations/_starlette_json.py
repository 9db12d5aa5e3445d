"""The JSON routes in Starlette, and what FastAPI's form of them shares with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .._client import AuthClient
from .._web.json_api import Call, JsonRoute, json_routes
from .._web.json_body import parse_body, read_body
from .._web.request import WebRequest
from ..errors import AuthError
from ._starlette import client_of, json_error


def make_json_routes(*, tokens: bool, app_name: str | None) -> list[Route]:
    """Return the JSON routes.

    Args:
        tokens: Whether ``/session`` returns the tokens.
        app_name: The name that authenticator apps show; the request's host by default.
    """
    return [
        Route(route.path, _endpoint(route, app_name), methods=[route.method], name=route.name)
        for route in json_routes(tokens=tokens)
    ]


def _endpoint(route: JsonRoute, app_name: str | None) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await json_answer(request, client_of(request), route, app_name)
        except AuthError as error:
            return json_error(request, error)

    return endpoint


async def json_answer(request: Request, auth: AuthClient, route: JsonRoute, app_name: str | None) -> Response:
    """Read a request's body, call the client, and return the response.

    Args:
        request: The request.
        auth: The client of the request's session.
        route: The route.
        app_name: The name that authenticator apps show; the request's host by default.

    Raises:
        AuthError: The body does not fit, or the call failed.
    """
    body = await _read(request, route)
    web_request = WebRequest.of_scope(request.scope, request.scope.get("root_path", ""))
    return JSONResponse(await route.run(Call.of(auth, body, web_request, app_name)))


async def _read(request: Request, route: JsonRoute) -> dict[str, Any]:
    if route.body is None:
        return {}
    try:
        raw = await read_body(request.stream())
    except ClientDisconnect:
        raw = None
    if raw is None:  # As FastAPI does; the response is not sent.
        raise HTTPException(400, "the client disconnected")
    return parse_body(raw, request.headers.get("content-type"), route.body)
