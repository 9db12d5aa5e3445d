"""Automatic sign-in after a sign-up: by code, by link, at once, and with the session of the sign-up."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Awaitable
from typing import Any

import anyio
import pytest
from attrs import evolve

from aiocognito import AuthClient, AutoSignInOptions, MemoryStorage, SessionManager, errors, steps
from aiocognito._models import CodeDeliveryDetails
from aiocognito._results import SignUpResult
from aiocognito._session import auto_sign_in
from aiocognito._session.record import PendingAutoSignIn
from aiocognito.errors import NetworkError
from helpers.clock import Clock
from helpers.user_pool import (
    CONFIG,
    VERIFIER,
    RecordingStorage,
    ScriptedService,
    attach,
    challenge,
    refusal,
    scripted_client,
    scripted_manager,
    signed_in,
)

INITIATE, RESPOND = "InitiateAuth", "RespondToAuthChallenge"
SENT = {"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
DELIVERY = CodeDeliveryDetails("a***@e***", "EMAIL", "email")
UNCONFIRMED = {"UserConfirmed": False, "UserSub": "sub", "CodeDeliveryDetails": SENT}
CONFIRMED = {"UserConfirmed": True, "UserSub": "sub"}
NOT_YET = refusal(INITIATE, "UserNotConfirmedException", "User is not confirmed.")
BY_LINK = evolve(CONFIG, sign_up_verification_method="link")
BY_PASSWORD = AutoSignInOptions(auth_flow_type="USER_PASSWORD_AUTH")


async def sign_up(
    client: AuthClient,
    service: ScriptedService,
    options: bool | AutoSignInOptions = BY_PASSWORD,
    *,
    answer: dict[str, Any] = UNCONFIRMED,
    username: str = "ana",
    password: str | None = "secret",
) -> SignUpResult:
    service.only("SignUp", answer)
    return await client.sign_up(username, password, auto_sign_in=options)


async def planned(client: AuthClient) -> PendingAutoSignIn | None:
    return (await client._session.load()).record.auto_sign_in


@pytest.fixture(autouse=True)
def _always_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let waiting tasks read the clock in every turn of the event loop."""
    monkeypatch.setattr(auto_sign_in, "CLOCK_POLL_SECONDS", 0)


async def glances() -> None:
    """Run several turns of the event loop."""
    for _ in range(50):
        await asyncio.sleep(0)


async def advance(clock: Clock, seconds: float) -> None:
    """Set the clock, and let waiting tasks notice."""
    await glances()
    clock.advance(seconds)
    await glances()


# What sign-up says, and what it remembers


@pytest.mark.amplify("B11")
@pytest.mark.parametrize(
    ("answer", "options", "config", "complete", "step"),
    [
        pytest.param(CONFIRMED, True, CONFIG, True, steps.CompleteAutoSignIn(), id="confirmed, automatic"),
        pytest.param(CONFIRMED, False, CONFIG, True, steps.Done(), id="confirmed, not automatic"),
        pytest.param(
            UNCONFIRMED, True, BY_LINK, False, steps.CompleteAutoSignIn(DELIVERY), id="automatic, by link"
        ),
        pytest.param(
            UNCONFIRMED, True, CONFIG, False, steps.ConfirmSignUp(DELIVERY), id="automatic, by code"
        ),
        pytest.param(UNCONFIRMED, False, BY_LINK, False, steps.ConfirmSignUp(DELIVERY), id="not automatic"),
    ],
)
async def test_the_five_rows_of_what_follows_a_sign_up(
    answer: dict[str, Any], options: bool, config: Any, complete: bool, step: object
) -> None:
    async with scripted_client(config=config) as (client, service, _):
        result = await sign_up(client, service, options, answer=answer)
        assert (result.is_sign_up_complete, result.user_id, result.next_step) == (complete, "sub", step)
        assert ((await planned(client)) is not None) is options


