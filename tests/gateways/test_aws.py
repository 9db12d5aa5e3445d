"""One call: what is sent, what is returned, and over which connections."""

import asyncio
import gc
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import anyio.to_thread
import pytest
from aiobotocore.regions import AioEndpointRulesetResolver
from aiobotocore.session import get_session

from aiocognito import AuthConfig
from aiocognito._gateways.aws.client import AwsClient
from aiocognito.errors import AuthConfigError, NetworkError
from helpers.stub_server import Stub

from .conftest import Connect


@pytest.mark.amplify("B1")
async def test_content_type_target_and_post_to_the_root(client: AwsClient, stub: Stub) -> None:
    await client.call("GetUser", {"AccessToken": "t"})
    [request] = stub.requests
    assert (request.method, request.path) == ("POST", "/")
    assert request.headers["content-type"] == "application/x-amz-json-1.1"
    assert request.headers["x-amz-target"] == "AWSCognitoIdentityProviderService.GetUser"
    assert request.members == {"AccessToken": "t"}


async def test_the_identity_service_has_a_target_of_its_own(stub: Stub) -> None:
    config = AuthConfig(identity_pool_id="eu-west-1:1-2-3", identity_pool_endpoint=stub.url)
    async with aclosing(AwsClient("cognito-identity", config)) as client:
        await client.call("GetId", {"IdentityPoolId": "eu-west-1:1-2-3"})
    assert stub.requests[0].headers["x-amz-target"] == "AWSCognitoIdentityService.GetId"


async def test_requests_are_unsigned_and_name_this_library_alone(client: AwsClient, stub: Stub) -> None:
    await client.call("GetUser", {"AccessToken": "t"})
    headers = stub.requests[0].headers
    assert headers["user-agent"].startswith("aiocognito/")
    assert "boto" not in headers["user-agent"]
    assert not {"authorization", "x-amz-date", "x-amz-security-token", "cookie"} & {
        name.lower() for name in headers
    }


async def test_null_members_are_left_out(client: AwsClient, stub: Stub) -> None:
    await client.call("InitiateAuth", {"AuthFlow": "USER_AUTH", "ClientId": "c", "Session": None})
    assert stub.requests[0].members == {"AuthFlow": "USER_AUTH", "ClientId": "c"}


async def test_text_beyond_ascii_arrives_as_it_is(client: AwsClient, stub: Stub) -> None:
    password = 'pä"ss\\wörd 💶'
    stub.reply(json={"Username": "José"})
    answer = await client.call("SignUp", {"ClientId": "c", "Username": "José", "Password": password})
    assert stub.requests[0].members["Password"] == password
    assert answer == {"Username": "José"}


@pytest.mark.amplify("B6")
async def test_an_empty_body_is_success_where_there_is_nothing_to_say(client: AwsClient, stub: Stub) -> None:
    stub.reply(body=b"")
    assert await client.call("ForgetDevice", {"AccessToken": "t", "DeviceKey": "d"}) == {}
    assert await client.call("DeleteUser", {"AccessToken": "t"}) == {}
    assert await client.call("GlobalSignOut", {"AccessToken": "t"}) == {}


@pytest.mark.parametrize("is_given", [False, True])
async def test_rules_that_find_an_endpoint_are_followed_for_a_given_session_alone(
    connect: Connect, stub: Stub, monkeypatch: pytest.MonkeyPatch, is_given: bool
) -> None:
    followed: list[str] = []
    follow = AioEndpointRulesetResolver.construct_endpoint

    async def counted(rules: Any, operation_model: Any, *given: Any, **options: Any) -> Any:
        followed.append(operation_model.name)
        return await follow(rules, operation_model, *given, **options)

    monkeypatch.setattr(AioEndpointRulesetResolver, "construct_endpoint", counted)
    client = connect(aws_session=get_session() if is_given else None)
    await client.call("GetUser", {"AccessToken": "t"})
    assert len(stub.requests) == 1
    assert followed == (["GetUser"] if is_given else [])


@pytest.mark.amplify("B7")
@pytest.mark.parametrize("path", ["/", "/cognito", "/a/b/"])
async def test_the_endpoint_replaces_the_url_entirely(connect: Connect, stub: Stub, path: str) -> None:
    await connect(stub.url + path).call("GetUser", {"AccessToken": "t"})
    assert stub.requests[0].path == path


