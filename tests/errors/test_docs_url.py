"""Every error names the page that says what it means."""

import pytest

from aiocognito import errors, integrations
from aiocognito.errors import AuthError


class Ours(errors.StorageError):
    """An error of a user's own."""


@pytest.mark.parametrize(
    ("error", "entry"),
    [
        (errors.NetworkError("no"), "errors.html#aiocognito.errors.NetworkError"),
        (
            errors.service_error("SignUp", "UsernameExistsException", "no"),
            "errors.html#aiocognito.errors.UsernameExistsException",
        ),
        (
            errors.service_error("SignUp", "BrandNewException", "no"),
            "errors.html#aiocognito.errors.SignUpException",
        ),
        (integrations.CsrfError("no"), "integrations.html#aiocognito.integrations.CsrfError"),
        (Ours("no"), "errors.html#aiocognito.errors.StorageError"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_an_error_names_the_address_of_its_entry(error: AuthError, entry: str) -> None:
    assert error.docs_url == f"https://aiocognito.readthedocs.io/en/latest/reference/{entry}"
