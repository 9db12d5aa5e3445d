"""Bearer tokens in requests (RFC 6750): reading the header, and the response to a token that is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, Final

from attrs import frozen

from .._claims import ID, Claims
from .._verifier import TokenVerifier
from ..errors import (
    AuthConfigError,
    AuthError,
    TokenClientError,
    TokenExpiredError,
    TokenGroupError,
    TokenIssuerError,
    TokenMalformedError,
    TokenNotYetValidError,
    TokenScopeError,
    TokenUseError,
    TokenVerificationError,
    UserUnAuthenticatedException,
    http_status_for,
)
from .error_responses import error_document, error_headers

# RFC 9110, section 11.4, and the b64token of RFC 6750, section 2.1. The scheme's case does not matter.
_CREDENTIALS: Final = re.compile(r"(?i:bearer) +([A-Za-z0-9._~+/-]+=*)")
_BEARER: Final = re.compile(r"bearer(?![^ \t,])", re.IGNORECASE)
_OPTIONAL_SPACE: Final = " \t"  # RFC 9110, section 5.5: not part of a header's value

# Fixed texts: an error's own message quotes claims. RFC 6750 allows neither quotes nor other than ASCII.
_DESCRIPTIONS: Final[tuple[tuple[type[TokenVerificationError], str], ...]] = (
    (TokenExpiredError, "The token has expired."),
    (TokenNotYetValidError, "The token is not valid yet."),
    (TokenIssuerError, "The token was issued by another user pool."),
    (TokenClientError, "The token was issued to another app client."),
    (TokenUseError, "The token is of the other kind: access and id tokens do not replace each other."),
    (TokenGroupError, "The user is in none of the groups that this requires."),
    (TokenScopeError, "The token lacks a scope that this requires."),
    (TokenMalformedError, "The token is malformed."),
    (TokenVerificationError, "The token is not valid."),
)


class HeaderError(TokenMalformedError):
    """The header Authorization does not hold one bearer token; the message is a fixed text."""


class ClaimsError(TokenMalformedError):
    """A valid token lacks claims that this service requires; the message names only the service's own."""


@frozen
class Refusal:
    """The response to a request whose token is refused or could not be verified.

    Attributes:
        status: 401, 403 or 503.
        document: The JSON body, in the form of all errors.
        headers: ``WWW-Authenticate``, or ``Retry-After``, and ``Cache-Control``.
    """

    status: int
    document: dict[str, Any]
    headers: dict[str, str]


def bearer_token(values: Sequence[str]) -> str | None:
    """Return the token of a request; None if it has no bearer token.

    Args:
        values: The values of the header ``Authorization``, one for each time it was sent.

    Raises:
        TokenMalformedError: The header was sent twice, or is not one bearer token.
    """
    if not values:
        return None
    if len(values) > 1:
        raise HeaderError("The header Authorization was sent more than once.")
    value = values[0].strip(_OPTIONAL_SPACE)
    if not _BEARER.match(value):
        return None  # Another scheme, such as Basic.
    match = _CREDENTIALS.fullmatch(value)
    if match is None:
        raise HeaderError("The header Authorization must be 'Bearer', a space and one token.")
    return match[1]


async def verified_claims(
    values: Sequence[str],
    verifier: TokenVerifier,
    *,
    groups: Collection[str] = (),
    scopes: Collection[str] = (),
    optional: bool = False,
) -> Claims | None:
    """Return the claims of a request's token.

    Args:
        values: The values of the header ``Authorization``.
        verifier: Verifies the token.
        groups: The user must be in one of these groups, if any are given.
        scopes: The token must have all of these.
        optional: Whether a request may have no token; the result is then None. A refused token is an
            error all the same.

    Raises:
        UserUnAuthenticatedException: The request has no token.
        TokenVerificationError: The token is refused.
        JwksUnavailableError: The token could not be verified.
    """
    token = bearer_token(values)
    if token is None:
        if optional:
            return None
        raise UserUnAuthenticatedException(
            "The request has no bearer token.",
            recovery_suggestion="Send the header 'Authorization: Bearer ' with a token.",
        )
    claims = await verifier.verify(token)
    if groups and not set(groups) & set(claims.groups):
        raise TokenGroupError("none of the groups", claim="cognito:groups", expected=sorted(groups))
    missing = set(scopes).difference(claims.scopes)
    if missing:
        raise TokenScopeError("scopes are missing", claim="scope", expected=sorted(scopes))
    return claims


def required_names(values: object, field: str) -> frozenset[str]:
    """Return the names of groups or scopes that are required; none for None.

    Raises:
        AuthConfigError: A name is not text; or the collection is empty, and would require nothing.
    """
    if values is None:
        return frozenset()
    names = [values] if isinstance(values, str) else values
    if isinstance(names, Collection) and names and all(isinstance(each, str) and each for each in names):
        return frozenset(names)
    raise AuthConfigError("must be text, or a collection of texts that is not empty", field=field)


def required_scopes(values: object, token_use: str | None) -> frozenset[str]:
    """Return the scopes that tokens must have; none for None.

    Args:
        values: The scopes, as `required_names` takes them.
        token_use: ``access`` or ``id``; None for both.

    Raises:
        AuthConfigError: A scope is malformed, or scopes are asked of id tokens, which have none.
    """
    scopes = required_names(values, "scopes")
    if scopes and token_use == ID:
        raise AuthConfigError("id tokens have none", field="scopes")
    return scopes


def refusal_of(error: AuthError) -> Refusal:
    """Return the response to an error of `verified_claims`. It holds no part of the token."""
    status = http_status_for(error)
    document = error_document(error)
    headers = dict(error_headers(error, status))
    if status in (401, 403):
        document["message"] = _description(error)
        headers["www-authenticate"] = _challenge(error, document["message"])
    return Refusal(status, document, {**headers, "cache-control": "no-store"})


def _description(error: AuthError) -> str:
    if isinstance(error, HeaderError | ClaimsError | UserUnAuthenticatedException):
        return str(error)
    return next(text for kind, text in _DESCRIPTIONS if isinstance(error, kind))


def _challenge(error: AuthError, description: str) -> str:
    """Return the value of WWW-Authenticate (RFC 6750, section 3)."""
    if isinstance(error, UserUnAuthenticatedException):
        return "Bearer"  # Without an error code: the request lacks any authentication information.
    is_scope = isinstance(error, TokenGroupError | TokenScopeError)
    code = "insufficient_scope" if is_scope else "invalid_token"
    challenge = f'Bearer error="{code}", error_description="{description}"'
    if isinstance(error, TokenScopeError) and isinstance(error.expected, list):
        return f'{challenge}, scope="{" ".join(error.expected)}"'
    return challenge