@pytest.mark.amplify("B10")
@pytest.mark.parametrize(("options", "enabled"), [(AutoSignInOptions(), True), (True, True), (False, False)])
async def test_options_with_nothing_in_them_count_as_enabled(options: Any, enabled: bool) -> None:
    async with scripted_client() as (client, service, _):
        result = await sign_up(client, service, options, answer=CONFIRMED)
        assert isinstance(result.next_step, steps.CompleteAutoSignIn if enabled else steps.Done)


@pytest.mark.amplify("B10")
async def test_absent_means_no() -> None:
    """Without the option, no automatic sign-in is planned."""
    async with scripted_client() as (client, service, _):
        service.answer("SignUp", CONFIRMED)
        assert (await client.sign_up("ana", "secret")).next_step == steps.Done()
        with pytest.raises(errors.AutoSignInException):
            await client.auto_sign_in()


@pytest.mark.parametrize(
    "options",
    [
        {},
        "yes",
        None,
        AutoSignInOptions(auth_flow_type="SING_IN"),  # type: ignore[arg-type]  # wrong on purpose
        AutoSignInOptions(auth_flow_type=7),  # type: ignore[arg-type]  # wrong on purpose
        AutoSignInOptions(preferred_challenge=7),  # type: ignore[arg-type]  # wrong on purpose
        AutoSignInOptions(client_metadata={"k": 7}),  # type: ignore[dict-item]  # wrong on purpose
    ],
)
async def test_invalid_options_are_refused_before_the_account_is_created(options: Any) -> None:
    async with scripted_client() as (client, service, _):
        with pytest.raises(errors.AuthValidationError, match="auto_sign_in"):
            await client.sign_up("ana", "secret", auto_sign_in=options)
        assert service.calls == []


# At once, and after a code


async def test_a_confirmed_account_is_signed_in_at_once_with_the_held_password() -> None:
    async with scripted_client() as (client, service, _):
        options = AutoSignInOptions(
            auth_flow_type="USER_PASSWORD_AUTH", client_metadata=types.MappingProxyType({"k": "v"})
        )
        await sign_up(client, service, options, answer=CONFIRMED)
        service.answer(INITIATE, service.tokens())
        result = await client.auto_sign_in()
        assert (result.is_signed_in, result.next_step) == (True, steps.Done())
        assert service.calls[-1] == (
            INITIATE,
            {
                "AuthFlow": "USER_PASSWORD_AUTH",
                "AuthParameters": {"USERNAME": "ana", "PASSWORD": "secret"},
                "ClientMetadata": {"k": "v"},
                "ClientId": "client",
            },
        )
        details = (await client.get_current_user()).sign_in_details
        assert details is not None
        assert details.to_dict() == {"loginId": "ana", "authFlowType": "USER_PASSWORD_AUTH"}
        assert client._sign_up_password._password is None


async def test_the_default_is_srp() -> None:
    async with scripted_client() as (client, service, _):
        await sign_up(client, service, True)
        assert (await client.confirm_sign_up("ana", "1")).next_step == steps.CompleteAutoSignIn()
        service.answer(INITIATE, VERIFIER)
        service.answer(RESPOND, service.tokens())
        assert (await client.auto_sign_in()).is_signed_in
        assert service.operations() == ["SignUp", "ConfirmSignUp", INITIATE, RESPOND]
        assert service.calls[2][1]["AuthFlow"] == "USER_SRP_AUTH"


