"""The event of a sign-in: one for all its steps, in user pools with threat protection."""

from __future__ import annotations

from typing import Any, Final

from .. import auth_events
from ..errors import ApiError, not_authorized
from ..records import AuthEvent
from .auth_request import AuthRequest
from .outcomes import Outcome, Proof, Proven

_PASSWORDS: Final = (Proof.PASSWORD, Proof.PASSWORD_IN_CUSTOM_AUTH)
_PASSWORD_CHALLENGES: Final = (None, "PASSWORD", "PASSWORD_SRP", "PASSWORD_VERIFIER", "SELECT_CHALLENGE")
_MFA_CHALLENGES: Final = ("SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP")
_MALFORMED: Final = ("InvalidParameterException", "ResourceNotFoundException")


def begin(request: AuthRequest) -> None:
    """Find or draw the id of the sign-in's event.

    Raises:
        ApiError: The user's address is blocked.
    """
    if not auth_events.are_recorded(request.pool):
        return
    if request.session is not None:
        request.event_id = request.session.event_id
    elif not request.begins and not request.hosted:
        request.event_id = _pending(request)
    request.event_id = request.event_id or request.state.random.uuid()
    if auth_events.blocks(request.pool, request.client, request.address):
        if request.user is not None:
            _event(request).block()
        raise not_authorized("Unable to login because of security reasons.")


def _pending(request: AuthRequest) -> str | None:
    # A proof can be sent without the session handle.
    events = () if request.user is None else request.user.auth_events
    return next((event.id for event in reversed(events) if event.response == "InProgress"), None)


def note(request: AuthRequest, outcome: Outcome) -> None:
    """Note what was proven."""
    if request.event_id is None or request.user is None or not isinstance(outcome, Proven):
        return
    if outcome.proof in _PASSWORDS:
        _event(request).challenges.append(("Password", "Success"))
    elif outcome.proof is Proof.SECOND_FACTOR:
        _event(request).challenges.append(("Mfa", "Success"))


def refused(request: AuthRequest, refusal: ApiError) -> None:
    """Note that a step was refused."""
    if request.event_id is None or request.user is None or refusal.code in _MALFORMED:
        return
    event = _event(request)
    if event.decision == "Block":
        return
    event.response = "Fail"
    challenge = None if request.session is None else request.session.challenge
    if challenge in _MFA_CHALLENGES and ("Password", "Success") in event.challenges:
        event.challenges.append(("Mfa", "Failure"))
    elif challenge in _PASSWORD_CHALLENGES and ("Password", "Success") not in event.challenges:
        event.challenges.append(("Password", "Failure"))


def answered(request: AuthRequest, response: dict[str, Any]) -> None:
    """Note that the sign-in is complete, or goes on with a challenge."""
    if request.event_id is not None and request.user is not None:
        _event(request).response = "InProgress" if "ChallengeName" in response else "Pass"


def _event(request: AuthRequest) -> AuthEvent:
    user = request.known_user
    for event in reversed(user.auth_events):
        if event.id == request.event_id:
            return event
    event = AuthEvent(str(request.event_id), "SignIn", request.state.clock(), "InProgress", request.address)
    auth_events.add(user, event)
    return event
