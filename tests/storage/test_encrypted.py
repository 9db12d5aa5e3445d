"""EncryptedStorage: the contract, keys and their rotation, and what does not open."""

import asyncio
import os
import pickle
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aiocognito.errors import AuthConfigError, StorageError
from aiocognito.storage import EncryptedStorage, FileStorage, MemoryStorage, Storage
from helpers.clock import Clock

from .contract import StorageContract

KEY, OLD_KEY, OTHER_KEY = bytes(range(32)), b"\x01" * 32, b"\x02" * 32


@pytest.fixture
def inner(clock: Clock) -> MemoryStorage:
    return MemoryStorage(clock=clock)


@pytest.fixture
def storage(inner: MemoryStorage) -> EncryptedStorage:
    return EncryptedStorage(inner, KEY)


class TestEncryptedMemory(StorageContract):
    @pytest.fixture
    def storage(self, inner: MemoryStorage) -> EncryptedStorage:
        return EncryptedStorage(inner, KEY)

    @pytest.fixture
    def sharing(self, inner: MemoryStorage) -> EncryptedStorage:
        return EncryptedStorage(inner, [OLD_KEY, KEY, OTHER_KEY])

    @pytest.fixture(autouse=True)
    def keys_of_both(self, storage: EncryptedStorage, inner: MemoryStorage) -> None:
        # What the sharing storage seals with its own first key must open here.
        storage._values = EncryptedStorage(inner, [KEY, OLD_KEY])._values


class TestEncryptedFile(StorageContract):
    """Here others really come between: each call waits for a thread."""

    @pytest.fixture
    def storage(self, tmp_path: Path, clock: Clock) -> EncryptedStorage:
        return EncryptedStorage(FileStorage(tmp_path / "s", encryption_key=None, clock=clock), KEY)

    @pytest.fixture
    def sharing(self, tmp_path: Path, clock: Clock) -> EncryptedStorage:
        return EncryptedStorage(FileStorage(tmp_path / "s", encryption_key=None, clock=clock), KEY)


async def test_the_other_storage_sees_no_plaintext(storage: EncryptedStorage, inner: MemoryStorage) -> None:
    await storage.set("k", b"a token, and other secret data")
    sealed = await inner.get("k")
    assert sealed is not None
    assert b"token" not in sealed
    assert len(sealed) == 1 + 12 + len(b"a token, and other secret data") + 16


async def test_the_same_value_is_sealed_differently_each_time(
    storage: EncryptedStorage, inner: MemoryStorage
) -> None:
    seen = set()
    for _ in range(50):
        await storage.set("k", b"v")
        seen.add(await inner.get("k"))
    assert len(seen) == 50


