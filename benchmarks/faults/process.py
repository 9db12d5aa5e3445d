"""Simulated processes that share a storage and a service, and the fault that one of them meets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import SimpleNamespace
from typing import Any, TypeVar

from attrs import define, field, frozen

from aiocognito import AuthConfig, OAuthConfig, SessionManager
from aiocognito._jwt import decode_jwt
from aiocognito._responses import TokenSet
from aiocognito.errors import NetworkError, StorageError

from .pool import Pool, refusal

T = TypeVar("T")

STORAGE_CALLS = frozenset({"get", "set", "delete", "replace", "lock"})
TOKEN_ENDPOINT = "token endpoint"
CALLBACK = "https://app.example/callback"
CONFIG = AuthConfig(
    user_pool_id="us-east-1_Simulated",
    user_pool_client_id="client",
    oauth=OAuthConfig(
        domain="auth.example",
        scopes=("openid",),
        redirect_sign_in=(CALLBACK,),
        redirect_sign_out=(CALLBACK,),
    ),
)


@frozen
class Fault:
    """What goes wrong, and where.

    Attributes:
        kind: ``fails``, ``is down`` (this call of the storage and all that follow), ``cut``, ``500``,
            ``refused``, ``killed``, ``stopped`` or ``cancelled``.
        at: The number of the call, of the storage or the service, that it happens at.
        after: Whether the call took effect.
        code: Of a refusal.
        message: Of a refusal.
        seconds: How long a process is stopped.
        keeps_lock: Whether a stopped process keeps its locks, as those of files are kept, or loses them
            after ten seconds, as a lease is lost.
    """

    kind: str
    at: int
    after: bool = False
    code: str = ""
    message: str = ""
    seconds: float = 0.0
    keeps_lock: bool = True


@define
class Backend:
    """What a storage holds, and the locks on it."""

    clock: Callable[[], float]
    values: dict[str, tuple[bytes, float]] = field(factory=dict)
    locks: dict[str, object] = field(factory=dict)

    def get(self, key: str) -> bytes | None:
        value, until = self.values.get(key, (None, 0.0))
        return value if self.clock() < until else None

    def put(self, key: str, value: bytes | None, ttl: float | None) -> None:
        self.values.pop(key, None)
        if value is not None:
            self.values[key] = (value, float("inf") if ttl is None else self.clock() + ttl)

    def replace(self, key: str, value: bytes | None, expected: bytes | None, ttl: float | None) -> bool:
        if self.get(key) != expected:
            return False
        self.put(key, value, ttl)
        return True


class Process:
    """One process: a manager whose storage and service go through `call`, where the fault is.

    Args:
        pool: The service.
        backend: What the storage holds.
        fault: What goes wrong once the process is watched.
        fixed_keys: As for `SessionManager`.
    """

    def __init__(
        self, pool: Pool, backend: Backend, fault: Fault | None = None, *, fixed_keys: bool = False
    ) -> None:
        self.pool, self.backend, self.fault = pool, backend, fault
        self.trace: list[str] = []
        self.watched = False
        self.struck = False
        self.is_dead = False
        self.gone = asyncio.Event()
        self.running = asyncio.Event()
        self.running.set()
        self.victim: asyncio.Task[Any] | None = None
        self.meanwhile: Callable[[], None] = lambda: None
        self.sessions = SessionManager(
            CONFIG, storage=SimulatedStorage(self), clock=pool.clock, fixed_keys=fixed_keys
        )
        context = self.sessions._context
        context.connections._user_pool_service = Service(self)  # type: ignore[assignment]
        hosted_ui: Any = context.connections.hosted_ui()
        hosted_ui.exchange_code = self._exchange_code
        context.connections.hosted_ui = lambda: hosted_ui  # type: ignore[method-assign]
        context._id_tokens = IdTokens()  # type: ignore[assignment]

    async def call(self, what: str, work: Callable[[], T]) -> T:
        """Do one call of the storage or the service, unless the fault is here."""
        await self._alive()
        fault, index = self.fault, len(self.trace)
        if self.watched:
            self.trace.append(what)
        if not self.watched or fault is None or not _is_here(fault, index, what):
            await asyncio.sleep(0)
            result = work()
            await asyncio.sleep(0)
            await self._alive()
            return result
        if not fault.after:
            await self._strike(what, fault)
            return work()
        result = work()
        await self._strike(what, fault)
        return result

    async def _strike(self, what: str, fault: Fault) -> None:
        self.struck = True
        match fault.kind:
            case "fails" | "is down":
                raise StorageError("the storage failed")
            case "cut":
                raise NetworkError("the connection was cut", request_sent=fault.after)
            case "500":
                raise refusal(what, "InternalErrorException", "internal error", 500)
            case "refused":
                raise refusal(what, fault.code, fault.message)
            case "killed":
                self.release()
                self.running.clear()
                self.gone.set()
            case "stopped":
                # The loop stands still; what became due meanwhile is done when it goes on.
                self.watched = False
                self.meanwhile()
                await asyncio.sleep(0)
            case "cancelled" if self.victim is not None:
                self.victim.cancel()
        await asyncio.sleep(0)
        await self._alive()

    async def _alive(self) -> None:
        await self.running.wait()
        if self.is_dead:
            raise asyncio.CancelledError

    def release(self) -> None:
        """Free its locks, as a lease does that ends, and a process that dies."""
        for key, holder in list(self.backend.locks.items()):
            if holder is self:
                del self.backend.locks[key]

    async def die(self) -> None:
        """Remove a killed process: its remaining work is not done."""
        self.is_dead = True
        self.running.set()
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _exchange_code(self, code: str, **_: Any) -> TokenSet:
        found = await self.call(TOKEN_ENDPOINT, lambda: self.pool.exchange(code))
        return TokenSet(found["AccessToken"], found["IdToken"], found["RefreshToken"])


def _is_here(fault: Fault, index: int, what: str) -> bool:
    return index == fault.at or (fault.kind == "is down" and index > fault.at and what in STORAGE_CALLS)


@frozen
class Service:
    """Replaces the connection to `cognito-idp`."""

    process: Process

    async def call(
        self, operation: str, params: Mapping[str, Any], *, repeatable: bool = False
    ) -> dict[str, Any]:
        sent = {name: value for name, value in params.items() if value is not None}
        return await self.process.call(operation, lambda: self.process.pool.answer(operation, sent))

    async def aclose(self) -> None:
        return


@frozen
class SimulatedStorage:
    """The storage of one process."""

    process: Process

    async def get(self, key: str) -> bytes | None:
        return await self.process.call("get", lambda: self.process.backend.get(key))

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        await self.process.call("set", lambda: self.process.backend.put(key, value, ttl))

    async def delete(self, key: str) -> None:
        await self.process.call("delete", lambda: self.process.backend.put(key, None, None))

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        backend = self.process.backend
        return await self.process.call("replace", lambda: backend.replace(key, value, expected, ttl))

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        return self._lock(key)

    @asynccontextmanager
    async def _lock(self, key: str) -> AsyncIterator[None]:
        locks, entered = self.process.backend.locks, False

        def enter() -> bool:
            nonlocal entered
            if key in locks:
                return False
            locks[key], entered = self.process, True
            return True

        try:
            # The other holder is another process, so no event of this one tells.
            while key in locks or not await self.process.call("lock", enter):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            yield
        finally:
            if entered and locks.get(key) is self.process:
                del locks[key]


class IdTokens:
    """Stands in for the verifier of id tokens."""

    async def ready(self) -> None:
        return

    async def verify(self, token: str) -> Any:
        payload = decode_jwt(token).payload
        return SimpleNamespace(sub=payload["sub"], get=payload.get)

    async def aclose(self) -> None:
        return
