"""The first page, and the account: where the user is signed in, and which devices are remembered."""

from typing import Final

from aiohttp import web

from aiocognito import AuthError
from aiocognito.integrations.aiohttp import current_user, login_required, session_manager

from ..shop.front.areas import AREAS
from ..shop.front.goods import GOODS
from ..shop.front.problems import Problem, problem_of
from .page import Page, redirect

routes = web.RouteTableDef()
BROWSERS: Final = "/account/browsers"


@routes.get("/")
async def home(request: web.Request) -> web.Response:
    """Show what the shop sells."""
    return (await Page.of(request)).render("home.html", goods=GOODS)


@routes.get("/health")
async def health(_request: web.Request) -> web.Response:
    """Say that this process serves. It uses neither a session nor Cognito."""
    return web.json_response({"status": "ok"})


@routes.get("/account")
@login_required
async def overview(request: web.Request) -> web.Response:
    """Show the parts of the account that this application has."""
    areas = [area for area in AREAS if area.path == BROWSERS]
    return (await Page.of(request)).render("account.html", areas=areas)


@routes.get(BROWSERS)
@login_required
async def browsers(request: web.Request) -> web.Response:
    """Show in which browsers the user is signed in, and the devices."""
    return await _browsers(request)


@routes.post(f"{BROWSERS}/end")
async def end(request: web.Request) -> web.Response:
    """Sign another browser out. Only sessions of this user can be named."""
    user, fields = await current_user(request), await (await Page.of(request)).fields()
    await session_manager(request).end_session(user.user_id, fields.get("session", "") or "unknown")
    return redirect(f"{BROWSERS}?done=ended")


@routes.post(f"{BROWSERS}/end-others")
async def end_others(request: web.Request) -> web.Response:
    """Sign all other browsers out."""
    user, page = await current_user(request), await Page.of(request)
    await session_manager(request).end_user(user.user_id, keep=page.auth.session_id)
    return redirect(f"{BROWSERS}?done=others-ended")


@routes.post(f"{BROWSERS}/remember")
async def remember(request: web.Request) -> web.Response:
    """Remember this browser, so that it needs no second factor."""
    try:
        await (await Page.of(request)).auth.remember_device()
    except AuthError as error:
        return await _browsers(request, problem_of(error))
    return redirect(f"{BROWSERS}?done=remembered")


@routes.post(f"{BROWSERS}/forget")
async def forget(request: web.Request) -> web.Response:
    """Forget a device."""
    page = await Page.of(request)
    try:
        await page.auth.forget_device((await page.fields()).get("device"))
    except AuthError as error:
        return await _browsers(request, problem_of(error))
    return redirect(f"{BROWSERS}?done=forgotten")


async def _browsers(request: web.Request, problem: Problem | None = None) -> web.Response:
    user, page = await current_user(request), await Page.of(request)
    sessions = await session_manager(request).list_user(user.user_id, current=page.auth.session_id)
    devices = await page.auth.fetch_devices()
    return page.render("browsers.html", sessions=sessions, devices=devices, problem=problem)
