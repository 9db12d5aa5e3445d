"""An emulator that keeps its state: across restarts, and when it is killed."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from attrs import define

from aiocognito.emulator import CognitoEmulator, directory_lock, persistence, serialization
from aiocognito.emulator.groups import Group
from aiocognito.emulator.hosted_ui import urls
from aiocognito.emulator.signing_keys import KeyPair, KeyRing
from aiocognito.emulator.token_store import TokenStore
from helpers.api import EMAIL, NEW_PASSWORD, PASSWORD, PHONE, OnePair
from sign_in.authenticator import Authenticator

ADDRESS = {"UserAttributes": [{"Name": "email", "Value": EMAIL}]}
SCRIPT = """
import asyncio, sys
from aiocognito.emulator import CognitoEmulator

async def main():
    async with CognitoEmulator(data=sys.argv[1], port=int(sys.argv[2])) as emulator:
        pool = emulator.existing_user_pool() or await emulator.create_user_pool()
        print(emulator.url, pool.id, pool.client_id, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def start(tmp_path: Path, key_pair: KeyPair) -> Callable[[], CognitoEmulator]:
    """Make an emulator on one and the same directory."""
    return lambda: CognitoEmulator(data=tmp_path / "data", keys=OnePair(key_pair))


def stats(directory: Path) -> dict[str, tuple[str, int, int]]:
    """Mode, inode and time of change of every file."""
    found = {path.name: path.stat() for path in directory.iterdir()}
    return {name: (oct(stat.st_mode)[-3:], stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}


async def tokens(emulator: CognitoEmulator, client_id: str, password: str = PASSWORD) -> dict[str, Any]:
    parameters = {"USERNAME": "ana", "PASSWORD": password}
    return await emulator.call(
        "InitiateAuth", ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
    )


async def test_the_whole_state_is_read_again(start: Callable[[], CognitoEmulator]) -> None:
    async with start() as emulator:
        assert emulator.existing_user_pool() is None
        pool = await emulator.create_user_pool(client={"GenerateSecret": True})
        other = await emulator.call(
            "CreateUserPoolClient",
            UserPoolId=pool.id,
            ClientName="app",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        )
        client_id = other["UserPoolClient"]["ClientId"]
        attributes = {"email": EMAIL, "phone_number": PHONE}
        await pool.add_user("ana", PASSWORD, attributes=attributes, groups=["editors"])
        result = (await tokens(emulator, client_id))["AuthenticationResult"]
        emulator.clock.advance(1000)
        named = {"UserPoolId": pool.id, "Username": "ana"}
        await emulator.call("AdminSetUserMFAPreference", **named, SMSMfaSettings={"Enabled": True})
        challenged = await tokens(emulator, client_id)
        pool.state.users.find("ana").lockout.failures = 3  # type: ignore[union-attr]  # the test has made it
        await emulator.call("AdminUpdateUserAttributes", **named, UserAttributes=[])
        before, now = pool.state, emulator.clock()
        secret = pool.client_secret

    async with start() as emulator:
        kept = emulator.existing_user_pool()
        assert kept is not None
        assert (kept.id, kept.client_id, kept.client_secret) == (pool.id, pool.client_id, secret)
        assert emulator.clock() >= now
        after = kept.state
        assert serialization.encode(after) == serialization.encode(before)
        ana = after.users.find(EMAIL) or after.users.find("ana")
        assert ana is not None
        assert ana.lockout.failures == 3
        assert (await emulator.call("GetUser", AccessToken=result["AccessToken"]))["Username"] == "ana"
        refresh = {"ClientId": client_id, "RefreshToken": result["RefreshToken"]}
        assert "AuthenticationResult" in await emulator.call("GetTokensFromRefreshToken", **refresh)
        answer = {"USERNAME": "ana", "SMS_MFA_CODE": await sent(emulator)}
        done = await emulator.call(
            "RespondToAuthChallenge",
            ClientId=client_id,
            ChallengeName="SMS_MFA",
            Session=challenged["Session"],
            ChallengeResponses=answer,
        )
        assert "AuthenticationResult" in done
        await emulator.call("DeleteUserPool", UserPoolId=pool.id)

    async with start() as emulator:
        assert emulator.existing_user_pool() is None


async def test_a_passkey_signs_in_after_a_restart(start: Callable[[], CognitoEmulator]) -> None:
    """Also with its counter, which a restart must not reset."""
    authenticator = Authenticator()
    async with start() as emulator:
        policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
        pool = await emulator.create_user_pool(Policies=policies)
        passkeys = {"RelyingPartyId": "example.com"}
        await emulator.call("SetUserPoolMfaConfig", UserPoolId=pool.id, WebAuthnConfiguration=passkeys)
        await pool.add_user("ana", PASSWORD)
        access = (await tokens(emulator, pool.client_id))["AuthenticationResult"]["AccessToken"]
        options = await emulator.call("StartWebAuthnRegistration", AccessToken=access)
        credential = await authenticator.create(options["CredentialCreationOptions"])
        await emulator.call("CompleteWebAuthnRegistration", AccessToken=access, Credential=credential)
        proven = await sign_in_with_passkey(emulator, pool.client_id, authenticator)
        assert "AuthenticationResult" in proven
    async with start() as emulator:
        proven = await sign_in_with_passkey(emulator, pool.client_id, authenticator)
        assert "AuthenticationResult" in proven
        authenticator.count = 1
        with pytest.raises(ValueError, match="The passkey could not be verified"):
            await sign_in_with_passkey(emulator, pool.client_id, authenticator)


async def sign_in_with_passkey(
    emulator: CognitoEmulator, client_id: str, authenticator: Authenticator
) -> dict[str, Any]:
    parameters = {"USERNAME": "ana", "PREFERRED_CHALLENGE": "WEB_AUTHN"}
    challenged = await emulator.call(
        "InitiateAuth", ClientId=client_id, AuthFlow="USER_AUTH", AuthParameters=parameters
    )
    options = json.loads(challenged["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    credential = json.dumps(await authenticator.get(options))
    return await emulator.call(
        "RespondToAuthChallenge",
        ClientId=client_id,
        ChallengeName="WEB_AUTHN",
        Session=challenged["Session"],
        ChallengeResponses={"USERNAME": "ana", "CREDENTIAL": credential},
    )


async def sent(emulator: CognitoEmulator) -> str:
    return emulator.outbox.messages[-1].code


async def test_a_seed_does_not_name_two_things_alike(key_pair: KeyPair, tmp_path: Path) -> None:
    """The same ids after a restart would replace the pools that have them."""
    runs = []
    for directory in ("one", "two"):
        drawn, data = [], tmp_path / directory
        for _ in range(3):
            async with CognitoEmulator(data=data, seed=7, keys=OnePair(key_pair)) as emulator:
                drawn += [(await emulator.create_user_pool()).id, (await emulator.create_identity_pool()).id]
        async with CognitoEmulator(data=data, keys=OnePair(key_pair)) as emulator:
            assert (len(emulator.state.pools), len(emulator.state.identity_pools)) == (3, 3)
        assert len(set(drawn)) == 6
        runs.append(drawn)
    assert runs[0] == runs[1]  # still the same in every run


async def test_a_start_is_counted_before_anything_that_was_drawn_in_it_is_kept(
    start: Callable[[], CognitoEmulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start() as emulator:
        await emulator.create_user_pool()
    written: list[str] = []
    replace = persistence.replace

    def record(path: Path, data: bytes) -> None:
        written.append(path.name)
        replace(path, data)

    monkeypatch.setattr(persistence, "replace", record)
    async with start() as emulator:
        pool = await emulator.create_user_pool()
    assert written.index("emulator.json") < written.index(f"{pool.id}.pool.json")


async def test_a_pool_without_clients(start: Callable[[], CognitoEmulator]) -> None:
    async with start() as emulator:
        await emulator.call("CreateUserPool", PoolName="first")
        pool = await emulator.create_user_pool()
        kept = emulator.existing_user_pool()
        assert kept is not None
        assert kept.id == pool.id


async def test_refusals_count_too(start: Callable[[], CognitoEmulator]) -> None:
    """The count of wrong passwords survives a restart."""
    async with start() as emulator:
        pool = await emulator.create_user_pool()
        await pool.add_user("ana", PASSWORD)
        for _ in range(5):
            with pytest.raises(ValueError, match="Incorrect"):
                await tokens(emulator, pool.client_id, NEW_PASSWORD)
    async with start() as emulator:
        kept = emulator.existing_user_pool()
        assert kept is not None
        ana = kept.state.users.find("ana")
        assert ana is not None
        assert ana.lockout.failures == 5


async def test_keys_of_ones_own(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    found = []
    for _ in range(2):
        async with CognitoEmulator(data=tmp_path) as emulator:
            pool = emulator.existing_user_pool() or await emulator.create_user_pool()
            async with http.get(f"{emulator.url}/{pool.id}/.well-known/jwks.json") as response:
                found.append(await response.json())
            await emulator.call("UpdateUserPool", UserPoolId=pool.id)
    assert found[0] == found[1]
    assert {mode for mode, _, _ in stats(tmp_path).values()} == {"600"}


async def test_the_clock_is_persisted(
    start: Callable[[], CognitoEmulator], http: aiohttp.ClientSession
) -> None:
    async with start() as emulator:
        response = await http.post(f"{emulator.url}/_emulator/clock", json={"advance": 86_400})
        now = (await response.json())["now"]
    async with start() as emulator:
        assert emulator.clock() >= now


async def test_what_only_reads_writes_nothing(start: Callable[[], CognitoEmulator], tmp_path: Path) -> None:
    async with start() as emulator:
        pool = await emulator.create_user_pool()
        await pool.add_user("ana", PASSWORD)
        access = (await tokens(emulator, pool.client_id))["AuthenticationResult"]["AccessToken"]
        before = stats(tmp_path / "data")
        emulator.clock.advance(1)
        await emulator.call("GetUser", AccessToken=access)
        await emulator.call("ListUsers", UserPoolId=pool.id)
        await emulator.call("AdminGetUser", UserPoolId=pool.id, Username="ana")
        await emulator.call("DescribeUserPool", UserPoolId=pool.id)
        assert stats(tmp_path / "data") == before


async def test_many_at_once_are_written_together(
    start: Callable[[], CognitoEmulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    real = persistence.replace

    def count(path: Path, data: bytes) -> None:
        written.append(path.name)
        real(path, data)

    async with start() as emulator:
        pool = await emulator.create_user_pool()
        monkeypatch.setattr(persistence, "replace", count)
        members = {"ClientId": pool.client_id, "Password": PASSWORD}
        await asyncio.gather(*(emulator.call("SignUp", **members, Username=f"user{n}") for n in range(50)))
        assert len(pool.state.users) == 50
        assert 1 <= sum(name.endswith(".pool.json") for name in written) < 50
    async with start() as emulator:
        kept = emulator.existing_user_pool()
        assert kept is not None
        assert len(kept.state.users) == 50


async def test_killed_at_any_moment(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    """Changes that were answered are there afterwards; every file can be read."""
    chance = random.Random(7)
    told: set[str] = set()
    for number in range(3):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SCRIPT, str(tmp_path), "0", stdout=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            url, pool_id, client_id = (await process.stdout.readline()).decode().split()
            names = [f"user-{number}-{person}" for person in range(20)]
            await sign_up_until_killed(http, process, url, client_id, names, told, chance.randint(1, 10))
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        async with CognitoEmulator(data=tmp_path) as emulator:
            kept = {user.username for user in emulator.state.pools[pool_id].users}
        assert told <= kept


async def sign_up_until_killed(
    http: aiohttp.ClientSession,
    process: asyncio.subprocess.Process,
    url: str,
    client_id: str,
    names: list[str],
    told: set[str],
    enough: int,
) -> None:
    """Sign people up all at once, and kill the emulator when it has told so many of them that it is done."""
    enough += len(told)

    async def sign_up(name: str) -> None:
        target = {"X-Amz-Target": "AWSCognitoIdentityProviderService.SignUp"}
        body = {"ClientId": client_id, "Username": name, "Password": PASSWORD}
        async with http.post(url, headers=target, json=body) as response:
            if response.status == 200:
                told.add(name)
        if len(told) == enough:
            process.kill()

    await asyncio.gather(*map(sign_up, names), return_exceptions=True)
    await process.wait()
    assert len(told) >= enough


# One emulator at a time


async def test_a_second_emulator_on_the_directory_is_refused(start: Callable[[], CognitoEmulator]) -> None:
    async with start() as first:
        pool = await first.create_user_pool()
        before = first.state.pools.keys()
        with pytest.raises(
            RuntimeError, match=rf"\(process {os.getpid()}\) uses the directory .*/data: stop"
        ):
            await start().__aenter__()
        await pool.add_user("ana", PASSWORD)
    async with start() as second:
        assert second.state.pools.keys() == before
        assert second.state.pools[pool.id].users.find("ana") is not None


async def test_a_start_that_fails_leaves_the_directory_free(
    start: Callable[[], CognitoEmulator], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = CognitoEmulator(data=tmp_path / "data", port=server.getsockname()[1])
        with pytest.raises(OSError, match="address already in use"):
            await taken.__aenter__()
    wrong = tmp_path / "data" / "us-east-1_x.pool.json"
    wrong.write_text(json.dumps({"version": 99, "state": {}}))
    with pytest.raises(ValueError, match="version 99"):
        await start().__aenter__()
    wrong.unlink()
    async with start() as emulator:
        assert emulator.state.pools == {}


async def test_the_same_object_can_be_started_again(start: Callable[[], CognitoEmulator]) -> None:
    emulator = start()
    async with emulator:
        pool = await emulator.create_user_pool()
    with pytest.raises(RuntimeError, match="the emulator is not running"):
        await emulator.call("CreateUserPool", PoolName="late")
    async with emulator:
        await pool.add_user("ana", PASSWORD)
        with pytest.raises(RuntimeError, match="another emulator"):
            await start().__aenter__()
    async with start() as other:
        assert other.state.pools[pool.id].users.find("ana") is not None


async def test_an_object_does_not_overwrite_what_another_one_wrote_meanwhile(
    start: Callable[[], CognitoEmulator],
) -> None:
    first = start()
    async with first:
        pass
    async with start() as second:
        pool = await second.create_user_pool()
    with pytest.raises(RuntimeError, match="another emulator has changed"):
        await first.__aenter__()
    async with start() as third:
        assert list(third.state.pools) == [pool.id]


async def test_another_process_may_be_named_wrongly_in_the_file(
    start: Callable[[], CognitoEmulator], tmp_path: Path
) -> None:
    async with start():
        (tmp_path / "data" / directory_lock.NAME).write_text("\u00e9 or nothing of use")
        with pytest.raises(RuntimeError, match=r"another emulator \(another process\) uses"):
            await start().__aenter__()


async def test_a_link_in_the_place_of_the_lock_is_refused(
    start: Callable[[], CognitoEmulator], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / directory_lock.NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=r"cannot be used: .*emulator\.lock: .*symbolic links"):
        await start().__aenter__()
    assert not (tmp_path / "elsewhere").exists()


async def test_a_system_without_file_locks_gets_an_error(
    start: Callable[[], CognitoEmulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(NotImplementedError, match="POSIX"):
        await start().__aenter__()


async def test_another_version(tmp_path: Path) -> None:
    """A file of a later version is refused by name."""
    (tmp_path / "us-east-1_x.pool.json").write_text(json.dumps({"version": 99, "state": {}}))
    with pytest.raises(ValueError, match=r"us-east-1_x\.pool\.json is of version 99"):
        await CognitoEmulator(data=tmp_path).__aenter__()


async def test_a_key_of_another_kind(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(TypeError, match="RSA"):
        persistence._load_key({"kid": "a", "pem": pem.decode()})


async def test_keys_that_could_not_be_made() -> None:
    class Broken(KeyRing):
        async def make(self) -> KeyPair:
            raise OSError("no entropy")

    ring = Broken()
    with pytest.raises(OSError, match="no entropy"):
        await ring.of("pool")
    assert ring.made() == {}


# Documents


@serialization.persisted("odd")
@define
class Odd:
    held: object = None


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1 << 3072,
        0.1,
        "text",
        b"\x00\xff",
        [1, [2]],
        (1, (2,)),
        {1, 2},
        frozenset({"a"}),
        {("a", 1): {"b": b"c"}, b"d": None},
    ],
)
def test_values_come_back(value: object) -> None:
    """Each kind of value is the same after it was read."""
    document = json.loads(json.dumps(serialization.encode(value)))
    assert serialization.decode(document) == value
    assert type(serialization.decode(document)) is type(value)


def test_one_value_stays_one() -> None:
    from aiocognito.emulator.attempts import Attempts

    shared = Attempts()
    first, second = serialization.decode(serialization.encode([shared, shared]))
    assert first is second
    assert first is not shared


def test_a_field_that_is_not_persisted_has_its_default() -> None:
    book = TokenStore()
    book.add_genuine("token")
    assert not serialization.decode(serialization.encode(book)).genuine("token")


def test_a_new_field_has_its_default() -> None:
    document = serialization.encode(TokenStore())
    del document["fields"]["grants"]
    assert serialization.decode(document).grants == {}
    from aiocognito.emulator.attempts import Lockout

    document = serialization.encode(Lockout(failures=2))
    del document["fields"]["failures"]
    assert serialization.decode(document).failures == 0


class Labelled(bytes):
    """Bytes with a meaning that plain bytes lack."""


@pytest.mark.parametrize("value", [Labelled(b"a"), type("Names", (list,), {})(), type("Map", (dict,), {})()])
def test_a_subclass_that_would_come_back_as_another_type_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=r"Odd\.held holds a (Labelled|Names|Map), which cannot be persisted"):
        serialization.encode(Odd(value))


def test_a_value_that_cannot_be_persisted() -> None:
    with pytest.raises(TypeError, match=r"Odd\.held holds a function, which cannot be persisted"):
        serialization.encode(Odd(lambda: None))


@pytest.mark.parametrize("name", ["os:system", ".clock:Clock", ".pool:json.loads", ".pool:", "builtins:eval"])
def test_classes_that_are_not_the_emulators(name: str) -> None:
    with pytest.raises((ValueError, AttributeError), match=r"does not belong to a class of the emulator"):
        serialization.decode({"object": name, "number": 0, "fields": {}})


def test_a_class_without_a_tag() -> None:
    @define
    class Forgotten:
        pass

    with pytest.raises(TypeError, match=r"Forgotten cannot be persisted: decorate it with @persisted"):
        serialization.encode([Forgotten()])


def test_a_tag_belongs_to_one_class() -> None:
    with pytest.raises(ValueError, match="the tag 'odd' belongs to Odd"):
        serialization.persisted("odd")(type("Other", (), {}))


@contextmanager
def renamed(kind: type, name: str, module: str) -> Iterator[None]:
    before = kind.__name__, kind.__qualname__, kind.__module__
    kind.__name__, kind.__qualname__, kind.__module__ = name, name, module
    yield
    kind.__name__, kind.__qualname__, kind.__module__ = before


async def test_a_class_may_be_renamed_and_moved(start: Callable[[], CognitoEmulator]) -> None:
    async with start() as emulator:
        pool = await emulator.create_user_pool()
        await pool.add_user("ana", PASSWORD, groups=["editors"])
        before = serialization.encode(pool.state)
    with renamed(Group, "Team", "aiocognito.emulator.elsewhere"):
        async with start() as emulator:
            after = emulator.state.pools[pool.id]
            assert type(after.groups["editors"]).__qualname__ == "Team"
            assert serialization.encode(after) == before


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    """A directory that the version before stable tags wrote, with one value of each class."""
    directory = tmp_path / "data"
    directory.mkdir(mode=0o700)
    for file in (Path(__file__).parents[1] / "data" / "emulator_version_1").iterdir():
        (directory / file.name).write_text(file.read_text())
    return directory


def test_each_tag_of_version_1_is_in_the_directory(version_1: Path) -> None:
    written = "".join(file.read_text() for file in version_1.iterdir())
    assert [tag for tag in serialization.MODULE_TAGS if f'"{tag}"' not in written] == []


async def test_a_directory_of_version_1(start: Callable[[], CognitoEmulator], version_1: Path) -> None:
    async with start() as emulator:
        pool = emulator.state.pools["us-east-1_Abc123"]
        ana = pool.users.find("ana")
        assert ana is not None
        assert (ana.groups, ana.lockout.failures, ana.codes["verify"].value) == (["editors"], 2, "123456")
        assert ana.pending_links == {"Google": {"123": "email"}}
        assert pool.unknown_users["bob"].failures == 3
        sms = pool.auth_sessions.get("handle-0")
        assert sms is not None
        assert sms.state.code.value == "654321"
        device = pool.auth_sessions.get("handle-3")
        assert device is not None
        assert device.state.device is ana.devices["us-east-1_d"]
        (identity_pool,) = emulator.state.identity_pools.values()
        assert identity_pool.owner(("accounts.google.com", "123")) is not None
        await emulator.call("AdminDisableUser", UserPoolId=pool.id, Username="ana")
        before = serialization.encode(pool)
    assert '"version":2,' in (version_1 / "us-east-1_Abc123.pool.json").read_text()
    async with start() as emulator:
        assert serialization.encode(emulator.state.pools[pool.id]) == before


async def test_a_tag_that_is_not_known(start: Callable[[], CognitoEmulator], version_1: Path) -> None:
    file = version_1 / "us-east-1_Abc123.pool.json"
    file.write_text(file.read_text().replace(".groups:Group", ".groups:Team"))
    with pytest.raises(
        ValueError, match=r"us-east-1_Abc123\.pool\.json, of version 1, cannot be read: .*'\.groups:Team'"
    ):
        await start().__aenter__()


# Damaged directories


DAMAGES: dict[str, tuple[str, Callable[[str], str]]] = {
    "an empty pool": (".pool.json", lambda _: ""),
    "a pool that was cut off": (".pool.json", lambda text: text[: len(text) // 2]),
    "a list": (".pool.json", lambda _: "[]"),
    "no version": (".pool.json", lambda _: "{}"),
    "no state": (".pool.json", lambda _: '{"version":2}'),
    "a state that is null": (".pool.json", lambda _: '{"version":2,"state":null}'),
    "bytes that are not UTF-8": (".pool.json", lambda _: "\udcff\udcfe"),
    "an object without its fields": (
        ".pool.json",
        lambda _: '{"version":2,"state":{"object":"user-pool","number":0,"fields":{}}}',
    ),
    "a pool in the place of an identity pool": (".identity-pool.json", lambda _: '{"version":2,"state":7}'),
    "nested too deeply": (".pool.json", lambda _: "[" * 100_000),
    "keys without a PEM": (".keys.json", lambda text: text.replace("BEGIN", "BEGUN")),
    "one key of two": (".keys.json", lambda text: text.replace('"access"', '"other"')),
    "no clock": ("emulator.json", lambda _: '{"version":2,"state":{"dict":[]}}'),
    "a message without a code": ("emulator.json", lambda text: text.replace('"code"', '"cod"')),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_file_is_named(
    start: Callable[[], CognitoEmulator], tmp_path: Path, damage: str
) -> None:
    async with start() as emulator:
        pool = await emulator.create_user_pool()
        await emulator.create_identity_pool(user_pools=[pool])
        await emulator.call("SignUp", ClientId=pool.client_id, Username="ana", Password=PASSWORD, **ADDRESS)
        await pool.key_set()
        await emulator.state.changed()
    ending, spoil = DAMAGES[damage]
    (file,) = (each for each in (tmp_path / "data").iterdir() if each.name.endswith(ending))
    whole = file.read_text()
    file.write_text(spoil(whole), errors="surrogateescape")
    with pytest.raises(
        ValueError, match=r"cannot be read: .* damaged, or not a file of the emulator"
    ) as error:
        await start().__aenter__()
    assert str(error.value).startswith(str(file))
    assert "PRIVATE KEY" not in str(error.value)
    file.write_text(whole)
    async with start() as emulator:
        assert emulator.existing_user_pool() is not None


async def test_a_full_disk(
    start: Callable[[], CognitoEmulator], http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that cannot be written gets an error, on the pages, too; the next change writes it as well."""

    def refuse(path: Path, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with start() as emulator:
        pool = await emulator.create_user_pool(client={"CallbackURLs": ["http://localhost/callback"]})
        link = urls.sign_in(emulator.url, pool.state.clients[pool.client_id])
        with monkeypatch.context() as full:
            full.setattr(persistence, "replace", refuse)
            text = r"the directory for data= \(--data\) cannot be used: .*/data: No space left on device"
            with pytest.raises(ValueError, match=text):
                await pool.add_user("ana", PASSWORD)
            emulator.clock.advance(1)
            async with http.get(str(link)) as page:
                assert page.status == 500
                assert "The emulator failed. Its log has the traceback." in await page.text()
        await pool.add_user("ben", PASSWORD)
    async with start() as emulator:
        users = emulator.state.pools[pool.id].users
        assert [user.username for user in users] == ["ana", "ben"]
