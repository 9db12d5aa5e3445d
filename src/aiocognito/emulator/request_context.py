"""The context of one request: the emulator's state, and what the request names in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from .clients import AppClient
from .errors import user_not_found
from .identity_pool import IdentityPool
from .pool import UserPool
from .state import EmulatorState
from .users import User


@frozen
class RequestContext:
    """One request to an operation of either API.

    Args:
        state: The emulator's state.
        members: The request, checked against the service model.
    """

    state: EmulatorState
    members: Mapping[str, Any] = field(repr=False)

    @property
    def metadata(self) -> Mapping[str, str]:
        """``ClientMetadata``; empty if the request has none."""
        metadata: Mapping[str, str] = self.members.get("ClientMetadata", {})
        return metadata

    @property
    def pool(self) -> UserPool:
        """The user pool that ``UserPoolId`` names.

        Raises:
            ApiError: It does not exist.
        """
        return self.state.pool(self.members["UserPoolId"])

    @property
    def identity_pool(self) -> IdentityPool:
        """The identity pool that ``IdentityPoolId`` names.

        Raises:
            ApiError: It does not exist.
        """
        return self.state.identity_pool(self.members["IdentityPoolId"])

    def pool_and_client(self) -> tuple[UserPool, AppClient]:
        """Return the app client that ``ClientId`` names, and its user pool.

        Raises:
            ApiError: The client does not exist, or not in the pool that ``UserPoolId`` names.
        """
        return self.state.client(self.members["ClientId"], self.members.get("UserPoolId"))

    def pool_and_user(self) -> tuple[UserPool, User]:
        """Return the user that ``Username`` names, and the user pool.

        Raises:
            ApiError: The user pool or the user does not exist.
        """
        pool = self.pool
        user = pool.users.find(self.members["Username"])
        if user is None:
            raise user_not_found()
        return pool, user
