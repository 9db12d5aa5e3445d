"""The classes with ``to_dict()`` in pydantic models and JSON Schema."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter, ValidationError

import aiocognito
from aiocognito import _json_schemas as schemas
from aiocognito import errors, steps

WHERE = aiocognito.CodeDeliveryDetails("a***@e***", "EMAIL", "email")
WHEN = datetime(2026, 11, 27, tzinfo=UTC)
VALUES: list[Any] = [
    aiocognito.AuthUser("ana", "1", aiocognito.SignInDetails("ana", "USER_SRP_AUTH")),
    aiocognito.AuthUser("ana", "1"),
    aiocognito.SignInDetails(),
    WHERE,
    aiocognito.CodeDeliveryDetails(),
    aiocognito.TotpSetupDetails("ABC"),
    aiocognito.RedirectRequest("https://example.com", "state"),
    aiocognito.MfaPreference("TOTP", ["TOTP", "SMS"]),
    aiocognito.MfaPreference(),
    aiocognito.Device("d", "name", {"device_status": "valid"}, WHEN, WHEN, WHEN),
    aiocognito.Device("d"),
    aiocognito.SessionInfo("s", 1.5, 2.0, "ana", True),
    aiocognito.UserSession("u", "TOKEN", "c", WHEN, WHEN, "phone", "192.0.2.1", "Ghent", "BE", "o", True),
    aiocognito.UserSession("u"),
    aiocognito.WebAuthnCredential("c", "key", "example.com", "platform", ["usb"], WHEN),
    aiocognito.WebAuthnCredential("c"),
    aiocognito.SignUpResult(False, "1", steps.ConfirmSignUp(WHERE)),
    aiocognito.SignUpResult(True, None, steps.Done()),
    aiocognito.SignUpResult(False, "1", steps.CompleteAutoSignIn(WHERE)),
    aiocognito.SignInResult(True, steps.Done(), "state"),
    aiocognito.SignInResult(False, steps.ConfirmSignInWithTotpCode()),
    aiocognito.SignOutResult(True),
    aiocognito.SignOutResult(False, errors.NetworkError("x"), "https://example.com"),
    aiocognito.ResetPasswordResult(False, steps.ConfirmResetPasswordWithCode(WHERE)),
    aiocognito.ResetPasswordResult(True, steps.Done()),
    aiocognito.UpdateAttributeResult(False, steps.ConfirmAttributeWithCode(WHERE)),
    aiocognito.UpdateAttributeResult(True, steps.Done()),
    steps.ConfirmSignInWithCustomChallenge({"question": "2+2"}),
    steps.ContinueSignInWithMfaSetupSelection(["TOTP", "EMAIL"]),
    steps.ContinueSignInWithTotpSetup(),
    steps.ContinueSignInWithTotpSetup(aiocognito.TotpSetupDetails("ABC", "ana")),
    steps.ConfirmSignInWithNewPasswordRequired(["name"]),
    steps.ContinueSignInWithMfaSelection(["SMS", "TOTP"]),
    steps.ConfirmSignInWithSmsCode(WHERE),
    steps.ConfirmSignInWithEmailCode(),
    steps.ContinueSignInWithFirstFactorSelection(["PASSWORD", "EMAIL_OTP"]),
    steps.ConfirmSignInWithWebAuthn({"challenge": "x", "allowCredentials": []}),
    steps.UnsupportedChallenge("NEW", {"a": "b"}),
    steps.ConfirmSignUp(WHERE),
    steps.CompleteAutoSignIn(),
    steps.ConfirmResetPasswordWithCode(WHERE),
    steps.ConfirmAttributeWithCode(WHERE),
    *(each() for each in get_args(steps.SignInStep) if each is not steps.UnsupportedChallenge),
]
IDS = [f"{type(value).__name__}-{index}" for index, value in enumerate(VALUES)]


@pytest.mark.parametrize("value", VALUES, ids=IDS)
def test_the_form_is_that_of_the_schema(value: Any) -> None:
    validator = Draft202012Validator(schemas.CLASSES[type(value).__name__])
    validator.check_schema(validator.schema)
    assert [error.message for error in validator.iter_errors(value.to_dict())] == []


@pytest.mark.parametrize("value", VALUES, ids=IDS)
def test_pydantic_writes_an_instance_as_to_dict_does(value: Any) -> None:
    adapter = TypeAdapter(type(value))
    assert adapter.validate_python(value) is value
    assert adapter.dump_python(value, mode="json") == value.to_dict()


def test_every_class_with_to_dict_has_a_schema() -> None:
    names = {*aiocognito.__all__, *(f"steps.{name}" for name in steps.__all__)}
    found = [_public(name) for name in names]
    forms = {each.__name__ for each in found if isinstance(each, type) and hasattr(each, "to_dict")}
    assert forms | {"Claims"} == set(schemas.CLASSES)
    assert len(forms) > 30


def _public(name: str) -> Any:
    module, _, attribute = f"aiocognito.{name}".rpartition(".")
    return getattr(steps if module.endswith("steps") else aiocognito, attribute)


def test_every_class_is_among_the_values() -> None:
    assert {type(value).__name__ for value in VALUES} | {"Claims"} == set(schemas.CLASSES)


@pytest.mark.parametrize("other", [{"username": "ana", "userId": "1"}, None, "ana", object()])
def test_only_an_instance_is_accepted(other: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(aiocognito.AuthUser).validate_python(other)


def test_a_model_can_hold_them() -> None:
    class Page(BaseModel):
        user: aiocognito.AuthUser | None
        devices: list[aiocognito.Device]
        step: steps.SignInStep

    page = Page(
        user=aiocognito.AuthUser("ana", "1"),
        devices=[aiocognito.Device("d")],
        step=steps.ConfirmSignInWithSmsCode(WHERE),
    )
    assert page.model_dump(mode="json") == {
        "user": {"username": "ana", "userId": "1"},
        "devices": [{"id": "d", "attributes": {}}],
        "step": {"signInStep": "CONFIRM_SIGN_IN_WITH_SMS_CODE", "codeDeliveryDetails": WHERE.to_dict()},
    }
    schema = Page.model_json_schema(mode="serialization")
    Draft202012Validator(schema).validate(page.model_dump(mode="json"))
    assert schema["$defs"]["AuthUser"]["required"] == ["username", "userId"]


def test_claims_are_written_as_their_members() -> None:
    adapter = TypeAdapter(aiocognito.Claims)
    claims = aiocognito.Claims({"sub": "1", "cognito:groups": ["a"]})
    assert adapter.dump_python(claims, mode="json") == {"sub": "1", "cognito:groups": ["a"]}
    assert adapter.json_schema()["type"] == "object"


def test_importing_does_not_load_pydantic() -> None:
    import subprocess
    import sys

    code = "import sys, aiocognito; aiocognito.AuthUser, aiocognito.Claims, aiocognito.SignInResult"
    check = f"{code}; sys.exit('pydantic' in sys.modules or 'pydantic_core' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
