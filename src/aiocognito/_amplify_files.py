"""The files that Amplify's tools write, read into the arguments of `AuthConfig`.

- ``amplify_outputs.json`` has ``version`` "1" and an ``auth`` member.
- The older ``amplifyconfiguration.json`` of web projects (and ``aws-exports``) has flat keys that
  begin with ``aws_``.
- That of Android, iOS and Flutter projects has the plugins of Auth, with ``CognitoUserPool`` and
  ``CredentialsProvider`` in ``awsCognitoAuthPlugin``; ``awsconfiguration.json`` has these two at its top.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import AuthConfigError

_PROVIDERS = {
    "GOOGLE": "Google",
    "LOGIN_WITH_AMAZON": "Amazon",
    "FACEBOOK": "Facebook",
    "SIGN_IN_WITH_APPLE": "Apple",
}


def read(path: Path) -> Mapping[str, Any]:
    """Read a file of either form.

    Raises:
        AuthConfigError: It cannot be read, or holds no JSON object.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AuthConfigError(f"cannot be read: {error.strerror}", field=path.name) from error
    value, problem = _load(content)
    if problem is not None:  # Raised out here: a decoding error holds the document, which may hold a secret.
        raise AuthConfigError(problem, field=path.name)
    if not isinstance(value, Mapping):
        raise AuthConfigError("holds no JSON object", field=path.name)
    return value


def _load(content: bytes) -> tuple[Any, str | None]:
    """Return the value of a JSON text, and what is wrong if it cannot be parsed."""
    try:
        return json.loads(content.decode("utf-8-sig")), None
    except RecursionError:
        return None, "is nested too deeply"
    except json.JSONDecodeError as error:
        return None, f"is not JSON (line {error.lineno})"
    except ValueError:  # bytes that are not UTF-8, or a number with too many digits
        return None, "is not JSON"


