"""Ports for servers that cannot choose one themselves."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

FIRST, LAST = 10_000, 20_000
"""Ports below those that the system gives to clients, and below `CLUSTER_BUS` more than each of them."""
CLUSTER_BUS = 10_000
"""How much higher the port is at which a node of a Redis Cluster listens to the others."""


def free_port() -> int:
    """Return a free port of the loopback, which no other process that runs these tests gets meanwhile."""
    while True:
        port = FIRST + secrets.randbelow(LAST - FIRST)  # not of `random`, which Hypothesis seeds
        if _is_free(port) and _is_free(port + CLUSTER_BUS) and _claim(port):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as listener, suppress(OSError):
        listener.bind(("127.0.0.1", port))
        return True
    return False


def _claim(port: int) -> bool:
    """Lock a file until this process ends: between a look and the server's start, another may look, too."""
    directory = Path(tempfile.gettempdir()) / f"aiocognito-tests-{os.getuid()}"
    directory.mkdir(exist_ok=True)
    claim = os.open(directory / f"port-{port}", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(claim)
        return False
    return True  # open, and so locked, until the process ends
