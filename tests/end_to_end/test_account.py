"""Manage the account through the public API: what works, and each error with its own exception."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from aiocognito import AuthClient, MemoryStorage, SessionManager, errors, steps
from aiocognito._mfa import MfaPreference
from aiocognito.emulator import CognitoEmulator

from .conftest import PASSWORD

NEW = "New-password-8"
SCHEMA = [
    {"Name": "team", "AttributeDataType": "String", "Mutable": True},
    {"Name": "tenant", "AttributeDataType": "String", "Mutable": False},
    {"Name": "name", "AttributeDataType": "String", "Required": True, "Mutable": True},
]


async def pool_of(emulator: CognitoEmulator, **settings: Any) -> Any:
    pool = await emulator.create_user_pool(
        **{"Schema": SCHEMA, "AliasAttributes": ["email"], "AutoVerifiedAttributes": ["email"], **settings}
    )
    attributes = {"name": "Ana", "email": "ana@example.com", "email_verified": "true"}
    await pool.add_user("ana", PASSWORD, attributes=attributes)
    return pool


def client_of(emulator: CognitoEmulator, pool: Any) -> AuthClient:
    return AuthClient(pool.config, clock=emulator.clock)


async def admin(emulator: CognitoEmulator, call: Callable[[Any], object]) -> None:
    def run() -> None:
        client = boto3.client(
            "cognito-idp",
            region_name="us-east-1",
            endpoint_url=emulator.url,
            config=Config(signature_version=UNSIGNED),
        )
        try:
            call(client)
        finally:
            client.close()

    await asyncio.to_thread(run)


async def refresh_token(auth: AuthClient) -> str | None:
    tokens = (await auth._session.load()).record.tokens
    return None if tokens is None else tokens.refresh_token


async def _new_code(emulator: CognitoEmulator, auth: AuthClient) -> str:
    await auth.send_user_attribute_verification_code("email")
    return await emulator.outbox.next_code("ana@example.com")


def another(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"


async def test_a_forgotten_password_is_reset_by_code(emulator: CognitoEmulator) -> None:
    pool = await pool_of(emulator)
    async with client_of(emulator, pool) as auth:
        result = await auth.reset_password("ana@example.com")
        assert isinstance(result.next_step, steps.ConfirmResetPasswordWithCode)
        details = result.next_step.code_delivery_details
        assert details is not None
        assert (details.destination, details.delivery_medium, details.attribute_name) == (
            "a***@e***",
            "EMAIL",
            "email",
        )
        code = await emulator.outbox.next_code("ana@example.com")
        with pytest.raises(errors.CodeMismatchException):
            await auth.confirm_reset_password("ana", NEW, another(code))
        with pytest.raises(errors.InvalidPasswordException, match="does not conform to policy"):
            await auth.confirm_reset_password("ana", "weak", code)
        await auth.confirm_reset_password("ana", NEW, code)
        with pytest.raises(errors.ExpiredCodeException):
            await auth.confirm_reset_password("ana", NEW, code)
        with pytest.raises(errors.NotAuthorizedException):
            await auth.sign_in("ana", PASSWORD)
        assert (await auth.sign_in("ana", NEW)).is_signed_in


async def test_a_reset_code_expires_after_an_hour(emulator: CognitoEmulator) -> None:
    pool = await pool_of(emulator)
    async with client_of(emulator, pool) as auth:
        await auth.reset_password("ana")
        code = await emulator.outbox.next_code("ana@example.com")
        emulator.clock.advance(3601)
        with pytest.raises(errors.ExpiredCodeException) as caught:
            await auth.confirm_reset_password("ana", NEW, code)
        assert isinstance(caught.value, errors.ConfirmForgotPasswordException)
        assert (await auth.sign_in("ana", PASSWORD)).is_signed_in


async def test_too_many_codes_and_too_many_attempts(emulator: CognitoEmulator) -> None:
    pool = await pool_of(emulator)
    async with client_of(emulator, pool) as auth:
        code = ""
        for _ in range(5):
            await auth.reset_password("ana")
            code = await emulator.outbox.next_code("ana@example.com")
        with pytest.raises(errors.LimitExceededException) as caught:
            await auth.reset_password("ana")
        assert isinstance(caught.value, errors.ForgotPasswordException)
        assert errors.http_status_for(caught.value) == 429
        for _ in range(5):
            with pytest.raises(errors.CodeMismatchException):
                await auth.confirm_reset_password("ana", NEW, another(code))
        with pytest.raises(errors.LimitExceededException):
            await auth.confirm_reset_password("ana", NEW, code)


async def test_users_whose_password_cannot_be_reset(emulator: CognitoEmulator) -> None:
    pool = await pool_of(emulator)
    await pool.add_user("mute", PASSWORD, attributes={"name": "Mute"})
    async with client_of(emulator, pool) as auth:
        with pytest.raises(errors.InvalidParameterException, match="no registered/verified email"):
            await auth.reset_password("mute")
        with pytest.raises((errors.UserNotFoundException, errors.NotAuthorizedException)):
            await auth.reset_password("unknown")
        await admin(emulator, lambda c: c.admin_disable_user(UserPoolId=pool.id, Username="ana"))
        with pytest.raises(errors.NotAuthorizedException, match="disabled"):
            await auth.reset_password("ana")


async def test_a_password_is_changed_and_the_session_goes_on(emulator: CognitoEmulator) -> None:
    pool = await pool_of(emulator)
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana", PASSWORD)
        before = await refresh_token(auth)
        with pytest.raises(errors.NotAuthorizedException) as wrong:
            await auth.update_password("Wrong-password-1", NEW)
        assert isinstance(wrong.value, errors.ChangePasswordException)
        with pytest.raises(errors.InvalidPasswordException, match="Password not long enough"):
            await auth.update_password(PASSWORD, "Weak-1")
        assert await refresh_token(auth) == before
        await auth.update_password(PASSWORD, NEW)
        assert (await auth.get_current_user()).username == "ana"
        await auth.sign_out()
        assert (await auth.sign_in("ana", NEW)).is_signed_in


async def test_passwords_are_guessed_five_times_an_hour(emulator: CognitoEmulator) -> None:
    pool = await pool_of(emulator)
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana", PASSWORD)
        for _ in range(5):
            with pytest.raises(errors.NotAuthorizedException):
                await auth.update_password("Wrong-password-1", NEW)
        with pytest.raises(errors.LimitExceededException):
            await auth.update_password(PASSWORD, NEW)
        emulator.clock.advance(3601)
        await auth.update_password(PASSWORD, NEW)


async def test_a_previous_password_is_refused(emulator: CognitoEmulator) -> None:
    pool = await pool_of(
        emulator, Policies={"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}}
    )
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana", PASSWORD)
        await auth.update_password(PASSWORD, NEW)
        for old in (PASSWORD, NEW):
            with pytest.raises(errors.PasswordHistoryPolicyViolationException):
                await auth.update_password(NEW, old)


async def test_attributes_are_read_written_and_deleted(emulator: CognitoEmulator) -> None:
    pool = await pool_of(emulator)
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana", PASSWORD)
        results = await auth.update_user_attributes({"name": "Ana B", "custom:team": "blue"})
        assert all(result.is_updated for result in results.values())
        attributes = await auth.fetch_user_attributes()
        assert (attributes["name"], attributes["custom:team"]) == ("Ana B", "blue")
        await auth.delete_user_attributes(["custom:team"])
        assert "custom:team" not in await auth.fetch_user_attributes()


async def test_attributes_that_cannot_be_written(emulator: CognitoEmulator) -> None:
    pool = await pool_of(emulator, client={"WriteAttributes": ["name", "email", "custom:tenant"]})
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana", PASSWORD)
        before = await auth.fetch_user_attributes()
        with pytest.raises(errors.InvalidParameterException, match="tenant: Attribute cannot be updated"):
            await auth.update_user_attribute("custom:tenant", "acme")
        with pytest.raises(errors.NotAuthorizedException, match="unauthorized attribute"):
            await auth.update_user_attribute("custom:team", "true")
        for name in ("email_verified", "sub"):
            with pytest.raises(errors.InvalidParameterException, match=f"non-mutable attribute {name}"):
                await auth.update_user_attribute(name, "true")
        with pytest.raises(errors.InvalidParameterException, match=r"name\.formatted is required"):
            await auth.delete_user_attributes(["name"])
        with pytest.raises(errors.InvalidParameterException, match="Invalid email address format"):
            await auth.update_user_attribute("email", "no address")
        assert await auth.fetch_user_attributes() == before


async def test_an_attribute_that_the_pool_does_not_have(emulator: CognitoEmulator) -> None:
    pool = await pool_of(emulator)
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana", PASSWORD)
        with pytest.raises(errors.InvalidParameterException, match="custom:shoe") as caught:
            await auth.update_user_attributes({"name": "Ana B", "custom:shoe": "38"})
        assert isinstance(caught.value, errors.UpdateUserAttributesException)
        assert (await auth.fetch_user_attributes())["name"] == "Ana", "all or nothing"


async def test_attributes_that_an_app_client_may_not_read_are_omitted(
    emulator: CognitoEmulator,
) -> None:
    pool = await pool_of(emulator, client={"ReadAttributes": ["email"]})
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana", PASSWORD)
        assert set(await auth.fetch_user_attributes()) == {"sub", "email"}


async def test_a_new_address_is_used_at_once_and_is_unverified(emulator: CognitoEmulator) -> None:
    pool = await pool_of(emulator)
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana@example.com", PASSWORD)
        result = await auth.update_user_attribute("email", "new@example.com")
        assert isinstance(result.next_step, steps.ConfirmAttributeWithCode)
        assert not result.is_updated
        attributes = await auth.fetch_user_attributes()
        assert (attributes["email"], attributes["email_verified"]) == ("new@example.com", "false")
        code = await emulator.outbox.next_code("new@example.com")
        with pytest.raises(errors.CodeMismatchException) as caught:
            await auth.confirm_user_attribute("email", another(code))
        assert isinstance(caught.value, errors.VerifyUserAttributeException)
        await auth.confirm_user_attribute("email", code)
        assert (await auth.fetch_user_attributes())["email_verified"] == "true"
        with pytest.raises(errors.ExpiredCodeException):
            await auth.confirm_user_attribute("email", code)
        await auth.sign_out()
        with pytest.raises(errors.AuthError):
            await auth.sign_in("ana@example.com", PASSWORD)
        assert (await auth.sign_in("new@example.com", PASSWORD)).is_signed_in


async def test_a_new_address_may_have_to_wait_for_its_code(emulator: CognitoEmulator) -> None:
    settings = {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    pool = await pool_of(emulator, UserAttributeUpdateSettings=settings)
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana", PASSWORD)
        await auth.update_user_attribute("email", "new@example.com")
        attributes = await auth.fetch_user_attributes()
        assert (attributes["email"], attributes["email_verified"]) == ("ana@example.com", "true")
        code = await emulator.outbox.next_code("new@example.com")
        await auth.confirm_user_attribute("email", code)
        attributes = await auth.fetch_user_attributes()
        assert (attributes["email"], attributes["email_verified"]) == ("new@example.com", "true")


async def test_a_code_can_be_asked_for_and_expires_after_a_day(emulator: CognitoEmulator) -> None:
    pool = await pool_of(emulator)
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana", PASSWORD)
        details = await auth.send_user_attribute_verification_code("email")
        assert details.destination == "a***@e***"
        code = await emulator.outbox.next_code("ana@example.com")
        emulator.clock.advance(24 * 3600 + 1)
        with pytest.raises(errors.ExpiredCodeException):
            await auth.confirm_user_attribute("email", code)
        code = await _new_code(emulator, auth)
        for _ in range(14):
            with pytest.raises(errors.CodeMismatchException):
                await auth.confirm_user_attribute("email", another(code))
        with pytest.raises(errors.LimitExceededException):
            await auth.confirm_user_attribute("email", code)
        with pytest.raises(errors.InvalidParameterException):
            await auth.send_user_attribute_verification_code("phone_number")
        emulator.clock.advance(3601)
        for _ in range(5):
            await auth.send_user_attribute_verification_code("email")
        with pytest.raises(errors.LimitExceededException):
            await auth.send_user_attribute_verification_code("email")


async def test_an_address_of_another_user(emulator: CognitoEmulator) -> None:
    settings = {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    pool = await pool_of(emulator, UserAttributeUpdateSettings=settings)
    taken = {"name": "Ben", "email": "ben@example.com", "email_verified": "true"}
    await pool.add_user("ben", PASSWORD, attributes=taken)
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana", PASSWORD)
        with pytest.raises(errors.AliasExistsException) as caught:
            await auth.update_user_attribute("email", "ben@example.com")
        assert isinstance(caught.value, errors.UpdateUserAttributesException)
        assert errors.http_status_for(caught.value) == 409
        await auth.update_user_attribute("email", "free@example.com")
        code = await emulator.outbox.next_code("free@example.com")
        await pool.add_user(
            "eve",
            PASSWORD,
            attributes={"name": "Eve", "email": "free@example.com", "email_verified": "true"},
        )
        with pytest.raises(errors.AliasExistsException) as caught:
            await auth.confirm_user_attribute("email", code)
        assert isinstance(caught.value, errors.VerifyUserAttributeException)
        assert (await auth.fetch_user_attributes())["email"] == "ana@example.com"


async def test_mfa_is_set_up_preferred_and_turned_off(emulator: CognitoEmulator) -> None:
    import pyotp
    from pyotp.totp import TOTP

    pool = await pool_of(emulator)
    await admin(
        emulator,
        lambda c: c.set_user_pool_mfa_config(
            UserPoolId=pool.id,
            SoftwareTokenMfaConfiguration={"Enabled": True},
            MfaConfiguration="OPTIONAL",
        ),
    )
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana", PASSWORD)
        assert await auth.fetch_mfa_preference() == MfaPreference()
        with pytest.raises(errors.InvalidParameterException):
            await auth.update_mfa_preference(totp="ENABLED")
        details = await auth.set_up_totp()
        app = pyotp.parse_uri(details.setup_uri("My App"))
        assert isinstance(app, TOTP)
        assert app.name == "ana"
        assert app.issuer == "My App"
        now = int(emulator.clock())
        with pytest.raises(errors.EnableSoftwareTokenMFAException):
            await auth.verify_totp_setup(another(app.at(now)))
        await auth.verify_totp_setup(app.at(now), friendly_device_name="phone")
        assert await auth.fetch_mfa_preference() == MfaPreference()
        await auth.update_mfa_preference(totp="PREFERRED")
        assert await auth.fetch_mfa_preference() == MfaPreference("TOTP", ["TOTP"])
        await auth.sign_out()
        result = await auth.sign_in("ana", PASSWORD)
        assert result.next_step == steps.ConfirmSignInWithTotpCode()
        emulator.clock.advance(60)
        assert (await auth.confirm_sign_in(app.at(now + 60))).is_signed_in
        await auth.update_mfa_preference(totp="DISABLED")
        assert await auth.fetch_mfa_preference() == MfaPreference()
        with pytest.raises(errors.InvalidParameterException):
            await auth.update_mfa_preference(sms="PREFERRED", totp="PREFERRED")


async def test_a_deleted_account_ends_every_session(emulator: CognitoEmulator) -> None:
    pool = await pool_of(emulator)
    storage = MemoryStorage(clock=emulator.clock)
    async with SessionManager(
        pool.config, fixed_keys=True, storage=storage, clock=emulator.clock
    ) as sessions:
        here, there = sessions.client("here"), sessions.client("there")
        for client in (here, there):
            await client.sign_in("ana", PASSWORD)
        heard: list[str] = []
        here.hub.listen(lambda event: heard.append(event.name))
        await here.delete_user()
        assert heard == ["signedOut"]
        assert (await here.fetch_auth_session()).tokens is None
        assert (await there.fetch_auth_session()).tokens is None
        with pytest.raises(errors.UserUnAuthenticatedException):
            await there.fetch_user_attributes()
        with pytest.raises(errors.AuthError):
            await here.sign_in("ana", PASSWORD)


@pytest.mark.parametrize("meanwhile", ["disabled", "deleted", "signed out"])
async def test_the_account_changes_meanwhile(emulator: CognitoEmulator, meanwhile: str) -> None:
    """Cognito returns an error, and the session stays until a refresh fails."""
    pool = await pool_of(emulator)
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana", PASSWORD)
        before = await refresh_token(auth)
        actions: dict[str, Callable[[Any], object]] = {
            "disabled": lambda c: c.admin_disable_user(UserPoolId=pool.id, Username="ana"),
            "deleted": lambda c: c.admin_delete_user(UserPoolId=pool.id, Username="ana"),
            "signed out": lambda c: c.admin_user_global_sign_out(UserPoolId=pool.id, Username="ana"),
        }
        await admin(emulator, actions[meanwhile])
        for call in (
            auth.fetch_user_attributes(),
            auth.update_password(PASSWORD, NEW),
            auth.update_user_attribute("name", "Ana B"),
            auth.set_up_totp(),
            auth.delete_user(),
        ):
            with pytest.raises(errors.ServiceError) as caught:
                await call
            assert caught.value.name in {"NotAuthorizedException", "UserNotFoundException"}
            assert caught.value.message
        assert await refresh_token(auth) == before
        emulator.clock.advance(3601)
        assert (await auth.fetch_auth_session()).tokens is None
        assert await refresh_token(auth) is None


async def test_no_request_is_sent_while_signed_out(emulator: CognitoEmulator) -> None:
    pool = await pool_of(emulator)
    async with client_of(emulator, pool) as auth:
        await auth.sign_in("ana", PASSWORD)
        await auth.sign_out()
        before = len(emulator.calls)
        for call in (auth.update_password(PASSWORD, NEW), auth.fetch_mfa_preference(), auth.delete_user()):
            with pytest.raises(errors.UserUnAuthenticatedException):
                await call
        assert len(emulator.calls) == before
