"""All sessions of a user: listed, ended one at a time or together, and by a sign-out or a new password."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from aiocognito import AuthClient, AuthEvent, MemoryStorage, SessionInfo, SessionManager, errors
from aiocognito._session import index_record, name_index, user_index, user_sessions
from helpers.clock import NOW, Clock
from helpers.user_pool import CONFIG, ScriptedService, attach, challenge, scripted_client, signed_in

PASSWORD_AUTH: dict[str, Any] = {"auth_flow_type": "USER_PASSWORD_AUTH"}
DAY = 86_400
ANA, BEN = "sub-of-ana", "sub-of-ben"


class Service:
    """A manager, its scripted service and the clock of both."""

    def __init__(self, sessions: SessionManager, storage: MemoryStorage, clock: Clock) -> None:
        self.sessions, self.storage, self.clock = sessions, storage, clock
        self.script = ScriptedService(clock)
        attach(sessions, self.script)
        self.events: list[AuthEvent] = []
        self.refresh_tokens: dict[AuthClient, str] = {}
        sessions.hub.listen(self.events.append)

    async def sign_in(
        self, username: str = "ana", entered: str | None = None, life: float = 400 * DAY, **tokens: Any
    ) -> AuthClient:
        """Sign a user in on a new browser."""
        auth = self.sessions.client(self.sessions.new_session_key())
        self.refresh_tokens[auth] = tokens.setdefault("refresh_token", f"refresh-{len(self.refresh_tokens)}")
        self.script.only("InitiateAuth", self.script.tokens(username=username, life=life, **tokens))
        assert (await auth.sign_in(entered or username, "secret", **PASSWORD_AUTH)).is_signed_in
        self.script.calls.clear()
        self.events.clear()
        return auth

    def revoked(self) -> list[str]:
        return sorted(sent["Token"] for operation, sent in self.script.calls if operation == "RevokeToken")

    async def ids(self, user_id: str = ANA) -> set[str]:
        return {info.session_id for info in await self.sessions.list_user(user_id)}


@asynccontextmanager
async def service(**arguments: Any) -> AsyncIterator[Service]:
    clock = Clock()
    storage = arguments.pop("storage", None) or MemoryStorage(clock=clock)
    async with SessionManager(CONFIG, storage=storage, clock=clock, **arguments) as sessions:
        yield Service(sessions, storage, clock)


async def works(auth: AuthClient) -> bool:
    """Return whether a session's key opens it, for a client of its own."""
    return (await auth.fetch_auth_session(credentials=False)).tokens is not None


# Listing


async def test_the_sessions_of_a_user_are_listed_with_the_one_used_last_first() -> None:
    async with service() as s:
        assert await s.sessions.list_user(ANA) == []
        first = await s.sign_in()
        s.clock.advance(3 * DAY)
        second = await s.sign_in()
        await s.sign_in("ben")
        assert await s.sessions.list_user(ANA, current=first.session_id) == [
            SessionInfo(second.session_id, NOW + 3 * DAY, NOW + 3 * DAY, "ana", current=False),
            SessionInfo(first.session_id, NOW, NOW, "ana", current=True),
        ]
        assert [info.username for info in await s.sessions.list_user(BEN)] == ["ben"]


async def test_a_use_is_seen_within_a_day() -> None:
    async with service() as s:
        auth = await s.sign_in()
        s.clock.advance(1.5 * DAY)
        assert await works(auth)
        (info,) = await s.sessions.list_user(ANA)
        assert (info.created_at, info.last_used_at) == (NOW, NOW + 1.5 * DAY)


def test_a_listed_session_is_json_ready_and_says_nothing_about_the_user_but_the_username() -> None:
    info = SessionInfo("id", 1.0, 2.0, "ana", current=True)
    document = {"sessionId": "id", "createdAt": 1.0, "lastUsedAt": 2.0, "username": "ana", "current": True}
    assert json.loads(json.dumps(info.to_dict())) == document
    with pytest.raises(AttributeError):
        info.current = False  # type: ignore[misc]  # frozen at run time, too


