"""Every change of privilege moves the session under a fresh key, and the old key opens nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from aiocognito import AuthClient, AuthEvent, FileStorage, MemoryStorage, SessionManager, errors, steps
from aiocognito._session import rekeying
from aiocognito._session.marks import is_mark
from helpers.clock import Clock
from helpers.user_pool import CONFIG, Answer, ScriptedService, attach, challenge, session_entries, signed_in

PASSWORD_AUTH: dict[str, Any] = {"auth_flow_type": "USER_PASSWORD_AUTH"}
TOTP = challenge("SOFTWARE_TOKEN_MFA")
SIGN_UP = {"UserConfirmed": False, "UserSub": "sub-of-ana", "Session": "U" * 20}
REFRESH = "GetTokensFromRefreshToken"


@asynccontextmanager
async def service(storage: Any = None) -> AsyncIterator[tuple[SessionManager, ScriptedService]]:
    """A manager whose sessions change their keys, and its scripted service."""
    clock = Clock()
    script = ScriptedService(clock)
    kept = storage if storage is not None else MemoryStorage(clock=clock)
    async with SessionManager(CONFIG, storage=kept, clock=clock) as sessions:
        attach(sessions, script)
        yield sessions, script


async def opens(sessions: SessionManager, key: str) -> bool:
    """Return whether a key opens anything at all."""
    client = sessions.client(key)
    record = (await client._session.load()).record
    return not record.is_empty


async def sign_in(client: AuthClient, script: ScriptedService, answer: Answer) -> Any:
    script.only("InitiateAuth", answer)
    return await client.sign_in("ana", "secret", **PASSWORD_AUTH)


# Which calls change the key


async def test_each_step_of_a_sign_in_and_its_end_change_the_key() -> None:
    async with service() as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        keys = [client.session_key]
        await sign_in(client, script, TOTP)
        keys.append(client.session_key)
        script.answer("RespondToAuthChallenge", challenge("SMS_MFA", session="T" * 20), script.tokens())
        await client.confirm_sign_in("123456")
        keys.append(client.session_key)
        assert isinstance(await client.get_sign_in_step(), steps.ConfirmSignInWithSmsCode)
        await client.confirm_sign_in("123456")
        keys.append(client.session_key)
        assert len(set(keys)) == 4
        assert [await opens(sessions, key) for key in keys] == [False, False, False, True]
        assert (await sessions.client(keys[-1]).get_current_user()).username == "ana"


async def test_a_refused_answer_keeps_the_key() -> None:
    async with service() as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        await sign_in(client, script, TOTP)
        before = client.session_key
        script.refuse("RespondToAuthChallenge", "CodeMismatchException")
        with pytest.raises(errors.CodeMismatchException):
            await client.confirm_sign_in("000000")
        assert client.session_key == before
        assert await client.get_sign_in_step() == steps.ConfirmSignInWithTotpCode()


@pytest.mark.parametrize("step", [{"is_confirmed": True}, {"is_confirmed": False}])
async def test_a_sign_up_that_a_sign_in_is_to_follow_changes_the_key(step: dict[str, bool]) -> None:
    async with service() as (sessions, script):
        script.answer("SignUp", {**SIGN_UP, "UserConfirmed": step["is_confirmed"]})
        script.answer("ConfirmSignUp", {"Session": "V" * 20})
        client = sessions.client(sessions.new_session_key())
        planted = client.session_key
        await client.sign_up("ana", "secret", auto_sign_in=True)
        signed_up = client.session_key
        assert signed_up != planted
        if not step["is_confirmed"]:
            await client.confirm_sign_up("ana", "123456")
            assert client.session_key != signed_up
        with pytest.raises(errors.AutoSignInException):
            await sessions.client(planted).auto_sign_in(password="secret")
        assert not await opens(sessions, planted)


async def test_a_sign_up_without_an_automatic_sign_in_keeps_the_key() -> None:
    async with service() as (sessions, script):
        script.answer("SignUp", SIGN_UP)
        client = sessions.client(sessions.new_session_key())
        before = client.session_key
        await client.sign_up("ana", "secret")
        await client.confirm_sign_up("ana", "123456")
        assert client.session_key == before


async def test_a_changed_password_changes_the_key_and_a_refused_one_does_not() -> None:
    async with service() as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        await signed_in(client, script)
        before = client.session_key
        script.answer(
            "ChangePassword", errors.service_error("ChangePassword", "NotAuthorizedException", "no")
        )
        with pytest.raises(errors.NotAuthorizedException):
            await client.update_password("wrong", "another")
        assert client.session_key == before
        script.only("ChangePassword", {})
        await client.update_password("secret", "another")
        assert client.session_key != before
        assert not await opens(sessions, before)
        assert (await client.get_current_user()).username == "ana"


@pytest.mark.parametrize("storage", [MemoryStorage, None], ids=["memory", "files"])
async def test_fixed_keys_stay_as_they_are(storage: Any, tmp_path: Any) -> None:
    clock = Clock()
    kept = storage(clock=clock) if storage else FileStorage(tmp_path / "s", encryption_key=None)
    script = ScriptedService(clock)
    async with SessionManager(CONFIG, fixed_keys=True, storage=kept, clock=clock) as sessions:
        attach(sessions, script)
        client = sessions.client("chat 4711")
        await sign_in(client, script, TOTP)
        script.answer("RespondToAuthChallenge", script.tokens())
        await client.confirm_sign_in("123456")
        await client.update_password("secret", "another")
        assert client.session_key == "chat 4711"
        assert (await sessions.client("chat 4711").get_current_user()).username == "ana"


async def test_keys_of_another_form_are_refused_and_the_message_names_the_way_out() -> None:
    async with service() as (sessions, _):
        good = sessions.new_session_key()
        assert sessions.is_session_key(good)
        for bad in ("", "short", good + "A", good[:-1], good[:-1] + "!", good[:-1] + "é", "A" * 600, None, 7):
            assert not sessions.is_session_key(bad)
            with pytest.raises(errors.AuthValidationError):
                sessions.client(bad)  # type: ignore[arg-type]  # that is the test
            with pytest.raises(errors.AuthValidationError):
                await sessions.end(bad)  # type: ignore[arg-type]  # that is the test
        with pytest.raises(errors.AuthValidationError, match="fixed_keys=True"):
            sessions.client("short")


# The order of it


async def test_the_old_key_opens_nothing_when_the_event_comes() -> None:
    async with service() as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        planted, seen = client.session_key, []

        async def look(event: AuthEvent) -> None:
            seen.append((event.session_id, event.previous_session_id, await opens(sessions, planted)))

        client.hub.listen(look)
        before = client.session_id
        await signed_in(client, script)
        assert seen == [(client.session_id, before, False)]


async def test_listeners_follow_a_client_to_its_new_key() -> None:
    async with service() as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        names: list[str] = []
        client.hub.listen(lambda event: names.append(event.name))
        await signed_in(client, script)
        await client.sign_out()
        assert names == ["signedIn", "signedOut"]


async def test_the_new_record_is_written_before_the_mark() -> None:
    class Watched(MemoryStorage):
        def __init__(self) -> None:
            super().__init__(clock=Clock())
            self.order: list[tuple[str, bool]] = []

        async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
            self.order.append((key.rpartition(":")[2], is_mark(value)))
            return await super().replace(key, value, **arguments)

    storage = Watched()
    async with service(storage) as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        old = client.session_id
        await signed_in(client, script)
        assert storage.order[-2:] == [(client.session_id, False), (old, True)]


async def test_a_session_on_files_has_its_full_lifetime_after_the_move(tmp_path: Any) -> None:
    now = Clock()
    storage = FileStorage(tmp_path / "s", encryption_key=None, clock=now)
    script = ScriptedService(now)
    async with SessionManager(CONFIG, storage=storage, clock=now) as sessions:
        attach(sessions, script)
        client = sessions.client(sessions.new_session_key())
        await signed_in(client, script, life=10 * 86_400)
        now.advance(rekeying.UNDECIDED_SECONDS + 1)
        assert (await sessions.client(client.session_key).get_current_user()).username == "ana"


# Two at once


@pytest.mark.parametrize("one_client", [True, False], ids=["one client", "two clients"])
async def test_only_one_of_two_concurrent_sign_ins_succeeds(one_client: bool) -> None:
    async with service() as (sessions, script):
        first = sessions.client(sessions.new_session_key())
        second = first if one_client else sessions.client(first.session_key)
        gate = script.hold("InitiateAuth")
        script.only("InitiateAuth", script.tokens(refresh_token="r1"), script.tokens(refresh_token="r2"))
        tasks = [
            asyncio.create_task(client.sign_in("ana", "secret", **PASSWORD_AUTH))
            for client in (first, second)
        ]
        while len(script.calls) < 2:
            script.arrived["InitiateAuth"].clear()
            await script.arrived["InitiateAuth"].wait()
        gate.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        lost = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert [type(error) for error in lost] == [errors.SignInException]
        assert errors.http_status_for(lost[0]) == 409  # type: ignore[arg-type]  # as asserted above
        winner = second if outcomes[0] is lost[0] else first
        assert (await sessions.client(winner.session_key).get_current_user()).username == "ana"
        revoked = [sent["Token"] for operation, sent in script.calls if operation == "RevokeToken"]
        assert len(revoked) == 1, "the tokens of the sign-in that lost"


async def test_an_answer_with_the_old_key_raises_with_the_suggestion_to_reload() -> None:
    async with service() as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        await sign_in(client, script, TOTP)
        late = sessions.client(client.session_key)
        script.answer("RespondToAuthChallenge", script.tokens())
        await client.confirm_sign_in("123456")
        with pytest.raises(errors.SignInException) as caught:
            await late.confirm_sign_in("123456")
        assert "Reload" in (caught.value.recovery_suggestion or "")


async def test_a_sign_in_begun_after_the_move_works_under_the_old_key() -> None:
    """A mark that was there when the sign-in began does not mean that another caller moved the session."""
    async with service() as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        old = client.session_key
        await signed_in(client, script)
        again = sessions.client(old)
        await signed_in(again, script, username="ben")
        assert (await again.get_current_user()).username == "ben"
        assert (await client.get_current_user()).username == "ana"


async def test_a_client_that_moves_its_session_serves_its_other_calls() -> None:
    async with service() as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        await signed_in(client, script)
        moves = asyncio.gather(*(client.rotate_session_key() for _ in range(5)))
        users = await asyncio.gather(*(client.get_current_user() for _ in range(20)))
        keys = await moves
        assert {user.username for user in users} == {"ana"}
        assert client.session_key in keys
        assert await opens(sessions, client.session_key)


async def test_a_sign_out_during_a_move_ends_the_session() -> None:
    async with service() as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        await signed_in(client, script)
        await asyncio.gather(client.rotate_session_key(), client.sign_out())
        assert (await client.fetch_auth_session()).tokens is None
        assert not await opens(sessions, client.session_key)


# Storages that fail


class Failing(MemoryStorage):
    """Fails at writes of sessions, before or after they took effect."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.fails: dict[int, str] = {}
        self.count = 0
        self.unreadable = False

    async def get(self, key: str) -> bytes | None:
        if self.unreadable:
            raise errors.StorageError("unreadable")
        return await super().get(key)

    async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
        self.count += ":session:" in key
        how = self.fails.get(self.count) if ":session:" in key else None
        if how == "before":
            raise errors.StorageError("before the write")
        written = await super().replace(key, value, **arguments)
        if how is not None:
            self.unreadable = how == "unknown"
            raise errors.StorageError("after the write")
        return written


