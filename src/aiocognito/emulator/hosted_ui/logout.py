"""Signing out of the hosted UI: the browser is forgotten, and goes where its app may send it."""

from __future__ import annotations

from aiohttp import web

from ..site import Site
from .page_request import Answer, PageRequest
from .request import BadRequest, SignInRequest, client_of, missing, parse, read


async def logout(site: Site, request: web.Request) -> Answer:
    """Forget who is signed in on a browser, and send it back to its app or to the login page.

    Raises:
        BadRequest: It is not said where to, or it is not one of the client's URLs.
        Redirect: The client comes back elsewhere, or is not there.
    """
    query = request.rel_url.raw_query_string
    pairs = parse(query)
    given = {name: value for name, value in pairs if value}
    if [name for name, _ in pairs].count("logout_uri") > 1:
        raise BadRequest("The parameter 'logout_uri' is there twice")
    pool, client = client_of(site.state, given)
    back = given.get("logout_uri")
    if back is None:
        if "redirect_uri" not in given:
            raise missing("redirect_uri")
        asked = read(site.state, query)
    else:
        if back not in client.settings.get("LogoutURLs", ()):
            raise BadRequest("The parameter 'logout_uri' is not one of the app client's")
        asked = SignInRequest(pool, client, query, back, "code")
    page_request = PageRequest(site, request, asked)
    page_request.forget()
    return page_request.go(page_request.url("/login") if back is None else back)
