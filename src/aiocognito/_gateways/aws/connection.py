"""aiobotocore, trimmed to what Cognito's unsigned operations need.

botocore checks nothing, signs nothing and retries nothing here. It writes the request; a
``before-call`` handler, botocore's own hook, sends it by aiohttp and reads the answer. So neither
bodies nor answers pass the places where botocore logs them. Only ``aws`` imports this module,
because importing it takes a second.
"""

from __future__ import annotations

import asyncio
import encodings.idna  # noqa: F401 - encodes host names; imported in this thread, off the event loop
import ssl
import threading
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from attrs import frozen
from botocore import UNSIGNED
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.exceptions import ClientError, UnknownServiceError
from botocore.httpsession import ProxyConfiguration
from botocore.loaders import Loader
from botocore.model import ServiceModel
from yarl import URL

from ..._config import AuthConfig
from ..._config_checks import is_loopback
from ...errors import AuthConfigError, ServiceError
from ..clients import AwsSession
from ..environment import proxy_for, tls_context
from ..limits import UnreadableBody, read_body
from .failures import NoSlot, network_error
from .newer_operations import with_newer_operations
from .responses import AwsResponse, ResponseReader

_MAX_CONNECTIONS = 200
# Shorter than AWS keeps an idle connection, so that none is cut just as it is used again.
_KEEPALIVE = 12.0

# The part of a response that botocore reads.
_ANSWERED = SimpleNamespace(status_code=200)

# In botocore's form of a response: what traces and other event handlers read, and our error of a refusal.
_METADATA: Final = "ResponseMetadata"
_REFUSAL: Final = "aiocognito"

# botocore's components are not made for several threads at once.
_preparing = threading.Lock()


@frozen
class Parts:
    """The parts that are made in a thread, because making them reads files or takes long."""

    client: Any
    url: URL
    tls: ssl.SSLContext | None
    proxy: str | None


def prepare(service: str, config: AuthConfig, aws_session: AwsSession | None) -> Parts:
    """Make a botocore client and a TLS context. Blocks: call it in a thread.

    Args:
        service: ``cognito-idp`` or ``cognito-identity``.
        config: The service's endpoint.
        aws_session: The session to make the client from. By default one that takes nothing from the
            environment but proxies and ``AWS_CA_BUNDLE``.

    Raises:
        AuthConfigError: The CA bundle cannot be read.
    """
    url = config.service_url("cognito-idp" if service == "cognito-idp" else "cognito-identity")
    region = config.user_pool_region if service == "cognito-idp" else config.identity_pool_region
    with _preparing:
        session = _own_session() if aws_session is None else aws_session
        client = _run(_make_client(session, service, url, region or "us-east-1"))
        if service == "cognito-idp":
            _add_newer_operations(client)
        _ = client.exceptions  # botocore makes their classes at the first use
        ca_bundle = session.get_config_variable("ca_bundle")
    parsed = URL(url)
    proxy = _proxy(client.meta.config.proxies, url)
    is_tls = parsed.scheme == "https" or (proxy or "").startswith("https:")
    tls = tls_context(ca_bundle) if is_tls else None
    return Parts(client=client, url=parsed, tls=tls, proxy=proxy)


def _add_newer_operations(client: Any) -> None:
    # botocore has no public way to extend the model of a single client.
    model = client.meta.service_model
    extended = with_newer_operations(model._service_description)
    if extended is not None:
        client.meta._service_model = ServiceModel(extended, model.service_name)


def _proxy(of_session: Mapping[str, str] | None, url: str) -> str | None:
    """Return the proxy for a URL: the session's, or the environment's."""
    if of_session and not is_loopback(URL(url).host):
        found: str | None = ProxyConfiguration(of_session).proxy_url_for(url)
        return found
    proxy = proxy_for(url)
    return None if proxy is None else proxy.url


