"""A lock between processes: `flock(2)` on a file that exists while the lock is held or wanted.

Why not the filelock library: it waits in a thread or polls every 50 ms. What is needed here is one attempt
that never waits. The caller decides how to wait, so that a process that was stopped does not block a thread
of this one, and waiting ends the moment it is cancelled.

Why not `lockf`: POSIX drops a process's record locks as soon as it closes any descriptor of the
file, and they do not exclude two storages in one process. `flock` belongs to the open file, and the
kernel releases it when the process dies.

`fcntl` is imported where it is used, in a thread: only POSIX systems have it, and only `FileStorage`
needs it.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path


class LockFile:
    """Attempts to hold the lock of a path, and its release. Used in threads."""

    __slots__ = ("_descriptor", "_is_over", "_mutex", "_path")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._is_over = False
        # A loop that shuts down may release while an attempt still runs that is no longer awaited.
        self._mutex = threading.Lock()

    def try_acquire(self) -> bool:
        """Acquire the lock if it is free, without waiting. It fails after `release`.

        Raises:
            OSError: The file cannot be opened or locked.
        """
        with self._mutex:
            if self._is_over:
                return False
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            held = False
            try:
                held = _lock(descriptor) and self._is_current(descriptor)
            finally:
                if not held:
                    os.close(descriptor)
            if held:
                self._descriptor = descriptor
            return held

    def release(self) -> None:
        """Release the lock if it is held, for good."""
        with self._mutex:
            self._is_over = True
            if self._descriptor is None:
                return
            # While it is still locked: only the holder may remove the file. A waiting process that
            # has the removed file open finds in `_is_current` that it no longer locks anything.
            with suppress(OSError):  # a file that remains does no harm: it can be locked again
                self._path.unlink()
            descriptor, self._descriptor = self._descriptor, None
            _unlock(descriptor)

    def _is_current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), os.lstat(self._path))
        except FileNotFoundError:
            return False


def _lock(descriptor: int) -> bool:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unlock(descriptor: int) -> None:
    import fcntl

    # The work under the lock is done: an error here does not concern it, and the kernel
    # frees the lock with the last descriptor in any case.
    with suppress(OSError):
        # Closing is not enough: a child forked meanwhile has the same open file.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    with suppress(OSError):
        os.close(descriptor)
