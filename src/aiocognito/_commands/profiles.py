"""Sign-ins that `aiocognito login --save` stores in the user's state directory, sealed if there is a keyring.

A profile is two values of one `FileStorage`: the configuration that it was made with, and the session
itself, which the library updates.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import re
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from attrs import asdict, evolve, frozen

from .._config import AuthConfig, OAuthConfig
from ..errors import AuthConfigError, StorageError
from ..storage import FileStorage
from .failure import CommandError

SERVICE: Final = "aiocognito"
ENTRY: Final = "session-key"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY_BYTES: Final = 32
_NOT_A_KEY: Final = f"the keyring's entry {SERVICE}/{ENTRY} is not a key: remove it, and log in again"
# What a configuration is rebuilt from: the rest are limits of this process.
_FIELDS: Final = (
    "user_pool_id",
    "user_pool_client_id",
    "user_pool_client_secret",
    "user_pool_endpoint",
    "jwks_uri",
    "identity_pool_id",
    "identity_pool_endpoint",
    "allow_insecure_http",
)


class Keyring(Protocol):
    """The part of the package ``keyring`` that is used."""

    def get_password(self, service: str, username: str, /) -> str | None:
        """Return a secret."""
        ...

    def set_password(self, service: str, username: str, password: str, /) -> None:
        """Store a secret."""
        ...


def state_directory(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return the directory for the user's state: XDG's, or the system's own."""
    home = Path.home()
    if environ.get("XDG_STATE_HOME"):
        return Path(environ["XDG_STATE_HOME"]) / "aiocognito"
    if platform == "darwin":
        return home / "Library/Application Support/aiocognito"
    return home / ".local/state/aiocognito"


def system_keyring() -> Keyring | None:
    """Return the system's keyring; None if the package is not installed, or has no back end here."""
    try:
        keyring: Any = importlib.import_module("keyring")
    except ImportError:
        return None
    backend: Any = keyring.get_keyring()
    # The back ends that store nothing, or nothing safely, have a priority of 0 or less.
    return backend if getattr(backend, "priority", 0) > 0 else None


@frozen
class Profiles:
    """The profiles of one user.

    Args:
        directory: The state directory.
        keyring: Holds the key that seals them; None leaves them readable for their owner.
    """

    directory: Path
    keyring: Keyring | None

    @property
    def is_sealed(self) -> bool:
        """Whether new profiles are sealed."""
        return self.keyring is not None

    async def save(self, name: str, config: AuthConfig) -> FileStorage:
        """Store the configuration of a profile, and return the storage for its session.

        Raises:
            CommandError: The name is malformed, or the storage fails.
        """
        check_name(name)
        storage = self._storage()
        try:
            await storage.set(_key(name), json.dumps(_written(config)).encode())
        except StorageError as error:
            problem = str(error)
        else:
            return storage
        raise CommandError(problem)

    async def load(self, name: str) -> tuple[AuthConfig, FileStorage]:
        """Return the configuration of a profile, and the storage of its session.

        Raises:
            CommandError: There is no such profile, or it cannot be opened.
        """
        check_name(name)
        try:
            for storage in self._storages():
                content = await storage.get(_key(name))
                if content is not None:
                    return _read(json.loads(content)), storage
            problem = f"no sign-in is saved as {name!r}: aiocognito login --save {name}"
        except StorageError as error:
            problem = f"the sign-in {name!r} cannot be opened: {error}"
        raise CommandError(problem)

    async def remove(self, name: str) -> None:
        """Forget a profile.

        Raises:
            CommandError: The storage fails.
        """
        check_name(name)
        try:
            for storage in self._storages():
                await storage.delete(_key(name))
        except StorageError as error:
            problem = str(error)
        else:
            return
        raise CommandError(problem)

    def _storages(self) -> list[FileStorage]:
        """Return the storages that a profile can be in: it may be older than the keyring."""
        readable = self._at("readable", None)
        return [readable] if self.keyring is None else [self._storage(), readable]

    def _storage(self) -> FileStorage:
        if self.keyring is None:
            return self._at("readable", None)
        return self._at("sealed", self._encryption_key(self.keyring))

    def _at(self, name: str, key: bytes | None) -> FileStorage:
        try:
            return FileStorage(self.directory / name, encryption_key=key)
        except AuthConfigError as error:
            problem = str(error)
        raise CommandError(problem)

    def _encryption_key(self, keyring: Keyring) -> bytes:
        try:
            text = keyring.get_password(SERVICE, ENTRY)
            if text is None:
                text = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
                keyring.set_password(SERVICE, ENTRY, text)
            key = base64.b64decode(text, validate=True)
        except ValueError:
            problem = _NOT_A_KEY
        except Exception as error:
            problem = f"the keyring does not answer: {type(error).__name__}"
        else:
            if len(key) == _KEY_BYTES:
                return key
            problem = _NOT_A_KEY
        raise CommandError(problem)


def check_name(name: str) -> None:
    """Check the name of a profile.

    Raises:
        CommandError: It is malformed.
    """
    if not _NAME.fullmatch(name):
        raise CommandError(f"{name!r} must be a name of 1 to 64 letters, digits and characters of '._-'")


def _key(name: str) -> str:
    return f"profile:{name}"


def _written(config: AuthConfig) -> dict[str, Any]:
    written = {name: getattr(config, name) for name in _FIELDS}
    return {**written, "oauth": None if config.oauth is None else asdict(config.oauth)}


def _read(written: Mapping[str, Any]) -> AuthConfig:
    oauth = written.get("oauth")
    fields: dict[str, Any] = {name: written[name] for name in _FIELDS if written.get(name) is not None}
    config = AuthConfig(**fields)
    return config if oauth is None else evolve(config, oauth=OAuthConfig(**oauth))