@pytest.mark.amplify("B12")
@pytest.mark.parametrize("elsewhere", [False, True], ids=["the same object", "another process"])
@pytest.mark.parametrize("preferred", [None, "EMAIL_OTP", "PASSWORD", "PASSWORD_SRP"])
async def test_user_auth_goes_on_with_the_session_of_the_confirmation(
    preferred: str | None, elsewhere: bool
) -> None:
    """The session is enough, in any process; Amplify never sends the session of the sign-up."""
    clock = Clock()
    storage, service = MemoryStorage(clock=clock), ScriptedService(clock)
    options = AutoSignInOptions(auth_flow_type="USER_AUTH", preferred_challenge=preferred)
    async with (
        SessionManager(CONFIG, fixed_keys=True, storage=storage, clock=clock) as here,
        SessionManager(CONFIG, fixed_keys=True, storage=storage, clock=clock) as there,
    ):
        attach(here, service)
        attach(there, service)
        await sign_up(
            here.client("k"),
            service,
            options,
            answer={**UNCONFIRMED, "Session": "of the sign-up"},
            password=None,
        )
        service.answer("ConfirmSignUp", {"Session": "of the confirmation"})
        confirmed = await here.client("k").confirm_sign_up("ana", "123456")
        assert confirmed.next_step == steps.CompleteAutoSignIn()
        assert service.calls[-1][1]["Session"] == "of the sign-up"
        service.answer(INITIATE, service.tokens())
        client = (there if elsewhere else here).client("k")
        assert (await client.auto_sign_in()).is_signed_in
        expected = {"USERNAME": "ana"} | ({"PREFERRED_CHALLENGE": preferred} if preferred else {})
        assert service.calls[-1] == (
            INITIATE,
            {
                "AuthFlow": "USER_AUTH",
                "AuthParameters": expected,
                "ClientId": "client",
                "Session": "of the confirmation",
            },
        )


@pytest.mark.amplify("B12")
async def test_a_password_known_here_goes_with_the_session() -> None:
    """Amplify leaves the session out then, so that a second factor may be asked for needlessly."""
    async with scripted_client() as (client, service, _):
        options = AutoSignInOptions(auth_flow_type="USER_AUTH", preferred_challenge="PASSWORD_SRP")
        await sign_up(client, service, options)
        service.answer("ConfirmSignUp", {"Session": "of the confirmation"})
        await client.confirm_sign_up("ana", "123456")
        service.answer(INITIATE, VERIFIER)
        service.answer(RESPOND, service.tokens())
        assert (await client.auto_sign_in()).is_signed_in
        sent = service.calls[2][1]
        assert sent["Session"] == "of the confirmation"
        assert "SRP_A" in sent["AuthParameters"]
        assert service.calls[3][1]["ChallengeResponses"]["USERNAME"] == "ana-id"


async def test_without_a_session_user_auth_asks_for_a_factor() -> None:
    async with scripted_client() as (client, service, _):
        await sign_up(client, service, AutoSignInOptions(auth_flow_type="USER_AUTH"), answer=CONFIRMED)
        factors = ["EMAIL_OTP", "PASSWORD"]
        service.answer(INITIATE, challenge("SELECT_CHALLENGE", AvailableChallenges=factors))
        result = await client.auto_sign_in()
        assert result.next_step == steps.ContinueSignInWithFirstFactorSelection(factors)
        assert await client.get_sign_in_step() == result.next_step
        service.answer(RESPOND, service.tokens())
        await client.confirm_sign_in("PASSWORD")
        assert (await client.confirm_sign_in("secret")).is_signed_in


@pytest.mark.amplify("B13")
@pytest.mark.parametrize("given", [None, "superfluous"])
async def test_custom_auth_without_srp_carries_no_password(given: str | None) -> None:
    async with scripted_client() as (client, service, _):
        options = AutoSignInOptions(auth_flow_type="CUSTOM_WITHOUT_SRP")
        await sign_up(client, service, options, answer=CONFIRMED)
        service.answer(INITIATE, challenge("CUSTOM_CHALLENGE"))
        result = await client.auto_sign_in(password=given)
        assert isinstance(result.next_step, steps.ConfirmSignInWithCustomChallenge)
        assert service.calls[-1][1]["AuthParameters"] == {"USERNAME": "ana"}


@pytest.mark.parametrize("name", ["Ana", " ana ", "ANA@example.com", "+4917", "\uff21na", "a-sub"])
async def test_the_same_user_under_another_name_is_the_same_sign_up(name: str) -> None:
    async with scripted_client() as (client, service, _):
        service.answer("SignUp", {"UserConfirmed": False, "UserSub": "a-sub"})
        addresses = {"email": "ana@example.com", "phone_number": "+4917", "name": "ben"}
        await client.sign_up("ana", "secret", user_attributes=addresses, auto_sign_in=True)
        service.answer("ConfirmSignUp", {})
        assert (await client.confirm_sign_up(name, "1")).next_step == steps.CompleteAutoSignIn()
        plan = await planned(client)
        assert plan is not None
        assert (plan.username, plan.is_confirmed) == ("ana", True)
        assert client._sign_up_password.of("ana") == "secret"


