"""Fixtures of the emulator's tests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import aiohttp
import pytest
from aiohttp import web

from aiocognito.emulator import Clock, CognitoEmulator, EmulatedUserPool, dispatch
from aiocognito.emulator.service_model import ServiceModel
from aiocognito.emulator.signing_keys import KeyPair
from aiocognito.emulator.state import EmulatorState
from helpers.api import Answered, Api, OnePair, shape_faults
from helpers.clock import stopped_clock
from helpers.model_judge import ResponseLog

from .identities import Identities
from .judge import Judge
from .oauth import App, make_app


@pytest.fixture(autouse=True)
def responses_without_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where the emulator tests a response or request for truth: empty ones are false in aiohttp 3.11."""

    def refuse(_self: object) -> bool:
        raise AssertionError("compare with None: an empty response is false in aiohttp 3.10 and 3.11")

    monkeypatch.setattr(web.StreamResponse, "__bool__", refuse, raising=False)
    monkeypatch.setattr(web.BaseRequest, "__bool__", refuse, raising=False)


@pytest.fixture(autouse=True)
def judged_responses(monkeypatch: pytest.MonkeyPatch) -> Iterator[ResponseLog]:
    """Fail where a response over HTTP violates botocore's models. A test that wants one clears the list."""
    responses = ResponseLog()
    monkeypatch.setattr(dispatch, "answer", responses.answer)
    yield responses
    assert responses.faults == []


@pytest.fixture(scope="session")
def key_pair() -> KeyPair:
    return KeyPair.generate()


@pytest.fixture(scope="session")
def model() -> ServiceModel:
    return ServiceModel.load()


@pytest.fixture
def empty_api(model: ServiceModel, key_pair: KeyPair) -> Api:
    """The API without a user pool. The clock stands still until it is moved."""
    return Api(EmulatorState(clock=Clock(lambda: 1_700_000_000.5), keys=OnePair(key_pair)), model)


@pytest.fixture
async def api(empty_api: Api) -> Api:
    """The API with a user pool of AWS's defaults and an app client."""
    await empty_api.make_pool()
    return empty_api


@pytest.fixture
async def emulator(key_pair: KeyPair) -> AsyncIterator[CognitoEmulator]:
    """An emulator over HTTP. Its clock stands still until it is moved."""
    async with CognitoEmulator(keys=OnePair(key_pair), clock=stopped_clock()) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def post(
    emulator: CognitoEmulator, http: aiohttp.ClientSession, model: ServiceModel
) -> Callable[..., Awaitable[Answered]]:
    """Ask over HTTP: `await post("GetUser", {...})`; the raw answer is held against the model."""

    async def send(
        operation: str, body: object, *, prefix: str = "AWSCognitoIdentityProviderService", **headers: str
    ) -> Answered:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["X-Amz-Target"] = f"{prefix}.{operation}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with http.post(emulator.url, headers=sent, data=data) as response:
            answered = Answered(response.status, response.headers, await response.read())
        if response.status == 200 and response.content_type == "application/x-amz-json-1.1":
            output = model.operations[operation].output
            # Without an output, the body is empty.
            faults = list(shape_faults(model, output, answered.json())) if output else [answered.body]
            assert faults in ([], [b""])
        return answered

    return send


@pytest.fixture
def judge(emulator: CognitoEmulator, http: aiohttp.ClientSession) -> Judge:
    """Asks over HTTP, and judges raw requests and answers by botocore's models."""
    return Judge(emulator.url, http)


@pytest.fixture
def identities(emulator: CognitoEmulator, http: aiohttp.ClientSession) -> Identities:
    """Asks the identity-pool API over HTTP; every raw answer is held against botocore's model."""
    return Identities(emulator, http)


@pytest.fixture
async def people(emulator: CognitoEmulator) -> EmulatedUserPool:
    """A user pool."""
    return await emulator.create_user_pool()


@pytest.fixture
async def app(emulator: CognitoEmulator, http: aiohttp.ClientSession) -> App:
    """A public app client with the hosted UI, and ana."""
    return await make_app(emulator, http)


@pytest.fixture
async def confidential(emulator: CognitoEmulator, http: aiohttp.ClientSession) -> App:
    """The same with a secret."""
    return await make_app(emulator, http, GenerateSecret=True)
