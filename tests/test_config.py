"""Configuration: a malformed value is refused when it is made, by the name of its field."""

import copy
import json
import pickle
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiocognito import AuthConfig, AuthError, OAuthConfig
from aiocognito._config import PasswordlessConfig, WebAuthnConfig, default_device_name
from aiocognito._config_checks import is_loopback
from aiocognito.errors import AuthConfigError

POOL = "us-east-1_aBcDeFgHi"
CLIENT = "1h57kf5cpq17m0eml12EXAMPLE"
SECRET = "9l3b1nv5s0m8c1c7p5vd3qk2i6b4t8r0EXAMPLE"
IDENTITY = "us-east-1:01234567-89ab-cdef-0123-456789abcdef"
ENDPOINT = "http://127.0.0.1:9229"
OAUTH = OAuthConfig(
    domain="auth.example.com",
    scopes=["openid", "email"],
    redirect_sign_in=["https://app.example.com/callback"],
    redirect_sign_out=["https://app.example.com/"],
)
WHOLE: dict[str, Any] = {
    "user_pool_id": POOL,
    "user_pool_client_id": CLIENT,
    "user_pool_client_secret": SECRET,
    "user_pool_endpoint": ENDPOINT,
    "jwks_uri": "https://keys.example.com/jwks.json",
    "identity_pool_id": IDENTITY,
    "identity_pool_endpoint": "https://identity.example.com",
    "allow_guest_access": True,
    "custom_role_arn": "arn:aws:iam::123456789012:role/people",
    "sign_up_verification_method": "link",
    "oauth": OAUTH,
    "passwordless": PasswordlessConfig(
        email_otp_enabled=True, web_authn=WebAuthnConfig(relying_party_id="example.com")
    ),
    "device_tracking": False,
    "device_name": "the shop's back end",
    "auth_session_validity": 900,
    "refresh_ahead": 0,
    "connect_timeout": 0.5,
    "read_timeout": 60,
    "max_attempts": 1,
    "allow_insecure_http": True,
    "clock": lambda: 1_800_000_000.0,
}


def made(**values: Any) -> AuthConfig:
    """Make one of values that need not fit."""
    return AuthConfig(**values)


def refusal(**values: Any) -> AuthConfigError:
    with pytest.raises(AuthConfigError) as caught:
        made(**values)
    return caught.value


# --- What is taken -------------------------------------------------------------------------------------


def test_nothing_is_needed() -> None:
    """A configuration can be empty."""
    config = AuthConfig()
    assert config.user_pool_id is None
    assert config.identity_pool_id is None
    assert config.allow_guest_access is False
    assert config.sign_up_verification_method == "code"
    assert config.device_tracking is True
    assert config.auth_session_validity == 180.0
    assert config.refresh_ahead == 60.0
    assert (config.connect_timeout, config.read_timeout) == (5.0, 10.0)
    assert config.max_attempts == 3
    assert config.allow_insecure_http is False
    assert config.user_pool_region is None
    assert config.identity_pool_region is None
    assert config.user_pool_name is None


def test_everything_is_kept() -> None:
    """Each field has the given value."""
    config = AuthConfig(**WHOLE)
    assert {name: getattr(config, name) for name in WHOLE} == WHOLE
    assert set(WHOLE) == {field.name for field in attrs.fields(AuthConfig)}


def test_it_is_frozen_and_keyword_only() -> None:
    config = AuthConfig(**WHOLE)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        config.user_pool_id = "us-east-1_other"  # type: ignore[misc]  # wrong on purpose
    with pytest.raises(TypeError):
        AuthConfig(POOL)  # type: ignore[call-arg]  # wrong on purpose


def test_it_is_a_value() -> None:
    one, other = AuthConfig(**WHOLE), AuthConfig(**WHOLE)
    assert one == other
    assert hash(one) == hash(other)
    assert {one: "kept"}[other] == "kept"
    assert one != attrs.evolve(other, user_pool_client_id="another")
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one


def test_a_changed_copy_is_checked_like_the_first() -> None:
    with pytest.raises(AuthConfigError, match="max_attempts"):
        attrs.evolve(AuthConfig(), max_attempts=0)


