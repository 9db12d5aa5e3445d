"""Which directories are trusted: owners, modes and links from the root down, and what changes later."""

import errno
import os
import shlex
import stat
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aiocognito.emulator import CognitoEmulator
from aiocognito.errors import StorageError
from aiocognito.storage import FileStorage
from aiocognito.storage._private_directory import PrivateDirectory, find_weakness

from .contract import enter

STRANGER = 54_321


@pytest.fixture
def give_away(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Give a path to another user; without the right to do so, let every path be another user's."""

    def give(path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, STRANGER, -1, follow_symlinks=False)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: STRANGER)

    return give


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory for others to be in."""
    home = tmp_path / "a home"
    home.mkdir(mode=0o755)
    return home


def cure_in(message: str) -> list[str]:
    """The command that a message says to run."""
    return shlex.split(message.partition("; run: ")[2])


def run_cure(message: str) -> None:
    subprocess.run(cure_in(message), check=True)


# Making it


@pytest.mark.parametrize("umask", [0, 0o077])
async def test_parents_are_made_for_the_owner_alone(home: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        await FileStorage(home / "a" / "b" / "c", encryption_key=None).set("k", b"v")
        async with CognitoEmulator(data=home / "d" / "e"):
            pass
    finally:
        os.umask(before)
    for made in ("a", "a/b", "a/b/c", "d", "d/e"):
        assert stat.S_IMODE((home / made).stat().st_mode) == 0o700


def test_directory_that_two_processes_make_at_once_is_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mkdir = Path.mkdir

    def other_first(path: Path, **arguments: Any) -> None:
        mkdir(path)
        mkdir(path, **arguments)

    monkeypatch.setattr(Path, "mkdir", other_first)
    assert PrivateDirectory(home / "a" / "b").prepare() is None
    assert (home / "a" / "b").is_dir()


# What is refused


@pytest.mark.parametrize("weak", [".", "a", "a/b"])
@pytest.mark.parametrize(
    ("mode", "writers"),
    [(0o770, "its group"), (0o707, "every user"), (0o777, "its group and every user")],
)
async def test_directory_that_others_may_write_to_is_refused_wherever_it_is_on_the_way(
    home: Path, weak: str, mode: int, writers: str
) -> None:
    directory = home / "a" / "b"
    directory.mkdir(parents=True, mode=0o700)
    (home / "a").chmod(0o700)
    (home / weak).chmod(mode)
    storage = FileStorage(directory, encryption_key=None)
    message = ""
    calls: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: storage.get("k"),
        lambda: storage.set("k", b"v"),
        lambda: storage.delete("k"),
        lambda: storage.replace("k", b"v", expected=None),
        lambda: enter(storage, "k"),
    )
    for call in calls:
        with pytest.raises(StorageError, match="the session directory is not safe") as caught:
            await call()
        assert f"{(home / weak).resolve()} can be written by {writers}; run: chmod" in str(caught.value)
        assert not caught.value.retryable
        message = caught.value.message
    assert list(directory.iterdir()) == []
    run_cure(message)
    await storage.set("k", b"v")
    assert await storage.get("k") == b"v"


def test_sticky_directory_may_be_on_the_way_and_not_at_its_end(home: Path) -> None:
    home.chmod(0o1777)
    assert PrivateDirectory(home / "a").prepare() is None
    (home / "a").chmod(0o1777)
    weakness = PrivateDirectory(home / "a").prepare()
    assert weakness is not None
    assert "can be written by its group and every user" in weakness


@pytest.mark.parametrize("whose", ["a", "a/b"])
async def test_directory_of_another_user_is_refused(
    home: Path, whose: str, give_away: Callable[[Path], None]
) -> None:
    (home / "a" / "b").mkdir(parents=True)
    give_away(home / whose)
    storage = FileStorage(home / "a" / "b", encryption_key=None)
    with pytest.raises(
        StorageError, match=r"is owned by user \d+, neither by root nor by user \d+"
    ) as caught:
        await storage.get("k")
    command, owner, path = cure_in(caught.value.message)
    assert (command, owner) == ("chown", str(os.geteuid()))
    assert Path(path) in {home / whose, *home.parents}


# Links


def test_links_are_followed_to_where_they_lead(home: Path) -> None:
    (home / "safe" / "deep").mkdir(parents=True, mode=0o700)
    (home / "unsafe").mkdir()
    (home / "unsafe").chmod(0o777)
    (home / "relative").symlink_to("safe")
    (home / "absolute").symlink_to(home / "relative" / "deep")
    (home / "back").symlink_to("safe/deep/..")
    (home / "bad").symlink_to("unsafe")
    for name in ("relative", "absolute", "back/deep", "absolute/..", "safe/./deep"):
        assert find_weakness(home / name) is None, name
    for name in ("bad", "bad/..", "unsafe/../safe"):
        weakness = find_weakness(home / name)
        assert weakness is not None, name
        assert str(home / "unsafe") in weakness


def test_link_of_another_user_is_refused(home: Path, give_away: Callable[[Path], None]) -> None:
    """In a sticky directory another user can put a link that leads to a directory of ours."""
    home.chmod(0o1777)
    (home / "ours").mkdir(mode=0o700)
    (home / "planted").symlink_to("ours")
    give_away(home / "planted")
    weakness = find_weakness(home / "planted")
    assert weakness is not None
    assert "is owned by user" in weakness


@pytest.mark.parametrize("link", ["loop", "dangling"])
async def test_links_that_lead_nowhere_are_errors(home: Path, link: str) -> None:
    (home / "loop").symlink_to("loop")
    (home / "dangling").symlink_to("nothing")
    with pytest.raises(StorageError, match=str(home / link)):
        await FileStorage(home / link, encryption_key=None).get("k")
    assert not (home / "nothing").exists()


def test_more_links_than_the_system_follows_are_an_error(home: Path) -> None:
    (home / "0").mkdir(mode=0o700)
    for n in range(50):
        (home / str(n + 1)).symlink_to(str(n))
    assert find_weakness(home / "30") is None
    with pytest.raises(OSError) as caught:
        find_weakness(home / "50")
    assert caught.value.errno == errno.ELOOP


# What changes later


async def test_directory_exchanged_later_is_checked_again(home: Path) -> None:
    directory = home / "a" / "sessions"
    storage = FileStorage(directory, encryption_key=None)
    await storage.set("k", b"v")
    directory.rename(home / "a" / "old")
    directory.mkdir(mode=0o700)
    assert await storage.get("k") is None  # another one, and a safe one
    directory.rename(home / "a" / "older")
    (home / "a" / "old").rename(directory)
    assert await storage.get("k") == b"v"

    (home / "a").chmod(0o777)
    directory.rename(home / "a" / "old")
    directory.mkdir(mode=0o700)
    for _ in range(2):
        with pytest.raises(StorageError, match="can be written by its group and every user"):
            await storage.get("k")


async def test_mode_and_owner_changed_later_are_noticed(
    home: Path, give_away: Callable[[Path], None]
) -> None:
    storage = FileStorage(home / "sessions", encryption_key=None)
    await storage.set("k", b"v")
    (home / "sessions").chmod(0o722)
    with pytest.raises(StorageError, match="can be written by"):
        await storage.get("k")
    (home / "sessions").chmod(0o700)
    assert await storage.get("k") == b"v"
    give_away(home / "sessions")
    (home / "sessions").chmod(0o711)
    with pytest.raises(StorageError, match="is owned by user"):
        await storage.set("k", b"w")


async def test_a_directory_that_is_trusted_is_looked_at_once_a_call(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = FileStorage(home / "sessions", encryption_key=None)
    await storage.get("k")
    walked: list[Path] = []
    monkeypatch.setattr("aiocognito.storage._private_directory.find_weakness", walked.append)
    await storage.get("k")
    await storage.set("k", b"v")
    assert walked == []


# The emulator


async def test_emulator_refuses_a_directory_that_others_may_write_to(home: Path) -> None:
    (home / "data").mkdir()
    (home / "data").chmod(0o770)
    with pytest.raises(
        ValueError, match=r"data= \(--data\) is not safe: .* can be written by its group"
    ) as caught:
        async with CognitoEmulator(data=home / "data"):
            pass
    run_cure(str(caught.value))
    async with CognitoEmulator(data=home / "data") as emulator:
        await emulator.create_user_pool()
        (home / "data").chmod(0o777)
        with pytest.raises(ValueError, match="is not safe"):
            await emulator.state.persist()  # type: ignore[misc]  # it keeps a directory
    with pytest.raises(ValueError, match="is not safe"):
        async with CognitoEmulator(data=home / "data"):
            pass


async def test_emulator_says_which_directory_it_cannot_use(home: Path) -> None:
    (home / "file").touch()
    with pytest.raises(ValueError, match=r"data= \(--data\) cannot be used: .*file"):
        async with CognitoEmulator(data=home / "file" / "data"):
            pass


async def test_emulator_keeps_a_directory_on_systems_without_users(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiocognito.storage._private_directory._IS_POSIX", False)
    monkeypatch.delattr(os, "geteuid")
    async with CognitoEmulator(data=home / "a" / "data") as emulator:
        pool = await emulator.create_user_pool()
    async with CognitoEmulator(data=home / "a" / "data") as emulator:
        kept = emulator.existing_user_pool()
        assert kept is not None
        assert kept.id == pool.id
