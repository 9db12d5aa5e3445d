"""What comes next: Amplify's names and keys, values that `match` takes apart, and no secret in a repr."""

import copy
import inspect
import json
import pickle
from types import MappingProxyType
from typing import Any, get_args

import attrs
import pytest

from aiocognito import steps
from aiocognito._models import CodeDeliveryDetails, TotpSetupDetails

WHERE = CodeDeliveryDetails("a***@e***", "EMAIL", "email")
WHERE_DICT = {"destination": "a***@e***", "deliveryMedium": "EMAIL", "attributeName": "email"}
TOTP = TotpSetupDetails("JBSWY3DPEHPK3PXP", "ana")
OPTIONS = {"challenge": "Y2FuYXJ5", "rpId": "example.com", "allowCredentials": [{"id": "canary-id"}]}

# Every step of a sign-in: an instance, Amplify's name of it, and what Amplify's dict holds besides.
SIGN_IN: list[tuple[Any, str, dict[str, Any]]] = [
    (steps.Done(), "DONE", {}),
    (
        steps.ConfirmSignInWithCustomChallenge({"question": "canary"}),
        "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE",
        {"additionalInfo": {"question": "canary"}},
    ),
    (
        steps.ContinueSignInWithMfaSetupSelection(["TOTP", "EMAIL"]),
        "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION",
        {"allowedMFATypes": ["TOTP", "EMAIL"]},
    ),
    (steps.ContinueSignInWithEmailSetup(), "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP", {}),
    (
        steps.ContinueSignInWithTotpSetup(TOTP),
        "CONTINUE_SIGN_IN_WITH_TOTP_SETUP",
        {"totpSetupDetails": {"sharedSecret": "JBSWY3DPEHPK3PXP"}},
    ),
    (
        steps.ConfirmSignInWithNewPasswordRequired(["name"]),
        "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED",
        {"missingAttributes": ["name"]},
    ),
    (
        steps.ContinueSignInWithMfaSelection(["SMS", "TOTP"]),
        "CONTINUE_SIGN_IN_WITH_MFA_SELECTION",
        {"allowedMFATypes": ["SMS", "TOTP"]},
    ),
    (
        steps.ConfirmSignInWithSmsCode(WHERE),
        "CONFIRM_SIGN_IN_WITH_SMS_CODE",
        {"codeDeliveryDetails": WHERE_DICT},
    ),
    (
        steps.ConfirmSignInWithEmailCode(WHERE),
        "CONFIRM_SIGN_IN_WITH_EMAIL_CODE",
        {"codeDeliveryDetails": WHERE_DICT},
    ),
    (steps.ConfirmSignInWithTotpCode(), "CONFIRM_SIGN_IN_WITH_TOTP_CODE", {}),
    (steps.ConfirmSignInWithPassword(), "CONFIRM_SIGN_IN_WITH_PASSWORD", {}),
    (
        steps.ContinueSignInWithFirstFactorSelection(["PASSWORD_SRP", "EMAIL_OTP"]),
        "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION",
        {"availableChallenges": ["PASSWORD_SRP", "EMAIL_OTP"]},
    ),
    (
        steps.ConfirmSignInWithWebAuthn(OPTIONS),
        "CONFIRM_SIGN_IN_WITH_WEB_AUTHN",
        {"credentialRequestOptions": OPTIONS},
    ),
    (steps.ResetPassword(), "RESET_PASSWORD", {}),
    (steps.ConfirmSignUp(WHERE), "CONFIRM_SIGN_UP", {"codeDeliveryDetails": WHERE_DICT}),
    (
        steps.UnsupportedChallenge("BRAND_NEW", {"hint": "canary"}),
        "UNSUPPORTED_CHALLENGE",
        {"challengeName": "BRAND_NEW", "parameters": {"hint": "canary"}},
    ),
]
SIGN_UP: list[tuple[Any, str, dict[str, Any]]] = [
    (steps.Done(), "DONE", {}),
    (steps.ConfirmSignUp(WHERE), "CONFIRM_SIGN_UP", {"codeDeliveryDetails": WHERE_DICT}),
    (steps.CompleteAutoSignIn(WHERE), "COMPLETE_AUTO_SIGN_IN", {"codeDeliveryDetails": WHERE_DICT}),
]
RESET_PASSWORD: list[tuple[Any, str, dict[str, Any]]] = [
    (steps.Done(), "DONE", {}),
    (
        steps.ConfirmResetPasswordWithCode(WHERE),
        "CONFIRM_RESET_PASSWORD_WITH_CODE",
        {"codeDeliveryDetails": WHERE_DICT},
    ),
]
UPDATE_ATTRIBUTE: list[tuple[Any, str, dict[str, Any]]] = [
    (steps.Done(), "DONE", {}),
    (
        steps.ConfirmAttributeWithCode(WHERE),
        "CONFIRM_ATTRIBUTE_WITH_CODE",
        {"codeDeliveryDetails": WHERE_DICT},
    ),
]
FAMILIES: list[tuple[str, list[tuple[Any, str, dict[str, Any]]], Any]] = [
    ("signInStep", SIGN_IN, steps.SignInStep),
    ("signUpStep", SIGN_UP, steps.SignUpStep),
    ("resetPasswordStep", RESET_PASSWORD, steps.ResetPasswordStep),
    ("updateAttributeStep", UPDATE_ATTRIBUTE, steps.UpdateAttributeStep),
]
CASES = [(key, *case) for key, cases, _ in FAMILIES for case in cases]
INSTANCES = [case[1] for case in CASES]
every_step = pytest.mark.parametrize("step", INSTANCES, ids=lambda step: type(step).__name__)


