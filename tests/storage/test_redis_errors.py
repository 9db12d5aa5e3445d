"""What a RedisStorage says when its arguments, its server or its client are not as they should be."""

import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
import redis.asyncio
import redis.asyncio.sentinel
import redis.exceptions
import valkey
import valkey.asyncio
import valkey.exceptions

from aiocognito.errors import AuthConfigError, StorageError
from aiocognito.storage import _redis_client, _redis_errors
from aiocognito.storage.redis import RedisStorage
from gateways.certificates import write_authority
from helpers.ports import free_port
from helpers.redis_servers import Server, redis_server

from .contract import enter

KEY = bytes(32)
SECRET = "sesame-0pen"
CALLS: dict[str, Callable[[RedisStorage], Any]] = {
    "get": lambda s: s.get("k"),
    "set": lambda s: s.set("k", b"a secret token"),
    "replace": lambda s: s.replace("k", b"a secret token", expected=b"an old secret"),
    "lock": lambda s: enter(s, "k"),
}
Make = Callable[[], Any]


def sentinel(**options: Any) -> Any:
    make: Any = redis.asyncio.Sentinel
    return make([("localhost", 1)], **options)


# Arguments


@pytest.mark.parametrize(
    ("client_or_url", "options", "message"),
    [
        (
            None,
            {},
            "client_or_url: must be a URL or a client of redis.asyncio or valkey.asyncio, not NoneType",
        ),
        (redis.asyncio.Redis, {}, "client_or_url: must be a URL .*, not the class Redis"),
        (redis_py.Redis(), {}, "client_or_url: must be a URL .*, not the blocking Redis"),
        (valkey.Valkey(), {}, "client_or_url: must be a URL .*, not the blocking Valkey"),
        ("localhost:6379", {}, "client_or_url: must begin with one of redis://, valkey://, rediss://"),
        ("http://localhost", {}, "client_or_url: must begin with one of redis://"),
        (f"redis://:{SECRET}/#@localhost:6379/0", {}, "client_or_url: is malformed: percent-encode"),
        (f"redis://ana:12/{SECRET}@localhost:6379/0", {}, "client_or_url: is malformed: percent-encode"),
        (f"redis://:12?{SECRET}@localhost:6379/0", {}, "client_or_url: is malformed: percent-encode"),
        (f"redis://:12#{SECRET}@localhost:6379/0", {}, "client_or_url: is malformed: percent-encode"),
        (f"redis://:{SECRET}@localhost/0?nonsense=1", {}, "client_or_url: is malformed, or has an option"),
        (f"redis://:{SECRET}@localhost/0?socket_timeout=x", {}, "client_or_url: is malformed, or has an opt"),
        ("redis://localhost?decode_responses=true", {}, "client_or_url: decode_responses=True makes text"),
        ("redis://localhost", {"encryption_key": b"short"}, "encryption_key: a key must be 32 bytes long"),
        ("redis://localhost", {"encryption_key": []}, "encryption_key: must hold at least one key"),
        ("redis://localhost", {"prefix": b"a:"}, "prefix: must be a str, not bytes"),
        ("redis://localhost", {"lock_lease": 0}, "lock_lease: must be a positive number of seconds"),
        ("redis://localhost", {"lock_lease": float("inf")}, "lock_lease: must be a positive number"),
        ("redis://localhost", {"lock_lease": True}, "lock_lease: must be a positive number"),
        ("redis://localhost", {"wait_replicas": -1}, "wait_replicas: must be 0 or the number of replicas"),
        ("redis://localhost", {"wait_replicas": 1.5}, "wait_replicas: must be 0 or the number of replicas"),
    ],
)
def test_wrong_arguments_are_refused_by_name(client_or_url: Any, options: Any, message: str) -> None:
    with pytest.raises(AuthConfigError, match=message) as caught:
        RedisStorage(client_or_url, **({"encryption_key": KEY} | options))
    assert isinstance(caught.value, ValueError)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_encryption_key_has_no_default() -> None:
    with pytest.raises(TypeError, match="encryption_key"):
        RedisStorage("redis://localhost")  # type: ignore[call-arg]  # the key is required at run time, too


