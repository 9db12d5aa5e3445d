"""The spans and metrics of the library's own work, by OpenTelemetry's API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from importlib.metadata import version
from time import perf_counter
from types import TracebackType
from typing import Any, Final, Literal, TypeVar

from attrs import define, frozen
from opentelemetry import metrics, trace
from opentelemetry.trace import Link, Span, Status, StatusCode

from .._claims import Claims
from .._gateways.jwks import Jwks
from .._session.compare_and_set import wrapped_by
from .._session.refresh_values import RefreshResult
from .._verifier import TokenVerifier
from ..errors import AuthError, JwksUnavailableError, TokenVerificationError
from ..storage import Storage

T = TypeVar("T")
Attributes = dict[str, str | int | bool]
# Returns attributes for the span and the metrics, and the error of work that has ended.
Describe = Callable[[Any, BaseException | None], tuple[Attributes, BaseException | None]]

_SCOPE: Final = "aiocognito"
# Seconds: a read of a local storage to a request that was retried.
_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_CALLERS: Final = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500)

Kind = Literal["refresh", "credentials.fetch", "client_credentials.fetch", "jwks.fetch"]
_KINDS: Final[dict[Kind, str]] = {
    "refresh": "Renewals of sessions' tokens",
    "credentials.fetch": "Fetches of AWS credentials from the identity pool",
    "client_credentials.fetch": "Fetches of tokens for a machine",
    "jwks.fetch": "Fetches of user pools' keys",
}


class Telemetry:
    """The tracer and the instruments.

    Args:
        tracer_provider: Makes the tracer; the process's by default.
        meter_provider: Makes the meter; the process's by default.
    """

    def __init__(
        self, tracer_provider: trace.TracerProvider | None, meter_provider: metrics.MeterProvider | None
    ) -> None:
        self.tracer = trace.get_tracer(_SCOPE, version("aiocognito"), tracer_provider)
        meter = metrics.get_meter(_SCOPE, version("aiocognito"), meter_provider)

        def histogram(
            name: str, unit: str, description: str, buckets: tuple[float, ...]
        ) -> metrics.Histogram:
            return meter.create_histogram(
                f"{_SCOPE}.{name}", unit, description, explicit_bucket_boundaries_advisory=buckets
            )

        self.durations = {
            kind: histogram(f"{kind}.duration", "s", f"{text}: their duration", _BUCKETS)
            for kind, text in _KINDS.items()
        }
        self.waiters = {
            kind: histogram(
                f"{kind}.waiters", "{caller}", f"{text}: the callers that waited for one", _CALLERS
            )
            for kind, text in _KINDS.items()
        }
        self.storage = histogram("storage.operation.duration", "s", "Operations of the storage", _BUCKETS)
        self.verifications = meter.create_counter(
            f"{_SCOPE}.verifications", "{token}", "Tokens that were verified, by their result"
        )


def error_type(error: BaseException) -> str:
    """Return the name of an error: Cognito's or Amplify's, otherwise its class's."""
    return error.name if isinstance(error, AuthError) else type(error).__name__


def describe_error(error: BaseException) -> Attributes:
    """Return an error's attributes.

    Its text is in no span: that of an application's storage may quote what was to be stored, and that of a
    key set its URL.
    """
    found: Attributes = {"error.type": error_type(error)}
    if isinstance(error, AuthError):
        if error.request_id is not None:
            found["aws.request_id"] = error.request_id
        if error.service_status is not None:
            found["http.response.status_code"] = error.service_status
    return found


def mark_failed(span: Span, error: BaseException) -> None:
    """Give a span the attributes and the status of an error. Cancelled work has not failed."""
    span.set_attributes(describe_error(error))
    if not isinstance(error, asyncio.CancelledError):
        span.set_status(Status(StatusCode.ERROR))


# Work that callers share


