"""The operations of a user pool that need the user's access token, one method each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from attrs import field, frozen

from .._models import CodeDeliveryDetails, Device, Metadata, UserSession, WebAuthnCredential
from ..errors import ServiceError
from ..errors._refusals import RefusalSubject, subject_of
from .aws.client import AwsClient
from .parsing import (
    check_software_token_status,
    code_delivery,
    device,
    pairs,
    passkey,
    user_session,
)


@frozen
class AuthenticatedUser:
    """The operations that take an access token and nothing of the app client.

    Attributes:
        aws: The connection, shared by all sessions.
        access_token: The user's access token.
        renewed: Returns another access token, after Cognito reported that this one has expired. By our clock
            it may not have expired yet.
    """

    aws: AwsClient = field(repr=False)
    access_token: str = field(repr=False)
    renewed: Callable[[], Awaitable[str]] | None = field(default=None, repr=False)

    async def get_user(self) -> dict[str, Any]:
        """GetUser. Returns the response's members; an attribute without a name is left out."""
        response = await self._call("GetUser", repeatable=True)
        named = [pair for pair in response.get("UserAttributes") or () if pair.get("Name")]
        return {**response, "UserAttributes": named}

    async def global_sign_out(self) -> None:
        """GlobalSignOut."""
        await self._call("GlobalSignOut", repeatable=True)

    async def delete_user(self) -> None:
        """DeleteUser."""
        await self._call("DeleteUser")

    # Sessions at Cognito

    async def list_user_sessions(self) -> list[UserSession]:
        """ListUserSessions, every page."""
        responses = self._pages("ListUserSessions", "NextToken")
        return [user_session(item) async for response in responses for item in response.get("Sessions") or ()]

    async def revoke_user_session(self, session_id: str) -> None:
        """RevokeUserSession, without the sessions that are linked to it."""
        await self._call("RevokeUserSession", SessionId=session_id)

    # Password and attributes

    async def change_password(self, previous_password: str, proposed_password: str) -> None:
        """ChangePassword."""
        await self._call(
            "ChangePassword", PreviousPassword=previous_password, ProposedPassword=proposed_password
        )

    async def update_user_attributes(
        self, attributes: Mapping[str, str], *, client_metadata: Metadata = None
    ) -> list[CodeDeliveryDetails]:
        """UpdateUserAttributes. Returns where codes were sent."""
        response = await self._call(
            "UpdateUserAttributes", UserAttributes=pairs(attributes), ClientMetadata=client_metadata
        )
        details = map(code_delivery, response.get("CodeDeliveryDetailsList") or ())
        return [detail for detail in details if detail is not None]

    async def get_user_attribute_verification_code(
        self, attribute_name: str, *, client_metadata: Metadata = None
    ) -> CodeDeliveryDetails:
        """GetUserAttributeVerificationCode."""
        response = await self._call(
            "GetUserAttributeVerificationCode", AttributeName=attribute_name, ClientMetadata=client_metadata
        )
        return code_delivery(response.get("CodeDeliveryDetails")) or CodeDeliveryDetails()

    async def verify_user_attribute(self, attribute_name: str, code: str) -> None:
        """VerifyUserAttribute."""
        await self._call("VerifyUserAttribute", AttributeName=attribute_name, Code=code)

    async def delete_user_attributes(self, attribute_names: list[str]) -> None:
        """DeleteUserAttributes."""
        await self._call("DeleteUserAttributes", UserAttributeNames=attribute_names)

    # Second factors

    async def set_user_mfa_preference(self, settings: Mapping[str, Any]) -> None:
        """SetUserMFAPreference; ``settings`` has the members of the operation."""
        await self._call("SetUserMFAPreference", **settings)

    async def get_user_auth_factors(self) -> list[str]:
        """GetUserAuthFactors. Returns the configured factors, in Cognito's names."""
        response = await self._call("GetUserAuthFactors", repeatable=True)
        return [str(factor) for factor in response.get("ConfiguredUserAuthFactors") or ()]

    async def associate_software_token(self) -> str | None:
        """AssociateSoftwareToken. Returns the secret, in Base32."""
        return (await self._call("AssociateSoftwareToken")).get("SecretCode")

    async def verify_software_token(self, code: str, *, friendly_device_name: str | None = None) -> None:
        """VerifySoftwareToken.

        Raises:
            SetUpTOTPException: Cognito did not register the token, without a reason.
        """
        check_software_token_status(
            await self._call("VerifySoftwareToken", UserCode=code, FriendlyDeviceName=friendly_device_name)
        )

    # Devices

    async def confirm_device(self, device_key: str, *, name: str, salt: str, verifier: str) -> bool:
        """ConfirmDevice. Returns whether Cognito waits for UpdateDeviceStatus to remember the device."""
        response = await self._call(
            "ConfirmDevice",
            DeviceKey=device_key,
            DeviceName=name,
            DeviceSecretVerifierConfig={"Salt": salt, "PasswordVerifier": verifier},
        )
        return bool(response.get("UserConfirmationNecessary"))

    async def update_device_status(self, device_key: str, status: str) -> None:
        """UpdateDeviceStatus."""
        await self._call("UpdateDeviceStatus", DeviceKey=device_key, DeviceRememberedStatus=status)

    async def forget_device(self, device_key: str) -> None:
        """ForgetDevice."""
        await self._call("ForgetDevice", DeviceKey=device_key)

    async def list_devices(self) -> list[Device]:
        """ListDevices, every page."""
        responses = self._pages("ListDevices", "PaginationToken", Limit=60)
        return [device(item) async for response in responses for item in response.get("Devices") or ()]

    # Passkeys

    async def start_web_authn_registration(self) -> dict[str, Any]:
        """StartWebAuthnRegistration. Returns the browser's options as they came."""
        response = await self._call("StartWebAuthnRegistration")
        options = response.get("CredentialCreationOptions")
        return options if isinstance(options, dict) else {}

    async def complete_web_authn_registration(self, credential: Mapping[str, Any]) -> None:
        """CompleteWebAuthnRegistration."""
        await self._call("CompleteWebAuthnRegistration", Credential=dict(credential))

    async def list_web_authn_credentials(self) -> list[WebAuthnCredential]:
        """ListWebAuthnCredentials, every page."""
        responses = self._pages("ListWebAuthnCredentials", "NextToken", MaxResults=20)
        return [passkey(item) async for response in responses for item in response.get("Credentials") or ()]

    async def delete_web_authn_credential(self, credential_id: str) -> None:
        """DeleteWebAuthnCredential."""
        await self._call("DeleteWebAuthnCredential", CredentialId=credential_id)

    async def _pages(self, operation: str, token: str, **members: Any) -> AsyncIterator[dict[str, Any]]:
        """Yield one page after the other; each has the token of the next in its member ``token``."""
        page: str | None = None
        while True:
            members[token] = page
            response = await self._call(operation, repeatable=True, **members)
            yield response
            page = response.get(token)
            if not page:
                return

    async def _call(self, operation: str, *, repeatable: bool = False, **members: Any) -> dict[str, Any]:
        try:
            return await self._send(operation, self.access_token, members, repeatable)
        except ServiceError as error:
            if self.renewed is None or subject_of(error) is not RefusalSubject.ACCESS_TOKEN_EXPIRED:
                raise
        # Once: a token that was just issued has not expired.
        return await self._send(operation, await self.renewed(), members, repeatable)

    async def _send(
        self, operation: str, access_token: str, members: Mapping[str, Any], repeatable: bool
    ) -> dict[str, Any]:
        return await self.aws.call(operation, {"AccessToken": access_token, **members}, repeatable=repeatable)
