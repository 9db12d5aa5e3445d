"""What comes between the password and the way back: second factors, new passwords, and their time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from helpers.browser import NEW_PASSWORD, PASSWORD, Browser, Page, Shop

from .conftest import MakeShop

Open = Callable[[], Awaitable[Browser]]
LATE = "This page has expired or was already used. Please sign in again."
REQUIRED = {"MfaConfiguration": "ON"}
NAMED = [{"Name": "given_name", "AttributeDataType": "String", "Required": True}]


async def begin(shop: Shop, browser: Browser, name: str = "mia", **asked: str) -> Page:
    await browser.get(shop.authorize(**asked))
    return await browser.sign_in(name)


@pytest.fixture
async def mia(shop: Shop) -> Shop:
    """A user with an authenticator app."""
    await shop.pool.add_user("mia", PASSWORD, attributes={"email": "mia@example.com"}, mfa="TOTP")
    return shop


# Codes


async def test_a_code_of_an_app(mia: Shop, browser: Browser) -> None:
    page = await begin(mia, browser, nonce="n")
    assert page.status == 200
    assert page.title == "Enter your code"
    assert "authenticator app" in page.text
    assert not browser.session_cookies
    form = page.form_with("code")
    assert form.inputs["code"]["autocomplete"] == "one-time-code"
    assert form.inputs["code"]["inputmode"] == "numeric"
    await browser.click("Sign in", code="000000")
    assert browser.page.status == 400
    assert browser.page.alert == "Invalid code received for user"
    assert browser.page.form_with("code").fields["code"] == ""
    code = mia.pool.totp_code("mia")
    await browser.click("Sign in", code=f"{code[:3]} {code[3:]}")
    assert mia.who(browser.answer) == "mia"
    assert mia.code(browser.answer).nonce == "n"
    assert browser.session_cookies
    assert mia.operations()[-4:] == [
        ("LoginForm", 302, None),
        ("StepPage", 200, None),
        ("StepForm", 400, "CodeMismatchException"),
        ("StepForm", 302, None),
    ]


async def test_the_name_of_the_app_is_shown(mia: Shop, browser: Browser) -> None:
    mia.pool.state.users.find("mia").token.friendly_name = "blue telephone"
    assert "(blue telephone)" in (await begin(mia, browser)).text


@pytest.mark.parametrize(
    ("mfa", "to", "shown"),
    [("SMS", "+15555550100", "+*******0100"), ("EMAIL", "bo@example.com", "b***@e***")],
)
async def test_a_code_that_is_sent(
    make_shop: MakeShop, browser: Browser, mfa: str, to: str, shown: str
) -> None:
    shop = await make_shop(EmailMfaConfiguration={"Subject": "Code", "Message": "{####}"})
    attributes = {"phone_number": "+15555550100", "email": "bo@example.com"}
    await shop.pool.add_user("bo", PASSWORD, attributes=attributes, mfa=mfa)
    page = await begin(shop, browser, "bo")
    assert f"We have sent a code to {shown}." in page.text
    assert to not in page.response.text
    await browser.click("Sign in", code="no")
    assert browser.page.alert == "Invalid code or auth state for the user."
    await browser.click("Sign in", code=await shop.emulator.outbox.next_code(to))
    assert shop.who(browser.answer) == "bo"


async def test_a_choice_of_factors(shop: Shop, browser: Browser) -> None:
    attributes = {"phone_number": "+15555550100"}
    await shop.pool.add_user("bo", PASSWORD, attributes=attributes, mfa=["TOTP", "SMS"])
    page = await begin(shop, browser, "bo")
    assert page.title == "Choose a second step"
    assert "A code by text message" in page.text
    assert "A code from an authenticator app" in page.text
    await browser.click("Continue", answer="EMAIL_OTP")
    assert browser.page.status == 400
    await browser.click("Continue", answer="SMS_MFA")
    assert browser.page.title == "Enter your code"
    await browser.click("Sign in", code=await shop.emulator.outbox.next_code("+15555550100"))
    assert shop.who(browser.answer) == "bo"


async def test_too_many_wrong_codes_lead_back(mia: Shop, browser: Browser) -> None:
    await begin(mia, browser)
    for _ in range(4):
        assert (await browser.click("Sign in", code="000000")).title == "Enter your code"
    page = await browser.click("Sign in", code="000000")
    assert (page.title, page.status) == ("Sign in", 400)
    assert page.alert == "Invalid code received for user"
    # And the account is locked for a moment.
    assert (await browser.sign_in("mia")).alert == "Password attempts exceeded"
    mia.emulator.clock.advance(2)
    assert (await browser.sign_in("mia")).title == "Enter your code"


@pytest.mark.parametrize("asking", [False, True])
async def test_a_step_that_takes_too_long(mia: Shop, browser: Browser, asking: bool) -> None:
    mia.client(AuthSessionValidity=15)
    page = await begin(mia, browser)
    # Three minutes, even if the client has another validity.
    mia.emulator.clock.advance(181)
    if asking:
        page = await browser.get(str(page.response.url))
    else:
        page = await browser.click("Sign in", code=mia.pool.totp_code("mia"))
    assert (page.title, page.status, page.alert) == ("Sign in", 400, LATE)
    assert not browser.session_cookies
    # The request is still the same: the person can begin anew from here.
    await browser.sign_in("mia")
    await browser.click("Sign in", code=mia.pool.totp_code("mia"))
    assert browser.answer["state"] == "st ate"


async def test_a_code_just_in_time(mia: Shop, browser: Browser) -> None:
    mia.client(AuthSessionValidity=3)
    await begin(mia, browser)
    mia.emulator.clock.advance(170)
    await browser.click("Sign in", code=mia.pool.totp_code("mia"))
    assert mia.who(browser.answer) == "mia"


async def test_a_step_is_taken_once(mia: Shop, browser: Browser) -> None:
    page = await begin(mia, browser)
    await browser.click("Sign in", code=mia.pool.totp_code("mia"))
    assert mia.who(browser.answer) == "mia"
    # The way back in the browser's history, and the form once more.
    await browser.get(str(page.response.url))
    assert browser.page.alert == LATE
    form = page.form_with("code")
    page = await browser.send(form, {**form.fields, "code": mia.pool.totp_code("mia")})
    assert page.alert == LATE
    assert page.status == 400


async def test_a_step_belongs_to_its_browser(mia: Shop, browser: Browser, open_browser: Open) -> None:
    page = await begin(mia, browser)
    eve = await open_browser()
    await eve.get(mia.authorize())
    # She has seen the address, and even reads the code.
    form = page.form_with("code")
    data = {**form.fields, "code": mia.pool.totp_code("mia"), "_csrf": eve.client.cookies["XSRF-TOKEN"]}
    stolen = await eve.send(form, data)
    assert stolen.alert == LATE
    # A cookie of her own under that name helps as little.
    (name,) = [name for name in browser.client.cookies if name.count("-") == 4]
    eve.client.cookies.set(name, "guessed", domain="127.0.0.1")
    assert (await eve.send(form, data)).alert == LATE
    assert not eve.session_cookies
    await browser.click("Sign in", code=mia.pool.totp_code("mia"))
    assert mia.who(browser.answer) == "mia"


async def test_a_step_belongs_to_its_request(mia: Shop, browser: Browser) -> None:
    page = await begin(mia, browser)
    step = urlsplit(str(page.response.url)).path
    moved = await browser.get(f"{step}?{mia.query(state='planted')}")
    assert moved.alert == LATE
    # A step of one kind is refused as a step of the other.
    assert (await browser.get(f"/confirm/{step.rsplit('/')[-1]}?{mia.query()}")).alert == LATE
    assert (await browser.get(f"/mfa/unknown?{mia.query()}")).alert == LATE


async def test_a_code_that_comes_twice_at_once(shop: Shop, browser: Browser) -> None:
    await shop.pool.add_user("bo", PASSWORD, attributes={"phone_number": "+15555550100"}, mfa="SMS")
    form = (await begin(shop, browser, "bo")).form_with("code")
    data = {**form.fields, "code": await shop.emulator.outbox.next_code("bo")}
    url = browser.url + form.action
    answers = await asyncio.gather(*(browser.client.post(url, data=data) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [302, 400, 400]
    assert len(shop.pool.state.hosted.codes._codes) == 1


async def test_no_device_is_named(make_shop: MakeShop, browser: Browser) -> None:
    devices = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
    shop = await make_shop(DeviceConfiguration=devices)
    await shop.pool.add_user("mia", PASSWORD, mfa="TOTP")
    await begin(shop, browser)
    await browser.click("Sign in", code=shop.pool.totp_code("mia"))
    assert shop.who(browser.answer) == "mia"
    assert shop.pool.state.users.find("mia").devices == {}


async def test_two_tabs(mia: Shop, browser: Browser) -> None:
    """Two sign-ins of one browser do not mix."""
    first = (await begin(mia, browser, state="first")).form_with("code")
    second = (await begin(mia, browser, state="second")).form_with("code")
    await browser.send(first, {**first.fields, "code": mia.pool.totp_code("mia")})
    assert browser.answer["state"] == "first"
    await browser.send(second, {**second.fields, "code": mia.pool.totp_code("mia")})
    assert browser.answer["state"] == "second"
    assert mia.who(browser.answer) == "mia"


async def test_steps_that_were_left_leave_no_cookies(mia: Shop, browser: Browser) -> None:
    for _ in range(5):
        await begin(mia, browser)
        mia.emulator.clock.advance(200)
    await begin(mia, browser)
    # Those that the pool has forgotten go.
    assert len([name for name in browser.client.cookies if name.count("-") == 4]) <= 3
    await browser.click("Sign in", code=mia.pool.totp_code("mia"))
    left = [name for name in browser.client.cookies if name.count("-") == 4]
    assert len(left) <= 2


async def test_a_browser_is_on_twenty_steps_at_most(mia: Shop, browser: Browser) -> None:
    pages = [await begin(mia, browser) for _ in range(22)]
    assert len([name for name in browser.client.cookies if name.count("-") == 4]) == 20
    titles = [(await browser.get(str(page.response.url))).title for page in pages]
    assert titles == ["Sign in"] * 2 + ["Enter your code"] * 20


async def test_no_secret_is_in_an_address(mia: Shop, browser: Browser) -> None:
    page = await begin(mia, browser)
    (pending,) = mia.pool.state.hosted.pending_steps._steps.values()
    url = str(page.response.url)
    cookie = next(value for name, value in browser.client.cookies.items() if name.count("-") == 4)
    for secret in (pending.state.session, cookie, browser.client.cookies["XSRF-TOKEN"], PASSWORD):
        assert secret not in url
        assert secret not in repr(mia.pool.state)
    assert pending.state.session not in page.response.text


async def test_a_user_who_is_disabled_meanwhile(mia: Shop, browser: Browser) -> None:
    await begin(mia, browser)
    await mia.emulator.call("AdminDisableUser", UserPoolId=mia.pool.id, Username="mia")
    page = await browser.click("Sign in", code=mia.pool.totp_code("mia"))
    assert (page.title, page.alert) == ("Sign in", "User is disabled.")
    assert not browser.session_cookies


async def test_a_user_who_is_deleted_meanwhile(mia: Shop, browser: Browser) -> None:
    await begin(mia, browser)
    code = mia.pool.totp_code("mia")
    await mia.emulator.call("AdminDeleteUser", UserPoolId=mia.pool.id, Username="mia")
    page = await browser.click("Sign in", code=code)
    assert (page.title, page.alert) == ("Sign in", LATE)
    assert not browser.session_cookies


# A new password


async def invited(make_shop: MakeShop, **settings: Any) -> Shop:
    shop = await make_shop(**settings)
    members = {"UserPoolId": shop.pool.id, "Username": "new", "MessageAction": "SUPPRESS"}
    attributes = [{"Name": "email", "Value": "new@example.com"}]
    await shop.emulator.call(
        "AdminCreateUser", **members, TemporaryPassword=PASSWORD, UserAttributes=attributes
    )
    return shop


async def test_a_new_password(make_shop: MakeShop, browser: Browser) -> None:
    """An invited user chooses a password."""
    shop = await invited(make_shop, Schema=NAMED)
    page = await begin(shop, browser, "new")
    assert page.title == "Choose a new password"
    form = page.form_with("password")
    assert page.labels == {"userAttributes.given_name": "Given name", "password": "New password"}
    assert form.inputs["password"]["autocomplete"] == "new-password"
    assert form.inputs["userAttributes.given_name"]["autocomplete"] == "given-name"
    assert "At least 8 characters, with an upper-case letter, a lower-case letter, a number and" in page.text
    page = await browser.click("Save and sign in", userAttributes__given_name="Nel", password="weak")
    assert page.status == 400
    assert page.alert == "Password does not conform to policy: Password not long enough"
    assert page.forms[0].fields["userAttributes.given_name"] == "Nel"
    assert page.forms[0].fields["password"] == ""
    page = await browser.click("Save and sign in", userAttributes__given_name=" ", password=NEW_PASSWORD)
    assert page.alert == "Invalid attributes given, given_name is missing"
    await browser.click("Save and sign in", userAttributes__given_name="Nel", password=NEW_PASSWORD)
    assert shop.who(browser.answer) == "new"
    user = shop.pool.state.users.find("new")
    assert (user.status, user.attributes["given_name"]) == ("CONFIRMED", "Nel")


async def test_a_new_password_and_then_a_second_factor(make_shop: MakeShop, browser: Browser) -> None:
    shop = await invited(make_shop, **REQUIRED)
    await begin(shop, browser, "new")
    page = await browser.click("Save and sign in", password=NEW_PASSWORD)
    assert page.title == "Set up a second step"
    assert not browser.session_cookies


# Setting up a second factor


async def unprepared(make_shop: MakeShop, **settings: Any) -> Shop:
    shop = await make_shop(**{**REQUIRED, **settings})
    await shop.pool.add_user("bo", PASSWORD)
    return shop


async def test_sets_up_an_app(make_shop: MakeShop, browser: Browser) -> None:
    shop = await unprepared(make_shop)
    page = await begin(shop, browser, "bo")
    assert page.title == "Set up a second step"
    secret = shop.pool.state.users.find("bo").new_token.secret
    assert secret in page.text
    link = urlsplit(page.links["open the app"])
    assert (link.scheme, link.netloc, link.path) == ("otpauth", "totp", "/shop%3Abo")
    assert parse_qs(link.query) == {"secret": [secret], "issuer": ["shop"]}
    assert "svg" in page.tags
    page = await browser.click("Confirm and sign in", code="000000")
    assert page.alert == "Code mismatch and fail enable Software Token MFA"
    assert secret in page.text
    page = await browser.click("Confirm and sign in", code="no code")
    assert str(page.alert).startswith("1 validation error detected")
    await browser.click("Confirm and sign in", code=shop.pool.totp_code("bo"))
    assert shop.who(browser.answer) == "bo"
    # The next time it is asked for.
    assert (await begin(shop, browser, "bo", prompt="login")).title == "Enter your code"


async def test_without_a_picture(
    make_shop: MakeShop, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without segno, the secret is shown as text alone."""
    monkeypatch.setitem(sys.modules, "segno", None)
    shop = await unprepared(make_shop)
    page = await begin(shop, browser, "bo")
    assert "svg" not in page.tags
    assert shop.pool.state.users.find("bo").new_token.secret in page.text


