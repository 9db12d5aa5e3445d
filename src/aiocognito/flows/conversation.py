"""What the flows of one sign-in have in common: whom they talk to, and what an answer means."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import field, frozen

from ..answers import AuthAnswer, Authenticated, Challenged, RememberedDevice, Stopped
from ..errors import PasswordResetRequiredException, SignInException, UserNotConfirmedException
from ..services.user_pool import UserPool
from ..steps import ConfirmSignUp, ResetPassword

Metadata = Mapping[str, str] | None


@frozen
class Conversation:
    """What every flow of one sign-in needs.

    Attributes:
        pool: The user pool.
        clock: Seconds since the epoch; SRP proofs carry the time.
        client_metadata: Goes to the triggers with every request of this call.
        devices: What this browser is remembered as, by the username that Cognito knows.
    """

    pool: UserPool
    clock: Callable[[], float]
    client_metadata: Metadata = field(default=None, repr=False)
    devices: Mapping[str, RememberedDevice] = field(factory=dict, repr=False)


def outcome(answer: AuthAnswer, username: str) -> Authenticated | Challenged:
    """Say what an answer means for ``username``, whom Cognito may know by another name."""
    if answer.tokens is not None:
        return Authenticated(username, answer.tokens, answer.new_device)
    if answer.challenge_name is None:
        raise SignInException("Cognito answered with neither tokens nor a challenge")
    given = answer.parameters
    return Challenged(
        username=given.get("USERNAME") or given.get("USER_ID_FOR_SRP") or username,
        name=answer.challenge_name,
        session=answer.session,
        parameters=given,
        available_challenges=answer.available_challenges,
    )


def stopped_by(error: PasswordResetRequiredException | UserNotConfirmedException) -> Stopped:
    """Turn the two refusals that are really steps into them, as Amplify does."""
    return Stopped(ResetPassword() if isinstance(error, PasswordResetRequiredException) else ConfirmSignUp())
