"""The facades for synchronous code: signatures, sign-ins, events, forks, event loops and the exit."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from anyio.from_thread import BlockingPortal

import aiocognito
from aiocognito import ANY, AuthEvent, AuthTokens, MemoryStorage, errors, steps, sync
from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool, run_in_thread
from helpers.api import PASSWORD
from sign_in.authenticator import Authenticator

CLASSES = ("AuthClient", "SessionManager", "TokenVerifier", "Hub", "TokenProvider")
RENAMED = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__"}
# What sends events is not for users.
INTERNAL = {("Hub", "emit"), ("Hub", "end"), ("TokenProvider", "__init__")}
# Arguments and results that are plain in the facade, and awaitable or async in the other class.
PLAIN = {
    ("AuthClient", "__init__", "token_provider"),
    ("AuthClient", "__init__", "hub"),
    ("AuthClient", "hub", "return"),
    ("AuthClient", "token_provider", "return"),
    ("AuthClient", "associate_web_authn_credential", "ceremony"),
    ("SessionManager", "__init__", "hub"),
    ("SessionManager", "hub", "return"),
    ("SessionManager", "client", "return"),
    ("TokenVerifier", "for_pools", "verifiers"),
    ("Hub", "listen", "callback"),
    ("Hub", "subscribe", "return"),
}


@pytest.fixture(scope="module")
def cognito() -> Iterator[ThreadedEmulator]:
    with run_in_thread() as cognito:
        yield cognito


@pytest.fixture
def pool(cognito: ThreadedEmulator) -> ThreadedUserPool:
    pool = cognito.create_user_pool(MfaConfiguration="OPTIONAL")
    pool.add_user("ana", PASSWORD)
    pool.add_user("ben", PASSWORD, mfa="TOTP")
    return pool


@pytest.fixture
def auth(pool: ThreadedUserPool) -> Iterator[sync.AuthClient]:
    with sync.AuthClient(pool.config) as auth:
        yield auth


def signed_in(auth: sync.AuthClient) -> sync.AuthClient:
    assert auth.sign_in("ana", PASSWORD).is_signed_in
    return auth


def access_token(pool: ThreadedUserPool) -> str:
    with sync.AuthClient(pool.config) as auth:
        return signed_in(auth).access_token()


# Signatures


def members() -> Iterator[tuple[str, str]]:
    """The public methods and properties of the async classes."""
    for name in CLASSES:
        for member in vars(getattr(aiocognito, name)):
            if (not member.startswith("_") or member in {*RENAMED, "__init__"}) and (
                name,
                member,
            ) not in INTERNAL:
                yield name, member


def function_of(member: Any) -> Any:
    function: Any = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    return inspect.unwrap(function)


@pytest.mark.parametrize(("name", "member"), list(members()))
def test_a_facade_has_each_method_with_its_signature(name: str, member: str) -> None:
    theirs = vars(getattr(aiocognito, name))[member]
    ours = vars(getattr(sync, name))[RENAMED.get(member, member)]
    assert type(ours) is type(theirs)
    ours, theirs = function_of(ours), function_of(theirs)
    assert not inspect.iscoroutinefunction(ours)
    described = [
        [(each.name, each.kind, each.default) for each in inspect.signature(function).parameters.values()]
        for function in (ours, theirs)
    ]
    assert described[0] == described[1]
    hints, expected = get_type_hints(ours), get_type_hints(theirs)
    assert hints.keys() == expected.keys()
    for part, hint in hints.items():
        if (name, member, part) not in PLAIN:
            assert hint == expected[part], part


@pytest.mark.parametrize("name", CLASSES)
def test_a_facade_has_only_the_names_of_the_async_class(name: str) -> None:
    there = {RENAMED.get(each, each) for each in vars(getattr(aiocognito, name))}
    assert {each for each in vars(getattr(sync, name)) if not each.startswith("_")} <= there


class Recorder:
    """In place of a client on the portal's loop: it notes the call."""

    def __init__(self) -> None:
        self.called: tuple[str, tuple[Any, ...], dict[str, Any]] = ("", (), {})

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> str:
            self.called = (name, args, options)
            return "the result"

        return call

    def call(self, work: Callable[[Any], Any]) -> Any:
        return work(self)

    read = call


