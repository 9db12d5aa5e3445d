"""The emulator over HTTP: JSON 1.1 at ``/``, key sets, and what tests steer it with."""

from __future__ import annotations

import hmac
import ipaddress
import json
import re
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any, Final

from aiohttp import web
from attrs import define, field

from . import confirm_page, dispatch, overview_page, strict_json
from .calls import Call, answer
from .dispatch import Reply
from .faults import Fault, Faults
from .hosted_ui import endpoints, pages
from .identity_pools import open_id
from .service_model import ServiceModel
from .state import EmulatorState

CONTENT_TYPE: Final = "application/x-amz-json-1.1"
_LOCAL_ORIGIN: Final = re.compile(
    r"https?://(localhost|127\.0\.0\.1|\[::1\]|[a-z0-9-]+\.localhost)(:[0-9]+)?"
)
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s\[\]:/@\\?#]+))(?::[0-9]*)?")
_EXPOSED: Final = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
_CORS_METHODS: Final = "GET, POST, OPTIONS"


@define
class Site:
    """What the HTTP side of one emulator needs.

    Args:
        world: The state that is asked.
        model: The service model of user pools.
        faults: What goes wrong.
        calls: Where requests are written down.
        hosts: Host names by which the emulator may be called.
        identity_model: The service model of identity pools.
        token: The bearer token that steering and administration need; ``None`` on loopback.
    """

    world: EmulatorState
    model: ServiceModel
    faults: Faults
    calls: list[Call]
    hosts: frozenset[str]
    any_address: bool = False
    identity_model: ServiceModel | None = None
    token: str | None = field(default=None, repr=False)

    def application(self) -> web.Application:
        """Make the aiohttp application."""
        app = web.Application(middlewares=[_identify, self._guard])
        app.router.add_post("/", self.ask)
        app.router.add_get("/", self.overview)
        app.router.add_get("/{pool}/.well-known/jwks.json", self.key_set)
        app.router.add_get("/{pool}/.well-known/openid-configuration", self.discovery)
        app.router.add_get("/.well-known/jwks_uri", self.identity_key_set)
        app.router.add_get("/.well-known/openid-configuration", self.identity_discovery)
        endpoints.add_routes(app, self)
        pages.add_routes(app, self)
        app.router.add_get(confirm_page.PATH, self.confirm_user)
        app.router.add_get("/_emulator/messages", self.messages)
        app.router.add_post("/_emulator/clock", self.advance)
        app.router.add_post("/_emulator/faults", self.plan)
        return app

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """Answer one request of an AWS client."""
        prefix, _, name = _target(request)
        body = await request.read()
        model = self._asked(prefix)
        if model is None:
            unknown = dispatch.failure("UnknownOperationException", "")
            self.calls.append(Call(name, dispatch.SERVICE, unknown.status, unknown.error))
            return _write(unknown)
        work = partial(dispatch.answer, self.world, model, name, body)
        return await self._with_faults(request, name, work, model.service.name)

    def _asked(self, prefix: str) -> ServiceModel | None:
        models = (self.model, self.identity_model)
        return next((model for model in models if model is not None and model.service.prefix == prefix), None)

    def _is_administrative(self, request: web.Request) -> bool:
        prefix, _, name = _target(request)
        model = self._asked(prefix)
        operation = None if model is None else model.operations.get(name)
        return operation is not None and operation.signed

    async def _with_faults(
        self,
        request: web.Request,
        name: str,
        work: Callable[[], Awaitable[Reply]],
        service: str = dispatch.SERVICE,
    ) -> web.StreamResponse:
        return await answer(self, request, name, service, work=work, planned=_planned, write=_write)

    async def key_set(self, request: web.Request) -> web.StreamResponse:
        """Answer with a pool's public keys."""

        async def work() -> Reply:
            pool = self.world.pools.get(request.match_info["pool"])
            if pool is None:
                return Reply(404, {"message": "No such user pool."})
            return Reply(200, (await self.world.keys.of(pool.id)).jwks())

        return _as_json(await self._with_faults(request, "GetJwks", work, "well-known"))

    async def discovery(self, request: web.Request) -> web.StreamResponse:
        """Answer with a pool's OpenID configuration: its issuer is AWS's, its addresses are here."""

        async def work() -> Reply:
            pool = self.world.pools.get(request.match_info["pool"])
            if pool is None:
                return Reply(404, {"message": "No such user pool."})
            base = f"{request.scheme}://{request.host}"
            return Reply(200, _discovery(pool.issuer, base, pool.id))

        return _as_json(await self._with_faults(request, "GetOpenIdConfiguration", work, "well-known"))

    async def identity_key_set(self, request: web.Request) -> web.StreamResponse:
        """Answer with the keys of identity pools, at the path where AWS has them."""

        async def work() -> Reply:
            return Reply(200, await open_id.key_set(self.world))

        return _as_json(await self._with_faults(request, "GetIdentityJwks", work, "well-known"))

    async def identity_discovery(self, request: web.Request) -> web.StreamResponse:
        """Answer with the OpenID configuration of identity pools."""

        async def work() -> Reply:
            return Reply(200, open_id.discovery(f"{request.scheme}://{request.host}"))

        operation = "GetIdentityOpenIdConfiguration"
        return _as_json(await self._with_faults(request, operation, work, "well-known"))

    async def confirm_user(self, request: web.Request) -> web.Response:
        """Confirm an account by the link of a mail."""
        status, page = await confirm_page.answer(self.world, request.query)
        await self.world.changed()
        self.calls.append(Call("ConfirmUser", "hosted-ui", status, None))
        return web.Response(text=page, content_type="text/html", status=status, headers=pages.HEADERS)

    async def overview(self, _request: web.Request) -> web.Response:
        """Show a person what there is."""
        policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",
        }
        page = overview_page.render(self.world)
        return web.Response(text=page, content_type="text/html", headers=headers)

    async def messages(self, _request: web.Request) -> web.Response:
        """Answer with what was sent, the newest last."""
        return web.json_response([message.to_dict() for message in self.world.outbox.messages])

    async def advance(self, request: web.Request) -> web.Response:
        """Move the clock on."""
        given = await _object(request)
        seconds = given.get("advance")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise web.HTTPBadRequest(text='expected {"advance": seconds}')
        try:
            self.world.clock.advance(seconds)
        except ValueError as exc:
            raise web.HTTPBadRequest(text=str(exc)) from None
        await self.world.changed()
        return web.json_response({"now": self.world.clock()})

    async def plan(self, request: web.Request) -> web.Response:
        """Plan a fault: the body has :meth:`Faults.add`'s arguments."""
        given = await _object(request)
        try:
            self.faults.add(given.pop("operation"), **given)
        except (KeyError, TypeError, ValueError) as exc:
            raise web.HTTPBadRequest(text=f"not a fault: {exc}") from None
        return web.json_response({})

    @property
    def _guard(self) -> Any:
        site = self

        @web.middleware
        async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
            """Refuse strange hosts, which DNS rebinding brings; let pages of this machine in."""
            if not site._knows(request):
                raise web.HTTPForbidden(text="This host name is not the emulator's.")
            if site._is_private(request):
                # Never test a response for truth: aiohttp 3.10 and 3.11 call an empty one false.
                refusal = site._refusal_of(request)
                return await handler(request) if refusal is None else refusal
            origin = request.headers.get("Origin", "")
            local = _is_for_scripts(request.path) and _LOCAL_ORIGIN.fullmatch(origin) is not None
            if request.method == "OPTIONS" and local:
                return _preflight(request, origin)
            response: web.StreamResponse = await handler(request)
            if local:
                _allow(response, origin)
            return response

        return guard

    def _is_private(self, request: web.Request) -> bool:
        """Steering, administration, and the page that shows codes: no other page may read them."""
        if request.path.startswith("/_emulator/"):
            return True
        if request.path != "/":
            return False
        return request.method in {"GET", "HEAD"} or self._is_administrative(request)

    def _knows(self, request: web.Request) -> bool:
        name = _host_name(request.headers.get("Host", ""))
        if name in self.hosts or name.endswith(".localhost"):
            return True
        return self.any_address and _is_address(name)

    def _refusal_of(self, request: web.Request) -> web.Response | None:
        """Refuse other web pages, and off loopback requests without the token; ``None`` lets a request in."""
        if _comes_from_another_page(request):
            return web.Response(status=403, text="Not for web pages.")
        if self.token is None:
            return None
        # AWS clients sign with the Authorization header, so the token may come in one of its own.
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        offered = request.headers.get("X-Emulator-Token", bearer)
        # aiohttp decodes bytes that are not UTF-8 to surrogates, which only this handler encodes.
        if hmac.compare_digest(self.token.encode(), offered.encode("utf-8", "surrogateescape")):
            return None
        headers = {"WWW-Authenticate": "Bearer"}
        return web.Response(status=401, text="The emulator's token is missing.", headers=headers)


