"""What happens to a signed-in user while users, passwords, clients and pools change."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from aiocognito.emulator import CognitoEmulator
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import OnePair, claims
from helpers.browser import CLIENT, NEW_PASSWORD, PASSWORD, PLAIN_CALLBACK, Browser, Shop, browsing

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


async def exchange(shop: Shop, browser: Browser, answer: Mapping[str, str], **more: str) -> httpx.Response:
    """Redeem the code that a browser has brought back."""
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": PLAIN_CALLBACK,
        "client_id": shop.pool.client_id,
        **more,
    }
    return await browser.client.post(f"{browser.url}/oauth2/token", data=form)


async def admin(shop: Shop, operation: str, **members: Any) -> None:
    await shop.emulator.call(operation, UserPoolId=shop.pool.id, **members)


@pytest.fixture
async def signed_in(shop: Shop, browser: Browser) -> dict[str, str]:
    await browser.get(shop.authorize())
    await browser.sign_in()
    return browser.answer


async def test_signing_out_everywhere_ends_tokens_and_not_the_session(
    shop: Shop, browser: Browser, signed_in: dict[str, str]
) -> None:
    tokens = (await exchange(shop, browser, signed_in)).json()
    await admin(shop, "AdminUserGlobalSignOut", Username="ana")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await browser.client.get(f"{browser.url}/oauth2/userInfo", headers=bearer)).status_code == 401
    await browser.get(shop.authorize(prompt="none"))
    assert shop.who(browser.answer) == "ana"


async def test_a_new_password_does_not_end_the_session(
    shop: Shop, browser: Browser, signed_in: dict[str, str]
) -> None:
    await admin(shop, "AdminSetUserPassword", Username="ana", Password=NEW_PASSWORD, Permanent=True)
    await browser.get(shop.authorize(prompt="none"))
    assert shop.who(browser.answer) == "ana"
    await browser.get(shop.authorize(prompt="login"))
    assert (await browser.sign_in()).alert == "Incorrect username or password."


async def test_only_the_disabled_user_signs_in_again(
    shop: Shop, browser: Browser, signed_in: dict[str, str]
) -> None:
    await shop.pool.add_user("mia", PASSWORD)
    for name in ("mia", "ana"):
        await admin(shop, "AdminDisableUser", Username=name)
        await admin(shop, "AdminEnableUser", Username=name)
        await browser.get(shop.authorize(prompt="none"))
        assert browser.answer.get("error") == {"ana": "login_required"}.get(name)


async def test_a_new_user_of_the_same_name_is_not_signed_in(
    shop: Shop, browser: Browser, signed_in: dict[str, str]
) -> None:
    await admin(shop, "AdminDeleteUser", Username="ana")
    await shop.pool.add_user("ana", PASSWORD)
    await browser.get(shop.authorize(prompt="none"))
    assert browser.answer["error"] == "login_required"
    assert (await exchange(shop, browser, signed_in)).json() == {"error": "invalid_grant"}


async def test_a_client_that_is_gone(shop: Shop, browser: Browser, signed_in: dict[str, str]) -> None:
    tokens = (await exchange(shop, browser, signed_in)).json()
    await browser.get(shop.authorize())
    await admin(shop, "DeleteUserPoolClient", ClientId=shop.pool.client_id)
    assert (await exchange(shop, browser, browser.answer)).json() == {"error": "invalid_client"}
    page = await browser.get(shop.authorize())
    assert (page.status, page.response.url.path) == (400, "/error")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await browser.client.get(f"{browser.url}/oauth2/userInfo", headers=bearer)).status_code == 401


async def test_a_pool_that_is_gone(shop: Shop, browser: Browser, signed_in: dict[str, str]) -> None:
    await admin(shop, "DeleteUserPool")
    assert (await exchange(shop, browser, signed_in)).json() == {"error": "invalid_client"}
    page = await browser.get(shop.authorize())
    assert (page.status, page.response.url.path) == (400, "/error")


async def test_a_callback_that_is_gone(shop: Shop, browser: Browser, signed_in: dict[str, str]) -> None:
    shop.client(CallbackURLs=["https://other.example/"])
    page = await browser.get(shop.authorize())
    assert (page.status, page.response.url.path) == (400, "/error")


async def test_groups_and_roles_are_those_of_the_exchange(
    shop: Shop, browser: Browser, signed_in: dict[str, str]
) -> None:
    role = "arn:aws:iam::123456789012:role/editors"
    await admin(shop, "CreateGroup", GroupName="editors", RoleArn=role, Precedence=1)
    await admin(shop, "AdminAddUserToGroup", GroupName="editors", Username="ana")
    tokens = (await exchange(shop, browser, signed_in)).json()
    identity, access = claims(tokens["id_token"]), claims(tokens["access_token"])
    assert identity["cognito:groups"] == access["cognito:groups"] == ["editors"]
    assert (identity["cognito:roles"], identity["cognito:preferred_role"]) == ([role], role)
    assert "cognito:roles" not in access


async def test_a_restart_between_the_code_and_its_exchange(key_pair: KeyPair, tmp_path: Path) -> None:
    async with CognitoEmulator(keys=OnePair(key_pair), data=tmp_path) as emulator:
        pool = await emulator.create_user_pool(client=CLIENT)
        await pool.add_user("ana", PASSWORD)
        shop = Shop(emulator, pool)
        async with browsing(emulator.url) as browser:
            asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256", "nonce": "n"}
            await browser.get(shop.authorize(**asked))
            await browser.sign_in()
            answer = browser.answer
    async with CognitoEmulator(keys=OnePair(key_pair), data=tmp_path) as emulator:
        shop = Shop(emulator, emulator.existing_user_pool())
        async with browsing(emulator.url) as browser:
            tokens = (await exchange(shop, browser, answer, code_verifier=VERIFIER)).json()
            assert claims(tokens["id_token"])["nonce"] == "n"
            again = await exchange(shop, browser, answer, code_verifier=VERIFIER)
            assert again.json() == {"error": "invalid_grant"}


@pytest.mark.parametrize("host", ["localhost:9229", "127.0.0.1", "[::1]:9229", "shop.localhost:1"])
async def test_pages_are_where_the_browser_found_them(shop: Shop, browser: Browser, host: str) -> None:
    response = await browser.client.get(browser.url + shop.authorize(), headers={"Host": host})
    assert response.headers["Location"] == f"http://{host}/login?{shop.query()}"
