"""Our client uses ministack's OAuth endpoints: code with PKCE, refresh, client credentials."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from attrs import evolve

from aiocognito import AuthClient, AuthConfig, ClientCredentials, OAuthConfig, TokenVerifier, errors

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("ministack")]

PASSWORD = "Correct-Horse-1"
CALLBACK = "https://app.example/callback"
Pool = Any  # the conftest's class, which cannot be imported in this import mode


class Fields(HTMLParser):
    """The hidden fields of a page's form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.found[str(given["name"])] = given["value"] or ""


async def browse(url: str, username: str = "ana", password: str = PASSWORD) -> str:
    """Sign in on the page as a browser does, and return the URL that the browser is redirected to."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(url)
        assert page.status_code == 200, page.text
        answers = {**Fields(page.text).found, "username": username, "password": password}
        sent = await browser.post(urljoin(url, "/login"), data=answers)
        assert sent.status_code == 302, sent.text
        return sent.headers["location"]


async def with_hosted_ui(pool: Pool, *, flows: list[str], scopes: list[str]) -> AuthConfig:
    """Let the pool's client use the hosted UI, and say so in its configuration."""
    await pool.admin(
        "update_user_pool_client",
        UserPoolId=pool.id,
        ClientId=pool.config.user_pool_client_id,
        CallbackURLs=[CALLBACK],
        LogoutURLs=["https://app.example/bye"],
        AllowedOAuthFlows=flows,
        AllowedOAuthScopes=scopes,
        AllowedOAuthFlowsUserPoolClient=True,
        SupportedIdentityProviders=["COGNITO"],
        ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    oauth = OAuthConfig(
        domain=pool.url,
        scopes=scopes,
        redirect_sign_in=[CALLBACK],
        redirect_sign_out=["https://app.example/bye"],
    )
    config: AuthConfig = evolve(pool.config, oauth=oauth)
    return config


@pytest.fixture
async def auth(pool: Pool) -> AsyncIterator[AuthClient]:
    config = await with_hosted_ui(pool, flows=["code"], scopes=["openid", "email"])
    await pool.add_user("ana", PASSWORD, email="ana@example.com", email_verified="true")
    async with AuthClient(config) as client:
        yield client


async def start(auth: AuthClient, **arguments: Any) -> str:
    # It takes COGNITO for an external provider's name; with this prompt none is named.
    return (await auth.sign_in_with_redirect(prompt="NONE", **arguments)).url


async def test_there_and_back(auth: AuthClient) -> None:
    """A sign-in at the hosted UI returns with the custom state."""
    back = await browse(await start(auth, nonce=True, custom_state="/ä?b=c"))
    result = await auth.complete_sign_in_with_redirect(back)
    assert (result.is_signed_in, result.custom_state) == (True, "/ä?b=c")
    assert (await auth.get_current_user()).username == "ana"
    session = await auth.fetch_auth_session(credentials=False)
    assert session.tokens is not None
    assert session.tokens.id_token is not None
    assert session.tokens.id_token.payload["email"] == "ana@example.com"
    with pytest.raises(errors.OAuthStateMismatchException):
        await auth.complete_sign_in_with_redirect(back)


async def test_its_tokens_are_renewed_and_signed_out(auth: AuthClient) -> None:
    await auth.complete_sign_in_with_redirect(await browse(await start(auth)))
    before = (await auth.fetch_auth_session(credentials=False)).tokens
    after = (await auth.fetch_auth_session(credentials=False, force_refresh=True)).tokens
    assert before is not None
    assert after is not None
    assert before.access_token.token != after.access_token.token
    result = await auth.sign_out()
    assert result.revoked
    assert result.logout_url is not None
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(result.logout_url)
    assert (answer.status_code, answer.headers["location"]) == (302, "https://app.example/bye")


async def test_its_tokens_are_verified(auth: AuthClient) -> None:
    await auth.complete_sign_in_with_redirect(await browse(await start(auth)))
    tokens = (await auth.fetch_auth_session(credentials=False)).tokens
    assert tokens is not None
    assert tokens.id_token is not None
    async with TokenVerifier.from_config(auth.config, token_use="access") as verifier:
        assert (await verifier.verify(tokens.access_token.token)).username == "ana"
        with pytest.raises(errors.TokenUseError):
            await verifier.verify(tokens.id_token.token)


async def test_a_code_of_another_redirect_is_refused(auth: AuthClient) -> None:
    """The code is bound to the PKCE challenge of the sign-in that it belongs to."""
    first, second = [await auth.sign_in_with_redirect(prompt="NONE") for _ in range(2)]
    back = await browse(first.url)
    with pytest.raises(errors.OAuthSignInException, match="PKCE"):
        await auth.complete_sign_in_with_redirect(back.replace(first.state, second.state))


async def test_a_scope_that_is_not_allowed_comes_back_as_an_error(auth: AuthClient) -> None:
    url = (await start(auth)).replace("scope=openid+email", "scope=openid+phone")
    async with httpx.AsyncClient(trust_env=False) as browser:
        back = (await browser.get(url)).headers["location"]
    with pytest.raises(errors.OAuthSignInException, match="invalid_scope") as refusal:
        await auth.complete_sign_in_with_redirect(back)
    assert refusal.value.error == "invalid_request"


@pytest.mark.parametrize("character", ["/", "+"])
async def test_secrets_in_base64_are_proved_to_every_endpoint(make_pool: Any, character: str) -> None:
    """Its secrets hold characters that AWS's own never do: in the secret hash, in Basic, and as they are."""
    pools = (make_pool(secret=True) for _ in range(100))
    pool = next(pool for pool in pools if character in pool.config.user_pool_client_secret)
    config = await with_hosted_ui(pool, flows=["client_credentials"], scopes=["openid"])
    await pool.add_user("ana", PASSWORD, email="ana@example.com", email_verified="true")
    async with AuthClient(config) as auth, ClientCredentials(config) as machine:
        assert (await auth.sign_in("ana", PASSWORD)).is_signed_in
        assert (await auth.fetch_auth_session(force_refresh=True, credentials=False)).tokens is not None
        assert (await machine.get_tokens()).access_token.payload["client_id"] == config.user_pool_client_id


async def test_a_machine_s_token(make_pool: Any) -> None:
    pool = make_pool(secret=True)
    scopes = [{"ScopeName": "read", "ScopeDescription": "read"}]
    await pool.admin(
        "create_resource_server", UserPoolId=pool.id, Identifier="orders", Name="orders", Scopes=scopes
    )
    config = await with_hosted_ui(pool, flows=["client_credentials"], scopes=["orders/read"])
    async with (
        ClientCredentials(config, scopes="orders/read") as machine,
        TokenVerifier.from_config(config, token_use="access", scopes="orders/read") as verifier,
    ):
        claims = await verifier.verify((await machine.get_tokens()).access_token.token)
        assert claims.client_id == config.user_pool_client_id
    wrong = evolve(config, user_pool_client_secret="wrong")
    async with ClientCredentials(wrong) as machine:
        with pytest.raises(errors.ServiceError) as refusal:
            await machine.get_tokens()
        assert refusal.value.name == "invalid_client"