async def _make_client(session: AwsSession, service: str, url: str, region: str) -> Any:
    config = AioConfig(
        signature_version=UNSIGNED,
        parameter_validation=False,
        user_agent=f"aiocognito/{version('aiocognito')}",
        defaults_mode="legacy",
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    context = session.create_client(service, region_name=region, endpoint_url=url, config=config)
    return await context.__aenter__()


def _run(coroutine: Any) -> Any:
    """Run a coroutine that waits for nothing, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError("an event handler of the aiobotocore session waits while a client is made")


@cache
def _own_session() -> AioSession:
    # Every variable keeps its default: the environment and ~/.aws are not read. `environment` decides
    # which proxies to use and which certificates to trust.
    defaults = BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    variables: dict[str, Any] = {
        name: (None, None, default, convert) for name, (_, _, default, convert) in defaults
    }
    for name in ("config_file", "credentials_file", "ca_bundle"):
        variables[name] = (None, None, None, None)
    session = AioSession(variables)
    loader = _OwnModels([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    session.register_component("data_loader", loader)
    session.user_agent_extra = ""
    return session


class _OwnModels(Loader):  # type: ignore[misc]  # botocore has no types
    """botocore's own models, without the rules that find an endpoint: each client is given its URL.

    botocore would follow the rules at each call, and return that URL.
    """

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if type_name == "endpoint-rule-set-1":
            raise UnknownServiceError(service_name=service_name, known_service_names="")
        return super().load_service_model(service_name, type_name, api_version)


class AwsConnection:
    """A botocore client and the connections its requests go over. Made on the event loop.

    Args:
        parts: The result of :func:`prepare`.
        config: The timeouts.
    """

    def __init__(self, parts: Parts, config: AuthConfig) -> None:
        self._parts = parts
        self._config = config
        meta = parts.client.meta
        self._methods = {name: method for method, name in meta.method_to_api_mapping.items()}
        self._readers: dict[str, ResponseReader] = {}
        self._members: dict[str, frozenset[str]] = {}
        self._slots = asyncio.Semaphore(_MAX_CONNECTIONS)
        self._http = _http_session(parts.tls, config)
        service_id = meta.service_model.service_id.hyphenize()
        meta.events.register(f"before-call.{service_id}", self._answer)

    async def call(self, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Call an operation once.

        Raises:
            ServiceError: The service refused.
            NetworkError: No response came.
            AuthConfigError: The installed botocore does not know the operation or a member of it.
        """
        unknown = sorted(members.keys() - self._members_of(operation))
        if unknown:
            raise _too_old(f"{operation}'s {', '.join(unknown)}")
        try:
            answer: dict[str, Any] = await self._send(operation, members)
        except ClientError as refused:
            refusal = refused.response.get(_REFUSAL)
            if refusal is None:
                raise
        else:
            answer.pop(_METADATA, None)
            return answer
        raise refusal

    def _members_of(self, operation: str) -> frozenset[str]:
        """Return the names of an operation's members, by botocore's model."""
        members = self._members.get(operation)
        if members is None:
            model = self._parts.client.meta.service_model
            if operation not in model.operation_names:
                raise _too_old(operation)
            shape = model.operation_model(operation).input_shape
            members = self._members[operation] = frozenset(shape.members)
        return members

    def _send(self, operation: str, members: Mapping[str, Any]) -> Awaitable[dict[str, Any]]:
        client, method = self._parts.client, self._methods.get(operation)
        if method is None:
            # A client has no method for an operation that was added to its model.
            sent: Awaitable[dict[str, Any]] = client._make_api_call(operation, dict(members))
        else:
            sent = getattr(client, method)(**members)
        return sent

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _answer(
        self, *, model: Any, params: Mapping[str, Any], **_: Any
    ) -> tuple[object, dict[str, Any]]:
        """Answer a botocore client in its endpoint's place (the ``before-call`` event).

        The response has botocore's form, which instrumentations read: the request's id, the HTTP status, and
        a refusal as a ``ClientError``.
        """
        read = self._readers.get(model.name)
        if read is None:
            read = self._readers[model.name] = ResponseReader(model.name, model.output_shape)
        answer = await self._post(params["headers"], params["body"])
        metadata = {"RequestId": answer.request_id, "HTTPStatusCode": answer.status}
        try:
            return _ANSWERED, {**read(answer, params["body"]), _METADATA: metadata}
        except ServiceError as error:
            if answer.succeeded:
                raise  # The response cannot be parsed.
            refusal = error.with_traceback(None)
        described = {"Code": refusal.name, "Message": str(refusal)}
        return answer, {"Error": described, _METADATA: metadata, _REFUSAL: refusal}

    async def _post(self, headers: Mapping[str, str], body: bytes) -> AwsResponse:
        try:
            await self._take_slot()
            try:
                return await self._response(headers, body)
            finally:
                self._slots.release()
        except (aiohttp.ClientError, OSError, UnreadableBody) as failure:
            error = network_error(failure, self._parts.url.host or "", self._config)
        # Raised out here: its context would be aiohttp's exception, which may quote an answer.
        raise error

    async def _response(self, headers: Mapping[str, str], body: bytes) -> AwsResponse:
        async with self._http.post(
            self._parts.url, data=body, headers=headers, proxy=self._parts.proxy, allow_redirects=False
        ) as response:
            encoding = response.headers.get("Content-Encoding")
            content = await read_body(response.content.iter_any(), encoding)
            return AwsResponse(response.status, response.headers, content)

    async def _take_slot(self) -> None:
        """Wait for one of the connections, no longer than for a new one.

        Raises:
            NoSlot: All were in use until the timeout.
        """
        if not self._slots.locked():
            await self._slots.acquire()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._config.connect_timeout):
                await self._slots.acquire()
                return
        raise NoSlot(f"all {_MAX_CONNECTIONS} connections are in use")


def _too_old(what: str) -> AuthConfigError:
    installed = version("botocore")
    return AuthConfigError(
        f"the installed botocore {installed} does not know {what}",
        recovery_suggestion="Install a newer aiobotocore, which brings a newer botocore.",
    )


def _http_session(tls: ssl.SSLContext | None, config: AuthConfig) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        # Waiting for a free connection happens at the semaphore, which has a limit of its own.
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE, ssl=tls or True),
        timeout=aiohttp.ClientTimeout(
            total=config.connect_timeout + config.read_timeout,
            connect=config.connect_timeout,
            sock_read=config.read_timeout,
        ),
        # A load balancer's cookie for one user must not reach another user's request.
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,  # `limits` does that, up to a size
    )
