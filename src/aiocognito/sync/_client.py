"""The client of one session for synchronous code: each method of `aiocognito.AuthClient` as a plain call."""

from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Literal, Self, overload

from .. import _client as client
from .. import _clocks as clocks
from .._attributes import AttributeKey, VerifiableAttributeKey
from .._config import AuthConfig, check_config
from .._flows import redirect as redirect_flows
from .._gateways.clients import AwsSession, HttpClient
from .._hub import Hub as AsyncHub
from .._mfa import MfaPreference, MfaSetting, PasskeySetting
from .._models import (
    AuthFlowType,
    AuthSession,
    AuthUser,
    AutoSignInOptions,
    CodeDeliveryDetails,
    Device,
    Metadata,
    RedirectRequest,
    TotpSetupDetails,
    UserContext,
    UserSession,
    WebAuthnCredential,
)
from .._public import public
from .._results import ResetPasswordResult, SignInResult, SignOutResult, SignUpResult, UpdateAttributeResult
from .._session import tokens
from ..steps import SignInStep
from ..storage import MemoryStorage, Storage
from ._hub import Hub, unwrapped
from ._portal import Portal, Remote, in_thread, refuse_async
from ._tokens import AwaitableTokenProvider, RemoteTokenProvider, TokenProvider


@public("aiocognito.sync")
class AuthClient:
    """Signs one user up, in and out, and renews the session's tokens: `aiocognito.AuthClient` as plain calls.

    ``with AuthClient(config) as auth: ...``, or call `close`. Methods take the same arguments, and return and
    raise the same, as those of the async class. In a thread where an event loop runs, they raise
    ``RuntimeError``.

    A forked process can use it, too: it opens connections of its own, and reads the session from the
    storage.

    Args:
        config: The user pool, and how to call it.
        session_key: The secret that identifies the session in the storage, 1 to 512 characters. The
            default is for one user on one machine.
        storage: The storage of the session; in memory by default. Left open, and not in use by another
            event loop.
        token_provider: Provides the tokens in place of a session; plain or async. A plain one is called
            in a worker thread. Excludes ``storage``.
        hub: Receives the session's events; one is made by default.
        user_context: Data about the end user for Cognito's threat protection.
        clock: Returns seconds since the epoch; by default ``config.clock``, else ``time.time``.
        http_client: An httpx client (``AsyncClient``) for the hosted UI; one is made by default. Left open.
        aws_session: An aiobotocore session; one is made by default.

    Raises:
        AuthConfigError: ``storage`` and ``token_provider`` were both given, or an argument is not such an
            object: a class in place of a storage, or a blocking HTTP client.
        AuthValidationError: ``session_key`` is not text of 1 to 512 characters, or ``user_context`` not a
            `UserContext`.
    """

    def __init__(
        self,
        config: AuthConfig,
        *,
        session_key: str = "default",
        storage: Storage | None = None,
        token_provider: TokenProvider | tokens.TokenProvider | None = None,
        hub: Hub | AsyncHub | None = None,
        user_context: UserContext | None = None,
        clock: Callable[[], float] | None = None,
        http_client: HttpClient | None = None,
        aws_session: AwsSession | None = None,
    ) -> None:
        check_config(config)
        async_hub = unwrapped(hub)
        # Made outside of the client, so that a forked process has the same session.
        used_storage = storage
        if storage is None and token_provider is None:
            used_storage = MemoryStorage(clock=clocks.resolve(clock, config))

        def make(_: Portal | None) -> client.AuthClient:
            return client.AuthClient(
                config,
                session_key=session_key,
                storage=used_storage,
                token_provider=None if token_provider is None else AwaitableTokenProvider(token_provider),
                hub=async_hub,
                user_context=user_context,
                clock=clock,
                http_client=http_client,
                aws_session=aws_session,
            )

        self._remote = Remote(make, "AuthClient")
        self._own_hub = async_hub if hub is None else None

    @classmethod
    def _of_manager(cls, make: Callable[[Portal | None], client.AuthClient], portal: Portal | None) -> Self:
        """Make the client of one session of a `SessionManager`."""
        facade = cls.__new__(cls)
        facade._remote = Remote(make, "AuthClient")
        facade._remote.portal = portal
        facade._own_hub = None
        return facade

    def __repr__(self) -> str:
        return f"<{type(self).__name__} session_id={self.session_id!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Wait for work that must not stop halfway, then close what this client made."""
        self._remote.call(lambda auth: auth.aclose())
        own_hub = self._own_hub
        if own_hub is not None:
            self._remote.read(lambda _: own_hub.end())

    @property
    def config(self) -> AuthConfig:
        """The configuration that the client was made with."""
        return self._remote.made.config

    @property
    def hub(self) -> Hub:
        """The hub that receives this session's events only. Its listeners end with the client."""
        return Hub._of(self._remote.read(lambda auth: auth.hub))

    @property
    def token_provider(self) -> TokenProvider:
        """The provider of this client's tokens, as a plain call."""
        return RemoteTokenProvider(self._remote)

    @property
    def session_key(self) -> str:
        """The secret that opens this session. Never log it.

        See :attr:`aiocognito.AuthClient.session_key`.
        """
        return self._remote.made.session_key

    @property
    def session_id(self) -> str:
        """The hash of the session's key, which events and logs contain."""
        return self._remote.made.session_id

    # Sign-up

    def sign_up(
        self,
        username: str,
        password: str | None = None,
        *,
        user_attributes: Metadata = None,
        validation_data: Metadata = None,
        auto_sign_in: bool | AutoSignInOptions = False,
        client_metadata: Metadata = None,
    ) -> SignUpResult:
        """Create an account (Amplify: ``signUp``; Cognito: SignUp).

        See :meth:`aiocognito.AuthClient.sign_up`.
        """
        return self._remote.call(
            lambda auth: auth.sign_up(
                username,
                password,
                user_attributes=user_attributes,
                validation_data=validation_data,
                auto_sign_in=auto_sign_in,
                client_metadata=client_metadata,
            )
        )

    def confirm_sign_up(
        self,
        username: str,
        confirmation_code: str,
        *,
        force_alias_creation: bool | None = None,
        client_metadata: Metadata = None,
    ) -> SignUpResult:
        """Confirm an account with the code that was sent (``confirmSignUp``; ConfirmSignUp).

        See :meth:`aiocognito.AuthClient.confirm_sign_up`.
        """
        return self._remote.call(
            lambda auth: auth.confirm_sign_up(
                username,
                confirmation_code,
                force_alias_creation=force_alias_creation,
                client_metadata=client_metadata,
            )
        )

    def resend_sign_up_code(self, username: str, *, client_metadata: Metadata = None) -> CodeDeliveryDetails:
        """Send another confirmation code (``resendSignUpCode``; ResendConfirmationCode).

        See :meth:`aiocognito.AuthClient.resend_sign_up_code`.
        """
        return self._remote.call(
            lambda auth: auth.resend_sign_up_code(username, client_metadata=client_metadata)
        )

    def auto_sign_in(self, *, password: str | None = None) -> SignInResult:
        """Sign in after a sign-up with ``auto_sign_in`` (``autoSignIn``; InitiateAuth).

        See :meth:`aiocognito.AuthClient.auto_sign_in`.
        """
        return self._remote.call(lambda auth: auth.auto_sign_in(password=password))

    # Sign-in

    def sign_in(
        self,
        username: str,
        password: str | None = None,
        *,
        auth_flow_type: AuthFlowType = "USER_SRP_AUTH",
        preferred_challenge: str | None = None,
        replace: bool = False,
        client_metadata: Metadata = None,
    ) -> SignInResult:
        """Begin a sign-in (``signIn``; InitiateAuth, RespondToAuthChallenge).

        See :meth:`aiocognito.AuthClient.sign_in`.
        """
        return self._remote.call(
            lambda auth: auth.sign_in(
                username,
                password,
                auth_flow_type=auth_flow_type,
                preferred_challenge=preferred_challenge,
                replace=replace,
                client_metadata=client_metadata,
            )
        )

    def confirm_sign_in(
        self,
        challenge_response: str | Mapping[str, Any],
        *,
        step: type[SignInStep] | str | None = None,
        user_attributes: Metadata = None,
        friendly_device_name: str | None = None,
        client_metadata: Metadata = None,
    ) -> SignInResult:
        """Answer the pending challenge of a sign-in (``confirmSignIn``; RespondToAuthChallenge).

        See :meth:`aiocognito.AuthClient.confirm_sign_in`.
        """
        return self._remote.call(
            lambda auth: auth.confirm_sign_in(
                challenge_response,
                step=step,
                user_attributes=user_attributes,
                friendly_device_name=friendly_device_name,
                client_metadata=client_metadata,
            )
        )

    def get_sign_in_step(self) -> SignInStep | None:
        """Return the pending step, such as after a page was reloaded.

        See :meth:`aiocognito.AuthClient.get_sign_in_step`.
        """
        return self._remote.call(lambda auth: auth.get_sign_in_step())

    def renew_totp_setup(self) -> TotpSetupDetails:
        """Fetch a new secret for the authenticator app that a sign-in asks to set up.

        See :meth:`aiocognito.AuthClient.renew_totp_setup`.
        """
        return self._remote.call(lambda auth: auth.renew_totp_setup())

    def sign_in_with_redirect(
        self,
        provider: redirect_flows.Provider = None,
        *,
        custom_state: str | None = None,
        redirect_uri: str | None = None,
        prompt: redirect_flows.Prompt | None = None,
        login_hint: str | None = None,
        lang: str | None = None,
        nonce: str | bool | None = None,
        replace: bool = False,
    ) -> RedirectRequest:
        """Begin a sign-in on the hosted UI (``signInWithRedirect``; the authorize endpoint).

        See :meth:`aiocognito.AuthClient.sign_in_with_redirect`.
        """
        return self._remote.call(
            lambda auth: auth.sign_in_with_redirect(
                provider,
                custom_state=custom_state,
                redirect_uri=redirect_uri,
                prompt=prompt,
                login_hint=login_hint,
                lang=lang,
                nonce=nonce,
                replace=replace,
            )
        )

    def complete_sign_in_with_redirect(self, callback_url: str) -> SignInResult:
        """Complete a sign-in on the hosted UI, when the browser has come back (the token endpoint).

        See :meth:`aiocognito.AuthClient.complete_sign_in_with_redirect`.
        """
        return self._remote.call(lambda auth: auth.complete_sign_in_with_redirect(callback_url))

    def sign_out(
        self, *, global_sign_out: bool = False, others: bool = False, redirect_uri: str | None = None
    ) -> SignOutResult:
        """Sign out (``signOut``; RevokeToken, or GlobalSignOut).

        See :meth:`aiocognito.AuthClient.sign_out`.
        """
        return self._remote.call(
            lambda auth: auth.sign_out(
                global_sign_out=global_sign_out, others=others, redirect_uri=redirect_uri
            )
        )

    # The session

    @overload
    def fetch_auth_session(
        self,
        *,
        force_refresh: bool = False,
        credentials: Literal[False],
        client_metadata: Metadata = None,
    ) -> AuthSession[None]: ...

    @overload
    def fetch_auth_session(
        self,
        *,
        force_refresh: bool = False,
        credentials: bool = True,
        client_metadata: Metadata = None,
    ) -> AuthSession: ...

    def fetch_auth_session(
        self,
        *,
        force_refresh: bool = False,
        credentials: bool = True,
        client_metadata: Metadata = None,
    ) -> AuthSession:
        """Return the session's tokens and AWS credentials (``fetchAuthSession``).

        See :meth:`aiocognito.AuthClient.fetch_auth_session`.
        """
        return self._remote.call(
            lambda auth: auth.fetch_auth_session(
                force_refresh=force_refresh, credentials=credentials, client_metadata=client_metadata
            )
        )

    def access_token(self) -> str:
        """Return an access token that has not expired, for the header ``Authorization: Bearer``.

        See :meth:`aiocognito.AuthClient.access_token`.
        """
        return self._remote.call(lambda auth: auth.access_token())

    def id_token(self) -> str:
        """Return an id token that has not expired. It is renewed if necessary (GetTokensFromRefreshToken).

        See :meth:`aiocognito.AuthClient.id_token`.
        """
        return self._remote.call(lambda auth: auth.id_token())

    def get_current_user(self) -> AuthUser:
        """Return the signed-in user (``getCurrentUser``). Sends no request unless the tokens have expired.

        See :meth:`aiocognito.AuthClient.get_current_user`.
        """
        return self._remote.call(lambda auth: auth.get_current_user())

    def list_sessions(self) -> list[UserSession]:
        """Return the user's sessions at Cognito, of all app clients (ListUserSessions).

        See :meth:`aiocognito.AuthClient.list_sessions`.
        """
        return self._remote.call(lambda auth: auth.list_sessions())

    def revoke_session(self, session_id: str) -> None:
        """End one of the user's other sessions at Cognito (RevokeUserSession).

        See :meth:`aiocognito.AuthClient.revoke_session`.
        """
        self._remote.call(lambda auth: auth.revoke_session(session_id))

    def rotate_session_key(self) -> str:
        """Move the session under a new random key. The old key no longer works.

        See :meth:`aiocognito.AuthClient.rotate_session_key`.
        """
        return self._remote.call(lambda auth: auth.rotate_session_key())

    # The account

    def reset_password(self, username: str, *, client_metadata: Metadata = None) -> ResetPasswordResult:
        """Send a code to reset a forgotten password (``resetPassword``; ForgotPassword).

        See :meth:`aiocognito.AuthClient.reset_password`.
        """
        return self._remote.call(lambda auth: auth.reset_password(username, client_metadata=client_metadata))

    def confirm_reset_password(
        self,
        username: str,
        new_password: str,
        confirmation_code: str,
        *,
        client_metadata: Metadata = None,
    ) -> None:
        """Set a new password with the code (``confirmResetPassword``; ConfirmForgotPassword).

        See :meth:`aiocognito.AuthClient.confirm_reset_password`.
        """
        self._remote.call(
            lambda auth: auth.confirm_reset_password(
                username, new_password, confirmation_code, client_metadata=client_metadata
            )
        )

    def update_password(self, old_password: str, new_password: str) -> None:
        """Change the signed-in user's password (``updatePassword``; ChangePassword).

        See :meth:`aiocognito.AuthClient.update_password`.
        """
        self._remote.call(lambda auth: auth.update_password(old_password, new_password))

    def fetch_user_attributes(self) -> dict[str, str]:
        """Return the signed-in user's attributes (``fetchUserAttributes``; GetUser).

        See :meth:`aiocognito.AuthClient.fetch_user_attributes`.
        """
        return self._remote.call(lambda auth: auth.fetch_user_attributes())

    def update_user_attributes(
        self, user_attributes: Mapping[AttributeKey, str], *, client_metadata: Metadata = None
    ) -> dict[str, UpdateAttributeResult]:
        """Change attributes (``updateUserAttributes``; UpdateUserAttributes).

        See :meth:`aiocognito.AuthClient.update_user_attributes`.
        """
        return self._remote.call(
            lambda auth: auth.update_user_attributes(user_attributes, client_metadata=client_metadata)
        )

    def update_user_attribute(
        self, attribute_key: AttributeKey, value: str, *, client_metadata: Metadata = None
    ) -> UpdateAttributeResult:
        """Change one attribute (``updateUserAttribute``; UpdateUserAttributes).

        See :meth:`aiocognito.AuthClient.update_user_attribute`.
        """
        return self._remote.call(
            lambda auth: auth.update_user_attribute(attribute_key, value, client_metadata=client_metadata)
        )

    def send_user_attribute_verification_code(
        self, user_attribute_key: VerifiableAttributeKey, *, client_metadata: Metadata = None
    ) -> CodeDeliveryDetails:
        """Send a code to verify the user's email address or phone number.

        See :meth:`aiocognito.AuthClient.send_user_attribute_verification_code`.
        """
        return self._remote.call(
            lambda auth: auth.send_user_attribute_verification_code(
                user_attribute_key, client_metadata=client_metadata
            )
        )

    def confirm_user_attribute(
        self, user_attribute_key: VerifiableAttributeKey, confirmation_code: str
    ) -> None:
        """Confirm an address or number with its code (``confirmUserAttribute``; VerifyUserAttribute).

        See :meth:`aiocognito.AuthClient.confirm_user_attribute`.
        """
        self._remote.call(lambda auth: auth.confirm_user_attribute(user_attribute_key, confirmation_code))

    def delete_user_attributes(self, user_attribute_keys: Collection[AttributeKey]) -> None:
        """Remove attributes (``deleteUserAttributes``; DeleteUserAttributes).

        See :meth:`aiocognito.AuthClient.delete_user_attributes`.
        """
        self._remote.call(lambda auth: auth.delete_user_attributes(user_attribute_keys))

    def delete_user(self) -> None:
        """Delete the signed-in user's account and this session (``deleteUser``; DeleteUser).

        See :meth:`aiocognito.AuthClient.delete_user`.
        """
        self._remote.call(lambda auth: auth.delete_user())

    # Second factors

    def fetch_mfa_preference(self) -> MfaPreference:
        """Return the second factors that the user has turned on (``fetchMFAPreference``; GetUser).

        See :meth:`aiocognito.AuthClient.fetch_mfa_preference`.
        """
        return self._remote.call(lambda auth: auth.fetch_mfa_preference())

    def fetch_auth_factors(self) -> list[str]:
        """Return the factors that the user can sign in with (GetUserAuthFactors).

        See :meth:`aiocognito.AuthClient.fetch_auth_factors`.
        """
        return self._remote.call(lambda auth: auth.fetch_auth_factors())

    def update_mfa_preference(
        self,
        *,
        sms: MfaSetting | None = None,
        totp: MfaSetting | None = None,
        email: MfaSetting | None = None,
        webauthn: PasskeySetting | None = None,
    ) -> None:
        """Turn second factors on and off (``updateMFAPreference``; SetUserMFAPreference).

        See :meth:`aiocognito.AuthClient.update_mfa_preference`.
        """
        self._remote.call(
            lambda auth: auth.update_mfa_preference(sms=sms, totp=totp, email=email, webauthn=webauthn)
        )

    def set_up_totp(self) -> TotpSetupDetails:
        """Fetch a secret to set up an authenticator app (``setUpTOTP``; AssociateSoftwareToken).

        See :meth:`aiocognito.AuthClient.set_up_totp`.
        """
        return self._remote.call(lambda auth: auth.set_up_totp())

    def verify_totp_setup(self, code: str, *, friendly_device_name: str | None = None) -> None:
        """Register an authenticator app with its first code (``verifyTOTPSetup``; VerifySoftwareToken).

        See :meth:`aiocognito.AuthClient.verify_totp_setup`.
        """
        self._remote.call(
            lambda auth: auth.verify_totp_setup(code, friendly_device_name=friendly_device_name)
        )

    # Devices

    def fetch_devices(self) -> list[Device]:
        """Return the devices that Cognito tracks for the user (``fetchDevices``; ListDevices).

        See :meth:`aiocognito.AuthClient.fetch_devices`.
        """
        return self._remote.call(lambda auth: auth.fetch_devices())

    def remember_device(self) -> None:
        """Remember this browser, so that it replaces the second factor.

        See :meth:`aiocognito.AuthClient.remember_device`.
        """
        self._remote.call(lambda auth: auth.remember_device())

    def forget_device(self, device_id: str | None = None) -> None:
        """Forget a device (``forgetDevice``; ForgetDevice). The tokens issued to it cannot be renewed.

        See :meth:`aiocognito.AuthClient.forget_device`.
        """
        self._remote.call(lambda auth: auth.forget_device(device_id))

    # Passkeys

    def start_web_authn_registration(self) -> dict[str, Any]:
        """Return the options to register a passkey (StartWebAuthnRegistration).

        See :meth:`aiocognito.AuthClient.start_web_authn_registration`.
        """
        return self._remote.call(lambda auth: auth.start_web_authn_registration())

    def complete_web_authn_registration(self, credential: Mapping[str, Any] | str) -> None:
        """Register the passkey that the browser made (CompleteWebAuthnRegistration).

        See :meth:`aiocognito.AuthClient.complete_web_authn_registration`.
        """
        self._remote.call(lambda auth: auth.complete_web_authn_registration(credential))

    def associate_web_authn_credential(
        self, ceremony: Callable[[dict[str, Any]], Mapping[str, Any] | str]
    ) -> None:
        """Register a passkey with one call (``associateWebAuthnCredential``).

        See :meth:`aiocognito.AuthClient.associate_web_authn_credential`.

        Args:
            ceremony: A plain function, called in a worker thread, where it may call this client. Takes the
                options, has a browser create the credential, and returns it.

        Raises:
            TypeError: ``ceremony`` is async, or cannot be called.
        """
        refuse_async(ceremony, "ceremony", "aiocognito.AuthClient")

        async def in_worker(options: dict[str, Any]) -> Mapping[str, Any] | str:
            credential: Mapping[str, Any] | str = await in_thread(ceremony, options)
            return credential

        self._remote.call(lambda auth: auth.associate_web_authn_credential(in_worker))

    def list_web_authn_credentials(self) -> list[WebAuthnCredential]:
        """Return the user's passkeys (``listWebAuthnCredentials``; ListWebAuthnCredentials).

        See :meth:`aiocognito.AuthClient.list_web_authn_credentials`.
        """
        return self._remote.call(lambda auth: auth.list_web_authn_credentials())

    def delete_web_authn_credential(self, credential_id: str) -> None:
        """Delete a passkey (``deleteWebAuthnCredential``; DeleteWebAuthnCredential).

        See :meth:`aiocognito.AuthClient.delete_web_authn_credential`.
        """
        self._remote.call(lambda auth: auth.delete_web_authn_credential(credential_id))
