"""The role of an identity: the pool's default, the token's, or a rule's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from aiocognito.emulator import EmulatedIdentityPool, EmulatedUserPool
from helpers.api import PASSWORD

from .identities import Identities, provider

GUESTS, PEOPLE = "arn:aws:iam::123456789012:role/guests", "arn:aws:iam::123456789012:role/people"
EDITORS, READERS = "arn:aws:iam::123456789012:role/editors", "arn:aws:iam::123456789012:role/readers"
ROLES = {"authenticated": PEOPLE, "unauthenticated": GUESTS}
NOT_CONFIGURED = (
    "InvalidIdentityPoolConfigurationException",
    "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
)


async def make(identities: Identities, people: EmulatedUserPool, **mapping: Any) -> EmulatedIdentityPool:
    return await identities.emulator.create_identity_pool(
        user_pools=[people],
        roles=ROLES,
        role_mappings={people: mapping} if mapping else None,
        AllowUnauthenticatedIdentities=True,
    )


async def role(
    identities: Identities, pool: EmulatedIdentityPool, people: EmulatedUserPool, **more: Any
) -> str:
    login = await identities.login(people)
    issued = await identities.credentials(await identities.get_id(pool, login), login, **more)
    return issued.role_arn


async def refused(
    identities: Identities, pool: EmulatedIdentityPool, people: EmulatedUserPool, **more: Any
) -> tuple[str, str]:
    login = await identities.login(people)
    identity_id = await identities.get_id(pool, login)
    return await identities.refused("GetCredentialsForIdentity", IdentityId=identity_id, Logins=login, **more)


def denied(people: EmulatedUserPool) -> tuple[str, str]:
    name = f"{provider(people)}:{people.client_id}"
    return "NotAuthorizedException", f"The ambiguous role mapping rules for: {name} denied this request."


def forbidden(arn: str) -> tuple[str, str]:
    return "NotAuthorizedException", f"Access to Role '{arn}' is forbidden."


async def add_ana(people: EmulatedUserPool, *groups: tuple[str, int | None], **attributes: str) -> None:
    """Add her, in groups whose roles have the groups' names."""
    user = await people.add_user("ana", PASSWORD, attributes=attributes)
    for arn, precedence in groups:
        name = arn.rpartition("/")[2]
        members: dict[str, Any] = {"UserPoolId": people.id, "GroupName": name, "RoleArn": arn}
        if precedence is not None:
            members["Precedence"] = precedence
        await people._emulator.call("CreateGroup", **members)
        user.groups.append(name)


# The defaults


async def test_the_default_roles(identities: Identities, people: EmulatedUserPool) -> None:
    """Without a mapping, users and guests get the pool's roles."""
    pool = await make(identities, people)
    await add_ana(people, (EDITORS, 1))
    assert await role(identities, pool, people) == PEOPLE
    guest = await identities.get_id(pool)
    assert (await identities.credentials(guest)).role_arn == GUESTS


async def test_without_roles(identities: Identities, people: EmulatedUserPool) -> None:
    """A pool without roles issues no credentials."""
    pool = await identities.emulator.create_identity_pool(
        user_pools=[people], roles={}, AllowUnauthenticatedIdentities=True
    )
    assert await refused(identities, pool, people) == NOT_CONFIGURED
    guest = await identities.get_id(pool)
    assert await identities.refused("GetCredentialsForIdentity", IdentityId=guest) == NOT_CONFIGURED


async def test_a_custom_role_needs_a_token_that_lists_it(
    identities: Identities, people: EmulatedUserPool
) -> None:
    await add_ana(people, (EDITORS, 1))
    rules = [{"Claim": "sub", "MatchType": "NotEqual", "Value": "x", "RoleARN": EDITORS}]
    mappings: tuple[dict[str, Any], ...] = ({}, _rules(rules))
    pools = [await make(identities, people, **mapping) for mapping in mappings]
    for pool in pools:
        assert await refused(identities, pool, people, CustomRoleArn=EDITORS) == forbidden(EDITORS)
    guest = await identities.get_id(pools[-1])
    answer = await identities.refused("GetCredentialsForIdentity", IdentityId=guest, CustomRoleArn=GUESTS)
    assert answer == forbidden(GUESTS)


