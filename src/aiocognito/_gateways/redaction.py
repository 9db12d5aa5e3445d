"""Masks the secrets of a request in the messages about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

# Members of Cognito's requests whose value, or everything below it, is secret.
_SECRET = frozenset(
    {
        "AccessToken",
        "AuthParameters",
        "ChallengeResponses",
        "ClientSecret",
        "Code",
        "ConfirmationCode",
        "Credential",
        "DeviceSecretVerifierConfig",
        "EncodedData",
        "Logins",
        "Password",
        "PreviousPassword",
        "ProposedPassword",
        "RefreshToken",
        "SecretHash",
        "Session",
        "Token",
        "UserCode",
    }
)
# Members of AuthParameters and ChallengeResponses that are not secret.
_PUBLIC = frozenset({"USERNAME", "DEVICE_KEY", "PREFERRED_CHALLENGE", "TIMESTAMP"})

_MASK = "***"
# Messages are short texts for people. A longer one comes from a broken service.
MAX_MESSAGE = 1_000
# A value as short as this may be part of another word: it is masked only as a whole word.
_SHORT = 6


def scrub(message: str, request_body: bytes) -> str:
    """Mask the secrets of a request where a message about it quotes them, and bound its length.

    Args:
        message: The service's message.
        request_body: The JSON body of the request.
    """
    return mask(message, _secrets(json.loads(request_body), secret=False))


def mask(message: str, secrets: Iterable[str]) -> str:
    """Mask secrets where a message quotes them, as they are or as JSON or a form writes them.

    Args:
        message: A service's message.
        secrets: The values to mask.

    Returns:
        The message, of `MAX_MESSAGE` characters at most.
    """
    values = {form for secret in secrets if secret for form in _forms(secret)}
    # The longest first, so that no part of one is left when another is contained in it.
    for value in sorted(values, key=len, reverse=True):
        pattern = re.escape(value)
        message = re.sub(rf"(?<!\w){pattern}(?!\w)" if len(value) < _SHORT else pattern, _MASK, message)
    return bounded(message)


def bounded(message: str) -> str:
    """Return a message, cut to `MAX_MESSAGE` characters."""
    return message if len(message) <= MAX_MESSAGE else f"{message[: MAX_MESSAGE - 1]}…"


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    encoded = secret.encode(errors="replace")
    yield quote(encoded, safe="")
    yield quote_plus(encoded)


def _secrets(value: Any, *, secret: bool) -> Iterator[str]:
    match value:
        case dict():
            for name, member in value.items():
                yield from _secrets(member, secret=name in _SECRET or (secret and name not in _PUBLIC))
        case list():
            for member in value:
                yield from _secrets(member, secret=secret)
        case str() if secret and value:
            yield value
