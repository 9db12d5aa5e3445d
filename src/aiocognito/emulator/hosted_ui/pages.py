"""The pages that browsers visit: authorize, login, sign-up, forgotten passwords, logout."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from aiohttp import web

from .. import calls, html
from ..faults import Fault
from ..site import Site
from . import authorize, forgot, idp_response, login, logout, sign_up, steps, stub
from .answering import SERVICE
from .page_request import Answer, BackToLogin, CsrfError, PageRequest
from .request import BadRequest, Redirect, parse, read

Page = Callable[[PageRequest], Awaitable[Answer]]
_FORM: Final = "application/x-www-form-urlencoded"
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": html.POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""The headers of every page: it is not cached, not framed, and its address is not sent elsewhere."""
_PAGES: Final[tuple[tuple[str, str, str, Page], ...]] = (
    ("GET", "/oauth2/authorize", "Authorize", authorize.authorize),
    ("GET", "/login", "LoginPage", login.show),
    ("POST", "/login", "LoginForm", login.take),
    ("GET", "/mfa/{step}", "StepPage", steps.show),
    ("POST", "/mfa/{step}", "StepForm", steps.take),
    ("GET", "/signup", "SignUpPage", sign_up.show),
    ("POST", "/signup", "SignUpForm", sign_up.take),
    ("GET", "/confirm/{step}", "ConfirmPage", sign_up.show_confirm),
    ("POST", "/confirm/{step}", "ConfirmForm", sign_up.take_confirm),
    ("GET", "/forgotPassword", "ForgotPasswordPage", forgot.show),
    ("POST", "/forgotPassword", "ForgotPasswordForm", forgot.take),
    ("GET", "/resetPassword/{step}", "ResetPasswordPage", forgot.show_reset),
    ("POST", "/resetPassword/{step}", "ResetPasswordForm", forgot.take_reset),
    ("GET", "/idp/{step}", "ProviderPage", stub.show),
    ("POST", "/idp/{step}", "ProviderForm", stub.take),
)
_ERROR: Final = re.compile(r"[a-z_]{1,40}")
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_+]{1,128}")
log: Final = logging.getLogger(__name__)


def add_routes(app: web.Application, site: Site) -> None:
    """Let an application serve them."""
    for method, path, operation, page in _PAGES:
        app.router.add_route(method, path, _serving(site, operation, _about_a_sign_in(site, page)))
    others: tuple[tuple[str, str, Handler], ...] = (
        (stub.RESPONSE, "IdpResponse", partial(idp_response.respond, site)),
        (stub.SAML_RESPONSE, "IdpResponse", partial(idp_response.respond, site)),
        ("/logout", "Logout", partial(logout.logout, site)),
        ("/error", "ErrorPage", _error_page),
    )
    for path, operation, handle in others:
        app.router.add_route("GET", path, _serving(site, operation, handle))


Handler = Callable[[web.Request], Awaitable[Answer]]


def _about_a_sign_in(site: Site, page: Page) -> Handler:
    async def handle(request: web.Request) -> Answer:
        form = await _form(request) if request.method == "POST" else {}
        asked = read(site.state, request.rel_url.raw_query_string)
        page_request = PageRequest(site, request, asked, form, step_name=request.match_info.get("step", ""))
        if request.method == "POST":
            page_request.require_csrf_token()
        try:
            return await page(page_request)
        except BackToLogin as again:
            said = {"notice" if again.error is None else "alert": again.text}
            page_request.form = {}
            return login.page(page_request, **said, error=again.error)

    return handle


async def _form(request: web.Request) -> dict[str, str]:
    if request.content_type != _FORM:
        raise BadRequest("A form was expected.")
    return dict(parse((await request.read()).decode("utf-8", "surrogateescape")))


def _serving(
    site: Site, operation: str, handle: Handler
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Answer, write the call down, and let planned faults happen."""

    async def serve(request: web.Request) -> web.StreamResponse:
        work = partial(_answer, site, request, operation, handle)
        response = await calls.answer(
            site, request, operation, SERVICE, work=work, planned=_planned, write=_write
        )
        response.headers.update(HEADERS)
        return response

    return serve


def _planned(fault: Fault) -> Answer:
    return _failed(fault.error or "server_error", fault.message, fault.status or 500)


def _write(answer: Answer) -> Answer:
    return answer


async def _answer(site: Site, request: web.Request, operation: str, handle: Handler) -> Answer:
    own = f"{request.scheme}://{request.host}"
    if request.headers.get("Origin", "null") not in {"null", own}:
        # A script of another page. Browsers that are sent here name no origin, or none that counts.
        return _message("Not for scripts", "This page is for browsers to visit.", "forbidden", 403)
    try:
        response = await handle(request)
    except Redirect as redirect:
        location = own + redirect.location if redirect.location.startswith("/") else redirect.location
        response = Answer(status=302, headers={"Location": location})
        response.error = redirect.error
    except BadRequest as wrong:
        response = _failed("invalid_request", wrong.text, 400)
    except CsrfError:
        text = "It was not sent from its own page, or your browser keeps no cookies. Go back and try again."
        response = _message("This form cannot be accepted", text, "forbidden", 403)
    except web.HTTPException:
        raise
    except Exception:
        log.exception("%s failed inside the emulator", operation)
        response = _failed("server_error", "The emulator failed; its log says where.", 500)
    await site.state.changed()
    return response


async def _error_page(request: web.Request) -> Answer:
    """Say why a browser was not sent back to its app."""
    given = dict(parse(request.rel_url.raw_query_string))
    error, client = given.get("error", ""), given.get("client_id", "")
    about = html.element("p", "App client: ", html.element("code", client))
    # The author of a link must not write the page.
    return _failed(
        error if _ERROR.fullmatch(error) else "server_error",
        None,
        400,
        about if _CLIENT_ID.fullmatch(client) else None,
    )


def _failed(error: str, text: str | None, status: int, *more: html.Html | None) -> Answer:
    return _message("An error was encountered with the requested page", text or error, error, status, *more)


def _message(title: str, text: str, error: str, status: int, *more: html.Html | None) -> Answer:
    page = html.document(title, html.alert(text), *more, whose="Hosted UI")
    response = Answer(text=page, content_type="text/html", status=status)
    response.error = error
    return response
