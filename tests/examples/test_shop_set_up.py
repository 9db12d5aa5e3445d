"""The shop with a user pool that requires a second factor: it is set up during the first sign-in."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from examples.shop.demo import pool as demo
from examples.shop.demo.pool import PASSWORD
from pyotp.totp import TOTP

from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool, run_in_thread
from helpers.ports import free_port

from .visitor import ORIGIN, Visitor, serving, serving_on_aiohttp

ROOT = Path(__file__).parents[2]
STRICT: dict[str, Any] = {
    "MfaConfiguration": "ON",
    # With a required second factor, Cognito allows no codes as the first one.
    "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}},
}


@frozen
class Strict:
    """A shop, with a visitor."""

    emulator: ThreadedEmulator
    pool: ThreadedUserPool
    browser: Visitor


Start = Callable[[dict[str, Any]], Awaitable[Strict]]


@pytest.fixture(params=["fastapi", "aiohttp"])
async def start(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Start]:
    """Yield a function that starts a shop, with other settings of its user pool."""
    async with AsyncExitStack() as stack:

        async def started(settings: dict[str, Any]) -> Strict:
            for name, value in {**STRICT, **settings}.items():
                monkeypatch.setitem(demo.SETTINGS, name, value)
            emulator = stack.enter_context(run_in_thread())
            port = free_port()
            origin = ORIGIN if request.param == "fastapi" else f"http://localhost:{port}"
            pool = demo.make_pool(emulator, [origin])
            sessions, shop = tmp_path / "sessions", None
            if request.param == "fastapi":
                shop = await stack.enter_async_context(serving(pool, sessions))
            else:
                await stack.enter_async_context(serving_on_aiohttp(pool, sessions, port))
            browser = await stack.enter_async_context(Visitor.at(shop, origin))
            return Strict(emulator, pool, browser)

        yield started


async def test_an_authenticator_app_is_set_up_during_the_sign_in(start: Start) -> None:
    strict = await start({"EmailMfaConfiguration": None})
    strict.pool.add_user("zoe@example.com", PASSWORD, attributes={"email": "zoe@example.com"})
    browser = await strict.browser.sign_in("zoe@example.com", PASSWORD)
    assert browser.title == "Set up your authenticator app"
    await browser.press("Continue", answer="none")
    assert browser.alert == "There is a problem Enter the six digits that the app shows."
    await browser.press("Continue", answer="000000")
    assert browser.alert is not None
    assert 'class="key"' not in browser.response.text  # the secret is shown once
    await browser.get("/sign-in/step")  # with a new secret
    (secret,) = re.findall(r'<code class="key">(\w+)</code>', browser.response.text)
    await browser.press("Continue", answer=TOTP(secret).at(strict.emulator.clock()))
    assert "zoe@example.com" in browser.response.text


async def test_codes_by_email_are_set_up_during_the_sign_in(start: Start) -> None:
    """A user without an address chooses codes by e-mail, enters an address, and then the code."""
    strict = await start(
        {
            "UsernameAttributes": ["phone_number"],
            "AutoVerifiedAttributes": ["phone_number"],
            "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []},
            "SmsMfaConfiguration": None,
            # An address that recovers the account cannot be a second factor.
            "AccountRecoverySetting": {
                "RecoveryMechanisms": [{"Name": "verified_phone_number", "Priority": 1}]
            },
        }
    )
    phone, address = "+15550123", "zoe@example.com"
    strict.pool.add_user(phone, PASSWORD)
    browser = await strict.browser.sign_in(phone, PASSWORD)
    assert browser.title == "Set up a second factor"
    await browser.press("A code by e-mail")
    assert browser.title == "Enter the address for your codes"
    await browser.press("Continue", answer="zoe")
    assert browser.alert == "There is a problem Enter an e-mail address, such as ana@example.com."
    await browser.press("Continue", answer=address)
    assert browser.title == "Enter the code from the e-mail"
    await browser.press("Continue", answer="000000")
    assert browser.alert is not None
    await browser.press("Continue", answer=strict.emulator.outbox.next_code(address))
    assert (await browser.get("/account")).path == "/account"
    user = strict.emulator.call("AdminGetUser", UserPoolId=strict.pool.id, Username=phone)
    assert user["UserMFASettingList"] == ["EMAIL_OTP"]


def test_what_frameworks_share_imports_none_of_them() -> None:
    modules = ("areas", "goods", "names", "notices", "paths", "problems", "rendering", "sign_in_steps")
    names = [*(f"examples.shop.front.{name}" for name in modules), "examples.shop.demo.run"]
    code = f"import sys, {', '.join(names)}; print({{'fastapi', 'starlette'}} & sys.modules.keys())"
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert printed.stdout == "set()\n"
