"""Passwords: forgotten, reset by an administrator, changed, remembered."""

from __future__ import annotations

from typing import Any

import pytest

from aiocognito.emulator import Assumptions
from helpers.api import EMAIL, NEW_PASSWORD, PASSWORD, PHONE, Api, wrong

LIMIT = ("LimitExceededException", "Attempt limit exceeded, please try after some time.")
MISMATCH = ("CodeMismatchException", "Invalid verification code provided, please try again.")
EXPIRED = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
DISABLED = ("NotAuthorizedException", "User is disabled.")
UNKNOWN = ("UserNotFoundException", "Username/client id combination not found.")
STATE = ("NotAuthorizedException", "User password cannot be reset in the current state.")
VERIFIED = {"email": EMAIL, "email_verified": "true"}


def forgot(ask: Api, name: str = "ana") -> dict[str, Any]:
    return {"ClientId": ask.client_id, "Username": name}


def new(ask: Api, code: str, name: str = "ana", password: str = NEW_PASSWORD) -> dict[str, Any]:
    return {**forgot(ask, name), "ConfirmationCode": code, "Password": password}


async def test_forgotten_and_set_anew(ask: Api) -> None:
    await ask.add_user(**VERIFIED)
    answer = await ask("ForgotPassword", **forgot(ask))
    assert answer["CodeDeliveryDetails"] == {
        "AttributeName": "email",
        "DeliveryMedium": "EMAIL",
        "Destination": "a***@e***",
    }
    assert ask.state.outbox.messages[-1].purpose == "reset_password"
    code = ask.code()
    assert await ask.refused("ConfirmForgotPassword", **new(ask, wrong(code))) == MISMATCH
    weak = await ask.refused("ConfirmForgotPassword", **new(ask, code, password="weak"))
    text = "Password does not conform to policy: Password not long enough"
    assert weak == ("InvalidPasswordException", text)
    assert await ask("ConfirmForgotPassword", **new(ask, code)) == {}
    assert "AuthenticationResult" in await ask.begin(password=NEW_PASSWORD)
    assert await ask.refused("ConfirmForgotPassword", **new(ask, code)) == EXPIRED


async def test_a_new_password_ends_the_lock_and_confirms(ask: Api) -> None:
    user = await ask.add_user(**VERIFIED)
    for _ in range(5):
        with pytest.raises(Exception, match="Incorrect"):
            await ask.begin(password=NEW_PASSWORD)
    user.status = "UNCONFIRMED"
    await ask("ForgotPassword", **forgot(ask))
    await ask("ConfirmForgotPassword", **new(ask, ask.code()))
    assert user.status == "CONFIRMED"
    assert "AuthenticationResult" in await ask.begin(password=NEW_PASSWORD)


async def test_a_code_lives_an_hour(ask: Api) -> None:
    await ask.add_user(**VERIFIED)
    await ask("ForgotPassword", **forgot(ask))
    ask.advance(3600)
    assert await ask.refused("ConfirmForgotPassword", **new(ask, ask.code())) == EXPIRED


async def test_five_codes_and_five_tries_an_hour(ask: Api) -> None:
    await ask.add_user(**VERIFIED)
    for _ in range(5):
        await ask("ForgotPassword", **forgot(ask))
    assert await ask.refused("ForgotPassword", **forgot(ask)) == LIMIT
    for _ in range(5):
        assert await ask.refused("ConfirmForgotPassword", **new(ask, wrong(ask.code()))) == MISMATCH
    assert await ask.refused("ConfirmForgotPassword", **new(ask, ask.code())) == LIMIT


