"""Operations that the installed botocore may not know: what is sent, and how responses are read."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiobotocore.session import AioSession
from botocore.loaders import Loader
from botocore.model import ServiceModel

from aiocognito._gateways.authenticated_user import AuthenticatedUser
from aiocognito._gateways.aws.client import AwsClient
from aiocognito._gateways.aws.newer_operations import MEMBERS, OPERATIONS, SHAPES, with_newer_operations
from aiocognito.errors import (
    AuthConfigError,
    ListUserSessionsException,
    NotAuthorizedException,
    ServiceError,
    TooManyRequestsException,
)
from helpers.service_models import newest_model
from helpers.stub_server import Stub

SESSION = {
    "SessionId": "tkn" + "a" * 25,
    "SessionType": "TOKEN",
    "ClientId": "client",
    "CreateDate": 1_700_000_000.5,
    "LastActiveDate": 1_700_000_060,
    "DeviceType": "phone",
    "LastIPAddress": "192.0.2.1",
    "LastLocation": {"City": "Ghent", "Country": "BE"},
    "OriginSessionId": "sso" + "b" * 25,
    "IsCurrentSession": True,
}


def test_members_and_shapes_are_those_of_the_newest_model() -> None:
    newest = newest_model()
    for name, operation in OPERATIONS.items():
        theirs = newest._service_description["operations"][name]
        assert {key: theirs[key] for key in operation} == operation
        for member in ("input", "output"):
            assert theirs[member]["shape"] in SHAPES
    shapes = newest._service_description["shapes"]
    for name, shape in SHAPES.items():
        theirs = shapes[name]
        assert {key: theirs[key] for key in shape} == shape, name
    for name, members in MEMBERS.items():
        assert members.items() <= shapes[name]["members"].items()


def test_what_botocore_knows_is_left_as_it_is() -> None:
    """A model that has everything is used unchanged; an older one is extended and not altered."""
    newest = newest_model()._service_description
    assert with_newer_operations(newest) is None
    older = _without_newer(newest)
    before = copy.deepcopy(older)
    extended = with_newer_operations(older)
    assert extended is not None
    assert older == before
    model = ServiceModel(extended, "cognito-idp")
    for name in (*OPERATIONS, "SetUserMFAPreference", "GetUser"):
        for shape in ("input_shape", "output_shape"):
            expected = getattr(newest_model().operation_model(name), shape)
            assert getattr(model.operation_model(name), shape).members.keys() == expected.members.keys()


def _without_newer(newest: dict[str, Any]) -> dict[str, Any]:
    older = copy.deepcopy(newest)
    for name in OPERATIONS:
        older["operations"].pop(name, None)
    for name in SHAPES:
        older["shapes"].pop(name, None)
    for name, members in MEMBERS.items():
        for member in members:
            older["shapes"][name]["members"].pop(member, None)
    return older


@pytest.fixture(autouse=True, params=["installed", "older"])
def botocore_model(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the installed botocore, and one that knows nothing of what is newer."""
    if request.param == "older":
        load = Loader.load_service_model

        def older(self: Any, service: str, *arguments: Any, **options: Any) -> Any:
            found = load(self, service, *arguments, **options)
            is_model = service == "cognito-idp" and "operations" in found
            return _without_newer(found) if is_model else found

        monkeypatch.setattr(Loader, "load_service_model", older)


async def test_the_request_is_json_1_1_without_a_signature(client: AwsClient, stub: Stub) -> None:
    stub.reply(json={"Sessions": []})
    await client.call("ListUserSessions", {"AccessToken": "t", "NextToken": None})
    (request,) = stub.requests
    assert (request.method, request.path, request.members) == ("POST", "/", {"AccessToken": "t"})
    assert request.headers["x-amz-target"] == "AWSCognitoIdentityProviderService.ListUserSessions"
    assert request.headers["content-type"] == "application/x-amz-json-1.1"
    assert request.headers["user-agent"].startswith("aiocognito/")
    assert "authorization" not in {name.lower() for name in request.headers}


async def test_every_page_is_read(client: AwsClient, stub: Stub) -> None:
    stub.reply(json={"Sessions": [SESSION], "NextToken": "2"})
    stub.reply(json={"Sessions": [{"SessionId": "sso" + "c" * 25}], "Later": 1})
    first, second = await AuthenticatedUser(client, "t").list_user_sessions()
    assert first.to_dict() == {
        "id": SESSION["SessionId"],
        "sessionType": "TOKEN",
        "clientId": "client",
        "createDate": "2023-11-14T22:13:20.500000+00:00",
        "lastActiveDate": "2023-11-14T22:14:20+00:00",
        "deviceType": "phone",
        "lastIpAddress": "192.0.2.1",
        "city": "Ghent",
        "country": "BE",
        "originSessionId": SESSION["OriginSessionId"],
        "current": True,
    }
    assert first.last_active_date == datetime(2023, 11, 14, 22, 14, 20, tzinfo=UTC)
    assert "192.0.2.1" not in repr(first)
    assert second.to_dict() == {"id": "sso" + "c" * 25, "current": False}
    assert [request.members for request in stub.requests] == [
        {"AccessToken": "t"},
        {"AccessToken": "t", "NextToken": "2"},
    ]