FORWARDED = [
    (name, member)
    for name, member in members()
    if inspect.iscoroutinefunction(vars(getattr(aiocognito, name))[member])
    and not member.startswith("_")
    and member not in ("aclose", "associate_web_authn_credential")
    and name != "TokenProvider"
]


@pytest.mark.parametrize(("name", "member"), FORWARDED)
def test_every_argument_is_passed_on_and_the_result_is_returned(name: str, member: str) -> None:
    theirs = vars(getattr(aiocognito, name))[member]
    facade = getattr(sync, name).__new__(getattr(sync, name))
    facade._remote = Recorder()
    wanted: dict[str, Any] = {
        each: object() for each in inspect.signature(theirs).parameters if each != "self"
    }
    by_position = [
        each.name
        for each in inspect.signature(theirs).parameters.values()
        if each.kind is each.POSITIONAL_OR_KEYWORD and each.name != "self"
    ]
    rest = {key: value for key, value in wanted.items() if key not in by_position}
    result = getattr(facade, member)(*(wanted[each] for each in by_position), **rest)
    called, args, options = facade._remote.called
    assert called == member
    bound = inspect.signature(theirs).bind(None, *args, **options).arguments
    assert {key: value for key, value in bound.items() if key != "self"} == wanted
    assert result == (None if get_type_hints(theirs)["return"] is type(None) else "the result")


# Clients


def test_a_user_with_an_authenticator_app_signs_in_and_out(pool: ThreadedUserPool) -> None:
    with sync.AuthClient(pool.config) as auth:
        result = auth.sign_in("ben", PASSWORD)
        assert result.next_step == steps.ConfirmSignInWithTotpCode()
        assert auth.confirm_sign_in(pool.totp_code("ben")).is_signed_in
        assert auth.get_current_user().username == "ben"
        assert auth.fetch_mfa_preference().preferred == "TOTP"
        auth.sign_out()
        with pytest.raises(errors.UserUnAuthenticatedException):
            auth.get_current_user()


def test_errors_are_those_of_the_async_class(auth: sync.AuthClient) -> None:
    with pytest.raises(errors.NotAuthorizedException):
        auth.sign_in("ana", "Wrong-horse-7")
    with pytest.raises(errors.AuthValidationError):
        auth.sign_in("")
    with pytest.raises(errors.AuthConfigError):
        sync.AuthClient(auth.config, storage=MemoryStorage(), token_provider=Plain(None))
    with pytest.raises(errors.AuthValidationError):
        sync.AuthClient(auth.config, session_key="")


def test_a_client_shows_its_session_and_not_its_key(auth: sync.AuthClient, pool: ThreadedUserPool) -> None:
    assert auth.session_key == "default"
    assert repr(auth) == f"<AuthClient session_id={auth.session_id!r}>"
    assert auth.config == pool.config


def test_a_closed_client_refuses_calls(pool: ThreadedUserPool) -> None:
    auth = signed_in(sync.AuthClient(pool.config))
    auth.close()
    auth.close()
    with pytest.raises(RuntimeError, match="closed"):
        auth.get_current_user()


def test_all_threads_share_a_client_and_a_portal(auth: sync.AuthClient) -> None:
    signed_in(auth)
    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(lambda _: auth.get_current_user().username, range(40)))
    assert names == ["ana"] * 40
    assert [each.name for each in threading.enumerate()].count("aiocognito.sync") == 1


