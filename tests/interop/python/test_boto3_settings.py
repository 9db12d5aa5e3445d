"""boto3 as an administrator: a full pool set up, changed and torn down."""

import base64
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from functools import partial
from typing import Any

import boto3
import pytest
from anyio import to_thread
from attrs import frozen
from botocore import xform_name

from helpers.full_pool import check_full_pool, check_measured_settings
from helpers.remote_emulator import RemoteEmulator

pytestmark = pytest.mark.interop

BLOBS = {"Bytes", "ImageFile"}
Services = dict[str, "Boto3Service"]


@frozen
class Boto3Service:
    """One of boto3's two clients, by AWS's names."""

    client: Any

    async def __call__(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Call an operation."""
        method = partial(getattr(self.client, xform_name(operation)), **_sent(members))
        answer: dict[str, Any] = _received(await to_thread.run_sync(method))
        del answer["ResponseMetadata"]
        return answer

    async def refused(self, operation: str, /, **members: Any) -> tuple[str, str]:
        """Call an operation that must fail; return the error's code and message."""
        with pytest.raises(self.client.exceptions.ClientError) as refusal:
            await self(operation, **members)
        error = refusal.value.response["Error"]
        return error["Code"], error["Message"]


def _sent(value: Any, name: str = "") -> Any:
    if name in BLOBS:
        return base64.b64decode(value)
    if isinstance(value, list):
        return [_sent(item) for item in value]
    return {key: _sent(item, key) for key, item in value.items()} if isinstance(value, dict) else value


def _received(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [_received(item) for item in value]
    return {key: _received(item) for key, item in value.items()} if isinstance(value, dict) else value


@pytest.fixture
def services(command_line: RemoteEmulator) -> Iterator[Services]:
    """boto3's clients, led to the emulator."""
    account = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    with ExitStack() as stack:
        yield {
            name: Boto3Service(
                stack.enter_context(
                    closing(boto3.client(name, "us-east-1", endpoint_url=command_line.url, **account))
                )
            )
            for name in ("cognito-idp", "cognito-identity")
        }


async def test_a_full_pool(services: Services) -> None:
    """boto3 sets up, changes and removes everything that the control plane has."""
    await check_full_pool(services)


async def test_measured_settings(services: Services) -> None:
    """Each member that boto3 changes leaves the others as measured."""
    await check_measured_settings(services)
