"""boto3 in tests that run on the same event loop as the server it calls."""

from functools import partial
from typing import Any

import anyio.to_thread
import pytest
from attrs import frozen


@frozen
class Boto3Calls:
    """A boto3 client that is called in threads: the emulator responds on this event loop."""

    client: Any

    async def __call__(self, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """Call an operation by boto3's name for it."""
        return await anyio.to_thread.run_sync(partial(getattr(self.client, operation), **arguments))

    async def refused(self, operation: str, /, **arguments: Any) -> str:
        """Call an operation that must fail; return AWS's error code."""
        with pytest.raises(self.client.exceptions.ClientError) as refusal:
            await self(operation, **arguments)
        code: str = refusal.value.response["Error"]["Code"]
        return code
