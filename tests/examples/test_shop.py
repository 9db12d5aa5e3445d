"""The shop on FastAPI, in this process: every step of a sign-in, the account, and what others cannot do."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from examples.shop.auth import cognito
from examples.shop.demo import pool as demo
from examples.shop.demo.pool import PASSWORD

from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool, run_in_thread

from .visitor import ORIGIN, Visitor, serving

NEW_PASSWORD = "Better-horse-8"
Visit = Callable[[], Awaitable[Visitor]]


@pytest.fixture(scope="module")
def emulator() -> Iterator[ThreadedEmulator]:
    with run_in_thread() as running:
        yield running


@pytest.fixture(scope="module")
def pool(emulator: ThreadedEmulator) -> ThreadedUserPool:
    made = demo.make_pool(emulator, [ORIGIN])
    demo.add_users(emulator, made)
    return made


@pytest.fixture(scope="module")
async def shop(
    pool: ThreadedUserPool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.ASGITransport]:
    """Run the shop, once for all tests."""
    async with serving(pool, tmp_path_factory.mktemp("sessions")) as transport:
        yield transport


@pytest.fixture
async def visit(shop: httpx.ASGITransport) -> AsyncIterator[Visit]:
    """Return a function that makes a new browser."""
    async with AsyncExitStack() as stack:

        async def made() -> Visitor:
            return await stack.enter_async_context(Visitor.at(shop))

        yield made


def new_user(pool: ThreadedUserPool, **options: Any) -> str:
    """Add a user of this test only, and return the address."""
    address = f"{secrets.token_hex(4)}@example.com"
    pool.add_user(address, PASSWORD, attributes={"email": address}, **options)
    return address


async def test_signing_up_leads_to_a_session(visit: Visit, emulator: ThreadedEmulator) -> None:
    browser, other = await visit(), await visit()
    await browser.get("/sign-up")
    await browser.press("Create the account", username="uma@example.com", password=PASSWORD, name="Uma")
    assert browser.title == "Confirm your address"
    await browser.press("Confirm", code="000000")
    assert browser.alert == "There is a problem This is not the code that was sent."
    await browser.press("Send another code")
    await browser.press("Confirm", code=emulator.outbox.next_code("uma@example.com"))
    assert "uma@example.com" in browser.response.text
    assert "uma@example.com" not in (await other.get("/")).response.text
    await browser.press("Sign out")
    assert "uma@example.com" not in browser.response.text


async def test_a_code_can_be_entered_in_another_browser(visit: Visit, emulator: ThreadedEmulator) -> None:
    browser, other = await visit(), await visit()
    await browser.get("/sign-up")
    await browser.press("Create the account", username="vic@example.com", password=PASSWORD)
    await other.get("/sign-up/confirm")
    code = emulator.outbox.next_code("vic@example.com")
    await other.press("Confirm", username="vic@example.com", code=code)
    assert other.notice == "Your address is confirmed. Sign in now."
    await other.press("Sign in", username="vic@example.com", password=PASSWORD)
    assert "vic@example.com" in other.response.text


async def test_the_first_empty_field_is_named_and_the_others_are_kept(visit: Visit) -> None:
    browser = await visit()
    await browser.get("/sign-up")
    await browser.press("Create the account", name="Uma", password=PASSWORD)
    assert browser.response.status_code == 422
    assert browser.alert == "There is a problem Enter your e-mail address."
    assert browser.forms[0].fields == {"username": "", "name": "Uma", "password": ""}
    assert 'href="#username"' in browser.response.text
    assert 'aria-describedby="username-error"' in browser.response.text


async def test_a_wrong_password_says_nothing_about_the_account(visit: Visit) -> None:
    browser = await visit()
    texts = []
    for username in ("ana@example.com", "unknown@example.com"):
        await browser.sign_in(username, "Wrong-horse-7")
        assert browser.response.status_code == 401
        texts.append(browser.alert)
    assert texts[0] == texts[1] == "There is a problem Incorrect username or password."


@pytest.mark.parametrize(
    ("way", "title"),
    [
        ("E-mail me a code", "Enter the code from the e-mail"),
        ("Text me a code", "Enter the code from the text"),
    ],
)
async def test_signing_in_without_a_password_by_a_code(
    way: str, title: str, visit: Visit, emulator: ThreadedEmulator, pool: ThreadedUserPool
) -> None:
    address = new_user(pool)
    if way == "Text me a code":
        attributes = [
            {"Name": "phone_number", "Value": "+15550123"},
            {"Name": "phone_number_verified", "Value": "true"},
        ]
        emulator.call(
            "AdminUpdateUserAttributes", UserPoolId=pool.id, Username=address, UserAttributes=attributes
        )
    browser = await visit()
    await browser.get("/sign-in?next=/account/profile")
    await browser.press(way, username=address)
    assert browser.title.startswith(title)
    await browser.press("Continue", answer="00000000")
    assert browser.response.status_code == 422
    await browser.press("Continue", answer=emulator.outbox.messages[-1].code)
    assert browser.path == "/account/profile"
    assert browser.forms[-1].fields["email"] == address


async def test_signing_in_by_a_custom_challenge(visit: Visit) -> None:
    browser = await visit()
    await browser.get("/sign-in")
    await browser.press("Answer a question", username="ana@example.com")
    assert browser.title == "Which animal says moo?"
    await browser.press("Continue", answer=" Cow ")
    assert "ana@example.com" in browser.response.text


async def test_a_failed_custom_challenge_begins_again(visit: Visit) -> None:
    browser = await visit()
    await browser.get("/sign-in")
    await browser.press("Answer a question", username="ana@example.com")
    await browser.press("Continue", answer="dog")
    assert (browser.title, browser.alert is not None) == ("Sign in", True)


@pytest.mark.parametrize(("address", "to"), [("sam@example.com", "+15550100"), ("eli@example.com",) * 2])
async def test_second_factors_by_message(
    address: str, to: str, visit: Visit, emulator: ThreadedEmulator
) -> None:
    browser = await visit()
    await browser.sign_in(address, PASSWORD)
    assert browser.path == "/sign-in/step"
    await browser.press("Continue", answer=emulator.outbox.next_code(to))
    assert address in browser.response.text


async def test_an_invited_user_chooses_a_password(visit: Visit) -> None:
    browser = await visit()
    await browser.sign_in(demo.INVITED, PASSWORD)
    assert browser.title == "Choose a password"
    await browser.press("Continue", answer="short")
    assert browser.alert is not None
    assert browser.title == "Choose a password"
    await browser.press("Continue", answer=NEW_PASSWORD)
    assert demo.INVITED in browser.response.text


async def test_an_authenticator_app_is_set_up_and_asked_for(visit: Visit, pool: ThreadedUserPool) -> None:
    address = new_user(pool)
    browser = await visit()
    await browser.sign_in(address, PASSWORD)
    await browser.get("/account/factors/totp")
    assert "data:image/svg+xml;base64," in browser.response.text
    await browser.press("Turn on the app", code="000000")
    assert browser.alert == "There is a problem This is not the code that the app shows now."
    await browser.press("Turn on the app", code=pool.totp_code(address))
    assert browser.notice == "The authenticator app is your second factor now."
    await browser.press("Sign out")
    await browser.sign_in(address, PASSWORD)
    assert browser.title == "Enter the code of your authenticator app"
    await browser.press("Continue", answer=pool.totp_code(address))
    await browser.get("/account/factors")
    await browser.press("Turn off the app")
    assert browser.notice == "The second factor is turned off."
    await browser.press("Turn on codes by e-mail")
    assert browser.notice == "Codes by e-mail are your second factor now."
    await browser.press("Turn off codes by e-mail")
    assert browser.notice == "The second factor is turned off."


async def test_the_factor_that_was_turned_on_last_is_asked_for_first(
    visit: Visit, emulator: ThreadedEmulator, pool: ThreadedUserPool
) -> None:
    address = new_user(pool)
    browser = await visit()
    await browser.sign_in(address, PASSWORD)
    await browser.get("/account/factors")
    await browser.press("Turn on codes by e-mail")
    assert "Set up the app" in browser.response.text  # the other factor stays off
    await browser.get("/account/factors/totp")
    await browser.press("Turn on the app", code=pool.totp_code(address))
    assert "It is on, and asked for first." in browser.response.text
    assert "They are on." in browser.response.text
    await browser.press("Turn off the app")
    await browser.press("Sign out")
    await browser.sign_in(address, PASSWORD)
    await browser.press("Continue", answer=emulator.outbox.next_code(address))
    assert address in browser.response.text


async def test_a_remembered_browser_needs_no_second_factor(
    visit: Visit, emulator: ThreadedEmulator, pool: ThreadedUserPool
) -> None:
    address = new_user(pool, mfa="EMAIL")
    browser = await visit()
    await browser.sign_in(address, PASSWORD)
    await browser.press("Continue", answer=emulator.outbox.next_code(address))
    await browser.get("/account/browsers")
    await browser.press("Remember this browser")
    assert browser.notice is not None
    assert browser.notice.startswith("This browser is remembered")
    await browser.press("Sign out")
    assert address in (await browser.sign_in(address, PASSWORD)).response.text
    await browser.get("/account/browsers")
    await browser.press("Forget")
    assert browser.notice == "The device is forgotten."
    assert (await (await visit()).sign_in(address, PASSWORD)).path == "/sign-in/step"


async def test_the_profile_and_a_new_address(
    visit: Visit, emulator: ThreadedEmulator, pool: ThreadedUserPool
) -> None:
    address, fresh = new_user(pool), f"new-{secrets.token_hex(4)}@example.com"
    browser = await visit()
    await browser.sign_in(address, PASSWORD)
    await browser.get("/account/profile")
    await browser.press("Save", name="Wim <b>")
    assert "Wim &lt;b&gt;" in browser.response.text
    await browser.press("Change the address", email=fresh)
    await browser.press("Confirm the address", code="000000")
    assert browser.alert == "There is a problem This is not the code that was sent."
    assert address in browser.response.text
    await browser.press("Confirm the address", code=emulator.outbox.next_code(fresh))
    assert browser.notice == "Your e-mail address is changed."
    assert fresh in browser.response.text
    assert address not in browser.response.text


async def test_passwords_are_changed_and_reset(
    visit: Visit, emulator: ThreadedEmulator, pool: ThreadedUserPool
) -> None:
    address = new_user(pool)
    browser, other = await visit(), await visit()
    await browser.sign_in(address, PASSWORD)
    await browser.get("/account/password")
    await browser.press("Change the password", current="wrong", password=NEW_PASSWORD)
    assert 'href="#current"' in browser.response.text
    await browser.press("Change the password", current=PASSWORD, password=NEW_PASSWORD)
    assert browser.notice == "Your password is changed."
    await other.get("/password/forgotten")
    await other.press("Send a code", username=address)
    await other.press("Change the password", code=emulator.outbox.next_code(address), password=PASSWORD)
    assert other.notice == "Your password is changed. Sign in with it now."
    assert (await browser.get("/account")).path == "/sign-in"  # other sessions ended
    assert address in (await other.sign_in(address, PASSWORD)).response.text


async def test_other_browsers_are_listed_and_signed_out(visit: Visit, pool: ThreadedUserPool) -> None:
    address = new_user(pool)
    here, there, third = await visit(), await visit(), await visit()
    for browser in (here, there, third):
        await browser.sign_in(address, PASSWORD)
    await here.get("/account/browsers")
    assert here.response.text.count("Since ") == 3
    assert here.response.text.count("This browser</strong>") == 1
    ended = next(form for form in here.forms if "Sign out" in form.buttons and "session" in form.fields)
    await here.client.post(ended.action, data=ended.fields)
    left = [(await browser.get("/account")).path for browser in (here, there, third)]
    assert sorted(left) == ["/account", "/account", "/sign-in"]
    await here.get("/account/browsers")
    await here.press("Sign out all other browsers")
    left = [(await browser.get("/account")).path for browser in (here, there, third)]
    assert left == ["/account", "/sign-in", "/sign-in"]
    await there.sign_in(address, PASSWORD)
    await here.get("/account/browsers")
    await here.press("Sign out everywhere")
    assert (await there.get("/account")).path == "/sign-in"


async def test_a_session_of_another_user_cannot_be_ended(visit: Visit, pool: ThreadedUserPool) -> None:
    address = new_user(pool)
    browser, evil = await visit(), await visit()
    await browser.sign_in(address, PASSWORD)
    key = browser.client.cookies["aiocognito"]
    user = await cognito.sessions.client(key).get_current_user()
    (session,) = await cognito.sessions.list_user(user.user_id)
    await evil.sign_in(new_user(pool), PASSWORD)
    await evil.client.post("/account/browsers/end", data={"session": session.session_id})
    assert (await browser.get("/account")).path == "/account"


async def test_deleting_the_account_needs_a_recent_sign_in(
    visit: Visit, emulator: ThreadedEmulator, pool: ThreadedUserPool
) -> None:
    address = new_user(pool)
    browser = await visit()
    emulator.clock.advance(-1000)
    await browser.sign_in(address, PASSWORD)
    emulator.clock.advance(1000)
    await browser.get("/account/delete")
    assert (browser.path, browser.title) == ("/sign-in", "Sign in again")
    assert (await browser.client.post("/account/delete")).status_code == 401
    await browser.press("Sign in", password="wrong")
    assert browser.title == "Sign in again"
    await browser.press("Sign in", password=PASSWORD)
    assert browser.path == "/account/delete"
    await browser.press("Delete my account")
    assert browser.notice == "Your account is deleted."
    await browser.sign_in(address, PASSWORD)
    assert browser.alert is not None


async def test_the_api_takes_the_token_that_the_page_shows(visit: Visit) -> None:
    browser, program = await visit(), await visit()
    await browser.sign_in("ana@example.com", PASSWORD)
    await browser.get("/account/token")
    await browser.press("Show the token")
    token = browser.response.text.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]
    bearer = {"authorization": f"Bearer {token}", "accept": "application/json"}
    assert (await program.client.get("/api/stock", headers=bearer)).json() == {
        "Kettle": 12,
        "Teapot": 7,
        "Cup": 140,
    }
    assert (await program.client.get("/api/me", headers=bearer)).json()["sub"]
    assert (await program.client.get("/api/me")).status_code == 401
    assert (await browser.client.get("/api/me")).status_code == 401  # a cookie opens no API
    await browser.press("Sign out")


async def test_pages_of_other_sites_change_nothing(visit: Visit) -> None:
    browser = await visit()
    await browser.sign_in("ana@example.com", PASSWORD)
    forged = await browser.client.post("/auth/logout", headers={"sec-fetch-site": "cross-site"})
    assert forged.status_code == 403
    assert (await browser.get("/account")).path == "/account"


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https://evil.example", "evil"])
async def test_a_sign_in_returns_to_this_site_only(path: str, visit: Visit) -> None:
    browser = await visit()
    await browser.client.get("/sign-in")
    form = {"username": "ana@example.com", "password": PASSWORD, "next": path}
    answer = await browser.client.post("/sign-in", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_the_headers_of_pages(visit: Visit) -> None:
    browser = await visit()
    for path in ("/", "/sign-in", "/nowhere"):
        headers = (await browser.get(path)).response.headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
    assert (await browser.get("/")).response.headers["cache-control"] == "private, no-store"
    assert (await browser.client.get("/nowhere")).status_code == 404
    assert (await browser.client.get("/health")).json() == {"status": "ok"}
