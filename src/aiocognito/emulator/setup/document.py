"""What a set-up says: frozen values, which know the member of the file that they were read from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

TEXT: Final = "text"
FLAG: Final = "true or false"
NUMBER: Final = "a whole number"
TEXTS: Final = "a list of texts"
TEXT_OR_TEXTS: Final = "a text or a list of texts"
STRINGS: Final = "a table of texts"
TABLE: Final = "a table"
TABLES: Final = "a list of tables"


def _member(kind: str, default: Any = None, *, of: type | None = None, secret: bool = False) -> Any:
    """Return a field with the kind of value that the file must have there."""
    return field(default=default, repr=not secret, metadata={"kind": kind, "of": of})


def _required(kind: str = TEXT) -> Any:
    return field(metadata={"kind": kind, "required": True})


@frozen(kw_only=True)
class ClientSetup:
    """An app client; ``settings`` are CreateUserPoolClient's members."""

    id: str | None = _member(TEXT)
    secret: str | None = _member(TEXT, secret=True)
    name: str | None = _member(TEXT)
    callback_urls: tuple[str, ...] = _member(TEXTS, ())
    logout_urls: tuple[str, ...] = _member(TEXTS, ())
    settings: Mapping[str, Any] = _member(TABLE, {})
    where: str = "the app client"


@frozen(kw_only=True)
class PasskeySetup:
    """A passkey whose private key a test has: the credential's id and its public key."""

    id: str = _required()
    public_key: str = _required()
    where: str = "the passkey"


@frozen(kw_only=True)
class UserSetup:
    """A user, with factors, passkeys and groups."""

    username: str = _required()
    sub: str | None = _member(TEXT)
    password: str | None = _member(TEXT, secret=True)
    temporary_password: str | None = _member(TEXT, secret=True)
    email: str | None = _member(TEXT)
    phone_number: str | None = _member(TEXT)
    attributes: Mapping[str, str] = _member(STRINGS, {})
    mfa: tuple[str, ...] = _member(TEXT_OR_TEXTS, ())
    totp_secret: str | None = _member(TEXT, secret=True)
    passkeys: tuple[PasskeySetup, ...] = _member(TABLES, (), of=PasskeySetup)
    groups: tuple[str, ...] = _member(TEXTS, ())
    confirmed: bool = _member(FLAG, True)
    enabled: bool = _member(FLAG, True)
    where: str = "the user"


@frozen(kw_only=True)
class GroupSetup:
    """A group."""

    name: str = _required()
    description: str | None = _member(TEXT)
    precedence: int | None = _member(NUMBER)
    role_arn: str | None = _member(TEXT)
    where: str = "the group"


@frozen(kw_only=True)
class ResourceServerSetup:
    """A resource server and the names of its scopes."""

    identifier: str = _required()
    name: str | None = _member(TEXT)
    scopes: tuple[str, ...] = _member(TEXTS, ())
    where: str = "the resource server"


@frozen(kw_only=True)
class ProviderSetup:
    """An external identity provider, which the emulator stands in for."""

    name: str = _required()
    type: str | None = _member(TEXT)
    attribute_mapping: Mapping[str, str] | None = _member(STRINGS)
    where: str = "the identity provider"


@frozen(kw_only=True)
class UserPoolSetup:
    """A user pool; ``settings`` are CreateUserPool's and SetUserPoolMfaConfig's members."""

    id: str | None = _member(TEXT)
    name: str = _member(TEXT, "people")
    domain: str | None = _member(TEXT)
    settings: Mapping[str, Any] = _member(TABLE, {})
    clients: tuple[ClientSetup, ...] = _member(TABLES, (), of=ClientSetup)
    users: tuple[UserSetup, ...] = _member(TABLES, (), of=UserSetup)
    groups: tuple[GroupSetup, ...] = _member(TABLES, (), of=GroupSetup)
    resource_servers: tuple[ResourceServerSetup, ...] = _member(TABLES, (), of=ResourceServerSetup)
    providers: tuple[ProviderSetup, ...] = _member(TABLES, (), of=ProviderSetup)
    triggers: Mapping[str, str] = _member(STRINGS, {})
    where: str = "the user pool"


@frozen(kw_only=True)
class IdentityPoolSetup:
    """An identity pool; ``settings`` are CreateIdentityPool's members."""

    id: str | None = _member(TEXT)
    name: str = _member(TEXT, "people")
    allow_guests: bool = _member(FLAG, False)
    user_pools: tuple[str, ...] | None = _member(TEXTS)
    roles: Mapping[str, str] | None = _member(STRINGS)
    role_mappings: Mapping[str, Any] = _member(TABLE, {})
    settings: Mapping[str, Any] = _member(TABLE, {})
    where: str = "the identity pool"


@frozen(kw_only=True)
class Setup:
    """Everything that an emulator is set up with."""

    region: str | None = _member(TEXT)
    user_pools: tuple[UserPoolSetup, ...] = _member(TABLES, (), of=UserPoolSetup)
    identity_pools: tuple[IdentityPoolSetup, ...] = _member(TABLES, (), of=IdentityPoolSetup)
    amplify_outputs: str | None = _member(TEXT)
    where: str = "the set-up"
