"""Sign-up: creating and confirming an account."""

from __future__ import annotations

from functools import partial

from .._gateways.user_pool import UserPool
from .._models import Metadata
from .._responses import SignUpResponse
from .._results import SignUpResult
from ..errors import (
    AuthValidationError,
    AuthValidationErrorCode,
    InvalidParameterException,
    NotAuthorizedException,
)
from ..errors._refusals import RefusalSubject, subject_of
from ..steps import CompleteAutoSignIn, ConfirmSignUp, Done, SignUpStep


async def sign_up(
    pool: UserPool,
    username: str,
    password: str | None,
    *,
    user_attributes: Metadata = None,
    validation_data: Metadata = None,
    client_metadata: Metadata = None,
) -> SignUpResponse:
    """Create an account (SignUp).

    Raises:
        AuthValidationError: The user pool requires a password.
        ServiceError: Cognito refused.
    """
    try:
        return await pool.sign_up(
            username,
            password,
            user_attributes=user_attributes,
            validation_data=validation_data,
            client_metadata=client_metadata,
        )
    except InvalidParameterException as error:
        # Only the service knows whether the user pool accepts users without a password.
        if "'password'" in error.message and "Member must not be null" in error.message:
            raise AuthValidationError(AuthValidationErrorCode.EmptySignUpPassword) from error
        raise


async def confirm_sign_up(
    pool: UserPool,
    username: str,
    confirmation_code: str,
    *,
    session: str | None = None,
    force_alias_creation: bool | None = None,
    client_metadata: Metadata = None,
) -> str | None:
    """Confirm an account (ConfirmSignUp), and return the session for a sign-in, if Cognito returned one.

    If the session of the sign-up has ended, the code is sent again without it.

    Args:
        pool: The user pool.
        username: The username, or an alias of it.
        confirmation_code: The code.
        session: The session that SignUp returned.
        force_alias_creation: Whether to move an alias to this account from another one.
        client_metadata: For the user pool's triggers.

    Raises:
        ServiceError: Cognito refused.
    """
    confirm = partial(
        pool.confirm_sign_up,
        username,
        confirmation_code,
        force_alias_creation=force_alias_creation,
        client_metadata=client_metadata,
    )
    try:
        return await confirm(session=session)
    except NotAuthorizedException as error:
        if session is None or subject_of(error) is not RefusalSubject.SIGN_IN_ENDED:
            raise
    return await confirm()


def result(response: SignUpResponse, *, auto_sign_in: bool, by_link: bool) -> SignUpResult:
    """Return the result of a sign-up, with its next step.

    Args:
        response: Cognito's response.
        auto_sign_in: Whether an automatic sign-in follows.
        by_link: Whether the account is confirmed by a link, so that no code is needed.
    """
    details = response.code_delivery_details
    step: SignUpStep
    if response.user_confirmed:
        step = CompleteAutoSignIn() if auto_sign_in else Done()
    elif auto_sign_in and by_link:
        step = CompleteAutoSignIn(details)
    else:
        step = ConfirmSignUp(details)
    return SignUpResult(response.user_confirmed, response.user_sub, step)
