"""The plugin under each way to run asynchronous tests, in parallel, and where it is switched off."""

from __future__ import annotations

import pytest

from helpers.pytest_runs import Runs

# The client is the same in all of them: it is used on the test's own loop, and must be closed there.
ASYNC_TESTS = """
    import asyncio, gc
    import pytest
    from aiocognito import steps
    from aiocognito.emulator import ThreadedUserPool

    {mark}
    used = []

    @pytest.fixture(autouse=True)
    def remembered(cognito_auth_client):
        used.append(cognito_auth_client)

    async def test_sign_in(cognito_user_pool, cognito_auth_client):
        cognito_user_pool.add_user("ana", "Correct-horse-7", mfa="TOTP")
        await cognito_auth_client.sign_in("ana", "Correct-horse-7")
        result = await cognito_auth_client.confirm_sign_in(cognito_user_pool.totp_code("ana"))
        assert result.next_step == steps.Done()

    async def test_a_new_pool_and_a_code(user_pool, auth_client, cognito_emulator):
        await auth_client.sign_up("ana", "Correct-horse-7", user_attributes={{"email": "ana@example.com"}})
        await auth_client.confirm_sign_up("ana", cognito_emulator.outbox.next_code("ana"))
        assert (await auth_client.sign_in("ana", "Correct-horse-7")).is_signed_in

    async def test_a_client_that_the_test_closes(user_pool, auth_client):
        user_pool.add_user("ana", "Correct-horse-7")
        async with auth_client:
            assert (await auth_client.sign_in("ana", "Correct-horse-7")).is_signed_in

    async def test_a_client_that_is_not_used(auth_client):
        await asyncio.sleep(0)

    @pytest.fixture
    async def signed_in(user_pool, auth_client):
        user_pool.add_user("ana", "Correct-horse-7")
        await auth_client.sign_in("ana", "Correct-horse-7")
        yield auth_client
        assert (await auth_client.sign_out()).revoked

    async def test_a_fixture_that_uses_it(signed_in):
        assert (await signed_in.get_current_user()).username == "ana"

    class TestClass:
        @pytest.mark.cognito(client={{"GenerateSecret": True}})
        async def test_method(self, cognito_user_pool, cognito_auth_client):
            assert cognito_user_pool.client_secret
            cognito_user_pool.add_user("ana", "Correct-horse-7")
            assert (await cognito_auth_client.sign_in("ana", "Correct-horse-7")).is_signed_in

    def test_all_clients_were_closed():
        gc.collect()
        closed = [client._session.context._closed for client in used[:-1]]
        assert closed == [True, True, True, False, True, True]
"""
TESTS = 7
# What pytest-asyncio warns about where it is not set.
FUNCTION_LOOPS = ("-o", "asyncio_default_fixture_loop_scope=function")


def test_pytest_asyncio_auto(runs: Runs) -> None:
    """The fixtures work in pytest-asyncio's mode `auto`."""
    runs.write("test_it.py", ASYNC_TESTS.format(mark=""))
    outcome = runs("-o", "asyncio_mode=auto", *FUNCTION_LOOPS, plugins=["asyncio"])
    assert outcome.counts == {"passed": TESTS}, outcome.text


def test_pytest_asyncio_strict(runs: Runs) -> None:
    """The fixtures work in pytest-asyncio's mode `strict`."""
    text = ASYNC_TESTS.replace("@pytest.fixture\n", "@pytest_asyncio.fixture\n")
    text = text.replace("import pytest\n", "import pytest, pytest_asyncio\n")
    text = text.replace("async def test_", "@pytest.mark.asyncio\n    async def test_")
    text = text.replace(
        "        @pytest.mark.asyncio\n    async", "        @pytest.mark.asyncio\n        async"
    )
    runs.write("test_it.py", text.format(mark=""))
    outcome = runs("-o", "asyncio_mode=strict", *FUNCTION_LOOPS, plugins=["asyncio"])
    assert outcome.counts == {"passed": TESTS}, outcome.text