@pytest.mark.parametrize(
    ("key", "step", "name", "more"), CASES, ids=[f"{case[0]}-{type(case[1]).__name__}" for case in CASES]
)
def test_names_and_keys_are_amplify_s(key: str, step: Any, name: str, more: dict[str, Any]) -> None:
    assert step.step == type(step).step == name
    own_key = isinstance(step, steps.Done | steps.ConfirmSignUp)  # they belong to several families
    assert (step.to_dict(key) if own_key else step.to_dict()) == {key: name, **more}


@every_step
def test_dicts_are_ready_for_json(step: Any) -> None:
    assert json.loads(json.dumps(step.to_dict())) == step.to_dict()


@pytest.mark.parametrize(("key", "cases", "union"), FAMILIES, ids=[family[0] for family in FAMILIES])
def test_the_unions_are_complete(key: str, cases: list[Any], union: Any) -> None:
    assert set(get_args(union)) == {type(case[0]) for case in cases}
    assert len({case[1] for case in cases}) == len(cases)


def test_every_step_is_in_a_union() -> None:
    public = {
        cls
        for name, cls in vars(steps).items()
        if inspect.isclass(cls) and cls.__module__ == steps.__name__ and not name.startswith("_")
    }
    assert public == {cls for _, _, union in FAMILIES for cls in get_args(union)}
    assert all(inspect.cleandoc(vars(cls)["__doc__"]).endswith(".") for cls in public)


@every_step
def test_steps_are_frozen_values(step: Any) -> None:
    assert attrs.has(type(step))
    twin = pickle.loads(pickle.dumps(step))
    assert twin == step == copy.deepcopy(step)
    assert all(step != other for other in INSTANCES if type(other) is not type(step))
    for name in (*(field.name for field in attrs.fields(type(step))), "brand_new"):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(step, name, None)


