"""Where the sessions of the shop's users are stored."""

import os

from aiocognito import FileStorage


def make_storage() -> FileStorage:
    """Open the directory of the sessions, which all processes of the shop share."""
    key = bytes.fromhex(os.environ["SESSION_KEY"])
    return FileStorage(os.environ.get("SESSION_DIRECTORY", "sessions"), encryption_key=key)
