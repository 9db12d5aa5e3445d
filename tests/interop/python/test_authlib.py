"""authlib, which knows nothing of Cognito, against our emulator: it gets the discovery document alone."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from attrs import frozen
from authlib.deprecate import AuthlibDeprecationWarning
from authlib.integrations.base_client.errors import OAuthError
from authlib.oauth2.rfc6749.errors import OAuth2Error
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata
from joserfc import jwt
from joserfc.jwk import KeySet

from aiocognito import AuthConfig
from aiocognito.emulator import CognitoEmulator
from helpers.browser import sign_in as sign_in_at_hosted_ui

with warnings.catch_warnings():
    # It deprecates httpx in favour of httpx2.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import AsyncOAuth2Client

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
CALLBACK = "https://app.example/callback"
VERIFIER = "one-that-is-long-enough_and.cannot~be-guessed-0123456789"
Pool = Any
# An AsyncOAuth2Client: its stubs leave out the methods that it inherits from httpx's client.
Client = Any
Connect = Callable[..., Client]


@frozen
class Provider:
    """What authlib discovered."""

    metadata: Mapping[str, Any]
    keys: KeySet

    def validated(self, token: dict[str, Any], client: Client, nonce: str | None) -> CodeIDToken:
        """Check an ID token as OpenID Connect Core, 3.1.3.7, has it, ``at_hash`` included."""
        decoded = jwt.decode(token["id_token"], self.keys, algorithms=["RS256"])
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": self.metadata["issuer"]},
                "aud": {"essential": True, "value": client.client_id},
                "at_hash": {"essential": True},
            },
            params={"nonce": nonce, "client_id": client.client_id, "access_token": token["access_token"]},
        )
        claims.validate()
        return claims


@pytest.fixture
async def pool(emulator: CognitoEmulator) -> Pool:
    pool = await emulator.create_user_pool(client={"CallbackURLs": [CALLBACK]})
    await pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})
    return pool


@pytest.fixture
async def provider(emulator: CognitoEmulator, pool: Pool) -> Provider:
    address = f"{emulator.url}/{pool.id}/.well-known/openid-configuration"
    async with httpx.AsyncClient(trust_env=False) as http:
        document = (await http.get(address)).json()
        keys = KeySet.import_key_set((await http.get(document["jwks_uri"])).json())
    metadata = OpenIDProviderMetadata(document)
    for name in ("response_types_supported", "subject_types_supported", "scopes_supported"):
        getattr(metadata, f"validate_{name}")()
    return Provider(metadata, keys)


@pytest.fixture
async def connect(provider: Provider) -> AsyncIterator[Connect]:
    clients: list[Client] = []

    def make(config: AuthConfig, method: str, **more: Any) -> Client:
        client = AsyncOAuth2Client(
            config.user_pool_client_id,
            config.user_pool_client_secret,
            token_endpoint_auth_method=method,
            token_endpoint=provider.metadata["token_endpoint"],
            revocation_endpoint_auth_method=method,
            trust_env=False,
            **more,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture(params=["none", "client_secret_basic", "client_secret_post"])
async def client(pool: Pool, connect: Connect, request: pytest.FixtureRequest) -> Client:
    """A public client, and a confidential one that proves itself in either way."""
    config = pool.config
    if request.param != "none":
        config = await pool.add_client(CallbackURLs=[CALLBACK], GenerateSecret=True)
    return connect(
        config,
        request.param,
        redirect_uri=CALLBACK,
        scope="openid email profile",
        code_challenge_method="S256",
    )


async def sign_in(provider: Provider, client: Client, **parameters: str) -> dict[str, Any]:
    """Sign in as authlib's guide does; ana signs in on the page."""
    authorize = provider.metadata["authorization_endpoint"]
    url, state = client.create_authorization_url(authorize, code_verifier=VERIFIER, **parameters)
    back = await sign_in_at_hosted_ui(authorize, url, "ana", PASSWORD)
    assert back.startswith(f"{CALLBACK}?")
    found: dict[str, Any] = await client.fetch_token(
        authorization_response=back, state=state, code_verifier=VERIFIER
    )
    return found


