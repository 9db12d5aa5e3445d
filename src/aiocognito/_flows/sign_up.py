"""How somebody gets an account."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from .._gateways.user_pool import UserPool
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

Metadata = Mapping[str, str] | None


async def sign_up(
    pool: UserPool,
    username: str,
    password: str | None,
    *,
    user_attributes: Metadata = None,
    validation_data: Metadata = None,
    client_metadata: Metadata = None,
) -> SignUpResponse:
    """SignUp.

    Raises:
        AuthValidationError: The user pool takes nobody without a password.
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
        # Only the service knows whether a pool takes people without a password.
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
    """ConfirmSignUp. Return the session that a sign-in may go on with, if Cognito gave one.

    The code counts although the session of the sign-up has ended.

    Args:
        pool: The user pool.
        username: The name, or an alias of it.
        confirmation_code: The code.
        session: What SignUp gave.
        force_alias_creation: Whether an alias moves here from another account.
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


def result(answer: SignUpResponse, *, auto_sign_in: bool, by_link: bool) -> SignUpResult:
    """Say what comes after a sign-up.

    Args:
        answer: What Cognito said.
        auto_sign_in: Whether a sign-in is to follow by itself.
        by_link: Whether the account is confirmed by a link, so that no code is asked for.
    """
    details = answer.code_delivery_details
    step: SignUpStep
    if answer.user_confirmed:
        step = CompleteAutoSignIn() if auto_sign_in else Done()
    elif auto_sign_in and by_link:
        step = CompleteAutoSignIn(details)
    else:
        step = ConfirmSignUp(details)
    return SignUpResult(answer.user_confirmed, answer.user_sub, step)
