"""Branding of managed login: a style for each app client. It is stored; the emulator's pages stay plain."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from ..errors import ApiError, invalid_parameter, not_found
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext

_OWN: Final = "UseCognitoProvidedValues"
_SHOWN: Final = (
    "ManagedLoginBrandingId",
    "UserPoolId",
    _OWN,
    "Settings",
    "Assets",
    "CreationDate",
    "LastModifiedDate",
)
# The categories of Cognito's own style; of its components and their colours the emulator has no copy.
_DEFAULTS: Final[Mapping[str, Any]] = {
    "categories": {
        "auth": {
            "authMethodOrder": [
                [
                    {"display": "BUTTON", "type": "FEDERATED"},
                    {"display": "INPUT", "type": "USERNAME_PASSWORD"},
                ]
            ],
            "federation": {"interfaceStyle": "BUTTON_LIST", "order": []},
        },
        "form": {
            "displayGraphics": True,
            "instructions": {"enabled": False},
            "languageSelector": {"enabled": False},
            "location": {"horizontal": "CENTER", "vertical": "CENTER"},
            "sessionTimerDisplay": "NONE",
        },
        "global": {
            "colorSchemeMode": "LIGHT",
            "pageFooter": {"enabled": False},
            "pageHeader": {"enabled": False},
            "spacingDensity": "REGULAR",
        },
        "signUp": {"acceptanceElements": [{"enforcement": "NONE", "textKey": "en"}]},
    }
}


@operation("CreateManagedLoginBranding")
async def create_managed_login_branding(context: RequestContext) -> dict[str, Any]:
    """Create the style of an app client."""
    pool, client = context.pool_and_client()
    _check(context.members)
    if _of_client(pool, client.id) is not None:
        text = f"Managed login branding already exists for app client {client.id}."
        raise ApiError("ManagedLoginBrandingExistsException", text)
    now = context.state.clock()
    style: dict[str, Any] = {
        "ManagedLoginBrandingId": context.state.random.uuid(),
        "UserPoolId": pool.id,
        "ClientId": client.id,
        _OWN: False,
        "CreationDate": now,
        "LastModifiedDate": now,
    }
    pool.brandings[style["ManagedLoginBrandingId"]] = style
    _apply(style, context.members)
    return _answer(style)


@operation("DescribeManagedLoginBranding")
async def describe_managed_login_branding(context: RequestContext) -> dict[str, Any]:
    """Describe a style: what was set, or that and the defaults."""
    return _answer(_style(context), merged=bool(context.members.get("ReturnMergedResources")))


@operation("DescribeManagedLoginBrandingByClient")
async def describe_managed_login_branding_by_client(context: RequestContext) -> dict[str, Any]:
    """Describe the style of an app client."""
    pool, client = context.pool_and_client()
    style = _of_client(pool, client.id)
    if style is None:
        raise not_found(f"Managed login branding for app client {client.id} does not exist.")
    return _answer(style, merged=bool(context.members.get("ReturnMergedResources")))


# Documented (Managed login branding): settings that are left out stay; an asset replaces that of its place.
@operation("UpdateManagedLoginBranding")
async def update_managed_login_branding(context: RequestContext) -> dict[str, Any]:
    """Change the given settings and assets of a style, or return to Cognito's style."""
    style = _style(context)
    _check(context.members)
    _apply(style, context.members)
    style["LastModifiedDate"] = context.state.clock()
    return _answer(style)


@operation("DeleteManagedLoginBranding")
async def delete_managed_login_branding(context: RequestContext) -> dict[str, Any]:
    """Delete a style."""
    style = _style(context)
    del context.pool.brandings[style["ManagedLoginBrandingId"]]
    return {}


def _check(given: Mapping[str, Any]) -> None:
    # Recorded (Branding): assets are accepted beside Cognito's values, settings are not.
    if given.get(_OWN) and given.get("Settings"):
        raise invalid_parameter("useCognitoProvidedValues or settings should be specified (but not both)")
    for asset in given.get("Assets", ()):
        if ("Bytes" in asset) == ("ResourceId" in asset):
            raise invalid_parameter("An asset has either Bytes or a ResourceId.")


def _apply(style: dict[str, Any], given: Mapping[str, Any]) -> None:
    if given.get(_OWN):
        style.pop("Settings", None)
        style.pop("Assets", None)
    if "Settings" in given:
        style["Settings"] = _merged(style.get("Settings", {}), given["Settings"])
    if "Assets" in given:
        assets = {_place(asset): asset for asset in (*style.get("Assets", ()), *given["Assets"])}
        style["Assets"] = list(assets.values())
    if given.get("Settings") or given.get("Assets") or _OWN in given:
        style[_OWN] = bool(given.get(_OWN))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(copy.deepcopy(below))
    for name, value in above.items():
        old = merged.get(name)
        merged[name] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _place(asset: Mapping[str, Any]) -> tuple[str, str]:
    return asset["Category"], asset["ColorMode"]


def _style(context: RequestContext) -> dict[str, Any]:
    # UpdateManagedLoginBranding requires neither member.
    for member in ("UserPoolId", "ManagedLoginBrandingId"):
        if member not in context.members:
            raise invalid_parameter(f"Missing required parameter {member}")
    style = context.pool.brandings.get(context.members["ManagedLoginBrandingId"])
    if style is None:
        raise not_found(f"Managed login branding {context.members['ManagedLoginBrandingId']} does not exist.")
    return style


def _of_client(pool: UserPool, client_id: str) -> dict[str, Any] | None:
    return next((style for style in pool.brandings.values() if style["ClientId"] == client_id), None)


def _answer(style: Mapping[str, Any], *, merged: bool = False) -> dict[str, Any]:
    described = {name: style[name] for name in _SHOWN if name in style}
    if merged:
        described["Settings"] = _merged(_DEFAULTS, style.get("Settings", {}))
    return {"ManagedLoginBranding": described}
