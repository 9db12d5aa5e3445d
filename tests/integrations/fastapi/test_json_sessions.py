"""The JSON routes with the sessions of browsers: cookies, other sites, and pages."""

from __future__ import annotations

import logging

import pytest

from aiocognito import MemoryStorage
from aiocognito.integrations.fastapi import CognitoAuth, auth_client

from .conftest import PASSWORD, MakeSite, Site

ANA = {"username": "ana", "password": PASSWORD}
ORIGIN = {"Origin": "https://testserver"}


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    site = make_site(login_path="/auth/login")
    site.app.include_router(site.cognito.json_router(), prefix="/auth")
    return site


def test_a_browser_signs_in_and_out(site: Site) -> None:
    browser = site.browser()
    assert browser.get("/auth/sign-in-step").json() is None
    assert not browser.cookies
    answer = browser.post("/auth/sign-in", json=ANA, headers=ORIGIN)
    assert answer.json()["isSignedIn"]
    key = browser.cookies["__Host-aiocognito"]
    session = browser.get("/auth/session").json()
    assert session["user"]["username"] == "ana"
    assert set(session) == {"user", "claims"}
    assert browser.get("/profile").json() == {"username": "ana"}
    assert browser.post("/auth/sign-out", headers=ORIGIN).json()["revoked"]
    assert browser.cookies["__Host-aiocognito"] == key  # It opens nothing.
    assert browser.get("/auth/session").status_code == 401


def test_responses_are_stored_by_no_cache(site: Site) -> None:
    browser = site.browser()
    browser.post("/auth/sign-in", json=ANA)
    response = browser.get("/auth/session")
    assert response.headers["cache-control"] == "private, no-store"
    assert "Cookie" in response.headers["vary"]


def test_each_step_has_a_new_key(make_site: MakeSite, site: Site) -> None:
    pool = site.pool
    pool.add_user("tom", PASSWORD, mfa="TOTP")
    browser = site.browser()
    first = browser.post("/auth/sign-in", json={"username": "tom", "password": PASSWORD})
    assert first.json()["nextStep"] == {"signInStep": "CONFIRM_SIGN_IN_WITH_TOTP_CODE"}
    between = browser.cookies["__Host-aiocognito"]
    body = {"challengeResponse": pool.totp_code("tom")}
    assert browser.post("/auth/confirm-sign-in", json=body).json()["isSignedIn"]
    assert browser.cookies["__Host-aiocognito"] != between


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Origin": "https://evil.example", "Content-Type": "text/plain", "Accept": "text/html"},
    ],
)
@pytest.mark.parametrize(
    "body", [b'{"username":', b'{"username": "ana", "password": "Correct-Horse-7"}', b""]
)
def test_another_site_is_refused_before_the_body_is_read(
    site: Site, headers: dict[str, str], body: bytes
) -> None:
    browser = site.browser()
    answer = browser.post("/auth/sign-in", content=body, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["name"] == "CsrfError"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/auth/session", "/auth/user-attributes"])
def test_a_front_end_is_never_redirected(site: Site, path: str) -> None:
    answer = site.browser().get(path, headers={"Accept": "text/html"}, follow_redirects=False)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"]
    assert answer.json()["recoverySuggestion"] == "Sign in before calling this again."


def test_tokens_are_returned_if_they_are_asked_for(make_site: MakeSite) -> None:
    site = make_site()
    site.app.include_router(site.cognito.json_router(tokens=True), prefix="/auth")
    browser = site.browser()
    browser.post("/auth/sign-in", json=ANA)
    assert set(browser.get("/auth/session").json()["tokens"]) == {"accessToken", "idToken"}


def test_the_client_can_be_overridden(site: Site) -> None:
    class Borrowed:
        async def fetch_user_attributes(self) -> dict[str, str]:
            return {"name": "of the test"}

    site.app.dependency_overrides[auth_client] = Borrowed
    assert site.browser().get("/auth/user-attributes").json() == {"name": "of the test"}


def test_the_applications_own_handler_does_not_change_the_form(site: Site) -> None:
    from fastapi.responses import PlainTextResponse

    from aiocognito import AuthError

    site.app.add_exception_handler(AuthError, lambda _request, _error: PlainTextResponse("mine", 418))
    browser = site.browser()
    assert browser.get("/profile").status_code == 418
    assert browser.get("/auth/session").json()["name"] == "UserUnAuthenticatedException"


def test_a_storage_that_fails_is_logged_and_not_shown(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture
) -> None:
    from aiocognito.errors import StorageError

    class Broken(MemoryStorage):
        async def get(self, key: str) -> bytes | None:
            raise StorageError("redis://10.0.0.7 refused")

    site = make_site(storage=Broken())
    site.app.include_router(site.cognito.json_router(), prefix="/auth")
    browser = site.browser()
    browser.headers["Cookie"] = "__Host-aiocognito=" + "A" * 43
    with caplog.at_level(logging.ERROR):
        answer = browser.get("/auth/session")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "10.0.0.7" not in answer.text
    assert "10.0.0.7" in caplog.text


def test_the_router_reads_no_configuration() -> None:
    def config() -> None:
        raise AssertionError

    cognito = CognitoAuth(config, storage=MemoryStorage())  # type: ignore[arg-type]  # never called
    assert len(cognito.json_router().routes) == 24
