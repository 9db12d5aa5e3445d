"""The emulator in a thread of its own, for synchronous code and for any number of event loops."""

import asyncio
import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Literal, Self

from .._config import AuthConfig
from .._public import public
from .emulated_identity_pool import EmulatedIdentityPool
from .emulated_pool import EmulatedUserPool
from .emulator_thread import EmulatorThread
from .identity_pool import Identity, IssuedCredentials
from .outbox import Message
from .server import CognitoEmulator
from .site import Call
from .trigger_table import Trigger
from .users import User


@public("aiocognito.emulator")
def run_in_thread(**options: Any) -> "ThreadedEmulator":
    """Return an emulator that runs in a thread of its own while its ``with`` block does.

    For synchronous tests, such as Django's and Flask's, and for tests with several event loops::

        with run_in_thread() as cognito:
            pool = cognito.create_user_pool()
            pool.add_user("ana", "Correct-horse-7")
            call_the_application(cognito.url)
            code = cognito.outbox.next_code("ana")

    Args:
        options: The arguments of `CognitoEmulator`.

    Raises:
        TypeError: There is no such argument.
    """
    return ThreadedEmulator(CognitoEmulator(**options))


@public("aiocognito.emulator")
class ThreadedEmulator:
    """An emulator in a thread of its own; `run_in_thread` returns it.

    It is a `CognitoEmulator` whose methods are plain functions, for use from all threads: each runs on the
    emulator's event loop and waits for its result. Lists are copies.

    A call on an event loop blocks that loop until it returns, which usually takes about a millisecond.
    After an awaited request, its message is in the outbox already. To wait for a message of a task that is
    still running, use ``await asyncio.to_thread(cognito.outbox.next_code, "ana")``.

    Methods raise ``RuntimeError`` if the emulator does not run or is closed in the meantime, in a process
    that was forked from its own, and when they are called on the emulator's event loop, where async
    triggers and listeners run. Plain triggers run in threads and can call them.
    """

    def __init__(self, emulator: CognitoEmulator) -> None:
        self._emulator = emulator
        self._thread = EmulatorThread(emulator)
        self._url: str | None = None
        self.clock: ThreadedClock = ThreadedClock(self._thread, emulator)
        self.outbox: ThreadedOutbox = ThreadedOutbox(self._thread, emulator)
        self.faults: ThreadedFaults = ThreadedFaults(self._thread, emulator)

    def __enter__(self) -> Self:
        self._thread.start()
        self._url = self._emulator.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the emulator, as the end of the ``with`` block does; waiting calls raise ``RuntimeError``."""
        self._thread.stop()

    @property
    def url(self) -> str:
        """The base URL of the emulator.

        Raises:
            RuntimeError: It was not started.
        """
        if self._url is None:
            raise RuntimeError("the emulator is not running: use `with run_in_thread() as cognito:`")
        return self._url

    @property
    def region(self) -> str:
        """The region in ids and issuers."""
        return self._emulator.region

    @property
    def token(self) -> str | None:
        """The bearer token of administration beyond loopback; ``None`` on loopback."""
        return self._emulator.token

    @property
    def calls(self) -> list[Call]:
        """A copy of the requests so far, oldest first."""
        return self._thread.call(lambda: list(self._emulator.calls))

    def create_user_pool(
        self,
        *,
        client: Mapping[str, Any] | None = None,
        triggers: Mapping[str, Trigger | str] | None = None,
        **settings: Any,
    ) -> "ThreadedUserPool":
        """Create a user pool with one app client: see `CognitoEmulator.create_user_pool`."""
        create = partial(self._emulator.create_user_pool, client=client, triggers=triggers, **settings)
        return ThreadedUserPool(self._thread, self._thread.call(create))

    def existing_user_pool(self) -> "ThreadedUserPool | None":
        """Return the first user pool that has an app client, such as one that ``data`` held."""
        pool = self._thread.call(self._emulator.existing_user_pool)
        return None if pool is None else ThreadedUserPool(self._thread, pool)

    def create_identity_pool(
        self,
        *,
        user_pools: "Sequence[ThreadedUserPool]" = (),
        roles: Mapping[str, str] | None = None,
        role_mappings: "Mapping[str | ThreadedUserPool, Mapping[str, Any]] | None" = None,
        **settings: Any,
    ) -> "ThreadedIdentityPool":
        """Create an identity pool: see `CognitoEmulator.create_identity_pool`.

        Raises:
            ValueError: A member is malformed, Cognito would refuse it, or a user pool is another emulator's.
        """
        mappings = {
            name if isinstance(name, str) else self._own(name): mapping
            for name, mapping in (role_mappings or {}).items()
        }
        create = partial(
            self._emulator.create_identity_pool,
            user_pools=[self._own(pool) for pool in user_pools],
            roles=roles,
            role_mappings=mappings,
            **settings,
        )
        return ThreadedIdentityPool(self._thread, self._thread.call(create))

    def existing_identity_pool(self) -> "ThreadedIdentityPool | None":
        """Return the first identity pool, such as one that ``data`` held."""
        pool = self._thread.call(self._emulator.existing_identity_pool)
        return None if pool is None else ThreadedIdentityPool(self._thread, pool)

    def credentials_of(self, access_key_id: str) -> IssuedCredentials:
        """Return the credentials of an access key: see `CognitoEmulator.credentials_of`."""
        return self._thread.call(partial(self._emulator.credentials_of, access_key_id))

    def call(self, operation: str, service: str | None = None, /, **members: Any) -> dict[str, Any]:
        """Call one operation without HTTP, as an administrator: see `CognitoEmulator.call`."""

        async def work() -> dict[str, Any]:
            # A copy: responses can share parts with the state, which belongs to the emulator's loop.
            return copy.deepcopy(await self._emulator.call(operation, service, **members))

        return self._thread.call(work)

    def _own(self, pool: "ThreadedUserPool") -> EmulatedUserPool:
        if not isinstance(pool, ThreadedUserPool) or pool._thread is not self._thread:
            raise ValueError(
                "user_pools and role_mappings must name pools that this emulator's methods returned"
            )
        return pool._pool


@public("aiocognito.emulator")
class ThreadedUserPool:
    """A user pool of a `ThreadedEmulator`, and one app client: `EmulatedUserPool` with plain calls."""

    def __init__(self, thread: EmulatorThread, pool: EmulatedUserPool) -> None:
        self._thread = thread
        self._pool = pool
        self.id: str = pool.id
        self.client_id: str = pool.client_id

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    @property
    def client_secret(self) -> str | None:
        """The app client's secret, if it has one."""
        return self._thread.call(lambda: self._pool.client_secret)

    @property
    def config(self) -> AuthConfig:
        """The configuration of a client of this pool, with endpoints, hosted UI if it has one, and clock."""
        return self._thread.call(lambda: self._pool.config)

    @property
    def triggers(self) -> MutableMapping[str, Trigger]:
        """The pool's triggers under Cognito's names, as in ``pool.triggers["PreSignUp"] = function``.

        A plain function runs in a thread, an ``async`` one on the emulator's event loop.
        """
        return _Triggers(self._thread, self._pool)

    def add_user(
        self,
        username: str,
        password: str,
        *,
        attributes: Mapping[str, str] | None = None,
        mfa: str | Iterable[str] | None = None,
        groups: Iterable[str] = (),
        confirmed: bool = True,
    ) -> User:
        """Add a user who can sign in at once: see `EmulatedUserPool.add_user`; return a copy of the user."""

        async def work() -> User:
            return copy.deepcopy(
                await self._pool.add_user(
                    username, password, attributes=attributes, mfa=mfa, groups=groups, confirmed=confirmed
                )
            )

        return self._thread.call(work)

    def add_client(self, client_id: str | None = None, /, **members: Any) -> AuthConfig:
        """Add another app client, and return its configuration: see `EmulatedUserPool.add_client`."""
        return self._thread.call(partial(self._pool.add_client, client_id, **members))

    def add_provider(
        self,
        name: str,
        provider_type: str | None = None,
        *,
        attribute_mapping: Mapping[str, str] | None = None,
    ) -> None:
        """Add an external identity provider: see `EmulatedUserPool.add_provider`."""
        self._thread.call(
            partial(self._pool.add_provider, name, provider_type, attribute_mapping=attribute_mapping)
        )

    def add_resource_server(self, identifier: str, names: Iterable[str]) -> list[str]:
        """Add a resource server, and return its scopes: see `EmulatedUserPool.add_resource_server`."""
        return self._thread.call(partial(self._pool.add_resource_server, identifier, names))

    def key_set(self) -> dict[str, Any]:
        """Return the pool's public keys, a JSON Web Key Set (RFC 7517, section 5)."""
        return self._thread.call(self._pool.key_set)

    def delete(self) -> None:
        """Delete the user pool and its messages: see `EmulatedUserPool.delete`."""
        self._thread.call(self._pool.delete)

    def totp_code(self, username: str) -> str:
        """Return the code of the user's authenticator app, or the next one if that was used.

        Raises:
            LookupError: There is no such user, or they have no software token.
        """
        return self._thread.call(partial(self._pool.totp_code, username))


