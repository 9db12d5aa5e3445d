"""One-time codes as users type them: blanks and dashes only count in passwords and custom challenges."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from aiocognito import AuthClient, steps
from aiocognito.emulator import CognitoEmulator

PASSWORD = "correct-Horse-7"
EMAIL = "ana@example.com"


@pytest.fixture
async def emulator() -> AsyncIterator[CognitoEmulator]:
    async with CognitoEmulator() as emulator:
        yield emulator


def typed(code: str, between: str) -> str:
    """Group a code's digits as messages and apps do."""
    return f" {code[:3]}{between}{code[3:]}\n"


async def test_every_code_may_be_typed_in_groups(emulator: CognitoEmulator) -> None:
    pool = await emulator.create_user_pool(AutoVerifiedAttributes=["email"])
    async with AuthClient(pool.config, clock=emulator.clock) as auth:
        await auth.sign_up("ana", PASSWORD, user_attributes={"email": EMAIL})
        await auth.confirm_sign_up("ana", typed(await emulator.outbox.next_code(EMAIL), "-"))

        await auth.reset_password("ana")
        code = await emulator.outbox.next_code(EMAIL)
        await auth.confirm_reset_password("ana", f"{PASSWORD}-8", typed(code, "\N{NO-BREAK SPACE}"))
        assert (await auth.sign_in("ana", f"{PASSWORD}-8")).is_signed_in

        await auth.send_user_attribute_verification_code("email")
        code = await emulator.outbox.next_code(EMAIL)
        await auth.confirm_user_attribute("email", typed(code, "\N{EN DASH}"))

        await auth.set_up_totp()
        await auth.verify_totp_setup(typed(pool.totp_code("ana"), " "))
        await auth.update_mfa_preference(totp="PREFERRED")
        await auth.sign_out()
        emulator.clock.advance(60)
        await auth.sign_in("ana", f"{PASSWORD}-8")
        assert (await auth.confirm_sign_in(typed(pool.totp_code("ana"), "  "))).is_signed_in


@pytest.mark.parametrize("mfa", ["SMS", "EMAIL"])
async def test_codes_that_are_sent_may_be_typed_in_groups(emulator: CognitoEmulator, mfa: str) -> None:
    pool = await emulator.create_user_pool()
    attributes = {"email": EMAIL, "phone_number": "+491700000000"}
    await pool.add_user("ana", PASSWORD, attributes=attributes, mfa=mfa)
    async with AuthClient(pool.config, clock=emulator.clock) as auth:
        await auth.sign_in("ana", PASSWORD)
        assert (await auth.confirm_sign_in(typed(await emulator.outbox.next_code("ana"), "-"))).is_signed_in


async def test_the_first_code_of_an_app_may_be_typed_in_groups(emulator: CognitoEmulator) -> None:
    pool = await emulator.create_user_pool(
        MfaConfiguration="ON", EmailMfaConfiguration=None, SmsMfaConfiguration=None
    )
    await pool.add_user("ana", PASSWORD)
    async with AuthClient(pool.config, clock=emulator.clock) as auth:
        asked = await auth.sign_in("ana", PASSWORD)
        assert isinstance(asked.next_step, steps.ContinueSignInWithTotpSetup)
        assert (await auth.confirm_sign_in(typed(pool.totp_code("ana"), " "))).is_signed_in


async def test_a_password_of_digits_keeps_its_dashes(emulator: CognitoEmulator) -> None:
    policy: dict[str, Any] = {"PasswordPolicy": {"MinimumLength": 6}, "SignInPolicy": {}}
    policy["PasswordPolicy"] |= dict.fromkeys(
        ("RequireUppercase", "RequireLowercase", "RequireNumbers", "RequireSymbols"), False
    )
    policy["SignInPolicy"]["AllowedFirstAuthFactors"] = ["PASSWORD"]
    pool = await emulator.create_user_pool(
        Policies=policy, client={"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}
    )
    await pool.add_user("ana", "123-456")
    async with AuthClient(pool.config, clock=emulator.clock) as auth:
        await auth.sign_in("ana", auth_flow_type="USER_AUTH")
        await auth.confirm_sign_in("PASSWORD")
        assert (await auth.confirm_sign_in("123-456")).is_signed_in


async def test_a_custom_challenge_keeps_its_blanks(emulator: CognitoEmulator) -> None:
    answers: list[str] = []

    def define(event: dict[str, Any]) -> dict[str, Any]:
        done = len(event["request"]["session"]) == 1
        response = {"issueTokens": done, "failAuthentication": False, "challengeName": "CUSTOM_CHALLENGE"}
        return {**event, "response": response}

    def verify(event: dict[str, Any]) -> dict[str, Any]:
        answers.append(event["request"]["challengeAnswer"])
        return {**event, "response": {"answerCorrect": True}}

    pool = await emulator.create_user_pool(
        client={"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]},
        triggers={
            "DefineAuthChallenge": define,
            "CreateAuthChallenge": lambda event: event,
            "VerifyAuthChallengeResponse": verify,
        },
    )
    await pool.add_user("ana", PASSWORD)
    async with AuthClient(pool.config, clock=emulator.clock) as auth:
        await auth.sign_in("ana", auth_flow_type="CUSTOM_WITHOUT_SRP")
        await auth.confirm_sign_in("12 - 34")
    assert answers == ["12 - 34"]
