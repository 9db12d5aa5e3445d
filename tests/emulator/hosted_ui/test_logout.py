"""Signing out of the hosted UI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

import pytest

from helpers.browser import LOGOUT, PASSWORD, PLAIN_CALLBACK, Browser, Shop


def leave(shop: Shop, **more: str | None) -> str:
    given = {"client_id": shop.pool.client_id, "logout_uri": LOGOUT, **more}
    return f"/logout?{urlencode({name: value for name, value in given.items() if value is not None})}"


async def test_forgets_and_goes_back_to_the_app(shop: Shop, browser: Browser) -> None:
    await shop.pool.add_user("mia", PASSWORD, mfa="TOTP")
    await browser.get(shop.authorize())
    step = (await browser.sign_in("mia")).response.url
    await browser.get(shop.authorize())
    await browser.sign_in()
    (name,) = browser.session_cookies
    cookie = browser.client.cookies[name]
    await browser.get(leave(shop))
    assert browser.gone_to == LOGOUT
    assert shop.operations()[-1] == ("Logout", 302, None)
    # The cookies are gone, and would be worth nothing; what was on its way ends, too.
    assert [name for name in browser.client.cookies if name.startswith("cognito-")] == []
    browser.client.cookies.set(name, cookie, domain="127.0.0.1")
    assert (await browser.get(shop.authorize())).title == "Sign in"
    assert (await browser.get(str(step))).title == "Sign in"


async def test_ends_only_its_own_step(
    shop: Shop, browser: Browser, open_browser: Callable[[], Awaitable[Browser]]
) -> None:
    await shop.pool.add_user("mia", PASSWORD, mfa="TOTP")
    await browser.get(shop.authorize())
    step = (await browser.sign_in("mia")).response.url
    other = await open_browser()
    # The name of a step is in its address.
    cookie = f"cognito-{shop.pool.id}-{step.path.rpartition('/')[2]}"
    other.client.cookies.set(cookie, "guessed", domain="127.0.0.1")
    await other.get(leave(shop))
    assert cookie not in other.client.cookies
    assert (await browser.get(str(step))).title == "Enter your code"


async def test_a_user_who_is_not_signed_in(shop: Shop, browser: Browser) -> None:
    await browser.get(leave(shop))
    assert browser.gone_to == LOGOUT


async def test_goes_to_the_login_page(shop: Shop, browser: Browser) -> None:
    await browser.get(shop.authorize())
    await browser.sign_in()
    page = await browser.get(f"/logout?{shop.query(scope='openid')}")
    assert page.title == "Sign in"
    assert str(page.response.url) == f"{browser.url}/login?{shop.query(scope='openid')}"
    assert not browser.session_cookies
    await browser.sign_in()
    assert browser.answer["state"] == "st ate"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"client_id": None}, "Required String parameter 'client_id' is not present"),
        ({"client_id": "unknown"}, "redirect_mismatch"),
        ({"logout_uri": None}, "Required String parameter 'redirect_uri' is not present"),
        ({"logout_uri": f"{LOGOUT}/"}, "The parameter 'logout_uri' is not a sign-out URL of the app client"),
        (
            {"logout_uri": PLAIN_CALLBACK},
            "The parameter 'logout_uri' is not a sign-out URL of the app client",
        ),
        (
            {"logout_uri": "//evil.example"},
            "The parameter 'logout_uri' is not a sign-out URL of the app client",
        ),
    ],
)
async def test_goes_nowhere_else(
    shop: Shop, browser: Browser, more: dict[str, str | None], said: str
) -> None:
    """Only a registered logout URL is redirected to."""
    await browser.get(shop.authorize())
    await browser.sign_in()
    page = await browser.get(leave(shop, **more))
    assert (page.status, page.alert) == (400, said)
    # No user was signed out by it.
    await browser.get(shop.authorize())
    assert shop.who(browser.answer) == "ana"


async def test_two_ways_back_are_refused(shop: Shop, browser: Browser) -> None:
    page = await browser.get(f"{leave(shop)}&logout_uri=http%3A%2F%2Fevil.example")
    assert page.alert == "The parameter 'logout_uri' is repeated"


async def test_a_client_without_the_redirect_uri(shop: Shop, browser: Browser) -> None:
    query = shop.query(redirect_uri="http://evil.example/")
    assert (await browser.get(f"/logout?{query}")).alert == "redirect_mismatch"
