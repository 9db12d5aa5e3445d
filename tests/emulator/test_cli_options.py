"""The options of ``aiocognito emulator``, in this process: what they set up, write and refuse."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from aiocognito import AuthClient, AuthConfig, OAuthConfig, steps
from aiocognito.emulator import Call
from aiocognito.emulator.cli import run, serve
from aiocognito.emulator.exports import amplify_outputs, shell_line
from aiocognito.emulator.setup.options import Options, check, users
from helpers import certificate
from helpers.api import EMAIL, PASSWORD

SECRET = "abcdefghijklmnopqrstuvwxyz0123456789"
POOL_ID = "eu-west-1_Shop12345"
TOKEN = "a-token-of-some-length"


@asynccontextmanager
async def running(
    tmp_path: Path, host: str = "127.0.0.1", data: Path | None = None, **further: Any
) -> AsyncIterator[tuple[list[str], AuthConfig]]:
    """Run it until the block ends; yields its lines and the configuration of its env file."""
    lines: list[str] = []
    end, started = asyncio.Event(), asyncio.Event()

    def say(line: str) -> None:
        lines.append(line)
        if line.startswith("export COGNITO_USER_POOL_ID"):
            started.set()

    env_file = tmp_path / "emulator.env"
    given = {"env_file": env_file, **further}
    task = asyncio.create_task(serve(host, 0, data, say=say, until=end, **given))
    waiting = asyncio.create_task(started.wait())
    try:
        done, _ = await asyncio.wait({task, waiting}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        assert done
        if not task.done():
            yield lines, AuthConfig.from_env(read_env(env_file))
    finally:
        waiting.cancel()
        end.set()
        await task


def read_env(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestIdsAndUsers:
    async def test_ids_secret_and_users(self, tmp_path: Path) -> None:
        given: dict[str, Any] = {
            "pool_id": POOL_ID,
            "client_id": "shopweb",
            "client_secret": SECRET,
            "users": [f"{EMAIL}:{PASSWORD}", f"ben@example.com:a:{PASSWORD}"],
        }
        async with running(tmp_path, **given) as (lines, config):
            assert (config.user_pool_id, config.user_pool_client_id) == (POOL_ID, "shopweb")
            assert config.user_pool_client_secret == SECRET
            assert "region            eu-west-1" in lines
            for name, password in ((EMAIL, PASSWORD), ("ben@example.com", f"a:{PASSWORD}")):
                async with AuthClient(config) as auth:
                    assert (await auth.sign_in(name, password)).is_signed_in

    async def test_plain_names_and_factors(self, tmp_path: Path) -> None:
        given: dict[str, Any] = {
            "users": [
                f"ana:{PASSWORD}:TOTP",
                f"ben:{PASSWORD}:SMS",
                f"cai:{PASSWORD}:EMAIL",
                f"dee:{PASSWORD}:SMS,TOTP",
            ]
        }
        async with running(tmp_path, **given) as (lines, config):
            expected: dict[str, type[steps.SignInStep]] = {
                "ana": steps.ConfirmSignInWithTotpCode,
                "ben": steps.ConfirmSignInWithSmsCode,
                "cai": steps.ConfirmSignInWithEmailCode,
                "dee": steps.ContinueSignInWithMfaSelection,
            }
            for name, step in expected.items():
                async with AuthClient(config) as auth:
                    assert isinstance((await auth.sign_in(name, PASSWORD)).next_step, step)
            codes = [line for line in lines if " to " in line and "second factor" in line]
            assert [line.split()[0] for line in codes] == ["SMS", "EMAIL"]
            apps = [line for line in lines if line.startswith("authenticator     ")]
            assert [line.split()[1] for line in apps] == ["ana:", "dee:"]

    async def test_an_authenticator_is_printed_with_the_name_that_its_user_signs_in_with(
        self, tmp_path: Path
    ) -> None:
        """Where addresses are usernames, Cognito's own username is a UUID."""
        async with running(tmp_path, users=[f"{EMAIL}:{PASSWORD}:TOTP"]) as (lines, _):
            (app,) = (line for line in lines if line.startswith("authenticator"))
            assert app.split()[1] == f"{EMAIL}:"

    async def test_again_on_the_same_directory(self, tmp_path: Path) -> None:
        given: dict[str, Any] = {
            "pool_id": POOL_ID,
            "client_id": "shopweb",
            "users": [f"ana:{PASSWORD}"],
            "data": tmp_path / "data",
        }
        for _ in range(2):
            async with running(tmp_path, **given) as (_, config), AuthClient(config) as auth:
                assert (await auth.sign_in("ana", PASSWORD)).is_signed_in
        more: dict[str, Any] = {
            **given,
            "client_id": "second",
            "client_secret": SECRET,
            "users": [f"ben:{PASSWORD}"],
        }
        async with running(tmp_path, **more) as (_, config):
            assert (config.user_pool_id, config.user_pool_client_id) == (POOL_ID, "second")
            for name in ("ana", "ben"):
                async with AuthClient(config) as auth:
                    assert (await auth.sign_in(name, PASSWORD)).is_signed_in
        another: dict[str, Any] = {**given, "pool_id": "us-east-1_Other", "client_id": "third"}
        async with running(tmp_path, **another) as (_, config):
            assert config.user_pool_id == "us-east-1_Other"
        with pytest.raises(ValueError, match="--client-secret: the app client shopweb of --data has another"):
            async with running(tmp_path, **given, client_secret=SECRET):
                pass

    async def test_a_seed(self, tmp_path: Path) -> None:
        """One seed gives the same ids at each start."""
        seen = []
        for seed in ("7", "7", "spring"):
            async with running(tmp_path, seed=seed) as (_, config):
                seen.append((config.user_pool_id, config.user_pool_client_id, config.identity_pool_id))
        assert seen[0] == seen[1] != seen[2]
        assert Options(seed="7").seed_value == 7

    async def test_triggers(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The functions of a module are triggers."""
        (tmp_path / "cli_hooks.py").write_text(
            "def pre_sign_up(event):\n    event['response']['autoConfirmUser'] = True\n    return event\n"
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        async with running(tmp_path, triggers="cli_hooks") as (_, config), AuthClient(config) as auth:
            assert (await auth.sign_up(EMAIL, PASSWORD)).is_sign_up_complete
        with pytest.raises(ValueError, match="--triggers: no_hooks_here cannot be imported"):
            async with running(tmp_path, triggers="no_hooks_here"):
                pass


class TestSetupFile:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "setup.json"
        client = {"id": "shopweb", "callback_urls": ["http://localhost:3000/a"]}
        pool = {
            "id": POOL_ID,
            "clients": [client, {"id": "shopapp"}],
            "users": [{"username": "ana", "password": PASSWORD}],
        }
        path.write_text(json.dumps({"user_pools": [pool], "amplify_outputs": "amplify_outputs.json"}))
        return path

    async def test_it_is_applied_and_options_go_on_top(self, tmp_path: Path, file: Path) -> None:
        given: dict[str, Any] = {
            "setup": file,
            "client_secret": SECRET,
            "callback_urls": ["http://localhost:4000/b"],
            "users": [f"ben:{PASSWORD}"],
        }
        async with running(tmp_path, **given) as (lines, config):
            assert config.user_pool_client_secret == SECRET
            assert config.identity_pool_id is None
            assert config.oauth is not None
            assert config.oauth.redirect_sign_in == ("http://localhost:4000/b", "http://localhost:3000/a")
            assert [line.split()[-1] for line in lines if line.startswith("app client")] == [
                "shopweb",
                "shopapp",
            ]
            for name in ("ana", "ben"):
                async with AuthClient(config) as auth:
                    assert (await auth.sign_in(name, PASSWORD)).is_signed_in
        outputs = json.loads((tmp_path / "amplify_outputs.json").read_text())
        assert outputs["auth"]["user_pool_id"] == POOL_ID

    @pytest.mark.parametrize(
        ("given", "complaint"),
        [
            (
                {"pool_id": "us-east-1_Other"},
                r"--pool-id contradicts .*setup.json, line 1 \(user_pools\[0\]\)",
            ),
            ({"client_id": "other"}, r"--client-id contradicts .*\(user_pools\[0\].clients\[0\]\)"),
        ],
    )
    async def test_an_option_that_contradicts_it_is_refused(
        self, tmp_path: Path, file: Path, given: dict[str, Any], complaint: str
    ) -> None:
        with pytest.raises(ValueError, match=complaint):
            async with running(tmp_path, setup=file, **given):
                pass

    async def test_one_without_a_pool_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "setup.toml").write_text('region = "eu-west-1"\n')
        with pytest.raises(ValueError, match="user_pools is missing"):
            async with running(tmp_path, setup=tmp_path / "setup.toml"):
                pass


class TestFiles:
    async def test_the_env_file_leads_this_library_and_the_sdks_to_the_emulator(self, tmp_path: Path) -> None:
        async with running(tmp_path) as (lines, config):
            variables = read_env(tmp_path / "emulator.env")
            assert variables["AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"] == config.user_pool_endpoint
            assert variables["AWS_ENDPOINT_URL_COGNITO_IDENTITY"] == config.identity_pool_endpoint
            assert variables["AWS_DEFAULT_REGION"] == "us-east-1"
            assert "AWS_ACCESS_KEY_ID" not in variables
            assert config.oauth == OAuthConfig(
                domain=str(config.user_pool_endpoint),
                scopes=variables["COGNITO_OAUTH_SCOPES"].split(","),
                redirect_sign_in=["http://localhost:8000/callback"],
                redirect_sign_out=["http://localhost:8000/"],
            )
            assert mode_of(tmp_path / "emulator.env") == 0o644 & ~current_umask()
            sdk = {name: value for name, value in variables.items() if name.startswith("AWS_ENDPOINT")}
            assert f"# for AWS SDKs: {shell_line(sdk)}" in lines

    async def test_with_a_secret_in_it_only_its_owner_reads_it(self, tmp_path: Path) -> None:
        (tmp_path / "emulator.env").write_text("old")
        (tmp_path / "emulator.env").chmod(0o644)
        async with running(tmp_path, client_secret=SECRET):
            assert mode_of(tmp_path / "emulator.env") == 0o600

    async def test_beyond_this_machine_it_has_the_token_and_the_name_that_others_use(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AIOCOGNITO_EMULATOR_TOKEN", TOKEN)
        lines: list[str] = []
        end = asyncio.Event()
        file = tmp_path / "emulator.env"

        def say(line: str) -> None:
            lines.append(line)
            if line.startswith("token "):
                end.set()

        await serve("0.0.0.0", 0, say=say, until=end, env_file=file, allowed_hosts=["cognito"])
        variables = read_env(file)
        assert variables["AWS_ACCESS_KEY_ID"] == TOKEN
        assert variables["AWS_SECRET_ACCESS_KEY"]
        assert variables["COGNITO_USER_POOL_ENDPOINT"].startswith("http://cognito:")
        assert mode_of(file) == 0o600
        assert f"token             {TOKEN}   (for administration and /_emulator/)" in lines

    async def test_amplify_outputs(self, tmp_path: Path) -> None:
        """The written file configures a client."""
        path = tmp_path / "amplify_outputs.json"
        async with running(tmp_path, amplify_outputs=path, users=[f"{EMAIL}:{PASSWORD}"]) as (_, config):
            read = AuthConfig.from_amplify_outputs(path)
            assert read.user_pool_id == config.user_pool_id
            assert read.user_pool_endpoint == config.user_pool_endpoint
            assert read.identity_pool_id == config.identity_pool_id
            assert read.identity_pool_endpoint == config.identity_pool_endpoint
            assert read.allow_guest_access
            assert read.oauth == config.oauth
            auth = json.loads(path.read_text())["auth"]
            assert auth["username_attributes"] == ["email"]
            assert auth["mfa_configuration"] == "OPTIONAL"
            assert auth["mfa_methods"] == ["SMS", "TOTP"]
            assert auth["password_policy"]["min_length"] == 8
            async with AuthClient(read) as client:
                assert (await client.sign_in(EMAIL, PASSWORD)).is_signed_in

    async def test_a_file_that_cannot_be_written_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("aiocognito.emulator.exports.replace", refuse)
        with pytest.raises(
            ValueError, match=r"--env-file: .*emulator.env cannot be written: Permission denied"
        ):
            async with running(tmp_path):
                pass


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


async def test_what_amplify_outputs_says_of_a_strict_pool(key_pair: Any) -> None:
    from aiocognito.emulator import CognitoEmulator
    from helpers.api import OnePair

    async with CognitoEmulator(keys=OnePair(key_pair)) as emulator:
        pool = await emulator.create_user_pool(
            MfaConfiguration="ON",
            Schema=[{"Name": "email", "Required": True, "AttributeDataType": "String"}],
            client={
                "CallbackURLs": ["http://localhost/"],
                "SupportedIdentityProviders": ["COGNITO", "Google"],
            },
        )
        auth = amplify_outputs(emulator.url, pool)["auth"]
        assert auth["mfa_configuration"] == "REQUIRED"
        assert auth["standard_required_attributes"] == ["email"]
        assert auth["oauth"]["identity_providers"] == ["GOOGLE"]
        assert "identity_pool_id" not in auth
        pool = await emulator.create_user_pool(MfaConfiguration="OFF")
        auth = amplify_outputs(emulator.url, pool)["auth"]
        assert auth["mfa_configuration"] == "NONE"
        assert "oauth" not in auth


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"pool_id": "shop"}, "--pool-id: 'shop' cannot be the id: a user pool id is a region"),
        ({"client_id": "a-b"}, "--client-id: 'a-b' cannot be the id: an app client id is"),
        ({"client_secret": "short secret"}, "--client-secret must be 24 to 64"),
        ({"users": ["ana"]}, "--user must be NAME:PASSWORD"),
        ({"users": ["ana:"]}, "see the one that begins with 'ana'"),
        ({"users": [":secret"]}, "--user must be NAME:PASSWORD"),
        ({"users": ["ana:a", "ana:b"]}, "--user: 'ana' is there twice"),
        (
            {"env_file": Path("/no/such/directory/x.env")},
            "--env-file: the directory /no/such/directory does not",
        ),
        ({"amplify_outputs": Path("/tmp")}, "--amplify-outputs: /tmp is a directory"),
    ],
)
def test_a_malformed_option_is_named(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as refused:
        check(Options(**given))
    assert "secret" not in str(refused.value).replace("--client-secret", "")


def test_what_follows_the_last_colon_is_a_factor_only_if_it_is_one() -> None:
    found = users(["a:b:c", "b:c:TOTP", "c:d:SMS,TOTP,SMS", "d:TOTP", "e:f:totp"])
    assert [(user.password, user.mfa) for user in found] == [
        ("b:c", ()),
        ("c", ("TOTP",)),
        ("d", ("SMS", "TOTP")),
        ("TOTP", ()),
        ("f:totp", ()),
    ]
    assert "b:c" not in repr(found)


@pytest.mark.parametrize(
    ("given", "code", "complaint"),
    [
        ({"allowed_hosts": ["http://x"]}, 2, "--allowed-host must hold host names"),
        ({"allowed_origins": ["x"]}, 2, "--allowed-origin must hold origins"),
        ({"tls": (Path("/no/cert.pem"), Path("/no/key.pem"))}, 2, "--tls: /no/cert.pem cannot be read"),
        ({"setup": Path("/no/setup.json")}, 2, "/no/setup.json cannot be read"),
        ({"users": ["ana:weak"]}, 2, "--user ana: AdminSetUserPassword: InvalidPasswordException"),
        ({"users": ["a@example.com:weak"]}, 2, "--user a@example.com: AdminSetUserPassword"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line_and_an_exit_code(
    given: dict[str, Any], code: int, complaint: str
) -> None:
    lines: list[str] = []
    with pytest.raises(SystemExit) as ended:
        run(port=0, say=lines.append, **given)
    assert ended.value.code == code
    assert len(lines) == 1
    assert complaint in lines[0]


def test_a_short_token_in_the_environment_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIOCOGNITO_EMULATOR_TOKEN", "short")
    lines: list[str] = []
    with pytest.raises(SystemExit):
        run(port=0, say=lines.append)
    assert lines[0].startswith("AIOCOGNITO_EMULATOR_TOKEN must be 16 or more")


async def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line serves https."""
    files = certificate.write(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(files[0]))
    given: dict[str, Any] = {"tls": files, "users": [f"{EMAIL}:{PASSWORD}"], "allowed_hosts": ["x"]}
    async with running(tmp_path, **given) as (_, config):
        assert config.user_pool_endpoint is not None
        assert config.user_pool_endpoint.startswith("https://127.0.0.1:")
        async with AuthClient(config) as auth:
            assert (await auth.sign_in(EMAIL, PASSWORD)).is_signed_in


async def test_the_log_gets_every_request(tmp_path: Path) -> None:
    calls: list[Call] = []
    async with (
        running(tmp_path, users=[f"{EMAIL}:{PASSWORD}"], log=calls.append, issuer="local") as (
            _,
            config,
        ),
        AuthClient(config) as auth,
    ):
        with pytest.raises(Exception, match="Incorrect"):
            await auth.sign_in(EMAIL, "Wrong-Horse-1")
    assert [call.operation for call in calls] == ["InitiateAuth", "RespondToAuthChallenge"]
    assert calls[-1].reason is not None
    assert " — the password is not that of " in calls[-1].reason
    assert "Wrong-Horse-1" not in calls[-1].reason
