"""Clients of DynamoDB. Of the storages only this module imports aiobotocore, which takes a second."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from attrs import field, frozen

from .._threads import run_in_thread

# Seconds. A response takes a few milliseconds.
_CONNECT_TIMEOUT: Final = 3.0
_READ_TIMEOUT: Final = 5.0
_CONNECTIONS: Final = 50


@frozen
class Endpoint:
    """Where the table is.

    Attributes:
        region: The region; None for the environment's.
        url: The URL of the service; None for AWS's.
        session: An aiobotocore session that was given; None for one with the environment's credentials.
    """

    region: str | None
    url: str | None
    session: Any = field(repr=False)

    async def connect(self) -> Any:
        """Return a new client for the running event loop."""
        return await run_in_thread(self._make)

    def _make(self) -> Any:
        # In a thread with a loop of its own: botocore reads files, and may fetch credentials. The client
        # takes hold of an event loop at its first request only.
        return asyncio.run(self._entered())

    async def _entered(self) -> Any:
        from aiobotocore.config import AioConfig
        from aiobotocore.session import get_session

        session = get_session() if self.session is None else self.session
        config = AioConfig(
            connect_timeout=_CONNECT_TIMEOUT,
            read_timeout=_READ_TIMEOUT,
            max_pool_connections=_CONNECTIONS,
            parameter_validation=False,
            retries={"mode": "standard", "total_max_attempts": 3},
        )
        context = session.create_client(
            "dynamodb", region_name=self.region, endpoint_url=self.url, config=config
        )
        return await context.__aenter__()


async def close(client: Any) -> None:
    """Close a client."""
    await client.__aexit__(None, None, None)
