"""Signing keys: two for each pool, generated in a thread ahead of their use, never seeded."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections import deque
from typing import Any, Final

from anyio import to_thread
from attrs import field, frozen
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from . import base64url

BITS: Final = 2048


@frozen
class SigningKey:
    """An RSA key and the id by which a verifier finds it."""

    kid: str
    private: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> SigningKey:
        """Generate a key; it takes about a tenth of a second."""
        kid = base64.b64encode(secrets.token_bytes(32)).decode()
        return cls(kid, rsa.generate_private_key(65537, BITS))

    def sign(self, message: bytes) -> bytes:
        """Return an RS256 signature (RFC 7518, section 3.3)."""
        return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def jwk(self) -> dict[str, str]:
        """Return the public key as a JSON Web Key (RFC 7517)."""
        numbers = self.private.public_key().public_numbers()
        return {
            "alg": "RS256",
            "e": _base64url(numbers.e),
            "kid": self.kid,
            "kty": "RSA",
            "n": _base64url(numbers.n),
            "use": "sig",
        }


@frozen
class KeyPair:
    """A pool's two keys: tokens of different use are signed by different keys."""

    access: SigningKey
    id: SigningKey

    @classmethod
    def generate(cls) -> KeyPair:
        """Generate both keys."""
        return cls(SigningKey.generate(), SigningKey.generate())

    def jwks(self) -> dict[str, Any]:
        """Return the key set."""
        return {"keys": [self.id.jwk(), self.access.jwk()]}


# Pairs that were made ahead and not used. The next emulator of the process takes them.
_UNUSED: Final[deque[KeyPair]] = deque()


class KeyRing:
    """The keys of all pools of one emulator. One pair is made ahead of the pool that will have it."""

    def __init__(self) -> None:
        self._making: dict[str, asyncio.Future[KeyPair]] = {}
        self._free: list[KeyPair] = []
        self._ahead: asyncio.Future[KeyPair] | None = None
        self._foreign: asyncio.Future[KeyPair] | None = None

    def prepare(self) -> None:
        """Make a pair for the next pool, in a thread; without waiting for it."""
        if self._ahead is None and not self._free:
            self._ahead = asyncio.create_task(self.make())

    async def of(self, pool_id: str) -> KeyPair:
        """Return a pool's keys, which the first call assigns; a cancelled caller does not stop that."""
        if pool_id not in self._making:
            self._assign(pool_id)
        return await asyncio.shield(self._making[pool_id])

    def _assign(self, pool_id: str) -> None:
        if self._free:
            self.put(pool_id, self._free.pop())
        else:
            self._making[pool_id] = self._take()

    def _take(self) -> asyncio.Future[KeyPair]:
        pair = self._ahead or asyncio.create_task(self.make())
        self._ahead = None
        # The next pair is made after this one: they would slow each other down.
        pair.add_done_callback(self._prepare_next)
        return pair

    async def foreign(self) -> KeyPair:
        """Return a pair that belongs to no pool of the emulator."""
        if self._foreign is None:
            self._foreign = self._take()
        return await asyncio.shield(self._foreign)

    def _prepare_next(self, made: asyncio.Future[KeyPair]) -> None:
        if not made.cancelled():
            self.prepare()

    def put(self, pool_id: str, pair: KeyPair) -> None:
        """Set a pool's keys."""
        made: asyncio.Future[KeyPair] = asyncio.get_running_loop().create_future()
        made.set_result(pair)
        self._making[pool_id] = made

    def release(self, pool_id: str) -> None:
        """Keep the keys of a pool that was deleted for a later pool."""
        made = self._making.pop(pool_id, None)
        if made is not None and made.done() and not made.cancelled() and made.exception() is None:
            self._free.append(made.result())

    def made(self) -> dict[str, KeyPair]:
        """Return the keys that are generated."""
        done = {pool_id: task for pool_id, task in self._making.items() if task.done()}
        return {pool_id: task.result() for pool_id, task in done.items() if task.exception() is None}

    async def make(self) -> KeyPair:
        """Return a new pair, generated in a thread."""
        while not _UNUSED:
            # If the emulator is closed meanwhile, the thread goes on, and the next emulator has the pair.
            await to_thread.run_sync(_generate, abandon_on_cancel=True)
        return _UNUSED.popleft()

    def leave(self, pair: KeyPair) -> None:
        """Leave a pair that no pool has used to the next emulator of the process."""
        _UNUSED.append(pair)

    async def aclose(self) -> None:
        """Stop making keys."""
        ahead, self._ahead, foreign, self._foreign = self._ahead, None, self._foreign, None
        if ahead is not None and ahead.done() and not ahead.cancelled() and ahead.exception() is None:
            self.leave(ahead.result())
        pending = [future for future in (ahead, foreign) if future is not None and not future.done()]
        for pool_id, future in list(self._making.items()):
            # Those that are done may belong to the event loop of an earlier start, which is closed.
            if not future.done():
                pending.append(self._making.pop(pool_id))
        for future in pending:
            future.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


def _generate() -> None:
    _UNUSED.append(KeyPair.generate())


def _base64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64url.encode(data)
