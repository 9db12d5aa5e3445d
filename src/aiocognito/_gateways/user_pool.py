"""The gateway to a user pool (`cognito-idp`): one method is one operation.

The client's secret, the end user's context and the app client's id are added here and nowhere else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .._config import AuthConfig
from .._models import CodeDeliveryDetails, Metadata, UserContext
from .._responses import AuthResponse, NewDevice, SignUpResponse, TokenSet
from ..errors import InvalidTokens
from .authenticated_user import AuthenticatedUser
from .aws.client import AwsClient
from .parsing import check_software_token_status, code_delivery, pairs


class UserPool:
    """The operations of one user pool's app client, for one end user's context.

    Args:
        config: Names the app client; ``user_pool_id`` and ``user_pool_client_id`` must be set.
        aws: The connection, which all sessions share.
        user_context: Data about the end user for threat protection.
    """

    def __init__(self, config: AuthConfig, aws: AwsClient, user_context: UserContext | None = None) -> None:
        self._aws = aws
        self._client_id = config.user_pool_client_id or ""
        self._client_secret = config.user_pool_client_secret
        self._user_context = _user_context_data(user_context)
        self.name = config.user_pool_name or ""

    # Sign-up

    async def sign_up(
        self,
        username: str,
        password: str | None,
        *,
        user_attributes: Mapping[str, str] | None = None,
        validation_data: Mapping[str, str] | None = None,
        client_metadata: Metadata = None,
    ) -> SignUpResponse:
        """SignUp."""
        response = await self._about_user(
            "SignUp",
            username,
            client_metadata,
            # Left out rather than empty: a pool with passwordless factors then sets no password.
            Password=password or None,
            UserAttributes=pairs(user_attributes),
            ValidationData=pairs(validation_data),
        )
        return SignUpResponse(
            user_confirmed=bool(response.get("UserConfirmed")),
            user_sub=response.get("UserSub"),
            code_delivery_details=code_delivery(response.get("CodeDeliveryDetails")),
            session=response.get("Session"),
        )

    async def confirm_sign_up(
        self,
        username: str,
        confirmation_code: str,
        *,
        session: str | None = None,
        force_alias_creation: bool | None = None,
        client_metadata: Metadata = None,
    ) -> str | None:
        """ConfirmSignUp. Returns the session that a sign-in may go on with, if Cognito gave one."""
        response = await self._about_user(
            "ConfirmSignUp",
            username,
            client_metadata,
            ConfirmationCode=confirmation_code,
            ForceAliasCreation=force_alias_creation,
            Session=session,
        )
        return response.get("Session")

    async def resend_confirmation_code(
        self, username: str, *, client_metadata: Metadata = None
    ) -> CodeDeliveryDetails:
        """ResendConfirmationCode."""
        response = await self._about_user("ResendConfirmationCode", username, client_metadata)
        return code_delivery(response.get("CodeDeliveryDetails")) or CodeDeliveryDetails()

    # Sign-in

    async def initiate_auth(
        self,
        auth_flow: str,
        auth_parameters: Mapping[str, str],
        *,
        session: str | None = None,
        client_metadata: Metadata = None,
    ) -> AuthResponse:
        """InitiateAuth."""
        response = await self._aws.call(
            "InitiateAuth",
            {
                "AuthFlow": auth_flow,
                "AuthParameters": self._with_secret_hash(auth_parameters),
                "ClientMetadata": client_metadata,
                "ClientId": self._client_id,
                "Session": session,
                "UserContextData": self._user_context,
            },
        )
        return _auth_response(response)

    async def respond_to_auth_challenge(
        self,
        challenge_name: str,
        challenge_responses: Mapping[str, str],
        *,
        session: str | None,
        client_metadata: Metadata = None,
    ) -> AuthResponse:
        """RespondToAuthChallenge."""
        response = await self._aws.call(
            "RespondToAuthChallenge",
            {
                "ChallengeName": challenge_name,
                "ChallengeResponses": self._with_secret_hash(challenge_responses),
                "ClientMetadata": client_metadata,
                "ClientId": self._client_id,
                "Session": session,
                "UserContextData": self._user_context,
            },
        )
        return _auth_response(response)

    async def associate_software_token(self, session: str | None) -> tuple[str | None, str | None]:
        """AssociateSoftwareToken in the middle of a sign-in. Returns the secret and the next session."""
        response = await self._aws.call("AssociateSoftwareToken", {"Session": session})
        return response.get("SecretCode"), response.get("Session")

    async def verify_software_token(
        self, code: str, *, session: str | None, friendly_device_name: str | None = None
    ) -> str | None:
        """VerifySoftwareToken in the middle of a sign-in. Returns the next session.

        Raises:
            SetUpTOTPException: Cognito did not register the token and gave no reason.
        """
        response = await self._aws.call(
            "VerifySoftwareToken",
            {"UserCode": code, "Session": session, "FriendlyDeviceName": friendly_device_name},
        )
        check_software_token_status(response)
        return response.get("Session")

    # Tokens

    async def get_tokens_from_refresh_token(
        self,
        refresh_token: str,
        *,
        device_key: str | None = None,
        client_metadata: Metadata = None,
        repeatable: bool = False,
    ) -> TokenSet:
        """GetTokensFromRefreshToken. The response has a refresh token if rotation is on.

        Args:
            refresh_token: The refresh token.
            device_key: The device that the tokens were issued to.
            client_metadata: For the user pool's triggers.
            repeatable: Whether it may be sent again after its response was lost: only where refresh tokens
                do not rotate.
        """
        response = await self._aws.call(
            "GetTokensFromRefreshToken",
            {
                "RefreshToken": refresh_token,
                "ClientId": self._client_id,
                "ClientSecret": self._client_secret,
                "DeviceKey": device_key,
                "ClientMetadata": client_metadata,
            },
            repeatable=repeatable,
        )
        return _token_set(response.get("AuthenticationResult") or {})

    async def revoke_token(self, refresh_token: str) -> None:
        """RevokeToken."""
        await self._aws.call(
            "RevokeToken",
            {"Token": refresh_token, "ClientId": self._client_id, "ClientSecret": self._client_secret},
            repeatable=True,
        )

    # Passwords

    async def forgot_password(
        self, username: str, *, client_metadata: Metadata = None
    ) -> CodeDeliveryDetails:
        """ForgotPassword."""
        response = await self._about_user("ForgotPassword", username, client_metadata)
        return code_delivery(response.get("CodeDeliveryDetails")) or CodeDeliveryDetails()

    async def confirm_forgot_password(
        self,
        username: str,
        new_password: str,
        confirmation_code: str,
        *,
        client_metadata: Metadata = None,
    ) -> None:
        """ConfirmForgotPassword."""
        await self._about_user(
            "ConfirmForgotPassword",
            username,
            client_metadata,
            ConfirmationCode=confirmation_code,
            Password=new_password,
        )

    # The signed-in user

    def authenticated_user(
        self, access_token: str, *, renewed: Callable[[], Awaitable[str]] | None = None
    ) -> AuthenticatedUser:
        """Return the operations that an access token opens.

        Args:
            access_token: The user's access token.
            renewed: Returns a new access token, after Cognito reported that this one expired.
        """
        return AuthenticatedUser(self._aws, access_token, renewed)

    async def _about_user(
        self, operation: str, username: str, client_metadata: Metadata, **members: Any
    ) -> dict[str, Any]:
        """Call an operation that names the user in ``Username`` and proves the client beside it."""
        return await self._aws.call(
            operation,
            {
                "Username": username,
                **members,
                "ClientMetadata": client_metadata,
                "ClientId": self._client_id,
                "SecretHash": self._secret_hash(username),
                "UserContextData": self._user_context,
            },
        )

    def _with_secret_hash(self, values: Mapping[str, str]) -> dict[str, str]:
        # Cognito computes the hash over the USERNAME of this very request.
        secret_hash = self._secret_hash(values["USERNAME"])
        return {**values, "SECRET_HASH": secret_hash} if secret_hash else dict(values)

    def _secret_hash(self, username: str) -> str | None:
        """Prove the client's secret: Base64(HMAC-SHA256(secret, username + client id))."""
        if self._client_secret is None:
            return None
        # A name with a lone surrogate does not exist; Cognito's error says so.
        message = (username + self._client_id).encode(errors="replace")
        digest = hmac.digest(self._client_secret.encode(), message, hashlib.sha256)
        return base64.b64encode(digest).decode()


def _user_context_data(context: UserContext | None) -> dict[str, str] | None:
    if context is None:
        return None
    members = {"IpAddress": context.ip_address, "EncodedData": context.encoded_data}
    return {key: value for key, value in members.items() if value} or None


def _auth_response(response: Mapping[str, Any]) -> AuthResponse:
    result = response.get("AuthenticationResult")
    device = (result or {}).get("NewDeviceMetadata") or {}
    device_key, group_key = device.get("DeviceKey"), device.get("DeviceGroupKey")
    return AuthResponse(
        challenge_name=response.get("ChallengeName"),
        parameters=response.get("ChallengeParameters") or {},
        session=response.get("Session"),
        available_challenges=tuple(response.get("AvailableChallenges") or ()),
        tokens=None if result is None else _token_set(result),
        new_device=NewDevice(device_key, group_key) if device_key and group_key else None,
    )


def _token_set(result: Mapping[str, Any]) -> TokenSet:
    access_token = result.get("AccessToken")
    if not access_token:
        raise InvalidTokens("Cognito reported success without an access token")
    return TokenSet(access_token, result.get("IdToken"), result.get("RefreshToken"))
