"""The command ``aiocognito emulator``: an emulator with a user pool and an identity pool, until Ctrl-C."""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from .emulated_pool import EmulatedUserPool
from .hosted_ui import urls
from .oauth_settings import COGNITO
from .outbox import Message, Purpose
from .server import CognitoEmulator
from .tokens.scopes import STANDARD

_WHAT: Final[Mapping[Purpose, str]] = {
    "sign_up": "to confirm a sign-up",
    "sign_in": "to sign in, as the first factor",
    "mfa": "to sign in, as the second factor",
    "reset_password": "for a new password",
    "verify_attribute": "to verify an address",
    "invitation": "a temporary password",
}
_CALLBACKS: Final = ("http://localhost:8000/callback",)
# Set for a client without callback URLs; settings that were changed stay as they are.
_SETTINGS: Final[Mapping[str, object]] = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": list(STANDARD),
    "SupportedIdentityProviders": [COGNITO],
}


def run(
    host: str = "127.0.0.1",
    port: int = 9229,
    data: str | Path | None = None,
    *,
    callback_urls: Sequence[str] = (),
    say: Callable[[str], None] | None = None,
) -> None:
    """Run an emulator until Ctrl-C; print its address, its ids, and every code that it "sends".

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
        data: A directory to keep everything in.
        callback_urls: Where the hosted UI may send browsers back to, and after signing out to the root of
            each; by default ``http://localhost:8000/callback``, or as the directory has it.
        say: Called with every line, instead of printing it.

    Raises:
        SystemExit: The address or the directory is in use or cannot be used, or a URL cannot be a callback;
            the reason is printed.
    """
    tell = _print if say is None else say
    try:
        asyncio.run(serve(host, port, data, callback_urls=callback_urls, say=tell))
    except ValueError as exc:
        tell(str(exc))
        raise SystemExit(2) from None
    except RuntimeError as exc:
        # The directory is another emulator's.
        tell(str(exc).replace("data=", "--data"))
        raise SystemExit(1) from None
    except OSError as exc:
        tell(f"Cannot listen on {host}, port {port}: {exc.strerror}.")
        raise SystemExit(1) from None


async def serve(
    host: str,
    port: int,
    data: str | Path | None = None,
    *,
    callback_urls: Sequence[str] = (),
    say: Callable[[str], None],
    until: asyncio.Event | None = None,
) -> None:
    """Do the same as `run` in a running loop.

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
        data: A directory to keep everything in.
        callback_urls: Where the hosted UI may send browsers back to, and after signing out to the root of
            each; by default ``http://localhost:8000/callback``, or as the directory has it.
        say: Called with every line.
        until: Ends it; SIGINT and SIGTERM do without it.

    Raises:
        ValueError: A URL cannot be a callback.
        RuntimeError: Another emulator uses the directory.
    """
    end = _at_signal() if until is None else until
    async with CognitoEmulator(host=host, port=port, data=data) as emulator:
        pool = emulator.existing_user_pool()
        if pool is None:
            pool = await emulator.create_user_pool(
                PoolName="people",
                UsernameAttributes=["email"],
                client={**_SETTINGS, **_urls(callback_urls or _CALLBACKS)},
            )
        elif callback_urls:
            client = {**_SETTINGS, **pool.state.clients[pool.client_id].settings, **_urls(callback_urls)}
            client["AllowedOAuthFlowsUserPoolClient"] = True
            named = {"UserPoolId": pool.id, "ClientId": pool.client_id}
            await emulator.call("UpdateUserPoolClient", **named, **client)
        identity_pool = emulator.existing_identity_pool()
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
            *_sign_in_link(emulator.url, pool),
            "",
            # On a line of its own: with these set, every session also requests AWS credentials.
            f"# for AWS credentials: export COGNITO_IDENTITY_POOL_ID={identity_pool.id} "
            f"COGNITO_IDENTITY_POOL_ENDPOINT={emulator.url}",
            f"export COGNITO_USER_POOL_ID={pool.id} COGNITO_CLIENT_ID={pool.client_id} "
            f"COGNITO_USER_POOL_ENDPOINT={emulator.url}",
            *_hosted_ui(pool),
            "",
        ):
            say(line)
        if emulator.token is not None:
            say(f"token             {emulator.token}   (for administration and /_emulator/)")
        emulator.outbox.listen(lambda message: say(described(message)))
        await end.wait()


def _urls(callbacks: Sequence[str]) -> dict[str, object]:
    return {"CallbackURLs": list(callbacks), "LogoutURLs": list(dict.fromkeys(map(_root, callbacks)))}


def _root(url: str) -> str:
    parts = urlsplit(url)
    # An application's own scheme may come without a host: com.example.app:/callback (RFC 8252, 7.1).
    return f"{parts.scheme}://{parts.netloc}/" if parts.netloc else f"{parts.scheme}:/"


def _sign_in_link(url: str, pool: EmulatedUserPool) -> list[str]:
    link = urls.sign_in(url, pool.state.clients[pool.client_id])
    return [] if link is None else [f"sign in           {link}"]


def _hosted_ui(pool: EmulatedUserPool) -> list[str]:
    oauth = pool.config.oauth
    if oauth is None:
        return []
    lists = {
        "COGNITO_OAUTH_SCOPES": oauth.scopes,
        "COGNITO_REDIRECT_SIGN_IN": oauth.redirect_sign_in,
        "COGNITO_REDIRECT_SIGN_OUT": oauth.redirect_sign_out,
    }
    given = (f"{name}={shlex.quote(','.join(values))}" for name, values in lists.items() if values)
    return [" ".join((f"export COGNITO_OAUTH_DOMAIN={oauth.base_url}", *given))]


def described(message: Message) -> str:
    """Return a message as one line."""
    return f"{message.medium} to {message.to}: {message.code}   ({_WHAT[message.purpose]})"


def _at_signal() -> asyncio.Event:
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    return end


def _print(line: str) -> None:
    # A terminal without UTF-8 shows escapes for what it cannot show, such as letters of an address.
    encoding = sys.stdout.encoding or "ascii"
    print(line.encode(encoding, "backslashreplace").decode(encoding), flush=True)
