"""Confirming the device that Cognito named at a sign-in (ConfirmDevice), at once or at a later call.

A user pool that tracks devices names a new device at each sign-in that names no known one. It renews the
sign-in's tokens only for that device, and only once it is confirmed. So each new device is confirmed. Its
secret is stored for the browser if that has a device token; otherwise the device belongs to the session
alone. The arguments of ConfirmDevice stay in the session's record until the request succeeds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from attrs import evolve, field, frozen

from .. import _srp as srp
from .._jwt import text_claim
from .._models import SignInDetails
from .._responses import Authenticated, NewDevice, Outcome, RememberedDevice
from ..errors import (
    AuthError,
    DeviceKeyExistsException,
    InvalidParameterException,
    InvalidUserPoolConfigurationException,
    NotAuthorizedException,
    PasswordResetRequiredException,
    ResourceNotFoundException,
    UserNotConfirmedException,
    UserNotFoundException,
)
from .devices import DeviceStore
from .record import SessionRecord, StoredDevice
from .session import Loaded, Session
from .stored_tokens import expires_at, read_tokens

logger = logging.getLogger(__name__)

# After these errors the same request is refused again. It is sent once more before the tokens are renewed,
# because the session ends if they cannot be renewed.
REFUSALS: Final = (
    InvalidParameterException,
    InvalidUserPoolConfigurationException,
    NotAuthorizedException,
    PasswordResetRequiredException,
    ResourceNotFoundException,
    UserNotConfirmedException,
    UserNotFoundException,
)


@frozen
class Confirmation:
    """The result of an attempt to confirm a session's device.

    Attributes:
        loaded: The session's record afterwards.
        failure: Why the device is not confirmed yet, if the same request may succeed later.
    """

    loaded: Loaded
    failure: AuthError | None = field(default=None, repr=False)


# At a sign-in


async def settle_device(
    session: Session, outcome: Outcome, details: SignInDetails
) -> tuple[StoredDevice | None, str | None]:
    """Confirm the device that Cognito named at a sign-in. The sign-in succeeds even if that fails.

    Call this before the sign-in is stored: if the process ends in between, no usable session is left
    behind.

    Returns:
        The device as stored in the session, and the device key to send when the tokens are renewed.

    Raises:
        StorageError: The browser's entry could not be written.
    """
    if not isinstance(outcome, Authenticated):
        return None, None
    if outcome.new_device is None:
        return None, await _known_device(session, outcome)
    device = await _new_device(session, outcome, outcome.new_device)
    try:
        device = await _confirm(session, device)
    except AuthError as error:
        _log_failure(session, error)
        return device, None
    if not device.confirmed:
        return device, None
    if device.random_password is not None:
        await _hand_over(session, device, outcome.username, details)
        return None, device.device_key
    device = await _do_not_remember(session, device, outcome.tokens.access_token)
    return _without_secrets(device), device.device_key


async def _known_device(session: Session, outcome: Authenticated) -> str | None:
    """Return the key of the device that the tokens were issued to, if Cognito named no new device."""
    known = (await session.devices.load()).get(outcome.username)
    issued_to = text_claim(outcome.tokens.access_token, "device_key")
    if known is None:
        # Another client of this session may have named the browser's device at an earlier step.
        return issued_to
    return known.device_key if issued_to in (None, known.device_key) else None


async def _new_device(session: Session, outcome: Authenticated, named: NewDevice) -> StoredDevice:
    """Make the secret of a new device, and the arguments of ConfirmDevice."""
    verifier = await srp.run(srp.device_verifier, named.device_group_key, named.device_key)
    browser = session.devices.storage_key if session.devices.is_tracked else None
    return StoredDevice(
        device_key=named.device_key,
        device_group_key=named.device_group_key,
        access_token=outcome.tokens.access_token,
        salt=verifier.salt,
        verifier=verifier.password_verifier,
        # A device of the session alone never proves itself again, so its secret is not stored.
        random_password=None if browser is None else verifier.random_password,
        browser=browser,
        tried_at=session.context.clock(),
    )


# At later calls


async def confirm_if_due(session: Session) -> Loaded:
    """Send a failed ConfirmDevice again, unless it was sent less than 30 s ago.

    Raises:
        StorageError: The attempt could not be stored in the record, so nothing was sent.
    """
    clock = session.context.clock
    return (await _claim_and_attempt(session, lambda record: record.next_confirmation_at <= clock())).loaded


async def confirm_outstanding(session: Session, loaded: Loaded) -> Confirmation:
    """Send an outstanding ConfirmDevice before the tokens are renewed.

    Does nothing if the device is confirmed, or if the tokens were renewed before.

    Args:
        session: The session.
        loaded: The record as it was read.

    Returns:
        The record as it is now. If there is a ``failure`` and Cognito refuses the refresh token, raise the
        failure: the refusal does not mean that the session has ended.

    Raises:
        StorageError: The attempt could not be stored in the record, so nothing was sent.
    """
    if not loaded.record.waits_for_confirmation:
        return Confirmation(loaded)
    return await _claim_and_attempt(session, lambda record: record.waits_for_confirmation)


async def _claim_and_attempt(session: Session, wanted: Callable[[SessionRecord], bool]) -> Confirmation:
    """Store the attempt by compare-and-set, so that only one caller sends the request."""
    claimed = False

    def claim(record: SessionRecord) -> SessionRecord:
        nonlocal claimed
        claimed = wanted(record)
        if not claimed or record.device is None:
            return record
        return evolve(record, device=evolve(record.device, tried_at=session.context.clock()))

    loaded = await session.update(claim)
    return await _attempt(session, loaded) if claimed else Confirmation(loaded)


# One attempt


async def _attempt(session: Session, loaded: Loaded) -> Confirmation:
    """Send the outstanding requests, and store their result."""
    device, tokens = loaded.record.device, loaded.record.tokens
    if device is None or tokens is None:
        return Confirmation(loaded)
    try:
        if not device.confirmed:
            device = await _confirm(session, device)
        if not device.confirmed:
            return Confirmation(await _store(session, device))
        if device.random_password is not None:
            return Confirmation(await _store_for_browser(session, device))
        device = await _do_not_remember(session, device, tokens.access_token)
        return Confirmation(await _store(session, device))
    except AuthError as error:
        failure = error
    _log_failure(session, failure)
    return Confirmation(loaded, failure)


async def _confirm(session: Session, device: StoredDevice) -> StoredDevice:
    """Send ConfirmDevice, and return the device as confirmed or refused.

    Raises:
        AuthError: The request failed, and may succeed later.
    """
    user = session.pool.authenticated_user(device.access_token or "")
    asks_user = False
    try:
        asks_user = await user.confirm_device(
            device.device_key,
            name=session.device_name,
            salt=device.salt or "",
            verifier=device.verifier or "",
        )
    except DeviceKeyExistsException:
        # An earlier attempt succeeded, and its response was lost. Assume that Cognito remembers the
        # device, which is the safe assumption.
        pass
    except REFUSALS as error:
        logger.warning(
            "%s: ConfirmDevice was refused (%s); Cognito may refuse to renew the session's tokens",
            session.session_id,
            error.name,
        )
        return evolve(device, refused=True)
    return evolve(device, confirmed=True, refused=False, not_remembered=asks_user)


def _log_failure(session: Session, error: AuthError) -> None:
    logger.debug(
        "%s: the request about the session's device is sent again later: %s", session.session_id, error.name
    )


async def _do_not_remember(session: Session, device: StoredDevice, access_token: str) -> StoredDevice:
    """Mark a device as not remembered (UpdateDeviceStatus), because no browser has its secret.

    Return the device unchanged if that failed and is to be repeated.
    """
    if device.not_remembered:
        return device
    try:
        await session.pool.authenticated_user(access_token).update_device_status(
            device.device_key, "not_remembered"
        )
    except REFUSALS:
        pass  # The request would be refused again, and the device's secret is gone anyway.
    except AuthError as error:
        _log_failure(session, error)
        return device
    return evolve(device, not_remembered=True)


async def _store_for_browser(session: Session, device: StoredDevice) -> Loaded:
    """Move a confirmed device's secret from the session to the browser's entry.

    The entry is written first. If the process ends in between, ConfirmDevice is sent again, and
    DeviceKeyExistsException counts as success.
    """
    loaded = await session.load()
    tokens = loaded.record.tokens
    if tokens is None or not _is_of(loaded.record, device):
        return loaded
    await _hand_over(session, device, tokens.username, tokens.sign_in_details)
    return await _store(session, device, keep=False)


async def _hand_over(
    session: Session, device: StoredDevice, username: str, details: SignInDetails | None
) -> None:
    """Write a confirmed device's secret to the entry of the browser that signed in."""
    if device.browser is None or device.random_password is None:
        return
    entry = RememberedDevice(device.device_key, device.device_group_key, device.random_password)
    # The token has Cognito's username; the flow may only know the typed one.
    names = (
        username,
        details.login_id if details is not None else None,
        text_claim(device.access_token, "username"),
    )
    store = DeviceStore.at(session.context, device.browser)
    await store.remember(entry, *(name for name in names if name is not None))


