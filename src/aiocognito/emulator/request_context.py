"""The context of one request: the emulator's state, and what the request names in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import field, frozen

from . import paging
from .clients import AppClient
from .errors import user_not_found
from .identity_pool import IdentityPool
from .pool import UserPool
from .state import EmulatorState
from .users import User

_OF_THE_PAGE: Final = frozenset({"AttributesToGet", "Limit", "MaxResults", "NextToken", "PaginationToken"})


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

    def page(
        self,
        items: Sequence[Any],
        member: str,
        *,
        marker: str = "NextToken",
        limit: str = "MaxResults",
        most: int = 60,
        of: str | None = None,
        invalid: str = paging.INVALID,
    ) -> dict[str, Any]:
        """Return one page of a list; its token is valid for requests with the same members.

        Args:
            items: The whole list.
            member: The response's member for the page.
            marker: The member that names the page.
            limit: The member with the number of items.
            most: The number of items without a limit.
            of: What is listed; the request's members by default. A request with an access token names it,
                because the next page can be requested with another token.
            invalid: The text of the refusal of a token.

        Raises:
            ApiError: The token is malformed, or belongs to another request.
        """
        given = {name: value for name, value in self.members.items() if name not in _OF_THE_PAGE}
        query = json.dumps(given, sort_keys=True) if of is None else of
        size = self.members.get(limit) or most
        return paging.page(
            items, member, self.members.get(marker), size, marker, query=query, invalid=invalid
        )
