"""What the methods of the client return: values, with Amplify's keys when they are written as JSON."""

import json
import pickle
from typing import Any

import attrs
import pytest

from aiocognito import _results as results
from aiocognito import steps
from aiocognito._models import CodeDeliveryDetails
from aiocognito.errors import NotAuthorizedException, service_error

WHERE = CodeDeliveryDetails("+*******1234", "SMS", "phone_number")
WHERE_DICT = {"destination": "+*******1234", "deliveryMedium": "SMS", "attributeName": "phone_number"}
REVOCATION_REFUSED = service_error("RevokeToken", "NotAuthorizedException", "no")


CASES: list[tuple[Any, dict[str, Any]]] = [
    (
        results.SignUpResult(False, "u-1", steps.ConfirmSignUp(WHERE)),
        {
            "isSignUpComplete": False,
            "userId": "u-1",
            "nextStep": {"signUpStep": "CONFIRM_SIGN_UP", "codeDeliveryDetails": WHERE_DICT},
        },
    ),
    (
        results.SignUpResult(True, None, steps.Done()),
        {"isSignUpComplete": True, "nextStep": {"signUpStep": "DONE"}},
    ),
    (
        results.SignUpResult(True, "u-1", steps.CompleteAutoSignIn()),
        {"isSignUpComplete": True, "userId": "u-1", "nextStep": {"signUpStep": "COMPLETE_AUTO_SIGN_IN"}},
    ),
    (results.SignInResult(True, steps.Done()), {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}),
    (
        results.SignInResult(True, steps.Done(), "/basket"),
        {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}, "customState": "/basket"},
    ),
    (
        results.SignInResult(False, steps.ConfirmSignUp()),
        {"isSignedIn": False, "nextStep": {"signInStep": "CONFIRM_SIGN_UP"}},
    ),
    (
        results.SignInResult(False, steps.ContinueSignInWithMfaSelection(["SMS", "EMAIL"])),
        {
            "isSignedIn": False,
            "nextStep": {
                "signInStep": "CONTINUE_SIGN_IN_WITH_MFA_SELECTION",
                "allowedMFATypes": ["SMS", "EMAIL"],
            },
        },
    ),
    (results.SignOutResult(True), {"revoked": True, "error": None, "logoutUrl": None}),
    (
        results.SignOutResult(False, REVOCATION_REFUSED, "https://auth.example.com/logout"),
        {
            "revoked": False,
            "error": "NotAuthorizedException",
            "logoutUrl": "https://auth.example.com/logout",
        },
    ),
    (
        results.ResetPasswordResult(False, steps.ConfirmResetPasswordWithCode(WHERE)),
        {
            "isPasswordReset": False,
            "nextStep": {
                "resetPasswordStep": "CONFIRM_RESET_PASSWORD_WITH_CODE",
                "codeDeliveryDetails": WHERE_DICT,
            },
        },
    ),
    (
        results.ResetPasswordResult(True, steps.Done()),
        {"isPasswordReset": True, "nextStep": {"resetPasswordStep": "DONE"}},
    ),
    (
        results.UpdateAttributeResult(False, steps.ConfirmAttributeWithCode(WHERE)),
        {
            "isUpdated": False,
            "nextStep": {
                "updateAttributeStep": "CONFIRM_ATTRIBUTE_WITH_CODE",
                "codeDeliveryDetails": WHERE_DICT,
            },
        },
    ),
    (
        results.UpdateAttributeResult(True, steps.Done()),
        {"isUpdated": True, "nextStep": {"updateAttributeStep": "DONE"}},
    ),
]


@pytest.mark.parametrize(("result", "expected"), CASES, ids=lambda value: type(value).__name__)
def test_results_in_amplify_s_form(result: Any, expected: dict[str, Any]) -> None:
    assert result.to_dict() == expected
    assert json.loads(json.dumps(result.to_dict())) == expected


def test_every_result_is_here() -> None:
    public = {
        cls
        for name, cls in vars(results).items()
        if isinstance(cls, type) and attrs.has(cls) and not name.startswith("_")
    }
    assert public == {type(result) for result, _ in CASES}
    assert all(vars(cls)["__doc__"] for cls in public)


@pytest.mark.parametrize("result", [case[0] for case in CASES], ids=lambda value: type(value).__name__)
def test_results_are_frozen_values(result: Any) -> None:
    assert attrs.evolve(result) == result
    twin = pickle.loads(pickle.dumps(result))
    assert twin.to_dict() == result.to_dict()
    for name in (*(field.name for field in attrs.fields(type(result))), "brand_new"):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(result, name, None)


def test_the_state_is_in_no_repr() -> None:
    result = results.SignInResult(True, steps.Done(), "canary")
    assert "canary" not in repr(result)
    assert "is_signed_in=True" in repr(result)


def test_a_result_carries_the_error_itself() -> None:
    error = results.SignOutResult(False, REVOCATION_REFUSED).error
    assert isinstance(error, NotAuthorizedException)
    assert results.SignOutResult(True).error is None


def test_match_takes_results_apart() -> None:
    match results.SignInResult(False, steps.ConfirmSignInWithSmsCode(WHERE)):
        case results.SignInResult(False, steps.ConfirmSignInWithSmsCode(where)):
            assert where is WHERE
        case _:
            raise AssertionError
