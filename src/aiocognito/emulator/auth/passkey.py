"""WEB_AUTHN: a passkey as the first factor."""

from __future__ import annotations

import json
import secrets
from typing import Any, Final

from anyio import to_thread

from .. import passkeys
from ..records import Ceremony
from . import complete
from .auth_request import AuthRequest

_MILLISECONDS: Final = 180_000


async def ask(turn: AuthRequest) -> dict[str, Any]:
    """Make the options with which a browser proves a passkey."""
    pool, world = turn.pool, turn.world
    challenge = passkeys.encode(secrets.token_bytes(32))
    ceremony = Ceremony(
        challenge,
        passkeys.relying_party(pool),
        passkeys.user_verification(pool),
        turn.client.id,
        world.clock() + turn.client.session_life,
    )
    options = {
        "challenge": challenge,
        "timeout": _MILLISECONDS,
        "rpId": ceremony.rp_id,
        "allowCredentials": [
            {"type": "public-key", "id": kept.id, "transports": list(kept.transports)}
            for kept in turn.person.passkeys.values()
        ],
        "userVerification": ceremony.user_verification,
    }
    parameters = {"CREDENTIAL_REQUEST_OPTIONS": json.dumps(options, separators=(",", ":"))}
    return turn.challenge("WEB_AUTHN", parameters, state=ceremony)


async def WEB_AUTHN(turn: AuthRequest) -> dict[str, Any]:
    """Judge an assertion; the challenge is good for one, right or wrong."""
    ceremony: Ceremony = turn.ticket.state
    text = turn.need("CREDENTIAL")
    turn.ticket.spent = True
    handle = turn.person.sub.encode()
    await to_thread.run_sync(passkeys.authenticate, ceremony, turn.person.passkeys, handle, text)
    return await complete.done(turn)
