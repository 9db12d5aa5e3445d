"""Responses with one member of another type: an AuthError at most, and no record that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest
from attrs import evolve, frozen

from aiocognito import AuthClient, MemoryStorage
from aiocognito._gateways.aws.responses import AwsResponse, ResponseReader
from aiocognito._session.record_json import load
from aiocognito.errors import AuthError
from helpers.clock import Clock
from helpers.mutations import mutations
from helpers.service_models import operation_model
from helpers.user_pool import CONFIG, VERIFIER, ScriptedService, attach, challenge, jwt

IDENTITY = "us-east-1:0e1f2a3b-0000-4000-8000-000000000000"
BOTH = evolve(CONFIG, identity_pool_id=IDENTITY)
DELIVERY = {"Destination": "a***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Scripted"


class ReadService(ScriptedService):
    """Parses each response as an HTTP response is parsed."""

    async def call(
        self, operation: str, params: Mapping[str, Any], *, repeatable: bool = False
    ) -> dict[str, Any]:
        answer = await super().call(operation, params, repeatable=repeatable)
        read = ResponseReader(operation, operation_model(operation).output_shape)
        return read(AwsResponse(200, {}, json.dumps(answer).encode()), b"{}")


Act = Callable[[AuthClient, ReadService], Awaitable[object]]


@frozen
class Case:
    """An operation, a valid response, and the call that makes the client send it."""

    operation: str
    answer: Any
    act: Act


def tokens(**claims: Any) -> dict[str, Any]:
    now = 1_800_000_000
    common = {"sub": "sub-of-ana", "iat": now, "exp": now + 3600, "iss": ISSUER}
    return {
        "AuthenticationResult": {
            "AccessToken": jwt(**{**common, "username": "ana", "device_key": "us-east-1_1", **claims}),
            "IdToken": jwt(**{**common, "cognito:username": "ana", **claims}),
            "RefreshToken": "refresh-2",
            "ExpiresIn": 3600,
            "TokenType": "Bearer",
            "NewDeviceMetadata": {"DeviceKey": "us-east-1_1", "DeviceGroupKey": "-group"},
        },
        "ChallengeParameters": {},
    }


async def sign_in(client: AuthClient, service: ReadService) -> None:
    await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")


async def sign_in_by_srp(client: AuthClient, service: ReadService) -> None:
    service.answer("RespondToAuthChallenge", tokens())
    await client.sign_in("ana", "secret")


def begun(name: str, parameters: dict[str, str], answer: str) -> Iterator[Case]:
    first = challenge(name, parameters, AvailableChallenges=["EMAIL_OTP", "PASSWORD"])

    async def begin_and_confirm(client: AuthClient, service: ReadService) -> None:
        service.answer("RespondToAuthChallenge", tokens())
        service.answer("AssociateSoftwareToken", {"SecretCode": "SECRET", "Session": "T" * 20})
        service.answer("VerifySoftwareToken", {"Status": "SUCCESS", "Session": "U" * 20})
        await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        await client.get_sign_in_step()
        await client.confirm_sign_in(answer)

    async def confirm(client: AuthClient, service: ReadService) -> None:
        service.answer("InitiateAuth", challenge("SMS_MFA", {"CODE_DELIVERY_DESTINATION": "+1"}))
        await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        await client.confirm_sign_in("123456")

    yield Case("InitiateAuth", first, begin_and_confirm)
    yield Case("RespondToAuthChallenge", first, confirm)


async def set_up_totp_within_a_sign_in(client: AuthClient, service: ReadService) -> None:
    setup = {"MFAS_CAN_SETUP": '["SOFTWARE_TOKEN_MFA"]'}
    service.answer("InitiateAuth", challenge("MFA_SETUP", setup))
    service.answer("AssociateSoftwareToken", {"SecretCode": "SECRET", "Session": "T" * 20})
    service.answer("VerifySoftwareToken", {"Status": "SUCCESS", "Session": "U" * 20})
    service.answer("RespondToAuthChallenge", tokens())
    await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
    await client.confirm_sign_in("123456")


async def sign_up(client: AuthClient, service: ReadService) -> None:
    service.answer("SignUp", {"UserConfirmed": False, "UserSub": "sub"})
    service.answer("ConfirmSignUp", {"Session": "S" * 20})
    service.answer("InitiateAuth", tokens())
    await client.sign_up("ana", "secret", auto_sign_in=True)
    await client.confirm_sign_up("ana", "123456")
    await client.auto_sign_in()


def signed_in(act: Callable[[AuthClient], Awaitable[object]]) -> Act:
    async def act_signed_in(client: AuthClient, service: ReadService) -> None:
        service.answer("InitiateAuth", tokens())
        await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        await act(client)

    return act_signed_in


async def reset_password(client: AuthClient, service: ReadService) -> None:
    await client.reset_password("ana")


async def resend(client: AuthClient, service: ReadService) -> None:
    await client.resend_sign_up_code("ana")


def cases() -> Iterator[Case]:
    yield Case("InitiateAuth", tokens(), sign_in)
    yield Case("InitiateAuth", VERIFIER, sign_in_by_srp)
    yield from begun("SMS_MFA", {"CODE_DELIVERY_DESTINATION": "+1", "USERNAME": "ana"}, "123456")
    yield from begun("EMAIL_OTP", {"CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL"}, "123456")
    yield from begun("SOFTWARE_TOKEN_MFA", {"FRIENDLY_DEVICE_NAME": "phone"}, "123456")
    yield from begun("SELECT_MFA_TYPE", {"MFAS_CAN_CHOOSE": '["SMS_MFA"]'}, "SMS")
    yield from begun("MFA_SETUP", {"MFAS_CAN_SETUP": '["SOFTWARE_TOKEN_MFA"]'}, "123456")
    yield from begun("NEW_PASSWORD_REQUIRED", {"requiredAttributes": "[]"}, "New-secret-1")
    yield from begun("CUSTOM_CHALLENGE", {"question": "?"}, "answer")
    yield from begun("SELECT_CHALLENGE", {}, "EMAIL_OTP")
    yield from begun("WEB_AUTHN", {"CREDENTIAL_REQUEST_OPTIONS": '{"challenge": "x"}'}, '{"id": "x"}')
    secret = {"SecretCode": "SECRET", "Session": "T" * 20}
    yield Case("AssociateSoftwareToken", secret, set_up_totp_within_a_sign_in)
    yield Case("VerifySoftwareToken", {"Status": "SUCCESS", "Session": "U"}, set_up_totp_within_a_sign_in)
    signed_up = {
        "UserConfirmed": False,
        "UserSub": "sub",
        "CodeDeliveryDetails": DELIVERY,
        "Session": "S" * 20,
    }
    yield Case("SignUp", signed_up, sign_up)
    yield Case("ConfirmSignUp", {"Session": "S" * 20}, sign_up)
    yield Case("ResendConfirmationCode", {"CodeDeliveryDetails": DELIVERY}, resend)
    yield Case("ForgotPassword", {"CodeDeliveryDetails": DELIVERY}, reset_password)
    yield Case(
        "GetTokensFromRefreshToken",
        tokens(),
        signed_in(lambda client: client.fetch_auth_session(force_refresh=True, credentials=False)),
    )
    user = {
        "Username": "ana",
        "UserAttributes": [{"Name": "email", "Value": "a@b.example"}],
        "UserMFASettingList": ["SMS_MFA"],
        "PreferredMfaSetting": "SMS_MFA",
    }
    yield Case("GetUser", user, signed_in(lambda client: client.fetch_user_attributes()))
    yield Case("GetUser", user, signed_in(lambda client: client.fetch_mfa_preference()))
    yield Case(
        "UpdateUserAttributes",
        {"CodeDeliveryDetailsList": [DELIVERY]},
        signed_in(lambda client: client.update_user_attributes({"email": "a@b.example"})),
    )
    yield Case(
        "GetUserAttributeVerificationCode",
        {"CodeDeliveryDetails": DELIVERY},
        signed_in(lambda client: client.send_user_attribute_verification_code("email")),
    )
    yield Case("AssociateSoftwareToken", secret, signed_in(lambda client: client.set_up_totp()))
    yield Case(
        "VerifySoftwareToken",
        {"Status": "SUCCESS"},
        signed_in(lambda client: client.verify_totp_setup("123456")),
    )
    device = {
        "DeviceKey": "us-east-1_1",
        "DeviceAttributes": [{"Name": "device_name", "Value": "laptop"}],
        "DeviceCreateDate": 1.7e9,
    }
    yield Case("ListDevices", {"Devices": [device]}, signed_in(lambda client: client.fetch_devices()))
    passkey = {
        "CredentialId": "id",
        "FriendlyCredentialName": "key",
        "RelyingPartyId": "rp",
        "AuthenticatorTransports": ["usb"],
        "CreatedAt": 1.7e9,
    }
    yield Case(
        "ListWebAuthnCredentials",
        {"Credentials": [passkey]},
        signed_in(lambda client: client.list_web_authn_credentials()),
    )
    options = {"challenge": "x", "user": {"id": "x"}, "rp": {"id": "x"}, "pubKeyCredParams": [{"alg": -7}]}
    yield Case(
        "StartWebAuthnRegistration",
        {"CredentialCreationOptions": options},
        signed_in(lambda client: client.start_web_authn_registration()),
    )
    fetch = signed_in(lambda client: client.fetch_auth_session())
    yield Case("GetId", {"IdentityId": IDENTITY}, fetch)
    keys = {"AccessKeyId": "A", "SecretKey": "S", "SessionToken": "T", "Expiration": 1_800_003_600.0}
    yield Case("GetCredentialsForIdentity", {"IdentityId": IDENTITY, "Credentials": keys}, fetch)
    for kind, claims in mutations({"iat": 1, "exp": 2, "username": "a", "sub": "s", "device_key": "k"}):
        if isinstance(claims, dict):
            yield Case(f"InitiateAuth, claims: {kind}", tokens(**claims), sign_in)


CASES = list(cases())


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{number}-{case.operation}" for number, case in enumerate(CASES)]
)
async def test_a_mutated_response_raises_at_most_an_auth_error_and_leaves_a_readable_record(
    case: Case,
) -> None:
    if "claims" in case.operation:
        await run(evolve(case, operation="InitiateAuth"), case.answer, case.operation)
        return
    for what, answer in mutations(case.answer):
        await run(case, answer, what)


async def run(case: Case, answer: Any, what: str) -> None:
    clock = Clock()
    service = ReadService(clock)
    storage = MemoryStorage(clock=clock)
    service.answer("GetId", {"IdentityId": IDENTITY})
    service.only(case.operation, lambda _: answer)
    async with AuthClient(BOTH, clock=clock, storage=storage) as client:
        attach(client, service)
        client._session.context.connections._identity_pool_service = service  # type: ignore[assignment]  # a stand-in
        act = only_this(case, service)
        try:
            with suppress(AuthError):
                await act(client, service)
            raw = await storage.get(client._session.storage_key)
            assert raw is None or load(raw) is not None, "the record cannot be read"
            for look in (client.get_sign_in_step, client.get_current_user, client.fetch_auth_session):
                with suppress(AuthError):
                    await look()
        except Exception as error:
            raise AssertionError(f"{case.operation}: {what}: {error!r}") from error


def only_this(case: Case, service: ReadService) -> Act:
    """Keep the mutated response when the case's call scripts another one."""
    answer = service.answer
    service.answer = lambda operation, *answers: (  # type: ignore[method-assign]  # for this test
        None if operation == case.operation else answer(operation, *answers)
    )
    return case.act
