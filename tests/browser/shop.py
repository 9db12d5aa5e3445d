"""A FastAPI shop whose users sign in on the hosted UI, as a service that uses aiocognito does."""

import re
from html import escape
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from aiocognito import AuthClient, AuthError, SessionManager
from aiocognito.errors import http_status_for

COOKIE = "shop"
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>Shop</title>
{body}
"""
SIGNED_OUT = """<p>You are signed out.</p>
<p><a href="/sign-in?page={page}">Sign in</a></p>
<p><a href="/sign-in?page={page}&amp;provider=Google">Sign in with Google</a></p>"""
SIGNED_IN = """<p>Signed in as <strong>{name}</strong>, {email}.</p>
<form method="post" action="/sign-out"><button>Sign out</button></form>
<form method="post" action="/leave"><button>Leave the shop only</button></form>"""
router = APIRouter()


def current(request: Request) -> AuthClient:
    """Return the client of a request's session. A browser without a cookie gets a session key."""
    sessions: SessionManager = request.app.state.sessions
    return sessions.client(request.cookies.get(COOKIE) or sessions.new_session_key())


Auth = Annotated[AuthClient, Depends(current)]


@router.get("/sign-in")
async def sign_in(auth: Auth, page: str = "/", provider: str | None = None) -> Response:
    """Redirect the browser to the hosted UI; it returns to the page that it was on."""
    # Only pages of this shop: "//elsewhere" would be another host.
    inside = page if re.fullmatch(r"/([^/\\].*)?", page) else "/"
    asked = await auth.sign_in_with_redirect(provider, custom_state=inside, nonce=True)
    return _with_cookie(RedirectResponse(asked.url, 303), auth)


@router.get("/callback")
async def callback(auth: Auth, request: Request) -> Response:
    """Complete the sign-in. The session moves to a new key: one that an attacker planted becomes invalid."""
    result = await auth.complete_sign_in_with_redirect(str(request.url))
    return _with_cookie(RedirectResponse(result.custom_state or "/", 303), auth)


@router.post("/sign-out")
async def sign_out(auth: Auth, request: Request) -> Response:
    """Sign out of the shop, and redirect the browser to the hosted UI's logout."""
    result = await auth.sign_out(redirect_uri=str(request.base_url))
    return RedirectResponse(result.logout_url or "/", 303)


@router.post("/leave")
async def leave(auth: Auth) -> Response:
    """Sign out of the shop only."""
    await auth.sign_out()
    return RedirectResponse("/", 303)


@router.get("/{page:path}")
async def show(auth: Auth, page: str) -> Response:
    """Return a page with the name of the signed-in user."""
    tokens = (await auth.fetch_auth_session(credentials=False)).tokens
    if tokens is None or tokens.id_token is None:
        return _page(SIGNED_OUT.format(page=f"/{escape(page)}"))
    user = await auth.get_current_user()
    email = str(tokens.id_token.payload.get("email"))
    return _page(SIGNED_IN.format(name=escape(user.username), email=escape(email)))


def _with_cookie(response: Response, auth: AuthClient) -> Response:
    response.set_cookie(COOKIE, auth.session_key, httponly=True, samesite="lax")
    return response


def _page(body: str, status: int = 200) -> Response:
    return HTMLResponse(PAGE.format(body=body), status)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, AuthError)
    body = f'<p role="alert">{type(error).__name__}: {escape(str(error))}</p><p><a href="/">Home</a></p>'
    return _page(body, http_status_for(error))


def make_app(sessions: SessionManager) -> FastAPI:
    """Create the shop. Its session manager stays open while the shop is served."""
    app = FastAPI(openapi_url=None)
    app.state.sessions = sessions
    app.include_router(router)
    app.add_exception_handler(AuthError, _refused)
    return app
