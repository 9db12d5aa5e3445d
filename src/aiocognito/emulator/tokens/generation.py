"""PreTokenGeneration, the trigger that changes tokens, in its three versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .. import triggers

if TYPE_CHECKING:
    from ..clients import AppClient
    from ..pool import UserPool
    from ..users import User

Claims = dict[str, Any]
_FIXED: Final = frozenset(
    (
        "acr",
        "amr",
        "at_hash",
        "aud",
        "auth_time",
        "azp",
        "client_id",
        "cognito:username",
        "device_key",
        "event_id",
        "exp",
        "iat",
        "identities",
        "iss",
        "jti",
        "nbf",
        "nonce",
        "origin_jti",
        "scope",
        "sub",
        "token_use",
        "username",
        "version",
    )
)
_GROUPS: Final = {
    "groupsToOverride": "cognito:groups",
    "iamRolesToOverride": "cognito:roles",
    "preferredRole": "cognito:preferred_role",
}


# Documented (PreTokenGeneration): the versions of the event.
async def customise(
    pool: UserPool,
    client: AppClient,
    user: User,
    access: Claims,
    identity: Claims,
    *,
    source: str,
    metadata: Mapping[str, str],
) -> None:
    """Apply the trigger's changes of claims, groups and scopes, if the pool has it.

    ``LambdaConfig`` has the version of the event. Without it, the trigger receives the first version's event,
    and can respond in either form.

    Raises:
        ApiError: The trigger failed, or returned a malformed response.
    """
    version = _version(pool)
    second = version not in (None, "V1_0")
    request = triggers.about(user, metadata, groupConfiguration=_configuration(identity))
    if second:
        request["scopes"] = access["scope"].split()
    response = await triggers.run(
        pool,
        "PreTokenGeneration",
        f"TokenGeneration_{source}",
        client=client,
        username=user.username,
        request=request,
        response={"claimsAndScopeOverrideDetails": None} if second else {"claimsOverrideDetails": None},
        version={"V2_0": "2", "V3_0": "3"}.get(version or "", "1"),
    )
    if response is None:
        return
    if not second:
        _apply_first(triggers.mapping(response, "claimsOverrideDetails"), access, identity)
    if version != "V1_0":
        _apply_second(triggers.mapping(response, "claimsAndScopeOverrideDetails"), access, identity)


async def customise_machine(
    pool: UserPool, client: AppClient, access: Claims, *, metadata: Mapping[str, str]
) -> None:
    """Apply the trigger's changes of a machine's claims and scopes; only version 3 is called.

    Raises:
        ApiError: The trigger failed, or returned a malformed response.
    """
    if _version(pool) != "V3_0":
        return
    response = await triggers.run(
        pool,
        "PreTokenGeneration",
        "TokenGeneration_ClientCredentials",
        client=client,
        username="ClientCredentials",
        request=triggers.about(
            None, metadata, groupConfiguration=_configuration({}), scopes=access["scope"].split()
        ),
        response={"claimsAndScopeOverrideDetails": None},
        version="3",
    )
    if response is not None:
        _apply_second(triggers.mapping(response, "claimsAndScopeOverrideDetails"), access, {})


def _version(pool: UserPool) -> str | None:
    configuration = pool.settings.get("LambdaConfig") or {}
    version = (configuration.get("PreTokenGenerationConfig") or {}).get("LambdaVersion")
    return None if version is None else str(version)


def _configuration(identity: Claims) -> dict[str, Any]:
    return {
        "groupsToOverride": identity.get("cognito:groups", []),
        "iamRolesToOverride": identity.get("cognito:roles", []),
        "preferredRole": identity.get("cognito:preferred_role"),
    }


def _apply_first(details: Mapping[str, Any], access: Claims, identity: Claims) -> None:
    triggers.texts(details, "claimsToAddOrOverride")
    _apply_claims(details, identity)
    _apply_groups(details, access, identity)


def _apply_second(details: Mapping[str, Any], access: Claims, identity: Claims) -> None:
    _apply_claims(triggers.mapping(details, "idTokenGeneration"), identity)
    generation = triggers.mapping(details, "accessTokenGeneration")
    _apply_claims(generation, access)
    gone = _names(generation, "scopesToSuppress")
    scopes = dict.fromkeys([*access["scope"].split(), *_names(generation, "scopesToAdd")])
    access["scope"] = " ".join(scope for scope in scopes if scope not in gone)
    _apply_groups(details, access, identity)


def _apply_claims(generation: Mapping[str, Any], claims: Claims) -> None:
    for name, value in triggers.mapping(generation, "claimsToAddOrOverride").items():
        if _is_open(name):
            claims[name] = value
    for name in _names(generation, "claimsToSuppress"):
        if _is_open(name):
            claims.pop(name, None)


def _is_open(name: str) -> bool:
    return name not in _FIXED and name not in _GROUPS.values()


def _apply_groups(details: Mapping[str, Any], access: Claims, identity: Claims) -> None:
    override = triggers.mapping(details, "groupOverrideDetails")
    for member, claim in _GROUPS.items():
        if override.get(member) is None:
            continue
        value = override[member] if member == "preferredRole" else _names(override, member)
        for claims in (identity, access) if claim == "cognito:groups" else (identity,):
            claims.pop(claim, None)
            if value:
                claims[claim] = value


def _names(given: Mapping[str, Any], member: str) -> list[str]:
    names = given.get(member) or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise triggers.unrecognizable()
    return names
