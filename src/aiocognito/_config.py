"""Configuration: one frozen value, checked when it is made, named as Amplify names things."""

import os
import platform
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from attrs import field, fields, frozen

from . import _amplify_files as amplify_files
from . import _partitions as partitions
from ._config_checks import (
    check_clock,
    check_flag,
    check_number,
    check_pattern,
    check_text,
    check_url,
    is_loopback,
    is_text,
    is_word,
    require,
)
from ._public import public
from ._urls import url_repr

# A region is a label of a host name, as botocore wants it. What follows it stands in paths: AWS's own
# names have letters and digits alone, those of local emulators other unreserved characters, too.
_REGION = r"(?P<region>(?![0-9]+[_:])(?!-)[0-9A-Za-z-]{1,63}(?<!-))"
_USER_POOL_ID = re.compile(_REGION + r"_(?P<name>[\w.~-]+)", re.ASCII)
_IDENTITY_POOL_ID = re.compile(_REGION + r":[\w.~-]+", re.ASCII)
_CLIENT_ID = re.compile(r"[\w+.~-]{1,128}", re.ASCII)
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, section 3.3
_FIRST_FACTORS = ("PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")
# What follows the domain in the hosted UI's own URLs.
_HOSTED_UI_PATHS = frozenset({"oauth2", "login", "logout", "signup", ".well-known", "saml2"})
# The length of DeviceNameType.
MAX_DEVICE_NAME: Final = 1024


def _tuple(values: Iterable[str] | str) -> tuple[str, ...]:
    if isinstance(values, str):
        return (values,)
    try:
        return tuple(values)
    except TypeError:
        return (values,)  # type: ignore[return-value]  # refused by the check of the members


def split_scopes(values: Iterable[str] | str) -> tuple[str, ...]:
    """Split scopes: one text by commas and white space, the members of a list by white space."""
    if isinstance(values, str):
        return tuple(part for part in re.split(r"[,\s]+", values) if part) or (values,)
    members = _tuple(values)
    return tuple(part for member in members for part in (_words(member) or (member,)))


