"""Signing in with every factor, and signing out everywhere. The hosted UI's routes sign one browser out."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from aiocognito import AuthError, SignInResult, steps
from aiocognito.errors import SignInException

from ..shop.front.paths import local_path, with_query
from ..shop.front.problems import Problem, missing, problem_of, unfit
from ..shop.front.rendering import data_url
from ..shop.front.sign_in_steps import WAYS, entered_attributes, form_of
from .page import Page, redirect
from .sign_up import ask_for_code

routes = web.RouteTableDef()


@routes.get("/sign-in")
async def form(request: web.Request) -> web.Response:
    """Show the form."""
    page = await Page.of(request)
    if page.user is not None:
        return redirect(local_path(request.query.get("next")))
    return _form(page, request.query)


@routes.post("/sign-in")
async def begin(request: web.Request) -> web.Response:
    """Begin a sign-in."""
    page = await Page.of(request)
    fields = await page.fields()
    options = WAYS.get(fields.get("way", "password"), WAYS["password"])
    needed = {"username": "your e-mail address"} | ({} if options else {"password": "your password"})
    problem = missing(fields, needed)
    if problem is None:
        password = None if options else fields["password"]
        try:
            result = await page.auth.sign_in(fields["username"].strip(), password, **options)
            return _next_page(page, fields, result)
        except AuthError as error:
            problem = problem_of(error)
    return _form(page, fields, problem)


@routes.get("/sign-in/step")
async def step_form(request: web.Request) -> web.Response:
    """Show what the pending sign-in asks for."""
    page = await Page.of(request)
    step = await page.auth.get_sign_in_step()
    back = local_path(request.query.get("next"))
    if step is None:
        return redirect(with_query("/sign-in", next=back, done="expired"))
    qr = None
    if isinstance(step, steps.ContinueSignInWithTotpSetup):
        setup = await page.auth.renew_totp_setup()  # the secret is shown once, and never stored
        qr = {"image": data_url(setup.qr_svg("Shop")), "secret": setup.shared_secret}
    return _step(page, step, back, qr=qr)


@routes.post("/sign-in/step")
async def answer(request: web.Request) -> web.Response:
    """Answer the pending step."""
    page = await Page.of(request)
    fields = await page.fields()
    problem = unfit(fields)
    back = local_path(fields.get("next"))
    if problem is None:
        try:
            result = await page.auth.confirm_sign_in(
                fields["answer"].strip(),
                step=fields.get("step") or None,
                user_attributes=entered_attributes(fields),
            )
            return _next_page(page, fields, result)
        except SignInException:
            return redirect(with_query("/sign-in/step", next=back))
        except AuthError as error:
            problem = problem_of(error)
    step = await page.auth.get_sign_in_step()
    if step is None:
        return _form(page, fields, Problem(problem.text, status=problem.status))
    return _step(page, step, back, problem=Problem(problem.text, "answer", problem.status))


@routes.post("/sign-out/everywhere")
async def sign_out_everywhere(request: web.Request) -> web.Response:
    """Sign the user out in all browsers."""
    result = await (await Page.of(request)).auth.sign_out(global_sign_out=True)
    return redirect(result.logout_url or "/?done=signed-out-everywhere")


def _next_page(page: Page, fields: Mapping[str, str], result: SignInResult) -> web.Response:
    back = local_path(fields.get("next"))
    match result.next_step:
        case steps.Done():
            return redirect(back)
        case steps.ConfirmSignUp():
            return ask_for_code(page, fields)
        case steps.ResetPassword():
            return redirect("/password/forgotten")
        case _:
            return redirect(with_query("/sign-in/step", next=back))


def _form(page: Page, fields: Mapping[str, str], problem: Problem | None = None) -> web.Response:
    back = local_path(fields.get("next"))
    values = {"username": fields.get("username", ""), "next": back, "prompt": ""}
    return page.render("sign_in.html", values=values, problem=problem)


def _step(page: Page, step: steps.SignInStep, back: str, **values: Any) -> web.Response:
    return page.render("sign_in_step.html", form=form_of(step), next=back, **{"qr": None, **values})
