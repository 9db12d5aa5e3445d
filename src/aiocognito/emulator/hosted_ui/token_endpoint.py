"""``POST /oauth2/token``: issue tokens for a code, a refresh token or a client secret (RFC 6749, 3.2)."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from .. import base64url
from ..errors import ApiError
from ..tokens import issue, refresh, scopes
from . import issuing
from .client_authentication import authenticate
from .forms import need
from .oauth_errors import OAuthError, invalid_client, invalid_grant, invalid_request, unauthorized_client

if TYPE_CHECKING:
    from ..authorization_codes import AuthorizationCode
    from ..clients import AppClient
    from ..pool import UserPool
    from ..state import EmulatorState

Form = Mapping[str, str]
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636, 4.1


async def answer(state: EmulatorState, form: Form, authorization: str | None) -> dict[str, Any]:
    """Answer one request.

    Args:
        state: The emulator's state.
        form: The request's parameters.
        authorization: The ``Authorization`` header.

    Raises:
        OAuthError: The request is refused.
    """
    name = need(form, "grant_type")
    status = state.assumptions.wrong_client_status
    pool, client = authenticate(state, form, authorization, status=status)
    if name not in _GRANTS:
        raise OAuthError("unsupported_grant_type")
    try:
        return await _GRANTS[name](state, pool, client, form)
    except ApiError as refusal:
        # Only a failed trigger raises an ApiError.
        raise invalid_request(refusal.message) from refusal


async def _authorization_code(
    state: EmulatorState, pool: UserPool, client: AppClient, form: Form
) -> dict[str, Any]:
    if not client.grants("code"):
        raise unauthorized_client(why="the flow `code` is not among the client's AllowedOAuthFlows")
    text, redirect_uri = need(form, "code"), need(form, "redirect_uri")
    verifier = form.get("code_verifier")
    if verifier is not None and not _VERIFIER.fullmatch(verifier):
        raise invalid_request()
    code = pool.hosted.codes.get(text)
    if code is None or code.client_id != client.id:
        raise invalid_grant("the code is unknown, or was issued to another app client")
    if code.spent:
        _end(state, pool, code)
        raise invalid_grant("the code was used before")
    _check_exchange(state, code, redirect_uri, verifier)
    code.spent = True
    user = pool.users.by_subject(code.sub)
    if user is None or not user.enabled or scopes.unreadable(client, code.scopes):
        raise invalid_grant("the user is gone or disabled, or the client may not read what a scope asks for")
    grant = issuing.new_grant(state, client, user, scopes=code.scopes, auth_time=code.auth_time)
    # Set before the tokens are made: a second request with the code must be able to revoke this sign-in.
    code.event_id = grant.event_id
    return await issuing.sign_in(state, pool, client, user, grant, nonce=code.nonce)


def _end(state: EmulatorState, pool: UserPool, code: AuthorizationCode) -> None:
    """Revoke the tokens of a code that is sent again: it may have been stolen (RFC 6749, 4.1.2)."""
    if code.event_id is not None and state.assumptions.code_reuse_revokes:
        pool.tokens.revoke(code.event_id)


# Documented (The token endpoint): another callback is unauthorized_client.
def _check_exchange(
    state: EmulatorState, code: AuthorizationCode, redirect_uri: str, verifier: str | None
) -> None:
    if state.clock() >= code.expires:
        raise invalid_grant("the code has expired")
    try:
        if redirect_uri != code.redirect_uri:
            why = "redirect_uri is not that of the authorization request"
            raise unauthorized_client("invalid_redirect", why=why)
        if not _proves(code.code_challenge, verifier):
            raise invalid_grant("code_verifier does not match code_challenge, or one of them is missing")
    except OAuthError:
        code.spent = state.assumptions.failed_exchange_burns_code
        raise


def _proves(challenge: str | None, verifier: str | None) -> bool:
    # A verifier without a challenge is a code that another party requested (RFC 9700, 2.1.1).
    if challenge is None or verifier is None:
        return challenge is verifier
    digest = hashlib.sha256(verifier.encode()).digest()
    made = base64url.encode(digest).encode()
    return hmac.compare_digest(made, challenge.encode())


async def _refresh_token(
    state: EmulatorState, pool: UserPool, client: AppClient, form: Form
) -> dict[str, Any]:
    if not client.is_oauth:
        raise unauthorized_client()
    try:
        found = refresh.redeem(state, pool, client, need(form, "refresh_token"))
    except ApiError as refusal:
        why = refusal.message
    else:
        return issuing.members(await refresh.refresh(state, pool, client, found))
    raise invalid_grant(why)


async def _client_credentials(
    state: EmulatorState, pool: UserPool, client: AppClient, form: Form
) -> dict[str, Any]:
    if not client.secrets:
        raise invalid_client(state.assumptions.wrong_client_status)
    if not client.grants("client_credentials"):
        raise unauthorized_client()
    granted = scopes.of_machine(pool, client, form["scope"].split() if "scope" in form else None)
    if granted is None:
        raise OAuthError(state.assumptions.machine_scope_error)
    return issuing.members(await issue.machine(state, pool, client, granted, metadata=_metadata(form)))


def _metadata(form: Form) -> dict[str, str] | None:
    if "aws_client_metadata" not in form:
        return None
    try:
        found = json.loads(form["aws_client_metadata"])
    except (ValueError, RecursionError):
        raise invalid_request() from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise invalid_request()
    return found


_GRANTS: Final[
    Mapping[str, Callable[[EmulatorState, UserPool, AppClient, Form], Awaitable[dict[str, Any]]]]
] = {
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
    "client_credentials": _client_credentials,
}
