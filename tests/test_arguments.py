"""Arguments that do not fit are refused by name, before anything is sent and without being quoted."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiocognito import arguments
from aiocognito.errors import AuthValidationError, AuthValidationErrorCode

Code = AuthValidationErrorCode


@given(st.text(min_size=1))
def test_text_is_returned_as_it_is(value: str) -> None:
    assert arguments.text(value, "username") is value


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
def test_what_is_no_text_is_named_and_not_quoted(value: Any, kind: str) -> None:
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


def test_no_mapping_is_none() -> None:
    assert arguments.strings(None, "client_metadata") is None


@pytest.mark.parametrize("values", ["canary", ["canary"], [("canary", "canary")], 5, {"canary"}])
def test_what_is_no_mapping_is_refused(values: Any) -> None:
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
def test_a_name_that_is_none_is_refused(values: Any) -> None:
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
