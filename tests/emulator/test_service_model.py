"""Requests are held against the service model, and refused in the service's words."""

from __future__ import annotations

import gzip
import json
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from aiocognito.emulator import dispatch, service_model
from aiocognito.emulator.errors import ApiError
from aiocognito.emulator.operations import TABLE
from aiocognito.emulator.service_model import IDENTITY_POOLS, USER_POOLS, Service, ServiceModel
from aiocognito.emulator.unicode_classes import translate
from helpers.api import Api
from helpers.model_judge import ResponseLog

NULL = "Member must not be null"


@pytest.mark.parametrize(
    ("operation", "body", "text"),
    [
        (
            "SignUp",
            {"ClientId": "a", "Username": "a", "Password": "with space"},
            "1 validation error detected: Value at 'password' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [\S]+",
        ),
        (
            "SignUp",
            {"Username": "a" * 129, "Password": "x"},
            f"2 validation errors detected: Value at 'clientId' failed to satisfy constraint: {NULL}; "
            "Value at 'username' failed to satisfy constraint: "
            "Member must have length less than or equal to 128",
        ),
        (
            "SignUp",
            {"ClientId": "a", "Username": "a", "UserAttributes": [{"Name": "a"}, {"Value": "b"}]},
            "1 validation error detected: Value null at 'userAttributes.2.member.name' failed to satisfy "
            f"constraint: {NULL}",
        ),
        (
            "InitiateAuth",
            {"ClientId": "a", "AuthFlow": "X"},
            "1 validation error detected: Value 'X' at 'authFlow' failed to satisfy constraint: "
            "Member must satisfy enum value set: [USER_AUTH, REFRESH_TOKEN_AUTH, ADMIN_NO_SRP_AUTH, "
            "USER_PASSWORD_AUTH, ADMIN_USER_PASSWORD_AUTH, REFRESH_TOKEN, USER_SRP_AUTH, CUSTOM_AUTH]",
        ),
        (
            "SetUserPoolMfaConfig",
            {"UserPoolId": "a_b", "MfaConfiguration": "X"},
            # Captured in this order.
            "1 validation error detected: Value 'X' at 'mfaConfiguration' failed to satisfy constraint: "
            "Member must satisfy enum value set: [OPTIONAL, OFF, ON]",
        ),
        (
            "GetUser",
            {"AccessToken": None},
            f"1 validation error detected: Value at 'accessToken' failed to satisfy constraint: {NULL}",
        ),
        (
            "CreateUserPoolClient",
            {"UserPoolId": "a_b", "ClientName": "a", "AuthSessionValidity": 2},
            "1 validation error detected: Value '2' at 'authSessionValidity' failed to satisfy constraint: "
            "Member must have value greater than or equal to 3",
        ),
        (
            "CreateUserPoolClient",
            {"UserPoolId": "a_b", "ClientName": "a", "AuthSessionValidity": 16},
            "1 validation error detected: Value '16' at 'authSessionValidity' failed to satisfy constraint: "
            "Member must have value less than or equal to 15",
        ),
        (
            "CreateUserPool",
            {"PoolName": "a", "Schema": []},
            "1 validation error detected: Value '[]' at 'schema' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            "CreateUserPool",
            {"PoolName": "a", "UserPoolTags": {"": "x" * 300}},
            "2 validation errors detected: Value '' at 'userPoolTags..key' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1; "
            f"Value '{'x' * 300}' at 'userPoolTags..member' failed to satisfy constraint: "
            "Member must have length less than or equal to 256",
        ),
        (
            "CreateUserPoolClient",
            {"UserPoolId": "a_b", "ClientName": "a", "AllowedOAuthFlows": ["code"] * 4},
            "1 validation error detected: Value '[code, code, code, code]' at 'allowedOAuthFlows' failed to "
            "satisfy constraint: Member must have length less than or equal to 3",
        ),
    ],
)
async def test_values_that_break_a_constraint(
    empty_api: Api, operation: str, body: dict[str, Any], text: str
) -> None:
    assert await empty_api.refused(operation, **body) == ("InvalidParameterException", text)


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("SignUp", {"ClientId": 5}),
        ("SignUp", {"ClientId": True}),
        ("SignUp", {"UserAttributes": {}}),
        ("SignUp", {"UserAttributes": ["a"]}),
        ("SignUp", {"ClientMetadata": []}),
        ("InitiateAuth", {"AuthParameters": {"USERNAME": 1}}),
        ("AdminSetUserPassword", {"Permanent": "true"}),
        ("CreateUserPoolClient", {"AuthSessionValidity": True}),
        ("CreateUserPoolClient", {"AuthSessionValidity": 3.5}),
        ("CreateUserPoolClient", {"AuthSessionValidity": "3"}),
    ],
)
async def test_types_that_cannot_be_meant(empty_api: Api, operation: str, body: dict[str, Any]) -> None:
    assert (await empty_api.refused(operation, **body))[0] == "SerializationException"


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff", b"[" * 100_000])
async def test_bodies_that_are_not_objects(empty_api: Api, body: bytes) -> None:
    reply = await dispatch.answer(empty_api.state, empty_api.model, "SignUp", body)
    assert (reply.status, reply.error) == (400, "SerializationException")


async def test_an_empty_body_has_no_members(empty_api: Api) -> None:
    reply = await dispatch.answer(empty_api.state, empty_api.model, "SignUp", b"")
    assert reply.error == "InvalidParameterException"
    assert reply.body["message"].startswith("2 validation errors detected")


async def test_unknown_and_absent_members_are_left_out(empty_api: Api) -> None:
    operation = empty_api.model.operations["SignUp"]
    body = {"ClientId": "a", "Username": "a", "Extra": 1, "Password": None, "ClientMetadata": {"a": None}}
    assert empty_api.model.check(operation, body) == {"ClientId": "a", "Username": "a", "ClientMetadata": {}}


@pytest.mark.parametrize("name", ["Nonsense", "", "__class__"])
async def test_unknown_operations(empty_api: Api, name: str) -> None:
    """An operation that the emulator does not have is refused."""
    reply = await dispatch.answer(empty_api.state, empty_api.model, name, b"{}")
    assert (reply.status, reply.error) == (400, "UnknownOperationException")


def test_the_table_has_operations_of_the_service_model(model: ServiceModel) -> None:
    assert set(TABLE) <= set(model.operations)
    assert {"SignUp", "InitiateAuth", "GetUser", "AdminCreateUser", "CreateUserPool"} <= set(TABLE)


async def test_codes_that_are_not_declared(
    empty_api: Api,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    judged_responses: ResponseLog,
) -> None:
    async def odd(*_: object) -> dict[str, Any]:
        raise ApiError("TeapotException", "Short and stout.")

    monkeypatch.setattr(dispatch, "TABLE", {"ListUserPools": odd})
    reply = await dispatch.answer(empty_api.state, empty_api.model, "ListUserPools", b'{"MaxResults": 1}')
    assert (reply.status, reply.error) == (500, "InternalErrorException")
    assert "which it does not declare" in caplog.text
    assert judged_responses.faults.pop() == ("ListUserPools", ["status 500"])


async def test_the_emulators_own_failures(
    empty_api: Api,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    judged_responses: ResponseLog,
) -> None:
    async def broken(*_: object) -> dict[str, Any]:
        raise ZeroDivisionError

    monkeypatch.setattr(dispatch, "TABLE", {"ListUserPools": broken})
    reply = await dispatch.answer(empty_api.state, empty_api.model, "ListUserPools", b'{"MaxResults": 1}')
    assert (reply.status, reply.error) == (500, "InternalErrorException")
    assert "ZeroDivisionError" in caplog.text
    assert judged_responses.faults.pop() == ("ListUserPools", ["status 500"])


def test_without_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the service models, the message says which extra to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(RuntimeError, match=r"install aiocognito\[emulator\]"):
        ServiceModel.load()


@pytest.mark.parametrize(
    ("installed", "is_copy"), [("1.38.23", True), ("1.43.9", True), ("99.0.0rc1", False)]
)
def test_the_newer_of_botocores_model_and_the_copy_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, installed: str, is_copy: bool
) -> None:
    marked = tmp_path / "model.gz"
    marked.write_bytes(gzip.compress(b'{"operations": {}, "shapes": {"FromBotocore": {}}}'))
    monkeypatch.setattr(service_model, "_path", lambda _service: marked)
    monkeypatch.setattr(metadata, "version", lambda _name: installed)
    for service in (USER_POOLS, IDENTITY_POOLS):
        assert ("FromBotocore" not in ServiceModel.load(service).shapes) is is_copy


