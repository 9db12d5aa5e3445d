"""A scripted user pool, for tests that must pause at one request.

Whether Cognito responds like that is tested with the emulator and other people's clients and servers.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiocognito import AuthClient, AuthConfig, MemoryStorage, SessionManager
from aiocognito import _srp as srp
from aiocognito._session.context import ServiceContext
from aiocognito._session.record import PendingSignIn
from aiocognito.errors import ServiceError, service_error
from helpers.clock import Clock
from helpers.service_models import faults

CONFIG = AuthConfig(user_pool_id="us-east-1_Scripted", user_pool_client_id="client")
# Cognito's part of SRP, for a user who typed an alias.
VERIFIER: dict[str, Any] = {
    "ChallengeName": "PASSWORD_VERIFIER",
    "Session": "S" * 20,
    "ChallengeParameters": {
        "USERNAME": "ana",
        "USER_ID_FOR_SRP": "ana-id",
        "SALT": "abc",
        "SRP_B": f"{pow(2, 4711, srp.N):x}",
        "SECRET_BLOCK": "c2VjcmV0",
    },
}


def jwt(**claims: Any) -> str:
    """Return a token without a valid signature."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJub25lIn0.{payload}.c2ln"


def session_entries(storage: MemoryStorage) -> dict[str, Any]:
    """Return the entries of a storage that are sessions, by their keys."""
    return {key: entry for key, entry in storage._entries.items() if ":session:" in key}


class RecordingStorage(MemoryStorage):
    """Records every value that is written."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.written: list[bytes] = []

    async def set(self, key: str, value: bytes, **arguments: Any) -> None:
        self.written.append(value)
        await super().set(key, value, **arguments)

    async def replace(self, key: str, value: bytes | None, **arguments: Any) -> bool:
        if value is not None:
            self.written.append(value)
        return await super().replace(key, value, **arguments)


def refusal(operation: str, code: str, message: str = "no") -> ServiceError:
    """Return the error of an operation."""
    return service_error(operation, code, message, service_status=400)


def challenge(
    name: str, parameters: Mapping[str, str] | None = None, *, session: str = "S" * 20, **members: Any
) -> dict[str, Any]:
    """Return a response with a challenge."""
    return {
        "ChallengeName": name,
        "Session": session,
        "ChallengeParameters": dict(parameters or {}),
        **members,
    }


Answer = dict[str, Any] | BaseException | Callable[[Mapping[str, Any]], Any]


class ScriptedService:
    """Replaces the connection to `cognito-idp`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._answers: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._gates: dict[str, asyncio.Event] = {}
        self.arrived: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._serial = 0

    def answer(self, operation: str, *answers: Answer) -> None:
        """Add responses to the next calls of an operation. The last one repeats."""
        self._answers[operation].extend(answers)

    def only(self, operation: str, *answers: Answer) -> None:
        """Replace the responses to the next calls of an operation."""
        self._answers[operation] = deque(answers)

    def refuse(self, operation: str, code: str, message: str = "no") -> None:
        """Return an error to every further call of an operation."""
        self.only(operation, refusal(operation, code, message))

    def hold(self, operation: str) -> asyncio.Event:
        """Pause calls of an operation when they arrive, until the returned event is set."""
        self.arrived[operation] = asyncio.Event()
        self._gates[operation] = asyncio.Event()
        return self._gates[operation]

    def operations(self) -> list[str]:
        return [operation for operation, _ in self.calls]

    async def call(
        self, operation: str, params: Mapping[str, Any], *, repeatable: bool = False
    ) -> dict[str, Any]:
        sent = {key: value for key, value in params.items() if value is not None}
        assert faults(operation, sent) == []
        self.calls.append((operation, sent))
        self.arrived[operation].set()
        if operation in self._gates:
            await self._gates[operation].wait()
        answers = self._answers[operation]
        answer: Any = answers.popleft() if len(answers) > 1 else (answers[0] if answers else {})
        if callable(answer) and not isinstance(answer, BaseException):
            answer = answer(sent)
            if isinstance(answer, Awaitable):
                answer = await answer
        if isinstance(answer, BaseException):
            raise answer
        return answer  # type: ignore[no-any-return]  # any scripted response

    async def aclose(self) -> None:
        return

    def tokens(
        self,
        *,
        username: str = "ana",
        sub: str | None = None,
        refresh_token: str | None = "refresh-1",
        life: float = 3600,
        access: Mapping[str, Any] | None = None,
        id_token: bool = True,
    ) -> dict[str, Any]:
        """Return a response with an AuthenticationResult that is issued now."""
        self._serial += 1
        now = int(self.clock())
        common = {
            "sub": sub or f"sub-of-{username}",
            "iat": now,
            "exp": now + int(life),
            "jti": str(self._serial),
            "origin_jti": "family",
        }
        result: dict[str, Any] = {
            "AccessToken": jwt(**{**common, "username": username, **(access or {})}),
            "ExpiresIn": int(life),
        }
        if id_token:
            result["IdToken"] = jwt(**common, **{"cognito:username": username})
        if refresh_token is not None:
            result["RefreshToken"] = refresh_token
        return {"AuthenticationResult": result, "ChallengeParameters": {}}