@pytest.mark.parametrize(
    "answer",
    [{"Sessions": [{}]}, {"Sessions": "none"}, {"Sessions": [{"SessionId": 7}]}, [], "text"],
)
async def test_a_response_that_cannot_be_read_is_an_error(client: AwsClient, stub: Stub, answer: Any) -> None:
    stub.reply(json=answer)
    with pytest.raises(ServiceError) as raised:
        await AuthenticatedUser(client, "t").list_user_sessions()
    assert raised.value.name == "UnknownError"


async def test_a_session_is_revoked_alone(client: AwsClient, stub: Stub) -> None:
    stub.reply(body=b"")
    await AuthenticatedUser(client, "t").revoke_user_session("tkn")
    assert stub.operations == ["RevokeUserSession"]
    assert stub.requests[0].members == {"AccessToken": "t", "SessionId": "tkn"}


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("UnknownOperationException", "This service does not have user sessions"),
        ("OperationNotEnabledException", "Turn on UserSessionTracking"),
        ("FeatureUnavailableInTierException", "Turn on UserSessionTracking"),
    ],
)
async def test_a_service_without_user_sessions_is_refused_with_advice(
    client: AwsClient, stub: Stub, code: str, advice: str
) -> None:
    stub.refuse(code, "")
    with pytest.raises(ListUserSessionsException) as raised:
        await AuthenticatedUser(client, "t").list_user_sessions()
    assert raised.value.name == code
    assert advice in str(raised.value.recovery_suggestion)
    assert "list_user" in str(raised.value.recovery_suggestion)


@pytest.mark.parametrize(
    ("call", "operation", "advice"),
    [
        (lambda user: user.get_user_auth_factors(), "GetUserAuthFactors", "fetch_mfa_preference"),
        (
            lambda user: user.set_user_mfa_preference({"WebAuthnMfaSettings": {"Enabled": True}}),
            "SetUserMFAPreference",
            "a region that does not have it yet",
        ),
        (lambda user: user.start_web_authn_registration(), "StartWebAuthnRegistration", "an emulator"),
    ],
)
async def test_a_service_without_an_operation_is_refused_with_advice(
    client: AwsClient, stub: Stub, call: Any, operation: str, advice: str
) -> None:
    stub.refuse("UnknownOperationException", "")
    with pytest.raises(ServiceError) as raised:
        await call(AuthenticatedUser(client, "t"))
    suggestion = str(raised.value.recovery_suggestion)
    assert f"This service does not have the operation {operation}" in suggestion
    assert advice in suggestion
    assert not raised.value.retryable
    assert len(stub.requests) == 1


async def test_event_handlers_of_the_callers_session_see_the_call(
    connect: Callable[..., AwsClient], stub: Stub
) -> None:
    """The session's own model stays as it is."""
    session, seen = AioSession(), list[str]()
    session.register("after-call", lambda model, **_: seen.append(model.name))
    loader = session.get_component("data_loader")
    before = set(loader.load_service_model("cognito-idp", "service-2")["operations"])
    stub.reply(json={"Sessions": [SESSION]})
    client = connect(aws_session=session)
    assert len(await AuthenticatedUser(client, "t").list_user_sessions()) == 1
    assert seen == ["ListUserSessions"]
    assert set(loader.load_service_model("cognito-idp", "service-2")["operations"]) == before


async def test_refusals_have_their_classes_and_hide_secrets(client: AwsClient, stub: Stub) -> None:
    stub.refuse("NotAuthorizedException", "the token secret-token is bad")
    with pytest.raises(NotAuthorizedException) as raised:
        await AuthenticatedUser(client, "secret-token").revoke_user_session("tkn")
    assert raised.value.operation == "RevokeUserSession"
    assert "secret-token" not in str(raised.value)


async def test_it_is_sent_again_when_cognito_is_busy(client: AwsClient, stub: Stub) -> None:
    stub.refuse("TooManyRequestsException")
    stub.reply(json={"Sessions": []})
    try:
        assert await AuthenticatedUser(client, "t").list_user_sessions() == []
    except TooManyRequestsException:
        pytest.fail("it was not sent again")
    assert len(stub.requests) == 2


async def test_members_that_the_operation_lacks_are_refused(client: AwsClient, stub: Stub) -> None:
    with pytest.raises(AuthConfigError, match="Hologram"):
        await client.call("RevokeUserSession", {"AccessToken": "t", "Hologram": 1})
    assert stub.requests == []


async def test_a_member_that_botocore_may_not_know(client: AwsClient, stub: Stub) -> None:
    members = {"AccessToken": "t", "WebAuthnMfaSettings": {"Enabled": True}}
    stub.reply(json={})
    assert await client.call("SetUserMFAPreference", members) == {}
    assert [(each.operation, each.members) for each in stub.requests] == [("SetUserMFAPreference", members)]
    assert stub.requests[0].headers["content-type"] == "application/x-amz-json-1.1"
    with pytest.raises(AuthConfigError, match="SetUserMFAPreference's Later"):
        await client.call("SetUserMFAPreference", {**members, "Later": 1})
