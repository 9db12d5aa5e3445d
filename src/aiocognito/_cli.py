"""The command line: ``aiocognito emulator`` and ``aiocognito demo``. Needs the extra ``cli``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="aiocognito",
    help="Amplify Auth for asyncio services, and an emulator of Amazon Cognito to try it on.",
    no_args_is_help=True,
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
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 selects a free one.")] = 9229,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    data: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, help="A directory to store the state in; without one, it is lost at the end."
        ),
    ] = None,
    callback_url: Annotated[
        list[str] | None,
        typer.Option(
            help="The URL that the hosted UI redirects browsers to; may be given more than once."
            " [default: http://localhost:8000/callback]"
        ),
    ] = None,
) -> None:
    """Run an emulator of Amazon Cognito until Ctrl-C.

    It prints its address, the ids of a user pool, an app client and an identity pool, a link to its login
    page, and every code that it "sends".
    """
    # Imported late: `--help` and `--version` do not need it.
    from .emulator.cli import run as run_emulator

    try:
        run_emulator(host=host, port=port, data=data, callback_urls=callback_url or ())
    except (OSError, NotImplementedError) as error:  # such as a port in use
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