@pytest.mark.parametrize(
    ("step", "secrets"),
    [
        (steps.ContinueSignInWithTotpSetup(TOTP), ["JBSWY3DPEHPK3PXP"]),
        (steps.ConfirmSignInWithCustomChallenge({"question": "canary"}), ["canary", "question"]),
        (steps.UnsupportedChallenge("BRAND_NEW", {"hint": "canary"}), ["canary", "hint"]),
        (steps.ConfirmSignInWithWebAuthn(OPTIONS), ["Y2FuYXJ5", "canary-id", "rpId"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_secrets_are_in_no_repr(step: Any, secrets: list[str]) -> None:
    for text in (repr(step), str(step), f"{step}", repr([step])):
        assert type(step).__name__ in text
        assert not [secret for secret in secrets if secret in text]


@pytest.mark.parametrize(
    "step",
    [
        steps.ContinueSignInWithTotpSetup(),
        steps.ConfirmSignInWithSmsCode(),
        steps.ConfirmSignInWithEmailCode(),
        steps.ConfirmSignUp(),
        steps.CompleteAutoSignIn(),
        steps.ConfirmResetPasswordWithCode(),
        steps.ConfirmAttributeWithCode(),
    ],
    ids=lambda step: type(step).__name__,
)
def test_what_is_not_known_is_left_out(step: Any) -> None:
    assert list(step.to_dict().values()) == [step.step]


@pytest.mark.parametrize(
    ("step", "more"),
    [
        (steps.ConfirmSignInWithCustomChallenge(), {"additionalInfo": {}}),
        (steps.ContinueSignInWithMfaSetupSelection(), {"allowedMFATypes": []}),
        (steps.ContinueSignInWithMfaSelection(), {"allowedMFATypes": []}),
        (steps.ConfirmSignInWithNewPasswordRequired(), {"missingAttributes": []}),
        (steps.ContinueSignInWithFirstFactorSelection(), {"availableChallenges": []}),
        (steps.ConfirmSignInWithWebAuthn(), {"credentialRequestOptions": {}}),
        (steps.UnsupportedChallenge("NEW"), {"challengeName": "NEW", "parameters": {}}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_empty_members_are_written(step: Any, more: dict[str, Any]) -> None:
    assert step.to_dict() == {"signInStep": step.step, **more}


def test_any_mapping_becomes_a_dict() -> None:
    proxy = MappingProxyType({"question": "2 + 2"})
    step = steps.ConfirmSignInWithCustomChallenge(proxy)
    assert json.dumps(step.to_dict()) == (
        '{"signInStep": "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE", "additionalInfo": {"question": "2 + 2"}}'
    )


def test_a_dict_is_the_caller_s_own() -> None:
    step = steps.ContinueSignInWithMfaSelection(["SMS"])
    step.to_dict()["allowedMFATypes"].append("FAX")
    assert step.allowed_mfa_types == ["SMS"]


def described(step: Any) -> Any:
    match step:
        case steps.Done():
            return "done"
        case steps.ConfirmSignInWithSmsCode(code_delivery_details=where):
            return where
        case steps.ConfirmSignInWithEmailCode(CodeDeliveryDetails(destination)):
            return destination
        case steps.UnsupportedChallenge(name, {"hint": hint}):
            return name, hint
        case steps.ContinueSignInWithTotpSetup(totp_setup_details=None):
            return "the secret was told before"
        case _:
            return step.step


@pytest.mark.parametrize(
    ("step", "description"),
    [
        (steps.Done(), "done"),
        (steps.ConfirmSignInWithSmsCode(WHERE), WHERE),
        (steps.ConfirmSignInWithEmailCode(WHERE), "a***@e***"),
        (steps.UnsupportedChallenge("NEW", {"hint": "h"}), ("NEW", "h")),
        (steps.ContinueSignInWithTotpSetup(), "the secret was told before"),
        (steps.ContinueSignInWithTotpSetup(TOTP), "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"),
        (steps.ConfirmSignInWithTotpCode(), "CONFIRM_SIGN_IN_WITH_TOTP_CODE"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_match_takes_steps_apart(step: Any, description: Any) -> None:
    assert described(step) == description
