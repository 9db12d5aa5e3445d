"""App clients: create, describe, update, delete and list them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .. import oauth_settings, schema, tiers
from ..clients import DEFAULT_REFRESH_DAYS, SECONDS, AppClient
from ..errors import invalid_parameter
from ..pool import UserPool
from ..randomness import LOWER, secret_text
from ..registration import operation
from ..request_context import RequestContext
from ..state import EmulatorState

ID_LENGTH: Final = 26
SECRET_LENGTH: Final = 51
_DAY: Final = 86_400
_RANGES: Final = {
    "AccessToken": ("hours", 300, _DAY),
    "IdToken": ("hours", 300, _DAY),
    "RefreshToken": ("days", 3600, 3650 * _DAY),
}
_DEFAULT_LIVES: Final = {
    "AccessToken": 3600,
    "IdToken": 3600,
    "RefreshToken": DEFAULT_REFRESH_DAYS * _DAY,
}
_KEPT: Final = (
    "AccessTokenValidity",
    "IdTokenValidity",
    "ReadAttributes",
    "WriteAttributes",
    "ExplicitAuthFlows",
    "SupportedIdentityProviders",
    "CallbackURLs",
    "LogoutURLs",
    "DefaultRedirectURI",
    "AllowedOAuthFlows",
    "AllowedOAuthScopes",
    "AnalyticsConfiguration",
    "PreventUserExistenceErrors",
    "RefreshTokenRotation",
)


@operation("CreateUserPoolClient")
async def create_user_pool_client(context: RequestContext) -> dict[str, Any]:
    """Create an app client."""
    given = context.members
    pool = context.pool
    secrets: list[str] = []
    if given.get("ClientSecret"):
        secrets.append(given["ClientSecret"])
    elif given.get("GenerateSecret"):
        secrets.append(secret_text(SECRET_LENGTH, LOWER))
    settings = _settings(context.state, pool, given, has_secret=bool(secrets))
    now = context.state.clock()
    settings.update(CreationDate=now, LastModifiedDate=now)
    client = AppClient(context.state.new_id(ID_LENGTH), secrets, settings)
    pool.clients[client.id] = client
    return {"UserPoolClient": describe(pool, client)}


@operation("DescribeUserPoolClient")
async def describe_user_pool_client(context: RequestContext) -> dict[str, Any]:
    """Describe an app client, its secret included."""
    pool, client = context.pool_and_client()
    return {"UserPoolClient": describe(pool, client)}


# Recorded (App clients): members that an update leaves as they are if it does not name them.
_STAYING: Final = ("ClientName", "RefreshTokenRotation")


@operation("UpdateUserPoolClient")
async def update_user_pool_client(context: RequestContext) -> dict[str, Any]:
    """Replace an app client's settings: omitted ones are reset, except its name and rotation."""
    pool, client = context.pool_and_client()
    kept: dict[str, Any] = {key: client.settings[key] for key in _STAYING if key in client.settings}
    # Documented (UpdateUserPoolClient): the others are reset.
    named: dict[str, Any] = {**kept, **context.members}
    settings = _settings(context.state, pool, named, has_secret=bool(client.secrets))
    settings.update(CreationDate=client.settings["CreationDate"], LastModifiedDate=context.state.clock())
    client.settings = settings
    return {"UserPoolClient": describe(pool, client)}


@operation("DeleteUserPoolClient")
async def delete_user_pool_client(context: RequestContext) -> dict[str, Any]:
    """Delete an app client."""
    pool, client = context.pool_and_client()
    pool.delete_client(client.id)
    return {}


@operation("ListUserPoolClients")
async def list_user_pool_clients(context: RequestContext) -> dict[str, Any]:
    """List a pool's app clients."""
    pool = context.pool
    described = [
        {"ClientId": client.id, "UserPoolId": pool.id, "ClientName": client.settings["ClientName"]}
        for client in pool.clients.values()
    ]
    return context.page(described, "UserPoolClients")


def describe(pool: UserPool, client: AppClient) -> dict[str, Any]:
    """Return UserPoolClientType."""
    described = {"UserPoolId": pool.id, "ClientId": client.id, **client.settings}
    if client.secrets:
        described["ClientSecret"] = client.secrets[0]
    return described


