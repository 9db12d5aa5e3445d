"""Sign-up, and the confirmation of the address by a code."""

from fastapi import APIRouter
from starlette.responses import Response

from aiocognito import AuthError, AutoSignInOptions, steps

from ..front.problems import Problem, missing, problem_of
from ..page import Fields, Form, Page, Visitor

router = APIRouter(prefix="/sign-up", include_in_schema=False)
# Cognito signs a user in who has just confirmed the address, without the password: it is not stored anywhere.
AUTO_SIGN_IN = AutoSignInOptions(auth_flow_type="USER_AUTH")


@router.get("")
async def form(page: Visitor) -> Response:
    """Show the form."""
    return page.render("sign_up.html", values={})


@router.post("")
async def sign_up(page: Visitor, fields: Fields) -> Response:
    """Create an account, and ask for the code."""
    username = fields.get("username", "").strip()
    try:
        problem = missing(fields, {"username": "your e-mail address", "password": "a password"})
        if problem is None:
            attributes = {"email": username, "name": fields.get("name", "").strip()}
            result = await page.auth.sign_up(
                username,
                fields["password"],
                user_attributes={name: value for name, value in attributes.items() if value},
                auto_sign_in=AUTO_SIGN_IN,
            )
            if isinstance(result.next_step, steps.ConfirmSignUp):
                return ask_for_code(page, fields)
            return await _signed_in(page)
    except AuthError as error:
        problem = problem_of(error)
    return page.render("sign_up.html", values=fields, problem=problem)


@router.get("/confirm")
async def code_form(page: Visitor) -> Response:
    """Show the form for the code, such as to a user who comes back later."""
    return page.render("confirm.html", values={})


@router.post("/confirm")
async def confirm(page: Visitor, fields: Fields) -> Response:
    """Confirm the address, and sign the user in."""
    problem = missing(fields, {"username": "your e-mail address", "code": "the code"})
    if problem is None:
        try:
            result = await page.auth.confirm_sign_up(fields["username"].strip(), fields["code"])
            if isinstance(result.next_step, steps.CompleteAutoSignIn):
                return await _signed_in(page)
            return page.redirect("/sign-in?done=confirmed")
        except AuthError as error:
            problem = problem_of(error)
    return ask_for_code(page, fields, problem)


@router.post("/resend")
async def resend(page: Visitor, fields: Fields) -> Response:
    """Send another code."""
    problem = missing(fields, {"username": "your e-mail address"})
    if problem is None:
        try:
            await page.auth.resend_sign_up_code(fields["username"].strip())
        except AuthError as error:
            problem = problem_of(error)
    return ask_for_code(page, fields, problem)


def ask_for_code(page: Page, fields: Form, problem: Problem | None = None) -> Response:
    """Return the page that asks for the code."""
    values = {"username": fields.get("username", "")}
    return page.render("confirm.html", values=values, problem=problem)


async def _signed_in(page: Page) -> Response:
    """Sign the new user in; if that is not possible, ask for the password."""
    try:
        result = await page.auth.auto_sign_in()
    except AuthError as error:
        problem_of(error)
        return page.redirect("/sign-in?done=confirmed")
    return page.redirect("/" if result.is_signed_in else "/sign-in/step")
