"""The command ``aiocognito emulator``: an emulator with user pools and identity pools, until Ctrl-C."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from anyio import to_thread
from rich.console import Console

from . import exports
from .emulated_pool import HOSTED_UI_DEFAULTS, EmulatedUserPool
from .hosted_ui import urls
from .outbox import Message, Purpose
from .request_log import RequestLog
from .server import CognitoEmulator
from .setup import applying, options, trigger_loading
from .setup.applying import Applied
from .setup.document import Setup
from .setup.errors import SetupError
from .setup.options import Options

if TYPE_CHECKING:
    from .emulated_identity_pool import EmulatedIdentityPool
    from .site import Call
    from .users import User

Say = Callable[[str], None]
TOKEN_VARIABLE: Final = "AIOCOGNITO_EMULATOR_TOKEN"  # noqa: S105 - a variable's name
_WHAT: Final[Mapping[Purpose, str]] = {
    "sign_up": "to confirm a sign-up",
    "sign_in": "to sign in, as the first factor",
    "mfa": "to sign in, as the second factor",
    "reset_password": "for a new password",
    "verify_attribute": "to verify an address",
    "invitation": "a temporary password",
}
_CALLBACKS: Final = ("http://localhost:8000/callback",)
# The options for the parameters that messages of the Python API name.
_OPTIONS: Final = {
    "allowed_hosts=": "--allowed-host",
    "allowed_origins=": "--allowed-origin",
    "issuer=": "--issuer",
    "tls=": "--tls",
    "token=": TOKEN_VARIABLE,
    "data=": "--data",
}


def run(
    host: str = "127.0.0.1",
    port: int = 9229,
    data: str | Path | None = None,
    *,
    callback_urls: Sequence[str] = (),
    say: Say | None = None,
    **further: Any,
) -> None:
    """Run an emulator until Ctrl-C; print its address, its ids, and every code that it "sends".

    Each request is logged on the standard error stream, with the reason if it is refused.

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
        data: A directory to keep everything in.
        callback_urls: Where the hosted UI may send browsers back to, and after signing out to the root of
            each; by default ``http://localhost:8000/callback``, or as the directory has it.
        say: Called with every line, instead of printing it.
        further: The other options: see `setup.options.Options`.

    Raises:
        SystemExit: The address or the directory is in use or cannot be used, or an option is malformed; the
            reason is printed.
    """
    tell = _print if say is None else say
    try:
        asyncio.run(
            serve(
                host,
                port,
                data,
                callback_urls=callback_urls,
                say=tell,
                log=RequestLog(Console(stderr=True)).write if say is None else None,
                **further,
            )
        )
    except ValueError as exc:
        tell(_as_options(str(exc)))
        raise SystemExit(2) from None
    except RuntimeError as exc:
        # The directory is another emulator's.
        tell(_as_options(str(exc)))
        raise SystemExit(1) from None
    except OSError as exc:
        tell(f"Cannot listen on {host}, port {port}: {_listen_problem(exc, port)}")
        raise SystemExit(1) from None


def _listen_problem(error: OSError, port: int) -> str:
    """Return why the emulator cannot listen, and what helps."""
    if error.errno == errno.EADDRINUSE:
        reason = os.strerror(errno.EADDRINUSE)
        cure = f"Stop the program that listens there, or add --port {port + 1 if port < 65_535 else 0}."
    elif error.errno == errno.EACCES:
        reason, cure = os.strerror(errno.EACCES), "Choose a port above 1023, such as --port 9229."
    else:
        reason, cure = error.strerror or str(error), "Choose an address of this machine: --host 127.0.0.1."
    return f"{reason}. {cure}"


def _as_options(text: str) -> str:
    """Return a message of the Python API with the names of the command line's options."""
    if "(--data)" in text:
        return text
    for name, option in _OPTIONS.items():
        text = text.replace(name, option)
    return text


