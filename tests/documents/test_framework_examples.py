"""The services of the pages on Starlette and aiohttp, and the examples that are the same."""

from __future__ import annotations

import ast
import asyncio
import runpy

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer
from starlette.testclient import TestClient as StarletteTestClient

from .backend import ANA, PASSWORD, Backend, add_ana
from .pages import ROOT, blocks


def code_of(text: str) -> list[str]:
    """Return the lines of a program without docstrings and blank lines, in one form."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return ast.unparse(tree).splitlines()


def lines_of_authentication(name: str) -> list[str]:
    """Return the lines of an example that are neither a route's nor the framework's."""
    tree = ast.parse((ROOT / "examples" / name).read_text(encoding="utf-8"))
    routes = [node for node in tree.body if isinstance(node, ast.AsyncFunctionDef)]
    rest = ast.Module([node for node in tree.body if node not in routes], [])
    return [line for line in code_of(ast.unparse(rest)) if line.strip()]


@pytest.mark.parametrize("framework", ["starlette", "aiohttp"])
def test_an_example_has_under_15_lines_beyond_its_routes(framework: str) -> None:
    lines = lines_of_authentication(f"minimal_{framework}.py")
    assert 5 < len(lines) < 15


@pytest.mark.parametrize("framework", ["starlette", "aiohttp"])
def test_the_first_block_of_the_page_is_the_example(framework: str) -> None:
    """The page has the same program without docstrings, in shorter lines."""
    page = code_of(blocks(ROOT / f"docs/{framework}.md")[0].code)
    assert page == code_of((ROOT / f"examples/minimal_{framework}.py").read_text(encoding="utf-8"))


def test_the_starlette_example_signs_ana_in(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    add_ana(backend)
    monkeypatch.setenv("SESSION_KEY", "ab" * 32)
    names = runpy.run_path(str(ROOT / "examples/minimal_starlette.py"))
    with StarletteTestClient(names["app"], base_url="https://testserver") as browser:
        assert browser.get("/me").status_code == 401
        answer = browser.post("/auth/sign-in", json={"username": ANA, "password": PASSWORD})
        assert answer.json() == {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
        assert browser.get("/me").json()["username"]
        assert browser.get("/profile").json()["email"] == ANA
        browser.post("/auth/sign-out", json={})
        assert browser.get("/me").status_code == 401


def test_the_aiohttp_example_signs_ana_in(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    add_ana(backend)
    monkeypatch.setenv("SESSION_KEY", "ab" * 32)
    names = runpy.run_path(str(ROOT / "examples/minimal_aiohttp.py"))

    async def visit() -> None:
        jar = CookieJar(unsafe=True)
        async with TestClient(TestServer(names["app"]), cookie_jar=jar) as browser:
            assert (await browser.get("/profile")).status == 401
            answer = await browser.post("/auth/sign-in", json={"username": ANA, "password": PASSWORD})
            assert await answer.json() == {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
            assert (await (await browser.get("/me")).json())["username"]
            assert (await (await browser.get("/profile")).json())["email"] == ANA
            await browser.post("/auth/sign-out", json={})
            assert (await browser.get("/me")).status == 401

    asyncio.run(visit())
