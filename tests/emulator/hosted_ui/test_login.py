"""The login page, its form, and the session that comes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aiocognito.emulator import CognitoEmulator
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import OnePair
from helpers.browser import CLIENT, PASSWORD, Browser, Shop, browsing

from .conftest import MakeShop

Open = Callable[[], Awaitable[Browser]]


async def test_the_form(shop: Shop, browser: Browser) -> None:
    """The login page has fields for username and password."""
    page = await browser.get(shop.authorize())
    assert (page.status, page.title, page.lang) == (200, "Sign in", "en")
    assert page.text.startswith("shopSign in")
    (form,) = page.forms
    assert form.method == "post"
    assert form.action == f"/login?{shop.query()}"
    assert form.fields.keys() == {"username", "password", "_csrf"}
    assert form.fields["_csrf"] == browser.client.cookies["XSRF-TOKEN"]
    assert form.buttons == {"Sign in": ("", "")}
    assert page.labels == {"username": "Username", "password": "Password"}
    assert form.inputs["username"]["autocomplete"] == "username"
    assert form.inputs["password"]["autocomplete"] == "current-password"
    assert form.inputs["password"]["type"] == "password"
    assert list(page.links) == ["Forgot your password?", "Sign up"]
    assert page.alert is None
    # It works without scripts because the page has none.
    assert "script" not in page.tags


@pytest.mark.parametrize(
    ("settings", "label"),
    [
        ({}, "Username"),
        ({"AliasAttributes": ["email", "preferred_username"]}, "Username, email or preferred username"),
        ({"UsernameAttributes": ["email"]}, "Email"),
        ({"UsernameAttributes": ["email", "phone_number"]}, "Email or phone number"),
    ],
)
async def test_asks_for_the_names_that_the_pool_accepts(
    make_shop: MakeShop, browser: Browser, settings: dict[str, Any], label: str
) -> None:
    shop = await make_shop(**settings)
    page = await browser.get(shop.authorize())
    assert page.labels["username"] == label


async def test_a_hint_is_typed_in_already(shop: Shop, browser: Browser) -> None:
    page = await browser.get(shop.authorize(login_hint='ana" onfocus="alert(1)'))
    form = page.forms[0]
    assert form.fields["username"] == 'ana" onfocus="alert(1)'
    assert "autofocus" in form.inputs["password"]
    assert "autofocus" not in form.inputs["username"]


async def test_signs_in(shop: Shop, browser: Browser) -> None:
    """The form redirects to the app with a code."""
    await browser.get(shop.authorize())
    page = await browser.sign_in()
    assert page.status == 302
    assert shop.who(browser.answer) == "ana"
    assert shop.operations() == [
        ("Authorize", 302, None),
        ("LoginPage", 200, None),
        ("LoginForm", 302, None),
    ]


async def test_signs_in_with_any_flows_of_the_client(shop: Shop, browser: Browser) -> None:
    shop.client(ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])
    await browser.get(shop.authorize())
    await browser.sign_in()
    assert shop.who(browser.answer) == "ana"


async def test_a_client_with_a_secret_needs_no_hash(make_shop: MakeShop, browser: Browser) -> None:
    shop = await make_shop(client={"GenerateSecret": True})
    await shop.pool.add_user("ana", PASSWORD)
    await browser.get(shop.authorize())
    await browser.sign_in()
    assert shop.who(browser.answer) == "ana"


@pytest.mark.parametrize(
    ("username", "password", "said", "code"),
    [
        ("ana", "Wrong-Horse-7", "Incorrect username or password.", "NotAuthorizedException"),
        ("bo", PASSWORD, "User does not exist.", "UserNotFoundException"),
        ("ana", "", "Missing required parameter PASSWORD", "InvalidParameterException"),
        ("", PASSWORD, "Missing required parameter USERNAME", "InvalidParameterException"),
        ("<b>&", PASSWORD, "User does not exist.", "UserNotFoundException"),
    ],
)
async def test_a_refusal(
    shop: Shop, browser: Browser, username: str, password: str, said: str, code: str
) -> None:
    """Cognito's message is on the page, and the username stays in the form."""
    await browser.get(shop.authorize())
    page = await browser.sign_in(username, password)
    assert (page.status, page.alert) == (400, said)
    # The name is still there, the password is not.
    assert page.forms[0].fields["username"] == username
    assert page.forms[0].fields["password"] == ""
    assert PASSWORD not in page.response.text
    assert not browser.session_cookies
    assert shop.operations()[-1] == ("LoginForm", 400, code)
    await browser.sign_in()
    assert shop.who(browser.answer) == "ana"