def test_a_method_in_a_thread_with_an_event_loop_names_the_async_class(
    auth: sync.AuthClient, pool: ThreadedUserPool
) -> None:
    sessions = sync.SessionManager(pool.config, storage=MemoryStorage())
    verifier = sync.TokenVerifier.from_config(pool.config, token_use="access")

    calls: dict[str, Callable[[], object]] = {
        "AuthClient": auth.get_current_user,
        "SessionManager": lambda: sessions.end(sessions.new_session_key()),
        "TokenVerifier": lambda: verifier.verify("a.b.c"),
        "Hub": lambda: sessions.hub.listen(print),
    }

    async def blocked() -> None:
        for name, call in calls.items():
            with pytest.raises(RuntimeError, match=rf"use aiocognito\.{name} there"):
                call()
        # In a thread without a loop, it works.
        await asyncio.to_thread(signed_in, auth)

    asyncio.run(blocked())
    sessions.close()
    verifier.close()


def test_a_passkey_is_made_by_a_plain_function_in_a_thread_that_may_call(cognito: ThreadedEmulator) -> None:
    pool = cognito.create_user_pool(
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
        WebAuthnConfiguration={"RelyingPartyId": "example.com"},
    )
    pool.add_user("ana", PASSWORD)
    threads = []
    with sync.AuthClient(pool.config) as auth:
        signed_in(auth)

        def ceremony(options: dict[str, Any]) -> Any:
            threads.append(threading.current_thread())
            assert auth.get_current_user().username == options["user"]["name"]
            return asyncio.run(Authenticator().create(options))

        auth.associate_web_authn_credential(ceremony)
        assert len(auth.list_web_authn_credentials()) == 1
        assert threads[0] is not threading.current_thread()
        with pytest.raises(TypeError, match="plain function"):
            auth.associate_web_authn_credential(Authenticator().create)  # type: ignore[arg-type]  # async is refused at run time
        with pytest.raises(TypeError, match="must be callable"):
            auth.associate_web_authn_credential(None)  # type: ignore[arg-type]  # refused at run time
        for raised, seen in ((OSError, OSError), (SystemExit, RuntimeError), (StopIteration, RuntimeError)):

            def fails(_: Any, error: type[BaseException] = raised) -> Any:
                raise error

            with pytest.raises(seen):
                auth.associate_web_authn_credential(fails)
        assert auth.get_current_user().username == "ana"


# Token providers


def test_ctrl_c_ends_a_call_that_waits(auth: sync.AuthClient) -> None:
    released, main = threading.Event(), threading.main_thread().ident
    assert main is not None

    class Interrupts(Plain):
        def get_tokens(self, **options: Any) -> AuthTokens | None:
            signal.pthread_kill(main or 0, signal.SIGINT)
            released.wait(30)
            return None

    with sync.AuthClient(auth.config, token_provider=Interrupts(None)) as borrower:
        with pytest.raises(KeyboardInterrupt):
            borrower.get_current_user()
        released.set()
    assert signed_in(auth).get_current_user().username == "ana"


@pytest.mark.parametrize("is_begun", [False, True])
def test_ctrl_c_while_a_call_is_started_ends_it(
    auth: sync.AuthClient, monkeypatch: pytest.MonkeyPatch, is_begun: bool
) -> None:
    begun, ended = threading.Event(), threading.Event()
    start = BlockingPortal.start_task_soon

    class Waits(Plain):
        async def get_tokens(self, **options: Any) -> AuthTokens | None:  # type: ignore[override]  # an async provider
            begun.set()
            try:
                await asyncio.sleep(600)
            finally:
                ended.set()
            return None

    def interrupted(portal: BlockingPortal, work: Callable[[], Any]) -> None:
        monkeypatch.undo()
        if is_begun:
            start(portal, work)
            assert begun.wait(60)
        raise KeyboardInterrupt

    with sync.AuthClient(auth.config, token_provider=Waits(None)) as borrower:
        monkeypatch.setattr(BlockingPortal, "start_task_soon", interrupted)
        with pytest.raises(KeyboardInterrupt):
            borrower.get_current_user()
        assert ended.wait(60) if is_begun else not begun.is_set()


