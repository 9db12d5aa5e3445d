"""Apply a set-up to a running emulator. What exists already is kept, so that it can be applied at each start.

App clients, groups and resource servers follow the set-up each time. User pools, identity pools and users
that exist stay as they are: their users may have changed their passwords since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from .. import chosen_ids
from ..emulated_pool import (
    HOSTED_UI_DEFAULTS,
    EmulatedUserPool,
    client_with_test_defaults,
    user_or_nothing,
)
from ..nearest import suggestion
from ..totp import SoftwareToken
from . import passkeys, trigger_loading
from .errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..emulated_identity_pool import EmulatedIdentityPool
    from ..records import Passkey
    from ..server import CognitoEmulator
    from .document import ClientSetup, GroupSetup, IdentityPoolSetup, Setup, UserPoolSetup, UserSetup

_PHONE: Final = "+15555550{:03d}"
_FACTORS: Final = ("TOTP", "SMS", "EMAIL")


@frozen
class Applied:
    """What a set-up made or found, in its order."""

    user_pools: tuple[EmulatedUserPool, ...]
    identity_pools: tuple[EmulatedIdentityPool, ...]


async def apply(emulator: CognitoEmulator, setup: Setup) -> Applied:
    """Create what a set-up names, and update what follows it.

    Args:
        emulator: A running emulator.
        setup: The set-up.

    Raises:
        SetupError: Cognito would refuse a part of it; the message says which.
    """
    pools = [await _apply_user_pool(emulator, pool) for pool in setup.user_pools]
    identity_pools = [await add_identity_pool(emulator, each, pools) for each in setup.identity_pools]
    await emulator.state.changed()
    return Applied(tuple(pools), tuple(identity_pools))


@contextmanager
def _at(where: str) -> Iterator[None]:
    """Let an error begin with the place of the set-up that it is about."""
    try:
        yield
    except SetupError as error:
        problem = error if str(error).startswith(where) else SetupError(f"{where}: {error}")
    except (ValueError, TypeError, LookupError) as error:
        problem = SetupError(f"{where}: {error}")
    else:
        return
    raise problem


# User pools


async def _apply_user_pool(emulator: CognitoEmulator, setup: UserPoolSetup) -> EmulatedUserPool:
    _check_names(setup)
    with _at(setup.where):
        pool = _existing_pool(emulator, setup) or await _create_pool(emulator, setup)
        functions = {name: trigger_loading.load(name, text) for name, text in setup.triggers.items()}
        pool.triggers.update(functions)
        if setup.domain is not None and setup.domain not in pool.state.domains:
            await emulator.call("CreateUserPoolDomain", UserPoolId=pool.id, Domain=setup.domain)
    for server in setup.resource_servers:
        with _at(server.where):
            await _apply_resource_server(emulator, pool, server.identifier, server.name, server.scopes)
    for provider in setup.providers:
        if provider.name not in pool.state.providers:
            with _at(provider.where):
                mapping = provider.attribute_mapping
                await pool.add_provider(provider.name, provider.type, attribute_mapping=mapping)
    for number, client in enumerate(setup.clients):
        with _at(client.where):
            await _apply_client(emulator, pool, client, is_first=number == 0)
    for group in setup.groups:
        with _at(group.where):
            await _apply_group(emulator, pool, group)
    await add_users(emulator, pool, setup.users)
    return pool


async def add_users(emulator: CognitoEmulator, pool: EmulatedUserPool, users: Sequence[UserSetup]) -> None:
    """Create the users that a pool does not have.

    Raises:
        SetupError: Cognito would refuse one.
    """
    for user in users:
        if pool.state.users.find(user.username) is None:
            keys = await passkeys.read(pool.state, user, emulator.clock())
            with _at(user.where):
                await _create_user(emulator, pool, user, keys)


async def add_client(pool: EmulatedUserPool, setup: ClientSetup) -> None:
    """Create an app client.

    Raises:
        SetupError: Cognito would refuse it.
    """
    with _at(setup.where):
        await pool.add_client(setup.id, **_client_members(setup))


def _check_names(setup: UserPoolSetup) -> None:
    """Refuse two users, groups or clients of one name: the second would be ignored."""
    named: list[tuple[str, str, str]] = [("user", user.username, user.where) for user in setup.users]
    named += [("group", group.name, group.where) for group in setup.groups]
    named += [("app client", client.id, client.where) for client in setup.clients if client.id]
    seen: set[tuple[str, str]] = set()
    for kind, name, where in named:
        if (kind, name) in seen:
            raise SetupError(f"{where}: the {kind} {name!r} is there twice: remove one, or rename it")
        seen.add((kind, name))


def _existing_pool(emulator: CognitoEmulator, setup: UserPoolSetup) -> EmulatedUserPool | None:
    for pool in emulator.state.pools.values():
        same = pool.id == setup.id if setup.id is not None else pool.settings["Name"] == setup.name
        if same and pool.clients:
            first = setup.clients[0].id if setup.clients else None
            return EmulatedUserPool(
                emulator, pool.id, first if first in pool.clients else next(iter(pool.clients))
            )
    return None


async def _create_pool(emulator: CognitoEmulator, setup: UserPoolSetup) -> EmulatedUserPool:
    settings = dict(setup.settings)
    if any("EMAIL" in user.mfa for user in setup.users):
        settings.setdefault("EmailMfaConfiguration", {})
    settings.setdefault("PoolName", setup.name)
    first = setup.clients[0] if setup.clients else None
    return await emulator.create_user_pool(
        pool_id=setup.id,
        client_id=None if first is None else first.id,
        client={} if first is None else _client_members(first),
        **settings,
    )


async def _apply_resource_server(
    emulator: CognitoEmulator,
    pool: EmulatedUserPool,
    identifier: str,
    name: str | None,
    scopes: Sequence[str],
) -> None:
    exists = identifier in pool.state.resource_servers
    described = [{"ScopeName": scope, "ScopeDescription": scope} for scope in scopes]
    await emulator.call(
        "UpdateResourceServer" if exists else "CreateResourceServer",
        UserPoolId=pool.id,
        Identifier=identifier,
        Name=name or "emulated",
        Scopes=described,
    )


def _client_members(setup: ClientSetup) -> dict[str, Any]:
    members: dict[str, Any] = dict(setup.settings)
    if setup.name is not None:
        members["ClientName"] = setup.name
    if setup.secret is not None:
        members["ClientSecret"] = setup.secret
    if setup.callback_urls:
        members = {**HOSTED_UI_DEFAULTS, "CallbackURLs": list(setup.callback_urls), **members}
    if setup.logout_urls:
        members["LogoutURLs"] = list(setup.logout_urls)
    return members


async def _apply_client(
    emulator: CognitoEmulator, pool: EmulatedUserPool, setup: ClientSetup, *, is_first: bool
) -> None:
    existing = _existing_client(pool, setup, is_first=is_first)
    if existing is None:
        await add_client(pool, setup)
        return
    members = client_with_test_defaults(_client_members(setup))
    secret = members.pop("ClientSecret", None)
    members.pop("GenerateSecret", None)
    client = pool.state.clients[existing]
    if secret is not None and [secret] != client.secrets:
        raise SetupError(f"the app client {existing!r} exists with another secret, which cannot be replaced")
    kept = {key: value for key, value in client.settings.items() if key == "SupportedIdentityProviders"}
    await emulator.call("UpdateUserPoolClient", UserPoolId=pool.id, ClientId=existing, **{**members, **kept})


def _existing_client(pool: EmulatedUserPool, setup: ClientSetup, *, is_first: bool) -> str | None:
    clients = pool.state.clients
    if setup.id is not None:
        return setup.id if setup.id in clients else None
    if setup.name is None:
        return pool.client_id if is_first else None
    return next((each.id for each in clients.values() if each.settings["ClientName"] == setup.name), None)


async def _apply_group(emulator: CognitoEmulator, pool: EmulatedUserPool, setup: GroupSetup) -> None:
    members = {"Description": setup.description, "Precedence": setup.precedence, "RoleArn": setup.role_arn}
    given = {name: value for name, value in members.items() if value is not None}
    operation = "UpdateGroup" if setup.name in pool.state.groups else "CreateGroup"
    await emulator.call(operation, UserPoolId=pool.id, GroupName=setup.name, **given)


async def _create_user(
    emulator: CognitoEmulator, pool: EmulatedUserPool, setup: UserSetup, keys: Mapping[str, Passkey]
) -> None:
    for factor in setup.mfa:
        if factor not in _FACTORS:
            raise SetupError(f"mfa {factor!r} is unknown: {suggestion(factor, _FACTORS)}")
    token = None if setup.totp_secret is None else _software_token(setup.totp_secret)
    if token is not None and "TOTP" not in setup.mfa:
        raise SetupError('totp_secret is the secret of the factor TOTP: add mfa = "TOTP"')
    attributes = _attributes(pool, setup)
    with chosen_ids.taken_by(emulator.state, "AdminCreateUser", setup.sub):
        if setup.password is not None:
            await pool.add_user(
                setup.username,
                setup.password,
                attributes=attributes,
                mfa=setup.mfa,
                groups=setup.groups,
                confirmed=setup.confirmed,
            )
        else:
            await _invite(emulator, pool, setup, attributes)
    user = pool.state.users.find(setup.username)
    if user is not None:
        user.token = token or user.token
        user.passkeys.update(keys)
        user.enabled = setup.enabled
        await emulator.state.changed()


def _attributes(pool: EmulatedUserPool, setup: UserSetup) -> dict[str, str]:
    attributes = dict(setup.attributes)
    if setup.email is not None:
        attributes["email"] = setup.email
    if setup.phone_number is not None:
        attributes["phone_number"] = setup.phone_number
    form = pool.state.users.address_of(setup.username)
    if "SMS" in setup.mfa and "phone_number" not in attributes and form != "phone_number":
        attributes["phone_number"] = _PHONE.format(len(pool.state.users) % 1000)
    if "EMAIL" in setup.mfa and "email" not in attributes and form != "email":
        raise SetupError("the factor EMAIL needs an address: add email")
    return attributes


async def _invite(
    emulator: CognitoEmulator, pool: EmulatedUserPool, setup: UserSetup, attributes: Mapping[str, str]
) -> None:
    """Create a user with a temporary password, or without one where codes and passkeys do."""
    if setup.temporary_password is None and not pool.state.code_factors:
        raise SetupError(f"the user {setup.username!r} needs a password, or a temporary_password")
    if setup.mfa:
        raise SetupError("second factors need a password: a user with a temporary one sets them up")
    given = dict(attributes)
    for name in ("email", "phone_number"):
        if name in given:
            given.setdefault(f"{name}_verified", "true")
    named = {"UserPoolId": pool.id, "Username": setup.username}
    temporary = {} if setup.temporary_password is None else {"TemporaryPassword": setup.temporary_password}
    entries = [{"Name": name, "Value": value} for name, value in given.items()]
    await emulator.call(
        "AdminCreateUser", **named, **temporary, UserAttributes=entries, MessageAction="SUPPRESS"
    )
    user = pool.state.users.find(setup.username)
    if user is not None:
        async with user_or_nothing(emulator, pool.state, user, setup.groups):
            pass


def _software_token(secret: str) -> SoftwareToken:
    token = SoftwareToken(secret.replace(" ", "").rstrip("=").upper())
    try:
        token.code(0)
    except ValueError:
        problem = SetupError("totp_secret must be base32: letters, and the digits 2 to 7")
    else:
        return token
    raise problem


# Identity pools


async def add_identity_pool(
    emulator: CognitoEmulator, setup: IdentityPoolSetup, pools: Sequence[EmulatedUserPool]
) -> EmulatedIdentityPool:
    """Create an identity pool, or return the existing one of its id or name.

    Raises:
        SetupError: Cognito would refuse it, or it names an unknown user pool.
    """
    from ..emulated_identity_pool import EmulatedIdentityPool

    with _at(setup.where):
        chosen_ids.check_form("CreateIdentityPool", setup.id)
        for pool in emulator.state.identity_pools.values():
            same = pool.id == setup.id if setup.id else pool.settings["IdentityPoolName"] == setup.name
            if same:
                return EmulatedIdentityPool(emulator, pool.id)
        members = {
            "IdentityPoolName": setup.name,
            "AllowUnauthenticatedIdentities": setup.allow_guests,
            **setup.settings,
        }
        return await emulator.create_identity_pool(
            pool_id=setup.id,
            user_pools=_named_pools(setup, pools),
            roles=setup.roles,
            role_mappings=dict(setup.role_mappings.items()),
            **members,
        )


def _named_pools(setup: IdentityPoolSetup, pools: Sequence[EmulatedUserPool]) -> Sequence[EmulatedUserPool]:
    if setup.user_pools is None:
        return pools
    by_name = {pool.state.settings["Name"]: pool for pool in pools} | {pool.id: pool for pool in pools}
    for name in setup.user_pools:
        if name not in by_name:
            raise SetupError(f"user_pools: the user pool {name!r} is unknown: {suggestion(name, by_name)}")
    return [by_name[name] for name in setup.user_pools]
