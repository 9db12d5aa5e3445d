"""boto3 in a test that runs on the loop of what it talks to."""

from functools import partial
from typing import Any

import anyio.to_thread
import pytest
from attrs import frozen


@frozen
class Boto3Calls:
    """A boto3 client, its calls made in threads: the emulator answers on this loop."""

    client: Any

    async def __call__(self, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """Call an operation by boto3's name of it."""
        return await anyio.to_thread.run_sync(partial(getattr(self.client, operation), **arguments))

    async def refused(self, operation: str, /, **arguments: Any) -> str:
        """Call an operation, which must be refused; return AWS's code."""
        with pytest.raises(self.client.exceptions.ClientError) as refusal:
            await self(operation, **arguments)
        code: str = refusal.value.response["Error"]["Code"]
        return code