class Plain:
    def __init__(self, tokens: AuthTokens | None) -> None:
        self.tokens, self.thread = tokens, threading.current_thread()

    def get_tokens(self, *, force_refresh: bool = False, client_metadata: Any = None) -> AuthTokens | None:
        self.thread = threading.current_thread()
        return self.tokens


class Async(Plain):
    async def get_tokens(  # type: ignore[override]  # an async provider
        self, *, force_refresh: bool = False, client_metadata: Any = None
    ) -> AuthTokens | None:
        await asyncio.sleep(0)
        return self.tokens


class Returns(Plain):
    """Plain, and its result is an awaitable."""

    def get_tokens(  # type: ignore[override]  # a plain provider
        self, *, force_refresh: bool = False, client_metadata: Any = None
    ) -> Awaitable[AuthTokens | None]:
        return Async(self.tokens).get_tokens()


@pytest.mark.parametrize("kind", [Plain, Async, Returns])
def test_a_token_provider_is_plain_or_async(auth: sync.AuthClient, kind: type[Plain]) -> None:
    tokens = signed_in(auth).token_provider.get_tokens()
    assert isinstance(auth.token_provider, sync.TokenProvider)
    provider = kind(tokens)
    with sync.AuthClient(auth.config, token_provider=provider) as borrower:
        assert borrower.get_current_user().username == "ana"
        assert borrower.token_provider.get_tokens(force_refresh=True) == tokens
        with pytest.raises(errors.AuthTokenConfigException):
            borrower.sign_out()
    assert (provider.thread is threading.current_thread()) == (kind is not Plain)


# Sessions


def test_the_sessions_of_users_are_separate_and_can_be_ended(pool: ThreadedUserPool) -> None:
    with sync.SessionManager(pool.config, storage=MemoryStorage()) as sessions:
        assert sessions.config == pool.config
        ana = sessions.client(sessions.new_session_key(), device_token=sessions.new_device_token())
        ben = sessions.client(sessions.new_session_key())
        assert type(ana) is sync.AuthClient
        before = ana.session_key
        signed_in(ana)
        assert sessions.is_session_key(ana.session_key)
        assert ana.session_key != before
        ben.sign_in("ben", PASSWORD)
        assert sessions.client(ana.session_key).get_current_user().username == "ana"
        assert isinstance(
            sessions.client(ben.session_key).get_sign_in_step(), steps.ConfirmSignInWithTotpCode
        )
        user = ana.get_current_user().user_id
        assert [each.session_id for each in sessions.list_user(user)] == [ana.session_id]
        ana.close()
        assert sessions.end_user(user) == 1
        assert sessions.end_session(user, ana.session_id) is False
        sessions.end(ben.session_key)
        assert ben.get_sign_in_step() is None
        with pytest.raises(errors.AuthValidationError):
            sessions.client("short")


# Events


def test_a_listener_runs_in_a_thread_and_may_call_the_client(auth: sync.AuthClient) -> None:
    heard: list[tuple[str, str, bool]] = []

    def listener(event: AuthEvent) -> None:
        here = threading.current_thread() is threading.main_thread()
        heard.append((event.name, auth.get_current_user().username, here))

    stop = auth.hub.listen(listener, events=["signedIn"])
    signed_in(auth)
    assert heard == [("signedIn", "ana", False)]
    stop()
    auth.sign_out()
    signed_in(auth)
    assert len(heard) == 1


def test_listeners_are_plain(auth: sync.AuthClient) -> None:
    """A coroutine function is refused as listener."""

    async def listener(event: AuthEvent) -> None: ...

    class Notifier:
        async def __call__(self, event: AuthEvent) -> None: ...

    for each in (listener, Notifier()):
        with pytest.raises(TypeError, match=r"aiocognito\.Hub takes async ones"):
            auth.hub.listen(each)  # type: ignore[arg-type]  # refused at run time
    with pytest.raises(ValueError, match="no event is called"):
        auth.hub.listen(print, events=["signed in"])  # type: ignore[list-item]  # refused at run time


