"""Keeps the secrets of a request out of what is said about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

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
# Beside the secrets in AuthParameters and ChallengeResponses: who signs in, from where, and how.
_PUBLIC = frozenset({"USERNAME", "DEVICE_KEY", "PREFERRED_CHALLENGE", "TIMESTAMP"})

_MASK = "***"
# A value as short as this may be part of an innocent word: it is masked where it stands alone.
_SHORT = 6


def scrub(message: str, request_body: bytes) -> str:
    """Mask the secrets of a request where a message about it quotes them.

    Args:
        message: What the service said.
        request_body: The JSON that it was sent.
    """
    values = set(_secrets(json.loads(request_body), secret=False))
    # The longest first, so that no part of one is left when another is contained in it.
    for value in sorted(values | {json.dumps(v)[1:-1] for v in values}, key=len, reverse=True):
        pattern = re.escape(value)
        message = re.sub(rf"(?<!\w){pattern}(?!\w)" if len(value) < _SHORT else pattern, _MASK, message)
    return message


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
