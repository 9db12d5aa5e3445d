"""The routes of the pages, and their responses to errors."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from aiohttp import web

from .. import calls, html, request_url
from ..faults import Fault
from ..site import Site
from . import authorize, forgot, idp_response, login, logout, sign_up, steps, stub
from .page_request import BackToLogin, CsrfError, PageRequest, PageResponse
from .request import BadRequest, Redirect, parse, read
from .responses import SERVICE

Page = Callable[[PageRequest], Awaitable[PageResponse]]
_FORM: Final = "application/x-www-form-urlencoded"
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": html.POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""The headers of every page: no caching, no frames, no referrer."""
_PAGES: Final[tuple[tuple[str, str, str, Page], ...]] = (
    ("GET", "/oauth2/authorize", "Authorize", authorize.authorize),
    ("GET", "/login", "LoginPage", login.show),
    ("POST", "/login", "LoginForm", login.submit),
    ("GET", "/mfa/{step}", "StepPage", steps.show),
    ("POST", "/mfa/{step}", "StepForm", steps.submit),
    ("GET", "/signup", "SignUpPage", sign_up.show),
    ("POST", "/signup", "SignUpForm", sign_up.submit),
    ("GET", "/confirm/{step}", "ConfirmPage", sign_up.show_confirm),
    ("POST", "/confirm/{step}", "ConfirmForm", sign_up.submit_confirm),
    ("GET", "/forgotPassword", "ForgotPasswordPage", forgot.show),
    ("POST", "/forgotPassword", "ForgotPasswordForm", forgot.submit),
    ("GET", "/resetPassword/{step}", "ResetPasswordPage", forgot.show_reset),
    ("POST", "/resetPassword/{step}", "ResetPasswordForm", forgot.submit_reset),
    ("GET", "/idp/{step}", "ProviderPage", stub.show),
    ("POST", "/idp/{step}", "ProviderForm", stub.submit),
)
_ERROR: Final = re.compile(r"[a-z_]{1,40}")
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_+]{1,128}")
log: Final = logging.getLogger(__name__)


def add_routes(app: web.Application, site: Site) -> None:
    """Add the pages to an application."""
    for method, path, operation, page in _PAGES:
        app.router.add_route(method, path, _serving(site, operation, _for_sign_in(site, page)))
    others: tuple[tuple[str, str, Handler], ...] = (
        (stub.RESPONSE, "IdpResponse", partial(idp_response.respond, site)),
        (stub.SAML_RESPONSE, "IdpResponse", partial(idp_response.respond, site)),
        ("/logout", "Logout", partial(logout.logout, site)),
        ("/error", "ErrorPage", _error_page),
    )
    for path, operation, handle in others:
        app.router.add_route("GET", path, _serving(site, operation, handle))


Handler = Callable[[web.Request], Awaitable[PageResponse]]


def _for_sign_in(site: Site, page: Page) -> Handler:
    async def handle(request: web.Request) -> PageResponse:
        form = await _form(request) if request.method == "POST" else {}
        authorization = read(site.state, request.rel_url.raw_query_string)
        page_request = PageRequest(
            site, request, authorization, form, step_name=request.match_info.get("step", "")
        )
        if request.method == "POST":
            page_request.require_csrf_token()
        try:
            return await page(page_request)
        except BackToLogin as again:
            message = {"notice" if again.error is None else "alert": again.text}
            page_request.form = {}
            return login.page(page_request, **message, error=again.error)

    return handle


async def _form(request: web.Request) -> dict[str, str]:
    if request.content_type != _FORM:
        raise BadRequest("A form was expected.")
    return dict(parse((await request.read()).decode("utf-8", "surrogateescape")))


def _serving(
    site: Site, operation: str, handle: Handler
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Record each request as a call, and apply planned faults."""

    async def serve(request: web.Request) -> web.StreamResponse:
        work = partial(_answer, site, request, operation, handle)
        response = await calls.answer(
            site, request, operation, SERVICE, work=work, planned=_planned, write=_write
        )
        response.headers.update(HEADERS)
        return response

    return serve


def _planned(fault: Fault) -> PageResponse:
    return _failed(fault.error or "server_error", fault.message, fault.status or 500)


def _write(answer: PageResponse) -> PageResponse:
    return answer


async def _answer(site: Site, request: web.Request, operation: str, handle: Handler) -> PageResponse:
    if request.headers.get("Origin", "null") != "null" and not request_url.is_own_origin(request):
        # A script of another page. A browser that navigates sends no Origin header, or "null".
        return _message("Not for scripts", "Open this page in a browser.", "forbidden", 403)
    try:
        response = await _respond(site, request, handle)
        await site.state.changed()
    except web.HTTPException:
        raise
    except Exception:
        log.exception("%s failed inside the emulator", operation)
        response = _failed("server_error", "The emulator failed. Its log has the traceback.", 500)
    return response


async def _respond(site: Site, request: web.Request, handle: Handler) -> PageResponse:
    """Return the response of a page; a refusal is a redirect, or a page with a message."""
    try:
        return await handle(request)
    except Redirect as redirect:
        location = redirect.location
        if location.startswith("/"):
            location = f"{request_url.base(site, request)}{location}"
        response = PageResponse(status=302, headers={"Location": location})
        response.error, response.explanation = redirect.error, redirect.why
        return response
    except BadRequest as wrong:
        return _failed("invalid_request", wrong.text, 400)
    except CsrfError:
        text = "Another page has sent it, or your browser blocks cookies. Go back and try again."
        return _message("This form cannot be accepted", text, "forbidden", 403)


async def _error_page(request: web.Request) -> PageResponse:
    """Return the page that shows why the browser was not redirected to its app."""
    given = dict(parse(request.rel_url.raw_query_string))
    error, client = given.get("error", ""), given.get("client_id", "")
    about = html.element("p", "App client: ", html.element("code", client))
    # The text of a link must not appear on the page.
    return _failed(
        error if _ERROR.fullmatch(error) else "server_error",
        None,
        400,
        about if _CLIENT_ID.fullmatch(client) else None,
    )


def _failed(error: str, text: str | None, status: int, *more: html.Html | None) -> PageResponse:
    return _message("An error was encountered with the requested page", text or error, error, status, *more)


def _message(title: str, text: str, error: str, status: int, *more: html.Html | None) -> PageResponse:
    page = html.document(title, html.alert(text), *more, owner="Hosted UI")
    response = PageResponse(text=page, content_type="text/html", status=status)
    response.error, response.explanation = error, text
    return response
