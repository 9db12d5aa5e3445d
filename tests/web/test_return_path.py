"""The page to come back to: paths of this site alone."""

from __future__ import annotations

import pytest

from aiocognito._web.return_path import MAX_LENGTH, safe_return_path, with_next


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/a\\b",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\nLocation: //evil.example",
        "\t//evil.example",
        " //evil.example",
        " /a",
        "/a b",
        "/\x00",
        "/\x7f",
        "https://evil.example",
        "https:/evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "?next=//evil.example",
        "#x",
        "",
        "/" + "a" * MAX_LENGTH,
        "/\ud800",
        None,
        1,
        b"/x",
        ["/x"],
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_text_that_may_lead_to_another_site_is_replaced(evil: object) -> None:
    assert safe_return_path(evil, "/home") == "/home"


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("/", "/"),
        ("/a/b?c=d&e=//f#g", "/a/b?c=d&e=//f#g"),
        ("/%2F/evil.example", "/%2F/evil.example"),
        ("/@evil.example", "/@evil.example"),
        ("/.//evil.example", "/.//evil.example"),
        ("/ä", "/%C3%A4"),
        ("/a\u2028", "/a%E2%80%A8"),
    ],
)
def test_a_path_of_this_site_stays(path: str, result: str) -> None:
    assert safe_return_path(path) == result


def test_the_login_url_has_the_page() -> None:
    assert with_next("/login", "/a?b=c&d") == "/login?next=%2Fa%3Fb%3Dc%26d"
    assert with_next("/login?x=1", "/a", prompt="login") == "/login?x=1&next=%2Fa&prompt=login"