@public("aiocognito.emulator")
class ThreadedIdentityPool:
    """An identity pool of a `ThreadedEmulator`: `EmulatedIdentityPool` with plain calls."""

    def __init__(self, thread: EmulatorThread, pool: EmulatedIdentityPool) -> None:
        self._thread = thread
        self._pool = pool
        self.id: str = pool.id

    @property
    def identities(self) -> Sequence[Identity]:
        """A copy of all identities, oldest first; those that were merged into others, too."""
        return self._thread.call(lambda: copy.deepcopy(list(self._pool.identities)))

    @property
    def config(self) -> AuthConfig:
        """The configuration with which a client finds it, and the first of its user pools."""
        return self._thread.call(lambda: self._pool.config)


@public("aiocognito.emulator")
class ThreadedClock:
    """The clock of a `ThreadedEmulator`: a callable, which can be passed as ``clock=``.

    Reading it needs no event loop, and works after the emulator was closed.
    """

    def __init__(self, thread: EmulatorThread, emulator: CognitoEmulator) -> None:
        self._thread = thread
        self._clock = emulator.clock

    def __call__(self) -> float:
        """Return the emulator's time, in seconds since 1970."""
        return self._clock()

    def advance(self, seconds: float) -> None:
        """Advance the clock.

        Args:
            seconds: By how much; negative moves it back.

        Raises:
            ValueError: The clock would show a time before 1970 or after the year 9000.
        """
        self._thread.call(partial(self._clock.advance, seconds))

    @property
    def offset(self) -> float:
        """The seconds by which the clock was advanced."""
        return self._clock.offset

    def base(self) -> float:
        """Return the time without the offset: that of a client with its own clock."""
        return self._clock.base()


