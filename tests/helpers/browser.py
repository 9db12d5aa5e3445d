"""A browser without JavaScript: it parses pages, follows redirects, and fills in and submits forms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urljoin, urlsplit

import httpx
from attrs import define, field

from aiocognito.emulator import CognitoEmulator

PASSWORD = "Correct-Horse-7"
NEW_PASSWORD = "Better-Horse-8"
CALLBACK = "http://localhost:3999/callback?from=cognito"
PLAIN_CALLBACK = "http://localhost:3999/callback"
LOGOUT = "http://localhost:3999/bye"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CLIENT: dict[str, Any] = {
    "ClientName": "shop",
    "CallbackURLs": [CALLBACK, PLAIN_CALLBACK, "shop://callback"],
    "LogoutURLs": [LOGOUT],
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email", "profile"],
    "SupportedIdentityProviders": ["COGNITO"],
}


@define
class Form:
    """A form of a page."""

    action: str
    method: str
    fields: dict[str, str] = field(factory=dict)
    inputs: dict[str, dict[str, str | None]] = field(factory=dict)
    buttons: dict[str, tuple[str, str]] = field(factory=dict)


@define
class Page:
    """A parsed page."""

    response: httpx.Response
    forms: list[Form] = field(factory=list)
    links: dict[str, str] = field(factory=dict)
    labels: dict[str, str] = field(factory=dict)
    said: dict[str, str] = field(factory=dict)
    title: str = ""
    lang: str | None = None
    text: str = ""
    tags: list[str] = field(factory=list)

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def location(self) -> str:
        return str(self.response.headers.get("Location", ""))

    @property
    def alert(self) -> str | None:
        return self.said.get("alert")

    @property
    def notice(self) -> str | None:
        return self.said.get("status")

    def form_with(self, name: str) -> Form:
        """Return the form that has a field or a button of this name."""
        return next(
            form for form in self.forms if name in form.fields or name in form.inputs or name in form.buttons
        )


class _Reader(HTMLParser):
    """Parses a page. Raises for markup that is not well-formed, as far as the pages use it."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self.open: list[tuple[str, dict[str, str | None], list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs), "an attribute twice"
        assert not [name for name in given if name.startswith("on")], "a script"
        self.page.tags.append(tag)
        if tag == "html":
            self.page.lang = given["lang"]
        if tag == "form":
            self.page.forms.append(Form(str(given["action"]), str(given["method"])))
        if tag == "input":
            self._input(given)
        if tag not in {"input", "link", "meta", "path"}:
            self.open.append((tag, given, []))

    def _input(self, given: dict[str, str | None]) -> None:
        form, name = self.page.forms[-1], str(given["name"])
        form.inputs[name] = given
        if given["type"] != "radio":
            form.fields[name] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        for _tag, _given, texts in self.open:
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        opened, given, texts = self.open.pop() if tag != "path" else ("path", {}, [])
        assert opened == tag, f"</{tag}> closes <{opened}>"
        text = "".join(texts)
        if tag == "a":
            self.page.links[text] = str(given["href"])
        if tag == "button":
            self.page.forms[-1].buttons[text] = str(given.get("name", "")), str(given.get("value", ""))
        if tag == "label" and given.get("for"):
            self.page.labels[str(given["for"])] = text
        if given.get("role"):
            self.page.said[str(given["role"])] = text
        if tag == "h1":
            self.page.title = text
        if tag == "main":
            self.page.text = text


def read(response: httpx.Response) -> Page:
    """Parse a page."""
    page = Page(response)
    if response.headers.get("Content-Type", "").startswith("text/html"):
        reader = _Reader(page)
        reader.feed(response.text)
        reader.close()
        assert not reader.open
    return page


