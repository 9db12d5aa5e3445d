"""Checked by mypy and pyright, never run: where an argument decides the type of the result."""

from typing import assert_type

from aiocognito import (
    AuthClient,
    AuthConfig,
    AuthSession,
    AuthTokens,
    AuthUser,
    ClientCredentials,
    Credentials,
    TokenVerifier,
    sync,
)


async def sessions(auth: AuthClient, wanted: bool) -> AuthSession:
    without = await auth.fetch_auth_session(credentials=False)
    assert_type(without, AuthSession[None])
    assert_type(without.credentials, None)
    assert_type(without.tokens, AuthTokens | None)
    assert_type(without.user_sub, str | None)
    default = await auth.fetch_auth_session(force_refresh=True)
    assert_type(default, AuthSession)
    assert_type(default.credentials, Credentials | None)
    assert_type((await auth.fetch_auth_session(credentials=wanted)).credentials, Credentials | None)
    assert_type((await auth.fetch_auth_session(credentials=True)).credentials, Credentials | None)
    any_session: AuthSession = without  # one without credentials serves where they are optional
    signed_in: AuthSession[None] = default  # type: ignore[assignment]  # must not pass
    return any_session if wanted else signed_in


def sync_sessions(auth: sync.AuthClient) -> None:
    assert_type(auth.fetch_auth_session(credentials=False), AuthSession[None])
    assert_type(auth.fetch_auth_session(), AuthSession)


async def results_that_are_never_none(auth: AuthClient, config: AuthConfig, verifier: TokenVerifier) -> None:
    assert_type(await auth.access_token(), str)
    assert_type(await auth.id_token(), str)
    assert_type(await auth.get_current_user(), AuthUser)
    assert_type(await ClientCredentials(config).get_tokens(), AuthTokens)
    assert_type((await ClientCredentials(config).get_tokens()).access_token.token, str)
