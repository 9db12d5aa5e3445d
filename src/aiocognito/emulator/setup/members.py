"""Check the ``settings`` of a set-up file: members of the API, at every depth, against the service models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..nearest import suggestion
from ..service_model import IDENTITY_POOLS, USER_POOLS, ServiceModel
from .reading import Path_, Source

_POOL: Final = ("CreateUserPoolRequest", "SetUserPoolMfaConfigRequest")
_CLIENT: Final = ("CreateUserPoolClientRequest",)
_IDENTITY_POOL: Final = ("CreateIdentityPoolInput",)
_NOT_HERE: Final = frozenset({"UserPoolId"})


def check(source: Source) -> None:
    """Refuse unknown members of ``settings``. Blocks: it reads the service models.

    Args:
        source: A file whose own members are known.

    Raises:
        SetupError: A member is unknown; the message has the nearest name and the place.
    """
    shapes = ServiceModel.load(USER_POOLS).shapes
    for number, pool in enumerate(source.content.get("user_pools", ())):
        path: Path_ = ("user_pools", number)
        _check_all(shapes, _POOL, pool.get("settings", {}), (*path, "settings"), source)
        for position, client in enumerate(pool.get("clients", ())):
            at = (*path, "clients", position, "settings")
            _check_all(shapes, _CLIENT, client.get("settings", {}), at, source)
    shapes = ServiceModel.load(IDENTITY_POOLS).shapes
    for number, pool in enumerate(source.content.get("identity_pools", ())):
        at = ("identity_pools", number, "settings")
        _check_all(shapes, _IDENTITY_POOL, pool.get("settings", {}), at, source)


def _check_all(
    shapes: Mapping[str, Any], names: tuple[str, ...], value: Mapping[str, Any], path: Path_, source: Source
) -> None:
    members: dict[str, Any] = {}
    for name in names:
        members |= shapes[name]["members"]
    for name in _NOT_HERE:
        members.pop(name, None)
    _check_members(shapes, members, value, path, source)


def _check_members(
    shapes: Mapping[str, Any],
    members: Mapping[str, Any],
    value: Mapping[str, Any],
    path: Path_,
    source: Source,
) -> None:
    for name, item in value.items():
        if name not in members:
            raise source.error((*path, name), f"unknown member {name!r}: {suggestion(name, members)}")
        _check_shape(shapes, members[name]["shape"], item, (*path, name), source)


def _check_shape(shapes: Mapping[str, Any], name: str, value: Any, path: Path_, source: Source) -> None:
    shape = shapes[name]
    # A value of another type is for the operation to refuse, which has Cognito's words for it.
    if shape["type"] == "structure" and isinstance(value, dict) and not shape.get("document"):
        _check_members(shapes, shape["members"], value, path, source)
    elif shape["type"] == "list" and isinstance(value, list):
        for number, item in enumerate(value):
            _check_shape(shapes, shape["member"]["shape"], item, (*path, number), source)
