"""Signing up on the hosted UI, and the code that confirms the account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from helpers.browser import PASSWORD, Browser, Page, Shop

from .conftest import MakeShop

Open = Callable[[], Awaitable[Browser]]
LATE = "This page has expired or was already used. Please sign in again."
MAIL = "userAttributes.email"


async def sign_up(shop: Shop, browser: Browser, name: str = "bo", **typed: str) -> Page:
    await browser.get(f"/signup?{shop.query()}")
    given = {"userAttributes__email": "bo@example.com", "password": PASSWORD, **typed}
    return await browser.click("Sign up", username=name, **given)


async def test_signs_up_and_is_signed_in(shop: Shop, browser: Browser) -> None:
    page = await browser.get(shop.authorize())
    page = await browser.get(page.links["Sign up"])
    assert page.title == "Sign up"
    assert page.labels == {"username": "Username", MAIL: "Email (optional)", "password": "Password"}
    form = page.forms[0]
    assert form.inputs[MAIL]["type"] == "email"
    assert form.inputs[MAIL]["autocomplete"] == "email"
    assert form.inputs["username"]["autocomplete"] == "username"
    assert form.inputs["password"]["autocomplete"] == "new-password"
    page = await browser.click(
        "Sign up", username="bo", userAttributes__email="bo@example.com", password=PASSWORD
    )
    assert page.title == "Confirm your account"
    assert "We have sent a code to b***@e***." in page.text
    assert page.form_with("code").inputs["code"]["autocomplete"] == "one-time-code"
    assert not browser.session_cookies
    page = await browser.click("Confirm", code="000000")
    assert page.status == 400
    assert page.alert == "Invalid verification code provided, please try again."
    await browser.click("Confirm", code=await shop.emulator.outbox.next_code("bo@example.com"))
    assert shop.who(browser.answer) == "bo"
    user = shop.pool.state.users.find("bo")
    assert user.status == "CONFIRMED"
    assert user.verified("email")
    assert shop.operations()[-5:] == [
        ("SignUpPage", 200, None),
        ("SignUpForm", 302, None),
        ("ConfirmPage", 200, None),
        ("ConfirmForm", 400, "CodeMismatchException"),
        ("ConfirmForm", 302, None),
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"password": "weak"}, "Password did not conform with policy: Password not long enough"),
        ({"name": "ana"}, "User already exists"),
        ({"userAttributes__email": "nonsense"}, "Invalid email address format."),
        ({"password": ""}, "Password is required for this user pool."),
        (
            {"userAttributes__custom:x": "1"},
            "Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema.",
        ),
    ],
)
async def test_a_refusal(shop: Shop, browser: Browser, typed: dict[str, str], said: str) -> None:
    """Cognito's message is on the page, and what was typed stays in the form."""
    page = await sign_up(shop, browser, **typed)
    assert (page.status, page.title) == (400, "Sign up")
    assert page.alert == said
    mail = typed.get("userAttributes__email", "bo@example.com")
    assert page.forms[0].fields[MAIL] == mail
    assert page.forms[0].fields["password"] == ""
    assert shop.pool.state.users.find("bo") is None


async def test_a_name_that_cannot_be(shop: Shop, browser: Browser) -> None:
    page = await sign_up(shop, browser, " ")
    assert str(page.alert).startswith("2 validation errors detected: Value at 'username' failed")


async def test_attributes_that_may_not_be_written(shop: Shop, browser: Browser) -> None:
    await browser.get(f"/signup?{shop.query()}")
    page = await browser.click(
        "Sign up", username="bo", password=PASSWORD, userAttributes__email_verified="true"
    )
    assert page.alert == "Cannot modify the non-mutable attribute email_verified"


def required(*names: str) -> list[dict[str, Any]]:
    return [{"Name": name, "AttributeDataType": "String", "Required": True} for name in names]


