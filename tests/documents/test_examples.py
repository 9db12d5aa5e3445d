"""Every example in the README and the guide runs by itself, against the emulator."""

from __future__ import annotations

import asyncio
import os
import re
import runpy
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp.test_utils import TestClient, TestServer
from starlette.testclient import TestClient as StarletteTestClient

from aiocognito import AuthClient, AuthConfig
from helpers.browser import sign_in as sign_in_at_hosted_ui

from . import interpreter
from .backend import ANA, PASSWORD, Backend, add_ana, use_hosted_ui
from .pages import PAGES, ROOT, Block, blocks, module

BEN = "ben@example.com"
GETTING_STARTED = "docs/getting-started.md"
EXAMPLES = [block for page in PAGES for block in blocks(page)]
LINE_LENGTH = 88


def run(block: Block, backend: Backend) -> str:
    """Run a block in a process of its own, and return what it printed."""
    names = ("COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID", "COGNITO_USER_POOL_ENDPOINT")
    environment = {name: os.environ[name] for name in names}
    result = interpreter.run(block, environment, Path.cwd(), backend.answer)
    assert result.error is None, result.error
    return result.output


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.name)
def test_an_example_runs_by_itself(block: Block, backend: Backend) -> None:
    if "auth.sign_up(" not in block.code:
        add_ana(backend)
    output = run(block, backend)
    assert "Traceback" not in output


@pytest.mark.parametrize("language", ["python", "console", "text"])
def test_examples_fit_the_page(language: str) -> None:
    wide = [
        f"{block.name}: {line}"
        for page in PAGES
        for block in blocks(page, language)
        for line in block.code.splitlines()
        if len(line) > LINE_LENGTH
    ]
    assert wide == []


def test_the_example_of_the_readme_needs_no_user_pool(backend: Backend) -> None:
    (block,) = blocks(ROOT / "README.md")
    assert run(block, backend).startswith("signed in as ")
    assert backend.emulator.calls == []


def test_the_service_of_the_page_on_sessions_separates_users(backend: Backend, loop: asyncio.Runner) -> None:
    add_ana(backend)
    backend.do(backend.pool.add_user, BEN, PASSWORD, attributes={"email": BEN})
    names = module(ROOT / "docs/sessions.md", "app")

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
    backend: Backend, loop: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, callback = "https://shop.example.com/", "https://shop.example.com/callback"
    client = {"CallbackURLs": [callback], "LogoutURLs": [home]}
    pool = backend.do(backend.emulator.create_user_pool, client=client)
    backend.do(pool.add_user, ANA, PASSWORD)
    use_hosted_ui(pool, monkeypatch)
    names = module(ROOT / "docs/hosted-ui.md", "app")

    async def visit() -> None:
        service = httpx.ASGITransport(names["app"])
        lifespan = names["cognito"].lifespan(names["app"])
        async with lifespan, httpx.AsyncClient(transport=service, base_url=home) as browser:
            assert (await browser.get("/me")).status_code == 401
            page = await browser.get("/me", headers={"Accept": "text/html"})
            assert page.headers["location"] == "/login?next=%2Fme"
            away = await browser.get(page.headers["location"])
            planted = browser.cookies["__Host-aiocognito"]
            for attribute in ("HttpOnly", "Secure", "SameSite=Lax"):
                assert attribute in away.headers["set-cookie"]
            back = await sign_in_at_hosted_ui(backend.emulator.url, away.headers["location"], ANA, PASSWORD)
            assert (await browser.get(back)).headers["location"] == "/me"
            assert (await browser.get("/me")).json() == {"username": ANA}
            assert browser.cookies["__Host-aiocognito"] != planted
            leaving = (await browser.post("/logout")).headers["location"]
            assert leaving.startswith(f"{backend.emulator.url}/logout?")
            assert (await browser.get("/me")).status_code == 401

    loop.run(visit())


