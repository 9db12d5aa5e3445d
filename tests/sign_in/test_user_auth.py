"""USER_AUTH, end to end: every first factor except passkeys, preferred and chosen."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from aiocognito import AuthClient, MemoryStorage, errors, steps
from aiocognito._config import PasswordlessConfig
from aiocognito.emulator import CognitoEmulator

PASSWORD, NEW = "Correct-Horse-7", "Better-Horse-8"
EMAIL, PHONE = "ana@example.com", "+15555550100"
ADDRESS = {"EMAIL_OTP": EMAIL, "SMS_OTP": PHONE}
STEP: dict[str, type[steps.ConfirmSignInWithEmailCode | steps.ConfirmSignInWithSmsCode]] = {
    "EMAIL_OTP": steps.ConfirmSignInWithEmailCode,
    "SMS_OTP": steps.ConfirmSignInWithSmsCode,
}
ALL = ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP"]
PASSWORDS = pytest.mark.parametrize("factor", ["PASSWORD", "PASSWORD_SRP"])
CODES = pytest.mark.parametrize("factor", list(ADDRESS))


@pytest.fixture(params=[False, True], ids=["public", "secret"])
async def pool(emulator: CognitoEmulator, request: pytest.FixtureRequest) -> Any:
    """A pool with every first factor, whose app client has a secret or not, with the user ana."""
    made = await emulator.create_user_pool(
        UsernameAttributes=["email"],
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", *ADDRESS]}},
        client={
            "ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            "GenerateSecret": request.param,
        },
    )
    await made.add_user(EMAIL, PASSWORD, attributes={"phone_number": PHONE})
    return made


@pytest.fixture
async def auth(connect: Any, pool: Any) -> AuthClient:
    client: AuthClient = await connect(pool.config)
    return client


async def begin(auth: AuthClient, preferred: str | None = None, password: str | None = None) -> Any:
    return await auth.sign_in(EMAIL, password, auth_flow_type="USER_AUTH", preferred_challenge=preferred)


async def who(auth: AuthClient) -> str:
    session = await auth.fetch_auth_session(force_refresh=True, credentials=False)
    assert session.tokens is not None
    assert session.tokens.id_token is not None
    return str(session.tokens.id_token.payload["email"])


def another(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


@PASSWORDS
async def test_a_preferred_password(auth: AuthClient, factor: str) -> None:
    """A wrong password as the preferred factor is refused, and the right one signs in."""
    with pytest.raises(errors.NotAuthorizedException):
        await begin(auth, factor, NEW)
    assert (await begin(auth, factor, PASSWORD)).is_signed_in
    assert await who(auth) == EMAIL


@PASSWORDS
async def test_a_chosen_password(auth: AuthClient, factor: str) -> None:
    """The user chooses the password among the first factors."""
    chosen = await begin(auth)
    assert chosen.next_step == steps.ContinueSignInWithFirstFactorSelection(ALL)
    assert (await auth.confirm_sign_in(factor)).next_step == steps.ConfirmSignInWithPassword()
    assert (await auth.confirm_sign_in(PASSWORD)).is_signed_in
    assert await who(auth) == EMAIL


@CODES
@pytest.mark.parametrize("chosen", [False, True], ids=["preferred", "chosen"])
async def test_a_code(auth: AuthClient, emulator: CognitoEmulator, factor: str, chosen: bool) -> None:
    """A one-time code signs in, preferred or chosen."""
    if chosen:
        await begin(auth)
        result = await auth.confirm_sign_in(factor)
    else:
        result = await begin(auth, factor)
    assert isinstance(result.next_step, STEP[factor])
    assert result.next_step.code_delivery_details is not None
    assert result.next_step.code_delivery_details.delivery_medium == factor.removesuffix("_OTP")
    code = await emulator.outbox.next_code(ADDRESS[factor])
    with pytest.raises(errors.CodeMismatchException):
        await auth.confirm_sign_in(another(code))
    assert (await auth.confirm_sign_in(code)).is_signed_in
    assert await who(auth) == EMAIL


async def test_a_preference_from_the_configuration(connect: Any, pool: Any) -> None:
    passwordless = PasswordlessConfig(email_otp_enabled=True, preferred_challenge="EMAIL_OTP")
    auth = await connect(evolve(pool.config, passwordless=passwordless))
    assert isinstance((await begin(auth)).next_step, steps.ConfirmSignInWithEmailCode)


async def test_an_unavailable_preference_is_a_choice(auth: AuthClient, pool: Any) -> None:
    del pool.state.users.find(EMAIL).attributes["phone_number"]
    step = (await begin(auth, "SMS_OTP")).next_step
    assert step == steps.ContinueSignInWithFirstFactorSelection(ALL[:3])


async def test_a_choice_is_made_in_another_process(
    manager: Any, pool: Any, emulator: CognitoEmulator
) -> None:
    storage = MemoryStorage(clock=emulator.clock)
    one, two, three = [(await manager(pool.config, storage)).client("key") for _ in range(3)]
    await begin(one)
    assert await two.get_sign_in_step() == steps.ContinueSignInWithFirstFactorSelection(ALL)
    await two.confirm_sign_in("EMAIL_OTP")
    assert isinstance(await three.get_sign_in_step(), steps.ConfirmSignInWithEmailCode)
    code = await emulator.outbox.next_code(EMAIL)
    assert (await three.confirm_sign_in(code)).is_signed_in
    assert await who(one) == EMAIL


async def test_a_second_factor_follows_the_password(
    auth: AuthClient, pool: Any, emulator: CognitoEmulator
) -> None:
    await pool.add_user("ben@example.com", PASSWORD, mfa="TOTP")
    options: dict[str, Any] = {"auth_flow_type": "USER_AUTH", "preferred_challenge": "EMAIL_OTP"}
    result = await auth.sign_in("ben@example.com", **options)
    assert result.next_step == steps.ContinueSignInWithFirstFactorSelection(ALL[:2])
    await auth.confirm_sign_in("PASSWORD_SRP")
    assert (await auth.confirm_sign_in(PASSWORD)).next_step == steps.ConfirmSignInWithTotpCode()
    assert (await auth.confirm_sign_in(pool.totp_code("ben@example.com"))).is_signed_in


async def test_a_user_who_does_not_exist(emulator: CognitoEmulator, connect: Any) -> None:
    pool = await emulator.create_user_pool(
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
        client={"ExplicitAuthFlows": ["ALLOW_USER_AUTH"], "PreventUserExistenceErrors": "ENABLED"},
    )
    auth = await connect(pool.config)
    assert isinstance((await begin(auth, "EMAIL_OTP")).next_step, steps.ConfirmSignInWithEmailCode)
    with pytest.raises(errors.CodeMismatchException):
        await auth.confirm_sign_in("00000000")
    assert emulator.outbox.messages == []
