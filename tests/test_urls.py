"""What messages and reprs show of a URL."""

import pytest

from aiocognito._urls import shown_url, url_repr


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://keys.example/jwks.json", "https://keys.example/jwks.json"),
        ("https://keys.example/jwks.json?token=hunter2", "https://keys.example/jwks.json"),
        ("https://keys.example/jwks.json#hunter2", "https://keys.example/jwks.json"),
        ("https://keys.example/#?hunter2", "https://keys.example/"),
        ("https://ana:hunter2@keys.example:8443/a@b", "https://keys.example:8443/a@b"),
        ("https://ana:hunt@er2@keys.example", "https://keys.example"),
        ("//ana:hunter2@keys.example/", "//keys.example/"),
        ("ana:hunter2@keys.example", "keys.example"),
    ],
)
def test_credentials_query_and_fragment_are_left_out(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def test_the_repr_of_a_field_is_that_of_the_shown_url() -> None:
    assert url_repr("https://keys.example/?token=hunter2") == "'https://keys.example/'"
    assert url_repr(None) == "None"
