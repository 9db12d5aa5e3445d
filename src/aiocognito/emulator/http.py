"""The emulator over HTTP: JSON 1.1 at ``/``, key sets, and what tests steer it with."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from aiohttp import web
from attrs import frozen

from . import confirm_page, dispatch, guard, import_upload, overview_page, request_url, strict_json
from .calls import answer
from .dispatch import Reply
from .faults import MEMBERS, Fault
from .header_text import one_line
from .hosted_ui import endpoints, pages
from .identity_pools import open_id
from .nearest import suggestion
from .request_url import state_of
from .site import Call, Site

CONTENT_TYPE: Final = "application/x-amz-json-1.1"


def application(site: Site) -> web.Application:
    """Return the aiohttp application of an emulator.

    Args:
        site: The HTTP side of the emulator.
    """
    app = web.Application(middlewares=[guard.identify, guard.guarding(site)])
    handlers = _Handlers(site)
    app.router.add_post("/", handlers.perform)
    app.router.add_get("/", handlers.overview)
    app.router.add_get("/{pool}/.well-known/jwks.json", handlers.key_set)
    app.router.add_get("/{pool}/.well-known/openid-configuration", handlers.discovery)
    app.router.add_get("/.well-known/jwks_uri", handlers.identity_key_set)
    app.router.add_get("/.well-known/openid-configuration", handlers.identity_discovery)
    endpoints.add_routes(app, site)
    pages.add_routes(app, site)
    app.router.add_get(confirm_page.PATH, handlers.confirm_user)
    app.router.add_put(import_upload.PATH, handlers.upload)
    app.router.add_get("/_emulator/messages", handlers.messages)
    app.router.add_post("/_emulator/clock", handlers.advance)
    app.router.add_post("/_emulator/faults", handlers.plan)
    return app


async def answer_by_plan(
    site: Site,
    request: web.Request,
    operation: str,
    work: Callable[[], Awaitable[Reply]],
    service: str = dispatch.SERVICE,
) -> web.StreamResponse:
    """Answer a request in JSON, or fail it as the fault plan says.

    Args:
        site: The HTTP side of the emulator.
        request: The request.
        operation: The operation's name in the fault plan and among the calls.
        work: Performs the operation.
        service: The service's name among the calls.
    """
    return await answer(site, request, operation, service, work=work, planned=_planned, write=_write)


@frozen
class _Handlers:
    """The handlers of the paths that are not the hosted UI's."""

    site: Site

    async def perform(self, request: web.Request) -> web.StreamResponse:
        """Perform one operation for an AWS client."""
        prefix, name = guard.target(request)
        body = await request.read()
        model = self.site.model_of(prefix)
        if model is None:
            unknown = dispatch.failure("UnknownOperationException", "")
            self.site.record(Call(name, dispatch.SERVICE, unknown.status, unknown.error))
            return _write(unknown)
        work = partial(dispatch.answer, state_of(self.site, request), model, name, body)
        return await answer_by_plan(self.site, request, name, work, model.service.name)

    async def key_set(self, request: web.Request) -> web.StreamResponse:
        """Return a pool's public keys."""

        async def work() -> Reply:
            pool = self.site.state.pools.get(request.match_info["pool"])
            if pool is None:
                return Reply(404, {"message": "No such user pool."})
            return Reply(200, (await self.site.state.keys.of(pool.id)).jwks())

        return _as_json(await answer_by_plan(self.site, request, "GetJwks", work, "well-known"))

    async def discovery(self, request: web.Request) -> web.StreamResponse:
        """Return a pool's OpenID configuration: AWS's issuer, with URLs of the emulator."""

        async def work() -> Reply:
            pool = self.site.state.pools.get(request.match_info["pool"])
            if pool is None:
                return Reply(404, {"message": "No such user pool."})
            base, issuer = request_url.base(self.site, request), state_of(self.site, request).issuer(pool)
            return Reply(200, _discovery(issuer, base, pool.id))

        return _as_json(
            await answer_by_plan(self.site, request, "GetOpenIdConfiguration", work, "well-known")
        )

    async def identity_key_set(self, request: web.Request) -> web.StreamResponse:
        """Return the keys of identity pools, at the path where AWS has them."""

        async def work() -> Reply:
            return Reply(200, await open_id.key_set(self.site.state))

        return _as_json(await answer_by_plan(self.site, request, "GetIdentityJwks", work, "well-known"))

    async def identity_discovery(self, request: web.Request) -> web.StreamResponse:
        """Return the OpenID configuration of identity pools."""

        async def work() -> Reply:
            return Reply(200, open_id.discovery(request_url.base(self.site, request)))

        operation = "GetIdentityOpenIdConfiguration"
        return _as_json(await answer_by_plan(self.site, request, operation, work, "well-known"))

    async def confirm_user(self, request: web.Request) -> web.Response:
        """Confirm an account by the link of an email."""
        status, page = await confirm_page.answer(self.site.state, request.query)
        await self.site.state.changed()
        self.site.record(Call("ConfirmUser", "hosted-ui", status, None))
        return web.Response(text=page, content_type="text/html", status=status, headers=pages.HEADERS)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Store the CSV file of an import of users."""
        work = partial(
            import_upload.receive,
            self.site.state,
            request.match_info["pool"],
            request.match_info["job"],
            request.query.get("X-Amz-Signature", ""),
            request.content.iter_any(),
        )
        return await answer_by_plan(self.site, request, "UploadUserImportFile", work, "user-import")

    async def overview(self, _request: web.Request) -> web.Response:
        """Return the page that shows the emulator's state."""
        page = overview_page.render(self.site.state)
        return web.Response(text=page, content_type="text/html", headers=pages.HEADERS)

    async def messages(self, _request: web.Request) -> web.Response:
        """Return the messages that were sent, the newest last."""
        return web.json_response([message.to_dict() for message in self.site.state.outbox.messages])

    async def advance(self, request: web.Request) -> web.Response:
        """Advance the clock."""
        given = await _object(request)
        seconds = given.get("advance")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise web.HTTPBadRequest(text='expected {"advance": seconds}')
        try:
            self.site.state.clock.advance(seconds)
        except ValueError as exc:
            raise web.HTTPBadRequest(text=str(exc)) from None
        await self.site.state.changed()
        return web.json_response({"now": self.site.state.clock()})

    async def plan(self, request: web.Request) -> web.Response:
        """Plan a fault: the body has :meth:`Faults.add`'s arguments."""
        given = await _object(request)
        for name in given:
            if name not in MEMBERS:
                text = f"not a fault: unknown member {name!r}: {suggestion(name, MEMBERS)}"
                raise web.HTTPBadRequest(text=text)
        if "operation" not in given:
            raise web.HTTPBadRequest(text="not a fault: operation is missing")
        try:
            self.site.faults.add(**given)
        except (TypeError, ValueError) as exc:
            raise web.HTTPBadRequest(text=f"not a fault: {exc}") from None
        return web.json_response({})


