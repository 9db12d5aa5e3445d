"""Responses of the OAuth endpoints, with planned faults and recorded calls."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web
from attrs import field, frozen

from .. import calls
from ..site import Site
from .oauth_errors import NO_STORE, OAuthError

if TYPE_CHECKING:
    from ..faults import Fault

SERVICE: Final = "hosted-ui"
Work = Callable[[], Awaitable[Mapping[str, Any] | None]]
log: Final = logging.getLogger(__name__)


@frozen
class _Response:
    """A response of an endpoint; ``members`` is ``None`` if it has no body."""

    status: int
    members: Mapping[str, Any] | None = field(repr=False)
    error: str | None = None
    headers: Mapping[str, str] = field(factory=dict)
    explanation: str | None = None


async def serve(
    site: Site, request: web.Request, operation: str, work: Work, *, changes: bool = True
) -> web.StreamResponse:
    """Serve a request, persist the changes, and return the response.

    Args:
        site: The HTTP side of the emulator.
        request: The request.
        operation: The operation's name in the fault plan and among the calls.
        work: Performs the operation and returns the members of the response, if it has a body.
        changes: Whether the operation can change the state.
    """

    async def done() -> _Response:
        return await _done(site, operation, work, changes=changes)

    return await calls.answer(site, request, operation, SERVICE, work=done, planned=_planned, write=_write)


async def _done(site: Site, operation: str, work: Work, *, changes: bool) -> _Response:
    try:
        return _Response(200, await work())
    except OAuthError as error:
        return _refused(error)
    except web.HTTPException:
        raise
    except Exception:
        log.exception("%s failed inside the emulator", operation)
        return _refused(OAuthError("server_error", status=500))
    finally:
        # A refusal can change the state, too: it invalidates a code.
        if changes:
            await site.state.changed()


def _refused(error: OAuthError) -> _Response:
    return _Response(error.status, error.body(), error.error, error.headers, error.why or error.description)


def _planned(fault: Fault) -> _Response:
    status = fault.status or 400
    code = fault.error or ("temporarily_unavailable" if status == 429 else "server_error")
    return _refused(OAuthError(code, fault.message, status=status))


def _write(response: _Response) -> web.Response:
    headers = {**NO_STORE, "x-amz-cognito-request-id": str(uuid.uuid4()), **response.headers}
    if response.members is None:
        return web.Response(status=response.status, headers=headers)
    headers["Content-Type"] = "application/json;charset=UTF-8"
    body = json.dumps(response.members, separators=(",", ":"))
    return web.Response(body=body.encode(), status=response.status, headers=headers)
