"""Passkeys of the signed-in user: register, list and delete them."""

from __future__ import annotations

import secrets
from typing import Any, Final

from anyio import to_thread

from .. import base64url, passkeys, users
from ..errors import ApiError, invalid_parameter, not_found
from ..records import Ceremony
from ..registration import operation
from ..request_context import RequestContext
from ..tokens import bearer

_SECONDS: Final = 60.0


@operation("StartWebAuthnRegistration")
async def start_web_authn_registration(context: RequestContext) -> dict[str, Any]:
    """Return the options with which a browser creates a passkey."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    user = caller.user
    rp_id = passkeys.relying_party(caller.pool)
    if len(user.passkeys) >= passkeys.MOST:
        raise ApiError("LimitExceededException", "The user has the most passkeys that there can be.")
    challenge = base64url.encode(secrets.token_bytes(32))
    user.registration = Ceremony(
        challenge,
        rp_id,
        passkeys.user_verification(caller.pool),
        caller.client.id,
        context.state.clock() + _SECONDS,
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
            "id": base64url.encode(user.sub.encode()),
            "name": user.username,
        },
    }
    return {"CredentialCreationOptions": options}


@operation("CompleteWebAuthnRegistration")
async def complete_web_authn_registration(context: RequestContext) -> dict[str, Any]:
    """Store the passkey that the browser created; the challenge is good for one answer."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    user = caller.user
    ceremony, user.registration = user.registration, None
    if ceremony is None or context.state.clock() >= ceremony.expires:
        raise ApiError("WebAuthnChallengeNotFoundException", "No challenge is pending.")
    if ceremony.client_id != caller.client.id:
        raise ApiError("WebAuthnClientMismatchException", "The registration was begun with another client.")
    passkey = await to_thread.run_sync(
        passkeys.register, ceremony, context.members["Credential"], context.state.clock()
    )
    if passkey.id in user.passkeys:
        raise invalid_parameter("The passkey is registered already.")
    user.passkeys[passkey.id] = passkey
    return {}


@operation("ListWebAuthnCredentials")
async def list_web_authn_credentials(context: RequestContext) -> dict[str, Any]:
    """List the passkeys."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    entries = [passkey.described() for passkey in caller.user.passkeys.values()]
    return context.page(entries, "Credentials", most=passkeys.MOST, of=caller.user.sub)


@operation("DeleteWebAuthnCredential")
async def delete_web_authn_credential(context: RequestContext) -> dict[str, Any]:
    """Delete a passkey."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    if caller.user.passkeys.pop(context.members["CredentialId"], None) is None:
        raise not_found("Credential does not exist.")
    if not caller.user.passkeys:
        caller.user.drop_factor(users.PASSKEY_MFA)
    return {}