def _write(reply: Reply) -> web.Response:
    response = web.Response(
        body=json.dumps(reply.body, separators=(",", ":")).encode() if reply.has_body else b"",
        status=reply.status,
        content_type=CONTENT_TYPE,
    )
    if reply.error is not None:
        # Recorded (Errors): HTTP 400, and a trailing colon in the header, which holds one line.
        response.headers["x-amzn-ErrorType"] = f"{one_line(reply.error)}:"
        if message := one_line(reply.body.get("message", "")):
            response.headers["x-amzn-ErrorMessage"] = message
    return response


def _planned(fault: Fault) -> Reply:
    code = fault.error
    if code is None:
        code = {429: "TooManyRequestsException"}.get(fault.status or 0, "InternalErrorException")
    message = fault.message
    if message is None:
        message = "Rate exceeded" if code == "TooManyRequestsException" else "A planned fault."
    return dispatch.failure(code, message, status=fault.status)


def _discovery(issuer: str, base: str, pool_id: str) -> dict[str, Any]:
    return {
        "authorization_endpoint": f"{base}/oauth2/authorize",
        "end_session_endpoint": f"{base}/logout",
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": issuer,
        "jwks_uri": f"{base}/{pool_id}/.well-known/jwks.json",
        "response_types_supported": ["code", "token"],
        "revocation_endpoint": f"{base}/oauth2/revoke",
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint": f"{base}/oauth2/token",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "userinfo_endpoint": f"{base}/oauth2/userInfo",
    }


def _as_json(response: web.StreamResponse) -> web.StreamResponse:
    if response.content_type == CONTENT_TYPE:
        response.content_type = "application/json"
    return response


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        # The charset of the content type does not count: JSON is UTF-8 (RFC 8259, 8.1).
        given = strict_json.parse(await request.read())
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise web.HTTPBadRequest(text="expected a JSON object")
    return given
