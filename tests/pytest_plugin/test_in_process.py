"""The plugin in this process, where coverage sees it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiocognito import AuthClient, AuthConfig, _clocks
from aiocognito._testing.closing import closed_with_its_loop
from aiocognito._testing.environment import environment_of_test
from aiocognito._testing.pools import user_pool_of_test
from aiocognito._testing.report import counts, described
from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool, run_in_thread
from helpers.api import PASSWORD

TESTS = """
import asyncio
import pytest

@pytest.mark.cognito(MfaConfiguration="OFF")
def test_all(user_pool, auth_client, token_factory, cognito_env):
    user_pool.add_user("ana", "Correct-horse-7")
    assert asyncio.run(auth_client.sign_in("ana", "Correct-horse-7")).is_signed_in
    assert token_factory("ana")

def test_failure(user_pool):
    assert user_pool is None

def test_failure_without():
    assert False

@pytest.mark.cognito("ON")
def test_error(user_pool):
    pass
"""


class Reports:
    """Collects the reports of a run."""

    def __init__(self) -> None:
        self.of: dict[str, pytest.TestReport] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed or report.when == "call":
            self.of[report.nodeid.partition("::")[2]] = report


def test_a_run(tmp_path: Path) -> None:
    """A run of pytest in this process passes and fails as expected."""
    (tmp_path / "test_inner.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    reports = Reports()
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:asyncio", "--no-cov"]
    # By its module, also where an installed package has its entry point.
    arguments += ["-p", "no:aiocognito", "-p", "aiocognito._pytest_plugin"]
    arguments += [
        "--rootdir",
        str(tmp_path),
        "-c",
        str(tmp_path / "pytest.ini"),
    ]
    code = pytest.main([*arguments, "--capture=no", str(tmp_path)], plugins=[reports])
    assert code == pytest.ExitCode.TESTS_FAILED
    assert {name: report.outcome for name, report in reports.of.items()} == {
        "test_all": "passed",
        "test_failure": "failed",
        "test_failure_without": "failed",
        "test_error": "failed",
    }
    titles = {name: [title for title, _ in report.sections] for name, report in reports.of.items()}
    assert "Cognito emulator" in titles["test_failure"]
    assert "Cognito emulator" not in titles["test_failure_without"]


@pytest.fixture(scope="module")
def cognito() -> Iterator[ThreadedEmulator]:
    with run_in_thread() as running:
        yield running


@pytest.fixture
def pool(cognito: ThreadedEmulator) -> Iterator[ThreadedUserPool]:
    with user_pool_of_test(cognito, {}) as made:
        made.add_user("ana", PASSWORD, mfa="TOTP", attributes={"email": "ana@example.com"})
        yield made


def closed(client: AuthClient) -> bool:
    return client._session.context._closed


def test_a_client_is_closed_when_its_loop_ends(pool: ThreadedUserPool) -> None:
    loops: list[Any] = []

    async def use() -> None:
        await client.reset_password("ana")
        aclose = client.aclose

        async def watched() -> None:
            loops.append(asyncio.get_running_loop())
            await aclose()

        client.aclose = watched  # type: ignore[method-assign]  # watched by the test
        loops.append(asyncio.get_running_loop())

    with closed_with_its_loop(pool.config) as client:
        asyncio.run(use())
        assert closed(client)
    assert len(loops) == 2
    assert loops[0] is loops[1]


def test_a_client_is_closed_on_a_loop_that_goes_on(pool: ThreadedUserPool) -> None:
    with asyncio.Runner() as runner:
        with closed_with_its_loop(pool.config) as client:
            runner.run(client.reset_password("ana"))
            assert not closed(client)
        assert closed(client)


def test_a_client_is_closed_if_the_test_fails(pool: ThreadedUserPool) -> None:
    clients: list[AuthClient] = []

    def use(runner: asyncio.Runner) -> None:
        with closed_with_its_loop(pool.config) as client:
            clients.append(client)
            runner.run(client.reset_password("ana"))
            raise LookupError

    with asyncio.Runner() as runner:
        with pytest.raises(LookupError):
            use(runner)
        assert closed(clients[0])


def test_a_client_is_closed_on_a_loop_of_another_thread(pool: ThreadedUserPool) -> None:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        with closed_with_its_loop(pool.config) as client:
            asyncio.run_coroutine_threadsafe(client.reset_password("ana"), loop).result()
        assert closed(client)
    finally:
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def test_a_client_on_the_running_loop_is_closed_by_it_later(pool: ThreadedUserPool) -> None:
    with closed_with_its_loop(pool.config) as client:
        await client.reset_password("ana")
    assert not closed(client)
    await client.aclose()


def test_a_client_that_was_not_used_is_left_alone() -> None:
    with closed_with_its_loop(AuthConfig()) as client:
        pass
    assert not closed(client)


def test_environment(
    cognito: ThreadedEmulator, pool: ThreadedUserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables are set, and restored at the end."""
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "intern.example, localhost")
    with environment_of_test(cognito, pool) as environment:
        assert environment.variables["no_proxy"] == "intern.example,localhost,127.0.0.1,::1"
        assert AuthConfig.from_env().user_pool_id == pool.id
        cognito.clock.advance(1000)
        assert _clocks.now() == pytest.approx(cognito.clock(), abs=60)
        assert "AWS_PROFILE" not in os.environ
        assert pool.client_id not in repr(environment.variables.get("AWS_ACCESS_KEY_ID"))
    assert os.environ["AWS_PROFILE"] == "mine"
    assert "COGNITO_CLIENT_ID" not in os.environ
    assert _clocks.now() < cognito.clock() - 900


