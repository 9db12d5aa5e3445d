"""Arguments that do not fit are refused by name, before anything is sent and without being quoted."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiocognito import _arguments as arguments
from aiocognito.errors import AuthValidationError, AuthValidationErrorCode

Code = AuthValidationErrorCode


@given(st.text(min_size=1))
def test_text_is_returned_as_it_is(value: str) -> None:
    assert arguments.text(value, "username") is value


# The digits 1 to 6 as they are typed, pasted and shown.
TYPED = {
    "plain": "123456",
    "a blank": "123 456",
    "blanks around it": "  123456\n",
    "a dash": "123-456",
    "a dash and blanks": "123 - 456",
    "an en dash": "123\N{EN DASH}456",
    "a non-breaking hyphen": "123\N{NON-BREAKING HYPHEN}456",
    "a minus sign": "123\N{MINUS SIGN}456",
    "a no-break space": "123\N{NO-BREAK SPACE}456",
    "a narrow no-break space": "123\N{NARROW NO-BREAK SPACE}456",
    "a thin space": "123\N{THIN SPACE}456",
    "an ideographic space": "123\N{IDEOGRAPHIC SPACE}456",
    "a zero-width space": "123\N{ZERO WIDTH SPACE}456",
    "a mark of direction": "\N{LEFT-TO-RIGHT MARK}123456",
    "full-width digits": "\uff11\uff12\uff13\uff14\uff15\uff16",
    "Arabic digits": "\u0661\u0662\u0663\u0664\u0665\u0666",
}


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED)
def test_a_one_time_code_is_its_digits(typed: str) -> None:
    assert arguments.digits_of(typed) == "123456"
    assert arguments.one_time_code(typed, "code") == "123456"


@pytest.mark.parametrize("typed", ["12a456", "A-1 B-2", "1.5", "+123456", "\u2460", "abc"])
def test_a_code_that_is_not_of_digits_is_left_to_cognito(typed: str) -> None:
    assert arguments.digits_of(typed) is None
    assert arguments.one_time_code(f" {typed} ", "code") == typed


@pytest.mark.parametrize("typed", [None, "", " ", "\N{NO-BREAK SPACE}\n"])
def test_a_blank_code_is_missing(typed: Any) -> None:
    with pytest.raises(AuthValidationError) as caught:
        arguments.one_time_code(typed, "code", Code.EmptyVerifyTOTPSetupCode)
    assert caught.value.code is Code.EmptyVerifyTOTPSetupCode


@given(st.text())
def test_only_digits_are_left_of_a_code(typed: str) -> None:
    digits = arguments.digits_of(typed)
    assert digits is None or (digits.isascii() and digits.isdigit())


@pytest.mark.parametrize("value", [None, ""])
def test_what_is_missing_has_amplify_s_code(value: Any) -> None:
    with pytest.raises(AuthValidationError) as caught:
        arguments.text(value, "username", Code.EmptySignInUsername)
    assert caught.value.code is Code.EmptySignInUsername
    assert str(caught.value) == "sign_in needs a username"


@pytest.mark.parametrize("value", [None, ""])
def test_what_is_missing_is_named_where_amplify_has_no_code(value: Any) -> None:
    with pytest.raises(AuthValidationError, match=r"^friendly_device_name: is empty$") as caught:
        arguments.text(value, "friendly_device_name")
    assert caught.value.code is Code.InvalidArgument


@pytest.mark.parametrize(
    ("value", "kind"), [(5, "int"), (b"canary", "bytes"), (["canary"], "list"), (0, "int"), (b"", "bytes")]
)
def test_a_value_that_is_not_text_is_named_and_not_quoted(value: Any, kind: str) -> None:
    with pytest.raises(AuthValidationError) as caught:
        arguments.text(value, "password", Code.EmptySignInPassword)
    assert caught.value.code is Code.InvalidArgument
    assert str(caught.value) == f"password: must be text, not {kind}"


@pytest.mark.parametrize("values", [{}, {"a": "1", "b": ""}, MappingProxyType({"a": "1"})])
def test_a_mapping_of_text_comes_back_as_a_copy(values: Mapping[str, str]) -> None:
    taken = arguments.strings(values, "client_metadata")
    assert taken == dict(values)
    assert type(taken) is dict
    assert taken is not values


def test_an_absent_mapping_becomes_none() -> None:
    assert arguments.strings(None, "client_metadata") is None


@pytest.mark.parametrize("values", ["canary", ["canary"], [("canary", "canary")], 5, {"canary"}])
def test_a_value_that_is_not_a_mapping_is_refused(values: Any) -> None:
    with pytest.raises(AuthValidationError, match=r"^client_metadata: must be a mapping") as caught:
        arguments.strings(values, "client_metadata")
    assert caught.value.code is Code.InvalidArgument
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "member", "kinds"),
    [
        ({"good": "1", "age": 5}, "'age'", "str to int"),
        ({"secret": b"canary"}, "'secret'", "str to bytes"),
        ({"secret": None}, "'secret'", "str to NoneType"),
        ({"nested": {"canary": "canary"}}, "'nested'", "str to dict"),
        ({5: "canary"}, "5", "int to str"),
    ],
)
def test_a_member_that_does_not_fit_is_named_and_not_quoted(values: Any, member: str, kinds: str) -> None:
    with pytest.raises(AuthValidationError) as caught:
        arguments.strings(values, "user_attributes")
    assert str(caught.value) == f"user_attributes[{member}]: must be text to text, not {kinds}"
    assert caught.value.code is Code.InvalidArgument


@pytest.mark.parametrize("values", [{}, None])
def test_a_mapping_that_is_needed_is_not_empty(values: Any) -> None:
    with pytest.raises(AuthValidationError, match=r"^user_attributes: is empty$") as caught:
        arguments.some_strings(values, "user_attributes")
    assert caught.value.code is Code.InvalidArgument


def test_a_mapping_that_is_needed_comes_back() -> None:
    assert arguments.some_strings({"name": "Ana"}, "user_attributes") == {"name": "Ana"}
    with pytest.raises(AuthValidationError, match=r"^user_attributes\['name'\]: must be text"):
        arguments.some_strings({"name": 5}, "user_attributes")


@pytest.mark.parametrize("values", [["email"], ("email",), {"email"}, dict.fromkeys(["email"])])
def test_names_come_back_as_a_list(values: Any) -> None:
    assert arguments.some_names(values, "user_attribute_keys") == ["email"]


@pytest.mark.parametrize("values", [None, 5, "email", "", [], (), iter(["email"])])
def test_what_holds_no_names_is_refused(values: Any) -> None:
    with pytest.raises(AuthValidationError, match=r"^user_attribute_keys: must hold") as caught:
        arguments.some_names(values, "user_attribute_keys")
    assert caught.value.code is Code.InvalidArgument


@pytest.mark.parametrize("values", [["email", ""], ["email", 5], [None], b"email"])
def test_a_value_that_is_not_a_name_is_refused(values: Any) -> None:
    with pytest.raises(AuthValidationError, match=r"^user_attribute_keys: ") as caught:
        arguments.some_names(values, "user_attribute_keys")
    assert caught.value.code is Code.InvalidArgument


ALLOWED = frozenset({"ENABLED", "DISABLED"})


@pytest.mark.parametrize("value", [None, "ENABLED", "DISABLED"])
def test_one_of_a_few_or_none(value: Any) -> None:
    arguments.one_of(value, "sms", ALLOWED)


@pytest.mark.parametrize("value", ["", "enabled", "canary", True, 5, [], {"ENABLED"}])
def test_another_than_those_few_is_refused(value: Any) -> None:
    with pytest.raises(AuthValidationError) as caught:
        arguments.one_of(value, "sms", ALLOWED)
    assert str(caught.value) == "sms: must be one of DISABLED, ENABLED"
    assert caught.value.code is Code.InvalidArgument
