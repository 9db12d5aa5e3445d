"""The emulated user pool: its settings, and users for trying each factor."""

from collections.abc import Sequence
from typing import Any, Final

from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool

from . import question

PASSWORD: Final = "Correct-horse-7"  # noqa: S105 - of users that exist on this machine only
SETTINGS: Final[dict[str, Any]] = {
    "PoolName": "shop",
    "UsernameAttributes": ["email"],
    "AutoVerifiedAttributes": ["email"],
    "MfaConfiguration": "OPTIONAL",
    "EmailMfaConfiguration": {},
    "Policies": {
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"]}
    },
    "WebAuthnConfiguration": {"RelyingPartyId": "localhost"},
    # The old address stays until the code from the new one is entered.
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
    # A browser that its user has had remembered needs no second factor.
    "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True},
}
CLIENT: Final[dict[str, Any]] = {
    "ClientName": "shop",
    "ExplicitAuthFlows": [f"ALLOW_{flow}_AUTH" for flow in ("USER_SRP", "USER", "CUSTOM", "REFRESH_TOKEN")],
    "PreventUserExistenceErrors": "ENABLED",
}
USERS: Final[tuple[tuple[str, str | None, dict[str, str], str], ...]] = (
    ("ana@example.com", None, {}, "a password; she is staff"),
    ("sam@example.com", "SMS", {"phone_number": "+15550100"}, "a password, and a code by text message"),
    ("eli@example.com", "EMAIL", {}, "a password, and a code by e-mail"),
)
INVITED: Final = "nia@example.com"


def make_pool(emulator: ThreadedEmulator, origins: Sequence[str]) -> ThreadedUserPool:
    """Create the user pool, with the hosted UI for the shop at some origins."""
    client = {
        **CLIENT,
        "CallbackURLs": [f"{origin}/auth/callback" for origin in origins],
        "LogoutURLs": [f"{origin}/" for origin in origins],
    }
    return emulator.create_user_pool(client=client, triggers=question.TRIGGERS, **SETTINGS)


def add_users(emulator: ThreadedEmulator, pool: ThreadedUserPool) -> list[str]:
    """Add users for trying each factor, and return a line about each."""
    lines: list[str] = []
    for address, mfa, attributes, about in USERS:
        groups = ["staff"] if mfa is None else []
        pool.add_user(address, PASSWORD, attributes={"email": address, **attributes}, mfa=mfa, groups=groups)
        lines.append(f"{address}: {about}")
    emulator.call(
        "AdminCreateUser",
        UserPoolId=pool.id,
        Username=INVITED,
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": INVITED}, {"Name": "email_verified", "Value": "true"}],
    )
    return [*lines, f"{INVITED}: a password that has to be changed"]


def environment(pool: ThreadedUserPool) -> dict[str, str]:
    """Return the variables of `AuthConfig.from_env` for the pool."""
    config = pool.config
    oauth = config.oauth
    variables = {
        "COGNITO_USER_POOL_ID": config.user_pool_id,
        "COGNITO_CLIENT_ID": config.user_pool_client_id,
        "COGNITO_USER_POOL_ENDPOINT": config.user_pool_endpoint,
    }
    if oauth is not None:
        variables |= {
            "COGNITO_OAUTH_DOMAIN": oauth.domain,
            "COGNITO_OAUTH_SCOPES": " ".join(oauth.scopes),
            "COGNITO_REDIRECT_SIGN_IN": ",".join(oauth.redirect_sign_in),
            "COGNITO_REDIRECT_SIGN_OUT": ",".join(oauth.redirect_sign_out),
        }
    return {name: value for name, value in variables.items() if value}
