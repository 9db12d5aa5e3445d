"""The wire: JSON 1.1, headers, key sets, CORS, host names, steering."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from aiocognito.emulator import Call, CognitoEmulator
from aiocognito.emulator.http import answer_by_plan
from aiocognito.emulator.service_model import ServiceModel
from aiocognito.emulator.signing_keys import KeyPair
from aiocognito.emulator.site import Site
from helpers.api import EMAIL, PASSWORD, Answered, OnePair

Post = Callable[..., Awaitable[Answered]]
PAGE = "http://localhost:5173"


async def sign_in(post: Post, pool: Any) -> dict[str, Any]:
    parameters = {"USERNAME": "ana", "PASSWORD": PASSWORD}
    members = {"ClientId": pool.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    answered = await post("InitiateAuth", members)
    result: dict[str, Any] = answered.json()["AuthenticationResult"]
    return result


async def test_an_answer(emulator: CognitoEmulator, post: Post) -> None:
    """A response has Cognito's headers and form."""
    pool = await emulator.create_user_pool()
    await pool.add_user("ana", PASSWORD)
    result = await sign_in(post, pool)
    answered = await post("GetUser", {"AccessToken": result["AccessToken"]})
    assert answered.status == 200
    assert answered.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert len(answered.headers["x-amzn-RequestId"]) == 36
    assert answered.json()["Username"] == "ana"
    assert (await post("GlobalSignOut", {"AccessToken": result["AccessToken"]})).body == b"{}"
    assert emulator.calls == [
        Call("InitiateAuth", "cognito-idp", 200, None),
        Call("GetUser", "cognito-idp", 200, None),
        Call("GlobalSignOut", "cognito-idp", 200, None),
    ]


async def test_operations_without_an_output_respond_without_a_body(
    emulator: CognitoEmulator, post: Post
) -> None:
    """0 bytes of operations that the model has no output of, an empty object of the others."""
    pool = await emulator.create_user_pool()
    await pool.add_user("ana", PASSWORD)
    named = {"UserPoolId": pool.id}
    user, group = {**named, "Username": "ana"}, {**named, "GroupName": "g"}
    await post("CreateGroup", group)
    server = {**named, "Identifier": "api"}
    await post("CreateResourceServer", {**server, "Name": "API"})
    for operation, members, body in (
        ("AdminAddUserToGroup", {**user, **group}, b""),
        ("AdminRemoveUserFromGroup", {**user, **group}, b""),
        ("DeleteGroup", group, b""),
        ("DeleteResourceServer", server, b""),
        ("AdminDisableUser", user, b"{}"),
        ("AdminEnableUser", user, b"{}"),
        ("AdminSetUserPassword", {**user, "Password": PASSWORD, "Permanent": True}, b"{}"),
        ("UpdateUserPool", named, b"{}"),
    ):
        answered = await post(operation, members)
        assert (answered.status, answered.body) == (200, body), operation
    token = (await sign_in(post, pool))["AccessToken"]
    assert (await post("DeleteUser", {"AccessToken": token})).body == b""
    refused = await post("DeleteUser", {"AccessToken": token})
    assert (refused.status, refused.json()["__type"]) == (400, "UserNotFoundException")
    answered = await post("DeleteUserPoolClient", {**named, "ClientId": pool.client_id})
    assert (answered.headers["Content-Length"], answered.body) == ("0", b"")


async def test_a_refusal(emulator: CognitoEmulator, post: Post) -> None:
    """A refusal has the code in its body and in a header."""
    schema = [{"Name": "name", "AttributeDataType": "String", "Required": True}]
    pool = await emulator.create_user_pool(Schema=schema)
    answered = await post("SignUp", {"ClientId": pool.client_id, "Username": "ana", "Password": PASSWORD})
    text = (
        "Attributes did not conform to the schema: name.formatted: The attribute name.formatted is required"
    )
    assert answered.status == 400
    assert answered.json() == {"__type": "InvalidParameterException", "message": text}
    assert answered.headers["x-amzn-ErrorType"] == "InvalidParameterException:"
    assert answered.headers["x-amzn-ErrorMessage"] == text
    assert len(answered.headers["x-amzn-RequestId"]) == 36
    assert emulator.calls == [Call("SignUp", "cognito-idp", 400, "InvalidParameterException")]


