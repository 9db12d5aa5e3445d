"""The login page: who somebody is, and their password."""

from __future__ import annotations

from aiohttp import web

from ..refusals import Refusal
from ..signing_in import FLOWS
from ..signing_in.before import before
from ..signing_in.turn import Turn
from . import authorize, html
from .html import Html, element
from .request import supported
from .state import LOCAL
from .visit import ALERTS, NOTICES, Visit

PATH = "/login"


async def show(visit: Visit) -> web.Response:
    """Show it."""
    said = visit.flashed()
    return _page(visit, alert=ALERTS.get(said), notice=NOTICES.get(said))


async def take(visit: Visit) -> web.Response:
    """Take what was sent from it."""
    if "continue" in visit.form and (session := authorize.known(visit)):
        return await authorize.back(visit, session, visit.asked.nonce)
    try:
        answer = await _begin(visit)
    except Refusal as refusal:
        return _page(visit, alert=refusal.message, error=refusal.code)
    return await authorize.enter(visit, answer["Authenticated"])


async def _begin(visit: Visit) -> dict[str, str]:
    name, password = visit.given("username"), visit.form.get("password", "")
    turn = Turn(visit.world, visit.pool, visit.client, {"PASSWORD": password}, name=name)
    turn.begins = turn.hosted = True
    turn.user = visit.pool.users.find(name)
    await before(turn)
    return await FLOWS["USER_PASSWORD_AUTH"](turn)


def _page(
    visit: Visit, *, alert: str | None = None, notice: str | None = None, error: str | None = None
) -> web.Response:
    return visit.page(
        "Sign in",
        html.notice(notice),
        html.alert(alert),
        _local(visit) if LOCAL in supported(visit.client) else None,
        error=error,
    )


def _local(visit: Visit) -> Html:
    typed = visit.form.get("username") or visit.asked.login_hint
    return visit.form_to(
        PATH,
        html.field(
            "username", "Username", typed, autocomplete="username", autocapitalize="off", spellcheck="false"
        ),
        html.field("password", "Password", type="password", autocomplete="current-password"),
        element("button", "Sign in", type="submit"),
    )