async def test_hidden_users_look_like_wrong_passwords(shop: Shop, browser: Browser) -> None:
    shop.client(PreventUserExistenceErrors="ENABLED")
    await browser.get(shop.authorize())
    assert (await browser.sign_in("unknown")).alert == "Incorrect username or password."


async def test_five_wrong_passwords_lock_the_account(shop: Shop, browser: Browser) -> None:
    await browser.get(shop.authorize())
    for _ in range(5):
        assert (await browser.sign_in(password="wrong")).alert == "Incorrect username or password."
    assert (await browser.sign_in()).alert == "Password attempts exceeded"
    shop.emulator.clock.advance(2)
    await browser.sign_in()
    assert shop.who(browser.answer) == "ana"


async def test_a_user_who_is_disabled(shop: Shop, browser: Browser) -> None:
    await browser.get(shop.authorize())
    await browser.sign_in()
    await shop.emulator.call("AdminDisableUser", UserPoolId=shop.pool.id, Username="ana")
    # The user before is signed out.
    page = await browser.get(shop.authorize())
    assert page.title == "Sign in"
    assert (await browser.sign_in()).alert == "User is disabled."


@pytest.mark.parametrize("kind", ["code", "token"])
@pytest.mark.parametrize("operation", ["AdminDisableUser", "AdminDeleteUser"])
async def test_a_user_whom_a_trigger_disables(
    shop: Shop, browser: Browser, kind: str, operation: str
) -> None:
    async def end(event: dict[str, Any]) -> dict[str, Any]:
        await shop.emulator.call(operation, UserPoolId=shop.pool.id, Username="ana")
        return event

    shop.client(AllowedOAuthFlows=["code", "implicit"])
    shop.pool.triggers["PostAuthentication"] = end
    await browser.get(shop.authorize(response_type=kind))
    await browser.sign_in()
    assert browser.answer == {
        "error_description": "User is disabled.",
        "state": "st ate",
        "error": "invalid_request",
    }
    assert not browser.session_cookies
    assert not shop.pool.state.hosted.sessions._sessions


async def test_triggers_are_asked(shop: Shop, browser: Browser) -> None:
    """The triggers of a sign-in are called."""
    heard = []

    def hear(event: dict[str, Any]) -> dict[str, Any]:
        heard.append(event["triggerSource"])
        if len(heard) == 1:
            raise PermissionError("not on Mondays")
        return event

    shop.pool.triggers["PreAuthentication"] = shop.pool.triggers["PostAuthentication"] = hear
    await browser.get(shop.authorize())
    page = await browser.sign_in()
    assert page.alert == "PreAuthentication failed with error not on Mondays."
    await browser.sign_in()
    assert shop.who(browser.answer) == "ana"
    assert heard == [
        "PreAuthentication_Authentication",
        "PreAuthentication_Authentication",
        "PostAuthentication_Authentication",
    ]


async def test_a_migrated_user(shop: Shop, browser: Browser) -> None:
    """UserMigration creates a user who signs in at the login page."""

    def migrate(event: dict[str, Any]) -> dict[str, Any]:
        event["response"]["userAttributes"] = {"email": "bo@example.com", "email_verified": "true"}
        event["response"]["finalUserStatus"] = "CONFIRMED"
        return event

    shop.pool.triggers["UserMigration"] = migrate
    await browser.get(shop.authorize())
    await browser.sign_in("bo")
    assert shop.who(browser.answer) == "bo"


async def test_the_client_may_leave_the_pool_out(shop: Shop, browser: Browser) -> None:
    shop.client(SupportedIdentityProviders=["Google"])
    page = await browser.get(shop.authorize())
    assert page.title == "Sign in"
    assert not page.forms
    url = f"{browser.url}/login?{shop.query()}"
    csrf_token = browser.client.cookies["XSRF-TOKEN"]
    response = await browser.client.post(
        url, data={"_csrf": csrf_token, "username": "ana", "password": PASSWORD}
    )
    assert response.status_code == 200
    assert not browser.session_cookies


