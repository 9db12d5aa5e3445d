"""App clients: their flows, token lifetimes and secrets."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field

from .errors import not_authorized
from .serialization import persisted

SECONDS: Final = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
DEFAULT_FLOWS: Final = ("ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH")
DEFAULT_REFRESH_DAYS: Final = 30
_REFRESHES: Final = ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN")
_PERMITTED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "USER_SRP_AUTH": ("ALLOW_USER_SRP_AUTH",),
    "USER_PASSWORD_AUTH": ("ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"),
    "ADMIN_USER_PASSWORD_AUTH": ("ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"),
    "ADMIN_NO_SRP_AUTH": ("ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"),
    "CUSTOM_AUTH": ("ALLOW_CUSTOM_AUTH", "CUSTOM_AUTH_FLOW_ONLY"),
    "USER_AUTH": ("ALLOW_USER_AUTH",),
    "REFRESH_TOKEN_AUTH": ("ALLOW_REFRESH_TOKEN_AUTH",),
    "REFRESH_TOKEN": ("ALLOW_REFRESH_TOKEN_AUTH",),
}
_DEFAULT_LIFE: Final = 3600.0


@persisted("app-client")
@define
class AppClient:
    """One app client of a user pool.

    Args:
        id: The client id.
        secrets: The client secrets, each of which is accepted; empty for a public client.
        settings: UserPoolClientType's members, as they are described.
        secret_times: When each secret was added, in seconds since 1970.
    """

    id: str
    secrets: list[str] = field(repr=False)
    settings: dict[str, Any] = field(repr=False)
    secret_times: list[int] = field(factory=list)

    def times_of_secrets(self) -> list[int]:
        """Return when each secret was added; the first one came with the client."""
        return list(self.secret_times or (int(self.settings["CreationDate"]) for _ in self.secrets))

    @property
    def flows(self) -> tuple[str, ...]:
        """``ExplicitAuthFlows``, or their default."""
        flows = self.settings.get("ExplicitAuthFlows")
        if flows:
            return tuple(flows)
        # A client that rotates cannot have the refresh flow, which excludes it from the default.
        return DEFAULT_FLOWS[1:] if self.rotates else DEFAULT_FLOWS

    def permits(self, flow: str) -> bool:
        """Whether an AuthFlow is enabled, under its current or its older name."""
        return any(name in self.flows for name in _PERMITTED_BY[flow]) or self._permits_of_old(flow)

    def _permits_of_old(self, flow: str) -> bool:
        # Clients with the older names do SRP and refresh, unless they are for custom flows only.
        if any(name.startswith("ALLOW_") for name in self.flows):
            return False
        return flow in _REFRESHES or (flow == "USER_SRP_AUTH" and "CUSTOM_AUTH_FLOW_ONLY" not in self.flows)

    def life(self, kind: str) -> float:
        """Seconds until a token expires.

        Args:
            kind: ``AccessToken``, ``IdToken`` or ``RefreshToken``.
        """
        units = self.settings.get("TokenValidityUnits") or {}
        value = self.settings.get(f"{kind}Validity")
        if value is None:
            return _DEFAULT_LIFE
        return float(value * SECONDS[units.get(kind, "days" if kind == "RefreshToken" else "hours")])

    @property
    def session_life(self) -> float:
        """Seconds until a session handle expires."""
        return float(self.settings.get("AuthSessionValidity", 3)) * 60

    @property
    def rotates(self) -> bool:
        """Whether every refresh returns a new refresh token."""
        rotation: Mapping[str, Any] = self.settings.get("RefreshTokenRotation") or {}
        return rotation.get("Feature") == "ENABLED"

    @property
    def grace(self) -> float:
        """Seconds for which a rotated refresh token still works."""
        rotation: Mapping[str, Any] = self.settings.get("RefreshTokenRotation") or {}
        return float(rotation.get("RetryGracePeriodSeconds", 0))

    @property
    def revokes(self) -> bool:
        """Whether tokens can be revoked."""
        return bool(self.settings.get("EnableTokenRevocation", True))

    def grants(self, flow: str) -> bool:
        """Whether an OAuth flow is enabled: ``code``, ``implicit`` or ``client_credentials``."""
        return self.is_oauth and flow in (self.settings.get("AllowedOAuthFlows") or ())

    @property
    def is_oauth(self) -> bool:
        """Whether it may use the hosted UI and its endpoints at all."""
        return bool(self.settings.get("AllowedOAuthFlowsUserPoolClient"))

    @property
    def scopes(self) -> tuple[str, ...]:
        """``AllowedOAuthScopes``."""
        return tuple(self.settings.get("AllowedOAuthScopes") or ())

    @property
    def hides_users(self) -> bool:
        """Whether an unknown user looks like a wrong password."""
        return self.settings.get("PreventUserExistenceErrors") == "ENABLED"

    def may_read(self, attribute: str) -> bool:
        """Whether tokens and GetUser show an attribute."""
        allowed = self.settings.get("ReadAttributes")
        return not allowed or attribute in {"sub", "identities"} or attribute in allowed

    def may_write(self, attribute: str) -> bool:
        """Whether users may set an attribute through this client."""
        allowed = self.settings.get("WriteAttributes")
        if attribute in {"sub", "email_verified", "phone_number_verified"} or attribute.startswith("dev:"):
            return False
        return not allowed or attribute in allowed

    # Recorded (Client secrets): missing and wrong hashes have different messages.
    def check_hash(self, username: str, given: str | None, *, wrong: str | None = None) -> None:
        """Refuse a request with a wrong secret hash, without the one it needs, or with one it must not have.

        Args:
            username: The name over which the client makes the hash.
            given: ``SecretHash`` or ``SECRET_HASH``.
            wrong: Another text for a wrong one.
        """
        self.require_hash(given)
        if given is None:
            return
        right = (_hash(secret, username, self.id) for secret in self.secrets)
        if not any(hmac.compare_digest(value, given.encode()) for value in right):
            raise not_authorized(wrong or f"Unable to verify secret hash for client {self.id}")

    def require_hash(self, given: str | None) -> None:
        """Refuse a request without a secret hash if the client has a secret."""
        if self.secrets and given is None:
            text = f"Client {self.id} is configured with secret but SECRET_HASH was not received"
            raise not_authorized(text)

    def hash_of(self, username: str) -> str | None:
        """Return the secret hash of a username, for the client's pages; ``None`` without a secret."""
        return _hash(self.secrets[0], username, self.id).decode() if self.secrets else None

    def knows_secret(self, given: str | None) -> bool:
        """Return whether a client secret is right; ``None`` is right for a public client."""
        if not self.secrets:
            return given is None
        offered = (given or "").encode()
        return any(hmac.compare_digest(secret.encode(), offered) for secret in self.secrets)


def _hash(secret: str, username: str, client_id: str) -> bytes:
    return base64.b64encode(hmac.digest(secret.encode(), f"{username}{client_id}".encode(), "sha256"))
