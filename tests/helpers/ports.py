"""Ports for servers that cannot choose one themselves."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress


def free_port() -> int:
    """Return a free port of the loopback, below those that the system gives to clients.

    So is the port that is higher by 10,000, where a node of a Redis Cluster listens to the others.
    """
    while True:
        port = 10_000 + secrets.randbelow(12_000)  # not of `random`, which Hypothesis seeds
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
