"""Values that the layers exchange and callers receive. All are frozen; secrets are in no repr."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias
from urllib.parse import quote, urlencode

from attrs import field, frozen

from . import _qr as qr
from ._config_checks import is_text
from ._jwt import JWT
from ._public import public
from ._pydantic import for_pydantic
from .errors import AuthValidationError, AuthValidationErrorCode

AuthFlowType: TypeAlias = Literal[
    "USER_SRP_AUTH", "USER_PASSWORD_AUTH", "CUSTOM_WITH_SRP", "CUSTOM_WITHOUT_SRP", "USER_AUTH"
]
"""Amplify's names of the ways to sign in."""

Metadata: TypeAlias = Mapping[str, str] | None
"""Values that Cognito passes to the user pool's triggers (``ClientMetadata``)."""


@public("aiocognito")
@for_pydantic
@frozen
class CodeDeliveryDetails:
    """Where a code was sent: a masked ``destination``, the medium and the attribute behind it.

    Each is None if Cognito's response does not name it.

    Attributes:
        destination: The address, partly hidden, such as ``a***@e***``.
        delivery_medium: ``EMAIL`` or ``SMS``.
        attribute_name: The attribute with the address: ``email`` or ``phone_number``.
    """

    destination: str | None = None
    delivery_medium: str | None = None
    attribute_name: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        pairs = {
            "destination": self.destination,
            "deliveryMedium": self.delivery_medium,
            "attributeName": self.attribute_name,
        }
        return {key: value for key, value in pairs.items() if value is not None}


@public("aiocognito")
@for_pydantic
@frozen
class TotpSetupDetails:
    """The setup of an authenticator app: its secret, in Base32 (RFC 6238).

    Attributes:
        shared_secret: The secret, which the app needs.
        username: The username, which the app shows if no other name is passed. The library always sets it;
            it is None only in a value that was made without it.
    """

    shared_secret: str = field(repr=False)
    username: str | None = field(default=None, repr=False)

    def setup_uri(self, app_name: str, account_name: str | None = None) -> str:
        """Return the ``otpauth://`` URI that authenticator apps read, usually as a QR code.

        Args:
            app_name: The issuer that the app shows.
            account_name: The account that the app shows; the username by default.
        """
        account = account_name if account_name is not None else self.username or ""
        label = f"{quote(app_name, safe='')}:{quote(account, safe='')}"
        query = urlencode({"secret": self.shared_secret, "issuer": app_name}, quote_via=quote)
        return f"otpauth://totp/{label}?{query}"

    def qr_svg(self, app_name: str, account_name: str | None = None) -> str:
        """Draw the URI of `setup_uri` as a QR code, an SVG image to be shown on a page of one's own.

        Args:
            app_name: The issuer that the app shows.
            account_name: The account that the app shows; the username by default.

        Raises:
            ImportError: The extra ``qr`` is not installed.
        """
        return qr.svg(self.setup_uri(app_name, account_name))

    def qr_text(self, app_name: str, account_name: str | None = None) -> str:
        """Draw the same in characters, to be printed on a terminal.

        Args:
            app_name: The issuer that the app shows.
            account_name: The account that the app shows; the username by default.

        Raises:
            ImportError: The extra ``qr`` is not installed.
        """
        return qr.terminal(self.setup_uri(app_name, account_name))

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form. It holds the secret."""
        return {"sharedSecret": self.shared_secret}


@public("aiocognito")
@for_pydantic
@frozen
class SignInDetails:
    """How the user signed in: the name that was entered, and Amplify's name of the flow.

    Attributes:
        login_id: The name that the user entered; None only in a value of a token provider of your own.
        auth_flow_type: Amplify's name of the flow, such as ``USER_SRP_AUTH``; None only in such a value.
    """

    login_id: str | None = None
    auth_flow_type: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        pairs = {"loginId": self.login_id, "authFlowType": self.auth_flow_type}
        return {key: value for key, value in pairs.items() if value is not None}


@public("aiocognito")
@frozen
class AuthTokens:
    """A signed-in user's tokens. The refresh token is never returned.

    Attributes:
        access_token: The access token.
        id_token: The id token; None if a token provider of your own, or the client-credentials grant,
            returned an access token only. A session that was signed in has one.
        sign_in_details: How the user signed in; None if the tokens were not obtained by a sign-in of this
            library.
    """

    access_token: JWT
    id_token: JWT | None = None
    sign_in_details: SignInDetails | None = None

    @cached_property
    def _user(self) -> "AuthUser":
        # The access token alone suffices. Cached, since each request of a session asks for it.
        access = self.access_token.payload
        identity = self.id_token.payload if self.id_token is not None else {}
        return AuthUser(
            username=str(identity.get("cognito:username") or access.get("username") or ""),
            user_id=str(identity.get("sub") or access.get("sub") or ""),
            sign_in_details=self.sign_in_details,
        )


@public("aiocognito")
@for_pydantic
@frozen
class AuthUser:
    """The signed-in user: the username and the ``sub`` of the tokens.

    Attributes:
        username: The username, which can be an id of Cognito's.
        user_id: The ``sub``, which never changes.
        sign_in_details: How the user signed in; None if that is not known.
    """

    username: str
    user_id: str
    sign_in_details: SignInDetails | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        result: dict[str, Any] = {"username": self.username, "userId": self.user_id}
        if self.sign_in_details is not None:
            result["signInDetails"] = self.sign_in_details.to_dict()
        return result


@public("aiocognito")
@frozen
class Credentials:
    """Temporary AWS credentials from an identity pool.

    Attributes:
        access_key_id: The id of the access key.
        secret_access_key: The secret access key.
        session_token: The session token; None if the identity pool returned none.
        expiration: When they expire, in UTC; None in credentials that did not come from a session of this
            library, which assumes 50 minutes if the identity pool returns no time.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expiration: datetime | None = None


