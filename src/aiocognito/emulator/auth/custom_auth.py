"""CUSTOM_AUTH: the pool's triggers say what is asked, how the answer is judged, and when it is enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import field, frozen

from .. import triggers
from ..errors import invalid_parameter, missing_parameter, user_not_found, wrong_credentials
from ..serialization import kept
from . import mfa, password, srp
from .auth_request import AuthRequest

_ASKED: Final = "Authentication"
Rounds = Sequence[Mapping[str, Any]]


@kept("custom-challenge")
@frozen
class Asked:
    """What a handle of CUSTOM_CHALLENGE knows.

    Args:
        rounds: The triggers' ``session``: what was asked before, and whether the answer was right.
        private: What CreateAuthChallenge told VerifyAuthChallengeResponse.
        metadata: What it wants to be reminded of.
    """

    rounds: Rounds = field(repr=False)
    private: Mapping[str, str] = field(repr=False)
    metadata: str | None = field(repr=False)


async def CUSTOM_AUTH(turn: AuthRequest) -> dict[str, Any]:
    """Begin with what the triggers ask, or with the password, proven over SRP."""
    if "DefineAuthChallenge" not in turn.pool.triggers:
        raise invalid_parameter("Custom auth lambda trigger is not configured for the user pool.")
    if turn.user is None and not turn.client.hides_users:
        raise user_not_found()
    if _begins_with_srp(turn):
        turn.need("SRP_A")
        return await _next(turn, [_round("SRP_A")])
    if turn.user is not None:
        password.require_able(turn.user)
    return await _next(turn, [])


def _begins_with_srp(turn: AuthRequest) -> bool:
    # The API reference writes ChallengeName, the guide and every client CHALLENGE_NAME.
    return "SRP_A" in (turn.given.get("CHALLENGE_NAME"), turn.given.get("ChallengeName"))


async def CUSTOM_CHALLENGE(turn: AuthRequest) -> dict[str, Any]:
    """Have an answer judged; the handle is good for one, right or wrong."""
    asked: Asked = turn.ticket.state
    answer = turn.given.get("ANSWER")
    if answer is None:
        raise missing_parameter("ANSWER")
    turn.ticket.spent = True
    response = await _ask(
        turn,
        "VerifyAuthChallengeResponse",
        {"privateChallengeParameters": dict(asked.private), "challengeAnswer": answer},
        {"answerCorrect": None},
    )
    right = triggers.flag(response, "answerCorrect")
    this = _round("CUSTOM_CHALLENGE", right=right, metadata=asked.metadata)
    return await _next(turn, [*asked.rounds, this])


async def _next(turn: AuthRequest, rounds: Rounds) -> dict[str, Any]:
    """Ask DefineAuthChallenge what comes next, and do it."""
    response = await _ask(
        turn,
        "DefineAuthChallenge",
        {"session": list(rounds)},
        {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    )
    if triggers.flag(response, "failAuthentication"):
        raise wrong_credentials()
    if triggers.flag(response, "issueTokens"):
        if turn.user is None:
            raise wrong_credentials()
        return await mfa.go_on(turn)
    name = response["challengeName"]
    if name == "CUSTOM_CHALLENGE":
        return await _challenge(turn, rounds)
    if name == "PASSWORD_VERIFIER" and turn.given.get("SRP_A"):
        return await srp.begin(turn, with_session=True, then=_Proven(rounds))
    raise triggers.unrecognizable()


@kept("custom-after-password")
@frozen
class _Proven:
    """Goes on once the password is proven."""

    rounds: Rounds = field(repr=False)

    async def __call__(self, turn: AuthRequest) -> dict[str, Any]:
        return await _next(turn, [*self.rounds, _round("PASSWORD_VERIFIER")])


async def _challenge(turn: AuthRequest, rounds: Rounds) -> dict[str, Any]:
    response = await _ask(
        turn,
        "CreateAuthChallenge",
        {"challengeName": "CUSTOM_CHALLENGE", "session": list(rounds)},
        {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None},
    )
    metadata = response["challengeMetadata"]
    if metadata is not None and not isinstance(metadata, str):
        raise triggers.unrecognizable()
    private = triggers.texts(response, "privateChallengeParameters")
    public = triggers.texts(response, "publicChallengeParameters")
    parameters = {"USERNAME": _shown_name(turn), **public}
    return turn.challenge("CUSTOM_CHALLENGE", parameters, state=Asked(rounds, private, metadata))


async def _ask(
    turn: AuthRequest, trigger: str, request: Mapping[str, Any], response: Mapping[str, Any]
) -> dict[str, Any]:
    told = triggers.about(turn.user, turn.client_metadata, **request)
    if turn.client.hides_users:
        told["userNotFound"] = turn.user is None
    filled = await triggers.run(
        turn.pool,
        trigger,
        f"{trigger}_{_ASKED}",
        client=turn.client,
        username=_shown_name(turn),
        request=told,
        response=response,
    )
    if filled is None:
        raise invalid_parameter("Custom auth lambda trigger is not configured for the user pool.")
    return filled


def _shown_name(turn: AuthRequest) -> str:
    if turn.user is not None:
        return turn.user.username
    return turn.pool.decoy_uuid(turn.name) if turn.pool.users.username_attributes else turn.name


def _round(name: str, *, right: bool = True, metadata: str | None = None) -> dict[str, Any]:
    return {"challengeName": name, "challengeResult": right, "challengeMetadata": metadata}
