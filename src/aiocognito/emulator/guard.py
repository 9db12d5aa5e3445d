"""Which requests the emulator accepts: host names, web pages, the token; and the headers of all responses."""

from __future__ import annotations

import hmac
import ipaddress
import re
import uuid
from collections.abc import MutableMapping
from typing import Any, Final

from aiohttp import web

from . import request_url
from .header_text import host_name, one_line
from .hosted_ui import endpoints
from .site import Call, Site

_LOCAL_ORIGIN: Final = re.compile(
    r"https?://(localhost|127\.0\.0\.1|\[::1\]|[a-z0-9-]+\.localhost)(:[0-9]+)?"
)
# The scope of a signature, AWS4-HMAC-SHA256 or AWS4-ECDSA-P256-SHA256: key id, date, region, service.
_ACCESS_KEY_ID: Final = re.compile(r"AWS4-[A-Z0-9-]+ +(?:[^,]+, *)*Credential=([^/,\s]+)/")
_EXPOSED: Final = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
_CORS_METHODS: Final = "GET, POST, OPTIONS"
_REASONS: Final = {
    404: "The emulator serves nothing at this path.",
    405: "The emulator does not serve this method at this path.",
}


@web.middleware
async def identify(request: web.Request, handler: Any) -> web.StreamResponse:
    """Add an id to every response and forbid frames, also to errors that the router raises."""
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


