"""pycognito, the most used of Python's clients, against our emulator, with and without a client secret."""

import importlib
import json
import urllib.request
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import anyio.to_thread
import pytest

from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
Cognito = Any  # pycognito's class, which is there only where the foreign judges are
Pool = Any
Admin = Any


@pytest.fixture(scope="session")
def pycognito() -> Any:
    """The package, its exceptions imported too."""
    try:
        importlib.import_module("pycognito.exceptions")
    except ImportError:
        pytest.fail("pycognito is missing: run `scripts/test`, which installs the peers")
    return importlib.import_module("pycognito")


async def call(function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
    """Call in a thread: pycognito waits, and the emulator answers on this loop."""
    return await anyio.to_thread.run_sync(partial(function, *arguments, **named))


async def refused(function: Callable[..., Any], /, *arguments: Any) -> str:
    with pytest.raises(Exception, match="An error occurred") as refusal:
        await call(function, *arguments)
    code: str = refusal.value.response["Error"]["Code"]  # type: ignore[attr-defined]  # botocore's ClientError
    return code


def _connect(pycognito: Any, pool: Pool, url: str, username: str) -> Cognito:
    user = pycognito.Cognito(
        pool.id,
        pool.client_id,
        username=username,
        client_secret=pool.config.user_pool_client_secret,
        boto3_client_kwargs={"endpoint_url": url},
    )
    with urllib.request.urlopen(f"{url}/{pool.id}/.well-known/jwks.json", timeout=60) as response:
        user.pool_jwk = json.load(response)
    user.pool_domain_url = None  # so that it expects AWS's issuer in the tokens, not the endpoint
    return user


@pytest.fixture(params=[False, True], ids=["public", "secret"])
async def pool(request: pytest.FixtureRequest, emulator: CognitoEmulator) -> Pool:
    return await emulator.create_user_pool(
        AutoVerifiedAttributes=["email"],
        MfaConfiguration="OPTIONAL",
        client={"GenerateSecret": request.param},
    )


@pytest.fixture
async def user(pycognito: Any, pool: Pool, emulator: CognitoEmulator) -> AsyncIterator[Cognito]:
    """pycognito's client for the user `ana`, not yet signed up."""
    made = await call(_connect, pycognito, pool, emulator.url, "ana")
    yield made
    made.client.close()


async def test_register_confirm_and_authenticate(user: Cognito, emulator: CognitoEmulator) -> None:
    user.set_base_attributes(email="ana@example.com")
    registered = await call(user.register, "ana", PASSWORD)
    assert registered["UserConfirmed"] is False
    code = await emulator.outbox.next_code("ana@example.com")
    assert await refused(user.authenticate, PASSWORD) == "UserNotConfirmedException"
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert await refused(user.confirm_sign_up, wrong) == "CodeMismatchException"
    await call(user.confirm_sign_up, code)

    await call(user.authenticate, PASSWORD)  # it verifies both tokens: signature, issuer, audience, use
    assert user.access_claims["sub"] == registered["UserSub"]
    assert user.id_claims["email_verified"] is True


async def test_wrong_password(pool: Pool, user: Cognito) -> None:
    """A wrong password is refused, and the right one is accepted afterwards."""
    await pool.add_user("ana", PASSWORD)
    assert await refused(user.authenticate, "Wrong-Horse-1") == "NotAuthorizedException"
    await call(user.authenticate, PASSWORD)
    assert user.access_claims["username"] == "ana"


async def test_wrong_client_secret(pycognito: Any, emulator: CognitoEmulator) -> None:
    """A wrong secret of the client is refused."""
    pool = await emulator.create_user_pool(client={"GenerateSecret": True})
    await pool.add_user("ana", PASSWORD)
    user = await call(_connect, pycognito, pool, emulator.url, "ana")
    right, user.client_secret = user.client_secret, "notthesecret"
    assert await refused(user.authenticate, PASSWORD) == "NotAuthorizedException"
    user.client_secret = right
    await call(user.authenticate, PASSWORD)
    assert user.access_claims["username"] == "ana"
    user.client.close()


async def test_many_srp_sign_ins(pool: Pool, user: Cognito) -> None:
    """It pads salt and B as text, amplify-js as integers: both must come to the same proof."""
    for number in range(16):
        user.username = f"user{number}"
        await pool.add_user(user.username, PASSWORD)
        await call(user.authenticate, PASSWORD)
        assert user.access_claims["username"] == user.username


async def test_refresh(pool: Pool, user: Cognito) -> None:
    """A renewed token is of the same sign-in."""
    await pool.add_user("ana", PASSWORD)
    await call(user.authenticate, PASSWORD)
    before = user.access_claims
    await call(user.renew_access_token)
    assert user.access_claims["jti"] != before["jti"]
    assert user.access_claims["origin_jti"] == before["origin_jti"]


async def test_logout_ends_the_session(pool: Pool, user: Cognito, admin: Admin) -> None:
    await pool.add_user("ana", PASSWORD)
    await call(user.authenticate, PASSWORD)
    access, refresh = user.access_token, user.refresh_token
    await call(user.logout)
    assert await admin.refused("get_user", AccessToken=access) == "NotAuthorizedException"
    user.refresh_token = refresh
    assert await refused(user.renew_access_token) == "NotAuthorizedException"


async def test_new_password_required(pool: Pool, user: Cognito, admin: Admin) -> None:
    """An invited user chooses a password."""
    await admin(
        "admin_create_user",
        UserPoolId=pool.id,
        Username="ana",
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
    )
    await call(user.new_password_challenge, PASSWORD, "Better-Horse-2")
    await call(user.authenticate, "Better-Horse-2")
    assert user.access_claims["username"] == "ana"


async def test_software_token_mfa(pycognito: Any, pool: Pool, user: Cognito) -> None:
    """pycognito signs in with a code of an authenticator app."""
    await pool.add_user("ana", PASSWORD, mfa="TOTP")
    with pytest.raises(pycognito.exceptions.SoftwareTokenMFAChallengeException) as challenged:
        await call(user.authenticate, PASSWORD)
    await call(
        user.respond_to_software_token_mfa_challenge, pool.totp_code("ana"), challenged.value.get_tokens()
    )
    assert user.access_claims["username"] == "ana"


async def test_sms_mfa(
    pycognito: Any, pool: Pool, user: Cognito, emulator: CognitoEmulator, admin: Admin
) -> None:
    """pycognito signs in with a code by SMS."""
    attributes = {"phone_number": "+15555550100", "phone_number_verified": "true"}
    await pool.add_user("ana", PASSWORD, attributes=attributes)
    preferred = {"Enabled": True, "PreferredMfa": True}
    await admin("admin_set_user_mfa_preference", UserPoolId=pool.id, Username="ana", SMSMfaSettings=preferred)
    with pytest.raises(pycognito.exceptions.SMSMFAChallengeException) as challenged:
        await call(user.authenticate, PASSWORD)
    code = await emulator.outbox.next_code("+15555550100")
    await call(user.respond_to_sms_mfa_challenge, code, challenged.value.get_tokens())
    assert user.access_claims["username"] == "ana"
