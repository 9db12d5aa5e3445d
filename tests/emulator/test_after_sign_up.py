"""From a sign-up straight to its sign-in, and confirmation by link."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from aiocognito.emulator import CognitoEmulator
from helpers.api import EMAIL, PASSWORD, PHONE, Api, Refused, wrong

INVALID = ("NotAuthorizedException", "Invalid session for the user.")
USED = ("NotAuthorizedException", "Invalid session for the user, session can only be used once.")
LATE = ("NotAuthorizedException", "Invalid session for the user, session is expired.")
CHOICE = {"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}
BOTH = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}


@pytest.fixture
async def going_on(empty_api: Api) -> Api:
    """A pool in which a sign-up by e-mail can go on to its sign-in."""
    await empty_api.make_pool(client=CHOICE, Policies=BOTH, AutoVerifiedAttributes=["email"])
    return empty_api


async def sign_up(api: Api, name: str = "ana", **members: Any) -> dict[str, Any]:
    attributes = [{"Name": "email", "Value": f"{name}@example.com"}]
    members = {"Password": PASSWORD, "UserAttributes": attributes, **members}
    return await api("SignUp", ClientId=api.client_id, Username=name, **members)


async def confirm(api: Api, code: str, name: str = "ana", **members: Any) -> dict[str, Any]:
    return await api("ConfirmSignUp", ClientId=api.client_id, Username=name, ConfirmationCode=code, **members)


async def begin(api: Api, session: str, name: str = "ana", **parameters: str) -> dict[str, Any]:
    return await api(
        "InitiateAuth",
        ClientId=api.client_id,
        AuthFlow="USER_AUTH",
        Session=session,
        AuthParameters={"USERNAME": name, **parameters},
    )


async def not_begun(api: Api, session: str, name: str = "ana") -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        await begin(api, session, name)
    return refusal.value.code, refusal.value.message


async def confirmed(api: Api, name: str = "ana") -> str:
    answer = await sign_up(api, name)
    return str((await confirm(api, api.code(), name, Session=answer["Session"]))["Session"])


@pytest.mark.parametrize("password", [True, False])
async def test_a_sign_up_goes_on_to_its_sign_in(going_on: Api, password: bool) -> None:
    members: dict[str, Any] = {} if password else {"Password": None}
    answer = await sign_up(going_on, **members)
    assert answer["Session"].startswith("AYABe")
    sent = len(going_on.state.outbox.messages)
    later = await confirm(going_on, going_on.code(), Session=answer["Session"])
    result = await begin(going_on, later["Session"], PREFERRED_CHALLENGE="PASSWORD")
    assert {"AccessToken", "IdToken", "RefreshToken"} <= result["AuthenticationResult"].keys()
    assert len(going_on.state.outbox.messages) == sent
    assert await not_begun(going_on, later["Session"]) == USED


@pytest.mark.parametrize(
    "settings",
    [
        {"Policies": {}},
        {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "SMS_OTP"]}}},
        {"client": {}},
        {"AutoVerifiedAttributes": []},
    ],
)
async def test_not_every_pool_lets_it(empty_api: Api, settings: dict[str, Any]) -> None:
    settings = {"client": CHOICE, "Policies": BOTH, "AutoVerifiedAttributes": ["email"], **settings}
    await empty_api.make_pool(**settings)
    assert "Session" not in await sign_up(empty_api)
    if empty_api.state.outbox.messages:
        assert await confirm(empty_api, empty_api.code()) == {}


async def test_the_phone_has_its_own_factor(empty_api: Api) -> None:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "SMS_OTP"]}}
    await empty_api.make_pool(client=CHOICE, Policies=policies, AutoVerifiedAttributes=["phone_number"])
    answer = await sign_up(empty_api, UserAttributes=[{"Name": "phone_number", "Value": PHONE}])
    later = await confirm(empty_api, empty_api.code(), Session=answer["Session"])
    assert "AuthenticationResult" in await begin(empty_api, later["Session"])


async def test_the_confirmation_may_come_without_its_session(going_on: Api) -> None:
    await sign_up(going_on)
    later = await confirm(going_on, going_on.code())
    assert "AuthenticationResult" in await begin(going_on, later["Session"])


async def test_a_session_is_for_its_own_step(going_on: Api) -> None:
    first = await sign_up(going_on)
    assert await not_begun(going_on, first["Session"]) == INVALID
    later = await confirm(going_on, going_on.code(), Session=first["Session"])
    assert await not_begun(going_on, first["Session"]) == INVALID
    with pytest.raises(Refused) as used:
        await confirm(going_on, going_on.code(), Session=first["Session"])
    assert (used.value.code, used.value.message) == USED
    refusal = await going_on.refused(
        "RespondToAuthChallenge",
        ClientId=going_on.client_id,
        ChallengeName="SELECT_CHALLENGE",
        Session=later["Session"],
        ChallengeResponses={"USERNAME": "ana", "ANSWER": "PASSWORD"},
    )
    assert refusal == INVALID
    assert "AuthenticationResult" in await begin(going_on, later["Session"])


async def test_a_session_is_for_one_user_and_client(going_on: Api) -> None:
    ana, ben = await confirmed(going_on), await confirmed(going_on, "ben")
    assert await not_begun(going_on, ana, "ben") == INVALID
    own = going_on.client_id
    members = {"UserPoolId": going_on.pool_id, "ClientName": "other", **CHOICE}
    made = await going_on("CreateUserPoolClient", **members)
    going_on.client_id = made["UserPoolClient"]["ClientId"]
    assert await not_begun(going_on, ana) == INVALID
    going_on.client_id = own
    assert "AuthenticationResult" in await begin(going_on, ana)
    assert "AuthenticationResult" in await begin(going_on, ben, "ben")


async def test_a_session_does_not_wait_for_ever(going_on: Api) -> None:
    session = await confirmed(going_on)
    going_on.advance(180)
    assert await not_begun(going_on, session) == LATE


async def test_a_late_session_leaves_the_code_alone(going_on: Api) -> None:
    answer = await sign_up(going_on)
    code = going_on.code()
    going_on.advance(180)
    with pytest.raises(Refused) as refusal:
        await confirm(going_on, code, Session=answer["Session"])
    assert (refusal.value.code, refusal.value.message) == LATE
    assert "Session" in await confirm(going_on, code)


async def test_a_wrong_code_leaves_the_session_alone(going_on: Api) -> None:
    answer = await sign_up(going_on)
    with pytest.raises(Refused, match="CodeMismatchException"):
        await confirm(going_on, wrong(going_on.code()), Session=answer["Session"])
    later = await confirm(going_on, going_on.code(), Session=answer["Session"])
    assert "AuthenticationResult" in await begin(going_on, later["Session"])


async def test_a_factor_that_is_gone_meanwhile(going_on: Api) -> None:
    session = await confirmed(going_on)
    del going_on.pool.settings["Policies"]["SignInPolicy"]
    answer = await begin(going_on, session)
    assert answer["ChallengeName"] == "SELECT_CHALLENGE"
    assert answer["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]


# By link


LINKS: dict[str, Any] = {
    "AutoVerifiedAttributes": ["email"],
    "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"},
}


async def linked(emulator: CognitoEmulator) -> Any:
    pool = await emulator.create_user_pool(**LINKS)
    entries = [{"Name": "email", "Value": EMAIL}]
    await emulator.call(
        "SignUp", ClientId=pool.client_id, Username="ana", Password=PASSWORD, UserAttributes=entries
    )
    return pool


async def test_a_link_confirms(emulator: CognitoEmulator, http: aiohttp.ClientSession) -> None:
    """The link of a message confirms the account."""
    pool = await linked(emulator)
    message = await emulator.outbox.next_message(EMAIL)
    assert message.link is not None
    assert message.link.startswith(f"{emulator.url}/confirmUser?")
    assert message.code not in repr(message)
    async with http.get(f"{emulator.url}/_emulator/messages") as messages:
        assert [found["link"] for found in await messages.json()] == [message.link]
    assert parse_qs(urlsplit(message.link).query) == {
        "client_id": [pool.client_id],
        "user_name": ["ana"],
        "confirmation_code": [message.code],
    }
    async with http.get(message.link) as page:
        assert page.status == 200
        assert page.content_type == "text/html"
        assert "has been confirmed" in await page.text()
    user = pool.state.users.find("ana")
    assert user.status == "CONFIRMED"
    assert user.verified("email")
    call = emulator.calls[-1]
    assert (call.operation, call.service, call.status) == ("ConfirmUser", "hosted-ui", 200)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"confirmation_code": "1"}, "Invalid verification code provided, please try again."),
        ({"user_name": "<b>unknown</b>"}, "Invalid code provided, please request a code again."),
        ({"client_id": "<b>none</b>"}, "User pool client &lt;b&gt;none&lt;/b&gt; does not exist."),
        ({}, "User cannot be confirmed. Current status is CONFIRMED"),
    ],
)
async def test_an_invalid_link(
    emulator: CognitoEmulator, http: aiohttp.ClientSession, change: dict[str, str], text: str
) -> None:
    """A changed link says what is wrong."""
    pool = await linked(emulator)
    link = urlsplit((await emulator.outbox.next_message(EMAIL)).link or "")
    query = {name: values[0] for name, values in parse_qs(link.query).items()}
    if not change:
        pool.state.users.find("ana").status = "CONFIRMED"
    async with http.get(f"{emulator.url}{link.path}", params={**query, **change}) as page:
        assert page.status == 400
        assert text in await page.text()


async def test_a_phone_gets_a_code_all_the_same(empty_api: Api) -> None:
    await empty_api.make_pool(**{**LINKS, "AutoVerifiedAttributes": ["phone_number"]})
    await sign_up(empty_api, UserAttributes=[{"Name": "phone_number", "Value": PHONE}])
    message = empty_api.state.outbox.messages[-1]
    assert (message.medium, message.link) == ("SMS", None)