@pytest.mark.parametrize(
    ("pool", "region", "name"),
    [
        (POOL, "us-east-1", "aBcDeFgHi"),
        ("cn-north-1_1", "cn-north-1", "1"),
        ("us-gov-west-1_Abc", "us-gov-west-1", "Abc"),
        ("local_5e1Ab2", "local", "5e1Ab2"),
        ("us-east-1_my-pool", "us-east-1", "my-pool"),
        ("us-east-1_my_pool", "us-east-1", "my_pool"),
        ("us-east-1_0123456789abcdef0123456789abcdef", "us-east-1", "0123456789abcdef0123456789abcdef"),
        (
            "eu-central-1_b0b0b0b0-0000-4000-8000-000000000000",
            "eu-central-1",
            "b0b0b0b0-0000-4000-8000-000000000000",
        ),
    ],
)
def test_the_pool_s_id_says_region_and_name(pool: str, region: str, name: str) -> None:
    config = AuthConfig(user_pool_id=pool)
    assert (config.user_pool_region, config.user_pool_name) == (region, name)


def test_the_device_is_named_after_library_and_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.node", lambda: "web-1")
    assert AuthConfig().device_name == default_device_name() == "aiocognito on web-1"
    monkeypatch.setattr("platform.node", lambda: "")
    assert default_device_name() == "aiocognito on unknown host"


# --- What is refused -----------------------------------------------------------------------------------

NOT_TEXT: list[Any] = [5, b"us-east-1_abc", ["us-east-1_abc"], {}, True]
NOT_SECONDS: list[Any] = [None, "5", True, float("nan"), float("inf"), -1, [], 1j]
NOT_URLS: list[Any] = [
    "",
    "cognito.example.com",
    "ftp://cognito.example.com",
    "https://",
    "https:///path",
    "https://:443",
    "https://example.com:port",
    "https://example.com:99999",
    "https://[::1",
    "https://exa mple.com",
    " https://example.com",
    "https://example.com\n",
    "https://exam\tple.com",
    "https://example.com\\.localhost",
    "https://example.com/?a=b",
    "https://example.com/#part",
    "https://name:word@example.com",
    "https://name@example.com",
    "https://@example.com",
    "https://example.com:0",
    "https://example.com?",
    "https://example.com#",
    "https://[::1].example.com",
    "https://example.com[::1]",
    "https://[::::]",
    "https://example.com/\r\nHost: other.example.com",
    "https://example.com/\u2028",
    "https://example.com/\ud800",
    *NOT_TEXT,
]
MALFORMED: dict[str, list[Any]] = {
    "user_pool_id": [
        "",
        "us-east-1",
        "_abc",
        "us-east-1_",
        "us-east-1:",
        "us-east-1:abc",
        "us-east-1_a b",
        " us-east-1_abc",
        "us-east-1_abc\n",
        "us-east-1_ä",
        "-east_abc",
        "123456789012_abc",  # botocore takes no such region
        "us-east-1_a/b",
        "us-east-1_a?b",
        "evil.example.com/_abc",
        *NOT_TEXT,
    ],
    "user_pool_client_id": ["", "a b", "a" * 129, "a\n", "ä", *NOT_TEXT],
    "user_pool_client_secret": [
        "",
        "a b",
        " a",
        "a\n",
        "a\x00",
        "a\x7f",
        "a\u00a0b",
        "\ud800",
        *NOT_TEXT,
    ],
    "user_pool_endpoint": NOT_URLS,
    "jwks_uri": [url for url in NOT_URLS if "?" not in str(url)],
    "identity_pool_id": ["", "test", "us-east-1:", ":abc", "us-east-1:a b", "us-east-1:ab\n", *NOT_TEXT],
    "identity_pool_endpoint": NOT_URLS,
    "allow_guest_access": [None, 1, "yes"],
    "custom_role_arn": ["", "role/people", *NOT_TEXT],
    "sign_up_verification_method": [None, "", "CODE", [], 1],
    "oauth": ["auth.example.com", {"domain": "auth.example.com"}, True],
    "passwordless": [{"email_otp_enabled": True}, True],
    "device_tracking": [None, 0, "no"],
    "device_name": [None, "", "n" * 1025, "\udfff", 5],
    "auth_session_validity": [*NOT_SECONDS, 0, 179.9, 900.1],
    "refresh_ahead": [*NOT_SECONDS, 86_401],
    "connect_timeout": [*NOT_SECONDS, 0, 601],
    "read_timeout": [*NOT_SECONDS, 0, 601],
    "max_attempts": [None, 0, 11, 3.0, "3", True],
    "allow_insecure_http": [None, 1, "yes"],
    "clock": [0, 1_800_000_000.0, "now", True],
}


