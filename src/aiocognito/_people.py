"""The commands that start no emulator: doctor, login, logout, token, decode, verify, codes and clock."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from ._commands.failure import CommandError

if TYPE_CHECKING:
    from ._commands.profiles import Profiles
    from ._config import AuthConfig

app = typer.Typer()
_PIPED: Final = "-"
EmulatorUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="The emulator's URL. [default: COGNITO_USER_POOL_ENDPOINT, else http://127.0.0.1:9229]"
    ),
]


class TokenUse(StrEnum):
    """The use of a token."""

    access = "access"
    id = "id"


@contextmanager
def _reporting() -> Iterator[None]:
    """Print the line of a `CommandError`, and end with exit code 1."""
    try:
        yield
    except CommandError as error:
        problem = str(error)
    else:
        return
    typer.echo(f"aiocognito: {problem}", err=True)
    raise typer.Exit(1)


@app.command()
def doctor(
    amplify_outputs: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Read this amplify_outputs.json instead of the environment variables."
        ),
    ] = None,
) -> None:
    """Check the configuration, and print line by line what is right and what to change.

    It reads the COGNITO_… variables as a program would. It checks the endpoint, the keys, the clock, the app
    client, its secret, flows and callback URLs, and the identity pool, without signing in a user. The exit
    code is 1 if something is wrong.
    """
    from ._commands import doctor as doctors

    def show(line: str, verdict: doctors.Verdict) -> None:
        colour = {"right": "green", "wrong": "red", "note": "yellow"}[verdict]
        mark, rest = (line[:5], line[5:]) if line[:5].strip() in {"ok", "WRONG", "note"} else ("", line)
        typer.secho(mark, fg=colour, nl=False)
        typer.echo(rest)

    with _reporting():
        config = None if amplify_outputs is None else doctors.read_file(amplify_outputs)
        raise typer.Exit(asyncio.run(doctors.report(os.environ, show, config)))


@app.command()
def login(
    save: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Save the sign-in under this name, for `aiocognito token NAME`."),
    ] = None,
    username: Annotated[
        str | None, typer.Option(help="The username. By default, the command asks for it.")
    ] = None,
) -> None:
    """Sign in on this terminal, step by step, with the configuration of the environment.

    Without --save, it prints the access token, and everything else on the standard error stream. To use the
    token in a shell: TOKEN=$(aiocognito login)
    """
    from ._commands import login as logins

    with _reporting():
        token = asyncio.run(logins.log_in(_config(), _Terminal(), _profiles, save=save, username=username))
        if token is not None:
            typer.echo(token)


@app.command()
def logout(name: Annotated[str, typer.Argument(help="The name of a saved sign-in.")]) -> None:
    """Revoke the tokens of a saved sign-in, and remove it."""
    from ._commands import login as logins

    with _reporting():
        typer.echo(asyncio.run(logins.log_out(_profiles(), name)))


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="The name of a saved sign-in.")],
    access: Annotated[bool, typer.Option("--access/--id", help="Which token to print.")] = True,
    header: Annotated[bool, typer.Option("--header", help="Print it as an Authorization header.")] = False,
) -> None:
    """Print a valid token of a saved sign-in. An expired one is renewed first.

    curl -H "$(aiocognito token me --header)" https://api.example.com/
    """
    from ._commands import login as logins

    with _reporting():
        kind = TokenUse.access if access else TokenUse.id
        typer.echo(asyncio.run(logins.token_of(_profiles(), name, kind=kind.value, header=header)))


@app.command()
def decode(source: Annotated[str, typer.Argument(help="- reads the standard input.")] = _PIPED) -> None:
    """Print the header and the claims of a token, with times in words. It is not verified."""
    from ._commands import tokens

    with _reporting():
        for line in tokens.decoded(_read_token(source)):
            typer.echo(line)


@app.command()
def verify(
    source: Annotated[str, typer.Argument(help="- reads the standard input.")] = _PIPED,
    use: Annotated[TokenUse, typer.Option(help="The use that the token must have.")] = TokenUse.access,
    group: Annotated[
        list[str] | None,
        typer.Option(help="A group. The user must be in one of those given; can be repeated."),
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="A scope that the token must have; can be repeated.")
    ] = None,
) -> None:
    """Verify a token as a service with this configuration would. A refused token has the exit code 1."""
    from ._commands import tokens

    with _reporting():
        groups, scopes = tuple(group or ()), tuple(scope or ())
        typer.echo(
            asyncio.run(
                tokens.verified(_read_token(source), _config(), use=use.value, groups=groups, scopes=scopes)
            )
        )


@app.command()
def codes(
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Also print new codes as they are sent, until Ctrl-C.")
    ] = False,
    url: EmulatorUrl = None,
) -> None:
    """Print the codes that a running emulator has sent."""
    from ._commands import running

    where = running.url_of(url)
    with _reporting():
        if not follow:
            for line in running.lines(running.messages(where)):
                typer.echo(line)
            return
        try:
            running.follow(where, typer.echo)
        except KeyboardInterrupt:
            raise typer.Exit from None


@app.command()
def clock(
    by: Annotated[str, typer.Argument(metavar="DURATION", help="Such as +1h, +90s or +1d12h.")],
    url: EmulatorUrl = None,
) -> None:
    """Move the clock of a running emulator forward, so that tokens and codes expire."""
    from ._commands import running
    from ._commands.words import duration

    with _reporting():
        typer.echo(running.advance(running.url_of(url), duration(by)))


class _Terminal:
    """Asks on the standard error stream, so that the output is the token alone."""

    def ask(self, question: str, *, hidden: bool = False) -> str:
        answer: str = typer.prompt(question, hide_input=hidden, err=True, default="", show_default=False)
        return answer

    def show(self, line: str) -> None:
        typer.echo(line, err=True)


def _config() -> AuthConfig:
    from ._config import AuthConfig
    from .errors import AuthConfigError

    try:
        config = AuthConfig.from_env()
    except AuthConfigError as error:
        problem = str(error)
    else:
        if config.user_pool_id is not None and config.user_pool_client_id is not None:
            return config
        problem = "COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID are not set"
    raise CommandError(f"{problem}: `aiocognito doctor` says what to change")


def _profiles() -> Profiles:
    from ._commands import profiles

    return profiles.Profiles(profiles.state_directory(), profiles.system_keyring())


def _read_token(source: str) -> str:
    from ._commands import tokens

    if source != _PIPED:
        # As an argument, it would be in the shell's history and in the list of processes.
        raise CommandError("pass the token on the standard input, with - as the argument")
    if sys.stdin.isatty():
        typer.echo("Paste the token, then press Enter and Ctrl-D.", err=True)
    return tokens.clean(sys.stdin.read())
