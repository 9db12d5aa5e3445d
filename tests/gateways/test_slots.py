"""A request waits for a free connection, and not without end."""

import asyncio
from typing import Any

import pytest

from aiocognito._gateways.aws.client import AwsClient
from aiocognito.errors import NetworkError
from helpers.loop_time import stopped_loop_time
from helpers.stub_server import Stub

from .conftest import Connect


async def busy(connect: Connect, stub: Stub, monkeypatch: pytest.MonkeyPatch, **config: Any) -> AwsClient:
    """A client whose only connection is in use."""
    await connect().call("GetUser", {"AccessToken": "t"})  # so that the module is there to be patched
    from aiocognito._gateways.aws import connection

    monkeypatch.setattr(connection, "_MAX_CONNECTIONS", 1)
    client = connect(max_attempts=2, **config)
    stub.reply(fate="hang", json={"Username": "first"})
    return client


async def test_when_all_connections_are_in_use_the_wait_for_one_ends(
    connect: Connect, stub: Stub, monkeypatch: pytest.MonkeyPatch, sleeps: list[float]
) -> None:
    client = await busy(connect, stub, monkeypatch, connect_timeout=0.05)
    with stopped_loop_time():
        first = asyncio.create_task(client.call("GetUser", {"AccessToken": "first"}))
        await stub.asked_times(2)
    with pytest.raises(NetworkError, match=r"no free connection within 0\.05 s") as failure:
        await client.call("SignUp", {"ClientId": "c", "Username": "ana"})
    assert failure.value.request_sent is False
    assert len(sleeps) == 1  # what was not sent is tried again
    stub.release()
    assert await first == {"Username": "first"}
    assert len(stub.requests) == 2


async def test_a_connection_that_becomes_free_is_used(
    connect: Connect, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await busy(connect, stub, monkeypatch)
    calls = [asyncio.create_task(client.call("GetUser", {"AccessToken": str(n)})) for n in range(3)]
    await stub.asked_times(2)
    calls[1].cancel()
    stub.reply(json={"Username": "next"})
    stub.release()
    assert (await calls[0], await calls[2]) == ({"Username": "first"}, {"Username": "next"})
    assert len(stub.requests) == 3
