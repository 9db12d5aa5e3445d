"""Requests that are not to an AWS API, through a client of our own or a caller's; no secret is shown."""

import asyncio
import logging
import ssl
import traceback
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from aiocognito._gateways.http import Http
from aiocognito.errors import NetworkError
from helpers.stub_server import Stub

SECRET = "s3cr3t-code"


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http()
    yield http
    await http.aclose()


async def test_a_form_and_its_answer(http: Http, stub: Stub) -> None:
    stub.reply(201, body=b"answer")
    answer = await http.request(
        "POST",
        f"{stub.url}/oauth2/token",
        data={"code": SECRET, "x": "ä &"},
        headers={"Authorization": "Basic x"},
    )
    assert (answer.status, answer.body) == (201, b"answer")
    assert SECRET not in repr(answer)
    (request,) = stub.requests
    assert (request.method, request.path) == ("POST", "/oauth2/token")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["authorization"] == "Basic x"
    assert request.body == b"code=s3cr3t-code&x=%C3%A4+%26"


async def test_redirects_are_not_followed_and_errors_are_answers(http: Http, stub: Stub) -> None:
    stub.reply(302, headers={"Location": f"{stub.url}/elsewhere"})
    stub.reply(503)
    assert (await http.request("GET", stub.url)).status == 302
    assert (await http.request("GET", stub.url)).status == 503
    assert len(stub.requests) == 2


async def test_connections_are_kept_or_not(stub: Stub) -> None:
    for keep_alive, connections in ((True, 1), (False, 3)):
        async with aclosing(Http(keep_alive=keep_alive)) as http:
            before = stub.connections
            for _ in range(3):
                await http.request("GET", stub.url)
        assert stub.connections - before == connections


async def test_cookies_of_one_user_are_useless_to_the_next(http: Http, stub: Stub) -> None:
    stub.reply(headers={"Set-Cookie": "XSRF-TOKEN=1; Path=/"})
    stub.reply()
    await http.request("GET", stub.url)
    await http.request("GET", stub.url)
    assert "cookie" not in stub.requests[1].headers


async def test_no_proxy_stands_between_a_machine_and_itself(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    async with aclosing(Http()) as http:
        assert (await http.request("GET", stub.url)).status == 200
        assert (await http.request("GET", stub.url.replace("127.0.0.1", "localhost"))).status == 200


async def test_two_concurrent_first_requests_share_a_client(http: Http, stub: Stub) -> None:
    await asyncio.gather(http.request("GET", stub.url), http.request("GET", stub.url))
    assert len(stub.requests) == 2
    await http.aclose()
    await http.aclose()


async def test_a_server_that_is_not_running(http: Http) -> None:
    with pytest.raises(NetworkError, match=r"127.0.0.1: no answer \(ConnectError\)") as failure:
        await http.request("POST", "http://127.0.0.1:9/x", data={"code": SECRET})
    assert not failure.value.request_sent
    assert failure.value.retryable


@pytest.mark.parametrize("fate", ["cut", "cut_body", "garbage"])
async def test_no_answer_to_what_was_sent(http: Http, stub: Stub, fate: str) -> None:
    stub.reply(fate=fate)
    with pytest.raises(NetworkError) as failure:
        await http.request("POST", stub.url, data={"code": SECRET})
    assert failure.value.request_sent


async def test_an_answer_that_does_not_come(stub: Stub) -> None:
    async with aclosing(Http(read_timeout=0.05)) as http:
        stub.reply(fate="hang")
        with pytest.raises(NetworkError, match="ReadTimeout") as failure:
            await http.request("GET", stub.url)
        assert failure.value.request_sent


async def test_an_answer_that_takes_too_long_in_all(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    async with aclosing(Http()) as http:
        await http.request("GET", stub.url)
        monkeypatch.setattr(http, "_connect_timeout", 0.0)
        monkeypatch.setattr(http, "_read_timeout", 0.05)
        stub.reply(fate="hang")
        with pytest.raises(NetworkError, match="TimeoutError") as failure:
            await http.request("GET", stub.url)
        assert failure.value.request_sent


async def test_a_text_that_is_not_a_url(http: Http) -> None:
    for url in ("gopher://127.0.0.1/", "http://[::1"):
        with pytest.raises((NetworkError, ValueError)):
            await http.request("GET", url)


async def test_an_untrusted_certificate(http: Http, tls_stub: Stub) -> None:
    """A certificate that is not trusted is an error."""
    with pytest.raises(NetworkError) as failure:
        await http.request("POST", tls_stub.url, data={"code": SECRET})
    assert not failure.value.request_sent
    assert tls_stub.requests == []


async def test_a_caller_s_client(tls_stub: Stub, certificate: Path) -> None:
    async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=str(certificate))) as client:
        http = Http(client)
        assert (await http.request("GET", tls_stub.url)).status == 200
        await http.aclose()
        assert not client.is_closed


async def test_additions_of_a_callers_client_are_not_part_of_a_form(stub: Stub) -> None:
    async with httpx.AsyncClient(auth=httpx.BasicAuth("gateway", "pw")) as client:
        http = Http(client)
        await http.request("POST", stub.url, data={"x": "y"}, headers={"Authorization": "Basic ours"})
        await http.request("POST", stub.url, data={"client_id": "x"})
        await http.request("GET", stub.url)  # keys may lie behind a caller's gateway
    sent = [request.headers.get("authorization") for request in stub.requests]
    assert sent == ["Basic ours", None, "Basic Z2F0ZXdheTpwdw=="]


async def test_a_client_of_another_make() -> None:
    class Gone(Exception):
        pass

    class HTTPError(Exception):
        pass

    class ConnectTimeout(HTTPError):
        pass

    class Other:
        def __init__(self, error: Exception) -> None:
            self.error = error

        async def request(self, method: str, url: str, **arguments: Any) -> Any:
            raise self.error

    for error, sent in ((ConnectTimeout(), False), (HTTPError(), True), (OSError(), True)):
        with pytest.raises(NetworkError) as failure:
            await Http(Other(error)).request("GET", "https://a.example/")
        assert failure.value.request_sent is sent
    with pytest.raises(Gone):
        await Http(Other(Gone())).request("GET", "https://a.example/")


async def test_no_secret_is_shown(http: Http, stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stub.reply(json={"refresh_token": SECRET})
    stub.reply(fate="cut")
    arguments: dict[str, Any] = {"data": {"code": SECRET}, "headers": {"Authorization": f"Basic {SECRET}"}}
    await http.request("POST", stub.url, **arguments)
    with pytest.raises(NetworkError) as failure:
        await http.request("POST", stub.url, **arguments)
    error = failure.value
    assert error.__cause__ is None
    assert error.__context__ is None
    told = "".join(traceback.format_exception(error)) + caplog.text
    assert "127.0.0.1" in told
    assert SECRET not in told


async def test_the_query_of_a_url_is_sent_and_not_logged(
    http: Http, stub: Stub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stub.reply()
    stub.reply(fate="cut")
    url = f"{stub.url}/jwks.json?a=%2B1&token={SECRET}"
    await http.request("GET", url)
    with pytest.raises(NetworkError) as failure:
        await http.request("GET", url)
    assert [request.path for request in stub.requests] == [f"/jwks.json?a=%2B1&token={SECRET}"] * 2
    logged = [
        record.getMessage() for record in caplog.records if record.name != "aiohttp.access"
    ]  # the stub's
    assert any("/jwks.json" in line for line in logged)  # httpx logs the URL of each request
    assert SECRET not in "".join([*traceback.format_exception(failure.value), *logged])
