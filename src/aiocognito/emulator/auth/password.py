"""Passwords that are sent: USER_PASSWORD_AUTH, its administrator's counterparts, and PASSWORD."""

from __future__ import annotations

from .. import passwords
from ..errors import user_not_found
from ..migration import migrate
from . import password_attempts
from .auth_request import AuthRequest
from .outcomes import Ask, Outcome, Proof, Proven
from .registry import challenge, flow


@flow("USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")
async def user_password_auth(request: AuthRequest) -> Outcome:
    """Judge a password that the sign-in begins with."""
    given = request.need("PASSWORD")
    if request.user is None and request.begins:
        request.user = await migrate(
            request.state,
            request.pool,
            request.client,
            request.name,
            "Authentication",
            password=given,
            metadata=request.metadata,
        )
    user = request.user
    if user is None:
        if request.client.hides_users:
            password_attempts.require_unlocked(request, request.pool.lockout_of(request.name))
        # As much work as for a user who exists, so that the time does not tell.
        await passwords.make_verifier(request.pool, request.name, given)
        if request.client.hides_users:
            raise password_attempts.refusal_of_unknown_user(request, request.name)
        raise user_not_found()
    await password_attempts.judge(request, lambda: passwords.matches(request.pool, user, given), clear=True)
    return Proven(Proof.PASSWORD)


async def ask(request: AuthRequest, _ask: Ask) -> Outcome:
    """Ask for the password, or judge it at once if the choice came with it."""
    if request.given.get("PASSWORD"):
        return await user_password_auth(request)
    return request.challenge("PASSWORD", {})


@challenge("PASSWORD")
async def answer(request: AuthRequest) -> Outcome:
    """Judge the password; a refused one leaves the challenge open."""
    request.spend(request.answered)
    return await user_password_auth(request)
