"""Provisioned limits: requests per second of each category of operations. The emulator stores them only."""

from __future__ import annotations

from typing import Any, Final

from ..errors import ApiError, invalid_parameter
from ..registration import operation
from ..request_context import RequestContext

# Documented (Provisioned limits): the default quotas.
_FREE: Final = {
    "ClientAuthentication": 150,
    "UserAccountRecovery": 30,
    "UserAuthentication": 120,
    "UserCreation": 50,
    "UserFederation": 25,
    "UserList": 30,
    "UserPoolClientRead": 15,
    "UserPoolClientUpdate": 15,
    "UserPoolRead": 15,
    "UserPoolResourceRead": 20,
    "UserPoolResourceUpdate": 15,
    "UserPoolUpdate": 15,
    "UserRead": 120,
    "UserResourceRead": 50,
    "UserResourceUpdate": 25,
    "UserToken": 120,
    "UserUpdate": 25,
}
# The account's maximum, which AWS sets for each account.
_LARGEST: Final = 10


@operation("GetProvisionedLimit")
async def get_provisioned_limit(context: RequestContext) -> dict[str, Any]:
    """Return the limit of a category."""
    return _described(context, _category(context))


@operation("UpdateProvisionedLimit")
async def update_provisioned_limit(context: RequestContext) -> dict[str, Any]:
    """Set the limit of a category."""
    category, wanted = _category(context), context.members["RequestedLimitValue"]
    if wanted < _FREE[category]:
        raise invalid_parameter(f"The limit of {category} cannot be less than {_FREE[category]}.")
    if wanted > _FREE[category] * _LARGEST:
        largest = _FREE[category] * _LARGEST
        raise ApiError("ServiceQuotaExceededException", f"The limit of {category} cannot exceed {largest}.")
    context.state.provisioned_limits[category] = wanted
    return _described(context, category)


def _category(context: RequestContext) -> str:
    attributes = context.members["LimitDefinition"]["Attributes"]
    category: str = attributes.get("Category", "")
    if attributes.keys() != {"Category"} or category not in _FREE:
        raise invalid_parameter(f"Attributes must have a Category, one of: {', '.join(_FREE)}.")
    return category


def _described(context: RequestContext, category: str) -> dict[str, Any]:
    limit = {
        "LimitDefinition": context.members["LimitDefinition"],
        "ProvisionedLimitValue": context.state.provisioned_limits.get(category, _FREE[category]),
        "FreeLimitValue": _FREE[category],
    }
    return {"Limit": limit}
