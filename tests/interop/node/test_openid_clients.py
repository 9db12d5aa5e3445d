"""JavaScript clients of OpenID Connect against `issuer="local"`: each gets the URL of the issuer alone."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from helpers import certificate
from helpers.browser import sign_in

pytestmark = pytest.mark.interop

EMAIL, PASSWORD = "ana@example.com", "Correct-Horse-1"
# Auth.js comes back to this path; the other clients take it as it is.
CALLBACK = "http://localhost:3999/auth/callback/cognito"
SECRET = "abcdefghijklmnopqrstuvwxyz0123456789"
Start = Callable[[str], Awaitable[Any]]


@pytest.fixture
def emulator_options() -> dict[str, Any]:
    return {"issuer": "local"}


@pytest.fixture(params=[None, SECRET], ids=["public", "with-secret"])
async def pool(request: pytest.FixtureRequest, emulator: Any) -> Any:
    secret = {} if request.param is None else {"ClientSecret": request.param}
    made = await emulator.create_user_pool(client={"CallbackURLs": [CALLBACK], **secret})
    await made.add_user("ana", PASSWORD, attributes={"email": EMAIL})
    return made


def named(pool: Any, url: str) -> dict[str, Any]:
    """What a client is configured with."""
    secret = {} if pool.client_secret is None else {"clientSecret": pool.client_secret}
    return {"issuer": f"{url}/{pool.id}", "clientId": pool.client_id, "redirectUri": CALLBACK, **secret}


@pytest.mark.parametrize("library", ["openidClient", "oauth4webapi"])
async def test_code_and_pkce(node: Start, emulator: Any, pool: Any, library: str) -> None:
    """Each library completes code and PKCE by discovery."""
    client = await node("oidc.mjs")
    url = await client(library, **named(pool, emulator.url))
    assert url.startswith(f"{emulator.url}/oauth2/authorize?")
    back = await sign_in(emulator.url, url, "ana", PASSWORD)
    assert back.startswith(CALLBACK)
    found = await client("finish", callback=back)
    assert found["claims"]["iss"] == f"{emulator.url}/{pool.id}"
    assert found["claims"]["email"] == found["info"]["email"] == EMAIL
    assert found.get("refreshed", True)


async def test_auth_js(node: Start, emulator: Any, pool: Any) -> None:
    """Auth.js completes code and PKCE."""
    client = await node("oidc.mjs")
    url = await client("authJs", **named(pool, emulator.url))
    assert url.startswith(f"{emulator.url}/oauth2/authorize?")
    back = await sign_in(emulator.url, url, "ana", PASSWORD)
    found = await client("finish", callback=back)
    assert found["session"]["user"]["email"] == EMAIL


async def test_express_openid_connect(node: Start, emulator: Any) -> None:
    """Auth0's middleware in an application that listens, which a browser visits from end to end."""
    client = await node("oidc.mjs")
    pool = await emulator.create_user_pool()
    await pool.add_user("ana", PASSWORD, attributes={"email": EMAIL})
    app = await client("expressOpenIdConnect", issuer=f"{emulator.url}/{pool.id}")
    config = await pool.add_client(ClientSecret=SECRET, CallbackURLs=[f"{app}/callback"])
    await client("mount", clientId=config.user_pool_client_id, clientSecret=SECRET)
    async with httpx.AsyncClient(trust_env=False) as browser:
        sent = await browser.get(app)
        assert sent.status_code == 302, sent.text
        assert "code_challenge=" in sent.headers["Location"]
        back = await sign_in(emulator.url, sent.headers["Location"], "ana", PASSWORD)
        assert back.startswith(f"{app}/callback")
        done = await browser.get(back, follow_redirects=True)
        assert done.status_code == 200, done.text
        claims = done.json()
    assert claims["iss"] == f"{emulator.url}/{pool.id}"
    assert claims["email"] == EMAIL


@asynccontextmanager
async def tls_proxy(target: str, files: tuple[Path, Path]) -> AsyncIterator[str]:
    """Decrypt https in front of an emulator, as nginx or Caddy do; the host stays."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    port = urlsplit(target).port

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, sender = await asyncio.open_connection("127.0.0.1", port)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            line, _, rest = head.partition(b"\r\n")
            # One request for each connection.
            sender.write(line + b"\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n" + rest)
            length = next(
                (
                    int(each.split(b":")[1])
                    for each in head.lower().split(b"\r\n")
                    if each.startswith(b"content-length:")
                ),
                0,
            )
            sender.write(await reader.readexactly(length))
            writer.write(await upstream.read())
            await writer.drain()
        finally:
            sender.close()
            writer.close()
            with suppress(OSError, ssl.SSLError):
                await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.parametrize("library", ["openidClient", "oauth4webapi"])
async def test_behind_a_tls_proxy_no_client_is_sent_to_plain_http(
    node: Start, emulator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    files = certificate.write(tmp_path)
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(files[0]))
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    pool = await emulator.create_user_pool(client={"CallbackURLs": [CALLBACK]})
    await pool.add_user("ana", PASSWORD, attributes={"email": EMAIL})
    async with tls_proxy(emulator.url, files) as home:
        client = await node("oidc.mjs")
        url = await client(library, **named(pool, home))
        assert url.startswith(f"{home}/oauth2/authorize?")
        context = ssl.create_default_context(cafile=str(files[0]))
        async with httpx.AsyncClient(verify=context, trust_env=False) as browser:
            sent = await browser.get(url)
            assert sent.headers["Location"].startswith(f"{home}/login?")
            page = await browser.get(sent.headers["Location"])
            token = browser.cookies["XSRF-TOKEN"]
            form = {"username": "ana", "password": PASSWORD, "_csrf": token}
            done = await browser.post(str(page.url), data=form, headers={"Origin": home})
        assert done.headers["Location"].startswith(CALLBACK)
        assert "Secure" in done.headers["Set-Cookie"]
        found = await client("finish", callback=done.headers["Location"])
    assert found["claims"]["iss"] == f"{home}/{pool.id}"
