"""How a sign-in begins with a password, with a challenge of the pool's own, or with a choice."""

from __future__ import annotations

from collections.abc import Mapping

from .. import _srp as srp
from .._responses import AuthResponse, Outcome
from ..errors import EmptyUserIdForSRPException
from .context import FlowContext, password_claim
from .devices import proceed, with_device


async def user_srp_auth(context: FlowContext, username: str, password: str) -> Outcome:
    """USER_SRP_AUTH: prove the password without sending it."""
    return await _srp_auth(context, "USER_SRP_AUTH", username, password, {})


async def user_password_auth(context: FlowContext, username: str, password: str) -> Outcome:
    """USER_PASSWORD_AUTH: send the password, for user migration and for pools without SRP."""

    async def request(device: Mapping[str, str]) -> AuthResponse:
        return await context.pool.initiate_auth(
            "USER_PASSWORD_AUTH",
            {"USERNAME": username, "PASSWORD": password, **device},
            client_metadata=context.client_metadata,
        )

    return await with_device(context, username, request)


async def custom_auth(context: FlowContext, username: str) -> Outcome:
    """CUSTOM_AUTH: the pool's own triggers ask, from the start."""

    async def request(device: Mapping[str, str]) -> AuthResponse:
        return await context.pool.initiate_auth(
            "CUSTOM_AUTH", {"USERNAME": username, **device}, client_metadata=context.client_metadata
        )

    return await with_device(context, username, request)


async def custom_auth_with_srp(context: FlowContext, username: str, password: str) -> Outcome:
    """CUSTOM_AUTH behind a password: SRP first, then the pool's own triggers ask.

    Whatever Cognito calls its first challenge, it is answered as PASSWORD_VERIFIER.
    """
    ephemeral = await srp.run(srp.Ephemeral.generate)
    answer = await context.pool.initiate_auth(
        "CUSTOM_AUTH",
        {"USERNAME": username, "SRP_A": ephemeral.public_hex, "CHALLENGE_NAME": "SRP_A"},
        client_metadata=context.client_metadata,
    )
    return await password_verifier(context, answer, password, ephemeral)


async def user_auth(
    context: FlowContext,
    username: str,
    password: str | None = None,
    *,
    preferred_challenge: str | None = None,
    session: str | None = None,
) -> Outcome:
    """USER_AUTH: let the person choose a first factor, or begin with the preferred one.

    Args:
        talk: Whom to ask.
        username: The name, or an alias of it.
        password: For the preferred challenges PASSWORD and PASSWORD_SRP.
        preferred_challenge: The first factor to begin with.
        session: What ConfirmSignUp gave, to go on without another factor.
    """
    if preferred_challenge == "PASSWORD_SRP" and password is not None:
        extra = {"PREFERRED_CHALLENGE": preferred_challenge}
        return await _srp_auth(context, "USER_AUTH", username, password, extra, session=session)
    parameters = {"USERNAME": username}
    if preferred_challenge is not None:
        parameters["PREFERRED_CHALLENGE"] = preferred_challenge
    if preferred_challenge == "PASSWORD" and password is not None:
        parameters["PASSWORD"] = password
    answer = await context.pool.initiate_auth(
        "USER_AUTH", parameters, session=session, client_metadata=context.client_metadata
    )
    return await proceed(context, answer, username)


async def _srp_auth(
    context: FlowContext,
    auth_flow: str,
    username: str,
    password: str,
    extra: Mapping[str, str],
    *,
    session: str | None = None,
) -> Outcome:
    ephemeral = await srp.run(srp.Ephemeral.generate)
    answer = await context.pool.initiate_auth(
        auth_flow,
        {"USERNAME": username, "SRP_A": ephemeral.public_hex, **extra},
        session=session,
        client_metadata=context.client_metadata,
    )
    if answer.challenge_name != "PASSWORD_VERIFIER":
        return await proceed(context, answer, username)
    return await password_verifier(context, answer, password, ephemeral)


async def password_verifier(
    context: FlowContext, challenge: AuthResponse, password: str, ephemeral: srp.Ephemeral
) -> Outcome:
    """PASSWORD_VERIFIER: answer Cognito's half of SRP-6a (RFC 5054) with the proof.

    Everything is signed and sent under USER_ID_FOR_SRP: whoever typed an alias is known to
    Cognito by another name, and the proof is only good for that one.

    Raises:
        EmptyUserIdForSRPException: Cognito named nobody to prove it for.
        SrpError: Cognito's half of SRP is malformed.
    """
    given = challenge.parameters
    user_id = given.get("USER_ID_FOR_SRP")
    if not user_id:
        raise EmptyUserIdForSRPException("Cognito's password challenge names no USER_ID_FOR_SRP")
    claim = await password_claim(
        context, challenge, ephemeral, pool_name=context.pool.name, user_id=user_id, password=password
    )

    async def request(device: Mapping[str, str]) -> AuthResponse:
        return await context.pool.respond_to_auth_challenge(
            "PASSWORD_VERIFIER",
            {"USERNAME": user_id, **claim, **device},
            session=challenge.session,
            client_metadata=context.client_metadata,
        )

    # Never the alias: what follows must name whom the proof was for.
    return await with_device(context, user_id, request, known_as=given.get("USERNAME"))
