"""Authorization URLs, compared exactly, and callback URLs."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from aiocognito import AuthConfig, OAuthConfig
from aiocognito._flows import redirect
from aiocognito._flows.redirect import AuthorizationRequest, authorization_request, read_callback
from aiocognito._gateways.hosted_ui import HostedUi, form
from aiocognito._gateways.http import Http
from aiocognito.errors import (
    AuthValidationError,
    InvalidPreferredRedirectUrlException,
    InvalidRedirectException,
    OAuthNotConfigureException,
    OAuthSignInException,
)
from helpers.hosted_ui import config

VECTORS = json.loads((Path(__file__).parents[1] / "data/hosted_ui.json").read_text("utf-8"))
AMPLIFY = AuthConfig(
    user_pool_id="us-west-2_zzzzz",
    user_pool_client_id="userPoolClientId",
    oauth=OAuthConfig(
        domain="oauth.domain.com",
        scopes=("phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"),
        redirect_sign_in=("http://localhost:3000/",),
        redirect_sign_out=("http://localhost:3000/",),
    ),
)


def authorize(configuration: AuthConfig = AMPLIFY, **arguments: Any) -> AuthorizationRequest:
    assert configuration.oauth is not None
    return authorization_request(
        HostedUi(configuration, configuration.oauth, Http()), configuration, **arguments
    )


def query(request: AuthorizationRequest) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))


# Where the browser is sent


@pytest.mark.amplify("B59")
@pytest.mark.parametrize("case", VECTORS["authorize_urls"], ids=lambda case: str(case["input"]))
def test_the_urls_are_amplify_s(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redirect, "new_state", lambda custom: "oauth_state")
    monkeypatch.setattr(redirect, "code_challenge", lambda verifier: "code_challenge")
    assert authorize(**case["input"]).url == case["url"]


@pytest.mark.amplify("B59")
@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("Amazon", "LoginWithAmazon"),
        ("Apple", "SignInWithApple"),
        ("Facebook", "Facebook"),
        ("PieAuth", "PieAuth"),
        ("google", "Google"),
        ("LOGIN_WITH_AMAZON", "LoginWithAmazon"),
        ("SignInWithApple", "SignInWithApple"),
        ("COGNITO", "COGNITO"),
    ],
)
def test_providers(provider: str, name: str) -> None:
    """Each provider is sent under the name that Cognito gives it."""
    assert query(authorize(provider=provider))["identity_provider"] == name


def listing(*providers: str) -> AuthConfig:
    oauth = config().oauth
    assert oauth is not None
    return evolve(config(), oauth=evolve(oauth, providers=providers))


def test_a_provider_that_is_not_listed_is_refused_by_name() -> None:
    known = listing("Google", "PieAuth")
    assert query(authorize(known, provider="PieAuth"))["identity_provider"] == "PieAuth"
    assert query(authorize(known, provider={"custom": "CakeAuth"}))["identity_provider"] == "CakeAuth"
    with pytest.raises(AuthValidationError, match=r"^provider: is not one of Google, PieAuth .*custom"):
        authorize(known, provider="CakeAuth")


@pytest.mark.amplify("B60")
@pytest.mark.parametrize("prompt", ["LOGIN", "CONSENT", "SELECT_ACCOUNT", "select_account"])
def test_a_prompt_without_a_provider_lets_the_user_choose(prompt: str) -> None:
    asked = query(authorize(prompt=prompt))
    assert (asked["prompt"], asked["identity_provider"]) == (prompt.lower(), "COGNITO")


@pytest.mark.amplify("B60")
def test_prompt_none_without_a_provider_names_none() -> None:
    assert "identity_provider" not in query(authorize(prompt="NONE"))
    assert query(authorize(prompt="NONE", provider="Google"))["identity_provider"] == "Google"


def test_every_parameter_in_its_order() -> None:
    request = authorize(
        provider={"idp_identifier": "example.com"},
        custom_state="page",
        prompt="LOGIN",
        login_hint="ana@example.com",
        lang="de",
        nonce="n-0S6",
    )
    assert list(query(request)) == [
        "redirect_uri",
        "response_type",
        "client_id",
        "idp_identifier",
        "scope",
        "login_hint",
        "lang",
        "nonce",
        "prompt",
        "state",
        "code_challenge",
        "code_challenge_method",
    ]
    assert query(request)["login_hint"] == "ana@example.com"
    assert "login_hint=ana%40example.com&lang=de&nonce=n-0S6&" in request.url
    assert request.nonce == "n-0S6"


def test_a_nonce_is_made_if_one_is_asked_for() -> None:
    request = authorize(nonce=True)
    assert request.nonce is not None
    assert len(request.nonce) == 32
    assert query(request)["nonce"] == request.nonce
    for none in (None, False):
        assert authorize(nonce=none).nonce is None
        assert "nonce" not in query(authorize(nonce=none))


def test_no_scopes_leave_the_choice_to_the_client() -> None:
    assert "scope" not in query(authorize(config(oauth_scopes=())))


def test_the_redirect_url_is_one_of_the_configured_to_the_letter() -> None:
    first, second = "https://app.example/callback", "http://localhost:3000/"
    assert authorize(config()).redirect_uri == first
    chosen = authorize(config(), redirect_uri=second)
    assert chosen.redirect_uri == second == query(chosen)["redirect_uri"]
    for other in (second[:-1], second + "x", second.upper(), "", "https://evil.example/"):
        with pytest.raises(InvalidPreferredRedirectUrlException):
            authorize(config(), redirect_uri=other)


def test_without_a_redirect_url() -> None:
    with pytest.raises(InvalidRedirectException):
        authorize(config(oauth_redirect_sign_in=()))


def test_the_implicit_flow_is_refused_with_its_reason() -> None:
    with pytest.raises(OAuthNotConfigureException, match=r"implicit flow.*fragment") as refusal:
        authorize(config(oauth_response_type="token"))
    assert "code" in str(refusal.value.recovery_suggestion)


def test_without_a_hosted_ui() -> None:
    bare = AuthConfig(user_pool_id="us-east-1_x", user_pool_client_id="y")
    with pytest.raises(OAuthNotConfigureException):
        authorization_request(HostedUi(config(), OAuthConfig(domain="auth.example.com"), Http()), bare)


@pytest.mark.parametrize(
    "arguments",
    [
        {"provider": 5},
        {"provider": {}},
        {"provider": {"custom": ""}},
        {"provider": {"custom": "a", "idp_identifier": "b"}},
        {"provider": {"name": "a"}},
        {"prompt": "MAYBE"},
        {"prompt": 1},
        {"prompt": ""},
        {"lang": 5},
        {"login_hint": b"x"},
        {"nonce": 7},
        {"custom_state": 5},
        {"custom_state": "\ud800"},
        {"nonce": "n\udfff"},
        {"login_hint": "\ud800"},
        {"lang": "\ud800"},
        {"provider": "\ud800"},
        {"provider": {"custom": "\ud800"}},
        {"provider": {"idp_identifier": "\ud800"}},
    ],
)
def test_arguments_that_do_not_fit(arguments: dict[str, Any]) -> None:
    with pytest.raises(AuthValidationError, match=next(iter(arguments))):
        authorize(**arguments)


def test_forms_are_escaped_as_browsers_do() -> None:
    assert form([("x", "a b+c@d.e*~'()!")]) == "x=" + VECTORS["form"]["a b+c@d.e*~'()!"]


# State and PKCE


def test_state_and_verifier_of_known_bytes() -> None:
    verifier, state = VECTORS["verifier"], VECTORS["state"]
    assert redirect.as_text(bytes(verifier["bytes"])) == verifier["text"]
    assert redirect.code_challenge(verifier["text"]) == verifier["challenge"]
    assert redirect.as_text(bytes(state["bytes"])) == state["text"]


def test_state_and_verifier_are_new_each_time() -> None:
    departures = [authorize() for _ in range(20)]
    for values in zip(*((each.state, each.code_verifier) for each in departures), strict=True):
        assert len(set(values)) == 20
    assert {(len(each.state), len(each.code_verifier)) for each in departures} == {(32, 128)}
    challenge = query(departures[0])["code_challenge"]
    assert challenge == redirect.code_challenge(departures[0].code_verifier)


@pytest.mark.parametrize(("text", "encoded"), VECTORS["custom_state"].items())
def test_custom_state_is_the_hex_of_its_utf_8(text: str, encoded: str) -> None:
    state = redirect.new_state(text)
    assert state[32:] == f"-{encoded}"
    assert redirect.custom_state_of(state) == text


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1))
def test_custom_state_comes_back(text: str) -> None:
    assert redirect.custom_state_of(redirect.new_state(text)) == text


def test_no_custom_state() -> None:
    """Without a custom state, the state has no suffix."""
    for none in (None, ""):
        assert "-" not in redirect.new_state(none)
    assert redirect.custom_state_of(redirect.new_state()) is None


def test_nothing_secret_is_in_a_repr() -> None:
    request = authorize(nonce=True, custom_state="page")
    told = repr(request)
    assert "localhost:3000" in told
    for secret in (request.state, request.code_verifier, request.nonce):
        assert secret is not None
        assert secret not in told
    callback = repr(read_callback("https://a/?code=s3cr3t&state=t0ps3cr3t"))
    assert "s3cr3t" not in callback


# What the browser comes back with


def test_only_the_query_counts() -> None:
    callback = read_callback("https://evil.example:1/x?code=c%2B&state=s-1#access_token=stolen&code=other")
    assert (callback.code, callback.state, callback.error) == ("c+", "s-1", None)
    assert read_callback("/callback?code=c&state=s").code == "c"


def test_an_error_of_the_callback_is_returned_unchanged() -> None:
    callback = read_callback("https://a/?error_description=Bad+%C3%A4&state=s&error=invalid_request")
    assert (callback.error, callback.error_description) == ("invalid_request", "Bad ä")


@pytest.mark.parametrize("url", ["https://a/", "https://a/?code=&state=", "x", "https://a/?CODE=c"])
def test_a_query_without_anything(url: str) -> None:
    assert read_callback(url) == redirect.Callback()


@pytest.mark.parametrize(
    "url",
    [
        "https://a/?code=s3cr3t&code=s3cr3t&state=s",
        "https://a/?code=s3cr3t&state=s&state=",
        "https://[a/?code=s3cr3t",
        "https://a/?code=s3cr3t\ud800&state=s",
        "https://a/?" + "&".join(["code=s3cr3t"] + ["x=1"] * 60),
    ],
)
def test_a_malformed_callback_url_raises(url: str) -> None:
    with pytest.raises(OAuthSignInException) as refusal:
        read_callback(url)
    assert "s3cr3t" not in str(refusal.value)
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize("url", [None, "", b"https://a/?code=c", 5])
def test_a_callback_that_is_not_text_raises(url: object) -> None:
    with pytest.raises(AuthValidationError, match="callback_url"):
        read_callback(url)
