"""Other processes for test_processes.py: ``python worker.py COMMAND DIRECTORY [NUMBERS]``.

One interpreter starts and forks the processes, which is quicker than starting each.
"""

import asyncio
import fcntl
import os
import random
import signal
import sys
import time
import warnings
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from aiocognito.storage import FileStorage

KEY = bytes(range(32))
OLD = b"old" * 300
NEW = b"new" * 500


def open_storage(directory: str) -> FileStorage:
    return FileStorage(directory, encryption_key=KEY)


# From Python 3.12 on, forking beside threads is warned of. The children here exec nothing and share no
# lock with the threads: they only write files and are killed.
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)


def fork(child: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        child()
        os._exit(0)
    except BaseException as exc:
        print(f"child failed: {exc!r}", file=sys.stderr, flush=True)
        os._exit(1)


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


def died_of(pid: int) -> int:
    """Return the signal that a child died of, or 0 if it ended well."""
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code <= 0, "a child failed"
    return -code


def count(directory: str, processes: str, times: str, way: str) -> None:
    """Many processes add to one number."""
    step = {"replace": add_by_replace, "lock": add_in_lock}[way]

    async def add() -> None:
        storage = open_storage(directory)

        async def task() -> None:
            for _ in range(int(times)):
                await step(storage)

        await asyncio.gather(task(), task())

    pids = [fork(lambda: run(add())) for _ in range(int(processes))]
    assert [died_of(pid) for pid in pids] == [0] * len(pids)
    print((run(open_storage(directory).get("n")) or b"").decode())


async def add_by_replace(storage: FileStorage) -> None:
    while True:
        read = await storage.get("n")
        if await storage.replace("n", b"%d" % (int(read or 0) + 1), expected=read):
            return


async def add_in_lock(storage: FileStorage) -> None:
    async with storage.lock("n"):
        await storage.set("n", b"%d" % (int(await storage.get("n") or 0) + 1))


async def enter_and_leave(storage: FileStorage) -> None:
    async with storage.lock("k"):
        pass


def hold(directory: str) -> None:
    """Take the lock, say so, and keep it for ever."""

    async def main() -> None:
        async with open_storage(directory).lock("k"):
            print("held", flush=True)
            await asyncio.get_running_loop().create_future()

    run(main())


def die_everywhere(directory: str, call: str) -> None:
    """Change a value again and again, each time dying one system call later, until one gets through."""
    calls: dict[str, Callable[[FileStorage], Awaitable[object]]] = {
        "set": lambda s: s.set("k", NEW),
        "replace": lambda s: s.replace("k", NEW, expected=OLD),
        "delete": lambda s: s.delete("k"),
        "lock": enter_and_leave,
    }
    outcomes = {"set": NEW, "replace": NEW, "delete": None, "lock": OLD}
    storage, deaths, seen = open_storage(directory), 0, set()
    run(storage.set("warm-up", b""))  # OpenSSL is loaded, the first sweep made

    def child() -> None:
        die_at(deaths)
        run(calls[call](storage))  # type: ignore[arg-type]  # a coroutine, typed as an awaitable

    while True:
        run(storage.set("k", OLD))
        signal_number = died_of(fork(child))
        found = run(storage.get("k"))
        assert found in (OLD, outcomes[call]), "neither the old value nor the new one"
        seen.add(found)
        if not signal_number:
            break
        assert signal_number == signal.SIGKILL
        deaths += 1
    assert found == outcomes[call]
    run(storage.delete("k"))
    storage._directory._sweep()
    left = sorted(path.suffix for path in Path(directory).iterdir())
    print(deaths, len(seen), *left)


def die_at(number: int) -> None:
    """Let this process be killed at its system call with this number, of those that touch files."""
    remaining = number

    def deadly(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            nonlocal remaining
            if remaining == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            remaining -= 1
            return real(*args, **options)

        return call

    for module, names in ((os, ("open", "close", "stat", "fsync", "replace", "unlink")), (fcntl, ("flock",))):
        for name in names:
            setattr(module, name, deadly(getattr(module, name)))


def die_at_random(directory: str, times: str) -> None:
    """Kill a writer at a random moment, again and again; it numbers what it writes."""
    storage, written = open_storage(directory), 0
    for _ in range(int(times)):
        reader, writer = os.pipe()

        def child(first: int = written + 1, report: int = writer) -> None:
            async def write() -> None:
                for number in range(first, first + 10_000):
                    value = b"%d," % number
                    await storage.set("k", value * random.randrange(1, 5000))
                    os.write(report, b".")

            run(write())

        pid = fork(child)
        os.close(writer)
        reported = sum(len(os.read(reader, 1)) for _ in range(random.randrange(1, 6)))
        time.sleep(random.random() / 200)
        os.kill(pid, signal.SIGKILL)
        assert died_of(pid) == signal.SIGKILL
        while more := os.read(reader, 4096):
            reported += len(more)
        os.close(reader)
        numbers = set((run(storage.get("k")) or b"").split(b",")) - {b""}
        assert len(numbers) == 1, "a value that was never written"
        found = int(numbers.pop())
        assert written + reported <= found <= written + reported + 1, "a write that was finished is lost"
        written = found
    print("whole")


if __name__ == "__main__":
    {f.__name__: f for f in (count, hold, die_everywhere, die_at_random)}[sys.argv[1]](*sys.argv[2:])
