"""Our client against cognito-local: attributes that are verified and deleted, and accounts."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from aiocognito import AuthClient, errors, steps
from aiocognito._models import CodeDeliveryDetails

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("cognito-local")]

EMAIL, PASSWORD, NEW = "ana@example.com", "Correct-Horse-1", "Other-Horse-2"
Pool = Any  # the conftest's class, which cannot be imported in this import mode


@pytest.fixture
async def auth(pool: Pool) -> AsyncIterator[AuthClient]:
    await pool.add_user(EMAIL, PASSWORD, email=EMAIL)
    async with AuthClient(pool.config) as client:
        await client.sign_in(EMAIL, PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")
        yield client


async def test_an_address_is_verified_by_its_code(auth: AuthClient, code: str) -> None:
    assert (await auth.fetch_user_attributes()).get("email_verified") != "true"
    # Its response has no delivery details; that is not an error.
    assert await auth.send_user_attribute_verification_code("email") == CodeDeliveryDetails()
    with pytest.raises(errors.CodeMismatchException) as refused:
        await auth.confirm_user_attribute("email", "000000")
    assert isinstance(refused.value, errors.VerifyUserAttributeException)
    await auth.confirm_user_attribute("email", code)
    assert (await auth.fetch_user_attributes())["email_verified"] == "true"


async def test_attributes_are_written_and_deleted(auth: AuthClient) -> None:
    results = await auth.update_user_attributes({"custom:team": "blue"})
    assert results["custom:team"].is_updated
    assert (await auth.fetch_user_attributes())["custom:team"] == "blue"
    await auth.delete_user_attributes(["custom:team"])
    assert "custom:team" not in await auth.fetch_user_attributes()


async def test_a_new_address_waits_for_its_code(auth: AuthClient, code: str) -> None:
    result = await auth.update_user_attribute("email", "new@example.com")
    assert isinstance(result.next_step, steps.ConfirmAttributeWithCode)
    await auth.confirm_user_attribute("email", code)
    attributes = await auth.fetch_user_attributes()
    assert (attributes["email"], attributes["email_verified"]) == ("new@example.com", "true")


async def test_a_forgotten_password(auth: AuthClient, pool: Pool, code: str) -> None:
    """A code sets a new password."""
    async with AuthClient(pool.config) as other:
        result = await other.reset_password(EMAIL)
        assert isinstance(result.next_step, steps.ConfirmResetPasswordWithCode)
        with pytest.raises(errors.CodeMismatchException):
            await other.confirm_reset_password(EMAIL, NEW, "000000")
        await other.confirm_reset_password(EMAIL, NEW, code)
        assert (await other.sign_in(EMAIL, NEW, auth_flow_type="USER_PASSWORD_AUTH")).is_signed_in


async def test_a_deleted_account(auth: AuthClient, pool: Pool) -> None:
    """A deleted user has no session."""
    await auth.delete_user()
    assert (await auth.fetch_auth_session(credentials=False)).tokens is None
    assert await pool.admin.refused("admin_get_user", UserPoolId=pool.id, Username=EMAIL) == (
        "UserNotFoundException"
    )
