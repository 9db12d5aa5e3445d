"""The pages that create and confirm an account."""

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
from .page_request import BackToLogin, PageRequest, PageResponse
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
    """Whether users can create their own accounts."""
    return not (pool.settings.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly")


async def show(request: PageRequest) -> PageResponse:
    """Return the page."""
    return _page(request)


async def submit(request: PageRequest) -> PageResponse:
    """Handle the form: create the account."""
    if not _may(request):
        return _page(request)
    name, password = request.given("username"), request.form.get("password", "")
    given: dict[str, Any] = {"UserAttributes": schema.to_list(fields.given(request.form))}
    if password:
        given["Password"] = password
    try:
        made = await request.call_for("SignUp", name, **given)
    except ApiError as refusal:
        return _page(request, refusal)
    user = request.pool.users.by_subject(made["UserSub"])
    assert user is not None  # noqa: S101 - SignUp has just created it
    if made["UserConfirmed"]:
        return await steps.sign_in(request, user)
    return redirect_to_confirm(request, user, name, proven=True, delivery=made.get("CodeDeliveryDetails"))


def _page(request: PageRequest, refusal: ApiError | None = None) -> PageResponse:
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
        reason=None if refusal is None else refusal.message,
    )


def _may(request: PageRequest) -> bool:
    return is_open(request.pool) and LOCAL in supported(request.client)


def _form(request: PageRequest) -> Html:
    pool = request.pool
    names, required = _asked(request)
    return request.form_to(
        PATH,
        fields.username(pool, request.form.get("username") or request.authorization.login_hint, is_new=True),
        fields.attributes(names, required, request.form),
        fields.new_password(pool, required=not pool.code_factors),
        element("button", "Sign up", type="submit"),
    )


def _asked(request: PageRequest) -> tuple[list[str], list[str]]:
    """Return the attributes that the form asks for, and the required ones among them."""
    pool = request.pool
    required = schema.missing(pool.schema, {})
    names = list(dict.fromkeys((*required, *pool.auto_verified)))
    own = pool.users.username_attributes
    if len(own) == 1:
        # The username is the address.
        names = [name for name in names if name not in own]
    writable = [name for name in names if request.client.may_write(name)]
    # If the username can be one of two addresses, neither of them is required.
    return writable, [name for name in required if name not in own]


# The code


def redirect_to_confirm(
    request: PageRequest, user: User, name: str, *, proven: bool, delivery: Mapping[str, str] | None = None
) -> PageResponse:
    """Redirect the browser to the page that confirms an account.

    Args:
        request: The request of the browser.
        user: The user.
        name: The username that was typed.
        proven: Whether the password was entered in this browser.
        delivery: ``CodeDeliveryDetails``, if a code was just sent.
    """
    step = request.start_step(Unconfirmed(user, name, proven, delivery, user.secret), life=CODE_LIFE)
    return request.redirect(request.url(f"{CONFIRM}/{step}"))


async def show_confirm(request: PageRequest) -> PageResponse:
    """Return the page that asks for the code."""
    return _confirm_page(request, request.step(Unconfirmed))


async def submit_confirm(request: PageRequest) -> PageResponse:
    """Handle the forms: confirm the account, or send another code."""
    at = request.step(Unconfirmed)
    try:
        if "again" in request.form:
            sent = await request.call_for("ResendConfirmationCode", at.name)
            at.delivery = sent["CodeDeliveryDetails"]
            return _confirm_page(request, at, notice="We have sent another message.")
        await _confirm(request, at)
    except ApiError as refusal:
        if at.user.status == users.UNCONFIRMED:
            return _confirm_page(request, at, refusal)
        request.finish_step()
        raise BackToLogin(refusal.message, refusal.code) from refusal
    request.finish_step()
    if at.proven and at.user.secret is at.secret:
        return await steps.sign_in(request, at.user)
    raise BackToLogin("Your account is confirmed. Sign in now.")


async def _confirm(request: PageRequest, at: Unconfirmed) -> None:
    if at.user.status != users.UNCONFIRMED:
        # The link or an administrator has confirmed the account while this page was open.
        return
    if _asks_code(request, at):
        await request.call_for("ConfirmSignUp", at.name, ConfirmationCode=request.given("code"))
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
) -> PageResponse:
    to = f" to {at.delivery['Destination']}" if at.delivery else ""
    path = f"{CONFIRM}/{request.step_name}"
    if _asks_code(request, at):
        text = f"We have sent a code{to}. Enter it to confirm your account."
        form = request.form_to(path, html.code_field(), element("button", "Confirm", type="submit"))
    else:
        text = f"We have sent a link{to}. Open it, then continue on this page."
        if not _addresses(request, at):
            text = "An administrator of this app must confirm your account. Continue when that is done."
        form = request.form_to(path, element("button", "Continue", type="submit"))
    again = element("button", "Send another message", type="submit", name="again", value="1", class_="plain")
    return request.page(
        "Confirm your account",
        html.notice(notice),
        html.alert(None if refusal is None else refusal.message),
        element("p", text),
        form,
        request.form_to(path, again) if _addresses(request, at) else None,
        element("p", element("a", "Back to the sign-in", href=request.url("/login"))),
        error=None if refusal is None else refusal.code,
        reason=None if refusal is None else refusal.message,
    )
