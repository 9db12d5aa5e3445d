"""The domains of AWS's partitions, against botocore's own table."""

import inspect
import json
from pathlib import Path
from typing import Any

import botocore
import botocore.session
import pytest

from aiocognito import AuthClient, AuthConfig, TokenVerifier
from aiocognito._partitions import partition_of, service_host
from aiocognito.emulator import CognitoEmulator
from aiocognito.errors import TokenIssuerError
from helpers.clock import NOW
from helpers.tokens import access_claims, jwks, key

PARTITIONS: list[dict[str, Any]] = json.loads(
    (Path(inspect.getfile(botocore)).parent / "data" / "partitions.json").read_text()
)["partitions"]
REGIONS = [(region, each) for each in PARTITIONS for region in each["regions"]]
SERVICES = ("cognito-idp", "cognito-identity")


@pytest.mark.parametrize(("region", "partition"), REGIONS, ids=[region for region, _ in REGIONS])
def test_each_region_of_botocore_is_in_botocore_s_partition(region: str, partition: dict[str, Any]) -> None:
    found = partition_of(region)
    assert (found.name, found.dns_suffix) == (partition["id"], partition["outputs"]["dnsSuffix"])


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("eusc-de-west-2", "aws-eusc"),
        ("cn-south-7", "aws-cn"),
        ("us-gov-north-1", "aws-us-gov"),
        ("us-isob-south-3", "aws-iso-b"),
        ("us-east-9", "aws"),
        ("local", "aws"),
        ("xcn-north-1", "aws"),
        ("cn-north-1.evil", "aws"),
    ],
)
def test_a_region_that_is_not_listed_goes_by_its_pattern(region: str, name: str) -> None:
    assert partition_of(region).name == name


@pytest.mark.parametrize(
    "region",
    [
        "cn-north-1",
        "eu-isoe-west-1",
        "eusc-de-east-1",
        "us-east-1",
        "us-gov-west-1",
        "us-iso-east-1",
        "us-isob-east-1",
        "us-isof-south-1",
    ],
)
@pytest.mark.parametrize("service", SERVICES)
def test_endpoints_are_those_that_botocore_s_own_client_has(service: str, region: str) -> None:
    session = botocore.session.get_session()
    client = session.create_client(
        service, region_name=region, aws_access_key_id="x", aws_secret_access_key="y"
    )
    assert f"https://{service_host(service, region)}" == client.meta.endpoint_url


@pytest.mark.parametrize("region", ["cn-north-1", "eusc-de-east-1", "us-gov-west-1", "us-east-1"])
async def test_the_verifier_accepts_the_issuer_of_the_partition_and_no_other(region: str) -> None:
    pool = f"{region}_Abc"
    verifier = TokenVerifier(
        user_pool_id=pool,
        client_ids="client",
        token_use="access",
        jwks=jwks(key()),
        clock=lambda: NOW,
    )
    issuer = f"https://cognito-idp.{region}.{partition_of(region).dns_suffix}/{pool}"
    assert (await verifier.verify(key().token(access_claims(iss=issuer))))["iss"] == issuer
    wrong = issuer.replace(partition_of(region).dns_suffix, "amazonaws.example")
    with pytest.raises(TokenIssuerError):
        await verifier.verify(key().token(access_claims(iss=wrong)))


@pytest.mark.parametrize("region", ["cn-north-1", "eusc-de-east-1", "us-gov-west-1"])
async def test_tokens_of_an_emulator_in_another_partition_are_accepted(region: str) -> None:
    async with CognitoEmulator(region=region) as emulator:
        users = await emulator.create_user_pool()
        await users.add_user("ana", "Correct-horse-7")
        pool = await emulator.create_identity_pool(user_pools=[users])
        async with AuthClient(pool.config, clock=emulator.clock) as auth:
            await auth.sign_in("ana", "Correct-horse-7")
            session = await auth.fetch_auth_session()
            assert session.tokens is not None
            token = session.tokens.access_token.token
            async with TokenVerifier.from_config(
                AuthConfig(
                    user_pool_id=users.id,
                    user_pool_client_id=users.client_id,
                    user_pool_endpoint=pool.config.user_pool_endpoint,
                ),
                token_use="access",
                clock=emulator.clock,
            ) as verifier:
                claims = await verifier.verify(token)
        assert claims["iss"] == f"https://{service_host('cognito-idp', region)}/{users.id}"
        assert session.credentials is not None
