"""Customization of the classic hosted UI. It is stored; the emulator's pages stay plain."""

from __future__ import annotations

from typing import Any, Final

from ..errors import invalid_parameter
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext
from .domains import CLOUD_FRONT

_ALL: Final = "ALL"
_CSS_VERSION: Final = "20190128172214"


# Documented (UI customization by app client): without CSS and image, a request removes it.
@operation("SetUICustomization")
async def set_ui_customization(context: RequestContext) -> dict[str, Any]:
    """Replace the customization of an app client, or that of all clients without one."""
    pool, key = _whose(context)
    before = pool.ui_customizations.pop(key, {})
    given, now = context.members, context.state.clock()
    if not given.get("CSS") and not given.get("ImageFile"):
        return {"UICustomization": {}}
    customization = {
        "UserPoolId": pool.id,
        "ClientId": key,
        "CSSVersion": _CSS_VERSION,
        "CreationDate": before.get("CreationDate", now),
        "LastModifiedDate": now,
    }
    if given.get("CSS"):
        customization["CSS"] = given["CSS"]
    if given.get("ImageFile"):
        path = f"{pool.id}/{key}/{int(now)}/assets/images/image.jpg"
        customization["ImageUrl"] = f"https://{CLOUD_FRONT}/{path}"
    pool.ui_customizations[key] = customization
    return {"UICustomization": customization}


@operation("GetUICustomization")
async def get_ui_customization(context: RequestContext) -> dict[str, Any]:
    """Return the customization of an app client, else that of all clients; it may be empty."""
    pool, key = _whose(context)
    found = pool.ui_customizations.get(key) or pool.ui_customizations.get(_ALL, {})
    return {"UICustomization": found}


def _whose(context: RequestContext) -> tuple[UserPool, str]:
    key = context.members.get("ClientId", _ALL)
    pool = context.pool if key == _ALL else context.pool_and_client()[0]
    # Recorded (UI customization): for both operations.
    if not pool.domains:
        raise invalid_parameter("There has to be an existing domain associated with this user pool")
    return pool, key
