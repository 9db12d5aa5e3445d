"""Files that are replaced as a whole."""

from __future__ import annotations

import os
from pathlib import Path


def replace(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace a file, so that a reader finds the old or the new one, even after a crash.

    Args:
        path: The file.
        data: The new content.
        mode: The new file's mode, from which the process's umask is subtracted.
    """
    beside = path.with_name(f"{path.name}.new")
    # One that a crash left could have another mode.
    beside.unlink(missing_ok=True)
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        written = 0
        while written < len(data):
            written += os.write(file, data[written:])
        os.fsync(file)
    finally:
        os.close(file)
    beside.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
