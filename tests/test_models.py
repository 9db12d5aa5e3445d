"""Values that callers hold: Amplify's form of each, and secrets in no repr."""

import copy
import json
import pickle
from datetime import UTC, datetime
from typing import Any, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs
import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyotp.totp import TOTP

from aiocognito import _models as models
from aiocognito._jwt import JWT
from aiocognito._models import TotpSetupDetails
from aiocognito.errors import AuthValidationError

SECRET = "JBSWY3DPEHPK3PXP"
WHEN = datetime(2021, 6, 17, 19, 5, 29, 320000, UTC)

EXAMPLES: list[Any] = [
    models.CodeDeliveryDetails("a***@e***", "EMAIL", "email"),
    TotpSetupDetails(SECRET, "canary"),
    models.SignInDetails("ana@example.com", "USER_SRP_AUTH"),
    models.AuthTokens(JWT({"sub": "canary"}, "canary-access"), JWT({"sub": "canary"}, "canary-id")),
    models.AuthUser("ana", "u-1", models.SignInDetails("ana@example.com")),
    models.Credentials("AKIDEXAMPLE", "canary-key", "canary-session", WHEN),
    models.AuthSession(
        models.AuthTokens(JWT({}, "canary-access")),
        models.Credentials("AKIDEXAMPLE", "canary-key", "canary-session"),
        "us-east-1:identity",
        "u-1",
    ),
    models.RedirectRequest("https://auth.example.com/oauth2/authorize?state=canary", "canary"),
    models.UserContext("203.0.113.7", "canary-data"),
    models.AutoSignInOptions("USER_AUTH", "EMAIL_OTP", {"canary": "canary"}),
    models.Device("d-1", "Ana's laptop", {"last_ip_used": "canary"}, WHEN, WHEN, WHEN),
    models.WebAuthnCredential("c-1", "Ana's key", "example.com", "platform", ["internal"], WHEN),
    models.SessionInfo("hash-of-a-key", 1_600_000_000.0, 1_600_086_400.0, "ana", current=True),
    models.UserSession("s-1", "TOKEN", "canary-client", WHEN, WHEN, "Firefox on Linux"),
]
every_model = pytest.mark.parametrize("value", EXAMPLES, ids=lambda value: type(value).__name__)


def test_every_model_is_here() -> None:
    public = {
        cls
        for name, cls in vars(models).items()
        if isinstance(cls, type) and attrs.has(cls) and not name.startswith("_")
    }
    assert public - {JWT} == {type(value) for value in EXAMPLES}
    assert all(vars(cls)["__doc__"] for cls in public)


@every_model
def test_models_are_frozen_values(value: Any) -> None:
    assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value
    for name in (*(field.name for field in attrs.fields(type(value))), "brand_new"):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, name, None)


