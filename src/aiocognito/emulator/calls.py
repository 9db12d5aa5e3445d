"""Requests on their way: written down when they are answered, and gone wrong where that was planned."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from aiohttp import web
from attrs import frozen

from .._public import public
from .faults import Fault

if TYPE_CHECKING:
    from .http import Site


@public("aiocognito.emulator")
@frozen
class Call:
    """One request that was answered, or cut off.

    Args:
        operation: What was asked for, such as ``InitiateAuth``; ``GetJwks`` for the key set.
        service: ``cognito-idp`` or ``cognito-identity``; ``well-known`` for key sets and discovery
            documents; ``hosted-ui`` for pages and OAuth endpoints.
        status: The HTTP status; ``None`` if the connection was cut.
        error: The error code, if it was refused.
    """

    operation: str
    service: str
    status: int | None
    error: str | None


class Outcome(Protocol):
    """What the work of a request came to."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def error(self) -> str | None:
        """The error code, if it was refused."""
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
    """Answer a request, or let it go wrong as the fault plan has it.

    Args:
        site: The HTTP side of the emulator.
        request: The request.
        operation: What it is called in the fault plan and among the calls.
        service: Whose it is, among the calls.
        work: Does it.
        planned: Makes the outcome of an error that was planned.
        write: Writes an outcome down as a response.
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
        site.calls.append(Call(operation, service, status, None))
        return web.Response(text="neither JSON nor a page", content_type="text/html", status=status)
    site.calls.append(Call(operation, service, outcome.status, outcome.error))
    return write(outcome)


def _cut(site: Site, request: web.Request, operation: str, service: str) -> web.Response:
    site.calls.append(Call(operation, service, None, None))
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
