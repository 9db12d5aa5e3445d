"""Signing up, and the code that confirms the account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field

from .. import codes, html, schema, users
from ..errors import ApiError, not_authorized
from ..hosted_ui_state import CODE_LIFE, LOCAL
from ..html import Html, element
from ..pool import UserPool
from ..srp_server import Verifier
from ..users import User
from . import fields, steps
from .page_request import Answer, BackToLogin, PageRequest
from .request import supported

PATH: Final = "/signup"
CONFIRM: Final = "/confirm"


@define
class Unconfirmed:
    """A user whose account is to be confirmed.

    Args:
        user: The user.
        name: The username that was typed.
        proven: Whether the password was entered in this browser; then the confirmation signs the user in.
        delivery: ``CodeDeliveryDetails``, if a code was sent.
        secret: The password's verifier at that time; if it has changed, the confirmation does not sign in.
    """

    user: User = field(repr=False)
    name: str = field(repr=False)
    proven: bool
    delivery: Mapping[str, str] | None = field(default=None, repr=False)
    secret: Verifier | None = field(default=None, repr=False)


def is_open(pool: UserPool) -> bool:
    """Whether people may sign up by themselves."""
    return not (pool.settings.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly")


async def show(request: PageRequest) -> Answer:
    """Show the form."""
    return _page(request)


async def take(request: PageRequest) -> Answer:
    """Make an account of what was typed into it."""
    if not _may(request):
        return _page(request)
    name, password = request.given("username"), request.form.get("password", "")
    given: dict[str, Any] = {"UserAttributes": schema.to_list(fields.given(request.form))}
    if password:
        given["Password"] = password
    try:
        made = await request.ask("SignUp", name, **given)
    except ApiError as refusal:
        return _page(request, refusal)
    user = request.pool.users.by_subject(made["UserSub"])
    assert user is not None  # noqa: S101 - it was made just now
    if made["UserConfirmed"]:
        return await steps.sign_in(request, user)
    return go_to_confirm(request, user, name, proven=True, delivery=made.get("CodeDeliveryDetails"))


def _page(request: PageRequest, refusal: ApiError | None = None) -> Answer:
    if not _may(request):
        refusal = not_authorized("SignUp is not permitted for this user pool")
        form = None
    else:
        form = _form(request)
    return request.page(
        "Sign up",
        html.alert(None if refusal is None else refusal.message),
        form,
        element("p", "Already have an account? ", element("a", "Sign in", href=request.url("/login"))),
        error=None if refusal is None else refusal.code,
    )


def _may(request: PageRequest) -> bool:
    return is_open(request.pool) and LOCAL in supported(request.client)


def _form(request: PageRequest) -> Html:
    pool = request.pool
    names, required = _asked(request)
    return request.form_to(
        PATH,
        fields.username(pool, request.form.get("username") or request.asked.login_hint, is_new=True),
        fields.attributes(names, required, request.form),
        fields.new_password(pool, required=not pool.code_factors),
        element("button", "Sign up", type="submit"),
    )


def _asked(request: PageRequest) -> tuple[list[str], list[str]]:
    """Name the attributes that are asked for, and those of them that are required."""
    pool = request.pool
    required = schema.missing(pool.schema, {})
    names = list(dict.fromkeys((*required, *pool.auto_verified)))
    own = pool.users.username_attributes
    if len(own) == 1:
        # The username is the address.
        names = [name for name in names if name not in own]
    writable = [name for name in names if request.client.may_write(name)]
    # Of two possible ones it is one of them: not known yet which.
    return writable, [name for name in required if name not in own]


# The code


def go_to_confirm(
    request: PageRequest, user: User, name: str, *, proven: bool, delivery: Mapping[str, str] | None = None
) -> Answer:
    """Send the browser to the page that confirms an account.

    Args:
        request: The browser.
        user: Who.
        name: The name that they typed.
        proven: Whether they have told their password.
        delivery: ``CodeDeliveryDetails``, if a code was just sent.
    """
    step = request.start_step(Unconfirmed(user, name, proven, delivery, user.secret), life=CODE_LIFE)
    return request.go(request.url(f"{CONFIRM}/{step}"))


async def show_confirm(request: PageRequest) -> Answer:
    """Show the page that asks for the code."""
    return _confirm_page(request, request.step(Unconfirmed))


async def take_confirm(request: PageRequest) -> Answer:
    """Take the code, or send another one."""
    at = request.step(Unconfirmed)
    try:
        if "again" in request.form:
            sent = await request.ask("ResendConfirmationCode", at.name)
            at.delivery = sent["CodeDeliveryDetails"]
            return _confirm_page(request, at, notice="We have sent it again.")
        await _confirm(request, at)
    except ApiError as refusal:
        if at.user.status == users.UNCONFIRMED:
            return _confirm_page(request, at, refusal)
        request.finish_step()
        raise BackToLogin(refusal.message, refusal.code) from refusal
    request.finish_step()
    if at.proven and at.user.secret is at.secret:
        return await steps.sign_in(request, at.user)
    raise BackToLogin("Your account is confirmed. Sign in with it now.")


async def _confirm(request: PageRequest, at: Unconfirmed) -> None:
    if at.user.status != users.UNCONFIRMED:
        # By the link, or by an administrator, while this page was open.
        return
    if _asks_code(request, at):
        await request.ask("ConfirmSignUp", at.name, ConfirmationCode=request.given("code"))
    else:
        raise ApiError("UserNotConfirmedException", "User is not confirmed.")


def _asks_code(request: PageRequest, at: Unconfirmed) -> bool:
    return _addresses(request, at) and not _by_link(request, at)


def _addresses(request: PageRequest, at: Unconfirmed) -> bool:
    return any(at.user.attributes.get(name) for name in request.pool.auto_verified)


def _by_link(request: PageRequest, at: Unconfirmed) -> bool:
    code = at.user.codes.get(codes.SIGN_UP)
    return request.pool.confirms_by_link and (code is None or code.attribute == "email")


def _confirm_page(
    request: PageRequest, at: Unconfirmed, refusal: ApiError | None = None, *, notice: str | None = None
) -> Answer:
    to = f" to {at.delivery['Destination']}" if at.delivery else ""
    path = f"{CONFIRM}/{request.step_name}"
    if _asks_code(request, at):
        text = f"We have sent a code{to}. Enter it to confirm your account."
        form = request.form_to(path, html.code_field(), element("button", "Confirm", type="submit"))
    else:
        text = f"We have sent a link{to}. Follow it, then come back here."
        if not _addresses(request, at):
            text = "An administrator of this app has to confirm your account. Come back here then."
        form = request.form_to(path, element("button", "Continue", type="submit"))
    again = element("button", "Send it again", type="submit", name="again", value="1", class_="plain")
    return request.page(
        "Confirm your account",
        html.notice(notice),
        html.alert(None if refusal is None else refusal.message),
        element("p", text),
        form,
        request.form_to(path, again) if _addresses(request, at) else None,
        element("p", element("a", "Back to the sign-in", href=request.url("/login"))),
        error=None if refusal is None else refusal.code,
    )
