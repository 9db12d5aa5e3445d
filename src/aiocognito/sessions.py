"""Many people in one process: connections are shared, sessions never mix."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from .client import AuthClient
from .config import AuthConfig
from .errors import AuthConfigError
from .hub import Hub
from .models import UserContext
from .services.connections import Connections
from .session import ending, keys
from .session.session import Session
from .session.shared import Shared
from .storage import Storage


class SessionManager:
    """Keeps the sessions of everybody who uses a service: one per service, for as long as it runs.

    It has no sign-in methods, so that a session cannot be shared by accident: ask it for a client
    per request. ``async with SessionManager(config, storage=...) as sessions: ...``

    Args:
        config: Which user pool, and how to talk to it.
        storage: Where sessions are kept. Left open.
        hub: Hears of everybody; one is made by default.
        session_ttl: How long a session lives after its last use; counted anew at most once a day.
        max_session_age: How long a session lives at most, if there is a limit.
        clock: Returns seconds since the epoch; by default ``config.clock``, else ``time.time``.
        http_client: An httpx client for the hosted UI; one is made by default. Left open.
        aws_session: An aiobotocore session; one is made by default.

    Raises:
        AuthConfigError: A lifetime is not positive.
    """

    def __init__(
        self,
        config: AuthConfig,
        *,
        storage: Storage,
        hub: Hub | None = None,
        session_ttl: timedelta = timedelta(days=30),
        max_session_age: timedelta | None = None,
        clock: Callable[[], float] | None = None,
        http_client: Any = None,
        aws_session: Any = None,
    ) -> None:
        self._made_hub = hub is None
        self._shared = Shared(
            config,
            storage=storage,
            connections=Connections(config, aws_session=aws_session, http_client=http_client),
            hub=hub if hub is not None else Hub(),
            clock=clock,
            session_ttl=_seconds(session_ttl, "session_ttl"),
            max_session_age=None if max_session_age is None else _seconds(max_session_age, "max_session_age"),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Wait for refreshes that are under way, then close the connections."""
        await self._shared.aclose()
        if self._made_hub:
            self._shared.hub.end()

    @property
    def config(self) -> AuthConfig:
        """The configuration that the manager was made with."""
        return self._shared.config

    @property
    def hub(self) -> Hub:
        """Hears of everybody's sign-ins and sign-outs; ``event.session_id`` says whose."""
        return self._shared.hub

    def client(
        self,
        session_key: str,
        *,
        device_token: str | None = None,
        user_context: UserContext | None = None,
    ) -> AuthClient:
        """Return the client of one session. It is cheap: no I/O, no connection of its own.

        Args:
            session_key: The secret from the browser's cookie, 1 to 512 characters; only a random one
                is safe there (see `new_session_key`).
            device_token: The secret from the browser's longer-lived device cookie, if it has one.
            user_context: What threat protection may know of the end user.

        Raises:
            AuthValidationError: A key is no text of 1 to 512 characters.
        """
        if device_token is not None:
            keys.check_key(device_token, "device_token")
        session = Session(self._shared, session_key, device_token=device_token, user_context=user_context)
        return AuthClient._of_manager(session)

    def new_session_key(self) -> str:
        """Make a session key of 256 random bits."""
        return keys.new_secret()

    def new_device_token(self) -> str:
        """Make a device token of 256 random bits."""
        return keys.new_secret()

    async def end(self, session_key: str) -> None:
        """Revoke a session's tokens and forget it.

        Args:
            session_key: The secret that opens it.

        Raises:
            StorageError: The storage cannot forget.
        """
        self._shared.check_loop()
        await self._shared.run(ending.sign_out(Session(self._shared, session_key), everywhere=False))


def _seconds(duration: timedelta, name: str) -> float:
    if not isinstance(duration, timedelta) or duration <= timedelta():
        raise AuthConfigError("must be a positive timedelta", field=name)
    return duration.total_seconds()
