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


def forgot(api: Api, name: str = "ana") -> dict[str, Any]:
    return {"ClientId": api.client_id, "Username": name}


def new(api: Api, code: str, name: str = "ana", password: str = NEW_PASSWORD) -> dict[str, Any]:
    return {**forgot(api, name), "ConfirmationCode": code, "Password": password}


async def test_forgotten_and_set_anew(api: Api) -> None:
    await api.add_user(**VERIFIED)
    answer = await api("ForgotPassword", **forgot(api))
    assert answer["CodeDeliveryDetails"] == {
        "AttributeName": "email",
        "DeliveryMedium": "EMAIL",
        "Destination": "a***@e***",
    }
    assert api.state.outbox.messages[-1].purpose == "reset_password"
    code = api.code()
    assert await api.refused("ConfirmForgotPassword", **new(api, wrong(code))) == MISMATCH
    weak = await api.refused("ConfirmForgotPassword", **new(api, code, password="weak"))
    text = "Password does not conform to policy: Password not long enough"
    assert weak == ("InvalidPasswordException", text)
    assert await api("ConfirmForgotPassword", **new(api, code)) == {}
    assert "AuthenticationResult" in await api.begin(password=NEW_PASSWORD)
    assert await api.refused("ConfirmForgotPassword", **new(api, code)) == EXPIRED


async def test_a_new_password_ends_the_lock_and_confirms(api: Api) -> None:
    user = await api.add_user(**VERIFIED)
    for _ in range(5):
        with pytest.raises(Exception, match="Incorrect"):
            await api.begin(password=NEW_PASSWORD)
    user.status = "UNCONFIRMED"
    await api("ForgotPassword", **forgot(api))
    await api("ConfirmForgotPassword", **new(api, api.code()))
    assert user.status == "CONFIRMED"
    assert "AuthenticationResult" in await api.begin(password=NEW_PASSWORD)


async def test_a_code_proves_only_the_address_that_it_was_sent_to(api: Api) -> None:
    user = await api.add_user(**VERIFIED)
    await api("ForgotPassword", **forgot(api))
    code = api.code()
    another = [{"Name": "email", "Value": "another@example.com"}]
    await api.admin("AdminUpdateUserAttributes", UserAttributes=another)
    await api("ConfirmForgotPassword", **new(api, code))
    assert user.attributes["email_verified"] == "false"
    assert "AuthenticationResult" in await api.begin(password=NEW_PASSWORD)


async def test_a_code_lives_an_hour(api: Api) -> None:
    await api.add_user(**VERIFIED)
    await api("ForgotPassword", **forgot(api))
    api.advance(3600)
    assert await api.refused("ConfirmForgotPassword", **new(api, api.code())) == EXPIRED


async def test_five_codes_and_five_tries_an_hour(api: Api) -> None:
    await api.add_user(**VERIFIED)
    for _ in range(5):
        await api("ForgotPassword", **forgot(api))
    assert await api.refused("ForgotPassword", **forgot(api)) == LIMIT
    for _ in range(5):
        assert await api.refused("ConfirmForgotPassword", **new(api, wrong(api.code()))) == MISMATCH
    assert await api.refused("ConfirmForgotPassword", **new(api, api.code())) == LIMIT


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
    empty_api: Api, recovery: list[str] | None, attributes: dict[str, str], medium: str | None
) -> None:
    """A reset code goes to the address that the pool's recovery setting prefers."""
    settings: dict[str, Any] = {} if recovery is None else {"AccountRecoverySetting": {}}
    if recovery:
        ways = [{"Name": name, "Priority": priority} for priority, name in enumerate(recovery, 1)]
        settings["AccountRecoverySetting"] = {"RecoveryMechanisms": ways[::-1]}
    await empty_api.make_pool(**settings)
    await empty_api.add_user(**attributes)
    if medium is not None:
        answer = await empty_api("ForgotPassword", **forgot(empty_api))
        assert answer["CodeDeliveryDetails"]["DeliveryMedium"] == medium
        return
    assert await empty_api.refused("ForgotPassword", **forgot(empty_api)) == (
        "InvalidParameterException",
        "Cannot reset password for the user as there is no registered/verified email or phone_number",
    )


