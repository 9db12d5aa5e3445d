"""The lock between processes, and who waits for it."""

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from aiocognito.errors import StorageError
from aiocognito.storage import FileStorage
from aiocognito.storage import _file as file
from aiocognito.storage import _lock_file as lock_file
from aiocognito.storage._lock_file import LockFile

from .contract import order_of_entry
from .files import failing, value_file


async def test_writer_waits_for_another_process_and_can_give_up(files: FileStorage, directory: Path) -> None:
    await files.set("k", b"old")
    other = LockFile(value_file(directory).with_suffix(".write"))
    assert other.try_acquire()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.03):
            await files.set("k", b"given up")
    assert await files.get("k") == b"old"
    waiting = [asyncio.create_task(call) for call in (files.set("k", b"new"), files.delete("j"))]
    await waiting[1]
    assert not waiting[0].done()
    other.release()
    await waiting[0]
    assert await files.get("k") == b"new"


@pytest.mark.parametrize("call", ["set", "delete", "replace"])
async def test_writer_gives_up_on_a_process_that_never_ends_its_change(
    files: FileStorage, directory: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    await files.set("k", b"old")
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "set": lambda: files.set("k", b"new"),
        "delete": lambda: files.delete("k"),
        "replace": lambda: files.replace("k", b"new", expected=b"old"),
    }
    stopped = LockFile(value_file(directory).with_suffix(".write"))
    assert stopped.try_acquire()
    now = 0.0

    async def pass_time(seconds: float) -> None:
        nonlocal now
        now += seconds

    with monkeypatch.context() as patch:
        patch.setattr(file, "current_time", lambda: now)
        patch.setattr(file, "sleep", pass_time)
        with pytest.raises(StorageError, match=f"writing to {directory} for 30 s: look for one") as caught:
            await calls[call]()
    assert caught.value.retryable
    assert 30 <= now < 30.1
    assert await files.get("k") == b"old"
    stopped.release()
    await calls[call]()
    assert await files.get("k") != b"old"


async def test_tasks_that_share_a_storage_are_served_in_order(files: FileStorage) -> None:
    assert await order_of_entry(files) == list(range(11))
    for number in range(5):
        await asyncio.gather(*(files.set("k", b"%d" % n) for n in range(number + 2)))
        assert await files.get("k") == b"%d" % (number + 1)


async def test_two_locks_on_a_path_exclude_each_other(tmp_path: Path) -> None:
    one, other = LockFile(tmp_path / "lock"), LockFile(tmp_path / "lock")
    assert one.try_acquire()
    assert not other.try_acquire()
    one.release()
    assert not (tmp_path / "lock").exists()
    assert not one.try_acquire()  # it is over: a thread that comes late gets nothing
    assert other.try_acquire()
    one.release()
    assert not LockFile(tmp_path / "lock").try_acquire()
    other.release()


@pytest.mark.parametrize("successor", [True, False])
async def test_removed_lock_file_locks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, successor: bool
) -> None:
    """Between the opening and the locking the holder removes the file; another process may make a new one."""
    path = tmp_path / "lock"
    lock = lock_file._lock

    def remove_before(descriptor: int) -> bool:
        path.unlink()
        if successor:
            path.touch()
        return lock(descriptor)

    monkeypatch.setattr(lock_file, "_lock", remove_before)
    late = LockFile(path)
    assert not late.try_acquire()
    monkeypatch.undo()
    assert late.try_acquire()
    late.release()


def test_lock_is_given_back_although_its_file_stays_and_a_child_has_it_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    one, other = LockFile(path), LockFile(path)
    assert one.try_acquire()
    assert one._descriptor is not None
    inherited = os.dup(one._descriptor)  # as by fork: the same open file
    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", failing(errno.EROFS))
        one.release()
    assert path.exists()
    assert other.try_acquire()
    other.release()
    os.close(inherited)