async def test_an_attribute_that_is_not_a_name_is_not_the_user() -> None:
    async with scripted_client() as (client, service, _):
        service.answer("SignUp", {"UserConfirmed": False, "UserSub": "a-sub"})
        await client.sign_up("ana", "secret", user_attributes={"name": "ben"}, auto_sign_in=True)
        service.answer("ConfirmSignUp", {})
        assert (await client.confirm_sign_up("ben", "1")).next_step == steps.Done()


@pytest.mark.amplify("B14")
async def test_confirming_another_user_ends_it() -> None:
    async with scripted_client() as (client, service, _):
        await sign_up(client, service)
        assert (await client.confirm_sign_up("ben", "1")).next_step == steps.Done()
        assert await planned(client) is None
        assert client._sign_up_password._password is None
        assert (await client.confirm_sign_up("ana", "1")).next_step == steps.Done()
        with pytest.raises(errors.AutoSignInException):
            await client.auto_sign_in()
        assert service.operations() == ["SignUp", "ConfirmSignUp", "ConfirmSignUp"]


@pytest.mark.amplify("B15")
async def test_a_sign_up_is_waited_for_three_minutes() -> None:
    async with scripted_client() as (client, service, clock):
        await sign_up(client, service)
        clock.advance(181)
        assert (await client.confirm_sign_up("ana", "1")).next_step == steps.Done()
        with pytest.raises(errors.AutoSignInException):
            await client.auto_sign_in()


@pytest.mark.amplify("B15")
async def test_a_confirmation_in_time_gives_three_minutes_more() -> None:
    """As long as the session that Cognito gave with it."""
    async with scripted_client() as (client, service, clock):
        await sign_up(client, service)
        clock.advance(170)
        await client.confirm_sign_up("ana", "1")
        clock.advance(170)
        assert await planned(client) is not None
        clock.advance(11)
        with pytest.raises(errors.AutoSignInException):
            await client.auto_sign_in()


@pytest.mark.amplify("B17")
async def test_the_second_time_there_is_nothing_to_do() -> None:
    async with scripted_client() as (client, service, _):
        await sign_up(client, service, answer=CONFIRMED)
        service.answer(INITIATE, service.tokens())
        assert (await client.auto_sign_in()).is_signed_in
        with pytest.raises(errors.AutoSignInException):
            await client.auto_sign_in()
        assert service.operations() == ["SignUp", INITIATE]


