"""The command line, ``aiocognito``. Needs the extra ``cli``."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from . import _people as people

SETUP: Final = "User pool"
ACCESS: Final = "Access"
FILES: Final = "Output files"


class Issuer(StrEnum):
    """The issuer of the emulator's tokens."""

    aws = "aws"
    local = "local"


app = typer.Typer(
    name="aiocognito",
    help="Amplify Auth for asyncio services, and an emulator of Amazon Cognito for tests.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    # rich's tracebacks can show the values of variables, which may be secrets.
    pretty_exceptions_enable=False,
)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: The words of the command line, without the program's name.
    """
    try:
        app(list(arguments), prog_name="aiocognito")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aiocognito {version('aiocognito')}")
        raise typer.Exit


@app.callback()
def _program(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Parse the options before a command."""


@app.command()
def emulator(
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="The port; 0 selects a free one.")
    ] = 9229,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    data: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help="A directory to store the state in; without it, the state is lost when the emulator stops.",
        ),
    ] = None,
    callback_url: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help="A callback URL for the hosted UI; can be repeated. [default: http://localhost:8000/callback]",
        ),
    ] = None,
    pool_id: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="The user pool's id, such as us-east-1_Shop12345.", rich_help_panel=SETUP
        ),
    ] = None,
    client_id: Annotated[
        str | None, typer.Option(metavar="ID", help="The app client's id.", rich_help_panel=SETUP)
    ] = None,
    client_secret: Annotated[
        str | None,
        typer.Option(
            metavar="SECRET", help="The app client's secret. By default it has none.", rich_help_panel=SETUP
        ),
    ] = None,
    user: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:PASSWORD[:MFA]",
            help="A user; MFA is TOTP, SMS or EMAIL, or several with commas; can be repeated.",
            rich_help_panel=SETUP,
        ),
    ] = None,
    setup: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="User pools, users and more, in JSON or TOML.", rich_help_panel=SETUP
        ),
    ] = None,
    triggers: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:OBJECT",
            help="Triggers: a mapping of their names to functions, or an object with such functions.",
            rich_help_panel=SETUP,
        ),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(
            help="Makes ids and codes the same at each start. Secrets stay random.", rich_help_panel=SETUP
        ),
    ] = None,
    issuer: Annotated[
        Issuer,
        typer.Option(
            help="The issuer of tokens: Cognito's, or with local the emulator's URL, for OAuth clients that"
            " compare the two.",
            rich_help_panel=ACCESS,
        ),
    ] = Issuer.aws,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A further host name by which clients may call it; can be repeated.",
            rich_help_panel=ACCESS,
        ),
    ] = None,
    allowed_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="A further origin of front ends, such as http://shop.test:3000; can be repeated.",
            rich_help_panel=ACCESS,
        ),
    ] = None,
    tls: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="CERT KEY",
            help="Serve https, with a certificate and its key in PEM.",
            rich_help_panel=ACCESS,
        ),
    ] = None,
    env_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the configuration as environment variables.", rich_help_panel=FILES
        ),
    ] = None,
    amplify_outputs: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write amplify_outputs.json for front ends.", rich_help_panel=FILES
        ),
    ] = None,
) -> None:
    """Run an emulator of Amazon Cognito until Ctrl-C.

    It prints its address, the ids of a user pool, an app client and an identity pool, a link to its login
    page, and every code that it "sends". The request log says why a request was refused.

    If it listens beyond this machine (--host), administration needs a token. Set it with the variable
    AIOCOGNITO_EMULATOR_TOKEN; otherwise a random one is printed.
    """
    # Imported late: `--help` and `--version` do not need it.
    from .emulator.cli import run as run_emulator

    further = {
        "pool_id": pool_id,
        "client_id": client_id,
        "client_secret": client_secret,
        "users": tuple(user or ()),
        "setup": setup,
        "triggers": triggers,
        "seed": seed,
        "issuer": None if issuer is Issuer.aws else issuer.value,
        "allowed_hosts": tuple(allowed_host or ()),
        "allowed_origins": tuple(allowed_origin or ()),
        "tls": tls,
        "env_file": env_file,
        "amplify_outputs": amplify_outputs,
    }
    given: dict[str, Any] = {name: value for name, value in further.items() if value not in (None, ())}
    try:
        run_emulator(host=host, port=port, data=data, callback_urls=callback_url or (), **given)
    except (OSError, NotImplementedError) as error:  # such as a system without file locks
        typer.echo(f"aiocognito: {error}", err=True)
        raise typer.Exit(1) from None


@app.command()
def demo() -> None:
    """Show a complete sign-in, step by step, on a user pool on this machine.

    The exit code is 0 only if every step succeeded.
    """
    from ._demo import run
    from .emulator import http  # noqa: F401 - a missing library is named here, before the first step

    raise typer.Exit(run())


app.add_typer(people.app)
