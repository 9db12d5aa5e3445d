"""The table of challenges: which step each becomes, and how its answer is sent.

A new challenge is a new row. What is not in the table reaches the caller as
`steps.UnsupportedChallenge`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from attrs import field, frozen

from .. import steps
from ..answers import Challenged, Outcome
from ..errors import AuthValidationError, AuthValidationErrorCode, SignInException
from ..models import CodeDeliveryDetails
from .sign_in import Conversation, outcome


@frozen
class Answer:
    """What the caller answers a challenge with."""

    response: str | Mapping[str, Any] = field(repr=False)
    user_attributes: Mapping[str, str] | None = field(default=None, repr=False)
    friendly_device_name: str | None = None

    def text(self) -> str:
        """The response, where only text fits."""
        if not isinstance(self.response, str):
            raise AuthValidationError(
                AuthValidationErrorCode.InvalidArgument, "challenge_response: this step takes text"
            )
        return self.response


@frozen
class Row:
    """One challenge.

    Attributes:
        step: Makes the step from the challenge's parameters, without asking anybody.
        answer: Sends the caller's answer and returns what came of it.
    """

    step: Callable[[Challenged], steps.SignInStep]
    answer: Callable[[Conversation, Challenged, Answer], Awaitable[Outcome]]


def step_of(challenge: Challenged) -> steps.SignInStep:
    """Say which step a challenge is."""
    row = CHALLENGES.get(challenge.name)
    if row is None:
        return steps.UnsupportedChallenge(challenge.name, dict(challenge.parameters))
    return row.step(challenge)


async def answer_challenge(talk: Conversation, challenge: Challenged, answer: Answer) -> Outcome:
    """Answer a challenge (RespondToAuthChallenge) and return what came of it.

    Raises:
        SignInException: This version cannot answer such a challenge.
    """
    row = CHALLENGES.get(challenge.name)
    if row is None:
        raise SignInException(f"the challenge {challenge.name} is not one that this version can answer")
    return await row.answer(talk, challenge, answer)


async def respond(
    talk: Conversation, challenge: Challenged, responses: Mapping[str, str], *, name: str | None = None
) -> Outcome:
    """RespondToAuthChallenge under the name that Cognito knows the user by."""
    answer = await talk.pool.respond_to_auth_challenge(
        name or challenge.name,
        {"USERNAME": challenge.username, **responses},
        session=challenge.session,
        client_metadata=talk.client_metadata,
    )
    return outcome(answer, challenge.username)


def _delivery(challenge: Challenged) -> CodeDeliveryDetails:
    return CodeDeliveryDetails(
        destination=challenge.parameters.get("CODE_DELIVERY_DESTINATION"),
        delivery_medium=challenge.parameters.get("CODE_DELIVERY_DELIVERY_MEDIUM"),
    )


def _code(member: str) -> Callable[[Conversation, Challenged, Answer], Awaitable[Outcome]]:
    """Answer with a one-time code, sent as ``member``."""

    async def answer_with_code(talk: Conversation, challenge: Challenged, answer: Answer) -> Outcome:
        return await respond(talk, challenge, {member: answer.text()})

    return answer_with_code


def _missing_attributes(challenge: Challenged) -> list[str]:
    names = _json_list(challenge, "requiredAttributes")
    return [name.removeprefix("userAttributes.") for name in names]


def _json_list(challenge: Challenged, parameter: str) -> list[str]:
    """Read a parameter that is a JSON list of strings in a string; absent is empty."""
    text = challenge.parameters.get(parameter)
    try:
        values = json.loads(text) if text else []
    except ValueError:
        values = None
    if not isinstance(values, list):
        raise SignInException(f"Cognito's {challenge.name} challenge has no readable {parameter}")
    return [str(value) for value in values]


async def _new_password(talk: Conversation, challenge: Challenged, answer: Answer) -> Outcome:
    attributes = {f"userAttributes.{k}": v for k, v in (answer.user_attributes or {}).items() if v}
    return await respond(talk, challenge, {**attributes, "NEW_PASSWORD": answer.text()})


CHALLENGES: Mapping[str, Row] = {
    "NEW_PASSWORD_REQUIRED": Row(
        step=lambda c: steps.ConfirmSignInWithNewPasswordRequired(_missing_attributes(c)),
        answer=_new_password,
    ),
    "SMS_MFA": Row(
        step=lambda c: steps.ConfirmSignInWithSmsCode(_delivery(c)),
        answer=_code("SMS_MFA_CODE"),
    ),
    "SOFTWARE_TOKEN_MFA": Row(
        step=lambda _: steps.ConfirmSignInWithTotpCode(),
        answer=_code("SOFTWARE_TOKEN_MFA_CODE"),
    ),
}
