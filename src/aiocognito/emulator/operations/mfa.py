"""Second factors: those of a pool, those of a user, and the preferred one."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, Final

from .. import pool_settings
from ..auth import mfa_setup
from ..auth_sessions import AuthSession, invalid
from ..errors import ApiError, invalid_parameter, user_not_found
from ..hashing import digest
from ..pool import UserPool
from ..randomness import BASE32, secret_text
from ..registration import operation
from ..request_context import RequestContext
from ..state import EmulatorState
from ..tokens import bearer
from ..totp import SECRET_LENGTH, SoftwareToken, Verdict
from ..users import PASSKEY_MFA, User
from . import account

_SETTINGS: Final = {
    "SMSMfaSettings": "SMS_MFA",
    "SoftwareTokenMfaSettings": "SOFTWARE_TOKEN_MFA",
    "EmailMfaSettings": "EMAIL_OTP",
}
_ANOTHER_FACTOR: Final = "WebAuthn MFA requires enabling an additional MFA setting."
_POOL_MEMBERS: Final = (
    "SmsMfaConfiguration",
    "SoftwareTokenMfaConfiguration",
    "EmailMfaConfiguration",
    "WebAuthnConfiguration",
)


@operation("AssociateSoftwareToken")
async def associate_software_token(context: RequestContext) -> dict[str, Any]:
    """Return a secret for an authenticator app; it is active once a code was verified."""
    pool, user, session = await _user_of_token_or_session(context.state, context.members)
    if "SOFTWARE_TOKEN_MFA" not in pool.factors:
        raise ApiError("SoftwareTokenMFANotFoundException", "Software Token MFA not enabled by userpool")
    user.new_token = SoftwareToken(secret_text(SECRET_LENGTH, BASE32))
    answer = {"SecretCode": user.new_token.secret}
    if session is not None:
        answer["Session"] = _renew(context.state, pool, user, session, verified=False)
    return answer


# Recorded (Setting up a software token during a sign-in): registered before the sign-in is finished.
@operation("VerifySoftwareToken")
async def verify_software_token(context: RequestContext) -> dict[str, Any]:
    """Activate a software token with a code of it."""
    given = context.members
    pool, user, session = await _user_of_token_or_session(context.state, given)
    token = user.new_token
    verdict = Verdict.WRONG if token is None else token.check(given["UserCode"], context.state.clock())
    if token is None or verdict is not Verdict.GOOD:
        text = "Code mismatch and fail enable Software Token MFA"
        raise ApiError("EnableSoftwareTokenMFAException", text)
    token.friendly_name = given.get("FriendlyDeviceName")
    user.token, user.new_token = token, None
    answer = {"Status": "SUCCESS"}
    if session is not None:
        answer["Session"] = _renew(context.state, pool, user, session, verified=True)
    return answer


async def _user_of_token_or_session(
    state: EmulatorState, given: Mapping[str, Any]
) -> tuple[UserPool, User, AuthSession | None]:
    token, session = given.get("AccessToken"), given.get("Session")
    if (token is None) == (session is None):
        raise invalid_parameter(state.assumptions.associate_credentials_message)
    if token is not None:
        caller = await bearer.authorize(state, token)
        return caller.pool, caller.user, None
    return _of_session(state, str(session))


def _of_session(state: EmulatorState, handle: str) -> tuple[UserPool, User, AuthSession]:
    """Return the user of a session handle; these operations name neither the user pool nor the client."""
    key = digest(handle)
    pool = next((pool for pool in state.pools.values() if key in pool.auth_sessions), None)
    session = None if pool is None else pool.auth_sessions.get(handle)
    if pool is None or session is None:
        raise invalid()
    user = pool.users.by_subject(session.sub or "")
    if user is None:
        raise user_not_found()
    pool.auth_sessions.redeem(
        handle, client_id=session.client_id, user=user, challenge="MFA_SETUP", now=state.clock()
    )
    return pool, user, session


def _renew(state: EmulatorState, pool: UserPool, user: User, session: AuthSession, *, verified: bool) -> str:
    now = state.clock()
    life = pool.clients[session.client_id].session_life
    return pool.auth_sessions.issue(mfa_setup.renewed(session, user, now + life, verified=verified), now)


@operation("GetUserAuthFactors")
async def get_user_auth_factors(context: RequestContext) -> dict[str, Any]:
    """List the factors that a user has configured."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    return configured_factors(caller.user)


def configured_factors(user: User) -> dict[str, Any]:
    """Return the factors that a user has configured, and the second factors that are on."""
    has = {
        "PASSWORD": user.secret is not None,
        "EMAIL_OTP": bool(user.attributes.get("email")),
        "SMS_OTP": bool(user.attributes.get("phone_number")),
        "WEB_AUTHN": bool(user.passkeys),
        "SOFTWARE_TOKEN": user.token is not None,
    }
    configured = [factor for factor, is_configured in has.items() if is_configured]
    return {
        "Username": user.username,
        "ConfiguredUserAuthFactors": configured,
        **account.described_factors(user),
    }


@operation("SetUserMFAPreference")
async def set_user_mfa_preference(context: RequestContext) -> dict[str, Any]:
    """Set the second factors of the signed-in user."""
    caller = await bearer.authorize(context.state, context.members["AccessToken"])
    prefer(context.state, caller.pool, caller.user, context.members)
    return {}