@pytest.mark.parametrize(
    "make",
    [
        lambda: redis.asyncio.Redis(decode_responses=True),
        lambda: redis.asyncio.Redis.from_url("redis://localhost", decode_responses=True),
        lambda: redis.asyncio.RedisCluster("localhost", 1, decode_responses=True),
        lambda: sentinel(decode_responses=True).master_for("mymaster"),
        lambda: valkey.asyncio.Valkey(decode_responses=True),
        lambda: valkey.asyncio.ValkeyCluster("localhost", 1, decode_responses=True),
    ],
)
async def test_client_that_decodes_responses_is_refused(make: Make) -> None:
    with pytest.raises(AuthConfigError, match="decode_responses=True makes text of values that are bytes"):
        RedisStorage(make(), encryption_key=KEY)


@pytest.mark.parametrize("cluster", [redis.asyncio.RedisCluster, valkey.asyncio.ValkeyCluster])
async def test_cluster_cannot_wait_for_replicas(cluster: Any) -> None:
    client = cluster("localhost", 1)
    RedisStorage(client, encryption_key=None)
    with pytest.raises(ValueError, match="wait_replicas: must be 0 with a cluster"):
        RedisStorage(client, encryption_key=None, wait_replicas=1)


async def test_text_of_a_client_that_decodes_after_all_is_an_error(local_redis: Server) -> None:
    class Decoding:
        async def execute_command(self, *command: object) -> str:
            return "text"

    storage = RedisStorage(Decoding(), encryption_key=None)
    with pytest.raises(StorageError, match="returned text instead of bytes") as caught:
        await storage.get("k")
    assert "decode_responses" in str(caught.value.recovery_suggestion)


def test_repr_shows_neither_user_nor_password() -> None:
    storage = RedisStorage(f"rediss://user:{SECRET}@cache.internal/3?ssl_cert_reqs=none", encryption_key=KEY)
    assert repr(storage) == "<RedisStorage rediss://cache.internal:6379/3 prefix='aiocognito:'>"


# Libraries


def test_library_is_needed_for_a_url_alone() -> None:
    script = (
        "import sys\n"
        "sys.modules['redis'] = sys.modules['valkey'] = None\n"
        "from aiocognito.storage.redis import RedisStorage\n"
        "class Client:\n"
        "    async def execute_command(self, *command): ...\n"
        "print(RedisStorage(Client(), encryption_key=None))\n"
        "try:\n"
        "    RedisStorage('redis://localhost', encryption_key=None)\n"
        "except ValueError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "<RedisStorage a given Client prefix='aiocognito:'>\n"
        "client_or_url: RedisStorage needs a client library to open a URL:"
        " pip install 'aiocognito[redis]' (or valkey)\n"
    )


async def test_valkeys_library_serves_where_redis_py_is_not_installed(
    local_redis: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_redis_client, "find_spec", lambda name: None if name == "redis" else True)
    async with RedisStorage(local_redis.url, encryption_key=KEY) as storage:
        client = (await storage._connections.get()).client
        assert isinstance(client, valkey.asyncio.Valkey)
        assert await storage.replace("k", b"v", expected=None)
        assert await storage.get("k") == b"v"


def test_a_url_without_a_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_redis_client, "find_spec", lambda name: None)
    with pytest.raises(AuthConfigError, match=r"client_or_url: .*pip install 'aiocognito\[redis\]'"):
        RedisStorage("redis://localhost", encryption_key=KEY)