@pytest.mark.amplify("B17", "B69")
@pytest.mark.parametrize("pause", [False, True], ids=["one after the other", "in step"])
async def test_of_two_at_once_one_is_done_and_neither_hangs(pause: bool) -> None:
    class Slow(MemoryStorage):
        async def get(self, key: str) -> bytes | None:
            await asyncio.sleep(0)
            return await super().get(key)

    storage = (Slow if pause else MemoryStorage)(clock=Clock())
    async with scripted_client(storage=storage) as (client, service, _):
        await sign_up(client, service, answer=CONFIRMED)
        service.answer(INITIATE, service.tokens())
        results = await asyncio.gather(client.auto_sign_in(), client.auto_sign_in(), return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["AutoSignInException", "SignInResult"]
        assert service.operations() == ["SignUp", INITIATE]


async def test_a_failed_one_is_over() -> None:
    async with scripted_client() as (client, service, _):
        await sign_up(client, service, answer=CONFIRMED)
        service.answer(INITIATE, NetworkError("lost"))
        with pytest.raises(NetworkError):
            await client.auto_sign_in()
        assert client._sign_up_password._password is None
        with pytest.raises(errors.AutoSignInException):
            await client.auto_sign_in()


async def test_a_code_must_be_confirmed_first_and_nothing_is_lost_by_asking_early() -> None:
    async with scripted_client() as (client, service, _):
        await sign_up(client, service)
        with pytest.raises(errors.AutoSignInException, match="not confirmed") as caught:
            await client.auto_sign_in()
        assert caught.value.recovery_suggestion == "Call confirm_sign_up first."
        assert service.operations() == ["SignUp"]
        await client.confirm_sign_up("ana", "1")
        service.answer(INITIATE, service.tokens())
        assert (await client.auto_sign_in()).is_signed_in


async def test_a_wrong_code_loses_nothing() -> None:
    async with scripted_client() as (client, service, _):
        await sign_up(client, service, answer={**UNCONFIRMED, "Session": "of the sign-up"})
        service.answer("ConfirmSignUp", refusal("ConfirmSignUp", "CodeMismatchException"), {})
        with pytest.raises(errors.CodeMismatchException):
            await client.confirm_sign_up("ana", "0")
        assert (await client.confirm_sign_up("ana", "1")).next_step == steps.CompleteAutoSignIn()
        assert [sent["Session"] for _, sent in service.calls[1:]] == ["of the sign-up"] * 2


# Passwords


async def test_no_password_is_ever_stored() -> None:
    storage = RecordingStorage(clock=Clock())
    async with scripted_client(storage=storage) as (client, service, _):
        for options in (True, AutoSignInOptions(auth_flow_type="USER_AUTH", preferred_challenge="PASSWORD")):
            await sign_up(client, service, options, password="S3cret-of-Ana", username="ana")
            await client.confirm_sign_up("ana", "1")
            service.only(INITIATE, challenge("SOFTWARE_TOKEN_MFA"))
            await client.auto_sign_in()
        service.only(INITIATE, challenge("PASSWORD"))
        await client.sign_in("ana", "S3cret-of-Ana", auth_flow_type="USER_PASSWORD_AUTH")
        service.answer(RESPOND, refusal(RESPOND, "NotAuthorizedException"), service.tokens())
        with pytest.raises(errors.NotAuthorizedException):
            await client.confirm_sign_in("S3cret-of-Ana")
        await client.confirm_sign_in("S3cret-of-Ana")
        assert len(storage.written) > 8
        assert not any(b"S3cret" in value for value in storage.written)
        assert "S3cret" not in repr(vars(client))


async def test_another_object_needs_the_password_again_and_asking_costs_nothing() -> None:
    async with scripted_manager() as (sessions, service, _):
        await sign_up(sessions.client("k"), service, answer=CONFIRMED)
        for missing in (None, ""):
            with pytest.raises(errors.AuthValidationError) as caught:
                await sessions.client("k").auto_sign_in(password=missing)
            assert caught.value.code is errors.AuthValidationErrorCode.EmptySignInPassword
        assert service.operations() == ["SignUp"]
        service.answer(INITIATE, service.tokens())
        assert (await sessions.client("k").auto_sign_in(password="secret")).is_signed_in
        assert service.calls[-1][1]["AuthParameters"]["PASSWORD"] == "secret"


async def test_a_password_is_remembered_for_the_sign_up_it_came_with() -> None:
    async with scripted_manager() as (sessions, service, _):
        here, there = sessions.client("k"), sessions.client("k")
        await sign_up(here, service, username="ana")
        await sign_up(there, service, username="ben", answer=CONFIRMED)
        with pytest.raises(errors.AuthValidationError):
            await here.auto_sign_in()
        service.answer(INITIATE, service.tokens())
        assert (await there.auto_sign_in()).is_signed_in


async def test_a_sign_up_that_failed_leaves_the_one_before_as_it_was() -> None:
    async with scripted_client() as (client, service, _):
        await sign_up(client, service)
        with pytest.raises(errors.UsernameExistsException):
            await sign_up(client, service, answer=refusal("SignUp", "UsernameExistsException"))  # type: ignore[arg-type]  # an error is answered, too
        await client.confirm_sign_up("ana", "1")
        service.answer(INITIATE, service.tokens())
        assert (await client.auto_sign_in()).is_signed_in


async def test_without_a_password_at_sign_up_it_may_be_given_afterwards() -> None:
    async with scripted_client() as (client, service, _):
        await sign_up(client, service, answer=CONFIRMED, password=None)
        with pytest.raises(errors.AuthValidationError):
            await client.auto_sign_in()
        service.answer(INITIATE, service.tokens())
        assert (await client.auto_sign_in(password="secret")).is_signed_in


# What ends it


@pytest.mark.amplify("B69")
async def test_a_sign_up_that_is_not_automatic_ends_the_one_before() -> None:
    async with scripted_client() as (client, service, _):
        await sign_up(client, service)
        result = await sign_up(client, service, False, username="ben", answer=CONFIRMED)
        assert result.next_step == steps.Done()
        assert await planned(client) is None
        assert client._sign_up_password._password is None


@pytest.mark.parametrize(
    "answer",
    [challenge("SOFTWARE_TOKEN_MFA"), NOT_YET, refusal(INITIATE, "NotAuthorizedException"), None],
    ids=["a challenge", "not confirmed", "refused", "signed in"],
)
async def test_a_sign_in_by_hand_ends_it_with_any_outcome(answer: Any) -> None:
    async with scripted_client() as (client, service, _):
        await sign_up(client, service)
        service.answer(INITIATE, answer or service.tokens())
        try:
            await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        except errors.NotAuthorizedException:
            assert isinstance(answer, errors.NotAuthorizedException)
        assert await planned(client) is None
        assert (await client.confirm_sign_up("ana", "1")).next_step == steps.Done()


async def test_signing_out_ends_it() -> None:
    async with scripted_client() as (client, service, _):
        await sign_up(client, service, answer=CONFIRMED)
        await client.sign_out()
        with pytest.raises(errors.AutoSignInException):
            await client.auto_sign_in()


async def test_a_signed_in_user_is_not_replaced() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service, username="ben")
        await sign_up(client, service, answer=CONFIRMED)
        with pytest.raises(errors.UserAlreadyAuthenticatedException):
            await client.auto_sign_in()
        assert service.operations() == ["SignUp"]
        assert (await client.get_current_user()).username == "ben"


