"""Requests about the user's account that also change the session."""

from __future__ import annotations

from attrs import evolve

from .._gateways.authenticated_user import AuthenticatedUser
from .._gateways.user_pool import UserPool
from .._models import Metadata
from .devices import session_device, without_device
from .indexing import leave_index, user_id_of
from .rekeying import rekey_or_raise
from .session import Session
from .user_sessions import delete_all, end_users_of_name


async def change_password(
    session: Session, user: AuthenticatedUser, old_password: str, new_password: str, *, rekeys: bool
) -> None:
    """Change the user's password (ChangePassword), and move the session under a fresh key.

    Args:
        session: The user's session.
        user: The user's operations.
        old_password: The current password.
        new_password: The new password.
        rekeys: Whether to move the session: False for a client that borrows its tokens, which has no
            session of its own.

    Raises:
        SignInException: Another request has moved the session; the password is changed.
        ServiceError: Cognito refused.
        StorageError: The storage failed; the password is changed.
    """
    await user.change_password(old_password, new_password)
    if rekeys:
        await rekey_or_raise(session, lambda record: evolve(record, redirects=()))


async def confirm_reset_password(
    session: Session,
    pool: UserPool,
    username: str,
    new_password: str,
    code: str,
    *,
    client_metadata: Metadata,
) -> None:
    """Set a new password with a code (ConfirmForgotPassword), and end the user's other sessions.

    Args:
        session: The caller's session, which goes on.
        pool: The user pool's operations.
        username: The name that was entered. Users who have signed in with it, or whose username it is,
            are found by it.
        new_password: The new password.
        code: The code.
        client_metadata: For the user pool's triggers.

    Raises:
        ServiceError: Cognito refused.
        StorageError: The password is set, and a session could not be ended. It is ended in the background
            once the storage works again.
    """
    await pool.confirm_forgot_password(username, new_password, code, client_metadata=client_metadata)
    if session.context.is_indexed:
        await end_users_of_name(session.context, username, keep=session.session_id)


async def forget_device(session: Session, user: AuthenticatedUser, device_key: str | None) -> None:
    """Forget a device (ForgetDevice), and delete its entry if it is this browser's.

    Args:
        session: The user's session.
        user: The user's operations.
        device_key: The device's key; None for the session's own device.

    Raises:
        DeviceMetadataNotFoundException: No key is given, and this browser is not remembered as the
            session's device.
        ServiceError: Cognito refused.
        StorageError: The storage failed.
    """
    if device_key is None:
        record = (await session.load()).record
        device_key = session_device(await session.devices.load(), record).device_key
    await user.forget_device(device_key)
    await session.devices.forget(device_key)
    await session.update(lambda record: without_device(record, device_key))


async def remember_device(session: Session, user: AuthenticatedUser) -> None:
    """Let the session's device stand in for a second factor (UpdateDeviceStatus).

    Args:
        session: The user's session.
        user: The user's operations.

    Raises:
        DeviceMetadataNotFoundException: This browser is not remembered as the session's device.
        ServiceError: Cognito refused.
        StorageError: The storage failed.
    """
    record = (await session.load()).record
    device = session_device(await session.devices.load(), record)
    await user.update_device_status(device.device_key, "remembered")


async def delete_user(session: Session, user: AuthenticatedUser) -> None:
    """Delete the account (DeleteUser) and all of its sessions.

    Args:
        session: The user's session.
        user: The user's operations.

    Raises:
        ServiceError: Cognito refused; the session goes on.
        StorageError: The account is deleted, and a session could not be deleted.
    """
    await user.delete_user()
    loaded = await session.forget()
    await leave_index(session.context, loaded.address.session_id, loaded.record.tokens)
    if loaded.record.tokens is not None:
        await session.devices.forget_user(loaded.record.tokens.username)
    await session.context.emit(session.session_id, "signedOut")
    user_id = user_id_of(loaded.record.tokens)
    if session.context.is_indexed and user_id is not None:
        await delete_all(session.context, user_id)
