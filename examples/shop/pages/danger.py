"""Deleting the account, for which the user must have signed in a short time ago."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from aiocognito.integrations.fastapi import recent_sign_in

from ..page import Member

RECENT_SECONDS: Final = 300
router = APIRouter(
    prefix="/account/delete", dependencies=[recent_sign_in(RECENT_SECONDS)], include_in_schema=False
)


@router.get("")
async def form(page: Member) -> Response:
    """Ask whether the account shall be deleted."""
    return page.render("delete.html")


@router.post("")
async def delete(page: Member) -> Response:
    """Delete the account. All its sessions end."""
    await page.auth.delete_user()
    return page.redirect("/?done=deleted")
