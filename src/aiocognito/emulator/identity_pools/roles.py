"""The role of an identity: from the mapping of its provider, or the pool's default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ApiError, not_authorized

if TYPE_CHECKING:
    from ..assumptions import Assumptions
    from ..identity_pool import IdentityPool
    from .logins import Login


# Documented (Roles): the role of the token, of a rule, or the default.
def choose(pool: IdentityPool, logins: Sequence[Login], wanted: str | None, assumptions: Assumptions) -> str:
    """Return the ARN of the role.

    Args:
        pool: The identity pool.
        logins: The verified logins; a guest has none. The first whose provider has a mapping counts.
        wanted: ``CustomRoleArn``: one of the roles that the token lists.
        assumptions: The wordings.

    Raises:
        ApiError: The mapping denies it, or the pool lacks a role.
    """
    if not logins:
        return _default(pool, "unauthenticated") if wanted is None else _deny(wanted, assumptions)
    login = next((login for login in logins if login.mapped_name in pool.mappings), None)
    if login is None:
        return _default(pool, "authenticated") if wanted is None else _deny(wanted, assumptions)
    mapping = pool.mappings[login.mapped_name]
    if mapping["Type"] == "Token":
        role = _of_token(login, wanted, assumptions)
    else:
        role = _by_rule(mapping, login.claims) if wanted is None else _deny(wanted, assumptions)
    if role is not None:
        return role
    if mapping["AmbiguousRoleResolution"] == "AuthenticatedRole":
        return _default(pool, "authenticated")
    # Recorded (Role mappings): the literal text.
    raise not_authorized(f"The ambiguous role mapping rules for: {login.mapped_name} denied this request.")


def _default(pool: IdentityPool, kind: str) -> str:
    if kind not in pool.roles:
        raise ApiError(
            "InvalidIdentityPoolConfigurationException",
            "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
        )
    return pool.roles[kind]


def _deny(wanted: str, assumptions: Assumptions) -> str:
    # Only a token's own list of roles can be chosen from.
    raise not_authorized(assumptions.custom_role_denied_message.format(role=wanted))


def _of_token(login: Login, wanted: str | None, assumptions: Assumptions) -> str | None:
    roles = login.claims.get("cognito:roles")
    if wanted is not None:
        return wanted if isinstance(roles, list) and wanted in roles else _deny(wanted, assumptions)
    preferred = login.claims.get("cognito:preferred_role")
    return preferred if isinstance(preferred, str) and preferred else None


def _by_rule(mapping: Mapping[str, Any], claims: Mapping[str, Any]) -> str | None:
    for rule in mapping["RulesConfiguration"]["Rules"]:
        claim = claims.get(rule["Claim"])
        if claim is not None and _matches(rule["MatchType"], claim, rule["Value"]):
            role: str = rule["RoleARN"]
            return role
    return None


def _matches(kind: str, claim: object, value: str) -> bool:
    """Return whether a claim matches; a claim that is a list matches ``Contains`` and ``NotEqual`` only."""
    texts = [_text(item) for item in claim] if isinstance(claim, list) else [_text(claim)]
    if kind == "Contains":
        return any(value in text for text in texts)
    if isinstance(claim, list):
        return kind == "NotEqual" and value not in texts
    if kind == "StartsWith":
        return texts[0].startswith(value)
    return (texts[0] == value) is (kind == "Equals")


def _text(claim: object) -> str:
    return str(claim).lower() if isinstance(claim, bool) else str(claim)