def test_import_loads_no_client_library() -> None:
    script = (
        "import sys, aiocognito.storage.redis\n"
        "print(sorted({'redis', 'valkey', 'aiobotocore'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# Servers


async def refusal(storage: RedisStorage, call: str) -> StorageError:
    async with storage:
        with pytest.raises(StorageError) as caught:
            await CALLS[call](storage)
    shown = "".join(traceback.format_exception(caught.value))
    assert "secret" not in shown
    assert SECRET not in shown
    assert caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("credentials", ["", "wrong", f"unknown:{SECRET}", "x"])
async def test_wrong_password(call: str, credentials: str) -> None:
    """Wrong credentials are an error that is not retried."""
    with Server(redis_server(), requirepass=SECRET) as server:
        user, _, password = credentials.rpartition(":")
        url = server.url.replace("//", f"//{user}:{password}@" if credentials else "//")
        error = await refusal(RedisStorage(url, encryption_key=None), call)
        assert "refused the user name or the password" in error.message
        assert "percent-encoded" in str(error.recovery_suggestion)
        assert not error.retryable


@pytest.mark.parametrize("call", CALLS)
async def test_user_without_rights(local_redis: Server, call: str) -> None:
    """A user of Redis who lacks rights gets an error that says so."""
    with local_redis.client as client:
        client.acl_setuser(
            "shop", enabled=True, passwords=["+" + SECRET], keys=["other:*"], commands=["+get"]
        )
        url = local_redis.url.replace("//", f"//shop:{SECRET}@")
        error = await refusal(RedisStorage(url, encryption_key=None), call)
        assert "does not allow this user a command or a key" in error.message
        assert "+evalsha" in str(error.recovery_suggestion)
        assert not error.retryable
        client.acl_deluser("shop")


async def test_rights_that_the_error_names_suffice(local_redis: Server) -> None:
    recovery = next(each.recovery for each in _redis_errors._ADVICE if "NoPermissionError" in each.classes)
    rights = recovery.partition("ACL SETUSER name ")[2].split()
    with local_redis.client as client:
        client.execute_command("ACL", "SETUSER", "shop", "on", f">{SECRET}", *rights)
        url = local_redis.url.replace("//", f"//shop:{SECRET}@")
        async with RedisStorage(url, encryption_key=None, wait_replicas=1) as storage:
            await storage.set("k", b"v")
            assert await storage.replace("k", b"w", expected=b"v")
            async with storage.lock("k"):
                await storage.delete("k")
            assert await storage.get("k") is None
        client.acl_deluser("shop")


@pytest.mark.parametrize("text", ["redis://ana:{}@cache:1", "to ana:a@{}@cache:1", "GET, with args {}"])
def test_an_error_repeats_no_part_of_a_url_or_of_a_command(text: str) -> None:
    error = _redis_errors.storage_error(redis.exceptions.ConnectionError(f"Error: {text.format(SECRET)}"))
    assert error.message.startswith("Redis cannot be reached: Error: ")
    assert SECRET not in error.message
    assert error.message.endswith(("…@cache:1", "GET"))


@pytest.mark.parametrize("command", ["GET", "EVALSHA", "SET"])
async def test_renamed_command_repeats_no_value(command: str) -> None:
    server = Server(redis_server())
    server.options["rename-command"] = f"{command} -"
    with server:
        call = {"GET": "get", "EVALSHA": "lock", "SET": "set"}[command]
        error = await refusal(RedisStorage(server.url, encryption_key=None), call)
        assert "does not know a command" in error.message
        assert "needs Redis 6 or later" in str(error.recovery_suggestion)


@pytest.mark.parametrize("call", CALLS)
async def test_key_of_another_program(local_redis: Server, call: str) -> None:
    with local_redis.client as client:
        client.rpush("aiocognito:lock:k" if call == "lock" else "aiocognito:k", "x")
    storage = RedisStorage(local_redis.url, encryption_key=None)
    if call == "set":
        await CALLS[call](storage)  # takes the place of what is there
        await storage.aclose()
    else:
        error = await refusal(storage, call)
        assert "holds another program's data" in error.message
        assert "prefix" in str(error.recovery_suggestion)


async def test_database_that_is_not_there(local_redis: Server) -> None:
    error = await refusal(RedisStorage(local_redis.url.replace("/0", "/99"), encryption_key=None), "get")
    assert "does not have the database of the URL" in error.message


async def test_full_server(local_redis: Server) -> None:
    """A server without memory is an error that can be retried."""
    with local_redis.client as client:
        client.config_set("maxmemory", 1)
        try:
            for call in ("set", "lock"):
                error = await refusal(RedisStorage(local_redis.url, encryption_key=None), call)
                assert "has no memory left" in error.message
                assert "noeviction" in str(error.recovery_suggestion)
                assert error.retryable
        finally:
            client.config_set("maxmemory", 0)


async def test_server_without_its_replicas(local_redis: Server) -> None:
    with local_redis.client as client:
        client.config_set("min-replicas-to-write", 1)
        try:
            error = await refusal(RedisStorage(local_redis.url, encryption_key=None), "set")
            assert "too few replicas" in error.message
            assert "min-replicas-to-write" in str(error.recovery_suggestion)
            assert error.retryable
        finally:
            client.config_set("min-replicas-to-write", 0)


async def test_server_that_does_not_expect_tls(local_redis: Server) -> None:
    url = f"rediss://127.0.0.1:{local_redis.port}?socket_connect_timeout=0.2"
    error = await refusal(RedisStorage(url, encryption_key=None), "get")
    assert "did not answer in time" in error.message
    assert "expects TLS" in str(error.recovery_suggestion)


async def test_tls(tmp_path: Path) -> None:
    """A server with TLS is reached by rediss://, and errors about TLS say so."""
    authority = write_authority(tmp_path, "localhost")
    server = Server(redis_server())
    tls_port = free_port()
    server.options |= {
        "tls-port": str(tls_port),
        "tls-cert-file": str(authority.server),
        "tls-key-file": str(authority.server),
        "tls-ca-cert-file": str(authority.ca),
        "tls-auth-clients": "no",
    }
    with server:
        url = f"rediss://localhost:{tls_port}"
        error = await refusal(RedisStorage(url, encryption_key=None), "get")
        assert "could not be reached over TLS" in error.message
        assert "ssl_ca_certs" in str(error.recovery_suggestion)
        assert not error.retryable
        plain = await refusal(RedisStorage(f"redis://localhost:{tls_port}", encryption_key=None), "get")
        assert "rediss://" in str(plain.recovery_suggestion)
        async with RedisStorage(f"{url}?ssl_ca_certs={authority.ca}", encryption_key=None) as storage:
            assert await storage.replace("k", b"v", expected=None)
            assert await storage.get("k") == b"v"


@pytest.mark.parametrize("library", ["redis", "valkey"])
async def test_cluster_client_of_a_server_without_cluster_mode(local_redis: Server, library: str) -> None:
    make = redis.asyncio.RedisCluster if library == "redis" else valkey.asyncio.ValkeyCluster
    client = make("127.0.0.1", local_redis.port)
    error = await refusal(RedisStorage(client, encryption_key=None), "get")
    assert "is not a cluster" in error.message
    assert "instead of a cluster client" in str(error.recovery_suggestion)
    await client.aclose()


async def test_node_of_a_cluster() -> None:
    server = Server(redis_server())
    server.options["cluster-enabled"] = "yes"
    with server:
        error = await refusal(RedisStorage(server.url, encryption_key=None), "get")
        assert "cannot serve this key now" in error.message
        with server.client as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 1)
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 2, 16383)