@define(eq=False)
class SharedWork:
    """Watches work that concurrent callers share (`Flights`): its span is a child of the first caller's.

    Attributes:
        telemetry: The tracer and the instruments.
        kind: The kind of work.
        span: Its span.
        describe: Returns the attributes and the error of a result.
        starter: The task of the caller that started it, which waits for it, too.
        waiters: How many callers have waited for it.
    """

    telemetry: Telemetry
    kind: Kind
    span: Span
    describe: Describe
    starter: asyncio.Task[Any] | None
    waiters: int = 1

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await the work in its span."""
        began = perf_counter()
        result, raised = None, None
        with trace.use_span(
            self.span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            try:
                result = await work
            except BaseException as error:
                raised = error
                raise
            else:
                return result
            finally:
                self._ended(result, raised, perf_counter() - began)

    def _ended(self, result: object, raised: BaseException | None, seconds: float) -> None:
        attributes, error = self.describe(result, raised)
        self.span.set_attributes({**attributes, f"{_SCOPE}.waiters": self.waiters})
        if error is not None:
            mark_failed(self.span, error)
            attributes["error.type"] = error_type(error)
        self.telemetry.durations[self.kind].record(seconds, attributes)
        self.telemetry.waiters[self.kind].record(self.waiters, attributes)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count a caller that has joined, and link its span of waiting to the span of the work."""
        if asyncio.current_task() is self.starter:
            yield
            return
        self.waiters += 1
        link = Link(self.span.get_span_context())
        # An exception is the work's, whose span describes it.
        with self.telemetry.tracer.start_as_current_span(
            f"{_SCOPE}.{self.kind}.wait",
            links=[link],
            record_exception=False,
            set_status_on_exception=False,
        ):
            yield


@frozen
class Observer:
    """Observes the work of one `Flights`.

    Attributes:
        telemetry: The tracer and the instruments.
        kind: The kind of work.
        attributes: Returns the span's first attributes for a key of the work.
        describe: Returns the attributes and the error of a result.
    """

    telemetry: Telemetry
    kind: Kind
    attributes: Callable[[Any], Attributes]
    describe: Describe

    def __call__(self, key: Hashable) -> SharedWork:
        """Start a span in the context of the caller that starts the work."""
        span = self.telemetry.tracer.start_span(f"{_SCOPE}.{self.kind}", attributes=self.attributes(key))
        return SharedWork(self.telemetry, self.kind, span, self.describe, asyncio.current_task())


def describe_refresh(
    result: RefreshResult | None, error: BaseException | None
) -> tuple[Attributes, BaseException | None]:
    """Return a refresh's outcome."""
    outcome = "failed"
    if isinstance(error, asyncio.CancelledError):
        outcome = "cancelled"
    elif result is not None:
        error = result.failure
        outcome = _outcome(result)
    return {f"{_SCOPE}.refresh.outcome": outcome}, error


def _outcome(result: RefreshResult) -> str:
    if result.renewed:
        return "renewed"
    if result.tokens is None:
        return "signed_out" if result.failure is None else "ended"
    return "not_needed" if result.failure is None else "postponed"


def describe_fetch(_: object, error: BaseException | None) -> tuple[Attributes, BaseException | None]:
    """Return the error of a fetch alone."""
    return {}, error


def jwks_observer(telemetry: Telemetry, jwks: Jwks) -> Observer:
    """Return the observer of the fetches of one key set. A query of its URL is in no attribute."""
    host = jwks.host
    attributes: Attributes = {} if host is None else {"server.address": host}

    def describe(_: object, error: BaseException | None) -> tuple[Attributes, BaseException | None]:
        status: Attributes = {} if jwks.status is None else {"http.response.status_code": jwks.status}
        return {**attributes, **status}, error or jwks.failure

    return Observer(telemetry, "jwks.fetch", lambda _: attributes, describe)


# Storages


