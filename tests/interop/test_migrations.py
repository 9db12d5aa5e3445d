"""The pages on migration: the programs for the other library and for this one run, and do the same."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import frozen

from aiocognito import AuthClient, SessionManager, TokenVerifier, errors, steps
from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool, TokenFactory, run_in_thread
from documents.pages import ROOT, Block, blocks, names_in, rows
from helpers.browser import sign_in as sign_in_at_hosted_ui
from helpers.ports import free_port

pytestmark = pytest.mark.interop

PAGES = ROOT / "docs/migrating"
EMAIL, PASSWORD = "ana@example.com", "Correct-horse-7"
HOME = "https://shop.example.com"
# Arguments, fields and functions of the frameworks' integrations.
NOT_METHODS = {
    "client_ids",
    "encryption_key",
    "next_step",
    "setup_hosted_ui",
    "user_attributes",
    "user_pool_id",
}
VARIABLES = re.compile("(COGNITO|AWS)_")


@frozen
class Emulators:
    """One emulator with AWS's issuer, and one that is its own issuer."""

    aws: ThreadedEmulator
    local: ThreadedEmulator


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with ExitStack() as stack:
        yield Emulators(
            stack.enter_context(run_in_thread()), stack.enter_context(run_in_thread(issuer="local"))
        )


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in filter(VARIABLES.match, list(os.environ)):
        monkeypatch.delenv(name)


def add_pool(emulator: ThreadedEmulator, **client: Any) -> ThreadedUserPool:
    pool = emulator.create_user_pool(client=client)
    pool.add_user(EMAIL, PASSWORD, attributes={"email": EMAIL})
    return pool


def variables(emulator: ThreadedEmulator, pool: ThreadedUserPool) -> dict[str, str]:
    """Return the environment that the pages tell their readers to set."""
    keys = f"{emulator.url}/{pool.id}/.well-known/jwks.json"
    found = {
        "COGNITO_USER_POOL_ID": pool.id,
        "COGNITO_CLIENT_ID": pool.client_id,
        "COGNITO_USER_POOL_ENDPOINT": emulator.url,
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": emulator.url,
        "AWS_COGNITO_KEYS_URL": keys,
        "COGNITO_JWKS": json.dumps(pool.key_set()),
        "SESSION_KEY": "ab" * 32,
    }
    if oauth := pool.config.oauth:
        found |= {
            "COGNITO_OAUTH_DOMAIN": oauth.domain,
            "COGNITO_OAUTH_SCOPES": " ".join(oauth.scopes),
            "COGNITO_REDIRECT_SIGN_IN": ",".join(oauth.redirect_sign_in),
            "COGNITO_REDIRECT_SIGN_OUT": ",".join(oauth.redirect_sign_out),
        }
    return found


def block(page: str, language: str, containing: str = "") -> Block:
    (found,) = (each for each in blocks(PAGES / page, language) if containing in each.code)
    return found


