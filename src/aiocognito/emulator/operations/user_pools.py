"""User pools: create, describe, update, delete, list and tag them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from ..._partitions import partition_of
from .. import pool_settings, schema, tiers, user_imports
from ..account import ACCOUNT
from ..errors import ApiError, invalid_parameter
from ..pool import UserPool
from ..randomness import MIXED
from ..registration import operation
from ..request_context import RequestContext
from ..state import EmulatorState
from ..users import Directory
from . import domains

NAME_LENGTH: Final = 9
_CREATION_ONLY: Final = ("Schema", "AliasAttributes", "UsernameAttributes", "UsernameConfiguration")
_IDENTITIES: Final = {
    "Name": "identities",
    "AttributeDataType": "String",
    "DeveloperOnlyAttribute": False,
    "Mutable": True,
    "Required": False,
    "StringAttributeConstraints": {},
}
_MFA_MEMBERS: Final = ("SmsAuthenticationMessage", "SmsConfiguration")


@operation("CreateUserPool")
async def create_user_pool(context: RequestContext) -> dict[str, Any]:
    """Create a user pool."""
    given = context.members
    state = context.state
    if given.get("AliasAttributes") and given.get("UsernameAttributes"):
        raise invalid_parameter(
            "Only one of the aliasAttributes or usernameAttributes can be set in a User pool."
        )
    drawn = state.new_id(NAME_LENGTH, MIXED)
    now = state.clock()
    settings = {**pool_settings.created(given), "CreationDate": now, "LastModifiedDate": now}
    tiers.require_disabled(settings["UserPoolTier"], tiers.of_settings(settings))
    pool_settings.check_new_mfa(settings["MfaConfiguration"], settings)
    for member in ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration"):
        if member in given:
            settings[member] = given[member]
    pool = UserPool(
        id=drawn if "_" in drawn else f"{state.region}_{drawn}",
        settings=settings,
        schema=schema.build(given.get("Schema", ())),
        users=Directory(
            settings.get("UsernameConfiguration", {"CaseSensitive": True})["CaseSensitive"],
            tuple(given.get("UsernameAttributes", ())),
            tuple(given.get("AliasAttributes", ())),
        ),
        decoy_key=secrets.token_bytes(32),
        mfa=_mfa(given),
    )
    pool_settings.check_required_mfa(pool.mfa_mode, pool.first_factors, {})
    pool_settings.check_recovery(pool.mfa_mode, pool.factors, settings)
    state.pools[pool.id] = pool
    return {"UserPool": _described(pool)}


@operation("DescribeUserPool")
async def describe_user_pool(context: RequestContext) -> dict[str, Any]:
    """Describe a user pool, with its tags and the attribute of linked identities."""
    pool = context.pool
    described = _described(pool)
    # Recorded (User pools): the response of CreateUserPool lacks both.
    described["UserPoolTags"] = pool.settings["UserPoolTags"]
    described["SchemaAttributes"].append(_IDENTITIES)
    return {"UserPool": described}


@operation("UpdateUserPool")
async def update_user_pool(context: RequestContext) -> dict[str, Any]:
    """Change a user pool's settings: some members that are left out are reset, most stay."""
    pool = context.pool
    user_imports.require_no_running(pool)
    kept: dict[str, Any] = {
        key: pool.settings[key] for key in (*_CREATION_ONLY, "CreationDate") if key in pool.settings
    }
    settings = pool_settings.updated(pool.settings, context.members)
    _check_tier(pool, settings)
    pool_settings.check_updated_mfa(pool, settings)
    factors = tuple(settings["Policies"]["SignInPolicy"].get("AllowedFirstAuthFactors") or ())
    passkeys = pool.mfa.get("WebAuthnConfiguration") or {}
    pool_settings.check_required_mfa(settings["MfaConfiguration"], factors, passkeys)
    pool_settings.check_recovery(settings["MfaConfiguration"], pool.factors, settings)
    pool_settings.check_sender(pool.mfa, settings)
    pool.settings = {**settings, **kept, "LastModifiedDate": context.state.clock()}
    pool.mfa = {**pool.mfa, **_mfa(context.members), **_sms(pool, context.members)}
    return {}


def _check_tier(pool: UserPool, settings: Mapping[str, Any]) -> None:
    features = [*tiers.of_settings(settings), *_features_in_use(pool)]
    changes = settings["UserPoolTier"] != pool.settings["UserPoolTier"]
    tiers.require_disabled(settings["UserPoolTier"], features, changes=changes)