def check_scopes(name: str, scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Return scopes if each has the form of one (RFC 6749, section 3.3).

    Raises:
        AuthConfigError: A scope is malformed.
    """
    require(
        all(isinstance(scope, str) and _SCOPE.fullmatch(scope) for scope in scopes),
        name,
        "must hold scopes, such as 'openid': ASCII text without blanks, quotes and backslashes",
    )
    return scopes


def _words(member: object) -> Iterable[str]:
    return member.split() if isinstance(member, str) else ()


@public("aiocognito")
@frozen
class OAuthConfig:
    """The hosted UI (managed login) of a user pool.

    Args:
        domain: Its host, such as ``auth.example.com``; with a scheme for a local emulator, and then with
            a path, too, if the emulator serves the hosted UI below one.
        scopes: The scopes to request, such as ``("openid", "email")``. One text is split by commas and
            white space.
        redirect_sign_in: The callback URLs, exactly as the app client lists them.
        redirect_sign_out: The URLs to come back to after signing out.
        response_type: ``code``; the implicit flow (``token``) is refused when it is used.
        providers: Names of identity providers, for front ends to show.

    Raises:
        AuthConfigError: A value is malformed; the message names its field.
    """

    domain: str
    scopes: tuple[str, ...] = field(default=(), converter=split_scopes)
    redirect_sign_in: tuple[str, ...] = field(default=(), converter=_tuple)
    redirect_sign_out: tuple[str, ...] = field(default=(), converter=_tuple)
    response_type: Literal["code", "token"] = "code"
    providers: tuple[str, ...] = field(default=(), converter=_tuple)

    def __attrs_post_init__(self) -> None:
        require(isinstance(self.domain, str) and bool(self.domain), "oauth.domain", "must be a host name")
        # Plain http is judged by the AuthConfig, which knows whether it is allowed.
        check_url("oauth.domain", self.base_url, allow_http=True)
        self._check_path()
        require(self.response_type in ("code", "token"), "oauth.response_type", "must be 'code' or 'token'")
        check_scopes("oauth.scopes", self.scopes)
        for name in ("redirect_sign_in", "redirect_sign_out"):
            require(
                all(map(is_word, getattr(self, name))),
                f"oauth.{name}",
                "must hold URLs, each a member of its own, without blanks",
            )
        require(all(map(is_text, self.providers)), "oauth.providers", "must hold strings")

    def _check_path(self) -> None:
        parts = urlsplit(self.base_url)
        segments = parts.path.strip("/").split("/")
        is_prefix = "://" in self.domain and is_loopback(parts.hostname)
        require(
            segments == [""] or (is_prefix and _HOSTED_UI_PATHS.isdisjoint(segments)),
            "oauth.domain",
            f"must be a host name without a path, such as {parts.netloc}: the hosted UI's paths are appended",
        )

    @property
    def base_url(self) -> str:
        """The hosted UI's URL, with a scheme and without a final slash."""
        domain = self.domain if "://" in self.domain else f"https://{self.domain}"
        return domain.rstrip("/")


@public("aiocognito")
@frozen(kw_only=True)
class WebAuthnConfig:
    """The relying party of a user pool's passkeys.

    Args:
        relying_party_id: The domain that passkeys are made for; None if ``amplify_outputs.json`` has none.
        user_verification: ``required`` or ``preferred``; None if ``amplify_outputs.json`` has none.
    """

    relying_party_id: str | None = None
    user_verification: str | None = None

    def __attrs_post_init__(self) -> None:
        for name in ("relying_party_id", "user_verification"):
            check_text(f"passwordless.web_authn.{name}", getattr(self, name))


@public("aiocognito")
@frozen(kw_only=True)
class PasswordlessConfig:
    """Which first factors besides the password the backend offers.

    Args:
        email_otp_enabled: Whether users can sign in with a code by e-mail.
        sms_otp_enabled: Whether users can sign in with a code by SMS.
        web_authn: The relying party of passkeys; None if users cannot sign in with one.
        preferred_challenge: The default of ``sign_in(auth_flow_type="USER_AUTH")``, by Cognito's name; None
            to let Cognito offer all.
    """

    email_otp_enabled: bool = False
    sms_otp_enabled: bool = False
    web_authn: WebAuthnConfig | None = None
    preferred_challenge: str | None = None

    def __attrs_post_init__(self) -> None:
        for name in ("email_otp_enabled", "sms_otp_enabled"):
            check_flag(f"passwordless.{name}", getattr(self, name))
        require(
            self.web_authn is None or isinstance(self.web_authn, WebAuthnConfig),
            "passwordless.web_authn",
            "must be a WebAuthnConfig",
        )
        require(
            self.preferred_challenge is None or self.preferred_challenge in _FIRST_FACTORS,
            "passwordless.preferred_challenge",
            f"must be one of {', '.join(_FIRST_FACTORS)}",
        )


def default_device_name() -> str:
    """Return the name of this library and host, for the list of remembered devices."""
    return f"aiocognito on {platform.node() or 'unknown host'}"


@public("aiocognito")
@frozen(kw_only=True)
class AuthConfig:
    """The user pool and identity pool to use, and how to reach them.

    Either pool may be absent; a method that needs it then raises an error when it is called.

    Args:
        user_pool_id: ``<region>_<name>``.
        user_pool_client_id: The app client's id.
        user_pool_client_secret: The app client's secret, if it has one. It is in no repr.
        user_pool_endpoint: Replaces the service's URL, for an emulator or a proxy.
        jwks_uri: Where the user pool's public keys are, if neither AWS nor ``user_pool_endpoint``
            publishes them: for an endpoint that is a proxy of the API alone.
        identity_pool_id: ``<region>:<uuid>``.
        identity_pool_endpoint: Replaces the service's URL.
        allow_guest_access: Whether unauthenticated (guest) users can get AWS credentials.
        custom_role_arn: The role to ask the identity pool for.
        sign_up_verification_method: ``code`` or ``link``, as the user pool verifies addresses.
        oauth: The hosted UI, if it is used.
        passwordless: The first factors besides the password; None if they are unknown.
        device_tracking: Whether browsers are remembered as devices. False offers no device at sign-in,
            and confirms new ones for the session alone.
        device_name: The name of a device whose `UserContext` has none. By default it has the library and
            this machine's host name, which `AuthClient.fetch_devices` shows to the user.
        auth_session_validity: Seconds that a sign-in between two steps lives: 180 to 900, as the
            app client has it.
        refresh_ahead: Seconds before their end at which tokens are renewed.
        connect_timeout: Seconds to wait for a connection.
        read_timeout: Seconds to wait for a response.
        max_attempts: How often a request is made at most, 1 to 10.
        allow_insecure_http: Allow plain http to other machines than this one.
        clock: Returns the time in seconds since the epoch, for what is made with this configuration
            and given no ``clock`` of its own; by default the process's, which is ``time.time``. It is
            part of neither equality nor repr, copies share it, and a pickle leaves it out.

    Raises:
        AuthConfigError: A value is malformed; the message names its field. It is a ``ValueError``.
    """

    user_pool_id: str | None = None
    user_pool_client_id: str | None = None
    user_pool_client_secret: str | None = field(default=None, repr=False)
    user_pool_endpoint: str | None = None
    jwks_uri: str | None = field(default=None, repr=url_repr)
    identity_pool_id: str | None = None
    identity_pool_endpoint: str | None = None
    allow_guest_access: bool = False
    custom_role_arn: str | None = None
    sign_up_verification_method: Literal["code", "link"] = "code"
    oauth: OAuthConfig | None = None
    passwordless: PasswordlessConfig | None = None
    device_tracking: bool = True
    device_name: str = field(factory=default_device_name)
    auth_session_validity: float = 180.0
    refresh_ahead: float = 60.0
    connect_timeout: float = 5.0
    read_timeout: float = 10.0
    max_attempts: int = 3
    allow_insecure_http: bool = False
    clock: Callable[[], float] | None = field(default=None, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._check_ids()
        for name in ("user_pool_endpoint", "identity_pool_endpoint"):
            if getattr(self, name) is not None:
                check_url(name, getattr(self, name), allow_http=self.allow_insecure_http)
        if self.jwks_uri is not None:
            check_url("jwks_uri", self.jwks_uri, allow_http=self.allow_insecure_http, allow_query=True)
        check_clock(self.clock)
        if self.oauth is not None:
            require(isinstance(self.oauth, OAuthConfig), "oauth", "must be an OAuthConfig")
            check_url("oauth.domain", self.oauth.base_url, allow_http=self.allow_insecure_http)
        if self.passwordless is not None:
            require(
                isinstance(self.passwordless, PasswordlessConfig),
                "passwordless",
                "must be a PasswordlessConfig",
            )
        for name in ("allow_guest_access", "device_tracking", "allow_insecure_http"):
            check_flag(name, getattr(self, name))
        require(
            self.sign_up_verification_method in ("code", "link"),
            "sign_up_verification_method",
            "must be 'code' or 'link'",
        )
        require(
            is_text(self.device_name) and len(self.device_name) <= MAX_DEVICE_NAME,
            "device_name",
            "must be text of 1 to 1024 characters",
        )
        self._check_numbers()

    def _check_ids(self) -> None:
        check_pattern("user_pool_id", self.user_pool_id, _USER_POOL_ID, "<region>_<name>")
        check_pattern("user_pool_client_id", self.user_pool_client_id, _CLIENT_ID, "an app client's id")
        # Only the service can judge a secret. The message does not show the value.
        secret = self.user_pool_client_secret
        require(
            secret is None or is_word(secret),
            "user_pool_client_secret",
            "must be printable text without blanks, as the app client shows it",
        )
        check_pattern("identity_pool_id", self.identity_pool_id, _IDENTITY_POOL_ID, "<region>:<uuid>")
        role = self.custom_role_arn
        require(
            role is None or (is_word(role) and role.startswith("arn:")),
            "custom_role_arn",
            "must be an ARN",
        )

    def _check_numbers(self) -> None:
        check_number("auth_session_validity", self.auth_session_validity, 180, 900)
        check_number("refresh_ahead", self.refresh_ahead, 0, 86_400)
        check_number("connect_timeout", self.connect_timeout, 0.001, 600)
        check_number("read_timeout", self.read_timeout, 0.001, 600)
        attempts = self.max_attempts
        require(
            isinstance(attempts, int) and not isinstance(attempts, bool) and 1 <= attempts <= 10,
            "max_attempts",
            "must be a whole number from 1 to 10",
        )

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # A frozen value of frozen values; its clock must stay the same object.

    def __getstate__(self) -> dict[str, Any]:
        # A clock may be anything that can be called, and means nothing in another process.
        return {each.name: getattr(self, each.name) for each in fields(AuthConfig)} | {"clock": None}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)

    @property
    def user_pool_region(self) -> str | None:
        """The region that the user pool's id names."""
        return _region(_USER_POOL_ID, self.user_pool_id)

    @property
    def identity_pool_region(self) -> str | None:
        """The region that the identity pool's id names."""
        return _region(_IDENTITY_POOL_ID, self.identity_pool_id)

    @property
    def user_pool_name(self) -> str | None:
        """The part of the user pool's id behind the underscore, which SRP hashes."""
        match = _USER_POOL_ID.fullmatch(self.user_pool_id or "")
        return match["name"] if match else None

    def service_url(self, service: Literal["cognito-idp", "cognito-identity"]) -> str:
        """Return the URL of one of Cognito's two services: the configured endpoint, or AWS's."""
        user_pool = service == "cognito-idp"
        endpoint = self.user_pool_endpoint if user_pool else self.identity_pool_endpoint
        if endpoint is not None:
            return endpoint
        region = (self.user_pool_region if user_pool else self.identity_pool_region) or ""
        return f"https://{partitions.service_host(service, region)}"

    @classmethod
    def from_amplify_outputs(cls, source: str | os.PathLike[str] | Mapping[str, Any]) -> Self:
        """Read ``amplify_outputs.json``, or a web or mobile project's ``amplifyconfiguration.json``.

        Args:
            source: The file's path, or what is in it. A path is read at once: call this before the
                event loop runs.

        Raises:
            AuthConfigError: The file cannot be read, is not JSON, or does not hold such a configuration.
        """
        outputs = source if isinstance(source, Mapping) else amplify_files.read(Path(source))
        values = amplify_files.parse(outputs)
        for name, model in (("oauth", OAuthConfig), ("passwordless", _passwordless)):
            if values.get(name) is not None:
                values[name] = model(**values[name])
        return cls(**values)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read the configuration from environment variables; an empty one counts as unset.

        None of them allows plain http to another machine: see ``allow_insecure_http``.

        Args:
            environ: The variables; the process's own by default. Lists are separated by commas or
                white space.

        Raises:
            AuthConfigError: A value is malformed; the message names its field.
        """

        def get(name: str) -> str | None:
            return environ.get(name, "").strip() or None

        def get_list(name: str) -> list[str]:
            return [part for part in re.split(r"[,\s]+", environ.get(name, "")) if part]

        domain = get("COGNITO_OAUTH_DOMAIN")
        oauth = None
        if domain is not None:
            oauth = OAuthConfig(
                domain=domain,
                scopes=get_list("COGNITO_OAUTH_SCOPES"),
                redirect_sign_in=get_list("COGNITO_REDIRECT_SIGN_IN"),
                redirect_sign_out=get_list("COGNITO_REDIRECT_SIGN_OUT"),
            )
        return cls(
            user_pool_id=get("COGNITO_USER_POOL_ID"),
            user_pool_client_id=get("COGNITO_CLIENT_ID"),
            user_pool_client_secret=get("COGNITO_CLIENT_SECRET"),
            user_pool_endpoint=get("COGNITO_USER_POOL_ENDPOINT"),
            jwks_uri=get("COGNITO_JWKS_URI"),
            identity_pool_id=get("COGNITO_IDENTITY_POOL_ID"),
            identity_pool_endpoint=get("COGNITO_IDENTITY_POOL_ENDPOINT"),
            oauth=oauth,
        )


def check_config(config: object) -> None:
    """Check an argument ``config``.

    Raises:
        AuthConfigError: It is not an `AuthConfig`.
    """
    require(
        isinstance(config, AuthConfig),
        "config",
        f"must be an AuthConfig, such as AuthConfig.from_env(), not {type(config).__name__}",
    )


def _region(pattern: re.Pattern[str], pool_id: str | None) -> str | None:
    match = pattern.fullmatch(pool_id or "")
    return match["region"] if match else None


def _passwordless(*, web_authn: Mapping[str, Any] | None = None, **values: Any) -> PasswordlessConfig:
    return PasswordlessConfig(web_authn=None if web_authn is None else WebAuthnConfig(**web_authn), **values)
