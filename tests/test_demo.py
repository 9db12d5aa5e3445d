"""The demo: on a terminal and elsewhere, when all goes well and when a step fails."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from typing import Any

import pytest

from aiocognito import AuthClient
from aiocognito import _demo as demo
from aiocognito._demo import steps
from aiocognito._demo.output import Output, StepFailed, console
from aiocognito._jwt import JWT
from aiocognito._results import SignOutResult
from aiocognito.errors import ExpiredCodeException, NotAuthorizedException, StorageError

ESCAPE = "\x1b"
STEPS = 1 + len(steps.STEPS)


def environment(**more: str) -> dict[str, str]:
    """The environment, without anything that says how output should look."""
    deciding = {
        "NO_COLOR",
        "FORCE_COLOR",
        "TTY_COMPATIBLE",
        "TTY_INTERACTIVE",
        "COLUMNS",
        "TERM",
        "COLORTERM",
    }
    kept = {name: value for name, value in os.environ.items() if name not in deciding}
    return kept | more


def piped(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run Python without a terminal."""
    return subprocess.run(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment(**more),
        check=False,
        timeout=300,
    )


def on_a_terminal(*arguments: str, **more: str) -> tuple[int, str]:
    """Run Python with a terminal for its output."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            env=environment(TERM="xterm-256color", **more),
        )
        os.close(theirs)
        parts = []
        while part := _read(ours):
            parts.append(part)
        return process.wait(timeout=300), b"".join(parts).decode()
    finally:
        os.close(ours)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # how Linux says that the other end was closed
        return b""


def broken(statement: str) -> str:
    """A program that runs the demo after something was broken."""
    return (
        "import sys\n"
        "from aiocognito import AuthClient\n"
        "from aiocognito._results import SignOutResult\n"
        f"{statement}\n"
        "from aiocognito.__main__ import main\n"
        "sys.argv = ['aiocognito', 'demo']\n"
        "sys.exit(main())\n"
    )


def test_piped_it_is_plain_and_every_step_succeeds() -> None:
    done = piped("-m", "aiocognito", "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert ESCAPE not in done.stdout
    assert f"All {STEPS} steps succeeded" in done.stdout
    assert "✗" not in done.stdout


def test_on_a_terminal_it_is_in_colour() -> None:
    code, shown = on_a_terminal("-m", "aiocognito", "demo")
    assert code == 0, shown
    assert f"{ESCAPE}[32m" in shown
    assert f"All {STEPS} steps succeeded" in shown


def test_no_color_means_no_escape_codes() -> None:
    code, shown = on_a_terminal("-m", "aiocognito", "demo", NO_COLOR="1")
    assert code == 0, shown
    assert ESCAPE not in shown


def test_a_failed_step_is_named_and_the_exit_code_is_1() -> None:
    done = piped(
        "-c",
        broken(
            "async def sign_out(self): return SignOutResult(revoked=False)\nAuthClient.sign_out = sign_out\n"
        ),
    )
    assert done.returncode == 1
    assert re.search(r"^Step \d+ failed: Sign out$", done.stdout, re.MULTILINE), done.stdout
    assert "✗ not true: the user pool confirmed that the tokens are revoked" in done.stdout
    assert "succeeded" not in done.stdout


def test_an_emulator_that_does_not_start_is_a_failed_step() -> None:
    done = piped(
        "-c",
        broken(
            "from aiocognito.emulator import CognitoEmulator\n"
            "async def start(self): raise OSError(98, 'Address in use')\n"
            "CognitoEmulator.__aenter__ = start\n"
        ),
    )
    assert done.returncode == 1
    assert "✗ OSError" in done.stdout
    assert "Step 1 failed: Start an emulator" in done.stdout


@pytest.mark.parametrize(
    ("method", "error", "shown", "step"),
    [
        ("confirm_sign_up", ExpiredCodeException("too late"), "ExpiredCodeException: too late", "Confirm"),
        # The message may hold anything.
        ("get_current_user", RuntimeError("hunter2"), "RuntimeError", "Fetch the signed-in user"),
    ],
)
def test_an_exception_is_a_failed_step(
    monkeypatch: pytest.MonkeyPatch, method: str, error: Exception, shown: str, step: str
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(AuthClient, method, fail)
    output = io.StringIO()
    assert demo.run(output) == 1
    assert f"    ✗ {shown}\n" in output.getvalue()
    assert re.search(rf"^Step \d+ failed: {re.escape(step)}", output.getvalue(), re.MULTILINE)
    assert "hunter2" not in output.getvalue()


@pytest.fixture(scope="module")
def printed() -> tuple[str, set[str]]:
    """The output of one demo, and the secrets that it must not contain."""
    secrets: set[str] = set()
    sign_in, make_token = AuthClient.sign_in, JWT.__init__

    async def note_password(self: AuthClient, username: str, password: str, **options: Any) -> Any:
        secrets.add(password)
        return await sign_in(self, username, password, **options)

    def note_token(self: JWT, payload: dict[str, Any], token: str) -> None:
        secrets.add(token)
        make_token(self, payload, token)

    output = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AuthClient, "sign_in", note_password)
        patch.setattr(JWT, "__init__", note_token)
        assert demo.run(output) == 0, output.getvalue()
    return output.getvalue(), secrets


class TestSteps:
    def test_it_shows_no_secret(self, printed: tuple[str, set[str]]) -> None:
        shown, secrets = printed
        assert len(secrets) > 5
        assert not [secret for secret in secrets if secret in shown]
        # Session keys, their hashes, refresh tokens: all are longer than anything that is shown.
        assert not re.search(r"[\w+/=.-]{40,}", shown)

    def test_it_prints_each_step(self, printed: tuple[str, set[str]]) -> None:
        shown, _ = printed
        for number, title in enumerate(["Start an emulator", *(title for title, _ in steps.STEPS)], 1):
            assert re.search(rf"^ ?{number}  {re.escape(title)}", shown, re.MULTILINE)
        assert re.search(r"the code is \d{6}\. Never print the code of a real user", shown)
        assert "it is refused: NotAuthorizedException" in shown
        assert "The password does not leave this process" in shown
        assert "100 callers fetched the session at the same time; requests to the user pool: 1." in shown
        for event in ("signedIn", "tokenRefresh", "signedOut"):
            assert f"» the Hub: {event}" in shown


@pytest.mark.parametrize(
    ("error", "code", "shown"),
    [
        (None, 0, "All 0 steps succeeded: 0 checks"),
        (StepFailed("two is not three"), 1, "✗ two is not three"),
        (StorageError("full"), 1, "✗ StorageError: full"),
        (KeyError("hunter2"), 1, "✗ KeyError\n"),
    ],
)
def test_the_outcome_of_the_steps_decides_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None, code: int, shown: str
) -> None:
    async def run_steps(_: Output) -> None:
        if error is not None:
            raise error

    monkeypatch.setattr(demo, "run_steps", run_steps)
    output = io.StringIO()
    assert demo.run(output) == code
    assert shown in output.getvalue()


def test_a_demo_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "TIMEOUT", 0.0)
    output = io.StringIO()
    assert demo.run(output) == 1
    assert "    ✗ TimeoutError\n" in output.getvalue()


def test_a_second_refresh_fails_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = AuthClient.fetch_auth_session

    async def fetch_twice(self: AuthClient, **options: Any) -> Any:
        await fetch(self, **options)
        options["force_refresh"] = True
        return await fetch(self, **options)

    monkeypatch.setattr(AuthClient, "fetch_auth_session", fetch_twice)
    output = io.StringIO()
    assert demo.run(output) == 1
    assert "✗ not true: all callers shared one refresh" in output.getvalue()


class TestOutput:
    @pytest.fixture
    def output(self) -> io.StringIO:
        return io.StringIO()

    @pytest.fixture
    def out(self, output: io.StringIO) -> Output:
        return Output(console(output))

    def test_a_true_statement_is_counted_and_printed(self, out: Output, output: io.StringIO) -> None:
        out.check("two is two", True)
        assert out.checks == 1
        assert output.getvalue() == "    ✓ two is two\n"

    def test_a_false_statement_fails_the_step(self, out: Output) -> None:
        with pytest.raises(StepFailed, match="not true: two is three"):
            out.check("two is three", False)
        assert out.checks == 0

    async def test_a_refused_call_prints_the_statement(self, out: Output, output: io.StringIO) -> None:
        async def call() -> None:
            raise NotAuthorizedException("no")

        error = await out.refused(NotAuthorizedException, "it is refused", call())
        assert str(error) == "no"
        assert output.getvalue() == "    ✓ it is refused: NotAuthorizedException\n"

    async def test_a_call_that_succeeds_fails_the_step(self, out: Output) -> None:
        async def call() -> SignOutResult:
            return SignOutResult(revoked=True)

        with pytest.raises(StepFailed, match="it was accepted"):
            await out.refused(NotAuthorizedException, "it is refused", call())

    async def test_another_error_is_raised(self, out: Output) -> None:
        async def call() -> None:
            raise StorageError("no")

        with pytest.raises(StorageError):
            await out.refused(NotAuthorizedException, "it is refused", call())

    def test_an_encoding_without_a_tick_does_not_fail(self) -> None:
        raw = io.BytesIO()
        output = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
        Output(console(output)).check("two is two", True)
        assert raw.getvalue() == b"    ? two is two\n"

    def test_long_lines_and_markup_are_left_alone(self, out: Output, output: io.StringIO) -> None:
        out.line("[bold]" + "x" * 300 + ":smile:")
        assert output.getvalue() == "    [bold]" + "x" * 300 + ":smile:\n"

    def test_a_failure_names_the_step(self, out: Output, output: io.StringIO) -> None:
        out.begin("First")
        out.begin("Second")
        out.failed("it broke")
        assert output.getvalue().endswith("    ✗ it broke\n\nStep 2 failed: Second\n")