def test_the_minimal_example_signs_ana_in(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    add_ana(backend)
    monkeypatch.setenv("SESSION_KEY", "ab" * 32)
    names = runpy.run_path(str(ROOT / "examples/minimal.py"))
    with StarletteTestClient(names["app"], base_url="https://testserver") as browser:
        assert browser.get("/me").status_code == 401
        answer = browser.post("/auth/sign-in", json={"username": ANA, "password": PASSWORD})
        assert answer.json() == {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
        assert browser.get("/me").json()["username"]
        assert browser.get("/profile").json()["email"] == ANA
        browser.post("/auth/sign-out", json={})
        assert browser.get("/me").status_code == 401


def test_the_minimal_example_has_under_15_lines_of_authentication() -> None:
    text = (ROOT / "examples/minimal.py").read_text(encoding="utf-8")
    code, routes, _ = text.partition("@app.get")
    assert routes
    _, _, body = code.partition('directory.\n"""\n')
    lines = [line for line in body.splitlines() if line.strip() and not line.strip().startswith('"""')]
    assert 5 < len(lines) < 15


def test_the_page_on_fastapi_has_the_minimal_example() -> None:
    """The same service stands on the page, without its docstrings."""
    page = blocks(ROOT / "docs/fastapi.md")[0].code
    example = (ROOT / "examples/minimal.py").read_text(encoding="utf-8")
    wanted = [line for line in page.splitlines() if line.startswith(("cognito", "app", "@app", "async def"))]
    assert wanted
    assert [line for line in wanted if line not in example] == []


def test_the_service_of_the_page_on_verifying_accepts_valid_tokens(
    backend: Backend, loop: asyncio.Runner
) -> None:
    add_ana(backend)
    names = module(ROOT / "docs/verifying.md", "app")

    async def visit() -> None:
        service = httpx.ASGITransport(names["app"])
        async with AuthClient(AuthConfig.from_env()) as auth:
            await auth.sign_in(ANA, PASSWORD)
            session = await auth.fetch_auth_session(credentials=False)
            assert session.tokens is not None
            assert session.tokens.id_token is not None
        async with names["tokens"], httpx.AsyncClient(transport=service, base_url="http://orders") as browser:

            async def status(token: str) -> int:
                headers = {"Authorization": f"Bearer {token}"}
                return (await browser.get("/orders", headers=headers)).status_code

            access = session.tokens.access_token.token
            assert (await status(access), await status(session.tokens.id_token.token)) == (200, 401)
            assert await status(access[:-4]) == 401
            assert (await browser.get("/orders")).status_code in (401, 403)

    loop.run(visit())


def test_the_service_of_the_page_without_sessions_accepts_valid_tokens(
    backend: Backend, loop: asyncio.Runner
) -> None:
    add_ana(backend)
    names = module(ROOT / "docs/bearer.md", "Caller")

    async def visit() -> None:
        service = httpx.ASGITransport(names["app"])
        async with AuthClient(AuthConfig.from_env()) as auth:
            await auth.sign_in(ANA, PASSWORD)
            good = {"Authorization": f"Bearer {await auth.access_token()}"}
            other = {"Authorization": f"Bearer {await auth.id_token()}"}
        async with names["verifier"], httpx.AsyncClient(transport=service, base_url="http://orders") as http:
            assert (await http.get("/orders", headers=good)).status_code == 200
            assert (await http.get("/orders", headers=other)).status_code == 401
            assert (await http.get("/orders")).headers["www-authenticate"] == "Bearer"
            assert (await http.get("/hello")).json() == "Hello"
            assert (await http.get("/hello", headers=good)).json() != "Hello"

    loop.run(visit())


def test_the_page_on_logging_shows_no_secret(backend: Backend) -> None:
    add_ana(backend)
    (block,) = (block for block in blocks(ROOT / "docs/logging.md") if "basicConfig" in block.code)
    shown = run(block, backend)
    assert "AuthConfig(" in shown
    assert "DEBUG" in shown
    assert PASSWORD not in shown
    assert not re.search(r"eyJ[\w-]{10}", shown)  # how every token begins


def test_an_answer_that_is_pasted_too_early_fails(backend: Backend) -> None:
    block = Block(
        ROOT / "README.md",
        0,
        'import asyncio\nawait asyncio.sleep(0)\ncode = input("The code: ")\nassert code == "1"\n',
    )
    with pytest.raises(AssertionError, match="takes the next line as its answer"):
        run(block, backend)
