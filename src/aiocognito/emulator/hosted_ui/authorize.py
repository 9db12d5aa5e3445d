"""Where an app sends a browser first, and how the browser goes back: with an authorization code."""

from __future__ import annotations

from ..authorization_codes import LIFE, AuthorizationCode
from ..errors import ApiError
from ..hosted_ui_state import LOCAL, Session
from . import issuing, providers
from .page_request import Answer, PageRequest
from .request import supported


async def authorize(visit: PageRequest) -> Answer:
    """Send a browser on to the login page; or straight back, if somebody is signed in on it."""
    asked = visit.asked
    session = known(visit)
    if session is not None and not asked.prompt & {"login", "select_account"}:
        return await back(visit, session, asked.nonce)
    if "none" in asked.prompt:
        raise asked.refused("login_required")
    if asked.provider not in {None, LOCAL}:
        return providers.start_step(visit, str(asked.provider))
    return visit.go(visit.url("/login"))


def known(visit: PageRequest) -> Session | None:
    """Find the session of a browser, if it is of a provider that the request and the client want."""
    session = visit.session()
    if session is None or session.provider not in supported(visit.client):
        return None
    return session if visit.asked.provider in {None, session.provider} else None


async def back(visit: PageRequest, session: Session, nonce: str | None) -> Answer:
    """Send a browser back to its app, for somebody who is signed in on it."""
    answer = await _tokens(visit, session, nonce) if visit.asked.response_type == "token" else None
    if answer is None:
        answer = {"code": _code(visit, session, nonce)}
    return visit.go(visit.asked.back((*answer.items(), ("state", visit.asked.state))))


def _code(visit: PageRequest, session: Session, nonce: str | None) -> str:
    asked, now = visit.asked, visit.world.clock()
    code = AuthorizationCode(
        asked.client.id,
        session.sub,
        asked.redirect_uri,
        asked.scopes,
        now + LIFE,
        session.auth_time,
        nonce=nonce,
        code_challenge=asked.code_challenge,
    )
    return visit.pool.hosted.codes.issue(code, now)


async def _tokens(visit: PageRequest, session: Session, nonce: str | None) -> dict[str, str]:
    """Issue the tokens of the implicit flow (OpenID Connect Core, 3.2), with no refresh token among them."""
    user = visit.pool.users.by_subject(session.sub)
    assert user is not None  # noqa: S101 - a session without its user is none
    scopes, since = visit.asked.scopes, session.auth_time
    grant = issuing.new_grant(visit.world, visit.client, user, scopes=scopes, auth_time=since)
    try:
        issued = await issuing.sign_in(
            visit.world, visit.pool, visit.client, user, grant, nonce=nonce, refreshable=False
        )
    except ApiError as refusal:
        raise visit.asked.refused("invalid_request", refusal.message) from refusal
    issued["token_type"] = str(issued["token_type"]).lower()
    order = ("id_token", "access_token", "token_type", "expires_in")
    return {name: str(issued[name]) for name in order if name in issued}


async def enter(visit: PageRequest, sub: str, provider: str = LOCAL, nonce: str | None = None) -> Answer:
    """Sign somebody in on this browser who has proven who they are, and send it back to its app.

    Raises:
        Redirect: The account was disabled or deleted by a trigger of the sign-in.
    """
    user = visit.pool.users.by_subject(sub)
    if user is None or not user.enabled:
        raise visit.asked.refused("invalid_request", "User is disabled.")
    session = visit.begin_session(sub, provider)
    return await back(visit, session, nonce or visit.asked.nonce)
