"""Sign up, sign in over SRP, stay signed in, sign out: against an emulator that checks the proof."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
from typing import Any

import pytest
from blockbuster import blockbuster_ctx

from aiocognito import AuthClient, FileStorage, MemoryStorage, SessionManager, errors, steps
from aiocognito.emulator import CognitoEmulator

from .conftest import PASSWORD

REFRESH = "GetTokensFromRefreshToken"


def count(emulator: CognitoEmulator, operation: str) -> int:
    return sum(call.operation == operation for call in emulator.calls)


async def sign_up(auth: AuthClient, emulator: CognitoEmulator, username: str) -> str:
    email = f"{username}@example.com"
    result = await auth.sign_up(username, PASSWORD, user_attributes={"email": email})
    assert isinstance(result.next_step, steps.ConfirmSignUp)
    assert result.next_step.code_delivery_details is not None
    assert result.next_step.code_delivery_details.delivery_medium == "EMAIL"
    code = await emulator.outbox.next_code(email)
    confirmed = await auth.confirm_sign_up(username, code)
    assert confirmed.is_sign_up_complete
    assert result.user_id is not None
    return result.user_id


async def test_the_whole_end_to_end(emulator: CognitoEmulator, auth: AuthClient) -> None:
    heard: list[str] = []
    auth.hub.listen(lambda event: heard.append(event.name))
    user_id = await sign_up(auth, emulator, "ana")
    result = await auth.sign_in("ana", PASSWORD)
    assert result.is_signed_in
    user = await auth.get_current_user()
    assert (user.username, user.user_id) == ("ana", user_id)
    attributes = await auth.fetch_user_attributes()
    assert attributes["email"] == "ana@example.com"
    assert attributes["email_verified"] == "true"
    before = (await auth.fetch_auth_session()).tokens
    emulator.clock.advance(3601)
    after = (await auth.fetch_auth_session()).tokens
    assert before is not None
    assert after is not None
    assert after.access_token.token != before.access_token.token
    assert after.access_token.payload["sub"] == user_id
    assert await auth.fetch_user_attributes() == attributes
    signed_out = await auth.sign_out()
    assert signed_out.revoked
    assert (await auth.fetch_auth_session()).tokens is None
    assert heard == ["signedIn", "tokenRefresh", "signedOut"]


async def test_a_thousand_tasks_cause_one_refresh(
    emulator: CognitoEmulator, pool: Any, auth: AuthClient
) -> None:
    await pool.add_user("ana", PASSWORD)
    await auth.sign_in("ana", PASSWORD)
    emulator.clock.advance(3601)
    emulator.faults.add(REFRESH, latency=0.05)
    tasks = [asyncio.create_task(auth.fetch_auth_session()) for _ in range(1000)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    tokens = {answer.tokens.access_token.token for answer in answers[1:]}  # type: ignore[union-attr]  # the test has made it
    assert len(tokens) == 1
    assert count(emulator, REFRESH) == 1


async def test_two_hundred_users_at_once(
    emulator: CognitoEmulator, pool: Any, sessions: SessionManager
) -> None:
    """Each user gets their own results, on one set of connections."""
    people = {f"person-{number}": f"{PASSWORD}-{number}" for number in range(200)}
    for name, password in people.items():
        await pool.add_user(name, password, attributes={"email": f"{name}@example.com"})

    async def visit(name: str, password: str) -> tuple[str, set[str]]:
        client = sessions.client(sessions.new_session_key())
        assert (await client.sign_in(name, password)).is_signed_in
        new_key = await client.rotate_session_key()
        seen = set()
        for force in (False, True):
            client = sessions.client(new_key)
            session = await client.fetch_auth_session(force_refresh=force)
            assert session.tokens is not None
            assert session.tokens.access_token.payload["username"] == name
            assert (await client.get_current_user()).username == name
            attributes = await client.fetch_user_attributes()
            assert attributes["email"] == f"{name}@example.com"
            seen |= {str(session.user_sub), attributes["sub"], (await client.get_current_user()).user_id}
        assert (await client.sign_out()).revoked
        assert (await sessions.client(new_key).fetch_auth_session()).tokens is None
        return name, seen

    results = await asyncio.gather(*(visit(*person) for person in people.items()))
    subjects = [sub for _, seen in results for sub in seen]
    assert len(subjects) == 200, "one subject per person, whichever call one asks"
    assert len(set(subjects)) == 200
    assert count(emulator, "RevokeToken") == 200


async def test_errors_have_their_own_exceptions_and_do_not_change_the_session(
    emulator: CognitoEmulator, sessions: SessionManager, pool: Any
) -> None:
    await pool.add_user("ana", PASSWORD)
    await pool.add_user("new", PASSWORD, confirmed=False)
    there = sessions.client("key")
    await there.sign_in("ana", PASSWORD)
    client = sessions.client("key of another user")
    with pytest.raises(errors.NotAuthorizedException) as wrong:
        await client.sign_in("ana", "Wrong-password-1")
    assert isinstance(wrong.value, errors.RespondToAuthChallengeException)
    assert wrong.value.operation == "RespondToAuthChallenge"
    assert wrong.value.service_status == 400
    assert wrong.value.request_id
    with pytest.raises(errors.NotAuthorizedException) as wrong:
        await client.sign_in("ana", "Wrong-password-1", auth_flow_type="USER_PASSWORD_AUTH")
    assert isinstance(wrong.value, errors.InitiateAuthException)
    for flow in ("USER_SRP_AUTH", "USER_PASSWORD_AUTH"):
        with pytest.raises(errors.ServiceError) as unknown:
            await client.sign_in("unknown", PASSWORD, auth_flow_type=flow)
        assert unknown.value.name in {"UserNotFoundException", "NotAuthorizedException"}
        result = await client.sign_in("new", PASSWORD, auth_flow_type=flow)
        assert result.next_step == steps.ConfirmSignUp()
    with pytest.raises(errors.InvalidPasswordException):
        await client.sign_up("weak", "weak", user_attributes={"email": "weak@example.com"})
    with pytest.raises(errors.UsernameExistsException):
        await client.sign_up("ana", PASSWORD, user_attributes={"email": "other@example.com"})
    await client.sign_up("eve", PASSWORD, user_attributes={"email": "eve@example.com"})
    code = await emulator.outbox.next_code("eve@example.com")
    with pytest.raises(errors.CodeMismatchException):
        await client.confirm_sign_up("eve", f"{(int(code) + 1) % 1_000_000:06}")
    emulator.clock.advance(24 * 3600 + 1)
    with pytest.raises(errors.ExpiredCodeException):
        await client.confirm_sign_up("eve", code)
    assert (await client.fetch_auth_session()).tokens is None
    assert (await there.get_current_user()).username == "ana"


async def test_a_disabled_user_may_not_sign_in(
    emulator: CognitoEmulator, pool: Any, auth: AuthClient
) -> None:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    await pool.add_user("ana", PASSWORD)

    def disable() -> None:
        admin = boto3.client(
            "cognito-idp",
            region_name="us-east-1",
            endpoint_url=emulator.url,
            config=Config(signature_version=UNSIGNED),
        )
        try:
            admin.admin_disable_user(UserPoolId=pool.id, Username="ana")
        finally:
            admin.close()

    await asyncio.to_thread(disable)
    with pytest.raises(errors.NotAuthorizedException, match="disabled"):
        await auth.sign_in("ana", PASSWORD)


@pytest.mark.parametrize("rotation_is_known", [False, True])
@pytest.mark.parametrize(
    "fault",
    [
        {"error": "TooManyRequestsException"},
        {"error": "InternalErrorException", "status": 500},
        {"status": 503},
    ],
    ids=str,
)
async def test_a_refresh_that_cannot_be_done_keeps_the_session(
    emulator: CognitoEmulator, pool: Any, auth: AuthClient, fault: dict[str, Any], rotation_is_known: bool
) -> None:
    await pool.add_user("ana", PASSWORD)
    await auth.sign_in("ana", PASSWORD)
    if rotation_is_known:  # off, as the first refresh shows
        await auth.fetch_auth_session(force_refresh=True)
    before = count(emulator, REFRESH)
    # A failure of the service may come after the token was exchanged; a throttled request did no work.
    attempts = 3 if rotation_is_known or "TooManyRequestsException" in fault.values() else 1
    heard: list[str] = []
    auth.hub.listen(lambda event: heard.append(event.name))
    emulator.clock.advance(3601)
    emulator.faults.add(REFRESH, times=attempts, **fault)
    with pytest.raises(errors.ServiceError) as caught:
        await auth.fetch_auth_session()
    assert caught.value.retryable
    assert count(emulator, REFRESH) - before == attempts
    assert (await auth.fetch_auth_session()).tokens is not None
    assert heard == ["tokenRefresh_failure", "tokenRefresh"]


async def test_a_revoked_refresh_token_ends_the_session(
    emulator: CognitoEmulator, pool: Any, sessions: SessionManager
) -> None:
    await pool.add_user("ana", PASSWORD)
    there = sessions.client("there")
    await there.sign_in("ana", PASSWORD)
    heard: list[str] = []
    there.hub.listen(lambda event: heard.append(event.name))
    await emulator.call("AdminUserGlobalSignOut", UserPoolId=pool.id, Username="ana")
    with pytest.raises(errors.NotAuthorizedException, match="revoked"):
        await there.fetch_user_attributes()
    emulator.clock.advance(3601)
    assert (await there.fetch_auth_session()).tokens is None
    assert heard == ["tokenRefresh_failure"]
    with pytest.raises(errors.UserUnAuthenticatedException):
        await there.get_current_user()


async def test_an_endpoint_that_cannot_be_reached(pool: Any, emulator: CognitoEmulator) -> None:
    from attrs import evolve

    config = evolve(pool.config, user_pool_endpoint="http://127.0.0.1:9", max_attempts=1)
    async with AuthClient(config) as auth:
        with pytest.raises(errors.NetworkError) as caught:
            await auth.sign_in("ana", PASSWORD)
        assert caught.value.request_sent is False
        assert errors.http_status_for(caught.value) == 503


async def test_every_challenge_of_the_end_to_end(
    emulator: CognitoEmulator, pool: Any, auth: AuthClient
) -> None:
    await pool.add_user("ana", PASSWORD, attributes={"phone_number": "+15550100"}, mfa="SMS")
    await pool.add_user("ben", PASSWORD, mfa="TOTP")
    result = await auth.sign_in("ana", PASSWORD)
    assert isinstance(result.next_step, steps.ConfirmSignInWithSmsCode)
    code = await emulator.outbox.next_code("+15550100")
    with pytest.raises(errors.CodeMismatchException):
        await auth.confirm_sign_in(f"{(int(code) + 1) % 1_000_000:06}")
    assert (await auth.confirm_sign_in(code)).is_signed_in
    await auth.sign_out()
    assert (await auth.sign_in("ben", PASSWORD)).next_step == steps.ConfirmSignInWithTotpCode()
    assert (await auth.confirm_sign_in(pool.totp_code("ben"))).is_signed_in


async def test_nothing_secret_is_logged_or_shown(emulator: CognitoEmulator) -> None:
    """The whole sign-in with the root logger at DEBUG."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    shown: list[str] = []
    secrets: set[str] = {PASSWORD, "Wrong-password-1"}
    try:
        pool = await emulator.create_user_pool(client={"GenerateSecret": True})
        assert pool.config.user_pool_client_secret
        secrets.add(pool.config.user_pool_client_secret)
        storage = MemoryStorage(clock=emulator.clock)
        async with SessionManager(
            pool.config, fixed_keys=True, storage=storage, clock=emulator.clock
        ) as sessions:
            sessions.hub.listen(lambda event: shown.append(repr(event)))
            key = sessions.new_session_key()
            client = sessions.client(key)
            secrets.add(key)
            await sign_up(client, emulator, "ana")
            with pytest.raises(errors.AuthError) as caught:
                await client.sign_in("ana", "Wrong-password-1")
            shown += [repr(caught.value), str(caught.value), repr(caught.value.__cause__)]
            shown.append(repr(await client.sign_in("ana", PASSWORD)))
            shown.append(repr(await client.fetch_auth_session(force_refresh=True)))
            record = (await client._session.load()).record
            assert record.tokens is not None
            secrets |= {
                record.tokens.access_token,
                record.tokens.refresh_token or "",
                record.tokens.id_token or "",
            }
            shown += [repr(client), repr(sessions), repr(client.config), repr(record), repr(storage)]
            secrets.add(await client.rotate_session_key())
            await client.sign_out()
            await pool.add_user("ben", PASSWORD, mfa="TOTP")
            shown.append(repr(await client.sign_in("ben", PASSWORD)))
            pending = (await client._session.load()).record.pending
            assert pending is not None
            assert pending.challenge.session is not None
            secrets.add(pending.challenge.session)
            shown.append(repr(pending))
            code = pool.totp_code("ben")
            secrets.add(code)
            await client.confirm_sign_in(code)
        for message in emulator.outbox.messages:
            secrets.add(message.code)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    log = stream.getvalue()
    assert len(secrets) >= 10
    for secret in secrets:
        assert secret
        assert secret not in log
        assert not any(secret in text for text in shown)
    for name in ("SRP_A", "PASSWORD_CLAIM_SIGNATURE", "SECRET_HASH", "eyJ"):
        assert name not in log


async def test_no_call_blocks_the_loop(emulator: CognitoEmulator, pool: Any, tmp_path: Any) -> None:
    storage = FileStorage(tmp_path / "sessions", encryption_key=bytes(range(32)))
    await pool.add_user("ana", PASSWORD)
    gc.collect()
    with blockbuster_ctx("aiocognito"):
        async with AuthClient(pool.config, storage=storage, clock=emulator.clock) as auth:
            await auth.sign_in("ana", PASSWORD)
            await auth.fetch_user_attributes()
            await auth.fetch_auth_session(force_refresh=True)
            await auth.rotate_session_key()
            await auth.sign_out()
            with pytest.raises(errors.NotAuthorizedException):
                await auth.sign_in("ana", "Wrong-password-1")