async def test_a_sign_in_and_all_that_follows(provider: Provider, client: Client) -> None:
    token = await sign_in(provider, client, nonce="n-1")
    claims = provider.validated(token, client, "n-1")
    assert (claims["email"], claims["cognito:username"]) == ("ana@example.com", "ana")

    # authlib puts the access token on requests itself.
    person = (await client.get(provider.metadata["userinfo_endpoint"])).json()
    assert (person["sub"], person["email"]) == (claims["sub"], "ana@example.com")

    renewed = await client.refresh_token()
    assert renewed["access_token"] != token["access_token"]
    assert renewed["refresh_token"] == token["refresh_token"]
    assert provider.validated(renewed, client, None)["sub"] == claims["sub"]

    revocation = provider.metadata["revocation_endpoint"]
    answer = await client.revoke_token(revocation, token["refresh_token"], "refresh_token")
    assert answer.status_code == 200
    with pytest.raises(OAuthError, match="invalid_grant"):
        await client.refresh_token(refresh_token=token["refresh_token"])
    refused = await client.get(provider.metadata["userinfo_endpoint"])
    assert refused.status_code == 401


async def test_the_wrong_nonce_is_noticed(provider: Provider, client: Client) -> None:
    token = await sign_in(provider, client, nonce="n-1")
    with pytest.raises(Exception, match="nonce"):
        provider.validated(token, client, "n-2")


async def test_a_code_is_good_once(provider: Provider, client: Client) -> None:
    authorize = provider.metadata["authorization_endpoint"]
    url, state = client.create_authorization_url(authorize, code_verifier=VERIFIER)
    back = await sign_in_at_hosted_ui(authorize, url, "ana", PASSWORD)
    arrival = {"authorization_response": back, "state": state, "code_verifier": VERIFIER}
    await client.fetch_token(**arrival)
    with pytest.raises(OAuthError, match="invalid_grant"):
        await client.fetch_token(**arrival)


async def test_another_verifier(provider: Provider, client: Client) -> None:
    """A code with the verifier of another request is refused."""
    authorize = provider.metadata["authorization_endpoint"]
    url, state = client.create_authorization_url(authorize, code_verifier=VERIFIER)
    back = await sign_in_at_hosted_ui(authorize, url, "ana", PASSWORD)
    with pytest.raises(OAuthError, match="invalid_grant"):
        await client.fetch_token(authorization_response=back, state=state, code_verifier=VERIFIER[::-1])


async def test_another_state_is_noticed(provider: Provider, client: Client) -> None:
    authorize = provider.metadata["authorization_endpoint"]
    url, _ = client.create_authorization_url(authorize, code_verifier=VERIFIER)
    back = await sign_in_at_hosted_ui(authorize, url, "ana", PASSWORD)
    with pytest.raises((OAuth2Error, OAuthError), match="mismatching_state"):
        await client.fetch_token(authorization_response=back, state="another", code_verifier=VERIFIER)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_machine(pool: Pool, provider: Provider, connect: Connect, method: str) -> None:
    """Authlib gets tokens for a machine, by either way to send the secret."""
    await pool.add_resource_server("orders", ["read", "write"])
    config = await pool.add_client(AllowedOAuthFlows=["client_credentials"])
    machine = connect(config, method, scope="orders/read")
    token = await machine.fetch_token()
    claims = jwt.decode(token["access_token"], provider.keys, algorithms=["RS256"]).claims
    assert (claims["scope"], claims["sub"]) == ("orders/read", config.user_pool_client_id)
    assert "refresh_token" not in token
    with pytest.raises(OAuthError, match="invalid_grant"):
        await connect(config, method, scope="orders/delete").fetch_token()
    machine.client_secret = "wrong"
    with pytest.raises(OAuthError, match="invalid_client"):
        await machine.fetch_token()


async def test_everything_is_where_the_document_says(emulator: CognitoEmulator, provider: Provider) -> None:
    home = urlsplit(emulator.url).netloc
    places = [value for name, value in provider.metadata.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(places) == 6
    assert {urlsplit(place).netloc for place in places} == {home}
    assert provider.metadata["issuer"].startswith("https://cognito-idp.us-east-1.amazonaws.com/")
