"""``aiocognito codes`` and ``aiocognito clock``: the messages and the clock of a running emulator."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from .._config_checks import is_number
from .._urls import shown_url
from .failure import CommandError

DEFAULT_URL: Final = "http://127.0.0.1:9229"
TOKEN_VARIABLES: Final = ("AIOCOGNITO_EMULATOR_TOKEN", "AWS_ACCESS_KEY_ID")
# The first one that is set counts, as for the library's own requests.
_CA_VARIABLES: Final = ("AWS_CA_BUNDLE", "SSL_CERT_FILE")
# What every message has.
_MEMBERS: Final = frozenset({"medium", "to", "code", "purpose", "username"})
# Seconds.
_POLL: Final = 0.5
_TIMEOUT: Final = 10.0


def url_of(given: str | None, environ: Mapping[str, str] = os.environ) -> str:
    """Return the emulator's URL: the option's, that of the environment, or the default one."""
    return (given or environ.get("COGNITO_USER_POOL_ENDPOINT") or DEFAULT_URL).rstrip("/")


def messages(url: str, environ: Mapping[str, str] = os.environ) -> list[dict[str, Any]]:
    """Return the messages of a running emulator, the newest last.

    Raises:
        CommandError: It cannot be reached, or refuses.
    """
    found: Any = _request(url, environ, "GET", "/_emulator/messages")
    if isinstance(found, list) and all(isinstance(each, dict) and each.keys() >= _MEMBERS for each in found):
        return found
    raise _not_an_emulator(url)


def lines(found: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each message."""
    for message in found:
        yield (
            f"{message['medium']} to {message['to']}: {message['code']}   "
            f"({message['purpose']}, for {message['username']})"
        )


def follow(
    url: str,
    show: Callable[[str], None],
    *,
    environ: Mapping[str, str] = os.environ,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Print the messages of a running emulator as they are sent, until Ctrl-C.

    Args:
        url: The emulator's URL.
        show: Called with every line.
        environ: Where its token may be.
        sleep: Waits between two requests.

    Raises:
        CommandError: It cannot be reached any longer.
    """
    seen = 0
    while True:
        found = messages(url, environ)
        # An emulator that was started again begins with none.
        seen = seen if seen <= len(found) else 0
        for line in lines(found[seen:]):
            show(line)
        seen = len(found)
        sleep(_POLL)


def advance(url: str, seconds: int, environ: Mapping[str, str] = os.environ) -> str:
    """Move the clock of a running emulator forward; return its new time in words.

    Args:
        url: The emulator's URL.
        seconds: By how many seconds.
        environ: Where its token may be.

    Raises:
        CommandError: It cannot be reached, or refuses.
    """
    response = _request(url, environ, "POST", "/_emulator/clock", {"advance": seconds})
    now = response.get("now") if isinstance(response, dict) else None
    if not is_number(now):
        raise _not_an_emulator(url)
    return datetime.fromtimestamp(now, UTC).strftime("it is now %Y-%m-%d %H:%M:%S UTC for the emulator")


def _request(url: str, environ: Mapping[str, str], method: str, path: str, body: object = None) -> Any:
    """Send a request, and return the JSON of the response; None if it is not JSON."""
    token = next((environ[name] for name in TOKEN_VARIABLES if environ.get(name)), None)
    headers = {} if token is None else {"X-Emulator-Token": token}
    try:
        # A proxy of the environment knows no emulator on this machine.
        with httpx.Client(timeout=_TIMEOUT, trust_env=False, verify=_tls(url, environ)) as http:
            response = http.request(method, url + path, json=body, headers=headers)
    except httpx.InvalidURL:
        problem = f"{shown_url(url)} is not a URL: name the emulator's with --url"
    except httpx.HTTPError as error:
        problem = f"no emulator answers at {shown_url(url)} ({error}): start one, or name another with --url"
    else:
        if response.status_code == 200:
            return _json(response)
        hint = (
            f": set {TOKEN_VARIABLES[0]} to the token that it printed" if response.status_code == 401 else ""
        )
        problem = f"{shown_url(url)} answered {response.status_code}: {response.text[:200]}{hint}"
    raise CommandError(problem)


def _json(response: httpx.Response) -> Any:
    with suppress(ValueError):
        return response.json()
    return None


def _not_an_emulator(url: str) -> CommandError:
    return CommandError(f"the server at {shown_url(url)} is not an emulator: name the emulator's with --url")


def _tls(url: str, environ: Mapping[str, str]) -> ssl.SSLContext | bool:
    """Return which certificates to trust: those that the environment names, else httpx's own."""
    name = next((name for name in _CA_VARIABLES if environ.get(name)), None)
    if name is None or not url.startswith("https:"):
        return True
    try:
        return ssl.create_default_context(cafile=environ[name])
    except OSError as error:
        problem = error.strerror or type(error).__name__
    raise CommandError(f"{name}: cannot be read ({problem}): let it name a file of CA certificates in PEM")
