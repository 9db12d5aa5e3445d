"""Encryption under sessions, over every storage: a new key, an old key, and a wrong one."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from aiocognito import AuthClient, EncryptedStorage, FileStorage, MemoryStorage, SessionManager, errors
from aiocognito.storage.redis import RedisStorage
from helpers.clock import Clock
from helpers.redis_servers import Server
from helpers.user_pool import CONFIG, ScriptedService, attach

ANA = "sub-of-ana"
DAY = 86_400
OLD, NEW, WRONG = (secrets.token_bytes(32) for _ in range(3))
REFRESH = "GetTokensFromRefreshToken"


class Backend(Protocol):
    """What a service's storage writes to, opened with other keys at each deployment."""

    clock: Clock

    def opened(self, keys: Sequence[bytes]) -> AbstractAsyncContextManager[Any]: ...

    def values(self) -> dict[str, bytes]:
        """Return all values, as an attacker would see them."""
        ...


class OverMemory:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.inner = MemoryStorage(clock=clock)

    @asynccontextmanager
    async def opened(self, keys: Sequence[bytes]) -> AsyncIterator[Any]:
        yield EncryptedStorage(self.inner, keys)

    def values(self) -> dict[str, bytes]:
        return {key: entry.value for key, entry in self.inner._entries.items()}


class OnFiles:
    def __init__(self, clock: Clock, directory: Path) -> None:
        self.clock = clock
        self.directory = directory

    @asynccontextmanager
    async def opened(self, keys: Sequence[bytes]) -> AsyncIterator[Any]:
        yield FileStorage(self.directory, encryption_key=list(keys), clock=self.clock)

    def values(self) -> dict[str, bytes]:
        files = (path for path in self.directory.rglob("*") if path.is_file() and path.stat().st_size)
        return {str(path): path.read_bytes() for path in files}


class InRedis:
    def __init__(self, clock: Clock, server: Server) -> None:
        self.clock = clock
        self.server = server

    @asynccontextmanager
    async def opened(self, keys: Sequence[bytes]) -> AsyncIterator[Any]:
        async with RedisStorage(self.server.url, encryption_key=list(keys)) as storage:
            yield storage

    def values(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        with self.server.client as client:
            for name in client.scan_iter():
                value: Any = client.get(name) if b":lock" not in name else None
                if value is not None:
                    found[name.decode()] = value
        return found


@pytest.fixture(params=["memory", "files", "redis"])
def backend(request: pytest.FixtureRequest, directory: Path) -> Backend:
    clock = Clock()
    if request.param == "memory":
        return OverMemory(clock)
    if request.param == "files":
        return OnFiles(clock, directory)
    return InRedis(clock, request.getfixturevalue("local_redis"))


class Deployment:
    """The service, deployed with these keys."""

    def __init__(self, sessions: SessionManager, clock: Clock) -> None:
        self.sessions, self.script = sessions, ScriptedService(clock)
        attach(sessions, self.script)
        for operation in ("InitiateAuth", REFRESH):
            self.script.answer(operation, lambda _: self.script.tokens(life=3600))

    async def sign_in(self) -> AuthClient:
        auth = self.sessions.client(self.sessions.new_session_key())
        await auth.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        return auth


@asynccontextmanager
async def deployed(backend: Backend, *keys: bytes) -> AsyncIterator[Deployment]:
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(backend.opened(keys))
        sessions = SessionManager(CONFIG, storage=storage, clock=backend.clock)
        yield Deployment(await stack.enter_async_context(sessions), backend.clock)


async def test_nothing_is_readable_in_the_backend(backend: Backend) -> None:
    async with deployed(backend, OLD) as service:
        auth = await service.sign_in()
        assert len(backend.values()) >= 3
        for value in backend.values().values():
            for text in (b"refresh-1", b"access_token", ANA.encode(), b"epoch", auth.session_key.encode()):
                assert text not in value


async def test_a_deployment_with_a_wrong_key_loses_nothing(backend: Backend) -> None:
    async with deployed(backend, OLD) as service:
        auth = await service.sign_in()
        key, session_id = auth.session_key, auth.session_id
    before = backend.values()
    async with deployed(backend, WRONG) as service:
        sessions, auth = service.sessions, service.sessions.client(key)
        calls: list[Callable[[], Awaitable[Any]]] = [
            lambda: auth.fetch_auth_session(credentials=False),
            lambda: auth.fetch_auth_session(force_refresh=True, credentials=False),
            auth.get_current_user,
            auth.sign_out,
            lambda: auth.sign_out(global_sign_out=True),
            auth.rotate_session_key,
            service.sign_in,
            lambda: sessions.end(key),
            lambda: sessions.list_user(ANA),
            lambda: sessions.end_user(ANA),
            lambda: sessions.end_session(ANA, session_id),
            lambda: sessions.adopt(key, refresh_token="theirs"),
            lambda: sessions.client(sessions.new_session_key()).confirm_reset_password("ana", "new", "1"),
        ]
        for call in calls:
            with pytest.raises(errors.StorageError) as raised:
                await call()
            assert errors.http_status_for(raised.value) == 503
            assert key not in str(raised.value)
        # The sign-in that could not be stored is revoked; the session's own tokens are not.
        assert [sent["Token"] for operation, sent in service.script.calls if operation == "RevokeToken"] == [
            "refresh-1"
        ]
        assert service.script.operations().count(REFRESH) == 0
        assert backend.values() == before
    async with deployed(backend, OLD) as service:
        assert (await service.sessions.client(key).get_current_user()).username == "ana"
        assert [info.session_id for info in await service.sessions.list_user(ANA)] == [session_id]


async def test_records_are_sealed_with_the_new_key_at_their_next_write(backend: Backend) -> None:
    async with deployed(backend, OLD) as service:
        key = (await service.sign_in()).session_key
    async with deployed(backend, NEW, OLD) as service:
        auth = service.sessions.client(key)
        before = backend.values()
        assert (await auth.get_current_user()).username == "ana"
        assert len(await service.sessions.list_user(ANA)) == 1
        assert backend.values() == before, "reading writes nothing"
        await auth.fetch_auth_session(force_refresh=True, credentials=False)
    async with deployed(backend, NEW) as service:
        assert (await service.sessions.client(key).get_current_user()).username == "ana"
        with pytest.raises(errors.StorageError):
            await service.sessions.list_user(ANA)  # the index was not written since
    async with deployed(backend, OLD) as service:
        with pytest.raises(errors.StorageError):
            await service.sessions.client(key).get_current_user()
    backend.clock.advance(8 * DAY)  # the entries are renewed
    async with deployed(backend, NEW, OLD) as service:
        await service.sessions.client(key).fetch_auth_session(force_refresh=True, credentials=False)
    async with deployed(backend, NEW) as service:
        assert len(await service.sessions.list_user(ANA)) == 1
        reset = service.sessions.client(service.sessions.new_session_key())
        await reset.confirm_reset_password("ana", "new", "123456")
        tokens = (await service.sessions.client(key).fetch_auth_session(credentials=False)).tokens
        assert tokens is None
