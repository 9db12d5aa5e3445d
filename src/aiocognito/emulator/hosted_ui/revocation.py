"""``POST /oauth2/revoke``: revoke the tokens of one sign-in (RFC 7009)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ..errors import ApiError
from ..tokens import refresh
from .client_authentication import authenticate
from .forms import need
from .oauth_errors import OAuthError, invalid_client, invalid_request

if TYPE_CHECKING:
    from ..state import EmulatorState

# Documented (`/oauth2/userInfo`, `/oauth2/revoke`): 401 for a wrong client, 200 for an unknown token.
_STATUS: Final = 401


def answer(state: EmulatorState, form: Mapping[str, str], authorization: str | None) -> None:
    """Revoke a refresh token and every token of the same sign-in (RFC 7009).

    An unknown token is accepted as well (section 2.2).

    Args:
        state: The emulator's state.
        form: The request's parameters.
        authorization: The ``Authorization`` header.

    Raises:
        OAuthError: The request is refused.
    """
    text = need(form, "token")
    pool, client = authenticate(state, form, authorization, status=_STATUS)
    try:
        refresh.revoke(state, pool, client, text)
    except ApiError as refusal:
        raise _as_oauth_error(refusal) from None


def _as_oauth_error(refusal: ApiError) -> OAuthError:
    if refusal.code == "UnsupportedOperationException":
        return invalid_request()
    if refusal.code == "UnsupportedTokenTypeException":
        return OAuthError("unsupported_token_type")
    return invalid_client(_STATUS)
