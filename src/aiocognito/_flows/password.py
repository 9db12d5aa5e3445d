"""The flows that begin a sign-in: by password, by custom challenge, or by a choice of first factor."""

from __future__ import annotations

from collections.abc import Mapping

from .. import _srp as srp
from .._responses import AuthResponse, Outcome
from ..errors import EmptyUserIdForSRPException
from .context import FlowContext, password_claim
from .devices import proceed, with_device


async def user_srp_auth(context: FlowContext, username: str, password: str) -> Outcome:
    """Prove the password without sending it (USER_SRP_AUTH)."""
    return await _srp_auth(context, "USER_SRP_AUTH", username, password, {})


async def user_password_auth(context: FlowContext, username: str, password: str) -> Outcome:
    """Send the password (USER_PASSWORD_AUTH), for user migration and for app clients without SRP."""

    async def request(device: Mapping[str, str]) -> AuthResponse:
        return await context.pool.initiate_auth(
            "USER_PASSWORD_AUTH",
            {"USERNAME": username, "PASSWORD": password, **device},
            client_metadata=context.client_metadata,
        )

    return await with_device(context, username, request)


async def custom_auth(context: FlowContext, username: str) -> Outcome:
    """Let the user pool's triggers ask (CUSTOM_AUTH)."""

    async def request(device: Mapping[str, str]) -> AuthResponse:
        return await context.pool.initiate_auth(
            "CUSTOM_AUTH", {"USERNAME": username, **device}, client_metadata=context.client_metadata
        )

    return await with_device(context, username, request)


async def custom_auth_with_srp(context: FlowContext, username: str, password: str) -> Outcome:
    """Prove the password by SRP, then let the user pool's triggers ask (CUSTOM_AUTH).

    The first challenge is answered as PASSWORD_VERIFIER even if Cognito returns another name.
    """
    ephemeral = await srp.new_ephemeral()
    response = await context.pool.initiate_auth(
        "CUSTOM_AUTH",
        {"USERNAME": username, "SRP_A": ephemeral.public_hex, "CHALLENGE_NAME": "SRP_A"},
        client_metadata=context.client_metadata,
    )
    return await password_verifier(context, response, password, ephemeral)


async def user_auth(
    context: FlowContext,
    username: str,
    password: str | None = None,
    *,
    preferred_challenge: str | None = None,
    session: str | None = None,
) -> Outcome:
    """Let the user choose a first factor, or begin with the preferred one (USER_AUTH).

    Args:
        context: The context of the sign-in.
        username: The username, or an alias of it.
        password: For the preferred challenges PASSWORD and PASSWORD_SRP.
        preferred_challenge: The first factor to begin with.
        session: The session that ConfirmSignUp returned, which replaces the first factor.
    """
    if preferred_challenge == "PASSWORD_SRP" and password is not None:
        extra = {"PREFERRED_CHALLENGE": preferred_challenge}
        return await _srp_auth(context, "USER_AUTH", username, password, extra, session=session)
    parameters = {"USERNAME": username}
    if preferred_challenge is not None:
        parameters["PREFERRED_CHALLENGE"] = preferred_challenge
    if preferred_challenge == "PASSWORD" and password is not None:
        parameters["PASSWORD"] = password
    response = await context.pool.initiate_auth(
        "USER_AUTH", parameters, session=session, client_metadata=context.client_metadata
    )
    return await proceed(context, response, username)


async def _srp_auth(
    context: FlowContext,
    auth_flow: str,
    username: str,
    password: str,
    extra: Mapping[str, str],
    *,
    session: str | None = None,
) -> Outcome:
    ephemeral = await srp.new_ephemeral()
    response = await context.pool.initiate_auth(
        auth_flow,
        {"USERNAME": username, "SRP_A": ephemeral.public_hex, **extra},
        session=session,
        client_metadata=context.client_metadata,
    )
    if response.challenge_name != "PASSWORD_VERIFIER":
        return await proceed(context, response, username)
    return await password_verifier(context, response, password, ephemeral)


async def password_verifier(
    context: FlowContext, challenge: AuthResponse, password: str, ephemeral: srp.Ephemeral
) -> Outcome:
    """Answer PASSWORD_VERIFIER with the SRP-6a proof (RFC 5054).

    The proof is made and sent for USER_ID_FOR_SRP, because the user may have typed an alias and the proof
    is only valid for Cognito's username.

    Raises:
        EmptyUserIdForSRPException: Cognito returned no USER_ID_FOR_SRP.
        SrpError: Cognito's SRP values are malformed.
    """
    given = challenge.parameters
    user_id = given.get("USER_ID_FOR_SRP")
    if not user_id:
        raise EmptyUserIdForSRPException("Cognito's password challenge has no USER_ID_FOR_SRP")
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

    # The next requests must have the username of the proof, not the alias.
    return await with_device(context, user_id, request, known_as=given.get("USERNAME"))
