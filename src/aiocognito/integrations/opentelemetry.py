"""Spans and metrics of what no other instrumentation can see: refreshes, storages, keys and verifications.

The requests to Cognito are calls of aiobotocore, which has an instrumentation of its own.
"""

from typing import Protocol

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from .. import sync
from .._client import AuthClient
from .._client_credentials import ClientCredentials
from .._gateways.jwks import Jwks
from .._public import public
from .._session.context import ServiceContext
from .._sessions import SessionManager
from .._verifier import TokenVerifier
from .._web.service import WebService
from ._telemetry import (
    ObservedStorage,
    ObservedVerifier,
    Observer,
    Telemetry,
    describe_fetch,
    describe_refresh,
    jwks_observer,
)

__all__ = ["WebApplication", "instrument"]


@public("aiocognito.integrations.opentelemetry")
class WebApplication(Protocol):
    """A ``CognitoAuth`` of an integration with a web framework."""

    @property
    def sessions(self) -> SessionManager:
        """The session manager of the running event loop."""
        ...


Instrumented = (
    SessionManager
    | AuthClient
    | TokenVerifier
    | ClientCredentials
    | sync.SessionManager
    | sync.AuthClient
    | sync.TokenVerifier
    | WebApplication
)


@public("aiocognito.integrations.opentelemetry")
def instrument(
    sessions_or_verifier: Instrumented,
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
) -> None:
    """Emit spans and metrics for an object's refreshes, storage, key fetches and verifications.

    Call it once, before the object is used. Later calls with the same object do nothing. No attribute has a
    secret, an address or a username. The session id, which opens nothing, is an attribute of spans.

    Args:
        sessions_or_verifier: A `SessionManager`, an `AuthClient`, a `TokenVerifier` or a `ClientCredentials`;
            one of ``aiocognito.sync``; or the ``CognitoAuth`` of a web framework, for all that it makes.
        tracer_provider: Makes the tracer; the process's by default.
        meter_provider: Makes the meter; the process's by default.

    Raises:
        TypeError: The object is of another type.
    """
    telemetry = Telemetry(tracer_provider, meter_provider)
    service = getattr(sessions_or_verifier, "_service", None)
    if isinstance(sessions_or_verifier, sync.SessionManager | sync.AuthClient | sync.TokenVerifier):
        sessions_or_verifier._remote.with_each(lambda made: _instrument(made, telemetry))
    elif isinstance(service, WebService):
        service.on_made = lambda made: _instrument(made, telemetry)
        for each in service.made():
            _instrument(each, telemetry)
    else:
        _instrument(sessions_or_verifier, telemetry)


def _instrument(target: object, telemetry: Telemetry) -> None:
    match target:
        case SessionManager():
            _context(target._context, telemetry)
        case AuthClient():
            _context(target._session.context, telemetry)
        case TokenVerifier():
            _verifier(target, telemetry)
        case ClientCredentials():
            if target._requests.observe is None:
                target._requests.observe = Observer(
                    telemetry, "client_credentials.fetch", lambda _: {}, describe_fetch
                )
        case _:
            raise TypeError(
                "instrument takes a SessionManager, an AuthClient, a TokenVerifier, a ClientCredentials or a"
                f" CognitoAuth, not {type(target).__name__}"
            )


def _context(context: ServiceContext, telemetry: Telemetry) -> None:
    if isinstance(context.storage, ObservedStorage):
        return
    context.storage = ObservedStorage(context.storage, telemetry)
    # The key of a refresh is the session's id, and that of a fetch of credentials begins with it.
    context.refreshes.observe = Observer(
        telemetry, "refresh", lambda session_id: {"session.id": session_id}, describe_refresh
    )
    context.credential_fetches.observe = Observer(
        telemetry, "credentials.fetch", lambda key: {"session.id": key[0]}, describe_fetch
    )
    context.on_verifier = lambda verifier: _verifier(verifier, telemetry)
    if context._id_tokens is not None:
        _verifier(context._id_tokens, telemetry)


def _verifier(verifier: TokenVerifier, telemetry: Telemetry) -> None:
    if isinstance(getattr(verifier.verify, "__self__", None), ObservedVerifier):
        return
    for pool in verifier._pools:
        _jwks(pool.jwks, telemetry)
    observed = ObservedVerifier(verifier, telemetry)
    verifier.verify = observed.verify  # type: ignore[method-assign]  # of this verifier alone
    verifier.verify_cached = observed.verify_cached  # type: ignore[method-assign]  # of this verifier alone


def _jwks(jwks: Jwks, telemetry: Telemetry) -> None:
    if jwks.fetches.observe is None:
        jwks.fetches.observe = jwks_observer(telemetry, jwks)