async def test_signed_out_and_expired_sessions_are_not_listed() -> None:
    async with service(session_ttl=timedelta(days=2)) as s:
        signed_out, expired = await s.sign_in(), await s.sign_in()
        await signed_out.sign_out()
        assert await s.ids() == {expired.session_id}
        s.clock.advance(2 * DAY + 1)
        assert await s.ids() == set()
        assert (await s.sign_in()).session_id in await s.ids()


async def test_a_session_that_is_too_old_is_not_listed() -> None:
    async with service(max_session_age=timedelta(days=7)) as s:
        await s.sign_in()
        s.clock.advance(7 * DAY + 1)
        assert await s.ids() == set()


async def test_a_session_in_the_middle_of_its_sign_in_is_not_listed() -> None:
    async with service() as s:
        auth = s.sessions.client(s.sessions.new_session_key())
        s.script.only("InitiateAuth", challenge("SOFTWARE_TOKEN_MFA"))
        await auth.sign_in("ana", "secret", **PASSWORD_AUTH)
        assert await s.ids() == set()
        s.script.only("RespondToAuthChallenge", s.script.tokens())
        await auth.confirm_sign_in("123456")
        assert await s.ids() == {auth.session_id}


async def test_a_moved_session_is_listed_once_under_its_new_id() -> None:
    async with service() as s:
        auth = await s.sign_in()
        await auth.rotate_session_key()
        assert await s.ids() == {auth.session_id}
        index = await user_index.load(s.sessions._context, ANA)
        assert index is not None
        assert set(index.entries) == {auth.session_id}


@pytest.mark.parametrize("user_id", ["", None, 7, "\ud800"])
async def test_a_user_id_that_is_not_text_is_refused(user_id: Any) -> None:
    async with service() as s:
        for call in (s.sessions.list_user, s.sessions.end_user, lambda u: s.sessions.end_session(u, "id")):
            with pytest.raises(errors.AuthValidationError, match="user_id"):
                await call(user_id)


# Ending


async def test_ending_a_user_ends_every_session_and_revokes_it() -> None:
    async with service() as s:
        mine = [await s.sign_in() for _ in range(3)]
        ben = await s.sign_in("ben")
        assert await s.sessions.end_user(ANA) == 3
        assert [await works(auth) for auth in mine] == [False] * 3
        assert await works(ben)
        assert s.revoked() == [s.refresh_tokens[auth] for auth in mine]
        assert {(event.name, event.session_id) for event in s.events} == {
            ("signedOut", auth.session_id) for auth in mine
        }
        assert await s.ids() == set()
        assert await s.sessions.end_user(ANA) == 0
        assert await s.ids(BEN) == {ben.session_id}


async def test_the_kept_session_goes_on_also_after_it_was_moved() -> None:
    async with service() as s:
        kept, other = await s.sign_in(), await s.sign_in()
        shown = kept.session_id
        await kept.rotate_session_key()
        assert await s.sessions.end_user(ANA, keep=shown) == 1
        assert await works(kept)
        assert not await works(other)
        assert await s.sessions.end_user(ANA, keep=kept.session_id) == 0
        assert await s.sessions.end_user(ANA, keep="unknown") == 1
        assert not await works(kept)


async def test_one_session_is_ended_and_only_its_users() -> None:
    async with service() as s:
        first, second, ben = await s.sign_in(), await s.sign_in(), await s.sign_in("ben")
        assert not await s.sessions.end_session(ANA, ben.session_id)
        assert not await s.sessions.end_session(BEN, first.session_id)
        assert not await s.sessions.end_session(ANA, "not an id")
        assert not await s.sessions.end_session(ANA, first.session_key)
        assert s.script.calls == []
        assert s.events == []
        assert await s.sessions.end_session(ANA, first.session_id)
        assert not await s.sessions.end_session(ANA, first.session_id)
        assert [await works(auth) for auth in (first, second, ben)] == [False, True, True]
        assert s.revoked() == [s.refresh_tokens[first]]
        assert [(event.name, event.session_id) for event in s.events] == [("signedOut", first.session_id)]


async def test_a_session_is_ended_by_the_id_that_it_had_on_the_page() -> None:
    async with service() as s:
        auth = await s.sign_in()
        shown = auth.session_id
        await auth.rotate_session_key()
        assert await s.sessions.end_session(ANA, shown)
        assert not await works(auth)


