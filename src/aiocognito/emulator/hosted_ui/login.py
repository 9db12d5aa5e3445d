"""The login page: who somebody is, and their password; or another provider that knows them."""

from __future__ import annotations

from .. import html
from ..auth import pre_authentication, sequence
from ..auth.auth_request import AuthRequest
from ..errors import ApiError
from ..hosted_ui_state import LOCAL, Session
from ..html import Html, element, join
from ..users import User
from . import authorize, fields, forgot, providers, sign_up, steps
from .page_request import Answer, PageRequest
from .request import supported

PATH = "/login"


async def show(visit: PageRequest) -> Answer:
    """Show it."""
    return page(visit)


async def take(visit: PageRequest) -> Answer:
    """Take what was sent from it."""
    if "continue" in visit.form and (session := _offered(visit)):
        return await authorize.back(visit, session, visit.asked.nonce)
    if name := visit.given("provider"):
        return providers.start_step(visit, name)
    if LOCAL not in supported(visit.client):
        return page(visit)
    name = visit.given("username")
    try:
        user, answer = await _begin(visit, name)
    except ApiError as refusal:
        if refusal.code == "UserNotConfirmedException":
            return _to_confirm(visit, name)
        if refusal.code == "PasswordResetRequiredException":
            return forgot.page(visit, alert=refusal.message, error=refusal.code)
        return page(visit, alert=refusal.message, error=refusal.code)
    return await steps.go_on(visit, user, answer)


async def _begin(visit: PageRequest, name: str) -> tuple[User, dict[str, object]]:
    turn = AuthRequest(visit.world, visit.pool, visit.client, {"USERNAME": name}, name=name)
    turn.begins = turn.hosted = True
    turn.need("USERNAME")
    turn.given = {"PASSWORD": visit.form.get("password", "")}
    turn.user = visit.pool.users.find(name)
    await pre_authentication.run(turn)
    answer = await sequence.begin("USER_PASSWORD_AUTH", turn)
    return turn.known_user, answer


def _to_confirm(visit: PageRequest, name: str) -> Answer:
    user = visit.pool.users.find(name)
    assert user is not None  # noqa: S101 - who is unconfirmed is somebody
    proven = not visit.world.unsettled.unconfirmed_before_password
    return sign_up.go_to_confirm(visit, user, name, proven=proven)


def page(
    visit: PageRequest, *, alert: str | None = None, notice: str | None = None, error: str | None = None
) -> Answer:
    """Show the page, with what there is to say."""
    return visit.page(
        "Sign in",
        html.notice(notice),
        html.alert(alert),
        _known(visit),
        _local(visit) if LOCAL in supported(visit.client) else None,
        providers.buttons(visit),
        error=error,
    )


def _known(visit: PageRequest) -> Html | None:
    session = _offered(visit)
    user = None if session is None else visit.pool.users.by_subject(session.sub)
    if user is None:
        return None
    name = user.attributes.get("email") or user.username
    button = element("button", f"Continue as {name}", type="submit", name="continue", value="1")
    return join(visit.form_to(PATH, button), element("p", "Or sign in as somebody else:", class_="or"))


def _offered(visit: PageRequest) -> Session | None:
    """Find the session that somebody may go on with: none where the app wants the password."""
    return None if "login" in visit.asked.prompt else authorize.known(visit)


def _local(visit: PageRequest) -> Html:
    typed = visit.form.get("username") or visit.asked.login_hint
    form = visit.form_to(
        PATH,
        fields.username(visit.pool, typed, autofocus=not typed),
        html.field(
            "password",
            "Password",
            type="password",
            autocomplete="current-password",
            autofocus=bool(typed),
        ),
        element("button", "Sign in", type="submit"),
    )
    links = [element("a", "Forgot your password?", href=visit.url(forgot.PATH))]
    if sign_up.is_open(visit.pool):
        links.append(element("a", "Sign up", href=visit.url(sign_up.PATH)))
    return join(form, element("p", *links, class_="ways"))
