"""What nobody knows about Cognito, each as one named switch.

The values are what the emulator takes until somebody measures; the stricter reading where there is one.
Pass another :class:`Unsettled` to the emulator to try the other reading.
"""

from __future__ import annotations

from typing import Literal

from attrs import frozen


@frozen(kw_only=True)
class Unsettled:
    """The open questions, in the order of the page on the emulator's fidelity."""

    # Refresh tokens
    rotation_refuses_refresh_flow: bool = True
    """REFRESH_TOKEN_AUTH on a client that rotates is refused (documented as incompatible)."""
    rotation_refresh_flow_message: str = "Refresh Token flow not enabled for this client"
    rotation_forbids_refresh_flow_at_creation: bool = False
    """Whether a client may be created with rotation and ALLOW_REFRESH_TOKEN_AUTH together."""
    reuse_message: str = "Refresh token has been used already"
    reuse_ends_family: bool = True
    """A rotated refresh token that comes back revokes every token of its sign-in (RFC 9700, 4.14.2)."""
    invalid_refresh_token_message: str = "Invalid Refresh Token"  # noqa: S105 - a message

    # Users that do not exist, where that is hidden
    hidden_user_confirm_sign_up: Literal["CodeMismatchException", "ExpiredCodeException"] = (
        "ExpiredCodeException"
    )

    # Attempts
    wrong_codes_per_handle: int = 5
    """After so many wrong MFA codes the handle is dead, and the lock-out of passwords begins."""
    wrong_first_codes_per_handle: int = 10
    """After so many wrong codes as first factor the handle is dead; six in a row were seen to do nothing."""
    failed_passwords_before_lock: int = 5
    longest_lock: float = 900.0
    confirm_sign_up_attempts_per_hour: int = 15
    resend_attempts_per_hour: int = 5
    forgot_password_attempts_per_hour: int = 5
    confirm_forgot_password_attempts_per_hour: int = 5
    change_password_attempts_per_hour: int = 5
    attribute_code_attempts_per_hour: int = 5
    verify_attribute_attempts_per_hour: int = 15

    # The order of checks
    disabled_before_password: bool = False
    """Whether "User is disabled." is said to somebody who does not know the password."""
    unconfirmed_before_password: bool = False
    reset_required_before_password: bool = True
    """AdminResetUserPassword takes the password away, so that none can be right."""

    # Revocation
    revoke_disabled_message: str = "Please enable token revocation before revoking tokens for this client"
    revoke_wrong_type_message: str = "Wrong token type"
    revoke_wrong_client_code: Literal["UnauthorizedException", "InvalidParameterException"] = (
        "UnauthorizedException"
    )
    admin_sign_out_ends_access_tokens: bool = True

    # SRP
    srp_challenge_has_session: bool = False
    """PASSWORD_VERIFIER in USER_SRP_AUTH usually comes without a Session."""
    srp_timestamp_tolerance: float = 300.0
    """Seconds that TIMESTAMP may be off."""
    srp_timestamp_message: str = "Incorrect username or password."
    srp_bad_a_message: str = "SRP_A is not a valid public value."
    secret_block_bytes: int = 900

    # Wordings
    password_history_message: str = "Password has previously been used"  # noqa: S105 - a message
    custom_auth_disabled_message: str = "CUSTOM_AUTH flow not enabled for this client"
    user_auth_disabled_message: str = "USER_AUTH flow not enabled for this client"
    challenge_not_offered_message: str = "Invalid challenge selected."
    challenge_mismatch_message: str = "Invalid session for the user."
    associate_credentials_message: str = "Either AccessToken or Session must be given"
    two_preferred_message: str = "Only one MFA method can be preferred"
    preferred_disabled_message: str = "A disabled MFA method cannot be preferred"

    # The first sign-in after self sign-up
    first_sign_in_skips_mfa: bool = False

    # Settings
    mfa_configuration_replaces: bool = False
    """Whether SetUserPoolMfaConfig turns off the factors that it does not mention."""

    # Sign-in names
    lower_case_usernames: bool = True
    """Usernames of pools that ignore case are stored in lower case."""
