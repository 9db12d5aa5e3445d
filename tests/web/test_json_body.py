"""Request bodies: strictly checked, and never repeated."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aiocognito._web import json_body
from aiocognito._web.json_body import (
    AnyObject,
    Choice,
    Either,
    Flag,
    Member,
    Members,
    Text,
    TextMap,
    parse_body,
    read_body,
)
from aiocognito.errors import AuthValidationError, AuthValidationErrorCode

FORM = Members(
    {
        "username": Member(Text(), required=True, if_missing=AuthValidationErrorCode.EmptySignInUsername),
        "password": Member(Text(secret=True)),
        "key": Member(Choice(("email", "phone_number"))),
        "flag": Member(Flag()),
        "attributes": Member(TextMap()),
        "answer": Member(Either(Text(), AnyObject(), "text or an object")),
        "options": Member(
            Members({"step": Member(Text()), "auto": Member(Either(Flag(), Members({}), "…"))})
        ),
    }
)
JSON = "application/json"
SECRET = "Correct-horse-7"


def parse(value: Any, content_type: str | None = JSON, form: Members = FORM) -> dict[str, Any]:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return parse_body(raw, content_type, form)


def refusal(value: Any, content_type: str | None = JSON) -> AuthValidationError:
    with pytest.raises(AuthValidationError) as caught:
        parse(value, content_type)
    assert caught.value.http_status == 422
    assert caught.value.__context__ is None
    return caught.value


def test_a_body_that_fits_is_returned() -> None:
    body = {
        "username": "ana",
        "password": "é",
        "key": "email",
        "flag": False,
        "attributes": {"email": "a@b"},
        "answer": {"id": "x"},
        "options": {"step": "s", "auto": True},
    }
    assert parse(body) == body


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=utf-8", " application/json ", "application/vnd.a+json"],
)
def test_json_content_types_are_accepted(content_type: str) -> None:
    assert parse({"username": "ana"}, content_type) == {"username": "ana"}


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"]
)
def test_other_content_types_are_refused(content_type: str | None) -> None:
    error = refusal({"username": "ana"}, content_type)
    assert error.recovery_suggestion == "Send the header Content-Type: application/json."


@pytest.mark.parametrize("raw", [b"", b" \n"])
def test_an_empty_body_has_no_members(raw: bytes) -> None:
    assert parse(raw, None, Members({"password": Member(Text())})) == {}


def test_an_empty_body_lacks_what_is_required() -> None:
    with pytest.raises(AuthValidationError) as caught:
        parse(b"", None)
    assert caught.value.name == "EmptySignInUsername"


def test_a_missing_member_without_a_name_of_its_own_is_named() -> None:
    form = Members({"userAttributeKey": Member(Text(), required=True)})
    with pytest.raises(AuthValidationError, match=r"^userAttributeKey: is missing") as caught:
        parse({}, form=form)
    assert caught.value.recovery_suggestion == "Send a JSON object; this route takes only userAttributeKey."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"username": 7}, "username: must be text"),
        ({"username": None}, "username: must be text"),
        ({"username": [SECRET]}, "username: must be text"),
        ({"username": "a", "password": {"p": SECRET}}, "password: must be text"),
        ({"username": "a", "key": SECRET}, "key: must be one of email, phone_number"),
        ({"username": "a", "key": ["email"]}, "key: must be one of email, phone_number"),
        ({"username": "a", "flag": 1}, "flag: must be true or false"),
        (
            {"username": "a", "attributes": {SECRET: 1}},
            "attributes: must be an object whose members are text",
        ),
        ({"username": "a", "attributes": SECRET}, "attributes: must be an object whose members are text"),
        ({"username": "a", "answer": 7}, "answer: must be text or an object"),
        ({"username": "a", "answer": {}}, "answer: must be an object with members"),
        ({"username": "a", "options": SECRET}, "options: must be an object"),
        ({"username": "a", "options": {"step": 1}}, "options.step: must be text"),
        ({"username": "a", "options": {SECRET: 1}}, "options: takes only step, auto"),
        ({"username": "a", "options": {"auto": {SECRET: 1}}}, "options.auto: takes no members"),
        (
            {"username": "a", SECRET: 1},
            "the body: takes only username, password, key, flag, attributes, answer, options",
        ),
        ([SECRET], "the body: must be an object"),
        (SECRET, "the body: must be an object"),
        (None, "the body: must be an object"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_and_not_repeated(body: Any, message: str) -> None:
    error = refusal(body)
    assert str(error) == message
    assert SECRET not in f"{error!r} {error.recovery_suggestion} {error.__dict__}"


@pytest.mark.parametrize(
    "raw",
    [
        b'{"username": "Correct-horse-7',
        b'{"username": "Correct-horse-7"} trailing',
        b"{'username': 'Correct-horse-7'}",
        b'{"username": "Correct-horse-7", "username": "b"}',
        b'{"username": NaN}',
        b'{"username": "Correct-horse-7\xff"}',
        b'\xef\xbb\xbf{"username": "Correct-horse-7"}',
        '{"username": "Correct-horse-7"}'.encode("utf-16"),
        b'{"username": "\\ud800 Correct-horse-7"}',
        b'{"\\udc00": "Correct-horse-7"}',
        b'{"username": ' + b"9" * 5000 + b"}",
        b'{"answer": ' + b"[" * 33 + b"]" * 33 + b"}",
        b'{"answer": ' + b"[" * 100_000,
    ],
)
def test_malformed_json_is_refused_and_not_repeated(raw: bytes) -> None:
    error = refusal(raw)
    assert str(error) == "the body: is not well-formed JSON"
    assert SECRET not in f"{error!r} {error.recovery_suggestion} {error.__dict__}"


def test_nesting_up_to_the_limit_is_accepted() -> None:
    value: Any = "x"
    for _ in range(json_body.MAX_DEPTH - 1):
        value = {"a": value}
    assert parse({"username": "a", "answer": value})["answer"] == value


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_a_body_in_chunks_is_joined() -> None:
    assert await read_body(_chunks(b'{"a"', b":1}", b"")) == b'{"a":1}'


async def test_a_long_body_is_refused_before_all_of_it_was_read() -> None:
    read: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            read.append(1)
            yield b"x" * 100_000

    with pytest.raises(AuthValidationError, match=f"the body: is longer than {json_body.MAX_BYTES} bytes"):
        await read_body(endless())
    assert len(read) == 3


def test_the_schema_describes_the_form() -> None:
    assert FORM.schema() == {
        "type": "object",
        "properties": {
            "username": {"type": "string"},
            "password": {"type": "string", "format": "password"},
            "key": {"type": "string", "enum": ["email", "phone_number"]},
            "flag": {"type": "boolean"},
            "attributes": {"type": "object", "additionalProperties": {"type": "string"}},
            "answer": {"anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1}]},
            "options": {
                "type": "object",
                "properties": {
                    "step": {"type": "string"},
                    "auto": {
                        "anyOf": [
                            {"type": "boolean"},
                            {"type": "object", "properties": {}, "additionalProperties": False},
                        ]
                    },
                },
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
        "required": ["username"],
    }