@web.middleware
async def _identify(request: web.Request, handler: Any) -> web.StreamResponse:
    """Give every response an id and forbid frames, refusals by the router included."""
    try:
        response: web.StreamResponse = await handler(request)
    except web.HTTPException as exc:
        _complete(exc.headers)
        raise
    _complete(response.headers)
    return response


def _complete(headers: MutableMapping[str, str]) -> None:
    headers["x-amzn-RequestId"] = str(uuid.uuid4())
    headers["X-Frame-Options"] = "DENY"
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    headers.setdefault("X-Content-Type-Options", "nosniff")


def _comes_from_another_page(request: web.Request) -> bool:
    """Say whether a page of another origin sent a request (Fetch Metadata, RFC 6454).

    Browsers send ``Origin`` with POST and with CORS, and ``Sec-Fetch-Site`` with everything: a script or
    an image of another page sends a GET without ``Origin``. Programs send neither.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        return True
    if request.headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}:
        return False
    return not _follows_a_link(request)


def _follows_a_link(request: web.Request) -> bool:
    """Say whether a person followed a link to the overview page: no other page can read that."""
    headers = request.headers
    whole_tab = (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest")) == ("navigate", "document")
    return whole_tab and request.method == "GET" and request.path == "/"


def _target(request: web.Request) -> tuple[str, str, str]:
    return request.headers.get("X-Amz-Target", "").partition(".")


def _is_for_scripts(path: str) -> bool:
    """Say whether a front end's own requests go there; the other paths are pages, to be visited."""
    return path == "/" or path in endpoints.PATHS or "/.well-known/" in path


