"""Where sessions are kept: bytes under keys, each with a lifetime. Nothing here knows of tokens.

- `Storage` is the contract, a Protocol: anything that keeps it will do.
- `MemoryStorage` keeps values in this process.
- `FileStorage` keeps them in a directory, shared by the processes of one machine.
- `EncryptedStorage` encrypts what it hands to any other storage.
"""

from __future__ import annotations

from ._encrypted import EncryptedStorage
from ._file import FileStorage
from ._memory import MemoryStorage
from ._protocol import Storage

__all__ = ["EncryptedStorage", "FileStorage", "MemoryStorage", "Storage"]