@pytest.mark.parametrize("keep", ["", 7])
async def test_a_kept_id_that_is_not_text_is_refused(keep: Any) -> None:
    async with service() as s:
        with pytest.raises(errors.AuthValidationError, match="keep"):
            await s.sessions.end_user(ANA, keep=keep)


async def test_sessions_end_although_cognito_refuses_to_revoke_them() -> None:
    async with service() as s:
        mine = [await s.sign_in() for _ in range(2)]
        s.script.refuse("RevokeToken", "TooManyRequestsException")
        assert await s.sessions.end_user(ANA) == 2
        assert [await works(auth) for auth in mine] == [False, False]
        assert s.script.operations() == ["RevokeToken", "RevokeToken"]


async def test_an_outage_of_cognito_costs_one_round_of_requests(caplog: pytest.LogCaptureFixture) -> None:
    async with service() as s:
        count = user_sessions.CONCURRENT_REVOCATIONS + 5
        for _ in range(count):
            await s.sign_in()
        s.script.only("RevokeToken", errors.NetworkError("no route", request_sent=False))
        assert await s.sessions.end_user(ANA) == count
        assert 1 <= len(s.script.calls) <= user_sessions.CONCURRENT_REVOCATIONS
        assert f"not all tokens of {count} ended sessions could be revoked" in caplog.text


async def test_tokens_that_cannot_be_revoked_are_not_sent() -> None:
    async with service() as s:
        await s.sign_in(access={"origin_jti": None})
        auth = s.sessions.client(s.sessions.new_session_key())
        tokens = s.script.tokens(life=400 * DAY, refresh_token=None)
        s.script.only("InitiateAuth", tokens)
        await auth.sign_in("ana", "secret", **PASSWORD_AUTH)
        s.script.calls.clear()
        assert await s.sessions.end_user(ANA) == 2
        assert len(s.script.calls) <= 1


async def test_another_users_session_under_the_same_fixed_key_stays() -> None:
    async with service(fixed_keys=True) as s:
        chat = s.sessions.client("chat 7")
        await signed_in(chat, s.script, life=400 * DAY)
        await chat.sign_out()
        await signed_in(chat, s.script, username="ben", life=400 * DAY)
        assert await s.ids() == set()
        assert await s.ids(BEN) == {chat.session_id}
        assert await s.sessions.end_user(ANA) == 0
        assert not await s.sessions.end_session(ANA, chat.session_id)
        assert await works(chat)
        assert await s.sessions.end_user(BEN) == 1
        assert not await works(chat)


async def test_a_step_up_to_another_user_leaves_the_first_users_index() -> None:
    for fixed in (True, False):
        async with service(fixed_keys=fixed) as s:
            auth = await s.sign_in()
            s.script.only("InitiateAuth", s.script.tokens(username="ben", life=400 * DAY))
            await auth.sign_in("ben", "secret", **PASSWORD_AUTH, replace=True)
            index = await user_index.load(s.sessions._context, ANA)
            assert index is not None
            assert dict(index.entries) == {}
            assert await s.ids(BEN) == {auth.session_id}
            assert await s.sessions.end_user(ANA) == 0
            assert await works(auth)


async def test_a_client_of_its_own_writes_no_index() -> None:
    async with scripted_client() as (client, script, _):
        await signed_in(client, script)
        (key,) = client._session.context.storage._entries  # type: ignore[attr-defined]  # the storage is in memory
        assert ":session:" in key
        script.only("ConfirmForgotPassword", {})
        await client.confirm_reset_password("ana", "new", "123456")
        assert await works(client)
        assert (await client.sign_out(global_sign_out=True)).revoked


# Global sign-out, deletion, password reset


async def test_a_global_sign_out_ends_the_other_sessions_and_revokes_them_once() -> None:
    async with service() as s:
        mine, ben = [await s.sign_in() for _ in range(3)], await s.sign_in("ben")
        assert (await mine[0].sign_out(global_sign_out=True)).revoked
        assert [await works(auth) for auth in mine] == [False] * 3
        assert s.script.operations() == ["GlobalSignOut"]
        assert [event.session_id for event in s.events][-1] == mine[0]._session.session_id
        assert {event.session_id for event in s.events} == {auth.session_id for auth in mine}
        assert await works(ben)


