"""Signing in by itself after a sign-up: what is remembered, and for how long. Never a password."""

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

# Amplify's: a sign-up is waited for three minutes, and a link looked for every five seconds.
WAIT_SECONDS: Final = 180.0
POLL_SECONDS: Final = 5.0
# How often the client's clock is looked at meanwhile: somebody may set it.
GLANCE_SECONDS: Final = 0.05


# The attributes by which a user may be named instead of the username.
_ALIASES: Final = ("email", "phone_number")


async def plan(
    session: Session,
    username: str,
    options: AutoSignInOptions,
    answer: SignUpResponse,
    user_attributes: Mapping[str, str] | None = None,
) -> None:
    """Remember that a sign-in is to follow this sign-up, in place of what was to follow before.

    Args:
        session: Where the sign-up was begun.
        username: As given at sign-up.
        options: How to sign in.
        answer: What SignUp answered.
        user_attributes: As given at sign-up.
    """
    given = user_attributes or {}
    aliases = {name: given[name] for name in _ALIASES if given.get(name)}
    if answer.user_sub:
        aliases["sub"] = answer.user_sub
    pending = PendingAutoSignIn(
        username=username,
        auth_flow_type=options.auth_flow_type,
        preferred_challenge=options.preferred_challenge,
        client_metadata=options.client_metadata,
        expires_at=session.context.clock() + WAIT_SECONDS,
        is_confirmed=answer.user_confirmed,
        session=answer.session,
        aliases=aliases or None,
    )
    began = await session.load()
    try:
        await rekey(session, lambda record: evolve(record, auto_sign_in=pending, redirects=()), began=began)
        return
    except Superseded:
        pass
    raise AutoSignInException("the account was created, and the session was signed in elsewhere meanwhile")


async def forget(session: Session) -> None:
    """Forget what was to follow, whatever it was."""
    await session.update(lambda record: evolve(record, auto_sign_in=None))


async def planned(session: Session, username: str | None = None) -> PendingAutoSignIn | None:
    """Return what is to follow, if anything is, and if it is for ``username`` in any spelling."""
    pending = (await session.load()).record.auto_sign_in
    return pending if pending is not None and (username is None or pending.is_of(username)) else None


async def confirmed(session: Session, username: str, handle: str | None) -> bool:
    """Note that an account was confirmed, and say whether its sign-in is to follow.

    Args:
        session: Where the sign-up was begun.
        username: Whose account, in any spelling.
        handle: What ConfirmSignUp gave to go on with.
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
        return False  # The session was signed in elsewhere; the account is confirmed all the same.


class SignUpPassword:
    """The password of a sign-up that is to sign in by itself. It is in memory alone, and never stored."""

    __slots__ = ("_password", "_username")

    def __init__(self) -> None:
        self._username: str | None = None
        self._password: str | None = None

    def keep(self, username: str, password: str | None) -> None:
        """Keep the password for as long as the sign-up is waited for."""
        self._username, self._password = username, password

    def forget(self) -> None:
        """Drop the password."""
        self._username = self._password = None

    @property
    def is_kept(self) -> bool:
        """Whether there is a password."""
        return self._password is not None

    def of(self, username: str) -> str | None:
        """Return the password if it is that of ``username``."""
        return self._password if username == self._username else None


async def follow(session: Session, password: str | None, signed_up_with: SignUpPassword) -> SignInResult:
    """Sign in as planned: at once if the account is confirmed, or else when its link was followed.

    It is done once. Cancelling it while a link is waited for loses nothing: it can be begun again for
    as long as the sign-up is waited for.

    Args:
        session: Where the sign-up was begun.
        password: As given by the caller.
        signed_up_with: The password of the sign-up, which stands in for it; dropped once it was used.

    Raises:
        AutoSignInException: Nothing is planned, it is too late, it was done elsewhere meanwhile, or a
            code is to confirm the account first.
        AuthValidationError: The password is missing, which leaves the plan as it is.
    """
    clock = session.context.clock
    by_link = session.context.config.sign_up_verification_method == "link"
    next_try = clock() + POLL_SECONDS
    while True:
        plan = await planned(session)
        if plan is None:
            raise AutoSignInException("no sign-up is waiting for its sign-in, or it has waited too long")
        given = password if password is not None else signed_up_with.of(plan.username)
        request = _request(session, plan, given)
        if plan.is_confirmed:
            await _take(session, plan)
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
    """Return what a sign-in by this plan begins with.

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
    """Sign in, in a task of its own; a failure is final, and cancelling the caller is not."""
    try:
        return await session.context.run(work)
    except Exception:
        signed_up_with.forget()
        raise


async def _take(session: Session, plan: PendingAutoSignIn) -> None:
    """Take a plan, so that of two who carry it out one does.

    Raises:
        AutoSignInException: Somebody else took it.
    """

    def change(record: SessionRecord) -> SessionRecord:
        if record.auto_sign_in != plan:
            raise AutoSignInException("the sign-up's sign-in is being done elsewhere")
        return evolve(record, auto_sign_in=None)

    await session.update(change)


async def _try(
    session: Session,
    plan: PendingAutoSignIn,
    work: Coroutine[Any, Any, SignInResult],
    signed_up_with: SignUpPassword,
) -> SignInResult:
    """Sign in; only that the account is not confirmed yet leaves the plan as it is."""
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
    """Sleep by the client's clock, which in a test is set and not slept on."""
    while (left := moment - clock()) > 0:  # noqa: ASYNC110 - a clock that is set tells nobody
        await anyio.sleep(min(left, GLANCE_SECONDS))
