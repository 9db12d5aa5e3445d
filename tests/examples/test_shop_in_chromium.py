"""The shop in Chromium, as its command starts it: each page, the keyboard, passkeys, two browsers at once."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from examples.shop.demo.pool import INVITED, PASSWORD
from pyotp.totp import TOTP

from helpers.chromium import add_authenticator

from .conftest import Running
from .tab import Tab

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-shop")]

NEW_PASSWORD = "Better-horse-8"
# Of the docs.
PICTURES = (
    "home-light-1280",
    "sign-in-light-375",
    "sign-up-problem-dark-375",
    "account-factors-totp-light-375",
)
OpenTab = Callable[[], Awaitable[Tab]]


@pytest.fixture
async def open_tab(chromium: Any) -> AsyncIterator[OpenTab]:
    """Open tabs without cookies. At the end, the console of each must be empty."""
    async with AsyncExitStack() as stack:
        tabs: list[Tab] = []

        async def opened() -> Tab:
            tab = await Tab.open(chromium)
            stack.push_async_callback(tab.close)
            tabs.append(tab)
            return tab

        yield opened
        assert [tab.messages for tab in tabs if tab.messages] == []


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of the screenshots.

    `SHOP_SCREENSHOTS=directory` chooses one that stays. `SHOP_PICTURES=docs/images` copies those of the docs.
    """
    chosen, pictures = os.environ.get("SHOP_SCREENSHOTS"), os.environ.get("SHOP_PICTURES")
    directory = Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")
    directory.mkdir(parents=True, exist_ok=True)
    yield directory
    if pictures:
        for name in PICTURES:
            shutil.copy(directory / f"{name}.png", Path(pictures) / f"shop-{name}.png")


def new_address() -> str:
    return f"{secrets.token_hex(4)}@example.com"


async def signed_up(tab: Tab, running: Running, address: str) -> None:
    """Create an account, which is signed in afterwards."""
    await tab.page.goto(f"{running.origins[0]}/sign-up")
    await tab.fill(username=address, password=PASSWORD)
    await tab.press("Create the account")
    await tab.fill(code=await running.code(address))
    await tab.press("Confirm")
    assert address in await tab.text()


async def test_the_keyboard_is_enough(running: Running, open_tab: OpenTab) -> None:
    address, tab = new_address(), await open_tab()
    await tab.page.goto(running.origins[0])
    await tab.enter("Sign up")
    await tab.type("E-mail address", address)
    await tab.type("Password", PASSWORD)
    await tab.enter()
    await tab.type("Code", await running.code(address))
    await tab.enter()
    await tab.enter(address)
    await tab.enter("Ways to sign in")
    await tab.enter("Set up the app")
    totp = TOTP(await tab.page.inner_text(".key"))
    first = time.time()
    await tab.type("The code that the app shows", totp.at(first))
    await tab.enter()
    assert "second factor now" in await tab.page.get_by_role("status").inner_text()
    await tab.enter("Sign out")
    await tab.enter("Sign in")
    await tab.type("E-mail address", address)
    await tab.type("Password", PASSWORD)
    await tab.enter("Sign in")
    await tab.type("Code", totp.at(max(time.time(), first + 30)))
    await tab.enter()
    assert address in await tab.text()
    await tab.enter("Sign out")
    assert address not in await tab.text()


async def test_a_problem_is_announced_and_leads_to_its_field(running: Running, open_tab: OpenTab) -> None:
    tab = await open_tab()
    await tab.page.goto(f"{running.origins[0]}/sign-up")
    await tab.type("Password", PASSWORD)
    await tab.enter()
    tab.refused(422)
    assert (await tab.page.title()).startswith("Error: ")
    assert await tab.page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    await tab.tab_to("Enter your e-mail address.")
    await tab.page.keyboard.press("Enter")
    field = tab.page.locator("#username")
    assert await field.get_attribute("aria-invalid") == "true"
    described = await field.get_attribute("aria-describedby")
    assert await tab.page.inner_text(f"#{described}") == "Enter your e-mail address."


async def test_pages_of_visitors(running: Running, open_tab: OpenTab, screenshots: Path) -> None:
    """The pages before a sign-in work in a browser."""
    tab, origin = await open_tab(), running.origins[0]
    for path in ("/", "/sign-up", "/sign-up/confirm", "/sign-in", "/password/forgotten"):
        await tab.page.goto(f"{origin}{path}")
        await tab.look(path.strip("/").replace("/", "-") or "home", screenshots)
    await tab.fill(username="ana@example.com")
    await tab.press("Send a code")
    await tab.look("password-reset", screenshots)
    await tab.sign_in(origin, "ana@example.com", "Wrong-horse-7")
    tab.refused(401)
    await tab.look("sign-in-problem", screenshots)
    await tab.press("Use a passkey")  # she has none, and chooses another factor
    await tab.look("step-choice", screenshots)
    await tab.page.goto(f"{origin}/sign-up")
    await tab.press("Create the account")
    tab.refused(422)
    await tab.look("sign-up-problem", screenshots)
    await tab.page.goto(f"{origin}/nowhere")
    tab.refused(404)
    await tab.look("not-found", screenshots)