def run_python(program: Block, environment: dict[str, str], directory: Path) -> str:
    """Save a program and run it as its reader does; return what it printed."""
    path = directory / "program.py"
    path.write_text(program.code, encoding="utf-8")
    python_path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": python_path, **environment}
    done = subprocess.run(
        [sys.executable, path], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_node(program: Block, environment: dict[str, str], project: Path) -> str:
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", program.code],
        env={**os.environ, **environment},
        cwd=project,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # Amplify warns of the endpoint.
    return "".join(line for line in done.stdout.splitlines(keepends=True) if not line.startswith("[WARN]"))


def load(program: Block, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a module of a page in this process; return its ASGI application."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    names: dict[str, Any] = {"__name__": "__example__"}
    exec(program.compiled(), names)
    return names["app"]


@asynccontextmanager
async def visiting(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Open a browser without cookies at an application."""
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOME) as browser,
    ):
        yield browser


def test_pycognito(emulators: Emulators, tmp_path: Path) -> None:
    """Both programs of the page sign in."""
    pool = add_pool(emulators.aws)
    environment = variables(emulators.aws, pool)
    before, after = block("pycognito.md", "py"), block("pycognito.md", "python")
    assert run_python(before, environment, tmp_path) == f"signed in as {EMAIL}\n"
    assert run_python(after, environment, tmp_path) == f"signed in as {EMAIL}\n"
    operations = [call.operation for call in emulators.aws.calls]
    assert operations.count("GlobalSignOut") == 2


@pytest.mark.parametrize("language", ["py", "python"])
async def test_fastapi_cognito(language: str, emulators: Emulators, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both applications of the page accept and refuse the same tokens."""
    pool = add_pool(emulators.aws)
    app = load(block("fastapi-cognito.md", language), variables(emulators.aws, pool), monkeypatch)
    factory = TokenFactory(pool)
    async with visiting(app) as caller:

        async def get(**headers: str) -> httpx.Response:
            answer: httpx.Response = await caller.get("/orders", headers=headers)
            return answer

        answer = await get(Authorization=f"Bearer {factory(EMAIL, scopes=['orders/read'])}")
        assert answer.status_code == 200, answer.text
        assert list(answer.json()) == ["orders of"]
        assert (await get()).status_code == 401
        assert (await get(Authorization=f"Bearer {factory.expired(EMAIL)}")).status_code == 401


def test_amplify_on_a_server(emulators: Emulators, node_project: Path, tmp_path: Path) -> None:
    pool = emulators.aws.create_user_pool()
    for name in ("ana", "ben"):
        user = {"UserPoolId": pool.id, "Username": name, "TemporaryPassword": PASSWORD}
        emulators.aws.call("AdminCreateUser", **user)
    shown = [each.code for each in blocks(PAGES / "amplify-server.md", "text")]
    before = block("amplify-server.md", "js")
    assert run_node(before, variables(emulators.aws, pool), node_project) == shown[0]
    after = block("amplify-server.md", "python")
    assert run_python(after, {}, tmp_path) == shown[1]


async def sign_in_and_look(browser: httpx.AsyncClient, emulator: ThreadedEmulator, login: str) -> None:
    """Sign in at the hosted UI, from the page `/me` of a service and back to it."""
    assert (await browser.get("/me")).status_code == 401
    away = (await browser.get(login)).headers["location"]
    back = await sign_in_at_hosted_ui(emulator.url, away, EMAIL, PASSWORD)
    await browser.get(back)
    answer = await browser.get("/me")
    assert answer.json() == {"email": EMAIL}, answer.text


@pytest.mark.parametrize("language", ["py", "python"])
async def test_authlib(language: str, emulators: Emulators, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both applications of the page sign in."""
    pool = add_pool(emulators.aws, CallbackURLs=[f"{HOME}/callback"], LogoutURLs=[f"{HOME}/"])
    app = load(block("authlib.md", language), variables(emulators.aws, pool), monkeypatch)
    async with visiting(app) as browser:
        await sign_in_and_look(browser, emulators.aws, "/login")


async def test_auth_js_after(emulators: Emulators, monkeypatch: pytest.MonkeyPatch) -> None:
    """The application with this library signs in."""
    pool = add_pool(emulators.aws, CallbackURLs=[f"{HOME}/auth/callback"], LogoutURLs=[f"{HOME}/"])
    app = load(block("authjs.md", "python"), variables(emulators.aws, pool), monkeypatch)
    async with visiting(app) as browser:
        await sign_in_and_look(browser, emulators.aws, "/auth/login")


async def test_auth_js_before(emulators: Emulators, node_project: Path) -> None:
    """The application with Auth.js signs in."""
    port = free_port()
    home = f"http://localhost:{port}"
    pool = add_pool(emulators.local, CallbackURLs=[f"{home}/auth/callback/cognito"])
    environment = {**os.environ, **variables(emulators.local, pool), "PORT": str(port)}
    command = ["node", "--input-type=module", "--eval", block("authjs.md", "js").code]
    service = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=node_project, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert service.stdout is not None
        assert await service.stdout.readline() == b"listening\n"
        async with httpx.AsyncClient(base_url=home, trust_env=False) as browser:
            await sign_in_and_look(browser, emulators.local, "/login")
    finally:
        service.terminate()
        await service.wait()


def old_names(page: str, heading: str = "## Old and new names") -> list[str]:
    return [name for row in rows(PAGES / page, heading) for name in names_in(row[0])]


def test_the_old_names_of_pycognito_exist() -> None:
    library = importlib.import_module("pycognito")
    exceptions = importlib.import_module("pycognito.exceptions")
    user = library.Cognito
    known = {"Cognito", "access_token", "refresh_token", "admin_…"}
    assert [name for name in old_names("pycognito.md") if name not in known and not hasattr(user, name)] == []
    raised = old_names("pycognito.md", "## Exceptions")
    assert [name for name in raised if name != "ClientError" and not hasattr(exceptions, name)] == []


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_the_new_names_exist(page: Path) -> None:
    """Each name in the second column of a page's tables that looks like one of ours is one."""
    places = (AuthClient, SessionManager, TokenVerifier, errors, steps)
    text = page.read_text(encoding="utf-8")
    cells = [line.strip("| ").split(" | ")[-1] for line in text.splitlines() if line.startswith("| ")]
    methods = {name for cell in cells for name in names_in(cell) if re.fullmatch(r"[a-z]+(_[a-z]+)+", name)}
    assert [n for n in sorted(methods - NOT_METHODS) if not any(hasattr(p, n) for p in places)] == []
