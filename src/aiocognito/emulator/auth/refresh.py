"""REFRESH_TOKEN_AUTH: the older way to new tokens."""

from __future__ import annotations

from ..tokens import refresh
from .auth_request import AuthRequest
from .outcomes import Outcome
from .registry import flow


@flow("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN")
async def refresh_token_auth(request: AuthRequest) -> Outcome:
    """Issue new tokens for a refresh token. The secret hash is over the stored username: none is sent."""
    text = request.need("REFRESH_TOKEN")
    state, pool, client = request.state, request.pool, request.client
    # Recorded (Client secrets): a hash that is missing is reported before the token is looked at.
    client.require_hash(request.given.get("SECRET_HASH"))
    found = refresh.redeem(state, pool, client, text, device_key=request.given.get("DEVICE_KEY"))
    wrong = f"SecretHash does not match for the client: {client.id}"
    client.check_hash(found.user.username, request.given.get("SECRET_HASH"), wrong=wrong)
    result = await refresh.refresh(state, pool, client, found)
    return {"ChallengeParameters": {}, "AuthenticationResult": result}
