"""Remembered devices: proving one at sign-in, and dropping one that Cognito has forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from attrs import evolve

from .. import _srp as srp
from .._responses import Authenticated, AuthResponse, Challenged
from ..errors import DeviceMetadataNotFoundException, ResourceNotFoundException
from .context import FlowContext, outcome, password_claim

# Cognito returns one error code for every missing resource; only the message tells which one.
_DEVICE_IS_GONE = "Device does not exist."


def device_key(context: FlowContext, username: str) -> dict[str, str]:
    """Return the parameter DEVICE_KEY, if this browser is a remembered device of ``username``."""
    device = context.devices.get(username)
    return {} if device is None else {"DEVICE_KEY": device.device_key}


async def with_device(
    context: FlowContext,
    username: str,
    request: Callable[[Mapping[str, str]], Awaitable[AuthResponse]],
    known_as: str | None = None,
) -> Authenticated | Challenged:
    """Send a request with the device key, and again without it if Cognito has forgotten the device.

    Args:
        context: The context of the sign-in.
        username: The username of the device's entry.
        request: Sends the request; takes the parameter DEVICE_KEY, or an empty mapping.
        known_as: The username for the next requests, if it is another.

    Returns:
        The outcome, with the key of a device that Cognito has forgotten.
    """
    known_as = known_as or username
    key = device_key(context, username)
    try:
        return await proceed(context, await request(key), known_as)
    except ResourceNotFoundException as error:
        if not key or _DEVICE_IS_GONE not in error.message:
            raise
    gone = key["DEVICE_KEY"]
    context = evolve(
        context, devices={name: d for name, d in context.devices.items() if d.device_key != gone}
    )
    result = await proceed(context, await request({}), known_as)
    return evolve(result, gone_device=gone)


async def proceed(context: FlowContext, response: AuthResponse, username: str) -> Authenticated | Challenged:
    """Return the outcome of a response, after proving the device if Cognito asks for it."""
    if response.challenge_name == "DEVICE_SRP_AUTH":
        return await device_srp_auth(context, response, username)
    return outcome(response, username)


async def device_srp_auth(
    context: FlowContext, challenge: AuthResponse, username: str
) -> Authenticated | Challenged:
    """Prove the device (DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER) in place of a second factor.

    Raises:
        DeviceMetadataNotFoundException: This browser is not a remembered device of the user.
        SrpError: Cognito's SRP values are malformed.
    """
    device = context.devices.get(username)
    if device is None:
        raise DeviceMetadataNotFoundException(
            "Cognito asks for the proof of a device, and this browser is not a remembered device of the user"
        )
    ephemeral = await srp.new_ephemeral()
    verifier = await context.pool.respond_to_auth_challenge(
        "DEVICE_SRP_AUTH",
        {"USERNAME": username, "SRP_A": ephemeral.public_hex, "DEVICE_KEY": device.device_key},
        session=challenge.session,
        client_metadata=context.client_metadata,
    )
    claim = await password_claim(
        context,
        verifier,
        ephemeral,
        pool_name=device.device_group_key,
        user_id=device.device_key,
        password=device.random_password,
    )
    known_as = verifier.parameters.get("USERNAME") or username
    response = await context.pool.respond_to_auth_challenge(
        "DEVICE_PASSWORD_VERIFIER",
        {"USERNAME": known_as, **claim, "DEVICE_KEY": device.device_key},
        session=verifier.session,
        client_metadata=context.client_metadata,
    )
    return outcome(response, username)
