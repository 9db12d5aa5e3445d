"""CUSTOM_AUTH: the pool's triggers decide what is asked, judge the answers, and decide when it is enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from .. import triggers
from ..errors import invalid_parameter, missing_parameter, user_not_found, wrong_credentials
from ..serialization import persisted
from . import password_attempts
from .auth_request import AuthRequest
from .outcomes import Ask, CustomRounds, Outcome, Proof, Proven, Rounds
from .registry import challenge, flow

_SOURCE: Final = "Authentication"


@persisted("custom-challenge")
@frozen
class Asked:
    """What an auth session of CUSTOM_CHALLENGE stores.

    Args:
        rounds: The triggers' ``session``: what was asked before, and whether the answer was right.
        private: ``privateChallengeParameters``, from CreateAuthChallenge for VerifyAuthChallengeResponse.
        metadata: ``challengeMetadata``, which the next rounds contain.
    """

    rounds: Rounds = field(repr=False)
    private: Mapping[str, str] = field(repr=False)
    metadata: str | None = field(repr=False)


@flow("CUSTOM_AUTH")
async def custom_auth(request: AuthRequest) -> Outcome:
    """Begin with what the triggers ask, or with the password, proven over SRP."""
    if "DefineAuthChallenge" not in request.pool.triggers:
        raise invalid_parameter("Custom auth lambda trigger is not configured for the user pool.")
    if request.user is None and not request.client.hides_users:
        raise user_not_found()
    if _begins_with_srp(request):
        request.need("SRP_A")
        return await _next(request, [_round("SRP_A")])
    if request.user is not None:
        password_attempts.require_able(request.user)
    return await _next(request, [])


def _begins_with_srp(request: AuthRequest) -> bool:
    # The API reference writes ChallengeName, the guide and every client CHALLENGE_NAME.
    return "SRP_A" in (request.given.get("CHALLENGE_NAME"), request.given.get("ChallengeName"))


@challenge("CUSTOM_CHALLENGE")
async def answer(request: AuthRequest) -> Outcome:
    """Run the trigger that judges an answer; the auth session is good for one, right or wrong."""
    asked: Asked = request.answered.state
    given = request.given.get("ANSWER")
    if given is None:
        raise missing_parameter("ANSWER")
    request.answered.spent = True
    response = await _run(
        request,
        "VerifyAuthChallengeResponse",
        {"privateChallengeParameters": dict(asked.private), "challengeAnswer": given},
        {"answerCorrect": None},
    )
    right = triggers.flag(response, "answerCorrect")
    this = _round("CUSTOM_CHALLENGE", right=right, metadata=asked.metadata)
    return await _next(request, [*asked.rounds, this])


# Documented (Custom authentication): DefineAuthChallenge receives all rounds.
async def _next(request: AuthRequest, rounds: Rounds) -> Outcome:
    """Run DefineAuthChallenge and return what it decides."""
    response = await _run(
        request,
        "DefineAuthChallenge",
        {"session": list(rounds)},
        {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    )
    is_failed = triggers.flag(response, "failAuthentication")
    if is_failed or (request.user is None and triggers.flag(response, "issueTokens")):
        raise wrong_credentials("DefineAuthChallenge failed the sign-in, or the user does not exist")
    if triggers.flag(response, "issueTokens"):
        return Proven(Proof.CUSTOM_CHALLENGES)
    name = response["challengeName"]
    if name == "CUSTOM_CHALLENGE":
        return await _challenge(request, rounds)
    if name == "PASSWORD_VERIFIER" and request.given.get("SRP_A"):
        return Ask("PASSWORD_SRP", rounds=CustomRounds(rounds))
    raise triggers.unrecognizable()


async def resume(request: AuthRequest, proven: Proven) -> Outcome:
    """Continue with the triggers once the password is proven."""
    asked = () if proven.rounds is None else proven.rounds.rounds
    return await _next(request, [*asked, _round("PASSWORD_VERIFIER")])


async def _challenge(request: AuthRequest, rounds: Rounds) -> dict[str, Any]:
    response = await _run(
        request,
        "CreateAuthChallenge",
        {"challengeName": "CUSTOM_CHALLENGE", "session": list(rounds)},
        {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None},
    )
    metadata = response["challengeMetadata"]
    if metadata is not None and not isinstance(metadata, str):
        raise triggers.unrecognizable()
    private = triggers.texts(response, "privateChallengeParameters")
    public = triggers.texts(response, "publicChallengeParameters")
    parameters = {"USERNAME": _shown_name(request), **public}
    return request.challenge("CUSTOM_CHALLENGE", parameters, state=Asked(rounds, private, metadata))


async def _run(
    request: AuthRequest, trigger: str, members: Mapping[str, Any], response: Mapping[str, Any]
) -> dict[str, Any]:
    event = triggers.about(request.user, request.client_metadata, **members)
    if request.client.hides_users:
        event["userNotFound"] = request.user is None
    filled = await triggers.run(
        request.pool,
        trigger,
        f"{trigger}_{_SOURCE}",
        client=request.client,
        username=_shown_name(request),
        request=event,
        response=response,
    )
    if filled is None:
        raise invalid_parameter("Custom auth lambda trigger is not configured for the user pool.")
    return filled


def _shown_name(request: AuthRequest) -> str:
    if request.user is not None:
        return request.user.username
    return request.pool.decoy_uuid(request.name) if request.pool.users.username_attributes else request.name


def _round(name: str, *, right: bool = True, metadata: str | None = None) -> dict[str, Any]:
    return {"challengeName": name, "challengeResult": right, "challengeMetadata": metadata}