@pytest.mark.parametrize(
    ("error", "message", "retryable"),
    [
        (redis.exceptions.MovedError("1 127.0.0.1:7001"), "is one node of a cluster", False),
        (
            redis.exceptions.BusyLoadingError("Redis is loading the dataset in memory"),
            "still loading",
            True,
        ),
        (redis.exceptions.MasterDownError("Link with MASTER is down"), "cannot serve this key now", True),
        (redis.exceptions.RedisClusterException("no node"), "cluster", True),
        (valkey.exceptions.SlotNotCoveredError("Slot 1 not covered"), "cannot serve this key now", True),
        (redis.asyncio.sentinel.MasterNotFoundError("No master found for 'm'"), "Sentinel knows", True),
        (redis.exceptions.MaxConnectionsError("Too many connections"), "no free connection", True),
        (redis_py.ResponseError("UNBLOCKED force unblock from blocking"), "is a read-only replica", True),
        (redis_py.ResponseError("BUSY Redis is busy running a script"), "is busy with a long script", True),
        (valkey.ResponseError("BUSY Valkey is busy running a script"), "is busy with a long script", True),
        (redis_py.ResponseError("MISCONF Redis is configured to save"), "cannot save its data", True),
        (valkey.exceptions.TimeoutError("Timeout reading"), "did not answer in time", True),
        (TimeoutError(), r"did not answer in time \(TimeoutError\)", True),
        (EOFError(), "cannot be reached", True),
        (redis_py.DataError("Invalid input of type"), "refused a command", False),
    ],
)
def test_other_errors(error: Exception, message: str, retryable: bool) -> None:
    """Each error of the client library has its advice."""
    assert _redis_errors.is_failure(error)
    raised = _redis_errors.storage_error(error)
    assert raised.retryable is retryable
    assert raised.recovery_suggestion
    with pytest.raises(StorageError, match=message):
        raise raised


@pytest.mark.parametrize(
    "text",
    [
        "Error running script (call to f_0): @user_script:7: -READONLY You can't write against a read only"
        " replica.",
        "-READONLY You can't write against a read only replica.",
    ],
)
async def test_script_that_redis_6_refused_on_a_replica_is_tried_once_more(text: str) -> None:
    answers: list[Exception | int] = [redis_py.ResponseError(text), 1]

    class Demoted:
        async def execute_command(self, *command: object) -> int:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    storage = RedisStorage(Demoted(), encryption_key=None)
    assert await storage._redis.replace_lock("k", b"v", expected=None)
    assert answers == []


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyError("k"), RuntimeError("Event loop is closed")])
async def test_mistake_in_a_program_is_not_taken_for_a_failure(error: Exception) -> None:
    class Broken:
        async def execute_command(self, *command: object) -> str:
            raise error

    with pytest.raises(type(error)):
        await RedisStorage(Broken(), encryption_key=None).get("k")