async def test_targets_that_are_not_operations(
    emulator: CognitoEmulator, post: Post, http: aiohttp.ClientSession
) -> None:
    assert (await post("Nonsense", {})).json()["__type"] == "UnknownOperationException"
    assert (await post("GetUser", {}, prefix="DynamoDB_20120810")).json()[
        "__type"
    ] == "UnknownOperationException"
    async with http.post(emulator.url, data=b"{}") as response:
        assert response.status == 400
        assert response.headers["x-amzn-ErrorType"] == "UnknownOperationException:"
    assert (await post("GetUser", b"{")).json()["__type"] == "SerializationException"
    async with http.get(f"{emulator.url}/nothing") as response:
        assert response.status == 404
        assert len(response.headers["x-amzn-RequestId"]) == 36


async def test_key_set_and_discovery(
    emulator: CognitoEmulator, http: aiohttp.ClientSession, key_pair: KeyPair
) -> None:
    pool = await emulator.create_user_pool()
    base = f"{emulator.url}/{pool.id}/.well-known"
    async with http.get(f"{base}/jwks.json") as response:
        assert response.content_type == "application/json"
        keys = (await response.json())["keys"]
    assert {key["kid"] for key in keys} == {key_pair.access.kid, key_pair.id.kid}
    assert all(key.keys() == {"alg", "e", "kid", "kty", "n", "use"} for key in keys)
    async with http.get(f"{base}/openid-configuration") as response:
        found = await response.json()
    assert found["issuer"] == f"https://cognito-idp.us-east-1.amazonaws.com/{pool.id}"
    assert found["jwks_uri"] == f"{base}/jwks.json"
    for name in ("jwks.json", "openid-configuration"):
        async with http.get(f"{emulator.url}/us-east-1_none/.well-known/{name}") as response:
            assert response.status == 404
    assert [(call.operation, call.service, call.status) for call in emulator.calls] == [
        ("GetJwks", "well-known", 200),
        ("GetOpenIdConfiguration", "well-known", 200),
        ("GetJwks", "well-known", 404),
        ("GetOpenIdConfiguration", "well-known", 404),
    ]


# Steering


async def test_messages(emulator: CognitoEmulator, post: Post, http: aiohttp.ClientSession) -> None:
    """The outbox can be read over HTTP."""
    pool = await emulator.create_user_pool()
    attributes = [{"Name": "email", "Value": EMAIL}]
    members = {"Username": "ana", "Password": PASSWORD, "UserAttributes": attributes}
    await post("SignUp", {"ClientId": pool.client_id, **members})
    async with http.get(f"{emulator.url}/_emulator/messages") as response:
        found = await response.json()
    code = await emulator.outbox.next_code(EMAIL)
    assert found == [
        {
            "to": EMAIL,
            "username": "ana",
            "medium": "EMAIL",
            "code": code,
            "purpose": "sign_up",
            "user_pool_id": pool.id,
            "subject": "Your verification code",
            "text": f"Your confirmation code is {code}",
        }
    ]


async def test_the_clock(emulator: CognitoEmulator, http: aiohttp.ClientSession) -> None:
    """The clock can be advanced over HTTP."""
    before = emulator.clock()
    async with http.post(f"{emulator.url}/_emulator/clock", json={"advance": 86_400}) as response:
        assert (await response.json())["now"] >= before + 86_400
    assert emulator.clock() >= before + 86_400
    bodies: tuple[object, ...] = ({"advance": "1"}, {"advance": True}, {}, [], None)
    for body in bodies:
        async with http.post(f"{emulator.url}/_emulator/clock", json=body) as response:
            assert response.status == 400
    async with http.post(f"{emulator.url}/_emulator/clock", data=b"{") as response:
        assert response.status == 400


