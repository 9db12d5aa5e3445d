"""Storages of sessions: bytes under keys, each with a lifetime. They know nothing of tokens.

- `Storage` is the Protocol that a storage implements.
- `MemoryStorage` stores values in this process.
- `FileStorage` stores them in a directory that the processes of one machine share.
- `EncryptedStorage` encrypts the values of another storage.
- `redis.RedisStorage` and `dynamodb.DynamoDbStorage` store them for the processes of many machines.
"""

from __future__ import annotations

from ._encrypted import EncryptedStorage
from ._file import FileStorage
from ._memory import MemoryStorage
from ._protocol import Storage

__all__ = ["EncryptedStorage", "FileStorage", "MemoryStorage", "Storage"]
