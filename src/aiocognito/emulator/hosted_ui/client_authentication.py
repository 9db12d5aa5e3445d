"""Which app client asks, and the proof that it is that one (RFC 6749, 2.3)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from ..errors import ApiError
from .oauth_errors import OAuthError, invalid_client, invalid_request

if TYPE_CHECKING:
    from ..clients import AppClient
    from ..pool import UserPool
    from ..state import EmulatorState


def authenticate(
    state: EmulatorState, form: Mapping[str, str], authorization: str | None, *, status: int
) -> tuple[UserPool, AppClient]:
    """Find the client that asks: by HTTP Basic, or by its id, and secret, in the form; never by both.

    Args:
        state: The emulator's state.
        form: The request's parameters.
        authorization: The header, if there is one.
        status: The HTTP status of ``invalid_client``.

    Raises:
        OAuthError: It is unknown, or has not proved to be itself.
    """
    given = form.get("client_id")
    secret = form.get("client_secret")
    if authorization is None:
        if given is None:
            raise invalid_request()
        return _known(state, given, [secret], status)
    client_id, offered = _basic(authorization, status)
    # No request may use two ways at once, nor name two clients.
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
    # RFC 6749 has both encoded as in forms. Many send them bare, and a secret may hold a plus sign.
    return unquote_plus(client_id), [secret or None, unquote_plus(secret) or None]


def _known(
    state: EmulatorState, client_id: str, offered: list[str | None], status: int
) -> tuple[UserPool, AppClient]:
    refusal: OAuthError = invalid_client(status)
    try:
        pool, client = state.client(client_id)
    except ApiError:
        raise refusal from None
    if not any([client.knows_secret(secret) for secret in offered]):  # noqa: C419 - each is looked at
        raise refusal
    return pool, client