async def test_faults_over_http(emulator: CognitoEmulator, post: Post, http: aiohttp.ClientSession) -> None:
    """Faults are planned over HTTP, and mistakes are named."""
    plan = {"operation": "GetUser", "error": "TooManyRequestsException"}
    async with http.post(f"{emulator.url}/_emulator/faults", json=plan) as response:
        assert response.status == 200
    assert (await post("GetUser", {"AccessToken": "a"})).json()["__type"] == "TooManyRequestsException"
    for body, text in (
        ({}, "operation is missing"),
        ({"operation": "GetUser"}, "a fault needs an error, a latency"),
        ({"operation": "GetUser", "errr": "X"}, "unknown member 'errr': did you mean 'error'?"),
        ({"operation": "GetUsr", "status": 500}, "unknown operation 'GetUsr': did you mean 'GetUser'?"),
        ({"operation": "GetUser", "status": "500"}, "status must be int"),
    ):
        async with http.post(f"{emulator.url}/_emulator/faults", json=body) as response:
            assert response.status == 400
            assert (await response.text()).startswith(f"not a fault: {text}")


# Browsers


async def test_pages_of_this_machine_may_call(
    emulator: CognitoEmulator, post: Post, http: aiohttp.ClientSession
) -> None:
    for origin in (PAGE, "http://127.0.0.1:3000", "https://app.localhost", "http://[::1]:80"):
        asked = {"Origin": origin, "Access-Control-Request-Headers": "x-amz-target,content-type"}
        async with http.options(emulator.url, headers=asked) as response:
            assert response.status == 204
            assert response.headers["Access-Control-Allow-Origin"] == origin
            assert response.headers["Access-Control-Allow-Headers"] == "x-amz-target,content-type"
        answered = await post("GetUser", {"AccessToken": "a"}, Origin=origin)
        assert answered.headers["Access-Control-Allow-Origin"] == origin
        assert "x-amzn-ErrorType" in answered.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    "origin", ["https://example.com", "null", "http://localhost.example.com", "http://127.0.0.1.example.com"]
)
async def test_other_pages_may_not(
    emulator: CognitoEmulator, post: Post, http: aiohttp.ClientSession, origin: str
) -> None:
    async with http.options(emulator.url, headers={"Origin": origin}) as response:
        assert response.status == 405
        assert "Access-Control-Allow-Origin" not in response.headers
    answered = await post("GetUser", {"AccessToken": "a"}, Origin=origin)
    assert "Access-Control-Allow-Origin" not in answered.headers


@pytest.mark.parametrize("path", ["/oauth2/authorize", "/login", "/logout", "/error", "/confirmUser"])
async def test_scripts_of_other_pages_do_not_read_the_hosted_uis(
    emulator: CognitoEmulator, http: aiohttp.ClientSession, path: str
) -> None:
    for send in (http.get, http.options):
        async with send(emulator.url + path, headers={"Origin": PAGE}) as response:
            assert "Access-Control-Allow-Origin" not in response.headers


async def test_pages_neither_administer_nor_steer(
    emulator: CognitoEmulator, post: Post, http: aiohttp.ClientSession
) -> None:
    answered = await post("CreateUserPool", {"PoolName": "people"}, Origin=PAGE)
    assert answered.status == 403
    assert emulator.state.pools == {}
    for send in (http.get, http.options):
        async with send(f"{emulator.url}/_emulator/messages", headers={"Origin": PAGE}) as response:
            assert response.status == 403
            assert "Access-Control-Allow-Origin" not in response.headers
    # A page of the emulator's own may.
    async with http.get(f"{emulator.url}/_emulator/messages", headers={"Origin": emulator.url}) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "127.0.0.1.example.com",
        "192.168.1.1",
        "[::2]:80",
        "",
        "localhost:1@evil.example.com",
        "localhost:port",
        "[::1]evil.example.com",
    ],
)
async def test_strange_hosts(emulator: CognitoEmulator, http: aiohttp.ClientSession, host: str) -> None:
    """DNS rebinding: a page's own host name that leads here."""
    async with http.get(f"{emulator.url}/_emulator/messages", headers={"Host": host}) as response:
        assert response.status == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:80", "pool.localhost:9229", "LOCALHOST"])
