"""Authentication of app clients at the OAuth endpoints (RFC 6749, 2.3)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from ..errors import ApiError
from .oauth_errors import invalid_client, invalid_request

if TYPE_CHECKING:
    from ..clients import AppClient
    from ..pool import UserPool
    from ..state import EmulatorState


def authenticate(
    state: EmulatorState, form: Mapping[str, str], authorization: str | None, *, status: int
) -> tuple[UserPool, AppClient]:
    """Return the app client of a request, which authenticates with HTTP Basic or in the form, but not both.

    Args:
        state: The emulator's state.
        form: The request's parameters.
        authorization: The header, if there is one.
        status: The HTTP status of ``invalid_client``.

    Raises:
        OAuthError: The client is unknown, its secret is wrong, or the request uses both methods.
    """
    given = form.get("client_id")
    secret = form.get("client_secret")
    if authorization is None:
        if given is None:
            raise invalid_request()
        return _known(state, given, [secret], status)
    client_id, offered = _basic(authorization, status)
    # A request must not use two methods, nor name two clients (RFC 6749, 2.3).
    if secret is not None or given not in {None, client_id}:
        raise invalid_request()
    return _known(state, client_id, offered, status)


def _basic(header: str, status: int) -> tuple[str, list[str | None]]:
    scheme, _, encoded = header.partition(" ")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:
        pair = ""
    client_id, colon, secret = pair.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise invalid_client(status)
    # RFC 6749, 2.3.1, encodes both as in forms. Many clients do not, and a secret can contain a plus sign.
    return unquote_plus(client_id), [secret or None, unquote_plus(secret) or None]


def _known(
    state: EmulatorState, client_id: str, offered: list[str | None], status: int
) -> tuple[UserPool, AppClient]:
    try:
        pool, client = state.client(client_id)
    except ApiError:
        raise invalid_client(status, f"the app client {client_id!r} does not exist") from None
    # All are compared, so that the time does not tell which of them is right.
    known = [client.knows_secret(secret) for secret in offered]
    if not any(known):
        why = "the client secret is wrong or missing" if client.secrets else "the app client has no secret"
        raise invalid_client(status, why)
    return pool, client
