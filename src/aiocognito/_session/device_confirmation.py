"""Confirming the device that Cognito named at a sign-in (ConfirmDevice), at once or at a later call.

A user pool that tracks devices names one at each sign-in that names none, and renews that sign-in's
tokens for no other device, and only once it is confirmed. So each such device is confirmed: with its
secret stored for the browser that has a device token, or else for the session alone. What is needed
to send ConfirmDevice again stays in the session's record until it succeeded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from attrs import evolve, field, frozen

from .. import _srp as srp
from .._jwt import decode_jwt
from .._models import SignInDetails
from .._responses import Authenticated, NewDevice, Outcome, RememberedDevice
from ..errors import (
    AuthError,
    DeviceKeyExistsException,
    InvalidJWTError,
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

logger = logging.getLogger(__name__)

# The same request would be refused again. It is sent once more before the tokens are renewed, since
# the session ends if they cannot be.
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
    """What an attempt to confirm a session's device came to.

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
    """Confirm the device that Cognito named at a sign-in. A refusal fails no sign-in.

    This comes before the sign-in is stored: the session's key reaches the browser with the response,
    so a process that ends in between leaves no session behind that could be used.

    Returns:
        What to store of the device in the session, and the key to name when the tokens are renewed.

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
    """Return the device that tokens were issued to, where Cognito named no new one."""
    known = (await session.devices.load()).get(outcome.username)
    issued_to = _claim_of(outcome.tokens.access_token, "device_key")
    if known is None:
        # Another client of this session may have named the browser's device at an earlier step.
        return issued_to
    return known.device_key if issued_to in (None, known.device_key) else None


async def _new_device(session: Session, outcome: Authenticated, named: NewDevice) -> StoredDevice:
    """Make the secret of a new device, and what ConfirmDevice takes."""
    verifier = await srp.run(srp.device_verifier, named.device_group_key, named.device_key)
    browser = session.devices.storage_key if session.devices.is_tracked else None
    return StoredDevice(
        device_key=named.device_key,
        device_group_key=named.device_group_key,
        access_token=outcome.tokens.access_token,
        salt=verifier.salt,
        verifier=verifier.password_verifier,
        # For the session alone no secret is stored: the device never proves itself again.
        random_password=None if browser is None else verifier.random_password,
        browser=browser,
        tried_at=session.context.clock(),
    )


# At later calls


async def confirm_if_due(session: Session) -> Loaded:
    """Send a confirmation that failed again, unless that was done less than 30 s ago.

    Raises:
        StorageError: The attempt could not be noted in the record, so nothing was sent.
    """
    clock = session.context.clock
    return (await _claim_and_attempt(session, lambda record: record.next_confirmation_at <= clock())).loaded


async def confirm_outstanding(session: Session, loaded: Loaded) -> Confirmation:
    """Send an outstanding confirmation now, because the tokens are about to be renewed.

    This is to be called before a refresh token is presented. It does nothing if the device is
    confirmed, or if the tokens were renewed before.

    Args:
        session: Whose device.
        loaded: The record that was read.

    Returns:
        The record as it is now. With a ``failure``, a refusal of the refresh token does not say that
        the session has ended: raise the failure instead.

    Raises:
        StorageError: The attempt could not be noted in the record, so nothing was sent.
    """
    if not loaded.record.waits_for_confirmation:
        return Confirmation(loaded)
    return await _claim_and_attempt(session, lambda record: record.waits_for_confirmation)


async def _claim_and_attempt(session: Session, wanted: Callable[[SessionRecord], bool]) -> Confirmation:
    """Note the attempt in the record by compare-and-set, so that one of many callers sends it."""
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
    """Send what is outstanding, and store what came of it."""
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
    """ConfirmDevice: return the device as it is afterwards, confirmed or refused.

    Raises:
        AuthError: The same request may succeed later.
    """
    user = session.pool.authenticated_user(device.access_token or "")
    asks_user = False
    try:
        asks_user = await user.confirm_device(
            device.device_key,
            name=session.context.config.device_name,
            salt=device.salt or "",
            verifier=device.verifier or "",
        )
    except DeviceKeyExistsException:
        # An earlier attempt succeeded, and its answer was lost. Whether Cognito remembers the device
        # is not known, so the safe assumption is that it does.
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
    logger.debug("%s: the session's device is sent again later: %s", session.session_id, error.name)


async def _do_not_remember(session: Session, device: StoredDevice, access_token: str) -> StoredDevice:
    """UpdateDeviceStatus: a device whose secret no browser has stands in for no second factor.

    A failure is left to the next attempt.
    """
    if device.not_remembered:
        return device
    try:
        await session.pool.authenticated_user(access_token).update_device_status(
            device.device_key, "not_remembered"
        )
    except REFUSALS:
        pass  # It would be refused again, and the device's secret is gone all the same.
    except AuthError as error:
        _log_failure(session, error)
        return device
    return evolve(device, not_remembered=True)


async def _store_for_browser(session: Session, device: StoredDevice) -> Loaded:
    """Move a confirmed device's secret from the session to the browser's entry.

    The entry is written first: a process that ends in between loses nothing, as ConfirmDevice is then
    answered with DeviceKeyExistsException, which is success.
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
    # Cognito's name for the user is in the token; the flow may know no name but what was typed.
    names = (
        username,
        details.login_id if details is not None else None,
        _claim_of(device.access_token, "username"),
    )
    store = DeviceStore.at(session.context, device.browser)
    await store.remember(entry, *(name for name in names if name is not None))


async def _store(session: Session, device: StoredDevice, *, keep: bool = True) -> Loaded:
    """Store what came of an attempt, unless the session has ended or has another device by now."""

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
    """Drop what ConfirmDevice was sent with: a confirmed device is not confirmed again."""
    return evolve(device, access_token=None, salt=None, verifier=None, random_password=None)


def _is_of(record: SessionRecord, device: StoredDevice) -> bool:
    return record.device is not None and record.device.device_key == device.device_key


def _claim_of(access_token: str | None, name: str) -> str | None:
    try:
        value = decode_jwt(access_token or "").payload.get(name)
    except InvalidJWTError:
        return None
    return value if isinstance(value, str) else None


# At the end


async def forget_session_device(session: Session, record: SessionRecord) -> None:
    """ForgetDevice: remove a device that was confirmed for an ended session alone.

    It is sent before the access token is revoked. A failure is ignored: such a device proves nothing,
    and its tokens are revoked besides.

    Args:
        session: What has ended.
        record: What was stored of it.
    """
    tokens = session.read_tokens(record)
    if record.device is None or record.tokens is None or tokens is None:
        return
    if record.device.refused:
        return  # Cognito has no such device.
    if session.context.clock() < session.expires_at(record.tokens, tokens):
        with suppress(AuthError):
            await session.pool.authenticated_user(record.tokens.access_token).forget_device(
                record.device.device_key
            )
