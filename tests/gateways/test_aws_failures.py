"""No answer came: what went wrong, and whether the request may have been received."""

import asyncio
import pickle
import socket
from typing import Any

import pytest

from aiocognito._gateways.aws.client import AwsClient
from aiocognito.errors import NetworkError
from helpers.stub_server import Stub

from .conftest import Connect
from .raw import dripping, serve, silence


async def failure_of(client: AwsClient, **call: Any) -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        await client.call("GetUser", {"AccessToken": "t"}, **call)
    return caught.value


async def test_a_refused_connection(connect: Connect, sleeps: list[float]) -> None:
    """A refused connection can be retried, and the error has no secret."""
    error = await failure_of(connect("http://127.0.0.1:1"))
    assert error.request_sent is False
    assert error.retryable is True
    assert "127.0.0.1" in str(error)
    assert isinstance(error.__cause__, ConnectionRefusedError)
    assert len(sleeps) == 2


async def test_an_unknown_host_name(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("asyncio.BaseEventLoop.getaddrinfo", getaddrinfo)
    error = await failure_of(connect("https://nowhere.example"))
    assert error.request_sent is False
    assert str(error) == "nowhere.example: no connection (Name or service not known)"
    assert isinstance(error.__cause__, socket.gaierror)


async def test_a_name_server_that_does_not_answer(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: object, **__: object) -> list[Any]:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # any value of the stub's

    monkeypatch.setattr("asyncio.BaseEventLoop.getaddrinfo", getaddrinfo)
    error = await failure_of(connect("https://nowhere.example", connect_timeout=0.01, max_attempts=1))
    assert error.request_sent is False
    assert str(error) == "nowhere.example: no connection within 0.01 s"
    assert isinstance(error.__cause__, TimeoutError)


async def test_a_handshake_that_does_not_end(connect: Connect, sleeps: list[float]) -> None:
    async with serve(silence) as address:
        client = connect(f"https://{address}", connect_timeout=0.05)
        error = await failure_of(client)
        await client.aclose()
    assert error.request_sent is False
    assert "no connection within 0.05 s" in str(error)
    assert len(sleeps) == 2


async def test_plain_http_where_tls_is_spoken(connect: Connect, stub: Stub) -> None:
    error = await failure_of(connect(stub.url.replace("http:", "https:"), max_attempts=1))
    assert error.request_sent is False
    assert isinstance(error.__cause__, OSError)


async def test_no_answer_in_time(connect: Connect, stub: Stub, sleeps: list[float]) -> None:
    stub.reply(fate="hang")
    error = await failure_of(connect(read_timeout=0.05))
    assert error.request_sent is True
    assert str(error) == "127.0.0.1: no answer within 0.05 s"
    assert isinstance(error.__cause__, TimeoutError)
    assert sleeps == []


async def test_an_answer_that_drips_is_not_waited_for_forever(connect: Connect) -> None:
    async with dripping() as address:
        client = connect(f"http://{address}", connect_timeout=0.05, read_timeout=0.1)
        error = await failure_of(client)
        await client.aclose()
    assert error.request_sent is True
    assert isinstance(error.__cause__, TimeoutError)


@pytest.mark.parametrize(
    ("fate", "text"),
    [
        ("cut", "the connection was lost before the answer was complete"),
        ("cut_body", "the connection was lost before the answer was complete"),
        ("garbage", "the answer is not HTTP"),
    ],
)
async def test_an_answer_that_breaks_off(client: AwsClient, stub: Stub, fate: str, text: str) -> None:
    stub.reply(fate=fate)
    error = await failure_of(client)
    assert error.request_sent is True
    assert str(error) == f"127.0.0.1: {text}"
    assert isinstance(error.__cause__, ConnectionError)


async def test_a_proxy_that_refuses(connect: Connect, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", stub.url)
    stub.reply(407)
    error = await failure_of(connect("https://cognito.example", max_attempts=1))
    assert error.request_sent is False
    assert "the proxy refused (HTTP 407)" in str(error)


async def test_a_proxy_that_is_not_there(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://user:proxy-password@127.0.0.1:1")
    error = await failure_of(connect("https://cognito.example", max_attempts=1))
    assert error.request_sent is False
    assert "proxy-password" not in f"{error!r} {error.__cause__!r}"


async def test_the_error_pickles(connect: Connect) -> None:
    """The error survives pickle."""
    error = await failure_of(connect("http://127.0.0.1:1", max_attempts=1))
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.request_sent, copy.retryable) == (str(error), False, True)