@pytest.mark.parametrize(
    ("recovery", "attributes", "medium"),
    [
        (None, {"phone_number": PHONE, "phone_number_verified": "true", **VERIFIED}, "EMAIL"),
        # Measured: an empty setting restores the older order.
        ([], {"phone_number": PHONE, "phone_number_verified": "true", **VERIFIED}, "SMS"),
        (None, {"phone_number": PHONE, **VERIFIED}, "EMAIL"),
        (
            ["verified_email", "verified_phone_number"],
            {"phone_number": PHONE, "phone_number_verified": "true", **VERIFIED},
            "EMAIL",
        ),
        (None, {"email": EMAIL}, None),
        (["verified_phone_number"], VERIFIED, None),
    ],
)
async def test_channels(
    blank: Api, recovery: list[str] | None, attributes: dict[str, str], medium: str | None
) -> None:
    settings: dict[str, Any] = {} if recovery is None else {"AccountRecoverySetting": {}}
    if recovery:
        ways = [{"Name": name, "Priority": priority} for priority, name in enumerate(recovery, 1)]
        settings["AccountRecoverySetting"] = {"RecoveryMechanisms": ways[::-1]}
    await blank.make_pool(**settings)
    await blank.add_user(**attributes)
    if medium is not None:
        answer = await blank("ForgotPassword", **forgot(blank))
        assert answer["CodeDeliveryDetails"]["DeliveryMedium"] == medium
        return
    assert await blank.refused("ForgotPassword", **forgot(blank)) == (
        "InvalidParameterException",
        "Cannot reset password for the user as there is no registered/verified email or phone_number",
    )


