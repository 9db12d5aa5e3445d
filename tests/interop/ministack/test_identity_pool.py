"""Our client gets AWS credentials from ministack's identity pool, and uses its S3 and DynamoDB with them."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

import anyio.to_thread
import boto3
import pytest
from attrs import evolve

from aiocognito import AuthClient
from aiocognito.integrations.aiobotocore import aws_session

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("ministack")]

PASSWORD = "Correct-Horse-1"
Pool = Any  # the conftest's class, which cannot be imported in this import mode


@pytest.fixture
async def aws(ministack: str) -> AsyncIterator[Callable[..., Any]]:
    """Call an AWS service of ministack's as the root of its account."""
    with ExitStack() as stack:

        async def call(service: str, operation: str, **arguments: Any) -> Any:
            client = stack.enter_context(
                closing(
                    boto3.client(
                        service,
                        endpoint_url=ministack,
                        region_name="us-east-1",
                        aws_access_key_id="test",
                        aws_secret_access_key="test",
                    )
                )
            )
            return await anyio.to_thread.run_sync(partial(getattr(client, operation), **arguments))

        yield call


@pytest.fixture
async def auth(pool: Pool, aws: Callable[..., Any]) -> AsyncIterator[AuthClient]:
    """A client of a user pool and an identity pool whose people may use S3 and DynamoDB."""
    provider = f"cognito-idp.us-east-1.amazonaws.com/{pool.id}"
    made = await aws(
        "cognito-identity",
        "create_identity_pool",
        IdentityPoolName="interop",
        AllowUnauthenticatedIdentities=True,
        CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": pool.config.user_pool_client_id}],
    )
    name = f"people-of-{pool.id}"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
            }
        ],
    }
    allowed = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:*", "dynamodb:*"], "Resource": "*"}],
    }
    role = await aws("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    await aws("iam", "put_role_policy", RoleName=name, PolicyName="p", PolicyDocument=json.dumps(allowed))
    await aws(
        "cognito-identity",
        "set_identity_pool_roles",
        IdentityPoolId=made["IdentityPoolId"],
        Roles={"authenticated": role["Role"]["Arn"]},
    )
    await pool.add_user("ana", PASSWORD, email="ana@example.com")
    config = evolve(
        pool.config,
        identity_pool_id=made["IdentityPoolId"],
        identity_pool_endpoint=pool.url,
        allow_guest_access=True,
    )
    async with AuthClient(config) as client:
        yield client


async def test_a_guest_signs_in(auth: AuthClient) -> None:
    guest = await auth.fetch_auth_session()
    assert guest.tokens is None
    assert guest.credentials is not None
    assert guest.credentials.expiration is not None
    await auth.sign_in("ana", PASSWORD)
    person = await auth.fetch_auth_session()
    assert person.identity_id == guest.identity_id
    assert person.credentials is not None
    assert person.credentials.access_key_id != guest.credentials.access_key_id
    assert (await auth.fetch_auth_session()).credentials == person.credentials
    await auth.sign_out()
    assert (await auth.fetch_auth_session()).identity_id != person.identity_id


async def test_the_credentials_open_s3(auth: AuthClient, pool: Pool) -> None:
    await auth.sign_in("ana", PASSWORD)
    bucket = f"bucket-{pool.id.lower().replace('_', '-')}"
    async with aws_session(auth).create_client("s3", "us-east-1", endpoint_url=pool.url) as s3:
        await s3.create_bucket(Bucket=bucket)
        await s3.put_object(Bucket=bucket, Key="a b/ä", Body=b"content")
        answer = await s3.get_object(Bucket=bucket, Key="a b/ä")
        assert await answer["Body"].read() == b"content"


async def test_the_credentials_open_dynamodb(auth: AuthClient, pool: Pool) -> None:
    await auth.sign_in("ana", PASSWORD)
    session = await aws_session(auth)
    async with session.create_client("dynamodb", "us-east-1", endpoint_url=pool.url) as dynamodb:
        await dynamodb.create_table(
            TableName=pool.id,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        await dynamodb.put_item(TableName=pool.id, Item={"id": {"S": "1"}, "x": {"S": "y"}})
        found = await dynamodb.get_item(TableName=pool.id, Key={"id": {"S": "1"}})
        assert found["Item"]["x"] == {"S": "y"}