@pytest.mark.amplify("B7")
async def test_the_identity_pools_endpoint_is_another(stub: Stub) -> None:
    config = AuthConfig(
        user_pool_id="eu-west-1_abc",
        user_pool_endpoint="http://127.0.0.1:1",
        identity_pool_id="eu-west-1:1-2",
        identity_pool_endpoint=f"{stub.url}/identity",
    )
    async with aclosing(AwsClient("cognito-identity", config)) as client:
        await client.call("GetId", {"IdentityPoolId": "eu-west-1:1-2"})
    assert stub.requests[0].path == "/identity"


@pytest.mark.amplify("B8")
@pytest.mark.parametrize(
    ("pool", "host"),
    [
        ("cn-north-1_abc", "cognito-idp.cn-north-1.amazonaws.com.cn"),
        ("eu-west-1_abc", "cognito-idp.eu-west-1.amazonaws.com"),
    ],
)
async def test_china_has_a_domain_of_its_own(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, pool: str, host: str
) -> None:
    asked = []

    async def getaddrinfo(self: object, name: str, *_: object, **__: object) -> list[Any]:
        asked.append(name)
        raise OSError("this test knows no names")

    monkeypatch.setattr("asyncio.BaseEventLoop.getaddrinfo", getaddrinfo)
    client = connect(user_pool_id=pool, user_pool_endpoint=None, max_attempts=1)
    with pytest.raises(NetworkError, match=host):
        await client.call("GetUser", {"AccessToken": "t"})
    assert asked == [host]


async def test_timestamps_become_datetimes_in_utc(client: AwsClient, stub: Stub) -> None:
    stub.reply(
        json={
            "Devices": [
                {"DeviceKey": "k", "DeviceCreateDate": 1700000000.123, "DeviceLastModifiedDate": 1700000001},
                {"DeviceKey": "l", "DeviceCreateDate": None},
            ],
            "PaginationToken": "p",
        }
    )
    answer = await client.call("ListDevices", {"AccessToken": "t"})
    assert answer == {
        "Devices": [
            {
                "DeviceKey": "k",
                "DeviceCreateDate": datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC),
                "DeviceLastModifiedDate": datetime(2023, 11, 14, 22, 13, 21, tzinfo=UTC),
            },
            {"DeviceKey": "l", "DeviceCreateDate": None},
        ],
        "PaginationToken": "p",
    }


async def test_a_document_keeps_its_members(client: AwsClient, stub: Stub) -> None:
    credential = {"id": "x", "response": {"transports": ["usb", None], "n": 1.5, "yes": True}}
    await client.call("CompleteWebAuthnRegistration", {"AccessToken": "t", "Credential": credential})
    assert stub.requests[0].members["Credential"] == credential


