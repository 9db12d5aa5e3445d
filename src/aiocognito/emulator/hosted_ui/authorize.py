"""``/oauth2/authorize``: the first request of a sign-in, and the redirect back to the app."""

from __future__ import annotations

from ..authorization_codes import LIFE, AuthorizationCode
from ..errors import ApiError
from ..hosted_ui_state import LOCAL, Session
from . import issuing, providers
from .page_request import PageRequest, PageResponse
from .request import supported


async def authorize(request: PageRequest) -> PageResponse:
    """Redirect a browser to the login page, or back to the app if it has a session."""
    authorization = request.authorization
    session = usable_session(request)
    if session is not None and not authorization.prompt & {"login", "select_account"}:
        return await redirect_to_app(request, session, authorization.nonce)
    if "none" in authorization.prompt:
        raise authorization.refused("login_required")
    if authorization.provider not in {None, LOCAL}:
        return providers.redirect_to(request, str(authorization.provider))
    return request.redirect(request.url("/login"))


def usable_session(request: PageRequest) -> Session | None:
    """Return the browser's session if the request and the client accept its provider."""
    session = request.session()
    if session is None or session.provider not in supported(request.client):
        return None
    return session if request.authorization.provider in {None, session.provider} else None


async def redirect_to_app(request: PageRequest, session: Session, nonce: str | None) -> PageResponse:
    """Redirect a browser with a session back to its app, with a code or the tokens of the implicit flow."""
    answer = (
        await _tokens(request, session, nonce) if request.authorization.response_type == "token" else None
    )
    if answer is None:
        answer = {"code": _code(request, session, nonce)}
    return request.redirect(
        request.authorization.callback_with((*answer.items(), ("state", request.authorization.state)))
    )


def _code(request: PageRequest, session: Session, nonce: str | None) -> str:
    authorization, now = request.authorization, request.state.clock()
    code = AuthorizationCode(
        authorization.client.id,
        session.sub,
        authorization.redirect_uri,
        authorization.scopes,
        now + LIFE,
        session.auth_time,
        nonce=nonce,
        code_challenge=authorization.code_challenge,
    )
    return request.pool.hosted.codes.issue(code, now)


async def _tokens(request: PageRequest, session: Session, nonce: str | None) -> dict[str, str]:
    """Issue the tokens of the implicit flow (OpenID Connect Core, 3.2), which has no refresh token."""
    user = request.pool.users.by_subject(session.sub)
    assert user is not None  # noqa: S101 - a session always has a user
    scopes, since = request.authorization.scopes, session.auth_time
    grant = issuing.new_grant(request.state, request.client, user, scopes=scopes, auth_time=since)
    try:
        issued = await issuing.sign_in(
            request.state, request.pool, request.client, user, grant, nonce=nonce, refreshable=False
        )
    except ApiError as refusal:
        raise request.authorization.refused("invalid_request", refusal.message) from refusal
    issued["token_type"] = str(issued["token_type"]).lower()
    order = ("id_token", "access_token", "token_type", "expires_in")
    return {name: str(issued[name]) for name in order if name in issued}


async def start_session(
    request: PageRequest, sub: str, provider: str = LOCAL, nonce: str | None = None
) -> PageResponse:
    """Start a session for an authenticated user, and redirect the browser back to its app.

    Raises:
        Redirect: A trigger of the sign-in has disabled or deleted the account.
    """
    user = request.pool.users.by_subject(sub)
    if user is None or not user.enabled:
        raise request.authorization.refused("invalid_request", "User is disabled.")
    session = request.begin_session(sub, provider)
    return await redirect_to_app(request, session, nonce or request.authorization.nonce)
