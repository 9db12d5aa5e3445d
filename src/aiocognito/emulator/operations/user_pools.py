"""User pools: create, describe, update, delete, list and tag them."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any, Final

from ..._partitions import partition_of
from .. import schema
from ..account import ACCOUNT
from ..errors import ApiError, invalid_parameter
from ..paging import page
from ..password_policy import DEFAULTS
from ..pool import UserPool
from ..randomness import MIXED
from ..registration import operation
from ..request_context import RequestContext
from ..state import EmulatorState
from ..users import Directory
from . import domains
from .app_clients import ROTATION_IN_LITE

NAME_LENGTH: Final = 9
log: Final = logging.getLogger(__name__)
_CREATION_ONLY: Final = ("Schema", "AliasAttributes", "UsernameAttributes", "UsernameConfiguration")
_MFA_MEMBERS: Final = ("SmsAuthenticationMessage", "SmsConfiguration")


@operation("CreateUserPool")
async def create_user_pool(context: RequestContext) -> dict[str, Any]:
    """Create a user pool."""
    given = context.members
    state = context.state
    if given.get("AliasAttributes") and given.get("UsernameAttributes"):
        raise invalid_parameter(
            "Only one of the aliasAttributes or usernameAttributes can be set in a user pool."
        )
    drawn = state.new_id(NAME_LENGTH, MIXED)
    now = state.clock()
    settings = {**_settings(given), "CreationDate": now, "LastModifiedDate": now}
    settings["UsernameConfiguration"] = given.get("UsernameConfiguration", {"CaseSensitive": True})
    for member in ("AliasAttributes", "UsernameAttributes"):
        if member in given:
            settings[member] = given[member]
    pool = UserPool(
        id=drawn if "_" in drawn else f"{state.region}_{drawn}",
        settings=settings,
        schema=schema.build(given.get("Schema", ())),
        users=Directory(
            settings["UsernameConfiguration"]["CaseSensitive"],
            tuple(given.get("UsernameAttributes", ())),
            tuple(given.get("AliasAttributes", ())),
        ),
        decoy_key=secrets.token_bytes(32),
        mfa=_mfa(given),
    )
    state.pools[pool.id] = pool
    _note_functions(pool)
    return {"UserPool": describe(pool)}


@operation("DescribeUserPool")
async def describe_user_pool(context: RequestContext) -> dict[str, Any]:
    """Describe a user pool."""
    return {"UserPool": describe(context.pool)}


# Documented (UpdateUserPool, UpdateUserPoolClient): omitted members are reset.
@operation("UpdateUserPool")
async def update_user_pool(context: RequestContext) -> dict[str, Any]:
    """Replace a user pool's settings: what is left out goes back to its default."""
    pool = context.pool
    _check_tier(pool, context.members)
    kept: dict[str, Any] = {
        key: pool.settings[key] for key in (*_CREATION_ONLY, "CreationDate") if key in pool.settings
    }
    named = {"PoolName": pool.settings["Name"], **context.members}
    pool.settings = {**_settings(named), **kept, "LastModifiedDate": context.state.clock()}
    pool.mfa = {**pool.mfa, **_mfa(context.members)}
    _note_functions(pool)
    return {}


# Recorded (Rotation): a pool whose clients rotate cannot change to the tier LITE.
def _check_tier(pool: UserPool, given: Mapping[str, Any]) -> None:
    if given.get("UserPoolTier") == "LITE" and any(client.rotates for client in pool.clients.values()):
        raise ApiError("TierChangeNotAllowedException", ROTATION_IN_LITE)


@operation("DeleteUserPool")
async def delete_user_pool(context: RequestContext) -> dict[str, Any]:
    """Delete a user pool and its users."""
    pool = context.pool
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
    del context.state.pools[pool.id]
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
    return page(
        described, "UserPools", context.members.get("NextToken"), context.members["MaxResults"], "NextToken"
    )


@operation("AddCustomAttributes")
async def add_custom_attributes(context: RequestContext) -> dict[str, Any]:
    """Add custom attributes."""
    pool = context.pool
    added = [schema.custom(entry) for entry in context.members["CustomAttributes"]]
    for entry in added:
        if entry["Name"] in pool.schema:
            raise invalid_parameter(f"{entry['Name']}: Existing attribute already has name {entry['Name']}.")
    pool.schema.update({entry["Name"]: entry for entry in added})
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


