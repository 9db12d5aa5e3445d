"""Automatic sign-in after a sign-up, end to end: by code, by link, by a trigger; in any process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from attrs import evolve

from aiocognito import AuthClient, AutoSignInOptions, MemoryStorage, errors, steps
from aiocognito.emulator import CognitoEmulator

PASSWORD, EMAIL = "Correct-Horse-7", "ana@example.com"
BY_CHOICE = AutoSignInOptions(auth_flow_type="USER_AUTH")


async def make_pool(emulator: CognitoEmulator, **settings: Any) -> Any:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    flows = ["ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = {"ExplicitAuthFlows": flows, "GenerateSecret": settings.pop("secret", False)}
    return await emulator.create_user_pool(
        UsernameAttributes=["email"], Policies=policies, client=client, **settings
    )


async def sign_up(auth: AuthClient, auto_sign_in: Any = BY_CHOICE, password: str | None = PASSWORD) -> Any:
    return await auth.sign_up(EMAIL, password, auto_sign_in=auto_sign_in)


@pytest.mark.parametrize("secret", [False, True], ids=["public", "secret"])
@pytest.mark.parametrize("password", [PASSWORD, None], ids=["password", "none"])
async def test_after_a_code(
    emulator: CognitoEmulator, connect: Any, secret: bool, password: str | None
) -> None:
    """The sign-in follows once the account was confirmed by a code."""
    pool = await make_pool(emulator, secret=secret)
    auth = await connect(pool.config)
    signed_up = await sign_up(auth, password=password)
    assert isinstance(signed_up.next_step, steps.ConfirmSignUp)
    confirmed = await auth.confirm_sign_up(EMAIL, await emulator.outbox.next_code(EMAIL))
    assert confirmed.next_step == steps.CompleteAutoSignIn()
    assert (await auth.auto_sign_in()).is_signed_in
    assert len(emulator.outbox.messages) == 1
    assert (await auth.fetch_user_attributes())["email_verified"] == "true"
    assert [call.operation for call in emulator.calls if call.error] == []


async def test_each_step_in_a_process_of_its_own(emulator: CognitoEmulator, manager: Any) -> None:
    pool = await make_pool(emulator)
    storage = MemoryStorage(clock=emulator.clock)
    one, two, three = [(await manager(pool.config, storage)).client("key") for _ in range(3)]
    await sign_up(one)
    await two.confirm_sign_up(EMAIL, await emulator.outbox.next_code(EMAIL))
    assert (await three.auto_sign_in()).is_signed_in
    with pytest.raises(errors.AutoSignInException):
        await one.auto_sign_in()


async def test_a_wrong_code_in_between(emulator: CognitoEmulator, connect: Any) -> None:
    auth = await connect((await make_pool(emulator)).config)
    await sign_up(auth)
    code = await emulator.outbox.next_code(EMAIL)
    with pytest.raises(errors.CodeMismatchException):
        await auth.confirm_sign_up(EMAIL, f"{(int(code) + 1) % 1_000_000:06d}")
    await auth.confirm_sign_up(EMAIL, code)
    assert (await auth.auto_sign_in()).is_signed_in


SPELLINGS = {"as it was": EMAIL, "capitals": "Ana@Example.COM", "the user's id": None}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("options", [BY_CHOICE, True], ids=["USER_AUTH", "USER_SRP_AUTH"])
async def test_after_a_code_under_another_spelling(
    emulator: CognitoEmulator, connect: Any, spelling: str, options: Any
) -> None:
    pool = await make_pool(emulator, UsernameConfiguration={"CaseSensitive": False})
    auth = await connect(pool.config)
    signed_up = await sign_up(auth, options)
    name = SPELLINGS[spelling] or signed_up.user_id
    confirmed = await auth.confirm_sign_up(name, await emulator.outbox.next_code(EMAIL))
    assert confirmed.next_step == steps.CompleteAutoSignIn()
    assert (await auth.auto_sign_in()).is_signed_in


@pytest.mark.parametrize("error", ["Invalid session for the user.", "Incorrect username or password."])
async def test_a_sign_in_that_cognito_refuses_is_not_planned_any_more(
    emulator: CognitoEmulator, connect: Any, error: str
) -> None:
    auth = await connect((await make_pool(emulator)).config)
    await sign_up(auth)
    await auth.confirm_sign_up(EMAIL, await emulator.outbox.next_code(EMAIL))
    emulator.faults.add("InitiateAuth", error="NotAuthorizedException", message=error)
    with pytest.raises(errors.NotAuthorizedException):
        await auth.auto_sign_in()
    assert await auth.get_sign_in_step() is None
    with pytest.raises(errors.AutoSignInException, match="no automatic sign-in is planned"):
        await auth.auto_sign_in()


async def test_a_code_confirms_although_the_session_of_the_sign_up_has_ended(
    emulator: CognitoEmulator, connect: Any
) -> None:
    auth = await connect((await make_pool(emulator)).config)
    await sign_up(auth)
    code = await emulator.outbox.next_code(EMAIL)
    ended = "Invalid session for the user, session is expired."
    emulator.faults.add("ConfirmSignUp", error="NotAuthorizedException", message=ended)
    assert (await auth.confirm_sign_up(EMAIL, code)).next_step == steps.CompleteAutoSignIn()
    assert [call.error for call in emulator.calls if call.operation == "ConfirmSignUp"] == [
        "NotAuthorizedException",
        None,
    ]
    assert (await auth.auto_sign_in()).is_signed_in


async def test_a_late_confirmation_confirms_all_the_same(emulator: CognitoEmulator, connect: Any) -> None:
    auth = await connect((await make_pool(emulator)).config)
    await sign_up(auth)
    code = await emulator.outbox.next_code(EMAIL)
    emulator.clock.advance(181)
    assert (await auth.confirm_sign_up(EMAIL, code)).next_step == steps.Done()
    assert (await auth.sign_in(EMAIL, PASSWORD)).is_signed_in


async def test_with_the_password(emulator: CognitoEmulator, connect: Any) -> None:
    """The client that signed up needs no password again."""
    auth = await connect((await make_pool(emulator)).config)
    await sign_up(auth, auto_sign_in=True)
    await auth.confirm_sign_up(EMAIL, await emulator.outbox.next_code(EMAIL))
    assert (await auth.auto_sign_in()).is_signed_in


async def test_a_trigger_confirms_the_account(emulator: CognitoEmulator, connect: Any) -> None:
    async def confirm(event: Any) -> Any:
        event["response"].update(autoConfirmUser=True, autoVerifyEmail=True)
        return event

    pool = await make_pool(emulator, triggers={"PreSignUp": confirm})
    auth = await connect(pool.config)
    signed_up = await sign_up(auth, auto_sign_in=True)
    assert signed_up.is_sign_up_complete
    assert isinstance(signed_up.next_step, steps.CompleteAutoSignIn)
    assert (await auth.auto_sign_in()).is_signed_in
    assert emulator.outbox.messages == []


async def test_after_a_link(emulator: CognitoEmulator, connect: Any) -> None:
    """The sign-in waits until the link was opened."""
    template = {"DefaultEmailOption": "CONFIRM_WITH_LINK"}
    pool = await make_pool(emulator, VerificationMessageTemplate=template)
    auth = await connect(evolve(pool.config, sign_up_verification_method="link"))
    signed_up = await sign_up(auth, auto_sign_in=True)
    assert isinstance(signed_up.next_step, steps.CompleteAutoSignIn)
    waiting = asyncio.create_task(auth.auto_sign_in())
    await time_passes_until(
        emulator, lambda: any(call.error == "UserNotConfirmedException" for call in emulator.calls)
    )
    assert not waiting.done()
    link = (await emulator.outbox.next_message(EMAIL)).link
    assert link is not None
    async with aiohttp.ClientSession() as browser, browser.get(link) as page:
        assert page.status == 200
    await time_passes_until(emulator, waiting.done)
    assert waiting.result().is_signed_in


async def time_passes_until(emulator: CognitoEmulator, done: Callable[[], bool]) -> None:
    """Move the clock on, so that the client tries to sign in: it does so every five seconds."""
    async with asyncio.timeout(120):
        while not done():
            seen = len(emulator.calls)
            emulator.clock.advance(5)
            # However long the request takes: the client gives up after three minutes of this clock.
            for _ in range(200):
                if done() or len(emulator.calls) > seen:
                    break
                await asyncio.sleep(0.01)