class ObservedStorage:
    """A storage whose operations are measured: `Storage`.

    Args:
        storage: The storage.
        telemetry: The tracer and the instruments.
    """

    def __init__(self, storage: Storage, telemetry: Telemetry) -> None:
        self._storage, self._telemetry = storage, telemetry
        self._name = type(storage).__name__

    async def get(self, key: str) -> bytes | None:
        """See `Storage.get`."""
        with self.operation("get"):
            return await self._storage.get(key)

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """See `Storage.set`."""
        with self.operation("set"):
            await self._storage.set(key, value, ttl=ttl)

    async def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        with self.operation("delete"):
            await self._storage.delete(key)

    async def replace(
        self, key: str, value: bytes | None, *, expected: bytes | None, ttl: float | None = None
    ) -> bool:
        """See `Storage.replace`."""
        with self.operation("replace"):
            return await self._storage.replace(key, value, expected=expected, ttl=ttl)

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """See `Storage.lock`. The time to enter is measured, not the time inside."""
        return _ObservedLock(self, self._storage.lock(key))

    @contextmanager
    def operation(self, name: str) -> Iterator[None]:
        """Measure an operation."""
        attributes: Attributes = {
            f"{_SCOPE}.storage.operation": name,
            f"{_SCOPE}.storage.class": self._name,
        }
        began = perf_counter()
        with self._telemetry.tracer.start_as_current_span(
            f"{_SCOPE}.storage.{name}",
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                mark_failed(span, error)
                attributes["error.type"] = error_type(error)
                raise
            finally:
                self._telemetry.storage.record(perf_counter() - began, attributes)


@wrapped_by.register(ObservedStorage)
def _(storage: ObservedStorage) -> Storage | None:
    return storage._storage


class _ObservedLock:
    """A lock whose entry is measured."""

    def __init__(self, storage: ObservedStorage, lock: AbstractAsyncContextManager[None]) -> None:
        self._storage, self._lock = storage, lock

    async def __aenter__(self) -> None:
        with self._storage.operation("lock"):
            await self._lock.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return await self._lock.__aexit__(kind, error, traceback)


# Verifiers


class ObservedVerifier:
    """Stands in for the two methods of one verifier: one that is not instrumented has no extra work.

    Args:
        verifier: The verifier.
        telemetry: The tracer and the instruments.
    """

    def __init__(self, verifier: TokenVerifier, telemetry: Telemetry) -> None:
        self._look_up = verifier._look_up
        self._verify, self._verify_cached = verifier.verify, verifier.verify_cached
        self._telemetry = telemetry
        self._attributes: Attributes = {}
        if verifier.token_use is not None:
            self._attributes[f"{_SCOPE}.token.use"] = verifier.token_use

    async def verify(self, token: str) -> Claims:
        """See `TokenVerifier.verify`."""
        claims = self._look_up(token)
        if claims is not None:
            self._count("accepted", cached=True)
            return claims
        with self._verification():
            return await self._verify(token)

    def verify_cached(self, token: str) -> Claims:
        """See `TokenVerifier.verify_cached`."""
        claims = self._look_up(token)
        if claims is not None:
            self._count("accepted", cached=True)
            return claims
        with self._verification():
            return self._verify_cached(token)

    @contextmanager
    def _verification(self) -> Iterator[None]:
        with self._telemetry.tracer.start_as_current_span(
            f"{_SCOPE}.verify",
            attributes=self._attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            result = "accepted"
            error: BaseException | None = None
            try:
                yield
            except TokenVerificationError as refusal:
                # Not a failure of this service, and its text may quote what an attacker has sent.
                result, error = "refused", refusal
                span.set_attributes(describe_error(refusal))
                raise
            except BaseException as failure:
                is_outage = isinstance(failure, JwksUnavailableError)
                result, error = "unavailable" if is_outage else "failed", failure
                mark_failed(span, failure)
                raise
            finally:
                span.set_attribute(f"{_SCOPE}.verification.result", result)
                self._count(result, cached=False, error=error)

    def _count(self, result: str, *, cached: bool, error: BaseException | None = None) -> None:
        attributes = {
            **self._attributes,
            f"{_SCOPE}.verification.result": result,
            f"{_SCOPE}.verification.cached": cached,
        }
        if error is not None:
            attributes["error.type"] = error_type(error)
        self._telemetry.verifications.add(1, attributes)
