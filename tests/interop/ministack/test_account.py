"""Our client manages an account on ministack."""

from collections.abc import AsyncIterator
from typing import Any

import pyotp
import pytest
from pyotp.totp import TOTP

from aiocognito import AuthClient, errors, steps

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("ministack")]

PASSWORD, NEW = "Correct-Horse-1", "Other-Horse-2"
Pool = Any  # the conftest's class, which cannot be imported in this import mode


@pytest.fixture
async def auth(pool: Pool) -> AsyncIterator[AuthClient]:
    async with AuthClient(pool.config) as client:
        yield client


async def sign_in(auth: AuthClient, pool: Pool, email: str) -> None:
    await pool.add_user("ana", PASSWORD, email=email, email_verified="true")
    assert (await auth.sign_in("ana", PASSWORD)).is_signed_in


async def test_a_forgotten_password(pool: Pool, auth: AuthClient) -> None:
    """A code sets a new password."""
    email = f"forgot-{pool.id}@example.com"
    await pool.add_user("ana", PASSWORD, email=email, email_verified="true")
    result = await auth.reset_password("ana")
    assert isinstance(result.next_step, steps.ConfirmResetPasswordWithCode)
    assert result.next_step.code_delivery_details is not None
    assert result.next_step.code_delivery_details.delivery_medium == "EMAIL"
    code = await pool.code_mailed_to(email)
    with pytest.raises(errors.CodeMismatchException):
        await auth.confirm_reset_password("ana", NEW, f"{(int(code) + 1) % 1_000_000:06d}")
    await auth.confirm_reset_password("ana", NEW, code)
    assert (await auth.sign_in("ana", NEW)).is_signed_in


async def test_a_changed_password(pool: Pool, auth: AuthClient) -> None:
    """The present password is required for a new one."""
    await sign_in(auth, pool, "change@example.com")
    with pytest.raises(errors.NotAuthorizedException) as wrong:
        await auth.update_password("Wrong-Horse-1", NEW)
    assert isinstance(wrong.value, errors.ChangePasswordException)
    with pytest.raises(errors.InvalidPasswordException):
        await auth.update_password(PASSWORD, "weak")
    await auth.update_password(PASSWORD, NEW)
    await auth.sign_out()
    assert (await auth.sign_in("ana", NEW)).is_signed_in


async def test_attributes_are_written(pool: Pool, auth: AuthClient) -> None:
    """Attributes are changed and read."""
    await sign_in(auth, pool, "attributes@example.com")
    results = await auth.update_user_attributes({"name": "Ana", "nickname": "An"})
    assert all(result.is_updated for result in results.values())
    attributes = await auth.fetch_user_attributes()
    assert (attributes["name"], attributes["nickname"]) == ("Ana", "An")


async def test_mfa_preferences(pool: Pool, auth: AuthClient) -> None:
    """Preferences of second factors are set and read."""
    await pool.admin(
        "set_user_pool_mfa_config",
        UserPoolId=pool.id,
        SoftwareTokenMfaConfiguration={"Enabled": True},
        MfaConfiguration="OPTIONAL",
    )
    await sign_in(auth, pool, "mfa@example.com")
    assert (await auth.fetch_mfa_preference()).enabled == []
    details = await auth.set_up_totp()
    app = pyotp.parse_uri(details.setup_uri("My App"))
    assert isinstance(app, TOTP)
    await auth.verify_totp_setup(app.now())
    await auth.update_mfa_preference(totp="PREFERRED")
    preference = await auth.fetch_mfa_preference()
    assert (preference.preferred, preference.enabled) == ("TOTP", ["TOTP"])
    await auth.sign_out()
    assert (await auth.sign_in("ana", PASSWORD)).next_step == steps.ConfirmSignInWithTotpCode()


async def test_a_deleted_account(pool: Pool, auth: AuthClient) -> None:
    """A deleted user has no session."""
    await sign_in(auth, pool, "deleted@example.com")
    await auth.delete_user()
    assert (await auth.fetch_auth_session(credentials=False)).tokens is None
    with pytest.raises(errors.UserNotFoundException):
        await auth.sign_in("ana", PASSWORD)
