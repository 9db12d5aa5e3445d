"""Checks of configuration values: each error is an `AuthConfigError` that names the field."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from datetime import timedelta
from typing import Final, TypeGuard
from urllib.parse import SplitResult, urlsplit

from .errors import AuthConfigError

# Blanks and control characters, which urlsplit drops in part: what is checked must be what is used.
_NOT_IN_A_URL: Final = re.compile(r"[\s\x00-\x1f\x7f\\]")
# A name or an address, IPv6 in brackets, and a port (RFC 3986, section 3.2).
_AUTHORITY: Final = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")


def require(condition: bool, name: str, message: str) -> None:
    """Raise an `AuthConfigError` for a field unless a condition holds."""
    if not condition:
        raise AuthConfigError(message, field=name)


def is_text(value: object) -> bool:
    """Return whether a value is text that is not empty and that UTF-8 can encode."""
    if not isinstance(value, str) or value == "":
        return False
    # Surrogates are the only code points that UTF-8 cannot encode.
    return value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a number. True and False, which Python counts as 1 and 0, are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_word(value: object) -> bool:
    """Return whether a value is printable text without blanks."""
    # A space is printable to Python, other blanks and control characters are not.
    return isinstance(value, str) and value != "" and value.isprintable() and " " not in value


def check_flag(name: str, value: object) -> None:
    """Check that a value is True or False."""
    require(isinstance(value, bool), name, "must be True or False")


def check_text(name: str, value: object) -> None:
    """Check that a value is None or text."""
    require(value is None or is_text(value), name, "must be text")


def check_pattern(name: str, value: object, pattern: re.Pattern[str], form: str) -> None:
    """Check that a value is None or matches a pattern."""
    if value is not None:
        require(isinstance(value, str) and bool(pattern.fullmatch(value)), name, f"must look like {form}")


def check_number(name: str, value: object, low: float, high: float) -> None:
    """Check that a value is a number within bounds."""
    require(
        is_number(value) and low <= value <= high,
        name,
        f"must be a number of seconds from {low:g} to {high:g}",
    )


def positive_seconds(name: str, value: object) -> float:
    """Return the seconds of a lifetime.

    Args:
        name: The argument, for the message.
        value: The lifetime.

    Raises:
        AuthConfigError: It is not a positive timedelta.
    """
    if not isinstance(value, timedelta) or value <= timedelta():
        raise AuthConfigError("must be a positive timedelta", field=name)
    return value.total_seconds()


def check_object(name: str, value: object, methods: Collection[str], example: str) -> None:
    """Check that a value is an object with some methods. A class has them, too, and is refused.

    Args:
        name: The argument, for the message.
        value: The value.
        methods: The names of the methods.
        example: An object that fits, such as ``MemoryStorage()``.

    Raises:
        AuthConfigError: It is not such an object.
    """
    if isinstance(value, type):
        raise AuthConfigError(
            f"must be an object such as {example}, not the class {value.__name__}", field=name
        )
    missing = [method for method in methods if not callable(getattr(value, method, None))]
    if missing:
        kind = type(value).__name__
        raise AuthConfigError(
            f"must be an object such as {example}: {kind} has no {missing[0]}()", field=name
        )


def check_clock(clock: object) -> None:
    """Check that a clock is None or a function."""
    is_clock = clock is None or (callable(clock) and not isinstance(clock, type))
    require(is_clock, "clock", "must be a function that returns seconds, such as time.time")


def is_loopback(host: str | None) -> bool:
    """Return whether a host name is this machine's own (RFC 1122, RFC 6761)."""
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, not an address: 127.example.com may be any machine
        return host == "localhost" or host.endswith(".localhost")


def check_url(name: str, url: object, *, allow_http: bool, allow_query: bool = False) -> None:
    """Check the URL of a service.

    Args:
        name: The field, for the message.
        url: The URL.
        allow_http: Whether plain http to another machine is allowed.
        allow_query: Whether the URL may have a query, which a URL with an appended path may not.

    Raises:
        AuthConfigError: It is not such a URL.
    """
    parts = _split(url)
    if parts is None or not isinstance(url, str):
        raise AuthConfigError(
            "must be an http or https URL with a host, without blanks, its port from 1 to 65535", field=name
        )
    require("@" not in parts.netloc, name, "must not hold credentials")
    require(
        "#" not in url and (allow_query or "?" not in url),
        name,
        "must not hold a fragment" if allow_query else "must not hold a query or a fragment",
    )
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname):
        raise AuthConfigError(
            "is plain http beyond this machine; set allow_insecure_http=True if that is meant", field=name
        )


def _split(url: object) -> SplitResult | None:
    """Split an http or https URL; None if it is malformed."""
    if not isinstance(url, str) or not is_text(url) or _NOT_IN_A_URL.search(url):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        if ":" in host:
            ipaddress.IPv6Address(host)
    except ValueError:
        return None
    # Text beside the brackets of an IPv6 address is not part of `hostname`, and some clients connect to it.
    authority = parts.netloc.rpartition("@")[2]
    is_one = parts.scheme in {"http", "https"} and port != 0 and _AUTHORITY.fullmatch(authority)
    return parts if is_one else None
