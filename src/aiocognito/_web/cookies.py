"""The cookies of a session: their names and attributes, how they are read, and how duplicates are removed."""

import logging
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal

from attrs import field, frozen

from .._config_checks import is_loopback, is_number
from .._public import public
from .._session.keys import is_secret
from ..errors import AuthConfigError
from .origins import Host, Origin
from .request import WebRequest

logger = logging.getLogger(__name__)

DEVICE_SUFFIX: Final = "-device"
DEVICE_SECONDS: Final = 365 * 86_400
DEFAULT_NAME: Final = "aiocognito"
HOST_PREFIX: Final = "__Host-"
# More expired cookies than these would make a header that proxies refuse.
MAX_EXPIRED: Final = 40
# Longer headers are not remembered.
MAX_CACHED: Final = 400
# The names that Starlette's test client gives to its ends of a connection.
_TEST_HOST: Final = "testserver"
_TEST_PEER: Final = "testclient"
# RFC 6265, section 4.1.1: a name is a token.
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_NOT_IN_PATH: Final = re.compile(r"[\x00-\x1f\x7f;]")
_PATH: Final = re.compile(r"/[!-:<-~]*")


@public("aiocognito.integrations")
@frozen(kw_only=True)
class CookiePolicy:
    """The names and attributes of the cookies (RFC 6265bis).

    Both cookies are ``HttpOnly``. The cookie of the device token has the same attributes, the name with
    ``-device`` appended, and lives for a year.

    Args:
        name: The session cookie's name. By default ``__Host-aiocognito`` where the cookie is secure, has no
            ``domain`` and the path ``/``; elsewhere ``aiocognito``.
        max_age: Seconds that the browser keeps the session cookie; by default the session's ttl.
        secure: Whether browsers send the cookies over https only. ``"auto"`` is True unless the request
            came over plain http from this machine to this machine, and not through a proxy.
        samesite: ``"lax"``, ``"strict"`` or ``"none"``.
        domain: The domain whose hosts all get the cookies; by default only the host that set them.
        path: The path below which browsers send the cookies.

    Raises:
        AuthConfigError: A value is malformed, or a name with a prefix cannot have it.
    """

    name: str | None = None
    max_age: float | None = None
    secure: bool | Literal["auto"] = "auto"
    samesite: Literal["lax", "strict", "none"] = "lax"
    domain: str | None = None
    path: str = "/"

    def __attrs_post_init__(self) -> None:
        name = self.name
        _require(
            name is None or (isinstance(name, str) and bool(_NAME.fullmatch(name))),
            "name",
            "must be a cookie name of ASCII letters, digits and hyphens",
        )
        age = self.max_age
        _require(
            age is None or (is_number(age) and 1 <= age < 1e10),
            "max_age",
            "must be a positive number of seconds",
        )
        _require(self.secure in (True, False, "auto"), "secure", "must be True, False or 'auto'")
        _require(self.samesite in ("lax", "strict", "none"), "samesite", "must be 'lax', 'strict' or 'none'")
        _require(
            self.domain is None or (isinstance(self.domain, str) and bool(_DOMAIN.fullmatch(self.domain))),
            "domain",
            "must be a host name in lower case without a leading dot, such as 'example.com'",
        )
        _require(
            isinstance(self.path, str) and bool(_PATH.fullmatch(self.path)),
            "path",
            "must begin with '/', and have neither blanks nor ';'",
        )
        _require(
            not (self.samesite == "none" and self.secure is False),
            "secure",
            "must not be False with samesite='none': browsers refuse such a cookie",
        )
        self._check_prefix()

    def _check_prefix(self) -> None:
        name = (self.name or "").lower()
        if name.startswith(HOST_PREFIX.lower()):
            possible = self.domain is None and self.path == "/" and self.secure is not False
            _require(
                possible,
                "name",
                f"a cookie named {HOST_PREFIX}… must be secure, with the path '/' and without a domain",
            )
        if name.startswith("__secure-"):
            _require(self.secure is not False, "name", "a cookie named __Secure-… must be secure")

    @property
    def is_always_secure(self) -> bool:
        """Whether the cookies are secure over plain http on this machine, too."""
        if self.secure != "auto":
            return self.secure
        return self.samesite == "none" or (self.name or "").lower().startswith(("__host-", "__secure-"))


def _require(condition: bool, name: str, message: str) -> None:
    if not condition:
        raise AuthConfigError(message, field=f"cookies.{name}")


@frozen
class CookieNames:
    """The names of a request's cookies, and whether they are secure."""

    session: str
    device: str
    secure: bool


# What stands for the value of a cookie that was sent more than once. It has not the form of a key.
REPEATED: Final = "\n"


def make_names(policy: CookiePolicy, *, secure: bool) -> CookieNames:
    """Return the names of secure cookies, or of others."""
    name = policy.name
    if name is None:
        plain = not secure or policy.domain is not None or policy.path != "/"
        name = DEFAULT_NAME if plain else HOST_PREFIX + DEFAULT_NAME
    return CookieNames(name, name + DEVICE_SUFFIX, secure)


def is_secure(policy: CookiePolicy, request: WebRequest, public_origin: Origin | None) -> bool:
    """Return whether the cookies for a request are secure.

    Args:
        policy: The cookie policy.
        request: The request.
        public_origin: The public origin of this service, if it is configured.
    """
    if policy.secure != "auto":
        return policy.secure
    if request.scheme == "https" or policy.is_always_secure:
        return True
    return (public_origin is not None and public_origin.scheme == "https") or not is_local(request)


