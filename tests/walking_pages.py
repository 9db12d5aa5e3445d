"""A person with a browser: goes where the hosted UI sends it, and fills in what its pages ask for."""

from __future__ import annotations

from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx

MOST_PAGES = 10


class Form(HTMLParser):
    """The first form of a page that has a field of some name: where it goes, and its hidden fields."""

    def __init__(self, page: str, field: str) -> None:
        super().__init__()
        self.action = ""
        self.hidden: dict[str, str] = {}
        self._field = field
        self._has_it = self._done = False
        self.feed(page)
        assert self._done, f"no form asks for {field}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._done:
            return
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action, self.hidden = given.get("action", ""), {}
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[given["name"]] = given.get("value", "")
        self._has_it = self._has_it or given.get("name") == self._field

    def handle_endtag(self, tag: str) -> None:
        self._done = self._done or (tag == "form" and self._has_it)


class Browser:
    """A browser that keeps its cookies.

    Args:
        home: The hosted UI's address; what leads elsewhere is an app's, and is not visited.
    """

    def __init__(self, home: str) -> None:
        self._home = urlsplit(home).netloc
        self._http = httpx.AsyncClient(trust_env=False)
        self.page = ""
        self.url = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def visit(self, url: str) -> str:
        """Go to a URL and on to where it leads: a page of the hosted UI's, or an app's URL. Return that."""
        return await self._follow(url, await self._http.get(url))

    async def submit(self, **fields: str) -> str:
        """Fill in the form of the page that has these fields, and send it."""
        form = Form(self.page, next(iter(fields)))
        target = urljoin(self.url, form.action)
        return await self._follow(target, await self._http.post(target, data={**form.hidden, **fields}))

    async def sign_in(self, url: str, username: str, password: str) -> str:
        """Begin at an app's link, sign in on the page, and return the URL that leads back to the app."""
        where = await self.visit(url)
        assert self._is_home(where), where
        return await self.submit(username=username, password=password)

    async def _follow(self, url: str, response: httpx.Response) -> str:
        for _ in range(MOST_PAGES):
            if not response.is_redirect:
                assert response.status_code == 200, response.text
                self.page, self.url = response.text, url
                return url
            url = urljoin(url, response.headers["location"])
            if not self._is_home(url):
                return url
            response = await self._http.get(url)
        raise AssertionError(f"still redirected at {url}")

    def _is_home(self, url: str) -> bool:
        return urlsplit(url).netloc == self._home


async def sign_in(home: str, url: str, username: str, password: str) -> str:
    """Sign in on the hosted UI in a browser of one's own; return the URL that leads back to the app."""
    async with Browser(home) as browser:
        return await browser.sign_in(url, username, password)
