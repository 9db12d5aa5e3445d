"""The set-up that a command line's options describe, alone or on top of a file. Errors name the option."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from attrs import evolve, field, frozen

from .. import chosen_ids
from . import members, reading
from .document import ClientSetup, IdentityPoolSetup, Setup, UserPoolSetup, UserSetup
from .errors import SetupError

_SECRET: Final = re.compile(r"[A-Za-z0-9_+]{24,64}")  # ClientSecretType
_MFA: Final = re.compile(r"(?:TOTP|SMS|EMAIL)(?:,(?:TOTP|SMS|EMAIL))*")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_LONGEST_SEED: Final = 18


@frozen(kw_only=True)
class Options:
    """What ``aiocognito emulator`` can be given, besides where it listens and its callback URLs.

    Args:
        pool_id: The user pool's id.
        client_id: The app client's id.
        client_secret: The app client's secret.
        users: Each ``NAME:PASSWORD`` or ``NAME:PASSWORD:MFA``.
        setup: A set-up file.
        allowed_hosts: See `CognitoEmulator`; so are ``allowed_origins``, ``issuer``, ``tls`` and ``seed``.
        env_file: A file to write the environment variables to.
        amplify_outputs: A file to write ``amplify_outputs.json`` to.
        triggers: ``module:object``.
    """

    pool_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    users: Sequence[str] = field(default=(), repr=False)
    setup: Path | None = None
    allowed_hosts: Sequence[str] = ()
    allowed_origins: Sequence[str] = ()
    issuer: Literal["aws", "local"] = "aws"
    tls: tuple[Path, Path] | None = None
    env_file: Path | None = None
    amplify_outputs: Path | None = None
    seed: str | None = None
    triggers: str | None = None

    @property
    def seed_value(self) -> int | str | None:
        """The seed; digits are a number, as in Python."""
        text = self.seed
        is_number = text is not None and text.isascii() and text.isdigit() and len(text) <= _LONGEST_SEED
        return int(text) if text is not None and is_number else text


def check(options: Options) -> None:
    """Check what can be checked before anything runs.

    Raises:
        SetupError: An option is malformed; the message names it and says what it takes.
    """
    for name, operation, value in (
        ("--pool-id", "CreateUserPool", options.pool_id),
        ("--client-id", "CreateUserPoolClient", options.client_id),
    ):
        try:
            chosen_ids.check_form(operation, value)
        except ValueError as error:
            problem = SetupError(f"{name}: {error}")
        else:
            continue
        raise problem
    if options.client_secret is not None and not _SECRET.fullmatch(options.client_secret):
        # The secret itself is not shown.
        raise SetupError("--client-secret must be 24 to 64 letters, digits and characters of '_+'")
    for name, path in (("--env-file", options.env_file), ("--amplify-outputs", options.amplify_outputs)):
        if path is not None and not path.parent.is_dir():
            raise SetupError(f"{name}: the directory {path.parent} does not exist: create it first")
        if path is not None and path.is_dir():
            raise SetupError(f"{name}: {path} is a directory: name a file in it")
    users(options.users)


def users(texts: Sequence[str]) -> tuple[UserSetup, ...]:
    """Return the users of ``--user``.

    Raises:
        SetupError: One is malformed, or there twice.
    """
    found = tuple(map(_user, texts))
    names = [user.username for user in found]
    for name in names:
        if names.count(name) > 1:
            raise SetupError(f"--user: {name!r} is there twice: a user has one password")
    return found


def _user(text: str) -> UserSetup:
    name, colon, rest = text.partition(":")
    password, mfa_colon, last = rest.rpartition(":")
    factors: tuple[str, ...] = ()
    # A password may have colons. What follows the last one is a factor only if it looks like one.
    if mfa_colon and _MFA.fullmatch(last):
        factors = tuple(dict.fromkeys(last.split(",")))
    else:
        password = rest
    if not name or not colon or not password:
        # The text is not shown: it has a password.
        raise SetupError(
            "--user must be NAME:PASSWORD or NAME:PASSWORD:MFA, where MFA is TOTP, SMS or EMAIL, or several "
            f"with commas between them{f'; see the one that begins with {name!r}' if name and colon else ''}"
        )
    email = f"{name}@example.com" if _PLAIN_NAME.fullmatch(name) else None
    return UserSetup(username=name, password=password, mfa=factors, email=email, where=f"--user {name}")


def setup_of(options: Options, callback_urls: Sequence[str], default_callbacks: Sequence[str]) -> Setup:
    """Return the set-up without a file: a user pool, an app client, and an identity pool for its users."""
    given = users(options.users)
    # Addresses are the usual usernames; others need a pool that allows them.
    by_email = all("@" in user.username for user in given)
    settings: Mapping[str, Any] = {"UsernameAttributes": ["email"]} if by_email else {}
    client = ClientSetup(
        id=options.client_id,
        secret=options.client_secret,
        callback_urls=tuple(callback_urls or default_callbacks),
        logout_urls=tuple(_roots(callback_urls or default_callbacks)),
    )
    pool = UserPoolSetup(
        id=options.pool_id,
        settings=settings,
        clients=(client,),
        users=tuple(evolve(user, email=None) if by_email else user for user in given),
    )
    identity_pool = IdentityPoolSetup(allow_guests=True, user_pools=None)
    return Setup(user_pools=(pool,), identity_pools=(identity_pool,))


def read_file(options: Options, callback_urls: Sequence[str]) -> Setup:
    """Return the set-up of ``--setup``, with the other options on top of it. Blocks on the disk.

    Raises:
        SetupError: The file is malformed, or an option contradicts it.
    """
    if options.setup is None:
        raise SetupError("--setup is missing")
    setup, source = reading.read(options.setup)
    members.check(source)
    if not setup.user_pools:
        raise SetupError(f"{options.setup}: user_pools is missing: a set-up has at least one user pool")
    first, *others = setup.user_pools
    first = evolve(
        first,
        id=_one("--pool-id", options.pool_id, first.id, first.where),
        users=(*first.users, *users(options.users)),
        clients=_clients(options, callback_urls, first.clients),
    )
    return evolve(setup, user_pools=(first, *others))


def _clients(
    options: Options, callback_urls: Sequence[str], clients: Sequence[ClientSetup]
) -> tuple[ClientSetup, ...]:
    first, *others = clients or (ClientSetup(),)
    changed = evolve(
        first,
        id=_one("--client-id", options.client_id, first.id, first.where),
        secret=_one("--client-secret", options.client_secret, first.secret, first.where),
    )
    if callback_urls:
        changed = evolve(
            changed,
            callback_urls=tuple(dict.fromkeys([*callback_urls, *first.callback_urls])),
            logout_urls=tuple(dict.fromkeys([*_roots(callback_urls), *first.logout_urls])),
        )
    return (changed, *others)


def _one(option: str, given: str | None, there: str | None, where: str) -> str | None:
    if given is not None and there not in {None, given}:
        raise SetupError(f"{option} contradicts {where}: remove one of the two")
    return there if given is None else given


def _roots(urls: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(map(root, urls)))


def root(url: str) -> str:
    """Return where a browser goes after signing out: the root of a callback URL."""
    scheme, separator, rest = url.partition("://")
    # An application's own scheme may come without a host: com.example.app:/callback (RFC 8252, 7.1).
    return f"{scheme}://{re.split('[/?#]', rest)[0]}/" if separator else f"{url.partition(':')[0]}:/"
