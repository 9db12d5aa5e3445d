"""Refresh tokens that pycognito holds become sessions of ours."""

import importlib
import json
import urllib.request
from typing import Any

import anyio.to_thread
import pytest

from aiocognito import MemoryStorage, SessionManager
from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"


@pytest.mark.parametrize("secret", [False, True], ids=["public", "secret"])
async def test_a_refresh_token_of_pycognito_is_adopted(emulator: CognitoEmulator, secret: bool) -> None:
    try:
        pycognito = importlib.import_module("pycognito")
    except ImportError:
        pytest.fail("pycognito is missing: run `scripts/test`, which installs the peers")
    pool = await emulator.create_user_pool(client={"GenerateSecret": secret})
    await pool.add_user("ana", PASSWORD)

    def sign_in() -> Any:
        user = pycognito.Cognito(
            pool.id,
            pool.client_id,
            username="ana",
            client_secret=pool.config.user_pool_client_secret,
            boto3_client_kwargs={"endpoint_url": emulator.url},
        )
        url = f"{emulator.url}/{pool.id}/.well-known/jwks.json"
        with urllib.request.urlopen(url, timeout=60) as response:
            user.pool_jwk = json.load(response)
        user.pool_domain_url = None  # so that it expects AWS's issuer in the tokens, not the endpoint
        user.authenticate(PASSWORD)
        return user

    theirs = await anyio.to_thread.run_sync(sign_in)
    storage = MemoryStorage(clock=emulator.clock)
    async with SessionManager(pool.config, storage=storage, clock=emulator.clock) as sessions:
        key = sessions.new_session_key()
        adopted = await sessions.adopt(key, refresh_token=theirs.refresh_token)
        assert adopted.user_id == theirs.access_claims["sub"]
        emulator.clock.advance(3700)
        assert (await sessions.client(key).get_current_user()).username == "ana"
        await sessions.client(key).fetch_user_attributes()
        # Both use it, as refresh tokens do not rotate here, until one of them signs out.
        await anyio.to_thread.run_sync(theirs.renew_access_token)
        assert await sessions.end_user(adopted.user_id) == 1
    theirs.client.close()