async def test_a_refused_global_sign_out_revokes_each_session() -> None:
    async with service() as s:
        mine = [await s.sign_in() for _ in range(2)]
        s.script.refuse("GlobalSignOut", "TooManyRequestsException")
        result = await mine[0].sign_out(global_sign_out=True)
        assert isinstance(result.error, errors.TooManyRequestsException)
        assert [await works(auth) for auth in mine] == [False, False]
        assert s.revoked() == [s.refresh_tokens[auth] for auth in mine]


async def test_an_ordinary_sign_out_leaves_the_other_sessions() -> None:
    async with service() as s:
        first, second = await s.sign_in(), await s.sign_in()
        await first.sign_out()
        assert await works(second)
        await s.sessions.end(second.session_key)
        assert await s.ids() == set()


async def test_a_global_sign_out_of_a_signed_out_session_ends_nothing() -> None:
    async with service() as s:
        other = await s.sign_in()
        await s.sessions.client(s.sessions.new_session_key()).sign_out(global_sign_out=True)
        assert await works(other)


async def test_deleting_the_account_ends_all_of_its_sessions() -> None:
    async with service() as s:
        mine, ben = [await s.sign_in() for _ in range(2)], await s.sign_in("ben")
        await mine[0].delete_user()
        assert [await works(auth) for auth in mine] == [False, False]
        assert await works(ben)
        assert s.script.operations() == ["DeleteUser"]


@pytest.mark.parametrize("entered", ["ana", "ANA", "ana@example.com", "Ana@Example.com"])
async def test_a_password_reset_ends_the_sessions_of_the_user_that_the_name_leads_to(entered: str) -> None:
    async with service() as s:
        mine = [await s.sign_in(entered="ana@example.com"), await s.sign_in()]
        ben = await s.sign_in("ben")
        reset = s.sessions.client(s.sessions.new_session_key())
        s.script.only("ConfirmForgotPassword", {})
        await reset.confirm_reset_password(entered, "new", "123456")
        assert [await works(auth) for auth in mine] == [False, False]
        assert await works(ben)
        assert len(s.revoked()) == 2


@pytest.mark.parametrize("entered", ["ａna", "ªna", " ana", "ana "])
async def test_a_password_reset_of_a_name_that_looks_alike_ends_nothing(entered: str) -> None:
    async with service() as s:
        auth = await s.sign_in()
        reset = s.sessions.client(s.sessions.new_session_key())
        await reset.confirm_reset_password(entered, "new", "123456")
        assert await works(auth)
        assert s.revoked() == []


async def test_a_password_reset_in_a_session_of_the_user_keeps_that_session() -> None:
    async with service() as s:
        this, other = await s.sign_in(), await s.sign_in()
        await this.confirm_reset_password("ana", "new", "123456")
        assert await works(this)
        assert not await works(other)


async def test_a_refused_password_reset_ends_nothing() -> None:
    async with service() as s:
        auth = await s.sign_in()
        s.script.refuse("ConfirmForgotPassword", "CodeMismatchException")
        with pytest.raises(errors.CodeMismatchException):
            await s.sessions.client(s.sessions.new_session_key()).confirm_reset_password("ana", "n", "1")
        assert await works(auth)


async def test_a_name_that_leads_to_no_user_ends_nothing() -> None:
    async with service() as s:
        auth = await s.sign_in()
        reset = s.sessions.client(s.sessions.new_session_key())
        await reset.confirm_reset_password("+15550100", "new", "123456")
        assert await works(auth)
        assert s.script.operations() == ["ConfirmForgotPassword"]


async def test_of_names_that_differ_by_case_alone_only_the_exact_one_counts() -> None:
    async with service() as s:
        upper, lower = await s.sign_in("Ana"), await s.sign_in("ana")
        reset = s.sessions.client(s.sessions.new_session_key())
        await reset.confirm_reset_password("ANA", "new", "123456")
        assert [await works(auth) for auth in (upper, lower)] == [True, True]
        await reset.confirm_reset_password("Ana", "new", "123456")
        assert [await works(auth) for auth in (upper, lower)] == [False, True]


