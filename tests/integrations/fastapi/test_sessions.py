"""Sessions of a FastAPI application: cookies, guards, and their errors."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from .conftest import PASSWORD, MakeSite, Site

COOKIE = "__Host-aiocognito"


def sign_in(browser: TestClient, username: str = "ana") -> Any:
    response = browser.post("/sign-in", params={"username": username})
    assert response.status_code == 200, response.text
    return response


def cookies_of(response: Any) -> list[str]:
    return [value for name, value in response.headers.multi_items() if name == "set-cookie"]


def test_a_sign_in_sends_the_cookies_with_all_attributes(site: Site) -> None:
    session, device = cookies_of(sign_in(site.browser()))
    assert session.startswith(f"{COOKIE}=")
    assert session.split("; ", 1)[1] == "Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"
    assert device.startswith(f"{COOKIE}-device=")
    assert device.split("; ", 1)[1] == "Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure"


def test_a_signed_in_user_is_served(site: Site) -> None:
    browser = site.browser()
    sign_in(browser)
    assert browser.get("/profile").json() == {"username": "ana"}
    assert browser.get("/me").json() == {"username": "ana"}


def test_a_visitor_gets_no_cookie(site: Site) -> None:
    response = site.browser().get("/me")
    assert response.json() == {"username": None}
    assert cookies_of(response) == []


def test_a_failed_sign_in_sends_no_cookie(site: Site) -> None:
    response = site.browser().post("/sign-in", params={"password": "wrong"})
    assert response.status_code == 401
    assert response.json()["name"] == "NotAuthorizedException"
    assert cookies_of(response) == []


def test_the_cookie_is_sent_once(site: Site) -> None:
    browser = site.browser()
    sign_in(browser)
    assert cookies_of(browser.get("/profile")) == []


def test_the_cookie_is_renewed_after_a_day(site: Site) -> None:
    browser = site.browser()
    sign_in(browser)
    key = browser.cookies[COOKIE]
    site.emulator.clock.advance(23 * 3600)
    assert cookies_of(browser.get("/profile")) == []
    site.emulator.clock.advance(2 * 3600)
    session, _device = cookies_of(browser.get("/profile"))
    assert session.startswith(f"{COOKIE}={key};")
    assert cookies_of(browser.get("/profile")) == []


def test_signed_out_is_401_as_json(site: Site) -> None:
    response = site.browser().get("/profile")
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Cookie ")
    assert response.json() == {
        "name": "UserUnAuthenticatedException",
        "message": "no user is signed in",
        "recoverySuggestion": "Sign in before calling this again.",
        "requestId": None,
    }


def test_a_page_is_redirected_to_the_login_page(site: Site) -> None:
    response = site.browser().get(
        "/profile?a=1&b=%2F", headers={"accept": "text/html"}, follow_redirects=False
    )
    assert response.status_code == 303
    assert response.headers["location"] == "/auth/login?next=%2Fprofile%3Fa%3D1%26b%3D%252F"


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": "text/html", "sec-fetch-mode": "cors"},
        {"accept": "text/html", "x-requested-with": "XMLHttpRequest"},
        {"accept": "application/json, text/html;q=0.5"},
        {"accept": "text/html;q=0"},
        {},
    ],
    ids=str,
)
def test_a_script_is_never_redirected(site: Site, headers: dict[str, str]) -> None:
    response = site.browser().get("/profile", headers=headers, follow_redirects=False)
    assert response.status_code == 401
    assert response.json()["name"] == "UserUnAuthenticatedException"


def test_a_session_that_was_read_is_not_cached(site: Site) -> None:
    response = site.browser().get("/me")
    assert response.headers["vary"] == "Cookie"
    assert response.headers["cache-control"] == "private, no-store"
    plain = site.browser().get("/plain")
    assert "vary" not in plain.headers
    assert "cache-control" not in plain.headers


def test_signing_out_leaves_a_cookie_that_opens_nothing(site: Site) -> None:
    browser = site.browser()
    sign_in(browser)
    response = browser.post("/sign-out")
    assert cookies_of(response) == []
    assert browser.get("/me").json() == {"username": None}


def test_a_second_sign_in_has_another_key(site: Site) -> None:
    browser = site.browser()
    sign_in(browser)
    first = browser.cookies[COOKIE]
    browser.post("/sign-out")
    sign_in(browser)
    assert browser.cookies[COOKIE] != first


def test_a_crash_after_the_key_changed_sends_the_cookie(site: Site) -> None:
    browser = site.browser(raise_server_exceptions=False)
    sign_in(browser)
    response = browser.post("/rotate-and-crash")
    assert response.status_code == 500
    assert len(cookies_of(response)) == 2
    assert browser.get("/profile").json() == {"username": "ana"}


def test_a_crash_is_raised_on(site: Site) -> None:
    browser = site.browser()
    sign_in(browser)
    with pytest.raises(ZeroDivisionError):
        browser.post("/rotate-and-crash")


def test_a_crash_is_answered_by_the_applications_handler(site: Site) -> None:
    from fastapi.responses import PlainTextResponse

    @site.app.exception_handler(500)
    def crashed(request: Any, error: Exception) -> PlainTextResponse:
        return PlainTextResponse(f"our page: {error}", 500)

    browser = site.browser(raise_server_exceptions=False)
    sign_in(browser)
    response = browser.post("/rotate-and-crash")
    assert response.text == "our page: a bug"
    assert len(cookies_of(response)) == 2


def test_a_stream_sends_the_cookie(site: Site) -> None:
    browser = site.browser()
    response = browser.get("/stream")
    assert response.text == "begin  end"
    assert browser.get("/profile").json() == {"username": "ana"}


def test_a_response_that_began_refuses_a_new_key(site: Site) -> None:
    browser = site.browser()
    calls = len(site.emulator.calls)
    response = browser.get("/stream?late=1")
    assert "no cookie can be sent: the response has begun" in response.text
    assert len(site.emulator.calls) == calls


def test_a_websocket_is_served_and_refuses_a_new_key(site: Site) -> None:
    browser = site.browser()
    sign_in(browser)
    with browser.websocket_connect("wss://testserver/socket") as socket:
        assert socket.receive_text() == "ana"
        assert socket.receive_text().startswith("RuntimeError: this call would change the session key")
    assert browser.get("/profile").json() == {"username": "ana"}


def test_a_websocket_without_a_user_is_refused_before_accept(site: Site) -> None:
    from starlette.testclient import WebSocketDenialResponse

    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        site.browser().websocket_connect("wss://testserver/socket"),
    ):
        pass
    assert refused.value.status_code == 401


def test_sessions_need_the_lifespan(make_site: MakeSite) -> None:
    site = make_site()
    with pytest.raises(RuntimeError, match="lifespan="):
        _ = site.cognito.sessions
    with pytest.raises(RuntimeError, match="lifespan="):
        TestClient(site.app, base_url="https://testserver").get("/profile")


def test_two_runs_at_once_and_one_after_the_other(make_site: MakeSite, pool: Any) -> None:
    site = make_site()
    for _ in range(2):
        with (
            TestClient(site.app, base_url="https://testserver") as one,
            TestClient(site.app, base_url="https://testserver") as other,
        ):
            sign_in(one)
            sign_in(other, "ben")
            assert one.get("/profile").json() == {"username": "ana"}
            assert other.get("/profile").json() == {"username": "ben"}


def test_over_http_on_this_machine_the_cookie_is_not_secure(site: Site) -> None:
    browser = site.browser("http://testserver")
    session = cookies_of(sign_in(browser))[0]
    assert session.startswith("aiocognito=")
    assert "Secure" not in session
    assert browser.get("/profile").json() == {"username": "ana"}
    assert PASSWORD


async def test_a_warm_session_costs_a_request_few_calls(make_site: MakeSite) -> None:
    site = make_site()
    calls: list[str] = []

    def count(frame: FrameType, event: str, _: object) -> None:
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module.startswith("aiocognito."):
            calls.append(f"{module}.{frame.f_code.co_name}")

    transport = httpx.ASGITransport(site.app)
    async with (
        site.cognito.lifespan(site.app),
        httpx.AsyncClient(transport=transport, base_url="https://testserver") as browser,
    ):
        assert (await browser.post("/sign-in")).json()["isSignedIn"]
        assert (await browser.get("/profile")).json() == {"username": "ana"}
        sys.setprofile(count)
        try:
            warm = await browser.get("/profile")
        finally:
            sys.setprofile(None)
    assert warm.json() == {"username": "ana"}
    # Each call is a part of the overhead that `benchmarks/web.py` measures.
    assert 20 < len(calls) <= 44, calls
