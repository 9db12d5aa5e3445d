"""What the user pool says no with: a code and a text, as they go over the wire."""

from __future__ import annotations


class Refusal(Exception):
    """An operation is refused.

    Args:
        code: The error code, such as ``NotAuthorizedException``.
        message: The text, as Cognito words it.
        instead: The code to use where the service model does not declare ``code`` for the operation.
        reason: InvalidParameterException's ``reasonCode``.
    """

    def __init__(self, code: str, message: str, *, instead: str | None = None, reason: str | None = None):
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.instead = instead
        self.reason = reason


def not_authorized(message: str) -> Refusal:
    """NotAuthorizedException: wrong password, handle, token or secret."""
    return Refusal("NotAuthorizedException", message)


def invalid_parameter(message: str) -> Refusal:
    """InvalidParameterException: the request cannot be meant."""
    return Refusal("InvalidParameterException", message)


def missing_parameter(name: str) -> Refusal:
    """A member of AuthParameters or ChallengeResponses that the flow needs."""
    return invalid_parameter(f"Missing required parameter {name}")


def not_found(message: str) -> Refusal:
    """ResourceNotFoundException: no such pool, client, group, …"""
    return Refusal("ResourceNotFoundException", message, instead="InvalidParameterException")


def wrong_credentials() -> Refusal:
    """The one answer to a wrong password, a wrong proof and a hidden user."""
    return not_authorized("Incorrect username or password.")


def user_not_found(message: str = "User does not exist.") -> Refusal:
    """UserNotFoundException."""
    return Refusal("UserNotFoundException", message, instead="NotAuthorizedException")


def attempts_exceeded() -> Refusal:
    """LimitExceededException: too many codes asked for or tried."""
    return Refusal("LimitExceededException", "Attempt limit exceeded, please try after some time.")
