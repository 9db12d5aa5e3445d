"""The emulator: start and stop it, create pools, call operations, and control clock, outbox and faults."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from anyio import to_thread

from .._config_checks import is_loopback
from .._public import public
from . import chosen_ids, known_members, server_options
from .administration import undone_on_failure
from .assumptions import Assumptions
from .clock import Clock
from .fault_names import FaultNames
from .faults import Faults
from .nearest import suggestion
from .outbox import Outbox
from .randomness import Randomness
from .server_options import Issuer
from .service_model import IDENTITY_POOLS, USER_POOLS, ServiceModel
from .signing_keys import KeyRing
from .state import EmulatorState
from .trigger_table import Trigger, Triggers

# Loaded by the start, in a thread: aiohttp and the operations take a quarter of a second, which an import
# inside a running loop would block it for.
if TYPE_CHECKING:
    from aiohttp import web

    from .certificate import Certificate
    from .emulated_identity_pool import EmulatedIdentityPool
    from .emulated_pool import EmulatedUserPool
    from .identity_pool import IssuedCredentials
    from .persistence import StateDirectory
    from .site import Call

_LOADED_AT_START: Final = (
    "certificate",
    "emulated_identity_pool",
    "emulated_pool",
    "http",
    "persistence",
)
_WILDCARDS: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - recognised, not bound


@public("aiocognito.emulator")
class CognitoEmulator:
    """An emulator of Amazon Cognito user pools and identity pools, over HTTP on this machine.

    Example::

        async with CognitoEmulator() as emulator:
            pool = await emulator.create_user_pool()
            await pool.add_user("ana", "Correct-horse-7")
            async with AuthClient(pool.config, clock=emulator.clock) as auth:
                await auth.sign_in("ana", "Correct-horse-7")

    Its state is in memory, or also in a directory (``data``). Many emulators can run in one event loop.

    Args:
        host: The address to listen on. Beyond loopback, administration and ``/_emulator/`` require
            ``token``.
        port: The port; 0 takes a free one.
        region: The region in ids and issuers.
        clock: Returns the real time, in seconds since 1970; the emulator's own clock is an offset to it.
        seed: Makes ids and codes repeatable; keys, tokens and secrets never are.
        data: A directory in which the state is stored for the next start. One emulator
            at a time can use it: starting a second one raises ``RuntimeError``.
        assumptions: The readings of open questions about Cognito.
        keys: Makes signing keys; pass one to several emulators to share its keys.
        allowed_hosts: Further host names by which it may be called, such as that of its container.
            For these names, a proxy's ``X-Forwarded-Proto`` counts.
        allowed_origins: Origins of web pages that may call what a browser calls, such as
            ``http://shop.test:3000``; pages of this machine always may. None of them may administer it.
        issuer: ``aws`` gives tokens Cognito's issuer, as verifiers of Cognito's tokens want it. ``local``
            makes the emulator's own URL the issuer, for OAuth clients that compare it with the URL of the
            discovery document.
        tls: The paths of a certificate and of its key, in PEM: the emulator is then served over https. It
            may be called by the names of the certificate, too.
        token: The bearer token beyond loopback; a random one by default.

    Raises:
        ValueError: An option is malformed; the message names it.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        region: str = "us-east-1",
        clock: Callable[[], float] | None = None,
        seed: int | str | None = None,
        data: str | Path | None = None,
        assumptions: Assumptions | None = None,
        keys: KeyRing | None = None,
        allowed_hosts: Sequence[str] = (),
        allowed_origins: Sequence[str] = (),
        issuer: Issuer = "aws",
        tls: Sequence[str | Path] | None = None,
        token: str | None = None,
    ) -> None:
        server_options.check_issuer(issuer)
        server_options.check_token(token)
        self._data = data
        self._host, self._port = host, port
        self._named_hosts = server_options.host_names(allowed_hosts)
        self._allowed_origins = server_options.origins(allowed_origins)
        self._issuer = issuer
        self._tls = tls
        self._certificate: Certificate | None = None
        self._set_up = asyncio.Event()
        self._set_up.set()
        self._call_listeners: list[Callable[[Call], None]] = []
        own = clock if isinstance(clock, Clock) else Clock(clock) if clock is not None else Clock()
        self.state: EmulatorState = EmulatorState(
            region=region,
            clock=own,
            random=Randomness(seed),
            keys=KeyRing() if keys is None else keys,
            assumptions=Assumptions() if assumptions is None else assumptions,
        )
        self.faults: Faults = Faults()
        self.calls: list[Call] = []
        self.token: str | None = None if is_loopback(host) else token or secrets.token_urlsafe(32)
        self._models: tuple[ServiceModel, ...] = ()
        self._directory: StateDirectory | None = None
        self._runner: web.AppRunner | None = None
        self._bound: tuple[str, int] | None = None

    @property
    def region(self) -> str:
        """The region in ids and issuers."""
        return self.state.region

    @property
    def clock(self) -> Clock:
        """The emulator's time; a callable, so that it can be passed as ``clock=``."""
        return self.state.clock

    @property
    def outbox(self) -> Outbox:
        """The messages that Cognito would have sent."""
        return self.state.outbox

    @property
    def url(self) -> str:
        """The base URL of the emulator.

        Raises:
            RuntimeError: It is not running.
        """
        if self._bound is None:
            raise RuntimeError("the emulator is not running: use `async with`")
        host, port = self._bound
        scheme = "http" if self._certificate is None else "https"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    def listen(self, callback: Callable[[Call], None]) -> None:
        """Call a function for every request from here on, those included that are refused at the door.

        Args:
            callback: Called on the emulator's loop. What it raises is logged, and fails no request.
        """
        self._call_listeners.append(callback)

    async def __aenter__(self) -> Self:
        self._models = await to_thread.run_sync(_load)
        self.faults.know(FaultNames.of(self._models))
        if self._tls is not None:
            from .certificate import load

            self._certificate = await to_thread.run_sync(load, self._tls)
        await self._open_directory()
        try:
            await self._listen()
        except BaseException:
            self._close_directory()
            raise
        return self

    async def _open_directory(self) -> None:
        if self._directory is not None:
            await self._directory.reopen()
        elif self._data is not None:
            from .persistence import StateDirectory

            directory = StateDirectory(self._data, self.state)
            await directory.load()
            self._directory, self.state.persist = directory, directory.persist

    def _close_directory(self) -> None:
        if self._directory is not None:
            self._directory.close()

    async def _listen(self) -> None:
        from aiohttp import web

        from .http import application
        from .site import Site

        certificate = self._certificate
        names = {"localhost", "127.0.0.1", "::1", self._host.lower(), *self._named_hosts}
        names |= set() if certificate is None else set(certificate.names)
        site = Site(
            state=self.state,
            model=self._models[0],
            identity_model=self._models[1],
            faults=self.faults,
            calls=self.calls,
            hosts=frozenset(names - _WILDCARDS),
            any_address=self._host in _WILDCARDS,
            token=self.token,
            named_hosts=self._named_hosts,
            allowed_origins=self._allowed_origins,
            listeners=self._call_listeners,
            set_up=self._set_up,
        )
        runner = web.AppRunner(application(site), access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        _refuse_unknown_expectations(runner)
        try:
            context = None if certificate is None else certificate.context
            await web.TCPSite(runner, self._host, self._port, ssl_context=context).start()
        except BaseException:
            await runner.cleanup()
            raise
        host, port = runner.addresses[0][:2]
        self._runner = runner
        host = "127.0.0.1" if self._host in _WILDCARDS else host
        self._bound = (host if certificate is None else certificate.host(host), port)
        self.state.url = self.url
        self.state.issuer_base = self.url if self._issuer == "local" else None
        self.state.keys.prepare()

    @contextmanager
    def requests_wait(self) -> Iterator[None]:
        """Let requests over HTTP wait while pools and users are set up; enter it before the emulator.

        `call` and the other methods of the emulator do not wait.
        """
        self._set_up.clear()
        try:
            yield
        finally:
            self._set_up.set()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if self._runner is not None:
                await self._runner.cleanup()
            await self.state.keys.aclose()
        finally:
            self._close_directory()
            self._runner, self._bound = None, None

    async def create_user_pool(
        self,
        *,
        client: Mapping[str, Any] | None = None,
        triggers: Mapping[str, Trigger | str] | None = None,
        pool_id: str | None = None,
        client_id: str | None = None,
        **settings: Any,
    ) -> EmulatedUserPool:
        """Create a user pool with one app client, with defaults that suit tests.

        By default, the pool verifies e-mail addresses by code and offers second factors, and the client
        signs users in over SRP and by password, and refreshes their tokens. Over the
        wire, CreateUserPool has AWS's defaults.

        Args:
            client: CreateUserPoolClient's members. The resource servers and identity providers that it
                names are made.
            triggers: Functions by Cognito's names of the triggers, such as ``PreSignUp``; plain or
                ``async``, each takes the event and returns it. A plain one runs in a thread. A URL is a
                function that runs elsewhere: it gets the event as JSON, and returns it as JSON.
            pool_id: The id of the user pool, such as ``us-east-1_Shop12345``; a random one by default.
            client_id: The id of the app client; a random one by default.
            settings: CreateUserPool's members, and SetUserPoolMfaConfig's.

        Raises:
            ValueError: A member is unknown or malformed, or Cognito would refuse it; or there is no such
                trigger. The message names the nearest known name.
            TypeError: A trigger cannot be called.
        """
        from .emulated_pool import (
            EmulatedUserPool,
            client_with_test_defaults,
            create_dependencies,
            with_test_defaults,
        )

        pool_operations = ("CreateUserPool", "SetUserPoolMfaConfig")
        own = ("client", "triggers", "pool_id", "client_id")
        self.check_members("create_user_pool", settings, *pool_operations, others=own)
        self.check_members("create_user_pool: client", client or {}, "CreateUserPoolClient")
        functions = Triggers()
        for name, function in (triggers or {}).items():
            functions[name] = function
        members, factors = with_test_defaults(settings)
        created = await chosen_ids.create(self, "CreateUserPool", pool_id, **members)
        pool_id = str(created["UserPool"]["Id"])
        async with undone_on_failure(self.state, lambda: self.state.forget_pool(pool_id)):
            self.state.pool(pool_id).triggers = functions
            await self.call("SetUserPoolMfaConfig", UserPoolId=pool_id, **factors)
            wanted = client_with_test_defaults(client or {})
            await create_dependencies(self, pool_id, wanted)
            named = {"UserPoolId": pool_id, **wanted}
            made = await chosen_ids.create(self, "CreateUserPoolClient", client_id, **named)
            return EmulatedUserPool(self, pool_id, made["UserPoolClient"]["ClientId"])

    def existing_user_pool(self) -> EmulatedUserPool | None:
        """Return the first user pool that has an app client, such as one that ``data`` held."""
        from .emulated_pool import EmulatedUserPool

        for pool in self.state.pools.values():
            for client_id in pool.clients:
                return EmulatedUserPool(self, pool.id, client_id)
        return None

    async def create_identity_pool(
        self,
        *,
        user_pools: Sequence[EmulatedUserPool] = (),
        roles: Mapping[str, str] | None = None,
        role_mappings: Mapping[str | EmulatedUserPool, Mapping[str, Any]] | None = None,
        pool_id: str | None = None,
        **settings: Any,
    ) -> EmulatedIdentityPool:
        """Create an identity pool, with defaults that suit tests.

        By default, users of the user pools get credentials for one role, and guests are refused.
        ``AllowUnauthenticatedIdentities=True`` gives guests another role. Over HTTP, CreateIdentityPool has
        AWS's defaults, without roles.

        Args:
            user_pools: The user pools whose users it accepts, through the app client of each.
            roles: The default roles' ARNs, ``authenticated`` and ``unauthenticated``; an empty mapping
                leaves the pool without.
            role_mappings: SetIdentityPoolRoles' ``RoleMappings``; a user pool may stand for its name.
            pool_id: The id of the identity pool, a region, a colon and a UUID; a random one by default.
            settings: CreateIdentityPool's members.

        Raises:
            ValueError: A member is malformed, or Cognito would refuse it.
        """
        from . import emulated_identity_pool as emulated

        own = ("user_pools", "roles", "role_mappings", "pool_id")
        self.check_members("create_identity_pool", settings, "CreateIdentityPool", others=own)
        wanted = emulated.with_test_defaults(settings, user_pools)
        made = await chosen_ids.create(self, "CreateIdentityPool", pool_id, **wanted)
        pool_id = str(made["IdentityPoolId"])
        async with undone_on_failure(self.state, lambda: self._forget_identity_pool(pool_id)):
            members = emulated.roles_with_test_defaults(roles, role_mappings or {})
            await self.call("SetIdentityPoolRoles", IdentityPoolId=pool_id, **members)
            return emulated.EmulatedIdentityPool(self, pool_id)

    def _forget_identity_pool(self, pool_id: str) -> None:
        self.state.identity_pools.pop(pool_id, None)

    def existing_identity_pool(self) -> EmulatedIdentityPool | None:
        """Return the first identity pool, such as one that ``data`` held."""
        from .emulated_identity_pool import EmulatedIdentityPool

        for pool_id in self.state.identity_pools:
            return EmulatedIdentityPool(self, pool_id)
        return None

    def credentials_of(self, access_key_id: str) -> IssuedCredentials:
        """Return the credentials of an access key, with their identity and role.

        Args:
            access_key_id: The access key id, as in a request's credential scope.

        Raises:
            LookupError: The identity pools of this emulator have not issued it, or it has expired.
        """
        for pool in self.state.identity_pools.values():
            found = pool.issued.get(access_key_id)
            if found is not None and self.clock() < found.expires:
                return found
        raise LookupError("no identity pool has issued this access key, or it has expired")

    async def call(self, operation: str, service: str | None = None, /, **members: Any) -> dict[str, Any]:
        """Call one operation without HTTP, as an administrator.

        Args:
            operation: The operation's name.
            service: ``cognito-idp`` or ``cognito-identity``; needed for the names that both have, those
                of tags, which mean user pools otherwise.
            members: The request.

        Raises:
            ValueError: The operation was refused; the message has the code and the text, or the nearest name
                for an unknown operation.
        """
        from .dispatch import operation_model, perform
        from .errors import ApiError

        if not self._models:
            raise RuntimeError("the emulator is not running: use `async with`")
        model = self._model_for(operation, service)
        try:
            given = model.check(operation_model(model, operation), members)
            return await perform(self.state, operation, given, model.service)
        except ApiError as refusal:
            text = refusal.message or f"unknown operation: {suggestion(operation, self._operations())}"
            raise ValueError(f"{operation}: {refusal.code}: {text}") from None

    def check_members(
        self, method: str, given: Mapping[str, Any], *operations: str, others: Sequence[str] = ()
    ) -> None:
        """Check that operations know all members of a request, which Cognito itself would ignore.

        Args:
            method: The method with the argument, for the message.
            given: The members.
            operations: The operations whose members they may be.
            others: More names for the message, such as those of the method's own arguments.

        Raises:
            ValueError: A member is unknown; the message names the nearest one.
        """
        if self._models:
            model = self._model_for(operations[0], None)
            known_members.check(method, given, model, operations, others=others)

    def _operations(self) -> set[str]:
        from .dispatch import table

        return {name for model in self._models for name in table(model.service)}

    def _model_for(self, operation: str, service: str | None) -> ServiceModel:
        from .dispatch import table

        wanted = [model for model in self._models if service in {None, model.service.name}]
        if not wanted:
            raise ValueError(f"service must be cognito-idp or cognito-identity, not {service!r}")
        return next((model for model in wanted if operation in table(model.service)), wanted[0])


def _refuse_unknown_expectations(runner: web.AppRunner) -> None:
    """Answer an unknown ``Expect`` with 417 (RFC 9110, 10.1.1).

    aiohttp does so before any middleware runs, and repeats the header: one that is not UTF-8 is a 500 there.
    """
    from aiohttp import web

    server = runner.server
    if server is None:
        raise RuntimeError("the runner is not set up")
    handle = server.request_handler

    async def refuse_or_handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Expect", "100-continue").lower() != "100-continue":
            return web.Response(status=417, text="Expect: only 100-continue is supported.")
        return await handle(request)

    server.request_handler = refuse_or_handle


def _load() -> tuple[ServiceModel, ...]:
    """Import the modules that methods import, and read the service models. Blocks: call it in a thread."""
    for name in _LOADED_AT_START:
        import_module(f".{name}", __package__)
    return ServiceModel.load(USER_POOLS), ServiceModel.load(IDENTITY_POOLS)
