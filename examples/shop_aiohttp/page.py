"""What the handlers share: the visitor, the fields of a form, and the response."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from attrs import frozen

from aiocognito import AuthClient, AuthUser
from aiocognito.integrations.aiohttp import auth_client, optional_user

from ..shop.front.names import name_of
from ..shop.front.notices import NOTICES
from ..shop.front.problems import Problem
from ..shop.front.rendering import render


@frozen
class Page:
    """A request for a page, and the user who sent it.

    Attributes:
        request: The request.
        auth: The client of the session.
        user: The signed-in user, if there is one.
        name: What the page calls the user.
    """

    request: web.Request
    auth: AuthClient
    user: AuthUser | None
    name: str | None

    @classmethod
    async def of(cls, request: web.Request) -> "Page":
        """Return the page of a visitor, signed in or not. Requests of other sites are refused."""
        auth, user = auth_client(request), await optional_user(request)
        return cls(request, auth, user, None if user is None else await name_of(auth, user))

    async def fields(self) -> Mapping[str, str]:
        """Return the fields of the submitted form."""
        return {name: value for name, value in (await self.request.post()).items() if isinstance(value, str)}

    def render(self, template: str, *, problem: Problem | None = None, **values: Any) -> web.Response:
        """Return a page, with what went wrong if something did."""
        notice = NOTICES.get(self.request.query.get("done", ""))
        text = render(template, name=self.name, notice=notice, problem=problem, **values)
        status = 200 if problem is None else problem.status
        return web.Response(text=text, status=status, content_type="text/html")


def redirect(path: str) -> web.Response:
    """Send the browser to another page, with GET."""
    return web.Response(status=303, headers={"location": path})
