"""What all pages have in common: headers, escaping, calls, faults, and what is kept."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

import httpx
import pytest

from aiocognito.emulator import Call, CognitoEmulator, html
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import OnePair
from helpers.browser import CLIENT, PASSWORD, PLAIN_CALLBACK, Browser, Shop, browsing

Open = Callable[[], Awaitable[Browser]]
XSS = "\"'></title></style><script>alert(1)</script>&amp;"


def pages(shop: Shop) -> list[str]:
    query = shop.query()
    return [
        shop.authorize(),
        f"/login?{query}",
        f"/signup?{query}",
        f"/forgotPassword?{query}",
        f"/mfa/x?{query}",
        "/error?error=redirect_mismatch",
        "/logout",
        "/oauth2/idpresponse",
    ]


async def test_headers(shop: Shop, browser: Browser) -> None:
    """No page may be cached or framed."""
    for path in (*pages(shop), "/confirmUser"):
        response = await browser.client.get(browser.url + path)
        headers = response.headers
        assert headers["Cache-Control"] == "no-store", path
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy
        assert "Access-Control-Allow-Origin" not in headers
        if response.status_code == 302:
            continue
        (style,) = re.findall("<style>(.*?)</style>", response.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        # The one style that is there is the one that is allowed; nothing is loaded from elsewhere.
        assert f"'sha256-{digest}'" in policy
        assert " style=" not in response.text
        assert " src=" not in response.text


async def test_scripts_of_other_pages_read_nothing(shop: Shop, browser: Browser) -> None:
    for path in pages(shop):
        for origin in ("http://localhost:5173", "https://evil.example"):
            response = await browser.client.get(browser.url + path, headers={"Origin": origin})
            assert response.status_code == 403
            assert "_csrf" not in response.text
            assert "Set-Cookie" not in response.headers
            assert "Access-Control-Allow-Credentials" not in response.headers
    # What browsers send with a form of the page itself, by the referrer policy or without it.
    form = (await browser.get(shop.authorize())).forms[0]
    typed = {**form.fields, "username": "ana", "password": PASSWORD}
    for origin in ("null", browser.url):
        await browser.send(form, typed, Origin=origin)
        assert shop.who(browser.answer) == "ana"


@pytest.mark.parametrize("name", ["state", "login_hint", "lang", "nonce", "scope", "identity_provider", "x"])
async def test_nothing_of_a_request_becomes_markup(shop: Shop, browser: Browser, name: str) -> None:
    for path in ("/oauth2/authorize", "/login", "/signup", "/forgotPassword"):
        page = await browser.get(f"{path}?{shop.query(**{name: XSS})}")
        assert "script" not in page.tags
        assert "<script" not in page.response.text


async def test_nothing_that_is_typed_becomes_markup(shop: Shop, browser: Browser) -> None:
    await browser.get(shop.authorize())
    page = await browser.sign_in(XSS)
    assert page.forms[0].fields["username"] == XSS
    await browser.get(f"/signup?{shop.query()}")
    page = await browser.click("Sign up", username=XSS, userAttributes__email=XSS, password="x")
    assert page.forms[0].fields["userAttributes.email"] == XSS
    page = await browser.get(f"/forgotPassword?{shop.query()}")
    page = await browser.click("Send a code", username=XSS)
    assert page.forms[0].fields["username"] == XSS
    assert "script" not in page.tags


async def test_nothing_of_the_pool_becomes_markup(shop: Shop, browser: Browser) -> None:
    shop.client(ClientName=XSS, SupportedIdentityProviders=["COGNITO", XSS])
    shop.pool.state.providers[XSS] = {"ProviderName": XSS, "AttributeMapping": {XSS: XSS}}
    shop.pool.state.users.find("ana").attributes["email"] = XSS
    page = await browser.get(shop.authorize())
    assert page.text.startswith(XSS)
    assert page.forms[1].buttons == {f"Continue with {XSS}": ("provider", XSS)}
    page = await browser.click(f"Continue with {XSS}")
    assert page.title == f"Emulated {XSS}"
    await browser.get(shop.authorize())
    await browser.sign_in()
    page = await browser.get(f"/login?{shop.query()}")
    assert list(page.forms[0].buttons) == [f"Continue as {XSS}"]


def test_elements_escape() -> None:
    """Text and attributes are escaped, and elements are not escaped twice."""
    made = html.element("p", "<", html.element("b", "&"), None, class_='"', hidden=True, aria_label=None)
    assert made == '<p class="&quot;" hidden>&lt;<b>&amp;</b></p>'
    assert html.element("input", value="'", required=False) == '<input value="&#x27;">'


async def test_a_server_that_fails_says_so(
    shop: Shop, browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(type(shop.pool.state.users), "find", lambda *_: 1 // 0)
    await browser.get(shop.authorize())
    page = await browser.sign_in("eve")
    assert (page.status, page.alert) == (500, "The emulator failed. Its log has the traceback.")
    assert "LoginForm failed inside the emulator" in caplog.text
    assert "eve" not in caplog.text
    assert PASSWORD not in caplog.text
    assert shop.operations()[-1] == ("LoginForm", 500, "server_error")


async def test_a_form_that_is_too_long(shop: Shop, browser: Browser) -> None:
    response = await browser.client.post(
        f"{browser.url}/login?{shop.query()}",
        content=b"a" * 2**21,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert response.status_code == 413


# Faults


async def test_faults(shop: Shop, browser: Browser) -> None:
    """A planned fault is shown as a page."""
    faults = shop.emulator.faults
    faults.add("LoginPage", error="temporarily_unavailable", status=503, message="Come back later.")
    page = await browser.get(shop.authorize())
    assert (page.status, page.alert) == (503, "Come back later.")
    faults.add("LoginPage", status=502)
    page = await browser.get(shop.authorize())
    assert (page.status, page.alert) == (502, "server_error")
    faults.add("LoginPage", malformed=True)
    assert (await browser.get(shop.authorize())).response.text == "neither JSON nor a page"
    faults.add("LoginPage", latency=0.01)
    assert (await browser.get(shop.authorize())).title == "Sign in"
    assert [call[1:] for call in shop.operations() if call[0] == "LoginPage"] == [
        (503, "temporarily_unavailable"),
        (502, "server_error"),
        (200, None),
        (200, None),
    ]


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_connection_that_is_cut(
    shop: Shop, browser: Browser, cut: Literal["before", "after"]
) -> None:
    await browser.get(shop.authorize())
    shop.emulator.faults.add("LoginForm", cut=cut)
    with pytest.raises(httpx.RemoteProtocolError):
        await browser.sign_in()
    assert shop.emulator.calls[-1] == Call("LoginForm", "hosted-ui", None, None)
    # The work was done or not, as it was planned.
    assert len(shop.pool.state.hosted.sessions._sessions) == (1 if cut == "after" else 0)


# Keeping


async def test_a_browser_session_survives_the_end_of_the_process(key_pair: KeyPair, tmp_path: Path) -> None:
    async with CognitoEmulator(keys=OnePair(key_pair), data=tmp_path) as emulator:
        pool = await emulator.create_user_pool(client=CLIENT)
        await pool.add_user("ana", PASSWORD)
        await pool.add_user("mia", PASSWORD, mfa="TOTP")
        shop = Shop(emulator, pool)
        async with browsing(emulator.url) as browser:
            await browser.get(shop.authorize())
            await browser.sign_in("mia")
            await browser.get(shop.authorize())
            await browser.sign_in()
            cookies, code = browser.client.cookies, browser.answer["code"]
    kept = _everything(tmp_path)
    assert code not in kept
    assert not [value for value in cookies.values() if value in kept]
    async with CognitoEmulator(keys=OnePair(key_pair), data=tmp_path) as emulator:
        again = emulator.existing_user_pool()
        assert again is not None
        shop = Shop(emulator, again)
        assert shop.who({"code": code}) == "ana"
        async with browsing(emulator.url) as browser:
            browser.client.cookies = cookies
            await browser.get(shop.authorize())
            assert shop.who(browser.answer) == "ana"
            assert browser.gone_to.startswith(PLAIN_CALLBACK)


def _everything(directory: Path) -> str:
    return "".join(path.read_text() for path in directory.iterdir())


async def test_what_is_over_is_forgotten(shop: Shop, open_browser: Open) -> None:
    await shop.pool.add_user("mia", PASSWORD, mfa="TOTP")
    for _ in range(4):
        browser = await open_browser()
        await browser.get(shop.authorize())
        await browser.sign_in()
        await browser.get(shop.authorize(prompt="login"))
        await browser.sign_in("mia")
        shop.emulator.clock.advance(4000)
    hosted = shop.pool.state.hosted
    assert len(hosted.sessions._sessions) <= 2
    assert len(hosted.pending_steps._steps) <= 2
