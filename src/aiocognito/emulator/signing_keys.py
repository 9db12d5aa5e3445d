"""Signing keys: two for each pool, generated in a thread when they are first needed, never seeded."""

from __future__ import annotations

import asyncio
import base64
import secrets
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


class KeyRing:
    """The keys of all pools of one emulator."""

    def __init__(self) -> None:
        self._making: dict[str, asyncio.Future[KeyPair]] = {}

    async def of(self, pool_id: str) -> KeyPair:
        """Return a pool's keys, which the first call makes; a cancelled caller does not stop that."""
        if pool_id not in self._making:
            self._making[pool_id] = asyncio.create_task(self.make())
        return await asyncio.shield(self._making[pool_id])

    def put(self, pool_id: str, pair: KeyPair) -> None:
        """Set a pool's keys to those that were persisted."""
        made: asyncio.Future[KeyPair] = asyncio.get_running_loop().create_future()
        made.set_result(pair)
        self._making[pool_id] = made

    def made(self) -> dict[str, KeyPair]:
        """Return the keys that are generated."""
        done = {pool_id: task for pool_id, task in self._making.items() if task.done()}
        return {pool_id: task.result() for pool_id, task in done.items() if task.exception() is None}

    async def make(self) -> KeyPair:
        """Generate a pair in a thread."""
        return await to_thread.run_sync(KeyPair.generate)

    async def aclose(self) -> None:
        """Wait for keys that are being generated."""
        # Those that are done may belong to the event loop of an earlier start, which is closed.
        pending = [future for future in self._making.values() if not future.done()]
        await asyncio.gather(*pending, return_exceptions=True)


def _base64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64url.encode(data)
