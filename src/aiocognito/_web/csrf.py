"""Whether a request may be cross-site (CSRF), judged by the headers that browsers send.

Browsers name the page's site in ``Sec-Fetch-Site`` (Fetch Metadata) and its origin in ``Origin``. No page can
forge either. For websockets, Chromium sends ``Origin`` alone.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from attrs import frozen

from .errors import CsrfError
from .origins import Origin, is_same_host, read_origin
from .request import WebRequest

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_OURS: Final = ("same-origin", "none")


@frozen
class CsrfPolicy:
    """Which requests pass.

    Attributes:
        trusted_origins: The other origins whose pages may send requests, as browsers write them.
        public_origin: The origin of this service; None to compare with the Host header.
        needs_header: Whether a request with neither header is refused. No current browser sends one.
    """

    trusted_origins: AbstractSet[str]
    public_origin: Origin | None
    needs_header: bool


def check_csrf(request: WebRequest, policy: CsrfPolicy) -> None:
    """Raise if a request may be cross-site. Only unsafe methods and websocket handshakes are judged.

    Raises:
        CsrfError: The request is refused.
    """
    if not request.is_websocket and request.method in SAFE_METHODS:
        return
    refusal = _refusal(request, policy)
    if refusal is not None:
        raise CsrfError(refusal)


def _refusal(request: WebRequest, policy: CsrfPolicy) -> str | None:
    """Return why a request is refused; None if it passes. The order of the checks matters."""
    text, site = request.header(b"origin"), request.header(b"sec-fetch-site")
    origin = None if text is None else read_origin(text)
    if origin is not None and str(origin) in policy.trusted_origins:
        return None
    if site is not None:
        if site.strip() in _OURS:
            return None
        return "the header Sec-Fetch-Site must be 'same-origin': the request came from another origin's page"
    if text is not None:
        if origin is not None and _is_ours(request, origin, policy):
            return None
        return f"the header Origin must be {_wanted(policy)}: the request came from another origin's page"
    if policy.needs_header:
        return f"the request must have the header Origin, which must be {_wanted(policy)}"
    return None


def _is_ours(request: WebRequest, origin: Origin, policy: CsrfPolicy) -> bool:
    if policy.public_origin is not None:
        return str(origin) == str(policy.public_origin)
    host = request.host
    return host is not None and is_same_host(origin, host)


def _wanted(policy: CsrfPolicy) -> str:
    if policy.public_origin is not None:
        return f"'{policy.public_origin}'"
    return "this site's own, with the host and port of the header Host"
