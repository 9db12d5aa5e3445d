"""FileStorage in one process: the contract, the files, what cannot be read, and a disk that fails."""

# ruff: noqa: ASYNC240 - a test may look at a file

import errno
import os
import stat
from collections.abc import Awaitable, Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockBuster

from aiocognito.errors import AuthConfigError, StorageError
from aiocognito.storage import FileStorage, _directory
from helpers.clock import Clock

from .contract import StorageContract, enter
from .files import failing, value_file

KEY, OTHER_KEY = bytes(range(32)), b"\x01" * 32


class FileContract(StorageContract):
    encryption_key: bytes | tuple[bytes, ...] | None

    @pytest.fixture
    def storage(self, tmp_path: Path, clock: Clock) -> FileStorage:
        return FileStorage(tmp_path / "s", encryption_key=self.encryption_key, clock=clock)

    @pytest.fixture
    def sharing(self, tmp_path: Path, clock: Clock) -> FileStorage:
        return FileStorage(str(tmp_path / "s"), encryption_key=self.encryption_key, clock=clock)


class TestPlainFiles(FileContract):
    encryption_key = None


class TestEncryptedFiles(FileContract):
    encryption_key = (KEY, OTHER_KEY)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# The directory and its files


async def test_constructor_does_nothing_and_first_use_makes_the_directory(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "b"
    storage = FileStorage(directory, encryption_key=None)
    assert repr(storage) == f"<FileStorage {str(directory)!r}>"
    assert not directory.parent.exists()
    assert await storage.get("k") is None
    assert mode(directory) == 0o700


async def test_only_the_owner_may_read_even_while_a_value_is_written(
    files: FileStorage, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, int] = {}
    fsync = os.fsync

    def look(descriptor: int) -> None:
        seen.update((path.suffix, mode(path)) for path in directory.iterdir())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    umask = os.umask(0)
    try:
        async with files.lock("k"):
            await files.set("k", b"v")
    finally:
        os.umask(umask)
    assert seen == dict.fromkeys((".value", ".tmp", ".write", ".lock"), 0o600)
    assert mode(directory) == 0o700


async def test_names_of_files_reveal_nothing_and_no_other_file_is_left(
    files: FileStorage, directory: Path
) -> None:
    async with files.lock("client:session:abc"):
        await files.set("client:session:abc", b"v")
        await files.replace("client:session:abc", b"w", expected=b"v")
    stem = sha256(b"client:session:abc").hexdigest()
    assert [path.name for path in directory.iterdir()] == [f"{stem}.value"]
    await files.delete("client:session:abc")
    assert list(directory.iterdir()) == []


async def test_values_are_in_the_clear_or_not_as_asked_for(tmp_path: Path) -> None:
    for name, key in {"open": None, "sealed": KEY}.items():
        await FileStorage(tmp_path / name, encryption_key=key).set("k", b"a secret token")
    assert b"secret" in value_file(tmp_path / "open").read_bytes()
    assert b"secret" not in value_file(tmp_path / "sealed").read_bytes()


async def test_relative_directory_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    storage = FileStorage("sessions", encryption_key=None)
    monkeypatch.chdir(tmp_path / "elsewhere")
    await storage.set("k", b"v")
    assert value_file(tmp_path / "sessions").exists()


async def test_no_call_blocks_the_loop(files: FileStorage) -> None:
    buster = BlockBuster("aiocognito")
    buster.activate()
    try:
        async with files.lock("k"):
            await files.set("k", b"v", ttl=1)
            await files.replace("k", b"w", expected=b"v")
            assert await files.get("k") == b"w"
            await files.delete("k")
    finally:
        buster.deactivate()


# What cannot be read


def cut(content: bytes) -> Iterator[bytes]:
    return (content[:length] for length in range(len(content)))


def flipped(content: bytes) -> Iterator[bytes]:
    return (
        content[:index] + bytes([content[index] ^ 0x10]) + content[index + 1 :]
        for index in range(len(content))
    )


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        flipped,
        lambda content: [content + b"\0"],
        lambda content: [b'{"access_token": "x"}' * 10],
        lambda content: [content[:4] + b"\x03" + content[5:]],
        lambda content: [content[:14] + b"\x7f" + b"\xff" * 7 + content[22:]],
    ],
    ids=["cut short", "altered", "longer", "foreign", "later version", "claims a huge length"],
)
async def test_damaged_file_is_an_error_and_stays_as_it_is(
    files: FileStorage, directory: Path, damage: Callable[[bytes], Any]
) -> None:
    await files.set("k", b"value")
    path = value_file(directory)
    whole = path.read_bytes()
    for damaged in damage(whole):
        path.write_bytes(damaged)
        with pytest.raises(StorageError, match="cannot read the stored value in") as caught:
            await files.get("k")
        assert not caught.value.retryable
        with pytest.raises(StorageError):
            await files.replace("k", b"new", expected=None)
        assert path.read_bytes() == damaged
    await files.set("k", b"value")
    assert path.read_bytes() == whole
    path.write_bytes(b"damaged")
    await files.delete("k")
    assert await files.get("k") is None