@pytest.mark.parametrize(
    ("settings", "labels"),
    [
        ({"Schema": required("birthdate", "email")}, ["Username", "Email", "Date of birth", "Password"]),
        ({"UsernameAttributes": ["email"]}, ["Email", "Password"]),
        ({"UsernameAttributes": ["phone_number"]}, ["Phone number", "Email (optional)", "Password"]),
        (
            {"UsernameAttributes": ["email", "phone_number"], "Schema": required("email")},
            ["Email or phone number", "Email (optional)", "Password"],
        ),
        ({"AutoVerifiedAttributes": []}, ["Username", "Password"]),
        ({"AliasAttributes": ["email"]}, ["Username", "Email (optional)", "Password"]),
    ],
)
async def test_asks_for_what_the_pool_wants(
    make_shop: MakeShop, browser: Browser, settings: dict[str, Any], labels: list[str]
) -> None:
    shop = await make_shop(**settings)
    page = await browser.get(f"/signup?{shop.query()}")
    assert list(page.labels.values()) == labels
    form = page.forms[0]
    wanted = [
        page.labels[name] for name, given in form.inputs.items() if name != "_csrf" and "required" in given
    ]
    assert wanted == [label for label in labels if "optional" not in label]


async def test_does_not_ask_for_what_the_client_may_not_write(make_shop: MakeShop, browser: Browser) -> None:
    shop = await make_shop(client={"WriteAttributes": ["name"]})
    page = await browser.get(f"/signup?{shop.query()}")
    assert list(page.labels.values()) == ["Username", "Password"]


async def test_a_username_that_is_an_address(make_shop: MakeShop, browser: Browser) -> None:
    shop = await make_shop(UsernameAttributes=["email"])
    page = await browser.get(f"/signup?{shop.query(login_hint='bo@example.com')}")
    assert page.forms[0].fields["username"] == "bo@example.com"
    assert page.forms[0].inputs["username"]["type"] == "email"
    await browser.click("Sign up", password=PASSWORD)
    await browser.click("Confirm", code=await shop.emulator.outbox.next_code("bo@example.com"))
    assert shop.pool.state.users.find("bo@example.com").sub == shop.code(browser.answer).sub


async def test_a_client_with_a_secret(make_shop: MakeShop, browser: Browser) -> None:
    shop = await make_shop(client={"GenerateSecret": True})
    await sign_up(shop, browser)
    await browser.click("Send another message")
    assert browser.page.notice == "We have sent another message."
    await browser.click("Confirm", code=await shop.emulator.outbox.next_code("bo"))
    assert shop.who(browser.answer) == "bo"


async def test_without_a_password_where_codes_sign_in(make_shop: MakeShop, browser: Browser) -> None:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    shop = await make_shop(Policies=policies, MfaConfiguration="OFF")
    page = await browser.get(f"/signup?{shop.query()}")
    assert "required" not in page.forms[0].inputs["password"]
    await sign_up(shop, browser, password="")
    await browser.click("Confirm", code=await shop.emulator.outbox.next_code("bo"))
    assert shop.who(browser.answer) == "bo"


