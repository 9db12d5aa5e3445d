"""The session manager: many users in one process share connections, and their sessions never mix."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from . import _arguments as arguments
from ._client import AuthClient
from ._config import AuthConfig, check_config
from ._config_checks import positive_seconds
from ._gateways.clients import AwsSession, HttpClient
from ._gateways.connections import Connections
from ._hub import Hub
from ._models import AuthUser, SessionInfo, UserContext
from ._public import public
from ._session import adoption, keys, sign_out, user_sessions
from ._session.context import ServiceContext
from ._session.session import Session
from .errors import AuthValidationError, AuthValidationErrorCode
from .storage import Storage


@public("aiocognito")
class SessionManager:
    """Manages the sessions of all users of a service. Make one per service, for as long as it runs.

    It has no sign-in methods, so that a session cannot be shared by accident: get a client per request
    from it. ``async with SessionManager(config, storage=...) as sessions: ...``

    Args:
        config: The user pool, and how to call it.
        storage: The storage of the sessions. Left open.
        fixed_keys: Whether sessions keep their keys, which may have any form. Only for keys that an
            attacker cannot set for another user, such as the id of a chat. By default every step of a
            sign-in moves the session under a fresh key (see `AuthClient.session_key`).
        hub: Receives the events of all sessions; one is made by default.
        session_ttl: How long a session lives after its last use; extended at most once a day.
        max_session_age: How long a session lives at most; None for no limit.
        clock: Returns seconds since the epoch; by default ``config.clock``, else ``time.time``.
        http_client: An httpx client for the hosted UI; one is made by default. Left open.
        aws_session: An aiobotocore session; one is made by default.

    Raises:
        AuthConfigError: A lifetime is not positive, or an argument is not such an object: a class in place of
            a storage, or a blocking HTTP client.
    """

    def __init__(
        self,
        config: AuthConfig,
        *,
        storage: Storage,
        fixed_keys: bool = False,
        hub: Hub | None = None,
        session_ttl: timedelta = timedelta(days=30),
        max_session_age: timedelta | None = None,
        clock: Callable[[], float] | None = None,
        http_client: HttpClient | None = None,
        aws_session: AwsSession | None = None,
    ) -> None:
        check_config(config)
        self._made_hub = hub is None
        self._context = ServiceContext(
            config,
            storage=storage,
            connections=Connections(config, aws_session=aws_session, http_client=http_client),
            hub=hub if hub is not None else Hub(),
            clock=clock,
            session_ttl=positive_seconds("session_ttl", session_ttl),
            max_session_age=None
            if max_session_age is None
            else positive_seconds("max_session_age", max_session_age),
            fixed_keys=fixed_keys,
            is_indexed=True,
            class_name="SessionManager",
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    if not TYPE_CHECKING:
        # Hidden from type checkers, which would accept every name.
        def __getattr__(self, name: str) -> object:
            """Raise an error that names the client, if the method is one of a client's."""
            raise no_attribute(self, name)

    async def aclose(self) -> None:
        """Wait for running refreshes, then close the connections."""
        await self._context.aclose()
        if self._made_hub:
            self._context.hub.end()

    @property
    def config(self) -> AuthConfig:
        """The configuration that the manager was made with."""
        return self._context.config

    @property
    def hub(self) -> Hub:
        """The hub that receives the events of all sessions; see ``event.session_id``."""
        return self._context.hub

    def client(
        self,
        session_key: str,
        *,
        device_token: str | None = None,
        user_context: UserContext | None = None,
    ) -> AuthClient:
        """Return the client of one session. It does no I/O and has no connection of its own.

        Args:
            session_key: The secret from the browser's cookie, made by `new_session_key`; with
                ``fixed_keys``, any text of 1 to 512 characters.
            device_token: The secret from the browser's longer-lived device cookie, if it has one.
            user_context: Data about the end user for Cognito's threat protection.

        Raises:
            AuthValidationError: A key does not have that form, or ``user_context`` is not a `UserContext`.
        """
        if device_token is not None:
            keys.check_key(device_token, "device_token")
        session = Session(
            self._context, self._checked(session_key), device_token=device_token, user_context=user_context
        )
        return AuthClient._of_manager(session)

    def _checked(self, session_key: str) -> str:
        if not self._context.fixed_keys and not keys.is_secret(keys.check_key(session_key, "session_key")):
            raise AuthValidationError(
                AuthValidationErrorCode.InvalidArgument,
                "session_key: must have the form of new_session_key(); SessionManager(…, fixed_keys=True)"
                " accepts keys of any form and never changes them",
            )
        return session_key

    def is_session_key(self, text: object) -> bool:
        """Return whether a text, such as a cookie's, has the form of a session key.

        A cookie of another form was not set by this service.

        Args:
            text: The text.
        """
        return keys.is_secret(text)

    def new_session_key(self) -> str:
        """Return a new session key of 256 random bits."""
        return keys.new_secret()

    def new_device_token(self) -> str:
        """Return a new device token of 256 random bits."""
        return keys.new_secret()

    async def end(self, session_key: str) -> None:
        """Delete a session and revoke its tokens.

        Args:
            session_key: The secret of the session.

        Raises:
            AuthValidationError: The key does not have the form of `new_session_key`.
            StorageError: The session could not be deleted.
        """
        self._context.check_loop()
        session = Session(self._context, self._checked(session_key))
        await self._context.run(sign_out.sign_out(session, everywhere=False))

    async def adopt(self, session_key: str, *, refresh_token: str, device_key: str | None = None) -> AuthUser:
        """Make a session from a refresh token that another system holds (GetTokensFromRefreshToken).

        Users that another system has signed in, such as one with Amplify or pycognito, stay signed in. The
        token is renewed once, and the new tokens are verified. Where refresh tokens rotate, this uses up
        the other system's copy. Otherwise both systems can use it until one of them signs out.

        Args:
            session_key: A key that the caller has just made, by `new_session_key`. It stays as it is: set
                the cookie to it.
            refresh_token: The refresh token. The app client must be that of ``config``.
            device_key: The device that the token was issued to, in a user pool that tracks devices: the
                claim ``device_key`` of its access tokens. Cognito then refuses the token without it.

        Returns:
            The user.

        Raises:
            AuthValidationError: An argument is missing, or the key is in use; nothing was sent.
            UserAlreadyAuthenticatedException: The key opens a session; nothing was sent.
            NotAuthorizedException: Cognito refused the token.
            JwksUnavailableError: The user pool's keys could not be fetched; nothing was sent.
            TokenVerificationError: The new tokens are not those of the user pool and app client.
            SignInException: The user's sessions were ended meanwhile.
            StorageError: The storage failed.
        """
        self._context.check_loop()
        session = Session(self._context, self._checked(session_key))
        refresh_token = arguments.text(refresh_token, "refresh_token")
        device_key = None if device_key is None else arguments.text(device_key, "device_key")
        return await self._context.run(adoption.adopt(session, refresh_token, device_key))

    async def list_user(self, user_id: str, *, current: str | None = None) -> list[SessionInfo]:
        """Return the sessions of a user, the one used last first.

        It costs one read of the storage, and one for each session.

        Args:
            user_id: The user's id, the ``sub`` of the tokens.
            current: The ``session_id`` of the caller's session, which is marked in the result.

        Raises:
            AuthValidationError: The user id is missing.
            StorageError: The storage failed.
        """
        self._context.check_loop()
        user_id = arguments.url_text(user_id, "user_id")
        return await self._context.run(user_sessions.list_user(self._context, user_id, current))

    async def end_session(self, user_id: str, session_id: str) -> bool:
        """Delete one session of a user, and revoke its tokens.

        Args:
            user_id: The user's id, the ``sub`` of the tokens. Sessions of other users are not touched.
            session_id: The ``session_id`` from `list_user`, of `AuthClient` or of an event.

        Returns:
            Whether the user had that session.

        Raises:
            AuthValidationError: An argument is missing.
            StorageError: The storage failed, and the session may not have ended. Call this again.
        """
        self._context.check_loop()
        user_id, session_id = arguments.url_text(user_id, "user_id"), arguments.text(session_id, "session_id")
        if not keys.is_secret(session_id):
            return False
        return await self._context.run(user_sessions.end_session(self._context, user_id, session_id))

    async def end_user(self, user_id: str, *, keep: str | None = None) -> int:
        """Delete all sessions of a user, and revoke their tokens.

        A sign-in of the user that is under way, and whose tokens Cognito has issued already, ends too or is
        complete after this call has returned.

        Args:
            user_id: The user's id, the ``sub`` of the tokens.
            keep: The ``session_id`` of a session that is not ended, such as the caller's.

        Returns:
            How many sessions were ended.

        Raises:
            AuthValidationError: The user id is missing.
            StorageError: The storage failed, and some sessions may not have ended. Call this again.
        """
        self._context.check_loop()
        user_id = arguments.url_text(user_id, "user_id")
        keep = None if keep is None else arguments.text(keep, "keep")
        return await self._context.run(user_sessions.end_user(self._context, user_id, keep=keep))


def no_attribute(manager: object, name: str) -> AttributeError:
    """Return the error for an attribute that a manager does not have; it says if a client has it.

    Args:
        manager: A `SessionManager`, or one of `aiocognito.sync`.
        name: The name of the attribute.
    """
    text = f"{type(manager).__name__!r} object has no attribute {name!r}"
    if not name.startswith("_") and hasattr(AuthClient, name):
        text += f": call it on the client of a session, sessions.client(session_key).{name}"
    return AttributeError(text, name=name, obj=manager)
