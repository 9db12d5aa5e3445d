"""The page at the emulator's address, and who may read it."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import aiohttp
import pytest

from aiocognito import AuthClient
from aiocognito.emulator import CognitoEmulator

PASSWORD = "Correct-Horse-7"


class Cells(HTMLParser):
    """The texts of a page's table cells; raises nothing, but an unclosed table shows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.depth = 0
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.depth += tag == "table"
        self._inside = tag == "td"
        if self._inside:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "table"
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.cells[-1] += data


async def page_of(emulator: CognitoEmulator, **headers: str) -> tuple[int, str, str | None]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{emulator.url}/", headers=headers) as response,
    ):
        allowed = response.headers.get("Access-Control-Allow-Origin")
        return response.status, await response.text(), allowed


async def test_pools_users_and_the_outbox_are_shown() -> None:
    async with CognitoEmulator() as emulator:
        status, page, _ = await page_of(emulator)
        assert status == 200
        assert "No user pool exists yet." in page
        assert "Nothing was sent yet." in page
        pool = await emulator.create_user_pool(client={"GenerateSecret": True})
        await pool.add_user("<b>ana</b>", PASSWORD, attributes={"email": "ana@example.com"}, mfa="TOTP")
        async with AuthClient(pool.config) as auth:
            await auth.reset_password("<b>ana</b>")
        code = await emulator.outbox.next_code("ana@example.com")
        _, page, _ = await page_of(emulator)
        found = Cells(page)
        assert found.depth == 0
        for text in (pool.client_id, "yes", "<b>ana</b>", "ana@example.com", "SOFTWARE_TOKEN_MFA", code):
            assert text in found.cells
        assert pool.config.user_pool_client_secret is not None
        assert pool.config.user_pool_client_secret not in page
        assert PASSWORD not in page


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://evil.example"])
async def test_no_other_page_may_read_it(origin: str) -> None:
    async with CognitoEmulator() as emulator:
        status, page, allowed = await page_of(emulator, Origin=origin)
        assert (status, allowed) == (403, None)
        assert "Cognito" not in page


@pytest.mark.parametrize("origin", ["http://localhost:3000", None])
async def test_administration_is_never_open_to_pages(origin: str | None) -> None:
    headers = {
        "X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools",
        "Content-Type": "application/x-amz-json-1.1",
    }
    async with CognitoEmulator() as emulator, aiohttp.ClientSession() as http:
        own = emulator.url if origin is None else origin
        async with http.post(
            emulator.url, data='{"MaxResults": 1}', headers={**headers, "Origin": own}
        ) as response:
            assert response.status == (200 if origin is None else 403)
            assert "Access-Control-Allow-Origin" not in response.headers


async def test_links_to_the_login_page_of_clients_that_have_one() -> None:
    async with CognitoEmulator() as emulator, aiohttp.ClientSession() as http:
        pool = await emulator.create_user_pool(client={"CallbackURLs": ["http://localhost/a?b=c&d"]})
        await pool.add_client()
        async with http.get(emulator.url) as response:
            page = await response.text()
        (link,) = re.findall(r'<a href="([^"]*)">sign in</a>', page)
        async with http.get(unescape(link)) as response:
            assert response.status == 200
            assert 'name="password"' in await response.text()