# Forms of other pages


async def test_a_form_without_its_token(shop: Shop, browser: Browser, open_browser: Open) -> None:
    page = await browser.get(shop.authorize())
    form = page.forms[0]
    typed = {"username": "ana", "password": PASSWORD}
    other = await open_browser()
    foreign = (await other.get(shop.authorize())).forms[0].fields["_csrf"]
    for data in (typed, {**typed, "_csrf": ""}, {**typed, "_csrf": foreign}, {**typed, "_csrf": "é\ud83d"}):
        refused = await browser.send(
            form, {k: v.encode("utf-8", "replace").decode() for k, v in data.items()}
        )
        assert refused.status == 403
        assert refused.alert is not None
        assert not browser.session_cookies
    assert shop.operations()[-1] == ("LoginForm", 403, "forbidden")
    # Nor one that the browser says is another site's, or another port's.
    for site in ("cross-site", "same-site"):
        refused = await browser.send(form, {**form.fields, **typed}, **{"Sec-Fetch-Site": site})
        assert refused.status == 403
    await browser.send(form, {**form.fields, **typed}, **{"Sec-Fetch-Site": "same-origin"})
    assert shop.who(browser.answer) == "ana"


async def test_a_form_without_the_cookie(shop: Shop, browser: Browser) -> None:
    form = (await browser.get(shop.authorize())).forms[0]
    browser.client.cookies.delete("XSRF-TOKEN")
    page = await browser.send(form, {**form.fields, "username": "ana", "password": PASSWORD})
    assert page.status == 403
    browser.client.cookies.set("XSRF-TOKEN", "", domain="127.0.0.1")
    assert (await browser.send(form, {"username": "ana", "password": PASSWORD, "_csrf": ""})).status == 403


async def test_the_token_stays_for_other_tabs(shop: Shop, browser: Browser) -> None:
    first = (await browser.get(shop.authorize())).forms[0]
    await browser.get(shop.authorize(state="other"))
    await browser.sign_in()
    await browser.send(first, {**first.fields, "username": "ana", "password": PASSWORD})
    assert browser.answer["state"] == "st ate"


async def test_a_token_in_another_form_is_replaced(shop: Shop, browser: Browser) -> None:
    browser.client.cookies.set("XSRF-TOKEN", "planted", domain="127.0.0.1")
    page = await browser.get(shop.authorize())
    assert page.forms[0].fields["_csrf"] != "planted"
    assert len(page.forms[0].fields["_csrf"]) == 43


async def test_a_cookie_that_is_not_text(shop: Shop, browser: Browser) -> None:
    for name in ("XSRF-TOKEN", f"cognito-{shop.pool.id}"):
        response = await browser.client.post(
            f"{browser.url}/login?{shop.query()}",
            data={"_csrf": "\ufffd", "username": "ana", "password": PASSWORD},
            headers={b"Cookie": f"{name}=".encode() + b"\xff"},
        )
        assert response.status_code == 403


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("text/plain", b"username=ana"),
        ("application/x-www-form-urlencoded", b"username=\xff"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(200))),
    ],
)
async def test_bodies_that_are_not_forms(
    shop: Shop, browser: Browser, content_type: str, body: bytes
) -> None:
    response = await browser.client.post(
        f"{browser.url}/login?{shop.query()}", content=body, headers={"Content-Type": content_type}
    )
    assert response.status_code == 400


# The session


async def test_the_session(shop: Shop, browser: Browser) -> None:
    """A browser stays signed in by a cookie."""
    await browser.get(shop.authorize())
    await browser.sign_in()
    first = browser.answer["code"]
    (name,) = browser.session_cookies
    assert name == f"cognito-{shop.pool.id}"
    cookies = browser.page.response.headers.get_list("Set-Cookie")
    (cookie,) = [cookie for cookie in cookies if cookie.startswith(name)]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=3600"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    # Who is known goes straight back, as often as they like, each time with another code.
    await browser.get(shop.authorize(state="again"))
    assert shop.who(browser.answer) == "ana"
    assert browser.answer["state"] == "again"
    assert browser.answer["code"] != first
    assert shop.code({"code": first}).auth_time == shop.code(browser.answer).auth_time
    assert "LoginPage" not in [name for name, _, _ in shop.operations()[-1:]]