def is_local(request: WebRequest) -> bool:
    """Return whether a request came over plain http from this machine to this machine, without a proxy.

    Starlette's test client counts as this machine.
    """
    if request.scheme != "http":
        return False
    host = request.host
    return (
        host is not None
        and (host.is_loopback or host.name == _TEST_HOST)
        and (is_loopback(request.peer) or request.peer == _TEST_PEER)
        and not request.came_by_proxy
    )


@frozen
class SentCookies:
    """The session's cookie and the device's, as a request has them.

    Attributes:
        session: The session cookie's value; None if it was not sent, `REPEATED` if more than once.
        device: The device cookie's value, in the same way.
        session_key: The value of the session cookie if it has the form of a key, else None.
        device_token: The value of the device cookie if it has that form, else None.
        has_duplicates: Whether one of them was sent more than once.
    """

    session: str | None = field(repr=False)
    device: str | None = field(repr=False)
    session_key: str | None = field(repr=False)
    device_token: str | None = field(repr=False)
    has_duplicates: bool = False


def read_cookies(request: WebRequest, names: CookieNames) -> SentCookies:
    """Return the cookies of a request (RFC 6265, section 5.4)."""
    header = b""
    for name, value in request.headers:
        if name.lower() == b"cookie":
            header = header + b";" + value if header else value
    # Most requests of a session have the header of the one before.
    read = _read_again if len(header) <= MAX_CACHED else _read
    return read(header, names.session, names.device)


def _read(header: bytes, session_name: str, device_name: str) -> SentCookies:
    """Parse the header.

    Only blanks and tabs are removed around names: a parser that removes other white space lets another
    site's cookie take a name with a prefix.
    """
    session = device = None
    for pair in header.decode("latin-1").split(";"):
        name, equals, value = pair.partition("=")
        name = name.strip(" \t")
        if not equals:
            continue  # The value of a cookie without a name (RFC 6265bis, section 5.8.3).
        if name == session_name:
            session = value.strip(" \t") if session is None else REPEATED
        elif name == device_name:
            device = value.strip(" \t") if device is None else REPEATED
    key, token = (value if is_secret(value) else None for value in (session, device))
    return SentCookies(session, device, key, token, REPEATED in (session, device))


_read_again = lru_cache(maxsize=1024)(_read)


def set_cookie(name: str, value: str, policy: CookiePolicy, *, secure: bool, max_age: float) -> str:
    """Return a Set-Cookie header's value."""
    return _header(name, value, policy.path, policy.domain, policy, secure=secure, max_age=int(max_age))


def expired_cookies(name: str, policy: CookiePolicy, request: WebRequest, *, secure: bool) -> Iterator[str]:
    """Yield Set-Cookie values that remove cookies of one name other than this policy's own.

    A cookie of a parent domain, or of another path, which another host of the domain may have planted, is
    sent beside ours. The request does not say where a cookie belongs, so each possible place is expired.
    """
    places = [(domain, path) for domain in _domains(request.host) for path in _prefixes(request.path)]
    own = (policy.domain, policy.path)
    for domain, path in [place for place in places if place != own][:MAX_EXPIRED]:
        yield _header(name, "", path, domain, policy, secure=secure, max_age=0)


def _header(
    name: str, value: str, path: str, domain: str | None, policy: CookiePolicy, *, secure: bool, max_age: int
) -> str:
    parts = [f"{name}={value}", f"Path={path}"]
    if domain is not None:
        parts.append(f"Domain={domain}")
    parts += [f"Max-Age={max_age}", "HttpOnly", f"SameSite={policy.samesite.capitalize()}"]
    if secure:
        parts.append("Secure")
    return "; ".join(parts)


def _domains(host: Host | None) -> Sequence[str | None]:
    """Return None for the host alone, and the domains that a cookie for this host may have.

    A domain of one label, such as ``localhost``, has none: browsers take it for the host alone.
    """
    if host is None or host.is_address:
        return [None]
    labels = host.name.split(".")
    return [None, *(".".join(labels[start:]) for start in range(len(labels) - 1))]


def _prefixes(path: str) -> Sequence[str]:
    """Return the paths of cookies that are sent to a path, the shortest first.

    A cookie's path has neither ``;`` nor control characters: what follows one would be read as attributes.
    """
    path = _NOT_IN_PATH.split(path, maxsplit=1)[0]
    segments = [segment for segment in path.split("/") if segment]
    found = ["/"]
    for count in range(1, len(segments) + 1):
        prefix = "/" + "/".join(segments[:count])
        found += [prefix, f"{prefix}/"]
    return found


class SecureCookieWarning:
    """Logs once that browsers drop secure cookies that came over plain http."""

    __slots__ = ("_is_logged",)

    def __init__(self) -> None:
        self._is_logged = False

    def log_if_needed(self, request: WebRequest, secure: bool, public_origin: Origin | None) -> None:
        """Log the warning for the first secure cookie over plain http beyond this machine."""
        is_https = request.scheme == "https" or (
            public_origin is not None and public_origin.scheme == "https"
        )
        if self._is_logged or not secure or is_https or is_local(request):
            return
        self._is_logged = True
        logger.warning(
            "A secure cookie was sent over plain http, and browsers drop it. If a proxy ends TLS, let the"
            " server trust its headers (uvicorn --forwarded-allow-ips), or pass"
            " public_url='https://…'. If the site has no TLS, pass cookies=CookiePolicy(secure=False)."
        )
