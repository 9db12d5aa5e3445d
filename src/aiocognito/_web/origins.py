"""Origins and the Host header (RFC 6454, RFC 9110), read strictly."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from attrs import frozen

from .._config_checks import is_loopback
from ..errors import AuthConfigError

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:(?P<port>[0-9]{1,5}))?", re.IGNORECASE)
_ORIGIN: Final = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#@\\\s]+)", re.IGNORECASE)


@frozen
class Host:
    """A host and a port; ``port`` is None if the text names none."""

    name: str
    port: int | None

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine's own."""
        return is_loopback(self.name.strip("[]"))

    @property
    def is_address(self) -> bool:
        """Whether the host is an IP address, which has no parent domains."""
        return self.name.startswith("[") or self.name.replace(".", "").isdigit()


@frozen
class Origin:
    """An origin with the scheme http or https."""

    scheme: str
    host: Host

    @property
    def port(self) -> int:
        """The port, by default the scheme's."""
        return _DEFAULT_PORTS[self.scheme] if self.host.port is None else self.host.port

    def __str__(self) -> str:
        default = self.port == _DEFAULT_PORTS[self.scheme]
        return f"{self.scheme}://{self.host.name}" + ("" if default else f":{self.port}")


def read_host(text: str) -> Host | None:
    """Return a host with its port; None if the text is not one."""
    match = _HOST.fullmatch(text)
    if match is None:
        return None
    return Host(match["name"].lower(), int(match["port"]) if match["port"] else None)


def read_origin(text: str) -> Origin | None:
    """Return an origin; None if the text is not one, as the opaque origin ``null``."""
    match = _ORIGIN.fullmatch(text)
    host = read_host(match["host"]) if match else None
    return Origin(match["scheme"].lower(), host) if match and host else None


def is_same_host(origin: Origin, host: Host) -> bool:
    """Return whether host and port are the same. The schemes are not compared.

    A server behind a proxy that ends TLS does not see the browser's scheme. The default port of both is
    that of the origin's scheme.
    """
    return (origin.host.name, origin.port) == (host.name, Origin(origin.scheme, host).port)


def check_origin(name: str, text: object) -> Origin:
    """Return an origin of the configuration.

    Raises:
        AuthConfigError: The text is not an origin.
    """
    origin = read_origin(text.removesuffix("/")) if isinstance(text, str) else None
    if origin is None:
        raise AuthConfigError(
            # The text is not repeated: a URL may have a password.
            "must be an origin, with scheme, host and port alone, such as 'https://shop.example.com'",
            field=name,
        )
    return origin


def check_origins(name: str, texts: object) -> frozenset[str]:
    """Return the origins of the configuration as browsers send them.

    Raises:
        AuthConfigError: A text is not an origin, or one text is given in place of a list.
    """
    if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
        raise AuthConfigError("must be a list of origins, such as ['https://shop.example.com']", field=name)
    return frozenset(str(check_origin(name, each)) for each in texts)
