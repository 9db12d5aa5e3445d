"""The emulator as tests hold it: pools, users, outbox, clock, many at once."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from typing import Any, get_args

import pytest

import aiocognito.emulator
from aiocognito.emulator import Clock, CognitoEmulator, Message, Outbox
from aiocognito.emulator.cli import described
from aiocognito.emulator.outbox import Purpose
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import EMAIL, PASSWORD, PHONE, OnePair


async def test_defaults_that_suit_tests(emulator: CognitoEmulator) -> None:
    pool = await emulator.create_user_pool()
    state = pool.state
    assert state.auto_verified == ("email",)
    assert state.mfa_mode == "OPTIONAL"
    assert state.factors == ("SMS_MFA", "SOFTWARE_TOKEN_MFA")
    client = state.clients[pool.client_id]
    assert all(client.permits(flow) for flow in ("USER_SRP_AUTH", "USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"))
    assert pool.client_secret is None


async def test_settings(emulator: CognitoEmulator) -> None:
    """A pool has the settings that it was created with."""
    pool = await emulator.create_user_pool(
        MfaConfiguration="ON",
        SmsMfaConfiguration=None,
        EmailMfaConfiguration={},
        UsernameAttributes=["email"],
        client={"GenerateSecret": True, "AuthSessionValidity": 10},
    )
    assert pool.state.factors == ("SOFTWARE_TOKEN_MFA", "EMAIL_OTP")
    config = pool.config
    assert config.user_pool_id == pool.id
    assert config.user_pool_client_id == pool.client_id
    assert config.user_pool_client_secret == pool.client_secret is not None
    assert config.user_pool_endpoint == config.identity_pool_endpoint == emulator.url
    assert config.auth_session_validity == 600


async def test_rotation_excludes_the_older_refresh(emulator: CognitoEmulator) -> None:
    pool = await emulator.create_user_pool(client={"RefreshTokenRotation": {"Feature": "ENABLED"}})
    client = pool.state.clients[pool.client_id]
    assert client.rotates
    assert not client.permits("REFRESH_TOKEN_AUTH")
    assert client.permits("USER_PASSWORD_AUTH")
    flows = ["ALLOW_REFRESH_TOKEN_AUTH"]
    rotation = {"RefreshTokenRotation": {"Feature": "ENABLED"}, "ExplicitAuthFlows": flows}
    with pytest.raises(ValueError, match="not a permitted ExplicitAuthFlow"):
        await emulator.create_user_pool(client=rotation)


async def test_settings_that_cannot_be(emulator: CognitoEmulator) -> None:
    with pytest.raises(ValueError, match="CreateUserPool: InvalidParameterException: 1 validation error"):
        await emulator.create_user_pool(PoolName="?")
    with pytest.raises(ValueError, match="UnknownOperationException: unknown operation: known are Add"):
        await emulator.call("Nonsense")
    with pytest.raises(ValueError, match="unknown operation: did you mean 'GetId'"):
        await emulator.call("GetIdd")


async def test_users(emulator: CognitoEmulator) -> None:
    """A new user has attributes, groups and a status."""
    pool = await emulator.create_user_pool()
    ana = await pool.add_user(
        "ana", PASSWORD, attributes={"email": EMAIL, "phone_number": PHONE}, groups=["editors", "authors"]
    )
    assert ana.status == "CONFIRMED"
    assert ana.verified("email")
    assert ana.verified("phone_number")
    assert ana.groups == ["editors", "authors"]
    ben = await pool.add_user(
        "ben", PASSWORD, attributes={"email_verified": "false", "email": EMAIL}, groups=["editors"]
    )
    assert not ben.verified("email")
    clara = await pool.add_user("clara", PASSWORD, attributes={"email": EMAIL}, confirmed=False)
    assert clara.status == "UNCONFIRMED"
    assert not clara.verified("email")
    assert emulator.outbox.messages == []
    with pytest.raises(ValueError, match="AdminSetUserPassword: InvalidPasswordException"):
        await pool.add_user("dora", "weak")


async def test_users_by_address(emulator: CognitoEmulator) -> None:
    """In a pool of addresses, the username is a UUID."""
    pool = await emulator.create_user_pool(UsernameAttributes=["email"])
    user = await pool.add_user(EMAIL, PASSWORD)
    assert user.username == user.sub
    assert user.verified("email")


@pytest.mark.parametrize(
    ("mfa", "factors", "preferred"),
    [
        (None, [], None),
        ("TOTP", ["SOFTWARE_TOKEN_MFA"], "SOFTWARE_TOKEN_MFA"),
        ("SOFTWARE_TOKEN_MFA", ["SOFTWARE_TOKEN_MFA"], "SOFTWARE_TOKEN_MFA"),
        ("SMS", ["SMS_MFA"], "SMS_MFA"),
        ("EMAIL", ["EMAIL_OTP"], "EMAIL_OTP"),
        (["SMS", "TOTP"], ["SMS_MFA", "SOFTWARE_TOKEN_MFA"], None),
    ],
)
async def test_users_with_second_factors(
    emulator: CognitoEmulator, mfa: Any, factors: list[str], preferred: str | None
) -> None:
    pool = await emulator.create_user_pool()
    attributes = {"email": EMAIL, "phone_number": PHONE}
    user = await pool.add_user("ana", PASSWORD, attributes=attributes, mfa=mfa)
    assert user.active_factors() == factors
    assert user.preferred_factor == preferred


async def test_second_factors_that_cannot_be(emulator: CognitoEmulator) -> None:
    pool = await emulator.create_user_pool()
    with pytest.raises(ValueError, match="mfa 'PIGEON' is unknown: known are EMAIL, SMS, TOTP"):
        await pool.add_user("ana", PASSWORD, mfa="PIGEON")
    with pytest.raises(ValueError, match="mfa 'TOPT' is unknown: did you mean 'TOTP'"):
        await pool.add_user("ana", PASSWORD, mfa=["SMS", "TOPT"])
    with pytest.raises(TypeError, match="groups must be a sequence of names"):
        await pool.add_user("ana", PASSWORD, groups="admins")
    assert len(pool.state.users) == 0
    with pytest.raises(ValueError, match="SMS_MFA"):
        await pool.add_user("ben", PASSWORD, mfa="SMS")


async def test_codes_of_an_authenticator(emulator: CognitoEmulator) -> None:
    pool = await emulator.create_user_pool()
    user = await pool.add_user("ana", PASSWORD, mfa="TOTP")
    code = pool.totp_code("ana")
    assert pool.totp_code("ana") == code
    assert user.token is not None
    assert user.token.check(code, emulator.clock()).value == "good"
    # The next one, because a code serves once; it is good already.
    following = pool.totp_code("ana")
    assert following != code
    assert user.token.check(following, emulator.clock()).value == "good"
    with pytest.raises(LookupError, match="no user 'unknown'"):
        pool.totp_code("unknown")
    await pool.add_user("ben", PASSWORD)
    with pytest.raises(LookupError, match="'ben' has no software token"):
        pool.totp_code("ben")


# Life


async def test_many_at_once(key_pair: KeyPair) -> None:
    """Several emulators of one loop share nothing."""
    keys = OnePair(key_pair)
    async with CognitoEmulator(keys=keys) as one, CognitoEmulator(keys=keys, region="eu-central-1") as other:
        assert one.url != other.url
        pool = await one.create_user_pool()
        assert pool.id.startswith("us-east-1_")
        assert other.region == "eu-central-1"
        assert (await other.create_user_pool()).id.startswith("eu-central-1_")
        assert one.state.pools.keys().isdisjoint(other.state.pools.keys())
        one.clock.advance(100)
        assert other.clock() < one.clock() - 99


async def test_it_must_run(key_pair: KeyPair) -> None:
    """Before its start and after its end, an emulator raises."""
    emulator = CognitoEmulator(keys=OnePair(key_pair))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="not running"):
            _ = emulator.url
        async with emulator:
            assert emulator.url.startswith("http://127.0.0.1:")
            pool = await emulator.create_user_pool()
            assert pool.config.user_pool_endpoint == emulator.url
    with pytest.raises(RuntimeError, match="not running"):
        await CognitoEmulator().call("ListUserPools", MaxResults=1)
    async with CognitoEmulator():
        pass


async def test_a_taken_port(emulator: CognitoEmulator) -> None:
    """A port that is in use raises OSError."""
    port = int(emulator.url.rsplit(":", 1)[1])
    second = CognitoEmulator(port=port)
    with pytest.raises(OSError, match="address already in use"):
        await second.__aenter__()
    await second.__aexit__(None, None, None)


async def test_over_ipv6() -> None:
    """The emulator can listen on the loopback of IPv6."""
    async with CognitoEmulator(host="::1") as emulator:
        assert emulator.url.startswith("http://[::1]:")
        assert emulator.token is None


async def test_a_seed_repeats_ids_and_codes_but_no_secret(key_pair: KeyPair) -> None:
    found = []
    for _ in range(2):
        async with CognitoEmulator(seed=7, keys=OnePair(key_pair)) as emulator:
            pool = await emulator.create_user_pool(client={"GenerateSecret": True})
            user = await pool.add_user("ana", PASSWORD)
            assert user.secret is not None
            found.append(((pool.id, pool.client_id, user.sub), (pool.client_secret, user.secret.salt)))
    assert found[0][0] == found[1][0]
    assert set(found[0][1]).isdisjoint(found[1][1])


def test_clocks() -> None:
    """The emulator's clock is an offset to a given one."""
    clock = Clock(lambda: 100.0)
    clock.advance(5)
    clock.advance(-1)
    assert (clock(), clock.base()) == (104.0, 100.0)
    for seconds in ("5", None, True):
        with pytest.raises(TypeError, match="seconds must be a number"):
            clock.advance(seconds)  # type: ignore[arg-type]  # wrong on purpose
    assert CognitoEmulator(clock=clock).clock is clock
    assert CognitoEmulator(clock=lambda: 7.0).clock() == 7.0
    before = round(time.time(), 3)
    assert before <= CognitoEmulator().clock() <= round(time.time(), 3)


