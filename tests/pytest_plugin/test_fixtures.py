"""The fixtures: pools by marker, isolation, the environment, aliases, and the report of a failed test."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib

from helpers.pytest_runs import ROOT, Runs


def test_the_entry_point() -> None:
    """The package installs the plugin under its name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"aiocognito": "aiocognito._pytest_plugin"}


def test_it_is_inert_until_a_fixture_is_asked_for(runs: Runs) -> None:
    runs.write(
        "test_it.py",
        """
        import sys, threading

        def test_nothing_is_loaded():
            assert "aiocognito._pytest_plugin" in sys.modules
            loaded = [name for name in sys.modules if name.startswith("aiocognito")]
            assert sorted(loaded) == ["aiocognito", "aiocognito._pytest_plugin"]
            heavy = {"aiohttp", "aiobotocore", "botocore", "httpx", "jose", "gmpy2", "attrs"}
            assert not heavy & set(sys.modules)
            assert threading.active_count() == 1

        def test_loads(cognito_emulator):
            assert "aiohttp" in sys.modules
        """,
    )
    assert runs().counts == {"passed": 2}


def test_the_import_loads_pytest_and_nothing_else() -> None:
    code = (
        "import pytest, sys; before = set(sys.modules); import aiocognito._pytest_plugin; "
        "print(sorted(set(sys.modules) - before))"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['aiocognito', 'aiocognito._pytest_plugin']"


def test_markers_are_registered_and_the_nearest_wins(runs: Runs) -> None:
    runs.write(
        "test_it.py",
        """
        import pytest
        pytestmark = pytest.mark.cognito(MfaConfiguration="ON", PoolName="module")

        def described(emulator, pool):
            return emulator.call("DescribeUserPool", UserPoolId=pool.id)["UserPool"]

        def test_module(cognito_emulator, cognito_user_pool):
            found = described(cognito_emulator, cognito_user_pool)
            assert (found["Name"], found["MfaConfiguration"]) == ("module", "ON")

        @pytest.mark.cognito(PoolName="class")
        class TestClass:
            @pytest.mark.cognito(PoolName="method")
            def test_method(self, cognito_emulator, cognito_user_pool):
                found = described(cognito_emulator, cognito_user_pool)
                assert (found["Name"], found["MfaConfiguration"]) == ("method", "ON")

            def test_class(self, cognito_emulator, cognito_user_pool):
                assert described(cognito_emulator, cognito_user_pool)["Name"] == "class"

        @pytest.mark.cognito(triggers={"PreSignUp": lambda event: event})
        def test_triggers(cognito_user_pool):
            assert list(cognito_user_pool.triggers) == ["PreSignUp"]
        """,
    )
    outcome = runs("--strict-markers")
    assert outcome.counts == {"passed": 4}, outcome.text
    assert "@pytest.mark.cognito(**settings): settings of the test's user pool" in runs("--markers").text


def test_a_marker_with_mistakes_is_an_error(runs: Runs) -> None:
    runs.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.cognito("ON")
        def test_positional(cognito_user_pool): pass

        @pytest.mark.cognito(MfaConfiguration="SOMETIMES")
        def test_value(cognito_user_pool): pass
        """,
    )
    outcome = runs()
    assert outcome.counts == {"errors": 2}, outcome.text
    assert "takes the settings of the user pool as keyword arguments" in outcome.text
    assert "ValueError: SetUserPoolMfaConfig: InvalidParam" in outcome.text


def test_a_test_leaves_nothing_to_the_next(runs: Runs) -> None:
    runs.write(
        "test_it.py",
        """
        import asyncio
        import pytest

        pools = []

        def forget(auth):
            async def work():
                async with auth:
                    await auth.reset_password("ana")
            asyncio.run(work())

        @pytest.mark.parametrize("turn", range(2))
        def test_each(turn, cognito_emulator, user_pool, auth_client):
            assert cognito_emulator.clock.offset == 0
            assert cognito_emulator.outbox.messages == []
            user_pool.add_user("ana", "Correct-horse-7", attributes={"email": "ana@example.com"})
            forget(auth_client)
            assert len(cognito_emulator.outbox.messages) == 1
            cognito_emulator.clock.advance(3600)
            cognito_emulator.faults.add("*", status=500, times=None)
            pools.append(user_pool.id)

        def test_the_pools_are_gone(cognito_emulator):
            assert len(set(pools)) == 2
            listed = cognito_emulator.call("ListUserPools", MaxResults=60)["UserPools"]
            assert [pool["Id"] for pool in listed] == []
        """,
    )
    outcome = runs()
    assert outcome.counts == {"passed": 3}, outcome.text


def test_a_fixture_of_the_project_wins(runs: Runs) -> None:
    runs.write(
        "conftest.py",
        """
        import pytest
        from aiocognito.emulator import run_in_thread

        @pytest.fixture
        def user_pool(): return "mine"

        @pytest.fixture
        def auth_client(): return "mine"

        @pytest.fixture
        def token_factory(): return "mine"

        @pytest.fixture(scope="session")
        def cognito_emulator():
            with run_in_thread(region="eu-west-1") as cognito:
                yield cognito
        """,
    )
    runs.write(
        "test_it.py",
        """
        import pytest

        def test_aliases(user_pool, auth_client, token_factory):
            assert (user_pool, auth_client, token_factory) == ("mine", "mine", "mine")

        def test_the_others(cognito_user_pool, cognito_auth_client, cognito_token_factory):
            assert cognito_user_pool.id.startswith("eu-west-1_")
            assert cognito_auth_client.config.user_pool_id == cognito_user_pool.id
            assert cognito_token_factory("ana").count(".") == 2

        def test_that_fails(cognito_user_pool):
            assert cognito_user_pool is None

        class TestOther:
            @pytest.fixture
            def cognito_emulator(self): return "mine"

            def test_that_fails(self, cognito_emulator):
                assert cognito_emulator is None
        """,
    )
    outcome = runs()
    assert outcome.counts == {"passed": 2, "failed": 2}, outcome.text
    # The report finds this emulator as well.
    assert outcome.text.count("calls: 0\nmessages: 0") == 1


def test_aliases(runs: Runs) -> None:
    """The short names are the same fixtures."""
    runs.write(
        "test_it.py",
        """
        def test_same(
            user_pool, cognito_user_pool,
            auth_client, cognito_auth_client,
            token_factory, cognito_token_factory,
        ):
            assert user_pool is cognito_user_pool
            assert auth_client is cognito_auth_client
            assert token_factory is cognito_token_factory
        """,
    )
    assert runs().counts == {"passed": 1}
    listed = runs("--fixtures").text
    assert "cognito_user_pool -- " in listed
    assert "A new user pool for this test" in listed


def test_the_environment(runs: Runs) -> None:
    """cognito_env configures the application, and is removed at the end."""
    runs.write(
        "test_it.py",
        """
        import asyncio, json, os, time
        import pytest
        from aiocognito import AuthClient, AuthConfig, TokenVerifier

        def test_from_env(cognito_env, cognito_emulator, user_pool):
            user_pool.add_user("ana", "Correct-horse-7")
            assert cognito_env.variables.items() <= os.environ.items()
            assert "AWS_PROFILE" not in os.environ
            assert "COGNITO_IDENTITY_POOL_ID" not in os.environ
            assert os.environ["AWS_ACCESS_KEY_ID"] == os.environ["AWS_SECRET_ACCESS_KEY"] == "emulated"
            assert os.environ["NO_PROXY"] == os.environ["no_proxy"]
            assert os.environ["NO_PROXY"] == "intern.example,127.0.0.1,localhost,::1"
            assert json.loads(os.environ["COGNITO_JWKS"]) == user_pool.key_set()
            for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
                assert os.environ[name] == "us-east-1"
            outputs = cognito_env.amplify_outputs
            assert outputs["auth"]["user_pool_id"] == user_pool.id
            assert outputs["custom"]["aiocognito"]["user_pool_endpoint"] == cognito_emulator.url
            assert AuthConfig.from_amplify_outputs(outputs).user_pool_client_id == user_pool.client_id

            async def application():
                # As a service has it: no clock, no endpoint.
                config = AuthConfig.from_env()
                assert config.clock is None
                async with AuthClient(config) as auth:
                    await auth.sign_in("ana", "Correct-horse-7")
                    token = await auth.access_token()
                    cognito_emulator.clock.advance(86_400)
                    assert await auth.access_token() != token
                    verifier = TokenVerifier.from_config(config, token_use="access")
                    async with verifier:
                        await verifier.verify(await auth.access_token())
                        with pytest.raises(Exception, match="expired"):
                            await verifier.verify(token)

            asyncio.run(application())

        @pytest.mark.cognito(client={"GenerateSecret": True, "CallbackURLs": ["https://shop.example/callback"]})
        def test_secret_and_hosted_ui(cognito_env, user_pool, cognito_emulator):
            config = AuthConfig.from_env()
            assert config.user_pool_client_secret == user_pool.client_secret
            assert config.oauth is not None and config.oauth.base_url == cognito_emulator.url
            assert list(config.oauth.redirect_sign_in) == ["https://shop.example/callback"]
            assert "COGNITO_REDIRECT_SIGN_OUT" not in os.environ
            oauth = cognito_env.amplify_outputs["auth"]["oauth"]
            assert oauth["redirect_sign_in_uri"] == ["https://shop.example/callback"]
            assert oauth["domain"] == cognito_emulator.url.removeprefix("http://")

        def test_the_former_environment_is_restored():
            assert os.environ["AWS_PROFILE"] == "mine"
            assert os.environ["COGNITO_IDENTITY_POOL_ID"] == "mine"
            assert os.environ["NO_PROXY"] == "intern.example"
            assert "COGNITO_USER_POOL_ID" not in os.environ
            from aiocognito import _clocks
            assert abs(_clocks.now() - time.time()) < 60
        """,
    )
    given = {"AWS_PROFILE": "mine", "COGNITO_IDENTITY_POOL_ID": "mine", "NO_PROXY": "intern.example"}
    outcome = runs(environ=given)
    assert outcome.counts == {"passed": 3}, outcome.text


def test_the_report_of_a_failed_test(runs: Runs) -> None:
    runs.write(
        "test_it.py",
        """
        import asyncio
        import pytest
        from aiocognito.emulator import Call

        def use(auth, *passwords):
            async def work():
                async with auth:
                    for password in passwords:
                        await auth.sign_in("ana", password, auth_flow_type="USER_PASSWORD_AUTH")
            asyncio.run(work())

        def test_before(user_pool, auth_client):
            user_pool.add_user("ana", "Correct-horse-7")
            use(auth_client, "Correct-horse-7")

        def test_refused(user_pool, auth_client, cognito_emulator):
            user_pool.add_user("ana", "Correct-horse-7", mfa="EMAIL", attributes={"email": "ana@example.com"})
            use(auth_client, "Wrong-horse-7")

        @pytest.mark.cognito(EmailMfaConfiguration={})
        def test_message(user_pool, auth_client, cognito_emulator):
            user_pool.add_user("ana", "Correct-horse-7", mfa="EMAIL", attributes={"email": "ana@example.com"})
            use(auth_client, "Correct-horse-7")
            assert cognito_emulator.outbox.next_code("ana", timeout=0) == ""

        def test_many(user_pool, cognito_emulator):
            cognito_emulator._emulator.calls.extend([Call("GetUser", "cognito-idp", None, None)] * 25)
            assert not user_pool

        def test_without_an_emulator():
            raise SystemError("alone")

        @pytest.fixture
        def broken(user_pool):
            raise SystemError("set-up")

        def test_set_up(broken): pass
        """,
    )
    outcome = runs("-rN", "--tb=short")
    text = outcome.text
    assert outcome.counts == {"passed": 1, "failed": 4, "error": 1}, outcome.text
    by_test = {part.split(" ")[1]: part for part in text.split("\n____") if " test_" in part}
    refused = next(part for name, part in by_test.items() if name == "test_refused")
    assert "Cognito emulator" in refused
    assert "calls: 1\n  InitiateAuth (cognito-idp): 400 NotAuthorizedException" in refused
    assert "messages: 0" in refused
    sent = by_test["test_message"]
    assert "messages: 1\n  EMAIL to ana@example.com for ana: mfa" in sent
    assert "calls: the last 20 of 25" in by_test["test_many"]
    assert "  GetUser (cognito-idp): connection cut" in by_test["test_many"]
    assert "Cognito emulator" not in by_test["test_without_an_emulator"]
    assert text.count("- Cognito emulator -") == 4
    # Code of the tests is shown with its passwords; the report has none of its own.
    report = text.split("- Cognito emulator -", 1)[1].split("____", 1)[0]
    assert "horse" not in report
