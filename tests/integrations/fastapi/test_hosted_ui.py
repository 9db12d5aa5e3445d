"""The hosted UI's routes in a FastAPI application, with the emulator's pages."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import evolve
from fastapi import FastAPI
from starlette.testclient import TestClient

from aiocognito import MemoryStorage
from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool
from aiocognito.errors import AuthConfigError
from aiocognito.integrations.fastapi import CognitoAuth, CookiePolicy, CurrentUser
from helpers.browser import sign_in as sign_in_at_hosted_ui

from .conftest import PASSWORD, MakeSite, Site

HERE = "https://testserver/auth/callback"
BYE = "https://testserver/"


@pytest.fixture(scope="module")
def pool(emulator: ThreadedEmulator) -> ThreadedUserPool:
    """Return a pool with a hosted UI."""
    pool = emulator.create_user_pool(client={"CallbackURLs": [HERE], "LogoutURLs": [BYE]})
    pool.add_user("ana", PASSWORD)
    pool.add_user("ben", PASSWORD)
    return pool


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """Return an application with the routes of the hosted UI below /auth."""
    site = make_site(login_path="/auth/login")
    site.app.include_router(site.cognito.hosted_ui_router(), prefix="/auth")
    return site


def begin(browser: TestClient, path: str = "/auth/login") -> str:
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
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == [HERE]
    before = browser.cookies["__Host-aiocognito"]
    response = browser.get(at_hosted_ui(site, url), follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/profile?a=1")
    assert browser.cookies["__Host-aiocognito"] != before
    assert browser.get("/profile").json() == {"username": "ana"}


def test_a_first_redirect_sends_the_session_cookie_alone(site: Site) -> None:
    response = site.browser().get("/auth/login", follow_redirects=False)
    (cookie,) = [value for name, value in response.headers.multi_items() if name == "set-cookie"]
    assert cookie.startswith("__Host-aiocognito=")


def test_a_callback_that_is_loaded_again_leads_to_the_page(site: Site) -> None:
    browser = site.browser()
    back = at_hosted_ui(site, begin(browser, "/auth/login?next=/me"))
    for _ in range(3):
        response = browser.get(back, follow_redirects=False)
        assert (response.status_code, response.headers["location"]) == (303, "/me")
    assert browser.get("/profile").json() == {"username": "ana"}


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_a_callback_of_another_browser_is_refused(site: Site, accept: str) -> None:
    attacker, victim = site.browser(), site.browser()
    back = at_hosted_ui(site, begin(attacker))
    response = victim.get(back, headers={"accept": accept}, follow_redirects=False)
    assert response.status_code == 401
    assert "location" not in response.headers
    assert "did not send the state" in response.text
    assert ('href="/auth/login"' in response.text) is (accept == "text/html")
    assert victim.get("/me").json() == {"username": None}


def test_a_callback_of_another_browser_does_not_replace_a_session(site: Site) -> None:
    attacker, victim = site.browser(), site.browser()
    victim.get(at_hosted_ui(site, begin(victim), "ben"))
    response = victim.get(at_hosted_ui(site, begin(attacker)), follow_redirects=False)
    assert response.headers["location"] == "/"
    assert victim.get("/profile").json() == {"username": "ben"}


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "/%0d%0aSet-Cookie:x=y",
        "",
    ],
)
def test_the_page_to_come_back_to_is_one_of_this_site(site: Site, evil: str) -> None:
    browser = site.browser()
    url = begin(browser, f"/auth/login?next={evil}")
    response = browser.get(at_hosted_ui(site, url), follow_redirects=False)
    assert response.headers["location"] == "/"


def test_a_signed_in_browser_goes_straight_to_the_page(site: Site) -> None:
    browser = site.browser()
    browser.post("/sign-in")
    assert begin(browser, "/auth/login?next=/me") == "/me"


def test_a_step_up_signs_in_again(site: Site) -> None:
    browser = site.browser()
    browser.get(at_hosted_ui(site, begin(browser)))
    url = begin(browser, "/auth/login?next=/danger&prompt=login")
    assert parse_qs(urlsplit(url).query)["prompt"] == ["login"]
    assert browser.get("/profile").status_code == 200
    response = browser.get(at_hosted_ui(site, url), follow_redirects=False)
    assert response.headers["location"] == "/danger"
    assert browser.get("/danger").status_code == 200


def test_signing_out_ends_the_hosted_session_too(site: Site) -> None:
    browser = site.browser()
    browser.get(at_hosted_ui(site, begin(browser)))
    response = browser.post("/auth/logout", follow_redirects=False)
    assert response.status_code == 303
    url = urlsplit(response.headers["location"])
    assert url.path == "/logout"
    assert parse_qs(url.query)["logout_uri"] == [BYE]
    assert browser.get("/me").json() == {"username": None}


def test_a_script_gets_the_logout_url_as_json(site: Site) -> None:
    browser = site.browser()
    browser.get(at_hosted_ui(site, begin(browser)))
    headers = {"sec-fetch-mode": "cors", "sec-fetch-site": "same-origin"}
    response = browser.post("/auth/logout", headers=headers, follow_redirects=False)
    assert response.status_code == 200
    assert "/logout?" in response.json()["logoutUrl"]


def test_signing_out_without_a_session_leads_home(site: Site) -> None:
    response = site.browser().post("/auth/logout", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/")


def test_signing_out_is_not_done_by_get(site: Site) -> None:
    assert site.browser().get("/auth/logout").status_code == 405


def test_an_error_of_the_hosted_ui_is_a_page_with_a_way_on(site: Site) -> None:
    browser = site.browser()
    state = parse_qs(urlsplit(begin(browser)).query)["state"][0]
    response = browser.get(
        "/auth/callback",
        params={"error": "access_denied", "error_description": "<b>no</b>", "state": state},
        headers={"accept": "text/html"},
        follow_redirects=False,
    )
    assert response.status_code == 401
    assert "&lt;b&gt;no&lt;/b&gt;" in response.text
    assert 'href="/auth/login"' in response.text


def several(site_pool: ThreadedUserPool, *urls: str) -> Any:
    config = site_pool.config
    assert config.oauth is not None
    return evolve(config, oauth=evolve(config.oauth, redirect_sign_in=urls))


def test_of_several_redirect_urls_the_one_at_the_host_is_used(
    pool: ThreadedUserPool, make_site: MakeSite
) -> None:
    config = several(pool, "https://shop.example/auth/callback", HERE, "http://localhost:3000/auth/callback")
    site = make_site(config)
    site.app.include_router(site.cognito.hosted_ui_router(), prefix="/auth")
    browser = site.browser()
    for host, expected in (
        ("testserver", HERE),
        ("shop.example", "https://shop.example/auth/callback"),
        ("localhost:3000", "http://localhost:3000/auth/callback"),
    ):
        response = browser.get("/auth/login", headers={"host": host}, follow_redirects=False)
        assert parse_qs(urlsplit(response.headers["location"]).query)["redirect_uri"] == [expected]
    refused = browser.get("/auth/login", headers={"host": "evil.example"}, follow_redirects=False)
    assert refused.status_code == 422
    assert refused.json()["name"] == "InvalidPreferredRedirectUrlException"


@pytest.mark.parametrize("host", ["evil/x", "a b", ""])
def test_a_malformed_host_has_no_redirect_url_among_several(
    pool: ThreadedUserPool, make_site: MakeSite, host: str
) -> None:
    site = make_site(several(pool, "https://shop.example/auth/callback", HERE))
    site.app.include_router(site.cognito.hosted_ui_router(), prefix="/auth")
    response = site.browser().get("/auth/login", headers={"host": host}, follow_redirects=False)
    assert response.status_code == 422
    assert response.json()["recoverySuggestion"] == "Open the site at its own address, and sign in there."


def test_of_several_logout_urls_the_one_at_the_host_is_used(
    emulator: ThreadedEmulator, make_site: MakeSite
) -> None:
    urls = ["https://shop.example/", BYE]
    pool = emulator.create_user_pool(client={"CallbackURLs": [HERE], "LogoutURLs": urls})
    pool.add_user("ana", PASSWORD)
    site = make_site(pool.config)
    site.app.include_router(site.cognito.hosted_ui_router(), prefix="/auth")
    browser = site.browser()
    browser.get(at_hosted_ui(site, begin(browser)))
    response = browser.post("/auth/logout", follow_redirects=False)
    assert parse_qs(urlsplit(response.headers["location"]).query)["logout_uri"] == [BYE]
    # A session that was not begun on the hosted UI does not end there.
    assert browser.get("/auth/logout").status_code == 405
    assert begin(browser, "/auth/login")
    assert browser.post("/auth/logout", follow_redirects=False).headers["location"] == "/"


def test_endless_parameters_are_ignored(site: Site) -> None:
    query = "&".join(f"a{number}=1" for number in range(60))
    assert begin(site.browser(), f"/auth/login?next=/me&{query}").startswith("http")


@pytest.mark.parametrize("state", ["-zz", "-ff", "x", "x-2f2f6576696c", "%00"])
def test_a_callback_with_an_unknown_state_leads_a_user_home(site: Site, state: str) -> None:
    browser = site.browser()
    browser.get(at_hosted_ui(site, begin(browser)))
    response = browser.get(f"/auth/callback?code=x&state={state}", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/")


def test_without_a_hosted_ui_the_login_is_a_clear_error(pool: ThreadedUserPool, make_site: MakeSite) -> None:
    """Routes that are added while the application runs are not checked at start-up."""
    site = make_site(evolve(pool.config, oauth=None))
    browser = site.browser()
    site.app.include_router(site.cognito.hosted_ui_router(), prefix="/auth")
    response = browser.get("/auth/login", follow_redirects=False)
    assert (response.status_code, response.json()["name"]) == (503, "OAuthNotConfigureException")


def test_the_callback_of_a_mounted_application_is_checked_too(
    pool: ThreadedUserPool, make_site: MakeSite
) -> None:
    site = make_site(several(pool, "https://testserver/inner/auth/callback"))
    inner = FastAPI()
    inner.include_router(site.cognito.hosted_ui_router(), prefix="/auth")
    site.app.mount("/inner", inner)
    url = begin(site.browser(), "/inner/auth/login")
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == ["https://testserver/inner/auth/callback"]


def test_the_public_url_decides_among_several(pool: ThreadedUserPool, make_site: MakeSite) -> None:
    config = several(pool, "https://shop.example/auth/callback", HERE)
    site = make_site(config, public_url="https://shop.example")
    site.app.include_router(site.cognito.hosted_ui_router(), prefix="/auth")
    url = begin(site.browser())
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == ["https://shop.example/auth/callback"]


def test_a_missing_redirect_url_is_an_error_at_start_up(make_site: MakeSite) -> None:
    site = make_site()
    site.app.include_router(site.cognito.hosted_ui_router(), prefix="/elsewhere")
    with pytest.raises(AuthConfigError, match=r"oauth\.redirect_sign_in: .*'/elsewhere/callback'"):
        site.browser()


def test_a_missing_hosted_ui_is_an_error_at_start_up(pool: ThreadedUserPool, make_site: MakeSite) -> None:
    site = make_site(evolve(pool.config, oauth=None))
    site.app.include_router(site.cognito.hosted_ui_router(), prefix="/auth")
    with pytest.raises(AuthConfigError, match="oauth: must be configured"):
        site.browser()


def test_a_root_path_is_part_of_every_path(pool: ThreadedUserPool, make_site: MakeSite) -> None:
    site = make_site(several(pool, "https://testserver/shop/auth/callback"), login_path="/auth/login")
    site.app.include_router(site.cognito.hosted_ui_router(), prefix="/auth")
    browser = site.browser(root_path="/shop")
    page = browser.get("/profile", headers={"accept": "text/html"}, follow_redirects=False)
    assert page.headers["location"] == "/shop/auth/login?next=%2Fshop%2Fprofile"
    url = begin(browser)
    query = parse_qs(urlsplit(url).query)
    assert query["redirect_uri"] == ["https://testserver/shop/auth/callback"]


def test_a_redirect_url_without_the_root_path_is_an_error_at_the_request(site: Site) -> None:
    response = site.browser(root_path="/shop").get("/auth/login", follow_redirects=False)
    assert response.status_code == 503
    assert response.json()["message"] == "No usable redirect URL is configured."


def test_strict_cookies_are_refused(pool: ThreadedUserPool) -> None:
    cognito = CognitoAuth(pool.config, storage=MemoryStorage(), cookies=CookiePolicy(samesite="strict"))
    with pytest.raises(AuthConfigError, match=r"cookies\.samesite"):
        cognito.hosted_ui_router()


def test_a_mounted_application_inherits_the_session_and_its_errors(site: Site) -> None:
    inner = FastAPI()

    @inner.get("/who")
    async def who(user: CurrentUser) -> dict[str, str]:
        return {"username": user.username}

    site.app.mount("/inner", inner)
    browser = site.browser()
    refused = browser.get("/inner/who")
    assert (refused.status_code, refused.json()["name"]) == (401, "UserUnAuthenticatedException")
    page = browser.get("/inner/who?x=1", headers={"accept": "text/html"}, follow_redirects=False)
    assert page.headers["location"] == "/auth/login?next=%2Finner%2Fwho%3Fx%3D1"
    browser.post("/sign-in")
    assert browser.get("/inner/who").json() == {"username": "ana"}