async def test_pages_of_a_sign_in(running: Running, open_tab: OpenTab, screenshots: Path) -> None:
    tab, origin = await open_tab(), running.origins[0]
    await tab.sign_in(origin, "sam@example.com", PASSWORD)
    await tab.look("step-code", screenshots)
    await tab.sign_in(origin, INVITED, PASSWORD)
    await tab.look("step-new-password", screenshots)
    await tab.page.goto(f"{origin}/sign-in")
    await tab.fill(username="ana@example.com")
    await tab.press("Answer a question")
    await tab.look("step-question", screenshots)


async def test_pages_of_the_account(running: Running, open_tab: OpenTab, screenshots: Path) -> None:
    tab, address, (origin, _) = await open_tab(), new_address(), running.origins
    await signed_up(tab, running, address)
    names = ("delete", "", "profile", "password", "factors", "factors/totp", "passkeys/new", "browsers")
    for name in names:
        await tab.page.goto(f"{origin}/account/{name}".rstrip("/"))
        await tab.look(f"account-{name}".rstrip("-").replace("/", "-"), screenshots)
    await tab.page.goto(f"{origin}/account/profile")
    await tab.fill(email=new_address())
    await tab.press("Change the address")
    await tab.look("account-email-code", screenshots)
    await tab.page.goto(f"{origin}/account/token")
    await tab.press("Show the token")
    await tab.look("account-token", screenshots)
    # The sign-in was long ago, by the shop's clock.
    await tab.press("Sign out")
    await running.advance(-1000)
    await tab.sign_in(origin, address, PASSWORD)
    await running.advance(1000)
    await tab.page.goto(f"{origin}/account/delete")
    await tab.look("sign-in-again", screenshots)
    await tab.fill(password=PASSWORD)
    await tab.press("Sign in")
    await tab.press("Delete my account")
    assert "Your account is deleted." in await tab.text()


async def test_a_passkey_signs_in_at_both_processes(
    running: Running, open_tab: OpenTab, screenshots: Path
) -> None:
    tab, address, (origin, other) = await open_tab(), new_address(), running.origins
    devtools, authenticator = await add_authenticator(tab.page)
    await signed_up(tab, running, address)
    await tab.page.goto(f"{origin}/account/passkeys/new")
    await tab.press("Continue with a passkey")
    assert "The passkey is saved." in await tab.text()
    await tab.look("account-factors-passkey", screenshots)
    found = await devtools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
    assert [each["rpId"] for each in found["credentials"]] == ["localhost"]
    await tab.page.goto(f"{origin}/account/passkeys/new")
    await tab.page.get_by_role("button", name="Continue with a passkey").click()
    await tab.page.get_by_text("This device has a passkey for your account already.").wait_for()
    await tab.press("Sign out")
    for place in (origin, other):
        await tab.page.goto(f"{place}/sign-in")
        await tab.fill(username=address)
        await tab.press("Use a passkey")
        await tab.press("Continue with a passkey")
        assert address in await tab.text()
        await tab.press("Sign out")


async def test_the_hosted_ui_signs_in_and_out(running: Running, open_tab: OpenTab) -> None:
    tab = await open_tab()
    origin = running.origins[1]
    await tab.page.goto(f"{origin}/account/profile")
    await tab.page.get_by_role("link", name="Sign in on Cognito’s own page").click()
    await tab.page.wait_for_url(f"{running.emulator}/login*")
    await tab.fill(username="ana@example.com", password=PASSWORD)
    await tab.page.get_by_role("button", name="Sign in", exact=True).click()
    await tab.page.wait_for_url(f"{origin}/account/profile")
    assert await tab.page.input_value("#email") == "ana@example.com"
    await tab.press("Sign out")
    await tab.page.wait_for_url(f"{origin}/")
    assert "ana@example.com" not in await tab.text()


async def test_two_browsers_and_two_processes_never_see_each_others_name(
    running: Running, open_tab: OpenTab
) -> None:
    tabs = [await open_tab(), await open_tab()]
    names = [new_address(), new_address()]
    for tab, name in zip(tabs, names, strict=True):
        await signed_up(tab, running, name)
        await tab.press("Sign out")
    processes: set[str] = set()

    async def check(tab: Tab, own: str | None, foreign: str) -> None:
        text = await tab.text()
        assert foreign not in text
        assert (own is None) == ("/sign-in" in text)
        if own is not None:
            assert own in text
        processes.update(re.findall(r"Served by process (\d+)", text))

    async def go_in_and_out(number: int) -> None:
        tab, own, foreign = tabs[number], names[number], names[1 - number]
        for turn in range(3):
            first, second = running.origins[:: 1 if (turn + number) % 2 else -1]
            await tab.sign_in(first, own, PASSWORD)
            for origin in (first, second, first):
                await tab.page.goto(origin)
                await check(tab, own, foreign)
            await tab.press("Sign out")
            for origin in (second, first):
                await tab.page.goto(origin)
                await check(tab, None, own)

    await asyncio.gather(go_in_and_out(0), go_in_and_out(1))
    assert len(processes) == 2


async def test_signing_out_everywhere_ends_the_session_at_the_other_process(
    running: Running, open_tab: OpenTab
) -> None:
    here, there, address = await open_tab(), await open_tab(), new_address()
    await signed_up(here, running, address)
    await there.sign_in(running.origins[1], address, PASSWORD)
    await here.page.goto(f"{running.origins[0]}/account/browsers")
    await here.press("Sign out everywhere")
    await there.page.goto(f"{running.origins[1]}/account")
    assert "/sign-in?" in there.page.url
    assert address not in await there.text()
