"""Where an app sends a browser first, and how the browser goes back: with an authorization code."""

from __future__ import annotations

from aiohttp import web

from .codes import LIFE, AuthorizationCode
from .state import LOCAL, Session
from .visit import Visit


async def authorize(visit: Visit) -> web.Response:
    """Send a browser on to the login page; or straight back, if somebody is signed in on it."""
    asked = visit.asked
    session = known(visit)
    if session is not None and not asked.prompt & {"login", "select_account"}:
        return await back(visit, session, asked.nonce)
    if "none" in asked.prompt:
        raise asked.refused("login_required")
    return visit.go(visit.url("/login"))


def known(visit: Visit) -> Session | None:
    """Find the session of a browser, if it is of a provider that the request and the client want."""
    session = visit.session()
    if session is None or visit.asked.provider not in {None, session.provider}:
        return None
    return session


async def back(visit: Visit, session: Session, nonce: str | None) -> web.Response:
    """Send a browser back to its app, for somebody who is signed in on it."""
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
    text = visit.pool.hosted.codes.issue(code, now)
    return visit.go(asked.back((("code", text), ("state", asked.state))))


async def enter(visit: Visit, sub: str, provider: str = LOCAL, nonce: str | None = None) -> web.Response:
    """Sign somebody in on this browser who has proven who they are, and send it back to its app."""
    session = visit.begin_session(sub, provider)
    return await back(visit, session, nonce or visit.asked.nonce)