# The outbox


def message(to: str = EMAIL, code: str = "1", purpose: Purpose = "sign_up", username: str = "ana") -> Message:
    return Message(to, username, "EMAIL", code, purpose, "pool")


async def test_codes_that_were_sent_already() -> None:
    outbox = Outbox()
    for sent in (
        message(code="1"),
        message(code="2"),
        message(code="3", purpose="mfa"),
        message("b", "4", "mfa", "ben"),
    ):
        outbox.send(sent)
    # The newest of a kind makes older ones of its kind worthless.
    assert await outbox.next_code("ana") == "3"
    assert await outbox.next_code(EMAIL) == "2"
    assert await outbox.next_code("b") == "4"
    with pytest.raises(TimeoutError, match=r"no code .* 'ana' within 0\.01 s; sent to: ana@example\.com, b"):
        await outbox.next_code("ana", timeout=0.01)
    assert [sent.code for sent in outbox.messages] == ["1", "2", "3", "4"]


async def test_codes_that_are_waited_for() -> None:
    outbox = Outbox()
    first = asyncio.create_task(outbox.next_code("ana"))
    second = asyncio.create_task(outbox.next_code(EMAIL))
    await asyncio.sleep(0)
    outbox.send(message("b", "0", username="ben"))
    outbox.send(message(code="1"))
    outbox.send(message(code="2"))
    assert [await first, await second] == ["1", "2"]
    assert await outbox.next_code("ben") == "0"


