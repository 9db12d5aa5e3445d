"""The JSON routes of all web frameworks: Amplify's inputs as request bodies, ``to_dict()`` as responses.

A route is a row of the table: method, path, the members of its body, and a function that calls the client.
`json_routes` returns the table. An integration mounts it, parses bodies with `parse_body` of `json_body`, and
answers errors with `json_error_response` of `error_responses`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal, get_args

from attrs import field, frozen

from .. import _json_schemas as schemas
from .. import steps
from .._client import AuthClient
from .._mfa import MFA_SETTINGS, PASSKEY_SETTINGS
from .._models import AuthFlowType, AuthTokens, AutoSignInOptions, TotpSetupDetails
from ..errors import AuthValidationErrorCode as Code
from ..errors import AutoSignInException, UserUnAuthenticatedException
from .json_body import AnyObject, Choice, Either, Flag, Member, Members, Schema, Shape, Text, TextMap
from .request import WebRequest

Body = Mapping[str, Any]
# What authenticator apps show for a request without a host.
_UNNAMED: Final = "this service"
# Seconds. Proxies commonly close a request after 30 or 60.
LINK_TIMEOUT: Final = 25.0


@frozen
class Call:
    """One request to a route.

    Attributes:
        auth: The client of the browser's session.
        body: The checked members of the body.
        app_name: The name that authenticator apps show for this service.
    """

    auth: AuthClient
    body: Body = field(repr=False)
    app_name: str

    @classmethod
    def of(cls, auth: AuthClient, body: Body, request: WebRequest, app_name: str | None) -> Call:
        """Return the call of a request; its host is the name of the service by default.

        Args:
            auth: The client of the browser's session.
            body: The checked members of the body.
            request: The request.
            app_name: The name that authenticator apps show for this service.
        """
        host = request.host
        return cls(auth, body, app_name or (_UNNAMED if host is None else host.name))

    @property
    def options(self) -> Body:
        """The members of ``options``."""
        options: Body = self.body.get("options", {})
        return options

    @property
    def metadata(self) -> Mapping[str, str] | None:
        """The member ``options.clientMetadata``, for the user pool's triggers."""
        return self.options.get("clientMetadata")


Run = Callable[[Call], Awaitable[Any]]


@frozen
class JsonRoute:
    """One route.

    Attributes:
        method: ``GET`` or ``POST``.
        path: Such as ``/sign-in``.
        summary: One sentence for the API's description.
        run: Calls the client, and returns a JSON-ready value.
        response: The JSON Schema of that value.
        body: The members of the body; None for a route that reads none.
    """

    method: Literal["GET", "POST"]
    path: str
    summary: str
    run: Run
    response: Schema
    body: Members | None = None

    @property
    def name(self) -> str:
        """The name of the operation, such as ``sign_in`` or ``get_session``."""
        words = self.path.strip("/").replace("-", "_")
        return words if self.method == "POST" else f"get_{words}"


# Forms of members

_TEXT: Final = Text()
_SECRET: Final = Text(secret=True)
_METADATA: Final = Member(TextMap())
_FLOWS: Final = Choice(get_args(AuthFlowType))
_FACTORS: Final = Choice(("WEB_AUTHN", "EMAIL_OTP", "SMS_OTP", "PASSWORD", "PASSWORD_SRP"))
_MFA: Final = Choice(tuple(sorted(MFA_SETTINGS)))
_STEPS: Final = Choice(tuple(each.step for each in get_args(steps.SignInStep)))

_SIGN_IN_OPTIONS: Final[Mapping[str, Member]] = {
    "authFlowType": Member(_FLOWS),
    "preferredChallenge": Member(_FACTORS),
    "clientMetadata": _METADATA,
}


def _needs(shape: Shape, code: Code = Code.InvalidArgument) -> Member:
    return Member(shape, required=True, if_missing=code)


def _options(**members: Member) -> Member:
    return Member(Members(members))


# Signing up


