"""``/confirmUser``: the page behind the link of a confirmation mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import html
from .errors import ApiError
from .operations.sign_up import confirm_by_link
from .state import EmulatorState

# Documented (Confirmation by link): the path and a page with one line.
PATH: Final = "/confirmUser"


async def answer(state: EmulatorState, query: Mapping[str, str]) -> tuple[int, str]:
    """Confirm an account; return an HTTP status, and a page that shows the result."""
    try:
        await confirm_by_link(
            state,
            query.get("client_id", ""),
            query.get("user_name", ""),
            query.get("confirmation_code", ""),
        )
    except ApiError as refusal:
        return 400, _page(html.alert(refusal.message))
    return 200, _page(html.notice("Your registration has been confirmed!"))


def _page(message: html.Html | None) -> str:
    return html.document("Confirm your account", message, owner="Hosted UI")