@pytest.mark.parametrize("scope", ["module", "session"])
def test_pytest_asyncio_with_a_loop_for_many_tests(runs: Runs, scope: str) -> None:
    runs.write("test_it.py", ASYNC_TESTS.format(mark=""))
    scopes = ["-o", f"asyncio_default_test_loop_scope={scope}"]
    scopes += ["-o", f"asyncio_default_fixture_loop_scope={scope}"]
    outcome = runs("-o", "asyncio_mode=auto", *scopes, plugins=["asyncio"])
    assert outcome.counts == {"passed": TESTS}, outcome.text


def test_anyio(runs: Runs) -> None:
    """The fixtures work with the plugin of anyio."""
    backend = """
    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend():
        return "asyncio"
    """
    runs.write("test_it.py", ASYNC_TESTS.format(mark=backend))
    outcome = runs(plugins=["anyio"])
    assert outcome.counts == {"passed": TESTS}, outcome.text


def test_plain_tests_and_unittest(runs: Runs) -> None:
    runs.write(
        "test_it.py",
        """
        import asyncio, unittest
        import pytest

        async def sign_in(auth):
            return (await auth.sign_in("ana", "Correct-horse-7")).is_signed_in

        def test_plain(user_pool, auth_client):
            user_pool.add_user("ana", "Correct-horse-7")
            assert asyncio.run(sign_in(auth_client))

        def test_a_loop_that_goes_on(user_pool, auth_client, later):
            user_pool.add_user("ana", "Correct-horse-7")
            assert later.run_until_complete(sign_in(auth_client))

        @pytest.fixture
        def later():
            loop = asyncio.new_event_loop()
            yield loop
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

        @pytest.mark.usefixtures("given")
        class Case(unittest.IsolatedAsyncioTestCase):
            @pytest.fixture
            def given(self, user_pool, auth_client):
                self.pool, self.auth = user_pool, auth_client

            async def asyncSetUp(self):
                self.pool.add_user("ana", "Correct-horse-7")

            async def test_sign_in(self):
                self.assertTrue(await sign_in(self.auth))

        class Plain(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def given(self, user_pool):
                self.pool = user_pool

            def test_user(self):
                self.assertEqual(self.pool.add_user("ana", "Correct-horse-7").username, "ana")
        """,
    )
    outcome = runs()
    assert outcome.counts == {"passed": 4}, outcome.text


def test_four_workers(runs: Runs) -> None:
    """Each worker of xdist has an emulator of its own."""
    runs.write(
        "test_it.py",
        """
        import asyncio, os
        import pytest

        @pytest.mark.parametrize("number", range(12))
        def test_each(number, user_pool, auth_client, cognito_env, cognito_emulator):
            user_pool.add_user("ana", "Correct-horse-7")

            async def sign_in():
                return (await auth_client.sign_in("ana", "Correct-horse-7")).is_signed_in

            assert asyncio.run(sign_in())
            assert os.environ["COGNITO_USER_POOL_ENDPOINT"] == cognito_emulator.url
            with open(os.environ["SEEN"], "a") as seen:
                print(cognito_emulator.url, file=seen)
        """,
    )
    seen = runs.directory / "seen"
    outcome = runs("-n", "4", plugins=["xdist"], environ={"SEEN": str(seen)})
    assert outcome.counts == {"passed": 12}, outcome.text
    # One emulator for each worker.
    assert 1 < len(set(seen.read_text().split())) <= 4


def test_switched_off(runs: Runs) -> None:
    """Without the plugin, its fixtures do not exist."""
    runs.write("test_it.py", "def test_it(cognito_user_pool): pass\n")
    outcome = runs("-p", "no:aiocognito")
    assert outcome.counts == {"error": 1}, outcome.text
    assert "fixture 'cognito_user_pool' not found" in outcome.text