def test_a_listener_that_raises_is_logged(auth: sync.AuthClient, caplog: pytest.LogCaptureFixture) -> None:
    def listener(event: AuthEvent) -> None:
        raise OSError("the disk is full")

    auth.hub.listen(listener)
    signed_in(auth)
    assert "a listener for signedIn raised" in caplog.text


@pytest.mark.parametrize("make", [sync.Hub, aiocognito.Hub])
def test_a_hub_that_is_given_serves_two_clients_and_stays_open(
    pool: ThreadedUserPool, make: type[Any]
) -> None:
    hub, heard = make(), []
    one, two = (sync.AuthClient(pool.config, hub=hub) for _ in range(2))
    with one, one.hub.subscribe() as events:
        two.hub.listen(lambda event: heard.append(event.session_id))
        signed_in(two)
        assert next(events).name == "signedIn"
        two.close()
        signed_in(one)
        assert next(events).session_id == one.session_id
    assert heard == [two.session_id, one.session_id]


def test_a_subscription_is_a_plain_iterator_that_ends_with_the_client(pool: ThreadedUserPool) -> None:
    names: list[str] = []
    with sync.SessionManager(pool.config, storage=MemoryStorage()) as sessions:
        auth = sessions.client(sessions.new_session_key())
        with sessions.hub.subscribe(events=["signedIn", "signedOut"], max_buffer=1) as events:
            signed_in(auth)
            auth.sign_out()
            first = next(events)
            assert (first.name, first.dropped) == ("signedOut", 1)

            def read() -> None:
                names.extend(event.name for event in events)

            reader = threading.Thread(target=read)
            reader.start()
            signed_in(auth)
            sessions.close()
            reader.join(60)
            assert not reader.is_alive()
    assert names == ["signedIn"]


def test_a_subscription_without_room_is_refused(auth: sync.AuthClient) -> None:
    with pytest.raises(ValueError, match="max_buffer"), auth.hub.subscribe(max_buffer=0):
        pass


# Verifiers


def test_tokens_are_verified(pool: ThreadedUserPool, cognito: ThreadedEmulator) -> None:
    """The verifier works without an event loop."""
    token = access_token(pool)
    with sync.TokenVerifier.from_config(pool.config, token_use="access") as verifier:
        assert (verifier.token_use, verifier.config) == ("access", pool.config)
        with pytest.raises(errors.JwksUnavailableError):
            verifier.verify_cached(token)
        verifier.warm_up()
        verifier.ready()
        assert verifier.verify_cached(token)["username"] == "ana"
        assert verifier.verify(token)["username"] == "ana"
        with pytest.raises(errors.TokenVerificationError):
            verifier.verify(token[:-4])
        other = cognito.create_user_pool()
        other.add_user("ana", PASSWORD)
        theirs = access_token(other)
        with pytest.raises(errors.TokenIssuerError):
            verifier.verify(theirs)
        second = sync.TokenVerifier.from_config(other.config, token_use="access")
        with sync.TokenVerifier.for_pools([verifier, second]) as both:
            assert both.config is None
            assert {both.verify(each)["username"] for each in (token, theirs)} == {"ana"}


def test_a_verifier_is_made_of_its_arguments(pool: ThreadedUserPool) -> None:
    with sync.TokenVerifier(
        user_pool_id=pool.id,
        client_ids=ANY,
        token_use=ANY,
        jwks_uri=f"{pool.config.user_pool_endpoint}/{pool.id}/.well-known/jwks.json",
        clock=pool.config.clock,
    ) as verifier:
        assert verifier.token_use is None
        assert verifier.verify(access_token(pool))["username"] == "ana"
    with pytest.raises(errors.AuthConfigError):
        sync.TokenVerifier(user_pool_id=pool.id, client_ids=(), token_use="access")


# Processes

