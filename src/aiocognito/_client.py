"""The client of one session: every API of Amplify Auth as an awaitable method."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Final, Literal, Self, overload

from attrs import evolve

from . import _arguments as arguments
from . import _clocks as clocks
from ._arguments import Code
from ._attributes import AttributeKey, VerifiableAttributeKey
from ._config import AuthConfig, check_config
from ._config_checks import check_object
from ._flows import account as account_flows
from ._flows import passkeys as passkey_flows
from ._flows import redirect as redirect_flows
from ._flows import sign_up as sign_up_flows
from ._flows.challenges import ChallengeResponse, step_of
from ._flows.sign_in import AUTH_FLOW_TYPES, sign_in_request
from ._gateways.authenticated_user import AuthenticatedUser
from ._gateways.clients import AwsSession, HttpClient
from ._gateways.connections import Connections
from ._gateways.parsing import attributes_of
from ._gateways.user_pool import UserPool
from ._hub import Hub
from ._mfa import MFA_SETTINGS, PASSKEY_SETTINGS, MfaPreference, MfaSetting, PasskeySetting
from ._models import (
    AuthFlowType,
    AuthSession,
    AuthTokens,
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
from ._public import public
from ._results import ResetPasswordResult, SignInResult, SignOutResult, SignUpResult, UpdateAttributeResult
from ._session import account as session_account
from ._session import auto_sign_in as auto_sign_in_plan
from ._session import hosted_ui as hosted_ui_sign_in
from ._session import sign_in as session_sign_in
from ._session import sign_out
from ._session.aws_credentials import SessionCredentials, fetch_credentials
from ._session.context import ServiceContext
from ._session.rekeying import rotate_key
from ._session.session import Session
from ._session.stored_tokens import current_user
from ._session.tokens import SessionTokenProvider, TokenProvider
from .errors import (
    AuthConfigError,
    AuthTokenConfigException,
    AuthValidationError,
    ServiceError,
    SetUpTOTPException,
    UserUnAuthenticatedException,
)
from .errors._refusals import RefusalSubject, subject_of
from .steps import CompleteAutoSignIn, Done, SignInStep
from .storage import MemoryStorage, Storage

DEFAULT_SESSION_TTL: Final = 30 * 86_400.0
# A client without a manager serves one user on one machine, so its devices belong to its storage. A browser's
# token is never empty.
IMPLICIT_DEVICE_TOKEN: Final = ""


@public("aiocognito")
class AuthClient:
    """Signs one user up, in and out, and renews the session's tokens.

    A service with many users makes one `SessionManager` and gets a client per request from it. A bot, a
    script or a test makes an `AuthClient`: ``async with AuthClient(config) as auth: ...``.

    Nothing is read or sent until a method is awaited. Every method is safe to cancel, so
    ``asyncio.timeout`` limits how long one may take; what must not stop halfway, such as a challenge
    answer that returns tokens, continues and is stored.

    Each method lists its own errors. In addition, a method that sends a request may raise
    `AuthUserPoolException` (no user pool is configured), `NetworkError` (no response arrived) and other
    subclasses of `ServiceError` (throttling, a failed trigger, …). A method that uses the session may raise
    `StorageError`. A method that begins, continues or ends a session raises `AuthTokenConfigException` if
    the client borrows its tokens.

    Args:
        config: The user pool, and how to call it.
        session_key: The secret that identifies the session in the storage, 1 to 512 characters. The
            default is for one user on one machine.
        storage: The storage of the session; in memory by default. Left open.
        token_provider: Provides the tokens in place of a session. The client then borrows them: methods
            for a signed-in user work, and methods that begin, continue or end a session raise
            `AuthTokenConfigException`. Excludes ``storage``.
        hub: Receives the session's events; one is made by default.
        user_context: Data about the end user for Cognito's threat protection.
        clock: Returns seconds since the epoch; by default ``config.clock``, else ``time.time``.
        http_client: An httpx client for the hosted UI; one is made by default. Left open.
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
        token_provider: TokenProvider | None = None,
        hub: Hub | None = None,
        user_context: UserContext | None = None,
        clock: Callable[[], float] | None = None,
        http_client: HttpClient | None = None,
        aws_session: AwsSession | None = None,
    ) -> None:
        check_config(config)
        if storage is not None and token_provider is not None:
            raise AuthConfigError(
                "excludes storage: the tokens come either from a session or from a provider",
                field="token_provider",
            )
        if token_provider is not None:
            check_object("token_provider", token_provider, ("get_tokens",), "ClientCredentials(config)")
        context = ServiceContext(
            config,
            storage=storage if storage is not None else MemoryStorage(clock=clocks.resolve(clock, config)),
            connections=Connections(config, aws_session=aws_session, http_client=http_client),
            hub=hub if hub is not None else Hub(),
            clock=clock,
            session_ttl=DEFAULT_SESSION_TTL,
            max_session_age=None,
            fixed_keys=True,
        )
        session = Session(context, session_key, device_token=IMPLICIT_DEVICE_TOKEN, user_context=user_context)
        self._open(session, token_provider, owned=context)
        self._hub: Hub | None = context.hub
        self._made_hub = hub is None

    def _open(
        self, session: Session, provider: TokenProvider | None, *, owned: ServiceContext | None
    ) -> None:
        self._session = session
        self._owned = owned
        self._borrows = provider is not None
        self._token_provider = provider if provider is not None else SessionTokenProvider(session)
        self._hub = None
        self._made_hub = False
        self._sign_up_password = auto_sign_in_plan.SignUpPassword()

    @classmethod
    def _of_manager(cls, session: Session) -> Self:
        """Make the client of one session of a `SessionManager`, which owns the service context."""
        client = cls.__new__(cls)
        client._open(session, None, owned=None)
        return client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} session_id={self.session_id!r}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Wait for work that must not stop halfway, then close what this client made."""
        if self._owned is not None:
            await self._owned.aclose()
        self._session.close()
        if self._made_hub and self._hub is not None:
            self._hub.end()

    @property
    def config(self) -> AuthConfig:
        """The configuration that the client was made with."""
        return self._session.context.config

    @property
    def hub(self) -> Hub:
        """The hub that receives this session's events only. Its listeners end with the client."""
        return self._hub if self._hub is not None else self._session.hub

    @property
    def token_provider(self) -> TokenProvider:
        """The provider of this client's tokens."""
        return self._token_provider

    @property
    def session_key(self) -> str:
        """The secret that opens this session. Never log it.

        The client of a `SessionManager` has a new key after each step of a sign-in, after a sign-up or its
        confirmation with ``auto_sign_in``, and after a change of password: set the cookie after these
        calls. The old key no longer works.
        """
        return self._session.key

    @property
    def session_id(self) -> str:
        """The hash of the session's key, which events and logs contain."""
        return self._session.session_id

    # Sign-up

    async def sign_up(
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

        Args:
            username: The username, email address or phone number, as the user pool is configured.
            password: The password; None if the user pool accepts users without one.
            user_attributes: Such as ``{"email": "ana@example.com"}``.
            validation_data: For the pre sign-up trigger only; it is not stored.
            auto_sign_in: Whether, or how, `auto_sign_in` signs the user in afterwards.
            client_metadata: For the user pool's triggers.

        Returns:
            Whether the account is complete, the new user's id, and what comes next.

        Raises:
            AuthValidationError: The username is missing, or the user pool requires a password; nothing was
                created.
            UsernameExistsException: The username is taken.
            InvalidPasswordException: The password violates the policy.
            InvalidParameterException: An attribute is missing or malformed.
        """
        options = _auto_sign_in_options(auto_sign_in)
        if options is not None:
            self._needs_own_session(new_key=True)
        attributes = arguments.strings(user_attributes, "user_attributes")
        with self._session.calls.under_way():
            response = await sign_up_flows.sign_up(
                self._pool(),
                arguments.text(username, "username", Code.EmptySignUpUsername),
                password and arguments.text(password, "password"),
                user_attributes=attributes,
                validation_data=arguments.strings(validation_data, "validation_data"),
                client_metadata=arguments.strings(client_metadata, "client_metadata"),
            )
            self._sign_up_password.forget()
            if options is not None:
                plan = auto_sign_in_plan.plan(self._session, username, options, response, attributes)
                await self._session.run(plan)
                self._sign_up_password.hold(username, password or None)
            elif not self._borrows:
                await auto_sign_in_plan.forget_plan(self._session)
        by_link = self.config.sign_up_verification_method == "link"
        return sign_up_flows.result(response, auto_sign_in=options is not None, by_link=by_link)

    async def confirm_sign_up(
        self,
        username: str,
        confirmation_code: str,
        *,
        force_alias_creation: bool | None = None,
        client_metadata: Metadata = None,
    ) -> SignUpResult:
        """Confirm an account with the code that was sent (``confirmSignUp``; ConfirmSignUp).

        Args:
            username: As given to `sign_up`, or another name of the same user. An automatic sign-in stays
                planned.
            confirmation_code: The code. Blanks and dashes between its digits are ignored.
            force_alias_creation: Whether to move an email address or phone number that is another
                account's alias to this account.
            client_metadata: For the user pool's triggers.

        Raises:
            AuthValidationError: An argument is missing.
            CodeMismatchException: The code is wrong.
            ExpiredCodeException: The code has expired: see `resend_sign_up_code`.
            AliasExistsException: The address belongs to another account.
        """
        name = arguments.text(username, "username", Code.EmptyConfirmSignUpUsername)
        code = arguments.one_time_code(confirmation_code, "confirmation_code", Code.EmptyConfirmSignUpCode)
        metadata = arguments.strings(client_metadata, "client_metadata")
        pool = self._pool()
        plan = None if self._borrows else await auto_sign_in_plan.load_plan(self._session, name)
        if plan is not None:
            self._session.calls.check_new_key()
        with self._session.calls.under_way():
            handle = await sign_up_flows.confirm_sign_up(
                pool,
                name,
                code,
                session=plan.session if plan is not None else None,
                force_alias_creation=force_alias_creation,
                client_metadata=metadata,
            )
            follows = not self._borrows and await self._session.run(
                auto_sign_in_plan.note_confirmation(self._session, name, handle)
            )
        if not follows:
            self._sign_up_password.forget()
        return SignUpResult(
            is_sign_up_complete=True, user_id=None, next_step=CompleteAutoSignIn() if follows else Done()
        )

    async def resend_sign_up_code(
        self, username: str, *, client_metadata: Metadata = None
    ) -> CodeDeliveryDetails:
        """Send another confirmation code (``resendSignUpCode``; ResendConfirmationCode).

        Args:
            username: As given to `sign_up`.
            client_metadata: For the user pool's triggers.

        Returns:
            The address that the code was sent to.

        Raises:
            AuthValidationError: The username is missing.
            LimitExceededException: Too many codes were requested.
            InvalidParameterException: The account is confirmed already.
        """
        return await self._pool().resend_confirmation_code(
            arguments.text(username, "username", Code.EmptySignUpUsername),
            client_metadata=arguments.strings(client_metadata, "client_metadata"),
        )

    async def auto_sign_in(self, *, password: str | None = None) -> SignInResult:
        """Sign in after a sign-up with ``auto_sign_in`` (``autoSignIn``; InitiateAuth).

        It is possible once, within three minutes. If the sign-up is confirmed by a link, this method waits
        until the link was opened. It can be cancelled and called again.

        Args:
            password: The password, if the flow takes one and another client signed up: passwords are never
                stored.

        Raises:
            AutoSignInException: No automatic sign-in is planned, the account was not confirmed in time, or
                it must be confirmed by a code first.
            AuthValidationError: The password is missing. The sign-in stays planned.
            UserAlreadyAuthenticatedException: The session is signed in already.
        """
        self._needs_own_session(new_key=True)
        result = await auto_sign_in_plan.complete(self._session, password, self._sign_up_password)
        self._sign_up_password.forget()
        return result

    # Sign-in

    async def sign_in(
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

        It replaces a pending sign-in of this session. If the user pool returns a challenge, the challenge
        is stored in the session, so that `confirm_sign_in` works in another process.

        Args:
            username: The username, or an alias of it.
            password: The password, if the flow takes one.
            auth_flow_type: ``USER_SRP_AUTH`` proves the password without sending it;
                ``USER_PASSWORD_AUTH`` sends it; ``USER_AUTH`` lets the user choose a first factor;
                ``CUSTOM_WITH_SRP`` and ``CUSTOM_WITHOUT_SRP`` run the user pool's own triggers.
            preferred_challenge: With ``USER_AUTH``: the first factor to begin with, such as
                ``EMAIL_OTP``; ``AuthConfig.passwordless`` may name a default.
            replace: Whether the session may be signed in already (step-up authentication). Its tokens
                stay in use until the new sign-in is complete, and are then revoked. False by default.
            client_metadata: For the user pool's triggers; goes with this call's requests.

        Returns:
            Whether the session is signed in, and the next step. If the account must be confirmed, or its
            password reset, that is a step and not an exception.

        Raises:
            AuthValidationError: An argument is missing or not valid; nothing was sent.
            UserAlreadyAuthenticatedException: The session is signed in already, and ``replace`` is False;
                nothing was sent.
            SignInException: Another sign-in of this session was answered first.
            NotAuthorizedException: The username or password is wrong, or the user is disabled.
            UserNotFoundException: The user does not exist, and the app client reveals that.
        """
        request = sign_in_request(
            auth_flow_type,
            username,
            password,
            preferred_challenge=preferred_challenge,
            passwordless=self.config.passwordless,
        )
        metadata = arguments.strings(client_metadata, "client_metadata")
        self._needs_own_session(new_key=True)
        self._sign_up_password.forget()
        work = session_sign_in.sign_in(self._session, request, metadata, replace=replace)
        return await self._session.run(work)

    async def confirm_sign_in(
        self,
        challenge_response: str | Mapping[str, Any],
        *,
        step: type[SignInStep] | str | None = None,
        user_attributes: Metadata = None,
        friendly_device_name: str | None = None,
        client_metadata: Metadata = None,
    ) -> SignInResult:
        """Answer the pending challenge of a sign-in (``confirmSignIn``; RespondToAuthChallenge).

        A refused answer leaves the sign-in pending, so that the user can correct a wrong code.

        Args:
            challenge_response: The code, the new password or another answer that the step takes. Blanks and
                dashes between the digits of a code are ignored.
            step: The step that this answers, as a class of `aiocognito.steps` or by name. If another
                step is pending, nothing is sent.
            user_attributes: With a new password: the required attributes that were missing.
            friendly_device_name: With the setup of an authenticator app: the name of the app.
            client_metadata: For the user pool's triggers; goes with this call's requests.

        Returns:
            Whether the session is signed in, and the next step.

        Raises:
            AuthValidationError: The answer is missing or not valid; nothing was sent.
            SignInException: No sign-in is pending, another step is pending, the sign-in has expired, or
                another answer is being sent.
            CodeMismatchException: The code is wrong.
            ExpiredCodeException: The code was used before.
            NotAuthorizedException: Cognito's session has expired or ended: begin again.
        """
        if not challenge_response:
            raise AuthValidationError(Code.EmptyChallengeResponse)
        if not isinstance(challenge_response, str | Mapping):
            raise AuthValidationError(Code.InvalidArgument, "challenge_response: must be text or a mapping")
        answer = ChallengeResponse(
            challenge_response,
            user_attributes=arguments.strings(user_attributes, "user_attributes"),
            friendly_device_name=friendly_device_name,
        )
        metadata = arguments.strings(client_metadata, "client_metadata")
        self._needs_own_session(new_key=True)
        work = session_sign_in.confirm_sign_in(self._session, answer, step, metadata)
        return await self._session.run(work)

    async def get_sign_in_step(self) -> SignInStep | None:
        """Return the pending step, such as after a page was reloaded.

        Returns:
            The step as the last call returned it, except a TOTP secret, which is never stored. None if
            no sign-in is pending, or it has expired.
        """
        self._needs_own_session()
        pending = (await self._session.load()).record.pending
        if pending is None or not pending.is_open(self._session.context.clock()):
            return None
        return step_of(pending.challenge)

    async def renew_totp_setup(self) -> TotpSetupDetails:
        """Fetch a new secret for the authenticator app that a sign-in asks to set up.

        The secret of `steps.ContinueSignInWithTotpSetup` is returned once and never stored. After a page
        was reloaded, or in another process, this method fetches a new secret. The old one becomes invalid
        (Cognito: AssociateSoftwareToken).

        Returns:
            The secret, and the URI that apps read. Pass the app's first code to `confirm_sign_in`.

        Raises:
            SignInException: No sign-in is pending, another step is pending, or an answer is being sent.
            NotAuthorizedException: Cognito's session has expired or ended: begin again.
            SetUpTOTPException: Cognito returned no secret.
        """
        self._needs_own_session(new_key=True)
        result = await self._session.run(session_sign_in.renew_totp_setup(self._session))
        details = getattr(result.next_step, "totp_setup_details", None)
        if not isinstance(details, TotpSetupDetails):
            raise SetUpTOTPException("Cognito returned no secret for the authenticator app")
        return details

    async def sign_in_with_redirect(
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

        State and PKCE verifier are stored in the session for ten minutes. Up to five requests may be
        pending, as browsers have tabs; then the oldest is dropped. A completed sign-in drops all.

        Args:
            provider: ``Amazon``, ``Apple``, ``Facebook``, ``Google``, or another provider of the user
                pool: as ``{"custom": name}``, which is sent as it is, or by its name alone, which must be
                one of ``OAuthConfig.providers`` if any are listed there.
                ``{"idp_identifier": identifier}`` selects one by its identifier, such as a domain. None
                lets the user choose.
            custom_state: Returned with the result, such as the page to show after the sign-in.
            redirect_uri: The URL that the browser comes back to: exactly one of
                ``OAuthConfig.redirect_sign_in``; the first by default.
            prompt: ``NONE``, ``LOGIN``, ``CONSENT`` or ``SELECT_ACCOUNT``. With one, the session
                may be signed in already.
            login_hint: The username that the page shows first.
            lang: The language of the pages, such as ``de``.
            nonce: The nonce that the id token must contain; True makes one.
            replace: Whether the session may be signed in already (step-up authentication). Its tokens
                stay in use until the new sign-in is complete, and are then revoked. False by default.

        Returns:
            The URL to send the browser to, and its state.

        Raises:
            AuthValidationError: An argument is not valid.
            AuthUserPoolException: No user pool is configured.
            OAuthNotConfigureException: No hosted UI is configured, or the implicit flow is, which returns
                tokens to browsers only.
            InvalidPreferredRedirectUrlException: The redirect URL is not one of the configured ones.
            UserAlreadyAuthenticatedException: The session is signed in already, and neither ``replace`` nor
                ``prompt`` is given.
        """
        self._needs_own_session()
        self._session.calls.check_stored_key()
        self._pool()
        request = redirect_flows.authorization_request(
            self._session.context.connections.hosted_ui(),
            self.config,
            provider=provider,
            custom_state=custom_state,
            redirect_uri=redirect_uri,
            prompt=prompt,
            login_hint=login_hint,
            lang=lang,
            nonce=nonce,
        )
        if prompt is None and not replace:
            await session_sign_in.refuse_if_signed_in(self._session)
        await hosted_ui_sign_in.store_request(self._session, request)
        return RedirectRequest(request.url, request.state)

    async def complete_sign_in_with_redirect(self, callback_url: str) -> SignInResult:
        """Complete a sign-in on the hosted UI, when the browser has come back (the token endpoint).

        The state is used up before the code is exchanged, so that a callback works once. The id token's
        signature, issuer, audience and nonce are verified before anything is stored.

        Args:
            callback_url: The URL that the browser came back to. Only its query is read.

        Returns:
            A complete sign-in, with the custom state.

        Raises:
            OAuthStateMismatchException: This session did not send the state, or the state was used before
                or is older than ten minutes.
            OAuthSignInException: The hosted UI or the provider refused, or the user cancelled;
                ``error`` and ``error_description`` are those of the callback.
            TokenVerificationError: The id token is not valid.
            JwksUnavailableError: The keys that verify the id token could not be fetched. The code was not
                used yet: the browser may load the same URL again a few seconds later.
            NetworkError: The hosted UI did not answer.
            UnexpectedSignInInterruptionException: The session was signed out, or in, meanwhile.
        """
        self._needs_own_session(new_key=True)
        self._pool()
        hosted_ui = self._session.context.connections.hosted_ui()
        callback = redirect_flows.read_callback(callback_url)
        return await self._session.run(hosted_ui_sign_in.complete(self._session, hosted_ui, callback))

    async def sign_out(
        self, *, global_sign_out: bool = False, others: bool = False, redirect_uri: str | None = None
    ) -> SignOutResult:
        """Sign out (``signOut``; RevokeToken, or GlobalSignOut).

        The local session is deleted even if Cognito refuses or cannot be reached. Services that verify
        tokens offline accept the access and id tokens until they expire.

        Args:
            global_sign_out: Whether to sign the user out on all devices. Expired tokens are renewed first.
                The client of a `SessionManager` ends all sessions of the user. If Cognito refuses, the
                tokens of these sessions are revoked, and those of other applications are not.
            others: Whether to end the user's other sessions instead, which `list_sessions` lists
                (RevokeUserSession). This session continues. The client of a `SessionManager` ends the other
                sessions of the user in the storage as well. Excludes the other arguments.
            redirect_uri: The URL that the browser comes back to from the hosted UI's own sign-out:
                exactly one of ``OAuthConfig.redirect_sign_out``. The first by default, if the user
                signed in on the hosted UI.

        Returns:
            Whether Cognito revoked the tokens, and the error if not; and the URL that ends the hosted UI's
            own session. If ``redirect_uri`` is not one of the configured URLs, the result has no URL, and
            ``error`` is an `InvalidPreferredRedirectUrlException`, unless Cognito refused.

        Raises:
            AuthValidationError: ``others`` was combined with another argument.
            ServiceError: With ``others``: the service does not have user sessions, or the user pool does not
                track them; nothing was done.
            UserUnAuthenticatedException: With ``others``: no user is signed in.
            StorageError: A session could not be deleted. Call this again.
        """
        self._needs_own_session()
        if others:
            if global_sign_out or redirect_uri is not None:
                raise AuthValidationError(
                    Code.InvalidArgument, "others: excludes global_sign_out and redirect_uri"
                )
            user = await self._authenticated_user()
            return await self._session.run(sign_out.sign_out_others(self._session, user))
        work = sign_out.sign_out(self._session, everywhere=global_sign_out, redirect_uri=redirect_uri)
        return await self._session.run(work)

    # The session

    @overload
    async def fetch_auth_session(
        self,
        *,
        force_refresh: bool = False,
        credentials: Literal[False],
        client_metadata: Metadata = None,
    ) -> AuthSession[None]: ...

    @overload
    async def fetch_auth_session(
        self,
        *,
        force_refresh: bool = False,
        credentials: bool = True,
        client_metadata: Metadata = None,
    ) -> AuthSession: ...

    async def fetch_auth_session(
        self,
        *,
        force_refresh: bool = False,
        credentials: bool = True,
        client_metadata: Metadata = None,
    ) -> AuthSession:
        """Return the session's tokens and AWS credentials (``fetchAuthSession``).

        Cognito: GetTokensFromRefreshToken, GetId, GetCredentialsForIdentity. Credentials are stored
        in the session, and fetched again when they expire or the id token changes. A guest's identity
        becomes the identity of the user who signs in.

        Args:
            force_refresh: Whether to renew tokens and credentials that have not expired.
            credentials: Whether to fetch AWS credentials, if an identity pool is configured.
            client_metadata: For the user pool's triggers, if tokens are renewed.

        Returns:
            Tokens and credentials. If no user is signed in, no tokens, and a guest's credentials if the
            configuration allows guests.

        Raises:
            UserUnAuthenticatedException: Credentials were requested, and the session has no id token.
            CredentialsException: The identity pool returned no complete credentials for a user;
                CredentialsNotFoundException for a guest.
            TokenRefreshException: The tokens expired and the session has no refresh token.
            ServiceError: Cognito refused to renew them, or the identity pool refused.
            NetworkError: One of them could not be reached; the session is kept.
        """
        metadata = arguments.strings(client_metadata, "client_metadata")
        self._session.context.check_loop()
        tokens = await self._token_provider.get_tokens(force_refresh=force_refresh, client_metadata=metadata)
        found = None
        if credentials:
            tokens, found = await self._credentials_for(tokens, force=force_refresh, metadata=metadata)
        aws_credentials, identity_id = found or (None, None)
        return AuthSession(
            tokens=tokens,
            credentials=aws_credentials,
            identity_id=identity_id,
            user_sub=None if tokens is None else tokens.access_token.payload.get("sub"),
        )

    async def _credentials_for(
        self, tokens: AuthTokens | None, *, force: bool, metadata: Metadata
    ) -> tuple[AuthTokens | None, SessionCredentials | None]:
        """Return credentials and the tokens that they were issued for."""
        try:
            return tokens, await fetch_credentials(self._session, tokens, force=force, borrowed=self._borrows)
        except ServiceError as error:
            if tokens is None or subject_of(error) is not RefusalSubject.ID_TOKEN_EXPIRED:
                raise
        # The id token has expired by the identity pool's clock, and not by ours: renew it once.
        tokens = await self._token_provider.get_tokens(force_refresh=True, client_metadata=metadata)
        return tokens, await fetch_credentials(self._session, tokens, force=force, borrowed=self._borrows)

    async def access_token(self) -> str:
        """Return an access token that has not expired, for the header ``Authorization: Bearer``.

        It is renewed first if necessary (GetTokensFromRefreshToken).

        Raises:
            UserUnAuthenticatedException: No user is signed in.
            NetworkError: Cognito could not be reached; the session is kept.
        """
        return (await self._tokens()).access_token.token

    async def id_token(self) -> str:
        """Return an id token that has not expired. It is renewed if necessary (GetTokensFromRefreshToken).

        Raises:
            UserUnAuthenticatedException: No user is signed in, or the session has no id token: the
                hosted UI issues one for the scope ``openid``.
            NetworkError: Cognito could not be reached; the session is kept.
        """
        token = (await self._tokens()).id_token
        if token is None:
            raise UserUnAuthenticatedException(
                "the session has no id token",
                recovery_suggestion='Add "openid" to OAuthConfig.scopes, and sign in again.',
            )
        return token.token

    async def get_current_user(self) -> AuthUser:
        """Return the signed-in user (``getCurrentUser``). Sends no request unless the tokens have expired.

        Raises:
            UserUnAuthenticatedException: No user is signed in.
        """
        return current_user(await self._tokens())

    async def list_sessions(self) -> list[UserSession]:
        """Return the user's sessions at Cognito, of all app clients (ListUserSessions).

        The user pool must track sessions (``UserSessionTracking``). A new session appears after a few
        seconds. `SessionManager.list_user` lists the sessions of your service, in any user pool.

        Returns:
            The sessions of all pages.

        Raises:
            UserUnAuthenticatedException: No user is signed in.
            OperationNotEnabledException: The user pool does not track sessions.
            ListUserSessionsException: Cognito refused, or the service does not have user sessions.
        """
        return await (await self._authenticated_user()).list_user_sessions()

    async def revoke_session(self, session_id: str) -> None:
        """End one of the user's other sessions at Cognito (RevokeUserSession).

        Its tokens are revoked. A session of your service that has these tokens ends when it renews them.

        Args:
            session_id: The ``id`` from `list_sessions`. Cognito refuses that of the present session.

        Raises:
            AuthValidationError: The id is missing.
            UserUnAuthenticatedException: No user is signed in.
            ResourceNotFoundException: The session does not exist.
            OperationNotEnabledException: The user pool does not track sessions.
            RevokeUserSessionException: Cognito refused, or the service does not have user sessions.
        """
        session_id = arguments.text(session_id, "session_id")
        await (await self._authenticated_user()).revoke_user_session(session_id)

    async def rotate_session_key(self) -> str:
        """Move the session under a new random key. The old key no longer works.

        A sign-in and a change of password do this by themselves. Pending redirects move along.

        Returns:
            The new key, for the browser's cookie. It is a secret.

        Raises:
            SignInException: The session was moved by another request meanwhile.
            SessionBusyError: Another process has not finished renewing the session's tokens.
            StorageError: The storage failed; the old key still opens the session.
        """
        self._needs_own_session(new_key=True)
        await self._session.run(rotate_key(self._session))
        return self._session.key

    # The account

    async def reset_password(self, username: str, *, client_metadata: Metadata = None) -> ResetPasswordResult:
        """Send a code to reset a forgotten password (``resetPassword``; ForgotPassword).

        Args:
            username: The username, or an alias of it.
            client_metadata: For the user pool's triggers.

        Returns:
            The address that the code was sent to, in ``next_step``.

        Raises:
            AuthValidationError: The username is missing.
            InvalidParameterException: The user has no verified address to send a code to.
            NotAuthorizedException: The user is disabled, or never signed in.
            LimitExceededException: Too many codes were requested.
            UserNotFoundException: The user does not exist, and the app client reveals that.
        """
        return await account_flows.reset_password(
            self._pool(),
            arguments.text(username, "username", Code.EmptyResetPasswordUsername),
            client_metadata=arguments.strings(client_metadata, "client_metadata"),
        )

    async def confirm_reset_password(
        self,
        username: str,
        new_password: str,
        confirmation_code: str,
        *,
        client_metadata: Metadata = None,
    ) -> None:
        """Set a new password with the code (``confirmResetPassword``; ConfirmForgotPassword).

        The client of a `SessionManager` then ends the other sessions of the user that the name leads to: the
        user whose username it is, or who has signed in with it. The letter case does not matter, unless
        usernames of two users differ by it alone. If the name leads to no user, no session is ended.

        Args:
            username: As given to `reset_password`.
            new_password: The new password.
            confirmation_code: The code; blanks and dashes between its digits are ignored.
            client_metadata: For the user pool's triggers.

        Raises:
            AuthValidationError: An argument is missing.
            CodeMismatchException: The code is wrong.
            ExpiredCodeException: The code has expired, or was used before.
            InvalidPasswordException: The password violates the policy.
            PasswordHistoryPolicyViolationException: The password was used before.
            LimitExceededException: Too many attempts.
            StorageError: The password is set, and a session could not be ended. It is ended in the
                background once the storage works again.
        """
        work = session_account.confirm_reset_password(
            self._session,
            self._pool(),
            arguments.text(username, "username", Code.EmptyConfirmResetPasswordUsername),
            arguments.text(new_password, "new_password", Code.EmptyConfirmResetPasswordNewPassword),
            arguments.one_time_code(
                confirmation_code, "confirmation_code", Code.EmptyConfirmResetPasswordConfirmationCode
            ),
            client_metadata=arguments.strings(client_metadata, "client_metadata"),
        )
        await self._session.run(work)

    async def update_password(self, old_password: str, new_password: str) -> None:
        """Change the signed-in user's password (``updatePassword``; ChangePassword).

        This session continues under a new key. The user's other sessions do not change: see
        `SessionManager.end_user`.

        Args:
            old_password: The current password.
            new_password: The new password.

        Raises:
            AuthValidationError: A password is missing.
            UserUnAuthenticatedException: No user is signed in.
            NotAuthorizedException: The old password is wrong.
            InvalidPasswordException: The new password violates the policy.
            PasswordHistoryPolicyViolationException: The new password was used before.
            LimitExceededException: Too many attempts.
            SignInException: The password is changed, and another request has moved the session meanwhile.
            StorageError: The password is changed, and the storage failed; the old key still works.
        """
        old = arguments.text(old_password, "old_password", Code.EmptyUpdatePassword)
        new = arguments.text(new_password, "new_password", Code.EmptyUpdatePassword)
        if not self._borrows:
            self._session.calls.check_new_key()
        user = await self._authenticated_user()
        await self._session.run(
            session_account.change_password(self._session, user, old, new, rekeys=not self._borrows)
        )

    async def fetch_user_attributes(self) -> dict[str, str]:
        """Return the signed-in user's attributes (``fetchUserAttributes``; GetUser).

        Raises:
            UserUnAuthenticatedException: No user is signed in.
            NotAuthorizedException: Cognito no longer accepts the access token.
        """
        response = await (await self._authenticated_user()).get_user()
        return attributes_of(response.get("UserAttributes") or ())

    async def update_user_attributes(
        self, user_attributes: Mapping[AttributeKey, str], *, client_metadata: Metadata = None
    ) -> dict[str, UpdateAttributeResult]:
        """Change attributes (``updateUserAttributes``; UpdateUserAttributes).

        Args:
            user_attributes: Such as ``{"email": "ana@example.com", "custom:team": "blue"}``; an empty
                string removes the attribute.
            client_metadata: For the user pool's triggers.

        Returns:
            For each attribute, whether it was updated, or waits for the code that was sent.

        Raises:
            AuthValidationError: A value is not text; nothing was sent.
            UserUnAuthenticatedException: No user is signed in.
            AliasExistsException: The address belongs to another account.
            InvalidParameterException: The attribute does not exist, or cannot be changed.
            NotAuthorizedException: The app client may not write the attribute.
        """
        attributes = arguments.some_strings(user_attributes, "user_attributes")
        metadata = arguments.strings(client_metadata, "client_metadata")
        user = await self._authenticated_user()
        return await account_flows.update_user_attributes(user, attributes, client_metadata=metadata)

    async def update_user_attribute(
        self, attribute_key: AttributeKey, value: str, *, client_metadata: Metadata = None
    ) -> UpdateAttributeResult:
        """Change one attribute (``updateUserAttribute``; UpdateUserAttributes).

        Args:
            attribute_key: The attribute's name.
            value: The new value; an empty string removes the attribute.
            client_metadata: For the user pool's triggers.

        Raises:
            AuthError: As `update_user_attributes`.
        """
        name = arguments.text(attribute_key, "attribute_key")
        results = await self.update_user_attributes({name: value}, client_metadata=client_metadata)
        return results[name]

    async def send_user_attribute_verification_code(
        self, user_attribute_key: VerifiableAttributeKey, *, client_metadata: Metadata = None
    ) -> CodeDeliveryDetails:
        """Send a code to verify the user's email address or phone number.

        Amplify: ``sendUserAttributeVerificationCode``; Cognito: GetUserAttributeVerificationCode.

        Args:
            user_attribute_key: ``email`` or ``phone_number``.
            client_metadata: For the user pool's triggers.

        Returns:
            The address that the code was sent to.

        Raises:
            AuthValidationError: The name is missing.
            UserUnAuthenticatedException: No user is signed in.
            LimitExceededException: Too many codes were requested.
        """
        name = arguments.text(user_attribute_key, "user_attribute_key")
        metadata = arguments.strings(client_metadata, "client_metadata")
        user = await self._authenticated_user()
        return await user.get_user_attribute_verification_code(name, client_metadata=metadata)

    async def confirm_user_attribute(
        self, user_attribute_key: VerifiableAttributeKey, confirmation_code: str
    ) -> None:
        """Confirm an address or number with its code (``confirmUserAttribute``; VerifyUserAttribute).

        Args:
            user_attribute_key: ``email`` or ``phone_number``.
            confirmation_code: The code; blanks and dashes between its digits are ignored.

        Raises:
            AuthValidationError: An argument is missing.
            UserUnAuthenticatedException: No user is signed in.
            CodeMismatchException: The code is wrong.
            ExpiredCodeException: The code has expired, or was used before.
            AliasExistsException: The address belongs to another account.
        """
        name = arguments.text(user_attribute_key, "user_attribute_key")
        code = arguments.one_time_code(
            confirmation_code, "confirmation_code", Code.EmptyConfirmUserAttributeCode
        )
        await (await self._authenticated_user()).verify_user_attribute(name, code)

    async def delete_user_attributes(self, user_attribute_keys: Collection[AttributeKey]) -> None:
        """Remove attributes (``deleteUserAttributes``; DeleteUserAttributes).

        Args:
            user_attribute_keys: The attributes' names; at least one.

        Raises:
            AuthValidationError: No name is given, or a name is not text.
            UserUnAuthenticatedException: No user is signed in.
            InvalidParameterException: An attribute does not exist, or is required.
        """
        names = arguments.some_names(user_attribute_keys, "user_attribute_keys")
        await (await self._authenticated_user()).delete_user_attributes(names)

    async def delete_user(self) -> None:
        """Delete the signed-in user's account and this session (``deleteUser``; DeleteUser).

        The account's other sessions end as well.

        Raises:
            UserUnAuthenticatedException: No user is signed in.
            StorageError: The account is deleted, and a session could not be deleted.
        """
        self._needs_own_session()
        user = await self._authenticated_user()
        await self._session.run(session_account.delete_user(self._session, user))

    # Second factors

    async def fetch_mfa_preference(self) -> MfaPreference:
        """Return the second factors that the user has turned on (``fetchMFAPreference``; GetUser).

        Raises:
            UserUnAuthenticatedException: No user is signed in.
        """
        return await account_flows.fetch_mfa_preference(await self._authenticated_user())

    async def fetch_auth_factors(self) -> list[str]:
        """Return the factors that the user can sign in with (GetUserAuthFactors).

        Returns:
            ``PASSWORD``, ``EMAIL_OTP``, ``SMS_OTP``, ``WEB_AUTHN`` and ``SOFTWARE_TOKEN``, as far as they
            are configured. ``PASSWORD`` is a first factor only, ``SOFTWARE_TOKEN`` a second factor only.

        Raises:
            UserUnAuthenticatedException: No user is signed in.
            GetUserAuthFactorsException: Cognito refused, or the service does not have the operation.
        """
        return await (await self._authenticated_user()).get_user_auth_factors()

    async def update_mfa_preference(
        self,
        *,
        sms: MfaSetting | None = None,
        totp: MfaSetting | None = None,
        email: MfaSetting | None = None,
        webauthn: PasskeySetting | None = None,
    ) -> None:
        """Turn second factors on and off (``updateMFAPreference``; SetUserMFAPreference).

        Args:
            sms: ``ENABLED``, ``DISABLED``, ``PREFERRED`` or ``NOT_PREFERRED``; None leaves it as it is.
            totp: The same for an authenticator app.
            email: The same for e-mail.
            webauthn: ``ENABLED`` lets a passkey with user verification count as two factors; another
                second factor must be on, and the user pool must allow it (``FactorConfiguration``).
                ``DISABLED`` turns that off. A passkey cannot be the preferred second factor.

        Raises:
            AuthValidationError: A value is not one of those.
            UserUnAuthenticatedException: No user is signed in.
            InvalidParameterException: A factor is not set up, two are preferred, or passkeys cannot count as
                two factors: the user pool does not allow it, or another second factor is not on.
        """
        for name, setting in (("sms", sms), ("totp", totp), ("email", email)):
            arguments.one_of(setting, name, MFA_SETTINGS)
        arguments.one_of(webauthn, "webauthn", PASSKEY_SETTINGS)
        await account_flows.update_mfa_preference(
            await self._authenticated_user(), sms=sms, totp=totp, email=email, webauthn=webauthn
        )

    async def set_up_totp(self) -> TotpSetupDetails:
        """Fetch a secret to set up an authenticator app (``setUpTOTP``; AssociateSoftwareToken).

        Returns:
            The secret, and the URI that apps read.

        Raises:
            UserUnAuthenticatedException: No user is signed in.
            SetUpTOTPException: Cognito returned no secret.
            SoftwareTokenMFANotFoundException: The user pool does not allow authenticator apps.
        """
        user = await self._authenticated_user()
        return await account_flows.set_up_totp(user, (await self.get_current_user()).username)

    async def verify_totp_setup(self, code: str, *, friendly_device_name: str | None = None) -> None:
        """Register an authenticator app with its first code (``verifyTOTPSetup``; VerifySoftwareToken).

        Turn it on as a second factor with `update_mfa_preference`.

        Args:
            code: The six digits that the app shows; blanks and dashes between them are ignored.
            friendly_device_name: The name of the app.

        Raises:
            AuthValidationError: The code is missing.
            UserUnAuthenticatedException: No user is signed in.
            EnableSoftwareTokenMFAException: The code is wrong.
            SetUpTOTPException: Cognito did not register the app, and returned no reason.
        """
        code = arguments.one_time_code(code, "code", Code.EmptyVerifyTOTPSetupCode)
        user = await self._authenticated_user()
        await user.verify_software_token(code, friendly_device_name=friendly_device_name)

    # Devices

    async def fetch_devices(self) -> list[Device]:
        """Return the devices that Cognito tracks for the user (``fetchDevices``; ListDevices).

        Returns:
            The devices of all pages, remembered or not.

        Raises:
            UserUnAuthenticatedException: No user is signed in.
        """
        return await (await self._authenticated_user()).list_devices()

    async def remember_device(self) -> None:
        """Remember this browser, so that it replaces the second factor.

        Amplify: ``rememberDevice``; Cognito: UpdateDeviceStatus. Not needed if the user pool remembers
        every device.

        Raises:
            UserUnAuthenticatedException: No user is signed in.
            DeviceMetadataNotFoundException: This browser is not remembered as the session's device: the
                client has no device token, or the device is not confirmed yet.
        """
        self._needs_own_session()
        user = await self._authenticated_user()
        await session_account.remember_device(self._session, user)

    async def forget_device(self, device_id: str | None = None) -> None:
        """Forget a device (``forgetDevice``; ForgetDevice). The tokens issued to it cannot be renewed.

        Args:
            device_id: The id from `fetch_devices`; None for this browser.

        Raises:
            UserUnAuthenticatedException: No user is signed in.
            DeviceMetadataNotFoundException: This browser is not remembered as the session's device: the
                client has no device token, or the device is not confirmed yet.
            ResourceNotFoundException: The device does not exist.
        """
        self._needs_own_session()
        user = await self._authenticated_user()
        key = device_id and arguments.text(device_id, "device_id")
        await self._session.run(session_account.forget_device(self._session, user, key or None))

    # Passkeys

    async def start_web_authn_registration(self) -> dict[str, Any]:
        """Return the options to register a passkey (StartWebAuthnRegistration).

        Returns:
            The options for the browser's ``navigator.credentials.create``, serializable as JSON.

        Raises:
            UserUnAuthenticatedException: No user is signed in.
            InvalidPasskeyRegistrationOptions: Cognito's options lack a member.
            WebAuthnNotEnabledException: The user pool does not allow passkeys.
        """
        return await passkey_flows.start_registration(await self._authenticated_user())

    async def complete_web_authn_registration(self, credential: Mapping[str, Any] | str) -> None:
        """Register the passkey that the browser made (CompleteWebAuthnRegistration).

        Args:
            credential: The browser's RegistrationResponseJSON, as a mapping or as JSON text.

        Raises:
            AuthValidationError: The credential is neither; nothing was sent.
            UserUnAuthenticatedException: No user is signed in.
            WebAuthnChallengeNotFoundException: The registration was not begun, or took too long.
            WebAuthnOriginNotAllowedException: The page has an origin that is not allowed.
        """
        checked = passkey_flows.check_credential(credential)
        await (await self._authenticated_user()).complete_web_authn_registration(checked)

    async def associate_web_authn_credential(
        self, ceremony: Callable[[dict[str, Any]], Awaitable[Mapping[str, Any] | str]]
    ) -> None:
        """Register a passkey with one call (``associateWebAuthnCredential``).

        Args:
            ceremony: Takes the options, has a browser create the credential, and returns it.

        Raises:
            AuthError: As `start_web_authn_registration` and `complete_web_authn_registration`.
        """
        options = await self.start_web_authn_registration()
        await self.complete_web_authn_registration(await ceremony(options))

    async def list_web_authn_credentials(self) -> list[WebAuthnCredential]:
        """Return the user's passkeys (``listWebAuthnCredentials``; ListWebAuthnCredentials).

        Returns:
            The passkeys of all pages.

        Raises:
            UserUnAuthenticatedException: No user is signed in.
        """
        return await (await self._authenticated_user()).list_web_authn_credentials()

    async def delete_web_authn_credential(self, credential_id: str) -> None:
        """Delete a passkey (``deleteWebAuthnCredential``; DeleteWebAuthnCredential).

        Args:
            credential_id: The id from `list_web_authn_credentials`.

        Raises:
            AuthValidationError: The id is missing.
            UserUnAuthenticatedException: No user is signed in.
            ResourceNotFoundException: The passkey does not exist.
        """
        credential_id = arguments.text(credential_id, "credential_id")
        await (await self._authenticated_user()).delete_web_authn_credential(credential_id)

    # Private helpers

    async def _tokens(self, *, force_refresh: bool = False) -> AuthTokens:
        tokens = await self._token_provider.get_tokens(force_refresh=force_refresh)
        if tokens is None:
            raise UserUnAuthenticatedException("no user is signed in")
        return tokens

    async def _authenticated_user(self) -> AuthenticatedUser:
        pool = self._pool()
        access_token = (await self._tokens()).access_token.token
        return pool.authenticated_user(access_token, renewed=self._renewed_access_token)

    async def _renewed_access_token(self) -> str:
        return (await self._tokens(force_refresh=True)).access_token.token

    def _pool(self) -> UserPool:
        self._session.context.check_loop()
        return self._session.pool

    def _needs_own_session(self, *, new_key: bool = False) -> None:
        self._session.context.check_loop()
        if self._borrows:
            raise AuthTokenConfigException(
                "this client borrows its tokens from a token provider and has no session of its own"
            )
        if new_key:
            self._session.calls.check_new_key()


def _auto_sign_in_options(value: bool | AutoSignInOptions) -> AutoSignInOptions | None:
    """Check the options before the account is created."""
    if isinstance(value, AutoSignInOptions):
        name = arguments.text(value.auth_flow_type, "auto_sign_in.auth_flow_type")
        arguments.one_of(name, "auto_sign_in.auth_flow_type", AUTH_FLOW_TYPES)
        return evolve(
            value,
            preferred_challenge=value.preferred_challenge
            and arguments.text(value.preferred_challenge, "auto_sign_in.preferred_challenge"),
            client_metadata=arguments.strings(value.client_metadata, "auto_sign_in.client_metadata"),
        )
    if not isinstance(value, bool):
        raise AuthValidationError(Code.InvalidArgument, "auto_sign_in: must be a bool or AutoSignInOptions")
    return AutoSignInOptions() if value else None