def test_every_field_has_values_that_are_refused() -> None:
    assert set(MALFORMED) == set(WHOLE)


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in MALFORMED.items() for value in values]
)
def test_what_is_malformed_is_refused_by_the_name_of_its_field(field: str, value: Any) -> None:
    error = refusal(**WHOLE | {field: value})
    assert error.field == field
    assert str(error).startswith(f"{field}: ")
    assert isinstance(error, AuthError)
    assert isinstance(error, ValueError)


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        ("auth_session_validity", 180, 900),
        ("refresh_ahead", 0, 86_400),
        ("connect_timeout", 0.001, 600),
        ("read_timeout", 0.001, 600),
        ("max_attempts", 1, 10),
    ],
)
def test_the_bounds_themselves_are_taken(field: str, low: float, high: float) -> None:
    for bound in (low, high):
        assert getattr(made(**{field: bound}), field) == bound


@pytest.mark.parametrize(
    ("field", "longest"),
    [("user_pool_client_id", 128), ("device_name", 1024)],
)
def test_texts_of_the_longest_and_the_shortest_kind_are_taken(field: str, longest: int) -> None:
    for length in (1, longest):
        assert getattr(made(**{field: "n" * length}), field) == "n" * length
    assert refusal(**{field: "n" * (longest + 1)}).field == field


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.text()),
    st.dictionaries(st.text(), st.text()),
    st.from_regex(r"https?://[^/]*"),
)


@given(st.sampled_from(sorted(WHOLE)), ANYTHING)
def test_nothing_else_is_ever_raised(field: str, value: Any) -> None:
    try:
        config = made(**{field: value})
    except AuthConfigError as error:
        assert error.field == field  # noqa: PT017 - either outcome will do
    else:
        assert getattr(config, field) is value
        assert hash(config) == hash(made(**{field: value}))


@pytest.mark.parametrize(
    "secret",
    [
        "b1-b/2+c=",
        "b0b0b0b0-0000-4000-8000-000000000000",
        "x" * 500,
        "~!@#$%^&*():;\"'<>,.?|\\",
        "Schlüssel",
    ],
)
def test_a_secret_is_any_printable_text_without_blanks(secret: str) -> None:
    assert AuthConfig(user_pool_client_secret=secret).user_pool_client_secret == secret
    assert AuthConfig.from_env({"COGNITO_CLIENT_SECRET": secret}).user_pool_client_secret == secret


@pytest.mark.parametrize(
    "client", ["b0b0b0b0-0000-4000-8000-000000000000", "my-client", "shop.web", "a+b", "a_b~c"]
)
def test_ids_of_local_emulators_are_taken(client: str) -> None:
    assert AuthConfig(user_pool_client_id=client).user_pool_client_id == client


@pytest.mark.parametrize(
    ("identity_pool", "region"),
    [("local:my_pool", "local"), ("us-east-1:shop.guests", "us-east-1"), (IDENTITY, "us-east-1")],
)
def test_identity_pools_of_local_emulators_are_taken(identity_pool: str, region: str) -> None:
    assert AuthConfig(identity_pool_id=identity_pool).identity_pool_region == region


# --- The clock -----------------------------------------------------------------------------------------


def test_the_clock_is_part_of_neither_equality_nor_repr() -> None:
    one, other = made(clock=lambda: 1.0), made(clock=lambda: 2.0)
    assert one == other == made()
    assert hash(one) == hash(other)
    assert "clock" not in repr(one)


