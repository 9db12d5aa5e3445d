"""What every storage must do. A subclass named ``Test…`` gives the fixtures:

``storage``   the storage, empty, made outside of any event loop;
``sharing``   another one over the same values: the same object only where there cannot be two;
``clock``     with ``advance(seconds)``, which both go by (the one of conftest.py by default).
"""

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import pytest
from anyio import CancelScope, Event, move_on_after, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from aiocognito.storage import Storage
from helpers.clock import Clock

KEYS = [
    "",
    "client:session:abc",
    "a/../../b",
    "..",
    "a\x00b",
    "a\r\nb",
    " ",
    "*",
    "{a}b",
    "%61",
    "ключ",
    "\u00e9",
    "e\u0301",
    "\U0001f511",
    "x" * 2000,
    "\udcff",
    "A",
    "a",
]
MIB = 1024 * 1024


class StorageContract:
    def test_is_a_storage(self, storage: Storage) -> None:
        """It has the methods of the Protocol."""
        assert isinstance(storage, Storage)

    async def test_what_was_never_stored_is_absent(self, storage: Storage) -> None:
        assert await storage.get("k") is None

    @pytest.mark.parametrize(
        "value", [b"", b"\0", b"one", b'"1"\r\n', bytes(range(256)), bytes(MIB), os.urandom(MIB)], ids=len
    )
    async def test_value_comes_back(self, storage: Storage, sharing: Storage, value: bytes) -> None:
        """A value is read as it was written."""
        await storage.set("k", value)
        for on in (storage, sharing):
            read = await on.get("k")
            assert type(read) is bytes
            assert read == value
        assert await sharing.replace("k", value + b"1", expected=value)
        assert await storage.get("k") == value + b"1"

    async def test_value_takes_the_place_of_the_old_one(self, storage: Storage, sharing: Storage) -> None:
        await storage.set("k", b"a long first value")
        await sharing.set("k", b"second")
        assert await storage.get("k") == b"second"

    async def test_keys_are_kept_apart(self, storage: Storage) -> None:
        for index, key in enumerate(KEYS):
            await storage.set(key, b"%d" % index)
        assert [await storage.get(key) for key in KEYS] == [b"%d" % index for index in range(len(KEYS))]
        await storage.delete(KEYS[1])
        assert [await storage.get(key) is None for key in KEYS] == [index == 1 for index in range(len(KEYS))]

    async def test_delete_makes_absent_again_and_again(self, storage: Storage, sharing: Storage) -> None:
        await storage.delete("k")
        await storage.set("k", b"v")
        await sharing.delete("k")
        assert await storage.get("k") is None
        await storage.delete("k")
        assert await storage.get("k") is None

    # Lifetimes: of hours, because the time of a server goes on while a busy machine runs the test.

    async def test_value_expires(self, storage: Storage, sharing: Storage, clock: Clock) -> None:
        """A value is absent after its lifetime."""
        await storage.set("k", b"v", ttl=10_000)
        clock.advance(9_500)
        assert await storage.get("k") == b"v"
        clock.advance(500)
        assert await storage.get("k") is None
        assert await sharing.get("k") is None

    async def test_value_without_lifetime_stays(self, storage: Storage, clock: Clock) -> None:
        await storage.set("k", b"v")
        clock.advance(10**9)
        assert await storage.get("k") == b"v"

    @pytest.mark.parametrize("renewed", [5_000.0, 20_000.0, None])
    async def test_set_replaces_the_lifetime(
        self, storage: Storage, clock: Clock, renewed: float | None
    ) -> None:
        await storage.set("k", b"v", ttl=10_000)
        await storage.set("k", b"v", ttl=renewed)
        clock.advance(15_000)
        assert (await storage.get("k") is None) is (renewed == 5_000)
        clock.advance(15_000)
        assert (await storage.get("k") is None) is (renewed is not None)

    @pytest.mark.parametrize("renewed", [5_000.0, 20_000.0, None])
    async def test_replace_replaces_the_lifetime(
        self, storage: Storage, clock: Clock, renewed: float | None
    ) -> None:
        await storage.set("k", b"v", ttl=10_000)
        assert await storage.replace("k", b"v", expected=b"v", ttl=renewed)
        clock.advance(15_000)
        assert (await storage.get("k") is None) is (renewed == 5_000)
        clock.advance(15_000)
        assert (await storage.get("k") is None) is (renewed is not None)

    @pytest.mark.parametrize("ttl", [5e-324, 1e-9, 0.0005])
    async def test_shortest_lifetimes_end_at_once_and_remove_the_former_value(
        self, storage: Storage, clock: Clock, ttl: float
    ) -> None:
        await storage.set("k", b"long", ttl=1000)
        await storage.set("k", b"short", ttl=ttl)
        await storage.set("j", b"long")
        assert await storage.replace("j", b"short", expected=b"long", ttl=ttl)
        clock.advance(0.001)
        assert await storage.get("k") is await storage.get("j") is None

    @pytest.mark.parametrize("ttl", [10_000, 10**12, 1e18, sys.float_info.max])
    async def test_long_and_whole_lifetimes_are_kept(
        self, storage: Storage, sharing: Storage, clock: Clock, ttl: float
    ) -> None:
        await storage.set("k", b"v", ttl=ttl)
        assert await storage.replace("j", b"v", expected=None, ttl=ttl)
        clock.advance(9_000)
        assert await sharing.get("k") == await sharing.get("j") == b"v"
        clock.advance(10**9)
        assert await sharing.get("k") == await sharing.get("j") == (None if ttl == 10_000 else b"v")

    async def test_refused_replace_leaves_the_lifetime(self, storage: Storage, clock: Clock) -> None:
        await storage.set("k", b"v", ttl=10_000)
        assert not await storage.replace("k", b"w", expected=b"other", ttl=1000)
        clock.advance(10_000)
        assert await storage.get("k") is None

    async def test_lifetime_ends_with_the_value_it_belongs_to(self, storage: Storage, clock: Clock) -> None:
        await storage.set("k", b"v", ttl=10_000)
        await storage.delete("k")
        await storage.set("k", b"w")
        clock.advance(20_000)
        assert await storage.get("k") == b"w"

    async def test_expired_value_is_deleted_and_removed_like_an_absent_one(
        self, storage: Storage, sharing: Storage, clock: Clock
    ) -> None:
        await storage.set("k", b"v", ttl=10_000)
        clock.advance(10_000)
        assert not await sharing.replace("k", None, expected=b"v")
        assert await sharing.replace("k", None, expected=None)
        await storage.delete("k")
        assert await storage.get("k") is None

    # Compare and set

    @pytest.mark.parametrize(
        "other",
        [b"", b"valu", b"value\0", b"value ", b"Value", b"walue", b"valuf", b"\xff", b"value" * 2],
    )
    async def test_replace_compares_every_byte(self, storage: Storage, other: bytes) -> None:
        await storage.set("k", b"value")
        assert await storage.replace("k", b"new", expected=other) is False
        assert await storage.get("k") == b"value"
        await storage.set("k", other)
        assert await storage.replace("k", b"new", expected=b"value") is False
        assert await storage.replace("k", b"new", expected=other) is True

    async def test_replace_compares_large_values_to_their_end(self, storage: Storage) -> None:
        large = os.urandom(MIB)
        await storage.set("k", large)
        assert await storage.replace("k", b"new", expected=large[:-1] + bytes([large[-1] ^ 1])) is False
        assert await storage.replace("k", b"new", expected=large) is True

    async def test_replace_stores_what_was_expected_to_be_absent(self, storage: Storage) -> None:
        assert await storage.replace("k", b"v", expected=None) is True
        assert await storage.get("k") == b"v"
        assert await storage.replace("k", b"w", expected=None) is False
        assert await storage.get("k") == b"v"

    async def test_replace_stores_over_what_was_expected(self, storage: Storage, sharing: Storage) -> None:
        await storage.set("k", b"old")
        assert await sharing.replace("k", b"new", expected=b"old") is True
        assert await storage.replace("k", b"newer", expected=b"old") is False
        assert await storage.get("k") == b"new"

    async def test_replace_takes_nothing_for_a_value(self, storage: Storage) -> None:
        assert await storage.replace("k", b"new", expected=b"") is False
        assert await storage.get("k") is None
        await storage.set("k", b"")
        assert await storage.replace("k", b"new", expected=None) is False
        assert await storage.get("k") == b""

    async def test_replace_with_none_deletes_what_was_expected(self, storage: Storage) -> None:
        await storage.set("k", b"v")
        assert await storage.replace("k", None, expected=b"w") is False
        assert await storage.get("k") == b"v"
        assert await storage.replace("k", None, expected=b"v") is True
        assert await storage.get("k") is None
        assert await storage.replace("k", None, expected=b"v") is False
        assert await storage.replace("k", None, expected=None) is True
        assert await storage.get("k") is None

    async def test_replace_finds_expired_values_absent(self, storage: Storage, clock: Clock) -> None:
        await storage.set("k", b"v", ttl=10_000)
        clock.advance(10_000)
        assert await storage.replace("k", b"w", expected=b"v") is False
        assert await storage.replace("k", b"w", expected=None) is True
        assert await storage.get("k") == b"w"

    async def test_of_many_concurrent_replacements_one_succeeds(
        self, storage: Storage, sharing: Storage
    ) -> None:
        await storage.set("k", b"old")
        outcomes = await gather(
            *((storage, sharing)[n % 2].replace("k", b"%d" % n, expected=b"old") for n in range(20))
        )
        assert outcomes.count(True) == 1
        assert await storage.get("k") == b"%d" % outcomes.index(True)

    async def test_counting_by_replace_loses_nothing(self, storage: Storage, sharing: Storage) -> None:
        """200 additions by ten tasks, five on each of the two."""

        async def count(on: Storage) -> None:
            for _ in range(20):
                while True:
                    read = await on.get("n")
                    if await on.replace("n", b"%d" % (int(read or 0) + 1), expected=read, ttl=1000):
                        break

        await gather(*(count((storage, sharing)[n % 2]) for n in range(10)))
        assert await storage.get("n") == b"200"

    async def test_of_many_concurrent_removals_one_succeeds(self, storage: Storage, sharing: Storage) -> None:
        await storage.set("k", b"old")
        calls = ((storage, sharing)[n % 2].replace("k", None, expected=b"old") for n in range(20))
        assert (await gather(*calls)).count(True) == 1
        assert await storage.get("k") is None

    async def test_reader_sees_whole_values_while_they_are_written(
        self, storage: Storage, sharing: Storage
    ) -> None:
        values = [b"a" * 300_000, b"b" * 200_000, b"c"]
        await storage.set("k", values[0])
        is_done = False

        async def write() -> None:
            nonlocal is_done
            for n in range(30):
                await storage.set("k", values[n % 3])
            is_done = True

        async def read() -> set[bytes | None]:
            seen = set()
            while not is_done:
                seen.add(await sharing.get("k"))
                await checkpoint()
            return seen

        _, *seen = await gather(write(), read(), read())
        assert set().union(*seen) <= set(values)

    # Locks

    async def test_lock_has_one_holder_at_a_time(self, storage: Storage, sharing: Storage) -> None:
        inside, most, entries = 0, 0, 0

        async def enter(on: Storage) -> None:
            nonlocal inside, most, entries
            async with on.lock("k"):
                inside += 1
                most = max(most, inside)
                entries += 1
                await checkpoint()
                await checkpoint()
                inside -= 1

        await gather(*(enter((storage, sharing)[n % 2]) for n in range(16)))
        assert (most, entries) == (1, 16)

    async def test_lock_excludes_only_its_own_key(self, storage: Storage) -> None:
        async with AsyncExitStack() as stack:
            for key in KEYS:
                await stack.enter_async_context(storage.lock(key))
            assert await is_held(storage, KEYS[0])
            assert await is_held(storage, KEYS[-1])
            assert await is_free(storage, "another")

    async def test_values_may_be_used_inside_of_the_lock(self, storage: Storage) -> None:
        async with storage.lock("k"):
            await storage.set("k", b"1")
            assert await storage.replace("k", b"2", expected=b"1")
            assert await storage.get("k") == b"2"
            await storage.delete("k")
        assert await storage.get("k") is None

    async def test_lock_does_not_stop_writers_that_do_not_hold_it(
        self, storage: Storage, sharing: Storage
    ) -> None:
        async with storage.lock("k"):
            await sharing.set("k", b"1")
            assert await sharing.replace("k", b"2", expected=b"1")
            assert await storage.get("k") == b"2"
            await sharing.delete("k")
            assert await storage.get("k") is None

    async def test_lock_that_is_not_entered_holds_nothing(self, storage: Storage) -> None:
        kept = storage.lock("k")
        assert await is_free(storage, "k")
        async with kept:
            assert await is_held(storage, "k")

    async def test_lock_stores_nothing_under_its_key(self, storage: Storage, sharing: Storage) -> None:
        async with storage.lock("k"):
            assert await sharing.get("k") is None
            assert await sharing.replace("k", b"v", expected=None)
        assert await sharing.get("k") == b"v"

    @pytest.mark.parametrize("seed", range(5))
    async def test_lock_survives_a_storm_of_cancellations(
        self, storage: Storage, sharing: Storage, seed: int
    ) -> None:
        chance = random.Random(seed)
        inside, most = 0, 0

        async def hold(on: Storage, turns: int) -> None:
            nonlocal inside, most
            async with on.lock("k"):
                inside += 1
                most = max(most, inside)
                try:
                    await spin(turns)
                finally:
                    inside -= 1

        tasks = [asyncio.create_task(hold((storage, sharing)[n % 2], chance.randrange(4))) for n in range(30)]
        for task in chance.sample(tasks, 20):
            await spin(chance.randrange(6))
            task.cancel()
        await asyncio.wait(tasks)
        assert {type(task.exception()) for task in tasks if not task.cancelled()} <= {type(None)}
        assert (most, inside) == (1, 0)
        for on in (storage, sharing):
            assert await is_free(on, "k")

    async def test_lock_is_not_reentrant(self, storage: Storage) -> None:
        async with storage.lock("k"):
            assert await is_held(storage, "k")
        assert await is_free(storage, "k")

    async def test_lock_is_free_after_an_error(self, storage: Storage) -> None:
        with pytest.raises(ZeroDivisionError):
            async with storage.lock("k"):
                raise ZeroDivisionError
        assert await is_free(storage, "k")

    async def test_lock_is_free_after_its_holder_was_cancelled(self, storage: Storage) -> None:
        entered = Event()

        async def hold() -> None:
            async with storage.lock("k"):
                entered.set()
                await Event().wait()

        task = asyncio.create_task(hold())
        await entered.wait()
        assert await is_held(storage, "k")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await is_free(storage, "k")

    async def test_lock_is_free_after_a_cancel_scope_ended_it(self, storage: Storage) -> None:
        with CancelScope() as scope:
            async with storage.lock("k"):
                scope.cancel()
                await checkpoint()
        assert scope.cancelled_caught
        assert await is_free(storage, "k")

    @pytest.mark.parametrize("spins", range(12))
    async def test_waiting_for_the_lock_can_be_cancelled(
        self, storage: Storage, sharing: Storage, spins: int
    ) -> None:
        async with storage.lock("k"):
            cancelled = asyncio.create_task(enter(storage, "k"))
            patient = [asyncio.create_task(enter(on, "k")) for on in (storage, sharing)]
            await spin(spins)
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            assert await is_held(storage, "k")
        assert await gather(*patient) == ["entered", "entered"]
        assert await is_free(sharing, "k")

    @pytest.mark.parametrize("spins", range(12))
    async def test_cancelling_the_next_waiter_passes_the_lock_on(self, storage: Storage, spins: int) -> None:
        async with storage.lock("k"):
            first, second = (asyncio.create_task(enter(storage, "k")) for _ in range(2))
            await wait_all_tasks_blocked()
        await spin(spins)
        first.cancel()
        outcomes = await asyncio.gather(first, second, return_exceptions=True)
        assert outcomes[1] == "entered"
        assert await is_free(storage, "k")

    async def test_waiting_for_the_lock_can_time_out(self, storage: Storage, sharing: Storage) -> None:
        async with storage.lock("k"):
            for on in (storage, sharing):
                task = asyncio.create_task(wait_for_it(on))
                assert await task == "timed out"
        assert await is_free(storage, "k")

    # The rest

    @pytest.mark.parametrize("spins", range(8))
    async def test_cancelled_write_is_overtaken_by_nothing(self, storage: Storage, spins: int) -> None:
        await storage.set("k", b"old")
        task = asyncio.create_task(storage.set("k", b"cancelled"))
        await spin(spins)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await storage.set("k", b"new")
        await spin(8)
        assert await storage.get("k") == b"new"

    def test_serves_one_event_loop_after_the_other(self, storage: Storage) -> None:
        async def visit(value: bytes) -> bytes | None:
            read = await storage.get("k")
            async with storage.lock("k"):
                await storage.set("k", value)
            # Left waiting when the loop ends, which cancels it.
            async with storage.lock("k"):
                asyncio.create_task(enter(storage, "k"))  # noqa: RUF006 - the loop's end is to cancel it
                await spin(3)
            return read

        assert [asyncio.run(visit(b"%d" % n)) for n in range(3)] == [None, b"0", b"1"]

    def test_counts_on_in_the_next_event_loop(self, storage: Storage, sharing: Storage) -> None:
        async def add(on: Storage) -> None:
            read = await on.get("n")
            while not await on.replace("n", b"%d" % (int(read or 0) + 1), expected=read):
                read = await on.get("n")

        async def add_together() -> None:
            await gather(*(add(on) for on in (storage, sharing) * 4))

        for _ in range(3):
            asyncio.run(add_together())
        assert asyncio.run(storage.get("n")) == b"24"

    @pytest.mark.parametrize(
        ("error", "message", "call"),
        [
            (TypeError, "key must be a str, not bytes", lambda s: s.get(b"k")),
            (TypeError, "key must be a str, not int", lambda s: s.set(1, b"v")),
            (TypeError, "key must be a str, not NoneType", lambda s: s.delete(None)),
            (TypeError, "key must be a str, not bytes", lambda s: s.replace(b"k", b"v", expected=None)),
            (TypeError, "value must be bytes, not str", lambda s: s.set("k", "secret")),
            (TypeError, "value must be bytes, not bytearray", lambda s: s.set("k", bytearray(b"secret"))),
            (TypeError, "value must be bytes, not NoneType", lambda s: s.set("k", None)),
            (TypeError, "value must be bytes, not str", lambda s: s.replace("k", "secret", expected=None)),
            (TypeError, "expected must be bytes, not str", lambda s: s.replace("k", b"v", expected="secret")),
            (
                TypeError,
                "ttl must be a number of seconds or None, not str",
                lambda s: s.set("k", b"v", ttl="1"),
            ),
            (TypeError, "not bool", lambda s: s.set("k", b"v", ttl=True)),
            (TypeError, "not Decimal", lambda s: s.replace("k", b"v", expected=None, ttl=Decimal(1))),
            (
                ValueError,
                "ttl must be a positive, finite number of seconds, not 0",
                lambda s: s.set("k", b"v", ttl=0),
            ),
            (ValueError, "not -1.5", lambda s: s.replace("k", b"v", expected=None, ttl=-1.5)),
            (ValueError, "not inf", lambda s: s.set("k", b"v", ttl=float("inf"))),
            (ValueError, "not nan", lambda s: s.set("k", b"v", ttl=float("nan"))),
            (ValueError, "positive, finite", lambda s: s.set("k", b"v", ttl=10**400)),
        ],
    )
    async def test_wrong_arguments_are_refused_by_name(
        self, storage: Storage, error: type[Exception], message: str, call: Callable[[Any], Awaitable[object]]
    ) -> None:
        await storage.set("k", b"v0")
        with pytest.raises(error, match=message) as caught:
            await call(storage)
        assert "secret" not in str(caught.value)
        assert await storage.get("k") == b"v0"

    def test_lock_wants_a_key_that_is_text(self, storage: Any) -> None:
        with pytest.raises(TypeError, match="key must be a str, not bytes"):
            storage.lock(b"k")

    async def test_repr_shows_no_value(self, storage: Storage) -> None:
        await storage.set("key-to-a-session", b"token")
        assert type(storage).__name__ in repr(storage)
        assert "token" not in repr(storage)
        assert "key-to-a-session" not in repr(storage)