if TYPE_CHECKING:
    from typing_extensions import TypeVar

    C = TypeVar("C", bound=Credentials | None, default=Credentials | None, covariant=True)
else:
    from typing import TypeVar

    C = TypeVar("C", covariant=True)


@public("aiocognito")
@frozen
class AuthSession(Generic[C]):
    """The tokens and AWS credentials of a session (`AuthClient.fetch_auth_session`).

    For type checkers, ``AuthSession[None]`` is one that was fetched with ``credentials=False``.
    ``AuthSession`` alone may have credentials.

    Attributes:
        tokens: The tokens; None if no user is signed in.
        credentials: AWS credentials of the user or guest; None with ``credentials=False``, without an
            identity pool, and for a guest where the configuration allows no guests.
        identity_id: The identity of the credentials; None without credentials.
        user_sub: The user's id, the ``sub`` of the tokens; None if no user is signed in.
    """

    tokens: AuthTokens | None = None
    credentials: C = None  # type: ignore[assignment]  # a session without credentials is an AuthSession[None]
    identity_id: str | None = None
    user_sub: str | None = None


@public("aiocognito")
@for_pydantic
@frozen
class RedirectRequest:
    """The URL to send the browser to for a sign-in. Its ``state`` binds the response to this session.

    Attributes:
        url: The hosted UI's page.
        state: The value that the browser brings back. A secret of the browser and this session.
    """

    url: str = field(repr=False)
    state: str = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {"url": self.url, "state": self.state}


@public("aiocognito")
@frozen
class UserContext:
    """Data about the end user: for Cognito's threat protection, and the name of the browser.

    Attributes:
        ip_address: The user's IP address, as text; None to send none.
        encoded_data: What Amplify's or AWS's browser script collected about the device; None to send none.
        device_name: The name that `AuthClient.fetch_devices` shows for the browser if it becomes a device,
            such as ``"Firefox on Linux"``; cut after 1024 characters. None for ``AuthConfig.device_name``.

    Raises:
        AuthValidationError: A value is neither text nor None.
    """

    ip_address: str | None = None
    encoded_data: str | None = field(default=None, repr=False)
    device_name: str | None = None

    def __attrs_post_init__(self) -> None:
        for name in ("ip_address", "encoded_data", "device_name"):
            value = getattr(self, name)
            if value is not None and value != "" and not is_text(value):
                raise AuthValidationError(
                    AuthValidationErrorCode.InvalidArgument, f"user_context.{name}: must be text"
                )


@public("aiocognito")
@frozen
class AutoSignInOptions:
    """How ``auto_sign_in`` signs in after a sign-up.

    Attributes:
        auth_flow_type: Amplify's name of the flow.
        preferred_challenge: The first factor to begin with, for ``USER_AUTH``; None to let Cognito offer all.
        client_metadata: Values that Cognito passes to triggers; None for none.
    """

    auth_flow_type: AuthFlowType = "USER_SRP_AUTH"
    preferred_challenge: str | None = None
    client_metadata: Mapping[str, str] | None = field(default=None, repr=False)


