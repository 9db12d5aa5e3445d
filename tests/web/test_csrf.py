"""Which requests may be cross-site: the verdict in the order of the contract."""

from __future__ import annotations

import pytest

from aiocognito._web.csrf import SAFE_METHODS, CsrfPolicy, check_csrf
from aiocognito._web.errors import CsrfError
from aiocognito._web.origins import check_origin, check_origins
from aiocognito.errors import AuthConfigError, http_status_for

from .requests import web_request

TRUSTED = "https://front.example"
DEFAULT = CsrfPolicy(check_origins("trusted_origins", [TRUSTED]), None, needs_header=False)
PUBLIC = CsrfPolicy(frozenset(), check_origin("public_url", "https://www.shop.example"), needs_header=False)
STRICT = CsrfPolicy(frozenset(), None, needs_header=True)

# What a page of another origin can make a browser send to https://shop.example.
ATTACKS: dict[str, dict[str, str]] = {
    "a form of another site": {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    "a form of a sub-domain": {"origin": "https://x.shop.example", "sec-fetch-site": "same-site"},
    "a form of the parent domain": {"origin": "https://example", "sec-fetch-site": "same-site"},
    "another port of this host": {"origin": "https://shop.example:8443", "sec-fetch-site": "same-site"},
    "plain http of this host": {"origin": "http://shop.example:8080", "sec-fetch-site": "cross-site"},
    "a sandboxed frame": {"origin": "null", "sec-fetch-site": "cross-site"},
    "a sandboxed frame of this site": {"origin": "null", "sec-fetch-site": "same-site"},
    "no origin, cross-site": {"sec-fetch-site": "cross-site"},
    "no origin, same-site": {"sec-fetch-site": "same-site"},
    "our origin, but cross-site": {"origin": "https://shop.example", "sec-fetch-site": "cross-site"},
    "our origin, but same-site": {"origin": "https://shop.example", "sec-fetch-site": "same-site"},
    "an unknown site": {"sec-fetch-site": "same-party"},
    "an empty site": {"sec-fetch-site": ""},
    "a site in capitals": {"sec-fetch-site": "SAME-ORIGIN"},
    "two sites": {"sec-fetch-site": "same-origin, cross-site"},
    "an old browser, another site": {"origin": "https://evil.example"},
    "an old browser, null": {"origin": "null"},
    "an old browser, an empty origin": {"origin": ""},
    "an old browser, a sub-domain": {"origin": "https://x.shop.example"},
    "an old browser, the parent domain": {"origin": "https://example"},
    "an old browser, a longer name": {"origin": "https://shop.example.evil.example"},
    "an old browser, a name before": {"origin": "https://evilshop.example"},
    "an old browser, another port": {"origin": "https://shop.example:444"},
    "an old browser, port 0": {"origin": "https://shop.example:0"},
    "an old browser, a trailing dot": {"origin": "https://shop.example."},
    "an old browser, user information": {"origin": "https://shop.example@evil.example"},
    "an old browser, a password": {"origin": "https://shop.example:x@evil.example"},
    "an old browser, a path": {"origin": "https://shop.example/x"},
    "an old browser, a fragment": {"origin": "https://evil.example#shop.example"},
    "an old browser, a query": {"origin": "https://evil.example?shop.example"},
    "an old browser, a backslash": {"origin": "https://evil.example\\shop.example"},
    "an old browser, a blank": {"origin": "https://shop.example evil.example"},
    "an old browser, two origins": {"origin": "https://shop.example, https://evil.example"},
    "an old browser, an extension": {"origin": "chrome-extension://shop.example"},
    "an old browser, a file": {"origin": "file://"},
    "an old browser, a host alone": {"origin": "shop.example"},
    "an old browser, no scheme": {"origin": "//shop.example"},
    "an old browser, non-ASCII": {"origin": "https://sh\u00f6p.example"},
    "a prefix of a trusted origin": {"origin": "https://front.example.evil.example"},
    "a trusted host over http": {"origin": "http://front.example"},
    "another port of a trusted host": {"origin": "https://front.example:8443"},
    "a sub-domain of a trusted host": {"origin": "https://x.front.example"},
    "the referrer says ours": {"referer": "https://shop.example/", "origin": "https://evil.example"},
    "a forwarded host says theirs": {
        "origin": "https://evil.example",
        "x-forwarded-host": "evil.example",
        "forwarded": "host=evil.example",
    },
    "a method override": {"origin": "https://evil.example", "x-http-method-override": "GET"},
    "a JSON body": {"origin": "https://evil.example", "content-type": "application/json"},
}


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "CONNECT", "post", "get", "QUERY", ""])
def test_an_unsafe_request_of_another_origin_is_refused(name: str, method: str) -> None:
    with pytest.raises(CsrfError) as refusal:
        check_csrf(web_request(method, headers=ATTACKS[name]), DEFAULT)
    assert http_status_for(refusal.value) == 403
    assert "the header Sec-Fetch-Site" in str(refusal.value) or "the header Origin" in str(refusal.value)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_websocket_of_another_origin_is_refused(name: str) -> None:
    with pytest.raises(CsrfError):
        check_csrf(web_request(url="wss://shop.example/", headers=ATTACKS[name], is_websocket=True), DEFAULT)


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("method", sorted(SAFE_METHODS))
def test_safe_methods_are_not_judged(name: str, method: str) -> None:
    check_csrf(web_request(method, headers=ATTACKS[name]), DEFAULT)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://shop.example", "sec-fetch-site": "same-origin"},
        {"origin": "https://shop.example", "sec-fetch-site": "none"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "https://shop.example"},
        {"origin": "https://shop.example:443"},
        {"origin": TRUSTED},
        {"origin": TRUSTED, "sec-fetch-site": "cross-site"},
        {"origin": TRUSTED, "sec-fetch-site": "same-site"},
        {},
    ],
    ids=str,
)
def test_our_own_pages_and_trusted_origins_pass(headers: dict[str, str]) -> None:
    check_csrf(web_request(headers=headers), DEFAULT)