async def gather(*awaitables: Awaitable[Any]) -> list[Any]:
    return list(await asyncio.gather(*awaitables))


async def spin(times: int) -> None:
    """Let the others run, for a number of turns of the loop."""
    for _ in range(times):
        await checkpoint()


async def is_held(storage: Storage, key: str) -> bool:
    """Say whether a lock can not be had within a moment."""
    with move_on_after(0.03):
        await enter(storage, key)
        return False
    return True


async def is_free(storage: Storage, key: str) -> bool:
    """Say whether a lock can be had, however slow the machine."""
    with move_on_after(30):
        await enter(storage, key)
        return True
    return False


async def wait_for_it(storage: Storage) -> str:
    try:
        async with asyncio.timeout(0.01):
            return await enter(storage, "k")
    except TimeoutError:
        return "timed out"


async def enter(storage: Storage, key: str) -> str:
    async with storage.lock(key):
        await checkpoint()
    return "entered"


async def order_of_entry(storage: Storage) -> list[int]:
    """Let ten tasks queue up for a lock, and one more come when it is given back."""
    order: list[int] = []

    async def queue(number: int) -> None:
        async with storage.lock("k"):
            order.append(number)

    async with storage.lock("k"):
        tasks = [asyncio.create_task(queue(number)) for number in range(10)]
        await wait_all_tasks_blocked()
    await queue(10)
    await gather(*tasks)
    return order