@pytest.mark.parametrize("how", ["before", "after", "unknown"])
@pytest.mark.parametrize("index", [1, 2])
async def test_a_storage_that_fails_in_the_middle_of_a_move_leaves_one_session_or_none(
    how: str, index: int
) -> None:
    storage = Failing(Clock())
    async with service(storage) as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        before = client.session_key
        storage.fails = {storage.count + index: how}
        script.only("InitiateAuth", script.tokens())
        if how == "after":
            # The record, or the mark, stands: the storage can be read, and says so.
            assert (await client.sign_in("ana", "secret", **PASSWORD_AUTH)).is_signed_in
            assert (await client.get_current_user()).username == "ana"
            return
        with pytest.raises(errors.StorageError):
            await client.sign_in("ana", "secret", **PASSWORD_AUTH)
        storage.unreadable = False
        assert client.session_key == before
        assert script.operations()[-1] == "RevokeToken"
        live = [key for key, entry in session_entries(storage).items() if not is_mark(entry.value)]
        assert [key for key in live if index == 2] == [], "the new record is deleted again"


# Step-up


async def test_a_session_serves_until_its_replacement_is_complete() -> None:
    async with service() as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        await signed_in(client, script, refresh_token="old")
        with pytest.raises(errors.UserAlreadyAuthenticatedException):
            await sign_in(client, script, TOTP)
        script.only("InitiateAuth", TOTP)
        await client.sign_in("ana", "secret", replace=True, **PASSWORD_AUTH)
        assert (await client.get_current_user()).username == "ana"
        script.answer("RespondToAuthChallenge", script.tokens(username="ben", refresh_token="new"))
        await client.confirm_sign_in("123456")
        assert (await client.get_current_user()).username == "ben"
        await sessions.aclose()
        revoked = [sent["Token"] for operation, sent in script.calls if operation == "RevokeToken"]
        assert revoked == ["old"]


