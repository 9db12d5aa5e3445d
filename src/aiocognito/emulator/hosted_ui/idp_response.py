"""The URLs that external identity providers redirect a browser to."""

from __future__ import annotations

import hmac
import uuid
from typing import Final

from aiohttp import web

from ..errors import ApiError
from ..hashing import digest
from ..site import Site
from . import authorize, federation, providers
from .page_request import BackToLogin, PageRequest, PageResponse
from .request import AuthorizationRequest, BadRequest, parse, read

_INVALID_STATE: Final = "Invalid State"


async def respond(site: Site, request: web.Request) -> PageResponse:
    """Finish a sign-in at a provider, and redirect the browser to its app.

    Raises:
        BadRequest: The state is another browser's, unknown or used.
        Redirect: The provider returned an error, or the user cannot sign in.
    """
    given = dict(parse(request.rel_url.raw_query_string))
    page_request = _page_request(site, request, given.get("state", ""))
    try:
        at = page_request.step(providers.AtProvider)
    except BackToLogin:
        raise BadRequest(_INVALID_STATE) from None
    page_request.finish_step()
    provider = page_request.pool.providers.get(at.provider)
    if "error" in given or provider is None:
        raise page_request.authorization.refused(
            given.get("error", "server_error"), given.get("error_description")
        )
    code = given.get("code", "")
    if not at.claims or not hmac.compare_digest(at.code, digest(code)):
        raise page_request.authorization.refused(
            "invalid_request", f"{at.provider} Error - 400 invalid_grant error getting token"
        )
    try:
        user = await federation.sign_in(page_request, provider, at.claims)
    except ApiError as refusal:
        raise page_request.authorization.refused("invalid_request", refusal.message) from refusal
    # If the app sends no nonce, Cognito puts one of its own into the ID token of a federated sign-in.
    nonce = page_request.authorization.nonce or str(uuid.uuid4())
    return await authorize.start_session(page_request, user.sub, at.provider, nonce)


def _page_request(site: Site, request: web.Request, state: str) -> PageRequest:
    authorization: AuthorizationRequest | None = None
    for pool in site.state.pools.values():
        query = pool.hosted.pending_steps.query(state)
        if query is not None:
            authorization = read(site.state, query)
    if authorization is None:
        raise BadRequest(_INVALID_STATE)
    return PageRequest(site, request, authorization, step_name=state)
