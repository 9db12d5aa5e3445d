"""Checked by mypy, never run: the unions of steps are exhaustive, and members have their declared types."""

from collections.abc import Mapping
from typing import Any, assert_never, assert_type

from aiocognito import steps
from aiocognito._models import CodeDeliveryDetails, TotpSetupDetails
from aiocognito._results import ResetPasswordResult, SignInResult, SignUpResult, UpdateAttributeResult


def sign_in(result: SignInResult) -> object:
    assert_type(result.next_step.step, str)
    assert_type(result.next_step.to_dict(), dict[str, Any])
    match result.next_step:
        case steps.Done():
            return None
        case steps.ConfirmSignInWithCustomChallenge(additional_info):
            return assert_type(additional_info, Mapping[str, str])
        case steps.ContinueSignInWithMfaSetupSelection(allowed_mfa_types):
            return assert_type(allowed_mfa_types, list[str])
        case steps.ContinueSignInWithEmailSetup():
            return None
        case steps.ContinueSignInWithTotpSetup(totp_setup_details):
            return assert_type(totp_setup_details, TotpSetupDetails | None)
        case steps.ConfirmSignInWithNewPasswordRequired(missing_attributes):
            return assert_type(missing_attributes, list[str])
        case steps.ContinueSignInWithMfaSelection(allowed_mfa_types):
            return assert_type(allowed_mfa_types, list[str])
        case steps.ConfirmSignInWithSmsCode(code_delivery_details):
            return assert_type(code_delivery_details, CodeDeliveryDetails | None)
        case steps.ConfirmSignInWithEmailCode(code_delivery_details):
            return assert_type(code_delivery_details, CodeDeliveryDetails | None)
        case steps.ConfirmSignInWithTotpCode():
            return None
        case steps.ConfirmSignInWithPassword():
            return None
        case steps.ContinueSignInWithFirstFactorSelection(available_challenges):
            return assert_type(available_challenges, list[str])
        case steps.ConfirmSignInWithWebAuthn(credential_request_options):
            return assert_type(credential_request_options, Mapping[str, Any])
        case steps.ResetPassword():
            return None
        case steps.ConfirmSignUp(code_delivery_details):
            return assert_type(code_delivery_details, CodeDeliveryDetails | None)
        case steps.UnsupportedChallenge(challenge_name, parameters):
            return assert_type((challenge_name, parameters), tuple[str, Mapping[str, str]])
        case _:
            assert_never(result.next_step)


def sign_up(result: SignUpResult) -> object:
    match result.next_step:
        case steps.Done():
            return None
        case steps.ConfirmSignUp(code_delivery_details):
            return assert_type(code_delivery_details, CodeDeliveryDetails | None)
        case steps.CompleteAutoSignIn(code_delivery_details):
            return assert_type(code_delivery_details, CodeDeliveryDetails | None)
        case _:
            assert_never(result.next_step)


def reset_password(result: ResetPasswordResult) -> object:
    match result.next_step:
        case steps.Done():
            return None
        case steps.ConfirmResetPasswordWithCode(code_delivery_details):
            return assert_type(code_delivery_details, CodeDeliveryDetails | None)
        case _:
            assert_never(result.next_step)


def update_attribute(result: UpdateAttributeResult) -> object:
    match result.next_step:
        case steps.Done():
            return None
        case steps.ConfirmAttributeWithCode(code_delivery_details):
            return assert_type(code_delivery_details, CodeDeliveryDetails | None)
        case _:
            assert_never(result.next_step)
