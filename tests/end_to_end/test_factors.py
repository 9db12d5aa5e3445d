"""Tokens as text, configured factors, and passkeys as second factors, end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from aiocognito import AuthClient, errors, steps
from aiocognito.emulator import CognitoEmulator
from sign_in.authenticator import Authenticator

PASSWORD = "correct-Horse-7"


async def test_tokens_as_text(emulator: CognitoEmulator, pool: Any, auth: AuthClient) -> None:
    """The tokens of a session are returned as text."""
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
    """The factors that a user has set up are listed."""
    await pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})
    with pytest.raises(errors.UserUnAuthenticatedException):
        await auth.fetch_auth_factors()
    await auth.sign_in("ana", PASSWORD)
    assert await auth.fetch_auth_factors() == ["PASSWORD", "EMAIL_OTP"]
    await auth.set_up_totp()
    await auth.verify_totp_setup(pool.totp_code("ana"))
    assert await auth.fetch_auth_factors() == ["PASSWORD", "EMAIL_OTP", "SOFTWARE_TOKEN"]


@pytest.fixture
async def passkey(emulator: CognitoEmulator) -> AsyncIterator[tuple[AuthClient, Authenticator]]:
    """Return a signed-in user with a passkey and an authenticator app, which is on and preferred."""
    pool = await emulator.create_user_pool(
        MfaConfiguration="OPTIONAL",
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
        WebAuthnConfiguration={
            "RelyingPartyId": "example.com",
            "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION",
        },
        client={"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]},
    )
    await pool.add_user("ana", PASSWORD, mfa="TOTP")
    async with AuthClient(pool.config, clock=emulator.clock) as auth:
        await auth.sign_in("ana", PASSWORD)
        await auth.confirm_sign_in(pool.totp_code("ana"))
        authenticator = Authenticator()
        await auth.associate_web_authn_credential(authenticator.create)
        yield auth, authenticator


async def choices(auth: AuthClient) -> list[str]:
    step = (await auth.sign_in("ana", auth_flow_type="USER_AUTH")).next_step
    assert isinstance(step, steps.ContinueSignInWithFirstFactorSelection)
    return step.available_challenges


async def test_a_passkey_that_counts_as_two_factors(passkey: tuple[AuthClient, Authenticator]) -> None:
    auth, authenticator = passkey
    assert await auth.fetch_auth_factors() == ["PASSWORD", "WEB_AUTHN", "SOFTWARE_TOKEN"]
    # Cognito wants another factor in the same request: the one that is on is sent along.
    await auth.update_mfa_preference(webauthn="ENABLED")
    assert (await auth.fetch_mfa_preference()).to_dict() == {
        "preferred": "TOTP",
        "enabled": ["TOTP", "WEBAUTHN"],
    }
    await auth.sign_out()
    assert await choices(auth) == ["PASSWORD_SRP", "PASSWORD", "WEB_AUTHN"]
    step = (await auth.confirm_sign_in("WEB_AUTHN")).next_step
    assert isinstance(step, steps.ConfirmSignInWithWebAuthn)
    credential = await authenticator.get(dict(step.credential_request_options))
    assert (await auth.confirm_sign_in(credential)).is_signed_in
    await auth.update_mfa_preference(webauthn="DISABLED")
    assert (await auth.fetch_mfa_preference()).enabled == ["TOTP"]
    await auth.sign_out()
    assert await choices(auth) == ["PASSWORD_SRP", "PASSWORD"]


async def test_a_passkey_and_the_other_factors_in_one_call(passkey: tuple[AuthClient, Authenticator]) -> None:
    auth, _ = passkey
    await auth.update_mfa_preference(totp="NOT_PREFERRED", webauthn="ENABLED")
    assert (await auth.fetch_mfa_preference()).to_dict() == {"enabled": ["TOTP", "WEBAUTHN"]}
    with pytest.raises(errors.InvalidParameterException, match="additional MFA setting"):
        await auth.update_mfa_preference(totp="DISABLED")
    await auth.update_mfa_preference(totp="DISABLED", webauthn="DISABLED")
    assert (await auth.fetch_mfa_preference()).to_dict() == {}
    with pytest.raises(errors.InvalidParameterException, match="additional MFA setting"):
        await auth.update_mfa_preference(webauthn="ENABLED")


@pytest.mark.parametrize("setting", ["PREFERRED", "NOT_PREFERRED", True])
async def test_a_passkey_is_never_preferred(auth: AuthClient, setting: Any) -> None:
    with pytest.raises(errors.AuthValidationError, match="webauthn: must be one of DISABLED, ENABLED"):
        await auth.update_mfa_preference(webauthn=setting)
