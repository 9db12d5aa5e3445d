"""What is removed from the directory of a FileStorage now and then, when, and what never is."""

# ruff: noqa: ASYNC240 - a test may look at a file

import errno
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from aiocognito.storage import FileStorage, _directory
from aiocognito.storage._lock_file import LockFile
from helpers.clock import Clock

from .files import failing, value_file

HOUR, YEAR = 3600.0, 365 * 86_400.0


@pytest.fixture
def sweep(files: FileStorage) -> Callable[[], Any]:
    """Make the next change sweep, and make it."""

    async def change() -> None:
        files._directory._changes = 0
        await files.set("sweeping", b"v")
        await files.delete("sweeping")

    return change


async def test_expired_values_are_swept_and_live_ones_stay(
    files: FileStorage, directory: Path, clock: Clock, sweep: Callable[[], Any]
) -> None:
    await files.set("dead", b"v", ttl=10)
    dead = value_file(directory)
    await files.set("just dead", b"v", ttl=2 * HOUR)
    await files.set("living", b"v", ttl=4 * HOUR)
    await files.set("eternal", b"v")
    clock.advance(2 * HOUR)
    await sweep()
    assert not dead.exists()
    assert await files.get("living") == await files.get("eternal") == b"v"
    assert await files.get("just dead") is None
    assert len(list(directory.iterdir())) == 3


async def test_leftovers_of_killed_processes_are_swept_and_nothing_else(
    files: FileStorage, directory: Path, clock: Clock, sweep: Callable[[], Any]
) -> None:
    await files.set("k", b"v", ttl=10)
    path = value_file(directory)
    clock.advance(2 * HOUR)
    in_use = LockFile(path.with_suffix(".write")), LockFile(path.with_suffix(".lock"))
    assert [lock.try_acquire() for lock in in_use] == [True, True]
    path.with_suffix(".tmp").write_bytes(b"being written")
    left = {directory / f"{'0' * 64}{suffix}" for suffix in (".tmp", ".write", ".lock")}
    foreign = {directory / name for name in ("README", f"{'1' * 63}.tmp", f"{'1' * 64}.tmp.bak")}
    damaged = {directory / f"{'2' * 64}.value", directory / f"{'3' * 64}.value"}
    for created in left | foreign | damaged:
        created.touch()
    (directory / f"{'3' * 64}.value").unlink()
    (directory / f"{'3' * 64}.value").symlink_to("nowhere")
    await sweep()
    used = {path.with_suffix(suffix) for suffix in (".value", ".tmp", ".write", ".lock")}
    assert set(directory.iterdir()) == foreign | damaged | used
    for lock in in_use:
        lock.release()
    await sweep()
    assert set(directory.iterdir()) == foreign | damaged


async def test_value_renewed_while_it_is_swept_stays(
    files: FileStorage, directory: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await files.set("k", b"v", ttl=10)
    clock.advance(2 * HOUR)
    dead = value_file(directory).read_bytes()
    await files.set("k", b"v", ttl=10)
    renewed = value_file(directory).read_bytes()
    value_file(directory).write_bytes(dead)
    try_acquire = LockFile.try_acquire

    def renew_before(lock: LockFile) -> bool:
        value_file(directory).write_bytes(renewed)
        return try_acquire(lock)

    with monkeypatch.context() as patch:
        patch.setattr(LockFile, "try_acquire", renew_before)
        files._directory._sweep()
    assert await files.get("k") == b"v"
    value_file(directory).write_bytes(dead)
    files._directory._sweep()
    assert not list(directory.iterdir())  # the same without the renewal


async def test_a_sweep_looks_at_a_bounded_number_of_files_and_keeps_up(
    files: FileStorage, directory: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_directory, "_SWEPT_FILES", 8)
    monkeypatch.setattr(_directory, "_CHANGES_PER_SWEEP", 2)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    for n in range(40):
        await files.set(str(n), b"v", ttl=10)
    clock.advance(2 * HOUR)
    counts = [40]
    for _ in range(40):
        await files.delete("none")
        counts.append(len(list(directory.iterdir())))
    assert max(before - after for before, after in pairwise(counts)) == 8
    assert counts[-1] == 0


async def test_sweep_that_fails_does_not_fail_the_change(
    files: FileStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "scandir", failing(errno.EIO))
    await files.set("k", b"v")
    assert await files.get("k") == b"v"


async def test_file_that_cannot_be_swept_does_not_shield_the_others(
    files: FileStorage, directory: Path, clock: Clock, sweep: Callable[[], Any]
) -> None:
    for n in range(10):
        await files.set(str(n), b"v", ttl=10)
    for path in list(directory.glob("*.value"))[::2]:
        path.with_suffix(".write").symlink_to("nowhere")  # ELOOP
    clock.advance(2 * HOUR)
    await sweep()
    assert len(list(directory.glob("*.value"))) == 5


async def test_a_sweep_does_not_list_the_whole_directory(
    files: FileStorage, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_directory, "_SWEPT_FILES", 8)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    for n in range(40):
        await files.set(str(n), b"v")
    listed = 0
    scandir = os.scandir

    class Counting:
        def __init__(self, path: Path) -> None:
            self.entries = scandir(path)

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            self.entries.close()

        def __iter__(self) -> Any:
            nonlocal listed
            for entry in self.entries:
                listed += 1
                yield entry

    monkeypatch.setattr(os, "scandir", Counting)
    files._directory._names = _directory._names(directory)
    counts = []
    for _ in range(6):
        files._directory._sweep()
        counts.append(listed)
    assert counts == [8, 16, 24, 32, 40, 40]  # the last one finds the end
    files._directory._sweep()
    assert listed == 48


# A clock that is wrong


async def change_a_lot(storage: FileStorage) -> None:
    for n in range(300):
        await storage.set(f"other {n % 10}", b"v")


async def test_clock_that_is_a_year_ahead_for_a_while_loses_nothing(
    files: FileStorage, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    await files.set("k", b"v", ttl=30 * 86_400)
    clock.advance(2 * HOUR)
    await change_a_lot(files)  # the clock is trusted by now
    for _ in range(3):
        clock.advance(YEAR)
        await change_a_lot(files)
        assert await files.get("k") is None
        clock.advance(0.9 * HOUR)
        await change_a_lot(files)
        clock.advance(-YEAR - 0.9 * HOUR)
        await change_a_lot(files)
        assert await files.get("k") == b"v"


async def test_process_that_starts_with_a_clock_a_year_ahead_removes_nothing(
    files: FileStorage, directory: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    await files.set("k", b"v", ttl=30 * 86_400)
    ahead = FileStorage(directory, encryption_key=None, clock=lambda: clock() + YEAR)
    await change_a_lot(ahead)
    clock.advance(0.9 * HOUR)
    await change_a_lot(ahead)
    assert await ahead.get("k") is None
    assert await files.get("k") == b"v"
    clock.advance(0.2 * HOUR)  # an hour on, the clock is believed
    await change_a_lot(ahead)
    assert await files.get("k") is None
