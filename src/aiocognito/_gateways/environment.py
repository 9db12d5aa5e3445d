"""The environment's settings for HTTP: proxies and trusted certificates.

Both HTTP clients, aiohttp for the AWS APIs and httpx for everything else, use these settings: the same proxy
and the same trusted certificates. Reading certificates blocks: do it in a thread.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from attrs import field, frozen

from .._config_checks import is_loopback
from ..errors import AuthConfigError

_PORTS: Final = {"https": 443, "http": 80}
# The first one that is set counts.
_CA_VARIABLES: Final = ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@frozen
class Proxy:
    """A proxy that the environment names.

    Attributes:
        url: The proxy's URL; it may hold a password.
        variable: The environment variable that names it.
    """

    url: str = field(repr=False)
    variable: str


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy for a URL, or None for a direct connection.

    ``HTTPS_PROXY`` or ``HTTP_PROXY`` counts, by the URL's scheme, then ``ALL_PROXY``; each in lower case
    first. Loopback hosts and what ``NO_PROXY`` lists are reached directly.

    Args:
        url: The URL of a request.

    Raises:
        AuthConfigError: The variable holds something that is not the URL of an HTTP proxy.
    """
    from urllib.request import getproxies_environment  # takes long to import, and is only needed here

    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
    proxies = getproxies_environment()
    kind = next((kind for kind in (parts.scheme, "all") if proxies.get(kind)), None)
    if kind is None or is_loopback(host) or _is_exempt(host, port, proxies.get("no", "")):
        return None
    name = f"{kind}_proxy"
    return _proxy(proxies[kind], name if os.environ.get(name) else name.upper())


def _proxy(value: str, variable: str) -> Proxy:
    text = value.strip()
    text = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(text)
        is_complete = bool(parts.hostname) and not re.search(r"[\s\x00-\x1f\x7f\\]", text) and parts.port != 0
    except ValueError:
        parts, is_complete = None, False
    # The value is not quoted: it may hold a password.
    if parts is None or not is_complete:
        raise AuthConfigError(
            "is not the URL of a proxy, such as http://proxy.example:3128",
            field=variable,
            recovery_suggestion=f"Correct or unset the environment variable {variable}.",
        )
    if parts.scheme not in _PORTS:
        raise AuthConfigError(
            f"names a {parts.scheme} proxy; only HTTP proxies (http://, https://) are supported",
            field=variable,
            recovery_suggestion=f"Set {variable} to an HTTP proxy, unset it, or list the host in NO_PROXY.",
        )
    return Proxy(text, variable)


def _is_exempt(host: str, port: int | None, no_proxy: str) -> bool:
    """Return whether ``NO_PROXY`` lists a host.

    Entries are separated by commas or blanks: ``*``; a name, which stands for its sub-domains, too; an
    address, with or without brackets; a network such as ``10.0.0.0/8``. A port may follow. An entry of
    another form matches no host.
    """
    return any(_lists(entry, host, port) for entry in re.split(r"[,\s]+", no_proxy) if entry)


def _lists(entry: str, host: str, port: int | None) -> bool:
    if entry == "*":
        return True
    # "[::1]:443", "[::1]", "example.com:443"; several colons without brackets are an IPv6 address.
    found = re.fullmatch(r"\[(?P<v6>.*)\](?::(?P<p6>\d+))?|(?P<name>[^:]*):(?P<p4>\d+)", entry)
    name = entry if found is None else found["v6"] or found["name"] or ""
    listed_port = None if found is None else found["p6"] or found["p4"]
    if listed_port is not None and int(listed_port) != port:
        return False
    address, network = _address(host), _network(name)
    if address is not None:
        return network is not None and address in network
    name = name.lower().removeprefix("*").removeprefix(".").rstrip(".")
    host = host.lower().rstrip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def tls_context(ca_bundle: str | None = None) -> ssl.SSLContext:
    """Return the TLS settings: which certificates are trusted. Blocks: call it in a thread.

    ``AWS_CA_BUNDLE`` counts, then ``SSL_CERT_FILE``, then ``SSL_CERT_DIR``; without them the bundle of
    certifi.

    Args:
        ca_bundle: A file or directory to trust instead.

    Raises:
        AuthConfigError: It cannot be read, or holds no certificates. The message names the variable.
    """
    environ = os.environ
    if ca_bundle is not None:
        is_variable = ca_bundle == environ.get("AWS_CA_BUNDLE")
        return _context(ca_bundle, "AWS_CA_BUNDLE" if is_variable else "ca_bundle")
    variable = next((name for name in _CA_VARIABLES if environ.get(name)), None)
    if variable is not None:
        return _context(environ[variable], variable)
    import certifi

    return _context(certifi.where(), "certifi")


@cache
def _context(path: str, name: str) -> ssl.SSLContext:
    is_directory = Path(path).is_dir()
    try:
        if not is_directory:
            Path(path).read_bytes()  # OpenSSL's own error does not describe what is wrong with a file
        return ssl.create_default_context(
            cafile=None if is_directory else path, capath=path if is_directory else None
        )
    except ssl.SSLError:
        problem = "holds no certificate in PEM form"
    except OSError as failure:
        problem = f"cannot be read ({failure.strerror or type(failure).__name__})"
    raise AuthConfigError(
        f"{problem}: {path}",
        field=name,
        recovery_suggestion=f"Let {name} name a file of CA certificates in PEM form, or unset it.",
    )
