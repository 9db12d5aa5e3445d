"""Which requests the emulator accepts: host names, web pages, the token; and the headers of all responses."""

from __future__ import annotations

import hmac
import ipaddress
import re
import uuid
from collections.abc import MutableMapping
from typing import Any, Final

from aiohttp import web

from .header_text import one_line
from .hosted_ui import endpoints
from .site import Site

_LOCAL_ORIGIN: Final = re.compile(
    r"https?://(localhost|127\.0\.0\.1|\[::1\]|[a-z0-9-]+\.localhost)(:[0-9]+)?"
)
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s\[\]:/@\\?#]+))(?::[0-9]*)?")
_EXPOSED: Final = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
_CORS_METHODS: Final = "GET, POST, OPTIONS"


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
            raise web.HTTPForbidden(text="This host name is not the emulator's.")
        if _is_private(site, request):
            # Never test a response for truth: aiohttp 3.10 and 3.11 call an empty one false.
            refusal = _refusal_of(site, request)
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
    name = _host_name(request.headers.get("Host", ""))
    if name in site.hosts or name.endswith(".localhost"):
        return True
    return site.any_address and _is_address(name)


def _refusal_of(site: Site, request: web.Request) -> web.Response | None:
    """Refuse other web pages, and off loopback requests without the token; ``None`` accepts a request."""
    if _comes_from_another_page(request):
        return web.Response(status=403, text="Not for web pages.")
    if site.token is None:
        return None
    # AWS clients sign with the Authorization header, so the token may come in one of its own.
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    offered = request.headers.get("X-Emulator-Token", bearer)
    # aiohttp decodes bytes that are not UTF-8 to surrogates, which only this handler encodes.
    if hmac.compare_digest(site.token.encode(), offered.encode("utf-8", "surrogateescape")):
        return None
    headers = {"WWW-Authenticate": "Bearer"}
    return web.Response(status=401, text="The emulator's token is missing.", headers=headers)


def _comes_from_another_page(request: web.Request) -> bool:
    """Return whether a page of another origin sent a request (Fetch Metadata, RFC 6454).

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
    """Return whether a user followed a link to the overview page: no other page can read that."""
    headers = request.headers
    whole_tab = (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest")) == ("navigate", "document")
    return whole_tab and request.method == "GET" and request.path == "/"


def _is_for_scripts(path: str) -> bool:
    """Return whether front ends send requests to a path themselves; the other paths are pages."""
    return path == "/" or path in endpoints.PATHS or "/.well-known/" in path


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


def _host_name(host: str) -> str:
    """Return the name in a ``Host`` header; empty if it is not a name and a port (RFC 9110, 7.2)."""
    found = _HOST.fullmatch(host)
    return "" if found is None else (found[1] or found[2]).lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
