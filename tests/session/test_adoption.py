"""Adopting the refresh token of another system: what is sent, stored and left alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from aiocognito import AuthEvent, MemoryStorage, SessionManager, decode_jwt, errors
from aiocognito._responses import TokenSet
from aiocognito._session import adoption
from aiocognito._session.stored_tokens import stored_tokens
from helpers.clock import Clock
from helpers.stepping import SteppingStorage, fail
from helpers.user_pool import CONFIG, ScriptedService, attach, jwt, signed_in

REFRESH = "GetTokensFromRefreshToken"
ANA = "sub-of-ana"


class IdTokens:
    """Stands in for the verifier: a token with the claim ``forged`` is refused."""

    def __init__(self) -> None:
        self.is_down = False

    async def ready(self) -> None:
        if self.is_down:
            raise errors.JwksUnavailableError("no keys")

    async def verify(self, token: str) -> Any:
        payload = decode_jwt(token).payload
        if payload.get("forged"):
            raise errors.TokenSignatureError("forged", claim="signature")
        return SimpleNamespace(sub=payload["sub"], get=payload.get)

    async def aclose(self) -> None:
        return


class Service:
    def __init__(self, sessions: SessionManager, storage: Any, clock: Clock) -> None:
        self.sessions, self.storage, self.clock = sessions, storage, clock
        self.script, self.id_tokens = ScriptedService(clock), IdTokens()
        attach(sessions, self.script)
        sessions._context._id_tokens = self.id_tokens  # type: ignore[assignment]  # a stand-in
        self.events: list[AuthEvent] = []
        sessions.hub.listen(self.events.append)
        self.script.answer(REFRESH, self.script.tokens(refresh_token=None))

    async def refused(self, key: str, error: type[Exception], **arguments: Any) -> Exception:
        with pytest.raises(error) as raised:
            await self.sessions.adopt(key, refresh_token="theirs", **arguments)
        return raised.value


@asynccontextmanager
async def service(storage: Any = None, **arguments: Any) -> AsyncIterator[Service]:
    clock = Clock()
    storage = storage or MemoryStorage(clock=clock)
    async with SessionManager(CONFIG, storage=storage, clock=clock, **arguments) as sessions:
        yield Service(sessions, storage, clock)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "PAUSES", (0.0,) * 3)


async def test_an_adopted_session_is_an_ordinary_one() -> None:
    async with service() as s:
        key = s.sessions.new_session_key()
        user = await s.sessions.adopt(key, refresh_token="theirs", device_key="us-east-1_device")
        assert (user.username, user.user_id, user.sign_in_details) == ("ana", ANA, None)
        sent = {"RefreshToken": "theirs", "ClientId": "client", "DeviceKey": "us-east-1_device"}
        assert s.script.calls == [(REFRESH, sent)]
        auth = s.sessions.client(key)
        assert await auth.get_current_user() == user
        assert [(event.name, event.session_id, event.data["userId"]) for event in s.events] == [
            ("signedIn", auth.session_id, ANA)
        ]
        assert [info.session_id for info in await s.sessions.list_user(ANA)] == [auth.session_id]
        await auth.fetch_auth_session(force_refresh=True, credentials=False)
        assert s.script.calls[-1] == (REFRESH, sent)
        assert await s.sessions.end_user(ANA) == 1
        assert s.script.calls[-1][1]["Token"] == "theirs"


async def test_a_rotated_token_replaces_the_one_of_the_other_system() -> None:
    async with service() as s:
        key = s.sessions.new_session_key()
        s.script.only(REFRESH, s.script.tokens(refresh_token="ours"))
        await s.sessions.adopt(key, refresh_token="theirs")
        await s.sessions.client(key).fetch_auth_session(force_refresh=True, credentials=False)
        assert [sent["RefreshToken"] for _, sent in s.script.calls] == ["theirs", "ours"]


async def test_a_password_reset_finds_an_adopted_session_by_the_username() -> None:
    async with service() as s:
        key = s.sessions.new_session_key()
        await s.sessions.adopt(key, refresh_token="theirs")
        await s.sessions.client(s.sessions.new_session_key()).confirm_reset_password("Ana", "new", "123456")
        assert (await s.sessions.client(key).fetch_auth_session(credentials=False)).tokens is None


async def test_a_key_that_opens_a_session_is_refused_before_anything_is_sent() -> None:
    async with service() as s:
        auth = s.sessions.client(s.sessions.new_session_key())
        await signed_in(auth, s.script)
        await s.refused(auth.session_key, errors.UserAlreadyAuthenticatedException)
        assert s.script.calls == []
        assert (await auth.get_current_user()).username == "ana"


async def test_a_key_that_opens_a_pending_sign_in_or_was_replaced_is_refused() -> None:
    async with service() as s:
        auth = s.sessions.client(s.sessions.new_session_key())
        old = auth.session_key
        s.script.only(
            "InitiateAuth",
            {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "S" * 20, "ChallengeParameters": {}},
        )
        await auth.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        s.script.calls.clear()
        for key in (auth.session_key, old):
            error = await s.refused(key, errors.AuthValidationError)
            assert "session_key: is in use" in str(error)
        assert s.script.calls == []
        assert await auth.get_sign_in_step() is not None


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("refresh_token", {"refresh_token": ""}),
        ("refresh_token", {"refresh_token": None}),
        ("device_key", {"refresh_token": "theirs", "device_key": ""}),
        ("fixed_keys", {"session_key": "chat 7", "refresh_token": "theirs"}),
    ],
)
async def test_arguments_are_checked(name: str, arguments: dict[str, Any]) -> None:
    """A malformed argument is named."""
    async with service() as s:
        key = arguments.pop("session_key", s.sessions.new_session_key())
        with pytest.raises(errors.AuthValidationError, match=name):
            await s.sessions.adopt(key, **arguments)
        assert s.script.calls == []


async def test_a_fixed_key_of_any_form_adopts() -> None:
    async with service(fixed_keys=True) as s:
        assert (await s.sessions.adopt("chat 7", refresh_token="theirs")).user_id == ANA
        assert s.sessions.client("chat 7").session_id in {
            info.session_id for info in await s.sessions.list_user(ANA)
        }


async def test_a_refused_token_leaves_nothing_and_the_key_can_be_used_again() -> None:
    async with service() as s:
        key = s.sessions.new_session_key()
        s.script.refuse(REFRESH, "NotAuthorizedException", "Invalid Refresh Token")
        await s.refused(key, errors.NotAuthorizedException)
        assert s.storage._entries == {}
        assert s.events == []
        s.script.only(REFRESH, s.script.tokens())
        await s.sessions.adopt(key, refresh_token="theirs")
        assert "RevokeToken" not in s.script.operations()


async def test_keys_that_cannot_be_fetched_leave_the_token_unused() -> None:
    async with service() as s:
        s.id_tokens.is_down = True
        await s.refused(s.sessions.new_session_key(), errors.JwksUnavailableError)
        assert s.script.calls == []
        assert s.storage._entries == {}


async def test_a_lost_response_is_not_repeated_and_not_revoked() -> None:
    async with service() as s:
        s.script.only(REFRESH, errors.NetworkError("cut", request_sent=True))
        await s.refused(s.sessions.new_session_key(), errors.NetworkError)
        assert s.script.operations() == [REFRESH]


async def test_tokens_that_do_not_verify_are_not_stored() -> None:
    async with service() as s:
        forged = s.script.tokens()
        forged["AuthenticationResult"]["IdToken"] = jwt(sub=ANA, forged=True)
        other = s.script.tokens()
        other["AuthenticationResult"]["IdToken"] = jwt(sub="sub-of-ben")
        broken = s.script.tokens()
        broken["AuthenticationResult"]["AccessToken"] = "no JWT, and secret"
        for answer, error in (
            (forged, errors.TokenSignatureError),
            (other, errors.InvalidTokens),
            (broken, errors.InvalidTokens),
        ):
            s.script.only(REFRESH, answer)
            raised = await s.refused(s.sessions.new_session_key(), error)
            assert "secret" not in str(raised)
            assert raised.__context__ is None
        assert s.storage._entries == {}


async def test_of_two_calls_with_one_key_one_adopts() -> None:
    async with service() as s:
        key, gate = s.sessions.new_session_key(), s.script.hold(REFRESH)
        first = s.sessions._context.spawn(s.sessions.adopt(key, refresh_token="theirs"))
        await s.script.arrived[REFRESH].wait()
        await s.refused(key, errors.AuthValidationError)
        gate.set()
        assert (await first).user_id == ANA
        assert s.script.operations() == [REFRESH]


async def test_a_key_that_came_into_use_meanwhile_is_not_overwritten() -> None:
    async with service() as s:
        key, gate = s.sessions.new_session_key(), s.script.hold(REFRESH)
        adopting = s.sessions._context.spawn(s.sessions.adopt(key, refresh_token="theirs"))
        await s.script.arrived[REFRESH].wait()
        s.clock.advance(61)  # the mark under the key has expired
        auth = s.sessions.client(key)
        await auth._session.update(lambda record: record.signed_in(_ben(s), at=s.clock()))
        gate.set()
        with pytest.raises(errors.AuthValidationError):
            await adopting
        assert (await auth.get_current_user()).username == "ben"


def _ben(s: Service) -> Any:
    result = s.script.tokens(username="ben", life=10_000)["AuthenticationResult"]
    tokens = TokenSet(result["AccessToken"], result["IdToken"], "of ben")
    return stored_tokens(s.sessions._context, tokens, "ben", None)


async def test_sessions_that_are_ended_meanwhile_take_the_adopted_one_along() -> None:
    storage = SteppingStorage(MemoryStorage(clock=Clock()))
    async with service(storage) as s:
        key = s.sessions.new_session_key()
        for at in range(30):
            other = SessionManager(CONFIG, storage=storage.shared, clock=s.clock)
            attach(other, s.script)
            ended: list[int] = []

            async def end(other: SessionManager = other, ended: list[int] = ended) -> None:
                ended.append(await other.end_user(ANA))

            key = s.sessions.new_session_key()
            storage._strikes.clear()
            storage.strike(at, end, after=True)
            try:
                await s.sessions.adopt(key, refresh_token="theirs")
            except errors.SignInException:
                assert s.script.operations()[-1] == "RevokeToken"
            storage.is_counting = False
            listed = {info.session_id for info in await s.sessions.list_user(ANA)}
            auth = s.sessions.client(key)
            is_there = (await auth.fetch_auth_session(credentials=False)).tokens is not None
            assert is_there == (auth.session_id in listed)
            await s.sessions.end_user(ANA)
            await other.aclose()
            if not ended:
                break
        assert 5 < at < 29


@pytest.mark.parametrize("after", [False, True])
async def test_a_storage_that_fails_once_loses_no_token_that_was_used_up(after: bool) -> None:
    for at in range(30):
        storage = SteppingStorage(MemoryStorage(clock=Clock()))
        async with service(storage) as s:
            key = s.sessions.new_session_key()
            s.script.only(REFRESH, s.script.tokens(refresh_token="ours"))
            storage.strike(at, fail, after=after)
            try:
                await s.sessions.adopt(key, refresh_token="theirs")
            except errors.StorageError:
                assert s.script.calls == [], f"the token was sent ({at})"
                continue
            finally:
                storage.is_counting = False
            assert (await s.sessions.client(key).get_current_user()).user_id == ANA
            if at >= len(storage.trace):
                break
    assert 5 < at < 29


async def test_a_storage_that_stays_down_raises_and_does_not_revoke() -> None:
    class Down(MemoryStorage):
        async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
            if value is not None and b"access_token" in value:
                raise errors.StorageError("down")
            return await super().replace(key, value, **arguments)

    async with service(Down(clock=Clock())) as s:
        await s.refused(s.sessions.new_session_key(), errors.StorageError)
        assert s.script.operations() == [REFRESH]


async def test_no_secret_is_in_an_event_or_in_the_index() -> None:
    async with service() as s:
        key = s.sessions.new_session_key()
        await s.sessions.adopt(key, refresh_token="theirs")
        texts = [repr(event) for event in s.events]
        texts += [
            entry.value.decode() for name, entry in s.storage._entries.items() if ":session:" not in name
        ]
        assert all(secret not in text for text in texts for secret in ("theirs", key))
        assert json.loads(texts[-1])["version"] == 1
