"""Parsing of tokens: every claim is read, and malformed tokens are refused without being quoted."""

import base64
import json
import pickle
import sys
import traceback
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiocognito import AuthError, decode_jwt
from aiocognito._jwt import JWT
from aiocognito.errors import InvalidJWTError, http_status_for

HEADER = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
SIGNATURE = "Mp0Pcwsz5VECK11Kf2ZZNF_SMKu5CgBeLN9ZOP04kZo"
# The tokens of Amplify's own tests, and what is in them.
VECTORS = {
    f"{HEADER}.eyJleHAiOjE0ODUxNDA5ODQsImlhdCI6MTQ4NTEzNzM4NCwiZW1haWwiOiJlc3RzZUB0ZXN0LmNvbSIsIm1lc3NhZ2UiOi"
    "JoaWRkZW4qKioqKioqKnNlY3JldCIsInN1YiI6IjI5YWMwYzE4LTBiNGEtNDJjZi04MmZjLTAzZDU3MDMxOGExZCIsImFwcGxpY2F0aW"
    "9uSWQiOiI3OTEwMzczNC05N2FiLTRkMWEtYWYzNy1lMDA2ZDA1ZDI5NTIiLCJyb2xlcyI6W119." + SIGNATURE: {
        "exp": 1485140984,
        "iat": 1485137384,
        "email": "estse@test.com",
        "message": "hidden********secret",
        "sub": "29ac0c18-0b4a-42cf-82fc-03d570318a1d",
        "applicationId": "79103734-97ab-4d1a-af37-e006d05d2952",
        "roles": [],
    },
    f"{HEADER}.eyJleHAiOjE0ODUxNDA5ODQsImlhdCI6MTQ4NTEzNzM4NCwiZW1haWwiOiJlc3RzZUB0ZXN0LmNvbSIsIm1lc3NhZ2UiOi"
    "IhQCMkJV4mKigpaGVsbG8ifQ." + SIGNATURE: {
        "exp": 1485140984,
        "iat": 1485137384,
        "email": "estse@test.com",
        "message": "!@#$%^&*()hello",
    },
    f"{HEADER}.eyJleHAiOjEyMTc3NDI3MTc3MDUsIm5hbWUiOiJKb2huIERvZSIsImlhdCI6MTYxNzU2NjI0NDAwMH0"
    ".hSVQZ0wsFlPNTh54b7qnY-hU-MQtJUBnlqgc6P8wwzQ": {
        "exp": 1217742717705,
        "name": "John Doe",
        "iat": 1617566244000,
    },
    f"{HEADER}.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyLCJleHAiOjE3MTAyOTMxMzB9"
    ".YzDpgJsrB3z-ZU1XxMcXSQsMbgCzwH_e-_76rnfehh0": {
        "sub": "1234567890",
        "name": "John Doe",
        "iat": 1516239022,
        "exp": 1710293130,
    },
    "a.e30.c": {},
}


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def token_of(content: bytes) -> str:
    return f"{HEADER}.{part(content)}.{SIGNATURE}"


def token(payload: object) -> str:
    return token_of(json.dumps(payload, ensure_ascii=False).encode())


@pytest.mark.parametrize(("text", "payload"), VECTORS.items(), ids=range(len(VECTORS)))
def test_amplify_s_own_tokens(text: str, payload: dict[str, Any]) -> None:
    jwt = decode_jwt(text)
    assert jwt.payload == payload
    assert jwt.token == text


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.booleans())))
def test_any_object_comes_back(payload: dict[str, Any]) -> None:
    assert decode_jwt(token(payload)).payload == payload


def test_claims_in_any_script() -> None:
    payload = {"name": "Ana Müller-Ω ✓ 日本", "emoji": "🔑", "long": "ÿ" * 50}
    assert decode_jwt(token(payload)).payload == payload


@pytest.mark.parametrize("length", range(8))
def test_payloads_of_every_length(length: int) -> None:
    payload = {"a": "?" * length + "~"}
    assert decode_jwt(token(payload)).payload == payload


def test_it_is_a_frozen_value() -> None:
    jwt = decode_jwt("a.e30.c")
    assert jwt == JWT(payload={}, token="a.e30.c") == pickle.loads(pickle.dumps(jwt))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        jwt.token = "b.e30.c"  # type: ignore[misc]  # wrong on purpose


