"""A sign-in that Cognito has ended is no longer pending; any other stays pending."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from aiocognito import AuthClient, errors, steps
from aiocognito.emulator import CognitoEmulator

PASSWORD, WRONG = "correct-Horse-7", "another-Horse-8"
FLOWS = ["ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
INVALID = "Invalid session for the user."


@asynccontextmanager
async def client_of(mfa: Any = None, **settings: Any) -> AsyncIterator[tuple[AuthClient, Any, Any]]:
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool(client={"ExplicitAuthFlows": FLOWS}, **settings)
        await pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"}, mfa=mfa)
        async with AuthClient(pool.config, clock=emulator.clock) as auth:
            yield auth, pool, emulator


async def refused(
    auth: AuthClient, answer: str, error: type[errors.AuthError], text: str | None = None
) -> None:
    with pytest.raises(error, match=text):
        await auth.confirm_sign_in(answer)


@pytest.mark.parametrize("mfa", ["TOTP", "EMAIL"])
async def test_too_many_wrong_codes_end_a_sign_in(mfa: str) -> None:
    async with client_of(mfa) as (auth, _, emulator):
        await auth.sign_in("ana", PASSWORD)
        wrong = emulator.state.assumptions.wrong_codes_per_handle
        for _ in range(wrong):
            assert await auth.get_sign_in_step() is not None
            await refused(auth, "0000", errors.CodeMismatchException)
        await refused(auth, "0000", errors.NotAuthorizedException, INVALID)
        assert await auth.get_sign_in_step() is None
        with pytest.raises(errors.SignInException, match="no sign-in is pending"):
            await auth.confirm_sign_in("0000")


async def test_a_wrong_password_over_srp_ends_a_chosen_first_factor() -> None:
    # The choice consumes Cognito's session, and the proof comes after it.
    async with client_of(MfaConfiguration="OFF") as (auth, _, _):
        await auth.sign_in("ana", auth_flow_type="USER_AUTH")
        await auth.confirm_sign_in("PASSWORD_SRP")
        await refused(auth, WRONG, errors.NotAuthorizedException, "Incorrect username or password")
        assert await auth.get_sign_in_step() is None


async def test_a_wrong_password_that_is_sent_may_be_tried_again() -> None:
    async with client_of(MfaConfiguration="OFF") as (auth, _, _):
        await auth.sign_in("ana", auth_flow_type="USER_AUTH")
        await auth.confirm_sign_in("PASSWORD")
        await refused(auth, WRONG, errors.NotAuthorizedException, "Incorrect username or password")
        assert await auth.get_sign_in_step() == steps.ConfirmSignInWithPassword()
        assert (await auth.confirm_sign_in(PASSWORD)).is_signed_in


def define(event: dict[str, Any]) -> dict[str, Any]:
    asked = event["request"]["session"]
    event["response"] = {
        "issueTokens": False,
        "failAuthentication": len(asked) == 2,
        "challengeName": "CUSTOM_CHALLENGE",
    }
    return event


async def test_a_custom_challenge_that_is_failed_ends_a_sign_in() -> None:
    triggers = {
        "DefineAuthChallenge": define,
        "CreateAuthChallenge": lambda event: event,
        "VerifyAuthChallengeResponse": lambda event: {**event, "response": {"answerCorrect": False}},
    }
    async with client_of(triggers=triggers) as (auth, _, _):
        await auth.sign_in("ana", auth_flow_type="CUSTOM_WITHOUT_SRP")
        again = await auth.confirm_sign_in("a table")
        assert isinstance(again.next_step, steps.ConfirmSignInWithCustomChallenge)
        await refused(auth, "a chair", errors.NotAuthorizedException, "Incorrect username or password")
        assert await auth.get_sign_in_step() is None


@pytest.mark.parametrize("fate", ["AdminDisableUser", "AdminDeleteUser"])
async def test_a_user_who_was_disabled_or_deleted_ends_a_sign_in(fate: str) -> None:
    async with client_of("TOTP") as (auth, pool, emulator):
        await auth.sign_in("ana", PASSWORD)
        code = pool.totp_code("ana")
        await emulator.call(fate, UserPoolId=pool.id, Username="ana")
        await refused(auth, code, errors.ServiceError)
        assert await auth.get_sign_in_step() is None


async def test_a_session_that_cognito_let_expire_ends_a_sign_in() -> None:
    async with client_of("TOTP") as (auth, pool, emulator):
        await auth.sign_in("ana", PASSWORD)
        # Our own count of the three minutes begins a little later.
        expired = "Invalid session for the user, session is expired."
        emulator.faults.add("RespondToAuthChallenge", error="NotAuthorizedException", message=expired)
        await refused(auth, pool.totp_code("ana"), errors.NotAuthorizedException, "expired")
        assert await auth.get_sign_in_step() is None


@pytest.mark.parametrize(
    "error", ["CodeMismatchException", "ExpiredCodeException", "TooManyRequestsException"]
)
async def test_other_refusals_keep_a_sign_in(error: str) -> None:
    async with client_of("TOTP") as (auth, pool, emulator):
        await auth.sign_in("ana", PASSWORD)
        emulator.faults.add("RespondToAuthChallenge", error=error, times=3)
        code = pool.totp_code("ana")
        with pytest.raises(errors.ServiceError) as caught:
            await auth.confirm_sign_in(code)
        assert caught.value.name == error
        assert await auth.get_sign_in_step() == steps.ConfirmSignInWithTotpCode()
        emulator.faults.clear()
        assert (await auth.confirm_sign_in(code)).is_signed_in
