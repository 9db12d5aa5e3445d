"""The shop with a user pool that requires a second factor: it is set up during the first sign-in."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from attrs import frozen
from examples.shop.demo import pool as demo
from examples.shop.demo.pool import PASSWORD
from pyotp.totp import TOTP

from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool, run_in_thread

from .visitor import ORIGIN, Visitor, serving

ROOT = Path(__file__).parents[2]


@frozen
class Strict:
    """The shop, with a visitor."""

    emulator: ThreadedEmulator
    pool: ThreadedUserPool
    browser: Visitor


@pytest.fixture
async def strict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Strict]:
    monkeypatch.setitem(demo.SETTINGS, "MfaConfiguration", "ON")
    # With a required second factor, Cognito allows no codes as the first one.
    factors = {"AllowedFirstAuthFactors": ["PASSWORD"]}
    monkeypatch.setitem(demo.SETTINGS, "Policies", {"SignInPolicy": factors})
    monkeypatch.delitem(demo.SETTINGS, "EmailMfaConfiguration")
    async with AsyncExitStack() as stack:
        emulator = stack.enter_context(run_in_thread())
        pool = demo.make_pool(emulator, [ORIGIN])
        pool.add_user("zoe@example.com", PASSWORD, attributes={"email": "zoe@example.com"})
        shop = await stack.enter_async_context(serving(pool, tmp_path / "sessions"))
        browser = await stack.enter_async_context(Visitor.at(shop))
        yield Strict(emulator, pool, browser)


async def test_an_authenticator_app_is_set_up_during_the_sign_in(strict: Strict) -> None:
    browser = await strict.browser.sign_in("zoe@example.com", PASSWORD)
    assert browser.title == "Set up your authenticator app"
    await browser.press("Continue", answer="000000")
    assert browser.alert is not None
    assert 'class="key"' not in browser.response.text  # the secret is shown once
    await browser.get("/sign-in/step")  # with a new secret
    (secret,) = re.findall(r'<code class="key">(\w+)</code>', browser.response.text)
    await browser.press("Continue", answer=TOTP(secret).at(strict.emulator.clock()))
    assert "zoe@example.com" in browser.response.text


def test_what_frameworks_share_imports_none_of_them() -> None:
    modules = ("areas", "goods", "names", "notices", "paths", "problems", "rendering", "sign_in_steps")
    names = [*(f"examples.shop.front.{name}" for name in modules), "examples.shop.demo.run"]
    code = f"import sys, {', '.join(names)}; print({{'fastapi', 'starlette'}} & sys.modules.keys())"
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert printed.stdout == "set()\n"
