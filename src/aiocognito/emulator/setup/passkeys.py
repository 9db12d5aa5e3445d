"""The passkeys of a set-up's users: their private keys are a test's, the emulator has the public ones."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import TYPE_CHECKING, Final

from anyio import to_thread

from .. import passkeys
from ..errors import ApiError
from ..records import Passkey
from .errors import SetupError

if TYPE_CHECKING:
    from ..pool import UserPool
    from .document import PasskeySetup, UserSetup

_LONGEST_ID: Final = 1023  # WebAuthn, section 4: credential id
_MISSING: Final = (
    "{}: passkeys need WEB_AUTHN in settings.Policies.SignInPolicy.AllowedFirstAuthFactors, and "
    "RelyingPartyId in settings.WebAuthnConfiguration"
)


async def read(pool: UserPool, user: UserSetup, now: float) -> dict[str, Passkey]:
    """Return a user's passkeys, by credential id.

    Args:
        pool: The user pool.
        user: The user.
        now: When they are registered, in seconds since 1970.

    Raises:
        SetupError: One is malformed, or there twice, or the pool does not accept passkeys.
    """
    if not user.passkeys:
        return {}
    rp_id = _relying_party(pool, user.where)
    found: dict[str, Passkey] = {}
    for setup in user.passkeys:
        # It loads the fido2 library.
        passkey = await to_thread.run_sync(_passkey, setup, rp_id, now)
        if passkey.id in found:
            raise SetupError(f"{setup.where}: this id is there twice: remove one")
        found[passkey.id] = passkey
    if len(found) > passkeys.MOST:
        raise SetupError(
            f"{user.where}: passkeys has {len(found)} entries: a user has at most {passkeys.MOST}"
        )
    return found


def _relying_party(pool: UserPool, where: str) -> str:
    try:
        return passkeys.relying_party(pool)
    except ApiError:
        problem = SetupError(_MISSING.format(where))
    raise problem


def _passkey(setup: PasskeySetup, rp_id: str, now: float) -> Passkey:
    credential_id = _decoded(setup.id)
    if credential_id is None or not 0 < len(credential_id) <= _LONGEST_ID:
        raise SetupError(f"{setup.where}: id must be the credential's id in base64url")
    key = _decoded(_without_armor(setup.public_key))
    try:
        return passkeys.from_public_key(credential_id, key or b"", rp_id, now)
    except ValueError:
        problem = SetupError(
            f"{setup.where}: public_key must be a public key of ES256 (on the curve P-256) or RS256, in PEM, "
            "or in base64url as getPublicKey() of a browser returns it"
        )
    raise problem


def _without_armor(text: str) -> str:
    """Return the base64 of a key in PEM."""
    return "".join(line for line in text.split("\n") if not line.startswith("-----")).replace("\r", "")


def _decoded(text: str) -> bytes | None:
    """Decode base64 or base64url, padded or not."""
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
