"""A group of users."""

from __future__ import annotations

from typing import Any

from attrs import define

from .serialization import persisted


@persisted("group")
@define
class Group:
    """A group; the lowest precedence is the most important."""

    name: str
    created: float
    modified: float
    description: str | None = None
    role_arn: str | None = None
    precedence: int | None = None

    def describe(self, pool_id: str) -> dict[str, Any]:
        """Return GroupType."""
        described = {
            "GroupName": self.name,
            "UserPoolId": pool_id,
            "Description": self.description,
            "RoleArn": self.role_arn,
            "Precedence": self.precedence,
            "CreationDate": self.created,
            "LastModifiedDate": self.modified,
        }
        return {key: value for key, value in described.items() if value is not None}