async def test_a_step_up_that_fails_leaves_the_session_as_it_was() -> None:
    async with service() as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        await signed_in(client, script)
        before = client.session_key
        script.refuse("InitiateAuth", "NotAuthorizedException", "Incorrect username or password.")
        with pytest.raises(errors.NotAuthorizedException):
            await client.sign_in("ana", "wrong", replace=True, **PASSWORD_AUTH)
        assert client.session_key == before
        assert (await client.get_current_user()).username == "ana"


# Beside a refresh


async def test_a_move_waits_for_a_refresh_and_takes_its_tokens_along() -> None:
    async with service() as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        await signed_in(client, script)
        gate = script.hold(REFRESH)
        script.answer(REFRESH, script.tokens(refresh_token="r2"))
        refresh = asyncio.create_task(client.fetch_auth_session(force_refresh=True))
        await script.arrived[REFRESH].wait()
        move = asyncio.create_task(client.rotate_session_key())
        await asyncio.sleep(0.01)
        assert not move.done()
        gate.set()
        assert (await refresh).tokens is not None
        await move
        stored = (await client._session.load()).record.tokens
        assert stored is not None
        assert stored.refresh_token == "r2"


async def test_a_move_gives_up_on_a_lock_that_another_process_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rekeying, "LOCK_SECONDS", 0.0)
    async with service() as (sessions, script):
        client = sessions.client(sessions.new_session_key())
        await signed_in(client, script)
        before = client.session_key
        async with client._session.context.storage.lock(client._session.storage_key):
            with pytest.raises(errors.SessionBusyError):
                await client.rotate_session_key()
        assert client.session_key == before
        assert (await client.get_current_user()).username == "ana"