async def test_unknown_version_is_named(files: FileStorage, directory: Path) -> None:
    await files.set("k", b"value")
    content = value_file(directory).read_bytes()
    value_file(directory).write_bytes(content[:4] + b"\x07" + content[5:])
    with pytest.raises(StorageError, match="version 7, which this release does not know"):
        await files.get("k")


@pytest.mark.parametrize("key", [None, KEY])
async def test_file_of_one_key_is_not_taken_for_anothers(
    directory: Path, clock: Clock, key: bytes | None
) -> None:
    storage = FileStorage(directory, encryption_key=key, clock=clock)
    await storage.set("attacker", b"v")
    planted = value_file(directory)
    await storage.set("victim", b"w")
    (victim,) = set(directory.glob("*.value")) - {planted}
    planted.replace(victim)
    with pytest.raises(StorageError, match="damaged, or was renamed"):
        await storage.get("victim")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["directory", "pipe"])
async def test_a_path_that_is_not_a_file_is_an_error(
    files: FileStorage, directory: Path, make: Callable[[Path], None]
) -> None:
    await files.set("k", b"v")
    path = value_file(directory)
    path.unlink()
    make(path)
    with pytest.raises(StorageError, match="not a regular file"):
        await files.get("k")
    assert path.exists()


@pytest.mark.parametrize(
    ("written", "read", "message"),
    [
        (KEY, None, "is encrypted, and no encryption key is configured"),
        (KEY, OTHER_KEY, "no encryption key opens"),
        (None, KEY, "no encryption key opens"),
    ],
)
async def test_value_of_other_keys_is_an_error_and_can_be_overwritten(
    directory: Path, written: bytes | None, read: bytes | None, message: str
) -> None:
    first = FileStorage(directory, encryption_key=written)
    second = FileStorage(directory, encryption_key=read)
    await first.set("k", b"v")
    before = value_file(directory).read_bytes()
    with pytest.raises(StorageError, match=message):
        await second.get("k")
    with pytest.raises(StorageError, match=message):
        await second.replace("k", b"w", expected=None)
    assert value_file(directory).read_bytes() == before
    await second.set("k", b"w")
    assert await second.get("k") == b"w"


async def test_keys_can_be_rotated(directory: Path) -> None:
    await FileStorage(directory, encryption_key=OTHER_KEY).set("k", b"v")
    rotated = FileStorage(directory, encryption_key=(KEY, OTHER_KEY))
    assert await rotated.get("k") == b"v"
    assert await rotated.replace("k", b"w", expected=b"v")
    assert await FileStorage(directory, encryption_key=KEY).get("k") == b"w"


# Links that another user made


