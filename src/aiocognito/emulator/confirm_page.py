"""The page behind the link of a confirmation mail."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

from .operations.sign_up import confirm_by_link
from .refusals import Refusal
from .world import World

PATH: Final = "/confirmUser"
_PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Confirm your account</title></head>
<body><main><p>{}</p></main></body>
</html>
"""


async def answer(world: World, query: Mapping[str, str]) -> tuple[int, str]:
    """Confirm an account and say so, or say why not: an HTTP status and a page."""
    try:
        await confirm_by_link(
            world,
            query.get("client_id", ""),
            query.get("user_name", ""),
            query.get("confirmation_code", ""),
        )
    except Refusal as refusal:
        return 400, _PAGE.format(escape(refusal.message))
    return 200, _PAGE.format("Your registration has been confirmed!")