async def test_the_second_factors_channel_does_not_count(api: Api) -> None:
    user = await api.add_user(phone_number=PHONE, phone_number_verified="true", **VERIFIED)
    user.factors.add("SMS_MFA")
    user.preferred_factor = "SMS_MFA"
    answer = await api("ForgotPassword", **forgot(api))
    assert answer["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"


async def test_only_an_administrator_recovers(empty_api: Api) -> None:
    only = {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}
    await empty_api.make_pool(AccountRecoverySetting=only)
    await empty_api.add_user(**VERIFIED)
    refusal = await empty_api.refused("ForgotPassword", **forgot(empty_api))
    assert refusal == ("NotAuthorizedException", "Contact administrator to reset password.")


async def test_users_who_cannot_reset_their_password(api: Api) -> None:
    user = await api.add_user(status="FORCE_CHANGE_PASSWORD", **VERIFIED)
    assert await api.refused("ForgotPassword", **forgot(api)) == STATE
    user.enabled = False
    assert await api.refused("ForgotPassword", **forgot(api)) == DISABLED
    assert await api.refused("ConfirmForgotPassword", **new(api, "123456")) == DISABLED
    assert await api.refused("ForgotPassword", **forgot(api, "unknown")) == UNKNOWN
    assert await api.refused("ConfirmForgotPassword", **new(api, "123456", "unknown")) == UNKNOWN


async def test_hidden_users_cannot_be_distinguished(empty_api: Api) -> None:
    await empty_api.make_pool(client={"PreventUserExistenceErrors": "ENABLED"})
    await empty_api.add_user("without-address")
    disabled = await empty_api.add_user("disabled", **VERIFIED)
    disabled.enabled = False
    for name in ("unknown", "without-address", "disabled"):
        assert "CodeDeliveryDetails" in await empty_api("ForgotPassword", **forgot(empty_api, name))
    for name in ("unknown", "disabled"):
        assert await empty_api.refused("ConfirmForgotPassword", **new(empty_api, "123456", name)) == MISMATCH
    assert (
        await empty_api.refused("ConfirmForgotPassword", **new(empty_api, "123456", "without-address"))
        == EXPIRED
    )
    assert empty_api.state.outbox.messages == []


@pytest.mark.parametrize("name", ["ana", "unknown", "disabled"])
async def test_limits_and_policy_do_not_reveal_users(empty_api: Api, name: str) -> None:
    await empty_api.make_pool(client={"PreventUserExistenceErrors": "ENABLED"})
    await empty_api.add_user(**VERIFIED)
    (await empty_api.add_user("disabled")).enabled = False
    for _ in range(5):
        await empty_api("ForgotPassword", **forgot(empty_api, name))
    assert await empty_api.refused("ForgotPassword", **forgot(empty_api, name)) == LIMIT
    code = wrong(empty_api.code()) if name == "ana" else "123456"
    weak = await empty_api.refused("ConfirmForgotPassword", **new(empty_api, code, name, "weak"))
    assert weak[0] == "InvalidPasswordException"
    for _ in range(5):
        assert await empty_api.refused("ConfirmForgotPassword", **new(empty_api, code, name)) == MISMATCH
    assert await empty_api.refused("ConfirmForgotPassword", **new(empty_api, code, name)) == LIMIT
    empty_api.advance(3600)
    assert "CodeDeliveryDetails" in await empty_api("ForgotPassword", **forgot(empty_api, name))


async def test_the_hidden_may_be_refused(empty_api: Api) -> None:
    empty_api.state.assumptions = Assumptions(hidden_users_cannot_reset=True)
    await empty_api.make_pool(client={"PreventUserExistenceErrors": "ENABLED"})
    refusal = await empty_api.refused("ForgotPassword", **forgot(empty_api, "unknown"))
    assert refusal[0] == "InvalidParameterException"


async def test_reset_by_an_administrator(api: Api) -> None:
    await api.add_user(**VERIFIED)
    await api.admin("AdminResetUserPassword")
    assert (await api.admin("AdminGetUser"))["UserStatus"] == "RESET_REQUIRED"
    with pytest.raises(Exception, match="Password reset required for the user"):
        await api.begin()
    await api("ConfirmForgotPassword", **new(api, api.code()))
    assert "AuthenticationResult" in await api.begin(password=NEW_PASSWORD)


async def test_users_whom_an_administrator_cannot_reset(api: Api) -> None:
    user = await api.add_user(status="UNCONFIRMED", **VERIFIED)
    named = {"UserPoolId": api.pool_id, "Username": "ana"}
    assert await api.refused("AdminResetUserPassword", **named) == STATE
    user.status, user.attributes = "CONFIRMED", {}
    assert (await api.refused("AdminResetUserPassword", **named))[0] == "InvalidParameterException"
    assert user.status == "CONFIRMED"


# Changing


async def change(api: Api, access: str, old: str | None, new: str) -> dict[str, Any]:
    previous = {} if old is None else {"PreviousPassword": old}
    return {"AccessToken": access, "ProposedPassword": new, **previous}


async def test_changing(api: Api) -> None:
    """ChangePassword requires the present password."""
    await api.add_user()
    result = await api.tokens()
    access = result["AccessToken"]
    refusal = await api.refused("ChangePassword", **await change(api, access, NEW_PASSWORD, NEW_PASSWORD))
    assert refusal == ("NotAuthorizedException", "Incorrect username or password.")
    refusal = await api.refused("ChangePassword", **await change(api, access, PASSWORD, "no-upper-case-1"))
    text = "Password does not conform to policy: Password must have uppercase characters"
    assert refusal == ("InvalidPasswordException", text)
    refusal = await api.refused("ChangePassword", **await change(api, access, None, NEW_PASSWORD))
    assert refusal[0] == "InvalidParameterException"
    assert await api("ChangePassword", **await change(api, access, PASSWORD, NEW_PASSWORD)) == {}
    assert "AuthenticationResult" in await api.begin(password=NEW_PASSWORD)
    assert "Username" in await api("GetUser", AccessToken=access)


async def test_five_changes_an_hour(api: Api) -> None:
    await api.add_user()
    access = (await api.tokens())["AccessToken"]
    members = await change(api, access, NEW_PASSWORD, NEW_PASSWORD)
    for _ in range(5):
        assert (await api.refused("ChangePassword", **members))[0] == "NotAuthorizedException"
    assert await api.refused("ChangePassword", **members) == LIMIT


async def test_a_first_password(api: Api) -> None:
    """A user without a password can set one."""
    user = await api.add_user()
    access = (await api.tokens())["AccessToken"]
    user.secret = None
    refusal = await api.refused("ChangePassword", **await change(api, access, PASSWORD, NEW_PASSWORD))
    assert refusal[0] == "NotAuthorizedException"
    assert await api("ChangePassword", **await change(api, access, None, NEW_PASSWORD)) == {}
    assert "AuthenticationResult" in await api.begin(password=NEW_PASSWORD)


async def test_history(empty_api: Api) -> None:
    """A password of the history is refused."""
    policy = {"MinimumLength": 8, "PasswordHistorySize": 2}
    await empty_api.make_pool(Policies={"PasswordPolicy": policy})
    await empty_api.add_user()
    named = {"UserPoolId": empty_api.pool_id, "Username": "ana", "Permanent": True}
    used = ("PasswordHistoryPolicyViolationException", "Password has previously been used")
    assert await empty_api.refused("AdminSetUserPassword", **named, Password=PASSWORD) == used
    await empty_api("AdminSetUserPassword", **named, Password="second-password")
    assert await empty_api.refused("AdminSetUserPassword", **named, Password=PASSWORD) == used
    await empty_api("AdminSetUserPassword", **named, Password="third-password")
    assert await empty_api.refused("AdminSetUserPassword", **named, Password="second-password") == used
    await empty_api("AdminSetUserPassword", **named, Password=PASSWORD)
    assert "AuthenticationResult" in await empty_api.begin()