def _settings(
    state: EmulatorState, pool: UserPool, given: Mapping[str, Any], *, has_secret: bool
) -> dict[str, Any]:
    _check_flows(given)
    _check_rotation(state, pool, given)
    oauth_settings.check(pool, given, has_secret=has_secret)
    units = given.get("TokenValidityUnits", {})
    _check_validity(given, units)
    _check_attributes(pool, given)
    _check_analytics(given.get("AnalyticsConfiguration", {}))
    settings: dict[str, Any] = {
        "ClientName": given["ClientName"],
        "RefreshTokenValidity": given.get("RefreshTokenValidity") or DEFAULT_REFRESH_DAYS,
        "AllowedOAuthFlowsUserPoolClient": given.get("AllowedOAuthFlowsUserPoolClient", False),
        "EnableTokenRevocation": given.get("EnableTokenRevocation", True),
        "EnablePropagateAdditionalUserContextData": given.get(
            "EnablePropagateAdditionalUserContextData", False
        ),
        "AuthSessionValidity": given.get("AuthSessionValidity", 3),
        "TokenValidityUnits": dict(units),
    }
    settings.update({key: given[key] for key in _KEPT if key in given})
    if "RefreshTokenRotation" in given:
        settings["RefreshTokenRotation"] = _rotation(given["RefreshTokenRotation"])
    return settings


def _check_flows(given: Mapping[str, Any]) -> None:
    flows = given.get("ExplicitAuthFlows", ())
    new = [flow for flow in flows if flow.startswith("ALLOW_")]
    if new and len(new) != len(flows):
        text = "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names."
        raise invalid_parameter(text)


# Recorded (Rotation): rotation excludes the flow, and the tier LITE.
def _check_rotation(state: EmulatorState, pool: UserPool, given: Mapping[str, Any]) -> None:
    if (given.get("RefreshTokenRotation") or {}).get("Feature") != "ENABLED":
        return
    tiers.require_disabled(pool.settings["UserPoolTier"], [tiers.ROTATION])
    forbidden = state.assumptions.rotation_forbids_refresh_flow_at_creation
    if forbidden and "ALLOW_REFRESH_TOKEN_AUTH" in given.get("ExplicitAuthFlows", ()):
        text = "ALLOW_REFRESH_TOKEN_AUTH is not a permitted ExplicitAuthFlow"
        raise invalid_parameter(f"{text} when refresh token rotation is enabled.")


def _rotation(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return RefreshTokenRotation as it is described: without rotation, the grace period is 0."""
    grace = given.get("RetryGracePeriodSeconds", 0) if given.get("Feature") == "ENABLED" else 0
    return {**given, "RetryGracePeriodSeconds": grace}


# Recorded (App clients): access and ID tokens do not outlive the refresh token.
def _check_validity(given: Mapping[str, Any], units: Mapping[str, str]) -> None:
    lives = dict(_DEFAULT_LIVES)
    for kind, (default, low, high) in _RANGES.items():
        if value := given.get(f"{kind}Validity"):
            lives[kind] = value * SECONDS[units.get(kind, default)]
            if not low <= lives[kind] <= high:
                raise invalid_parameter("Invalid range for token validity.")
    if max(lives["AccessToken"], lives["IdToken"]) > lives["RefreshToken"]:
        raise invalid_parameter(
            "Access and Id Token expiration times must be less than or equal to refresh token expiration "
            "times."
        )


def _check_attributes(pool: UserPool, given: Mapping[str, Any]) -> None:
    for member, noun in (("ReadAttributes", "read"), ("WriteAttributes", "write")):
        if any(name not in pool.schema for name in given.get(member, ())):
            raise invalid_parameter(f"Invalid {noun} attributes specified while creating a client")
    # Recorded (App clients): a client that may write some attributes may write the required ones, and no
    # client may write those of the service.
    required = {name for name, entry in pool.schema.items() if entry["Required"] and name != "sub"}
    written = set(given.get("WriteAttributes", ()))
    if written and (not required <= written or written & {"sub", *schema.VERIFIED}):
        raise invalid_parameter("Invalid write attributes specified while creating a client")


def _check_analytics(given: Mapping[str, Any]) -> None:
    by_id = [name in given for name in ("ApplicationId", "RoleArn", "ExternalId")]
    if any(by_id) if "ApplicationArn" in given else any(by_id) and not all(by_id):
        raise invalid_parameter(
            "Invalid analytics configuration given, either <application arn> or <application id, role arn, "
            "external id> are valid"
        )
