"""Amplify in Chromium: its redirect to the hosted UI over https, and its Authenticator on another host."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from pyotp.totp import TOTP

from helpers import certificate
from helpers.chromium import new_context, running_chromium

pytestmark = [pytest.mark.interop, pytest.mark.browser]

EMAIL, PASSWORD = "ana@example.com", "Correct-Horse-1"
HOST = "shop.test"
Visit = Callable[[str], Awaitable[Any]]


@pytest.fixture(scope="session")
def bundle(node_project: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The front ends, as a browser loads them."""
    node = shutil.which("node")
    assert node is not None
    out = tmp_path_factory.mktemp("bundle") / "front-end.js"
    command = [node, "node_modules/esbuild/bin/esbuild", "front-end.mjs", "--bundle", "--format=esm"]
    subprocess.run(
        [*command, f"--outfile={out}", "--log-level=error"], cwd=node_project, check=True, timeout=300
    )
    return out.read_bytes()


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Any]:
    """Chromium, to which `shop.test` is this machine."""
    async with running_chromium(f"--host-resolver-rules=MAP {HOST} 127.0.0.1") as browser:
        yield browser


@pytest.fixture
async def visit(chromium: Any) -> AsyncIterator[Visit]:
    """Open a page in a browser context of its own."""
    async with await new_context(chromium, ignore_https_errors=True) as context:

        async def open_page(url: str) -> Any:
            page = await context.new_page()
            await page.goto(url)
            return page

        yield open_page


class Site:
    """A site with one page and its bundle; the page's configuration is set later."""

    def __init__(self, bundle: bytes) -> None:
        self.bundle = bundle
        self.configuration: dict[str, Any] = {}
        self.port = 0

    async def page(self, _request: web.Request) -> web.Response:
        text = json.dumps(self.configuration)
        script = f"<script>window.configuration = {text}</script>"
        module = "<script type=module src=/front-end.js></script>"
        html = f"<!doctype html><title>loading</title>{script}<main></main>{module}"
        return web.Response(text=html, content_type="text/html")

    async def script(self, _request: web.Request) -> web.Response:
        return web.Response(body=self.bundle, content_type="text/javascript")


@pytest.fixture
async def site(bundle: bytes) -> AsyncIterator[Site]:
    made = Site(bundle)
    app = web.Application()
    app.router.add_get("/", made.page)
    app.router.add_get("/front-end.js", made.script)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


@pytest.fixture
def emulator_options(
    request: pytest.FixtureRequest, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    if "redirect" in request.node.name:
        files = tuple(map(str, certificate.write(tmp_path)))
        monkeypatch.setenv("SSL_CERT_FILE", files[0])
        return {"tls": files}
    return {"allowed_origins": f"http://{HOST}:{site.port}"}


def named(pool: Any, url: str) -> dict[str, Any]:
    return {"userPoolId": pool.id, "userPoolClientId": pool.client_id, "userPoolEndpoint": url}


async def test_amplifys_redirect_completes_over_https(emulator: Any, site: Site, visit: Visit) -> None:
    home = f"http://localhost:{site.port}/"
    pool = await emulator.create_user_pool(client={"CallbackURLs": [home], "LogoutURLs": [home]})
    await pool.add_user("ana", PASSWORD, attributes={"email": EMAIL})
    oauth = {
        # Amplify puts https:// before it.
        "domain": urlsplit(emulator.url).netloc,
        "scopes": ["openid", "email", "aws.cognito.signin.user.admin"],
        "redirectSignIn": [home],
        "redirectSignOut": [home],
        "responseType": "code",
    }
    cognito = {**named(pool, emulator.url), "loginWith": {"oauth": oauth}}
    site.configuration = {"kind": "redirect", "cognito": cognito}
    page = await visit(home)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("Username").fill("ana")
    await page.get_by_label("Password").fill(PASSWORD)
    assert page.url.startswith(f"{emulator.url}/login?")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_function("document.title !== 'loading' && document.title !== 'signed out'")
    assert await page.title() == f"signed in: {EMAIL}"


async def test_the_authenticator_works_on_an_allowed_origin(emulator: Any, site: Site, visit: Visit) -> None:
    pool = await emulator.create_user_pool(
        UsernameAttributes=["email"], MfaConfiguration="ON", SmsMfaConfiguration=None
    )
    site.configuration = {"kind": "authenticator", "cognito": named(pool, emulator.url)}
    page = await visit(f"http://{HOST}:{site.port}/")
    await page.get_by_role("tab", name="Create Account").click()
    await page.get_by_label("Email").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("Confirm Password").fill(PASSWORD)
    await page.get_by_role("button", name="Create Account").click()
    code = await emulator.outbox.next_code(EMAIL)
    await page.get_by_label("Confirmation Code").fill(code)
    await page.get_by_role("button", name="Confirm").click()
    secret = page.get_by_text(re.compile("^[A-Z2-7]{52}$"))
    text = await secret.inner_text()
    totp, first = TOTP(text), emulator.clock()
    await page.get_by_label("Code").fill(totp.at(first))
    await page.get_by_role("button", name="Confirm").click()
    await page.locator("#signed-in").wait_for()
    # And again, in a browser that is signed out: the password, and the next code of the app.
    await page.evaluate("localStorage.clear()")
    await page.reload()
    await page.get_by_label("Email").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_label("Code").fill(totp.at(max(emulator.clock(), first + 30)))
    await page.get_by_role("button", name="Confirm").click()
    await page.locator("#signed-in").wait_for()
