"""A running emulator's configuration for applications: environment variables, ``amplify_outputs.json``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from .atomic_file import replace

if TYPE_CHECKING:
    from .._config import OAuthConfig
    from .emulated_identity_pool import EmulatedIdentityPool
    from .emulated_pool import EmulatedUserPool
    from .pool import UserPool

SECRETS: Final = ("COGNITO_CLIENT_SECRET", "AWS_ACCESS_KEY_ID")
_ENDPOINTS: Final = (
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY",
)
_PROVIDERS: Final = {
    "Google": "GOOGLE",
    "LoginWithAmazon": "LOGIN_WITH_AMAZON",
    "Facebook": "FACEBOOK",
    "SignInWithApple": "SIGN_IN_WITH_APPLE",
}
_POLICY: Final = {
    "RequireLowercase": "require_lowercase",
    "RequireUppercase": "require_uppercase",
    "RequireNumbers": "require_numbers",
    "RequireSymbols": "require_symbols",
}


def environment(
    url: str,
    pool: EmulatedUserPool,
    identity_pool: EmulatedIdentityPool | None = None,
    *,
    token: str | None = None,
) -> dict[str, str]:
    """Return the variables that lead this library, and every AWS SDK, to an emulator.

    Args:
        url: The emulator's URL, as the application reaches it.
        pool: The user pool.
        identity_pool: The identity pool, if there is one.
        token: The emulator's token, which SDKs then send as access key id.
    """
    variables = {
        "COGNITO_USER_POOL_ID": pool.id,
        "COGNITO_CLIENT_ID": pool.client_id,
        "COGNITO_CLIENT_SECRET": pool.client_secret,
        "COGNITO_USER_POOL_ENDPOINT": url,
    }
    if identity_pool is not None:
        variables["COGNITO_IDENTITY_POOL_ID"] = identity_pool.id
        variables["COGNITO_IDENTITY_POOL_ENDPOINT"] = url
    oauth = pool.config.oauth
    if oauth is not None:
        variables |= _oauth(url, oauth)
    variables |= dict.fromkeys(_ENDPOINTS, url)
    variables["AWS_DEFAULT_REGION"] = pool.state.region
    if token is not None:
        variables["AWS_ACCESS_KEY_ID"] = token
        variables["AWS_SECRET_ACCESS_KEY"] = "emulated"  # noqa: S105 - the emulator checks no signature
    return {name: value for name, value in variables.items() if value}


def _oauth(url: str, oauth: OAuthConfig) -> dict[str, str | None]:
    return {
        "COGNITO_OAUTH_DOMAIN": url,
        "COGNITO_OAUTH_SCOPES": ",".join(oauth.scopes),
        "COGNITO_REDIRECT_SIGN_IN": ",".join(oauth.redirect_sign_in),
        "COGNITO_REDIRECT_SIGN_OUT": ",".join(oauth.redirect_sign_out),
    }


def write_environment(path: Path, variables: Mapping[str, str]) -> None:
    """Write an env file: one variable on each line, as shells, ``docker --env-file`` and dotenv read it.

    Its mode is 0600 if it holds a secret. Blocks on the disk.

    Args:
        path: The file, which is replaced.
        variables: The variables.

    Raises:
        OSError: It cannot be written.
    """
    lines = ["# Written by `aiocognito emulator`.", *(f"{name}={value}" for name, value in variables.items())]
    is_secret = any(name in variables for name in SECRETS)
    write(path, "\n".join([*lines, ""]), mode=0o600 if is_secret else 0o644)


def write(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace a file. Blocks on the disk.

    Raises:
        OSError: It cannot be written.
    """
    replace(path.absolute(), text.encode(), mode=mode)


def shell_line(variables: Mapping[str, str]) -> str:
    """Return an ``export`` line for a shell."""
    return " ".join(["export", *(f"{name}={shlex.quote(value)}" for name, value in variables.items())])


def amplify_outputs(
    url: str, pool: EmulatedUserPool, identity_pool: EmulatedIdentityPool | None = None
) -> dict[str, Any]:
    """Return what ``amplify_outputs.json`` holds for a user pool.

    Amplify's own format has no place for endpoints. They are below ``custom.aiocognito``, from where a
    front end gives them to ``Amplify.configure``, and from where `AuthConfig.from_amplify_outputs` reads
    them.

    Args:
        url: The emulator's URL, as the application reaches it.
        pool: The user pool.
        identity_pool: The identity pool, if there is one.
    """
    state = pool.state
    auth: dict[str, Any] = {
        "aws_region": state.region,
        "user_pool_id": pool.id,
        "user_pool_client_id": pool.client_id,
        "username_attributes": list(state.settings.get("UsernameAttributes", ())),
        "user_verification_types": list(state.auto_verified),
        "standard_required_attributes": _required(state),
        "mfa_configuration": {"ON": "REQUIRED", "OFF": "NONE"}.get(state.mfa_mode, state.mfa_mode),
        "mfa_methods": [name for name, factor in _METHODS.items() if factor in state.factors],
        "password_policy": _password_policy(state),
    }
    if identity_pool is not None:
        auth["identity_pool_id"] = identity_pool.id
        auth["unauthenticated_identities_enabled"] = identity_pool.state.allows_guests
    oauth = pool.config.oauth
    if oauth is not None:
        auth["oauth"] = {
            "identity_providers": [_PROVIDERS[name] for name in oauth.providers if name in _PROVIDERS],
            # Amplify puts `https://` before it.
            "domain": urlsplit(url).netloc,
            "scopes": list(oauth.scopes),
            "redirect_sign_in_uri": list(oauth.redirect_sign_in),
            "redirect_sign_out_uri": list(oauth.redirect_sign_out),
            "response_type": oauth.response_type,
        }
    endpoints = {"user_pool_endpoint": url, "identity_pool_endpoint": url, "oauth_domain": url}
    return {"version": "1", "auth": auth, "custom": {"aiocognito": endpoints}}


_METHODS: Final = {"SMS": "SMS_MFA", "TOTP": "SOFTWARE_TOKEN_MFA", "EMAIL": "EMAIL_OTP"}


def _required(pool: UserPool) -> Sequence[str]:
    return [name for name, entry in pool.schema.items() if entry.get("Required") and name != "sub"]


def _password_policy(pool: UserPool) -> dict[str, Any]:
    policy = pool.password_policy
    rules = {name: bool(policy.get(rule)) for rule, name in _POLICY.items()}
    return {"min_length": policy.get("MinimumLength", 8), **rules}