def guarding(site: Site) -> Any:
    """Return the middleware that refuses unknown hosts and other web pages.

    Args:
        site: The HTTP side of the emulator.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
        # DNS rebinding arrives with the host name of another site.
        if not _knows(site, request):
            raise web.HTTPForbidden(text=_turned_away(site, request, 403, _unknown_host(request)))
        # A client must not meet pools and users that are still being set up.
        await site.set_up.wait()
        if _is_private(site, request):
            # Never test a response for truth: aiohttp 3.10 and 3.11 call an empty one false.
            refusal = _refusal_of(site, request)
            return await _handle(site, request, handler) if refusal is None else refusal
        origin = request.headers.get("Origin", "")
        allowed = _is_for_scripts(request.path) and _may_read(site, origin)
        if request.method == "OPTIONS" and allowed:
            return _preflight(request, origin)
        if origin and not allowed:
            _log_origin(site, request, origin)
        response = await _handle(site, request, handler)
        if allowed:
            _allow(response, origin)
        return response

    return guard


async def _handle(site: Site, request: web.Request, handler: Any) -> web.StreamResponse:
    """Handle a request; report one that is at an unknown path, too large or malformed."""
    try:
        response: web.StreamResponse = await handler(request)
    except web.HTTPException as refusal:
        _turned_away(site, request, refusal.status, _REASONS.get(refusal.status) or refusal.text or "")
        raise
    return response


def _is_private(site: Site, request: web.Request) -> bool:
    """Return whether a request steers, administers, or reads the page that shows codes."""
    if request.path.startswith("/_emulator/"):
        return True
    if request.path != "/":
        return False
    return request.method in {"GET", "HEAD"} or _is_administrative(site, request)


def _is_administrative(site: Site, request: web.Request) -> bool:
    prefix, name = target(request)
    model = site.model_of(prefix)
    operation = None if model is None else model.operations.get(name)
    return operation is not None and operation.signed


def target(request: web.Request) -> tuple[str, str]:
    """Return the prefix and the operation of ``X-Amz-Target``; empty without one."""
    prefix, _, name = request.headers.get("X-Amz-Target", "").partition(".")
    return prefix, name


def _knows(site: Site, request: web.Request) -> bool:
    name = host_name(request.headers.get("Host", ""))
    if name in site.hosts or name.endswith(".localhost"):
        return True
    return site.any_address and _is_address(name)


def _refusal_of(site: Site, request: web.Request) -> web.Response | None:
    """Refuse other web pages, and off loopback requests without the token; ``None`` accepts a request."""
    if _comes_from_another_page(request):
        _turned_away(site, request, 403, "A web page must neither administer the emulator nor read codes.")
        return web.Response(status=403, text="Not for web pages.")
    if site.token is None or _brings_token(site.token, request):
        return None
    headers = {"WWW-Authenticate": "Bearer"}
    text = "The emulator's token is missing."
    _turned_away(site, request, 401, f"{text} Send it as bearer token, or as AWS access key id.")
    return web.Response(status=401, text=text, headers=headers)


def _brings_token(token: str, request: web.Request) -> bool:
    """Return whether a request has the token: as bearer token, access key id, or in a header of its own."""
    authorization = request.headers.get("Authorization", "")
    signed = _ACCESS_KEY_ID.match(authorization)
    bearer = signed[1] if signed is not None else authorization.removeprefix("Bearer ")
    # A signed request can have the token in a header, too: not every SDK takes such an access key id.
    offered = request.headers.get("X-Emulator-Token", bearer)
    # aiohttp decodes bytes that are not UTF-8 to surrogates, which only this handler encodes.
    return hmac.compare_digest(token.encode(), offered.encode("utf-8", "surrogateescape"))


def _turned_away(site: Site, request: web.Request, status: int, reason: str) -> str:
    """Report a request that is refused before its operation is known; return the reason."""
    prefix, name = target(request)
    operation = name if site.model_of(prefix) is not None else f"{request.method} {request.path}"
    site.report(Call(operation, "http", status, None, reason=reason))
    return reason


def _unknown_host(request: web.Request) -> str:
    name = host_name(request.headers.get("Host", ""))
    cure = f" Start it with --allowed-host {name} (allowed_hosts=) if it is." if name else ""
    return one_line(f"This host name is not the emulator's.{cure}")


def _log_origin(site: Site, request: web.Request, origin: str) -> None:
    """Report a page whose browser will not let it read the response."""
    if not _is_for_scripts(request.path) or request_url.is_own_origin(request):
        return
    operation = target(request)[1] or f"{request.method} {request.path}"
    reason = f"{origin} may not read the response: start the emulator with --allowed-origin {origin}."
    site.report(Call(operation, "http", None, "CORS", reason=one_line(reason)))


def _comes_from_another_page(request: web.Request) -> bool:
    """Return whether a page of another origin sent a request (Fetch Metadata, RFC 6454).

    Browsers send ``Origin`` with POST and with CORS, and ``Sec-Fetch-Site`` with everything: a script or
    an image of another page sends a GET without ``Origin``. Programs send neither.
    """
    origin = request.headers.get("Origin")
    if origin is not None and not request_url.is_own_origin(request):
        return True
    if request.headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}:
        return False
    return not _follows_a_link(request)


def _follows_a_link(request: web.Request) -> bool:
    """Return whether a user followed a link to the overview page: no other page can read that."""
    headers = request.headers
    whole_tab = (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest")) == ("navigate", "document")
    return whole_tab and request.method == "GET" and request.path == "/"


def _is_for_scripts(path: str) -> bool:
    """Return whether front ends send requests to a path themselves; the other paths are pages."""
    return path == "/" or path in endpoints.PATHS or "/.well-known/" in path


def _may_read(site: Site, origin: str) -> bool:
    return origin in site.allowed_origins or _LOCAL_ORIGIN.fullmatch(origin) is not None


def _preflight(request: web.Request, origin: str) -> web.Response:
    response = web.Response(status=204)
    _allow(response, origin)
    response.headers["Access-Control-Allow-Methods"] = _CORS_METHODS
    asked = request.headers.get("Access-Control-Request-Headers", "")
    response.headers["Access-Control-Allow-Headers"] = one_line(asked)
    response.headers["Access-Control-Max-Age"] = "600"
    return response


def _allow(response: web.StreamResponse, origin: str) -> None:
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    response.headers["Vary"] = "Origin"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
