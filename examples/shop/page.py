"""What the pages' routes share: the visitor, the fields of a form, and the response."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from attrs import frozen
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from aiocognito import AuthClient, AuthUser
from aiocognito.integrations.fastapi import Auth, CurrentUser, OptionalUser

from .front.names import name_of
from .front.notices import NOTICES
from .front.problems import Problem
from .front.rendering import render

MAX_FIELDS = 30
Form: TypeAlias = Mapping[str, str]


@frozen
class Page:
    """A request for a page, and the user who sent it.

    Attributes:
        request: The request.
        auth: The client of the session.
        user: The signed-in user, if there is one.
        name: What the page calls the user.
    """

    request: Request
    auth: AuthClient
    user: AuthUser | None
    name: str | None

    def render(self, template: str, *, problem: Problem | None = None, **values: Any) -> Response:
        """Return a page, with what went wrong if something did."""
        notice = NOTICES.get(self.request.query_params.get("done", ""))
        text = render(template, name=self.name, notice=notice, problem=problem, **values)
        return HTMLResponse(text, 200 if problem is None else problem.status)

    def redirect(self, path: str) -> Response:
        """Send the browser to another page, with GET."""
        return RedirectResponse(path, 303)


async def visitor(request: Request, auth: Auth, user: OptionalUser) -> Page:
    """Return the page of a visitor, signed in or not."""
    return Page(request, auth, user, None if user is None else await name_of(auth, user))


async def member(request: Request, auth: Auth, user: CurrentUser) -> Page:
    """Return the page of a signed-in user. Others are sent to the sign-in."""
    return Page(request, auth, user, await name_of(auth, user))


async def form(request: Request, _auth: Auth) -> Form:
    """Return the fields of a submitted form. Requests of other sites were refused before."""
    async with request.form(max_files=0, max_fields=MAX_FIELDS) as fields:
        return {name: value for name, value in fields.items() if isinstance(value, str)}


Visitor: TypeAlias = Annotated[Page, Depends(visitor)]
Member: TypeAlias = Annotated[Page, Depends(member)]
Fields: TypeAlias = Annotated[Form, Depends(form)]
