"""Users, and the directory that finds a user by username, subject or alias."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from attrs import define, field

from .attempts import Attempts, Lockout
from .errors import alias_exists
from .records import AuthEvent, Ceremony, Code, Device, Passkey
from .schema import address_form
from .serialization import persisted
from .shelf import Shelf
from .srp_server import Verifier
from .totp import SoftwareToken

UNCONFIRMED: Final = "UNCONFIRMED"
CONFIRMED: Final = "CONFIRMED"
RESET_REQUIRED: Final = "RESET_REQUIRED"
FORCE_CHANGE_PASSWORD: Final = "FORCE_CHANGE_PASSWORD"  # noqa: S105 - a status
EXTERNAL_PROVIDER: Final = "EXTERNAL_PROVIDER"
IDENTITIES: Final = "identities"
"""The attribute with the accounts at external providers that belong to a user: JSON as text."""
PASSKEY_MFA: Final = "WEB_AUTHN_MFA"
"""In ``UserMFASettingList``: a passkey that verifies the user counts as two factors. It has no challenge."""


@persisted("user", renamed={"awaited": "pending_links"})
@define
class User:
    """One user of a user pool.

    Args:
        username: The immutable username.
        sub: The subject: a UUID, in pools whose users sign in by address the username, too.
        created: When, in seconds since 1970.
        attributes: Without ``sub``; all values are strings, as the API has them.
        pending_links: By provider, the identities that were linked by a claim other than the subject and have
            not signed in yet: the claim's value, and the attribute that it is mapped to.
        has_mfa_options: Whether the older operations turned SMS on; ``MFAOptions`` shows it while it is on.
    """

    username: str
    sub: str
    created: float
    modified: float
    status: str = UNCONFIRMED
    enabled: bool = True
    attributes: dict[str, str] = field(factory=dict, repr=False)
    pending: dict[str, str] = field(factory=dict, repr=False)
    secret: Verifier | None = field(default=None, repr=False)
    old_secrets: list[Verifier] = field(factory=list, repr=False)
    temporary_until: float | None = None
    codes: dict[str, Code] = field(factory=dict, repr=False)
    attempts: Attempts = field(factory=Attempts, repr=False)
    lockout: Lockout = field(factory=Lockout, repr=False)
    token: SoftwareToken | None = field(default=None, repr=False)
    new_token: SoftwareToken | None = field(default=None, repr=False)
    factors: set[str] = field(factory=set)
    preferred_factor: str | None = None
    groups: list[str] = field(factory=list)
    signed_in_before: bool = False
    devices: dict[str, Device] = field(factory=dict, repr=False)
    passkeys: dict[str, Passkey] = field(factory=dict, repr=False)
    registration: Ceremony | None = field(default=None, repr=False)
    pending_links: dict[str, dict[str, str]] = field(factory=dict, repr=False)
    has_mfa_options: bool = False
    auth_events: list[AuthEvent] = field(factory=list, repr=False)

    def verified(self, attribute: str) -> bool:
        """Whether an address is verified."""
        return self.attributes.get(f"{attribute}_verified") == "true"

    def accounts(self) -> list[tuple[str, str]]:
        """Return the user's accounts at external providers: the provider, and the user's id there."""
        entries = json.loads(self.attributes.get(IDENTITIES) or "[]")
        return [(entry["providerName"], entry["userId"]) for entry in entries]

    def active_factors(self) -> list[str]:
        """The second factors that are on and have a challenge, in Cognito's order."""
        return [factor for factor in ("SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP") if factor in self.factors]

    def listed_factors(self) -> list[str]:
        """``UserMFASettingList``: the second factors that are on, and passkeys that count as two."""
        return self.active_factors() + ([PASSKEY_MFA] if PASSKEY_MFA in self.factors else [])

    def drop_factor(self, factor: str) -> None:
        """Turn a second factor off; passkeys do not count as two factors without another one."""
        self.factors.discard(factor)
        if self.preferred_factor == factor:
            self.preferred_factor = None
        if not self.active_factors():
            self.factors.discard(PASSKEY_MFA)