async def test_a_changed_password_leaves_the_other_sessions() -> None:
    async with service() as s:
        this, other = await s.sign_in(), await s.sign_in()
        await this.update_password("secret", "another")
        assert await works(other)
        assert await s.sessions.end_user(ANA, keep=this.session_id) == 1
        assert await works(this)


# What is stored


async def test_storage_keys_show_neither_user_nor_name() -> None:
    async with service() as s:
        await s.sign_in(entered="ana@example.com")
        kinds = sorted(key.split(":")[1] for key in s.storage._entries if ":session:" not in key)
        assert kinds == ["name", "name", "user"]
        for key in s.storage._entries:
            assert "ana" not in key.lower().replace("client", "")
            assert ANA not in key


async def test_the_index_lives_longer_than_the_records() -> None:
    async with service(session_ttl=timedelta(days=8)) as s:
        auth = await s.sign_in()
        for _ in range(60):
            s.clock.advance(DAY)
            assert await works(auth)
            assert await s.ids() == {auth.session_id}
        s.clock.advance(8 * DAY - 1)
        assert await s.ids() == {auth.session_id}
        reset = s.sessions.client(s.sessions.new_session_key())
        await reset.confirm_reset_password("ana", "new", "123456")
        assert not await works(auth)


async def test_warm_calls_and_refreshes_do_not_read_the_index() -> None:
    class Watched(MemoryStorage):
        def __init__(self, **arguments: Any) -> None:
            super().__init__(**arguments)
            self.kinds: set[str] = set()

        async def get(self, key: str) -> bytes | None:
            self.kinds.add(key.split(":")[1])
            return await super().get(key)

    clock = Clock()
    storage = Watched(clock=clock)
    async with service(storage=storage) as s:
        s.script.clock = s.sessions._context.clock  # type: ignore[assignment]  # the same clock
        auth = await s.sign_in(life=3600)
        storage.kinds.clear()
        for _ in range(3):
            assert await works(auth)
        s.script.only("GetTokensFromRefreshToken", s.script.tokens(life=3600))
        await auth.fetch_auth_session(force_refresh=True, credentials=False)
        assert s.script.operations() == ["GetTokensFromRefreshToken"]
        assert storage.kinds == {"session"}


async def test_a_session_of_an_older_version_is_listed_after_its_next_write() -> None:
    async with service() as s:
        auth = await s.sign_in()
        for key in [key for key in s.storage._entries if ":session:" not in key]:
            await s.storage.delete(key)
        record = (await auth._session.load()).record
        document = json.loads(s.storage._entries[auth._session.storage_key].value)
        assert document.pop("indexed_at") == record.indexed_at
        await s.storage.set(auth._session.storage_key, json.dumps(document).encode(), ttl=30 * DAY)
        assert await s.ids() == set()
        s.clock.advance(DAY + 1)
        assert await works(auth)
        assert await s.ids() == {auth.session_id}
        assert await s.sessions.end_user(ANA) == 1


async def test_a_session_whose_index_was_lost_is_ended_by_its_id() -> None:
    async with service() as s:
        auth = await s.sign_in()
        await s.storage.delete(user_index.index_key(s.sessions._context, ANA))
        assert not await s.sessions.end_session(BEN, auth.session_id)
        assert await s.sessions.end_session(ANA, auth.session_id)
        assert not await works(auth)


async def test_an_entry_without_a_record_is_pruned_after_a_minute() -> None:
    async with service() as s:
        auth = await s.sign_in()
        context = s.sessions._context
        await user_index.enter(context, ANA, "left behind")

        async def entries() -> set[str]:
            index = await user_index.load(context, ANA)
            return set(index.entries) if index is not None else set()

        assert await s.ids() == {auth.session_id}
        assert await entries() == {auth.session_id, "left behind"}
        s.clock.advance(61)
        assert await s.ids() == {auth.session_id}
        assert await entries() == {auth.session_id}