async def test_a_client_that_borrows_its_tokens_signs_up_but_keeps_no_plan() -> None:
    class SignedOut:
        async def get_tokens(self, **_: object) -> None:
            return None

    async with scripted_client(token_provider=SignedOut()) as (client, service, _):
        with pytest.raises(errors.AuthTokenConfigException):
            await sign_up(client, service)
        assert service.calls == []
        assert (await sign_up(client, service, False)).next_step == steps.ConfirmSignUp(DELIVERY)
        assert (await client.confirm_sign_up("ana", "1")).next_step == steps.Done()
        with pytest.raises(errors.AuthTokenConfigException):
            await client.auto_sign_in()


# By link


@pytest.mark.amplify("B16")
async def test_a_link_is_looked_for_every_five_seconds_from_the_fifth_on() -> None:
    async with scripted_client(config=BY_LINK) as (client, service, clock):
        await sign_up(client, service)
        service.answer(INITIATE, NOT_YET, NOT_YET, service.tokens())
        waiting = asyncio.create_task(client.auto_sign_in())
        await advance(clock, 4.9)
        assert service.operations() == ["SignUp"]
        for tries in (1, 2):
            await advance(clock, 0.2 if tries == 1 else 5)
            assert service.operations() == ["SignUp"] + [INITIATE] * tries
            assert await planned(client) is not None
            assert not waiting.done()
        await advance(clock, 5)
        assert (await waiting).is_signed_in
        assert (await client.get_current_user()).username == "ana"
        assert await planned(client) is None
        assert client._sign_up_password._password is None


@pytest.mark.amplify("B16")
async def test_after_three_minutes_it_is_too_late() -> None:
    async with scripted_client(config=BY_LINK) as (client, service, clock):
        await sign_up(client, service)
        service.answer(INITIATE, NOT_YET)
        waiting = asyncio.create_task(client.auto_sign_in())
        await advance(clock, 179)
        assert not waiting.done()
        await advance(clock, 5)
        with pytest.raises(errors.AutoSignInException):
            await waiting
        assert service.operations() == ["SignUp", INITIATE]
        with pytest.raises(errors.AutoSignInException):
            await client.auto_sign_in()


