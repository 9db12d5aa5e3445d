"""Ports for servers that cannot choose one themselves."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress


def free_port() -> int:
    """Return a free port of the loopback, below those that the system gives to clients."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)  # not of `random`, which Hypothesis seeds
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