async def test_nothing_was_sent() -> None:
    """The error says to which addresses messages were sent."""
    with pytest.raises(TimeoutError, match="sent to: no address"):
        await Outbox().next_code("ana", timeout=0)


def test_codes_are_in_no_repr() -> None:
    assert "471147" not in repr(message(code="471147"))


@pytest.mark.parametrize(
    "error", [KeyError("sign_in"), BrokenPipeError(), UnicodeEncodeError("ascii", "é", 0, 1, "")]
)
async def test_a_listener_that_fails_stops_neither_the_message_nor_the_operation(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Message] = []

    def fail(_message: Message) -> None:
        raise error

    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool()
        emulator.outbox.listen(fail)
        emulator.outbox.listen(heard.append)
        members = {"ClientId": pool.client_id, "Username": "ana", "Password": PASSWORD}
        await emulator.call("SignUp", **members, UserAttributes=[{"Name": "email", "Value": EMAIL}])
        code = await emulator.outbox.next_code(EMAIL)
    assert [message.code for message in heard] == [code]
    (record,) = [record for record in caplog.records if record.name == "aiocognito.emulator.outbox"]
    name = type(error).__name__
    assert record.getMessage() == f"a listener of the outbox raised {name}; the message to {EMAIL} was sent"
    assert record.exc_info is None
    assert code not in caplog.text


async def test_a_listener_may_add_another_one() -> None:
    heard: list[Message] = []
    outbox = Outbox()
    outbox.listen(lambda _message: outbox.listen(heard.append))
    message = Message("a@example.com", "ana", "EMAIL", "123456", "sign_up", "pool")
    outbox.send(message)
    assert heard == []
    outbox.send(message)
    assert heard == [message]


@pytest.mark.parametrize("purpose", get_args(Purpose))
def test_the_command_line_can_print_every_purpose(purpose: Purpose) -> None:
    line = described(Message("a@example.com", "ana", "EMAIL", "123456", purpose, "pool"))
    assert re.fullmatch(r"EMAIL to a@example\.com: 123456   \(\w[\w ,-]+\)", line)


IMPORTED_IN_A_LOOP = """
import asyncio, sys

async def main():
    from aiocognito.emulator import CognitoEmulator
    emulator = CognitoEmulator()
    print(sorted({"aiohttp", "botocore", "fido2"} & set(sys.modules)))
    async with emulator:
        pool = await emulator.create_user_pool()
        await emulator.create_identity_pool(user_pools=[pool])
        print("aiohttp" in sys.modules)

asyncio.run(main())
"""


def test_what_takes_long_to_import_is_imported_by_the_start_in_a_thread() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORTED_IN_A_LOOP], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["[]", "True"]
    assert done.stderr == ""


def test_every_public_name_is_loaded_from_its_module() -> None:
    package = aiocognito.emulator
    assert set(package._HOME_OF) == set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name).__name__ == name
    with pytest.raises(AttributeError, match=r"module 'aiocognito\.emulator' has no attribute 'Emulator'"):
        _ = package.Emulator  # type: ignore[attr-defined]  # wrong on purpose
