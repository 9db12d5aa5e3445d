"""The commands for people, as typed: doctor, login, logout, token, decode, verify, codes and clock."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve
from typer.testing import CliRunner, Result

from aiocognito import AuthConfig, OAuthConfig, _clocks, steps
from aiocognito._cli import app
from aiocognito._commands import doctor, profiles, running
from aiocognito._commands.failure import CommandError
from aiocognito._commands.login import _SignIn
from aiocognito._commands.profiles import Profiles, state_directory, system_keyring
from aiocognito._commands.tokens import clean, decoded
from aiocognito._commands.words import distance, duration, moment
from aiocognito.emulator import run_in_thread
from helpers import certificate
from helpers.api import EMAIL, NEW_PASSWORD, PASSWORD
from helpers.stub_server import stub_server

CALLBACK = "http://localhost:8000/callback"
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Any]:
    with run_in_thread() as running_emulator:
        yield running_emulator


@pytest.fixture
def pool(emulator: Any) -> Any:
    return emulator.create_user_pool(
        client={"CallbackURLs": [CALLBACK], "LogoutURLs": ["http://localhost:8000/"]}
    )


def variables(config: AuthConfig) -> dict[str, str]:
    assert config.oauth is not None
    found = {
        "COGNITO_USER_POOL_ID": config.user_pool_id,
        "COGNITO_CLIENT_ID": config.user_pool_client_id,
        "COGNITO_CLIENT_SECRET": config.user_pool_client_secret,
        "COGNITO_USER_POOL_ENDPOINT": config.user_pool_endpoint,
        "COGNITO_OAUTH_DOMAIN": config.oauth.domain,
        "COGNITO_OAUTH_SCOPES": ",".join(config.oauth.scopes),
        "COGNITO_REDIRECT_SIGN_IN": ",".join(config.oauth.redirect_sign_in),
        "COGNITO_REDIRECT_SIGN_OUT": ",".join(config.oauth.redirect_sign_out),
    }
    return {name: value for name, value in found.items() if value}


@pytest.fixture
def environ(pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name in [name for name in os.environ if name.startswith("COGNITO_")]:
        monkeypatch.delenv(name)
    given = {**variables(pool.config), "XDG_STATE_HOME": str(tmp_path / "state"), "NO_PROXY": "*"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(profiles, "system_keyring", lambda: None)
    return given


@pytest.fixture
def clock(emulator: Any) -> Iterator[None]:
    """The emulator's clock is the process's, as in a test of an application."""
    previous = _clocks.set_default(emulator.clock)
    yield
    _clocks.set_default(previous)


@pytest.fixture
def run(environ: dict[str, str], clock: None) -> Run:
    def invoke(*words: str, typed: str = "", code: int = 0) -> Result:
        result = CliRunner().invoke(app, list(words), input=typed)
        assert result.exit_code == code, (result.output, result.stderr, result.exception)
        return result

    return invoke


class TestLogin:
    def test_without_a_name_the_token_is_the_output(self, run: Run, pool: Any) -> None:
        pool.add_user("ana", PASSWORD)
        result = run("login", typed=f"ana\n{PASSWORD}\n")
        token = result.stdout.strip().splitlines()[-1]
        assert token.count(".") == 2
        assert PASSWORD not in result.output
        assert "Signed in. The token expires" in result.stderr
        assert "username" in "".join(decoded(token))

    def test_saved_renewed_and_ended(self, run: Run, pool: Any, emulator: Any, tmp_path: Path) -> None:
        pool.add_user("ana", PASSWORD)
        result = run("login", "--save", "me", "--username", "ana", typed=f"{PASSWORD}\n")
        assert result.stdout == "" or PASSWORD not in result.stdout
        assert "saved as 'me'" in result.stderr
        assert "Every process of yours can read it" in result.stderr
        first = run("token", "me").stdout.strip()
        emulator.clock.advance(7200)
        second = run("token", "me").stdout.strip()
        assert first != second
        assert run("token", "me", "--header").stdout.startswith("Authorization: Bearer ey")
        identity = run("token", "me", "--id").stdout.strip()
        assert '"token_use"' not in identity
        assert any("cognito:username" in line for line in decoded(identity))
        directory = tmp_path / "state/aiocognito/readable"
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        files = [path for path in directory.rglob("*") if path.is_file()]
        assert files
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        assert run("logout", "me").stdout == "Signed out.\n"
        result = run("token", "me", code=1)
        assert "no sign-in is saved as 'me': aiocognito login --save me" in result.stderr

    def test_a_second_login_replaces_the_first(self, run: Run, pool: Any) -> None:
        for name in ("ana", "ben"):
            pool.add_user(name, PASSWORD)
            run("login", "--save", "me", "--username", name, typed=f"{PASSWORD}\n")
            assert any(f'"{name}"' in line for line in decoded(run("token", "me").stdout.strip()))

    def test_a_saved_sign_in_needs_no_environment(
        self, run: Run, pool: Any, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pool.add_user("ana", PASSWORD)
        run("login", "--save", "me", "--username", "ana", typed=f"{PASSWORD}\n")
        for name in environ:
            if name.startswith("COGNITO_"):
                monkeypatch.delenv(name)
        assert run("token", "me").stdout.startswith("ey")

    def test_one_that_ended_is_reported(self, run: Run, pool: Any, emulator: Any) -> None:
        pool.add_user("ana", PASSWORD)
        run("login", "--save", "me", "--username", "ana", typed=f"{PASSWORD}\n")
        emulator.call("AdminUserGlobalSignOut", UserPoolId=pool.id, Username="ana")
        emulator.clock.advance(7200)
        result = run("token", "me", code=1)
        assert "aiocognito: " in result.stderr

    def test_a_wrong_password_is_reported(self, run: Run, pool: Any) -> None:
        pool.add_user("ana", PASSWORD)
        result = run("login", typed="ana\nWrong-Horse-1\n", code=1)
        assert "NotAuthorizedException: Incorrect username or password." in result.stderr
        assert "Wrong-Horse-1" not in result.output

    def test_a_code_of_the_authenticator_app_with_a_second_try(self, run: Run, pool: Any) -> None:
        pool.add_user("ana", PASSWORD, mfa="TOTP")
        code = pool.totp_code("ana")
        result = run("login", typed=f"ana\n{PASSWORD}\n000000\n{code}\n")
        assert "CodeMismatchException" in result.stderr
        assert result.stdout.strip().splitlines()[-1].startswith("ey")

    def test_three_wrong_codes_end_it(self, run: Run, pool: Any) -> None:
        pool.add_user("ana", PASSWORD, mfa="TOTP")
        result = run("login", typed=f"ana\n{PASSWORD}\n000000\n111111\n222222\n", code=1)
        assert "CodeMismatchException" in result.stderr

    @pytest.mark.parametrize(
        ("medium", "attribute", "value"),
        [("SMS", "phone_number", "+15555550100"), ("EMAIL", "email", EMAIL)],
    )
    def test_a_code_that_is_sent(
        self,
        run: Run,
        emulator: Any,
        monkeypatch: pytest.MonkeyPatch,
        medium: str,
        attribute: str,
        value: str,
    ) -> None:
        pool = emulator.create_user_pool(EmailMfaConfiguration={}, client={"CallbackURLs": [CALLBACK]})
        for name, text in variables(pool.config).items():
            monkeypatch.setenv(name, text)
        pool.add_user("ana", PASSWORD, mfa=medium, attributes={attribute: value})
        asked: list[str] = []

        def prompt(question: str, **_: Any) -> str:
            asked.append(question)
            if question.startswith("Code"):
                code: str = emulator.outbox.next_code("ana")
                return code
            return {"Username": "ana"}.get(question, PASSWORD)

        monkeypatch.setattr("typer.prompt", prompt)
        run("login")
        assert asked[-1].startswith("Code sent to ")

    def test_a_new_password_and_its_repetition(self, run: Run, pool: Any, emulator: Any) -> None:
        emulator.call(
            "AdminCreateUser",
            UserPoolId=pool.id,
            Username="ana",
            TemporaryPassword=PASSWORD,
            MessageAction="SUPPRESS",
        )
        typed = f"ana\n{PASSWORD}\n{NEW_PASSWORD}\nanother\n{NEW_PASSWORD}\n{NEW_PASSWORD}\n"
        result = run("login", typed=typed)
        assert "The two passwords differ." in result.stderr

    def test_a_choice_between_second_factors(self, run: Run, pool: Any) -> None:
        pool.add_user("ana", PASSWORD, mfa=["TOTP", "SMS"], attributes={"phone_number": "+15555550100"})
        code = pool.totp_code("ana")
        result = run("login", typed=f"ana\n{PASSWORD}\nnine\n9\n2\n{code}\n")
        assert result.stderr.count("Type a number from 1 to 2.") == 2

    def test_a_second_factor_that_is_set_up(
        self, run: Run, emulator: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pool = emulator.create_user_pool(
            MfaConfiguration="ON", SmsMfaConfiguration=None, client={"CallbackURLs": [CALLBACK]}
        )
        for name, text in variables(pool.config).items():
            monkeypatch.setenv(name, text)
        pool.add_user("ana", PASSWORD)

        def prompt(question: str, **_: Any) -> str:
            if question.startswith("Code"):
                code: str = pool.totp_code("ana")
                return code
            return {"Username": "ana"}.get(question, PASSWORD)

        monkeypatch.setattr("typer.prompt", prompt)
        result = run("login")
        assert "otpauth://totp/" in result.stderr

    def test_a_first_factor_without_a_password(
        self, run: Run, emulator: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
        pool = emulator.create_user_pool(Policies=policies, client={"CallbackURLs": [CALLBACK]})
        for name, text in variables(pool.config).items():
            monkeypatch.setenv(name, text)
        pool.add_user("ana", PASSWORD, attributes={"email": EMAIL})

        def prompt(question: str, **_: Any) -> str:
            if question.startswith("Code"):
                code: str = emulator.outbox.next_code("ana")
                return code
            return {"Username": "ana", "First factor": "EMAIL_OTP"}.get(question, "")

        monkeypatch.setattr("typer.prompt", prompt)
        assert run("login").stdout.startswith("ey")

    def test_a_custom_challenge(
        self, run: Run, emulator: Any, pool: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The command asks the question of a custom challenge."""
        told: list[str] = []

        class Terminal:
            def ask(self, question: str, *, hidden: bool = False) -> str:
                return f"{question} {hidden}"

            def show(self, line: str) -> None:
                told.append(line)

        sign_in = _SignIn(None, Terminal())  # type: ignore[arg-type]  # no request is sent
        answer = sign_in._typed(steps.ConfirmSignInWithCustomChallenge({"question": "2+2"}))
        assert answer == ("Answer True", None)
        assert told == ["question: 2+2"]
        assert sign_in._typed(steps.ConfirmSignInWithPassword())[0] == "Password True"
        assert sign_in._typed(steps.ContinueSignInWithEmailSetup())[0] == "E-mail address for codes False"
        assert sign_in._typed(steps.ConfirmSignInWithSmsCode(None))[0] == "Code sent to you False"
        for step, complaint in (
            (steps.ResetPassword(), "must be reset"),
            (steps.ConfirmSignUp(), "is not confirmed"),
            (steps.UnsupportedChallenge("NEW", {}), "cannot answer"),
            (steps.ContinueSignInWithFirstFactorSelection(["WEB_AUTHN"]), "has no passkeys"),
        ):
            with pytest.raises(CommandError, match=complaint):
                sign_in._typed(step)

    def test_a_missing_configuration_is_reported(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COGNITO_CLIENT_ID", "")
        assert "COGNITO_CLIENT_ID are not set: `aiocognito doctor`" in run("login", code=1).stderr
        monkeypatch.setenv("COGNITO_USER_POOL_ID", "shop")
        assert "`aiocognito doctor` says what to change" in run("login", code=1).stderr

    @pytest.mark.parametrize("words", [("login", "--save", "a/b"), ("token", "../x"), ("logout", "")])
    def test_a_malformed_name_is_reported(self, run: Run, words: tuple[str, ...]) -> None:
        assert "must be a name of 1 to 64 letters" in run(*words, code=1).stderr


class MemoryKeyring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.priority = 1

    def get_password(self, service: str, username: str, /) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self.entries[service, username] = password


class TestProfiles:
    def test_with_a_keyring_they_are_sealed(
        self, run: Run, pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keyring = MemoryKeyring()
        monkeypatch.setattr(profiles, "system_keyring", lambda: keyring)
        pool.add_user("ana", PASSWORD)
        result = run("login", "--save", "me", "--username", "ana", typed=f"{PASSWORD}\n")
        assert "readable" not in result.stderr
        assert run("token", "me").stdout.startswith("ey")
        files = [path for path in (tmp_path / "state/aiocognito").rglob("*") if path.is_file()]
        assert files
        content = b"".join(path.read_bytes() for path in files)
        assert b"ana" not in content
        assert str(pool.id).encode() not in content
        keyring.entries.clear()
        assert "cannot be opened" in run("token", "me", code=1).stderr

    def test_one_that_was_saved_before_there_was_a_keyring_still_opens(
        self, run: Run, pool: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pool.add_user("ana", PASSWORD)
        run("login", "--save", "me", "--username", "ana", typed=f"{PASSWORD}\n")
        keyring = MemoryKeyring()
        monkeypatch.setattr(profiles, "system_keyring", lambda: keyring)
        assert run("token", "me").stdout.startswith("ey")
        run("logout", "me")
        run("token", "me", code=1)

    @pytest.mark.parametrize("entry", ["not base64!", base64.b64encode(b"short").decode()])
    async def test_a_keyring_with_another_entry_is_reported(self, tmp_path: Path, entry: str) -> None:
        keyring = MemoryKeyring()
        keyring.entries[profiles.SERVICE, profiles.ENTRY] = entry
        with pytest.raises(CommandError, match="is not a key: remove it"):
            await Profiles(tmp_path, keyring).load("me")

    async def test_a_keyring_that_does_not_answer_is_reported(self, tmp_path: Path) -> None:
        class Locked(MemoryKeyring):
            def get_password(self, service: str, username: str, /) -> str | None:
                raise OSError("locked")

        with pytest.raises(CommandError, match="the keyring does not answer: OSError"):
            await Profiles(tmp_path, Locked()).load("me")

    async def test_a_directory_that_others_could_alter_is_reported(self, tmp_path: Path) -> None:
        shared = tmp_path / "shared"
        shared.mkdir()
        shared.chmod(0o777)
        kept = Profiles(shared, None)
        config = AuthConfig(user_pool_id="us-east-1_a", user_pool_client_id="b")
        with pytest.raises(CommandError):
            await kept.save("me", config)
        with pytest.raises(CommandError):
            await kept.load("me")
        with pytest.raises(CommandError):
            await kept.remove("me")

    async def test_the_whole_configuration_comes_back(self, tmp_path: Path) -> None:
        config = AuthConfig(
            user_pool_id="us-east-1_a",
            user_pool_client_id="b",
            user_pool_client_secret="secret",
            identity_pool_id="us-east-1:x",
            oauth=OAuthConfig(domain="auth.example.com", scopes=["openid"]),
        )
        kept = Profiles(tmp_path, None)
        await kept.save("me", config)
        assert (await kept.load("me"))[0] == config

    def test_the_state_directory(self) -> None:
        """The directory follows each system's convention."""
        assert state_directory({"XDG_STATE_HOME": "/x"}, "linux") == Path("/x/aiocognito")
        assert state_directory({}, "linux") == Path.home() / ".local/state/aiocognito"
        assert state_directory({}, "darwin") == Path.home() / "Library/Application Support/aiocognito"

    def test_the_systems_keyring(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The keyring is used if a backend is installed."""
        monkeypatch.setitem(sys.modules, "keyring", None)
        assert system_keyring() is None
        backend = MemoryKeyring()

        class Package:
            @staticmethod
            def get_keyring() -> MemoryKeyring:
                return backend

        monkeypatch.setitem(sys.modules, "keyring", Package())
        assert system_keyring() is backend
        backend.priority = 0
        assert system_keyring() is None


class TestDecode:
    def test_claims_and_times_in_words(self, run: Run, pool: Any, emulator: Any) -> None:
        pool.add_user("ana", PASSWORD)
        token = run("login", "--username", "ana", typed=f"{PASSWORD}\n").stdout.strip().splitlines()[-1]
        shown = run("decode", "-", typed=f"Authorization: Bearer {token}\n").stdout
        assert '"RS256"' in shown
        assert "in 59 minutes)" in shown or "in 1 hour)" in shown
        assert "The signature was not verified" in shown
        emulator.clock.advance(7200)
        assert "It expired 1 hour ago." in run("decode", typed=token).stdout

    def test_malformed_times_and_names_with_control_characters(self) -> None:
        token = _unsigned({"exp": 1e300, "iat": "soon", "a\x1b[2J": "\x1b"})
        shown = "\n".join(decoded(token, now=0))
        assert "not a time" in shown
        assert "\x1b" not in shown
        assert "It has no time of expiry." in "\n".join(decoded(_unsigned({}), now=0))

    @pytest.mark.parametrize("text", ["abc", "a.b.c", "W10.e30.", "eyJh.x.y"])
    def test_a_text_that_is_not_a_token_is_reported(self, run: Run, text: str) -> None:
        assert "this is not a JSON Web Token" in run("decode", "-", typed=text, code=1).stderr

    def test_no_function_and_an_argument_are_reported(self, run: Run) -> None:
        assert "no token on the standard input" in run("decode", "-", typed=" \n", code=1).stderr
        result = run("decode", "eyJhbGciOi", code=1)
        assert "pass the token on the standard input" in result.stderr
        assert "eyJhbGciOi" not in result.output

    def test_clean(self) -> None:
        """A pasted token may have its header's name around it."""
        assert clean(" Bearer abc\n") == clean("authorization: bearer abc") == "abc"


def _unsigned(payload: Mapping[str, Any]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256"}, payload)]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "AA"])


class TestVerify:
    @pytest.fixture
    def token(self, run: Run, pool: Any) -> str:
        pool.add_user("ana", PASSWORD, groups=["editors"])
        text: str = run("login", "--username", "ana", typed=f"{PASSWORD}\n").stdout.strip().splitlines()[-1]
        return text

    def test_accepted(self, run: Run, token: str) -> None:
        """A token that meets all requirements is accepted."""
        scope = "aws.cognito.signin.user.admin"
        words = ("verify", "-", "--use", "access", "--group", "editors", "--scope", scope)
        assert run(*words, typed=token).stdout.startswith("accepted: access token of ana, ")

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            (("--use", "id"), "refused: "),
            (("--group", "admins"), "refused: "),
            (("--scope", "orders/read"), "refused: "),
        ],
    )
    def test_refused(self, run: Run, token: str, words: tuple[str, ...], complaint: str) -> None:
        """A refusal says why, and does not show the token."""
        result = run("verify", "-", *words, typed=token, code=1)
        assert complaint in result.stderr
        assert token not in result.output

    def test_undetermined_settings(self, run: Run, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """If the keys are out of reach, a token is neither accepted nor refused."""
        monkeypatch.setenv("COGNITO_JWKS_URI", "http://127.0.0.1:9/jwks.json")
        assert (
            "not checked: the user pool's keys could not be fetched"
            in run("verify", typed=token, code=1).stderr
        )
        result = run("verify", "--use", "id", "--scope", "x", typed=token, code=1)
        assert "not checked: " in result.stderr or "refused: " in result.stderr


class TestRunningEmulator:
    def test_codes(self, run: Run, pool: Any, emulator: Any) -> None:
        """The messages of a running emulator are listed."""
        pool.add_user("ana", PASSWORD, attributes={"email": EMAIL})
        emulator.call("AdminResetUserPassword", UserPoolId=pool.id, Username="ana")
        code = emulator.outbox.messages[-1].code
        last = run("codes").stdout.splitlines()[-1]
        assert last == f"EMAIL to {EMAIL}: {code}   (reset_password, for ana)"

    def test_followed(self, emulator: Any, pool: Any) -> None:
        """New messages are printed until Ctrl-C."""
        pool.add_user("ana", PASSWORD, attributes={"email": EMAIL})
        shown: list[str] = []

        def sleep(_seconds: float) -> None:
            if shown and shown[-1].endswith("for ana)") and len(seen) == 2:
                raise KeyboardInterrupt
            seen.append(len(shown))
            emulator.call("AdminResetUserPassword", UserPoolId=pool.id, Username="ana")

        seen: list[int] = []
        with pytest.raises(KeyboardInterrupt):
            running.follow(emulator.url, shown.append, environ={}, sleep=sleep)
        assert seen[1] == seen[0] + 1
        assert len(shown) == seen[1] + 1

    def test_followed_until_ctrl_c(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        def follow(_url: str, _say: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(running, "follow", follow)
        run("codes", "--follow")

    def test_an_emulator_that_was_started_again_begins_anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        message = {"medium": "SMS", "to": "+1", "code": "1", "purpose": "mfa", "username": "a"}
        found = iter([[message, message], [message]])
        monkeypatch.setattr(running, "messages", lambda *_: next(found))
        shown: list[str] = []
        with pytest.raises(StopIteration):
            running.follow("http://x", shown.append, sleep=lambda _: None)
        assert len(shown) == 3

    def test_the_clock(self, run: Run, emulator: Any) -> None:
        """The command moves a running emulator's clock."""
        before = emulator.clock()
        assert run("clock", "+1h").stdout.startswith("it is now ")
        assert 3600 <= emulator.clock() - before < 3700
        assert "must be a duration such as +1h" in run("clock", "1 hour", code=1).stderr

    def test_one_that_does_not_answer_is_reported(self, run: Run) -> None:
        result = run("codes", "--url", "http://127.0.0.1:9/", code=1)
        assert "no emulator answers at http://127.0.0.1:9 " in result.stderr

    @pytest.mark.parametrize("port", ["9", "x"])
    def test_a_url_is_named_without_its_credentials(self, run: Run, port: str) -> None:
        result = run("codes", "--url", f"http://ana:hunter2@127.0.0.1:{port}/?hunter2", code=1)
        assert f"http://127.0.0.1:{port}/ " in result.stderr
        assert "hunter2" not in result.stderr

    def test_a_token_that_is_missing_is_asked_for(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        with run_in_thread(host="0.0.0.0", token="a-token-of-some-length") as private:
            result = run("codes", "--url", private.url, code=1)
            assert "set AIOCOGNITO_EMULATOR_TOKEN to the token that it printed" in result.stderr
            monkeypatch.setenv("AIOCOGNITO_EMULATOR_TOKEN", "a-token-of-some-length")
            assert run("codes", "--url", private.url).stdout == ""

    def test_another_refusal_is_reported(self, run: Run, emulator: Any) -> None:
        assert "answered 404" in run("codes", "--url", f"{emulator.url}/x", code=1).stderr

    @pytest.mark.parametrize("body", ["<html>", "{}", "[1]", '[{"to": "ana"}]'])
    async def test_another_server_is_not_taken_for_an_emulator(self, run: Run, body: str) -> None:
        async with stub_server() as stub:
            stub.reply(body=body.encode())
            for command in (("codes",), ("codes", "--follow"), ("clock", "+1h")):
                result = await asyncio.to_thread(run, *command, "--url", stub.url, code=1)
                assert f"the server at {stub.url} is not an emulator" in result.stderr

    def test_certificates_that_cannot_be_read(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
        monkeypatch.setenv("SSL_CERT_FILE", "/nothing/here.pem")
        assert "SSL_CERT_FILE: cannot be read" in run("codes", "--url", "https://127.0.0.1:9", code=1).stderr

    def test_the_url(self) -> None:
        """The emulator's URL comes from the option, the environment, or the default."""
        assert running.url_of(None, {}) == "http://127.0.0.1:9229"
        assert running.url_of(None, {"COGNITO_USER_POOL_ENDPOINT": "http://x/"}) == "http://x"
        assert running.url_of("http://y", {"COGNITO_USER_POOL_ENDPOINT": "http://x"}) == "http://y"

    def test_https_with_a_certificate_of_ones_own(self, tmp_path: Path) -> None:
        files = certificate.write(tmp_path)
        with run_in_thread(tls=files) as secure:
            assert running.messages(secure.url, {"SSL_CERT_FILE": str(files[0])}) == []


class TestWords:
    @pytest.mark.parametrize(
        ("text", "seconds"), [("+1h", 3600), ("90s", 90), ("+1d12h", 129_600), ("+1h30m5s", 5405)]
    )
    def test_durations(self, text: str, seconds: int) -> None:
        """Durations are written as in `+1h30m`."""
        assert duration(text) == seconds

    @pytest.mark.parametrize("text", ["", "+", "1", "-1h", "1w", "+1.5h", "+1h ", "+１h"])
    def test_others_are_refused(self, text: str) -> None:
        """Texts that are not durations are refused."""
        with pytest.raises(CommandError, match="must be a duration"):
            duration(text)

    @pytest.mark.parametrize(
        ("seconds", "words"),
        [
            (0.2, "now"),
            (1, "in 1 second"),
            (-59, "59 seconds ago"),
            (3600, "in 1 hour"),
            (-200_000, "2 days ago"),
        ],
    )
    def test_distances(self, seconds: float, words: str) -> None:
        """A distance in time is written in words."""
        assert distance(seconds) == words

    def test_moments(self) -> None:
        """A moment is written as a date, and as a distance from now."""
        assert moment(0, 60) == "1970-01-01 00:00:00 UTC, 1 minute ago"
        assert moment(1e20, 0) == moment(-1, 0) == "not a time"


def findings_of(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    config, found = doctor.read(environ)
    assert config is None or isinstance(config, AuthConfig)
    return {finding.subject: (finding.verdict, f"{finding.text} {finding.cure or ''}") for finding in found}


class TestDoctor:
    def test_a_right_configuration(self, run: Run) -> None:
        """Each check of a right configuration succeeds."""
        shown = run("doctor").stdout
        for subject in (
            "endpoint",
            "keys",
            "clock",
            "app client",
            "client secret",
            "flows",
            "renewal",
            "callback",
        ):
            assert f"ok    {subject}" in shown
        assert "enabled: USER_SRP_AUTH, USER_PASSWORD_AUTH, USER_AUTH" in shown
        assert "sign-out URL" in shown
        assert "All of this is right." in shown

    def test_it_signs_no_user_in_and_leaves_nothing_behind(self, run: Run, pool: Any, emulator: Any) -> None:
        pool.add_user("ana", PASSWORD)
        run("doctor")
        assert [user["Username"] for user in emulator.call("ListUsers", UserPoolId=pool.id)["Users"]] == [
            "ana"
        ]
        assert emulator.outbox.messages == [] or all(
            m.user_pool_id != pool.id for m in emulator.outbox.messages
        )

    def test_names_and_forms(self) -> None:
        """Unknown variables and malformed values are found."""
        found = findings_of({"COGNITO_POOL_ID": "x", "COGNITO_JWKS": "{}", "COGNITO_ZZZZZZZZ": "1"})
        assert found["COGNITO_POOL_ID"] == ("wrong", "is not read did you mean COGNITO_USER_POOL_ID?")
        assert "COGNITO_JWKS" not in found
        assert found["COGNITO_ZZZZZZZZ"][0] == "note"
        assert found["COGNITO_USER_POOL_ID"][0] == "wrong"
        found = findings_of({"COGNITO_USER_POOL_ID": "shop"})
        assert found["COGNITO_USER_POOL_ID"][0] == "wrong"
        assert "must look like <region>_<name>" in found["COGNITO_USER_POOL_ID"][1]
        found = findings_of({"COGNITO_USER_POOL_ID": "us-east-1_a"})
        assert found["COGNITO_CLIENT_ID"] == (
            "wrong",
            "not set set it to the id of the user pool's app client",
        )
        found = findings_of({"COGNITO_CLIENT_SECRET": "hunter2hunter2"})
        assert "hunter2" not in repr(found)

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"COGNITO_USER_POOL_ENDPOINT": "http://127.0.0.1:9"}, "cannot be reached"),
            ({"COGNITO_USER_POOL_ID": "us-east-1_Nothing"}, "without keys"),
            ({"COGNITO_CLIENT_ID": "nothing"}, "check COGNITO_CLIENT_ID"),
            ({"COGNITO_CLIENT_SECRET": "wrong"}, "client secret"),
            ({"COGNITO_REDIRECT_SIGN_IN": "http://localhost:1/"}, "http://localhost:1/ was refused"),
            ({"COGNITO_REDIRECT_SIGN_OUT": "http://localhost:1/"}, "http://localhost:1/ was refused"),
            ({"COGNITO_OAUTH_SCOPES": "openid,nothing"}, "is registered, but: invalid_scope"),
            ({"COGNITO_REDIRECT_SIGN_IN": ""}, "COGNITO_REDIRECT_SIGN_IN is not set"),
            ({"COGNITO_OAUTH_DOMAIN": "http://127.0.0.1:9"}, "cannot be reached"),
            ({"COGNITO_IDENTITY_POOL_ID": "us-east-1:x"}, "identity pool"),
        ],
    )
    def test_mistakes_are_listed_with_exit_code_1(
        self,
        run: Run,
        environ: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
        changes: dict[str, str],
        complaint: str,
    ) -> None:
        endpoint = {"COGNITO_IDENTITY_POOL_ENDPOINT": environ["COGNITO_USER_POOL_ENDPOINT"]}
        for name, value in {**endpoint, **changes}.items():
            monkeypatch.setenv(name, value)
        shown = run("doctor", code=1).stdout
        assert "WRONG" in shown
        assert complaint in shown
        assert "->" in shown
        assert "Something is wrong" in shown

    def test_a_secret_that_is_missing(self, run: Run, emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        pool = emulator.create_user_pool(client={"GenerateSecret": True, "CallbackURLs": [CALLBACK]})
        for name, value in variables(pool.config).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("COGNITO_REDIRECT_SIGN_OUT")
        assert re.search(r"ok    client secret +is right", run("doctor").stdout)
        monkeypatch.setenv("COGNITO_CLIENT_SECRET", "")
        assert "the app client has one, and it is not configured" in run("doctor", code=1).stdout

    def test_flows_that_are_disabled(self, run: Run, emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        for flows, code, text in (
            (["ALLOW_USER_PASSWORD_AUTH"], 0, "enabled: USER_PASSWORD_AUTH"),
            (["ALLOW_CUSTOM_AUTH"], 1, "not one of"),
        ):
            client = {"ExplicitAuthFlows": flows, "CallbackURLs": [CALLBACK]}
            pool = emulator.create_user_pool(client=client)
            for name, value in {**variables(pool.config), "COGNITO_REDIRECT_SIGN_OUT": ""}.items():
                monkeypatch.setenv(name, value)
            shown = run("doctor", code=code).stdout
            assert text in shown
            assert "ALLOW_USER_SRP_AUTH" in shown

    def test_a_clock_that_is_wrong(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(doctor, "_machine_time", lambda: time.time() + 600)
        assert "seconds ahead of the service's" in run("doctor", code=1).stdout
        monkeypatch.setattr(doctor, "_machine_time", lambda: time.time() - 600)
        assert "seconds behind the service's" in run("doctor", code=1).stdout

    @pytest.mark.parametrize("where", ["", "http://127.0.0.1:9/jwks.json", "/nothing"])
    def test_the_keys_url_is_named_without_its_query(
        self, run: Run, pool: Any, monkeypatch: pytest.MonkeyPatch, where: str
    ) -> None:
        endpoint = pool.config.user_pool_endpoint
        keys = where if "//" in where else f"{endpoint}{where or f'/{pool.id}/.well-known/jwks.json'}"
        monkeypatch.setenv("COGNITO_JWKS_URI", f"{keys}?token=hunter2")
        shown = run("doctor", code=1 if where else 0).stdout
        assert f"{keys} " in shown.replace("\n", " ")
        assert "hunter2" not in shown

    async def test_identity_pools_and_guests(self, emulator: Any, pool: Any) -> None:
        async def found(config: AuthConfig) -> dict[str, tuple[str, str]]:
            return {each.subject: (each.verdict, each.text) async for each in doctor.examine(config)}

        linked = emulator.create_identity_pool(user_pools=[pool], AllowUnauthenticatedIdentities=True)
        seen = await found(linked.config)
        assert seen["identity pool"][0] == seen["provider"][0] == seen["guests"][0] == "right"
        assert seen["roles"][0] == "note"
        bare = emulator.create_identity_pool(user_pools=[pool], AllowUnauthenticatedIdentities=True, roles={})
        assert (await found(bare.config))["guests"][0] == "wrong"
        foreign = emulator.create_identity_pool()
        seen = await found(evolve(linked.config, identity_pool_id=foreign.id))
        assert seen["provider"][0] == seen["guests"][0] == "wrong"
        seen = await found(evolve(linked.config, identity_pool_endpoint="http://127.0.0.1:9"))
        assert seen["identity pool"][0] == "wrong"

    async def test_services_that_fail(self) -> None:
        """A service that fails is reported as such."""
        answers: dict[str, httpx.Response] = {}

        def handle(request: httpx.Request) -> httpx.Response:
            return answers[request.method]

        config = AuthConfig(
            user_pool_id="us-east-1_a",
            user_pool_client_id="b",
            oauth=OAuthConfig(
                domain="auth.example.com", redirect_sign_in=["https://a/"], redirect_sign_out=["https://a/"]
            ),
        )
        answers["GET"] = httpx.Response(200, text="not JSON")
        answers["POST"] = httpx.Response(503, text="busy")
        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
            found = {each.subject: (each.verdict, each.text) async for each in doctor.examine(config, http)}
        assert found["keys"][0] == "wrong"
        assert found["clock"] == ("note", "the service did not say its time")
        assert found["app client"] == ("wrong", "not checked: 503 ")

    async def test_an_endpoint_that_fails_beside_its_keys(self) -> None:
        """The endpoint is not said to answer because the keys at another URL do."""
        config = AuthConfig(
            user_pool_id="us-east-1_a", user_pool_client_id="b", jwks_uri="https://keys.example.com/jwks.json"
        )

        def handle(request: httpx.Request) -> httpx.Response:
            if request.method == "GET":
                return httpx.Response(200, json={"keys": [{}]})
            raise httpx.ConnectError("refused")

        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
            found = {each.subject: (each.verdict, each.text) async for each in doctor.examine(config, http)}
        assert found["keys"] == ("right", "1 keys at https://keys.example.com/jwks.json")
        endpoint = "https://cognito-idp.us-east-1.amazonaws.com"
        assert found["endpoint"] == ("wrong", f"{endpoint} cannot be reached: refused")

    async def test_an_identity_pool_that_fails_halfway(self) -> None:
        config = AuthConfig(identity_pool_id="us-east-1:0e1f2a3b-0000-4000-8000-000000000000")
        config = evolve(config, allow_guest_access=True)
        answers = [httpx.Response(200, json={"IdentityId": "us-east-1:x"})]

        def handle(_: httpx.Request) -> httpx.Response:
            if answers:
                return answers.pop()
            raise httpx.ReadTimeout("timed out")

        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
            found = [(each.verdict, each.subject) async for each in doctor.examine(config, http)]
        assert found == [("right", "identity pool"), ("wrong", "identity pool")]

    @pytest.mark.parametrize("keys", [5, {}, None])
    async def test_keys_that_are_not_a_list(self, keys: object) -> None:
        def handle(_: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json={"keys": keys})

        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
            config = AuthConfig(user_pool_id="us-east-1_a")
            found = {each.subject: each.verdict async for each in doctor.examine(config, http)}
        assert found["keys"] == "wrong"

    @pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "AWS_CA_BUNDLE"])
    def test_certificates_that_cannot_be_read(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
        monkeypatch.setenv(variable, "/nothing/here.pem")
        assert "All of this is right." in run("doctor").stdout  # The emulator has no TLS.
        monkeypatch.setenv("COGNITO_USER_POOL_ENDPOINT", "https://127.0.0.1:9")
        shown = run("doctor", code=1).stdout
        assert re.search(
            rf"WRONG {variable} +{variable}: cannot be read \(No such file or directory\)", shown
        )

    def test_amplify_outputs(self, run: Run, pool: Any, tmp_path: Path) -> None:
        """Amplify's file configures the commands."""
        outputs = {
            "version": "1",
            "auth": {"user_pool_id": pool.id, "user_pool_client_id": pool.client_id},
            "custom": {"aiocognito": {"user_pool_endpoint": pool.config.user_pool_endpoint}},
        }
        path = tmp_path / "amplify_outputs.json"
        path.write_text(json.dumps(outputs))
        assert "All of this is right." in run("doctor", "--amplify-outputs", str(path)).stdout
        path.write_text("{}")
        assert "aiocognito: " in run("doctor", "--amplify-outputs", str(path), code=1).stderr
