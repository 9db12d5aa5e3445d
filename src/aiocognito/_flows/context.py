"""The context that the flows of one sign-in share, and the outcome of a response."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import field, frozen

from .. import _srp as srp
from .._gateways.user_pool import UserPool
from .._models import Metadata
from .._responses import Authenticated, AuthResponse, Challenged, RememberedDevice, Stopped
from ..errors import PasswordResetRequiredException, SignInException, UserNotConfirmedException
from ..steps import ConfirmSignUp, ResetPassword


@frozen
class FlowContext:
    """The context of one sign-in.

    Attributes:
        pool: The user pool.
        clock: Returns seconds since the epoch, for the time stamp in SRP proofs.
        client_metadata: For the user pool's triggers, with every request of this call.
        devices: The browser's remembered devices, by Cognito's username.
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
    """Return the SRP-6a proof (RFC 5054) of a password or of a device's secret.

    Args:
        context: The context of the sign-in; the proof contains the time.
        challenge: Cognito's challenge, with SRP_B and SALT.
        ephemeral: Our ephemeral key pair, whose public key was sent as SRP_A.
        pool_name: The user pool's name, or the device group key.
        user_id: The user's id for SRP, or the device key.
        password: The password, or the device's secret.

    Returns:
        The members of the response.

    Raises:
        SrpError: Cognito's values are malformed, or forbidden by SRP-6a.
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


def outcome(response: AuthResponse, username: str) -> Authenticated | Challenged:
    """Return the outcome of a response. Cognito may return another username than ``username``.

    Raises:
        SignInException: The response has neither tokens nor a challenge.
    """
    if response.tokens is not None:
        return Authenticated(username, response.tokens, response.new_device)
    if response.challenge_name is None:
        raise SignInException("Cognito returned neither tokens nor a challenge")
    given = response.parameters
    return Challenged(
        username=given.get("USERNAME") or given.get("USER_ID_FOR_SRP") or username,
        name=response.challenge_name,
        session=response.session,
        parameters=given,
        available_challenges=response.available_challenges,
    )


def stopped_by(error: PasswordResetRequiredException | UserNotConfirmedException) -> Stopped:
    """Return the step for the two errors that Amplify turns into steps."""
    return Stopped(ResetPassword() if isinstance(error, PasswordResetRequiredException) else ConfirmSignUp())