# By the token


def _token(ambiguous: str = "Deny") -> dict[str, Any]:
    return {"Type": "Token", "AmbiguousRoleResolution": ambiguous}


async def test_the_preferred_role(identities: Identities, people: EmulatedUserPool) -> None:
    """The role of the token is that of the first group."""
    pool = await make(identities, people, **_token())
    await add_ana(people, (READERS, 2), (EDITORS, 1))
    assert await role(identities, pool, people) == EDITORS
    assert await role(identities, pool, people, CustomRoleArn=READERS) == READERS
    assert await refused(identities, pool, people, CustomRoleArn=PEOPLE) == forbidden(PEOPLE)


@pytest.mark.parametrize("groups", [(), ((READERS, 1), (EDITORS, 1)), ((READERS, None),)])
async def test_no_preferred_role(
    identities: Identities, people: EmulatedUserPool, groups: tuple[tuple[str, int | None], ...]
) -> None:
    """A token without a preferred role gets the default role, or a refusal."""
    await add_ana(people, *groups)
    strict = await make(identities, people, **_token("Deny"))
    assert await refused(identities, strict, people) == denied(people)
    lenient = await make(identities, people, **_token("AuthenticatedRole"))
    assert await role(identities, lenient, people) == PEOPLE
    # A role that is asked for is not ambiguous.
    for arn, _ in groups:
        assert await role(identities, strict, people, CustomRoleArn=arn) == arn
    if not groups:
        assert await refused(identities, lenient, people, CustomRoleArn=READERS) == forbidden(READERS)


# By rules


def _rules(rules: list[dict[str, str]], ambiguous: str = "Deny") -> dict[str, Any]:
    configuration = {"Rules": rules}
    return {"Type": "Rules", "AmbiguousRoleResolution": ambiguous, "RulesConfiguration": configuration}


@pytest.mark.parametrize(
    ("claim", "kind", "value", "fits"),
    [
        ("email", "Equals", "ana@example.com", True),
        ("email", "Equals", "ana@example", False),
        ("email", "Equals", "ANA@example.com", False),
        ("email", "NotEqual", "ben@example.com", True),
        ("email", "NotEqual", "ana@example.com", False),
        ("email", "StartsWith", "ana@", True),
        ("email", "StartsWith", "na@", False),
        ("email", "Contains", "@example.", True),
        ("email", "Contains", "@example.org", False),
        ("email_verified", "Equals", "true", True),
        ("email_verified", "Equals", "True", False),
        ("token_use", "Equals", "id", True),
        # A claim that is not there fits no rule.
        ("phone_number", "Equals", "x", False),
        ("phone_number", "NotEqual", "x", False),
        # A list contains something, or is something else.
        ("cognito:groups", "Contains", "editors", True),
        ("cognito:groups", "Contains", "edit", True),
        ("cognito:groups", "Contains", "readers", False),
        ("cognito:groups", "Equals", "editors", False),
        ("cognito:groups", "StartsWith", "editors", False),
        ("cognito:groups", "NotEqual", "readers", True),
        ("cognito:groups", "NotEqual", "editors", False),
    ],
)
async def test_rules(
    identities: Identities, people: EmulatedUserPool, claim: str, kind: str, value: str, fits: bool
) -> None:
    """A rule gives its role to the users whose claim it matches."""
    await add_ana(people, (EDITORS, 1), email="ana@example.com")
    rule = {"Claim": claim, "MatchType": kind, "Value": value, "RoleARN": READERS}
    pool = await make(identities, people, **_rules([rule], "AuthenticatedRole"))
    assert await role(identities, pool, people) == (READERS if fits else PEOPLE)


