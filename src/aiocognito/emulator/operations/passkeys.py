"""One's own passkeys: registered, listed, deleted."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from anyio import to_thread

from .. import paging, passkeys
from ..errors import ApiError, invalid_parameter, not_found
from ..records import Ceremony
from ..state import EmulatorState
from ..tokens import bearer

_SECONDS: Final = 60.0


async def StartWebAuthnRegistration(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Make the options with which a browser makes a passkey."""
    who = await bearer.authorize(world, given["AccessToken"])
    user = who.user
    rp_id = passkeys.relying_party(who.pool)
    if len(user.passkeys) >= passkeys.MOST:
        raise ApiError("LimitExceededException", "The user has the most passkeys that there can be.")
    challenge = passkeys.encode(secrets.token_bytes(32))
    user.registration = Ceremony(
        challenge, rp_id, passkeys.user_verification(who.pool), who.client.id, world.clock() + _SECONDS
    )
    known = [{"type": "public-key", "id": kept} for kept in user.passkeys]
    options = {
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": user.registration.user_verification,
        },
        "challenge": challenge,
        "excludeCredentials": known,
        "pubKeyCredParams": [{"alg": alg, "type": "public-key"} for alg in passkeys.ALGORITHMS],
        "rp": {"id": rp_id, "name": rp_id},
        "timeout": int(_SECONDS * 1000),
        "user": {
            "displayName": user.username,
            "id": passkeys.encode(user.sub.encode()),
            "name": user.username,
        },
    }
    return {"CredentialCreationOptions": options}


async def CompleteWebAuthnRegistration(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take the passkey that the browser made; the challenge is good for one answer."""
    who = await bearer.authorize(world, given["AccessToken"])
    user = who.user
    ceremony, user.registration = user.registration, None
    if ceremony is None or world.clock() >= ceremony.expires:
        raise ApiError("WebAuthnChallengeNotFoundException", "There is no challenge to answer.")
    if ceremony.client_id != who.client.id:
        raise ApiError("WebAuthnClientMismatchException", "The registration was begun with another client.")
    passkey = await to_thread.run_sync(passkeys.register, ceremony, given["Credential"], world.clock())
    if passkey.id in user.passkeys:
        raise invalid_parameter("The passkey is registered already.")
    user.passkeys[passkey.id] = passkey
    return {}


async def ListWebAuthnCredentials(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """List the passkeys, a page at a time."""
    who = await bearer.authorize(world, given["AccessToken"])
    entries = [passkey.described() for passkey in who.user.passkeys.values()]
    size = given.get("MaxResults") or passkeys.MOST
    return paging.page(entries, "Credentials", given.get("NextToken"), size, "NextToken")


async def DeleteWebAuthnCredential(world: EmulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    """Delete a passkey."""
    who = await bearer.authorize(world, given["AccessToken"])
    if who.user.passkeys.pop(given["CredentialId"], None) is None:
        raise not_found("Credential does not exist.")
    return {}