async def test_the_session_ends_after_an_hour_and_is_not_renewed(shop: Shop, browser: Browser) -> None:
    await browser.get(shop.authorize())
    await browser.sign_in()
    shop.emulator.clock.advance(3590)
    await browser.get(shop.authorize())
    assert shop.who(browser.answer) == "ana"
    shop.emulator.clock.advance(20)
    assert (await browser.get(shop.authorize())).title == "Sign in"


async def test_each_client_says_for_how_long_it_reuses_a_session(shop: Shop, browser: Browser) -> None:
    pool = {"UserPoolId": shop.pool.id}
    made = await shop.emulator.call("CreateUserPoolClient", **pool, **CLIENT)
    other = made["UserPoolClient"]["ClientId"]
    tracked = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 20}}
    await shop.emulator.call("SetUserPoolSessionConfiguration", **pool, **tracked)
    for client_id, minutes in ((shop.pool.client_id, 0), (other, 120)):
        session = {"SSOSession": {"MaxValidityMinutes": minutes}}
        members = {**pool, "ClientId": client_id, **session}
        await shop.emulator.call("SetUserPoolClientSessionConfiguration", **members)
    await browser.get(shop.authorize())
    await browser.sign_in()
    assert (await browser.get(shop.authorize())).title == "Sign in"
    shop.emulator.clock.advance(7190)
    await browser.get(shop.authorize(client_id=other))
    assert shop.who(browser.answer) == "ana"
    shop.emulator.clock.advance(20)
    assert (await browser.get(shop.authorize(client_id=other))).title == "Sign in"


async def test_sessions_are_stored_under_a_hash(shop: Shop, browser: Browser) -> None:
    await browser.get(shop.authorize())
    await browser.sign_in()
    (name,) = browser.session_cookies
    cookie = browser.client.cookies[name]
    assert len(cookie) == 43
    sessions = shop.pool.state.hosted.sessions
    assert cookie.encode() not in sessions._sessions
    assert sessions.get(cookie, 0.0).sub == shop.pool.state.users.find("ana").sub
    assert cookie not in repr(shop.pool.state)


async def test_a_planted_session_is_ignored(shop: Shop, browser: Browser, open_browser: Open) -> None:
    browser.client.cookies.set(f"cognito-{shop.pool.id}", "planted", domain="127.0.0.1")
    assert (await browser.get(shop.authorize())).title == "Sign in"
    # A token of another browser is not taken over: a sign-in makes a new one and ends the old one.
    eve = await open_browser()
    await shop.pool.add_user("eve", PASSWORD)
    await eve.get(shop.authorize())
    await eve.sign_in("eve")
    (name,) = eve.session_cookies
    planted = eve.client.cookies[name]
    browser.client.cookies.set(name, planted, domain="127.0.0.1")
    await browser.get(f"/login?{shop.query()}")
    await browser.sign_in()
    assert shop.who(browser.answer) == "ana"
    (mine,) = {cookie.value for cookie in browser.client.cookies.jar if cookie.name == name}
    assert mine != planted
    assert (await eve.get(shop.authorize())).title == "Sign in"


async def test_two_browsers_have_separate_sessions(shop: Shop, browser: Browser, open_browser: Open) -> None:
    await shop.pool.add_user("bo", PASSWORD)
    other = await open_browser()
    for one, name in ((browser, "ana"), (other, "bo")):
        await one.get(shop.authorize())
        await one.sign_in(name)
    for one, name in ((browser, "ana"), (other, "bo")):
        await one.get(shop.authorize())
        assert shop.who(one.answer) == name


async def test_a_session_of_another_pool_is_ignored(
    shop: Shop, make_shop: MakeShop, browser: Browser
) -> None:
    other = await make_shop()
    await browser.get(shop.authorize())
    await browser.sign_in()
    assert (await browser.get(other.authorize())).title == "Sign in"
    browser.client.cookies.set(
        f"cognito-{other.pool.id}", browser.client.cookies[f"cognito-{shop.pool.id}"], domain="127.0.0.1"
    )
    assert (await browser.get(other.authorize())).title == "Sign in"
    # Signing in there ends nothing here.
    await other.pool.add_user("ana", PASSWORD)
    await browser.sign_in()
    await browser.get(shop.authorize())
    assert shop.who(browser.answer) == "ana"