def parse(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `AuthConfig` for a file's content; ``oauth`` and ``passwordless`` are nested.

    Raises:
        AuthConfigError: It has another form, or a member is malformed.
    """
    mobile = _mobile_section(outputs)
    if mobile is not None:
        return _parse_mobile(mobile)
    if any(str(key).startswith("aws_") for key in outputs):
        return _parse_legacy(outputs)
    if str(outputs.get("version") or "").split(".")[0] == "1":
        return _parse_outputs(outputs)
    raise AuthConfigError(
        "is not '1' (amplify_outputs.json), and there is neither aws_project_region nor"
        " auth.plugins.awsCognitoAuthPlugin (amplifyconfiguration.json of the web and of mobile projects)",
        field="version",
    )


def _member(parent: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any] | None:
    value = parent.get(key)
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise AuthConfigError("must be an object", field=path)
    return value


def _strings(parent: Mapping[str, Any], key: str, path: str) -> list[str]:
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise AuthConfigError("must be a list of strings", field=path)
    return value


def _flag(parent: Mapping[str, Any], key: str, path: str) -> bool:
    value = parent.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise AuthConfigError("must be true or false", field=path)
    return value


def _parse_outputs(outputs: Mapping[str, Any]) -> dict[str, Any]:
    auth = _member(outputs, "auth", "auth")
    if auth is None:
        raise AuthConfigError("is missing: these outputs configure no Auth", field="auth")
    emulator = _emulator(outputs)
    return {
        "user_pool_endpoint": emulator.get("user_pool_endpoint"),
        "identity_pool_endpoint": emulator.get("identity_pool_endpoint"),
        "user_pool_id": auth.get("user_pool_id"),
        "user_pool_client_id": auth.get("user_pool_client_id"),
        "identity_pool_id": auth.get("identity_pool_id") or None,
        "allow_guest_access": _flag(
            auth, "unauthenticated_identities_enabled", "auth.unauthenticated_identities_enabled"
        ),
        "oauth": _outputs_oauth(auth, emulator.get("oauth_domain")),
        "passwordless": _outputs_passwordless(auth),
    }


def _emulator(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the endpoints that an emulator wrote: Amplify has no member for them but ``custom``."""
    custom = outputs.get("custom")
    if not isinstance(custom, Mapping):
        return {}
    return _member(custom, "aiocognito", "custom.aiocognito") or {}


def _outputs_oauth(auth: Mapping[str, Any], emulated: Any = None) -> dict[str, Any] | None:
    oauth = _member(auth, "oauth", "auth.oauth")
    if not oauth:
        return None
    names = _strings(oauth, "identity_providers", "auth.oauth.identity_providers")
    return {
        "domain": emulated or oauth.get("domain") or "",
        "scopes": _strings(oauth, "scopes", "auth.oauth.scopes"),
        "redirect_sign_in": _strings(oauth, "redirect_sign_in_uri", "auth.oauth.redirect_sign_in_uri"),
        "redirect_sign_out": _strings(oauth, "redirect_sign_out_uri", "auth.oauth.redirect_sign_out_uri"),
        "response_type": "token" if oauth.get("response_type") == "token" else "code",
        "providers": [_PROVIDERS[name] for name in names if name in _PROVIDERS],
    }


def _outputs_passwordless(auth: Mapping[str, Any]) -> dict[str, Any] | None:
    passwordless = _member(auth, "passwordless", "auth.passwordless")
    if passwordless is None:
        return None
    web_authn = _member(passwordless, "web_authn", "auth.passwordless.web_authn")
    return {
        "email_otp_enabled": _flag(passwordless, "email_otp_enabled", "auth.passwordless.email_otp_enabled"),
        "sms_otp_enabled": _flag(passwordless, "sms_otp_enabled", "auth.passwordless.sms_otp_enabled"),
        # An empty object enables passkeys, too.
        "web_authn": None
        if web_authn is None
        else {
            "relying_party_id": web_authn.get("relying_party_id"),
            "user_verification": web_authn.get("user_verification"),
        },
        "preferred_challenge": passwordless.get("preferred_challenge"),
    }


def _parse_legacy(outputs: Mapping[str, Any]) -> dict[str, Any]:
    if "aws_project_region" not in outputs:
        raise AuthConfigError("is missing", field="aws_project_region")
    return {
        "user_pool_id": outputs.get("aws_user_pools_id") or None,
        "user_pool_client_id": outputs.get("aws_user_pools_web_client_id") or None,
        "identity_pool_id": outputs.get("aws_cognito_identity_pool_id") or None,
        # The older form allows guests unless it makes a sign-in mandatory.
        "allow_guest_access": outputs.get("aws_mandatory_sign_in") != "enable",
        "sign_up_verification_method": outputs.get("aws_cognito_sign_up_verification_method") or "code",
        "oauth": _legacy_oauth(outputs),
    }


def _legacy_oauth(outputs: Mapping[str, Any]) -> dict[str, Any] | None:
    oauth = _member(outputs, "oauth", "oauth")
    if not oauth:
        return None
    providers = _strings(outputs, "aws_cognito_social_providers", "aws_cognito_social_providers")
    return {
        "domain": oauth.get("domain") or "",
        "scopes": _strings(oauth, "scope", "oauth.scope"),
        "redirect_sign_in": _split(oauth, "redirectSignIn", "oauth.redirectSignIn"),
        "redirect_sign_out": _split(oauth, "redirectSignOut", "oauth.redirectSignOut"),
        "response_type": "token" if oauth.get("responseType") == "token" else "code",
        "providers": _capitalized(providers),
    }


def _split(oauth: Mapping[str, Any], key: str, path: str) -> list[str]:
    value = oauth.get(key) or ""
    if not isinstance(value, str):
        raise AuthConfigError("must be text, its URLs separated by commas", field=path)
    return [part.strip() for part in value.split(",") if part.strip()]


def _capitalized(providers: list[str]) -> list[str]:
    return [name.lower().capitalize() for name in providers if name]


def _mobile_section(outputs: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the object with ``CognitoUserPool`` and ``CredentialsProvider``; None in another form."""
    auth = outputs.get("auth")
    plugins = auth.get("plugins") if isinstance(auth, Mapping) else None
    if plugins is not None:
        found = plugins.get("awsCognitoAuthPlugin") if isinstance(plugins, Mapping) else None
        if not isinstance(found, Mapping):
            raise AuthConfigError("must be an object", field="auth.plugins.awsCognitoAuthPlugin")
        return found
    return outputs if "CognitoUserPool" in outputs or "CredentialsProvider" in outputs else None


def _default(section: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Return the ``Default`` of a member, empty if it is absent."""
    name, found = "", section
    for key in (*path, "Default"):
        name = f"{name}.{key}" if name else key
        found = _member(found, key, name) or {}
    return found


def _parse_mobile(section: Mapping[str, Any]) -> dict[str, Any]:
    pool = _default(section, "CognitoUserPool")
    endpoint = pool.get("Endpoint") or None
    if isinstance(endpoint, str) and "://" not in endpoint:
        endpoint = f"https://{endpoint}"
    return {
        "user_pool_id": pool.get("PoolId") or None,
        "user_pool_client_id": pool.get("AppClientId") or None,
        "user_pool_client_secret": pool.get("AppClientSecret") or None,
        "user_pool_endpoint": endpoint,
        "identity_pool_id": _default(section, "CredentialsProvider", "CognitoIdentity").get("PoolId") or None,
        # This form has no setting for guests. Like the other older one, it allows them.
        "allow_guest_access": True,
        "oauth": _mobile_oauth(_default(section, "Auth")),
    }


def _mobile_oauth(auth: Mapping[str, Any]) -> dict[str, Any] | None:
    oauth = _member(auth, "OAuth", "Auth.Default.OAuth")
    if not oauth:
        return None
    path = "Auth.Default.OAuth"
    return {
        "domain": oauth.get("WebDomain") or "",
        "scopes": _strings(oauth, "Scopes", f"{path}.Scopes"),
        "redirect_sign_in": _split(oauth, "SignInRedirectURI", f"{path}.SignInRedirectURI"),
        "redirect_sign_out": _split(oauth, "SignOutRedirectURI", f"{path}.SignOutRedirectURI"),
        "providers": _capitalized(_strings(auth, "socialProviders", "Auth.Default.socialProviders")),
    }