async def test_a_sign_in_parses_the_index_once_unless_it_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    load_index = index_record.load_index

    def counted(data: bytes) -> Any:
        parsed.append(data)
        return load_index(data)

    async with service() as s:
        await s.sign_in()
        monkeypatch.setattr(user_index, "load_index", counted)
        await s.sign_in()
        assert len(parsed) == 1

        place = await user_index.enter(s.sessions._context, ANA, "another machine's")
        assert place is not None
        parsed.clear()
        assert await user_index.is_confirmed(s.sessions._context, place)
        assert not parsed
        await user_index.mark(s.sessions._context, ANA, lambda each, _: each == "another machine's")
        parsed.clear()
        assert not await user_index.is_confirmed(s.sessions._context, place)
        assert len(parsed) == 1


async def test_a_session_that_cognito_ended_leaves_the_index() -> None:
    async with service() as s:
        auth, other = await s.sign_in(life=3600), await s.sign_in()
        s.script.refuse("GetTokensFromRefreshToken", "NotAuthorizedException", "Refresh Token has expired")
        s.clock.advance(3700)
        with pytest.raises(errors.UserUnAuthenticatedException):
            await auth.get_current_user()
        index = await user_index.load(s.sessions._context, ANA)
        assert index is not None
        assert set(index.entries) == {other.session_id}


async def test_an_index_of_another_version_is_left_as_it_is() -> None:
    async with service() as s:
        auth = await s.sign_in()
        for key in [key for key in s.storage._entries if ":session:" not in key]:
            value = json.loads(s.storage._entries[key].value)
            await s.storage.set(key, json.dumps({**value, "version": 2}).encode())
        with pytest.raises(errors.StorageError, match="another version"):
            await s.sessions.list_user(ANA)
        with pytest.raises(errors.StorageError, match="another version"):
            await s.sessions.end_user(ANA)
        with pytest.raises(errors.StorageError, match="another version"):
            await s.sign_in()
        assert await works(auth)


DAMAGED = [
    b"no JSON",
    b"[]",
    b"{}",
    b'{"version":1}',
    b'{"version":1,"epoch":7,"entries":{}}',
    b'{"version":1,"epoch":"e","entries":{},"ended_at":"x"}',
]


@pytest.mark.parametrize("damaged", DAMAGED)
async def test_an_index_that_cannot_be_parsed_is_replaced_by_a_sign_in(damaged: bytes) -> None:
    async with service() as s:
        await s.storage.set(user_index.index_key(s.sessions._context, ANA), damaged)
        assert await s.ids() == set()
        auth = await s.sign_in()
        assert await s.ids() == {auth.session_id}


@pytest.mark.parametrize("damaged", DAMAGED)
async def test_sessions_whose_index_cannot_be_parsed_do_not_count_as_ended(damaged: bytes) -> None:
    async with service() as s:
        auth = await s.sign_in()
        where = user_index.index_key(s.sessions._context, ANA)
        await s.storage.set(where, damaged)
        reset = s.sessions.client(s.sessions.new_session_key())
        endings: list[Callable[[], Awaitable[object]]] = [
            lambda: s.sessions.end_user(ANA),
            lambda: s.sessions.end_session(ANA, reset.session_id),
            lambda: auth.sign_out(global_sign_out=True),
            lambda: reset.confirm_reset_password("ana", "new", "123456"),
        ]
        for ending in endings:
            with pytest.raises(errors.StorageError, match="list of the user's sessions") as caught:
                await ending()
            assert not caught.value.retryable
            assert where in (caught.value.recovery_suggestion or "")
        assert await s.storage.get(where) == damaged
        assert await works(auth)


@pytest.mark.parametrize(
    "damaged", [b"no JSON", b"[]", b"{}", b'{"version":1}', b'{"version":1,"users":[7]}']
)
async def test_users_of_a_name_that_cannot_be_parsed_are_not_passed_over(damaged: bytes) -> None:
    async with service() as s:
        auth = await s.sign_in()
        where = name_index.name_key(s.sessions._context, "ana")
        await s.storage.set(where, damaged)
        reset = s.sessions.client(s.sessions.new_session_key())
        with pytest.raises(errors.StorageError, match="users of the name"):
            await reset.confirm_reset_password("ana", "new", "123456")
        assert await works(auth)
        await s.sign_in()
        await s.sessions.client(s.sessions.new_session_key()).confirm_reset_password("ana", "n", "123456")
        assert await s.ids() == set()


