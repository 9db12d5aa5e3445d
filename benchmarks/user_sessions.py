"""``python -m benchmarks.user_sessions``: what the index of a user's sessions costs.

Storage calls of one operation, counted, and the time of listing and ending many sessions of one user in
memory, without Cognito.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from contextlib import AbstractAsyncContextManager
from time import perf_counter, time
from typing import Any

from aiocognito import AuthClient, AuthConfig, MemoryStorage, SessionManager

CONFIG = AuthConfig(user_pool_id="us-east-1_Benchmark", user_pool_client_id="client")
SUB = "0b5f7f1e-0000-4000-8000-000000000000"


def _jwt(**claims: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJub25lIn0.{payload}.c2ln"


class Counted:
    """A storage whose calls are counted. The library treats it as one that processes share."""

    def __init__(self) -> None:
        self.inner = MemoryStorage()
        self.calls: Counter[str] = Counter()

    async def get(self, key: str) -> bytes | None:
        self.calls["get"] += 1
        return await self.inner.get(key)

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        self.calls["set"] += 1
        await self.inner.set(key, value, ttl=ttl)

    async def delete(self, key: str) -> None:
        self.calls["delete"] += 1
        await self.inner.delete(key)

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        self.calls["replace"] += 1
        return await self.inner.replace(key, value, expected=expected, ttl=ttl)

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        self.calls["lock"] += 1
        return self.inner.lock(key)


class Service:
    """Replaces the connection to Cognito."""

    async def call(self, operation: str, params: Any, *, repeatable: bool = False) -> dict[str, Any]:
        now = int(time())
        claims = {"sub": SUB, "iat": now, "exp": now + 3600, "origin_jti": "o"}
        access = _jwt(**claims, username="ana")
        if operation in {"InitiateAuth", "GetTokensFromRefreshToken"}:
            result = {"AccessToken": access, "IdToken": _jwt(**claims), "RefreshToken": "r"}
            return {"AuthenticationResult": result, "ChallengeParameters": {}}
        return {}

    async def aclose(self) -> None:
        return


async def _sign_in(sessions: SessionManager) -> AuthClient:
    auth = sessions.client(sessions.new_session_key())
    await auth.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
    return auth


async def _counts(*, is_indexed: bool) -> dict[str, str]:
    storage, found = Counted(), {}
    async with SessionManager(CONFIG, storage=storage) as sessions:
        sessions._context.is_indexed = is_indexed
        sessions._context.connections._user_pool_service = Service()  # type: ignore[assignment]
        await _sign_in(sessions)  # the user's first sign-in also writes the name

        async def count(name: str, work: Any) -> Any:
            storage.calls.clear()
            result = await work
            found[name] = ", ".join(f"{number} {call}" for call, number in sorted(storage.calls.items()))
            return result

        auth = await count("sign_in", _sign_in(sessions))
        await count("access_token, warm", auth.access_token())
        await count("refresh", auth.fetch_auth_session(force_refresh=True, credentials=False))
        await count("rotate_session_key", auth.rotate_session_key())
        await count("sign_out", auth.sign_out())
    return found


async def _times(sessions_of_user: int) -> dict[str, float]:
    storage, found = MemoryStorage(), {}
    async with SessionManager(CONFIG, storage=storage) as sessions:
        sessions._context.connections._user_pool_service = Service()  # type: ignore[assignment]
        began = perf_counter()
        for _ in range(sessions_of_user):
            await _sign_in(sessions)
        found["sign_in, each"] = (perf_counter() - began) / sessions_of_user
        began = perf_counter()
        assert len(await sessions.list_user(SUB)) == sessions_of_user
        found["list_user"] = perf_counter() - began
        began = perf_counter()
        assert await sessions.end_user(SUB) == sessions_of_user
        found["end_user"] = perf_counter() - began
    return found


def main() -> None:
    with_index, without = asyncio.run(_counts(is_indexed=True)), asyncio.run(_counts(is_indexed=False))
    for name, calls in with_index.items():
        print(f"{name}: {calls or 'none'}; without the index: {without[name] or 'none'}")
    for number in (1, 10, 100, 1000):
        times = asyncio.run(_times(number))
        print(
            f"{number:>5} sessions: "
            + ", ".join(f"{name} {1e3 * each:.2f} ms" for name, each in times.items())
        )


if __name__ == "__main__":
    main()
