"""The URL under which a client sees the emulator: its own, or that of a TLS proxy in front of it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from aiohttp import web
from attrs import evolve

from .._config_checks import is_loopback
from .header_text import host_name
from .site import Site
from .state import EmulatorState

_PORTS: Final = {"http": 80, "https": 443}
_FORWARDED_PROTO: Final = re.compile(r'(?:^|[;\s])proto="?(https?)"?', re.IGNORECASE)


def base(site: Site, request: web.Request) -> str:
    """Return scheme and host as the client used them, such as ``https://localhost:8443``."""
    return f"{scheme(site, request)}://{request.host}"


def scheme(site: Site, request: web.Request) -> str:
    """Return ``https`` if the client used it, even if a proxy decrypted the request; else ``http``.

    A proxy says so in ``X-Forwarded-Proto`` or ``Forwarded`` (RFC 7239). These headers count only from this
    machine, or for a host name that ``allowed_hosts`` names.
    """
    if request.secure or own_https_origin(request):
        return "https"
    return (_forwarded(request) if _is_trusted(site, request) else None) or request.scheme


def is_own_origin(request: web.Request) -> bool:
    """Return whether ``Origin`` is the address that the request was sent to.

    The schemes are not compared: behind a proxy the browser's is not ours.
    """
    origin = _split(request.headers.get("Origin", ""))
    if origin is None:
        return False
    own = _split(f"{origin.scheme}://{request.host}")
    return own is not None and _authority(origin) == _authority(own)


def own_https_origin(request: web.Request) -> bool:
    """Return whether a browser says that it sent the request from our own page over https."""
    return request.headers.get("Origin", "").startswith("https://") and is_own_origin(request)


def state_of(site: Site, request: web.Request) -> EmulatorState:
    """Return the state; with a local issuer, tokens name the URL that the client used.

    OAuth clients compare a token's issuer with the URL of the discovery document that they fetched.
    """
    if site.state.issuer_base is None:
        return site.state
    return evolve(site.state, issuer_base=base(site, request))


def _forwarded(request: web.Request) -> str | None:
    # The first entry is of the proxy that the client is connected to.
    proto = request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower()
    if proto in _PORTS:
        return proto
    found = _FORWARDED_PROTO.search(request.headers.get("Forwarded", "").partition(",")[0])
    return None if found is None else found[1].lower()


def _is_trusted(site: Site, request: web.Request) -> bool:
    return is_loopback(request.remote) or host_name(request.headers.get("Host", "")) in site.named_hosts


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in _PORTS and parts.hostname else None


def _authority(parts: SplitResult) -> tuple[str | None, int]:
    return parts.hostname, parts.port or _PORTS[parts.scheme]
