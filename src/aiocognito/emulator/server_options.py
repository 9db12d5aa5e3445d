"""Checks of the emulator's options: each error names the option and says what it takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

Issuer: TypeAlias = Literal["aws", "local"]
_NAME: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")
_SHORTEST_TOKEN: Final = 16


def check_issuer(issuer: object) -> None:
    """Check ``issuer=``.

    Raises:
        ValueError: It is another text.
    """
    if issuer not in ("aws", "local"):
        raise ValueError(f"issuer= must be 'aws' or 'local', not {issuer!r}")


def check_token(token: str | None) -> None:
    """Check ``token=``.

    Raises:
        ValueError: It is short, or cannot stand in a header.
    """
    if token is None:
        return
    if len(token) < _SHORTEST_TOKEN or not re.fullmatch(r"[A-Za-z0-9._~-]+", token):
        raise ValueError(f"token= must be {_SHORTEST_TOKEN} or more letters, digits and characters of '._~-'")


def host_names(names: Iterable[str]) -> frozenset[str]:
    """Return ``allowed_hosts`` in lower case.

    Raises:
        ValueError: One is not a host name.
    """
    found = [names] if isinstance(names, str) else list(names)
    for name in found:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            example = "such as 'cognito', without scheme and port"
            raise ValueError(f"allowed_hosts= must hold host names, {example}, not {name!r}")
    return frozenset(name.lower() for name in found)


def origins(given: Iterable[str]) -> frozenset[str]:
    """Return ``allowed_origins`` as browsers send them.

    Raises:
        ValueError: One is not an origin.
    """
    return frozenset(map(_origin, [given] if isinstance(given, str) else given))


def _origin(text: str) -> str:
    origin = _normal(text) if isinstance(text, str) else None
    if origin is None:
        raise ValueError(
            "allowed_origins= must hold origins: scheme, host and port, such as 'http://shop.test:3000', "
            f"not {text!r}"
        )
    return origin


def _normal(text: str) -> str | None:
    """Return an origin in lower case without a default port (RFC 6454); ``None`` if it is not one."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    bare = parts.path in {"", "/"} and not parts.query and not parts.fragment and "@" not in parts.netloc
    if not bare or not parts.scheme or not parts.hostname or not _NAME.fullmatch(parts.hostname):
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + ("" if port in {None, default} else f":{port}")