async def test_known_hosts(emulator: CognitoEmulator, http: aiohttp.ClientSession, host: str) -> None:
    """Names and addresses of this machine are accepted."""
    async with http.get(f"{emulator.url}/_emulator/messages", headers={"Host": host}) as response:
        assert response.status == 200


async def test_beyond_loopback(key_pair: KeyPair, http: aiohttp.ClientSession) -> None:
    """Administration requires the token."""
    keys = OnePair(key_pair)
    async with CognitoEmulator(host="0.0.0.0", keys=keys, allowed_hosts=["cognito"]) as emulator:
        assert emulator.url.startswith("http://127.0.0.1:")
        assert emulator.token is not None
        assert len(emulator.token) > 40
        assert emulator.token not in repr(emulator)
        messages = f"{emulator.url}/_emulator/messages"
        admin = {"X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools"}
        user = {"X-Amz-Target": "AWSCognitoIdentityProviderService.GetUser"}
        for bad in (
            {},
            {"Authorization": "Bearer nonsense"},
            {"Authorization": "AWS4-HMAC-SHA256 Credential=x"},
        ):
            async with http.get(messages, headers=bad) as response:
                assert response.status == 401
            async with http.post(emulator.url, headers={**admin, **bad}, json={"MaxResults": 1}) as response:
                assert response.status == 401
        for good in (
            {"Authorization": f"Bearer {emulator.token}"},
            {"X-Emulator-Token": emulator.token, "Authorization": "AWS4-HMAC-SHA256 Credential=x"},
        ):
            async with http.get(messages, headers=good) as response:
                assert response.status == 200
            async with http.post(emulator.url, headers={**admin, **good}, json={"MaxResults": 1}) as response:
                assert response.status == 200
        # What people call with their own credentials needs no other.
        async with http.post(emulator.url, headers=user, json={"AccessToken": "a"}) as response:
            assert response.status == 400
        for host, status in (("cognito:80", 400), ("192.168.1.7", 400), ("evil.example.com", 403)):
            async with http.post(emulator.url, headers={**user, "Host": host}, json={}) as response:
                assert response.status == status


# Faults


async def test_errors(emulator: CognitoEmulator, post: Post) -> None:
    """Planned errors come as Cognito's own do."""
    body = {"AccessToken": "a"}
    emulator.faults.add("GetUser", error="TooManyRequestsException", times=2)
    emulator.faults.add("GetUser", error="InternalErrorException")
    emulator.faults.add("GetUser", status=503)
    emulator.faults.add("GetUser", status=429)
    emulator.faults.add("GetUser", error="NotAuthorizedException", message="No.", status=401)
    found = [await post("GetUser", body) for _ in range(7)]
    assert [(answered.status, answered.json()["__type"]) for answered in found] == [
        (400, "TooManyRequestsException"),
        (400, "TooManyRequestsException"),
        (500, "InternalErrorException"),
        (503, "InternalErrorException"),
        (429, "TooManyRequestsException"),
        (401, "NotAuthorizedException"),
        (400, "NotAuthorizedException"),
    ]
    assert found[0].json()["message"] == "Rate exceeded"
    assert found[5].json()["message"] == "No."
    assert found[6].json()["message"] == "Invalid Access Token"
    assert [call.status for call in emulator.calls] == [400, 400, 500, 503, 429, 401, 400]


async def test_any_operation_and_all_to_come(emulator: CognitoEmulator, post: Post) -> None:
    emulator.faults.add("*", error="InternalErrorException", times=None)
    for operation in ("GetUser", "GetUser", "GlobalSignOut"):
        assert (await post(operation, {"AccessToken": "a"})).status == 500
    emulator.faults.clear()
    assert (await post("GetUser", {"AccessToken": "a"})).status == 400


