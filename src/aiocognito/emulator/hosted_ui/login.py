"""The login page: username and password, or the choice of an identity provider."""

from __future__ import annotations

from .. import html, passwords
from ..auth import pre_authentication, sequence
from ..auth.auth_request import AuthRequest
from ..errors import ApiError
from ..hosted_ui_state import LOCAL, Session
from ..html import Html, element, join
from ..users import User
from . import authorize, fields, forgot, providers, sign_up, steps
from .page_request import PageRequest, PageResponse
from .request import supported

PATH = "/login"


async def show(request: PageRequest) -> PageResponse:
    """Return the page."""
    return page(request)


async def submit(request: PageRequest) -> PageResponse:
    """Handle the page's forms."""
    if "continue" in request.form and (session := _offered(request)):
        return await authorize.redirect_to_app(request, session, request.authorization.nonce)
    if name := request.given("provider"):
        return providers.redirect_to(request, name)
    if LOCAL not in supported(request.client):
        return page(request)
    name = request.given("username")
    try:
        user, answer = await _begin(request, name)
    except ApiError as refusal:
        if refusal.code == "UserNotConfirmedException":
            return await _to_confirm(request, name)
        if refusal.code == "PasswordResetRequiredException":
            return forgot.page(request, alert=refusal.message, error=refusal.code)
        return page(request, alert=refusal.message, error=refusal.code)
    return await steps.proceed(request, user, answer)


async def _begin(request: PageRequest, name: str) -> tuple[User, dict[str, object]]:
    auth_request = AuthRequest(request.state, request.pool, request.client, {"USERNAME": name}, name=name)
    auth_request.begins = auth_request.hosted = True
    auth_request.need("USERNAME")
    auth_request.given = {"PASSWORD": request.form.get("password", "")}
    auth_request.user = request.pool.users.find(name)
    await pre_authentication.run(auth_request)
    answer = await sequence.begin("USER_PASSWORD_AUTH", auth_request)
    return auth_request.known_user, answer


async def _to_confirm(request: PageRequest, name: str) -> PageResponse:
    user = request.pool.users.find(name)
    assert user is not None  # noqa: S101 - an unconfirmed user exists
    # Only a user who has entered the password is signed in afterwards.
    proven = await passwords.matches(request.pool, user, request.form.get("password", ""))
    return sign_up.redirect_to_confirm(request, user, name, proven=proven)


def page(
    request: PageRequest, *, alert: str | None = None, notice: str | None = None, error: str | None = None
) -> PageResponse:
    """Return the page, with a message if there is one."""
    return request.page(
        "Sign in",
        html.notice(notice),
        html.alert(alert),
        _known(request),
        _local(request) if LOCAL in supported(request.client) else None,
        providers.buttons(request),
        error=error,
        reason=alert,
    )


def _known(request: PageRequest) -> Html | None:
    session = _offered(request)
    user = None if session is None else request.pool.users.by_subject(session.sub)
    if user is None:
        return None
    name = user.attributes.get("email") or user.username
    button = element("button", f"Continue as {name}", type="submit", name="continue", value="1")
    return join(request.form_to(PATH, button), element("p", "Or sign in as another user:", class_="or"))


def _offered(request: PageRequest) -> Session | None:
    """Return the session that the user may continue with; ``None`` if the app requires the password."""
    return None if "login" in request.authorization.prompt else authorize.usable_session(request)


def _local(request: PageRequest) -> Html:
    typed = request.form.get("username") or request.authorization.login_hint
    form = request.form_to(
        PATH,
        fields.username(request.pool, typed, autofocus=not typed),
        html.field(
            "password",
            "Password",
            type="password",
            autocomplete="current-password",
            autofocus=bool(typed),
        ),
        element("button", "Sign in", type="submit"),
    )
    links = [element("a", "Forgot your password?", href=request.url(forgot.PATH))]
    if sign_up.is_open(request.pool):
        links.append(element("a", "Sign up", href=request.url(sign_up.PATH)))
    return join(form, element("p", *links, class_="ways"))