async def test_a_setup_that_is_left_can_be_done_later(make_shop: MakeShop, browser: Browser) -> None:
    shop = await unprepared(make_shop)
    await begin(shop, browser, "bo")
    page = await begin(shop, browser, "bo")
    assert page.title == "Set up a second step"
    await browser.click("Confirm and sign in", code=shop.pool.totp_code("bo"))
    assert shop.who(browser.answer) == "bo"


async def test_a_user_who_is_disabled_during_the_setup(make_shop: MakeShop, browser: Browser) -> None:
    shop = await unprepared(make_shop)
    await begin(shop, browser, "bo")
    shop.pool.state.users.find("bo").enabled = False
    page = await browser.click("Confirm and sign in", code=shop.pool.totp_code("bo"))
    assert (page.title, page.alert) == ("Sign in", "User is disabled.")


@pytest.mark.parametrize("with_app", [True, False])
async def test_sets_up_codes_by_email(make_shop: MakeShop, browser: Browser, with_app: bool) -> None:
    settings: dict[str, Any] = {"EmailMfaConfiguration": {"Subject": "Code", "Message": "{####}"}}
    if not with_app:
        settings["SoftwareTokenMfaConfiguration"] = None
    shop = await unprepared(make_shop, **settings)
    page = await begin(shop, browser, "bo")
    assert ("Confirm and sign in" in page.forms[0].buttons) is with_app
    page = await browser.click("Send a code", email="nonsense")
    assert page.alert == "Invalid email address format."
    assert page.form_with("email").fields["email"] == "nonsense"
    page = await browser.click("Send a code", email="bo@example.com")
    assert page.title == "Enter your code"
    await browser.click("Sign in", code=await shop.emulator.outbox.next_code("bo@example.com"))
    assert shop.who(browser.answer) == "bo"
    user = shop.pool.state.users.find("bo")
    assert user.verified("email")
    assert user.active_factors() == ["EMAIL_OTP"]


async def test_nothing_that_could_be_set_up(make_shop: MakeShop, browser: Browser) -> None:
    shop = await unprepared(make_shop, SoftwareTokenMfaConfiguration=None)
    page = await begin(shop, browser, "bo")
    assert "Please ask an administrator of this app." in page.text
    assert not page.forms
