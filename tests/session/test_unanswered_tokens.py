"""Refresh tokens whose response was lost: sent again, but only within the grace period."""

from __future__ import annotations

import math

import pytest

from aiocognito import errors
from aiocognito._session import keys, unanswered_tokens
from aiocognito._session.unanswered_tokens import UnansweredTokens
from helpers.clock import Clock
from helpers.user_pool import scripted_client, signed_in

REFRESH = "GetTokensFromRefreshToken"


def test_a_token_counts_from_when_it_was_first_sent_until_its_grace_period_ends() -> None:
    clock = Clock()
    tokens = UnansweredTokens(clock)
    assert tokens.since("refresh") == math.inf
    sent_at = clock()
    tokens.add(keys.digest("refresh"))
    clock.advance(59)
    tokens.add(keys.digest("refresh"))
    assert tokens.since("refresh") == sent_at
    assert tokens.since("another") == math.inf
    clock.advance(1)
    assert tokens.since("refresh") == math.inf


def test_the_table_of_unanswered_tokens_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unanswered_tokens, "MAX_UNANSWERED", 2)
    tokens = UnansweredTokens(Clock())
    for name in ("a", "b", "c"):
        tokens.add(keys.digest(name))
    assert tokens.since("a") == math.inf
    assert tokens.since("c") < math.inf


async def test_a_forced_refresh_whose_answer_was_lost_is_repeated_while_the_tokens_are_good() -> None:
    async with scripted_client() as (client, script, clock):
        await signed_in(client, script)
        lost = errors.NetworkError("cut", request_sent=True)
        script.answer(REFRESH, lost, script.tokens(refresh_token="refresh-2"))
        with pytest.raises(errors.NetworkError):
            await client.fetch_auth_session(credentials=False, force_refresh=True)
        clock.advance(6)
        assert (await client.fetch_auth_session(credentials=False)).tokens is not None
        assert script.operations() == [REFRESH, REFRESH]
        clock.advance(6)
        await client.fetch_auth_session(credentials=False)
        assert script.operations() == [REFRESH, REFRESH], "it was answered"


async def test_a_refresh_that_never_reached_cognito_is_not_repeated_early() -> None:
    async with scripted_client() as (client, script, clock):
        await signed_in(client, script)
        script.answer(REFRESH, errors.NetworkError("refused", request_sent=False))
        with pytest.raises(errors.NetworkError):
            await client.fetch_auth_session(credentials=False, force_refresh=True)
        clock.advance(6)
        assert (await client.fetch_auth_session(credentials=False)).tokens is not None
        assert script.operations() == [REFRESH]
