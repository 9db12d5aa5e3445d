"""Every example in the README and the guide runs, against the emulator."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp.test_utils import TestClient, TestServer
from anyio.from_thread import BlockingPortal, start_blocking_portal
from attrs import frozen

from aiocognito import MemoryStorage, SessionManager
from aiocognito.emulator import CognitoEmulator
from helpers.browser import sign_in as sign_in_at_hosted_ui

from .pages import PAGES, ROOT, name_of, python_blocks, run

ANA, BEN = "ana@example.com", "ben@example.com"
PASSWORD = "Correct-horse-7"
WITH_EXAMPLES = [page for page in PAGES if python_blocks(page)]


@frozen
class Backend:
    """An emulator in a thread of its own, as a terminal of its own would have it."""

    portal: BlockingPortal
    emulator: CognitoEmulator
    pool: Any

    def do(self, call: Callable[..., Awaitable[Any]], *args: Any, **options: Any) -> Any:
        async def work() -> Any:
            return await call(*args, **options)

        return self.portal.call(work)

    def answer(self, prompt: str = "") -> str:
        """Answer what an example asks its reader."""
        if "app" in prompt:
            return str(self.pool.totp_code(ANA))
        assert "code" in prompt
        return str(self.do(self.emulator.outbox.next_code, BEN if BEN in prompt else ANA))


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Backend]:
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(CognitoEmulator()) as emulator,
    ):

        async def user_pool() -> Any:
            return await emulator.create_user_pool(
                UsernameAttributes=["email"],
                AutoVerifiedAttributes=["email"],
                MfaConfiguration="OPTIONAL",
            )

        pool = portal.call(user_pool)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COGNITO_USER_POOL_ID", pool.id)
        monkeypatch.setenv("COGNITO_CLIENT_ID", pool.client_id)
        monkeypatch.setenv("COGNITO_USER_POOL_ENDPOINT", pool.config.user_pool_endpoint)
        monkeypatch.setenv("SESSION_ENCRYPTION_KEY", "00" * 32)
        outputs = {"user_pool_id": pool.id, "user_pool_client_id": pool.client_id}
        Path("amplify_outputs.json").write_text(json.dumps({"version": "1", "auth": outputs}))
        yield Backend(portal, emulator, pool)


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def prepare(backend: Backend, page: str) -> None:
    """Put what a page takes for granted into the user pool."""
    if page == "docs/getting-started.md":
        return  # it signs Ana up
    mfa = "TOTP" if page == "docs/signing-in.md" else None
    backend.do(backend.pool.add_user, ANA, PASSWORD, attributes={"email": ANA}, mfa=mfa)


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name_of)
def test_the_examples_of_a_page_run(page: Path, backend: Backend, loop: asyncio.Runner) -> None:
    prepare(backend, name_of(page))
    run(page, {"input": backend.answer}, loop)
    # Those that ask this user pool for nothing have one of their own, or need none.
    others = {"docs/aws-credentials.md", "docs/configuration.md", "docs/emulator.md", "docs/hosted-ui.md"}
    assert backend.emulator.calls or name_of(page) in others


def test_the_script_in_the_readme_signs_ana_in(
    backend: Backend, loop: asyncio.Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(backend, "README.md")
    run(ROOT / "README.md", {"input": backend.answer}, loop)
    assert capsys.readouterr().out.startswith("signed in as ")


def test_the_service_of_the_page_on_sessions_keeps_people_apart(
    backend: Backend, loop: asyncio.Runner
) -> None:
    page = ROOT / "docs/sessions.md"
    prepare(backend, name_of(page))
    backend.do(backend.pool.add_user, BEN, PASSWORD, attributes={"email": BEN})
    names: dict[str, Any] = {}
    run(page, names, loop)

    async def visit() -> None:
        async with TestClient(TestServer(names["app"])) as browser:

            async def sign_in(username: str, password: str = PASSWORD) -> Any:
                browser.session.cookie_jar.clear()
                return await browser.post("/sign-in", data={"username": username, "password": password})

            users = []
            for username in (ANA, BEN):
                response = await sign_in(username)
                assert await response.json() == {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
                cookie = response.cookies["sid"]
                assert cookie["httponly"]
                assert cookie["secure"]
                users.append({"Cookie": f"sid={cookie.value}"})
            found = [await (await browser.get("/me", headers=user)).json() for user in users]
            assert len({answer["user"] for answer in found}) == 2
            assert (await browser.get("/me")).status == 401
            form = {"username": ANA, "password": PASSWORD}
            for key in ("planted, and not in the form of a key", "p" * 43):
                planted = {"Cookie": f"sid={key}"}
                assert (await browser.post("/sign-in", data=form, headers=planted)).status == 200
                assert (await browser.get("/me", headers=planted)).status == 401
            refused = await sign_in(ANA, "wrong")
            assert (refused.status, await refused.json()) == (401, {"error": "NotAuthorizedException"})

    loop.run(visit())


def test_the_service_of_the_page_on_the_hosted_ui_signs_ana_in_and_out(
    backend: Backend, loop: asyncio.Runner
) -> None:
    home, callback = "https://shop.example.com/", "https://shop.example.com/callback"
    client = {"CallbackURLs": [callback], "LogoutURLs": [home]}
    pool = backend.do(backend.emulator.create_user_pool, client=client)
    backend.do(pool.add_user, ANA, PASSWORD)
    names: dict[str, Any] = {}
    run(ROOT / "docs/hosted-ui.md", names, loop)
    names["sessions"] = SessionManager(pool.config, storage=MemoryStorage())

    async def visit() -> None:
        service = httpx.ASGITransport(names["app"])
        async with names["sessions"], httpx.AsyncClient(transport=service, base_url=home) as browser:
            refused = await browser.get("/me")
            assert (refused.status_code, refused.json()) == (401, {"error": "UserUnAuthenticatedException"})
            away = await browser.get("/sign-in")
            planted = browser.cookies["sid"]
            for attribute in ("HttpOnly", "Secure", "SameSite=lax"):
                assert attribute in away.headers["set-cookie"]
            back = await sign_in_at_hosted_ui(backend.emulator.url, away.headers["location"], ANA, PASSWORD)
            assert (await browser.get(back)).headers["location"] == "/me"
            assert (await browser.get("/me")).json() == {"username": ANA}
            assert browser.cookies["sid"] != planted
            assert (await browser.get(back)).json() == {"error": "oauthSignInError"}
            leaving = (await browser.post("/sign-out")).headers["location"]
            assert leaving.startswith(f"{backend.emulator.url}/logout?")
            assert (await browser.get("/me")).status_code == 401

    loop.run(visit())


def test_the_service_of_the_page_on_verifying_lets_ana_in(backend: Backend, loop: asyncio.Runner) -> None:
    prepare(backend, "docs/verifying.md")
    names: dict[str, Any] = {}
    run(ROOT / "docs/verifying.md", names, loop)

    async def visit() -> None:
        service = httpx.ASGITransport(names["app"])
        session = names["session"]
        async with names["tokens"], httpx.AsyncClient(transport=service, base_url="http://orders") as browser:

            async def status(token: str) -> int:
                headers = {"Authorization": f"Bearer {token}"}
                return (await browser.get("/orders", headers=headers)).status_code

            access = session.tokens.access_token.token
            assert (await status(access), await status(session.tokens.id_token.token)) == (200, 401)
            assert await status(access[:-4]) == 401
            assert (await browser.get("/orders")).status_code in (401, 403)

    loop.run(visit())


def test_the_page_on_logging_shows_no_secret(
    backend: Backend,
    loop: asyncio.Runner,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    prepare(backend, "docs/logging.md")
    caplog.set_level(logging.DEBUG)
    run(ROOT / "docs/logging.md", {}, loop)
    shown = capsys.readouterr().out + caplog.text
    assert "AuthConfig(" in shown
    assert PASSWORD not in shown
    assert not re.search(r"eyJ[\w-]{10}", shown)  # how every token begins
