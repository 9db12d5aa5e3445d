"""An identity pool: its settings, its identities, and which login belongs to which of them."""

from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field, frozen

from .._partitions import partition_of
from .._public import public
from .account import ACCOUNT
from .expiry import drop_expired
from .serialization import persisted
from .shelf import Shelf

KEPT_CREDENTIALS: Final = 1_000

LoginKey = tuple[str, str]
"""An identity provider, and its id of the user."""


@public("aiocognito.emulator")
@persisted("aws-credentials")
@frozen
class IssuedCredentials:
    """Temporary AWS credentials, and the identity and role that they are for.

    Args:
        access_key_id: Begins with ``ASIA``.
        secret_key: The key that requests are signed with.
        session_token: The token that is sent with every request.
        expires: Their end, in seconds since 1970, on the emulator's clock.
        identity_pool_id: The identity pool that issued them.
        identity_id: The identity.
        role_arn: The role's ARN.
        authenticated: Whether the user had signed in; otherwise they are a guest's.
        principal_tags: The tags that a policy would see.
    """

    access_key_id: str
    secret_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires: float
    identity_pool_id: str
    identity_id: str
    role_arn: str
    authenticated: bool
    principal_tags: Mapping[str, str] = field(factory=dict, repr=False)


@persisted("identity")
@define
class Identity:
    """One identity.

    Args:
        id: ``<region>:<uuid>``.
        created: When, in seconds since 1970.
        modified: When a login was linked or taken away.
        logins: The subjects at each provider; a public provider has one at most.
        linked: Whether it ever had a login: then guests cannot use it any longer.
        successor: The identity that it was merged into; it is disabled then.
    """

    id: str
    created: float
    modified: float
    logins: dict[str, list[str]] = field(factory=dict)
    linked: bool = False
    successor: str | None = None

    def describe(self) -> dict[str, Any]:
        """Return IdentityDescription."""
        return {
            "IdentityId": self.id,
            "Logins": list(self.logins),
            "CreationDate": self.created,
            "LastModifiedDate": self.modified,
        }

    def login_keys(self) -> list[LoginKey]:
        """List the logins."""
        return [(provider, subject) for provider, subjects in self.logins.items() for subject in subjects]


@persisted("identity-pool")
@define
class IdentityPool:
    """One identity pool.

    Args:
        id: ``<region>:<uuid>``.
        settings: IdentityPool's members, as they are described.
        roles: The default roles: ``authenticated`` and ``unauthenticated``.
        mappings: RoleMapping's members, by provider; a user pool is ``<its name>:<app client>``.
        tag_maps: Which claims become principal tags, by provider.
        identities: By id.
        issued: The credentials that were issued last, by access key.
    """

    id: str
    settings: dict[str, Any] = field(repr=False)
    roles: dict[str, str] = field(factory=dict)
    mappings: dict[str, dict[str, Any]] = field(factory=dict, repr=False)
    tag_maps: dict[str, dict[str, Any]] = field(factory=dict, repr=False)
    identities: Shelf[str, Identity] = field(factory=Shelf, repr=False)
    issued: dict[str, IssuedCredentials] = field(factory=dict, repr=False)
    _owners: Shelf[LoginKey, str] = field(factory=Shelf, repr=False)

    @property
    def region(self) -> str:
        """The region, from the id."""
        return self.id.split(":", 1)[0]

    @property
    def allows_guests(self) -> bool:
        """``AllowUnauthenticatedIdentities``."""
        return bool(self.settings["AllowUnauthenticatedIdentities"])

    @property
    def developer_provider(self) -> str | None:
        """``DeveloperProviderName``."""
        name: str | None = self.settings.get("DeveloperProviderName")
        return name

    def owner(self, login: LoginKey) -> Identity | None:
        """Return the identity that a login is linked to."""
        found = self._owners.get(login)
        return None if found is None else self.identities[found]

    def link(self, identity: Identity, login: LoginKey, now: float) -> None:
        """Link a login that is not linked yet to an identity."""
        provider, subject = login
        identity.logins.setdefault(provider, []).append(subject)
        self._owners[login] = identity.id
        identity.linked, identity.modified = True, now

    def unlink(self, login: LoginKey, now: float) -> None:
        """Unlink a login from its identity."""
        identity = self.identities[self._owners.pop(login)]
        provider, subject = login
        identity.logins[provider].remove(subject)
        if not identity.logins[provider]:
            del identity.logins[provider]
        identity.modified = now

    def merge(self, child: Identity, parent: Identity, now: float) -> None:
        """Give an identity's logins to another one, and disable it."""
        for login in child.login_keys():
            self.unlink(login, now)
            self.link(parent, login, now)
        child.successor, child.modified = parent.id, now

    def remove(self, identity: Identity) -> None:
        """Remove an identity."""
        for login in identity.login_keys():
            del self._owners[login]
        del self.identities[identity.id]

    def remember(self, credentials: IssuedCredentials, now: float) -> None:
        """Store issued credentials, by which `CognitoEmulator.credentials_of` finds the identity."""
        drop_expired(self.issued, now)
        self.issued[credentials.access_key_id] = credentials
        if len(self.issued) > KEPT_CREDENTIALS:
            del self.issued[next(iter(self.issued))]


def arn(pool: IdentityPool) -> str:
    """Return the ARN of an identity pool."""
    partition = partition_of(pool.region).name
    return f"arn:{partition}:cognito-identity:{pool.region}:{ACCOUNT}:identitypool/{pool.id}"