@every_model
def test_secrets_are_in_no_repr(value: Any) -> None:
    for text in (repr(value), str(value), f"{value}", repr([value])):
        assert "canary" not in text
        assert SECRET not in text
        assert type(value).__name__ in text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            models.CodeDeliveryDetails("a***@e***", "EMAIL", "email"),
            {"destination": "a***@e***", "deliveryMedium": "EMAIL", "attributeName": "email"},
        ),
        (models.CodeDeliveryDetails(delivery_medium="SMS"), {"deliveryMedium": "SMS"}),
        (models.CodeDeliveryDetails(), {}),
        (TotpSetupDetails(SECRET, "ana"), {"sharedSecret": SECRET}),
        (
            models.SignInDetails("ana@example.com", "USER_SRP_AUTH"),
            {"loginId": "ana@example.com", "authFlowType": "USER_SRP_AUTH"},
        ),
        (models.SignInDetails(auth_flow_type="USER_AUTH"), {"authFlowType": "USER_AUTH"}),
        (
            models.RedirectRequest("https://auth.example.com/login?state=s", "s"),
            {"url": "https://auth.example.com/login?state=s", "state": "s"},
        ),
        (models.AuthUser("ana", "u-1"), {"username": "ana", "userId": "u-1"}),
        (
            models.AuthUser("ana", "u-1", models.SignInDetails("ana@example.com")),
            {"username": "ana", "userId": "u-1", "signInDetails": {"loginId": "ana@example.com"}},
        ),
        (
            models.Device("d-1", "Ana's laptop", {"device_status": "valid"}, WHEN, WHEN, WHEN),
            {
                "id": "d-1",
                "name": "Ana's laptop",
                "attributes": {"device_status": "valid"},
                "createDate": "2021-06-17T19:05:29.320000+00:00",
                "lastModifiedDate": "2021-06-17T19:05:29.320000+00:00",
                "lastAuthenticatedDate": "2021-06-17T19:05:29.320000+00:00",
            },
        ),
        (models.Device("d-1"), {"id": "d-1", "attributes": {}}),
        (
            models.WebAuthnCredential("c-1", "Ana's key", "example.com", "platform", ["internal"], WHEN),
            {
                "credentialId": "c-1",
                "friendlyCredentialName": "Ana's key",
                "relyingPartyId": "example.com",
                "authenticatorAttachment": "platform",
                "authenticatorTransports": ["internal"],
                "createdAt": "2021-06-17T19:05:29.320000+00:00",
            },
        ),
        (models.WebAuthnCredential("c-1"), {"credentialId": "c-1", "authenticatorTransports": []}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_amplify_s_form(value: Any, expected: dict[str, Any]) -> None:
    """Each value has Amplify's form."""
    assert value.to_dict() == expected
    assert json.loads(json.dumps(value.to_dict())) == expected


def test_auto_sign_in_is_by_srp_unless_said_otherwise() -> None:
    assert models.AutoSignInOptions() == models.AutoSignInOptions("USER_SRP_AUTH", None, None)
    assert get_args(models.AuthFlowType) == (
        "USER_SRP_AUTH",
        "USER_PASSWORD_AUTH",
        "CUSTOM_WITH_SRP",
        "CUSTOM_WITHOUT_SRP",
        "USER_AUTH",
    )


def test_absent_members_default_to_none() -> None:
    jwt = JWT({}, "a.e30.c")
    assert models.AuthTokens(jwt) == models.AuthTokens(jwt, None, None)
    assert models.AuthUser("ana", "u-1") == models.AuthUser("ana", "u-1", None)
    assert models.Credentials("id", "key") == models.Credentials("id", "key", None, None)
    assert models.AuthSession() == models.AuthSession(None, None, None, None)
    assert models.UserContext() == models.UserContext(None, None)
    assert TotpSetupDetails(SECRET) == TotpSetupDetails(SECRET, None)


# --- The URI that authenticator apps read --------------------------------------------------------------


def read(uri: str) -> tuple[str, str, list[tuple[str, str]]]:
    """Take a URI apart as the Key URI format has it: issuer and account of the label, parameters."""
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("otpauth", "totp", "")
    issuer, account = parts.path.removeprefix("/").split(":")
    return unquote(issuer), unquote(account), parse_qsl(parts.query, strict_parsing=True)


@pytest.mark.amplify("B74")
@pytest.mark.parametrize(
    ("app", "account", "uri"),
    [
        ("MyApp", "user1", f"otpauth://totp/MyApp:user1?secret={SECRET}&issuer=MyApp"),
        (
            "My App",
            "user@example.com",
            f"otpauth://totp/My%20App:user%40example.com?secret={SECRET}&issuer=My%20App",
        ),
        ("A&B", "x/y?z#w", f"otpauth://totp/A%26B:x%2Fy%3Fz%23w?secret={SECRET}&issuer=A%26B"),
        (
            "Café ✓",
            "100%+",
            f"otpauth://totp/Caf%C3%A9%20%E2%9C%93:100%25%2B?secret={SECRET}&issuer=Caf%C3%A9%20%E2%9C%93",
        ),
    ],
)
def test_the_label_is_escaped(app: str, account: str, uri: str) -> None:
    assert TotpSetupDetails(SECRET).setup_uri(app, account) == uri
    assert read(uri) == (app, account, [("secret", SECRET), ("issuer", app)])


def test_the_username_is_the_account_unless_another_is_given() -> None:
    details = TotpSetupDetails(SECRET, "user1")
    assert details.setup_uri("My App") == f"otpauth://totp/My%20App:user1?secret={SECRET}&issuer=My%20App"
    assert details.setup_uri("My App", "other") == details.setup_uri("My App").replace("user1", "other")
    assert read(details.setup_uri("My App", ""))[1] == ""
    assert read(TotpSetupDetails(SECRET).setup_uri("My App"))[1] == ""


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(names, names)
def test_any_name_comes_back(app: str, account: str) -> None:
    uri = TotpSetupDetails(SECRET).setup_uri(app, account)
    assert uri.isascii()
    assert read(uri) == (app, account, [("secret", SECRET), ("issuer", app)])


# The Key URI format has no colon in an issuer: a reader may look for the first.
@given(names.filter(lambda name: ":" not in name), names)
def test_another_s_reader_reads_it(app: str, account: str) -> None:
    secret = SECRET * 2  # Cognito's are longer than the example
    code = pyotp.parse_uri(TotpSetupDetails(secret).setup_uri(app, account))
    assert isinstance(code, TOTP)
    assert (code.secret, code.issuer, code.name) == (secret, app, account)
    assert (code.digits, code.interval) == (6, 30)


@pytest.mark.parametrize("name", ["ip_address", "encoded_data", "device_name"])
def test_a_user_context_is_text(name: str) -> None:
    for wrong in (5, 0, b"203.0.113.7", "\ud800"):
        values: dict[str, Any] = {name: wrong}
        with pytest.raises(AuthValidationError, match=rf"^user_context\.{name}: must be text$"):
            models.UserContext(**values)
    for right in ("203.0.113.7", "é", "", None):
        values = {name: right}
        assert getattr(models.UserContext(**values), name) == right