@pytest.mark.parametrize(
    ("url", "origin", "passes"),
    [
        ("http://shop.example/", "https://shop.example", True),
        ("http://shop.example:8000/", "https://shop.example:8000", True),
        ("http://shop.example:443/", "https://shop.example", True),
        ("https://shop.example:80/", "http://shop.example", True),
        ("https://shop.example:80/", "https://shop.example", False),
        ("http://shop.example/", "https://shop.example:80", False),
        ("http://[::1]:8000/", "http://[::1]:8000", True),
        ("http://SHOP.example/", "http://shop.example", True),
        ("http://127.0.0.1:8000/", "http://localhost:8000", False),
    ],
)
def test_the_scheme_is_not_compared_and_ports_default_to_the_origins(
    url: str, origin: str, passes: bool
) -> None:
    request = web_request(url=url, headers={"origin": origin})
    if passes:
        check_csrf(request, DEFAULT)
    else:
        with pytest.raises(CsrfError):
            check_csrf(request, DEFAULT)


@pytest.mark.parametrize(
    "pairs",
    [
        (("host", "evil.example"), ("host", "shop.example"), ("origin", "https://evil.example")),
        (("host", "evil.example@shop.example"), ("origin", "https://shop.example")),
        (("host", ""), ("origin", "https://shop.example")),
        (("host", "shop.example/x"), ("origin", "https://shop.example")),
    ],
    ids=str,
)
def test_a_host_header_that_is_malformed_or_repeated_equals_no_origin(
    pairs: tuple[tuple[str, str], ...],
) -> None:
    with pytest.raises(CsrfError):
        check_csrf(web_request(pairs=pairs), DEFAULT)


@pytest.mark.parametrize(
    "values",
    [
        (("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")),
        (("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-origin")),
        (("origin", "https://shop.example"), ("origin", "https://evil.example")),
        (("origin", "https://evil.example"), ("origin", "https://shop.example")),
        (("origin", "https://front.example"), ("origin", "https://evil.example")),
    ],
    ids=str,
)
def test_of_a_repeated_header_no_value_is_chosen(values: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(CsrfError):
        check_csrf(web_request(pairs=values), DEFAULT)


def test_with_a_public_url_the_host_header_does_not_count() -> None:
    check_csrf(web_request(headers={"origin": "https://www.shop.example", "host": "10.0.0.1"}), PUBLIC)
    check_csrf(web_request(headers={"origin": "https://www.shop.example:443"}), PUBLIC)
    for origin in ("https://shop.example", "http://www.shop.example", "https://10.0.0.1"):
        with pytest.raises(CsrfError, match=r"'https://www\.shop\.example'"):
            check_csrf(web_request(headers={"origin": origin}), PUBLIC)


def test_a_strict_policy_needs_a_header() -> None:
    with pytest.raises(CsrfError, match="must have the header Origin"):
        check_csrf(web_request(), STRICT)
    check_csrf(web_request(headers={"sec-fetch-site": "same-origin"}), STRICT)
    check_csrf(web_request(headers={"origin": "https://shop.example"}), STRICT)


@pytest.mark.parametrize(
    "origins", ["https://shop.example", ["*"], ["null"], ["shop.example"], ["https://a/b"], [1], 5, [""]]
)
def test_origins_of_the_configuration_are_checked(origins: object) -> None:
    with pytest.raises(AuthConfigError, match="trusted_origins: "):
        check_origins("trusted_origins", origins)


def test_an_error_repeats_no_password() -> None:
    for url in ("https://ana:sesame@shop.example", "https://shop.example?token=sesame"):
        with pytest.raises(AuthConfigError, match="must be an origin, with scheme, host and port") as caught:
            check_origins("trusted_origins", [url])
        assert "sesame" not in f"{caught.value} {caught.value!r}"


def test_origins_are_compared_as_browsers_write_them() -> None:
    assert check_origins("trusted_origins", ["HTTPS://Shop.Example:443/", "http://x:8080"]) == {
        "https://shop.example",
        "http://x:8080",
    }
