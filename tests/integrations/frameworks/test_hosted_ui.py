"""A sign-in on the hosted UI, with the emulator's pages."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import evolve

from aiocognito.errors import AuthConfigError
from aiocognito.integrations import CookiePolicy
from helpers.browser import sign_in as sign_in_at_hosted_ui

from .conftest import HERE, MakeSite, Site
from .passwords import COOKIE, PASSWORD


def begin(browser: Any, path: str = "/auth/login") -> str:
    response = browser.get(path, follow_redirects=False)
    assert response.status_code == 303, response.text
    return str(response.headers["location"])


def at_hosted_ui(site: Site, url: str, username: str = "ana") -> str:
    back = asyncio.run(sign_in_at_hosted_ui(site.emulator.url, url, username, PASSWORD))
    parts = urlsplit(back)
    return f"{parts.path}?{parts.query}"


def test_there_and_back_to_the_page(site: Site) -> None:
    browser = site.browser()
    page = browser.get("/profile?a=1", headers={"accept": "text/html"}, follow_redirects=False)
    url = begin(browser, page.headers["location"])
    asked = parse_qs(urlsplit(url).query)
    assert asked["redirect_uri"] == [HERE]
    assert asked["nonce"]
    before = browser.cookies[COOKIE]
    back = at_hosted_ui(site, url)
    for _ in range(2):
        response = browser.get(back, follow_redirects=False)
        assert (response.status_code, response.headers["location"]) == (303, "/profile?a=1")
    assert browser.cookies[COOKIE] != before
    assert browser.get("/profile").json() == {"username": "ana"}


def test_a_callback_of_another_browser_is_refused(site: Site) -> None:
    attacker, victim = site.browser(), site.browser()
    back = at_hosted_ui(site, begin(attacker))
    response = victim.get(back, headers={"accept": "text/html"}, follow_redirects=False)
    assert response.status_code == 401
    assert 'href="/auth/login"' in response.text
    assert victim.get("/me").json() == {"username": None}


def test_signing_out_ends_the_hosted_session_too(site: Site) -> None:
    browser = site.browser()
    browser.get(at_hosted_ui(site, begin(browser)), follow_redirects=False)
    response = browser.post("/auth/logout", follow_redirects=False)
    assert response.status_code == 303
    assert urlsplit(response.headers["location"]).path == "/logout"
    assert browser.get("/me").json() == {"username": None}


def test_signing_out_is_not_done_by_get(site: Site) -> None:
    assert site.browser().get("/auth/logout").status_code == 405


def test_a_missing_redirect_url_is_an_error_at_start_up(make_site: MakeSite, pool: Any) -> None:
    oauth = evolve(pool.config.oauth, redirect_sign_in=("https://testserver/elsewhere",))
    with pytest.raises(AuthConfigError, match=r"oauth\.redirect_sign_in: .*'/auth/callback'"):
        make_site(evolve(pool.config, oauth=oauth)).browser()


def test_strict_cookies_are_refused(make_site: MakeSite) -> None:
    with pytest.raises(AuthConfigError, match=r"cookies\.samesite"):
        make_site(cookies=CookiePolicy(samesite="strict"))