async def _sign_up(call: Call) -> Any:
    options = call.options
    result = await call.auth.sign_up(
        call.body["username"],
        call.body.get("password"),
        user_attributes=options.get("userAttributes"),
        validation_data=options.get("validationData"),
        auto_sign_in=_auto_sign_in_options(options.get("autoSignIn", False)),
        client_metadata=call.metadata,
    )
    return result.to_dict()


def _auto_sign_in_options(value: bool | Body) -> bool | AutoSignInOptions:
    """Return the client's form; an empty object is a request, as it is for Amplify."""
    if isinstance(value, bool):
        return value
    return AutoSignInOptions(
        auth_flow_type=value.get("authFlowType", "USER_SRP_AUTH"),
        preferred_challenge=value.get("preferredChallenge"),
        client_metadata=value.get("clientMetadata"),
    )


async def _confirm_sign_up(call: Call) -> Any:
    options = call.options
    result = await call.auth.confirm_sign_up(
        call.body["username"],
        call.body["confirmationCode"],
        force_alias_creation=options.get("forceAliasCreation"),
        client_metadata=call.metadata,
    )
    return result.to_dict()


async def _resend_sign_up_code(call: Call) -> Any:
    return (
        await call.auth.resend_sign_up_code(call.body["username"], client_metadata=call.metadata)
    ).to_dict()


async def _auto_sign_in(call: Call) -> Any:
    try:
        async with asyncio.timeout(LINK_TIMEOUT):
            return (await call.auth.auto_sign_in(password=call.body.get("password"))).to_dict()
    except TimeoutError:
        pass
    # A sign-up that is confirmed by a link is waited for, longer than proxies wait for a response.
    raise AutoSignInException(
        "the link was not opened yet",
        retryable=True,
        recovery_suggestion="Open the link in the message, and send this request again.",
    )


# Signing in and out


def _in_wire_form(step: steps.SignInStep, app_name: str) -> dict[str, Any]:
    """Return Amplify's form of a step; the setup of an authenticator app has its URI as well."""
    form = step.to_dict()
    if isinstance(step, steps.ContinueSignInWithTotpSetup) and step.totp_setup_details is not None:
        form["totpSetupDetails"] = _totp_setup(step.totp_setup_details, app_name)
    return form


def _totp_setup(details: TotpSetupDetails, app_name: str) -> dict[str, Any]:
    return {**details.to_dict(), "setupUri": details.setup_uri(app_name)}


async def _sign_in(call: Call) -> Any:
    options = call.options
    result = await call.auth.sign_in(
        call.body["username"],
        call.body.get("password"),
        auth_flow_type=options.get("authFlowType", "USER_SRP_AUTH"),
        preferred_challenge=options.get("preferredChallenge"),
        replace=options.get("replace", False),
        client_metadata=call.metadata,
    )
    return {**result.to_dict(), "nextStep": _in_wire_form(result.next_step, call.app_name)}


async def _confirm_sign_in(call: Call) -> Any:
    options = call.options
    result = await call.auth.confirm_sign_in(
        call.body["challengeResponse"],
        step=options.get("signInStep"),
        user_attributes=options.get("userAttributes"),
        friendly_device_name=options.get("friendlyDeviceName"),
        client_metadata=call.metadata,
    )
    return {**result.to_dict(), "nextStep": _in_wire_form(result.next_step, call.app_name)}


async def _get_sign_in_step(call: Call) -> Any:
    step = await call.auth.get_sign_in_step()
    return None if step is None else step.to_dict()


async def _sign_out(call: Call) -> Any:
    redirect = call.body.get("oauth", {}).get("redirectUrl")
    result = await call.auth.sign_out(global_sign_out=call.body.get("global", False), redirect_uri=redirect)
    return result.to_dict()


# The session


