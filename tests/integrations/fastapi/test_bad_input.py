"""Bad input: each gets an error that a person can act on, and none loses a session."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from aiocognito import MemoryStorage, SessionManager
from aiocognito.errors import StorageError
from aiocognito.integrations import CookiePolicy

from .conftest import PASSWORD, MakeSite, Site

COOKIE = "__Host-aiocognito"
EVIL = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}


def set_cookies(response: Any) -> list[str]:
    return [value for name, value in response.headers.multi_items() if name == "set-cookie"]


def signed_in(site: Site, username: str = "ana", **options: Any) -> TestClient:
    browser = site.browser(**options)
    assert browser.post("/sign-in", params={"username": username}).status_code == 200
    return browser


def sent(browser: TestClient) -> dict[str, str]:
    """Return the browser's cookies as a header, and remove them from the browser."""
    header = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    browser.cookies.clear()
    return {"cookie": header}


BAD_COOKIES = {
    "600 characters": "x" * 600,
    "64 kB": "x" * 65_536,
    "binary": "\xff\xfe\x01\x80",
    "quotes": '"' + "x" * 43 + '"',
    "another form": "a.b.c",
    "nothing": "",
    "one character less": "x" * 42,
    "one character more": "x" * 44,
    "padding": "x" * 43 + "=",
    "non-ASCII": "\xe9" * 43,
    "another deployment's": "A" * 43,
    "a script": "<script>alert(1)</script>",
}


@pytest.mark.parametrize("name", BAD_COOKIES)
def test_a_bad_cookie_counts_as_none_and_is_overwritten(site: Site, name: str) -> None:
    browser = site.browser()
    for suffix in ("", "-device"):
        header = {b"cookie": f"{COOKIE}{suffix}={BAD_COOKIES[name]}".encode("latin-1")}
        response = browser.get("/me", headers=header)
        assert (response.status_code, response.json()) == (200, {"username": None})
        assert set_cookies(response) == []
        signed = browser.post("/sign-in", headers=header)
        assert signed.status_code == 200
        assert [cookie.partition("=")[0] for cookie in set_cookies(signed)] == [COOKIE, f"{COOKIE}-device"]
        assert browser.get("/profile").json() == {"username": "ana"}
        browser.cookies.clear()


def test_of_two_cookies_neither_is_used_and_the_planted_ones_are_expired(site: Site) -> None:
    victim, attacker = signed_in(site), signed_in(site, "ben")
    ours, planted = victim.cookies[COOKIE], attacker.cookies[COOKIE]
    victim.cookies.clear()
    for pair in ((planted, ours), (ours, planted), (ours, ours)):
        header = {"cookie": "; ".join(f"{COOKIE}={key}" for key in pair), "host": "www.shop.example"}
        response = victim.get("/me", headers=header)
        assert response.json() == {"username": None}
        expired = set_cookies(response)
        assert f"{COOKIE}=; Path=/; Domain=shop.example; Max-Age=0; HttpOnly; SameSite=Lax; Secure" in expired
        assert f"{COOKIE}=; Path=/me; Max-Age=0; HttpOnly; SameSite=Lax; Secure" in expired
        assert not any(value.startswith(f"{COOKIE}=; Path=/; Max-Age") for value in expired)
        assert response.headers["cache-control"] == "private, no-store"
    # The session is still there.
    assert victim.get("/me", headers={"cookie": f"{COOKIE}={ours}"}).json() == {"username": "ana"}


def test_with_two_cookies_a_sign_in_sets_a_new_one(site: Site) -> None:
    browser = site.browser()
    header = {"cookie": f"{COOKIE}={'a' * 43}; {COOKIE}={'b' * 43}"}
    response = browser.post("/sign-in", headers=header)
    new = [value for value in set_cookies(response) if "Max-Age=0" not in value]
    assert len(new) == 2
    assert set_cookies(response)[-2:] == new
    assert browser.get("/profile").json() == {"username": "ana"}


def test_a_planted_key_is_worth_nothing(site: Site) -> None:
    attacker, victim = site.browser(), site.browser()
    planted = site.browser().get("/key").json()["key"]
    victim.post("/sign-in", headers={"cookie": f"{COOKIE}={planted}"})
    assert victim.cookies[COOKIE] != planted
    assert attacker.get("/me", headers={"cookie": f"{COOKIE}={planted}"}).json() == {"username": None}
    assert victim.get("/me").json() == {"username": "ana"}


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_a_cross_site_post_is_refused_and_the_session_untouched(site: Site, accept: str) -> None:
    browser = signed_in(site)
    for path in ("/sign-in", "/sign-out"):
        response = browser.post(path, headers={**EVIL, "accept": accept})
        assert response.status_code == 403
        assert "Sec-Fetch-Site must be" in response.text
        assert set_cookies(response) == []
    assert browser.get("/me").json() == {"username": "ana"}


def test_a_cross_site_post_without_cookies_signs_no_browser_in(site: Site) -> None:
    browser = site.browser()
    response = browser.post(
        "/sign-in", params={"username": "ben"}, headers={"origin": "https://evil.example"}
    )
    assert (response.status_code, response.json()["name"]) == (403, "CsrfError")
    assert set_cookies(response) == []


def test_a_post_without_origin_passes_unless_strict(make_site: MakeSite) -> None:
    assert make_site().browser().post("/sign-in").status_code == 200
    strict = make_site(csrf="strict").browser().post("/sign-in")
    assert (strict.status_code, strict.json()["name"]) == (403, "CsrfError")
    none = make_site(cookies=CookiePolicy(samesite="none")).browser().post("/sign-in")
    assert none.status_code == 403


