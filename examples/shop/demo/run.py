"""Start the emulator and the processes of a shop, on this machine only.

Each process has a port of its own, so that a browser can ask a certain one: cookies do not depend on the
port, so a browser that signed in at one is signed in at the other. In production the processes share a port.
"""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

from aiocognito.emulator import Message, run_in_thread

from .pool import PASSWORD, add_users, environment, make_pool

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 10.0


def main(title: str, command: Sequence[str]) -> int:
    """Run a shop until it is stopped, and return the exit code.

    Args:
        title: What the output calls it.
        command: The Python module that serves it, with its arguments. ``--host`` and ``--port`` are
            appended.
    """
    parser = argparse.ArgumentParser(description=f"{title}, with an emulated user pool.")
    parser.add_argument(
        "--ports",
        type=int,
        nargs="+",
        default=[8000, 8001],
        metavar="PORT",
        help="a process is started for each (default: 8000 8001)",
    )
    ports: list[int] = parser.parse_args().ports
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(title, command, ports)
    except KeyboardInterrupt:
        return 0


def _interrupt(_signal: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def _run(title: str, command: Sequence[str], ports: Sequence[int]) -> int:
    origins = [f"http://localhost:{port}" for port in ports]
    with ExitStack() as stack:
        emulator = stack.enter_context(run_in_thread())
        pool = make_pool(emulator, origins)
        users = add_users(emulator, pool)
        emulator.outbox.listen(_print_message)
        variables = {
            **environment(pool),
            "SESSION_DIRECTORY": stack.enter_context(tempfile.TemporaryDirectory()),
            "SESSION_KEY": secrets.token_hex(32),
            "SHOP_OUTBOX": emulator.url,
        }
        workers = [_start(stack, command, port, variables) for port in ports]
        _wait_for(origins, workers)
        _print_start(title, origins, emulator.url, users)
        return _watch(workers)


def _start(
    stack: ExitStack, command: Sequence[str], port: int, variables: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    address = ["--host", "127.0.0.1", "--port", str(port)]
    worker = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", *command, *address], env={**os.environ, **variables}
    )
    stack.callback(_stop, worker)
    return worker


def _stop(worker: "subprocess.Popen[bytes]") -> None:
    worker.terminate()
    try:
        worker.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def _wait_for(origins: Sequence[str], workers: Sequence["subprocess.Popen[bytes]"]) -> None:
    """Wait until every process answers.

    Raises:
        SystemExit: A process ended, or did not answer in time.
    """
    until = time.monotonic() + START_SECONDS
    for origin in origins:
        while not _answers(origin):
            if any(worker.poll() is not None for worker in workers):
                raise SystemExit("a process of the shop has ended: is its port in use?")
            if time.monotonic() > until:
                raise SystemExit(f"{origin} did not answer within {START_SECONDS:.0f} seconds")
            time.sleep(0.05)


def _answers(origin: str) -> bool:
    address = origin.replace("localhost", "127.0.0.1")
    try:
        with urlopen(f"{address}/health", timeout=5) as response:  # noqa: S310 - http, of this machine
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def _watch(workers: Sequence["subprocess.Popen[bytes]"]) -> int:
    while all(worker.poll() is None for worker in workers):
        time.sleep(0.2)
    print("a process of the shop has ended", flush=True)
    return 1


def _print_start(title: str, origins: Sequence[str], emulator: str, users: Sequence[str]) -> None:
    first, *others = origins
    print(f"{title}: {first}")
    for origin in others:
        print(f"The same in another process: {origin}")
    print(f"The emulated user pool, with the messages that it sent: {emulator}/")
    print(f"Users, with the password {PASSWORD}:")
    for line in users:
        print(f"  {line}")
    print("Codes are printed here. Press Ctrl+C to stop.", flush=True)


def _print_message(message: Message) -> None:
    print(f"{message.medium} to {message.to}: {message.code}", flush=True)