def test_copies_share_the_clock_and_a_pickle_leaves_it_out() -> None:
    def clock() -> float:
        return 1.0

    whole: dict[str, Any] = WHOLE | {"clock": clock}
    config = AuthConfig(**whole)
    evolved = attrs.evolve(config, user_pool_client_id="another")
    for copied in (evolved, copy.copy(config), copy.deepcopy(config), copy.deepcopy([config])[0]):
        assert copied.clock is clock
    loaded = pickle.loads(pickle.dumps(config))
    assert loaded == config
    assert loaded.clock is None
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        loaded.clock = clock


# --- The secret ----------------------------------------------------------------------------------------


def test_the_secret_is_in_no_repr() -> None:
    config = AuthConfig(**WHOLE)
    assert SECRET not in repr(config) + str(config) + f"{config}"
    assert CLIENT in repr(config)


def test_the_query_of_the_keys_url_is_in_no_repr() -> None:
    config = made(jwks_uri="https://keys.example/jwks.json?token=hunter2")
    assert "jwks_uri='https://keys.example/jwks.json'," in repr(config)
    assert config.jwks_uri == "https://keys.example/jwks.json?token=hunter2"
    assert "jwks_uri=None" in repr(made(jwks_uri=None))


@pytest.mark.parametrize("field", WHOLE)
def test_the_secret_is_in_no_refusal(field: str) -> None:
    error = refusal(**WHOLE | {field: MALFORMED[field][0]})
    assert SECRET not in "".join(traceback.format_exception(error))


def test_a_malformed_secret_is_not_quoted() -> None:
    error = refusal(user_pool_client_secret="correct horse battery staple")
    assert "horse" not in "".join(traceback.format_exception(error)) + repr(vars(error))


def test_the_credentials_in_a_url_are_not_quoted() -> None:
    error = refusal(user_pool_endpoint="https://name:battery-staple@example.com")
    assert "staple" not in "".join(traceback.format_exception(error)) + repr(vars(error))


# --- Plain http ----------------------------------------------------------------------------------------

LOOPBACK = [
    "localhost",
    "LOCALHOST",
    "127.0.0.1",
    "127.8.9.10",
    "[::1]",
    "cognito.localhost",
]
BEYOND = [
    "cognito.example.com",
    "127.example.com",
    "127.0.0.1.example.com",
    "localhost.example.com",
    "notlocalhost",
    "192.168.0.1",
    "0.0.0.0",
    "[::2]",
    "10.127.0.0",
    "127.0.0.1.",
    "localhost.",
]


@pytest.mark.parametrize("field", ["user_pool_endpoint", "identity_pool_endpoint", "jwks_uri"])
@pytest.mark.parametrize("host", LOOPBACK)
def test_plain_http_to_this_machine_is_taken(field: str, host: str) -> None:
    assert getattr(made(**{field: f"http://{host}:9229/"}), field) == f"http://{host}:9229/"


@pytest.mark.parametrize("field", ["user_pool_endpoint", "identity_pool_endpoint", "jwks_uri"])
@pytest.mark.parametrize("host", BEYOND)
def test_plain_http_beyond_it_is_refused_unless_it_is_meant(field: str, host: str) -> None:
    url = f"http://{host}:9229"
    error = refusal(**{field: url})
    assert error.field == field
    assert "allow_insecure_http" in str(error)
    assert getattr(made(**{field: url, "allow_insecure_http": True}), field) == url
    assert getattr(made(**{field: f"https://{host}"}), field) == f"https://{host}"


def test_plain_http_to_a_hosted_ui_is_judged_alike() -> None:
    beyond = OAuthConfig(domain="http://auth.example.com")
    assert refusal(oauth=beyond).field == "oauth.domain"
    assert AuthConfig(oauth=beyond, allow_insecure_http=True).oauth is beyond
    assert AuthConfig(oauth=OAuthConfig(domain="http://localhost:9229")).oauth is not None