def test_routes_without_a_session_are_not_judged(site: Site) -> None:
    @site.app.post("/webhook")
    async def webhook() -> dict[str, bool]:
        return {"ok": True}

    assert site.browser().post("/webhook", headers=EVIL).status_code == 200


def test_a_websocket_of_another_origin_is_refused(site: Site) -> None:
    browser = signed_in(site)
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        browser.websocket_connect("wss://testserver/socket", headers={"origin": "https://evil.example"}),
    ):
        pass
    assert refused.value.status_code == 403
    assert refused.value.json()["name"] == "CsrfError"
    with browser.websocket_connect(
        "wss://testserver/socket", headers={"origin": "https://testserver"}
    ) as socket:
        assert socket.receive_text() == "ana"


def test_a_session_that_ended_in_another_process_is_signed_out(site: Site) -> None:
    browser = signed_in(site)
    other = site.browser(headers=sent(browser) | {"accept": "*/*"})
    assert other.get("/me").json() == {"username": "ana"}
    other.post("/sign-out")
    response = other.get("/profile")
    assert (response.status_code, response.json()["name"]) == (401, "UserUnAuthenticatedException")


def test_signing_out_twice_is_not_an_error(site: Site) -> None:
    browser = signed_in(site)
    assert browser.post("/sign-out").status_code == 200
    assert browser.post("/sign-out").status_code == 200


def test_a_page_behind_the_back_button_was_not_stored(site: Site) -> None:
    response = signed_in(site).get("/profile")
    assert "no-store" in response.headers["cache-control"]


class BrokenStorage(MemoryStorage):
    """A storage that can fail."""

    broken = False

    async def get(self, key: str) -> bytes | None:
        """Return a value, or fail."""
        if self.broken:
            raise StorageError("redis://:secret@10.0.0.1 refused the connection")
        return await super().get(key)


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize("path", ["/profile", "/me", "/admin", "/danger"])
def test_a_storage_that_fails_is_503_and_loses_no_session(
    make_site: MakeSite, pool: Any, path: str, accept: str
) -> None:
    storage = BrokenStorage(clock=pool.config.clock)
    site = make_site(storage=storage, login_path="/login")
    browser = signed_in(site)
    storage.broken = True
    response = browser.get(path, headers={"accept": accept}, follow_redirects=False)
    assert response.status_code == 503
    assert "secret" not in response.text
    assert "The storage failed" in response.text
    assert response.headers["retry-after"] == "5"
    assert set_cookies(response) == []
    storage.broken = False
    assert browser.get("/profile").json() == {"username": "ana"}


def test_cognito_that_fails_is_an_error_and_loses_no_session(site: Site) -> None:
    browser = signed_in(site)
    site.emulator.faults.add("GetTokensFromRefreshToken", error="InternalErrorException", times=1)
    site.emulator.clock.advance(2 * 3600)
    response = browser.get("/me")
    assert response.status_code == 502
    assert response.json()["name"] == "InternalErrorException"
    assert browser.get("/profile").json() == {"username": "ana"}


def test_throttling_says_when_to_try_again(site: Site) -> None:
    site.emulator.faults.add("InitiateAuth", error="TooManyRequestsException", times=3)
    response = site.browser().post("/sign-in")
    assert response.status_code == 429
    assert response.headers["retry-after"] == "5"


def test_a_host_that_is_not_ours_is_served_by_its_own_cookies(site: Site) -> None:
    browser = signed_in(site)
    response = browser.get("/me", headers={"host": "evil.example:99999"})
    assert response.status_code == 200
    refused = browser.post("/sign-out", headers={"host": "evil", "origin": "https://testserver"})
    assert refused.status_code == 403


@pytest.mark.parametrize("evil", ["//evil", "/\\evil", "https://evil"])
def test_the_login_link_never_leads_elsewhere(site: Site, evil: str) -> None:
    browser = site.browser()
    response = browser.get(
        "/profile", params={"next": evil}, headers={"accept": "text/html"}, follow_redirects=False
    )
    location = urlsplit(response.headers["location"])
    assert (location.netloc, location.path) == ("", "/auth/login")
    assert parse_qs(location.query)["next"][0].startswith("/profile?next=")


def test_two_answers_at_once_leave_one_session(site: Site) -> None:
    """The loser gets 409 and no cookie."""
    first = site.browser()
    first.post("/sign-in")
    old = first.cookies[COOKIE]
    second = site.browser(headers={"cookie": f"{COOKIE}={old}"})
    third = site.browser(headers={"cookie": f"{COOKIE}={old}"})
    won = second.post("/sign-out")
    lost = third.post("/sign-out")
    assert (won.status_code, lost.status_code) == (200, 200)


def test_a_second_sign_in_of_a_signed_in_session_is_409(site: Site) -> None:
    browser = signed_in(site)
    response = browser.post("/sign-in", params={"username": "ben"})
    assert (response.status_code, response.json()["name"]) == (409, "UserAlreadyAuthenticatedException")
    assert set_cookies(response) == []


def test_the_manager_is_the_applications(site: Site) -> None:
    seen: list[Any] = []

    @site.app.get("/manager")
    async def manager() -> dict[str, bool]:
        seen.append(site.cognito.sessions)
        return {"ok": True}

    assert site.browser().get("/manager").status_code == 200
    assert isinstance(seen[0], SessionManager)
    assert PASSWORD
