"""The hosted UI, end to end: sign in and out on the emulator's pages with our client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from attrs import evolve

from aiocognito import AuthClient, ClientCredentials, TokenVerifier, errors
from aiocognito.emulator import CognitoEmulator
from helpers.browser import browsing
from helpers.browser import sign_in as sign_in_at_hosted_ui

PASSWORD = "correct-Horse-7"
CALLBACK = "https://app.example/callback"
GOODBYE = "https://app.example/bye"


@pytest.fixture(params=[False, True], ids=["public", "confidential"])
async def pool(emulator: CognitoEmulator, request: pytest.FixtureRequest) -> Any:
    """Return a pool whose app client uses the hosted UI, with a client secret and without."""
    client = {"CallbackURLs": [CALLBACK], "LogoutURLs": [GOODBYE], "GenerateSecret": request.param}
    pool = await emulator.create_user_pool(client=client)
    await pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})
    return pool


async def sign_in(auth: AuthClient, emulator: CognitoEmulator, **arguments: Any) -> Any:
    request = await auth.sign_in_with_redirect(**arguments)
    back = await sign_in_at_hosted_ui(emulator.url, request.url, "ana", PASSWORD)
    return await auth.complete_sign_in_with_redirect(back)


async def test_there_and_back(auth: AuthClient, emulator: CognitoEmulator, pool: Any) -> None:
    """A sign-in at the hosted UI returns with the custom state."""
    result = await sign_in(auth, emulator, nonce=True, custom_state="/ä?b=c")
    assert (result.is_signed_in, result.custom_state) == (True, "/ä?b=c")
    assert (await auth.get_current_user()).username == "ana"
    # The client's scopes have aws.cognito.signin.user.admin among them.
    assert (await auth.fetch_user_attributes())["email"] == "ana@example.com"
    tokens = (await auth.fetch_auth_session(credentials=False)).tokens
    assert tokens is not None
    async with TokenVerifier.from_config(pool.config, token_use="access") as verifier:
        claims = await verifier.verify(tokens.access_token.token)
        assert claims.username == "ana"
    assert [call.operation for call in emulator.calls if call.operation == "Token"] == ["Token"]


async def test_a_callback_is_valid_once(auth: AuthClient, emulator: CognitoEmulator) -> None:
    request = await auth.sign_in_with_redirect()
    back = await sign_in_at_hosted_ui(emulator.url, request.url, "ana", PASSWORD)
    await auth.complete_sign_in_with_redirect(back)
    with pytest.raises(errors.OAuthStateMismatchException):
        await auth.complete_sign_in_with_redirect(back)


async def test_a_code_that_is_too_old(auth: AuthClient, emulator: CognitoEmulator) -> None:
    request = await auth.sign_in_with_redirect()
    back = await sign_in_at_hosted_ui(emulator.url, request.url, "ana", PASSWORD)
    emulator.clock.advance(301)
    with pytest.raises(errors.OAuthSignInException) as refusal:
        await auth.complete_sign_in_with_redirect(back)
    assert refusal.value.error == "invalid_grant"


async def test_its_tokens_are_renewed(auth: AuthClient, emulator: CognitoEmulator) -> None:
    await sign_in(auth, emulator)
    before = (await auth.fetch_auth_session(credentials=False)).tokens
    emulator.clock.advance(3601)
    after = (await auth.fetch_auth_session(credentials=False)).tokens
    assert before is not None
    assert after is not None
    assert after.access_token.payload["scope"] == before.access_token.payload["scope"]
    assert after.access_token.token != before.access_token.token
    assert after.id_token is not None
    assert emulator.calls[-1].operation == "GetTokensFromRefreshToken"


async def test_signing_out_at_both_ends(emulator: CognitoEmulator, auth: AuthClient) -> None:
    request = await auth.sign_in_with_redirect()
    async with browsing(emulator.url) as browser:
        await browser.get(request.url)
        await browser.sign_in("ana", PASSWORD)
        await auth.complete_sign_in_with_redirect(browser.gone_to)
        tokens = (await auth.fetch_auth_session(credentials=False)).tokens
        assert tokens is not None
        # The browser still has its session: no page asks for the password again.
        await browser.get(request.url)
        assert browser.gone_to.startswith(f"{CALLBACK}?code=")
        result = await auth.sign_out(redirect_uri=GOODBYE)
        assert result.revoked
        assert result.logout_url is not None
        await browser.get(result.logout_url)
        assert browser.gone_to == GOODBYE
        page = await browser.get(request.url)
        assert str(page.response.url).startswith(f"{emulator.url}/login?")
    async with httpx.AsyncClient(base_url=emulator.url, trust_env=False) as http:
        headers = {"Authorization": f"Bearer {tokens.access_token.token}"}
        assert (await http.get("/oauth2/userInfo", headers=headers)).status_code == 401


async def test_fewer_scopes_do_less(emulator: CognitoEmulator, pool: Any) -> None:
    config = await pool.add_client(CallbackURLs=[CALLBACK], AllowedOAuthScopes=["openid", "email"])
    async with AuthClient(config, clock=emulator.clock) as auth:
        await sign_in(auth, emulator)
        with pytest.raises(errors.NotAuthorizedException, match="required scopes"):
            await auth.fetch_user_attributes()


@pytest.fixture
async def machine(emulator: CognitoEmulator) -> AsyncIterator[tuple[Any, ClientCredentials]]:
    pool = await emulator.create_user_pool()
    await pool.add_resource_server("orders", ["read", "write"])
    config = await pool.add_client(AllowedOAuthFlows=["client_credentials"])
    async with ClientCredentials(config, scopes="orders/read", clock=emulator.clock) as machine:
        yield config, machine


async def test_a_machine(emulator: CognitoEmulator, machine: Any) -> None:
    """A machine's token passes the verifier."""
    config, provider = machine
    first = (await provider.get_tokens(client_metadata={"tenant": "blue"})).access_token
    async with TokenVerifier.from_config(config, token_use="access", scopes="orders/read") as verifier:
        claims = await verifier.verify(first.token)
    assert (claims.client_id, claims["scope"]) == (config.user_pool_client_id, "orders/read")
    assert (await provider.get_tokens()).access_token == first
    emulator.clock.advance(3600)
    assert (await provider.get_tokens()).access_token != first
    assert [call.operation for call in emulator.calls].count("Token") == 2


async def test_client_credentials_that_are_refused(emulator: CognitoEmulator, machine: Any) -> None:
    config, _ = machine
    async with ClientCredentials(evolve(config, user_pool_client_secret="wrong")) as wrong:
        with pytest.raises(errors.ServiceError) as refusal:
            await wrong.get_tokens()
        assert refusal.value.name == "invalid_client"
    async with ClientCredentials(config, scopes="orders/delete") as greedy:
        with pytest.raises(errors.ServiceError) as refusal:
            await greedy.get_tokens()
        assert refusal.value.name == "invalid_grant"


async def test_client_credentials_survive_an_outage(emulator: CognitoEmulator, machine: Any) -> None:
    _, provider = machine
    emulator.faults.add("Token", status=503)
    emulator.faults.add("Token", cut="after")
    assert (await provider.get_tokens()).access_token
    assert [call.status for call in emulator.calls] == [503, None, 200]