async def test_members_that_a_newer_version_wrote_are_preserved() -> None:
    async with service() as s:
        auth = await s.sign_in()
        where = user_index.index_key(s.sessions._context, ANA)
        document = json.loads(s.storage._entries[where].value)
        document["later"] = 1
        document["entries"][auth.session_id]["later"] = 2
        await s.storage.set(where, json.dumps(document).encode())
        await s.sign_in()
        written = json.loads(s.storage._entries[where].value)
        assert written["later"] == 1
        assert written["entries"][auth.session_id]["later"] == 2


async def test_no_secret_is_in_the_index() -> None:
    async with service() as s:
        auth = await s.sign_in(entered="ana@example.com")
        written = b"".join(entry.value for key, entry in s.storage._entries.items() if ":session:" not in key)
        for secret in (auth.session_key, "refresh-0", "secret", "ana@example.com"):
            assert secret.encode() not in written


async def test_many_sessions_end_in_few_rounds() -> None:
    async with service() as s:
        mine = [await s.sign_in() for _ in range(100)]
        assert len(await s.ids()) == 100
        assert await s.sessions.end_user(ANA, keep=mine[7].session_id) == 99
        assert await s.ids() == {mine[7].session_id}


async def test_two_calls_at_once_end_each_session_once() -> None:
    async with service() as s:
        for _ in range(20):
            await s.sign_in()
        counts = await asyncio.gather(s.sessions.end_user(ANA), s.sessions.end_user(ANA))
        assert sum(counts) == 20
        assert len(s.revoked()) == 20


class LostDeletes(MemoryStorage):
    """Loses the response to the first delete of each session's record."""

    def __init__(self, *, is_sent_again: bool) -> None:
        super().__init__(clock=Clock())
        self.is_sent_again = is_sent_again
        self.is_unreadable = False

    async def get(self, key: str) -> bytes | None:
        await asyncio.sleep(0)
        if self.is_unreadable:
            raise errors.StorageError("unreachable")
        return await super().get(key)

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        await asyncio.sleep(0)
        is_done = await super().replace(key, value, expected=expected, ttl=ttl)
        if value is not None or ":session:" not in key or not is_done:
            return is_done
        if not self.is_sent_again:
            raise errors.StorageError("the response was lost")
        return await super().replace(key, value, expected=expected, ttl=ttl)


@pytest.mark.parametrize("is_sent_again", [False, True])
async def test_a_delete_whose_response_was_lost_revokes_the_tokens(is_sent_again: bool) -> None:
    async with service(storage=LostDeletes(is_sent_again=is_sent_again)) as s:
        mine = [await s.sign_in() for _ in range(4)]
        assert (await mine[0].sign_out()).revoked
        user_id, session_id = ANA, mine[1].session_id
        assert await s.sessions.end_session(user_id, session_id)
        assert await s.sessions.end_user(user_id) == 2
        assert s.revoked() == [f"refresh-{number}" for number in range(4)]
        assert len(s.events) == 4


@pytest.mark.parametrize("is_deleted", [True, False])
@pytest.mark.parametrize("ends", ["sign_out", "end_session", "end_user"])
async def test_a_delete_whose_outcome_is_unknown_raises_and_revokes_once_it_is_known(
    ends: str, is_deleted: bool
) -> None:
    storage = LostDeletes(is_sent_again=False)
    async with service(storage=storage) as s:
        auth = await s.sign_in()
        write = storage.replace

        async def cut(*arguments: Any, **options: Any) -> bool:
            is_delete = ":session:" in arguments[0] and arguments[1] is None
            if not is_delete or is_deleted:
                try:
                    return await write(*arguments, **options)
                except errors.StorageError:
                    pass
            storage.is_unreadable = True
            raise errors.StorageError("the response was lost")

        async def end() -> object:
            if ends == "sign_out":
                return await auth.sign_out()
            if ends == "end_session":
                return await s.sessions.end_session(ANA, auth.session_id)
            return await s.sessions.end_user(ANA)

        storage.replace = cut  # type: ignore[method-assign]  # a fault
        with pytest.raises(errors.StorageError, match="response was lost"):
            await end()
        assert s.revoked() == []
        storage.is_unreadable = False
        await asyncio.gather(*s.sessions._context._background_saves.values())
        assert await works(auth) is not is_deleted
        assert s.revoked() == (["refresh-0"] if is_deleted else [])
        storage.replace = write  # type: ignore[method-assign]  # the fault is over
        storage.is_sent_again = True
        await end()
        assert not await works(auth)
        assert s.revoked() == ["refresh-0"]


