"""The gateway to a user pool, held against the service's model: every operation, every member."""

from __future__ import annotations

import base64
import hashlib
import hmac
import inspect
from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve
from botocore.validate import ParamValidator

from aiocognito import UserContext, errors
from aiocognito._gateways.authenticated_user import AuthenticatedUser
from aiocognito._gateways.user_pool import UserPool
from helpers.clock import Clock
from helpers.service_models import faults, input_members, operation_model
from helpers.user_pool import CONFIG, ScriptedService, jwt

SECRET = "s3cretofthisclient012345678"
CLIENT = "clientid0123456789abcdefg"
CONTEXT = UserContext(ip_address="192.0.2.7", encoded_data="fingerprint")
METADATA = {"k": "v"}
SESSION = "s" * 20
TOKEN = jwt(sub="s", username="ana")
KEY = "us-east-1_01234567-89ab-cdef-0123-456789abcdef"

# Every method of both gateways, with everything that it takes.
CALLS: dict[str, Any] = {
    "sign_up": lambda pool: pool.sign_up(
        "ana",
        "S3cret-word",
        user_attributes={"email": "ana@example.com"},
        validation_data={"captcha": "ok"},
        client_metadata=METADATA,
    ),
    "confirm_sign_up": lambda pool: pool.confirm_sign_up(
        "ana", "123456", session=SESSION, force_alias_creation=True, client_metadata=METADATA
    ),
    "resend_confirmation_code": lambda pool: pool.resend_confirmation_code("ana", client_metadata=METADATA),
    "initiate_auth": lambda pool: pool.initiate_auth(
        "USER_AUTH",
        {"USERNAME": "ana", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
        session=SESSION,
        client_metadata=METADATA,
    ),
    "respond_to_auth_challenge": lambda pool: pool.respond_to_auth_challenge(
        "SMS_MFA", {"USERNAME": "ana", "SMS_MFA_CODE": "1"}, session=SESSION, client_metadata=METADATA
    ),
    "associate_software_token": lambda pool: pool.associate_software_token(SESSION),
    "verify_software_token": lambda pool: pool.verify_software_token(
        "123456", session=SESSION, friendly_device_name="phone"
    ),
    "get_tokens_from_refresh_token": lambda pool: pool.get_tokens_from_refresh_token(
        "refresh", device_key=KEY, client_metadata=METADATA
    ),
    "revoke_token": lambda pool: pool.revoke_token("refresh"),
    "forgot_password": lambda pool: pool.forgot_password("ana", client_metadata=METADATA),
    "confirm_forgot_password": lambda pool: pool.confirm_forgot_password(
        "ana", "S3cret-word", "123456", client_metadata=METADATA
    ),
}
OWN_CALLS: dict[str, Any] = {
    "get_user": lambda user: user.get_user(),
    "get_user_auth_factors": lambda user: user.get_user_auth_factors(),
    "global_sign_out": lambda user: user.global_sign_out(),
    "delete_user": lambda user: user.delete_user(),
    "list_user_sessions": lambda user: user.list_user_sessions(),
    "revoke_user_session": lambda user: user.revoke_user_session("tkn" + "a" * 25),
    "change_password": lambda user: user.change_password("S3cret-old", "S3cret-new"),
    "update_user_attributes": lambda user: user.update_user_attributes(
        {"email": "a@example.com"}, client_metadata=METADATA
    ),
    "get_user_attribute_verification_code": lambda user: user.get_user_attribute_verification_code(
        "email", client_metadata=METADATA
    ),
    "verify_user_attribute": lambda user: user.verify_user_attribute("email", "123456"),
    "delete_user_attributes": lambda user: user.delete_user_attributes(["name"]),
    "set_user_mfa_preference": lambda user: user.set_user_mfa_preference(
        {
            "SMSMfaSettings": {"Enabled": True, "PreferredMfa": True},
            "SoftwareTokenMfaSettings": {"Enabled": False},
            "EmailMfaSettings": {"Enabled": True, "PreferredMfa": False},
        }
    ),
    "associate_software_token": lambda user: user.associate_software_token(),
    "verify_software_token": lambda user: user.verify_software_token("123456", friendly_device_name="phone"),
    "confirm_device": lambda user: user.confirm_device(KEY, name="phone", salt="c2FsdA==", verifier="dg=="),
    "update_device_status": lambda user: user.update_device_status(KEY, "remembered"),
    "forget_device": lambda user: user.forget_device(KEY),
    "list_devices": lambda user: user.list_devices(),
    "start_web_authn_registration": lambda user: user.start_web_authn_registration(),
    "complete_web_authn_registration": lambda user: user.complete_web_authn_registration({"id": "a"}),
    "list_web_authn_credentials": lambda user: user.list_web_authn_credentials(),
    "delete_web_authn_credential": lambda user: user.delete_web_authn_credential("a"),
}
EVERY_CALL = [pytest.param(name, False, id=name) for name in CALLS] + [
    pytest.param(name, True, id=f"own {name}") for name in OWN_CALLS
]


def gateway(secret: str | None = SECRET, context: UserContext | None = CONTEXT) -> tuple[UserPool, Any]:
    service = ScriptedService(Clock())
    for operation in ("VerifySoftwareToken",):
        service.answer(operation, {"Status": "SUCCESS"})
    service.answer("GetTokensFromRefreshToken", service.tokens())
    config = evolve(CONFIG, user_pool_client_id=CLIENT, user_pool_client_secret=secret)
    return UserPool(config, service, context), service  # type: ignore[arg-type]  # a stand-in


async def sent_by(name: str, own: bool, **arguments: Any) -> tuple[str, dict[str, Any]]:
    """Make one call with everything that it takes, and return what was sent."""
    pool, service = gateway(**arguments)
    await (OWN_CALLS[name](pool.authenticated_user(TOKEN)) if own else CALLS[name](pool))
    ((operation, members),) = service.calls
    return operation, members


def public_coroutines(cls: type) -> set[str]:
    return {
        name
        for name, member in inspect.getmembers(cls, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }


def test_every_operation_of_the_gateways_is_called_here() -> None:
    assert set(CALLS) == public_coroutines(UserPool)
    assert set(OWN_CALLS) == public_coroutines(AuthenticatedUser)


@pytest.mark.parametrize(("name", "own"), EVERY_CALL)
async def test_every_member_that_is_sent_exists_and_is_of_its_type(name: str, own: bool) -> None:
    operation, members = await sent_by(name, own)
    assert operation.lower() == name.replace("_", "")
    assert faults(operation, members) == []
    report = ParamValidator().validate(members, operation_model(operation).input_shape)
    assert not report.has_errors(), report.generate_report()


@pytest.mark.amplify("B75")
@pytest.mark.parametrize(("name", "own"), EVERY_CALL)
@pytest.mark.parametrize("secret", [SECRET, None], ids=["secret", "public"])
async def test_the_clients_secret_goes_where_the_model_takes_it_and_nowhere_else(
    name: str, own: bool, secret: str | None
) -> None:
    operation, members = await sent_by(name, own, secret=secret)
    known = input_members(operation)
    expected: dict[tuple[str, ...], str] = {}
    if secret is not None:
        if "SecretHash" in known:
            expected["SecretHash",] = secret_hash(members["Username"])
        if "ClientSecret" in known:
            expected["ClientSecret",] = SECRET
        for parameters in ("AuthParameters", "ChallengeResponses"):
            if parameters in known:
                expected[parameters, "SECRET_HASH"] = secret_hash(members[parameters]["USERNAME"])
    assert proofs(members) == expected
    assert (SECRET in repr(members)) is ("ClientSecret" in members)


def secret_hash(username: str) -> str:
    digest = hmac.new(SECRET.encode(), (username + CLIENT).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def proofs(members: Mapping[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """Return the members that authenticate the client."""
    found: dict[tuple[str, ...], str] = {}
    for name, value in members.items():
        if isinstance(value, Mapping):
            found |= proofs(value, (*path, name))
        elif name.replace("_", "").lower() in {"secrethash", "clientsecret"}:
            found[*path, name] = value
    return found


@pytest.mark.amplify("B75")
@pytest.mark.parametrize(("name", "own"), EVERY_CALL)
async def test_the_end_users_context_goes_with_every_operation_that_accepts_it(name: str, own: bool) -> None:
    operation, members = await sent_by(name, own)
    expected = {"IpAddress": "192.0.2.7", "EncodedData": "fingerprint"}
    assert members.get("UserContextData") == (
        expected if "UserContextData" in input_members(operation) else None
    )


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (None, None),
        (UserContext(), None),
        (UserContext(ip_address="192.0.2.7"), {"IpAddress": "192.0.2.7"}),
        (UserContext(ip_address="", encoded_data="x"), {"EncodedData": "x"}),
    ],
)
async def test_what_is_not_known_of_the_end_user_is_not_sent(context: Any, expected: Any) -> None:
    _, members = await sent_by("initiate_auth", False, context=context)
    assert members.get("UserContextData") == expected


@pytest.mark.parametrize(("name", "own"), EVERY_CALL)
async def test_metadata_goes_with_every_operation_that_accepts_it(name: str, own: bool) -> None:
    operation, members = await sent_by(name, own)
    assert members.get("ClientMetadata") == (
        METADATA if "ClientMetadata" in input_members(operation) else None
    )


@pytest.mark.parametrize(("name", "own"), EVERY_CALL)
async def test_requests_name_the_client_or_the_user_as_the_model_asks(name: str, own: bool) -> None:
    operation, members = await sent_by(name, own)
    assert members.get("AccessToken") == (TOKEN if own else None)
    needs_client = "ClientId" in input_members(operation)
    assert members.get("ClientId") == (CLIENT if needs_client else None)


async def test_the_secret_hash_is_over_the_username_of_each_request() -> None:
    """After an alias was typed, Cognito expects the name that it gave: that of the request itself."""
    pool, service = gateway()
    await pool.respond_to_auth_challenge(
        "PASSWORD_VERIFIER", {"USERNAME": "another", "TIMESTAMP": "t"}, session=None
    )
    ((_, members),) = service.calls
    assert members["ChallengeResponses"]["SECRET_HASH"] == secret_hash("another")


def test_the_check_against_the_model_finds_what_is_wrong() -> None:
    right = {"ClientId": CLIENT, "AuthFlow": "USER_AUTH", "AuthParameters": {"USERNAME": "ana"}}
    assert faults("InitiateAuth", right) == []
    for wrong, fault in (
        ({"SecretHash": "x"}, "InitiateAuth.SecretHash does not exist"),
        (
            {"AuthFlow": "USER_SPR_AUTH"},
            "InitiateAuth.AuthFlow is 'USER_SPR_AUTH', which the model does not list",
        ),
        ({"AuthParameters": {"USERNAME": 7}}, "InitiateAuth.AuthParameters['USERNAME'] is a int"),
        ({"UserContextData": {"Ip": "x"}}, "InitiateAuth.UserContextData.Ip does not exist"),
        ({"UserContextData": "x"}, "InitiateAuth.UserContextData is not a structure"),
    ):
        (found,) = faults("InitiateAuth", right | wrong)
        assert found.startswith(fault)
    assert faults("GetUser", {}) == ["GetUser.AccessToken is missing"]
    assert faults("SignUp", {"ClientId": CLIENT, "Username": "a", "UserAttributes": [{"Value": "x"}]}) == [
        "SignUp.UserAttributes[].Name is missing"
    ]
    with pytest.raises(LookupError):
        faults("SingUp", {})


# What is made of the answers


def answered(operation: str, *answers: Any) -> UserPool:
    pool, service = gateway()
    service.only(operation, *answers)
    return pool


async def test_an_answer_with_tokens_holds_no_challenge() -> None:
    answer = await answered(
        "InitiateAuth",
        {
            "AuthenticationResult": {
                "AccessToken": "a",
                "IdToken": "i",
                "RefreshToken": "r",
                "NewDeviceMetadata": {"DeviceKey": KEY, "DeviceGroupKey": "g"},
            },
            "ChallengeParameters": {},
        },
    ).initiate_auth("USER_AUTH", {"USERNAME": "ana"})
    assert answer.tokens is not None
    assert (answer.tokens.access_token, answer.tokens.id_token, answer.tokens.refresh_token) == (
        "a",
        "i",
        "r",
    )
    assert answer.new_device is not None
    assert (answer.new_device.device_key, answer.new_device.device_group_key) == (KEY, "g")
    assert answer.challenge_name is None
    assert "'a'" not in repr(answer)
    assert KEY not in repr(answer)


async def test_an_answer_with_a_challenge_holds_no_tokens() -> None:
    answer = await answered(
        "InitiateAuth",
        {
            "ChallengeName": "SELECT_CHALLENGE",
            "Session": SESSION,
            "ChallengeParameters": {"k": "v"},
            "AvailableChallenges": ["PASSWORD", "EMAIL_OTP"],
        },
    ).initiate_auth("USER_AUTH", {"USERNAME": "ana"})
    assert (answer.challenge_name, answer.session, answer.parameters) == (
        "SELECT_CHALLENGE",
        SESSION,
        {"k": "v"},
    )
    assert answer.available_challenges == ("PASSWORD", "EMAIL_OTP")
    assert answer.tokens is None
    assert SESSION not in repr(answer)


@pytest.mark.parametrize("result", [{}, {"IdToken": "i"}, {"AccessToken": ""}, None])
async def test_tokens_without_an_access_token_are_ignored(result: Any) -> None:
    pool = answered("GetTokensFromRefreshToken", {"AuthenticationResult": result} if result else {})
    with pytest.raises(errors.InvalidTokens):
        await pool.get_tokens_from_refresh_token("refresh")


@pytest.mark.parametrize("status", [{}, {"Status": "ERROR"}])
async def test_a_software_token_that_was_not_registered_is_an_error(status: Any) -> None:
    pool = answered("VerifySoftwareToken", status)
    with pytest.raises(errors.SetUpTOTPException, match="ERROR" if status else "no status"):
        await pool.verify_software_token("123456", session=SESSION)
    with pytest.raises(errors.SetUpTOTPException):
        await pool.authenticated_user(TOKEN).verify_software_token("123456")


async def test_what_a_gateway_holds_is_in_no_repr() -> None:
    pool, _ = gateway()
    for value in (pool, pool.authenticated_user(TOKEN)):
        assert SECRET not in repr(value)
        assert TOKEN not in repr(value)


# What may be sent again


class Noting(ScriptedService):
    """Notes whether each call may be repeated."""

    def __init__(self) -> None:
        super().__init__(Clock())
        self.repeatable: list[bool] = []

    async def call(
        self, operation: str, params: Mapping[str, Any], *, repeatable: bool = False
    ) -> dict[str, Any]:
        self.repeatable.append(repeatable)
        return await super().call(operation, params, repeatable=repeatable)


REPEATABLE = {
    "list_user_sessions",
    "get_user",
    "get_user_auth_factors",
    "global_sign_out",
    "list_devices",
    "list_web_authn_credentials",
    "revoke_token",
}


@pytest.mark.parametrize(("name", "own"), EVERY_CALL)
async def test_only_what_has_the_same_outcome_twice_may_be_sent_twice(name: str, own: bool) -> None:
    service = Noting()
    service.answer("VerifySoftwareToken", {"Status": "SUCCESS"})
    service.answer("GetTokensFromRefreshToken", service.tokens())
    pool = UserPool(CONFIG, service)  # type: ignore[arg-type]  # a stand-in
    await (OWN_CALLS[name](pool.authenticated_user(TOKEN)) if own else CALLS[name](pool))
    assert service.repeatable == [name in REPEATABLE]


async def test_a_refresh_may_be_sent_twice_if_the_caller_says_so() -> None:
    service = Noting()
    service.answer("GetTokensFromRefreshToken", service.tokens())
    pool = UserPool(CONFIG, service)  # type: ignore[arg-type]  # a stand-in
    await pool.get_tokens_from_refresh_token("refresh", repeatable=True)
    assert service.repeatable == [True]
