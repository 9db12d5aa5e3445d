"""The hosted UI's and the JSON routes in aiohttp."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import hdrs, web

from .._client import AuthClient
from .._web import hosted_ui
from .._web.error_responses import WebResponse, json_error_response, log_failure
from .._web.json_api import Call, JsonRoute, json_routes
from .._web.json_body import BODY, Members, parse_body, read_body
from .._web.request_session import RequestSession
from ..errors import AuthConfigError, AuthError, AuthValidationError, AuthValidationErrorCode
from ._aiohttp import CALLBACKS, SETUP, Handler, client_of, served, to_response

Step = Callable[[RequestSession, AuthClient], Awaitable[WebResponse]]

_NAMES: Final = {"GET": hdrs.METH_GET, "POST": hdrs.METH_POST}


def add_hosted_ui(app: web.Application, prefix: str) -> None:
    """Add the hosted UI's routes to an application.

    Raises:
        AuthConfigError: The prefix is malformed, or the cookies are ``samesite="strict"``.
    """
    prefix = _checked(prefix)
    if SETUP in app:
        hosted_ui.check_policy(app[SETUP].service.cookies)
    router = app.router
    router.add_get(prefix + hosted_ui.LOGIN, _of_hosted_ui(hosted_ui.login))
    callback = router.add_get(prefix + hosted_ui.CALLBACK, _of_hosted_ui(hosted_ui.callback)).resource
    router.add_post(prefix + hosted_ui.LOGOUT, _of_hosted_ui(hosted_ui.logout))
    if callback is not None:
        app.setdefault(CALLBACKS, []).append(callback)


def _of_hosted_ui(step: Step) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        session = served(request).session
        return to_response(await step(session, client_of(request)))

    return handler


def add_json(app: web.Application, prefix: str, *, tokens: bool, app_name: str | None) -> None:
    """Add the JSON routes to an application.

    Raises:
        AuthConfigError: The prefix is malformed.
    """
    prefix = _checked(prefix)
    for route in json_routes(tokens=tokens):
        app.router.add_route(_NAMES[route.method], prefix + route.path, _of_json(route, app_name))


def _of_json(route: JsonRoute, app_name: str | None) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            auth = client_of(request)
            body = {} if route.body is None else await _body(request, route.body)
            result = await route.run(Call.of(auth, body, served(request).session.request, app_name))
        except AuthError as error:
            log_failure(request.method, request.path, error)
            return to_response(json_error_response(error))
        return to_response(WebResponse.json(200, result))

    return handler


async def _body(request: web.Request, form: Members) -> dict[str, Any]:
    raw = await _read(request)
    if raw is None:  # Raised out here: the cause may quote the body.
        raise AuthValidationError(AuthValidationErrorCode.InvalidArgument, f"{BODY}: cannot be decoded")
    return parse_body(raw, request.headers.get(hdrs.CONTENT_TYPE), form)


async def _read(request: web.Request) -> bytes | None:
    """Return the body; None if it does not have its content or transfer coding."""
    try:
        if request.content.at_eof():  # A middleware has read it, or there is nothing to read.
            return await request.read()
        return await read_body(request.content.iter_any())
    except web.RequestPayloadError:
        return None


def _checked(prefix: object) -> str:
    """Return a prefix for paths, without a slash at its end.

    Raises:
        AuthConfigError: It is not a path.
    """
    text = prefix.rstrip("/") if isinstance(prefix, str) else None
    if text is None or (text and not text.startswith("/")):
        raise AuthConfigError("must be a path that begins with '/', such as '/auth'", field="prefix")
    return text
