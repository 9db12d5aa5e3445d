"""No more of a response is read than its limit, compressed or not, and none is waited for without end."""

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from aiocognito import AuthConfig, ClientCredentials, OAuthConfig, TokenVerifier
from aiocognito._gateways.aws.client import AwsClient
from aiocognito._gateways.http import Http
from aiocognito._gateways.limits import MAX_BYTES, UnreadableBody, read_body
from aiocognito.errors import AuthError, JwksUnavailableError, NetworkError
from helpers.hosted_ui import config
from helpers.stub_server import Stub
from helpers.tokens import POOL, access_claims, jwks, key

from .raw import dripping

BOMB = gzip.compress(b" " * 50_000_000, compresslevel=9)
Ask = Callable[[str], Awaitable[object]]


async def keys(url: str) -> object:
    async with TokenVerifier(
        user_pool_id=POOL,
        client_ids="client",
        token_use="access",
        jwks_uri=f"{url}/jwks.json",
        clock=lambda: access_claims()["iat"],
    ) as verifier:
        return await verifier.verify(key().token(access_claims()))


async def token(url: str) -> object:
    settings = config(user_pool_client_secret="clients3cr3t", oauth_domain=url)
    async with ClientCredentials(settings) as machine:
        return await machine.get_tokens()


async def token_by_a_given_client(url: str) -> object:
    async with httpx.AsyncClient() as client:
        settings = config(user_pool_client_secret="clients3cr3t", oauth_domain=url)
        return await ClientCredentials(settings, http_client=client).get_tokens()


async def user(url: str) -> object:
    client = AwsClient("cognito-idp", AuthConfig(user_pool_id=POOL, user_pool_endpoint=url, max_attempts=1))
    try:
        return await client.call("GetUser", {"AccessToken": "t"})
    finally:
        await client.aclose()


everywhere = pytest.mark.parametrize("ask", [keys, token, token_by_a_given_client, user])


@everywhere
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_grows_when_it_is_decompressed_costs_no_memory(
    ask: Ask, encoding: str, stub: Stub
) -> None:
    body = BOMB if encoding == "gzip" else zlib.compress(b" " * 50_000_000, 9)
    assert len(body) < MAX_BYTES
    stub.reply(json={})
    with suppress(AuthError):
        await ask(stub.url)  # imports and botocore's models have their memory before it is measured
    stub.reply(body=body, headers={"Content-Encoding": encoding})
    tracemalloc.start()
    try:
        with pytest.raises(AuthError, match="more than 1000000 bytes"):
            await ask(stub.url)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


@everywhere
async def test_a_body_without_end_is_read_to_the_limit(ask: Ask, stub: Stub) -> None:
    stub.reply(body=b" " * (MAX_BYTES + 1))
    with pytest.raises(AuthError, match="more than 1000000 bytes"):
        await ask(stub.url)


@everywhere
@pytest.mark.parametrize(
    ("encoding", "body", "problem"),
    [
        ("br", b"{}", "compressed in a way that cannot be read"),
        ("gzip", b"{}", "damaged"),
        ("gzip", gzip.compress(b"{}" * 100)[:-9], "incomplete"),
    ],
    ids=["unknown", "damaged", "incomplete"],
)
async def test_what_cannot_be_decompressed_is_an_error(
    ask: Ask, encoding: str, body: bytes, problem: str, stub: Stub
) -> None:
    stub.reply(body=body, headers={"Content-Encoding": encoding})
    with pytest.raises(AuthError, match=problem):
        await ask(stub.url)


async def test_compressed_answers_are_read(stub: Stub) -> None:
    import json

    stub.reply(body=gzip.compress(json.dumps(jwks(key())).encode()), headers={"Content-Encoding": "gzip"})
    assert (await keys(stub.url))["username"] == "ana"  # type: ignore[index]  # claims
    stub.reply(body=zlib.compress(b'{"Username": "ana"}'), headers={"Content-Encoding": "deflate"})
    assert await user(stub.url) == {"Username": "ana"}


async def test_a_body_may_be_as_long_as_the_limit() -> None:
    async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    whole = b"x" * MAX_BYTES
    assert await read_body(chunks(whole[:7], whole[7:]), None) == whole
    assert await read_body(chunks(gzip.compress(whole)), "gzip") == whole
    assert await read_body(chunks(), "gzip") == b""
    with pytest.raises(UnreadableBody) as failure:
        await read_body(chunks(gzip.compress(whole + b"x")), "x-gzip")
    assert failure.value.__context__ is None


async def test_what_a_given_client_has_read_already_is_limited_too() -> None:
    async def read(response: httpx.Response) -> None:
        await response.aread()

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b" " * (MAX_BYTES + 1))

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, event_hooks={"response": [read]}) as client:
        with pytest.raises(NetworkError, match="more than 1000000 bytes"):
            await Http(client).request("GET", "https://a.example/")


async def test_a_client_of_another_make_is_limited_too() -> None:
    class Other:
        async def request(self, method: str, url: str, **_: Any) -> Any:
            return httpx.Response(200, content=b" " * (MAX_BYTES + 1))

    with pytest.raises(NetworkError, match="more than 1000000 bytes"):
        await Http(Other()).request("GET", "https://a.example/")


# Time


async def test_a_given_client_without_timeouts_is_held_to_ours() -> None:
    async with dripping() as address, httpx.AsyncClient(timeout=None) as client:
        http = Http(client, connect_timeout=0.05, read_timeout=0.1)
        with pytest.raises(NetworkError, match="TimeoutError") as failure:
            await http.request("GET", f"http://{address}")
    assert failure.value.request_sent


async def test_a_verifier_takes_its_timeouts_from_the_configuration() -> None:
    async with dripping() as address:
        settings = AuthConfig(
            user_pool_id=POOL,
            user_pool_client_id="client",
            user_pool_endpoint=f"http://{address}",
            oauth=OAuthConfig(domain="auth.example"),
            connect_timeout=0.05,
            read_timeout=0.05,
            max_attempts=1,
        )
        async with TokenVerifier.from_config(settings, token_use="access") as verifier:
            with pytest.raises(JwksUnavailableError, match="TimeoutError"):
                await verifier.verify(key().token(access_claims()))
