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
    """Somebody whose account is to be confirmed.

    Args:
        user: Who.
        name: The name that they typed.
        proven: They have told their password on this browser: once the account is confirmed, they are in.
        delivery: Where the code went to, if that is known.
        secret: What was kept of their password then; whoever has another one now has told nothing.
    """

    user: User = field(repr=False)
    name: str = field(repr=False)
    proven: bool
    delivery: Mapping[str, str] | None = field(default=None, repr=False)
    secret: Verifier | None = field(default=None, repr=False)


def is_open(pool: UserPool) -> bool:
    """Whether people may sign up by themselves."""
    return not (pool.settings.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly")


async def show(visit: PageRequest) -> Answer:
    """Show the form."""
    return _page(visit)


async def take(visit: PageRequest) -> Answer:
    """Make an account of what was typed into it."""
    if not _may(visit):
        return _page(visit)
    name, password = visit.given("username"), visit.form.get("password", "")
    given: dict[str, Any] = {"UserAttributes": schema.to_list(fields.given(visit.form))}
    if password:
        given["Password"] = password
    try:
        made = await visit.ask("SignUp", name, **given)
    except ApiError as refusal:
        return _page(visit, refusal)
    user = visit.pool.users.by_subject(made["UserSub"])
    assert user is not None  # noqa: S101 - it was made just now
    if made["UserConfirmed"]:
        return await steps.sign_in(visit, user)
    return go_to_confirm(visit, user, name, proven=True, delivery=made.get("CodeDeliveryDetails"))


def _page(visit: PageRequest, refusal: ApiError | None = None) -> Answer:
    if not _may(visit):
        refusal = not_authorized("SignUp is not permitted for this user pool")
        form = None
    else:
        form = _form(visit)
    return visit.page(
        "Sign up",
        html.alert(None if refusal is None else refusal.message),
        form,
        element("p", "You have an account? ", element("a", "Sign in", href=visit.url("/login"))),
        error=None if refusal is None else refusal.code,
    )


def _may(visit: PageRequest) -> bool:
    return is_open(visit.pool) and LOCAL in supported(visit.client)


def _form(visit: PageRequest) -> Html:
    pool = visit.pool
    names, required = _asked(visit)
    return visit.form_to(
        PATH,
        fields.username(pool, visit.form.get("username") or visit.asked.login_hint, is_new=True),
        fields.attributes(names, required, visit.form),
        fields.new_password(pool, required=not pool.code_factors),
        element("button", "Sign up", type="submit"),
    )


def _asked(visit: PageRequest) -> tuple[list[str], list[str]]:
    """Name the attributes that are asked for, and those of them that are required."""
    pool = visit.pool
    required = schema.missing(pool.schema, {})
    names = list(dict.fromkeys((*required, *pool.auto_verified)))
    own = pool.users.username_attributes
    if len(own) == 1:
        # The username is the address.
        names = [name for name in names if name not in own]
    writable = [name for name in names if visit.client.may_write(name)]
    # Of two possible ones it is one of them: nobody knows yet which.
    return writable, [name for name in required if name not in own]


# The code


def go_to_confirm(
    visit: PageRequest, user: User, name: str, *, proven: bool, delivery: Mapping[str, str] | None = None
) -> Answer:
    """Have somebody confirm their account.

    Args:
        visit: The browser.
        user: Who.
        name: The name that they typed.
        proven: Whether they have told their password.
        delivery: ``CodeDeliveryDetails``, if a code was just sent.
    """
    step = visit.start_step(Unconfirmed(user, name, proven, delivery, user.secret), life=CODE_LIFE)
    return visit.go(visit.url(f"{CONFIRM}/{step}"))


async def show_confirm(visit: PageRequest) -> Answer:
    """Show the page that asks for the code."""
    return _confirm_page(visit, visit.at(Unconfirmed))


async def take_confirm(visit: PageRequest) -> Answer:
    """Take the code, or send another one."""
    at = visit.at(Unconfirmed)
    try:
        if "again" in visit.form:
            sent = await visit.ask("ResendConfirmationCode", at.name)
            at.delivery = sent["CodeDeliveryDetails"]
            return _confirm_page(visit, at, notice="It was sent again.")
        await _confirm(visit, at)
    except ApiError as refusal:
        if at.user.status == users.UNCONFIRMED:
            return _confirm_page(visit, at, refusal)
        visit.arrive()
        raise BackToLogin(refusal.message, refusal.code) from refusal
    visit.arrive()
    if at.proven and at.user.secret is at.secret:
        return await steps.sign_in(visit, at.user)
    raise BackToLogin("Your account is confirmed. Sign in with it now.")


async def _confirm(visit: PageRequest, at: Unconfirmed) -> None:
    if at.user.status != users.UNCONFIRMED:
        # By the link, or by an administrator, while this page was open.
        return
    if _asks_code(visit, at):
        await visit.ask("ConfirmSignUp", at.name, ConfirmationCode=visit.given("code"))
    else:
        raise ApiError("UserNotConfirmedException", "User is not confirmed.")


def _asks_code(visit: PageRequest, at: Unconfirmed) -> bool:
    return _addresses(visit, at) and not _by_link(visit, at)


def _addresses(visit: PageRequest, at: Unconfirmed) -> bool:
    return any(at.user.attributes.get(name) for name in visit.pool.auto_verified)


def _by_link(visit: PageRequest, at: Unconfirmed) -> bool:
    code = at.user.codes.get(codes.SIGN_UP)
    return visit.pool.confirms_by_link and (code is None or code.attribute == "email")


def _confirm_page(
    visit: PageRequest, at: Unconfirmed, refusal: ApiError | None = None, *, notice: str | None = None
) -> Answer:
    to = f" to {at.delivery['Destination']}" if at.delivery else ""
    path = f"{CONFIRM}/{visit.step}"
    if _asks_code(visit, at):
        text = f"We have sent a code{to}. Type it in to confirm your account."
        form = visit.form_to(path, html.code_field(), element("button", "Confirm", type="submit"))
    else:
        text = f"We have sent a link{to}. Follow it, then come back here."
        if not _addresses(visit, at):
            text = "Your account has to be confirmed by whoever runs this app. Come back here then."
        form = visit.form_to(path, element("button", "Continue", type="submit"))
    again = element("button", "Send it again", type="submit", name="again", value="1", class_="plain")
    return visit.page(
        "Confirm your account",
        html.notice(notice),
        html.alert(None if refusal is None else refusal.message),
        element("p", text),
        form,
        visit.form_to(path, again) if _addresses(visit, at) else None,
        element("p", element("a", "Back to the sign-in", href=visit.url("/login"))),
        error=None if refusal is None else refusal.code,
    )