def attach(client_or_manager: Any, service: ScriptedService) -> None:
    """Replace the connection with the scripted service."""
    context: ServiceContext = (
        getattr(client_or_manager, "_context", None) or client_or_manager._session.context
    )
    context.connections._user_pool_service = service  # type: ignore[assignment]  # a stand-in


@asynccontextmanager
async def scripted_client(**arguments: Any) -> AsyncIterator[tuple[AuthClient, ScriptedService, Clock]]:
    """Yield a client, its scripted service, and the clock of both."""
    clock = arguments.pop("clock", None) or Clock()
    if "token_provider" not in arguments:
        arguments.setdefault("storage", MemoryStorage(clock=clock))
    service = ScriptedService(clock)
    async with AuthClient(arguments.pop("config", CONFIG), clock=clock, **arguments) as client:
        attach(client, service)
        yield client, service, clock


async def signed_in(client: AuthClient, service: ScriptedService, **tokens: Any) -> None:
    """Sign a user in with a password."""
    service.only("InitiateAuth", service.tokens(**tokens))
    result = await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
    assert result.is_signed_in
    service.calls.clear()


@asynccontextmanager
async def scripted_manager(**arguments: Any) -> AsyncIterator[tuple[SessionManager, ScriptedService, Clock]]:
    """Yield a session manager, its scripted service, and the clock of both."""
    clock = arguments.pop("clock", None) or Clock()
    arguments.setdefault("storage", MemoryStorage(clock=clock))
    service = ScriptedService(clock)
    arguments.setdefault("fixed_keys", True)
    async with SessionManager(arguments.pop("config", CONFIG), clock=clock, **arguments) as manager:
        attach(manager, service)
        yield manager, service, clock


def check_proof(request: dict[str, Any], clock: Clock, *, session: str) -> None:
    """Check the response to `VERIFIER`, but for its signature, which is random."""
    assert len(request["ChallengeResponses"].pop("PASSWORD_CLAIM_SIGNATURE")) == 44
    assert request == {
        "ChallengeName": "PASSWORD_VERIFIER",
        "ChallengeResponses": {
            "USERNAME": "ana-id",
            "PASSWORD_CLAIM_SECRET_BLOCK": "c2VjcmV0",
            "TIMESTAMP": srp.timestamp(clock()),
        },
        "Session": session,
        "ClientMetadata": {"k": "v"},
        "ClientId": "client",
    }


async def begin(
    client: AuthClient, service: ScriptedService, first: Answer, username: str = "ana@example.com"
) -> Any:
    """Begin a sign-in that leads to a challenge, and return the step."""
    service.only("InitiateAuth", first)
    result = await client.sign_in(username, "secret", auth_flow_type="USER_PASSWORD_AUTH")
    assert not result.is_signed_in
    service.calls.clear()
    return result.next_step


async def pending(client: AuthClient) -> PendingSignIn | None:
    """Return the pending sign-in that is stored between two steps."""
    return (await client._session.load()).record.pending