def _session(*, tokens: bool) -> Run:
    async def run(call: Call) -> Any:
        session = await call.auth.fetch_auth_session(credentials=False)
        if session.tokens is None:
            raise UserUnAuthenticatedException("no user is signed in")
        user = await call.auth.get_current_user()
        result = {"user": user.to_dict(), "claims": _claims(session.tokens)}
        return {**result, "tokens": _tokens(session.tokens)} if tokens else result

    return run


def _claims(tokens: AuthTokens) -> dict[str, Any]:
    """Return the id token's claims, which are for the front end; without one, the access token's."""
    return dict((tokens.id_token or tokens.access_token).payload)


def _tokens(tokens: AuthTokens) -> dict[str, str]:
    found = {"accessToken": tokens.access_token.token}
    return found if tokens.id_token is None else {**found, "idToken": tokens.id_token.token}


# The account


async def _reset_password(call: Call) -> Any:
    return (await call.auth.reset_password(call.body["username"], client_metadata=call.metadata)).to_dict()


async def _confirm_reset_password(call: Call) -> Any:
    await call.auth.confirm_reset_password(
        call.body["username"],
        call.body["newPassword"],
        call.body["confirmationCode"],
        client_metadata=call.metadata,
    )


async def _update_password(call: Call) -> Any:
    await call.auth.update_password(call.body["oldPassword"], call.body["newPassword"])


async def _user_attributes(call: Call) -> Any:
    return await call.auth.fetch_user_attributes()


async def _update_user_attributes(call: Call) -> Any:
    results = await call.auth.update_user_attributes(
        call.body["userAttributes"], client_metadata=call.metadata
    )
    return {name: result.to_dict() for name, result in results.items()}


async def _confirm_user_attribute(call: Call) -> Any:
    await call.auth.confirm_user_attribute(call.body["userAttributeKey"], call.body["confirmationCode"])


async def _send_user_attribute_verification_code(call: Call) -> Any:
    details = await call.auth.send_user_attribute_verification_code(
        call.body["userAttributeKey"], client_metadata=call.metadata
    )
    return details.to_dict()


# Second factors, devices and passkeys


async def _mfa_preference(call: Call) -> Any:
    return (await call.auth.fetch_mfa_preference()).to_dict()


async def _update_mfa_preference(call: Call) -> Any:
    await call.auth.update_mfa_preference(
        sms=call.body.get("sms"),
        totp=call.body.get("totp"),
        email=call.body.get("email"),
        webauthn=call.body.get("webauthn"),
    )


async def _set_up_totp(call: Call) -> Any:
    try:
        details = await call.auth.set_up_totp()
    except UserUnAuthenticatedException:
        # A page that was reloaded in the middle of a sign-in has lost its secret, which is never stored.
        step = await call.auth.get_sign_in_step()
        if not isinstance(step, steps.ContinueSignInWithTotpSetup):
            raise
        details = await call.auth.renew_totp_setup()
    return _totp_setup(details, call.app_name)


async def _verify_totp_setup(call: Call) -> Any:
    await call.auth.verify_totp_setup(
        call.body["code"], friendly_device_name=call.options.get("friendlyDeviceName")
    )


async def _devices(call: Call) -> Any:
    return [device.to_dict() for device in await call.auth.fetch_devices()]


async def _start_web_authn_registration(call: Call) -> Any:
    return await call.auth.start_web_authn_registration()


async def _complete_web_authn_registration(call: Call) -> Any:
    await call.auth.complete_web_authn_registration(call.body["credential"])


async def _web_authn_credentials(call: Call) -> Any:
    return {"credentials": [each.to_dict() for each in await call.auth.list_web_authn_credentials()]}


_NULL: Final[Schema] = {"type": "null"}
_CLASSES: Final = schemas.CLASSES


def json_routes(*, tokens: bool = False) -> tuple[JsonRoute, ...]:
    """Return the table.

    Args:
        tokens: Whether ``/session`` returns the tokens. A page's scripts can then read them.
    """
    return (*_SIGN_UP, *_SIGN_IN, _session_route(tokens=tokens), *_ACCOUNT, *_FACTORS_AND_DEVICES)