async def test_a_sign_in_that_began_before_the_sessions_were_ended_and_is_stored_later_is_ended() -> None:
    async with service() as s:
        auth = s.sessions.client(s.sessions.new_session_key())
        s.script.only("InitiateAuth", s.script.tokens(username="ana", refresh_token="early"))
        gate = s.script.hold("InitiateAuth")
        signing_in = asyncio.ensure_future(auth.sign_in("ana", "secret", **PASSWORD_AUTH))
        await s.script.arrived["InitiateAuth"].wait()
        s.clock.advance(0.001)
        assert await s.sessions.end_user(ANA) == 0  # also where no session is listed
        gate.set()
        with pytest.raises(errors.SignInException, match="ended during the sign-in"):
            await signing_in
        assert not await works(auth)
        assert s.revoked() == ["early"]
        assert await works(await s.sign_in())


async def test_a_step_up_of_the_session_that_is_spared_goes_on() -> None:
    async with service() as s:
        auth = await s.sign_in()
        gate = s.script.hold("InitiateAuth")
        signing_in = asyncio.ensure_future(auth.sign_in("ana", "secret", **PASSWORD_AUTH, replace=True))
        await s.script.arrived["InitiateAuth"].wait()
        s.clock.advance(0.001)
        assert await s.sessions.end_user(ANA, keep=auth.session_id) == 0
        gate.set()
        assert (await signing_in).is_signed_in
        assert await works(auth)


async def test_a_clock_that_is_put_back_after_sessions_were_ended_blocks_no_sign_in() -> None:
    async with service() as s:
        await s.sign_in()
        assert await s.sessions.end_user(ANA) == 1
        s.clock.advance(-3600)
        assert await works(await s.sign_in())


async def test_two_calls_at_once_end_each_session_once_on_a_slow_storage() -> None:
    class Slow(LostDeletes):
        async def replace(self, *arguments: Any, **options: Any) -> bool:
            await asyncio.sleep(0.001)
            return await MemoryStorage.replace(self, *arguments, **options)

    async with service(storage=Slow(is_sent_again=True)) as s:
        for _ in range(5):
            await s.sign_in()
        counts = await asyncio.gather(s.sessions.end_user(ANA), s.sessions.end_user(ANA))
        assert sum(counts) == 5
        assert len(s.revoked()) == 5


class Refusing(MemoryStorage):
    """A storage that refuses calls for the keys that end with one of these texts."""

    ends: tuple[str, ...] = ()

    def refuse(self, key: str) -> None:
        if self.ends and key.endswith(self.ends):
            raise errors.StorageError("out of order")

    async def get(self, key: str) -> bytes | None:
        self.refuse(key)
        return await super().get(key)

    async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
        self.refuse(key)
        return await super().replace(key, value, **arguments)


async def test_if_one_session_cannot_be_deleted_the_tokens_of_the_others_are_revoked() -> None:
    storage = Refusing()
    async with service(storage=storage) as s:
        first, second = await s.sign_in(), await s.sign_in()
        storage.ends = (second.session_id,)
        with pytest.raises(errors.StorageError, match="out of order"):
            await s.sessions.end_user(ANA)
        storage.ends = ()
        assert (await works(first), await works(second)) == (False, True)
    assert s.revoked() == [s.refresh_tokens[first]]


async def test_after_a_password_reset_the_sessions_are_ended_once_the_storage_works() -> None:
    storage = Refusing()
    async with service(storage=storage) as s:
        auth = await s.sign_in()
        storage.ends = (name_index.name_key(s.sessions._context, "ana").rpartition(":")[2],)
        visitor = s.sessions.client(s.sessions.new_session_key())
        with pytest.raises(errors.StorageError, match="out of order"):
            await visitor.confirm_reset_password("ana", "Better-horse-8", "123456")
        assert await works(auth)
        storage.ends = ()
    assert [event.name for event in s.events] == ["signedOut"]  # closing waits for it
    assert s.revoked() == [s.refresh_tokens[auth]]
