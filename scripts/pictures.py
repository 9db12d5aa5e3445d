"""Make the pictures of the README and the docs: the emulator's page, in light and in dark.

    python scripts/pictures.py

Needs Chromium at /usr/bin/chromium, and writes PNG files to ``docs/_static``.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import async_playwright

from aiocognito import AuthClient
from aiocognito.emulator import CognitoEmulator

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs/_static"
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
PASSWORD = "Correct-horse-7"
# The same time in every picture.
NOON = 1_790_424_000.0


async def fill(emulator: CognitoEmulator) -> None:
    """Let users sign up and in, so that there is something to see."""
    pool = await emulator.create_user_pool(
        AutoVerifiedAttributes=["email"],
        MfaConfiguration="OPTIONAL",
        pool_id="us-east-1_Shop12345",
        client_id="shopweb",
        client={"CallbackURLs": ["http://localhost:8000/callback"]},
    )
    address = {"email": "ana@example.com"}
    await pool.add_user("ana", PASSWORD, attributes=address, mfa="TOTP")
    async with AuthClient(pool.config) as auth:
        ben = {"email": "ben@example.com"}
        await auth.sign_up("ben", PASSWORD, user_attributes=ben)
        await auth.confirm_sign_up("ben", await emulator.outbox.next_code("ben"))
        await auth.reset_password("ben")
        eve = {"email": "eve@example.com"}
        await auth.sign_up("eve", PASSWORD, user_attributes=eve)


async def main() -> None:
    """Write the pictures."""
    TARGET.mkdir(exist_ok=True)
    async with (
        CognitoEmulator(port=9229, seed=1, clock=lambda: NOON) as emulator,
        async_playwright() as playwright,
    ):
        await fill(emulator)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for scheme in ("light", "dark"):
            page = await browser.new_page(
                viewport={"width": 1000, "height": 720}, color_scheme=scheme, device_scale_factor=1.5
            )
            await page.goto(emulator.url)
            await page.screenshot(path=TARGET / f"emulator-{scheme}.png")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
