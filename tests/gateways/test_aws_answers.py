"""Refusals and answers that make no sense become errors of a code and an operation."""

from typing import Any

import pytest

from aiocognito._gateways.aws.client import AwsClient
from aiocognito.errors import (
    InternalErrorException,
    NotAuthorizedException,
    ServiceError,
    SignUpException,
    UserNotFoundException,
)
from helpers.stub_server import Stub

from .conftest import Connect


async def refusal(client: AwsClient, operation: str = "GetUser") -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await client.call(operation, {})
    return caught.value


@pytest.mark.amplify("B4")
async def test_the_code_is_between_hash_and_colon(client: AwsClient, stub: Stub) -> None:
    stub.reply(400, {}, headers={"x-amzn-errortype": "com.amazon#UserNotFoundException:http://x"})
    error = await refusal(client)
    assert isinstance(error, UserNotFoundException)
    assert error.name == "UserNotFoundException"


@pytest.mark.amplify("B4")
async def test_the_header_wins_over_the_body(client: AwsClient, stub: Stub) -> None:
    stub.reply(
        400,
        {"__type": "CodeMismatchException", "message": "from the body"},
        headers={"x-amzn-ErrorType": "NotAuthorizedException:"},
    )
    error = await refusal(client)
    assert (error.name, str(error)) == ("NotAuthorizedException", "from the body")


@pytest.mark.amplify("B4")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"__type": "UserNotFoundException"}, "UserNotFoundException"),
        ({"__type": "com.amazonaws.cognito#UserNotFoundException"}, "UserNotFoundException"),
        ({"__type": "UserNotFoundException:http://x#y"}, "UserNotFoundException"),
        ({"__type": "UserNotFoundException,more"}, "UserNotFoundException"),
        ({"code": "UserNotFoundException"}, "UserNotFoundException"),
        ({"code": 400, "__type": "UserNotFoundException"}, "UserNotFoundException"),
        ({"__type": "NewException"}, "NewException"),
        ({"__type": ""}, "UnknownError"),
        ({"__type": "no code at all"}, "UnknownError"),
        ({"__type": ["UserNotFoundException"]}, "UnknownError"),
        ({"message": "no type"}, "UnknownError"),
        ({}, "UnknownError"),
    ],
)
async def test_codes_of_the_body(client: AwsClient, stub: Stub, body: dict[str, Any], code: str) -> None:
    stub.reply(400, body)
    assert (await refusal(client)).name == code


@pytest.mark.amplify("B5")
@pytest.mark.parametrize("operation", ["GetUser", "SignUp", "ForgetDevice", "DeleteUser"])
async def test_status_and_request_id_are_always_there(client: AwsClient, stub: Stub, operation: str) -> None:
    """Amplify leaves them out for SignUp, ForgetDevice and DeleteUser; nothing is gained by that."""
    stub.refuse("NotAuthorizedException", "no", 400, **{"x-amzn-RequestId": "1-2-3"})
    error = await refusal(client, operation)
    assert (error.service_status, error.request_id, error.operation) == (400, "1-2-3", operation)


async def test_an_error_is_of_its_code_and_of_its_operation(client: AwsClient, stub: Stub) -> None:
    stub.refuse("NotAuthorizedException")
    error = await refusal(client, "SignUp")
    assert isinstance(error, NotAuthorizedException)
    assert isinstance(error, SignUpException)


async def test_an_unknown_code_is_the_operations_error(client: AwsClient, stub: Stub) -> None:
    stub.refuse("NewException", "something new")
    error = await refusal(client, "SignUp")
    assert isinstance(error, SignUpException)
    assert (error.name, str(error)) == ("NewException", "something new")


@pytest.mark.parametrize(
    ("body", "headers", "message"),
    [
        ({"message": "small"}, {}, "small"),
        ({"Message": "large"}, {}, "large"),
        ({"message": "", "Message": "large"}, {}, "large"),
        ({}, {"x-amzn-ErrorMessage": "from the header"}, "from the header"),
        ({"message": 7}, {}, "GetUser was refused: NotAuthorizedException"),
        ({}, {}, "GetUser was refused: NotAuthorizedException"),
    ],
)
async def test_where_the_message_comes_from(
    client: AwsClient, stub: Stub, body: dict[str, Any], headers: dict[str, str], message: str
) -> None:
    stub.reply(400, {"__type": "NotAuthorizedException", **body}, headers=headers)
    error = await refusal(client)
    assert str(error) == message
    # An absent message means something: the text is then the library's own.
    assert error.service_message == (None if "was refused" in message else message)


NONSENSE = [
    b"<html>Bad gateway</html>",
    b"[1]",
    b'"text"',
    b"null",
    b'{"AccessToken": "cut-o',
    b"\xff\xfe",
    b"[" * 99999,
]