async def _store(session: Session, device: StoredDevice, *, keep: bool = True) -> Loaded:
    """Store the result of an attempt, unless the session has ended or has another device by now."""

    def change(record: SessionRecord) -> SessionRecord:
        known = record.device
        if record.tokens is None or known is None or not _is_of(record, device):
            return record
        if not device.confirmed:
            # A slower attempt may be refused after another one has succeeded.
            return record if known.confirmed else evolve(record, device=device)
        tokens = evolve(record.tokens, device_key=device.device_key)
        return evolve(record, tokens=tokens, device=_without_secrets(device) if keep else None)

    return await session.update(change)


def _without_secrets(device: StoredDevice) -> StoredDevice:
    """Remove the arguments of ConfirmDevice, which a confirmed device no longer needs."""
    return evolve(device, access_token=None, salt=None, verifier=None, random_password=None)


def _is_of(record: SessionRecord, device: StoredDevice) -> bool:
    return record.device is not None and record.device.device_key == device.device_key


# At the end


async def forget_session_device(session: Session, record: SessionRecord) -> None:
    """Forget the device of an ended session (ForgetDevice), if it belonged to the session alone.

    Call this before the access token is revoked. A failure is ignored: such a device proves nothing, and
    its tokens are revoked as well.

    Args:
        session: The session that has ended.
        record: The deleted record.
    """
    tokens = read_tokens(record)
    if record.device is None or record.tokens is None or tokens is None:
        return
    if record.device.refused:
        return  # Cognito does not know the device.
    if session.context.clock() < expires_at(session.context, record.tokens, tokens):
        with suppress(AuthError):
            await session.pool.authenticated_user(record.tokens.access_token).forget_device(
                record.device.device_key
            )
