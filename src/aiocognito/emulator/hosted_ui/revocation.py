"""``POST /oauth2/revoke``: the end of one sign-in's tokens (RFC 7009)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from .client_authentication import authenticate
from .forms import need
from .oauth_errors import OAuthError, invalid_client, invalid_request

if TYPE_CHECKING:
    from ..world import World

_JWS_PARTS: Final = 3


def answer(world: World, form: Mapping[str, str], authorization: str | None) -> None:
    """Revoke a refresh token, and all that came of the same sign-in; one that is unknown is no error.

    Args:
        world: The emulator's state.
        form: The request's parameters.
        authorization: The header, if there is one.

    Raises:
        OAuthError: It is refused.
    """
    text = need(form, "token")
    pool, client = authenticate(world, form, authorization, status=401)
    if not client.revokes:
        raise invalid_request()
    if len(text.split(".")) == _JWS_PARTS:
        raise OAuthError("unsupported_token_type")
    token = pool.tokens.refresh(text)
    if token is None:
        return
    if pool.tokens.grants[token.event_id].client_id != client.id:
        raise invalid_client(401)
    pool.tokens.revoke(token.event_id)
