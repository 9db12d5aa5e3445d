"""The shop on aiohttp, in this process and as its command starts it: signing up, in and out, browsers."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from attrs import frozen
from examples.shop.demo import pool as demo
from examples.shop.demo.pool import INVITED, PASSWORD

from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool, run_in_thread
from helpers.ports import free_port

from .conftest import Running
from .visitor import Visitor, serving_on_aiohttp

NEW_PASSWORD = "Better-horse-8"


@frozen
class Shop:
    """The running shop: its emulator, its user pool, and a function that makes a new browser."""

    emulator: ThreadedEmulator
    pool: ThreadedUserPool
    visit: Callable[[], Awaitable[Visitor]]


@pytest.fixture(scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    port = free_port()
    origin = f"http://localhost:{port}"
    async with AsyncExitStack() as stack:
        emulator = stack.enter_context(run_in_thread())
        pool = demo.make_pool(emulator, [origin])
        demo.add_users(emulator, pool)
        sessions = tmp_path_factory.mktemp("sessions")
        await stack.enter_async_context(serving_on_aiohttp(pool, sessions, port))

        async def visit() -> Visitor:
            return await stack.enter_async_context(Visitor.at(None, origin))

        yield Shop(emulator, pool, visit)


def new_user(shop: Shop, mfa: str | None = None) -> str:
    """Add a user, and return the address."""
    address = f"{secrets.token_hex(4)}@example.com"
    shop.pool.add_user(address, PASSWORD, attributes={"email": address}, mfa=mfa)
    return address


async def test_signing_up_in_and_out(shop: Shop) -> None:
    browser, other = await shop.visit(), await shop.visit()
    await browser.get("/sign-up")
    await browser.press("Create the account", username="uma@example.com")
    assert browser.alert == "There is a problem Enter a password."
    await browser.press("Create the account", password=PASSWORD)
    await browser.press("Confirm", code="000000")
    assert browser.alert == "There is a problem This is not the code that was sent."
    await browser.press("Send another code")
    await browser.press("Confirm", code=shop.emulator.outbox.next_code("uma@example.com"))
    assert browser.notice == "Your address is confirmed. Sign in now."
    await browser.press("Sign in", username="uma@example.com", password=PASSWORD)
    assert "uma@example.com" in browser.response.text
    assert "uma@example.com" not in (await other.get("/")).response.text
    await browser.press("Sign out")
    assert "uma@example.com" not in browser.response.text


async def test_a_page_that_needs_a_user_is_shown_after_the_sign_in(shop: Shop) -> None:
    browser = await shop.visit()
    await browser.get("/account/browsers")
    assert browser.path == "/sign-in"
    await browser.press("Sign in", username="ana@example.com", password="Wrong-horse-7")
    assert browser.alert == "There is a problem Incorrect username or password."
    await browser.press("Sign in", username="ana@example.com", password=PASSWORD)
    assert browser.path == "/account/browsers"


async def test_each_step_of_a_sign_in(shop: Shop) -> None:
    browser = await shop.visit()
    await browser.sign_in(INVITED, PASSWORD)
    await browser.press("Continue", answer=NEW_PASSWORD)
    assert INVITED in browser.response.text
    await browser.press("Sign out")
    await browser.sign_in("sam@example.com", PASSWORD)
    await browser.press("Continue", answer="000000")
    assert browser.alert is not None
    await browser.press("Continue", answer=shop.emulator.outbox.next_code("+15550100"))
    assert "sam@example.com" in browser.response.text
    await browser.press("Sign out")
    await browser.get("/sign-in")
    await browser.press("Answer a question", username="ana@example.com")
    await browser.press("Continue", answer="cow")
    assert "ana@example.com" in browser.response.text


async def test_a_password_is_reset(shop: Shop) -> None:
    address = new_user(shop)
    browser = await shop.visit()
    await browser.get("/password/forgotten")
    await browser.press("Send a code", username=address)
    await browser.press("Change the password", code="000000", password=NEW_PASSWORD)
    assert browser.alert is not None
    code = shop.emulator.outbox.next_code(address)
    await browser.press("Change the password", code=code, password=NEW_PASSWORD)
    assert browser.notice == "Your password is changed. Sign in with it now."
    assert address in (await browser.sign_in(address, NEW_PASSWORD)).response.text


async def test_other_browsers_end_and_this_one_is_remembered(shop: Shop) -> None:
    address = new_user(shop, mfa="EMAIL")
    here, there = await shop.visit(), await shop.visit()
    for browser in (here, there):
        await browser.sign_in(address, PASSWORD)
        await browser.press("Continue", answer=shop.emulator.outbox.next_code(address))
    await here.get("/account/browsers")
    ended = next(form for form in here.forms if "session" in form.fields)
    await here.client.post(ended.action, data=ended.fields)
    assert (await there.get("/account")).path == "/sign-in"
    await here.get("/account/browsers")
    await here.press("Remember this browser")
    assert "This browser is remembered" in str(here.notice)
    await here.press("Sign out everywhere")
    assert (await here.get("/account")).path == "/sign-in"
    assert address in (await here.sign_in(address, PASSWORD)).response.text  # no second factor


async def test_other_sites_change_nothing_and_pages_have_the_headers(shop: Shop) -> None:
    browser = await shop.visit()
    await browser.sign_in("ana@example.com", PASSWORD)
    forged = await browser.client.post(
        "/account/browsers/end-others", headers={"origin": "https://evil.example"}
    )
    assert forged.status_code == 403
    page = (await browser.get("/account")).response
    assert browser.path == "/account"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("running", ["examples.shop_aiohttp"], indirect=True)
async def test_its_command_starts_two_processes_that_share_sessions(running: Running) -> None:
    here, there = running.origins
    async with Visitor.at(None, here) as browser, Visitor.at(None, there) as other:
        await browser.get("/sign-up")
        await browser.press("Create the account", username="uma@example.com", password=PASSWORD)
        await browser.press("Confirm", code=await running.code("uma@example.com"))
        await browser.press("Sign in", username="uma@example.com", password=PASSWORD)
        assert "uma@example.com" in browser.response.text
        # A browser sends the cookie of a host to all of its ports.
        other.client.cookies.jar = browser.client.cookies.jar
        assert (await other.get("/account/browsers")).path == "/account/browsers"
        await other.press("Sign out")
        assert (await browser.get("/account")).path == "/sign-in"
        await browser.sign_in("sam@example.com", PASSWORD)
        await browser.press("Continue", answer=await running.code("+15550100"))
        assert "sam@example.com" in browser.response.text
