"""Assumptions about what is not known of Cognito, each as one named switch.

The defaults hold until the service is measured; of two readings, the default is the stricter one. A switch
whose text says "measured" has the answer of live user pools as its default; the other value is the reading
of earlier versions.
Pass another :class:`Assumptions` to the emulator to try the other reading.
"""

from typing import Literal

from attrs import frozen

from .._public import public


@public("aiocognito.emulator")
@frozen(kw_only=True)
class Assumptions:
    """The open questions. A switch that ends in ``message`` is a wording that was never seen.

    Example::

        emulator = CognitoEmulator(assumptions=Assumptions(reuse_ends_family=False))
    """

    # Refresh tokens
    rotation_refuses_refresh_flow: bool = True
    """Whether REFRESH_TOKEN_AUTH is refused on a client that rotates; measured."""
    rotation_refresh_flow_message: str = "Refresh Token flow not enabled for this client"
    """REFRESH_TOKEN_AUTH on a client without ALLOW_REFRESH_TOKEN_AUTH. A client that rotates has another
    refusal, which is measured."""
    rotation_forbids_refresh_flow_at_creation: bool = True
    """Whether a client cannot have rotation and ALLOW_REFRESH_TOKEN_AUTH together; measured."""
    reuse_message: str = "Refresh token reuse detected"
    """RefreshTokenReuseException's text; measured."""
    reuse_ends_family: bool = False
    """Whether a rotated refresh token that comes back ends its whole sign-in, as RFC 9700, 4.14.2, says;
    measured: it does not."""
    invalid_refresh_token_message: str = "Invalid Refresh Token"  # noqa: S105 - a message
    """Of an unknown token; measured. With a period at the end, the message is about the device."""

    # Users that do not exist, where that is hidden
    hidden_user_confirm_sign_up: Literal["CodeMismatchException", "ExpiredCodeException"] = (
        "ExpiredCodeException"
    )
    """What ConfirmSignUp answers for a user who does not exist, with PreventUserExistenceErrors."""
    hidden_users_cannot_reset: bool = False
    """Whether ForgotPassword refuses them, instead of simulating; one page says that it does both in turn."""

    # Attempts
    wrong_codes_per_handle: int = 5
    """The number of wrong MFA codes that invalidates the session handle and begins the lock-out."""
    wrong_first_codes_per_handle: int = 10
    """The number of wrong codes as first factor that invalidates the handle; recorded: six have no effect."""
    failed_passwords_before_lock: int = 5
    """The failed password that brings the first lock, of one second; documented."""
    longest_lock: float = 900.0
    """Seconds that a lock lasts at most; documented as about 15 minutes."""
    confirm_sign_up_attempts_per_hour: int = 15
    """Tries with ConfirmSignUp; documented."""
    resend_attempts_per_hour: int = 5
    """Codes by ResendConfirmationCode; documented."""
    forgot_password_attempts_per_hour: int = 5
    """Codes by ForgotPassword; 5 to 20 by the risk that AWS sees."""
    confirm_forgot_password_attempts_per_hour: int = 5
    """Tries with ConfirmForgotPassword; 5 to 20 by the risk that AWS sees."""
    change_password_attempts_per_hour: int = 5
    """Calls of ChangePassword; documented."""
    attribute_code_attempts_per_hour: int = 5
    """Codes by GetUserAttributeVerificationCode; documented."""
    verify_attribute_attempts_per_hour: int = 15
    """Tries with VerifyUserAttribute; documented."""

    # The order of checks
    disabled_before_password: bool = False
    """Whether "User is disabled." is said to a caller without the password."""
    unconfirmed_before_password: bool = True
    """Whether "User is not confirmed." is the answer to a wrong password; measured in the flows that send the
    password. With SRP, the password is verified first."""
    reset_required_before_password: bool = True
    """Whether a required reset is: AdminResetUserPassword takes the password away, so that none is right."""

    # Revocation
    revoke_disabled_message: str = "This feature is not enabled for this client"
    """RevokeToken with revocation off; measured."""
    revoke_wrong_type_message: str = "Wrong token type"
    """RevokeToken with an access token."""
    revoke_wrong_client_code: Literal["UnauthorizedException", "InvalidParameterException"] = (
        "UnauthorizedException"
    )
    """RevokeToken with another client's token, or with a wrong client secret; measured for the latter."""
    admin_sign_out_ends_access_tokens: bool = True
    """Whether AdminUserGlobalSignOut revokes access tokens; measured, though an older live check differs."""

    # SRP
    srp_challenge_has_session: bool = False
    """Whether PASSWORD_VERIFIER has a Session in USER_SRP_AUTH; most recorded responses have none."""
    srp_timestamp_tolerance: float = 300.0
    """Seconds that TIMESTAMP may be off."""
    srp_timestamp_message: str = "Incorrect username or password."
    """Said to a TIMESTAMP that is off or in another form."""
    srp_bad_a_message: str = "SRP_A is not a valid public value."
    """Said to an SRP_A that is not a number, or is a multiple of N."""
    secret_block_bytes: int = 900
    """The length of SECRET_BLOCK, decoded."""

    # Wordings
    password_history_message: str = "Password has previously been used"  # noqa: S105 - a message
    """PasswordHistoryPolicyViolationException's text."""
    custom_auth_disabled_message: str = "CUSTOM_AUTH flow not enabled for this client"
    """CUSTOM_AUTH on a client without it."""
    user_auth_disabled_message: str = "USER_AUTH flow not enabled for this client"
    """USER_AUTH on a client without it."""
    challenge_not_offered_message: str = "Invalid challenge selected."
    """SELECT_CHALLENGE answered with something that was not offered."""
    mfa_not_offered_message: str = "Invalid MFA type selected."
    """SELECT_MFA_TYPE answered with something that was not offered."""
    limit_of_no_groups_message: str = (
        "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: Member must "
        "have value greater than or equal to 1"
    )
    """A list of groups, or of a group's users, with the limit 0; measured."""
    associate_credentials_message: str = "Either AccessToken or Session must be given"
    """AssociateSoftwareToken or VerifySoftwareToken with neither or both."""
    two_preferred_message: str = "Only one MFA method can be preferred"
    """SetUserMFAPreference that prefers two."""
    preferred_disabled_message: str = "A disabled MFA method cannot be preferred"
    """SetUserMFAPreference that prefers what it turns off."""

    # Devices
    device_key_exists_message: str = "Device is confirmed already."
    """ConfirmDevice, the second time."""
    devices_off_message: str = "User pool does not have device tracking enabled."
    """Device operations on a pool that does not track devices."""

    # Second factors
    first_sign_in_skips_mfa: bool = False
    """Whether the first sign-in after a sign-up needs no second factor; an older guide says so."""
    mfa_configuration_replaces: bool = True
    """Whether SetUserPoolMfaConfig turns off the factors that it does not mention; measured."""

    passkey_mfa_names_another_factor: bool = True
    """Whether a request that lets passkeys count as two factors has to turn on another second factor, even
    if one is on already; measured."""
    passkey_mfa_off_message: str = "WebAuthn MFA is not enabled for the user pool."
    """The same request, if the user pool's passkeys are a single factor."""

    # Identity pools
    merge_keeps_login_identity: bool = True
    """Whether, of a guest and the identity that a login has already, the login's survives."""
    identity_conflict_message: str = "Logins of the same provider cannot belong to one identity."
    """ResourceConflictException: an identity would have two logins of one provider."""
    foreign_login_is_forbidden: bool = True
    """Whether a login of another identity is refused with "Access to Identity '…' is forbidden.". A login
    without an identity is refused with "Logins don't match. …" in any case."""
    custom_role_denied_message: str = "Access to Role '{role}' is forbidden."
    """CustomRoleArn names a role that the token does not list."""

    # Sign-in names
    lower_case_usernames: bool = True
    """Whether usernames of pools that ignore case are stored in lower case."""

    # OAuth endpoints
    wrong_client_status: Literal[400, 401] = 400
    """The HTTP status of ``invalid_client`` at the token endpoint; the guide lists it under 400."""
    failed_exchange_burns_code: bool = True
    """Whether a code is gone after an exchange with another redirect URI or code verifier."""
    code_reuse_revokes: bool = True
    """Whether a code's second use revokes what its first one yielded (RFC 6749, 4.1.2)."""
    machine_scope_error: Literal["invalid_grant", "invalid_scope"] = "invalid_grant"
    """The error of a client-credentials grant that asks for a scope which the client does not have."""