@pytest.mark.parametrize("settings", [{"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}}, None])
async def test_if_users_cannot_sign_up(
    make_shop: MakeShop, browser: Browser, settings: dict[str, Any] | None
) -> None:
    shop = await make_shop(**(settings or {}))
    if settings is None:
        shop.client(SupportedIdentityProviders=["Google"])
    page = await browser.get(shop.authorize())
    assert "Sign up" not in page.links
    page = await browser.get(f"/signup?{shop.query()}")
    assert page.alert == "SignUp is not permitted for this user pool"
    assert not page.forms
    token = browser.client.cookies["XSRF-TOKEN"]
    sent = await browser.client.post(
        f"{browser.url}/signup?{shop.query()}", data={"_csrf": token, "username": "bo", "password": PASSWORD}
    )
    assert sent.status_code == 400
    assert shop.pool.state.users.find("bo") is None


async def test_a_trigger_confirms_at_once(shop: Shop, browser: Browser) -> None:
    def confirm(event: dict[str, Any]) -> dict[str, Any]:
        event["response"]["autoConfirmUser"] = True
        return event

    shop.pool.triggers["PreSignUp"] = confirm
    await sign_up(shop, browser)
    assert shop.who(browser.answer) == "bo"


async def test_a_trigger_refuses(shop: Shop, browser: Browser) -> None:
    """A trigger's refusal is on the page, escaped."""

    def refuse(_event: dict[str, Any]) -> None:
        raise PermissionError("colleagues <b>only</b>")

    shop.pool.triggers["PreSignUp"] = refuse
    page = await sign_up(shop, browser)
    assert page.alert == "PreSignUp failed with error colleagues <b>only</b>."


async def test_a_trigger_that_fails_after_the_confirmation(shop: Shop, browser: Browser) -> None:
    def fail(_event: dict[str, Any]) -> None:
        raise ValueError("no profile")

    shop.pool.triggers["PostConfirmation"] = fail
    await sign_up(shop, browser)
    page = await browser.click("Confirm", code=await shop.emulator.outbox.next_code("bo"))
    assert (page.title, page.alert) == ("Sign in", "PostConfirmation failed with error no profile.")
    await browser.sign_in("bo")
    assert shop.who(browser.answer) == "bo"


async def test_a_second_factor_follows_where_one_is_required(make_shop: MakeShop, browser: Browser) -> None:
    shop = await make_shop(MfaConfiguration="ON")
    await sign_up(shop, browser)
    page = await browser.click("Confirm", code=await shop.emulator.outbox.next_code("bo"))
    assert page.title == "Set up a second step"
    assert not browser.session_cookies


async def test_a_sign_in_may_still_be_refused(shop: Shop, browser: Browser) -> None:
    def refuse(_event: dict[str, Any]) -> None:
        raise PermissionError("not on Mondays")

    shop.pool.triggers["PreAuthentication"] = refuse
    await sign_up(shop, browser)
    page = await browser.click("Confirm", code=await shop.emulator.outbox.next_code("bo"))
    assert (page.title, page.alert) == ("Sign in", "PreAuthentication failed with error not on Mondays.")
    assert shop.pool.state.users.find("bo").status == "CONFIRMED"
    assert not browser.session_cookies


# The code


async def test_sends_the_code_again(shop: Shop, browser: Browser) -> None:
    await sign_up(shop, browser)
    old = await shop.emulator.outbox.next_code("bo")
    page = await browser.click("Send another message")
    assert (page.title, page.notice) == ("Confirm your account", "We have sent another message.")
    assert (await browser.click("Confirm", code=old)).alert is not None
    for _ in range(4):
        await browser.click("Send another message")
    assert (await browser.click("Send another message")).alert == (
        "Attempt limit exceeded, please try after some time."
    )
    await browser.click("Confirm", code=await shop.emulator.outbox.next_code("bo"))
    assert shop.who(browser.answer) == "bo"


async def test_an_unconfirmed_account_that_signs_in(shop: Shop, browser: Browser) -> None:
    await shop.pool.add_user("eli", PASSWORD, attributes={"email": "eli@example.com"}, confirmed=False)
    await browser.get(shop.authorize())
    page = await browser.sign_in("eli")
    assert page.title == "Confirm your account"
    await browser.click("Send another message")
    await browser.click("Confirm", code=await shop.emulator.outbox.next_code("eli"))
    # They have just told their password.
    assert shop.who(browser.answer) == "eli"


async def test_a_user_who_has_not_entered_the_password_is_not_signed_in(shop: Shop, browser: Browser) -> None:
    await shop.pool.add_user("eli", PASSWORD, attributes={"email": "eli@example.com"}, confirmed=False)
    await browser.get(shop.authorize())
    assert (await browser.sign_in("eli", "Wrong-Horse-7")).title == "Confirm your account"
    await browser.click("Send another message")
    page = await browser.click("Confirm", code=await shop.emulator.outbox.next_code("eli"))
    assert (page.title, page.status) == ("Sign in", 200)
    assert page.notice == "Your account is confirmed. Sign in now."
    assert page.alert is None
    assert not browser.session_cookies


async def test_a_user_who_has_entered_an_older_password_is_not_signed_in(
    shop: Shop, browser: Browser
) -> None:
    """A user signs up with the address of another; an administrator gives them the account."""
    await sign_up(shop, browser)
    new = {"Password": "Another-Horse-9", "Permanent": True}
    await shop.emulator.call("AdminSetUserPassword", UserPoolId=shop.pool.id, Username="bo", **new)
    page = await browser.click("Confirm", code="000000")
    assert page.notice == "Your account is confirmed. Sign in now."
    assert not browser.session_cookies


async def test_the_page_waits_eight_minutes(shop: Shop, browser: Browser) -> None:
    await sign_up(shop, browser)
    shop.emulator.clock.advance(470)
    page = await browser.click("Confirm", code="000000")
    assert page.title == "Confirm your account"
    shop.emulator.clock.advance(20)
    code = await shop.emulator.outbox.next_code("bo")
    page = await browser.click("Confirm", code=code)
    assert (page.title, page.alert) == ("Sign in", LATE)
    # The code is good for a day: the password leads to the page again.
    assert (await browser.sign_in("bo")).title == "Confirm your account"
    await browser.click("Confirm", code=code)
    assert shop.who(browser.answer) == "bo"


async def test_the_page_belongs_to_its_browser(shop: Shop, browser: Browser, open_browser: Open) -> None:
    page = await sign_up(shop, browser)
    eve = await open_browser()
    assert (await eve.get(str(page.response.url))).alert == LATE


async def test_an_account_that_was_confirmed_elsewhere(shop: Shop, browser: Browser) -> None:
    await sign_up(shop, browser)
    await shop.emulator.call("AdminConfirmSignUp", UserPoolId=shop.pool.id, Username="bo")
    assert (await browser.click("Send another message")).alert == "User is already confirmed."
    assert browser.page.title == "Sign in"
    await browser.sign_in("bo")
    assert shop.who(browser.answer) == "bo"


async def test_an_account_that_is_gone(shop: Shop, browser: Browser) -> None:
    def confirm(event: dict[str, Any]) -> dict[str, Any]:
        user = shop.pool.state.users.find("bo")
        shop.pool.state.users.remove(user)
        return event

    await sign_up(shop, browser)
    shop.pool.triggers["PostConfirmation"] = confirm
    page = await browser.click("Confirm", code=await shop.emulator.outbox.next_code("bo"))
    assert (page.title, page.alert) == ("Sign in", LATE)


async def test_confirmation_by_link(make_shop: MakeShop, browser: Browser) -> None:
    """The page says that a link was sent, and the link confirms."""
    shop = await make_shop(VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_LINK"})
    page = await sign_up(shop, browser)
    assert "We have sent a link to b***@e***." in page.text
    assert list(page.forms[0].buttons) == ["Continue"]
    page = await browser.click("Continue")
    assert (page.status, page.alert) == (400, "User is not confirmed.")
    message = await shop.emulator.outbox.next_message("bo")
    assert message.link is not None
    assert (await browser.client.get(message.link)).status_code == 200
    await browser.click("Continue")
    assert shop.who(browser.answer) == "bo"


async def test_confirmation_by_an_administrator(make_shop: MakeShop, browser: Browser) -> None:
    shop = await make_shop(AutoVerifiedAttributes=[])
    await browser.get(f"/signup?{shop.query()}")
    page = await browser.click("Sign up", username="bo", password=PASSWORD)
    assert "An administrator of this app must confirm your account." in page.text
    assert len(page.forms) == 1
    await shop.emulator.call("AdminConfirmSignUp", UserPoolId=shop.pool.id, Username="bo")
    await browser.click("Continue")
    assert shop.who(browser.answer) == "bo"
