"""One request of either API: check it, perform the operation, and build the response."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from . import identity_pool_operations as identity_pools
from . import strict_json, user_imports
from .errors import ApiError
from .operations import TABLE
from .registration import Operation
from .request_context import RequestContext
from .service_model import IDENTITY_POOLS, USER_POOLS, OperationModel, Service, ServiceModel
from .state import EmulatorState

SERVICE: Final = USER_POOLS.name
_READS: Final = re.compile(
    r"(Admin)?(List|Describe|Lookup)"
    r"|(Admin)?Get(User(PoolMfaConfig|AuthFactors)?|Group|Device|IdentityPoolRoles|PrincipalTagAttributeMap)$"
    r"|Get(UserPool(Client)?SessionConfiguration|UICustomization|LogDeliveryConfiguration|CSVHeader)$"
    r"|GetProvisionedLimit$"
)
log: Final = logging.getLogger(__name__)


@frozen
class Reply:
    """A response: a status, and a body or an error.

    Args:
        status: The HTTP status.
        body: The JSON object.
        error: The error's code.
        why: Why it was refused, which the client is not told.
        has_body: Whether the response has a body: some operations respond without one.
    """

    status: int
    body: Mapping[str, Any] = field(repr=False)
    error: str | None = None
    why: str | None = field(default=None, repr=False)
    has_body: bool = True

    @property
    def explanation(self) -> str | None:
        """Why it was refused, in words: the client's message, and what it is not told."""
        message = self.body.get("message") if self.error is not None else None
        return " — ".join(filter(None, (message, self.why))) or None


def operation_model(model: ServiceModel, name: str) -> OperationModel:
    """Return an operation that the model knows and the emulator has.

    Raises:
        ApiError: ``UnknownOperationException``.
    """
    if name not in model.operations:
        raise ApiError("UnknownOperationException", "")
    if name not in table(model.service):
        text = f"{name} is not emulated. The page on the emulator's fidelity lists what is missing."
        raise ApiError("UnknownOperationException", text)
    return model.operations[name]


def table(service: Service = USER_POOLS) -> Mapping[str, Operation]:
    """Return the emulator's operations of a service."""
    return identity_pools.TABLE if service == IDENTITY_POOLS else TABLE


async def answer(state: EmulatorState, model: ServiceModel, name: str, body: bytes) -> Reply:
    """Perform the operation of a request, and return its response.

    Args:
        state: The emulator's state.
        model: The service model.
        name: The operation.
        body: The request's body, JSON.
    """
    try:
        operation = operation_model(model, name)
        given = model.check(operation, _parse(body))
    except ApiError as refusal:
        return failure(refusal.code, refusal.message)
    try:
        members = await perform(state, name, given, model.service)
        # Recorded (Responses without a body): 0 bytes if the model has no output, else {}.
        return Reply(200, members, has_body=operation.output is not None)
    except ApiError as refusal:
        return _refused(operation, refusal)
    except Exception:
        log.exception("%s failed inside the emulator", name)
        return failure("InternalErrorException", "The emulator failed; its log says where.")


async def perform(
    state: EmulatorState, name: str, given: Mapping[str, Any], service: Service = USER_POOLS
) -> dict[str, Any]:
    """Perform one operation, and persist its changes; a refused one has changes, too: attempts are counted.

    Raises:
        ApiError: The operation is refused.
    """
    has_imported = await user_imports.complete_due(state)
    try:
        return await table(service)[name](RequestContext(state, given))
    finally:
        if has_imported or not _READS.match(name):
            await state.changed()


def failure(
    code: str, message: str, *, status: int | None = None, reason: str | None = None, why: str | None = None
) -> Reply:
    """Return an error response: 400, and 500 for the service's own errors."""
    body = {"__type": code, "message": message} if message else {"__type": code}
    if reason is not None:
        body["reasonCode"] = reason
    return Reply(status or (500 if code == "InternalErrorException" else 400), body, code, why)


def _refused(operation: OperationModel, refusal: ApiError) -> Reply:
    for code in (refusal.code, refusal.instead):
        if code is not None and operation.declares(code):
            return failure(code, refusal.message, reason=refusal.reason, why=refusal.why)
    log.error("%s refused with %s, which it does not declare", operation.name, refusal.code)
    return failure("InternalErrorException", refusal.message)


def _parse(body: bytes) -> Any:
    if not body:
        return {}
    try:
        return strict_json.parse(body)
    except ValueError:
        raise ApiError("SerializationException", "") from None
