"""Automatic sign-in after a sign-up: the stored plan, and how it is carried out. No password is stored."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import anyio
from attrs import evolve

from .._flows.sign_in import SignInRequest, sign_in_request
from .._models import AutoSignInOptions
from .._responses import SignUpResponse
from .._results import SignInResult
from ..errors import AutoSignInException
from ..steps import ConfirmSignUp
from .record import PendingAutoSignIn, SessionRecord
from .rekeying import rekey
from .session import Session, Superseded
from .sign_in import sign_in, sign_in_after_sign_up

# As in Amplify: wait three minutes for the confirmation, and try to sign in every five seconds.
WAIT_SECONDS: Final = 180.0
POLL_SECONDS: Final = 5.0
# How often the client's clock is read meanwhile: a test may set it forward.
CLOCK_POLL_SECONDS: Final = 0.05

# The attributes that may identify a user in place of the username.
_ALIASES: Final = ("email", "phone_number")


async def plan(
    session: Session,
    username: str,
    options: AutoSignInOptions,
    response: SignUpResponse,
    user_attributes: Mapping[str, str] | None = None,
) -> None:
    """Store that a sign-in follows this sign-up, in place of an earlier plan.

    Args:
        session: The session of the sign-up.
        username: As given at sign-up.
        options: How to sign in.
        response: The response of SignUp.
        user_attributes: As given at sign-up.
    """
    given = user_attributes or {}
    aliases = {name: given[name] for name in _ALIASES if given.get(name)}
    if response.user_sub:
        aliases["sub"] = response.user_sub
    pending = PendingAutoSignIn(
        username=username,
        auth_flow_type=options.auth_flow_type,
        preferred_challenge=options.preferred_challenge,
        client_metadata=options.client_metadata,
        expires_at=session.context.clock() + WAIT_SECONDS,
        is_confirmed=response.user_confirmed,
        session=response.session,
        aliases=aliases or None,
    )
    began = await session.load()
    try:
        await rekey(session, lambda record: evolve(record, auto_sign_in=pending, redirects=()), began=began)
        return
    except Superseded:
        pass
    raise AutoSignInException("the account was created, but the session was signed in elsewhere meanwhile")


async def forget_plan(session: Session) -> None:
    """Delete the stored plan, if there is one."""
    await session.update(lambda record: evolve(record, auto_sign_in=None))


async def load_plan(session: Session, username: str | None = None) -> PendingAutoSignIn | None:
    """Return the stored plan; None if it is absent, or not for ``username`` (in any spelling)."""
    pending = (await session.load()).record.auto_sign_in
    return pending if pending is not None and (username is None or pending.is_of(username)) else None


async def note_confirmation(session: Session, username: str, handle: str | None) -> bool:
    """Store that an account was confirmed, and return whether its sign-in follows.

    Args:
        session: The session of the sign-up.
        username: The account's username, in any spelling.
        handle: The session that ConfirmSignUp returned.
    """

    def change(record: SessionRecord) -> SessionRecord:
        pending = record.auto_sign_in
        if pending is None or not pending.is_of(username):
            return evolve(record, auto_sign_in=None)
        expires_at = session.context.clock() + WAIT_SECONDS
        pending = evolve(pending, is_confirmed=True, session=handle, expires_at=expires_at)
        return evolve(record, auto_sign_in=pending, redirects=())

    began = await session.load()
    if change(began.record).auto_sign_in is None:
        return (await session.update(change)).record.auto_sign_in is not None
    try:
        return (await rekey(session, change, began=began)).record.auto_sign_in is not None
    except Superseded:
        return False  # The session was signed in elsewhere. The account is confirmed nevertheless.


class SignUpPassword:
    """The password of a sign-up that an automatic sign-in follows. It stays in memory and is never stored."""

    __slots__ = ("_password", "_username")

    def __init__(self) -> None:
        self._username: str | None = None
        self._password: str | None = None

    def hold(self, username: str, password: str | None) -> None:
        """Hold the password until the sign-in is done or given up."""
        self._username, self._password = username, password

    def forget(self) -> None:
        """Delete the password."""
        self._username = self._password = None

    def of(self, username: str) -> str | None:
        """Return the password of ``username``; None if it is not held."""
        return self._password if username == self._username else None


async def complete(session: Session, password: str | None, signed_up_with: SignUpPassword) -> SignInResult:
    """Sign in as planned: at once if the account is confirmed, otherwise once its link was opened.

    A plan is carried out once. The call may be cancelled while it waits for the link, and be repeated
    until the plan expires.

    Args:
        session: The session of the sign-up.
        password: The caller's password, if one was given.
        signed_up_with: The password of the sign-up, which is the default. It is deleted after its use.

    Raises:
        AutoSignInException: No plan is stored, it has expired, another caller carries it out, or the
            account must be confirmed by a code first.
        AuthValidationError: The password is missing. The plan stays stored.
    """
    clock = session.context.clock
    by_link = session.context.config.sign_up_verification_method == "link"
    next_try = clock() + POLL_SECONDS
    while True:
        plan = await load_plan(session)
        if plan is None:
            raise AutoSignInException("no automatic sign-in is planned, or it has expired")
        given = password if password is not None else signed_up_with.of(plan.username)
        request = _request(session, plan, given)
        if plan.is_confirmed:
            await _claim(session, plan)
            return await _once(session, sign_in(session, request, plan.client_metadata), signed_up_with)
        if not by_link:
            raise AutoSignInException(
                "the account is not confirmed yet", recovery_suggestion="Call confirm_sign_up first."
            )
        if clock() >= next_try:
            work = sign_in_after_sign_up(session, request, plan.client_metadata)
            result = await _try(session, plan, work, signed_up_with)
            if not isinstance(result.next_step, ConfirmSignUp):
                return result
            next_try = clock() + POLL_SECONDS
        await _sleep_until(clock, next_try)


def _request(session: Session, plan: PendingAutoSignIn, password: str | None) -> SignInRequest:
    """Return the sign-in request of a plan.

    Raises:
        AuthValidationError: The password is missing.
    """
    return sign_in_request(
        plan.auth_flow_type,
        plan.username,
        None if plan.auth_flow_type == "CUSTOM_WITHOUT_SRP" else password,
        preferred_challenge=plan.preferred_challenge,
        passwordless=session.context.config.passwordless,
        session=plan.session,
    )


async def _once(
    session: Session, work: Coroutine[Any, Any, SignInResult], signed_up_with: SignUpPassword
) -> SignInResult:
    """Sign in, in a task that goes on if the caller is cancelled. Delete the password after an error."""
    try:
        return await session.run(work)
    except Exception:
        signed_up_with.forget()
        raise


async def _claim(session: Session, plan: PendingAutoSignIn) -> None:
    """Remove the plan from the record, so that only one caller carries it out.

    Raises:
        AutoSignInException: Another caller has removed it.
    """

    def change(record: SessionRecord) -> SessionRecord:
        if record.auto_sign_in != plan:
            raise AutoSignInException("another caller is carrying out the automatic sign-in")
        return evolve(record, auto_sign_in=None)

    await session.update(change)


async def _try(
    session: Session,
    plan: PendingAutoSignIn,
    work: Coroutine[Any, Any, SignInResult],
    signed_up_with: SignUpPassword,
) -> SignInResult:
    """Sign in, and delete the plan unless the account is not confirmed yet."""
    try:
        result = await _once(session, work, signed_up_with)
    except Exception:
        await _drop(session, plan)
        raise
    if not isinstance(result.next_step, ConfirmSignUp):
        await _drop(session, plan)
    return result


async def _drop(session: Session, plan: PendingAutoSignIn) -> None:
    await session.update(
        lambda record: evolve(record, auto_sign_in=None) if record.auto_sign_in == plan else record
    )


async def _sleep_until(clock: Callable[[], float], moment: float) -> None:
    """Sleep by the client's clock, which tests set forward."""
    while (left := moment - clock()) > 0:  # noqa: ASYNC110 - a clock that is set emits no event
        await anyio.sleep(min(left, CLOCK_POLL_SECONDS))
