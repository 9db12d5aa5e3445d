"""Remembered devices: how one is proven, and dropped when Cognito has forgotten it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from attrs import evolve

from .. import _srp as srp
from .._responses import Authenticated, AuthResponse, Challenged
from ..errors import DeviceMetadataNotFoundException, ResourceNotFoundException
from .context import FlowContext, outcome, password_claim

# Cognito has one code for everything that is not there; only the text tells a device from a pool.
_DEVICE_IS_GONE = "Device does not exist."


def device_key(context: FlowContext, username: str) -> dict[str, str]:
    """DEVICE_KEY, if this browser is a remembered device of ``username``."""
    device = context.devices.get(username)
    return {} if device is None else {"DEVICE_KEY": device.device_key}


async def with_device(
    context: FlowContext,
    username: str,
    request: Callable[[Mapping[str, str]], Awaitable[AuthResponse]],
    known_as: str | None = None,
) -> Authenticated | Challenged:
    """Make a request that may carry a device's key, and once more without it if it is gone.

    Args:
        talk: Whom to ask.
        username: Whose device.
        request: Sends the request; takes what says which device this is.
        known_as: The name to go on under, if it is another.

    Returns:
        What the answer means; it says whether the device is to be forgotten.
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


async def proceed(context: FlowContext, answer: AuthResponse, username: str) -> Authenticated | Challenged:
    """Say what an answer means, once the device has proven itself if that is what is asked."""
    if answer.challenge_name == "DEVICE_SRP_AUTH":
        return await device_srp_auth(context, answer, username)
    return outcome(answer, username)


async def device_srp_auth(
    context: FlowContext, challenge: AuthResponse, username: str
) -> Authenticated | Challenged:
    """DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER: the device's secret stands in for MFA.

    Raises:
        DeviceMetadataNotFoundException: This browser is not remembered as that person's device.
        SrpError: Cognito's half of SRP is malformed.
    """
    device = context.devices.get(username)
    if device is None:
        raise DeviceMetadataNotFoundException("Cognito asks for a device that this browser is not")
    ephemeral = await srp.run(srp.Ephemeral.generate)
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
    answer = await context.pool.respond_to_auth_challenge(
        "DEVICE_PASSWORD_VERIFIER",
        {"USERNAME": known_as, **claim, "DEVICE_KEY": device.device_key},
        session=verifier.session,
        client_metadata=context.client_metadata,
    )
    return outcome(answer, username)