async def test_form_is_that_of_the_standard(storage: EncryptedStorage, inner: MemoryStorage) -> None:
    """A version byte, then what any implementation of RFC 5116 opens: nonce, ciphertext and tag."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    await storage.set("ключ", b"value")
    sealed = await inner.get("ключ")
    assert sealed is not None
    assert sealed[:1] == b"\x01"
    nonce, ciphertext, tag = sealed[1:13], sealed[13:-16], sealed[-16:]
    decryptor = Cipher(algorithms.AES(KEY), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data("ключ".encode())
    assert decryptor.update(ciphertext) + decryptor.finalize() == b"value"


async def test_values_sealed_with_an_older_key_open(inner: MemoryStorage) -> None:
    await EncryptedStorage(inner, OLD_KEY).set("k", b"v")
    rotated = EncryptedStorage(inner, [KEY, OLD_KEY])
    assert await rotated.get("k") == b"v"
    assert await rotated.replace("k", b"w", expected=b"v")
    assert await EncryptedStorage(inner, KEY).get("k") == b"w"  # resealed with the first key
    with pytest.raises(StorageError):
        await EncryptedStorage(inner, OLD_KEY).get("k")


@pytest.mark.parametrize("read", ["get", "replace", "replace_absent", "remove"])
async def test_what_no_key_opens_is_an_error_and_stays(inner: MemoryStorage, read: str) -> None:
    await EncryptedStorage(inner, OTHER_KEY).set("k", b"v")
    before = await inner.get("k")
    storage = EncryptedStorage(inner, [KEY, OLD_KEY])
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "get": lambda: storage.get("k"),
        "replace": lambda: storage.replace("k", b"w", expected=b"v"),
        "replace_absent": lambda: storage.replace("k", b"w", expected=None),
        "remove": lambda: storage.replace("k", None, expected=b"v"),
    }
    with pytest.raises(StorageError, match="no encryption key opens") as caught:
        await calls[read]()
    assert not caught.value.retryable
    assert caught.value.__context__ is None
    assert pickle.loads(pickle.dumps(caught.value)).message == caught.value.message
    assert await inner.get("k") == before


async def test_what_no_key_opens_can_be_overwritten_and_deleted(
    storage: EncryptedStorage, inner: MemoryStorage
) -> None:
    for key in ("overwritten", "deleted"):
        await EncryptedStorage(inner, OTHER_KEY).set(key, b"v")
    await storage.set("overwritten", b"w")
    await storage.delete("deleted")
    assert await storage.get("overwritten") == b"w"
    assert await storage.get("deleted") is None


async def test_any_altered_byte_is_found(storage: EncryptedStorage, inner: MemoryStorage) -> None:
    await storage.set("k", b"value")
    sealed = await inner.get("k")
    assert sealed is not None
    for index in range(len(sealed)):
        altered = bytearray(sealed)
        altered[index] ^= 1
        await inner.set("k", bytes(altered))
        with pytest.raises(StorageError):
            await storage.get("k")
    await inner.set("k", sealed)
    assert await storage.get("k") == b"value"


async def test_any_missing_or_added_byte_is_found(storage: EncryptedStorage, inner: MemoryStorage) -> None:
    await storage.set("k", b"")
    sealed = await inner.get("k")
    assert sealed is not None
    for malformed in [*(sealed[:length] for length in range(len(sealed))), sealed + b"\0", b'{"v": 1}' * 9]:
        await inner.set("k", malformed)
        with pytest.raises(StorageError):
            await storage.get("k")


async def test_value_moved_to_another_key_does_not_open(
    storage: EncryptedStorage, inner: MemoryStorage
) -> None:
    await storage.set("victim", b"signed in")
    sealed = await inner.get("victim")
    assert sealed is not None
    await inner.set("attacker", sealed)
    with pytest.raises(StorageError):
        await storage.get("attacker")
    assert await storage.get("victim") == b"signed in"


class Meddling(MemoryStorage):
    """Lets another task write between the reading and the replacing of `EncryptedStorage.replace`."""

    __slots__ = ("meddle",)
    meddle: list[bytes]

    async def replace(self, key: str, value: bytes | None, **rest: Any) -> bool:
        if self.meddle:
            await EncryptedStorage(self, KEY).set(key, self.meddle.pop())
        return await super().replace(key, value, **rest)


@pytest.mark.parametrize(
    ("meddle", "outcome", "left"),
    [
        ([b"old", b"old"], True, b"new"),  # sealed anew, but still what was expected
        ([b"another"], False, b"another"),
    ],
)
async def test_replace_compares_values_and_not_ciphertexts(
    meddle: list[bytes], outcome: bool, left: bytes
) -> None:
    inner = Meddling()
    inner.meddle = meddle
    storage = EncryptedStorage(inner, KEY)
    await storage.set("k", b"old")
    assert await storage.replace("k", b"new", expected=b"old") is outcome
    assert await storage.get("k") == left


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (b"short secret", "a key must be 32 bytes long, not 12"),
        (b"s" * 33, "a key must be 32 bytes long, not 33"),
        (b"", "a key must be 32 bytes long, not 0"),
        ([KEY, b"short secret"], "a key must be 32 bytes long, not 12"),
        ([KEY, "s" * 32], "a key must be bytes, not str"),
        ("s" * 32, "must be 32 bytes, or several such keys, not str"),
        (bytearray(32), "a key must be bytes, not int"),
        (7, "must be 32 bytes, or several such keys, not int"),
        ([], "must hold at least one key"),
        ((), "must hold at least one key"),
    ],
)
def test_malformed_keys_are_refused_by_name_and_not_shown(
    keys: Any, message: str, inner: MemoryStorage, tmp_path: Path
) -> None:
    makers: dict[str, Callable[[], object]] = {
        "keys": lambda: EncryptedStorage(inner, keys),
        "encryption_key": lambda: FileStorage(tmp_path, encryption_key=keys),
    }
    for field, make in makers.items():
        with pytest.raises(AuthConfigError, match=f"^{field}: {message}$") as caught:
            make()
        assert isinstance(caught.value, ValueError)
        assert "secret" not in str(caught.value)


def test_none_is_not_a_key(inner: MemoryStorage) -> None:
    with pytest.raises(AuthConfigError, match=r"keys: .* not NoneType"):
        EncryptedStorage(inner, None)  # type: ignore[arg-type]  # wrong on purpose


def test_file_storage_wants_its_key_or_none_spelt_out(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="encryption_key"):
        FileStorage(tmp_path)  # type: ignore[call-arg]  # wrong on purpose


def test_no_repr_shows_a_key(inner: MemoryStorage, tmp_path: Path) -> None:
    key = b"0123456789abcdef" * 2
    for made in (EncryptedStorage(inner, key), FileStorage(tmp_path, encryption_key=[key])):
        assert "0123456789abcdef" not in repr(made)
    storage: Any = EncryptedStorage(inner, [key, KEY])
    assert repr(storage) == "<EncryptedStorage over <MemoryStorage values=0>>"
    assert repr(storage._values._envelope) == "<Cipher keys=2>"


def test_cryptography_is_imported_at_the_first_use_only() -> None:
    script = (
        "import asyncio, sys; import aiocognito.storage as s\n"
        "store = s.EncryptedStorage(s.MemoryStorage(), bytes(32))\n"
        "s.FileStorage('nowhere', encryption_key=bytes(32))\n"
        "before = [m for m in ('cryptography', 'httpx', 'jose', 'gmpy2') if m in sys.modules]\n"
        "asyncio.run(store.set('k', b'v'))\n"
        "print(before, 'cryptography' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "[] True"


async def test_wrapping_twice_works_and_locks_are_the_inner_ones(inner: MemoryStorage) -> None:
    storage: Storage = EncryptedStorage(EncryptedStorage(inner, KEY), os.urandom(32))
    await storage.set("k", b"v", ttl=5)
    assert await storage.get("k") == b"v"
    async with storage.lock("k"):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(inner.lock("k").__aenter__(), 0.01)
