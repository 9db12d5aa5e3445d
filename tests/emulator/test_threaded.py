"""The emulator in a thread: plain calls, any number of event loops, and an end that leaves none waiting."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from aiocognito import AuthClient, steps
from aiocognito.emulator import (
    Call,
    Clock,
    CognitoEmulator,
    ThreadedEmulator,
    ThreadedUserPool,
    run_in_thread,
)
from aiocognito.emulator.emulator_thread import EmulatorThread
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import PASSWORD, OnePair


@pytest.fixture(scope="module")
def shared(key_pair: KeyPair) -> Iterator[ThreadedEmulator]:
    """One emulator for this module: it is not bound to the event loop of a test."""
    with run_in_thread(keys=OnePair(key_pair)) as cognito:
        yield cognito


@pytest.fixture
def pool(shared: ThreadedEmulator) -> ThreadedUserPool:
    return shared.create_user_pool()


@pytest.fixture
def started(key_pair: KeyPair) -> Iterator[ThreadedEmulator]:
    """An emulator that the test may close."""
    with run_in_thread(keys=OnePair(key_pair)) as cognito:
        yield cognito


async def sign_in(pool: ThreadedUserPool, username: str = "ana") -> Any:
    async with AuthClient(pool.config) as auth:
        return (await auth.sign_in(username, PASSWORD)).next_step


def test_a_synchronous_test_signs_a_user_in_on_any_number_of_loops(pool: ThreadedUserPool) -> None:
    user = pool.add_user("ana", PASSWORD, groups=["admins"], mfa="TOTP")
    assert (user.username, user.groups) == ("ana", ["admins"])

    async def with_totp() -> bool:
        async with AuthClient(pool.config) as auth:
            assert (await auth.sign_in("ana", PASSWORD)).next_step == steps.ConfirmSignInWithTotpCode()
            return (await auth.confirm_sign_in(pool.totp_code("ana"))).is_signed_in

    assert [asyncio.run(with_totp()) for _ in range(2)] == [True, True]


def test_all_threads_may_call_at_once(shared: ThreadedEmulator) -> None:
    def add(number: int) -> str:
        pool = shared.create_user_pool()
        return pool.add_user(f"user{number}", PASSWORD).username

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(add, range(16))) == [f"user{number}" for number in range(16)]


async def test_a_code_is_in_the_outbox_when_the_awaited_call_returns(
    shared: ThreadedEmulator, pool: ThreadedUserPool
) -> None:
    pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})
    async with AuthClient(pool.config) as auth:
        await auth.reset_password("ana")
        code = shared.outbox.next_code("ana", timeout=0)
        await auth.confirm_reset_password("ana", "Another-horse-8", code)
        assert (await auth.sign_in("ana", "Another-horse-8")).is_signed_in


async def test_the_code_of_a_task_under_way_is_waited_for_in_a_thread(
    shared: ThreadedEmulator, pool: ThreadedUserPool
) -> None:
    pool.add_user("ana", PASSWORD, attributes={"email": "task@example.com"})
    waiting = asyncio.create_task(asyncio.to_thread(shared.outbox.next_code, "task@example.com"))
    async with AuthClient(pool.config) as auth:
        await auth.reset_password("ana")
    assert await waiting == shared.outbox.messages[-1].code


def test_calls_and_messages_are_copies(shared: ThreadedEmulator, pool: ThreadedUserPool) -> None:
    pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})
    calls, messages = shared.calls, shared.outbox.messages
    before = list(calls), list(messages)

    async def forget() -> None:
        async with AuthClient(pool.config) as auth:
            await auth.reset_password("ana")

    asyncio.run(forget())
    assert (calls, messages) == before
    assert shared.calls[len(calls) :] == [Call("ForgotPassword", "cognito-idp", 200, None)]
    assert [message.to for message in shared.outbox.messages[len(messages) :]] == ["ana@example.com"]
    shared.calls.clear()
    assert len(shared.calls) == len(calls) + 1


def test_a_returned_user_and_answer_are_copies(shared: ThreadedEmulator, pool: ThreadedUserPool) -> None:
    user = pool.add_user("ana", PASSWORD)
    user.status = "UNCONFIRMED"
    answer = shared.call("DescribeUserPool", UserPoolId=pool.id)
    answer["UserPool"]["LambdaConfig"]["PreSignUp"] = "changed"
    assert shared.call("AdminGetUser", UserPoolId=pool.id, Username="ana")["UserStatus"] == "CONFIRMED"
    assert shared.call("DescribeUserPool", UserPoolId=pool.id)["UserPool"]["LambdaConfig"] == {}


def test_the_clock_is_read_without_the_loop(key_pair: KeyPair) -> None:
    with run_in_thread(keys=OnePair(key_pair), clock=lambda: 1000.0) as cognito:
        cognito.clock.advance(50)
        assert (cognito.clock(), cognito.clock.offset, cognito.clock.base()) == (1050.0, 50.0, 1000.0)
        config = cognito.create_user_pool().config
        assert config.clock is not None
        assert config.clock() == 1050.0
        inside: list[float] = []
        cognito.outbox.listen(lambda _message: inside.append(cognito.clock()))
        _send_code(cognito)
        assert inside == [1050.0]
    # Code under test may read it at the very end.
    assert cognito.clock() == 1050.0
    with pytest.raises(ValueError, match="between 1970 and the year 9000"), run_in_thread() as cognito:
        cognito.clock.advance(float("inf"))


def test_a_clock_can_be_shared() -> None:
    clock = Clock(lambda: 5.0)
    with run_in_thread(clock=clock) as cognito:
        clock.advance(1)
        assert cognito.clock() == 6.0


async def test_faults(shared: ThreadedEmulator, pool: ThreadedUserPool) -> None:
    """Faults are planned by plain calls."""
    pool.add_user("ana", PASSWORD)
    shared.faults.add("InitiateAuth", error="NotAuthorizedException", message="planned")
    with pytest.raises(Exception, match="planned"):
        await sign_in(pool)
    shared.faults.add("InitiateAuth", status=500, times=None)
    shared.faults.clear()
    assert await sign_in(pool) == steps.Done()


async def test_all_that_a_pool_can_do(shared: ThreadedEmulator) -> None:
    pool = shared.create_user_pool(client={"GenerateSecret": True})
    assert pool.client_secret == pool.config.user_pool_client_secret is not None
    assert shared.call("DescribeUserPool", UserPoolId=pool.id)["UserPool"]["Id"] == pool.id
    assert repr(pool) == f"<ThreadedUserPool {pool.id}>"
    assert pool.add_resource_server("orders", ["read"]) == ["orders/read"]
    machine = pool.add_client("machine", AllowedOAuthFlows=["client_credentials"])
    assert machine.user_pool_client_id == "machine"
    assert machine.oauth is not None
    assert list(machine.oauth.scopes) == ["orders/read"]
    pool.add_provider("Google", attribute_mapping={"email": "email"})
    described = shared.call("DescribeUserPoolClient", UserPoolId=pool.id, ClientId=pool.client_id)
    assert described["UserPoolClient"]["SupportedIdentityProviders"] == ["Google"]
    with pytest.raises(LookupError, match="no user 'bea'"):
        pool.totp_code("bea")
    with pytest.raises(ValueError, match="InvalidPasswordException"):
        pool.add_user("bea", "weak")


async def test_identity_pools(shared: ThreadedEmulator, pool: ThreadedUserPool) -> None:
    """Identity pools are made and used by plain calls."""
    pool.add_user("ana", PASSWORD)
    rules: dict[str | ThreadedUserPool, dict[str, str]] = {
        pool: {"Type": "Token", "AmbiguousRoleResolution": "AuthenticatedRole"}
    }
    identities = shared.create_identity_pool(user_pools=[pool], role_mappings=rules)
    async with AuthClient(identities.config) as auth:
        await auth.sign_in("ana", PASSWORD)
        credentials = (await auth.fetch_auth_session()).credentials
    assert credentials is not None
    assert shared.credentials_of(credentials.access_key_id).identity_pool_id == identities.id
    found = identities.identities
    assert len(found) == 1
    found[0].logins.clear()
    assert identities.identities[0].logins
    first = shared.existing_identity_pool()
    assert first is not None
    assert first.id == identities.id


def test_a_pool_of_another_emulator_is_refused(shared: ThreadedEmulator, started: ThreadedEmulator) -> None:
    foreign = started.create_user_pool()
    with pytest.raises(ValueError, match="pools that this emulator's methods returned"):
        shared.create_identity_pool(user_pools=[foreign])
    with pytest.raises(ValueError, match="pools that this emulator's methods returned"):
        shared.create_identity_pool(role_mappings={foreign: {}})


async def test_triggers_may_call_the_emulator_if_they_are_plain(pool: ThreadedUserPool) -> None:
    def welcome(event: dict[str, Any]) -> dict[str, Any]:
        if event["triggerSource"] == "PreSignUp_SignUp":
            pool.add_user("friend", PASSWORD)
        event["response"]["autoConfirmUser"] = True
        return event

    pool.triggers["PreSignUp"] = welcome
    assert (list(pool.triggers), len(pool.triggers), pool.triggers["PreSignUp"]) == (
        ["PreSignUp"],
        1,
        welcome,
    )
    async with AuthClient(pool.config) as auth:
        await auth.sign_up("ana", PASSWORD, user_attributes={"email": "ana@example.com"})
    assert await sign_in(pool, "friend") == steps.Done()
    del pool.triggers["PreSignUp"]
    assert dict(pool.triggers) == {}
    with pytest.raises(ValueError, match="unknown trigger 'PreSignup'"):
        pool.triggers["PreSignup"] = welcome


async def test_an_async_trigger_that_would_wait_for_itself_gets_an_error(
    shared: ThreadedEmulator, pool: ThreadedUserPool
) -> None:
    raised: list[BaseException] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def trigger(event: dict[str, Any]) -> dict[str, Any]:
        loops.append(asyncio.get_running_loop())
        works: list[Callable[[], object]] = [shared.close, lambda: pool.client_secret]
        for work in works:
            with pytest.raises(RuntimeError) as caught:
                work()
            raised.append(caught.value)
        return event

    pool.triggers["PreSignUp"] = trigger
    async with AuthClient(pool.config) as auth:
        await auth.sign_up("ana", PASSWORD, user_attributes={"email": "ana@example.com"})
    assert [str(error)[:33] for error in raised] == ["this call would wait for itself: "] * 2
    assert loops[0] is not asyncio.get_running_loop()


def _send_code(cognito: ThreadedEmulator) -> None:
    pool = cognito.create_user_pool()
    pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})

    async def forget() -> None:
        async with AuthClient(pool.config) as auth:
            await auth.reset_password("ana")

    asyncio.run(forget())


def test_listeners_run_on_the_emulators_loop(shared: ThreadedEmulator) -> None:
    seen: list[tuple[str, bool]] = []

    def listen(message: Any) -> None:
        seen.append((message.to, threading.current_thread() is threading.main_thread()))

    shared.outbox.listen(listen)
    _send_code(shared)
    assert seen == [("ana@example.com", False)]


def _when_waiting(cognito: ThreadedEmulator, wait: Callable[[], object], then: Callable[[], None]) -> str:
    """Call `then` once `wait` waits for the outbox; return the error that ends the wait."""
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(wait)
        while not cognito._emulator.outbox._waiting:
            time.sleep(0.001)
        then()
        error = future.exception(timeout=30)
    assert isinstance(error, RuntimeError)
    return str(error)


def test_closing_ends_waiting_calls_with_an_error(started: ThreadedEmulator) -> None:
    text = _when_waiting(started, lambda: started.outbox.next_code("ana", timeout=600), started.close)
    assert text == "the emulator was closed while this call waited for it"
    with pytest.raises(RuntimeError, match="not running: use `with run_in_thread"):
        started.outbox.next_code("ana")
    with pytest.raises(RuntimeError, match="not running: use `with run_in_thread"):
        _ = started.calls
    started.close()  # again, and by the fixture once more


def callers(thread: int) -> list[str]:
    """Return the names of the functions that a thread is in, down to `EmulatorThread.call`."""
    names: list[str] = []
    frame = sys._current_frames().get(thread)
    while frame is not None and frame.f_code is not EmulatorThread.call.__code__:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names if "start_task_soon" not in names else []


def test_an_interrupted_call_is_ended(started: ThreadedEmulator) -> None:
    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    main = threading.main_thread().ident or 0

    def send() -> None:
        # Until the call waits for its result; before that, the main thread still starts it.
        while not started._emulator.outbox._waiting or "result" not in callers(main):
            time.sleep(0.001)
        signal.pthread_kill(main, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with ThreadPoolExecutor(1) as threads:
            threads.submit(send)
            with pytest.raises(KeyboardInterrupt):
                started.outbox.next_code("ana", timeout=600)
    finally:
        signal.signal(signal.SIGUSR1, before)
    while started._emulator.outbox._waiting:
        time.sleep(0.001)


def test_a_call_that_is_interrupted_while_it_is_started_is_ended(
    started: ThreadedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = BlockingPortal.start_task_soon

    def interrupted(portal: BlockingPortal, work: Callable[[], Any]) -> None:
        monkeypatch.undo()
        start(portal, work)
        while not started._emulator.outbox._waiting:
            time.sleep(0.001)
        raise KeyboardInterrupt

    monkeypatch.setattr(BlockingPortal, "start_task_soon", interrupted)
    with pytest.raises(KeyboardInterrupt):
        started.outbox.next_code("ana", timeout=600)
    deadline = time.monotonic() + 60
    while started._emulator.outbox._waiting:
        assert time.monotonic() < deadline, "the call goes on"
        time.sleep(0.001)


def test_a_call_that_blocks_its_own_loop_gets_an_error(shared: ThreadedEmulator) -> None:
    async def wait() -> None:
        shared.outbox.next_code("unknown", timeout=0)

    with pytest.raises(TimeoutError, match="no code was sent to 'unknown'") as caught:
        asyncio.run(wait())
    assert "asyncio.to_thread" in caught.value.__notes__[0]
    with pytest.raises(TimeoutError) as caught:
        shared.outbox.next_code("unknown", timeout=0)
    assert not hasattr(caught.value, "__notes__")


def test_before_the_start(key_pair: KeyPair) -> None:
    """Each use before the start raises."""
    cognito = run_in_thread(keys=OnePair(key_pair))
    uses: list[Callable[[], object]] = [
        lambda: cognito.url,
        lambda: cognito.calls,
        cognito.create_user_pool,
    ]
    for use in uses:
        with pytest.raises(RuntimeError, match="not running: use `with run_in_thread"):
            use()
    cognito.close()


def test_an_unknown_option_and_a_second_start_are_refused(started: ThreadedEmulator) -> None:
    with pytest.raises(TypeError, match="prot"):
        run_in_thread(prot=1)
    with pytest.raises(RuntimeError, match="is running: make another"), started:
        pass
    assert started.calls == []


def test_what_fails_at_the_start_and_at_the_end_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="address already in use"),
        run_in_thread(port=taken.getsockname()[1]),
    ):
        pass
    leave = CognitoEmulator.__aexit__

    async def fail(self: CognitoEmulator, *args: Any) -> None:
        await leave(self, *args)
        raise OSError("at the end")

    monkeypatch.setattr(CognitoEmulator, "__aexit__", fail)
    with pytest.raises(OSError, match="at the end"), run_in_thread():
        pass


def test_an_emulator_can_be_started_again(key_pair: KeyPair) -> None:
    cognito = run_in_thread(keys=OnePair(key_pair))
    with cognito:
        pool = cognito.create_user_pool()
        pool.add_user("ana", PASSWORD)
        assert asyncio.run(sign_in(pool)) == steps.Done()
    with cognito:
        assert asyncio.run(sign_in(pool)) == steps.Done()


def test_a_directory_brings_the_pools_back(key_pair: KeyPair, tmp_path: Path) -> None:
    with run_in_thread(keys=OnePair(key_pair), data=tmp_path) as cognito:
        assert cognito.existing_user_pool() is None
        assert cognito.existing_identity_pool() is None
        pool = cognito.create_user_pool()
    with run_in_thread(keys=OnePair(key_pair), data=tmp_path, region="eu-west-1") as cognito:
        again = cognito.existing_user_pool()
        assert again is not None
        assert (again.id, again.client_id) == (pool.id, pool.client_id)
        assert (cognito.region, cognito.token) == ("eu-west-1", None)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_uses_the_url_and_cannot_control_the_emulator(
    started: ThreadedEmulator, key_pair: KeyPair
) -> None:
    parent = os.getpid()

    def child() -> str:
        with urllib.request.urlopen(f"{started.url}/_emulator/messages") as answer:
            assert answer.read() == b"[]"
        started.close()  # does nothing here
        uses: list[Callable[[], object]] = [started.__enter__, started.create_user_pool]
        for use in uses:
            with pytest.raises(RuntimeError, match=f"runs in the process {parent}, from which this one was"):
                use()
        with run_in_thread(keys=OnePair(key_pair)) as own:
            own.create_user_pool().add_user("ana", PASSWORD)
        return "done"

    assert _in_a_fork(child) == "done"
    started.create_user_pool()


def _in_a_fork(work: Callable[[], str]) -> str:
    receiving, sending = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.write(sending, work().encode())
        except BaseException as error:
            os.write(sending, repr(error).encode())
        finally:
            os._exit(0)
    os.close(sending)
    with os.fdopen(receiving) as pipe:
        text = pipe.read()
    os.waitpid(process, 0)
    return text
