"""The gateway to an identity pool (`cognito-identity`): one method is one operation."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from .._models import Credentials
from ..errors import GetIdResponseException, ServiceError
from .aws.client import AwsClient
from .aws.responses import UNKNOWN_ERROR
from .parsing import moment

Logins = Mapping[str, str]


@frozen
class IssuedCredentials:
    """The response of GetCredentialsForIdentity; ``credentials`` is None if they are not complete."""

    identity_id: str
    credentials: Credentials | None = field(repr=False)


class IdentityPool:
    """The operations of one identity pool.

    Args:
        identity_pool_id: The pool's id.
        aws: The connection, which all sessions share.
    """

    def __init__(self, identity_pool_id: str, aws: AwsClient) -> None:
        self._id = identity_pool_id
        self._aws = aws

    async def get_id(self, logins: Logins) -> str:
        """GetId. Without a login, each call names a new guest.

        Raises:
            GetIdResponseException: The response has no id.
        """
        # A repeated request leaves an unused guest identity behind, which costs nothing.
        members = {"IdentityPoolId": self._id, "Logins": dict(logins)}
        try:
            response = await self._aws.call("GetId", members, repeatable=True)
        except ServiceError as error:
            if error.name != UNKNOWN_ERROR or error.service_status != 200:
                raise
            response = {}
        identity_id = response.get("IdentityId")
        if not identity_id:
            raise GetIdResponseException("the identity pool named no identity")
        return str(identity_id)

    async def get_credentials_for_identity(
        self, identity_id: str, logins: Logins | None = None, *, custom_role_arn: str | None = None
    ) -> IssuedCredentials:
        """GetCredentialsForIdentity. The response may name another identity, which replaces this one."""
        # A repeated request leaves unused credentials behind; an identity that was linked or merged
        # by a request whose response was lost is linked already.
        response = await self._aws.call(
            "GetCredentialsForIdentity",
            {
                "IdentityId": identity_id,
                "Logins": None if logins is None else dict(logins),
                "CustomRoleArn": custom_role_arn,
            },
            repeatable=True,
        )
        given = response.get("Credentials") or {}
        key, secret = given.get("AccessKeyId"), given.get("SecretKey")
        credentials = None
        if key and secret:
            credentials = Credentials(key, secret, given.get("SessionToken"), moment(given.get("Expiration")))
        return IssuedCredentials(response.get("IdentityId") or identity_id, credentials)
