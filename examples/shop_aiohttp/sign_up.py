"""Sign-up, and the confirmation of the address by a code."""

from collections.abc import Mapping

from aiohttp import web

from aiocognito import AuthError, steps

from ..shop.front.problems import Problem, missing, problem_of
from .page import Page, redirect

routes = web.RouteTableDef()


@routes.get("/sign-up")
async def form(request: web.Request) -> web.Response:
    """Show the form."""
    return (await Page.of(request)).render("sign_up.html", values={})


@routes.post("/sign-up")
async def sign_up(request: web.Request) -> web.Response:
    """Create an account, and ask for the code."""
    page = await Page.of(request)
    fields = await page.fields()
    username = fields.get("username", "").strip()
    problem = missing(fields, {"username": "your e-mail address", "password": "a password"})
    if problem is None:
        attributes = {"email": username, "name": fields.get("name", "").strip()}
        given = {name: value for name, value in attributes.items() if value}
        try:
            result = await page.auth.sign_up(username, fields["password"], user_attributes=given)
            if isinstance(result.next_step, steps.ConfirmSignUp):
                return ask_for_code(page, fields)
            return redirect("/sign-in?done=confirmed")
        except AuthError as error:
            problem = problem_of(error)
    return page.render("sign_up.html", values=fields, problem=problem)


@routes.get("/sign-up/confirm")
async def code_form(request: web.Request) -> web.Response:
    """Show the form for the code."""
    return ask_for_code(await Page.of(request), {})


@routes.post("/sign-up/confirm")
async def confirm(request: web.Request) -> web.Response:
    """Confirm the address."""
    page = await Page.of(request)
    fields = await page.fields()
    problem = missing(fields, {"username": "your e-mail address", "code": "the code"})
    if problem is None:
        try:
            await page.auth.confirm_sign_up(fields["username"].strip(), fields["code"])
            return redirect("/sign-in?done=confirmed")
        except AuthError as error:
            problem = problem_of(error)
    return ask_for_code(page, fields, problem)


@routes.post("/sign-up/resend")
async def resend(request: web.Request) -> web.Response:
    """Send another code."""
    page = await Page.of(request)
    fields = await page.fields()
    problem = missing(fields, {"username": "your e-mail address"})
    if problem is None:
        try:
            await page.auth.resend_sign_up_code(fields["username"].strip())
        except AuthError as error:
            problem = problem_of(error)
    return ask_for_code(page, fields, problem)


def ask_for_code(page: Page, fields: Mapping[str, str], problem: Problem | None = None) -> web.Response:
    """Return the page that asks for the code."""
    values = {"username": fields.get("username", "")}
    return page.render("confirm.html", values=values, problem=problem)
