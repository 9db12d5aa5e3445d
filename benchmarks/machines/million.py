"""``python -m benchmarks.machines.million``: a million sessions in one Redis.

A thousand of them are of one user, who signs in a thousand times at the emulator. The others are records as
the library writes them, with their entries in the index and under the user's name: one session is signed in,
and its record is encoded once, encrypted for each key, and sent through pipelines. Each belongs to a user of
its own. Redis persists nothing meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import uuid
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))  # for helpers.redis_servers

from aiocognito import AuthClient, SessionManager
from aiocognito._session import keys, name_index, user_index
from aiocognito._session.index_record import IndexEntry, NamedUser, SessionIndex, dump_index, dump_names
from aiocognito.emulator import run_in_thread
from aiocognito.storage._envelope import envelope_for
from aiocognito.storage.redis import RedisStorage
from benchmarks.peers import together
from helpers.redis_servers import Server, redis_server

from . import pages
from .stage import PASSWORD
from .workers import KEY

PREFIX = "aiocognito:"
BATCH = 500
SIGN_INS_AT_ONCE = 4


async def sign_in(sessions: SessionManager, user: str) -> AuthClient:
    """Sign a user in, on a browser of its own."""
    auth = sessions.client(sessions.new_session_key())
    await auth.sign_in(user, PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")
    return auth


def values_of(sessions: SessionManager, record: bytes) -> Iterator[tuple[str, bytes, float]]:
    """Yield the storage keys of a new user's session, its values and their lifetimes, in seconds."""
    context, now = sessions._context, time.time()
    user_id = str(uuid.uuid4())
    address = keys.address(context.config, keys.new_secret())
    index = SessionIndex(epoch="0123456789abcdef", entries={address.session_id: IndexEntry(at=now)})
    named = NamedUser(username=user_id, user_id=user_id, at=now)
    yield user_index.index_key(context, user_id), dump_index(index), context.index_seconds
    yield name_index.name_key(context, user_id), dump_names((named,)), context.index_seconds
    yield address.storage_key, record, context.session_ttl


def fill(sessions: SessionManager, server: Server, record: bytes, number: int) -> None:
    """Write sessions, each of a user of its own."""
    envelope = envelope_for(KEY)
    envelope.load()
    with server.client as client:
        for start in range(0, number, BATCH):
            pipeline = client.pipeline(transaction=False)
            for _ in range(min(BATCH, number - start)):
                for key, value, ttl in values_of(sessions, record):
                    pipeline.set(f"{PREFIX}{key}", envelope.seal(key, value), px=round(ttl * 1000))
            pipeline.execute()
            if start % 100_000 == 0:
                print(f"{start:,} sessions", flush=True)


def memory(server: Server) -> int:
    """Return the bytes that Redis uses."""
    with server.client as client:
        found: Any = client.info("memory")
    return int(found["used_memory"])


async def measure(number: int, of_one: int) -> str:
    """Return the table.

    Args:
        number: The sessions in all.
        of_one: Those of one user.
    """
    with run_in_thread() as cognito, Server(redis_server()) as server:
        pool = cognito.create_user_pool()
        for user in ("ana", "ben"):
            pool.add_user(user, PASSWORD)
        empty = memory(server)
        with server.client as client:
            about_server: Any = client.info("server")
        redis_version = about_server["redis_version"]
        async with (
            RedisStorage(server.url, encryption_key=KEY) as storage,
            SessionManager(pool.config, storage=storage) as sessions,
        ):
            ben = await sign_in(sessions, "ben")
            record = await storage.get(keys.address(pool.config, ben.session_key).storage_key)
            assert record is not None
            fill(sessions, server, record, number - of_one - 1)
            before = memory(server)
            each = (before - empty) / (number - of_one)
            print("signing in", flush=True)
            await together(of_one, SIGN_INS_AT_ONCE, lambda: sign_in(sessions, "ana"))
            ana = await sign_in(sessions, "ana")
            user_id = (await ana.get_current_user()).user_id
            await ana.sign_out()

            began = time.perf_counter()
            listed = await sessions.list_user(user_id)
            listing = time.perf_counter() - began
            assert len(listed) == of_one

            began = time.perf_counter()
            async with (
                RedisStorage(server.url, encryption_key=KEY) as second,
                SessionManager(pool.config, storage=second) as started,
            ):
                assert (await started.client(ben.session_key).fetch_auth_session()).tokens is not None
            start = time.perf_counter() - began

            calls, began = len(cognito.calls), time.perf_counter()
            assert await sessions.end_user(user_id) == of_one
            ending = time.perf_counter() - began
            revoked = sum(call.operation == "RevokeToken" for call in cognito.calls[calls:])
            assert revoked == of_one
            assert await sessions.list_user(user_id) == []
            assert (await ben.fetch_auth_session()).tokens is not None
    rows = [
        ["sessions in one Redis", f"{number:,}"],
        ["memory of Redis for each: record, entry in the index, and name", f"{each / 1000:.1f} kB"],
        ["the record's part of it, before it is encrypted", f"{len(record) / 1000:.1f} kB"],
        [f"`list_user` of a user with {of_one:,} of them", f"{listing:.2f} s"],
        [f"`end_user` of these {of_one:,}, each revoked at the emulator", f"{ending:.2f} s"],
        [
            "a start: a new `RedisStorage` and `SessionManager`, and a first session read",
            f"{1000 * start:.0f} ms",
        ],
    ]
    about = (
        f"redis-server {redis_version}, redis-py {version('redis')}; the emulator runs in the same process."
    )
    return pages.table(["", ""], rows) + f"\n{about}\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.machines.million", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table into docs/machines.md")
    parser.add_argument("--sessions", type=int, default=1_000_000, metavar="NUMBER")
    parser.add_argument("--of-one-user", type=int, default=1_000, metavar="NUMBER")
    options = parser.parse_args()
    text = asyncio.run(measure(options.sessions, options.of_one_user))
    print(f"\n{text}")
    if options.write:
        pages.write("million", text)


if __name__ == "__main__":
    main()
