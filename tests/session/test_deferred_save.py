"""Tokens that were received while the storage could not be written: stored later, moved along, or revoked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from aiocognito import AuthClient, MemoryStorage, SessionManager, errors
from aiocognito._session import storage_retries, unsaved_tokens
from aiocognito._session.marks import new_mark
from aiocognito._session.record import StoredTokens
from aiocognito._session.unsaved_tokens import UnsavedTokens
from helpers.clock import Clock
from helpers.user_pool import CONFIG, ScriptedService, attach

REFRESH = "GetTokensFromRefreshToken"


class Full(MemoryStorage):
    """A storage that cannot be written while it is full."""

    __slots__ = ("is_full",)

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.is_full = False

    async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
        if self.is_full:
            raise errors.StorageError("the disk is full")
        return await super().replace(key, value, **arguments)

    def holds(self, text: bytes) -> bool:
        return any(text in entry.value for entry in self._entries.values())


@pytest.fixture(autouse=True)
def long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_retries, "FIRST_PAUSE_SECONDS", 60.0)


@asynccontextmanager
async def held() -> AsyncIterator[tuple[SessionManager, AuthClient, ScriptedService, Full]]:
    """A session whose new tokens are held in the process, and a storage that can be written again."""
    clock = Clock()
    script, storage = ScriptedService(clock), Full(clock)
    async with SessionManager(CONFIG, storage=storage, clock=clock) as sessions:
        attach(sessions, script)
        client = sessions.client(sessions.new_session_key())
        script.only("InitiateAuth", script.tokens(refresh_token="old"))
        await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        script.only(REFRESH, script.tokens(refresh_token="held"))
        clock.advance(3600)
        script.only(REFRESH, script.tokens(refresh_token="held"))
        storage.is_full = True
        assert (await client.fetch_auth_session(credentials=False)).tokens is not None
        assert client.session_id in client._session.context.unsaved
        storage.is_full = False
        script.calls.clear()
        yield sessions, client, script, storage


async def test_closing_stores_unsaved_tokens() -> None:
    async with held() as (_, _, _, storage):
        assert not storage.holds(b'"held"')
    assert storage.holds(b'"held"')


async def test_closing_with_a_storage_that_still_fails_logs_a_warning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_retries, "CLOSING_SECONDS", 0.01)
    async with held() as (_, _, _, storage):
        storage.is_full = True
    assert "closed before its new tokens could be stored" in caplog.text
    assert "held" not in caplog.text.replace("are held", "")


async def test_any_write_of_the_session_stores_unsaved_tokens() -> None:
    async with held() as (_, client, _, storage):
        await client._session.update(lambda record: record)
        await client.rotate_session_key()
        assert storage.holds(b'"held"')
        assert (await client.fetch_auth_session(credentials=False)).tokens is not None
        assert len(client._session.context.unsaved) == 0


async def test_a_sign_out_revokes_unsaved_tokens() -> None:
    async with held() as (_, client, script, _):
        await client.sign_out()
        assert [sent["Token"] for operation, sent in script.calls if operation == "RevokeToken"] == ["held"]
        assert len(client._session.context.unsaved) == 0


async def test_a_sign_out_by_another_process_revokes_unsaved_tokens_at_the_next_attempt() -> None:
    async with held() as (sessions, client, script, storage):
        await storage.delete(client._session.storage_key)
        await sessions.aclose()
        assert [sent["Token"] for operation, sent in script.calls if operation == "RevokeToken"] == ["held"]


async def test_a_session_that_was_moved_meanwhile_is_not_revoked() -> None:
    """Revoking one token of a sign-in ends all of them."""
    async with held() as (sessions, client, script, storage):
        await storage.set(client._session.storage_key, new_mark(), ttl=60)
        await sessions.aclose()
        assert script.operations() == []


def test_the_table_of_unsaved_tokens_is_bounded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(unsaved_tokens, "MAX_UNSAVED", 2)
    tokens = UnsavedTokens()
    for name in ("a", "b", "c"):
        old, new = (StoredTokens(access_token=kind, username="ana") for kind in ("old", "new"))
        tokens.hold(name, old, new)
    assert len(tokens) == 2
    assert "a" not in tokens
    assert "session a: refreshed tokens were dropped" in caplog.text