@pytest.mark.parametrize("status", [200, 302, 503])
@pytest.mark.parametrize("body", [*NONSENSE, b""])
async def test_an_answer_that_makes_no_sense(connect: Connect, stub: Stub, status: int, body: bytes) -> None:
    stub.reply(status, body=body, headers={"x-amzn-RequestId": "1-2-3"})
    error = await refusal(connect(max_attempts=1), "SignUp")
    assert isinstance(error, SignUpException)
    assert (error.name, error.service_status, error.request_id) == ("UnknownError", status, "1-2-3")
    assert error.retryable is (status >= 500)
    assert str(error) == f"the answer to SignUp (HTTP {status}) could not be read"
    assert error.__cause__ is error.__context__ is None


async def test_an_answer_that_makes_no_sense_is_tried_again_by_its_status(
    client: AwsClient, stub: Stub
) -> None:
    stub.reply(503, body=b"<html>")
    stub.reply(200, body=b"<html>")
    with pytest.raises(ServiceError) as caught:
        await client.call("GetUser", {}, repeatable=True)
    assert caught.value.service_status == 200
    assert len(stub.requests) == 3


async def test_nonsense_is_not_read_as_an_empty_body(client: AwsClient, stub: Stub) -> None:
    stub.reply(body=b"<html>")
    assert (await refusal(client, "ForgetDevice")).name == "UnknownError"


async def test_a_redirect_is_not_followed(client: AwsClient, stub: Stub) -> None:
    stub.reply(307, headers={"Location": f"{stub.url}/elsewhere"})
    assert (await refusal(client)).service_status == 307
    assert len(stub.requests) == 1


async def test_a_refusal_without_json_is_named_by_its_header(connect: Connect, stub: Stub) -> None:
    stub.reply(500, body=b"<html>", headers={"x-amzn-ErrorType": "InternalErrorException"})
    assert isinstance(await refusal(connect(max_attempts=1)), InternalErrorException)


@pytest.mark.parametrize(
    "members",
    [
        {"Devices": [{"DeviceCreateDate": "yesterday"}]},
        {"Devices": [{"DeviceCreateDate": 1e99}]},
        {"Devices": [7]},
        {"Devices": 7},
        {"Devices": "abc"},
    ],
)
async def test_members_of_the_wrong_kind_make_no_sense(
    client: AwsClient, stub: Stub, members: dict[str, Any]
) -> None:
    stub.reply(json=members)
    error = await refusal(client, "ListDevices")
    assert (error.name, error.service_status) == ("UnknownError", 200)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"a": None, "b": "text"}, {"b": "text"}),
        ({"n": 7, "f": 0.5, "t": True}, {"n": "7", "f": "0.5", "t": "true"}),
        ({"o": {"x": [1, None]}, "l": ["ä"]}, {"o": '{"x": [1, null]}', "l": '["\\u00e4"]'}),
    ],
)
async def test_challenge_parameters_become_text(
    client: AwsClient, stub: Stub, parameters: dict[str, Any], expected: dict[str, str]
) -> None:
    stub.reply(json={"ChallengeName": "CUSTOM_CHALLENGE", "ChallengeParameters": parameters})
    answer = await client.call("InitiateAuth", {"AuthFlow": "CUSTOM_AUTH", "ClientId": "c"})
    assert answer["ChallengeParameters"] == expected


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("InitiateAuth", {"ChallengeParameters": ["x"]}),
        ("InitiateAuth", {"ChallengeName": 7}),
        ("InitiateAuth", {"AuthenticationResult": "token"}),
        ("InitiateAuth", {"AuthenticationResult": {"AccessToken": ["token"]}}),
        ("InitiateAuth", {"AuthenticationResult": {"ExpiresIn": "soon"}}),
        ("InitiateAuth", {"AvailableChallenges": [{"x": 1}]}),
        ("InitiateAuth", {"Session": "\ud800"}),
        ("SignUp", {"UserConfirmed": "false"}),
        ("GetUser", {"UserAttributes": {"Name": "email"}}),
        ("GetUser", {"UserAttributes": [["email", "x"]]}),
    ],
)
async def test_members_of_another_type_than_the_model_s_cannot_be_read(
    client: AwsClient, stub: Stub, operation: str, members: dict[str, Any]
) -> None:
    stub.reply(json=members)
    error = await refusal(client, operation)
    assert (error.name, error.service_status) == ("UnknownError", 200)
    assert error.__cause__ is error.__context__ is None


async def test_nan_is_not_json(client: AwsClient, stub: Stub) -> None:
    stub.reply(body=b'{"Username": "ana", "x": NaN}')
    assert (await refusal(client)).name == "UnknownError"


async def test_a_long_message_is_cut(client: AwsClient, stub: Stub) -> None:
    stub.refuse("NotAuthorizedException", "x" * 70_000)
    assert len(str(await refusal(client))) == 1000


async def test_members_that_the_model_does_not_know_are_kept(client: AwsClient, stub: Stub) -> None:
    stub.reply(json={"Username": "ana", "New": {"of": [2027, None]}})
    assert await client.call("GetUser", {}) == {"Username": "ana", "New": {"of": [2027, None]}}
