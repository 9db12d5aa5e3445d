"""A machine's token: requested once for all callers, and renewed in time."""

import asyncio
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from aiocognito import AuthClient, AuthConfig, ClientCredentials, TokenProvider
from aiocognito.errors import (
    AuthConfigError,
    AuthUserPoolException,
    InvalidTokens,
    NetworkError,
    OAuthNotConfigureException,
    ServiceError,
    http_status_for,
)
from helpers.clock import Clock
from helpers.hosted_ui import config, refused
from helpers.user_pool import jwt

SECRET = "clients3cr3t"


class TokenEndpoint:
    """Issues tokens of an hour, each another."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.requests: list[httpx.Request] = []
        self.forms: list[dict[str, str]] = []
        self.answer: Callable[[], httpx.Response] = self.issue
        self.gate: asyncio.Event | None = None
        self.arrived = asyncio.Event()
        self.life = 3600
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))

    def issue(self) -> httpx.Response:
        now = int(self.clock())
        token = jwt(sub="client", token_use="access", iat=now, exp=now + self.life, jti=len(self.forms))
        return httpx.Response(200, json={"access_token": token, "expires_in": self.life})

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.forms.append({k: v[0] for k, v in parse_qs(request.content.decode()).items()})
        self.arrived.set()
        if self.gate is not None:
            await self.gate.wait()
        return self.answer()


def machine(**arguments: Any) -> tuple[ClientCredentials, TokenEndpoint, Clock]:
    clock = Clock()
    endpoint = TokenEndpoint(clock)
    settings = arguments.pop("config", None) or config(user_pool_client_secret=SECRET)
    return ClientCredentials(settings, clock=clock, http_client=endpoint.client, **arguments), endpoint, clock


async def number(subject: ClientCredentials, **arguments: Any) -> Any:
    return (await subject.get_tokens(**arguments)).access_token.payload["jti"]


async def test_a_token_for_the_client_itself() -> None:
    subject, endpoint, _ = machine(scopes=("orders/read", "orders/write"))
    assert isinstance(subject, TokenProvider)
    tokens = await subject.get_tokens()
    assert tokens.access_token.payload["sub"] == "client"
    assert (tokens.id_token, tokens.sign_in_details) == (None, None)
    (request,) = endpoint.requests
    assert str(request.url) == "https://auth.example/oauth2/token"
    assert request.headers["authorization"] == "Basic Y2xpZW50OmNsaWVudHMzY3IzdA=="
    assert endpoint.forms == [{"grant_type": "client_credentials", "scope": "orders/read orders/write"}]


@pytest.mark.parametrize(("scopes", "form"), [("a/b", {"scope": "a/b"}), (None, {}), ([], {})])
async def test_scopes(scopes: Any, form: dict[str, str]) -> None:
    """Scopes are sent only if some are requested."""
    subject, endpoint, _ = machine(scopes=scopes)
    await subject.get_tokens()
    assert endpoint.forms == [{"grant_type": "client_credentials", **form}]


async def test_metadata_for_the_triggers() -> None:
    subject, endpoint, _ = machine()
    await subject.get_tokens(client_metadata={"tenant": "ä"})
    assert endpoint.forms[0]["aws_client_metadata"] == '{"tenant": "\\u00e4"}'


async def test_one_request_however_many_ask() -> None:
    subject, endpoint, _ = machine()
    assert (
        len({id(tokens) for tokens in await asyncio.gather(*(subject.get_tokens() for _ in range(50)))}) == 1
    )
    await subject.get_tokens()
    assert len(endpoint.forms) == 1


async def test_a_cancelled_caller_does_not_cancel_the_fetch() -> None:
    subject, endpoint, _ = machine()
    endpoint.gate = asyncio.Event()
    callers = [asyncio.create_task(subject.get_tokens()) for _ in range(3)]
    await endpoint.arrived.wait()
    callers[0].cancel()
    endpoint.gate.set()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert outcomes[1] is outcomes[2]
    assert len(endpoint.forms) == 1


async def test_it_is_renewed_when_it_ends_and_early() -> None:
    subject, _, clock = machine()
    assert await number(subject) == 1
    clock.advance(3539)
    assert await number(subject) == 1
    clock.advance(1)  # a minute before its end
    assert await number(subject) == 2
    clock.advance(7200)
    assert await number(subject) == 3
    assert await number(subject, force_refresh=True) == 4
    assert await number(subject) == 4


async def test_an_early_renewal_that_fails_harms_no_caller() -> None:
    subject, endpoint, clock = machine(config=config(user_pool_client_secret=SECRET, max_attempts=1))
    first = await subject.get_tokens()
    clock.advance(3550)
    endpoint.answer = refused("server_error", status=503)
    for _ in range(3):
        assert await subject.get_tokens() is first
    assert len(endpoint.forms) == 2  # it was tried once, and again after a while
    clock.advance(5)
    assert await subject.get_tokens() is first
    assert len(endpoint.forms) == 3
    clock.advance(40)  # under five seconds are left
    with pytest.raises(ServiceError):
        await subject.get_tokens()
    endpoint.answer = endpoint.issue
    assert await subject.get_tokens() is not first


async def test_a_short_life_is_not_spent_on_renewing() -> None:
    settings = config(user_pool_client_secret=SECRET, refresh_ahead=3600)
    subject, endpoint, clock = machine(config=settings)
    endpoint.life = 300
    await subject.get_tokens()
    clock.advance(149)
    assert await number(subject) == 1
    clock.advance(1)
    assert await number(subject) == 2


@pytest.mark.parametrize("seconds", [None, "soon", True, -1])
async def test_without_a_usable_life_the_token_s_own_end_counts(seconds: Any) -> None:
    subject, endpoint, clock = machine()

    def issue() -> httpx.Response:
        token = jwt(exp=int(clock()) + 600, jti=len(endpoint.forms))
        return httpx.Response(200, json={"access_token": token, "expires_in": seconds})

    endpoint.answer = issue
    assert await number(subject) == 1
    clock.advance(539)
    assert await number(subject) == 1
    clock.advance(60)
    assert await number(subject) == 2


async def test_a_token_without_an_end_is_used_once() -> None:
    subject, endpoint, _ = machine()
    endpoint.answer = lambda: httpx.Response(200, json={"access_token": jwt(jti=len(endpoint.forms))})
    assert [await number(subject) for _ in range(2)] == [1, 2]


async def test_a_refusal_says_why() -> None:
    subject, endpoint, _ = machine()
    endpoint.answer = refused("invalid_client", "invalid_client_secret")
    with pytest.raises(ServiceError) as failure:
        await subject.get_tokens()
    error = failure.value
    assert (error.name, str(error), error.operation) == ("invalid_client", "invalid_client_secret", "Token")
    assert (error.service_status, error.retryable) == (400, False)
    told = "".join(traceback.format_exception(error)) + repr(subject)
    assert SECRET not in told
    assert "Basic" not in told
    endpoint.answer = endpoint.issue
    assert await number(subject) == 2  # a failure is not remembered


async def test_texts_that_are_not_tokens() -> None:
    subject, endpoint, _ = machine()
    endpoint.answer = lambda: httpx.Response(200, json={"access_token": "opaque", "expires_in": 60})
    with pytest.raises(InvalidTokens):
        await subject.get_tokens()


async def test_no_answer_is_asked_for_again() -> None:
    """Two tokens do as well as one, so what was sent and not answered may be sent again."""
    subject, endpoint, _ = machine(config=config(user_pool_client_secret=SECRET, max_attempts=2))

    def cut() -> httpx.Response:
        raise httpx.ReadError("gone")

    endpoint.answer = cut
    with pytest.raises(NetworkError):
        await subject.get_tokens()
    assert len(endpoint.forms) == 2


async def test_closing() -> None:
    """A closed object fetches nothing."""
    subject, endpoint, _ = machine()
    async with subject:
        await subject.get_tokens()
        endpoint.gate, endpoint.arrived = asyncio.Event(), asyncio.Event()
        waiting = asyncio.create_task(subject.get_tokens(force_refresh=True))
        await endpoint.arrived.wait()
    with pytest.raises(RuntimeError, match="the ClientCredentials was closed"):
        await waiting
    assert not endpoint.client.is_closed


async def test_closing_during_an_early_renewal_leaves_the_present_token() -> None:
    subject, endpoint, clock = machine()
    before = await subject.get_tokens()
    clock.advance(3550)
    endpoint.gate, endpoint.arrived = asyncio.Event(), asyncio.Event()
    waiting = asyncio.create_task(subject.get_tokens())
    await endpoint.arrived.wait()
    await subject.aclose()
    assert await waiting is before


async def test_a_cancelled_caller_is_cancelled_though_the_client_is_closed_meanwhile() -> None:
    subject, endpoint, _ = machine()
    endpoint.gate = asyncio.Event()
    waiting = asyncio.create_task(subject.get_tokens())
    await endpoint.arrived.wait()
    waiting.cancel()
    await subject.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize("code", ["invalid_client", "unauthorized_client", "invalid_scope"])
async def test_a_refusal_about_the_app_client_is_a_matter_of_configuration(code: str) -> None:
    subject, endpoint, _ = machine()
    endpoint.answer = refused(code)
    with pytest.raises(ServiceError) as failure:
        await subject.get_tokens()
    assert failure.value.is_configuration
    assert http_status_for(failure.value) == 503


async def test_what_the_token_endpoint_says_is_masked_and_cut() -> None:
    subject, endpoint, _ = machine()

    def echo() -> httpx.Response:
        sent = f"{SECRET} {endpoint.requests[-1].headers['authorization']}"
        return httpx.Response(400, json={"error": "invalid_request", "error_description": sent + "x" * 9000})

    endpoint.answer = echo
    with pytest.raises(ServiceError) as failure:
        await subject.get_tokens()
    assert SECRET not in repr(failure.value)
    assert "Y2xpZW50" not in repr(failure.value)
    assert len(str(failure.value)) == 1000


def test_one_event_loop_after_another() -> None:
    subject, endpoint, _ = machine()

    async def leave_it_waiting() -> None:
        endpoint.gate = asyncio.Event()
        asyncio.get_running_loop().create_task(subject.get_tokens()).cancel()
        task = asyncio.create_task(subject.get_tokens())
        await endpoint.arrived.wait()
        task.cancel()

    asyncio.run(leave_it_waiting())
    endpoint.gate = None
    assert asyncio.run(subject.get_tokens()).access_token.payload["sub"] == "client"


async def test_closing_what_was_never_asked() -> None:
    subject, endpoint, _ = machine()
    await subject.aclose()
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        (AuthConfig(), AuthUserPoolException),
        (config(), AuthConfigError),
        (config(user_pool_client_secret=SECRET, oauth=None), OAuthNotConfigureException),
    ],
)
def test_what_is_not_configured(settings: AuthConfig, error: type[Exception]) -> None:
    with pytest.raises(error):
        ClientCredentials(settings)


async def test_a_client_borrows_a_machine_s_tokens() -> None:
    subject, _, _ = machine()
    async with AuthClient(config(user_pool_client_secret=SECRET), token_provider=subject) as client:
        session = await client.fetch_auth_session(credentials=False)
        assert session.tokens is await subject.get_tokens()
        assert session.user_sub == "client"


@pytest.mark.parametrize("scopes", ["\ud800", ["orders/\ud800"], [""], [5], ["a\nb", "ö"], ['a"b']])
def test_malformed_scopes_are_refused_when_it_is_made(scopes: Any) -> None:
    with pytest.raises(AuthConfigError, match="scopes"):
        ClientCredentials(config(user_pool_client_secret=SECRET), scopes=scopes)
