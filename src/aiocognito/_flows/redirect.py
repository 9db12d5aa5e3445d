"""Sign-in on the hosted UI: the authorization request, the callback and the exchange of the code.

Only the code flow with PKCE is supported: the implicit flow returns tokens in the fragment of a URL, which
no server receives and which stays in the browser's history.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final, Literal, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from attrs import field, frozen

from .. import _arguments as arguments
from .. import _base64url as base64url
from .._claims import Claims
from .._config import AuthConfig, OAuthConfig
from .._gateways.hosted_ui import HostedUi
from .._jwt import decode_jwt
from .._responses import TokenSet
from ..errors import (
    AuthValidationError,
    AuthValidationErrorCode,
    InvalidJWTError,
    InvalidPreferredRedirectUrlException,
    InvalidRedirectException,
    InvalidTokens,
    OAuthNotConfigureException,
    OAuthSignInException,
    TokenNonceError,
)

Prompt: TypeAlias = Literal["NONE", "LOGIN", "CONSENT", "SELECT_ACCOUNT"]
Provider: TypeAlias = str | Mapping[str, str] | None

_BUILT_IN: Final = {
    "amazon": "LoginWithAmazon",
    "loginwithamazon": "LoginWithAmazon",
    "apple": "SignInWithApple",
    "signinwithapple": "SignInWithApple",
    "facebook": "Facebook",
    "google": "Google",
}
_PROMPTS: Final = ("NONE", "LOGIN", "CONSENT", "SELECT_ACCOUNT")
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
STATE_LENGTH: Final = 32
VERIFIER_LENGTH: Final = 128
MAX_FIELDS: Final = 50


@frozen
class AuthorizationRequest:
    """An authorization request (RFC 6749, section 4.1.1), and what must be stored of it.

    Attributes:
        url: The URL to send the browser to.
        state: Ties the callback to the session.
        code_verifier: The PKCE verifier, sent when the code is exchanged (RFC 7636).
        nonce: The nonce that the id token must contain; None if none was requested.
        redirect_uri: The URL that the browser comes back to.
    """

    url: str = field(repr=False)
    state: str = field(repr=False)
    code_verifier: str = field(repr=False)
    nonce: str | None = field(repr=False)
    redirect_uri: str


@frozen
class Callback:
    """The parameters of a callback URL."""

    code: str | None = field(default=None, repr=False)
    state: str | None = field(default=None, repr=False)
    error: str | None = None
    error_description: str | None = None


def authorization_request(
    hosted_ui: HostedUi,
    config: AuthConfig,
    *,
    provider: Provider = None,
    custom_state: str | None = None,
    redirect_uri: str | None = None,
    prompt: str | None = None,
    login_hint: str | None = None,
    lang: str | None = None,
    nonce: str | bool | None = None,
) -> AuthorizationRequest:
    """Make the authorization request of a sign-in (Amplify: ``signInWithRedirect``).

    Raises:
        AuthValidationError: An argument is not valid.
        OAuthNotConfigureException: The implicit flow is configured.
        InvalidRedirectException: No redirect URL is configured.
        InvalidPreferredRedirectUrlException: ``redirect_uri`` is not one of the configured URLs.
    """
    oauth = _code_flow(config)
    back = choose_redirect_uri(oauth.redirect_sign_in, redirect_uri)
    shown = _prompt(prompt)
    state = new_state(_optional(custom_state, "custom_state"))
    verifier = random_text(VERIFIER_LENGTH)
    wanted_nonce = random_text(STATE_LENGTH) if nonce is True else _optional(nonce or None, "nonce")
    parameters = [
        ("redirect_uri", back),
        ("response_type", "code"),
        ("client_id", config.user_pool_client_id),
        _identity_provider(provider, shown, oauth.providers),
        ("scope", " ".join(oauth.scopes)),
        ("login_hint", _optional(login_hint, "login_hint")),
        ("lang", _optional(lang, "lang")),
        ("nonce", wanted_nonce),
        ("prompt", shown),
        ("state", state),
        ("code_challenge", code_challenge(verifier)),
        ("code_challenge_method", "S256"),
    ]
    url = hosted_ui.authorize_url((name, value) for name, value in parameters if value)
    return AuthorizationRequest(url, state, verifier, wanted_nonce, back)


def _code_flow(config: AuthConfig) -> OAuthConfig:
    oauth = config.oauth
    if oauth is None:
        raise OAuthNotConfigureException("no hosted UI is configured")
    if oauth.response_type != "code":
        raise OAuthNotConfigureException(
            "the implicit flow (response_type 'token') is not supported: it returns tokens in a URL's"
            " fragment, which browsers do not send to a server",
            recovery_suggestion="Set OAuthConfig.response_type to 'code', and allow it for the app client.",
        )
    return oauth


def choose_redirect_uri(configured: tuple[str, ...], preferred: str | None) -> str:
    """Return the preferred redirect URL, or the first configured one.

    Raises:
        InvalidRedirectException: No redirect URL is configured.
        InvalidPreferredRedirectUrlException: The preferred URL is not exactly one of the configured ones.
    """
    if preferred is not None and preferred not in configured:
        raise InvalidPreferredRedirectUrlException("the redirect URL is not one of the configured ones")
    if not configured:
        raise InvalidRedirectException("no redirect URL is configured")
    return configured[0] if preferred is None else preferred


def read_callback(callback_url: object) -> Callback:
    """Parse the query of a callback URL.

    Raises:
        AuthValidationError: The URL is not text.
        OAuthSignInException: The URL is malformed, or has a parameter twice (RFC 6749, section 3.1).
    """
    url = arguments.text(callback_url, "callback_url")
    pairs = _query(url)
    if pairs is None:  # Raised outside the `except`: its error would quote the URL, with the code.
        raise OAuthSignInException("the callback URL is malformed")
    values = {name: value for name, value in pairs if value}
    known = [name for name, _ in pairs if name in ("code", "state", "error", "error_description")]
    if len(known) != len(set(known)):
        raise OAuthSignInException("the callback URL has a parameter twice")
    return Callback(
        code=values.get("code"),
        state=values.get("state"),
        error=values.get("error"),
        error_description=values.get("error_description"),
    )


def _query(url: str) -> list[tuple[str, str]] | None:
    try:
        url.encode()
        return parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return None


async def exchange_code(
    hosted_ui: HostedUi,
    verify: Callable[[str], Awaitable[Claims]],
    code: str,
    *,
    redirect_uri: str,
    code_verifier: str,
    nonce: str | None,
) -> tuple[str, TokenSet]:
    """Exchange a code for tokens, and verify the id token.

    Args:
        hosted_ui: The hosted UI's endpoints.
        verify: Verifies an id token's signature, issuer, audience and time.
        code: The code of the callback.
        redirect_uri: The redirect URL of the authorization request.
        code_verifier: The PKCE verifier of the authorization request.
        nonce: The nonce that the id token must contain; None if none was requested.

    Returns:
        Cognito's username of the user, and the tokens.

    Raises:
        OAuthSignInException: The hosted UI refused.
        InvalidTokens: A token is missing, is not a JWT, or belongs to another user.
        TokenVerificationError: The id token is not valid.
    """
    tokens = await hosted_ui.exchange_code(code, redirect_uri=redirect_uri, code_verifier=code_verifier)
    access = _claims(tokens.access_token)
    if tokens.id_token is not None:
        claims = await verify(tokens.id_token)
        _check_nonce(claims.get("nonce"), nonce)
        if claims.sub != access.get("sub"):
            raise InvalidTokens("the token endpoint returned tokens of two different users")
    elif nonce is not None:
        raise TokenNonceError(
            "the token endpoint returned no id token with the nonce; request the scope openid", claim="nonce"
        )
    elif hosted_ui.must_give_id_tokens:
        # The access token is not verified; the id token identifies the user.
        raise InvalidTokens(
            "the token endpoint returned no id token, although the scope openid was requested"
        )
    username = access.get("username")
    return username if isinstance(username, str) and username else "username", tokens


def _claims(access_token: str) -> Mapping[str, object]:
    with suppress(InvalidJWTError):
        return decode_jwt(access_token).payload
    raise InvalidTokens("the token endpoint returned an access token that is not a JWT")


def _check_nonce(actual: object, expected: str | None) -> None:
    if expected is None:
        return
    given = actual if isinstance(actual, str) else ""
    if not hmac.compare_digest(given.encode(), expected.encode()):
        # The message quotes neither: both are secrets of this sign-in.
        raise TokenNonceError("the id token's nonce is not the one that was sent", claim="nonce")


# The state parameter


def new_state(custom_state: str | None = None) -> str:
    """Return a random state. A custom state follows after a hyphen, as hexadecimal digits of its UTF-8."""
    state = random_text(STATE_LENGTH)
    if not custom_state:
        return state
    return f"{state}-{custom_state.encode().hex()}"


def custom_state_of(state: str) -> str | None:
    """Return the custom state in a state that `new_state` made, if it has one."""
    _, hyphen, digits = state.partition("-")
    return bytes.fromhex(digits).decode() if hyphen else None


def random_text(length: int) -> str:
    """Return random letters and digits."""
    return as_text(secrets.token_bytes(length))


def as_text(random: bytes) -> str:
    """Return random bytes as letters and digits, one per byte, as Amplify does (5.9 bits each)."""
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in random)


def code_challenge(code_verifier: str) -> str:
    """Return the challenge of a PKCE verifier (RFC 7636, section 4.2; method S256)."""
    digest = hashlib.sha256(code_verifier.encode("ascii")).digest()
    return base64url.encode(digest)


# Arguments


def _identity_provider(
    provider: Provider, prompt: str | None, configured: tuple[str, ...]
) -> tuple[str, str | None]:
    if isinstance(provider, Mapping):
        return _named_provider(provider)
    name = _optional(provider, "provider")
    if name is None:
        # Without a provider the user chooses on the page; prompt=none shows no page.
        return "identity_provider", None if prompt == "none" else "COGNITO"
    return "identity_provider", _known_provider(name, configured)


def _known_provider(name: str, configured: tuple[str, ...]) -> str:
    """Return Cognito's name of a provider.

    A built-in provider may be spelled as in Cognito or in Amplify's files, in any case. If the
    configuration lists providers, any other must be one of those.
    """
    built_in = _BUILT_IN.get(name.replace("_", "").casefold())
    if built_in is not None or name == "COGNITO":
        return built_in or name
    if configured and name not in configured:
        raise AuthValidationError(
            AuthValidationErrorCode.InvalidArgument,
            f"provider: is not one of {', '.join(configured)} (OAuthConfig.providers); for a provider"
            " that is not listed there pass {'custom': name}",
        )
    return name


def _named_provider(provider: Mapping[str, str]) -> tuple[str, str | None]:
    if len(provider) == 1:
        ((kind, name),) = provider.items()
        if kind == "custom":
            return "identity_provider", arguments.url_text(name, "provider[custom]")
        if kind in ("idp_identifier", "idpIdentifier"):
            return "idp_identifier", arguments.url_text(name, f"provider[{kind}]")
    raise AuthValidationError(
        AuthValidationErrorCode.InvalidArgument,
        "provider: must be a name, {'custom': name} or {'idp_identifier': identifier}",
    )


def _prompt(prompt: str | None) -> str | None:
    if prompt is None:
        return None
    if not isinstance(prompt, str) or prompt.upper() not in _PROMPTS:
        raise AuthValidationError(
            AuthValidationErrorCode.InvalidArgument, f"prompt: must be one of {', '.join(_PROMPTS)}"
        )
    return prompt.lower()


def _optional(value: object, name: str) -> str | None:
    return None if value is None or value == "" else arguments.url_text(value, name)
