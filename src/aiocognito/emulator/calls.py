"""Answer requests by the fault plan, and record each as a call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from aiohttp import web

from .faults import Fault
from .site import Call, Site


class Outcome(Protocol):
    """The outcome of a request."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def error(self) -> str | None:
        """The error code; ``None`` if it succeeded."""
        ...

    @property
    def explanation(self) -> str | None:
        """Why it was refused, in words."""
        ...


Done = TypeVar("Done", bound=Outcome)


async def answer(
    site: Site,
    request: web.Request,
    operation: str,
    service: str,
    *,
    work: Callable[[], Awaitable[Done]],
    planned: Callable[[Fault], Done],
    write: Callable[[Done], web.StreamResponse],
) -> web.StreamResponse:
    """Answer a request, or fail it as the fault plan says.

    Args:
        site: The HTTP side of the emulator.
        request: The request.
        operation: The operation's name in the fault plan and among the calls.
        service: The service's name among the calls.
        work: Performs the operation.
        planned: Returns the outcome of a planned error.
        write: Returns an outcome as a response.
    """
    fault = site.faults.take(operation) or Fault()
    if fault.latency:
        await asyncio.sleep(fault.latency)
    if fault.cut == "before":
        return _cut(site, request, operation, service)
    outcome = planned(fault) if fault.instead_of_work else await work()
    if fault.cut == "after":
        return _cut(site, request, operation, service)
    if fault.malformed and not fault.instead_of_work:
        status = fault.status or 200
        site.record(Call(operation, service, status, None))
        return web.Response(text="neither JSON nor a page", content_type="text/html", status=status)
    site.record(Call(operation, service, outcome.status, outcome.error, reason=outcome.explanation))
    return write(outcome)


def _cut(site: Site, request: web.Request, operation: str, service: str) -> web.Response:
    site.record(Call(operation, service, None, None))
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
