"""What the tests of the gateways share."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from aiocognito import AuthConfig
from aiocognito._gateways.aws.client import AwsClient
from aiocognito._gateways.aws.retry import RetryPolicy
from helpers.stub_server import Stub, stub_server

from .certificates import server_context, write_certificate


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """A server to tell what to answer."""
    async with stub_server() as stub:
        yield stub


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def tls_stub(certificate: Path) -> AsyncIterator[Stub]:
    """The same over TLS, with a certificate that only ``certificate`` vouches for."""
    async with stub_server(server_context(certificate)) as stub:
        yield stub


@pytest.fixture
def sleeps() -> list[float]:
    """The seconds that the clients of ``connect`` would have slept."""
    return []


@frozen
class Connect:
    """Makes clients of ``cognito-idp`` that sleep no time, and closes them after the test."""

    url: str
    sleeps: list[float]
    stack: AsyncExitStack

    def __call__(
        self, url: str | None = None, *, max_attempts: int = 3, aws_session: Any = None, **config: Any
    ) -> AwsClient:
        async def sleep(seconds: float) -> None:
            self.sleeps.append(seconds)

        settings = {"user_pool_id": "eu-west-1_abc", "user_pool_endpoint": url or self.url, **config}
        client = AwsClient(
            "cognito-idp",
            AuthConfig(**settings),
            aws_session=aws_session,
            retries=RetryPolicy(max_attempts, sleep=sleep),
        )
        self.stack.push_async_callback(client.aclose)
        return client


@pytest.fixture
async def connect(stub: Stub, sleeps: list[float]) -> AsyncIterator[Connect]:
    """Makes clients of the stub, or of another address."""
    async with AsyncExitStack() as stack:
        yield Connect(stub.url, sleeps, stack)


@pytest.fixture
def client(connect: Callable[..., AwsClient]) -> AwsClient:
    """A client of the stub."""
    return connect()