SCRIPT = """
import atexit, os, sys, threading
from aiocognito import AuthConfig, FileStorage, MemoryStorage
from aiocognito.sync import AuthClient, SessionManager, TokenVerifier

config = AuthConfig.from_env()
"""


def run(pool: ThreadedUserPool, script: str, directory: Path) -> str:
    """Run a script in a process of its own, which must end, and return what it printed."""
    environment = {
        **os.environ,
        "COGNITO_USER_POOL_ID": pool.id,
        "COGNITO_CLIENT_ID": pool.client_id,
        "COGNITO_USER_POOL_ENDPOINT": str(pool.config.user_pool_endpoint),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + textwrap.dedent(script)],
        env=environment,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_process_ends_though_nothing_was_closed(pool: ThreadedUserPool, tmp_path: Path) -> None:
    script = f"""
    auth = AuthClient(config, storage=FileStorage("sessions", encryption_key=None))
    auth.hub.listen(lambda event: print(event.name, flush=True))
    auth.sign_in("ana", {PASSWORD!r})

    def read():
        with auth.hub.subscribe() as events:
            for _ in events:
                pass

    threading.Thread(target=read, daemon=True).start()
    atexit.register(auth.close)
    """
    assert run(pool, script, tmp_path) == "signedIn\n"


def test_an_exit_handler_may_close_a_manager(pool: ThreadedUserPool, tmp_path: Path) -> None:
    script = f"""
    sessions = SessionManager(config, storage=MemoryStorage())
    atexit.register(print, "after")
    atexit.register(sessions.close)
    auth = sessions.client(sessions.new_session_key())
    print(auth.sign_in("ana", {PASSWORD!r}).is_signed_in)
    """
    assert run(pool, script, tmp_path) == "True\nafter\n"


def test_forked_processes_go_on_with_the_session(pool: ThreadedUserPool, tmp_path: Path) -> None:
    script = f"""
    import warnings
    warnings.simplefilter("ignore", DeprecationWarning)  # of a fork in a process with threads
    sessions = SessionManager(config, storage=MemoryStorage())
    client = sessions.client(sessions.new_session_key())
    client.sign_in("ana", {PASSWORD!r})
    unused = sessions.client(client.session_key)
    alone = AuthClient(config)
    alone.sign_in("ana", {PASSWORD!r})
    token = alone.access_token()
    verifier = TokenVerifier.from_config(config, token_use="access")
    both = TokenVerifier.for_pools([verifier])
    verifier.verify(token)
    late = TokenVerifier.for_pools([verifier])

    def show(who):
        names = [each.fetch_user_attributes()["sub"] for each in (client, unused, alone)]
        claims = [each.verify(token)["sub"] for each in (verifier, both, late)]
        threads = [each.name for each in threading.enumerate()].count("aiocognito.sync")
        print(who, len({{*names, *claims}}), threads, flush=True)

    child = os.fork()
    show("child" if child == 0 else "parent")
    if child:
        assert os.waitpid(child, 0)[1] == 0
        show("parent")
    for each in (client, alone, sessions, verifier, both, late):
        each.close()
    """
    assert sorted(run(pool, script, tmp_path).splitlines()) == ["child 1 1", "parent 1 1", "parent 1 1"]


def test_an_iterator_ends_at_the_end_of_the_process(pool: ThreadedUserPool, tmp_path: Path) -> None:
    script = """
    auth, ready = AuthClient(config), threading.Event()

    def read():
        with auth.hub.subscribe() as events:
            ready.set()
            print(next(events, "no more events"), flush=True)

    reader = threading.Thread(target=read, daemon=True)
    atexit.register(lambda: None)
    reader.start()
    ready.wait()
    from aiocognito.sync import _portal
    _portal._process.portal().call(lambda: __import__("asyncio").sleep(0))
    _portal._process.exit()
    reader.join(60)
    """
    assert run(pool, script, tmp_path) == "no more events\n"
