"""What a page says about an error, and to which field of its form that belongs."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from aiocognito import AuthError, steps
from aiocognito.errors import UserUnAuthenticatedException, http_status_for

# The errors that have a field of their own. All others are about the form.
FIELDS: Final[Mapping[str, str]] = {
    "AliasExistsException": "email",
    "CodeMismatchException": "code",
    "EnableSoftwareTokenMFAException": "code",
    "ExpiredCodeException": "code",
    "InvalidPasswordException": "password",
    "PasswordHistoryPolicyViolationException": "password",
    "UsernameExistsException": "username",
}
TEXTS: Final[Mapping[str, str]] = {
    "CodeMismatchException": "This is not the code that was sent.",
    "EnableSoftwareTokenMFAException": "This is not the code that the app shows now.",
    "ExpiredCodeException": "This code has expired. Ask for another one.",
    "UsernameExistsException": "There is an account with this address already.",
}
UNPROCESSABLE: Final = 422


@frozen
class Problem:
    """What the user has to correct.

    Attributes:
        text: A sentence for the user.
        field: The ``name`` of the form's field; None if it is about the whole form.
        status: The HTTP status of the response.
    """

    text: str
    field: str | None = None
    status: int = UNPROCESSABLE


def problem_of(error: AuthError) -> Problem:
    """Return what the user can correct.

    Raises:
        AuthError: The error itself, if the user cannot: the session has ended, or a service failed.
    """
    status = http_status_for(error)
    if status >= 500 or isinstance(error, UserUnAuthenticatedException):
        raise error
    text = TEXTS.get(error.name) or str(error)
    return Problem(text, FIELDS.get(error.name), status)


def missing(fields: Mapping[str, str], needed: Mapping[str, str]) -> Problem | None:
    """Return the first field that was left empty.

    Args:
        fields: The form.
        needed: What the user has to enter, by the names of the fields.
    """
    for field, what in needed.items():
        if not fields.get(field, "").strip():
            return Problem(f"Enter {what}.", field)
    return None


def unfit(fields: Mapping[str, str]) -> Problem | None:
    """Return what is wrong with the answer to a step, before it is sent.

    Args:
        fields: The form of the step.
    """
    answer = fields.get("answer", "").strip()
    problem = missing(fields, {"answer": "an answer"})
    match fields.get("step"):
        case steps.ContinueSignInWithEmailSetup.step if "@" not in answer:
            problem = Problem("Enter an e-mail address, such as ana@example.com.", "answer")
        case steps.ContinueSignInWithTotpSetup.step if not any(map(str.isdigit, answer)):
            problem = Problem("Enter the six digits that the app shows.", "answer")
    return problem