async def serve(
    host: str,
    port: int,
    data: str | Path | None = None,
    *,
    callback_urls: Sequence[str] = (),
    say: Say,
    log: Callable[[Call], None] | None = None,
    until: asyncio.Event | None = None,
    **further: Any,
) -> None:
    """Do the same as `run` in a running loop.

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
        data: A directory to keep everything in.
        callback_urls: Where the hosted UI may send browsers back to, and after signing out to the root of
            each; by default ``http://localhost:8000/callback``, or as the directory has it.
        say: Called with every line.
        log: Called with every request.
        until: Stops the emulator when it is set; by default, SIGINT and SIGTERM stop it.
        further: The other options: see `setup.options.Options`.

    Raises:
        ValueError: An option is malformed, or Cognito would refuse it.
        RuntimeError: Another emulator uses the directory.
    """
    wanted = Options(**further)
    options.check(wanted)
    setup = await to_thread.run_sync(_setup, wanted, callback_urls)
    triggers = {} if wanted.triggers is None else _triggers(wanted.triggers)
    end = _at_signal() if until is None else until
    emulator = _emulator(host, port, data, wanted, setup)
    async with AsyncExitStack() as running:
        with emulator.requests_wait():
            await running.enter_async_context(emulator)
            if wanted.setup is None:
                applied = await _apply_options(emulator, setup, callback_urls)
            else:
                applied = await applying.apply(emulator, setup)
            pools, identity_pool = applied.user_pools, next(iter(applied.identity_pools), None)
            for pool in pools:
                pool.triggers.update(triggers)
            await _write_files(emulator, wanted, setup, pools[0], identity_pool)
        for line in _banner(emulator, pools, identity_pool):
            say(line)
        if emulator.token is not None:
            say(f"token             {emulator.token}   (for administration and /_emulator/)")
        emulator.outbox.listen(lambda message: say(described(message)))
        if log is not None:
            emulator.listen(log)
        await end.wait()


def _setup(wanted: Options, callback_urls: Sequence[str]) -> Setup:
    if wanted.setup is None:
        return options.setup_of(wanted, callback_urls, _CALLBACKS)
    return options.read_file(wanted, callback_urls)


def _triggers(reference: str) -> dict[str, Any]:
    try:
        return trigger_loading.load_all(reference)
    except SetupError as error:
        problem = SetupError(f"--triggers: {error}")
    raise problem


def _emulator(
    host: str, port: int, data: str | Path | None, wanted: Options, setup: Setup
) -> CognitoEmulator:
    first = setup.user_pools[0].id
    region = setup.region or (first.partition("_")[0] if first else "us-east-1")
    return CognitoEmulator(
        host=host,
        port=port,
        data=data,
        region=region,
        seed=wanted.seed_value,
        allowed_hosts=wanted.allowed_hosts,
        allowed_origins=wanted.allowed_origins,
        issuer=wanted.issuer,
        tls=wanted.tls,
        token=os.environ.get(TOKEN_VARIABLE) or None,
    )


async def _apply_options(emulator: CognitoEmulator, setup: Setup, callback_urls: Sequence[str]) -> Applied:
    """Use the user pool of the data directory if it has one; else create what the options describe."""
    (wanted,) = setup.user_pools
    pool = emulator.existing_user_pool() if wanted.id is None else _pool_with_id(emulator, wanted.id)
    if pool is None:
        return await applying.apply(emulator, setup)
    client = wanted.clients[0]
    if client.id is not None:
        if client.id not in pool.state.clients:
            await applying.add_client(pool, client)
        pool = EmulatedUserPool(emulator, pool.id, client.id)
    if client.secret is not None and client.secret != pool.client_secret:
        raise SetupError(
            f"--client-secret: the app client {pool.client_id} of --data has another secret, or none: "
            "leave the option out, or choose another --client-id"
        )
    if callback_urls:
        await _set_callbacks(emulator, pool, callback_urls)
    await applying.add_users(emulator, pool, wanted.users)
    identity_pool = emulator.existing_identity_pool()
    if identity_pool is None:
        identity_pool = await applying.add_identity_pool(emulator, setup.identity_pools[0], [pool])
    await emulator.state.changed()
    return Applied((pool,), (identity_pool,))


def _pool_with_id(emulator: CognitoEmulator, pool_id: str) -> EmulatedUserPool | None:
    pool = emulator.state.pools.get(pool_id)
    if pool is None or not pool.clients:
        return None
    return EmulatedUserPool(emulator, pool_id, next(iter(pool.clients)))


async def _set_callbacks(
    emulator: CognitoEmulator, pool: EmulatedUserPool, callback_urls: Sequence[str]
) -> None:
    urls_of_client: dict[str, object] = {
        "CallbackURLs": list(callback_urls),
        "LogoutURLs": list(dict.fromkeys(map(options.root, callback_urls))),
    }
    # A client without callback URLs gets the usual settings; those that were changed stay as they are.
    settings = pool.state.clients[pool.client_id].settings
    client = {**HOSTED_UI_DEFAULTS, **settings, **urls_of_client, "AllowedOAuthFlowsUserPoolClient": True}
    named = {"UserPoolId": pool.id, "ClientId": pool.client_id}
    await emulator.call("UpdateUserPoolClient", **named, **client)