@pytest.mark.amplify("B16")
@pytest.mark.parametrize(
    "failure", [NetworkError("lost"), refusal(INITIATE, "NotAuthorizedException")], ids=["lost", "refused"]
)
async def test_the_first_other_error_ends_it(failure: Exception) -> None:
    async with scripted_client(config=BY_LINK) as (client, service, clock):
        await sign_up(client, service)
        service.answer(INITIATE, NOT_YET, failure, service.tokens())
        waiting = asyncio.create_task(client.auto_sign_in())
        await advance(clock, 5)
        await advance(clock, 5)
        with pytest.raises(type(failure)):
            await waiting
        assert await planned(client) is None
        assert client._sign_up_password._password is None


@pytest.mark.amplify("B16")
async def test_any_other_step_ends_the_waiting() -> None:
    for answer, step in (
        (challenge("SOFTWARE_TOKEN_MFA"), steps.ConfirmSignInWithTotpCode()),
        (refusal(INITIATE, "PasswordResetRequiredException"), steps.ResetPassword()),
    ):
        async with scripted_client(config=BY_LINK) as (client, service, clock):
            await sign_up(client, service)
            service.answer(INITIATE, answer)
            waiting = asyncio.create_task(client.auto_sign_in())
            await advance(clock, 5)
            assert (await waiting).next_step == step
            assert await planned(client) is None


async def test_waiting_can_be_cancelled_and_begun_again_by_the_same_object() -> None:
    async with scripted_client(config=BY_LINK) as (client, service, clock):
        await sign_up(client, service)
        service.answer(INITIATE, NOT_YET)
        for _ in range(2):
            waiting = asyncio.create_task(client.auto_sign_in())
            await advance(clock, 5)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert service.operations() == ["SignUp", INITIATE, INITIATE]
        service.only(INITIATE, service.tokens())
        waiting = asyncio.create_task(client.auto_sign_in())
        await advance(clock, 5)
        assert (await waiting).is_signed_in


async def test_waiting_can_be_limited() -> None:
    async with scripted_client(config=BY_LINK) as (client, service, _):
        await sign_up(client, service)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await client.auto_sign_in()
        assert await planned(client) is not None