@public("aiocognito")
@for_pydantic
@frozen
class Device:
    """A user's device that Cognito tracks (ListDevices); dates are in UTC, and None if Cognito returns none.

    Attributes:
        id: The device key.
        name: The name that the device was remembered with; None if it has none.
        attributes: What Cognito knows of the device, such as ``last_ip_used``.
        create_date: When the device was confirmed.
        last_modified_date: When it was last changed.
        last_authenticated_date: When a user last signed in with it.
    """

    id: str
    name: str | None = None
    attributes: Mapping[str, str] = field(factory=dict, repr=False)
    create_date: datetime | None = None
    last_modified_date: datetime | None = None
    last_authenticated_date: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form; dates are in ISO 8601."""
        return _present(
            id=self.id,
            name=self.name,
            attributes=dict(self.attributes),
            createDate=self.create_date,
            lastModifiedDate=self.last_modified_date,
            lastAuthenticatedDate=self.last_authenticated_date,
        )


@public("aiocognito")
@for_pydantic
@frozen
class SessionInfo:
    """A session of a user (`SessionManager.list_user`).

    Attributes:
        session_id: The hash of the session's key, which `SessionManager.end_session` takes. It opens nothing.
        created_at: When the user signed in, in seconds since the epoch.
        last_used_at: When the session was last used, in seconds since the epoch, right to a day.
        username: Cognito's username of the user.
        current: Whether it is the session that the caller named.
    """

    session_id: str
    created_at: float
    last_used_at: float
    username: str
    current: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "sessionId": self.session_id,
            "createdAt": self.created_at,
            "lastUsedAt": self.last_used_at,
            "username": self.username,
            "current": self.current,
        }


@public("aiocognito")
@for_pydantic
@frozen
class UserSession:
    """A session of the user at Cognito (ListUserSessions); dates are in UTC.

    Besides ``id`` and ``current``, each is None if Cognito does not return it.

    Attributes:
        id: Cognito's id, which `AuthClient.revoke_session` takes.
        session_type: ``TOKEN`` for the tokens of one sign-in, or ``SSO`` for a browser's session on the
            hosted UI.
        client_id: The app client.
        create_date: When it began.
        last_active_date: When its tokens were last renewed.
        device_type: What Cognito knows of the browser or program.
        last_ip_address: The address that it was last used from.
        city: The city of that address.
        country: The country of that address.
        origin_session_id: The ``SSO`` session that a ``TOKEN`` session was begun from.
        current: Whether it is the session of the access token.
    """

    id: str
    session_type: str | None = None
    client_id: str | None = field(default=None, repr=False)
    create_date: datetime | None = None
    last_active_date: datetime | None = None
    device_type: str | None = field(default=None, repr=False)
    last_ip_address: str | None = field(default=None, repr=False)
    city: str | None = field(default=None, repr=False)
    country: str | None = field(default=None, repr=False)
    origin_session_id: str | None = None
    current: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form; dates are in ISO 8601."""
        return _present(
            id=self.id,
            sessionType=self.session_type,
            clientId=self.client_id,
            createDate=self.create_date,
            lastActiveDate=self.last_active_date,
            deviceType=self.device_type,
            lastIpAddress=self.last_ip_address,
            city=self.city,
            country=self.country,
            originSessionId=self.origin_session_id,
            current=self.current,
        )


@public("aiocognito")
@for_pydantic
@frozen
class WebAuthnCredential:
    """A user's passkey (ListWebAuthnCredentials).

    The name, the relying party, the attachment and the date are None if Cognito does not return them.

    Attributes:
        credential_id: The id of the passkey, which `AuthClient.delete_web_authn_credential` takes.
        friendly_credential_name: A name to show, such as that of the password manager.
        relying_party_id: The domain for which it was made.
        authenticator_attachment: ``platform`` or ``cross-platform``.
        authenticator_transports: How the browser reaches it, such as ``internal`` and ``hybrid``.
        created_at: When it was registered, in UTC.
    """

    credential_id: str
    friendly_credential_name: str | None = None
    relying_party_id: str | None = None
    authenticator_attachment: str | None = None
    authenticator_transports: list[str] = field(factory=list)
    created_at: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form; dates are in ISO 8601."""
        return _present(
            credentialId=self.credential_id,
            friendlyCredentialName=self.friendly_credential_name,
            relyingPartyId=self.relying_party_id,
            authenticatorAttachment=self.authenticator_attachment,
            authenticatorTransports=list(self.authenticator_transports),
            createdAt=self.created_at,
        )


def _present(**members: Any) -> dict[str, Any]:
    """Leave out what is None and write dates as text."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in members.items()
        if value is not None
    }