async def test_another_client_of_the_pool_shares_the_session(shop: Shop, browser: Browser) -> None:
    made = await shop.emulator.call("CreateUserPoolClient", UserPoolId=shop.pool.id, **CLIENT)
    await browser.get(shop.authorize())
    await browser.sign_in()
    await browser.get(shop.authorize(client_id=made["UserPoolClient"]["ClientId"]))
    assert shop.who(browser.answer) == "ana"
    # Unless it does not take people of the pool itself.
    shop.client(SupportedIdentityProviders=["Google"])
    assert (await browser.get(shop.authorize())).title == "Sign in"


async def test_two_emulators_on_one_host(shop: Shop, browser: Browser, key_pair: KeyPair) -> None:
    await browser.get(shop.authorize())
    await browser.sign_in()
    async with CognitoEmulator(keys=OnePair(key_pair)) as emulator:
        pool = await emulator.create_user_pool(client=CLIENT)
        await pool.add_user("bo", PASSWORD)
        there = Shop(emulator, pool)
        async with browsing(emulator.url) as other:
            # Cookies know no ports: it is the same jar.
            other.client.cookies = browser.client.cookies
            await other.get(there.authorize())
            await other.sign_in("bo")
            assert there.who(other.answer) == "bo"
            browser.client.cookies = other.client.cookies
    await browser.get(shop.authorize())
    assert shop.who(browser.answer) == "ana"


async def test_prompt_none_with_a_session(shop: Shop, browser: Browser) -> None:
    await browser.get(shop.authorize())
    await browser.sign_in()
    await browser.get(shop.authorize(prompt="none"))
    assert shop.who(browser.answer) == "ana"
    await browser.get(shop.authorize(prompt="consent", identity_provider="COGNITO"))
    assert shop.who(browser.answer) == "ana"


async def test_prompt_login_asks_again(shop: Shop, browser: Browser) -> None:
    await browser.get(shop.authorize())
    await browser.sign_in()
    (name,) = browser.session_cookies
    before = browser.client.cookies[name], shop.code(browser.answer).auth_time
    shop.emulator.clock.advance(60)
    page = await browser.get(shop.authorize(prompt="login"))
    assert page.title == "Sign in"
    (form,) = page.forms
    # The session does not bypass it.
    await browser.send(form, {**form.fields, "continue": "1"})
    assert browser.page.alert == "Missing required parameter USERNAME"
    await browser.sign_in()
    assert shop.code(browser.answer).auth_time >= before[1] + 60
    assert browser.client.cookies[name] != before[0]


@pytest.mark.parametrize("path", ["/oauth2/authorize", "/login"])
async def test_continues_with_the_session_of_the_browser(shop: Shop, browser: Browser, path: str) -> None:
    await browser.get(shop.authorize())
    await browser.sign_in()
    page = await browser.get(f"{path}?{shop.query(prompt='select_account', nonce='n')}")
    assert list(page.forms[0].buttons) == ["Continue as ana@example.com"]
    await browser.click("Continue as ana@example.com")
    assert shop.who(browser.answer) == "ana"
    assert shop.code(browser.answer).nonce == "n"


async def test_continues_as_another_user(shop: Shop, browser: Browser) -> None:
    await shop.pool.add_user("bo", PASSWORD)
    await browser.get(shop.authorize())
    await browser.sign_in()
    await browser.get(shop.authorize(prompt="select_account"))
    await browser.sign_in("bo")
    await browser.get(shop.authorize())
    assert shop.who(browser.answer) == "bo"


async def test_a_browser_without_a_session_cannot_continue(shop: Shop, browser: Browser) -> None:
    form = (await browser.get(shop.authorize())).forms[0]
    page = await browser.send(form, {**form.fields, "continue": "1"})
    assert page.status == 400
    assert not browser.session_cookies


async def test_no_code_is_made_by_looking(shop: Shop, browser: Browser) -> None:
    await browser.get(shop.authorize())
    await browser.sign_in()
    response = await browser.client.head(browser.url + shop.authorize())
    assert response.status_code == 405