async def _write_files(
    emulator: CognitoEmulator,
    wanted: Options,
    setup: Setup,
    pool: EmulatedUserPool,
    identity_pool: EmulatedIdentityPool | None,
) -> None:
    url = _public_url(emulator, wanted)
    if wanted.env_file is not None:
        variables = exports.environment(url, pool, identity_pool, token=emulator.token)
        await _write("--env-file", wanted.env_file, exports.write_environment, variables)
    outputs = wanted.amplify_outputs
    if outputs is None and setup.amplify_outputs is not None and wanted.setup is not None:
        outputs = wanted.setup.parent / setup.amplify_outputs
    if outputs is not None:
        content = exports.amplify_outputs(url, pool, identity_pool)
        await _write("amplify_outputs", outputs, _write_json, content)


async def _write(name: str, path: Path, write: Callable[[Path, Any], None], content: Any) -> None:
    try:
        await to_thread.run_sync(write, path, content)
    except OSError as error:
        problem = SetupError(f"{name}: {path} cannot be written: {error.strerror}")
    else:
        return
    raise problem


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    exports.write(path, json.dumps(content, indent=2) + "\n")


def _public_url(emulator: CognitoEmulator, wanted: Options) -> str:
    """Return the URL by which other containers find an emulator that listens on every address."""
    if emulator.token is None or not wanted.allowed_hosts or wanted.tls is not None:
        return emulator.url
    return f"http://{wanted.allowed_hosts[0]}:{emulator.url.rpartition(':')[2]}"


def _banner(
    emulator: CognitoEmulator,
    pools: Sequence[EmulatedUserPool],
    identity_pool: EmulatedIdentityPool | None,
) -> list[str]:
    url = emulator.url
    lines = [f"Cognito emulator  {url}", f"region            {emulator.region}"]
    for pool in pools:
        lines += [f"user pool         {pool.id}", f"app client        {pool.client_id}"]
        others = [client for client in pool.state.clients if client != pool.client_id]
        lines += [f"app client        {client}" for client in others]
    if identity_pool is not None:
        lines.append(f"identity pool     {identity_pool.id}")
    for pool in pools:
        lines += _sign_in_link(url, pool)
        lines += _authenticators(pool)
    lines.append("")
    pool = pools[0]
    if identity_pool is not None:
        # On a line of its own: with these set, every session also requests AWS credentials.
        lines.append(
            f"# for AWS credentials: export COGNITO_IDENTITY_POOL_ID={identity_pool.id} "
            f"COGNITO_IDENTITY_POOL_ENDPOINT={url}"
        )
    variables = exports.environment(url, pool)
    sdk = {name: value for name, value in variables.items() if name.startswith("AWS_ENDPOINT_URL_")}
    lines.append(f"# for AWS SDKs: {exports.shell_line(sdk)}")
    oauth = {name: value for name, value in variables.items() if name.startswith(_HOSTED_UI)}
    ours = {name: value for name, value in variables.items() if not name.startswith((*_HOSTED_UI, "AWS_"))}
    lines.append(exports.shell_line(ours))
    if oauth:
        lines.append(exports.shell_line(oauth))
    return [*lines, ""]


_HOSTED_UI: Final = ("COGNITO_OAUTH_", "COGNITO_REDIRECT_")


def _sign_in_link(url: str, pool: EmulatedUserPool) -> list[str]:
    link = urls.sign_in(url, pool.state.clients[pool.client_id])
    return [] if link is None else [f"sign in           {link}"]


def _authenticators(pool: EmulatedUserPool) -> list[str]:
    """Return the secrets of authenticator apps, which cannot be guessed and are needed to sign in."""
    return [
        f"authenticator     {_sign_in_name(pool, user)}: {user.token.secret}"
        for user in pool.state.users
        if user.token is not None
    ]


def _sign_in_name(pool: EmulatedUserPool, user: User) -> str:
    """Return the name that a user signs in with: where addresses are usernames, the username is a UUID."""
    names = (user.attributes.get(attribute) for attribute in pool.state.users.username_attributes)
    return next(filter(None, names), user.username)


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
