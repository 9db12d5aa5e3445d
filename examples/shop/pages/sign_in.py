"""Signing in with every factor, and signing out everywhere. The hosted UI's routes sign one browser out."""

from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from aiocognito import AuthError, SignInResult, steps
from aiocognito.errors import SignInException

from ..front.paths import local_path, with_query
from ..front.problems import Problem, missing, problem_of, unfit
from ..front.rendering import data_url
from ..front.sign_in_steps import WAYS, StepForm, entered_attributes, form_of
from ..page import Fields, Form, Page, Visitor
from .sign_up import ask_for_code

router = APIRouter(include_in_schema=False)
APP_NAME: Final = "Shop"


@router.get("/sign-in")
async def form(page: Visitor, next: str = "/", prompt: str = "") -> Response:  # noqa: A002 - its name in URLs
    """Show the form. With ``prompt=login`` a signed-in user has to sign in again."""
    if page.user is not None and prompt != "login":
        return page.redirect(local_path(next))
    return _form(page, {"next": next, "prompt": prompt})


@router.post("/sign-in")
async def begin(page: Visitor, fields: Fields) -> Response:
    """Begin a sign-in."""
    again = page.user is not None and fields.get("prompt") == "login"
    if page.user is not None and not again:
        return page.redirect(local_path(fields.get("next")))
    # To sign in again is to sign in as the same user.
    name = page.user.username if page.user is not None else fields.get("username", "").strip()
    way = fields.get("way", "password")
    options = WAYS.get(way, WAYS["password"])
    needed = {"username": "your e-mail address", "password": "your password"}
    if again:
        del needed["username"]
    if options:
        del needed["password"]
    problem = missing(fields, needed)
    if problem is None:
        password = None if options else fields["password"]
        try:
            result = await page.auth.sign_in(name, password, replace=again, **options)
            return _next_page(page, fields, result)
        except AuthError as error:
            problem = problem_of(error)
    return _form(page, fields, problem)


@router.get("/sign-in/step")
async def step_form(page: Visitor, next: str = "/") -> Response:  # noqa: A002 - its name in URLs
    """Show what the pending sign-in asks for."""
    step = await page.auth.get_sign_in_step()
    if step is None:
        return page.redirect(with_query("/sign-in", next=local_path(next), done="expired"))
    setup = None
    if isinstance(step, steps.ContinueSignInWithTotpSetup):
        setup = await page.auth.renew_totp_setup()  # the secret is shown once, and never stored
    qr = setup and {"image": data_url(setup.qr_svg(APP_NAME)), "secret": setup.shared_secret}
    return _step(page, form_of(step), {"next": next}, qr=qr)


@router.post("/sign-in/step")
async def answer(page: Visitor, fields: Fields) -> Response:
    """Answer the pending step."""
    problem = unfit(fields)
    if problem is None:
        try:
            result = await page.auth.confirm_sign_in(
                fields["answer"].strip(),
                step=fields.get("step") or None,
                user_attributes=entered_attributes(fields),
            )
            return _next_page(page, fields, result)
        except SignInException:
            # The page was stale: show the step that is pending, or begin again.
            return page.redirect(with_query("/sign-in/step", next=local_path(fields.get("next"))))
        except AuthError as error:
            problem = problem_of(error)
    step = await page.auth.get_sign_in_step()
    if step is None:
        return _form(page, fields, Problem(problem.text, status=problem.status))
    return _step(page, form_of(step), fields, problem=Problem(problem.text, "answer", problem.status))


@router.post("/sign-out/everywhere")
async def sign_out_everywhere(page: Visitor) -> Response:
    """Sign the user out in all browsers."""
    result = await page.auth.sign_out(global_sign_out=True)
    return page.redirect(result.logout_url or "/?done=signed-out-everywhere")


def _next_page(page: Page, fields: Form, result: SignInResult) -> Response:
    back = local_path(fields.get("next"))
    match result.next_step:
        case steps.Done():
            return page.redirect(back)
        case steps.ConfirmSignUp():
            return ask_for_code(page, fields)
        case steps.ResetPassword():
            return page.redirect("/password/forgotten")
        case _:
            return page.redirect(with_query("/sign-in/step", next=back))


def _form(page: Page, fields: Form, problem: Problem | None = None) -> Response:
    values = {
        "username": fields.get("username", ""),
        "next": local_path(fields.get("next")),
        "prompt": "login" if fields.get("prompt") == "login" else "",
    }
    return page.render("sign_in.html", values=values, problem=problem)


def _step(page: Page, form: StepForm, fields: Form, **values: Any) -> Response:
    values = {"qr": None, **values}
    return page.render("sign_in_step.html", form=form, next=local_path(fields.get("next")), **values)
