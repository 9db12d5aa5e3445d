"""Closing: all that was opened is closed, even if the caller is cancelled while one part is being closed."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

from aiocognito import AuthConfig, ClientCredentials, Hub, MemoryStorage, OAuthConfig, TokenVerifier
from aiocognito._gateways.connections import Connections
from aiocognito._gateways.http import Http, _Owned
from aiocognito._session.context import ServiceContext

CONFIG = AuthConfig(
    user_pool_id="us-east-1_abc",
    user_pool_client_id="client",
    user_pool_client_secret="s3cret",
    identity_pool_id="us-east-1:0e1f2a3b-0000-4000-8000-000000000000",
    oauth=OAuthConfig(domain="auth.example"),
)


class Part:
    """Something that takes a while to close."""

    def __init__(self) -> None:
        self.is_closing = asyncio.Event()
        self.is_closed = False

    async def aclose(self) -> None:
        self.is_closing.set()
        for _ in range(10):
            await asyncio.sleep(0)
        self.is_closed = True

    stop = end = aclose


def with_two_clients() -> tuple[Http, list[Part]]:
    """Return an `Http` that has made two clients, and the clients."""
    http, parts = Http(), [Part(), Part()]
    http._owned = {f"http://{number}.example": _Owned(part, None) for number, part in enumerate(parts)}
    return http, parts


async def cancelled_while_closing(close: Callable[[], Awaitable[object]], parts: list[Part]) -> None:
    """Cancel a close as soon as its first part is being closed."""
    closing = asyncio.ensure_future(close())
    waiting = [asyncio.ensure_future(part.is_closing.wait()) for part in parts]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()
    closing.cancel()
    await asyncio.wait([closing])
    assert closing.cancelled()
    assert [part.is_closed for part in parts].count(True) == len(parts) - 1


async def test_each_client_of_an_origin_is_closed() -> None:
    http, parts = with_two_clients()
    await cancelled_while_closing(http.aclose, parts)


async def test_each_service_is_closed() -> None:
    connections = Connections(CONFIG)
    connections.user_pool()
    connections.identity_pool()
    connections._http, clients = with_two_clients()
    services = [Part(), Part()]
    connections._user_pool_service, connections._identity_pool_service = services  # type: ignore[assignment]  # stand-ins
    await cancelled_while_closing(connections.aclose, [*services, *clients])


async def test_the_client_of_a_machine_is_closed() -> None:
    machine = ClientCredentials(CONFIG)
    machine._http, clients = with_two_clients()
    machine._requests = requests = Part()  # type: ignore[assignment]  # a stand-in
    await cancelled_while_closing(machine.aclose, [requests, *clients])


async def test_the_keys_and_clients_of_a_verifier_are_closed() -> None:
    verifier = TokenVerifier(user_pool_id="us-east-1_abc", client_ids="client", token_use="access")
    http, clients = with_two_clients()
    jwks = [Part(), Part()]
    pools: Any = tuple(SimpleNamespace(jwks=part) for part in jwks)
    verifier._https, verifier._pools = (http,), pools
    await cancelled_while_closing(verifier.aclose, [*jwks, *clients])


async def test_the_connections_of_sessions_are_closed() -> None:
    verifier, connections = Part(), Part()
    context = ServiceContext(
        CONFIG,
        storage=MemoryStorage(),
        connections=connections,  # type: ignore[arg-type]  # a stand-in
        hub=Hub(),
        clock=None,
        session_ttl=60.0,
        max_session_age=None,
        fixed_keys=True,
    )
    context._id_tokens = verifier  # type: ignore[assignment]  # a stand-in
    await cancelled_while_closing(context.aclose, [verifier, connections])