def test_no_host_is_not_this_machine() -> None:
    assert not is_loopback(None)
    assert not is_loopback("")


# --- Where the services are ----------------------------------------------------------------------------


@pytest.mark.amplify("B8")
@pytest.mark.parametrize(
    ("region", "suffix"),
    [
        *((region, "amazonaws.com") for region in ("us-east-1", "eu-west-3", "af-south-1", "us-gov-west-1")),
        *((region, "amazonaws.com") for region in ("us-unspecified-99", "unrecognized-region", "aws-global")),
        *((region, "amazonaws.com.cn") for region in ("cn-north-1", "cn-unspecified-99", "aws-cn-global")),
        ("eusc-de-east-1", "amazonaws.eu"),
        ("us-iso-east-1", "c2s.ic.gov"),
    ],
)
def test_endpoints_are_in_the_domain_of_the_region_s_partition(region: str, suffix: str) -> None:
    config = AuthConfig(user_pool_id=f"{region}_abc", identity_pool_id=f"{region}:0-1")
    assert config.service_url("cognito-idp") == f"https://cognito-idp.{region}.{suffix}"
    assert config.service_url("cognito-identity") == f"https://cognito-identity.{region}.{suffix}"
    assert config.identity_pool_region == region


@pytest.mark.amplify("B7")
def test_an_endpoint_replaces_the_url_entirely() -> None:
    config = AuthConfig(
        user_pool_id=POOL,
        user_pool_endpoint="http://localhost:9229/idp/",
        identity_pool_id=IDENTITY,
        identity_pool_endpoint="http://localhost:9230",
    )
    assert config.service_url("cognito-idp") == "http://localhost:9229/idp/"
    assert config.service_url("cognito-identity") == "http://localhost:9230"


def test_each_pool_has_its_own_region() -> None:
    config = AuthConfig(user_pool_id="eu-west-1_abc", identity_pool_id="eu-central-1:0")
    assert config.service_url("cognito-idp") == "https://cognito-idp.eu-west-1.amazonaws.com"
    assert config.service_url("cognito-identity") == "https://cognito-identity.eu-central-1.amazonaws.com"


# --- The hosted UI -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "base_url"),
    [
        ("auth.example.com", "https://auth.example.com"),
        ("auth.example.com/", "https://auth.example.com"),
        ("https://auth.example.com", "https://auth.example.com"),
        ("http://localhost:9229/", "http://localhost:9229"),
        ("https://cognito.com...", "https://cognito.com..."),
        ("http://localhost:4566/_aws/cognito-idp/", "http://localhost:4566/_aws/cognito-idp"),
    ],
)
def test_the_domain_may_carry_a_scheme(domain: str, base_url: str) -> None:
    oauth = OAuthConfig(domain=domain)
    assert (oauth.domain, oauth.base_url) == (domain, base_url)


@pytest.mark.parametrize(
    "domain",
    [
        "auth.example.com/login",
        "auth.example.com/oauth2/authorize",
        "https://auth.example.com/oauth2",
        "https://auth.example.com/shop",
        "localhost:9229/login",
        "http://localhost:9229/oauth2/authorize",
    ],
)
def test_a_domain_with_a_path_is_refused(domain: str) -> None:
    with pytest.raises(AuthConfigError, match=r"oauth\.domain: must be a host name without a path"):
        OAuthConfig(domain=domain)
    with pytest.raises(AuthConfigError, match=r"oauth\.domain"):
        AuthConfig.from_env({"COGNITO_OAUTH_DOMAIN": domain})


@pytest.mark.parametrize("scopes", ["openid email", "openid,email", " openid,\temail ", ["openid email"]])
def test_scopes_as_one_text_are_split(scopes: Any) -> None:
    assert OAuthConfig("auth.example.com", scopes).scopes == ("openid", "email")


def test_lists_become_tuples_and_one_text_is_one_member() -> None:
    oauth = OAuthConfig("auth.example.com", ["openid"], "https://app.example.com/", iter(["a", "b"]))
    assert oauth.scopes == ("openid",)
    assert oauth.redirect_sign_in == ("https://app.example.com/",)
    assert oauth.redirect_sign_out == ("a", "b")
    assert (oauth.response_type, oauth.providers) == ("code", ())
    assert hash(oauth) == hash(attrs.evolve(oauth))


