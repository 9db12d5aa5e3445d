"""``/logout``: end the browser's session, and redirect to the app or to the login page."""

from __future__ import annotations

from aiohttp import web

from ..site import Site
from .page_request import PageRequest, PageResponse
from .request import AuthorizationRequest, BadRequest, client_of, missing, parse, read


async def logout(site: Site, request: web.Request) -> PageResponse:
    """End the browser's session, and redirect to ``logout_uri``, or to the login page for ``redirect_uri``.

    Raises:
        BadRequest: The URL is missing, or not one of the client's sign-out URLs.
        Redirect: The client is unknown, or ``redirect_uri`` is not one of its callbacks.
    """
    query = request.rel_url.raw_query_string
    pairs = parse(query)
    given = {name: value for name, value in pairs if value}
    if [name for name, _ in pairs].count("logout_uri") > 1:
        raise BadRequest("The parameter 'logout_uri' is repeated")
    pool, client = client_of(site.state, given)
    back = given.get("logout_uri")
    if back is None:
        if "redirect_uri" not in given:
            raise missing("redirect_uri")
        authorization = read(site.state, query)
    else:
        if back not in client.settings.get("LogoutURLs", ()):
            raise BadRequest("The parameter 'logout_uri' is not a sign-out URL of the app client")
        authorization = AuthorizationRequest(pool, client, query, back, "code")
    page_request = PageRequest(site, request, authorization)
    page_request.end_session()
    return page_request.redirect(page_request.url("/login") if back is None else back)
