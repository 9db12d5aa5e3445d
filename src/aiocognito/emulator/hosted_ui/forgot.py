"""Forgotten passwords: a code is sent, and with it a new one is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import define, field

from .. import html
from ..errors import ApiError
from ..hosted_ui_state import CODE_LIFE, LOCAL
from ..html import element
from . import fields
from .page_request import Answer, BackToLogin, PageRequest
from .request import supported

PATH: Final = "/forgotPassword"
RESET: Final = "/resetPassword"


@define
class Resetting:
    """A user who was sent a code.

    Args:
        name: The name that they typed.
        delivery: Where it went to.
    """

    name: str = field(repr=False)
    delivery: Mapping[str, str] = field(repr=False)


async def show(request: PageRequest) -> Answer:
    """Show the page that asks whose password it is."""
    _require_passwords(request)
    return page(request)


async def take(request: PageRequest) -> Answer:
    """Send a code."""
    _require_passwords(request)
    name = request.given("username")
    try:
        sent = await request.ask("ForgotPassword", name)
    except ApiError as refusal:
        return page(request, alert=refusal.message, error=refusal.code)
    step = request.start_step(Resetting(name, sent["CodeDeliveryDetails"]), life=CODE_LIFE)
    return request.go(request.url(f"{RESET}/{step}"))


def _require_passwords(request: PageRequest) -> None:
    if LOCAL not in supported(request.client):
        raise BackToLogin("This app does not use passwords.", "NotAuthorizedException")


def page(request: PageRequest, *, alert: str | None = None, error: str | None = None) -> Answer:
    """Show the page that asks whose password it is, with what there is to say."""
    return request.page(
        "Forgot your password?",
        html.alert(alert),
        element("p", "We will send you a code, with which you can set a new one."),
        request.form_to(
            PATH,
            fields.username(request.pool, request.form.get("username") or request.asked.login_hint),
            element("button", "Send a code", type="submit"),
        ),
        element("p", element("a", "Back to the sign-in", href=request.url("/login"))),
        error=error,
    )


async def show_reset(request: PageRequest) -> Answer:
    """Show the page that asks for the code and a new password."""
    return _reset_page(request, request.step(Resetting))


async def take_reset(request: PageRequest) -> Answer:
    """Set the new password; or send another code."""
    at = request.step(Resetting)
    try:
        if "again" in request.form:
            at.delivery = (await request.ask("ForgotPassword", at.name))["CodeDeliveryDetails"]
            return _reset_page(request, at, notice="A new code was sent.")
        await request.ask(
            "ConfirmForgotPassword",
            at.name,
            ConfirmationCode=request.given("code"),
            Password=request.form.get("password", ""),
        )
    except ApiError as refusal:
        return _reset_page(request, at, refusal)
    request.finish_step()
    raise BackToLogin("Your password was changed. Sign in with it now.")


def _reset_page(
    request: PageRequest, at: Resetting, refusal: ApiError | None = None, *, notice: str | None = None
) -> Answer:
    path = f"{RESET}/{request.step_name}"
    return request.page(
        "Set a new password",
        html.notice(notice),
        html.alert(None if refusal is None else refusal.message),
        element("p", f"We have sent a code to {at.delivery['Destination']}."),
        request.form_to(
            path,
            html.code_field(value=_kept_code(request, refusal)),
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
    )


def _kept_code(request: PageRequest, refusal: ApiError | None) -> str | None:
    """Return the code that was typed, where it was the password that did not do."""
    wrong = refusal is None or refusal.code in {"CodeMismatchException", "ExpiredCodeException"}
    return None if wrong else request.given("code")