async def test_a_clock_that_goes_by_itself_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is set forward meanwhile is noticed: it follows the sleeps, and jumps once."""
    clock = Clock()
    sleep = anyio.sleep

    async def sleeps(seconds: float) -> None:
        clock.advance(seconds)
        if clock.now - start > 2:
            clock.advance(2)
        await sleep(0)

    async with scripted_client(config=BY_LINK, clock=clock) as (client, service, _):
        await sign_up(client, service)
        service.answer(INITIATE, service.tokens())
        monkeypatch.setattr(auto_sign_in, "CLOCK_POLL_SECONDS", 0.05)
        monkeypatch.setattr(anyio, "sleep", sleeps)
        start = clock.now
        assert (await client.auto_sign_in()).is_signed_in
        assert 5 <= clock.now - start <= 7


async def test_a_code_that_comes_while_a_link_is_waited_for_is_as_good() -> None:
    async with scripted_client(config=BY_LINK) as (client, service, clock):
        await sign_up(client, service, AutoSignInOptions(auth_flow_type="USER_AUTH"))
        service.answer(INITIATE, service.tokens())
        waiting = asyncio.create_task(client.auto_sign_in())
        await glances()
        service.answer("ConfirmSignUp", {"Session": "of the confirmation"})
        result = await client.confirm_sign_up("ana", "1")
        assert result.next_step == steps.CompleteAutoSignIn()
        await advance(clock, 5)
        assert (await waiting).is_signed_in
        assert service.calls[-1][1]["Session"] == "of the confirmation"


@pytest.mark.parametrize("how", ["sign_out", "sign_up", "sign_in"])
async def test_ending_the_plan_ends_the_waiting(how: str) -> None:
    async with scripted_client(config=BY_LINK) as (client, service, clock):
        await sign_up(client, service)
        service.answer(INITIATE, NOT_YET)
        waiting = asyncio.create_task(client.auto_sign_in())
        await advance(clock, 5)
        ways: dict[str, Any] = {
            "sign_out": client.sign_out,
            "sign_up": lambda: sign_up(client, service, False, username="ben"),
            "sign_in": lambda: client.sign_in("ben", "secret", auth_flow_type="USER_PASSWORD_AUTH"),
        }
        await ways[how]()
        service.only(INITIATE, service.tokens())
        service.calls.clear()
        await advance(clock, 5)
        with pytest.raises(errors.AutoSignInException):
            await waiting
        assert service.calls == []


async def in_flight(
    client: AuthClient, service: ScriptedService, clock: Clock, calls: list[Awaitable[Any]]
) -> list[asyncio.Task[Any]]:
    """Let link polls arrive at Cognito and wait there."""
    gate = service.hold(INITIATE)
    tasks = [asyncio.ensure_future(call) for call in calls]
    await advance(clock, 5)
    assert service.operations().count(INITIATE) == len(tasks)
    gate.set()
    return tasks


async def test_of_two_that_wait_for_one_link_one_signs_in_and_the_others_tokens_are_revoked() -> None:
    async with scripted_client(config=BY_LINK) as (client, service, clock):
        await sign_up(client, service)
        service.answer(INITIATE, service.tokens(), service.tokens(refresh_token="superfluous"))
        tasks = await in_flight(client, service, clock, [client.auto_sign_in(), client.auto_sign_in()])
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["AutoSignInException", "SignInResult"]
        assert service.calls[-1] == ("RevokeToken", {"Token": "superfluous", "ClientId": "client"})
        assert (await client.get_current_user()).username == "ana"


async def test_a_sign_out_before_the_answer_came_stands() -> None:
    async with scripted_client(config=BY_LINK) as (client, service, clock):
        await sign_up(client, service)
        service.answer(INITIATE, service.tokens(refresh_token="late"))
        gate = service.hold(INITIATE)
        waiting = asyncio.create_task(client.auto_sign_in())
        await advance(clock, 5)
        await client.sign_out()
        gate.set()
        with pytest.raises(errors.AutoSignInException, match="nothing was stored"):
            await waiting
        assert (await client.fetch_auth_session()).tokens is None
        assert service.calls[-1] == ("RevokeToken", {"Token": "late", "ClientId": "client"})


async def test_a_sign_in_meanwhile_ends_the_waiting() -> None:
    async with scripted_manager(config=BY_LINK) as (sessions, service, clock):
        client = sessions.client("k")
        await sign_up(client, service)
        service.answer(INITIATE, NOT_YET)
        waiting = asyncio.create_task(client.auto_sign_in())
        await advance(clock, 5)
        await signed_in(sessions.client("k"), service, username="ben")
        await advance(clock, 5)
        with pytest.raises(errors.AutoSignInException):
            await waiting
        assert service.calls == []
        assert (await client.get_current_user()).username == "ben"


async def test_a_user_who_was_signed_in_before_is_not_replaced() -> None:
    async with scripted_client(config=BY_LINK) as (client, service, clock):
        await signed_in(client, service, username="ben")
        await sign_up(client, service)
        waiting = asyncio.create_task(client.auto_sign_in())
        await advance(clock, 5)
        with pytest.raises(errors.UserAlreadyAuthenticatedException):
            await waiting
        assert service.operations() == ["SignUp"]
        assert await planned(client) is None


async def test_a_plan_taken_by_another_process_is_not_carried_out_twice() -> None:
    """Both processes read the plan; compare-and-set lets one of them carry it out."""
    clock = Clock()

    class Rival(MemoryStorage):
        armed = False

        async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
            if self.armed:
                self.armed = False
                await super().delete(key)
            return await super().replace(key, value, **arguments)

    storage = Rival(clock=clock)
    async with scripted_client(storage=storage) as (client, service, _):
        await sign_up(client, service, answer=CONFIRMED)
        storage.armed = True
        with pytest.raises(errors.AutoSignInException, match="another caller"):
            await client.auto_sign_in()
        assert service.operations() == ["SignUp"]
