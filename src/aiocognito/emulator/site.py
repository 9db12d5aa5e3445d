"""What the HTTP side of one emulator shares: the state, the fault plan, and the calls it received."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from attrs import define, field, frozen

from .._public import public
from . import listeners
from .faults import Faults
from .service_model import ServiceModel
from .state import EmulatorState

log: Final = logging.getLogger(__name__)


@public("aiocognito.emulator")
@frozen
class Call:
    """A request that was answered, or cut off.

    Args:
        operation: The operation, such as ``InitiateAuth``; ``GetJwks`` for the key set.
        service: ``cognito-idp`` or ``cognito-identity``; ``well-known`` for key sets and discovery
            documents; ``hosted-ui`` for pages and OAuth endpoints;
            ``user-import`` for uploaded files.
        status: The HTTP status; ``None`` if the connection was cut.
        error: The error code, if it was refused.
        reason: Why it was refused, in words; more than the client is told, if Cognito hides it.
    """

    operation: str
    service: str
    status: int | None
    error: str | None
    reason: str | None = field(default=None, eq=False, repr=False)


@define
class Site:
    """What the HTTP side of one emulator shares.

    Args:
        state: The emulator's state.
        model: The service model of user pools.
        faults: The fault plan.
        calls: The calls that were answered, the newest last.
        hosts: Host names by which the emulator may be called.
        set_up: Set once requests may be answered; until then they wait.
        any_address: Whether any IP address is accepted as a host name, too.
        identity_model: The service model of identity pools.
        token: The bearer token that steering and administration need; ``None`` on loopback.
        named_hosts: Those of ``hosts`` that ``allowed_hosts`` names.
        allowed_origins: Origins of web pages that may call what a browser calls.
        listeners: Functions that get every call, and every request that was turned away.
    """

    state: EmulatorState
    model: ServiceModel
    faults: Faults
    calls: list[Call]
    hosts: frozenset[str]
    set_up: asyncio.Event
    any_address: bool = False
    identity_model: ServiceModel | None = None
    token: str | None = field(default=None, repr=False)
    named_hosts: frozenset[str] = frozenset()
    allowed_origins: frozenset[str] = frozenset()
    listeners: list[Callable[[Call], None]] = field(factory=list)

    def record(self, call: Call) -> None:
        """Add a call that was answered, or cut off."""
        self.calls.append(call)
        self.report(call)

    def report(self, call: Call) -> None:
        """Pass a call to the listeners. What one raises is logged, and fails no request."""
        for listener in tuple(self.listeners):
            listeners.call(listener, call, log, "a listener of the calls raised %s")

    def model_of(self, prefix: str) -> ServiceModel | None:
        """Return the service model whose targets have a prefix, if the emulator has it."""
        models = (self.model, self.identity_model)
        return next((model for model in models if model is not None and model.service.prefix == prefix), None)
