"""Second factors: an authenticator app, and codes by e-mail."""

from typing import Final, Literal

from fastapi import APIRouter
from starlette.responses import Response

from aiocognito import AuthError, MfaSetting

from ..front.problems import Problem, missing, problem_of
from ..front.rendering import data_url
from ..page import Fields, Member, Page

router = APIRouter(prefix="/account/factors", include_in_schema=False)
APP_NAME: Final = "Shop"


@router.get("")
async def factors(page: Member) -> Response:
    """Show which second factors are on."""
    return await _factors(page)


@router.get("/totp")
async def totp_form(page: Member) -> Response:
    """Show a new secret for an authenticator app, as a QR code and as text."""
    setup = await page.auth.set_up_totp()
    qr = {"image": data_url(setup.qr_svg(APP_NAME, page.name)), "secret": setup.shared_secret}
    return page.render("totp.html", qr=qr)


@router.post("/totp")
async def set_up_totp(page: Member, fields: Fields) -> Response:
    """Register the app with its first code, and turn it on. A wrong code can be corrected."""
    problem = missing(fields, {"code": "the code"})
    if problem is None:
        try:
            await page.auth.verify_totp_setup(fields["code"])
            await _prefer(page, "TOTP")
            return page.redirect("/account/factors?done=totp-on")
        except AuthError as error:
            problem = problem_of(error)
    return page.render("totp.html", qr=None, problem=problem)


@router.post("/totp/off")
async def turn_totp_off(page: Member) -> Response:
    """Turn the app off."""
    await page.auth.update_mfa_preference(totp="DISABLED")
    return page.redirect("/account/factors?done=factor-off")


@router.post("/email")
async def turn_email_on(page: Member) -> Response:
    """Turn codes by e-mail on."""
    try:
        await _prefer(page, "EMAIL")
    except AuthError as error:
        return await _factors(page, problem_of(error))
    return page.redirect("/account/factors?done=email-on")


@router.post("/email/off")
async def turn_email_off(page: Member) -> Response:
    """Turn codes by e-mail off."""
    await page.auth.update_mfa_preference(email="DISABLED")
    return page.redirect("/account/factors?done=factor-off")


async def _prefer(page: Page, factor: Literal["TOTP", "EMAIL"]) -> None:
    """Turn a factor on and ask for it first. Other factors that are on stay on."""
    enabled = (await page.auth.fetch_mfa_preference()).enabled

    def setting(name: str) -> MfaSetting | None:
        if name == factor:
            return "PREFERRED"
        return "NOT_PREFERRED" if name in enabled else None

    await page.auth.update_mfa_preference(totp=setting("TOTP"), email=setting("EMAIL"), sms=setting("SMS"))


async def _factors(page: Page, problem: Problem | None = None) -> Response:
    preference = await page.auth.fetch_mfa_preference()
    passkeys = await page.auth.list_web_authn_credentials()
    return page.render("factors.html", preference=preference, passkeys=passkeys, problem=problem)
