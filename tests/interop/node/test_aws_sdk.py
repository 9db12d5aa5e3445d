"""The AWS SDK for JavaScript 3 as an administrator: a full pool set up, changed and torn down."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attrs import frozen

from helpers.full_pool import check_full_pool, check_measured_settings
from helpers.remote_emulator import RemoteEmulator

from .conftest import NodeClient, NodeError

pytestmark = pytest.mark.interop


@frozen
class SdkService:
    """One of the SDK's two clients."""

    node: NodeClient
    service: str

    async def __call__(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Call an operation."""
        answer: dict[str, Any] = await self.node(
            "call", service=self.service, operation=operation, members=members
        )
        return answer

    async def refused(self, operation: str, /, **members: Any) -> tuple[str, str]:
        """Call an operation that must fail; return the exception's name and message."""
        with pytest.raises(NodeError) as refusal:
            await self(operation, **members)
        return str(refusal.value.name), str(refusal.value.message)


Sdk = dict[str, SdkService]


@pytest.fixture
async def sdk(command_line: RemoteEmulator, node: Callable[[str], Awaitable[NodeClient]]) -> Sdk:
    """The SDK's clients, led to the emulator."""
    process = await node("control-plane.mjs")
    await process("configure", endpoint=command_line.url)
    return {name: SdkService(process, name) for name in ("cognito-idp", "cognito-identity")}


async def test_a_full_pool(sdk: Sdk) -> None:
    """The SDK sets up, changes and removes everything that the control plane has."""
    await check_full_pool(sdk)


async def test_measured_settings(sdk: Sdk) -> None:
    """Each member that the SDK changes leaves the others as measured."""
    await check_measured_settings(sdk)


async def test_pages(sdk: Sdk) -> None:
    """The SDK's paginator reads all groups, also if what it has listed is deleted meanwhile."""
    api = sdk["cognito-idp"]
    pool = {"UserPoolId": (await api("CreateUserPool", PoolName="pages"))["UserPool"]["Id"]}
    names = [f"group{number}" for number in range(5)]
    for name in names:
        await api("CreateGroup", **pool, GroupName=name)
    pages = await api.node("pages", operation="ListGroups", members=pool, pageSize=2)
    listed = [[group["GroupName"] for group in page["Groups"]] for page in pages]
    assert listed == [names[:2], names[2:4], names[4:]]
    assert ["NextToken" in page for page in pages] == [True, True, False]
    await api("DeleteUserPool", **pool)
