"""What a signed-in person's access token opens in a user pool: one method is one operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from ..models import CodeDeliveryDetails
from .aws import AwsClient
from .parsing import code_delivery, pairs

Metadata = Mapping[str, str] | None


@frozen
class OwnUser:
    """The operations that take an access token and nothing of the app client.

    Attributes:
        aws: The connection, shared by everybody.
        access_token: Whose operations these are.
    """

    aws: AwsClient = field(repr=False)
    access_token: str = field(repr=False)

    async def get_user(self) -> dict[str, Any]:
        """GetUser, as it was answered."""
        return await self._call("GetUser", repeatable=True)

    async def global_sign_out(self) -> None:
        """GlobalSignOut."""
        await self._call("GlobalSignOut", repeatable=True)

    async def delete_user(self) -> None:
        """DeleteUser."""
        await self._call("DeleteUser")

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
        answer = await self._call(
            "UpdateUserAttributes", UserAttributes=pairs(attributes), ClientMetadata=client_metadata
        )
        details = map(code_delivery, answer.get("CodeDeliveryDetailsList") or ())
        return [detail for detail in details if detail is not None]

    async def get_user_attribute_verification_code(
        self, attribute_name: str, *, client_metadata: Metadata = None
    ) -> CodeDeliveryDetails:
        """GetUserAttributeVerificationCode."""
        answer = await self._call(
            "GetUserAttributeVerificationCode", AttributeName=attribute_name, ClientMetadata=client_metadata
        )
        return code_delivery(answer.get("CodeDeliveryDetails")) or CodeDeliveryDetails()

    async def verify_user_attribute(self, attribute_name: str, code: str) -> None:
        """VerifyUserAttribute."""
        await self._call("VerifyUserAttribute", AttributeName=attribute_name, Code=code)

    async def delete_user_attributes(self, attribute_names: list[str]) -> None:
        """DeleteUserAttributes."""
        await self._call("DeleteUserAttributes", UserAttributeNames=attribute_names)

    # Second factors

    async def set_user_mfa_preference(self, settings: Mapping[str, Mapping[str, bool]]) -> None:
        """SetUserMFAPreference; ``settings`` by the members that the operation takes."""
        await self.aws.call("SetUserMFAPreference", {"AccessToken": self.access_token, **settings})

    async def associate_software_token(self) -> str | None:
        """AssociateSoftwareToken. Returns the secret, in Base32."""
        return (await self._call("AssociateSoftwareToken")).get("SecretCode")

    async def verify_software_token(
        self, code: str, *, friendly_device_name: str | None = None
    ) -> str | None:
        """VerifySoftwareToken. Returns its status."""
        answer = await self._call(
            "VerifySoftwareToken", UserCode=code, FriendlyDeviceName=friendly_device_name
        )
        return answer.get("Status")

    async def _call(self, operation: str, *, repeatable: bool = False, **members: Any) -> dict[str, Any]:
        return await self.aws.call(
            operation, {"AccessToken": self.access_token, **members}, repeatable=repeatable
        )
