"""External providers as a test adds them."""

from __future__ import annotations

import pytest

from aiocognito.emulator import CognitoEmulator

CALLBACK = "https://app.example/callback"


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (("Google",), "Google"),
        (("Facebook",), "Facebook"),
        (("LoginWithAmazon",), "LoginWithAmazon"),
        (("SignInWithApple",), "SignInWithApple"),
        (("Corporate",), "OIDC"),
        (("Corporate", "SAML"), "SAML"),
    ],
)
async def test_every_kind_of_provider(given: tuple[str, ...], kind: str) -> None:
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool(client={"CallbackURLs": [CALLBACK]})
        await pool.add_provider(*given)
        described = await emulator.ask("DescribeIdentityProvider", UserPoolId=pool.id, ProviderName=given[0])
        provider = described["IdentityProvider"]
        assert provider["ProviderType"] == kind
        assert provider["AttributeMapping"].items() >= {"email": "email", "name": "name"}.items()
        assert pool.config.oauth is not None
        assert pool.config.oauth.providers == (given[0],)
        # The pool's own people still sign in with it.
        client = pool.state.clients[pool.client_id]
        assert client.settings["SupportedIdentityProviders"] == ["COGNITO", given[0]]


async def test_a_mapping_of_ones_own() -> None:
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool(client={"CallbackURLs": [CALLBACK]})
        await pool.add_provider("Corporate", attribute_mapping={"nickname": "alias"})
        assert pool.state.providers["Corporate"]["AttributeMapping"] == {
            "username": "sub",
            "nickname": "alias",
        }
        with pytest.raises(ValueError, match="DuplicateProviderException"):
            await pool.add_provider("Corporate")