def _post(path: str, summary: str, run: Run, response: Schema, **members: Member) -> JsonRoute:
    return JsonRoute("POST", path, summary, run, response, Members(members))


def _get(path: str, summary: str, run: Run, response: Schema) -> JsonRoute:
    return JsonRoute("GET", path, summary, run, response)


_SIGN_UP: Final = (
    _post(
        "/sign-up",
        "Create an account.",
        _sign_up,
        _CLASSES["SignUpResult"],
        username=_needs(_TEXT, Code.EmptySignUpUsername),
        password=Member(_SECRET),
        options=_options(
            userAttributes=Member(TextMap()),
            validationData=Member(TextMap()),
            clientMetadata=_METADATA,
            autoSignIn=Member(
                Either(Flag(), Members(_SIGN_IN_OPTIONS), "true, false or an object with sign-in options")
            ),
        ),
    ),
    _post(
        "/confirm-sign-up",
        "Confirm an account with the code that was sent.",
        _confirm_sign_up,
        _CLASSES["SignUpResult"],
        username=_needs(_TEXT, Code.EmptyConfirmSignUpUsername),
        confirmationCode=_needs(_SECRET, Code.EmptyConfirmSignUpCode),
        options=_options(forceAliasCreation=Member(Flag()), clientMetadata=_METADATA),
    ),
    _post(
        "/resend-sign-up-code",
        "Send another confirmation code.",
        _resend_sign_up_code,
        schemas.CODE_DELIVERY_DETAILS,
        username=_needs(_TEXT, Code.EmptyResendSignUpCodeUsername),
        options=_options(clientMetadata=_METADATA),
    ),
    _post(
        "/auto-sign-in",
        "Sign in after a sign-up with autoSignIn. The password is needed unless the flow is USER_AUTH.",
        _auto_sign_in,
        _CLASSES["SignInResult"],
        password=Member(_SECRET),
    ),
)

_SIGN_IN: Final = (
    _post(
        "/sign-in",
        "Begin a sign-in.",
        _sign_in,
        _CLASSES["SignInResult"],
        username=_needs(_TEXT, Code.EmptySignInUsername),
        password=Member(_SECRET),
        options=_options(**_SIGN_IN_OPTIONS, replace=Member(Flag())),
    ),
    _post(
        "/confirm-sign-in",
        "Answer the pending step of a sign-in.",
        _confirm_sign_in,
        _CLASSES["SignInResult"],
        challengeResponse=_needs(
            Either(_SECRET, AnyObject(), "text or an object"), Code.EmptyChallengeResponse
        ),
        options=_options(
            signInStep=Member(_STEPS),
            userAttributes=Member(TextMap()),
            friendlyDeviceName=Member(_TEXT),
            clientMetadata=_METADATA,
        ),
    ),
    _get(
        "/sign-in-step",
        "Return the pending step of a sign-in, or null.",
        _get_sign_in_step,
        schemas.or_null(schemas.SIGN_IN_STEP),
    ),
    _post(
        "/sign-out",
        "Sign out.",
        _sign_out,
        _CLASSES["SignOutResult"],
        **{"global": Member(Flag())},
        oauth=Member(Members({"redirectUrl": Member(_TEXT)})),
    ),
)