def test_the_copies_have_every_operation_of_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda _name: "1.0.0")
    for service in (USER_POOLS, IDENTITY_POOLS):
        assert set(dispatch.table(service)) <= set(ServiceModel.load(service).operations)


@pytest.mark.parametrize("service", [USER_POOLS, IDENTITY_POOLS], ids=lambda service: service.name)
def test_the_copies_are_botocores_without_the_documentation(service: Service) -> None:
    """botocore only adds: what the installed model declares, the copy or a newer model declares as well."""
    found = json.loads(gzip.decompress(service_model._path(service).read_bytes()))
    model = ServiceModel.load(service)
    assert set(found["operations"]) <= set(model.operations)
    assert set(found["shapes"]) <= set(model.shapes)
    copy = (service_model._COPIES / f"{service.name}.json").read_text("utf-8")
    assert '"documentation":"' not in copy


def test_a_reason_code() -> None:
    """A reason code is a member of the error."""
    reply = dispatch.failure("InvalidParameterException", "No.", reason="SOME_REASON")
    assert json.loads(json.dumps(reply.body))["reasonCode"] == "SOME_REASON"


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("ana@example.com", True),
        ("Ærøskøbing", True),
        ("日本語", True),
        ("e\u0301", True),
        ("\U0001f600", True),
        ("€5", True),
        ("two words", False),
        ("no\u00a0break", False),
        ("zero\u200bwidth", False),
        ("bell\x07", False),
        ("tab\t", False),
        ("\ue000", False),
    ],
)
def test_unicode_classes(text: str, fits: bool) -> None:
    """Unicode classes of patterns are understood."""
    import re

    pattern = translate(r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+")
    assert bool(re.fullmatch(pattern, text)) is fits
    separated = translate(r"[\p{L}\p{M}\p{S}\p{N}\p{P}\p{Z}]+")
    assert re.fullmatch(separated, "two words\u00a0") is not None
