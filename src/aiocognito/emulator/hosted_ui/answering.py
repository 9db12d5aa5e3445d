"""Answers of the OAuth endpoints: in their own JSON, through the fault plan, written down as calls."""

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
class _Answer:
    """What goes back: a status, and a body or none."""

    status: int
    members: Mapping[str, Any] | None = field(repr=False)
    error: str | None = None
    headers: Mapping[str, str] = field(factory=dict)


async def serve(
    site: Site, request: web.Request, operation: str, work: Work, *, changes: bool = True
) -> web.StreamResponse:
    """Do what a request asks, keep what it changed, and answer.

    Args:
        site: The HTTP side of the emulator.
        request: The request.
        operation: What it is called in the fault plan and among the calls.
        work: Does it and returns the members of the answer, if there are any.
        changes: Whether it may change something.
    """

    async def done() -> _Answer:
        return await _done(site, operation, work, changes=changes)

    return await calls.answer(site, request, operation, SERVICE, work=done, planned=_planned, write=_write)


async def _done(site: Site, operation: str, work: Work, *, changes: bool) -> _Answer:
    try:
        return _Answer(200, await work())
    except OAuthError as error:
        return _refused(error)
    except web.HTTPException:
        raise
    except Exception:
        log.exception("%s failed inside the emulator", operation)
        return _refused(OAuthError("server_error", status=500))
    finally:
        # A refusal changes things, too: it burns a code.
        if changes:
            await site.state.changed()


def _refused(error: OAuthError) -> _Answer:
    return _Answer(error.status, error.body(), error.error, error.headers)


def _planned(fault: Fault) -> _Answer:
    status = fault.status or 400
    code = fault.error or ("temporarily_unavailable" if status == 429 else "server_error")
    return _refused(OAuthError(code, fault.message, status=status))


def _write(answer: _Answer) -> web.Response:
    headers = {**NO_STORE, "x-amz-cognito-request-id": str(uuid.uuid4()), **answer.headers}
    if answer.members is None:
        return web.Response(status=answer.status, headers=headers)
    headers["Content-Type"] = "application/json;charset=UTF-8"
    body = json.dumps(answer.members, separators=(",", ":"))
    return web.Response(body=body.encode(), status=answer.status, headers=headers)