async def test_many_first_callers_share_one_client(
    connect: Connect, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await connect().call("GetUser", {"AccessToken": "t"})  # so that the module is there to be patched
    from aiocognito._gateways.aws import connection

    made = []
    prepare = connection.prepare

    def counted(*args: Any) -> Any:
        made.append(1)
        return prepare(*args)

    monkeypatch.setattr(connection, "prepare", counted)
    client = connect()
    async with asyncio.TaskGroup() as tasks:
        for number in range(50):
            tasks.create_task(client.call("GetUser", {"AccessToken": f"t{number}"}))
    assert made == [1]
    assert {request.members["AccessToken"] for request in stub.requests[1:]} == {f"t{n}" for n in range(50)}


async def test_connections_are_kept_and_carry_no_cookies(connect: Connect, stub: Stub) -> None:
    client = connect(stub.url.replace("127.0.0.1", "localhost"))  # an address has no cookies anyway
    stub.reply(json={}, headers={"Set-Cookie": "AWSALB=of-another-user"})
    for _ in range(3):
        await client.call("GetUser", {"AccessToken": "t"})
    assert stub.connections == 1
    assert not any("cookie" in request.headers for request in stub.requests)


async def test_a_cancelled_first_caller_fails_no_other_caller(client: AwsClient, stub: Stub) -> None:
    first = asyncio.create_task(client.call("GetUser", {"AccessToken": "first"}))
    second = asyncio.create_task(client.call("GetUser", {"AccessToken": "second"}))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == {}
    assert first.cancelled()
    assert [request.members["AccessToken"] for request in stub.requests] == ["second"]


async def test_a_cancelled_call_leaves_at_once_and_harms_no_other(client: AwsClient, stub: Stub) -> None:
    stub.reply(fate="hang", json={"Username": "late"})
    call = asyncio.create_task(client.call("GetUser", {"AccessToken": "t"}))
    await stub.asked()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    stub.reply(json={"Username": "next"})
    assert await client.call("GetUser", {"AccessToken": "t"}) == {"Username": "next"}


async def test_a_client_that_could_not_be_made_is_made_at_the_next_call(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    await connect().call("GetUser", {"AccessToken": "t"})
    from aiocognito._gateways.aws import connection

    def fail(*_: object) -> None:
        raise MemoryError("just now")

    client = connect()
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    with monkeypatch.context() as patch:
        patch.setattr(connection, "prepare", fail)
        with pytest.raises(MemoryError):
            await client.call("GetUser", {"AccessToken": "t"})
        leaver = asyncio.create_task(client.call("GetUser", {"AccessToken": "t"}))
        await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.wait([leaver])
        while client._connecting.running() is not None:  # noqa: ASYNC110 - a thread is at it
            await asyncio.sleep(0)
        gc.collect()
    asyncio.get_running_loop().set_exception_handler(None)
    assert complaints == []
    assert await client.call("GetUser", {"AccessToken": "t"}) == {}


def test_an_event_loop_that_ends_while_the_client_is_made(caplog: pytest.LogCaptureFixture) -> None:
    config = AuthConfig(user_pool_id="eu-west-1_abc", user_pool_endpoint="http://127.0.0.1:1")

    async def leave() -> asyncio.Task[Any]:
        call = asyncio.create_task(AwsClient("cognito-idp", config).call("GetUser", {"AccessToken": "t"}))
        await asyncio.sleep(0)
        return call

    assert asyncio.run(leave()).cancelled()
    assert caplog.messages == []


async def test_a_second_event_loop_gets_an_error(client: AwsClient) -> None:
    await client.call("GetUser", {"AccessToken": "t"})

    def elsewhere() -> None:
        with pytest.raises(RuntimeError, match="event loop"):
            asyncio.run(client.call("GetUser", {"AccessToken": "t"}))
        with pytest.raises(RuntimeError, match="event loop"):
            asyncio.run(client.aclose())

    await anyio.to_thread.run_sync(elsewhere)
    assert await client.call("GetUser", {"AccessToken": "t"}) == {}


async def test_closing_twice_is_fine_and_a_call_after_it_is_not(client: AwsClient, stub: Stub) -> None:
    await client.call("GetUser", {"AccessToken": "t"})
    await client.aclose()
    await client.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await client.call("GetUser", {"AccessToken": "t"})
    assert len(stub.requests) == 1


async def test_a_client_that_was_never_used_closes(connect: Connect) -> None:
    client = connect()
    await client.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await client.call("GetUser", {"AccessToken": "t"})


async def test_closing_while_the_client_is_made_opens_nothing(client: AwsClient, stub: Stub) -> None:
    call = asyncio.create_task(client.call("GetUser", {"AccessToken": "t"}))
    await asyncio.sleep(0)
    await client.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await call
    assert stub.requests == []


async def test_closing_ends_the_calls_under_way_and_tries_none_again(client: AwsClient, stub: Stub) -> None:
    stub.reply(fate="hang")
    call = asyncio.create_task(client.call("GetUser", {"AccessToken": "t"}, repeatable=True))
    await stub.asked()
    await client.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await call
    assert len(stub.requests) == 1


async def test_a_proxy_of_the_environment_is_used_beyond_this_machine(
    connect: Connect, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", stub.url)
    client = connect("http://cognito.example/", allow_insecure_http=True)
    await client.call("GetUser", {"AccessToken": "t"})
    assert stub.requests[0].headers["host"] == "cognito.example"


async def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    client: AwsClient, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    await client.call("GetUser", {"AccessToken": "t"})
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    ("operation", "members", "named"),
    [
        ("RevokeEverything", {}, "RevokeEverything"),
        ("GetUser", {"AccessToken": "a", "Hologram": {}, "Aura": 1}, "GetUser's Aura, Hologram"),
    ],
)
async def test_what_an_older_botocore_does_not_know_is_reported(
    client: AwsClient, stub: Stub, operation: str, members: dict[str, Any], named: str
) -> None:
    with pytest.raises(AuthConfigError, match=f"does not know {named}") as caught:
        await client.call(operation, members)
    assert "newer aiobotocore" in str(caught.value.recovery_suggestion)
    assert stub.requests == []
