"""A pending TOTP setup can fetch a new secret, in any process."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aiocognito import MemoryStorage, SessionManager, errors, steps
from helpers.clock import Clock
from helpers.user_pool import CONFIG, ScriptedService, attach, begin, challenge, refusal, scripted_client

ASSOCIATE, VERIFY, RESPOND = "AssociateSoftwareToken", "VerifySoftwareToken", "RespondToAuthChallenge"
SETUP = challenge("MFA_SETUP", {"MFAS_CAN_SETUP": '["SOFTWARE_TOKEN_MFA"]'})


def secret(number: int) -> dict[str, Any]:
    return {"SecretCode": f"SECRET{number}", "Session": f"{number}" * 20}


async def set_up(client: Any, service: ScriptedService) -> None:
    service.only(ASSOCIATE, secret(1))
    await begin(client, service, SETUP)
    service.calls.clear()


async def test_another_process_fetches_a_new_secret_and_continues_with_it() -> None:
    clock = Clock()
    storage, service = MemoryStorage(clock=clock), ScriptedService(clock)
    async with (
        SessionManager(CONFIG, storage=storage, clock=clock, fixed_keys=True) as here,
        SessionManager(CONFIG, storage=storage, clock=clock, fixed_keys=True) as there,
    ):
        attach(here, service)
        attach(there, service)
        await set_up(here.client("key"), service)
        client = there.client("key")
        step = await client.get_sign_in_step()
        assert isinstance(step, steps.ContinueSignInWithTotpSetup)
        assert step.totp_setup_details is None
        service.only(ASSOCIATE, secret(2))
        details = await client.renew_totp_setup()
        assert details.shared_secret == "SECRET2"
        assert details.username == "ana@example.com"
        service.answer(VERIFY, {"Status": "SUCCESS", "Session": "V" * 20})
        service.answer(RESPOND, service.tokens())
        assert (await client.confirm_sign_in("123456")).is_signed_in
        assert [request["Session"] for _, request in service.calls] == ["1" * 20, "2" * 20, "V" * 20]


async def test_the_setup_has_its_full_time_again() -> None:
    async with scripted_client() as (client, service, clock):
        await set_up(client, service)
        clock.advance(170)
        service.only(ASSOCIATE, secret(2))
        await client.renew_totp_setup()
        clock.advance(170)
        assert await client.get_sign_in_step() is not None


async def test_nothing_is_pending() -> None:
    """Without a pending sign-in, no secret is fetched."""
    async with scripted_client() as (client, service, _):
        with pytest.raises(errors.SignInException, match="no sign-in is pending"):
            await client.renew_totp_setup()
        assert service.calls == []


async def test_another_step_is_pending() -> None:
    async with scripted_client() as (client, service, _):
        await begin(client, service, challenge("SOFTWARE_TOKEN_MFA"))
        with pytest.raises(
            errors.SignInException, match="the pending step is CONFIRM_SIGN_IN_WITH_TOTP_CODE"
        ):
            await client.renew_totp_setup()
        assert service.calls == []
        assert await client.get_sign_in_step() == steps.ConfirmSignInWithTotpCode()


@pytest.mark.parametrize(
    ("text", "is_pending"), [("Invalid session for the user.", False), ("Something new", True)]
)
async def test_a_session_that_has_ended_is_not_pending_any_more(text: str, is_pending: bool) -> None:
    async with scripted_client() as (client, service, _):
        await set_up(client, service)
        service.only(ASSOCIATE, refusal(ASSOCIATE, "NotAuthorizedException", text))
        with pytest.raises(errors.NotAuthorizedException):
            await client.renew_totp_setup()
        assert (await client.get_sign_in_step() is not None) is is_pending


async def test_no_secret_leaves_the_setup_pending() -> None:
    async with scripted_client() as (client, service, _):
        await set_up(client, service)
        service.only(ASSOCIATE, {"Session": "2" * 20})
        with pytest.raises(errors.SetUpTOTPException):
            await client.renew_totp_setup()
        assert isinstance(await client.get_sign_in_step(), steps.ContinueSignInWithTotpSetup)


async def test_only_one_of_a_concurrent_renewal_and_answer_is_sent() -> None:
    async with scripted_client() as (client, service, _):
        await set_up(client, service)
        gate = service.hold(VERIFY)
        service.answer(VERIFY, {"Status": "SUCCESS", "Session": "V" * 20})
        service.answer(RESPOND, service.tokens())
        answering = asyncio.create_task(client.confirm_sign_in("123456"))
        await service.arrived[VERIFY].wait()
        with pytest.raises(errors.SignInException, match="another answer"):
            await client.renew_totp_setup()
        gate.set()
        assert (await answering).is_signed_in


async def test_a_renewed_secret_is_never_stored() -> None:
    clock = Clock()
    storage, service = MemoryStorage(clock=clock), ScriptedService(clock)
    async with SessionManager(CONFIG, storage=storage, clock=clock, fixed_keys=True) as manager:
        attach(manager, service)
        client = manager.client("key")
        await set_up(client, service)
        service.only(ASSOCIATE, secret(2))
        await client.renew_totp_setup()
        raw = await storage.get(client._session.storage_key)
        assert raw is not None
        assert b"SECRET" not in raw


async def test_the_next_answer_comes_with_the_key_that_the_renewal_left() -> None:
    clock = Clock()
    storage, service = MemoryStorage(clock=clock), ScriptedService(clock)
    async with SessionManager(CONFIG, storage=storage, clock=clock) as manager:
        attach(manager, service)
        client = manager.client(manager.new_session_key())
        await set_up(client, service)
        service.only(ASSOCIATE, secret(2))
        await client.renew_totp_setup()
        service.answer(VERIFY, {"Status": "SUCCESS", "Session": "V" * 20})
        service.answer(RESPOND, service.tokens())
        assert (await manager.client(client.session_key).confirm_sign_in("123456")).is_signed_in
