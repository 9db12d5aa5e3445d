"""FileStorage when system calls fail: full, read-only or broken disks, no rights, too many open files."""

# ruff: noqa: ASYNC240 - a test may look at a file

import asyncio
import errno
import fcntl
import os
import stat
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aiocognito.errors import StorageError
from aiocognito.storage import FileStorage
from helpers.clock import Clock

from .contract import enter, is_free
from .files import failing

KEY = bytes(range(32))
OLD, NEW = b"the old secret", b"the new secret"
FAULTS = [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EMFILE, errno.ENOLCK]
CALLS: dict[str, Callable[[FileStorage], Any]] = {
    "get": lambda s: s.get("k"),
    "set": lambda s: s.set("k", NEW),
    "delete": lambda s: s.delete("k"),
    "replace": lambda s: s.replace("k", NEW, expected=OLD),
    "remove": lambda s: s.replace("k", None, expected=OLD),
    "lock": lambda s: enter(s, "k"),
}
AFTERWARDS = {"get": OLD, "set": NEW, "delete": None, "replace": NEW, "remove": None, "lock": OLD}
SYSTEM_CALLS = ("open", "close", "stat", "lstat", "fstat", "fsync", "replace", "unlink", "scandir")


class Faulty:
    """Lets the system call with a number fail, of those that touch files, and counts them."""

    def __init__(self, number: int, code: int) -> None:
        self.left, self.code = number, code

    @property
    def has_failed(self) -> bool:
        return self.left < 0

    def __call__(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            fails = self.left == 0
            self.left -= 1
            if fails and name == "close":
                real(*arguments, **options)  # a close that reports an error has closed all the same
            if fails:
                raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **options)

        return call

    @contextmanager
    def armed(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        with monkeypatch.context() as patch:
            for module, names in ((os, SYSTEM_CALLS), (fcntl, ("flock",))):
                for name in names:
                    patch.setattr(module, name, self(name, getattr(module, name)))
            yield


def open_files() -> list[str]:
    found = []
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - a Path cannot be listed while it is listed
        try:
            found.append(os.readlink(f"/dev/fd/{name}"))  # noqa: PTH115 - as above
        except OSError:
            continue  # the listing itself
    return sorted(found)


@pytest.fixture
def files(directory: Path, clock: Clock) -> FileStorage:
    return FileStorage(directory, encryption_key=KEY, clock=clock)


@pytest.mark.parametrize("code", FAULTS, ids=errno.errorcode.get)
@pytest.mark.parametrize("call", CALLS)
async def test_whichever_system_call_fails_nothing_is_half_done(
    files: FileStorage, directory: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the disk's speed is not the point
    await files.set("warm-up", b"")  # OpenSSL is loaded
    failures, number = 0, 0
    while True:
        await files.set("k", OLD)
        files._directory._changes = 1  # no sweep: it reports nothing
        before = open_files()
        faulty = Faulty(number, code)
        raised: StorageError | None = None
        with faulty.armed(monkeypatch):
            try:
                await CALLS[call](files)
            except StorageError as exc:
                raised = exc
        if not faulty.has_failed:
            break
        number += 1
        found = await files.get("k")
        assert found in (OLD, AFTERWARDS[call]), "neither the old value nor the new one"
        if raised is None:
            assert found == AFTERWARDS[call], "it did not happen, and nothing was raised"
        else:
            failures += 1
            assert f"{directory} failed: {os.strerror(code)}" in raised.message
            assert raised.retryable
            assert "secret" not in "".join(traceback.format_exception(raised))
        assert [path for path in open_files() if str(directory) in path] == [
            path for path in before if str(directory) in path
        ]
        assert await is_free(files, "k")
    await files.delete("k")
    assert [path.suffix for path in directory.iterdir()] == [".value"]
    assert failures >= (2 if call in ("get", "lock") else 5)


@pytest.mark.parametrize("code", FAULTS, ids=errno.errorcode.get)
async def test_directory_that_cannot_be_made_is_an_error_and_is_tried_again(
    files: FileStorage, directory: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "mkdir", failing(code))
        for call in CALLS.values():
            with pytest.raises(StorageError, match=f"{directory} failed: {os.strerror(code)}"):
                await call(files)
    await files.set("k", NEW)
    assert await files.get("k") == NEW


# Where only writing fails


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
async def test_values_can_be_read_where_nothing_can_be_written(
    files: FileStorage, directory: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    await files.set("k", OLD)
    system_open = os.open

    def read_only(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(code, os.strerror(code), path)
        return system_open(path, flags, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", read_only)
        patch.setattr(os, "mkdir", failing(code))
        patch.setattr(os, "unlink", failing(code))
        for reader in (files, FileStorage(directory, encryption_key=KEY, clock=files._directory._clock)):
            assert await reader.get("k") == OLD
            assert await reader.get("another") is None
            for call in ("set", "delete", "replace", "lock"):
                with pytest.raises(StorageError, match=os.strerror(code)):
                    await CALLS[call](reader)
    assert await files.get("k") == OLD
    await files.set("k", NEW)


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS])
async def test_a_file_system_without_locks_fails_at_once_and_can_be_read(
    files: FileStorage, directory: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    await files.set("k", OLD)
    attempts = []

    def no_locks(*_: object) -> None:
        attempts.append(1)
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", no_locks)
        for call in ("lock", "set", "replace", "delete"):
            attempts.clear()
            with pytest.raises(StorageError, match=os.strerror(code)):
                await CALLS[call](files)
            assert len(attempts) == 1, "it is not tried again"
        # All who wait for the lock hear of it; none waits for ever.
        outcomes = await asyncio.gather(*(enter(files, "k") for _ in range(5)), return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {StorageError}
        assert await files.get("k") == OLD
    assert await is_free(files, "k")
    assert len(files._leases) == len(files._writers) == 0


async def test_error_inside_of_the_lock_is_not_taken_for_one_of_the_lock(files: FileStorage) -> None:
    """What the holder raises passes through as it is, so that a caller can tell it from a failed entry."""
    error = StorageError("raised inside")
    with pytest.raises(StorageError) as caught:
        async with files.lock("k"):
            raise error
    assert caught.value is error


async def test_files_keep_their_mode_when_a_write_is_tried_again(
    files: FileStorage, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(errno.EIO))
        with pytest.raises(StorageError):
            await files.set("k", NEW)
    await files.set("k", NEW)
    (path,) = directory.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
