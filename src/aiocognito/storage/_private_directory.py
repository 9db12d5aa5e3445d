"""A directory that no other user of the machine can alter or exchange.

The rule is OpenSSH's for the files it trusts (``StrictModes``; ``safe_path`` in its misc.c): root or the
user of this process owns each directory from ``/`` down to this one, and neither its group nor other
users may write to it. A directory above may be writable if it is sticky, such as ``/tmp``: only the owner
of an entry can rename or remove it there. Symbolic links are followed one by one, and need a trusted
owner, too.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from shlex import quote
from typing import Final

_IS_POSIX: Final = os.name == "posix"
# As many as Linux follows: path_resolution(7).
_MOST_LINKS: Final = 40

_WRITERS: Final = {
    stat.S_IWGRP: ("its group", "g-w"),
    stat.S_IWOTH: ("every user", "o-w"),
    stat.S_IWGRP | stat.S_IWOTH: ("its group and every user", "go-w"),
}


class PrivateDirectory:
    """Makes a directory at its first use, and checks that it can be trusted.

    Args:
        path: An absolute path.
    """

    __slots__ = ("_name", "_trusted", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name = os.fspath(path)  # used by every call, where a Path would cost more than the rest
        self._trusted: tuple[int, ...] | None = None

    def prepare(self) -> str | None:
        """Make the directory if this is the first use, and check it if it is another one than before.

        Missing parents are made, too, all with mode 0700. Later a missing directory is an error: it may
        be a disk that is not mounted. On systems other than POSIX nothing is checked.

        Returns:
            Why the directory cannot be trusted, with the path and the command that fixes it; None if it
            can.

        Raises:
            OSError: The directory cannot be made or examined.
        """
        if self._trusted is None:
            _make(self.path)
        status = os.stat(self._name)  # noqa: PTH116 - see `_name`
        # Mode and owner can change without a change of the inode.
        found = (status.st_dev, status.st_ino, status.st_mode, status.st_uid)
        if found == self._trusted:
            return None
        if not stat.S_ISDIR(status.st_mode):
            raise _error(errno.ENOTDIR, self.path)
        weakness = find_weakness(self.path) if _IS_POSIX else None
        if weakness is None:
            self._trusted = found
        return weakness


def find_weakness(directory: Path) -> str | None:
    """Return why other users could alter an existing directory or exchange it; None if they cannot.

    Args:
        directory: An absolute path.

    Raises:
        OSError: A part of the path cannot be looked at.
    """
    here, ahead, links = Path("/"), list(reversed(directory.parts[1:])), 0
    while True:
        weakness = _weakness_of(here, is_last=not ahead)
        if weakness is not None or not ahead:
            return weakness
        part = ahead.pop()
        if part == "..":
            here = here.parent  # as the kernel goes: `here` has no links in it
            continue
        entry = here / part
        if not entry.is_symlink():
            here = entry
            continue
        links += 1
        if links > _MOST_LINKS:
            raise _error(errno.ELOOP, directory)
        if (owner := entry.lstat().st_uid) not in _trusted_users():
            return _owned_by_another(entry, owner, "chown -h")
        target = entry.readlink()
        if target.is_absolute():
            here = Path("/")
        ahead += reversed(target.parts[1:] if target.is_absolute() else target.parts)


def _weakness_of(directory: Path, *, is_last: bool) -> str | None:
    status = directory.lstat()
    if status.st_uid not in _trusted_users():
        return _owned_by_another(directory, status.st_uid, "chown")
    writable = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not writable or (status.st_mode & stat.S_ISVTX and not is_last):
        return None
    writers, change = _WRITERS[writable]
    return f"{directory} can be written by {writers}; run: chmod {change} {quote(str(directory))}"


def _owned_by_another(path: Path, owner: int, command: str) -> str:
    user = os.geteuid()
    return (
        f"{path} is owned by user {owner}, neither by root nor by user {user}, the user of this process;"
        f" run: {command} {user} {quote(str(path))}"
    )


def _trusted_users() -> tuple[int, int]:
    return (0, os.geteuid())


def _make(directory: Path) -> None:
    # `Path.mkdir(mode, parents=True)` makes parents as the umask has it: 0777 under umask 0.
    missing = []
    while not directory.exists():
        missing.append(directory)
        directory = directory.parent
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)  # another process may make it at the same time


def _error(code: int, path: Path) -> OSError:
    return OSError(code, os.strerror(code), str(path))
