"""The pages on errors: each message exists, each class has an entry, and each advice is the library's."""

from __future__ import annotations

import ast
import re
from functools import cache

import cognito_texts
import error_entries
import error_rows
import pytest

from aiocognito import errors
from aiocognito.errors import _suggestions
from aiocognito.errors._codes import BY_CODE

from .pages import ROOT, names_in

PAGE = ROOT / "docs/troubleshooting.md"
# Texts of Python, of OpenSSL and of the operating system.
OF_OTHERS = {
    "no connection (Connect call failed …)",
    "no connection ([SSL: WRONG_VERSION_NUMBER] …)",
    "no connection ([SSL: CERTIFICATE_VERIFY_FAILED] …)",
    "coroutine '…' was never awaited",
    "Address already in use",
    "object does not support the context manager protocol",
}
# Codes that no operation of a user returns, or whose texts are unknown.
WITHOUT_TEXT = {
    "CodeDeliveryFailureException",
    "ConcurrentModificationException",
    "ExternalServiceException",
    "GroupExistsException",
    "InvalidEmailRoleAccessPolicyException",
    "InvalidOAuthFlowException",
    "InvalidSmsRoleAccessPolicyException",
    "InvalidSmsRoleTrustRelationshipException",
    "InvalidUserPoolConfigurationException",
    "MFAMethodNotFoundException",
    "PasswordHistoryPolicyViolationException",
    "ResourceConflictException",
    "ScopeDoesNotExistException",
    "TooManyFailedAttemptsException",
    "UnsupportedIdentityProviderException",
    "UnsupportedTokenTypeException",
    "UnsupportedUserStateException",
    "UserImportInProgressException",
    "UserPoolAddOnNotEnabledException",
    "WebAuthnConfigurationMissingException",
    "WebAuthnOriginNotAllowedException",
    "WebAuthnRelyingPartyMismatchException",
}


@cache
def texts_of_the_source() -> list[str]:
    """Return all texts in the source, with `…` for what is computed."""
    trees = (ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "src").rglob("*.py")))
    found = (_text(node) for tree in trees for node in ast.walk(tree))
    return [text for text in found if text]


def _text(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text(value) or "…" for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return (_text(left) or "…") + (_text(right) or "…")
    return ""


def is_raised(message: str) -> bool:
    """Say whether the parts of a message stand in one text of the source, in their order."""
    pattern = re.compile(".*".join(re.escape(part) for part in message.split("…")), re.DOTALL)
    return any(pattern.search(text) for text in texts_of_the_source())


def messages() -> list[str]:
    """Return the messages of the page's tables, which are in backticks."""
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    names = [name for row in rows for name in names_in(row.split(" | ")[0])]
    return [name for name in names if name not in ("client_id", "aud")]


def test_every_message_of_the_page_exists() -> None:
    found = messages()
    assert len(found) > 50
    assert [each for each in found if each not in OF_OTHERS and not is_raised(each)] == []


def test_a_message_that_does_not_exist_is_found() -> None:
    assert not is_raised("no user pool has been configured")
    assert is_raised("token expired at …; it is …")


def test_every_text_gets_the_class_of_its_code_and_advice() -> None:
    for text in cognito_texts.TEXTS:
        error = cognito_texts.error_for(text)
        assert error.name == text.code
        if text.code not in ("DeviceKeyExistsException", "UserLambdaValidationException"):
            assert error_entries.advice(text).endswith("."), text


def test_every_known_wording_has_an_example() -> None:
    """A rule of the library that no text of the page matches would not be documented."""
    shown = [text.text for text in cognito_texts.TEXTS]
    unmatched = [
        pattern.pattern
        for pattern, _ in _suggestions._BY_TEXT
        if not any(pattern.search(text.replace("…", "1example")) for text in shown)
    ]
    assert unmatched == []


def test_every_code_has_a_text_or_is_listed_without() -> None:
    with_text = {text.code for text in cognito_texts.TEXTS}
    assert set(BY_CODE) - with_text == WITHOUT_TEXT


@pytest.mark.parametrize("group", error_entries.GROUPS)
def test_every_class_of_a_group_has_an_entry(group: str) -> None:
    page = error_entries.entries(group)
    wanted = [cls.__name__ for cls in error_rows.classes() if error_rows.group_of(cls) == group]
    assert sorted(re.findall(r"^\.\. \S+:: aiocognito\.errors\.(\w+)$", page, re.MULTILINE)) == sorted(wanted)


def test_an_entry_says_what_cognito_says_and_what_to_do() -> None:
    page = error_entries.entry(errors.NotAuthorizedException)
    assert "      * - Refresh Token has different Client\n        - Set user_pool_client_id" in page
    assert ":HTTP status: 401" in page
    assert f":What to do: {errors.NotAuthorizedException.default_recovery}" in page


def test_the_reference_has_every_group() -> None:
    text = (ROOT / "docs/reference/errors.md").read_text("utf-8")
    assert re.findall(r"{error-entries} (\w+)", text) == list(error_entries.GROUPS)
