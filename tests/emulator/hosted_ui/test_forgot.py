"""Forgotten passwords on the hosted UI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from helpers.browser import NEW_PASSWORD, PASSWORD, Browser, Page, Shop

Open = Callable[[], Awaitable[Browser]]
LATE = "This page has expired or was already used. Please sign in again."


async def forget(shop: Shop, browser: Browser, name: str = "ana") -> Page:
    await browser.get(f"/forgotPassword?{shop.query()}")
    return await browser.click("Send a code", username=name)


async def test_sets_a_new_password(shop: Shop, browser: Browser) -> None:
    page = await browser.get(shop.authorize())
    page = await browser.get(page.links["Forgot your password?"])
    assert page.title == "Forgot your password?"
    assert page.forms[0].inputs["username"]["autocomplete"] == "username"
    page = await browser.click("Send a code", username="ana")
    assert page.title == "Set a new password"
    assert "We have sent a code to a***@e***." in page.text
    form = page.form_with("code")
    assert form.inputs["password"]["autocomplete"] == "new-password"
    assert form.fields["username"] == "ana"
    page = await browser.click("Set the password", code="000000", password=NEW_PASSWORD)
    assert page.status == 400
    assert page.alert == "Invalid verification code provided, please try again."
    assert page.form_with("code").fields["code"] == ""
    code = await shop.emulator.outbox.next_code("ana")
    page = await browser.click("Set the password", code=code, password="weak")
    assert page.alert == "Password does not conform to policy: Password not long enough"
    assert "weak" not in page.response.text
    # The code was right, and is still there.
    page = await browser.click("Set the password", password=NEW_PASSWORD)
    assert (page.status, page.title) == (200, "Sign in")
    assert page.notice == "Your password was changed. Sign in with the new password."
    assert page.alert is None
    # That alone signs no user in.
    assert not browser.session_cookies
    assert (await browser.sign_in()).alert == "Incorrect username or password."
    await browser.sign_in(password=NEW_PASSWORD)
    assert shop.who(browser.answer) == "ana"
    assert ("ForgotPasswordForm", 302, None) in shop.operations()
    assert ("ResetPasswordForm", 400, "InvalidPasswordException") in shop.operations()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("unknown", "Username/client id combination not found."),
        (
            "bo",
            "Cannot reset password for the user as there is no registered/verified email or phone_number",
        ),
    ],
)
async def test_a_refusal(shop: Shop, browser: Browser, name: str, said: str) -> None:
    """Cognito's message is on the page, and the username stays in the form."""
    await shop.pool.add_user("bo", PASSWORD)
    page = await forget(shop, browser, name)
    assert (page.status, page.alert) == (400, said)
    assert page.forms[0].fields["username"] == name


async def test_a_hidden_unknown_user_gets_the_same_page(shop: Shop, browser: Browser) -> None:
    shop.client(PreventUserExistenceErrors="ENABLED")
    page = await forget(shop, browser, "unknown@example.com")
    assert page.title == "Set a new password"
    page = await browser.click("Set the password", code="000000", password=NEW_PASSWORD)
    assert page.alert == "Invalid verification code provided, please try again."
    assert not shop.emulator.outbox.messages


async def test_sends_another_code(shop: Shop, browser: Browser) -> None:
    """The button sends another code, and the first one is invalid."""
    await forget(shop, browser)
    old = await shop.emulator.outbox.next_code("ana")
    page = await browser.click("Send another code")
    assert page.notice == "A new code was sent."
    new = await shop.emulator.outbox.next_code("ana")
    assert (await browser.click("Set the password", code=old, password=NEW_PASSWORD)).alert
    await browser.click("Set the password", code=new, password=NEW_PASSWORD)
    assert browser.page.title == "Sign in"


async def test_the_page_waits_eight_minutes(shop: Shop, browser: Browser) -> None:
    await forget(shop, browser)
    shop.emulator.clock.advance(481)
    code = await shop.emulator.outbox.next_code("ana")
    page = await browser.click("Set the password", code=code, password=NEW_PASSWORD)
    assert page.alert == LATE
    await browser.sign_in()
    assert shop.who(browser.answer) == "ana"


async def test_the_page_is_good_for_one_password(shop: Shop, browser: Browser, open_browser: Open) -> None:
    page = await forget(shop, browser)
    code = await shop.emulator.outbox.next_code("ana")
    assert (await (await open_browser()).get(str(page.response.url))).alert == LATE
    form = page.form_with("code")
    await browser.send(form, {**form.fields, "code": code, "password": NEW_PASSWORD})
    again = await browser.send(form, {**form.fields, "code": code, "password": PASSWORD})
    assert again.alert == LATE


async def test_a_password_that_has_to_be_reset(shop: Shop, browser: Browser) -> None:
    await shop.emulator.call("AdminResetUserPassword", UserPoolId=shop.pool.id, Username="ana")
    await browser.get(shop.authorize())
    page = await browser.sign_in()
    assert (page.status, page.title) == (400, "Forgot your password?")
    assert page.alert == "Password reset required for the user"
    assert page.forms[0].fields["username"] == "ana"
    await browser.click("Send a code")
    code = await shop.emulator.outbox.next_code("ana")
    await browser.click("Set the password", code=code, password=NEW_PASSWORD)
    await browser.sign_in(password=NEW_PASSWORD)
    assert shop.who(browser.answer) == "ana"


async def test_a_client_with_a_secret(shop: Shop, browser: Browser) -> None:
    shop.pool.state.clients[shop.pool.client_id].secrets.append("shh")
    await forget(shop, browser)
    code = await shop.emulator.outbox.next_code("ana")
    assert (await browser.click("Set the password", code=code, password=NEW_PASSWORD)).title == "Sign in"


async def test_a_pool_without_passwords(shop: Shop, browser: Browser) -> None:
    await browser.get(f"/forgotPassword?{shop.query()}")
    shop.client(SupportedIdentityProviders=["Google"])
    assert (await browser.click("Send a code", username="ana")).alert == "This app does not use passwords."
    page = await browser.get(f"/forgotPassword?{shop.query()}")
    assert (page.title, page.alert) == ("Sign in", "This app does not use passwords.")
    assert not shop.emulator.outbox.messages
