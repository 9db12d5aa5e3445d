"""The session manager for synchronous code: `aiocognito.SessionManager` as plain calls."""

from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .. import _client as client
from .. import _sessions as manager
from .._config import AuthConfig
from .._gateways.clients import AwsSession, HttpClient
from .._hub import Hub as AsyncHub
from .._models import AuthUser, SessionInfo, UserContext
from .._public import public
from ..storage import Storage
from ._client import AuthClient
from ._hub import Hub, unwrapped
from ._portal import Portal, Remote


@public("aiocognito.sync")
class SessionManager:
    """Manages the sessions of all users of a service: `aiocognito.SessionManager` as plain calls.

    Make one per service, for all threads: ``with SessionManager(config, storage=...) as sessions: ...``, or
    call `close`. It may be made before a server forks its workers. In a thread where an event loop runs, its
    methods raise ``RuntimeError``.

    Args:
        config: The user pool, and how to call it.
        storage: The storage of the sessions. Left open, and not in use by another event loop. Processes
            share sessions through a storage that they share.
        fixed_keys: Whether sessions keep their keys, which may have any form: see
            `aiocognito.SessionManager`.
        hub: Receives the events of all sessions; one is made by default.
        session_ttl: How long a session lives after its last use; extended at most once a day.
        max_session_age: How long a session lives at most; None for no limit.
        clock: Returns seconds since the epoch; by default ``config.clock``, else ``time.time``.
        http_client: An httpx client (``AsyncClient``) for the hosted UI; one is made by default. Left open.
        aws_session: An aiobotocore session; one is made by default.

    Raises:
        AuthConfigError: A lifetime is not positive, or an argument is not such an object.
    """

    def __init__(
        self,
        config: AuthConfig,
        *,
        storage: Storage,
        fixed_keys: bool = False,
        hub: Hub | AsyncHub | None = None,
        session_ttl: timedelta = timedelta(days=30),
        max_session_age: timedelta | None = None,
        clock: Callable[[], float] | None = None,
        http_client: HttpClient | None = None,
        aws_session: AwsSession | None = None,
    ) -> None:
        async_hub = unwrapped(hub)

        def make(_: Portal | None) -> manager.SessionManager:
            return manager.SessionManager(
                config,
                storage=storage,
                fixed_keys=fixed_keys,
                hub=async_hub,
                session_ttl=session_ttl,
                max_session_age=max_session_age,
                clock=clock,
                http_client=http_client,
                aws_session=aws_session,
            )

        self._remote = Remote(make, "SessionManager")
        self._own_hub = async_hub if hub is None else None

    if not TYPE_CHECKING:
        # Hidden from type checkers, which would accept every name.
        def __getattr__(self, name: str) -> object:
            """Raise an error that names the client, if the method is one of a client's."""
            raise manager.no_attribute(self, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Wait for running refreshes, then close the connections."""
        self._remote.call(lambda sessions: sessions.aclose())
        own_hub = self._own_hub
        if own_hub is not None:
            self._remote.read(lambda _: own_hub.end())

    @property
    def config(self) -> AuthConfig:
        """The configuration that the manager was made with."""
        return self._remote.made.config

    @property
    def hub(self) -> Hub:
        """The hub that receives the events of all sessions; see ``event.session_id``."""
        return Hub._of(self._remote.made.hub)

    def client(
        self,
        session_key: str,
        *,
        device_token: str | None = None,
        user_context: UserContext | None = None,
    ) -> AuthClient:
        """Return the client of one session. It does no I/O and has no connection of its own.

        See :meth:`aiocognito.SessionManager.client`.
        """
        made = self._remote.read(
            lambda sessions: sessions.client(
                session_key, device_token=device_token, user_context=user_context
            )
        )

        def make(portal: Portal | None) -> client.AuthClient:
            nonlocal made
            if portal is not None:
                # In a forked process: the same session, of the manager there.
                made = self._remote.on(portal).client(
                    made.session_key, device_token=device_token, user_context=user_context
                )
            return made

        return AuthClient._of_manager(make, self._remote.portal)

    def is_session_key(self, text: object) -> bool:
        """Return whether a text, such as a cookie's, has the form of a session key.

        See :meth:`aiocognito.SessionManager.is_session_key`.
        """
        return self._remote.made.is_session_key(text)

    def new_session_key(self) -> str:
        """Return a new session key of 256 random bits."""
        return self._remote.made.new_session_key()

    def new_device_token(self) -> str:
        """Return a new device token of 256 random bits."""
        return self._remote.made.new_device_token()

    def end(self, session_key: str) -> None:
        """Delete a session and revoke its tokens.

        See :meth:`aiocognito.SessionManager.end`.
        """
        self._remote.call(lambda sessions: sessions.end(session_key))

    def adopt(self, session_key: str, *, refresh_token: str, device_key: str | None = None) -> AuthUser:
        """Make a session from a refresh token that another system holds (GetTokensFromRefreshToken).

        See :meth:`aiocognito.SessionManager.adopt`.
        """
        return self._remote.call(
            lambda sessions: sessions.adopt(session_key, refresh_token=refresh_token, device_key=device_key)
        )

    def list_user(self, user_id: str, *, current: str | None = None) -> list[SessionInfo]:
        """Return the sessions of a user, the one used last first.

        See :meth:`aiocognito.SessionManager.list_user`.
        """
        return self._remote.call(lambda sessions: sessions.list_user(user_id, current=current))

    def end_session(self, user_id: str, session_id: str) -> bool:
        """Delete one session of a user, and revoke its tokens.

        See :meth:`aiocognito.SessionManager.end_session`.
        """
        return self._remote.call(lambda sessions: sessions.end_session(user_id, session_id))

    def end_user(self, user_id: str, *, keep: str | None = None) -> int:
        """Delete all sessions of a user, and revoke their tokens.

        See :meth:`aiocognito.SessionManager.end_user`.
        """
        return self._remote.call(lambda sessions: sessions.end_user(user_id, keep=keep))