_ACCOUNT: Final = (
    _post(
        "/reset-password",
        "Send a code to reset a forgotten password.",
        _reset_password,
        _CLASSES["ResetPasswordResult"],
        username=_needs(_TEXT, Code.EmptyResetPasswordUsername),
        options=_options(clientMetadata=_METADATA),
    ),
    _post(
        "/confirm-reset-password",
        "Set a new password with the code.",
        _confirm_reset_password,
        _NULL,
        username=_needs(_TEXT, Code.EmptyConfirmResetPasswordUsername),
        newPassword=_needs(_SECRET, Code.EmptyConfirmResetPasswordNewPassword),
        confirmationCode=_needs(_SECRET, Code.EmptyConfirmResetPasswordConfirmationCode),
        options=_options(clientMetadata=_METADATA),
    ),
    _post(
        "/update-password",
        "Change the signed-in user's password.",
        _update_password,
        _NULL,
        oldPassword=_needs(_SECRET, Code.EmptyUpdatePassword),
        newPassword=_needs(_SECRET, Code.EmptyUpdatePassword),
    ),
    _get("/user-attributes", "Return the signed-in user's attributes.", _user_attributes, schemas.TEXT_MAP),
    _post(
        "/update-user-attributes",
        "Change attributes of the signed-in user.",
        _update_user_attributes,
        {"type": "object", "additionalProperties": _CLASSES["UpdateAttributeResult"]},
        userAttributes=_needs(TextMap()),
        options=_options(clientMetadata=_METADATA),
    ),
    _post(
        "/confirm-user-attribute",
        "Confirm an address or number with its code.",
        _confirm_user_attribute,
        _NULL,
        userAttributeKey=_needs(_TEXT),
        confirmationCode=_needs(_SECRET, Code.EmptyConfirmUserAttributeCode),
    ),
    _post(
        "/send-user-attribute-verification-code",
        "Send a code to verify an address or number.",
        _send_user_attribute_verification_code,
        schemas.CODE_DELIVERY_DETAILS,
        userAttributeKey=_needs(_TEXT),
        options=_options(clientMetadata=_METADATA),
    ),
)

_FACTORS_AND_DEVICES: Final = (
    _get(
        "/mfa-preference",
        "Return the second factors that the user has turned on.",
        _mfa_preference,
        _CLASSES["MfaPreference"],
    ),
    _post(
        "/update-mfa-preference",
        "Turn second factors on and off.",
        _update_mfa_preference,
        _NULL,
        sms=Member(_MFA),
        totp=Member(_MFA),
        email=Member(_MFA),
        webauthn=Member(Choice(tuple(sorted(PASSKEY_SETTINGS)))),
    ),
    _post(
        "/set-up-totp",
        "Return a secret for an authenticator app, and the URI for its QR code.",
        _set_up_totp,
        schemas.TOTP_SETUP_DETAILS,
    ),
    _post(
        "/verify-totp-setup",
        "Register an authenticator app with its first code.",
        _verify_totp_setup,
        _NULL,
        code=_needs(_SECRET, Code.EmptyVerifyTOTPSetupCode),
        options=_options(friendlyDeviceName=Member(_TEXT)),
    ),
    _get(
        "/devices",
        "Return the devices that Cognito tracks for the user.",
        _devices,
        schemas.array_of(_CLASSES["Device"]),
    ),
    _post(
        "/start-web-authn-registration",
        "Return the options for the browser to make a passkey.",
        _start_web_authn_registration,
        schemas.ANY_OBJECT,
    ),
    _post(
        "/complete-web-authn-registration",
        "Register the passkey that the browser made.",
        _complete_web_authn_registration,
        _NULL,
        credential=_needs(Either(_TEXT, AnyObject(), "text or an object")),
    ),
    _get(
        "/web-authn-credentials",
        "Return the user's passkeys.",
        _web_authn_credentials,
        schemas.object_of(
            "WebAuthnCredentials", {"credentials": schemas.array_of(_CLASSES["WebAuthnCredential"])}
        ),
    ),
)


def _session_route(*, tokens: bool) -> JsonRoute:
    members = {"user": _CLASSES["AuthUser"], "claims": schemas.ANY_OBJECT}
    if tokens:
        members["tokens"] = schemas.object_of(
            "Tokens", {"accessToken": schemas.TEXT}, {"idToken": schemas.TEXT}
        )
    summary = (
        "Return the signed-in user, the claims and the tokens."
        if tokens
        else "Return the signed-in user and the claims."
    )
    return _get("/session", summary, _session(tokens=tokens), schemas.object_of("Session", members))
