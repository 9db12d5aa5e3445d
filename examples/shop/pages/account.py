"""The account: its parts, the profile, and the e-mail address."""

from fastapi import APIRouter
from starlette.responses import Response

from aiocognito import AuthError

from ..front.areas import AREAS
from ..front.problems import missing, problem_of
from ..page import Fields, Member, Page

router = APIRouter(prefix="/account", include_in_schema=False)


@router.get("")
async def overview(page: Member) -> Response:
    """Show the parts of the account."""
    return page.render("account.html", areas=AREAS)


@router.get("/profile")
async def profile(page: Member) -> Response:
    """Show the user's attributes."""
    attributes = await page.auth.fetch_user_attributes()
    return page.render("profile.html", values=attributes, code_sent=False)


@router.post("/profile")
async def save(page: Member, fields: Fields) -> Response:
    """Save the name."""
    try:
        await page.auth.update_user_attribute("name", fields.get("name", "").strip())
    except AuthError as error:
        return page.render("profile.html", values=fields, code_sent=False, problem=problem_of(error))
    return page.redirect("/account/profile?done=profile")


@router.post("/email")
async def change_email(page: Member, fields: Fields) -> Response:
    """Send a code to a new address. The old one stays until the code is entered."""
    problem = missing(fields, {"email": "the new address"})
    if problem is None:
        try:
            result = await page.auth.update_user_attribute("email", fields["email"].strip())
            if result.is_updated:
                return await _email_changed(page)
            return page.render("profile.html", values=fields, code_sent=True)
        except AuthError as error:
            problem = problem_of(error)
    return page.render("profile.html", values=fields, code_sent=False, problem=problem)


@router.post("/email/confirm")
async def confirm_email(page: Member, fields: Fields) -> Response:
    """Confirm the new address with its code."""
    problem = missing(fields, {"code": "the code"})
    if problem is None:
        try:
            await page.auth.confirm_user_attribute("email", fields["code"])
            return await _email_changed(page)
        except AuthError as error:
            problem = problem_of(error)
    return page.render("profile.html", values=fields, code_sent=True, problem=problem)


@router.get("/token")
async def token_form(page: Member) -> Response:
    """Explain the JSON API."""
    return page.render("token.html", token=None)


@router.post("/token")
async def token(page: Member) -> Response:
    """Show an access token, which opens the JSON API until it expires."""
    return page.render("token.html", token=await page.auth.access_token())


async def _email_changed(page: Page) -> Response:
    # The id token has the old address: renew it.
    await page.auth.fetch_auth_session(force_refresh=True, credentials=False)
    return page.redirect("/account/profile?done=email")
