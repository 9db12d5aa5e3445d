"""The cookies: names, attributes, reading, and the removal of duplicates."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from aiocognito._web.cookies import (
    REPEATED,
    CookieNames,
    CookiePolicy,
    SecureCookieWarning,
    _prefixes,
    expired_cookies,
    is_local,
    is_secure,
    make_names,
    read_cookies,
    set_cookie,
)
from aiocognito._web.origins import Origin, check_origin
from aiocognito._web.request import WebRequest
from aiocognito.errors import AuthConfigError

from .requests import web_request

SID = CookieNames("sid", "sid-device", True)


def names_for(policy: CookiePolicy, request: WebRequest, public: Origin | None) -> CookieNames:
    return make_names(policy, secure=is_secure(policy, request, public))


LOCAL: dict[str, Any] = {"url": "http://localhost:8000/", "peer": "127.0.0.1"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "a b"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a=b"}, "name"),
        ({"name": "a;b"}, "name"),
        ({"name": "s\u00e9"}, "name"),
        ({"name": 1}, "name"),
        ({"name": "__Host-x", "domain": "example.com"}, "name"),
        ({"name": "__Host-x", "path": "/x"}, "name"),
        ({"name": "__Host-x", "secure": False}, "name"),
        ({"name": "__host-x", "secure": False}, "name"),
        ({"name": "__Secure-x", "secure": False}, "name"),
        ({"max_age": 0}, "max_age"),
        ({"max_age": -1}, "max_age"),
        ({"max_age": "1"}, "max_age"),
        ({"max_age": True}, "max_age"),
        ({"max_age": float("nan")}, "max_age"),
        ({"max_age": float("inf")}, "max_age"),
        ({"secure": "yes"}, "secure"),
        ({"secure": None}, "secure"),
        ({"secure": False, "samesite": "none"}, "secure"),
        ({"samesite": "Lax"}, "samesite"),
        ({"samesite": None}, "samesite"),
        ({"domain": ".example.com"}, "domain"),
        ({"domain": "Example.com"}, "domain"),
        ({"domain": "example.com; Path=/"}, "domain"),
        ({"domain": ""}, "domain"),
        ({"path": ""}, "path"),
        ({"path": "x"}, "path"),
        ({"path": "/;x"}, "path"),
        ({"path": "/\n"}, "path"),
        ({"path": "/a b"}, "path"),
    ],
    ids=str,
)
def test_a_malformed_policy_is_refused(values: dict[str, Any], field: str) -> None:
    with pytest.raises(AuthConfigError, match=rf"^cookies\.{field}: "):
        CookiePolicy(**values)


@pytest.mark.parametrize(
    ("request_of", "public", "secure"),
    [
        (LOCAL, None, False),
        ({**LOCAL, "url": "http://127.0.0.1/"}, None, False),
        ({**LOCAL, "url": "http://[::1]:80/"}, None, False),
        ({**LOCAL, "url": "http://app.localhost/"}, None, False),
        ({"url": "http://testserver/", "peer": "testclient"}, None, False),
        ({**LOCAL, "url": "ws://localhost/", "is_websocket": True}, None, False),
        ({**LOCAL, "url": "https://localhost/"}, None, True),
        ({**LOCAL, "url": "wss://localhost/", "is_websocket": True}, None, True),
        ({**LOCAL, "peer": "203.0.113.7"}, None, True),
        ({**LOCAL, "peer": None}, None, True),
        ({**LOCAL, "url": "http://shop.example/"}, None, True),
        ({**LOCAL, "headers": {"forwarded": "for=1.2.3.4"}}, None, True),
        ({**LOCAL, "headers": {"x-forwarded-for": "1.2.3.4"}}, None, True),
        ({**LOCAL, "headers": {"x-forwarded-proto": "http"}}, None, True),
        ({**LOCAL, "headers": {"x-forwarded-anything": ""}}, None, True),
        ({**LOCAL, "headers": {"via": "1.1 proxy"}}, None, True),
        ({**LOCAL, "pairs": (("host", "localhost"), ("host", "localhost"))}, None, True),
        (LOCAL, "https://shop.example", True),
        (LOCAL, "http://localhost:8000", False),
    ],
    ids=str,
)
def test_auto_is_not_secure_on_this_machine_alone(
    request_of: dict[str, Any], public: str | None, secure: bool
) -> None:
    origin = None if public is None else check_origin("public_url", public)
    names = names_for(CookiePolicy(), web_request(**request_of), origin)
    assert names.secure is secure
    assert names.session == ("__Host-aiocognito" if secure else "aiocognito")
    assert names.device == f"{names.session}-device"


@pytest.mark.parametrize(
    ("policy", "name", "secure"),
    [
        (CookiePolicy(domain="shop.example"), "aiocognito", True),
        (CookiePolicy(path="/app"), "aiocognito", True),
        (CookiePolicy(name="sid"), "sid", True),
        (CookiePolicy(secure=False), "aiocognito", False),
        (CookiePolicy(secure=True), "__Host-aiocognito", True),
        (CookiePolicy(samesite="none"), "__Host-aiocognito", True),
    ],
    ids=str,
)
def test_the_name_follows_the_policy(policy: CookiePolicy, name: str, secure: bool) -> None:
    names = names_for(policy, web_request(), None)
    assert (names.session, names.secure) == (name, secure)


@pytest.mark.parametrize(
    "policy", [CookiePolicy(secure=True), CookiePolicy(samesite="none"), CookiePolicy(name="__Host-x")]
)
def test_a_cookie_that_must_be_secure_is_so_on_this_machine(policy: CookiePolicy) -> None:
    assert names_for(policy, web_request(**LOCAL), None).secure


def test_the_attributes() -> None:
    """A cookie has the attributes of its policy."""
    policy = CookiePolicy(domain="shop.example", path="/app", samesite="strict")
    assert set_cookie("sid", "x", policy, secure=True, max_age=60.5) == (
        "sid=x; Path=/app; Domain=shop.example; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
    )
    assert "Secure" not in set_cookie("sid", "x", policy, secure=False, max_age=60)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("sid=x", "x"),
        (" sid = x ; other=y", "x"),
        ("other=y;sid=x", "x"),
        ("sid=x=y", "x=y"),
        ('sid="x"', '"x"'),
        ("sid=", ""),
        ("sid=x; sid=x", REPEATED),
        ("sid=x; sid=y", REPEATED),
        ("sid=x; sid=y; sid=z", REPEATED),
        ("sid=; sid=", REPEATED),
        ('a="; sid=x; b="', "x"),
        ("sid", None),
        ("sid; sid=x", "x"),
        ("sid=x; sid", "x"),
        ("sid; sid", None),
        ("sid-device=x", None),
    ],
)
def test_a_cookie_is_read_as_browsers_write_it(header: str, value: str | None) -> None:
    assert read_cookies(web_request(headers={"cookie": header}), SID).session == value
    of_device = header.replace("sid", "sid-device")
    assert read_cookies(web_request(headers={"cookie": of_device}), SID).device == value


@pytest.mark.parametrize(
    "header", ["xsid=1", "sid2=1", "SID=1", "\x85sid=1", "\xa0sid=1", "\x0bsid=1", "=sid=1", "sid ;=1", ""]
)
def test_another_name_is_not_taken_for_ours(header: str) -> None:
    assert read_cookies(web_request(headers={"cookie": header}), SID).session in (None, "")


def test_a_cookie_in_two_headers_is_repeated() -> None:
    request = web_request(pairs=(("cookie", "sid=x; sid-device=d"), ("Cookie", "sid=y")))
    sent = read_cookies(request, SID)
    assert (sent.session, sent.device) == (REPEATED, "d")
    assert (sent.session_key, sent.device_token) == (None, None)


def test_duplicates_are_expired_for_each_parent_domain_and_path() -> None:
    request = web_request(url="https://a.shop.example/x/y?z")
    policy = CookiePolicy()
    expired = set(expired_cookies("sid", policy, request, secure=True))
    paths = ("/", "/x", "/x/", "/x/y", "/x/y/")
    tail = "Max-Age=0; HttpOnly; SameSite=Lax; Secure"
    assert expired == {
        f"sid=; Path={path}; Domain={domain}; {tail}"
        for domain in ("a.shop.example", "shop.example")
        for path in paths
    } | {f"sid=; Path={path}; {tail}" for path in paths if path != "/"}


@pytest.mark.parametrize(
    "path", ["/x/y;Path=/;Domain=evil.example/z", "/x/y;", "/x/y%0d%0aSet-Cookie: a/../;", "/x/y\r\nA:b;c"]
)
def test_a_path_adds_no_attribute(path: str) -> None:
    request = web_request(url=f"https://shop.example{path}")
    request._raw_path = path.encode()
    request._path = path
    form = r"sid=; Path=(/[^;\r\n]*)(; Domain=shop\.example)?; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
    found = [
        re.fullmatch(form, value) for value in expired_cookies("sid", CookiePolicy(), request, secure=True)
    ]
    assert all(found)
    assert {"/", "/x", "/x/"} <= {match[1] for match in found if match}


@pytest.mark.parametrize("character", [";", "\n", "\x00", "\x7f"])
def test_a_prefix_ends_before_what_a_cookies_path_cannot_have(character: str) -> None:
    assert _prefixes(f"/x/y{character}z/w") == ["/", "/x", "/x/", "/x/y", "/x/y/"]


def test_our_own_cookie_is_not_expired_with_its_duplicates() -> None:
    request = web_request(url="https://shop.example/x")
    policy = CookiePolicy(domain="shop.example")
    expired = list(expired_cookies("sid", policy, request, secure=True))
    assert not any(value.startswith("sid=; Path=/; Domain=shop.example;") for value in expired)
    assert any(value.startswith("sid=; Path=/; Max-Age") for value in expired)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "203.0.113.7"])
def test_a_host_without_parent_domains_expires_paths_alone(host: str) -> None:
    expired = list(expired_cookies("sid", CookiePolicy(), web_request(url=f"https://{host}/x"), secure=True))
    domains = {value.partition("Domain=")[2].partition(";")[0] for value in expired}
    assert domains == {""}
    assert len(expired) >= 2


def test_a_long_path_does_not_make_endless_headers() -> None:
    request = web_request(url="https://a.b.c.shop.example/" + "x/" * 500)
    assert len(list(expired_cookies("sid", CookiePolicy(), request, secure=True))) <= 40


def test_a_secure_cookie_over_plain_http_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    warning = SecureCookieWarning()
    with caplog.at_level(logging.WARNING):
        warning.log_if_needed(web_request(url="https://shop.example/"), True, None)
        warning.log_if_needed(web_request(**LOCAL), True, None)
        warning.log_if_needed(web_request(url="http://shop.example/"), False, None)
        public = check_origin("public_url", "https://shop.example")
        warning.log_if_needed(web_request(url="http://shop.example/"), True, public)
        assert caplog.messages == []
        for _ in range(3):
            warning.log_if_needed(web_request(url="http://shop.example/"), True, None)
    (message,) = caplog.messages
    assert "public_url" in message
    assert "CookiePolicy(secure=False)" in message


def test_the_test_client_counts_as_this_machine() -> None:
    assert is_local(web_request(url="http://testserver/", peer="testclient"))
    assert not is_local(web_request(url="http://testserver/", peer="203.0.113.7"))
