"""boto3 against our emulator's identity pools: administered, asked, and the credentials used."""

from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import anyio.to_thread
import boto3
import pytest
from aiohttp import web
from attrs import define, field
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from aiocognito.emulator import CognitoEmulator
from helpers.boto3_calls import Boto3Calls

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
PEOPLE, EDITORS = "arn:aws:iam::123456789012:role/people", "arn:aws:iam::123456789012:role/editors"


@pytest.fixture
async def root(emulator: CognitoEmulator) -> AsyncIterator[Boto3Calls]:
    """The identity-pool API in the name of some account's root."""
    account = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    with closing(
        boto3.client("cognito-identity", "us-east-1", endpoint_url=emulator.url, **account)
    ) as client:
        yield Boto3Calls(client)


@pytest.fixture
async def app(emulator: CognitoEmulator) -> AsyncIterator[Boto3Calls]:
    """The identity-pool API as an application has it: without credentials."""
    config = Config(signature_version=UNSIGNED)
    with closing(
        boto3.client("cognito-identity", "us-east-1", endpoint_url=emulator.url, config=config)
    ) as client:
        yield Boto3Calls(client)


@pytest.fixture
async def people(emulator: CognitoEmulator) -> Any:
    pool = await emulator.create_user_pool()
    await pool.add_user("ana", PASSWORD)
    return pool


async def logins(emulator: CognitoEmulator, people: Any) -> dict[str, str]:
    """Sign ana in; return the login."""
    answer = await emulator.call(
        "InitiateAuth",
        ClientId=people.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ana", "PASSWORD": PASSWORD},
    )
    return {f"cognito-idp.us-east-1.amazonaws.com/{people.id}": answer["AuthenticationResult"]["IdToken"]}


@pytest.mark.in_process
async def test_an_identity_pool_from_its_making_to_its_end(
    emulator: CognitoEmulator, root: Boto3Calls, app: Boto3Calls, people: Any
) -> None:
    provider = f"cognito-idp.us-east-1.amazonaws.com/{people.id}"
    made = await root(
        "create_identity_pool",
        IdentityPoolName="people",
        AllowUnauthenticatedIdentities=True,
        CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": people.client_id}],
        IdentityPoolTags={"stage": "test"},
    )
    pool = {"IdentityPoolId": made["IdentityPoolId"]}
    rule = {"Claim": "cognito:username", "MatchType": "Equals", "Value": "ana", "RoleARN": EDITORS}
    mapping = {
        "Type": "Rules",
        "AmbiguousRoleResolution": "Deny",
        "RulesConfiguration": {"Rules": [rule]},
    }
    name = f"{provider}:{people.client_id}"
    await root(
        "set_identity_pool_roles", **pool, Roles={"unauthenticated": PEOPLE}, RoleMappings={name: mapping}
    )
    roles = await root("get_identity_pool_roles", **pool)
    assert (roles["Roles"], roles["RoleMappings"]) == ({"unauthenticated": PEOPLE}, {name: mapping})
    listed = await root("list_identity_pools", MaxResults=10)
    assert listed["IdentityPools"] == [{**pool, "IdentityPoolName": "people"}]

    guest = await app("get_id", **pool)
    identity = {"IdentityId": guest["IdentityId"]}
    answer = await app("get_credentials_for_identity", **identity)
    assert emulator.credentials_of(answer["Credentials"]["AccessKeyId"]).role_arn == PEOPLE
    assert answer["Credentials"]["Expiration"] > datetime.now(UTC)
    answer = await app("get_credentials_for_identity", **identity, Logins=await logins(emulator, people))
    assert answer["IdentityId"] == guest["IdentityId"]
    assert emulator.credentials_of(answer["Credentials"]["AccessKeyId"]).role_arn == EDITORS
    assert await app.refused("get_credentials_for_identity", **identity) == "NotAuthorizedException"
    assert await app.refused("get_open_id_token", **identity) == "InvalidParameterException"

    described = await root("describe_identity", **identity)
    assert described["Logins"] == [provider]
    assert isinstance(described["CreationDate"], datetime)
    found = await root("list_identities", **pool, MaxResults=10)
    assert [entry["IdentityId"] for entry in found["Identities"]] == [guest["IdentityId"]]
    deleted = await root("delete_identities", IdentityIdsToDelete=[guest["IdentityId"]])
    assert deleted["UnprocessedIdentityIds"] == []
    assert await root.refused("describe_identity", **identity) == "ResourceNotFoundException"
    await root("delete_identity_pool", **pool)
    assert await app.refused("get_id", **pool) == "ResourceNotFoundException"


async def test_the_users_of_a_developer(emulator: CognitoEmulator, root: Boto3Calls) -> None:
    pool = await emulator.create_identity_pool(DeveloperProviderName="login.example")
    named = {"IdentityPoolId": pool.id}
    token = await root("get_open_id_token_for_developer_identity", **named, Logins={"login.example": "ana"})
    assert token["Token"].count(".") == 2
    found = await root("lookup_developer_identity", **named, DeveloperUserIdentifier="ana")
    assert found["IdentityId"] == token["IdentityId"]


@define
class Bucket:
    """An AWS service that checks the signature of requests."""

    emulator: CognitoEmulator
    url: str = ""
    seen: list[Any] = field(factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """Look up the access key, and sign the request again with its secret."""
        authorization = request.headers["Authorization"]
        key_id = authorization.partition("Credential=")[2].partition("/")[0]
        issued = self.emulator.credentials_of(key_id)
        signed = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        again = AWSRequest("GET", str(request.url), {name: request.headers[name] for name in signed})
        again.context["timestamp"] = request.headers["X-Amz-Date"]
        secret = Credentials(key_id, issued.secret_key, issued.session_token)
        signer = SigV4Auth(secret, "s3", "us-east-1")
        string = signer.string_to_sign(again, signer.canonical_request(again))
        assert authorization.endswith(f"Signature={signer.signature(string, again)}")
        assert request.headers["X-Amz-Security-Token"] == issued.session_token
        self.seen.append(issued)
        return web.Response(text="<ListAllMyBucketsResult/>", content_type="application/xml")


@pytest.fixture
async def bucket(emulator: CognitoEmulator) -> AsyncIterator[Bucket]:
    service = Bucket(emulator)
    app = web.Application()
    app.router.add_get("/", service.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    service.url = f"http://{host}:{port}"
    yield service
    await runner.cleanup()


@pytest.mark.in_process
async def test_the_credentials_sign_requests(
    emulator: CognitoEmulator, app: Boto3Calls, people: Any, bucket: Bucket
) -> None:
    pool = await emulator.create_identity_pool(user_pools=[people])
    login = await logins(emulator, people)
    identity = await app("get_id", IdentityPoolId=pool.id, Logins=login)
    answer = await app("get_credentials_for_identity", IdentityId=identity["IdentityId"], Logins=login)
    given = answer["Credentials"]
    keys = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretKey"],
        "aws_session_token": given["SessionToken"],
    }
    with closing(boto3.client("s3", "us-east-1", endpoint_url=bucket.url, **keys)) as s3:
        await anyio.to_thread.run_sync(s3.list_buckets)
    (seen,) = bucket.seen
    assert (seen.identity_id, seen.authenticated) == (identity["IdentityId"], True)
    assert seen.role_arn == pool.state.roles["authenticated"]
