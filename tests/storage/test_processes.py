"""FileStorage between processes, and when one of them is killed."""

# ruff: noqa: ASYNC220, ASYNC240 - a test may start a process and look at a file

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from aiocognito.storage import FileStorage

from .contract import enter, is_free, is_held

WORKER = str(Path(__file__).with_name("worker.py"))


def run_worker(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, WORKER, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize("way", ["replace", "lock"])
def test_processes_that_count_together_lose_nothing(directory: Path, way: str) -> None:
    processes, times = 4, 20
    assert run_worker("count", directory, processes, times, way) == str(processes * 2 * times)
    assert [path.suffix for path in directory.iterdir()] == [".value"]


async def test_lock_excludes_other_processes_until_they_die(files: FileStorage, directory: Path) -> None:
    with subprocess.Popen([sys.executable, WORKER, "hold", str(directory)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            assert await is_held(files, "k")
            assert await enter(files, "another") == "entered"
            await files.set("k", b"v")
        finally:
            holder.send_signal(signal.SIGKILL)
    assert await is_free(files, "k")
    assert await files.get("k") == b"v"
    assert [path.suffix for path in directory.iterdir()] == [".value"]


async def test_waiting_for_a_stopped_process_can_be_cancelled_and_leaves_nothing(
    files: FileStorage, directory: Path
) -> None:
    with subprocess.Popen([sys.executable, WORKER, "hold", str(directory)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            holder.send_signal(signal.SIGSTOP)
            # More than there are threads: none of them may be tied up by waiting.
            waiting = [
                asyncio.create_task(enter(FileStorage(directory, encryption_key=None), "k"))
                for _ in range(20)
            ]
            async with asyncio.timeout(30):
                await files.set("k", b"v")
                assert await files.get("k") == b"v"
                assert await enter(files, "another") == "entered"
                for task in waiting:
                    task.cancel()
                await asyncio.wait(waiting)
            assert all(task.cancelled() for task in waiting)
            assert sorted(path.suffix for path in directory.iterdir()) == [".lock", ".value"]
        finally:
            holder.send_signal(signal.SIGKILL)
    assert await is_free(files, "k")
    assert [path.suffix for path in directory.iterdir()] == [".value"]


@pytest.mark.parametrize(
    ("call", "at_least", "outcomes"), [("set", 10, 2), ("replace", 11, 2), ("delete", 7, 2), ("lock", 4, 1)]
)
def test_killed_at_any_system_call_it_leaves_the_old_value_or_the_new(
    directory: Path, call: str, at_least: int, outcomes: int
) -> None:
    deaths, *rest = run_worker("die_everywhere", directory, call).split()
    assert int(deaths) >= at_least
    assert rest == [str(outcomes), ".value"]


def test_killed_at_any_moment_it_leaves_a_whole_value(directory: Path) -> None:
    assert run_worker("die_at_random", directory, 50) == "whole"
