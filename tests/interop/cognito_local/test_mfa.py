"""Our client chooses between second factors on cognito-local."""

from typing import Any

import pytest
from pyotp.totp import TOTP

from aiocognito import AuthClient, errors, steps

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("cognito-local")]

EMAIL, PASSWORD = "ana@example.com", "Correct-Horse-1"
Pool = Any  # the conftest's class, which cannot be imported in this import mode


async def test_a_second_factor_is_chosen(pool: Pool, code: str) -> None:
    await pool.admin(
        "set_user_pool_mfa_config",
        UserPoolId=pool.id,
        SoftwareTokenMfaConfiguration={"Enabled": True},
        MfaConfiguration="OPTIONAL",
    )
    await pool.add_user(EMAIL, PASSWORD, email=EMAIL, phone_number="+15550100")
    async with AuthClient(pool.config) as auth:
        await auth.sign_in(EMAIL, PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")
        app = TOTP((await auth.set_up_totp()).shared_secret)
        await auth.verify_totp_setup(app.now())
        await auth.update_mfa_preference(sms="ENABLED", totp="ENABLED")
        preference = await auth.fetch_mfa_preference()
        assert sorted(preference.enabled) == ["SMS", "TOTP"]
        await auth.sign_out()

        result = await auth.sign_in(EMAIL, PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")
        assert result.next_step == steps.ContinueSignInWithMfaSelection(["SMS", "TOTP"])
        with pytest.raises(errors.AuthValidationError):
            await auth.confirm_sign_in("PIGEON")
        assert (await auth.confirm_sign_in("TOTP")).next_step == steps.ConfirmSignInWithTotpCode()
        with pytest.raises(errors.CodeMismatchException):
            await auth.confirm_sign_in("000000")
        assert (await auth.confirm_sign_in(app.now())).is_signed_in
