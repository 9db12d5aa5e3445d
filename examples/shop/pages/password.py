"""Passwords: forgotten ones, and changing one."""

from fastapi import APIRouter
from starlette.responses import Response

from aiocognito import AuthError

from ..front.problems import Problem, missing, problem_of
from ..page import Fields, Member, Visitor

router = APIRouter(include_in_schema=False)


@router.get("/password/forgotten")
async def forgotten_form(page: Visitor) -> Response:
    """Show the form that asks for a code."""
    return page.render("forgotten.html", values={})


@router.post("/password/forgotten")
async def forgotten(page: Visitor, fields: Fields) -> Response:
    """Send a code, and ask for it."""
    problem = missing(fields, {"username": "your e-mail address"})
    if problem is None:
        try:
            await page.auth.reset_password(fields["username"].strip())
            return page.render("reset.html", values=fields)
        except AuthError as error:
            problem = problem_of(error)
    return page.render("forgotten.html", values=fields, problem=problem)


@router.post("/password/reset")
async def reset(page: Visitor, fields: Fields) -> Response:
    """Set a new password with the code. The user's other sessions end."""
    problem = missing(
        fields, {"username": "your e-mail address", "code": "the code", "password": "a new password"}
    )
    if problem is None:
        try:
            await page.auth.confirm_reset_password(
                fields["username"].strip(), fields["password"], fields["code"]
            )
            return page.redirect("/sign-in?done=reset")
        except AuthError as error:
            problem = problem_of(error)
    return page.render("reset.html", values=fields, problem=problem)


@router.get("/account/password")
async def form(page: Member) -> Response:
    """Show the form to change the password."""
    return page.render("password.html")


@router.post("/account/password")
async def change(page: Member, fields: Fields) -> Response:
    """Change the password."""
    problem = missing(fields, {"current": "your current password", "password": "a new password"})
    if problem is None:
        try:
            await page.auth.update_password(fields["current"], fields["password"])
            return page.redirect("/account?done=password")
        except AuthError as error:
            problem = problem_of(error)
            if problem.field is None:
                problem = Problem(problem.text, "current", problem.status)
    return page.render("password.html", problem=problem)
