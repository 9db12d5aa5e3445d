"""Tokens as text, configured factors, and passkeys as second factors, end to end."""

from __future__ import annotations

from typing import Any

import pytest

from aiocognito import AuthClient, errors
from aiocognito._gateways.aws.client import AwsClient
from aiocognito.emulator import CognitoEmulator
from helpers.service_models import input_members

PASSWORD = "correct-Horse-7"


async def test_tokens_as_text(emulator: CognitoEmulator, pool: Any, auth: AuthClient) -> None:
    for token in (auth.access_token, auth.id_token):
        with pytest.raises(errors.UserUnAuthenticatedException):
            await token()
    await pool.add_user("ana", PASSWORD)
    await auth.sign_in("ana", PASSWORD)
    tokens = (await auth.fetch_auth_session(credentials=False)).tokens
    assert tokens is not None
    assert tokens.id_token is not None
    assert await auth.access_token() == tokens.access_token.token
    assert await auth.id_token() == tokens.id_token.token
    emulator.clock.advance(3601)
    renewed = await auth.access_token()
    assert renewed != tokens.access_token.token
    assert emulator.calls[-1].operation == "GetTokensFromRefreshToken"


async def test_a_session_without_an_id_token_says_which_scope_is_missing(pool: Any, auth: AuthClient) -> None:
    await pool.add_user("ana", PASSWORD)
    await auth.sign_in("ana", PASSWORD)

    class AccessOnly:
        async def get_tokens(self, *, force_refresh: bool = False, client_metadata: Any = None) -> Any:
            tokens = (await auth.fetch_auth_session(credentials=False)).tokens
            assert tokens is not None
            return type(tokens)(access_token=tokens.access_token)

    async with AuthClient(pool.config, token_provider=AccessOnly()) as borrower:
        assert await borrower.access_token() == await auth.access_token()
        with pytest.raises(errors.UserUnAuthenticatedException, match="no id token") as caught:
            await borrower.id_token()
    assert "openid" in str(caught.value.recovery_suggestion)


async def test_the_configured_factors(pool: Any, auth: AuthClient) -> None:
    await pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})
    with pytest.raises(errors.UserUnAuthenticatedException):
        await auth.fetch_auth_factors()
    await auth.sign_in("ana", PASSWORD)
    assert await auth.fetch_auth_factors() == ["PASSWORD", "EMAIL_OTP"]
    await auth.set_up_totp()
    await auth.verify_totp_setup(pool.totp_code("ana"))
    assert await auth.fetch_auth_factors() == ["PASSWORD", "EMAIL_OTP", "SOFTWARE_TOKEN"]


@pytest.mark.parametrize(("setting", "enabled"), [("ENABLED", True), ("DISABLED", False)])
async def test_a_passkey_as_a_second_factor(
    pool: Any, auth: AuthClient, monkeypatch: pytest.MonkeyPatch, setting: Any, enabled: bool
) -> None:
    await pool.add_user("ana", PASSWORD, mfa="TOTP")
    await auth.sign_in("ana", PASSWORD)
    await auth.confirm_sign_in(pool.totp_code("ana"))
    sent: list[Any] = []
    call = AwsClient.call

    async def recorded(self: AwsClient, operation: str, params: Any, **options: Any) -> Any:
        sent.append((operation, {**params, "AccessToken": ""}))
        return await call(self, operation, params, **options)

    monkeypatch.setattr(AwsClient, "call", recorded)
    if "WebAuthnMfaSettings" not in input_members("SetUserMFAPreference"):
        # The lowest botocore that is supported does not know the member.
        with pytest.raises(errors.AuthConfigError, match="WebAuthnMfaSettings"):
            await auth.update_mfa_preference(webauthn=setting)
        return
    await auth.update_mfa_preference(webauthn=setting)
    settings = {"AccessToken": "", "WebAuthnMfaSettings": {"Enabled": enabled}}
    assert sent == [("SetUserMFAPreference", settings)]


@pytest.mark.parametrize("setting", ["PREFERRED", "NOT_PREFERRED", True])
async def test_a_passkey_is_never_preferred(auth: AuthClient, setting: Any) -> None:
    with pytest.raises(errors.AuthValidationError, match="webauthn: must be one of DISABLED, ENABLED"):
        await auth.update_mfa_preference(webauthn=setting)