NOT_LISTS: list[Any] = [None, 5, [5], [""], b"openid", "", ["\ud800"]]
NOT_REDIRECTS: list[Any] = [*NOT_LISTS, "https://a.example/ https://b.example/", ["https://a.example/\n"]]
MALFORMED_OAUTH: dict[str, list[Any]] = {
    "domain": [None, *(value for value in NOT_URLS if value != "cognito.example.com")],
    "scopes": [*NOT_LISTS, " ", "öpenid", ['"openid"'], ["a\\b"]],
    "redirect_sign_in": NOT_REDIRECTS,
    "redirect_sign_out": NOT_REDIRECTS,
    "response_type": [None, "", "CODE", []],
    "providers": NOT_LISTS,
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in MALFORMED_OAUTH.items() for value in values]
)
def test_a_malformed_hosted_ui_is_refused(field: str, value: Any) -> None:
    with pytest.raises(AuthConfigError) as caught:
        OAuthConfig(**{"domain": "auth.example.com", field: value})
    assert caught.value.field == f"oauth.{field}"


# --- First factors -------------------------------------------------------------------------------------


MALFORMED_FACTORS: dict[str, list[Any]] = {
    "email_otp_enabled": [None, 1, "yes"],
    "sms_otp_enabled": [None, 1, "yes"],
    "web_authn": [{}, True, "example.com"],
    "preferred_challenge": ["", "FAX", "email_otp", [], 5],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in MALFORMED_FACTORS.items() for value in values]
)
def test_malformed_first_factors_are_refused(field: str, value: Any) -> None:
    with pytest.raises(AuthConfigError) as caught:
        PasswordlessConfig(**{field: value})
    assert caught.value.field == f"passwordless.{field}"


@pytest.mark.parametrize("field", ["relying_party_id", "user_verification"])
@pytest.mark.parametrize("value", ["", 5, ["example.com"]])
def test_a_malformed_relying_party_is_refused(field: str, value: Any) -> None:
    with pytest.raises(AuthConfigError) as caught:
        WebAuthnConfig(**{field: value})
    assert caught.value.field == f"passwordless.web_authn.{field}"


@pytest.mark.parametrize("challenge", ["EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", "PASSWORD", "PASSWORD_SRP", None])
def test_first_factors_that_may_be_preferred(challenge: str | None) -> None:
    assert PasswordlessConfig(preferred_challenge=challenge).preferred_challenge == challenge


# --- The environment -----------------------------------------------------------------------------------

ENVIRON = {
    "COGNITO_USER_POOL_ID": POOL,
    "COGNITO_CLIENT_ID": CLIENT,
    "COGNITO_CLIENT_SECRET": SECRET,
    "COGNITO_USER_POOL_ENDPOINT": ENDPOINT,
    "COGNITO_JWKS_URI": "http://localhost:9231/jwks.json",
    "COGNITO_IDENTITY_POOL_ID": IDENTITY,
    "COGNITO_IDENTITY_POOL_ENDPOINT": "http://localhost:9230",
    "COGNITO_OAUTH_DOMAIN": "auth.example.com",
    "COGNITO_OAUTH_SCOPES": "openid email",
    "COGNITO_REDIRECT_SIGN_IN": "https://app.example.com/callback",
    "COGNITO_REDIRECT_SIGN_OUT": "https://app.example.com/",
}


def test_the_environment_is_read() -> None:
    assert AuthConfig.from_env(ENVIRON) == AuthConfig(
        user_pool_id=POOL,
        user_pool_client_id=CLIENT,
        user_pool_client_secret=SECRET,
        user_pool_endpoint=ENDPOINT,
        jwks_uri="http://localhost:9231/jwks.json",
        identity_pool_id=IDENTITY,
        identity_pool_endpoint="http://localhost:9230",
        oauth=OAUTH,
    )