# Recorded (Plans): rotation; and of the others, it is documented that Lite lacks them.
def _features_in_use(pool: UserPool) -> list[str]:
    """Return the features outside of the user pool's settings that Lite lacks."""
    managed = any(domain["ManagedLoginVersion"] > 1 for domain in pool.domains.values())
    used = {
        tiers.ROTATION: any(client.rotates for client in pool.clients.values()),
        tiers.PASSKEY_MFA: pool.passkeys_are_mfa,
        tiers.SESSION_TRACKING: pool.tracks_sessions,
        tiers.MANAGED_LOGIN: managed,
    }
    return [feature for feature, is_used in used.items() if is_used]


@operation("DeleteUserPool")
async def delete_user_pool(context: RequestContext) -> dict[str, Any]:
    """Delete a user pool and its users."""
    pool = context.pool
    user_imports.require_no_running(pool)
    if pool.settings["DeletionProtection"] == "ACTIVE":
        text = (
            "The user pool cannot be deleted because deletion protection is activated. "
            "Deletion protection must be inactivated first."
        )
        raise invalid_parameter(text)
    if pool.domains:
        raise invalid_parameter(
            "User pool cannot be deleted. It has a domain configured that should be deleted first."
        )
    context.state.forget_pool(pool.id)
    return {}


@operation("ListUserPools")
async def list_user_pools(context: RequestContext) -> dict[str, Any]:
    """List the user pools."""
    described = [
        {
            "Id": pool.id,
            "Name": pool.settings["Name"],
            "LambdaConfig": pool.settings["LambdaConfig"],
            "LastModifiedDate": pool.settings["LastModifiedDate"],
            "CreationDate": pool.settings["CreationDate"],
        }
        for pool in context.state.pools.values()
    ]
    return context.page(described, "UserPools")


@operation("AddCustomAttributes")
async def add_custom_attributes(context: RequestContext) -> dict[str, Any]:
    """Add custom attributes."""
    pool = context.pool
    user_imports.require_no_running(pool)
    added = [schema.custom(entry) for entry in context.members["CustomAttributes"]]
    schema.require_distinct(added)
    schema.require_room(pool.schema, added)
    for entry in added:
        if entry["Name"] in pool.schema:
            raise invalid_parameter(f"{entry['Name']}: Existing attribute already has name {entry['Name']}.")
    pool.schema.update({entry["Name"]: entry for entry in added})
    pool.settings["LastModifiedDate"] = context.state.clock()
    return {}


@operation("ListTagsForResource")
async def list_tags_for_resource(context: RequestContext) -> dict[str, Any]:
    """List a pool's tags, which are found by its ARN."""
    return {"Tags": _by_arn(context.state, context.members["ResourceArn"]).settings["UserPoolTags"]}


@operation("TagResource")
async def tag_resource(context: RequestContext) -> dict[str, Any]:
    """Tag a pool."""
    _by_arn(context.state, context.members["ResourceArn"]).settings["UserPoolTags"].update(
        context.members["Tags"]
    )
    return {}


@operation("UntagResource")
async def untag_resource(context: RequestContext) -> dict[str, Any]:
    """Untag a pool."""
    tags = _by_arn(context.state, context.members["ResourceArn"]).settings["UserPoolTags"]
    for key in context.members.get("TagKeys", ()):
        tags.pop(key, None)
    return {}


def _described(pool: UserPool) -> dict[str, Any]:
    settings = pool_settings.described(pool)
    if not settings["UserPoolTags"]:
        del settings["UserPoolTags"]
    return {
        **settings,
        **domains.described(pool),
        "Id": pool.id,
        "Arn": arn(pool),
        "SchemaAttributes": list(pool.schema.values()),
        "EstimatedNumberOfUsers": len(pool.users),
    }


def arn(pool: UserPool) -> str:
    """Return the ARN of a user pool."""
    return f"arn:{partition_of(pool.region).name}:cognito-idp:{pool.region}:{ACCOUNT}:userpool/{pool.id}"


def _by_arn(state: EmulatorState, wanted: str) -> UserPool:
    pool = state.pools.get(wanted.rpartition("/")[2])
    if pool is not None and arn(pool) == wanted:
        return pool
    raise ApiError("ResourceNotFoundException", f"Resource {wanted} does not exist.")


def _mfa(given: Mapping[str, Any]) -> dict[str, Any]:
    # CreateUserPool can turn on SMS alone; SetUserPoolMfaConfig does the rest.
    if "SmsConfiguration" not in given or given.get("MfaConfiguration", "OFF") == "OFF":
        return {}
    return {"SmsMfaConfiguration": {key: given[key] for key in _MFA_MEMBERS if key in given}}


# Assumed (SMS): UpdateUserPool and SetUserPoolMfaConfig have the same two settings.
def _sms(pool: UserPool, given: Mapping[str, Any]) -> dict[str, Any]:
    sent = {key: given[key] for key in _MFA_MEMBERS if key in given}
    before = pool.mfa.get("SmsMfaConfiguration")
    return {} if before is None else {"SmsMfaConfiguration": {**before, **sent}}
