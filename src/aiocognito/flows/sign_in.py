"""How a sign-in begins: one flow per authentication flow of Cognito."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import field, frozen

from .. import srp
from ..answers import AuthAnswer, Authenticated, Challenged, Outcome, Stopped
from ..errors import (
    EmptyUserIdForSRPException,
    PasswordResetRequiredException,
    SignInException,
    UserNotConfirmedException,
)
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
    """

    pool: UserPool
    clock: Callable[[], float]
    client_metadata: Metadata = field(default=None, repr=False)


async def user_srp_auth(talk: Conversation, username: str, password: str) -> Outcome:
    """USER_SRP_AUTH: prove the password without sending it."""
    ephemeral = await srp.run(srp.Ephemeral.generate)
    answer = await talk.pool.initiate_auth(
        "USER_SRP_AUTH",
        {"USERNAME": username, "SRP_A": ephemeral.public_hex},
        client_metadata=talk.client_metadata,
    )
    if answer.challenge_name != "PASSWORD_VERIFIER":
        return outcome(answer, username)
    return await password_verifier(talk, answer, username, password, ephemeral)


async def user_password_auth(talk: Conversation, username: str, password: str) -> Outcome:
    """USER_PASSWORD_AUTH: send the password, for user migration and for pools without SRP."""
    answer = await talk.pool.initiate_auth(
        "USER_PASSWORD_AUTH",
        {"USERNAME": username, "PASSWORD": password},
        client_metadata=talk.client_metadata,
    )
    return outcome(answer, username)


async def password_verifier(
    talk: Conversation, challenge: AuthAnswer, username: str, password: str, ephemeral: srp.Ephemeral
) -> Outcome:
    """PASSWORD_VERIFIER: answer Cognito's half of SRP-6a (RFC 5054) with the proof.

    Everything is signed and sent under USER_ID_FOR_SRP: whoever typed an alias is known to
    Cognito by another name, and the proof is only good for that one.
    """
    given = challenge.parameters
    user_id = given.get("USER_ID_FOR_SRP")
    if not user_id:
        raise EmptyUserIdForSRPException("Cognito's password challenge names no USER_ID_FOR_SRP")
    timestamp = srp.timestamp(talk.clock())
    signature = await srp.run(
        srp.password_claim_signature,
        ephemeral,
        pool_name=talk.pool.name,
        user_id=user_id,
        password=password,
        srp_b_hex=given.get("SRP_B", ""),
        salt_hex=given.get("SALT", ""),
        secret_block=given.get("SECRET_BLOCK", ""),
        timestamp=timestamp,
    )
    answer = await talk.pool.respond_to_auth_challenge(
        "PASSWORD_VERIFIER",
        {
            "USERNAME": user_id,
            "PASSWORD_CLAIM_SECRET_BLOCK": given.get("SECRET_BLOCK", ""),
            "TIMESTAMP": timestamp,
            "PASSWORD_CLAIM_SIGNATURE": signature,
        },
        session=challenge.session,
        client_metadata=talk.client_metadata,
    )
    return outcome(answer, given.get("USERNAME") or username)


def outcome(answer: AuthAnswer, username: str) -> Outcome:
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
