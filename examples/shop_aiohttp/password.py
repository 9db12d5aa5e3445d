"""Forgotten passwords."""

from aiohttp import web

from aiocognito import AuthError

from ..shop.front.problems import missing, problem_of
from .page import Page, redirect

routes = web.RouteTableDef()


@routes.get("/password/forgotten")
async def form(request: web.Request) -> web.Response:
    """Show the form that asks for a code."""
    return (await Page.of(request)).render("forgotten.html", values={})


@routes.post("/password/forgotten")
async def forgotten(request: web.Request) -> web.Response:
    """Send a code, and ask for it."""
    page = await Page.of(request)
    fields = await page.fields()
    problem = missing(fields, {"username": "your e-mail address"})
    if problem is None:
        try:
            await page.auth.reset_password(fields["username"].strip())
            return page.render("reset.html", values=fields)
        except AuthError as error:
            problem = problem_of(error)
    return page.render("forgotten.html", values=fields, problem=problem)


@routes.post("/password/reset")
async def reset(request: web.Request) -> web.Response:
    """Set a new password with the code. The user's other sessions end."""
    page = await Page.of(request)
    fields = await page.fields()
    needed = {"username": "your e-mail address", "code": "the code", "password": "a new password"}
    problem = missing(fields, needed)
    if problem is None:
        try:
            await page.auth.confirm_reset_password(
                fields["username"].strip(), fields["password"], fields["code"]
            )
            return redirect("/sign-in?done=reset")
        except AuthError as error:
            problem = problem_of(error)
    return page.render("reset.html", values=fields, problem=problem)
