"""The shop in this process, and a browser that keeps cookies, reads forms, and submits them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from attrs import define, field
from examples.shop.app import app
from examples.shop.auth import cognito
from examples.shop.demo import pool as demo
from examples.shop_aiohttp.app import make_app

from aiocognito.emulator import ThreadedUserPool

ORIGIN = "http://localhost"


@asynccontextmanager
async def serving(pool: ThreadedUserPool, sessions: Path) -> AsyncIterator[httpx.ASGITransport]:
    """Run the shop in this process, with a user pool and a directory for its sessions."""
    with environment(pool, sessions):
        async with cognito.lifespan(app):
            yield httpx.ASGITransport(app)


@asynccontextmanager
async def serving_on_aiohttp(pool: ThreadedUserPool, sessions: Path, port: int) -> AsyncIterator[None]:
    """Serve the shop on aiohttp in this process, with a user pool and a directory for its sessions."""
    with environment(pool, sessions):
        runner = web.AppRunner(make_app())
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield
        finally:
            await runner.cleanup()


@contextmanager
def environment(pool: ThreadedUserPool, sessions: Path) -> Iterator[None]:
    """Set the environment variables that a shop reads."""
    variables = {
        **demo.environment(pool),
        "SESSION_KEY": secrets.token_hex(32),
        "SESSION_DIRECTORY": str(sessions),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@define
class Form:
    """A form of a page: where it goes, its fields, and the texts of its buttons."""

    action: str
    fields: dict[str, str] = field(factory=dict)
    buttons: dict[str, dict[str, str]] = field(factory=dict)


class _Reader(HTMLParser):
    """Reads the forms, and the texts that announce something."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.roles: dict[str, str] = {}
        self.headings: list[str] = []
        self._button: dict[str, str] | None = None
        self._role: tuple[str, str] | None = None
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given["action"]))
        if tag == "input":
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        if tag == "button":
            self._button = given
        if given.get("role") in ("alert", "status") and self._role is None:
            self._role = (tag, given["role"])
            self.roles[given["role"]] = ""
        self._in_heading = tag == "h1"
        if tag == "h1":
            self.headings.append("")

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self.forms[-1].buttons[data.strip()] = self._button
        if self._role is not None:
            self.roles[self._role[1]] += data
        if self._in_heading:
            self.headings[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self._button = None
        if self._role is not None and tag == self._role[0]:
            self._role = None
        if tag == "h1":
            self._in_heading = False


@define
class Visitor:
    """A visitor of the shop."""

    client: httpx.AsyncClient
    response: httpx.Response = field(init=False)
    forms: list[Form] = field(factory=list)
    alert: str | None = None
    notice: str | None = None
    title: str = ""

    @classmethod
    @asynccontextmanager
    async def at(cls, shop: httpx.ASGITransport | None, origin: str = ORIGIN) -> AsyncIterator[Visitor]:
        """Open a browser without cookies, for a shop in this process or at an origin."""
        async with httpx.AsyncClient(
            transport=shop,
            base_url=origin,
            headers={"accept": "text/html"},
            follow_redirects=True,
            trust_env=False,
        ) as client:
            yield cls(client)

    @property
    def path(self) -> str:
        """The path of the page, after redirects."""
        return self.response.url.path

    async def get(self, path: str) -> Visitor:
        """Open a page, and follow redirects."""
        return self._read(await self.client.get(path))

    async def press(self, button: str, **typed: str) -> Visitor:
        """Fill in the form that has this button, and press it."""
        form = next(each for each in self.forms if button in each.buttons)
        pressed = form.buttons[button]
        data = {**form.fields, **typed}
        assert set(typed) <= set(form.fields), (typed, form.fields)
        if "name" in pressed:
            data[pressed["name"]] = pressed.get("value", "")
        return self._read(await self.client.post(pressed.get("formaction", form.action), data=data))

    def _read(self, response: httpx.Response) -> Visitor:
        self.response = response
        reader = _Reader()
        reader.feed(response.text)
        self.forms = reader.forms
        self.alert = _text(reader.roles.get("alert"))
        self.notice = _text(reader.roles.get("status"))
        self.title = reader.headings[0] if reader.headings else ""
        return self

    async def sign_in(self, username: str, password: str) -> Visitor:
        """Sign in with a password."""
        await self.get("/sign-in")
        return await self.press("Sign in", username=username, password=password)


def _text(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())
