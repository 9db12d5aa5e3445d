"""Judge raw responses by botocore's service models: the newest one, and the one that is installed.

botocore's own validator knows required members, types and lower bounds. Here enums, patterns, upper bounds
and base64 count as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from attrs import define, field
from botocore.loaders import Loader

from aiocognito.emulator import dispatch
from aiocognito.emulator.dispatch import Reply
from aiocognito.emulator.service_model import _CORRECTED, Service, ServiceModel, _operation
from aiocognito.emulator.state import EmulatorState

from .api import shape_faults

FRAMEWORK = {"ValidationException", "SerializationException", "UnknownOperationException"}
"""Codes that the services' framework answers with, declared or not."""


@cache
def newest(service: Service) -> ServiceModel:
    """Return the newest model of a service."""
    return ServiceModel.load(service)


@cache
def installed(service: Service) -> ServiceModel:
    """Return the model of the installed botocore, which may lack operations, members and values."""
    document = Loader().load_service_model(service.name, "service-2")
    operations = {name: _operation(entry) for name, entry in document["operations"].items()}
    return ServiceModel({**document["shapes"], **_CORRECTED}, operations, service)


def response_faults(service: Service, operation: str, body: Mapping[str, Any]) -> list[str]:
    """Return what a successful response violates in one of the two models."""
    found = list(shape_faults(newest(service), newest(service).operations[operation].output, body))
    older = installed(service)
    if operation in older.operations:
        # An older model does not know all members and values.
        faults = shape_faults(older, older.operations[operation].output, body)
        found += (each for each in faults if not each.endswith(": unknown") and "enum value set" not in each)
    return found


def refusal_faults(service: Service, operation: str, status: int, body: Mapping[str, Any]) -> list[str]:
    """Return what an error response violates: its members, its status, and the codes that are declared."""
    code = body.get("__type")
    allowed = FRAMEWORK | newest(service).operations[operation].errors
    found = [] if code in allowed else [f"{code} is not declared"]
    if status != 400:
        found.append(f"status {status}")
    if not body.keys() <= {"__type", "message", "reasonCode"}:
        found.append(f"members {sorted(body)}")
    return found


@define
class ResponseLog:
    """Judges every response of the emulator as it leaves.

    Attributes:
        faults: The operation of each response that violates the models, with what it violates.
        succeeded: The services and operations that have succeeded.
    """

    faults: list[tuple[str, list[str]]] = field(factory=list)
    succeeded: set[tuple[str, str]] = field(factory=set)

    async def answer(self, state: EmulatorState, model: ServiceModel, name: str, body: bytes) -> Reply:
        """Stand in for `dispatch.answer`."""
        reply = await _ANSWER(state, model, name, body)
        if name in dispatch.table(model.service):
            sent = json.loads(json.dumps(reply.body))
            if reply.error is None:
                self.succeeded.add((model.service.name, name))
                found = response_faults(model.service, name, sent)
            else:
                found = refusal_faults(model.service, name, reply.status, sent)
            if found:
                self.faults.append((name, found))
        return reply


_ANSWER = dispatch.answer
