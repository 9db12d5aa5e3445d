"""A user, and the directory that finds one by any of their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import define, field

from .attempts import Attempts, Lockout
from .records import Ceremony, Code, Device, Passkey
from .schema import address_form
from .serialization import kept
from .srp_server import Secret
from .totp import SoftwareToken

UNCONFIRMED: Final = "UNCONFIRMED"
CONFIRMED: Final = "CONFIRMED"
RESET_REQUIRED: Final = "RESET_REQUIRED"
FORCE_CHANGE_PASSWORD: Final = "FORCE_CHANGE_PASSWORD"  # noqa: S105 - a status
EXTERNAL_PROVIDER: Final = "EXTERNAL_PROVIDER"


@kept("user")
@define
class User:
    """One user of a user pool.

    Args:
        username: The immutable username.
        sub: The subject: a UUID, in pools whose users sign in by address the username, too.
        created: When, in seconds since 1970.
        attributes: Without ``sub``; all values are strings, as the API has them.
        awaited: By provider, the identities that were linked by another claim than the subject and have not
            signed in yet: the claim's value, and the attribute that it is mapped to.
    """

    username: str
    sub: str
    created: float
    modified: float
    status: str = UNCONFIRMED
    enabled: bool = True
    attributes: dict[str, str] = field(factory=dict, repr=False)
    pending: dict[str, str] = field(factory=dict, repr=False)
    secret: Secret | None = field(default=None, repr=False)
    old_secrets: list[Secret] = field(factory=list, repr=False)
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
    awaited: dict[str, dict[str, str]] = field(factory=dict, repr=False)

    def verified(self, attribute: str) -> bool:
        """Whether an address is verified."""
        return self.attributes.get(f"{attribute}_verified") == "true"

    def active_factors(self) -> list[str]:
        """The second factors that are on, in Cognito's order."""
        return [factor for factor in ("SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP") if factor in self.factors]


@kept("user-directory")
@define
class Directory:
    """The users of one pool, by username, subject and alias.

    Args:
        case_sensitive: Whether ``Ana`` and ``ana`` are two people.
        username_attributes: ``UsernameAttributes``: addresses that are sign-in names from the start.
        alias_attributes: ``AliasAttributes``: addresses that become sign-in names when they are verified.
    """

    case_sensitive: bool
    username_attributes: tuple[str, ...] = ()
    alias_attributes: tuple[str, ...] = ()
    _users: dict[str, User] = field(factory=dict)
    _subjects: dict[str, str] = field(factory=dict)
    _aliases: dict[tuple[str, str], str] = field(factory=dict)
    _owned: dict[str, list[tuple[str, str]]] = field(factory=dict)

    def __iter__(self) -> Iterator[User]:
        return iter(self._users.values())

    def __len__(self) -> int:
        return len(self._users)

    def fold(self, name: str) -> str:
        """Bring a name into the form in which it is compared."""
        return name if self.case_sensitive else name.lower()

    def find(self, name: str) -> User | None:
        """Find a user by username, subject or alias."""
        found = self._users.get(self.fold(name)) or self.by_subject(name)
        if found is not None:
            return found
        for attribute in (*self.username_attributes, *self.alias_attributes):
            if holder := self.holder(attribute, name):
                return holder
        return None

    def by_subject(self, sub: str) -> User | None:
        """Find a user by subject."""
        key = self._subjects.get(sub)
        return None if key is None else self._users[key]

    def holder(self, attribute: str, value: str) -> User | None:
        """Find the user for whom an address is a sign-in name."""
        key = self._aliases.get((attribute, self.fold(value)))
        return None if key is None else self._users[key]

    def add(self, user: User) -> None:
        """Take a user in."""
        key = self.fold(user.username)
        self._users[key] = user
        self._subjects[user.sub] = key
        self.index(user)

    def remove(self, user: User) -> None:
        """Forget a user."""
        key = self.fold(user.username)
        del self._users[key], self._subjects[user.sub]
        self._drop_aliases(key)

    def index(self, user: User) -> None:
        """Bring the user's aliases up to date; to be called whenever attributes changed."""
        key = self.fold(user.username)
        self._drop_aliases(key)
        for attribute, value in self._names(user):
            alias = attribute, self.fold(value)
            self._aliases[alias] = key
            self._owned.setdefault(key, []).append(alias)

    def conflict(self, user: User) -> str | None:
        """Name the attribute of a user that is somebody else's sign-in name, if one is."""
        for attribute, value in self._names(user):
            holder = self.holder(attribute, value)
            if holder is not None and holder is not user:
                return attribute
        return None

    def take_alias(self, user: User) -> None:
        """Move the user's aliases to them, and unverify them where they were (ForceAliasCreation)."""
        for attribute, value in self._names(user):
            holder = self.holder(attribute, value)
            if holder is not None and holder is not user:
                holder.attributes[f"{attribute}_verified"] = "false"
                self.index(holder)

    def _names(self, user: User) -> Iterator[tuple[str, str]]:
        if user.status == EXTERNAL_PROVIDER:
            # They sign in elsewhere; an address of theirs may be somebody's sign-in name here.
            return
        for attribute in self.username_attributes:
            if value := user.attributes.get(attribute):
                yield attribute, value
        for attribute in self.alias_attributes:
            value = user.attributes.get(attribute)
            if value and (attribute == "preferred_username" or user.verified(attribute)):
                yield attribute, value

    def _drop_aliases(self, key: str) -> None:
        for alias in self._owned.pop(key, ()):
            self._aliases.pop(alias, None)

    def address_of(self, name: str) -> str | None:
        """Say which of the pool's username attributes a name has the form of."""
        form = address_form(name)
        return form if form in self.username_attributes else None
