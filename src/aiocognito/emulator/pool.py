"""A user pool: its settings, its users and the state of their sign-ins."""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field

from .._partitions import service_host
from . import password_policy
from .attempts import Attempts, Lockout
from .auth_sessions import AuthSessionStore
from .clients import AppClient
from .groups import Group
from .hosted_ui_state import HostedUi
from .import_jobs import ImportJob
from .serialization import persisted
from .srp_server import SALT_BYTES
from .token_store import TokenStore
from .trigger_table import Triggers
from .users import Directory, User

MULTI_FACTOR: Final = "MULTI_FACTOR_WITH_USER_VERIFICATION"
"""``FactorConfiguration`` of user pools whose passkeys count as two factors."""


@persisted(
    "user-pool",
    renamed={
        "strangers": "unknown_users",
        "stranger_attempts": "unknown_user_attempts",
        "handles": "auth_sessions",
    },
)
@define
class UserPool:
    """One user pool.

    Args:
        id: ``<region>_<name>``.
        settings: UserPoolType's members, as they are described.
        schema: The attributes that users may have, by name.
        users: The users.
        decoy_key: Makes the stable values that hide whether a user exists.
        mfa: SetUserPoolMfaConfig's members: which second factors are offered.
        hosted: The state of its hosted UI.
        resource_servers: ResourceServerType's members, by identifier.
        providers: IdentityProviderType's members, by name.
        domains: DomainDescriptionType's members, by name.
        session_configuration: SetUserPoolSessionConfiguration's members; empty if it was never called.
        risk_configurations: RiskConfigurationType's members, by app client; under an empty key the pool's.
        ui_customizations: UICustomizationType's members, by app client; under ``ALL`` those of all others.
        brandings: ManagedLoginBrandingType's members and the app client, by id.
        terms: TermsType's members, by id.
        log_configurations: SetLogDeliveryConfiguration's members.
        client_session_configurations: SetUserPoolClientSessionConfiguration's members, by app client.
        import_jobs: The imports of users, by id.
        warned_lambdas: The triggers and ARNs of Lambda functions of which the log says that they do not run.
    """

    id: str
    settings: dict[str, Any] = field(repr=False)
    schema: dict[str, dict[str, Any]] = field(repr=False)
    users: Directory = field(repr=False)
    decoy_key: bytes = field(repr=False)
    mfa: dict[str, Any] = field(factory=dict, repr=False)
    clients: dict[str, AppClient] = field(factory=dict, repr=False)
    groups: dict[str, Group] = field(factory=dict, repr=False)
    auth_sessions: AuthSessionStore = field(factory=AuthSessionStore, repr=False)
    tokens: TokenStore = field(factory=TokenStore, repr=False)
    unknown_users: dict[str, Lockout] = field(factory=dict, repr=False)
    unknown_user_attempts: dict[str, Attempts] = field(factory=dict, repr=False)
    hosted: HostedUi = field(factory=HostedUi, repr=False)
    resource_servers: dict[str, dict[str, Any]] = field(factory=dict, repr=False)
    providers: dict[str, dict[str, Any]] = field(factory=dict, repr=False)
    domains: dict[str, dict[str, Any]] = field(factory=dict, repr=False)
    session_configuration: dict[str, Any] = field(factory=dict, repr=False)
    risk_configurations: dict[str, dict[str, Any]] = field(factory=dict, repr=False)
    ui_customizations: dict[str, dict[str, Any]] = field(factory=dict, repr=False)
    brandings: dict[str, dict[str, Any]] = field(factory=dict, repr=False)
    terms: dict[str, dict[str, Any]] = field(factory=dict, repr=False)
    log_configurations: list[dict[str, Any]] = field(factory=list, repr=False)
    client_session_configurations: dict[str, dict[str, Any]] = field(factory=dict, repr=False)
    import_jobs: dict[str, ImportJob] = field(factory=dict, repr=False)
    triggers: Triggers = field(factory=Triggers, repr=False, metadata={"persisted": False})
    warned_lambdas: set[tuple[str, str]] = field(factory=set, repr=False, metadata={"persisted": False})

    def sso_seconds(self, client_id: str) -> float:
        """Return for how long after a sign-in on the hosted UI an app client does not ask again."""
        configured = self.client_session_configurations.get(client_id)
        return 3600.0 if configured is None else configured["SSOSession"]["MaxValidityMinutes"] * 60.0

    @property
    def tracks_sessions(self) -> bool:
        """Whether sessions are tracked, so that they can be listed and revoked."""
        return self.session_configuration.get("UserSessionTracking") == "ENABLED"

    @property
    def region(self) -> str:
        """The region, from the id."""
        return self.id.split("_", 1)[0]

    @property
    def name(self) -> str:
        """The part of the id behind the region: what SRP hashes."""
        return self.id.split("_", 1)[1]

    @property
    def issuer(self) -> str:
        """The tokens' issuer, in AWS's form."""
        kind = (self.settings.get("IssuerConfiguration") or {}).get("Type")
        host = "issuer-cognito-idp" if kind == "UPDATED" else "cognito-idp"
        return f"https://{service_host(host, self.region)}/{self.id}"

    @property
    def password_policy(self) -> Mapping[str, Any]:
        """The policy, with the defaults filled in."""
        return {**password_policy.DEFAULTS, **(self.settings.get("Policies") or {}).get("PasswordPolicy", {})}

    @property
    def first_factors(self) -> tuple[str, ...]:
        """``AllowedFirstAuthFactors``."""
        policy = (self.settings.get("Policies") or {}).get("SignInPolicy") or {}
        return tuple(policy.get("AllowedFirstAuthFactors") or ("PASSWORD",))

    @property
    def code_factors(self) -> tuple[str, ...]:
        """The first factors that are codes: where there is one, users need no password."""
        return tuple(factor for factor in self.first_factors if factor in {"EMAIL_OTP", "SMS_OTP"})

    @property
    def confirms_by_link(self) -> bool:
        """Whether the mail that confirms an account has a link instead of a code."""
        template = self.settings.get("VerificationMessageTemplate") or {}
        return template.get("DefaultEmailOption") == "CONFIRM_WITH_LINK"

    @property
    def auto_verified(self) -> tuple[str, ...]:
        """The addresses that are verified by code at sign-up."""
        return tuple(self.settings.get("AutoVerifiedAttributes") or ())

    @property
    def verified_before_update(self) -> tuple[str, ...]:
        """The addresses that stay as they are until their successor is verified."""
        setting = self.settings.get("UserAttributeUpdateSettings") or {}
        return tuple(setting.get("AttributesRequireVerificationBeforeUpdate") or ())

    @property
    def mfa_mode(self) -> str:
        """``OFF``, ``OPTIONAL`` or ``ON``."""
        return str(self.settings.get("MfaConfiguration", "OFF"))

    @property
    def passkeys_are_mfa(self) -> bool:
        """Whether a passkey verifies its user, and so is two factors at once."""
        passkeys: Mapping[str, Any] = self.mfa.get("WebAuthnConfiguration") or {}
        return passkeys.get("FactorConfiguration") == MULTI_FACTOR

    @property
    def factors(self) -> tuple[str, ...]:
        """The second factors that the pool offers."""
        offered = []
        if "SmsMfaConfiguration" in self.mfa:
            offered.append("SMS_MFA")
        if (self.mfa.get("SoftwareTokenMfaConfiguration") or {}).get("Enabled"):
            offered.append("SOFTWARE_TOKEN_MFA")
        if "EmailMfaConfiguration" in self.mfa:
            offered.append("EMAIL_OTP")
        return tuple(offered)

    @property
    def recovery(self) -> tuple[str, ...]:
        """The ways to recover an account, the first the primary one."""
        setting = self.settings.get("AccountRecoverySetting")
        if setting is None:
            return ("verified_email", "verified_phone_number")
        if not setting:
            # Recorded (User pools): an empty setting restores the order of old: the phone first.
            return ("verified_phone_number", "verified_email")
        ways = sorted(setting.get("RecoveryMechanisms", ()), key=lambda way: int(way["Priority"]))
        return tuple(way["Name"] for way in ways)

    def delete_client(self, client_id: str) -> None:
        """Delete an app client, and all that was configured for it."""
        del self.clients[client_id]
        self.risk_configurations.pop(client_id, None)
        self.ui_customizations.pop(client_id, None)
        self.client_session_configurations.pop(client_id, None)
        for configured in (self.brandings, self.terms):
            for key in [key for key, each in configured.items() if each["ClientId"] == client_id]:
                del configured[key]

    # Documented (Hidden users): stable values for each name.
    def decoy(self, purpose: str, name: str) -> bytes:
        """Derive 32 bytes that look random and are always the same for a name."""
        return hmac.digest(
            self.decoy_key, json.dumps([purpose, self.users.normalize(name)]).encode(), "sha256"
        )

    def decoy_salt(self, name: str) -> bytes:
        """Return the salt of a user who does not exist."""
        return self.decoy("salt", name)[:SALT_BYTES]

    def decoy_letter(self, name: str) -> str:
        """Return a letter for the masked address of a user who does not exist."""
        return "abcdefghijklmnopqrstuvwxyz"[self.decoy("letter", name)[0] % 26]

    def decoy_phone(self, name: str) -> str:
        """Return the last digits of a phone number that does not exist."""
        return f"+{int.from_bytes(self.decoy('phone', name)[:4], 'big') % 10_000:04d}"

    def decoy_uuid(self, name: str) -> str:
        """Return the user id of a user who does not exist."""
        return str(uuid.UUID(bytes=self.decoy("id", name)[:16], version=4))

    def lockout_of(self, name: str) -> Lockout:
        """Return the lock-out of a user who does not exist: existing users have one, too."""
        return self.unknown_users.setdefault(self.users.normalize(name), Lockout())

    def attempts_of(self, name: str) -> Attempts:
        """Return the attempts of a user who does not exist or is hidden; they are counted, too."""
        return self.unknown_user_attempts.setdefault(self.users.normalize(name), Attempts())

    def groups_of(self, user: User) -> list[Group]:
        """Return the user's groups by precedence; those without precedence come last."""
        groups = (self.groups[name] for name in user.groups)
        return sorted(groups, key=lambda group: (group.precedence is None, group.precedence or 0))
