"""Both files that Amplify's tools write, read into one configuration."""

import json
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiocognito import AuthConfig, OAuthConfig
from aiocognito._config import PasswordlessConfig, WebAuthnConfig
from aiocognito.errors import AuthConfigError

DATA = Path(__file__).parent / "data"
OUTPUTS: dict[str, Any] = json.loads((DATA / "amplify_outputs.json").read_text())
LEGACY: dict[str, Any] = json.loads((DATA / "amplifyconfiguration.json").read_text())
MOBILE: dict[str, Any] = json.loads((DATA / "amplifyconfiguration_mobile.json").read_text())
POOL = "us-east-1_aBcDeFgHi"
UUID = "01234567-89ab-cdef-0123-456789abcdef"


def read(source: Any) -> AuthConfig:
    return AuthConfig.from_amplify_outputs(source)


def refusal(source: Any) -> AuthConfigError:
    with pytest.raises(AuthConfigError) as caught:
        read(source)
    return caught.value


def changed(source: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Copy ``source`` with the member at the dotted ``path`` replaced, or left out if it is ``...``."""
    key, _, rest = path.partition(".")
    copy = dict(source)
    if rest:
        copy[key] = changed(copy.get(key) or {}, rest, value)
    elif value is ...:
        copy.pop(key, None)
    else:
        copy[key] = value
    return copy


def outputs(path: str, value: Any) -> dict[str, Any]:
    return changed(OUTPUTS, path, value)


def legacy(path: str, value: Any) -> dict[str, Any]:
    return changed(LEGACY, path, value)


# --- amplify_outputs.json ------------------------------------------------------------------------------


def test_outputs() -> None:
    """amplify_outputs.json has all that a client needs."""
    assert read(OUTPUTS) == AuthConfig(
        user_pool_id=POOL,
        user_pool_client_id="xxxx",
        identity_pool_id=f"us-east-1:{UUID}",
        allow_guest_access=True,
        oauth=OAuthConfig(
            domain="https://cognito.com...",
            scopes=("profile", "..."),
            redirect_sign_in=("http://localhost:3000/welcome",),
            redirect_sign_out=("http://localhost:3000/come-back-soon",),
            response_type="code",
            providers=("Google",),
        ),
    )


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("auth.user_pool_id", "us-east-1:", "user_pool_id"),
        ("auth.identity_pool_id", "test", "identity_pool_id"),
    ],
)
def test_ids_that_only_a_parser_s_test_has_are_refused(path: str, value: str, field: str) -> None:
    assert refusal(outputs(path, value)).field == field


@pytest.mark.parametrize("version", ["1", "1.3", 1, 1.4])
def test_versions_that_begin_with_one(version: Any) -> None:
    assert read(outputs("version", version)) == read(OUTPUTS)


@pytest.mark.parametrize("version", ["2", "10.1", "", None, 0, 2, True, "v1", [], {}])
def test_other_versions_are_refused(version: Any) -> None:
    assert refusal(outputs("version", version)).field == "version"


@pytest.mark.parametrize("value", ["", None, ...])
def test_no_identity_pool(value: Any) -> None:
    """Without an identity pool, none is configured."""
    assert read(outputs("auth.identity_pool_id", value)).identity_pool_id is None


@pytest.mark.parametrize(("value", "allowed"), [(True, True), (False, False), (None, False), (..., False)])
def test_guests_only_where_they_are_enabled(value: Any, allowed: bool) -> None:
    config = read(outputs("auth.unauthenticated_identities_enabled", value))
    assert config.allow_guest_access is allowed


@pytest.mark.parametrize("value", [None, {}, ...])
def test_no_hosted_ui(value: Any) -> None:
    """Without OAuth settings, no hosted UI is configured."""
    assert read(outputs("auth.oauth", value)).oauth is None


def test_a_hosted_ui_without_lists() -> None:
    config = read(outputs("auth.oauth", {"domain": "auth.example.com"}))
    assert config.oauth == OAuthConfig(domain="auth.example.com")


@pytest.mark.parametrize(
    ("value", "kept"),
    [("token", "token"), ("code", "code"), ("TOKEN", "code"), (None, "code"), (..., "code")],
)
def test_any_response_type_but_token_is_code(value: Any, kept: str) -> None:
    config = read(outputs("auth.oauth.response_type", value))
    assert config.oauth is not None
    assert config.oauth.response_type == kept


def test_providers_by_the_names_that_front_ends_show() -> None:
    names = ["GOOGLE", "LOGIN_WITH_AMAZON", "FACEBOOK", "SIGN_IN_WITH_APPLE", "MySAML", "google"]
    config = read(outputs("auth.oauth.identity_providers", names))
    assert config.oauth is not None
    assert config.oauth.providers == ("Google", "Amazon", "Facebook", "Apple")


def test_passwordless() -> None:
    """The settings of sign-ins without a password are read."""
    whole = {
        "email_otp_enabled": True,
        "sms_otp_enabled": True,
        "web_authn": {"relying_party_id": "example.com", "user_verification": "preferred"},
        "preferred_challenge": "EMAIL_OTP",
    }
    assert read(outputs("auth.passwordless", whole)).passwordless == PasswordlessConfig(
        email_otp_enabled=True,
        sms_otp_enabled=True,
        web_authn=WebAuthnConfig(relying_party_id="example.com", user_verification="preferred"),
        preferred_challenge="EMAIL_OTP",
    )


@pytest.mark.parametrize(("value", "kept"), [(None, None), (..., None), ({}, WebAuthnConfig())])
def test_passkeys_only_where_they_are_named(value: Any, kept: WebAuthnConfig | None) -> None:
    config = read(outputs("auth.passwordless.web_authn", value))
    assert config.passwordless == PasswordlessConfig(web_authn=kept)


def test_no_passwordless() -> None:
    """Without the section, nothing is configured."""
    assert read(OUTPUTS).passwordless is None
    assert read(outputs("auth.passwordless", {})).passwordless == PasswordlessConfig()


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("auth", ..., "auth"),
        ("auth", None, "auth"),
        ("auth", [], "auth"),
        ("auth", "us-east-1_abc", "auth"),
        ("auth.user_pool_id", 5, "user_pool_id"),
        ("auth.user_pool_id", "", "user_pool_id"),
        ("auth.user_pool_client_id", ["xxxx"], "user_pool_client_id"),
        ("auth.identity_pool_id", {"id": 1}, "identity_pool_id"),
        ("auth.unauthenticated_identities_enabled", "true", "auth.unauthenticated_identities_enabled"),
        ("auth.oauth", "auth.example.com", "auth.oauth"),
        ("auth.oauth.domain", None, "oauth.domain"),
        ("auth.oauth.domain", 5, "oauth.domain"),
        ("auth.oauth.domain", "http://auth.example.com", "oauth.domain"),
        ("auth.oauth.scopes", "openid", "auth.oauth.scopes"),
        ("auth.oauth.scopes", [5], "auth.oauth.scopes"),
        ("auth.oauth.redirect_sign_in_uri", "https://a", "auth.oauth.redirect_sign_in_uri"),
        ("auth.oauth.redirect_sign_out_uri", {"a": 1}, "auth.oauth.redirect_sign_out_uri"),
        ("auth.oauth.identity_providers", [None], "auth.oauth.identity_providers"),
        ("auth.passwordless", True, "auth.passwordless"),
        ("auth.passwordless.email_otp_enabled", "yes", "auth.passwordless.email_otp_enabled"),
        ("auth.passwordless.sms_otp_enabled", 1, "auth.passwordless.sms_otp_enabled"),
        ("auth.passwordless.web_authn", True, "auth.passwordless.web_authn"),
        ("auth.passwordless.web_authn.relying_party_id", 5, "passwordless.web_authn.relying_party_id"),
        ("auth.passwordless.preferred_challenge", "FAX", "passwordless.preferred_challenge"),
    ],
)
def test_what_is_malformed_inside_is_named(path: str, value: Any, field: str) -> None:
    error = refusal(outputs(path, value))
    assert error.field == field
    assert str(error).startswith(f"{field}: ")


# --- amplifyconfiguration.json -------------------------------------------------------------------------


def test_legacy() -> None:
    """amplifyconfiguration.json has all that a client needs."""
    assert read(LEGACY) == AuthConfig(
        user_pool_id=POOL,
        user_pool_client_id="xxxx",
        identity_pool_id=f"us-west-2:{UUID}",
        allow_guest_access=False,
        sign_up_verification_method="link",
        oauth=OAuthConfig(
            domain="test.auth.us-west-2.amazoncognito.com",
            scopes=("phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"),
            redirect_sign_in=("test://",),
            redirect_sign_out=("test://",),
            providers=("Google", "Apple", "Facebook", "Amazon", "Auth0"),
        ),
    )


@pytest.mark.parametrize(("value", "allowed"), [("enable", False), ("disable", True), (..., True)])
def test_legacy_guests_unless_a_sign_in_is_called_mandatory(value: Any, allowed: bool) -> None:
    assert read(legacy("aws_mandatory_sign_in", value)).allow_guest_access is allowed


@pytest.mark.parametrize("value", [..., None, "", "code"])
def test_legacy_addresses_are_verified_by_code(value: Any) -> None:
    config = read(legacy("aws_cognito_sign_up_verification_method", value))
    assert config.sign_up_verification_method == "code"


@pytest.mark.parametrize("value", [{}, None, ...])
def test_legacy_without_a_hosted_ui(value: Any) -> None:
    assert read(legacy("oauth", value)).oauth is None


def test_legacy_without_redirects() -> None:
    """The older file may have no redirect URLs."""
    without = {key: value for key, value in LEGACY["oauth"].items() if not key.startswith("redirect")}
    oauth = read(legacy("oauth", without)).oauth
    assert oauth is not None
    assert (oauth.redirect_sign_in, oauth.redirect_sign_out) == ((), ())


def test_legacy_redirects_are_parted_by_commas() -> None:
    changed_oauth = LEGACY["oauth"] | {"redirectSignIn": "https://a/, myapp://b,", "responseType": "token"}
    oauth = read(legacy("oauth", changed_oauth)).oauth
    assert oauth is not None
    assert oauth.redirect_sign_in == ("https://a/", "myapp://b")
    assert oauth.response_type == "token"


def test_legacy_without_providers() -> None:
    """The older file may have no providers."""
    oauth = read(legacy("aws_cognito_social_providers", ...)).oauth
    assert oauth is not None
    assert oauth.providers == ()


def test_legacy_wins_over_a_version() -> None:
    assert read(LEGACY | {"version": "1", "auth": {}}) == read(LEGACY)


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("aws_user_pools_id", "user_pool_id"),
        ("aws_user_pools_web_client_id", "user_pool_client_id"),
        ("aws_cognito_identity_pool_id", "identity_pool_id"),
    ],
)
@pytest.mark.parametrize("empty", ["", None, ...])
def test_legacy_parts_may_be_absent(key: str, field: str, empty: Any) -> None:
    assert getattr(read(legacy(key, empty)), field) is None


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("aws_project_region", ..., "aws_project_region"),
        ("aws_user_pools_id", "us-east-1:", "user_pool_id"),
        ("aws_user_pools_web_client_id", 5, "user_pool_client_id"),
        ("aws_cognito_identity_pool_id", "test", "identity_pool_id"),
        ("aws_cognito_sign_up_verification_method", ["link"], "sign_up_verification_method"),
        ("aws_cognito_social_providers", "GOOGLE", "aws_cognito_social_providers"),
        ("oauth", ["domain"], "oauth"),
        ("oauth.domain", ..., "oauth.domain"),
        ("oauth.scope", "openid", "oauth.scope"),
        ("oauth.redirectSignIn", ["test://"], "oauth.redirectSignIn"),
        ("oauth.redirectSignOut", 5, "oauth.redirectSignOut"),
    ],
)
def test_what_is_malformed_inside_a_legacy_file_is_named(path: str, value: Any, field: str) -> None:
    assert refusal(legacy(path, value)).field == field


# --- Neither, and files as such ------------------------------------------------------------------------


@pytest.mark.parametrize("source", [{}, {"Auth": {"Cognito": {"userPoolId": POOL}}}, {1: 2}])
def test_neither_form(source: Any) -> None:
    """Content of another form is refused."""
    error = refusal(source)
    assert error.field == "version"
    assert "amplify_outputs.json" in str(error)


def test_any_mapping_will_do() -> None:
    frozen = MappingProxyType(dict(OUTPUTS, auth=MappingProxyType(OUTPUTS["auth"])))
    assert read(frozen) == read(OUTPUTS)


def test_what_was_given_is_left_as_it_is() -> None:
    before = json.dumps(OUTPUTS), json.dumps(LEGACY)
    read(OUTPUTS)
    read(LEGACY)
    assert (json.dumps(OUTPUTS), json.dumps(LEGACY)) == before


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "amplify_outputs.json"
    path.write_text(json.dumps(OUTPUTS), encoding="utf-8-sig")
    assert read(path) == read(OUTPUTS)


def test_a_missing_file(tmp_path: Path) -> None:
    """A missing file is named."""
    error = refusal(tmp_path / "amplify_outputs.json")
    assert error.field == "amplify_outputs.json"
    assert "cannot be read: No such file" in str(error)
    assert isinstance(error.__cause__, FileNotFoundError)


def test_a_directory(tmp_path: Path) -> None:
    """A directory in place of a file is an error that names it."""
    assert refusal(tmp_path).field == tmp_path.name


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is not JSON (line 1)"),
        (b'{\n"secret": tru', "is not JSON (line 2)"),
        (b'{"secret": "\xff"}', "is not JSON"),
        (b'["secret"]', "holds no JSON object"),
        (b"null", "holds no JSON object"),
        (b"[" * 100_000, "is nested too deeply"),
    ],
)
def test_texts_that_are_not_json_objects(tmp_path: Path, content: bytes, text: str) -> None:
    path = tmp_path / "amplify_outputs.json"
    path.write_bytes(content)
    error = refusal(path)
    assert str(error) == f"amplify_outputs.json: {text}"
    assert "secret" not in "".join(traceback.format_exception(error)[1:])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PATHS = [
    "version",
    *(f"auth.{key}" for key in (*OUTPUTS["auth"], "passwordless", "passwordless.web_authn")),
    *(f"auth.oauth.{key}" for key in OUTPUTS["auth"]["oauth"]),
    *(f"auth.passwordless.{key}" for key in ("email_otp_enabled", "preferred_challenge")),
]
LEGACY_PATHS = [*LEGACY, *(f"oauth.{key}" for key in LEGACY["oauth"])]


@given(st.sampled_from(PATHS), JSON)
def test_outputs_are_read_or_refused(path: str, value: Any) -> None:
    try:
        config = read(outputs(path, value))
    except AuthConfigError as error:
        assert error.field  # noqa: PT017 - either outcome will do
    else:
        assert hash(config)


@given(st.sampled_from(LEGACY_PATHS), JSON)
def test_legacy_is_read_or_refused(path: str, value: Any) -> None:
    try:
        config = read(legacy(path, value))
    except AuthConfigError as error:
        assert error.field  # noqa: PT017 - either outcome will do
    else:
        assert hash(config)


# --- amplifyconfiguration.json of Android, iOS and Flutter ---------------------------------------------

SECTION: dict[str, Any] = MOBILE["auth"]["plugins"]["awsCognitoAuthPlugin"]


def mobile(path: str, value: Any) -> dict[str, Any]:
    return changed(MOBILE, f"auth.plugins.awsCognitoAuthPlugin.{path}", value)


@pytest.mark.parametrize("source", [MOBILE, SECTION])  # the second has the form of awsconfiguration.json
def test_mobile(source: dict[str, Any]) -> None:
    """amplifyconfiguration.json of mobile projects has all that a client needs."""
    config = read(source)
    assert config == AuthConfig(
        user_pool_id=POOL,
        user_pool_client_id="xxxx",
        user_pool_client_secret="s3cr3t",
        identity_pool_id=f"us-west-2:{UUID}",
        allow_guest_access=True,
        oauth=OAuthConfig(
            domain="test.auth.us-west-2.amazoncognito.com",
            scopes=("phone", "email", "openid"),
            redirect_sign_in=("test://", "other://"),
            redirect_sign_out=("test://",),
            providers=("Google", "Apple"),
        ),
    )
    assert "s3cr3t" not in repr(config)


def test_a_mobile_file_with_one_pool_or_without_a_hosted_ui() -> None:
    assert read(mobile("CredentialsProvider", ...)).identity_pool_id is None
    assert read(mobile("CognitoUserPool", ...)).user_pool_id is None
    assert read(mobile("Auth", ...)).oauth is None
    assert read(mobile("Auth.Default.OAuth", {})).oauth is None
    assert read(mobile("CognitoUserPool.Default.AppClientSecret", "")).user_pool_client_secret is None


def test_a_mobile_file_s_endpoint_is_a_host_or_a_url() -> None:
    for endpoint in ("cognito.example.com", "https://cognito.example.com"):
        config = read(mobile("CognitoUserPool.Default.Endpoint", endpoint))
        assert config.user_pool_endpoint == "https://cognito.example.com"


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("CognitoUserPool", "us-east-1_x", "CognitoUserPool"),
        ("CognitoUserPool.Default", [], "CognitoUserPool.Default"),
        ("CognitoUserPool.Default.PoolId", "us-east-1", "user_pool_id"),
        ("CognitoUserPool.Default.AppClientId", 5, "user_pool_client_id"),
        ("CredentialsProvider.CognitoIdentity", 5, "CredentialsProvider.CognitoIdentity"),
        ("Auth.Default.OAuth", "x", "Auth.Default.OAuth"),
        ("Auth.Default.OAuth.Scopes", "openid email", "Auth.Default.OAuth.Scopes"),
        ("Auth.Default.OAuth.WebDomain", "", "oauth.domain"),
        ("Auth.Default.OAuth.SignInRedirectURI", ["test://"], "Auth.Default.OAuth.SignInRedirectURI"),
    ],
)
def test_a_malformed_mobile_file_is_refused_by_name(path: str, value: Any, field: str) -> None:
    assert refusal(mobile(path, value)).field == field


@pytest.mark.parametrize("plugins", [{}, [], {"awsCognitoAuthPlugin": None}])
def test_a_mobile_file_without_auth_is_refused_by_name(plugins: Any) -> None:
    error = refusal(changed(MOBILE, "auth.plugins", plugins))
    assert error.field == "auth.plugins.awsCognitoAuthPlugin"


# --- All of them ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        outputs("auth.oauth.domain", "auth.example.com/login"),
        legacy("oauth.domain", "https://auth.example.com/oauth2/authorize"),
        mobile("Auth.Default.OAuth.WebDomain", "auth.example.com/login"),
    ],
)
def test_a_domain_with_a_path_is_refused_by_name(source: dict[str, Any]) -> None:
    assert refusal(source).field == "oauth.domain"


@pytest.mark.parametrize(
    "content",
    [b'{"AppClientSecret": "s3cr3t",', b'{"AppClientSecret": "s3cr3t\xff"}', b'["s3cr3t"]', b"9" * 5000],
)
def test_no_refusal_of_a_file_holds_what_is_in_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "amplifyconfiguration.json"
    path.write_bytes(content)
    error = refusal(path)
    assert error.__context__ is None
    assert "s3cr3t" not in "".join(traceback.format_exception(error)) + repr(vars(error))
