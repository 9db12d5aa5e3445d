"""The pages for a forgotten password: request a code, and set a new password with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import define, field

from .. import html
from ..errors import ApiError
from ..hosted_ui_state import CODE_LIFE, LOCAL
from ..html import element
from . import fields
from .page_request import BackToLogin, PageRequest, PageResponse
from .request import supported

PATH: Final = "/forgotPassword"
RESET: Final = "/resetPassword"


@define
class PasswordReset:
    """A password reset whose code was sent.

    Args:
        name: The username that was typed.
        delivery: ``CodeDeliveryDetails``.
    """

    name: str = field(repr=False)
    delivery: Mapping[str, str] = field(repr=False)


async def show(request: PageRequest) -> PageResponse:
    """Return the page that asks for the username."""
    _require_passwords(request)
    return page(request)


async def submit(request: PageRequest) -> PageResponse:
    """Handle the form: send a code, and redirect to the page that asks for it."""
    _require_passwords(request)
    name = request.given("username")
    try:
        sent = await request.call_for("ForgotPassword", name)
    except ApiError as refusal:
        return page(request, alert=refusal.message, error=refusal.code)
    step = request.start_step(PasswordReset(name, sent["CodeDeliveryDetails"]), life=CODE_LIFE)
    return request.redirect(request.url(f"{RESET}/{step}"))


def _require_passwords(request: PageRequest) -> None:
    if LOCAL not in supported(request.client):
        raise BackToLogin("This app does not use passwords.", "NotAuthorizedException")


def page(request: PageRequest, *, alert: str | None = None, error: str | None = None) -> PageResponse:
    """Return the page that asks for the username, with a message if there is one."""
    return request.page(
        "Forgot your password?",
        html.alert(alert),
        element("p", "We will send you a code. You need it to set a new password."),
        request.form_to(
            PATH,
            fields.username(request.pool, request.form.get("username") or request.authorization.login_hint),
            element("button", "Send a code", type="submit"),
        ),
        element("p", element("a", "Back to the sign-in", href=request.url("/login"))),
        error=error,
        reason=alert,
    )


async def show_reset(request: PageRequest) -> PageResponse:
    """Return the page that asks for the code and a new password."""
    return _reset_page(request, request.step(PasswordReset))


async def submit_reset(request: PageRequest) -> PageResponse:
    """Handle the forms: set the new password, or send another code."""
    at = request.step(PasswordReset)
    try:
        if "again" in request.form:
            at.delivery = (await request.call_for("ForgotPassword", at.name))["CodeDeliveryDetails"]
            return _reset_page(request, at, notice="A new code was sent.")
        await request.call_for(
            "ConfirmForgotPassword",
            at.name,
            ConfirmationCode=request.given("code"),
            Password=request.form.get("password", ""),
        )
    except ApiError as refusal:
        return _reset_page(request, at, refusal)
    request.finish_step()
    raise BackToLogin("Your password was changed. Sign in with the new password.")


def _reset_page(
    request: PageRequest, at: PasswordReset, refusal: ApiError | None = None, *, notice: str | None = None
) -> PageResponse:
    path = f"{RESET}/{request.step_name}"
    return request.page(
        "Set a new password",
        html.notice(notice),
        html.alert(None if refusal is None else refusal.message),
        element("p", f"We have sent a code to {at.delivery['Destination']}."),
        request.form_to(
            path,
            html.code_field(value=_code_to_keep(request, refusal)),
            fields.username_beside(at.name),
            fields.new_password(request.pool, "New password"),
            element("button", "Set the password", type="submit"),
        ),
        request.form_to(
            path,
            element("button", "Send another code", type="submit", name="again", value="1", class_="plain"),
        ),
        element("p", element("a", "Back to the sign-in", href=request.url("/login"))),
        error=None if refusal is None else refusal.code,
        reason=None if refusal is None else refusal.message,
    )


def _code_to_keep(request: PageRequest, refusal: ApiError | None) -> str | None:
    """Return the code that was typed, if the password was refused and not the code."""
    wrong = refusal is None or refusal.code in {"CodeMismatchException", "ExpiredCodeException"}
    return None if wrong else request.given("code")