@pytest.mark.parametrize("suffix", [".value", ".tmp"])
async def test_links_are_replaced_and_not_followed(
    files: FileStorage, directory: Path, tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / "target"
    await files.set("k", b"v")
    path = value_file(directory)
    precious = path.read_bytes()
    path.replace(target)
    path.with_suffix(suffix).symlink_to(target)
    if suffix == ".value":
        with pytest.raises(StorageError):
            await files.get("k")
    await files.set("k", b"w")
    assert await files.get("k") == b"w"
    assert target.read_bytes() == precious
    assert [path.name for path in directory.iterdir()] == [path.name]
    assert not path.is_symlink()


@pytest.mark.parametrize("suffix", [".write", ".lock"])
async def test_links_in_place_of_locks_are_errors(
    files: FileStorage, directory: Path, tmp_path: Path, suffix: str
) -> None:
    await files.set("k", b"v")
    value_file(directory).with_suffix(suffix).symlink_to(tmp_path / "target")
    with pytest.raises(StorageError):
        await (files.set("k", b"w") if suffix == ".write" else enter(files, "k"))
    assert not (tmp_path / "target").exists()
    assert await files.get("k") == b"v"


# A disk that fails


@pytest.mark.parametrize("full", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize("call", ["set", "replace"])
async def test_full_disk_is_an_error_and_the_old_value_stays(
    files: FileStorage, directory: Path, monkeypatch: pytest.MonkeyPatch, full: str, call: str
) -> None:
    await files.set("k", b"old")
    with monkeypatch.context() as patch:
        if full == "open":
            patch.setattr(_directory, "_create", failing(errno.ENOSPC))
        elif full == "write":
            patch.setattr(_directory, "_create", lambda _: os.open("/dev/full", os.O_WRONLY))
        else:
            patch.setattr(os, full, failing(errno.ENOSPC))
        with pytest.raises(StorageError, match="No space left on device") as caught:
            await (files.set("k", b"new") if call == "set" else files.replace("k", b"new", expected=b"old"))
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.retryable
    assert await files.get("k") == b"old"
    assert [path.suffix for path in directory.iterdir()] == [".value"]
    await files.set("k", b"new")
    assert await files.get("k") == b"new"


@pytest.mark.parametrize("call", ["get", "set", "delete", "replace", "lock"])
async def test_failing_directory_is_an_error(
    files: FileStorage, directory: Path, tmp_path: Path, call: str
) -> None:
    """A directory that is gone, or not mounted, holds no answer to the question who is signed in."""
    calls: dict[str, Callable[[FileStorage], Awaitable[object]]] = {
        "get": lambda s: s.get("k"),
        "set": lambda s: s.set("k", b"v"),
        "delete": lambda s: s.delete("k"),
        "replace": lambda s: s.replace("k", b"v", expected=None),
        "lock": lambda s: enter(s, "k"),
    }
    assert await files.get("k") is None
    directory.rmdir()
    with pytest.raises(StorageError, match="No such file or directory"):
        await calls[call](files)
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"Not a directory|File exists"):
        await calls[call](FileStorage(tmp_path / "file", encryption_key=None))


async def test_value_is_on_the_disk_before_its_name_and_the_name_before_the_return(
    files: FileStorage, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace, unlink = os.fsync, os.replace, os.unlink

    def record_fsync(descriptor: int) -> None:
        done.append("sync directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        fsync(descriptor)

    def record_replace(*paths: Path) -> None:
        done.append("rename")
        replace(*paths)

    def record_unlink(path: Path, **how: Any) -> None:
        if Path(path).suffix == ".value":
            done.append("remove")
        unlink(path, **how)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "replace", record_replace)
    monkeypatch.setattr(os, "unlink", record_unlink)
    await files.set("k", b"v")
    await files.delete("k")
    assert done == ["sync file", "rename", "sync directory", "remove", "sync directory"]


@pytest.mark.parametrize(("code", "fails"), [(errno.EINVAL, False), (errno.EIO, True)])
async def test_file_system_that_cannot_sync_directories_will_do(
    files: FileStorage, monkeypatch: pytest.MonkeyPatch, code: int, fails: bool
) -> None:
    fsync = os.fsync

    def sync_files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", sync_files_only)
    if fails:
        with pytest.raises(StorageError, match="Input/output error"):
            await files.set("k", b"v")
    else:
        await files.set("k", b"v")
        assert await files.get("k") == b"v"


def test_the_error_of_a_system_without_flock_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("aiocognito.storage._file._IS_POSIX", False)
    with pytest.raises(AuthConfigError, match=r"flock\(2\).*POSIX.*another storage"):
        FileStorage(tmp_path, encryption_key=None)
