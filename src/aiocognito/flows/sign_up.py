"""How somebody gets an account."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import AuthValidationError, AuthValidationErrorCode, InvalidParameterException
from ..results import SignUpResult
from ..services.user_pool import UserPool
from ..steps import ConfirmSignUp, Done

Metadata = Mapping[str, str] | None


async def sign_up(
    pool: UserPool,
    username: str,
    password: str | None,
    *,
    user_attributes: Metadata = None,
    validation_data: Metadata = None,
    client_metadata: Metadata = None,
) -> SignUpResult:
    """SignUp."""
    try:
        answer = await pool.sign_up(
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
    step = Done() if answer.user_confirmed else ConfirmSignUp(answer.code_delivery_details)
    return SignUpResult(answer.user_confirmed, answer.user_sub, step)
