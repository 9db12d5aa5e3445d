"""The responses to errors: JSON for programs, a page or a redirect for browsers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aiocognito._web.error_responses import WebResponse, error_response, log_failure, wants_page
from aiocognito._web.errors import AuthForbiddenError, CsrfError, RecentSignInRequiredError
from aiocognito.errors import (
    AuthError,
    JwksUnavailableError,
    NetworkError,
    StorageError,
    TokenExpiredError,
    UserUnAuthenticatedException,
    service_error,
)

from .requests import web_request

SECRET = "redis://:secret@10.0.0.1"
PAGE = {"accept": "text/html"}


def answer(error: AuthError, method: str = "GET", *, login: str | None = None, **headers: str) -> WebResponse:
    request = web_request(method, "https://shop.example/a?b=c", headers=headers)
    return error_response(error, request, login_path=login)


def header(response: WebResponse, name: str) -> str | None:
    return dict(response.headers).get(name)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UserUnAuthenticatedException("no user is signed in"), 401),
        (RecentSignInRequiredError("too long ago", max_age=600), 401),
        (CsrfError("another site"), 403),
        (AuthForbiddenError("not in the group"), 403),
        (service_error("InitiateAuth", "TooManyRequestsException", "slow down"), 429),
        (service_error("InitiateAuth", "LimitExceededException", "slow down"), 429),
        (service_error("GetUser", "InternalErrorException", SECRET), 502),
        (service_error("GetUser", "NeverHeardOfException", SECRET), 502),
        (StorageError(SECRET), 503),
        (NetworkError(SECRET), 503),
        (JwksUnavailableError(SECRET), 503),
        (AuthError(SECRET), 503),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, AuthError) else str(value),
)
def test_each_error_has_its_status_and_form(error: AuthError, status: int) -> None:
    for headers in ({}, PAGE):
        response = answer(error, **headers)
        assert response.status == status
        assert header(response, "cache-control") == "no-store"
        assert (header(response, "www-authenticate") is not None) is (status == 401)
        assert b"secret" not in response.body
        assert response.body
    document = json.loads(answer(error).body)
    assert list(document) == ["name", "message", "recoverySuggestion", "requestId"]
    assert document["message"].endswith(".") or status < 500


def test_retry_after_is_longer_for_limits_of_attempts() -> None:
    throttled = service_error("InitiateAuth", "TooManyRequestsException", "slow down")
    limited = service_error("InitiateAuth", "LimitExceededException", "slow down")
    assert header(answer(throttled), "retry-after") == "5"
    assert header(answer(limited), "retry-after") == "60"
    assert header(answer(StorageError("x")), "retry-after") == "5"
    assert header(answer(AuthError("x")), "retry-after") is None


@pytest.mark.parametrize(
    ("error", "challenge"),
    [
        (UserUnAuthenticatedException(), 'Cookie realm="aiocognito"'),
        (TokenExpiredError("exp", expected=None, actual=None), 'Bearer error="invalid_token"'),
        (
            RecentSignInRequiredError(max_age=600),
            'Bearer error="insufficient_user_authentication",'
            ' error_description="A more recent authentication is required", max_age="600"',
        ),
        (
            RecentSignInRequiredError(max_age=2_592_000.5),  # RFC 9470, section 3: an integer.
            'Bearer error="insufficient_user_authentication",'
            ' error_description="A more recent authentication is required", max_age="2592000"',
        ),
    ],
)
def test_the_challenge_names_the_scheme(error: Any, challenge: str) -> None:
    assert header(answer(error), "www-authenticate") == challenge


def test_only_pages_that_were_fetched_are_redirected() -> None:
    error = UserUnAuthenticatedException()
    redirect = answer(error, login="/login", **PAGE)
    assert (redirect.status, header(redirect, "location")) == (303, "/login?next=%2Fa%3Fb%3Dc")
    for method in ("POST", "HEAD", "PUT"):
        assert answer(error, method, login="/login", **PAGE).status == 401
    assert answer(error, **PAGE).status == 401
    assert answer(CsrfError(), login="/login", **PAGE).status == 403
    assert answer(StorageError(), login="/login", **PAGE).status == 503


def test_the_login_page_is_not_redirected_to_itself() -> None:
    response = answer(UserUnAuthenticatedException(), login="/a?x=1", **PAGE)
    assert response.status == 401


@pytest.mark.parametrize(
    ("headers", "is_page"),
    [
        ({"accept": "text/html"}, True),
        ({"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, True),
        ({"accept": "TEXT/HTML; Q=0.5"}, True),
        ({"accept": "text/html", "sec-fetch-mode": "navigate"}, True),
        ({"accept": "application/json, text/html"}, True),
        ({"accept": "application/json, text/html;q=0.9"}, False),
        ({"accept": "text/html;q=0"}, False),
        ({"accept": "text/html;q=x"}, False),
        ({"accept": "*/*"}, False),
        ({"accept": "text/*"}, False),
        ({}, False),
        ({"accept": "text/html", "sec-fetch-mode": "cors"}, False),
        ({"accept": "text/html", "sec-fetch-mode": "no-cors"}, False),
        ({"accept": "text/html", "x-requested-with": "XMLHttpRequest"}, False),
    ],
    ids=str,
)
def test_a_page_is_for_browsers_that_ask_for_html(headers: dict[str, str], is_page: bool) -> None:
    assert wants_page(web_request("GET", headers=headers)) is is_page
    assert not wants_page(web_request(headers=headers, is_websocket=True))


def test_a_page_escapes_what_it_shows() -> None:
    error = CsrfError("<script>", request_id="<b>")
    body = answer(error, login='/login?a="b', **PAGE).body.decode()
    assert "<script>" not in body
    assert "&lt;script&gt;" in body
    assert "<code>&lt;b&gt;</code>" in body
    assert 'href="/login?a=&quot;b"' in body


def test_a_path_adds_no_line_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    log_failure("GET", "/a%20b/\u00e9\udcff\nERROR forged\r\x1b\u2028\x85", StorageError("a failure"))
    assert caplog.messages == ["GET /a%20b/%C3%A9%5Cudcff%0AERROR%20forged%0D%1B%E2%80%A8%C2%85: a failure"]
    caplog.clear()
    log_failure("GET", "/a", UserUnAuthenticatedException("no user is signed in"))
    assert caplog.messages == []


def test_no_repr_shows_what_a_response_holds() -> None:
    """A body may have tokens, and the URL of a redirect the state of a sign-in."""
    redirect = WebResponse.redirect(f"https://auth.example.com/oauth2/authorize?state={SECRET}")
    document = WebResponse.json(200, {"tokens": {"accessToken": SECRET}}, (("set-cookie", SECRET),))
    assert SECRET not in repr((redirect, document))
