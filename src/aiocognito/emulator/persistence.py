"""The emulator's state in a directory, where it survives the end of the process, even a crash.

One JSON document per user pool and identity pool, replaced as a whole: written beside it, synced, renamed.
Responses are sent after that, so what a client has received is on the disk. Signing keys are in files of
their own, mode 0600.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from anyio import to_thread
from cryptography.hazmat.primitives import serialization as keys_serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ..storage._private_directory import PrivateDirectory
from . import directory_lock, serialization
from .atomic_file import replace as replace
from .identity_pool import IdentityPool
from .identity_pools import open_id
from .outbox import Message
from .pool import UserPool
from .signing_keys import KeyPair, SigningKey

if TYPE_CHECKING:
    from .state import EmulatorState

VERSION: Final = 2
_READABLE: Final = (1, VERSION)
"""Version 1 has names of modules and classes as tags (`serialization.MODULE_TAGS`)."""
MESSAGES: Final = 200
_POOL: Final = ".pool.json"
_IDENTITY_POOL: Final = ".identity-pool.json"
_KEYS: Final = ".keys.json"
_REST: Final = "emulator.json"
_DAMAGED: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What the content of a file can raise that was cut off, edited, or written by another program."""
_Result = TypeVar("_Result")
_State = TypeVar("_State")


