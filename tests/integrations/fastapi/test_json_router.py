"""The JSON routes in FastAPI, on the emulator: bodies, responses, errors and their description."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from attrs import evolve
from fastapi import FastAPI
from openapi_spec_validator import validate
from starlette.requests import ClientDisconnect, Request

from aiocognito import AuthClient, AuthConfig, errors
from aiocognito._web import json_api
from aiocognito._web.json_api import json_routes
from aiocognito.emulator import CognitoEmulator
from aiocognito.integrations._fastapi_json import json_router
from aiocognito.integrations._starlette_json import _read
from helpers.json_site import ANA, PASSWORD, ROUTES, JsonSite, json_site

NEW = "ana@new.example"


@pytest.fixture
async def site() -> AsyncIterator[JsonSite]:
    async with json_site() as site:
        await site.pool.add_user(ANA, PASSWORD, attributes={"email": ANA})
        yield site


def test_the_table_has_the_promised_routes() -> None:
    assert {(route.method, route.path) for route in json_routes()} == {
        *(
            ("POST", path)
            for path in (
                "/sign-up",
                "/confirm-sign-up",
                "/resend-sign-up-code",
                "/auto-sign-in",
                "/sign-in",
                "/confirm-sign-in",
                "/sign-out",
                "/reset-password",
                "/confirm-reset-password",
                "/update-password",
                "/update-user-attributes",
                "/confirm-user-attribute",
                "/send-user-attribute-verification-code",
                "/set-up-totp",
                "/verify-totp-setup",
                "/update-mfa-preference",
                "/start-web-authn-registration",
                "/complete-web-authn-registration",
            )
        ),
        *(
            ("GET", path)
            for path in (
                "/sign-in-step",
                "/session",
                "/user-attributes",
                "/mfa-preference",
                "/devices",
                "/web-authn-credentials",
            )
        ),
    }
    assert len(json_routes()) == 24


async def test_sign_in_session_and_sign_out(site: JsonSite) -> None:
    assert await site.sign_in() == {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
    session = await site.get("/session")
    assert session["user"] == {
        "username": ANA,
        "userId": session["claims"]["sub"],
        "signInDetails": {"loginId": ANA, "authFlowType": "USER_SRP_AUTH"},
    }
    assert session["claims"]["email"] == ANA
    assert session["tokens"]["accessToken"].startswith("eyJ")
    assert session["tokens"]["idToken"] != session["tokens"]["accessToken"]
    assert await site.post("/sign-out", {"global": True}) == {
        "revoked": True,
        "error": None,
        "logoutUrl": None,
    }
    refused = await site.get("/session", status=401)
    assert refused["name"] == "UserUnAuthenticatedException"


async def test_tokens_are_returned_only_if_they_are_asked_for(site: JsonSite) -> None:
    await site.sign_in()
    (route,) = (each for each in json_routes() if each.path == "/session")

    async with AuthClient(site.pool.config) as auth:
        await auth.sign_in(ANA, PASSWORD)
        session = await route.run(json_api.Call(auth, {}, "Shop"))
    assert set(session) == {"user", "claims"}
    assert "eyJ" not in json.dumps(session)


async def test_without_an_id_token_the_claims_are_those_of_the_access_token(site: JsonSite) -> None:
    await site.sign_in()
    session = await site.get("/session")
    assert session["claims"]["token_use"] == "id"
    async with AuthClient(site.pool.config) as auth:
        await auth.sign_in(ANA, PASSWORD)
        tokens = (await auth.fetch_auth_session()).tokens
        assert tokens is not None
    assert json_api._claims(evolve(tokens, id_token=None))["token_use"] == "access"
    assert set(json_api._tokens(evolve(tokens, id_token=None))) == {"accessToken"}


async def test_sign_up_with_automatic_sign_in() -> None:
    async with json_site() as site:
        body = {
            "username": ANA,
            "password": PASSWORD,
            "options": {
                "userAttributes": {"email": ANA, "name": "Ana"},
                "validationData": {"a": "b"},
                "clientMetadata": {"k": "v"},
                "autoSignIn": {},
            },
        }
        result = await site.post("/sign-up", body)
        assert result["nextStep"]["signUpStep"] == "CONFIRM_SIGN_UP"
        assert result["nextStep"]["codeDeliveryDetails"]["deliveryMedium"] == "EMAIL"
        await site.code()
        where = await site.post(
            "/resend-sign-up-code", {"username": ANA, "options": {"clientMetadata": {"k": "v"}}}
        )
        assert where["attributeName"] == "email"
        confirmation = {
            "username": ANA,
            "confirmationCode": await site.code(),
            "options": {"forceAliasCreation": False},
        }
        confirmed = await site.post("/confirm-sign-up", confirmation)
        assert confirmed == {
            "isSignUpComplete": True,
            "nextStep": {"signUpStep": "COMPLETE_AUTO_SIGN_IN"},
        }
        refused = await site.post("/auto-sign-in", status=422)
        assert refused["name"] == "EmptySignInPassword"
        assert (await site.post("/auto-sign-in", {"password": PASSWORD}))["isSignedIn"]
        assert (await site.get("/user-attributes"))["name"] == "Ana"


@pytest.mark.parametrize("auto", [False, None])
async def test_sign_up_without_automatic_sign_in(auto: bool | None) -> None:
    async with json_site() as site:
        options = {"userAttributes": {"email": ANA}} | ({} if auto is None else {"autoSignIn": auto})
        await site.post("/sign-up", {"username": ANA, "password": PASSWORD, "options": options})
        body = {"username": ANA, "confirmationCode": await site.code()}
        assert (await site.post("/confirm-sign-up", body))["nextStep"] == {"signUpStep": "DONE"}
        assert (await site.post("/auto-sign-in", status=409))["name"] == "AutoSignInException"


async def test_a_sign_up_by_link_is_not_waited_for_longer_than_proxies_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(json_api, "LINK_TIMEOUT", 0.0)
    template = {"DefaultEmailOption": "CONFIRM_WITH_LINK"}
    async with json_site(by_link=True, VerificationMessageTemplate=template) as site:
        options = {"userAttributes": {"email": ANA}, "autoSignIn": True}
        await site.post("/sign-up", {"username": ANA, "password": PASSWORD, "options": options})
        refused = await site.post("/auto-sign-in", {"password": PASSWORD}, status=409)
    assert refused["name"] == "AutoSignInException"
    assert refused["message"] == "the link was not opened yet"


async def test_totp_from_set_up_to_the_next_sign_in(site: JsonSite) -> None:
    await site.sign_in()
    details = await site.post("/set-up-totp")
    assert details["setupUri"] == (
        f"otpauth://totp/shop.example:ana%40example.com?secret={details['sharedSecret']}&issuer=shop.example"
    )
    await site.post(
        "/verify-totp-setup",
        {"code": _totp(site, details["sharedSecret"]), "options": {"friendlyDeviceName": "phone"}},
    )
    await site.post("/update-mfa-preference", {"totp": "PREFERRED"})
    assert await site.get("/mfa-preference") == {"preferred": "TOTP", "enabled": ["TOTP"]}
    await site.post("/sign-out")
    site.emulator.clock.advance(60)
    result = await site.sign_in()
    assert result["nextStep"] == {"signInStep": "CONFIRM_SIGN_IN_WITH_TOTP_CODE"}
    assert await site.get("/sign-in-step") == result["nextStep"]
    wrong = {
        "challengeResponse": "123456",
        "options": {"signInStep": "CONFIRM_SIGN_IN_WITH_SMS_CODE"},
    }
    assert (await site.post("/confirm-sign-in", wrong, status=409))["name"] == "SignInException"
    body = {
        "challengeResponse": _totp(site, details["sharedSecret"]),
        "options": {"signInStep": "CONFIRM_SIGN_IN_WITH_TOTP_CODE"},
    }
    assert (await site.post("/confirm-sign-in", body))["isSignedIn"]
    assert await site.get("/sign-in-step") is None


def _totp(site: JsonSite, secret: str) -> str:
    from pyotp.totp import TOTP

    return str(TOTP(secret).at(site.emulator.clock()))


async def test_totp_that_a_sign_in_asks_to_set_up_survives_a_reload() -> None:
    settings: dict[str, Any] = {"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
    async with json_site(**settings) as site:
        await site.pool.add_user(ANA, PASSWORD, attributes={"email": ANA})
        step = (await site.sign_in())["nextStep"]
        assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"
        assert step["totpSetupDetails"]["setupUri"].startswith(
            "otpauth://totp/shop.example:ana%40example.com?"
        )
        reloaded = await site.get("/sign-in-step")
        assert reloaded == {"signInStep": "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"}
        details = await site.post("/set-up-totp")
        assert details["sharedSecret"] != step["totpSetupDetails"]["sharedSecret"]
        body = {
            "challengeResponse": _totp(site, details["sharedSecret"]),
            "options": {"friendlyDeviceName": "phone"},
        }
        assert (await site.post("/confirm-sign-in", body))["isSignedIn"]


async def test_totp_cannot_be_set_up_by_a_visitor(site: JsonSite) -> None:
    refused = await site.post("/set-up-totp", status=401)
    assert refused["name"] == "UserUnAuthenticatedException"


async def test_passwords(site: JsonSite) -> None:
    """Passwords are reset and changed."""
    reset = await site.post("/reset-password", {"username": ANA})
    assert reset["nextStep"]["resetPasswordStep"] == "CONFIRM_RESET_PASSWORD_WITH_CODE"
    body = {"username": ANA, "newPassword": "Battery-staple-8", "confirmationCode": await site.code()}
    assert await site.post("/confirm-reset-password", body) is None
    await site.post("/sign-in", {"username": ANA, "password": "Battery-staple-8"})
    change = {"oldPassword": "Battery-staple-8", "newPassword": PASSWORD}
    assert await site.post("/update-password", change) is None
    await site.post("/sign-out")
    wrong = {"username": ANA, "password": "Battery-staple-8"}
    assert (await site.post("/sign-in", wrong, status=401))["name"] == "NotAuthorizedException"


async def test_attributes(site: JsonSite) -> None:
    """Attributes are changed, and an address is verified."""
    await site.sign_in()
    changed = await site.post(
        "/update-user-attributes",
        {"userAttributes": {"email": NEW, "name": "Ana"}, "options": {"clientMetadata": {"k": "v"}}},
    )
    assert changed["name"] == {"isUpdated": True, "nextStep": {"updateAttributeStep": "DONE"}}
    assert changed["email"]["nextStep"]["updateAttributeStep"] == "CONFIRM_ATTRIBUTE_WITH_CODE"
    await site.code(NEW)
    where = await site.post("/send-user-attribute-verification-code", {"userAttributeKey": "email"})
    assert where["deliveryMedium"] == "EMAIL"
    body = {"userAttributeKey": "email", "confirmationCode": await site.code(NEW)}
    assert await site.post("/confirm-user-attribute", body) is None
    assert (await site.get("/user-attributes"))["email_verified"] == "true"


async def test_devices() -> None:
    """Devices are listed, remembered and forgotten."""
    tracking: Any = {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": False}
    async with json_site(DeviceConfiguration=tracking) as site:
        await site.pool.add_user(ANA, PASSWORD, attributes={"email": ANA})
        await site.sign_in()
        (device,) = await site.get("/devices")
        assert device["attributes"]["device_status"]
        assert device["createDate"].endswith("+00:00")


async def test_a_wrong_first_factor_and_replacing_a_session(site: JsonSite) -> None:
    await site.sign_in(authFlowType="USER_SRP_AUTH", clientMetadata={"k": "v"})
    refused = await site.post("/sign-in", {"username": ANA, "password": PASSWORD}, status=409)
    assert refused["name"] == "UserAlreadyAuthenticatedException"
    assert (await site.sign_in(replace=True))["isSignedIn"]


PASSKEYS = {"passkeys": {"relying_party_id": "shop.example"}}


@pytest.mark.parametrize("as_text", [False, True])
async def test_a_malformed_passkey_is_refused(site: JsonSite, as_text: bool) -> None:
    await site.sign_in()
    credential: Any = "{" if as_text else []
    refused = await site.post("/complete-web-authn-registration", {"credential": credential}, status=422)
    assert refused["name"] == "InvalidArgument"
    assert await site.get("/web-authn-credentials") == {"credentials": []}


async def test_passkeys_that_the_user_pool_does_not_allow(site: JsonSite) -> None:
    await site.sign_in()
    refused = await site.http.post("/auth/start-web-authn-registration", headers={"X-Key": "ana"})
    assert refused.json()["name"] in ("WebAuthnNotEnabledException", "WebAuthnConfigurationMissingException")


async def test_a_malformed_body_is_refused_in_the_same_form(site: JsonSite) -> None:
    for path, route in ROUTES.items():
        if route.body is None:
            continue
        response = await site.http.post(
            f"/auth{path}", content=b'{"hunter2', headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 422, path
        assert set(response.json()) == {"name", "message", "recoverySuggestion", "requestId"}
        assert "hunter2" not in response.text
        unknown = await site.http.post(f"/auth{path}", json={"hunter2": "hunter2"})
        assert unknown.status_code == 422, path
        assert "hunter2" not in unknown.text


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/sign-up", {}, "EmptySignUpUsername"),
        ("/confirm-sign-up", {}, "EmptyConfirmSignUpUsername"),
        ("/confirm-sign-up", {"username": "a"}, "EmptyConfirmSignUpCode"),
        ("/resend-sign-up-code", {}, "EmptyresendSignUpCodeUsername"),
        ("/sign-in", {}, "EmptySignInUsername"),
        ("/sign-in", {"username": "a"}, "EmptySignInPassword"),
        ("/sign-in", {"username": "", "password": "p"}, "EmptySignInUsername"),
        ("/confirm-sign-in", {}, "EmptyChallengeResponse"),
        ("/confirm-sign-in", {"challengeResponse": ""}, "EmptyChallengeResponse"),
        ("/reset-password", {}, "EmptyResetPasswordUsername"),
        ("/confirm-reset-password", {}, "EmptyConfirmResetPasswordUsername"),
        ("/confirm-reset-password", {"username": "a"}, "EmptyConfirmResetPasswordNewPassword"),
        (
            "/confirm-reset-password",
            {"username": "a", "newPassword": "b"},
            "EmptyConfirmResetPasswordConfirmationCode",
        ),
        ("/update-password", {}, "EmptyUpdatePassword"),
        ("/verify-totp-setup", {}, "EmptyVerifyTOTPSetupCode"),
        ("/confirm-user-attribute", {}, "InvalidArgument"),
        ("/confirm-user-attribute", {"userAttributeKey": "email"}, "EmptyConfirmUserAttributeCode"),
        ("/send-user-attribute-verification-code", {}, "InvalidArgument"),
        ("/update-user-attributes", {}, "InvalidArgument"),
        ("/update-mfa-preference", {"sms": "ON"}, "InvalidArgument"),
        ("/complete-web-authn-registration", {}, "InvalidArgument"),
        ("/sign-out", {"global": "yes"}, "InvalidArgument"),
        ("/sign-out", {"oauth": {"redirectUrl": 1}}, "InvalidArgument"),
        ("/sign-in", {"username": "a", "options": {"authFlowType": "NONE"}}, "InvalidArgument"),
        ("/sign-up", {"username": "a", "options": {"autoSignIn": 1}}, "InvalidArgument"),
        ("/sign-up", {"username": "a", "options": {"userAttributes": {"email": 1}}}, "InvalidArgument"),
    ],
)
async def test_what_is_missing_has_amplifys_name(site: JsonSite, path: str, body: Any, name: str) -> None:
    assert (await site.post(path, body, status=422))["name"] == name


async def test_a_failing_service_is_answered_without_internals(site: JsonSite) -> None:
    site.emulator.faults.add("InitiateAuth", error="InternalErrorException", times=9)
    failed = await site.post("/sign-in", {"username": ANA, "password": PASSWORD}, status=502)
    assert failed["message"] == "Cognito failed."
    assert failed["requestId"]


async def test_throttling_says_how_long_to_wait(site: JsonSite) -> None:
    site.emulator.faults.add("InitiateAuth", error="TooManyRequestsException", times=9)
    response = await site.http.post("/auth/sign-in", json={"username": ANA, "password": PASSWORD})
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) > 0
    assert response.headers["cache-control"] == "no-store"


async def _app_of(dependency: Callable[..., Any], **options: Any) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(json_router(dependency, **options))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://shop.example")


async def test_a_dependency_that_refuses_is_answered_before_the_body_is_read() -> None:
    async def refuse() -> AuthClient:
        raise errors.ForbiddenException("another site")

    async with await _app_of(refuse) as http:
        response = await http.post("/sign-in", content=b"{", headers={"Accept": "text/html"})
    assert response.status_code == errors.http_status_for(errors.ForbiddenException())
    assert response.json()["name"] == "ForbiddenException"


async def test_the_name_for_authenticator_apps_can_be_set() -> None:
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool()
        await pool.add_user(ANA, PASSWORD)
        async with AuthClient(pool.config) as auth:
            await auth.sign_in(ANA, PASSWORD)

            async def client() -> AuthClient:
                return auth

            async with await _app_of(client, app_name="My Shop") as http:
                uri = (await http.post("/set-up-totp")).json()["setupUri"]
    assert uri.startswith("otpauth://totp/My%20Shop:ana%40example.com?")


async def test_a_client_that_disconnects_causes_no_error_of_ours() -> None:
    async def gone() -> Any:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
    from starlette.exceptions import HTTPException

    with pytest.raises(HTTPException) as caught:
        await _read(Request(scope, gone), ROUTES["/sign-in"])
    assert caught.value.status_code == 400
    assert not isinstance(caught.value.__context__, ClientDisconnect)


async def test_the_description_validates_and_shows_bodies_and_errors(site: JsonSite) -> None:
    document = site.app.openapi()
    validate(document)
    for path, route in ROUTES.items():
        operation = document["paths"][f"/auth{path}"][route.method.lower()]
        shown = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert shown == json.loads(json.dumps(route.response)), path
        assert {"401", "403", "409", "422", "429", "502", "503"} <= set(operation["responses"])
        error = operation["responses"]["422"]["content"]["application/json"]["schema"]
        assert error == {"$ref": "#/components/schemas/AuthErrorBody"}
        if route.body is not None:
            body = operation["requestBody"]["content"]["application/json"]["schema"]
            assert set(body["properties"]) == set(route.body.members)
    assert set(document["components"]["schemas"]) == {"AuthErrorBody"}


def test_the_configuration_is_not_read_when_the_router_is_made() -> None:
    async def client() -> AuthClient:
        raise AssertionError

    assert isinstance(AuthConfig(), AuthConfig)
    assert len(json_router(client).routes) == 24
