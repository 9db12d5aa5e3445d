"""The errors of operations: a code and a text, as the client receives them."""

from __future__ import annotations


class ApiError(Exception):
    """An operation is refused.

    Args:
        code: The error code, such as ``NotAuthorizedException``.
        message: The text, as Cognito words it.
        instead: The code to use where the service model does not declare ``code`` for the operation.
        reason: InvalidParameterException's ``reasonCode``.
        why: The reason for the request log, where Cognito does not tell the client.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        instead: str | None = None,
        reason: str | None = None,
        why: str | None = None,
    ):
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.instead = instead
        self.reason = reason
        self.why = why


def not_authorized(message: str, *, why: str | None = None) -> ApiError:
    """NotAuthorizedException: wrong password, handle, token or secret."""
    return ApiError("NotAuthorizedException", message, why=why)


def invalid_parameter(message: str, *, why: str | None = None) -> ApiError:
    """InvalidParameterException: a value that the operation or the pool does not accept."""
    return ApiError("InvalidParameterException", message, why=why)


def missing_parameter(name: str) -> ApiError:
    """A member of AuthParameters or ChallengeResponses that the flow needs."""
    return invalid_parameter(f"Missing required parameter {name}")


def not_found(message: str) -> ApiError:
    """ResourceNotFoundException: no such pool, client, group, …"""
    return ApiError("ResourceNotFoundException", message, instead="InvalidParameterException")


def wrong_credentials(why: str | None = None) -> ApiError:
    """The one answer to a wrong password, a wrong proof and a hidden user."""
    return not_authorized("Incorrect username or password.", why=why)


def user_not_found(message: str = "User does not exist.") -> ApiError:
    """UserNotFoundException."""
    return ApiError("UserNotFoundException", message, instead="NotAuthorizedException")


def alias_exists(attribute: str) -> ApiError:
    """AliasExistsException: an address or name that another user signs in with."""
    return ApiError("AliasExistsException", f"An account with the given {attribute} already exists.")


def attempts_exceeded() -> ApiError:
    """LimitExceededException: too many codes asked for or tried."""
    return ApiError("LimitExceededException", "Attempt limit exceeded, please try after some time.")
