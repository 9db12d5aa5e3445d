"""WEB_AUTHN: a passkey as the first factor."""

from __future__ import annotations

import json
import secrets
from typing import Final

from anyio import to_thread

from .. import base64url, passkeys
from ..records import Ceremony
from .auth_request import AuthRequest
from .outcomes import Ask, Outcome, Proof, Proven
from .registry import challenge

# Documented (A passkey's proof): three minutes.
_MILLISECONDS: Final = 180_000


async def ask(request: AuthRequest, _ask: Ask) -> Outcome:
    """Ask for an assertion, with the options that a browser needs to make one."""
    pool, state = request.pool, request.state
    nonce = base64url.encode(secrets.token_bytes(32))
    ceremony = Ceremony(
        nonce,
        passkeys.relying_party(pool),
        passkeys.user_verification(pool),
        request.client.id,
        state.clock() + request.client.session_life,
    )
    options = {
        "challenge": nonce,
        "timeout": _MILLISECONDS,
        "rpId": ceremony.rp_id,
        "allowCredentials": [
            {"type": "public-key", "id": kept.id, "transports": list(kept.transports)}
            for kept in request.known_user.passkeys.values()
        ],
        "userVerification": ceremony.user_verification,
    }
    parameters = {"CREDENTIAL_REQUEST_OPTIONS": json.dumps(options, separators=(",", ":"))}
    return request.challenge("WEB_AUTHN", parameters, state=ceremony)


@challenge("WEB_AUTHN")
async def answer(request: AuthRequest) -> Outcome:
    """Judge an assertion; the challenge is good for one, right or wrong."""
    ceremony: Ceremony = request.answered.state
    text = request.need("CREDENTIAL")
    request.answered.spent = True
    user = request.known_user
    await to_thread.run_sync(passkeys.authenticate, ceremony, user.passkeys, user.sub.encode(), text)
    return Proven(Proof.PASSKEY)
