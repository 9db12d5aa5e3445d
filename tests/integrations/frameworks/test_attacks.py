"""What other sites, and cookies that they planted, can do: nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .browsers import Browser, set_cookies
from .conftest import MakeSite, Site
from .passwords import COOKIE, PASSWORD

# What browsers send with the request of another origin's page, and what a page might make them send.
CROSS_SITE: dict[str, dict[str, str]] = {
    "a form of another site": {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    "fetch of another site": {
        "origin": "https://evil.example",
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "no-cors",
    },
    "a sub-domain": {"origin": "https://evil.testserver", "sec-fetch-site": "same-site"},
    "another port": {"origin": "https://testserver:8443", "sec-fetch-site": "same-site"},
    "an old browser": {"origin": "https://evil.example"},
    "a sandboxed frame": {"origin": "null"},
    "our host as a prefix": {"origin": "https://testserver.evil.example"},
    "our host as a suffix": {"origin": "https://eviltestserver"},
    "our host as a user": {"origin": "https://testserver@evil.example"},
    "a backslash": {"origin": "https://evil.example\\@testserver"},
    "a path": {"origin": "https://testserver/"},
    "another scheme": {"origin": "chrome-extension://testserver"},
    "two origins": {"origin": "https://testserver, https://evil.example"},
    "an empty origin": {"origin": ""},
    "our origin from another site": {"origin": "https://testserver", "sec-fetch-site": "cross-site"},
    "our origin from a sub-domain": {"origin": "https://testserver", "sec-fetch-site": "same-site"},
    "an unknown site": {"sec-fetch-site": "same-origin, cross-site"},
    "an empty site": {"origin": "https://testserver", "sec-fetch-site": ""},
    "a page of another site": {
        "origin": "https://evil.example",
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "accept": "text/html",
    },
}
TARGETS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "sign in": ("POST", "/sign-in", {}),
    "sign out": ("POST", "/sign-out", {}),
    "put": ("PUT", "/change", {}),
    "patch": ("PATCH", "/change", {}),
    "delete": ("DELETE", "/change", {}),
    "json": ("POST", "/auth/sign-in", {"json": {"username": "ben", "password": PASSWORD}}),
    "json as a form sends it": (
        "POST",
        "/auth/sign-out",
        {"content": b"{}", "headers": {"content-type": "text/plain"}},
    ),
    "hosted logout": ("POST", "/auth/logout", {"follow_redirects": False}),
    "an overridden method": ("POST", "/change", {"headers": {"x-http-method-override": "GET"}}),
}


@pytest.fixture(scope="module")
def victim(site: Site) -> Browser:
    """Return a browser that is signed in, and stays so."""
    return site.signed_in()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("attack", CROSS_SITE)
def test_a_request_of_another_site_changes_nothing(victim: Browser, attack: str, target: str) -> None:
    method, path, options = TARGETS[target]
    headers = {**options.get("headers", {}), **CROSS_SITE[attack]}
    response = victim.request(method, path, **{**options, "headers": headers})
    assert response.status_code == 403
    assert set_cookies(response) == []
    assert "header" in response.text
    assert victim.get("/me").json() == {"username": "ana"}


@pytest.mark.parametrize("attack", CROSS_SITE)
def test_another_site_signs_no_browser_in(site: Site, attack: str) -> None:
    """Login CSRF: the request has no cookies."""
    browser = site.browser()
    response = browser.post("/sign-in", params={"username": "ben"}, headers=CROSS_SITE[attack])
    assert response.status_code == 403
    assert not browser.cookies


@pytest.mark.parametrize("attack", [name for name in CROSS_SITE if name != "a page of another site"])
def test_another_site_opens_no_websocket(site: Site, victim: Browser, attack: str) -> None:
    assert site.socket(victim, "/socket", CROSS_SITE[attack]) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://testserver", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "https://testserver"},
        {"origin": "https://testserver:443"},
        {"origin": "http://testserver"},
        {},
    ],
    ids=str,
)
def test_our_own_pages_pass(site: Site, headers: dict[str, str]) -> None:
    browser = site.signed_in()
    assert browser.post("/change", headers=headers).status_code == 200
    assert site.socket(browser, "/socket", headers)[0] == "ana"  # type: ignore[index]  # messages, not a status


def test_a_route_without_a_session_is_not_judged(victim: Browser) -> None:
    evil = CROSS_SITE["a form of another site"]
    assert victim.post("/webhook", headers=evil).status_code == 200


def test_a_trusted_origin_passes_and_others_do_not(make_site: MakeSite) -> None:
    site = make_site(trusted_origins=["https://shop.example", "http://localhost:3000/"])
    browser = site.signed_in()
    for origin in ("https://shop.example", "http://localhost:3000"):
        headers = {"origin": origin, "sec-fetch-site": "cross-site"}
        assert browser.post("/change", headers=headers).status_code == 200
    for origin in ("http://shop.example", "https://a.shop.example", "http://localhost:3001"):
        assert browser.post("/change", headers={"origin": origin}).status_code == 403


def test_with_a_public_url_the_host_header_does_not_count(make_site: MakeSite) -> None:
    site = make_site(public_url="https://shop.example")
    browser = site.browser()
    for origin, status in (("https://shop.example", 200), ("https://testserver", 403)):
        assert browser.post("/sign-in", headers={"origin": origin}).status_code == status
    assert browser.get("/me").json() == {"username": "ana"}


def test_without_both_headers_strict_refuses(make_site: MakeSite) -> None:
    response = make_site(csrf="strict").browser().post("/sign-in")
    assert (response.status_code, response.json()["name"]) == (403, "CsrfError")


def test_a_planted_key_is_worth_nothing(site: Site) -> None:
    planted = site.browser().get("/key").json()["key"]
    victim, attacker = site.browser(), site.browser()
    victim.post("/sign-in", headers={"cookie": f"{COOKIE}={planted}"})
    assert victim.cookies[COOKIE] != planted
    assert attacker.get("/me", headers={"cookie": f"{COOKIE}={planted}"}).json() == {"username": None}
    assert victim.get("/me").json() == {"username": "ana"}


@pytest.mark.parametrize("order", ["planted first", "ours first", "twice ours"])
def test_of_two_cookies_neither_is_used(site: Site, order: str) -> None:
    victim, attacker = site.signed_in(), site.signed_in("ben")
    ours, planted = victim.cookies[COOKIE], attacker.cookies[COOKIE]
    pair = {"planted first": (planted, ours), "ours first": (ours, planted), "twice ours": (ours, ours)}[
        order
    ]
    header = "; ".join(f"{COOKIE}={key}" for key in pair)
    browser = site.browser()
    response = browser.get("/me", headers={"cookie": header, "host": "www.shop.example"})
    assert response.json() == {"username": None}
    expired = set_cookies(response)
    for place in ("Path=/; Domain=shop.example;", "Path=/; Domain=www.shop.example;", "Path=/me; Max-Age=0"):
        assert any(place in value for value in expired), place
    assert all("Max-Age=0" in value for value in expired)
    assert site.browser().get("/me", headers={"cookie": f"{COOKIE}={ours}"}).json() == {"username": "ana"}


def test_of_two_device_cookies_neither_is_used(site: Site) -> None:
    victim, attacker = site.signed_in(), site.signed_in("ben")
    name = f"{COOKIE}-device"
    planted, ours = attacker.cookies[name], victim.cookies[name]
    devices = f"{name}={planted}; {name}={ours}"
    header = {"cookie": f"{COOKIE}={victim.cookies[COOKIE]}; {devices}", "host": "www.shop.example"}
    response = site.browser().get("/me", headers=header)
    assert response.json() == {"username": "ana"}
    expired = set_cookies(response)
    assert any("Path=/; Domain=shop.example;" in value for value in expired)
    assert all(value.startswith(f"{name}=;") and "Max-Age=0" in value for value in expired)
    browser = site.browser()
    browser.post("/sign-in", headers={"cookie": devices})
    assert browser.cookies[name] not in (planted, ours)


BAD_COOKIES = {
    "600 characters": "x" * 600,
    "6 kB": "x" * 6_000,
    "binary": "\xff\xfe\x01\x80".replace("\x01", "\x7e"),
    "quotes": '"' + "x" * 43 + '"',
    "another form": "a.b.c",
    "empty": "",
    "one character less": "x" * 42,
    "one character more": "x" * 44,
    "padding": "x" * 43 + "=",
    "not ASCII": "\xe9" * 43,
    "of another deployment": "A" * 43,
    "a script": "<script>alert(1)</script>",
}


@pytest.mark.parametrize("suffix", ["", "-device"])
@pytest.mark.parametrize("name", BAD_COOKIES)
def test_a_bad_cookie_counts_as_none_and_is_overwritten(site: Site, name: str, suffix: str) -> None:
    browser = site.browser()
    header = {b"cookie": f"{COOKIE}{suffix}={BAD_COOKIES[name]}".encode("latin-1")}
    response = browser.get("/me", headers=header)
    assert (response.status_code, response.json()) == (200, {"username": None})
    assert set_cookies(response) == []
    signed = browser.post("/sign-in", headers=header)
    assert signed.status_code == 200
    assert [cookie.partition("=")[0] for cookie in set_cookies(signed)] == [COOKIE, f"{COOKIE}-device"]
    assert browser.get("/profile").json() == {"username": "ana"}


ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
    "/\r\nset-cookie: a=b",
    "///evil.example",
    " /me",
    "",
    "x" * 3000,
]


@pytest.mark.parametrize("evil", ELSEWHERE)
def test_the_page_after_a_sign_in_is_one_of_this_site(site: Site, victim: Browser, evil: str) -> None:
    response = victim.get("/auth/login", params={"next": evil}, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/")


@pytest.mark.parametrize("path", ["//evil.example/profile", "/profile"])
def test_the_way_to_the_login_page_stays_here(site: Site, path: str) -> None:
    headers = {"accept": "text/html"}
    response = site.browser().get("https://testserver" + path, headers=headers, follow_redirects=False)
    if response.status_code == 404:
        return
    location = urlsplit(response.headers["location"])
    assert (location.netloc, location.path) == ("", "/auth/login")
    assert parse_qs(location.query)["next"][0].startswith("/profile")


def test_a_shared_cache_stores_neither_a_cookie_nor_a_page(site: Site) -> None:
    browser = site.browser()
    signed = browser.post("/cached-sign-in")
    assert len(set_cookies(signed)) == 2
    assert signed.headers["cache-control"] == "private, no-store"
    page = browser.get("/profile")
    assert page.headers["cache-control"] == "private, no-store"
    assert page.headers["vary"] == "Cookie"
    own = browser.get("/cached")
    assert own.headers["cache-control"] == "max-age=60"
    assert own.headers["vary"] == "Accept-Language, Cookie"


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "shop.example:99999999", "shop@evil.example"])
def test_a_malformed_host_breaks_no_route(site: Site, host: str) -> None:
    """Authenticator apps show the host of the header, if that is one."""
    browser = site.signed_in()
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    response = browser.post("/auth/set-up-totp", headers={"host": host, "cookie": cookie})
    assert response.status_code == 200
    assert response.json()["setupUri"].endswith("issuer=this%20service")