@define
class Browser:
    """A browser with one page. It follows redirects within the emulator only."""

    url: str
    client: httpx.AsyncClient
    page: Page = field(init=False)
    gone_to: str = ""

    async def get(self, location: str, **headers: str) -> Page:
        """Open a URL and follow redirects within the emulator."""
        return await self._follow(await self.client.get(urljoin(self.url, location), headers=headers))

    async def _follow(self, response: httpx.Response) -> Page:
        while response.status_code == 302 and response.headers["Location"].startswith(f"{self.url}/"):
            response = await self.client.get(response.headers["Location"])
        self.gone_to = response.headers.get("Location", "")
        self.page = read(response)
        return self.page

    async def click(self, button: str, **typed: str) -> Page:
        """Fill in the form that has this button, and press it. ``__`` in a field's name stands for a dot."""
        form = next(form for form in self.page.forms if button in form.buttons)
        name, value = form.buttons[button]
        data = {**form.fields, **{key.replace("__", "."): text for key, text in typed.items()}}
        if name:
            data[name] = value
        return await self.send(form, data)

    async def send(self, form: Form, data: dict[str, str], **headers: str) -> Page:
        """Submit a form."""
        assert form.method == "post"
        url = urljoin(str(self.page.response.url), form.action)
        return await self._follow(await self.client.post(url, data=data, headers=headers))

    async def sign_in(self, username: str = "ana", password: str = PASSWORD) -> Page:
        """Fill in the login page."""
        return await self.click("Sign in", username=username, password=password)

    @property
    def answer(self) -> dict[str, str]:
        """The parameters with which the browser was redirected to the app."""
        parts = urlsplit(self.gone_to)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == PLAIN_CALLBACK, self.gone_to
        return dict(parse_qsl(parts.fragment or parts.query, keep_blank_values=True, strict_parsing=True))

    @property
    def session_cookies(self) -> list[str]:
        """The names of the session cookies."""
        return [name for name in self.client.cookies if name.startswith("cognito-") and name.count("-") == 3]


@define
class Shop:
    """An app with its user pool, and the browsers that visit it."""

    emulator: CognitoEmulator
    pool: Any

    def query(self, **more: str | None) -> str:
        """Return the query string of an authorization request."""
        given: dict[str, str | None] = {
            "client_id": self.pool.client_id,
            "redirect_uri": PLAIN_CALLBACK,
            "response_type": "code",
            "state": "st ate",
            **more,
        }
        return urlencode({name: value for name, value in given.items() if value is not None})

    def authorize(self, **more: str | None) -> str:
        """Return the path and query string of an authorization request."""
        return f"/oauth2/authorize?{self.query(**more)}"

    def client(self, **settings: Any) -> None:
        """Change the settings of the app client."""
        self.pool.state.clients[self.pool.client_id].settings.update(settings)

    def code(self, answer: dict[str, str]) -> Any:
        """Return what the emulator stores for an authorization code."""
        return self.pool.state.hosted.codes.get(answer["code"])

    def who(self, answer: dict[str, str]) -> str:
        """Return the username that an authorization code was issued to."""
        return str(self.pool.state.users.by_subject(self.code(answer).sub).username)

    def operations(self) -> list[tuple[str, int | None, str | None]]:
        """Return the requests to the hosted UI: operation, HTTP status and error."""
        assert {call.service for call in self.emulator.calls} <= {"hosted-ui"}
        return [(call.operation, call.status, call.error) for call in self.emulator.calls]


@asynccontextmanager
async def browsing(url: str) -> AsyncIterator[Browser]:
    """Open a browser without cookies, for the hosted UI at the origin of a URL."""
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as client:
        yield Browser(urljoin(url, "/").rstrip("/"), client)


async def sign_in(home: str, url: str, username: str, password: str) -> str:
    """Follow an app's link in a new browser, sign in, and return the URL that leads back to the app."""
    async with browsing(home) as browser:
        page = await browser.get(url)
        assert page.status == 200, page.text
        await browser.sign_in(username, password)
        assert browser.gone_to, browser.page.text
        return browser.gone_to


def parameters(location: str) -> dict[str, list[str]]:
    """Return the query parameters of a URL."""
    return parse_qs(urlsplit(location).query, keep_blank_values=True)