# By these, a client would find another user pool, account, region, endpoint or proxy.
ELSEWHERE = [
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_ROLE_ARN",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY",
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
    "COGNITO_CLIENT_ID",
    "COGNITO_CLIENT_SECRET",
    "COGNITO_IDENTITY_POOL_ID",
    "COGNITO_OAUTH_DOMAIN",
    "COGNITO_OAUTH_SCOPES",
    "COGNITO_USER_POOL_ID",
    "COGNITO_REDIRECT_SIGN_IN",
    "COGNITO_REDIRECT_SIGN_OUT",
    "COGNITO_USER_POOL_ENDPOINT",
    "COGNITO_IDENTITY_POOL_ENDPOINT",
    "COGNITO_JWKS",
    "COGNITO_JWKS_URI",
    "AWS_CREDENTIAL_EXPIRATION",
]


def test_no_variable_leads_elsewhere(
    cognito: ThreadedEmulator, pool: ThreadedUserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ELSEWHERE:
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("NO_PROXY", "capitals.example")
    monkeypatch.setenv("no_proxy", "letters.example")
    with environment_of_test(cognito, pool):
        assert [name for name in ELSEWHERE if os.environ.get(name) == "elsewhere"] == []
        names = {os.environ["NO_PROXY"], os.environ["no_proxy"]}
        assert names == {"letters.example,127.0.0.1,localhost,::1"}
        assert os.environ["AWS_CONFIG_FILE"] == os.environ["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert [name for name in ELSEWHERE if os.environ.get(name) != "elsewhere"] == []
    assert (os.environ["NO_PROXY"], os.environ["no_proxy"]) == ("capitals.example", "letters.example")


def test_the_environment_of_a_hosted_ui(cognito: ThreadedEmulator) -> None:
    client = {"CallbackURLs": ["https://shop.example/callback"], "GenerateSecret": True}
    with (
        user_pool_of_test(cognito, {"client": client}) as pool,
        environment_of_test(cognito, pool) as environment,
    ):
        oauth = AuthConfig.from_env().oauth
    assert oauth is not None
    assert list(oauth.redirect_sign_in) == ["https://shop.example/callback"]
    assert environment.amplify_outputs["auth"]["oauth"]["response_type"] == "code"
    assert pool.client_id in str(environment.amplify_outputs)
    assert environment.variables["COGNITO_CLIENT_SECRET"] not in repr(environment)


def test_a_pool_leaves_the_emulator_as_it_was(cognito: ThreadedEmulator) -> None:
    offset = cognito.clock.offset
    with user_pool_of_test(cognito, {}) as pool:
        cognito.clock.advance(50)
        cognito.faults.add("*", status=500, times=None)
        keys = pool.key_set()
    assert cognito.clock.offset == offset
    with user_pool_of_test(cognito, {}) as later:
        # No key was generated for it.
        assert later.key_set() == keys
        assert later.id != pool.id
    with pytest.raises(ValueError, match="unknown trigger"):
        user_pool_of_test(cognito, {"triggers": {"Nothing": print}}).__enter__()


def test_a_report(cognito: ThreadedEmulator, pool: ThreadedUserPool) -> None:
    """The report lists the last calls and messages."""
    before = counts(cognito)

    async def forget() -> None:
        async with AuthClient(pool.config) as auth:
            for _ in range(21):
                await auth.reset_password("ana")
                cognito.clock.advance(86_400)

    asyncio.run(forget())
    lines = described(cognito, before).splitlines()
    calls = lines.index("messages: the last 20 of 21")
    assert lines[0] == "calls: the last 20 of 21"
    assert set(lines[1:calls]) == {"  ForgotPassword (cognito-idp): 200"}
    assert set(lines[calls + 1 :]) == {"  EMAIL to ana@example.com for ana: reset_password"}
    ended = run_in_thread()
    assert counts(ended) == (0, 0)
    assert described(ended, (0, 0)).startswith("the emulator is not running")