@public("aiocognito.emulator")
class ThreadedOutbox:
    """The messages of a `ThreadedEmulator`: `Outbox` with plain calls."""

    def __init__(self, thread: EmulatorThread, emulator: CognitoEmulator) -> None:
        self._thread = thread
        self._outbox = emulator.outbox

    @property
    def messages(self) -> list[Message]:
        """A copy of the messages so far, oldest first."""
        return self._thread.call(lambda: list(self._outbox.messages))

    def next_code(self, to_or_username: str, *, timeout: float = 5) -> str:
        """Wait for the next code to a user or an address, and return it: see :meth:`Outbox.next_code`."""
        return self.next_message(to_or_username, timeout=timeout).code

    def next_message(self, to_or_username: str, *, timeout: float = 5) -> Message:
        """Wait for the next message to a user or an address, and return it: see :meth:`Outbox.next_message`.

        Args:
            to_or_username: The address or phone number, or the username.
            timeout: Seconds of real time to wait for one.

        Raises:
            TimeoutError: Nothing was sent.
        """
        try:
            return self._thread.call(partial(self._outbox.next_message, to_or_username, timeout=timeout))
        except TimeoutError as error:
            if _on_event_loop():
                error.add_note(
                    "This call blocked the event loop on which it was made, so its tasks could not go on. "
                    "To wait for a message of a task, use `await asyncio.to_thread(outbox.next_code, ...)`."
                )
            raise

    def listen(self, callback: Callable[[Message], None]) -> None:
        """Call a function for every message from here on, on the emulator's event loop.

        Args:
            callback: Called with the message. What it raises is logged.
        """
        self._thread.call(partial(self._outbox.listen, callback))


@public("aiocognito.emulator")
class ThreadedFaults:
    """The fault plan of a `ThreadedEmulator`: `Faults` with calls from all threads."""

    def __init__(self, thread: EmulatorThread, emulator: CognitoEmulator) -> None:
        self._thread = thread
        self._faults = emulator.faults

    def add(
        self,
        operation: str,
        *,
        error: str | None = None,
        latency: float | None = None,
        status: int | None = None,
        times: int | None = 1,
        cut: Literal["before", "after"] | None = None,
        malformed: bool = False,
        message: str | None = None,
    ) -> None:
        """Plan a fault: see :meth:`Faults.add`."""
        self._thread.call(
            partial(
                self._faults.add,
                operation,
                error=error,
                latency=latency,
                status=status,
                times=times,
                cut=cut,
                malformed=malformed,
                message=message,
            )
        )

    def clear(self) -> None:
        """Remove all faults that were not injected yet."""
        self._thread.call(self._faults.clear)


class _Triggers(MutableMapping[str, Trigger]):
    """The triggers of a pool; each access runs on the emulator's loop."""

    def __init__(self, thread: EmulatorThread, pool: EmulatedUserPool) -> None:
        self._thread = thread
        self._pool = pool

    def __getitem__(self, name: str) -> Trigger:
        return self._thread.call(lambda: self._pool.triggers[name])

    def __setitem__(self, name: str, function: Trigger) -> None:
        self._thread.call(lambda: self._pool.triggers.__setitem__(name, function))

    def __delitem__(self, name: str) -> None:
        self._thread.call(lambda: self._pool.triggers.__delitem__(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._thread.call(lambda: list(self._pool.triggers)))

    def __len__(self) -> int:
        return self._thread.call(lambda: len(self._pool.triggers))


def _on_event_loop() -> bool:
    with suppress(RuntimeError):
        return asyncio.get_running_loop() is not None
    return False