async def test_the_first_rule_that_fits(identities: Identities, people: EmulatedUserPool) -> None:
    await add_ana(people, email="ana@example.com")
    rules = [
        {"Claim": "email", "MatchType": "Equals", "Value": "ben@example.com", "RoleARN": PEOPLE},
        {"Claim": "email", "MatchType": "StartsWith", "Value": "ana", "RoleARN": EDITORS},
        {"Claim": "email", "MatchType": "Contains", "Value": "@", "RoleARN": READERS},
    ]
    pool = await make(identities, people, **_rules(rules))
    assert await role(identities, pool, people) == EDITORS


async def test_no_rule_fits(identities: Identities, people: EmulatedUserPool) -> None:
    """A user whom no rule matches is refused."""
    rules = [{"Claim": "email", "MatchType": "Equals", "Value": "x", "RoleARN": EDITORS}]
    pool = await make(identities, people, **_rules(rules))
    assert await refused(identities, pool, people) == denied(people)


async def test_a_mapping_is_of_one_app_client(identities: Identities, people: EmulatedUserPool) -> None:
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    made = await identities.emulator.call(
        "CreateUserPoolClient", UserPoolId=people.id, ClientName="other", ExplicitAuthFlows=flows
    )
    other = EmulatedUserPool(identities.emulator, people.id, made["UserPoolClient"]["ClientId"])
    pool = await identities.emulator.create_identity_pool(
        user_pools=[people, other], roles=ROLES, role_mappings={people: _token("Deny")}
    )
    assert await refused(identities, pool, people) == denied(people)
    assert await role(identities, pool, other) == PEOPLE


# SetIdentityPoolRoles


async def set_roles(
    identities: Identities, pool: EmulatedIdentityPool, mappings: Mapping[str, Any]
) -> tuple[str, str]:
    return await identities.refused(
        "SetIdentityPoolRoles", IdentityPoolId=pool.id, Roles=ROLES, RoleMappings=mappings
    )


async def test_roles_are_replaced(identities: Identities, people: EmulatedUserPool) -> None:
    """SetIdentityPoolRoles replaces roles and mappings."""
    pool = await make(identities, people, **_token())
    named = {"IdentityPoolId": pool.id}
    name = f"{provider(people)}:{people.client_id}"
    before = await identities("GetIdentityPoolRoles", **named)
    assert before == {**named, "Roles": ROLES, "RoleMappings": {name: _token()}}
    assert await identities("SetIdentityPoolRoles", **named, Roles={"authenticated": READERS}) == {}
    after = await identities("GetIdentityPoolRoles", **named)
    assert after == {**named, "Roles": {"authenticated": READERS}}


async def test_mappings_of_unknown_providers(identities: Identities, people: EmulatedUserPool) -> None:
    pool = await make(identities, people)
    for name in (
        provider(people),
        f"{provider(people)}:another",
        f"https://{provider(people)}:{people.client_id}",
        "accounts.google.com",
    ):
        text = f"({name}) is not a valid RoleMapping ProviderName or is not a configured provider."
        assert await set_roles(identities, pool, {name: _token()}) == ("InvalidParameterException", text)
    google = await identities.emulator.create_identity_pool(
        SupportedLoginProviders={"accounts.google.com": "app"},
        role_mappings={"accounts.google.com": _token()},
    )
    assert list(google.state.mappings) == ["accounts.google.com"]


async def test_mappings_that_say_too_little_or_too_much(
    identities: Identities, people: EmulatedUserPool
) -> None:
    pool = await make(identities, people)
    name = f"{provider(people)}:{people.client_id}"
    rule = {"Claim": "email", "MatchType": "Equals", "Value": "x", "RoleARN": EDITORS}
    for mapping, text in (
        ({"Type": "Token"}, "AmbiguousRoleResolution is required for a role mapping."),
        (
            {"Type": "Rules", "AmbiguousRoleResolution": "Deny"},
            "RulesConfiguration is required for role mappings of type Rules.",
        ),
        (_rules([rule] * 26), "The number of rules in the request exceeded 25."),
    ):
        assert await set_roles(identities, pool, {name: mapping}) == ("InvalidParameterException", text)
    most = {name: _rules([rule] * 25)}
    await identities("SetIdentityPoolRoles", IdentityPoolId=pool.id, Roles=ROLES, RoleMappings=most)
    assert pool.state.mappings == most
