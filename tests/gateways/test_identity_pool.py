"""What goes to an identity pool over the wire, and what is made of its answers."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from aiocognito import AuthConfig
from aiocognito._gateways.aws.client import AwsClient
from aiocognito._gateways.aws.retry import RetryPolicy
from aiocognito._gateways.identity_pool import IdentityPool
from aiocognito.errors import (
    GetCredentialsForIdentityException,
    GetIdException,
    GetIdResponseException,
    NetworkError,
    NotAuthorizedException,
    TooManyRequestsException,
)
from helpers.stub_server import Stub

POOL = "us-east-1:0e1f2a3b-0000-4000-8000-000000000000"
ID = "us-east-1:11111111-0000-4000-8000-000000000000"
KEYS = {"AccessKeyId": "ASIA1", "SecretKey": "s3cr3t", "SessionToken": "t0k3n", "Expiration": 1442877512.0}
LOGINS = {"cognito-idp.us-east-1.amazonaws.com/us-east-1_x": "id-t0k3n"}


@pytest.fixture
async def pool(stub: Stub) -> AsyncIterator[IdentityPool]:
    async def sleep(seconds: float) -> None:
        return

    config = AuthConfig(identity_pool_id=POOL, identity_pool_endpoint=stub.url)
    client = AwsClient("cognito-identity", config, retries=RetryPolicy(3, sleep=sleep))
    yield IdentityPool(POOL, client)
    await client.aclose()


@pytest.mark.parametrize("logins", [{}, LOGINS])
async def test_get_id(pool: IdentityPool, stub: Stub, logins: dict[str, str]) -> None:
    """GetId sends the logins, and returns the identity id."""
    stub.reply(json={"IdentityId": ID})
    assert await pool.get_id(logins) == ID
    (request,) = stub.requests
    assert request.operation == "GetId"
    assert request.headers["x-amz-target"] == "AWSCognitoIdentityService.GetId"
    assert "authorization" not in request.headers
    assert request.members == {"IdentityPoolId": POOL, "Logins": logins}


async def test_credentials(pool: IdentityPool, stub: Stub) -> None:
    """The mapping of Amplify's own fixtures: seconds since the epoch become a date."""
    stub.reply(json={"IdentityId": "another", "Credentials": KEYS})
    issued = await pool.get_credentials_for_identity(ID, LOGINS, custom_role_arn="arn:aws:iam::1:role/r")
    assert issued.identity_id == "another"
    found = issued.credentials
    assert found is not None
    assert (found.access_key_id, found.secret_access_key, found.session_token) == ("ASIA1", "s3cr3t", "t0k3n")
    assert found.expiration == datetime(2015, 9, 21, 23, 18, 32, tzinfo=UTC)
    assert stub.requests[0].members == {
        "IdentityId": ID,
        "Logins": LOGINS,
        "CustomRoleArn": "arn:aws:iam::1:role/r",
    }
    assert "s3cr3t" not in repr(issued)
    assert "s3cr3t" not in repr(found)
    assert "t0k3n" not in repr(found)


async def test_a_guest_s_credentials_are_asked_for_without_logins(pool: IdentityPool, stub: Stub) -> None:
    stub.reply(json={"Credentials": {"AccessKeyId": "A", "SecretKey": "S"}})
    issued = await pool.get_credentials_for_identity(ID)
    assert stub.requests[0].members == {"IdentityId": ID}
    assert issued.identity_id == ID
    assert issued.credentials is not None
    assert (issued.credentials.session_token, issued.credentials.expiration) == (None, None)


@pytest.mark.parametrize(
    "answer",
    [{}, {"Credentials": None}, {"Credentials": {}}]
    + [
        {"Credentials": {**KEYS, name: value}}
        for name in ("AccessKeyId", "SecretKey")
        for value in (None, "")
    ],
)
async def test_keys_that_are_missing(pool: IdentityPool, stub: Stub, answer: dict[str, Any]) -> None:
    stub.reply(json={"IdentityId": ID, **answer})
    assert (await pool.get_credentials_for_identity(ID)).credentials is None


@pytest.mark.parametrize("answer", [{}, {"IdentityId": ""}, {"IdentityId": 5}])
async def test_an_id_that_is_missing(pool: IdentityPool, stub: Stub, answer: dict[str, Any]) -> None:
    stub.reply(json=answer)
    with pytest.raises(GetIdResponseException):
        await pool.get_id({})


async def test_refusals(pool: IdentityPool, stub: Stub) -> None:
    """Errors of GetId are of Amplify's classes."""
    stub.refuse("NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")
    with pytest.raises(NotAuthorizedException, match="Unauthenticated") as refusal:
        await pool.get_id({})
    assert isinstance(refusal.value, GetIdException)
    stub.refuse("TooManyRequestsException", "Rate exceeded")
    with pytest.raises(TooManyRequestsException) as throttled:
        await pool.get_credentials_for_identity(ID)
    assert isinstance(throttled.value, GetCredentialsForIdentityException)
    assert throttled.value.retryable
    assert len(stub.requests) == 4


async def test_what_is_sent_again_without_a_response(pool: IdentityPool, stub: Stub) -> None:
    stub.reply(fate="cut")
    stub.reply(json={"IdentityId": ID})
    assert await pool.get_id({}) == ID
    stub.reply(fate="cut")
    stub.reply(json={"IdentityId": ID, "Credentials": KEYS})
    assert (await pool.get_credentials_for_identity(ID)).credentials is not None
    assert stub.operations == ["GetId"] * 2 + ["GetCredentialsForIdentity"] * 2
    for _ in range(3):
        stub.reply(fate="cut")
    with pytest.raises(NetworkError):
        await pool.get_credentials_for_identity(ID)
