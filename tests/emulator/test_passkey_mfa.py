"""Passkeys that count as two factors: the pool's setting, the user's, and what they change in a sign-in."""

from __future__ import annotations

from typing import Any

import pyotp.totp
import pytest

from helpers.api import PASSWORD, Api

from .passkey_users import FACTORS, PasskeyUser, make_pool, passkey_user

MULTI = "MULTI_FACTOR_WITH_USER_VERIFICATION"
PASSWORDS = ["PASSWORD_SRP", "PASSWORD"]
INVALID = "InvalidParameterException"
ALONE = (INVALID, "WebAuthn MFA requires enabling an additional MFA setting.")
TOTP = {"SoftwareTokenMfaSettings": {"Enabled": True, "PreferredMfa": True}}
PASSKEY = {"WebAuthnMfaSettings": {"Enabled": True}}


async def set_mfa(api: Api, mode: str, factor: str = MULTI) -> None:
    """Set the user pool's MFA: software tokens, and passkeys of a kind."""
    await api(
        "SetUserPoolMfaConfig",
        UserPoolId=api.pool_id,
        MfaConfiguration=mode,
        SoftwareTokenMfaConfiguration={"Enabled": True},
        WebAuthnConfiguration={"RelyingPartyId": "example.com", "FactorConfiguration": factor},
    )


async def set_up_totp(user: PasskeyUser) -> None:
    secret = (await user.api("AssociateSoftwareToken", AccessToken=user.access))["SecretCode"]
    code = pyotp.totp.TOTP(secret).at(user.api.state.clock())
    await user.api("VerifySoftwareToken", AccessToken=user.access, UserCode=code)


async def prefer(user: PasskeyUser, **members: Any) -> None:
    await user.api("SetUserMFAPreference", AccessToken=user.access, **members)


async def not_preferred(user: PasskeyUser, **members: Any) -> tuple[str, str]:
    return await user.api.refused("SetUserMFAPreference", AccessToken=user.access, **members)


async def listed(user: PasskeyUser) -> list[str] | None:
    """Return UserMFASettingList, which is the same in all four operations."""
    api = user.api
    answers = [
        await api("GetUser", AccessToken=user.access),
        await api("GetUserAuthFactors", AccessToken=user.access),
        await api.admin("AdminGetUser", user.name),
        await api.admin("AdminGetUserAuthFactors", user.name),
    ]
    found = [answer.get("UserMFASettingList") for answer in answers]
    assert found == found[:1] * 4
    return found[0]


async def offered(user: PasskeyUser) -> list[str]:
    found: list[str] = (await user.begin(None))["AvailableChallenges"]
    return found


@pytest.fixture
async def ana(empty_api: Api) -> PasskeyUser:
    """A user with a passkey and a software token, in a pool whose passkeys can count as two factors."""
    await make_pool(empty_api)
    await set_mfa(empty_api, "OPTIONAL")
    user = await passkey_user(empty_api)
    await user.register()
    await set_up_totp(user)
    return user


