"""``aiocognito decode`` and ``aiocognito verify``: what is in a token, and whether to accept it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from .. import _base64url, _clocks
from .._config import AuthConfig
from .._config_checks import is_number
from .._jwt import decode_jwt
from .._verifier import TokenVerifier
from ..errors import AuthError, JwksUnavailableError, TokenVerificationError
from .failure import CommandError
from .words import moment

_NOT_A_JWT: Final = "this is not a JSON Web Token (a refresh token is not one)"
_TIMES: Final = frozenset({"auth_time", "exp", "iat", "nbf"})


def clean(text: str) -> str:
    """Return the token in a text: without blanks around it, and without ``Authorization: Bearer``.

    Raises:
        CommandError: The text is empty.
    """
    token = text.strip()
    for prefix in ("Authorization:", "authorization:", "Bearer ", "bearer "):
        token = token.removeprefix(prefix).strip()
    if not token:
        raise CommandError(
            "no token on the standard input: pipe one to the command, as in `pbpaste | aiocognito decode -`"
        )
    return token


def decoded(token: str, now: float | None = None) -> Iterator[str]:
    """Yield the lines that describe a token, times in words. The token is not verified.

    Args:
        token: The token.
        now: The present time, in seconds since 1970.

    Raises:
        CommandError: It is not a JSON Web Token.
    """
    present = _clocks.now() if now is None else now
    header = _header(token)
    payload = _payload(token)
    yield "header"
    yield from _members(header, present)
    yield "claims"
    yield from _members(payload, present)
    yield _state(payload, present)
    yield "The signature was not verified: aiocognito verify - --use access does that."


def _header(token: str) -> Mapping[str, Any]:
    try:
        header = json.loads(_base64url.decode(token.partition(".")[0].encode()))
    except ValueError:
        header = None
    if not isinstance(header, Mapping):
        raise CommandError(_NOT_A_JWT)
    return header


def _payload(token: str) -> Mapping[str, Any]:
    with suppress(AuthError):
        return decode_jwt(token).payload
    raise CommandError(_NOT_A_JWT)


def _members(members: Mapping[str, Any], now: float) -> Iterator[str]:
    width = max(map(len, members), default=0)
    for name, value in members.items():
        text = json.dumps(value, ensure_ascii=True)
        if name in _TIMES and is_number(value):
            text = f"{text}  ({moment(value, now)})"
        # A claim's name comes from the token: control characters must not reach the terminal.
        yield f"  {name.encode('unicode_escape').decode():<{width}}  {text}"


def _state(payload: Mapping[str, Any], now: float) -> str:
    expires = payload.get("exp")
    if not is_number(expires):
        return "It has no time of expiry."
    return f"It {'expired' if expires <= now else 'expires'} {moment(expires, now).rpartition(', ')[2]}."


async def verified(
    token: str,
    config: AuthConfig,
    *,
    use: str,
    groups: tuple[str, ...] = (),
    scopes: tuple[str, ...] = (),
) -> str:
    """Verify a token as a service with this configuration would; return a sentence about it.

    Args:
        token: The token.
        config: Names the user pool and the app client.
        use: ``access`` or ``id``.
        groups: At least one of these must be among the user's groups.
        scopes: All of these must be among the token's scopes.

    Raises:
        CommandError: The token is refused, or cannot be verified.
    """
    options: dict[str, Any] = {"token_use": use, "groups": groups or None, "scopes": scopes or None}
    if config.user_pool_client_id is None:
        raise CommandError(
            "COGNITO_CLIENT_ID is not set: set it, because tokens of other app clients must be refused"
        )
    try:
        async with TokenVerifier.from_config(config, **options) as verifier:
            claims = await verifier.verify(token)
    except JwksUnavailableError as error:
        problem = f"not checked: the user pool's keys could not be fetched: {error}"
    except TokenVerificationError as error:
        problem = f"refused: {_refusal(error)}"
    except AuthError as error:
        problem = f"not checked: {error}"
    else:
        who = (
            claims.get("username")
            or claims.get("cognito:username")
            or claims.get("client_id")
            or claims["sub"]
        )
        return f"accepted: {use} token of {who}, {moment(float(claims['exp']), _clocks.now())}"
    raise CommandError(problem)


def _refusal(error: TokenVerificationError) -> str:
    parts = [str(error)]
    if error.recovery_suggestion:
        parts.append(error.recovery_suggestion)
    return " ".join(parts)
