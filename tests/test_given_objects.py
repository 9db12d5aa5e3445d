"""An argument that takes an object refuses a class, and an object of another kind, where it is given."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import aiobotocore.session
import boto3
import httpx
import pytest
from attrs import evolve

from aiocognito import (
    AuthClient,
    AuthConfig,
    ClientCredentials,
    EncryptedStorage,
    FileStorage,
    Hub,
    MemoryStorage,
    OAuthConfig,
    SessionManager,
    TokenVerifier,
    UserContext,
    errors,
    sync,
)
from aiocognito.storage.dynamodb import DynamoDbStorage

CONFIG = AuthConfig(
    user_pool_id="us-east-1_a",
    user_pool_client_id="client",
    user_pool_client_secret="secret",
    oauth=OAuthConfig("auth.example.com"),
)
OTHERS: dict[str, list[Any]] = {
    "config": [AuthConfig, None, {}, CONFIG.oauth],
    "storage": [MemoryStorage, FileStorage, {}, MemoryStorage().get, lambda: MemoryStorage()],
    "hub": [Hub, object(), print],
    "clock": [time, 0.0, float],
    "http_client": [httpx.AsyncClient, httpx.Client(), object()],
    "aws_session": [aiobotocore.session.AioSession, boto3.Session(), object()],
    "token_provider": [ClientCredentials, object()],
}
SESSIONS = ("config", "storage", "hub", "clock", "http_client", "aws_session")


def of_a_manager(made: Any) -> Callable[..., Any]:
    return lambda **given: made(**{"config": CONFIG, "storage": MemoryStorage(), **given})


def of_a_config(made: Any) -> Callable[..., Any]:
    return lambda **given: made(**{"config": CONFIG, **given})


MAKERS: list[tuple[str, Callable[..., Any], tuple[str, ...]]] = [
    ("SessionManager", of_a_manager(SessionManager), SESSIONS),
    ("AuthClient", of_a_config(AuthClient), (*SESSIONS, "token_provider")),
    ("sync.SessionManager", of_a_manager(sync.SessionManager), SESSIONS),
    ("sync.AuthClient", of_a_config(sync.AuthClient), (*SESSIONS, "token_provider")),
    ("ClientCredentials", of_a_config(ClientCredentials), ("config", "clock", "http_client")),
    (
        "TokenVerifier",
        lambda **given: TokenVerifier(user_pool_id="us-east-1_a", client_ids="c", token_use="id", **given),
        ("clock", "http_client"),
    ),
    (
        "TokenVerifier.from_config",
        lambda config=CONFIG, **given: TokenVerifier.from_config(config, token_use="id", **given),
        ("config", "clock", "http_client"),
    ),
    (
        "EncryptedStorage",
        lambda storage: EncryptedStorage(storage, bytes(32)),
        ("storage",),
    ),
    ("MemoryStorage", MemoryStorage, ("clock",)),
    (
        "FileStorage",
        lambda **given: FileStorage("sessions", encryption_key=None, **given),
        ("clock",),
    ),
    (
        "DynamoDbStorage",
        lambda **given: DynamoDbStorage("sessions", encryption_key=None, **given),
        ("aws_session",),
    ),
    ("AuthConfig", lambda **given: evolve(CONFIG, **given), ("clock",)),
]


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        pytest.param(make, name, value, id=f"{maker}-{name}-{place}")
        for maker, make, names in MAKERS
        for name in names
        for place, value in enumerate(OTHERS[name])
    ],
)
def test_another_value_is_refused_where_it_is_given(make: Callable[..., Any], name: str, value: Any) -> None:
    with pytest.raises(errors.AuthConfigError, match=rf"^{name}: must be ") as refused:
        make(**{name: value})
    assert refused.value.field == name


def test_the_error_names_an_object_that_fits() -> None:
    for given, text in (
        (MemoryStorage, "must be an object such as MemoryStorage(), not the class MemoryStorage"),
        ({}, "must be an object such as MemoryStorage(): dict has no set()"),
    ):
        with pytest.raises(errors.AuthConfigError) as refused:
            SessionManager(CONFIG, storage=given)  # type: ignore[arg-type]  # wrong on purpose
        assert text in str(refused.value)


@pytest.mark.parametrize("value", [UserContext, {"ip_address": "192.0.2.1"}, "192.0.2.1"])
def test_a_user_context_of_another_type_is_refused(value: Any) -> None:
    key = SessionManager(CONFIG, storage=MemoryStorage()).new_session_key()
    for make in (
        lambda: AuthClient(CONFIG, user_context=value),
        lambda: sync.AuthClient(CONFIG, user_context=value),
        lambda: SessionManager(CONFIG, storage=MemoryStorage()).client(key, user_context=value),
    ):
        with pytest.raises(errors.AuthValidationError, match="user_context: must be a UserContext"):
            make()


def test_stand_ins_with_the_methods_are_accepted() -> None:
    class Client:
        def request(self, *_: object, **__: object) -> None: ...

    class Provider:
        async def get_tokens(self, **_: object) -> None: ...

    assert SessionManager(CONFIG, storage=MemoryStorage(), http_client=Client()).config is CONFIG  # type: ignore[arg-type]  # a stand-in
    provider = Provider()
    assert AuthClient(CONFIG, token_provider=provider).token_provider is provider
