"""Which requests the emulator answers: other web pages, frames, tokens that are not text."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping

import aiohttp
import pytest

from aiocognito.emulator import Call, CognitoEmulator
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import PASSWORD, OnePair

from .raw_http import exchange

LIST_POOLS = {"X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools"}
LIST_IDENTITY_POOLS = {"X-Amz-Target": "AWSCognitoIdentityService.ListIdentityPools"}
PRIVATE: tuple[tuple[str, str, dict[str, str], bytes], ...] = (
    ("GET", "/", {}, b""),
    ("HEAD", "/", {}, b""),
    ("POST", "/", LIST_POOLS, b'{"MaxResults": 1}'),
    ("POST", "/", LIST_IDENTITY_POOLS, b'{"MaxResults": 1}'),
    ("GET", "/_emulator/messages", {}, b""),
    ("HEAD", "/_emulator/messages", {}, b""),
    ("POST", "/_emulator/clock", {}, b'{"advance": 60}'),
    ("POST", "/_emulator/faults", {}, b'{"operation": "SignUp", "status": 500}'),
)
FOREIGN: tuple[Mapping[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    {"Sec-Fetch-Site": "nonsense"},
    {"Origin": "null"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "https://evil.example", "Content-Type": "text/plain"},
)
LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda headers: " ".join(headers.values()))
@pytest.mark.parametrize(("method", "path", "headers", "body"), PRIVATE)
async def test_other_pages_neither_read_nor_steer(
    emulator: CognitoEmulator,
    http: aiohttp.ClientSession,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    foreign: Mapping[str, str],
) -> None:
    before = emulator.clock.offset
    async with http.request(
        method, emulator.url + path, headers={**headers, **foreign}, data=body
    ) as response:
        assert response.status == 403
        assert "Access-Control-Allow-Origin" not in response.headers
        assert (await response.text()) in {"", "Not for web pages."}
    assert emulator.clock.offset == before
    assert emulator.faults.take("SignUp") is None
    assert emulator.calls == []


@pytest.mark.parametrize("own", [{}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin"}])
@pytest.mark.parametrize(("method", "path", "headers", "body"), PRIVATE)
async def test_programs_and_the_emulators_own_page_do_both(
    emulator: CognitoEmulator,
    http: aiohttp.ClientSession,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    own: Mapping[str, str],
) -> None:
    async with http.request(method, emulator.url + path, headers={**headers, **own}, data=body) as response:
        assert response.status == 200


async def test_a_link_leads_to_the_overview_page_but_not_to_the_messages(
    emulator: CognitoEmulator, http: aiohttp.ClientSession
) -> None:
    for method, path, status in (
        ("GET", "/", 200),
        ("GET", "/_emulator/messages", 403),
        ("POST", "/_emulator/clock", 403),
    ):
        async with http.request(
            method, emulator.url + path, headers=LINK, data=b'{"advance": 1}'
        ) as response:
            assert response.status == status


async def test_no_page_can_be_framed(emulator: CognitoEmulator, http: aiohttp.ClientSession) -> None:
    pool = await emulator.create_user_pool(client={"CallbackURLs": ["http://localhost/callback"]})
    await pool.add_user("ana", PASSWORD)
    query = f"client_id={pool.client_id}&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%2Fcallback"
    paths = (
        "/",
        "/confirmUser?client_id=x",
        "/_emulator/messages",
        f"/{pool.id}/.well-known/jwks.json",
        "/nothing",
        "/error",
        "/oauth2/token",
        *(f"/{page}?{query}" for page in ("login", "signup", "forgotPassword", "oauth2/authorize", "logout")),
        *(f"/{page}/x?{query}" for page in ("mfa", "confirm", "resetPassword", "idp")),
    )
    for path in paths:
        async with http.get(emulator.url + path, allow_redirects=False) as response:
            assert response.headers["X-Frame-Options"] == "DENY", path
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"], path


async def test_what_a_fault_answers_cannot_be_framed(
    emulator: CognitoEmulator, http: aiohttp.ClientSession
) -> None:
    emulator.faults.add("GetIdentityJwks", malformed=True)
    async with http.get(f"{emulator.url}/.well-known/jwks_uri") as response:
        assert response.content_type == "text/html"
        assert response.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("offered", [b"\xff", b"\xc3\x28" * 20, "ü".encode(), b"", b"Bearer \xff\xfe"])
@pytest.mark.parametrize("header", [b"X-Emulator-Token", b"Authorization"])
async def test_a_token_that_is_not_text_is_refused(key_pair: KeyPair, header: bytes, offered: bytes) -> None:
    async with CognitoEmulator(host="0.0.0.0", keys=OnePair(key_pair)) as emulator:
        answered = await exchange(emulator.url, b"GET", b"/_emulator/messages", [(header, offered)])
        assert answered.status == 401


async def test_administration_beyond_loopback_needs_the_token_for_every_signed_operation(
    key_pair: KeyPair, http: aiohttp.ClientSession
) -> None:
    """The guard itself, without aiohttp's handling of an empty response."""
    async with CognitoEmulator(host="0.0.0.0", keys=OnePair(key_pair)) as emulator:
        signed = [
            f"{model.service.prefix}.{operation.name}"
            for model in emulator._models
            for operation in model.operations.values()
            if operation.signed
        ]
        assert len(signed) > 80

        async def status_of(target: str) -> int:
            headers = {"X-Amz-Target": target}
            async with http.post(emulator.url, headers=headers, data=json.dumps({})) as response:
                return response.status

        assert set(await asyncio.gather(*map(status_of, signed))) == {401}
        assert emulator.calls == []


async def test_requests_that_are_not_served_are_in_the_log(
    emulator: CognitoEmulator, http: aiohttp.ClientSession
) -> None:
    seen: list[Call] = []
    emulator.listen(seen.append)
    for method, path, body in (
        ("GET", "/oauth/token", b""),
        ("PUT", "/", b""),
        ("GET", "/oauth2/token", b""),
        ("POST", "/", b"a" * 1_100_000),
        ("POST", "/_emulator/clock", b"{}"),
    ):
        async with http.request(
            method, emulator.url + path, data=io.BytesIO(body) if body else None
        ) as response:
            await response.read()
    assert [(call.operation, call.status, call.reason) for call in seen] == [
        ("GET /oauth/token", 404, "The emulator serves nothing at this path."),
        ("PUT /", 405, "The emulator does not serve this method at this path."),
        ("GET /oauth2/token", 405, "The emulator does not serve this method at this path."),
        ("POST /", 413, "Maximum request body size 1048576 exceeded."),
        ("POST /_emulator/clock", 400, 'expected {"advance": seconds}'),
    ]
    assert emulator.calls == []
