"""What a message quotes of a request's secrets is masked."""

import json
from typing import Any

import pytest

from aiocognito._gateways.redaction import scrub


def scrubbed(message: str, **members: Any) -> str:
    return scrub(message, json.dumps(members).encode())


@pytest.mark.parametrize(
    "member",
    [
        "AccessToken",
        "ClientSecret",
        "Code",
        "ConfirmationCode",
        "Password",
        "PreviousPassword",
        "ProposedPassword",
        "RefreshToken",
        "SecretHash",
        "Session",
        "Token",
        "UserCode",
    ],
)
def test_a_secret_member(member: str) -> None:
    """Each secret member of a request is masked in messages."""
    assert scrubbed("Value 'hunter-22' is wrong", **{member: "hunter-22"}) == "Value '***' is wrong"


@pytest.mark.parametrize("member", ["AuthParameters", "ChallengeResponses"])
def test_the_parameters_of_a_sign_in_but_for_the_username(member: str) -> None:
    values = {"USERNAME": "ana@example.com", "DEVICE_KEY": "eu-west-1_7", "PASSWORD": "hunter-22"}
    message = "ana@example.com with hunter-22 on eu-west-1_7"
    assert scrubbed(message, **{member: values}) == "ana@example.com with *** on eu-west-1_7"


@pytest.mark.parametrize(
    "name", ["SECRET_HASH", "SRP_A", "REFRESH_TOKEN", "ANSWER", "NEW_PASSWORD", "NEW_THING"]
)
def test_every_other_parameter_of_a_sign_in(name: str) -> None:
    assert scrubbed("not abcdef==", AuthParameters={name: "abcdef=="}) == "not ***"


def test_what_lies_below_a_secret_member() -> None:
    members = {
        "DeviceSecretVerifierConfig": {"PasswordVerifier": "verifier", "Salt": "salted"},
        "Logins": {"cognito-idp.eu-west-1.amazonaws.com/x": "id-token"},
        "Credential": {"response": {"signature": "signed", "transports": ["usb-abc"]}, "n": 7},
    }
    message = "verifier salted id-token signed usb-abc 7"
    assert scrubbed(message, **members) == "*** *** *** *** *** 7"


def test_values_that_are_not_secret_stay() -> None:
    members = {
        "Username": "ana",
        "ClientId": "client",
        "UserAttributes": [{"Name": "email", "Value": "a@b.c"}],
    }
    assert scrubbed("ana of client at a@b.c", **members) == "ana of client at a@b.c"


def test_a_short_secret_is_masked_where_it_stands_alone() -> None:
    message = "1234 is not 12345, nor is x1234; '1234'"
    assert scrubbed(message, UserCode="1234") == "*** is not 12345, nor is x1234; '***'"


def test_a_secret_within_another() -> None:
    assert scrubbed("hunter-22-and-more", Password="hunter-22", Session="hunter-22-and-more") == "***"


def test_a_secret_with_signs_of_its_own() -> None:
    password = 'a"b\\c.*+'
    assert scrubbed(f'{password} or a\\"b\\\\c.*+ or aXbXcXXX', Password=password) == "*** or *** or aXbXcXXX"


def test_an_empty_secret_masks_nothing() -> None:
    assert scrubbed("as it was", Password="", Session=None) == "as it was"


def test_a_secret_as_a_form_or_a_url_writes_it() -> None:
    for quoted in ("a%2Fb+c%3D%22d", "a%2Fb%20c%3D%22d", 'a/b c="d', 'a/b c=\\"d'):
        assert scrubbed(f"Value {quoted} is wrong", Code='a/b c="d') == "Value *** is wrong"


def test_a_long_message_is_cut_after_it_was_masked() -> None:
    message = scrubbed("s3cr3t-code" * 9000 + "s3cr3t", Code="s3cr3t-code")
    assert len(message) == 1000
    assert message.endswith("…")
    assert "s3cr3t" not in message
