"""The request log of the command line, on a terminal and in a file."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from aiocognito.emulator import Call
from aiocognito.emulator.request_log import RequestLog

REFUSED = Call(
    "RespondToAuthChallenge",
    "cognito-idp",
    400,
    "NotAuthorizedException",
    reason="Incorrect username or password. — the user pool has no user 'eve'; "
    "PreventUserExistenceErrors hides that",
)
CALLS = (
    Call("InitiateAuth", "cognito-idp", 200, None),
    REFUSED,
    Call("GetUser", "cognito-idp", None, None),
    Call("GET /x\x1b[31m", "http", 403, None, reason="Host\x1b[2J\nnot allowed"),
)


def written(*, terminal: bool, width: int = 80) -> list[str]:
    file = io.StringIO()
    console = Console(
        file=file, force_terminal=terminal, width=width, color_system="standard" if terminal else None
    )
    log = RequestLog(console)
    for call in CALLS:
        log.write(call)
    return file.getvalue().splitlines()


def test_a_file_gets_one_plain_line_for_each_request() -> None:
    lines = written(terminal=False)
    assert [line[9:] for line in lines] == [
        "200 InitiateAuth",
        f"400 RespondToAuthChallenge  NotAuthorizedException: {REFUSED.reason}",
        "--- GetUser  the connection was cut",
        "403 GET /x [31m  Host [2J not allowed",
    ]
    assert all(line[2] == line[5] == ":" for line in lines)


@pytest.mark.parametrize("width", [60, 80, 109, 110, 160])
def test_a_terminal_gets_colours_and_no_line_is_wider_than_it(width: int) -> None:
    lines = written(terminal=True, width=width)
    assert "\x1b[32m200" in lines[0]
    text = "\n".join(lines)
    assert "\x1b[31m400" in text
    assert "\x1b[2J" not in text
    plain = written_plain(width)
    assert max(map(len, plain)) <= width
    assert "PreventUserExistenceErrors hides that" in " ".join(" ".join(plain).split())


def written_plain(width: int) -> list[str]:
    file = io.StringIO()
    log = RequestLog(Console(file=file, force_terminal=True, width=width, color_system=None, no_color=True))
    for call in CALLS:
        log.write(call)
    return [
        line.rstrip()
        for line in file.getvalue()
        .replace("\x1b[1m", "")
        .replace("\x1b[0m", "")
        .replace("\x1b[2m", "")
        .splitlines()
    ]


def test_a_narrow_terminal_has_the_reason_below() -> None:
    lines = written_plain(80)
    assert lines[1].split()[1:] == ["400", "RespondToAuthChallenge"]
    assert lines[2].startswith("             NotAuthorizedException: Incorrect")
    assert written_plain(140)[1].split()[1:4] == ["400", "RespondToAuthChallenge", "NotAuthorizedException:"]