async def test_latency(emulator: CognitoEmulator, post: Post) -> None:
    """A planned latency delays a request."""
    emulator.faults.add("GetUser", latency=30)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await post("GetUser", {"AccessToken": "a"})
    emulator.faults.add("GetUser", latency=0.001)
    answered = await post("GetUser", {"AccessToken": "a"})
    assert answered.json()["message"] == "Invalid Access Token"


@pytest.mark.parametrize(("cut", "users"), [("before", 0), ("after", 1)])
async def test_cut_connections(emulator: CognitoEmulator, post: Post, cut: Any, users: int) -> None:
    """A cut connection leaves the operation undone or done, as planned."""
    pool = await emulator.create_user_pool()
    emulator.faults.add("SignUp", cut=cut)
    members = {"ClientId": pool.client_id, "Username": "ana", "Password": PASSWORD}
    with pytest.raises(aiohttp.ClientError):
        await post("SignUp", members)
    assert len(pool.state.users) == users
    assert emulator.calls == [Call("SignUp", "cognito-idp", None, None)]


async def test_answers_that_are_not_json(emulator: CognitoEmulator, post: Post) -> None:
    pool = await emulator.create_user_pool()
    members = {"ClientId": pool.client_id, "Username": "ana", "Password": PASSWORD}
    emulator.faults.add("SignUp", malformed=True)
    answered = await post("SignUp", members)
    assert (answered.status, answered.body) == (200, b"neither JSON nor a page")
    assert len(pool.state.users) == 1
    emulator.faults.add("SignUp", malformed=True, status=502)
    assert (await post("SignUp", members)).status == 502


async def test_faults_of_the_key_set(emulator: CognitoEmulator, http: aiohttp.ClientSession) -> None:
    pool = await emulator.create_user_pool()
    emulator.faults.add("GetJwks", status=500)
    for status in (500, 200):
        async with http.get(f"{emulator.url}/{pool.id}/.well-known/jwks.json") as response:
            assert response.status == status


async def test_a_key_set_that_is_not_json(emulator: CognitoEmulator, http: aiohttp.ClientSession) -> None:
    pool = await emulator.create_user_pool()
    emulator.faults.add("GetJwks", malformed=True)
    async with http.get(f"{emulator.url}/{pool.id}/.well-known/jwks.json") as response:
        assert response.content_type == "text/html"


async def _never() -> Any:
    raise AssertionError("it was to be cut off before")


async def test_a_cut_of_what_is_gone_already(emulator: CognitoEmulator, model: ServiceModel) -> None:
    site = Site(emulator.state, model, emulator.faults, emulator.calls, frozenset(), asyncio.Event())
    gone: Any = SimpleNamespace(transport=None)
    emulator.faults.add("GetUser", cut="before")
    response = await answer_by_plan(site, gone, "GetUser", _never)
    assert response.status == 500
    assert emulator.calls == [Call("GetUser", "cognito-idp", None, None)]


@pytest.mark.parametrize("plan", [{}, {"cut": "sideways"}])
def test_faults_that_cannot_be(plan: dict[str, Any]) -> None:
    emulator = CognitoEmulator()
    with pytest.raises(ValueError, match=r"a fault needs|cut must be"):
        emulator.faults.add("GetUser", **plan)


async def test_a_long_refused_value_does_not_make_the_headers_long(post: Post) -> None:
    """Node.js refuses more than 16 KiB of headers, and Python's http.client lines of 64 KiB."""
    answered = await post(
        "CreateUserPool", {"PoolName": "p", "EmailVerificationMessage": "{####}" + "x" * 70_000}
    )
    assert answered.status == 400
    assert sum(len(name) + len(value) for name, value in answered.headers.items()) < 2_000
    assert len(answered.json()["message"]) > 70_000
    shown = answered.headers["x-amzn-ErrorMessage"]
    assert shown.startswith("1 validation error detected: ")
    assert len(shown) == 1_024