def _write(reply: Reply) -> web.Response:
    response = web.Response(
        body=json.dumps(reply.body, separators=(",", ":")).encode(),
        status=reply.status,
        content_type=CONTENT_TYPE,
    )
    if reply.error is not None:
        # The trailing colon is Cognito's. A header holds one line.
        response.headers["x-amzn-ErrorType"] = f"{_one_line(reply.error)}:"
        response.headers["x-amzn-ErrorMessage"] = _one_line(reply.body["message"])
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


def _preflight(request: web.Request, origin: str) -> web.Response:
    response = web.Response(status=204)
    _allow(response, origin)
    response.headers["Access-Control-Allow-Methods"] = _CORS_METHODS
    asked = request.headers.get("Access-Control-Request-Headers", "")
    response.headers["Access-Control-Allow-Headers"] = _one_line(asked)
    response.headers["Access-Control-Max-Age"] = "600"
    return response


def _allow(response: web.StreamResponse, origin: str) -> None:
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    response.headers["Vary"] = "Origin"


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        # The charset of the content type does not count: JSON is UTF-8 (RFC 8259, 8.1).
        given = strict_json.parse(await request.read())
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise web.HTTPBadRequest(text="expected a JSON object")
    return given


def _one_line(text: str) -> str:
    """Write a text as a header's value: one line of ASCII without control characters (RFC 9110, 5.5)."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split()).encode("ascii", "replace").decode()


def _host_name(host: str) -> str:
    """Read the name in a ``Host`` header; what is more than name and port is none (RFC 9110, 7.2)."""
    found = _HOST.fullmatch(host)
    return "" if found is None else (found[1] or found[2]).lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