async def test_a_passkey_replaces_both_factors_once_it_is_turned_on(ana: PasskeyUser) -> None:
    assert await offered(ana) == [*PASSWORDS, "WEB_AUTHN"]  # no second factor yet
    await prefer(ana, **TOTP)
    assert await offered(ana) == PASSWORDS
    assert (await ana.begin())["ChallengeName"] == "SELECT_CHALLENGE"
    await prefer(ana, **TOTP, **PASSKEY)
    assert await listed(ana) == ["SOFTWARE_TOKEN_MFA", "WEB_AUTHN_MFA"]
    assert (await ana.api("GetUser", AccessToken=ana.access))["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    assert await offered(ana) == [*PASSWORDS, "WEB_AUTHN"]
    assert "AccessToken" in await ana.signs_in()
    # A passkey is a first factor: after the password, the code is still asked for.
    assert (await ana.api.begin())["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


async def test_required_mfa_offers_passkeys_to_users_who_turned_them_on(ana: PasskeyUser) -> None:
    await set_mfa(ana.api, "ON")
    await ana.api(
        "UpdateUserPool", UserPoolId=ana.api.pool_id, Policies=FACTORS, AutoVerifiedAttributes=["email"]
    )
    assert await offered(ana) == PASSWORDS
    await prefer(ana, **TOTP, **PASSKEY)
    assert await offered(ana) == [*PASSWORDS, "WEB_AUTHN"]
    await ana.signs_in()
    # The second factor stays on where it is required; passkeys can be turned off again.
    await prefer(ana, SoftwareTokenMfaSettings={"Enabled": False}, WebAuthnMfaSettings={"Enabled": False})
    assert await listed(ana) == ["SOFTWARE_TOKEN_MFA"]
    assert await offered(ana) == PASSWORDS


async def test_an_administrator_turns_it_on_and_off(ana: PasskeyUser) -> None:
    await ana.api.admin("AdminSetUserMFAPreference", **TOTP, **PASSKEY)
    assert await listed(ana) == ["SOFTWARE_TOKEN_MFA", "WEB_AUTHN_MFA"]
    await ana.api.admin("AdminSetUserMFAPreference", WebAuthnMfaSettings={"Enabled": False})
    assert await listed(ana) == ["SOFTWARE_TOKEN_MFA"]
    await prefer(ana, **TOTP, **PASSKEY)
    await ana.api.admin("AdminDeleteSoftwareToken")
    assert await listed(ana) is None


async def test_the_user_is_verified(ana: PasskeyUser) -> None:
    """Also where UserVerification says preferred."""
    assert (await ana.options())["authenticatorSelection"]["userVerification"] == "required"
    await prefer(ana, **TOTP, **PASSKEY)
    asked = await ana.begin()
    assert '"userVerification":"required"' in asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"]
    ana.authenticator.verifies_user = False
    refusal = await ana.not_proven(asked, await ana.assertion(asked))
    assert refusal == ("NotAuthorizedException", "The passkey could not be verified.")


async def test_another_factor_has_to_be_turned_on_by_the_same_request(ana: PasskeyUser) -> None:
    assert await not_preferred(ana, **PASSKEY) == ALONE
    await prefer(ana, **TOTP)
    assert await not_preferred(ana, **PASSKEY) == ALONE
    assert await listed(ana) == ["SOFTWARE_TOKEN_MFA"]


async def test_another_factor_stays_on(ana: PasskeyUser) -> None:
    await prefer(ana, **TOTP, **PASSKEY)
    off = {"SoftwareTokenMfaSettings": {"Enabled": False}}
    assert await not_preferred(ana, **off) == ALONE
    assert await listed(ana) == ["SOFTWARE_TOKEN_MFA", "WEB_AUTHN_MFA"]
    await prefer(ana, **off, WebAuthnMfaSettings={"Enabled": False})
    assert await listed(ana) is None
    assert await offered(ana) == [*PASSWORDS, "WEB_AUTHN"]


async def test_a_user_without_a_passkey(ana: PasskeyUser) -> None:
    (passkey,) = await ana.passkeys()
    await prefer(ana, **TOTP, **PASSKEY)
    await ana.api("DeleteWebAuthnCredential", AccessToken=ana.access, CredentialId=passkey["CredentialId"])
    assert await listed(ana) == ["SOFTWARE_TOKEN_MFA"]
    text = "User does not have applicable WebAuthn credentials to enable WebAuthn MFA."
    assert await not_preferred(ana, **TOTP, **PASSKEY) == (INVALID, text)


async def test_a_pool_whose_passkeys_are_one_factor(ana: PasskeyUser) -> None:
    await prefer(ana, **TOTP, **PASSKEY)
    await set_mfa(ana.api, "OPTIONAL", "SINGLE_FACTOR")
    assert await offered(ana) == PASSWORDS
    refusal = await not_preferred(ana, **TOTP, **PASSKEY)
    assert refusal == (INVALID, ana.api.state.assumptions.passkey_mfa_off_message)


async def test_an_update_does_not_add_passkeys_of_one_factor_to_required_mfa(empty_api: Api) -> None:
    await make_pool(empty_api, policies=None)
    await set_mfa(empty_api, "ON", "SINGLE_FACTOR")
    text = "WEB_AUTHN cannot be used as an auth factor when MFA is enabled if not configured for MFA."
    update = {"UserPoolId": empty_api.pool_id, "Policies": FACTORS}
    assert await empty_api.refused("UpdateUserPool", **update) == (INVALID, text)
    await set_mfa(empty_api, "ON")
    await empty_api("UpdateUserPool", **update)
    assert empty_api.pool.first_factors == ("PASSWORD", "WEB_AUTHN")


async def test_the_plan_lite_has_none(empty_api: Api) -> None:
    await empty_api.make_pool(UserPoolTier="LITE")
    refusal = await empty_api.refused(
        "SetUserPoolMfaConfig",
        UserPoolId=empty_api.pool_id,
        WebAuthnConfiguration={"RelyingPartyId": "example.com", "FactorConfiguration": MULTI},
    )
    assert refusal[0] == "FeatureUnavailableInTierException"


async def test_a_chosen_password_is_followed_by_the_code(ana: PasskeyUser) -> None:
    await prefer(ana, **TOTP, **PASSKEY)
    asked = await ana.api.respond(await ana.begin(None), "ana", ANSWER="PASSWORD", PASSWORD=PASSWORD)
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