@persisted("user-directory")
@define
class Directory:
    """The users of one pool, by username, subject and alias.

    Args:
        case_sensitive: Whether ``Ana`` and ``ana`` are two users.
        username_attributes: ``UsernameAttributes``: addresses that are sign-in names from the start.
        alias_attributes: ``AliasAttributes``: addresses that become sign-in names when they are verified.
    """

    case_sensitive: bool
    username_attributes: tuple[str, ...] = ()
    alias_attributes: tuple[str, ...] = ()
    _users: Shelf[str, User] = field(factory=Shelf, repr=False)
    _subjects: Shelf[str, str] = field(factory=Shelf, repr=False)
    _aliases: Shelf[tuple[str, str], str] = field(factory=Shelf, repr=False)
    _owned: Shelf[str, list[tuple[str, str]]] = field(factory=Shelf, repr=False)
    _accounts: dict[tuple[str, str], dict[str, None]] | None = field(
        default=None, repr=False, metadata={"persisted": False}
    )

    def __iter__(self) -> Iterator[User]:
        return iter(self._users.values())

    def __len__(self) -> int:
        return len(self._users)

    def normalize(self, name: str) -> str:
        """Return a name in the form in which names are compared."""
        return name if self.case_sensitive else name.lower()

    def find(self, name: str) -> User | None:
        """Find a user by username, subject or alias."""
        found = self._users.get(self.normalize(name)) or self.by_subject(name)
        if found is not None:
            return found
        for attribute in (*self.username_attributes, *self.alias_attributes):
            if holder := self.holder(attribute, name):
                return holder
        return None

    def named(self, username: str) -> User | None:
        """Find a user by username alone."""
        found: User | None = self._users.get(self.normalize(username))
        return found

    def by_subject(self, sub: str) -> User | None:
        """Find a user by subject."""
        key = self._subjects.get(sub)
        return None if key is None else self._users[key]

    def holder(self, attribute: str, value: str) -> User | None:
        """Find the user for whom an address is a sign-in name."""
        key = self._aliases.get((attribute, self.normalize(value)))
        return None if key is None else self._users[key]

    def with_account(self, provider: str, user_id: str) -> list[User]:
        """Find the users whom an account at an external provider is linked to, or who were created for it.

        There is more than one if a link by another claim has the text of a subject.
        """
        if self._accounts is None:
            self._accounts = {}
            for user in self:
                self._index_accounts(user)
        keys = self._accounts.get((provider, user_id), ())
        found = [self._users[key] for key in keys if key in self._users]
        # The entries of unlinked accounts are not removed.
        return [user for user in found if (provider, user_id) in user.accounts()]

    def _index_accounts(self, user: User) -> None:
        if self._accounts is not None:
            for account in user.accounts():
                self._accounts.setdefault(account, {})[self.normalize(user.username)] = None

    def add(self, user: User) -> None:
        """Add a user."""
        key = self.normalize(user.username)
        self._users[key] = user
        self._subjects[user.sub] = key
        self.index(user)

    def remove(self, user: User) -> None:
        """Remove a user."""
        key = self.normalize(user.username)
        del self._users[key], self._subjects[user.sub]
        self._drop_aliases(key)

    def index(self, user: User) -> None:
        """Update what a user is found by. Call it after every change of attributes."""
        self._index_accounts(user)
        key = self.normalize(user.username)
        self._drop_aliases(key)
        for attribute, value in self._names(user):
            alias = attribute, self.normalize(value)
            self._aliases[alias] = key
            self._owned.setdefault(key, []).append(alias)

    def conflict(self, user: User, attributes: Mapping[str, str] | None = None) -> str | None:
        """Return the attribute of a user that is another user's sign-in name; ``None`` without one.

        Args:
            user: The user.
            attributes: The attributes that the user would have; the present ones by default.
        """
        for attribute, value in self._names(user, attributes):
            holder = self.holder(attribute, value)
            if holder is not None and holder is not user:
                return attribute
        return None

    def update(self, user: User, attributes: Mapping[str, str]) -> None:
        """Set attributes of a user, and update the user's aliases.

        Raises:
            ApiError: One of them is another user's sign-in name; nothing was changed.
        """
        taken = self.conflict(user, {**user.attributes, **attributes})
        if taken is not None:
            raise alias_exists(taken)
        user.attributes.update(attributes)
        self.index(user)

    def take_alias(self, user: User) -> None:
        """Take the user's aliases from their present owners, as unverified addresses (ForceAliasCreation)."""
        for attribute, value in self._names(user):
            holder = self.holder(attribute, value)
            if holder is not None and holder is not user:
                holder.attributes[f"{attribute}_verified"] = "false"
                self.index(holder)

    def _names(self, user: User, attributes: Mapping[str, str] | None = None) -> Iterator[tuple[str, str]]:
        if user.status == EXTERNAL_PROVIDER:
            # These users sign in at their provider; their address may be the sign-in name of another user.
            return
        values = user.attributes if attributes is None else attributes
        for attribute in self.username_attributes:
            if value := values.get(attribute):
                yield attribute, value
        for attribute in self.alias_attributes:
            value = values.get(attribute)
            verified = values.get(f"{attribute}_verified") == "true"
            if value and (attribute == "preferred_username" or verified):
                yield attribute, value

    def _drop_aliases(self, key: str) -> None:
        for alias in self._owned.pop(key, ()):
            self._aliases.pop(alias, None)

    def address_of(self, name: str) -> str | None:
        """Return the pool's username attribute that a name has the form of; ``None`` if there is not one."""
        form = address_form(name)
        return form if form in self.username_attributes else None
