"""The form of a value's file: what is sealed of it, and files of the version before."""

# ruff: noqa: ASYNC240 - a test may look at a file

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from struct import pack, pack_into, unpack_from
from zlib import crc32

import pytest

from aiocognito.errors import StorageError
from aiocognito.storage import FileStorage
from helpers.clock import Clock

from .files import value_file

KEY, OTHER_KEY = bytes(range(32)), b"\x01" * 32
STEM = sha256(b"k").hexdigest()
# Written in version 1: b"value" under "k", at 1,700,000,000, for 1,000 s, open and sealed with KEY.
VERSION_1 = {
    None: "41494f43010041d954fd3a000000000000000000000598e08aef76616c7565",
    KEY: "41494f43010141d954fd3a0000000000000000000022de34f081"
    "0121118cc18f7846cc1510a3eedf4ac70dceeac440b547b35311ed163a9ee3d154bc",
}


def forge(path: Path, change: Callable[[bytearray], None]) -> bytes:
    """Alter a file and set its checksum right, as anyone could who can write to it."""
    content = bytearray(path.read_bytes())
    change(content)
    checksum = crc32(content[26:], crc32(content[:22], crc32(path.stem.encode())))
    content[22:26] = pack(">I", checksum)
    path.write_bytes(content)
    return bytes(content)


def expiring(at: float) -> Callable[[bytearray], None]:
    return lambda content: pack_into(">d", content, 6, at)


@pytest.mark.parametrize("ttl", [10.0, None])
@pytest.mark.parametrize("later", [1.0, 10.0**9, float("inf")])
async def test_a_sealed_value_does_not_outlive_its_time_by_a_changed_header(
    directory: Path, clock: Clock, ttl: float | None, later: float
) -> None:
    storage = FileStorage(directory, encryption_key=KEY, clock=clock)
    await storage.set("k", b"v", ttl=ttl)
    if ttl is None and later == float("inf"):
        later = 10.0**8  # it has no end of life: put one in
    forged = forge(value_file(directory), expiring(clock() + later))
    with pytest.raises(StorageError, match="no encryption key opens the stored value") as caught:
        await storage.get("k")
    assert not caught.value.retryable
    for expected in (b"v", None):
        with pytest.raises(StorageError):
            await storage.replace("k", b"w", expected=expected)
    assert value_file(directory).read_bytes() == forged
    await storage.set("k", b"w")
    assert await storage.get("k") == b"w"


async def test_forging_is_what_the_header_allows_where_nothing_is_sealed(
    directory: Path, clock: Clock
) -> None:
    """The other way round: without a key the same change is believed, so the test above tests the seal."""
    storage = FileStorage(directory, encryption_key=None, clock=clock)
    await storage.set("k", b"v", ttl=10)
    forge(value_file(directory), expiring(clock() + 100))
    clock.advance(50)
    assert await storage.get("k") == b"v"


@pytest.mark.parametrize("key", [None, KEY])
async def test_files_of_version_1_are_read_expire_and_become_version_2(
    directory: Path, clock: Clock, key: bytes | None
) -> None:
    directory.mkdir(mode=0o700)
    path = directory / f"{STEM}.value"
    path.write_bytes(bytes.fromhex(VERSION_1[key]))
    storage = FileStorage(directory, encryption_key=key, clock=clock)
    assert await storage.get("k") == b"value"
    assert not await storage.replace("k", b"w", expected=None)
    clock.advance(1000)
    assert await storage.get("k") is None
    clock.advance(-1000)
    assert await storage.replace("k", b"w", expected=b"value", ttl=5)
    assert path.read_bytes()[4] == 2
    assert await storage.get("k") == b"w"


async def test_version_1_that_no_key_opens_is_an_error_and_stays(directory: Path, clock: Clock) -> None:
    directory.mkdir(mode=0o700)
    path = directory / f"{STEM}.value"
    path.write_bytes(bytes.fromhex(VERSION_1[KEY]))
    with pytest.raises(StorageError, match="no encryption key opens"):
        await FileStorage(directory, encryption_key=OTHER_KEY, clock=clock).get("k")
    assert path.read_bytes() == bytes.fromhex(VERSION_1[KEY])


async def test_a_value_cannot_be_put_back_to_version_1(directory: Path, clock: Clock) -> None:
    storage = FileStorage(directory, encryption_key=KEY, clock=clock)
    await storage.set("k", b"v", ttl=10)

    def downgrade(content: bytearray) -> None:
        content[4] = 1
        content[26] = 1  # the cipher's own version
        expiring(clock() + 10**6)(content)

    forge(value_file(directory), downgrade)
    with pytest.raises(StorageError, match="no encryption key opens"):
        await storage.get("k")


async def test_several_keys_open_and_the_first_one_seals_with_the_time_of_expiry(
    directory: Path, clock: Clock
) -> None:
    old = FileStorage(directory, encryption_key=OTHER_KEY, clock=clock)
    both = FileStorage(directory, encryption_key=[KEY, OTHER_KEY], clock=clock)
    new = FileStorage(directory, encryption_key=KEY, clock=clock)
    await old.set("k", b"v", ttl=10)
    assert await both.get("k") == b"v"
    with pytest.raises(StorageError):
        await new.get("k")
    assert await both.replace("k", b"w", expected=b"v", ttl=20)
    assert await new.get("k") == b"w"
    with pytest.raises(StorageError):
        await old.get("k")
    (at,) = unpack_from(">d", value_file(directory).read_bytes(), 6)
    assert at == clock() + 20
    # What an old key sealed and has expired is absent, although that key is no longer there.
    await old.set("k", b"v", ttl=10)
    clock.advance(10)
    assert await new.get("k") is None
