"""The emulator that the examples of the pages run against."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from attrs import frozen

from aiocognito.emulator import CognitoEmulator

ANA = "ana@example.com"
PASSWORD = "Correct-horse-7"


@frozen
class Backend:
    """An emulator in a thread of its own, as a separate terminal would run it."""

    portal: BlockingPortal
    emulator: CognitoEmulator
    pool: Any

    def do(self, call: Callable[..., Awaitable[Any]], *args: Any, **options: Any) -> Any:
        async def work() -> Any:
            return await call(*args, **options)

        return self.portal.call(work)

    def answer(self, prompt: str) -> str:
        """Answer the prompt of an example for a code that was sent."""
        assert "code" in prompt
        return str(self.do(self.emulator.outbox.next_code, ANA))


def add_ana(backend: Backend) -> None:
    """Add the user that the page "Getting started" signs up."""
    backend.do(backend.pool.add_user, ANA, PASSWORD, attributes={"email": ANA})


def use_hosted_ui(pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the environment variables of a pool with a hosted UI."""
    oauth = pool.config.oauth
    for name, value in {
        "COGNITO_USER_POOL_ID": pool.id,
        "COGNITO_CLIENT_ID": pool.client_id,
        "COGNITO_OAUTH_DOMAIN": oauth.domain,
        "COGNITO_OAUTH_SCOPES": " ".join(oauth.scopes),
        "COGNITO_REDIRECT_SIGN_IN": ",".join(oauth.redirect_sign_in),
        "COGNITO_REDIRECT_SIGN_OUT": ",".join(oauth.redirect_sign_out),
    }.items():
        monkeypatch.setenv(name, value)
