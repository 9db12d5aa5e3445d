"""Check requests to Cognito's two services against botocore's service models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from aiocognito.emulator.service_model import _COPIES

_TYPES: dict[str, Any] = {"string": str, "boolean": bool, "integer": int, "list": list, "map": Mapping}


@cache
def _services() -> list[ServiceModel]:
    loader = Loader()
    names = ("cognito-idp", "cognito-identity")
    installed = [ServiceModel(loader.load_service_model(name, "service-2"), name) for name in names]
    return [*installed, newest_model()]


@cache
def newest_model() -> ServiceModel:
    """Return the model of user pools of the newest botocore, which has more operations."""
    document = json.loads((_COPIES / "cognito-idp.json").read_text())
    metadata = Loader().load_service_model("cognito-idp", "service-2")["metadata"]
    return ServiceModel({"metadata": metadata, **document}, "cognito-idp")


def operation_model(operation: str) -> OperationModel:
    """Return the model of an operation of either service."""
    for service in _services():
        if operation in service.operation_names:
            return service.operation_model(operation)
    raise LookupError(f"neither service has an operation {operation}")


def input_members(operation: str) -> Mapping[str, Any]:
    """Return the shapes of an operation's members."""
    members: Mapping[str, Any] = operation_model(operation).input_shape.members
    return members


def faults(operation: str, sent: Mapping[str, Any]) -> list[str]:
    """Return what a request violates: unknown members, absent ones and wrong types."""
    return list(_faults(operation_model(operation).input_shape, sent, operation))


def _faults(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        if not isinstance(value, Mapping):
            yield f"{path} is not a structure"
            return
        yield from (f"{path}.{name} does not exist" for name in value if name not in shape.members)
        yield from (f"{path}.{name} is missing" for name in shape.required_members if name not in value)
        for name, member in shape.members.items():
            if name in value:
                yield from _faults(member, value[name], f"{path}.{name}")
    elif shape.type_name in _TYPES and not isinstance(value, _TYPES[shape.type_name]):
        yield f"{path} is a {type(value).__name__}"
    elif shape.type_name == "list":
        for each in value:
            yield from _faults(shape.member, each, f"{path}[]")
    elif shape.type_name == "map":
        for key, each in value.items():
            yield from _faults(shape.key, key, f"{path} key")
            yield from _faults(shape.value, each, f"{path}[{key!r}]")
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{path} is {value!r}, which the model does not list"
