"""Responses of the token endpoint and the JWKS URI with one member replaced or missing."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import httpx

from aiocognito import ClientCredentials, TokenVerifier
from aiocognito._session.record_json import load
from aiocognito.errors import AuthError
from helpers.clock import NOW, Clock
from helpers.hosted_ui import config, hosted_client
from helpers.mutations import mutations
from helpers.tokens import POOL, access_claims, id_claims, jwks, key


def response(document: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(document).encode())


def tokens(**claims: Any) -> dict[str, Any]:
    return {
        "access_token": key().token(access_claims(**claims)),
        "id_token": key().token(id_claims(**claims)),
        "refresh_token": "refresh",
        "expires_in": 3600,
        "token_type": "Bearer",
    }


ANSWERS = [
    *((what, answer, 200) for what, answer in mutations(tokens())),
    *(
        (what, answer, 400)
        for what, answer in mutations({"error": "invalid_grant", "error_description": "code expired"})
    ),
    *(
        (f"claims: {what}", tokens(**claims), 200)
        for what, claims in mutations({"iat": 1, "exp": 2, "sub": "s", "username": "u", "nonce": "n"})
        if isinstance(claims, dict)
    ),
]


async def test_a_redirect_completed_with_a_mutated_response() -> None:
    for what, answer, status in ANSWERS:
        async with hosted_client(clock=Clock(NOW)) as (client, hosted, _):
            request = await client.sign_in_with_redirect()
            hosted.answer = lambda answer=answer, status=status: response(answer, status)
            try:
                with suppress(AuthError):
                    await client.complete_sign_in_with_redirect(hosted.come_back(request.url))
                raw = await client._session.context.storage.get(client._session.storage_key)
                assert raw is None or load(raw) is not None, "the record cannot be read"
                for look in (client.get_current_user, client.fetch_auth_session):
                    with suppress(AuthError):
                        await look()
            except Exception as error:
                raise AssertionError(f"{what}: {error!r}") from error


async def test_client_credentials_with_a_mutated_response() -> None:
    settings = config(user_pool_client_secret="clients3cr3t")
    for what, answer, status in ANSWERS:
        handle = httpx.MockTransport(lambda _, answer=answer, status=status: response(answer, status))
        async with httpx.AsyncClient(transport=handle) as client:
            machine = ClientCredentials(settings, clock=Clock(NOW), http_client=client)
            try:
                for _ in range(2):
                    with suppress(AuthError):
                        await machine.get_tokens()
            except Exception as error:
                raise AssertionError(f"{what}: {error!r}") from error


async def test_a_token_verified_with_a_mutated_key_set() -> None:
    token = key().token(access_claims())
    verified = 0
    for what, document in mutations(jwks(key(), key("key-2"))):
        handle = httpx.MockTransport(lambda _, document=document: response(document))
        async with httpx.AsyncClient(transport=handle) as client:
            verifier = TokenVerifier(
                user_pool_id=POOL,
                client_ids="client",
                token_use="access",
                clock=lambda: NOW,
                http_client=client,
            )
            try:
                with suppress(AuthError):
                    verified += (await verifier.verify(token)).username == "ana"
            except Exception as error:
                raise AssertionError(f"{what}: {error!r}") from error
    assert verified > 0
