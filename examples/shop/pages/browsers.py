"""The user's other browsers, and the devices that need no second factor."""

from fastapi import APIRouter
from starlette.responses import Response

from aiocognito import AuthError
from aiocognito.integrations.fastapi import CurrentUser

from ..auth import cognito
from ..front.problems import Problem, problem_of
from ..page import Fields, Member, Page

router = APIRouter(prefix="/account/browsers", include_in_schema=False)


@router.get("")
async def browsers(page: Member, user: CurrentUser) -> Response:
    """Show in which browsers the user is signed in. A session has no data about the browser."""
    return await _browsers(page, user.user_id)


@router.post("/end")
async def end(page: Member, user: CurrentUser, fields: Fields) -> Response:
    """Sign another browser out. Only sessions of this user can be named."""
    await cognito.sessions.end_session(user.user_id, fields.get("session", "") or "unknown")
    return page.redirect("/account/browsers?done=ended")


@router.post("/end-others")
async def end_others(page: Member, user: CurrentUser) -> Response:
    """Sign all other browsers out."""
    await cognito.sessions.end_user(user.user_id, keep=page.auth.session_id)
    return page.redirect("/account/browsers?done=others-ended")


@router.post("/remember")
async def remember(page: Member, user: CurrentUser) -> Response:
    """Remember this browser, so that it needs no second factor."""
    try:
        await page.auth.remember_device()
    except AuthError as error:
        return await _browsers(page, user.user_id, problem_of(error))
    return page.redirect("/account/browsers?done=remembered")


@router.post("/forget")
async def forget(page: Member, user: CurrentUser, fields: Fields) -> Response:
    """Forget a device."""
    try:
        await page.auth.forget_device(fields.get("device"))
    except AuthError as error:
        return await _browsers(page, user.user_id, problem_of(error))
    return page.redirect("/account/browsers?done=forgotten")


async def _browsers(page: Page, user_id: str, problem: Problem | None = None) -> Response:
    sessions = await cognito.sessions.list_user(user_id, current=page.auth.session_id)
    devices = await page.auth.fetch_devices()
    return page.render("browsers.html", sessions=sessions, devices=devices, problem=problem)
