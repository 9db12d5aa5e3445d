"""What the flows of one sign-in have in common: whom they talk to, and what an answer means."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import field, frozen

from .. import _srp as srp
from .._gateways.user_pool import UserPool
from .._responses import Authenticated, AuthResponse, Challenged, RememberedDevice, Stopped
from ..errors import PasswordResetRequiredException, SignInException, UserNotConfirmedException
from ..steps import ConfirmSignUp, ResetPassword

Metadata = Mapping[str, str] | None


@frozen
class FlowContext:
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


async def password_claim(
    context: FlowContext,
    challenge: AuthResponse,
    ephemeral: srp.Ephemeral,
    *,
    pool_name: str,
    user_id: str,
    password: str,
) -> dict[str, str]:
    """Prove a password, or a device's secret, by SRP-6a (RFC 5054) against Cognito's half of it.

    Args:
        talk: Whom to ask; the proof carries the time.
        challenge: Cognito's half.
        ephemeral: Ours, of which Cognito was told.
        pool_name: What the proof is for: the user pool's name, or the device's group.
        user_id: Whom it is for: the user, or the device.
        password: What is proven.

    Returns:
        The members of the response that are the proof.

    Raises:
        SrpError: Cognito's half is malformed, or a value that SRP-6a forbids.
    """
    given = challenge.parameters
    secret_block, timestamp = given.get("SECRET_BLOCK", ""), srp.timestamp(context.clock())
    signature = await srp.run(
        srp.password_claim_signature,
        ephemeral,
        pool_name=pool_name,
        user_id=user_id,
        password=password,
        srp_b_hex=given.get("SRP_B", ""),
        salt_hex=given.get("SALT", ""),
        secret_block=secret_block,
        timestamp=timestamp,
    )
    return {
        "PASSWORD_CLAIM_SECRET_BLOCK": secret_block,
        "TIMESTAMP": timestamp,
        "PASSWORD_CLAIM_SIGNATURE": signature,
    }


def outcome(answer: AuthResponse, username: str) -> Authenticated | Challenged:
    """Say what an answer means for ``username``, whom Cognito may know by another name.

    Raises:
        SignInException: It holds neither tokens nor a challenge.
    """
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
