"""The sessions of the shop's users: where they are stored, and what the routes ask for."""

import os

from aiocognito import AuthConfig, FileStorage
from aiocognito.integrations.fastapi import CognitoAuth


def storage() -> FileStorage:
    """Open the directory of the sessions, which all processes of the shop share."""
    key = bytes.fromhex(os.environ["SESSION_KEY"])
    return FileStorage(os.environ.get("SESSION_DIRECTORY", "sessions"), encryption_key=key)


cognito = CognitoAuth(AuthConfig.from_env, storage=storage, login_path="/sign-in")
