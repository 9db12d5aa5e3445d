"""The lock of an emulator's data directory: two emulators would overwrite each other's state."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

NAME: Final = "emulator.lock"


def acquire(directory: Path) -> int:
    """Lock a directory for this emulator. Blocks on the disk: call it in a thread.

    The system releases the lock when the process ends, a killed one included. The file itself stays.

    Args:
        directory: An existing directory.

    Returns:
        A file descriptor; closing it releases the lock.

    Raises:
        RuntimeError: Another emulator, in this or another process, has the lock.
        NotImplementedError: The system is not POSIX.
        OSError: The file cannot be opened or locked.
    """
    try:
        import fcntl
    except ImportError:
        raise NotImplementedError("an emulator with a data directory needs a POSIX system") from None
    descriptor = os.open(directory / NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(descriptor, 20).decode("ascii", "replace").strip()
        os.close(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    else:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return descriptor
    process = f"process {owner}" if owner.isdecimal() else "another process"
    raise RuntimeError(
        f"another emulator ({process}) uses the directory {directory}: stop that one, or give this one "
        "a directory of its own with data="
    )


def release(descriptor: int) -> None:
    """Release the lock."""
    import fcntl

    # Closing is not enough: a child forked meanwhile has the same open file.
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)
