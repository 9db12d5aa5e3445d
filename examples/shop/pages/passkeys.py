"""Passkeys: the browser makes them, and the user pool stores the public key."""

from fastapi import APIRouter
from starlette.responses import Response

from aiocognito import AuthError

from ..front.problems import missing, problem_of
from ..page import Fields, Member

router = APIRouter(prefix="/account/passkeys", include_in_schema=False)


@router.get("/new")
async def form(page: Member) -> Response:
    """Show the button that has the browser make a passkey."""
    options = await page.auth.start_web_authn_registration()
    return page.render("passkey.html", options=options)


@router.post("/new")
async def register(page: Member, fields: Fields) -> Response:
    """Register the passkey that the browser made."""
    problem = missing(fields, {"answer": "a passkey: your browser did not send one"})
    if problem is None:
        try:
            await page.auth.complete_web_authn_registration(fields["answer"])
            return page.redirect("/account/factors?done=passkey")
        except AuthError as error:
            problem = problem_of(error)
    options = await page.auth.start_web_authn_registration()
    return page.render("passkey.html", options=options, problem=problem)


@router.post("/delete")
async def delete(page: Member, fields: Fields) -> Response:
    """Delete a passkey."""
    await page.auth.delete_web_authn_credential(fields.get("id", ""))
    return page.redirect("/account/factors?done=passkey-deleted")
