"""A custom challenge, by the three triggers of a user pool: one question, and its answer."""

from collections.abc import Mapping
from typing import Any, Final

QUESTION, ANSWER = "Which animal says moo?", "cow"


def define(event: dict[str, Any]) -> dict[str, Any]:
    """Say what comes next: the question, the tokens, or a refusal after a wrong answer."""
    asked = event["request"]["session"]
    event["response"] |= {
        "challengeName": "CUSTOM_CHALLENGE",
        "issueTokens": bool(asked) and bool(asked[-1]["challengeResult"]),
        "failAuthentication": bool(asked) and not asked[-1]["challengeResult"],
    }
    return event


def create(event: dict[str, Any]) -> dict[str, Any]:
    """Write the question."""
    event["response"] |= {
        "publicChallengeParameters": {"question": QUESTION},
        "privateChallengeParameters": {"answer": ANSWER},
    }
    return event


def verify(event: dict[str, Any]) -> dict[str, Any]:
    """Compare the answer."""
    right = event["request"]["privateChallengeParameters"]["answer"]
    event["response"]["answerCorrect"] = event["request"]["challengeAnswer"].strip().lower() == right
    return event


TRIGGERS: Final[Mapping[str, Any]] = {
    "DefineAuthChallenge": define,
    "CreateAuthChallenge": create,
    "VerifyAuthChallengeResponse": verify,
}