async def test_the_second_factors_channel_does_not_count(ask: Api) -> None:
    user = await ask.add_user(phone_number=PHONE, phone_number_verified="true", **VERIFIED)
    user.factors.add("SMS_MFA")
    user.preferred_factor = "SMS_MFA"
    answer = await ask("ForgotPassword", **forgot(ask))
    assert answer["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"


async def test_only_an_administrator_recovers(blank: Api) -> None:
    only = {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}
    await blank.make_pool(AccountRecoverySetting=only)
    await blank.add_user(**VERIFIED)
    refusal = await blank.refused("ForgotPassword", **forgot(blank))
    assert refusal == ("NotAuthorizedException", "Contact administrator to reset password.")


async def test_users_who_cannot_reset_their_password(ask: Api) -> None:
    user = await ask.add_user(status="FORCE_CHANGE_PASSWORD", **VERIFIED)
    assert await ask.refused("ForgotPassword", **forgot(ask)) == STATE
    user.enabled = False
    assert await ask.refused("ForgotPassword", **forgot(ask)) == DISABLED
    assert await ask.refused("ConfirmForgotPassword", **new(ask, "123456")) == DISABLED
    assert await ask.refused("ForgotPassword", **forgot(ask, "unknown")) == UNKNOWN
    assert await ask.refused("ConfirmForgotPassword", **new(ask, "123456", "unknown")) == UNKNOWN


async def test_hidden_users_cannot_be_distinguished(blank: Api) -> None:
    await blank.make_pool(client={"PreventUserExistenceErrors": "ENABLED"})
    await blank.add_user("without-address")
    disabled = await blank.add_user("disabled", **VERIFIED)
    disabled.enabled = False
    for name in ("unknown", "without-address", "disabled"):
        assert "CodeDeliveryDetails" in await blank("ForgotPassword", **forgot(blank, name))
    for name in ("unknown", "disabled"):
        assert await blank.refused("ConfirmForgotPassword", **new(blank, "123456", name)) == MISMATCH
    assert await blank.refused("ConfirmForgotPassword", **new(blank, "123456", "without-address")) == EXPIRED
    assert blank.state.outbox.messages == []


@pytest.mark.parametrize("name", ["ana", "unknown", "disabled"])
async def test_limits_and_policy_do_not_reveal_users(blank: Api, name: str) -> None:
    await blank.make_pool(client={"PreventUserExistenceErrors": "ENABLED"})
    await blank.add_user(**VERIFIED)
    (await blank.add_user("disabled")).enabled = False
    for _ in range(5):
        await blank("ForgotPassword", **forgot(blank, name))
    assert await blank.refused("ForgotPassword", **forgot(blank, name)) == LIMIT
    code = wrong(blank.code()) if name == "ana" else "123456"
    weak = await blank.refused("ConfirmForgotPassword", **new(blank, code, name, "weak"))
    assert weak[0] == "InvalidPasswordException"
    for _ in range(5):
        assert await blank.refused("ConfirmForgotPassword", **new(blank, code, name)) == MISMATCH
    assert await blank.refused("ConfirmForgotPassword", **new(blank, code, name)) == LIMIT
    blank.advance(3600)
    assert "CodeDeliveryDetails" in await blank("ForgotPassword", **forgot(blank, name))


async def test_the_hidden_may_be_refused(blank: Api) -> None:
    blank.state.assumptions = Assumptions(hidden_users_cannot_reset=True)
    await blank.make_pool(client={"PreventUserExistenceErrors": "ENABLED"})
    refusal = await blank.refused("ForgotPassword", **forgot(blank, "unknown"))
    assert refusal[0] == "InvalidParameterException"


async def test_reset_by_an_administrator(ask: Api) -> None:
    await ask.add_user(**VERIFIED)
    await ask.admin("AdminResetUserPassword")
    assert (await ask.admin("AdminGetUser"))["UserStatus"] == "RESET_REQUIRED"
    with pytest.raises(Exception, match="Password reset required for the user"):
        await ask.begin()
    await ask("ConfirmForgotPassword", **new(ask, ask.code()))
    assert "AuthenticationResult" in await ask.begin(password=NEW_PASSWORD)


async def test_users_whom_an_administrator_cannot_reset(ask: Api) -> None:
    user = await ask.add_user(status="UNCONFIRMED", **VERIFIED)
    named = {"UserPoolId": ask.pool_id, "Username": "ana"}
    assert await ask.refused("AdminResetUserPassword", **named) == STATE
    user.status, user.attributes = "CONFIRMED", {}
    assert (await ask.refused("AdminResetUserPassword", **named))[0] == "InvalidParameterException"
    assert user.status == "CONFIRMED"


# Changing


async def change(ask: Api, access: str, old: str | None, new: str) -> dict[str, Any]:
    previous = {} if old is None else {"PreviousPassword": old}
    return {"AccessToken": access, "ProposedPassword": new, **previous}


async def test_changing(ask: Api) -> None:
    await ask.add_user()
    result = await ask.tokens()
    access = result["AccessToken"]
    refusal = await ask.refused("ChangePassword", **await change(ask, access, NEW_PASSWORD, NEW_PASSWORD))
    assert refusal == ("NotAuthorizedException", "Incorrect username or password.")
    refusal = await ask.refused("ChangePassword", **await change(ask, access, PASSWORD, "no-upper-case-1"))
    text = "Password does not conform to policy: Password must have uppercase characters"
    assert refusal == ("InvalidPasswordException", text)
    refusal = await ask.refused("ChangePassword", **await change(ask, access, None, NEW_PASSWORD))
    assert refusal[0] == "InvalidParameterException"
    assert await ask("ChangePassword", **await change(ask, access, PASSWORD, NEW_PASSWORD)) == {}
    assert "AuthenticationResult" in await ask.begin(password=NEW_PASSWORD)
    assert "Username" in await ask("GetUser", AccessToken=access)


async def test_five_changes_an_hour(ask: Api) -> None:
    await ask.add_user()
    access = (await ask.tokens())["AccessToken"]
    members = await change(ask, access, NEW_PASSWORD, NEW_PASSWORD)
    for _ in range(5):
        assert (await ask.refused("ChangePassword", **members))[0] == "NotAuthorizedException"
    assert await ask.refused("ChangePassword", **members) == LIMIT


async def test_a_first_password(ask: Api) -> None:
    user = await ask.add_user()
    access = (await ask.tokens())["AccessToken"]
    user.secret = None
    refusal = await ask.refused("ChangePassword", **await change(ask, access, PASSWORD, NEW_PASSWORD))
    assert refusal[0] == "NotAuthorizedException"
    assert await ask("ChangePassword", **await change(ask, access, None, NEW_PASSWORD)) == {}
    assert "AuthenticationResult" in await ask.begin(password=NEW_PASSWORD)


async def test_history(blank: Api) -> None:
    policy = {"MinimumLength": 8, "PasswordHistorySize": 2}
    await blank.make_pool(Policies={"PasswordPolicy": policy})
    await blank.add_user()
    named = {"UserPoolId": blank.pool_id, "Username": "ana", "Permanent": True}
    used = ("PasswordHistoryPolicyViolationException", "Password has previously been used")
    assert await blank.refused("AdminSetUserPassword", **named, Password=PASSWORD) == used
    await blank("AdminSetUserPassword", **named, Password="second-password")
    assert await blank.refused("AdminSetUserPassword", **named, Password=PASSWORD) == used
    await blank("AdminSetUserPassword", **named, Password="third-password")
    assert await blank.refused("AdminSetUserPassword", **named, Password="second-password") == used
    await blank("AdminSetUserPassword", **named, Password=PASSWORD)
    assert "AuthenticationResult" in await blank.begin()
