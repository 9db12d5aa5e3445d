"""What the clients of the control plane have in common: a call by AWS's names, and a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class ControlPlane(Protocol):
    """One of Cognito's two services, as some client calls it.

    Members and responses have the names and types of the JSON API, with blobs in base64.
    """

    async def __call__(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Call an operation."""
        ...

    async def refused(self, operation: str, /, **members: Any) -> tuple[str, str]:
        """Call an operation that must fail; return the error's code and message."""
        ...


Services = Mapping[str, ControlPlane]
"""A client of user pools, ``cognito-idp``, and one of identity pools, ``cognito-identity``."""


def comparable(value: Any) -> Any:
    """Return a value whose lists have no order, as Terraform's sets."""
    if isinstance(value, list):
        return sorted((comparable(item) for item in value), key=repr)
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in sorted(value.items())}
    return value
