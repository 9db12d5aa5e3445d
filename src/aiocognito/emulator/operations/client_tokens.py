"""Tokens for app clients themselves: the client-credentials grant as an operation."""

from __future__ import annotations

from typing import Any

from ..errors import ApiError, invalid_parameter, not_authorized
from ..registration import operation
from ..request_context import RequestContext
from ..tokens import issue, scopes


@operation("GetClientToken")
async def get_client_token(context: RequestContext) -> dict[str, Any]:
    """Issue an access token for an app client, as the token endpoint does."""
    pool, client = context.pool_and_client()
    if not client.secrets or not client.knows_secret(context.members["Secret"]):
        raise not_authorized(f"Unable to verify secret hash for client {client.id}")
    if not client.grants("client_credentials"):
        raise invalid_parameter("The client_credentials flow is not enabled for this client.")
    granted = scopes.of_machine(pool, client, context.members.get("Scopes"))
    if granted is None:
        raise invalid_parameter("The client does not have the scopes.")
    try:
        result = await issue.machine(context.state, pool, client, granted, metadata=context.metadata)
    except ApiError as refusal:
        # The operation declares no error of a trigger.
        raise invalid_parameter(refusal.message) from refusal
    return {"ClientAuthenticationResult": result}
