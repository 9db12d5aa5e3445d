"""The requests of the account's methods, and their results."""

from __future__ import annotations

from typing import Any

import pytest

from aiocognito import AuthEvent, MemoryStorage, errors, steps
from aiocognito._mfa import MfaPreference
from aiocognito._models import CodeDeliveryDetails
from helpers.clock import Clock
from helpers.user_pool import CONFIG, attach, scripted_client, signed_in

SENT = {"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
DELIVERY = CodeDeliveryDetails("a***@e***", "EMAIL", "email")
METADATA = {"k": "v"}


async def access_token(client: Any) -> str:
    tokens = (await client.fetch_auth_session()).tokens
    assert tokens is not None
    return str(tokens.access_token.token)


async def test_reset_password_sends_a_code_and_returns_its_destination() -> None:
    async with scripted_client() as (client, service, _):
        service.answer("ForgotPassword", {"CodeDeliveryDetails": SENT})
        result = await client.reset_password("ana", client_metadata=METADATA)
        assert service.calls == [
            ("ForgotPassword", {"Username": "ana", "ClientMetadata": METADATA, "ClientId": "client"})
        ]
        assert (result.is_password_reset, result.next_step) == (
            False,
            steps.ConfirmResetPasswordWithCode(DELIVERY),
        )
        assert result.to_dict()["nextStep"]["resetPasswordStep"] == "CONFIRM_RESET_PASSWORD_WITH_CODE"


async def test_confirm_reset_password_sends_code_and_password() -> None:
    async with scripted_client() as (client, service, _):
        await client.confirm_reset_password("ana", "new", "123456", client_metadata=METADATA)
        assert service.calls == [
            (
                "ConfirmForgotPassword",
                {
                    "Username": "ana",
                    "ConfirmationCode": "123456",
                    "Password": "new",
                    "ClientMetadata": METADATA,
                    "ClientId": "client",
                },
            )
        ]


async def test_a_client_secret_is_proven_when_a_password_is_reset() -> None:
    from attrs import evolve

    config = evolve(CONFIG, user_pool_client_secret="s3cret")
    async with scripted_client(config=config) as (client, service, _):
        await client.reset_password("ana")
        await client.confirm_reset_password("ana", "new", "1")
        proofs = {sent["SecretHash"] for _, sent in service.calls}
        assert len(service.calls) == 2
        assert len(proofs) == 1


async def test_update_password() -> None:
    """The password is changed with the user's access token."""
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        await client.update_password("old", "new")
        assert service.calls == [
            (
                "ChangePassword",
                {
                    "AccessToken": await access_token(client),
                    "PreviousPassword": "old",
                    "ProposedPassword": "new",
                },
            )
        ]


async def test_updated_attributes_are_done_but_those_that_wait_for_their_code() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        service.answer("UpdateUserAttributes", {"CodeDeliveryDetailsList": [SENT]})
        results = await client.update_user_attributes(
            {"email": "n@example.com", "custom:team": "blue"}, client_metadata=METADATA
        )
        assert service.calls == [
            (
                "UpdateUserAttributes",
                {
                    "AccessToken": await access_token(client),
                    "UserAttributes": [
                        {"Name": "email", "Value": "n@example.com"},
                        {"Name": "custom:team", "Value": "blue"},
                    ],
                    "ClientMetadata": METADATA,
                },
            )
        ]
        assert {name: result.to_dict() for name, result in results.items()} == {
            "email": {
                "isUpdated": False,
                "nextStep": {
                    "updateAttributeStep": "CONFIRM_ATTRIBUTE_WITH_CODE",
                    "codeDeliveryDetails": DELIVERY.to_dict(),
                },
            },
            "custom:team": {"isUpdated": True, "nextStep": {"updateAttributeStep": "DONE"}},
        }


async def test_one_attribute() -> None:
    """The result is that of the one attribute."""
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        service.answer("UpdateUserAttributes", {"CodeDeliveryDetailsList": []})
        result = await client.update_user_attribute("name", "Ana")
        assert (result.is_updated, result.next_step) == (True, steps.Done())
        service._answers["UpdateUserAttributes"].clear()
        service.answer("UpdateUserAttributes", {"CodeDeliveryDetailsList": [SENT, {}]})
        result = await client.update_user_attribute("email", "n@example.com", client_metadata=METADATA)
        assert result.next_step == steps.ConfirmAttributeWithCode(DELIVERY)


async def test_codes_for_attributes() -> None:
    """A code is requested for an attribute, and verifies it."""
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        token = await access_token(client)
        service.answer("GetUserAttributeVerificationCode", {"CodeDeliveryDetails": SENT})
        details = await client.send_user_attribute_verification_code("email", client_metadata=METADATA)
        assert details == DELIVERY
        await client.confirm_user_attribute("email", "123456")
        await client.delete_user_attributes(["nickname", "custom:team"])
        assert service.calls == [
            (
                "GetUserAttributeVerificationCode",
                {"AccessToken": token, "AttributeName": "email", "ClientMetadata": METADATA},
            ),
            ("VerifyUserAttribute", {"AccessToken": token, "AttributeName": "email", "Code": "123456"}),
            (
                "DeleteUserAttributes",
                {"AccessToken": token, "UserAttributeNames": ["nickname", "custom:team"]},
            ),
        ]


async def test_mfa_preference_in_amplifys_names() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        service.answer(
            "GetUser",
            {},
            {
                "PreferredMfaSetting": "SOFTWARE_TOKEN_MFA",
                "UserMFASettingList": ["SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP", "SMOKE_SIGNAL"],
            },
        )
        nothing = await client.fetch_mfa_preference()
        assert nothing == MfaPreference(None, [])
        assert nothing.to_dict() == {}
        preference = await client.fetch_mfa_preference()
        assert preference == MfaPreference("TOTP", ["SMS", "TOTP", "EMAIL"])
        assert preference.to_dict() == {"preferred": "TOTP", "enabled": ["SMS", "TOTP", "EMAIL"]}


async def test_every_mfa_setting() -> None:
    """Each setting becomes the flags that Cognito expects."""
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        token = await access_token(client)
        await client.update_mfa_preference(sms="DISABLED", totp="PREFERRED", email="NOT_PREFERRED")
        await client.update_mfa_preference(totp="ENABLED")
        assert service.calls == [
            (
                "SetUserMFAPreference",
                {
                    "AccessToken": token,
                    "SMSMfaSettings": {"Enabled": False},
                    "SoftwareTokenMfaSettings": {"Enabled": True, "PreferredMfa": True},
                    "EmailMfaSettings": {"Enabled": True, "PreferredMfa": False},
                },
            ),
            ("SetUserMFAPreference", {"AccessToken": token, "SoftwareTokenMfaSettings": {"Enabled": True}}),
        ]


async def test_totp_setup() -> None:
    """An authenticator app is registered with its first code, or the refusal raises."""
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        token = await access_token(client)
        service.answer("AssociateSoftwareToken", {"SecretCode": "JBSWY3DPEHPK3PXP"}, {})
        service.answer("VerifySoftwareToken", {"Status": "SUCCESS"}, {"Status": "ERROR"}, {})
        details = await client.set_up_totp()
        assert details.shared_secret == "JBSWY3DPEHPK3PXP"
        assert details.setup_uri("My App") == (
            "otpauth://totp/My%20App:ana?secret=JBSWY3DPEHPK3PXP&issuer=My%20App"
        )
        await client.verify_totp_setup("123456", friendly_device_name="phone")
        assert service.calls == [
            ("AssociateSoftwareToken", {"AccessToken": token}),
            (
                "VerifySoftwareToken",
                {"AccessToken": token, "UserCode": "123456", "FriendlyDeviceName": "phone"},
            ),
        ]
        for _ in range(2):
            with pytest.raises(errors.SetUpTOTPException):
                await client.verify_totp_setup("123456")
        with pytest.raises(errors.SetUpTOTPException):
            await client.set_up_totp()


async def test_delete_user_ends_the_session() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        token = await access_token(client)
        events: list[AuthEvent] = []
        client.hub.listen(events.append)
        await client.delete_user()
        assert service.calls == [("DeleteUser", {"AccessToken": token})]
        assert [event.name for event in events] == ["signedOut"]
        assert (await client.fetch_auth_session()).tokens is None


async def test_a_refused_deletion_leaves_the_session() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        service.refuse("DeleteUser", "TooManyRequestsException")
        with pytest.raises(errors.DeleteUserException):
            await client.delete_user()
        assert (await client.get_current_user()).username == "ana"


async def test_a_deletion_that_the_storage_cannot_store_raises() -> None:
    class Stuck(MemoryStorage):
        stuck = False

        async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
            if self.stuck:
                raise errors.StorageError("read-only")
            return await super().replace(key, value, **arguments)

    storage = Stuck(clock=Clock())
    async with scripted_client(storage=storage) as (client, service, _):
        await signed_in(client, service)
        storage.stuck = True
        with pytest.raises(errors.StorageError):
            await client.delete_user()
        assert service.operations() == ["DeleteUser"]


async def test_every_account_method_needs_a_signed_in_user() -> None:
    async with scripted_client() as (client, service, _):
        for call in (
            client.update_password("old", "new"),
            client.fetch_user_attributes(),
            client.update_user_attributes({"name": "Ana"}),
            client.update_user_attribute("name", "Ana"),
            client.send_user_attribute_verification_code("email"),
            client.confirm_user_attribute("email", "1"),
            client.delete_user_attributes(["name"]),
            client.delete_user(),
            client.fetch_mfa_preference(),
            client.update_mfa_preference(totp="ENABLED"),
            client.set_up_totp(),
            client.verify_totp_setup("1"),
        ):
            with pytest.raises(errors.UserUnAuthenticatedException):
                await call
        assert service.calls == []


async def test_a_missing_argument_is_refused_with_amplify_s_code_before_anything_else() -> None:
    async with scripted_client() as (client, service, _):
        for call, name in (
            (client.reset_password(""), "EmptyResetPasswordUsername"),
            (client.confirm_reset_password("", "new", "1"), "EmptyConfirmResetPasswordUsername"),
            (client.confirm_reset_password("ana", "", "1"), "EmptyConfirmResetPasswordNewPassword"),
            (client.confirm_reset_password("ana", "new", ""), "EmptyConfirmResetPasswordConfirmationCode"),
            (client.update_password("", "new"), "EmptyUpdatePassword"),
            (client.update_password("old", ""), "EmptyUpdatePassword"),
            (client.confirm_user_attribute("email", ""), "EmptyConfirmUserAttributeCode"),
            (client.verify_totp_setup(""), "EmptyVerifyTOTPSetupCode"),
            (client.update_user_attributes({}), "InvalidArgument"),
            (client.update_user_attributes({"custom:age": 7}), "InvalidArgument"),  # type: ignore[dict-item]  # wrong on purpose
            (client.delete_user_attributes([]), "InvalidArgument"),
            (client.delete_user_attributes("name"), "InvalidArgument"),
            (client.update_mfa_preference(sms="ON"), "InvalidArgument"),  # type: ignore[arg-type]  # wrong on purpose
        ):
            with pytest.raises(errors.AuthValidationError) as caught:
                await call
            assert caught.value.name == name
        assert service.calls == []


async def test_a_value_that_is_not_text_is_refused_by_name_and_never_quoted() -> None:
    async with scripted_client() as (client, service, _):
        with pytest.raises(errors.AuthValidationError) as caught:
            await client.update_user_attributes({"custom:age": 4711})  # type: ignore[dict-item]  # wrong on purpose
        assert "custom:age" in str(caught.value)
        assert "4711" not in str(caught.value)
        assert service.calls == []


async def test_tokens_alone_are_used() -> None:
    """An outage of the identity pool fails none of these methods: they never call it."""
    from attrs import evolve

    config = evolve(CONFIG, identity_pool_id="us-east-1:pool", identity_pool_endpoint="http://127.0.0.1:9")
    async with scripted_client(config=config) as (client, service, _):
        attach(client, service)
        await signed_in(client, service)
        await client.update_password("old", "new")
        await client.update_user_attributes({"name": "Ana"})
        assert service.operations() == ["ChangePassword", "UpdateUserAttributes"]
