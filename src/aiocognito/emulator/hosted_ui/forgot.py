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
    """Somebody who was sent a code.

    Args:
        name: The name that they typed.
        delivery: Where it went to.
    """

    name: str = field(repr=False)
    delivery: Mapping[str, str] = field(repr=False)


async def show(visit: PageRequest) -> Answer:
    """Show the page that asks whose password it is."""
    _require_passwords(visit)
    return page(visit)


async def take(visit: PageRequest) -> Answer:
    """Send a code."""
    _require_passwords(visit)
    name = visit.given("username")
    try:
        sent = await visit.ask("ForgotPassword", name)
    except ApiError as refusal:
        return page(visit, alert=refusal.message, error=refusal.code)
    step = visit.start_step(Resetting(name, sent["CodeDeliveryDetails"]), life=CODE_LIFE)
    return visit.go(visit.url(f"{RESET}/{step}"))


def _require_passwords(visit: PageRequest) -> None:
    if LOCAL not in supported(visit.client):
        raise BackToLogin("There are no passwords here.", "NotAuthorizedException")


def page(visit: PageRequest, *, alert: str | None = None, error: str | None = None) -> Answer:
    """Show the page that asks whose password it is, with what there is to say."""
    return visit.page(
        "Forgot your password?",
        html.alert(alert),
        element("p", "We will send you a code, with which you can set a new one."),
        visit.form_to(
            PATH,
            fields.username(visit.pool, visit.form.get("username") or visit.asked.login_hint),
            element("button", "Send a code", type="submit"),
        ),
        element("p", element("a", "Back to the sign-in", href=visit.url("/login"))),
        error=error,
    )


async def show_reset(visit: PageRequest) -> Answer:
    """Show the page that asks for the code and a new password."""
    return _reset_page(visit, visit.at(Resetting))


async def take_reset(visit: PageRequest) -> Answer:
    """Set the new password; or send another code."""
    at = visit.at(Resetting)
    try:
        if "again" in visit.form:
            at.delivery = (await visit.ask("ForgotPassword", at.name))["CodeDeliveryDetails"]
            return _reset_page(visit, at, notice="A new code was sent.")
        await visit.ask(
            "ConfirmForgotPassword",
            at.name,
            ConfirmationCode=visit.given("code"),
            Password=visit.form.get("password", ""),
        )
    except ApiError as refusal:
        return _reset_page(visit, at, refusal)
    visit.arrive()
    raise BackToLogin("Your password was changed. Sign in with it now.")


def _reset_page(
    visit: PageRequest, at: Resetting, refusal: ApiError | None = None, *, notice: str | None = None
) -> Answer:
    path = f"{RESET}/{visit.step}"
    return visit.page(
        "Set a new password",
        html.notice(notice),
        html.alert(None if refusal is None else refusal.message),
        element("p", f"We have sent a code to {at.delivery['Destination']}."),
        visit.form_to(
            path,
            html.code_field(value=_kept_code(visit, refusal)),
            fields.username_beside(at.name),
            fields.new_password(visit.pool, "New password"),
            element("button", "Set the password", type="submit"),
        ),
        visit.form_to(
            path,
            element("button", "Send another code", type="submit", name="again", value="1", class_="plain"),
        ),
        element("p", element("a", "Back to the sign-in", href=visit.url("/login"))),
        error=None if refusal is None else refusal.code,
    )


def _kept_code(visit: PageRequest, refusal: ApiError | None) -> str | None:
    """Return the code that was typed, where it was the password that did not do."""
    wrong = refusal is None or refusal.code in {"CodeMismatchException", "ExpiredCodeException"}
    return None if wrong else visit.given("code")