class StateDirectory:
    """Persists the state of one emulator in one directory.

    Args:
        directory: The directory; it is created, with mode 0700, if it does not exist. Other users must
            not be able to alter or exchange it (see `storage._private_directory`).
        state: The emulator's state.
    """

    def __init__(self, directory: str | Path, state: EmulatorState) -> None:
        self._directory = Path(directory).absolute()
        self._private = PrivateDirectory(self._directory)
        self._state = state
        self._lock = asyncio.Lock()
        self._changed = 0
        self._written = 0
        self._starts = 1
        self._on_disk: dict[str, str] = {}
        self._held: int | None = None
        self._is_closed = False

    async def load(self) -> None:
        """Lock the directory, and read its files into the state.

        Raises:
            ValueError: A file is of another version, the directory cannot be read or made, or other
                users of the machine could alter it.
            RuntimeError: Another emulator uses the directory.
        """
        await self._on_directory(self._acquire)
        try:
            await self._load()
        except BaseException:
            self.close()
            raise

    async def reopen(self) -> None:
        """Lock the directory again, for an emulator that was stopped and is started once more.

        Raises:
            ValueError: The directory cannot be used.
            RuntimeError: Another emulator uses the directory, or has changed it meanwhile.
        """
        await self._on_directory(self._acquire)
        if await self._on_directory(self._read) != self._on_disk:
            self.close()
            raise RuntimeError(
                f"another emulator has changed {self._directory} since this one was stopped: start a new "
                "CognitoEmulator, which reads the directory again"
            )

    def close(self) -> None:
        """Release the directory for the next emulator."""
        self._is_closed = True
        if self._held is not None:
            directory_lock.release(self._held)
            self._held = None

    async def _on_directory(self, work: Callable[[], _Result]) -> _Result:
        try:
            return await to_thread.run_sync(work)
        except OSError as exc:
            failure = exc
        path = failure.filename or self._directory
        raise ValueError(f"the directory for data= (--data) cannot be used: {path}: {failure.strerror}")

    def _acquire(self) -> None:
        self._check()
        self._held = directory_lock.acquire(self._directory)
        self._is_closed = False

    async def _load(self) -> None:
        found = await self._on_directory(self._read)
        for name, text in found.items():
            problem = self._restore_file(name, text)
            if problem is not None:
                raise ValueError(problem)
            self._on_disk[name] = text

    def _restore_file(self, name: str, text: str) -> str | None:
        """Put the content of a file into the state; return what is wrong with it, if it cannot be read."""
        place = str(self._directory / name)
        try:
            document = json.loads(text)
            version = document["version"]
            if version not in _READABLE:
                return (
                    f"{place} is of version {version}, which this emulator does not know: use the aiocognito "
                    "that wrote it or a newer one, or an empty directory"
                )
            place += f", of version {version},"
            self._restore(name, serialization.decode(document["state"]))
        except _DAMAGED as error:
            # The texts of other errors can repeat a part of the content, which has secrets.
            reason = str(error) if isinstance(error, ValueError) else "its content is malformed"
            return (
                f"{place} cannot be read: {reason}. It is damaged, or not a file of the emulator: restore "
                "it, remove it, or choose another directory"
            )
        return None

    def _restore(self, name: str, content: Any) -> None:
        """Put the content of a file into the state.

        Raises:
            TypeError: It is not what a file of this name has.
        """
        if name.endswith(_POOL):
            pool = _checked(content, UserPool)
            self._state.pools[pool.id] = pool
            running = (job.id for job in pool.import_jobs.values() if job.is_running)
            self._state.running_imports.update((pool.id, job_id) for job_id in running)
        elif name.endswith(_IDENTITY_POOL):
            identity_pool = _checked(content, IdentityPool)
            self._state.identity_pools[identity_pool.id] = identity_pool
        elif name.endswith(_KEYS):
            self._state.keys.put(name.removesuffix(_KEYS), _load_pair(content))
        else:
            self._restore_rest(content)

    def _restore_rest(self, rest: Mapping[str, Any]) -> None:
        starts = rest.get("starts", 1)
        self._state.random.reseed(starts)
        self._starts = starts + 1
        self._state.clock.advance(rest["offset"])
        self._state.provisioned_limits.update(rest.get("provisioned_limits", {}))
        self._state.outbox.messages[:] = [Message(**message) for message in rest["messages"]]

    async def persist(self) -> None:
        """Write the changed files; return when they are on the disk.

        Changes that arrive during a write wait for it, and are written together.

        Raises:
            RuntimeError: The emulator is stopped, and another one may use the directory.
            ValueError: The directory cannot be written to, such as on a full disk.
        """
        if self._is_closed:
            raise RuntimeError("the emulator is not running: use `async with`")
        self._changed += 1
        mine = self._changed
        async with self._lock:
            if self._held is None:
                await to_thread.run_sync(self._acquire)
            if self._written >= mine:
                return
            covered = self._changed
            await self._write_all()
            self._written = covered

    async def _write_all(self) -> None:
        # This one is written first: ids that were drawn must not be drawn again, even after a crash.
        rest = _text(
            {
                "starts": self._starts,
                "offset": self._state.clock.offset,
                "provisioned_limits": self._state.provisioned_limits,
                "messages": [message.to_dict() for message in self._state.outbox.messages[-MESSAGES:]],
            }
        )
        files = {_REST: rest}
        files |= {f"{pool_id}{_POOL}": _text(pool) for pool_id, pool in self._state.pools.items()}
        for pool in self._state.identity_pools.values():
            # A file's name cannot have a colon everywhere.
            files[f"{pool.id.replace(':', '_')}{_IDENTITY_POOL}"] = _text(pool)
        for pool_id, pair in self._state.keys.made().items():
            name = f"{pool_id}{_KEYS}"
            if pool_id in self._state.pools or pool_id == open_id.KEYS:
                # Keys do not change, and writing them down takes a while.
                files[name] = self._on_disk.get(name) or _text(_dump_pair(pair))
        changed = {name: text for name, text in files.items() if self._on_disk.get(name) != text}
        gone = self._on_disk.keys() - files.keys()
        await self._on_directory(partial(self._write, changed, gone))
        self._on_disk = files

    def _read(self) -> dict[str, str]:
        self._check()
        # A file that is not UTF-8 is not JSON either: its error names the file.
        return {
            path.name: path.read_text("utf-8", "surrogateescape")
            for path in sorted(self._directory.glob("*.json"))
        }

    def _check(self) -> None:
        weakness = self._private.prepare()
        if weakness is not None:
            raise ValueError(f"the directory for data= (--data) is not safe: {weakness}")

    def _write(self, changed: Mapping[str, str], gone: set[str]) -> None:
        self._check()
        for name, text in changed.items():
            replace(self._directory / name, text.encode())
        for name in gone:
            (self._directory / name).unlink(missing_ok=True)


def _text(state: object) -> str:
    return f'{{"version":{VERSION},"state":{serialization.encode_text(state)}}}'


def _checked(content: object, kind: type[_State]) -> _State:
    if not isinstance(content, kind):
        raise TypeError(f"not a {kind.__name__}")
    return content


def _dump_pair(pair: KeyPair) -> dict[str, dict[str, str]]:
    return {
        use: {"kid": key.kid, "pem": _pem(key)} for use, key in (("access", pair.access), ("id", pair.id))
    }


def _pem(key: SigningKey) -> str:
    encoded = key.private.private_bytes(
        keys_serialization.Encoding.PEM,
        keys_serialization.PrivateFormat.PKCS8,
        keys_serialization.NoEncryption(),
    )
    return encoded.decode()


def _load_pair(found: Mapping[str, Mapping[str, str]]) -> KeyPair:
    return KeyPair(access=_load_key(found["access"]), id=_load_key(found["id"]))


def _load_key(found: Mapping[str, str]) -> SigningKey:
    private = keys_serialization.load_pem_private_key(found["pem"].encode(), None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("a signing key must be an RSA key")
    return SigningKey(found["kid"], private)