def test_the_process_s_own_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRON:
        monkeypatch.delenv(name, raising=False)
    assert AuthConfig.from_env() == AuthConfig()
    monkeypatch.setenv("COGNITO_USER_POOL_ID", POOL)
    assert AuthConfig.from_env() == AuthConfig(user_pool_id=POOL)


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_what_is_empty_is_unset(empty: str) -> None:
    assert AuthConfig.from_env(dict.fromkeys(ENVIRON, empty)) == AuthConfig()
    one_empty = AuthConfig.from_env(ENVIRON | {"COGNITO_CLIENT_SECRET": empty})
    assert one_empty.user_pool_client_secret is None
    assert one_empty.user_pool_client_id == CLIENT


def test_white_space_around_a_value_is_removed() -> None:
    assert AuthConfig.from_env({"COGNITO_USER_POOL_ID": f" {POOL}\n"}).user_pool_id == POOL


@given(
    st.lists(st.from_regex(r"[a-z./:]+", fullmatch=True)),
    st.sampled_from([",", " ", ", ", " ,\t", "\n", ",,"]),
    st.sampled_from(["", " ", ","]),
)
def test_lists_are_parted_by_comma_or_space(members: list[str], separator: str, edge: str) -> None:
    text = edge + separator.join(members) + edge
    for variable, field in (
        ("COGNITO_OAUTH_SCOPES", "scopes"),
        ("COGNITO_REDIRECT_SIGN_IN", "redirect_sign_in"),
        ("COGNITO_REDIRECT_SIGN_OUT", "redirect_sign_out"),
    ):
        config = AuthConfig.from_env({"COGNITO_OAUTH_DOMAIN": "auth.example.com", variable: text})
        assert getattr(config.oauth, field) == tuple(members)


@pytest.mark.parametrize(
    ("variable", "field"),
    [
        ("COGNITO_USER_POOL_ID", "user_pool_id"),
        ("COGNITO_CLIENT_ID", "user_pool_client_id"),
        ("COGNITO_CLIENT_SECRET", "user_pool_client_secret"),
        ("COGNITO_USER_POOL_ENDPOINT", "user_pool_endpoint"),
        ("COGNITO_IDENTITY_POOL_ID", "identity_pool_id"),
        ("COGNITO_IDENTITY_POOL_ENDPOINT", "identity_pool_endpoint"),
        ("COGNITO_OAUTH_DOMAIN", "oauth.domain"),
    ],
)
def test_a_malformed_variable_is_refused(variable: str, field: str) -> None:
    with pytest.raises(AuthConfigError) as caught:
        AuthConfig.from_env(ENVIRON | {variable: "ftp://not this"})
    assert caught.value.field == field
    assert "not this" not in str(caught.value)


# --- Amplify's files: the front door; the forms themselves have a test file of their own ---------------

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("name", ["amplify_outputs.json", "amplifyconfiguration.json"])
def test_a_path_as_text_a_path_and_its_content_read_alike(name: str) -> None:
    path = DATA / name
    content: Mapping[str, Any] = json.loads(path.read_text())
    config = AuthConfig.from_amplify_outputs(path)
    assert config.user_pool_id == POOL
    assert config == AuthConfig.from_amplify_outputs(str(path)) == AuthConfig.from_amplify_outputs(content)


def test_no_variable_allows_plain_http_to_another_machine() -> None:
    emulator = "http://emulator:9229"
    with pytest.raises(AuthConfigError, match="user_pool_endpoint"):
        AuthConfig.from_env(ENVIRON | {"COGNITO_USER_POOL_ENDPOINT": emulator})
    for name in ("COGNITO_ALLOW_INSECURE_HTTP", "ALLOW_INSECURE_HTTP"):
        assert not AuthConfig.from_env(ENVIRON | {name: "true"}).allow_insecure_http
    rest = {name: value for name, value in ENVIRON.items() if name != "COGNITO_USER_POOL_ENDPOINT"}
    config = attrs.evolve(AuthConfig.from_env(rest), user_pool_endpoint=emulator, allow_insecure_http=True)
    assert config.service_url("cognito-idp") == emulator