@operation("AdminSetUserMFAPreference")
async def admin_set_user_mfa_preference(context: RequestContext) -> dict[str, Any]:
    """Set a user's second factors."""
    pool, user = context.pool_and_user()
    prefer(context.state, pool, user, context.members)
    return {}


def prefer(state: EmulatorState, pool: UserPool, user: User, given: Mapping[str, Any]) -> None:
    """Turn factors on and off and prefer one; a factor that is not mentioned stays as it is.

    Raises:
        ApiError: Two are preferred, or one that is off, or one that the user does not have; or passkeys
            are to count as two factors, and they cannot.
    """
    asked = {factor: given[member] for member, factor in _SETTINGS.items() if member in given}
    preferred = [factor for factor, setting in asked.items() if setting.get("PreferredMfa")]
    if len(preferred) > 1:
        raise invalid_parameter(state.assumptions.two_preferred_message)
    if preferred and not asked[preferred[0]].get("Enabled"):
        raise invalid_parameter(state.assumptions.preferred_disabled_message)
    for factor, setting in asked.items():
        if setting.get("Enabled"):
            _require_set_up(user, factor)
    switches = {factor: bool(setting.get("Enabled")) for factor, setting in asked.items()}
    passkeys = given.get("WebAuthnMfaSettings")
    if passkeys is not None:
        switches[PASSKEY_MFA] = bool(passkeys.get("Enabled"))
    if switches.get(PASSKEY_MFA):
        _check_passkeys(state, pool, user, switches)
    factors = _switched(pool, user.factors, switches)
    # Recorded (Passkeys as two factors): another second factor has to be on beside it.
    if factors == {PASSKEY_MFA}:
        raise invalid_parameter(_ANOTHER_FACTOR)
    user.factors = factors
    if user.preferred_factor in asked:
        user.preferred_factor = None
    if preferred:
        user.preferred_factor = preferred[0]


def _switched(pool: UserPool, before: Set[str], switches: Mapping[str, bool]) -> set[str]:
    on = {factor for factor, is_on in switches.items() if is_on}
    off = switches.keys() - on
    if pool.mfa_mode == "ON":
        # Where a second factor is required, it cannot be turned off.
        off = off & {PASSKEY_MFA}
    return (set(before) | on) - off


# Recorded (Passkeys as two factors): the texts; the request has to turn another factor on, too.
def _check_passkeys(state: EmulatorState, pool: UserPool, user: User, switches: Mapping[str, bool]) -> None:
    if not pool.passkeys_are_mfa:
        raise invalid_parameter(state.assumptions.passkey_mfa_off_message)
    others = [factor for factor, is_on in switches.items() if is_on and factor != PASSKEY_MFA]
    if not others and state.assumptions.passkey_mfa_names_another_factor:
        raise invalid_parameter(_ANOTHER_FACTOR)
    if not user.passkeys:
        raise invalid_parameter("User does not have applicable WebAuthn credentials to enable WebAuthn MFA.")


def _require_set_up(user: User, factor: str) -> None:
    has = {
        "SMS_MFA": bool(user.attributes.get("phone_number")),
        "EMAIL_OTP": bool(user.attributes.get("email")),
        "SOFTWARE_TOKEN_MFA": user.token is not None,
    }
    if not has[factor]:
        raise invalid_parameter(f"User does not have delivery config set to turn on {factor}")


@operation("SetUserPoolMfaConfig")
async def set_user_pool_mfa_config(context: RequestContext) -> dict[str, Any]:
    """Set the second factors that a pool offers, and whether one is required."""
    given = context.members
    pool = context.pool
    kept = {} if context.state.assumptions.mfa_configuration_replaces else pool.mfa
    sent = {member: given[member] for member in _POOL_MEMBERS if member in given}
    factors = {**kept, **sent}
    mode = given.get("MfaConfiguration", "OFF")
    offered = UserPool(pool.id, {}, {}, pool.users, b"", mfa=factors).factors
    pool_settings.check_mfa(mode, sent if mode == "OFF" else factors, offered, pool.settings)
    passkeys = factors.get("WebAuthnConfiguration") or {}
    pool_settings.check_recovery(mode, offered, pool.settings)
    pool_settings.check_passkeys(pool.settings["UserPoolTier"], passkeys)
    pool_settings.check_required_mfa(mode, pool.first_factors, passkeys)
    pool.mfa = factors
    pool.settings.update(MfaConfiguration=mode, LastModifiedDate=context.state.clock())
    # Assumed (SMS): UpdateUserPool and SetUserPoolMfaConfig have the same two settings.
    pool.settings.update(given.get("SmsMfaConfiguration", {}))
    return _pool_config(pool)


@operation("GetUserPoolMfaConfig")
async def get_user_pool_mfa_config(context: RequestContext) -> dict[str, Any]:
    """Return the second factors that a pool offers."""
    return _pool_config(context.pool)


def _pool_config(pool: UserPool) -> dict[str, Any]:
    described = {**pool.mfa, "MfaConfiguration": pool.mfa_mode}
    # Recorded (SetUserPoolMfaConfig): a software token that is off is described beside SMS.
    if "SmsMfaConfiguration" in described:
        described.setdefault("SoftwareTokenMfaConfiguration", {"Enabled": False})
    if "WebAuthnConfiguration" in described:
        described["WebAuthnConfiguration"] = {
            "FactorConfiguration": "SINGLE_FACTOR",
            **described["WebAuthnConfiguration"],
        }
    return described
