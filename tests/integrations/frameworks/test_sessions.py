"""Cookies, and what a route answers when it cannot serve."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from aiocognito import MemoryStorage
from aiocognito._web.json_api import JsonRoute, json_routes
from aiocognito.errors import StorageError
from aiocognito.integrations import CookiePolicy, aiohttp, fastapi, starlette

from .browsers import ORIGIN, set_cookies
from .conftest import MakeSite, Site
from .passwords import COOKIE, PASSWORD

PAGE = {"accept": "text/html"}
SIGNED_OUT = {
    "name": "UserUnAuthenticatedException",
    "message": "no user is signed in",
    "recoverySuggestion": "Sign in before calling this again.",
    "requestId": None,
}


def test_a_sign_in_sends_both_cookies(site: Site) -> None:
    session, device = set_cookies(site.browser().post("/sign-in"))
    assert session.startswith(f"{COOKIE}=")
    assert session.split("; ", 1)[1] == "Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"
    assert device.startswith(f"{COOKIE}-device=")
    assert device.split("; ", 1)[1] == "Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure"


def test_over_http_on_this_machine_cookies_are_not_secure(site: Site) -> None:
    browser = site.browser("http://testserver")
    session = set_cookies(browser.post("/sign-in"))[0]
    assert session.startswith("aiocognito=")
    assert "Secure" not in session
    assert browser.get("/profile").json() == {"username": "ana"}


def test_behind_a_proxy_they_are(site: Site) -> None:
    browser = site.browser("http://testserver")
    assert set_cookies(browser.post("/sign-in", headers={"via": "1.1 x"}))[0].endswith("; Secure")


def test_a_visitor_gets_no_cookie_and_one_is_sent_once(site: Site) -> None:
    browser = site.browser()
    assert browser.get("/me").json() == {"username": None}
    assert not browser.cookies
    browser.post("/sign-in")
    assert set_cookies(browser.get("/profile")) == []


def test_the_cookie_is_renewed_after_a_day(site: Site) -> None:
    browser = site.signed_in()
    key = browser.cookies[COOKIE]
    site.emulator.clock.advance(23 * 3600)
    assert set_cookies(browser.get("/profile")) == []
    site.emulator.clock.advance(2 * 3600)
    assert set_cookies(browser.get("/profile"))[0].startswith(f"{COOKIE}={key};")
    assert set_cookies(browser.get("/profile")) == []


def test_a_route_without_a_session_is_left_alone(site: Site) -> None:
    response = site.browser().get("/plain")
    assert "vary" not in response.headers
    assert "cache-control" not in response.headers


def test_signed_out_is_401_as_json(site: Site) -> None:
    response = site.browser().get("/profile", headers={"accept": "*/*"})
    assert (response.status_code, response.json()) == (401, SIGNED_OUT)
    assert response.headers["www-authenticate"] == 'Cookie realm="aiocognito"'


def test_a_page_is_redirected_to_the_login_page(site: Site) -> None:
    response = site.browser().get("/profile?a=1&b=%2F", headers=PAGE, follow_redirects=False)
    assert response.status_code == 303
    assert response.headers["location"] == "/auth/login?next=%2Fprofile%3Fa%3D1%26b%3D%252F"


@pytest.mark.parametrize(
    "headers",
    [{**PAGE, "sec-fetch-mode": "cors"}, {**PAGE, "x-requested-with": "XMLHttpRequest"}, {"accept": "*/*"}],
    ids=str,
)
def test_a_script_is_never_redirected(site: Site, headers: dict[str, str]) -> None:
    response = site.browser().get("/profile", headers=headers, follow_redirects=False)
    assert (response.status_code, response.json()) == (401, SIGNED_OUT)


def test_a_wrong_password_is_401_and_sends_no_cookie(site: Site) -> None:
    response = site.browser().post("/sign-in", params={"password": "wrong"})
    assert (response.status_code, response.json()["name"]) == (401, "NotAuthorizedException")
    assert set_cookies(response) == []


def test_signing_out_leaves_a_cookie_that_opens_nothing(site: Site) -> None:
    browser = site.signed_in()
    for _ in range(2):
        response = browser.post("/sign-out")
        assert (response.status_code, set_cookies(response)) == (200, [])
    assert browser.get("/me").json() == {"username": None}


def test_a_crash_after_the_key_changed_is_500_with_the_cookie(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    browser = site.signed_in()
    before = browser.cookies[COOKIE]
    response = browser.post("/rotate-and-crash")
    assert response.status_code == 500
    assert browser.cookies[COOKIE] != before
    assert browser.get("/profile").json() == {"username": "ana"}


def test_a_stream_sends_the_cookie(site: Site) -> None:
    browser = site.browser()
    assert browser.get("/stream").text == "begin  end"
    assert browser.get("/profile").json() == {"username": "ana"}


def test_a_response_that_began_refuses_a_new_key(site: Site) -> None:
    calls = len(site.emulator.calls)
    response = site.browser().get("/stream?late=1")
    assert "no cookie can be sent: the response has begun" in response.text
    assert len(site.emulator.calls) == calls


def test_a_websocket_is_served_and_refuses_a_new_key(site: Site) -> None:
    browser = site.signed_in()
    calls = len(site.emulator.calls)
    messages = site.socket(browser, "/socket", ORIGIN)
    assert isinstance(messages, list)
    assert messages[0] == "ana"
    assert messages[1].startswith("RuntimeError: this call would change the session key")
    assert len(site.emulator.calls) == calls
    assert browser.get("/profile").json() == {"username": "ana"}


def test_a_websocket_without_a_user_is_refused(site: Site) -> None:
    assert site.socket(site.browser(), "/socket", ORIGIN) == 401


def test_a_session_that_ended_elsewhere_is_signed_out(site: Site) -> None:
    browser, other = site.signed_in(), site.browser()
    other.post("/sign-out", headers={"cookie": f"{COOKIE}={browser.cookies[COOKIE]}"})
    assert browser.get("/profile").status_code == 401


def test_a_second_sign_in_is_409(site: Site) -> None:
    browser = site.signed_in()
    response = browser.post("/sign-in", params={"username": "ben"})
    assert (response.status_code, response.json()["name"]) == (409, "UserAlreadyAuthenticatedException")


class BrokenStorage(MemoryStorage):
    """A storage that can fail."""

    broken = False

    async def get(self, key: str) -> bytes | None:
        """Return a value, or fail."""
        if self.broken:
            raise StorageError("redis://:secret@10.0.0.1 refused the connection")
        return await super().get(key)


@pytest.mark.parametrize("path", ["/profile", "/me", "/auth/session"])
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_a_storage_that_fails_is_503_and_loses_no_session(
    make_site: MakeSite, pool: Any, path: str, accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    storage = BrokenStorage(clock=pool.config.clock)
    site = make_site(storage=storage, login_path="/login")
    browser = site.signed_in()
    storage.broken = True
    with caplog.at_level(logging.ERROR):
        response = browser.get(path, headers={"accept": accept}, follow_redirects=False)
    assert response.status_code == 503
    assert "secret" not in response.text
    assert "10.0.0.1" in caplog.text
    assert "The storage failed" in response.text
    assert response.headers["retry-after"] == "5"
    assert set_cookies(response) == []
    storage.broken = False
    assert browser.get("/profile").json() == {"username": "ana"}


def test_cognito_that_fails_is_502_and_loses_no_session(site: Site) -> None:
    browser = site.signed_in()
    faults = site.emulator.faults
    faults.add("GetTokensFromRefreshToken", error="InternalErrorException", times=1)
    site.emulator.clock.advance(2 * 3600)
    response = browser.get("/me")
    assert (response.status_code, response.json()["name"]) == (502, "InternalErrorException")
    assert browser.get("/profile").json() == {"username": "ana"}


def test_throttling_says_when_to_try_again(site: Site) -> None:
    site.emulator.faults.add("InitiateAuth", error="TooManyRequestsException", times=3)
    response = site.browser().post("/sign-in")
    assert (response.status_code, response.headers["retry-after"]) == (429, "5")


def test_a_host_that_is_not_ours_is_served_by_its_own_cookies(site: Site) -> None:
    browser = site.signed_in()
    assert browser.get("/me", headers={"host": "evil.example:99999"}).status_code == 200
    refused = browser.post("/sign-out", headers={"host": "evil", **ORIGIN})
    assert refused.status_code == 403


def test_a_cookie_policy_is_followed(make_site: MakeSite) -> None:
    policy = CookiePolicy(name="sid", domain="testserver", max_age=60, samesite="none")
    session = set_cookies(make_site(cookies=policy).browser().post("/sign-in", headers=ORIGIN))[0]
    assert session.partition("=")[0] == "sid"
    assert "; Domain=testserver; Max-Age=60; HttpOnly; SameSite=None; Secure" in session


def test_the_json_routes_sign_in_and_out(site: Site) -> None:
    browser = site.browser()
    assert browser.get("/auth/sign-in-step").json() is None
    body = {"username": "ana", "password": PASSWORD}
    answer = browser.post("/auth/sign-in", json=body, headers=ORIGIN)
    assert answer.json() == {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
    session = browser.get("/auth/session").json()
    assert session["user"]["username"] == "ana"
    assert set(session) == {"user", "claims"}
    assert browser.post("/auth/sign-out", headers=ORIGIN).json()["revoked"]
    signed_out = browser.get("/auth/session", headers=PAGE, follow_redirects=False)
    assert (signed_out.status_code, signed_out.json()) == (401, SIGNED_OUT)


@pytest.mark.parametrize("route", json_routes(tokens=False), ids=lambda route: route.path)
def test_each_framework_serves_every_json_route(site: Site, route: JsonRoute) -> None:
    """The route of the table exists with its method, and no other; pages of other sites get 403."""
    path, browser = f"/auth{route.path}", site.browser()
    other = "GET" if route.method == "POST" else "POST"
    assert browser.request(other, path).status_code == 405
    if route.method == "POST":
        forged = browser.post(path, content=b"{", headers={"origin": "https://evil.example"})
        assert (forged.status_code, forged.json()["name"]) == (403, "CsrfError")
        headers = {"content-type": "application/json", **ORIGIN}
        answer = browser.post(path, content=b"[]", headers=headers)
        assert answer.status_code == 422
    else:
        answer = browser.get(path)
        assert answer.status_code == (200 if route.path == "/sign-in-step" else 401)
    assert "no-store" in answer.headers["cache-control"]
    if answer.status_code != 200:
        assert set(answer.json()) == {"name", "message", "recoverySuggestion", "requestId"}


def test_each_step_of_the_json_routes_has_a_new_key(site: Site) -> None:
    name = f"tom-{site.framework}"
    site.pool.add_user(name, PASSWORD, mfa="TOTP")
    browser = site.browser()
    first = browser.post("/auth/sign-in", json={"username": name, "password": PASSWORD}, headers=ORIGIN)
    assert first.json()["nextStep"] == {"signInStep": "CONFIRM_SIGN_IN_WITH_TOTP_CODE"}
    between = browser.cookies[COOKIE]
    body = {"challengeResponse": site.pool.totp_code(name)}
    assert browser.post("/auth/confirm-sign-in", json=body, headers=ORIGIN).json()["isSignedIn"]
    assert browser.cookies[COOKIE] != between


BAD_BODIES: dict[str, dict[str, Any]] = {
    "not JSON": {"content": b'{"username":', "headers": {"content-type": "application/json"}},
    "a form": {"data": {"username": "ana", "password": PASSWORD}},
    "no username": {"json": {"password": PASSWORD}},
    "another member": {"json": {"username": "ana", PASSWORD: "x"}},
    "another type": {"json": {"username": "ana", "password": [PASSWORD]}},
    "a list": {"json": [PASSWORD]},
    "too long": {"content": b'"' + b"x" * 300_000 + b'"', "headers": {"content-type": "application/json"}},
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_body_that_does_not_fit_is_422_and_not_repeated(site: Site, name: str) -> None:
    response = site.browser().post("/auth/sign-in", **BAD_BODIES[name])
    assert response.status_code == 422
    assert set(response.json()) == {"name", "message", "recoverySuggestion", "requestId"}
    assert PASSWORD not in response.text


def test_groups_are_required(site: Site) -> None:
    """A user without the group gets 403."""
    visitor, ana, ben = site.browser(), site.signed_in(), site.signed_in("ben")
    assert visitor.get("/admin").status_code == 401
    assert visitor.get("/admin", headers=PAGE, follow_redirects=False).headers["location"].startswith("/auth")
    assert ana.get("/admin").json() == {"ok": True}
    refused = ben.get("/admin")
    assert refused.status_code == 403
    assert refused.json()["name"] == "AuthForbiddenError"
    assert refused.json()["message"] == "this needs a user of the group admins or owners"


def test_a_websocket_can_require_a_group(site: Site) -> None:
    """The websocket of a user without the group is refused before it is accepted."""
    assert site.socket(site.signed_in(), "/admin-socket", ORIGIN) == ["hello"]
    assert site.socket(site.signed_in("ben"), "/admin-socket", ORIGIN) == 403
    assert site.socket(site.browser(), "/admin-socket", ORIGIN) == 401


def test_a_recent_sign_in_is_required(site: Site) -> None:
    assert site.browser().get("/danger").status_code == 401
    browser = site.signed_in()
    assert browser.get("/danger").json() == {"ok": True}
    site.emulator.clock.advance(601)
    refused = browser.get("/danger")
    assert refused.status_code == 401
    challenge = refused.headers["www-authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'max_age="600"' in challenge
    page = browser.get("/danger", headers=PAGE, follow_redirects=False)
    assert page.headers["location"] == "/auth/login?next=%2Fdanger&prompt=login"


@pytest.mark.parametrize("module", [fastapi, starlette, aiohttp])
def test_a_guard_without_a_group_or_an_age_is_refused(module: Any) -> None:
    for groups in ((), ("",), (1,), ("a", None)):
        with pytest.raises(ValueError, match="require_groups needs the names"):
            module.require_groups(*groups)
    for age in (0, -1, True, "600", float("nan"), None):
        with pytest.raises(ValueError, match="recent_sign_in needs"):
            module.recent_sign_in(age)


@pytest.mark.parametrize("module", [starlette, aiohttp])
@pytest.mark.parametrize("bad", [object(), dict])
def test_an_object_that_is_not_a_handler_is_refused(module: Any, bad: object) -> None:
    for decorate in (module.require_groups("admins"), module.recent_sign_in(600)):
        with pytest.raises(TypeError, match="can be"):
            decorate(bad)


async def test_a_guarded_endpoint_of_starlette_needs_a_connection() -> None:
    @starlette.require_groups("admins")
    async def endpoint(_: object) -> None: ...

    with pytest.raises(TypeError, match="without a request or websocket"):
        await endpoint(object())
