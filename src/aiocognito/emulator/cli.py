"""What ``aiocognito emulator`` runs: an emulator with a user pool and an identity pool, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

from .outbox import Message
from .server import CognitoEmulator

_WHAT: Final = {
    "sign_up": "to confirm a sign-up",
    "mfa": "to sign in",
    "reset_password": "for a new password",
    "verify_attribute": "to verify an address",
    "invitation": "a temporary password",
}


def run(
    host: str = "127.0.0.1",
    port: int = 9229,
    data: str | Path | None = None,
    *,
    say: Callable[[str], None] | None = None,
) -> None:
    """Run an emulator until Ctrl-C; print its address, its ids, and every code that it "sends".

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
        data: A directory to keep everything in.
        say: Called with every line, instead of printing it.

    Raises:
        SystemExit: Nothing can listen there; it was said why.
    """
    try:
        asyncio.run(serve(host, port, data, say=say or _print))
    except OSError as exc:
        (say or _print)(f"Cannot listen on {host}, port {port}: {exc.strerror}.")
        raise SystemExit(1) from None


async def serve(
    host: str,
    port: int,
    data: str | Path | None = None,
    *,
    say: Callable[[str], None],
    until: asyncio.Event | None = None,
) -> None:
    """Do the same in a running loop.

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
        data: A directory to keep everything in.
        say: Called with every line.
        until: Ends it; SIGINT and SIGTERM do without it.
    """
    end = until or _at_signal()
    async with CognitoEmulator(host=host, port=port, data=data) as emulator:
        pool = emulator.kept_user_pool()
        if pool is None:
            pool = await emulator.create_user_pool(PoolName="people", UsernameAttributes=["email"])
        identity_pool = emulator.kept_identity_pool()
        if identity_pool is None:
            identity_pool = await emulator.create_identity_pool(
                user_pools=[pool], IdentityPoolName="people", AllowUnauthenticatedIdentities=True
            )
        for line in (
            f"Cognito emulator  {emulator.url}",
            f"region            {emulator.region}",
            f"user pool         {pool.id}",
            f"app client        {pool.client_id}",
            f"identity pool     {identity_pool.id}",
            "",
            # Apart: whoever sets these has every session ask for credentials, too.
            f"# for AWS credentials: export COGNITO_IDENTITY_POOL_ID={identity_pool.id} "
            f"COGNITO_IDENTITY_POOL_ENDPOINT={emulator.url}",
            f"export COGNITO_USER_POOL_ID={pool.id} COGNITO_CLIENT_ID={pool.client_id} "
            f"COGNITO_USER_POOL_ENDPOINT={emulator.url}",
            "",
        ):
            say(line)
        if emulator.token is not None:
            say(f"token             {emulator.token}   (for administration and /_emulator/)")
        emulator.outbox.listen(lambda message: say(described(message)))
        await end.wait()


def described(message: Message) -> str:
    """Write a message as one line."""
    return f"{message.medium} to {message.to}: {message.code}   ({_WHAT[message.purpose]})"


def _at_signal() -> asyncio.Event:
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    return end


def _print(line: str) -> None:
    print(line, flush=True)
