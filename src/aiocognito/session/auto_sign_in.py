"""Signing in by itself after a sign-up: what is remembered, and for how long. Never a password."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from attrs import evolve

from ..answers import SignUpAnswer
from ..errors import AutoSignInException
from ..models import AutoSignInOptions
from ..results import SignInResult
from ..steps import ConfirmSignUp
from .record import PendingAutoSignIn, SessionRecord
from .session import Session

# Amplify's: a sign-up is waited for three minutes, and a link looked for every five seconds.
WAIT_SECONDS: Final = 180.0
POLL_SECONDS: Final = 5.0
# How often a clock that is set, not slept on, is looked at.
GLANCE_SECONDS: Final = 0.02


async def plan(session: Session, username: str, options: AutoSignInOptions, answer: SignUpAnswer) -> None:
    """Remember that a sign-in is to follow this sign-up, in place of what was to follow before."""
    pending = PendingAutoSignIn(
        username=username,
        auth_flow_type=options.auth_flow_type,
        preferred_challenge=options.preferred_challenge,
        client_metadata=options.client_metadata,
        expires_at=session.shared.clock() + WAIT_SECONDS,
        is_confirmed=answer.user_confirmed,
        session=answer.session,
    )
    await session.update(lambda record: evolve(record, auto_sign_in=pending))


async def forget(session: Session) -> None:
    """Forget what was to follow."""
    await session.update(lambda record: evolve(record, auto_sign_in=None))


async def planned(session: Session, username: str | None = None) -> PendingAutoSignIn | None:
    """Return what is to follow, if anything is, and if it is for ``username``."""
    pending = (await session.load()).record.auto_sign_in
    return pending if pending is not None and username in {None, pending.username} else None


async def confirmed(session: Session, username: str, handle: str | None) -> bool:
    """Note that an account was confirmed, and say whether its sign-in is to follow.

    Args:
        session: Where the sign-up was begun.
        username: Whose account.
        handle: What ConfirmSignUp gave to go on with.
    """

    def change(record: SessionRecord) -> SessionRecord:
        pending = record.auto_sign_in
        if pending is None or pending.username != username:
            return evolve(record, auto_sign_in=None)
        expires_at = session.shared.clock() + WAIT_SECONDS
        pending = evolve(pending, is_confirmed=True, session=handle, expires_at=expires_at)
        return evolve(record, auto_sign_in=pending)

    return (await session.update(change)).record.auto_sign_in is not None


async def take(session: Session) -> PendingAutoSignIn:
    """Return what is to follow. It is done once: a confirmed one is forgotten by this.

    Raises:
        AutoSignInException: Nothing is to follow, or it is too late.
    """
    taken: list[PendingAutoSignIn | None] = []

    def change(record: SessionRecord) -> SessionRecord:
        pending = record.auto_sign_in
        taken[:] = [pending]
        return evolve(record, auto_sign_in=None) if pending is not None and pending.is_confirmed else record

    await session.update(change)
    if taken[0] is None:
        raise AutoSignInException("no sign-up is waiting for its sign-in, or it has waited too long")
    return taken[0]


async def poll(
    session: Session, pending: PendingAutoSignIn, sign_in: Callable[[], Awaitable[SignInResult]]
) -> SignInResult:
    """Try to sign in until the link was followed.

    Cancelling it loses nothing: it can be begun again for as long as the sign-up is waited for.

    Raises:
        AutoSignInException: The link was not followed in time.
    """
    clock = session.shared.clock
    while True:
        await _sleep(clock, POLL_SECONDS)
        if clock() > pending.expires_at:
            await forget(session)
            raise AutoSignInException("the sign-up was not confirmed in time")
        try:
            result = await sign_in()
        except Exception:
            await forget(session)
            raise
        if not isinstance(result.next_step, ConfirmSignUp):
            await forget(session)
            return result


async def _sleep(clock: Callable[[], float], seconds: float) -> None:
    """Sleep by the client's clock, which in a test is set and not slept on."""
    until = clock() + seconds
    while (left := until - clock()) > 0:
        before = clock()
        await anyio.sleep(min(left, GLANCE_SECONDS))
        if clock() - before >= GLANCE_SECONDS / 2:
            # It is a clock that goes by itself.
            await anyio.sleep(max(0.0, until - clock()))
