"""The settings of a web application, and its session manager in each event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias, TypeGuard

from attrs import define, field, frozen

from .._config import AuthConfig
from .._config_checks import positive_seconds
from .._gateways.clients import HttpClient
from .._hub import Hub
from .._models import UserContext
from .._sessions import SessionManager
from .._verifier import TokenVerifier
from ..errors import AuthConfigError
from ..storage import Storage
from .cookies import CookieNames, CookiePolicy, SecureCookieWarning, is_secure, make_names
from .csrf import CsrfPolicy
from .origins import Origin, check_origin, check_origins
from .request import WebRequest
from .return_path import safe_return_path

ConfigSource: TypeAlias = AuthConfig | Callable[[], AuthConfig]
StorageSource: TypeAlias = Storage | Callable[[], Storage]

DEFAULT_TTL: Final = timedelta(days=30)
_DAY: Final = 86_400.0


@frozen(kw_only=True)
class _SessionSettings:
    """How the session manager of a run is made."""

    config: ConfigSource
    storage: StorageSource
    session_ttl: timedelta
    max_session_age: timedelta | None
    hub: Hub | None
    clock: Callable[[], float] | None
    http_client: HttpClient | None


@define
class _Run:
    """The session manager of one event loop, and how many lifespans use it."""

    sessions: SessionManager
    closing: AsyncExitStack
    verifiers: dict[str, TokenVerifier] = field(factory=dict)
    users: int = 0


class WebService:
    """What is configured once for an application, and what runs in each of its event loops.

    Args:
        config: The configuration, or a function that makes it at start-up.
        storage: The storage of the sessions, which is left open; or a function that makes one at start-up,
            which is closed at the end.
        cookies: The cookie policy; the default one for None.
        trusted_origins: The other origins whose pages may send requests.
        public_url: The origin at which browsers reach the service.
        login_path: The login page, without the root path.
        csrf: ``"strict"`` refuses requests without Origin and Sec-Fetch-Site.
        user_context: Returns the end user's data from a framework's connection.
        session_ttl: How long a session lives after its last use.
        max_session_age: How long a session lives at most; None for no limit.
        hub: Receives the events of all sessions; one is made by default.
        clock: Returns seconds since the epoch; None for the configuration's.
        http_client: An httpx client for the hosted UI and the keys; one is made by default.
        lifespan_hint: What to do if the service is not running, for messages.

    Attributes:
        on_made: Called with each session manager and each verifier when it is made.

    Raises:
        AuthConfigError: A value is malformed.
    """

    def __init__(
        self,
        config: ConfigSource,
        *,
        storage: StorageSource,
        cookies: CookiePolicy | None,
        trusted_origins: Iterable[str],
        public_url: str | None,
        login_path: str | None,
        csrf: Literal["default", "strict"],
        user_context: Callable[[Any], UserContext | None] | None,
        session_ttl: timedelta,
        max_session_age: timedelta | None,
        hub: Hub | None,
        clock: Callable[[], float] | None,
        http_client: HttpClient | None,
        lifespan_hint: str,
    ) -> None:
        self.cookies = CookiePolicy() if cookies is None else cookies
        _check_options(self.cookies, login_path, csrf, user_context)
        self._settings = _SessionSettings(
            config=config,
            storage=storage,
            session_ttl=session_ttl,
            max_session_age=max_session_age,
            hub=hub,
            clock=clock,
            http_client=http_client,
        )
        _check_settings(self._settings)
        self.public_origin: Origin | None = (
            None if public_url is None else check_origin("public_url", public_url)
        )
        self.login_path = login_path
        self.user_context = user_context
        self.csrf = CsrfPolicy(
            check_origins("trusted_origins", trusted_origins),
            self.public_origin,
            needs_header=csrf == "strict" or self.cookies.samesite == "none",
        )
        self.secure_cookie_warning = SecureCookieWarning()
        self._names = {secure: make_names(self.cookies, secure=secure) for secure in (False, True)}
        self._lifespan_hint = lifespan_hint
        self._runs: dict[asyncio.AbstractEventLoop, _Run] = {}
        self.on_made: Callable[[SessionManager | TokenVerifier], None] | None = None
        max_age = self.cookies.max_age
        self.cookie_seconds = session_ttl.total_seconds() if max_age is None else float(max_age)
        # A cookie of less than two days is sent again before it has ended.
        self.cookie_renewal_seconds = min(_DAY, self.cookie_seconds / 2)

    @property
    def sessions(self) -> SessionManager:
        """The session manager of the running event loop.

        Raises:
            RuntimeError: No event loop runs, or the service is not running in this one.
        """
        return self._run().sessions

    def verifier(self, token_use: Literal["access", "id"]) -> TokenVerifier:
        """Return the verifier of the configuration's tokens, one for each event loop and kind.

        Raises:
            RuntimeError: No event loop runs, or the service is not running in this one.
            AuthUserPoolException: The configuration names no user pool or no app client.
        """
        run = self._run()
        if token_use not in run.verifiers:
            settings = self._settings
            verifier = TokenVerifier.from_config(
                run.sessions.config,
                token_use=token_use,
                clock=settings.clock,
                http_client=settings.http_client,
            )
            run.closing.push_async_callback(verifier.aclose)
            if self.on_made is not None:
                self.on_made(verifier)
            run.verifiers[token_use] = verifier
        return run.verifiers[token_use]

    def _run(self) -> _Run:
        try:
            run = self._runs.get(asyncio.get_running_loop())
        except RuntimeError:
            run = None
        if run is None:
            raise RuntimeError(
                f"the sessions are not open in this event loop: {self._lifespan_hint}. They are for"
                " coroutines of the running application"
            )
        return run

    def cookie_names(self, request: WebRequest) -> CookieNames:
        """Return the names of the cookies for a request."""
        return self._names[is_secure(self.cookies, request, self.public_origin)]

    def made(self) -> list[SessionManager | TokenVerifier]:
        """Return the session managers and verifiers of all event loops."""
        made: list[SessionManager | TokenVerifier] = []
        for run in tuple(self._runs.values()):
            made += [run.sessions, *run.verifiers.values()]
        return made

    @property
    def config(self) -> AuthConfig | None:
        """The configuration; None if it is made at start-up, and the service is not running here."""
        if isinstance(self._settings.config, AuthConfig):
            return self._settings.config
        for run in tuple(self._runs.values()):
            return run.sessions.config
        return None

    def read_config(self) -> AuthConfig:
        """Return the configuration, made now if it is made at start-up and the service is not running.

        Raises:
            AuthConfigError: A value is malformed.
        """
        return self.config or _config_of(self._settings.config)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[SessionManager]:
        """Open the sessions for this event loop. Lifespans of one loop share them."""
        loop = asyncio.get_running_loop()
        run = self._runs.get(loop)
        if run is None:
            run = self._runs[loop] = await self._start()
        run.users += 1
        try:
            yield run.sessions
        finally:
            run.users -= 1
            if run.users == 0:
                del self._runs[loop]
                await run.closing.aclose()

    async def _start(self) -> _Run:
        settings = self._settings
        config = _config_of(settings.config)
        # Nothing in here waits, unless it fails: of two lifespans at once, the second finds the first's run.
        async with AsyncExitStack() as closing:
            storage = settings.storage
            if not _is_storage(storage):
                storage = _made_storage(storage)
                close = getattr(storage, "aclose", None)
                if close is not None:
                    closing.push_async_callback(close)
            sessions = SessionManager(
                config,
                storage=storage,
                hub=settings.hub,
                session_ttl=settings.session_ttl,
                max_session_age=settings.max_session_age,
                clock=settings.clock,
                http_client=settings.http_client,
            )
            closing.push_async_callback(sessions.aclose)
            if self.on_made is not None:
                self.on_made(sessions)
            return _Run(sessions, closing.pop_all())


def _is_storage(source: object) -> TypeGuard[Storage]:
    """Return whether a source is a storage. A class that makes one has its methods, too."""
    return isinstance(source, Storage) and not isinstance(source, type)


def _made_storage(make: Any) -> Storage:
    """Return the storage that a callable makes.

    Raises:
        AuthConfigError: The callable returned something else, or raised it.
    """
    storage: object = make()
    if not _is_storage(storage):
        raise AuthConfigError(
            f"the callable returned {type(storage).__name__}, not a Storage", field="storage"
        )
    return storage


def _config_of(source: ConfigSource) -> AuthConfig:
    """Return the configuration of a source.

    Raises:
        AuthConfigError: The callable returned something else, or raised it.
    """
    config = source if isinstance(source, AuthConfig) else source()
    if not isinstance(config, AuthConfig):
        raise AuthConfigError(
            f"the callable returned {type(config).__name__}, not an AuthConfig", field="config"
        )
    return config


def _check_options(cookies: object, login_path: object, csrf: object, user_context: object) -> None:
    if not isinstance(cookies, CookiePolicy):
        raise AuthConfigError("must be a CookiePolicy", field="cookies")
    if csrf not in ("default", "strict"):
        raise AuthConfigError("must be 'default' or 'strict'", field="csrf")
    if login_path is not None and safe_return_path(login_path, "") != login_path:
        raise AuthConfigError(
            "must be a path of this application that begins with '/', such as '/auth/login'",
            field="login_path",
        )
    if user_context is not None and not callable(user_context):
        raise AuthConfigError("must be a function of the connection", field="user_context")


def _check_settings(settings: _SessionSettings) -> None:
    if not isinstance(settings.config, AuthConfig) and not callable(settings.config):
        raise AuthConfigError("must be an AuthConfig, or a function that makes one", field="config")
    if not isinstance(settings.storage, Storage) and not callable(settings.storage):
        raise AuthConfigError("must be a storage, or a function that makes one", field="storage")
    positive_seconds("session_ttl", settings.session_ttl)
    if settings.max_session_age is not None:
        positive_seconds("max_session_age", settings.max_session_age)
