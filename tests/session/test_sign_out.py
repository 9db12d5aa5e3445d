"""Sign-out: the tokens are revoked, the event is emitted, and the session is deleted in any case."""

from __future__ import annotations

import json

import pytest

from aiocognito import AuthEvent, MemoryStorage, errors
from aiocognito.errors import NetworkError
from helpers.user_pool import scripted_client, signed_in


@pytest.mark.amplify("B55", "B76")
async def test_sign_out_revokes_the_refresh_token_and_says_so() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        events: list[AuthEvent] = []
        client.hub.listen(events.append)
        result = await client.sign_out()
        assert service.calls == [("RevokeToken", {"Token": "refresh-1", "ClientId": "client"})]
        assert (result.revoked, result.error, result.logout_url) == (True, None, None)
        assert [(event.name, event.data) for event in events] == [("signedOut", {})]
        assert (await client.fetch_auth_session()).tokens is None


@pytest.mark.amplify("B55")
async def test_tokens_without_origin_jti_are_not_revoked() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service, access={"origin_jti": "family"})
        session = client._session
        record = json.loads(await session.context.storage.get(session.storage_key) or b"")
        from helpers.user_pool import jwt

        record["tokens"]["access_token"] = jwt(sub="s", username="ana", exp=service.clock() + 3600)
        await session.context.storage.set(session.storage_key, json.dumps(record).encode())
        result = await client.sign_out()
        assert service.calls == []
        assert (result.revoked, result.error) == (False, None)


@pytest.mark.amplify("B55", "B76")
@pytest.mark.parametrize("failure", [NetworkError("unreachable"), "TooManyRequestsException"])
async def test_a_failed_revocation_is_reported_and_the_session_is_gone(failure: object) -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        if isinstance(failure, str):
            service.refuse("RevokeToken", failure)
        else:
            assert isinstance(failure, NetworkError)
            service.answer("RevokeToken", failure)
        heard: list[str] = []
        client.hub.listen(lambda event: heard.append(event.name))
        result = await client.sign_out()
        assert not result.revoked
        assert isinstance(result.error, errors.AuthError)
        assert heard == ["signedOut"]
        assert (await client.fetch_auth_session()).tokens is None


async def test_signing_out_of_a_session_without_a_user() -> None:
    async with scripted_client() as (client, service, _):
        heard: list[str] = []
        client.hub.listen(lambda event: heard.append(event.name))
        for everywhere in (False, True):
            result = await client.sign_out(global_sign_out=everywhere)
            assert (result.revoked, result.error) == (False, None)
        assert service.calls == []
        assert heard == ["signedOut"] * 2


@pytest.mark.amplify("B56")
async def test_global_sign_out_asks_for_that_only() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        tokens = (await client.fetch_auth_session()).tokens
        assert tokens is not None
        result = await client.sign_out(global_sign_out=True)
        assert service.calls == [("GlobalSignOut", {"AccessToken": tokens.access_token.token})]
        assert result.revoked
        assert (await client.fetch_auth_session()).tokens is None


async def test_global_sign_out_renews_expired_tokens_first() -> None:
    """Amplify does nothing then, and reports success (assertion B56); this library reports the error."""
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        clock.advance(4000)
        service.answer("GetTokensFromRefreshToken", service.tokens(refresh_token="refresh-2"))
        result = await client.sign_out(global_sign_out=True)
        assert service.operations() == ["GetTokensFromRefreshToken", "GlobalSignOut"]
        assert result.revoked


async def test_global_sign_out_falls_back_to_revoking() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        service.refuse("GlobalSignOut", "TooManyRequestsException")
        result = await client.sign_out(global_sign_out=True)
        assert service.operations() == ["GlobalSignOut", "RevokeToken"]
        assert result.revoked
        assert isinstance(result.error, errors.GlobalSignOutException)


async def test_global_sign_out_revokes_if_the_tokens_cannot_be_renewed() -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        clock.advance(4000)
        service.answer("GetTokensFromRefreshToken", NetworkError("unreachable"))
        result = await client.sign_out(global_sign_out=True)
        assert service.operations() == ["GetTokensFromRefreshToken", "RevokeToken"]
        assert result.revoked
        assert isinstance(result.error, NetworkError)


async def test_sign_out_raises_only_when_the_storage_cannot_forget() -> None:
    class Stuck(MemoryStorage):
        stuck = False

        async def replace(
            self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
        ) -> bool:
            if self.stuck:
                raise errors.StorageError("read-only")
            return await super().replace(key, value, expected=expected, ttl=ttl)

    from helpers.clock import Clock

    storage = Stuck(clock=Clock())
    async with scripted_client(storage=storage) as (client, service, _):
        await signed_in(client, service)
        storage.stuck = True
        for everywhere in (False, True):
            with pytest.raises(errors.StorageError):
                await client.sign_out(global_sign_out=everywhere)
        assert (await client.fetch_auth_session()).tokens is not None


async def test_sign_out_forgets_a_pending_sign_in() -> None:
    async with scripted_client() as (client, service, _):
        service.answer("InitiateAuth", {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "S" * 20})
        await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        await client.sign_out()
        assert await client.get_sign_in_step() is None


async def test_a_storage_that_cannot_be_read_is_not_signed_out_by_that() -> None:
    from helpers.clock import Clock

    class Unreadable(MemoryStorage):
        broken = False

        async def get(self, key: str) -> bytes | None:
            if self.broken:
                raise errors.StorageError("unreachable")
            return await super().get(key)

    storage = Unreadable(clock=Clock())
    async with scripted_client(storage=storage) as (client, service, _):
        await signed_in(client, service)
        storage.broken = True
        for everywhere in (False, True):
            with pytest.raises(errors.StorageError, match="unreachable"):
                await client.sign_out(global_sign_out=everywhere)
        storage.broken = False
        assert service.calls == []
        assert (await client.fetch_auth_session()).tokens is not None


async def test_malformed_tokens_are_deleted_without_being_revoked() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        session = client._session
        record = json.loads(await session.context.storage.get(session.storage_key) or b"")
        record["tokens"]["access_token"] = "no token"
        await session.context.storage.set(session.storage_key, json.dumps(record).encode())
        assert not (await client.sign_out()).revoked
        assert service.calls == []
        assert (await session.load()).raw is None


async def test_an_account_deleted_while_its_session_ended_is_deleted_all_the_same() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        heard: list[str] = []
        client.hub.listen(lambda event: heard.append(event.name))

        async def meanwhile(_: object) -> dict[str, object]:
            await client.sign_out()
            return {}

        service.answer("DeleteUser", meanwhile)
        await client.delete_user()
        assert service.operations() == ["DeleteUser", "RevokeToken"]
        assert heard == ["signedOut", "signedOut"]