def test_neither_token_nor_claims_are_in_a_repr() -> None:
    jwt = decode_jwt(token({"email": "ana@example.com"}))
    for text in (repr(jwt), str(jwt), f"{jwt}", repr([jwt])):
        assert "ana" not in text
        assert jwt.token not in text
        assert SIGNATURE not in text


# --- Malformed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", ".", "a", "a.e30", "a.e30.c.d", "a.e30.c.", "a.e30.c.d.e", None, 5, b"a.e30.c", ["a", "b", "c"]],
)
def test_a_token_has_three_parts(text: Any) -> None:
    with pytest.raises(InvalidJWTError, match="invalid token: "):
        decode_jwt(text)


@pytest.mark.parametrize(
    "payload",
    [
        "b",  # 4n + 1 characters are not base64
        "",
        "e30=",  # RFC 7515 leaves the padding out
        "e30==",
        " e30",
        "e30\n",
        "e3\n0",
        "e+30",
        "e/30",
        "e30!",
        "é30",
        "٣30",  # a digit, elsewhere
        "_",
        "--",
        part(b"{"),
        part(b""),
        part(b"{'a': 1}"),
        part(b'{"a": 1} x'),
        part(b'{"a": NaN}'),
        part(b'{"a": -Infinity}'),
        part(b'{"a": \xff}'),
        part(b'{"a": "\xff"}'),
        part('{"a": "é"}'.encode("latin-1")),
        part('{"a": 1}'.encode("utf-16")),
        part('{"a": 1}'.encode("utf-32-le")),
        part('{"a": 1}'.encode("utf-8-sig")),
        part(b'{"a": "\xed\xa0\x80"}'),  # half a surrogate pair
        part(b'{"a": ' + b"9" * 5000 + b"}"),  # beyond Python's limit of digits
        part(b'{"a": ' + b"[" * 100_000),
        part(b'{"a": ' * 100_000),
    ],
    ids=range(30),
)
def test_a_payload_that_cannot_be_read(payload: str) -> None:
    with pytest.raises(InvalidJWTError, match="invalid token payload: "):
        decode_jwt(f"a.{payload}.c")


@pytest.mark.parametrize("value", [None, [], ["a"], "text", 5, 1.5, True])
def test_a_payload_that_is_not_an_object(value: object) -> None:
    with pytest.raises(InvalidJWTError, match="invalid token payload: "):
        decode_jwt(token(value))


def test_nesting_that_python_can_follow() -> None:
    depth = sys.getrecursionlimit() // 4
    nested = b'{"a": ' + b"[" * depth + b"]" * depth + b"}"
    value = decode_jwt(token_of(nested)).payload["a"]
    for _ in range(depth - 1):
        (value,) = value
    assert value == []


def test_the_refusal_is_both_and_answers_401() -> None:
    with pytest.raises(InvalidJWTError) as caught:
        decode_jwt("no")
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, AuthError)
    assert http_status_for(caught.value) == 401


@pytest.mark.parametrize(
    "text",
    [
        "canary.e30",
        token_of(b"canary"),
        token_of(b'["canary"]'),
        token_of(b'{"canary": "canary'),
        "canary.canary!.canary",
        "canary.канарейка.canary",
    ],
)
def test_a_refusal_quotes_nothing(text: str) -> None:
    with pytest.raises(InvalidJWTError) as caught:
        decode_jwt(text)
    error = caught.value
    report = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert "canary" not in report
    assert part(b"canary") not in report
    # Nor does what a logger may find behind it.
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


@given(st.text() | st.binary() | st.text(alphabet="abc.-_=", max_size=12) | st.none())
def test_nothing_else_is_ever_raised(text: Any) -> None:
    try:
        jwt = decode_jwt(text)
    except InvalidJWTError:
        return
    assert jwt.token is text
    assert type(jwt.payload) is dict


@given(st.binary())
def test_nothing_else_is_ever_raised_for_any_payload(content: bytes) -> None:
    try:
        jwt = decode_jwt(f"a.{part(content)}.c")
    except InvalidJWTError:
        return
    assert jwt.payload == json.loads(content)


@pytest.mark.parametrize("payload", ["e30!", "eyJzZWNyZXQi", "ZQ", "w6Q"])
def test_the_error_s_context_does_not_quote_the_payload(payload: str) -> None:
    with pytest.raises(InvalidJWTError) as failure:
        decode_jwt(f"a.{payload}.b")
    assert failure.value.__context__ is failure.value.__cause__ is None