def describe(pool: UserPool) -> dict[str, Any]:
    """Return UserPoolType."""
    return {
        **pool.settings,
        **domains.described(pool),
        "Id": pool.id,
        "Arn": arn(pool),
        "SchemaAttributes": list(pool.schema.values()),
        "EstimatedNumberOfUsers": len(pool.users),
    }


def arn(pool: UserPool) -> str:
    """Return the ARN of a user pool."""
    return f"arn:{partition_of(pool.region).name}:cognito-idp:{pool.region}:{ACCOUNT}:userpool/{pool.id}"


def _note_functions(pool: UserPool) -> None:
    """Log the Lambda functions of a pool: the emulator cannot run them."""
    for name, arn in pool.settings["LambdaConfig"].items():
        if isinstance(arn, str) and ":lambda:" in arn and name not in pool.triggers:
            log.warning(
                "the user pool %s names %s for %s, which the emulator cannot run: set a Python function or a "
                "URL in its place (triggers=, --triggers, or the set-up file)",
                pool.id,
                arn,
                name,
            )


def _by_arn(state: EmulatorState, wanted: str) -> UserPool:
    for pool in state.pools.values():
        if arn(pool) == wanted:
            return pool
    raise ApiError("ResourceNotFoundException", f"Resource {wanted} does not exist.")


_KEPT: Final = (
    "AutoVerifiedAttributes",
    "SmsVerificationMessage",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "SmsAuthenticationMessage",
    "UserAttributeUpdateSettings",
    "DeviceConfiguration",
    "SmsConfiguration",
    "UserPoolAddOns",
    "AccountRecoverySetting",
    "KeyConfiguration",
    "IssuerConfiguration",
    "AcrConfiguration",
)


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    policies = given.get("Policies", {})
    _check_factors(policies)
    settings: dict[str, Any] = {
        "Name": given["PoolName"],
        "Policies": {
            "PasswordPolicy": _password_policy(policies.get("PasswordPolicy")),
            "SignInPolicy": policies.get("SignInPolicy") or {"AllowedFirstAuthFactors": ["PASSWORD"]},
        },
        "DeletionProtection": given.get("DeletionProtection", "INACTIVE"),
        "LambdaConfig": given.get("LambdaConfig", {}),
        "VerificationMessageTemplate": {
            "DefaultEmailOption": "CONFIRM_WITH_CODE",
            **given.get("VerificationMessageTemplate", {}),
        },
        "MfaConfiguration": given.get("MfaConfiguration", "OFF"),
        "EmailConfiguration": {
            "EmailSendingAccount": "COGNITO_DEFAULT",
            **given.get("EmailConfiguration", {}),
        },
        "UserPoolTags": dict(given.get("UserPoolTags", {})),
        "AdminCreateUserConfig": {
            "AllowAdminCreateUserOnly": False,
            "UnusedAccountValidityDays": 7,
            **given.get("AdminCreateUserConfig", {}),
        },
        "UserPoolTier": given.get("UserPoolTier", "ESSENTIALS"),
    }
    settings.update({key: given[key] for key in _KEPT if key in given})
    return settings


def _password_policy(given: Mapping[str, Any] | None) -> dict[str, Any]:
    if given is None:
        return dict(DEFAULTS)
    # A policy that is given says everything: a rule that it leaves out is off.
    rules = {rule: False for rule in DEFAULTS if rule.startswith("Require")}
    return {"MinimumLength": 8, **rules, "TemporaryPasswordValidityDays": 7, **given}


def _check_factors(policies: Mapping[str, Any]) -> None:
    factors = (policies.get("SignInPolicy") or {}).get("AllowedFirstAuthFactors")
    if factors and "PASSWORD" not in factors:
        raise invalid_parameter("AllowedFirstAuthFactors must include PASSWORD.")


def _mfa(given: Mapping[str, Any]) -> dict[str, Any]:
    # CreateUserPool can turn on SMS alone; SetUserPoolMfaConfig does the rest.
    if "SmsConfiguration" not in given or given.get("MfaConfiguration", "OFF") == "OFF":
        return {}
    return {"SmsMfaConfiguration": {key: given[key] for key in _MFA_MEMBERS if key in given}}
