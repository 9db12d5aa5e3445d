"""Client secrets: add, list and delete them. An app client has at most two, and both work."""

from __future__ import annotations

from typing import Any, Final

from ..clients import AppClient
from ..errors import ApiError, invalid_parameter, not_found
from ..randomness import LOWER, secret_text
from ..registration import operation
from ..request_context import RequestContext
from .app_clients import SECRET_LENGTH

_MOST: Final = 2


@operation("AddUserPoolClientSecret")
async def add_user_pool_client_secret(context: RequestContext) -> dict[str, Any]:
    """Add a second client secret; only one that is generated is returned."""
    _pool, client = context.pool_and_client()
    if not client.secrets:
        raise invalid_parameter(f"Client {client.id} was created without a secret.")
    if len(client.secrets) >= _MOST:
        raise ApiError("LimitExceededException", f"Client {client.id} has {_MOST} secrets already.")
    given = context.members.get("ClientSecret")
    secret = given or secret_text(SECRET_LENGTH, LOWER)
    times = client.times_of_secrets()
    client.secrets.append(secret)
    # The time is part of the id: two secrets of one second need two ids.
    client.secret_times = [*times, max(int(context.state.clock()), times[-1] + 1)]
    descriptor = _descriptors(client)[-1]
    return {"ClientSecretDescriptor": descriptor if given else {**descriptor, "ClientSecretValue": secret}}


@operation("ListUserPoolClientSecrets")
async def list_user_pool_client_secrets(context: RequestContext) -> dict[str, Any]:
    """List the client secrets of an app client, without their values."""
    _pool, client = context.pool_and_client()
    return {"ClientSecrets": _descriptors(client)}


@operation("DeleteUserPoolClientSecret")
async def delete_user_pool_client_secret(context: RequestContext) -> dict[str, Any]:
    """Delete one of two client secrets."""
    _pool, client = context.pool_and_client()
    ids = [descriptor["ClientSecretId"] for descriptor in _descriptors(client)]
    wanted = context.members["ClientSecretId"]
    if wanted not in ids:
        raise not_found(f"Client secret {wanted} does not exist.")
    if len(ids) == 1:
        raise invalid_parameter(f"Client secret {wanted} is the last one of its client.")
    position = ids.index(wanted)
    client.secret_times = client.times_of_secrets()
    del client.secrets[position], client.secret_times[position]
    return {}


def _descriptors(client: AppClient) -> list[dict[str, Any]]:
    return [
        {"ClientSecretId": f"{client.id}--{time}", "ClientSecretCreateDate": time}
        for time in client.times_of_secrets()
    ]
